"""Lesson 20: the largest curvature of a net while it is trained with all rows."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ...data import Dataset
from ...inference import Solution
from ...inference.settings import Settings
from ...inference.training import finished
from ...model.lanczos import largest_eigenvalue
from ...model.objective import Objective
from ...plots.canvas import INK
from ..folder import Lesson, curves, pytorch

PLACES = 9  # where the curvature is measured in a run


def ring() -> Dataset:
    """60 rows of two features, y = 1 inside a circle and 0 outside."""
    X = np.random.default_rng(0).standard_normal((60, 2))
    return Dataset.from_arrays(X, ((X**2).sum(axis=1) < 1.2).astype(float))


def largest_curvature(objective: Objective, params: np.ndarray) -> float:
    """λmax of the Hessian of F at these params, by Lanczos' method."""
    times = objective.term.hessian_times(objective.to_inner(params), None)
    return largest_eigenvalue(times, np.random.default_rng(0).standard_normal(objective.size))[0]


class EdgeOfStability(Lesson):
    """λmax(∇²F) → 2/η for a squared loss under gradient descent.  Cohen et al. 2021

    >>> from downslope.lessons import lesson
    >>> abs(lesson(20).figures()["times_fast"] - 1) < 0.15
    True
    """

    @cached_property
    def rows(self) -> Dataset:
        with pytorch(self.number):
            return ring()

    @cached_property
    def measured(self) -> dict[str, tuple[Solution, np.ndarray, np.ndarray]]:
        """Each state → its run, the epochs at which λmax was measured, and λmax there."""
        found: dict[str, tuple[Solution, np.ndarray, np.ndarray]] = {}
        with pytorch(self.number):
            for name, changes in self.data.states.items():
                training = Settings.of(changes, self.settings).training(self.rows)
                run, objective = finished(training, training), training.objective
                steps = run.trace.steps
                at = np.unique(np.geomspace(1, len(steps), PLACES).round().astype(int))
                curvature = [largest_curvature(objective, steps[k - 1].params) for k in at]
                found[name] = run, at, np.array(curvature)
        return found

    @cached_property
    def solutions(self) -> dict[str, Solution]:
        return {name: run for name, (run, _, _) in self.measured.items()}

    def edge(self, name: str) -> float:
        """2/η"""
        return 2 / {**self.data.settings, **self.data.states[name]}["learning_rate"]

    def figures(self):
        found: dict[str, float] = {}
        for name, (run, _, curvature) in self.measured.items():
            found |= {
                f"loss_{name}": run.loss,
                f"first_{name}": float(curvature[0]),
                f"last_{name}": float(curvature[-1]),
                f"low_{name}": float(curvature.min()),
                f"largest_{name}": float(curvature.max()),
                f"edge_{name}": self.edge(name),
                f"times_{name}": float(curvature[-1]) / self.edge(name),
            }
        return found

    def words(self):
        return {}

    def log(self):
        yield self.sentence("header")
        columns = [curvature for _, _, curvature in self.measured.values()]
        for k, epoch in enumerate(next(iter(self.measured.values()))[1]):
            yield f"{epoch:>6}" + "".join(f"{column[k]:>16.3f}" for column in columns)

    def drawings(self):
        return (self._curvatures,)

    def _curvatures(self, ax):
        lines = {self.label(f"run_{name}"): (at, values) for name, (_, at, values) in self.measured.items()}
        ax = curves(ax, (self.label("largest"), self.label("epochs"), "λmax"), lines, "x", marker="o")
        for edge in {self.edge(name) for name in self.measured}:
            ax.axhline(edge, color=INK, linewidth=0.8, linestyle=":", zorder=1)
        return ax

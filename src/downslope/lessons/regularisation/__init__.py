"""Lesson 15: a penalty on the weights, from none to one that leaves nothing else."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ...data import Dataset
from ..folder import Lesson, curves
from ..training_validation import draw_fits, noisy_sine, squared_error

LAMBDAS = 10.0 ** np.arange(-6, 1.5, 0.25)
CHOSEN = ("none", "good", "strong")


class Regularisation(Lesson):
    """min over w, b of mean (X·w + b − y)² + ½λ‖w‖², for λ from 10⁻⁶ to 10

    >>> from downslope.lessons import lesson
    >>> figures = lesson(15).figures()
    >>> figures["validation_best"] < figures["validation_none"] / 5
    True
    """

    @cached_property
    def rows(self) -> Dataset:
        return noisy_sine()[0]

    @cached_property
    def path(self) -> dict[float, tuple[float, float, np.ndarray]]:
        """λ → loss on the training rows and on the validation rows, and the weights."""
        training, validation = noisy_sine()
        runs = {float(t): self.run(penalty="l2", alpha=float(t), direction="closed_form") for t in LAMBDAS}
        return {
            t: (squared_error(run, training), squared_error(run, validation), run.coef)
            for t, run in runs.items()
        }

    def figures(self):
        best = min(self.path, key=lambda t: self.path[t][1])
        found = {"best": best, "validation_best": self.path[best][1], "training_best": self.path[best][0]}
        training, validation = noisy_sine()
        for name, run in self.solutions.items():
            found |= {
                f"training_{name}": squared_error(run, training),
                f"validation_{name}": squared_error(run, validation),
                f"largest_{name}": float(np.abs(run.coef).max()),
                f"weights_{name}": float(np.count_nonzero(run.coef)),
            }
        return found

    def words(self):
        return {}

    def log(self):
        yield self.sentence("header")
        for t, (training, validation, w) in [*self.path.items()][::4]:
            yield f"{t:>10.0e} {training:>14.4f} {validation:>14.4f} {np.abs(w).max():>14.4f}"

    def drawings(self):
        return self._errors, self._weights, self._fits

    def _errors(self, ax):
        lines = {
            self.label(f"{rows}_rows"): ([*self.path], [found[place] for found in self.path.values()])
            for place, rows in enumerate(("training", "validation"))
        }
        return curves(ax, (self.label("over_lambda"), "λ", self.label("loss")), lines, "x")

    def _weights(self, ax):
        weights = np.array([w for *_, w in self.path.values()])
        lines = {name: ([*self.path], weights[:, j]) for j, name in enumerate(self.rows.features)}
        return curves(ax, (self.label("weights_over"), "λ", "w"), lines, "x")

    def _fits(self, ax):
        runs = {self.label(name): self.solutions[name] for name in CHOSEN}
        return draw_fits(ax, self.label("fits"), runs, self.rows)

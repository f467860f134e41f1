"""Lesson 9: what a solve and three descents cost, measured on the spot."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ... import plots
from ...data import Dataset
from ...inference import Solution
from ..folder import Lesson


class NormalEquation(Lesson):
    """w* = (AᵀA)⁻¹Aᵀy in one solve, or as near as three descents come

    >>> from downslope.lessons import lesson
    >>> lesson(9).solutions["gd"].stopped
    'gradient'
    """

    @cached_property
    def rows(self) -> Dataset:
        """100 rows: x = 2·U(0, 1), y = 4 + 3x + N(0, 1)."""
        rng = np.random.default_rng(self.seed)
        x = 2 * rng.random(100)
        return Dataset.from_arrays(x[:, None], 4 + 3 * x + rng.standard_normal(100))

    @cached_property
    def solutions(self) -> dict[str, Solution]:
        """The quickest of three equal runs of each state: the first one waits for libraries to load."""
        return {
            name: min((self.run(**changes) for _ in range(3)), key=lambda run: run.seconds)
            for name, changes in self.data.states.items()
        }

    def figures(self):
        minimum = self.solutions["closed_form"].loss
        found: dict[str, float] = {}
        for name, run in self.solutions.items():
            found |= {
                f"seconds_{name}": run.seconds,
                f"epochs_{name}": float(run.epochs),
                f"updates_{name}": float(run.trace.updates),
                f"gap_{name}": run.loss - minimum,
                f"w_{name}": float(run.coef[0]),
                f"b_{name}": float(run.intercept),
                f"prediction_{name}": float(run.predict([[1.5]])[0]),
            }
        return found

    def words(self):
        return {
            "solved": self.solutions["closed_form"].verdict.text,
            "ended": self.solutions["gd"].verdict.text,
        }

    def log(self):
        minimum = self.solutions["closed_form"].loss
        yield self.sentence("header")
        for name, run in self.solutions.items():
            counted = f"{run.seconds:>10.5f} {run.epochs:>8} {run.trace.updates:>8}"
            answer = f"{run.loss - minimum:>12.2g} {run.coef[0]:>10.6f} {run.intercept:>10.6f}"
            yield f"{name:<12} {counted} {answer}"

    def drawings(self):
        descents = {name: run.trace for name, run in self.solutions.items() if name != "closed_form"}
        minimum = self.solutions["closed_form"].loss
        return (lambda ax: plots.loss(descents, ax, minimum=minimum),)

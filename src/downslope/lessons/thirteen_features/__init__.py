"""Lesson 8: 13 weights and a bias, by a solve and by three descents."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ... import plots
from ...data import Dataset
from ...inference import Solution
from ..folder import Lesson


class ThirteenFeatures(Lesson):
    """min over w, b of mean (X·w + b − y)², by a solve and by three descents

    >>> from downslope.lessons import lesson
    >>> bool(max(lesson(8).distances.values()) < 0.05)  # standard errors
    True
    """

    @cached_property
    def rows(self) -> Dataset:
        """200 rows of 13 features, from hundredths to thousands in size; noise of standard deviation 1."""
        rng = np.random.default_rng(self.seed)
        size = np.array([1, 0.01, 100, 5, 0.1, 1000, 20, 3, 0.5, 10, 50, 2, 0.02])
        X = size * (rng.standard_normal((200, 13)) + rng.uniform(-2, 2, 13))
        y = X @ (rng.uniform(-3, 3, 13) / size) + 5 + rng.standard_normal(200)
        return Dataset.from_arrays(X, y)

    @property
    def unscaled(self) -> Solution:
        return self.solutions["bare"]

    @property
    def agreeing(self) -> dict[str, Solution]:
        """The closed form and the three descents on standardised columns."""
        return {name: run for name, run in self.solutions.items() if name != "bare"}

    @cached_property
    def standard_errors(self) -> np.ndarray:
        """√(σ² diag (AᵀA)⁻¹),  A = (X, 1):  how far each weight would move on other rows.  (14,)"""
        A = np.column_stack([self.rows.X, np.ones(200)])
        variance = self.solutions["closed_form"].loss * 200 / (200 - 14)
        return np.sqrt(variance * np.diag(np.linalg.inv(A.T @ A)))

    @cached_property
    def distances(self) -> dict[str, float]:
        """max |w − w*| in standard errors, w* from the closed form."""
        return {name: self.distance(run) for name, run in self.agreeing.items() if name != "closed_form"}

    def distance(self, run: Solution) -> float:
        away = run.params - self.solutions["closed_form"].params
        return float(np.abs(away / self.standard_errors).max())

    def figures(self):
        found = {"unscaled": self.distance(self.unscaled), "gd_epochs": float(self.solutions["gd"].epochs)}
        found |= {f"loss_{name}": run.loss for name, run in self.agreeing.items()}
        found |= {f"distance_{name}": distance for name, distance in self.distances.items()}
        row = self.rows.X[:1]
        return found | {
            f"prediction_{name}": float(run.predict(row)[0]) for name, run in self.agreeing.items()
        }

    def words(self):
        return {"verdict": self.solutions["gd"].verdict.text, "bare": self.unscaled.verdict.text}

    def log(self):
        yield " " * 10 + "".join(f"{name:>14}" for name in self.agreeing)
        for j, name in enumerate(self.solutions["gd"].names):
            yield f"{name:<10}" + "".join(f"{run.params[j]:>14.7g}" for run in self.agreeing.values())

    def drawings(self):
        minimum = self.solutions["closed_form"].loss
        descents = {name: self.solutions[name].trace for name in self.distances}
        scaled = {
            self.label("scaled"): self.solutions["gd"].trace,
            self.label("unscaled"): self.unscaled.trace,
        }
        return (
            lambda ax: plots.loss(descents, ax, minimum=minimum),
            lambda ax: plots.loss(scaled, ax, minimum=minimum),
        )

"""Lessons 8 and 9: the same minimum by one solve and by descent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .. import plots
from ..data import Dataset
from ..descent.methods import GD, SGD, AnyMethod, ClosedForm, MiniBatch
from ..descent.schedules import InverseScaling
from ..inference import Solution, fit
from ..messages import text
from ..plots.lettering import say
from .lesson import Lesson


@dataclass(frozen=True)
class ThirteenFeatures(Lesson):
    """min over w, b of mean (X·w + b − y)², by a solve and by three descents

    >>> bool(max(ThirteenFeatures().distances.values()) < 0.05)  # standard errors
    True
    """

    number = 8
    command = "downslope compare examples/diabetes.csv --target progression --methods closed_form,gd,sgd,adam"
    seed: int = 0

    @cached_property
    def rows(self) -> Dataset:
        """200 rows of 13 features, from hundredths to thousands in size; noise of standard deviation 1."""
        rng = np.random.default_rng(self.seed)
        size = np.array([1, 0.01, 100, 5, 0.1, 1000, 20, 3, 0.5, 10, 50, 2, 0.02])
        X = size * (rng.standard_normal((200, 13)) + rng.uniform(-2, 2, 13))
        y = X @ (rng.uniform(-3, 3, 13) / size) + 5 + rng.standard_normal(200)
        return Dataset.from_arrays(X, y)

    @cached_property
    def solutions(self) -> dict[str, Solution]:
        drawn: dict[str, Any] = {"epochs": 100, "tol": 0.0, "seed": self.seed}  # all 100 epochs, noise or not
        return {
            "closed_form": fit(self.rows, method=ClosedForm()),
            "gd": fit(self.rows, method=GD()),
            "sgd": fit(self.rows, method=SGD(), **drawn),
            "minibatch": fit(self.rows, method=MiniBatch(20), **drawn),
        }

    @cached_property
    def unscaled(self) -> Solution:
        return fit(self.rows, method=GD(), scale=False, epochs=1000)

    @cached_property
    def standard_errors(self) -> np.ndarray:
        """√(σ² diag (AᵀA)⁻¹),  A = (X, 1):  how far each weight would move on other rows.  (14,)"""
        A = np.column_stack([self.rows.X, np.ones(200)])
        variance = self.solutions["closed_form"].loss * 200 / (200 - 14)
        return np.sqrt(variance * np.diag(np.linalg.inv(A.T @ A)))

    @cached_property
    def distances(self) -> dict[str, float]:
        """max |w − w*| in standard errors, w* from the closed form."""
        return {name: self.distance(run) for name, run in self.solutions.items() if name != "closed_form"}

    def distance(self, run: Solution) -> float:
        away = run.params - self.solutions["closed_form"].params
        return float(np.abs(away / self.standard_errors).max())

    def figures(self):
        told = {"unscaled": self.distance(self.unscaled), "gd_epochs": float(self.solutions["gd"].epochs)}
        told |= {f"loss_{name}": run.loss for name, run in self.solutions.items()}
        told |= {f"distance_{name}": distance for name, distance in self.distances.items()}
        row = self.rows.X[:1]
        return told | {
            f"prediction_{name}": float(run.predict(row)[0]) for name, run in self.solutions.items()
        }

    def words(self):
        return {"verdict": self.solutions["gd"].verdict.text, "bare": self.unscaled.verdict.text}

    def log(self):
        yield " " * 10 + "".join(f"{name:>14}" for name in self.solutions)
        for j, name in enumerate(self.solutions["gd"].names):
            yield f"{name:<10}" + "".join(f"{run.params[j]:>14.7g}" for run in self.solutions.values())

    def drawings(self):
        minimum = self.solutions["closed_form"].loss
        descents = {name: self.solutions[name].trace for name in self.distances}
        scaled = {
            say("lessons.scaled"): self.solutions["gd"].trace,
            say("lessons.unscaled"): self.unscaled.trace,
        }
        return (
            lambda ax: plots.loss(descents, ax, minimum=minimum),
            lambda ax: plots.loss(scaled, ax, minimum=minimum),
        )


@dataclass(frozen=True)
class SolveOrDescend(Lesson):
    """w* = (AᵀA)⁻¹Aᵀy in one solve, or as near as three descents come

    >>> SolveOrDescend().solutions["gd"].stopped
    'gradient'
    """

    number = 9
    command = (
        "downslope compare examples/penguins.csv --target body_mass_g --methods closed_form,gd,sgd,minibatch"
    )
    seed: int = 0

    @cached_property
    def rows(self) -> Dataset:
        """100 rows: x = 2·U(0, 1), y = 4 + 3x + N(0, 1)."""
        rng = np.random.default_rng(self.seed)
        x = 2 * rng.random(100)
        return Dataset.from_arrays(x[:, None], 4 + 3 * x + rng.standard_normal(100))

    @cached_property
    def solutions(self) -> dict[str, Solution]:
        # an average over ten rows is less noisy than one row, and bears a longer step
        one, ten = SGD(InverseScaling(0.03)), MiniBatch(10, InverseScaling(0.2))
        return {
            "closed_form": self._quickest(ClosedForm()),
            "gd": self._quickest(GD()),
            "sgd": self._quickest(one, epochs=200, tol=0.0),
            "minibatch": self._quickest(ten, epochs=200, tol=0.0),
        }

    def _quickest(self, method: AnyMethod, **settings) -> Solution:
        """Of three equal runs: the first one waits for libraries to load."""
        runs = [fit(self.rows, method=method, scale=False, seed=self.seed, **settings) for _ in range(3)]
        return min(runs, key=lambda run: run.seconds)

    def figures(self):
        minimum = self.solutions["closed_form"].loss
        told: dict[str, float] = {}
        for name, run in self.solutions.items():
            told |= {
                f"seconds_{name}": run.seconds,
                f"epochs_{name}": float(run.epochs),
                f"updates_{name}": float(run.trace.updates),
                f"gap_{name}": run.loss - minimum,
                f"w_{name}": float(run.coef[0]),
                f"b_{name}": float(run.intercept),
                f"prediction_{name}": float(run.predict([[1.5]])[0]),
            }
        return told

    def words(self):
        return {
            "solved": self.solutions["closed_form"].verdict.text,
            "ended": self.solutions["gd"].verdict.text,
        }

    def log(self):
        minimum = self.solutions["closed_form"].loss
        yield text("lessons.9_header")
        for name, run in self.solutions.items():
            counted = f"{run.seconds:>10.5f} {run.epochs:>8} {run.trace.updates:>8}"
            answer = f"{run.loss - minimum:>12.2g} {run.coef[0]:>10.6f} {run.intercept:>10.6f}"
            yield f"{name:<12} {counted} {answer}"

    def drawings(self):
        descents = {name: run.trace for name, run in self.solutions.items() if name != "closed_form"}
        minimum = self.solutions["closed_form"].loss
        return (lambda ax: plots.loss(descents, ax, minimum=minimum),)

"""Lesson 14: polynomials of growing degree on training rows and on validation rows."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ...data import Dataset
from ...inference import Solution
from ...plots.canvas import INK
from ..folder import Lesson, curves

HIGHEST, NOISE, SEED = 7, 0.3, 13


def powers(x: np.ndarray) -> np.ndarray:
    """x, x², …, x⁷.  (n, 7)"""
    return x[:, None] ** np.arange(1, HIGHEST + 1)


def noisy_sine() -> tuple[Dataset, Dataset]:
    """Eight training rows and forty validation rows of y = sin(πx) + N(0, 0.3²), x in [−1, 1]."""
    rng = np.random.default_rng(SEED)
    x = np.linspace(-1, 1, 8)
    y = np.sin(np.pi * x) + NOISE * rng.standard_normal(8)
    other = rng.uniform(-1, 1, 40)
    names = ["x", *(f"x^{k}" for k in range(2, HIGHEST + 1))]
    training = Dataset.from_arrays(powers(x), y, features=names)
    y = np.sin(np.pi * other) + NOISE * rng.standard_normal(40)
    return training, Dataset.from_arrays(powers(other), y, features=names)


def squared_error(run: Solution, rows: Dataset) -> float:
    """mean (ŷ − y)²; the model may use only the first columns of the rows."""
    return float(np.mean((run.predict(rows.X[:, : len(run.features)]) - rows.y) ** 2))


def draw_fits(ax, title: str, runs: dict[str, Solution], rows: Dataset):
    """The rows, and the curve of each polynomial."""
    x = np.linspace(-1, 1, 200)
    lines = {name: (x, run.predict(powers(x)[:, : len(run.features)])) for name, run in runs.items()}
    ax = curves(ax, (title, "x", "y"), lines)
    ax.plot(rows.X[:, 0], rows.y, "o", color=INK, markersize=5, zorder=4)
    ax.set_ylim(-2.2, 2.2)
    return ax


class TrainingValidation(Lesson):
    """min over polynomials p of degree k of mean (p(x) − y)², for k = 1 … 7, each solved exactly

    >>> from downslope.lessons import lesson
    >>> lesson(14).figures()["best"]
    3.0
    """

    @cached_property
    def rows(self) -> Dataset:
        return noisy_sine()[0]

    @cached_property
    def errors(self) -> dict[int, tuple[float, float]]:
        """Degree → loss on the training rows and on the validation rows."""
        training, validation = noisy_sine()
        runs = {k: self.solutions[f"degree_{k}"] for k in range(1, HIGHEST + 1)}
        return {k: (squared_error(run, training), squared_error(run, validation)) for k, run in runs.items()}

    def figures(self):
        found = {"best": float(min(self.errors, key=lambda k: self.errors[k][1]))}
        for k, (training, validation) in self.errors.items():
            found |= {f"training_{k}": training, f"validation_{k}": validation}
        descent = self.solutions["descent"]
        found |= {"descent": descent.loss, "validation_descent": squared_error(descent, noisy_sine()[1])}
        return found | {"noise": NOISE**2}

    def words(self):
        return {}

    def log(self):
        yield self.sentence("header")
        for k, (training, validation) in self.errors.items():
            yield f"{k:>6} {training:>14.4f} {validation:>14.4f}"

    def drawings(self):
        return self._errors, self._curves

    def _errors(self, ax):
        lines = {
            self.label(f"{rows}_rows"): ([*self.errors], [pair[place] for pair in self.errors.values()])
            for place, rows in enumerate(("training", "validation"))
        }
        words = self.label("over_degree"), self.label("degree"), self.label("loss")
        return curves(ax, words, lines, marker="o")

    def _curves(self, ax):
        runs = {self.label("of_degree", k=k): self.solutions[f"degree_{k}"] for k in (1, 3, 7)}
        return draw_fits(ax, self.label("curves"), runs, self.rows)

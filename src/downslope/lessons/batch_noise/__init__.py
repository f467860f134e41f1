"""Lesson 18: the noise of a batch's gradient, and of the weight that follows it."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ...data import Dataset
from ..folder import Lesson, curves

SIZES, DRAWS = (1, 4, 16, 64), 4000


def off_the_line(seed: int) -> Dataset:
    """128 rows: x uniform with the mean 0 and the deviation 1, y = 2x + N(0, 1)."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-np.sqrt(3), np.sqrt(3), 128)
    return Dataset.from_arrays(x[:, None], 2 * x + rng.standard_normal(128))


class BatchNoise(Lesson):
    """Var (mean of 2x(wx − y) over B rows drawn at random) = Var(one row)/B

    >>> from downslope.lessons import lesson
    >>> figures = lesson(18).figures()
    >>> abs(16 * figures["variance_16"] / figures["variance_1"] - 1) < 0.1
    True
    """

    @cached_property
    def rows(self) -> Dataset:
        return off_the_line(self.seed)

    @cached_property
    def gradients(self) -> np.ndarray:
        """2x(wx − y) of each row, at the minimum.  (128,)"""
        x, y = self.rows.X[:, 0], self.rows.y
        return 2 * x * (x * (x @ y / (x @ x)) - y)

    @cached_property
    def variances(self) -> dict[int, float]:
        """Size of a batch → variance of its gradient at the minimum, of 4,000 batches."""
        rng = np.random.default_rng(self.seed)
        rows = {B: rng.integers(0, len(self.rows), (DRAWS, B)) for B in SIZES}
        return {B: float(self.gradients[drawn].mean(axis=1).var()) for B, drawn in rows.items()}

    def figures(self):
        found = {f"variance_{B}": variance for B, variance in self.variances.items()}
        for name, run in self.solutions.items():
            w = run.trace.column("params")[:, 0]
            found |= {f"w_{name}": float(w[-1]), f"spread_{name}": float(w[len(w) // 3 :].std())}
        x, y = self.rows.X[:, 0], self.rows.y
        shrink = found["spread_one"] / found["spread_sixteen"]
        row = float(self.gradients.var())
        return found | {"best": float(x @ y / (x @ x)), "shrink": shrink, "variance_of_a_row": row}

    def words(self):
        return {}

    def log(self):
        yield self.sentence("header")
        for B, variance in self.variances.items():
            yield f"{B:>6} {variance:>14.5f} {B * variance:>14.5f}"

    def drawings(self):
        return self._weights, self._variances

    def _weights(self, ax):
        lines = {}
        for name, run in self.solutions.items():
            w = run.trace.column("params")[:, 0]
            lines[self.label(f"batch_{name}")] = np.arange(1, len(w) + 1), w
        return curves(ax, (self.label("weights"), self.label("epochs"), "w"), lines)

    def _variances(self, ax):
        lines = {self.label("measured"): ([*self.variances], [*self.variances.values()])}
        return curves(ax, (self.label("over_size"), "B", self.label("variance")), lines, "xy", marker="o")

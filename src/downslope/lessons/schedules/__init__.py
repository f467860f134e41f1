"""Lesson 19: the floor that a constant learning rate leaves, and schedules that go below it."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ...data import Dataset
from ..batch_noise import off_the_line
from ..folder import Lesson, curves


class Schedules(Lesson):
    """E F(w) − F* ∝ η for a constant rate η, and → 0 for one that decreases

    >>> from downslope.lessons import lesson
    >>> figures = lesson(19).figures()
    >>> figures["floor_large"] > 3 * figures["floor_small"] > 30 * figures["floor_inverse"]
    True
    """

    @cached_property
    def rows(self) -> Dataset:
        return off_the_line(self.seed)

    @cached_property
    def excess(self) -> dict[str, np.ndarray]:
        """Each state → F − F* after every epoch."""
        x, y = self.rows.X[:, 0], self.rows.y
        best, half = x @ y / (x @ x), np.mean(x * x)
        weights = {name: run.trace.column("params")[:, 0] for name, run in self.solutions.items()}
        return {name: half * (w - best) ** 2 for name, w in weights.items()}

    def figures(self):
        found = {f"floor_{name}": float(F[len(F) // 3 :].mean()) for name, F in self.excess.items()}
        for name in ("inverse", "cosine"):  # theirs is what is left at the end
            found[f"floor_{name}"] = float(self.excess[name][-10:].mean())
        ratios = {name: found[f"floor_{name}"] / rate for name, rate in self.rates.items()}
        found |= {f"ratio_{name}": ratio for name, ratio in ratios.items()}
        return found | {"times": found["floor_large"] / found["floor_small"]}

    @property
    def rates(self) -> dict[str, float]:
        states = self.data.states
        return {name: states[name]["learning_rate"] for name in ("large", "medium", "small")}

    def words(self):
        return {}

    def log(self):
        figures = self.figures()
        yield self.sentence("header")
        for name, rate in self.rates.items():
            yield f"{rate:>8} {figures[f'floor_{name}']:>14.5f} {figures[f'ratio_{name}']:>14.3f}"

    def drawings(self):
        return (self._floors,)

    def _floors(self, ax):
        lines = {}
        for name, F in self.excess.items():
            part = F[: len(F) // 10 * 10].reshape(-1, 10).mean(axis=1)  # of ten epochs
            lines[self.label(f"rate_{name}")] = 10.0 * np.arange(1, len(part) + 1), part
        return curves(ax, (self.label("floors"), self.label("epochs"), "F − F*"), lines, "y")

"""Lesson 6: a function of three variables, with its partial derivatives found by hand."""

from __future__ import annotations

from ... import plots
from ...inference import Solution
from ...model.functions import Function
from ..folder import Lesson, whole_numbers


class Bowl(Lesson):
    """(x, y, z) ← (x, y, z) − 0.01·(2x, 2y, 2z), which is the start · 0.98ᵏ after k epochs

    >>> from downslope.lessons import lesson
    >>> lesson(6).solution.verdict.kind
    'minimum'
    """

    @property
    def start(self):
        return dict(zip("xyz", whole_numbers(self.seed, 3)))

    @property
    def saddle(self) -> Solution:
        return self.solutions["saddle"]

    @property
    def nudged(self) -> Solution:
        return self.solutions["nudged"]

    def figures(self):
        found = {"factor": 0.98**1000, "saddle_x": float(self.saddle.params[0])}
        found |= {f"start_{name}": start for name, start in self.start.items()}
        found |= {f"expected_{name}": start * 0.98**1000 for name, start in self.start.items()}
        return found | dict(zip("xyz", self.solution.params.tolist()))

    def words(self):
        return {
            "verdict": self.solution.verdict.text,
            "saddle": self.saddle.verdict.text,
            "nudged": self.nudged.verdict.text,
        }

    def drawings(self):
        return (
            lambda ax: plots.weights(self.solution.trace, ax),
            lambda ax: plots.contours(
                Function.of(self.data.formulas["saddle"], None).values, self.saddle.trace, ax
            ),
        )

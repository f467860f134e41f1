"""Lesson 2: all rows at each update."""

from __future__ import annotations

from ... import plots
from ...inference import Solution
from ..folder import Lesson, spelled


class BatchDescent(Lesson):
    """w ← w − 0.01·mean 2x(w·x − y)

    >>> from downslope.lessons import lesson
    >>> lesson(2).figures()["after"]
    7.999777758621207
    """

    @property
    def rates(self) -> dict[str, Solution]:
        """The same descent with steps that are too long, and too short."""
        return {"0.3": self.solutions["large"], "0.000001": self.solutions["tiny"]}

    def figures(self):
        numbers = self.solution.verdict.numbers
        return {
            "w": float(self.solution.params[0]),
            "before": float(self.solution.trace.start[0] * 4.0),
            "after": float(self.solution.predict([[4.0]])[0]),
            "curvature": numbers["curvature"],
            "bound": numbers["bound"],
            "diverged_epochs": float(self.rates["0.3"].epochs),
            "slow_w": float(self.rates["0.000001"].params[0]),
        }

    def words(self):
        large, small = self.rates.values()
        return {
            "verdict": spelled(self.solution.verdict),
            "large": spelled(large.verdict, 8),
            "small": spelled(small.verdict, 8),
        }

    def drawings(self):
        runs = {"0.01": self.solution, **self.rates}
        traces = {self.label("rate", rate=rate): run.trace for rate, run in runs.items()}
        return (lambda ax: plots.loss(self.solution.trace, ax), lambda ax: plots.loss(traces, ax))

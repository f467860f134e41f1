"""Lesson 4: one row at each update, in three orders."""

from __future__ import annotations

from ... import plots
from ..folder import Lesson, spelled


class StochasticDescent(Lesson):
    """w ← w − 0.01·2xᵢ(w·xᵢ − yᵢ), one row i at a time

    >>> from downslope.lessons import lesson
    >>> lesson(4).figures()["cyclic"]
    7.9999999999996945
    """

    def figures(self):
        updates = {"updates": float(self.solutions["cyclic"].trace.updates)}
        return updates | {order: float(run.predict([[4.0]])[0]) for order, run in self.solutions.items()}

    def words(self):
        return {"verdict": spelled(self.solutions["cyclic"].verdict)}

    def drawings(self):
        runs = {self.label(f"order_{order}"): run.trace for order, run in self.solutions.items()}
        return (lambda ax: plots.loss(runs, ax),)

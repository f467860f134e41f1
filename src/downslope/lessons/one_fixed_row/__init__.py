"""Lesson 3: a slip, by which one row alone is used."""

from __future__ import annotations

from ... import plots
from ..folder import Lesson, spelled


class OneFixedRow(Lesson):
    """w ← w − 0.01·2x(w·x − y), always with the row (3, 6): a slip, made on purpose

    >>> from downslope.lessons import lesson
    >>> lesson(3).solution.verdict.code
    'unused_rows'
    """

    def figures(self):
        slip, right = self.solutions["slip_off"], self.solutions["right_off"]
        return {
            "w": float(self.solution.params[0]),
            "after": float(self.solution.predict([[4.0]])[0]),
            "loss": self.solution.loss,
            "batch_loss": self.solutions["right"].loss,
            "slip_w": float(slip.params[0]),
            "slip_loss": slip.loss,
            "right_w": float(right.params[0]),
            "right_loss": right.loss,
        }

    def words(self):
        return {"verdict": spelled(self.solution.verdict)}

    def drawings(self):
        labels = self.label("one_row"), self.label("all_rows")
        traces = {name: run.trace for name, run in zip(labels, self.solutions.values())}
        return (lambda ax: plots.loss(traces, ax),)

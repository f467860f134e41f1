"""Lesson 1: every weight of a grid is tried."""

from __future__ import annotations

from ... import plots
from ..folder import Lesson, spelled


class ExhaustiveSearch(Lesson):
    """min over w ∈ {0.0, 0.1, …, 4.0} of mean (w·x − y)²

    >>> from downslope.lessons import lesson
    >>> lesson(1).figures()["best_w"]
    2.0
    """

    def figures(self):
        mse = {float(step.params[0]): step.loss for step in self.solution.trace}
        return {
            "count": float(len(mse)),
            "mse_0": mse[0.0],
            "mse_0_1": mse[0.1],
            "mse_2": mse[2.0],
            "mse_4": mse[4.0],
            "best_w": float(self.solution.params[0]),
            "prediction": float(self.solution.predict([[4.0]])[0]),
            **{f"count_{name}": float(len(run.trace)) for name, run in self.solutions.items()},
            **{f"best_{name}": float(run.params[0]) for name, run in self.solutions.items()},
        }

    def words(self):
        return {"verdict": spelled(self.solution.verdict)}

    def log(self):
        for step in self.solution.trace:
            w = float(step.params[0])
            yield f"w = {w}"
            for x, y in zip(self.rows.X[:, 0], self.rows.y):
                yield self.sentence("row", x=x, y=y, prediction=w * x, loss=(w * x - y) ** 2)
            yield f"    MSE = {step.loss:.6f}"

    def drawings(self):
        trace = self.solution.trace
        return (lambda ax: plots.loss_over_weight(trace.column("params")[:, 0], trace.column("loss"), ax),)

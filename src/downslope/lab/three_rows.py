"""Lessons 1 to 4: one weight, three rows, and y = w·x."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .. import plots
from ..data import Dataset
from ..descent.methods import GD, SGD, AnyMethod, Exhaustive
from ..descent.trace import Trace
from ..inference import Solution, fit
from ..messages import text
from ..plots.lettering import say
from .lesson import Lesson, spelled

THREE_ROWS = Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
EXAMPLE = Path("examples/rows.csv")
ROWS = EXAMPLE if EXAMPLE.is_file() else Path(__file__).with_name("rows.csv")  # which every wheel holds
FIT = f"downslope fit {shlex.quote(str(ROWS))} --target y --no-intercept --no-scale"


def _descend(method: AnyMethod, rows: Dataset = THREE_ROWS, seed: int = 0) -> Solution:
    """y = w·x, bare: no intercept, no scaling, from w = 1, 100 epochs."""
    bare: dict[str, Any] = {"intercept": False, "scale": False, "start": {"x": 1.0}}
    return fit(rows, method=method, epochs=100, seed=seed, **bare)


def _weight(solution: Solution) -> float:
    return float(solution.params[0])


def _at_four(solution: Solution) -> float:
    return float(solution.predict([[4.0]])[0])


def _epochs(trace: Trace) -> Iterator[str]:
    for step in trace:
        assert step.gradient is not None
        slope, w = float(step.gradient[0]), float(step.params[0])
        yield text("lessons.epoch", epoch=step.epoch, loss=step.loss, gradient=slope, w=w)


@dataclass(frozen=True)
class ExhaustiveSearch(Lesson):
    """min over w ∈ {0.0, 0.1, …, 4.0} of mean (w·x − y)²

    >>> ExhaustiveSearch().figures()["best_w"]
    2.0
    """

    number = 1
    command = f"{FIT} --method exhaustive --grid x=1.9:2.1:0.01"

    @cached_property
    def solution(self) -> Solution:
        grid = [round(k * 0.1, 1) for k in range(41)]
        return fit(THREE_ROWS, method=Exhaustive({"x": grid}), intercept=False, scale=False)

    def figures(self):
        mse = {float(step.params[0]): step.loss for step in self.solution.trace}
        return {
            "count": float(len(mse)),
            "mse_0": mse[0.0],
            "mse_0_1": mse[0.1],
            "mse_2": mse[2.0],
            "mse_4": mse[4.0],
            "best_w": _weight(self.solution),
            "prediction": _at_four(self.solution),
        }

    def words(self):
        return {"verdict": spelled(self.solution.verdict)}

    def log(self):
        assert THREE_ROWS.y is not None
        for step in self.solution.trace:
            w = float(step.params[0])
            yield f"w = {w}"
            for x, y in zip(THREE_ROWS.X[:, 0], THREE_ROWS.y):
                yield text("lessons.1_row", x=x, y=y, prediction=w * x, loss=(w * x - y) ** 2)
            yield f"    MSE = {step.loss:.6f}"

    def drawings(self):
        trace = self.solution.trace
        return (lambda ax: plots.loss_over_weight(trace.column("params")[:, 0], trace.column("loss"), ax),)


@dataclass(frozen=True)
class BatchDescent(Lesson):
    """w ← w − 0.01·mean 2x(w·x − y)

    >>> BatchDescent().figures()["after"]
    7.999777758621207
    """

    number = 2
    command = f"{FIT} --method gd --learning-rate 0.3 --epochs 100 --start x=1"

    @cached_property
    def solution(self) -> Solution:
        return _descend(GD(0.01))

    @cached_property
    def rates(self) -> dict[str, Solution]:
        """The same descent with steps that are too long, and too short."""
        return {"0.3": _descend(GD(0.3)), "0.000001": _descend(GD(1e-6))}

    def figures(self):
        numbers = self.solution.verdict.numbers
        return {
            "w": _weight(self.solution),
            "before": float(self.solution.trace.start[0] * 4.0),
            "after": _at_four(self.solution),
            "curvature": numbers["curvature"],
            "bound": numbers["bound"],
            "diverged_epochs": float(self.rates["0.3"].epochs),
            "slow_w": _weight(self.rates["0.000001"]),
        }

    def words(self):
        large, small = self.rates.values()
        return {
            "verdict": spelled(self.solution.verdict),
            "large": spelled(large.verdict, 8),
            "small": spelled(small.verdict, 8),
        }

    def log(self):
        return _epochs(self.solution.trace)

    def drawings(self):
        runs = {"0.01": self.solution, **self.rates}
        traces = {say("lessons.rate", rate=rate): run.trace for rate, run in runs.items()}
        return (lambda ax: plots.loss(self.solution.trace, ax), lambda ax: plots.loss(traces, ax))


@dataclass(frozen=True)
class OneFixedRow(Lesson):
    """w ← w − 0.01·2x(w·x − y), always with the row (3, 6): a slip, made on purpose

    >>> OneFixedRow().solution.verdict.code
    'unused_rows'
    """

    number = 3
    command = "downslope lesson 4"

    @cached_property
    def solution(self) -> Solution:
        return _descend(SGD(0.01, order=[2]))

    @cached_property
    def batch(self) -> Solution:
        return _descend(GD(0.01))

    @cached_property
    def off_the_line(self) -> tuple[Solution, Solution]:
        """The slip, and what is right, on rows that do not lie on one line."""
        rows = Dataset.from_arrays(THREE_ROWS.X, [2.0, 4.0, 9.0])
        return _descend(SGD(0.01, order=[2]), rows), _descend(GD(0.01), rows)

    def figures(self):
        slip, right = self.off_the_line
        return {
            "w": _weight(self.solution),
            "after": _at_four(self.solution),
            "loss": self.solution.loss,
            "batch_loss": self.batch.loss,
            "slip_w": _weight(slip),
            "slip_loss": slip.loss,
            "right_w": _weight(right),
            "right_loss": right.loss,
        }

    def words(self):
        return {"verdict": spelled(self.solution.verdict)}

    def log(self):
        return _epochs(self.solution.trace)

    def drawings(self):
        runs = {say("lessons.one_row"): self.solution, say("lessons.all_rows"): self.batch}
        return (lambda ax: plots.loss({name: run.trace for name, run in runs.items()}, ax),)


@dataclass(frozen=True)
class StochasticDescent(Lesson):
    """w ← w − 0.01·2xᵢ(w·xᵢ − yᵢ), one row i at a time

    >>> StochasticDescent().figures()["cyclic"]
    7.9999999999996945
    """

    number = 4
    command = f"{FIT} --method sgd --order replacement --learning-rate 0.01 --epochs 100 --seed 7"
    seed: int = 0

    @cached_property
    def solutions(self) -> dict[str, Solution]:
        orders = ("cyclic", "shuffle", "replacement")
        return {order: _descend(SGD(0.01, order), seed=self.seed) for order in orders}

    def figures(self):
        updates = {"updates": float(self.solutions["cyclic"].trace.updates)}
        return updates | {order: _at_four(run) for order, run in self.solutions.items()}

    def words(self):
        return {"verdict": spelled(self.solutions["cyclic"].verdict)}

    def log(self):
        return _epochs(self.solutions["cyclic"].trace)

    def drawings(self):
        runs = {say(f"lessons.order_{order}"): run.trace for order, run in self.solutions.items()}
        return (lambda ax: plots.loss(runs, ax),)

"""Lessons 5 and 6: functions, with derivatives found by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .. import plots
from ..descent.trace import Trace
from ..inference import Solution, minimize
from ..insight.critical import CriticalPoint, critical_points
from ..messages import text
from ..model.functions import Function
from .lesson import Lesson


def whole_numbers(seed: int, count: int) -> list[float]:
    """Starts: whole numbers in [−1000, 1000)."""
    return np.random.default_rng(seed).integers(-1000, 1000, count).astype(float).tolist()


def points(function: Function, trace: Trace) -> Iterator[str]:
    """The first epochs and every hundredth, with f where the step led."""
    for step in trace:
        if step.epoch < 3 or (step.epoch + 1) % 100 == 0:
            place = "  ".join(f"{name} = {x:<13.6g}" for name, x in zip(trace.names, step.params))
            value = function.value(step.params)
            yield text("lessons.point", epoch=step.epoch, place=place, value=value).rstrip()


def _on_one_axis(ax, function: Function, traces: Iterable[Trace]):
    """Several descents on one curve: the window holds them all."""
    windows = []
    for trace in traces:
        ax = plots.function_line(function.values, trace, ax)
        windows.append([*ax.get_xlim(), *ax.get_ylim()])
    left, _, bottom, _ = np.min(windows, axis=0)
    _, right, _, top = np.max(windows, axis=0)
    ax.set(xlim=(left, right), ylim=(bottom, top))
    return ax


@dataclass(frozen=True)
class ParabolaByHand(Lesson):
    """x ← x − 0.01·4x, which is x₀·0.96ᵏ after k epochs

    >>> figures = ParabolaByHand().figures()
    >>> bool(np.isclose(figures["x"], figures["start"] * 0.96**1000, rtol=1e-12))
    True
    """

    number = 5
    command = 'downslope minimize "x*cos(0.15*pi*x)" --start x=2.2 --learning-rate 0.05'
    seed: int = 0

    @cached_property
    def parabola(self) -> Function:
        return Function.of("2*x^2", None, derivative="4*x")

    @cached_property
    def waves(self) -> Function:
        return Function.of("x*cos(0.15*pi*x)", None)

    @cached_property
    def solution(self) -> Solution:
        return minimize(self.parabola, whole_numbers(self.seed, 1), learning_rate=0.01, epochs=1000)

    @cached_property
    def exact(self) -> CriticalPoint:
        """Where f′ = 0, by algebra."""
        (point,) = critical_points(self.parabola).points
        return point

    @cached_property
    def valleys(self) -> tuple[Solution, Solution]:
        """The same hilly function from two starts, one on either side of a hilltop."""
        return (
            minimize(self.waves, 1.5, learning_rate=0.05, epochs=1000),
            minimize(self.waves, 2.2, learning_rate=0.05, epochs=1000),
        )

    def figures(self):
        start, exact = float(self.solution.trace.start[0]), self.exact
        first, second = self.valleys
        hessian = self.parabola.hessian(exact.x)
        assert hessian is not None
        return {
            "start": start,
            "x": float(self.solution.params[0]),
            "factor": 0.96**1000,
            "expected": start * 0.96**1000,
            "exact": exact.x[0],
            "exact_value": exact.value,
            "curvature": float(hessian[0, 0]),
            "first_x": float(first.params[0]),
            "first_value": first.loss,
            "second_x": float(second.params[0]),
            "second_value": second.loss,
        }

    def words(self):
        return {
            "verdict": self.solution.verdict.text,
            "kind": text(f"lessons.kind_{self.exact.kind}"),
            "valley": self.valleys[0].verdict.text,
        }

    def log(self):
        return points(self.parabola, self.solution.trace)

    def drawings(self):
        return (
            lambda ax: plots.function_line(self.parabola.values, self.solution.trace, ax),
            lambda ax: _on_one_axis(ax, self.waves, [run.trace for run in self.valleys]),
        )


@dataclass(frozen=True)
class BowlByHand(Lesson):
    """(x, y, z) ← (x, y, z) − 0.01·(2x, 2y, 2z), which is the start · 0.98ᵏ after k epochs

    >>> BowlByHand().solution.verdict.kind
    'minimum'
    """

    number = 6
    command = 'downslope minimize "x^2 - y^2" --start x=1,y=0.001'
    seed: int = 0

    @cached_property
    def bowl(self) -> Function:
        return Function.of("x^2 + y^2 + z^2", None, derivative="2*x, 2*y, 2*z")

    @cached_property
    def pass_road(self) -> Function:
        return Function.of("x^2 - y^2", None)

    @cached_property
    def solution(self) -> Solution:
        return minimize(self.bowl, whole_numbers(self.seed, 3), learning_rate=0.01, epochs=1000)

    @cached_property
    def saddle(self) -> Solution:
        return minimize(self.pass_road, [1.0, 0.0], learning_rate=0.01, epochs=1000)

    @cached_property
    def nudged(self) -> Solution:
        return minimize(self.pass_road, [1.0, 0.001], learning_rate=0.01, epochs=1000)

    def figures(self):
        starts = dict(zip("xyz", self.solution.trace.start.tolist()))
        told = {"factor": 0.98**1000, "saddle_x": float(self.saddle.params[0])}
        told |= {f"start_{name}": start for name, start in starts.items()}
        told |= {f"expected_{name}": start * 0.98**1000 for name, start in starts.items()}
        return told | dict(zip("xyz", self.solution.params.tolist()))

    def words(self):
        return {
            "verdict": self.solution.verdict.text,
            "saddle": self.saddle.verdict.text,
            "nudged": self.nudged.verdict.text,
        }

    def log(self):
        return points(self.bowl, self.solution.trace)

    def drawings(self):
        return (
            lambda ax: plots.weights(self.solution.trace, ax),
            lambda ax: plots.contours(self.pass_road.values, self.saddle.trace, ax),
        )

"""Lesson 5: a function of one variable, with its derivative found by hand."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np

from ... import plots
from ...descent.trace import Trace
from ...inference import Solution
from ...insight.critical import CriticalPoint, critical_points
from ...model.functions import Function
from ..folder import Lesson, whole_numbers


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


class Parabola(Lesson):
    """x ← x − 0.01·4x, which is x₀·0.96ᵏ after k epochs

    >>> from downslope.lessons import lesson
    >>> figures = lesson(5).figures()
    >>> bool(np.isclose(figures["x"], figures["start"] * 0.96**1000, rtol=1e-12))
    True
    """

    @property
    def start(self):
        return dict(zip("x", whole_numbers(self.seed, 1)))

    @cached_property
    def exact(self) -> CriticalPoint:
        """Where f′ = 0, by algebra."""
        (point,) = critical_points(self.function).points
        return point

    @property
    def valleys(self) -> list[Solution]:
        """A hilly function from two starts, one on either side of a hilltop."""
        return [self.solutions["left"], self.solutions["right"]]

    def figures(self):
        start, exact = self.start["x"], self.exact
        first, second = self.valleys
        return {
            "start": start,
            "x": float(self.solution.params[0]),
            "factor": 0.96**1000,
            "expected": start * 0.96**1000,
            "exact": exact.x[0],
            "exact_value": exact.value,
            "curvature": float(self.function.hessian(exact.x)[0, 0]),
            "first_x": float(first.params[0]),
            "first_value": first.loss,
            "second_x": float(second.params[0]),
            "second_value": second.loss,
        }

    def words(self):
        return {
            "verdict": self.solution.verdict.text,
            "kind": self.sentence(f"kind_{self.exact.kind}"),
            "valley": self.valleys[0].verdict.text,
        }

    def drawings(self):
        return (
            lambda ax: plots.function_line(self.function.values, self.solution.trace, ax),
            lambda ax: _on_one_axis(
                ax, Function.of(self.data.formulas["left"], None), [run.trace for run in self.valleys]
            ),
        )

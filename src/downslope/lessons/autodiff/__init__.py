"""Lesson 7: the functions of lessons 5 and 6, with derivatives found by PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from ... import plots
from ...inference import Solution
from ...model.functions import Function
from ...plots.canvas import axes, name_ends, style
from ...plots.lettering import say
from ..folder import Lesson, pytorch, whole_numbers

RATE, EPOCHS = 0.01, 1000
SHOWN = 150  # epochs of the slip that are drawn


def parabola(x):
    return 2 * x**2


def bowl(x, y, z):
    return x**2 + y**2 + z**2


class Autodiff(Lesson):
    """x ← x − 0.01·f′(x), f′ by PyTorch:  forward → backward → update without tracking → clear

    >>> from downslope.lessons import lesson
    >>> found = lesson(7)
    >>> bool(found.solution.params[0] == found.loop(parabola, found.starts[:1])[-1, 0])
    True
    """

    @cached_property
    def starts(self) -> list[float]:
        """x of lesson 5, then x, y, z of lesson 6."""
        return whole_numbers(self.seed, 1) + whole_numbers(self.seed, 3)

    @property
    def start(self):
        return {"x": self.starts[0]}

    @cached_property
    def function(self) -> Function:
        with pytorch(self.number):
            return Function.of(parabola, self.starts[0])

    @cached_property
    def bowl(self) -> Solution:
        with pytorch(self.number):
            function = Function.of(bowl, self.starts[1:])
        return self.run(function, start=dict(zip("xyz", self.starts[1:])))

    def loop(self, f: Callable, start: list[float], dtype: str = "float64", clear: bool = True) -> np.ndarray:
        """The course's loop in plain PyTorch: the start, and x after each update.  (1001, p)"""
        with pytorch(self.number) as torch:
            x = torch.tensor(start, dtype=getattr(torch, dtype), requires_grad=True)
            path = [x.tolist()]
            for _ in range(EPOCHS):
                y = f(*x)  # forward
                y.backward()  # backward: the slope is added to x.grad
                with torch.no_grad():  # update, without tracking
                    x -= RATE * x.grad
                if clear:
                    x.grad.zero_()  # clear the gradient
                path.append(x.tolist())
            return np.array(path)

    @cached_property
    def ends(self) -> dict[str, np.ndarray]:
        """x, then x, y, z, where the loop in plain PyTorch ends, by dtype.  (4,)"""
        x, xyz = self.starts[:1], self.starts[1:]
        return {
            dtype: np.concatenate([self.loop(parabola, x, dtype)[-1], self.loop(bowl, xyz, dtype)[-1]])
            for dtype in ("float64", "float32")
        }

    @cached_property
    def uncleared(self) -> np.ndarray:
        """The slip: the fourth move is forgotten, and x.grad is the sum of all slopes so far.  (1001, 1)"""
        return self.loop(parabola, self.starts[:1], clear=False)

    def figures(self):
        expected = np.array(self.starts) * np.repeat([0.96**EPOCHS, 0.98**EPOCHS], [1, 3])
        ours = np.concatenate([self.solution.params, self.bowl.params])
        found = {"start": self.starts[0], "x": float(ours[0]), "expected": float(expected[0])}
        for j, name in enumerate("xyz", 1):
            found |= {f"start_{name}": self.starts[j], f"bowl_{name}": float(ours[j])}
        for dtype, end in self.ends.items():
            found[f"away_{dtype}"] = float(np.abs(end / ours - 1).max())
        return found | {
            "away_exact": float(np.abs(ours / expected - 1).max()),
            "uncleared_x": float(self.uncleared[-1, 0]),
            "uncleared_swing": float(np.abs(self.uncleared[-SHOWN:]).max()),
        }

    def words(self):
        return {"verdict": self.solution.verdict.text}

    def drawings(self):
        trace = self.solution.trace
        return lambda ax: plots.function_line(self.function.values, trace, ax), self._slip

    def _slip(self, ax):
        """x over the first epochs, with the gradient cleared and without."""
        ax = axes(ax, self.label("picture"), say("plots.epoch"), "x")
        right = np.append(self.starts[0], self.solution.trace.column("params")[:, 0])
        runs = {self.label("cleared"): right, self.label("uncleared"): self.uncleared[:, 0]}
        for i, path in enumerate(runs.values()):
            ax.plot(path[: SHOWN + 1], **style(i), linewidth=1.8)
        ax.set_xlim(0, SHOWN)
        name_ends(
            ax, [(SHOWN, path[SHOWN], name, style(i)["color"]) for i, (name, path) in enumerate(runs.items())]
        )
        return ax

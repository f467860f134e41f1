"""Lesson 12: softmax regression, and the softmax doubled by a slip."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from ... import plots
from ...data import Dataset
from ...descent.methods import GD
from ...descent.trace import Step, Trace
from ...errors import DownslopeError
from ...inference import fit
from ...plots.canvas import INK, note
from ..folder import Lesson, pytorch
from ..two_class_net import EPOCHS, RATE, by_prediction, every_hundredth, made_rows, plain_loop


class SoftmaxRegression(Lesson):
    """z = W·x + b,  4 → 3 scores;  loss mean (log Σₖ exp zₖ − z_y)

    >>> from downslope.lessons import lesson
    >>> lesson(12).solution.outputs
    3
    """

    @cached_property
    def rows(self) -> Dataset:
        """Three classes are expected, as in the course; the third never occurs."""
        with pytorch(self.number):
            return made_rows().labelled((0, 1, 2))

    @cached_property
    def loops(self) -> dict[str, tuple[list[float], float]]:
        """The plain PyTorch loop, right and with the softmax doubled: losses, accuracy at the end."""
        with pytorch(self.number) as torch:
            X = torch.tensor(self.rows.X, dtype=torch.float32)
            y = torch.tensor(self.rows.y).long()
            found = {}
            for name, last in {"right": [], "doubled": [torch.nn.Softmax(dim=1)]}.items():
                model = torch.nn.Sequential(*self.settings.net.module(4, 3), *last)
                losses = plain_loop(torch, model, torch.nn.CrossEntropyLoss(), X, y)
                with torch.no_grad():
                    found[name] = losses, (model(X).argmax(dim=1) == y).float().mean().item()
            return found

    @cached_property
    def refusal(self) -> DownslopeError:
        """What Downslope says to a module that ends in a softmax, before it takes a step."""
        with pytorch(self.number) as torch:
            slip = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Softmax(dim=1))
            try:
                fit(slip, self.rows, loss="log", method=GD(RATE), epochs=1)
            except DownslopeError as refusal:
                return refusal
            raise AssertionError("a doubled softmax was let through")

    @property
    def floor(self) -> float:
        """−log softmax(1, 0, 0)₁ = ln(1 + (K − 1)/e),  K = 3:  the best that is left after a first softmax"""
        return math.log1p(2 / math.e)

    def figures(self):
        ours = self.solution.trace.column("loss")
        (right, right_accuracy), (doubled, doubled_accuracy) = self.loops.values()
        p = self.solution.probabilities(self.rows.X)
        return {
            "loss_before": float(ours[0]),
            "loss": self.solution.loss,
            "loop_loss": right[-1],
            "away": float(np.abs(ours - right[:-1]).max()),
            "accuracy": self.solution.metrics["training"]["accuracy"],
            "loop_accuracy": right_accuracy,
            "doubled_loss": doubled[-1],
            "doubled_accuracy": doubled_accuracy,
            "floor": self.floor,
            "third": float(p[:, 2].mean()),
            **{f"chance_{k}": float(p[0, k]) for k in range(3)},
            "true": float(np.asarray(self.rows.y)[0]),
        }

    def words(self):
        return {"verdict": self.solution.verdict.text, "refusal": str(self.refusal)}

    def log(self):
        right, doubled = (losses for losses, _ in self.loops.values())
        yield self.sentence("header")
        yield from every_hundredth(self.solution.trace.column("loss"), right, doubled)

    def drawings(self):
        return (lambda ax: by_prediction(self.rows, self.solution, ax), self._both)

    def _both(self, ax):
        """The loss done right and with the slip, and the floor under the slip."""
        doubled = _traced(self.loops["doubled"][0][:-1])
        runs = {self.label("right"): self.solution.trace, self.label("doubled"): doubled}
        ax = plots.loss(runs, ax)
        ax.axhline(self.floor, color=INK, linewidth=1.0, zorder=2)
        note(ax, self.label("floor", floor=self.floor), (EPOCHS / 2, self.floor), (0, -12), ha="center")
        return ax


def _traced(losses: list[float]) -> Trace:
    """Losses of a loop that is not ours, as far as a picture needs them."""
    trace, none = Trace((), ()), np.empty(0)
    for epoch, loss in enumerate(losses):
        trace.append(Step(epoch + 1, epoch, 1000, 0.0, loss, math.nan, RATE, none))
    return trace

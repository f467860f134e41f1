"""Lessons 11 and 12: a net for two classes, and softmax regression with the softmax doubled by a slip."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .. import plots
from ..data import Dataset
from ..descent.methods import GD
from ..descent.trace import Step, Trace
from ..errors import DownslopeError
from ..inference import Solution, fit
from ..messages import text
from ..model.nets import Net
from ..plots.canvas import INK, note
from ..plots.lettering import say
from .lesson import Lesson, pytorch

RATE, EPOCHS = 0.1, 1000


def made_rows() -> Dataset:
    """1,000 rows of 4 features, two of which tell the classes apart."""
    from sklearn.datasets import make_classification

    X, y = make_classification(n_samples=1000, n_features=4, n_informative=2, n_redundant=0, random_state=42)
    return Dataset.from_arrays(X, y)


def trained(number: int, rows: Dataset, net: Net) -> Solution:
    """Plain descent on all rows, their columns as they are, to the last epoch."""
    with pytorch(number):
        return fit(rows, net=net, loss="log", method=GD(RATE), scale=False, epochs=EPOCHS, tol=0.0)


def plain_loop(torch, model, loss_of, X, y) -> list[float]:
    """The course's loop on all rows, with SGD: the loss before each update, and after the last.  (1001,)"""
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    losses = []
    for _ in range(EPOCHS):
        loss = loss_of(model(X), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        return [*losses, loss_of(model(X), y).item()]


def _every_hundredth(*columns) -> Iterator[str]:
    """The first epoch and every hundredth: the losses before its update."""
    for epoch in (0, *range(99, EPOCHS, 100)):
        yield f"{epoch:>6}" + "".join(f"{losses[epoch]:>18.7f}" for losses in columns)


@dataclass(frozen=True)
class TwoClassNet(Lesson):
    """p = σ(W₂·σ(W₁x + b₁) + b₂),  4 → 10 → 1,  loss −mean (y·log p + (1 − y)·log(1 − p))

    >>> TwoClassNet().solution.outputs
    1
    """

    number = 11
    command = "downslope fit examples/penguins.csv --target sex"
    seed: int = 0

    @cached_property
    def rows(self) -> Dataset:
        with pytorch(self.number):  # asked for first: without it there is no lesson
            return made_rows()

    @cached_property
    def net(self) -> Net:
        """Its last sigmoid belongs to the loss."""
        return Net((10,), "sigmoid", seed=self.seed)

    @cached_property
    def solution(self) -> Solution:
        return trained(self.number, self.rows, self.net)

    @cached_property
    def loop(self) -> tuple[list[float], float]:
        """The same in a plain PyTorch loop: the losses, and the accuracy at the end."""
        with pytorch(self.number) as torch:
            X = torch.tensor(self.rows.X, dtype=torch.float32)
            y = torch.tensor(self.rows.y, dtype=torch.float32)[:, None]
            model = torch.nn.Sequential(*self.net.module(4, 1), torch.nn.Sigmoid())
            losses = plain_loop(torch, model, torch.nn.BCELoss(), X, y)
            with torch.no_grad():
                return losses, ((model(X) > 0.5) == y).float().mean().item()

    def figures(self):
        ours, (theirs, accuracy) = self.solution.trace.column("loss"), self.loop
        wrong = self.solution.metrics["training"]["confusion"]
        return {
            "weights": float(self.net.weights(4, 1)),
            "loss_before": float(ours[0]),
            "loss": self.solution.loss,
            "loop_loss": theirs[-1],
            "away": float(np.abs(ours - theirs[:-1]).max()),
            "accuracy": self.solution.metrics["training"]["accuracy"],
            "loop_accuracy": accuracy,
            "missed_0": float(wrong[0][1]),
            "missed_1": float(wrong[1][0]),
            "chance": float(self.solution.probabilities(self.rows.X[:1])[0, 1]),
            "true": float(np.asarray(self.rows.y)[0]),
        }

    def words(self):
        row = ", ".join(f"{x:.3f}" for x in self.rows.X[0])
        return {"verdict": self.solution.verdict.text, "row": row}

    def log(self):
        yield text("lessons.11_header")
        yield from _every_hundredth(self.solution.trace.column("loss"), self.loop[0])

    def drawings(self):
        return (
            lambda ax: _by_prediction(self.rows, self.solution, ax),
            lambda ax: plots.regions(
                self.solution.scores, self.rows.X, self.rows.y, (0, 1), self.rows.features, ax, chosen=(0, 2)
            ),
        )


@dataclass(frozen=True)
class SoftmaxRegression(Lesson):
    """z = W·x + b,  4 → 3 scores;  loss mean (log Σₖ exp zₖ − z_y)

    >>> SoftmaxRegression().solution.outputs
    3
    """

    number = 12
    command = "downslope fit examples/penguins.csv --target species"
    seed: int = 0

    @cached_property
    def rows(self) -> Dataset:
        """Three classes are expected, as in the course; the third never occurs."""
        with pytorch(self.number):
            return made_rows().labelled((0, 1, 2))

    @cached_property
    def net(self) -> Net:
        """No hidden layer: a linear layer from 4 features to 3 scores."""
        return Net((), seed=self.seed)

    @cached_property
    def solution(self) -> Solution:
        return trained(self.number, self.rows, self.net)

    @cached_property
    def loops(self) -> dict[str, tuple[list[float], float]]:
        """The plain PyTorch loop, right and with the softmax doubled: losses, accuracy at the end."""
        with pytorch(self.number) as torch:
            X = torch.tensor(self.rows.X, dtype=torch.float32)
            y = torch.tensor(self.rows.y).long()
            found = {}
            for name, last in {"right": [], "doubled": [torch.nn.Softmax(dim=1)]}.items():
                model = torch.nn.Sequential(*self.net.module(4, 3), *last)
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
        yield text("lessons.12_header")
        yield from _every_hundredth(self.solution.trace.column("loss"), right, doubled)

    def drawings(self):
        return (lambda ax: _by_prediction(self.rows, self.solution, ax), self._both)

    def _both(self, ax):
        """The loss done right and with the slip, and the floor under the slip."""
        doubled = _traced(self.loops["doubled"][0][:-1])
        runs = {say("lessons.right"): self.solution.trace, say("lessons.doubled"): doubled}
        ax = plots.loss(runs, ax)
        ax.axhline(self.floor, color=INK, linewidth=1.0, zorder=2)
        note(ax, say("lessons.floor", floor=self.floor), (EPOCHS / 2, self.floor), (0, -12), ha="center")
        return ax


def _by_prediction(rows: Dataset, solution: Solution, ax):
    """Features 0 and 1, coloured by what is predicted."""
    predicted, true = solution.predict(rows.X).astype(int), np.asarray(rows.y, dtype=int)
    return plots.scatter_predictions(rows.X[:, :2], predicted, ax, true=true, names=rows.features[:2])


def _traced(losses: list[float]) -> Trace:
    """Losses of a loop that is not ours, as far as a picture needs them."""
    trace, none = Trace((), ()), np.empty(0)
    for epoch, loss in enumerate(losses):
        trace.append(Step(epoch + 1, epoch, 1000, 0.0, loss, math.nan, RATE, none))
    return trace

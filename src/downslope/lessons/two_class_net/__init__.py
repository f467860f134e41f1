"""Lesson 11: a net for two classes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from ... import plots
from ...data import Dataset
from ...inference import Solution
from ..folder import Lesson, pytorch

RATE, EPOCHS = 0.1, 1000


def made_rows() -> Dataset:
    """1,000 rows of 4 features, two of which tell the classes apart."""
    from sklearn.datasets import make_classification

    X, y = make_classification(n_samples=1000, n_features=4, n_informative=2, n_redundant=0, random_state=42)
    return Dataset.from_arrays(X, y)


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


def every_hundredth(*columns) -> Iterator[str]:
    """The first epoch and every hundredth: the losses before its update."""
    for epoch in (0, *range(99, EPOCHS, 100)):
        yield f"{epoch:>6}" + "".join(f"{losses[epoch]:>18.7f}" for losses in columns)


def by_prediction(rows: Dataset, solution: Solution, ax):
    """Features 0 and 1, coloured by what is predicted."""
    predicted, true = solution.predict(rows.X).astype(int), np.asarray(rows.y, dtype=int)
    return plots.scatter_predictions(rows.X[:, :2], predicted, ax, true=true, names=rows.features[:2])


class TwoClassNet(Lesson):
    """p = σ(W₂·σ(W₁x + b₁) + b₂),  4 → 10 → 1,  loss −mean (y·log p + (1 − y)·log(1 − p))

    Its last sigmoid belongs to the loss.

    >>> from downslope.lessons import lesson
    >>> lesson(11).solution.outputs
    1
    """

    @cached_property
    def rows(self) -> Dataset:
        with pytorch(self.number):  # asked for first: without it there is no lesson
            return made_rows().labelled()

    @cached_property
    def loop(self) -> tuple[list[float], float]:
        """The same in a plain PyTorch loop: the losses, and the accuracy at the end."""
        with pytorch(self.number) as torch:
            X = torch.tensor(self.rows.X, dtype=torch.float32)
            y = torch.tensor(self.rows.y, dtype=torch.float32)[:, None]
            model = torch.nn.Sequential(*self.settings.net.module(4, 1), torch.nn.Sigmoid())
            losses = plain_loop(torch, model, torch.nn.BCELoss(), X, y)
            with torch.no_grad():
                return losses, ((model(X) > 0.5) == y).float().mean().item()

    def figures(self):
        ours, (theirs, accuracy) = self.solution.trace.column("loss"), self.loop
        wrong = self.solution.metrics["training"]["confusion"]
        return {
            "weights": float(len(self.solution.params)),
            "loss_before": float(ours[0]),
            "loss": self.solution.loss,
            "loop_loss": theirs[-1],
            "away": float(np.abs(ours - theirs[:-1]).max()),
            "accuracy": self.solution.metrics["training"]["accuracy"],
            "accuracy_line": self.solutions["line"].metrics["training"]["accuracy"],
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
        yield self.sentence("header")
        yield from every_hundredth(self.solution.trace.column("loss"), self.loop[0])

    def drawings(self):
        return (
            lambda ax: by_prediction(self.rows, self.solution, ax),
            lambda ax: plots.regions(
                self.solution.scores, self.rows.X, self.rows.y, (0, 1), self.rows.features, ax, chosen=(0, 2)
            ),
        )

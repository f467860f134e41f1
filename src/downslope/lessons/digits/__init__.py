"""Lesson 21: handwritten digits, by softmax regression and by a net."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ...data import Dataset
from ...plots.canvas import INK, QUIET, axes, note
from ..folder import Lesson, pytorch

HELD_OUT = 4  # every fourth row


def images() -> tuple[Dataset, Dataset]:
    """1,348 training rows and 449 rows that are held out: 8 × 8 pixels from 0 to 1, and the digit."""
    from sklearn.datasets import load_digits

    found = load_digits()
    held_out = np.arange(len(found.target)) % HELD_OUT == HELD_OUT - 1
    parts = (Dataset.from_arrays(found.data[at] / 16, found.target[at]) for at in (~held_out, held_out))
    training, other = (part.labelled(tuple(range(10))) for part in parts)
    return training, other


def montage(ax, title: str, pictures: np.ndarray, names: list[str], colours: str, limit: float):
    """Pictures of 8 × 8 in rows of five, each with its name."""
    ax = axes(ax, title, "", "")
    ax.set(xlim=(0, 50), ylim=(20, 0), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    low = -limit if colours == "RdBu" else 0.0
    for k, (picture, name) in enumerate(zip(pictures, names)):
        x, y = 10 * (k % 5) + 1, 10 * (k // 5) + 1.6
        ax.imshow(picture, cmap=colours, vmin=low, vmax=limit, extent=(x, x + 8, y + 8, y), zorder=2)
        note(ax, name, (x, y), offset=(0, 2), colour=INK, fontsize=8)
    ax.axhline(10.2, color=QUIET, linewidth=0.6)
    ax.set(xlim=(0, 50), ylim=(20, 0))  # imshow has moved them
    return ax


class Digits(Lesson):
    """p = softmax(W·x + b), 64 → 10, and the same behind a layer of 16 tanh units

    >>> from downslope.lessons import lesson
    >>> lesson(21).figures()["held_out_net"] > 0.97
    True
    """

    @cached_property
    def rows(self) -> Dataset:
        with pytorch(self.number):
            return images()[0]

    @cached_property
    def predicted(self) -> dict[str, np.ndarray]:
        """State → the digit that is predicted for each row that was held out."""
        other = images()[1]
        return {name: run.predict(other.X).astype(int) for name, run in self.solutions.items()}

    def figures(self):
        y = np.asarray(images()[1].y).astype(int)
        found = {"rows": float(len(self.rows)), "rows_held_out": float(len(y))}
        for name, run in self.solutions.items():
            wrong = self.predicted[name] != y
            found |= {
                f"weights_{name}": float(run.params.size),
                f"loss_{name}": run.loss,
                f"training_{name}": run.metrics["training"]["accuracy"],
                f"held_out_{name}": float(1 - wrong.mean()),
                f"wrong_{name}": float(wrong.sum()),
            }
        mistakes = np.bincount(y[self.predicted["softmax"] != y], minlength=10)
        return found | {"hardest": float(mistakes.argmax()), "mistakes": float(mistakes.max())}

    def words(self):
        return {}

    def log(self):
        yield self.sentence("header")
        for name, run in self.solutions.items():
            figures = [self.figures()[f"{rows}_{name}"] for rows in ("training", "held_out")]
            yield f"{name:<10} {run.params.size:>10} " + "".join(f"{accuracy:>14.1%}" for accuracy in figures)

    def drawings(self):
        return self._weights, self._mistakes

    def _weights(self, ax):
        """Of each class: blue pixels speak for it, red ones against it."""
        W = self.solutions["softmax"].coef.T.reshape(10, 8, 8)
        names = [str(k) for k in range(10)]
        return montage(ax, self.label("weights"), W, names, "RdBu", float(np.abs(W).max()))

    def _mistakes(self, ax):
        other, predicted = images()[1], self.predicted["net"]
        y = np.asarray(other.y).astype(int)
        wrong = np.flatnonzero(predicted != y)[:10]
        names = [self.label("mistake", true=y[k], predicted=predicted[k]) for k in wrong]
        return montage(ax, self.label("mistakes"), other.X[wrong].reshape(-1, 8, 8), names, "Greys", 1.0)

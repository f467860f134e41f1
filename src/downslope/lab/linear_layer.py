"""Lesson 10: two equations and three unknowns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .. import plots
from ..data import Dataset
from ..descent.methods import GD, SGD, AnyMethod, MiniBatch
from ..inference import Solution, fit
from ..messages import text
from ..model.nets import Net
from ..plots.canvas import INK, axes, note, style
from ..plots.lettering import say
from .lesson import Lesson, pytorch

ROWS = Dataset.from_arrays([[1.0, 2.0], [3.0, 4.0]], [3.0, 7.0])
BATCHES = {"all": 2, "one": 1, "few": 2}  # rows an update; of two rows, a few are all
RATE, EPOCHS, LONG = 0.01, 100, 10_000
EXACT = {"first": (1.0, 1.0, 0.0), "second": (0.0, 2.0, -1.0), "third": (2.0, 0.0, 1.0)}  # (w1, w2, b)
ALIKE, UNLIKE = (5.0, 6.0), (6.0, 5.0)  # x2 = x1 + 1 as in both rows, and not


def _predicted(params, row) -> float:
    return float(np.dot(params[:2], row) + params[2])


def _mean_squared(params) -> float:
    return float(np.mean((ROWS.X @ np.array(params[:2]) + params[2] - ROWS.y) ** 2))


@dataclass(frozen=True)
class LinearLayer(Lesson):
    """(w, b) ← (w, b) − 0.01·∇ mean (x·w + b − y)²,  where x·w + b = y has a line of solutions

    >>> LinearLayer().solutions["all"].verdict.code
    'collinear'
    """

    number = 10
    command = (
        'downslope minimize "(a + 2*b + c - 3)^2 + (3*a + 4*b + c - 7)^2" --start a=0,b=0,c=0 --epochs 10000'
    )
    seed: int = 0

    @cached_property
    def start(self) -> np.ndarray:
        """(w1, w2, b) as PyTorch draws them for a linear layer.  (3,)"""
        with pytorch(self.number):
            layer = Net((), dtype="float64", seed=self.seed).module(2, 1)
            return np.concatenate([p.detach().numpy().ravel() for p in layer.parameters()])

    @cached_property
    def solutions(self) -> dict[str, Solution]:
        """100 epochs with all rows at an update, with one, and with a few."""
        return {
            "all": self._descend(GD(RATE)),
            "one": self._descend(SGD(RATE, "cyclic")),
            "few": self._descend(MiniBatch(BATCHES["few"], RATE, "cyclic")),
        }

    @cached_property
    def ends(self) -> dict[str, Solution]:
        """Where 10,000 epochs lead, from several starts."""
        starts = {"layer": self.start, "zero": np.zeros(3), "other": np.array([1.0, -1.0, 0.0])}
        return {name: self._descend(GD(RATE), LONG, start) for name, start in starts.items()}

    def _descend(self, method: AnyMethod, epochs: int = EPOCHS, start=None) -> Solution:
        named: Mapping = dict(zip(("x1", "x2", "intercept"), self.start if start is None else start))
        return fit(ROWS, method=method, scale=False, epochs=epochs, tol=0.0, start=named)

    @cached_property
    def loops(self) -> dict[str, np.ndarray]:
        """The same in a plain PyTorch loop: (w1, w2, b) after 100 epochs, by batch.  (3,)"""
        with pytorch(self.number) as torch:
            X, y = torch.tensor(ROWS.X), torch.tensor(ROWS.y)[:, None]
            found = {}
            for name, size in BATCHES.items():
                layer = Net((), dtype="float64", seed=self.seed).module(2, 1)
                optimizer, mse = torch.optim.SGD(layer.parameters(), lr=RATE), torch.nn.MSELoss()
                for _ in range(EPOCHS):
                    for i in range(0, 2, size):
                        loss = mse(layer(X[i : i + size]), y[i : i + size])
                        optimizer.zero_grad()
                        loss.backward()
                        optimizer.step()
                found[name] = np.concatenate([p.detach().numpy().ravel() for p in layer.parameters()])
            return found

    def figures(self):
        told = {"loss_before": _mean_squared(self.start)}
        for name, run in self.solutions.items():
            told[f"loss_{name}"] = run.loss
            told |= {f"{weight}_{name}": float(x) for weight, x in zip(("w1", "w2", "b"), run.params)}
        told["away"] = max(
            float(np.abs(run.params - self.loops[name]).max()) for name, run in self.solutions.items()
        )
        for name, run in self.ends.items():
            end = np.round(run.params, 12) + 0.0  # −0 is 0
            told |= {f"end_{weight}_{name}": float(x) for weight, x in zip(("w1", "w2", "b"), end)}
            told[f"end_loss_{name}"] = run.loss
        answers = {**EXACT, "found": self.ends["layer"].params}
        for name, params in answers.items():
            told |= {f"alike_{name}": _predicted(params, ALIKE), f"unlike_{name}": _predicted(params, UNLIKE)}
            told[f"exact_loss_{name}"] = _mean_squared(params)
        return told

    def words(self):
        return {"verdict": self.solutions["all"].verdict.text}

    def log(self):
        steps = {name: {s.epoch: s for s in run.trace} for name, run in self.solutions.items()}
        yield text("lessons.10_header")
        for epoch in (0, 1, 2, *range(9, EPOCHS, 10)):
            losses = "".join(f"{found[epoch].loss:>16.8g}" for found in steps.values())
            yield f"{epoch:>6}{losses}"

    def drawings(self):
        runs = {
            say(f"lessons.batch_{name}"): run.trace for name, run in self.solutions.items() if name != "few"
        }
        return (lambda ax: plots.loss(runs, ax), self._line)

    def _line(self, ax):
        """The answers, w1 + w2 = 2, and where descents from several starts reach them."""
        ax = axes(ax, say("lessons.10_picture"), "w1", "w2")
        paths = [
            np.vstack([run.trace.start, run.trace.column("params")])[:, :2] for run in self.ends.values()
        ]
        seen = np.vstack([*paths, [params[:2] for params in EXACT.values()]])
        low, high = seen[:, 0].min() - 0.3, seen[:, 0].max() + 0.3
        ax.plot([low, high], [2 - low, 2 - high], color=INK, linewidth=1.2, zorder=2)
        for i, path in enumerate(paths):
            ax.plot(*path.T, **style(i), linewidth=1.8, zorder=3)
            ax.plot(*path[0], marker="o", color=style(i)["color"], markerfacecolor="white", zorder=4)
            ax.plot(*path[-1], marker="o", color=style(i)["color"], zorder=4)
            note(ax, say("plots.start"), path[0], (0, -9), style(i)["color"], ha="center", va="top")
        for params in EXACT.values():
            words = f"({params[0]:g}, {params[1]:g}, {params[2]:g})"
            ax.plot(*params[:2], marker="D", color=INK, markerfacecolor="white", markersize=5, zorder=4)
            note(ax, words, params[:2], (7, 6))
        ax.margins(y=0.12)
        ax.set_aspect("equal", adjustable="datalim")
        return ax

"""Lesson 10: two equations and three unknowns."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ... import plots
from ...inference import Solution
from ...model.nets import Net
from ...plots.canvas import INK, axes, note, style
from ...plots.lettering import say
from ..folder import Lesson, pytorch

BATCHES = {"all": 2, "one": 1, "few": 2}  # rows an update; of two rows, a few are all
RATE, EPOCHS = 0.01, 100
EXACT = {"first": (1.0, 1.0, 0.0), "second": (0.0, 2.0, -1.0), "third": (2.0, 0.0, 1.0)}  # (w1, w2, b)
ALIKE, UNLIKE = (5.0, 6.0), (6.0, 5.0)  # x2 = x1 + 1 as in both rows, and not


def _predicted(params, row) -> float:
    return float(np.dot(params[:2], row) + params[2])


class LinearLayer(Lesson):
    """(w, b) ← (w, b) − 0.01·∇ mean (x·w + b − y)²,  where x·w + b = y has a line of solutions

    >>> from downslope.lessons import lesson
    >>> lesson(10).solutions["all"].verdict.code
    'collinear'
    """

    @cached_property
    def layer(self) -> list[float]:
        """(w1, w2, b) as PyTorch draws them for a linear layer."""
        with pytorch(self.number):
            layer = Net((), dtype="float64", seed=self.seed).module(2, 1)
            return [float(x) for p in layer.parameters() for x in p.detach().numpy().ravel()]

    @property
    def start(self):
        return dict(zip(("x1", "x2", "intercept"), self.layer))

    @property
    def batches(self) -> dict[str, Solution]:
        """100 epochs from PyTorch's weights, by batch."""
        return {name: self.solutions[name] for name in BATCHES}

    @property
    def ends(self) -> dict[str, Solution]:
        """Where 10,000 epochs lead, from several starts."""
        return {name: self.solutions[name] for name in ("layer", "zero", "other")}

    @cached_property
    def loops(self) -> dict[str, np.ndarray]:
        """The same in a plain PyTorch loop: (w1, w2, b) after 100 epochs, by batch.  (3,)"""
        with pytorch(self.number) as torch:
            X, y = torch.tensor(self.rows.X), torch.tensor(self.rows.y)[:, None]
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

    def mean_squared(self, params) -> float:
        return float(np.mean((self.rows.X @ np.array(params[:2]) + params[2] - self.rows.y) ** 2))

    def figures(self):
        found = {"loss_before": self.mean_squared(self.layer)}
        for name, run in self.batches.items():
            found[f"loss_{name}"] = run.loss
            found |= {f"{weight}_{name}": float(x) for weight, x in zip(("w1", "w2", "b"), run.params)}
        found["away"] = max(
            float(np.abs(run.params - self.loops[name]).max()) for name, run in self.batches.items()
        )
        for name, run in self.ends.items():
            end = np.round(run.params, 12) + 0.0  # −0 is 0
            found |= {f"end_{weight}_{name}": float(x) for weight, x in zip(("w1", "w2", "b"), end)}
            found[f"end_loss_{name}"] = run.loss
        answers = {**EXACT, "found": self.ends["layer"].params}
        for name, params in answers.items():
            found |= {
                f"alike_{name}": _predicted(params, ALIKE),
                f"unlike_{name}": _predicted(params, UNLIKE),
            }
            found[f"exact_loss_{name}"] = self.mean_squared(params)
        return found

    def words(self):
        return {"verdict": self.solutions["all"].verdict.text}

    def log(self):
        steps = {name: {s.epoch: s for s in run.trace} for name, run in self.batches.items()}
        yield self.sentence("header")
        for epoch in (0, 1, 2, *range(9, EPOCHS, 10)):
            losses = "".join(f"{found[epoch].loss:>16.8g}" for found in steps.values())
            yield f"{epoch:>6}{losses}"

    def drawings(self):
        runs = {self.label(f"batch_{name}"): run.trace for name, run in self.batches.items() if name != "few"}
        return (lambda ax: plots.loss(runs, ax), self._line)

    def _line(self, ax):
        """The answers, w1 + w2 = 2, and where descents from several starts reach them."""
        ax = axes(ax, self.label("picture"), "w1", "w2")
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

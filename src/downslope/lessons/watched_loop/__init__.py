"""Lesson 13: a loop of your own, as `downslope watch` sees it: healthy, and with three mistakes."""

from __future__ import annotations

import ast
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any

from ... import plots
from ..folder import Lesson, pytorch

LOOP = """
import numpy as np

X = np.array([1.0, 2.0, 3.0])
y = 2 * X
w = 1.0
for step in range(40):
    residual = X * w - y
    cost = np.{over}(residual**2)
    w = w - {rate} * np.{over}(2 * X * residual)
"""
UNCLEARED = """
import torch

X = torch.tensor([[1.0], [2.0], [3.0]])
model = torch.nn.Linear(1, 1, bias=False)
torch.nn.init.ones_(model.weight)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
criterion = torch.nn.MSELoss()
for step in range(40):
    loss = criterion(model(X), 2 * X)
    loss.backward()
    optimizer.step()
"""
SCRIPTS = {
    "healthy": LOOP.format(over="mean", rate=0.05),
    "fast": LOOP.format(over="mean", rate=0.3),
    "uncleared": UNCLEARED,
    "sum": LOOP.format(over="sum", rate=0.1),
}


class WatchedLoop(Lesson):
    """L ≥ ΔgᵀΔw/ΔwᵀΔw along the script's own path, and w ← w − t·g goes down for t < 2/L

    >>> from downslope.lessons import lesson
    >>> round(lesson(13).figures()["bound"], 7)
    0.2142857
    """

    @cached_property
    def seen(self) -> dict[str, Any]:
        """What was seen of each script."""
        with pytorch(self.number):
            return {name: watched(text) for name, text in SCRIPTS.items()}

    def figures(self):
        fast, total = self.seen["fast"].certificate, self.seen["sum"].certificate
        healthy = self.seen["healthy"]
        last = healthy.trace[-1]
        return {
            "w": float(last.params[0]),
            "loss": float(last.loss),
            "curvature": healthy.certificate.L,
            "bound": healthy.certificate.bound,
            "excess": fast.excess,
            "sum_curvature": total.L,
            "sum_bound": total.bound,
            "sum_times": total.L / healthy.certificate.L,
            "uncleared_loss": float(self.seen["uncleared"].trace[-1].loss),
        }

    def words(self):
        said = {f"verdict_{name}": seen.verdict.text for name, seen in self.seen.items()}
        for name in ("fast", "sum"):
            said[f"line_{name}"] = next((mend.text.strip() for mend in self.seen[name].mends), "–")
        found = [
            finding for finding in self.seen["uncleared"].findings if finding.code == "gradients_accumulate"
        ]
        said["finding"] = found[0].text if found else self.seen["uncleared"].verdict.text
        return said

    def log(self):
        return self.epochs(self.seen["healthy"])

    def drawings(self):
        traces = {self.label(f"script_{name}"): seen.trace for name, seen in self.seen.items()}
        healthy = self.seen["healthy"].trace
        return (lambda ax: plots.loss(healthy, ax), lambda ax: plots.loss(traces, ax))


def watched(text: str) -> Any:
    """What `downslope watch` sees of a script, run here."""
    from ...watching.inline import Watching

    watching = Watching({"roles": {}, "curvature": False})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.py"
        path.write_text(text, encoding="utf-8")
        session = watching.begin(str(path))
        session.recorder.source = text
        kind = None
        try:
            exec(session.instrumented(ast.parse(text), text, str(path)), {"__name__": "__main__"})
        except BaseException as error:
            kind = type(error)
            raise
        finally:
            seen = watching.finish(kind)
        _ = seen.findings, seen.verdict, seen.mends  # while the file is there
    return seen

"""How many rows a training reads: a stream counts its own, rows in memory are counted here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.parts import Meter
from ..descent.trace import Step

if TYPE_CHECKING:
    from .training import Training


def meter_of(dataset: Any) -> Meter | None:
    """The meter of rows that are streamed; rows in memory have none."""
    return getattr(dataset, "meter", None)


class RowCounter:
    """The meter of a training, which `note` adds to, step by step, where the rows are in memory: those of
    finished passes, each 8 bytes a number (4 in float32). A function has no rows, and no meter."""

    def __init__(self, training: Training):
        dataset = training.dataset
        streamed = None if dataset is None else meter_of(dataset)
        self.meter = streamed if dataset is None or streamed is not None else Meter()
        self.here = dataset is not None and streamed is None
        self.once = self.here and training.method.reduces(training.objective)
        self.rows = len(dataset) if dataset is not None and self.here else 0
        self.row_bytes = _bytes(dataset) / self.rows if self.here else 0.0

    def note(self, step: Step, before: int) -> None:
        """A step was made, `before` updates had been. It is a whole pass where a sweep makes it; moments are
        found in one pass, and nothing is read after."""
        if not self.here or self.meter is None or (self.once and self.meter.rows):
            return
        rows = min(self.rows, (step.step - before) * step.rows)
        self.meter.add(rows, round(rows * self.row_bytes))


def _bytes(dataset: Any) -> int:
    X = dataset.X
    parts = [X] if isinstance(X, np.ndarray) else [X.data, X.indices, X.indptr]
    return sum(part.nbytes for part in (*parts, dataset.y, dataset.weights) if part is not None)

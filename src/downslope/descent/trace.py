"""The log book of a descent: one row for each recorded update."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from .. import view


class Step(NamedTuple):
    """One recorded step of a descent.

    `loss`, `gradient_norm` and `gradient` are those on the rows of the step, before its update, in the
    coordinates of the descent (as is the learning rate); `params` are the weights after the update, in the
    user's units. If a compiled kernel runs a whole epoch, they are those of its last update. In a watched
    loop with many weights, params is None. `objective` is F over all rows after the update, if known;
    `validation` is the validation loss.
    """

    step: int  # updates made so far, this one included
    epoch: int  # passes over the rows, from 0; the pass that this update belongs to
    rows: int  # how many rows one update looked at
    seconds: float  # since the descent began
    loss: float
    gradient_norm: float
    learning_rate: float
    params: np.ndarray  # (p,)
    objective: float | None = None
    validation: float | None = None
    gradient: np.ndarray | None = None  # (p,)
    gap: float | None = None

    @property
    def best_known_loss(self) -> float:
        """F over all rows after the update where it was computed, else the loss that the update looked at."""
        return self.loss if self.objective is None else self.objective

    def to_dict(self, names: Iterable[str]) -> dict:
        """The step as plain numbers, for JSON; params by name."""
        row = {field: getattr(self, field) for field in self._fields if field not in ("params", "gradient")}
        row["params"] = {} if self.params is None else dict(zip(names, self.params.tolist()))
        row["gradient"] = None if self.gradient is None else self.gradient.tolist()
        return row


class Trace:
    """Steps of a descent in order, in a fixed amount of memory: at most 4,096, fewer with many weights.

    Every `stride`-th step is stored. When `capacity` is reached, the stride doubles and every second
    step is dropped, so that stored steps are equally spaced. The first step, the last, and those with
    the lowest and the highest loss are never dropped.

    >>> trace = Trace(["w"], [0.0], capacity=4)
    >>> for k in range(100):
    ...     trace.append(Step(k + 1, k, 3, 0.0, 1 / (k + 1), 0.0, 0.1, np.array([float(k)])))
    >>> [step.epoch for step in trace], trace.updates
    ([0, 32, 64, 96, 99], 100)
    """

    def __init__(self, names: Iterable[str], start, capacity: int | None = None):
        self.names = tuple(names)  # of the params
        self.start = np.array(start, dtype=float)  # (p,) before the first step, in the user's units
        self.capacity = capacity or max(256, min(4096, 150_000 // max(1, len(self.names))))
        self.stride = 1
        self.updates = 0  # updates made, kept or not
        self.seen = 0  # steps handed over
        self._kept: list[tuple[int, Step]] = []  # (number, step)
        self._last: tuple[int, Step] | None = None
        self._lowest: tuple[int, Step] | None = None
        self._highest: tuple[int, Step] | None = None
        # Of drawn rows only the steps that end an epoch have a validation loss: thinned by themselves.
        self.validation_stride = 1
        self.validated = 0  # steps with a validation loss
        self._validated: list[tuple[int, Step]] = []

    def append(self, step: Step) -> None:
        """Add a step; drop every second one if the trace is full."""
        entry = (self.seen, step)
        if self.seen % self.stride == 0:
            self._kept.append(entry)
        self._last = entry
        if np.isfinite(step.loss):
            if self._lowest is None or step.loss < self._lowest[1].loss:
                self._lowest = entry
            if self._highest is None or step.loss > self._highest[1].loss:
                self._highest = entry
        self.seen += 1
        self.updates = step.step
        while len(self._kept) > self.capacity:
            self.stride *= 2
            self._kept = [entry for entry in self._kept if entry[0] % self.stride == 0]
        if step.validation is not None:
            if self.validated % self.validation_stride == 0:
                self._validated.append(entry)
            self.validated += 1
            if len(self._validated) > self.capacity:
                self.validation_stride *= 2
                self._validated = self._validated[::2]

    @property
    def steps(self) -> list[Step]:
        """The stored steps, in order."""
        entries = dict(self._kept)
        entries.update(self._validated)
        entries.update(entry for entry in (self._lowest, self._highest, self._last) if entry is not None)
        return [entries[number] for number in sorted(entries)]

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __getitem__(self, index):
        return self.steps[index]

    @property
    def thinned(self) -> bool:
        """Whether steps were dropped."""
        return self.seen > len(self)

    def column(self, field: str) -> np.ndarray:
        """One field of every step; NaN if unknown.  (s,), or (s, p) for params and gradient.

        >>> trace = Trace(["w"], [0.0])
        >>> trace.append(Step(1, 0, 3, 0.0, 4.5, 0.0, 0.1, np.array([1.0])))
        >>> trace.column("loss"), trace.column("objective")
        (array([4.5]), array([nan]))
        """
        steps = self.steps
        if field in ("params", "gradient"):
            blank = np.full(len(self.names), np.nan)
            values = [blank if getattr(step, field) is None else getattr(step, field) for step in steps]
            return np.array(values, dtype=float).reshape(len(steps), len(self.names))
        return np.array([getattr(step, field) for step in steps], dtype=float)  # None becomes NaN

    def to_frame(self):
        """A pandas DataFrame: the fields of a step, then one column per weight."""
        import pandas as pd

        steps = self.steps
        fields = [field for field in Step._fields if field not in ("params", "gradient")]
        frame = pd.DataFrame({field: [getattr(step, field) for step in steps] for field in fields})
        params = pd.DataFrame(self.column("params"), columns=list(self.names), index=frame.index)
        return pd.concat([frame, params], axis=1)

    def to_records(self) -> list[dict]:
        """Steps as plain dicts, for JSON."""
        return [step.to_dict(self.names) for step in self.steps]

    @classmethod
    def from_records(cls, names, start, records: Iterable[dict], seen: int = 0) -> Trace:
        """The trace that `to_records` wrote; `seen` is the number of steps of the original."""
        records = list(records)
        trace = cls(names, start, capacity=max(1, len(records)))
        for record in records:
            values = dict(record)
            params = [values["params"][name] for name in trace.names] if values["params"] else None
            values["params"] = np.array(params, dtype=float) if params or not trace.names else None
            if values.get("gradient") is not None:
                values["gradient"] = np.array(values["gradient"], dtype=float)
            trace.append(Step(**values))
        trace.seen = max(seen, trace.seen)
        return trace

    def plot(self, ax=None):
        """Loss over epochs, on a log axis; returns the matplotlib Axes."""
        return view("plot")(self, ax)

    def show(self):
        """A player of the descent in a notebook: play, pause, step, scrub; losses and weights."""
        return view("show")(self)

    def __repr__(self) -> str:
        last = self._last[1].loss if self._last else float("nan")
        return f"<Trace of {self.updates} updates, {len(self)} kept, last loss {last:.6g}>"

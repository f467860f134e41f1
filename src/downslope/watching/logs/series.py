"""Rows of a log → its columns, in a fixed amount of memory, and from these the series that a verdict
needs."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .names import Role, role_of

POINTS = 1 << 16  # of one column; of more, every second is kept, every fourth, …
COLUMNS = 1000  # that one log may have; others are not read
ENOUGH = 5  # points of a mean over an epoch, from which on it is taken rather than the loss of each step
NAN = math.nan


class Points:
    """One column: value, place among the rows, step, epoch and seconds of each point. At most 2·POINTS;
    first, last, lowest, highest and the first number that is not finite are never dropped."""

    def __init__(self) -> None:
        self.rows: list[array] = []
        self.count = 0  # points handed over
        self.stride = 1
        self._table = [array("d") for _ in range(5)]
        self._special: dict[str, tuple[float, ...]] = {}

    def append(self, value: float, order: int, step: float, epoch: float, seconds: float) -> None:
        point = (value, float(order), step, epoch, seconds)
        if self.count % self.stride == 0:
            for column, number in zip(self._table, point):
                column.append(number)
            if len(self._table[0]) > 2 * POINTS:
                self.stride *= 2
                self._table = [column[::2] for column in self._table]
        self.count += 1
        self._special["last"] = point
        if math.isfinite(value):
            if "lowest" not in self._special or value < self._special["lowest"][0]:
                self._special["lowest"] = point
            if "highest" not in self._special or value > self._special["highest"][0]:
                self._special["highest"] = point
        elif "lost" not in self._special:
            self._special["lost"] = point

    def table(self) -> np.ndarray:
        """(k, 5): value, place, step, epoch, seconds, in order."""
        found = np.zeros((0, 5))
        if self.count:
            found = np.array([np.frombuffer(column) for column in self._table]).T
        if self.stride == 1 or not self._special:
            return found
        found = np.vstack([found, list(self._special.values())])
        _, first = np.unique(found[:, 1], return_index=True)
        return found[first]

    def extend(self, other: Points, epoch: float) -> None:
        """The points of a later run, as those of one more epoch."""
        for value, order, step, known, seconds in other.table():
            self.append(value, int(order), step, epoch if math.isnan(known) else known, seconds)


@dataclass
class Rows:
    """One run of a log while it is read: `row` takes what stands in one line, by name."""

    wanted: frozenset[str] = frozenset()  # columns that are asked for by name
    columns: dict[str, Points] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)  # of all columns, in order
    rows: int = 0
    bare: dict[str, float] = field(default_factory=dict)  # settings outside the rows, such as a learning rate
    first: dict[str, float] = field(default_factory=dict)  # first epoch, first step
    epoch: float = NAN
    step: float = NAN
    counted: bool = False  # by numbers without a name, as in [10/100]
    ends: int = 0  # lines of a progress bar at its end that have a loss
    waiting: dict[str, float] | None = None  # the last: Keras prints it again, with validation losses

    def row(self, values: Mapping[str, float], partial: bool | None = None) -> None:
        """One line. partial: of a progress bar, whether it is under way; such lines count only where few
        end one."""
        waiting, self.waiting = self.waiting, None
        if waiting is not None:
            again = partial is False and all(_key(waiting, what) == _key(values, what) for what in ("step",))
            if again and not self._begun(values):
                values = {**waiting, **values}
            else:
                self._enter(waiting, False)
        if partial is False:
            self.waiting = dict(values)
            return
        self._enter(values, partial)

    def _begun(self, values: Mapping[str, float]) -> bool:
        """Whether a line speaks of another epoch than the one under way."""
        epoch = _key(values, "epoch")
        return not math.isnan(epoch) and epoch != self.epoch

    def _enter(self, values: Mapping[str, float], partial: bool | None) -> None:
        epoch, step, seconds = (_key(values, what) for what in ("epoch", "step", "seconds"))
        if not math.isnan(epoch):
            if math.isnan(step) and epoch != self.epoch:
                self.step = NAN
            self.epoch = epoch
            self.first.setdefault("epoch", epoch)
        if not math.isnan(step):
            self.step = step
            self.counted = self.counted or "#" in values
            self.first.setdefault("step", step)
        for name, value in values.items():
            if len(self.names) < COLUMNS:
                self.names[name] = None
            if role_of(name).what in ("epoch", "step", "phase", "seconds", "") and name not in self.wanted:
                continue
            for kind in (False, True) if partial is False else (partial,):
                self._points(name, kind).append(value, self.rows, self.step, self.epoch, seconds)
        if partial is False:
            self.ends += any(role_of(name).what == "loss" for name in values)
        self.rows += 1

    def add(self, name: str, value: float, step: float, seconds: float = NAN) -> None:
        """One point of a column that is written by itself, as TensorBoard and MLflow do."""
        if len(self.names) < COLUMNS:
            self.names[name] = None
        self._points(name, None).append(value, self.rows, step, NAN, seconds)
        self.rows += 1

    def _points(self, name: str, partial: bool | None) -> Points:
        key = f"{name}\n" if partial else name  # lines under way are another column
        if key not in self.columns and len(self.columns) >= COLUMNS:
            return Points()
        return self.columns.setdefault(key, Points())

    def begins_again(self, values: Mapping[str, float]) -> bool:
        """Whether this line is the first of another run: its epoch (without epochs, its step) is the
        first again."""
        for what, now in (("epoch", self.epoch), ("step", self.step)):
            given = _key(values, what)
            if not math.isnan(given):
                return given <= self.first.get(what, -math.inf) and given < now
            if what in self.first:
                return False
        return False

    def listed(self) -> dict[str, Points]:
        """Columns by name; lines of a progress bar under way only where few lines ended one."""
        if self.waiting is not None:
            waiting, self.waiting = self.waiting, None
            self._enter(waiting, False)
        whole = {name: points for name, points in self.columns.items() if not name.endswith("\n")}
        every = {name[:-1]: points for name, points in self.columns.items() if name.endswith("\n")}
        few = self.ends < (2 if "epoch" in self.first else 3)
        return {**whole, **every} if few else {**every, **whole}


def _key(values: Mapping[str, float], what: str) -> float:
    named = [(role_of(name).rank, value) for name, value in values.items() if role_of(name).what == what]
    return min(named)[1] if named else NAN


class Runs:
    """The runs of one file: a row that begins again begins another."""

    def __init__(self, asked: Asked | None = None) -> None:
        named = () if asked is None else (asked.loss, asked.validation, asked.rate)
        self.wanted = frozenset(named) - {""}
        self.runs = [Rows(self.wanted)]

    def row(self, values: Mapping[str, float], partial: bool | None = None) -> None:
        if self.runs[-1].rows and self.runs[-1].begins_again(values) and len(self.runs) < 10_000:
            self.begin()
        self.runs[-1].row(values, partial)

    def begin(self) -> None:
        """Another run."""
        self.runs.append(Rows(self.wanted, bare=dict(self.runs[-1].bare)))

    def ended(self) -> list[Rows]:
        """The runs; where only steps were counted, and from 1 again in each epoch, they are one run of
        epochs."""
        holds = lambda name: role_of(name).what == "loss" or name in self.wanted
        runs = [run for run in self.runs if any(map(holds, run.listed()))]
        counts = {run.rows for run in runs[:-1]}
        if len(runs) < 3 or any("epoch" in run.first for run in runs) or len(counts) > 1:
            return runs or self.runs[-1:]
        whole = runs[0]
        for epoch, run in enumerate(runs):
            offset = 0 if epoch == 0 else whole.rows
            for name, points in run.listed().items():
                moved = Points()
                for value, order, step, _, seconds in points.table():
                    moved.append(value, int(order) + offset, step, epoch, seconds)
                if epoch == 0:
                    whole.columns[name] = moved
                else:
                    whole.columns.setdefault(name, Points()).extend(moved, epoch)
            whole.rows += run.rows if epoch else 0
        return [whole]


@dataclass(frozen=True)
class Asked:
    """Names of the columns to read; "" where they are to be found."""

    loss: str = ""
    validation: str = ""
    rate: str = ""
    columns: tuple[str, ...] = ()  # of lines and tables without names, from the left


@dataclass(frozen=True)
class Log:
    """What a log says: (s,) arrays of one length, a record each; NaN where it says nothing."""

    name: str
    path: str
    form: str  # csv, json, tensorboard, mlflow, text, …
    chosen: dict[str, str]  # loss, validation, rate, gradient → name of the column
    losses: np.ndarray
    validation: list[tuple[int, float]]  # (record from 1, loss)
    rates: np.ndarray
    gradients: np.ndarray
    steps: np.ndarray
    epochs: np.ndarray  # from 0; NaN where no epoch is known
    seconds: np.ndarray
    weights: tuple[str, ...]
    params: np.ndarray  # (s, p)
    metrics: dict[str, float]  # the last of each other measure
    records: int  # that the log holds, kept or not
    others: tuple[str, ...]  # losses that were not taken
    notes: tuple[tuple[str, dict[str, Any]], ...] = ()


def chosen(columns: Mapping[str, Points], asked: Asked) -> dict[str, str]:
    """loss, validation, rate, gradient → the column that is taken for it; "" for none.

    A column that is asked for by name is taken; KeyError where there is none of that name.
    """
    for name in (asked.loss, asked.validation, asked.rate):
        if name and name not in columns:
            raise KeyError(name)
    roles = {name: role_of(name) for name in columns}
    if any(re.match(r"(valid|validation|eval)_1\b", name) for name in columns):  # XGBoost, LightGBM count
        roles = {  # evaluation sets: the first of several is the training set
            name: role._replace(part="train") if re.match(r"(valid|validation|eval)_0\b", name) else role
            for name, role in roles.items()
        }
    losses = {name: role for name, role in roles.items() if role.what == "loss"}
    train = [name for name, role in losses.items() if role.part in ("train", "")]
    val = [name for name, role in losses.items() if role.part == "validation"]
    test = [name for name, role in losses.items() if role.part == "test"]
    if any(role.rank < 8 for role in losses.values()):
        train, val, test = ([name for name in names if losses[name].rank < 8] for names in (train, val, test))
    alone = next((name for name in val if not name.lower().startswith(("val", "eval", "dev"))), None)
    if not train and alone is not None and len(val) == 1 and not test:  # cost_val: the value of the cost
        train, val = [alone], []
    loss = asked.loss or min(train, key=lambda name: _rank(roles[name], columns[name]), default="")
    measure = roles[loss].measure if loss else ""
    validation = asked.validation
    for names in (val, test):
        near = lambda name: (
            bool(loss) and roles[name].measure != measure,
            *_rank(roles[name], columns[name]),
        )
        validation = validation or min(names, key=near, default="")
    if not loss:
        loss, validation = validation, ""
    found = {"loss": loss, "validation": "" if validation == loss else validation}
    for what in ("rate", "gradient"):
        names = [name for name, role in roles.items() if role.what == what]
        found[what] = min(names, key=lambda name: (roles[name].rank, -columns[name].count), default="")
    found["rate"] = asked.rate or found["rate"]
    return found


def _rank(role: Role, points: Points) -> tuple:
    """A loss of few points last; then by name; a mean over an epoch before the loss of a step, where it
    has points."""
    few = points.count < 2
    scarce = role.unit == "epoch" and points.count < ENOUGH
    return few, role.rank + 0.5 * scarce, -points.count


def series(name: str, path: str, form: str, run: Rows, asked: Asked, notes: Iterable = ()) -> Log | None:
    """The log of one run; None where no column is a loss."""
    columns = run.listed()
    found = chosen(columns, asked)
    if not found["loss"]:
        return None
    table = columns[found["loss"]].table()
    by_step = bool(len(table)) and bool(np.isnan(table[:, 3]).all()) and not np.isnan(table[:, 2]).any()
    key = 2 if by_step and bool((np.diff(table[:, 2]) >= 0).all()) else 1
    epochs = _epochs(table, columns, key, found["loss"], run.counted)
    validation = []
    if found["validation"]:
        for point in columns[found["validation"]].table():
            place = int(np.searchsorted(table[:, key], point[key], side="right"))
            validation.append((max(1, place), float(point[0])))
    roles = {name: role_of(name) for name in columns}
    weights = tuple(name for name, role in roles.items() if role.what == "weight")[:1000]
    params = np.array([_held(columns[name].table(), table, key) for name in weights])
    params = params.reshape(len(weights), len(table))
    rates = _held(columns[found["rate"]].table(), table, key) if found["rate"] else np.full(len(table), NAN)
    if not found["rate"] and "rate" in run.bare:
        rates = np.full(len(table), run.bare["rate"])
    gradients = np.full(len(table), NAN)
    if found["gradient"]:
        gradients = np.abs(_held(columns[found["gradient"]].table(), table, key))
    others = tuple(name for name, role in roles.items() if role.what == "loss" and name not in found.values())
    metrics = [name for name in columns if roles[name].what == "metric"]
    last = {name: float(columns[name].table()[-1, 0]) for name in metrics}
    notes = list(notes)
    counted = re.match(r"(valid|validation|eval)_0\b", found["loss"]) and bool(found["validation"])
    if roles[found["loss"]].part in ("validation", "test") and not asked.loss and not counted:
        notes.append(("only_validation", {"name": found["loss"]}))
    if columns[found["loss"]].stride > 1:
        facts = {"kept": len(table), "records": columns[found["loss"]].count}
        notes.append(("thinned", facts))
    return Log(
        name=name, path=path, form=form, chosen=found,
        losses=table[:, 0], validation=validation, rates=rates, gradients=gradients,
        steps=table[:, 2], epochs=epochs, seconds=table[:, 4],
        weights=tuple(name.removeprefix("params/") for name in weights), params=params.T, metrics=last,
        records=columns[found["loss"]].count, others=others, notes=tuple(notes),
    )  # fmt: skip


def _held(points: np.ndarray, table: np.ndarray, key: int) -> np.ndarray:
    """The last value of a column at or before each record; the first one before that."""
    if not len(points):
        return np.full(len(table), NAN)
    place = np.searchsorted(points[:, key], table[:, key], side="right") - 1
    return points[np.maximum(place, 0), 0]


def _epochs(
    table: np.ndarray, columns: Mapping[str, Points], key: int, loss: str, counted: bool
) -> np.ndarray:
    """Passes over the rows, from 0, of each record: 1 is the first where none is below 1; 0.4 is within
    the first."""
    epochs = table[:, 3].copy()
    if np.isnan(epochs).all():
        if role_of(loss).unit == "epoch" and (np.diff(table[:, 2]) == 1).all():
            return table[:, 2] - 1 if len(table) and table[0, 2] >= 1 else table[:, 2]
        if counted and (np.diff(table[:, 2]) >= 0).all():
            return table[:, 2] - 1 if len(table) and table[0, 2] >= 1 else table[:, 2]
        named = [name for name in columns if role_of(name).what == "epoch"]
        if not named:
            return epochs
        epochs = _held(columns[named[0]].table(), table, key)
    known = epochs[np.isfinite(epochs)]
    if not len(known):
        return epochs
    if (known != np.floor(known)).any():
        return np.maximum(0.0, np.ceil(epochs) - 1)
    return epochs - 1 if known.min() >= 1 else epochs

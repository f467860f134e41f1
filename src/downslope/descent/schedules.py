"""Learning rate schedules: t = rate(update).

A schedule returns the learning rates of a whole epoch at once. `per_epoch` is the number of updates
per epoch, `total` that of the whole descent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..arguments import is_number
from ..errors import DownslopeError
from ..registry import Table
from .searches import SEARCHES, Search


@dataclass(frozen=True)
class Schedule:
    """A learning rate that may decrease over time. `rate` is its initial value, or its peak."""

    rate: float
    ends: ClassVar[bool] = False  # whether it is laid out over the whole descent
    lines: ClassVar[tuple[str, ...]] = ()  # of Python, for scripts: from update, per_epoch, total; () if none

    def __post_init__(self):
        if not (is_number(self.rate) and self.rate > 0):
            raise DownslopeError("descent.learning_rate", rate=self.rate)
        for name, least in (("power", 0), ("factor", 0), ("every", 1), ("last", 0), ("warm", 0)):
            value = getattr(self, name, least)
            if not (is_number(value) and value >= least):
                raise DownslopeError("descent.at_least", name=name, value=value, least=least)

    def rates(self, updates: np.ndarray, per_epoch: int, total: int) -> np.ndarray:
        """The learning rates of the updates numbered `updates`, from 0.

        >>> StepDecay(0.1, factor=0.5, every=1).rates(np.arange(4), per_epoch=2, total=4)
        array([0.1 , 0.1 , 0.05, 0.05])
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Constant(Schedule):
    """t = rate"""

    alone: ClassVar[str] = "rate"  # a number says the same
    lines: ClassVar[tuple[str, ...]] = ("return {rate}",)

    def rates(self, updates, per_epoch, total):
        return np.full(len(updates), float(self.rate))


@dataclass(frozen=True)
class InverseScaling(Schedule):
    """t = rate/(1 + epoch)^power.  Robbins & Monro 1951 require ½ < power ≤ 1."""

    power: float = 0.75
    lines: ClassVar[tuple[str, ...]] = ("return {rate} / (1 + update / per_epoch) ** {power}",)

    def rates(self, updates, per_epoch, total):
        passed = updates / per_epoch  # in place from here on: of a million updates each array costs time
        passed += 1
        passed **= self.power
        return np.divide(self.rate, passed, out=passed)


@dataclass(frozen=True)
class StepDecay(Schedule):
    """t = rate·factor^⌊epoch/every⌋"""

    factor: float = 0.5
    every: int = 10
    lines: ClassVar[tuple[str, ...]] = ("return {rate} * {factor} ** (update // per_epoch // {every})",)

    def rates(self, updates, per_epoch, total):
        return self.rate * self.factor ** ((updates // per_epoch) // self.every)


@dataclass(frozen=True)
class Exponential(Schedule):
    """t = rate·factor^epoch"""

    factor: float = 0.95
    lines: ClassVar[tuple[str, ...]] = ("return {rate} * {factor} ** (update / per_epoch)",)

    def rates(self, updates, per_epoch, total):
        return self.rate * self.factor ** (updates / per_epoch)


@dataclass(frozen=True)
class Cosine(Schedule):
    """t = last + (rate − last)·(1 + cos(π·progress))/2.  Loshchilov & Hutter 2017, eq. 5."""

    last: float = 0.0
    ends: ClassVar[bool] = True
    lines: ClassVar[tuple[str, ...]] = (
        "first, last, progress = {rate}, {last}, update / total",
        "return last + (first - last) * (1 + math.cos(math.pi * progress)) / 2",
    )

    def rates(self, updates, per_epoch, total):
        progress = updates / max(1, total)
        return self.last + (self.rate - self.last) * (1 + np.cos(np.pi * progress)) / 2


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up from rate/25 in the first fraction `warm` of the updates, then down to rate/10⁴, along cosines.
    Smith & Topin 2018."""

    warm: float = 0.3
    ends: ClassVar[bool] = True
    lines: ClassVar[tuple[str, ...]] = (
        "top, warm, progress = {rate}, {warm}, update / total",
        "if progress < warm:",
        "    return top / 25 + (top - top / 25) * (1 - math.cos(math.pi * progress / warm)) / 2",
        "fall = (1 + math.cos(math.pi * (progress - warm) / (1 - warm))) / 2",
        "return top / 1e4 + (top - top / 1e4) * fall",
    )

    def rates(self, updates, per_epoch, total):
        progress = updates / max(1, total)
        rise = (1 - np.cos(np.pi * np.minimum(progress / max(self.warm, 1e-300), 1))) / 2
        fall = (1 + np.cos(np.pi * np.clip((progress - self.warm) / max(1 - self.warm, 1e-300), 0, 1))) / 2
        low, end = self.rate / 25, self.rate / 1e4
        return np.where(progress < self.warm, low + (self.rate - low) * rise, end + (self.rate - end) * fall)


SCHEDULES = Table(
    "schedule",
    {
        "constant": Constant,
        "inverse": InverseScaling,
        "step": StepDecay,
        "exponential": Exponential,
        "cosine": Cosine,
        "onecycle": OneCycle,
    },
    Schedule,
    0.1,
)
EXAMPLES = (*(f"{name}:0.1" for name in SCHEDULES if name != "constant"), *SEARCHES)


def by_name(spec: str) -> Schedule | Search:
    """The schedule or line search named by a string, its parameters after colons; a number is constant.

    >>> by_name("step:0.1:0.5:20"), by_name("0.01"), by_name("armijo").c
    (StepDecay(rate=0.1, factor=0.5, every=20), Constant(rate=0.01), 0.0001)
    """
    name, *parts = str(spec).strip().split(":")
    try:
        if name in SEARCHES and not parts:
            return SEARCHES[name]()
        if name not in SCHEDULES and not parts:
            return Constant(float(name))
        return SCHEDULES[name](*(int(part) if part.strip().isdecimal() else float(part) for part in parts))
    except DownslopeError:
        raise
    except (ValueError, TypeError, KeyError):
        known = ", ".join(EXAMPLES)
        raise DownslopeError("descent.learning_rate_word", asked=spec, known=known) from None


def rate_of(spec) -> str | Schedule | Search:
    """A learning rate from "auto", a number, a string for `by_name`, or a schedule.

    >>> rate_of("cosine:0.1"), rate_of(0.5)
    (Cosine(rate=0.1, last=0.0), Constant(rate=0.5))
    """
    if isinstance(spec, str):
        return spec if spec == "auto" else by_name(spec)
    if isinstance(spec, Schedule | Search):
        return spec
    if is_number(spec) or isinstance(spec, float):  # nan and inf, too, which Constant refuses
        return Constant(float(spec))
    known = ", ".join(EXAMPLES)
    raise DownslopeError("descent.learning_rate_word", asked=spec, known=known)


def rate_from_json(data: Mapping) -> Schedule | Search:
    """The schedule or search that `Method.to_json` wrote."""
    kinds = {kind.__name__: kind for kind in (*SCHEDULES.values(), *SEARCHES.values())}
    if data["name"] not in kinds:
        raise DownslopeError("registry.missing", kind="schedule", name=data["name"])
    return kinds[data["name"]](**{key: value for key, value in data.items() if key != "name"})

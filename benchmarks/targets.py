"""What a row asks for, and whether it was reached.

A judgement is (asked, reached, ok): two texts and a truth. ok is False too where a figure is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Judgement = tuple[str, str, bool]


def timed(told: dict[str, Any], *starts: str) -> Iterator[dict[str, Any]]:
    """Contenders that reached what the row asks, by how their names start."""
    for one in told["contenders"]:
        if one["why"] is None and "seconds" in one and one["name"].startswith(starts):
            yield one


def headline(told: dict[str, Any]) -> dict[str, Any] | None:
    """Ours: the first line, which is what a user gets who asks for no more than the row does."""
    first = told["contenders"][:1]
    return next(timed({"contenders": first}, ""), None)


@dataclass(frozen=True)
class Faster:
    """At least `times` as fast as the best of those whose names start so."""

    against: tuple[str, ...]
    times: float

    def judge(self, told: dict[str, Any]) -> Judgement:
        asked = f"{self.times:g} × faster than {' · '.join(self.against)}"
        ours, best = (
            headline(told),
            min(timed(told, *self.against), key=lambda one: one["seconds"], default=None),
        )
        if ours is None:
            return asked, "ours has no time", False
        if best is None:
            return asked, "no peer got there", False
        ratio = best["seconds"] / ours["seconds"]
        return asked, f"{ratio:.3g} × ({best['name']})", ratio >= self.times


@dataclass(frozen=True)
class OfFloor:
    """In at most `times` the time of the row's floor."""

    times: float

    def judge(self, told: dict[str, Any]) -> Judgement:
        asked = f"at most {self.times:g} × the floor"
        ours = headline(told)
        if ours is None:
            return asked, "ours has no time", False
        ratio = ours["seconds"] / told["floor"]["seconds"]
        return asked, f"{ratio:.3g} ×", ratio <= self.times


@dataclass(frozen=True)
class Beyond:
    """After the first `seconds`, in at most `times` the time of `against`."""

    against: str
    times: float
    seconds: float

    def judge(self, told: dict[str, Any]) -> Judgement:
        asked = f"at most {self.times:g} × {self.against} beyond {1000 * self.seconds:g} ms"
        ours, other = headline(told), next(timed(told, self.against), None)
        if ours is None or other is None:
            return asked, "no time", False
        over = ours["seconds"] - self.seconds
        return asked, f"{max(over, 0.0) / other['seconds']:.3g} ×", over <= self.times * other["seconds"]


@dataclass(frozen=True)
class Within:
    """In at most `seconds`, the slowest of the lines whose names start so."""

    lines: str
    seconds: float

    def judge(self, told: dict[str, Any]) -> Judgement:
        asked = f"{self.lines}: at most {self.seconds:g} s"
        lines = [one for one in told["contenders"] if one["name"].startswith(self.lines)]
        times = list(timed(told, self.lines))
        if not times or len(times) < len(lines):
            return asked, next((one["why"] for one in lines if one["why"]), "no time"), False
        slowest = max(times, key=lambda one: one["seconds"])
        return asked, f"{slowest['seconds']:.3g} s ({slowest['name']})", slowest["seconds"] <= self.seconds


@dataclass(frozen=True)
class NearBest:
    """ "auto" in at most `times` the time of our best method."""

    times: float = 1.3

    def judge(self, told: dict[str, Any]) -> Judgement:
        asked = f"auto at most {self.times:g} × our best method"
        auto, best = (
            headline(told),
            min(timed(told, "downslope"), key=lambda one: one["seconds"], default=None),
        )
        if auto is None or best is None:
            return asked, "auto has no time", False
        ratio = auto["seconds"] / best["seconds"]
        return asked, f"{ratio:.3g} × ({best['name']})", ratio <= self.times


@dataclass(frozen=True)
class AtMost:
    """In at most `times` the time of the line whose name starts so."""

    against: str
    times: float

    def judge(self, told: dict[str, Any]) -> Judgement:
        asked = f"at most {self.times:g} × {self.against}"
        ours, other = headline(told), next(timed(told, self.against), None)
        if ours is None or other is None:
            return asked, "no time", False
        ratio = ours["seconds"] / other["seconds"]
        return asked, f"{ratio:.3g} ×", ratio <= self.times


@dataclass(frozen=True)
class AtLeastAsGood:
    """F no higher than that of those whose names start so, but for a millionth."""

    against: tuple[str, ...]

    def judge(self, told: dict[str, Any]) -> Judgement:
        asked = f"F no higher than {' · '.join(self.against)}"
        ours = headline(told)
        others = [one for one in timed(told, *self.against) if "reached" in one]
        if ours is None or "reached" not in ours or not others:
            return asked, "not known", False
        least = min(one["reached"] for one in others)
        return (
            asked,
            f"{ours['reached']:.1e} above the best, they {least:.1e}",
            ours["reached"] <= least + 1e-6,
        )

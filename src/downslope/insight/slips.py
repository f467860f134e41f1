"""What was probably forgotten: each slip leaves its own mark on given/∇f, or on given − ∇f."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import DownslopeError
from ..messages import text
from .extrapolation import extrapolated

ALIKE = 1e-4  # relative, for a mark that is to be recognised


@dataclass(frozen=True)
class Slip:
    """A likely cause: `code` names it, `numbers` fill its sentence."""

    code: str
    numbers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The sentence, with what to do."""
        shown = lambda number: f"{number:.6g}" if isinstance(number, float) else number
        numbers = {name: shown(number) for name, number in self.numbers.items()}
        return text(f"instruments.slip_{self.code}", **numbers)

    def agrees(self, other: Slip) -> bool:
        """Whether it is the same slip, by the same amount."""
        if self.code != other.code or self.numbers.keys() != other.numbers.keys():
            return False
        pairs = ((number, other.numbers[name]) for name, number in self.numbers.items())
        near = lambda a, b: np.isclose(a, b, rtol=1e-3, atol=0.0) if isinstance(a, float) else a == b
        return all(near(a, b) for a, b in pairs)


def candidates(subject, x, given, measured, wrong, noise: float) -> list[Slip]:
    """Every slip that explains these numbers at this place, the surest first."""
    if not len(wrong):
        return []
    return [
        *_everywhere(given, measured, subject.rows),
        *_one_row(subject, x, given, noise),
        *_in_places(subject.names, given, measured, wrong),
        *_penalty(x, given - measured, wrong),
        *_constant_ratio(given, measured),
    ]


def _everywhere(given, measured, rows: int) -> Iterator[Slip]:
    """given = r·∇f in every coordinate, for an r that has a meaning."""
    ratio = _ratio(given, measured)
    if ratio is None:
        return
    if ratio == 0.0:
        yield Slip("zero")
    for factor, code in ((-1.0, "sign_everywhere"), (0.5, "half"), (2.0, "double"), (-2.0, "sign_double")):
        if _alike(ratio, factor):
            yield Slip(code)
    if rows > 2:
        for factor, code in (
            (rows, "times_rows"),
            (1 / rows, "over_rows"),
            (2 * rows, "times_rows_double"),
            (rows / 2, "times_rows_half"),
            (-rows, "times_rows_sign"),
        ):
            if _alike(ratio, factor):
                yield Slip(code, {"rows": rows})
    elif ratio > 2.5 and _alike(ratio, round(ratio)):
        yield Slip("times_whole", {"whole": round(ratio)})
    elif 0 < ratio < 0.4 and _alike(1 / ratio, round(1 / ratio)):
        yield Slip("over_whole", {"whole": round(1 / ratio)})


def _constant_ratio(given, measured) -> Iterator[Slip]:
    ratio = _ratio(given, measured)
    if ratio is not None:
        yield Slip("ratio", {"ratio": float(ratio)})


def _one_row(subject, x, given, noise: float) -> Iterator[Slip]:
    """given = ∇fᵢ of one row alone, or that over n."""
    if subject.of_row is None or subject.rows < 2:
        return
    for row, code in ((subject.rows - 1, "last_row"), (0, "first_row")):
        value = subject.of_row(row)
        try:
            slopes = (extrapolated(value, x, j, noise, name)[0] for j, name in enumerate(subject.names))
            alone = np.array(list(slopes))
        except DownslopeError:  # this row has a kink here
            continue
        ratio = _ratio(given, alone)
        for factor, ending in ((1.0, ""), (1 / subject.rows, "_over_rows")):
            if ratio is not None and _alike(ratio, factor):
                yield Slip(code + ending, {"rows": subject.rows})


def _penalty(x, away, wrong) -> Iterator[Slip]:
    """∇f − given = λ·x, or λ·sign(x), wherever they differ."""
    if len(wrong) < 2 or not np.all(x[wrong]):
        return
    for shape, missing, extra in (
        (x, "penalty", "penalty_twice"),
        (np.sign(x), "penalty_l1", "penalty_l1_twice"),
    ):
        price = -away[wrong] / shape[wrong]
        unequal = np.ptp(np.abs(x[wrong])) > ALIKE * np.abs(x[wrong]).max()  # else the two are the same
        if unequal and _same(price):
            yield Slip(missing if price[0] > 0 else extra, {"price": float(abs(price[0]))})


def _in_places(names, given, measured, wrong) -> Iterator[Slip]:
    """Some coordinates only: exchanged, left at 0, of the wrong sign, off by a factor or by a constant."""
    listed = ", ".join(names[j] for j in wrong[:5]) + (", …" if len(wrong) > 5 else "")
    if len(wrong) > 1 and np.allclose(np.sort(given[wrong]), np.sort(measured[wrong]), rtol=ALIKE, atol=0):
        yield Slip("exchanged", {"names": listed})
    if not given[wrong].any():
        yield Slip("left_out", {"names": listed})
        return
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = given[wrong] / measured[wrong]
    for factor, code in ((-1.0, "sign"), (2.0, "double_here"), (0.5, "half_here")):
        if np.isfinite(ratios).all() and _alike(ratios, factor):
            yield Slip(code, {"names": listed})
    away = measured[wrong] - given[wrong]
    if len(wrong) == 1:
        yield Slip("constant", {"names": listed, "constant": float(away[0])})
    if len(wrong) < len(names) and np.isfinite(ratios).all() and _same(ratios):
        yield Slip("ratio_here", {"names": listed, "ratio": float(ratios[0])})


def _ratio(given, measured) -> float | None:
    """r with given = r·measured, wherever measured tells anything; None if there is no such r."""
    large = np.abs(measured) > 1e-6 * np.nanmax(np.abs(measured), initial=0.0)
    if not large.any() or np.isnan(given[large]).any():
        return None
    ratios = given[large] / measured[large]
    small = ~large & ~np.isnan(measured)
    if np.abs(given[small]).max(initial=0.0) > 1e-3 * np.abs(given[large]).max():
        return None
    return float(np.median(ratios)) if not ratios.any() or _same(ratios) else None


def _same(numbers) -> bool:
    return bool(np.ptp(numbers) <= ALIKE * np.abs(numbers).max() and np.all(numbers))


def _alike(numbers, number: float) -> bool:
    return bool(np.all(np.abs(numbers - number) <= ALIKE * abs(number)))

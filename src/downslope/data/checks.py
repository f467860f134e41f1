"""Which rows count, and what is refused of their cells before any is dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from ..errors import DownslopeError, nearest
from .dataset import Note
from .reading import Table

NAMES = 12  # of columns, that a refusal lists


def as_names(asked: Any) -> tuple[str, ...]:
    """Names, of which pandas makes numbers."""
    if asked is None:
        return ()
    return tuple(map(str, asked)) if isinstance(asked, list | tuple) else (str(asked),)


def nearest_names(asked: str, names: Sequence[str]) -> str:
    """The names that would have worked: the nearest first, and not hundreds of them."""
    if len(names) > NAMES:
        names = get_close_matches(asked, names, n=NAMES, cutoff=0.0)
    return nearest(asked, names)


def check_targets(table: Table, targets: Sequence[str], weights: str | None) -> None:
    """Refuse targets and weights of a kind that can not serve, and strays among their numbers."""
    for name in targets:
        check_target_kind(table.kind(name), name)
    check_weights_kind(table, weights)
    for name in (*targets, *as_names(weights)):
        if name in table.strays:
            row, value = table.strays[name].first[0]
            raise stray_refused(table.source, name, row, value)


def check_target_kind(kind: str, name: str) -> None:
    if kind in ("date", "time"):
        raise DownslopeError("data.target_date", column=name)
    if kind == "other":
        raise DownslopeError("data.other_column", column=name)


def check_weights_kind(table: Table, weights: str | None) -> None:
    if weights is not None and table.kind(weights) not in ("numeric", "boolean", "missing"):
        raise DownslopeError("data.weights_kind", column=weights, example=table.example(weights))


def stray_refused(source: str, column: str, row: int, value: str) -> DownslopeError:
    return DownslopeError("data.text_in_numbers", source=source, row=row, column=column, value=value)


@dataclass(frozen=True)
class Counting:
    """Which rows count.  places: None for all.  untargeted, weightless: how many do not, for what reason."""

    places: np.ndarray | None
    untargeted: int = 0
    weightless: int = 0

    def of(self, table: Table) -> Table:
        return table if self.places is None else table.take(self.places)

    def notes(self, targets: Sequence[str], rows: int) -> list[Note]:
        return dropped_notes(self.untargeted, self.weightless, targets, rows)


def dropped_notes(untargeted: int, weightless: int, targets: Sequence[str], rows: int) -> list[Note]:
    """Of rows that were left out: they have no target, or weigh nothing."""
    notes: list[Note] = []
    if untargeted:
        facts = {"count": untargeted, "targets": ", ".join(targets), "rows": rows}
        notes.append(("data.note_dropped", facts))
    if weightless:
        notes.append(("data.note_weightless", {"count": weightless, "rows": rows}))
    return notes


def rows_that_count(
    table: Table, targets: Sequence[str], weights: str | None, kept: np.ndarray | None = None
) -> Counting:
    """Rows with known targets and a weight above 0, of those that are `kept`."""
    kept = np.ones(len(table), dtype=bool) if kept is None else kept
    before = int(kept.sum())
    for name in targets:
        kept = kept & known_cells(table, name)
    with_target = int(kept.sum())
    if weights is not None:
        kept = kept & (table.numbers(weights) > 0)
    places = None if kept.all() else np.flatnonzero(kept)
    weighed = len(table) if places is None else len(places)
    return Counting(places, before - with_target, with_target - weighed)


def known_cells(table: Table, name: str, finite: bool = False) -> np.ndarray:
    """Which cells of a column hold a value."""
    if table.kind(name) in ("text", "other"):
        column = table.columns.column(name)
        return column.is_valid().to_numpy() if column.null_count else np.ones(len(table), dtype=bool)
    values = table.numbers(name)
    return np.isfinite(values) if finite else ~np.isnan(values)


def refuse_bad_numbers(table: Table, names: Sequence[str], weights: str | None) -> None:
    """Infinite numbers and weights that are none: the first row at fault is told by its number, before any is
    dropped."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found: list[tuple[int, int, DownslopeError]] = []
    for place, name in enumerate(names):
        column = table.columns.column(name)
        plain = pa.types.is_float64(column.type)  # Arrow looks without a copy; whole numbers are finite
        suspect = pc.any(pc.is_inf(column)).as_py() if plain else not pa.types.is_integer(column.type)
        if suspect and table.kind(name) == "numeric":
            values = table.numbers(name)
            infinite = np.flatnonzero(np.isinf(values))
            if infinite.size:
                row = int(infinite[0])
                facts = {"column": name, "row": row + 1, "value": float(values[row])}
                found.append((row, place, DownslopeError("data.infinite", **facts)))
    if weights is not None:
        values = table.numbers(weights)
        bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
        if bad.size:
            row = int(bad[0])
            error = DownslopeError("data.weight_value", row=row + 1, value=float(values[row]))
            found.append((row, len(names), error))
    if found:
        raise min(found)[2]

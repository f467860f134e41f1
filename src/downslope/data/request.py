"""Which columns are used, as what, and how they become numbers: decided from all rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..arguments import a, check, is_number
from ..errors import DownslopeError
from ..kernels.threads import threads as cores
from ..messages import text
from . import memory
from .cells import LONG, CellCounts, TextFormat
from .charset import known
from .database import Limits
from .encoding import Column, Encoding
from .layout import Layout, Note
from .parts import GRAIN, drawn, part_rows
from .reading import as_names, nearest_names, stray_refused
from .source import ON_BAD_ROW, Source
from .summary import Summary

SOME_CATEGORIES = 20  # beyond these, a column whose values are mostly distinct is a name, not a category
RARE = 10  # categories of one row each, from which on a note reports them
COUNTED = 10  # rows, from which on a column that counts them is no feature


@dataclass(frozen=True)
class Request:
    """Which columns are used, as what; checked against the names of the source."""

    source: str
    targets: tuple[str, ...]
    chosen: tuple[str, ...]  # the features
    named: bool  # whether they were named, not found
    weights: str | None
    exclude: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        target: str | Sequence[str],
        features: Sequence[str] | None,
        weights: str | None,
        source: str,
        exclude: Sequence[str] | None = None,
    ) -> Request:
        """Raises DownslopeError for a name that there is not, or that is asked for twice."""
        targets, out = as_names(target), as_names(exclude)
        weights = None if weights is None else str(weights)
        used = (*targets, *as_names(weights), *out)
        chosen = as_names(features) if features is not None else tuple(n for n in names if n not in used)
        asked = (*targets, *chosen, *as_names(weights))
        for name in (*asked, *out):
            if name not in names:
                facts = {"source": source, "column": name, "names": nearest_names(name, names)}
                raise DownslopeError("data.no_such_column", **facts)
        for name in targets:
            if name in chosen:
                raise DownslopeError("data.feature_is_target", column=name)
        for name in asked:
            if asked.count(name) > 1 or name in out:
                raise DownslopeError("data.named_twice", column=name)
        return cls(source, targets, chosen, features is not None, weights, out)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are used, each once."""
        return (*self.targets, *self.chosen, *as_names(self.weights))

    def encoding(self, known: Mapping[str, Summary], rows: int, about: About) -> Encoding:
        """How the columns become numbers, from the summaries of so many rows.

        Raises DownslopeError for a target that is constant or empty, columns asked for that can not serve,
        and for fewer than two rows.
        """
        for name in (*self.targets, *as_names(self.weights)):
            about.refuse_strays(self.source, name)
        for name in self.targets:
            if known[name].known == 0:
                raise DownslopeError("data.target_missing", column=name)
        if self.targets and rows < 2:
            raise DownslopeError("data.too_few_rows", source=self.source, rows=rows)
        classes = self._classes(known)
        for name in () if classes else self.targets:
            if known[name].constant:
                raise DownslopeError("data.target_constant", column=name, value=known[name].low)
        columns: list[Column] = []
        notes: list[Note] = [note for name in self.targets for note in about.notes(name)]
        left: dict[str, Note] = {}
        for name in self.chosen:
            said = about.notes(name)
            refusal = refusal_of(known[name])
            odd = about.no_feature(known[name], rows) if self.targets and not self.named else None
            if refusal is not None and self.named:
                raise DownslopeError(refusal[0], **refusal[2])
            if refusal is not None or odd is not None:
                left[name] = refusal[1:] if refusal is not None else odd  # type: ignore[assignment]
                notes += [*(said if refusal is not None else ()), left[name]]
            else:
                notes += said
                columns.append(Column.learn(known[name]))
        if not columns:
            columns, notes = self._last_resort(known, left, notes)
        notes += column_notes(columns, known)
        used = {*self.targets, *as_names(self.weights), *(column.name for column in columns)}
        formats = {name: about.formats[name] for name in sorted(used) if name in about.formats}
        return Encoding(
            tuple(columns),
            self.targets,
            self.weights,
            classes,
            self.named,
            tuple(notes),
            formats,
            None if about.layout is None else replace(about.layout, notes=()),
        )

    def _last_resort(
        self, known: Mapping[str, Summary], left: Mapping[str, Note], notes: list[Note]
    ) -> tuple[list[Column], list[Note]]:
        """Where nothing else is left, a column that counts the rows serves: the x of many a first table."""
        for name, note in left.items():
            if note[0] == "data.note_counts_rows":
                return [Column.learn(known[name])], [other for other in notes if other is not note]
        reasons = "; ".join(text(key, **facts) for key, facts in notes)
        raise DownslopeError(
            "data.no_features" if not reasons else "data.no_features_left", source=self.source, notes=reasons
        )

    def _classes(self, known: Mapping[str, Summary]) -> tuple[str, ...]:
        """The classes of a target that is text, which must be the only one; () for numbers."""
        texts = [known[name] for name in self.targets if known[name].kind == "text"]
        if not texts:
            return ()
        if len(self.targets) > 1:
            raise DownslopeError("data.classes_of_several", targets=", ".join(self.targets))
        (target,) = texts
        if target.many:
            facts = {"column": target.name, "count": target.distinct, "rows": target.rows}
            raise DownslopeError("data.too_many_classes", **facts)
        classes = tuple(sorted(target.counts))
        if len(classes) < 2:
            raise DownslopeError("data.one_class", column=target.name, value=classes[0])
        return classes


@dataclass(frozen=True)
class About:
    """What is known of the columns, besides their values.  counters: columns that count the rows in
    their order.  whole: columns of whole numbers only."""

    formats: Mapping[str, TextFormat]
    counts: Mapping[str, CellCounts]
    layout: Layout | None = None
    counters: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    index: tuple[str, ...] = ()
    skips: bool = False  # rows with a stray are left out

    def notes(self, name: str) -> list[Note]:
        counts = self.counts.get(name)
        return (
            []
            if counts is None
            else counts.notes(name, self.formats[name], "," if self.layout is None else self.layout.delimiter)
        )

    def refuse_strays(self, source: str, name: str) -> None:
        if name in self.counts and not self.skips:
            strays = self.counts[name].strays(self.formats[name])
            if strays.count:
                raise stray_refused(source, name, *strays.first[0])

    def no_feature(self, column: Summary, rows: int) -> Note | None:
        """Why a column is left out, unless it is named."""
        name = column.name
        if name in self.index and (column.kind != "text" or not name.startswith("column")):
            return ("data.note_index", {"column": name})
        if name in self.counters and rows >= COUNTED:
            return ("data.note_counts_rows", {"column": name})
        if name in self.whole and max(-column.low, column.high) > LONG:
            return ("data.note_long", {"column": name, "value": f"{max(column.high, -column.low):.0f}"})
        if column.constant and rows > 1:
            value = column.example if column.kind == "text" else f"{column.low:g}"
            return ("data.note_constant", {"column": name, "value": value})
        return None


LASTING = ("data.note_index", "data.note_counts_rows")  # notes on columns that hold for some of the rows, too


def column_notes(columns: Sequence[Column], known: Mapping[str, Summary]) -> list[Note]:
    """Categories of one row each, the category that others are compared with, and units of dates."""
    notes: list[Note] = []
    for column in columns:
        single = sum(n == 1 for n, _ in known[column.name].counts.values()) if column.kind == "text" else 0
        if single >= RARE:
            facts = {"column": column.name, "count": single, "categories": len(known[column.name].counts)}
            notes.append(("data.note_rare", facts))
    based = [f"{c.name} '{c.baseline}'" for c in columns if c.baseline is not None]
    if based:
        notes.append(("data.note_baselines", {"baselines": ", ".join(based)}))
    for kind, key in (("date", "data.note_dates"), ("time", "data.note_times")):
        dated = [column.name for column in columns if column.kind == kind]
        if dated:
            notes.append((key, {"columns": ", ".join(dated)}))
    return notes


def refusal_of(column: Summary) -> tuple[str, str, dict[str, Any]] | None:
    """Why a column cannot serve: the error's key, the note's key and their facts; None if it can."""
    name, categories, rows = column.name, len(column.counts), column.rows
    if column.kind == "other":
        return "data.other_column", "data.note_other_column", {"column": name}
    if column.known == 0:
        return "data.all_missing", "data.note_all_missing", {"column": name}
    if column.kind == "text" and (column.many or (categories > SOME_CATEGORIES and 2 * categories > rows)):
        facts = {"column": name, "categories": column.distinct, "rows": rows, "example": column.example}
        return "data.many_categories", "data.note_many_categories", facts
    return None


# ---- how rows are read: in what memory, in what parts, and what becomes of bad ones --------------------


HELD = 1  # what numbers are drawn for


@dataclass(frozen=True)
class Holdout:
    """Rows held out: those whose drawn number is below `fraction`. `out`: these rows, or all others."""

    fraction: float
    seed: int = 0
    out: bool = False

    def __post_init__(self):
        if not (is_number(self.fraction) and 0 < self.fraction < 1):
            raise DownslopeError("data.split_fraction", fraction=self.fraction)

    def kept(self, first: int, count: int) -> np.ndarray:
        """Which of the rows first, first + 1, … are on this side."""
        return (drawn(first, count, self.seed, HELD) < self.fraction) == self.out


@dataclass(frozen=True)
class ReadOptions:
    """How rows are read: in at most `memory` bytes ("2GB"; None is half of what is free), in parts of `rows`
    (None: as many as make 32 MB).  on_bad_row: "skip" leaves out rows with a missing value or a text among
    numbers and counts them; "fail" refuses a missing value, too; None fills missing values with the mean and
    refuses texts. held: the fraction of rows to hold out for validation. encoding, header: of texts, given
    instead of inferred: "gb18030"; whether there is a line of names.

    >>> ReadOptions("2GB").memory
    '2GB'
    """

    memory: Any = None
    rows: int | None = None
    on_bad_row: str | None = None
    held: Holdout | None = None
    encoding: str | None = None
    header: bool | None = None

    def __post_init__(self):
        if not isinstance(self.on_bad_row, str | None) or self.on_bad_row not in (None, *ON_BAD_ROW):
            raise DownslopeError("data.on_bad_row", asked=self.on_bad_row)
        if self.rows is not None and not (isinstance(self.rows, int) and self.rows >= 1):
            raise DownslopeError("data.part_rows", asked=self.rows)
        check(self, held=a("Holdout", none=True))
        memory.budget(self.memory)
        if self.encoding is not None:
            known(self.encoding)


def part_size(reading: ReadOptions, columns: int) -> int:
    """Rows of a part. Refused where the memory that is allowed can not hold a few of the least parts."""
    most = memory.budget(reading.memory)
    if reading.rows is not None:
        size = reading.rows
    else:
        size = part_rows(columns)
    if 8 * size * columns * 8 > most and reading.rows is None:
        size = max(GRAIN, 2 ** int(np.log2(max(1, most / (64 * columns)))))
    if 4 * size * columns * 8 > most:
        facts = {"rows": f"{size:,}", "columns": columns, "needed": f"{32 * size * columns / 1e6:,.0f} MB"}
        raise DownslopeError("data.memory_for_part", memory=f"{most / 1e6:,.0f} MB", **facts)
    return size


def limits(origin: Source, reading: ReadOptions) -> Limits:
    """Rows of a batch, threads and memory for DuckDB: pieces of Parquet are unpacked whole, one a thread."""
    most = memory.budget(reading.memory)
    fits = most // 2 // max(1, 2 * origin.group)
    threads = int(max(1, min(cores(), fits)))
    batch = int(max(GRAIN, min(2**16, 2**23 // max(1, len(origin.names)) // GRAIN * GRAIN)))
    return Limits(batch, threads, max(most, 2 * origin.group))  # held tighter, it would wait for itself

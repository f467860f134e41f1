"""How the columns of a table become the columns of X: learned on the training rows, stored, and applied to
all later rows.

Numbers stay as they are; booleans become 0 and 1, dates days since 1970-01-01, times of day minutes, and text
one indicator for each category but the most frequent. A missing or unknown value becomes the training mean,
and a note says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from ..errors import DownslopeError
from ..messages import text
from .cells import LONG, CellCounts, TextFormat
from .dataset import Dataset
from .layout import Layout, Note
from .reading import (
    Table,
    as_names,
    check_targets,
    nearest_names,
    refuse_bad_numbers,
    rows_that_count,
    stray_refused,
)
from .statistics import Summary


@dataclass(frozen=True)
class Column:
    """x → its k encoded columns:  x itself, or 1[x = category] for each category;  unknown x → the mean."""

    name: str
    kind: str  # "numeric", "boolean", "date", "time" or "text"
    mean: tuple[float, ...]  # (k,) over the training rows in which the value is known
    baseline: str | None = None  # text: the category whose indicators are all 0
    categories: tuple[str, ...] = ()  # text: one indicator each, k of them

    @classmethod
    def learn(cls, summary: Summary) -> Column:
        name, kind = summary.name, summary.kind
        if kind != "text":
            return cls(name, kind, (summary.mean,))
        shares = summary.shares
        # the most frequent first, ties by name, so that the order of the rows does not matter
        first, *others = sorted(shares, key=lambda word: (-shares[word], word))
        if not others:  # one category only: a column of ones, which a fit with an intercept refuses by name
            return cls(name, kind, (1.0,), categories=(first,))
        others.sort()
        return cls(name, kind, tuple(shares[word] for word in others), first, tuple(others))

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the encoded columns.

        >>> Column("species", "text", (0.25,), "Adelie", ("Gentoo",)).features
        ('species=Gentoo',)
        """
        return tuple(f"{self.name}={category}" for category in self.categories) or (self.name,)

    def encode(self, table: Table, out: np.ndarray) -> list[Note]:
        """Write the encoded columns into `out`, zeros (n, k); what had to be said about them."""
        self._check_kind(table)
        if self.kind == "text":
            return self._indicators(table, out)
        values = table.numbers(self.name)
        missing = np.isnan(values)
        if not missing.any():  # as mostly
            out[:, 0] = values
            return []
        out[:, 0] = np.where(missing, self.mean[0], values)
        return [*table.stray_notes(self.name), *_missing_note(self.name, missing)]

    def _indicators(self, table: Table, out: np.ndarray) -> list[Note]:
        codes, texts = table.text(self.name)
        place = {category: at for at, category in enumerate(self.categories)}
        baseline, missing, unseen = -1, -2, -3
        if self.baseline is not None:
            place[self.baseline] = baseline
        # a missing value has code −1, and finds its place at the list's end
        places = np.array([place.get(text, unseen) for text in texts] + [missing])[codes]  # (n,)
        seen = np.flatnonzero(places >= 0)
        out[seen, places[seen]] = 1.0
        out[places < baseline] = self.mean
        notes = _missing_note(self.name, places == missing)
        strange = places == unseen
        if strange.any():
            example = texts[codes[np.flatnonzero(strange)[0]]]
            facts = {"column": self.name, "count": int(strange.sum()), "example": example}
            notes.append(("data.note_unseen", facts))
        return notes

    def _check_kind(self, table: Table) -> None:
        # numbers may stand for text: a file whose codes all happen to be digits is read as numbers
        fits, key = {
            "text": (("text", "numeric", "boolean", "missing"), "data.text_expected"),
            "date": (("date", "missing"), "data.date_expected"),
            "time": (("time", "missing"), "data.time_expected"),
        }.get(self.kind, (("numeric", "boolean", "missing"), "data.number_expected"))
        stray = table.strays.get(self.name)
        if stray is not None and table.kind(self.name) == "missing":  # not one cell is of the kind
            raise DownslopeError(key, column=self.name, example=stray.first[0][1])
        if table.kind(self.name) not in fits:
            raise DownslopeError(key, column=self.name, example=table.example(self.name))


@dataclass(frozen=True)
class Encoding:
    """X = [encode(c) for c in columns],  y = targets.  Learned on the training rows; plain JSON when kept.

    >>> table = {"colour": ["red", "blue", "red", None], "size": [1, 2, 3, 4], "y": [5, 7, 6, 8]}
    >>> encoding = Dataset.read(table, target="y").encoding
    >>> dataset = encoding.apply(Table.read(table))
    >>> dataset.features
    ('colour=blue', 'size')
    >>> dataset.X[:, 0]     # the row without a colour stands at the mean
    array([0.    , 1.    , 0.    , 0.3333...])
    >>> Encoding.from_json(encoding.to_json()) == encoding
    True
    """

    columns: tuple[Column, ...]
    targets: tuple[str, ...] = ()
    weights: str | None = None
    classes: tuple[str, ...] = ()  # of a target that is text, sorted
    named: bool = False  # the features were named, not found
    notes: tuple[Note, ...] = ()  # which columns were left out, and why
    formats: Mapping[str, TextFormat] = field(default_factory=dict)  # of columns that were cells of text
    layout: Layout | None = None  # of the text that was learned from

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(feature for column in self.columns for feature in column.features)

    def with_features(self, names: Sequence[str]) -> Encoding:
        """The same for some of the features. Raises DownslopeError for one of several of a single column."""
        kept = tuple(column for column in self.columns if set(column.features) & set(names))
        encoding = replace(self, columns=kept)
        for name in encoding.features:
            if name not in names:
                raise DownslopeError("data.part_of_column", feature=name)
        return encoding

    def apply(self, table: Table, target: bool = True) -> Dataset:
        """The rows of `table` as numbers; `target=False` at prediction, when y and weights need not exist.

        Raises DownslopeError for a column that is absent, of another kind than at training, or infinite.
        """
        targets = self.targets if target else ()
        weights = self.weights if target else None
        self.refuse_lacking(table.names, table.source, (*targets, *as_names(weights)))
        table = table.read_as(self.text_formats)
        check_targets(table, targets, weights)
        refuse_bad_numbers(table, (*targets, *(column.name for column in self.columns)), weights)
        rows, counts = len(table), rows_that_count(table, targets, weights)
        table, notes = counts.of(table), counts.notes(targets, rows)
        X = np.zeros((len(table), len(self.features)))  # (n, d)
        start = 0
        for column in self.columns:
            width = len(column.features)
            notes += column.encode(table, X[:, start : start + width])
            start += width
        outputs = [self._codes(table, name) for name in targets]
        y = np.column_stack(outputs) if len(outputs) > 1 else (*outputs, None)[0]  # (n, k), (n,) or None
        return Dataset(
            X=X,
            y=y,
            weights=None if weights is None else table.numbers(weights),
            features=self.features,
            targets=targets,
            source=table.source,
            encoding=self,
            notes=tuple(notes),
            table=table,
            classes=self.classes if target else (),
        )

    def training_rows(self, table: Table) -> Dataset:
        """The rows that this was learned on, with the notes of learning before those of applying."""
        dataset = self.apply(table)
        return replace(dataset, notes=table.notes + self.notes + dataset.notes)

    def refuse_lacking(self, names: Sequence[str], source: str, more: Sequence[str] = ()) -> None:
        """Refuse columns among which one is not that is needed: a feature's, or one of `more`."""
        for name in (*more, *(column.name for column in self.columns)):
            if name not in names:
                raise DownslopeError(
                    "data.lacks_column", source=source, column=name, names=nearest_names(name, names)
                )

    def _codes(self, table: Table, name: str) -> np.ndarray:
        """The target as numbers: its own, or those of its classes."""
        if not self.classes:
            return table.numbers(name)
        codes, words = table.text(name)
        for word in words:
            if word not in self.classes:
                known = ", ".join(self.classes)
                raise DownslopeError("data.unknown_class", value=word, column=name, known=known)
        place = {word: at for at, word in enumerate(self.classes)}
        return np.array([place[word] for word in words], dtype=float)[codes]

    @property
    def text_formats(self) -> dict[str, TextFormat]:
        """How cells of text are read in further rows: as those that were learned on."""
        plain = {c.name: TextFormat(c.kind) for c in self.columns if c.kind in ("text", "boolean")}
        return plain | {name: TextFormat("text") for name in self.targets if self.classes} | {**self.formats}

    def to_json(self) -> dict[str, Any]:
        """Plain lists, dicts, numbers and words."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Encoding:
        columns = tuple(
            Column(**{**column, "mean": tuple(column["mean"]), "categories": tuple(column["categories"])})
            for column in kept["columns"]
        )
        notes = tuple((key, facts) for key, facts in kept["notes"])
        words = {name: tuple(kept[name]) for name in ("targets", "classes")}
        formats = {name: TextFormat(**fields) for name, fields in kept.get("formats", {}).items()}
        layout = kept.get("layout")
        if layout is not None:
            lists = {name: tuple(layout[name]) for name in ("names", "ending", "notes")}
            layout = Layout(**{**layout, **lists})
        fields = {"columns": columns, "notes": notes, "formats": formats, "layout": layout}
        return cls(**{**kept, **words, **fields})


def _missing_note(name: str, missing: np.ndarray) -> list[Note]:
    count = int(missing.sum())
    return [("data.note_missing", {"column": name, "count": count, "rows": len(missing)})] if count else []


# ---- which columns are used, as what: decided from all rows -----------------------------------------------


SOME_CATEGORIES = 20  # beyond these, a column whose values are mostly distinct is a name, not a category
RARE = 10  # categories of one row each, from which on a note reports them
COUNTED = 10  # rows, from which on a column that counts them is no feature


@dataclass(frozen=True)
class ColumnRequest:
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
    ) -> ColumnRequest:
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
        layout = None if about.layout is None else replace(about.layout, notes=())
        about_rows = (self.targets, self.weights, classes, self.named)
        return Encoding(tuple(columns), *about_rows, tuple(notes), formats, layout)

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
        if name not in self.counts:
            return []
        delimiter = "," if self.layout is None else self.layout.delimiter
        return self.counts[name].notes(name, self.formats[name], delimiter)

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
            if column.known == rows:
                return ("data.note_constant", {"column": name, "value": value})
            facts = {"column": name, "value": value, "known": column.known, "missing": rows - column.known}
            return ("data.note_constant_known", facts)
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

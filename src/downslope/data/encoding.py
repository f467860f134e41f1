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
from .cells import TextFormat
from .dataset import Dataset, Note, is_sparse
from .layout import Layout
from .reading import Table, as_names, check_targets, nearest_names, refuse_bad_numbers, rows_that_count
from .summary import Summary


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

    def encode(self, table: Table) -> tuple[np.ndarray, list[Note]]:
        """The encoded columns, shape (n, k), and what had to be said about them."""
        self._check_kind(table)
        if self.kind == "text":
            return self._indicators(table)
        values = table.numbers(self.name)
        missing = np.isnan(values)
        if not missing.any():  # as mostly, and then there is nothing to copy
            return values[:, None], []
        block = np.where(missing, self.mean[0], values)[:, None]  # (n, 1)
        return block, [*table.stray_notes(self.name), *_missing_note(self.name, missing)]

    def _indicators(self, table: Table) -> tuple[np.ndarray, list[Note]]:
        codes, texts = table.text(self.name)
        place = {category: at for at, category in enumerate(self.categories)}
        baseline, missing, unseen = -1, -2, -3
        if self.baseline is not None:
            place[self.baseline] = baseline
        # a missing value has code −1, and finds its place at the list's end
        places = np.array([place.get(text, unseen) for text in texts] + [missing])[codes]  # (n,)
        block = np.zeros((len(table), len(self.categories)))  # (n, k)
        seen = np.flatnonzero(places >= 0)
        block[seen, places[seen]] = 1.0
        block[places < baseline] = self.mean
        notes = _missing_note(self.name, places == missing)
        strange = places == unseen
        if strange.any():
            example = texts[codes[np.flatnonzero(strange)[0]]]
            facts = {"column": self.name, "count": int(strange.sum()), "example": example}
            notes.append(("data.note_unseen", facts))
        return block, notes

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

    >>> table = Table.read({"colour": ["red", "blue", "red", None], "size": [1, 2, 3, 4], "y": [5, 7, 6, 8]})
    >>> encoding = Encoding.learn(table, target="y")
    >>> dataset = encoding.apply(table)
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

    @classmethod
    def learn(
        cls,
        table: Table,
        target: str | Sequence[str],
        features: Sequence[str] | None = None,
        weights: str | None = None,
        exclude: Sequence[str] | None = None,
    ) -> Encoding:
        """Which columns to use, and how: from the rows of `table` whose target is known.

        target: one column, which makes y (n,), or k of them, (n, k); numeric or boolean; () for none.
        features: columns to use; None means all but the target and the weights, less those that cannot serve.
        weights: column of row weights.

        Raises DownslopeError for a column that does not exist or cannot serve, a target that is constant,
        text, a date or empty, and for fewer than two rows.
        """
        from .learning import encoding_of
        from .request import Request

        return encoding_of(table, Request.of(table.names, target, features, weights, table.source, exclude))

    def learn_again(self, table: Table) -> Encoding:
        """The same request, on some of the rows: what counts them all, or is not read in them, stays out."""
        from .request import LASTING

        chosen = [column.name for column in self.columns] if self.named else None
        lasting = [note for note in self.notes if note[0] in LASTING]
        out = [facts["column"] for _, facts in lasting if facts["column"] in table.names]
        found = Encoding.learn(table, self.targets, chosen, self.weights, None if self.named else out)
        again = [note for note in found.notes if note[0] not in LASTING]
        return replace(found, notes=(*lasting, *again))

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(feature for column in self.columns for feature in column.features)

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
        X = np.empty((len(table), len(self.features)))  # (n, d)
        start = 0
        for column in self.columns:
            block, more = column.encode(table)
            X[:, start : start + block.shape[1]] = block
            start += block.shape[1]
            notes += more
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


def training_dataset(encoding: Encoding, table: Table) -> Dataset:
    """The rows that `encoding` was learned on, with the notes of learning before those of applying."""
    dataset = encoding.apply(table)
    return replace(dataset, notes=table.notes + encoding.notes + dataset.notes)


def refuse_constant_columns(dataset: Dataset) -> None:
    """max x − min x = 0 in a column: it is indistinguishable from the intercept, so a fit with one refuses
    it.

    >>> refuse_constant_columns(Dataset.from_arrays([[1.0, 5.0], [2.0, 5.0]]))
    Traceback (most recent call last):
    downslope.errors.DownslopeError: ...
    """
    X = dataset.X
    low, high = X.min(axis=0), X.max(axis=0)
    if is_sparse(X):
        low, high = low.toarray().ravel(), high.toarray().ravel()
    constant = np.flatnonzero(low == high)
    if constant.size and len(dataset) > 1:
        column = constant[0]
        raise DownslopeError(
            "data.constant_column", column=dataset.features[column], value=f"{float(low[column]):g}"
        )


def _missing_note(name: str, missing: np.ndarray) -> list[Note]:
    count = int(missing.sum())
    return [("data.note_missing", {"column": name, "count": count, "rows": len(missing)})] if count else []

"""How the columns of a table become the columns of X: learned on the training rows, kept, applied ever after.

Numbers stand as they are, booleans as 0 and 1, dates as days since 1970-01-01, and text as one indicator
for each category but the most frequent. What is unknown stands at the training mean, and is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from ..errors import DownslopeError, nearest
from .dataset import Dataset, Note, check_weights, is_sparse
from .reading import Table
from .summary import Summary

MANY_CATEGORIES = 1000
SOME_CATEGORIES = 20  # beyond these, a column whose values are mostly distinct is a name, not a category
TOLD_NAMES = 12


@dataclass(frozen=True)
class Column:
    """x → its k encoded columns:  x itself, or 1[x = category] for each category;  unknown x → the mean."""

    name: str
    kind: str  # "numeric", "boolean", "date" or "text"
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
        return block, _missing_note(self.name, missing)

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
        }.get(self.kind, (("numeric", "boolean", "missing"), "data.number_expected"))
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

    @classmethod
    def learn(
        cls,
        table: Table,
        target: str | Sequence[str],
        features: Sequence[str] | None = None,
        weights: str | None = None,
    ) -> Encoding:
        """Which columns to use, and how: from the rows of `table` whose target is known.

        target: one column, which makes y (n,), or k of them, (n, k); numeric or boolean; () for none.
        features: columns to use; None means all but the target and the weights, less those that cannot serve.
        weights: column of row weights.

        Raises DownslopeError for a column that does not exist or cannot serve, a target that is constant,
        text, a date or empty, and for fewer than two rows.
        """
        request = Request.of(table.names, target, features, weights, table.source)
        for name in request.targets:
            _check_target(table, name)
        table, s, _ = request.known_rows(table)
        return request.encoding(request.summaries(table, s), len(table))

    def learn_again(self, table: Table) -> Encoding:
        """The same request, on other rows."""
        chosen = [column.name for column in self.columns] if self.named else None
        return Encoding.learn(table, self.targets, chosen, self.weights)

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(feature for column in self.columns for feature in column.features)

    def apply(self, table: Table, target: bool = True) -> Dataset:
        """The rows of `table` as numbers; `target=False` at prediction, when y and weights need not exist.

        Raises DownslopeError for a column that is absent, of another kind than at training, or infinite.
        """
        targets = self.targets if target else ()
        weights = self.weights if target else None
        self.refuse_lacking(table.names, table.source, (*targets, *_as_names(weights)))
        for name in targets:
            _check_target(table, name)
        refuse_bad_numbers(table, (*targets, *(column.name for column in self.columns)), weights)
        table, notes = _with_known_targets(table, targets)
        X = np.empty((len(table), len(self.features)))  # (n, d)
        start = 0
        for column in self.columns:
            block, told = column.encode(table)
            X[:, start : start + block.shape[1]] = block
            start += block.shape[1]
            notes += told
        outputs = [self._codes(table, name) for name in targets]
        y = np.column_stack(outputs) if len(outputs) > 1 else (*outputs, None)[0]  # (n, k), (n,) or None
        return Dataset(
            X=X,
            y=y,
            weights=_row_weights(table, weights),
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
                    "data.lacks_column", source=source, column=name, names=_told(name, names)
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
        return np.array([self.classes.index(word) for word in words], dtype=float)[codes]

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
        return cls(**{**kept, **words, "columns": columns, "notes": notes})


@dataclass(frozen=True)
class Request:
    """Which columns are asked for, as what; checked against the names that there are."""

    source: str
    targets: tuple[str, ...]
    chosen: tuple[str, ...]  # the features
    named: bool  # whether they were named, not found
    weights: str | None

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        target: str | Sequence[str],
        features: Sequence[str] | None,
        weights: str | None,
        source: str,
    ) -> Request:
        """Raises DownslopeError for a name that there is not, or that is asked for twice."""
        targets = _as_names(target)
        used = (*targets, *_as_names(weights))
        chosen = _as_names(features) if features is not None else tuple(n for n in names if n not in used)
        asked = (*targets, *chosen, *_as_names(weights))
        for name in asked:
            if name not in names:
                facts = {"source": source, "column": name, "names": _told(name, names)}
                raise DownslopeError("data.no_such_column", **facts)
        for name in targets:
            if name in chosen:
                raise DownslopeError("data.feature_is_target", column=name)
        for name in asked:
            if asked.count(name) > 1:
                raise DownslopeError("data.named_twice", column=name)
        return cls(source, targets, chosen, features is not None, weights)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are looked at, each once."""
        return (*self.targets, *self.chosen, *_as_names(self.weights))

    def known_rows(self, table: Table) -> tuple[Table, np.ndarray | None, list[Note]]:
        """The rows whose targets are known, their weights, and what there is to say about the others.
        Infinite numbers and weights that are none are refused first, by the row's number in the file."""
        for name in self.targets:
            _check_target_kind(table, name)
        refuse_bad_numbers(table, (*self.targets, *self.chosen), self.weights)
        table, notes = _with_known_targets(table, self.targets)
        return table, _row_weights(table, self.weights), notes

    def summaries(self, table: Table, weights: np.ndarray | None) -> dict[str, Summary]:
        """Of each target and feature."""
        return {name: Summary.of(table, name, weights) for name in (*self.targets, *self.chosen)}

    def encoding(self, known: dict[str, Summary], rows: int) -> Encoding:
        """How the columns become numbers, from the summaries of so many rows.

        Raises DownslopeError for a target that is constant or empty, columns asked for that can not serve,
        and for fewer than two rows.
        """
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
        notes: list[Note] = []
        for name in self.chosen:
            refusal = _refusal(known[name])
            if refusal is None:
                columns.append(Column.learn(known[name]))
            elif self.named:
                raise DownslopeError(refusal[0], **refusal[2])
            else:
                notes.append(refusal[1:])
        if not columns:
            raise DownslopeError("data.no_features", source=self.source)
        return Encoding(tuple(columns), self.targets, self.weights, classes, self.named, tuple(notes))

    def _classes(self, known: dict[str, Summary]) -> tuple[str, ...]:
        """The classes of a target that is text, which must be the only one; () for numbers."""
        texts = [known[name] for name in self.targets if known[name].kind == "text"]
        if not texts:
            return ()
        if len(self.targets) > 1:
            raise DownslopeError("data.classes_of_several", targets=", ".join(self.targets))
        (target,) = texts
        if target.many:
            facts = {"column": target.name, "count": f"> {len(target.counts):,}", "rows": target.rows}
            raise DownslopeError("data.too_many_classes", **facts)
        classes = tuple(sorted(target.counts))
        if len(classes) < 2:
            raise DownslopeError("data.one_class", column=target.name, value=classes[0])
        return classes


def training_dataset(encoding: Encoding, table: Table) -> Dataset:
    """The rows that `encoding` was learned on, with the notes of learning before those of applying."""
    dataset = encoding.apply(table)
    return replace(dataset, notes=table.notes + encoding.notes + dataset.notes)


def refuse_constant_columns(dataset: Dataset) -> None:
    """max x − min x = 0 in a column: it cannot be told from the intercept, so a fit with one refuses it.

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


def _as_names(asked: str | Sequence[str] | None) -> tuple[str, ...]:
    return (asked,) if isinstance(asked, str) else tuple(asked or ())


def _told(asked: str, names: Sequence[str]) -> str:
    """The names that would have worked: the nearest first, and not hundreds of them."""
    if len(names) > TOLD_NAMES:
        names = get_close_matches(asked, names, n=TOLD_NAMES, cutoff=0.0)
    return nearest(asked, names)


def _check_target(table: Table, name: str) -> None:
    _check_target_kind(table, name)
    if table.kind(name) != "text" and np.isnan(table.numbers(name)).all():
        raise DownslopeError("data.target_missing", column=name)


def _check_target_kind(table: Table, name: str) -> None:
    kind = table.kind(name)
    if kind == "date":
        raise DownslopeError("data.target_date", column=name)
    if kind == "other":
        raise DownslopeError("data.other_column", column=name)


def _with_known_targets(table: Table, targets: Sequence[str]) -> tuple[Table, list[Note]]:
    known = np.ones(len(table), dtype=bool)
    for name in targets:
        known &= table.text(name)[0] >= 0 if table.kind(name) == "text" else ~np.isnan(table.numbers(name))
    dropped = len(table) - int(known.sum())
    if not dropped:
        return table, []
    facts = {"count": dropped, "targets": ", ".join(targets), "rows": len(table)}
    return table.take(np.flatnonzero(known)), [("data.note_dropped", facts)]


def refuse_bad_numbers(table: Table, names: Sequence[str], weights: str | None) -> None:
    """Before any row is dropped, so that a row at fault is told by its number in the file."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in names:
        column = table.columns.column(name)
        plain = pa.types.is_float64(column.type)  # Arrow looks without a copy; whole numbers are finite
        suspect = pc.any(pc.is_inf(column)).as_py() if plain else not pa.types.is_integer(column.type)
        if suspect and table.kind(name) == "numeric":
            values = table.numbers(name)
            infinite = np.flatnonzero(np.isinf(values))
            if infinite.size:
                row = int(infinite[0])
                raise DownslopeError("data.infinite", column=name, row=row + 1, value=float(values[row]))
    _row_weights(table, weights)


def _row_weights(table: Table, name: str | None) -> np.ndarray | None:
    if name is None:
        return None
    if table.kind(name) not in ("numeric", "boolean", "missing"):
        raise DownslopeError("data.weights_kind", column=name, example=table.example(name))
    return check_weights(table.numbers(name), len(table))


def _missing_note(name: str, missing: np.ndarray) -> list[Note]:
    count = int(missing.sum())
    return [("data.note_missing", {"column": name, "count": count, "rows": len(missing)})] if count else []


def _refusal(column: Summary) -> tuple[str, str, dict[str, Any]] | None:
    """Why a column cannot serve: the error's key, the note's key and their facts; None if it can."""
    name, categories, rows = column.name, len(column.counts), column.rows
    if column.kind == "other":
        return "data.other_column", "data.note_other_column", {"column": name}
    if column.known == 0:
        return "data.all_missing", "data.note_all_missing", {"column": name}
    if column.kind == "text" and (
        categories > MANY_CATEGORIES or (categories > SOME_CATEGORIES and 2 * categories > rows)
    ):
        facts = {"column": name, "categories": categories, "rows": rows, "example": column.example}
        return "data.many_categories", "data.note_many_categories", facts
    return None

"""The rows that a model sees: X, y and weights as numbers, with the names of its columns."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import view
from ..arguments import a, as_numpy, column_name, columns, door, is_number, names, shown, whole
from ..errors import DownslopeError, Renamed, nearest
from ..kernels.threads import each
from ..messages import text
from .reading import Table, column_values, type_name

SORTED = 1_000_000  # numbers of CSR from which on columns stay in the order that they came in
CLOSE = 10_000  # between the least and the largest class number, where classes are found by counting

if TYPE_CHECKING:
    from .encoding import Encoding

Note = tuple[str, dict[str, Any]]  # the key of a sentence and the facts that fill it


@dataclass(frozen=True, eq=False)
class Dataset:
    """n rows (xᵢ, yᵢ, sᵢ):  X (n, d),  y (n,) or (n, k),  weights s (n,).

    >>> dataset = Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
    >>> dataset
    Dataset(rows=3, features=1, targets=('y',), source='list')
    >>> dataset.shape
    (3, 1)
    """

    X: Any  # ndarray (n, d) in row order, or scipy.sparse CSR array; float64 or float32
    y: np.ndarray | None
    weights: np.ndarray | None
    features: tuple[str, ...]
    targets: tuple[str, ...]
    source: str
    encoding: Encoding | None = None
    notes: tuple[Note, ...] = ()
    table: Table | None = None  # the same rows before encoding, so that a split can learn it anew
    classes: tuple[Any, ...] = ()  # what the numbers 0, 1, … in y stand for, when y holds classes
    drawn: tuple[float, int] | None = None  # (fraction, seed) of the split that left these rows
    boolean: bool = False  # whether y of arrays was False and True
    drawn_in_parts: bool = False  # by the rows' numbers in their source, which rows in memory do not have

    @classmethod
    @door(
        target=columns(),
        features=columns(),
        weights=columns(several=False),
        reading=a("ReadOptions", none=True),
        exclude=columns(),
    )
    def read(
        cls,
        source: Any,
        target: str | Sequence[str] | None = None,
        features: Sequence[str] | None = None,
        weights: str | None = None,
        reading: Any = None,
        exclude: Sequence[str] | None = None,
    ) -> Any:
        """Rows from a file, a glob, a SQL query or a frame, encoded as numbers.

        source: see `Table.read`.  target: column to predict, several columns, or None for X only. features:
        columns to use, by default all other usable ones, except those to `exclude`. weights: column of
        sample weights. reading: a `ReadOptions`: the memory for rows ("2GB"; by default half of the free
        memory) and how bad rows are treated. If the rows do not fit, the result is a `Stream`: they stay in
        their source, and `fit` reads them in parts.

        `notes` and `notes_text()` report rows and columns that were dropped, filled in or left out. Raises
        DownslopeError for a source that cannot be read or columns that cannot be used.

        >>> Dataset.read({"x": [1, 2, 3], "y": [2, 4, 6]}, target="y").X.ravel()
        array([1., 2., 3.])
        """
        return view("read")(source, *map(column_name, (target, features, weights, exclude)), reading)

    @classmethod
    @door(features=names(none=True))
    def from_arrays(
        cls, X: Any, y: Any = None, weights: Any = None, features: Sequence[str] | None = None
    ) -> Dataset:
        """Rows from numbers in memory, which must be finite.

        X: (n, d) array, list of rows, DataFrame (pandas, polars), scipy.sparse matrix or, as y and weights, a
            tensor or an array of another library that has DLPack.
        y: (n,) or (n, k); a column (n, 1) stays two-dimensional, and so do its predictions. False and True
            are two classes where `fit` is given no loss.
        weights: (n,), at least 0, not all 0.
        features: d names; by default those of the DataFrame, else x1 … xd, or x if there is only one.

        float32 stays float32, all other numbers become float64; a suitable array is not copied, nor is CSR of
        a million numbers or more, whatever the order of its column numbers; repeated ones are added up.
        """
        matrix = _csr(X) if is_sparse(X) else _floats(X, "X")
        if matrix.ndim != 2:
            raise DownslopeError("data.not_two_dimensional", shape=matrix.shape)
        n, d = matrix.shape
        if n == 0 or d == 0:
            raise DownslopeError("data.empty_array", shape=matrix.shape)
        if is_sparse(matrix):
            _refuse_non_finite_sparse(matrix)
        else:
            _refuse_non_finite(matrix, "X")
        given = tuple(features) if features is not None else _column_names(X) or None
        names = _numbered("x", d) if given is None else given
        if len(names) != d:
            raise DownslopeError("data.feature_count", names=len(names), columns=d)
        if given is not None and len(set(given)) < d:
            twice = next(name for name in names if names.count(name) > 1)
            raise DownslopeError("data.named_twice", column=twice)
        targets: tuple[str, ...] = ()
        boolean = False
        if y is not None:
            targets = _column_names(y)
            boolean = _is_boolean(y)
            y = _floats(y, "y")
            if y.ndim not in (1, 2) or y.shape[0] != n or y.size == 0:
                raise DownslopeError("data.lengths_differ", x_shape=matrix.shape, y_shape=y.shape)
            _refuse_non_finite(y, "y")
            targets = targets or _numbered("y", y.shape[1] if y.ndim == 2 else 1)
        if weights is not None:
            weights = check_weights(_floats(weights, "weights"), n)
        boolean = boolean and y is not None and y.ndim == 1
        return cls(matrix, y, weights, names, targets, source=type_name(X), boolean=boolean)

    def fingerprint(self) -> dict[str, Any]:
        """Identity of the rows: number of rows and columns, and the SHA-256 of all numbers."""
        X = [self.X]
        if is_sparse(self.X):
            matrix = _sorted(self.X)
            X = [matrix.data, matrix.indices, matrix.indptr]
        found = hashlib.sha256(repr((self.features, self.targets)).encode())
        for part in (*X, self.y, self.weights):
            if part is not None:
                found.update(f"{part.dtype.str}{part.shape}".encode())
                found.update(np.ascontiguousarray(part).data)
        return {"rows": self.X.shape[0], "columns": self.X.shape[1], "sha256": found.hexdigest()}

    @door(classes=a("tuple", "list", "ndarray", "range"))
    def labelled(self, classes: Sequence[Any] = ()) -> Dataset:
        """The same rows with y as class numbers 0, 1, … of `classes`, by default the sorted values of y.

        Raises DownslopeError for a single class, and for a value that is not in `classes`.

        >>> Dataset.from_arrays([[1.0], [2.0], [3.0]], [5, 7, 5]).labelled().classes
        (5, 7)
        """
        classes = tuple(np.ravel(classes).tolist()) if isinstance(classes, np.ndarray) else tuple(classes)
        if self.y is None or (self.classes and not classes):
            return self
        if self.y.ndim != 1:
            raise DownslopeError("data.classes_of_several", targets=", ".join(self.targets))
        values = self.y
        if self.boolean_target:
            values = self.y.astype(bool)
        present = distinct(values)
        found = tuple(self.classes[int(code)] if self.classes else _plain(code) for code in present)
        known = tuple(classes) or found
        if len(known) < 2:
            raise DownslopeError("data.one_class", column=self.targets[0], value=known[0])
        if not classes and len(known) > 20 and 4 * len(known) > len(values):
            facts = {"column": self.targets[0], "count": len(known), "rows": len(values)}
            raise DownslopeError("data.too_many_classes", **facts)
        number = {value: code for code, value in enumerate(known)}
        for value in found:
            if value not in number:
                listed = ", ".join(map(str, known))
                raise DownslopeError("data.unknown_class", value=value, column=self.targets[0], known=listed)
        numbers = np.array([number[value] for value in found], dtype=float)
        same = np.array_equal(numbers, present) and values.dtype == numbers.dtype
        y = values if same else numbers[np.searchsorted(present, values)]
        return replace(self, y=y, classes=known)

    def __len__(self) -> int:
        return self.X.shape[0]

    @property
    def single(self) -> bool:
        """Whether y is (n,), and so are predictions."""
        return self.y is None or self.y.ndim == 1

    @property
    def boolean_target(self) -> bool:
        """Whether y is false or true: two classes, where no loss says otherwise."""
        if self.table is None or len(self.targets) != 1:
            return self.boolean
        return self.table.kind(self.targets[0]) == "boolean"

    @property
    def sample(self) -> Dataset:
        """A sample of the rows in memory: for a Dataset, the Dataset itself."""
        return self

    some = Renamed("sample")

    @property
    def shape(self) -> tuple[int, int]:
        """(n rows, d features)"""
        return self.X.shape

    def __repr__(self) -> str:
        return (
            f"Dataset(rows={len(self)}, features={self.shape[1]}, targets={self.targets}, "
            f"source={self.source!r})"
        )

    def notes_text(self) -> list[str]:
        """What was dropped, filled in or left out, one sentence each, in the current language."""
        return [text(key, **facts) for key, facts in self.notes]

    @door()
    def take(self, rows: Any) -> Dataset:
        """The rows selected by an index array, a mask or a slice.

        >>> Dataset.from_arrays([[1.0], [2.0], [3.0]]).take([2, 0]).X.ravel()
        array([3., 1.])
        """
        try:
            rows = np.arange(len(self))[rows]
        except (IndexError, OverflowError) as error:
            raise DownslopeError("data.rows_asked", asked=shown(rows), rows=len(self)) from error
        return replace(
            self,
            X=self.X[rows],
            y=None if self.y is None else self.y[rows],
            weights=None if self.weights is None else self.weights[rows],
            table=None if self.table is None else self.table.take(rows),
        )

    @door(names=names())
    def column(self, name: str) -> np.ndarray:
        """The values of a column for each row, (n,): of the table that was read, or of X.

        >>> Dataset.from_arrays([[1.0, 5.0], [2.0, 6.0]], features=["a", "b"]).column("b")
        array([5., 6.])
        """
        if self.table is not None and name in self.table.names:
            return column_values(self.table, name)
        if name not in self.features:
            known = self.features if self.table is None else self.table.names
            raise DownslopeError("selection.no_column", asked=name, known=nearest(name, known))
        values = self.X[:, self.features.index(name)]
        return values if isinstance(values, np.ndarray) else values.toarray().ravel()

    def with_features(self, names: Sequence[str]) -> Dataset:
        """The same rows with only some of the features, in their present order.

        Raises DownslopeError for one of several features that encode a single column.

        >>> Dataset.from_arrays([[1.0, 2.0, 3.0]]).with_features(["x3", "x1"]).X
        array([[1., 3.]])
        """
        keep = [j for j, name in enumerate(self.features) if name in names]
        encoding = None if self.encoding is None else self.encoding.with_features(names)
        features = tuple(self.features[j] for j in keep)
        return replace(self, X=self.X[:, keep], features=features, encoding=encoding)

    @door(seed=whole(least=0))
    def split(self, fraction: float, seed: int = 0) -> tuple[Dataset, Dataset]:
        """(training rows, validation rows): `fraction` of the rows, drawn with `seed`, is for validation.

        Both keep the order of the rows. An encoding is learned again on the training rows only, so that it
        contains no information from the validation rows.

        >>> train, held_out = Dataset.from_arrays([[float(i)] for i in range(10)]).split(0.3)
        >>> len(train), len(held_out)
        (7, 3)
        """
        kept, out = _split_rows(len(self), fraction, seed)
        train, held_out = replace(self.take(kept), drawn=(float(fraction), int(seed))), self.take(out)
        if self.encoding is None or train.table is None or held_out.table is None:
            return train, held_out
        encoding = view("learn_again")(self.encoding, train.table)
        rows = replace(encoding.training_rows(train.table), drawn=train.drawn)
        return rows, encoding.apply(held_out.table)

    def without_held_out(self, fraction: float, seed: int) -> Dataset:
        """The training rows of `split`, with the present encoding."""
        return self.take(_split_rows(len(self), fraction, seed)[0])


def _split_rows(n: int, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of the training rows, and of those held out."""
    if not (is_number(fraction) and 0 < fraction < 1):
        raise DownslopeError("data.split_fraction", fraction=fraction)
    held = round(n * fraction)
    if held < 1 or n - held < 2:
        raise DownslopeError("data.split_too_small", fraction=fraction, rows=n)
    order = np.random.Generator(np.random.Philox(seed)).permutation(n)
    return np.sort(order[held:]), np.sort(order[:held])


def distinct(values: np.ndarray) -> np.ndarray:
    """The values found, sorted: without sorting all, where there are two, or whole numbers close together."""
    low, high = values.min(), values.max()
    if ((values == low) | (values == high)).all():
        return np.unique([low, high]).astype(values.dtype)
    if values.dtype.kind == "f" and high - low <= CLOSE and float(low).is_integer():
        above = (values - low).astype(np.int64)
        if np.array_equal(above + low, values):
            return (np.flatnonzero(np.bincount(above)) + low).astype(values.dtype)
    return np.unique(values)


def _plain(value: Any) -> Any:
    """5.0 as 5, and NumPy's numbers as Python's."""
    value = value.item() if isinstance(value, np.generic) else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def check_weights(weights: np.ndarray, rows: int) -> np.ndarray:
    """sᵢ ≥ 0, finite, not all 0, one for each row."""
    if weights.shape != (rows,):
        raise DownslopeError("data.weights_shape", shape=weights.shape, rows=rows)
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if bad.size:
        raise DownslopeError("data.weight_value", row=int(bad[0]) + 1, value=float(weights[bad[0]]))
    if not weights.any():
        raise DownslopeError("data.weights_all_zero", rows=rows)
    with np.errstate(over="ignore"):
        return weights if np.isfinite(weights.sum()) else weights / weights.max()


def is_sparse(X: Any) -> bool:
    """Whether X is scipy.sparse's; nothing can be if that was never imported."""
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and sparse.issparse(X)


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


def _is_boolean(y: Any) -> bool:
    """Whether y is an array, a column or a list of False and True."""
    if isinstance(y, list | tuple):
        return all(isinstance(value, bool | np.bool_) for value in y)
    return str(getattr(y, "dtype", "")).rpartition(".")[2].lower() in ("bool", "boolean")


def _csr(X: Any) -> Any:
    from scipy.sparse import csr_array

    if X.dtype.kind not in "fiub":
        raise DownslopeError("data.not_numbers", role="X", found=X.dtype)
    matrix = csr_array(X)
    if matrix.nnz < SORTED:
        matrix = _sorted(matrix)
    return matrix if matrix.dtype == np.float32 else matrix.astype(np.float64, copy=False)


def _sorted(matrix: Any) -> Any:
    """CSR whose column numbers rise within each row: itself, or a copy, as a sort would change the caller's
    own arrays."""
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    return matrix


def _floats(given: Any, role: str) -> np.ndarray:
    try:
        values = np.asarray(as_numpy(given))
        if values.dtype.kind in "OUSmMc":
            # objects may be numbers (a frame of mixed columns); text, dates and complex numbers are not
            if values.dtype.kind != "O":
                raise TypeError
            values = values.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise DownslopeError("data.not_numbers", role=role, found=type_name(given)) from None
    return np.ascontiguousarray(values, dtype=np.float32 if values.dtype == np.float32 else np.float64)


def _refuse_non_finite(values: np.ndarray, role: str) -> None:
    if _sums_to_a_number(values):
        return
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        place = ", ".join(str(index) for index in bad[0])
        raise DownslopeError("data.not_finite", place=f"{role}[{place}]", value=float(values[tuple(bad[0])]))


def _sums_to_a_number(values: np.ndarray) -> bool:
    """NaN and infinity stay in a sum, which is a quicker look than one at each number; a sum of large ones
    may overflow, and then tells nothing."""

    def total(part):
        with np.errstate(over="ignore", invalid="ignore"):
            return float(part.sum())

    parts = np.array_split(values.reshape(-1), max(1, min(16, values.size // 2**20)))
    return math.isfinite(sum(each(total, parts)))


def _refuse_non_finite_sparse(matrix: Any) -> None:
    if _sums_to_a_number(matrix.data):
        return
    bad = np.flatnonzero(~np.isfinite(matrix.data))
    if bad.size:
        row = int(np.searchsorted(matrix.indptr, bad[0], side="right")) - 1
        place = f"X[{row}, {matrix.indices[bad[0]]}]"
        raise DownslopeError("data.not_finite", place=place, value=float(matrix.data[bad[0]]))


def _column_names(given: Any) -> tuple[str, ...]:
    """The names that a DataFrame or a Series gives to its columns; () for anything else."""
    if type(given).__module__.partition(".")[0] not in ("pandas", "polars"):
        return ()
    if hasattr(given, "columns"):
        return tuple(str(name) for name in given.columns)
    return (str(given.name),) if given.name else ()


@lru_cache(maxsize=8)  # of many columns it takes longer than the rest of a small fit
def _numbered(letter: str, count: int) -> tuple[str, ...]:
    return (letter,) if count == 1 else tuple(f"{letter}{i}" for i in range(1, count + 1))

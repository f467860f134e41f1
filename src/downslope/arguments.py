"""What each argument of a public call must be, and what no public call lets out.

    @door(alpha=number(least=0), order=one_of("shuffle", "cyclic"))
    def call(alpha, order): ...

Whatever is found at fault is a DownslopeError. What a person's own function, module or callback raises leaves
as it is, with its traceback; so do KeyboardInterrupt, SystemExit and MemoryError.
"""

from __future__ import annotations

import inspect
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypeVar

from .errors import DownslopeError, nearest
from .messages import text

Check = Callable[[str, Any], None]  # (name, value): raises DownslopeError for a value that cannot serve
F = TypeVar("F", bound=Callable)
LARGEST = sys.float_info.max
# Packages whose exceptions are ours to explain: what we call, and what these call.
_LIBRARIES = """
downslope numpy scipy sklearn numba llvmlite duckdb pyarrow pandas sympy mpmath matplotlib typer click rich
psutil charset_normalizer msgspec torch fastapi starlette uvicorn openpyxl onnx onnxruntime dask distributed
polars narwhals PIL joblib threadpoolctl fsspec tornado cloudpickle contourpy kiwisolver
"""
LIBRARIES = frozenset(_LIBRARIES.split())


@dataclass(frozen=True)
class Words:
    """A part of a sentence, in the language in which the sentence is said."""

    key: str
    facts: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return text(self.key, **dict(self.facts))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


@dataclass(frozen=True)
class Kind:
    """What an argument may be, as a value, as a text on the command line, and as JSON.

    >>> whole(least=1)("epochs", 3), whole(least=1).read("--epochs", "1e3"), whole(least=1).schema
    (None, 1000, {'type': 'integer', 'minimum': 1})
    """

    check: Check
    parse: Callable[[str], Any] = str  # raises ValueError for a text that it is not for
    schema: Mapping[str, Any] = field(default_factory=dict)
    take: Callable[[Any], Any] = lambda value: value  # what is kept of a value that serves

    def __call__(self, name: str, value: Any) -> None:
        self.check(name, value)

    def read(self, name: str, words: str) -> Any:
        """The value that a text stands for. Raises DownslopeError for one that cannot serve."""
        try:
            value = self.parse(words.strip())
        except DownslopeError:
            raise
        except ValueError:
            value = words  # which the check refuses, or is the check's to judge
        self.check(name, value)
        return value


def shown(value: Any, most: int = 60) -> str:
    """A value as shown in messages: one short line.

    >>> shown("x" * 100), shown(lambda: 0)[:9]
    ("'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…", '<function')
    """
    try:
        words = " ".join(repr(value).split())
    except Exception:  # an int of more than 4,300 digits, or a __repr__ of someone's own
        words = f"<{type(value).__name__}>"
    return words if len(words) <= most else words[: most - 1] + "…"


def is_number(value: Any) -> bool:
    """Whether it is a finite number that float64 holds; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, Real) or type(value).__name__ in ("bool_", "bool"):
        return False
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError, OverflowError):
        return False


def number(
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    below: float | None = None,
    none: bool = False,
    word: str | None = None,
) -> Kind:
    """A finite number within limits; or None, or a word, if allowed."""
    limits = _limits({"at_least": least, "above": above, "at_most": most, "below": below})

    def check(name: str, value: Any) -> None:
        if (none and value is None) or (word is not None and isinstance(value, str) and value == word):
            return
        inside = is_number(value) and (
            (least is None or value >= least)
            and (above is None or value > above)
            and (most is None or value <= most)
            and (below is None or value < below)
        )
        if not inside:
            raise DownslopeError("arguments.number", name=name, value=shown(value), limits=limits)

    ends_of = {"minimum": least, "maximum": most, "exclusiveMinimum": above, "exclusiveMaximum": below}
    schema = _schema("number", none, **ends_of)
    return Kind(check, float, schema if word is None else {"anyOf": [{"const": word}, schema]})


def _limits(ends: Mapping[str, float | None]) -> Words | str:
    """The part of a sentence that names the ends between which a number must lie."""
    known = [Words(f"arguments.{key}", (("limit", end),)) for key, end in ends.items() if end is not None]
    key = "arguments.limits_2" if len(known) == 2 else "arguments.limits_1"
    return Words(key, tuple(zip(("first", "second"), known))) if known else ""


def _schema(kind: str, none: bool, **limits: Any) -> dict[str, Any]:
    """JSON schema of a number between limits, of which there may be none."""
    known = {name: limit for name, limit in limits.items() if limit is not None}
    return {"type": [kind, "null"] if none else kind, **known}


def whole(least: int | None = None, most: int | None = None, none: bool = False) -> Kind:
    """A whole number; 1e3 counts as one."""
    limits = _limits({"at_least": least, "at_most": most})

    def check(name: str, value: Any) -> None:
        if none and value is None:
            return
        exact = isinstance(value, Integral) and not isinstance(value, bool)
        exact = exact or (is_number(value) and float(value).is_integer())
        if not exact or (least is not None and value < least) or value > (most or 2**63 - 1):
            raise DownslopeError("arguments.whole", name=name, value=shown(value), limits=limits)

    return Kind(check, _whole, _schema("integer", none, minimum=least, maximum=most), int)


def _whole(words: str) -> int:
    """1000, or 1e3."""
    number = int(words) if words.lstrip("+-").isdecimal() else float(words)
    if number != number or number in (math.inf, -math.inf) or number != int(number):
        raise ValueError
    return int(number)


def _truth(name: str, value: Any) -> None:
    if not isinstance(value, bool) and type(value).__name__ not in ("bool_", "bool"):
        raise DownslopeError("arguments.truth", name=name, value=shown(value))


truth = Kind(_truth, schema={"type": "boolean"})


def one_of(*known: str, none: bool = False) -> Kind:
    """One of these words."""

    def check(name: str, value: Any) -> None:
        if none and value is None:
            return
        if not isinstance(value, str) or value not in known:
            facts = {"value": shown(value), "known": nearest(str(value)[:60], known)}
            raise DownslopeError("arguments.one_of", name=name, **facts)

    return Kind(check, schema={"enum": [*known, None] if none else [*known]})


def a(*kinds: str, none: bool = False) -> Check:
    """An object of one of these classes, by the name of the class, so that none of them is imported."""

    def check(name: str, value: Any) -> None:
        if none and value is None:
            return
        if isinstance(value, type) or not {kind.__name__ for kind in type(value).__mro__} & set(kinds):
            facts = {"found": type(value).__name__, "wanted": kinds[0]}
            raise DownslopeError("arguments.kind", name=name, **facts)

    return check


ROWS = a("Dataset", "PartitionedDataset")
ROWS_OR_NONE = a("Dataset", "PartitionedDataset", none=True)


def path(name: str, value: Any) -> None:
    """The name of a file or a folder."""
    if not isinstance(value, str | os.PathLike) or not str(value).strip() or "\x00" in str(value):
        raise DownslopeError("arguments.path", name=name, value=shown(value))


def names(none: bool = False, least: int = 0) -> Check:
    """A list of texts, of `least` at least."""

    def check(name: str, value: Any) -> None:
        if none and value is None:
            return
        listed = isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping | Iterator)
        items = list(value) if listed and getattr(value, "ndim", 1) == 1 else [None]
        if not all(isinstance(item, str) for item in items) or len(items) < least:
            raise DownslopeError("arguments.names", name=name, value=shown(value))

    return check


def _real(value: Any) -> bool:
    """Whether it is a number, be it infinite or none."""
    return is_number(value) or (isinstance(value, float) or type(value).__name__.startswith("float"))


def numbers_by_name(name: str, value: Any) -> None:
    """A mapping from names to finite numbers, or None."""
    sound = value is None or (
        isinstance(value, Mapping)
        and all(isinstance(key, str) and _real(item) for key, item in value.items())
    )
    if not sound:
        raise DownslopeError("arguments.numbers_by_name", name=name, value=shown(value))


def array(dimensions: tuple[int, ...] = (1,), none: bool = False, finite: bool = False) -> Check:
    """Numbers in so many dimensions: an array, a list, a frame."""
    import numpy as np

    def check(name: str, value: Any) -> None:
        if none and value is None:
            return
        try:
            values = np.asarray(value, dtype=float)
            sound = (
                values.ndim in dimensions and values.size > 0 and (not finite or np.isfinite(values).all())
            )
        except (TypeError, ValueError, OverflowError):
            sound = False
        if not sound:
            shape = " / ".join(map(str, dimensions))
            raise DownslopeError("arguments.array", name=name, value=shown(value), dimensions=shape)

    return check


def as_numpy(values: Any) -> Any:
    """A tensor, or an array of another library that has DLPack, as a NumPy array: without a copy where it is
    in the memory of the CPU. Anything else as it is."""
    import numpy as np

    if isinstance(values, np.ndarray) or not hasattr(values, "__dlpack__"):
        return values
    for method in ("detach", "cpu"):  # of a tensor: without its gradient, from a GPU
        values = getattr(values, method)() if hasattr(values, method) else values
    try:
        return np.from_dlpack(values)
    except (TypeError, ValueError, RuntimeError, BufferError):  # a kind of number that NumPy lacks: bfloat16
        return values.float().numpy() if hasattr(values, "float") else values


def called(none: bool = False) -> Check:
    """What can be called."""

    def check(name: str, value: Any) -> None:
        if not (callable(value) or (none and value is None)):
            raise DownslopeError("arguments.called", name=name, value=shown(value))

    return check


def listed(none: bool = False) -> Check:
    """Numbers and texts in a row."""

    def check(name: str, value: Any) -> None:
        flat = isinstance(value, str | list | tuple | range) or getattr(value, "ndim", 0) == 1
        items = list(value) if flat else [None]
        alike = len({isinstance(item, str) for item in items}) < 2  # no texts among numbers
        plain = all(isinstance(item, str | Real) or type(item).__name__ == "bool" for item in items)
        if not (none and value is None) and not (alike and plain):
            raise DownslopeError("arguments.listed", name=name, value=shown(value))

    return check


def derivative(name: str, value: Any) -> None:
    """None, a formula, a function, or one of these for each variable."""
    several = isinstance(value, list | tuple | Mapping)
    parts = list(value.values() if isinstance(value, Mapping) else value) if several else [value]
    if value is not None and not (parts and all(isinstance(part, str) or callable(part) for part in parts)):
        raise DownslopeError("arguments.derivative", name=name, value=shown(value))


def columns(several: bool = True) -> Check:
    """None, the name of a column, a text or a number, or where `several` a list of them."""

    def check(name: str, value: Any) -> None:
        many = several and (isinstance(value, list | tuple) or getattr(value, "ndim", 0) == 1)
        if value is None or isinstance(value, str) or is_number(value):
            return
        if not many or not all(isinstance(item, str) or is_number(item) for item in value):
            raise DownslopeError("arguments.names", name=name, value=shown(value))

    return check


def column_name(value: Any) -> Any:
    """A column's name as tables have it: the 2 of a frame's column 2 is "2".

    >>> column_name(2), column_name(["a", 3]), column_name(None)
    ('2', ['a', '3'], None)
    """
    if isinstance(value, list | tuple) or getattr(value, "ndim", 0) == 1:
        return [column_name(item) for item in value]
    return str(value) if isinstance(value, Real) and not isinstance(value, bool) else value


def check(thing: Any, **kinds: Check) -> None:
    """Check the fields of a dataclass."""
    for name, kind in kinds.items():
        kind(name, getattr(thing, name))


def door(**kinds: Check) -> Callable[[F], F]:
    """A public call: its arguments are looked at before it runs, and no library's exception leaves it."""

    def decorate(function: F) -> F:
        signature = inspect.signature(function)

        def looked_at(args, given) -> None:
            arguments = signature.bind(*args, **given).arguments  # or Python tells
            for name, kind in kinds.items():
                if name in arguments:
                    kind(name, arguments[name])

        @wraps(function)
        def called(*args, **given):
            looked_at(args, given)
            try:
                return function(*args, **given)
            except Exception as error:
                explanation = explained(error, function)
                if explanation is error:
                    raise
                raise explanation from error

        @wraps(function)
        def iterated(*args, **given):
            looked_at(args, given)
            try:
                return (yield from function(*args, **given))
            except Exception as error:
                explanation = explained(error, function)
                if explanation is error:
                    raise
                raise explanation from error

        return iterated if inspect.isgeneratorfunction(function) else called  # type: ignore[return-value]

    return decorate


def explained(error: Exception, function: Callable | str) -> Exception:
    """The error itself, where it may leave as it is; else a DownslopeError that says what happened."""
    if isinstance(error, DownslopeError | MemoryError | Warning) or of_the_user(error):
        return error
    if "downslope.estimators" in getattr(function, "__module__", "") and _by_sklearn(error):
        return error
    call = function if isinstance(function, str) else function.__name__
    if isinstance(error, OverflowError) and "too large to convert to float" in str(error):
        return DownslopeError("arguments.too_large", call=call, largest=LARGEST)
    if isinstance(error, OSError):
        return DownslopeError("arguments.system", call=call, reason=_line(error))
    return DownslopeError(
        "arguments.unforeseen", call=call, kind=type(error).__name__, reason=_line(error), where=_where(error)
    )


def of_the_user(error: BaseException) -> bool:
    """Whether it passed through code that is neither ours, nor a library's that we use, nor Python's: a
    person's own function, module, loss or callback."""
    trace = error.__traceback__
    while trace is not None:
        package = str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
        if package not in LIBRARIES and package not in sys.stdlib_module_names:
            return True
        trace = trace.tb_next
    return False


def _by_sklearn(error: Exception) -> bool:
    """Whether scikit-learn's own validation raised a type that its contract names."""
    packages, trace = [], error.__traceback__
    while trace is not None:
        packages.append(str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0])
        trace = trace.tb_next
    ours = max(place for place, package in enumerate(packages) if package == "downslope")
    return isinstance(error, ValueError | TypeError) and packages[ours + 1 : ours + 2] == ["sklearn"]


def _line(error: BaseException) -> str:
    words = " ".join(str(error).split())
    return words[:200] if words else type(error).__name__


def _where(error: BaseException) -> str:
    """The last line of ours on the way: file and line."""
    trace, found = error.__traceback__, ""
    while trace is not None:
        name = str(trace.tb_frame.f_globals.get("__name__", ""))
        if name.partition(".")[0] == "downslope" and not name.endswith(".arguments"):
            found = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found

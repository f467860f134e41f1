"""What stands in the files of a run and of a checkpoint: one declared schema, checked when they are read.

A file whose checksum fits may still have been edited, or written by something else. msgspec checks names and
types; what no type can say (as many weights as names, finite numbers) is checked here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import msgspec
import numpy as np

from ..arguments import of_the_user
from ..descent.directions import DirectionState
from ..descent.state import State
from ..descent.trace import Step
from ..errors import DownslopeError
from ..model.coordinates import WorkingSet
from ..model.net_settings import NetSettings
from ..settings import Setting
from .table import NET, RECIPE, RecipeSettings

Number = float | None
KINDS = "fiub"  # kinds of numbers that an array may hold: no objects, no text


class VerdictRecord(msgspec.Struct):
    code: str
    kind: str
    numbers: dict[str, Any]
    remedies: list[tuple[str, dict[str, Any] | None]]


# the settings that every run holds; what came later has the table's default where a run lacks it
ALWAYS = {"loss", "penalty", "method", "learning_rate", "net", "epochs", "alpha", "tol", "intercept", "scale"}
ALWAYS |= {"seed", "hidden", "activation", "dropout", "dtype", "device"}


def _settings_record(name: str, table: Mapping[str, Setting], hints: Mapping[str, Any]) -> Any:
    """The schema of settings, of their table; `Recipe` itself refuses values that it cannot serve."""
    first = [(row, hints[row]) for row in table if row in ALWAYS]
    later = [(row, hints[row], known.default) for row, known in table.items() if row not in ALWAYS]
    return msgspec.defstruct(name, [*first, *later])


NetRecord = _settings_record("NetRecord", NET, get_type_hints(NetSettings))
_HINTS = get_type_hints(RecipeSettings, localns={"Net": NetRecord})
RecipeRecord = _settings_record("RecipeRecord", RECIPE, _HINTS)


class FingerprintRecord(msgspec.Struct):
    rows: int
    columns: int
    sha256: str


MetricsRecord = dict[str, Number | list[list[float]] | str]  # "confusion" is a matrix, "unjudged" a reason


class SelectionRecord(msgspec.Struct):
    """How alpha was chosen."""

    rule: str
    metric: str
    folds: str
    penalty: str
    alpha: float
    alphas: list[float]
    scores: list[Number]
    alpha_1se: Number = None
    errors: list[Number] | None = None


class DecisionRecord(msgspec.Struct, forbid_unknown_fields=True):
    """Where two classes part."""

    threshold: float
    cut: float
    rule: str = ""
    score: Number = None
    usual: Number = None


class CalibratorRecord(msgspec.Struct, forbid_unknown_fields=True):
    """Chances from scores."""

    method: str
    parts: list[tuple[list[float], list[float]]]
    log_odds: bool = False


class NestedRecord(msgspec.Struct, forbid_unknown_fields=True):
    """The score of a way to choose."""

    metric: str
    folds: str
    score: Number
    error: Number
    scores: list[Number]
    alphas: list[Number]


class CertificateRecord(msgspec.Struct, forbid_unknown_fields=True):
    """What was measured of a net's curvature."""

    L: Number
    rate: Number
    bound: Number
    best: Number
    error: Number
    at_least: bool
    batch: bool
    rows: int
    parabola: bool | None
    source: str
    step: int
    noise_scale: Number
    preconditioned: bool
    edge: bool
    why: str
    what: str
    first: Number
    rule: str
    excess: Number


class SolutionRecord(msgspec.Struct):
    """solution.json"""

    names: list[str]
    loss: float
    stopped: str
    epochs: int
    seconds: float
    method: str
    features: list[str]
    targets: list[str]
    single: bool
    recipe: RecipeRecord  # type: ignore[valid-type]
    verdict: VerdictRecord
    metrics: dict[str, MetricsRecord]
    steps: int
    notes: list[tuple[str, dict[str, Any]]]
    encoding: dict[str, Any] | None
    formula: str | None = None
    classes: list[str | int | float | bool] = []
    gap: Number = None
    source: str | None = None
    constants: dict[str, float] = {}
    split: tuple[float, int] | None = None
    split_in_parts: bool = False
    test: tuple[float, int] | None = None
    selection: SelectionRecord | None = None
    calibrator: CalibratorRecord | None = None
    nested: NestedRecord | None = None
    decision: DecisionRecord | None = None
    certificate: CertificateRecord | None = None
    data_findings: list[VerdictRecord] = []


class StepRecord(msgspec.Struct):
    """A line of trace.jsonl."""

    step: int
    epoch: int
    rows: int
    seconds: float
    loss: float
    gradient_norm: float
    learning_rate: float
    params: dict[str, float]
    objective: Number = None
    validation: Any = None
    gap: Number = None
    gradient: list[Any] | None = None


class CheckpointRecord(msgspec.Struct):
    """The line of JSON in a checkpoint; of each array its type, shape, order and offset."""

    format: str
    version: int
    arrays: list[tuple[str, list[int], str, int]]
    contents: dict[str, Any] = msgspec.field(name="told")


class CheckpointContent(msgspec.Struct):
    """What a checkpoint holds; its place and trace are records of their own (`packing.RECORDS`)."""

    recipe: RecipeRecord  # type: ignore[valid-type]
    seconds: int | float
    rows: dict[str, FingerprintRecord | None]
    asked: dict[str, Any] | None = None
    source: str | None = None
    stream: dict[str, Any] | None = None
    encoding: dict[str, Any] | None = None
    code: dict[str, Any] | None = None
    selection: SelectionRecord | None = None
    choice: list[tuple[str, dict[str, Any]]] = []
    asked_recipe: RecipeRecord | None = None  # type: ignore[valid-type]
    nested: bool = False


@contextmanager
def checked(path: Path | str, file: str) -> Iterator[None]:
    """What is raised in the block by content that is not what was written becomes one DownslopeError."""
    try:
        yield
    except DownslopeError:
        raise
    except msgspec.ValidationError as error:
        raise DownslopeError("inference.wrong_content", path=path, file=file, reason=str(error)) from None
    except (
        ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RecursionError,
        TypeError, ValueError,
    ) as error:  # fmt: skip
        if of_the_user(error):
            raise
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise DownslopeError("inference.wrong_content", path=path, file=file, reason=reason) from None


def decoded(content: bytes, kind: Any, hook: Any = None) -> Any:
    """JSON, checked against a schema, as the plain data that it holds. Raises msgspec.ValidationError."""
    data = json.loads(content, object_hook=hook)
    msgspec.convert(data, kind)
    return data


def check_checkpoint(contents: dict[str, Any]) -> None:
    """The plain part of what a checkpoint holds. Raises msgspec.ValidationError."""
    plain = {name: value for name, value in contents.items() if name not in ("place", "trace")}
    msgspec.convert(plain, CheckpointContent)
    place = contents.get("place")
    if place is not None and not isinstance(place, State):
        raise msgspec.ValidationError("Expected `State` - at place")


def check_weights(params: Any, start: Any, names: list[str]) -> None:
    """As many finite numbers as names. Raises msgspec.ValidationError."""
    for name, values in (("params", params), ("start", start)):
        if values.dtype.kind not in KINDS or values.shape != (len(names),):
            raise msgspec.ValidationError(f"{len(names)} numbers expected - at {name}")
    if not np.isfinite(params).all():
        raise msgspec.ValidationError("finite weights expected - at params")


def check_record(record: Any) -> Any:
    """The fields of a dataclass or a named tuple against their annotations; what is itself a record was
    checked before. Raises msgspec.ValidationError."""
    for name, hint in get_type_hints(type(record)).items():
        value = getattr(record, name)
        value = value.item() if isinstance(value, np.generic) else value
        if isinstance(hint, type) and hasattr(hint, "_fields"):
            if not isinstance(value, hint):
                raise msgspec.ValidationError(f"Expected `{hint.__name__}` - at {name}")
        else:
            msgspec.convert(value, hint)
    return record


def check_trace(found: Any, trace: Any) -> None:
    """The trace of a checkpoint against one that was just begun. Raises msgspec.ValidationError."""
    later = {"validation_stride", "validated", "_validated"}  # since 0.2
    if not isinstance(found, dict) or not vars(trace).keys() - later <= found.keys() <= vars(trace).keys():
        raise msgspec.ValidationError("other fields than a trace has - at trace")
    for name, value in vars(trace).items():
        if name in ("names", "start"):
            same = np.array_equal(found[name], value) if name == "start" else found[name] == value
            if not same:
                raise msgspec.ValidationError(f"another {name} than the run's - at trace.{name}")
        elif isinstance(value, int) and name in found:
            msgspec.convert(found[name], Annotated[int, msgspec.Meta(ge=0)])
    known = [found[name] for name in ("_last", "_lowest", "_highest") if found[name] is not None]
    for entry in [*found["_kept"], *found.get("_validated", []), *known]:
        number, step = entry
        if type(number) is not int or type(step) is not Step or step.params.shape != trace.start.shape:
            raise msgspec.ValidationError("a step expected - at trace")


def check_state(state: State, objective: Any) -> None:
    """Where a descent stands, against the objective that it goes on with. Raises msgspec.ValidationError."""
    size, memory = objective.size, state.memory
    if not isinstance(memory, DirectionState | WorkingSet | dict):  # a dict is that of torch.optim
        raise msgspec.ValidationError("Expected `DirectionState` - at memory")
    known = memory if isinstance(memory, DirectionState) else DirectionState(np.empty((0, size)))
    arrays = [state.point.theta, state.point.gradient, *known.vectors]
    for pair in known.moves:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise msgspec.ValidationError("pairs expected - at memory.moves")
        arrays += pair
    counts = (state.updates, state.epochs, state.stage.done)
    if any(np.shape(array) != (size,) for array in arrays) or min(counts) < 0:
        raise msgspec.ValidationError(f"{size} weights expected - at place")


def array_of(numbers: bytes, kind: str, shape: list[int], order: str, offset: int) -> np.ndarray:
    """One array of a checkpoint, a copy of its bytes. Raises ValueError."""
    dtype = np.dtype(kind)
    if dtype.kind not in KINDS or dtype.hasobject or order not in ("C", "F") or offset < 0:
        raise ValueError(f"no array of numbers: {kind}, {order}, offset {offset}")
    if any(length < 0 for length in shape):
        raise ValueError(f"no shape: {shape}")
    array = np.frombuffer(numbers, dtype, int(np.prod(shape, dtype=object)), offset)
    return array.reshape(shape, order=order).copy(order)  # type: ignore[call-overload]

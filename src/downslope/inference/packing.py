"""A checkpoint as bytes: the SHA-256 of what follows, a line of JSON, and the bytes of the arrays that the
JSON names. Nothing but plain data is written, and nothing else is read.

A record stands in the file under the names of RECORDS, whatever it is called here: what has been written once
is read for ever."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from .. import __version__
from ..descent.directions import DirectionState
from ..descent.state import MonitorState, SearchState, StageState, State
from ..descent.trace import Step
from ..errors import DownslopeError
from ..model.coordinates import WorkingSet
from ..model.objective import Point
from . import schema

FORMAT, VERSION = "downslope-checkpoint", 2  # 2: modules, optimizers of torch.optim, functions


@dataclass(frozen=True)
class PackedTensor:
    """A tensor of PyTorch as an array; `kind` is the one that it had, such as "torch.bfloat16"."""

    array: np.ndarray
    kind: str


RECORDS = {"Memory": DirectionState, "Step": Step, "Tensor": PackedTensor}  # name in the file → record here
# A `State` is a "Place" in the file, with a "State" inside: name in the file → attribute here.
PLACE = {
    "seconds": "seconds",
    "stage": "stage.number",
    "start": "stage.start",
    "done": "stage.done",
    "first": "monitor.first",
    "point": "point",
    "held": "monitor.validation",
    "gap": "monitor.gap",
    "often": "monitor.gap_each_epoch",
    "drawn": "rng_calls",
    "gathered": "buffers",
}
STATE = {
    "theta": "point.theta",
    "memory": "memory",
    "epochs": "epochs",
    "updates": "updates",
    "seen": "monitor.seen",
    "best": "monitor.best",
    "tried": "search.tried",
    "reach": "search.reach",
    "fall": "search.fall",
}
ALWAYS = {"whole": True, "over": False, "again": False}  # flags of a "Place" that nothing asks for any more


def packed(contents: Mapping[str, Any]) -> bytes:
    """Plain data, arrays and RECORDS as bytes: the same for the same, to the last bit."""
    arrays: list[np.ndarray] = []
    seen: dict[int, int] = {}  # the arrays live as long as `contents` does, so that ids are theirs alone
    plain = _plain(contents, arrays, seen)
    layout, offset = [], 0
    for array in arrays:
        fortran = array.ndim > 1 and array.flags.f_contiguous and not array.flags.c_contiguous
        layout.append([array.dtype.str, list(array.shape), "F" if fortran else "C", offset])
        offset += array.nbytes
    head = {"format": FORMAT, "version": VERSION, "downslope": __version__, "arrays": layout, "told": plain}
    parts = [json.dumps(head, ensure_ascii=False).encode(), b"\n"]
    parts += [array.tobytes("F" if kind[2] == "F" else "C") for array, kind in zip(arrays, layout)]
    body = b"".join(parts)
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def unpacked(path: Path | str, content: bytes) -> dict[str, Any]:
    """What `packed` was given; raises DownslopeError for what is not that."""
    sha, _, body = content.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != sha:
        raise DownslopeError("checkpoint.damaged", path=path)
    line, _, numbers = body.partition(b"\n")
    try:
        known = json.loads(line)["format"] == FORMAT
    except (ValueError, KeyError, TypeError, RecursionError):
        known = False
    if not known:
        raise DownslopeError("checkpoint.damaged", path=path)
    with schema.checked(path, "checkpoint"):
        head = schema.decoded(line, schema.CheckpointRecord)
        if head["version"] > VERSION:
            raise DownslopeError("inference.newer_run", path=path, found=head["version"], known=VERSION)
        arrays = [schema.array_of(numbers, *place) for place in head["arrays"]]
        contents = _read(head["told"], arrays)
    return contents


def _plain(value: Any, arrays: list[np.ndarray], seen: dict[int, int]) -> Any:
    """The same as JSON; an array by its number, one that stands in two places by the same."""
    if isinstance(value, np.ndarray | np.generic):
        if id(value) not in seen:
            seen[id(value)] = len(arrays)
            arrays.append(np.asarray(value))
        return {"$array": seen[id(value)], "$scalar": isinstance(value, np.generic)}
    if isinstance(value, State):
        return _place(value, arrays, seen)
    for name, kind in RECORDS.items():
        if isinstance(value, kind):
            return _record(name, {key: getattr(value, key) for key in _names(kind)}, arrays, seen)
    if isinstance(value, Mapping):
        if any(not isinstance(name, str) for name in value):  # as the numbers of an optimizer's parameters
            return {"$items": [_plain([name, item], arrays, seen) for name, item in value.items()]}
        return {name: _plain(item, arrays, seen) for name, item in value.items()}
    if isinstance(value, tuple | list):
        items = [_plain(item, arrays, seen) for item in value]
        return {"$tuple": items} if isinstance(value, tuple) else items
    return value


def _record(name: str, inside: Mapping[str, Any], arrays, seen) -> dict[str, Any]:
    """A record in the file: its name there, and its fields."""
    return {"$record": name, "$fields": {key: _plain(item, arrays, seen) for key, item in inside.items()}}


def _names(kind: Any) -> list[str]:
    """The fields of a record."""
    return list(getattr(kind, "_fields", None) or [field.name for field in fields(kind)])


def _place(state: State, arrays, seen) -> dict[str, Any]:
    """A state as a "Place"; what coordinate descent knows is "walked" there."""
    inside = {name: attrgetter(path)(state) for name, path in STATE.items()} | {"walked": {}}
    if isinstance(state.memory, WorkingSet):
        inside |= {"memory": {}, "walked": state.memory.known}
    place = {name: attrgetter(path)(state) for name, path in PLACE.items()}
    record = _record("Place", ALWAYS | place, arrays, seen)
    record["$fields"]["state"] = _record("State", inside, arrays, seen)
    return record


def _from_record(name: str, found: dict[str, Any]) -> Any:
    """A record of the file, by its name there."""
    if name == "State":  # a part of a "Place"
        return found
    return schema.check_record(_state(found) if name == "Place" else RECORDS[name](**found))


def _state(place: dict[str, Any]) -> State:
    """The state that stands in a "Place"; an earlier version may have had fewer fields."""
    inside, kinds = place["state"], {"search": SearchState, "stage": StageState, "monitor": MonitorState}
    if not (place.keys() <= {*PLACE, *ALWAYS, "state"} and inside.keys() <= {*STATE, "walked"}):
        raise msgspec.ValidationError("other fields than a state has - at place")
    found: dict[str, dict[str, Any]] = {name: {} for name in ("", "point", *kinds)}
    for table, values in ((PLACE, place), (STATE, inside)):
        for name, path in table.items():
            if name in values:
                group, _, attribute = path.rpartition(".")
                found[group][attribute] = values[name]
    parts = {name: schema.check_record(kind(**found[name])) for name, kind in kinds.items()}
    parts["point"] = Point(*place["point"])
    if inside["walked"]:
        parts["memory"] = WorkingSet(inside["walked"])
    return State(**(found[""] | parts))


def _read(found: Any, arrays: list[np.ndarray]) -> Any:
    """What `_plain` wrote, again."""
    if isinstance(found, list):
        return [_read(item, arrays) for item in found]
    if not isinstance(found, dict):
        return found
    if "$array" in found:
        array = arrays[found["$array"]]
        return array[()] if found["$scalar"] else array
    if "$items" in found:
        return dict(_read(found["$items"], arrays))
    if "$tuple" in found:
        return tuple(_read(found["$tuple"], arrays))
    if "$record" in found:
        return _from_record(found["$record"], _read(found["$fields"], arrays))
    return {name: _read(item, arrays) for name, item in found.items()}

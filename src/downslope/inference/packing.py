"""A checkpoint as bytes: the SHA-256 of what follows, a line of JSON, and the bytes of the arrays that the
JSON names. Nothing but plain data is written, and nothing else is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..descent.directions import Memory
from ..descent.place import Place
from ..descent.state import State
from ..descent.trace import Step
from ..errors import DownslopeError
from . import schema

FORMAT, VERSION = "downslope-checkpoint", 2  # 2: modules, optimizers of torch.optim, functions


@dataclass(frozen=True)
class Tensor:
    """A tensor of PyTorch, told as an array; `kind` is the one that it had, such as "torch.bfloat16"."""

    array: np.ndarray
    kind: str


RECORDS = {kind.__name__: kind for kind in (Place, State, Memory, Step, Tensor)}


def packed(told: Mapping[str, Any]) -> bytes:
    """Plain data, arrays and RECORDS as bytes: the same for the same, to the last bit."""
    arrays: list[np.ndarray] = []
    seen: dict[int, int] = {}  # the arrays live as long as `told` does, so that ids are theirs alone
    plain = _plain(told, arrays, seen)
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
        told = _read(head["told"], arrays)
    return told


def _plain(value: Any, arrays: list[np.ndarray], seen: dict[int, int]) -> Any:
    """The same as JSON; an array by its number, one that stands in two places by the same."""
    if isinstance(value, np.ndarray | np.generic):
        if id(value) not in seen:
            seen[id(value)] = len(arrays)
            arrays.append(np.asarray(value))
        return {"$array": seen[id(value)], "$scalar": isinstance(value, np.generic)}
    if type(value).__name__ in RECORDS:
        names = Step._fields if isinstance(value, Step) else [field.name for field in fields(value)]
        inside = {name: _plain(getattr(value, name), arrays, seen) for name in names}
        return {"$record": type(value).__name__, "$fields": inside}
    if isinstance(value, Mapping):
        if any(not isinstance(name, str) for name in value):  # as the numbers of an optimizer's parameters
            return {"$items": [_plain([name, item], arrays, seen) for name, item in value.items()]}
        return {name: _plain(item, arrays, seen) for name, item in value.items()}
    if isinstance(value, tuple | list):
        items = [_plain(item, arrays, seen) for item in value]
        return {"$tuple": items} if isinstance(value, tuple) else items
    return value


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
        return schema.check_record(RECORDS[found["$record"]](**_read(found["$fields"], arrays)))
    return {name: _read(item, arrays) for name, item in found.items()}

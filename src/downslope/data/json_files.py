"""Files of JSON, and of JSON Lines: the keys of all rows, and the cells under them."""

from __future__ import annotations

import glob
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .database import literal, rows_of
from .delimited import Copies, opened


def names_in(path: Path) -> tuple[str, ...]:
    """The keys of all rows, in the order in which they appear."""
    keys = "SELECT json_keys(json) AS keys, row_number() OVER () AS row FROM read_json_objects($path)"
    places = f"SELECT unnest(keys) AS key, unnest(range(len(keys))) AS place, row FROM ({keys})"
    found = rows_of(f"SELECT key FROM ({places}) GROUP BY key ORDER BY min((row, place))", path=path)
    return tuple(found.column("key").to_pylist())


def cells_of(path: Path, names: Sequence[str]) -> str:
    """A table of the values under each key, as texts: c0, c1, …"""
    escaped = (name.replace("~", "~0").replace("/", "~1") for name in names)
    keys = literal([f"/{name}" for name in escaped])
    cells = f"json_extract_string(json, {keys}) AS cells"
    columns = ", ".join(f"cells[{place + 1}] AS c{place}" for place in range(len(names)))
    objects = f"read_json_objects({literal(glob.escape(str(path)))})"
    return f"(SELECT {columns} FROM (SELECT {cells} FROM {objects}))"


def in_rows(path: Path, copies: Copies) -> Path:
    """The file; a copy with a line for each row, where it is one object of columns."""
    columns = _columns(path)
    if columns is None:
        return path
    copy = copies.folder() / f"{path.stem}.jsonl"
    rows = (dict(zip(columns, values)) for values in zip(*columns.values()))
    copy.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return copy


def _columns(path: Path) -> dict[str, list[Any]] | None:
    """Of a file that is one object of lists of one length, or of objects with the same keys (as pandas writes
    it); None of any other."""
    with opened(path) as file:
        if not re.match(rb"\s*\{\s*\"[^\"]*\"\s*:\s*[\[{]", file.read(1 << 16)):
            return None
    try:
        with opened(path) as file:
            found = json.loads(file.read())
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    values = list(found.values())
    if all(isinstance(value, dict) and value.keys() == values[0].keys() for value in values):
        return {name: list(value.values()) for name, value in found.items()}
    if all(isinstance(value, list) and len(value) == len(values[0]) for value in values):
        return found
    return None

"""Tables and documents → rows: CSV of any separator, JSON Lines, JSON documents.

Keras' CSVLogger, Lightning's metrics.csv with its empty cells, Hugging Face's trainer_state.json, exports of
Weights & Biases, histories that were saved as JSON, our own logs.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...errors import DownslopeError
from .names import part_in, role_of
from .printed import flattened, is_number, number
from .series import Asked, Runs

SEPARATORS = ",;\t|"
LARGEST = 256 << 20  # bytes of one JSON document: it is read as a whole


def separator(first: Sequence[str]) -> str | None:
    """The separator of a table, from its first lines: that whose first line has the most names, one of
    them a loss, and whose next line has as many cells; None where this is no table.

    >>> separator(["epoch,loss,val_loss", "0,0.5,0.6"]), separator(["Epoch: 1, loss: 0.5"] * 2)
    (',', None)
    """
    lines = [line for line in first if line.strip() and not line.startswith("#")]
    if len(lines) < 2:
        return None
    found = []
    for mark in SEPARATORS:
        names, cells = (next(csv.reader([line.strip()], delimiter=mark)) for line in lines[:2])
        plain = all(name.strip() == "" or not is_number(name) for name in names)
        if plain and len(names) > 1 and abs(len(cells) - len(names)) <= 1 and any(map(_value, cells)):
            roles = [role_of(_name(name)).what for name in names]
            if any(roles) and not any(re.search(r"[:=]\s*[-+.\d]", name) for name in names):
                found.append((roles.count("loss") + sum(map(bool, roles)), len(names), mark))
    return max(found)[2] if found else None


def _value(cell: str) -> bool:
    return is_number(cell) or is_number(cell.replace(",", "."))


def _name(cell: str) -> str:
    return cell.strip().strip("\"'").strip()


def read_csv(lines: Iterable[str], mark: str, runs: dict[str, Runs], asked: Asked, value: str = "") -> None:
    """Rows of a table by its header; a header that stands again is skipped. Columns `run - loss` of
    Weights & Biases are of that run. `value`: what the column Value of TensorBoard's export holds."""
    names: list[str] = []
    phase: int | None = None
    lines = (line for line in lines if line.strip() and not line.startswith("#"))
    for cells in csv.reader(lines, delimiter=mark):
        if not names or (len(cells) == len(names) and [_name(cell) for cell in cells] == names):
            names = [_name(cell) for cell in cells]
            phase = next((place for place, name in enumerate(names) if role_of(name).what == "phase"), None)
            continue
        rows: dict[str, dict[str, float]] = {}
        for name, cell in zip(names, cells):
            if not cell.strip():
                continue
            try:
                found = number(cell)
            except ValueError:
                if mark == "," or not _value(cell):
                    continue
                found = number(cell.replace(",", "."))  # 0,5
            run, dash, column = name.partition(" - ")
            if dash and column.endswith(("__MIN", "__MAX")):
                continue
            if name == "Value" and value:
                column, run, dash = value, "", ""
            named = column if dash else name if column != value else value
            rows.setdefault(run if dash else "", {})[named] = found
        shared = rows.pop("", {})
        if phase is not None and phase < len(cells) and part_in(cells[phase]):
            shared = flattened({"mode": cells[phase], **shared})
        if not rows:
            runs.setdefault("", Runs(asked)).row(shared)
        for run, values in rows.items():
            values.pop("_step", None)
            runs.setdefault(run, Runs(asked)).row({**shared, **values})


def read_json_lines(lines: Iterable[str], runs: Runs) -> int:
    """One object a line; of our own logs the steps. How many lines were no object."""
    others = 0
    for line in lines:
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            others += 1
            continue
        if not isinstance(record, dict):
            others += 1
            continue
        event = record.get("event")
        if event in ("begin", "changed") and "log" in record:
            if runs.runs[-1].rows:
                runs.begin()
            continue
        if event in ("resumed", "end", "failed"):
            continue
        values = flattened(record)
        if event == "step":  # null is a number that is not finite; F over all rows may be missing
            for name in ("loss", "gradient_norm"):
                values.setdefault(name, math.nan)
            if record.get("objective") is not None:
                values["loss"] = values.pop("objective")
            values = {name: v for name, v in values.items() if name not in ("gap", "memory", "rows")}
            if record.get("validation") is not None:
                values["validation loss"] = values.pop("validation")
        runs.row(values)
    return others


def read_json(text: str, runs: Runs, path: str) -> None:
    """A document: a list of records; a dict of columns; one that holds either under some name
    (`log_history`)."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DownslopeError("watching.log_json", path=path, reason=f"{error}".splitlines()[0]) from None
    for row in _records(document, 3):
        runs.row(flattened(row))


def _records(document: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    """The rows of the part of a document that holds the most of them with a loss."""
    best: list[Mapping[str, Any]] = []
    for part in _parts(document, depth):
        rows: list[Mapping[str, Any]] = []
        if isinstance(part, list):
            rows = [row for row in part if isinstance(row, dict)]
        elif isinstance(part, dict):
            columns = {str(name): _listed(column) for name, column in part.items()}
            columns = {name: column for name, column in columns.items() if column is not None and len(column)}
            length = max((len(column) for column in columns.values() if column), default=0)
            rows = [
                {name: column[k] for name, column in columns.items() if column and k < len(column)}
                for k in range(length)
            ]
        good = sum(any(role_of(name).what == "loss" for name in flattened(row)) for row in rows[:1000])
        if good and len(rows) > len(best):
            best = rows
    yield from best


def _listed(column: Any) -> list | None:
    """The numbers of a column: a list, or what pandas writes, {"0": 0.5, "1": 0.4}."""
    if isinstance(column, list):
        return column if column and not isinstance(column[0], dict | list) else None
    if isinstance(column, dict) and column and all(str(key).isdigit() for key in column):
        return list(column.values())
    return None


def _parts(document: Any, depth: int) -> Iterator[Any]:
    yield document
    if isinstance(document, dict) and depth:
        for part in document.values():
            if isinstance(part, dict | list):
                yield from _parts(part, depth - 1)


def without_names(first: Sequence[str], asked: Asked) -> str | None:
    """The separator of a table without a line of names; None where this is none."""
    lines = [line.strip() for line in first if line.strip()][:20]
    for mark in SEPARATORS:
        rows = [next(csv.reader([line], delimiter=mark)) for line in lines]
        alike = all(len(row) == len(rows[0]) and all(map(is_number, row)) for row in rows)
        if len(lines) > 1 and len(rows[0]) > 1 and alike:
            return mark
    return None

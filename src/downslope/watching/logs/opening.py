"""path → the logs in it: what a file is follows from its first bytes, never from its name alone."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...data.charset import charset_of
from ...errors import DownslopeError
from . import events, mlruns, printed, tables
from .names import part_in, role_of
from .series import Asked, Log, Rows, Runs, series

Notes = list[tuple[str, dict[str, Any]]]  # sentence, facts
HEAD = 1 << 16  # bytes that a file is recognised by
DEEP = 6  # folders within folders that are looked into
MOST = 2000  # files
SUFFIXES = (
    ".csv",
    ".tsv",
    ".json",
    ".jsonl",
    ".ndjson",
    ".log",
    ".txt",
    ".out",
    ".err",
    ".db",
    ".sqlite",
    ".sqlite3",
    ".ipynb",
    ".gz",
)
_PARTS = re.compile(r"^(.*?)[_-]?(train|training|val|valid|validation|eval|test)$", re.I)


def logs_in(path: Path, asked: Asked) -> list[Log]:
    """Every log in a file or a folder, each with a loss. DownslopeError where there is none."""
    if not path.exists():
        raise DownslopeError("watching.log_no_such_path", path=path)
    if path.is_dir():
        return _in_folder(path, asked)
    if not path.is_file():
        raise DownslopeError("watching.log_no_file", path=path)
    try:
        return _in_file(path, asked)
    except OSError as error:
        raise DownslopeError("watching.log_not_read", path=path, reason=error.strerror or error) from None


def _in_folder(folder: Path, asked: Asked) -> list[Log]:
    if mlruns.is_store(folder):
        return _chosen(mlruns.read_folder(folder), folder, "mlflow", asked)
    files = list(itertools.islice(_files(folder, DEEP), MOST))
    found = _in_event_folders([file for file in files if ".tfevents" in file.name], folder, asked)
    states = [file for file in files if file.name == "trainer_state.json"]
    if states:  # each checkpoint of Hugging Face's Trainer holds all that came before
        found += _in_file(max(states, key=_steps_of), asked)
    taken = {Path(log.path) for log in found}
    for file in files:
        if ".tfevents" in file.name or file in states or file.suffix.lower() not in SUFFIXES:
            continue
        if file.name == "metrics.csv" and any(file.parent in (one, one.parent) for one in taken):
            continue  # two loggers of Lightning in one folder
        try:
            inside = file.relative_to(folder).as_posix()
            for log in _in_file(file, asked):
                found.append(replace(log, name=log.name.replace(file.name, inside, 1)))
        except (DownslopeError, OSError):
            continue  # a folder holds other things, too
    if not found:
        raise DownslopeError("watching.log_empty_folder", path=folder, files=len(files))
    return found


def _files(folder: Path, deep: int) -> Iterator[Path]:
    """Files in a folder and its folders, in order of their names; nothing hidden, and no links."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        if entry.is_file():
            yield entry
        elif deep and entry.is_dir():
            yield from _files(entry, deep - 1)


def _steps_of(state: Path) -> int:
    try:
        return int(json.loads(state.read_text(encoding="utf-8")).get("global_step") or 0)
    except (ValueError, OSError, AttributeError):
        return -1


def _in_event_folders(files: Sequence[Path], top: Path, asked: Asked) -> list[Log]:
    """One log for each folder; `train` and `validation` in one folder are one."""
    folders: dict[Path, list[Path]] = {}
    for file in files:
        folders.setdefault(file.parent, []).append(file)
    runs: dict[Path, Rows] = {}
    trouble: dict[Path, list[str]] = {}
    for folder, inside in folders.items():
        part = _PARTS.match(folder.name) if folder != top else None
        near = [other for other in folders if other != folder and other.parent == folder.parent]
        sibling = part and any(_PARTS.match(other.name) for other in near)
        home = folder.parent if sibling else folder
        rows, wrong = runs.setdefault(home, Rows()), trouble.setdefault(home, [])
        for file in sorted(inside):
            _events(file, rows, f"{part_in(folder.name)}/" if sibling else "", wrong)
    found = []
    for home, rows in runs.items():
        below = home != top and top in home.parents
        name = home.relative_to(top).as_posix() if below else home.name or str(home)
        notes: Notes = [(f"event_{kind}", {}) for kind in dict.fromkeys(trouble[home])]
        try:
            log = series(name, str(home), "tensorboard", rows, asked, notes)
        except KeyError as missing:
            raise _no_column(home, missing.args[0], rows) from None
        found += [log] if log else []
    if files and not found and not runs.keys() - {top}:
        raise DownslopeError("watching.log_no_loss", path=top, columns=_listed(next(iter(runs.values()))))
    return found


def _events(file: Path, rows: Rows, prefix: str, trouble: list[str]) -> None:
    with open(file, "rb") as stream:
        for point in events.scalars(stream, trouble):
            rows.add(prefix + point.tag, point.value, float(point.step), point.seconds)


def _in_file(path: Path, asked: Asked) -> list[Log]:
    with _bytes_of(path) as stream:
        head = stream.read(HEAD)
    if not head.strip():
        raise DownslopeError("watching.log_empty", path=path)
    if head.startswith(b"SQLite format 3\0"):
        return _chosen(mlruns.read_database(path), path, "mlflow", asked)
    if events.is_event_file(head):
        rows = Rows()
        trouble: list[str] = []
        _events(path, rows, "", trouble)
        notes: Notes = [(f"event_{kind}", {}) for kind in dict.fromkeys(trouble)]
        return _chosen([(path.name, str(path), rows)], path, "tensorboard", asked, notes)
    encoding = charset_of(head, whole=len(head) < HEAD).name
    start = head.decode(encoding, "replace")
    strange = sum(
        (character < " " and character not in "\t\n\r\x0b\x0c\x08\x1b") or character == "\ufffd"
        for character in start
    )
    if strange > len(start) / 50:
        raise DownslopeError("watching.log_binary", path=path)
    runs, form, notes = _rows_of(path, encoding, start, asked)
    found = []
    for name, each in runs.items():
        ended = each.ended()
        for place, rows in enumerate(ended, start=1):
            named = name or path.name
            found.append((named if len(ended) == 1 else f"{named}#{place}", str(path), rows))
    return _chosen(found, path, form, asked, notes)


def _rows_of(path: Path, encoding: str, start: str, asked: Asked) -> tuple[dict[str, Runs], str, list]:
    """(runs by name, what the file is, notes)."""
    runs: dict[str, Runs] = {"": Runs(asked)}
    first = start.splitlines()[:50]
    filled = [line for line in first if line.strip()]
    opens = start.lstrip("\ufeff \t\r\n")[:1]
    if path.suffix.lower() == ".ipynb" and opens == "{":
        printed.read(_printed(_whole(path, encoding), path), runs[""])
        return runs, "notebook", []
    of_lists = len(filled) == 1 and re.search(r'": ?\[', filled[0])
    if opens in "{[" and _object(filled[0]) and not of_lists:
        with _opened(path, encoding) as lines:
            others = tables.read_json_lines(lines, runs[""])
        return runs, "json lines", [("broken_lines", {"count": others})] if others else []
    if opens in "{[" and (opens == "{" or re.match(r"\[\s*(\{|\])", start.lstrip("\ufeff"))):
        try:
            tables.read_json(_whole(path, encoding), runs[""], str(path))
            return runs, "json", []
        except DownslopeError:
            if path.suffix.lower() == ".json":
                raise
    mark = tables.separator(first)
    if mark is not None:
        with _opened(path, encoding) as lines:
            tables.read_csv(lines, mark, runs, asked, _value_of(path.name))
        if len(runs) > 1 and not runs[""].runs[0].rows:
            del runs[""]
        return runs, "csv", []
    mark = tables.without_names(first, asked) if asked.columns else None
    if not asked.columns:
        with _opened(path, encoding) as lines:
            printed.read(lines, runs[""])
    columns = {name for run in runs[""].runs for name in run.listed()}
    if not any(role_of(name).what == "loss" or name == asked.loss for name in columns):
        plain = Runs(asked)
        with _opened(path, encoding) as lines:
            count = printed.bare(lines, plain, asked)
        if count and any(run.rows for run in plain.runs):
            names = ", ".join(asked.columns) or ("loss" if count == 1 else "epoch, loss")
            return {"": plain}, "numbers", [("without_names", {"count": count, "columns": names})]
        if count:
            raise DownslopeError("watching.log_no_names", path=path, count=count)
    return runs, "text", []


def _object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _value_of(name: str) -> str:
    """What the column Value of a table that TensorBoard exported holds: as the file's name says, else a
    loss."""
    stem = re.sub(r"^run-|[-.]?(csv|tag)\b", " ", name)
    return "metric" if role_of(stem.split("-")[-1]).what == "metric" else f"{part_in(stem)} loss".strip()


def _chosen(found: Any, path: Path, form: str, asked: Asked, notes: Sequence = ()) -> list[Log]:
    """The logs among runs; where no run has a loss, an error that lists their columns."""
    logs, columns = [], Rows()
    for name, where, rows in found:
        columns.names |= rows.names
        try:
            log = series(name, where, form, rows, asked, notes)
        except KeyError as missing:
            raise _no_column(path, missing.args[0], rows) from None
        logs += [log] if log else []
    if not logs:
        raise DownslopeError(
            "watching.log_no_loss" if columns.names else "watching.log_nothing_read",
            path=path,
            columns=_listed(columns),
        )
    whole = [log for log in logs if log.records > 1]
    if not whole:
        raise DownslopeError("watching.log_one_record", path=path, loss=logs[0].chosen["loss"])
    return whole


def _no_column(path: Path, name: str, rows: Rows) -> DownslopeError:
    return DownslopeError("watching.log_no_column", path=path, asked=name, columns=_listed(rows))


def _listed(rows: Rows) -> str:
    names = list(rows.names)
    return ", ".join(names[:12]) + (", …" if len(names) > 12 else "")


# ---- reading ---------------------------------------------------------------------------------------


def _bytes_of(path: Path) -> Any:
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else open(path, "rb")


class _opened:
    """The lines of a text, however it ends them; of a line that is too long, pieces."""

    def __init__(self, path: Path, encoding: str):
        self.file = io.TextIOWrapper(_bytes_of(path), encoding=encoding, errors="replace", newline=None)

    def __enter__(self) -> Iterator[str]:
        return iter(lambda: self.file.readline(printed.LONG).lstrip("\ufeff"), "")

    def __exit__(self, *_: object) -> None:
        self.file.close()


def _whole(path: Path, encoding: str) -> str:
    if path.stat().st_size > tables.LARGEST:
        raise DownslopeError("watching.log_too_large", path=path, limit=tables.LARGEST >> 20)
    with io.TextIOWrapper(_bytes_of(path), encoding=encoding, errors="replace") as file:
        return file.read().lstrip("\ufeff")


def _printed(notebook: str, path: Path) -> Iterator[str]:
    """The lines that a notebook's cells have printed."""
    try:
        cells = json.loads(notebook)["cells"]
        for cell in cells:
            for output in cell.get("outputs", ()):
                words = output.get("text", output.get("data", {}).get("text/plain", ""))
                yield from "".join(words).splitlines()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DownslopeError("watching.log_json", path=path, reason=f"{error}".splitlines()[0]) from None

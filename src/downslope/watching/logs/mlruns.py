"""MLflow's stores → columns, without MLflow: folders (`mlruns/EXPERIMENT/RUN/metrics/NAME`) and SQLite
databases."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from ...errors import DownslopeError
from .names import role_of
from .printed import number
from .series import Rows

MOST = 1000  # runs that are read


def is_store(folder: Path) -> bool:
    """Whether a folder is a run, an experiment or a store of MLflow."""
    return bool(_runs_in(folder))


def _runs_in(folder: Path) -> list[Path]:
    """Folders of runs: this one, those in it, those in its folders."""
    for pattern in ("metrics", "*/metrics", "*/*/metrics"):
        found = [path.parent for path in sorted(folder.glob(pattern))]
        found = [run for run in found if (run / "meta.yaml").is_file()]
        if found:
            return found[:MOST]
    return []


def read_folder(folder: Path) -> Iterator[tuple[str, str, Rows]]:
    """(name, path, rows) of each run: a file for each metric, with lines `milliseconds value step`."""
    for run in _runs_in(folder):
        rows = Rows()
        for path in sorted((run / "metrics").rglob("*")):
            if path.is_file() and not path.is_symlink():
                name = path.relative_to(run / "metrics").as_posix()
                with open(path, encoding="utf-8", errors="replace") as file:
                    for line in file:
                        cells = line.split()
                        with suppress(ValueError, IndexError):
                            step = float(cells[2]) if len(cells) > 2 else math.nan
                            rows.add(name, number(cells[1]), step, float(cells[0]) / 1000)
        for path in sorted((run / "params").rglob("*")):
            if path.is_file():
                with open(path, encoding="utf-8", errors="replace") as file:
                    _setting(rows, path.name, file.read(100))
        yield _named(run), str(run), rows


def _named(run: Path) -> str:
    """The name that a run was given, else that of its folder."""
    for path, pattern in (
        (run / "tags" / "mlflow.runName", r"(.+)"),
        (run / "meta.yaml", r"(?m)^run_name: *['\"]?([^'\"\n]+)"),
    ):
        with suppress(OSError):
            found = re.search(pattern, path.read_text(encoding="utf-8", errors="replace")[:4096])
            if found:
                return found[1].strip()
    return run.name


def _setting(rows: Rows, name: str, value: str) -> None:
    with suppress(ValueError):
        if role_of(name).what == "rate":
            rows.bare["rate"] = number(value)


def read_database(path: Path) -> Iterator[tuple[str, str, Rows]]:
    """The same of a database, which is opened for reading alone."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=2)) as store:
            listed = store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            tables = {name for (name,) in listed}
            if not {"runs", "metrics"} <= tables:
                raise DownslopeError("watching.log_not_mlflow", path=path)
            newest = "SELECT run_uuid, name FROM runs ORDER BY start_time, run_uuid LIMIT ?"
            for run, name in store.execute(newest, (MOST,)).fetchall():
                rows = Rows()
                points = "SELECT key, value, is_nan, step, timestamp FROM metrics WHERE run_uuid = ?"
                for key, value, lost, step, stamp in store.execute(f"{points} ORDER BY 1, 4, 5", (run,)):
                    if value is not None:
                        known = math.nan if lost else _unclipped(float(value))
                        rows.add(str(key), known, float(step or 0), float(stamp or 0) / 1000)
                for key, value in store.execute("SELECT key, value FROM params WHERE run_uuid = ?", (run,)):
                    _setting(rows, str(key), str(value))
                yield str(name or run), f"{path}#{run}", rows
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise DownslopeError("watching.log_database", path=path, reason=error) from None


def _unclipped(value: float) -> float:
    """MLflow stores infinity as the largest float."""
    return math.copysign(math.inf, value) if abs(value) >= 1.7976931348623157e308 else value

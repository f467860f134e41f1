"""DuckDB, which reads every file and runs every query: the one place that it stands in."""

from __future__ import annotations

import glob
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class QueryError(Exception):
    """DuckDB's complaint, in one line."""


def rows_of(query: str, path: Path | None = None, **parameters: Any) -> Any:
    """The pyarrow Table that a query gives; `$name` in it is a parameter, `$path` a file.

    Given a path, it can open that file and no other.

    >>> rows_of("SELECT $n + 1 AS x", n=1).to_pydict()
    {'x': [2]}
    """
    with _connected([path] if path is not None else None) as connection:
        if path is not None:
            parameters["path"] = glob.escape(str(path))
        try:
            return connection.sql(query, params=parameters or None).to_arrow_table()
        except errors() as error:
            raise QueryError(in_one_line(error)) from None


def batches_of(
    query: str,
    paths: Sequence[Path] | None,
    limits: Limits,
    after: Callable[[Any], None] | None = None,
) -> Iterator[Any]:
    """The rows of a query in order, as pyarrow RecordBatches of at most `limits.rows`: never all in memory.

    paths: the files that it may open; None for any. after: what is to be asked of the same connection once
    all rows are read. Errors come as QueryError, from wherever in the rows.
    """
    with _connected(paths, limits) as connection:
        try:
            yield from connection.sql(query).to_arrow_reader(limits.rows)
            if after is not None:
                after(connection)
        except errors() as error:
            raise QueryError(str(error)) from None


@dataclass(frozen=True)
class Limits:
    """What reading may take."""

    rows: int = 65_536  # of a batch
    threads: int = 2
    bytes: int = 2 * 10**9


@contextmanager
def _connected(paths: Sequence[Path] | None, limits: Limits | None = None) -> Iterator[Any]:
    """An empty database in memory, which fetches nothing from a network and sees none of Python's variables.
    Given paths, it can open those files and no others."""
    import duckdb

    offline: dict[str, Any] = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    if limits is not None:
        offline |= {"threads": limits.threads, "memory_limit": f"{limits.bytes // 10**6}MB"}
        offline["temp_directory"] = str(Path(tempfile.gettempdir(), f"downslope-sort-{os.getpid()}"))
    try:
        connection = duckdb.connect(":memory:", config=offline)
    except duckdb.Error as error:
        raise QueryError(in_one_line(error)) from None
    with connection:
        connection.execute("SET python_enable_replacements = false")
        connection.execute("SET enable_progress_bar = false")  # it would write to stdout
        if paths is not None:
            known = [name for path in paths for name in (str(path), glob.escape(str(path)))]
            connection.execute("SET allowed_paths = $known", {"known": known})
            connection.execute("SET enable_external_access = false")
        yield connection


def errors() -> tuple[type[Exception], ...]:
    """What reading may raise: DuckDB's own, or Arrow's, which passes them on."""
    import duckdb
    import pyarrow as pa

    return duckdb.Error, pa.ArrowException, OSError


def literal(value: Any) -> str:
    """A text, a number, a yes or no, or a list of them, as SQL writes it.

    >>> literal(["it's", True])
    "['it''s', true]"
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A column's name, as SQL writes it.

    >>> print(identifier("price in $"))
    "price in $"
    """
    return '"' + name.replace('"', '""') + '"'


def in_one_line(error: BaseException) -> str:
    """What went wrong; DuckDB tells which column it is about further down."""
    first, *more = (str(error).strip() or type(error).__name__).splitlines()
    return " ".join([first, *(line for line in more if line.startswith("Error when"))])

"""DuckDB, which reads every file and runs every query: the one place that it stands in."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Any


class QueryError(Exception):
    """DuckDB's complaint, in one line."""


def rows_of(query: str, path: Path | None = None, **parameters: Any) -> Any:
    """The pyarrow Table that a query gives; `$name` in it is a parameter, `$path` a file.

    It runs in an empty database in memory, which fetches nothing from a network and sees none of Python's
    variables. Given a path, it can open that file and no other.

    >>> rows_of("SELECT $n + 1 AS x", n=1).to_pydict()
    {'x': [2]}
    """
    import duckdb

    offline: dict[str, Any] = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    try:
        with duckdb.connect(":memory:", config=offline) as connection:
            connection.execute("SET python_enable_replacements = false")
            if path is not None:
                parameters["path"] = glob.escape(str(path))
                told = {"path": str(path), "pattern": parameters["path"]}
                connection.execute("SET allowed_paths = [$path, $pattern]", told)
                connection.execute("SET enable_external_access = false")
            return connection.sql(query, params=parameters or None).to_arrow_table()
    except duckdb.Error as error:
        raise QueryError(in_one_line(error)) from None


def in_one_line(error: BaseException) -> str:
    """What went wrong; DuckDB tells which column it is about further down."""
    first, *more = (str(error).strip() or type(error).__name__).splitlines()
    return " ".join([first, *(line for line in more if line.startswith("Error when"))])

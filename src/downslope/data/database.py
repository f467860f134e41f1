"""DuckDB, which reads every file and runs every query: the one place that it stands in."""

from __future__ import annotations

import glob
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DownslopeError


class QueryError(Exception):
    """DuckDB's complaint, in one line."""


def rows_of(query: str, path: Path | None = None, **parameters: Any) -> Any:
    """The pyarrow Table that a query gives; `$name` in it is a parameter, `$path` a file.

    Given a path, it can open that file and no other; without one, it has to be one SELECT that only reads.

    >>> rows_of("SELECT $n + 1 AS x", n=1).to_pydict()
    {'x': [2]}
    """
    with _connected([path] if path is not None else None) as connection:
        if path is not None:
            parameters["path"] = glob.escape(str(path))
        try:
            if path is None:
                _refuse_unsafe(connection, query)
            return connection.sql(query, params=parameters or None).to_arrow_table()
        except errors() as error:
            raise QueryError(in_one_line(error)) from None


def schema_of(query: str) -> tuple[list[str], list[Any]]:
    """The names and the Arrow types of the columns that a query gives, which is not run.

    >>> schema_of("SELECT 1 AS x, 2 AS x")[0]
    ['x', 'x']
    """
    with _connected(None) as connection:
        try:
            _refuse_unsafe(connection, query)
            found = connection.sql(query)
            return found.columns, list(found.limit(0).to_arrow_table().schema.types)
        except errors() as error:
            raise QueryError(in_one_line(error)) from None


def batches_of(
    query: str,
    paths: Sequence[Path] | None,
    limits: Limits,
    after: Callable[[Any], None] | None = None,
) -> Iterator[Any]:
    """The rows of a query in order, as pyarrow RecordBatches of at most `limits.rows`: never all in memory.

    paths: the files that it may open; None for any, and then it is one SELECT that only reads.
    after: what is to be asked of the same connection once all rows are read. Errors come as QueryError, from
    wherever in the rows.
    """
    with _connected(paths, limits) as connection:
        try:
            if paths is None:
                _refuse_unsafe(connection, query)
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
        shows = "SELECT current_setting('enable_progress_bar')"
        if connection.execute(shows).fetchall()[0][0]:  # on stdout; Jupyter may have none
            connection.execute("SET enable_progress_bar = false")
        if paths is not None:
            known = [name for path in paths for name in (str(path), glob.escape(str(path)))]
            connection.execute("SET allowed_paths = $known", {"known": known})
            connection.execute("SET enable_external_access = false")
        yield connection


def tables_in(path: Path) -> list[str]:
    """The tables and views of a DuckDB database, which is only read."""
    query = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = 'given'"
    with _attached(path) as connection:
        rows = sorted(connection.execute(query).fetchall())
    return [name if schema == "main" else f"{schema}.{name}" for schema, name in rows]


def copy_table(path: Path, name: str, to: Path) -> None:
    """One of the tables of a DuckDB database, written as Parquet."""
    schema, dot, bare = name.rpartition(".")
    table = f"{identifier(schema if dot else 'main')}.{identifier(bare)}"
    with _attached(path, to) as connection:
        connection.execute(f"COPY (SELECT * FROM given.{table}) TO {literal(str(to))} (FORMAT parquet)")


@contextmanager
def _attached(path: Path, *more: Path) -> Iterator[Any]:
    with _connected([path, Path(f"{path}.wal"), *more]) as connection:
        try:
            connection.execute(f"ATTACH {literal(str(path))} AS given (READ_ONLY)")
            yield connection
        except errors() as error:
            raise QueryError(in_one_line(error)) from None


# A query from elsewhere reads tables, and does nothing else. DuckDB's parser says which statements it holds,
# and its syntax tree what is in them: a SELECT may hold INSERT and COPY.
QUERY_NODES = ("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE")
READERS = ["csv", "csv_auto", "parquet", "json", "json_auto", "json_objects", "json_objects_auto"]
READERS += ["ndjson", "ndjson_auto", "ndjson_objects"]
TABLE_FUNCTIONS = {*(f"read_{kind}" for kind in READERS), "parquet_scan", "range", "generate_series"}
TABLE_FUNCTIONS |= {"unnest", "repeat", "json_each", "json_tree"}
REFUSED_FUNCTIONS = {"read_text", "read_blob", "glob", "getenv", "query", "query_table", "which_secret"}
REFUSED_FUNCTIONS |= {"json_execute_serialized_sql", "write_log", "nextval", "currval", "setval"}
REFUSED_FUNCTIONS |= {"current_setting", "getvariable", "in_search_path", "current_query"}


def query_of(words: str) -> str:
    """The statement that the words are, bare of the semicolon at its end.

    Raises DownslopeError for what is more than one SELECT that only reads.

    >>> query_of("SELECT 1 AS x; -- once")
    'SELECT 1 AS x'
    """
    with _connected([]) as connection:
        try:
            _refuse_unsafe(connection, words)
            bare = _ENDING.sub("", words).strip()
            trees = [connection.execute(_TREE, {"query": text}).fetchall() for text in (words, bare)]
            return bare if trees[0] == trees[1] else words.strip()  # what looks like a comment may be a text
        except errors() as error:
            raise DownslopeError("data.sql", reason=in_one_line(error)) from None


_TREE = "SELECT json_serialize_sql($query)"
_ENDING = re.compile(r"(;|\s|--[^\n]*|/\*([^*]|\*(?!/))*\*/)+\Z")


def _refuse_unsafe(connection: Any, query: str) -> None:
    """Refuse what is more than one SELECT that reads tables from files."""
    statements = connection.extract_statements(query)
    kinds = [str(statement.type).rpartition(".")[2] for statement in statements]
    if kinds != ["SELECT"]:
        raise DownslopeError("data.sql_not_select", found="; ".join(kinds) or "nothing")
    ((tree,),) = connection.execute(_TREE, {"query": query}).fetchall()
    parsed = json.loads(tree)
    if parsed.get("error"):
        raise DownslopeError("data.sql", reason=str(parsed.get("error_message", "")).partition("\n")[0])
    for node in _nodes(parsed["statements"]):
        kind, name = node.get("type"), str(node.get("function_name") or "").lower()
        if isinstance(kind, str) and kind.endswith("_NODE") and kind not in QUERY_NODES:
            found = kind.removesuffix("_NODE").removesuffix("_QUERY")
            raise DownslopeError("data.sql_not_select", found=f"SELECT ({found})")
        if name in REFUSED_FUNCTIONS:
            raise DownslopeError("data.sql_function", name=name)
        if kind == "TABLE_FUNCTION":
            called = str(node.get("function", {}).get("function_name", "")).lower()
            if called not in TABLE_FUNCTIONS:
                raise DownslopeError("data.sql_function", name=called)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """All objects in a tree of JSON."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


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

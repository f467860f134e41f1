"""The text of a script: read from a file or a notebook, with its cells, magics and limits."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import stat
import sys
import textwrap
import tokenize
import warnings
from dataclasses import dataclass
from pathlib import Path

from ...errors import DownslopeError

FILE_BYTES = 64_000_000  # notebooks carry their pictures
CODE_CHARACTERS = 500_000
STREAMS = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
FOREIGN_CELLS = re.compile(
    r"%%(?!time|timeit|capture|prun|memit|python3?\b|pypy)\w", re.ASCII
)  # %%bash, %%html, %%writefile: the cell is no Python
STATEMENT_MAGICS = re.compile(
    r"%%?(time|timeit|prun|memit|mprun|lprun|capture)\b((?:\s+-\w+(?:\s+\d+)?)*)\s?"
)
ALIAS = re.compile(r"^(\s*)type\s+(\w+)(\s*=(?!=)\s*\S.*)$")  # PEP 695, which Python 3.11 cannot parse


@dataclass(frozen=True)
class Text:
    """Python text, and where its cells begin: [(cell, first line)], 1-based; no cells for a plain script."""

    code: str
    path: str
    cells: tuple[tuple[int, int], ...] = ()

    def place(self, line: int) -> tuple[int | None, int]:
        """(cell, line in the cell) of a line of the code; (None, line) in a plain script."""
        began = [(cell, first) for cell, first in self.cells if first <= line]
        return (began[-1][0], line - began[-1][1] + 1) if began else (None, line)


def read(path_or_text: str | os.PathLike) -> Text:
    """A string with a line break is the script itself; anything else is the path of a script or notebook."""
    inline = isinstance(path_or_text, str) and "\n" in path_or_text
    path = "<script>" if inline else os.fspath(path_or_text)
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    raw = None if inline else _bytes(Path(path))
    text = str(path_or_text) if raw is None else ""
    start = (
        text.lstrip()[:1] if raw is None else raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1].decode("latin-1")
    )
    notebook = (
        _notebook(text if raw is None else raw, path) if start == "{" or path.endswith(".ipynb") else None
    )
    if notebook is None:
        notebook = Text(_decoded(raw, path) if raw is not None else text, path)
    if len(notebook.code) > CODE_CHARACTERS:
        raise DownslopeError("scripts.too_long", path=path, size=len(notebook.code), limit=CODE_CHARACTERS)
    return notebook


def parse(text: Text) -> tuple[str, ast.Module]:
    """The code as Python reads it, and its tree: line breaks made equal, magics and aliases put aside.

    Raises DownslopeError where it is no Python.
    """
    code = text.code.replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" is the script's own affair
            try:
                return code, ast.parse(code)
            except SyntaxError:
                plain = "\n".join(map(_without_alias, without_magics(code)))
                if plain == code:
                    raise
                return plain, ast.parse(plain)
    except SyntaxError as error:
        cell, line = text.place(error.lineno or 1)
        facts = {"path": text.path, "line": line, "column": error.offset or 1, "reason": error.msg}
        facts |= {
            "source": (error.text or "").strip()[:200],
            "python": ".".join(map(str, sys.version_info[:2])),
        }
        if cell is not None:
            raise DownslopeError("scripts.syntax_in_cell", **facts, cell=cell) from None
        raise DownslopeError("scripts.syntax", **facts) from None
    except ValueError:  # a null byte, a lone surrogate
        raise DownslopeError("scripts.not_text", path=text.path) from None
    except (RecursionError, MemoryError):
        raise DownslopeError("scripts.too_deep", path=text.path) from None


def _bytes(path: Path) -> bytes:
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise DownslopeError("scripts.is_a_folder", path=path)
        if not stat.S_ISREG(mode) and not str(path).startswith(STREAMS):
            raise DownslopeError("scripts.no_file", path=path)
        with open(path, "rb") as file:
            raw = file.read(FILE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise DownslopeError("scripts.no_such_file", path=path) from None
    except OSError as error:
        raise DownslopeError("scripts.unreadable", path=path, reason=error.strerror or str(error)) from None
    except ValueError as error:
        if isinstance(error, DownslopeError):
            raise
        raise DownslopeError("scripts.no_such_file", path=repr(str(path))) from None  # a null in the name
    if len(raw) > FILE_BYTES:
        raise DownslopeError("scripts.too_long", path=path, size=len(raw), limit=FILE_BYTES)
    return raw


def _decoded(raw: bytes, path: str) -> str:
    """The text of a file, in the encoding that it declares, else UTF-8."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        text = raw.decode(encoding)
    except (SyntaxError, UnicodeError, LookupError):
        raise DownslopeError("scripts.not_text", path=path) from None
    if "\0" in text:
        raise DownslopeError("scripts.not_text", path=path)
    return text


def _notebook(raw: bytes | str, path: str) -> Text | None:
    """The Python cells of a Jupyter notebook, one after the other; None for what is none."""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        data = None
    sheets = data.get("worksheets") if isinstance(data, dict) else None
    holder = sheets[0] if isinstance(sheets, list) and sheets else data
    cells = holder.get("cells") if isinstance(holder, dict) else None
    if not isinstance(cells, list):
        if path.endswith(".ipynb"):
            raise DownslopeError("scripts.not_notebook", path=path)
        return None
    language = _language(data)
    if language and not language.lower().startswith(("python", "ipython", "xpython")):
        raise DownslopeError("scripts.other_kernel", path=path, language=language)
    lines: list[str] = []
    places = []
    for number, cell in enumerate(cells, 1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", cell.get("input", ""))
        code = "".join(map(str, source)) if isinstance(source, list) else str(source)
        code = code.replace("\r\n", "\n").replace("\r", "\n")
        places.append((number, len(lines) + 1))
        lines += without_magics(code)
    return Text("\n".join(lines) + "\n", path, tuple(places))


def _language(data: dict) -> str:
    metadata = data.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    for part, key in (("language_info", "name"), ("kernelspec", "language"), ("kernelspec", "name")):
        holder = metadata.get(part)
        if isinstance(holder, dict) and isinstance(holder.get(key), str) and holder[key]:
            return holder[key]
    return ""


def without_magics(code: str) -> list[str]:
    """The lines of a cell with what only IPython understands put aside, each line at its place."""
    lines = code.split("\n")
    first = next((line for line in lines if line.strip()), "")
    if FOREIGN_CELLS.match(first.lstrip()):
        return ["" for _ in lines]
    made: list[str] = []
    continued = False
    for line in lines:
        body = line.lstrip()
        indent = line[: len(line) - len(body)]
        if continued:
            made.append("")
            continued = line.rstrip().endswith("\\")
            continue
        timed = STATEMENT_MAGICS.match(body)
        assigned = re.match(r"([\w.,\s]+?)\s*=\s*[!%]\s*\w", body)
        if timed and timed.group(1) != "capture" and not body.startswith("%%"):
            rest = body[timed.end() :]
            made.append(indent + (rest if _is_python(rest) else "pass"))
        elif body.startswith(("%", "!")) or (body.startswith("?") or re.fullmatch(r"[\w.]+\?\??\s*", body)):
            continued = line.rstrip().endswith("\\")
            made.append(indent + "pass" if indent or not body.startswith("%%") else "")
        elif assigned and not _is_python(body):
            made.append(f"{indent}{assigned.group(1)} = get_ipython()")
        else:
            made.append(line)
    return made


def _is_python(line: str) -> bool:
    try:
        ast.parse(textwrap.dedent(line))
    except (SyntaxError, ValueError):
        return False
    return True


def _without_alias(line: str) -> str:
    return ALIAS.sub(r"\1\2\3", line)

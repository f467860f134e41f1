"""Renames by the table vocabulary.toml: `python tools/rename.py ROOM ...` applies its rows for these rooms.

A row has the room, the kind, the old name and the new one; it is applied once it says `applied = true`. A
class or function is renamed wherever its name stands in src, tests and benchmarks; a member of classes where
the room defines it, and as an attribute of every receiver that the row names. A local name or a parameter is
renamed inside the functions that bind it: to what `scopes` says for this function, else by what it is bound
to: a dict, a list, a text or anything else.

Only names of code are touched, no string, so that nothing that is stored or printed changes.
tests/test_structure.py asks `refused`, which finds old names that are defined again.
"""

from __future__ import annotations

import ast
import functools
import io
import re
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "downslope"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def table() -> list[dict]:
    return tomllib.loads((ROOT / "tools" / "vocabulary.toml").read_text(encoding="utf-8"))["name"]


def files_of(room: str) -> list[Path]:
    inside = SOURCE / room
    return sorted(inside.rglob("*.py")) if inside.is_dir() else [inside.with_suffix(".py")]


def renamed(source: str, old: str, new: str, first: int = 1, last: int = 10**9) -> str:
    """The text with the name `old` replaced by `new` in these lines, attributes and keywords excepted."""
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    lines = source.splitlines(keepends=True)
    depth = 0
    for before, token, after in reversed([*zip([None, *tokens], tokens, [*tokens[1:], None])]):
        depth += (token.string in ")]}") - (token.string in "([{") if token.type == tokenize.OP else 0
        (row, start), (end, stop) = token.start, token.end
        if not first <= row <= last:
            continue
        if token.type == tokenize.NAME and token.string == old:
            attribute = before is not None and before.string == "."
            keyword = after is not None and after.string == "=" and depth > 0
            if not attribute and not keyword:
                lines[row - 1] = lines[row - 1][:start] + new + lines[row - 1][stop:]
        elif token.type == tokenize.STRING and re.match(r"[rR]?[fF]", token.string):
            text = re.sub(r"\{[^{}]*\}", lambda m: _inside(m[0], old, new), token.string)
            if row == end:
                lines[row - 1] = lines[row - 1][:start] + text + lines[row - 1][stop:]
    return "".join(lines)


def _inside(field: str, old: str, new: str) -> str:
    """The code of one {…} of an f-string."""
    code, colon, form = field.partition(":")
    return re.sub(rf"(?<![\w.'\"]){old}(?![\w'\"])", new, code) + colon + form


# ---- definitions -------------------------------------------------------------------------------------------


def sources() -> list[Path]:
    return [
        path for folder in ("src", "tests", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))
    ]


def rename_definition(row: dict) -> None:
    """A class or a function of this name, wherever its name stands: as a name, and as `module.name`."""
    for path in sources():
        source = path.read_text(encoding="utf-8")
        if row["old"] in source:
            lines, places = source.splitlines(keepends=True), []
            for token in tokenize.generate_tokens(io.StringIO(source).readline):
                if token.type == tokenize.NAME and token.string == row["old"]:
                    places.append(token.start)
            _replace(path, lines, places, row)


def rename_member(row: dict) -> None:
    """`.old` on every receiver that one of the patterns in `receivers` matches, and what the room defines."""
    home = files_of(row["room"])
    for path in sources():
        source = path.read_text(encoding="utf-8")
        lines, places = source.splitlines(keepends=True), []
        for node in ast.walk(ast.parse(source)) if row["old"] in source else ():
            if isinstance(node, ast.Attribute) and node.attr == row["old"]:
                receiver = ast.unparse(node.value)
                if any(re.fullmatch(one, receiver) for one in row.get("receivers", [".*"])):
                    end = len(lines[node.end_lineno - 1].encode()[: node.end_col_offset].decode())
                    places.append((node.end_lineno, end - len(row["old"])))
        if path in home:
            for _, line in (one for one in definitions(ast.parse(source), "member") if one[0] == row["old"]):
                places.append((line, re.search(rf"\b{row['old']}\b", lines[line - 1]).start()))
        _replace(path, lines, places, row)


def _replace(path: Path, lines: list[str], places: list[tuple[int, int]], row: dict) -> None:
    for line, start in sorted(set(places), reverse=True):
        text = lines[line - 1]
        lines[line - 1] = text[:start] + row["new"] + text[start + len(row["old"]) :]
    if places:
        path.write_text("".join(lines), encoding="utf-8")


# ---- local names -------------------------------------------------------------------------------------------


def bound(function: ast.AST, old: str) -> list[ast.AST]:
    """Where a function binds the name: assignments, loops, and its parameters."""
    return [
        node
        for node in ast.walk(function)
        if (isinstance(node, ast.Name) and node.id == old and isinstance(node.ctx, ast.Store))
        or (isinstance(node, ast.arg) and node.arg == old)
    ]


def kind_of(function: ast.AST, old: str) -> str:
    """What the name is bound to at first: "dict", "list", "text", or "other"."""
    for node in ast.walk(function):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == old and isinstance(node, ast.Assign | ast.AnnAssign):
            value = node.value
            called = ast.unparse(value.func) if isinstance(value, ast.Call) else ""
            if isinstance(value, ast.Dict | ast.DictComp) or called == "dict":
                return "dict"
            if isinstance(value, ast.List | ast.ListComp | ast.Tuple) or called in (
                "list",
                "tuple",
                "sorted",
            ):
                return "list"
            if (
                isinstance(value, ast.JoinedStr)
                or called.endswith(".join")
                or called in ("text", "str", "say")
            ):
                return "text"
            if isinstance(value, ast.BinOp) and any(
                isinstance(part, ast.Constant | ast.JoinedStr) for part in (value.left, value.right)
            ):
                return "text"
        if isinstance(node, ast.arg) and node.arg == old and node.annotation is not None:
            return "dict" if re.match("Mapping|dict", ast.unparse(node.annotation)) else "other"
    return "other"


def rename_local(row: dict, path: Path) -> None:
    """A file's functions, from the last to the first, so that lines stay where they are."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    old = row["old"]
    top = {
        name.asname or name.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    if old in top | {getattr(node, "name", "") for node in tree.body}:
        return  # the file means a function of that name
    outer = [node for node in tree.body if isinstance(node, FUNCTIONS)]
    for kind in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        outer += [node for node in kind.body if isinstance(node, FUNCTIONS)]
    for function in sorted(outer, key=lambda node: -node.lineno):
        if not bound(function, old):
            continue
        used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        used |= {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
        scope = row.get("scopes", {}).get(f"{path.relative_to(SOURCE)}:{function.name}")
        names = [scope] if scope else row["new"][kind_of(function, old)]
        new = next((name for name in names if name not in used), None)
        if new is None:
            print(f"{path.relative_to(ROOT)}:{function.lineno}: none of {names} is free in {function.name}")
            continue
        source = renamed(source, old, new, function.lineno, function.end_lineno or 0)
    path.write_text(source, encoding="utf-8")


# ---- what the lint asks ------------------------------------------------------------------------------------


def definitions(tree: ast.AST, kind: str) -> Iterator[tuple[str, int]]:
    """(name, line) of all that a file defines of this kind, but for deprecated names, `old =
    Renamed("new")`."""
    deprecated = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and "Renamed(" in ast.unparse(node.value)
        for target in node.targets
        for name in ast.walk(target)
    }
    for node in ast.walk(tree):
        if node in deprecated:
            continue
        if kind == "member" and isinstance(node, ast.ClassDef):
            for one in node.body:
                if isinstance(one, FUNCTIONS) and "warn_renamed(" not in ast.unparse(one):
                    yield one.name, one.lineno
                elif isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
                    yield one.target.id, one.lineno
        elif isinstance(node, {"class": ast.ClassDef, "function": FUNCTIONS}.get(kind, ())):
            yield node.name, node.lineno
        elif kind == "local" and isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif kind == "local" and isinstance(node, ast.arg):
            yield node.arg, node.lineno


def refused() -> list[str]:
    """Old names that a room defines again although the table says that they are gone."""
    found = []

    @functools.cache
    def defined(path: Path, kind: str) -> list[tuple[str, int]]:
        return list(definitions(tree_of(path), kind))

    @functools.cache
    def tree_of(path: Path) -> ast.Module:
        return ast.parse(path.read_text(encoding="utf-8"))

    for row in table():
        if row["applied"] and row["kind"] == "file":
            if (SOURCE / row["old"]).exists():
                found.append(f"{row['old']} is there, a file whose name is {row['new']}")
        elif row["applied"]:
            for path in files_of(row["room"]):
                if any(path.is_relative_to(ROOT / one) for one in row.get("but", ())):
                    continue
                for name, line in defined(path, row["kind"]):
                    if name == row["old"]:
                        found.append(f"{path.relative_to(ROOT)}:{line} defines {name}, a name that is gone")
    return found


def main(asked: list[str]) -> int:
    for row in table():
        if row["room"] not in asked or not row["applied"]:
            continue
        if row["kind"] == "local":
            for path in files_of(row["room"]):
                if not any(path.is_relative_to(ROOT / one) for one in row.get("but", ())):
                    rename_local(row, path)
        elif row["kind"] == "member":
            rename_member(row)
        elif row["kind"] != "file":
            rename_definition(row)
    for line in refused():
        print(line)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

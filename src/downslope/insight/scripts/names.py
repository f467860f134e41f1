"""A name that nothing defines."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator
from difflib import get_close_matches

from .finding import Fix, Slip, rule
from .script import Script
from .values import VOCABULARY, words

ALWAYS = {*dir(builtins)} | words(
    "__file__ __class__ __module__ __qualname__ __annotations__ WindowsError display get_ipython _ __ In Out"
)
DYNAMIC = {"exec", "globals", "locals", "vars", "setattr"}


@rule
def undefined(script: Script) -> Iterator[Slip]:
    """A name that is read, and neither imported nor assigned anywhere."""
    used = {node.id for node in script.nodes if isinstance(node, ast.Name)}
    caught = (n.type for n in script.nodes if isinstance(n, ast.ExceptHandler) and n.type)
    if script.stars or used & DYNAMIC or any("NameError" in ast.unparse(type_) for type_ in caught):
        return
    top = symtable.symtable(script.text, "script", "exec")
    symbols = [(table, symbol) for table in _tables(top) for symbol in table.get_symbols()]
    known = {s.get_name() for t, s in symbols if t is top and (s.is_assigned() or s.is_imported())}
    known |= {s.get_name() for _, s in symbols if s.is_declared_global() and s.is_assigned()}
    read = {s.get_name() for t, s in symbols if s.is_referenced() and (t is top or s.is_global())}
    homes = VOCABULARY["homes"]
    for name in sorted(read - known - ALWAYS):
        uses = [n for n in script.reads[name] if isinstance(n, ast.Name) and not script.bound(n)]
        uses = [n for n in uses if not _annotates(script, n)]
        if uses:
            use, mend = min(uses, key=lambda n: (n.lineno, n.col_offset)), None
            near = get_close_matches(name, known, n=1, cutoff=0.75)
            if name in homes:
                first = _imports_at(script)
                mend = Fix(first, first - 1, homes[name])
            elif near:
                mend = script.replaced(use, near[0])
            yield Slip(use, {"name": name, "count": len(uses)}, mend)


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def _annotates(script: Script, node: ast.AST) -> bool:
    """In an annotation, which need not be evaluated."""
    for up in script.above(node):
        above = script.parent.get(up)
        if up is getattr(above, "annotation", None) or up is getattr(above, "returns", None):
            return True
    return False


def _imports_at(script: Script) -> int:
    """The line before which an import goes: the first statement after the docstring and __future__."""
    for statement in script.tree.body:
        docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if not docstring and not future:
            return statement.lineno
    return len(script.lines) + 1

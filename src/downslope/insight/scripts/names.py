"""A name that nothing defines."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator
from difflib import get_close_matches

from .finding import Mend, Slip
from .reading import Script

ALWAYS = {
    *dir(builtins),
    "__file__",
    "__class__",
    "__module__",
    "__qualname__",
    "__annotations__",
    "WindowsError",
}
NOTEBOOK = {"display", "get_ipython", "_", "__", "In", "Out"}
HOMES = {
    "np": "import numpy as np",
    "numpy": "import numpy",
    "torch": "import torch",
    "nn": "from torch import nn",
    "optim": "from torch import optim",
    "F": "import torch.nn.functional as F",
    "Variable": "from torch.autograd import Variable",
    "DataLoader": "from torch.utils.data import DataLoader",
    "TensorDataset": "from torch.utils.data import TensorDataset",
    "Dataset": "from torch.utils.data import Dataset",
    "plt": "import matplotlib.pyplot as plt",
    "pd": "import pandas as pd",
    "tqdm": "from tqdm import tqdm",
    "train_test_split": "from sklearn.model_selection import train_test_split",
    "StandardScaler": "from sklearn.preprocessing import StandardScaler",
    **{
        name: f"import {name}"
        for name in ("math", "random", "os", "sys", "time", "copy", "json", "re", "csv")
    },
}
DYNAMIC = {"exec", "globals", "locals", "vars", "setattr"}


def undefined(script: Script) -> Iterator[Slip]:
    """A name that is read, and neither imported nor assigned anywhere."""
    told = {node.id for node in script.nodes if isinstance(node, ast.Name)}
    guarded = any(
        isinstance(n, ast.ExceptHandler) and n.type and "NameError" in ast.unparse(n.type)
        for n in script.nodes
    )
    if script.stars or told & DYNAMIC or guarded:
        return
    top = symtable.symtable(script.text, "script", "exec")
    tables = list(_tables(top))
    known = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    known |= {
        s.get_name() for t in tables for s in t.get_symbols() if s.is_declared_global() and s.is_assigned()
    }
    read = {s.get_name() for t in tables for s in t.get_symbols() if s.is_referenced() and _global(t, s, top)}
    missing = read - known - ALWAYS - NOTEBOOK
    for name in sorted(missing):
        uses = [
            n for n in script.nodes if isinstance(n, ast.Name) and n.id == name and not _annotates(script, n)
        ]
        uses = [n for n in uses if isinstance(n.ctx, ast.Load) and not script.bound(n)]
        if uses:
            use = min(uses, key=lambda n: (n.lineno, n.col_offset))
            home, mend = HOMES.get(name), None
            near = [] if home else get_close_matches(name, known, n=1, cutoff=0.75)
            if home:
                first = _imports_at(script)
                mend = Mend(first, first - 1, home)
            elif near:
                mend = script.replaced(use, near[0])
            yield Slip(use, {"name": name, "count": len(uses)}, mend)


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def _global(table: symtable.SymbolTable, symbol: symtable.Symbol, top: symtable.SymbolTable) -> bool:
    if table is top:
        return not (symbol.is_assigned() or symbol.is_imported())
    return symbol.is_global()


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


RULES = {"undefined": undefined}

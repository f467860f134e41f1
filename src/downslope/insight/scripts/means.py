"""Mistakes of 1/n: a mean that is a sum, and a batch divided by the rows of all batches."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from . import meaning as m
from .finding import Slip
from .reading import Script
from .sums import MEAN, _loop_names, rows

AVERAGES = {"mean", "average", "mse_loss", "len", "MSELoss", "median", "nanmean", "fmean"}


def missing_mean(script: Script) -> Iterator[Slip]:
    """A sum over the rows under the name of a mean, or a gradient without the 1/n of its cost."""
    for function in script.functions:
        total = _summed(script, function)
        if total is None or _divides(script, function):
            continue
        loop, result = total
        cost = _mean_cost(script, function)
        begun = [b.value for b in script.bound(result) if b.kind == "assign"]
        if not (MEAN.search(function.name) or cost) or not all(isinstance(v, ast.Constant) for v in begun):
            continue
        if any(_scaled(script, call) for call in script.callers(function)):
            continue
        n = rows(script, loop) or 0
        counted = _counted(script, loop)
        if counted is None:
            continue
        numbers = {"name": function.name, "rows": n, "cost": cost or function.name}
        mend = script.replaced(result, f"{script.source(result)} / {counted}")
        yield Slip(script.statement(result), numbers, mend, "missing_mean" if n else "missing_mean_rows")


def _summed(script: Script, function: ast.FunctionDef) -> tuple[ast.For, ast.expr] | None:
    """The loop over rows, and the returned name that it adds to."""
    results = m.returned(function)
    if len(results) != 1 or not isinstance(results[0], ast.Name):
        return None
    name = results[0].id
    for node in ast.walk(function):
        if isinstance(node, ast.For) and script.block[script.statement(results[0])][0] is not node.body:
            for inner in node.body:
                added = isinstance(inner, ast.AugAssign) and isinstance(inner.op, ast.Add)
                if (
                    added
                    and script.key(inner.target) == name
                    and script.depends(inner.value, _loop_names(node))
                ):
                    return node, results[0]
    return None


def _divides(script: Script, function: ast.FunctionDef) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Div):
            return True
        if (
            isinstance(node, ast.Call)
            and (script.path(node.func) or ast.unparse(node.func)).split(".")[-1] in AVERAGES
        ):
            return True
    return False


def _mean_cost(script: Script, gradient: ast.FunctionDef) -> str | None:
    """The cost of this script that does divide by the rows, for a gradient that does not."""
    if not re.search(r"grad|slope|deriv", gradient.name, re.I):
        return None
    for function in script.functions:
        if not re.search(r"cost|loss|mse", function.name, re.I) or len(m.returned(function)) != 1:
            continue
        result = m.returned(function)[0]
        divided = isinstance(result, ast.BinOp) and isinstance(result.op, ast.Div)
        if (
            divided
            and isinstance(result.left, ast.Name)
            and script.key(getattr(result.right, "func", result)) == "len"
        ):
            return function.name
    return None


def _scaled(script: Script, call: ast.Call) -> bool:
    """The caller divides, or multiplies by what is no learning rate."""
    up = script.parent[call]
    if isinstance(up, ast.BinOp) and isinstance(up.op, ast.Div):
        return True
    names = {script.key(t) for t in getattr(script.statement(call), "targets", ())} - {""}
    for node in script.nodes:
        if isinstance(node, ast.Div):
            division = script.parent[node]
            if any(script.key(inner) in names for inner in ast.walk(division)):
                return True
            if any(
                script.key(inner) in ("lr", "rate", "learning_rate", "alpha", "eta")
                for inner in ast.walk(division)
            ):
                return True
    return False


def _counted(script: Script, loop: ast.For) -> str | None:
    """The number of rows, as the script would write it: n of range(n), else len(xs)."""
    over = loop.iter
    ranged = isinstance(over, ast.Call) and script.key(over.func) == "range" and len(over.args) == 1
    if isinstance(over, ast.Call) and over.args:
        over = over.args[0]
        if ranged:
            return script.source(over)
        if isinstance(over, ast.Call) and over.args:
            over = over.args[0]
    return f"len({over.id})" if isinstance(over, ast.Name) else None


def batch_mean(script: Script) -> Iterator[Slip]:
    """The sum over a batch divided by the rows of all: n/b times too small a step."""
    for node in script.nodes:
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div) or not script.loops(node):
            continue
        loop = script.loops(node)[0]
        whole = _whole(script, node.right)
        batch = _sliced(script, loop, whole) if whole else None
        if whole is None or batch is None or not _sum_of(script, node.left, batch.id):
            continue
        statement = script.statement(node)
        if not _moves(script, loop, statement):
            continue
        n = m.number(script, node.right) or _rows_of(script, node.left, whole) or 0
        numbers = {"whole": script.source(node.right), "batch": batch.id, "rows": n}
        yield Slip(node, numbers, script.replaced(node.right, f"len({batch.id})"))


def _rows_of(script: Script, node: ast.AST, name: str) -> int | None:
    """How many rows the data of this name have, where the text tells."""
    for other in script.nodes:
        if script.key(other) == name:
            found = script.shape(other)
            if found and isinstance(found[0], int):
                return found[0]
    return None


def _whole(script: Script, node: ast.AST) -> str | None:
    """X of len(X), X.shape[0], or n = len(X)."""
    value = script.resolve(node)
    if isinstance(value, ast.Call) and script.key(value.func) == "len" and len(value.args) == 1:
        return script.key(value.args[0]) or None
    if isinstance(value, ast.Subscript) and ast.unparse(value).endswith(".shape[0]"):
        return script.key(value.value.value) or None
    return None


def _sliced(script: Script, loop: ast.AST, whole: str) -> ast.Name | None:
    """xb of xb = X[i : i + b], in this loop."""
    for node in ast.walk(loop):
        pairs: list = []
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            paired = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            pairs = list(zip(target.elts, value.elts)) if paired else [(target, value)]
        for target, value in pairs:
            cut = (
                isinstance(value, ast.Subscript)
                and script.key(value.value) == whole
                and isinstance(target, ast.Name)
            )
            if cut and (isinstance(value.slice, ast.Slice | ast.Name) or _some(value.slice)):
                if isinstance(value.slice, ast.Name) and not _cut(script, value.slice):
                    continue  # X[i] may be one row
                return target
    return None


def _some(index: ast.AST) -> bool:
    return isinstance(index, ast.Subscript) and isinstance(index.slice, ast.Slice)


def _cut(script: Script, index: ast.Name) -> bool:
    """order[i : i + b]"""
    return _some(script.resolve(index))


def _sum_of(script: Script, node: ast.AST, batch: str) -> bool:
    """A sum over the rows of the batch, and no mean."""
    inside = list(ast.walk(node))
    for name in [n for n in inside if isinstance(n, ast.Name)]:
        behind = script.resolve(name)
        inside += list(ast.walk(behind)) if isinstance(behind, ast.Call) else []
    calls = [n.func.attr for n in inside if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    reduction = any(
        isinstance(n, ast.keyword) and n.arg == "reduction" and ast.unparse(n.value) == "'sum'"
        for c in [*inside, *(m.module(script, n.func) for n in inside if isinstance(n, ast.Call))]
        if c is not None
        for n in ast.walk(c)
    )
    product = any(
        isinstance(n, ast.BinOp) and isinstance(n.op, ast.MatMult) and _turned(n.left) for n in inside
    )
    product = product or any(_dotted(script, n) for n in inside)
    summed = "sum" in calls or reduction or product
    return summed and "mean" not in calls and script.depends(node, {batch})


def _dotted(script: Script, node: ast.AST) -> bool:
    """X.T.dot(r), np.dot(X.T, r)"""
    if not m.is_method(node, "dot", "matmul", "mm"):
        return False
    first = node.args[0] if script.path(node.func) and node.args else node.func.value
    return _turned(first)


def _turned(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr == "T" for n in ast.walk(node))


def _moves(script: Script, loop: ast.AST, statement: ast.stmt) -> bool:
    """The value is descended in the same loop: loss.backward() and a step, or w -= rate * g."""
    inside = list(ast.walk(loop))
    if isinstance(statement, ast.Assign):
        name = script.key(statement.targets[0])
        if not name:
            return False
        back = any(m.is_method(n, "backward") and script.key(n.func.value) == name for n in inside)
        if back and any(m.steps(script, n) or m.by_gradient(n) is not None for n in inside):
            return True
        updates = [n for n in inside if isinstance(n, ast.AugAssign) and isinstance(n.op, ast.Sub)]
        return any(script.key(n) == name for u in updates for n in ast.walk(u.value))
    return isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Sub)


RULES = {"missing_mean": missing_mean, "batch_mean": batch_mean}

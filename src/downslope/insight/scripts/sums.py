"""Mistakes in sums over rows: one row counts for all, a mean that is none, a sum that keeps its graph."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from . import meaning as m
from .finding import Mend, Slip
from .reading import Binding, Script

SUMMED = re.compile(r"loss|cost|grad|err|mse|risk|objective|slope", re.I)
MEAN = re.compile(r"(^|_)(mean|mse|avg|average|rmse)(_|$)", re.I)
LOSSY = re.compile(r"loss|cost|err|mse|^l$", re.I)
HONEST = re.compile(r"last|batch|step|iter|row|sample|current|final|latest|最后|批|行|当前", re.I)


def rows(script: Script, loop: ast.AST) -> int | None:
    """How many rows a loop goes over, where the text tells."""
    if not isinstance(loop, ast.For):
        return None
    over = script.resolve(loop.iter)
    if isinstance(over, ast.Call) and script.key(over.func) == "enumerate" and over.args:
        over = script.resolve(over.args[0])
    parts = over.args if isinstance(over, ast.Call) and script.key(over.func) == "zip" else [over]
    for part in map(script.resolve, parts):
        if isinstance(part, ast.List | ast.Tuple):
            return len(part.elts)
        found = script.shape(part) if isinstance(part, ast.Call | ast.Name) else None
        if found and isinstance(found[0], int):
            return found[0]
    return m.passes(script, loop)


def _loop_names(loop: ast.AST) -> set[str]:
    return (
        {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
        if isinstance(loop, ast.For)
        else set()
    )


def _over_rows(script: Script, loop: ast.AST) -> bool:
    """for x, y in zip(…), for i in range(len(x)), for i in range(n), for x, y in rows."""
    return isinstance(loop, ast.For) and not m.over_parameters(loop)


def one_row(script: Script) -> Iterator[Slip]:
    """A return inside the loop, or g = … instead of g += …: one row counts for all."""
    for loop in script.nodes:
        if not isinstance(loop, ast.For) or not _over_rows(script, loop):
            continue
        yield from _returned_early(script, loop)
        yield from _overwritten(script, loop)


def _returned_early(script: Script, loop: ast.For) -> Iterator[Slip]:
    final = loop.body[-1]
    if not isinstance(final, ast.Return) or final.value is None:
        return
    names = {node.id for node in ast.walk(final.value) if isinstance(node, ast.Name)}
    summed = [s for s in loop.body if isinstance(s, ast.AugAssign) and isinstance(s.op, ast.Add)]
    if any(isinstance(n, ast.Break | ast.Continue | ast.Return) for s in loop.body[:-1] for n in ast.walk(s)):
        return
    if any(script.key(s.target) in names for s in summed):
        n = rows(script, loop) or 0
        text = script.indent(loop) + script.source(final)
        yield Slip(
            final,
            {"loop": loop.lineno, "rows": n},
            Mend(final.lineno, final.end_lineno or final.lineno, text),
            "one_row_first" if n else "one_row_first_rows",
        )


def _overwritten(script: Script, loop: ast.For) -> Iterator[Slip]:
    """Assigned anew for each row, then divided by their count, or begun at 0 and returned as a sum."""
    for statement in loop.body:
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            continue
        name = script.key(statement.targets[0])
        bound = script.bound(statement.targets[0]) if name else []
        bound = bound if len(bound) <= 20 else []  # more than begun once and assigned once
        inside = [b for b in bound if loop in script.above(b.node)]
        if not name or len(inside) != 1 or _mentions(script, loop, name, besides=statement):
            continue
        if _self(script, statement.value, name) or not script.depends(statement.value, _loop_names(loop)):
            continue
        begun = [b for b in bound if b not in inside and _zero(b)]
        if len(bound) != len(begun) + 1:
            continue
        for use in _uses_after(script, loop, name):
            counted = _divided_by_count(script, use, loop)
            result = isinstance(script.parent[use], ast.Return) and SUMMED.search(_function_name(script, use))
            if counted or (begun and result):
                n = rows(script, loop) or 0
                new = f"{name} += {script.source(statement.value)}"
                numbers = {"name": name, "rows": n, "loop": loop.lineno}
                mend = script.rewritten(statement, new) if begun else None
                yield Slip(statement, numbers, mend, "one_row_last" if n else "one_row_last_rows")
                break


def _mentions(script: Script, loop: ast.AST, name: str, besides: ast.AST) -> bool:
    inside = (n for n in ast.walk(loop) if script.key(n) == name and besides not in script.above(n))
    return any(not _printed(script, n) for n in inside)


def _printed(script: Script, node: ast.AST) -> bool:
    """Only shown: print(g)"""
    return any(isinstance(up, ast.Call) and script.key(up.func) == "print" for up in script.above(node))


def _self(script: Script, value: ast.AST, name: str) -> bool:
    return any(script.key(node) == name for node in ast.walk(value))


def _zero(binding: Binding) -> bool:
    value = binding.value
    return isinstance(value, ast.Constant) and value.value == 0 and type(value.value) is not bool


def _uses_after(script: Script, loop: ast.AST, name: str) -> list[ast.AST]:
    """Where the name is read after the loop, in the same function."""
    scope, end = script.scope(loop), loop.end_lineno
    return [n for n in script.reads.get(name, []) if n.lineno > end and script.scope(n) is scope]


def _divided_by_count(script: Script, use: ast.AST, loop: ast.For) -> bool:
    """g / len(xs), g / n with n = len(xs)"""
    up = script.parent[use]
    if not isinstance(up, ast.BinOp) or not isinstance(up.op, ast.Div) or up.left is not use:
        return False
    count = script.resolve(up.right)
    if not isinstance(count, ast.Call) or script.key(count.func) != "len":
        return False
    over = loop.iter
    ranged = isinstance(over, ast.Call) and script.key(over.func) == "range" and len(over.args) == 1
    if ranged and ast.unparse(script.resolve(over.args[0])) == ast.unparse(count):
        return True
    data = {script.source(script.resolve(n)) for n in ast.walk(loop.iter) if isinstance(n, ast.Name)}
    return script.source(script.resolve(count.args[0])) in data


def _function_name(script: Script, node: ast.AST) -> str:
    scope = script.scope(node)
    return scope.name if isinstance(scope, ast.FunctionDef) else ""


def last_batch_loss(script: Script) -> Iterator[Slip]:
    """Printed after the loop over batches, as the loss of the epoch, is the loss of its last batch."""
    for loop in script.nodes:
        if not isinstance(loop, ast.For) or not script.loops(loop) or not _over_rows(script, loop):
            continue
        outer = script.loops(loop)[0]
        assigned = (t for n in ast.walk(loop) if isinstance(n, ast.Assign) for t in n.targets)
        for name in sorted({script.key(target) for target in assigned} - {""}):
            found = _per_batch(script, loop, name)
            if found is None:
                continue
            for use in _uses_after(script, loop, name):
                call = _report(script, use)
                if call is None or outer not in script.above(call) or HONEST.search(_said(call)):
                    continue
                n = rows(script, loop) or 0
                yield Slip(
                    call,
                    {"name": name, "loop": loop.lineno, "rows": n},
                    _summed(script, loop, outer, call, use, name),
                    "" if n else "last_batch_loss_rows",
                )
                break


def _per_batch(script: Script, loop: ast.For, name: str) -> Binding | None:
    """The name is bound once in this loop, to a loss of the batch, and nowhere else but before."""
    places = [bs for bs in script.named_bindings.get(name, []) if len(bs) <= 50]
    bound = next((bs for bs in places if any(loop in script.above(b.node) for b in bs)), [])
    inside = [b for b in bound if loop in script.above(b.node)]
    if len(inside) != 1 or inside[0].kind != "assign" or inside[0].value is None:
        return None
    binding, value = inside[0], inside[0].value
    after = [b for b in bound if getattr(b.node, "lineno", 0) > (loop.end_lineno or 0)]
    if after or script.loops(binding.node)[:1] != [loop] or _self(script, value, name):
        return None
    descended = any(script.key(call.func.value) == name for call in m.backwards(script))
    if not (descended or LOSSY.search(name)) or not script.depends(value, _loop_names(loop)):
        return None
    running = {b.name for bs in script.bindings.values() for b in bs if b.kind == "augment"}
    return None if any(script.key(n) in running - _moved(script) for n in ast.walk(value)) else binding


def _moved(script: Script) -> set[str]:
    """Weights: what is changed by subtraction."""
    return {
        b.name
        for bs in script.bindings.values()
        for b in bs
        if isinstance(b.node, ast.AugAssign) and isinstance(b.node.op, ast.Sub)
    }


def _report(script: Script, use: ast.AST) -> ast.Call | None:
    """print(… loss …), history.append(loss), writer.add_scalar(…, loss, …)"""
    for up in script.above(use):
        if isinstance(up, ast.stmt):
            return None
        if isinstance(up, ast.Call) and (
            script.key(up.func) == "print" or m.is_method(up, "append", "add_scalar", "info", "log")
        ):
            return up
    return None


def _said(call: ast.Call) -> str:
    parts = [n.value for n in ast.walk(call) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return " ".join([*parts, ast.unparse(call.func)])


def _summed(
    script: Script, loop: ast.For, outer: ast.AST, call: ast.Call, use: ast.AST, name: str
) -> Mend | None:
    """The loop with a running total, and the report of its mean."""
    source = [
        n
        for n in ast.walk(loop.iter)
        if isinstance(n, ast.Name) and n.id not in ("zip", "enumerate", "range", "len")
    ]
    report = script.statement(call)
    if not source or script.block[report][0] is not script.block[loop][0]:
        return None
    whole = use
    up = script.parent[use]
    if isinstance(up, ast.Attribute) and m.is_method(script.parent[up], "item"):
        whole = script.parent[up]
    tensor = any(script.key(c.func.value) == name for c in m.backwards(script))
    inner = " " * (loop.body[-1].col_offset)
    kept = _running(script, loop, name)
    bound = script.named_bindings
    total = kept or next(
        n for n in ("total", "loss_sum", "epoch_loss_sum") if n not in bound or n == "epoch_loss_sum"
    )
    shown = script.replaced(whole, f"{total} / {_count(script, loop, source[-1].id)}")
    if shown.first != report.lineno or shown.last != report.end_lineno:
        return None
    if kept:  # the sum is there already: only the report is wrong
        return shown
    lines = [
        f"{script.indent(loop)}{total} = 0.0",
        *script.lines[loop.lineno - 1 : loop.end_lineno],
        f"{inner}{total} += {name}{'.item()' if tensor else ''}",
        *script.lines[loop.end_lineno : report.lineno - 1],
        shown.text,
    ]
    return Mend(loop.lineno, report.end_lineno or report.lineno, "\n".join(lines))


def _running(script: Script, loop: ast.For, name: str) -> str | None:
    """The variable that already sums this loss over the loop: total += loss.item()"""
    for statement in loop.body:
        if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add):
            whole = statement.value
            while isinstance(whole, ast.Call) and isinstance(whole.func, ast.Attribute) and not whole.args:
                whole = whole.func.value
            if script.key(whole) == name and isinstance(statement.target, ast.Name):
                return statement.target.id
    return None


def _count(script: Script, loop: ast.For, name: str) -> str:
    indexed = isinstance(loop.iter, ast.Call) and script.key(loop.iter.func) == "range"
    return f"len({ast.unparse(loop.iter)})" if indexed else f"len({name})"


RULES = {"one_row": one_row, "last_batch_loss": last_batch_loss}

"""Mistakes in sums over rows: one row counts for all, a mean that is none, the last batch for the epoch."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from . import trace
from .finding import Fix, Slip, rule
from .script import FUNCTIONS, Script, is_method

SUMMED = re.compile(r"loss|cost|grad|err|mse|risk|objective|slope", re.I)
MEAN = re.compile(r"(^|_)(mean|mse|avg|average|rmse)(_|$)", re.I)
LOSSY = re.compile(r"loss|cost|err|mse|^l$", re.I)
HONEST = re.compile(r"last|batch|step|iter|row|sample|current|final|latest|最后|批|行|当前", re.I)
RATES = ("lr", "rate", "learning_rate", "alpha", "eta")
AVERAGES = {"mean", "average", "mse_loss", "len", "MSELoss", "median", "nanmean", "fmean"}


def _row_loops(script: Script) -> list[ast.For]:
    """for x, y in zip(…), for i in range(len(x)), for x, y in rows: all but loops over parameters."""
    loops = (node for node in script.nodes if isinstance(node, ast.For))
    return [loop for loop in loops if "param" not in ast.unparse(loop.iter)]


def _rows(script: Script, loop: ast.For) -> int | None:
    """How many rows a loop goes over, where the text tells."""
    over: Any = script.behind(loop.iter)
    if isinstance(over, ast.Call) and script.key(over.func) == "enumerate" and over.args:
        over = script.behind(over.args[0])
    parts = over.args if isinstance(over, ast.Call) and script.key(over.func) == "zip" else [over]
    counts = (trace.row_count(script.value(part)) for part in parts)
    known = next((count for count in counts if count is not None), None)
    return trace.passes(script, loop) if known is None else known


def _adds(node: Any) -> bool:
    """total += …"""
    return isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add)


def _subtracts(node: Any) -> bool:
    """w -= …"""
    return isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Sub)


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _mentions(script: Script, node: ast.AST, name: str) -> bool:
    return any(script.key(inner) == name for inner in ast.walk(node))


def _uses_after(script: Script, loop: ast.For, name: str) -> list[Any]:
    """Where the name is read after the loop, in the same function."""
    scope, end = script.scope(loop), loop.end_lineno or 0
    return [n for n in script.reads.get(name, []) if n.lineno > end and script.scope(n) is scope]


def _results(function: ast.FunctionDef) -> list[Any]:
    """What a function returns, without what functions inside it do."""
    inside = (f for f in ast.walk(function) if isinstance(f, FUNCTIONS) and f is not function)
    inner = {n for f in inside for n in ast.walk(f)}
    found = [n.value for n in ast.walk(function) if isinstance(n, ast.Return) and n not in inner]
    return [value for value in found if value is not None]


# ── one row for all ─────────────────────────────────────────────────────────────────────────────────
@rule
def one_row(script: Script) -> Iterator[Slip]:
    """A return inside the loop, or g = … instead of g += …: one row counts for all."""
    for loop in _row_loops(script):
        yield from _returned_early(script, loop)
        yield from _overwritten(script, loop)


def _returned_early(script: Script, loop: ast.For) -> Iterator[Slip]:
    final, before = loop.body[-1], loop.body[:-1]
    leaves = (isinstance(n, ast.Break | ast.Continue | ast.Return) for s in before for n in ast.walk(s))
    if not isinstance(final, ast.Return) or final.value is None or any(leaves):
        return
    if _names(final.value) & {script.key(s.target) for s in before if _adds(s)}:
        n = _rows(script, loop) or 0
        mend = Fix(final.lineno, final.end_lineno or 0, script.indent(loop) + script.source(final))
        proof = "one_row_first" if n else "one_row_first_rows"
        yield Slip(final, {"loop": loop.lineno, "rows": n}, mend, proof)


def _overwritten(script: Script, loop: ast.For) -> Iterator[Slip]:
    """Reassigned for each row, then divided by their count, or begun at 0 and returned as a sum."""
    for statement in loop.body:
        name = script.key(statement.targets[0]) if isinstance(statement, ast.Assign) else ""
        bound = script.bound(statement.targets[0]) if name and len(statement.targets) == 1 else []
        inside = [b for b in bound if loop in script.above(b.node)] if len(bound) <= 20 else []
        begun = [b for b in bound if b not in inside and _zero(b.value)]
        if len(inside) != 1 or len(bound) != len(begun) + 1 or _read_inside(script, loop, name, statement):
            continue
        value = statement.value
        if _mentions(script, value, name) or not script.depends(value, _names(loop.target)):
            continue
        for use in _uses_after(script, loop, name):
            within = getattr(script.scope(use), "name", "")
            result = isinstance(script.parent[use], ast.Return) and SUMMED.search(within)
            if _divided_by_count(script, use, loop) or (begun and result):
                n = _rows(script, loop) or 0
                mend = script.rewritten(statement, f"{name} += {script.source(value)}") if begun else None
                numbers = {"name": name, "rows": n, "loop": loop.lineno}
                yield Slip(statement, numbers, mend, "one_row_last" if n else "one_row_last_rows")
                break


def _read_inside(script: Script, loop: ast.AST, name: str, besides: ast.AST) -> bool:
    """Read by another statement of the loop, and not only shown: print(g)."""
    found = (list(script.above(n)) for n in ast.walk(loop) if script.key(n) == name)
    shown = lambda up: isinstance(up, ast.Call) and script.key(up.func) == "print"
    return any(besides not in above and not any(map(shown, above)) for above in found)


def _zero(value: Any) -> bool:
    return isinstance(value, ast.Constant) and value.value == 0 and type(value.value) is not bool


def _divided_by_count(script: Script, use: ast.AST, loop: ast.For) -> bool:
    """g / len(xs), g / n with n = len(xs)"""
    up, over = script.parent[use], loop.iter
    if not isinstance(up, ast.BinOp) or not isinstance(up.op, ast.Div) or up.left is not use:
        return False
    count = script.behind(up.right)
    if not isinstance(count, ast.Call) or script.key(count.func) != "len":
        return False
    ranged = isinstance(over, ast.Call) and script.key(over.func) == "range" and len(over.args) == 1
    if ranged and ast.unparse(script.behind(over.args[0])) == ast.unparse(count):
        return True
    rows = {script.source(script.behind(n)) for n in ast.walk(over) if isinstance(n, ast.Name)}
    return script.source(script.behind(count.args[0])) in rows


# ── the last batch for the epoch ────────────────────────────────────────────────────────────────────
@rule
def last_batch_loss(script: Script) -> Iterator[Slip]:
    """Printed after the loop over batches, as the loss of the epoch, is the loss of its last batch."""
    for loop in _row_loops(script):
        if not script.loops(loop):
            continue
        outer = script.loops(loop)[0]
        assigned = (t for n in ast.walk(loop) if isinstance(n, ast.Assign) for t in n.targets)
        for name in sorted({script.key(target) for target in assigned} - {""}):
            for use in _uses_after(script, loop, name) if _per_batch(script, loop, name) else ():
                call = _report(script, use)
                if call is None or outer not in script.above(call) or HONEST.search(_said(call)):
                    continue
                n = _rows(script, loop) or 0
                numbers = {"name": name, "loop": loop.lineno, "rows": n}
                mend = _summed(script, loop, call, use, name)
                yield Slip(call, numbers, mend, "" if n else "last_batch_loss_rows")
                break


def _descended(script: Script, name: str) -> bool:
    return any(is_method(call, "backward") and script.key(call.func.value) == name for call in script.calls)


def _per_batch(script: Script, loop: ast.For, name: str) -> bool:
    """The name is bound once in this loop, to a loss of the batch, and nowhere else but before."""
    places = [bs for bs in script.named_bindings.get(name, []) if len(bs) <= 50]
    bound = next((bs for bs in places if any(loop in script.above(b.node) for b in bs)), [])
    inside = [b for b in bound if loop in script.above(b.node)]
    if len(inside) != 1 or inside[0].kind != "assign" or inside[0].value is None:
        return False
    node, value = inside[0].node, inside[0].value
    after = any(getattr(b.node, "lineno", 0) > (loop.end_lineno or 0) for b in bound)
    if after or script.loops(node)[:1] != [loop] or _mentions(script, value, name):
        return False
    if not (_descended(script, name) or LOSSY.search(name)) or not script.depends(value, _names(loop.target)):
        return False
    changed = [n for n in script.nodes if isinstance(n, ast.AugAssign)]
    weights = {script.key(n.target) for n in filter(_subtracts, changed)}
    running = {script.key(n.target) for n in changed} - weights - {""}
    return not any(script.key(n) in running for n in ast.walk(value))


def _report(script: Script, use: ast.AST) -> ast.Call | None:
    """print(… loss …), history.append(loss), writer.add_scalar(…, loss, …)"""
    for up in script.above(use):
        if isinstance(up, ast.stmt):
            break
        if is_method(up, "append", "add_scalar", "info", "log"):
            return up
        if isinstance(up, ast.Call) and script.key(up.func) == "print":
            return up
    return None


def _said(call: ast.Call) -> str:
    parts = [n.value for n in ast.walk(call) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return " ".join([*parts, ast.unparse(call.func)])


def _summed(script: Script, loop: ast.For, call: ast.Call, use: Any, name: str) -> Fix | None:
    """The loop with a running total, and the report of its mean."""
    counted, report = ("zip", "enumerate", "range", "len"), script.statement(call)
    source = [n.id for n in ast.walk(loop.iter) if isinstance(n, ast.Name) and n.id not in counted]
    if not source or script.block[report][0] is not script.block[loop][0]:
        return None
    up, bound, kept = script.parent[use], script.named_bindings, _running(script, loop, name)
    whole = script.parent[up] if is_method(script.parent[up], "item") else use
    total = kept or next((n for n in ("total", "loss_sum") if n not in bound), "epoch_loss_sum")
    ranged = isinstance(loop.iter, ast.Call) and script.key(loop.iter.func) == "range"
    count = ast.unparse(loop.iter) if ranged else source[-1]
    shown = script.replaced(whole, f"{total} / len({count})")
    if shown.first != report.lineno or shown.last != report.end_lineno:
        return None
    if kept:  # the sum is there already: only the report is wrong
        return shown
    lines = [f"{script.indent(loop)}{total} = 0.0", *script.lines[loop.lineno - 1 : loop.end_lineno]]
    item = ".item()" if _descended(script, name) else ""
    lines.append(f"{' ' * loop.body[-1].col_offset}{total} += {name}{item}")
    lines += [*script.between(loop, report), shown.text]
    return Fix(loop.lineno, report.end_lineno, "\n".join(lines))


def _running(script: Script, loop: ast.For, name: str) -> str | None:
    """The variable that already sums this loss over the loop: total += loss.item()"""
    for statement in loop.body:
        if _adds(statement):
            whole = statement.value
            while isinstance(whole, ast.Call) and isinstance(whole.func, ast.Attribute) and not whole.args:
                whole = whole.func.value
            if script.key(whole) == name and isinstance(statement.target, ast.Name):
                return statement.target.id
    return None


# ── the mean ────────────────────────────────────────────────────────────────────────────────────────
@rule
def missing_mean(script: Script) -> Iterator[Slip]:
    """A sum over the rows under the name of a mean, or a gradient without the 1/n of its cost."""
    for function in script.functions:
        results = _results(function)
        loop = _summing_loop(script, function, results[0]) if len(results) == 1 else None
        if loop is None or _divides(script, function):
            continue
        cost = _mean_cost(script, function)
        begun = [b.value for b in script.bound(results[0]) if b.kind == "assign"]
        if not (MEAN.search(function.name) or cost) or not all(isinstance(v, ast.Constant) for v in begun):
            continue
        counted = _counted(script, loop)
        if counted is None or any(_scaled(script, call) for call in script.callers(function)):
            continue
        n = _rows(script, loop) or 0
        numbers = {"name": function.name, "rows": n, "cost": cost or function.name}
        mend = script.replaced(results[0], f"{script.source(results[0])} / {counted}")
        yield Slip(script.statement(results[0]), numbers, mend, "missing_mean" if n else "missing_mean_rows")


def _summing_loop(script: Script, function: ast.FunctionDef, result: Any) -> ast.For | None:
    """The loop over rows that adds to the returned name."""
    loops = [n for n in ast.walk(function) if isinstance(n, ast.For) and isinstance(result, ast.Name)]
    for loop in loops:
        if script.block[script.statement(result)][0] is loop.body:
            continue
        for inner in loop.body:
            added = _adds(inner) and script.key(inner.target) == result.id
            if added and script.depends(inner.value, _names(loop.target)):
                return loop
    return None


def _divides(script: Script, function: ast.FunctionDef) -> bool:
    """Whether a mean is taken somewhere in it."""
    calls = (n.func for n in ast.walk(function) if isinstance(n, ast.Call))
    averaged = (ast.unparse(func).rpartition(".")[2] in AVERAGES for func in calls)
    return any(isinstance(n, ast.Div) for n in ast.walk(function)) or any(averaged)


def _mean_cost(script: Script, gradient: ast.FunctionDef) -> str | None:
    """The cost of this script that does divide by the rows, for a gradient that does not."""
    if not re.search(r"grad|slope|deriv", gradient.name, re.I):
        return None
    for function in script.functions:
        if re.search(r"cost|loss|mse", function.name, re.I):
            match _results(function):
                case [ast.BinOp(left=ast.Name(), op=ast.Div(), right=ast.Call(func=ast.Name(id="len")))]:
                    return function.name
    return None


def _scaled(script: Script, call: ast.Call) -> bool:
    """The caller divides, or multiplies by what is no learning rate."""
    up = script.parent[call]
    if isinstance(up, ast.BinOp) and isinstance(up.op, ast.Div):
        return True
    names = {script.key(t) for t in getattr(script.statement(call), "targets", ())} - {""} | set(RATES)
    divisions = (script.parent[n] for n in script.nodes if isinstance(n, ast.Div))
    return any(script.key(inner) in names for division in divisions for inner in ast.walk(division))


def _counted(script: Script, loop: ast.For) -> str | None:
    """The number of rows, as the script would write it: n of range(n), else len(xs)."""
    over: Any = loop.iter
    if isinstance(over, ast.Call) and script.key(over.func) == "range" and len(over.args) == 1:
        return script.source(over.args[0])
    for _ in range(2):
        over = over.args[0] if isinstance(over, ast.Call) and over.args else over
    return f"len({over.id})" if isinstance(over, ast.Name) else None


@rule
def batch_mean(script: Script) -> Iterator[Slip]:
    """The sum over a batch divided by the rows of all: n/b times too small a step."""
    for node in script.nodes:
        division = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
        loops = script.loops(node) if division else []
        whole = _length_of(script, node.right) if loops else None
        batch = _slice_of(script, loops[0], whole) if whole else None
        if not batch or not _sums_batch(script, node.left, batch) or not _moves(script, loops[0], node):
            continue
        shapes = (script.shape(n) for n in script.nodes if script.key(n) == whole)
        sizes = (shape[0] for shape in shapes if shape and isinstance(shape[0], int))
        n = trace.whole(script.value(node.right)) or next(sizes, 0)
        numbers = {"whole": script.source(node.right), "batch": batch, "rows": n}
        yield Slip(node, numbers, script.replaced(node.right, f"len({batch})"))


def _length_of(script: Script, node: ast.AST) -> str | None:
    """X of len(X), X.shape[0], or n = len(X)."""
    match script.behind(node):
        case ast.Call(func=ast.Name(id="len"), args=[rows]):
            return script.key(rows) or None
        case ast.Subscript(value=ast.Attribute(attr="shape", value=rows), slice=ast.Constant(value=0)):
            return script.key(rows) or None
    return None


def _slice_of(script: Script, loop: ast.AST, whole: str) -> str | None:
    """xb of xb = X[i : i + b], or X[order[i : i + b]], in this loop."""
    for node in (n for n in ast.walk(loop) if isinstance(n, ast.Assign) and len(n.targets) == 1):
        target, value = node.targets[0], node.value
        paired = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
        for name, part in zip(target.elts, value.elts) if paired else [(target, value)]:
            cut = isinstance(part, ast.Subscript) and isinstance(name, ast.Name)
            if cut and script.key(part.value) == whole:
                index = script.behind(part.slice) if isinstance(part.slice, ast.Name) else part.slice
                if isinstance(part.slice, ast.Slice) or isinstance(getattr(index, "slice", None), ast.Slice):
                    return name.id
    return None


def _sums_batch(script: Script, node: ast.AST, batch: str) -> bool:
    """A sum over the rows of the batch, and no mean."""
    inside = list(ast.walk(node))
    for name in [n for n in inside if isinstance(n, ast.Name)]:
        behind = script.behind(name)
        inside += ast.walk(behind) if isinstance(behind, ast.Call) else []
    calls = [n for n in inside if isinstance(n, ast.Call)]
    makers = [getattr(script.value(call.func), "node", None) for call in calls]  # nn.MSELoss(reduction="sum")
    settings = [k for made in (*calls, *makers) for k in getattr(made, "keywords", ())]
    reduced = any(k.arg == "reduction" and ast.unparse(k.value) == "'sum'" for k in settings)
    products = [n.left for n in inside if isinstance(n, ast.BinOp) and isinstance(n.op, ast.MatMult)]
    for call in (c for c in calls if is_method(c, "dot", "matmul", "mm")):  # X.T.dot(r), np.dot(X.T, r)
        products.append(call.args[0] if script.path(call.func) and call.args else call.func.value)
    turned = any(isinstance(n, ast.Attribute) and n.attr == "T" for p in products for n in ast.walk(p))
    summed = reduced or turned or any(is_method(call, "sum") for call in calls)
    return summed and not any(is_method(call, "mean") for call in calls) and script.depends(node, {batch})


def _moves(script: Script, loop: ast.AST, node: ast.AST) -> bool:
    """The value is descended in the same loop: loss.backward() and a step, or w -= rate * g."""
    statement = script.statement(node)
    if not isinstance(statement, ast.Assign):
        return _subtracts(statement)
    name, inside = script.key(statement.targets[0]), set(ast.walk(loop))
    down = filter(_subtracts, inside)
    if name and any(_mentions(script, update.value, name) for update in down):
        return True
    sent = any(is_method(n, "backward") and script.key(n.func.value) == name for n in inside)
    steps = (e for e in script.events("step", "update") if e.kind == "step" or trace.by_gradient(e))
    return bool(name) and sent and any(event.node in inside for event in steps)

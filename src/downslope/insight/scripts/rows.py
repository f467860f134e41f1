"""Mistakes with the rows: their order, test rows that are learned from, scales that have seen them."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from . import trace
from .finding import Fix, Slip, rule, torch_rule
from .objects import facts_of
from .script import Script
from .values import SIDES, Estimator, Loader, Rows, Seq, Tensor, constant, root, words

FITTED = re.compile(r"Scaler$|PCA$|Imputer$|SelectKBest$|PowerTransformer$|QuantileTransformer$")
MIXING = re.compile(r"shuffl|perm|random_split|sampl|choice|randint|train_test_split|kfold", re.I)
SGD = re.compile(r"(^|_)(sgd|stochastic)(_|$)|stochastic_?gradient", re.I)
KEPT = words("tensor long float to view astype double read numpy const")


# ── order ───────────────────────────────────────────────────────────────────────────────────────────
@rule
def two_orders(script: Script) -> Iterator[Slip]:
    """Rows and their targets, each shuffled by a permutation of its own."""
    pairs: list[tuple[Any, Any]] = []
    for event in script.events("paired", "loss", "elementwise"):
        if event.kind == "paired":
            pairs += zip(event.values, event.values[1:])
        elif event.kind == "loss":
            pairs.append((event.input, event.target))
        elif event.op == "sub" and (trace.learned(event.left) or trace.learned(event.right)):
            pairs.append((event.left, event.right))
    for pair in pairs:
        orders = [getattr(x, "order", None) or getattr(root(x), "order", None) for x in pair]
        drawn = [order[0] for order in orders if order is not None and isinstance(order[0], ast.AST)]
        if None in orders or orders[0] == orders[1] or not drawn:
            continue
        first, second = min(drawn, key=lambda n: n.lineno), max(drawn, key=lambda n: n.lineno)
        yield Slip(second, {"first": first.lineno}, _one_order(script, first, second))
        return


def _one_order(script: Script, first: Any, second: Any) -> Fix | None:
    """Both by one permutation, where the two lines stand in one block."""
    pair = script.same_block(first, second)
    if pair is None or not script.alone(*pair):
        return None
    match pair:
        case ast.Assign(targets=[ast.Name() as order], value=ast.Call() as call), ast.Assign() as other:
            if call is first and other.value is second:
                name = f"{script.source(other.targets[0])} = {order.id}"
                return script.rewritten(other, name) if "perm" in ast.unparse(call.func) else None
        case ast.Assign(value=ast.Subscript() as x), ast.Assign(value=ast.Subscript() as y):
            if x.slice is first and y.slice is second:
                taken = [(script.source(s.targets[0]), script.source(s.value.value)) for s in pair]
                return _ordered(script, pair, script.source(first), *taken)
        case ast.Expr(value=ast.Call(args=[x, *_]) as one), ast.Expr(value=ast.Call(args=[y, *_]) as two):
            if one is first and two is second and script.path(one.func) == "numpy.random.shuffle":
                names = [(script.source(part), script.source(part)) for part in (x, y)]
                head = script.source(one.func).removesuffix("shuffle")
                return _ordered(script, pair, f"{head}permutation(len({names[0][0]}))", *names)
    return None


def _ordered(script: Script, pair: Any, order: str, one: tuple[str, str], other: tuple[str, str]) -> Fix:
    """order = …; x = x[order]; y = y[order]"""
    indent = script.indent(pair[0])
    lines = [f"{indent}order = {order}", f"{indent}{one[0]} = {one[1]}[order]"]
    lines += [*script.between(*pair), f"{indent}{other[0]} = {other[1]}[order]"]
    return Fix(pair[0].lineno, pair[1].end_lineno, "\n".join(lines))


@rule
def not_shuffled(script: Script) -> Iterator[Slip]:
    """Rows in the order of their classes, or always in the same order under the name of SGD."""
    names = (script.key(n) or getattr(n, "attr", "") for n in script.nodes)
    if any(map(MIXING.search, (*names, *script.imports.values(), *script.imports))):
        return
    yield from _ordered_loader(script)
    yield from _same_order(script)


def _ordered_loader(script: Script) -> Iterator[Slip]:
    """DataLoader(TensorDataset(X, y), shuffle=False), with y = [0, 0, …, 1, 1, …], in a loop that learns."""
    loaders = [trace.batch_of(b.tensor, 3000) for b in script.events("backward") if b.loops]
    for loader in {id(found): found for found in loaders if isinstance(found, Loader)}.values():
        rows, call = root(loader.rows), loader.node
        size = constant(loader.batch) if getattr(loader.batch, "node", None) else None  # as it is written
        columns = rows.columns if isinstance(rows, Rows) else None
        if not columns or not isinstance(call, ast.Call) or len(call.args) > 2 or not isinstance(size, int):
            continue
        said = {keyword.arg: keyword.value for keyword in call.keywords}
        shuffle, blocks = said.get("shuffle"), _blocks(columns[-1])
        fixed = shuffle is None or (isinstance(shuffle, ast.Constant) and shuffle.value is False)
        values = [value for value, _ in blocks or ()]
        apart = 2 <= len(values) == len(set(values)) <= 20 and min(n for _, n in blocks or ()) >= 2 * size
        if None in said or not fixed or not apart:
            continue  # few batches see two classes where each stands in one block, of two batches or more
        numbers = {"labels": ", ".join(f"{count} × {value}" for value, count in blocks or ()), "batch": size}
        mend = script.replaced(shuffle, "True") if shuffle else script.with_argument(call, "shuffle=True")
        yield Slip(call, numbers, mend)


def _blocks(value: Any) -> list[tuple[Any, int]] | None:
    """Blocks of equal labels: [0.0] * 50 + [1.0] * 50, torch.cat([zeros(50), ones(50)]), [0, 0, 1, 1]."""
    base = trace.stripped(root(value), *KEPT)
    parts: list[Any] = []
    match base:
        case Tensor(op="zeros" | "ones") if base.shape and isinstance(base.shape[0], int):
            return [(int(base.op == "ones"), base.shape[0])]
        case Tensor(op="list" | "cat"):
            parts = [_blocks(part) for part in base.inputs]
        case Seq() if not base.more:
            parts = [_blocks(part) for part in base.items]
        case _ if constant(base) is not None:
            return [(constant(base), 1)]
    made: list[tuple[Any, int]] = []
    for label, count in (block for part in parts for block in part or [(None, 0)]):
        if count == 0:
            return None
        same = made and made[-1][0] == label
        made[-1:] = [(label, made[-1][1] + count)] if same else [*made[-1:], (label, count)]
    return made or None


def _same_order(script: Script) -> Iterator[Slip]:
    """def sgd(…): for epoch …: for x, y in zip(…): w -= …"""
    for function in (function for function in script.functions if SGD.search(function.name)):
        for loop in (n for n in ast.walk(function) if isinstance(n, ast.For) and script.loops(n)):
            outer, over = script.loops(loop)[0], loop.iter
            if isinstance(over, ast.Call) and script.key(over.func) == "enumerate" and over.args:
                over = over.args[0] if isinstance(over.args[0], ast.Call) else over
            name = script.key(over.func) if isinstance(over, ast.Call) else ""
            moves = any(_one_row_update(script, n, loop) for n in ast.walk(loop))
            if not isinstance(outer, ast.For) or not moves or "param" in ast.unparse(loop.iter):
                continue
            if name == "zip":
                new = f"random.sample(list({script.source(over)}), len({script.source(over.args[0])}))"
            elif name == "range" and len(over.args) == 1:
                new = f"np.random.permutation({script.source(over.args[0])})"
            else:
                continue
            numbers = {"name": function.name, "loop": loop.lineno, "passes": outer.lineno}
            yield Slip(loop, numbers, script.replaced(over, new), "not_shuffled_rows")
            break


def _one_row_update(script: Script, node: ast.AST, loop: ast.For) -> bool:
    """w -= … with a row of this loop in it."""
    names = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
    match node:
        case ast.AugAssign(op=ast.Sub(), value=value) | ast.Assign(value=ast.BinOp(op=ast.Sub()) as value):
            return script.depends(value, names)
    return False


# ── test rows ───────────────────────────────────────────────────────────────────────────────────
@torch_rule
def test_rows_trained(script: Script) -> Iterator[Slip]:
    """The loop that learns goes over the test rows."""
    names = {n.id for n in script.nodes if isinstance(n, ast.Name)} | {script.key(n) for n in script.nodes}
    steps = script.events("step", "update")
    if not any(facts_of(name) == {"train"} for name in names):
        return
    for event in script.events("backward"):
        learns = event.loops and any(trace.shared(event, step) for step in steps)
        node = _named(script, event) if event.tensor.facts & SIDES == {"test"} and learns else None
        if node is not None:
            name = script.source(node)
            mend = _renamed(script, node, event.node.lineno, names) if _counterpart(name, names) else None
            yield Slip(node, {"name": name, "backward": event.node.lineno}, mend)
            return


def _held_out(script: Script, node: Any) -> bool:
    """A name of test rows that is read."""
    name = script.key(node).removeprefix("self.")
    return facts_of(name) == {"test"} and isinstance(node.ctx, ast.Load)


def _renamed(script: Script, node: Any, last: int, names: set[str]) -> Fix | None:
    """The lines up to the backward with the training rows in place of all held-out ones."""
    last = last if node.lineno < last <= node.lineno + 12 else node.lineno
    near = [n for found in script.reads.values() for n in found if node.lineno <= n.lineno <= last]
    lines = {number: script.lines[number - 1].encode() for number in range(node.lineno, last + 1)}
    for other in sorted(near, key=lambda n: -n.col_offset):
        if _held_out(script, other):
            new = _counterpart(script.source(other), names)
            if new is None or other.end_lineno != other.lineno:
                return None
            line = lines[other.lineno]
            lines[other.lineno] = line[: other.col_offset] + new.encode() + line[other.end_col_offset :]
    return Fix(node.lineno, last, "\n".join(line.decode() for line in lines.values()))


def _named(script: Script, event: Any) -> Any:
    """The name of the test rows where the loop takes them."""
    statement = script.statement(event.node)
    block, place = script.block[statement]
    places: list[Any] = [run.node.iter for run in event.loops if not isinstance(run.node, ast.While)]
    places += [statement, *block[:place]]
    for function in (f for f in event.stack if isinstance(f, ast.FunctionDef)):
        for call in script.callers(function):
            places += [*call.args, *(keyword.value for keyword in call.keywords)]
    return next((n for where in places for n in ast.walk(where) if _held_out(script, n)), None)


def _counterpart(name: str, names: set[str]) -> str | None:
    """X_train of X_test, where there is one."""
    for old in ("validation", "valid", "val", "test", "dev", "te", "Test", "Val"):
        for new in ("train", "tr", "Train"):
            if old in name and name.replace(old, new) in names:
                return name.replace(old, new)
    return None


# ── scales ──────────────────────────────────────────────────────────────────────────────────────────
@rule
def scaled_before_split(script: Script) -> Iterator[Slip]:
    """Scaled with the mean of all rows, then split: the training rows know the held-out ones."""
    for event in script.events("split"):
        for part in (part for data in event.data for part in trace.tensors(data, 400)):
            if _on_all(part) or _by_hand(part):
                mend = _scaled_later(script, part, event) if _on_all(part) else None
                yield Slip(part.node, {"split": event.node.lineno}, mend)
                return
    for event in script.events("bind"):  # Xs = scaler.fit_transform(X); X_test = Xs[80:]
        cut = False
        for part in trace.tensors(event.value, 60) if facts_of(event.name) == {"test"} else ():
            cut = cut or bool(part.op == "index" and part.info.get("sliced"))
            if cut and (_on_all(part) or _by_hand(part)):
                yield Slip(part.node, {"split": event.node.lineno})
                return


def _on_all(part: Tensor) -> bool:
    """Of a scaler that was fitted to all rows."""
    estimator = root(part.info.get("estimator"))
    if not isinstance(estimator, Estimator) or not FITTED.search(estimator.kind):
        return False
    return bool(estimator.fitted) and not any(data.facts & SIDES for data in estimator.fitted)


def _by_hand(part: Tensor) -> bool:
    """(X - X.mean(0)) / X.std(0)"""
    match part:
        case Tensor(op="div", inputs=(Tensor(op="sub") as top, Tensor() as below)) if not part.facts & SIDES:
            base = _table(top.inputs[0])
            if isinstance(base, Tensor) and base.shape is not None and len(base.shape) != 2:
                return False
            return _of_all(base, top.inputs[1], "mean", "min") and _of_all(base, below, "std", "max")
    return False


def _table(value: Any) -> Any:
    base = root(value)
    return base.inputs[0] if isinstance(base, Tensor) and base.op == "unknown" else base


def _of_all(base: Any, value: Any, *ops: str) -> bool:
    """Made from a sum over the rows of this table."""
    made = (p for p in trace.tensors(value, 30) if p.op in ops and p.inputs and not p.info.get("axis"))
    return any(_table(p.inputs[0]) is base for p in made)


def _scaled_later(script: Script, part: Tensor, event: Any) -> Fix | None:
    """The split first, then fit_transform on the training rows and transform on the others."""
    pair = script.same_block(part.node, event.node)
    match pair:
        case (
            ast.Assign(targets=[ast.Name(id=name), *_], value=ast.Call(args=[given, *_]) as call) as scaled,
            ast.Assign(targets=[ast.Tuple() as target, *_], value=ast.Call() as split) as cut,
        ) if call is part.node and isinstance(call.func, ast.Attribute) and call.func.attr == "fit_transform":
            places = [i for i, a in enumerate(split.args) if script.key(a) == name]
        case _:
            return None
    inner = script.block[cut][0][script.block[scaled][1] + 1 : script.block[cut][1]]
    used = any(script.key(n) == name for s in inner for n in ast.walk(s))
    if len(places) != 1 or len(target.elts) != 2 * len(split.args) or used or not script.alone(scaled, cut):
        return None
    indent, lines = script.indent(cut), script.between(scaled, cut)
    train, test = map(script.source, target.elts[2 * places[0] : 2 * places[0] + 2])
    scaler = script.source(call.func.value)
    if isinstance(call.func.value, ast.Call):
        lines = [*lines, f"{indent}scaler = {scaler}"]
        scaler = "scaler"
    replaced = script.replaced(split.args[places[0]], script.source(given))
    inside = script.lines[cut.lineno - 1 : cut.end_lineno]
    inside[replaced.first - cut.lineno : replaced.last - cut.lineno + 1] = replaced.text.split("\n")
    lines += [*inside, f"{indent}{train} = {scaler}.fit_transform({train})"]
    lines += [f"{indent}{test} = {scaler}.transform({test})"]
    return Fix(scaled.lineno, cut.end_lineno or 0, "\n".join(lines))


@rule
def fitted_on_test(script: Script) -> Iterator[Slip]:
    """fit_transform on the test rows: they are scaled by a mean of their own."""
    fits = script.events("fit")
    for event in fits:
        call, estimator = event.node, root(event.estimator)
        kind = getattr(estimator, "kind", "") or "Scaler"
        if event.data.facts & SIDES != {"test"} or not FITTED.search(kind):
            continue
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            earlier = any(e.place < event.place and root(e.estimator) is estimator for e in fits)
            transform = f"{script.source(call.func.value)}.transform"
            mend = script.replaced(call.func, transform) if earlier and event.transforms else None
            yield Slip(call, {"name": script.source(call)}, mend)

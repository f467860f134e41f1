"""Mistakes with the rows: two orders, test rows that are learned from, scales that have seen them."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from . import view as v
from .finding import Mend, Slip
from .objects import facts_of
from .reading import Script
from .values import Estimator, Tensor, root, walk

FITTED = re.compile(r"Scaler$|PCA$|Imputer$|SelectKBest$|PowerTransformer$|QuantileTransformer$")


def two_orders(script: Script) -> Iterator[Slip]:
    """Rows and their targets, each shuffled by a permutation of its own."""
    pairs: list[tuple[Any, Any]] = []
    for event in script.events("paired", "loss", "elementwise", "fit_model"):
        if event.kind == "paired":
            pairs += [(one, other) for one, other in zip(event.values, event.values[1:])]
        elif event.kind == "loss":
            pairs.append((event.input, event.target))
        elif event.op == "sub" and (v.learned(event.left) or v.learned(event.right)):
            pairs.append((event.left, event.right))
    for one, other in pairs:
        a, b = getattr(one, "order", None), getattr(other, "order", None)
        a = a if a is not None else getattr(root(one), "order", None)
        b = b if b is not None else getattr(root(other), "order", None)
        if a is None or b is None or a == b:
            continue
        nodes = [order[0] if isinstance(order[0], ast.AST) else None for order in (a, b)]
        node = max((n for n in nodes if n is not None), key=lambda n: n.lineno, default=None)
        earlier = min((n for n in nodes if n is not None), key=lambda n: n.lineno, default=None)
        if node is None or earlier is None:
            continue
        yield Slip(node, {"first": earlier.lineno}, _one_order(script, earlier, node))
        return


def _one_order(script: Script, first: ast.AST, second: ast.AST) -> Mend | None:
    """Both by one permutation, where the two lines stand in one block."""
    pair = v.beside(script, first, second)
    if pair is None or pair[0] is pair[1] or not all(v.alone(script, s) for s in pair):
        return None
    one, other = pair
    between = script.lines[one.end_lineno : other.lineno - 1]
    indent = script.indent(one)
    if (
        isinstance(one, ast.Assign)
        and isinstance(other, ast.Assign)
        and one.value is first
        and other.value is second
    ):
        if not (
            isinstance(first, ast.Call) and len(one.targets) == 1 and isinstance(one.targets[0], ast.Name)
        ):
            return None
        if not isinstance(script.path(first.func), str) or "perm" not in ast.unparse(first.func):
            return None
        return script.rewritten(other, f"{script.source(other.targets[0])} = {one.targets[0].id}")
    indexed = [s.value for s in pair if isinstance(s, ast.Assign) and isinstance(s.value, ast.Subscript)]
    if len(indexed) == 2 and indexed[0].slice is first and indexed[1].slice is second:
        names = [script.source(s.targets[0]) for s in pair]
        texts = [f"{indent}order = {script.source(first)}"]
        texts += [f"{indent}{names[0]} = {script.source(indexed[0].value)}[order]", *between]
        texts += [f"{indent}{names[1]} = {script.source(indexed[1].value)}[order]"]
        return Mend(one.lineno, other.end_lineno or 0, "\n".join(texts))
    calls = [
        s.value for s in pair if isinstance(s, ast.Expr) and isinstance(s.value, ast.Call) and s.value.args
    ]
    if (
        len(calls) == 2
        and calls[0] is first
        and calls[1] is second
        and script.path(first.func) == "numpy.random.shuffle"
    ):
        head = script.source(first.func).removesuffix("shuffle")
        x, y = (script.source(c.args[0]) for c in calls)
        texts = [
            f"{indent}order = {head}permutation(len({x}))",
            f"{indent}{x} = {x}[order]",
            *between,
            f"{indent}{y} = {y}[order]",
        ]
        return Mend(one.lineno, other.end_lineno or 0, "\n".join(texts))
    return None


def test_rows_trained(script: Script) -> Iterator[Slip]:
    """The loop that learns goes over the held-out rows."""
    if not script.torch or not _trained_name(script):
        return
    steps = script.events("step", "update")
    for event in script.events("backward"):
        facts = event.tensor.facts
        if (
            "test" not in facts
            or "train" in facts
            or not event.loops
            or not any(v.shared(event, s) for s in steps)
        ):
            continue
        node = _named(script, event)
        if node is None:
            continue
        name = script.source(node)
        new = _counterpart(script, name)
        mend = _renamed(script, node, event.node.lineno) if new else None
        yield Slip(node, {"name": name, "backward": event.node.lineno}, mend)
        return


def _renamed(script: Script, node: ast.AST, last: int) -> Mend | None:
    """The lines up to the backward with the training rows in place of all held-out ones."""
    made = []
    last = last if node.lineno < last <= node.lineno + 12 else node.lineno
    for number in range(node.lineno, last + 1):
        line = script.lines[number - 1].encode()
        here = script.reads_in_line(number)
        near = [n for n in here if facts_of(script.key(n).removeprefix("self.")) == {"test"}]
        for other in sorted(near, key=lambda n: -n.col_offset):
            new = _counterpart(script, script.source(other))
            if new is None or other.end_lineno != number:
                return None
            line = line[: other.col_offset] + new.encode() + line[other.end_col_offset :]
        made.append(line.decode())
    return Mend(node.lineno, last, "\n".join(made))


def _trained_name(script: Script) -> bool:
    return any(isinstance(n, ast.Name) and facts_of(n.id) == {"train"} for n in script.nodes)


def _named(script: Script, event: Any) -> ast.AST | None:
    """The name of the held-out rows where the loop takes them."""
    places: list[ast.AST] = [run.node.iter for run in event.loops if not isinstance(run.node, ast.While)]
    places.append(script.statement(event.node))
    block, place = script.block[script.statement(event.node)]
    places += block[:place]
    for function in event.stack:
        if isinstance(function, ast.FunctionDef):
            places += [
                arg
                for call in script.callers(function)
                for arg in (*call.args, *(k.value for k in call.keywords))
            ]
    for where in places:
        for node in ast.walk(where):
            key = script.key(node)
            if key and facts_of(key.removeprefix("self.")) == {"test"} and isinstance(node.ctx, ast.Load):
                return node
    return None


def _counterpart(script: Script, name: str) -> str | None:
    names = {n.id for n in script.nodes if isinstance(n, ast.Name)} | {script.key(n) for n in script.nodes}
    for old in ("validation", "valid", "val", "test", "dev", "te", "Test", "Val"):
        for new in ("train", "tr", "Train"):
            if old in name and name.replace(old, new) in names:
                return name.replace(old, new)
    return None


def scaled_before_split(script: Script) -> Iterator[Slip]:
    """Scaled with the mean of all rows, then split: the training rows know the held-out ones."""
    for event in script.events("split"):
        for data in event.data:
            for part in walk(data, 400):
                if not isinstance(part, Tensor):
                    continue
                if part.op in ("fit_transform", "transform") and _on_all(part):
                    yield Slip(part.node, {"split": event.node.lineno}, _scaled_later(script, part, event))
                    return
                if _by_hand(part):
                    yield Slip(part.node, {"split": event.node.lineno}, None)
                    return
    yield from _cut_later(script)


def _cut_later(script: Script) -> Iterator[Slip]:
    """Xs = scaler.fit_transform(X); X_test = Xs[80:]"""
    for event in script.events("bind"):
        value = event.value
        if not isinstance(value, Tensor) or facts_of(event.name) != {"test"}:
            continue
        cut = False
        for part in walk(value, 60):
            if isinstance(part, Tensor) and part.op == "index" and part.info.get("sliced"):
                cut = True
            if (
                cut
                and isinstance(part, Tensor)
                and ((part.op in ("fit_transform", "transform") and _on_all(part)) or _by_hand(part))
            ):
                yield Slip(part.node, {"split": event.node.lineno})
                return


def _on_all(part: Tensor) -> bool:
    estimator = root(part.info.get("estimator"))
    if not isinstance(estimator, Estimator) or not FITTED.search(estimator.kind):
        return False
    return bool(estimator.fitted) and not any(data.facts & {"train", "test"} for data in estimator.fitted)


def _by_hand(part: Tensor) -> bool:
    """(X - X.mean(0)) / X.std(0)"""
    if part.op != "div" or len(part.inputs) != 2 or part.facts & {"train", "test"}:
        return False
    top, below = part.inputs
    if not isinstance(top, Tensor) or top.op != "sub" or not isinstance(below, Tensor):
        return False
    base = root(top.inputs[0])
    if isinstance(base, Tensor) and base.op == "unknown":
        base = base.inputs[0]

    def of_all(value: Any, ops: tuple[str, ...]) -> bool:
        for p in walk(value, 30):
            if isinstance(p, Tensor) and p.op in ops and p.inputs and p.info.get("axis", 0) in (0, None):
                inner = root(p.inputs[0])
                inner = inner.inputs[0] if isinstance(inner, Tensor) and inner.op == "unknown" else inner
                if inner is base:
                    return True
        return False

    rows = base.shape is None or len(base.shape) == 2 if isinstance(base, Tensor) else True
    return bool(rows) and of_all(top.inputs[1], ("mean", "min")) and of_all(below, ("std", "max"))


def _scaled_later(script: Script, part: Tensor, event: Any) -> Mend | None:
    """The split first, then fit_transform on the training rows and transform on the others."""
    pair = v.beside(script, part.node, event.node)
    if (
        pair is None
        or pair[0] is pair[1]
        or not all(isinstance(s, ast.Assign) and v.alone(script, s) for s in pair)
    ):
        return None
    scaled, cut = pair
    call = part.node
    if not (
        isinstance(call, ast.Call)
        and scaled.value is call
        and call.args
        and isinstance(call.func, ast.Attribute)
    ):
        return None
    if (
        not isinstance(scaled.targets[0], ast.Name)
        or call.func.attr != "fit_transform"
        or not isinstance(cut.value, ast.Call)
    ):
        return None
    name, target = scaled.targets[0].id, cut.targets[0]
    places = [i for i, a in enumerate(cut.value.args) if script.key(a) == name]
    if not isinstance(target, ast.Tuple) or len(places) != 1 or len(target.elts) != 2 * len(cut.value.args):
        return None
    between = script.lines[scaled.end_lineno : cut.lineno - 1]
    if any(
        script.key(n) == name
        for s in script.block[cut][0][script.block[scaled][1] + 1 : script.block[cut][1]]
        for n in ast.walk(s)
    ):
        return None
    train, test = (script.source(e) for e in target.elts[2 * places[0] : 2 * places[0] + 2])
    scaler = script.source(call.func.value)
    if isinstance(call.func.value, ast.Call):
        indent = script.indent(cut)
        made, scaler = f"{indent}scaler = {scaler}", "scaler"
        between = [*between, made]
    replaced = script.replaced(cut.value.args[places[0]], script.source(call.args[0]))
    indent = script.indent(cut)
    inside = script.lines[cut.lineno - 1 : cut.end_lineno]
    inside[replaced.first - cut.lineno : replaced.last - cut.lineno + 1] = replaced.text.split("\n")
    after = [
        f"{indent}{train} = {scaler}.fit_transform({train})",
        f"{indent}{test} = {scaler}.transform({test})",
    ]
    return Mend(scaled.lineno, cut.end_lineno or 0, "\n".join([*between, *inside, *after]))


def fitted_on_test(script: Script) -> Iterator[Slip]:
    """fit_transform on the held-out rows: they are scaled by a mean of their own."""
    fits = script.events("fit")
    for event in fits:
        facts = event.data.facts
        kind = getattr(root(event.estimator), "kind", "")
        if "test" not in facts or "train" in facts or not FITTED.search(kind or "Scaler"):
            continue
        earlier = [e for e in fits if e.place < event.place and root(e.estimator) is root(event.estimator)]
        call = event.node
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        mend = None
        if earlier and event.transforms:
            mend = script.replaced(call.func, f"{script.source(call.func.value)}.transform")
        yield Slip(call, {"name": script.source(call)}, mend)


RULES = {
    "two_orders": two_orders,
    "test_rows_trained": test_rows_trained,
    "scaled_before_split": scaled_before_split,
    "fitted_on_test": fitted_on_test,
}

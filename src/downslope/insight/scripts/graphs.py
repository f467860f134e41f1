"""Mistakes with the graph of a loss: cut before backward, kept for ever, left by a weight."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from . import meaning as m
from . import view as v
from .finding import Mend, Slip
from .reading import Script
from .values import Tensor, root, walk


def graph_cut(script: Script) -> Iterator[Slip]:
    """backward on a loss whose predictions have left the graph: no weight gets a gradient."""
    if not script.torch:
        return
    moves = [e.node for e in script.events("update")]
    for event in script.events("backward"):
        tensor = event.tensor
        if tensor.cut is None:
            continue
        kind, node = tensor.cut
        if kind == "no_grad" and node is not None and any(node in script.above(n) for n in moves):
            continue  # a weight that was replaced there
        if node is None or (kind == "argmax" and any(_alive(p) for p in walk(tensor, 200))):
            continue
        mend = _without_switch(script, event.tensor, _reconnected(script, kind, node))
        yield Slip(node, {"backward": event.node.lineno}, mend, f"graph_cut_{kind}")


def _without_switch(script: Script, tensor: Tensor, mend: Mend | None) -> Mend | None:
    """The mended lines, down to a loss.requires_grad = True that is then left out."""
    for event in script.events("require"):
        statement = script.statement(event.node)
        if mend is None or root(event.tensor) is not root(tensor) or not v.alone(script, statement):
            continue
        if mend.last < statement.lineno <= mend.last + 12:
            between = script.lines[mend.last : statement.lineno - 1]
            return Mend(
                mend.first, statement.end_lineno or statement.lineno, "\n".join([mend.text, *between])
            )
    return mend


def _alive(part: Any) -> bool:
    return isinstance(part, Tensor) and part.leaf and part.op != "parameter" and part.layer is None


def _reconnected(script: Script, kind: str, node: Any) -> Mend | None:
    if kind == "no_grad":
        if isinstance(node, ast.With):
            return v.dedented(script, node)
        return Mend(node.lineno, node.lineno, "") if isinstance(node, ast.expr) else None
    if kind == "detach":
        inner = (
            node.func.value
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            else getattr(node, "value", None)
        )
        up = script.parent.get(node)
        chained = isinstance(up, ast.Attribute) and up.attr in ("numpy", "cpu", "item", "tolist")
        return script.replaced(node, script.source(inner)) if inner is not None and not chained else None
    if kind == "tensor" and isinstance(node, ast.Call) and node.args:
        item = node.args[0]
        if m.is_method(item, "item", "detach", "numpy", "tolist"):
            return None
        return script.replaced(node, script.source(item))
    if (
        kind == "numpy"
        and m.is_method(node, "item")
        and not isinstance(script.parent.get(node), ast.Attribute)
    ):
        return script.replaced(node, script.source(node.func.value))
    return None


def graph_kept(script: Script) -> Iterator[Slip]:
    """total += loss keeps the graph of every batch."""
    if not script.torch:
        return
    backwards = [b for b in script.events("backward") if b.loops]
    sent = {id(root(b.tensor)): b for b in backwards}
    for b in backwards:
        for value in b.tensor.inputs if b.tensor.op in ("read", "div") else ():
            sent.setdefault(id(root(value)), b)
    for event in script.events("accumulate", "append", "update"):
        if not event.loops:
            continue
        if event.kind == "append":
            added, total = [event.added], event.holder
        elif event.kind == "accumulate":
            added, total = [event.added], event.total
        elif event.replaced and len(event.changes) == 1 and event.changes[0][0] == 1:
            added, total = [event.changes[0][1]], event.base
        else:
            continue
        hits = [
            (part, sent[id(root(part))])
            for value in added
            for part in _summands(value)
            if id(root(part)) in sent
        ]
        hits = [
            (part, b)
            for part, b in hits
            if part.graph is not False and part.cut is None and v.shared(b, event)
        ]
        if not hits or id(root(total)) in sent or _sent_later(backwards, event, total):
            continue
        node = event.node
        operand = _operand(script, node, hits[0][1])
        if operand is None:
            continue
        name = script.source(operand)
        numbers = {"total": _total(script, node), "name": name, "loop": event.loops[-1].node.lineno}
        yield Slip(node, numbers, script.replaced(operand, f"{v.bracketed(script, operand)}.item()"))


def _summands(value: Any, depth: int = 0) -> Iterator[Tensor]:
    if isinstance(value, Tensor) and depth < 5:
        yield value
        if value.op in ("mul", "div", "add", "read", "clone"):
            for part in value.inputs:
                yield from _summands(part, depth + 1)
    elif hasattr(value, "items") and isinstance(value.items, list) and depth < 3:
        for part in value.items:
            yield from _summands(part, depth + 1)


def _sent_later(backwards: list, event: Any, total: Any) -> bool:
    """What is added up is itself sent backward."""
    base = root(total)
    for b in backwards:
        if b.place > event.place and any(
            root(p) is base or (isinstance(p, Tensor) and p.node is event.node) for p in walk(b.tensor, 300)
        ):
            return True
    return False


def _operand(script: Script, node: ast.AST, backward: Any) -> ast.AST | None:
    """Where the loss stands in the line."""
    call = backward.node
    sent = (
        call.args[0]
        if backward.engine is not None and call.args
        else call.func.value
        if isinstance(call.func, ast.Attribute)
        else None
    )
    if (
        isinstance(sent, ast.Call)
        and isinstance(sent.func, ast.Attribute)
        and sent.func.attr == "scale"
        and sent.args
    ):
        sent = sent.args[0]
    if isinstance(node, ast.AugAssign | ast.Assign):
        right: ast.AST = node.value
    elif isinstance(node, ast.Call) and node.args:
        right = node.args[-1]
    else:
        return None
    wanted = ast.unparse(sent) if sent is not None else ""
    same = [
        n
        for n in ast.walk(right)
        if isinstance(n, ast.Name | ast.Attribute | ast.Subscript) and ast.unparse(n) == wanted
    ]
    if same:
        return same[0]
    if isinstance(right, ast.BinOp):
        inner = [s for s in (right.left, right.right) if isinstance(s, ast.Name | ast.Attribute)]
        return inner[-1] if inner and isinstance(node, ast.Assign) else inner[0] if inner else None
    return right if isinstance(right, ast.Name | ast.Attribute | ast.Subscript) else None


def _total(script: Script, node: ast.AST) -> str:
    if isinstance(node, ast.AugAssign):
        return script.source(node.target)
    if isinstance(node, ast.Assign):
        return script.source(node.targets[0])
    return (
        script.source(node.func.value)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        else "?"
    )


def leaf_replaced(script: Script) -> Iterator[Slip]:
    """w = w - rate * w.grad: the new w is no leaf, and gets no gradient."""
    if not script.torch:
        return
    again = script.events("require")
    for event in script.events("update"):
        base = root(event.base)
        if (
            not event.replaced
            or not event.loops
            or not isinstance(base, Tensor)
            or not base.leaf
            or not v.by_gradient(event)
        ):
            continue
        target = event.target
        value = event.node.value
        if not isinstance(value, ast.BinOp) or not isinstance(
            target, ast.Name | ast.Attribute | ast.Subscript
        ):
            continue
        if any(
            event.loops[-1] in e.loops and e.place > event.place and e.node.lineno >= event.node.lineno
            for e in again
        ):
            continue
        name = script.source(target)
        numbers = {"name": name}
        plain = isinstance(value.left, ast.Name | ast.Attribute | ast.Subscript) and ast.unparse(
            value.left
        ) == ast.unparse(target)
        mend = None
        if plain:
            sign = "-" if isinstance(value.op, ast.Sub) else "+"
            change = f"{name} {sign}= {script.source(value.right)}"
            quiet = event.recording is False
            mend = script.rewritten(event.node, change if quiet else f"with torch.no_grad():\n    {change}")
        proof = "leaf_replaced_parameter" if base.op == "parameter" else ""
        yield Slip(event.node, numbers, mend, proof)


def update_outside_no_grad(script: Script) -> Iterator[Slip]:
    """w -= rate * w.grad while the graph is recorded."""
    if not script.torch:
        return
    for event in script.events("update"):
        base = root(event.base)
        if event.replaced or event.data or not event.in_place or event.recording is not True:
            continue
        if not isinstance(base, Tensor) or not base.leaf or not v.by_gradient(event):
            continue
        statement = script.statement(event.node)
        target = event.target.value if isinstance(event.target, ast.Subscript) else event.target
        new = f"with torch.no_grad():\n    {script.source(statement)}"
        yield Slip(event.node, {"name": script.source(target)}, script.rewritten(statement, new))


RULES = {
    "graph_cut": graph_cut,
    "graph_kept": graph_kept,
    "leaf_replaced": leaf_replaced,
    "update_outside_no_grad": update_outside_no_grad,
}

"""Mistakes with the graph of a loss: cut before backward, kept forever, left by a weight."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from . import trace
from .finding import Fix, Slip, torch_rule
from .script import Script, is_method
from .values import Seq, Tensor, root

PLACE = ast.Name | ast.Attribute | ast.Subscript


@torch_rule
def graph_cut(script: Script) -> Iterator[Slip]:
    """backward on a loss whose predictions have left the graph: no weight gets a gradient."""
    moves = [e.node for e in script.events("update")]
    for event in script.events("backward"):
        kind, node = event.tensor.cut or (None, None)
        if node is None or (kind == "no_grad" and any(node in script.above(n) for n in moves)):
            continue  # a weight that was replaced there
        alive = (p.leaf and p.op != "parameter" and p.layer is None for p in trace.tensors(event.tensor, 200))
        if kind == "argmax" and any(alive):
            continue
        mend = _without_switch(script, event.tensor, _reconnected(script, kind, node))
        yield Slip(node, {"backward": event.node.lineno}, mend, f"graph_cut_{kind}")


def _without_switch(script: Script, tensor: Tensor, mend: Fix | None) -> Fix | None:
    """The mended lines, down to a loss.requires_grad = True that is then left out."""
    for event in script.events("require") if mend else ():
        statement = script.statement(event.node)
        near = mend.last < statement.lineno <= mend.last + 12
        if near and root(event.tensor) is root(tensor) and script.alone(statement):
            between = script.lines[mend.last : statement.lineno - 1]
            return Fix(mend.first, statement.end_lineno, "\n".join([mend.text, *between]))
    return mend


def _reconnected(script: Script, kind: str | None, node: Any) -> Fix | None:
    """The line without what cuts the graph."""
    up = script.parent.get(node)
    match kind:
        case "no_grad" if isinstance(node, ast.With):
            return script.dedented(node)
        case "no_grad" if isinstance(node, ast.expr):
            return Fix(node.lineno, node.lineno, "")
        case "detach" if getattr(up, "attr", "") not in ("numpy", "cpu", "item", "tolist"):
            method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            inner = node.func.value if method else getattr(node, "value", None)
            return script.replaced(node, script.source(inner)) if inner is not None else None
        case "tensor" if isinstance(node, ast.Call) and node.args:
            if not is_method(node.args[0], "item", "detach", "numpy", "tolist"):
                return script.replaced(node, script.source(node.args[0]))
        case "numpy" if is_method(up, "tensor", "as_tensor") and node in up.args:
            return script.replaced(up, script.source(node.func.value)) if is_method(node, "item") else None
        case "numpy" if is_method(node, "item") and not isinstance(up, ast.Attribute):
            return script.replaced(node, script.source(node.func.value))
    return None


@torch_rule
def graph_kept(script: Script) -> Iterator[Slip]:
    """total += loss keeps the graph of every batch."""
    backwards = [b for b in script.events("backward") if b.loops]
    sent = {id(root(b.tensor)): b for b in backwards}
    for b in backwards:
        for value in b.tensor.inputs if b.tensor.op in ("read", "div") else ():
            sent.setdefault(id(root(value)), b)
    for event in script.events("accumulate", "append", "update"):
        added, total = _added(event)
        if not event.loops or id(root(total)) in sent or _sent_later(backwards, event, total):
            continue
        hits = [(part, sent[id(root(part))]) for part in _summands(added) if id(root(part)) in sent]
        kept = [b for p, b in hits if p.graph is not False and p.cut is None and trace.shared(b, event)]
        operand = _operand(script, event.node, kept[0].node, kept[0].engine) if kept else None
        if operand is not None:
            name = script.source(operand)
            numbers = {"total": _total(script, event.node), "name": name, "loop": event.loops[-1].node.lineno}
            yield Slip(event.node, numbers, script.replaced(operand, f"{script.bracketed(operand)}.item()"))


def _added(event: Any) -> tuple[Any, Any]:
    """What is added to what: total += loss, losses.append(loss), total = total + loss."""
    match event.kind:
        case "append":
            return event.added, event.holder
        case "accumulate":
            return event.added, event.total
    plain = event.replaced and len(event.changes) == 1 and event.changes[0][0] == 1
    return (event.changes[0][1], event.base) if plain else (None, None)


def _summands(value: Any, depth: int = 0) -> Iterator[Tensor]:
    if isinstance(value, Tensor) and depth < 5:
        yield value
        parts = value.inputs if value.op in ("mul", "div", "add", "read", "clone") else ()
    else:
        parts = tuple(value.items) if isinstance(value, Seq) and depth < 3 else ()
    for part in parts:
        yield from _summands(part, depth + 1)


def _sent_later(backwards: list, event: Any, total: Any) -> bool:
    """What is added up is itself sent backward."""
    base = root(total)
    for b in backwards:
        if b.place > event.place:
            for part in trace.walk(b.tensor, 300):
                if root(part) is base or (isinstance(part, Tensor) and part.node is event.node):
                    return True
    return False


def _operand(script: Script, node: Any, call: Any, engine: Any) -> ast.AST | None:
    """Where the loss stands in the line."""
    sent = call.args[0] if engine is not None and call.args else getattr(call.func, "value", None)
    if is_method(sent, "scale") and sent.args:
        sent = sent.args[0]
    if isinstance(node, ast.AugAssign | ast.Assign):
        right = node.value
    elif isinstance(node, ast.Call) and node.args:
        right = node.args[-1]
    else:
        return None
    wanted = ast.unparse(sent) if sent is not None else ""
    same = (n for n in ast.walk(right) if isinstance(n, PLACE) and ast.unparse(n) == wanted)
    found = next(same, None)
    if found is None and isinstance(right, ast.BinOp):
        inner = [s for s in (right.left, right.right) if isinstance(s, ast.Name | ast.Attribute)]
        return inner[-1 if isinstance(node, ast.Assign) else 0] if inner else None
    return found or (right if isinstance(right, PLACE) else None)


def _total(script: Script, node: Any) -> str:
    match node:
        case ast.AugAssign():
            return script.source(node.target)
        case ast.Assign():
            return script.source(node.targets[0])
        case ast.Call(func=ast.Attribute()):
            return script.source(node.func.value)
    return "?"


@torch_rule
def leaf_replaced(script: Script) -> Iterator[Slip]:
    """w = w - rate * w.grad: the new w is no leaf, and gets no gradient."""
    for event in script.events("update"):
        base, target, node = root(event.base), event.target, event.node
        leaf = isinstance(base, Tensor) and base.leaf and trace.by_gradient(event)
        if not event.replaced or not event.loops or not leaf:
            continue
        value = node.value
        if not isinstance(value, ast.BinOp) or not isinstance(target, PLACE):
            continue
        again = script.events_in(event.loops[-1], "require")
        if any(e.place > event.place and e.node.lineno >= node.lineno for e in again):
            continue
        name, mend = script.source(target), None
        if isinstance(value.left, PLACE) and ast.unparse(value.left) == ast.unparse(target):
            sign = "-" if isinstance(value.op, ast.Sub) else "+"
            change = f"{name} {sign}= {script.source(value.right)}"
            quiet = event.recording is False
            mend = script.rewritten(node, change if quiet else f"with torch.no_grad():\n    {change}")
        proof = "leaf_replaced_parameter" if base.op == "parameter" else ""
        yield Slip(node, {"name": name}, mend, proof)


@torch_rule
def update_outside_no_grad(script: Script) -> Iterator[Slip]:
    """w -= rate * w.grad while the graph is recorded."""
    for event in script.events("update"):
        base = root(event.base)
        if event.replaced or event.data or event.recording is not True:
            continue
        if isinstance(base, Tensor) and base.leaf and trace.by_gradient(event):
            statement = script.statement(event.node)
            target = event.target.value if isinstance(event.target, ast.Subscript) else event.target
            new = f"with torch.no_grad():\n    {script.source(statement)}"
            yield Slip(event.node, {"name": script.source(target)}, script.rewritten(statement, new))

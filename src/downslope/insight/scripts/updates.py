"""Updates of variables, as events: w -= rate * g, w = w − rate * g, w.requires_grad = True."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from .values import (
    Const,
    Seq,
    Tensor,
    as_tensor,
    number,
    root,
    walk,
)


# ── updates ─────────────────────────────────────────────────────────────────────────────────────────
def terms(value: Any, inside: set[ast.AST]) -> list[tuple[int, Any]]:
    """a − b + c as [(1, a), (−1, b), (1, c)], as far as it stands in this expression."""
    own = isinstance(value, Tensor) and value.node in inside
    if own and value.op in ("add", "sub") and len(value.inputs) == 2:
        sign = 1 if value.op == "add" else -1
        left, right = value.inputs
        return [*terms(left, inside), *((sign * s, v) for s, v in terms(right, inside))]
    if isinstance(value, Tensor) and value.op == "neg" and value.node in inside:
        return [(-s, v) for s, v in terms(value.inputs[0], inside)]
    return [(1, value)]


def watch_update(machine, node: ast.stmt, target: ast.expr, right: ast.expr, value: Any) -> None:
    """w = w − rate * g, w[:] = w − …, w.data = w.data − …"""
    if isinstance(target, ast.Tuple | ast.List):
        if isinstance(right, ast.Tuple) and len(right.elts) == len(target.elts) and isinstance(value, Seq):
            for part, expression, item in zip(target.elts, right.elts, value.items):
                watch_update(machine, node, part, expression, item)
        return
    if not isinstance(right, ast.BinOp) or not isinstance(right.op, ast.Add | ast.Sub):
        return
    wanted = {ast.unparse(target), ast.unparse(_base(target))}
    inside = set(ast.walk(right))
    found = [(s, v) for s, v in terms(value, inside)]
    own = [(s, v) for s, v in found if v.node is not None and s == 1 and _text(v.node) in wanted]
    if len(own) == 1:
        changes = [(s, v) for s, v in found if v is not own[0][1]]
        base = moved_variable(own[0][1], target)
        data = isinstance(target, ast.Attribute) and target.attr == "data"
        machine.tell(
            "update",
            node,
            target=target,
            base=base,
            changes=changes,
            in_place=data or isinstance(target, ast.Subscript),
            data=data,
            replaced=not data and not isinstance(target, ast.Subscript),
        )


def update(machine, node, target, before, after, in_place: bool, change=None, op=None, data=False) -> None:
    """w -= rate * g"""
    if change is None:
        return
    before = moved_variable(before, target)
    sign = -1 if isinstance(op, ast.Sub) else 1
    inside = set(ast.walk(node))
    changes = [(sign * s, v) for s, v in terms(change, inside)]
    data = data or (isinstance(target, ast.Attribute) and target.attr == "data")
    machine.tell(
        "update",
        node,
        target=target,
        base=before,
        changes=changes,
        in_place=in_place,
        data=data,
        replaced=False,
    )


def moved_variable(value: Any, target: ast.AST) -> Any:
    """w of w.data and of w[j], as it was read."""
    if isinstance(value, Tensor) and value.op == "data":
        value = value.info["of"]
    while isinstance(target, ast.Subscript) and isinstance(value, Tensor) and value.op == "index":
        value, target = value.inputs[0], target.value
    return value


def _base(node: ast.AST) -> ast.AST:
    while isinstance(node, ast.Attribute) and node.attr == "data":
        node = node.value
    return node


def _text(node: ast.AST) -> str:
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) else ""


def predicted(tensor: Tensor) -> bool:
    """Made by a net or a loss."""
    base: Any = tensor
    while (
        isinstance(base, Tensor) and base.op in ("detach", "data", "read", "tensor", "clone") and base.inputs
    ):
        base = base.inputs[0]
    if isinstance(base, Tensor) and base.op in ("mean", "sum", "mse_loss", "cross_entropy"):
        return True
    return any(isinstance(p, Tensor) and p.layer is not None for p in walk(tensor, 200))


def require(machine, tensor: Tensor, value: Any, node: ast.AST) -> None:
    """w.requires_grad = True"""
    asked = isinstance(value, Const) and value.value is True
    if asked:
        machine.put(tensor.__dict__, "graph", True)
        if not predicted(tensor):
            machine.put(tensor.__dict__, "cut", None)  # a weight that begins anew
        machine.put(tensor.__dict__, "leaf", tensor.op not in ("mean", "sum") or not tensor.inputs)
        machine.tell("require", node, tensor=tensor)
    elif isinstance(value, Const) and value.value is False:
        machine.put(tensor.__dict__, "graph", None)
        if tensor.layer is not None:
            for part in [tensor.layer]:
                machine.put(part.attrs, "$frozen", True)


def read(machine, value: Any, key: Any, node: ast.AST) -> Any:
    """A variable that the script moves, as it is read."""
    tensor = as_tensor(value) if isinstance(value, Tensor | Const) else None
    if tensor is None:
        return value
    if isinstance(value, Const) and not isinstance(value.value, int | float):
        return value
    copy = replace(
        tensor, op="read", inputs=(value,), key=key, origin=root(value), node=node, info=dict(tensor.info)
    )
    found = number(value)
    if found is not None:
        copy.info["number"] = found
    return copy

"""Updates of variables, as events: w -= rate * g, w = w − rate * g."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from .values import Const, Seq, Tensor, as_tensor, number, root


def moved_names(nodes: list[ast.AST]) -> set[str]:
    """The names that are changed by a sum of themselves: w -= …, w = w - …, self.w += …, p["w"] -= …"""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
            found.add(_name(node.target))
        elif isinstance(node, ast.Assign):
            read = {_name(n) for n in ast.walk(node.value) if isinstance(n, ast.Name | ast.Attribute)}
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            if any(isinstance(v, ast.BinOp) and isinstance(v.op, ast.Add | ast.Sub) for v in values):
                parts = (t.elts if isinstance(t, ast.Tuple) else [t] for t in node.targets)
                found |= {_name(part) for group in parts for part in group} & read
    return found - {""}


def _name(node: ast.AST) -> str:
    """w of w, w[0], w.data; .w of self.w"""
    while isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr == "data"):
        node = node.value
    if isinstance(node, ast.Name):
        return node.id
    return f".{node.attr}" if isinstance(node, ast.Attribute) else ""


def read(value: Any, key: Any, node: ast.AST) -> Any:
    """A variable that the script moves, as it is read."""
    plain = isinstance(value, Tensor) or (isinstance(value, Const) and isinstance(value.value, int | float))
    if not plain:
        return value
    tensor, found = as_tensor(value), number(value)
    info = tensor.info | ({} if found is None else {"number": found})
    return replace(tensor, op="read", inputs=(value,), key=key, origin=root(value), node=node, info=info)


def terms(value: Any, inside: set[ast.AST]) -> list[tuple[int, Any]]:
    """a − b + c as [(1, a), (−1, b), (1, c)], as far as it stands in this expression."""
    if isinstance(value, Tensor) and value.node in inside:
        if value.op in ("add", "sub") and len(value.inputs) == 2:
            sign = 1 if value.op == "add" else -1
            left, right = value.inputs
            return [*terms(left, inside), *((sign * s, v) for s, v in terms(right, inside))]
        if value.op == "neg":
            return [(-s, v) for s, v in terms(value.inputs[0], inside)]
    return [(1, value)]


def assigned(machine: Any, node: ast.stmt, target: ast.expr, right: ast.expr, value: Any) -> None:
    """w = w − rate * g, w[:] = w − …, w.data = w.data − …"""
    if isinstance(target, ast.Tuple | ast.List):
        if isinstance(right, ast.Tuple) and len(right.elts) == len(target.elts) and isinstance(value, Seq):
            for part, expression, item in zip(target.elts, right.elts, value.items):
                assigned(machine, node, part, expression, item)
        return
    if not isinstance(right, ast.BinOp) or not isinstance(right.op, ast.Add | ast.Sub):
        return
    whole = target
    while isinstance(whole, ast.Attribute) and whole.attr == "data":
        whole = whole.value
    wanted = {ast.unparse(target), ast.unparse(whole)}
    found = terms(value, set(ast.walk(right)))
    own = [v for s, v in found if s == 1 and isinstance(v.node, PLACES) and ast.unparse(v.node) in wanted]
    if len(own) == 1:
        data = isinstance(target, ast.Attribute) and target.attr == "data"
        in_place = data or isinstance(target, ast.Subscript)
        changes = [(s, v) for s, v in found if v is not own[0]]
        base = moved_variable(own[0], target)
        facts = {"in_place": in_place, "data": data, "replaced": not in_place}
        machine.emit("update", node, target=target, base=base, changes=changes, **facts)


def augmented(machine: Any, node: ast.AugAssign, before: Any, change: Any) -> None:
    """w -= rate * g"""
    sign = -1 if isinstance(node.op, ast.Sub) else 1
    changes = [(sign * s, v) for s, v in terms(change, set(ast.walk(node)))]
    data = isinstance(node.target, ast.Attribute) and node.target.attr == "data"
    facts = {"in_place": True, "data": data, "replaced": False}
    base = moved_variable(before, node.target)
    machine.emit("update", node, target=node.target, base=base, changes=changes, **facts)


PLACES = (ast.Name, ast.Attribute, ast.Subscript)


def moved_variable(value: Any, target: ast.AST) -> Any:
    """w of w.data and of w[j], as it was read."""
    if isinstance(value, Tensor) and value.op == "data":
        value = value.info["of"]
    while isinstance(target, ast.Subscript) and isinstance(value, Tensor) and value.op == "index":
        value, target = value.inputs[0], target.value
    return value

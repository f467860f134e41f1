"""Arithmetic on tensors of which shape, kind and origin are known."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import math
import operator
from collections.abc import Iterable
from typing import Any

from .values import (
    Const,
    Parameters,
    Seq,
    Shape,
    Tensor,
    Unknown,
    Value,
    as_tensor,
    number,
    whole,
)

OPERATORS = {
    ast.Add: ("add", operator.add),
    ast.Sub: ("sub", operator.sub),
    ast.Mult: ("mul", operator.mul),
    ast.Div: ("div", operator.truediv),
    ast.Pow: ("pow", operator.pow),
    ast.MatMult: ("matmul", None),
    ast.FloorDiv: ("floordiv", operator.floordiv),
    ast.Mod: ("mod", operator.mod),
}
RANGES = {"real", "unit"}
LINEAR = {
    "add",
    "sub",
    "matmul",
    "mul",
    "neg",
    "view",
    "index",
    "cat",
    "tensor",
    "float",
    "numpy",
    "squeeze",
    "read",
    "item",
}
SUMMED = {
    "sum",
    "mean",
    "std",
    "var",
    "norm",
    "prod",
    "mse_loss",
    "cross_entropy",
    "l1_loss",
    "max",
    "min",
    "item",
}
UNIT = {"sigmoid", "softmax", "compare", "rand"}


def made(
    machine, op: str, inputs: Iterable[Any], node: ast.AST, shape: Shape = None, dtype: str = "", **more
) -> Tensor:
    """The result of an operation."""
    operands = tuple(t for t in (as_tensor(value) or value for value in inputs) if isinstance(t, Value))
    facts = frozenset().union(*(t.facts for t in operands)) if operands else frozenset()
    ranges = facts & RANGES
    facts -= RANGES
    if op in UNIT:
        facts |= {"unit"}
    elif op in LINEAR and ranges:
        facts |= {"real"} if "real" in ranges else ranges
    graph, cut = reach(machine, operands)
    rows = operands[:1] if op == "matmul" else () if op in SUMMED else operands
    orders = {
        id(t.order): t.order for t in rows if isinstance(t, Tensor) and t.order is not None and t.op != "T"
    }
    libs = [t.lib for t in operands if isinstance(t, Tensor) and t.lib]
    lib = "torch" if "torch" in libs else libs[0] if libs else ""
    facts_given = more.pop("facts", None)
    settings: dict[str, Any] = {
        "graph": graph,
        "cut": cut,
        "lib": lib,
        "order": next(iter(orders.values())) if len(orders) == 1 else None,
    }
    settings |= {
        name: more.pop(name)
        for name in list(more)
        if name in ("graph", "cut", "lib", "order", "layer", "leaf", "key", "origin")
    }
    return Tensor(
        node, facts if facts_given is None else facts_given, op, operands, shape, dtype, info=more, **settings
    )


def reach(machine, operands: Iterable[Any]) -> tuple[bool | None, tuple[str, ast.AST] | None]:
    """Whether backward passes through what is made of these, and where it was cut off."""
    tensors = [t for t in operands if isinstance(t, Tensor)]
    graphs = {t.graph for t in tensors}
    cut = next((t.cut for t in tensors if t.cut), None)
    if machine.recording is False:
        lost = True in graphs
        return False, cut or (("no_grad", machine.silencer) if lost else None)
    if True in graphs:
        live = any(t.graph is True and t.cut is None for t in tensors)
        return (True if machine.recording else None), None if live else cut
    if any(t.graph is None and t.op != "unknown" for t in tensors):
        return None, None
    return (None if None in graphs else False), cut


def binary(machine, node: ast.AST, op: ast.operator, left: Any, right: Any) -> Value:
    name, function = OPERATORS.get(type(op), ("other", None))
    if isinstance(left, Const) and isinstance(right, Const) and function is not None:
        return _folded(node, name, function, left.value, right.value)
    if isinstance(left, Parameters) and isinstance(right, Parameters):
        return Parameters(node, owners=left.owners + right.owners)
    if isinstance(left, Seq) and isinstance(right, Seq) and name == "add":
        items = left.items + right.items
        return Seq(node, left.facts | right.facts, items[:500], left.more or right.more, left.kind)
    if isinstance(left, Seq) and name == "mul" and number(right) is not None:
        count = whole(right) or 0
        many = left.items * min(count, 400 // max(1, len(left.items)))
        return Seq(node, left.facts, many or left.items, len(many) != count * len(left.items), left.kind)
    if isinstance(left, Seq) and isinstance(right, Parameters):
        return Parameters(node, owners=(*list(left.items), *right.owners))
    if isinstance(right, Seq) and isinstance(left, Parameters):
        return Parameters(node, owners=(*left.owners, *list(right.items)))
    if isinstance(left, Const) and isinstance(left.value, str):
        return Unknown(node)
    one, other = as_tensor(left), as_tensor(right)
    if one is None or other is None:
        return Unknown(node)
    if name == "matmul":
        return made(machine, name, (one, other), node, product(one.shape, other.shape), "float")
    dtype = (
        "float"
        if "float" in (one.dtype, other.dtype) or name == "div"
        else one.dtype
        if one.dtype == other.dtype
        else ""
    )
    result = made(machine, name, (one, other), node, spread(one.shape, other.shape), dtype)
    if name in ("add", "sub", "mul", "pow"):
        machine.tell("elementwise", node, op=name, left=one, right=other, result=result)
    elif name == "div":
        machine.tell("division", node, left=left, right=right, result=result)
    a, b = number(left), number(right)
    if a is not None and b is not None and function is not None:
        folded = _folded(node, name, function, a, b)
        if isinstance(folded, Const):
            result.info["number"] = folded.value
    return result


def _folded(node: ast.AST, name: str, function: Any, a: Any, b: Any) -> Value:
    plain = isinstance(a, int | float) and isinstance(b, int | float)
    try:
        if (
            plain
            and not (name == "pow" and (abs(b) > 64 or abs(a) > 1e9))
            and abs(a) < 1e30
            and abs(b) < 1e30
        ):
            value = function(a, b)
            if isinstance(value, int | float) and math.isfinite(value):
                return Const(node, value=value)
    except (ArithmeticError, ValueError):
        pass
    if isinstance(a, str) and isinstance(b, str) and name == "add" and len(a) + len(b) < 500:
        return Const(node, value=a + b)
    return Unknown(node) if not plain else Tensor(node, op=name, shape=(), graph=False)


def unary(machine, node: ast.UnaryOp, value: Any) -> Value:
    if isinstance(node.op, ast.Not):
        known = isinstance(value, Const) and isinstance(value.value, bool)
        return Const(node, value=not value.value) if known else Unknown(node)
    if isinstance(value, Const) and isinstance(value.value, int | float):
        sign = -1 if isinstance(node.op, ast.USub) else 1
        return Const(node, value=sign * value.value)
    tensor = as_tensor(value)
    if tensor is None:
        return Unknown(node)
    name = {ast.USub: "neg", ast.UAdd: "add", ast.Invert: "invert"}[type(node.op)]
    return made(machine, name, (tensor,), node, tensor.shape, tensor.dtype)


def compare(machine, node: ast.Compare, left: Any, right: Any) -> Value:
    one, other = as_tensor(left), as_tensor(right)
    if one is None or other is None or isinstance(node.ops[0], ast.Is | ast.IsNot | ast.In | ast.NotIn):
        return Unknown(node)
    result = made(machine, "compare", (one, other), node, spread(one.shape, other.shape), "bool")
    result.graph, result.cut = False, _cut(one, other, node)
    result.info["operator"] = type(node.ops[0]).__name__
    machine.tell("elementwise", node, op="compare", left=one, right=other, result=result)
    return result


def _cut(one: Tensor, other: Tensor, node: ast.AST) -> tuple[str, ast.AST] | None:
    return ("argmax", node) if True in (one.graph, other.graph) else one.cut or other.cut


# ── shapes ──────────────────────────────────────────────────────────────────────────────────────────
def product(left: Shape, right: Shape) -> Shape:
    """The shape of left @ right."""
    if left is None and right and len(right) == 2 and ... not in right:
        return (..., right[1])
    if not left or not right or ... in right:
        return None
    if left[0] is ... and len(right) == 1:
        return None
    return (*left[:-1], *(right[:-2] + right[-1:] if len(right) > 1 else ()))


def spread(left: Shape, right: Shape) -> Shape:
    """The shape of left + right, where it is plain."""
    if left is None or right is None:
        return None
    if left == right or right == ():
        return left
    if left == ():
        return right
    if ... in left or ... in right:
        return None
    long, short = (left, right) if len(left) >= len(right) else (right, left)
    short = (1,) * (len(long) - len(short)) + short
    return tuple(b if a == 1 else a if b in (1, a) else None for a, b in zip(long, short))


def reshaped(given: Shape, dims: list[Any]) -> Any:
    """The shape after view(*dims); -1 takes what is left, where all lengths are known."""
    sizes = [whole(dim) for dim in dims]
    total = size(given)
    known: list[Any] = [s for s in sizes if s not in (-1, None)]
    rest: int | None = None
    if total is not None and None not in sizes and math.prod(known):
        rest = total // math.prod(known)
    elif given and known == [1] and len(given) <= 2 and (len(given) == 1 or given[1] == 1):
        rest = given[0] if isinstance(given[0], int) else None
    return tuple(rest if s == -1 else s for s in sizes)


def size(given: Shape) -> int | None:
    if given is None or any(not isinstance(d, int) for d in given):
        return None
    return math.prod(given)


def flattened(given: Shape) -> Shape:
    """The shape of all numbers in a row."""
    if given and ... not in given and all(d == 1 for d in given[1:]):
        return (given[0],)
    return (size(given),)


def squeezed(given: Shape, axis: int | None) -> Shape:
    if given is None:
        return None
    if ... in given:
        return given[:-1] if axis in (-1, 1) and given[-1] == 1 and len(given) > 1 else None
    if axis is None:
        return tuple(d for d in given if d != 1)
    if not given or not -len(given) <= axis < len(given):
        return given
    place = axis % len(given)
    return tuple(d for i, d in enumerate(given) if i != place or d not in (1,))


def unsqueezed(given: Shape, axis: int | None) -> Shape:
    if given is None or axis is None:
        return None
    if ... in given:
        return (*given, 1) if axis == -1 else None
    place = axis % (len(given) + 1)
    return (*given[:place], 1, *given[place:])


def reduced(given: Shape, axis: int | None, keep: bool) -> Shape:
    if given is None:
        return None
    if axis is None:
        return ()
    if ... in given or not given:
        return None
    place = axis % len(given)
    return tuple(1 if i == place else d for i, d in enumerate(given) if keep or i != place)


def indexed(machine, node: ast.Subscript, whole_: Tensor, index: Any, parts: list[Any]) -> Tensor:
    """X[:, None], X[:, 0], X[2:5], X[order], X[mask]"""
    given = whole_.shape
    shape: list | None = []
    left = list(given) if given is not None else None
    order = whole_.order
    cutting = False
    for part in parts:
        value = machine.value(part) if not isinstance(part, ast.Slice) else None
        if isinstance(value, Const) and value.value is None:
            shape.append(1) if shape is not None else None
            continue
        if isinstance(value, Const) and value.value is ...:
            shape = None
            continue
        if left is not None and left and left[0] is ... and part is parts[-1] and len(parts) > 1:
            left = left[-1:]  # X[..., 0]
        if left is None or not left or left[0] is ...:
            left = None
            shape = None if not (shape is not None and isinstance(part, ast.Slice)) else shape
            if isinstance(part, ast.Slice) and len(parts) == 1:
                shape = None
            continue
        size_ = left.pop(0)
        if isinstance(part, ast.Slice):
            cutting = True
            shape.append(_sliced(machine, part, size_)) if shape is not None else None
        elif (isinstance(value, Const) and type(value.value) is int) or (
            isinstance(value, Tensor) and value.shape == () and value.dtype == "int"
        ):
            pass
        elif isinstance(value, Tensor) and value.shape is not None and len(value.shape) == 1:
            shape.append(value.shape[0] if value.dtype != "bool" else None) if shape is not None else None
            order = value.order or order
        elif isinstance(value, Seq):
            shape.append(None if value.more else len(value.items)) if shape is not None else None
        else:
            shape, left = None, None
    first = machine.value(parts[0]) if parts and not isinstance(parts[0], ast.Slice) else None
    if isinstance(first, Tensor) and first.order is not None:
        order = first.order
    final = None if shape is None or left is None else (*shape, *left)
    return made(
        machine, "index", (whole_,), node, final, whole_.dtype, order=order, sliced=cutting, index=index
    )


def _sliced(machine, part: ast.Slice, size_: Any) -> Any:
    if part.lower is None and part.upper is None and part.step is None:
        return size_
    ends = [whole(machine.value(end)) if end is not None else None for end in (part.lower, part.upper)]
    if (
        part.step is not None
        or (part.lower is not None and ends[0] is None)
        or (part.upper is not None and ends[1] is None)
    ):
        return None
    lower = ends[0] or 0
    if isinstance(size_, int):
        return len(range(size_)[slice(lower, ends[1])])
    if ends[1] is not None and lower >= 0 and ends[1] > lower:
        return ends[1] - lower  # as many as there are, where there are so many
    return None

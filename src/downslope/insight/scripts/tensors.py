"""Calls and arithmetic on tensors, of which shape, kind and origin are known."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import math
import operator
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from . import shapes
from .values import (
    Const,
    Parameters,
    Seq,
    Shape,
    Tensor,
    Unknown,
    Value,
    as_tensor,
    constant,
    is_none,
    number,
    root,
    walk,
    whole,
    words,
)

OPERATORS = {
    ast.Add: ("add", operator.add), ast.Sub: ("sub", operator.sub), ast.Mult: ("mul", operator.mul),
    ast.Div: ("div", operator.truediv), ast.Pow: ("pow", operator.pow), ast.MatMult: ("matmul", None),
    ast.FloorDiv: ("floordiv", operator.floordiv), ast.Mod: ("mod", operator.mod),
}  # fmt: skip
RANGES = {"real", "unit"}
LINEAR = words("add sub matmul mul neg view index cat tensor float numpy squeeze read item")
SUMMED = words("sum mean std var norm prod mse_loss cross_entropy l1_loss max min item")
COPIES = words("detach data read tensor clone")
UNIT = words("sigmoid softmax compare rand")
FIELDS = words("graph cut lib order layer leaf key origin facts")


@dataclass
class Call:
    """name(*args, **keywords), met at a node: what a function of the library gives, it makes of this."""

    machine: Any
    node: Any
    name: str = ""
    args: list = field(default_factory=list)
    keywords: dict[str, Any] = field(default_factory=dict)
    lib: str = ""  # torch or numpy

    @property
    def first(self) -> Any:
        return self.args[0] if self.args else None

    @property
    def given(self) -> list[Any]:
        return [*self.args, *self.keywords.values()]

    def arg(self, place: int, *names: str, default: Any = None) -> Any:
        """What is given by one of these names, or at a place."""
        for name in names:
            if name in self.keywords:
                return self.keywords[name]
        return self.args[place] if 0 <= place < len(self.args) else default

    def true(self, *names: str) -> bool:
        """Whether a keyword is True."""
        return any(constant(self.keywords.get(name)) is True for name in names)

    def axis(self, place: int = 1) -> tuple[bool, int | None]:
        """(whether an axis is given, which one where it is known)."""
        asked = self.arg(place, "dim", "axis")
        return asked is not None and not is_none(asked), whole(asked)

    def emit(self, kind: str, **facts: Any) -> None:
        self.machine.emit(kind, self.node, **facts)

    def make(
        self, op: str, inputs: Iterable[Any], shape: Shape = None, dtype: str = "", **more: Any
    ) -> Tensor:
        """The result of an operation."""
        return made(self.machine, op, inputs, self.node, shape, dtype, **more)

    def unknown(self, **more: Any) -> Unknown:
        return Unknown(self.node, **more)

    def constant(self, value: Any = None) -> Const:
        return Const(self.node, value=value)

    def several(self, *items: Any, kind: str = "tuple", more: bool = False) -> Seq:
        return Seq(self.node, items=list(items), kind=kind, more=more)

    def foreign(self, function: Any) -> None:
        """Said of what is handed to something that the text does not tell."""
        self.emit("foreign", function=function, given=self.given)


def made(
    machine: Any, op: str, inputs: Iterable[Any], node: Any, shape: Shape = None, dtype: str = "", **more: Any
) -> Tensor:
    """The result of an operation; what is no field of a tensor is kept in its `info`."""
    operands = tuple(t for t in (as_tensor(value) or value for value in inputs) if isinstance(t, Value))
    tensors = [t for t in operands if isinstance(t, Tensor)]
    facts = frozenset().union(*(t.facts for t in operands))
    ranges = facts & RANGES
    facts -= RANGES
    if op in UNIT:
        facts |= {"unit"}
    elif op in LINEAR and ranges:
        facts |= {"real"} if "real" in ranges else ranges
    graph, cut = reach(machine, tensors)
    rows = operands[:1] if op == "matmul" else () if op in SUMMED else operands
    ordered = [t.order for t in rows if isinstance(t, Tensor) and t.op != "T" and t.order is not None]
    orders = {id(order): order for order in ordered}
    libs = [t.lib for t in tensors if t.lib]
    settings: dict[str, Any] = {
        "facts": facts,
        "graph": graph,
        "cut": cut,
        "lib": "torch" if "torch" in libs else libs[0] if libs else "",
        "order": next(iter(orders.values())) if len(orders) == 1 else None,
    }
    settings |= {name: more.pop(name) for name in FIELDS & more.keys()}
    return Tensor(node, op=op, inputs=operands, shape=shape, dtype=dtype, info=more, **settings)


def reach(machine: Any, tensors: list[Tensor]) -> tuple[bool | None, tuple[str, ast.AST] | None]:
    """Whether backward passes through what is made of these, and where it was cut off."""
    graphs = {t.graph for t in tensors}
    cut = next((t.cut for t in tensors if t.cut), None)
    if machine.recording is False:
        return False, cut or (("no_grad", machine.silencer) if True in graphs else None)
    if True in graphs:
        live = any(t.graph is True and t.cut is None for t in tensors)
        return (True if machine.recording else None), None if live else cut
    if any(t.graph is None and t.op != "unknown" for t in tensors):
        return None, None
    return (None if None in graphs else False), cut


def binary(machine: Any, node: Any, op: ast.operator, left: Any, right: Any) -> Any:
    name, function = OPERATORS.get(type(op), ("other", None))
    match left, right:
        case Const(), Const() if function is not None:
            return _folded(node, name, function, left.value, right.value)
        case (Parameters(), Parameters() | Seq()) | (Seq(), Parameters()):
            return Parameters(node, owners=(*_owners(left), *_owners(right)))
        case Seq(), Seq() if name == "add":
            items = left.items + right.items
            return Seq(node, left.facts | right.facts, items[:500], left.more or right.more, left.kind)
        case Seq(), _ if name == "mul" and number(right) is not None:
            count = whole(right) or 0
            many = left.items * min(count, 400 // max(1, len(left.items)))
            return Seq(node, left.facts, many or left.items, len(many) != count * len(left.items), left.kind)
        case Const(value=str()), _:
            return Unknown(node)
    one, other = as_tensor(left), as_tensor(right)
    if one is None or other is None:
        return Unknown(node)
    if name == "matmul":
        return made(machine, name, (one, other), node, shapes.product(one.shape, other.shape), "float")
    kinds = {one.dtype, other.dtype}
    dtype = "float" if "float" in kinds or name == "div" else one.dtype if len(kinds) == 1 else ""
    result = made(machine, name, (one, other), node, shapes.broadcast(one.shape, other.shape), dtype)
    if name in ("add", "sub", "mul", "pow"):
        machine.emit("elementwise", node, op=name, left=one, right=other, result=result)
    elif name == "div":
        machine.emit("division", node, left=left, right=right, result=result)
    a, b = number(left), number(right)
    if a is not None and b is not None and function is not None:
        folded = _folded(node, name, function, a, b)
        if isinstance(folded, Const):
            result.info["number"] = folded.value
    return result


def _owners(value: Any) -> tuple[Any, ...]:
    return value.owners if isinstance(value, Parameters) else tuple(value.items)


def _folded(node: Any, name: str, function: Any, a: Any, b: Any) -> Value:
    """A number made of two, where it is small enough to be computed."""
    plain = isinstance(a, int | float) and isinstance(b, int | float)
    try:
        small = plain and abs(a) < 1e30 and abs(b) < 1e30
        if small and not (name == "pow" and (abs(b) > 64 or abs(a) > 1e9)):
            value = function(a, b)
            if isinstance(value, int | float) and math.isfinite(value):
                return Const(node, value=value)
    except (ArithmeticError, ValueError):
        pass
    if isinstance(a, str) and isinstance(b, str) and name == "add" and len(a) + len(b) < 500:
        return Const(node, value=a + b)
    return Tensor(node, op=name, shape=(), graph=False) if plain else Unknown(node)


def unary(machine: Any, node: ast.UnaryOp, value: Any) -> Value:
    if isinstance(node.op, ast.Not):
        known = isinstance(constant(value), bool)
        return Const(node, value=not value.value) if known else Unknown(node)
    if isinstance(constant(value), int | float):
        return Const(node, value=-value.value if isinstance(node.op, ast.USub) else value.value)
    tensor = as_tensor(value)
    if tensor is None:
        return Unknown(node)
    name = {ast.USub: "neg", ast.UAdd: "add", ast.Invert: "invert"}[type(node.op)]
    return made(machine, name, (tensor,), node, tensor.shape, tensor.dtype)


def compare(machine: Any, node: ast.Compare, left: Any, right: Any) -> Value:
    identity = isinstance(node.ops[0], ast.Is | ast.IsNot)
    if identity and is_none(right) and not isinstance(left, Unknown | Tensor):
        return Const(node, value=is_none(left) == isinstance(node.ops[0], ast.Is))
    one, other = as_tensor(left), as_tensor(right)
    if one is None or other is None or isinstance(node.ops[0], ast.Is | ast.IsNot | ast.In | ast.NotIn):
        return Unknown(node)
    return compared(Call(machine, node), one, other, type(node.ops[0]).__name__)


def compared(call: Call, one: Tensor, other: Tensor, name: str | None = None) -> Tensor:
    result = call.make("compare", (one, other), shapes.broadcast(one.shape, other.shape), "bool")
    cut = ("argmax", call.node) if True in (one.graph, other.graph) else one.cut or other.cut
    result.graph, result.cut, result.info["operator"] = False, cut, name
    call.emit("elementwise", op="compare", left=one, right=other, result=result)
    return result


def length(of: Any, size: Any, axis: int, node: Any) -> Any:
    """How long an axis is."""
    if isinstance(size, int):
        return Const(node, value=size)
    return Tensor(node, op="length", shape=(), dtype="int", graph=False, info={"of": of, "axis": axis})


def dims(owner: Tensor, node: Any) -> Seq:
    """x.shape"""
    known = shapes.known(owner.shape)
    sizes = owner.shape if known else (None,)
    items = [length(root(owner), size, axis, node) for axis, size in enumerate(sizes)]
    made_ = Seq(node, items=items, kind="shape", more=not known)
    made_.shape_of = owner
    return made_


def indexed(machine: Any, node: ast.Subscript, whole_: Tensor, parts: list[Any]) -> Tensor:
    """X[:, None], X[:, 0], X[2:5], X[order], X[mask]"""
    shape: list | None = []
    left = list(whole_.shape) if whole_.shape is not None else None
    order, cutting = whole_.order, False
    for part in parts:
        sliced = isinstance(part, ast.Slice)
        value = None if sliced else machine.value(part)
        if is_none(value):
            shape.append(1) if shape is not None else None
            continue
        if constant(value) is ...:
            shape = None
            continue
        if left and left[0] is ... and part is parts[-1] and len(parts) > 1:
            left = left[-1:]  # X[..., 0]
        if not left or left[0] is ...:
            left, shape = None, shape if sliced and len(parts) > 1 else None
            continue
        length_ = left.pop(0)
        length: Any = ...
        match value:
            case None:
                cutting = True
                length = sliced_length(machine, part, length_)
            case Const() if type(value.value) is int:
                continue
            case Tensor() if value.shape == () and value.dtype == "int":
                continue
            case Tensor() if value.shape is not None and len(value.shape) == 1:
                length = value.shape[0] if value.dtype != "bool" else None
                order = value.order or order
            case Seq():
                length = None if value.more else len(value.items)
            case _:
                shape, left = None, None
        if shape is not None:
            shape.append(length)
    first = machine.value(parts[0]) if parts and not isinstance(parts[0], ast.Slice) else None
    if isinstance(first, Tensor) and first.order is not None:
        order = first.order
    final = None if shape is None or left is None else (*shape, *left)
    return made(machine, "index", (whole_,), node, final, whole_.dtype, order=order, sliced=cutting)


def sliced_length(machine: Any, part: ast.Slice, length_: Any) -> Any:
    if part.lower is None and part.upper is None and part.step is None:
        return length_
    ends = [whole(machine.value(end)) if end is not None else None for end in (part.lower, part.upper)]
    known = all(end is None or value is not None for end, value in zip((part.lower, part.upper), ends))
    return shapes.cut(length_, *ends) if known and part.step is None else None


def predicted(tensor: Tensor) -> bool:
    """Made by a net or a loss."""
    base: Any = tensor
    while isinstance(base, Tensor) and base.op in COPIES and base.inputs:
        base = base.inputs[0]
    if isinstance(base, Tensor) and base.op in ("mean", "sum", "mse_loss", "cross_entropy"):
        return True
    return any(isinstance(p, Tensor) and p.layer is not None for p in walk(tensor, 200))

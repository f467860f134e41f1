"""Operations by their names, as a function (torch.mean(x)) or a method (x.mean()): shape, kind, graph.

`OPERATIONS` is the table: a name, and the function of the call and its operand that gives the result.
"""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from . import shapes, tensors
from .tensors import Call
from .values import (
    VOCABULARY,
    Const,
    Lib,
    Seq,
    Tensor,
    Unknown,
    as_tensor,
    constant,
    operands,
    pairs,
    root,
    whole,
    words,
)

NAMES = VOCABULARY["operations"]
SAME_NAME = pairs(NAMES["same_name"])
DTYPES = pairs(NAMES["dtypes"])
IN_PLACE = words(NAMES["in_place"])


# ── methods of tensors alone ────────────────────────────────────────────────────────────────────────
def method(call: Call, owner: Any) -> Any:
    """owner.name(*args)"""
    x, base = as_tensor(owner), root(owner)
    if x is None:
        return call.unknown()
    match call.name:
        case name if name in IN_PLACE:
            return in_place(call, owner, base)
        case "detach" | "detach_":
            cut = ("detach", call.node) if x.graph or x.op == "call" else x.cut
            return copied(x, call.node, "detach", cut)
        case "numpy" | "to_numpy" | "tolist" | "item":
            alone = call.name == "item"
            result = call.make(call.name, (x,), () if alone else x.shape, x.dtype, order=x.order)
            result.lib = "number" if alone else "numpy"
            result.graph, result.cut = False, ("numpy", call.node) if x.graph else x.cut
            return result
        case "requires_grad_":
            asked = call.arg(0, default=Const(value=True))
            if isinstance(base, Tensor):
                require(call.machine, base, asked, call.node)
                if constant(asked) is True and x is not base:
                    return replace(x, graph=True, leaf=True, info=dict(x.info))
            return owner
    return function(replace(call, args=[owner, *call.args]))


def copied(x: Tensor, node: Any, op: str, cut: Any, **info: Any) -> Tensor:
    """x.detach(), x.data: the same numbers outside the graph."""
    return replace(x, op=op, inputs=(x,), node=node, graph=False, leaf=False, cut=cut, info=info, origin=None)


def in_place(call: Call, owner: Any, base: Any) -> Any:
    """w.sub_(lr * w.grad), w.grad.zero_(), layer.weight.data.fill_(0)"""
    name, of, data = call.name, base, False
    while isinstance(of, Tensor) and of.op in ("data", "detach") and of.inputs:
        of, data = root(of.inputs[0]), True
    if isinstance(of, Tensor) and of.op == "grad":
        cleared = name in ("zero_", "fill_", "mul_", "copy_")
        call.emit("clear" if cleared else "grad_changed", target=root(of.inputs[0]))
        return owner
    if isinstance(of, Unknown) and of.name == "grad":
        call.emit("clear", target=of)
        return owner
    if name in ("zero_", "fill_"):
        call.emit("init", tensor=of, how="zeros" if name == "zero_" else "constant")
    if name in ("normal_", "uniform_", "random_"):
        call.emit("init", tensor=of, how="random")
    if name in ("add_", "sub_", "subtract_") and call.args:
        times = lambda a, b: tensors.binary(call.machine, call.node, ast.Mult(), a, b)
        change = times(*call.args[:2]) if len(call.args) > 1 else call.first
        alpha = call.arg(-1, "alpha", "value")
        change = change if alpha is None else times(alpha, change)
        target, changes = call.node.func.value, [(1 if name == "add_" else -1, change)]
        call.emit("update", target=target, base=of, changes=changes, in_place=True, data=data, replaced=False)
    return owner


def require(machine: Any, tensor: Tensor, value: Any, node: ast.AST) -> None:
    """w.requires_grad = True"""
    if constant(value) is True:
        machine.put(tensor.__dict__, "graph", True)
        if not tensors.predicted(tensor):
            machine.put(tensor.__dict__, "cut", None)  # a weight that starts again
        machine.put(tensor.__dict__, "leaf", tensor.op not in ("mean", "sum") or not tensor.inputs)
        machine.emit("require", node, tensor=tensor)
    elif constant(value) is False:
        machine.put(tensor.__dict__, "graph", None)
        if tensor.layer is not None:
            machine.put(tensor.layer.attrs, "$frozen", True)


# ── functions and methods ───────────────────────────────────────────────────────────────────────────
def function(call: Call) -> Any:
    """name(x, …) of torch, numpy or torch.nn.functional, or x.name(…)"""
    args = call.args
    if not args and call.keywords:
        args = [call.arg(-1, "input", "x", "a", default=next(iter(call.keywords.values())))]
    x = as_tensor(args[0]) if args else None
    name = SAME_NAME.get(call.name, call.name)
    if x is None or name not in OPERATIONS:
        return call.unknown()
    return OPERATIONS[name](replace(call, name=name, args=args), x)


def dtype_of(values: list) -> str:
    """The kind of number that one of these names: torch.float32, "int64", float."""
    for value in values:
        name = value.path.rpartition(".")[2] if isinstance(value, Lib) else constant(value)
        if isinstance(name, str):
            for word in ("float", "double", "long", "int", "bool", "half"):
                if word in name.lower():
                    return DTYPES[word]
    return ""


def _keep(call: Call, x: Tensor) -> Tensor:
    return call.make(call.name, (x,), x.shape, x.dtype)


def _typed(call: Call, x: Tensor) -> Tensor:
    dtype = DTYPES.get(call.name) or dtype_of([*call.args[1:], *call.keywords.values()]) or x.dtype
    return call.make(call.name, (x,), x.shape, dtype)


def _compare(call: Call, x: Tensor) -> Any:
    if len(call.args) < 2 or call.name == "equal":
        return call.unknown()
    return tensors.compared(call, x, as_tensor(call.args[1]) or Tensor(call.node))


def _each(call: Call, x: Tensor) -> Any:
    """Number by number."""
    name, others = call.name, operands(call.args[1:])
    if name in ("add", "sub", "mul", "div", "pow") and others:
        op = next(op for op, (known, _) in tensors.OPERATORS.items() if known == name)
        return tensors.binary(call.machine, call.node, op(), x, call.args[1])
    if name in ("maximum", "minimum") and others:
        return call.make(name, (x, others[0]), shapes.broadcast(x.shape, others[0].shape), x.dtype)
    if name == "where":
        both = others[:2] or [x]
        shape = shapes.broadcast(both[0].shape, both[-1].shape) if len(both) == 2 else None
        return call.make("where", both, shapes.broadcast(x.shape, shape))
    if name in ("softmax", "log_softmax"):
        _, axis = call.axis()
        result = call.make(name, (x,), x.shape, "float")
        call.emit("softmax", result=result, dim=axis)
        return result
    if name == "dropout":
        call.emit("dropout", training=call.arg(2, "training"))
    if name == "sign":
        result = call.make(name, (x,), x.shape, x.dtype)
        result.facts -= tensors.RANGES
        return result
    dtype = x.dtype if name in ("abs", "clip", "square", "relu") else "float"
    return call.make(name, (x,), x.shape, dtype)


def _reduce(call: Call, x: Tensor) -> Tensor:
    asked, axis = call.axis()
    keep = call.true("keepdim", "keepdims")
    shape = shapes.reduced(x.shape, axis, keep) if not asked or axis is not None else None
    whole_ = call.name in ("mean", "std", "var", "norm")
    dtype = "float" if whole_ else "int" if x.dtype == "bool" else x.dtype
    return call.make(call.name, (x,), shape, dtype, axis=axis)


def _extreme(call: Call, x: Tensor) -> Any:
    """max, argmax, topk, sort"""
    name = call.name
    asked, axis = call.axis(2 if name == "topk" else 1)
    keep = call.true("keepdim", "keepdims")
    shape = shapes.reduced(x.shape, axis, keep) if not asked or axis is not None else None
    index = call.make("argmax", (x,), None if name in ("topk", "sort", "argsort") else shape, "int")
    index.graph, index.cut = False, ("argmax", call.node) if x.graph else x.cut
    if asked or name.startswith("arg"):
        call.emit("argmax", name=name, input=x, dim=axis, result=index)
    if name in ("argmax", "argmin", "argsort"):
        return index
    other = call.args[1] if len(call.args) > 1 else None
    if name in ("max", "min") and isinstance(other, Tensor) and other.shape != ():
        return call.make(name, (x, other), shapes.broadcast(x.shape, other.shape), x.dtype)
    best = call.make(name, (x,), shape, x.dtype)
    return call.several(best, index) if asked or name in ("topk", "sort") else best


def _product(call: Call, x: Tensor) -> Tensor:
    rest = operands(call.args[1:])
    if call.name == "einsum":
        return call.make("einsum", rest)
    other = as_tensor(call.args[1]) if len(call.args) > 1 else None
    shape = shapes.product(x.shape, other.shape) if other is not None and call.name != "outer" else None
    return call.make("matmul", (x,) if other is None else (x, other), shape, "float")


def _shaped(call: Call, x: Tensor) -> Any:
    """What changes a shape."""
    given, rest = x.shape, call.args[1:]
    make = lambda op, shape: call.make(op, (x,), shape, x.dtype)
    match call.name:
        case "view" | "reshape":
            sizes: Any = rest[0] if len(rest) == 1 and isinstance(rest[0], Seq) else rest
            if isinstance(sizes, Seq) and sizes.kind == "shape":
                of = sizes.__dict__.get("shape_of")
                return make("view", of.shape if of is not None else None)
            if isinstance(sizes, Seq):
                sizes = sizes.items if not sizes.more else []
            return make("view", shapes.reshaped(given, list(map(whole, sizes))) if sizes else None)
        case "view_as" | "reshape_as" | "expand_as":
            other = as_tensor(rest[0]) if rest else None
            return make("view", other.shape if other is not None else None)
        case "flatten" | "ravel":
            start = whole(call.arg(1, "start_dim"))
            if start == 1:
                return make("view", shapes.flattened_rows(given))
            return make("view", shapes.flattened(given) if start in (None, 0) else None)
        case "squeeze":
            _, axis = call.axis()
            asked = bool(rest or call.keywords)
            return make("squeeze", shapes.squeezed(given, axis) if not asked or axis is not None else None)
        case "unsqueeze" | "expand_dims":
            return make("view", shapes.unsqueezed(given, call.axis()[1]))
        case "t" | "transpose" | "swapaxes" if not rest or (given is not None and len(given) == 2):
            return make("T", given[::-1] if shapes.known(given) else given)
        case "size" if rest:
            axis = whole(rest[0])
            inside = shapes.known(given) and axis is not None and -len(given) <= axis < len(given)
            return tensors.length(root(call.first), given[axis] if inside else None, axis or 0, call.node)
        case "size":
            return tensors.dims(x, call.node)
        case "numel" | "dim":
            return call.unknown()
        case "item":
            return make("item", ())
        case "masked_fill":
            return make("masked_fill", given)
    return call.make(call.name, (x,), None, x.dtype)


def _rows(call: Call, x: Tensor) -> Any:
    """Of tables: what leaves out rows or columns, or puts them in another order."""
    height = x.shape[0] if x.shape else None
    fewer = (None, *x.shape[1:]) if x.shape else None
    match call.name:
        case "sample":
            order = call.machine.draw(call.node, call.keywords)
            return call.make("shuffled", (x,), x.shape, x.dtype, order=order, lib=x.lib)
        case "drop":
            asked = call.arg(1, "columns")
            if "columns" not in call.keywords and call.axis(2)[1] != 1:
                return call.make("index", (x,), fewer, lib=x.lib)
            many = len(asked.items) if isinstance(asked, Seq) else 1
            known = x.shape and len(x.shape) == 2 and isinstance(x.shape[1], int)
            return call.make("index", (x,), (height, x.shape[1] - many if known else None), lib=x.lib)
        case "get_dummies" | "select_dtypes" | "describe" | "join" | "merge" | "assign" | "set_index":
            return call.make("index", (x,), (height, None), lib=x.lib)
        case "iterrows" | "isnull" | "value_counts":
            return call.unknown()
    return call.make("index", (x,), fewer, x.dtype, lib=x.lib)


TRANSFERS = {
    "keep": _keep,
    "rows": _rows,
    "shaped": _shaped,
    "products": _product,
    "extreme": _extreme,
    "reduce": _reduce,
    "each": _each,
    "compares": _compare,
    "typed": _typed,
}
OPERATIONS = {name: transfer for kind, transfer in TRANSFERS.items() for name in NAMES[kind].split()}
OPERATIONS |= dict.fromkeys(DTYPES, _typed)
METHODS = OPERATIONS.keys() | IN_PLACE | {"backward"}

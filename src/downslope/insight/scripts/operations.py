"""Operations by their names, as a function (torch.mean(x)) or a method (x.mean()): shape, kind, graph."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from . import shaping, tensors, updates
from .operation_names import (
    COMPARES,
    DTYPES,
    EACH,
    EXTREME,
    IN_PLACE,
    KEEP,
    PRODUCTS,
    REDUCE,
    ROWS,
    SAME_NAME,
    SHAPED,
)
from .values import (
    Const,
    Lib,
    Seq,
    Tensor,
    Unknown,
    as_tensor,
    root,
)


def method(machine, owner: Any, name: str, args: list, keywords: dict, node: ast.AST) -> Any:
    """x.name(*args)"""
    x = as_tensor(owner)
    if x is None:
        return Unknown(node)
    base = root(owner)
    if name in IN_PLACE:
        return in_place(machine, owner, base, name, args, keywords, node)
    if name in ("detach", "detach_"):
        copy = replace(x, op="detach", inputs=(x,), node=node, graph=False, leaf=False, info={}, origin=None)
        copy.cut = ("detach", node) if x.graph or x.op == "call" else x.cut
        copy.info["copied"] = False
        return copy
    if name in ("numpy", "to_numpy", "tolist", "item"):
        shape = () if name == "item" else x.shape
        copy = tensors.made(
            machine,
            name,
            (x,),
            node,
            shape,
            x.dtype,
            lib="numpy" if name != "item" else "number",
            order=x.order,
        )
        copy.graph, copy.cut = False, ("numpy", node) if x.graph else x.cut
        return copy
    if name == "requires_grad_":
        asked = args[0] if args else Const(value=True)
        if isinstance(base, Tensor):
            updates.require(machine, base, asked, node)
            if isinstance(asked, Const) and asked.value is True and x is not base:
                return replace(x, graph=True, leaf=True, info=dict(x.info))
        return owner
    return function(machine, name, [owner, *args], keywords, node, as_method=True)


def in_place(machine, owner: Any, base: Any, name: str, args: list, keywords: dict, node: ast.AST) -> Any:
    """w.sub_(lr * w.grad), w.grad.zero_(), layer.weight.data.fill_(0)"""
    of = base
    data = False
    while isinstance(of, Tensor) and of.op in ("data", "detach") and of.inputs:
        of, data = root(of.inputs[0]), True
    if isinstance(of, Tensor) and of.op == "grad":
        if name in ("zero_", "fill_", "mul_", "copy_"):
            machine.tell("clear", node, target=root(of.inputs[0]))
        else:
            machine.tell("grad_changed", node, target=root(of.inputs[0]))
        return owner
    if isinstance(of, Unknown) and of.name == "grad":
        machine.tell("clear", node, target=of)
        return owner
    if name in ("zero_", "fill_"):
        machine.tell(
            "init",
            node,
            tensor=of,
            how="zeros" if name == "zero_" else "constant",
            value=args[0] if args else None,
        )
    if name in ("normal_", "uniform_", "random_"):
        machine.tell("init", node, tensor=of, how="random", value=None)
    if name in ("add_", "sub_", "subtract_") and args:
        change = args[0] if len(args) == 1 else tensors.binary(machine, node, ast.Mult(), args[0], args[1])
        alpha = keywords.get("alpha", keywords.get("value"))
        if alpha is not None:
            change = tensors.binary(machine, node, ast.Mult(), alpha, change)
        machine.tell(
            "update",
            node,
            target=node.func.value,
            base=of,
            changes=[(1 if name == "add_" else -1, change)],
            in_place=True,
            data=data,
            replaced=False,
        )
    return owner


def function(machine, name: str, args: list, keywords: dict, node: ast.AST, as_method: bool = False) -> Any:
    """name(x, …) of torch, numpy or torch.nn.functional, or x.name(…)"""
    name = SAME_NAME.get(name, name)
    if not args and keywords:
        args = [keywords.get("input", keywords.get("x", keywords.get("a", next(iter(keywords.values())))))]
    if not args:
        return Unknown(node)
    owner, rest = args[0], args[1:]
    x = as_tensor(owner)
    if x is None:
        return Unknown(node)
    given = x.shape
    make = lambda op, shape, dtype=x.dtype, inputs=(x,), **more: tensors.made(
        machine, op, inputs, node, shape, dtype, **more
    )
    if name in DTYPES:
        return make(name, given, DTYPES[name])
    if name in ("astype", "to", "type"):
        return make(name, given, _dtype([*rest, *keywords.values()]) or x.dtype)
    if name in COMPARES and rest and name != "equal":
        other = as_tensor(rest[0]) or Tensor(node)
        result = make("compare", tensors.spread(given, other.shape), "bool", (x, other))
        result.graph, result.cut = False, tensors._cut(x, other, node)
        machine.tell("elementwise", node, op="compare", left=x, right=other, result=result)
        return result
    if name in EACH:
        return _each(machine, name, x, rest, keywords, node, make)
    if name in REDUCE:
        asked, axis = shaping.axis_of(rest, keywords)
        keep = keywords.get("keepdim", keywords.get("keepdims"))
        keep_ = isinstance(keep, Const) and keep.value is True
        shape = tensors.reduced(given, axis, keep_) if not asked or axis is not None else None
        dtype = "float" if name in ("mean", "std", "var", "norm") else x.dtype if x.dtype != "bool" else "int"
        return make(name, shape, dtype, axis=axis if asked else None)
    if name in EXTREME:
        return _extreme(machine, name, x, rest, keywords, node, make)
    if name in PRODUCTS:
        other = as_tensor(rest[0]) if rest else None
        if name == "einsum":
            operands = [t for t in (as_tensor(a) for a in rest) if t is not None]
            return tensors.made(machine, name, operands, node)
        shape = tensors.product(given, other.shape) if other is not None and name != "outer" else None
        return make("matmul", shape, "float", tuple(t for t in (x, other) if t is not None))
    if name in SHAPED:
        return shaping.shaped(machine, name, x, owner, rest, keywords, node, make)
    if name in ROWS:
        return shaping.table_rows(machine, name, x, rest, keywords, node, make)
    if name in KEEP or (name == "copy" and as_method):
        return make(name, given)
    return Unknown(node)


def _dtype(values: list) -> str:
    for value in values:
        told = (
            value.path.rpartition(".")[2]
            if isinstance(value, Lib)
            else value.value
            if isinstance(value, Const)
            else ""
        )
        if isinstance(told, str):
            for word, dtype in (
                ("float", "float"),
                ("double", "float"),
                ("long", "int"),
                ("int", "int"),
                ("bool", "bool"),
                ("half", "float"),
            ):
                if word in told.lower():
                    return dtype
    return ""


def _each(machine, name: str, x: Any, rest: list, keywords: dict, node: ast.AST, make) -> Any:
    others = [t for t in (as_tensor(a) for a in rest) if t is not None]
    if name in ("add", "sub", "mul", "div", "maximum", "minimum", "pow") and others:
        op = {"add": ast.Add, "sub": ast.Sub, "mul": ast.Mult, "div": ast.Div, "pow": ast.Pow}.get(name)
        if op is not None:
            return tensors.binary(machine, node, op(), x, rest[0])
        return make(name, tensors.spread(x.shape, others[0].shape), x.dtype, (x, others[0]))
    if name == "where":
        both = others[:2] or [x]
        shape = tensors.spread(both[0].shape, both[-1].shape) if len(both) == 2 else None
        return make("where", tensors.spread(x.shape, shape) if shape is not None else None, "", tuple(both))
    asked, axis = shaping.axis_of(rest, keywords)
    if name in ("softmax", "log_softmax"):
        result = make(name, x.shape, "float", operand=x, dim=axis if asked else None)
        machine.tell("softmax", node, result=result, dim=axis if asked else None)
        return result
    if name == "dropout":
        training = keywords.get("training", rest[1] if len(rest) > 1 else None)
        machine.tell("dropout", node, training=training, input=x)
    if name == "sign":
        result = make(name, x.shape)
        result.facts = result.facts - tensors.RANGES
        return result
    return make(
        name, x.shape, "float" if name not in ("abs", "clip", "square", "relu") else x.dtype, operand=x
    )


def _extreme(machine, name: str, x: Any, rest: list, keywords: dict, node: ast.AST, make) -> Any:
    asked, axis = shaping.axis_of(rest, keywords, 1 if name == "topk" else 0)
    keep = keywords.get("keepdim", keywords.get("keepdims"))
    shape = (
        tensors.reduced(x.shape, axis, isinstance(keep, Const) and keep.value is True)
        if not asked or axis is not None
        else None
    )
    index = make(
        "argmax",
        shape if name not in ("topk", "sort", "argsort") else None,
        "int",
        dim=axis if asked else None,
    )
    index.graph, index.cut = False, ("argmax", node) if x.graph else x.cut
    if asked or name.startswith("arg"):
        machine.tell("argmax", node, name=name, input=x, asked=asked, dim=axis, result=index)
    if name in ("argmax", "argmin", "argsort"):
        return index
    if (
        name in ("max", "min")
        and rest
        and isinstance(rest[0], Tensor)
        and not isinstance(rest[0], Const)
        and rest[0].shape != ()
    ):
        return make(name, tensors.spread(x.shape, rest[0].shape), x.dtype, (x, rest[0]))
    best = make(name, shape)
    return Seq(node, items=[best, index], kind="tuple") if asked or name in ("topk", "sort") else best

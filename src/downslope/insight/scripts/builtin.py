"""Python's own functions: len, range, zip, sum, super, …"""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from . import layers, objects, tensors
from .values import (
    Const,
    Instance,
    Loader,
    Module,
    Parameters,
    Rows,
    Seq,
    Table,
    Tensor,
    Unknown,
    as_tensor,
    root,
)


# ── builtins ────────────────────────────────────────────────────────────────────────────────────────
def call(machine, name: str, args: list, keywords: dict, node: ast.AST) -> Any:
    first = args[0] if args else None
    match name:
        case "len" if first is not None:
            return _len(machine, first, node)
        case "range":
            return Seq(node, items=[objects.index(node)], more=True, kind="range")
        case "enumerate" if first is not None:
            found, exact = objects.items(machine, first, node)
            pairs = [
                Seq(node, items=[Const(node, value=i) if exact else objects.index(node), v], kind="tuple")
                for i, v in enumerate(found)
            ]
            return Seq(
                node, first.facts if first else frozenset(), pairs or [Unknown(node)], not exact, "iter"
            )
        case "zip" if args:
            columns = [objects.items(machine, arg, node) for arg in args]
            machine.tell("paired", node, values=args)
            exact = all(c[1] for c in columns) and len({len(c[0]) for c in columns}) == 1
            if not exact:
                items = [objects_one(c[0], node) for c in columns]
                return Seq(node, items=[Seq(node, items=items, kind="tuple")], more=True, kind="iter")
            rows = [Seq(node, items=list(row), kind="tuple") for row in zip(*(c[0] for c in columns))]
            return Seq(node, items=rows, kind="iter")
        case "list" | "tuple" | "set" | "iter" | "reversed" | "sorted":
            if first is None:
                return Seq(node, kind="list")
            base = root(first)
            if isinstance(base, Parameters | Loader | Instance | Unknown | Tensor | Rows):
                return base if name in ("list", "tuple", "iter") else first
            if isinstance(base, Seq):
                return replace(base, items=list(base.items), kind="list" if base.kind != "range" else "range")
            found, exact = objects.items(machine, first, node)
            return Seq(node, items=list(found), more=not exact)
        case "next" if first is not None:
            found, _ = objects.items(machine, first, node)
            return found[0] if found else Unknown(node)
        case "dict":
            return Table(node, items=dict(keywords))
        case "sum" | "max" | "min" | "abs" | "round" | "float" | "int" | "bool" | "pow":
            return _reduced(machine, name, first, args, node)
        case "print":
            machine.tell("shown", node, values=args)
            return Const(node, value=None)
        case "map" if len(args) > 1:
            from .expressions import apply

            found, _ = objects.items(machine, args[1], node)
            return Seq(node, items=[apply(machine, args[0], found[:1], {}, node)] if found else [], more=True)
        case "filter" if len(args) > 1:
            return args[1]
        case "super":
            return _super(machine, node)
        case "isinstance":
            return _isinstance(first, args, node)
        case "getattr" if len(args) > 1 and isinstance(args[1], Const) and isinstance(args[1].value, str):
            from .expressions import attribute

            return attribute(machine, first, args[1].value, node)
        case "setattr" if len(args) > 2 and hasattr(root(first), "attrs"):
            base = root(first)
            key = args[1].value if isinstance(args[1], Const) else f"[{len(base.attrs)}]"
            machine.put(base.attrs, key, args[2])
            machine.tell("registered", node, container=base, layers=[args[2]], given=args)
            return Const(node, value=None)
    return Unknown(node)


def objects_one(found: list, node: ast.AST) -> Any:
    return objects.two(found)[0] if found else Unknown(node)


def _len(machine, value: Any, node: ast.AST) -> Any:
    base = root(value)
    if isinstance(base, Seq) and not base.more and base.kind != "range":
        return Const(node, value=len(base.items))
    if isinstance(base, Tensor) and base.shape and isinstance(base.shape[0], int):
        return Const(node, value=base.shape[0])
    if isinstance(base, Rows) and base.columns and isinstance(base.columns[0], Tensor):
        shape = base.columns[0].shape
        if shape and isinstance(shape[0], int) and base.count is None:
            return Const(node, value=shape[0])
    made = Tensor(node, op="length", shape=(), dtype="int", graph=False)
    made.info["of"] = base
    return made


def _reduced(machine, name: str, first: Any, args: list, node: ast.AST) -> Any:
    base = root(first) if first is not None else None
    if isinstance(base, Seq) and name in ("sum", "max", "min"):
        found = [t for t in (as_tensor(i) for i in base.items) if t is not None]
        return tensors.made(machine, name, found, node, (), found[0].dtype if found else "")
    if name in ("float", "int") and isinstance(first, Const) and isinstance(first.value, int | float):
        try:
            return Const(node, value=float(first.value) if name == "float" else int(first.value))
        except (ValueError, OverflowError):
            return Unknown(node)
    x = as_tensor(first) if first is not None else None
    if x is None:
        return Unknown(node)
    if name in ("float", "int"):
        made = tensors.made(machine, "item", (x,), node, (), name, lib="number")
        made.graph, made.cut = False, ("numpy", node) if x.graph else x.cut
        return made
    others = [t for t in (as_tensor(a) for a in args[1:]) if t is not None]
    return tensors.made(machine, name, (x, *others), node, x.shape if name == "abs" else None, x.dtype)


def _super(machine, node: ast.AST) -> Any:
    made = Unknown(node, name="$super")
    for cls in machine.classes[::-1]:
        for method in cls.methods.values():
            if any(code is method.code for code in machine.stack[-2:]) and method.code is machine.frame.code:
                names = [a.arg for a in method.code.args.args]
                made.attrs["$class"] = cls
                made.attrs["$self"] = machine.frame.names.get(names[0]) if names else None
                return made
    return made


def _isinstance(first: Any, args: list, node: ast.AST) -> Any:
    base = root(first)
    if isinstance(base, Module) and base.cls is None and len(args) == 2:
        kinds = args[1].items if isinstance(args[1], Seq) else [args[1]]
        names = [getattr(k, "path", "").rpartition(".")[2] for k in kinds]
        if all(names):
            convolution = any(n in ("_ConvNd", "Module") for n in names)
            return Const(node, value=base.kind in names or (convolution and base.kind in layers.CONVOLUTIONS))
    return Unknown(node)

"""Python's own functions, and the methods of lists and tables: len, range, zip, append, items, …"""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import layers, objects
from .tensors import Call, length
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
    agreed,
    as_tensor,
    constant,
    operands,
    root,
)


def call(of: Call) -> Any:
    machine, node, first, base = of.machine, of.node, of.first, root(of.first)
    match of.name:
        case "len" if first is not None:
            return _length(of, base)
        case "range":
            return of.several(objects.index(node), kind="range", more=True)
        case "enumerate" if first is not None:
            found, exact = objects.items(machine, first, node)
            numbered = enumerate(found)
            pairs = [of.several(of.constant(i) if exact else objects.index(node), v) for i, v in numbered]
            return Seq(node, first.facts, pairs or [of.unknown()], not exact, "iter")
        case "zip" if of.args:
            return _zipped(of)
        case "list" | "tuple" | "set" | "iter" | "reversed" | "sorted":
            return _listed(of, base)
        case "next" if first is not None:
            return objects.one_item(machine, first, node)
        case "dict":
            return Table(node, items=dict(of.keywords))
        case "sum" | "max" | "min" | "abs" | "round" | "float" | "int" | "bool" | "pow":
            return _reduced(of, base)
        case "print":
            return of.constant()
        case "map" if len(of.args) > 1:
            found, _ = objects.items(machine, of.args[1], node)
            items = [machine.apply(first, replace(of, args=found[:1], keywords={}))] if found else []
            return of.several(*items, kind="list", more=True)
        case "filter" if len(of.args) > 1:
            return of.args[1]
        case "super":
            return _super(of)
        case "isinstance":
            return _isinstance(of, base)
        case "getattr" if isinstance(constant(of.arg(1)), str):
            return machine.attribute(first, of.args[1].value, node)
        case "setattr" if len(of.args) > 2 and hasattr(base, "attrs"):
            key = of.args[1].value if isinstance(of.args[1], Const) else f"[{len(base.attrs)}]"
            machine.put(base.attrs, key, of.args[2])
            of.tell("registered", container=base, layers=[of.args[2]])
            return of.constant()
    return of.unknown()


def _length(of: Call, base: Any) -> Any:
    size: Any = None
    match base:
        case Seq() if not base.more and base.kind != "range":
            size = len(base.items)
        case Tensor() if base.shape:
            size = base.shape[0]
        case Rows() if base.columns and isinstance(base.columns[0], Tensor) and base.count is None:
            size = (base.columns[0].shape or (None,))[0]
    return length(base, size, 0, of.node)


def _zipped(of: Call) -> Seq:
    columns = [objects.items(of.machine, arg, of.node) for arg in of.args]
    of.tell("paired", values=of.args)
    exact = all(c[1] for c in columns) and len({len(c[0]) for c in columns}) == 1
    firsts = [agreed(found) if found else of.unknown() for found, _ in columns]
    rows = zip(*(found for found, _ in columns)) if exact else [firsts]
    return of.several(*(of.several(*row) for row in rows), kind="iter", more=not exact)


def _listed(of: Call, base: Any) -> Any:
    """list(x), sorted(x)"""
    match base:
        case None:
            return of.several(kind="list")
        case Parameters() | Loader() | Instance() | Unknown() | Tensor() | Rows():
            return base if of.name in ("list", "tuple", "iter") else of.first
        case Seq():
            return replace(base, items=list(base.items), kind="range" if base.kind == "range" else "list")
    found, exact = objects.items(of.machine, of.first, of.node)
    return of.several(*found, kind="list", more=not exact)


def _reduced(of: Call, base: Any) -> Any:
    """sum(losses), max(a, b), float(loss)"""
    name, first = of.name, of.first
    if isinstance(base, Seq) and name in ("sum", "max", "min"):
        found = operands(base.items)
        return of.make(name, found, (), found[0].dtype if found else "")
    if name in ("float", "int") and isinstance(constant(first), int | float):
        try:
            return of.constant(float(first.value) if name == "float" else int(first.value))
        except (ValueError, OverflowError):
            return of.unknown()
    x = as_tensor(first)
    if x is None:
        return of.unknown()
    if name in ("float", "int"):
        made = of.make("item", (x,), (), name, lib="number")
        made.graph, made.cut = False, ("numpy", of.node) if x.graph else x.cut
        return made
    return of.make(name, (x, *operands(of.args[1:])), x.shape if name == "abs" else None, x.dtype)


def _super(of: Call) -> Unknown:
    machine, made = of.machine, of.unknown(name="$super")
    code = machine.frame.code
    for cls in machine.classes[::-1]:
        if code in machine.stack[-2:] and any(code is method.code for method in cls.methods.values()):
            names = [a.arg for a in code.args.args]
            made.attrs = {"$class": cls, "$self": machine.frame.names.get(names[0]) if names else None}
            break
    return made


def _isinstance(of: Call, base: Any) -> Any:
    if isinstance(base, Module) and base.cls is None and len(of.args) == 2:
        kinds = of.args[1].items if isinstance(of.args[1], Seq) else [of.args[1]]
        names = [getattr(k, "path", "").rpartition(".")[2] for k in kinds]
        if all(names):
            convolution = base.kind in layers.CONVOLUTIONS and bool({"_ConvNd", "Module"} & set(names))
            return of.constant(base.kind in names or convolution)
    return of.unknown()


# ── methods of lists and tables ─────────────────────────────────────────────────────────────────────
def of_list(of: Call, base: Seq) -> Any:
    name, machine = of.name, of.machine
    match name:
        case "append" | "add" | "appendleft" | "insert" if of.args:
            added = of.args[-1]
            of.tell("append", holder=base, added=added)
            same = base.items and all(type(i) is type(added) for i in base.items)
            if len(base.items) < (13 if machine.loops and same else 200):
                machine.put(base.__dict__, "items", [*base.items, added])
            base.more = base.more or bool(machine.loops)
            return of.constant()
        case "extend" if of.args:
            found, exact = objects.items(machine, of.first, of.node)
            machine.put(base.__dict__, "items", [*base.items, *found][:200])
            base.more = base.more or not exact
        case "copy":
            return replace(base, node=of.node)
        case "pop" | "popleft" if base.items and base.kind != "shape":
            return base.items[-1]
    silent = name in ("sort", "reverse", "clear", "extend", "remove") and base.kind != "shape"
    return of.constant() if silent else of.unknown()


def of_table(of: Call, base: Table) -> Any:
    found = {key: value for key, value in base.items.items() if value is not None}
    key = constant(of.first)
    match of.name:
        case "values":
            return of.several(*found.values(), kind="list")
        case "items":
            return of.several(*(of.several(of.constant(k), v) for k, v in found.items()), kind="list")
        case "keys":
            return of.several(*map(of.constant, base.items), kind="list")
        case "get" | "setdefault" | "pop" if isinstance(of.first, Const):
            if key not in found and of.name == "setdefault" and len(of.args) > 1:
                base.items[key] = found[key] = of.args[1]
            return found.get(key) or of.unknown()
        case "update" if isinstance(of.first, Table):
            for name, value in of.first.items.items():
                of.machine.put(base.items, name, value)
    return of.unknown()

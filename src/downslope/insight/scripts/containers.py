"""Methods of lists, tables, schedulers and optimizers."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from . import objects, shaping
from .values import (
    Const,
    Function,
    Method,
    Optimizer,
    Seq,
    Table,
    Unknown,
    root,
)


def of_optimizer(machine, base: Optimizer, name: str, args: list, node: ast.AST) -> Any:
    if name == "step":
        if args and isinstance(args[0], Function | Method):
            closure = args[0]
            result = machine.enter(closure, [], {}, node) if isinstance(closure, Function) else Unknown(node)
            machine.tell("step", node, optimizer=base, closure=True)
            return result
        machine.tell("step", node, optimizer=base, closure=False)
        return Const(node, value=None)
    if name == "zero_grad":
        machine.tell("clear", node, target=base)
        return Const(node, value=None)
    if name == "add_param_group":
        base.holds |= frozenset(id(root(m)) for arg in args for m in shaping.held(arg))
        base.owners = None
    return Unknown(node)


def of_list(machine, base: Seq, name: str, args: list, node: ast.AST) -> Any:
    if name in ("append", "add", "appendleft", "insert") and args:
        machine.tell("append", node, holder=base, added=args[-1])
        if len(base.items) < 200:
            same = base.items and all(type(i) is type(args[-1]) for i in base.items)
            if not (machine.loops and same and len(base.items) > 12):
                machine.put(base.__dict__, "items", [*base.items, args[-1]])
        base.more = base.more or bool(machine.loops)
        return Const(node, value=None)
    if name == "extend" and args:
        found, exact = objects.items(machine, args[0], node)
        machine.put(base.__dict__, "items", [*base.items, *found][:200])
        base.more = base.more or not exact
    if name == "copy":
        return replace(base, node=node)
    if name in ("numel",) or base.kind == "shape":
        return Unknown(node)
    if name in ("pop", "popleft") and base.items:
        return base.items[-1]
    return (
        Const(node, value=None) if name in ("sort", "reverse", "clear", "extend", "remove") else Unknown(node)
    )


def of_table(machine, base: Table, name: str, args: list, node: ast.AST) -> Any:
    values = [v for v in base.items.values() if v is not None]
    if name == "values":
        return Seq(node, items=values)
    if name in ("items", "keys"):
        pairs = [
            Seq(node, items=[Const(node, value=k), v], kind="tuple")
            for k, v in base.items.items()
            if v is not None
        ]
        return (
            Seq(node, items=pairs)
            if name == "items"
            else Seq(node, items=[Const(node, value=k) for k in base.items])
        )
    if name in ("get", "setdefault", "pop") and args and isinstance(args[0], Const):
        found = base.items.get(args[0].value)
        if found is None and name == "setdefault" and len(args) > 1:
            base.items[args[0].value] = args[1]
            return args[1]
        return found if found is not None else Unknown(node)
    if name == "update" and args and isinstance(args[0], Table):
        for key, value in args[0].items.items():
            machine.put(base.items, key, value)
    return Unknown(node)

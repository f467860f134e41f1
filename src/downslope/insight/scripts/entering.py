"""Functions and classes of a script: entered where they are called, or at the end."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from . import objects
from .happenings import Frame
from .values import Class, Const, Function, Seq, Unknown

DEPTH = 14


def define(machine, node: ast.ClassDef) -> None:
    made = Class(
        node, code=node, frame=machine.frame, bases=tuple(machine.value(base) for base in node.bases)
    )
    frame = Frame(node, parent=machine.frame)
    before, machine.frame = machine.frame, frame
    machine.body(node.body)
    machine.frame = before
    for name, value in frame.names.items():
        (made.methods if isinstance(value, Function) else made.attrs)[name] = value
    machine.classes.append(made)
    machine.put(machine.frame.names, node.name, made)


def enter(machine, function: Function, args: Any, keywords: dict[str, Any], node: ast.AST) -> Any:
    """What a function of the script returns for these arguments."""
    code = function.code
    machine.entered.add(code)
    if len(machine.stack) >= DEPTH or machine.stack.count(code) >= 2:
        return Unknown(node)
    frame = Frame(code, parent=function.frame)
    objects.arguments(machine, function, frame, args, keywords)
    before, machine.frame = machine.frame, frame
    arms, machine.arms = machine.arms, list(machine.arms)
    machine.stack.append(code)
    try:
        silent = [d for d in getattr(code, "decorator_list", ()) if objects.silences(machine, d)]
        if isinstance(code, ast.Lambda):
            frame.results.append(machine.value(code.body))
        elif silent:
            with machine.silent(False, silent[0]):
                end = machine.body(code.body)
        else:
            end = machine.body(code.body)
        if not isinstance(code, ast.Lambda) and end is None and not frame.yields:
            frame.results.append(Const(node, value=None)) if not frame.results else None
    finally:
        machine.frame, machine.arms = before, arms
        machine.stack.pop()
    if frame.yields:
        return Seq(node, items=[objects.agreed(frame.yields)], more=True, kind="iter")
    return objects.agreed(frame.results) if frame.results else Const(node, value=None)


def enter_the_rest(machine) -> None:
    """Functions and methods that nothing has called."""
    for made in list(machine.classes):
        waiting = [f for f in made.methods.values() if f.code not in machine.entered]
        if waiting:
            machine.loops.clear()
            owner = objects.instantiate(machine, made, None, {}, made.code)
            for method in waiting:
                if method.code not in machine.entered:
                    apart(machine, replace(method, owner=owner))
    done = -1
    while done != len(machine.entered):
        done = len(machine.entered)
        for function in [v for v in machine.top.names.values() if isinstance(v, Function)]:
            if function.code not in machine.entered:
                apart(machine, function)


def apart(machine, function: Function) -> None:
    machine.frame, machine.recording, machine.silencer = machine.top, True, None
    enter(machine, function, None, {}, function.code)

"""Functions and classes of a script: entered where they are called, or at the end."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import Any

from . import objects
from .values import Class, Const, Function, Instance, Lib, Module, Seq, Table, Unknown, Value, agreed

DEPTH = 14


@dataclass(eq=False)
class Frame:
    """The names of a function, a class or a comprehension that is gone through."""

    code: Any
    names: dict[str, Any] = field(default_factory=dict)
    parent: Frame | None = None
    outer: set[str] = field(default_factory=set)  # global and nonlocal names
    results: list[Value] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)


def define(machine: Any, node: ast.ClassDef) -> None:
    made = Class(node, code=node, frame=machine.frame, bases=tuple(map(machine.value, node.bases)))
    frame = Frame(node, parent=machine.frame)
    with machine.inside(frame):
        machine.body(node.body)
    for name, value in frame.names.items():
        (made.methods if isinstance(value, Function) else made.attrs)[name] = value
    machine.classes.append(made)
    machine.put(machine.frame.names, node.name, made)


def instantiate(machine: Any, made: Class, args: list | None, keywords: dict, node: ast.AST) -> Any:
    """Net(…); `args` is None where nothing is known of them."""
    if objects.is_module(made):
        result: Any = Module(node, kind=made.code.name, cls=made, args=args or [], keywords=keywords)
    else:
        result = Instance(node, cls=made)
    start = objects.method(result, "__init__")
    if start is not None:
        machine.enter(start, args, keywords, node)
    else:  # a dataclass
        fields = [s.target for s in made.code.body if isinstance(s, ast.AnnAssign)]
        names = [target.id for target in fields if isinstance(target, ast.Name)]
        result.attrs |= {**dict(zip(names, args or [])), **keywords}
    if args is not None:
        machine.emit("made", node, value=result)
    return result


def enter(
    machine: Any, function: Function, args: list | None, keywords: dict[str, Any], node: ast.AST
) -> Any:
    """What a function of the script returns for these arguments; None: nothing is known of them."""
    code = function.code
    machine.entered.add(code)
    if len(machine.stack) >= DEPTH or machine.stack.count(code) >= 2:
        return Unknown(node)
    frame = Frame(code, parent=function.frame)
    _hand_over(machine, function, frame, args, keywords)
    arms, machine.arms = machine.arms, list(machine.arms)
    machine.stack.append(code)
    try:
        with machine.inside(frame):
            silent = [d for d in getattr(code, "decorator_list", ()) if _silences(machine, d)]
            if isinstance(code, ast.Lambda):
                frame.results.append(machine.value(code.body))
            elif silent:
                with machine.silent(False, silent[0]):
                    machine.body(code.body)
            else:
                machine.body(code.body)
    finally:
        machine.arms = arms
        machine.stack.pop()
    if frame.yields:
        return Seq(node, items=[agreed(frame.yields)], more=True, kind="iter")
    return agreed(frame.results) if frame.results else Const(node, value=None)


def _silences(machine: Any, decorator: ast.AST) -> bool:
    """@torch.no_grad()"""
    value = machine.value(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return isinstance(value, Lib) and value.path.rpartition(".")[2] in ("no_grad", "inference_mode")


def _hand_over(machine: Any, function: Function, frame: Frame, args: list | None, keywords: dict) -> None:
    """The names of a function for these arguments."""
    given = function.code.args
    names = [a.arg for a in (*given.posonlyargs, *given.args)]
    if function.owner is not None and names and not objects.decorated(function, "staticmethod"):
        frame.names[names.pop(0)] = function.owner
    values = list(args or [])
    passed = dict(zip(names, values))
    if given.vararg:
        rest = values[len(names) :]
        frame.names[given.vararg.arg] = Seq(function.code, items=rest, more=args is None, kind="tuple")
    asked = {*names, *(a.arg for a in given.kwonlyargs)}
    passed |= {name: value for name, value in keywords.items() if name in asked}
    if given.kwarg:
        rest_ = {k: v for k, v in keywords.items() if k not in asked}
        frame.names[given.kwarg.arg] = Table(function.code, items=rest_)
    defaults = dict(zip(reversed(names), reversed(given.defaults)))
    defaults |= {a.arg: d for a, d in zip(given.kwonlyargs, given.kw_defaults) if d is not None}
    frame.names |= {name: objects.labelled(value, name) for name, value in passed.items()}
    with machine.inside(function.frame or machine.top):
        for name in asked - frame.names.keys():
            default = defaults.get(name)
            setting = isinstance(default, ast.Constant) and default.value not in (None, True, False)
            if default is not None and (args is not None or setting):
                frame.names[name] = machine.value(default)
            else:
                frame.names[name] = Unknown(function.code, name=name, facts=objects.facts_of(name))


def enter_the_rest(machine: Any) -> None:
    """Functions and methods that nothing has called."""
    for made in list(machine.classes):
        waiting = [f for f in made.methods.values() if f.code not in machine.entered]
        if waiting:
            machine.loops.clear()
            owner = instantiate(machine, made, None, {}, made.code)
            _enter_alone(machine, [replace(method, owner=owner) for method in waiting])
    done = -1
    while done != len(machine.entered):
        done = len(machine.entered)
        functions = [v for v in machine.top.names.values() if isinstance(v, Function)]
        called = lambda function: bool(machine.script.calls_of[function.name])
        _enter_alone(machine, sorted(functions, key=called))  # what others call is met there


def _enter_alone(machine: Any, functions: list[Function]) -> None:
    for function in functions:
        if function.code not in machine.entered:
            machine.frame, machine.recording, machine.silencer = machine.top, True, None
            enter(machine, function, None, {}, function.code)

"""What a machine keeps: loops gone through, events, frames of names."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from .values import (
    Value,
)


@dataclass(eq=False)
class Run:
    """One going through a loop."""

    node: Any
    count: int = 0  # passes so far
    over: Value | None = None


@dataclass(eq=False)
class Event:
    """Something that happened, where, in which loops and passes, arms of conditions, functions."""

    kind: str
    node: ast.AST
    loops: tuple[Run, ...]
    passes: tuple[int, ...]
    arms: tuple[tuple[ast.AST, int], ...]
    recording: bool | None
    stack: tuple[Any, ...]
    facts: dict[str, Any]
    place: int

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["facts"][name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(eq=False)
class Frame:
    code: Any
    names: dict[str, Value] = field(default_factory=dict)
    parent: Frame | None = None
    outer: set[str] = field(default_factory=set)  # global and nonlocal names
    results: list[Value] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)


class Exhausted(Exception):
    """The script is longer than is gone through."""


def moved_names(script) -> set[str]:
    """The names that are changed by a sum of themselves: w -= …, w = w - …, self.w += …, p["w"] -= …"""
    found: set[str] = set()
    for node in script.nodes:
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
            found.add(_base(node.target))
        elif isinstance(node, ast.Assign):
            read = {_base(n) for n in ast.walk(node.value) if isinstance(n, ast.Name | ast.Attribute)}
            for target in node.targets:
                parts = target.elts if isinstance(target, ast.Tuple) else [target]
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                if any(isinstance(v, ast.BinOp) and isinstance(v.op, ast.Add | ast.Sub) for v in values):
                    found |= {_base(part) for part in parts} & read
    return found - {""}


def _base(node: ast.AST) -> str:
    """w of w, w[0], w.data; self.w of self.w"""
    while isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr == "data"):
        node = node.value
    if isinstance(node, ast.Name):
        return node.id
    return f".{node.attr}" if isinstance(node, ast.Attribute) else ""

"""The wrong way, and too far: updates that go up the slope, and sums with the rate of a mean.

A gradient of a convex loss grows with its weight; so w + rate * g goes up where g grows with w. How an
expression grows is read from the operations that made it; factors without the weight are taken for the chain
rule's own, which have the sign that the prediction gives them.
"""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

from . import view as v
from .finding import Mend, Slip
from .growth import growth, objective
from .reading import Script
from .values import Const, Tensor, number, root, walk

GRADIENT = re.compile(r"grad|slope|deriv|^d_?[wb]\d?$|^g(_|$)|mean|sum|dot|\.T\b|@", re.I)


# ── updates ─────────────────────────────────────────────────────────────────────────────────────────
def wrong_sign(script: Script) -> Iterator[Slip]:
    """w += rate * g, where g is the slope of the loss."""
    seen: dict[ast.AST, list[tuple[int | None, Any]]] = {}
    for event in script.events("update"):
        if event.loops:
            seen.setdefault(event.target, []).append((_way(script, event), event))
    for found in seen.values():
        ways = {way for way, _ in found}
        if 1 not in ways or -1 in ways:
            continue
        event = next(e for way, e in found if way == 1)
        up = event.changes[0][0] > 0
        text = script.source(event.target)
        change = _change(event)
        numbers = {
            "name": text,
            "gradient": script.source(change) if change is not None else text,
            "operator": "+" if up else "−",
        }
        yield Slip(event.node, numbers, _turned(script, event), "wrong_sign" if up else "wrong_sign_negative")


def wanted_of(event: Any) -> Callable[[Tensor], bool]:
    base, key = root(event.base), getattr(event.base, "key", None)
    tensor = base if isinstance(base, Tensor) and base.op != "unknown" else None

    def wanted(value: Tensor) -> bool:
        if value.op == "read" and key is not None and value.key == key:
            return True
        same = root(value) is base
        return same and (tensor is not None or isinstance(base, Const))

    return wanted


def _way(script: Script, event: Any) -> int | None:
    """+1 up the slope, −1 down, None where the text does not tell."""
    if v.by_gradient(event):
        return _by_autograd(script, event)
    wanted = wanted_of(event)
    memo: dict[int, int | None] = {}
    ways = set()
    for sign, change in event.changes:
        way = growth(change, wanted, memo)
        if way in (1, -1):
            ways.add(sign * way)
        elif way != 0:
            return None
    if (
        len(ways) != 1
        or not _compared(event, wanted, memo)
        or not _like_a_gradient(script, event, wanted, memo)
    ):
        return None
    return ways.pop()


def _compared(event: Any, wanted, memo: dict) -> bool:
    """Somewhere in it a prediction meets a target that is no plain number."""
    for _, change in event.changes:
        for part in walk(change, 1500):
            if isinstance(part, Tensor) and part.op == "sub":
                sides = [growth(side, wanted, memo) for side in part.inputs]
                if (sides[0] == 0) != (sides[1] == 0):
                    other, own = part.inputs[::1] if sides[0] == 0 else part.inputs[::-1]
                    if number(other) is None and not _state(own):
                        return True
    return False


def _state(value: Any) -> bool:
    """A variable itself, as in the steps of a simulation: no prediction."""
    while isinstance(value, Tensor) and value.op in ("index", "view", "squeeze") and value.inputs:
        value = value.inputs[0]
    return isinstance(value, Tensor) and value.op == "read"


def _like_a_gradient(script: Script, event: Any, wanted, memo: dict) -> bool:
    change = _change(event)
    if change is not None and GRADIENT.search(script.source(change)):
        return True
    for _, value in event.changes:
        for part in walk(value, 600):
            if not isinstance(part, Tensor):
                continue
            if part.op in ("mean", "sum", "matmul") and growth(part, wanted, memo) != 0:
                return True
            if part.op == "mul":
                data = [
                    p
                    for p in part.inputs
                    if growth(p, wanted, memo) == 0 and isinstance(p, Tensor) and number(p) is None
                ]
                if any(p.op in ("index", "join", "T", "batch", "read", "item") or p.shape for p in data):
                    return True
    return False


def _by_autograd(script: Script, event: Any) -> int | None:
    base = root(event.base)
    kinds = {
        "tensor",
        "zeros",
        "ones",
        "randn",
        "rand",
        "empty",
        "leaf",
        "parameter",
        "full",
        "mul",
        "normal",
    }
    if not isinstance(base, Tensor) or not base.leaf or base.op not in kinds:
        return None
    signs = set()
    for sign, change in event.changes:
        if any(isinstance(p, Tensor) and p.op in ("sign", "norm") for p in walk(change, 100)):
            return None
        way = growth(change, lambda value: value.op == "grad", {})
        signs.add(sign * way if way in (1, -1) else None)
    before = [b for b in script.events("backward") if b.place < event.place and v.shared(b, event)]
    if len(signs) != 1 or None in signs or not before:
        return None
    falls = objective(before[-1].tensor)
    way = signs.pop()
    return way * falls if falls is not None and way is not None else None


def _change(event: Any) -> ast.AST | None:
    """What is added or taken away, in the text."""
    node = event.node
    if isinstance(node, ast.AugAssign):
        return node.value
    if isinstance(node, ast.Call):
        return node.args[-1] if node.args else None
    binary = _binary(event)
    return binary.right if binary is not None else None


def _binary(event: Any) -> ast.BinOp | None:
    node = event.node
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return None
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if isinstance(targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
        pairs = dict(zip(map(id, targets[0].elts), node.value.elts))
        found = pairs.get(id(event.target))
    else:
        found = node.value
    return found if isinstance(found, ast.BinOp) else None


def _turned(script: Script, event: Any) -> Mend | None:
    """The same line with the other sign."""
    node = event.node
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        sign = "-" if isinstance(node.op, ast.Add) else "+"
        return script.rewritten(node, f"{script.source(node.target)} {sign}= {script.source(node.value)}")
    binary = _binary(event)
    if (
        binary is not None
        and isinstance(binary.op, ast.Add | ast.Sub)
        and not isinstance(binary.left, ast.BinOp)
    ):
        sign = "-" if isinstance(binary.op, ast.Add) else "+"
        return script.replaced(binary, f"{script.source(binary.left)} {sign} {script.source(binary.right)}")
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("add_", "sub_")
    ):
        other = "sub_" if node.func.attr == "add_" else "add_"
        return script.replaced(node.func, f"{script.source(node.func.value)}.{other}")
    return None


RULES = {"wrong_sign": wrong_sign}

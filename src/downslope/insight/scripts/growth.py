"""How an expression grows with a weight, read from the operations that made it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .layers import LOSS_NAMES
from .trace import stripped
from .values import Tensor, number, root, words

KEPT = words(
    """mean sum exp sigmoid tanh log relu softmax view index squeeze T float item numpy tensor float64 astype
    read leaky_relu clip data detach copy clone average nanmean array log1p softplus expm1 cumsum double to
    Linear flatten"""
)
EVEN = words("square abs norm std var sqrt")
MOVED = words("T view index read squeeze float numpy")  # the same numbers, elsewhere
NEUTRAL = 2


def growth(
    value: Any, wanted: Callable[[Tensor], bool], memo: dict[int, int | None], depth: int = 0
) -> int | None:
    """+1: a value grows with a weight; −1: it falls; 0: without the weight; 2: even in it; None: unknown."""
    if not isinstance(value, Tensor) or depth > 120:
        return 0 if not isinstance(value, Tensor) else None
    if id(value) not in memo:
        memo[id(value)] = None
        signs = [] if wanted(value) else [growth(part, wanted, memo, depth + 1) for part in value.inputs]
        memo[id(value)] = 1 if wanted(value) else _growth(value, signs)
    return memo[id(value)]


def _growth(value: Tensor, signs: list[int | None]) -> int | None:
    """Of an operation, from how its parts grow."""
    op, inputs = value.op, value.inputs
    if not any(sign != 0 for sign in signs):
        return 0
    if None in signs:
        return None
    if op in KEPT:
        return signs[0] if not any(signs[1:]) else None
    if op in EVEN:
        return NEUTRAL
    match op:
        case "neg":
            return _flipped(signs[0])
        case "add" | "cat" | "stack" | "join":
            return _both(signs)
        case "sub":
            return _both([signs[0], _flipped(signs[1])])
        case "mul" | "matmul":
            return _product(inputs[:2], signs)
        case "div" if signs[1] == 0:
            return _scaled(inputs[1], signs[0])
        case "div":
            return _flipped(signs[1]) if signs[0] == 0 else signs[0] if signs[1] == NEUTRAL else None
        case "pow":
            power = number(inputs[1])
            if signs[1] == 0 and power is not None:
                return NEUTRAL if power % 2 == 0 or power == 0.5 else signs[0]
            return signs[1] if signs[0] == 0 else None
        case "solve":
            return signs[-1] if len(signs) == 2 else None
        case "compare" if signs[1] == 0:
            falls = value.info.get("operator") in ("Lt", "LtE")
            return _flipped(signs[0]) if falls else signs[0]
    return None


def _flipped(sign: int | None) -> int | None:
    return -sign if sign in (1, -1) else sign


def _both(signs: list[int | None]) -> int | None:
    """Of a sum: what all parts that hold the weight agree on."""
    told = {sign for sign in signs if sign != 0}
    plain = told - {NEUTRAL}
    if len(plain) == 1:
        return plain.pop()
    return None if plain else NEUTRAL if told else 0


def _product(inputs: tuple, signs: list[int | None]) -> int | None:
    one, other = inputs
    if 0 in signs[:2]:
        factor, sign = (one, signs[1]) if signs[0] == 0 else (other, signs[0])
        return _scaled(factor, sign)
    for a, b in ((one, other), (other, one)):  # s (1 − s)
        if b.op == "sub" and root(b.inputs[-1]) is root(a):
            return NEUTRAL
    if NEUTRAL in signs:
        return signs[0] if signs[1] == NEUTRAL else signs[1]
    return NEUTRAL if root(one) is root(other) else None


def _scaled(factor: Any, sign: int | None) -> int | None:
    """A factor without the weight: a number has its sign, data that of the chain rule."""
    known = number(factor)
    if known is not None:
        return sign if known > 0 else _flipped(sign) if known < 0 else 0
    base = stripped(factor, *MOVED)
    op = base.op if isinstance(base, Tensor) else ""
    if op in ("mul", "div"):
        for part in base.inputs:
            sign = _scaled(part, sign)
    return None if op == "neg" or (op == "sub" and base.shape == ()) else sign


def objective(value: Any, depth: int = 0) -> int | None:
    """+1 for a loss that is to become small, −1 for its negative, None for what may be either."""
    if not isinstance(value, Tensor) or depth > 20:
        return None
    if value.op in LOSS_NAMES:
        return 1
    inner = [objective(part, depth + 1) for part in value.inputs]
    match value.op:
        case "neg":
            return -inner[0] if inner[0] else None
        case "read" | "mean" | "sum" | "item" | "div" | "squeeze" | "view":
            return inner[0] if inner else None
        case "mul":
            known = [number(part) for part in value.inputs]
            return next((i for i, k in zip(reversed(inner), known) if k is not None and k > 0), None)
        case "add":
            told = {i for i in inner if i is not None}
            return told.pop() if len(told) == 1 else None
        case "pow" | "square" | "abs":
            squared = value.op != "pow" or number(value.inputs[1]) == 2
            return 1 if squared and difference(value.inputs[0]) else None
    return None


def difference(value: Any) -> bool:
    found = stripped(value, "read", "squeeze", "view")
    return isinstance(found, Tensor) and found.op == "sub"

"""The wrong way, and too far: updates that go up the slope, and sums with the rate of a mean.

A gradient of a convex loss grows with its weight; so w + rate * g goes up where g grows with w. How an
expression grows is read from the operations that made it; factors without the weight are taken for the chain
rule's own, which have the sign that the prediction gives them.
"""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

from . import trace
from .finding import Fix, Slip, rule
from .layers import LOSS_NAMES
from .script import Script
from .values import Const, Tensor, number, root, whole, words

GRADIENT = re.compile(r"grad|slope|deriv|^d_?[wb]\d?$|^g(_|$)|mean|sum|dot|\.T\b|@", re.I)
KEPT = words(
    """mean sum exp sigmoid tanh log relu softmax view index squeeze T float item numpy tensor float64 astype
    read leaky_relu clip data detach copy clone average nanmean array log1p softplus expm1 cumsum double to
    Linear flatten"""
)
EVEN = words("square abs norm std var sqrt")
MOVED = words("T view index read squeeze float numpy")  # the same numbers, elsewhere
NEUTRAL = 2
WEIGHTS = words("tensor zeros ones randn rand empty leaf parameter full mul normal")
CURVED = words("sigmoid softmax div mean exp tanh")


# ── how an expression grows ─────────────────────────────────────────────────────────────────────────
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
    found = {sign for sign in signs if sign != 0}
    plain = found - {NEUTRAL}
    if len(plain) == 1:
        return plain.pop()
    return None if plain else NEUTRAL if found else 0


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
    base = trace.stripped(factor, *MOVED)
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
            signs = {i for i in inner if i is not None}
            return signs.pop() if len(signs) == 1 else None
        case "pow" | "square" | "abs":
            squared = value.op != "pow" or number(value.inputs[1]) == 2
            return 1 if squared and difference(value.inputs[0]) else None
    return None


def difference(value: Any) -> bool:
    found = trace.stripped(value, "read", "squeeze", "view")
    return isinstance(found, Tensor) and found.op == "sub"


# ── the wrong way ───────────────────────────────────────────────────────────────────────────────────
@rule
def wrong_sign(script: Script) -> Iterator[Slip]:
    """w += rate * g, where g is the slope of the loss."""
    seen: dict[ast.AST, list[tuple[int | None, Any]]] = {}
    for event in script.events("update"):
        if event.loops:
            seen.setdefault(event.target, []).append((_way(script, event), event))
    for found in seen.values():
        ways = [way for way, _ in found]
        if 1 not in ways or -1 in ways:
            continue
        event = found[ways.index(1)][1]
        up, text, change = event.changes[0][0] > 0, script.source(event.target), _change(event)
        gradient = script.source(change) if change is not None else text
        numbers = {"name": text, "gradient": gradient, "operator": "+" if up else "−"}
        yield Slip(event.node, numbers, _turned(script, event), "wrong_sign" if up else "wrong_sign_negative")


class _Grows:
    """How a value grows with the variable that an event moves."""

    def __init__(self, event: Any):
        self.base, self.key = root(event.base), getattr(event.base, "key", None)
        self.plain = isinstance(self.base, Const) or getattr(self.base, "op", "unknown") != "unknown"
        self.memo: dict[int, int | None] = {}

    def wanted(self, value: Tensor) -> bool:
        read = value.op == "read" and self.key is not None and value.key == self.key
        return read or (self.plain and root(value) is self.base)

    def __call__(self, value: Any) -> int | None:
        return growth(value, self.wanted, self.memo)


def _way(script: Script, event: Any) -> int | None:
    """+1 up the slope, −1 down, None where the text does not tell."""
    if trace.by_gradient(event):
        return _by_autograd(script, event)
    grows = _Grows(event)
    ways = {(sign, grows(change)) for sign, change in event.changes}
    if not all(way in (0, 1, -1) for _, way in ways):
        return None
    signs = {sign * way for sign, way in ways if way}
    if len(signs) != 1 or not _compared(event, grows) or not _like_a_gradient(script, event, grows):
        return None
    return signs.pop()


def _compared(event: Any, grows: Callable) -> bool:
    """Somewhere in it a prediction meets a target that is no plain number."""
    for part in (part for _, change in event.changes for part in trace.tensors(change, 1500)):
        if part.op == "sub":
            without = [side for side in part.inputs if grows(side) == 0]
            own = [side for side in part.inputs if grows(side) != 0]
            if len(own) == 1 and number(without[0]) is None:
                state = trace.stripped(own[0], "index", "view", "squeeze")
                if not isinstance(state, Tensor) or state.op != "read":  # as in the steps of a simulation
                    return True
    return False


def _like_a_gradient(script: Script, event: Any, grows: Callable) -> bool:
    change = _change(event)
    if change is not None and GRADIENT.search(script.source(change)):
        return True
    for part in (part for _, value in event.changes for part in trace.tensors(value, 600)):
        if part.op in ("mean", "sum", "matmul") and grows(part) != 0:
            return True
        if part.op == "mul":
            rows = [p for p in part.inputs if isinstance(p, Tensor) and grows(p) == 0 and number(p) is None]
            if any(p.op in ("index", "join", "T", "batch", "read", "item") or p.shape for p in rows):
                return True
    return False


def _by_autograd(script: Script, event: Any) -> int | None:
    base = root(event.base)
    if not isinstance(base, Tensor) or not base.leaf or base.op not in WEIGHTS:
        return None
    if any(p.op in ("sign", "norm") for _, change in event.changes for p in trace.tensors(change, 100)):
        return None
    ways = [(sign, growth(change, lambda value: value.op == "grad", {})) for sign, change in event.changes]
    signs = {sign * way if way in (1, -1) else None for sign, way in ways}
    derived = script.events("backward", "autograd")
    before = [b for b in derived if b.place < event.place and trace.shared(b, event)]
    falls = objective(before[-1].tensor) if before else None
    way = signs.pop() if len(signs) == 1 else None
    return way * falls if falls is not None and way is not None else None


def _change(event: Any) -> Any:
    """What is added or taken away, in the text."""
    match event.node:
        case ast.AugAssign(value=value):
            return value
        case ast.Call(args=args):
            return args[-1] if args else None
    binary = _binary(event)
    return binary.right if binary is not None else None


def _binary(event: Any) -> ast.BinOp | None:
    """w − rate * g of w, b = w − rate * g, b − rate * h."""
    node = event.node
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return None
    target, found = getattr(node, "targets", [getattr(node, "target", None)])[0], node.value
    if isinstance(target, ast.Tuple) and isinstance(found, ast.Tuple):
        found = dict(zip(target.elts, found.elts)).get(event.target)
    return found if isinstance(found, ast.BinOp) else None


def _turned(script: Script, event: Any) -> Fix | None:
    """The same line with the other sign."""
    node, binary = event.node, _binary(event)
    other = {ast.Add: "-", ast.Sub: "+"}
    if isinstance(node, ast.AugAssign) and type(node.op) in other:
        text = f"{script.source(node.target)} {other[type(node.op)]}= {script.source(node.value)}"
        return script.rewritten(node, text)
    if binary is not None and type(binary.op) in other and not isinstance(binary.left, ast.BinOp):
        text = f"{script.source(binary.left)} {other[type(binary.op)]} {script.source(binary.right)}"
        return script.replaced(binary, text)
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("add_", "sub_"):
        name = "sub_" if node.func.attr == "add_" else "add_"
        return script.replaced(node.func, f"{script.source(node.func.value)}.{name}")
    return None


# ── a sum with the rate of a mean ───────────────────────────────────────────────────────────────────
@rule
def sum_with_rate(script: Script) -> Iterator[Slip]:
    """The slope of a sum over n rows, with a rate that suits their mean: rate · 2n above 2 diverges."""
    yield from _summed_loss(script) if script.torch else ()
    for event in script.events("update"):
        if event.loops and len(event.changes) == 1 and not trace.by_gradient(event):
            yield from _summed_slope(script, event)


def _summed_loss(script: Script) -> Iterator[Slip]:
    """backward of a sum of squares, and a step of plain SGD, or by hand."""
    for event in script.events("backward"):
        n, node = _squares(event.tensor) if event.loops else (None, None)
        if node is None or n is None or n < 8:
            continue
        updates = script.events_in(event.loops[-1], "update")
        rates = [(_by_hand(update), update.node) for update in updates if update.place > event.place]
        for step in script.events("step"):
            if (
                step.place > event.place
                and getattr(step.optimizer, "kind", "") == "SGD"
                and trace.shared(step, event)
            ):
                rates.append((number(step.optimizer.rate), event.node))
        for rate, line in rates:
            if rate is not None and rate * n >= 1:
                yield Slip(node, {"rows": n, "rate": rate, "line": line.lineno}, _mean(script, node))
                return


def _factored(core: Any, *through: str) -> tuple[Any, float]:
    """A value without its numbers as factors, and their product."""
    scale = 1.0
    for _ in range(30):
        if isinstance(core, Tensor) and core.op in through and core.inputs:
            core = core.inputs[0]
        elif isinstance(core, Tensor) and core.op == "mul":
            known = [number(part) for part in core.inputs]
            place = next((i for i, k in enumerate(known) if k is not None), None)
            if place is None:
                break
            scale *= abs(known[place] or 0)
            core = core.inputs[1 - place]
        else:
            break
    return core, scale


def _by_hand(event: Any) -> float | None:
    """The rate of w -= rate * w.grad, where it is a number."""
    core, scale = _factored(event.changes[0][1] if len(event.changes) == 1 else None)
    return scale if isinstance(core, Tensor) and core.op == "grad" else None


def _squares(value: Any) -> tuple[int | None, Any]:
    """(rows, where) of a sum of squares, without a division on the way."""
    value = trace.stripped(value, "read")
    if isinstance(value, Tensor) and value.op == "mse_loss" and value.info.get("reduction") == "sum":
        counts = filter(None, map(trace.row_count, value.inputs))
        return next(counts, None) or _batch(value), value.node
    inner = value.inputs[0] if isinstance(value, Tensor) and value.op == "sum" and value.inputs else None
    if not isinstance(inner, Tensor) or value.info.get("axis") is not None:
        return None, None
    squared = inner.op == "square" or (inner.op == "pow" and number(inner.inputs[1]) == 2)
    if inner.op == "mse_loss" or (squared and difference(inner.inputs[0])):
        return trace.row_count(inner) or _batch(inner), value.node
    return None, None


def _batch(value: Tensor) -> int | None:
    """The rows of the batch that a loader gives."""
    loader = trace.batch_of(value)
    return whole(loader.batch) if loader is not None else None


def _mean(script: Script, node: Any) -> Fix | None:
    """The mean in place of the sum."""
    for event in script.events("loss"):
        for keyword in getattr(event.maker, "keywords", ()) if event.node is node else ():
            if keyword.arg in ("reduction", "size_average"):
                return script.replaced(keyword.value, '"mean"' if keyword.arg == "reduction" else "True")
    text = script.source(node.func) if isinstance(node, ast.Call) else ""
    return script.replaced(node.func, f"{text.removesuffix('sum')}mean") if text.endswith("sum") else None


def _summed_slope(script: Script, event: Any) -> Iterator[Slip]:
    """w -= rate * X.T @ (X @ w − y)"""
    core, scale = _factored(event.changes[0][1], "read", "neg")
    grows = _Grows(event)
    if not isinstance(core, Tensor) or grows(core) in (0, NEUTRAL):
        return
    left = core.inputs[0] if core.inputs else None
    if core.op == "matmul" and isinstance(left, Tensor) and left.op == "mul":  # 2 * X.T @ r
        factor = next((number(p) for p in left.inputs if number(p) is not None), None)
        if factor is not None:
            scale *= abs(factor)
            left = next((p for p in left.inputs if number(p) is None), left)
    shape = left.shape if isinstance(left, Tensor) else None
    if core.op == "matmul" and shape and left.op == "T":
        n = shape[-1]
    elif core.op == "sum" and shape and not core.info.get("axis"):
        n = shape[0]
    else:
        return
    curved = any(p.op in CURVED and grows(p) != 0 for p in trace.tensors(core, 200))
    if not isinstance(n, int) or n < 8 or not 2 / n <= scale < 1 or core.node is None or curved:
        return
    rows, text = _rows(core, left), script.source(core.node)
    mend = script.replaced(core.node, f"{text} / len({script.source(rows)})") if rows else None
    yield Slip(core.node, {"rows": n, "rate": scale, "line": event.node.lineno}, mend)


def _rows(core: Tensor, left: Any) -> Any:
    """X of X.T @ r and of sum(X * r)"""
    node = left.node if core.op == "matmul" else core.node
    if core.op == "matmul" and isinstance(node, ast.Attribute):
        return node.value
    if isinstance(node, ast.Call) and core.op == "matmul":
        return node.args[0] if node.args else getattr(node.func, "value", None)
    first = node.args[0] if isinstance(node, ast.Call) and node.args else None
    return first if isinstance(first, ast.Name) else None

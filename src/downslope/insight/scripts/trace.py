"""What rules ask of the events: which loop both share, what was learned, which weights a value holds."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from .script import Script
from .values import Module, Optimizer, Rows, Seq, Tensor, Unknown, members, root, walk, whole, words

SAME = words(
    """view squeeze read float to index double contiguous clone cuda cpu type astype half Flatten data tensor
    kept bfloat16 copy nan_to_num batch"""
)
THROUGH = words("relu sigmoid tanh softmax Dropout dropout leaky_relu log BatchNorm1d")


# ── values ──────────────────────────────────────────────────────────────────────────────────────────
def stages(value: Any, limit: int = 6) -> Iterator[Tensor]:
    """The operations that made a value, the last one first; those that keep the numbers are passed over."""
    for _ in range(40):
        if not isinstance(value, Tensor) or limit <= 0:
            return
        if value.op not in SAME:
            yield value
            limit -= 1
            if value.op not in THROUGH:
                return
        if not value.inputs:
            return
        value = value.inputs[0]


def first(value: Any) -> Tensor | None:
    return next(stages(value), None)


def stripped(value: Any, *ops: str) -> Any:
    """A value before the operations that keep its numbers, or before these operations."""
    ops = ops or (*SAME, "unknown")
    for _ in range(40):
        if not isinstance(value, Tensor) or value.op not in ops or not value.inputs:
            break
        value = value.inputs[0]
    return value


def tensors(value: Any, limit: int = 3000) -> Iterator[Tensor]:
    """A tensor and all that it was made from."""
    return (part for part in walk(value, limit) if isinstance(part, Tensor))


def held(value: Any) -> set[int]:
    """Ids of the layers and weights that a net, an optimizer, or a tensor is or holds."""
    if isinstance(value, Optimizer):
        return set(value.holds)
    return {id(root(part)) for part in members(value)} | {id(root(value))}


def clears(target: Any, optimizer: Any) -> bool:
    """Whether clearing the one may clear the gradients that the other uses."""
    target, optimizer = root(target), root(optimizer)
    if target is optimizer or not isinstance(optimizer, Optimizer):
        return True
    if isinstance(target, Optimizer):
        return bool(target.holds & optimizer.holds) or not (target.holds and optimizer.holds)
    return not (isinstance(target, Module) and optimizer.holds) or bool(held(target) & optimizer.holds)


def leaves(tensor: Tensor) -> tuple[set[int], bool]:
    """Ids of the layers and weights that a loss is made with, and whether these are all."""
    found: set[int] = set()
    complete = True
    for part in tensors(tensor):
        if part.layer is not None and part.graph is not False:
            found |= held(part.layer)
        if part.leaf:
            found |= held(part)
        if part.graph is None and part.layer is None and part.op in ("call", "join"):
            complete = False
    return found, complete


def learned(value: Any) -> bool:
    """Whether a value depends on weights: made by a net, or with a variable that the script moves."""
    if not isinstance(value, Tensor):
        return False
    moved = (p.op in ("read", "call", "matmul") or p.layer is not None or p.leaf for p in tensors(value, 400))
    return bool(value.graph) or any(moved)


def row_count(value: Any) -> int | None:
    """How many rows a value holds."""
    base = root(value)
    match base:
        case Seq() if not base.more and base.kind in ("list", "tuple"):
            return len(base.items)
        case Tensor():
            size = base.shape[0] if base.shape else None
            return size if isinstance(size, int) else None
        case Rows():
            return base.count if base.count is not None else row_count((base.columns or [None])[0])
    return None


def batch_of(value: Any, limit: int = 300) -> Any:
    """The loader whose batch a value was made from."""
    return next((part.info["loader"] for part in tensors(value, limit) if "loader" in part.info), None)


# ── events ──────────────────────────────────────────────────────────────────────────────────────────
def shared(one: Any, other: Any) -> list[Any]:
    """The loops that two events stand in, from outside in."""
    found = []
    for a, b in zip(one.loops, other.loops):
        if a is not b:
            break
        found.append(a)
    return found


def same_pass(one: Any, other: Any, run: Any) -> bool:
    """In one pass of a loop, and of all around it."""
    place = one.loops.index(run) + 1
    return one.loops[:place] == other.loops[:place] and one.passes[:place] == other.passes[:place]


def in_pass(one: Any, other: Any, run: Any) -> bool:
    """In one pass of a loop, and not in two arms of one condition."""
    return run in one.loops and same_pass(other, one, run) and together(one, other)


def within(inner: Any, outer: Any) -> bool:
    """Whether whatever makes `outer` happen makes `inner` happen: no condition of its own."""
    return all(arm in outer.arms for arm in inner.arms)


def together(one: Any, other: Any) -> bool:
    """Not in two arms of one condition."""
    return not any(a is b and i != j for a, i in one.arms for b, j in other.arms)


def by_gradient(event: Any) -> bool:
    """An update by the .grad of what is updated."""
    base = root(event.base)
    for part in (part for _, change in event.changes for part in walk(change, 200)):
        if isinstance(part, Tensor) and part.op == "grad" and part.inputs and root(part.inputs[0]) is base:
            return True
        if isinstance(part, Unknown) and part.name == "grad":
            return True
    return False


def passes(script: Script, loop: Any) -> int | None:
    """How often a loop runs, where the text tells."""
    over = loop.iter if isinstance(loop, ast.For) else None
    plain = isinstance(over, ast.Call) and script.key(over.func) == "range" and len(over.args) == 1
    count = whole(script.value(over.args[0])) if plain else None
    return count if count is not None and count > 0 else None

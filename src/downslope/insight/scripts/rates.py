"""Too far: a sum over the rows with the rate of their mean."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from . import view as v
from .finding import Mend, Slip
from .growth import NEUTRAL, difference, growth
from .reading import Script
from .signs import wanted_of
from .values import Optimizer, Tensor, number, walk


# ── a sum with the rate of a mean ───────────────────────────────────────────────────────────────────
def sum_with_rate(script: Script) -> Iterator[Slip]:
    """The slope of a sum over n rows, with a rate that suits their mean: rate · 2n above 2 diverges."""
    if script.torch:
        yield from _summed_loss(script)
    for event in script.events("update"):
        if event.loops and len(event.changes) == 1 and not v.by_gradient(event):
            yield from _summed_slope(script, event)


def _summed_loss(script: Script) -> Iterator[Slip]:
    steps = script.events("step")
    for event in script.events("backward"):
        summed = _squares(event.tensor)
        if summed is None or not event.loops:
            continue
        n, node, kind = summed
        for update in script.events_in(event.loops[-1], "update"):
            rate = _by_hand(update)
            if update.place > event.place and rate is not None and n is not None and n >= 8 and rate * n >= 1:
                yield Slip(
                    node, {"rows": n, "rate": rate, "line": update.node.lineno}, _meant(script, node, kind)
                )
                return
        for step in steps:
            optimizer = step.optimizer
            if (
                not isinstance(optimizer, Optimizer)
                or optimizer.kind != "SGD"
                or not v.shared(step, event)
                or step.place < event.place
            ):
                continue
            rate = number(optimizer.rate)
            if rate is None or n is None or n < 8 or rate * n < 1:
                continue
            mend = _meant(script, node, kind)
            yield Slip(node, {"rows": n, "rate": rate, "line": event.node.lineno}, mend)
            return


def _by_hand(event: Any) -> float | None:
    """The rate of w -= rate * w.grad, where it is a number."""
    core, scale = event.changes[0][1] if len(event.changes) == 1 else None, 1.0
    for _ in range(10):
        if isinstance(core, Tensor) and core.op == "mul":
            known = [number(part) for part in core.inputs]
            place = next((i for i, k in enumerate(known) if k is not None), None)
            if place is None:
                return None
            scale *= abs(known[place] or 0)
            core = core.inputs[1 - place]
    return scale if isinstance(core, Tensor) and core.op == "grad" else None


def _squares(value: Any) -> tuple[int | None, ast.AST, str] | None:
    """(rows, where, how) of a sum of squares, without a division on the way."""
    for _ in range(6):
        if isinstance(value, Tensor) and value.op in ("read",) and value.inputs:
            value = value.inputs[0]
    if not isinstance(value, Tensor) or value.node is None:
        return None
    if value.op == "mse_loss" and value.info.get("reduction") == "sum":
        shape = next(
            (
                p.shape
                for p in value.inputs
                if isinstance(p, Tensor) and p.shape and isinstance(p.shape[0], int)
            ),
            None,
        )
        return (shape[0] if shape else _batch(value), value.node, "reduction")
    if (
        value.op == "sum"
        and value.inputs
        and isinstance(value.inputs[0], Tensor)
        and value.info.get("axis") is None
    ):
        inner = value.inputs[0]
        squared = (
            inner.op == "square"
            or (inner.op == "pow" and number(inner.inputs[1]) == 2)
            or inner.op == "mse_loss"
        )
        if squared and (inner.op == "mse_loss" or difference(inner.inputs[0])):
            shape = inner.shape
            return (shape[0] if shape and isinstance(shape[0], int) else _batch(inner), value.node, "sum")
    return None


def _batch(value: Tensor) -> int | None:
    """The rows of the batch that a loader gives."""
    for part in walk(value, 300):
        if isinstance(part, Tensor) and "loader" in part.info:
            size = number(part.info["loader"].batch)
            return size if isinstance(size, int) else None
    return None


def _meant(script: Script, node: ast.AST, kind: str) -> Mend | None:
    """The mean in place of the sum."""
    if kind == "sum" and isinstance(node, ast.Call):
        text = script.source(node.func)
        return script.replaced(node.func, f"{text[:-3]}mean") if text.endswith("sum") else None
    for event in script.events("loss"):
        if event.node is node:
            for keyword in getattr(event.maker, "keywords", ()):
                if keyword.arg == "reduction":
                    return script.replaced(keyword.value, '"mean"')
                if keyword.arg == "size_average":
                    return script.replaced(keyword.value, "True")
    return None


def _summed_slope(script: Script, event: Any) -> Iterator[Slip]:
    core, scale = event.changes[0][1], 1.0
    for _ in range(30):
        if not isinstance(core, Tensor):
            return
        if core.op in ("read", "neg") and core.inputs:
            core = core.inputs[0]
        elif core.op == "mul":
            known = [number(part) for part in core.inputs]
            place = next((i for i, k in enumerate(known) if k is not None), None)
            if place is None:
                break
            scale *= abs(known[place])  # type: ignore[arg-type]
            core = core.inputs[1 - place]
        else:
            break
    wanted = wanted_of(event)
    memo: dict[int, int | None] = {}
    if not isinstance(core, Tensor) or growth(core, wanted, memo) in (0, NEUTRAL) or scale >= 1:
        return
    left = core.inputs[0] if core.inputs else None
    if core.op == "matmul" and isinstance(left, Tensor) and left.op == "mul":  # 2 * X.T @ r
        factor = next((number(p) for p in left.inputs if number(p) is not None), None)
        if factor is not None:
            scale *= abs(factor)
            left = next((p for p in left.inputs if number(p) is None), left)
    if core.op == "matmul" and isinstance(left, Tensor) and left.op == "T" and left.shape:
        n = left.shape[-1]
    elif core.op == "sum" and isinstance(left, Tensor) and left.shape and core.info.get("axis") in (0, None):
        n = left.shape[0]
    else:
        return
    plain = all(
        not isinstance(p, Tensor) or p.op not in ("sigmoid", "softmax", "div", "mean", "exp", "tanh")
        for p in walk(core, 200)
        if growth(p, wanted, memo) not in (0,)
    )
    if not isinstance(n, int) or n < 8 or not plain or scale * n < 2 or core.node is None:
        return
    rows = _rows_text(script, core, left)
    mend = script.replaced(core.node, f"{script.source(core.node)} / {rows}") if rows else None
    yield Slip(core.node, {"rows": n, "rate": scale, "line": event.node.lineno}, mend)


def _rows_text(script: Script, core: Tensor, left: Any) -> str | None:
    """len(X) of X.T @ r"""
    node = left.node if core.op == "matmul" else None
    if isinstance(node, ast.Attribute):
        return f"len({script.source(node.value)})"
    if isinstance(node, ast.Call):
        base = node.args[0] if node.args else getattr(node.func, "value", None)
        return f"len({script.source(base)})" if base is not None else None
    return (
        f"len({script.source(core.node.args[0])})"
        if core.op == "sum"
        and isinstance(core.node, ast.Call)
        and core.node.args
        and isinstance(core.node.args[0], ast.Name)
        else None
    )


RULES = {"sum_with_rate": sum_with_rate}

"""Mistakes between a net and its loss: squashed twice, not squashed, shapes that do not match."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from itertools import islice

from . import meaning as m
from .finding import Mend, Slip
from .reading import Script
from .shapes import Shape, shape

UNBOUNDED = {"Linear", "LazyLinear", "Bilinear", "Conv1d", "Conv2d", "relu", "tanh", "leaky_relu"}


def softmax_before_cross_entropy(script: Script) -> Iterator[Slip]:
    """CrossEntropyLoss takes scores: with probabilities it stays above ln(1 + (K − 1)/e)."""
    for loss in m.loss_calls(script):
        stages = list(islice(m.trail(script, loss.input), 2))
        if loss.name != "cross_entropy" or not stages or stages[0].name not in ("softmax", "sigmoid"):
            continue
        stage = stages[0]
        classes = m.outputs(script, stages[1]) if len(stages) > 1 else None
        numbers = {
            "loss": loss.node.lineno,
            "squash": stage.name,
            "classes": classes or 2,
            "floor": math.log(1 + ((classes or 2) - 1) / math.e),
        }
        proof = "" if classes else "softmax_before_cross_entropy_classes"
        yield Slip(stage.node, numbers, _without(script, stage), proof)


def sigmoid_before_logits(script: Script) -> Iterator[Slip]:
    """BCEWithLogitsLoss has its own sigmoid: σ(σ(z)) stays within ½ … σ(1) = 0.731."""
    for loss in m.loss_calls(script):
        stage = next(m.trail(script, loss.input), None)
        if loss.name == "binary_cross_entropy_with_logits" and stage and stage.name == "sigmoid":
            numbers = {"loss": loss.node.lineno, "highest": 1 / (1 + math.exp(-1)), "floor": math.log(2)}
            yield Slip(stage.node, numbers, _without(script, stage))


def raw_scores(script: Script) -> Iterator[Slip]:
    """BCELoss takes probabilities, and the last layer gives any number."""
    for loss in m.loss_calls(script):
        stage = next(m.trail(script, loss.input), None)
        if loss.name == "binary_cross_entropy" and stage and stage.name in UNBOUNDED:
            made = loss.made.func
            called = script.source(made)
            new = called.replace("BCELoss", "BCEWithLogitsLoss")
            if new == called:
                new = f"{called}_with_logits"
            where = stage.layer if stage.layer is not None else stage.node
            numbers = {"layer": script.source(where), "made": where.lineno, "loss": loss.node.lineno}
            yield Slip(made, numbers, script.replaced(made, new))


def _without(script: Script, stage: m.Stage) -> Mend | None:
    """The line without the activation."""
    if stage.operand is not None:
        return script.replaced(stage.node, script.source(stage.operand))
    if stage.previous is not None:
        return script.replaced(stage.node, "", start=stage.previous)
    return None


def broadcast(script: Script) -> Iterator[Slip]:
    """(n, 1) against (n,): n² differences, of which n compare a row with its own target."""
    for loss in m.loss_calls(script):
        if loss.name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "SmoothL1Loss", "HuberLoss"):
            yield from _crossed(script, loss.node, loss.input, loss.target)
    for node in script.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
            for one, other in ((node.left, node.right), (node.right, node.left)):
                if _predicts(script, one) and not _predicts(script, other):
                    yield from _crossed(script, node, one, other)


def _crossed(script: Script, node: ast.AST, predicted: ast.expr, target: ast.expr) -> Iterator[Slip]:
    one, other = shape(script, predicted), shape(script, target)
    if (
        one is None
        or other is None
        or not ((_column(one) and _flat(other)) or (_flat(one) and _column(other)))
    ):
        return
    lengths = [s[0] for s in (one, other) if s[0] not in (None, ...)]
    if 1 in lengths or len(set(lengths)) > 1:
        return
    flat = target if _flat(other) else predicted
    n = lengths[0] if lengths else 0
    numbers = {
        "predicted": _told(one),
        "target": _told(other),
        "rows": n,
        "differences": n * n,
        "strangers": n * n - n,
    }
    inner = script.source(flat)
    inner = inner if isinstance(flat, ast.Name | ast.Call | ast.Attribute) else f"({inner})"
    mend = script.replaced(flat, f"{inner}.reshape(-1, 1)")
    yield Slip(node, numbers, mend, "" if n else "broadcast_rows")


def _column(found: Shape) -> bool:
    return len(found) == 2 and found[1] == 1


def _flat(found: Shape) -> bool:
    return len(found) == 1 and found[0] is not ...


def _told(found: Shape) -> str:
    sizes = ["…" if size is ... else "n" if size is None else str(size) for size in found]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def _predicts(script: Script, node: ast.AST) -> bool:
    """Made by a product with weights, or by a net."""
    value = script.resolve(node)
    inside = [n for n in ast.walk(value) if isinstance(n, ast.BinOp | ast.Call)]
    for n in inside:
        if isinstance(n, ast.BinOp) and isinstance(n.op, ast.MatMult):
            return True
        if isinstance(n, ast.Call) and (
            m.is_method(n, "dot", "matmul") or m.module(script, n.func) is not None
        ):
            return True
    names = [
        n
        for n in ast.walk(value)
        if isinstance(n, ast.Name) and script.resolve(n) is not n and n is not value
    ]
    return any(_predicts(script, script.resolve(name)) for name in names if isinstance(value, ast.BinOp))


def one_score(script: Script) -> Iterator[Slip]:
    """argmax over a single output is always 0."""
    for call in script.calls:
        args = [call.func.value, *call.args] if m.is_method(call, "argmax") else call.args
        if script.path(call.func) in ("torch.argmax", "numpy.argmax"):
            args = call.args
        elif not m.is_method(call, "argmax"):
            continue
        axes = [*args[1:2], *(k.value for k in call.keywords if k.arg in ("dim", "axis"))]
        found = shape(script, args[0]) if len(axes) == 1 else None
        if found and len(found) == 2 and found[1] == 1 and ast.unparse(axes[0]) in ("1", "-1"):
            stages = list(islice(m.trail(script, args[0]), 1))
            border = "0.5" if stages and stages[0].name == "sigmoid" else "0"
            new = f"({script.source(args[0])} > {border}).long().squeeze(1)"
            yield Slip(call, {"shape": _told(found)}, script.replaced(call, new))


RULES = {
    "softmax_before_cross_entropy": softmax_before_cross_entropy,
    "sigmoid_before_logits": sigmoid_before_logits,
    "raw_scores": raw_scores,
    "broadcast": broadcast,
    "one_score": one_score,
}

"""Mistakes between a net and its loss or score: squashed twice, wrong shapes, wrong axes."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from itertools import islice
from typing import Any

from . import view as v
from .finding import Mend, Slip
from .layers import SQUARED
from .reading import Script
from .values import Instance, Loader, Tensor, Unknown, root, walk, whole

UNBOUNDED = {
    "Linear",
    "LazyLinear",
    "Bilinear",
    "relu",
    "tanh",
    "leaky_relu",
    "Conv1d",
    "Conv2d",
    "matmul",
    "gelu",
    "elu",
}
SQUASHED = {"sigmoid", "softmax", "relu"}


def _losses(script: Script, *names: str) -> Iterator[Any]:
    for event in script.events("loss"):
        if event.name in names and event.input is not None:
            yield event


def _classes(stage: Tensor) -> int | None:
    shape = stage.shape
    return shape[-1] if shape and isinstance(shape[-1], int) and shape[-1] > 1 else None


def softmax_before_cross_entropy(script: Script) -> Iterator[Slip]:
    """CrossEntropyLoss takes scores: with probabilities it stays above ln(1 + (K − 1)/e)."""
    for loss in _losses(script, "cross_entropy"):
        stage = v.first(loss.input)
        if stage is None or stage.op not in ("softmax", "sigmoid"):
            continue
        classes = _classes(stage)
        numbers = {
            "loss": loss.node.lineno,
            "squash": stage.op,
            "classes": classes or 2,
            "floor": math.log(1 + ((classes or 2) - 1) / math.e),
        }
        proof = "" if classes else "softmax_before_cross_entropy_classes"
        yield Slip(_where(stage), numbers, v.without(script, stage), proof)


def sigmoid_before_logits(script: Script) -> Iterator[Slip]:
    """BCEWithLogitsLoss has its own sigmoid: σ(σ(z)) stays within ½ … σ(1) = 0.731."""
    for loss in _losses(script, "binary_cross_entropy_with_logits"):
        stage = v.first(loss.input)
        if stage is not None and stage.op in ("sigmoid", "softmax"):
            numbers = {"loss": loss.node.lineno, "highest": 1 / (1 + math.exp(-1)), "floor": math.log(2)}
            yield Slip(_where(stage), numbers, v.without(script, stage))


def softmax_before_nll(script: Script) -> Iterator[Slip]:
    """NLLLoss takes logarithms of probabilities."""
    for loss in _losses(script, "nll_loss"):
        stage = v.first(loss.input)
        if stage is None or stage.op not in ("softmax", "sigmoid", *UNBOUNDED) or stage.op in ("matmul",):
            continue
        numbers = {"loss": loss.node.lineno, "squash": stage.op}
        if stage.op in ("softmax", "sigmoid"):
            yield Slip(_where(stage), numbers, _logarithm(script, stage))
            continue
        made = loss.maker.func
        text = script.source(made)
        new = text.replace("NLLLoss", "CrossEntropyLoss").replace("nll_loss", "cross_entropy")
        mend = script.replaced(made, new) if new != text else None
        yield Slip(made, numbers | {"layer": stage.op}, mend, "softmax_before_nll_scores")


def _logarithm(script: Script, stage: Tensor) -> Mend | None:
    made = stage.layer.node if stage.layer is not None else stage.node
    if stage.op != "softmax" or not isinstance(made, ast.Call):
        return None
    text = script.source(made.func)
    for old, new in (("Softmax", "LogSoftmax"), ("softmax", "log_softmax")):
        if text.endswith(old):
            return script.replaced(made.func, text[: -len(old)] + new)
    return None


def raw_scores(script: Script) -> Iterator[Slip]:
    """BCELoss takes probabilities, and the last layer gives any number."""
    for loss in _losses(script, "binary_cross_entropy"):
        stage = v.first(loss.input)
        if stage is None or stage.op not in UNBOUNDED:
            continue
        made = loss.maker.func
        text = script.source(made)
        new = text.replace("BCELoss", "BCEWithLogitsLoss")
        if new == text:
            new = f"{text}_with_logits"
        where = stage.layer.node if stage.layer is not None and stage.layer.node is not None else stage.node
        numbers = {"layer": script.source(where), "made": where.lineno, "loss": loss.node.lineno}
        yield Slip(made, numbers, script.replaced(made, new))


def _where(stage: Tensor) -> ast.AST:
    """The line of an activation: in nn.Sequential where its layer stands, else where it is called."""
    if stage.info.get("stacked") and stage.layer is not None and stage.layer.node is not None:
        return stage.layer.node
    return stage.node


def squashed_regression(script: Script) -> Iterator[Slip]:
    """A relu, sigmoid or softmax on the output of a regression: some targets cannot be reached."""
    for loss in _losses(script, *SQUARED):
        found = list(islice(v.stages(loss.input), 2))
        if not found or found[0].op not in (*SQUASHED, "tanh") or loss.target is None:
            continue
        stage, target = found[0], loss.target
        learned = len(found) > 1 and found[1].op in (
            "Linear",
            "LazyLinear",
            "matmul",
            "add",
            "BatchNorm1d",
            "Dropout",
        )
        base = v.stripped(target)
        rebuilt = any(root(part) is base for part in walk(loss.input) if isinstance(part, Tensor | Unknown))
        bounded = target.facts & {"unit", "binary"} or target.dtype in ("int", "bool")
        if not learned or rebuilt or bounded or (stage.op != "relu" and "real" not in target.facts):
            continue
        if any(isinstance(p, Tensor) and p.graph for p in walk(target)):
            continue
        low, high = {"relu": ("0", "∞"), "tanh": ("−1", "1")}.get(stage.op, ("0", "1"))
        numbers = {"squash": stage.op, "loss": loss.node.lineno, "low": low, "high": high}
        yield Slip(_where(stage), numbers, v.without(script, stage))


# ── targets of a cross-entropy ──────────────────────────────────────────────────────────────────────
def cross_entropy_one_output(script: Script) -> Iterator[Slip]:
    """The softmax over a single output is 1, whatever the net says: the loss is 0."""
    for loss in _losses(script, "cross_entropy"):
        shape = loss.input.shape
        if not shape or shape[-1] != 1 or len(shape) != 2 or not isinstance(loss.node, ast.Call):
            continue
        args = loss.node.args
        mend = None
        if len(args) >= 2:
            home = f"{v.functional(script)}.binary_cross_entropy_with_logits"
            one, other = v.bracketed(script, args[0]), v.bracketed(script, args[1])
            mend = script.replaced(loss.node, f"{home}({one}.reshape(-1), {other}.float().reshape(-1))")
        yield Slip(loss.node, {"shape": told(shape)}, mend)


def class_targets(script: Script) -> Iterator[Slip]:
    """A cross-entropy takes the numbers of the classes: whole numbers, one for each row."""
    for loss in _losses(script, "cross_entropy", "nll_loss"):
        target, given = loss.target, loss.input.shape
        if target is None or target.shape is None or ... in target.shape or (given and given[-1] == 1):
            continue
        column = len(target.shape) == 2 and target.shape[1] == 1 and (given is None or len(given) == 2)
        flat = (
            len(target.shape) == 1
            and target.dtype == "float"
            and (given is None or len(given) == 2 or given[0] is ...)
        )
        if not column and not flat:
            continue
        args = loss.node.args if isinstance(loss.node, ast.Call) else []
        mend = None
        if len(args) >= 2:
            whole_ = "" if target.dtype == "int" else ".long()"
            mend = script.replaced(
                args[1], f"{v.bracketed(script, args[1])}{'.reshape(-1)' if column else ''}{whole_}"
            )
        numbers = {"shape": told(target.shape)}
        yield Slip(loss.node, numbers, mend, "class_targets_column" if column else "class_targets_float")


# ── shapes ──────────────────────────────────────────────────────────────────────────────────────────
def broadcast(script: Script) -> Iterator[Slip]:
    """(n, 1) against (n,): n² differences, of which n compare a row with its own target."""
    for event in script.events("loss", "elementwise"):
        if event.kind == "loss" and event.name in SQUARED and event.target is not None:
            args = event.node.args if isinstance(event.node, ast.Call) else []
            yield from _crossed(script, event.node, event.input, event.target, args)
        elif event.kind == "elementwise" and event.op in ("sub", "compare"):
            one, other = event.left, event.right
            if v.learned(one) or v.learned(other):
                yield from _crossed(script, event.node, one, other, _sides(script, event.node))


def _sides(script: Script, node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.Compare):
        return [node.left, node.comparators[0]]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) == 1:
        return [node.func.value, node.args[0]]
    return list(node.args[:2]) if isinstance(node, ast.Call) else []


def _crossed(script: Script, node: ast.AST, one_: Any, other_: Any, sides: list) -> Iterator[Slip]:
    if not isinstance(one_, Tensor) or not isinstance(other_, Tensor):
        return
    one, other = one_.shape, other_.shape
    if (
        one is None
        or other is None
        or not ((_column(one) and _flat(other)) or (_flat(one) and _column(other)))
    ):
        return
    lengths = [s[0] for s in (one, other) if s[0] not in (None, ...)]
    if 1 in lengths or len(set(lengths)) > 1 or not (_plain(one_) and _plain(other_)):
        return
    place = 1 if _flat(other) else 0
    n = lengths[0] if lengths else 0
    numbers = {
        "predicted": told(one),
        "target": told(other),
        "rows": n,
        "differences": n * n,
        "strangers": n * n - n,
    }
    mend = None
    if len(sides) >= 2:
        flat = sides[place]
        convert = ".to_numpy()" if (one_, other_)[place].lib == "frame" else ""
        mend = script.replaced(flat, f"{v.bracketed(script, flat)}{convert}.reshape(-1, 1)")
    yield Slip(node, numbers, mend, "" if n else "broadcast_rows")


def _plain(tensor: Tensor) -> bool:
    """Rows for certain: not a table of distances, x[:, None] − c[None, :] or a column against weights."""
    node = tensor.node
    return not (isinstance(node, ast.Subscript) and "None" in ast.unparse(node.slice))


def _column(found: Any) -> bool:
    return len(found) == 2 and found[1] == 1


def _flat(found: Any) -> bool:
    return len(found) == 1 and found[0] is not ...


def told(found: Any) -> str:
    sizes = ["…" if size is ... else "n" if size is None else str(size) for size in found]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


# ── what is told of the classes ─────────────────────────────────────────────────────────────────────
def one_score(script: Script) -> Iterator[Slip]:
    """argmax over a single output is always 0."""
    for event in script.events("argmax"):
        shape = event.input.shape
        if event.name not in ("argmax", "max") or not shape or shape[-1] != 1 or event.dim not in (1, -1):
            continue
        if len(shape) != 2:
            continue
        stage = v.first(event.input)
        border = "0.5" if stage is not None and stage.op == "sigmoid" else "0"
        yield Slip(event.node, {"shape": told(shape)}, _above(script, event, border))


def _above(script: Script, event: Any, border: str) -> Mend | None:
    node = event.node
    method = isinstance(node.func, ast.Attribute) and not script.path(node.func)
    scores = node.func.value if method else node.args[0] if node.args else None
    if scores is None:
        return None
    new = f"({script.source(scores)} > {border}).long().squeeze(1)"
    if event.name == "argmax":
        return script.replaced(node, new)
    up = script.parent.get(node)
    if isinstance(up, ast.Subscript) and ast.unparse(up.slice) == "1":
        return script.replaced(up, new)
    if isinstance(up, ast.Attribute) and up.attr == "indices":
        return script.replaced(up, new)
    if isinstance(up, ast.Assign) and isinstance(up.targets[0], ast.Tuple) and len(up.targets[0].elts) == 2:
        return script.rewritten(up, f"{script.source(up.targets[0].elts[1])} = {new}")
    return None


def wrong_axis(script: Script) -> Iterator[Slip]:
    """argmax or softmax along the rows of a batch, where the classes stand along the other axis."""
    scored = set()
    for loss in _losses(script, "cross_entropy", "nll_loss"):
        scored.add(id(root(loss.input)))
        stage = v.first(loss.input)
        if stage is not None and stage.layer is not None:
            scored.add(id(stage.layer))
    finals = {id(root(e.result)) for e in script.events("model_call") if e.result is not None}
    for event in script.events("argmax", "softmax"):
        softmax = event.kind == "softmax"
        given = (
            event.result.inputs[0] if softmax and event.result.inputs else None if softmax else event.input
        )
        if (
            event.dim != 0
            or not isinstance(given, Tensor)
            or (not softmax and event.name not in ("argmax", "max"))
        ):
            continue
        stage = v.first(given)
        classes = id(root(given)) in scored or (
            stage is not None and stage.layer is not None and id(stage.layer) in scored
        )
        table = (
            given.shape is not None and len(given.shape) == 2 and ... not in given.shape and v.learned(given)
        )
        final = (
            id(root(given)) in finals
            or id(root(event.result)) in finals
            or (softmax and event.result.info.get("stacked"))
        )
        if given.shape is not None and len(given.shape) == 1:
            continue
        if not (classes or (table and (final or _batch(given)))):
            continue
        axis = _axis_node(script, event)
        mend = script.replaced(axis, "1") if axis is not None else None
        name = "softmax" if softmax else event.name
        where = _where(event.result) if softmax else event.node
        yield Slip(where, {"name": name, "shape": told(given.shape or (None, None))}, mend)


def _batch(given: Tensor) -> bool:
    return any(isinstance(p, Tensor) and p.layer is not None for p in walk(given, 300))


def _axis_node(script: Script, event: Any) -> ast.AST | None:
    node = event.node
    if event.kind == "softmax" and event.result.layer is not None:
        node = event.result.layer.node
    if not isinstance(node, ast.Call):
        return None
    for keyword in node.keywords:
        if keyword.arg in ("dim", "axis"):
            return keyword.value
    zero = [a for a in node.args if isinstance(a, ast.Constant) and a.value == 0 and type(a.value) is int]
    return zero[-1] if zero else None


def count_over_batches(script: Script) -> Iterator[Slip]:
    """A count of right rows divided by the number of batches."""
    for event in script.events("division"):
        length = event.right
        while isinstance(length, Tensor) and length.op in ("read", "item"):
            length = length.inputs[0]
        of = length.info.get("of") if isinstance(length, Tensor) and length.op == "length" else None
        if not isinstance(of, Loader | Unknown) or (isinstance(of, Loader) and whole(of.batch) == 1):
            continue
        if isinstance(of, Unknown) and "loader" not in of.name.lower() and "iter" not in of.name.lower():
            continue
        if not _count(event.left) or isinstance(of, Instance):
            continue
        right = event.node.right if isinstance(event.node, ast.BinOp) else event.node
        made = length.node
        mend = None
        if isinstance(made, ast.Call) and made.args:
            mend = script.replaced(right, f"len({script.source(made.args[0])}.dataset)")
        yield Slip(event.node, {"count": script.source(right)}, mend)


def _count(value: Any) -> bool:
    """A sum of right rows: (predicted == y).sum(), added up over batches."""
    waiting, seen = [value], 0
    while waiting and seen < 60:
        at = waiting.pop()
        seen += 1
        if not isinstance(at, Tensor):
            continue
        if at.op == "sum" and at.inputs and _compared(at.inputs[0]):
            return True
        if at.op in ("add", "read", "item", "join", "mul", "float", "numpy", "cpu", "data", "int", "detach"):
            waiting.extend(at.inputs)
    return False


def _compared(value: Any) -> bool:
    while (
        isinstance(value, Tensor)
        and value.op in ("float", "int", "long", "to", "type", "view", "cpu", "astype", "data", "squeeze")
        and value.inputs
    ):
        value = value.inputs[0]
    return isinstance(value, Tensor) and value.op == "compare"


RULES = {
    "softmax_before_cross_entropy": softmax_before_cross_entropy,
    "softmax_before_nll": softmax_before_nll,
    "sigmoid_before_logits": sigmoid_before_logits,
    "raw_scores": raw_scores,
    "cross_entropy_one_output": cross_entropy_one_output,
    "class_targets": class_targets,
    "squashed_regression": squashed_regression,
    "broadcast": broadcast,
    "one_score": one_score,
    "wrong_axis": wrong_axis,
    "count_over_batches": count_over_batches,
}

"""Mistakes between a net and its loss or score: squashed twice, wrong shapes, wrong axes."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from itertools import islice
from typing import Any

from . import trace
from .finding import Fix, Slip, rule
from .layers import SQUARED
from .script import Script
from .values import Loader, Tensor, Unknown, root, walk, whole, words

UNBOUNDED = words("Linear LazyLinear Bilinear relu tanh leaky_relu Conv1d Conv2d matmul gelu elu")
LEARNED = words("Linear LazyLinear matmul add BatchNorm1d Dropout")
RANGES = {"relu": ("0", "∞"), "tanh": ("−1", "1"), "sigmoid": ("0", "1"), "softmax": ("0", "1")}
CARRIED = words("add read item join mul float numpy cpu data int detach")
CONVERTED = words("float int long to type view cpu astype data squeeze")


def _losses(script: Script, *names: str) -> Iterator[tuple[Any, Tensor | None]]:
    """The losses of these names, each with the last operation of what it is given."""
    for event in script.events("loss"):
        if event.name in names and event.input is not None:
            yield event, trace.first(event.input)


def _where(stage: Tensor) -> Any:
    """The line of an activation: in nn.Sequential where its layer stands, else where it is called."""
    layer = getattr(stage.layer, "node", None)
    return layer if stage.info.get("stacked") and layer is not None else stage.node


def _without(script: Script, stage: Tensor) -> Fix | None:
    """The line without an activation."""
    node, layer = stage.node, stage.layer
    if stage.info.get("stacked") and layer is not None and isinstance(layer.node, ast.Call):
        made, before = layer.node, getattr(stage.info.get("previous"), "node", None)
        holder = script.parent.get(made)
        if isinstance(holder, ast.Call | ast.List) and before and script.parent.get(before) is holder:
            return script.replaced(made, "", start=before)
        return script.replaced(made, f"{script.source(made.func).removesuffix(layer.kind)}Identity()")
    if not isinstance(node, ast.Call):
        return None
    method = isinstance(node.func, ast.Attribute) and node.func.attr in ("sigmoid", "softmax", "relu", "tanh")
    if method and layer is None and not script.path(node.func):
        return script.replaced(node, script.source(node.func.value))
    return script.replaced(node, script.source(node.args[0])) if node.args else None


# ── squashed ────────────────────────────────────────────────────────────────────────────────────────
@rule
def softmax_before_cross_entropy(script: Script) -> Iterator[Slip]:
    """CrossEntropyLoss takes scores: with probabilities it stays above ln(1 + (K − 1)/e)."""
    for loss, stage in _losses(script, "cross_entropy"):
        if stage is None or stage.op not in ("softmax", "sigmoid"):
            continue
        last = stage.shape[-1] if stage.shape else None
        classes = last if isinstance(last, int) and last > 1 else None
        floor = math.log(1 + ((classes or 2) - 1) / math.e)
        numbers = {"loss": loss.node.lineno, "squash": stage.op, "classes": classes or 2, "floor": floor}
        proof = "" if classes else "softmax_before_cross_entropy_classes"
        yield Slip(_where(stage), numbers, _without(script, stage), proof)


@rule
def sigmoid_before_logits(script: Script) -> Iterator[Slip]:
    """BCEWithLogitsLoss has its own sigmoid: σ(σ(z)) stays within ½ … σ(1) = 0.731."""
    for loss, stage in _losses(script, "binary_cross_entropy_with_logits"):
        if stage is not None and stage.op in ("sigmoid", "softmax"):
            numbers = {"loss": loss.node.lineno, "highest": 1 / (1 + math.exp(-1)), "floor": math.log(2)}
            yield Slip(_where(stage), numbers, _without(script, stage))


@rule
def softmax_before_nll(script: Script) -> Iterator[Slip]:
    """NLLLoss takes logarithms of probabilities."""
    for loss, stage in _losses(script, "nll_loss"):
        if stage is None:
            continue
        numbers = {"loss": loss.node.lineno, "squash": stage.op}
        if stage.op in ("softmax", "sigmoid"):
            yield Slip(_where(stage), numbers, _logarithm(script, stage))
        elif stage.op in UNBOUNDED - {"matmul"}:
            made = loss.maker.func
            text = script.source(made)
            new = text.replace("NLLLoss", "CrossEntropyLoss").replace("nll_loss", "cross_entropy")
            mend = script.replaced(made, new) if new != text else None
            yield Slip(made, numbers | {"layer": stage.op}, mend, "softmax_before_nll_scores")


def _logarithm(script: Script, stage: Tensor) -> Fix | None:
    made = stage.layer.node if stage.layer is not None else stage.node
    if stage.op == "softmax" and isinstance(made, ast.Call):
        text = script.source(made.func)
        for old, new in (("Softmax", "LogSoftmax"), ("softmax", "log_softmax")):
            if text.endswith(old):
                return script.replaced(made.func, text.removesuffix(old) + new)
    return None


@rule
def raw_scores(script: Script) -> Iterator[Slip]:
    """BCELoss takes probabilities, and the last layer gives any number."""
    for loss, stage in _losses(script, "binary_cross_entropy"):
        if stage is None or stage.op not in UNBOUNDED:
            continue
        made, where = loss.maker.func, getattr(stage.layer, "node", None) or stage.node
        text = script.source(made)
        new = text.replace("BCELoss", "BCEWithLogitsLoss") if "BCELoss" in text else f"{text}_with_logits"
        numbers = {"layer": script.source(where), "made": where.lineno, "loss": loss.node.lineno}
        yield Slip(made, numbers, script.replaced(made, new))


@rule
def squashed_regression(script: Script) -> Iterator[Slip]:
    """A relu, sigmoid or softmax on the output of a regression: some targets cannot be reached."""
    for loss, stage in _losses(script, *SQUARED):
        found, target = list(islice(trace.stages(loss.input), 2)), loss.target
        if stage is None or stage.op not in RANGES or target is None or len(found) < 2:
            continue
        base = root(trace.stripped(target))
        rebuilt = any(root(part) is base for part in walk(loss.input) if isinstance(part, Tensor | Unknown))
        bounded = target.facts & {"unit", "binary"} or target.dtype in ("int", "bool")
        reached = stage.op != "relu" and "real" not in target.facts
        if found[1].op not in LEARNED or rebuilt or bounded or reached:
            continue
        if any(part.graph for part in trace.tensors(target)):
            continue
        low, high = RANGES[stage.op]
        numbers = {"squash": stage.op, "loss": loss.node.lineno, "low": low, "high": high}
        yield Slip(_where(stage), numbers, _without(script, stage))


# ── targets of a cross-entropy ──────────────────────────────────────────────────────────────────────
@rule
def cross_entropy_one_output(script: Script) -> Iterator[Slip]:
    """The softmax over a single output is 1, whatever the net says: the loss is 0."""
    for loss, _ in _losses(script, "cross_entropy"):
        shape, call = loss.input.shape, loss.node
        if not shape or len(shape) != 2 or shape[1] != 1 or not isinstance(call, ast.Call):
            continue
        mend = None
        if len(call.args) >= 2:
            nn = script.home("torch.nn", "torch.nn")
            home = script.home("torch.nn.functional", f"{nn}.functional")
            one, other = map(script.bracketed, call.args[:2])
            new = f"{home}.binary_cross_entropy_with_logits({one}.reshape(-1), {other}.float().reshape(-1))"
            mend = script.replaced(call, new)
        yield Slip(call, {"shape": _shown(shape)}, mend)


@rule
def class_targets(script: Script) -> Iterator[Slip]:
    """A cross-entropy takes the numbers of the classes: whole numbers, one for each row."""
    for loss, _ in _losses(script, "cross_entropy", "nll_loss"):
        target, given = loss.target, loss.input.shape
        shape = target.shape if target is not None else None
        if shape is None or ... in shape or (given and given[-1] == 1):
            continue
        table = given is None or len(given) == 2
        column = table and len(shape) == 2 and shape[1] == 1
        flat = (table or given[:1] == (...,)) and len(shape) == 1 and target.dtype == "float"
        if column or flat:
            args, mend = getattr(loss.node, "args", []), None
            if len(args) >= 2:
                change = ".reshape(-1)" * column + ".long()" * (target.dtype != "int")
                mend = script.replaced(args[1], script.bracketed(args[1]) + change)
            proof = "class_targets_column" if column else "class_targets_float"
            yield Slip(loss.node, {"shape": _shown(shape)}, mend, proof)


# ── shapes ──────────────────────────────────────────────────────────────────────────────────────────
@rule
def broadcast(script: Script) -> Iterator[Slip]:
    """(n, 1) against (n,): n² differences, of which n compare a row with its own target."""
    for event in script.events("loss", "elementwise"):
        node = event.node
        if event.kind == "loss" and event.name in SQUARED and event.target is not None:
            one, other, sides = event.input, event.target, getattr(node, "args", [])
        elif event.kind == "elementwise" and event.op in ("sub", "compare"):
            one, other, sides = event.left, event.right, _sides(node)
            if not trace.learned(one) and not trace.learned(other):
                continue
        else:
            continue
        shapes = [t.shape if t is not None else None for t in (one, other)]
        flat = [s is not None and len(s) == 1 and s[0] is not ... for s in shapes]
        column = [s is not None and _column(s) for s in shapes]
        lengths = [s[0] for s in shapes if s and s[0] not in (None, ...)]
        if sum(flat) != 1 or column != flat[::-1] or 1 in lengths or len(set(lengths)) > 1:
            continue
        cuts = [t.node.slice for t in (one, other) if isinstance(t.node, ast.Subscript)]
        if any("None" in ast.unparse(cut) for cut in cuts):
            continue  # a table of distances, x[:, None] − c[None, :]
        place, mend, n = flat.index(True), None, lengths[0] if lengths else 0
        numbers = {"predicted": _shown(shapes[0]), "target": _shown(shapes[1]), "rows": n}
        numbers |= {"differences": n * n, "strangers": n * n - n}
        if len(sides) >= 2:
            convert = ".to_numpy()" if (one, other)[place].lib == "frame" else ""
            mend = script.replaced(sides[place], f"{script.bracketed(sides[place])}{convert}.reshape(-1, 1)")
        yield Slip(node, numbers, mend, "" if n else "broadcast_rows")


def _column(shape: Any) -> bool:
    return len(shape) == 2 and shape[1] == 1


def _sides(node: Any) -> list[Any]:
    match node:
        case ast.BinOp():
            return [node.left, node.right]
        case ast.Compare():
            return [node.left, node.comparators[0]]
        case ast.Call(func=ast.Attribute(), args=[other]):
            return [node.func.value, other]
        case ast.Call():
            return node.args[:2]
    return []


def _shown(shape: Any) -> str:
    sizes = ["…" if size is ... else "n" if size is None else str(size) for size in shape]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


# ── classes and counts ──────────────────────────────────────────────────────────────────────────────
@rule
def one_score(script: Script) -> Iterator[Slip]:
    """argmax over a single output is always 0."""
    for event in script.events("argmax"):
        shape, stage = event.input.shape, trace.first(event.input)
        if event.name in ("argmax", "max") and shape and _column(shape) and event.dim in (1, -1):
            border = "0.5" if stage is not None and stage.op == "sigmoid" else "0"
            yield Slip(event.node, {"shape": _shown(shape)}, _above(script, event, border))


def _above(script: Script, event: Any, border: str) -> Fix | None:
    node = event.node
    method = isinstance(node.func, ast.Attribute) and not script.path(node.func)
    scores = node.func.value if method else node.args[0] if node.args else None
    if scores is None:
        return None
    new, up = f"({script.source(scores)} > {border}).long().squeeze(1)", script.parent.get(node)
    match up:
        case _ if event.name == "argmax":
            return script.replaced(node, new)
        case ast.Subscript(slice=ast.Constant(value=1)) | ast.Attribute(attr="indices"):
            return script.replaced(up, new)
        case ast.Assign(targets=[ast.Tuple(elts=[_, index]), *_]):
            return script.rewritten(up, f"{script.source(index)} = {new}")
    return None


@rule
def wrong_axis(script: Script) -> Iterator[Slip]:
    """argmax or softmax along the rows of a batch, where the classes stand along the other axis."""
    scored: set[int] = set()
    for loss, last in _losses(script, "cross_entropy", "nll_loss"):
        scored |= {id(root(loss.input)), id(getattr(last, "layer", None))}
    scored -= {id(None)}
    finals = {id(root(e.result)) for e in script.events("model_call") if e.result is not None}
    for event in script.events("argmax", "softmax"):
        softmax = event.kind == "softmax"
        given = next(iter(event.result.inputs), None) if softmax else event.input
        name = "softmax" if softmax else event.name
        if event.dim != 0 or not isinstance(given, Tensor) or name not in ("softmax", "argmax", "max"):
            continue
        axes = len(given.shape) if given.shape is not None else None
        ends = {id(root(given)), id(root(event.result))}
        final = ends & finals or (softmax and event.result.info.get("stacked"))
        net = final or any(part.layer is not None for part in trace.tensors(given, 300))
        table = axes == 2 and ... not in given.shape and trace.learned(given) and net
        classes = {id(root(given)), id(getattr(trace.first(given), "layer", None))} & scored
        if axes == 1 or not (classes or table):
            continue
        axis = _axis_node(event)
        mend = script.replaced(axis, "1") if axis is not None else None
        where = _where(event.result) if softmax else event.node
        yield Slip(where, {"name": name, "shape": _shown(given.shape or (None, None))}, mend)


def _axis_node(event: Any) -> ast.AST | None:
    layer = event.result.layer if event.kind == "softmax" else None
    node = event.node if layer is None else layer.node
    if not isinstance(node, ast.Call):
        return None
    named = [keyword.value for keyword in node.keywords if keyword.arg in ("dim", "axis")]
    zero = [a for a in node.args if isinstance(a, ast.Constant) and a.value == 0 and type(a.value) is int]
    return next(iter([*named, *zero[-1:]]), None)


@rule
def count_over_batches(script: Script) -> Iterator[Slip]:
    """A count of right rows divided by the number of batches."""
    for event in script.events("division"):
        length = trace.stripped(event.right, "read", "item")
        of = length.info.get("of") if isinstance(length, Tensor) and length.op == "length" else None
        batches = isinstance(of, Loader) and whole(of.batch) != 1
        named = isinstance(of, Unknown) and ("loader" in of.name.lower() or "iter" in of.name.lower())
        if not (batches or named) or not _counts(event.left):
            continue
        right = event.node.right if isinstance(event.node, ast.BinOp) else event.node
        made, mend = length.node, None
        if isinstance(made, ast.Call) and made.args:
            mend = script.replaced(right, f"len({script.source(made.args[0])}.dataset)")
        yield Slip(event.node, {"count": script.source(right)}, mend)


def _counts(value: Any) -> bool:
    """A sum of right rows: (predicted == y).sum(), added up over batches."""
    waiting, seen = [value], 0
    while waiting and seen < 60:
        at, seen = waiting.pop(), seen + 1
        if isinstance(at, Tensor) and at.op == "sum" and at.inputs:
            compared = trace.stripped(at.inputs[0], *CONVERTED)
            if isinstance(compared, Tensor) and compared.op == "compare":
                return True
        if isinstance(at, Tensor) and at.op in CARRIED:
            waiting.extend(at.inputs)
    return False

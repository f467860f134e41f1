"""What rules ask of the events: which loop both share, whether a tensor was learned, how a line is mended."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from typing import Any

from .finding import Mend
from .reading import Script
from .values import Module, Optimizer, Tensor, Unknown, members, root, walk

SAME = {
    "view",
    "squeeze",
    "read",
    "float",
    "to",
    "index",
    "double",
    "contiguous",
    "clone",
    "cuda",
    "cpu",
    "type",
    "astype",
    "half",
    "Flatten",
    "data",
    "tensor",
    "kept",
    "bfloat16",
    "copy",
    "nan_to_num",
    "batch",
}
THROUGH = {"relu", "sigmoid", "tanh", "softmax", "Dropout", "dropout", "leaky_relu", "log", "BatchNorm1d"}


def stages(value: Any, limit: int = 6) -> Iterator[Tensor]:
    """The operations that made a value, the last one first; those that keep the numbers are passed over."""
    for _ in range(40):
        if not isinstance(value, Tensor) or limit <= 0:
            return
        if value.op in SAME:
            if not value.inputs:
                return
            value = value.inputs[0]
            continue
        yield value
        limit -= 1
        if value.op not in THROUGH or not value.inputs:
            return
        value = value.inputs[0]


def stripped(value: Any) -> Any:
    """A value before the operations that keep its numbers."""
    for _ in range(40):
        if not isinstance(value, Tensor) or value.op not in (*SAME, "unknown") or not value.inputs:
            break
        value = value.inputs[0]
    return root(value)


def first(value: Any) -> Tensor | None:
    return next(stages(value), None)


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


def within(inner: Any, outer: Any) -> bool:
    """Whether whatever makes `outer` happen makes `inner` happen: no condition of its own."""
    return all(arm in outer.arms for arm in inner.arms)


def together(one: Any, other: Any) -> bool:
    """Not in two arms of one condition."""
    return not any(a is b and i != j for a, i in one.arms for b, j in other.arms)


def held(value: Any) -> set[int]:
    """Ids of the layers and weights that a net, an optimizer, or a tensor is or holds."""
    if isinstance(value, Optimizer):
        return set(value.holds)
    return {id(root(part)) for part in members(value)} | {id(root(value))}


def clears(target: Any, optimizer: Any) -> bool:
    """Whether clearing the one may clear the gradients that the other uses."""
    target, optimizer = root(target), root(optimizer)
    if target is optimizer:
        return True
    if isinstance(target, Optimizer) and isinstance(optimizer, Optimizer):
        return bool(target.holds & optimizer.holds) or not (target.holds and optimizer.holds)
    if isinstance(target, Module) and isinstance(optimizer, Optimizer) and optimizer.holds:
        return bool(held(target) & optimizer.holds)
    return True


def leaves(tensor: Tensor) -> tuple[set[int], bool]:
    """Ids of the layers and weights that a loss is made with, and whether these are all."""
    found: set[int] = set()
    all_ = True
    for part in walk(tensor):
        if isinstance(part, Tensor):
            if part.layer is not None and part.graph is not False:
                found |= held(part.layer)
            if part.leaf:
                found |= held(part)
            if part.graph is None and part.layer is None and part.op in ("call", "join"):
                all_ = False
        elif isinstance(part, Unknown) and not part.facts:
            pass
    return found, all_


def learned(tensor: Any) -> bool:
    """Whether a value depends on weights: made by a net, or with a variable that the script moves."""
    if not isinstance(tensor, Tensor):
        return False
    if tensor.graph:
        return True
    return any(
        isinstance(p, Tensor) and (p.op in ("read", "call", "matmul") or p.layer is not None or p.leaf)
        for p in walk(tensor, 400)
    )


def by_gradient(event: Any) -> bool:
    """An update by the .grad of what is updated."""
    base = root(event.base)
    for _, change in event.changes:
        for part in walk(change, 200):
            if (
                isinstance(part, Tensor)
                and part.op == "grad"
                and part.inputs
                and root(part.inputs[0]) is base
            ):
                return True
            if isinstance(part, Unknown) and part.name == "grad":
                return True
    return False


# ── text ────────────────────────────────────────────────────────────────────────────────────────────
def beside(script: Script, one: ast.AST, other: ast.AST) -> tuple[Any, Any] | None:
    """The statements around two nodes that stand in one block, the earlier first."""
    above = {id(script.block[up][0]): up for up in script.above(one) if up in script.block}
    for up in script.above(other):
        if up in script.block and id(script.block[up][0]) in above:
            pair = above[id(script.block[up][0])], up
            return pair if script.block[pair[0]][1] <= script.block[pair[1]][1] else (pair[1], pair[0])
    return None


def lines(script: Script, statement: ast.AST) -> list[str]:
    start = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])
    return script.lines[start - 1 : statement.end_lineno]


def alone(script: Script, statement: ast.AST) -> bool:
    """Whether a statement has its lines for itself."""
    block, place = script.block[statement]
    before = block[place - 1].end_lineno if place else 0
    after = block[place + 1].lineno if place + 1 < len(block) else 10**9
    return (
        before < statement.lineno
        and after > statement.end_lineno
        and not script.lines[statement.lineno - 1][: statement.col_offset].strip()
    )


def moved(script: Script, statement: Any, after: Any) -> Mend | None:
    """A statement moved behind a later one of its block."""
    if not alone(script, statement) or not alone(script, after):
        return None
    rest = script.lines[statement.end_lineno : after.end_lineno]
    return Mend(statement.lineno, after.end_lineno, "\n".join([*rest, *lines(script, statement)]))


def moved_before(script: Script, statement: Any, before: Any) -> Mend | None:
    """A statement moved before an earlier one of its block."""
    if not alone(script, statement) or not alone(script, before):
        return None
    rest = script.lines[before.lineno - 1 : statement.lineno - 1]
    return Mend(before.lineno, statement.end_lineno, "\n".join([*lines(script, statement), *rest]))


def dedented(script: Script, node: Any) -> Mend | None:
    """A with statement taken away from around its body."""
    if len(node.items) != 1 or node.body[0].lineno == node.lineno:
        return None
    body = textwrap.dedent("\n".join(script.lines[node.body[0].lineno - 1 : node.end_lineno]))
    return Mend(node.lineno, node.end_lineno, textwrap.indent(body, script.indent(node)))


def without(script: Script, stage: Tensor) -> Mend | None:
    """The line without an activation."""
    node = stage.node
    layer = stage.layer
    if stage.info.get("stacked") and layer is not None and isinstance(layer.node, ast.Call):
        made = layer.node
        holder, previous = script.parent.get(made), stage.info.get("previous")
        before = getattr(previous, "node", None)
        if (
            isinstance(holder, ast.Call | ast.List)
            and before is not None
            and script.parent.get(before) is holder
        ):
            return script.replaced(made, "", start=before)
        text = script.source(made.func)
        return script.replaced(made, f"{text[: len(text) - len(layer.kind)]}Identity()")
    if not isinstance(node, ast.Call):
        return None
    called = isinstance(node.func, ast.Attribute) and node.func.attr in ("sigmoid", "softmax", "relu", "tanh")
    if called and not script.path(node.func) and not (layer is not None):
        return script.replaced(node, script.source(node.func.value))
    return script.replaced(node, script.source(node.args[0])) if node.args else None


def functional(script: Script) -> str:
    """How this script writes torch.nn.functional."""
    for name, path in script.imports.items():
        if path == "torch.nn.functional":
            return name
    for name, path in script.imports.items():
        if path == "torch.nn":
            return f"{name}.functional"
    return "torch.nn.functional"


def layers_named(script: Script) -> str:
    """How this script writes torch.nn."""
    return next((name for name, path in script.imports.items() if path == "torch.nn"), "torch.nn")


def nearest_function(script: Script, node: ast.AST) -> ast.AST:
    return script.scope(node)


def bracketed(script: Script, node: ast.AST) -> str:
    text = script.source(node)
    plain = isinstance(node, ast.Name | ast.Call | ast.Attribute | ast.Subscript)
    return text if plain else f"({text})"

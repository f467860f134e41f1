"""Mistakes of which weights: made anew, held by no optimizer, kept without a copy."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from . import meaning as m
from . import view as v
from .finding import Mend, Slip
from .reading import Script
from .values import Module, Optimizer, Tensor, Unknown, root

EPOCHS = re.compile(r"epoch|^ep?$|^it(er|eration)?$|^step$", re.I)


# ── which weights ───────────────────────────────────────────────────────────────────────────────────
def made_in_loop(script: Script) -> Iterator[Slip]:
    """A net or an optimizer made anew in each pass of the loop that learns."""
    if not script.torch:
        return
    steps, backwards = script.events("step"), (script.events("backward") if script.torch else [])
    flagged: set[int] = set()
    for event in script.events("made", "optimizer"):
        value = event.value if event.kind == "made" else event.optimizer
        if not event.loops or (event.kind == "made" and not isinstance(value, Module)):
            continue
        run = event.loops[-1]
        if getattr(value, "kind", "") == "LBFGS" or isinstance(run.node, ast.While):
            continue
        names = {n.id for n in ast.walk(run.node.target) if isinstance(n, ast.Name)}
        used = {n.id for n in ast.walk(event.node) if isinstance(n, ast.Name)}
        told = any(EPOCHS.search(name) for name in names)
        if used & names or not (told or _batches(script, run)):
            continue
        if event.kind == "optimizer":
            mine = [
                s
                for s in steps
                if root(s.optimizer) is value and run in s.loops and v.same_pass(event, s, run)
            ]
            leaf = value.owners and all(isinstance(o, Tensor) for o in value.owners)
            if (
                not mine
                or value.holds & flagged
                or (leaf and any(o.node in set(ast.walk(run.node)) for o in value.owners))
            ):
                continue
        else:
            inside = v.held(value)
            mine = [
                b
                for b in backwards
                if run in b.loops and v.same_pass(event, b, run) and inside & v.leaves(b.tensor)[0]
            ]
            if (
                not mine
                or inside & flagged
                or not _outermost(script, event, value)
                or not value.kind
                or _part(value)
            ):
                continue
            flagged |= inside
        what = ast.unparse(event.node.func) if isinstance(event.node, ast.Call) else "?"
        proof = "made_in_loop" if event.kind == "made" else "made_in_loop_optimizer"
        yield Slip(
            event.node,
            {"name": what, "loop": run.node.lineno},
            _before_loop(script, event.node, run.node),
            proof,
        )


def _part(value: Module) -> bool:
    from .layers import ACTIVATIONS, LOSSES

    return value.cls is None and (value.kind in LOSSES or value.kind in ACTIVATIONS)


def _outermost(script: Script, event: Any, value: Module) -> bool:
    """Not a layer of a net that is made around it."""
    up = script.statement(event.node)
    return isinstance(up, ast.Assign) and (up.value is event.node or m.is_method(up.value, "to", "cuda"))


def _batches(script: Script, run: Any) -> bool:
    """Goes over batches: the innermost loop, over a loader."""
    from .values import Loader

    over = root(run.over)
    text = ast.unparse(run.node.iter).lower()
    return isinstance(over, Loader) or "loader" in text or "batch" in text


def _before_loop(script: Script, node: ast.AST, loop: ast.For) -> Mend | None:
    """The line moved before the loops around it, with the optimizer that is made of it in the next line."""
    statement = script.statement(node)
    if statement not in loop.body or not v.alone(script, statement):
        return None
    place = loop.body.index(statement)
    last = place
    while last + 1 < len(loop.body) and _makes(script, loop.body[last + 1]):
        last += 1
    outer = loop
    for up in script.loops(loop):
        inner = outer.body[0] is not outer and script.block[outer][0] is up.body
        if inner and isinstance(up, ast.For) and EPOCHS.search(ast.unparse(up.target)):
            outer = up
    taken = loop.body[place : last + 1]
    if len(loop.body) <= len(taken):
        return None
    first = statement.lineno
    between = [s for s in ast.walk(outer) if isinstance(s, ast.stmt) and outer.lineno < s.lineno < first]
    if (_names(taken, ast.Load) - _names(taken, ast.Store)) & _names(between, ast.Store):
        return None
    end = taken[-1].end_lineno or statement.lineno
    block = textwrap.dedent("\n".join(script.lines[statement.lineno - 1 : end]))
    before = script.lines[outer.lineno - 1 : statement.lineno - 1]
    return Mend(outer.lineno, end, "\n".join([textwrap.indent(block, script.indent(outer)), *before]))


def _names(statements: list, context: type) -> set[str]:
    found = (n for s in statements for n in ast.walk(s) if isinstance(n, ast.Name))
    return {name.id for name in found if isinstance(name.ctx, context)}


def _makes(script: Script, statement: ast.stmt) -> bool:
    """optimizer = torch.optim.SGD(…)"""
    value = statement.value if isinstance(statement, ast.Assign) else None
    return isinstance(value, ast.Call) and script.path(value.func).startswith(("torch.optim", "torch.nn."))


def old_parameters(script: Script) -> Iterator[Slip]:
    """The optimizer holds the weights of another net than the one that learns, or not its new layer."""
    if not script.torch:
        return
    optimizers = script.events("optimizer")
    for step in script.events("step"):
        optimizer = step.optimizer
        if (
            not isinstance(optimizer, Optimizer)
            or not optimizer.owners
            or not optimizer.holds
            or not step.loops
        ):
            continue
        near = [b for b in script.events_in(step.loops[0], "backward") if b.engine is None]
        if script.events_in(step.loops[0], "grad_set"):
            continue  # gradients that are brought from elsewhere
        found = [v.leaves(b.tensor) for b in near]
        if not near or any(not known or not ids or ids & optimizer.holds for ids, known in found):
            continue
        if any(b.tensor.graph is not True for b in near):
            continue
        made = next((e for e in optimizers if e.optimizer is optimizer), None)
        if made is None:
            continue
        later = [
            e
            for e in script.events("bind")
            if e.place > made.place
            and isinstance(root(e.value), Module)
            and v.held(root(e.value)) & found[-1][0]
        ]
        yield Slip(
            made.node, {"step": step.node.lineno}, _made_later(script, made, later[0] if later else None)
        )
        return
    yield from _new_layer(script, optimizers)


def _new_layer(script: Script, optimizers: list) -> Iterator[Slip]:
    for event in script.events("attr"):
        layer = root(event.value)
        if (
            not isinstance(layer, Module)
            or not isinstance(root(event.owner), Module | Unknown)
            or layer.kind in ("Identity", "Dropout", "ReLU", "Flatten")
        ):
            continue
        owner = id(root(event.owner))
        before = [o for o in optimizers if o.place < event.place and owner in o.optimizer.holds]
        if not before or any(id(layer) in o.optimizer.holds for o in optimizers):
            continue
        made = before[-1]
        if any(root(s.optimizer) is made.optimizer and s.place > event.place for s in script.events("step")):
            numbers = {
                "line": event.node.lineno,
                "layer": script.source(layer.node) if layer.node else layer.kind,
            }
            yield Slip(made.node, numbers, _made_later(script, made, event), "old_parameters_layer")


def _made_later(script: Script, made: Any, after: Any) -> Mend | None:
    pair = v.beside(script, made.node, after.node) if after is not None else None
    return v.moved(script, *pair) if pair and pair[0] is not pair[1] else None


def best_not_copied(script: Script) -> Iterator[Slip]:
    """best = model.state_dict(): the same tensors, which go on changing."""
    from .values import State

    if not script.torch:
        return
    loads = script.events("load", "saved")
    for event in script.events("bind", "attr", "item"):
        value = root(event.value)
        learns = script.events_in(event.loops[0], "step") if event.loops else []
        if not learns:
            continue
        node = event.node
        statement = script.statement(node)
        if isinstance(value, State) and not value.copied:
            used = [
                e
                for e in loads
                if root(e.state if e.kind == "load" else e.value) is value
                and not (e.loops and e.loops[-1] in event.loops and e.kind == "saved")
            ]
            if not used and not (event.kind == "bind" and _returned(script, node, event.name)):
                continue
        elif (
            isinstance(value, Module)
            and event.kind == "bind"
            and re.search(r"best|optimal", event.name, re.I)
        ):
            if not isinstance(statement, ast.Assign) or not isinstance(
                statement.value, ast.Name | ast.Attribute
            ):
                continue
        else:
            continue
        if not isinstance(statement, ast.Assign):
            continue
        right = statement.value
        text = script.source(right)
        mend = script.replaced(right, f"copy.deepcopy({text})")
        if "deepcopy" in script.imports:
            mend = script.replaced(right, f"deepcopy({text})")
        yield Slip(
            statement, {"name": script.source(statement.targets[0]), "step": learns[-1].node.lineno}, mend
        )


def _returned(script: Script, node: ast.AST, name: str) -> bool:
    scope = script.scope(node)
    return any(
        isinstance(n, ast.Return)
        and n.value is not None
        and any(script.key(i) == name for i in ast.walk(n.value))
        for n in ast.walk(scope)
    )


RULES = {
    "made_in_loop": made_in_loop,
    "old_parameters": old_parameters,
    "best_not_copied": best_not_copied,
}

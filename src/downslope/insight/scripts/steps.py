"""Mistakes around the step: what is cleared, computed, clipped, scheduled, and of which weights."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from . import meaning as m
from . import view as v
from .finding import Mend, Slip
from .reading import Script
from .values import Module, Optimizer, Tensor, Unknown, root, walk

LOSSY = re.compile(r"loss|cost|err|objective|^l$|^J$|mse", re.I)
UNCALLED = {"backward", "step", "zero_grad"}


def not_called(script: Script) -> Iterator[Slip]:
    """loss.backward without (): the function is named, and nothing happens."""
    if not script.torch:
        return
    for node in script.nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Attribute):
            name = node.value.attr
            switch = name in ("eval", "train") and isinstance(node.value.value, ast.Name | ast.Attribute)
            if name in UNCALLED or switch:
                text = script.source(node.value)
                yield Slip(node, {"name": text}, script.replaced(node.value, f"{text}()"))


def _backwards(script: Script) -> list[Any]:
    return script.events("backward") if script.torch else []


def _last(script: Script, kind: str, before: Any) -> Any:
    """The last event of this kind before another, in a loop with it."""
    if not before.loops:
        return None
    for event in reversed(script.events_in(before.loops[0], kind)):
        if event.place < before.place and v.together(event, before):
            return event
    return None


def _moves(script: Script) -> list[Any]:
    """Steps of optimizers, and updates of weights by their own .grad."""
    steps = [e for e in script.events("step") if not e.facts.get("engine")]
    hand = [e for e in script.events("update") if not e.replaced and v.by_gradient(e)]
    return sorted([*steps, *hand], key=lambda e: e.place)


def _mover(event: Any) -> Any:
    return event.optimizer if event.kind == "step" else root(event.base)


def no_zero_grad(script: Script) -> Iterator[Slip]:
    """backward adds to .grad, and nothing clears it between two updates."""
    if not script.machine.complete:
        return
    if not script.torch:
        return
    for step in _moves(script):
        backward = _last(script, "backward", step)
        mover = _mover(step)
        if backward is None or (backward.engine is not None and root(backward.engine) is root(mover)):
            continue
        loop = v.shared(backward, step)[-1]
        if any(v.clears(e.target, mover) for e in script.events_in(loop, "clear")):
            continue
        fresh = script.events_in(loop, "optimizer", "autograd", "made")
        if any(e.kind != "made" or isinstance(e.value, Module) for e in fresh):
            continue
        if isinstance(mover, Tensor) and not mover.leaf and mover.op != "parameter":
            continue
        if _handed(script, loop, mover) or _new(script, loop, mover) or _managed(script):
            continue
        count = m.passes(script, loop.node)
        numbers = {"loop": loop.node.lineno, "passes": count or 0}
        proof = "" if count else "no_zero_grad_passes"
        yield Slip(backward.node, numbers, _cleared(script, step, backward, loop), proof)


def _managed(script: Script) -> bool:
    """Loops that another library runs: Lightning, a functional optimizer."""
    return any(
        path.startswith(("deepspeed", "torch.distributed.autograd")) for path in script.imports.values()
    )


def _handed(script: Script, loop: Any, mover: Any) -> bool:
    """The optimizer or its net is given to something that the text does not tell."""
    for event in script.events_in(loop, "foreign"):
        if any(root(g) is mover for g in event.given):
            return True
        owner = getattr(event.function, "owner", None)
        if owner is not None and re.search("zero|clear|reset", getattr(event.function, "name", "")):
            return True
    return False


def _new(script: Script, loop: Any, mover: Any) -> bool:
    """The weights are made in each pass, and begin without a gradient."""
    if not isinstance(mover, Tensor) or mover.op == "parameter" or mover.node is None:
        return False
    inside = set(ast.walk(loop.node))
    return mover.node in inside


def _cleared(script: Script, step: Any, backward: Any, loop: Any) -> Mend | None:
    if step.kind == "step":
        call = step.node
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            return None
        scaled = step.facts.get("scaler") is not None
        name = script.source(call.args[0] if scaled else call.func.value)
        clear = f"{name}.zero_grad()"
    else:
        targets = {}
        for event in _moves(script):
            if event.kind == "update" and loop in event.loops:
                base = root(event.base)
                if base.op == "parameter":
                    owner = _iterated(script, event.node)
                    if owner is None:
                        return None
                    targets = {owner: None}
                    clear = f"{owner}.zero_grad()"
                    break
                target = event.target.value if isinstance(event.target, ast.Attribute) else event.target
                targets[script.source(target)] = None
        else:
            clear = f"{' = '.join(f'{name}.grad' for name in targets)} = None"
    statement = script.statement(backward.node)
    outer, inner = script.scope(step.node), script.scope(backward.node)
    if outer is inner or outer in script.above(inner):
        return script.before(statement, clear)
    return script.after(script.statement(step.node), clear)


def _iterated(script: Script, node: ast.AST) -> str | None:
    """model of: for p in model.parameters()"""
    for up in script.above(node):
        if isinstance(up, ast.For) and isinstance(up.iter, ast.Call) and m.is_method(up.iter, "parameters"):
            return script.source(up.iter.func.value)
    return None


def zero_before_step(script: Script) -> Iterator[Slip]:
    """backward, zero_grad, step: the step finds no gradient."""
    if not script.torch:
        return
    kinds = ("backward", "clear", "step", "autograd", "update", "grad_changed")
    events = script.events(*kinds)
    for place, step in enumerate(events):
        if step.kind != "step" or not step.loops or step.closure:
            continue
        run, zero, backward = step.loops[-1], None, None
        for event in reversed(events[:place]):
            if run not in event.loops or not v.same_pass(step, event, run) or not v.together(event, step):
                break
            if zero is None and event.kind == "clear" and v.clears(event.target, step.optimizer):
                zero = event
            elif zero is None and event.kind in ("backward", "autograd", "step", "update", "grad_changed"):
                if event.kind != "step" or root(event.optimizer) is root(step.optimizer):
                    break
            elif zero is not None and event.kind == "backward":
                backward = event
                break
            elif zero is not None and event.kind in ("step", "update", "autograd"):
                break
        if zero is None or backward is None or not v.within(zero, step) or len(zero.loops) > len(step.loops):
            continue
        numbers = {"backward": backward.node.lineno, "step": step.node.lineno}
        pair = v.beside(script, zero.node, step.node)
        yield Slip(zero.node, numbers, v.moved(script, *pair) if pair else None)


def no_backward(script: Script) -> Iterator[Slip]:
    """step() where nothing computes a gradient."""
    gradients = {"backward", "grad", "manual_backward", "jacobian", "backward_step"}
    attributes = {node.attr for node in script.nodes if isinstance(node, ast.Attribute)}
    if not script.torch or attributes & gradients or "torch.autograd.grad" in script.imports.values():
        return
    for step in script.events("step"):
        known = isinstance(step.optimizer, Optimizer) or "opt" in getattr(step.optimizer, "name", "")
        if not known or not step.loops or step.closure or step.facts.get("engine"):
            continue
        made = [
            e
            for e in script.events("bind")
            if e.place < step.place
            and v.shared(e, step)
            and isinstance(e.value, Tensor)
            and LOSSY.search(e.name)
            and (e.value.graph or e.value.op == "call")
        ]
        losses = [e for e in script.events("loss") if v.shared(e, step)]
        tensors = {id(root(e.value)) for e in made} | {id(root(e.result)) for e in losses}
        if not made and not losses:
            continue
        if any(id(root(g)) in tensors for e in script.events("foreign") for g in e.given if not _shows(e)):
            continue
        here = [e for e in made if script.scope(e.node) is script.scope(step.node)]
        mend = script.before(script.statement(step.node), f"{here[-1].name}.backward()") if here else None
        yield Slip(step.node, {"step": step.node.lineno}, mend)
        return


def _shows(event: Any) -> bool:
    name = event.function if isinstance(event.function, str) else getattr(event.function, "name", "")
    return bool(
        re.search(r"print|log|append|write|add_scalar|update|tqdm|info|set_postfix|item|format", name)
    )


def no_step(script: Script) -> Iterator[Slip]:
    """An optimizer that never steps."""
    if not script.machine.complete or _managed(script):
        return
    backwards = [e for e in _backwards(script) if e.loops and e.engine is None]
    if not backwards or any(e.kind == "step" for e in script.machine.events) or _moves(script):
        return
    if any(
        isinstance(n, ast.Attribute) and n.attr == "step" and not m.is_method(script.parent[n], "step")
        for n in script.nodes
    ):
        return
    if any(
        e.kind == "update"
        and any(p for _, c in e.changes for p in walk(c, 200) if isinstance(p, Tensor) and p.op == "grad")
        for e in script.events("update")
    ):
        return
    made = {id(e.optimizer): (e.optimizer, e.node.lineno) for e in script.events("optimizer")}
    for clear in script.events("clear"):
        base = root(clear.target)
        if isinstance(base, Unknown) and "opt" in base.name.lower():
            made[id(base)] = (base, getattr(base.node, "lineno", clear.node.lineno))
    given = {id(root(g)) for e in script.events("foreign") for g in e.given}
    last = backwards[-1]
    for optimizer, line in made.values():
        if id(optimizer) in given:
            continue
        name = _name(script, optimizer, last)
        mend = script.after(script.statement(last.node), f"{name}.step()") if name else None
        yield Slip(last.node, {"name": name or "optimizer", "made": line}, mend)


def _name(script: Script, value: Any, near: Any) -> str:
    """How a value is written in the function of an event."""
    scope = script.scope(near.node)
    for event in script.events("clear", "step"):
        used = event.target if event.kind == "clear" else event.optimizer
        if root(used) is value and isinstance(event.node, ast.Call) and script.scope(event.node) is scope:
            return script.source(event.node.func.value)
    for event in script.events("bind"):
        if root(event.value) is value and script.scope(event.node) in script.above(near.node):
            return event.name
    for event in script.events("attr"):
        if root(event.value) is value and isinstance(event.node, ast.Assign):
            return script.source(event.node.targets[0])
    return value.name if isinstance(value, Unknown) else ""


RULES = {
    "not_called": not_called,
    "no_zero_grad": no_zero_grad,
    "zero_before_step": zero_before_step,
    "no_backward": no_backward,
    "no_step": no_step,
}

"""Mistakes around the step: what is cleared, computed, clipped, scheduled, and in which order."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from . import trace
from .finding import Fix, Slip, torch_rule
from .script import Script, is_method
from .values import Module, Optimizer, Scheduler, Tensor, Unknown, number, root, whole

LOSSY = re.compile(r"loss|cost|err|objective|^l$|^J$|mse", re.I)
SHOWS = re.compile(r"print|log|append|write|add_scalar|update|tqdm|info|set_postfix|item|format")


@torch_rule
def not_called(script: Script) -> Iterator[Slip]:
    """loss.backward without (): the function is named, and nothing happens."""
    for node in script.nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Attribute):
            name, owner = node.value.attr, node.value.value
            switch = name in ("eval", "train") and isinstance(owner, ast.Name | ast.Attribute)
            if switch or name in ("backward", "step", "zero_grad"):
                text = script.source(node.value)
                yield Slip(node, {"name": text}, script.replaced(node.value, f"{text}()"))


def _moves(script: Script) -> list[Any]:
    """Steps of optimizers, and updates of weights by their own .grad."""
    by_hand = lambda event: not event.replaced and trace.by_gradient(event)
    own = {"step": lambda event: not event.facts.get("engine"), "update": by_hand}
    return [event for event in script.events("step", "update") if own[event.kind](event)]


@torch_rule
def no_zero_grad(script: Script) -> Iterator[Slip]:
    """backward adds to .grad, and nothing clears it between two updates."""
    moves = _moves(script) if script.machine.complete and not _managed(script) else []
    for step in moves:
        backward = _backward_before(script, step)
        mover = step.optimizer if step.kind == "step" else root(step.base)
        if backward is None or (backward.engine is not None and root(backward.engine) is root(mover)):
            continue
        loop = trace.shared(backward, step)[-1]
        if any(trace.clears(e.target, mover) for e in script.events_in(loop, "clear")):
            continue
        fresh = script.events_in(loop, "optimizer", "autograd", "made")
        if any(e.kind != "made" or isinstance(e.value, Module) for e in fresh):
            continue
        by_hand = isinstance(mover, Tensor) and mover.op != "parameter"
        if by_hand and (not mover.leaf or mover.node in set(ast.walk(loop.node))):
            continue  # a weight that is made in each pass begins without a gradient
        if _handed(script, loop, mover):
            continue
        count = trace.passes(script, loop.node)
        numbers = {"loop": loop.node.lineno, "passes": count or 0}
        proof = "" if count else "no_zero_grad_passes"
        yield Slip(backward.node, numbers, _cleared(script, step, backward, loop, moves), proof)


def _backward_before(script: Script, step: Any) -> Any:
    """The last backward before a step, in a loop with it."""
    backwards = script.events_in(step.loops[0], "backward") if step.loops else []
    before = (e for e in reversed(backwards) if e.place < step.place and trace.together(e, step))
    return next(before, None)


def _managed(script: Script) -> bool:
    """Gradients that another library keeps."""
    managed = ("deepspeed", "torch.distributed.autograd")
    return any(path.startswith(managed) for path in script.imports.values())


def _handed(script: Script, loop: Any, mover: Any) -> bool:
    """The optimizer or its net is given to something that the text does not tell."""
    for event in script.events_in(loop, "foreign"):
        clearing = re.search("zero|clear|reset", getattr(event.function, "name", ""))
        owned = getattr(event.function, "owner", None) is not None
        if any(root(g) is mover for g in event.given) or (owned and clearing):
            return True
    return False


def _cleared(script: Script, step: Any, backward: Any, loop: Any, moves: list) -> Fix | None:
    if step.kind == "step":
        if not is_method(step.node, "step"):
            return None
        scaled = step.facts.get("scaler") is not None
        name = script.source(step.node.args[0] if scaled else step.node.func.value)
        clear = f"{name}.zero_grad()"
    else:
        mine = [e for e in moves if e.kind == "update" and loop in e.loops]
        parameter = next((e for e in mine if root(e.base).op == "parameter"), None)
        targets = [e.target.value if isinstance(e.target, ast.Attribute) else e.target for e in mine]
        names = dict.fromkeys(f"{script.source(target)}.grad" for target in targets)
        clear = f"{' = '.join(names)} = None"
        if parameter is not None:
            owner = _iterated(script, parameter.node)
            if owner is None:
                return None
            clear = f"{owner}.zero_grad()"
    outer, inner = script.scope(step.node), script.scope(backward.node)
    if outer is inner or outer in script.above(inner):
        return script.before(script.statement(backward.node), clear)
    return script.after(script.statement(step.node), clear)


def _iterated(script: Script, node: ast.AST) -> str | None:
    """model of: for p in model.parameters()"""
    loops = (up for up in script.above(node) if isinstance(up, ast.For) and is_method(up.iter, "parameters"))
    return next((script.source(up.iter.func.value) for up in loops), None)


@torch_rule
def zero_before_step(script: Script) -> Iterator[Slip]:
    """backward, zero_grad, step: the step finds no gradient."""
    events = script.events("backward", "clear", "step", "autograd", "update", "grad_changed")
    for place, step in enumerate(events):
        if step.kind != "step" or not step.loops or step.closure:
            continue
        run, zero, backward = step.loops[-1], None, None
        for event in reversed(events[:place]):
            if not trace.in_pass(event, step, run):
                break
            if zero is not None:
                backward = event if event.kind == "backward" else None
                if event.kind in ("backward", "step", "update", "autograd"):
                    break
            elif event.kind == "clear" and trace.clears(event.target, step.optimizer):
                zero = event
            elif event.kind == "step" and root(event.optimizer) is not root(step.optimizer):
                continue
            elif event.kind != "clear":
                break
        if backward is None or not trace.within(zero, step) or len(zero.loops) > len(step.loops):
            continue
        numbers = {"backward": backward.node.lineno, "step": step.node.lineno}
        yield Slip(zero.node, numbers, script.moved(zero.node, step.node))


@torch_rule
def no_backward(script: Script) -> Iterator[Slip]:
    """step() where nothing computes a gradient."""
    gradients = {"backward", "grad", "manual_backward", "jacobian", "backward_step"}
    attributes = {node.attr for node in script.nodes if isinstance(node, ast.Attribute)}
    if attributes & gradients or "torch.autograd.grad" in script.imports.values():
        return
    for step in script.events("step"):
        known = isinstance(step.optimizer, Optimizer) or "opt" in getattr(step.optimizer, "name", "")
        if not known or not step.loops or step.closure or step.facts.get("engine"):
            continue
        near = [e for e in script.events("bind", "loss") if trace.shared(e, step)]
        made = [e for e in near if e.kind == "bind" and e.place < step.place and _lossy(e)]
        losses = {id(root(e.value)) for e in made} | {id(root(e.result)) for e in near if e.kind == "loss"}
        elsewhere = [e for e in script.events("foreign") if not SHOWS.search(_called(e))]
        if not losses or any(id(root(given)) in losses for e in elsewhere for given in e.given):
            continue
        here = [e for e in made if script.scope(e.node) is script.scope(step.node)]
        mend = script.before(script.statement(step.node), f"{here[-1].name}.backward()") if here else None
        yield Slip(step.node, {"step": step.node.lineno}, mend)
        return


def _lossy(event: Any) -> bool:
    value = event.value if LOSSY.search(event.name) else None
    return isinstance(value, Tensor) and bool(value.graph or value.op == "call")


def _called(event: Any) -> str:
    return event.function if isinstance(event.function, str) else getattr(event.function, "name", "")


@torch_rule
def no_step(script: Script) -> Iterator[Slip]:
    """An optimizer that never steps."""
    backwards = [e for e in script.events("backward") if e.loops and e.engine is None]
    if not script.machine.complete or _managed(script) or not backwards or script.events("step"):
        return
    named = (n for n in script.nodes if isinstance(n, ast.Attribute) and n.attr == "step")
    if any(not is_method(script.parent[n], "step") for n in named):
        return  # handed on
    changes = (change for e in script.events("update") for _, change in e.changes)
    if _moves(script) or any(part.op == "grad" for change in changes for part in trace.tensors(change, 200)):
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
    for event in script.events("clear"):
        here = isinstance(event.node, ast.Call) and script.scope(event.node) is scope
        if here and root(event.target) is value:
            return script.source(event.node.func.value)
    for event in script.events("bind"):
        if root(event.value) is value and script.scope(event.node) in script.above(near.node):
            return event.name
    for event in script.events("attr"):
        if root(event.value) is value and isinstance(event.node, ast.Assign):
            return script.source(event.node.targets[0])
    return value.name if isinstance(value, Unknown) else ""


# ── order ───────────────────────────────────────────────────────────────────────────────────────────
@torch_rule
def clip_after_step(script: Script) -> Iterator[Slip]:
    """Gradients clipped when they have been used."""
    events = script.events("backward", "clip", "step")
    for place, clip in enumerate(events):
        if clip.kind != "clip" or not clip.loops:
            continue
        run, step = clip.loops[-1], None
        for event in reversed(events[:place]):
            if not trace.in_pass(event, clip, run):
                break
            if event.kind == "backward":
                if step is not None:
                    mend = script.moved(step.node, clip.node, first=False)
                    yield Slip(clip.node, {"step": step.node.lineno}, mend)
                break
            if event.kind == "step":
                step = step or event


@torch_rule
def scheduler_before_optimizer(script: Script) -> Iterator[Slip]:
    """scheduler.step() before the first optimizer.step(): the first rate is left out."""
    for event in script.events("schedule"):
        scheduler = event.scheduler
        named = isinstance(scheduler, Scheduler) or "sched" in scheduler.name
        if not event.loops or not named:
            continue
        optimizer, run = getattr(scheduler, "optimizer", None), event.loops[-1]
        steps = [(s, root(s.optimizer)) for s in script.events("step")]
        mine = [s for s, o in steps if o is optimizer or optimizer is None or not isinstance(o, Optimizer)]
        later = (s for s in mine if trace.in_pass(s, event, run))
        step = next(later, None)
        if step is not None and not any(s.place < event.place for s in mine):
            yield Slip(event.node, {"step": step.node.lineno}, script.moved(event.node, step.node))
            return


@torch_rule
def scheduler_each_batch(script: Script) -> Iterator[Slip]:
    """A schedule that counts epochs, stepped for every batch."""
    steps = script.events("step")
    for event in script.events("schedule"):
        if not isinstance(event.scheduler, Scheduler) or len(event.loops) < 2:
            continue
        epoch, batch = event.loops[-2:]
        inside = set(ast.walk(batch.node))
        if isinstance(batch.node, ast.While) or any(arm in inside for arm, _ in event.arms):
            continue
        if not any(s.loops and s.loops[-1] is batch for s in steps):
            continue
        if _by_epochs(event.scheduler, trace.passes(script, epoch.node)):
            kind = event.scheduler.kind
            numbers = {"kind": kind, "loop": batch.node.lineno, "epochs": epoch.node.lineno}
            yield Slip(event.node, numbers, _after_loop(script, event, batch.node))


def _by_epochs(scheduler: Scheduler, epochs: int | None) -> bool:
    """Settings that only make sense for epochs."""
    args = scheduler.args
    match scheduler.kind:
        case "StepLR":
            size = whole(args.get("step_size"))
            return size is not None and size <= min(epochs or 30, 100)
        case "ExponentialLR":
            gamma = number(args.get("gamma"))
            return gamma is not None and gamma <= 0.99
        case "MultiStepLR":
            found: list[Any] = [whole(i) for i in getattr(args.get("milestones"), "items", [])]
            return bool(found) and None not in found and max(found) <= (epochs or 100)
        case "CosineAnnealingLR":
            call, period = scheduler.node, whole(args.get("T_max"))
            length = next((k.value for k in call.keywords if k.arg == "T_max"), [*call.args, call, call][1])
            named = re.fullmatch(r"[\w.]*(epochs?)[\w.]*", ast.unparse(length), re.I)
            return bool(named) or (period is not None and period == epochs)
        case "ReduceLROnPlateau":
            patience = whole(args["patience"]) if "patience" in args else 10
            return patience is not None and patience <= 20
    return False


def _after_loop(script: Script, event: Any, loop: ast.For) -> Fix | None:
    statement = script.statement(event.node)
    if statement not in loop.body or len(loop.body) < 2 or not script.alone(statement) or loop.orelse:
        return None
    body = script.lines[loop.lineno - 1 : statement.lineno - 1]
    body += script.lines[statement.end_lineno : loop.end_lineno]
    text = script.indent(loop) + "\n".join(script.whole_lines(statement)).strip()
    return Fix(loop.lineno, loop.end_lineno or 0, "\n".join([*body, text]))

"""Mistakes of order: clipped too late, scheduled too early or too often."""

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
from .values import Optimizer, Scheduler, Unknown, number, root, whole


# ── order ───────────────────────────────────────────────────────────────────────────────────────────
def clip_after_step(script: Script) -> Iterator[Slip]:
    """Gradients clipped when they have been used."""
    if not script.torch:
        return
    events = script.events("backward", "clip", "step")
    for place, clip in enumerate(events):
        if clip.kind != "clip" or not clip.loops:
            continue
        run, step = clip.loops[-1], None
        for event in reversed(events[:place]):
            if run not in event.loops or not v.same_pass(clip, event, run) or not v.together(clip, event):
                break
            if event.kind == "backward":
                if step is not None:
                    pair = v.beside(script, step.node, clip.node)
                    mend = v.moved_before(script, pair[1], pair[0]) if pair else None
                    yield Slip(clip.node, {"step": step.node.lineno}, mend)
                break
            if event.kind == "step":
                step = step or event


def scheduler_before_optimizer(script: Script) -> Iterator[Slip]:
    """scheduler.step() before the first optimizer.step(): the first rate is left out."""
    if not script.torch:
        return
    steps = script.events("step")
    for event in script.events("schedule"):
        if not event.loops or (isinstance(event.scheduler, Unknown) and "sched" not in event.scheduler.name):
            continue
        optimizer = event.scheduler.optimizer if isinstance(event.scheduler, Scheduler) else None
        mine = [
            s
            for s in steps
            if optimizer is None or root(s.optimizer) is optimizer or not isinstance(s.optimizer, Optimizer)
        ]
        if any(s.place < event.place for s in mine) or not v.within(event, event):
            continue
        later = [
            s
            for s in mine
            if event.loops[-1] in s.loops and v.same_pass(event, s, event.loops[-1]) and v.together(event, s)
        ]
        if not later:
            continue
        pair = v.beside(script, event.node, later[0].node)
        yield Slip(event.node, {"step": later[0].node.lineno}, v.moved(script, *pair) if pair else None)
        return


def scheduler_each_batch(script: Script) -> Iterator[Slip]:
    """A schedule that counts epochs, stepped for every batch."""
    if not script.torch:
        return
    steps = script.events("step")
    for event in script.events("schedule"):
        scheduler = event.scheduler
        if not isinstance(scheduler, Scheduler) or len(event.loops) < 2:
            continue
        batch, epoch = event.loops[-1], event.loops[-2]
        inner = any(s.loops and s.loops[-1] is batch for s in steps)
        conditional = any(arm for arm in event.arms if arm[0] in set(ast.walk(batch.node)))
        if not inner or conditional or isinstance(batch.node, ast.While):
            continue
        epochs = m.passes(script, epoch.node)
        if not _by_epochs(script, scheduler, epochs):
            continue
        numbers = {"kind": scheduler.kind, "loop": batch.node.lineno, "epochs": epoch.node.lineno}
        yield Slip(event.node, numbers, _after_loop(script, event, batch.node))


def _by_epochs(script: Script, scheduler: Scheduler, epochs: int | None) -> bool:
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
            length = args.get("T_max")
            keyword = next((k.value for k in scheduler.node.keywords if k.arg == "T_max"), None)
            text = ast.unparse(
                keyword or (scheduler.node.args[1] if len(scheduler.node.args) > 1 else scheduler.node)
            )
            told = whole(length)
            return (told is not None and told == epochs) or bool(
                re.fullmatch(r"[\w.]*(epochs?)[\w.]*", text, re.I)
            )
        case "ReduceLROnPlateau":
            patience = whole(args.get("patience")) if "patience" in args else 10
            return patience is not None and patience <= 20
    return False


def _after_loop(script: Script, event: Any, loop: ast.For) -> Mend | None:
    statement = script.statement(event.node)
    if statement not in loop.body or len(loop.body) < 2 or not v.alone(script, statement) or loop.orelse:
        return None
    rest = [*script.lines[statement.lineno - 1 : statement.end_lineno]]
    body = [
        *script.lines[loop.lineno - 1 : statement.lineno - 1],
        *script.lines[statement.end_lineno : loop.end_lineno],
    ]
    text = script.indent(loop) + "\n".join(rest).strip()
    return Mend(loop.lineno, loop.end_lineno or loop.lineno, "\n".join([*body, text]))


RULES = {
    "clip_after_step": clip_after_step,
    "scheduler_before_optimizer": scheduler_before_optimizer,
    "scheduler_each_batch": scheduler_each_batch,
}

"""The mode that a net is left in: dropout and batch norm on or off at the wrong time."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from . import layers
from . import view as v
from .finding import Mend, Slip
from .reading import Script
from .values import (
    Loader,
    Module,
    Rows,
    Tensor,
    Unknown,
    number,
    root,
    walk,
    whole,
)

JUDGES = re.compile(
    r"(^|_)(eval|evaluate|evaluation|validate|validation|test|predict|infer|inference|accuracy|score)(_|$)",
    re.I,
)


SAMPLES = re.compile(r"mc_|monte|uncertain|bayes", re.I)


# ── mode ────────────────────────────────────────────────────────────────────────────────────────────
def dropout_always_on(script: Script) -> Iterator[Slip]:
    """F.dropout in forward without training=: it goes on after eval()."""
    if not script.torch:
        return
    for event in script.events("dropout"):
        function = event.stack[-1] if event.stack else None
        owner = script.parent.get(function) if function is not None else None
        if (
            event.training is not None
            or not isinstance(owner, ast.ClassDef)
            or not isinstance(function, ast.FunctionDef)
        ):
            continue
        if SAMPLES.search(function.name) or SAMPLES.search(owner.name) or not function.args.args:
            continue
        call = event.node
        last = call.keywords[-1].value if call.keywords else call.args[-1] if call.args else None
        mend = None
        if last is not None:
            own = function.args.args[0].arg
            mend = script.replaced(last, f"{script.source(last)}, training={own}.training")
        yield Slip(call, {"call": script.source(call)}, mend)


def no_eval(script: Script) -> Iterator[Slip]:
    """A net with dropout predicts held-out rows as if it were still learning."""
    backwards = script.events("backward")
    if not backwards or not script.torch:
        return
    used = {id(root(part)) for b in backwards for part in walk(b.tensor) if isinstance(part, Tensor)}
    for event in script.events("model_call"):
        model = root(event.model)
        if not isinstance(model, Module) or event.mode is not True or id(root(event.result)) in used:
            continue
        noisy = layers.noisy(model)
        call = event.node
        if (
            not noisy
            or not isinstance(call, ast.Call)
            or _inside_net(script, call)
            or not _held_out(script, event)
        ):
            continue
        if any(SAMPLES.search(getattr(f, "name", "")) for f in event.stack):
            continue
        later = [e for e in script.events("model_call") if root(e.model) is model]
        if not any(b.place > later[0].place or b.place < event.place for b in backwards):
            continue
        kind, made = noisy[0].kind, noisy[0].node
        name = script.source(call.func)
        share = number(noisy[0].argument(0, "p")) if "Dropout" in kind else 0
        numbers = {
            "model": name,
            "layer": script.source(made),
            "made": made.lineno,
            "share": 0.5 if share is None else share,
        }
        proof = "no_eval" if "Dropout" in kind else "no_eval_batch"
        yield Slip(call, numbers, _evaluated(script, event, call, name, backwards), proof)
        return


def _inside_net(script: Script, call: ast.AST) -> bool:
    return (
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "self"
        and script.scope(call).name == "forward"
        if isinstance(script.scope(call), ast.FunctionDef)
        else False
    )


def _held_out(script: Script, event: Any) -> bool:
    facts = (
        frozenset().union(*(a.facts for a in event.args if hasattr(a, "facts")))
        if event.args
        else frozenset()
    )
    if "test" in facts:
        return True
    if "train" in facts:
        return False
    return event.recording is False and any(JUDGES.search(getattr(f, "name", "")) for f in event.stack)


def _evaluated(script: Script, event: Any, call: ast.AST, name: str, backwards: list) -> Mend | None:
    """eval() before, and train() behind it where learning goes on in the same loop."""
    outer: ast.stmt = script.statement(call)
    for up in script.above(call):
        if isinstance(up, ast.With | ast.For) and isinstance(up, ast.stmt):
            if any(b.node in set(ast.walk(up)) for b in backwards):
                break
            outer = up
        elif isinstance(up, ast.FunctionDef | ast.Module | ast.While):
            break
    goes_on = any(v.shared(b, event) for b in backwards)
    if not goes_on or not v.alone(script, outer):
        return script.before(outer, f"{name}.eval()")
    indent = script.indent(outer)
    text = [f"{indent}{name}.eval()", *v.lines(script, outer), f"{indent}{name}.train()"]
    if any(isinstance(n, ast.Return) for n in ast.walk(outer)):
        return script.before(outer, f"{name}.eval()")
    return Mend(outer.lineno, outer.end_lineno or outer.lineno, "\n".join(text))


def no_train(script: Script) -> Iterator[Slip]:
    """eval() within the loop that learns, and never train() again: the later epochs learn without dropout."""
    if not script.torch:
        return
    for backward in script.events("backward"):
        if not backward.loops or not any(
            e.mode is False for e in script.events_in(backward.loops[0], "model_call")
        ):
            continue
        used = {id(root(part)) for part in walk(backward.tensor) if isinstance(part, Tensor)}
        calls = script.events_in(backward.loops[0], "model_call")
        switches = [e for e in script.events("mode") if e.state is False]
        for event in calls:
            model = root(event.model)
            if event.place > backward.place or event.mode is not False:
                continue
            if _inside_net(script, event.node):
                continue
            if event.result is not None and id(root(event.result)) not in used:
                continue
            if isinstance(model, Module) and not layers.noisy(model):
                continue
            if not isinstance(model, Module) and not (
                isinstance(model, Unknown) and _imported(script, model)
            ):
                continue
            before = [
                e
                for e in calls
                if e.node is event.node
                and e.place < event.place
                and e.mode is True
                and root(e.model) is model
            ]
            off = [
                e
                for e in switches
                if e.place < event.place and (root(e.model) is model or id(model) in v.held(e.model))
            ]
            inside = [e for e in off if before and e.place > before[-1].place]
            if not before or not inside or not v.shared(inside[-1], event):
                continue
            off_ = inside[-1]
            loop = v.shared(off_, event)[-1].node
            numbers = {"eval": off_.node.lineno, "loop": loop.lineno}
            name = (
                script.source(off_.node.func.value)
                if isinstance(off_.node, ast.Call) and isinstance(off_.node.func, ast.Attribute)
                else ""
            )
            mend = None
            call = event.node.func if isinstance(event.node, ast.Call) else None
            if name and script.scope(off_.node) is script.scope(loop.body[0]):
                mend = script.before(loop.body[0], f"{name}.train()")
            elif isinstance(call, ast.Name | ast.Attribute):
                home = script.scope(call)
                start = loop.body[0] if home is script.scope(loop) else _start(home)
                mend = script.before(start, f"{script.source(call)}.train()") if start else None
            yield Slip(off_.node, numbers, mend)
            return


def _start(function: ast.AST) -> ast.stmt | None:
    if not isinstance(function, ast.FunctionDef):
        return None
    first = function.body[0]
    docstring = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(function.body) > 1
    )
    return function.body[1] if docstring else first


def _imported(script: Script, model: Unknown) -> bool:
    """Made by another library: torchvision.models.resnet18(), which has batch norm."""
    node = model.node
    return isinstance(node, ast.Call) and script.path(node.func).startswith(
        ("torchvision", "timm", "transformers")
    )


def batch_norm_one_row(script: Script) -> Iterator[Slip]:
    """The last batch of a loader has one row, and BatchNorm1d cannot learn from one."""
    if not script.torch:
        return
    for event in script.events("noisy"):
        given = event.input
        if (
            not event.layer.kind.endswith("BatchNorm1d")
            or event.mode is not True
            or given is None
            or event.recording is not True
        ):
            continue
        loader = next(
            (p.info["loader"] for p in walk(given, 200) if isinstance(p, Tensor) and "loader" in p.info), None
        )
        if not isinstance(loader, Loader) or loader.drop_last or (given.shape and len(given.shape) > 2):
            continue
        size, rows = whole(loader.batch), loader.count or _rows(loader.rows)
        if not size or not rows or size < 2 or rows % size != 1 or not isinstance(loader.node, ast.Call):
            continue
        call = loader.node
        given_ = next((k for k in call.keywords if k.arg == "drop_last"), None)
        last = call.keywords[-1].value if call.keywords else call.args[-1]
        mend = (
            script.replaced(given_.value, "True")
            if given_
            else script.replaced(last, f"{script.source(last)}, drop_last=True")
        )
        yield Slip(call, {"rows": rows, "batch": size, "layer": script.source(event.layer.node)}, mend)
        return


def _rows(value: Any) -> int | None:
    base = root(value)
    if isinstance(base, Rows):
        if base.count is not None:
            return base.count
        shape = base.columns[0].shape if base.columns and isinstance(base.columns[0], Tensor) else None
        return shape[0] if shape and isinstance(shape[0], int) else None
    return None


RULES = {
    "dropout_always_on": dropout_always_on,
    "no_eval": no_eval,
    "no_train": no_train,
    "batch_norm_one_row": batch_norm_one_row,
}

"""The mode that a net is left in: dropout and batch norm on or off at the wrong time."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from . import layers, trace
from .finding import Fix, Slip, torch_rule
from .script import Script
from .values import Loader, Module, Unknown, number, root, whole

JUDGES = re.compile(
    r"(^|_)(eval|evaluate|evaluation|validate|validation|test|predict|infer|inference|accuracy|score)(_|$)",
    re.I,
)
SAMPLES = re.compile(r"mc_|monte|uncertain|bayes", re.I)


@torch_rule
def dropout_always_on(script: Script) -> Iterator[Slip]:
    """F.dropout in forward without training=: it goes on after eval()."""
    for event in script.events("dropout"):
        function = event.stack[-1] if event.stack else None
        owner = script.parent.get(function)
        if event.training is not None or not isinstance(owner, ast.ClassDef):
            continue
        if not isinstance(function, ast.FunctionDef) or not function.args.args:
            continue
        if not SAMPLES.search(function.name) and not SAMPLES.search(owner.name):
            mend = script.with_argument(event.node, f"training={function.args.args[0].arg}.training")
            yield Slip(event.node, {"call": script.source(event.node)}, mend)


@torch_rule
def no_eval(script: Script) -> Iterator[Slip]:
    """A net with dropout predicts validation rows as if it were still learning."""
    backwards = script.events("backward")
    used = {id(root(part)) for b in backwards for part in trace.tensors(b.tensor)}
    for event in script.events("model_call") if backwards else ():
        model, call = root(event.model), event.node
        if not isinstance(model, Module) or event.mode is not True or id(root(event.result)) in used:
            continue
        noisy = layers.noisy(model)
        if not noisy or not isinstance(call, ast.Call) or _inside_net(script, call) or not _held_out(event):
            continue
        if any(SAMPLES.search(getattr(f, "name", "")) for f in event.stack):
            continue
        first = next(e for e in script.events("model_call") if root(e.model) is model)
        if not any(b.place > first.place or b.place < event.place for b in backwards):
            continue
        layer, name = noisy[0], script.source(call.func)
        dropout = "Dropout" in layer.kind
        share = number(layer.argument(0, "p")) if dropout else 0
        numbers = {"model": name, "layer": script.source(layer.node), "made": layer.node.lineno}
        numbers |= {"share": 0.5 if share is None else share}
        mend = _evaluated(script, event, call, name, backwards)
        yield Slip(call, numbers, mend, "no_eval" if dropout else "no_eval_batch")
        return


def _inside_net(script: Script, call: Any) -> bool:
    """self.layer(x) in forward"""
    own = isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "self"
    return own and getattr(script.scope(call), "name", "") == "forward"


def _held_out(event: Any) -> bool:
    facts = frozenset().union(*(getattr(a, "facts", ()) for a in event.args))
    judged = event.recording is False and any(JUDGES.search(getattr(f, "name", "")) for f in event.stack)
    return "test" in facts or ("train" not in facts and judged)


def _evaluated(script: Script, event: Any, call: Any, name: str, backwards: list) -> Fix | None:
    """eval() before, and train() behind it where learning goes on in the same loop."""
    outer: Any = script.statement(call)
    for up in script.above(call):
        inside = isinstance(up, ast.With | ast.For)
        if isinstance(up, ast.FunctionDef | ast.Module | ast.While):
            break
        if inside and any(b.node in set(ast.walk(up)) for b in backwards):
            break
        outer = up if inside else outer
    goes_on = any(trace.shared(b, event) for b in backwards)
    if not goes_on or not script.alone(outer) or any(isinstance(n, ast.Return) for n in ast.walk(outer)):
        return script.before(outer, f"{name}.eval()")
    indent = script.indent(outer)
    text = [f"{indent}{name}.eval()", *script.whole_lines(outer), f"{indent}{name}.train()"]
    return Fix(outer.lineno, outer.end_lineno, "\n".join(text))


@torch_rule
def no_train(script: Script) -> Iterator[Slip]:
    """eval() within the loop that learns, and never train() again: the later epochs learn without dropout."""
    for backward in script.events("backward"):
        calls = script.events_in(backward.loops[0], "model_call") if backward.loops else []
        if not any(e.mode is False for e in calls):
            continue
        used = {id(root(part)) for part in trace.tensors(backward.tensor)}
        for event in calls:
            model = root(event.model)
            if event.place > backward.place or event.mode is not False or _inside_net(script, event.node):
                continue
            other = event.result is not None and id(root(event.result)) not in used
            if other or not (layers.noisy(model) if isinstance(model, Module) else _imported(script, model)):
                continue
            earlier = [e for e in calls if e.node is event.node and e.place < event.place]
            before = [e for e in earlier if e.mode is True and root(e.model) is model]
            switches = [e for e in script.events("mode") if e.state is False and before]
            inside = [e for e in switches if before[-1].place < e.place < event.place]
            off = [e for e in inside if root(e.model) is model or id(model) in trace.held(e.model)]
            if off and trace.shared(off[-1], event):
                loop = trace.shared(off[-1], event)[-1].node
                numbers = {"eval": off[-1].node.lineno, "loop": loop.lineno}
                yield Slip(off[-1].node, numbers, _learning(script, off[-1].node, event.node, loop))
                return


def _learning(script: Script, off: Any, call: Any, loop: Any) -> Fix | None:
    """train() where the loop, or the function that learns, begins."""
    method = isinstance(off, ast.Call) and isinstance(off.func, ast.Attribute)
    if method and script.scope(off) is script.scope(loop.body[0]):
        return script.before(loop.body[0], f"{script.source(off.func.value)}.train()")
    called = call.func if isinstance(call, ast.Call) else None
    if not isinstance(called, ast.Name | ast.Attribute):
        return None
    home = script.scope(called)
    start = loop.body[0] if home is script.scope(loop) else _start(home)
    return script.before(start, f"{script.source(called)}.train()") if start else None


def _start(function: ast.AST) -> ast.stmt | None:
    if not isinstance(function, ast.FunctionDef):
        return None
    first, *others = function.body
    docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return others[0] if docstring and others else first


def _imported(script: Script, model: Any) -> bool:
    """Made by another library: torchvision.models.resnet18(), which has batch norm."""
    node = model.node if isinstance(model, Unknown) else None
    libraries = ("torchvision", "timm", "transformers")
    return isinstance(node, ast.Call) and script.path(node.func).startswith(libraries)


@torch_rule
def batch_norm_one_row(script: Script) -> Iterator[Slip]:
    """The last batch of a loader has one row, and BatchNorm1d cannot learn from one."""
    for event in script.events("noisy"):
        given = event.input
        if not event.layer.kind.endswith("BatchNorm1d") or event.mode is not True or given is None:
            continue
        loader = trace.batch_of(given, 200)
        if not isinstance(loader, Loader) or loader.drop_last or event.recording is not True:
            continue
        size, rows = whole(loader.batch), loader.count or trace.row_count(loader.rows)
        if not size or not rows or size < 2 or rows % size != 1 or len(given.shape or ()) > 2:
            continue
        call = loader.node
        if isinstance(call, ast.Call):
            said = next((k.value for k in call.keywords if k.arg == "drop_last"), None)
            mend = script.replaced(said, "True") if said else script.with_argument(call, "drop_last=True")
            yield Slip(call, {"rows": rows, "batch": size, "layer": script.source(event.layer.node)}, mend)
            return

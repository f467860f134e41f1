"""Mistakes in a net: not begun, layers that it does not know, zeros, and the mode that it is left in."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from collections.abc import Iterator

from . import layers, objects
from . import view as v
from .finding import Mend, Slip
from .reading import Script
from .values import (
    Module,
    Seq,
    Table,
    Tensor,
    members,
    root,
    walk,
)

MATRICES = {"Linear", "LazyLinear", "Conv1d", "Conv2d", "Conv3d"}


def no_super_init(script: Script) -> Iterator[Slip]:
    """A net whose __init__ does not call that of nn.Module: no layer can be put in it."""
    if not script.torch:
        return
    for made in script.machine.classes:
        start = made.methods.get("__init__")
        if start is None or not any(path.startswith("torch.nn.") for path in objects.bases(made)):
            continue
        function = start.code
        own = [n for n in ast.walk(function) if isinstance(n, ast.Attribute) and n.attr == "__init__"]
        called = [n for n in own if isinstance(script.parent.get(n), ast.Call)]
        bare = [n for n in called if isinstance(n.value, ast.Name) and n.value.id == "super"]
        if bare:
            yield Slip(bare[0], {"name": made.code.name}, script.replaced(bare[0], "super().__init__"))
        elif not called and not any(isinstance(n, ast.Name) and n.id == "super" for n in ast.walk(function)):
            first = function.body[0]
            docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            mend = (
                script.after(first, "super().__init__()")
                if docstring
                else script.before(first, "super().__init__()")
            )
            yield Slip(function, {"name": made.code.name}, mend if first.lineno > function.lineno else None)


def layers_in_list(script: Script) -> Iterator[Slip]:
    """Layers in a Python list: parameters() does not find them, and they are never learned."""
    if not script.torch:
        return
    known = {id(root(layer)) for e in script.events("registered") for layer in e.layers}
    known |= {
        id(root(child)) for e in script.events("registered") for child in getattr(e.container, "children", ())
    }
    known |= {id(root(e.model)) for e in script.events("parameters")}
    for event in script.events("optimizer"):
        if not event.optimizer.owners:
            continue
        known |= {id(root(o)) for o in event.optimizer.owners}
    attrs = script.events("attr")
    for event in attrs:
        if isinstance(root(event.value), Module):
            known.add(id(root(event.value)))
    nodes: set[ast.AST] = set()
    for event in attrs:
        owner, value = root(event.owner), root(event.value)
        current = owner.attrs.get(event.name) if isinstance(owner, Module) else None
        if not isinstance(owner, Module) or owner.cls is None or current is None:
            continue
        found = root(current)
        items = (
            list(found.items)
            if isinstance(found, Seq)
            else list(found.items.values())
            if isinstance(found, Table)
            else []
        )
        inside = [root(i) for part in items for i in (part.items if isinstance(part, Seq) else [part])]
        lost = [
            i
            for i in inside
            if isinstance(i, Module)
            and any(
                p.kind in layers.WEIGHTED or p.cls is not None for p in members(i) if isinstance(p, Module)
            )
        ]
        if (
            not lost
            or any(id(i) in known for i in lost)
            or not isinstance(value, Seq | Table)
            or event.node in nodes
        ):
            continue
        nodes.add(event.node)
        statement = script.statement(event.node)
        right = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
        mend = None
        if isinstance(right, ast.List | ast.ListComp | ast.Tuple | ast.Dict | ast.DictComp):
            table = isinstance(right, ast.Dict | ast.DictComp)
            inner = script.source(right) if not (isinstance(right, ast.List) and not right.elts) else ""
            mend = script.replaced(
                right, f"{v.layers_named(script)}.{'ModuleDict' if table else 'ModuleList'}({inner})"
            )
        yield Slip(statement, {"name": f"self.{event.name}", "layers": len(lost)}, mend)


def zero_weights(script: Script) -> Iterator[Slip]:
    """Hidden weights that all begin at the same number: every unit learns the same."""
    if script.torch:
        yield from _zeroed_layers(script)
    yield from _zero_matrices(script)


def _zeroed_layers(script: Script) -> Iterator[Slip]:
    made: list[Module] = []
    for event in script.events("made"):
        if isinstance(event.value, Module) and event.value.kind in MATRICES:
            made.append(event.value)
    started = script.events("init")
    for event in started:
        weight = event.tensor
        if (
            event.how not in ("zeros", "constant", "ones")
            or not isinstance(weight, Tensor)
            or weight.info.get("name") != "weight"
        ):
            continue
        layer = root(weight.layer)
        if not isinstance(layer, Module) or layer.kind not in MATRICES or len(made) < 2 or layer is made[-1]:
            continue
        if any(
            e.place > event.place
            and root(e.tensor) is root(weight)
            and e.how not in ("zeros", "constant", "ones")
            for e in started
        ):
            continue
        call = event.node
        text = script.source(call.func)
        mend = None
        if event.how + "_" in text and isinstance(call, ast.Call) and call.args:
            home = text[: text.rindex(event.how)]
            mend = script.replaced(call, f"{home}xavier_uniform_({script.source(call.args[0])})")
        elif isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            mend = script.replaced(call, f"{script.source(call.func.value)}.normal_(0, 0.1)")
        yield Slip(call, {"name": script.source(call)}, mend)


def _zero_matrices(script: Script) -> Iterator[Slip]:
    """W1 = np.zeros((d, h)) of two matrices that are learned one behind the other."""
    trained: dict[int, tuple[Tensor, list]] = {}
    for event in script.events("update"):
        base = root(event.base)
        if (isinstance(base, Tensor) and event.loops and not event.facts["replaced"]) or (
            isinstance(base, Tensor) and event.loops
        ):
            trained.setdefault(id(base), (base, []))[1].append(event)
    for event in script.events("optimizer"):
        for owner in event.optimizer.owners or ():
            if isinstance(root(owner), Tensor):
                trained.setdefault(id(root(owner)), (root(owner), []))
    matrices = [(t, events) for t, events in trained.values() if t.shape and len(t.shape) == 2]
    for weight, events in matrices:
        if not _constant(weight) or 1 in weight.shape or not isinstance(weight.node, ast.Call):
            continue
        follows = [
            o
            for o, others in matrices
            if o is not weight and o.shape[0] == weight.shape[1] and _through(events, o, others, weight)
        ]
        if follows:
            yield Slip(weight.node, {"name": script.source(weight.node)}, _random(script, weight.node))


def _through(events: list, other: Tensor, others: list, weight: Tensor) -> bool:
    """Each is moved by what passes through the other; or an optimizer moves both."""
    if not events and not others:
        return True

    def holds(found: list, wanted: Tensor) -> bool:
        parts = (p for e in found for _, change in e.changes for p in walk(change, 2000))
        return any(isinstance(p, Tensor) and (root(p) is wanted or p.op == "grad") for p in parts)

    return holds(events, other) and holds(others, weight)


def _constant(tensor: Tensor) -> bool:
    base = tensor
    for _ in range(6):
        if base.op in ("zeros", "ones", "full"):
            return True
        if (
            base.op in ("read", "leaf", "float", "tensor")
            and base.inputs
            and isinstance(base.inputs[0], Tensor)
        ):
            base = base.inputs[0]
        else:
            return False
    return False


def _random(script: Script, call: ast.Call) -> Mend | None:
    text = script.source(call.func)
    head = text.rpartition(".")[0]
    sizes = call.args[0] if len(call.args) == 1 else None
    inner = [script.source(a) for a in (sizes.elts if isinstance(sizes, ast.Tuple | ast.List) else call.args)]
    if not head or not inner:
        return None
    path = script.path(call.func)
    if path.startswith("numpy."):
        return script.replaced(call, f"{head}.random.randn({', '.join(inner)}) * 0.1")
    asked = any(k.arg == "requires_grad" for k in call.keywords)
    new = f"({head}.randn({', '.join(inner)}) * 0.1)"
    return script.replaced(call, f"{new}.requires_grad_()" if asked else new)


RULES = {
    "no_super_init": no_super_init,
    "layers_in_list": layers_in_list,
    "zero_weights": zero_weights,
}

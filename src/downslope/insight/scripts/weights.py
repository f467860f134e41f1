"""Mistakes of which weights: created again, held by no optimizer, unknown to their net, zeros, not copied."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from . import layers, objects, trace
from .finding import Fix, Slip, rule, torch_rule
from .script import Script, is_method
from .values import Loader, Module, Optimizer, Seq, State, Table, Tensor, Unknown, members, root

EPOCHS = re.compile(r"epoch|^ep?$|^it(er|eration)?$|^step$", re.I)
MATRICES = ("Linear", "LazyLinear", "Conv1d", "Conv2d", "Conv3d")
EQUAL = ("zeros", "constant", "ones")


# ── created again ───────────────────────────────────────────────────────────────────────────────────────
@torch_rule
def made_in_loop(script: Script) -> Iterator[Slip]:
    """A net or an optimizer created again in each pass of the loop that learns."""
    flagged: set[int] = set()
    for event in script.events("made", "optimizer"):
        value = event.value if event.kind == "made" else event.optimizer
        run = event.loops[-1] if event.loops and isinstance(value, Module | Optimizer) else None
        if run is None or value.kind == "LBFGS" or isinstance(run.node, ast.While):
            continue
        names = {n.id for n in ast.walk(run.node.target) if isinstance(n, ast.Name)}
        used = {n.id for n in ast.walk(event.node) if isinstance(n, ast.Name)}
        if used & names or not (any(map(EPOCHS.search, names)) or _batches(run)):
            continue
        inside = trace.held(value)
        if inside & flagged or not _learns(script, event, value, run, inside):
            continue
        if isinstance(value, Module):
            flagged |= inside
        name = ast.unparse(event.node.func) if isinstance(event.node, ast.Call) else "?"
        mend = _before_loop(script, event.node, run.node)
        proof = "made_in_loop" if event.kind == "made" else "made_in_loop_optimizer"
        yield Slip(event.node, {"name": name, "loop": run.node.lineno}, mend, proof)


def _learns(script: Script, event: Any, value: Any, run: Any, inside: set[int]) -> bool:
    """Whether the pass that makes it learns with it, and it stands for itself."""
    near = [e for e in script.events_in(run, "step", "backward") if trace.same_pass(event, e, run)]
    if isinstance(value, Optimizer):
        leaves = value.owners if value.owners and all(isinstance(o, Tensor) for o in value.owners) else ()
        fresh = any(owner.node in set(ast.walk(run.node)) for owner in leaves)
        return not fresh and any(e.kind == "step" and root(e.optimizer) is value for e in near)
    up = script.statement(event.node)
    outermost = isinstance(up, ast.Assign) and (up.value is event.node or is_method(up.value, "to", "cuda"))
    part = value.cls is None and (value.kind in layers.LOSSES or value.kind in layers.ACTIVATIONS)
    learned = (inside & trace.leaves(e.tensor)[0] for e in near if e.kind == "backward")
    return outermost and not part and any(learned)


def _batches(run: Any) -> bool:
    """Goes over batches: the innermost loop, over a loader."""
    text = ast.unparse(run.node.iter).lower()
    return isinstance(root(run.over), Loader) or "loader" in text or "batch" in text


def _before_loop(script: Script, node: ast.AST, loop: ast.For) -> Fix | None:
    """The line moved before the loops around it, with the optimizer that is made of it in the next line."""
    statement = script.statement(node)
    if statement not in loop.body or not script.alone(statement):
        return None
    place = end = loop.body.index(statement)
    while end + 1 < len(loop.body) and _makes(script, loop.body[end + 1]):
        end += 1
    taken = loop.body[place : end + 1]
    if len(loop.body) <= len(taken):
        return None
    outer: Any = loop
    for up in script.loops(loop):
        epochs = isinstance(up, ast.For) and EPOCHS.search(ast.unparse(up.target))
        outer = up if epochs and script.block[outer][0] is up.body else outer
    first, last = statement.lineno, taken[-1].end_lineno or 0
    between = [s for s in ast.walk(outer) if isinstance(s, ast.stmt) and outer.lineno < s.lineno < first]
    if (_names(taken, ast.Load) - _names(taken, ast.Store)) & _names(between, ast.Store):
        return None
    block = textwrap.indent(textwrap.dedent("\n".join(script.lines[first - 1 : last])), script.indent(outer))
    return Fix(outer.lineno, last, "\n".join([block, *script.lines[outer.lineno - 1 : first - 1]]))


def _names(statements: list, context: type) -> set[str]:
    found = (n for s in statements for n in ast.walk(s) if isinstance(n, ast.Name))
    return {name.id for name in found if isinstance(name.ctx, context)}


def _makes(script: Script, statement: ast.stmt) -> bool:
    """optimizer = torch.optim.SGD(…)"""
    value = statement.value if isinstance(statement, ast.Assign) else None
    return isinstance(value, ast.Call) and script.path(value.func).startswith(("torch.optim", "torch.nn."))


# ── held by no optimizer ────────────────────────────────────────────────────────────────────────────
@torch_rule
def old_parameters(script: Script) -> Iterator[Slip]:
    """The optimizer holds the weights of another net than the one that learns, or not its new layer."""
    optimizers = script.events("optimizer")
    for step in script.events("step"):
        optimizer = step.optimizer
        known = isinstance(optimizer, Optimizer) and optimizer.owners and optimizer.holds
        if not known or not step.loops:
            continue
        near = [b for b in script.events_in(step.loops[0], "backward") if b.engine is None]
        found = [trace.leaves(b.tensor) for b in near]
        if not near or any(not complete or not ids or ids & optimizer.holds for ids, complete in found):
            continue
        if any(b.tensor.graph is not True for b in near) or script.events_in(step.loops[0], "grad_set"):
            continue  # gradients that are brought from elsewhere
        made = next((e for e in optimizers if e.optimizer is optimizer), None)
        if made is None:
            continue
        nets = ((e, root(e.value)) for e in script.events("bind") if e.place > made.place)
        later = (e for e, net in nets if isinstance(net, Module) and trace.held(net) & found[-1][0])
        after = next(later, None)
        mend = script.moved(made.node, after.node) if after is not None else None
        yield Slip(made.node, {"step": step.node.lineno}, mend)
        return
    yield from _new_layer(script, optimizers)


def _new_layer(script: Script, optimizers: list) -> Iterator[Slip]:
    for event in script.events("attr"):
        layer, owner = root(event.value), root(event.owner)
        kind = layer.kind if isinstance(layer, Module) else None
        without = kind in (None, "Identity", "Dropout", "ReLU", "Flatten")
        if without or not isinstance(owner, Module | Unknown):
            continue
        old = {id(owner), id(root(event.before))}
        before = [o for o in optimizers if o.place < event.place and old & o.optimizer.holds]
        if not before or any(id(layer) in o.optimizer.holds for o in optimizers):
            continue
        made = before[-1]
        if any(root(s.optimizer) is made.optimizer and s.place > event.place for s in script.events("step")):
            name = script.source(layer.node) if layer.node else layer.kind
            numbers = {"line": event.node.lineno, "layer": name}
            yield Slip(made.node, numbers, script.moved(made.node, event.node), "old_parameters_layer")


@torch_rule
def layers_in_list(script: Script) -> Iterator[Slip]:
    """Layers in a Python list: parameters() does not find them, and they are never learned."""
    registered = script.events("registered")
    known = {id(root(layer)) for e in registered for layer in e.layers}
    known |= {id(root(child)) for e in registered for child in getattr(e.container, "children", ())}
    known |= {id(root(e.model)) for e in script.events("parameters")}
    known |= {id(root(o)) for e in script.events("optimizer") for o in e.optimizer.owners or ()}
    known |= {id(root(e.value)) for e in script.events("attr") if isinstance(root(e.value), Module)}
    nodes: set[ast.AST] = set()
    for event in script.events("attr"):
        owner, several = root(event.owner), isinstance(root(event.value), Seq | Table)
        if not isinstance(owner, Module) or owner.cls is None or not several:
            continue
        lost = [layer for layer in _inside(root(owner.attrs.get(event.name))) if _weighted(layer)]
        if not lost or any(id(layer) in known for layer in lost) or event.node in nodes:
            continue
        nodes.add(event.node)
        statement, mend = script.statement(event.node), None
        right = getattr(statement, "value", None)
        if isinstance(right, ast.List | ast.ListComp | ast.Tuple | ast.Dict | ast.DictComp):
            kind = "ModuleDict" if isinstance(right, ast.Dict | ast.DictComp) else "ModuleList"
            inner = "" if isinstance(right, ast.List) and not right.elts else script.source(right)
            mend = script.replaced(right, f"{script.home('torch.nn', 'torch.nn')}.{kind}({inner})")
        yield Slip(statement, {"name": f"self.{event.name}", "layers": len(lost)}, mend)


def _inside(holder: Any) -> list[Any]:
    """What a list, a table, a list of pairs holds."""
    items: Any = holder.items if isinstance(holder, Seq | Table) else []
    items = items.values() if isinstance(items, dict) else items
    return [root(i) for part in items for i in (part.items if isinstance(part, Seq) else [part])]


def _weighted(value: Any) -> bool:
    parts = members(value) if isinstance(value, Module) else ()
    return any(isinstance(p, Module) and (p.kind in layers.WEIGHTED or p.cls is not None) for p in parts)


# ── begun badly ─────────────────────────────────────────────────────────────────────────────────────
@torch_rule
def no_super_init(script: Script) -> Iterator[Slip]:
    """A net whose __init__ does not call that of nn.Module: no layer can be put in it."""
    for made in script.machine.classes:
        start = made.methods.get("__init__")
        if start is None or not any(path.startswith("torch.nn.") for path in objects.bases(made)):
            continue
        function, name = start.code, {"name": made.code.name}
        own = [n for n in ast.walk(function) if isinstance(n, ast.Attribute) and n.attr == "__init__"]
        called = [n for n in own if isinstance(script.parent.get(n), ast.Call)]
        bare = [n for n in called if isinstance(n.value, ast.Name) and n.value.id == "super"]
        if bare:
            yield Slip(bare[0], name, script.replaced(bare[0], "super().__init__"))
        elif not called and not any(isinstance(n, ast.Name) and n.id == "super" for n in ast.walk(function)):
            first = function.body[0]
            docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            put = script.after if docstring else script.before
            mend = put(first, "super().__init__()") if first.lineno > function.lineno else None
            yield Slip(function, name, mend)


@rule
def zero_weights(script: Script) -> Iterator[Slip]:
    """Hidden weights that all begin at the same number: every unit learns the same."""
    yield from _zeroed_layers(script) if script.torch else ()
    yield from _zero_matrices(script)


def _zeroed_layers(script: Script) -> Iterator[Slip]:
    made = [e.value for e in script.events("made") if getattr(e.value, "kind", "") in MATRICES]
    started = script.events("init")
    for event in started:
        weight, call, text = event.tensor, event.node, ""
        if event.how not in EQUAL or not isinstance(weight, Tensor) or weight.info.get("name") != "weight":
            continue
        layer = root(weight.layer)
        later = [e for e in started if e.place > event.place and root(e.tensor) is root(weight)]
        if layer not in made[:-1] or any(e.how not in EQUAL for e in later):
            continue
        text, mend = script.source(call.func), None
        if event.how + "_" in text and call.args:
            home = text[: text.rindex(event.how)]
            mend = script.replaced(call, f"{home}xavier_uniform_({script.source(call.args[0])})")
        elif isinstance(call.func, ast.Attribute):
            mend = script.replaced(call, f"{script.source(call.func.value)}.normal_(0, 0.1)")
        yield Slip(call, {"name": script.source(call)}, mend)


def _zero_matrices(script: Script) -> Iterator[Slip]:
    """W1 = np.zeros((d, h)) of two matrices that are learned one behind the other."""
    trained: dict[int, tuple[Any, list]] = {}
    for event in script.events("update"):
        if event.loops:
            trained.setdefault(id(root(event.base)), (root(event.base), []))[1].append(event)
    for event in script.events("optimizer"):
        for owner in map(root, event.optimizer.owners or ()):
            trained.setdefault(id(owner), (owner, []))
    tensors = ((t, moves) for t, moves in trained.values() if isinstance(t, Tensor))
    matrices = [(t, moves) for t, moves in tensors if len(t.shape or ()) == 2]
    for weight, moves in matrices:
        start = trace.stripped(weight, "read", "leaf", "float", "tensor")
        zero = isinstance(start, Tensor) and start.op in ("zeros", "ones", "full")
        if not zero or 1 in weight.shape or not isinstance(weight.node, ast.Call):
            continue
        behind = [(o, others) for o, others in matrices if o is not weight and o.shape[0] == weight.shape[1]]
        if any(_through(moves, o, others, weight) for o, others in behind):
            yield Slip(weight.node, {"name": script.source(weight.node)}, _random(script, weight.node))


def _through(moves: list, other: Tensor, others: list, weight: Tensor) -> bool:
    """Each is moved by what passes through the other; or an optimizer moves both."""

    def holds(found: list, wanted: Tensor) -> bool:
        parts = (p for e in found for _, change in e.changes for p in trace.tensors(change, 2000))
        return any(root(p) is wanted or p.op == "grad" for p in parts)

    return not (moves or others) or (holds(moves, other) and holds(others, weight))


def _random(script: Script, call: ast.Call) -> Fix | None:
    head = script.source(call.func).rpartition(".")[0]
    alone = call.args[0] if len(call.args) == 1 else None
    sizes = alone.elts if isinstance(alone, ast.Tuple | ast.List) else call.args
    inner = ", ".join(map(script.source, sizes))
    if not head or not inner:
        return None
    if script.path(call.func).startswith("numpy."):
        return script.replaced(call, f"{head}.random.randn({inner}) * 0.1")
    asked = any(keyword.arg == "requires_grad" for keyword in call.keywords)
    return script.replaced(call, f"({head}.randn({inner}) * 0.1)" + ".requires_grad_()" * asked)


# ── kept ────────────────────────────────────────────────────────────────────────────────────────────
@torch_rule
def best_not_copied(script: Script) -> Iterator[Slip]:
    """best = model.state_dict(): the same tensors, which go on changing."""
    for event in script.events("bind", "attr", "item"):
        value, statement = root(event.value), script.statement(event.node)
        learns = script.events_in(event.loops[0], "step") if event.loops else []
        if not learns or not isinstance(statement, ast.Assign):
            continue
        named = event.name if event.kind == "bind" else ""
        if isinstance(value, State) and not value.copied:
            slipped = _used(script, event, value) or (named and _returned(script, event.node, named))
        else:
            best = isinstance(value, Module) and re.search(r"best|optimal", named, re.I)
            slipped = best and isinstance(statement.value, ast.Name | ast.Attribute)
        if not slipped:
            continue
        home = "" if "deepcopy" in script.imports else "copy."
        mend = script.replaced(statement.value, f"{home}deepcopy({script.source(statement.value)})")
        name = script.source(statement.targets[0])
        yield Slip(statement, {"name": name, "step": learns[-1].node.lineno}, mend)


def _used(script: Script, event: Any, value: State) -> bool:
    """Whether the state is loaded, or saved behind the loop."""
    for use in script.events("load", "saved"):
        inside = use.kind == "saved" and use.loops and use.loops[-1] in event.loops
        if root(use.state if use.kind == "load" else use.value) is value and not inside:
            return True
    return False


def _returned(script: Script, node: ast.AST, name: str) -> bool:
    returns = (n.value for n in ast.walk(script.scope(node)) if isinstance(n, ast.Return) and n.value)
    return any(script.key(inner) == name for value in returns for inner in ast.walk(value))

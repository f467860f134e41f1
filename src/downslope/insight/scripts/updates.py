"""Mistakes around the step: what is cleared, what is computed, what is moved and which way."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from collections.abc import Iterator

from . import meaning as m
from .finding import Slip
from .reading import Script


def no_zero_grad(script: Script) -> Iterator[Slip]:
    """backward adds to .grad, and nothing clears it between two updates."""
    for call in m.backwards(script):
        loop = _stepping_loop(script, call)
        if loop is None or any(m.clears(node) for node in script.reach(loop)):
            continue
        inside = list(ast.walk(loop))
        made = [node for node in inside if isinstance(node, ast.Call) and _fresh(script, node)]
        if made or any(
            script.path(n).endswith("autograd.grad") for n in inside if isinstance(n, ast.Attribute)
        ):
            continue  # the weights are new in each pass
        stepped = [node.func.value for node in inside if m.steps(script, node)]
        moved = [m.by_gradient(node) for node in inside]
        names = [script.source(stepped[0])] if stepped else [ast.unparse(t) for t in moved if t is not None]
        clear = f"{names[0]}.zero_grad()" if stepped else f"{names[0]}.grad = None" if names else ""
        count = m.passes(script, loop)
        mend = script.before(script.statement(call), clear) if clear else None
        yield Slip(
            call, {"loop": loop.lineno, "passes": count or 0}, mend, "" if count else "no_zero_grad_passes"
        )


def _stepping_loop(script: Script, call: ast.Call) -> ast.AST | None:
    """The innermost loop around a backward in which the weights move too."""
    for loop in script.loops(call):
        for node in script.reach(loop):
            moved = m.by_gradient(node)
            replaced = (
                isinstance(node, ast.Assign) and node.targets[0] is moved
            )  # the new one has no gradient yet
            if m.steps(script, node) or (moved is not None and not replaced):
                return loop
    return None


def _fresh(script: Script, call: ast.Call) -> bool:
    """Makes weights, or an optimizer, anew."""
    keywords = {keyword.arg for keyword in call.keywords}
    new = "requires_grad" in keywords or m.is_method(call, "requires_grad_", "detach_", "update", "fit")
    return new or m.optimizer(script, call) is not None


def zero_before_step(script: Script) -> Iterator[Slip]:
    """backward, zero_grad, step: the step finds no gradient."""
    made = {script.key(c.func.value) for c in script.calls if m.is_method(c, "step") and m.steps(script, c)}
    for call in m.backwards(script):
        statement = script.statement(call)
        if not isinstance(statement, ast.Expr):
            continue
        block, place = script.block[statement]
        rest = block[place + 1 :]
        plain = [s.value if isinstance(s, ast.Expr) else s for s in rest]
        zeros = [i for i, s in enumerate(plain) if m.is_method(s, "zero_grad")]
        moves = [
            i for i, s in enumerate(plain) if m.is_method(s, "step") and m.optimizer(script, s.func.value)
        ]
        if not zeros or not moves or zeros[0] > moves[0]:
            continue
        zero, step = zeros[0], moves[0]
        if any(m.is_method(n, "backward", "clip_grad_norm_") for s in plain[:step] for n in ast.walk(s)):
            continue
        cleared, stepped = (script.key(plain[i].func.value) for i in (zero, step))
        if cleared != stepped and (len(made) > 1 or m.optimizer(script, plain[zero].func.value)):
            continue
        lines = [script.source(s) for s in (*rest[zero + 1 : step + 1], rest[zero])]
        mend = script.rewritten(rest[zero], "\n".join(lines))
        mend = type(mend)(mend.first, rest[step].end_lineno, mend.text)
        yield Slip(rest[zero], {"backward": call.lineno, "step": rest[step].lineno}, mend)


def no_backward(script: Script) -> Iterator[Slip]:
    """step() where nothing computes a gradient."""
    gradients = {"backward", "grad", "manual_backward", "jacobian", "backward_step"}
    attributes = {node.attr for node in script.nodes if isinstance(node, ast.Attribute)}
    if attributes & gradients or "torch.autograd.grad" in script.imports.values():
        return
    for call in script.calls:
        if m.is_method(call, "step") and not call.args and m.optimizer(script, call.func.value):
            losses = [script.statement(loss.node) for loss in m.loss_calls(script)]
            named = [s for s in losses if isinstance(s, ast.Assign) and script.key(s.targets[0])]
            if not losses or not script.loops(call):
                return
            mend = None
            if named:
                mend = script.before(script.statement(call), f"{script.key(named[-1].targets[0])}.backward()")
            yield Slip(call, {"step": call.lineno}, mend)
            return


def no_step(script: Script) -> Iterator[Slip]:
    """An optimizer that never steps."""
    moves = any(m.steps(script, node) or m.by_gradient(node) is not None for node in script.nodes)
    if moves or any(
        isinstance(node, ast.Attribute)
        and node.attr == "step"
        and not m.is_method(script.parent[node], "step")
        for node in script.nodes
    ):
        return
    calls = [call for call in m.backwards(script) if script.loops(call)]
    for statement in script.nodes:
        if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
            continue
        name = script.key(statement.targets[0])
        if name and m.optimizer(script, statement.value) and calls and not _given_away(script, name):
            last = script.statement(calls[-1])
            yield Slip(
                calls[-1], {"name": name, "made": statement.lineno}, script.after(last, f"{name}.step()")
            )


def _given_away(script: Script, name: str) -> bool:
    """The optimizer is handed to something else, which may step it."""
    uses = [n for n in script.nodes if script.key(n) == name and isinstance(n.ctx, ast.Load)]
    return any(not isinstance(script.parent[n], ast.Attribute) for n in uses if not _scheduler(script, n))


def _scheduler(script: Script, node: ast.AST) -> bool:
    call = script.parent[node]
    return isinstance(call, ast.Call) and script.path(call.func).startswith("torch.optim.lr_scheduler.")


def leaf_updates(script: Script) -> Iterator[tuple[str, Slip]]:
    """Updates of weights by their own .grad: (how, where) with how "in place" or "replaced"."""
    for node in script.nodes:
        target = m.by_gradient(node)
        if target is None or not script.key(target) or m.is_method(node, "copy_"):
            continue
        name = script.key(target)
        bound = script.bound(target)
        asked = any(_requires(script, n, name) and not script.loops(n) for n in script.nodes)
        made = [b.value for b in bound if b.kind == "assign" and b.value is not None]
        leaf = any(_is_leaf(script, value) or (asked and _is_tensor(script, value)) for value in made)
        leaf = leaf or (not isinstance(node, ast.Assign) and _parameter(bound))
        direct = node.func.value if isinstance(node, ast.Call) else _target(node)
        if not leaf or direct is not target:  # w.data moves as it likes
            continue
        statement = script.statement(node)
        if isinstance(node, ast.Assign):
            again = [
                n
                for n in script.nodes
                if _requires(script, n, name)
                and n.lineno >= node.lineno
                and script.loops(n) == script.loops(node)
            ]
            value = node.value
            itself = isinstance(value, ast.BinOp) and script.key(value.left) == name
            if itself and isinstance(value.op, ast.Sub | ast.Add) and not again and script.loops(node):
                sign = "-" if isinstance(value.op, ast.Sub) else "+"
                new = f"with torch.no_grad():\n    {name} {sign}= {script.source(value.right)}"
                yield "replaced", Slip(node, {"name": name}, script.rewritten(statement, new))
        elif not m.unrecorded(script, node):
            new = f"with torch.no_grad():\n    {script.source(statement)}"
            yield "in place", Slip(node, {"name": name}, script.rewritten(statement, new))


def leaf_replaced(script: Script) -> Iterator[Slip]:
    """w = w - rate * w.grad: the new w is no leaf, and gets no gradient."""
    return (slip for how, slip in leaf_updates(script) if how == "replaced")


def update_outside_no_grad(script: Script) -> Iterator[Slip]:
    """w -= rate * w.grad while the graph is recorded."""
    return (slip for how, slip in leaf_updates(script) if how == "in place")


def _is_leaf(script: Script, value: ast.AST) -> bool:
    """torch.tensor(…, requires_grad=True), torch.zeros(1).requires_grad_(), nn.Parameter(…)"""
    if not isinstance(value, ast.Call):
        return False
    asked = [k for k in value.keywords if k.arg == "requires_grad" and isinstance(k.value, ast.Constant)]
    if m.is_method(value, "requires_grad_"):
        made = value.func.value
        return isinstance(made, ast.Call) and script.path(made.func).startswith("torch.")
    path = script.path(value.func)
    direct = path.startswith("torch.") and any(k.value.value is True for k in asked)
    return direct or path == "torch.nn.Parameter"


def _is_tensor(script: Script, value: ast.AST) -> bool:
    return isinstance(value, ast.Call) and script.path(value.func).startswith("torch.")


def _target(node: ast.AST) -> ast.AST | None:
    return node.target if isinstance(node, ast.AugAssign) else node.targets[0]


def _parameter(bound) -> bool:
    """p of: for p in model.parameters()"""
    loops = [b.value for b in bound if b.kind == "loop"]
    return len(bound) - len(loops) <= sum(b.kind == "augment" for b in bound) and any(
        m.is_method(value, "parameters") for value in loops
    )


def _requires(script: Script, node: ast.AST, name: str) -> bool:
    """w.requires_grad_(), w.requires_grad = True, w.retain_grad(), w = ….requires_grad_()"""
    if m.is_method(node, "requires_grad_", "retain_grad"):
        statement = script.statement(node)
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        return script.key(node.func.value) == name or any(script.key(t) == name for t in targets)
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
        return node.targets[0].attr == "requires_grad" and script.key(node.targets[0].value) == name
    rebuilt = isinstance(node, ast.Assign) and script.key(node.targets[0]) == name
    return rebuilt and _is_leaf(script, node.value)


RULES = {
    "no_zero_grad": no_zero_grad,
    "zero_before_step": zero_before_step,
    "no_backward": no_backward,
    "no_step": no_step,
    "leaf_replaced": leaf_replaced,
    "update_outside_no_grad": update_outside_no_grad,
}

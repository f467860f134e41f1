"""The wrong way: an update that goes up the slope of a squared or logistic loss."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from . import meaning as m
from .finding import Slip
from .reading import Script

RATES = ("lr", "rate", "learning_rate", "alpha", "eta", "step", "step_size")
GRADIENT = re.compile(r"grad|slope|deriv|^d_?[wb]\d?$|^g(_|$)|mean|sum|dot|\.T\b", re.I)


def wrong_sign(script: Script) -> Iterator[Slip]:
    """w += rate * g, where g is the slope of the loss."""
    target: ast.expr
    for node in script.nodes:
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
            target, change, up = node.target, node.value, isinstance(node.op, ast.Add)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp) and _itself(node):
            target, change, up = node.targets[0], node.value.right, isinstance(node.value.op, ast.Add)
        else:
            continue
        weight = target.value if isinstance(target, ast.Attribute) and target.attr == "data" else target
        name = script.key(weight)
        gradient = _gradient(script, change) if name and script.loops(node) else None
        if gradient is None:
            continue
        if m.reads_gradient(gradient):
            sign = _descended(script, gradient, name)
        elif GRADIENT.search(script.source(gradient)):
            sign = slope(script, gradient, name)
        else:
            continue  # x += 0.01 * (a*x - y) may be a step of time as well
        if sign is None or (sign > 0) != up:
            continue
        operator = "-" if up else "+"
        new = f"{script.source(target)} {operator}= {script.source(change)}"
        numbers = {"name": name, "gradient": script.source(gradient), "operator": "+" if up else "−"}
        yield Slip(node, numbers, script.rewritten(node, new), "wrong_sign" if up else "wrong_sign_negative")


def _itself(node: ast.Assign) -> bool:
    """w = w + …"""
    value = node.value
    same = isinstance(value, ast.BinOp) and ast.unparse(value.left) == ast.unparse(node.targets[0])
    return same and isinstance(value.op, ast.Add | ast.Sub)


def _gradient(script: Script, change: ast.AST) -> ast.AST | None:
    """g of rate * g: the rate is a positive number, or has the name of one."""
    if not isinstance(change, ast.BinOp) or not isinstance(change.op, ast.Mult):
        return None
    for rate, rest in ((change.left, change.right), (change.right, change.left)):
        value = script.resolve(rate)
        positive = (
            isinstance(value, ast.Constant) and isinstance(value.value, int | float) and value.value > 0
        )
        if positive and (rate is not value or value.value < 1 or isinstance(rate, ast.Constant)):
            return rest
        if script.key(rate).removeprefix("self.") in RATES and not isinstance(value, ast.UnaryOp):
            return rest
    return None


def _descended(script: Script, gradient: ast.AST, name: str) -> int | None:
    """+1 for w.grad itself, where what was sent backward is a loss that grows with the residual."""
    text = ast.unparse(gradient)
    if text not in (f"{name}.grad", f"{name}.grad.data", f"{name}.data.grad"):
        return None
    for call in m.backwards(script):
        value = script.resolve(call.func.value)
        if not isinstance(value, ast.Call) and not isinstance(value, ast.BinOp):
            return None
        losses = [loss for loss in m.loss_calls(script) if loss.node is value]
        function = script.function(value) if isinstance(value, ast.Call) else None
        bodies = [*m.returned(function)] if function else [value]
        if not losses and not all(_square(script, body) for body in bodies):
            return None
    return 1 if m.backwards(script) and _learned(script, name) else None


def _learned(script: Script, name: str) -> bool:
    """A weight, made by the script to be learned: begun at a number or drawn, and no picture or attack."""
    made = [b.value for (_, key), bound in script.bindings.items() if key == name for b in bound]
    started = [
        v for v in made if isinstance(v, ast.Call) and any(k.arg == "requires_grad" for k in v.keywords)
    ]
    filled = ("tensor", "zeros", "ones", "randn", "rand", "Tensor", "normal")
    return bool(started) and all(script.path(v.func).rpartition(".")[2] in filled for v in started)


def _square(script: Script, node: ast.AST) -> bool:
    """(z − y)**2, its sum or its mean; nothing negated."""
    value = script.resolve(node)
    if isinstance(value, ast.Call):
        inner = (
            value.func.value
            if isinstance(value.func, ast.Attribute) and not script.path(value.func)
            else None
        )
        part = inner if inner is not None else (value.args[0] if value.args else None)
        name = value.func.attr if isinstance(value.func, ast.Attribute) else ""
        if name in ("pow", "square") and part is not None:
            return isinstance(script.resolve(part), ast.BinOp)
        return name in ("mean", "sum") and part is not None and _square(script, part)
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Pow):
        return ast.unparse(value.right) == "2" and _difference(script.resolve(value.left))
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult):
        return ast.unparse(value.left) == ast.unparse(value.right) and _difference(script.resolve(value.left))
    return isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div) and _square(script, value.left)


def _difference(value: ast.AST) -> bool:
    return isinstance(value, ast.BinOp) and isinstance(value.op, ast.Sub)


def slope(script: Script, node: ast.AST, name: str, depth: int = 0) -> int | None:
    """+1 where the expression is x·(z(w) − y), −1 where it is x·(y − z(w)), None where it is neither.

    Factors that do not hold w are taken for the chain rule's own x, which has the sign that z gives it.
    """
    if depth > 12:
        return None
    again = lambda part: slope(script, part, name, depth + 1)
    match node:
        case ast.UnaryOp(op=ast.USub()):
            sign = again(node.operand)
            return -sign if sign else None
        case ast.BinOp(op=ast.Sub()):
            left, right = (script.depends(side, {name}) for side in (node.left, node.right))
            plain = not any(isinstance(n, ast.USub) for n in ast.walk(node))
            return (1 if left else -1) if left != right and plain else None
        case ast.BinOp(op=ast.Mult() | ast.MatMult() | ast.Div()):
            sides = [side for side in (node.left, node.right) if script.depends(side, {name})]
            if len(sides) != 1 or (isinstance(node.op, ast.Div) and sides[0] is node.right):
                return None
            other = script.resolve(node.right if sides[0] is node.left else node.left)
            sign, flipped = again(sides[0]), _negative(other)
            return None if sign is None or flipped is None else -sign if flipped else sign
        case ast.Call():
            return _of_call(script, node, name, depth)
        case ast.Name():
            return _of_name(script, node, name, depth)
        case ast.Attribute(attr="T"):
            return again(node.value)
    return None


def _negative(node: ast.AST) -> bool | None:
    """Of a factor: whether it is negated; None where that is not told."""
    inside = list(ast.walk(node))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return True if isinstance(node.operand, ast.Constant) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        left, right = _negative(node.left), _negative(node.right)
        return None if left is None or right is None else left != right
    return None if any(isinstance(n, ast.USub | ast.Sub) for n in inside) else False


def _of_call(script: Script, call: ast.Call, name: str, depth: int) -> int | None:
    """np.mean(…), (…).sum(), X.T.dot(…), gradient(…)"""
    function = script.function(call)
    if function is not None:
        results = m.returned(function)
        given = [a.arg for a, value in zip(function.args.args, call.args) if script.key(value) == name]
        inner = given[0] if given else name
        return slope(script, results[0], inner, depth + 1) if len(results) == 1 else None
    attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if attribute in ("mean", "sum", "dot", "item", "matmul", "float", "inner"):
        parts = [*call.args] if script.path(call.func) else [call.func.value, *call.args]
        told = [part for part in parts if script.depends(part, {name})]
        others = [_negative(script.resolve(part)) for part in parts if part not in told]
        axes = attribute in ("mean", "sum")
        if len(told) == 1 and (axes or not any(flipped or flipped is None for flipped in others)):
            return slope(script, told[0], name, depth + 1)
    return None


def _of_name(script: Script, node: ast.Name, name: str, depth: int) -> int | None:
    """A name: what it was assigned from, or all that was added to it, or (where it is w) nothing."""
    bound = script.bound(node)
    binding = script.definition(node)
    if binding is not None and binding.kind == "assign" and binding.value is not None:
        found = slope(script, binding.value, name, depth + 1)
        if found is not None:
            return found
    added = [b for b in bound if isinstance(b.node, ast.AugAssign) and isinstance(b.node.op, ast.Add)]
    divided = [b for b in bound if isinstance(b.node, ast.AugAssign) and isinstance(b.node.op, ast.Div)]
    begun = [b for b in bound if b.kind == "assign"]
    if not added or len(added) + len(divided) + len(begun) != len(bound):
        return None
    signs = {slope(script, b.value, name, depth + 1) for b in added if b.value is not None}
    return signs.pop() if len(signs) == 1 else None


RULES = {"wrong_sign": wrong_sign}

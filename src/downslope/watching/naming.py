"""Expressions of a script, taken apart: terms of a sum, factors of a product, names of what is moved."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from ..insight.scripts.script import Script


def signed(node: ast.expr, sign: int = 1) -> list[tuple[int, ast.expr]]:
    """a − b + c as [(1, a), (−1, b), (1, c)]."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        right = sign if isinstance(node.op, ast.Add) else -sign
        return [*signed(node.left, sign), *signed(node.right, right)]
    negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    if negative and not isinstance(node.operand, ast.Constant):
        return signed(node.operand, -sign)
    return [(sign, node)]


def matrix_product(left: ast.expr, right: ast.expr) -> ast.expr:
    """A @ B of (rate·A) @ B: it does not stand in the script, its two sides do."""
    made: Any = ast.BinOp(left, ast.MatMult(), right)
    made.made = True
    return made


def is_made(node: ast.expr) -> bool:
    return getattr(node, "made", False)


def product(node: ast.expr) -> tuple[list[ast.expr], list[ast.expr]]:
    """a·b/c as ([a, b], [c])."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        factors, divisors = product(node.left)
        more, less = product(node.right)
        more, less = (more, less) if isinstance(node.op, ast.Mult) else (less, more)
        return [*factors, *more], [*divisors, *less]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult) and isinstance(node.left, ast.BinOp):
        factors, divisors = product(node.left)
        if len(factors) > 1:
            return [*factors[:-1], matrix_product(factors[-1], node.right)], divisors
    return [node], []


def signs(factors: list[ast.expr]) -> tuple[int, list[ast.expr]]:
    """The sign of a product, and its factors without their minus."""
    sign, kept = 1, []
    for factor in factors:
        if isinstance(factor, ast.UnaryOp) and isinstance(factor.op, ast.USub):
            sign, factor = -sign, factor.operand
        if not (isinstance(factor, ast.Constant) and factor.value in (1, 1.0)) or len(factors) == 1:
            kept.append(factor)
    return sign, kept


def loops_over(script: Script, node: ast.AST, target: ast.expr) -> list[Any]:
    """The loops around an update that go through the weights: their variable stands in the target."""
    names = {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
    found = []
    for loop in script.loops(node):
        if not names & target_names(loop):
            break
        found.append(loop)
    return found


def weight_name(script: Script, target: ast.expr, each: list[Any]) -> str:
    """w of w[j], params of params[k], p of p.data; params of the p in zip(params, grads)."""
    node: Any = target
    while isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr == "data"):
        node = node.value
    if each and isinstance(node, ast.Name) and node.id in target_names(each[0]):
        over = iterated(script, node)
        return ast.unparse(over[0]) if over else node.id
    return ast.unparse(node)


def iterated(script: Script, node: ast.expr) -> list[ast.expr]:
    """What a loop's variable goes through: params of p, in for p, g in zip(params, grads)."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    if not isinstance(node, ast.Name):
        return []
    for loop in script.loops(node):
        if isinstance(loop, ast.For):
            found = [each for name, each in paired(loop.target, loop.iter) if name.id == node.id]
            if found:
                return found
    return []


def paired(target: ast.expr, over: ast.expr) -> Iterator[tuple[ast.Name, ast.expr]]:
    """(name, what it goes through) of for a, b in zip(x, y) and for i, (a, b) in enumerate(zip(x, y))."""
    called = ast.unparse(over.func) if isinstance(over, ast.Call) else ""
    if isinstance(target, ast.Name):
        yield target, over
    elif isinstance(target, ast.Tuple) and called == "zip" and len(over.args) == len(target.elts):
        for part, each in zip(target.elts, over.args):
            yield from paired(part, each)
    elif isinstance(target, ast.Tuple) and called == "enumerate" and len(target.elts) == 2 and over.args:
        yield from paired(target.elts[1], over.args[0])
    elif isinstance(target, ast.Tuple) and called.endswith(".items") and len(target.elts) == 2:
        yield from paired(target.elts[1], over.func.value)


def pairs(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    """(target, value) of an assignment, of each part where both sides are tuples."""
    for target in node.targets:
        both = isinstance(target, ast.Tuple | ast.List) and isinstance(node.value, ast.Tuple | ast.List)
        if both and len(target.elts) == len(node.value.elts):
            yield from zip(target.elts, node.value.elts)
        else:
            yield from ((part, node.value) for part in flat(target))


def flat(target: ast.expr) -> list[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        return [each for part in target.elts for each in flat(part)]
    return [target.value if isinstance(target, ast.Starred) else target]


def target_names(loop: Any) -> set[str]:
    target = getattr(loop, "target", None)
    return {n.id for n in ast.walk(target) if isinstance(n, ast.Name)} if target is not None else set()


def reads(script: Script, node: ast.AST, name: str) -> bool:
    return any(script.key(part) == name for part in ast.walk(node)) if name else False


def key(script: Script, node: ast.expr) -> str:
    """w of w[0] and of w.data; self.w of self.w[0]."""
    while isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr == "data"):
        node = node.value
    return script.key(node) or (ast.unparse(node) if isinstance(node, ast.Attribute) else "")


def base_name(text: str) -> str:
    return text.partition("[")[0]


def last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Call | ast.Subscript):
        return last_name(node.func if isinstance(node, ast.Call) else node.value)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def root_name(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def imported(script: Script, node: ast.expr) -> bool:
    return root_name(node) in script.imports


def load(node: ast.expr) -> ast.expr:
    """The same place, to be read."""
    return ast.parse(ast.unparse(node), mode="eval").body

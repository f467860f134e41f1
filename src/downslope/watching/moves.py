"""The statements of a script that move a weight, with the parts of each: weight, gradient, rate."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..insight.scripts.script import Script, is_method
from .naming import (
    flat,
    iterated,
    key,
    last_name,
    load,
    loops_over,
    paired,
    pairs,
    product,
    reads,
    signed,
    signs,
    target_names,
    weight_name,
)

RATE = re.compile(
    r"(^|_|\.)(lr\d*|rate|alpha|eta|epsilon|learning|learn|gamma|stepsize)(_|$)|step_?size|学习率|步长", re.I
)
GRADIENT = re.compile(
    r"grad|slope|deriv|^d_?[wbxyzmckθ]\d*$|^d_?(theta|weights?|bias|cost|loss)|^g\d*$|梯度|斜率|导数", re.I
)


@dataclass
class Term:
    """sign · Π factors / Π divisors: a part of the gradient, without the rate."""

    sign: int
    factors: list[ast.expr] = field(default_factory=list)
    divisors: list[ast.expr] = field(default_factory=list)


@dataclass
class Site:
    """One statement that moves a weight: `after` is read behind it, `before` in front of it."""

    statement: Any
    weight: str  # as it is named to the user
    before: ast.expr | None  # the weight as the statement reads it
    after: ast.expr | None  # None: the value that is assigned, `value`
    value: ast.expr | None = None
    terms: list[Term] = field(default_factory=list)
    rate: list[ast.expr] = field(default_factory=list)
    rate_divisors: list[ast.expr] = field(default_factory=list)
    each: list[Any] = field(default_factory=list)  # loops over the weights themselves, the outermost last
    method: str = "GD"
    late: bool = False  # gradient and rate are names given by the user, read behind the statement

    @property
    def outer(self) -> Any:
        """The statement behind which this weight is moved in whole."""
        return self.each[-1] if self.each else self.statement


# ---- the statements that move a weight -------------------------------------------------------------


def sites(script: Script) -> Iterator[Site]:
    for node in script.nodes:
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
            sign = 1 if isinstance(node.op, ast.Sub) else -1
            changes = [(sign * s, part) for s, part in signed(node.value)]
            yield from _site(script, node, node.target, load(node.target), changes)
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
                if len(target.elts) == len(value.elts):
                    for part, expression in zip(target.elts, value.elts):
                        yield from _assigned(script, node, part, expression)
            else:
                yield from _assigned(script, node, target, value)
        elif isinstance(node, ast.Expr) and is_method(node.value, "append") and len(node.value.args) == 1:
            yield from _appended(script, node)
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.BinOp):
            yield from _returned(script, node)


def _assigned(script: Script, node: ast.Assign, target: ast.expr, value: ast.expr) -> Iterator[Site]:
    """w = w − rate·g, w[j] = wj − rate·g, new = w − rate·g, w = [wi − rate·gi for wi, gi in zip(w, g)]."""
    made = isinstance(value, ast.Call) and ast.unparse(value.func).endswith(("array", "list", "asarray"))
    value = value.args[0] if made and value.args else value
    if isinstance(value, ast.ListComp) and len(value.generators) == 1:
        yield from _comprehended(script, node, target, value)
        return
    parts = signed(value)
    if len(parts) < 2:
        return
    wanted = ast.unparse(target)
    own = [part for sign, part in parts if sign == 1 and ast.unparse(part) == wanted]
    if len(own) == 1:
        changes = [(-sign, part) for sign, part in parts if part is not own[0]]
        yield from _site(script, node, target, own[0], changes)
        return
    for sign, part in parts:  # another name of the same weight
        if sign == 1 and isinstance(part, ast.Name | ast.Attribute | ast.Subscript):
            weight = _same_weight(script, node, target, part)
            if weight:
                changes = [(-s, other) for s, other in parts if other is not part]
                for site in _site(script, node, target, part, changes):
                    site.weight, site.value, site.after = weight, value, None
                    if isinstance(target, ast.Subscript) and isinstance(part, ast.Subscript):
                        site.each = []  # a row of a history: the loop goes through updates
                    yield site
                return


def _appended(script: Script, node: ast.Expr) -> Iterator[Site]:
    """xs.append(xs[i] − rate·g): a list of all weights there were."""
    base, value = node.value.func.value, node.value.args[0]
    parts = signed(value)
    for sign, part in parts:
        if sign == 1 and isinstance(part, ast.Subscript) and ast.unparse(part.value) == ast.unparse(base):
            changes = [(-s, other) for s, other in parts if other is not part]
            for site in _site(script, node, part, part, changes):
                site.value, site.after, site.each = value, None, []
                yield site
            return


def _same_weight(script: Script, node: ast.Assign, target: ast.expr, part: ast.expr) -> str:
    """The weight's name where the statement writes it under another one: a copy, an item, a history."""
    if isinstance(target, ast.Subscript):
        base = ast.unparse(target.value)
        if isinstance(part, ast.Subscript) and ast.unparse(part.value) == base:
            return base
        return base if base in map(ast.unparse, iterated(script, part)) else ""
    if isinstance(target, ast.Name) and isinstance(part, ast.Name):
        for loop in script.loops(node)[:2]:
            for other in ast.walk(loop):
                if isinstance(other, ast.Assign):
                    for to, value in pairs(other):
                        if ast.unparse(to) == part.id and ast.unparse(value) == target.id:
                            return part.id
    return ""


def _comprehended(script: Script, node: ast.Assign, target: ast.expr, value: ast.ListComp) -> Iterator[Site]:
    generator = value.generators[0]
    names = {name.id: each for name, each in paired(generator.target, generator.iter)}
    parts = signed(value.elt)
    wanted = ast.unparse(target)
    for sign, part in parts:
        own = names.get(part.id) if isinstance(part, ast.Name) else None
        indexed = isinstance(part, ast.Subscript) and ast.unparse(part.value) == wanted
        if sign == 1 and (indexed or (own is not None and ast.unparse(own) == wanted)):
            changes = [(-s, other) for s, other in parts if other is not part]
            for site in _site(script, node, target, load(target), changes):
                for term in site.terms:
                    factors = term.factors
                    term.factors = [names.get(f.id, f) if isinstance(f, ast.Name) else f for f in factors]
                yield site
            return


def _returned(script: Script, node: ast.Return) -> Iterator[Site]:
    """return w − rate·g, in a function that is called as w = step(w, …)."""
    function = script.scope(node)
    if not isinstance(function, ast.FunctionDef):
        return
    parts = signed(node.value) if node.value is not None else []
    arguments = [a.arg for a in function.args.args]
    for sign, part in parts:
        if sign != 1 or not (isinstance(part, ast.Name) and part.id in arguments):
            continue
        place = arguments.index(part.id)
        for call in script.callers(function):
            up = script.parent.get(call)
            given = call.args[place] if place < len(call.args) and isinstance(up, ast.Assign) else None
            if given is not None and ast.unparse(up.targets[0]) == ast.unparse(given):
                changes = [(-s, other) for s, other in parts if other is not part]
                for site in _site(script, node, part, part, changes):
                    site.weight, site.value, site.after = ast.unparse(given), node.value, None
                    yield site
                return


def _site(script: Script, node: Any, target: ast.expr, before: ast.expr, changes: list) -> Iterator[Site]:
    """A site, where the change is a product with a rate or is named a gradient, and depends on the weight."""
    again = script.loops(node) or isinstance(script.scope(node), ast.FunctionDef)
    if not again or not isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        return
    each = loops_over(script, node, target)
    site = Site(node, weight_name(script, target, each), before, load(target), each=each)
    rated = graded = False
    for sign, change in changes:
        term = Term(sign)
        factors, divisors = product(_resolved(script, change))
        own_sign, factors = signs(factors)
        term.sign *= own_sign
        rates: list[ast.expr] = [f for f in factors if _is_rate(script, f)]
        if not rates:
            rates += [f for f in factors if isinstance(f, ast.Constant) and isinstance(f.value, float)][:1]
        kept = [f for f in factors if f not in rates]
        for divisor in divisors:
            text = ast.unparse(divisor)
            if "sqrt" in text or "** 0.5" in text:
                site.method = "adaptive"
            elif not rates or not _counts(script, divisor, node):
                term.divisors.append(divisor)
            elif not site.rate:
                site.rate_divisors.append(divisor)
        if len(kept) == 1 and isinstance(kept[0], ast.Name):
            kept, term.divisors, method = _behind_state(script, kept[0], term.divisors)
            site.method = method if method != "GD" and site.method == "GD" else site.method
        term.factors = kept
        if rates and not site.rate:
            site.rate = rates
        rated = rated or bool(rates)
        graded = graded or any(GRADIENT.search(last_name(f)) for f in kept)
        site.terms.append(term)
    names = {key(script, target)} | {key(script, part) for part in iterated(script, target)}
    names = {name for name in names if name}
    feedback = any(script.depends(change, names) for _, change in changes) if names else False
    named = any(_is_rate(script, f) for f in site.rate)
    if (feedback and (rated or graded)) or (graded and named):
        yield site


def asked_sites(script: Script, asked: dict[str, str]) -> Iterator[Site]:
    """Each statement in a loop that binds a name which the user calls a weight."""
    weights = [name.strip() for name in asked["weights"].split(",")]
    gradients = [name.strip() for name in asked.get("gradient", "").split(",") if name.strip()]
    rate = [_parsed(asked["rate"])] if "rate" in asked else []
    for node in script.nodes:
        if not isinstance(node, ast.Assign | ast.AugAssign) or not script.loops(node):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in [part for group in targets for part in flat(group)]:
            names = [name for name in (ast.unparse(target), key(script, target)) if name in weights]
            if names:
                place = weights.index(names[0])
                terms = [Term(1, [_parsed(gradients[place])])] if place < len(gradients) else []
                augmented = isinstance(node, ast.AugAssign)
                known = augmented or any(ast.unparse(n) == names[0] for n in ast.walk(node.value))
                before = load(target) if known else None
                each = loops_over(script, node, target)
                yield Site(node, names[0], before, load(target), None, terms, rate, [], each, "GD", True)


def _parsed(name: str) -> ast.expr:
    return ast.parse(name.strip(), mode="eval").body


def weights_alone(script: Script, sites: list[Site]) -> list[Site]:
    """Without the state of a method: the v of w −= v, and what only follows the weights."""
    states = set()
    for site in sites:
        for change in _changes(site):
            for part in product(change)[0]:
                text = ast.unparse(part)
                states |= {other.weight for other in sites if other.weight == text and other is not site}
    left = [site for site in sites if site.weight not in states]
    for site in left:
        texts = {ast.unparse(part) for change in _changes(site) for part in product(change)[0]}
        if texts & states:
            site.method = "momentum" if site.method == "GD" else site.method
    return left or sites


def _changes(site: Site) -> list[ast.expr]:
    node = site.statement
    if isinstance(node, ast.AugAssign):
        return [part for _, part in signed(node.value)]
    value = site.value or getattr(node, "value", None)
    return [part for _, part in signed(value)] if value is not None else []


# ---- parts of an update ----------------------------------------------------------------------------


def _resolved(script: Script, change: ast.expr) -> ast.expr:
    """The product behind a name that is bound once, in the same loop: step = rate·g; w −= step."""
    for _ in range(3):
        bound = script.bound(change) if isinstance(change, ast.Name) else []
        if len(bound) != 1 or bound[0].kind != "assign" or not isinstance(bound[0].value, ast.BinOp):
            return change
        factors, _ = product(bound[0].value)
        rated = any(_is_rate(script, f) for f in factors)
        constant = any(isinstance(f, ast.Constant) and isinstance(f.value, float) for f in factors)
        graded = any(GRADIENT.search(last_name(f)) for f in factors)
        if len(factors) < 2 or not (rated or (constant and graded)):
            return change
        change = bound[0].value
    return change


def _behind_state(script: Script, name: ast.Name, divisors: list) -> tuple[list, list, str]:
    """The raw gradient behind v = β·v + g and m_hat = m / (1 − β**t): (factors, divisors, method)."""
    method, node = "GD", name
    for _ in range(4):
        bound = [b for b in script.bound(node) if b.value is not None and script.loops(b.node)]
        if len(bound) != 1 or bound[0].kind not in ("assign", "augment"):
            break
        value: Any = bound[0].value
        parts = signed(value)
        own = [part for _, part in parts if reads(script, part, node.id)]
        others = [part for _, part in parts if not reads(script, part, node.id)]
        if own and len(others) == 1 and len(parts) == 2:
            method = "momentum"
            factors, less = product(others[0])
            _, factors = signs(factors)
            factors = [f for f in factors if not isinstance(f, ast.Constant) and not _is_rate(script, f)]
            fades = lambda f: re.search("beta|mom|mu|rho|decay", ast.unparse(f))
            factors = [f for f in factors if GRADIENT.search(last_name(f)) or not fades(f)]
            if not factors:
                break
            if len(factors) > 1 or not isinstance(factors[0], ast.Name):
                return factors, less, method
            node, divisors = factors[0], less
            continue
        top, under = product(value)
        bias = [part for part in under if "**" in ast.unparse(part) or "pow" in ast.unparse(part)]
        if len(top) == 1 and isinstance(top[0], ast.Name) and bias:
            node, method = top[0], "momentum"
            continue
        break
    return [node], divisors, method


def _is_rate(script: Script, node: ast.expr) -> bool:
    """Whether a factor is the rate: its name says so; a call or a sum of it counts too."""
    if isinstance(node, ast.Constant):
        return False
    if isinstance(node, ast.Name | ast.Attribute):
        return bool(RATE.search(last_name(node)))
    if isinstance(node, ast.Subscript):
        return bool(RATE.search(last_name(node.value)))
    if isinstance(node, ast.Call):
        return bool(RATE.search(last_name(node.func)))
    if isinstance(node, ast.BinOp):
        return any(_is_rate(script, part) for part in (node.left, node.right))
    return False


def _counts(script: Script, divisor: ast.expr, node: ast.AST) -> bool:
    """Whether a divisor grows with the loop (1 + decay·epoch), and belongs to the rate."""
    counters = {name for loop in script.loops(node) for name in target_names(loop)}
    return any(isinstance(n, ast.Name) and n.id in counters for n in ast.walk(divisor))

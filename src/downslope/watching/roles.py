"""Which loops of a script train by hand, and what each of their parts is: weights, gradient, rate, loss.

Read from the text, before the script runs: `loops(script)` finds the training loops by hand. Values are
recorded while it runs (`points.py`); nothing of the script is evaluated here.
"""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..insight.scripts.script import LOOPS, Script, is_method
from ..insight.scripts.values import words
from .moves import GRADIENT, Site, asked_sites, sites, weights_alone
from .naming import base_name, flat, imported, key, last_name, pairs, reads, root_name, target_names

LOSS = re.compile(r"loss|cost|mse|rmse|mae|objective|^J$|(^|_)sse(_|$)|损失|代价|误差|目标", re.I)
HISTORY = re.compile(r"hist|curve", re.I)
ERROR = re.compile(r"err|risk|^f$|^F$|^func|^function$|^value$", re.I)
REDUCED = re.compile(r"\b(sum|mean|square|abs|norm|average|dot)\b|\*\*")
VARIES = re.compile(r"rand|shuffle|choice|perm|sample|next|batch|pop|integers|draw", re.I)
PURE = words("np numpy math jnp len sum zip range enumerate abs min max float int list tuple dict map")


@dataclass
class HandLoop:
    """A training loop by hand."""

    sites: list[Site]
    loop: Any  # the innermost loop that makes updates
    done: Any  # the statement behind which an update is complete
    function: str = ""
    per_row: bool = False  # the gradient reads the loop's own variable: rows or batches
    full_batch: bool | None = None
    loss: ast.expr | None = None
    loss_text: str = ""
    loss_after: bool = False
    loss_reads: list[Any] = field(default_factory=list)  # statements that bind the name given as the loss
    resets: bool = False  # a loop around it begins again with other weights

    @property
    def weights(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(site.weight for site in self.sites))


def loops(script: Script, asked: dict[str, str] | None = None) -> list[HandLoop]:
    """The training loops by hand of a script. `asked`: names of weights, gradient, loss and rate, as the user
    gives them."""
    asked = {role: name for role, name in (asked or {}).items() if name}
    found = list(asked_sites(script, asked)) if "weights" in asked else list(sites(script))
    groups: dict[Any, list[Site]] = {}
    for site in weights_alone(script, found):
        around = [loop for loop in script.loops(site.outer) if loop not in site.each]
        home = around[0] if around else _calling_loop(script, site)
        if home is not None:
            groups.setdefault((home, script.scope(site.statement)), []).append(site)
    return [_loop(script, home, group, asked) for (home, _), group in groups.items()]


def changing(script: Script) -> dict[int, list[str]]:
    """Line of each loop → the names that change in it: what the report names where no role is found."""
    found: dict[int, list[str]] = {}
    for node in script.nodes:
        if isinstance(node, LOOPS):
            names: dict[str, None] = {}
            for part in ast.walk(node):
                targets = part.targets if isinstance(part, ast.Assign) else []
                targets = [part.target] if isinstance(part, ast.AugAssign | ast.AnnAssign) else targets
                for target in targets:
                    names |= dict.fromkeys(key(script, each) for each in flat(target))
            found[node.lineno] = [name for name in names if name]
    return found


# ---- the loop around them --------------------------------------------------------------------------


def _loop(script: Script, home: Any, sites: list[Site], asked: dict[str, str]) -> HandLoop:
    sites = sorted(sites, key=lambda site: (site.statement.lineno, site.statement.col_offset))
    function = script.scope(sites[0].statement)
    found = HandLoop(sites, home, _common(script, sites), getattr(function, "name", ""))
    names = {name for loop in [home] for name in target_names(loop)}
    weights = {base_name(weight) for weight in found.weights}
    names_read, known = _reading(script, found, weights)
    found.per_row = bool(names & names_read)
    varies = found.per_row or bool(names_read & _changing_in(script, home, weights)) or "?" in names_read
    found.full_batch = False if varies else True if known else None
    if "loss" in asked:
        found.loss_text = asked["loss"]
        bound = [node for node in ast.walk(home) if _binds(script, node, asked["loss"])]
        found.loss_reads = [node for node in bound if script.scope(node) is script.scope(sites[0].statement)]
        found.loss_after = any(_is_behind(script, node, found, home) for node in found.loss_reads)
    else:
        found.loss, found.loss_text, found.loss_after = _loss(script, found, weights)
        if found.loss is None:
            _summed_loss(script, found)
    return found


def _binds(script: Script, node: Any, name: str) -> bool:
    """Whether a statement gives a name its value."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else targets
    return any(name in (ast.unparse(part), key(script, part)) for each in targets for part in flat(each))


def _common(script: Script, sites: list[Site]) -> Any:
    """The statement behind which all sites have run."""
    last = sites[-1].outer
    if len(sites) == 1:
        return last
    for up in script.above(last):
        if up in script.block:
            block = script.block[up][0]
            inside = [any(part in block for part in script.above(site.outer)) for site in sites]
            if all(inside):
                return up
    return last


def _calling_loop(script: Script, site: Site) -> Any:
    """The loop around the call of the function that a site stands in."""
    function = script.scope(site.statement)
    for _ in range(3):
        if not isinstance(function, ast.FunctionDef):
            return None
        calls = script.callers(function)
        for call in calls:
            if script.loops(call):
                return script.loops(call)[0]
        if not calls:
            return None
        function = script.scope(calls[0])
    return None


def _reading(script: Script, loop: HandLoop, weights: set[str]) -> tuple[set[str], bool]:
    """The names that the gradient is made from ("?": something random), and whether all was understood."""
    names: set[str] = set()
    known = True
    inside = set(ast.walk(loop.loop))
    terms = [term for site in loop.sites for term in site.terms]
    stack: list[Any] = [part for term in terms for part in (*term.factors, *term.divisors)]
    if not stack:
        return names, False
    seen: set[Any] = set(stack)
    indices: set[ast.AST] = set()  # of the weights themselves
    while stack and len(seen) < 400:
        for node in ast.walk(stack.pop()):
            if isinstance(node, ast.Subscript) and key(script, node) in weights:
                indices |= set(ast.walk(node.slice))
            if node in indices:
                continue
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                function = script.function(node)
                if VARIES.search(name.rpartition(".")[2]):
                    names.add("?")
                if function is not None and function not in seen:
                    seen.add(function)
                    stack += function.body
                elif (
                    function is None and root_name(node.func) not in PURE and not imported(script, node.func)
                ):
                    known = known and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS
            name_read = script.key(node)
            if not name_read or name_read in weights or not isinstance(getattr(node, "ctx", None), ast.Load):
                continue
            names.add(name_read)
            for binding in script.bound(node):
                loop_of_rows = binding.kind == "loop" and binding.node is not loop.loop
                value = binding.value if binding.kind != "loop" or loop_of_rows else None
                if value is not None and value not in seen and (binding.node in inside or loop_of_rows):
                    seen.add(value)
                    stack.append(value)
    return names, known and len(seen) < 400


METHODS = words(
    "dot sum mean T transpose reshape copy ravel flatten max min astype matmul get items values keys"
)


def _changing_in(script: Script, loop: Any, weights: set[str]) -> set[str]:
    """Names that a pass of the loop hands on to the next: counters, running sums that are not begun again."""
    assigned: set[str] = set()
    carried: set[str] = set()
    for node in ast.walk(loop):
        if isinstance(node, ast.Assign):
            for target, value in pairs(node):
                name = key(script, target)
                (carried if reads(script, value, name) else assigned).add(name)
        elif isinstance(node, ast.AugAssign):
            carried.add(key(script, node.target))
    return carried - assigned - weights


def _loss(script: Script, loop: HandLoop, weights: set[str]) -> tuple[Any, str, bool]:
    """The expression that holds the loss, its text, whether it is computed after the update."""
    around = [loop.loop, *script.loops(loop.loop)]
    order: list[tuple[int, int, Any, str, bool]] = []
    moves = {site.statement for site in loop.sites}
    for depth, outer in enumerate(around[:2]):
        for node in ast.walk(outer):
            for name, value in _valued(script, node):
                if script.statement(node) in moves or (depth and loop.loop in script.above(node)):
                    continue
                score = _likely(script, name, value, weights)
                if score:
                    after = _is_behind(script, node, loop, outer)
                    order.append((score - depth, -node.lineno, value, name, after))
    functions = {site.statement: script.scope(site.statement) for site in loop.sites}
    for function in set(functions.values()):
        if isinstance(function, ast.FunctionDef) and loop.loop not in ast.walk(function):
            for node in ast.walk(function):
                for name, value in _valued(script, node):
                    score = _likely(script, name, value, weights)
                    if score:
                        after = node.lineno > loop.sites[-1].statement.lineno
                        order.append((score, -node.lineno, value, name, after))
    if not order:
        return None, "", False
    _, _, value, name, after = max(order, key=lambda each: each[:2])
    return value, name, after


def _summed_loss(script: Script, loop: HandLoop) -> None:
    """A loss that an inner loop adds up over the rows: it is read behind that loop."""
    for node in ast.walk(loop.loop):
        added = node.target if isinstance(node, ast.AugAssign) else None
        if isinstance(added, ast.Name) and LOSS.search(added.id):
            inner = [each for each in script.loops(node) if loop.loop in script.loops(each)]
            inside = [site for site in loop.sites if inner and inner[-1] in script.above(site.statement)]
            if inner and not inside:
                loop.loss_text, loop.loss_reads = added.id, [inner[-1]]
                loop.loss_after = _is_behind(script, inner[-1], loop, loop.loop)
                return


def _valued(script: Script, node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names and the expressions that they hold; what is appended to a list, or printed, without a name."""
    if isinstance(node, ast.Assign):
        for target, value in pairs(node):
            item = isinstance(target, ast.Subscript)
            yield ast.unparse(target.value) if item else key(script, target), value
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        yield key(script, node.target), node.value
    elif is_method(node, "append") and node.args:
        if not isinstance(node.args[0], ast.Name | ast.Constant):
            yield ast.unparse(node.func.value), node.args[0]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
        for inner in (inner for part in node.args for inner in ast.walk(part)):
            if isinstance(inner, ast.Call) and not isinstance(inner.func, ast.Attribute):
                yield "", inner


def _likely(script: Script, name: str, value: ast.expr, weights: set[str]) -> int:
    """How likely an expression is the loss; 0: it is none."""
    literal = ast.List | ast.Dict | ast.Constant | ast.Name | ast.ListComp | ast.Tuple
    if isinstance(value, literal) or name in weights:
        return 0
    called = last_name(value.func) if isinstance(value, ast.Call) else ""
    if GRADIENT.search(name) or GRADIENT.search(called):
        return 0
    if not script.depends(value, weights):
        return 0
    if LOSS.search(name):
        return 6
    if LOSS.search(called):
        return 5
    if ERROR.search(called):
        return 3
    return 4 if (ERROR.search(name) or HISTORY.search(name)) and REDUCED.search(ast.unparse(value)) else 0


def _is_behind(script: Script, node: ast.AST, loop: HandLoop, outer: Any) -> bool:
    """Whether a node runs after the update of the same pass."""
    anchor = loop.done if loop.done in ast.walk(outer) else None
    if anchor is None:
        return node.lineno > loop.loop.lineno and outer is not loop.loop
    return (node.lineno, node.col_offset) > (anchor.lineno, anchor.col_offset)

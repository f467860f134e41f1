"""Mended lines: a remedy as lines of the user's own file, and what the mended script came to."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..insight.scripts import Fix
from ..messages import text
from .report import mended, number, table

if TYPE_CHECKING:
    from .seen import Seen

SHOWN = 8  # steps at which both losses are compared


@dataclass(frozen=True, eq=False)
class Fixed:
    """A script as it was and with its mended lines, both run: `before`, `seen`."""

    before: Seen
    seen: Seen
    mends: list[Fix]

    @property
    def losses(self) -> list[tuple[int, float, float]]:
        """(step, loss as it was, loss as mended) at some steps of both, spaced by powers, and the last."""
        first, second = (_losses(one) for one in (self.before, self.seen))
        common = sorted(first.keys() & second.keys())
        if not common:
            return []
        last = len(common) - 1
        places = {round(last ** (k / (SHOWN - 1))) for k in range(SHOWN)} if last else set()
        chosen = [common[place] for place in sorted({0, *places, last}) if place <= last]
        return [(step, first[step], second[step]) for step in chosen]

    def lines(self) -> list[str]:
        """The mended lines, both losses at the same steps, and the verdict on the mended run."""
        found = [text("watching.fixed")]
        for mend in self.mends:
            found += mended(mend.first, mend.last, mend.text)
        head = [text(f"watching.{name}") for name in ("column_step", "as_it_was", "as_mended")]
        rows = [[f"{step}", number(one), number(other)] for step, one, other in self.losses]
        found += table([head, *rows]) if rows else []
        verdict = self.seen.verdict
        return [*found, text("watching.report_verdict", code=verdict.code, verdict=verdict.text)]

    def to_json(self) -> dict[str, Any]:
        """{mends, verdict, sick, losses: [[step, before, after]]}"""
        from .seen import finite

        mends = [{"line": m.first, "last": m.last, "text": m.text} for m in self.mends]
        facts = {"mends": mends, "verdict": self.seen.verdict.to_json(), "sick": self.seen.sick}
        return finite({**facts, "losses": [list(row) for row in self.losses]})


def _losses(seen: Seen) -> dict[int, float]:
    """step → loss of a trace, where it is known."""
    found = {step.step: step.best_known_loss for step in seen.trace}
    return {step: loss for step, loss in found.items() if not math.isnan(loss)}


def rate_mend(source: str, loop: Any, rate: float) -> Fix | None:
    """The line that holds the learning rate of a loop, with `rate` in its place.

    A literal is replaced where it stands: in the update, in the assignment of the name, in the call that
    hands it to a function or to an optimizer. An expression without a literal is replaced in the update.
    """
    tree = parsed(source)
    if tree is None:
        return None
    node = _optimizer_rate(tree, loop) if loop.kind == "torch" else None
    node = node or _in_update(tree, loop)
    return None if node is None else replaced(source, Literals(tree).behind(node) or node, f"{rate:g}")


def epochs_mend(source: str, loop: Any, epochs: int) -> Fix | None:
    """The line with the number of epochs, in range(100) or in the name behind it, replaced by `epochs`."""
    tree = parsed(source)
    if tree is None:
        return None
    loops = [n for n in ast.walk(tree) if isinstance(n, ast.For) and range_of(n) is not None]
    around = [n for n in loops if n.lineno <= loop.update_line <= (n.end_lineno or 0)]
    if not around:
        return None
    outer = min(around, key=lambda n: n.lineno)
    call = range_of(outer)
    node = Literals(tree).behind(call.args[0 if len(call.args) == 1 else 1])
    if node is None or not isinstance(node.value, int):
        return None
    first: Any = Literals(tree).behind(call.args[0]) if len(call.args) == 2 else None
    return replaced(source, node, f"{epochs + (first.value if first is not None else 0)}")


def applied(source: str, mends: Iterable[Fix]) -> str:
    """The source with its mended lines; of two that overlap the first one is made.

    >>> applied("a\\nb\\nc", [Fix(2, 2, "B"), Fix(3, 2, "x")])
    'a\\nB\\nx\\nc'
    """
    lines = source.split("\n")
    taken: list[Fix] = []
    for mend in mends:
        apart = (mend.last < other.first or other.last < mend.first for other in taken)
        if mend not in taken and all(apart):
            taken.append(mend)
    for mend in sorted(taken, key=lambda mend: (mend.first, mend.last), reverse=True):
        lines[mend.first - 1 : mend.last] = mend.text.split("\n")
    return "\n".join(lines)


def parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def range_of(node: ast.For) -> Any:
    """The call of range that a loop goes over, inside tqdm(…) or enumerate(…) too."""
    calls = (n for n in ast.walk(node.iter) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name))
    return next((n for n in calls if n.func.id == "range" and len(n.args) in (1, 2)), None)  # type: ignore[attr-defined]


def _optimizer_rate(tree: ast.Module, loop: Any) -> ast.expr | None:
    """lr of the call that makes the optimizer: torch.optim.SGD(…, lr=0.1)."""
    kind = loop.optimizer.get("class", "")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == kind:
            named = next((keyword.value for keyword in node.keywords if keyword.arg == "lr"), None)
            if named is not None or len(node.args) > 1:
                return named if named is not None else node.args[1]
    return None


def _in_update(tree: ast.Module, loop: Any) -> ast.expr | None:
    """The rate where it stands in the line that moves the weights."""
    for node in ast.walk(tree):
        inside = isinstance(node, ast.stmt) and node.lineno == loop.update_line
        block = ast.For | ast.While | ast.If | ast.FunctionDef | ast.With | ast.ClassDef
        if inside and not isinstance(node, block):
            for part in ast.walk(node):
                if isinstance(part, ast.expr) and loop.rate and ast.unparse(part) == _canonical(loop.rate):
                    return part
    return None


def _canonical(text: str) -> str:
    try:
        return ast.unparse(ast.parse(text, mode="eval"))
    except SyntaxError:
        return text


class Literals:
    """Which number in the text an expression stands for."""

    def __init__(self, tree: ast.Module):
        self.tree = tree
        self.parent = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}

    def behind(self, node: ast.AST | None, depth: int = 8) -> ast.Constant | None:
        """The literal; None where there is none, or more than one."""
        if depth == 0 or node is None:
            return None
        match node:
            case ast.Constant(value=bool()):
                return None
            case ast.Constant(value=int() | float()):
                return node
            case ast.Name():
                return self._named(node, depth)
            case ast.Attribute():
                return self._one([n.value for n in self._assigned(ast.unparse(node))], depth)
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=key)):
                tables = [n.value for n in self._assigned(name) if isinstance(n.value, ast.Dict)]
                keys = [(k, v) for table in tables for k, v in zip(table.keys, table.values)]
                same = [v for k, v in keys if isinstance(k, ast.Constant) and k.value == key]
                return self._one(same, depth)
        return None

    def _one(self, values: list[ast.expr], depth: int) -> ast.Constant | None:
        return self.behind(values[0], depth - 1) if len(values) == 1 else None

    def _assigned(self, target: str) -> list[Any]:
        found: list[Any] = [n for n in ast.walk(self.tree) if isinstance(n, ast.Assign | ast.AnnAssign)]
        named = [(n, n.targets if isinstance(n, ast.Assign) else [n.target]) for n in found if n.value]
        return [n for n, targets in named if any(ast.unparse(part) == target for part in targets)]

    def _named(self, node: ast.Name, depth: int) -> ast.Constant | None:
        scope = self._function(node)
        while scope is not None:
            parameters = scope.args.posonlyargs + scope.args.args + scope.args.kwonlyargs
            if node.id in [parameter.arg for parameter in parameters]:
                return self._one(self._given(scope, node.id), depth)
            scope = self._function(scope)
        values = [n.value for n in self._assigned(node.id)]
        for statement in ast.walk(self.tree):
            match statement:
                case ast.Assign(targets=[ast.Tuple() as target, *_], value=ast.Tuple() as value):
                    both = zip(target.elts, value.elts)
                    values += [v for t, v in both if isinstance(t, ast.Name) and t.id == node.id]
        return self._one(values, depth)

    def _function(self, node: ast.AST) -> ast.FunctionDef | None:
        above = self.parent.get(node)
        while above is not None and not isinstance(above, ast.FunctionDef):
            above = self.parent.get(above)
        return above

    def _given(self, function: ast.FunctionDef, name: str) -> list[ast.expr]:
        """What calls hand to a parameter; its default where they hand nothing."""
        arguments = function.args.posonlyargs + function.args.args
        names = [argument.arg for argument in arguments]
        owner = self.parent.get(function)
        made = isinstance(owner, ast.ClassDef) and function.name == "__init__"
        called = owner.name if made else function.name  # type: ignore[union-attr]
        shift = 1 if isinstance(owner, ast.ClassDef) and names[:1] == ["self"] else 0
        calls = [
            n for n in ast.walk(self.tree)
            if isinstance(n, ast.Call) and ast.unparse(n.func).split(".")[-1] == called
        ]  # fmt: skip
        found: list[ast.expr] = []
        for call in calls:
            named = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
            place = names.index(name) - shift if name in names else -1
            if named is not None:
                found.append(named)
            elif 0 <= place < len(call.args):
                found.append(call.args[place])
        if found:
            return found
        defaults = dict(zip(reversed(names), reversed(function.args.defaults)))
        for argument, default in zip(function.args.kwonlyargs, function.args.kw_defaults):
            if default is not None:
                defaults[argument.arg] = default
        return [defaults[name]] if name in defaults else []


def replaced(source: str, node: ast.expr, text: str) -> Fix | None:
    """The line of an expression with `text` in its place; None where it goes over several lines."""
    if node.lineno != node.end_lineno or node.end_col_offset is None:
        return None
    line = source.split("\n")[node.lineno - 1].encode()
    mended = line[: node.col_offset] + text.encode() + line[node.end_col_offset :]
    return Fix(node.lineno, node.lineno, mended.decode())

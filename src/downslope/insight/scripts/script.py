"""A script as text and tree: what stands in what, what binds a name, how a line is rewritten."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from .finding import Fix
from .values import Lib, Tensor, Unknown

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
SCOPES = (*FUNCTIONS, ast.ClassDef, ast.Module)
LOOPS = (ast.For, ast.AsyncFor, ast.While)
DEPENDENCIES = 300  # expressions that are looked behind
Named = ast.Name | ast.Attribute


@dataclass(frozen=True, eq=False)
class Binding:
    """One place that gives a name its value. `value` is the expression, or what it is a part of."""

    name: str
    node: Any
    value: ast.expr | None = None
    kind: str = "assign"  # assign, part, augment, loop, other


class Script:
    """The tree of a script with what rules ask of it."""

    def __init__(self, text: str, tree: ast.Module):
        self.text, self.tree = text, tree
        self.lines = text.split("\n")
        self.nodes = list(ast.walk(tree))
        self.failures: list[Exception] = []
        self.parent: dict[Any, Any] = {}
        self.block: dict[Any, tuple[list, int]] = {}
        self.imports: dict[str, str] = {}
        self.stars: list[str] = []
        self.bindings: dict[tuple[ast.AST, str], list[Binding]] = defaultdict(list)
        self.named_bindings: dict[str, list[list[Binding]]] = defaultdict(list)  # one list for each scope
        for node in self.nodes:
            self.parent.update(dict.fromkeys(ast.iter_child_nodes(node), node))
            for part in ("body", "orelse", "finalbody", "handlers"):
                block = getattr(node, part, None)
                if isinstance(block, list):
                    self.block.update({statement: (block, place) for place, statement in enumerate(block)})
        for node in self.nodes:
            self._note(node)
        for (_, name), bound in self.bindings.items():
            self.named_bindings[name].append(bound)
        self.calls = [node for node in self.nodes if isinstance(node, ast.Call)]
        self.calls_of: dict[str, list[ast.Call]] = defaultdict(list)  # of a function or a class, by its name
        for call in self.calls:
            self.calls_of[self.key(call.func)].append(call)
        self.functions = [node for node in self.nodes if isinstance(node, ast.FunctionDef)]
        modules = (path.partition(".")[0] for path in (*self.imports.values(), *self.stars))
        self.torch = not {"torch", "torchvision", "d2l", "fastai"}.isdisjoint(modules)

    # ── what happens ────────────────────────────────────────────────────────────────────────────
    @cached_property
    def machine(self) -> Any:
        """The script gone through: `events` in the order of time, `complete` where that is all of it."""
        from .machine import Machine

        return Machine(self)

    @cached_property
    def _events(self) -> dict[Any, list]:
        found: dict[Any, list] = defaultdict(list)
        for event in self.machine.events:
            found[event.kind].append(event)
            for run in event.loops:
                found[id(run), event.kind].append(event)
        return found

    def events(self, *kinds: str) -> list:
        """What happens of these kinds, in the order of time."""
        return self._in_time([self._events.get(kind, []) for kind in kinds])

    def events_in(self, run: Any, *kinds: str) -> list:
        """What happens of these kinds in one going through a loop."""
        return self._in_time([self._events.get((id(run), kind), []) for kind in kinds])

    @staticmethod
    def _in_time(found: list[list]) -> list:
        merged = sorted((event for events in found for event in events), key=lambda event: event.place)
        return found[0] if len(found) == 1 else merged

    def value(self, node: ast.AST | None) -> Any:
        """What an expression held last; None where it was not met."""
        return self.machine.seen.get(node)

    def shape(self, node: ast.AST) -> tuple | None:
        found = self.value(node)
        return found.shape if isinstance(found, Tensor) else None

    def behind(self, node: Any) -> Any:
        """The expression that made what a node holds; the node where that is not known."""
        found = self.value(node)
        while isinstance(found, Tensor) and found.op in ("read", "const") and found.inputs:
            found = found.inputs[0]
        known = not isinstance(found, Unknown) and getattr(found, "op", "") not in ("unknown", "join")
        return getattr(found, "node", None) or node if known else node

    def path(self, node: ast.AST) -> str:
        """The full name of something imported: torch.nn.functional.softmax, however it was imported."""
        found = self.value(node)
        return found.path if isinstance(found, Lib) and not found.path.startswith("builtins.") else ""

    # ── names ───────────────────────────────────────────────────────────────────────────────────
    def _note(self, node: Any) -> None:
        """Put down what a node binds."""
        match node:
            case ast.Import() | ast.ImportFrom():
                self.imports.update(imported(node))
                self.stars += (getattr(node, "module", None) or "" for a in node.names if a.name == "*")
            case ast.Assign():
                for target in node.targets:
                    self._bind(target, node, node.value, "assign")
            case ast.AnnAssign(value=ast.expr()) | ast.NamedExpr():
                self._bind(node.target, node, node.value, "assign")
            case ast.AugAssign():
                self._bind(node.target, node, node.value, "augment")
            case ast.For() | ast.AsyncFor() | ast.comprehension():
                self._bind(node.target, node, node.iter, "loop")
            case ast.withitem(optional_vars=ast.expr()):
                self._bind(node.optional_vars, self.parent[node], None, "other")
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                scope = self.scope(self.parent[node])
                self.bindings[scope, node.name].append(Binding(node.name, node, None, "other"))
            case ast.arg():
                self.bindings[self.scope(node), node.arg].append(Binding(node.arg, node, None, "other"))

    def _bind(self, target: Any, node: Any, value: Any, kind: str) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            paired = kind == "assign" and isinstance(value, ast.Tuple | ast.List)
            values = value.elts if paired and len(value.elts) == len(target.elts) else None
            kind = "part" if kind == "assign" and values is None else kind
            for place, part in enumerate(target.elts):
                self._bind(part, node, values[place] if values else value, kind)
        elif key := self.key(target):
            self.bindings[self._home(target, key), key].append(Binding(key, node, value, kind))

    @staticmethod
    def key(node: ast.AST) -> str:
        """ "w" of w, "self.w" of self.w, else nothing."""
        if isinstance(node, ast.Name):
            return node.id
        own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
        return f"self.{node.attr}" if own else ""

    def _home(self, node: ast.AST, key: str) -> ast.AST:
        """The scope that a name is bound in: its function, the module where `global` says so, or a class."""
        wanted = ast.ClassDef if key.startswith("self.") else SCOPES
        for up in self.above(node):
            if isinstance(up, COMPREHENSIONS) and key in _targets(up):
                return up
            if isinstance(up, wanted):
                return self.tree if isinstance(up, FUNCTIONS) and key in _declared_global(up) else up
        return self.tree

    def bound(self, node: ast.AST) -> list[Binding]:
        """All places that bind this name, in the nearest scope that does."""
        key, inside = self.key(node), True
        for up in self.above(node) if key else ():
            skip = isinstance(up, ast.ClassDef) and not inside and not key.startswith("self.")
            if isinstance(up, (*SCOPES, *COMPREHENSIONS)) and not skip:
                inside = inside and isinstance(up, COMPREHENSIONS)
                if (up, key) in self.bindings:
                    return self.bindings[up, key]
                if isinstance(up, FUNCTIONS) and key in _declared_global(up):
                    return self.bindings.get((self.tree, key), [])
        return []

    @cached_property
    def reads(self) -> dict[str, list[Any]]:
        """Where each name is read."""
        found: dict[str, list[Any]] = defaultdict(list)
        for node in self.nodes:
            if isinstance(node, Named) and isinstance(node.ctx, ast.Load) and self.key(node):
                found[self.key(node)].append(node)
        return found

    def callers(self, function: ast.FunctionDef) -> list[ast.Call]:
        """The calls of a function of this script, by its name; of a class for its __init__."""
        owner, name = self.parent[function], function.name
        if isinstance(owner, ast.ClassDef) and name != "__init__":
            return [call for call in self.calls if is_method(call, name)]
        name = owner.name if isinstance(owner, ast.ClassDef) else name
        return self.calls_of[name]

    def depends(self, expression: ast.AST, names: set[str], seen: set | None = None) -> bool:
        """Whether the value is made from one of the names, through assignments and functions."""
        seen = set() if seen is None else seen
        for node in ast.walk(expression):
            key = self.key(node)
            if key in names:
                return True
            if len(seen) > DEPENDENCIES:
                return False
            behind: list = [binding.value for binding in self.bound(node) if binding.value] if key else []
            function = self.function(node) if isinstance(node, ast.Call) else None
            if function is not None and not names & {arg.arg for arg in function.args.args}:
                behind += function.body
            for value in behind:
                if value not in seen:
                    seen.add(value)
                    if self.depends(value, names, seen):
                        return True
        return False

    def function(self, call: ast.Call) -> ast.FunctionDef | None:
        """The function of this script that a call calls."""
        method = isinstance(call.func, ast.Attribute)
        name = call.func.attr if method else self.key(call.func)
        fits = [f for f in self._functions[name] if isinstance(self.parent[f], ast.ClassDef) == method]
        return fits[0] if len(fits) == 1 else None

    @cached_property
    def _functions(self) -> dict[str, list[ast.FunctionDef]]:
        found: dict[str, list[ast.FunctionDef]] = defaultdict(list)
        for function in self.functions:
            found[function.name].append(function)
        return found

    # ── what stands in what ─────────────────────────────────────────────────────────────────────
    def above(self, node: Any) -> Iterator[Any]:
        """The node, and what it stands in, from inside out."""
        while node is not None:
            yield node
            node = self.parent.get(node)

    def scope(self, node: ast.AST) -> Any:
        """The function, class or module that a node stands in."""
        return next(up for up in self.above(node) if isinstance(up, SCOPES))

    def statement(self, node: ast.AST) -> Any:
        """The statement that a node stands in."""
        return next(up for up in self.above(node) if isinstance(up, ast.stmt))

    def loops(self, node: ast.AST) -> list[Any]:
        """The loops around a node within its function, the innermost first."""
        found: list[Any] = []
        for up in self.above(node):
            if isinstance(up, SCOPES):
                break
            if isinstance(up, LOOPS) and up is not node:
                found.append(up)
        return found

    def same_block(self, one: ast.AST, other: ast.AST) -> tuple[Any, Any] | None:
        """The two statements around two nodes that stand in one block, the earlier first."""
        above = {id(self.block[up][0]): up for up in self.above(one) if up in self.block}
        for up in self.above(other):
            if up in self.block and id(self.block[up][0]) in above:
                pair = sorted((above[id(self.block[up][0])], up), key=lambda s: self.block[s][1])
                return (pair[0], pair[1]) if pair[0] is not pair[1] else None
        return None

    def alone(self, *statements: Any) -> bool:
        """Whether each statement has its lines for itself."""
        for statement in statements:
            block, place = self.block[statement]
            before = block[place - 1].end_lineno if place else 0
            after = block[place + 1].lineno if place + 1 < len(block) else 10**9
            first = self.lines[statement.lineno - 1][: statement.col_offset]
            if not before < statement.lineno <= statement.end_lineno < after or first.strip():
                return False
        return True

    # ── text, and text mended ───────────────────────────────────────────────────────────────────
    def source(self, node: Any) -> str:
        """The text of a node."""
        first, last = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        if first is None or last is None:
            return ast.unparse(node)
        lines = [line.encode() for line in self.lines[first - 1 : last]]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return b"\n".join(lines).decode()

    def bracketed(self, node: ast.AST) -> str:
        plain = isinstance(node, ast.Name | ast.Call | ast.Attribute | ast.Subscript)
        return self.source(node) if plain else f"({self.source(node)})"

    def indent(self, statement: Any) -> str:
        line = self.lines[statement.lineno - 1]
        return line[: len(line) - len(line.lstrip())]

    def whole_lines(self, statement: Any) -> list[str]:
        start = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])
        return self.lines[start - 1 : statement.end_lineno]

    def between(self, one: Any, other: Any) -> list[str]:
        """The lines behind one statement and before another."""
        return self.lines[one.end_lineno : other.lineno - 1]

    def replaced(self, node: Any, new: str, start: Any = None) -> Fix:
        """The lines of a node with its text replaced; `start`: from the end of that node on."""
        first, before = (start.end_lineno, start.end_col_offset) if start else (node.lineno, node.col_offset)
        head = self.lines[first - 1].encode()[:before].decode()
        tail = self.lines[node.end_lineno - 1].encode()[node.end_col_offset :].decode()
        return Fix(first, node.end_lineno, f"{head}{new}{tail}")

    def before(self, statement: Any, new: str) -> Fix:
        """A line put before a statement."""
        return Fix(statement.lineno, statement.lineno - 1, self.indent(statement) + new)

    def after(self, statement: Any, new: str) -> Fix:
        """A line put after a statement."""
        return Fix(statement.end_lineno + 1, statement.end_lineno, self.indent(statement) + new)

    def rewritten(self, statement: Any, new: str) -> Fix:
        """A statement rewritten, indented as it was."""
        return Fix(statement.lineno, statement.end_lineno, textwrap.indent(new, self.indent(statement)))

    def moved(self, one: ast.AST, other: ast.AST, first: bool = True) -> Fix | None:
        """Of two statements of one block: the first behind the second, or the second before the first."""
        pair = self.same_block(one, other)
        if pair is None or not self.alone(*pair):
            return None
        early, late = map(self.whole_lines, pair)
        rest = self.between(*pair)
        text = [*rest, *late, *early] if first else [*late, *early, *rest]
        return Fix(pair[0].lineno, pair[1].end_lineno, "\n".join(text))

    def dedented(self, node: Any) -> Fix | None:
        """A with statement taken away from around its body."""
        if len(node.items) != 1 or node.body[0].lineno == node.lineno:
            return None
        body = textwrap.dedent("\n".join(self.lines[node.body[0].lineno - 1 : node.end_lineno]))
        return Fix(node.lineno, node.end_lineno, textwrap.indent(body, self.indent(node)))

    def with_argument(self, call: ast.Call, new: str) -> Fix | None:
        """A call with one more argument, behind the others."""
        last = [*call.args, *(keyword.value for keyword in call.keywords)][-1:]
        return self.replaced(last[0], f"{self.source(last[0])}, {new}") if last else None

    def home(self, module: str, short: str) -> str:
        """How this script writes torch.nn, torch.nn.functional."""
        return next((name for name, path in self.imports.items() if path == module), short)


def imported(node: Any) -> Iterator[tuple[str, str]]:
    """(name, full name) of what an import gives, a star left out."""
    for alias in node.names:
        if isinstance(node, ast.Import):
            name = alias.asname or alias.name.partition(".")[0]
            yield name, alias.name if alias.asname else name
        elif alias.name != "*":
            yield alias.asname or alias.name, f"{'.' * node.level}{node.module or ''}.{alias.name}"


def is_method(node: Any, *names: str) -> bool:
    """A call of a method of one of these names."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names


def _targets(comprehension: Any) -> set[str]:
    names = (ast.walk(generator.target) for generator in comprehension.generators)
    return {node.id for found in names for node in found if isinstance(node, ast.Name)}


@lru_cache(maxsize=4096)
def _declared_global(function: ast.AST) -> set[str]:
    return {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}

"""A script as text: which name was assigned from what, in which scope, loop and order. Nothing is run."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from .finding import Mend

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
    node: ast.AST
    value: ast.expr | None = None
    kind: str = "assign"  # assign, part, augment, loop, parameter, other
    index: int = 0  # of a part


class Script:
    """The tree of a script with what rules ask of it. Raises SyntaxError where it is no Python."""

    def __init__(self, text: str, tree: ast.Module | None = None):
        self.text = text
        self.lines = text.split("\n")
        self.tree = ast.parse(text) if tree is None else tree
        self.nodes = list(ast.walk(self.tree))
        self.failures: list[Exception] = []
        self.parent: dict[ast.AST, ast.AST] = {}
        self.block: dict[ast.AST, tuple[list, int]] = {}
        self.imports: dict[str, str] = {}
        self.stars: list[str] = []
        self.bindings: dict[tuple[ast.AST, str], list[Binding]] = defaultdict(list)
        for node in self.nodes:
            for child in ast.iter_child_nodes(node):
                self.parent[child] = node
            for part in ("body", "orelse", "finalbody", "handlers"):
                block = getattr(node, part, None)
                if isinstance(block, list):
                    self.block.update({statement: (block, place) for place, statement in enumerate(block)})
        for node in self.nodes:
            self._note(node)
        self.calls = [node for node in self.nodes if isinstance(node, ast.Call)]
        self.functions = [node for node in self.nodes if isinstance(node, ast.FunctionDef)]
        self.named: dict[tuple[str, bool], list[ast.FunctionDef]] = defaultdict(list)
        for function in self.functions:
            self.named[function.name, isinstance(self.parent[function], ast.ClassDef)].append(function)
        self.classes = {node.name: node for node in self.nodes if isinstance(node, ast.ClassDef)}

    @cached_property
    def machine(self) -> Any:
        """The script gone through: `events` in the order of time, `complete` where that is all of it."""
        from .machine import Machine

        return Machine(self)

    def events(self, *kinds: str) -> list:
        """What happens of these kinds, in the order of time."""
        if len(kinds) == 1:
            return self._events.get(kinds[0], [])
        found = [event for kind in kinds for event in self._events.get(kind, [])]
        return sorted(found, key=lambda event: event.place)

    def events_in(self, run: Any, *kinds: str) -> list:
        """What happens of these kinds in one going through a loop."""
        found = [event for kind in kinds for event in self._by_run.get((id(run), kind), [])]
        return found if len(kinds) == 1 else sorted(found, key=lambda event: event.place)

    @cached_property
    def _by_run(self) -> dict[tuple[int, str], list]:
        found: dict[tuple[int, str], list] = defaultdict(list)
        for event in self.machine.events:
            for run in event.loops:
                found[id(run), event.kind].append(event)
        return found

    @cached_property
    def _events(self) -> dict[str, list]:
        found: dict[str, list] = defaultdict(list)
        for event in self.machine.events:
            found[event.kind].append(event)
        return found

    @cached_property
    def reads(self) -> dict[str, list[ast.AST]]:
        """Where each name is read."""
        found: dict[str, list[ast.AST]] = defaultdict(list)
        for node in self.nodes:
            if isinstance(node, Named) and isinstance(node.ctx, ast.Load) and self.key(node):
                found[self.key(node)].append(node)
        return found

    def reads_in_line(self, line: int) -> list[ast.AST]:
        """The names that are read in a line."""
        return [node for found in self.reads.values() for node in found if node.lineno == line]

    @cached_property
    def named_bindings(self) -> dict[str, list[list[Binding]]]:
        """The bindings of each name, one list for each scope."""
        found: dict[str, list[list[Binding]]] = defaultdict(list)
        for (_, key), bound in self.bindings.items():
            found[key].append(bound)
        return found

    def shape(self, node: ast.AST) -> tuple | None:
        """The shape that an expression had last, where the text tells."""
        found = self.machine.seen.get(node)
        return found.shape if found is not None else None

    @cached_property
    def torch(self) -> bool:
        """Whether PyTorch is imported."""
        modules = [*self.imports.values(), *self.stars]
        return any(path.partition(".")[0] in ("torch", "torchvision", "d2l", "fastai") for path in modules)

    # ── names ───────────────────────────────────────────────────────────────────────────────────
    def _note(self, node: ast.AST) -> None:
        """Put down what a node binds."""
        match node:
            case ast.Import():
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    self.imports[name] = alias.name if alias.asname else name
            case ast.ImportFrom():
                for alias in node.names:
                    if alias.name == "*":
                        self.stars.append(node.module or "")
                    else:
                        self.imports[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            case ast.Assign():
                for target in node.targets:
                    self._bind(target, node, node.value)
            case ast.AnnAssign(value=ast.expr()):
                self._bind(node.target, node, node.value)
            case ast.NamedExpr():
                self._bind(node.target, node, node.value)
            case ast.AugAssign():
                self._bind(node.target, node, node.value, "augment")
            case ast.For() | ast.AsyncFor():
                self._bind(node.target, node, node.iter, "loop")
            case ast.comprehension():
                self._bind(node.target, node, node.iter, "loop")
            case ast.withitem(optional_vars=ast.expr()):
                self._bind(node.optional_vars, self.parent[node], None, "other")
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                place = self.scope(self.parent[node])
                self.bindings[place, node.name].append(Binding(node.name, node, None, "other"))
            case ast.arg():
                function = self.scope(node)
                self.bindings[function, node.arg].append(Binding(node.arg, node, None, "parameter"))

    def _bind(self, target, node, value, kind: str = "assign", index: int = 0) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            paired = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
            for place, part in enumerate(target.elts):
                if paired and kind == "assign":
                    self._bind(part, node, value.elts[place])
                else:
                    self._bind(part, node, value, "part" if kind == "assign" else kind, place)
            return
        key = self.key(target)
        if key:
            self.bindings[self._home(target, key), key].append(Binding(key, node, value, kind, index))

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
                declared = isinstance(up, FUNCTIONS) and key in _declared_global(up)
                return self.tree if declared else up
        return self.tree

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """The node, and what it stands in, from inside out."""
        at: ast.AST | None = node
        while at is not None:
            yield at
            at = self.parent.get(at)

    def scope(self, node: ast.AST) -> ast.AST:
        """The function, class or module that a node stands in."""
        return next(up for up in self.above(node) if isinstance(up, SCOPES))

    def bound(self, node: ast.AST) -> list[Binding]:
        """All places that bind this name, in the nearest scope that does."""
        key = self.key(node)
        if not key:
            return []
        inside = True
        for up in self.above(node):
            skip = isinstance(up, ast.ClassDef) and not inside and not key.startswith("self.")
            if isinstance(up, (*SCOPES, *COMPREHENSIONS)) and not skip:
                inside = inside and isinstance(up, COMPREHENSIONS)
                if (up, key) in self.bindings:
                    return self.bindings[up, key]
                if isinstance(up, FUNCTIONS) and key in _declared_global(up):
                    return self.bindings.get((self.tree, key), [])
        return []

    def definition(self, node: ast.AST) -> Binding | None:
        """The one place that a name has its value from here; None where there may be several."""
        found = self.bound(node)
        if len(found) <= 1:
            return found[0] if found else None
        if all(self.scope(b.node) is not self.scope(node) for b in found):
            return None  # read in a function: any of them may have been the last
        ahead = [b for b in found if self._leads_to(b, node)]
        if not ahead:
            return None
        last = max(ahead, key=lambda b: _place(b.node))
        round_again = {loop for loop in self.above(node) if isinstance(loop, LOOPS)} - set(
            self.above(last.node)
        )
        for other in found:
            between = _place(last.node) < _place(other.node) < _place(node)
            if other is not last and (between and not self._within(node, other.node)):
                return None
            if other is not last and any(loop in round_again for loop in self.above(other.node)):
                return None
        return last

    def _leads_to(self, binding: Binding, node: ast.AST) -> bool:
        """Every way to the node goes by the binding."""
        if binding.kind == "parameter" or isinstance(binding.node, ast.comprehension):
            return True
        statement = self.statement(binding.node)
        block, place = self.block[statement]
        for up in self.above(node):
            if up in self.block and self.block[up][0] is block:
                inner = up is statement and isinstance(up, (ast.For, ast.With))
                return self.block[up][1] > place or (inner and any(b in self.above(node) for b in up.body))
        return False

    def _within(self, node: ast.AST, outer: ast.AST) -> bool:
        return outer in self.above(node)

    def resolve(self, node: ast.AST) -> ast.AST:
        """The expression behind a name, through assignments and the only call of a function."""
        for _ in range(20):
            binding = self.definition(node) if isinstance(node, Named) else None
            if binding is None:
                return node
            if binding.kind == "parameter":
                value = self.argument(binding)
            else:
                value = binding.value if binding.kind == "assign" else None
            if value is None:
                return node
            node = value
        return node

    def argument(self, binding: Binding) -> ast.expr | None:
        """What a parameter is given, where the script calls the function once."""
        function = self.scope(binding.node)
        if not isinstance(function, ast.FunctionDef):
            return None
        calls = self.callers(function)
        if len(calls) != 1 or any(isinstance(arg, ast.Starred) for arg in calls[0].args):
            return None
        names = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
        names = names[1:] if names[:1] == ["self"] else names
        given = dict(zip(names, calls[0].args))
        given.update({keyword.arg: keyword.value for keyword in calls[0].keywords if keyword.arg})
        return given.get(binding.name)

    def callers(self, function: ast.FunctionDef) -> list[ast.Call]:
        """The calls of a function of this script, by its name; of a class for its __init__."""
        owner = self.parent[function]
        if isinstance(owner, ast.ClassDef):
            if function.name == "__init__":
                return [call for call in self.calls if self.key(call.func) == owner.name]
            return [
                c for c in self.calls if isinstance(c.func, ast.Attribute) and c.func.attr == function.name
            ]
        return [call for call in self.calls if self.key(call.func) == function.name]

    def function(self, call: ast.Call) -> ast.FunctionDef | None:
        """The function of this script that a call calls."""
        method = isinstance(call.func, ast.Attribute)
        fits = self.named.get((call.func.attr if method else self.key(call.func), method), [])
        return fits[0] if len(fits) == 1 else None

    def path(self, node: ast.AST) -> str:
        """The full name of something imported: torch.nn.functional.softmax, however it was imported."""
        if isinstance(node, ast.Attribute):
            base = self.path(node.value)
            return f"{base}.{node.attr}" if base else ""
        if not isinstance(node, ast.Name):
            return ""
        bound = self.bound(node)
        if len(bound) == 1 and bound[0].kind == "assign" and isinstance(bound[0].value, Named):
            return self.path(bound[0].value)  # softmax = F.softmax
        if bound:
            return ""
        star = f"{self.stars[0]}.{node.id}" if len(self.stars) == 1 else ""
        return self.imports.get(node.id, star)

    # ── order ───────────────────────────────────────────────────────────────────────────────────
    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that a node stands in."""
        return next(up for up in self.above(node) if isinstance(up, ast.stmt))

    def loops(self, node: ast.AST) -> list[ast.AST]:
        """The loops around a node within its function, the innermost first."""
        found: list[ast.AST] = []
        for up in self.above(node):
            if isinstance(up, SCOPES):
                break
            if isinstance(up, LOOPS) and up is not node:
                found.append(up)
        return found

    def reach(self, node: ast.AST) -> list[ast.AST]:
        """All nodes inside, and inside the functions of this script that are called there."""
        seen: set[ast.AST] = set()
        waiting, nodes = [node], []
        while waiting:
            at = waiting.pop()
            seen.add(at)
            for inner in ast.walk(at):
                nodes.append(inner)
                function = self.function(inner) if isinstance(inner, ast.Call) else None
                if function is not None and function not in seen:
                    waiting.append(function)
                    seen.add(function)
        return nodes

    def depends(self, expression: ast.AST, names: set[str], seen: set | None = None) -> bool:
        """Whether the value is made from one of the names, through assignments and functions."""
        seen = set() if seen is None else seen
        for node in ast.walk(expression):
            key = self.key(node)
            if key in names:
                return True
            if len(seen) > DEPENDENCIES:
                return False
            behind: list[ast.AST] = (
                [binding.value for binding in self.bound(node) if binding.value] if key else []
            )
            function = self.function(node) if isinstance(node, ast.Call) else None
            if function is not None and not names & {arg.arg for arg in function.args.args}:
                behind += function.body
            for value in behind:
                if value not in seen:
                    seen.add(value)
                    if self.depends(value, names, seen):
                        return True
        return False

    # ── text ────────────────────────────────────────────────────────────────────────────────────
    def source(self, node: ast.AST) -> str:
        """The text of a node."""
        first, last = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        if first is None or last is None:
            return ast.unparse(node)
        lines = [line.encode() for line in self.lines[first - 1 : last]]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return b"\n".join(lines).decode()

    def indent(self, statement: ast.stmt) -> str:
        line = self.lines[statement.lineno - 1]
        return line[: len(line) - len(line.lstrip())]

    def replaced(self, node: ast.AST, new: str, start: ast.AST | None = None) -> Mend:
        """The lines of a node with its text replaced; `start`: from the end of that node on."""
        first, before = (start.end_lineno, start.end_col_offset) if start else (node.lineno, node.col_offset)
        head = self.lines[first - 1].encode()[:before].decode()
        tail = self.lines[node.end_lineno - 1].encode()[node.end_col_offset :].decode()
        return Mend(first, node.end_lineno, f"{head}{new}{tail}")

    def before(self, statement: ast.stmt, new: str) -> Mend:
        """A line put before a statement."""
        return Mend(statement.lineno, statement.lineno - 1, self.indent(statement) + new)

    def after(self, statement: ast.stmt, new: str) -> Mend:
        """A line put after a statement."""
        last = statement.end_lineno or statement.lineno
        return Mend(last + 1, last, self.indent(statement) + new)

    def rewritten(self, statement: ast.stmt, new: str) -> Mend:
        """A statement written anew, indented as it was."""
        last = statement.end_lineno or statement.lineno
        return Mend(statement.lineno, last, textwrap.indent(new, self.indent(statement)))


def _place(node: ast.AST) -> tuple[int, int]:
    return (node.lineno, node.col_offset) if hasattr(node, "lineno") else _place(node.target)


def _targets(comprehension: ast.AST) -> set[str]:
    names = (ast.walk(generator.target) for generator in comprehension.generators)
    return {node.id for found in names for node in found if isinstance(node, ast.Name)}


@lru_cache(maxsize=4096)
def _declared_global(function: ast.AST) -> set[str]:
    return {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}

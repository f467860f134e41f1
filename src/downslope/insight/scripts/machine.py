"""A script gone through as Python would, with values of which only shapes, origins and kinds are known.

Both ways of a condition are taken and joined, a loop's body is gone through twice, functions are entered
where they are called, and those that nothing calls at the end, with unknown arguments. What rules look at
stands in `events`, in the order of time. Nothing of the script is run.
"""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from . import entering, expressions, layers, objects, operations, tensors, updates
from .entering import Frame
from .script import imported
from .tensors import Call
from .values import (
    Class,
    Const,
    Function,
    Instance,
    Lib,
    Method,
    Module,
    Seq,
    Table,
    Tensor,
    Unknown,
    Value,
    agreed,
    constant,
    is_none,
    joined,
    root,
)

EVALUATIONS = 120_000


@dataclass(eq=False)
class Run:
    """One going through a loop."""

    node: Any
    over: Value | None = None
    count: int = 0  # passes so far


@dataclass(eq=False)
class Event:
    """Something that happened, where, in which loops and passes, arms of conditions, functions."""

    kind: str
    node: Any
    loops: tuple[Run, ...]
    passes: tuple[int, ...]
    arms: tuple[tuple[ast.AST, int], ...]
    recording: bool | None
    stack: tuple[Any, ...]
    facts: dict[str, Any]
    place: int

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["facts"][name]
        except KeyError:
            raise AttributeError(name) from None


class Exhausted(Exception):
    """The script is longer than is gone through."""


class Machine:
    """Goes through a script; `events` and `complete` are the result."""

    def __init__(self, script: Any):
        self.script = script
        self.events: list[Event] = []
        self.complete = True
        self.left = EVALUATIONS
        self.top = self.frame = Frame(script.tree)
        self.loops: list[Run] = []
        self.arms: list[tuple[ast.AST, int]] = []
        self.stack: list[Any] = []
        self.recording: bool | None = True
        self.silencer: ast.AST | None = None
        self.journal: list[tuple[dict, Any, Any, Any]] = []
        self.entered: set[ast.AST] = set()
        self.classes: list[Class] = []
        self.moved = updates.moved_names(script.nodes)
        self.seen: dict[ast.AST, Any] = {}  # what an expression held last
        self.seed: tuple[Any, int] | None = None
        try:
            self.body(script.tree.body)
            entering.enter_the_rest(self)
        except (Exhausted, RecursionError, MemoryError):
            self.complete = False
        except Exception as error:
            script.failures.append(error)
            self.complete = False

    # ── time and state ──────────────────────────────────────────────────────────────────────────
    def emit(self, kind: str, node: Any, **facts: Any) -> None:
        passes, place = tuple(run.count for run in self.loops), len(self.events)
        around = (tuple(self.loops), passes, tuple(self.arms), self.recording, tuple(self.stack))
        self.events.append(Event(kind, node, *around, facts, place))

    def put(self, holder: dict, key: Any, value: Any) -> None:
        """All state is written here, so that one way of a condition can be undone before the other."""
        self.journal.append((holder, key, holder.get(key), value))
        holder[key] = value

    def value(self, node: ast.AST) -> Any:
        found = self.seen[node] = expressions.value(self, node)
        return found

    def apply(self, function: Any, call: Call) -> Any:
        return expressions.apply(function, call)

    def attribute(self, owner: Any, name: str, node: ast.AST) -> Any:
        return expressions.attribute(self, owner, name, node)

    def enter(self, function: Function, args: list | None, keywords: dict[str, Any], node: ast.AST) -> Any:
        return entering.enter(self, function, args, keywords, node)

    def draw(self, node: ast.AST, keywords: dict | None = None) -> object:
        """What tells one random order from another: the same after the same seed."""
        state = constant((keywords or {}).get("random_state"))
        if state is not None:
            return ("state", state)
        if self.seed is None:
            return (node, len(self.events))
        seed, count = self.seed
        self.seed = (seed, count + 1)
        return ("seed", seed, count)

    def seeded(self, args: list) -> None:
        first = args[0] if args else None
        given = first.value if isinstance(first, Const) else id(root(first))
        self.seed = (given, 0) if args else None

    def tick(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Exhausted

    @contextmanager
    def inside(self, frame: Frame) -> Iterator[None]:
        """With the names of this frame."""
        before, self.frame = self.frame, frame
        try:
            yield
        finally:
            self.frame = before

    @contextmanager
    def silent(self, recording: bool | None, node: ast.AST) -> Iterator[None]:
        """with torch.no_grad()"""
        before = self.recording, self.silencer
        self.recording, self.silencer = recording, node if recording is not True else None
        try:
            yield
        finally:
            self.recording, self.silencer = before

    def ways(self, node: ast.AST, blocks: list[Iterable[ast.stmt]]) -> str | None:
        """Every block from the same state; afterwards what they leave, joined."""
        ends: list[str | None] = []
        changes: list[dict] = []
        for number, block in enumerate(blocks):
            mark = len(self.journal)
            self.arms.append((node, number))
            ends.append(self.body(block))
            self.arms.pop()
            left = {(id(holder), key): (holder, value) for holder, key, _, value in self.journal[mark:]}
            for holder, key, before, _ in reversed(self.journal[mark:]):
                holder[key] = before
            del self.journal[mark:]
            if ends[-1] is None:
                changes.append(left)
        if not changes:
            return ends[0] if ends else None
        holders = {place: holder for left in changes for place, (holder, _) in left.items()}
        for place, holder in holders.items():
            key = place[1]
            values = [left[place][1] if place in left else holder.get(key) for left in changes]
            value = values[0]
            for other in values[1:]:
                value = _agreed(value, other)
            self.put(holder, key, value)
        return None

    # ── statements ──────────────────────────────────────────────────────────────────────────────
    def body(self, statements: Iterable[ast.stmt]) -> str | None:
        """How a block ends: None, or by "return", "raise", "break", "continue"."""
        for statement in statements:
            self.tick()
            end = self.statement(statement)
            if end is not None:
                return end
        return None

    def statement(self, node: ast.stmt) -> str | None:
        match node:
            case ast.Expr():
                value = self.value(node.value)
                if isinstance(value, Method) and isinstance(node.value, ast.Attribute):
                    self.apply(value, Call(self, node.value))  # loss.backward without (): a slip of its own
            case ast.Assign():
                self.assign(node, node.targets, node.value)
            case ast.AnnAssign(value=ast.expr()):
                self.assign(node, [node.target], node.value)
            case ast.AugAssign():
                self.augment(node)
            case ast.For() | ast.AsyncFor() | ast.While():
                self.loop(node)
            case ast.If():
                known = self.truth(node.test)
                if known is not None:
                    return self.body(node.body if known else node.orelse)
                return self.ways(node, [node.body, node.orelse])
            case ast.With() | ast.AsyncWith():
                return self.context(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                for decorator in node.decorator_list:
                    self.value(decorator)
                made = Function(node, code=node, frame=self.frame, name=node.name)
                self.put(self.frame.names, node.name, made)
            case ast.ClassDef():
                entering.define(self, node)
            case ast.Return():
                self.frame.results.append(self.value(node.value) if node.value else Const(node, value=None))
                return "return"
            case ast.Raise() | ast.Break() | ast.Continue():
                return type(node).__name__.lower()
            case ast.Import() | ast.ImportFrom():
                for name, path in imported(node):
                    self.put(self.frame.names, name, Lib(node, path=path))
            case ast.Try() | ast.TryStar():
                end = self.body(node.body)
                if end in (None, "raise"):
                    if node.handlers:
                        self.ways(node, [[], *(handler.body for handler in node.handlers)])
                    end = self.body(node.orelse) if end is None else None
                return self.body(node.finalbody) or end
            case ast.Global() | ast.Nonlocal():
                self.frame.outer.update(node.names)
            case ast.Delete():
                for target in node.targets:
                    if isinstance(target, ast.Attribute) and target.attr == "grad":
                        self.emit("clear", node, target=self.value(target.value))
            case ast.Assert():
                self.value(node.test)
            case ast.Match():
                self.value(node.subject)
                return self.ways(node, [*(case.body for case in node.cases), []])
        return None

    def truth(self, test: ast.expr) -> bool | None:
        """Whether a condition holds, where the text is plain."""
        if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__":
            return True
        value = self.value(test)
        plain = isinstance(value, Const) and isinstance(value.value, bool | None)
        return bool(value.value) if plain else None

    def context(self, node: Any) -> str | None:
        silent: list[tuple[bool | None, ast.AST]] = []
        for item in node.items:
            value = self.value(item.context_expr)
            state = objects.recording_of(value)
            if state is not objects.NOT_ASKED:
                silent.append((state, node))
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value, node)
        if silent:
            with self.silent(*silent[-1]):
                return self.body(node.body)
        return self.body(node.body)

    def loop(self, node: Any) -> None:
        """The body, twice; once for each of the items where these are layers."""
        endless = isinstance(node, ast.While)
        run = Run(node, self.value(node.test if endless else node.iter))
        items: list[Any] = [None, None]
        if endless:
            run.over = None
        else:
            items, exact = objects.items(self, run.over, node.iter)
            if not exact:
                items = [agreed(items)] * 2 if items else []
        if len(items) == 2 and (self.left < EVALUATIONS / 2 or len(self.loops) > 4):
            items = items[:1]
        self.loops.append(run)
        for item in items[:12]:
            run.count += 1
            if item is not None:
                self.bind(node.target, item, node)
            if self.body(node.body) in ("return", "raise"):
                break
            if endless:
                self.value(node.test)
        self.loops.pop()
        self.body(node.orelse)

    # ── names ───────────────────────────────────────────────────────────────────────────────────
    def bind(self, target: Any, value: Any, node: ast.AST) -> None:
        match target:
            case ast.Name() if isinstance(self.frame.code, ast.comprehension) and not isinstance(
                node, ast.NamedExpr
            ):
                self.frame.names[target.id] = value
            case ast.Name():
                self.write(target.id, objects.labelled(value, target.id), target)
            case ast.Tuple() | ast.List():
                star = next((i for i, t in enumerate(target.elts) if isinstance(t, ast.Starred)), None)
                parts = objects.parts(self, value, len(target.elts), star)
                for part, item in zip(target.elts, parts):
                    self.bind(part.value if isinstance(part, ast.Starred) else part, item, node)
            case ast.Attribute():
                self.bind_attribute(target, value, node)
            case ast.Subscript():
                self.bind_item(target, value, node)
            case ast.Starred():
                self.bind(target.value, Unknown(target), node)

    def write(self, name: str, value: Value, node: ast.AST) -> None:
        frame: Frame = self.frame
        while isinstance(frame.code, ast.comprehension):
            frame = frame.parent or self.top
        if name in frame.outer:
            home = frame.parent
            while home is not None and name not in home.names:
                home = home.parent
            frame = home or self.top
        self.emit("bind", node, name=name, value=value)
        self.put(frame.names, name, value)

    def bind_attribute(self, target: ast.Attribute, value: Any, node: ast.AST) -> None:
        base, attr = root(self.value(target.value)), target.attr
        of_tensor = isinstance(base, Unknown) and attr in ("grad", "data")
        if isinstance(base, Tensor | Const) or of_tensor:
            if attr == "grad":
                self.emit("clear", node, target=base)
                if not is_none(value):
                    self.emit("grad_set", node, target=base)
            elif attr == "requires_grad" and isinstance(base, Tensor):
                operations.require(self, base, value, node)
        elif isinstance(base, Module | Instance | Unknown | Class):
            value = objects.labelled(value, attr)
            if attr == "training" and isinstance(value, Const) and isinstance(base, Module | Unknown):
                layers.set_mode(self, base, bool(value.value), node)
            self.emit("attr", node, owner=base, name=attr, value=value, before=base.attrs.get(attr))
            self.put(base.attrs, attr, value)

    def bind_item(self, target: ast.Subscript, value: Any, node: ast.AST) -> None:
        holder, index = self.value(target.value), self.value(target.slice)
        key = constant(index)
        self.emit("item", node, value=value)
        if isinstance(holder, Table) and isinstance(index, Const):
            self.put(holder.items, key, value)
        elif isinstance(holder, Seq | Module) and isinstance(key, int):
            if isinstance(holder, Module):
                self.emit("attr", node, owner=holder, name=str(key), value=value, before=None)
            items = holder.children if isinstance(holder, Module) else holder.items
            if -len(items) <= key < len(items):
                items[key] = value

    def assign(self, node: Any, targets: list[ast.expr], right: Any) -> None:
        value = self.value(right)
        for target in targets:
            updates.assigned(self, node, target, right, value)
            if isinstance(target, ast.Name) and isinstance(value, Function) and value.name == "<lambda>":
                value = replace(value, name=target.id)
            self.bind(target, value, node)

    def augment(self, node: ast.AugAssign) -> None:
        target, before, added = node.target, self.value(node.target), self.value(node.value)
        after = tensors.binary(self, node, node.op, before, added)
        if isinstance(node.op, ast.Add):
            self.emit("accumulate", node, total=before, added=added)
        if isinstance(node.op, ast.Add | ast.Sub):
            updates.augmented(self, node, before, added)
        if isinstance(before, Tensor) and isinstance(after, Tensor) and before.lib in ("torch", "numpy"):
            kept = {name: getattr(before, name) for name in ("leaf", "lib", "layer")}
            shape, cut = before.shape or after.shape, None if before.leaf else after.cut
            graph = after.graph or before.leaf
            after = replace(after, origin=root(before), graph=graph, shape=shape, cut=cut, **kept)
        match target:
            case ast.Name():
                self.write(target.id, after, target)
            case ast.Attribute():
                owner = root(self.value(target.value))
                if isinstance(owner, Module | Instance | Unknown):
                    self.put(owner.attrs, target.attr, after)
            case ast.Subscript():
                holder, index = self.value(target.value), self.value(target.slice)
                if isinstance(holder, Table) and isinstance(index, Const) and index.value in holder.items:
                    self.put(holder.items, index.value, after)


def _agreed(one: Any, other: Any) -> Any:
    """Of names: values joined; of states (a mode, a flag): the same, or None."""
    if isinstance(one, Value) or isinstance(other, Value):
        return joined(one, other)
    if isinstance(one, list) and isinstance(other, list):
        return one if len(one) >= len(other) else other
    return one if one == other else None

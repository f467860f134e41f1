"""A script gone through as Python would, with values of which only shapes, origins and kinds are known.

Both ways of a condition are taken and joined, a loop's body is gone through twice, functions are entered
where they are called, and those that nothing calls at the end, with unknown arguments. What rules look at
stands in `events`, in the order of time. Nothing of the script is run.
"""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from collections.abc import Iterable
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from . import entering, expressions, layers, methods, objects, tensors, updates
from .happenings import Event, Exhausted, Frame, Run, moved_names
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
    joined,
    root,
)

EVALUATIONS = 120_000


class Machine:
    """Goes through a script; `events` and `complete` are the result."""

    def __init__(self, script):
        self.script = script
        self.events: list[Event] = []
        self.complete = True
        self.left = EVALUATIONS
        self.top = Frame(script.tree)
        self.frame = self.top
        self.loops: list[Run] = []
        self.arms: list[tuple[ast.AST, int]] = []
        self.stack: list[Any] = []
        self.recording: bool | None = True
        self.silencer: ast.AST | None = None
        self.journal: list[tuple[dict, Any, Any, Any]] = []
        self.entered: set[ast.AST] = set()
        self.classes: list[Class] = []
        self.moved = moved_names(script)
        self.seen: dict[ast.AST, Tensor] = {}  # what an expression held last
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
    def tell(self, kind: str, node: ast.AST, **facts) -> None:
        passes = tuple(run.count for run in self.loops)
        place = len(self.events)
        self.events.append(
            Event(
                kind,
                node,
                tuple(self.loops),
                passes,
                tuple(self.arms),
                self.recording,
                tuple(self.stack),
                facts,
                place,
            )
        )

    def put(self, holder: dict, key: Any, value: Any) -> None:
        """All state is written here, so that one way of a condition can be undone before the other."""
        self.journal.append((holder, key, holder.get(key), value))
        holder[key] = value

    def value(self, node: ast.AST) -> Any:
        found = expressions.value(self, node)
        if isinstance(found, Tensor):
            self.seen[node] = found
        return found

    def draw(self, node: ast.AST, keywords: dict | None = None) -> object:
        """What tells one random order from another: the same after the same seed."""
        state = (keywords or {}).get("random_state")
        if isinstance(state, Const) and state.value is not None:
            return ("state", state.value)
        if self.seed is None:
            return (node, len(self.events))
        seed, count = self.seed
        self.seed = (seed, count + 1)
        return ("seed", seed, count)

    def seeded(self, args: list) -> None:
        first = args[0] if args else None
        self.seed = (
            (first.value, 0)
            if isinstance(first, Const)
            else (id(root(first)), 0)
            if first is not None
            else None
        )

    def tick(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Exhausted

    @contextmanager
    def silent(self, recording: bool | None, node: ast.AST):
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
            end = self.body(block)
            self.arms.pop()
            left: dict = {}
            for holder, key, _, value in self.journal[mark:]:
                left[id(holder), key] = (holder, value)
            for holder, key, before, _ in reversed(self.journal[mark:]):
                holder[key] = before
            del self.journal[mark:]
            ends.append(end)
            if end is None:
                changes.append(left)
        if not changes:
            return ends[0] if ends else None
        for place in {place: None for left in changes for place in left}:
            holder = next(left[place][0] for left in changes if place in left)
            key = place[1]
            values = [left[place][1] if place in left else holder.get(key) for left in changes]
            value = values[0]
            for other in values[1:]:
                value = _agreed(value, other)
            self.put(holder, key, value)
        return None

    # ── statements ──────────────────────────────────────────────────────────────────────────────
    def body(self, statements: Iterable[ast.stmt]) -> str | None:
        for statement in statements:
            self.tick()
            end = self.statement(statement)
            if end is not None:
                return end
        return None

    def statement(self, node: ast.stmt) -> str | None:
        match node:
            case ast.Expr():
                self.expression_statement(node)
            case ast.Assign():
                self.assign(node, node.targets, node.value)
            case ast.AnnAssign(value=ast.expr()):
                self.assign(node, [node.target], node.value)
            case ast.AugAssign():
                self.augment(node)
            case ast.For() | ast.AsyncFor():
                return self.loop(node)
            case ast.While():
                self.loop(node)
            case ast.If():
                return self.condition(node)
            case ast.With() | ast.AsyncWith():
                return self.context(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                for decorator in node.decorator_list:
                    self.value(decorator)
                self.put(
                    self.frame.names, node.name, Function(node, code=node, frame=self.frame, name=node.name)
                )
            case ast.ClassDef():
                entering.define(self, node)
            case ast.Return():
                self.frame.results.append(self.value(node.value) if node.value else Const(node, value=None))
                return "return"
            case ast.Raise():
                return "raise"
            case ast.Break():
                return "break"
            case ast.Continue():
                return "continue"
            case ast.Import():
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    self.put(self.frame.names, name, Lib(node, path=alias.name if alias.asname else name))
            case ast.ImportFrom():
                for alias in node.names:
                    if alias.name != "*":
                        path = f"{'.' * node.level}{node.module or ''}.{alias.name}"
                        self.put(self.frame.names, alias.asname or alias.name, Lib(node, path=path))
            case ast.Try() | ast.TryStar():
                end = self.body(node.body)
                if end in (None, "raise"):
                    blocks = [handler.body for handler in node.handlers]
                    if blocks:
                        self.ways(node, [[], *blocks])
                    end = self.body(node.orelse) if end is None else None
                return self.body(node.finalbody) or end
            case ast.Global() | ast.Nonlocal():
                self.frame.outer.update(node.names)
            case ast.Delete():
                for target in node.targets:
                    if isinstance(target, ast.Attribute) and target.attr == "grad":
                        self.tell("clear", node, target=self.value(target.value))
            case ast.Assert():
                self.value(node.test)
            case ast.Match():
                self.value(node.subject)
                return self.ways(node, [*(case.body for case in node.cases), []])
        return None

    def expression_statement(self, node: ast.Expr) -> None:
        value = self.value(node.value)
        if isinstance(value, Method) and isinstance(node.value, ast.Attribute):
            methods.call(
                self, value.owner, value.name, [], {}, node.value
            )  # loss.backward without (): a slip of its own

    def condition(self, node: ast.If) -> str | None:
        known = self.truth(node.test)
        if known is not None:
            return self.body(node.body if known else node.orelse)
        return self.ways(node, [node.body, node.orelse])

    def truth(self, test: ast.expr) -> bool | None:
        """Whether a condition holds, where the text is plain."""
        if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__":
            return True
        value = self.value(test)
        if (
            isinstance(test, ast.Compare)
            and len(test.ops) == 1
            and isinstance(test.ops[0], ast.Is | ast.IsNot)
        ):
            left, right = self.value(test.left), self.value(test.comparators[0])
            if isinstance(right, Const) and right.value is None and not isinstance(left, Unknown | Tensor):
                same = isinstance(left, Const) and left.value is None
                return same == isinstance(test.ops[0], ast.Is)
            return None
        if isinstance(value, Const) and isinstance(value.value, bool | None):
            return bool(value.value)
        return None

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

    def loop(self, node: Any) -> str | None:
        """The body, twice; once for each of the items where these are layers."""
        run = Run(node)
        items: list[Value | None] = [None, None]
        if not isinstance(node, ast.While):
            run.over = self.value(node.iter)
            found, exact = objects.items(self, run.over, node.iter)
            items = list(found) if exact else [*found, *found][:2] if len(found) == 1 else objects.two(found)
        else:
            self.value(node.test)
        if len(items) == 2 and (self.left < EVALUATIONS / 2 or len(self.loops) > 4):
            items = items[:1]
        self.tell("loop", node, run=run, over=run.over)
        self.loops.append(run)
        end = None
        for item in items[:12]:
            run.count += 1
            if item is not None:
                self.bind(node.target, item, node)
            end = self.body(node.body)
            if end in ("return", "raise"):
                break
            if isinstance(node, ast.While):
                self.value(node.test)
        self.loops.pop()
        self.body(node.orelse)
        return None

    # ── names ───────────────────────────────────────────────────────────────────────────────────
    def bind(self, target: ast.AST, value: Value, node: ast.AST) -> None:
        match target:
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

    def bind_in(self, target: ast.AST, value: Value) -> None:
        """Names of a comprehension."""
        if isinstance(target, ast.Name):
            self.frame.names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            for part, item in zip(target.elts, objects.parts(self, value, len(target.elts), None)):
                self.bind_in(part, item)

    def write(self, name: str, value: Value, node: ast.AST) -> None:
        frame = self.frame
        while isinstance(frame.code, ast.comprehension):
            frame = frame.parent or self.top
        if name in frame.outer:
            home = frame.parent
            while home is not None and name not in home.names:
                home = home.parent
            frame = home or self.top
        self.tell("bind", node, name=name, value=value)
        self.put(frame.names, name, value)

    def bind_attribute(self, target: ast.Attribute, value: Value, node: ast.AST) -> None:
        owner = self.value(target.value)
        base = root(owner)
        if isinstance(base, Tensor | Const) or (
            isinstance(base, Unknown) and target.attr in ("grad", "data")
        ):
            if target.attr == "grad":
                self.tell("clear", node, target=base)
                if not (isinstance(value, Const) and value.value is None):
                    self.tell("grad_set", node, target=base)
            elif target.attr == "data":
                updates.update(self, node, target.value, base, value, in_place=True, data=True)
            elif target.attr == "requires_grad" and isinstance(base, Tensor):
                updates.require(self, base, value, node)
            return
        if isinstance(base, Module | Instance | Unknown | Class):
            value = objects.labelled(value, target.attr)
            if target.attr == "training" and isinstance(value, Const) and isinstance(base, Module | Unknown):
                layers.set_mode(self, base, bool(value.value), node)
            self.tell("attr", node, owner=base, name=target.attr, value=value)
            self.put(base.attrs, target.attr, value)

    def bind_item(self, target: ast.Subscript, value: Value, node: ast.AST) -> None:
        holder = self.value(target.value)
        index = self.value(target.slice)
        self.tell("item", node, holder=holder, index=index, value=value)
        if isinstance(holder, Table) and isinstance(index, Const):
            with suppress(TypeError):
                self.put(holder.items, index.value, value)
        elif isinstance(holder, Seq) and isinstance(index, Const) and isinstance(index.value, int):
            if -len(holder.items) <= index.value < len(holder.items):
                holder.items[index.value] = value
        elif isinstance(holder, Module) and isinstance(index, Const) and isinstance(index.value, int):
            self.tell("attr", node, owner=holder, name=str(index.value), value=value)
            if -len(holder.children) <= index.value < len(holder.children):
                holder.children[index.value] = value

    def assign(self, node: ast.stmt, targets: list[ast.expr], right: Any) -> None:
        value = self.value(right)
        for target in targets:
            updates.watch_update(self, node, target, right, value)
            if isinstance(target, ast.Name) and isinstance(value, Function) and value.name == "<lambda>":
                value = replace(value, name=target.id)
            self.bind(target, value, node)

    def augment(self, node: ast.AugAssign) -> None:
        before = self.value(node.target)
        added = self.value(node.value)
        after = tensors.binary(self, node, node.op, before, added)
        if isinstance(node.op, ast.Add):
            self.tell("accumulate", node, total=before, added=added, target=node.target)
        if isinstance(node.op, ast.Add | ast.Sub):
            updates.update(self, node, node.target, before, after, in_place=True, change=added, op=node.op)
        if isinstance(before, Tensor) and isinstance(after, Tensor) and before.lib in ("torch", "numpy"):
            after = replace(
                after,
                origin=root(before),
                leaf=before.leaf,
                graph=after.graph or before.leaf,
                shape=before.shape or after.shape,
                lib=before.lib,
                layer=before.layer,
                cut=None if before.leaf else after.cut,
            )
        if isinstance(node.target, ast.Name):
            self.write(node.target.id, after, node.target)
        elif isinstance(node.target, ast.Attribute):
            owner = root(self.value(node.target.value))
            if isinstance(owner, Module | Instance | Unknown):
                self.put(owner.attrs, node.target.attr, after)
        else:
            holder, index = self.value(node.target.value), self.value(node.target.slice)
            if isinstance(holder, Table) and isinstance(index, Const) and index.value in holder.items:
                self.put(holder.items, index.value, after)

    def enter(self, function: Function, args: Any, keywords: dict[str, Any], node: ast.AST) -> Any:
        return entering.enter(self, function, args, keywords, node)


def _agreed(one: Any, other: Any) -> Any:
    """Of names: values joined; of states (a mode, a flag): the same, or None."""
    if isinstance(one, Value) or isinstance(other, Value):
        return joined(one, other)
    if isinstance(one, list) and isinstance(other, list):
        return one if len(one) >= len(other) else other
    return one if one == other else None

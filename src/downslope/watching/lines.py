"""A loop in a bare `with ds.watch():` block: its code is compiled already, so its lines are followed, those
that move weights by hand and those with `loss.backward()`.

Only the frame of the block is traced: by sys.monitoring from Python 3.12 on, by sys.settrace before. What has
no name there (a gradient inside an expression, a loss that is only printed) is not seen, and said so.
"""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Callable
from contextlib import suppress
from types import CodeType, FrameType
from typing import Any

from ..insight.scripts.script import FUNCTIONS, LOOPS, Script, is_method
from .instrument import by_autograd, points_of, readable
from .moves import Site
from .roles import HandLoop, loops
from .session import Session

TOOL = 4  # of sys.monitoring: neither a debugger's nor a profiler's


class LineWatcher:
    """Follows the lines of one frame, and calls the recording points of its loops."""

    def __init__(self, session: Session, frame: FrameType):
        self.session, self.frame = session, frame
        self.code = frame.f_code
        self.loops: list[_Loop] = []
        self.backwards: list[tuple[ast.stmt, CodeType, Callable]] = []
        self.previous = 0
        self.tracing: Any = None
        path = frame.f_code.co_filename
        text = "".join(linecache.getlines(path, frame.f_globals))
        try:
            script = Script(text, ast.parse(text))
        except (SyntaxError, ValueError, RecursionError):
            return
        session.read(script.nodes)
        block = _block(script, frame)
        for each in loops(script, session.roles) if block is not None else []:
            if by_autograd(each):
                continue
            if block in script.above(each.loop) and _scope_of(script, each) is _scope(script, block):
                self.loops.append(_Loop(script, each, session, path))
            elif block in script.above(each.loop):
                session.skipped.append((each.loop.lineno, "block"))
        self._find_backwards(script, block)

    def _find_backwards(self, script: Script, block: Any) -> None:
        """Where the block calls `backward` of a loss that has a name, and is computed on a line before."""
        for call in script.calls if block is not None else []:
            if not is_method(call, "backward") or block not in script.above(call):
                continue
            statement, loss = script.statement(call), call.func.value
            line, column = statement.lineno, statement.col_offset
            around = list(script.above(statement))
            alone = not any(
                isinstance(node, ast.stmt)
                and (node.end_lineno == line if node not in around else node.lineno == line)
                and node.col_offset < column
                for node in script.nodes
            )
            if _scope(script, call) is not _scope(script, block) or not (alone and _named(loss)):
                self.backwards = []
                return
            self.backwards.append((statement, _evaluator(loss), self.session.backward(call.lineno)))

    def start(self) -> None:
        """Follow the frame from its next line on."""
        if self.backwards and self.session.watcher is not None:
            self.session.watcher.unseen = self.loss
        if self.loops:
            self._follow()

    def loss(self) -> Any:
        """Of the update that is made at the moment, where no forward hook has met it: that of a function.
        From now on the lines are followed."""
        self._follow()
        for _, loss, _ in self.backwards:
            with suppress(Exception):  # it has no value yet
                return eval(loss, self.frame.f_globals, self.frame.f_locals)
        return None

    def _follow(self) -> None:
        if self.tracing is not None:
            return
        monitoring = getattr(sys, "monitoring", None)
        if monitoring is not None:
            if monitoring.get_tool(TOOL) is None:
                monitoring.use_tool_id(TOOL, "downslope")
                monitoring.register_callback(TOOL, monitoring.events.LINE, self._monitored)
                monitoring.set_local_events(TOOL, self.code, monitoring.events.LINE)
                self.tracing = monitoring
                return
        elif sys.gettrace() is None:
            self.tracing = sys
            self.frame.f_trace = self._traced
            sys.settrace(_nothing)
            return
        self.session.skipped.append((self.frame.f_lineno, "tracer"))

    def stop(self) -> None:
        """The block has ended: its last line has run."""
        if self.tracing is None:
            return
        if self.tracing is sys:
            sys.settrace(None)
            self.frame.f_trace = None
        else:
            self.tracing.set_local_events(TOOL, self.code, 0)
            self.tracing.free_tool_id(TOOL)
        self._line(self.frame, 0)
        self.tracing = None

    def _traced(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            self._line(frame, frame.f_lineno)
        return self._traced

    def _monitored(self, code: CodeType, line: int) -> Any:
        frame = sys._getframe(1)
        if frame is self.frame:
            self._line(frame, line)

    def _line(self, frame: FrameType, line: int) -> None:
        """A line is about to run; the one before has run."""
        previous, self.previous = self.previous, line
        for statement, loss, backward in self.backwards:
            first, last = statement.lineno, statement.end_lineno or statement.lineno
            if first <= line <= last and not first <= previous <= last:
                with suppress(Exception):  # the script's own error comes next
                    backward(eval(loss, frame.f_globals, frame.f_locals), frame)
        for each in self.loops:
            try:
                each.line(frame, previous, line)
            except Exception as error:  # never the script's
                each.points.dead, each.points.failure = True, error


def _nothing(frame, event, argument):
    """Other frames are not followed."""


class _Loop:
    """One loop by hand, by its lines."""

    def __init__(self, script: Script, loop: HandLoop, session: Session, path: str):
        self.loop = loop
        self.first, self.last = loop.loop.lineno, loop.loop.end_lineno
        self.points, parts = points_of(script, loop, session, path)
        session.points.append(self.points)
        self.sites: list[_Site] = []
        for place, (site, pieces) in enumerate(zip(loop.sites, parts)):
            self.sites.append(_Site(site, place, pieces, self.points))
            if not site.late:
                self.points.sites[place].names = [i for i, piece in enumerate(pieces) if _named(piece)]
            if not all(_named(piece) for piece in pieces):
                session.skipped.append((site.statement.lineno, "no_name"))
        self.done = loop.done
        self.loss: Any = None
        statement = script.statement(loop.loss) if loop.loss is not None else None
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            self.loss = statement
        elif loop.loss_reads:
            self.loss = loop.loss_reads[0]
        elif loop.loss is not None:
            session.skipped.append((loop.loss.lineno, "loss_no_name"))
        self.loss_value = _evaluator(ast.Name(loop.loss_text, ast.Load())) if self.loss is not None else None

    def line(self, frame: FrameType, previous: int, line: int) -> None:
        if line == self.first and not self.first <= previous <= self.last:
            self.points.enter()
        space = frame.f_globals, frame.f_locals
        if self.loss_value is not None and _left(self.loss, previous, line):
            point = self.points.loss_after if self.loop.loss_after else self.points.loss_before
            point(eval(self.loss_value, *space))
        for site in self.sites:
            if _left(site.statement, previous, line):
                site.moved(space)
            if _entered(site.statement, previous, line):
                site.about(space)
        if self.done.lineno <= previous <= self.done.end_lineno and (
            not self.done.lineno <= line <= self.done.end_lineno
            or (line == self.done.lineno and not isinstance(self.done, LOOPS))
        ):
            self.points.done()


class _Site:
    """One statement that moves a weight."""

    def __init__(self, site: Site, place: int, pieces: list[ast.expr], points: Any):
        self.statement = site.statement
        self.before = None if site.before is None else _evaluator(site.before)
        after = site.after if site.after is not None else ast.parse(site.weight, mode="eval").body
        self.after = _evaluator(after)
        self.pieces = [_evaluator(piece) for piece in pieces if _named(piece)]
        self.late = site.late
        rate = site.rate[0] if len(site.rate) == 1 and not site.rate_divisors else None
        self.rate = _evaluator(rate) if rate is not None and _named(rate) else None
        self.call_before, self.call_after = points.before(place), points.after(place)
        self.names: tuple = ()
        self.piece = [points.piece(place, number) for number in range(len(self.pieces))]

    def about(self, space: tuple) -> None:
        self.names = () if self.late else tuple(eval(piece, *space) for piece in self.pieces)
        self.call_before(None if self.before is None else eval(self.before, *space))

    def moved(self, space: tuple) -> None:
        if self.late:
            for piece, call in zip(self.pieces, self.piece):
                call(eval(piece, *space))
        rate = [] if self.rate is None else [eval(self.rate, *space)]
        self.call_after(eval(self.after, *space), self.names, *rate)


def _named(node: ast.expr) -> bool:
    """Whether a piece can be read in the frame: a name, an attribute of one, an item of one."""
    if isinstance(node, ast.Subscript):
        return readable(node.value) and readable(node.slice)
    return readable(node)


def _evaluator(node: ast.expr) -> CodeType:
    expression = ast.Expression(ast.parse(ast.unparse(node), mode="eval").body)
    return compile(ast.fix_missing_locations(expression), "<watch>", "eval", dont_inherit=True)


def _left(statement: Any, previous: int, line: int) -> bool:
    inside = statement.lineno <= previous <= statement.end_lineno
    return inside and (line == statement.lineno or not statement.lineno <= line <= statement.end_lineno)


def _entered(statement: Any, previous: int, line: int) -> bool:
    inside = statement.lineno <= line <= statement.end_lineno
    return inside and (line == statement.lineno or not statement.lineno <= previous <= statement.end_lineno)


def _block(script: Script, frame: FrameType) -> Any:
    """The `with` statement that a frame is at."""
    blocks = [n for n in script.nodes if isinstance(n, ast.With | ast.AsyncWith)]
    fits = [n for n in blocks if n.lineno <= frame.f_lineno <= n.body[0].lineno]
    return max(fits, key=lambda node: node.lineno, default=None)


def _scope(script: Script, node: ast.AST) -> Any:
    return next((up for up in script.above(node) if isinstance(up, FUNCTIONS)), script.tree)


def _scope_of(script: Script, loop: HandLoop) -> Any:
    return _scope(script, loop.sites[0].statement)

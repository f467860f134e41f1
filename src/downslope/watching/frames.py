"""Where a training loop stands in the script, and what its variables hold: names, loops, epochs, length."""

from __future__ import annotations

import ast
import linecache
import os
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from types import FrameType
from typing import Any

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # the package
LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")} - {None})
MAKERS = ("SGD", "Adam", "AdamW", "Adagrad", "Adadelta", "Adamax", "RMSprop", "LBFGS", "NAdam", "RAdam",
          "ASGD", "Rprop", "SparseAdam", "Adafactor", "Muon")  # fmt: skip
WRAPPERS = ("enumerate", "tqdm", "trange", "track", "list", "iter", "reversed")


def of_script(filename: str) -> bool:
    """Whether a file is a person's own: of no library, and not of this package."""
    return not (filename.startswith((HERE, "<frozen", "<__array_function__")) or _of_library(filename))


@lru_cache(maxsize=1000)
def _of_library(filename: str) -> bool:
    path = os.path.abspath(filename)
    return path.startswith(LIBRARIES) or f"{os.sep}site-packages{os.sep}" in path


def script_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame of the script, from `frame` outward."""
    while frame is not None and not of_script(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def chain(frame: FrameType | None) -> list[FrameType]:
    """The frames of the script, the innermost first."""
    found = []
    while frame is not None:
        if of_script(frame.f_code.co_filename):
            found.append(frame)
        frame = frame.f_back
    return found


@lru_cache(maxsize=32)
def tree(filename: str) -> ast.AST | None:
    """The syntax tree of a file; None where it cannot be read."""
    try:
        return ast.parse("".join(linecache.getlines(filename)) or "")
    except (SyntaxError, ValueError, RecursionError):
        return None


def loops_around(frame: FrameType, comprehended: bool = False) -> list[ast.For | ast.While]:
    """The loop statements around the line that a frame is at, the outermost first; comprehensions that call
    what trains as loops, too."""
    root, found = tree(frame.f_code.co_filename), []
    line, name = frame.f_lineno, frame.f_code.co_name
    if root is None:
        return []
    scope: ast.AST = root
    if name != "<module>":
        within = [
            node for node in ast.walk(root)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name == name and node.lineno <= line <= (node.end_lineno or 0)
        ]  # fmt: skip
        if not within:
            return []
        scope = max(within, key=lambda node: node.lineno)
    for node in ast.walk(scope):
        if not getattr(node, "lineno", line + 1) <= line <= (getattr(node, "end_lineno", 0) or 0):
            continue
        if isinstance(node, ast.For | ast.While):
            found.append(node)
        elif comprehended and isinstance(node, ast.ListComp | ast.GeneratorExp) and len(node.generators) == 1:
            found.append(_as_loop(node))
    return sorted(found, key=lambda node: node.lineno)


def _as_loop(node: ast.ListComp | ast.GeneratorExp) -> ast.For:
    """A comprehension as the `for` statement that does the same."""
    of = node.generators[0]
    made = ast.For(target=of.target, iter=of.iter, body=[ast.Expr(node.elt)], orelse=[])
    made.lineno, made.end_lineno = node.lineno, node.end_lineno
    return made


def _makes_optimizer(loop: ast.AST) -> bool:
    for node in ast.walk(loop):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in MAKERS:
                return True
    return False


@dataclass
class Place:
    """The loops around a line of the script. `counters`: variables of all of them but the innermost, with the
    number of frames to go outward; they change when an epoch begins."""

    file: str
    function: str
    line: int  # of the outermost loop
    counters: list[tuple[int, str]] = field(default_factory=list)
    length: int | None = None  # of updates, where it is known beforehand
    loader: Any = None  # what the innermost loop goes through, where it is a DataLoader
    loops: int = 0  # how many there are

    @property
    def per_epoch(self) -> int | None:
        """Updates in an epoch: one in a loop of its own; None where the counters tell."""
        if self.counters or not self.loops:
            return None
        if self.loader is not None:
            return max(1, len(self.loader)) if self.loops > 1 else sys.maxsize
        return 1

    def values(self, frame: FrameType) -> tuple[Any, ...]:
        """What the counters hold."""
        found, at, gone = [], frame, 0
        for outward, name in reversed(self.counters):  # the nearest first
            while gone < outward and at.f_back is not None:
                at, gone = at.f_back, gone + 1
            found.append(at.f_locals.get(name) if gone == outward else None)
        return tuple(found)


def place_of(frame: FrameType, edge: tuple[FrameType, int] | None = None) -> Place:
    """Where the loop around a frame's line stands. edge: the frame and line of a watched block or function,
    outside of which loops do not count."""
    around: list[tuple[int, FrameType, ast.For | ast.While]] = []
    outward, at = 0, frame
    steps: FrameType | None = frame
    while steps is not None:
        if of_script(steps.f_code.co_filename):
            own = [loop for loop in loops_around(steps, outward > 0) if not _makes_optimizer(loop)]
            if edge is not None and steps is edge[0]:
                own = [loop for loop in own if loop.lineno > edge[1]]
            around = [(outward, steps, loop) for loop in own] + around
        if edge is not None and steps is edge[0]:
            break
        outward, steps = outward + 1, steps.f_back
    if around:
        at = around[0][1]
    function = at.f_code.co_name
    place = Place(at.f_code.co_filename, "" if function == "<module>" else function, at.f_lineno)
    if not around:
        return place
    place.line = around[0][2].lineno
    place.loops = len(around)
    for outward, _, loop in around[:-1]:
        target = loop.target if isinstance(loop, ast.For) else None
        target = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else target
        if isinstance(target, ast.Name):
            place.counters.append((outward, target.id))
    lengths = [_length(loop, at) for _, at, loop in around]
    known = [length for length in lengths if length is not None]
    if len(known) == len(lengths):
        place.length = 1
        for length in known:
            place.length *= length
    last = around[-1]
    looped = _iterated(last[2].iter, last[1]) if isinstance(last[2], ast.For) else None
    place.loader = looped if type(looped).__name__ == "DataLoader" else None
    return place


def _length(loop: ast.For | ast.While, frame: FrameType) -> int | None:
    if not isinstance(loop, ast.For):
        return None
    node = loop.iter
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("range", "trange"):
        found = [value_of(part, frame) for part in node.args]
        if all(type(number) is int for number in found) and 1 <= len(found) <= 3:
            try:
                return len(range(*found))
            except ValueError:
                return None
        return None
    of = _iterated(node, frame)
    if type(of) in (list, tuple, dict) or type(of).__name__ == "DataLoader":
        try:
            return len(of)
        except TypeError:
            return None
    return None


def _iterated(node: ast.AST, frame: FrameType) -> Any:
    """The object that a `for` goes through, below enumerate, tqdm, …"""
    while isinstance(node, ast.Call) and node.args:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in WRAPPERS:
            return None
        node = node.args[0]
    return value_of(node, frame)


def value_of(node: ast.AST, frame: FrameType) -> Any:
    """The value of a name, an attribute or a number as it stands in a frame; None for all else."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return frame.f_locals.get(name, frame.f_globals.get(name))
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            of = frame.f_locals.get(owner, frame.f_globals.get(owner))
            return vars(of).get(name) if hasattr(of, "__dict__") else None
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.FloorDiv() as op, right=right):
            a, b = value_of(left, frame), value_of(right, frame)
            if type(a) is int and type(b) is int:
                return {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}.get(type(op), a // b if b else None)
    return None


def variables(frames: list[FrameType]) -> Iterator[tuple[str, Any]]:
    """(name, value) of all that the script's frames hold: variables, attributes of `self`, items of lists."""
    seen: set[int] = set()
    for frame in frames:
        spaces = [frame.f_locals] + ([] if frame.f_locals is frame.f_globals else [frame.f_globals])
        for space in spaces:
            if id(space) in seen:
                continue
            seen.add(id(space))
            for name, value in list(space.items()):
                if name.startswith("__"):
                    continue
                yield name, value
                if name in ("self", "cls") or _plain_object(value):
                    yield from ((f"{name}.{key}", part) for key, part in list(vars(value).items()))
                elif type(value) in (list, tuple) and len(value) <= 1000:
                    yield from ((f"{name}[{i}]", part) for i, part in enumerate(value))
                elif type(value) is dict and len(value) <= 1000:
                    yield from ((f"{name}[{key!r}]", part) for key, part in list(value.items()))


def _plain_object(value: Any) -> bool:
    """An object of a class of the script's own, such as a trainer."""
    module = sys.modules.get(type(value).__module__)
    file = getattr(module, "__file__", None)
    return hasattr(value, "__dict__") and not isinstance(value, type) and (
        type(value).__module__ == "__main__" or (file is not None and of_script(file))
    )  # fmt: skip


def source_line(filename: str, line: int) -> str:
    return linecache.getline(filename, line).strip()


def text(filename: str) -> str:
    """The whole file, as far as it can be read."""
    return "".join(linecache.getlines(filename))

"""`ds.watch()`: around a block, on a function, or as the cell magic %%watch of a notebook."""

from __future__ import annotations
import __future__

import ast
import functools
import inspect
import linecache
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from ..arguments import door
from ..errors import DownslopeError
from .frames import of_script
from .lines import LineWatcher
from .records import Recorder, read
from .seen import Seen
from .session import TRAINS, Session

FUTURE = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
CACHED = type(functools.cache(len))  # the wrapper of a function whose results are kept


@door()
def watch(
    *,
    weights: str | None = None,
    gradient: str | None = None,
    loss: str | None = None,
    rate: str | None = None,
    curvature: bool = True,
    log: str | Sequence[str] | None = None,
    force: bool = False,
) -> Watching:
    """Watch the training in a `with` block or a function: trace, certificate and verdict of its loop.

    `with ds.watch() as seen:` fills `seen` when the block ends: `.verdict`, `.findings`, `.trace`,
    `.certificate`, `.plot()`, `.show()`, `.save(path)`. PyTorch loops are seen completely, and so are
    hand-written ones in functions that the block calls; one in the block itself is followed line by line, as
    far as its weights, gradient and loss have names. On a function, as `@ds.watch()`, and in a notebook cell,
    as `%%watch`, all are seen completely; the function has `.seen` after each call.

    weights, gradient, loss, rate: names in the script, if its source does not show which is which.
    curvature: measure the curvature of PyTorch losses. log: where to write the trace, as `log=` of a fit.

    Raises DownslopeError for a log that cannot be written.

    >>> @watch()
    ... def train(w, rate):
    ...     for step in range(40):
    ...         w = w - rate * 2 * (w - 3)
    ...     return w
    >>> round(train(1.0, 0.1), 3), train.seen.trace.updates
    (3.0, 40)
    """
    roles = {"weights": weights, "gradient": gradient, "loss": loss, "rate": rate}
    settings = {"roles": {role: name for role, name in roles.items() if name}, "curvature": curvature}
    book = None
    if log is not None:
        from ..inference.logbook import Logbook

        book = Logbook(log, force)
    return Watching(settings, book)


class Watching:
    """What `ds.watch()` gives: a context manager, and a decorator."""

    def __init__(self, settings: dict[str, Any], log: Any = None):
        self.settings, self.log = settings, log
        self.seen = Seen()
        self._lines: LineWatcher | None = None
        self._functions: Pointed | None = None
        self._session: Session | None = None
        self._folder = ""

    def __enter__(self) -> Seen:
        frame = sys._getframe(1)
        path = frame.f_code.co_filename
        session = self.begin(path, (frame, frame.f_lineno))
        self._lines = LineWatcher(session, frame)
        self._functions = Pointed(session, path)
        self._functions.give(frame.f_code, frame.f_locals, frame.f_globals)
        self._lines.start()
        return self.seen

    def __exit__(self, kind, value, trace) -> None:
        if self._lines is not None and self._functions is not None:
            self._lines.stop()
            self._functions.restore()
        self.finish(kind)

    def begin(self, path: str, edge: tuple[FrameType, int] | None = None) -> Session:
        """A new recording of what `path` trains within `edge`; `seen` is filled at its end."""
        self.seen = Seen()
        self._folder = tempfile.mkdtemp(prefix="downslope-watch-")
        recorder = Recorder(self._folder, script=path, source="".join(linecache.getlines(path)))
        self._session = Session(recorder, self.settings, edge)
        self._session.watch_torch()
        return self._session

    def finish(self, kind: Any = None) -> Seen:
        """The recording is read; what stood in the temporary folder is gone."""
        session = self._session
        assert session is not None
        session.end, session.exit_code = ("ended", 0) if kind is None else ("raised", 1)
        session.close()
        self._session = self._lines = self._functions = None  # they hold the frame, and all that it holds
        self.seen.recording = read(Path(self._folder))
        shutil.rmtree(self._folder, ignore_errors=True)
        if self.log is not None:
            self.seen.log(self.log)
        return self.seen

    def __call__(self, function: Callable) -> Callable:
        """The function, watched at each call; `.seen` of it is what the last call showed."""
        if not callable(function):
            raise DownslopeError("watching.not_callable", asked=repr(function))

        @functools.wraps(function)
        def watched(*arguments, **named):
            code = getattr(function, "__code__", None)
            path = "" if code is None else code.co_filename
            functions, kind = Pointed(self.begin(path, (sys._getframe(), 0)), path), None
            try:
                called = functions.copied(function)
                if isinstance(function, FunctionType):
                    functions.give(function.__code__, *_variables(function), but=function)
                return called(*arguments, **named)
            except BaseException as error:
                kind = type(error)
                raise
            finally:
                functions.restore()
                watched.seen = self.finish(kind)  # type: ignore[attr-defined]

        return watched


class Pointed:
    """The functions of the script, with recording points at their loops. They were compiled before; until
    `restore` they have the code of their instrumented source."""

    def __init__(self, session: Session, path: str):
        self.session, self.path = session, path
        self.files: dict[str, tuple[dict, dict]] = {}  # codes of a file, with points and without
        self.changed: list[tuple[FunctionType, CodeType, CodeType]] = []

    def code(self, function: FunctionType) -> CodeType | None:
        """A function's code with recording points; None where it needs none, or its source is another."""
        code = function.__code__
        path, key = code.co_filename, (code.co_name, code.co_firstlineno)
        if path not in self.files:
            self.files[path] = self._codes(path, function)
        made, bare = self.files[path]
        found = made.get(key)
        fits = found is not None and bare[key] == code and found.co_freevars == code.co_freevars
        return found if fits and found != code else None

    def _codes(self, path: str, function: FunctionType) -> tuple[dict, dict]:
        text = "".join(linecache.getlines(path, function.__globals__))
        if path != self.path and not TRAINS.search(text):
            return {}, {}
        try:
            future = function.__code__.co_flags & FUTURE
            bare = compile(text, path, "exec", future, dont_inherit=True)
            return _within(self.session.instrumented(ast.parse(text), text, path)), _within(bare)
        except Exception as error:  # the script runs in any case
            self.session.skipped.append((function.__code__.co_firstlineno, repr(error)))
            return {}, {}

    def copied(self, function: Callable) -> Callable:
        """A plain function of Python, as one of its own with recording points; anything else as it is."""
        if not isinstance(function, FunctionType) or (code := self.code(function)) is None:
            return function
        settings = function.__globals__, function.__name__, function.__defaults__, function.__closure__
        made = FunctionType(code, *settings)
        made.__kwdefaults__ = function.__kwdefaults__
        made.__qualname__, made.__module__ = function.__qualname__, function.__module__
        made.__dict__.update(function.__dict__)
        return made

    def give(self, code: CodeType, *spaces: Mapping[str, Any], but: Any = None) -> None:
        """Recording points for all functions of the script that this code can call."""
        with suppress(Exception):  # the variables of a script may be anything
            for function in _reachable(code, *spaces):
                made = self.code(function) if function is not but else None
                if made is not None:
                    self.changed.append((function, made, function.__code__))
                    function.__code__ = made

    def restore(self) -> None:
        for function, made, code in self.changed:
            if function.__code__ is made:
                function.__code__ = code


def _within(code: CodeType) -> dict[tuple[str, int], CodeType]:
    """The code objects within one, by name and first line."""
    found: dict[tuple[str, int], CodeType] = {}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= {(constant.co_name, constant.co_firstlineno): constant, **_within(constant)}
    return found


def _reachable(code: CodeType, *spaces: Mapping[str, Any]) -> Iterator[FunctionType]:
    """The functions of the script that this code names, those that these name, and so on: by themselves, in
    classes, of objects, and in the script's own modules."""
    waiting, met = [(_names(code), space) for space in spaces], set()
    while waiting:
        names, space = waiting.pop()
        for value in [space[name] for name in names if name in space]:
            if isinstance(value, property | staticmethod | classmethod):
                value = value.fget if isinstance(value, property) else value.__func__
            if isinstance(value, CACHED):
                value = value.__wrapped__
            while isinstance(value, FunctionType) and id(value) not in met:
                met.add(id(value))
                if of_script(value.__code__.co_filename):
                    yield value
                    waiting += [(_names(value.__code__), variables) for variables in _variables(value)]
                value = vars(value).get("__wrapped__")
            owner = value if isinstance(value, type | ModuleType) else type(value)
            module = owner if isinstance(owner, ModuleType) else sys.modules.get(str(owner.__module__))
            if id(owner) not in met and of_script(getattr(module, "__file__", None) or "<frozen"):
                met.add(id(owner))
                bases = {base.__qualname__: base for base in getattr(owner, "__bases__", ())}
                waiting += [(list(vars(owner)), vars(owner)), (list(bases), bases)]


def _variables(function: FunctionType) -> list[Mapping[str, Any]]:
    """What a function's own names may stand for."""
    return [inspect.getclosurevars(function).nonlocals, function.__globals__]


def _names(code: CodeType) -> list[str]:
    inner = [_names(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    own = {*code.co_names, *code.co_varnames, *code.co_freevars, *code.co_cellvars}
    return list(own.union(*inner))


# ---- notebooks -------------------------------------------------------------------------------------


def load(shell: Any) -> None:
    """`%load_ext downslope`: the cell magic %%watch."""
    shell.register_magic_function(functools.partial(_cell, shell), "cell", "watch")


def _cell(shell: Any, line: str, cell: str) -> Any:
    """%%watch [weights=w gradient=g loss=cost rate=lr]: run a cell, report on its loop, leave `seen`."""
    from ..insight.scripts.source import without_magics

    named = dict(part.split("=", 1) for part in line.split() if "=" in part)
    roles = ("weights", "gradient", "loss", "rate")
    unknown = [part for part in line.split() if part.partition("=")[0] not in roles]
    if unknown:
        raise DownslopeError("watching.magic_option", asked=unknown[0])
    watching = Watching({"roles": named, "curvature": True})
    text = "\n".join(without_magics(cell)) + "\n"
    path = shell.compile.cache(text, getattr(shell, "execution_count", 0))
    tree = ast.parse(text, path)
    session = watching.begin(path)
    session.recorder.source = text
    shown = ast.Interactive([tree.body.pop()]) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    kind: Any = None
    try:
        exec(session.instrumented(tree, text, path), shell.user_ns)
        if shown is not None:
            exec(compile(shown, path, "single", dont_inherit=True), shell.user_ns)
    except BaseException as error:
        kind = type(error)
        raise
    finally:
        shell.user_ns["seen"] = seen = watching.finish(kind)
        print(*seen.lines(), sep="\n")

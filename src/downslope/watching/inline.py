"""`ds.watch()`: around a block, on a function, or as the cell magic %%watch of a notebook."""

from __future__ import annotations

import ast
import functools
import linecache
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from ..arguments import door
from ..errors import DownslopeError
from .lines import LineWatcher
from .records import Recorder, read
from .seen import Seen
from .session import Session


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
    `.certificate`, `.plot()`, `.show()`, `.save(path)`. In a block, PyTorch loops are seen completely; a
    hand-written loop is followed line by line, as far as its weights, gradient and loss have names. On a
    function, as `@ds.watch()`, and in a notebook cell, as `%%watch`, hand-written loops are seen completely;
    the function has `.seen` after each call.

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
        self._session: Session | None = None
        self._folder = ""

    def __enter__(self) -> Seen:
        frame = sys._getframe(1)
        session = self.begin(frame.f_code.co_filename)
        self._lines = LineWatcher(session, frame)
        self._lines.start()
        return self.seen

    def __exit__(self, kind, value, trace) -> None:
        if self._lines is not None:
            self._lines.stop()
        self.finish(kind)

    def begin(self, path: str) -> Session:
        """A new recording of what `path` trains; `seen` is filled at its end."""
        self.seen = Seen()
        self._folder = tempfile.mkdtemp(prefix="downslope-watch-")
        recorder = Recorder(self._folder, script=path, source="".join(linecache.getlines(path)))
        self._session = Session(recorder, self.settings)
        self._session.watch_torch()
        return self._session

    def finish(self, kind: Any = None) -> Seen:
        """The recording is read; what stood in the temporary folder is gone."""
        session = self._session
        assert session is not None
        session.end, session.exit_code = ("ended", 0) if kind is None else ("raised", 1)
        session.close()
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
            session = self.begin("" if code is None else code.co_filename)
            kind: Any = None
            try:
                return _instrumented(function, session)(*arguments, **named)
            except BaseException as error:
                kind = type(error)
                raise
            finally:
                watched.seen = self.finish(kind)  # type: ignore[attr-defined]

        return watched


def _instrumented(function: Callable, session: Session) -> Callable:
    """A plain function of Python with recording points at its loops; anything else as it is."""
    if not isinstance(function, FunctionType):
        return function
    path = function.__code__.co_filename
    text = "".join(linecache.getlines(path, function.__globals__))
    try:
        code = _inside(session.instrumented(ast.parse(text), text, path), function.__code__)
    except Exception as error:  # the function runs in any case
        session.skipped.append((function.__code__.co_firstlineno, repr(error)))
        return function
    if code is None or code.co_freevars != function.__code__.co_freevars:
        return function
    made = FunctionType(
        code, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    made.__kwdefaults__ = function.__kwdefaults__
    made.__qualname__, made.__module__ = function.__qualname__, function.__module__
    made.__dict__.update(function.__dict__)
    return made


def _inside(code: CodeType, wanted: CodeType) -> CodeType | None:
    """The code of a function within that of its file."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_name == wanted.co_name and constant.co_firstlineno == wanted.co_firstlineno:
                return constant
            found = _inside(constant, wanted)
            if found is not None:
                return found
    return None


# ---- notebooks -------------------------------------------------------------------------------------


def load(shell: Any) -> None:
    """`%load_ext downslope`: the cell magic %%watch."""
    shell.register_magic_function(functools.partial(_cell, shell), "cell", "watch")


def _cell(shell: Any, line: str, cell: str) -> Any:
    """%%watch [weights=w gradient=g loss=cost rate=lr]: run a cell, report on its loop, leave `seen`."""
    from ..insight.scripts.source import without_magics

    named = dict(part.split("=", 1) for part in line.split() if "=" in part)
    unknown = [
        part for part in line.split() if part.partition("=")[0] not in ("weights", "gradient", "loss", "rate")
    ]
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

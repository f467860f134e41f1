"""One watched stretch of this process: its recorder, the points of its loops by hand, its libraries."""

from __future__ import annotations

import ast
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from importlib.util import decode_source
from types import CodeType, FrameType
from typing import Any

from .frames import of_script
from .points import number
from .records import Fact, Recorder, hopeless

NUMPY = re.compile(r"(?:divide by zero|invalid value) encountered in (log\w*|sqrt|(?:scalar |true_)?divide)$")
WORD = re.compile(r"[^\W\d]\w*")
TRAINS = re.compile(r"\.backward\(|loss|grad|cost|inference_mode")  # in a module's text: it may train


class Stopped(SystemExit):
    """The run is hopeless: `--stop-when diverged`."""


class Session:
    """Records what a script, a function or a block trains. `settings`: roles, stop_when, curvature; `edge`:
    the frame and line of a block or function, where that is all."""

    def __init__(
        self, recorder: Recorder, settings: dict[str, Any], edge: tuple[FrameType, int] | None = None
    ):
        self.recorder, self.settings, self.edge = recorder, settings, edge
        self.points: list[Any] = []
        self.end, self.exit_code = "ended", 0
        self.changing: dict[int, list[str]] = {}  # line of each loop → names that change in it
        self.words: set[str] = set()  # of the sources that were read, where the user names roles
        self.skipped: list[tuple[int, str]] = []  # loops that are not recorded: (line, why)
        self.firsts: dict[int, float] = {}
        self.watcher: Any = None  # of PyTorch
        self.marked: set[str] = set()  # files all of whose code says where gradients are switched off
        self.held: tuple[int, int] = (
            0,
            1,
        )  # the last update with a validation loss of a loop by hand, the next

    @property
    def roles(self) -> dict[str, str]:
        """Names of weights, gradient, loss and rate, as the user gives them."""
        return self.settings.get("roles") or {}

    @property
    def stop(self) -> Callable | None:
        """What is asked after each update, where a hopeless run is to end."""
        return self._stop if self.settings.get("stop_when") == "diverged" else None

    def close(self) -> None:
        """What the last updates left, and what was not seen, is written."""
        for points in self.points:
            points.finish()
        if self.watcher is not None:
            self.watcher.finish()
        seen = any(track.count for track in self.recorder.tracks.values())
        for line, why in self.skipped:
            self._not_seen(line, "loop", why)
        if not seen and not self.skipped:
            for line, names in self.changing.items():
                if names:
                    self._not_seen(line, ", ".join(names), "roles")
        absent = [name for name in self.roles.values() if not self.words.issuperset(WORD.findall(name))]
        if self.words and absent:
            self._not_seen(1, ", ".join(absent), "absent")
        for points in self.points:
            if points.failure is not None:
                self._not_seen(points.template.line, "loop", repr(points.failure))
        self.recorder.close(self.end, self.exit_code)

    def read(self, nodes: Iterable[ast.AST]) -> None:
        """A source is instrumented, or followed line by line: names of roles are looked for in it."""
        for node in nodes if self.roles else ():
            parts = (getattr(node, part, None) for part in ("id", "attr", "arg"))
            self.words.update(part for part in parts if part)

    def _not_seen(self, line: int, what: str, why: str) -> None:
        self.recorder.fact(Fact("not_seen", 0, 0, line, {"what": what, "why": why, "line": line}))

    def compiled(self, path: str) -> CodeType:
        """The code of a script with its recording points; as it is, where its loops cannot be read. Under the
        setting `mended` the text of that file runs in the place of the script's own."""
        home = self.settings.get("mended") or path
        with open(home, "rb") as file:
            raw: bytes | str = file.read()
        if not home.endswith(".ipynb"):
            bare = compile(raw, path, "exec", dont_inherit=True)
        from ..insight.scripts.source import read

        text = read(home).code
        if home.endswith(".ipynb"):
            raw, bare = text, compile(text, path, "exec", dont_inherit=True)
        self.recorder.source = text
        try:
            return self.whole(ast.parse(raw, path), text, path)
        except Exception as error:  # the script runs in any case
            if os.environ.get("DOWNSLOPE_DEBUG"):
                raise
            self.skipped.append((1, repr(error)))
            return bare

    def instrumented(self, tree: ast.Module, text: str, path: str, mode: str = "exec") -> CodeType:
        """A tree compiled with its recording points."""
        from .instrument import instrument

        made = instrument(tree, text, path, self)
        self.points += made.points
        return made.compiled(mode)

    def whole(self, tree: ast.Module, text: str, path: str) -> CodeType:
        """The code of a whole file, compiled with its recording points."""
        from .instrument import COMPILED

        code = self.instrumented(tree, text, path)
        if not COMPILED.search(text):
            self.marked.add(path)
        return code

    def without_gradients(self) -> None:
        """Called where the script switches gradients off: what it computes there is looked at."""
        if self.watcher is not None:
            self.watcher.validation.register()

    def watch_modules(self, folder: str) -> None:
        """Modules of the script's own folder get recording points, too, when they are imported."""
        sys.meta_path.insert(0, OwnModules(folder, self))

    def watch_torch(self) -> None:
        """Hooks on PyTorch's optimizers and modules, as soon as the script has imported it."""

        def imported(module: Any) -> None:
            if not self.recorder.active:  # what was watched is over
                return
            from . import tensors

            measuring = self.settings.get("curvature", True)
            stopping = self.stop is not None
            self.watcher = tensors.Watcher(self.recorder, measuring, stopping, self.marked, self.edge)

        after_import("torch", imported)

    def watch_warnings(self) -> None:
        """NumPy warns of the operation that made a NaN or an infinity, with its line: a fact. The warning is
        shown as it would be."""
        before = warnings.showwarning

        def show(message, category, filename, lineno, file=None, line=None):
            found = NUMPY.match(str(message)) if category is RuntimeWarning else None
            if found is not None and of_script(filename):
                made = {"divide": "div", "true_divide": "div", "scalar divide": "div"}.get(found[1], found[1])
                self.recorder.fact(Fact("not_finite", 0, 0, lineno, {"operation": made}))
            before(message, category, filename, lineno, file, line)

        warnings.showwarning = show

    def backward(self, line: int) -> Callable:
        """backward(loss): a loss whose `.backward()` comes next, in the frame of the caller or in `frame`."""

        def call(loss, frame=None):
            watcher, frame = self.watcher, frame or sys._getframe(1)
            if watcher is None or (line in watcher.light and watcher.lightly(loss, line, frame)):
                return loss
            watcher.backward(loss, line, frame)
            if watcher.stopping and watcher.hopeless:
                raise Stopped(0)
            return loss

        return call

    def computed(self, line: int) -> Callable:
        """computed(loss): what a function of torch.nn.functional returned."""

        def call(loss):
            if self.watcher is not None:
                self.watcher.validation.computed(loss, line)
            return loss

        return call

    def held_out(self, line: int) -> Callable:
        """held_out(loss): the value of a statement that names it a validation loss."""

        def call(loss):
            with suppress(Exception):  # never the script's
                if self.watcher is None or not self.watcher.validation.named(loss, line):
                    self._held_out(loss)
            return loss

        return call

    def _held_out(self, loss: Any) -> None:
        """A validation loss of the loop by hand with the most updates; each of the first 256, then fewer."""
        tracks = [points.track for points in self.points if points.track is not None]
        track = max(tracks, key=lambda track: track.count, default=None)
        if track is None or not self.held[0] < track.count >= self.held[1]:
            return
        value = number(loss)
        if value == value:
            self.held = track.count, track.count + max(1, track.count // 256)
            self.recorder.validation(track.loop.number, track.count, value)

    def _stop(self, points: Any, loss: float) -> None:
        """Ends the script where its loss (without one, its largest weight) is far above the first, or NaN."""
        first = self.firsts.setdefault(id(points), loss)
        if hopeless(loss, first):
            raise Stopped(0)


# ---- libraries, as they are imported ---------------------------------------------------------------


class Importing:
    """A finder that hands a module's loader to `then` when the module is found."""

    def __init__(self, name: str, then: Callable[[Any], None]):
        self.name, self.then = name, then

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        found = (finder.find_spec(name, path, target) for finder in list(sys.meta_path))
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            self.then(spec.loader)
        return spec


class OwnModules:
    """A finder of modules in a folder, whose code gets recording points."""

    def __init__(self, folder: str, session: Session):
        self.folder, self.session = os.path.join(folder, ""), session

    def find_spec(self, name, path=None, target=None):
        found = (f.find_spec(name, path, target) for f in list(sys.meta_path) if f is not self)
        spec = next((spec for spec in found if spec is not None), None)
        file: str = getattr(spec, "origin", None) or ""
        loader: Any = getattr(spec, "loader", None)
        own = type(loader) is SourceFileLoader and file.startswith(self.folder)
        if own and of_script(file):
            original = loader.get_code
            loader.get_code = lambda fullname: self._code(loader, file) or original(fullname)
        return spec

    def _code(self, loader: Any, file: str) -> CodeType | None:
        try:
            text = decode_source(loader.get_data(file))
            return self.session.whole(ast.parse(text), text, file) if TRAINS.search(text) else None
        except Exception:  # the script's own error, or a file that cannot be read: it is imported as it is
            if os.environ.get("DOWNSLOPE_DEBUG"):
                raise
            return None


def after_import(name: str, then: Callable[[Any], None]) -> None:
    """`then(module)` once the script has imported a module; nothing is imported for it."""
    if name in sys.modules:
        then(sys.modules[name])
        return

    def watched(loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module):
            vars(loader).pop("exec_module", None)  # of several watchers the first one has done it
            execute(module)
            then(module)

        loader.exec_module = exec_module

    sys.meta_path.insert(0, Importing(name, watched))

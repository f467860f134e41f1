"""Runs a script in this process as `python SCRIPT` would, and records its training loops.

Started by `downslope watch` as `python launch.py FOLDER SETTINGS SCRIPT ARGS…`; SETTINGS is a JSON object.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    del sys.path[0]  # the folder of this file
    from downslope.watching import launch

    launch.main(sys.argv[1:])
    sys.exit()

import ast
import atexit
import builtins
import importlib.machinery
import json
import os
import types
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import DownslopeError
from .records import Recorder

HERE = str(Path(__file__).resolve().parent) + os.sep


class Stopped(SystemExit):
    """The run is hopeless: `--stop-when diverged`."""


class Session:
    """One watched run in this process: its recorder, and the points of its loops by hand."""

    def __init__(self, recorder: Recorder, settings: dict[str, Any]):
        self.recorder, self.settings = recorder, settings
        self.points: list[Any] = []
        self.end, self.exit_code = "ended", 0
        atexit.register(self.close)

    def close(self) -> None:
        for points in self.points:
            points.finish()
        self.recorder.close(self.end, self.exit_code)

    def compiled(self, raw: bytes, path: str, text_path: str) -> types.CodeType:
        """The code of a script with its recording points; as it is, where it can not be read."""
        bare = compile(raw, path, "exec", dont_inherit=True)
        try:
            from ..insight.scripts.source import read
            from .instrument import instrumented

            text = read(text_path).code
            asked = self.settings.get("roles") or {}
            stop = partial(_stop, self) if self.settings.get("stop_when") == "diverged" else None
            tree = ast.parse(raw, path) if not text_path.endswith(".ipynb") else ast.parse(text)
            code, points = instrumented(tree, text, path, self.recorder, asked, stop)
            self.points += points
            return code
        except Exception:
            if os.environ.get("DOWNSLOPE_DEBUG"):
                raise
            return bare


def main(argv: list[str]) -> None:
    """Run `argv` = FOLDER SETTINGS SCRIPT ARGS…; ends as the script ends."""
    folder, settings, script, *arguments = argv
    options = json.loads(settings)
    module = options.get("module", False)
    path = script if module else os.path.abspath(script)
    recorder = Recorder(
        folder, script=script, source="" if module else _source(options.get("mended") or path), argv=arguments
    )
    session = Session(recorder, options)
    if not options.get("show"):
        after_import("matplotlib.pyplot", _unblocked)
    sys.argv = [script, *arguments]
    try:
        _run_script(session, path)
    except SystemExit as ending:
        session.exit_code = _code_of(ending)
        session.end = "stopped" if isinstance(ending, Stopped) else "ended"
        raise
    except BaseException:
        session.end, session.exit_code = "raised", 1
        previous = sys.excepthook

        def hook(kind, value, trace):
            own = without_ours(trace)
            value.__traceback__ = sys.last_traceback = own
            previous(kind, value, own)

        sys.excepthook = hook
        raise


def _source(path: str) -> str:
    """The text of a script, as far as it can be read."""
    from ..insight.scripts.source import read

    try:
        return read(path).code
    except DownslopeError:
        return ""


def _run_script(session: Session, path: str) -> None:
    mended = session.settings.get("mended")  # the text to run in the place of the script's own
    with open(mended or path, "rb") as file:
        raw = file.read()
    code = session.compiled(raw, path, mended or path)
    module = types.ModuleType("__main__")
    loader = importlib.machinery.SourceFileLoader("__main__", path)
    space = module.__dict__
    space |= {"__loader__": loader, "__annotations__": {}, "__builtins__": builtins, "__file__": path}
    space["__cached__"] = None
    sys.modules["__main__"] = module
    if not sys.flags.safe_path:
        sys.path.insert(0, os.path.dirname(path))
    exec(code, space)


def without_ours(trace: Any) -> Any:
    """A traceback without the frames of this package."""
    kept = []
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if not name.startswith(HERE):
            kept.append(trace)
        trace = trace.tb_next
    for one, following in zip(kept, [*kept[1:], None]):
        one.tb_next = following
    return kept[0] if kept else None


def _code_of(ending: SystemExit) -> int:
    code = ending.code
    return 0 if code is None else code if isinstance(code, int) else 1


def _stop(session: Session, points: Any, loss: float, entries: list) -> None:
    """Ends the script where an update left no finite number, or a loss far above the first."""
    from math import isfinite

    if loss != loss and points.template.loss == "":
        return
    if not isfinite(loss) and loss == loss:
        raise Stopped(0)


# ---- libraries, as they are imported ---------------------------------------------------------------


class _Finder:
    """Calls a function when a module has been imported."""

    def __init__(self, name: str, then: Callable[[Any], None]):
        self.name, self.then = name, then

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return spec
        loader: Any = spec.loader
        then = self.then
        execute = loader.exec_module

        def exec_module(module):
            del loader.exec_module
            execute(module)
            then(module)

        loader.exec_module = exec_module
        return spec


def after_import(name: str, then: Callable[[Any], None]) -> None:
    """`then(module)` once the script has imported a module; nothing is imported for it."""
    if name in sys.modules:
        then(sys.modules[name])
    else:
        sys.meta_path.insert(0, _Finder(name, then))


def _unblocked(pyplot: Any) -> None:
    """plt.show() goes on. A partial: a function of ours would stand in matplotlib's warnings."""
    pyplot.show = partial(pyplot.show, block=False)

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

import atexit
import builtins
import importlib.machinery
import json
import os
import types
from pathlib import Path
from typing import Any

from .records import Recorder
from .session import Importing, Session, Stopped, after_import

HERE = str(Path(__file__).resolve().parent) + os.sep


def main(argv: list[str]) -> None:
    """Run `argv` = FOLDER SETTINGS SCRIPT ARGS…; ends as the script ends."""
    folder, settings, script, *arguments = argv
    options = json.loads(settings)
    module = options.get("module", False)
    session = Session(Recorder(folder, script=script, argv=arguments), options)
    atexit.register(session.close)
    if not options.get("show"):
        after_import("matplotlib.pyplot", _unblocked)
    session.watch_torch()
    session.watch_warnings()
    sys.argv = [script, *arguments]
    try:
        if module:
            _run_module(session, script)
        else:
            _run_script(session, os.path.abspath(script))
    except SystemExit as ending:
        session.exit_code = _code_of(ending)
        session.end = "stopped" if isinstance(ending, Stopped) else "ended"
        raise
    except BaseException as error:
        session.end, session.exit_code = "raised", 1
        if isinstance(error, ModuleNotFoundError) and error.name == "torch":
            session.skipped.append((0, "no_torch"))
        previous = sys.excepthook

        def hook(kind, value, trace):
            own = without_ours(trace)
            value.__traceback__ = sys.last_traceback = own
            previous(kind, value, own)

        sys.excepthook = hook
        raise


def _run_script(session: Session, path: str) -> None:
    """As `python SCRIPT` does it."""
    code = session.compiled(path)
    space = _fresh_main()
    space["__loader__"] = importlib.machinery.SourceFileLoader("__main__", path)
    space |= {"__annotations__": {}, "__builtins__": builtins, "__file__": path, "__cached__": None}
    if path.endswith(".ipynb"):  # what IPython puts there
        space |= {"get_ipython": lambda: None, "display": print}
    if not sys.flags.safe_path:
        sys.path.insert(0, os.path.dirname(path))
        session.watch_modules(os.path.dirname(path))
    exec(code, space)


def _run_module(session: Session, name: str) -> None:
    """As `python -m NAME` does it."""
    import runpy

    as_main: Any = vars(runpy)["_run_module_as_main"]

    def instrumenting(loader: Any) -> None:
        def get_code(fullname):
            del loader.get_code
            path = loader.get_filename(fullname)
            return session.compiled(path)

        if hasattr(loader, "get_filename"):
            loader.get_code = get_code

    for each in (name, f"{name}.__main__"):
        sys.meta_path.insert(0, Importing(each, instrumenting))
    if not sys.flags.safe_path:
        sys.path.insert(0, os.getcwd())
    sys.argv[0] = "-m"
    _fresh_main()
    as_main(name)


def _fresh_main() -> dict[str, Any]:
    """The names of a new `__main__`."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    return module.__dict__


def without_ours(trace: Any) -> Any:
    """A traceback without the frames of this package."""
    kept: list[Any] = []
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


def _unblocked(pyplot: Any) -> None:
    """plt.show() goes on. A partial: a function of ours would stand in matplotlib's warnings."""
    from functools import partial

    pyplot.show = partial(pyplot.show, block=False)

"""`watch`: a script that somebody else wrote, run as it is; then a trace and a verdict of its loop."""

from __future__ import annotations

import json as js
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import DownslopeError
from ..messages import text
from . import options as o

if TYPE_CHECKING:
    from ..watching.seen import Seen

Script = Annotated[
    str, typer.Argument(metavar="SCRIPT [ARGS]…", help="cli.help_watched_script", show_default=False)
]
Module = Annotated[bool, typer.Option("-m", help="cli.help_watched_module")]
Show = Annotated[bool, typer.Option("--show", help="cli.help_watched_show")]
Weights = Annotated[str | None, typer.Option("--weights", metavar="A,B", help="cli.help_watched_weights")]
Gradient = Annotated[str | None, typer.Option("--gradient", metavar="A,B", help="cli.help_watched_gradient")]
Loss = Annotated[str | None, typer.Option("--loss", metavar="NAME", help="cli.help_watched_loss")]
Rate = Annotated[str | None, typer.Option("--rate", metavar="NAME", help="cli.help_watched_rate")]
StopWhen = Annotated[
    str | None, typer.Option("--stop-when", metavar="diverged", help="cli.help_watched_stop_when")
]
NoCurvature = Annotated[bool, typer.Option("--no-curvature", help="cli.help_watched_no_curvature")]
Strict = Annotated[bool, typer.Option("--strict", help="cli.help_watched_strict")]
Json = Annotated[str | None, typer.Option("--json", metavar="FILE|-", help="cli.help_watched_json")]

SETTINGS = {"allow_interspersed_args": False, "ignore_unknown_options": False, "allow_extra_args": True}
FLAGS = {"-m", "--show", "--no-curvature", "--strict", "--force", "--help", "-h"}  # all others have a value


def watch(
    context: typer.Context,
    script: Script,
    module: Module = False,
    weights: Weights = None,
    gradient: Gradient = None,
    loss: Loss = None,
    rate: Rate = None,
    stop_when: StopWhen = None,
    no_curvature: NoCurvature = False,
    show: Show = False,
    out: o.Out = None,
    json: Json = None,
    strict: Strict = False,
    force: o.Force = False,
    lang: o.Lang = None,
) -> int:
    """Run a script as it is, with what follows its name as its arguments, and report on its training loop."""
    if stop_when not in (None, "diverged"):
        raise DownslopeError("watching.stop_when", asked=stop_when)
    if not module:
        _readable(script)
    _writable(out, json, force)
    roles = {"weights": weights, "gradient": gradient, "loss": loss, "rate": rate}
    named = {role: name for role, name in roles.items() if name is not None}
    settings = {"module": module, "show": show, "stop_when": stop_when, "curvature": not no_curvature}
    with tempfile.TemporaryDirectory(prefix="downslope-watch-") as folder:
        code = run(Path(folder), {**settings, "roles": named}, script, context.args)
        seen = _seen(Path(folder), code)
    _report(seen)
    if out is not None:
        seen.save(out, force)
    if json is not None:
        _document(seen, json)
    return 3 if strict and code == 0 and seen.sick else code


def run(folder: Path, settings: dict[str, Any], script: str, arguments: Sequence[str]) -> int:
    """The exit code of a script that runs in a process of its own, watched into `folder`."""
    from ..watching import launch

    command = [sys.executable, launch.__file__, str(folder), js.dumps(settings), script, *arguments]
    process = subprocess.Popen(command)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def hand_on(number, frame) -> None:
        with suppress(OSError):
            process.send_signal(number)

    try:  # Ctrl-C reaches the script by itself: both belong to the terminal's group
        with suppress(ValueError):
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, hand_on)
        code = process.wait()
    finally:
        with suppress(ValueError):
            for number, handler in before.items():
                signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def own_words(words: Sequence[str]) -> list[str]:
    """The words of a command line that are ours: those up to the script's name."""
    for place, word in enumerate(words[1:], 1):
        before = words[place - 1]
        value = before.startswith("-") and before not in FLAGS and "=" not in before
        if not word.startswith("-") and not value:
            return list(words[: place + 1])
    return list(words)


def _readable(script: str) -> None:
    """Raises DownslopeError for a script that is missing, or no Python, with the place."""
    from ..insight.scripts.source import parse, read

    parse(read(Path(script)))


def _writable(out: str | None, json: str | None, force: bool) -> None:
    from ..inference import run

    if out is not None and Path(out).exists() and not (force and run.is_run(Path(out))):
        raise DownslopeError(
            "inference.run_exists" if not force else "inference.not_a_run_to_replace", path=out
        )
    if json not in (None, "-") and not Path(json).absolute().parent.is_dir():
        raise DownslopeError("watching.no_folder", path=json)


def _seen(folder: Path, code: int) -> Seen:
    from ..watching.records import read
    from ..watching.seen import Seen

    recording = read(folder)
    if recording.exit_code is None or recording.end == "killed":
        recording.exit_code = code
    return Seen(recording)


def _report(seen: Seen) -> None:
    with suppress(OSError):
        print(text("watching.report"), *seen.lines(), sep="\n", file=sys.stderr)


def _document(seen: Seen, json: str) -> None:
    """One JSON document: in a file, or as the last line of stdout."""
    content = js.dumps(seen.to_json(), ensure_ascii=False, allow_nan=False)
    if json == "-":
        print(content, flush=True)
        return
    try:
        Path(json).write_text(content + "\n", encoding="utf-8")
    except OSError as error:
        raise DownslopeError("inference.cannot_write", path=json, why=error.strerror) from None

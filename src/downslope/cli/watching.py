"""`watch`: a script that somebody else wrote, run as it is; then a trace and a verdict of its loop."""

from __future__ import annotations

import json as js
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import DownslopeError
from ..messages import text
from . import options as o
from . import reporting
from .lab import LivePage

if TYPE_CHECKING:
    from ..watching.fixing import Fixed
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
Lab = Annotated[bool, typer.Option("--lab", help="cli.help_watched_lab")]
TryFix = Annotated[bool, typer.Option("--try-fix", help="cli.help_watched_try_fix")]
Json = Annotated[str | None, typer.Option("--json", metavar="FILE|-", help="cli.help_watched_json")]

SETTINGS = {"allow_interspersed_args": False, "ignore_unknown_options": False, "allow_extra_args": True}
FLAGS = {
    "-m",
    "--show",
    "--no-curvature",
    "--strict",
    "--try-fix",
    "--lab",
    "--force",
    "--help",
    "-h",
}  # all others have a value


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
    try_fix: TryFix = False,
    lab: Lab = False,
    out: o.Out = None,
    plot: o.Plot = None,
    log: o.Log = None,
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
    book = reporting.check(json, out, plot, log, force)
    roles = {"weights": weights, "gradient": gradient, "loss": loss, "rate": rate}
    named = {role: name for role, name in roles.items() if name is not None}
    settings = {"module": module, "show": show, "stop_when": stop_when, "curvature": not no_curvature}
    with tempfile.TemporaryDirectory(prefix="downslope-watch-") as folder:
        page = ScriptPage(Path(folder), Path(script).name) if lab else None
        begun = None if page is None else page.begin
        code = run(Path(folder), {**settings, "roles": named}, script, context.args, begun=begun)
        seen = _seen(Path(folder), code)
    fixed = _tried(seen, {**settings, "roles": named}, script, context.args) if try_fix else None
    reporting.tell(seen, json, out, plot, book, force, fixed)
    if page is not None:
        page.stay(seen)
    return reporting.exit_code(seen, code, strict)


def _tried(seen: Seen, settings: dict[str, Any], script: str, arguments: Sequence[str]) -> Fixed | None:
    """The script with its mended lines, run in the same way; what it prints is not shown. None where no line
    is mended."""
    from ..watching.fixing import Fixed, applied

    if not seen.mends:
        print(text("watching.nothing_to_try"), file=sys.stderr)
        return None
    print(text("watching.trying"), file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="downslope-watch-") as place:
        folder = Path(place, "recording")
        mended = Path(place, "mended.py")
        mended.write_text(applied(seen.recording.source, seen.mends), encoding="utf-8")
        seconds = 60 + 10 * seen.recording.seconds
        code = run(
            folder, {**settings, "mended": str(mended)}, script, arguments, quiet=True, seconds=seconds
        )
        return Fixed(seen, _seen(folder, code), seen.mends)


def run(
    folder: Path,
    settings: dict[str, Any],
    script: str,
    arguments: Sequence[str],
    quiet: bool = False,
    seconds: float | None = None,
    begun: Callable[[subprocess.Popen], None] | None = None,
) -> int:
    """The exit code of a script that runs in a process of its own, watched into `folder`. `quiet`: it prints
    and reads nothing; `seconds`: it is killed after so many; `begun` is called with the process."""
    launch = Path(__file__).parents[1] / "watching" / "launch.py"
    command = [sys.executable, str(launch), str(folder), js.dumps(settings), script, *arguments]
    nowhere = subprocess.DEVNULL if quiet else None
    process = subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere)
    if begun is not None:
        begun(process)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def hand_on(number, frame) -> None:
        with suppress(OSError):
            process.send_signal(number)

    try:  # Ctrl-C reaches the script by itself: both belong to the terminal's group
        with suppress(ValueError):
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, hand_on)
        import_module("downslope.watching.seen")  # what judges, while the script runs
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    finally:
        with suppress(ValueError):
            for number, handler in before.items():
                signal.signal(number, handler)
    return code if code >= 0 else 128 - code


class ScriptPage:
    """The lab's page of a script under way: it opens with the first loop, and stays until Ctrl-C."""

    def __init__(self, folder: Path, name: str):
        from ..lab.live import LiveScript
        from ..lab.localized import plain

        self.live = LiveScript(folder, plain(name))
        self.page: LivePage | None = None
        self.opening = threading.Thread(target=self._open, daemon=True)

    def begin(self, process: subprocess.Popen) -> None:
        """The script has begun."""
        self.live.process = process
        self.opening.start()

    def _open(self) -> None:
        process = self.live.process
        while self.live.recording.main is None and process is not None and process.poll() is None:
            time.sleep(0.1)
        self.page = LivePage(self.live)

    def stay(self, seen: Seen) -> None:
        """Show the whole run until Ctrl-C."""
        self.live.over(seen)
        self.opening.join()
        if self.page is not None:
            self.page.stay()


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


def _seen(folder: Path, code: int) -> Seen:
    from ..watching.records import read
    from ..watching.seen import Seen

    recording = read(folder)
    if recording.exit_code is None or recording.end == "killed":
        recording.exit_code = code
    return Seen(recording)

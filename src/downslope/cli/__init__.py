"""The command line: the door that most people come through.

Nothing but Typer is loaded here; a command loads what it needs when it is called.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

import typer

from .. import __version__
from ..arguments import explained, of_the_user
from ..errors import DownslopeError, DownslopeWarning
from ..messages import language, speaking, text, writing
from . import pasting
from .fitting import certify, compare, fit
from .inspecting import export, inspect
from .instruments import bare_errors, check, check_gradient
from .judging import judge
from .lab import lab, report
from .lessons import lesson
from .minimizing import minimize
from .options import Lang, in_options
from .predicting import predict
from .requests import near
from .signals import exit_code, interrupting
from .watching import SETTINGS, own_words, watch

app = typer.Typer(name="downslope", help="cli.help", context_settings={"help_option_names": ["--help", "-h"]})
commands = (
    fit,
    predict,
    minimize,
    compare,
    inspect,
    export,
    certify,
    check,
    check_gradient,
    judge,
    lesson,
    lab,
    report,
)
for command in commands:
    app.command(help=f"cli.help_{command.__name__}")(command)
app.command(help="cli.help_watch", context_settings=SETTINGS)(watch)

Fault: Any = typer.BadParameter.__mro__[2]  # what Typer finds wrong with a request: its home has moved


def _version(asked: bool) -> None:
    if asked:
        print(f"downslope {__version__}")
        raise typer.Exit


@app.callback()
def _all(
    version: Annotated[
        bool, typer.Option("--version", help="cli.help_version", callback=_version, is_eager=True)
    ] = False,
    lang: Lang = None,
) -> None:
    """What stands before a command."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 2 the request or the data is at fault, 3 no
    answer, 130 ended by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP. A fault is one line on stderr.

    >>> main(["--version"])
    downslope ...
    0
    """
    words = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    if words[0] == "minimize":  # -x^2 is a formula: a space keeps it from being taken for options
        words = [f" {word}" if re.match(r"-(?!-|h$)", word) else word for word in words]
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name that cannot be printed is no failure
    spoken = speaking(_language(words)), writing(in_options)
    with interrupting(), spoken[0], spoken[1], warnings.catch_warnings():
        warnings.simplefilter("always", DownslopeWarning)
        warnings.showwarning = _warn
        try:
            with pasting.typed(words):
                code = exit_code(_run(words))
            sys.stdout.flush()
            return code
        except DownslopeError as error:
            return _refuse(str(error))
        except Fault as fault:
            return _refuse(_message(fault))
        except BrokenPipeError:  # the reader of the pipe has closed it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except OSError as error:
            code = exit_code(130)
            return _refuse(text("cli.system", reason=error)) if code == 130 else code  # a closed terminal
        except ImportError as error:
            limit = _address_space()
            if limit is None:
                return _unforeseen(error, words[0])
            return _refuse(text("cli.address_space", limit=limit, reason=error))
        except MemoryError:
            return _refuse(text("cli.memory"))
        except KeyboardInterrupt:
            with suppress(OSError):
                print(text("cli.interrupted"), file=sys.stderr)
            return exit_code(130)
        except Exception as error:
            return _unforeseen(error, words[0])


def _run(words: list[str]) -> int:
    """The command itself: its exit code, or what it raises, as it was raised."""
    group, words = _command(), bare_errors(words)
    if "_DOWNSLOPE_COMPLETE" in os.environ:  # a shell asks, not a person
        group.main(words, prog_name="downslope")
    try:
        with group.make_context("downslope", words) as context:
            return group.invoke(context) or 0
    except typer.Exit as done:
        return done.exit_code


def _command() -> Any:
    """Typer's command, with its help in the language of the moment."""
    group: Any = typer.main.get_command(app)
    for command in (group, *group.commands.values()):
        command.help = text(command.help)
        if language() == "zh":
            command.rich_markup_mode = None  # Rich breaks lines at spaces only, and cuts what has none
        for parameter in command.get_params(typer.Context(command)):  # --help is one of them
            key = getattr(parameter, "help", None) or ""
            if key.startswith("cli."):
                parameter.help = text(key)
            elif parameter.name in ("install_completion", "show_completion"):
                parameter.help = text(f"cli.help_{parameter.name}")
            kind = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
            if kind in (str, bool, list[str]):
                parameter._runtime_param = _AsWritten(kind == list[str])
    return group


class _AsWritten:
    """An option as it was written: text, or a flag. Typer's own conversion, which this replaces where Typer
    has that attribute, imports pydantic, a sixth of the time of a first fit."""

    def __init__(self, several: bool):
        self.several = several

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """A list of an option that may be given several times, () if it was not."""
        return (list(value) if value else ()) if self.several else value


def _language(words: Sequence[str]) -> str | None:
    """What --lang asks for, which must be known before anything is said."""
    words = own_words(words) if words[:1] == ["watch"] else words
    for word, following in zip(words, [*words[1:], None]):
        if word == "--lang":
            return following
        if word.startswith("--lang="):
            return word.removeprefix("--lang=")
    return None


def _address_space() -> str | None:
    """The limit of this process's address space, where it has one that libraries may not fit in."""
    from ..data.memory import address_space

    limit = address_space()
    return None if limit is None else f"{limit / 1e9:.1f} GB"


def _refuse(reason: str) -> int:
    print(text("cli.error", reason=" ".join(reason.splitlines())), file=sys.stderr)
    return 2


def _unforeseen(error: Exception, command: str) -> int:
    """What a person's own code raised, with its traceback, and a line; of all else a line alone."""
    if not of_the_user(error):
        return _refuse(str(explained(error, f"downslope {command}")))
    traceback.print_exception(error)
    return _refuse(text("cli.own_code", kind=type(error).__name__, reason=error))


def _warn(message, category, filename, lineno, file=None, line=None) -> None:
    print(text("cli.warning", reason=" ".join(str(message).splitlines())), file=sys.stderr)


def _message(fault) -> str:
    """What Typer found at fault, as one sentence that says what would work."""
    kind, said = type(fault).__name__, fault.format_message()
    command = fault.ctx.command_path if fault.ctx else "downslope"
    if kind == "NoSuchOption":
        options = [name for parameter in fault.ctx.command.params for name in parameter.opts]
        others = fault.ctx.parent.command.commands if fault.ctx.parent else {}
        has = [name for name, one in others.items() if any(fault.option_name in p.opts for p in one.params)]
        if has:
            facts = {"command": command, "asked": fault.option_name, "known": ", ".join(has)}
            return text("cli.option_of_another", **facts)
        known = near(fault.option_name, sorted(name for name in options if name.startswith("--")))
        return text("cli.unknown_option", command=command, asked=fault.option_name, known=known)
    if kind == "MissingParameter":
        needed = fault.param.opts[0] if fault.param.opts[0].startswith("-") else fault.param.metavar
        return text("cli.missing", command=command, needed=needed)
    if kind == "BadOptionUsage":
        return text("cli.option_value", command=command, asked=fault.option_name)
    quoted = re.search(r"'(.*?)'", said)
    if quoted and hasattr(fault.ctx.command, "commands"):
        known = near(quoted[1], list(fault.ctx.command.commands))
        return text("cli.unknown_command", asked=quoted[1], known=known)
    extra = re.search(r"\s\((.*)\)", said)
    if extra:
        return text("cli.extra", command=command, extra=extra[1])
    return text("cli.usage", command=command, reason=said)

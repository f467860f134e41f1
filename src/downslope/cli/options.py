"""What can be asked on the command line: the options, each declared once, with its completion.

Options that are settings of a run come from their table (`inference/table.py`); the others stand here.
Values are taken as texts and read by the kind of the setting, so that a wrong one is refused in our own words
and in the reader's language. A help text is declared by its key; `main` replaces the key by the sentence.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable
from dataclasses import MISSING, field, fields, make_dataclass, replace
from functools import wraps
from typing import Annotated, Any, get_origin, get_type_hints

import typer

from ..errors import DownslopeError
from ..inference.table import asked_at, option_of, settings
from ..messages import LANGUAGES


def methods_known(incomplete: str) -> list[str]:
    """Completions of --method, and of the last of --methods."""
    from ..descent.methods import METHODS

    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in METHODS if name.startswith(last)]


def _completed(known: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """Completion by names, which are looked up when they are asked for."""
    return lambda incomplete: [name for name in known() if name.startswith(incomplete)]


def _kinds() -> Iterable[str]:
    from ..insight.standard_errors import KINDS

    return KINDS


def _libraries() -> Iterable[str]:
    from ..inference.export import LIBRARIES

    return LIBRARIES


def spoken(asked: str | None) -> str | None:
    """--lang, which `main` has obeyed by now: here it is only checked."""
    if asked is not None and asked not in LANGUAGES:
        raise DownslopeError("cli.language", asked=asked, known=", ".join(LANGUAGES))
    return asked


def _option(name: str, metavar: str, help: str, completion: Callable | None = None):
    return typer.Option(name, metavar=metavar, help=f"cli.help_{help}", autocompletion=completion)


# what is read
Data = Annotated[str, typer.Argument(metavar="DATA", help="cli.help_data", show_default=False)]
Run = Annotated[str, typer.Argument(metavar="RUN", help="cli.help_run", show_default=False)]
OpenedRun = Annotated[str | None, typer.Argument(metavar="RUN", help="cli.help_opened_run")]
Expression = Annotated[str, typer.Argument(metavar="EXPR", help="cli.help_expression", show_default=False)]
Number = Annotated[str | None, typer.Argument(metavar="N", help="cli.help_lesson_number")]
From = Annotated[str | None, _option("--from", "FOLDER", "lesson_from")]
Lessons = Annotated[str | None, _option("--lessons", "FOLDER", "lab_lessons")]
Target = Annotated[str, _option("--target", "COL", "target")]
Features = Annotated[list[str] | None, _option("--features", "A,B", "features")]
Exclude = Annotated[list[str] | None, _option("--exclude", "A,B", "exclude")]
Weights = Annotated[str | None, _option("--weights", "COL", "weights")]
Memory = Annotated[str | None, _option("--memory", "2GB", "memory")]
OnBadRow = Annotated[str | None, _option("--on-bad-row", "skip|fail", "on_bad_row")]
Encoding = Annotated[str | None, _option("--encoding", "NAME", "encoding")]
OutEncoding = Annotated[str | None, _option("--out-encoding", "NAME", "out_encoding")]
Header = Annotated[
    bool | None, typer.Option("--header/--no-header", help="cli.help_header", show_default=False)
]
Workers = Annotated[str | None, _option("--workers", "N", "workers")]
Cluster = Annotated[str | None, _option("--cluster", "ADDRESS", "cluster")]
Validate = Annotated[str | None, _option("--validate", "FRACTION|FILE", "validate")]

CalibrateRows = Annotated[str | None, _option("--calibrate-rows", "FRACTION|cv+", "calibrate_rows")]
Test = Annotated[str | None, _option("--test", "FRACTION", "test")]
Nested = Annotated[bool, typer.Option("--nested", help="cli.help_nested")]
Interval = Annotated[str | None, _option("--interval", "LEVEL", "interval")]
IntervalOf = Annotated[str | None, _option("--interval-of", "new|mean", "interval_of")]

Derivative = Annotated[list[str] | None, _option("--derivative", "EXPR", "derivative")]

Methods = Annotated[str | None, _option("--methods", "A,B", "methods", methods_known)]
Models = Annotated[str | None, _option("--models", "'MODEL; …'", "models")]
Repeats = Annotated[str | None, _option("--repeats", "N", "repeats")]
Starts = Annotated[str | None, _option("--starts", "N", "starts")]
Grid = Annotated[list[str] | None, _option("--grid", "NAME=FIRST:LAST:STEP", "grid")]

# what comes out
Out = Annotated[str | None, _option("--out", "RUN", "out")]
Checkpoint = Annotated[str | None, _option("--checkpoint", "SECONDS", "checkpoint")]
Log = Annotated[list[str] | None, _option("--log", "FILE", "log")]
Resume = Annotated[str | None, _option("--resume", "RUN", "resume")]
TrustSource = Annotated[bool, typer.Option("--trust-source", help="cli.help_trust_source")]
Table = Annotated[str | None, _option("--out", "FILE|FOLDER", "out_table")]
Lacking = Annotated[bool, typer.Option("--resume", help="cli.help_lacking")]
Onnx = Annotated[str | None, _option("--onnx", "FILE", "onnx")]
Code = Annotated[str | None, _option("--code", "LIBRARY", "code", _completed(_libraries))]
Script = Annotated[str | None, _option("--out", "FILE", "out_script")]
Page = Annotated[str, _option("--out", "FILE", "page")]
Port = Annotated[str, _option("--port", "N", "port")]
Host = Annotated[str, _option("--host", "ADDRESS", "host")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="cli.help_no_browser")]
ShowLab = Annotated[bool, typer.Option("--lab", help="cli.help_show_lab")]
Plot = Annotated[str | None, _option("--plot", "FILE", "plot")]
Plane = Annotated[str | None, _option("--plane", "path|curvature|A,B", "plane")]
Surface = Annotated[bool, typer.Option("--surface", help="cli.help_surface")]
Force = Annotated[bool, typer.Option("--force", help="cli.help_force")]
NoVerdict = Annotated[bool, typer.Option("--no-verdict", help="cli.help_no_verdict")]
Fix = Annotated[bool, typer.Option("--fix", help="cli.help_fix")]
Errors = Annotated[str | None, _option("--errors", "KIND", "errors", _completed(_kinds))]
ClusterBy = Annotated[str | None, _option("--cluster-by", "COL", "cluster_by")]
Hac = Annotated[str | None, _option("--hac", "LAGS", "hac")]
Time = Annotated[str | None, _option("--time", "COL", "time")]
Diagnose = Annotated[bool, typer.Option("--diagnose", help="cli.help_diagnose")]
Bootstrap = Annotated[str | None, _option("--bootstrap", "N", "bootstrap")]
Seed = Annotated[str | None, _option("--seed", "N", "drawn_seed")]
FixAlpha = Annotated[bool, typer.Option("--fix-alpha", help="cli.help_fix_alpha")]
Robust = Annotated[bool, typer.Option("--robust", help="cli.help_robust")]
StepNumber = Annotated[str | None, _option("--step", "N", "step")]
Rows = Annotated[str | None, _option("--data", "DATA", "rows")]
LogRun = Annotated[str | None, _option("--run", "NAME", "log_run")]
LogColumns = Annotated[str | None, _option("--columns", "A,B", "log_columns")]
Json = Annotated[bool, typer.Option("--json", help="cli.help_json")]
Lang = Annotated[
    str | None,
    typer.Option(
        "--lang",
        metavar="|".join(LANGUAGES),
        help="cli.help_lang",
        callback=spoken,
        autocompletion=_completed(lambda: LANGUAGES),
    ),
]


# as Python calls it → as an option, where that is no setting and of another name
ELSE = {"validation": "--validate", "net": "--hidden", "dataset": "DATA", "overwrite": "--force"} | {
    "kind": "--errors",
    "groups": "--cluster-by",
    "lags": "--hac",
    "time": "--time",
    "replicates": "--bootstrap",
}
OWN = {
    name
    for kind in list(vars().values())
    if get_origin(kind) is Annotated and isinstance(kind.__metadata__[0].default, str)
    for name in kind.__metadata__[0].default.split("/")  # Typer takes the first name for a default
}


def options_at(door: str) -> list[tuple[str, Any, Any]]:
    """(parameter, type, default) of each setting that a command asks for."""
    found = []
    for row in asked_at(door):
        default = row.defaults[door]
        completion = None if row.choices is None else _completed(row.choices)
        option = _option(row.option, row.metavar, row.parameter, completion)
        kind: Any = str if isinstance(default, str) else str | None
        if row.flag:
            option, kind, default = typer.Option(row.option, help=f"cli.help_{row.parameter}"), bool, False
        elif "=" in row.metavar:  # may stand there several times
            kind = list[str] | None
        found.append((row.parameter, Annotated[kind, option], field(default=default, kw_only=True)))
    return found


def record_of(door: str, *bases: type) -> Any:
    """A dataclass of the settings that a command asks for, each as it was typed."""
    bare: dict[str, Any] = {"init": False, "repr": False, "eq": False}  # the class below it has its own
    return make_dataclass(f"{door.title()}Options", options_at(door), bases=bases, frozen=True, **bare)


def changed(record: Any, **options: Any) -> Any:
    """The same record with some options changed."""
    return replace(record, **options)


def in_options(words: str) -> str:
    """What a sentence says of a setting, as on the command line.

    >>> in_options('penalty="l2"'), in_options("alpha"), in_options('start={"x": 1, "y": 2}')
    ('--penalty l2', '--alpha', '--start x=1,y=2')
    """
    name, _, value = words.partition("=")
    if value.startswith("ds.Exhaustive"):
        return "--grid x=0:4:0.1"
    option = ELSE.get(name) or option_of(name)
    if option not in (*ELSE.values(), *OWN, *(row.option for row in settings())):
        return words
    if option in OWN and value == "False":
        return option.replace("--", "--no-", 1)
    if value.startswith("{"):
        value = value.strip("{}").replace('"', "").replace(": ", "=")
    value = value.strip("\"'(),").replace(", ", ",")
    return option if value in ("", "True", "False") else f"{option} {value}"


def asking(*records: type, only: Collection[str] = ()) -> Callable[[Callable], Callable]:
    """The command takes the fields of dataclasses as options, and gets the records made of them first.
    `only`: these of the fields."""

    def parameters(record: type) -> list[inspect.Parameter]:
        hints, found = get_type_hints(record, include_extras=True), []
        for part in fields(record):
            if part.name in only or not only:
                default = inspect.Parameter.empty if part.default is MISSING else part.default
                asked = {"default": default, "annotation": hints[part.name]}
                found.append(inspect.Parameter(part.name, inspect.Parameter.KEYWORD_ONLY, **asked))
        return found

    asked = {record: parameters(record) for record in records}

    def decorate(command: Callable) -> Callable:
        own = list(inspect.signature(command, eval_str=True).parameters.values())[len(records) :]

        @wraps(command)
        def called(**given):
            made = [record(**{one.name: given.pop(one.name) for one in asked[record]}) for record in records]
            return command(*made, **given)

        own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        all_of_them = [*(one for record in records for one in asked[record]), *own]
        called.__signature__ = inspect.Signature(all_of_them)  # type: ignore[attr-defined]
        called.__annotations__ = {}
        return called

    return decorate

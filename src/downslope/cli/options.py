"""What can be asked on the command line: the options, each declared once, with its completion.

Numbers are taken as texts and read in `requests`, so that a wrong one is refused in our own words and
in the reader's language. Help is told by its key; `main` puts the sentence in its place.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import wraps
from typing import Annotated, get_type_hints

import typer

from ..errors import DownslopeError
from ..messages import LANGUAGES


def methods_known(incomplete: str) -> list[str]:
    """Completions of --method, and of the last of --methods."""
    from ..descent.methods import METHODS

    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in METHODS if name.startswith(last)]


def losses_known(incomplete: str) -> list[str]:
    from ..model.losses import LOSSES

    return [name for name in LOSSES if name.startswith(incomplete)]


def libraries_known(incomplete: str) -> list[str]:
    from ..inference.export import LIBRARIES

    return [name for name in LIBRARIES if name.startswith(incomplete)]


def penalties_known(incomplete: str) -> list[str]:
    from ..model.penalties import PENALTIES

    return [name for name in PENALTIES if name.startswith(incomplete)]


def penalised_known(incomplete: str) -> list[str]:
    from ..model.penalties import PENALTY_ON

    return [name for name in PENALTY_ON if name.startswith(incomplete)]


def orders_known(incomplete: str) -> list[str]:
    from ..descent.rows import ORDERS

    return [name for name in ORDERS if name.startswith(incomplete)]


def activations_known(incomplete: str) -> list[str]:
    from ..model.net_checks import ACTIVATIONS

    return [name for name in ACTIVATIONS if name.startswith(incomplete)]


def languages_known(incomplete: str) -> list[str]:
    return [name for name in LANGUAGES if name.startswith(incomplete)]


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

# what is minimised
Loss = Annotated[str | None, _option("--loss", "LOSS", "loss", losses_known)]
Penalty = Annotated[str | None, _option("--penalty", "PENALTY", "penalty", penalties_known)]
Alpha = Annotated[str | None, _option("--alpha", "NUMBER", "alpha")]
PenaltyOn = Annotated[str, _option("--penalty-on", "raw|standardised", "penalty_on", penalised_known)]
NoIntercept = Annotated[bool, typer.Option("--no-intercept", help="cli.help_no_intercept")]
NoScale = Annotated[bool, typer.Option("--no-scale", help="cli.help_no_scale")]
Hidden = Annotated[str | None, _option("--hidden", "N,N", "hidden")]
Activation = Annotated[str | None, _option("--activation", "NAME", "activation", activations_known)]
Dropout = Annotated[str | None, _option("--dropout", "SHARE", "dropout")]
Derivative = Annotated[list[str] | None, _option("--derivative", "EXPR", "derivative")]

# how
Method = Annotated[str, _option("--method", "METHOD", "method", methods_known)]
Methods = Annotated[str, _option("--methods", "A,B", "methods", methods_known)]
LearningRate = Annotated[str, _option("--learning-rate", "RATE", "learning_rate")]
BatchSize = Annotated[str | None, _option("--batch-size", "N", "batch_size")]
Order = Annotated[str | None, _option("--order", "ORDER", "order", orders_known)]
Start = Annotated[list[str] | None, _option("--start", "NAME=NUMBER", "start")]
Starts = Annotated[str | None, _option("--starts", "N", "starts")]
Grid = Annotated[list[str] | None, _option("--grid", "NAME=FIRST:LAST:STEP", "grid")]
Epochs = Annotated[str, _option("--epochs", "N", "epochs")]
Tol = Annotated[str | None, _option("--tol", "NUMBER", "tol")]
Patience = Annotated[str | None, _option("--patience", "N", "patience")]
Seconds = Annotated[str | None, _option("--seconds", "NUMBER", "seconds")]
Seed = Annotated[str, _option("--seed", "N", "seed")]

# what comes out
Out = Annotated[str | None, _option("--out", "RUN", "out")]
Checkpoint = Annotated[str | None, _option("--checkpoint", "SECONDS", "checkpoint")]
Log = Annotated[list[str] | None, _option("--log", "FILE", "log")]
Resume = Annotated[str | None, _option("--resume", "RUN", "resume")]
TrustSource = Annotated[bool, typer.Option("--trust-source", help="cli.help_trust_source")]
Table = Annotated[str | None, _option("--out", "FILE|FOLDER", "out_table")]
Lacking = Annotated[bool, typer.Option("--resume", help="cli.help_lacking")]
Onnx = Annotated[str | None, _option("--onnx", "FILE", "onnx")]
Code = Annotated[str | None, _option("--code", "LIBRARY", "code", libraries_known)]
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
Errors = Annotated[bool, typer.Option("--errors", help="cli.help_errors")]
Robust = Annotated[bool, typer.Option("--robust", help="cli.help_robust")]
StepNumber = Annotated[str | None, _option("--step", "N", "step")]
Rows = Annotated[str | None, _option("--data", "DATA", "rows")]
Json = Annotated[bool, typer.Option("--json", help="cli.help_json")]
Lang = Annotated[
    str | None,
    typer.Option(
        "--lang",
        metavar="|".join(LANGUAGES),
        help="cli.help_lang",
        callback=spoken,
        autocompletion=languages_known,
    ),
]


def asking(record: type) -> Callable[[Callable], Callable]:
    """The command takes the fields of a dataclass as options, and gets the record made of them first."""
    hints = get_type_hints(record, include_extras=True)
    asked = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(record)
    ]

    def decorate(command: Callable) -> Callable:
        own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]

        @wraps(command)
        def called(**given):
            request = record(**{parameter.name: given.pop(parameter.name) for parameter in asked})
            return command(request, **given)

        own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        called.__signature__ = inspect.Signature([*asked, *own])  # type: ignore[attr-defined]
        called.__annotations__ = {}
        return called

    return decorate

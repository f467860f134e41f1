"""The table of a run's settings: each is declared once, here or in `model/net_settings.py`.

Every door reads it: `Recipe` its fields, checks and JSON; the command line its options, help and completion;
the lab its schema and limits; a remedy the options that it prints. `downslope --help` reads it too: nothing
heavy is loaded here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..arguments import Kind, a, listed, number, numbers_by_name, shown, truth, whole
from ..errors import DownslopeError
from ..model.net_settings import NetSettings
from ..settings import Setting, setting, settings_of

if TYPE_CHECKING:
    from ..model.nets import Net


def _table(module: str, name: str) -> Callable[[], Iterable[str]]:
    """The names in a table of a module, which is loaded when they are asked for."""
    return lambda: getattr(import_module(module, __package__), name)


_losses, _methods = _table("..model.losses", "LOSSES"), _table("..descent.methods", "METHODS")
_orders, _stops = _table("..descent.batching", "ORDERS"), _table("..descent.stops", "STOPS")
_metrics, _rules = _table("..selection.metrics", "METRICS"), _table("..selection.choosing", "RULES")
_penalty_on = _table("..model.penalties", "PENALTY_ON")
_calibrations = _table(".calibrating", "METHODS")


def _penalties() -> Iterable[str]:
    from ..model.penalties import PENALTIES

    return [*PENALTIES, "auto"]


def pairs(option: str, words: str, example: str) -> dict[str, str]:
    """name → text, from "a=1,b=2"; a name may have an = of its own, but no comma."""
    found: dict[str, str] = {}
    for part in words.split(","):
        name, equals, value = (piece.strip() for piece in part.rpartition("="))
        if not (name and equals and value):
            raise DownslopeError("arguments.pair", option=option, asked=part.strip(), example=example)
        if name in found:
            raise DownslopeError("arguments.pair_twice", option=option, name=name)
        found[name] = value
    return found


def _start(words: str) -> dict[str, float]:
    found = pairs("--start", words, "x=1")
    return {name: number().read(f"--start {name}", value) for name, value in found.items()}


def _class_weights(words: str) -> str | dict[str, float]:
    """balanced; or a weight for each class, such as yes=5,no=1."""
    if "=" not in words:  # or no word that is known, which a recipe refuses
        return words
    found = pairs("--class-weights", words, "yes=5,no=1")
    return {name: number().read(f"--class-weights {name}", value) for name, value in found.items()}


def _check_start(name: str, value: Any) -> None:
    numbers_by_name(name, value)
    for weight, start in (value or {}).items():
        SIZED(f"{name} {weight}", start)


def _order(words: str) -> str | list[int]:
    """shuffle, cyclic, replacement or blocks; or row numbers such as 2,0,1."""
    parts = [part.strip() for part in words.split(",")]
    return [int(part) for part in parts] if all(part.isdecimal() for part in parts) else words


def _rate(spec: Any) -> Any:
    """A text that is a number as this number; all else as it is."""
    try:
        return float(spec) if isinstance(spec, str) else spec
    except ValueError:
        return spec


def _anything(name: str, value: Any) -> None:
    """Refused by `Recipe`, where it makes no sense."""


def _check_word(name: str, value: Any) -> None:
    if not isinstance(value, str) or not value or len(value) > 200:
        raise DownslopeError("arguments.word", name=name, value=shown(value))


def _check_word_or_none(name: str, value: Any) -> None:
    if value is not None:
        _check_word(name, value)


def _check_rows(name: str, value: Any) -> None:
    if not isinstance(value, str):
        listed()(name, value)
        for row in value:
            whole(0, 10**9)(name, row)


MOST_EPOCHS, MOST_SEED = 100_000, 2**31 - 1  # on the lab's page
SIZED = number(-1e300, 1e300)  # what a page may send, so that a few of them add up
NOUN = Kind(_anything)  # a text, or the thing that Recipe makes of it
WORD = Kind(_check_word)
WORD_OR_NONE = Kind(_check_word_or_none, schema={"type": "null"})
ROW_NUMBERS = {"type": "array", "items": {"type": "integer", "minimum": 0}}
BY_NAME = {"type": ["object", "null"], "additionalProperties": {"type": "number"}}
MODEL = "fit compare certify lab linear net"
RUN = "fit compare minimize"


@dataclass(frozen=True)
class RecipeSettings:
    """The fields of `Recipe`, in the order in which a run keeps them."""

    loss: Any = setting("squared", NOUN, "--loss LOSS", MODEL, choices=_losses, page=WORD)
    penalty: Any = setting(None, NOUN, "--penalty PENALTY", MODEL, choices=_penalties, page=WORD_OR_NONE)
    alpha: float | str = setting(  # a number, or the rule that finds one
        0.0, Kind(_anything, float), "--alpha NUMBER|cv", MODEL, choices=_rules, page=number(0, 1e300)
    )
    method: Any = setting(
        "auto", NOUN, "--method METHOD", "fit=auto minimize=gd linear net", choices=_methods
    )
    learning_rate: Any = setting(
        "auto",
        Kind(_anything, _rate, take=_rate),
        "--learning-rate RATE",
        "fit=auto compare=auto minimize=0.01 lab linear net",
        page=number(-1e300, 1e300, word="auto"),
    )
    epochs: int = setting(
        1000,
        Kind(_anything, whole().parse),
        "--epochs N",
        "fit= compare=1000 minimize= linear",
        page=whole(1, MOST_EPOCHS),
        lab=100,
        net=200,
    )
    tol: float | None = setting(
        1e-8,
        number(least=0, none=True),
        "--tol NUMBER",
        f"{RUN} linear",
        lab=None,  # a fixed number walks all epochs, as in the lessons; the rest stop at the end
        net=1e-6,
    )
    batch_size: int | None = setting(
        None, whole(none=True), "--batch-size N", "fit net", page=whole(1, 1_000_000), lab=32
    )
    order: str | Sequence[int] | None = setting(
        None,
        Kind(_anything, _order),
        "--order ORDER",
        "fit",
        choices=_orders,
        page=Kind(_check_rows, schema=ROW_NUMBERS),
        lab="shuffle",
    )
    intercept: bool = setting(True, truth, "--no-intercept", "fit compare certify lab linear")
    scale: bool = setting(True, truth, "--no-scale", MODEL)
    start: Mapping[str, float] | None = setting(
        None,
        Kind(numbers_by_name, _start),
        "--start NAME=NUMBER",
        f"{RUN} lab",
        page=Kind(_check_start, schema=BY_NAME),
    )
    seed: int = setting(
        0, whole(least=0), "--seed N", "fit=0 compare=0 minimize=0 lab", page=whole(0, MOST_SEED)
    )
    seconds: float | None = setting(None, number(least=0, none=True), "--seconds NUMBER", RUN)
    patience: int | None = setting(None, whole(least=1, none=True), "--patience N", "fit compare net")
    net: Net | None = setting(None, Kind(a("Net", none=True)))
    penalty_on: str = setting(  # "standardised": the penalty is on σ·w, and every column pays alike
        "raw",
        NOUN,
        "--penalty-on raw|standardised",
        "fit=raw compare=raw certify=raw lab linear net",
        choices=_penalty_on,
        page=WORD,
    )
    stop: Any = setting(None, NOUN, "--stop STOP", f"{RUN} linear net", choices=_stops)
    folds: int | str = setting(5, NOUN, "--folds N|loo|group:COL|time:COL", "fit compare linear")
    metric: str | None = setting(None, NOUN, "--metric NAME", "fit compare linear net", choices=_metrics)
    threshold: float | str | None = setting(  # of two classes: a number, or the rule that finds one
        None,
        Kind(_anything, _rate, take=_rate),
        "--threshold NUMBER|f1|cost:FN:FP",
        "fit lab",
        page=Kind(_anything, schema={"type": ["number", "string", "null"]}),
    )
    calibrate: str | None = setting(None, NOUN, "--calibrate platt|isotonic", "fit", choices=_calibrations)
    class_weights: str | Mapping[str, float] | None = setting(  # times the weights of the rows
        None,
        Kind(_anything, _class_weights),
        "--class-weights balanced|CLASS=NUMBER",
        "fit compare certify lab",
        page=Kind(_anything, schema={"anyOf": [{"const": "balanced"}, BY_NAME]}),
    )


RECIPE, NET = settings_of(RecipeSettings), settings_of(NetSettings)


def settings() -> list[Setting]:
    """All of them, those of a net last."""
    return [*RECIPE.values(), *(row for row in NET.values() if row.name not in RECIPE)]


def asked_at(door: str) -> list[Setting]:
    """The settings that are asked for at a door."""
    return [row for row in settings() if door in row.defaults]


def read_options(door: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that the options of a command ask for; those that were left out are not in it.
    given: the parameter of each option → its text, several texts, or whether a flag stands there."""
    settings: dict[str, Any] = {}
    for row in asked_at(door):
        words = given.get(row.parameter)
        if row.flag and words:
            settings[row.name] = False
        elif not row.flag and (words or (words == "" and row.defaults[door] != "")):  # "" was typed
            words = words if isinstance(words, str) else ",".join(words)
            settings[row.name] = row.kind.read(row.option, words)
    return settings


def as_options(change: Mapping[str, Any]) -> Iterator[str]:
    """The words of the command line that stand for the settings of a change; one that is to be left out needs
    none.

    >>> list(as_options({"learning_rate": 0.107, "start": {"x": 1.0}, "scale": False}))
    ['--learning-rate', '0.107', '--start', 'x=1.0', '--no-scale']
    """
    for name, value in change.items():
        row = RECIPE.get(name)
        if row is not None and row.flag:
            yield from () if value else (row.option,)
        elif name == "method" and isinstance(value, Mapping):
            for weight, points in value["exhaustive"].items():
                step = points[1] - points[0] if len(points) > 1 else 1.0
                yield from ("--grid", f"{weight}={points[0]:.12g}:{points[-1]:.12g}:{step:.12g}")
        elif value is not None:
            if isinstance(value, Mapping):
                value = ",".join(f"{key}={part!r}" for key, part in value.items())
            elif isinstance(value, list | tuple):
                value = ",".join(map(str, value))
            yield from (option_of(name), str(value))


def option_of(name: str) -> str:
    """The option of an argument of `fit`, `minimize` or `Dataset.read`."""
    row = RECIPE.get(name) or NET.get(name)
    return row.option if row is not None and row.option else "--" + name.replace("_", "-")

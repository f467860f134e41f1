"""The command line that was typed, with the change of a remedy: as it can be pasted."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ..inference.table import RECIPE, as_options, option_of

if TYPE_CHECKING:
    from ..insight import Remedy

MANY = 20  # weights that nobody types
QUERIED = ("square", "distinct")  # changes that only a query makes
RUN = "fit.run"  # where a fit is saved that was saved nowhere
KEPT = ("--out", "--plot", "--log")  # what they name exists by now: only --force replaces it
_words: ContextVar[tuple[str, ...]] = ContextVar("words", default=())


@contextmanager
def typed(words: Sequence[str]) -> Iterator[None]:
    """These words are the command line, for as long as it runs."""
    token = _words.set(tuple(words))
    try:
        yield
    finally:
        _words.reset(token)


def pasted(remedy: Remedy) -> str:
    """The whole command with the remedy's change. The options alone, where no command was typed, or one that
    goes on with a run, whose settings stay."""
    change: Mapping[str, Any] | None
    words: Sequence[str]
    words, change = _words.get(), remedy.change
    if change and "errors" in change and words:
        return _errors(words, change["errors"])
    if not change or not words or words[0] not in ("fit", "minimize"):
        return options(remedy)
    words, change = _rows(words, change, remedy.facts)
    if remedy.code == "go_on":
        run = _value(words, "--resume") or (_value(words, "--checkpoint") and _value(words, "--out"))
        if run:
            return shlex.join(["downslope", words[0], "--resume", str(run)])
        change = {"start": {name: float(f"{w:.9g}") for name, w in change["start"].items()}}
    if _value(words, "--resume") or len(change.get("start") or ()) > MANY:
        return options(remedy) if len(options(remedy)) < 200 else ""
    names = {option_of(name) for name in change} | {"--fix", "--json"}
    names |= {"--grid", "--starts"} if "method" in change or "start" in change else set()
    kept = [word.strip() if word.startswith(" ") else word for word in _without(words, names)]
    force = any(_value(words, name) for name in KEPT) and "--force" not in kept
    return shlex.join(["downslope", *kept, *as_options(change), *(["--force"] if force else [])])


def asked(*names: str) -> bool:
    """Whether one of these options was typed."""
    return any(_value(_words.get(), name) is not None for name in names)


def options(remedy: Remedy) -> str:
    """The options alone; of rows that a query makes, the query."""
    change = dict(remedy.change or {})
    made = [change.pop(name) for name in QUERIED if name in change]
    return " ".join([*([shlex.quote(remedy.facts.get("query") or "")] if made else []), *as_options(change)])


def _errors(words: Sequence[str], kind: str) -> str:
    """The command that shows standard errors of another kind; of a fit that is saved nowhere, with one that
    saves it."""
    if words[0] == "inspect":
        return shlex.join(["downslope", *_without(words, {"--json"}), "--errors", kind])
    saved = _value(words, "--out")
    fit = shlex.join(["downslope", *_without(words, {"--json", "--fix"}), "--out", RUN])
    show = shlex.join(["downslope", "inspect", saved or RUN, "--errors", kind])
    return show if saved else f"{fit} && {show}"


def _rows(
    words: Sequence[str], change: Mapping[str, Any], facts: Mapping[str, Any]
) -> tuple[Sequence[str], dict[str, Any]]:
    """The words with the rows that a change asks for: a query in place of the source, columns left out."""
    change, named, before = dict(change), _listed(words, "--features"), _listed(words, "--exclude")
    made = [change.pop(name) for name in QUERIED if name in change]
    if made and facts.get("query"):
        words = [facts["query"] if word == facts["source"] else word for word in words]
    if named and made and isinstance(made[0], Mapping):
        change["features"] = [*named, *(f"{column}²" for column in made[0])]
    if "exclude" in change and named:
        left = [name for name in named if name.strip() not in change["exclude"]]
        change = {**{name: value for name, value in change.items() if name != "exclude"}, "features": left}
    elif "exclude" in change:
        change["exclude"] = [*before, *change["exclude"]]
    return words, change


def _value(words: Sequence[str], name: str) -> str | None:
    """What follows an option, where it stands first."""
    return next(_values(words, name), None)


def _values(words: Sequence[str], name: str) -> Iterator[str]:
    """What follows an option, wherever it stands."""
    for word, following in pairwise([*words, ""]):
        if word == name:
            yield following
        elif word.startswith(f"{name}="):
            yield word.partition("=")[2]


def _listed(words: Sequence[str], name: str) -> list[str]:
    """The parts of an option that takes a list, several times too."""
    return [part for value in _values(words, name) for part in value.split(",")]


def _without(words: Sequence[str], names: set[str]) -> Iterator[str]:
    """The words less some options and what follows them."""
    flags, skip = {row.option for row in RECIPE.values() if row.flag} | {"--fix", "--json"}, False
    for word in words:
        name = word.partition("=")[0]
        if skip:
            skip = False
        elif name in names:
            skip = word == name and name not in flags
        else:
            yield word

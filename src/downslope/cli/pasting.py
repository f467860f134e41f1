"""The command line that was typed, with the change of a remedy: as it can be pasted."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from ..inference.table import RECIPE, as_options, option_of

if TYPE_CHECKING:
    from ..insight import Remedy

MANY = 20  # weights that nobody types
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
    words, change = _words.get(), remedy.change
    if not change or not words or words[0] not in ("fit", "minimize"):
        return options(remedy)
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
    """The options alone."""
    return " ".join(as_options(remedy.change or {}))


def _value(words: Sequence[str], name: str) -> str | None:
    """What follows an option."""
    for word, following in zip(words, [*words[1:], None]):
        if word == name:
            return following
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return None


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

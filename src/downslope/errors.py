"""Errors and warnings: each says what was asked, what was found and what would work."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from .messages import text


class DownslopeError(ValueError):
    """An invalid request or invalid data. `key` names the sentence, `facts` fill its placeholders.

    >>> DownslopeError("data.no_such_file", path="rows.csv").key
    'data.no_such_file'
    """

    def __init__(self, key: str, /, **facts):
        super().__init__(key, facts)
        self.key = key
        self.facts = facts

    def __str__(self) -> str:
        line = " ".join(text(self.key, **self.facts).splitlines())  # a name may hold bytes that are no UTF-8
        return line.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    def __reduce__(self):
        return _rebuilt, (type(self), self.key, self.facts)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C ended a fit. `solution` is what was learned until then: finite weights, a trace, a verdict."""

    def __init__(self, solution):
        super().__init__("interrupted: .solution holds what was learned until then")
        self.solution = solution


class DownslopeWarning(UserWarning):
    """The result is valid, but has a limitation that the user should know."""


def _rebuilt(kind, key, facts):
    return kind(key, **facts)


class Renamed:
    """A method or property of a class under its name of version 0.1, `old = Renamed("new")`: its use
    warns."""

    def __init__(self, new: str):
        self.new = new

    def __set_name__(self, owner: type, name: str) -> None:
        self.old = f"{owner.__name__}.{name}"

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return getattr(owner, self.new)
        warn_renamed(self.old, self.new, stacklevel=3)
        return getattr(instance, self.new)


def warn_renamed(old: str, new: str, stacklevel: int = 3) -> None:
    """Warn that a public name of version 0.1 has another name now."""
    warnings.warn(f"{old} is deprecated: its name is now {new}", DeprecationWarning, stacklevel=stacklevel)


def nearest(asked: str, known: Iterable[str]) -> str:
    """The valid names, the nearest first.

    >>> nearest("addam", ["gd", "sgd", "adam"])
    'adam, gd, sgd'
    """
    known = sorted(known)
    close = get_close_matches(str(asked), known, n=1, cutoff=0.5)
    return ", ".join(close + [name for name in known if name not in close])

"""What goes wrong, told so that it can be put right: what was asked, what was found, what would work."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from .messages import text


class DownslopeError(ValueError):
    """The request or the data is at fault. `key` names the sentence, `facts` fill it.

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
    """The answer stands, but there is something about it that should be known."""


def _rebuilt(kind, key, facts):
    return kind(key, **facts)


def nearest(asked: str, known: Iterable[str]) -> str:
    """The names that would have worked, the nearest first.

    >>> nearest("addam", ["gd", "sgd", "adam"])
    'adam, gd, sgd'
    """
    known = sorted(known)
    close = get_close_matches(str(asked), known, n=1, cutoff=0.5)
    return ", ".join(close + [name for name in known if name not in close])

"""What a text may name: a table for each kind of noun, and one way to add to it.

A table maps a name to what makes the noun. Every door reads the tables: Python, estimators, the command line
and its completion, the lab's menus, runs and checkpoints, which hold names and numbers. A run that names what
is not registered here is refused in one line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from .errors import DownslopeError, nearest

HOMES = {  # kind → where its table stands
    "loss": ("model", "losses", "LOSSES"),
    "penalty": ("model", "penalties", "PENALTIES"),
    "direction": ("descent", "directions", "DIRECTIONS"),
    "schedule": ("descent", "schedules", "SCHEDULES"),
    "search": ("descent", "searches", "SEARCHES"),
    "stop": ("descent", "stops", "STOPS"),
}


class Table(dict[str, Any]):
    """name → what creates an object of one kind: its class, or a function of its parameters.

    base: the class it must derive from.  numbers: example parameters, to create one and check it.  check:
    raises for objects of the right class that cannot be used.
    """

    def __init__(
        self,
        kind: str,
        rows: Mapping[str, Callable[..., Any]],
        base: type,
        *numbers: float,
        check: Callable[[Any], Any] | None = None,
    ):
        super().__init__(rows)
        self.kind, self.base, self.numbers, self.check = kind, base, numbers, check
        self.watchers: list[Callable[[str, Callable], None]] = []  # called with each new row

    def add(self, name: str, make: Callable[..., Any]) -> None:
        """Add a row. Raises DownslopeError for a name that exists, and for an object of another kind."""
        if not (isinstance(name, str) and name.isidentifier() and name.islower()):
            raise DownslopeError("registry.name", kind=self.kind, name=name)
        if name in self:
            raise DownslopeError("registry.taken", kind=self.kind, name=name)
        made = make(*self.numbers) if callable(make) else make
        if not isinstance(made, self.base):
            raise DownslopeError("registry.base", kind=self.kind, name=name, base=self.base.__name__)
        if self.check is not None:
            self.check(made)
        if (own := getattr(made, "name", name)) != name:
            raise DownslopeError("registry.other_name", kind=self.kind, name=name, own=own)
        self[name] = make
        for watcher in self.watchers:
            watcher(name, make)

    def named(self, name: str) -> Callable[..., Any]:
        """The entry that a run names. Raises DownslopeError if it is not registered."""
        if name not in self:
            raise DownslopeError("registry.missing", kind=self.kind, name=name)
        return self[name]


def register(kind: str, name: str, make: Callable[..., Any]) -> None:
    """Give a noun a name, by which every door knows it from now on.

    kind: "loss", "penalty", "direction", "schedule", "search" or "stop".  make: its class, or a function that
    makes one of its numbers: a penalty of alpha, a schedule of its first learning rate.

    Raises DownslopeError for a name that is taken, and for what makes no such noun.
    """
    if kind not in HOMES:
        raise DownslopeError("registry.kind", asked=kind, known=nearest(str(kind), HOMES))
    room, module, table = HOMES[kind]
    getattr(import_module(f"{__package__}.{room}.{module}"), table).add(name, make)

"""Where a descent stands after a whole pass over the rows: all that it needs to go on, to the last bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class Place:
    """What the loop notes after each whole pass, for whoever wants to keep it: to be looked at between two
    steps. Handed to `descend` again, in the same coordinates, the descent goes on as if never stopped.

    A point is kept, not found again: a line search finds it by other roundings than a look at the rows.
    """

    whole: bool = False  # in the middle of a pass there is no place to go on from
    over: bool = False  # the stop has its reason there
    again: bool = False  # it was handed over, and its stage has not begun anew yet
    seconds: float = 0.0
    stage: int = 0  # of a descent in several
    start: np.ndarray | None = None  # (p,) of that stage, in the user's units
    done: int = 0  # epochs before it
    first: float = 0.0  # F at its start
    state: Any = None  # the loop's own
    point: tuple = ()  # θ, F, gradient, and what the term remembers where one look does not find it again
    held: float | None = None  # loss on the rows held out
    gap: float | None = None
    often: bool = False  # whether a gap is looked for at every pass
    drawn: int = 0  # by dropout
    gathered: Any = None  # by the layers of a module, such as running means

    @property
    def updates(self) -> int:
        """Made until there: the number of the step in the trace."""
        return self.state.updates + self.done if self.whole else 0

    def begin(self, stage: int, start, done: int, first: float, state) -> None:
        """A stage begins: until its first whole pass there is nothing to go on from."""
        self.whole = self.over = False
        self.stage, self.start, self.done, self.first, self.state = stage, start, done, first, state

    def note(self, objective, point, held, gap, seconds: float, remember: bool) -> None:
        """A pass is whole. `remember`: what the term does, too."""
        self.point = (point.theta, point.value, point.gradient, point.cached if remember else None)
        self.held, self.gap, self.seconds = held, gap, seconds
        self.drawn, self.gathered = objective.term.state_dict()
        self.whole, self.over = True, False

    def found(self, objective):
        """The point that was noted; z of the rows, which is not kept, takes one look at them."""
        theta, value, gradient, cached = self.point
        point = objective.at(theta)
        objective.term.load_state_dict(self.drawn, self.gathered)
        cached = point.cached if cached is None else cached
        return point._replace(theta=theta, value=value, gradient=gradient, cached=cached)

"""The table of the lessons. A new lesson is one small class, and one row here."""

from __future__ import annotations

from dataclasses import fields, replace

from ..errors import DownslopeError, nearest
from .automatic import ByAutodiff
from .lesson import Lesson
from .linear_layer import LinearLayer
from .nets import SoftmaxRegression, TwoClassNet
from .solving import SolveOrDescend, ThirteenFeatures
from .three_rows import BatchDescent, ExhaustiveSearch, OneFixedRow, StochasticDescent
from .two_functions import BowlByHand, ParabolaByHand

LESSONS: dict[int, Lesson] = {
    1: ExhaustiveSearch(),
    2: BatchDescent(),
    3: OneFixedRow(),
    4: StochasticDescent(),
    5: ParabolaByHand(),
    6: BowlByHand(),
    7: ByAutodiff(),
    8: ThirteenFeatures(),
    9: SolveOrDescend(),
    10: LinearLayer(),
    11: TwoClassNet(),
    12: SoftmaxRegression(),
}


def lesson(number: int, **settings) -> Lesson:
    """A fresh lesson, not yet run. `settings`: the `seed` of those that draw.

    Raises DownslopeError for a number or a setting that does not exist.

    >>> lesson(5, seed=3).number
    5
    """
    if number not in LESSONS:
        raise DownslopeError("lessons.unknown", asked=number, known=", ".join(map(str, LESSONS)))
    found = LESSONS[number]
    known = [field.name for field in fields(found)]
    for name in settings:
        if name not in known:
            told = nearest(name, known) or "–"
            raise DownslopeError("lessons.unknown_setting", number=number, asked=name, known=told)
    return replace(found, **settings)

"""`minimize --starts N`: where descents from several starts end, and the lowest of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..arguments import whole
from ..errors import DownslopeError
from ..inference.starts import Starts, minimize_from
from ..messages import text
from . import show

SHOWN = 40  # starts in the table
PLACES = 8


def run(function, asked: str, start, settings: Mapping[str, Any], plot, force, json) -> int:
    """Descend from `asked` starts in [−10, 10), tell where each ended, and draw them all."""
    if start:
        raise DownslopeError("inference.starts_or_start")
    for name in ("tol", "seconds", "stop"):
        if name in settings:
            raise DownslopeError("inference.starts_without", name=name)
    found = minimize_from(function, whole(least=1).read("--starts", asked), **settings)
    if json:
        show.as_json(found.to_json())
    else:
        _tell(function, found)
    if plot is not None:
        from .. import plots

        ax = plots.starts(found.function.values, found.paths, found.epochs, function.names, best=found.lowest)
        path = plots.save(ax, plot, overwrite=force)
        if not json:
            show.written(show.console(), [path])
    return show.exit_code(found.best)


def _tell(function, found: Starts) -> None:
    page = show.console()
    page.print(f"f({', '.join(function.names)}) = {function.formula}")
    page.print()
    page.print(_each(function, found))
    if len(found.starts) > SHOWN:
        page.print(text("inference.starts_more", shown=SHOWN, count=len(found.starts)), style="dim")
    if found.places:
        page.print()
        page.print(_places(function, found))
    page.print()
    page.print(str(found))


def _each(function, found: Starts):
    """A line for each start: where it began, where it ended, f there, and what kind of place that is."""
    began = [text("inference.starts_from", name=name) for name in function.names]
    ended = [text("inference.starts_to", name=name) for name in function.names]
    table = show.columns_of([*began, *ended, "f", text("cli.kind")], words=0)
    rows = zip(found.starts, found.ends, found.values, found.kinds)
    for start, end, value, kind in list(rows)[:SHOWN]:
        numbers = [show.figure(x) for x in np.concatenate([start, end, [value]])]
        table.add_row(*numbers, text(f"inference.kind_{kind}"))
    return table


def _places(function, found: Starts):
    """The places where the gradient is 0, the lowest first, with how many starts led to each."""
    table = show.columns_of(
        [*function.names, "f", text("cli.kind"), text("inference.starts_reached")], words=0
    )
    for place in found.places[:PLACES]:
        numbers = [show.figure(x) for x in [*place.x, place.value]]
        table.add_row(*numbers, text(f"inference.kind_{place.kind}"), str(place.count))
    return table

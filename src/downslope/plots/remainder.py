"""How the Taylor remainder of a gradient falls: with slope 2 if it is right, with slope 1 if it is not."""

from __future__ import annotations

import numpy as np

from ..arguments import door
from .canvas import PATH, QUIET, SURFACE, axes, note
from .lettering import say


@door()
def remainder(check, ax=None):
    """|f(x + t·d) − f(x) − t·g·d| over t, both axes logarithmic, with lines of slope 1 and 2.

    `check` is a GradientCheck: one line per direction d, pale where rounding dominates.
    Returns the Axes.

    >>> from downslope.insight.gradient_check import check_gradient
    >>> remainder(check_gradient("x^3", "3*x^2", 2)).get_yscale()
    'log'
    """
    ax = axes(ax, say("plots.remainder_title"), say("plots.remainder_t"), say("plots.remainder"))
    ax.set(xscale="log", yscale="log")
    t = check.steps
    drawn = np.where(
        np.isfinite(check.remainders) & (check.remainders > 0), check.remainders, np.nan
    )  # (3, m)
    clean = np.where(drawn > check.floor, drawn, np.nan)
    for every, above in zip(drawn, clean):
        ax.plot(t, every, ".", color=SURFACE, alpha=0.35, markersize=4, zorder=2)
        ax.plot(t, above, color=PATH, linewidth=1.6, marker="o", markersize=3, zorder=3, gid="path")
    shown = clean if np.isfinite(clean).any() else drawn
    if not np.isfinite(shown).any():  # not even rounding is left
        ax.set(xlim=(t[-1], t[0]), ylim=(1e-18, 1.0))
        return ax
    top = float(np.nanmax(shown))
    bottom = float(np.nanmin(drawn)) / 3
    for slope, dash in ((1, (0, (6, 2))), (2, (0, (2, 1.5)))):
        line = 4 * top * (t / t[0]) ** slope  # above the path, so that both are seen
        ax.plot(t, line, color=QUIET, linestyle=dash, linewidth=1.0, zorder=1)
        seen = np.flatnonzero(line > 3 * bottom)[-1]
        note(ax, say("plots.slope", slope=slope), (t[seen], line[seen]), (2, 8), QUIET)
    ax.set_ylim(bottom, 12 * top)
    return ax

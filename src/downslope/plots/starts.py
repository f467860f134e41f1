"""Descents from several starts on one picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..arguments import door
from .canvas import INK, PATH, QUIET, SURFACE, axes, note
from .landscape import bands
from .lettering import drawable, say

MOST = 200  # paths drawn


@door()
def starts(function: Callable, paths, epochs, names: Sequence[str], ax=None, *, best: int = 0):
    """Paths (k, m, p) of m descents: on the curve of f for one variable, over its contours for two, as its
    value over `epochs` (k,) for more. `best` is the number of the path to emphasise; its end is marked.

    `function` takes points (m, p) and returns their values. Returns the Axes.

    >>> paths = np.array([[[3.0], [-3.0]], [[1.0], [-1.0]]])
    >>> starts(lambda P: P[:, 0] ** 2, paths, [0, 1], ["x"]).get_xlabel()
    'x'
    """
    paths = np.asarray(paths, dtype=float)
    best_path = paths[:, best]
    sound = np.abs(paths).max(axis=(0, 2)) <= 10 * np.abs(paths[0]).max() + 1  # not those that ran away
    others = paths[:, sound & (np.arange(paths.shape[1]) != best)][:, :MOST]
    draw = {1: _on_curve, 2: _on_contours}.get(paths.shape[2], _over_epochs)
    words = [drawable(name, "plots.feature", number=j) for j, name in enumerate(names, 1)]
    across, up = {1: (words[0], f"f({words[0]})"), 2: words}.get(
        len(words), (say("plots.epoch"), "f − min f")
    )
    ax = axes(ax, say("plots.starts_title"), across, up)
    return draw(ax, function, others, best_path, np.asarray(epochs))


def _on_curve(ax, function, others, best, epochs):
    """The curve, a ring at each start, and a dot at each end."""
    seen = np.concatenate([others.ravel(), best.ravel()])
    margin = 0.06 * np.ptp(seen) or 1.0
    grid = np.linspace(seen.min() - margin, seen.max() + margin, 1201)
    with np.errstate(all="ignore"):
        curve = np.asarray(function(grid[:, None]), dtype=float)
    ax.plot(grid, np.where(np.isfinite(curve), curve, np.nan), color=SURFACE, linewidth=1.8, zorder=2)
    height = lambda points: function(points.reshape(-1, 1))
    ring = {"marker": "o", "linestyle": "", "markerfacecolor": "white"}
    ax.plot(others[0].ravel(), height(others[0]), color=QUIET, markersize=5, zorder=3, **ring)
    ax.plot(
        others[-1].ravel(), height(others[-1]), marker="o", linestyle="", color=INK, markersize=6, zorder=4
    )
    ax.plot(best.ravel(), height(best), color=PATH, linewidth=2.2, zorder=5, gid="path")
    ax.plot(best[0], height(best[0]), color=PATH, markersize=7, zorder=6, **ring)
    return _mark(ax, (best[-1, 0], float(height(best[-1])[0])))


def _on_contours(ax, function, others, best, epochs):
    """The levels of f, all paths pale with a dot at their ends, and the best in front."""
    points = np.concatenate([others.reshape(-1, 2), best])
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.08 * np.maximum(high - low, 0.1 * (high - low).max()) + 1e-9
    ax.set_xlim(low[0] - margin[0], high[0] + margin[0])
    ax.set_ylim(low[1] - margin[1], high[1] + margin[1])
    with np.errstate(all="ignore"):
        bands(ax, function, np.asarray(function(best), dtype=float), None)
    ax.plot(others[..., 0], others[..., 1], color=QUIET, linewidth=0.8, alpha=0.8, zorder=3)
    ring = {"marker": "o", "linestyle": "", "markerfacecolor": "white"}
    ax.plot(*others[0].T, color=QUIET, markersize=4.5, zorder=4, **ring)
    ax.plot(*others[-1].T, marker="o", linestyle="", color=INK, markersize=6, zorder=5)
    ax.plot(*best.T, color=PATH, linewidth=1.8, zorder=6, gid="path")
    ax.plot(*best[0], color=PATH, markersize=7, zorder=7, **ring)
    return _mark(ax, best[-1])


def _over_epochs(ax, function, others, best, epochs):
    """f along each path: more than two variables have no surface to show."""
    heights = np.array([function(path) for path in (best, *others.swapaxes(0, 1))], dtype=float)  # (m, k)
    low, high = np.nanmin(heights), np.nanmax(heights)
    above = np.maximum(heights - low, 1e-9 * (high - low) or 1e-9)  # no log axis holds 0
    ax.plot(epochs, above[1:].T, color=QUIET, linewidth=0.8, alpha=0.8, zorder=3)
    ax.plot(epochs, above[0], color=PATH, linewidth=1.8, zorder=6, gid="path")
    ax.set_yscale("log")
    return _mark(ax, (epochs[-1], above[0, -1]))


def _mark(ax, at):
    """The lowest end."""
    ax.plot(*at, marker="D", color=PATH, markersize=8, linestyle="", zorder=8, gid="end")
    note(ax, say("plots.lowest_end"), at, (0, 10), PATH, ha="center", va="bottom")
    return ax

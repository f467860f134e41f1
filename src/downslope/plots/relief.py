"""The ground in three dimensions: a pale surface, and the path on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..arguments import a, called, door, names
from ..descent.trace import Trace
from ..errors import DownslopeError
from .canvas import INK, PATH, QUIET, SURFACE, escape, figure
from .landscape import _kept, _path, _values
from .lettering import drawable, lettering, say

ABOVE = 38  # degrees from which it is seen
STEEP = 8  # times the median height above the lowest, from which heights are drawn by their logarithm


@door(function=called(), trace=a("Trace"), names=names(none=True))
def relief(
    function: Callable,
    trace: Trace,
    ax=None,
    *,
    names: Sequence[str] | None = None,
    fine: tuple[int, int] = (81, 81),
):
    """The surface of a function of two variables, and the path of a descent on it, seen from above its start.

    `function` takes points (m, 2) and returns their values. If a few heights dwarf the others, the axis
    shows log₁₀ of the height above the lowest, over three decades, and says so. A diverging path is drawn
    as far as it stays in the window. `fine`: number of grid points. `ax`: 3D axes, or None for a new figure.
    Raises DownslopeError if the trace does not have two weights. Returns the Axes.

    >>> from downslope.descent.trace import Step, Trace
    >>> trace = Trace(["a", "b"], [2.0, 1.0])
    >>> for k in range(5):
    ...     trace.append(Step(k + 1, k, 1, 0.0, 1.0, 1.0, 0.1, np.array([2.0, 1.0]) / 2 ** (k + 1)))
    >>> relief(lambda P: (P**2).sum(axis=1), trace).name
    '3d'
    """
    path = _path(trace, 2)
    height = _values(function, path)
    path, height = (part[: _kept(path, height, escape(height))] for part in (path, height))
    middle = (path.max(axis=0) + path.min(axis=0)) / 2
    size = np.maximum(np.ptp(path, axis=0), 0.04 * np.ptp(path, axis=0).max() or 1.0) * 1.3
    across, up = (np.linspace(m - s / 2, m + s / 2, k) for m, s, k in zip(middle, size, fine))
    grid = np.stack(np.meshgrid(across, up), axis=-1)  # (up, across, 2)
    values = _values(function, grid.reshape(-1, 2)).reshape(grid.shape[:2])
    if not np.isfinite(values).any():
        raise DownslopeError("plots.all_empty")
    values = np.where(np.isfinite(values), values, np.nan)
    low = min(np.nanmin(values), np.nanmin(height))
    span = np.nanmax(values) - low
    by_powers = span > STEEP * (np.nanmedian(values) - low) > 0
    tall = (lambda f: np.log10(np.maximum(f - low, span / 1000))) if by_powers else (lambda f: f)
    ax = ax or figure().add_subplot(projection="3d", computed_zorder=False)
    ax.plot_surface(
        *np.meshgrid(across, up), tall(values), rcount=fine[1], ccount=fine[0], cmap=_pale(), linewidth=0,
        antialiased=False, zorder=1,
    )  # fmt: skip
    ax.plot_wireframe(
        *np.meshgrid(across, up), tall(values), rcount=17, ccount=17, color=SURFACE, linewidth=0.3, zorder=2,
    )  # fmt: skip
    lift = 0.01 * np.ptp(tall(values)[np.isfinite(values)])  # a hair above the ground, so as to be seen
    top = tall(height) + lift
    toward = np.degrees(np.arctan2(*(path[0] - path[-1])[::-1])) if len(path) > 1 else -60.0
    azimuth, hidden = _view(across, up, tall(values), path, top, toward + 25)
    few = {"marker": "o", "markersize": 3} if len(path) <= 61 else {}
    ax.plot(*path.T, top, color=PATH, linewidth=0.9, alpha=0.45, linestyle=":", zorder=4, gid="behind")
    seen = np.where(hidden, np.nan, top)
    ax.plot(*path.T, seen, color=PATH, linewidth=1.8, zorder=5, gid="path", **few)
    ring = {"marker": "o", "color": PATH, "linestyle": "", "markersize": 8, "zorder": 6}
    ax.plot(*path[:1].T, top[:1], markerfacecolor="white", markeredgewidth=1.6, **ring)
    ax.plot(*path[-1:].T, top[-1:], gid="end", **ring)
    up_words = say("plots.height_log") if by_powers else say("plots.loss")
    words = [drawable(name, "plots.feature", number=j) for j, name in enumerate(names or trace.names, 1)]
    for axis, word in zip((ax.xaxis, ax.yaxis, ax.zaxis), (*words, up_words)):
        axis.set_label_text(word, fontsize=9, color=INK, **lettering(word))
        axis.pane.set(facecolor="white", edgecolor=QUIET, alpha=0.3)
        axis._axinfo["grid"].update(color="#E3E9EF", linewidth=0.5)
    ax.tick_params(labelsize=8, labelcolor=INK, color=QUIET)
    ax.set_title(say("plots.contours_title"), loc="left", fontsize=11, color=INK, **lettering(up_words))
    # The start in front and the end behind it, if the ground lets both be seen
    ax.view_init(elev=ABOVE, azim=azimuth)
    ax.set_box_aspect(None, zoom=0.85)  # room for the labels
    return ax


def _view(across, up, ground, path, top, wanted: float) -> tuple[float, np.ndarray]:
    """The azimuth, the nearest to `wanted` of those from which the ground hides least of the path; and which
    of its points are hidden then."""
    from scipy.interpolate import RegularGridInterpolator

    floor = np.nanmin(ground)
    height = RegularGridInterpolator((up, across), np.nan_to_num(ground, nan=floor), bounds_error=False)
    up_to = (np.nanmax(ground) - floor) * 4 / 3 or 1.0
    size = np.array([np.ptp(across), np.ptp(up), up_to])  # a box of 4:4:3
    points = np.column_stack([path, top])
    tilt = np.radians(ABOVE)

    def hidden(azimuth: float) -> np.ndarray:
        turn = np.radians(azimuth)
        eye = np.array([np.cos(tilt) * np.cos(turn), np.cos(tilt) * np.sin(turn), np.sin(tilt)]) * size
        ray = points[:, None, :] + np.linspace(0.02, 1.2, 60)[:, None] * eye  # (s, 60, 3)
        over = height(ray[..., 1::-1]) > ray[..., 2] + 0.005 * size[2]  # false beyond the window
        return over.any(axis=1)

    pieces = np.linalg.norm(np.diff(points / size, axis=0), axis=1)
    length = np.append(pieces, 0.0) + np.append(0.0, pieces) + 1e-12  # of the path around each of its points
    turns = sorted(range(0, 360, 15), key=lambda turn: abs((turn + 180) % 360 - 180))
    lost = {turn: round(float(hidden(wanted + turn) @ length / length.sum()), 2) for turn in turns}
    best = min(turns, key=lambda turn: (lost[turn], turns.index(turn)))
    return wanted + best, hidden(wanted + best)


def _pale():
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("ground", ["#F1F5F8", "#7F9AB5"])

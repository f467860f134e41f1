"""The ground that a descent walks on: one weight as a curve, two as contours."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..arguments import a, array, called, door, names, number
from ..descent.trace import Trace
from ..errors import DownslopeError
from .canvas import INK, PATH, QUIET, SURFACE, Escape, axes, escape, leaving, note, off_chart
from .curves import epochs
from .lettering import drawable, say

FINE = (241, 161)  # points of a grid, across and up


@door(weights=array(), losses=array(), trace=a("Trace", none=True), best=number(none=True), name=a("str"))
def loss_over_weight(
    weights, losses, ax=None, *, trace: Trace | None = None, best: float | None = None, name: str = "w"
):
    """The losses (m,) of a grid of weights (m,), as a curve with its lowest point.

    A `trace` of this weight is drawn along the curve, from start to end; `best` is the weight to mark, by
    default the lowest of the grid. Raises DownslopeError if lengths differ. Returns the Axes.

    >>> w = np.linspace(0, 4, 41)
    >>> loss_over_weight(w, (w - 2) ** 2).get_xlabel()
    'w'
    """
    weights, losses = np.ravel(weights).astype(float), np.ravel(losses).astype(float)
    same_length(weights=weights, losses=losses)
    order = np.argsort(weights, kind="stable")
    weights, losses = weights[order], losses[order]
    finite = np.isfinite(losses)
    if not finite.any():
        raise DownslopeError("plots.all_empty")
    name = drawable(name, "plots.feature", number=1)
    ax = axes(ax, say("plots.curve_title"), name, say("plots.loss"))
    ax.plot(weights, np.where(finite, losses, np.nan), color=SURFACE, linewidth=1.8, zorder=2)

    def height(w):
        return np.interp(w, weights[finite], losses[finite])

    best = float(weights[finite][np.argmin(losses[finite])]) if best is None else float(best)
    diamond = {"marker": "D", "markersize": 6, "markerfacecolor": "white"}
    ax.plot(best, height(best), color=INK, linestyle="", zorder=3, **diamond)
    above = (0, 12 if trace is None else 24)
    note(ax, say("plots.best", name=name, weight=best), (best, height(best)), above, ha="center")
    if trace is not None:
        path = _path(trace, 1)[:, 0]
        inside = (path >= weights[0]) & (path <= weights[-1])  # false for what is not finite
        leaves = len(path) if inside.all() else int(np.argmin(inside))
        if not leaves:
            raise DownslopeError("plots.all_empty")
        # beyond the grid the curve is not known, so the path stops there
        found = None if inside.all() else Escape(leaves, weights[-1], path[-1], "plots.outside")
        ax.set_xlim(ax.get_xlim())
        ax.set_ylim(ax.get_ylim())
        _walk(ax, np.column_stack([path, height(path)])[:leaves], leaves, found, epochs(trace)[-1])
    return ax


@door(function=called(), trace=a("Trace"))
def function_line(function: Callable, trace: Trace, ax=None):
    """f(w) over w, for a function of one variable, with the points of the descent on it.

    `function` takes points (m, 1) and returns their values. The window is that of the path; it does not
    follow a diverging descent. Raises DownslopeError for a trace with more weights. Returns the Axes.

    >>> from downslope.descent.trace import Step, Trace
    >>> trace = Trace(["x"], [4.0])
    >>> for k in range(5):
    ...     trace.append(Step(k + 1, k, 1, 0.0, 1.0, 1.0, 0.1, np.array([2.0 / 2**k])))
    >>> function_line(lambda P: P**2, trace).get_xlabel()
    'x'
    """
    path = _path(trace, 1)
    height = _values(function, path)
    found = escape(height)
    kept = _kept(path, height, found)
    low, high = path[:kept].min(), path[:kept].max()
    margin = 0.2 * (high - low) or max(1.0, 0.5 * abs(high))
    grid = np.linspace(low - margin, high + margin, 801)
    curve = _values(function, grid[:, None])
    if not np.isfinite(curve).any():
        raise DownslopeError("plots.all_empty")
    name = drawable(trace.names[0], "plots.feature", number=1)
    ax = axes(ax, say("plots.function_title"), name, f"f({name})")
    ax.plot(grid, curve, color=SURFACE, linewidth=1.8, zorder=2)
    seen = np.concatenate([height[:kept], curve[(grid >= low) & (grid <= high)]])
    seen = seen[np.isfinite(seen)]
    rise = (seen.max() - seen.min()) or 1.0
    edges = curve[np.isfinite(curve)]  # beyond the path the curve is followed a little way only
    ax.set_xlim(grid[0], grid[-1])
    ax.set_ylim(
        max(edges.min(), seen.min() - rise) - 0.06 * rise,
        min(edges.max(), seen.max() + 0.3 * rise) + 0.06 * rise,
    )
    _walk(ax, np.column_stack([path[:, 0], height]), kept, found, epochs(trace)[-1])
    return ax


@door(function=called(), trace=a("Trace"), names=names(none=True))
def contours(
    function: Callable,
    trace: Trace,
    ax=None,
    *,
    names: Sequence[str] | None = None,
    minimum=None,
    fine: tuple[int, int] = FINE,
):
    """The levels low + span·qᵏ of a function of two variables, and the path of a descent over them.

    `function` takes points (m, 2) and returns their values; `minimum` (2,) is marked if it is known. Two
    arrows begin at the start: the first step, exact, and the gradient of `function`, pale, with its norm. The
    axes have the same scale unless the path is 25 times longer in one direction; the picture then says so.
    `fine`: number of grid points in each direction. Raises DownslopeError if the trace does not have two
    weights. Returns the Axes.

    >>> from downslope.descent.trace import Step, Trace
    >>> trace = Trace(["a", "b"], [2.0, 1.0])
    >>> for k in range(5):
    ...     trace.append(Step(k + 1, k, 1, 0.0, 1.0, 1.0, 0.1, np.array([2.0, 1.0]) / 2 ** (k + 1)))
    >>> contours(lambda P: (P**2).sum(axis=1), trace).get_aspect()
    1.0
    """
    path = _path(trace, 2)
    height = _values(function, path)
    found = escape(height)
    kept = _kept(path, height, found)
    names = trace.names if names is None else names
    across, up = (drawable(name, "plots.feature", number=j) for j, name in enumerate(names, 1))
    ax = axes(ax, say("plots.contours_title"), across, up)
    slope = _gradient(function, path[0], np.ptp(path[:kept], axis=0).max())
    size, tip, equal = _set_window(ax, path[:kept], minimum, slope)
    bands(ax, function, height[:kept], minimum, fine)
    if minimum is not None and _inside(ax, minimum):
        ax.plot(*minimum, marker="+", color=INK, markersize=11, markeredgewidth=1.4, linestyle="", zorder=7)
        if min(np.abs((point - minimum) / size).max() for point in (path[0], path[kept - 1])) > 0.12:
            note(ax, say("plots.minimum"), minimum, (8, -14))
    arrow = {"arrowstyle": "-|>", "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 14}
    uphill = True
    if tip is not None:
        uphill = tip[1] >= path[0, 1]
        ax.annotate("", tip, path[0], arrowprops={**arrow, "color": QUIET, "alpha": 0.8}, zorder=3)
        words = say("plots.gradient", size=np.linalg.norm(slope))
        note(ax, words, tip, (0, 8 if uphill else -8), QUIET, ha="center", va="bottom" if uphill else "top")
    if np.isfinite(path[1]).all() and np.abs((path[1] - path[0]) / size).max() > 0.03:
        ax.annotate("", path[1], path[0], arrowprops={**arrow, "color": PATH}, zorder=5)
    _walk(ax, path, kept, found, epochs(trace)[-1], uphill, minimum is not None and minimum[1] > path[-1, 1])
    if not equal:
        place = {"xycoords": "axes fraction", "ha": "right", "va": "bottom", "fontsize": 8}
        note(ax, say("plots.unequal"), (1, 0), (-4, 4), QUIET, **place)
    return ax


# ---- what they are made of ----


def same_length(**arrays) -> None:
    """Refuse two arrays that do not belong together; both are named by the caller."""
    (first, a), (second, b) = arrays.items()
    if len(a) != len(b):
        sizes = {"first_size": len(a), "second_size": len(b)}
        raise DownslopeError("plots.shapes", first=first, second=second, **sizes)


def _path(trace: Trace, wanted: int) -> np.ndarray:
    """The weights at the start and after each step.  (s + 1, p)"""
    if not len(trace):
        raise DownslopeError("plots.no_steps")
    if len(trace.names) != wanted:
        raise DownslopeError("plots.wrong_weights", wanted=wanted, found=len(trace.names))
    return np.vstack([trace.start, trace.column("params")])


def _values(function: Callable, points: np.ndarray) -> np.ndarray:
    """The function at points (m, p); NaN and ±inf outside its domain.  (m,)"""
    with np.errstate(all="ignore"):
        values = np.asarray(function(points), dtype=float).reshape(-1)
    same_length(points=points, values=values)
    return values


def _gradient(function: Callable, point: np.ndarray, size: float) -> np.ndarray:
    """gⱼ = (f(w + h·eⱼ) − f(w − h·eⱼ)) / 2h: the gradient of what is drawn, in the axes' units.  (p,)"""
    h = 1e-5 * max(size, 1e-3 * np.abs(point).max(), 1e-6)
    steps = h * np.eye(point.size)
    return (_values(function, point + steps) - _values(function, point - steps)) / (2 * h)


def _kept(path, height, found) -> int:
    """How many points of the path the window must hold: all, or those before it escapes, two at least."""
    finite = np.isfinite(path).all(axis=1)
    sound = len(path) if finite.all() else int(np.argmin(finite))
    if not sound:
        raise DownslopeError("plots.all_empty")
    return sound if found is None else min(sound, max(found.row, 2))


def _set_window(ax, points, minimum, slope) -> tuple[np.ndarray, np.ndarray | None, bool]:
    """Set the limits to hold the points, the minimum and the tip of the gradient's arrow, with a margin.

    Returns the window's size (2,), the tip, and whether both axes have the same scale.
    """
    extent = np.ptp(points, axis=0)
    if minimum is not None:
        wider = np.vstack([points, np.asarray(minimum, dtype=float)])
        if np.ptp(wider, axis=0).max() <= 30 * extent.max() or not extent.any():  # else the path were a dot
            points, extent = wider, np.ptp(wider, axis=0)
    largest = extent.max() or max(1.0, 0.5 * np.abs(points).max())
    equal = not 1e-6 < extent.min() / largest < 1 / 25
    tip = None
    if np.isfinite(slope).all() and slope.any():
        reach = largest / np.linalg.norm(slope) if equal else (extent / np.abs(slope)).min()
        tip = points[0] + 0.18 * reach * slope
        points = np.vstack([points, tip])
    middle, size = (points.max(axis=0) + points.min(axis=0)) / 2, np.ptp(points, axis=0)
    size = 1.3 * np.where(size > 0, size, largest)
    if equal:
        box = ax.get_window_extent()
        unit = max(size[0] / box.width, size[1] / box.height)
        size = unit * np.array([box.width, box.height])
        ax.set_aspect("equal")
    ax.set_xlim(middle[0] - size[0] / 2, middle[0] + size[0] / 2)
    ax.set_ylim(middle[1] - size[1] / 2, middle[1] + size[1] / 2)
    return size, tip, equal


def _inside(ax, point) -> bool:
    """Whether a point lies in the window; a label far outside is more pixels away than can be drawn."""
    return all(low <= at <= high for at, (low, high) in zip(point, (ax.get_xlim(), ax.get_ylim())))


def bands(ax, function: Callable, height: np.ndarray, minimum, fine: tuple[int, int] = FINE) -> None:
    """Pale bands between levels low + span·qᵏ: as many close to the lowest value as far above it."""
    from matplotlib.colors import to_rgb

    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    across, up = np.linspace(left, right, fine[0]), np.linspace(bottom, top, fine[1])
    grid = np.stack(np.meshgrid(across, up), axis=-1)  # (up, across, 2)
    values = np.ma.masked_invalid(_values(function, grid.reshape(-1, 2)).reshape(grid.shape[:2]))
    known = [values.compressed(), height]
    if minimum is not None:
        known.append(_values(function, np.reshape(minimum, (1, 2)).astype(float)))
    seen = np.concatenate(known)
    seen = seen[np.isfinite(seen)]
    if not values.count():
        raise DownslopeError("plots.all_empty")
    low, span = seen.min(), values.max() - seen.min()
    if not span > 0:
        return  # flat
    closest = (height[np.isfinite(height)].min(initial=values.max()) - low) / span
    decades = np.clip(-np.log10(max(closest, 1e-9)), 2, 6)
    levels = low + span * np.logspace(-decades, 0, 13)
    if not (np.diff(levels) > 0).all():
        return  # flat to the last digit
    pale, deep = np.array(to_rgb("#F7F9FB")), np.array(to_rgb("#B4C4D4"))
    shades = [tuple(pale + (deep - pale) * k / 12) for k in range(13)]
    filled = ax.contourf(across, up, values, levels=levels, colors=shades, extend="min", zorder=0)
    filled.set_edgecolor("face")
    ax.contour(across, up, values, levels=levels, colors=[SURFACE], linewidths=0.5, alpha=0.55, zorder=1)


def _walk(ax, points, kept: int, found, epoch: float, start_below=False, end_below=False) -> None:
    """The path through points (s, 2) with its start and its end, or the place where it leaves the window."""
    last = len(points)
    if found is not None:
        leaves, at = leaving(ax, points, kept)
        off_chart(ax, found, at, epoch)
        last = min(last, leaves + 1)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    size = np.array([right - left, top - bottom])
    middle = np.array([right + left, top + bottom]) / 2
    drawn = np.clip(points[:last], middle - 99 * size, middle + 99 * size)
    few = {"marker": "o", "markersize": 3.5} if last <= 61 else {}
    ax.plot(*drawn.T, color=PATH, linewidth=1.6, zorder=4, gid="path", solid_joinstyle="round", **few)
    ring = {"marker": "o", "color": PATH, "linestyle": "", "markersize": 8}
    ax.plot(*drawn[0], markerfacecolor="white", markeredgewidth=1.6, zorder=5, **ring)
    below, above = {"offset": (0, -9), "va": "top"}, {"offset": (0, 9), "va": "bottom"}
    note(ax, say("plots.start"), drawn[0], ha="center", **(below if start_below else above))
    if found is None:
        ax.plot(*drawn[-1], zorder=5, gid="end", **ring)
        if np.abs((drawn[-1] - drawn[0]) / size).max() > 0.05:
            note(ax, say("plots.end"), drawn[-1], ha="center", gid="end", **(below if end_below else above))


# ---- descents from several starts -----------------------------------------------------------------


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
    labels = {1: (words[0], f"f({words[0]})"), 2: words}
    across, up = labels.get(len(words), (say("plots.epoch"), "f − min f"))
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
    dot = {"marker": "o", "linestyle": "", "color": INK, "markersize": 6, "zorder": 4}
    ax.plot(others[-1].ravel(), height(others[-1]), **dot)
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

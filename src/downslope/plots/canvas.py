"""What all pictures have in common: a figure, quiet axes, names at the ends of lines, marks for what runs
off."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np

from .lettering import lettering, say

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe & Ito 2008
DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (7, 2, 1.5, 2)), (0, (4, 1.5, 1, 1.5, 1, 1.5)), (0, (11, 3)))
INK, QUIET, SURFACE, PATH = "#2B3A4A", "#8292A3", "#5B7A99", "#D55E00"
GROWTH = 1e3  # a descent that ends this many times above its start has diverged
FREEZE = 1e2  # and the picture stops following it here


def style(i: int) -> dict:
    """Colour and dash of line i; the first 36 differ."""
    return {"color": COLOURS[i % 6], "linestyle": DASHES[(i + i // 6) % 6]}


# ---- figures and axes ----


def figure(width: float = 7.0, height: float = 4.5, shared: bool = True):
    """A new figure, in inches; pyplot owns it where the caller works with pyplot: plt.show() must find it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    size: dict[str, Any] = {"figsize": (width, height), "dpi": 150}
    size |= {"layout": "constrained", "facecolor": "white"}
    pyplot = sys.modules.get("matplotlib.pyplot")
    if shared and pyplot is not None and threading.current_thread() is threading.main_thread():
        most = pyplot.rcParams["figure.max_open_warning"]  # pyplot keeps its figures: leave before it warns
        if not 0 < most <= len(pyplot.get_fignums()):
            return pyplot.figure(**size)
    made = Figure(**size)
    FigureCanvasAgg(made)
    made._repr_png_ = partial(_png, made)  # type: ignore[attr-defined]
    return made


def _png(made) -> bytes:
    """The figure as a notebook shows it."""
    page = BytesIO()
    made.savefig(page, format="png")
    return page.getvalue()


def panels(*drawings: Callable):
    """Several pictures side by side, two in a row; each drawing is called with its Axes.  Returns the Figure.

    >>> page = panels(lambda ax: ax.plot([1, 2]), lambda ax: ax.plot([2, 1]))
    >>> len(page.axes)
    2
    """
    columns = min(2, len(drawings))
    rows = -(-len(drawings) // columns)
    page = figure(7.0 if columns == 1 else 11.0, 4.5 * rows if columns == 1 else 4.0 * rows)
    for place, draw in enumerate(drawings, 1):
        draw(page.add_subplot(rows, columns, place))
    return page


def axes(ax, title: str, across: str, up: str):
    """The Axes given, or a new figure's: thin, open at the top and the right, with its words in place.

    Everything is set on the artists themselves: rcParams are global, and another thread may be drawing.
    """
    if ax is None:
        page = figure()
        ax = page.add_subplot()
        if "_repr_png_" in vars(page):  # a figure of ours: its Axes shows itself in a notebook
            ax._repr_png_ = page._repr_png_
        ax.set_facecolor("white")
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set(color=QUIET, linewidth=0.8)
    ax.tick_params(which="both", color=QUIET, labelcolor=INK, width=0.6, labelsize=9)
    ax.set_title(title, loc="left", fontsize=11, color=INK, pad=10, **lettering(title))
    ax.set_xlabel(across, fontsize=10, color=INK, **lettering(across))
    ax.set_ylabel(up, fontsize=10, color=INK, **lettering(up))
    return ax


def note(ax, words: str, at, offset=(6, 6), colour=INK, **settings):
    """A label next to a point, on a pale ground so that lines do not cross them."""
    ground = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1}
    settings = {"fontsize": 9, "color": colour, "bbox": ground, "zorder": 6, **settings, **lettering(words)}
    return ax.annotate(
        words, at, xytext=offset, textcoords="offset points", annotation_clip=False, **settings
    )


# ---- names at the ends of lines ----


def name_ends(ax, ends: list[tuple[float, float, str, str]]) -> None:
    """Write each (x, y, name, colour) next to its point, pushed apart where names would overlap.

    The limits of the axes must be set before: distances are those on the page.
    """
    from scipy.optimize import isotonic_regression

    if not ends:
        return
    gap, per_inch = 12.0, 72.0
    scale = per_inch / ax.figure.dpi
    spots = ax.transData.transform([(x, y) for x, y, _, _ in ends]) * scale
    low, high = np.array(ax.get_window_extent().intervaly) * scale
    by_x = np.argsort(spots[:, 0], kind="stable")
    columns = np.split(by_x, np.flatnonzero(np.diff(spots[by_x, 0]) > 60) + 1)  # names wide apart do not meet
    for column in columns:
        column = column[np.argsort(spots[column, 1], kind="stable")]
        stairs = gap * np.arange(len(column))
        # the nearest heights (least squares) that stand a gap apart and inside the axes
        heights = isotonic_regression(spots[column, 1] - stairs).x
        heights = np.clip(heights, low, max(low, high - stairs[-1])) + stairs
        for i, height in zip(column, heights):
            x, y, name, colour = ends[i]
            moved = height - spots[i, 1]
            leader = {"arrowstyle": "-", "color": colour, "alpha": 0.5, "linewidth": 0.6, "shrinkB": 2}
            led = leader if abs(moved) > gap / 2 else None
            note(ax, name, (x, y), (10, moved), colour, va="center", gid="end", arrowprops=led)


# ---- what does not fit on the axes ----


class Escape(NamedTuple):
    """How a descent left the picture."""

    row: int  # the first value that is not drawn
    limit: float  # where the picture stops following it
    value: float  # the last one
    reason: str  # the key of the sentence that says so


def escape(values, few: int = 1) -> Escape | None:
    """Whether values (s,) end beyond any bound: not finite, far above the first few, or falling ever faster.

    >>> escape([1.0, 0.5, 0.25]) is None, escape([1.0, 50.0, 2500.0]).row
    (True, 2)
    """
    values = np.asarray(values, dtype=float)
    finite = np.isfinite(values)
    first = np.abs(values[finite][:few])
    scale = float(first.max()) if first.any() else 1.0
    last = float(values[-1])
    drops = -np.diff(values[finite])
    beyond = ~finite
    limit, reason = FREEZE * scale, "plots.not_finite"
    if np.isfinite(last) and last > GROWTH * scale:
        reason = "plots.grows"
    elif np.isfinite(last) and last < -GROWTH * scale and drops[-1] >= drops.max():
        limit, reason = -FREEZE * scale, "plots.falls"
    elif np.isfinite(last):
        return None
    elif last == -np.inf or (finite.any() and values[finite][-1] < -GROWTH * scale):
        limit = -FREEZE * scale
    with np.errstate(invalid="ignore"):
        beyond = beyond | ((values > limit) if limit > 0 else (values < limit))
    inside = np.flatnonzero(~beyond)
    return Escape(int(inside[-1]) + 1 if inside.size else 0, limit, last, reason)


def off_chart(ax, found: Escape, at, epoch: float, name: str = "", colour=PATH, row: int = 0) -> None:
    """A mark where a descent leaves, `at` in parts of the axes, with its last value and the reason."""
    value = found.value if found.reason != "plots.not_finite" else f"{found.value:g}"
    words = say(found.reason, name=say("plots.prefix", name=name) if name else "", value=value, epoch=epoch)
    edges = {"^": at[1] > 0.97, "v": at[1] < 0.03, ">": at[0] > 0.97, "<": at[0] < 0.03}
    mark = next((mark for mark, there in edges.items() if there), "X")
    spot = {"markersize": 8, "color": colour, "clip_on": False, "zorder": 7, "gid": "end", "linestyle": ""}
    ax.plot(*at, marker=mark, transform=ax.transAxes, **spot)
    late = at[0] > 0.5
    lift = 13 * row * (1 if mark == "v" else -1)
    place = {"xycoords": "axes fraction", "ha": "right" if late else "left", "va": "center", "gid": "end"}
    note(ax, words, at, (-9 if late else 9, lift), colour, **place)


def leaving(ax, points, inside: int) -> tuple[int, np.ndarray]:
    """Where points (s, 2), of which the first `inside` are in the window, leave it.

    Returns the index of the first point outside, and the place in parts of the axes. Set the limits before.
    """
    with np.errstate(all="ignore"):
        parts = (ax.transScale + ax.transLimits).transform(np.asarray(points, dtype=float))
    last = max(inside, 1) - 1
    while last + 1 < len(parts) and np.all((parts[last + 1] > 0.02) & (parts[last + 1] < 0.98)):
        last += 1
    here = parts[last]
    if last + 1 == len(parts) or not np.isfinite(parts[last + 1]).all():
        return last + 1, here
    step = parts[last + 1] - here
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(step > 0, (0.98 - here) / step, np.where(step < 0, (0.02 - here) / step, np.inf))
    return last + 1, here + min(1.0, max(0.0, reach.min())) * step

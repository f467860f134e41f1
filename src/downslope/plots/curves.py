"""Lines over one number: loss and weights over the epochs, scores over alpha, what is left of a Taylor sum
over the step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ..arguments import a, door, number
from ..descent.trace import Trace
from ..errors import DownslopeError
from ..selection.path import Path
from .canvas import (
    COLOURS,
    PATH,
    QUIET,
    SURFACE,
    Escape,
    axes,
    escape,
    leaving,
    name_ends,
    note,
    off_chart,
    style,
)
from .lettering import drawable, say

NAMED = 12  # weights that get a colour and a name; the others are pale


class Curve(NamedTuple):
    """One line of a loss picture."""

    name: str
    x: np.ndarray  # (s,) epochs made
    y: np.ndarray  # (s,)
    few: int  # how many first values together say how high it starts
    ghost: tuple[np.ndarray, np.ndarray] | None = None  # the losses of the rows of each update


def epochs(trace: Trace) -> np.ndarray:
    """x = step / updates in an epoch: the passes over the rows made when each step was done.  (s,)

    >>> from downslope.descent.trace import Step, Trace
    >>> trace = Trace(["w"], [0.0])
    >>> for k in range(4):
    ...     trace.append(Step(k + 1, k // 2, 1, 0.0, 1.0, 1.0, 0.1, np.zeros(1)))
    >>> epochs(trace).tolist()
    [0.5, 1.0, 1.5, 2.0]
    """
    if not len(trace):
        raise DownslopeError("plots.no_steps")
    epoch, updates = trace.column("epoch"), _updates_an_epoch(trace)
    return np.clip(trace.column("step") / updates, epoch, epoch + 1) if updates > 1 else epoch + 1


def _updates_an_epoch(trace: Trace) -> int:
    return int(np.ceil((trace.column("step") / (trace.column("epoch") + 1)).max()))


def _known(trace: Trace, field: str) -> np.ndarray:
    """Which steps have this field; its value may still be NaN.  (s,)"""
    return np.array([getattr(step, field) is not None for step in trace], dtype=bool)


def _curves(name: str, trace: Trace, alone: bool) -> list[Curve]:
    """The lines of one trace: its objective, or the loss where that is not known, and the held-out loss."""
    x, y = epochs(trace), trace.column("loss")
    few = min(8, _updates_an_epoch(trace))
    known, held_out = _known(trace, "objective"), _known(trace, "validation")
    if known.sum() > 1:
        curves = [Curve(name, x[known], trace.column("objective")[known], 1, (x, y))]
    else:
        curves = [Curve(name, x, y, few)]
    if held_out.any():
        title = say("plots.validation") if alone else say("plots.validation_of", name=name)
        curves.append(Curve(title, x[held_out], trace.column("validation")[held_out], 1))
    return curves


@door(traces=a("Trace", "dict", "Mapping"), minimum=number(none=True))
def loss(traces: Trace | Mapping[str, Trace], ax=None, *, minimum: float | None = None):
    """Loss over epochs, on a log axis; loss − minimum if a minimum is given.

    `traces` is a Trace, or several by name. A stochastic descent is shown by its objective, with the losses
    of its updates as a thin line behind; the validation loss is a separate line. A value of 0 is drawn at
    the bottom of the axis, marked; with negative losses the axis is logarithmic on both sides of 0. A
    diverging descent leaves at the edge, with its last value and the reason. Returns the Axes.

    >>> from downslope.descent.trace import Step, Trace
    >>> trace = Trace(["w"], [0.0])
    >>> for k in range(20):
    ...     trace.append(Step(k + 1, k, 3, 0.0, 0.5**k, 1.0, 0.1, np.zeros(1)))
    >>> loss(trace).get_yscale()
    'log'
    """
    for name, trace in traces.items() if isinstance(traces, Mapping) else ():
        a("Trace")(f"traces[{name!r}]", trace)
    alone = isinstance(traces, Trace)
    runs = {say("plots.training"): traces} if isinstance(traces, Trace) else traces
    curves: list[Curve] = []
    for k, (name, trace) in enumerate(runs.items(), 1):
        curves += _curves(drawable(name, "plots.run", number=k), trace, alone)
    if not curves:
        raise DownslopeError("plots.no_steps")
    if minimum is not None:  # which is that of no row: there is nothing behind
        curves = [curve._replace(y=curve.y - float(minimum), ghost=None) for curve in curves]
    height = say("plots.loss" if minimum is None else "plots.loss_above")
    ax = axes(ax, say("plots.loss_title"), say("plots.epoch"), height)
    escapes = [escape(curve.y, curve.few) for curve in curves]
    floor = _set_limits(ax, curves, escapes, two_sided=minimum is None)

    ends, gone = [], []
    for i, (curve, found) in enumerate(zip(curves, escapes)):
        colour = style(i)["color"]
        if curve.ghost is not None:
            ghost = _on_axis(curve.ghost[1], floor)
            ax.plot(curve.ghost[0], ghost, color=colour, alpha=0.25, linewidth=0.7, zorder=2, gid="ghost")
        y = _on_axis(curve.y, floor)
        one = np.isfinite(y).sum() == 1  # a line of one point cannot be seen
        ax.plot(curve.x, y, **style(i), linewidth=1.8, zorder=3, gid="path", marker="o" if one else None)
        _mark_floor(ax, curve, floor, colour)
        name = curve.name if len(curves) > 1 else ""
        if found is not None:
            at = leaving(ax, np.column_stack([curve.x, y]), found.row)[1]
            gone.append((at, found, curve.x[-1], name, colour))
        elif name:
            ends.append((curve.x[-1], y[-1], name, colour))
    name_ends(ax, ends)
    gone.sort(key=lambda mark: -mark[0][0])  # words run to the right: they pass below the marks there
    for row, (at, found, last, name, colour) in enumerate(gone):
        off_chart(ax, found, at, last, name, colour, row)
    return ax


def _set_limits(ax, curves: list[Curve], escapes: list[Escape | None], two_sided: bool) -> float | None:
    """Scale and limits of a loss picture.  Returns the floor on which 0 stands, None on a two-sided axis."""
    shown = [curve.y[: found.row] if found else curve.y for curve, found in zip(curves, escapes)]
    for curve, found in zip(curves, escapes):
        if curve.ghost is not None and not found:  # a few rows that fit by chance would stretch the axis
            finite = curve.ghost[1][np.isfinite(curve.ghost[1])]
            shown.append(np.quantile(finite, [0.05, 1]) if finite.size else finite)
        if found is not None and found.reason != "plots.not_finite":
            shown.append(np.array([found.limit]))
    values = np.concatenate(shown)
    values = values[np.isfinite(values)]
    # where all runs leave, there is room for the words to the right of the mark
    right = max(
        min(curve.x[-1], 2.5 * curve.x[min(found.row, curve.x.size - 1)]) if found else curve.x[-1]
        for curve, found in zip(curves, escapes)
    )
    left = min(curve.x[0] if curve.ghost is None else curve.ghost[0][0] for curve in curves)
    side = 0.02 * (right - left) or 0.5
    ax.set_xlim(left - side, right + side)
    ax.xaxis.get_major_locator().set_params(integer=True)
    if two_sided and values.size and values.min() < 0:
        size = np.abs(values).max()
        threshold = 10.0 ** (np.floor(np.log10(size)) - 3)
        ax.set_yscale("symlog", linthresh=threshold)
        bottom, top = values.min(), values.max()
        ax.set_ylim(bottom * 2, top * 2 if top > threshold else 2 * threshold)
        return None
    positive = values[values > 0]
    low, high = (max(positive.min(), 1e-300), positive.max()) if positive.size else (0.1, 10.0)
    floor = low = low / 10 if positive.size < values.size else low
    margin = max(np.exp(0.06 * (np.log(high) - np.log(low))), 1.2)
    ax.set_yscale("log")
    ax.set_ylim(low / margin, high * margin)
    return floor


def _on_axis(y, floor: float | None) -> np.ndarray:
    """Losses as they are drawn: 0 and below stand on the floor, what is not finite is left out."""
    y = np.where(np.isfinite(y), y, np.nan)
    return y if floor is None else np.where(y <= 0, floor, y)


def _mark_floor(ax, curve: Curve, floor: float | None, colour) -> None:
    """A hollow mark where a loss first reaches 0, which no log axis holds."""
    sunk = np.flatnonzero(curve.y <= 0)
    if floor is None or not sunk.size:
        return
    at = (curve.x[sunk[0]], floor)
    ax.plot(*at, marker="v", markersize=7, markerfacecolor="white", color=colour, linestyle="", zorder=5)
    note(ax, "≤ 0" if curve.y.min() < 0 else "0", at, (9, 7), colour)


@door(trace=a("Trace"))
def weights(trace: Trace, ax=None):
    """Weights over epochs, including the start, each with its name at its end.

    Of many weights the 12 largest are named, and the others are pale. If the descent diverges, the axes do
    not follow it. Returns the Axes.

    >>> from downslope.descent.trace import Step, Trace
    >>> trace = Trace(["w", "b"], [0.0, 0.0])
    >>> for k in range(5):
    ...     trace.append(Step(k + 1, k, 3, 0.0, 1.0, 1.0, 0.1, np.array([k, -k])))
    >>> len(weights(trace).get_lines())
    2
    """
    made = epochs(trace)
    params = np.vstack([trace.start, trace.column("params")])  # (s + 1, p)
    x = np.concatenate([[min(trace[0].epoch, made[0])], made])
    found = escape(trace.column("loss"), min(8, _updates_an_epoch(trace)))
    # the loss of step i is that of the params before it: row i of params
    cut = len(params) if found is None else max(2, found.row)
    shown = params[:cut]
    ax = axes(ax, say("plots.weights_title"), say("plots.epoch"), say("plots.weight"))

    final = np.abs(np.where(np.isfinite(shown[-1]), shown[-1], 0))
    named = sorted(np.argsort(-final, kind="stable")[:NAMED].tolist())
    low, high = shown[np.isfinite(shown)].min(), shown[np.isfinite(shown)].max()
    margin = 0.08 * (high - low) or 0.1 * max(1.0, abs(high))
    right, last = x[min(cut, len(x) - 1)], x[-1]
    ax.set_xlim(x[0] - 0.02 * (right - x[0]), right + 0.02 * (right - x[0]))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_ylim(low - margin, high + margin)

    # one row past the edge shows the way that the weights go on
    finite = np.where(np.isfinite(params), params, np.nan)[: cut + 1]
    x, y = x[: cut + 1], np.clip(finite, low - 99 * margin, high + 99 * margin)
    for j in sorted(set(range(params.shape[1])) - set(named)):
        ax.plot(x, y[:, j], color=QUIET, alpha=0.3, linewidth=0.7, zorder=2, gid="path")
    for i, j in enumerate(named):
        ax.plot(x, y[:, j], **style(i), linewidth=1.6, zorder=3, gid="path")
    called = [drawable(trace.names[j], "plots.feature", number=j + 1) for j in named]
    ends = [(x[cut - 1], shown[-1, j], called[i], style(i)["color"]) for i, j in enumerate(named)]
    name_ends(ax, [end for end in ends if np.isfinite(end[1])])
    if found is not None:
        at = leaving(ax, np.column_stack([x, y[:, np.argmax(final)]]), cut)[1]
        off_chart(ax, found, at, last, say("plots.loss"), COLOURS[1])
    return ax


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
    seen = np.isfinite(check.remainders) & (check.remainders > 0)
    drawn = np.where(seen, check.remainders, np.nan)  # (3, m)
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


@door(found=a("Path"))
def path(found: Path, ax=None):
    """The score of each alpha ± one standard error, with the best alpha and the largest within one
    standard error of it, if alpha was chosen; otherwise the weights. Over alpha, on a log axis. Returns
    the Axes.

    >>> import downslope as ds
    >>> rows = ds.Dataset.from_arrays([[1.0, 0.0], [2.0, 1.0], [3.0, 0.0], [4.0, 1.0]], [2.0, 4.0, 6.0, 8.5])
    >>> path(ds.path(rows, alphas=5)).get_xscale()
    'log'
    """
    if found.curve is None:
        return _weights(found, ax)
    ax = axes(ax, say("plots.path_title"), say("plots.alpha"), say("plots.score", metric=found.metric))
    ax.set_xscale("log")
    if found.errors is not None:
        low, high = found.curve - found.errors, found.curve + found.errors
        ax.fill_between(found.alphas, low, high, color=COLOURS[0], alpha=0.18, linewidth=0, gid="errors")
    ax.plot(found.alphas, found.curve, **style(0), linewidth=1.8, zorder=3, gid="path")
    marks = [(found.best, "plots.best_alpha")]
    if found.errors is not None and found.alpha_1se != found.alphas[found.best]:
        marks.append((int(np.flatnonzero(found.alphas == found.alpha_1se)[0]), "plots.alpha_1se"))
    low, high = ax.get_ylim()  # the names lie beyond the best scores, where no curve and no band is
    room = 0.22 * (high - low)
    ax.set_ylim((low, high + room) if found.higher else (low - room, high))
    middle = np.sqrt(found.alphas[0] * found.alphas[-1])
    for row, (place, key) in enumerate(marks):
        alpha = float(found.alphas[place])
        ax.axvline(alpha, color=QUIET, linewidth=0.8, linestyle=":", zorder=1)
        ax.plot(alpha, found.curve[place], "o", color=COLOURS[row], markersize=5, zorder=4)
        height = room * (0.62 - 0.4 * row)
        at = alpha, (high + room - height if found.higher else low - room + height)
        left = alpha < middle
        note(
            ax, say(key, alpha=alpha), at, (6 if left else -6, 0), va="center", ha="left" if left else "right"
        )
    return ax


def _weights(found: Path, ax):
    ax = axes(ax, say("plots.weights_path_title"), say("plots.alpha"), say("plots.weight"))
    ax.set_xscale("log")
    positive = found.alphas > 0
    weights = found.coef.reshape(len(found.alphas), -1)[positive]
    largest = np.argsort(-np.abs(weights).max(axis=0), kind="stable")
    for place, j in enumerate(largest[:50]):
        looks = style(place) if place < 6 else {"color": QUIET, "linewidth": 0.6}
        label = found.names[j] if place < 6 else None
        ax.plot(found.alphas[positive], weights[:, j], **looks, zorder=3 if place < 6 else 2, label=label)
    ax.legend(frameon=False, fontsize=9)
    return ax

"""Pictures of a diagnosis: residuals of a regression, chances of a classifier."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..arguments import a, door, whole
from ..insight.diagnostics import (
    ClassDiagnostics,
    ComponentResiduals,
    FeatureImportance,
    ResidualDiagnostics,
    smooth,
)
from .canvas import INK, PATH, QUIET, SURFACE, axes, note, panels, style
from .classes import _legend
from .fit import _scatter
from .lettering import drawable, lettering, say

NAMED = 3  # rows with a number
COOK = (0.5, 1.0)  # contours of Cook's distance
MOST, BARS = 12, 20  # columns that have a picture of their own, and a bar


@door()
def diagnostics(found: Any, ax: Any = None):
    """All pictures of a diagnosis, two in a row; of the columns those with the largest effect. Returns the
    Figure. `ax`: one or several Axes, for the first pictures. As in scikit-learn's displays, `found.figure_`
    and `found.axes_` are those of the last plot.

    >>> found = ResidualDiagnostics.from_predictions([1.0, 2.0, 3.0, 5.0], [1.1, 2.1, 2.9, 4.4])
    >>> len(diagnostics(found).axes)
    3
    """
    drawn: list[Any] = []
    parts, columns = found, found if isinstance(found, ComponentResiduals) else found.components
    if isinstance(found, ClassDiagnostics):
        drawn = [calibration, precision_recall, gains]
    elif isinstance(found, ResidualDiagnostics):
        drawn = [residual_trend, normal_qq, scale_location]
        drawn += [leverage] if found.leverage is not None else []
    pictures = [partial(draw, parts) for draw in drawn]
    if parts is not columns and parts.importance is not None:
        pictures.append(partial(importance, parts.importance))
    if columns is not None:
        effect = np.abs(columns.weights) * columns.values.std(axis=0)
        largest = np.sort(np.argsort(-effect, kind="stable")[:MOST])
        pictures += [partial(component, columns, int(j)) for j in largest]
    places = None if ax is None else np.ravel(ax)
    page = panels(*pictures) if places is None else places[0].figure
    for draw, place in zip(pictures, () if places is None else places):
        draw(place)
    vars(found).update(figure_=page, axes_=np.array(page.axes if places is None else places))
    return page


@door(found=a("FeatureImportance"))
def importance(found: FeatureImportance, ax=None):
    """How far the score falls when a column is shuffled, ± one standard deviation of the shuffles, the most
    important column first. Returns the Axes.

    >>> found = FeatureImportance(("x1", "x2"), np.array([[0.5, 0.7], [0.0, 0.1]]), 0.9, "r2")
    >>> importance(found).get_xlabel()
    'fall of r2 when shuffled'
    """
    columns = found.to_json()["columns"][:BARS][::-1]
    gained = "plots.importance_rise" if found.metric == "log_loss" else "plots.importance_fall"
    ax = axes(ax, say("plots.importance_title"), say(gained, metric=found.metric), "")
    at = range(len(columns))
    about = {"color": SURFACE, "ecolor": INK, "error_kw": {"elinewidth": 1}, "height": 0.6, "zorder": 2}
    ax.barh(at, [one["mean"] for one in columns], xerr=[one["deviation"] for one in columns], **about)
    ax.axvline(0, color=INK, linewidth=0.8, zorder=1)
    names = [
        drawable(one["column"], "plots.feature", number=len(columns) - k) for k, one in enumerate(columns)
    ]
    ax.set_yticks(at, names, **lettering("".join(names)))
    vars(found).update(figure_=ax.figure, ax_=ax)
    return ax


@door(found=a("ComponentResiduals"), j=whole(least=0))
def component(found: ComponentResiduals, j: int = 0, ax=None):
    """wⱼ(xⱼ − x̄ⱼ) + r over the column xⱼ, with the line of slope wⱼ, dashed, and a smooth: apart where the
    effect bends. Returns the Axes.

    >>> X = np.array([[0.0], [1.0], [2.0]])
    >>> found = ComponentResiduals.from_predictions([1.0, 2.0, 3.0], [1.5, 2.0, 2.5], X, [0.5])
    >>> component(found, 0).get_title(loc="left")
    'Component + residual: 0'
    """
    x, y = found.values[:, j], found.component(j)
    name = drawable(found.names[j], "plots.feature", number=j + 1)
    ax = axes(ax, say("plots.component_title", name=name), name, say("plots.component"))
    line = found.weights[j] * (x - x.mean())
    level = smooth(x, y, weights=found.curvature)
    _scatter(ax, x, y)
    ends = [int(x.argmin()), int(x.argmax())]
    ax.plot(x[ends], line[ends], color=INK, linewidth=1.2, linestyle=(0, (5, 3)), zorder=3)
    ax.plot(*level, color=PATH, linewidth=1.8, zorder=4)
    if found.curvature is not None:  # residuals of chances near 0 and 1 are as large as they like
        shown = np.concatenate([level[1], line[ends], np.quantile(y, [0.02, 0.98])])
        space = 0.1 * (shown.max() - shown.min() or 1.0)
        ax.set_ylim(shown.min() - space, shown.max() + space)
    return ax


@door()
def residual_trend(found: ResidualDiagnostics, ax=None):
    """Residuals over fitted values, with a smooth: level where the mean is right. Returns the Axes.

    >>> found = ResidualDiagnostics.from_predictions([1.0, 2.0, 3.0, 5.0], [1.1, 2.1, 2.9, 4.4])
    >>> residual_trend(found).get_xlabel()
    'predicted'
    """
    ax = axes(ax, say("plots.residuals_title"), say("plots.predicted"), say("plots.residual"))
    ax.axhline(0, color=INK, linewidth=0.8, zorder=1)
    _scatter(ax, found.fitted, found.residuals)
    ax.plot(*smooth(found.fitted, found.residuals), color=PATH, linewidth=1.8, zorder=3)
    _name_rows(ax, found.fitted, found.residuals, np.abs(found.standardised))
    return ax


@door()
def normal_qq(found: ResidualDiagnostics, ax=None):
    """Standardised residuals over normal quantiles: on the line where errors are normal. Returns the Axes.

    >>> found = ResidualDiagnostics.from_predictions([1.0, 2.0, 3.0, 5.0], [1.1, 2.1, 2.9, 4.4])
    >>> normal_qq(found).get_xlabel()
    'normal quantile'
    """
    from scipy.special import ndtri

    t = np.sort(found.standardised)
    order = np.argsort(found.standardised, kind="stable")
    quantiles = ndtri((np.arange(len(t)) + 0.5) / len(t))
    ax = axes(ax, say("plots.qq_title"), say("plots.normal_quantile"), say("plots.standardised_residual"))
    ends = np.array([quantiles[0], quantiles[-1]])
    ax.plot(ends, ends, color=PATH, linewidth=1.6, zorder=3)
    _scatter(ax, quantiles, t)
    _name_rows(ax, quantiles, t, np.abs(t), order)
    return ax


@door()
def scale_location(found: ResidualDiagnostics, ax=None):
    """√|standardised residual| over fitted values, with a smooth: level where variances are equal. Returns
    the Axes.

    >>> found = ResidualDiagnostics.from_predictions([1.0, 2.0, 3.0, 5.0], [1.1, 2.1, 2.9, 4.4])
    >>> scale_location(found).get_xlabel()
    'predicted'
    """
    size = np.sqrt(np.abs(found.standardised))
    ax = axes(ax, say("plots.scale_title"), say("plots.predicted"), say("plots.root_residual"))
    _scatter(ax, found.fitted, size)
    ax.plot(*smooth(found.fitted, size), color=PATH, linewidth=1.8, zorder=3)
    _name_rows(ax, found.fitted, size, size)
    return ax


@door()
def leverage(found: ResidualDiagnostics, ax=None):
    """Standardised residuals over leverages, with contours of Cook's distance. Returns the Axes.

    >>> import downslope as ds
    >>> rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0], [4.0]] * 10, [2.1, 3.9, 6.2, 7.8] * 10)
    >>> leverage(ResidualDiagnostics.from_solution(ds.fit(rows), rows)).get_xlabel()
    'leverage'
    """
    h, t = found.leverage, found.standardised
    assert h is not None and found.cook is not None
    ax = axes(ax, say("plots.leverage_title"), say("plots.leverage"), say("plots.standardised_residual"))
    ax.axhline(0, color=INK, linewidth=0.8, zorder=1)
    _scatter(ax, h, t)
    right, high = 1.08 * float(h.max()), 1.15 * float(np.abs(t).max())
    ax.set_xlim(0, right)
    ax.set_ylim(-high, high)
    at = np.linspace(right / 300, min(right, 0.999), 300)
    for level, line in zip(COOK, ("--", "-")):
        edge = np.sqrt(level * found.weights * (1 - at) / at)
        for sign in (1, -1):
            ax.plot(at, np.where(edge <= high, sign * edge, np.nan), line, color=PATH, linewidth=1, zorder=3)
        if edge[-1] <= high:
            note(ax, f"{level:g}", (at[-1], edge[-1]), (2, 2), PATH)
    _name_rows(ax, h, t, found.cook)
    return ax


@door()
def calibration(found: ClassDiagnostics, ax=None):
    """Share of a class over its mean chance, in 15 bins of equal count. Returns the Axes.

    >>> calibration(ClassDiagnostics.from_predictions([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.6])).get_xlabel()
    'mean predicted probability'
    """
    ax = axes(ax, say("plots.calibration_title"), say("plots.mean_chance"), say("plots.share_of_class"))
    ax.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    for place, k in enumerate(found.shown):
        ax.plot(*found.calibration(k), **style(place), marker="o", markersize=4, label=_named(found, k))
    return _square(ax, "lower right")


@door()
def precision_recall(found: ClassDiagnostics, ax=None):
    """Precision over recall; AP is the average precision. Returns the Axes.

    >>> precision_recall(ClassDiagnostics.from_predictions([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.6])).get_xlabel()
    'recall'
    """
    ax = axes(ax, say("plots.precision_title"), say("plots.recall"), say("plots.precision"))
    for place, k in enumerate(found.shown):
        recall, precision, average = found.precision_recall(k)
        label = f"{_named(found, k)}: AP {average:.3f}"
        ax.plot(recall, precision, **style(place), linewidth=1.8, label=label)
        base = float((found.y == k).mean())
        ax.axhline(base, color=style(place)["color"], linewidth=0.8, linestyle=(0, (1, 3)))
    return _square(ax, "lower left")


@door()
def gains(found: ClassDiagnostics, ax=None):
    """Share of a class found among the rows with the highest chances of it. Returns the Axes.

    >>> gains(ClassDiagnostics.from_predictions([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.6])).get_xlabel()
    'fraction of the rows'
    """
    ax = axes(ax, say("plots.gains_title"), say("plots.share_of_rows"), say("plots.share_found"))
    ax.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    for place, k in enumerate(found.shown):
        ax.plot(*found.gains(k), **style(place), linewidth=1.8, label=_named(found, k))
    return _square(ax, "lower right")


def _square(ax, free: str):
    """0 to 1 both ways; the names are in the corner that curves leave free."""
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    ax.set_aspect("equal")
    _legend(ax, loc=free)
    return ax


def _named(found: ClassDiagnostics, k: int) -> str:
    return drawable(str(found.classes[k]), "plots.class", number=k + 1)


def _name_rows(ax, x, y, size, order=None) -> None:
    """The numbers of the rows that stand out, counted from 1."""
    for row in np.argsort(-size, kind="stable")[:NAMED]:
        number = int(row if order is None else order[row]) + 1
        note(ax, str(number), (x[row], y[row]), (4, 3), INK, fontsize=8)

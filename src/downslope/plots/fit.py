"""Predictions of a fit against the observed values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arguments import array, door, names
from .canvas import INK, PATH, SURFACE, axes
from .landscape import same_length
from .lettering import drawable, say

SHOWN = 5_000  # points: more are a blot, and a slow SVG


@door(x=array((1, 2)), y=array((1, 2)), predicted=array((1, 2)), names=names(least=2))
def fitted(x, y, predicted, ax=None, *, names: Sequence[str] = ("x", "y")):
    """The rows (x, y) with the fitted line; for several features, predicted against observed.

    x (n,) or (n, d), y (n,), predicted (n,), or for one feature (n, q): a line for each quantile. `names`:
    those of the features, then of the target. Of more than 5,000 rows every k-th is drawn. Raises
    DownslopeError if lengths differ. Returns the Axes.

    >>> fitted([1, 2, 3], [2, 4, 6], [2.1, 4.0, 5.9], names=("size", "price")).get_ylabel()
    'price'
    """
    predicted = np.asarray(predicted)
    observed, predicted = np.ravel(y), predicted if np.size(x) == len(predicted) else np.ravel(predicted)
    same_length(y=observed, predicted=predicted)
    target = drawable(names[-1], "plots.target")
    if len(np.shape(x)) > 1 and np.shape(x)[1] > 1:
        title = f"{say('plots.against_title')}: {target}" if names[-1] != "y" else say("plots.against_title")
        ax = axes(ax, title, say("plots.observed"), say("plots.predicted"))
        both = np.concatenate([observed, predicted])
        ends = [np.nanmin(both), np.nanmax(both)]
        ax.plot(ends, ends, color=PATH, linewidth=1.6, zorder=3)
        _scatter(ax, observed, predicted)
        return ax
    x = np.ravel(x)
    same_length(x=x, y=observed)
    ax = axes(ax, say("plots.fitted_title"), drawable(names[0], "plots.feature", number=1), target)
    _scatter(ax, x, observed)
    order = np.argsort(x, kind="stable")
    order = order[some(order)]
    ax.plot(x[order], predicted[order], color=PATH, linewidth=1.8, zorder=3)
    return ax


@door(predicted=array((1, 2)), y=array((1, 2)))
def residuals(predicted, y, ax=None):
    """y − prediction over the prediction, (n,) each: a good fit shows a horizontal band without structure.

    Of more than 5,000 rows every k-th is drawn. Raises DownslopeError if lengths differ. Returns the Axes.

    >>> residuals([1.0, 2.0, 3.0], [1.5, 1.5, 3.0]).get_ylabel()
    'observed − predicted'
    """
    observed, predicted = np.ravel(y), np.ravel(predicted)
    same_length(predicted=predicted, y=observed)
    ax = axes(ax, say("plots.residuals_title"), say("plots.predicted"), say("plots.residual"))
    ax.axhline(0, color=INK, linewidth=0.8, zorder=1)
    _scatter(ax, predicted, observed - predicted)
    return ax


def some(values) -> slice:
    return slice(None, None, max(1, -(-len(values) // SHOWN)))


def _scatter(ax, x, y) -> None:
    """Points that darken where many lie."""
    shown = some(x)
    opacity = float(np.clip(30 / np.sqrt(len(x[shown])), 0.25, 0.8))
    ax.plot(
        x[shown], y[shown], "o", color=SURFACE, alpha=opacity, markersize=4.5, markeredgewidth=0, zorder=2
    )

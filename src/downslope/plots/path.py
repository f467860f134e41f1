"""A path of alphas: the scores of a cross-validation with their standard errors, or the weights."""

from __future__ import annotations

import numpy as np

from ..arguments import a, door
from ..selection.path import Path
from .canvas import COLOURS, QUIET, axes, note, style
from .lettering import say


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
    for row, (place, key) in enumerate(marks):
        at = found.alphas[place], found.curve[place]
        ax.axvline(at[0], color=QUIET, linewidth=0.8, linestyle=":", zorder=1)
        ax.plot(*at, "o", color=COLOURS[row], markersize=5, zorder=4)
        note(ax, say(key, alpha=float(at[0])), at, offset=(6, 14 + 16 * row))
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

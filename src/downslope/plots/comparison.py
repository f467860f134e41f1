"""Models compared: how far each is from the best, with its interval."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import door
from .canvas import INK, PATH, QUIET, axes, note
from .lettering import lettering, say


@door()
def comparison(found: Any, ax=None):
    """The difference of each model's score to the best model's: a dot for each split, the mean, and the
    corrected interval. Returns the Axes.

    >>> import downslope as ds
    >>> X = np.random.default_rng(0).standard_normal((40, 2))
    >>> compared = ds.compare(ds.Dataset.from_arrays(X, X[:, 0] ** 3), "squared; huber", repeats=2)
    >>> comparison(compared).get_xlabel()
    'difference of rmse to the best model'
    """
    worse = say("plots.comparison_left" if found.higher else "plots.comparison_right")
    ax = axes(ax, worse, say("plots.comparison_difference", metric=found.metric), "")
    ax.axvline(0, color=QUIET, linewidth=0.8, zorder=1)
    jitter = np.random.default_rng(0).uniform(-0.16, 0.16, found.scores.shape[1])
    for k, place in enumerate(range(len(found.models) - 1, -1, -1)):
        one = found.to_best(k)
        if one is None:
            ax.plot(0, place, marker="D", color=PATH, markersize=8, zorder=4, gid="best")
            words = f"{found.metric} {found.means[k]:.4g} ± {found.errors[k]:.2g}"
            note(ax, words, (0, place), (0, 9), PATH, ha="center", va="bottom")
            continue
        each = found.scores[k] - found.scores[found.best]
        ax.plot(each, place + jitter, "o", color=QUIET, markersize=3, alpha=0.6, zorder=2)
        ax.plot([one.low, one.high], [place, place], color=INK, linewidth=2, zorder=3)
        ax.plot(one.mean, place, "o", color=INK, markersize=7, zorder=4)
    names = list(reversed(found.models))
    ax.set_yticks(range(len(names)), names, **lettering("".join(names)))
    ax.set_ylim(-0.6, len(names) - 0.4)
    return ax

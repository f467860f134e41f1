"""Classes: predicted regions, confusion matrix and ROC curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arguments import a, array, called, door, listed, names
from ..errors import DownslopeError
from .canvas import COLOURS, INK, QUIET, SURFACE, axes, style
from .fit import some
from .landscape import same_length
from .lettering import drawable, lettering, say

MARKERS = ("o", "^", "s", "D", "v", "P", "X")  # 6 colours and 7 markers: the first 42 classes differ
NAMED = 12  # classes in a legend; the others are drawn without a name
HELD = 2  # features named with their median
CELLS = 300  # along each side of a picture of regions


@door(predict_scores=called(), X=array((2,)), features=names())
def regions(
    predict_scores: Callable,
    X,
    y,
    classes: Sequence,
    features: Sequence[str],
    ax=None,
    *,
    chosen: Sequence | None = None,
):
    """argmaxₖ zₖ over two features, all others at their medians: a pale region for each class, rows by class.

    `predict_scores` takes rows (m, d) and returns z, (m,) for two classes (the second where z > 0) or (m, K);
    X (n, d), y (n,) the class numbers 0 … K − 1. `chosen`: two features, by name or number, by default the
    first two. The black line is where the two best classes are equal: 50% for two classes. A row may lie
    outside the region of its own prediction, because its other features are not at their medians. For a
    single feature, each class has its own row. Raises DownslopeError if lengths differ or a feature is
    unknown. Returns the Axes.

    >>> X = np.array([[0.0, 0.0], [1.0, 2.0]])
    >>> regions(lambda rows: rows @ [1, 1] - 1.5, X, [0, 1], ["no", "yes"], ["a", "b"]).get_xlabel()
    'a'
    """
    X, y = np.asarray(X, dtype=float), np.asarray(y).astype(int)
    same_length(X=X, y=y)
    pair = [_place(name, features) for name in (range(min(2, X.shape[1])) if chosen is None else chosen)]
    names = [drawable(features[j], "plots.feature", number=j + 1) for j in pair]
    flat = len(pair) == 1
    points = np.column_stack([X[:, pair[0]], y if flat else X[:, pair[1]]])
    ax = axes(ax, say("plots.regions_title"), names[0], say("plots.class_true") if flat else names[1])
    middle = np.median(X, axis=0)
    _subtitle(ax, [j for j in range(X.shape[1]) if j not in pair], middle, features)

    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.where(high > low, 0.06 * (high - low), 0.5)
    (left, bottom), (right, top) = low - margin, high + margin
    across, up = np.linspace(left, right, CELLS), np.linspace(bottom, top, 2 if flat else CELLS)
    grid = np.broadcast_to(middle, (len(up), len(across), X.shape[1])).copy()
    grid[..., pair[0]] = across
    if not flat:
        grid[..., pair[1]] = up[:, None]
    z = np.asarray(predict_scores(grid.reshape(-1, X.shape[1])))
    z = np.column_stack([np.zeros(len(z)), z]) if z.ndim == 1 else z
    z = z.reshape(*grid.shape[:2], -1)  # (CELLS, CELLS, K)
    pale = np.array([_pale(k) for k in range(z.shape[2])])
    ground = {"origin": "lower", "extent": (left, right, bottom, top), "aspect": "auto", "zorder": 0}
    ax.imshow(pale[z.argmax(axis=2)], interpolation="nearest", **ground)
    for k in range(z.shape[2] == 2, z.shape[2]):  # of two classes there is one line, not two
        ahead = z[..., k] - np.delete(z, k, axis=2).max(axis=2)
        if ahead.min() < 0 < ahead.max():
            ax.contour(across, up, ahead, levels=[0.0], colors=["black"], linewidths=1.2, zorder=1)
    _by_class(ax, points, y, classes)
    ax.plot(
        [], [], color="black", linewidth=1.2, label=say("plots.half" if len(classes) == 2 else "plots.border")
    )
    _legend(ax)
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    if flat:
        _class_ticks(ax.yaxis, classes)
    return ax


@door(X=array((2,)), predicted=listed(), true=listed(none=True), names=names(least=2))
def scatter_predictions(X, predicted, ax=None, *, true=None, names: Sequence[str] = ("x1", "x2")):
    """The rows (x₁, x₂) in the colour and marker of the predicted class; errors are ringed, given `true`.

    X (n, 2), predicted (n,) labels, true (n,) labels. Of more than 5,000 rows every k-th is drawn. Raises
    DownslopeError where lengths differ. Returns the Axes.

    >>> scatter_predictions([[0, 1], [1, 0]], ["a", "b"], names=("size", "age")).get_ylabel()
    'age'
    """
    X, predicted = np.asarray(X, dtype=float), np.ravel(predicted)
    same_length(X=X, predicted=predicted)
    across, up = (drawable(name, "plots.feature", number=j) for j, name in enumerate(names, 1))
    ax = axes(ax, say("plots.scatter_title"), across, up)
    known = predicted if true is None else np.concatenate([predicted, np.ravel(true)])
    classes, codes = np.unique(known, return_inverse=True)
    _by_class(ax, X[:, :2], codes[: len(X)], classes.tolist())
    if true is not None:
        same_length(predicted=predicted, true=np.ravel(true))
        wrong = codes[: len(X)] != codes[len(X) :]
        rows = X[wrong][some(X[wrong])]
        ring = {"markerfacecolor": "none", "markeredgecolor": "black", "markersize": 9, "linestyle": ""}
        label = say("plots.wrong", count=int(wrong.sum()), rows=len(X))
        ax.plot(rows[:, 0], rows[:, 1], marker="o", zorder=4, label=label, gid="wrong", **ring)
    _legend(ax)
    return ax


@door(matrix=array((2,)), classes=listed(), rows=a("str", none=True))
def confusion(matrix, classes: Sequence, ax=None, *, rows: str | None = None):
    """Confusion matrix: rows of class i (down) predicted as class j (across); the shade is the fraction of
    row i.

    matrix (K, K), classes K names; `rows` names the rows that were counted. Up to 15 classes, the cells show
    their numbers. Raises DownslopeError for another shape. Returns the Axes.

    >>> confusion([[8, 2], [1, 9]], ["no", "yes"]).get_ylabel()
    'true class'
    """
    from matplotlib.colors import LinearSegmentedColormap

    counts = np.asarray(matrix, dtype=float)
    if counts.shape != (len(classes), len(classes)):
        raise DownslopeError("plots.not_square", shape=counts.shape, classes=len(classes))
    title = say("plots.confusion_title") if rows is None else say("plots.confusion_rows", rows=rows)
    ax = axes(ax, title, say("plots.class_predicted"), say("plots.class_true"))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    shades = LinearSegmentedColormap.from_list("shades", ["#F7F9FB", SURFACE])
    ax.imshow(shares, cmap=shades, vmin=0, vmax=1, aspect="equal", zorder=0)
    if len(classes) <= 15:
        for (i, j), count in np.ndenumerate(counts):
            colour = "white" if shares[i, j] > 0.6 else INK if count else QUIET
            weight = "bold" if i == j else "normal"
            size = 11 if len(classes) <= 6 else 7
            ax.text(j, i, f"{count:g}", ha="center", va="center", color=colour, fontsize=size, weight=weight)
    _class_ticks(ax.xaxis, classes)
    _class_ticks(ax.yaxis, classes)
    if max(len(str(name)) for name in classes) * len(classes) > 40:
        ax.tick_params(axis="x", labelrotation=45)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


@door(y=array(finite=True), scores=array((1, 2)), classes=listed(none=True), rows=a("str", none=True))
def roc(y, scores, ax=None, *, classes: Sequence | None = None, rows: str | None = None):
    """True over false positive rate for all thresholds; AUC: chance that a row of the class scores higher.

    y (n,) class numbers. scores (n,) of class 1 against 0, or (n, K): then each class against the rest,
    those of `classes` by their names; `rows` names the rows. Raises DownslopeError if lengths differ, or if
    no curve has rows of both classes. Returns the Axes.

    >>> roc([0, 1, 1], [0.1, 0.9, 0.4]).get_lines()[1].get_label()
    'AUC 1.0000'
    """
    y, scores = np.asarray(y).astype(int), np.asarray(scores, dtype=float)
    same_length(y=y, scores=scores)
    pairs = [(1, scores)] if scores.ndim == 1 else list(enumerate(scores.T))
    curves = [(k, _hits(y == k, z)) for k, z in pairs if 0 < (y == k).sum() < len(y)]
    if not curves:
        raise DownslopeError("plots.one_class")
    title = say("plots.roc_title") if rows is None else say("plots.roc_rows", rows=rows)
    ax = axes(ax, title, say("plots.false_alarms"), say("plots.hits"))
    ax.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)), label=say("plots.by_chance"))
    for k, (alarms, hits) in curves:
        name = ""
        if scores.ndim > 1:
            known = classes is not None and k < len(classes)
            name = drawable(classes[k] if known and classes else "", "plots.class", number=k + 1)
        label = say(
            "plots.area", name=say("plots.prefix", name=name) if name else "", area=np.trapezoid(hits, alarms)
        )
        few = label if k < NAMED else None
        ax.plot(
            alarms, hits, **style(k if scores.ndim > 1 else 0), linewidth=1.8, zorder=3, gid="path", label=few
        )
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    ax.set_aspect("equal")
    _legend(ax)
    return ax


def _hits(of_class: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(false alarms, hits) at every threshold, from none to all; rows that score the same go together."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    hits = np.cumsum(of_class[order])[last]
    alarms = 1 + last - hits
    return np.append(0, alarms / alarms[-1]), np.append(0, hits / hits[-1])


def _place(asked, features: Sequence[str]) -> int:
    """The index of a feature given by name or by number."""
    if isinstance(asked, int | np.integer) and 0 <= asked < len(features):
        return int(asked)
    if asked not in features:
        raise DownslopeError("plots.no_such_feature", asked=asked, known=", ".join(features[:12]))
    return list(features).index(asked)


def _subtitle(ax, held: list[int], middle: np.ndarray, features: Sequence[str]) -> None:
    """What the features that are not shown are held at, between the title and the axes."""
    if not held:
        return
    medians = [
        say("plots.held_at", name=drawable(features[j], "plots.feature", number=j + 1), value=middle[j])
        for j in held[:HELD]
    ]
    words = say("plots.held", medians=", ".join(medians + ["…"] * (len(held) > HELD)))
    title = ax.get_title(loc="left")
    ax.set_title(title, loc="left", fontsize=11, color=INK, pad=22, **lettering(title))
    place = {"xycoords": "axes fraction", "xytext": (0, 6), "textcoords": "offset points", "va": "bottom"}
    ax.annotate(words, (0, 1), fontsize=8, color=INK, annotation_clip=False, **place, **lettering(words))


def _by_class(ax, points: np.ndarray, codes: np.ndarray, classes: Sequence) -> None:
    """The rows, by class: a colour and a marker each, named in the legend."""
    for k, name in enumerate(classes):
        rows = points[codes == k]
        rows = rows[some(rows)]
        label = drawable(name, "plots.class", number=k + 1) if k < NAMED else None
        mark = {"marker": MARKERS[k % 7], "markersize": 4.5, "color": COLOURS[k % 6], "alpha": 0.85}
        edge = {"markeredgecolor": "white", "markeredgewidth": 0.4}
        ax.plot(*rows[:, :2].T, linestyle="", zorder=3, label=label, **mark, **edge)


def _legend(ax, **where: Any) -> None:
    """Names to the right of the axes, where they hide nothing, or `where` is free."""
    where = where or {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0}
    box = ax.legend(**where, frameon=False, fontsize=9)
    for words in box.get_texts():
        words.set(color=INK, **lettering(words.get_text()))


def _class_ticks(axis, classes: Sequence) -> None:
    """A class's name at each of 0 … K − 1; of many every k-th."""
    every = -(-len(classes) // 15)
    places = list(range(0, len(classes), every))
    axis.set_ticks(places, [drawable(classes[k], "plots.class", number=k + 1) for k in places])
    for words in axis.get_ticklabels():
        words.set(**lettering(words.get_text()))


def _pale(k: int) -> np.ndarray:
    """The colour of class k, mixed with white."""
    from matplotlib.colors import to_rgb

    return 0.78 + 0.22 * np.array(to_rgb(COLOURS[k % 6]))

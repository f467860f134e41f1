"""What a model says of its rows at each frame: the line, the chance, the regions, the residuals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..data import Dataset
from ..inference import Solution
from .numbers import exact, short

Span = tuple[float, float]
KEYS, CELLS, PLACES, ROWS, FEATURES = 41, 33, 61, 300, 13


def shown_rows(n: int) -> np.ndarray:
    """At most 300 rows, evenly taken."""
    return np.unique(np.linspace(0, n - 1, min(n, ROWS)).round().astype(int))


def rows_of(dataset: Dataset) -> dict[str, Any]:
    """The rows that are drawn."""
    chosen = shown_rows(len(dataset))
    X = dataset.X[chosen]
    X = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
    assert dataset.y is not None
    y = np.asarray(dataset.y)[chosen]
    y = y if y.ndim == 1 else y[:, 0]
    return {
        "count": len(dataset),
        "features": list(dataset.features[:FEATURES]),
        "target": (dataset.targets or ("y",))[0],
        "classes": [str(name) for name in dataset.classes] or None,
        "numbers": (chosen + 1).tolist(),
        "X": [short(column) for column in X.T[:FEATURES]],
        "y": [int(value) for value in y] if dataset.classes else short(y),
    }


def keyframes(frames: int, most: int = KEYS) -> np.ndarray:
    """Which frames have the heavy pictures: as many early ones as a growing stride leaves, and the last."""
    if frames <= most:
        return np.arange(frames)
    return np.unique(np.geomspace(1, frames, most).round().astype(int)) - 1


def fit_of(
    solution: Solution,
    dataset: Dataset,
    frames: np.ndarray,
    reach: tuple[float, ...] = (),
    ends: bool = False,
) -> dict[str, Any] | None:
    """The pictures of the fit. frames (s + 1, p): the weights at each frame, in the user's units; reach: what
    their axes hold besides the rows; ends: only the first frame and the last have pictures."""
    if solution.outputs < 1 or hasattr(dataset.X, "toarray") or not solution.single:
        return None
    sound = np.flatnonzero(np.isfinite(frames).all(axis=1))
    if not len(sound):
        return None
    at = sound[keyframes(len(sound), 2 if ends else KEYS)]
    at_keys = [replace(solution, params=params) for params in frames[at]]
    picture: dict[str, Any] = {"kind": None}
    d = dataset.X.shape[1]
    spans = [_span(np.append(dataset.X[:, j], reach)) for j in range(min(d, 2))]
    with np.errstate(all="ignore"):
        if dataset.classes:
            picture = _chances(at_keys, spans[0], at) if d == 1 else _regions(at_keys, dataset, spans, at)
        elif d == 1 and not solution.is_net and solution.recipe.loss.link == "identity":
            picture = _lines(solution, spans[0], frames)
        elif d == 1 or _powers(dataset.X):
            picture = _curve(at_keys, spans[0], at)
        if dataset.classes:
            return picture
        chosen = shown_rows(len(dataset))
        X, y = np.asarray(dataset.X)[chosen], np.asarray(dataset.y)[chosen]
        z = np.array([one.predict(X) for one in at_keys])
    picture["predicted"] = {"at": at.tolist(), "z": short(z, 5), "residual": short(z - y, 5)}
    return picture


def _powers(X) -> bool:
    """Whether the columns are x, x², x³, …: then the model is a curve over x."""
    return bool(np.allclose(X, X[:, :1] ** np.arange(1, X.shape[1] + 1)))


def _span(column: np.ndarray) -> Span:
    low, high = float(column.min()), float(column.max())
    margin = 0.08 * (high - low) or max(1.0, abs(high))
    return low - margin, high + margin


def _lines(solution: Solution, span: Span, frames: np.ndarray) -> dict[str, Any]:
    x = np.array(short(span))
    b = frames[:, 1:2] if solution.recipe.intercept else 0.0
    z = frames[:, :1] * x + b  # with all digits: other places are found from these two
    return {"kind": "line", "x": x.tolist(), "z": [exact(row) for row in z]}


def _curve(at_keys, span: Span, at) -> dict[str, Any]:
    x = np.linspace(span[0], span[1], PLACES)
    exponents = np.arange(1, len(at_keys[0].features) + 1)
    z = [one.predict(x[:, None] ** exponents) for one in at_keys]
    return {"kind": "curve", "x": short(x), "at": at.tolist(), "z": short(z, 5)}


def _chances(at_keys, span: Span, at) -> dict[str, Any]:
    """Of two classes the chance of the second (log loss), or its score; of more, which one is predicted."""
    x = np.linspace(span[0], span[1], PLACES)
    first = at_keys[0]
    if first.outputs == 1 and first.has_chances:
        z = [one.probabilities(x[:, None])[:, 1] for one in at_keys]
    else:
        z = [one.codes(one.scores(x[:, None])) for one in at_keys]
    return {"kind": "curve", "x": short(x), "at": at.tolist(), "z": short(z, 5)}


def _regions(at_keys, dataset: Dataset, spans: list[Span], at) -> dict[str, Any]:
    """Which class is predicted over the first two features, the others at their mean; by how much it leads,
    in thousandths of the largest lead, so that a page finds the border between two places; and its chance."""
    x, y = (np.linspace(span[0], span[1], CELLS) for span in spans)
    places = np.tile(np.asarray(dataset.X, dtype=float).mean(axis=0), (CELLS * CELLS, 1))
    across, up = np.meshgrid(x, y)
    places[:, 0], places[:, 1] = across.ravel(), up.ravel()
    classes, leads, chances = [], [], []
    log = at_keys[0].has_chances
    for one in at_keys:
        z = one.scores(places)
        codes, ordered = one.codes(z), np.sort(z, axis=-1)
        lead = np.nan_to_num(np.abs(z - one.cut) if z.ndim == 1 else ordered[:, -1] - ordered[:, -2])
        thousandths = 1000 * lead / (lead.max() or 1.0)
        leads.append(thousandths.round().astype(int).reshape(CELLS, CELLS).tolist())
        classes.append(codes.reshape(CELLS, CELLS).tolist())
        if log:
            chance = np.nan_to_num(one.probabilities(places)[np.arange(len(codes)), codes])
            chances.append((100 * chance).round().astype(int).reshape(CELLS, CELLS).tolist())
    kept = {"x": short(x), "y": short(y), "at": at.tolist()}
    shown = {"class": classes, "lead": leads, "chance": chances or None}
    return {"kind": "regions", "features": [0, 1], **kept, **shown}

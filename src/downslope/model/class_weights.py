"""Class weights: each row's weight sᵢ times the weight of its class, c(yᵢ). "balanced" is cₖ = Σs/(K·Σₖs), so
that all classes have the same sum of weights, and the total stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..arguments import is_number, shown
from ..data.dataset import Dataset
from ..errors import DownslopeError

BALANCED = "balanced"


def class_weights_of(asked: Any) -> str | dict[str, float] | None:
    """None, "balanced", or a weight for each class that is named. Raises DownslopeError for anything else.

    >>> class_weights_of({0: 2, "b": 0.5})
    {'0': 2.0, 'b': 0.5}
    """
    if asked is None or (isinstance(asked, str) and asked == BALANCED):
        return asked
    if not isinstance(asked, Mapping) or not asked:
        raise DownslopeError("model.class_weights", found=shown(asked))
    for label, weight in asked.items():
        if not is_number(weight) or weight <= 0:
            raise DownslopeError("model.class_weight", label=label, found=shown(weight))
    return {_text(label): float(weight) for label, weight in asked.items()}


def _text(label: Any) -> str:
    """A class as it is written; 5.0 as 5."""
    label = label.item() if isinstance(label, np.generic) else label
    return str(int(label) if isinstance(label, float) and label.is_integer() else label)


def class_factors(asked: Any, loss: Any, rows: Any) -> np.ndarray | None:
    """What the rows of each class are multiplied by, (K,); of "balanced" by the weights of these rows."""
    if asked is None:
        return None
    if not loss.labels:
        raise DownslopeError("model.class_weights_of_numbers", loss=loss.spec)
    rows = rows.labelled()
    labels = [_text(label) for label in rows.classes]
    if isinstance(asked, Mapping):
        for label in asked:
            if label not in labels:
                known = ", ".join(labels)
                facts = {"asked": label, "column": rows.targets[0], "known": known}
                raise DownslopeError("model.class_weight_label", **facts)
        return np.array([asked.get(label, 1.0) for label in labels])
    if isinstance(rows, Dataset):
        sums = np.bincount(np.asarray(rows.y).astype(int), rows.weights, minlength=len(labels)).astype(float)
    else:
        sums = rows.class_weights()
    if not sums.all():
        label = labels[int(sums.argmin())]
        raise DownslopeError("model.class_without_rows", label=label, rows=f"{len(rows):,}")
    return sums.sum() / (len(labels) * sums)


def weighted(rows: Dataset, factors: np.ndarray) -> Dataset:
    """The rows, with y as class numbers, with their weights times those of their classes."""
    own = factors[np.asarray(rows.y).astype(int)]
    return replace(rows, weights=own if rows.weights is None else rows.weights * own)


def class_weighted(rows: Any, asked: Any, loss: Any, like: Any = None) -> Any:
    """Rows in memory under class weights, "balanced" by the rows of `like`, if given; others as they are: a
    `PartitionedTerm` multiplies the weights of each part."""
    factors = class_factors(asked, loss, rows if like is None else like)
    if factors is None or not isinstance(rows, Dataset):
        return rows
    return weighted(rows.labelled(), factors)

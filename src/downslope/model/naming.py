"""What a linear model calls its weights, and y as its loss takes it."""

from __future__ import annotations

import numpy as np

from ..errors import DownslopeError
from .loss import Loss


def output_names(dataset, loss: Loss | None = None) -> tuple[str, ...]:
    """A name for each column of z: a target's, one of more than two classes', or the level of a quantile.

    Raises DownslopeError for several quantiles of several targets.
    """
    if loss is not None and loss.levels:
        if len(dataset.targets) > 1:
            raise DownslopeError("model.quantile_targets", loss=loss.spec, targets=len(dataset.targets))
        return loss.output_names
    return tuple(map(str, dataset.classes)) if len(dataset.classes) > 2 else dataset.targets


def param_names(features, targets, intercept: bool) -> tuple[str, ...]:
    """A name for each weight: the feature's, with the target before it when there are several."""
    bias = "intercept" if "intercept" not in features else "(intercept)"
    rows = [*features, bias] if intercept else list(features)
    if len(targets) == 1:
        return tuple(rows)
    return tuple(f"{target}: {row}" for row in rows for target in targets)


def coded(dataset, loss: Loss) -> np.ndarray:
    """y as the loss takes it, (n, k): numbers; of two classes 0 and 1; of K > 2 a column for
    each; for several quantiles as many columns of it."""
    if dataset.classes and not loss.labels:
        listed = ", ".join(map(str, dataset.classes[:3]))
        raise DownslopeError(
            "model.numbers_needed", loss=loss.name, column=dataset.targets[0], classes=listed
        )
    if loss.labels and len(dataset.classes) > 2:
        return (dataset.y[:, None] == np.arange(len(dataset.classes))).astype(float)
    Y = np.asarray(dataset.y, dtype=float).reshape(len(dataset.y), -1)
    loss.check(Y)
    return np.repeat(Y, len(loss.levels), axis=1) if loss.levels else Y

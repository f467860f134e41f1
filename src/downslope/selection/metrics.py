"""By what a model is chosen: a score of predictions on rows that it did not learn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DownslopeError, nearest


@dataclass(frozen=True)
class Metric:
    """score(y, prediction, weights) → a number. `higher`: whether more is better.

    kind: "number" takes the predicted mean; "class" the predicted class; "chance" the chances of classes;
    "loss" the mean loss of the model itself, which needs no other.
    """

    name: str
    kind: str
    higher: bool
    score: Callable[[Any, Any, Any], float] | None = None
    by_row: bool = True  # whether it is a mean over rows, so that one row has one


def _sklearn(name: str, **settings: Any) -> Callable[[Any, Any, Any], float]:
    def score(y: Any, predicted: Any, weights: Any) -> float:
        from sklearn import metrics

        return float(getattr(metrics, name)(y, predicted, sample_weight=weights, **settings))

    return score


def _two(function: Callable[[Any, Any, Any], float]) -> Callable[[Any, Any, Any], float]:
    """A score of the chance of the second of two classes."""

    def score(y: Any, chances: Any, weights: Any) -> float:
        if chances.shape[1] != 2:
            raise DownslopeError("selection.two_classes", classes=chances.shape[1])
        return function(y, chances[:, 1], weights)

    return score


def _averaged(name: str) -> Callable[[Any, Any, Any], float]:
    """F1, precision and recall: of the second of two classes, the mean over more."""

    def score(y: Any, predicted: Any, weights: Any) -> float:
        average = "binary" if max(np.max(y), np.max(predicted)) < 2 else "macro"
        return _sklearn(name, average=average, zero_division=0.0)(y, predicted, weights)

    return score


def _auc(y: Any, chances: Any, weights: Any) -> float:
    scores = chances[:, 1] if chances.shape[1] == 2 else chances
    return _sklearn("roc_auc_score", multi_class="ovr")(y, scores, weights)


def _log_loss(y: Any, chances: Any, weights: Any) -> float:
    return _sklearn("log_loss", labels=np.arange(chances.shape[1]))(y, chances, weights)


def _brier(y: Any, chances: Any, weights: Any) -> float:
    """Mean of Σₖ(pₖ − yₖ)²; of two classes half of it, as is usual.  Brier 1950."""
    coded = np.asarray(y).astype(int)[:, None] == np.arange(chances.shape[1])
    squares = ((chances - coded) ** 2).sum(axis=1) / (2 if chances.shape[1] == 2 else 1)
    return float(np.average(squares, weights=weights))


def _calibration(y: Any, chances: Any, weights: Any) -> float:
    """Expected calibration error of the second class: Σ_b (n_b/n)·|mean chance − share of it|, in 15 bins of
    equal count.  Naeini, Cooper & Hauskrecht 2015."""
    order = np.argsort(chances, kind="stable")
    s = np.ones(len(order)) if weights is None else np.asarray(weights)
    found = 0.0
    for rows in np.array_split(order, min(15, len(order))):
        found += abs(float(s[rows] @ (chances[rows] - np.asarray(y)[rows])))
    return found / float(s.sum())


METRICS = {
    metric.name: metric
    for metric in (
        Metric("mse", "number", False, _sklearn("mean_squared_error")),
        Metric("rmse", "number", False, _sklearn("root_mean_squared_error"), by_row=False),
        Metric("mae", "number", False, _sklearn("mean_absolute_error")),
        Metric("mape", "number", False, _sklearn("mean_absolute_percentage_error")),
        Metric("median_error", "number", False, _sklearn("median_absolute_error"), by_row=False),
        Metric("r2", "number", True, _sklearn("r2_score"), by_row=False),
        Metric("accuracy", "class", True, _sklearn("accuracy_score")),
        Metric("balanced_accuracy", "class", True, _sklearn("balanced_accuracy_score"), by_row=False),
        Metric("f1", "class", True, _averaged("f1_score"), by_row=False),
        Metric("precision", "class", True, _averaged("precision_score"), by_row=False),
        Metric("recall", "class", True, _averaged("recall_score"), by_row=False),
        Metric("auc", "chance", True, _auc, by_row=False),
        Metric("pr_auc", "chance", True, _two(_sklearn("average_precision_score")), by_row=False),
        Metric("log_loss", "chance", False, _log_loss),
        Metric("brier", "chance", False, _brier),
        Metric("calibration", "chance", False, _two(_calibration), by_row=False),
        Metric("deviance", "loss", False),
        Metric("d2", "loss", True, by_row=False),
        Metric("loss", "loss", False),
    )
}


def metric_of(asked: str | None, loss: Any = None) -> Metric:
    """The metric of a name, or by default the model's own loss. Raises DownslopeError for a name that there
    is not, and for one that does not go with a loss."""
    if asked is None:
        return METRICS["loss"]
    found = METRICS.get(asked) or _pinball(str(asked), loss)
    if found is None:
        known = nearest(str(asked), [*METRICS, "pinball:0.9"])
        raise DownslopeError("selection.metric", asked=asked, known=known)
    if loss is not None and not _goes_with(found, loss):
        names = ["pinball", *METRICS] if loss.levels else METRICS
        known = ", ".join(name for name in names if _goes_with(metric_of(name), loss))
        raise DownslopeError("selection.metric_of_loss", asked=asked, loss=loss.name, known=known)
    return found


def _goes_with(metric: Metric, loss: Any) -> bool:
    if metric.kind == "chance":
        return bool(loss.has_probabilities)
    if loss.levels:
        return metric.kind == "loss" or metric.name == "pinball"
    return metric.kind == "loss" or (metric.kind == "class") == bool(loss.labels)


def _pinball(asked: str, loss: Any = None) -> Metric | None:
    """The mean of max(τ·e, (τ − 1)·e), e = y − ŷ, of "pinball:τ"; of "pinball" the mean over the levels of a
    loss of several quantiles."""
    name, _, level = asked.partition(":")
    if asked == "pinball" and (loss is None or loss.levels):
        scores = [_sklearn("mean_pinball_loss", alpha=tau) for tau in (() if loss is None else loss.levels)]
        mean = lambda y, predicted, s: float(
            np.mean([score(y, one, s) for score, one in zip(scores, predicted.T)])
        )
        return Metric(asked, "number", False, mean)
    try:
        tau = float(level)
    except ValueError:
        return None
    if name != "pinball" or not 0 < tau < 1:
        return None
    return Metric(asked, "number", False, _sklearn("mean_pinball_loss", alpha=tau))


def _deviance(loss: Any, z: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """ℓ(z, y) − inf ℓ(·, y), summed over outputs.  (n,)"""
    return loss.value(z, Y).sum(axis=1) - loss.infimum(Y).sum(axis=1)


def deviance_explained(loss: Any, z: np.ndarray, Y: np.ndarray, s: Any) -> float:
    """D² = 1 − D(y, z)/D(y, the best constant), D = Σs(ℓ − inf ℓ): R² of a squared loss, and scikit-learn's
    d2_log_loss_score, d2_tweedie_score(power=1), d2_absolute_error_score and d2_pinball_score of others. 0
    or 1 where a constant has no deviance.  Hastie, Tibshirani & Wainwright 2015, section 3.2."""
    null = np.broadcast_to(loss.null(Y, s), Y.shape)
    own, best = (np.average(_deviance(loss, at, Y), weights=s) for at in (z, null))
    return float(1 - own / best) if best > 0 else float(own <= 0)


def score_of(metric: Metric, loss: Any, z: np.ndarray, Y: np.ndarray, y: Any, s: Any) -> float:
    """The score of z (n, k) on rows: Y as the loss takes it, y as it was given, s weights or None."""
    if metric.kind == "loss":
        if metric.name == "d2":
            return deviance_explained(loss, z, Y, s)
        values = 2 * _deviance(loss, z, Y) if metric.name == "deviance" else loss.value(z, Y).sum(axis=1)
        return float(np.average(values, weights=s))
    assert metric.score is not None
    if metric.kind == "number":
        predicted = loss.mean(z)
        return metric.score(y, predicted[:, 0] if np.ndim(y) == 1 and not loss.levels else predicted, s)
    if metric.kind == "class":
        codes = (z[:, 0] > 0).astype(int) if z.shape[1] == 1 else z.argmax(axis=1)
        return metric.score(y, codes, s)
    p = loss.mean(z)
    return metric.score(y, np.hstack([1 - p, p]) if p.shape[1] == 1 else p, s)

"""Chances from scores, fitted on rows that the model has not learned from.

Platt:  p = 1/(1 + e^−(a·z + b)), a and b by maximum likelihood on targets (n₁ + 1)/(n₁ + 2) and 1/(n₀ + 2).
Platt 1999.  Isotonic: the non-decreasing p(z) of least squares, linear between its knots.  Zadrozny & Elkan
2002.  More than two classes: one against the rest, each row divided by its sum.  All as in scikit-learn's
CalibratedClassifierCV with `ensemble=False`.  The z of a softmax are the log odds log pₖ/(1 − pₖ): its scores
are defined up to a constant only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..data import Dataset
from ..errors import DownslopeError, nearest
from ..selection.metrics import METRICS

METHODS = ("platt", "isotonic")
LEAST = 100  # rows: steps of fewer follow their noise


@dataclass(frozen=True)
class Calibrator:
    """The chance of the second of two classes, or of each of more, from the scores.

    parts: of each one (slope,) and (intercept,) of "platt", or the knots and chances of "isotonic".
    log_odds: whether they take the log odds of a softmax.

    >>> Calibrator("platt", (((2.0,), (0.0,)),)).chances(np.array([0.0, 1.0])).round(3)
    array([[0.5  , 0.5  ],
           [0.119, 0.881]])
    """

    method: str
    parts: Sequence[tuple[Sequence[float], Sequence[float]]]
    log_odds: bool = False

    def __post_init__(self):
        for x, y in self.parts:
            numbers = np.array([*x, *y], dtype=float)
            sized = len(x) == len(y) > 0 and (self.method == "isotonic" or len(x) == 1)
            if self.method not in METHODS or not sized or not np.isfinite(numbers).all():
                raise ValueError(f"no calibration of {self.method}")
            if self.method == "isotonic" and (np.any(np.diff(x) <= 0) or np.any(np.diff(y) < 0)):
                raise ValueError("knots that do not ascend")

    @classmethod
    def fitted(cls, method: str, z: np.ndarray, y: np.ndarray, s: Any, softmax: bool) -> Calibrator:
        """Of scores z (n,) or (n, K), the numbers y of the classes and weights s (n,) or None."""
        fit, z = {"platt": _platt, "isotonic": _isotonic}[method], z.reshape(len(z), -1).astype(float)
        log_odds = softmax and z.shape[1] > 1
        z = _log_odds(z) if log_odds else z
        classes = [1] if z.shape[1] == 1 else range(z.shape[1])
        s = np.ones(len(y)) if s is None else np.asarray(s, dtype=float)
        return cls(method, tuple(fit(column, y == k, s) for column, k in zip(z.T, classes)), log_odds)

    def chances(self, z: np.ndarray) -> np.ndarray:
        """(n, K), from scores (n,) or (n, K)."""
        from scipy.special import expit

        columns = np.asarray(z, dtype=float).reshape(len(z), -1)
        columns = _log_odds(columns) if self.log_odds else columns
        p = np.empty(columns.shape)
        for k, (column, (x, y)) in enumerate(zip(columns.T, self.parts)):
            p[:, k] = expit(x[0] * column + y[0]) if self.method == "platt" else np.interp(column, x, y)
        if p.shape[1] == 1:
            p = np.hstack([1 - p, p])
        else:
            total = p.sum(axis=1, keepdims=True)
            p = np.divide(p, total, out=np.full_like(p, 1 / p.shape[1]), where=total > 0)
        return p.astype(z.dtype)


def _log_odds(z: np.ndarray) -> np.ndarray:
    """zₖ − log Σ_{j≠k} eᶻʲ = log pₖ/(1 − pₖ) of a softmax.  (n, K)"""
    from scipy.special import logsumexp

    return np.column_stack([z[:, k] - logsumexp(np.delete(z, k, axis=1), axis=1) for k in range(z.shape[1])])


def _platt(z: np.ndarray, event: np.ndarray, s: np.ndarray) -> tuple[tuple[float], tuple[float]]:
    """Logistic regression of soft targets t: each row with weight t as an event and with 1 − t as none."""
    from sklearn.linear_model import LogisticRegression

    n1, n0 = s[event].sum(), s[~event].sum()
    t = np.where(event, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))
    center, scale = z.mean(), z.std()
    if scale <= 1e-12 * np.abs(z).max():  # the same score for every row
        mean = float(np.average(t, weights=s))
        return (0.0,), (math.log(mean / (1 - mean)),)
    x = np.tile((z - center) / scale, 2)[:, None]
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-9)
    model.fit(x, np.repeat([1, 0], len(z)), np.concatenate([s * t, s * (1 - t)]))
    slope = float(model.coef_[0, 0] / scale)
    return (slope,), (float(model.intercept_[0] - slope * center),)


def _isotonic(z: np.ndarray, event: np.ndarray, s: np.ndarray) -> tuple[tuple, tuple]:
    from sklearn.isotonic import IsotonicRegression

    found = IsotonicRegression(out_of_bounds="clip").fit(z, event.astype(float), s)
    return tuple(found.X_thresholds_.tolist()), tuple(found.y_thresholds_.tolist())


# ── after a fit ─────────────────────────────────────────────────────────────────────────────────────


def calibration_of(asked: Any) -> str | None:
    """The name of a calibration. Raises DownslopeError for another one."""
    if asked is None or (isinstance(asked, str) and asked in METHODS):
        return asked
    raise DownslopeError("selection.calibrate", asked=asked, known=nearest(str(asked), METHODS))


def check_calibration(recipe: Any, dataset: Any, apart: Any) -> None:
    """Refuse a calibration that the target or the rows do not allow, before anything is fitted. apart: the
    rows that were set aside for it, if any were."""
    if recipe.calibrate is None:
        return
    if not recipe.loss.labels:
        raise DownslopeError("selection.calibrate_numbers", loss=recipe.loss.name)
    if not isinstance(dataset, Dataset):
        facts = {"calibration": recipe.calibrate, "rows": f"{len(dataset):,}"}
        raise DownslopeError("selection.calibrate_in_memory", **facts)
    rows = dataset if apart is None else apart[0].labelled(dataset.classes)
    if recipe.calibrate == "isotonic" and len(rows) < LEAST:
        raise DownslopeError("selection.calibrate_few", rows=len(rows), least=LEAST)
    counts = np.bincount(np.asarray(rows.y).astype(int), minlength=len(dataset.classes))
    if not counts.all():
        value = dataset.classes[int(counts.argmin())]
        raise DownslopeError("selection.calibrate_class", value=value, rows=len(rows))


def calibrated(training: Any, solution: Any, z: np.ndarray | None) -> Any:
    """The solution with chances from scores z of its training rows by models of the other folds; where rows
    were set aside for it, from the scores of these."""
    rows, key = training.dataset, "selection.calibrated_folds"
    facts: dict[str, Any] = {"folds": str(training.recipe.folds)}
    if training.calibration is not None:
        rows = training.calibration[0].labelled(solution.classes)
        z, key, facts = solution.scores(rows), "selection.calibrated_rows", {"rows": len(rows)}
    assert z is not None
    y, s, method = np.asarray(rows.y).astype(int), rows.weights, training.recipe.calibrate
    before = f"{_brier(y, solution.chances(z), s):.4g}" if solution.has_chances else "–"
    calibrator = Calibrator.fitted(method, z, y, s, softmax=solution.has_chances)
    solution = replace(solution, calibrator=calibrator)
    facts |= {"method": method, "brier": f"{_brier(y, solution.chances(z), s):.4g}", "before": before}
    return replace(solution, notes=(*solution.notes, (key, facts)))


def _brier(y: np.ndarray, chances: np.ndarray, s: Any) -> float:
    score = METRICS["brier"].score
    assert score is not None
    return score(y, chances, s)

"""What the pictures of a regression diagnosis show, as numbers: of a fit, of an estimator, or of predictions.

rᵢ is the residual, of counts Pearson's (y − μ)/√μ; hᵢ the leverage, tᵢ = rᵢ/(σ̂√(1 − hᵢ)) the standardised
residual, and Dᵢ = tᵢ²hᵢ/((1 − hᵢ)·q) Cook's distance of q weights (Cook 1977).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import view
from ..arguments import ROWS, a, array, door
from ..errors import DownslopeError
from .data_evidence import Evidence


@dataclass(frozen=True, eq=False)
class ResidualDiagnostics:
    """fitted, residuals, standardised: (n,). Without leverages, which predictions alone do not tell, the
    standardised residuals are over their standard deviation, and there is no Cook's distance."""

    fitted: np.ndarray
    residuals: np.ndarray
    standardised: np.ndarray
    leverage: np.ndarray | None = None
    weights: int = 0  # q
    rows: int = 0  # of all, where these are some of them

    @classmethod
    @door(solution=a("Solution"), dataset=ROWS)
    def from_solution(cls, solution, dataset) -> ResidualDiagnostics:
        """Of a linear model with squared or Poisson loss on its training rows, with leverages; of any other
        model of numbers from its predictions. Raises DownslopeError for classes and several targets.

        >>> import downslope as ds
        >>> rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0], [4.0]] * 10, [2.1, 3.9, 6.2, 7.8] * 10)
        >>> found = ds.ResidualDiagnostics.from_solution(ds.fit(rows), rows)
        >>> float(found.leverage.sum().round(6)), float(found.cook.max().round(3))
        (2.0, 0.039)
        """
        if solution.classes or not solution.single:
            raise DownslopeError("instruments.diagnose_numbers", targets=", ".join(solution.targets))
        evidence = Evidence.of(solution, dataset)
        y = np.asarray(evidence.rows.y, dtype=float)
        if not evidence.one_output:
            predicted = solution.predict(evidence.rows)
            return cls.from_predictions(y, np.asarray(predicted, dtype=float))
        fit = evidence.fitted
        fitted = np.asarray(solution.recipe.loss.mean(fit.z), dtype=float)
        residuals = -fit.slope / np.sqrt(fit.curvature)  # of counts (y − μ)/√μ
        degrees = len(y) - fit.B.shape[1]
        scale = 1.0
        if solution.recipe.loss.quadratic:
            residuals = residuals / np.sqrt(2)
            scale = float(np.sqrt((residuals @ residuals) / degrees)) or 1.0
        standardised = residuals / (scale * np.sqrt(1 - fit.h))
        return cls(fitted, residuals, standardised, fit.h, fit.B.shape[1], len(dataset))

    @classmethod
    @door(X=array((2,)), y=array((1,)))
    def from_estimator(cls, estimator, X, y) -> ResidualDiagnostics:
        """Of a fitted estimator, Downslope's or another's, by what it predicts for rows."""
        return cls.from_predictions(y, np.ravel(estimator.predict(X)))

    @classmethod
    @door(y_true=array((1,)), y_pred=array((1,)))
    def from_predictions(cls, y_true, y_pred) -> ResidualDiagnostics:
        """Of predictions (n,) of numbers (n,)."""
        y, fitted = np.asarray(y_true, dtype=float), np.asarray(y_pred, dtype=float)
        if y.shape != fitted.shape:
            raise DownslopeError("instruments.diagnose_lengths", y=len(y), predictions=len(fitted))
        residuals = y - fitted
        return cls(fitted, residuals, residuals / (residuals.std() or 1.0), rows=len(y))

    @property
    def cook(self) -> np.ndarray | None:
        """Cook's distances.  (n,)"""
        if self.leverage is None:
            return None
        return self.standardised**2 * self.leverage / ((1 - self.leverage) * self.weights)

    def to_json(self) -> dict[str, Any]:
        """The rows with the largest standardised residuals and Cook's distances, counted from 1."""
        largest = lambda values: [
            {"row": int(row) + 1, "value": float(values[row])} for row in np.argsort(-np.abs(values))[:5]
        ]
        cook = None if self.cook is None else largest(self.cook)
        return {
            "rows": len(self.fitted),
            "of": self.rows,
            "outliers": largest(self.standardised),
            "cook": cook,
        }

    def plot(self):
        """Four pictures: residuals over fitted values, normal Q–Q, scale–location, leverage. The Figure."""
        return view("diagnostics")(self)


@dataclass(frozen=True, eq=False)
class ClassDiagnostics:
    """y (n,) number of the class, chances (n, K), classes their K names."""

    y: np.ndarray
    chances: np.ndarray
    classes: tuple
    rows: int = 0

    @classmethod
    @door(solution=a("Solution"), dataset=ROWS)
    def from_solution(cls, solution, dataset) -> ClassDiagnostics:
        """Of a model with chances on rows. Raises DownslopeError where a loss has no chances."""
        rows = dataset.sample.labelled(solution.classes)
        return cls(
            np.asarray(rows.y).astype(int), solution.probabilities(rows), solution.classes, len(dataset)
        )

    @classmethod
    @door(X=array((2,)))
    def from_estimator(cls, estimator, X, y) -> ClassDiagnostics:
        """Of a fitted classifier with `predict_proba` and `classes_`."""
        return cls.from_predictions(y, estimator.predict_proba(X), tuple(estimator.classes_))

    @classmethod
    @door(y_prob=array((1, 2)))
    def from_predictions(cls, y_true, y_prob, classes=None) -> ClassDiagnostics:
        """Of chances (n, K), or those of the second of two classes (n,), for true classes (n,)."""
        known, y = np.unique(np.ravel(y_true), return_inverse=True)
        chances = np.asarray(y_prob, dtype=float)
        chances = np.column_stack([1 - chances, chances]) if chances.ndim == 1 else chances
        names = tuple(known.tolist()) if classes is None else tuple(classes)
        if len(y) != len(chances) or len(names) != chances.shape[1]:
            raise DownslopeError("instruments.diagnose_lengths", y=len(y), predictions=len(chances))
        number = {name: code for code, name in enumerate(names)}
        return cls(np.array([number[name] for name in known.tolist()])[y], chances, names, len(y))

    @property
    def shown(self) -> list[int]:
        """The classes that are drawn: the second of two; of more the first six."""
        return [1] if len(self.classes) == 2 else list(range(min(6, len(self.classes))))

    def calibration(self, k: int, bins: int = 15) -> tuple[np.ndarray, np.ndarray]:
        """Mean chance and share of class k, in bins of equal count."""
        order = np.array_split(np.argsort(self.chances[:, k], kind="stable"), min(bins, len(self.y)))
        event = self.y == k
        mean = lambda values: np.array([values[rows].mean() for rows in order])
        return mean(self.chances[:, k]), mean(event)

    def precision_recall(self, k: int) -> tuple[np.ndarray, np.ndarray, float]:
        """(recall, precision, average precision) of class k, by scikit-learn."""
        from sklearn.metrics import average_precision_score, precision_recall_curve

        event, chance = self.y == k, self.chances[:, k]
        precision, recall, _ = precision_recall_curve(event, chance)
        return recall, precision, float(average_precision_score(event, chance))

    def gains(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """(share of rows, share of class k found), by falling chance."""
        event = (self.y == k)[np.argsort(-self.chances[:, k], kind="stable")]
        found = np.concatenate([[0.0], np.cumsum(event) / max(1, event.sum())])
        return np.linspace(0, 1, len(found)), found

    def to_json(self) -> dict[str, Any]:
        """Calibration bins and average precision of each class that is drawn."""
        found = {}
        for k in self.shown:
            chance, share = self.calibration(k)
            average = self.precision_recall(k)[2]
            found[str(self.classes[k])] = {
                "chance": chance.tolist(), "share": share.tolist(), "average_precision": average
            }  # fmt: skip
        return {"rows": len(self.y), "of": self.rows, "classes": found}

    def plot(self):
        """Three pictures: calibration, precision over recall, and gains. The Figure."""
        return view("diagnostics")(self)


def diagnosed(solution: Any, dataset: Any) -> ResidualDiagnostics | ClassDiagnostics:
    """The diagnosis of a solution on rows."""
    kind = ClassDiagnostics if solution.classes else ResidualDiagnostics
    return kind.from_solution(solution, dataset)


def smooth(
    x: np.ndarray, y: np.ndarray, share: float = 0.5, places: int = 60
) -> tuple[np.ndarray, np.ndarray]:
    """Local lines with tricube weights over the nearest `share` of the rows.  Cleveland 1979."""
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    count = max(3, int(share * len(x)))
    at = np.quantile(x, np.linspace(0, 1, places))
    found = np.empty(places)
    for k, centre in enumerate(at):
        distance = np.abs(x - centre)
        width = max(np.partition(distance, count - 1)[count - 1], 1e-300)
        s = np.clip(1 - (distance / width) ** 3, 0, None) ** 3
        mean, level = np.average(x, weights=s), np.average(y, weights=s)
        bend = float(s @ (x - mean) ** 2)
        slope = float(s @ ((x - mean) * (y - level))) / bend if bend > 0 else 0.0
        found[k] = level + slope * (centre - mean)
    return at, found

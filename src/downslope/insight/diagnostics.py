"""What the pictures of a regression diagnosis show, as numbers: of a fit, of an estimator, or of predictions.

rᵢ is the residual, of counts Pearson's (y − μ)/√μ; hᵢ the leverage, tᵢ = rᵢ/(σ̂√(1 − hᵢ)) the standardised
residual, and Dᵢ = tᵢ²hᵢ/((1 − hᵢ)·q) Cook's distance of q weights (Cook 1977). Of each column: how far the
score falls when it is shuffled, and wⱼ(xᵢⱼ − x̄ⱼ) + rᵢ, the component plus residual, which bends where the
effect of xⱼ does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from .. import view
from ..arguments import ROWS, a, array, door, whole
from ..errors import DownslopeError
from .data_evidence import Evidence, bends

REPEATS = 5  # shuffles of each column


@dataclass(frozen=True, eq=False)
class FeatureImportance:
    """How far a score falls when the values of one column are shuffled, by scikit-learn's
    `permutation_importance`.  Breiman 2001, §10.

    `names` (d,) of the columns; `falls` (d, repeats); `score` before, larger for a better model: R², of
    classes minus the log loss, or the accuracy where a loss has no chances.
    """

    names: tuple[str, ...]
    falls: np.ndarray
    score: float
    metric: str

    @classmethod
    @door(solution=a("Solution"), dataset=ROWS, repeats=whole(least=1), seed=whole(least=0))
    def from_solution(cls, solution, dataset, repeats: int = REPEATS, seed: int = 0) -> FeatureImportance:
        """Of a model of rows, at most 5,000 of them; all indicators of a text column are shuffled together.

        >>> import downslope as ds
        >>> X = np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 1.0], [4.0, 2.0]])
        >>> rows = ds.Dataset.from_arrays(X, X[:, 0])
        >>> found = ds.FeatureImportance.from_solution(ds.fit(rows), rows)
        >>> found.score, found.names, float(found.mean[1].round(6)) + 0.0
        (1.0, ('x1', 'x2'), 0.0)
        """
        from sklearn.metrics import accuracy_score, log_loss, r2_score

        evidence, chances = Evidence.of(solution, dataset), solution.recipe.loss.has_probabilities
        y = np.asarray(evidence.labelled(evidence.rows).y)
        table = _ShuffledTable(solution, evidence)
        if chances and solution.classes:
            known, metric = np.arange(len(solution.classes)), "log_loss"
            score = lambda rows, s: -log_loss(y, solution.probabilities(rows), sample_weight=s, labels=known)
        elif solution.classes:
            labels, metric = np.asarray(solution.classes)[y.astype(int)], "accuracy"
            score = lambda rows, s: accuracy_score(labels, solution.predict(rows), sample_weight=s)
        elif (loss := solution.recipe.loss).levels:
            each = lambda rows: loss.value(solution.predict(rows), y[:, None]).mean(axis=1)
            metric, score = "pinball", lambda rows, s: -np.average(each(rows), weights=s)
        else:
            metric, score = "r2", lambda rows, s: r2_score(y, solution.predict(rows), sample_weight=s)
        scoring = lambda table, index, _, sample_weight=None: score(table.rows(index), sample_weight)
        names = tuple(source.name for source in evidence.sources)
        index = np.repeat(np.arange(len(y))[:, None], len(names), axis=1)
        s = evidence.rows.weights
        return cls._shuffled(table, index, y, names, scoring, metric, repeats, seed, s)

    @classmethod
    @door(repeats=whole(least=1), seed=whole(least=0))
    def from_estimator(
        cls, estimator, X, y, *, scoring: Any = None, repeats: int = REPEATS, seed: int = 0
    ) -> FeatureImportance:
        """Of a fitted estimator, Downslope's or another's, on rows (n, d) or a data frame. `scoring`: as in
        scikit-learn; None is the estimator's own `score`. Predictions alone do not tell it: the model has to
        predict shuffled rows."""
        metric = str(scoring or "score")
        return _asked(cls._shuffled, estimator, X, y, _names(X), scoring, metric, repeats, seed, None)

    @classmethod
    def _shuffled(cls, model, X, y, names, scoring, metric: str, repeats: int, seed: int, s):
        from sklearn.inspection import permutation_importance
        from sklearn.metrics import check_scoring

        about = {"n_repeats": repeats, "random_state": seed, "sample_weight": s}
        found = permutation_importance(model, X, y, scoring=scoring, **about)
        weights = {} if s is None else {"sample_weight": s}
        score = check_scoring(model, scoring=scoring)(model, X, y, **weights)
        return cls(names, found.importances, float(score), metric)

    @property
    def mean(self) -> np.ndarray:
        """Of the falls of each column.  (d,)"""
        return self.falls.mean(axis=1)

    @property
    def deviation(self) -> np.ndarray:
        """Standard deviation of the falls of each column.  (d,)"""
        return self.falls.std(axis=1)

    def to_json(self) -> dict[str, Any]:
        """The columns, the most important first."""
        order = np.argsort(-self.mean, kind="stable")
        mean, deviation = self.mean.tolist(), self.deviation.tolist()
        columns = [{"column": self.names[j], "mean": mean[j], "deviation": deviation[j]} for j in order]
        return {"metric": self.metric, "score": self.score, "columns": columns}

    def plot(self, ax: Any = None):
        """Bars of the mean falls ± one standard deviation. Returns the Axes."""
        return view("importance")(self, ax)


@dataclass(frozen=True, eq=False)
class _ShuffledTable:
    """What scikit-learn shuffles: (n, columns) the number of the row that a value is taken from."""

    solution: Any
    evidence: Evidence

    def fit(self, X, y):
        """Not called; scikit-learn asks that an estimator has it."""

    def rows(self, index: np.ndarray) -> Any:
        X = self.evidence.X.copy()
        for source, rows in zip(self.evidence.sources, index.T):
            X[:, source.features] = self.evidence.X[rows, source.features]
        return replace(self.evidence.rows, X=X)


@dataclass(frozen=True, eq=False)
class ComponentResiduals:
    """wⱼ(xⱼ − x̄ⱼ) + r over xⱼ, for each column j of numbers: along a line of slope wⱼ if the effect is one.

    `names` (d,), `values` (n, d) of the columns, `weights` (d,), `residuals` (n,): y − ẑ; of counts and two
    classes those of the last Newton step, (y − μ)/μ and (y − p)/(p(1 − p)), whose weights in the smooth are
    `curvature` (n,).  Ezekiel 1924; Landwehr, Pregibon & Shoemaker 1984 for likelihoods.
    """

    names: tuple[str, ...]
    values: np.ndarray
    weights: np.ndarray
    residuals: np.ndarray
    curvature: np.ndarray | None = None

    @classmethod
    @door(solution=a("Solution"), dataset=ROWS)
    def from_solution(cls, solution, dataset) -> ComponentResiduals:
        """Of a linear model with one output, on its training rows. Columns with fewer than five values, which
        cannot bend, are left out. Raises DownslopeError for nets, several targets and more than two classes.

        >>> import downslope as ds
        >>> x = np.arange(40.0)
        >>> rows = ds.Dataset.from_arrays(x[:, None], x * x)
        >>> found = ds.ComponentResiduals.from_solution(ds.fit(rows), rows)
        >>> float(found.component(0)[0].round(6))  # at x = 0: 39·(0 − 19.5) + 0 + 247
        -513.5
        """
        if solution.is_net or not solution.single or solution.outputs > 1:
            raise DownslopeError("instruments.diagnose_linear", targets=", ".join(solution.output_names))
        evidence = Evidence.of(solution, dataset)
        drawn = [s for s in evidence.sources if s.numeric and bends(evidence.values(s))]
        columns = [s.features.start for s in drawn]
        X, w = evidence.X[:, columns], solution.params[columns]
        names = tuple(source.name for source in drawn)
        if evidence.one_output:
            fit = evidence.fitted
            smooth_loss = None if solution.recipe.loss.quadratic else fit.curvature
            return cls(names, X, w, -fit.newton, smooth_loss)
        if solution.classes:
            raise DownslopeError("inference.no_probabilities", loss=solution.recipe.loss.name)
        return cls(names, X, w, np.asarray(evidence.Y[:, 0] - np.ravel(solution.scores(evidence.rows))))

    @classmethod
    @door()
    def from_estimator(cls, estimator, X, y) -> ComponentResiduals:
        """Of a fitted linear regressor, or classifier of two classes, with `coef_`."""
        w = np.ravel(getattr(estimator, "coef_", ()))
        names = _names(X)
        if len(w) != len(names):
            raise DownslopeError("instruments.diagnose_linear", targets=type(estimator).__name__)
        if hasattr(estimator, "classes_"):
            p = np.clip(_asked(estimator.predict_proba, X)[:, 1], 1e-12, 1 - 1e-12)
            residuals = ((np.ravel(y) == estimator.classes_[1]) - p) / (p * (1 - p))
            return cls(names, np.asarray(X, dtype=float), w, residuals, p * (1 - p))
        return cls.from_predictions(y, np.ravel(_asked(estimator.predict, X)), X, w, names)

    @classmethod
    @door(y_true=array((1,)), y_pred=array((1,)), X=array((2,)), coef=array((1,)))
    def from_predictions(
        cls, y_true, y_pred, X, coef, names: Sequence[str] | None = None
    ) -> ComponentResiduals:
        """Of predictions (n,) of numbers (n,) by a linear model with weights `coef` (d,) of X (n, d)."""
        y, fitted = np.asarray(y_true, dtype=float), np.asarray(y_pred, dtype=float)
        X, w = np.asarray(X, dtype=float), np.asarray(coef, dtype=float)
        if not len(y) == len(fitted) == len(X) or X.shape[1] != len(w):
            raise DownslopeError("instruments.diagnose_lengths", y=len(y), predictions=len(fitted))
        return cls(tuple(names or map(str, range(len(w)))), X, w, y - fitted)

    def component(self, j: int) -> np.ndarray:
        """wⱼ(xⱼ − x̄ⱼ) + r.  (n,)"""
        x = self.values[:, j]
        return self.weights[j] * (x - x.mean()) + self.residuals

    def plot(self, ax: Any = None):
        """One picture of each column, with its line and a smooth. The Figure; `ax`: Axes for the first."""
        return view("diagnostics")(self, ax)


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """A diagnosis, and the model and rows that it is of, where those are known."""

    model: tuple = field(default=(), repr=False, kw_only=True)  # (solution, dataset) or (estimator, X, y)
    seed: int = field(default=0, kw_only=True)  # of the shuffles

    @cached_property
    def importance(self) -> FeatureImportance | None:
        """Permutation importance of each column; None for predictions, and for models that refuse it."""
        return self._of_model(FeatureImportance, seed=self.seed)

    @cached_property
    def components(self) -> ComponentResiduals | None:
        """Component plus residual of each column; None where no linear model with one output is known."""
        return self._of_model(ComponentResiduals)

    def _of_model(self, kind: Any, **about: Any) -> Any:
        if not self.model:
            return None
        make = kind.from_solution if len(self.model) == 2 else kind.from_estimator
        try:
            return make(*self.model, **about)
        except DownslopeError:
            return None


def _names(X: Any) -> tuple[str, ...]:
    """Of the columns of a frame, or their numbers."""
    return tuple(map(str, getattr(X, "columns", range(np.shape(X)[-1] if np.ndim(X) else 0))))


def _asked(call: Callable, *given: Any) -> Any:
    """What an estimator or scikit-learn answers. Raises DownslopeError where it refuses the rows."""
    try:
        return call(*given)
    except (TypeError, ValueError, AttributeError) as error:
        raise DownslopeError(
            "instruments.diagnose_refused", reason=str(error).splitlines()[0][:200]
        ) from None


@dataclass(frozen=True, eq=False)
class ResidualDiagnostics(Diagnostics):
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
            raise DownslopeError("instruments.diagnose_numbers", targets=", ".join(solution.output_names))
        evidence = Evidence.of(solution, dataset)
        y = np.asarray(evidence.rows.y, dtype=float)
        if not evidence.one_output:
            predicted = solution.predict(evidence.rows)
            found = cls.from_predictions(y, np.asarray(predicted, dtype=float))
            return replace(found, rows=len(dataset), model=(solution, dataset))
        fit = evidence.fitted
        fitted = np.asarray(solution.recipe.loss.mean(fit.z), dtype=float)
        residuals = -fit.slope / np.sqrt(fit.curvature)  # of counts (y − μ)/√μ
        degrees = len(y) - fit.B.shape[1]
        scale = 1.0
        if solution.recipe.loss.quadratic:
            residuals = residuals / np.sqrt(2)
            scale = float(np.sqrt((residuals @ residuals) / degrees)) or 1.0
        standardised = residuals / (scale * np.sqrt(1 - fit.h))
        found = cls(fitted, residuals, standardised, fit.h, fit.B.shape[1], len(dataset))
        return replace(found, model=(solution, dataset))

    @classmethod
    @door(y=array((1,)))
    def from_estimator(cls, estimator, X, y) -> ResidualDiagnostics:
        """Of a fitted estimator, Downslope's or another's, by what it predicts for rows or a frame."""
        found = cls.from_predictions(y, np.ravel(_asked(estimator.predict, X)))
        return replace(found, model=(estimator, X, y))

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
            "importance": None if self.importance is None else self.importance.to_json(),
        }

    def plot(self, ax: Any = None):
        """Residuals over fitted values, normal Q–Q, scale–location, leverage, the importance of the columns,
        and component plus residual of each. The Figure; `ax`: Axes for the first ones."""
        return view("diagnostics")(self, ax)


@dataclass(frozen=True, eq=False)
class ClassDiagnostics(Diagnostics):
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
        y, chances = np.asarray(rows.y).astype(int), solution.probabilities(rows)
        return cls(y, chances, solution.classes, len(dataset), model=(solution, dataset))

    @classmethod
    @door()
    def from_estimator(cls, estimator, X, y) -> ClassDiagnostics:
        """Of a fitted classifier with `predict_proba` and `classes_`."""
        found = cls.from_predictions(y, _asked(estimator.predict_proba, X), tuple(estimator.classes_))
        return replace(found, model=(estimator, X, y))

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
        importance = None if self.importance is None else self.importance.to_json()
        return {"rows": len(self.y), "of": self.rows, "classes": found, "importance": importance}

    def plot(self, ax: Any = None):
        """Calibration, precision over recall, gains, the importance of the columns, and for two classes
        component plus residual of each. The Figure; `ax`: Axes for the first ones."""
        return view("diagnostics")(self, ax)


def diagnosed(solution: Any, dataset: Any, seed: int = 0) -> ResidualDiagnostics | ClassDiagnostics:
    """The diagnosis of a solution on rows, whose columns are shuffled by `seed`."""
    kind = ClassDiagnostics if solution.classes else ResidualDiagnostics
    return replace(kind.from_solution(solution, dataset), seed=seed)


def smooth(x, y, share: float = 0.5, places: int = 60, weights=None) -> tuple[np.ndarray, np.ndarray]:
    """Local lines with tricube weights, times those of the rows, over the nearest `share` of the rows; where
    rows have weights, without a hundredth of them at each end.  Cleveland 1979."""
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    own = np.ones(len(x)) if weights is None else weights[order] / weights.mean() + 1e-12
    count = max(3, int(share * len(x)))
    at = np.quantile(x, np.linspace(0, 1, places))
    if weights is not None:
        at = np.interp(np.linspace(0.01, 0.99, places), np.cumsum(own) / own.sum(), x)
    found = np.empty(places)
    for k, centre in enumerate(at):
        distance = np.abs(x - centre)
        width = max(np.partition(distance, count - 1)[count - 1], 1e-300)
        s = own * np.clip(1 - (distance / width) ** 3, 0, None) ** 3
        mean, level = np.average(x, weights=s), np.average(y, weights=s)
        bend = float(s @ (x - mean) ** 2)
        slope = float(s @ ((x - mean) * (y - level))) / bend if bend > 0 else 0.0
        found[k] = level + slope * (centre - mean)
    return at, found

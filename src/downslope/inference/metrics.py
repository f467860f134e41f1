"""What a training is measured by: how good its predictions are, in the units of y, and the rows it reads."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data import Dataset
from ..data.partitioned import PartitionedDataset
from ..data.parts import Meter
from ..descent.trace import Step
from ..errors import DownslopeError
from ..model.naming import coded
from ..selection.metrics import METRICS, Metric, metric_of, score_of

if TYPE_CHECKING:
    from .training import Training


class Metrics(Mapping[str, Any]):
    """ "training", "validation" or "test" → the metrics there; worked out when first asked for, since
    ranking a million rows takes longer than many a descent."""

    def __init__(self, solution, rows: Mapping[str, tuple[Dataset, np.ndarray | None]]):
        """`rows`: datasets, each with its z, (n,) or (n, k), where that is known already."""
        self._solution, self._rows = solution, dict(rows)
        self._found: dict[str, dict] = {}

    def __getitem__(self, name: str) -> dict:
        if name in self._rows:
            with np.errstate(over="ignore", invalid="ignore"):  # where it diverged, they may be infinite
                self._found[name] = _judged(self._solution, *self._rows.pop(name))
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        known = {*self._found, *self._rows}
        return iter([name for name in ("training", "validation", "test") if name in known])

    def __len__(self) -> int:
        return len(self._found) + len(self._rows)

    def __repr__(self) -> str:
        return repr(dict(self))

    def __reduce__(self):
        return dict, (dict(self),)  # what is kept holds numbers, and no rows


@dataclass(frozen=True)
class StopScore:
    """The cost of weights w on validation rows by a metric: the score, or minus it where more is better."""

    metric: Metric
    objective: Any  # over these rows, by their own weights
    rows: Dataset

    @classmethod
    def of(cls, name: str, loss: Any, objective: Any, rows: Any) -> StopScore:
        """Raises DownslopeError for a metric that does not go with the loss, and for rows in parts."""
        metric = metric_of(name, loss)
        if isinstance(rows, PartitionedDataset):
            raise DownslopeError("selection.metric_stops_in_memory", metric=name, rows=f"{len(rows):,}")
        rows = rows if rows.weights is None else rows.take(rows.weights > 0)
        return cls(metric, replace(objective, term=objective.term.on(rows)), rows)

    def __call__(self, params: np.ndarray) -> float:
        term, y = self.objective.term, np.asarray(self.rows.y)
        z = np.asarray(term.predictor(self.objective.to_inner(params)), dtype=float)
        Y = coded(self.rows, term.loss)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a metric that is not defined: it is NaN
                score = score_of(self.metric, term.loss, z.reshape(len(y), -1), Y, y, self.rows.weights)
        except ValueError as error:
            reason = str(error)
        else:
            reason = "NaN"
        if reason != "NaN" or np.isnan(score):
            raise DownslopeError("selection.no_stop_score", metric=self.metric.name, reason=reason)
        return -score if self.metric.higher else score

    def facts(self, cost: float) -> dict[str, Any]:
        """The metric and the score, for a sentence."""
        return {"metric": self.metric.name, "lowest": -cost if self.metric.higher else cost}


def known_scores(training, end) -> np.ndarray | None:
    """z of the training rows at the end, where the descent held them anyway."""
    n, k = len(training.dataset or ()), training.objective.term.outputs
    if not training.objective.term.in_memory or not isinstance(end.cached, tuple):
        return None
    _, z = end.cached
    if np.shape(z) != (n, k):
        return None
    return z[:, 0] if k == 1 else z


def _judged(solution, dataset, z) -> dict:
    """The metrics; where they cannot be found, {"unjudged": the error}: insight never costs a fit."""
    try:
        return metrics_of(solution, dataset, z)
    except Exception as error:
        return {"unjudged": f"{type(error).__name__}: {error}".splitlines()[0]}


def metrics_of(solution, dataset: Dataset, z: np.ndarray | None = None) -> dict:
    """How good a solution's predictions on a dataset are: for numbers, or for classes."""
    if isinstance(dataset, PartitionedDataset):
        return _over_parts(solution, dataset)
    z = solution.scores(dataset) if z is None else z
    if solution.classes:
        found = class_metrics(dataset, solution, z)
    elif solution.recipe.loss.levels:
        found = quantile_metrics(dataset, solution.recipe.loss, z)
    else:
        found = regression_metrics(dataset, solution.recipe.loss.mean(z))
    return {**found, **_chosen_by(solution, dataset, z, found)}


def _chosen_by(solution, dataset: Dataset, z: np.ndarray, found: Mapping[str, Any]) -> dict[str, float]:
    """The metric by which the model was chosen; nothing where it is among those that are found anyway, or
    not defined on these rows."""
    name = solution.recipe.metric
    if name is None or name in found or name == "auc":
        return {}
    metric = metric_for(name, solution.recipe)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return {name: score_by(metric, solution, dataset, z)}
    except ValueError:
        return {}


def metric_for(name: str, recipe) -> Metric:
    """A metric of a recipe: one of chances goes with every loss that is calibrated. Raises DownslopeError."""
    calibrated = recipe.calibrate and METRICS.get(name, METRICS["loss"]).kind == "chance"
    return metric_of(name, None if calibrated else recipe.loss)


def score_by(metric: Metric, solution, dataset: Dataset, z: np.ndarray) -> float:
    """The score of predictions from z, which follow the threshold and the calibration of the solution."""
    loss, y, s = solution.recipe.loss, np.asarray(dataset.y), dataset.weights
    if metric.kind in ("class", "chance") and metric.score is not None:
        return metric.score(y, solution.codes(z) if metric.kind == "class" else solution.chances(z), s)
    return score_of(metric, loss, z.reshape(len(y), -1), coded(dataset, loss), y, s)


def class_metrics(dataset: Dataset, solution, z: np.ndarray) -> dict:
    """Accuracy, confusion matrix (rows: true, columns: predicted), and where there are chances log loss
    and ROC AUC (of two classes; one against the rest, averaged, of more). Scored by scikit-learn."""
    from sklearn import metrics

    classes, s = np.arange(len(solution.classes)), dataset.weights
    true = np.asarray(dataset.y).astype(int)
    predicted = solution.codes(z)
    found = {
        "accuracy": float(metrics.accuracy_score(true, predicted, sample_weight=s)),
        "confusion": metrics.confusion_matrix(true, predicted, labels=classes, sample_weight=s).tolist(),
    }
    if solution.has_chances:
        chances = solution.chances(z)
        found["log_loss"] = float(metrics.log_loss(true, chances, labels=classes, sample_weight=s))
        if len(np.unique(true)) == len(classes):
            scores = chances[:, 1] if len(classes) == 2 else chances
            found["roc_auc"] = float(metrics.roc_auc_score(true, scores, sample_weight=s, multi_class="ovr"))
    return found


def crossed(loss, z: np.ndarray) -> int:
    """In how many rows the scores of several quantiles are not in order."""
    return int((np.diff(z, axis=1) < 0).any(axis=1).sum()) if loss.levels else 0


def quantile_metrics(dataset: Dataset, loss, z: np.ndarray) -> dict[str, float]:
    """Of several quantiles in order: their mean pinball loss, the fraction of rows whose y lies between the
    outer two, and in how many rows they crossed before.

    >>> from downslope.model.losses import by_name
    >>> rows = Dataset.from_arrays([[1.0], [2.0]], [1.0, 5.0])
    >>> quantile_metrics(rows, by_name("quantile:0.1,0.9"), np.array([[0.0, 4.0], [4.0, 3.0]]))
    {'pinball': 0.375, 'coverage': 0.5, 'crossed': 1}
    """
    y, s = np.asarray(dataset.y, dtype=float), dataset.weights
    ordered = loss.mean(z)
    inside = (ordered[:, 0] <= y) & (y <= ordered[:, -1])
    pinball = score_of(metric_of("pinball", loss), loss, z, coded(dataset, loss), y, s)
    return {"pinball": pinball, "coverage": float(np.average(inside, weights=s)), "crossed": crossed(loss, z)}


def regression_metrics(dataset: Dataset, predicted) -> dict[str, float]:
    """R² = 1 − Σs(y − ŷ)²/Σs(y − ȳ)²,  RMSE = √(Σs(y − ŷ)²/Σs),  MAE = Σs|y − ŷ|/Σs.

    Over several outputs, each is the mean over them, as in scikit-learn. R² is NaN where y is constant.

    >>> rows = Dataset.from_arrays([[1.0], [2.0]], [1.0, 3.0])
    >>> regression_metrics(rows, np.array([1.0, 2.0]))
    {'r2': 0.5, 'rmse': 0.7071067811865476, 'mae': 0.5}
    """
    y = np.asarray(dataset.y, dtype=float).reshape(len(dataset), -1)
    away = np.asarray(predicted, dtype=float).reshape(y.shape) - y
    s = np.ones(len(y)) if dataset.weights is None else np.asarray(dataset.weights)
    total = s.sum()
    squares = s @ away**2 / total  # (k,)
    spread = s @ (y - s @ y / total) ** 2 / total
    return _regression(squares, spread, s @ np.abs(away) / total)


def _regression(squares, variance, sizes) -> dict[str, float]:
    """The metrics from means over rows of (y − ŷ)², (y − ȳ)² and |y − ŷ|, (k,) each."""
    r2 = np.where(variance > 0, 1 - squares / np.where(variance > 0, variance, 1), np.nan)
    rmse, mae = float(np.sqrt(squares).mean()), float(sizes.mean())
    return {"r2": float(r2.mean()), "rmse": rmse, "mae": mae}


def _over_parts(solution, rows: PartitionedDataset) -> dict:
    """The same over rows in parts, in one pass, less what takes all rows at once: a rank (ROC AUC)."""
    d, k, loss = len(solution.features), solution.outputs, solution.recipe.loss
    W = solution.params[: d * k].reshape(d, k)
    b = solution.params[d * k :] if solution.recipe.intercept else np.zeros(k)
    if solution.classes:
        counted = rows.map_reduce(partial(_counted, W, b, loss, len(solution.classes), solution.cut))
        confusion, price, weight = counted
        scores: dict[str, Any] = {"accuracy": float(np.trace(confusion) / weight)}
        scores["confusion"] = confusion.tolist() if (confusion % 1).any() else confusion.astype(int).tolist()
        if loss.has_probabilities:
            scores["log_loss"] = float(price / weight)
        return scores
    if loss.levels:
        pinball, inside, weight, disorder = rows.map_reduce(partial(_between, W, b, loss))
        return {"pinball": pinball / weight, "coverage": inside / weight, "crossed": int(disorder)}
    moments = rows.gathered.moments
    squares, sizes, weight = rows.map_reduce(partial(_missed, W, b, loss))
    squares = squares / weight
    return _regression(squares, moments.variance, sizes / weight)


def _missed(W, b, loss, part: Dataset):
    """Σs(y − ŷ)², Σs|y − ŷ|, (k,) each, and Σs"""
    y = np.asarray(part.y, dtype=float).reshape(len(part), -1)
    away = loss.mean(part.X @ W + b) - y
    s = np.ones(len(y)) if part.weights is None else part.weights
    return s @ away**2, s @ np.abs(away), float(s.sum())


def _between(W, b, loss, part: Dataset):
    """The metrics of several quantiles, and how many rows crossed, times the weight; the weight."""
    found = quantile_metrics(part, loss, part.X @ W + b)
    weight = float(len(part) if part.weights is None else part.weights.sum())
    return found["pinball"] * weight, found["coverage"] * weight, weight, float(found["crossed"])


def _counted(W, b, loss, classes: int, cut: float, part: Dataset):
    """The confusion matrix, Σs·(log loss), and Σs"""
    z, true = part.X @ W + b, np.asarray(part.y).astype(int)
    s = np.ones(len(z)) if part.weights is None else part.weights
    predicted = (z[:, 0] > cut).astype(int) if z.shape[1] == 1 else z.argmax(axis=1)
    confusion = np.zeros((classes, classes))
    np.add.at(confusion, (true, predicted), s)
    Y = true[:, None].astype(float) if classes == 2 else (true[:, None] == np.arange(classes)).astype(float)
    price = float(s @ loss.value(z, Y).sum(axis=1)) if loss.has_probabilities else 0.0
    return confusion, price, float(s.sum())


def meter_of(dataset: Any) -> Meter | None:
    """The meter of rows that are streamed; rows in memory have none."""
    return getattr(dataset, "meter", None)


class RowCounter:
    """The meter of a training, which `note` adds to, step by step, where the rows are in memory: those of
    finished passes, each 8 bytes a number (4 in float32). A function has no rows, and no meter."""

    def __init__(self, training: Training):
        dataset = training.dataset
        streamed = None if dataset is None else meter_of(dataset)
        self.meter = streamed if dataset is None or streamed is not None else Meter()
        self.here = dataset is not None and streamed is None
        self.once = self.here and training.method.reduces(training.objective)
        self.rows = len(dataset) if dataset is not None and self.here else 0
        self.row_bytes = _bytes(dataset) / self.rows if self.here else 0.0

    def note(self, step: Step, before: int) -> None:
        """A step was made, `before` updates had been. It is a whole pass where a sweep makes it; moments are
        found in one pass, and nothing is read after."""
        if not self.here or self.meter is None or (self.once and self.meter.rows):
            return
        rows = min(self.rows, (step.step - before) * step.rows)
        self.meter.add(rows, round(rows * self.row_bytes))


def _bytes(dataset: Any) -> int:
    X = dataset.X
    parts = [X] if isinstance(X, np.ndarray) else [X.data, X.indices, X.indptr]
    return sum(part.nbytes for part in (*parts, dataset.y, dataset.weights) if part is not None)

"""Models compared on the same folds: alpha chosen inside each, and corrected intervals of differences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from .. import notebook, view
from ..arguments import a, door, number, truth, whole
from ..data import Dataset
from ..errors import DownslopeError
from ..insight.data_evidence import holm
from ..messages import text
from ..selection import FoldSpec
from ..selection.choosing import curve_of
from ..selection.fold_moments import Holes
from ..selection.metrics import Metric
from .deciding import cost_metric
from .fold_fits import fold_fits
from .metrics import metric_for, score_by
from .recipe import AUTO, Recipe

REPEATS = 5
SURE = 0.05  # p after Holm's correction, below which a difference is one


@dataclass(frozen=True)
class Difference:
    """The mean difference of two models' scores, first − second, with its corrected interval and test."""

    first: str
    second: str
    mean: float
    error: float
    low: float
    high: float
    p: float
    adjusted_p: float  # after Holm's correction over all pairs


@dataclass(frozen=True, eq=False)
class Comparison:
    """Scores of m models on the same J splits of the rows.

    scores: (m, J), one for each model and split.  alphas: (m, J), those chosen inside each training part; NaN
    without a penalty.  ratio: validation rows over training rows of a split.  The variance of a mean over
    splits is s²(1/J + ratio), since training parts overlap, with t of J − 1 degrees (Nadeau & Bengio 2003).
    """

    models: tuple[str, ...]
    metric: str
    higher: bool
    folds: str
    repeats: int
    scores: np.ndarray
    alphas: np.ndarray
    ratio: float
    level: float = 0.95

    @property
    def means(self) -> np.ndarray:
        """(m,)"""
        return self.scores.mean(axis=1)

    @property
    def best(self) -> int:
        """The model with the best mean."""
        return int(self.means.argmax() if self.higher else self.means.argmin())

    @cached_property
    def errors(self) -> np.ndarray:
        """The corrected standard error of each mean.  (m,)"""
        return np.array([self._error(one) for one in self.scores])

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Of each pair, in the order of the models."""
        found = [self._difference(i, j) for i, j in combinations(range(len(self.models)), 2)]
        adjusted = holm([one.p for one in found])
        return tuple(replace(one, adjusted_p=p) for one, p in zip(found, adjusted))

    def to_best(self, model: int) -> Difference | None:
        """A model's difference to the best; None for the best itself."""
        names = {self.models[model], self.models[self.best]}
        found = next((one for one in self.differences if {one.first, one.second} == names), None)
        if found is None or found.first == self.models[model]:
            return found
        low, high = -found.high, -found.low
        return replace(found, first=found.second, second=found.first, mean=-found.mean, low=low, high=high)

    def _error(self, values: np.ndarray) -> float:
        return float(np.sqrt(values.var(ddof=1) * (1 / len(values) + self.ratio)))

    def _difference(self, i: int, j: int) -> Difference:
        from scipy.special import stdtr, stdtrit

        values = self.scores[i] - self.scores[j]
        mean, error, degrees = float(values.mean()), self._error(values), len(values) - 1
        half = float(stdtrit(degrees, (1 + self.level) / 2)) * error
        p = 2 * float(stdtr(degrees, -abs(mean) / error)) if error > 0 else float(mean == 0)
        return Difference(self.models[i], self.models[j], mean, error, mean - half, mean + half, p, p)

    @property
    def table(self) -> list[list[str]]:
        """A row for each model, after one of heads: score, its error, alphas, the difference to the best."""
        heads = [text("selection.compare_model"), self.metric, "±", "alpha"]
        level = text("selection.compare_interval", level=f"{self.level:.0%}")
        lines = [[*heads, text("selection.compare_difference"), level, "p (Holm)"]]
        for k, name in enumerate(self.models):
            alphas = self.alphas[k][np.isfinite(self.alphas[k])]
            low, high = (f"{x:.3g}" for x in (alphas.min(), alphas.max())) if len(alphas) else ("–", "–")
            chosen = low if low == high else f"{low} … {high}"
            score, one = [f"{self.means[k]:.5g}", f"{self.errors[k]:.2g}"], self.to_best(k)
            rest = ["–"] * 3
            if one is not None:
                rest = [f"{one.mean:.3g}", f"[{one.low:.3g}, {one.high:.3g}]", f"{one.adjusted_p:.3g}"]
            lines.append([name, *score, chosen, *rest])
        return lines

    @property
    def conclusion(self) -> str:
        """Which model is best, and which others are within chance of it."""
        others = [self.to_best(k) for k in range(len(self.models))]
        near = [one.first for one in others if one is not None and not one.adjusted_p < SURE]
        facts = {"best": self.models[self.best], "metric": self.metric, "splits": self.scores.shape[1]}
        key = "selection.compare_near" if near else "selection.compare_clear"
        return text(key, **facts, near=", ".join(near))

    def to_json(self) -> dict[str, Any]:
        """Everything, as plain numbers."""
        plain = {name: getattr(self, name) for name in ("metric", "higher", "folds", "repeats", "level")}
        heads = ("model", "mean", "error", "scores", "alphas")
        numbers = (part.tolist() for part in (self.means, self.errors, self.scores, self.alphas))
        models = [dict(zip(heads, one)) for one in zip(self.models, *numbers)]
        differences = [asdict(one) for one in self.differences]
        return {**plain, "best": self.models[self.best], "models": models, "differences": differences}

    def plot(self, ax=None):
        """The differences to the best with their intervals, and the splits; see `plots.comparison`."""
        return view("comparison")(self, ax)

    def _repr_html_(self) -> str:
        return notebook.table(self.table, heads=True) + notebook.paragraph(self.conclusion)

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(*self.table)]
        lines = ["   ".join(f"{cell:<{width}}" for cell, width in zip(line, widths)) for line in self.table]
        return "\n".join([*(line.rstrip() for line in lines), "", self.conclusion])


@door(dataset=a("Dataset"), repeats=whole(least=1), level=number(above=0, below=1), seed=whole(least=0))
def compare(
    dataset,
    models: str | Sequence[str],
    folds: int | str = 5,
    repeats: int = REPEATS,
    metric: str | None = None,
    level: float = 0.95,
    seed: int = 0,
    **settings: Any,
) -> Comparison:
    """Scores of models on the same folds, and their differences with corrected resampled intervals.

    models: "LOSS[+PENALTY[:ALPHA]]; …" or a list of such texts; without an alpha it is chosen, by `cv`,
    inside each training part. folds: as for `Recipe`, drawn again `repeats` times; folds in time are drawn
    once. metric: one for all; by default RMSE, the log loss of classes, the deviance of counts. settings:
    others of `Recipe`, for all models.

    Raises DownslopeError for fewer than two models, a model that is not understood or does not suit the
    target, folds of single rows, and a metric that would be another for each model.

    >>> import numpy as np, downslope as ds
    >>> X = np.random.default_rng(0).standard_normal((60, 3))
    >>> found = ds.compare(ds.Dataset.from_arrays(X, X[:, 0] ** 3), "squared; huber", repeats=2)
    >>> found.models, found.scores.shape, found.metric
    (('squared', 'huber'), (2, 10), 'rmse')
    """
    spec = FoldSpec.of(folds)
    inner = {"folds": spec.text} if spec.kind in ("group", "time") else {}
    recipes = recipes_of(models, {**inner, **settings, "metric": metric, "seed": seed})
    if spec.kind == "loo":
        raise DownslopeError("selection.compare_single", folds=folds)
    if any(recipe.loss.labels for recipe in recipes.values()):
        dataset = dataset.labelled()
    if dataset.y is None:
        raise DownslopeError("inference.no_target")
    measure = _metric(metric, list(recipes.values()))
    repeats = 1 if spec.kind == "time" else repeats
    splits = [pair for k in range(repeats) for pair in spec.cut(dataset, seed + k).pairs]
    found = [list(scored(dataset, recipe, splits, measure)) for recipe in recipes.values()]
    scores, alphas = np.moveaxis(np.array(found, dtype=float), 2, 0)
    ratio = float(np.mean([len(held) / len(train) for train, held in splits]))
    about = (measure.name, measure.higher, spec.text, repeats)
    return Comparison(tuple(recipes), *about, scores, alphas, ratio, level)


def recipes_of(models: str | Sequence[str], settings: dict[str, Any]) -> dict[str, Recipe]:
    """The recipe of each model, by the words for it."""
    asked = models.split(";") if isinstance(models, str) else list(models)
    names = [name.strip() if isinstance(name, str) else name for name in asked]
    names = [name for name in names if name != ""]
    if len(names) < 2 or not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise DownslopeError("selection.compare_models", asked=models)
    return {name: Recipe(**{**settings, **settings_of_model(name)}) for name in names}


def settings_of_model(words: str) -> dict[str, Any]:
    """Loss, penalty and alpha of "LOSS[+PENALTY[:ALPHA]]".

    >>> settings_of_model("huber:1.5+elasticnet:0.5:0.1")
    {'loss': 'huber:1.5', 'penalty': 'elasticnet:0.5', 'alpha': 0.1}
    >>> settings_of_model("squared+l2")
    {'loss': 'squared', 'penalty': 'l2', 'alpha': 'cv'}
    """
    loss, plus, penalised = words.partition("+")
    found: dict[str, Any] = {"loss": loss.strip()}
    if not plus:
        return found
    name, *rest = penalised.strip().split(":")
    if name == "elasticnet" and rest:
        name, rest = f"{name}:{rest[0]}", rest[1:]
    alpha = ":".join(rest)
    if name in ("none", "auto"):
        return {**found, "penalty": name} if not alpha else _refused(words)
    try:
        return {**found, "penalty": name, "alpha": float(alpha) if alpha else "cv"}
    except ValueError:
        return {**found, "penalty": name, "alpha": alpha}


def _refused(words: str) -> dict[str, Any]:
    raise DownslopeError("selection.compare_models", asked=words)


def _metric(asked: str | None, recipes: Sequence[Recipe]) -> Metric:
    losses = [recipe.loss for recipe in recipes]
    if asked is None:
        classes = all(loss.labels for loss in losses)
        with_chances = all(recipe.calibrate or recipe.loss.has_probabilities for recipe in recipes)
        chances = "log_loss" if with_chances else "accuracy"
        counts = all(loss.link == "log" for loss in losses)
        levels = all(loss.levels for loss in losses)
        asked = chances if classes else "deviance" if counts else "pinball" if levels else "rmse"
    found = [metric_for(asked, recipe) for recipe in recipes]
    of_loss = found[0].kind == "loss" or found[0].name == "pinball"
    if of_loss and len({loss.spec for loss in losses}) > 1:
        raise DownslopeError("selection.compare_metric", metric=asked)
    return found[0]


def scored(dataset: Dataset, recipe: Recipe, splits, metric: Metric) -> Iterator[tuple[float, float]]:
    """(score, alpha) of a model on each split."""
    for solution, part, _ in fold_fits(dataset, recipe, splits, Holes.of(dataset)):
        penalty = solution.recipe.penalty
        z = np.asarray(solution.scores(part), dtype=float)
        yield score_by(metric, solution, part, z), float(penalty.alpha) if penalty.alpha else np.nan


# ── nested cross-validation ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Nested:
    """The score of a way to choose: everything that a recipe chooses is chosen inside each training part.

    scores, alphas: of each fold; an alpha of None: no penalty.  score: the mean over folds, weighted by their
    rows.  error: its standard error, √(weighted variance of the scores/(K − 1)).  Varma & Simon 2006.
    """

    metric: str
    folds: str
    score: float
    error: float
    scores: Sequence[float]
    alphas: Sequence[float | None]

    def note(self, recipe: Recipe) -> tuple[str, dict[str, Any]]:
        """The key of a sentence and its facts."""
        facts = {"metric": self.metric, "folds": self.folds, "score": self.score, "error": self.error}
        return "selection.nested", {**facts, "chosen": ", ".join(chosen_by(recipe))}


def chosen_by(recipe: Recipe) -> list[str]:
    """The names of the settings that a recipe chooses from the rows."""
    alpha = recipe.rule is not None or recipe.penalty.name == AUTO
    asked = {"alpha": alpha, "threshold": isinstance(recipe.threshold, str), "calibrate": recipe.calibrate}
    return [name for name, chooses in {**asked, "patience": recipe.patience}.items() if chooses]


@dataclass
class NestedFolds:
    """Nested cross-validation that follows a fit: whose way to choose, and the folds done so far."""

    recipe: Recipe
    done: int = 0
    total: int = 0


def check_nested(asked_for: bool, recipe: Recipe, dataset: Any, module: Any) -> NestedFolds | None:
    """The folds to be done, if nested cross-validation is asked for; refuses what can not be."""
    truth("nested", asked_for)
    if not asked_for:
        return None
    _nested_metric(recipe, dataset, module)
    return NestedFolds(recipe)


def _nested_metric(recipe: Recipe, dataset: Any, module: Any) -> Metric:
    """What nested cross-validation measures: `metric`, the rule of a threshold, the Brier score of calibrated
    chances, or RMSE, log loss or deviance. Raises DownslopeError for what it can not measure."""
    if not chosen_by(recipe):
        raise DownslopeError("selection.nested_nothing")
    if not isinstance(dataset, Dataset):
        raise DownslopeError("selection.nested_in_memory", rows=f"{len(dataset):,}")
    if module is not None:
        raise DownslopeError("inference.own_module")
    folds = FoldSpec.of(recipe.folds).cut(dataset, recipe.seed)
    if folds.single:
        raise DownslopeError("selection.nested_single", folds=folds.spec)
    rule = recipe.threshold if isinstance(recipe.threshold, str) else None
    asked = recipe.metric or rule or ("brier" if recipe.calibrate else None)
    if asked is not None and asked == rule and rule != "f1":
        return cost_metric(rule)
    return _metric(asked, [recipe])


def nested_score(asked: NestedFolds, dataset: Dataset) -> Nested:
    """The score of a recipe on each fold, by a model of the other folds that chooses all again."""
    recipe = asked.recipe
    metric, folds = _nested_metric(recipe, dataset, None), FoldSpec.of(recipe.folds).cut(dataset, recipe.seed)
    found, asked.total = [], len(folds)
    for one in scored(dataset, recipe, folds.pairs, metric):
        found.append(one)
        asked.done = len(found)
    s = np.ones(len(dataset)) if dataset.weights is None else np.asarray(dataset.weights, dtype=float)
    scores, weights = np.array(found)[:, :1], np.array([s[held].sum() for _, held in folds.pairs])
    mean, error = (float(one[0]) for one in curve_of(scores, weights, False))
    alphas = tuple(None if np.isnan(alpha) else alpha for _, alpha in found)
    return Nested(metric.name, folds.spec, mean, error, tuple(scores[:, 0].tolist()), alphas)


def measured(training: Any, solution: Any) -> Any:
    """The solution with the nested score of its recipe, where that was asked for."""
    asked = training.nested
    if asked is None or solution.stopped == "interrupted" or not chosen_by(asked.recipe):
        return solution
    found = nested_score(asked, training.dataset)
    return replace(solution, nested=found, notes=(*solution.notes, found.note(asked.recipe)))

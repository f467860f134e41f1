"""Where two classes part: a threshold that is given, or chosen on rows that no model has seen.

The threshold is on the chance of the second class; of a loss without chances, on its score z. A rule takes
the threshold with the best F1, or the least cost, of the out-of-fold predictions: K models, each judged on
the rows that it has not learned from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..arguments import is_number
from ..data import Dataset
from ..errors import DownslopeError
from ..model.class_weights import class_factors
from ..selection import FoldSpec
from ..selection.fold_moments import Holes
from ..selection.metrics import Metric
from .calibrating import calibrated, check_calibration
from .fold_fits import fold_fits
from .metrics import metric_for

EXAMPLES = "0.3, f1, cost:10:1"


@dataclass(frozen=True)
class Decision:
    """The second of two classes is predicted where its chance, or else its score, is above `threshold`.

    rule: "f1" or "cost:FN:FP" if it was chosen, else "".  score, usual: the F1, or the mean cost of a row, of
    the out-of-fold predictions at the threshold and at 0.5 (a score of 0).  cut: the threshold on z.
    """

    threshold: float
    cut: float
    rule: str = ""
    score: float | None = None
    usual: float | None = None

    @classmethod
    def of(cls, threshold: float, chances: bool, **chosen: Any) -> Decision:
        """Of a threshold on chances, or on z."""
        cut = math.log(threshold / (1 - threshold)) if chances else threshold
        return cls(threshold, cut, **chosen)

    def note(self, folds: Any) -> tuple[str, dict[str, Any]]:
        """What there is to say of it: the key of a sentence and its facts."""
        facts: dict[str, Any] = {"threshold": self.threshold}
        if not self.rule:
            return "selection.threshold_given", facts
        if self.score is None:
            return "selection.threshold_cost", {**facts, "rule": self.rule}
        facts |= {"rule": self.rule, "folds": str(folds), "score": self.score, "usual": self.usual}
        return "selection.threshold_chosen", facts


def threshold_of(asked: Any) -> float | str | None:
    """A threshold as a number, or the rule that finds it. Raises DownslopeError for anything else."""
    if isinstance(asked, str):
        if asked != "f1":
            _costs(asked)
        return asked
    if asked is None or (is_number(asked) and math.isfinite(asked)):
        return asked
    raise DownslopeError("selection.threshold", asked=asked, examples=EXAMPLES)


def _costs(rule: str) -> tuple[float, float]:
    """The costs of a missed row of the second class and of a false alarm, of "cost:FN:FP"."""
    try:
        name, missed, alarm = rule.split(":")
        costs = float(missed), float(alarm)
    except ValueError:
        name, costs = "", (0.0, 0.0)
    if name != "cost" or not all(math.isfinite(one) and one > 0 for one in costs):
        raise DownslopeError("selection.threshold", asked=rule, examples=EXAMPLES)
    return costs


def cost_metric(rule: str) -> Metric:
    """The mean cost of a row by "cost:FN:FP", as a metric of predicted classes."""

    def score(y: Any, predicted: Any, s: Any) -> float:
        missed, alarm = _costs(rule)
        return float(np.average(missed * (y > predicted) + alarm * (predicted > y), weights=s))

    return Metric(rule, "class", False, score)


def check_decisions(recipe: Any, dataset: Any, module: Any, apart: Any, validation: Any) -> None:
    """Refuse a threshold, a calibration or patience that the classes, the loss or the rows do not allow,
    before anything is fitted. apart: rows that were set aside for a calibration."""
    asked = recipe.threshold
    if recipe.metric is not None:
        metric_for(recipe.metric, recipe)
    if recipe.patience is not None and validation is None:
        raise DownslopeError("inference.patience_without_rows", patience=recipe.patience)
    check_calibration(recipe, dataset, apart)
    if asked is not None and not recipe.loss.labels:
        raise DownslopeError("selection.threshold_numbers", loss=recipe.loss.name)
    if asked is not None and len(dataset.classes) != 2:
        raise DownslopeError("selection.threshold_classes", classes=len(dataset.classes))
    if is_number(asked) and (recipe.loss.has_probabilities or recipe.calibrate) and not 0 < asked < 1:
        raise DownslopeError("selection.threshold_chance", asked=asked)
    if isinstance(asked, str) and not isinstance(dataset, Dataset):
        raise DownslopeError("selection.threshold_in_memory", rule=asked, rows=f"{len(dataset):,}")
    if not _needs_folds(recipe, apart):
        return
    if module is not None:
        raise DownslopeError("inference.own_module")
    folds = FoldSpec.of(recipe.folds).cut(dataset, recipe.seed)
    if not folds.crossed:
        key = "threshold" if isinstance(asked, str) else "calibrate"
        raise DownslopeError(f"selection.{key}_folds", folds=folds.spec)


def _needs_folds(recipe: Any, apart: Any) -> bool:
    """Whether out-of-fold predictions are needed. The cost of calibrated chances needs no search."""
    searched = recipe.threshold == "f1" if recipe.calibrate else isinstance(recipe.threshold, str)
    return searched or (recipe.calibrate is not None and apart is None)


def decided(training: Any, solution: Any) -> Any:
    """The solution with its calibration and its threshold, chosen where a rule is to."""
    recipe, rule = training.recipe, training.recipe.threshold
    factors = class_factors(recipe.class_weights, recipe.loss, training.dataset)
    if factors is not None:
        shown = ", ".join(f"{label} × {factor:.4g}" for label, factor in zip(solution.classes, factors))
        key = "selection.class_weights_calibrated" if recipe.calibrate else "selection.class_weights"
        solution = replace(solution, notes=(*solution.notes, (key, {"weights": shown})))
    if solution.stopped == "interrupted" and (recipe.calibrate or isinstance(rule, str)):
        return solution
    z = out_of_fold(training) if _needs_folds(recipe, training.calibration) else None
    solution = calibrated(training, solution, z) if recipe.calibrate else solution
    if rule is None:
        return solution
    if is_number(rule):
        decision = Decision.of(float(rule), solution.has_chances)
    elif recipe.calibrate and rule != "f1":
        missed, alarm = _costs(rule)
        decision = Decision.of(alarm / (missed + alarm), True, rule=rule)  # of chances: no search
    else:
        decision = _chosen(training, solution, rule, z)
    return replace(solution, decision=decision, notes=(*solution.notes, decision.note(recipe.folds)))


def _chosen(training: Any, solution: Any, rule: str, z: Any) -> Decision:
    dataset, chances = training.dataset, solution.has_chances
    y = np.asarray(dataset.y).astype(int)
    s = np.ones(len(y)) if dataset.weights is None else np.asarray(dataset.weights, dtype=float)
    score = solution.chances(z)[:, 1] if chances else z
    cuts, values = threshold_scores(score, y, s, rule)
    best, usual = float(values.max()), 0.5 if chances else 0.0
    place = int(np.flatnonzero(values >= best - 1e-12 * abs(best))[0])
    above = score > usual
    at_usual = float(
        _worth(s @ (above & (y == 1)), s @ (~above & (y == 1)), s @ (above & (y == 0)), rule, s.sum())
    )
    sign = 1.0 if rule == "f1" else -1.0
    return Decision.of(float(cuts[place]), chances, rule=rule, score=sign * best, usual=sign * at_usual)


def threshold_scores(score: np.ndarray, y: np.ndarray, s: np.ndarray, rule: str) -> tuple[np.ndarray, Any]:
    """(thresholds, ascending; F1 or minus the mean cost of each): one threshold in the middle of each gap
    between two scores, which are those that differ.

    >>> cuts, values = threshold_scores(np.array([0.1, 0.4, 0.8]), np.array([0, 1, 1]), np.ones(3), "f1")
    >>> cuts, values.round(3)
    (array([0.25, 0.6 ]), array([1.   , 0.667]))
    """
    order = np.argsort(score, kind="stable")
    score, y, s = score[order], y[order], s[order]
    last = np.flatnonzero(np.diff(score) > 0)  # of equal scores: all of them are on one side
    if not len(last):
        raise DownslopeError("selection.threshold_level")
    cuts = score[last] + 0.5 * (score[last + 1] - score[last])
    missed = np.cumsum(s * (y == 1))[last]  # rows of the second class at or below the cut
    alarms = (s * (y == 0)).sum() - np.cumsum(s * (y == 0))[last]
    found = (s * (y == 1)).sum() - missed
    return cuts, _worth(found, missed, alarms, rule, s.sum())


def _worth(found: Any, missed: Any, alarms: Any, rule: str, rows: float) -> Any:
    """F1, or minus the mean cost of a row, from the weights of rows found, missed and alarmed in vain."""
    if rule == "f1":
        return 2 * found / np.maximum(2 * found + missed + alarms, np.finfo(float).tiny)
    miss, alarm = _costs(rule)
    return -(miss * missed + alarm * alarms) / rows


def out_of_fold(training: Any) -> np.ndarray:
    """z of each row by the model of the folds without it; what is chosen is chosen again in each.  (n,) or
    (n, K)"""
    dataset, recipe = training.dataset, training.asked_recipe.undecided
    pairs = FoldSpec.of(recipe.folds).cut(dataset, recipe.seed).pairs
    found = [(f.scores(rows), held) for f, rows, held in fold_fits(dataset, recipe, pairs, Holes.of(dataset))]
    return np.concatenate([z for z, _ in found])[np.argsort(np.concatenate([held for _, held in found]))]

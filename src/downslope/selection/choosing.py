"""Alpha, chosen: by cross-validation along a path of alphas, or by GCV, AIC or BIC on all rows.

Alpha is the price per mean loss, in a fold as on all rows. Levels of text columns are fixed on all training
rows; what fills missing cells, and column widths, are each fold's own training rows'.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.partitioned import PartitionedDataset
from ..errors import DownslopeError, nearest
from ..insight.fit_statistics import degrees_of_freedom
from ..model import penalties
from ..model.class_weights import class_weighted
from ..model.coordinates import MOMENTS
from ..model.linear import Linear
from ..model.naming import coded
from ..model.objective import Objective, objective_of
from ..model.penalties import Penalty
from .fold_moments import FoldMoments, Holes, each_part
from .folds import Folds, FoldSpec
from .metrics import Metric, metric_of, score_of
from .minimisers import (
    Minimisers,
    Solve,
    along,
    alphas_of,
    on_moments,
    params_on_moments,
    quick,
    told_by_moments,
)
from .path import Path, path_of
from .ridge import EXACT, Ridge, squared_errors

QUICK = "cv:quick"  # every fourth alpha, and none far below the best
RULES = ("cv", "cv:1se", QUICK, "gcv", "aic", "bic")
EVERY, PIECES = 4, 5  # of a quick path: which of the alphas it has, and in how many pieces it may end
HEAVY = 200_000_000  # n·p² of a Hessian from which it has a third of these, on the columns as they are
RATIOS = (0.1, 0.5, 0.7, 0.9, 0.95, 0.99, 1.0)  # of an elastic net whose ratio is chosen too
EXACTLY, NEARLY, ROUGHLY = 1e-12, 1e-8, 1e-6  # duality gaps of a squared loss, of others, of a quick path's
LEAST, MORE = 1e-6, 33  # how far below the largest alpha a kinked path goes on, and its alphas in a decade
FALLS = 1e-6  # of the best score, that a decade of alphas must win for the next one to be tried
BY_ROWS = 20_000_000  # multiplications up to which squared errors are summed from rows


def check_rule(alpha: str) -> None:
    if alpha not in RULES:
        raise DownslopeError(
            "selection.rule", asked=alpha, known=nearest(alpha, RULES), rules=", ".join(RULES)
        )


@dataclass(frozen=True, eq=False)
class Choice:
    """What is to be chosen, of which model.

    solve: how a descent is made where no closed form serves.  penalty: "l2", "l1", "elasticnet:0.5", or
    "elasticnet:cv", whose ratio is chosen too.  both: whether one on standardised columns is tried too.
    """

    rule: str
    loss: Any
    penalty: str
    penalty_on: str
    solve: Solve
    folds: FoldSpec
    metric: str | None = None
    intercept: bool = True
    both: bool = True
    seed: int = 0
    class_weights: Any = None
    found: dict[str, Any] = field(default_factory=dict, repr=False)  # what all penalties and alphas share

    def path(self, dataset: Any) -> Path:
        """The path over all rows, with the scores of each alpha. Rows in parts have theirs from moments;
        where a loss has none, some of them are brought here. Raises DownslopeError where the rule does not go
        with the loss, the penalty or the rows."""
        self._refuse_criterion()
        parts = isinstance(dataset, PartitionedDataset)
        if parts and not self.loss.quadratic:
            some = dataset.sample
            return replace(self.path(some), sampled=(len(some), len(dataset)))
        metric = metric_of(self.metric, self.loss)
        if not parts and dataset.weights is not None:
            dataset = dataset.take(dataset.weights > 0)
        self.found.update(rows=dataset)
        folds = self._folds(dataset, metric, parts) if self.rule.startswith("cv") else None
        found = [self._scored(dataset, penalty, metric, folds) for penalty in self._penalties]
        moments = None if parts else self.found.get("moments")
        best = min(found, key=lambda path: path._costs[path.best])
        best = replace(best, tried=len(found), moments=None if moments is None else moments.whole)
        heavy = self.rule == QUICK and self._heavy(self.unit(dataset, best.penalty, "raw"))
        if folds is None or self.penalty_on != "raw" or not self.both or heavy:
            return best
        if not quick(self.unit(dataset, best.penalty, "raw")):
            return best
        return replace(best, better_on=self._on_standardised(dataset, best, metric, folds))

    def _folds(self, dataset: Any, metric: Metric, parts: bool) -> Folds:
        """How the rows are cut; and where moments tell all of a fold, those of each."""
        self.found["holes"] = holes = Holes.of(dataset)
        if parts:
            self.folds.check_parts(dataset)
            if metric.name != "loss" and not metric.by_row:
                raise DownslopeError("selection.metric_in_parts", metric=metric.name)
            self.found["moments"] = FoldMoments.of_parts(dataset, self.loss, self.folds, self.seed, holes)
            return Folds(self.folds.text, 0, np.empty(0, dtype=int))
        folds = self.folds.cut(dataset, self.seed)
        if folds.single and not metric.by_row:
            raise DownslopeError("selection.metric_single", metric=metric.name)
        dense = self.loss.quadratic and isinstance(dataset.X, np.ndarray)
        if metric.name == "loss" and dense and not folds.single:
            Y = coded(dataset, self.loss)
            nonsmooth = any(penalties.by_name(name, 1.0).nonsmooth for name in self._penalties)
            rows, columns = dataset.shape
            if told_by_moments(rows, columns, Y.shape[1], nonsmooth):
                self.found["moments"] = FoldMoments.of(dataset, Y, folds, holes)
        return folds

    def unit(self, rows: Any, penalty: str, penalty_on: str) -> Objective:
        """The objective over some rows at alpha 1."""
        price = penalties.by_name(penalty, 1.0)
        whole = rows is self.found.get("rows")
        if not (whole and "term" in self.found):
            moments = self.found.get("moments") if whole else None
            few = self.loss.quadratic and price.nonsmooth and rows.shape[1] <= MOMENTS
            known = None if moments is None else moments.whole
            model = Linear(self.intercept)
            term = model.term(rows, self.loss, gathered=known or few, class_weights=self.class_weights)
            self.found.update({"term": term} if whole else {})
        return objective_of(self.found["term"] if whole else term, price, penalty_on)

    def _along(self, unit: Objective, alphas: np.ndarray) -> Minimisers:
        tol = ROUGHLY if self.rule == QUICK else NEARLY
        return along(unit, alphas, EXACTLY if unit.quadratic else tol, self.solve)

    @property
    def _penalties(self) -> list[str]:
        if self.penalty == "elasticnet:cv":
            return [f"elasticnet:{ratio:g}" for ratio in RATIOS]
        return [self.penalty]

    def _scored(self, dataset, penalty: str, metric: Metric, folds: Folds | None) -> Path:
        """The path over all rows, with the score of each alpha."""
        unit = self.unit(dataset, penalty, self.penalty_on)
        first, *others = self._pieces(unit)
        path = self._tried(dataset, unit, penalty, first, metric, folds)
        for further in others:
            if _past(path._costs, path.errors):
                break
            path = path.joined(self._tried(dataset, unit, penalty, further, metric, folds))
        falls = unit.nonsmooth
        while falls and path.best == len(path.alphas) - 1 and path.alphas[-1] > 2 * LEAST * path.alphas[0]:
            further = path.alphas[-1] * np.geomspace(1.0, 0.1, MORE + 1)[1:]  # one decade more
            further = further[EVERY - 1 :: EVERY] if self.rule == QUICK else further
            before = path._costs[path.best]
            path = path.joined(self._tried(dataset, unit, penalty, further, metric, folds))
            falls = path._costs[path.best] < before - FALLS * abs(before)
        return path

    def _pieces(self, unit: Objective) -> list[np.ndarray]:
        """The alphas that are tried, in the order in which they are, in one piece or in several."""
        alphas = alphas_of(unit)
        if self.rule != QUICK:
            return [alphas]
        return np.array_split(alphas[:: 3 * EVERY if self._heavy(unit) else EVERY], PIECES)

    @staticmethod
    def _heavy(unit: Objective) -> bool:
        return len(unit.term.Y) * unit.size**2 > HEAVY and quick(unit)

    def _tried(self, dataset, unit: Objective, penalty: str, alphas, metric: Metric, folds) -> Path:
        found = self._along(unit, alphas)
        about: dict[str, Any] = {"penalty": penalty, "penalty_on": self.penalty_on, "rule": self.rule}
        if folds is None:
            about["curve"] = self._criterion(unit, alphas, found)
            about["metric"] = self.rule
        else:
            scores, weights = self._scores(dataset, unit, penalty, self.penalty_on, alphas, metric, folds)
            about["curve"], about["errors"] = curve_of(scores, weights, folds.single)
            about.update(metric=metric.name, higher=metric.higher, split=folds.spec)
            about.update(fold_scores=scores, fold_weights=weights)
            about.update(folds=folds.number if len(folds) else None)
        return path_of(found, unit, dataset.features, alphas, self.intercept, **about)

    # ---- cross-validation ----------------------------------------------------------------------------

    def _scores(
        self, dataset, unit: Objective, penalty: str, penalty_on: str, alphas, metric: Metric, folds: Folds
    ) -> tuple[np.ndarray, np.ndarray]:
        """The score of each alpha on each fold, (K, m), and the weight of each fold's rows, (K,)."""
        if isinstance(dataset, PartitionedDataset):
            return self._in_parts(dataset, unit.penalty, penalty_on, alphas, metric)
        holes: Holes = self.found["holes"]
        Y = coded(dataset, self.loss)
        if metric.name == "loss" and Ridge.serves(unit) and folds.single and not holes:
            return self._rows_left_out(unit, alphas)
        if "moments" in self.found and on_moments(unit):
            found = self._by_moments(dataset, Y, unit.penalty, penalty_on, alphas, folds)
            if found is not None:
                return found
        scores, weights = [], []
        for train, held in folds.pairs:
            rows = dataset
            if holes:
                rows = replace(dataset, X=holes.filled(dataset.X, holes.means(dataset, train)))
            learned = rows.take(train)
            params = self._along(self.unit(learned, penalty, penalty_on), alphas).params
            asked = self.class_weights if metric.name == "loss" else None  # of what is minimised
            s = class_weighted(dataset.take(held), asked, self.loss, like=learned).weights
            z = _predicted(rows.X[held], params, Y.shape[1], self.intercept)
            y = np.asarray(dataset.y)[held]
            scores.append([self._score(metric, one, Y[held], y, s) for one in z])
            weights.append(len(held) if s is None else float(s.sum()))
        return np.array(scores), np.array(weights)

    def _score(self, metric: Metric, z, Y, y, s) -> float:
        try:
            return score_of(metric, self.loss, z, Y, y, s)
        except ValueError as error:
            if isinstance(error, DownslopeError):
                raise
            raise DownslopeError("selection.no_score", metric=metric.name, reason=str(error)) from None

    def _by_moments(
        self, dataset, Y, penalty: Penalty, penalty_on: str, alphas, folds: Folds
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Of a squared loss, from the moments of the folds; errors of few rows, and errors next to 0, from
        the rows."""
        s, moments, holes = dataset.weights, self.found["moments"], self.found["holes"]
        params = params_on_moments(moments.train, self.intercept, penalty, penalty_on, alphas)
        if params is None:
            return None
        scores = []
        sizes = np.bincount(folds.number + 1, minlength=len(folds) + 1)[1:]
        for k, (own, one, fill, size) in enumerate(zip(moments.held, params, moments.fills, sizes)):
            errors = squared_errors(own, one, self.intercept)
            if size * one.size <= BY_ROWS or errors.min() < EXACT * own.variance.sum():
                rows = folds.held(k)
                X = holes.of_rows(rows).filled(dataset.X[rows], fill)
                z = _predicted(X, one, Y.shape[1], self.intercept)
                squares = ((z - Y[rows]) ** 2).sum(axis=2)
                errors = np.average(squares, axis=1, weights=None if s is None else s[rows])
            scores.append(errors)
        return np.array(scores), np.array([part.weight for part in moments.held])

    def _in_parts(
        self, dataset: PartitionedDataset, penalty: Penalty, penalty_on: str, alphas, metric: Metric
    ) -> tuple[np.ndarray, np.ndarray]:
        """Of a squared loss of rows in parts, likewise; errors next to 0 and other metrics take a pass."""
        moments, holes = self.found["moments"], self.found["holes"]
        params = params_on_moments(moments.train, self.intercept, penalty, penalty_on, alphas)
        if params is None:
            raise DownslopeError("selection.dependent_in_parts", penalty=penalty.spec)
        weights = np.array([part.weight for part in moments.held])
        if metric.name == "loss":
            errors = [squared_errors(own, one, self.intercept) for own, one in zip(moments.held, params)]
            if all(one.min() >= EXACT * own.variance.sum() for own, one in zip(moments.held, errors)):
                return np.array(errors), weights
        score = partial(_scores_of_part, metric, self.loss, holes, moments.fills, params, self.intercept)
        return each_part(dataset, self.folds, self.seed, holes, score) / weights[:, None], weights

    def _rows_left_out(self, unit, alphas) -> tuple[np.ndarray, np.ndarray]:
        """Of a squared loss: each row by the model of all others, from one factorisation."""
        term = unit.term
        z = replace(Ridge.of_term(unit), rows=term).left_out(alphas)  # (m, n, k)
        weights = np.ones(term.rows) if term.relative_weight is None else term.relative_weight
        return ((z - term.Y) ** 2).sum(axis=2).T, weights

    def _on_standardised(self, dataset, best: Path, metric, folds) -> tuple[float, float] | None:
        """(score, alpha) of the best alpha on standardised columns, where it is better than on raw ones by
        more than one standard error of the paired difference."""
        unit = self.unit(dataset, best.penalty, "standardised")
        alphas, parts = np.empty(0), list[np.ndarray]()
        for piece in self._pieces(unit):
            found, weights = self._scores(dataset, unit, best.penalty, "standardised", piece, metric, folds)
            alphas, parts = np.append(alphas, piece), [*parts, found]
            scores = np.hstack(parts)
            curve, errors = curve_of(scores, weights, folds.single)
            if _past(-curve if metric.higher else curve, errors):
                break
        place = int(np.argmax(curve) if metric.higher else np.argmin(curve))
        assert best.fold_scores is not None
        gain = best.fold_scores[:, best.best] - scores[:, place]
        mean, error = curve_of(np.array(-gain if metric.higher else gain)[:, None], weights, folds.single)
        return (float(curve[place]), float(alphas[place])) if mean[0] > error[0] else None

    # ---- criteria on all rows ------------------------------------------------------------------------

    def _refuse_criterion(self) -> None:
        """Refuse GCV, AIC or BIC of a loss that has none."""
        if self.rule.startswith("cv"):
            return
        if self.rule == "gcv" and not self.loss.quadratic:
            raise DownslopeError("selection.gcv_loss", loss=self.loss.name)
        if self.rule != "gcv" and not (self.loss.likelihood or self.loss.quadratic):
            raise DownslopeError("selection.no_likelihood", rule=self.rule, loss=self.loss.name)
        if self.class_weights is not None:
            raise DownslopeError("selection.weighted_likelihood", rule=self.rule)

    def _criterion(self, unit: Objective, alphas: np.ndarray, found: Minimisers) -> np.ndarray:
        """GCV, AIC or BIC of each minimiser.  (m,)"""
        term, loss = unit.term, self.loss
        n, k = term.rows, term.outputs
        curve = []
        for alpha, params in zip(alphas, found.params):
            F = replace(unit, penalty=replace(unit.penalty, alpha=float(alpha)))
            theta = F.to_inner(params)
            f = float(term.value_and_gradient(theta)[0])
            df = degrees_of_freedom(F, theta)
            if self.rule == "gcv":
                curve.append(f / k / (1 - df / k / n) ** 2 if df < k * n else math.inf)
                continue
            price = 2.0 if self.rule == "aic" else math.log(n)
            curve.append(minus_twice_log_likelihood(term, loss, f) + price * df)
        return np.array(curve)


def curve_of(scores: np.ndarray, weights: np.ndarray, single: bool) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error over the folds of scores (K, m), weighted by their rows: √(variance/(K − 1)),
    of rows left out singly sd/√n."""
    share = weights / weights.sum()
    mean = share @ scores
    variance = share @ (scores - mean) ** 2
    return mean, np.sqrt(variance / (len(scores) if single else len(scores) - 1))


def _past(costs: np.ndarray, errors: np.ndarray | None) -> bool:
    """Whether the last of some costs is above the best by more than its standard error."""
    best = int(np.argmin(costs))
    return errors is not None and best < len(costs) - 1 and bool(costs[-1] > costs[best] + errors[best])


def minus_twice_log_likelihood(term: Any, loss: Any, f: float) -> float:
    """−2 log L, of mean loss f over the rows: of a squared loss n·log(2πσ̂²) + n, σ̂² = f, summed over
    outputs of one variance each."""
    n, k = term.rows, term.outputs
    if loss.quadratic:
        return n * k * (math.log(2 * math.pi * max(f / k, np.finfo(float).tiny)) + 1)
    constant = 0.0
    if loss.targets == "count":
        from scipy.special import gammaln

        share = np.ones(n) if term.relative_weight is None else term.relative_weight
        constant = float(share @ gammaln(term.Y + 1).sum(axis=1))
    return 2 * (n * f + constant)


def _predicted(X: Any, params: np.ndarray, outputs: int, intercept: bool) -> np.ndarray:
    """z of rows by each of m models.  (m, n, k)"""
    d, m = X.shape[1], len(params)
    W = params[:, : d * outputs].reshape(m, d, outputs)
    z = np.asarray(X @ W.transpose(1, 0, 2).reshape(d, m * outputs)).reshape(-1, m, outputs)
    return (z + (params[:, d * outputs :] if intercept else 0.0)).transpose(1, 0, 2)


def _scores_of_part(
    metric: Metric, loss, holes: Holes, fills, params, intercept: bool, part: Dataset, fold: np.ndarray
) -> np.ndarray:
    """The scores of the rows of a part by the models that they were held out from, summed.  (K, m)"""
    Y, y = coded(part, loss), np.asarray(part.y)
    found = np.zeros((len(params), len(params[0])))
    for k, one in enumerate(params):
        rows = np.flatnonzero(fold == k)
        if len(rows):
            z = _predicted(holes.filled(part.X[rows], fills[k]), one, Y.shape[1], intercept)
            s = None if part.weights is None else part.weights[rows]
            weight = len(rows) if s is None else float(s.sum())
            found[k] = [weight * score_of(metric, loss, one, Y[rows], y[rows], s) for one in z]
    return found

"""Intervals of predictions: by normal theory, or from rows that no model has seen (conformal prediction).

Normal theory, of a squared loss without penalty and weights:  ŷ ± t·σ̂·√(1 + h), and of the mean ŷ ± t·σ̂·√h,
with h = xᵀ(XᵀX)⁻¹x and n − k degrees.  Split conformal:  ŷ ± q, where q is the ⌈(m + 1)·level⌉-th of the m
calibration rows' |y − ŷ|; of classes the set of those with 1 − p ≤ q (of margins −z ≤ q).  Vovk et al. 2005;
Lei et al. 2018; Sadinle, Lei & Wasserman 2019.  CV+: the same from the rows that each fold's model has not
seen, and the folds' own predictions.  Barber, Candès, Ramdas & Tibshirani 2021.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..data import Dataset
from ..data.partitioned import PartitionedDataset
from ..errors import DownslopeError
from ..insight.covariance import squares_at
from ..insight.standard_errors import to_user_of
from ..selection.fold_moments import Holes
from .fold_fits import fold_fits

MOST = 500  # columns up to which a run keeps a matrix of all pairs of them
WORK = 2e9  # n·d², up to which saving a run forms it
AT_A_TIME = 4_000_000
FOLDS = 10
CV = "cv+"
STORED = ("normal_", "calibration_")  # how the names of a run's arrays begin that are of intervals


@dataclass(frozen=True, eq=False)
class NormalTheory:
    """(XᵀX)⁻¹ in the units of the columns, intercept last where there is one; σ̂² of each output."""

    unscaled: np.ndarray  # (q, q)
    variance: np.ndarray  # (k,)
    degrees: float

    def reach(self, X, level: float, of_mean: bool) -> np.ndarray:
        """Half the width of the interval of each row and output.  (n, k)"""
        from scipy.special import stdtrit

        q = len(self.unscaled)
        h = np.empty(X.shape[0])
        for first in range(0, len(h), step := max(1, AT_A_TIME // q)):
            part = X[first : first + step]
            part = np.asarray(part if isinstance(part, np.ndarray) else part.toarray(), dtype=float)
            if q > part.shape[1]:
                part = np.hstack([part, np.ones((len(part), 1))])
            h[first : first + step] = ((part @ self.unscaled) * part).sum(axis=1)
        size = np.sqrt(np.maximum(h, 0.0)[:, None] + (0.0 if of_mean else 1.0))
        return stdtrit(self.degrees, (1 + level) / 2) * size * np.sqrt(self.variance)


class NormalSource:
    """What makes the NormalTheory of a fit when it is first asked for: it costs a Gram matrix."""

    def __init__(self, objective: Any):
        self._objective = objective

    @cached_property
    def value(self) -> NormalTheory | None:
        term = self._objective.term
        q, n = term.inputs, term.rows
        if n <= q or q > MOST or (term.gathered is None and n * q**2 > WORK):
            return None
        G = n * term.gram
        size = np.sqrt(np.diag(G))
        if not size.all() or np.linalg.cond(G / size / size[:, None]) > 1e13:
            return None
        theta = self._objective.argmin
        J = to_user_of(term, q)
        squares = np.asarray(term.map_reduce(squares_at(theta)))
        return NormalTheory(J @ np.linalg.inv(G) @ J.T, squares / (n - q), float(n - q))

    def __reduce__(self):
        return _known, (self.value,)


def _known(value: NormalTheory | None) -> NormalSource:
    source = NormalSource(None)
    vars(source)["value"] = value
    return source


@dataclass(frozen=True, eq=False)
class Calibration:
    """How far predictions were off on rows that they were not learned from, sorted for each output: (m, k).

    Of CV+: also the fold of each row (its scores are not sorted), and the weights of each fold's model.
    """

    scores: np.ndarray  # (m, k)
    fraction: float = 0.0
    seed: int = 0
    fold: np.ndarray | None = None  # (m,)
    params: np.ndarray | None = None  # (K, p)

    def rank(self, level: float) -> int:
        """Which of the sorted scores covers. Raises DownslopeError where there are too few."""
        m = len(self.scores)
        rank = math.ceil((m + 1) * level * (1 - 1e-12))
        if rank > m:
            needed = math.ceil(level / (1 - level) - 1e-9)
            raise DownslopeError("inference.interval_few", rows=m, level=f"{level:g}", needed=needed)
        return rank


# ── after a fit ─────────────────────────────────────────────────────────────────────────────────────


def set_apart(dataset: Any, asked: float | str | None, recipe: Any) -> tuple[Any, Any]:
    """(rows to learn from, calibration rows): a fraction of them, drawn by the seed after the one of a split
    for validation; None for CV+. They may have weights where they calibrate chances, not intervals."""
    seed, crossed = recipe.seed, isinstance(asked, str) and asked.partition(":")[0] == CV
    if asked is None:
        return dataset, None
    if isinstance(dataset, PartitionedDataset):
        raise DownslopeError("inference.calibration_in_memory")
    if dataset.weights is not None and (crossed or recipe.calibrate is None):
        raise DownslopeError("inference.calibration_weights")
    if crossed:
        return dataset, None
    try:
        fraction = float(asked)
    except ValueError:
        raise DownslopeError("inference.calibrate_rows", asked=asked) from None
    rest, held = dataset.split(fraction, seed + 1)
    return replace(rest, drawn=dataset.drawn), (held, fraction, seed + 1)


def test_rows(dataset: Any, fraction: float | None, seed: int) -> tuple[Any, Any]:
    """(rows to learn from, rows that only measure), drawn by a seed of their own."""
    if fraction is None:
        return dataset, None
    if isinstance(dataset, PartitionedDataset):
        raise DownslopeError("inference.test_in_memory")
    rest, held = dataset.split(fraction, seed + 2)
    return replace(rest, drawn=dataset.drawn), (held, float(fraction), seed + 2)


def refuse_checkpoint(checkpoint: Any, calibrate_rows: Any, test: Any, nested: bool = False) -> None:
    """A resumed run does not know of rows set aside; whether it has a nested score was said before."""
    asked = {"test": test is not None, "calibration": calibrate_rows is not None, "nested": nested}
    for name in (name for name, given in asked.items() if given and checkpoint is not None):
        raise DownslopeError(f"inference.{name}_checkpoint")


def encoded_as(dataset: Any, held_out: Any) -> Any:
    """Validation rows with the encoding of the training rows, learned again as rows were set apart."""
    table = getattr(held_out, "table", None)
    return held_out if dataset.encoding is None or table is None else dataset.encoding.apply(table)


def labelled_as(dataset: Any, rows: Any) -> Any:
    """Rows with the class numbers of others, where those have classes."""
    return rows.labelled(dataset.classes) if dataset.classes else rows


def apart_as(training: Any, other: Any, features: Any = None) -> None:
    """Give a training the rows that another one set apart for intervals and for measuring, and how it is
    judged."""
    training.judged = other.judged
    training.calibrates = other.calibrates
    training.nested = None if other.nested is None else replace(other.nested, recipe=training.asked_recipe)
    training.calibration, training.test = (
        apart if apart is None or features is None else (apart[0].with_features(features), *apart[1:])
        for apart in (other.calibration, other.test)
    )


def attached(training: Any, solution: Any) -> Any:
    """The solution with all that its intervals need."""
    recipe = solution.recipe
    plain = recipe.loss.quadratic and not recipe.penalty.alpha and training.objective.linear
    if plain and training.dataset.sample.weights is None:
        solution = replace(solution, normal=NormalSource(training.objective))
    if training.calibration is None and training.calibrates is None:
        return solution
    if training.calibration is None:
        return replace(solution, calibration=_crossed(training, solution))
    held, fraction, seed = training.calibration
    scores = np.empty((0, solution.outputs))  # rows that made the chances do not measure them
    if solution.calibrator is None:
        scores = np.sort(_missed(solution, labelled_as(solution, held)), axis=0)
    return replace(solution, calibration=Calibration(scores, fraction, seed))


def _crossed(training: Any, solution: Any) -> Calibration:
    """CV+: each row's score by the model of the other folds; what is chosen is chosen again in each."""
    dataset, asked = training.dataset, training.calibrates.partition(":")[2] or str(FOLDS)
    if not asked.isdecimal() or not 2 <= int(asked) <= len(dataset):
        raise DownslopeError("inference.calibrate_rows", asked=training.calibrates)
    if training.module is not None or solution.is_code:
        raise DownslopeError("inference.own_module")
    n, K = len(dataset), int(asked)
    fold = np.empty(n, dtype=int)
    fold[np.random.Generator(np.random.Philox(training.recipe.seed + 1)).permutation(n)] = np.arange(n) % K
    pairs = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(K)]
    params, scores = [], None
    # A new row is filled once for all folds, so missing cells stand as all rows fill them.
    for found, rows, held in fold_fits(dataset, training.asked_recipe.undecided, pairs, Holes()):
        params.append(found.params)
        missed = _missed(found, rows)
        scores = np.empty((n, missed.shape[1])) if scores is None else scores
        scores[held] = missed
    assert scores is not None
    return Calibration(scores, fold=fold, params=np.array(params))


def _missed(solution: Any, rows: Dataset) -> np.ndarray:
    """|y − ŷ| of each output; of classes how little the row's own class conforms; of quantiles how far y lies
    outside the outer two, less than 0 inside (Romano, Patterson & Candès 2019).  (m, k)"""
    z, y = solution.scores(rows), np.asarray(rows.y, dtype=float)
    if solution.recipe.loss.levels:
        low, high = _outer(solution, z)
        return np.maximum(low - y, y - high)[:, None]
    if not solution.classes:
        return np.abs(y.reshape(len(y), -1) - solution.recipe.loss.mean(z).reshape(len(y), -1))
    return _strangeness(solution, z)[np.arange(len(y)), y.astype(int)][:, None]


def _outer(solution: Any, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest quantile of each row.  (n,)"""
    ordered = solution.recipe.loss.mean(z).astype(float)
    return ordered[:, 0], ordered[:, -1]


def _strangeness(solution: Any, z: np.ndarray) -> np.ndarray:
    """1 − p of each class; of a loss without chances −z.  (n, K)"""
    if solution.has_chances:
        return 1 - solution.chances(z)
    return np.column_stack([z, -z]) if z.ndim == 1 else -z


# ── at prediction ───────────────────────────────────────────────────────────────────────────────────


def interval(solution: Any, rows: Dataset, z: np.ndarray, level: float, of_mean: bool) -> np.ndarray:
    """(prediction, lower, upper) of each row, (n, 3) or (n, k, 3); of classes the members of sets, (n, K); of
    quantiles these, then lower and upper, (n, q + 2).

    Raises DownslopeError where nothing says how far predictions are off.
    """
    calibration, normal = solution.calibration, solution.normal_theory
    if of_mean and (normal is None or solution.classes):
        raise DownslopeError("inference.interval_mean", loss=solution.recipe.loss.spec)
    if solution.calibrator is not None and (calibration is None or not len(calibration.scores)):
        raise DownslopeError("inference.interval_calibrated")
    if calibration is None and normal is None:
        raise DownslopeError("inference.interval_rows")
    if solution.classes:
        return _sets(solution, rows, z, level)
    predicted = solution.recipe.loss.mean(z).astype(float).reshape(len(z), -1)
    if solution.recipe.loss.levels:
        return np.column_stack([predicted, *_around(solution, rows, z, level)])
    if of_mean or calibration is None:
        reach = normal.reach(rows.X, level, of_mean)
        low, high = predicted - reach, predicted + reach
    elif calibration.fold is None:
        q = calibration.scores[calibration.rank(level) - 1]
        low, high = predicted - q, predicted + q
    else:
        low, high = _crossed_ends(solution, level, _folds_at(solution, rows, predicted.shape))
    out = np.stack([predicted, low, high], axis=-1)
    return out[:, 0] if z.ndim == 1 else out


def _sets(solution: Any, rows: Dataset, z: np.ndarray, level: float) -> np.ndarray:
    calibration = solution.calibration
    rank = calibration.rank(level)
    if calibration.fold is None:
        return _strangeness(solution, z) <= calibration.scores[rank - 1, 0]
    beaten = np.zeros((len(z), len(solution.classes)))
    for scores, model in _folds(solution):
        strange = _strangeness(model, model.scores(rows))
        beaten += np.searchsorted(np.sort(scores[:, 0]), strange, side="left")  # rows that conform more
    return beaten < rank


def _around(solution: Any, rows: Dataset, z: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """The interval around the outer two quantiles, widened or narrowed by the score that covers; one point
    where narrowing would leave none."""
    if solution.calibration.fold is None:
        q = solution.calibration.scores[solution.calibration.rank(level) - 1, 0]
        low, high = _outer(solution, z)
        low, high = low - q, high + q
    else:
        folds = [(scores, *_outer(model, model.scores(rows))) for scores, model in _folds(solution)]
        ends = [(scores, below[:, None], above[:, None]) for scores, below, above in folds]
        low, high = (end[:, 0] for end in _crossed_ends(solution, level, ends))
    middle = (low + high) / 2
    return np.minimum(low, middle), np.maximum(high, middle)


def _folds_at(solution: Any, rows: Dataset, shape: tuple) -> list[tuple[np.ndarray, ...]]:
    """The scores of each fold's rows, and what its model predicts of others, below and above."""
    mean = solution.recipe.loss.mean
    found = [(s, mean(model.scores(rows)).astype(float).reshape(shape)) for s, model in _folds(solution)]
    return [(scores, predicted, predicted) for scores, predicted in found]


def _crossed_ends(solution: Any, level: float, known: list) -> tuple[np.ndarray, np.ndarray]:
    """The ends of CV+: quantiles over the calibration rows of (their fold's prediction ∓ their score). known:
    of each fold the scores (m, k), and the predictions (n, k) below and above."""
    rank, m = solution.calibration.rank(level), len(solution.calibration.scores)
    shape = known[0][1].shape
    low, high = np.empty(shape), np.empty(shape)
    for c in range(shape[1]):
        for first in range(0, shape[0], step := max(1, AT_A_TIME // m)):
            part = slice(first, first + step)
            below = np.concatenate([p[part, c, None] - s[:, c] for s, p, _ in known], axis=1)
            above = np.concatenate([p[part, c, None] + s[:, c] for s, _, p in known], axis=1)
            low[part, c] = np.partition(below, m - rank, axis=1)[:, m - rank]
            high[part, c] = np.partition(above, rank - 1, axis=1)[:, rank - 1]
    return low, high


def _folds(solution: Any) -> Iterator[tuple[np.ndarray, Any]]:
    """The scores of each fold's rows, and the model that has not seen them."""
    calibration = solution.calibration
    for k, params in enumerate(calibration.params):
        bare = {
            "params": params,
            "calibration": None,
            "normal": None,
            "calibrator": None,
            "module": solution.module,
        }
        yield calibration.scores[calibration.fold == k], replace(solution, **bare)


def names_of(solution: Any) -> list[str]:
    """The columns that intervals add to a table of predictions."""
    if solution.classes:
        return [f"in set: {value}" for value in solution.classes]
    ends = ("lower", "upper")
    one = solution.single or solution.recipe.loss.levels
    return [*ends] if one else [f"{end}: {name}" for name in solution.targets for end in ends]


def columns_of(found: np.ndarray) -> Iterable[np.ndarray]:
    """The values of these columns."""
    if found.dtype == bool:
        return found.T
    ends = found[..., -2:]
    return ends.reshape(len(found), -1).T


# ── in a run ────────────────────────────────────────────────────────────────────────────────────────


def arrays_of(solution: Any) -> dict[str, np.ndarray]:
    """The arrays that a run stores in addition to the weights, by name."""
    found: dict[str, np.ndarray] = {}
    normal, calibration = solution.normal_theory, solution.calibration
    if normal is not None:
        found |= {"normal_unscaled": normal.unscaled, "normal_variance": normal.variance}
        found["normal_degrees"] = np.array(normal.degrees)
    if calibration is not None:
        found["calibration_scores"] = calibration.scores
        found["calibration_drawn"] = np.array([calibration.fraction, calibration.seed])
        if calibration.fold is not None:
            found |= {"calibration_fold": calibration.fold, "calibration_params": calibration.params}
    return found


def from_arrays(arrays: Any, weights: int, outputs: int) -> dict[str, Any]:
    """The fields of a Solution from them. Raises ValueError for what can not be."""
    found: dict[str, Any] = {}
    if "normal_unscaled" in arrays:
        unscaled, variance = arrays["normal_unscaled"], arrays["normal_variance"].astype(float)
        if unscaled.shape != (weights // outputs,) * 2 or variance.shape != (outputs,):
            raise ValueError(f"intervals of {weights} weights expected, {unscaled.shape} found")
        normal = NormalTheory(unscaled.astype(float), variance, float(arrays["normal_degrees"]))
        found["normal"] = _known(normal)
    if "calibration_scores" in arrays:
        scores = arrays["calibration_scores"].astype(float)
        fraction, seed = arrays["calibration_drawn"].astype(float).tolist()
        fold = params = None
        if "calibration_fold" in arrays:
            fold, params = arrays["calibration_fold"].astype(int), arrays["calibration_params"].astype(float)
            if fold.shape != scores.shape[:1] or params.shape[1:] != (weights,):
                raise ValueError(f"folds of {len(scores)} rows expected, {fold.shape} found")
        found["calibration"] = Calibration(scores, fraction, int(seed), fold, params)
    return found

"""A path: the minimisers at one alpha after another, each begun where the one before ended."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from .. import notebook, view
from ..arguments import a, door, number, truth
from ..data.statistics import SecondMoments
from ..descent.methods import CoordinateDescent
from ..errors import DownslopeError, DownslopeWarning
from ..kernels.threads import one_blas_thread
from ..messages import text
from ..model import losses, penalties
from ..model.class_weights import class_weights_of
from ..model.coordinates import MOMENTS, Coordinates
from ..model.linear import Linear
from ..model.objective import Objective, objective_of
from ..model.penalties import Penalty
from .minimisers import COUNT, RATIO, Minimisers, by_coordinates, kinked_alphas

SHOWN = 20  # alphas in a notebook
BY_ALPHA = ("alphas", "coef", "intercepts", "losses", "gaps", "epochs", "converged", "curve", "errors")


@dataclass(frozen=True, eq=False)
class Path:
    """m minimisers, in the order of their alphas, the largest first.

    `alphas` (m,); `coef` (m, d), of several outputs (m, d, k), and `intercepts` (m,) or (m, k), in the user's
    units; `losses` (m,) is F including the penalty; `gaps` (m,) is the duality gap, an upper bound on F − F*;
    `epochs` (m,) are minimisations over a working set, or passes; `converged` (m,) is whether the gap is
    at most `tol` times its unit.

    If alpha was chosen along the path (`alpha="cv"`): `curve` (m,) is the mean of `metric` over the folds,
    `errors` (m,) its standard error, `fold_scores` (K, m) those of each fold, `folds` (n,) the fold in
    which each row is a validation row, and `alpha` the choice of `rule`.
    """

    names: tuple[str, ...]
    alphas: np.ndarray
    coef: np.ndarray
    intercepts: np.ndarray
    losses: np.ndarray
    gaps: np.ndarray
    epochs: np.ndarray
    converged: np.ndarray
    penalty: str = "l1"
    penalty_on: str = "raw"
    rule: str = ""
    metric: str = ""
    higher: bool = False  # whether a higher score is a better one
    tried: int = 1  # penalties that were compared: ratios of an elastic net
    split: str = ""  # how rows were cut into folds
    curve: np.ndarray | None = None
    errors: np.ndarray | None = None
    fold_scores: np.ndarray | None = None
    fold_weights: np.ndarray | None = None  # (K,) of the rows of each fold
    folds: np.ndarray | None = None
    sampled: tuple[int, int] | None = None  # rows that chose alpha, and all of them, where those are more
    moments: SecondMoments | None = field(default=None, repr=False)  # of all rows, where they were found
    better_on: tuple[float, float] | None = None  # the best score on standardised columns, and its alpha

    def _repr_html_(self) -> str:
        """Every alpha, or some of many, with its weights, gap and score; the chosen one is named below."""
        places = np.unique(np.linspace(0, len(self.alphas) - 1, SHOWN).round().astype(int))
        rows = [["alpha", text("selection.html_nonzero"), "F", text("selection.html_gap")]]
        rows[0] += [] if self.curve is None else [self.metric]
        for k in places:
            row = [self.alphas[k], self.nonzero[k], self.losses[k], self.gaps[k]]
            row += [] if self.curve is None else [self.curve[k]]
            rows.append([f"{value:.6g}" for value in row])
        chosen = notebook.paragraph(f"{self.alpha:.6g}", strong=f"alpha ({self.rule})") if self.rule else ""
        return notebook.table(rows, heads=True) + chosen

    @property
    def nonzero(self) -> np.ndarray:
        """Number of non-zero weights.  (m,)"""
        return np.count_nonzero(self.coef.reshape(len(self.alphas), -1), axis=1)

    @cached_property
    def best(self) -> int:
        """The place of the best score; among equal ones that of the largest alpha."""
        return int(np.argmin(self._costs))

    @property
    def _costs(self) -> np.ndarray:
        if self.curve is None:
            raise DownslopeError("selection.no_choice")
        return np.where(np.isnan(self.curve), np.inf, -self.curve if self.higher else self.curve)

    @cached_property
    def chosen(self) -> int:
        """The place of the alpha that `rule` chooses."""
        return self._one_se if self.rule == "cv:1se" else self.best

    @cached_property
    def _one_se(self) -> int:
        if self.errors is None:
            raise DownslopeError("selection.no_errors", rule=self.rule)
        costs = self._costs
        return int(np.flatnonzero(costs <= costs[self.best] + self.errors[self.best])[0])

    @property
    def alpha(self) -> float:
        """The alpha chosen by `rule`: that of the best score, or `alpha_1se` for "cv:1se"."""
        return float(self.alphas[self.chosen])

    @property
    def alpha_1se(self) -> float:
        """The largest alpha whose score is within one standard error of the best.  Breiman et al. 1984."""
        return float(self.alphas[self._one_se])

    @property
    def at_edge(self) -> bool:
        """Whether the best score is at an end of the alphas, so that there may be a better one beyond."""
        return self.best in (0, len(self.alphas) - 1) and len(self.alphas) > 1

    def joined(self, further: Path) -> Path:
        """This path extended by one with smaller alphas."""
        found: dict[str, Any] = {}
        for name in BY_ALPHA:
            if getattr(self, name) is not None:
                found[name] = np.concatenate([getattr(self, name), getattr(further, name)])
        if self.fold_scores is not None and further.fold_scores is not None:
            found["fold_scores"] = np.hstack([self.fold_scores, further.fold_scores])
        return replace(self, **found)

    def notes(self) -> list[tuple[str, dict[str, Any]]]:
        """How alpha was chosen: keys of sentences and their facts."""
        assert self.curve is not None
        facts: dict[str, Any] = {"alpha": self.alpha, "score": float(self.curve[self.best])}
        if self.errors is None:
            found = [("selection.chosen_criterion", {**facts, "rule": self.rule})]
        else:
            facts |= {"folds": self.split, "metric": self.metric, "error": float(self.errors[self.best])}
            if self.rule == "cv:1se":
                found = [("selection.chosen_1se", {**facts, "best": float(self.alphas[self.best])})]
            else:
                found = [("selection.chosen", {**facts, "alpha_1se": self.alpha_1se})]
        if self.tried > 1:
            found.append(("selection.chosen_ratio", {"penalty": self.penalty}))
        if self.sampled is not None and self.sampled[0] < self.sampled[1]:
            some, rows = self.sampled
            found.append(("selection.chosen_on_sample", {"sampled": f"{some:,}", "rows": f"{rows:,}"}))
        if self.at_edge:
            ends = {"low": float(self.alphas[-1]), "high": float(self.alphas[0])}
            found.append(("selection.at_edge_low" if self.best else "selection.at_edge_high", ends))
        if self.better_on is not None:
            score, alpha = self.better_on
            found.append(("selection.better_on", {"metric": self.metric, "score": score, "alpha": alpha}))
        return found

    def plot(self, ax: Any = None) -> Any:
        """Plot the path; see `downslope.plots.path`. Returns the Axes."""
        return view("path")(self, ax)

    def to_frame(self):
        """A pandas DataFrame with one row per alpha and one column per weight."""
        import pandas as pd

        m = len(self.alphas)
        columns: dict[str, Any] = {"alpha": self.alphas, "loss": self.losses, "gap": self.gaps}
        if self.curve is not None:
            columns["score"] = self.curve
            columns["standard_error"] = np.full(m, np.nan) if self.errors is None else self.errors
        if self.coef.ndim == 2:
            columns["intercept"] = self.intercepts
        weights = pd.DataFrame(self.coef.reshape(m, -1), columns=list(self.names))
        return pd.concat([pd.DataFrame(columns), weights], axis=1)

    def to_json(self) -> dict[str, Any]:
        """How alpha was chosen, as plain numbers: rule, metric, folds, alphas, scores, standard errors."""
        scores = None if self.curve is None else self.curve.tolist()
        errors = None if self.errors is None else self.errors.tolist()
        chosen = {"alpha": self.alpha, "alpha_1se": None if errors is None else self.alpha_1se}
        asked = {"rule": self.rule, "metric": self.metric, "folds": self.split, "penalty": self.penalty}
        return {**asked, **chosen, "alphas": self.alphas.tolist(), "scores": scores, "errors": errors}


@door(dataset=a("Dataset"), eps=number(above=0, below=1), tol=number(least=0), intercept=truth)
@one_blas_thread()
def path(
    dataset,
    loss: Any = "squared",
    penalty: str | Penalty = "l1",
    alphas: int | Sequence[float] = COUNT,
    eps: float = RATIO,
    tol: float = 1e-6,
    intercept: bool = True,
    penalty_on: str = "raw",
    class_weights: str | Mapping[Any, float] | None = None,
) -> Path:
    """argmin f(w) + α·R(w) for one α after another, by coordinate descent from the last minimiser.

    dataset: rows with one target.  loss: any smooth loss.  penalty: "l1", "elasticnet:0.5", or "l2" with
    given alphas.  alphas: their number, from the smallest that leaves all weights at 0,
    α_max = maxⱼ |∂f/∂wⱼ|/l1 at the best constant prediction, down to eps·α_max; or the alphas themselves.
    tol: every gap is at most tol times F of the best constant prediction; otherwise a DownslopeWarning says
    so, and `Path.converged` shows the alphas.  penalty_on, class_weights: as in `Recipe`.

    The descent runs on a working set, which weights with the largest slopes join; for sparse rows also those
    selected by a sequential rule after Tibshirani et al. 2012. All slopes are checked before it ends. At
    alpha 0 there is no dual point for a gap; there the gradient must be below tol. Raises DownslopeError for
    a loss with a kink, several outputs, and invalid alphas.

    >>> import downslope as ds
    >>> rows = ds.Dataset.from_arrays([[1.0, 0.0], [2.0, 1.0], [3.0, 0.0]], [2.0, 4.0, 6.0])
    >>> found = ds.path(rows, alphas=3, eps=0.01)
    >>> found.alphas.round(3), found.coef.round(3) + 0.0
    (array([2.667, 0.267, 0.027]), array([[0.  , 0.  ],
           [1.8 , 0.  ],
           [1.98, 0.  ]]))
    """
    if penalty is None or (isinstance(penalty, str) and penalty == "none"):
        raise DownslopeError("selection.path_penalty", asked=penalty)
    unit = penalties.by_name(penalty.spec if isinstance(penalty, Penalty) else penalty, 1.0)
    loss = losses.by_name(loss)
    few = loss.quadratic and dataset.X.shape[1] <= MOMENTS
    asked = class_weights_of(class_weights)
    term = Linear(intercept).term(dataset, loss, gathered=few, class_weights=asked)
    F = objective_of(term, unit, penalty_on)
    CoordinateDescent().refuse_nonsense(F)
    if F.term.outputs > 1:
        raise DownslopeError("selection.path_outputs", outputs=F.term.outputs)
    found = _checked(alphas)
    at = Coordinates(F.term, F.term.null_theta, solves=100)
    if found is None:
        if not F.l1.any():
            raise DownslopeError("selection.path_no_end")
        if not 0 < eps < 1:
            raise DownslopeError("selection.path_eps", eps=eps)
        found = kinked_alphas(F, int(alphas), float(eps), at.gradient)  # type: ignore[arg-type]
    minimisers = by_coordinates(F, found, tol, at)
    if not minimisers.converged.all():
        _warn(found, minimisers.gaps, minimisers.converged, tol, F.null_value)
    about = {"penalty": unit.spec, "penalty_on": penalty_on}
    return path_of(minimisers, F, dataset.features, found, intercept, **about)


def path_of(
    found: Minimisers, objective: Objective, features: tuple[str, ...], alphas, intercept: bool, **about: Any
) -> Path:
    """A path of what was found, its weights by feature and output."""
    m, d, k = len(alphas), len(features), objective.term.outputs
    coef = found.params[:, : d * k].reshape(m, d, k)
    b = found.params[:, d * k :] if intercept else np.zeros((m, k))
    names = features if k == 1 else objective.names[: d * k]
    coef, b = (coef[:, :, 0], b[:, 0]) if k == 1 else (coef, b)
    gaps = np.maximum(found.gaps, 0.0)
    return Path(names, alphas, coef, b, found.losses, gaps, found.epochs, found.converged, **about)


def _warn(alphas, gaps, converged, tol: float, usual: float) -> None:
    """Say at which alphas the gap is larger than was asked for."""
    worst = int(np.where(converged, -np.inf, gaps).argmax())
    facts = {"count": int(np.sum(~converged)), "alphas": len(alphas), "alpha": float(alphas[worst])}
    relative = float(gaps[worst]) / (abs(usual) or 1.0)
    warnings.warn(text("selection.path_gap", tol=tol, gap=relative, **facts), DownslopeWarning, stacklevel=3)


def _checked(alphas) -> np.ndarray | None:
    """The alphas, the largest first, (m,); None where only their number is given."""
    given = np.asarray(alphas)
    if given.ndim:
        numbers = given.ndim == 1 and given.size and given.dtype.kind in "fiu"
        if not numbers or not np.isfinite(given).all() or given.min() < 0:
            raise DownslopeError("selection.path_alphas", found=alphas)
        return np.sort(given.astype(float))[::-1]
    if given.dtype.kind not in "iu" or given < 1:
        raise DownslopeError("selection.path_alphas", found=alphas)
    return None

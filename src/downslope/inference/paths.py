"""A path: the minimisers at one price α after another, each begun where the one before ended."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arguments import a, door, number, truth
from ..descent.methods import CoordinateDescent
from ..errors import DownslopeError, DownslopeWarning
from ..kernels.threads import one_blas_thread
from ..messages import text
from ..model import losses, penalties
from ..model.coordinates import MOMENTS, Coordinates
from ..model.l1_quadratic import priced
from ..model.linear import Linear
from ..model.objective import objective_of
from ..model.penalties import Penalty

ROUNDS = 200  # for one price


@dataclass(frozen=True, eq=False)
class Path:
    """m minimisers, in the order of their prices, the highest first.

    `alphas` (m,); `coef` (m, d) and `intercepts` (m,) in the user's units; `losses` (m,) is F, penalty and
    all; `gaps` (m,) is how far F may lie above its minimum, at most; `epochs` (m,) are rounds over a
    working set; `converged` (m,) is whether the gap is as small as `tol` asked for.
    """

    names: tuple[str, ...]
    alphas: np.ndarray
    coef: np.ndarray
    intercepts: np.ndarray
    losses: np.ndarray
    gaps: np.ndarray
    epochs: np.ndarray
    converged: np.ndarray

    @property
    def nonzero(self) -> np.ndarray:
        """How many weights are not 0.  (m,)"""
        return np.count_nonzero(self.coef, axis=1)

    def to_frame(self):
        """A pandas DataFrame: a row for each price, with the weights under their names."""
        import pandas as pd

        told = {"alpha": self.alphas, "loss": self.losses, "gap": self.gaps, "intercept": self.intercepts}
        return pd.concat([pd.DataFrame(told), pd.DataFrame(self.coef, columns=list(self.names))], axis=1)


@door(dataset=a("Dataset"), eps=number(above=0, below=1), tol=number(least=0), intercept=truth)
@one_blas_thread()
def path(
    dataset,
    loss: Any = "squared",
    penalty: str | Penalty = "l1",
    alphas: int | Sequence[float] = 100,
    eps: float = 1e-3,
    tol: float = 1e-6,
    intercept: bool = True,
    penalty_on: str = "raw",
) -> Path:
    """argmin f(w) + α·R(w) for one α after another, by coordinate descent from the last minimiser.

    dataset: rows with one target.  loss: any smooth one.  penalty: "l1", "elasticnet:0.5", or "l2" with
    alphas that are given.  alphas: how many, from the least that leaves all weights at 0,
    α_max = maxⱼ |∂f/∂wⱼ|/l1 at the best constant, down to eps·α_max; or the prices themselves.
    tol: every gap is at most tol times F of the best constant; a DownslopeWarning names the alphas where it
    is not, and `Path.converged` tells which they are.  penalty_on: as of `Recipe`.

    Only a working set is worked on: the weights that pull hardest join it, and of sparse rows those that a
    sequential rule after Tibshirani et al. 2012 foresees. All slopes are looked at before an end is called
    one. An alpha of 0 leaves nothing to prove a gap with: there the gradient must be below tol. Raises
    DownslopeError for a loss with a kink, several outputs, and prices that are none.

    >>> import downslope as ds
    >>> rows = ds.Dataset.from_arrays([[1.0, 0.0], [2.0, 1.0], [3.0, 0.0]], [2.0, 4.0, 6.0])
    >>> found = ds.path(rows, alphas=3, eps=0.01)
    >>> found.alphas.round(3), found.coef.round(3) + 0.0
    (array([2.667, 0.267, 0.027]), array([[0.  , 0.  ],
           [1.8 , 0.  ],
           [1.98, 0.  ]]))
    """
    if penalty is None or (isinstance(penalty, str) and penalty == "none"):
        raise DownslopeError("inference.path_penalty", asked=penalty)
    unit = penalties.by_name(penalty.spec if isinstance(penalty, Penalty) else penalty, 1.0)
    loss = losses.by_name(loss)
    few = loss.quadratic and dataset.X.shape[1] <= MOMENTS
    F = objective_of(Linear(intercept).term(dataset, loss, gathered=few), unit, penalty_on)
    CoordinateDescent().refuse_nonsense(F)
    if F.term.outputs > 1:
        raise DownslopeError("inference.path_outputs", outputs=F.term.outputs)
    at = Coordinates(F.term, F.term.null_theta, solves=100)
    l1, l2 = F.l1[: at.d], F.l2[: at.d]
    prices = _prices(alphas, eps, at, l1)
    allowed = tol * (F.null_value - at.infimum)
    thetas, values, gaps, epochs, converged = [], [], [], [], []
    last = prices[0]
    for alpha in prices:
        a1, a2 = alpha * l1, alpha * l2
        if F.quadratic and not F.term.dense:  # a column costs its own numbers, and no product with others
            at.extend_working_set(np.flatnonzero(np.abs(at.gradient[: at.d]) > 1.5 * a1 - 0.5 * last * l1))
        rounds, before = 0, np.inf
        while (gap := at.gap(a1, a2)) > allowed and rounds < ROUNDS:
            value = at.value + priced(at.theta[: at.d], a1, a2)
            if rounds > 2 and not value < before - 1e-15 * abs(before):  # no price, no proof; or rounding
                break
            before = value
            # the gap is about ‖u‖₁ times the hardest pull, which is next to α at the start
            size = float(np.abs(at.theta[: at.d]).sum()) or np.inf
            limit = min(allowed / size or np.inf, 1e-3 * float(a1.max())) * 0.3**rounds
            at.round(a1, a2, limit)
            rounds += 1
        thetas.append(F.to_user(at.theta))
        values.append(at.value + priced(at.theta[: at.d], a1, a2))
        gaps.append(gap)
        epochs.append(rounds)
        level = alpha == 0 and np.abs(at.gradient).max() <= tol * F.gradient_scale
        converged.append(level or gap <= allowed)
        last = alpha
    if not all(converged):
        _warn(prices, gaps, np.array(converged), tol, F.null_value)
    params = np.array(thetas)
    coef, b = params[:, : at.d], params[:, at.d] if intercept else np.zeros(len(params))
    proved = np.maximum(gaps, 0.0)
    return Path(
        dataset.features, prices, coef, b, np.array(values), proved, np.array(epochs), np.array(converged)
    )


def _warn(prices, gaps, converged, tol: float, usual: float) -> None:
    """Say at which alphas the gap is larger than was asked for."""
    worst = int(np.where(converged, -np.inf, gaps).argmax())
    facts = {"count": int(np.sum(~converged)), "alphas": len(prices), "alpha": float(prices[worst])}
    relative = float(gaps[worst]) / (abs(usual) or 1.0)
    warnings.warn(text("inference.path_gap", tol=tol, gap=relative, **facts), DownslopeWarning, stacklevel=3)


def _prices(alphas, eps: float, at: Coordinates, l1) -> np.ndarray:
    """The prices, the highest first.  (m,)"""
    given = np.asarray(alphas)
    if given.ndim:
        numbers = given.ndim == 1 and given.size and given.dtype.kind in "fiu"
        if not numbers or not np.isfinite(given).all() or given.min() < 0:
            raise DownslopeError("inference.path_alphas", found=alphas)
        return np.sort(given.astype(float))[::-1]
    if given.dtype.kind not in "iu" or given < 1:
        raise DownslopeError("inference.path_alphas", found=alphas)
    if not l1.any():
        raise DownslopeError("inference.path_no_end")
    if not 0 < eps < 1:
        raise DownslopeError("inference.path_eps", eps=eps)
    highest = float((np.abs(at.gradient[: at.d]) / l1).max())
    return highest * np.geomspace(1.0, float(eps), int(given))

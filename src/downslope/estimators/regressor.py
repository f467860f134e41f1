"""Numbers and counts, predicted."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from ..arguments import door
from ..data import Dataset
from ..model import losses
from ..selection.metrics import deviance_explained
from .base import Estimator, Linear, by_blocks, keep, stochastic


class Regressor(RegressorMixin, Estimator):
    """y of numbers, of one output or several."""

    labels: ClassVar[bool] = False
    axes: ClassVar[int] = 1

    @by_blocks
    @door()
    def predict(self, X) -> np.ndarray:
        """The mean at z:  z itself, or eᶻ for counts.  (n,), or (n, k) for several outputs."""
        z = self._scores(X)
        return self.solution_.recipe.loss.mean(z[:, 0] if z.ndim > 1 and self.solution_.single else z)

    def score(self, X, y, sample_weight=None) -> float:
        """R² of `predict(X)`; of several quantiles D² of the pinball loss, 1 − its mean over that of the
        quantiles of y.  Koenker & Machado 1999."""
        loss = losses.by_name(self.loss)
        if not loss.levels:
            return super().score(X, y, sample_weight)
        z, y = self.predict(X), np.asarray(y, dtype=float)
        Y = np.repeat(y[:, None], len(loss.levels), axis=1)
        return deviance_explained(loss, z, Y, sample_weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        loss = losses.find(self.loss)
        tags.target_tags.positive_only = loss is not None and loss.targets == "count"
        return tags

    def _dataset(self, X, y, sample_weight, goes_on=False) -> Dataset:
        X, y, sample_weight = self._checked(X, y, sample_weight, goes_on, multi_output=True, y_numeric=True)
        return self._finite(X, y, sample_weight)


class LinearRegressor(Regressor, Linear):
    """argmin over w, b of  Σᵢ sᵢ ℓ(xᵢ·w + b, yᵢ)/Σᵢ sᵢ + α·R(w).

    Parameters
    ----------
    loss : str or Loss, default="squared"
        "squared", "absolute", "huber:1.35", "quantile:0.9"; "poisson" for counts, whose mean is
        exp(x·w + b).
    penalty : str, Penalty or None, default=None
        "l2", "l1", "elasticnet:0.5". The intercept is never penalised.
    alpha : float or str, default=0.0
        The strength α of the penalty; without a penalty it has no effect. "cv" chooses it by
        cross-validation along a path of alphas, "cv:1se" takes the largest within one standard error of the
        best; "gcv", "aic" and "bic" need one fit of all rows; the default penalty is then "l2".
    method : str or Method, default="auto"
        "gd", "sgd", "minibatch:64", "adam", "lbfgs", "newton", "closed_form", …, or a method such as
        `downslope.Adam().with_rows(64)`. "auto" chooses one that suits the loss and the penalty.
    learning_rate : float, str or schedule, default="auto"
        "auto" computes it from the curvature, or uses a line search.
    epochs : int, default=1000
        Maximum number of epochs (passes over the rows).
    tol : float, default=1e-8
        Stops a full-batch descent when the gradient is below tol times its size at the null model.
    fit_intercept : bool, default=True
        Whether there is a b.
    scale : bool, default=True
        Whether the descent runs on standardised columns; the minimiser is the same.
    warm_start : bool, default=False
        Whether `fit` starts at the last `coef_` and `intercept_` instead of the null model. It is a new
        descent, as in scikit-learn: epochs, schedule, momentum and row order start again. `partial_fit`
        continues all of them.
    random_state : int, RandomState or None, default=None
        Determines the row order of stochastic methods; with None it differs in each fit.
    penalty_on : str, default="raw"
        Which weights are penalised: those of the columns as they are ("raw"), or those of standardised
        columns ("standardised", as in glmnet), so that the unit of a column has no effect.
    stop : str or Stop, default=None
        When to stop, instead of tol: "gap:1e-6", "no_progress:50", or several, "gap:1e-6 | seconds:10".
    folds : int or str, default=5
        How rows are split for alpha="cv": 10, "loo", "group:COLUMN", "time:COLUMN" or "time:COLUMN,gap:7".
    metric : str, default=None
        The metric that chooses alpha: "mse", "mae", "r2", "f1", "auc", "log_loss", …; None is the loss.

    Attributes
    ----------
    coef_ : ndarray (d,) or (k, d)
        Weights in the units of the columns; float32 if X was.
    intercept_ : float or ndarray (k,)
        The intercept; 0 without one.
    n_iter_ : int
        Number of epochs run.
    verdict_ : Verdict
        Why the descent ended, and what to do about it.
    trace_ : Trace
        The recorded steps of the descent; `trace_.plot()` draws them.
    alpha_ : float
        The α of the penalty, given or chosen.
    alpha_1se_ : float
        With alpha="cv": the largest α within one standard error of the best.
    path_ : Path or None
        If α was chosen: the minimisers along all alphas, and their scores.
    solution_ : Solution
        The complete result; `solution_.save(path)` saves it as a run.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of str
        Their names, if X had names that are all strings.

    Raises
    ------
    DownslopeError
        A ValueError: a parameter or the data is invalid; the message says what would work.

    Examples
    --------
    >>> import downslope as ds
    >>> model = ds.LinearRegressor().fit([[1.0], [2.0], [3.0]], [3.0, 5.0, 7.0])
    >>> model.coef_.round(6), round(float(model.intercept_), 6)
    (array([2.]), 1.0)
    >>> model.verdict_.code
    'converged'
    """

    other_losses: ClassVar[str] = "estimators.loss_for_classes"

    def __init__(
        self,
        loss="squared",
        penalty=None,
        alpha=0.0,
        method="auto",
        learning_rate="auto",
        epochs=1000,
        tol=1e-8,
        fit_intercept=True,
        scale=True,
        warm_start=False,
        random_state=None,
        penalty_on="raw",
        stop=None,
        folds=5,
        metric=None,
    ) -> None:
        keep(self, locals())

    @available_if(stochastic)
    @door()
    def partial_fit(self, X, y, sample_weight=None) -> LinearRegressor:
        """One pass over these rows, going on from the weights, momenta and schedule of the last one.

        For methods that look at some rows only: "sgd", "minibatch", or any on batches. The first call
        learns how columns are standardised, which is kept: let it have enough rows to tell.
        """
        begun = self._begun
        dataset = self._dataset(X, y, sample_weight, goes_on=begun)
        return self._keep(self._next_pass(dataset), dataset, goes_on=begun)

"""The scikit-learn door: Downslope's linear models as estimators.

An estimator holds no descent of its own: it makes a Dataset of what scikit-learn hands over, a Recipe
of its parameters, and keeps what the Training gives back under scikit-learn's names.
"""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from .data import Dataset
from .descent.methods import Method, by_name
from .errors import DownslopeError
from .inference import Recipe, Training
from .model.linear import param_names

# Ways to end that a user must be told of.
UNFINISHED = ("diverged", "unbounded", "epochs_exhausted", "rate_too_small", "interrupted")
FLOATS = (np.float64, np.float32)
KEPT = ("loss", "penalty", "method", "learning_rate", "epochs", "tol", "scale")  # by a Recipe


def _stochastic(estimator) -> bool:
    """Whether an update looks at some rows only, so that rows may come piece by piece."""
    if isinstance(estimator.method, str) and estimator.method == "auto":
        return False
    method = by_name(estimator.method)
    return isinstance(method, Method) and not method.full


class LinearRegressor(RegressorMixin, BaseEstimator):
    """argmin over w, b of  Σᵢ sᵢ ℓ(xᵢ·w + b, yᵢ)/Σᵢ sᵢ + α·R(w).

    Parameters
    ----------
    loss : str or Loss, default="squared"
        "squared", "absolute", "huber:1.35", "quantile:0.9".
    penalty : str, Penalty or None, default=None
        "l2", "l1", "elasticnet:0.5". The intercept is never penalised.
    alpha : float, default=0.0
        The price α of the penalty; without a penalty it says nothing.
    method : str or Method, default="auto"
        "gd", "sgd", "minibatch:64", "adam", "lbfgs", "newton", "closed_form", …, or a method such as
        `downslope.Adam().with_rows(64)`. "auto" takes the surest one for the loss and the penalty.
    learning_rate : float, str or schedule, default="auto"
        "auto" finds it from the curvature, or by a line search.
    epochs : int, default=1000
        Passes over the rows, at most.
    tol : float, default=1e-8
        Ends a full-batch descent once the gradient is below tol times its size at the null model.
    fit_intercept : bool, default=True
        Whether there is a b.
    scale : bool, default=True
        Whether the descent runs in standardised columns; the minimiser is the same.
    warm_start : bool, default=False
        Whether `fit` starts at the last `coef_` and `intercept_`, instead of 0.
    random_state : int, RandomState or None, default=None
        Decides the order of rows in stochastic methods; with None it differs from fit to fit.

    Attributes
    ----------
    coef_ : ndarray (d,) or (k, d)
        Weights in the units of the columns; float32 if X was.
    intercept_ : float or ndarray (k,)
        The intercept; 0 without one.
    n_iter_ : int
        Epochs that were run.
    verdict_ : Verdict
        Why the descent ended, and what to do about it.
    trace_ : Trace
        The log book of the descent; `trace_.plot()` draws it.
    solution_ : Solution
        All of it; `solution_.save(path)` keeps it as a run.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of str
        Their names, if X had names that are all strings.

    Raises
    ------
    DownslopeError
        A ValueError: a parameter or the data can not serve; the message says what would.

    Examples
    --------
    >>> import downslope as ds
    >>> model = ds.LinearRegressor().fit([[1.0], [2.0], [3.0]], [3.0, 5.0, 7.0])
    >>> model.coef_.round(6), round(float(model.intercept_), 6)
    (array([2.]), 1.0)
    >>> model.verdict_.code
    'solved'
    """

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
    ):
        self.loss = loss
        self.penalty = penalty
        self.alpha = alpha
        self.method = method
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.scale = scale
        self.warm_start = warm_start
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None) -> LinearRegressor:
        """Descend from 0, or from the last weights with `warm_start`, until a stop gives its reason.

        X (n, d): array, frame or sparse matrix. y: (n,) or (n, k). sample_weight (n,): a row of weight 2
        counts as two rows, one of weight 0 as none. Warns (ConvergenceWarning) with the verdict when the
        descent did not end at a minimum; the weights are finite all the same.
        """
        dataset = self._dataset(X, y, sample_weight, reset=True)
        recipe = self._recipe(self._drawn_seed(), self._start(dataset))
        return self._keep(Training.on_rows(dataset, recipe), dataset)

    @available_if(_stochastic)
    def partial_fit(self, X, y, sample_weight=None) -> LinearRegressor:
        """One pass over these rows, going on from the weights, momenta and schedule of the last one.

        For methods that look at some rows only: "sgd", "minibatch", or any on batches. The first call
        learns how columns are standardised, which is kept: let it have enough rows to tell.
        """
        begun = "_paused" in vars(self)
        dataset = self._dataset(X, y, sample_weight, reset=not begun)
        if not begun:
            return self._keep(Training.one_pass(dataset, self._recipe(self._drawn_seed())), dataset)
        outputs = len(self.solution_.targets)
        if len(dataset.targets) != outputs:
            raise DownslopeError("estimators.other_outputs", found=len(dataset.targets), needed=outputs)
        recipe = self._recipe(self.solution_.recipe.seed)
        return self._keep(Training.one_pass(dataset, recipe, self._paused), dataset, self.trace_)

    def predict(self, X) -> np.ndarray:
        """ŷ = X·w + b:  (n,), or (n, k) for several outputs."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=("csr", "csc"), dtype=FLOATS, reset=False)
        return np.asarray(X @ self.coef_.T) + self.intercept_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = True
        return tags

    # ---- from scikit-learn's nouns to the house's, and back -------------------------------------

    def _dataset(self, X, y, sample_weight, reset: bool) -> Dataset:
        X, y = validate_data(
            self, X, y, accept_sparse="csr", dtype=FLOATS, multi_output=True, y_numeric=True, reset=reset
        )
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        names = getattr(self, "feature_names_in_", None)
        return Dataset.from_arrays(X, y, sample_weight, names)

    def _recipe(self, seed: int, start=None) -> Recipe:
        settings = {name: value for name, value in self.get_params(deep=False).items() if name in KEPT}
        alpha = 0.0 if self.penalty is None else self.alpha
        return Recipe(**settings, alpha=alpha, intercept=self.fit_intercept, seed=seed, start=start)

    def _drawn_seed(self) -> int:
        random = check_random_state(self.random_state)
        return int(self.random_state if isinstance(self.random_state, Integral) else random.randint(2**31))

    def _start(self, dataset: Dataset) -> dict[str, float] | None:
        """The last weights by name, where a warm start asks for them."""
        if not (self.warm_start and "coef_" in vars(self)):
            return None
        assert dataset.y is not None
        needed = (*dataset.y.shape[1:], dataset.shape[1])
        if self.coef_.shape != needed:
            raise DownslopeError("estimators.warm_start_shape", found=self.coef_.shape, needed=needed)
        rows = np.atleast_2d(self.coef_).T  # (d, k)
        if self.fit_intercept:
            rows = np.vstack([rows, np.broadcast_to(self.intercept_, rows.shape[1:])])
        names = param_names(dataset.features, dataset.targets, self.fit_intercept)
        return dict(zip(names, rows.ravel().astype(float).tolist()))

    def _keep(self, training: Training, dataset: Dataset, earlier=None) -> LinearRegressor:
        solution = training.solution
        if earlier is not None:
            for step in solution.trace:
                earlier.append(step)
        dtype = dataset.X.dtype
        limit = np.finfo(dtype).max
        self.coef_ = np.clip(solution.coef.T, -limit, limit).astype(dtype)
        self.intercept_ = np.clip(solution.intercept, -limit, limit).astype(dtype)[()]
        self.n_iter_ = training.paused.end.epochs
        self.solution_: Any = solution
        self.verdict_ = solution.verdict
        self.trace_ = solution.trace if earlier is None else earlier
        self._paused = training.paused
        if self.verdict_.code in UNFINISHED:
            warnings.warn(str(self.verdict_), ConvergenceWarning, stacklevel=3)
        return self

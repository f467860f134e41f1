"""Small nets as scikit-learn estimators: a net where a linear estimator has X·w + b."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from ..arguments import check, door, number, truth
from ..data import Dataset
from ..descent import rates
from ..descent.methods import Method
from ..errors import DownslopeError
from ..inference import Recipe, Training
from ..inference.training import finished
from ..model import losses
from ..model.nets import Net
from .base import FLOATS, KEPT, LinearEstimator
from .classifier import LinearClassifier, _has_chances
from .regressor import LinearRegressor

OF_THE_RECIPE = (*KEPT, "batch_size", "patience")
OF_THE_NET = ("hidden", "activation", "dropout", "dtype", "device")


class NetEstimator(LinearEstimator):
    """z = net(X), fitted."""

    def __init__(
        self,
        hidden,
        activation,
        loss,
        dropout,
        penalty,
        alpha,
        method,
        learning_rate,
        epochs,
        tol,
        batch_size,
        scale,
        dtype,
        device,
        validation,
        patience,
        warm_start,
        random_state,
        penalty_on,
    ):
        self.hidden = hidden
        self.activation = activation
        self.loss = loss
        self.dropout = dropout
        self.penalty = penalty
        self.alpha = alpha
        self.method = method
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.tol = tol
        self.batch_size = batch_size
        self.scale = scale
        self.dtype = dtype
        self.device = device
        self.validation = validation
        self.patience = patience
        self.warm_start = warm_start
        self.random_state = random_state
        self.penalty_on = penalty_on

    @door()
    def fit(self, X, y, sample_weight=None) -> Self:
        """Descend from PyTorch's usual first weights, or from the last ones with `warm_start`, until a stop
        gives its reason.

        X (n, d): array, frame or sparse matrix, which is filled in. y (n,): numbers, or classes of any kind;
        several outputs (n, k) for a regressor. sample_weight (n,): a row of weight 2 counts as two rows, one
        of weight 0 as none. Warns (ConvergenceWarning) with the verdict when the descent failed, or when one
        on all rows had to end before it was at a minimum; the weights are finite all the same.
        """
        dataset = self._dataset(X, y, sample_weight)
        seed = self._drawn_seed()
        recipe = self._recipe(seed)  # refuses what can not serve, before a row is set aside
        rows, held_out = self._held_out(dataset, seed)
        training = Training.on_rows(rows, recipe, held_out)
        if self.warm_start and "solution_" in vars(self):
            training = Training.on_rows(rows, recipe.with_(start=self._last(training)), held_out)
        return self._keep(training, dataset)

    # ---- what differs from a linear estimator --------------------------------------------------------

    def _recipe(self, seed: int, start=None) -> Recipe:
        check(self, warm_start=truth, validation=number(least=0, below=1))
        params = self.get_params(deep=False)
        recipe = Recipe(
            **{name: params[name] for name in OF_THE_RECIPE},
            alpha=0.0 if self.penalty is None else self.alpha,
            seed=seed,
            net=Net(**{name: params[name] for name in OF_THE_NET}, seed=seed),
        )
        if recipe.loss.labels != self.labels:
            raise DownslopeError(self.other_losses, loss=recipe.loss.name)
        return recipe

    def _held_out(self, dataset: Dataset, seed: int) -> tuple[Dataset, Dataset | None]:
        """(training rows, rows held out): the same share of every class, none of which is held out whole."""
        if self.validation == 0:
            return dataset, None
        if not 0 < self.validation < 1:
            raise DownslopeError("data.split_fraction", fraction=self.validation)
        random = np.random.Generator(np.random.Philox(seed))
        groups: Any = dataset.y if dataset.classes else np.zeros(len(dataset))
        held = np.zeros(len(dataset), dtype=bool)
        for group in np.unique(groups):
            rows = random.permutation(np.flatnonzero(groups == group))
            held[rows[: int(self.validation * len(rows))]] = True
        if not held.any():
            raise DownslopeError("data.split_too_small", fraction=self.validation, rows=len(dataset))
        return dataset.take(~held), dataset.take(held)

    def _last(self, training: Training) -> dict[str, float]:
        """The last weights by name, for a net of the same make."""
        last, names = self.solution_, training.objective.names
        if last.names != names:
            raise DownslopeError("estimators.warm_start_net", found=len(last.names), needed=len(names))
        return dict(zip(names, last.params.tolist()))

    def _scores(self, X) -> np.ndarray:
        """z = net(X), (n, k)"""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=("csr", "csc"), dtype=FLOATS, reset=False)
        z = self.solution_.scores(X).reshape(X.shape[0], -1)
        limit = np.finfo(X.dtype).max
        return np.clip(z, -limit, limit).astype(X.dtype)

    def _keep(self, training: Training, dataset: Dataset, goes_on=False) -> Self:
        solution = finished(training, training)
        self.solution_: Any = solution
        self.n_iter_ = solution.epochs
        self.verdict_ = solution.verdict
        self.trace_ = solution.trace
        planned = self.verdict_.code == "epochs_exhausted" and _uses_all_epochs(training)
        if self.verdict_.unfinished and not planned:
            warnings.warn(str(self.verdict_), ConvergenceWarning, stacklevel=4)
        return self


def _uses_all_epochs(training: Training) -> bool:
    """Whether it is no failure to use all epochs: with drawn rows, and a schedule laid out over them."""
    method = training.method
    if not isinstance(method, Method):
        return False
    rate = rates.resolved(method, training.objective)
    return not method.full or method.direction.foreign or getattr(rate, "ends", False)


class NetClassifier(ClassifierMixin, NetEstimator):
    """argmin over θ of  Σᵢ sᵢ ℓ(net(xᵢ; θ), yᵢ)/Σᵢ sᵢ + α·R(W),  for y of two classes or many.

    Two classes have one z, above 0 for the second of `classes_`. K > 2 classes have K, of which the
    largest wins. It needs PyTorch: pip install 'downslope[torch]'.

    Parameters
    ----------
    hidden : tuple of int, default=(10,)
        Units of each hidden layer; () leaves a linear model.
    activation : str, default="sigmoid"
        "sigmoid", "tanh", "relu" or "gelu".
    loss : str or Loss, default="log"
        "log" (softmax: chances), "squared_hinge", "smoothed_hinge".
    dropout : float, default=0.0
        Share of the hidden units left out at each update; none is in prediction.
    penalty : str, Penalty or None, default=None
        "l2", "l1", "elasticnet:0.5", on the weights of all layers; biases are never penalised.
    alpha : float, default=0.0
        The price α of the penalty; without a penalty it says nothing.
    method : str, Method or callable, default="auto"
        "auto" is Adam on batches of 32; "gd", "minibatch:64", "lbfgs", …; a method such as
        `downslope.AdamW().with_rows(64)`; or what makes an optimizer of torch.optim of its parameters.
    learning_rate : float, str or schedule, default="auto"
        "auto" is, for Adam and its kin, a cosine that falls from 0.01 to 0 over all epochs; for "gd" and
        "lbfgs" a line search.
    epochs : int, default=200
        Passes over the rows, at most.
    tol : float, default=1e-6
        Ends a descent on all rows once the gradient is below tol times its size at the null model.
    batch_size : int or None, default=None
        Rows an update; None leaves the method its own.
    scale : bool, default=True
        Whether the descent runs in standardised columns.
    dtype : str, default="float32"
        "float32" or "float64": what the net is trained in. It predicts in float64, and gives what X is of.
    device : str, default="auto"
        "cpu", "cuda", …; "auto" takes a GPU if there is one and the work is worth it.
    validation : float, default=0.0
        Share of the rows, of every class, that is held out: their loss stands in `trace_`.
    patience : int or None, default=None
        Ends the descent after so many epochs without a better loss on the rows held out, and goes back to
        the weights that were best on them.
    class_weight : None, "balanced" or dict, default=None
        As for `LinearClassifier`.
    warm_start : bool, default=False
        Whether `fit` starts at the last weights. It is a new descent from there: epochs, schedule, momenta
        and the order of rows begin anew.
    random_state : int, RandomState or None, default=None
        Decides the first weights, the order of rows, dropout, and which rows are held out.
    penalty_on : str, default="raw"
        "raw" or "standardised": the columns and targets whose weights are penalised; see `LinearRegressor`.

    Attributes
    ----------
    classes_ : ndarray (K,)
        The classes, sorted; those of rows that weigh something.
    n_iter_, verdict_, trace_, solution_, n_features_in_, feature_names_in_
        As for `LinearRegressor`; `solution_.params` holds the weights, `solution_.names` their names.

    Raises
    ------
    DownslopeError
        A ValueError: a parameter or the data can not serve, or PyTorch is not installed.

    Examples
    --------
    >>> import downslope as ds
    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], ["same", "other", "other", "same"]
    >>> settings = {"activation": "tanh", "penalty": "l2", "alpha": 1e-3, "dtype": "float64"}
    >>> model = ds.NetClassifier(method="lbfgs", random_state=0, **settings)
    >>> model.fit(X, y).predict(X)
    array(['same', 'other', 'other', 'same'], dtype='<U5')
    """

    labels: ClassVar[bool] = True
    other_losses: ClassVar[str] = "estimators.net_loss_for_numbers"

    def __init__(
        self,
        hidden=(10,),
        activation="sigmoid",
        loss="log",
        dropout=0.0,
        penalty=None,
        alpha=0.0,
        method="auto",
        learning_rate="auto",
        epochs=200,
        tol=1e-6,
        batch_size=None,
        scale=True,
        dtype="float32",
        device="auto",
        validation=0.0,
        patience=None,
        class_weight=None,
        warm_start=False,
        random_state=None,
        penalty_on="raw",
    ):
        super().__init__(
            hidden, activation, loss, dropout, penalty, alpha, method, learning_rate, epochs, tol,
            batch_size, scale, dtype, device, validation, patience, warm_start, random_state, penalty_on,
        )  # fmt: skip
        self.class_weight = class_weight

    # What follows once z and the classes are known is what a linear classifier does with them.
    _dataset = LinearClassifier._dataset
    _weighted = LinearClassifier._weighted
    _factors = LinearClassifier._factors
    predict = LinearClassifier.predict

    @door()
    def decision_function(self, X) -> np.ndarray:
        """z = net(X):  (n,) for two classes, (n, K) for more."""
        z = self._scores(X)
        return z[:, 0] if z.shape[1] == 1 else z

    @available_if(_has_chances)
    @door()
    def predict_log_proba(self, X) -> np.ndarray:
        """log pₖ = zₖ − log Σⱼ eᶻʲ, (n, K), finite where pₖ itself is 0. Log loss only."""
        return LinearClassifier.predict_log_proba(self, X)

    @available_if(_has_chances)
    @door()
    def predict_proba(self, X) -> np.ndarray:
        """The chance of each class, (n, K), in the order of `classes_`. Log loss only."""
        return np.exp(self.predict_log_proba(X))


class NetRegressor(RegressorMixin, NetEstimator):
    """argmin over θ of  Σᵢ sᵢ ℓ(net(xᵢ; θ), yᵢ)/Σᵢ sᵢ + α·R(W).

    It needs PyTorch: pip install 'downslope[torch]'.

    Parameters
    ----------
    loss : str or Loss, default="squared"
        "squared", "absolute", "huber:1.35", "quantile:0.9"; "poisson" for counts, whose mean is exp(z).
    scale : bool, default=True
        Whether the descent runs in standardised columns, towards a standardised y; predictions are in its
        own units all the same.
    hidden, activation, dropout, penalty, alpha, method, learning_rate, epochs, tol, batch_size, dtype
        As for `NetClassifier`.
    device, validation, patience, warm_start, random_state, penalty_on
        As for `NetClassifier`.

    Attributes
    ----------
    n_iter_, verdict_, trace_, solution_, n_features_in_, feature_names_in_
        As for `NetClassifier`.

    Raises
    ------
    DownslopeError
        A ValueError: a parameter or the data can not serve, or PyTorch is not installed.

    Examples
    --------
    >>> import downslope as ds, numpy as np
    >>> x = np.linspace(0, 3, 40)[:, None]
    >>> model = ds.NetRegressor(activation="tanh", method="lbfgs", tol=1e-3, random_state=0)
    >>> model.fit(x, np.sin(x[:, 0])).predict([[1.5]]).round(1)    # sin 1.5 = 0.997
    array([1.])
    """

    labels: ClassVar[bool] = False
    other_losses: ClassVar[str] = "estimators.net_loss_for_classes"

    def __init__(
        self,
        hidden=(10,),
        activation="sigmoid",
        loss="squared",
        dropout=0.0,
        penalty=None,
        alpha=0.0,
        method="auto",
        learning_rate="auto",
        epochs=200,
        tol=1e-6,
        batch_size=None,
        scale=True,
        dtype="float32",
        device="auto",
        validation=0.0,
        patience=None,
        warm_start=False,
        random_state=None,
        penalty_on="raw",
    ):
        super().__init__(
            hidden, activation, loss, dropout, penalty, alpha, method, learning_rate, epochs, tol,
            batch_size, scale, dtype, device, validation, patience, warm_start, random_state, penalty_on,
        )  # fmt: skip

    _dataset = LinearRegressor._dataset

    @door()
    def predict(self, X) -> np.ndarray:
        """The mean at z = net(X):  z itself, or eᶻ for counts.  (n,), or (n, k) for several outputs."""
        z = self._scores(X)
        return self.solution_.recipe.loss.mean(z[:, 0] if self.solution_.single else z)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        loss = losses.find(self.loss)
        tags.target_tags.positive_only = loss is not None and loss.targets == "count"
        return tags

"""Small nets as scikit-learn estimators: a net where a linear estimator has X·w + b."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ..arguments import check, number
from ..data import Dataset
from ..descent import auto_rate
from ..errors import DownslopeError
from ..inference import Training
from ..inference.training import finished
from .base import FLOATS, Estimator, keep
from .classifier import Classifier
from .regressor import Regressor


class OfNet(Estimator):
    """z = net(X), fitted."""

    _door: ClassVar[str] = "net"

    def _training(self, dataset, seed: int) -> Training:
        check(self, validation=number(least=0, below=1))
        recipe = self._recipe(seed)  # refuses what cannot serve, before a row is set aside
        rows, held_out = self._held_out(dataset, seed)
        training = Training.on_rows(rows, recipe, held_out)
        if self.warm_start and "solution_" in vars(self):
            training = Training.on_rows(rows, recipe.with_(start=self._last(training)), held_out)
        return training

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

    def _keep(self, training: Training, dataset: Dataset, goes_on=False, steps=None) -> Self:
        solution = finished(training, steps or training)
        self.__dict__.update(self._fitted(solution, dataset))
        self.verdict_ = solution.verdict
        self.trace_ = solution.trace
        return self._warned(self.verdict_.code == "epochs_exhausted" and _uses_all_epochs(training))


def _uses_all_epochs(training: Training) -> bool:
    """Whether it is no failure to use all epochs: with drawn rows, and a schedule laid out over them."""
    method = training.method
    rate = auto_rate.resolved(method, training.objective)
    return not method.full or method.direction.external or getattr(rate, "ends", False)


class NetClassifier(ClassifierMixin, Classifier, OfNet):
    """argmin over θ of  Σᵢ sᵢ ℓ(net(xᵢ; θ), yᵢ)/Σᵢ sᵢ + α·R(W),  for y of two classes or many.

    Two classes have one z, above 0 for the second of `classes_`. K > 2 classes have K, and the largest
    is predicted. Needs PyTorch: pip install 'downslope[torch]'.

    Parameters
    ----------
    hidden : tuple of int, default=(10,)
        Number of units of each hidden layer; () is a linear model.
    activation : str, default="sigmoid"
        "sigmoid", "tanh", "relu" or "gelu".
    loss : str or Loss, default="log"
        "log" (softmax: probabilities), "squared_hinge", "smoothed_hinge".
    dropout : float, default=0.0
        Fraction of the hidden units dropped in each update; none in prediction.
    penalty : str, Penalty or None, default=None
        "l2", "l1", "elasticnet:0.5", on the weights of all layers; biases are never penalised.
    alpha : float, default=0.0
        The strength α of the penalty; without a penalty it has no effect.
    method : str, Method or callable, default="auto"
        "auto" is Adam on batches of 32; "gd", "minibatch:64", "lbfgs", …; a method such as
        `downslope.AdamW().with_rows(64)`; or a function from parameters to an optimizer of torch.optim.
    learning_rate : float, str or schedule, default="auto"
        "auto" is a cosine from 0.01 to 0 over all epochs for Adam and similar methods, and a line search
        for "gd" and "lbfgs".
    epochs : int, default=200
        Maximum number of epochs (passes over the rows).
    tol : float, default=1e-6
        Stops a descent on all rows when the gradient is below tol times its size at the null model.
    batch_size : int or None, default=None
        Rows per update; None is the default of the method.
    scale : bool, default=True
        Whether the descent runs on standardised columns.
    dtype : str, default="float32"
        "float32" or "float64" for training. Predictions are computed in float64 and have the dtype of X.
    device : str, default="auto"
        "cpu", "cuda", …; "auto" uses a GPU if there is one and the problem is large enough.
    validation : float, default=0.0
        Fraction of the rows (of every class) for validation; `trace_` has their loss.
    patience : int or None, default=None
        Stops after so many epochs without a better validation loss, or `metric`, and restores the weights
        that were best.
    class_weight : None, "balanced" or dict, default=None
        As for `LinearClassifier`.
    warm_start : bool, default=False
        Whether `fit` starts at the last weights. It is a new descent: epochs, schedule, momentum and row
        order start again.
    random_state : int, RandomState or None, default=None
        Determines the initial weights, the row order, dropout and the validation rows.
    penalty_on : str, default="raw"
        "raw" or "standardised": the columns and targets whose weights are penalised; see `LinearRegressor`.
    stop : str or Stop, default=None
        When to stop, instead of tol: "gradient:1e-4", or several, "no_progress:50 | seconds:10".
    metric : str, default=None
        The metric of the validation rows that `patience` stops by: "f1", "auc", "log_loss", …; None is the
        loss.
    threshold : float or str, default=None
        As for `LinearClassifier`; a rule trains a net for each of five folds.
    calibrate : {None, "platt", "isotonic"}, default=None
        As for `LinearClassifier`, likewise.

    Attributes
    ----------
    classes_ : ndarray (K,)
        The sorted classes of the rows with a weight above 0.
    n_iter_, verdict_, trace_, solution_, n_features_in_, feature_names_in_
        As for `LinearRegressor`; `solution_.params` holds the weights, `solution_.names` their names.

    Raises
    ------
    DownslopeError
        A ValueError: a parameter or the data is invalid, or PyTorch is not installed.

    Examples
    --------
    >>> import downslope as ds
    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], ["same", "other", "other", "same"]
    >>> settings = {"activation": "tanh", "penalty": "l2", "alpha": 1e-3, "dtype": "float64"}
    >>> model = ds.NetClassifier(method="lbfgs", random_state=0, **settings)
    >>> model.fit(X, y).predict(X)
    array(['same', 'other', 'other', 'same'], dtype='<U5')
    """

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
        stop=None,
        metric=None,
        threshold=None,
        calibrate=None,
    ) -> None:
        keep(self, locals())


class NetRegressor(Regressor, OfNet):
    """argmin over θ of  Σᵢ sᵢ ℓ(net(xᵢ; θ), yᵢ)/Σᵢ sᵢ + α·R(W).

    Needs PyTorch: pip install 'downslope[torch]'.

    Parameters
    ----------
    loss : str or Loss, default="squared"
        "squared", "absolute", "huber:1.35", "quantile:0.9"; "poisson" for counts, whose mean is exp(z).
    scale : bool, default=True
        Whether the descent runs on standardised columns and a standardised y; predictions are in the units
        of y in any case.
    hidden, activation, dropout, penalty, alpha, method, learning_rate, epochs, tol, batch_size, dtype
        As for `NetClassifier`.
    device, validation, patience, warm_start, random_state, penalty_on, stop, metric
        As for `NetClassifier`.

    Attributes
    ----------
    n_iter_, verdict_, trace_, solution_, n_features_in_, feature_names_in_
        As for `NetClassifier`.

    Raises
    ------
    DownslopeError
        A ValueError: a parameter or the data is invalid, or PyTorch is not installed.

    Examples
    --------
    >>> import downslope as ds, numpy as np
    >>> x = np.linspace(0, 3, 40)[:, None]
    >>> model = ds.NetRegressor(activation="tanh", method="lbfgs", tol=1e-3, random_state=0)
    >>> model.fit(x, np.sin(x[:, 0])).predict([[1.5]]).round(1)    # sin 1.5 = 0.997
    array([1.])
    """

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
        stop=None,
        metric=None,
    ) -> None:
        keep(self, locals())

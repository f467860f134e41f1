"""LinearClassifier: classes from linear scores, X·W + b."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets

from ..arguments import door, is_number
from ..data import Dataset
from ..errors import DownslopeError
from ..inference import Recipe
from ..model import losses
from ..model.class_weights import BALANCED
from .base import Estimator, Linear, by_blocks, keep, stochastic


def _has_chances(estimator) -> bool:
    """Whether the loss, or a calibration, makes a z a chance."""
    loss = losses.find(estimator.loss)
    return getattr(estimator, "calibrate", None) is not None or (loss is not None and loss.has_probabilities)


def _log_softmax(z: np.ndarray) -> np.ndarray:
    z = np.column_stack([np.zeros_like(z), z]) if z.ndim == 1 else z
    return z - np.logaddexp.reduce(z, axis=1, keepdims=True)


class Classifier(Estimator):
    """y of classes, of two or more."""

    labels: ClassVar[bool] = True
    axes: ClassVar[int] = 2
    classes_: np.ndarray

    @by_blocks
    @door()
    def decision_function(self, X) -> np.ndarray:
        """z:  (n,) for two classes, (n, K) for more."""
        z = self._scores(X)
        return z[:, 0] if z.shape[1] == 1 else z

    @by_blocks
    @door()
    def predict(self, X) -> np.ndarray:
        """The class of the largest z, (n,); with two classes, the second if z is above 0 or the threshold."""
        z = self.decision_function(X)
        return self.classes_[self.solution_.codes(z)]

    @available_if(_has_chances)
    @by_blocks
    @door()
    def predict_log_proba(self, X) -> np.ndarray:
        """log pₖ = zₖ − log Σⱼ eᶻʲ, (n, K), finite where pₖ itself is 0; or log of the calibrated chances.
        For the log loss, or with `calibrate`."""
        z = self.decision_function(X)
        if self.solution_.calibrator is not None:
            with np.errstate(divide="ignore"):  # an isotonic chance may be 0
                return np.log(self.solution_.chances(z))
        return _log_softmax(z)

    @available_if(_has_chances)
    @by_blocks
    @door()
    def predict_proba(self, X) -> np.ndarray:
        """The chance of each class, (n, K), in the order of `classes_`: log loss, or with `calibrate`."""
        z = self.decision_function(X)
        if self.solution_.calibrator is not None:
            return self.solution_.chances(z)
        return np.exp(_log_softmax(z))

    def _dataset(self, X, y, sample_weight, goes_on=False, classes=None) -> Dataset:
        """y as class numbers. `classes` None: those of the rows that weigh something."""
        X, y, s = self._checked(X, y, sample_weight, goes_on)
        check_classification_targets(y)
        if s is not None and 0 < np.count_nonzero(s) < len(s):
            X, y, s = X[s != 0], y[s != 0], s[s != 0]
        if isinstance(self.class_weight, Mapping):
            absent = [
                label for label, weight in self.class_weight.items() if is_number(weight) and weight == 0
            ]
            kept = ~np.isin(y, absent)
            X, y, s = (X, y, s) if kept.all() else (X[kept], y[kept], None if s is None else s[kept])
        if classes is None:
            classes = self.classes_ = np.unique(y)
        if len(classes) < 2:
            raise DownslopeError("data.one_class", column="y", value=classes[0])
        unseen = np.setdiff1d(y, classes)
        if len(unseen):
            known = ", ".join(map(str, classes))
            raise DownslopeError("data.unknown_class", value=unseen[0], column="y", known=known)
        dataset = self._finite(X, np.searchsorted(classes, y), s)
        return replace(dataset, classes=tuple(classes.tolist()))

    def _recipe(self, seed: int, **settings) -> Recipe:
        of_classes = {"threshold": self.threshold, "calibrate": self.calibrate}
        return super()._recipe(seed, class_weights=self._class_weights, **of_classes, **settings)

    @property
    def _class_weights(self) -> Any:
        """`class_weight` as a recipe has it."""
        asked, labels = self.class_weight, self.classes_.tolist()
        if asked is None or (isinstance(asked, str) and asked == BALANCED):
            return asked
        if not isinstance(asked, Mapping):
            raise DownslopeError("estimators.class_weight", found=asked)
        strange = [label for label, weight in asked.items() if label not in labels and weight != 0]
        if strange and not all(label in asked for label in labels):  # most likely a slip of the pen
            known = ", ".join(map(str, labels))
            raise DownslopeError("estimators.class_weight_label", found=strange[0], known=known)
        return {label: asked[label] for label in labels if label in asked} or None


class LinearClassifier(ClassifierMixin, Classifier, Linear):
    """argmin over w, b of  Σᵢ sᵢ ℓ(xᵢ·w + b, yᵢ)/Σᵢ sᵢ + α·R(w),  for y of two classes or many.

    Two classes have one z, above 0 for the second of `classes_`. K > 2 classes have K, and the largest
    is predicted: softmax regression with the log loss, one class against the rest with hinge losses.

    Parameters
    ----------
    loss : str or Loss, default="log"
        "log" (logistic and softmax regression: probabilities), "squared_hinge" (a linear support vector
        machine), "smoothed_hinge" (the same, robust to rows on the wrong side).
    penalty : str, Penalty or None, default="auto"
        "l2", "l1", "elasticnet:0.5"; None for none. The intercept is never penalised. Without a penalty, the
        log loss of linearly separable classes has no minimum: "auto" is no penalty where there is a minimum,
        else "l2" with alpha="cv:quick".
    alpha : float or str, default=0.0
        The strength α of the penalty; with penalty=None it has no effect. "cv" chooses it by
        cross-validation along a path of alphas, "cv:1se" takes the largest within one standard error of the
        best, "cv:quick" tries fewer alphas; "gcv" and "bic" need one fit of all rows, as does "aic"; the
        penalty is then "l2", if none is named. scikit-learn's C is 1/(n·α).
    method : str or Method, default="auto"
        "gd", "sgd", "minibatch:64", "adam", "lbfgs", "newton", …, or a method such as
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
    class_weight : None, "balanced" or dict, default=None
        Factors for the sample weights of each class; "balanced" gives all classes the same sum of weights
        and keeps the total. A class that is not in the dict has the factor 1.
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
    threshold : float or str, default=None
        Of two classes, the chance (without chances the score) above which the second is predicted, instead of
        0.5. "f1" and "cost:FN:FP" choose it on out-of-fold predictions: the best F1, or the least cost of
        missed rows of the second class and false alarms.
    calibrate : {None, "platt", "isotonic"}, default=None
        How scores become chances, fitted on out-of-fold predictions (`folds`): for chances that hold, and for
        hinge losses, which have none of their own.

    Attributes
    ----------
    classes_ : ndarray (K,)
        The sorted classes of the rows with a weight above 0.
    coef_ : ndarray (1, d) or (K, d)
        Weights in the units of the columns; float32 if X was.
    intercept_ : ndarray (1,) or (K,)
        The intercepts; 0 without any.
    n_iter_, verdict_, trace_, alpha_, alpha_1se_, path_, solution_, n_features_in_, feature_names_in_
        As for `LinearRegressor`.

    Raises
    ------
    DownslopeError
        A ValueError: a parameter or the data is invalid; the message says what would work.

    Examples
    --------
    >>> import downslope as ds
    >>> model = ds.LinearClassifier(penalty="l2", alpha=0.1)
    >>> model.fit([[1.0], [2.0], [3.0], [4.0]], ["ham", "ham", "spam", "spam"]).predict([[1.5], [9.0]])
    array(['ham', 'spam'], dtype='<U4')
    >>> model.predict_proba([[2.5]]).round(6), model.verdict_.code
    (array([[0.5, 0.5]]), 'converged')
    """

    other_losses: ClassVar[str] = "estimators.loss_for_numbers"

    def __init__(
        self,
        loss="log",
        penalty="auto",
        alpha=0.0,
        method="auto",
        learning_rate="auto",
        epochs=1000,
        tol=1e-8,
        fit_intercept=True,
        scale=True,
        class_weight=None,
        warm_start=False,
        random_state=None,
        penalty_on="raw",
        stop=None,
        folds=5,
        metric=None,
        threshold=None,
        calibrate=None,
    ) -> None:
        keep(self, locals())

    @available_if(stochastic)
    @door()
    def partial_fit(self, X, y, classes=None, sample_weight=None) -> LinearClassifier:
        """One pass over these rows, going on from the weights, momenta and schedule of the last one.

        `classes` are all that will ever come; the first call must have them, unless `fit` was called
        before. For methods that look at some rows only: "sgd", "minibatch", or any on batches. The first
        call learns how columns are standardised, which is kept: let it have enough rows to tell.
        """
        if isinstance(self.class_weight, str):
            raise DownslopeError("estimators.balanced_pieces")
        if isinstance(self.threshold, str):
            raise DownslopeError("estimators.threshold_pieces")
        if self.calibrate is not None:
            raise DownslopeError("estimators.calibrate_pieces")
        begun = self._begun
        if classes is not None:
            classes = np.unique(classes)
            if begun and not np.array_equal(classes, self.classes_):
                known = ", ".join(map(str, self.classes_))
                raise DownslopeError(
                    "estimators.other_classes", found=", ".join(map(str, classes)), known=known
                )
            self.classes_ = classes
        elif not begun:
            raise DownslopeError("estimators.classes_needed")
        dataset = self._dataset(X, y, sample_weight, goes_on=begun, classes=self.classes_)
        return self._keep(self._next_pass(dataset), dataset, goes_on=begun)

    def _rows_of(self, collection):
        classes, _, _ = collection.classes
        check_classification_targets(classes)
        if len(classes) < 2:
            raise DownslopeError("data.one_class", column="y", value=classes[0] if len(classes) else None)
        self.classes_ = classes
        return collection.rows(classes)

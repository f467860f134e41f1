"""What every estimator does: scikit-learn's nouns made ours, and back.

An estimator holds no descent of its own: it makes a Dataset of what scikit-learn hands over, a Recipe of its
parameters, and keeps what the Training gives back under scikit-learn's names. Each is composed of two parts:
what y holds (`Classifier`, `Regressor`) and what makes z of a row (`Linear`, `OfNet`).
"""

from __future__ import annotations

import copy
import math
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial, wraps
from numbers import Integral
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import assert_all_finite, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from ..arguments import as_numpy, check, door, is_number, truth
from ..data import Dataset
from ..descent.descend import Ended
from ..descent.methods import by_name
from ..descent.state import Result
from ..descent.stops import Reason
from ..descent.trace import Step, Trace
from ..environment import address
from ..errors import DownslopeError
from ..inference import Recipe, Solution, Training
from ..inference.table import NET, asked_at
from ..inference.training import finished
from ..model import losses
from ..model.naming import output_names, param_names
from ..model.nets import Net

Fit = TypeVar("Fit", bound=Callable)
try:
    from sklearn.callback import CallbackSupportMixin
    from sklearn.callback import with_callbacks as _with_callbacks
except ImportError:  # below scikit-learn 1.9
    _with_callbacks = None

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """No callbacks."""


def with_callbacks(method: Fit) -> Fit:
    """What scikit-learn's decorator makes of it, with the type of the method."""
    return method if _with_callbacks is None else _with_callbacks(method)


FLOATS = (np.float64, np.float32)


def held_by_dask(X: Any) -> bool:
    """Whether X is an array or a frame of Dask's; nothing is, where that was never imported."""
    return type(X).__module__.partition(".")[0] == "dask"


def by_blocks(method: Callable) -> Callable:
    """The method of an estimator, which makes a lazy array of Dask's arrays and frames, block by block, and
    with scikit-learn's `array_api_dispatch` numbers of the kind and on the device of X."""

    @wraps(method)
    def called(self, X):
        if not held_by_dask(X):
            rows = as_numpy(X)
            answer = method(self, rows)
            numeric = answer.dtype.kind in "biuf"
            if rows is X or not numeric or not get_config()["array_api_dispatch"]:
                return answer
            tensor = type(X).__module__ == "torch"
            namespace = sys.modules["torch"] if tensor else X.__array_namespace__()
            return namespace.asarray(answer, device=X.device)
        from ..cluster.collections import by_blocks

        check_is_fitted(self)
        light = copy.copy(self)  # goes to the workers, who only predict
        light.trace_ = light._paused = None
        light.solution_ = replace(
            self.solution_, trace=None, verdict=None, metrics={}, data_findings=(), normal=None, path=None
        )
        return by_blocks(partial(_of_block, light, method.__name__), X)

    return called


def _of_block(estimator: Any, method: str, X: Any) -> np.ndarray:
    """Named, as workers find functions by their names."""
    return getattr(estimator, method)(X)


def stochastic(estimator) -> bool:
    """Whether an update looks at some rows only, so that rows may come piece by piece."""
    if isinstance(estimator.method, str) and estimator.method == "auto":
        return False
    return not by_name(estimator.method).full


PARAMETERS = {
    "intercept": "fit_intercept",
    "seed": "random_state",
}  # settings that scikit-learn calls otherwise


def keep(estimator: Any, parameters: Mapping[str, Any]) -> None:
    """The parameters of an estimator under their names, as scikit-learn wants them: untouched."""
    vars(estimator).update({name: value for name, value in parameters.items() if name != "self"})


class Estimator(CallbackSupportMixin, BaseEstimator):
    """Rows of X and y to a Solution. Its parts say which rows there are and what makes z of them."""

    _door: ClassVar[str]  # at which the table of settings names its parameters
    labels: ClassVar[bool]  # whether y holds classes
    other_losses: ClassVar[str]  # the refusal of a loss for the other kind of y
    trace_: Trace

    @with_callbacks
    @door()
    def fit(self, X, y, sample_weight=None) -> Self:
        """Train from the null model or the initial weights of a net, or from the last weights with
        `warm_start`, until a stop condition holds.

        X (n, d): array, tensor, data frame or sparse matrix; for a linear model also a Dask array or frame,
        whose partitions are not moved. y (n,): numbers, or labels of any type; several outputs (n, k) for a
        regressor. sample_weight (n,): a row of weight 2 counts as two rows, one of weight 0 as none. Gives a
        ConvergenceWarning with the verdict if the descent did not end at a minimum; a net on batches, or with
        a schedule over all epochs, may use all of them. The weights are finite in any case.
        """
        task = None
        if "_skl_callbacks" in vars(self):
            weights = None if sample_weight is None else {"sample_weight": sample_weight}
            task = Task(self, {"X": X, "y": y, "metadata": weights})
        dataset = self._rows(X, y, sample_weight)
        training = self._training(dataset, self._drawn_seed())
        if task is None:
            return self._keep(training, dataset)
        self._keep(training, dataset, steps=task.epochs(training, dataset))
        task.end()
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    _doc_link_module = "downslope"

    @property
    def _doc_link_template(self) -> str:
        """The page of the reference, for the picture of an estimator in a notebook; none while the address of
        the site is a placeholder."""
        site = address("Documentation")
        return f"{site}en/api/{{estimator_name}}.html" if site and ".example/" not in site else ""

    # ---- for the parts ---------------------------------------------------------------------------------

    def _rows(self, X, y, sample_weight) -> Any:
        return self._dataset(X, y, sample_weight)

    def _dataset(self, X, y, sample_weight, goes_on=False) -> Dataset:
        raise NotImplementedError

    def _training(self, dataset, seed: int) -> Training:
        raise NotImplementedError

    def _keep(self, training: Training, dataset, goes_on=False, steps=None) -> Self:
        raise NotImplementedError

    def _fitted(self, solution: Solution, dataset) -> dict[str, Any]:
        """The attributes that predictions need."""
        return {"solution_": solution, "n_iter_": solution.epochs}

    def _checked(self, X, y, sample_weight, goes_on: bool, **of_y) -> tuple[Any, Any, Any]:
        """X, y and weights, as scikit-learn would have them; where all rows count, `_finite` looks at X."""
        weighted = sample_weight is not None or getattr(self, "class_weight", None) is not None
        how = {"accept_sparse": "csr", "dtype": FLOATS, "ensure_all_finite": weighted, **of_y}
        X, y, sample_weight = map(as_numpy, (X, y, sample_weight))
        X, y = validate_data(self, X, y, reset=not goes_on, **how)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        return X, y, sample_weight

    def _finite(self, X, y, sample_weight) -> Dataset:
        """The rows, which are looked at once; scikit-learn says what it says of NaN and infinity in X."""
        try:
            return Dataset.from_arrays(X, y, sample_weight, self._names())
        except DownslopeError:
            assert_all_finite(X, estimator_name=type(self).__name__, input_name="X")
            raise

    def _names(self) -> Any:
        """Those of the columns, if X had any."""
        return getattr(self, "feature_names_in_", None)

    def _recipe(self, seed: int, **settings) -> Recipe:
        """The recipe of the parameters, and `settings` over them."""
        check(self, warm_start=truth)
        params = self.get_params(deep=False)
        given = {row.name: params[PARAMETERS.get(row.name, row.name)] for row in asked_at(self._door)}
        net = {name: given.pop(name) for name in NET if name in given}
        if net:
            settings["net"] = Net(**net, seed=seed)
        if self.penalty is None and not isinstance(self.alpha, str):
            given["alpha"] = 0.0
        recipe = Recipe(**{**given, "seed": seed, **settings})
        if recipe.loss.labels != self.labels:
            raise DownslopeError(self.other_losses, loss=recipe.loss.name)
        return recipe

    def _drawn_seed(self) -> int:
        random = check_random_state(self.random_state)
        return int(self.random_state if isinstance(self.random_state, Integral) else random.randint(2**31))

    def _warned(self, planned: bool = False) -> Self:
        """A warning where the descent did not arrive, unless it was `planned` to end so."""
        planned = planned or self.solution_.stopped == "callback"
        if self.verdict_.unfinished and not planned:
            warnings.warn(str(self.verdict_), ConvergenceWarning, stacklevel=5)
        return self


class Task:
    """A fit that scikit-learn's callbacks observe: a task, and in it one for each epoch."""

    def __init__(self, estimator: Any, rows: dict[str, Any]):
        epochs = int(estimator.epochs) if is_number(estimator.epochs) else None
        self.known, self.begun = {"estimator": estimator, **rows}, 0
        self.context = estimator._init_callback_context(max_subtasks=epochs)
        self.context.call_on_fit_task_begin(**self.known)

    def epoch(self, **known) -> Any:
        """The task of the next epoch, begun."""
        if self.begun == self.context.max_subtasks:  # a method in stages may take more
            self.context.max_subtasks = None
        self.begun += 1
        return self.context.subcontext(task_name="epoch").call_on_fit_task_begin(**known)

    def epochs(self, training: Training, dataset) -> Iterator[Step]:
        """The steps of a training. Callbacks see the estimator as if the descent had ended where it stands,
        and it ends there if one of them asks for it."""
        descent, estimator = training.descent, self.known["estimator"]
        params, value, done = training.trace.start, math.nan, 0

        def fitted() -> dict[str, Any]:
            best = params if descent.best is None else descent.best
            end = descent.result or Result(Reason("callback"), best, value, done, math.nan)
            return estimator._fitted(training.solution_at(end, None), dataset)

        known = {**self.known, "reconstruction_attributes": fitted}
        task = self.epoch(**known)
        for step in training:
            task = task or self.epoch(**known)
            yield step
            params, value, done = step.params, step.best_known_loss, step.epoch + 1
            if descent.updates is None:  # in the middle of an epoch
                continue
            if task.call_on_fit_task_end(**known):
                training.interrupt(Ended("callback"))
            over = descent.result or descent.reason  # of a stage at least
            task = None if over else self.epoch(**known)
        if task is not None:
            task.call_on_fit_task_end(**known)

    def end(self) -> None:
        estimator = self.known["estimator"]
        self.context.call_on_fit_task_end(reconstruction_attributes=lambda: vars(estimator), **self.known)


class Linear(Estimator):
    """z = X·w + b, fitted."""

    _door: ClassVar[str] = "linear"
    axes: ClassVar[int]  # of coef_, at least; the intercept has one less

    def _rows(self, X, y, sample_weight) -> Any:
        """A Dataset, or rows on a cluster of an array or a frame of Dask's."""
        if not held_by_dask(X):
            return self._dataset(X, y, sample_weight)
        from ..cluster.collections import Collection

        collection = Collection.of(X, y, sample_weight)
        self.n_features_in_ = collection.columns
        if hasattr(self, "feature_names_in_"):
            delattr(self, "feature_names_in_")
        if collection.names is not None:
            self.feature_names_in_: Any = np.array(collection.names, dtype=object)
        return self._rows_of(collection)

    def _rows_of(self, collection: Any) -> Any:
        return collection.rows()

    def _training(self, dataset, seed: int) -> Training:
        return Training.on_rows(dataset, self._recipe(seed, start=self._start(dataset)))

    @property
    def _begun(self) -> bool:
        """Whether there is a descent to go on with."""
        return "_paused" in vars(self)

    def _scores(self, X) -> np.ndarray:
        """z = X·w + b"""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=("csr", "csc"), dtype=FLOATS, reset=False)
        return np.asarray(X @ self.coef_.T) + self.intercept_

    def _next_pass(self, dataset: Dataset) -> Training:
        """The first pass over rows that come piece by piece, or the one that goes on from the last."""
        if not self._begun:
            return Training.one_pass(dataset, self._recipe(self._drawn_seed()))
        outputs = len(self.solution_.targets)
        if len(dataset.targets) != outputs:
            raise DownslopeError("estimators.other_outputs", found=len(dataset.targets), needed=outputs)
        return Training.one_pass(dataset, self._recipe(self.solution_.recipe.seed), self._paused)

    def _start(self, dataset: Dataset) -> dict[str, float] | None:
        """The last weights by name, where a warm start asks for them."""
        check(self, warm_start=truth)
        if not (self.warm_start and "coef_" in vars(self)):
            return None
        loss = losses.by_name(self.loss)
        outputs = output_names(dataset, loss)
        flat = self.axes == 1 and dataset.single and not loss.levels
        needed = (dataset.shape[1],) if flat else (len(outputs), dataset.shape[1])
        if np.shape(self.coef_) != needed:
            raise DownslopeError("estimators.warm_start_shape", found=np.shape(self.coef_), needed=needed)
        rows = np.atleast_2d(self.coef_).T  # (d, k)
        if self.fit_intercept:
            rows = np.vstack([rows, np.broadcast_to(self.intercept_, rows.shape[1:])])
        names = param_names(dataset.features, outputs, self.fit_intercept)
        return dict(zip(names, rows.ravel().astype(float).tolist()))

    def _fitted(self, solution, dataset):
        kind = dataset.sample.X.dtype
        limit = np.finfo(kind).max

        def as_attribute(weights, axes):
            return np.array(np.clip(weights, -limit, limit), kind, ndmin=axes)[()]

        weights = {"coef_": as_attribute(solution.coef.T, self.axes)}
        weights["intercept_"] = as_attribute(solution.intercept, self.axes - 1)
        return super()._fitted(solution, dataset) | weights

    def _keep(self, training: Training, dataset: Dataset, goes_on=False, steps=None) -> Self:
        solution = finished(training, steps or training)
        solution = replace(solution, metrics={})  # it keeps no rows: `score` works out metrics, of any
        self.__dict__.update(self._fitted(solution, dataset))
        self.n_iter_ = training.paused.end.epochs
        self.verdict_ = solution.verdict
        self.alpha_, self.path_ = solution.recipe.alpha, solution.path
        if solution.path is not None and solution.path.errors is not None:
            self.alpha_1se_ = solution.path.alpha_1se
        if goes_on:
            for step in solution.trace:
                self.trace_.append(step)
        else:
            self.trace_ = solution.trace
        self._paused = training.paused
        return self._warned()

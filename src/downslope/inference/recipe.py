"""Recipe: all settings of a training, the same in Python, the estimators, the command line and every run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ..arguments import is_number
from ..data import Dataset
from ..data.partitioned import PartitionedDataset
from ..data.statistics import SecondMoments
from ..descent import auto_rate, methods, stops
from ..descent.descend import descend
from ..descent.directions import DIRECTIONS, Adagrad, Adam, RMSprop
from ..descent.methods import AnyMethod, ClosedForm, CoordinateDescent, Method
from ..descent.stops import Epochs, Gap, Gradient, NoProgress, Seconds, Settled, Stop, Validation
from ..errors import DownslopeError, nearest
from ..kernels.threads import one_blas_thread
from ..model import losses, penalties
from ..model.class_weights import class_weighted, class_weights_of
from ..model.coordinates import MOMENTS
from ..model.linear import WIDE, Linear
from ..model.nets import Net, module_term
from ..model.objective import Objective, objective_of
from ..model.penalties import Penalty
from ..selection import Choice, FoldSpec, Path, check_rule
from ..selection.metrics import metric_of
from ..settings import arguments, check_settings
from .automatic import chosen
from .calibrating import calibration_of
from .deciding import threshold_of
from .metrics import StopScore
from .table import RECIPE, RecipeSettings
from .torch_optimizer import TorchOptimizer, is_foreign

DECIDING = ("threshold", "calibrate")  # settings of what is decided after the fit
RATIO_TOO = "elasticnet:cv"
AUTO = "auto"  # no penalty where there is a minimum without one, else L2 with its alpha by cross-validation
WORTH_GATHERING = 100_000  # numbers in X from which one pass for moments and scaling pays


@dataclass(frozen=True)
class Recipe(RecipeSettings):
    """What to minimise and how. Losses, penalties and methods may be strings: loss="huber:1.35",
    penalty="elasticnet:0.3", method="momentum:0.95"; or objects.

    `tol` stops a descent when no weight can be improved: stationarity ≤ tol · (size of a slope at the null
    model); None, for a function: when its value no longer changes. `start` maps weights to numbers in
    the user's units; other weights start at 0. `seconds` and `patience` (epochs without a better validation
    loss) also stop it, if given. `stop`, such as "gap:1e-6 | seconds:10" or a Stop, replaces `tol`.

    >>> Recipe(loss="huber", method="newton").method_for(None).name
    'newton'
    """

    def __post_init__(self):
        check_settings(self)
        object.__setattr__(self, "loss", losses.by_name(self.loss))
        object.__setattr__(self, "penalty", self._penalty())
        object.__setattr__(self, "alpha", self.rule or self.penalty.alpha)
        object.__setattr__(self, "method", method_of(self.method))
        penalties.on_standardised(self.penalty_on, self.scale)
        object.__setattr__(self, "stop", None if self.stop is None else stops.by_name(self.stop))
        object.__setattr__(self, "threshold", threshold_of(self.threshold))
        object.__setattr__(self, "calibrate", calibration_of(self.calibrate))
        object.__setattr__(self, "class_weights", class_weights_of(self.class_weights))
        if self.metric is not None:
            metric_of(self.metric)
        Epochs(self.epochs)  # refuses what is no number of epochs
        if not (is_number(self.learning_rate) and self.learning_rate > 0):  # a number stays as it is
            object.__setattr__(self, "learning_rate", methods.rate_of(self.learning_rate))

    def _penalty(self) -> Penalty:
        """The penalty at its alpha, or at 1 where alpha is still to be found: L2, where none is named."""
        name = self.penalty if isinstance(self.penalty, str) else getattr(self.penalty, "name", "")
        ratio = name == RATIO_TOO
        if not isinstance(self.alpha, str):
            if ratio:
                raise DownslopeError("selection.ratio_number")
            if name == AUTO:
                if self.alpha:
                    raise DownslopeError("selection.auto_alpha", alpha=self.alpha)
                return Penalty(AUTO, 0.0, 0.0, 0.0)
            return penalties.by_name(self.penalty, self.alpha)
        check_rule(self.alpha)
        FoldSpec.of(self.folds)
        if ratio:
            if not self.alpha.startswith("cv"):
                raise DownslopeError("selection.ratio_rule", rule=self.alpha)
            return Penalty(RATIO_TOO, 1.0, 0.5, 0.5)
        if self.penalty == "none" or getattr(self.penalty, "name", "") == "none":
            raise DownslopeError("selection.no_penalty", rule=self.alpha)
        named = getattr(self.penalty, "spec", self.penalty)
        return penalties.by_name("l2" if named in (None, AUTO) else named, 1.0)

    @property
    def rule(self) -> str | None:
        """The rule that chooses alpha; None if alpha is a number."""
        return self.alpha if isinstance(self.alpha, str) else None

    @property
    def undecided(self) -> Recipe:
        """Without what is decided on out-of-fold predictions, for the fits that make them."""
        metric = self.metric if self.rule or self.stops_early else None
        return self.with_(metric=metric, **dict.fromkeys(DECIDING))

    @one_blas_thread()
    def path(self, dataset, module=None) -> Path:
        """The path along which the alpha of a linear model is chosen."""
        if module is not None or self.net is not None:
            raise DownslopeError("selection.linear_only", rule=self.rule)
        return self.choice().path(dataset)

    def choice(self) -> Choice:
        """What chooses the alpha of a linear model, if this recipe does not give it."""
        return Choice(
            rule=self.rule or "",
            loss=self.loss,
            penalty=self.penalty.spec,
            penalty_on=self.penalty_on,
            solve=self._solved,
            folds=FoldSpec.of(self.folds),
            metric=self.metric,
            intercept=self.intercept,
            both=self.scale,
            seed=self.seed,
            class_weights=self.class_weights,
        )

    def _solved(self, objective: Objective, start: np.ndarray | None) -> Any:
        """How a descent of an objective by these settings ends, from a start in the user's units."""
        method = self.method_for(objective)
        begin = self.start_for(method, objective) if start is None else start
        descent = descend(objective, begin, method, self.stop_for(method, objective), seed=self.seed)
        for _ in descent:
            pass
        return descent.result

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Recipe:
        """A recipe from settings by name; an unknown one is refused, with the nearest known name."""
        for name in settings:
            if name not in RECIPE:
                raise DownslopeError("inference.unknown_setting", asked=name, known=nearest(name, RECIPE))
        return cls(**settings)

    @classmethod
    def for_rows(cls, rows, settings: Mapping[str, Any], module=None) -> Recipe:
        """A recipe from settings by name; what they leave open follows from the target, see `suited`."""
        return cls.of(settings).suited(rows, settings, module)

    def suited(self, rows, given: Collection[str], module=None) -> Recipe:
        """This recipe with what the target asks for where `given` does not name it: log for the loss of
        classes, and for the penalty of a linear model of classes "auto"."""
        recipe = self
        if "loss" not in given and any(getattr(rows, name, False) for name in ("classes", "boolean_target")):
            recipe = recipe.with_(loss="log")
        linear = recipe.net is None and module is None
        if recipe.loss.labels and linear and not {"penalty", "alpha"} & {*given}:
            recipe = recipe.with_(penalty=AUTO)
        return recipe

    def term(self, dataset, module=None, moments: SecondMoments | None = None):
        """The mean loss over the rows: of a linear model, of `net`, or of your own PyTorch module.
        moments: the second moments of the rows, if they are known."""
        if module is not None:
            return module_term(module, self.weighted(dataset), self.loss, self.seed)
        if self.net is not None:
            return self.net.term(self.weighted(dataset), self.loss, self.scale)
        passes = self.epochs if self._draws else 0
        gathered = self._gathers(dataset) and (moments or True)
        model = Linear(self.intercept, self.scale)
        return model.term(dataset, self.loss, gathered, passes, self.class_weights)

    def weighted(self, rows, like=None):
        """Rows in memory with their weights times the class weights: "balanced" by those of `like`."""
        return class_weighted(rows, self.class_weights, self.loss, like)

    def over_validation(self, objective: Objective, held_out, dataset) -> Objective | None:
        """The objective of the rows of `dataset` over validation rows, if there are any."""
        if held_out is None:
            return None
        found = replace(objective, term=objective.term.on(self.weighted(held_out, dataset)))
        if self.metric is None or not self.stops_early:
            return found
        return replace(found, stop_score=StopScore.of(self.metric, self.loss, objective, held_out))

    @property
    def stops_early(self) -> bool:
        """Whether validation rows end the descent."""
        stops = () if self.stop is None else self.stop.parts()
        return self.patience is not None or any(isinstance(part, Validation) for part in stops)

    def objective(self, dataset, module=None, moments: SecondMoments | None = None) -> Objective:
        """F over the rows of a Dataset, a Stream or a Dask collection."""
        return self.priced(self.term(dataset, module, moments), module)

    def priced(self, term, module=None) -> Objective:
        """F: the term of this model plus the penalty."""
        penalty = penalties.none() if self.penalty.name == AUTO else self.penalty
        return objective_of(term, penalty, self.penalty_on, self.scale and module is None)

    @property
    def _draws(self) -> bool:
        """Whether its updates look at some rows."""
        full = self.method == "auto" or self.method.full
        return not full or self.batch_size is not None or self.order is not None

    def _gathers(self, dataset) -> bool:
        """Whether the descent will run on the second moments of the rows, or its answer be read from them."""
        rows, columns = dataset.shape
        most = MOMENTS if self.penalty.nonsmooth else WIDE  # beyond, coordinate descent asks of a few columns
        if not self.loss.quadratic or columns > most or rows * columns < WORTH_GATHERING:
            return False
        if self.method == "auto" or isinstance(self.method, Method):
            return not self._draws
        return isinstance(self.method, ClosedForm | CoordinateDescent)

    def method_for(self, objective) -> AnyMethod:
        """The method, with "auto" resolved and rows and learning rate filled in."""
        method = chosen(objective, self)[0] if self.method == "auto" else self.method
        method = method.with_rows(self.batch_size, self.order).with_rate(self.learning_rate)
        adaptive = isinstance(method.direction, Adagrad | RMSprop | Adam)
        if adaptive and self.scale and (self.net is not None or objective.linear_rows):
            return auto_rate.in_units(method, objective)
        return method

    def stop_for(self, method: AnyMethod, objective) -> Stop:
        """The stop condition: epochs, and the other conditions that apply."""
        stop: Stop = Epochs(self.epochs)
        if self.seconds is not None:
            stop = stop | Seconds(self.seconds)
        if self.patience is not None:
            stop = stop | Validation(self.patience)
        if self.stop is not None:
            return self.stop | stop
        if method.at_once or self.tol == 0:
            return stop
        if self.tol is None and method.searches_for(objective):
            return stop | Settled()  # a function, whose gradient has no size that is usual
        if method.full:
            stop = Gradient(1e-10 if self.tol is None else self.tol) | stop
        if isinstance(method, CoordinateDescent):
            return stop | NoProgress(patience=10)
        laid_out = getattr(auto_rate.resolved(method, objective), "ends", False)  # its best comes at its end
        if laid_out or method.direction.external:  # or may do so, for all that is known
            return stop
        beta = getattr(method.direction, "beta", 0.0)
        inertia = 1.0 if beta == "auto" else 1 / (1 - beta)  # what rolls passes a low point and comes back
        patience = round(30 * inertia) if method.full else 100  # drawn rows find a new low now and then
        return stop | NoProgress(patience=patience)

    @property
    def tolerance(self) -> float | None:
        """How small a gradient or a gap, relative to the null model, counts as zero."""
        if self.stop is None:
            return self.tol
        return max((part.tol for part in self.stop.parts() if isinstance(part, Gradient | Gap)), default=None)

    def without_code(self) -> Recipe:
        """The same recipe with plain descent instead of an optimizer of torch.optim, which is code."""
        foreign = self.method != "auto" and self.method.direction.external
        return self.with_(method=Method(self.method.rows)) if foreign else self

    def start_for(self, method: AnyMethod, objective: Objective) -> np.ndarray:
        """Zeros, or the initial weights of a net, except those named in the recipe. If columns are scaled
        and no weight is named, the intercept starts at the best constant prediction, so that a descent need
        not find the level of y first. Its gradient there is only rounding error, from which directions that
        divide by the size of the gradient would make a full step: for those it starts at 0."""
        adaptive = isinstance(method.direction, Adagrad | RMSprop | Adam)
        start = np.zeros(objective.size)
        if objective.term.start is not None:
            start = objective.to_user(objective.term.start)
        elif self.scale and self.start is None and not (adaptive and method.full):
            return objective.to_user(objective.term.null_theta)
        given: Mapping[str, float] = self.start or {}
        places = {name: j for j, name in enumerate(objective.names)} if given else {}
        for name, value in given.items():
            if name not in places:
                raise DownslopeError("inference.start_name", asked=name, known=nearest(name, objective.names))
            if not np.isfinite(value):
                raise DownslopeError("inference.start_value", name=name, value=value)
            start[places[name]] = value
        return start

    def to_json(self) -> dict[str, Any]:
        """Plain data, which `from_json` reads. Raises DownslopeError for an optimizer of torch.optim,
        which is code."""
        if self.without_code() is not self:
            raise DownslopeError("inference.optimizer_kept")
        if isinstance(self.method, Method) and type(self.method.direction) not in DIRECTIONS.values():
            raise DownslopeError("inference.direction_kept", name=type(self.method.direction).__name__)
        folded = self.rule or self.calibrate or isinstance(self.threshold, str)
        over = {"folds": not folded, "metric": not (self.rule or self.stops_early)}
        fields = {name: getattr(self, name) for name in RECIPE if not over.get(name)}
        plain = lambda value: value.item() if isinstance(value, np.generic) else value
        fields = {name: plain(value) for name, value in fields.items()}
        for name in (*DECIDING, "class_weights"):
            if fields[name] is None:
                del fields[name]  # as in runs that were made without it
        fields["loss"], fields["penalty"] = self.loss.spec, self.penalty.spec
        fields["net"] = None if self.net is None else {**asdict(self.net), "hidden": list(self.net.hidden)}
        if self.stop is None:
            del fields["stop"]  # runs that were made without it have none
        else:
            fields["stop"] = stops.spec_of(self.stop)
        fields["start"] = dict(self.start) if self.start is not None else None
        if self.order is not None and not isinstance(self.order, str):
            fields["order"] = list(self.order)
        if self.method != "auto":
            fields["method"] = self.method.to_json()
        if not isinstance(self.learning_rate, str | int | float):
            fields["learning_rate"] = Method(learning_rate=self.learning_rate).to_json()["learning_rate"]
        return fields

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Recipe:
        """The recipe that `to_json` wrote."""
        settings = dict(told)
        if settings["method"] != "auto":
            settings["method"] = methods.from_json(settings["method"])
        if isinstance(settings["learning_rate"], Mapping):
            settings["learning_rate"] = methods.rate_from_json(settings["learning_rate"])
        if settings["net"] is not None:
            settings["net"] = Net(**settings["net"])
        return cls(**settings)

    def in_python(self, *always: str) -> str:
        """The settings that are not the usual ones, and those named, as arguments of `fit` or `minimize`.

        >>> Recipe(method="sgd", alpha=0.1, penalty="l2").in_python("epochs")
        'penalty="l2", alpha=0.1, method=ds.Method(rows=ds.Batch(size=1)), epochs=1000'
        """
        values = {name: getattr(self, name) for name in RECIPE}
        values |= {"loss": self.loss.spec, "penalty": self.penalty.spec or None}
        values["stop"] = None if self.stop is None else stops.spec_of(self.stop)
        usual = {name: row.default for name, row in RECIPE.items()}
        return arguments({n: v for n, v in values.items() if n in always or v != usual[n]})

    def with_(self, **settings) -> Recipe:
        """The same recipe with some settings changed."""
        return replace(self, **{"penalty": self.penalty.spec, **settings})

    def changed(self, change: Mapping[str, Any]) -> Recipe:
        """The same recipe with the change of a remedy, given as plain data."""
        settings = dict(change)
        if isinstance(settings.get("method"), Mapping):
            settings["method"] = methods.from_json(settings["method"])
        if "seed" in settings and self.net is not None:
            settings["net"] = replace(self.net, seed=settings["seed"])
        recipe = self.with_(**settings)
        own = recipe.method if isinstance(recipe.method, Method) else None
        if settings.get("learning_rate") == "auto" and own is not None:
            recipe = recipe.with_(method=replace(own, learning_rate="auto"))  # not the one it was made with
        return recipe


def renumbered(method: AnyMethod, dataset: Dataset) -> AnyMethod:
    """Rows of weight 0 are left out of the sum: rows that were given by number keep their meaning."""
    if method.batch is None or isinstance(method.batch.order, str):
        return method
    if isinstance(dataset, PartitionedDataset) or dataset.weights is None:
        return method
    counts = dataset.weights > 0
    order, number = method.batch.order_of(len(dataset), 0, 0), np.cumsum(counts) - 1
    return method.with_rows(order=[int(number[row]) for row in order if counts[row]])


def method_of(spec: Any) -> Any:
    """The method that is asked for: "auto", one by its name, one as it is, or what makes an optimizer of
    torch.optim."""
    if isinstance(spec, str) and spec == "auto":
        return spec
    return TorchOptimizer(spec) if is_foreign(spec) else methods.by_name(spec)

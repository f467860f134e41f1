"""A method: which rows × which direction × how far, under a name. And three that are none of that kind."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ..arguments import a, check, is_number
from ..errors import DownslopeError, nearest
from . import auto_rate, direct, directions
from .batching import All, Batch
from .direct import EveryCombination, Solve
from .directions import Direction, SearchDirection, Steepest
from .epochs import Passes
from .schedules import Constant, Schedule, rate_from_json, rate_of
from .searches import Search
from .stages import Plan, Stage, rounded, sampled, single
from .state import State
from .steppers import AllRows, Batches, Rounds, Searched, SearchedDirections, Stepper

ALL, STEEPEST = All(), Steepest()
LARGEST = 2000  # weights of several outputs up to which coordinate descent finds H of all of them
PAIRS_OF_FUNCTION = 50  # of L-BFGS, where two vectors cost less than a call of the function


class AnyMethod:
    """What every method can: refuse what does not go with it, lay out its stages, make its stepper."""

    at_once = False  # it has no steps to stop between and go on from
    rows: All | Batch = ALL
    direction: Direction = Direction()  # one that moves nothing
    learning_rate: Any = None  # it has none

    @property
    def name(self) -> str:
        """Its name for `by_name`."""
        raise NotImplementedError

    @property
    def batch(self) -> Batch | None:
        """The rows of an update; None if it uses all rows."""
        return self.rows if isinstance(self.rows, Batch) else None

    @property
    def full(self) -> bool:
        """Whether every update uses all rows."""
        return self.batch is None

    @property
    def fixed_rate(self) -> float | None:
        """The learning rate, if it is one number."""
        return self.learning_rate.rate if isinstance(self.learning_rate, Constant) else None

    def searches_for(self, objective) -> bool:
        """Whether a line search, given or chosen, makes every update decrease F."""
        return False

    def refuse_nonsense(self, objective) -> None:
        """Raise DownslopeError if the method cannot minimise this objective."""
        raise NotImplementedError

    def reduces(self, objective) -> bool:
        """Whether it reads the rows only once, for their moments, and descends on these."""
        return False

    def plan(self, stage: Stage, state: State | None = None) -> Plan:
        """The stages of a descent, variants of `stage`; `state` is the state to resume from."""
        return single(replace(stage, after=None))

    def on(self, objective, stop, seed: int = 0) -> Any:
        """The stepper of one stage."""
        raise NotImplementedError

    def with_rows(self, size: int | None = None, order: str | Sequence[int] | None = None):
        """The same method on batches of `size` rows, in `order`."""
        if size is not None or order is not None:
            raise DownslopeError("descent.takes_no_rows", method=self.name)
        return self

    def with_rate(self, learning_rate):
        """The same method with another learning rate; "auto" keeps its own."""
        if not (isinstance(learning_rate, str) and learning_rate == "auto"):
            raise DownslopeError("descent.takes_no_rate", method=self.name)
        return self

    def to_json(self) -> dict:
        """Plain data, for a recipe."""
        raise NotImplementedError


@dataclass(frozen=True)
class Method(AnyMethod):
    """rows × direction × learning rate.

    `learning_rate` is a number, "auto", a schedule (`downslope.schedules`) or a line search
    (`downslope.searches`).

    >>> Method(Batch(64), directions.Adam(), "cosine:0.01").name
    'adam'
    """

    rows: All | Batch = ALL
    direction: Direction = STEEPEST
    learning_rate: float | str | Schedule | Search = "auto"

    def __post_init__(self):
        check(self, rows=a("All", "Batch"), direction=a("Direction"))
        object.__setattr__(self, "learning_rate", rate_of(self.learning_rate))

    @property
    def name(self) -> str:
        """Its name for `by_name`."""
        if isinstance(self.direction, Steepest):
            return "gd" if self.batch is None else "sgd" if self.batch.size == 1 else "minibatch"
        return self.direction.name

    @property
    def searches(self) -> bool:
        """Whether the step length comes from a line search."""
        return isinstance(self.learning_rate, Search)

    def searches_for(self, objective) -> bool:
        """Whether a line search, given or chosen, makes every update decrease F."""
        descends = self.full and isinstance(self.direction, SearchDirection | Steepest)
        return descends and (self.searches or (self.learning_rate == "auto" and not objective.bounded))

    def reduces(self, objective) -> bool:
        known = self.full and objective.quadratic and objective.linear_rows
        return known and direct.worth_reducing(objective)

    def plan(self, stage, state=None):
        objective, direction = stage.objective, self.direction
        if not self.full:
            held = None if stage.validation is None else stage.validation.uncentred()
            return single(replace(stage, objective=objective.uncentred(), validation=held))
        if self.reduces(objective):
            stage = replace(stage, objective=objective.reduced())
        if direction.rounds and not objective.term.smooth:
            return rounded(stage, state)
        return sampled(stage, state) if direction.samples and stage.after is None else single(stage)

    def on(self, objective, stop, seed=0) -> Stepper:
        kind: Any = AllRows
        rate = auto_rate.resolved(self, objective)
        if not self.full:
            known = objective.term.has_kernels and directions.has_kernel(self.direction)
            swept = objective.linear_rows and (known or not objective.whole)
            kind = Passes if swept else Batches
        elif self.direction.chooses:
            kind = SearchedDirections
        elif not isinstance(rate, Schedule):
            kind = Searched
        return kind(objective, self, rate, stop, seed)

    def refuse_nonsense(self, objective) -> None:
        direction, name = self.direction, self.direction.name
        draws = not self.full or isinstance(direction, directions.Subsampled)
        if draws and objective.rows == 1 and not objective.linear_rows:
            raise DownslopeError("descent.no_rows", method=self.name)
        if isinstance(direction, SearchDirection) and not self.full:
            raise DownslopeError("descent.needs_all_rows", method=name)
        if getattr(direction, "beta", None) == "auto" and not self.full:
            raise DownslopeError("descent.growing_momentum")
        if self.searches and not self.full:
            raise DownslopeError("descent.search_needs_all_rows", search=type(self.learning_rate).__name__)
        if self.searches and not isinstance(direction, SearchDirection | Steepest):
            raise DownslopeError("descent.search_needs_descent", method=name)
        if objective.stochastic and (self.searches or isinstance(direction, SearchDirection)):
            raise DownslopeError("descent.noisy", method=name)
        if direction.external and self.learning_rate != "auto":
            raise DownslopeError("descent.takes_no_rate", method=name)
        if objective.nonsmooth and not direction.kinks:
            raise DownslopeError("descent.kink", penalty=objective.penalty.name, method=name)
        if objective.nonsmooth and isinstance(self.learning_rate, Search) and not self.learning_rate.kinks:
            raise DownslopeError("descent.wolfe_kink", penalty=objective.penalty.name)
        bends = isinstance(direction, directions.Newton | directions.Subsampled)
        if bends and not objective.curved and objective.term.smooth:
            raise DownslopeError("descent.no_hessian", method=name)
        if bends:
            objective.refuse_large_matrix(objective.size, name)

    def with_rows(self, size: int | None = None, order: str | Sequence[int] | None = None) -> Method:
        if size is None and order is None:
            return self
        if size is None and self.full:
            raise DownslopeError("descent.order_of_all", method=self.name)
        was = self.batch or Batch(1)
        batch = Batch(was.size if size is None else size, was.order if order is None else order)
        return replace(self, rows=batch)

    def with_rate(self, learning_rate) -> Method:
        keep = isinstance(learning_rate, str) and learning_rate == "auto"
        return self if keep else replace(self, learning_rate=learning_rate)

    def to_json(self) -> dict:
        """Plain data, for a recipe."""
        rate = self.learning_rate
        return {
            "rows": "all" if self.full else asdict(self.rows),
            "direction": {"name": self.direction.name, **asdict(self.direction)},
            "learning_rate": rate if isinstance(rate, str) else {"name": type(rate).__name__, **vars(rate)},
        }


@dataclass(frozen=True)
class ClosedForm(AnyMethod):
    """argmin of a squared loss, with or without L2, in one solve of O(n·d² + d³); see
    model/least_squares.py for its accuracy."""

    name = "closed_form"
    at_once = True

    def on(self, objective, stop, seed=0) -> Solve:
        return Solve(objective)

    def refuse_nonsense(self, objective) -> None:
        if not (objective.quadratic and objective.linear_rows):
            raise DownslopeError("descent.closed_form_loss")
        if objective.nonsmooth:
            raise DownslopeError("descent.closed_form_kink", penalty=objective.penalty.name)
        objective.refuse_large_matrix(objective.term.inputs, self.name)

    def to_json(self) -> dict:
        return {"closed_form": {}}


@dataclass(frozen=True)
class Exhaustive(AnyMethod):
    """The best of all combinations of the values of a grid, for one to three weights.

    `grid` maps the name of a weight to its values.

    >>> len(list(Exhaustive({"w": [0.0, 0.5, 1.0], "b": [0, 1]}).combinations(["w", "b"])))
    6
    """

    grid: Mapping[str, Sequence[float]]
    name = "exhaustive"
    at_once = True
    most = 10_000_000

    def on(self, objective, stop, seed=0) -> EveryCombination:
        return EveryCombination(objective, self)

    def __post_init__(self):
        check(self, grid=a("dict", "Mapping", "OrderedDict", "mappingproxy"))
        grid = {str(name): _numbers(name, values) for name, values in self.grid.items()}
        object.__setattr__(self, "grid", grid)
        if not 1 <= len(grid) <= 3:
            raise DownslopeError("descent.grid_weights", found=len(grid))
        for name, values in grid.items():
            if not values or not np.isfinite(values).all():
                raise DownslopeError("descent.grid_values", name=name)
        count = int(np.prod([len(values) for values in grid.values()]))
        if count > self.most:
            raise DownslopeError("descent.grid_size", count=f"{count:,}", most=f"{self.most:,}")

    def refuse_nonsense(self, objective) -> None:
        for name in self.grid:
            if name not in objective.names:
                raise DownslopeError("descent.grid_name", asked=name, known=nearest(name, objective.names))

    def combinations(self, names: Sequence[str]):
        """All combinations, in the order of `names`; the last name changes fastest."""
        order = [name for name in names if name in self.grid]
        return itertools.product(*(self.grid[name] for name in order))

    def to_json(self) -> dict:
        return {"exhaustive": {name: list(values) for name, values in self.grid.items()}}


@dataclass(frozen=True)
class CoordinateDescent(AnyMethod):
    """argmin over one weight at a time, of a working set of weights that are, or may become, non-zero: for L1
    and elastic net. An epoch minimises over that set; see model/coordinates.py.  Tseng 2001."""

    name = "coordinate"

    def on(self, objective, stop, seed=0) -> Rounds:
        return Rounds(objective, stop)

    def refuse_nonsense(self, objective) -> None:
        if not objective.linear_rows:
            raise DownslopeError("descent.coordinate_rows")
        if not (objective.quadratic or objective.whole):
            raise DownslopeError("descent.coordinate_parts", loss=objective.term.loss_name)
        large = objective.size > LARGEST or not objective.whole
        if objective.term.outputs > 1 and large:
            raise DownslopeError("descent.coordinate_outputs", outputs=objective.term.outputs)
        if not objective.term.smooth:
            raise DownslopeError("descent.coordinate_loss", loss=objective.term.loss_name)

    def to_json(self) -> dict:
        return {"coordinate": {}}


def GD(learning_rate="auto") -> Method:
    """Batch gradient descent: all rows in every update."""
    return Method(All(), Steepest(), learning_rate)


def SGD(learning_rate="auto", order: str | Sequence[int] = "shuffle") -> Method:
    """Stochastic gradient descent: one row per update."""
    return Method(Batch(1, order), Steepest(), learning_rate)


def MiniBatch(size: int = 32, learning_rate="auto", order: str | Sequence[int] = "shuffle") -> Method:
    """Mini-batch gradient descent: `size` rows per update."""
    return Method(Batch(size, order), Steepest(), learning_rate)


def Momentum(beta: float = 0.9, learning_rate="auto") -> Method:
    """Gradient descent with momentum, on all rows; `.with_rows(32)` for batches."""
    return Method(All(), directions.Momentum(beta), learning_rate)


def Nesterov(beta: float | str = "auto", learning_rate="auto") -> Method:
    """Accelerated gradient descent, on all rows."""
    return Method(All(), directions.Nesterov(beta), learning_rate)


def Adagrad(learning_rate="auto") -> Method:
    """Adagrad, on all rows."""
    return Method(All(), directions.Adagrad(), learning_rate)


def RMSprop(rho: float = 0.99, learning_rate="auto") -> Method:
    """RMSprop, on all rows."""
    return Method(All(), directions.RMSprop(rho), learning_rate)


def Adam(beta1: float = 0.9, learning_rate="auto") -> Method:
    """Adam, on all rows; `.with_rows(32)` for batches."""
    return Method(All(), directions.Adam(beta1), learning_rate)


def AdamW(decay: float = 0.01, learning_rate="auto") -> Method:
    """AdamW, on all rows."""
    return Method(All(), directions.AdamW(decay=decay), learning_rate)


def LBFGS(pairs: int = 10, learning_rate="auto") -> Method:
    """L-BFGS with a strong Wolfe line search."""
    return Method(All(), directions.LBFGS(pairs), learning_rate)


def Subsampled(learning_rate="auto") -> Method:
    """Newton's method with the Hessian of a sample of rows, corrected by L-BFGS; starts on a sample."""
    return Method(All(), directions.Subsampled(), learning_rate)


def Newton(learning_rate="auto") -> Method:
    """Newton's method with an Armijo line search."""
    return Method(All(), directions.Newton(), learning_rate)


METHODS: dict[str, Callable[..., AnyMethod]] = {
    "gd": GD,
    "sgd": SGD,
    "minibatch": MiniBatch,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "lbfgs": LBFGS,
    "subsampled": Subsampled,
    "newton": Newton,
    "coordinate": CoordinateDescent,
    "closed_form": ClosedForm,
    "exhaustive": Exhaustive,
}
# what the number after a colon is read as
PARAMETERS: dict[str, Callable] = {"minibatch": int, "lbfgs": int}
PARAMETERS |= dict.fromkeys(("momentum", "nesterov", "rmsprop", "adam", "adamw"), float)


def _of_direction(name: str, kind: Callable[..., Direction]) -> None:
    """A direction that is registered is a method of the same name, on all rows or some."""
    METHODS[name] = lambda learning_rate="auto": Method(All(), kind(), learning_rate)


directions.DIRECTIONS.watchers.append(_of_direction)


def by_name(spec: str | AnyMethod) -> AnyMethod:
    """The method that a text names; a number after a colon is its own constant.

    >>> by_name("momentum:0.95").direction
    Momentum(beta=0.95)
    """
    if isinstance(spec, AnyMethod):
        return spec
    name, _, parameter = str(spec).partition(":")
    if name not in METHODS:
        raise DownslopeError("descent.unknown_method", asked=spec, known=nearest(name, METHODS))
    if name == "exhaustive":
        raise DownslopeError("descent.grid_missing")
    if not parameter:
        return METHODS[name]()
    if name not in PARAMETERS:
        raise DownslopeError("model.no_parameter", asked=spec, name=name)
    try:
        return METHODS[name](PARAMETERS[name](parameter))
    except (TypeError, ValueError) as error:
        if isinstance(error, DownslopeError):
            raise
        raise DownslopeError("model.not_a_number", asked=spec, found=parameter) from None


def from_json(data: Mapping) -> AnyMethod:
    """The method that `to_json` wrote, again."""
    if "closed_form" in data:
        return ClosedForm()
    if "coordinate" in data:
        return CoordinateDescent()
    if "exhaustive" in data:
        return Exhaustive(data["exhaustive"])
    how = dict(data["direction"])
    rows = All() if data["rows"] == "all" else Batch(**data["rows"])
    rate, kind = data["learning_rate"], directions.DIRECTIONS.named(how.pop("name"))
    return Method(rows, kind(**how), rate if isinstance(rate, str) else rate_from_json(rate))


def _numbers(name, values) -> tuple[float, ...]:
    """The values of a grid."""
    try:
        listed = tuple(values)
        if not isinstance(values, str | bytes) and all(is_number(value) for value in listed):
            return tuple(float(value) for value in listed)
    except TypeError:  # nothing to go through
        pass
    raise DownslopeError("descent.grid_values", name=name)

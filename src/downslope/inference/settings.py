"""One run by plain names, as a page, an address or a lesson tells it: each setting checked by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, make_dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..arguments import Kind, number, one_of
from ..data import Dataset
from ..descent import directions, schedules, searches
from ..descent.batching import All, Batch
from ..descent.methods import METHODS, AnyMethod, ClosedForm, CoordinateDescent, Exhaustive, Method
from ..errors import DownslopeError, nearest
from ..model.functions import Function
from ..model.net_settings import LAYERS, UNITS, NetSettings
from ..model.nets import Net
from ..settings import setting, settings_of
from .recipe import Recipe
from .table import MOST_EPOCHS, RecipeSettings
from .training import Training

DIRECTIONS = directions.DIRECTIONS
FINDERS = {"closed_form": ClosedForm, "exhaustive": Exhaustive, "coordinate": CoordinateDescent}
SEARCHES = searches.SEARCHES
ROWS = ("all", "one", "batch")
MOST_VALUES = 2_000  # of one weight in a grid


def _names(known: Callable[[], Iterable[str]]) -> Any:
    """Kind and choices of a setting that is one of some names: those of the moment, as names can be added."""
    return Kind(lambda name, value: one_of(*known())(name, value)), "", "", known


def _check_grid(name: str, value: Any) -> None:
    for weight, values in _mapping(name, value).items():
        for part in _list(f"{name} {weight}", values):
            _number(f"{name} {weight}", part)


GRID = {"type": ["object", "null"], "additionalProperties": {"type": "array", "items": {"type": "number"}}}
if TYPE_CHECKING:

    class _Shared(RecipeSettings, NetSettings):
        pass
else:  # the settings of a run that the page asks for, with the page's own defaults
    _Shared = make_dataclass(
        "_Shared",
        [
            (
                part.name,
                Any,
                field(default=settings_of(table)[part.name].defaults["lab"], metadata=part.metadata),
            )
            for table in (RecipeSettings, NetSettings)
            for part in fields(table)
            if "lab" in settings_of(table)[part.name].defaults
        ],
        frozen=True,
    )


@dataclass(frozen=True)
class Settings(_Shared):
    """rows × direction × learning rate, the objective, and the start; each by its name.

    >>> Settings.of({"direction": "momentum", "learning_rate": 0.1}).method
    Method(rows=All(), direction=Momentum(beta=0.9), learning_rate=Constant(rate=0.1))
    """

    rows: str = setting("all", one_of(*ROWS))
    direction: str = setting("steepest", *_names(lambda: (*DIRECTIONS, *FINDERS)))
    momentum: float = setting(0.9, number(-1e300, 1e300))
    schedule: str = setting("constant", *_names(lambda: (*schedules.SCHEDULES, *SEARCHES)))
    grid: Any = setting(None, Kind(_check_grid, schema=GRID))

    def __post_init__(self):
        for name, row in settings_of(Settings).items():
            value = getattr(self, name)
            row.page(name, value)
            if value is not None:
                object.__setattr__(self, name, row.page.take(value))

    @classmethod
    def of(cls, asked: Any, defaults: Settings | None = None) -> Settings:
        """Settings by name, over the `defaults`; unknown names and values of another type are refused."""
        known = settings_of(cls)
        asked = _mapping("settings", asked)
        for name in asked:
            if name not in known:
                raise DownslopeError("inference.unknown_setting", asked=name, known=nearest(name, known))
        return replace(defaults or cls(), **asked)

    @property  # type: ignore[misc]
    def method(self) -> AnyMethod:
        """The method of these settings."""
        if self.direction in ("closed_form", "coordinate"):
            return FINDERS[self.direction]()
        if self.direction == "exhaustive":
            return Exhaustive({name: _values(name, value) for name, value in (self.grid or {}).items()})
        kind = DIRECTIONS[self.direction]
        direction = kind(float(self.momentum)) if kind is directions.Momentum else kind()
        size: Any = 1 if self.rows == "one" else self.batch_size
        order: Any = self.order
        return Method(All() if self.rows == "all" else Batch(size, order), direction, self.rate)

    @property
    def rate(self) -> Any:
        """The learning rate: a number, a schedule, a line search, or "auto"."""
        if self.schedule in SEARCHES:
            return SEARCHES[self.schedule]()
        if self.learning_rate == "auto":
            return "auto"
        return schedules.SCHEDULES[self.schedule](float(self.learning_rate))

    @property
    def descends(self) -> bool:
        """Whether the method takes steps with a learning rate."""
        return self.direction not in FINDERS

    def recipe(self, seconds: float | None = None, **model) -> Recipe:
        """The recipe of a training; `model`: the settings of a model of rows."""
        tol = self.tol if self.tol is not None else 0.0 if self.learning_rate != "auto" else 1e-10
        basic: dict[str, Any] = {"method": self.method, "epochs": self.epochs, "tol": float(tol)}
        return Recipe(**basic, seed=self.seed, seconds=seconds, **model)

    def training(self, on: Dataset | Function, seconds: float | None = None) -> Training:
        """The training on rows or of a function, not yet started."""
        if isinstance(on, Function):
            return Training.on_function(on, self.start, self.recipe(seconds))
        recipe = self.recipe(seconds, **self.model())
        if recipe.loss.levels:
            raise DownslopeError(
                "lab.several_quantiles", loss=recipe.loss.spec, one=recipe.loss.of_output(0).spec
            )
        return Training.on_rows(on, recipe)

    def model(self) -> dict[str, Any]:
        """The settings of a recipe for a model of rows."""
        return {
            "loss": self.loss,
            "penalty": self.penalty,
            "alpha": float(self.alpha),
            "penalty_on": self.penalty_on,
            "class_weights": self.class_weights,
            "threshold": self.threshold,
            "intercept": self.intercept,
            "scale": self.scale,
            "start": None if not self.start else {name: float(x) for name, x in self.start.items()},
            "net": self.net,
        }

    @property  # type: ignore[misc]
    def net(self) -> Any:
        """The Net with these hidden layers, possibly none; None for a linear model."""
        return None if self.hidden is None else Net(tuple(self.hidden), self.activation, seed=self.seed)

    @classmethod
    def from_recipe(cls, recipe: Recipe, method: str) -> Settings:
        """The settings nearest to a recipe from elsewhere; `method` is its resolved method."""
        chosen = METHODS[method]() if recipe.method == "auto" else recipe.method
        found: dict[str, Any] = {"direction": method, "learning_rate": recipe.learning_rate}
        if isinstance(chosen, Method):
            rows, rate = chosen.batch, chosen.learning_rate
            found["direction"] = type(chosen.direction).__name__.lower()
            found["momentum"] = getattr(chosen.direction, "beta", 0.9)
            if rows:
                found |= {"rows": "one" if rows.size == 1 else "batch", "batch_size": rows.size}
                found["order"] = rows.order if isinstance(rows.order, str) else list(rows.order)
            rate = rate if recipe.learning_rate == "auto" else recipe.learning_rate
            names = {kind: name for name, kind in {**schedules.SCHEDULES, **SEARCHES}.items()}
            found["schedule"] = names.get(type(rate), "constant")
            found["learning_rate"] = getattr(rate, "rate", rate if isinstance(rate, float) else "auto")
        if found["direction"] not in (*DIRECTIONS, *FINDERS):  # an optimizer of someone else's
            found["direction"] = "steepest"
        if found.get("momentum") == "auto":
            found["momentum"] = 0.9
        net = recipe.net
        hidden: Any = None if net is None else [min(size, UNITS) for size in net.hidden[:LAYERS]]
        return cls(
            **found,
            epochs=min(recipe.epochs, MOST_EPOCHS),
            tol=recipe.tol,
            seed=recipe.seed,
            start=None if recipe.start is None else dict(recipe.start),
            loss=recipe.loss.spec,
            penalty=recipe.penalty.spec or None,
            alpha=recipe.alpha,
            penalty_on=recipe.penalty_on,
            class_weights=recipe.class_weights,
            threshold=recipe.threshold,
            intercept=recipe.intercept,
            scale=recipe.scale,
            hidden=hidden,
            activation="sigmoid" if net is None else net.activation,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data, which `Settings.of` reads."""
        return asdict(self)


# ── one setting ─────────────────────────────────────────────────────────────────────────────────────


def _refuse(name: str, value: Any, kind: str) -> DownslopeError:
    shown = repr(value)
    return DownslopeError(f"lab.not_{kind}", name=name, value=shown if len(shown) <= 60 else "…")


def _number(name: str, value: Any) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or abs(value) > 1e300 or math.isnan(value):
        raise _refuse(name, value, "number")


def _list(name: str, value: Any) -> list:
    if not isinstance(value, list | tuple) or len(value) > 100_000:
        raise _refuse(name, value, "list")
    return list(value)


def _mapping(name: str, value: Any) -> Mapping:
    if value is not None and not isinstance(value, Mapping):
        raise _refuse(name, value, "mapping")
    return value or {}


def _values(name: str, asked: Any) -> list[float]:
    """first, first + step, …, last: each the number that its decimals say."""
    first, last, step = (Decimal(repr(part)) for part in asked) if len(asked) == 3 else (Decimal(0),) * 3
    count = int((last - first) / step) + 1 if step else 0
    if not 1 <= count <= MOST_VALUES:
        raise DownslopeError("lab.grid", name=name, most=MOST_VALUES)
    return [float(first + k * step) for k in range(count)]

"""One run by plain names, as a page, an address or a lesson tells it: each setting checked by itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal
from typing import Any

from ..data import Dataset
from ..descent import directions, schedules, searches
from ..descent.methods import METHODS, AnyMethod, ClosedForm, CoordinateDescent, Exhaustive, Method
from ..descent.rows import All, Batch
from ..errors import DownslopeError, nearest
from ..model.functions import Function
from ..model.nets import Net
from ..model.penalties import PENALTY_ON
from .recipe import Recipe
from .training import Training

DIRECTIONS = directions.DIRECTIONS
FINDERS = {"closed_form": ClosedForm, "exhaustive": Exhaustive, "coordinate": CoordinateDescent}
SEARCHES = searches.SEARCHES
ROWS = ("all", "one", "batch")
MOST = {
    "epochs": 100_000,
    "batch_size": 1_000_000,
    "seed": 2**31 - 1,
    "hidden": 64,
    "layers": 4,
    "grid": 2_000,
}


@dataclass(frozen=True)
class Settings:
    """rows × direction × learning rate, what is minimised, and where it starts; each by its name.

    >>> Settings.of({"direction": "momentum", "learning_rate": 0.1}).method
    Method(rows=All(), direction=Momentum(beta=0.9), learning_rate=Constant(rate=0.1))
    """

    rows: str = "all"
    batch_size: int = 32
    order: Any = "shuffle"
    direction: str = "steepest"
    momentum: float = 0.9
    learning_rate: Any = "auto"
    schedule: str = "constant"
    epochs: int = 100
    tol: float | None = None  # a fixed number walks all epochs, as in the lessons; the rest stop at the end
    seed: int = 0
    start: Any = None
    loss: str = "squared"
    penalty: str | None = None
    alpha: float = 0.0
    penalty_on: str = "raw"
    intercept: bool = True
    scale: bool = True
    hidden: Any = None
    activation: str = "sigmoid"
    grid: Any = None

    def __post_init__(self):
        _one_of("rows", self.rows, ROWS)
        _one_of("direction", self.direction, (*DIRECTIONS, *FINDERS))
        _one_of("schedule", self.schedule, (*schedules.SCHEDULES, *SEARCHES))
        for name in ("batch_size", "epochs", "seed"):
            _whole(name, getattr(self, name), least=0 if name == "seed" else 1, most=MOST[name])
        for name in ("momentum", "tol", "alpha"):
            if name != "tol" or self.tol is not None:
                _number(name, getattr(self, name))
        for name in ("intercept", "scale"):
            _kind(name, getattr(self, name), bool, "truth")
        _one_of("penalty_on", self.penalty_on, PENALTY_ON)
        for name in ("loss", "activation"):
            _kind(name, getattr(self, name), str, "word")
        if self.learning_rate != "auto":
            _number("learning_rate", self.learning_rate)
        if self.penalty is not None:
            _kind("penalty", self.penalty, str, "word")
        if not isinstance(self.order, str):
            for row in _list("order", self.order):
                _whole("order", row, least=0, most=10**9)
        for name, value in _mapping("start", self.start).items():
            _number(f"start {name}", value)
        for name, value in _mapping("grid", self.grid).items():
            for part in _list(f"grid {name}", value):
                _number(f"grid {name}", part)
        if self.hidden is not None:
            sizes = _list("hidden", self.hidden)
            _whole("hidden", len(sizes), least=0, most=MOST["layers"])
            for size in sizes:
                _whole("hidden", size, least=1, most=MOST["hidden"])

    @classmethod
    def of(cls, asked: Any, defaults: Settings | None = None) -> Settings:
        """Settings by name over the `defaults`; what is unknown, or of another kind, is refused."""
        known = [field.name for field in fields(cls)]
        asked = _mapping("settings", asked)
        for name in asked:
            if name not in known:
                raise DownslopeError("inference.unknown_setting", asked=name, known=nearest(name, known))
        return replace(defaults or cls(), **asked)

    @property
    def method(self) -> AnyMethod:
        """The method that they add up to."""
        if self.direction in ("closed_form", "coordinate"):
            return FINDERS[self.direction]()
        if self.direction == "exhaustive":
            return Exhaustive({name: _values(name, value) for name, value in (self.grid or {}).items()})
        kind = DIRECTIONS[self.direction]
        direction = kind(float(self.momentum)) if kind is directions.Momentum else kind()
        rows = (
            All() if self.rows == "all" else Batch(1 if self.rows == "one" else self.batch_size, self.order)
        )
        return Method(rows, direction, self.rate)

    @property
    def rate(self) -> Any:
        """How far: a number or its schedule, a line search, or "auto"."""
        if self.schedule in SEARCHES:
            return SEARCHES[self.schedule]()
        if self.learning_rate == "auto":
            return "auto"
        return schedules.SCHEDULES[self.schedule](float(self.learning_rate))

    @property
    def descends(self) -> bool:
        """Whether there is a way to walk at a learning rate."""
        return self.direction not in FINDERS

    def recipe(self, seconds: float | None = None, **model) -> Recipe:
        """The recipe of a training; `model`: what is told of a model of rows."""
        tol = self.tol if self.tol is not None else 0.0 if self.learning_rate != "auto" else 1e-10
        told: dict[str, Any] = {"method": self.method, "epochs": self.epochs, "tol": float(tol)}
        return Recipe(**told, seed=self.seed, seconds=seconds, **model)

    def training(self, on: Dataset | Function, seconds: float | None = None) -> Training:
        """The descent on rows or of a function, not yet begun."""
        if isinstance(on, Function):
            return Training.on_function(on, self.start, self.recipe(seconds))
        return Training.on_rows(on, self.recipe(seconds, **self.model()))

    def model(self) -> dict[str, Any]:
        """What a recipe is told of a model of rows."""
        return {
            "loss": self.loss,
            "penalty": self.penalty,
            "alpha": float(self.alpha),
            "penalty_on": self.penalty_on,
            "intercept": self.intercept,
            "scale": self.scale,
            "start": None if not self.start else {name: float(x) for name, x in self.start.items()},
            "net": self.net,
        }

    @property
    def net(self) -> Any:
        """The Net of these hidden layers, which may be none; None for a linear model."""
        return None if self.hidden is None else Net(tuple(self.hidden), self.activation, seed=self.seed)

    @classmethod
    def from_recipe(cls, recipe: Recipe, method: str) -> Settings:
        """The settings nearest to a recipe that was made elsewhere; `method` is what it came to."""
        chosen = METHODS[method]() if recipe.method == "auto" else recipe.method
        told: dict[str, Any] = {"direction": method, "learning_rate": recipe.learning_rate}
        if isinstance(chosen, Method):
            rows, rate = chosen.rows, chosen.learning_rate
            told["direction"] = type(chosen.direction).__name__.lower()
            told["momentum"] = getattr(chosen.direction, "beta", 0.9)
            if isinstance(rows, Batch):
                order = rows.order if isinstance(rows.order, str) else list(rows.order)
                told |= {
                    "rows": "one" if rows.size == 1 else "batch",
                    "batch_size": rows.size,
                    "order": order,
                }
            rate = rate if recipe.learning_rate == "auto" else recipe.learning_rate
            names = {kind: name for name, kind in {**schedules.SCHEDULES, **SEARCHES}.items()}
            told["schedule"] = names.get(type(rate), "constant")
            told["learning_rate"] = getattr(rate, "rate", rate if isinstance(rate, float) else "auto")
        if told["direction"] not in (*DIRECTIONS, *FINDERS):  # an optimizer of someone else's
            told["direction"] = "steepest"
        if told.get("momentum") == "auto":
            told["momentum"] = 0.9
        net = recipe.net
        return cls(
            **told,
            epochs=min(recipe.epochs, MOST["epochs"]),
            tol=recipe.tol,
            seed=recipe.seed,
            start=None if recipe.start is None else dict(recipe.start),
            loss=recipe.loss.spec,
            penalty=recipe.penalty.spec or None,
            alpha=recipe.alpha,
            penalty_on=recipe.penalty_on,
            intercept=recipe.intercept,
            scale=recipe.scale,
            hidden=None
            if net is None
            else [min(size, MOST["hidden"]) for size in net.hidden[: MOST["layers"]]],
            activation="sigmoid" if net is None else net.activation,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data; `Settings.of` makes the same settings of it."""
        return asdict(self)


# ── one setting ─────────────────────────────────────────────────────────────────────────────────────


def _refuse(name: str, value: Any, kind: str, **facts) -> DownslopeError:
    shown = repr(value)
    return DownslopeError(f"lab.not_{kind}", name=name, value=shown if len(shown) <= 60 else "…", **facts)


def _one_of(name: str, value: Any, known) -> None:
    if not isinstance(value, str) or value not in known:
        raise _refuse(name, value, "known", known=nearest(str(value)[:60], known))


def _kind(name: str, value: Any, kind: type, word: str) -> None:
    if not isinstance(value, kind) or (isinstance(value, str) and len(value) > 200):
        raise _refuse(name, value, word)


def _number(name: str, value: Any) -> None:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or abs(value) > 1e300
        or math.isnan(value)
    ):
        raise _refuse(name, value, "number")


def _whole(name: str, value: Any, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _refuse(name, value, "whole", least=least, most=f"{most:,}")


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
    if not 1 <= count <= MOST["grid"]:
        raise DownslopeError("lab.grid", name=name, most=MOST["grid"])
    return [float(first + k * step) for k in range(count)]

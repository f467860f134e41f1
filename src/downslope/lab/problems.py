"""What the lab descends: rows that were clicked, sent as a file or belong to a lesson, or a function."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..data import Dataset
from ..errors import DownslopeError, DownslopeWarning, nearest
from ..inference import Recipe, Training
from ..inference.settings import Settings, _list, _mapping, _number
from ..inference.table import MOST_SEED
from ..lessons import Lesson, lesson
from ..model.functions import Function
from .localized import Localized, in_each_language, localized, plain

SEEDS = MOST_SEED + 1
POINTS, VALUES, VARIABLES, LONGEST = 500, 2_000, 3, 1_000
WRITTEN = 100  # numbers of a lesson's rows that taken code holds itself; more of them come from the lesson
LARGEST = 1e100  # a number in the rows, so that sums of squares stay finite
LEVEL = 1e-3  # a gradient below this is no place to begin at
CLICKED: dict[str, Any] = {
    "learning_rate": "auto",
    "epochs": 1000,
    "scale": False,
}  # in the units that are drawn
REACH = (0.0, 10.0)  # of the field on which points are clicked


@dataclass(frozen=True, eq=False)
class Problem:
    """Rows or a function, with the settings that suit it. `asked` names it in an address."""

    asked: Mapping[str, Any]
    title: Localized
    defaults: Settings
    dataset: Dataset | None = None
    function: Function | None = None
    notes: tuple[Localized, ...] = ()
    minima: tuple[tuple[float, ...], ...] = ()  # where they are known
    source: str = ""  # the line of Python that makes the rows; the formula of what is no formula itself
    reach: tuple[float, ...] = ()  # what the picture of the fit shows at least
    window: tuple[tuple[float, float], ...] = ()  # what the picture of F shows at least, for each weight

    def recipe(self, settings: Settings, seconds: float | None = None) -> Recipe:
        """The recipe of a training with these settings."""
        return settings.recipe(seconds, **({} if self.dataset is None else settings.model()))

    def training(self, settings: Settings, seconds: float | None = None) -> Training:
        """The descent, not yet begun."""
        on = self.function if self.dataset is None else self.dataset
        assert on is not None
        return settings.training(on, seconds)


@dataclass(frozen=True)
class Preset:
    """A function that shows something: its start, a good learning rate, its minima."""

    formula: str
    start: Mapping[str, float]
    learning_rate: float
    minima: tuple[tuple[float, ...], ...] = ()
    epochs: int = 200
    window: tuple[tuple[float, float], ...] = ()  # that shows more than one valley


# Beale 1958; Himmelblau 1972; Rastrigin 1974; Rosenbrock 1960
PRESETS = {
    "bowl": Preset("x^2 + y^2", {"x": 3.0, "y": 4.0}, 0.1, ((0.0, 0.0),), 60),
    "stretched": Preset("x^2 + 20*y^2", {"x": 5.0, "y": 1.0}, 0.045, ((0.0, 0.0),), 100),
    "waves": Preset("x*cos(0.15*pi*x)", {"x": 2.2}, 0.05, window=((-15.0, 15.0),)),
    "saddle": Preset("x^2 - y^2", {"x": 1.0, "y": 0.0}, 0.1, (), 100),
    "monkey_saddle": Preset("x^3 - 3*x*y^2", {"x": 1.0, "y": 0.0}, 0.05, (), 100),
    "plateau": Preset("1 - exp(-(x^2 + y^2))", {"x": 2.2, "y": 1.0}, 0.5, ((0.0, 0.0),), 500),
    "rosenbrock": Preset("(1 - x)^2 + 100*(y - x^2)^2", {"x": -1.2, "y": 1.0}, 0.001, ((1.0, 1.0),), 1000),
    "himmelblau": Preset(
        "(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
        {"x": -0.5, "y": -1.0},
        0.01,
        ((3.0, 2.0), (-2.805118, 3.131313), (-3.779310, -3.283186), (3.584428, -1.848127)),
        100,
    ),
    "beale": Preset(
        "(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2",
        {"x": 1.0, "y": 1.0},
        0.01,
        ((3.0, 0.5),),
        1000,
    ),
    "rastrigin": Preset(
        "20 + x^2 - 10*cos(2*pi*x) + y^2 - 10*cos(2*pi*y)",
        {"x": 2.3, "y": 1.7},
        0.002,
        ((0.0, 0.0),),
        100,
        ((-3.5, 3.5), (-3.5, 3.5)),
    ),
}


def problem(asked: Any, path: str | None = None) -> Problem:
    """The problem that a page asks for. `path`: the file that it sent, or the run that was opened.

    Raises DownslopeError for a problem that is none.
    """
    asked = dict(_mapping("problem", asked))
    kind = asked.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise DownslopeError("lab.no_problem", asked=repr(kind)[:60], known=", ".join(KINDS))
    try:
        key = json.dumps(asked, sort_keys=True, allow_nan=False)
    except ValueError:
        raise DownslopeError("lab.not_number", name="problem", value="NaN") from None
    return _lesson(asked) if kind == "lesson" else _made(key, path)


@lru_cache(maxsize=16)
def _made(key: str, path: str | None) -> Problem:
    asked = json.loads(key)
    if asked["kind"] == "table":
        return _table(asked, path)
    return KINDS[asked["kind"]](asked)


def _text(asked: Mapping, name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST:
        raise DownslopeError("lab.not_word", name=name, value=repr(value)[:60])
    return value


def _lesson(asked: Mapping) -> Problem:
    number, seed = asked.get("number"), asked.get("seed", 0)
    made = lesson_of(number, seed)
    kept, columns = {"kind": "lesson", "number": number, "seed": seed % SEEDS}, asked.get("columns")
    if columns is None:
        return lesson_problem(made, kept)
    if columns not in made.data.columns.values():
        raise DownslopeError("lab.no_columns", number=number, asked=repr(columns)[:60])
    return lesson_problem(made, {**kept, "columns": columns})


def lesson_of(number: Any, seed: Any = 0) -> Lesson:
    """The lesson that a page asks for, kept with what it has run.

    Raises DownslopeError for a number or a seed that is none.
    """
    for name, value in (("number", number), ("seed", seed)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            most = f"{MOST_SEED:,}"
            raise DownslopeError("lab.not_whole", name=name, value=repr(value)[:60], least=0, most=most)
    fresh = lesson(number)
    return _kept(replace(fresh, seed=seed % SEEDS) if fresh.data.draws else fresh)


@lru_cache(maxsize=16)
def _kept(fresh: Lesson) -> Lesson:
    """The same lesson as it was asked for before: it runs once."""
    return fresh


def lesson_problem(made: Lesson, asked: Mapping) -> Problem:
    """What a lesson descends, with the settings that all its runs have."""
    title, settings, function = in_each_language(made.title), made.settings, made.function
    if function is None:
        columns = asked.get("columns")
        rows = made.first(columns)
        assert isinstance(rows, Dataset)
        seed = f", seed={made.seed}" if made.data.draws else ""
        chosen = ".rows" if columns is None else f".first({columns})"
        source = f"ds.lessons.lesson({made.number}{seed}){chosen}" if rows.X.size > WRITTEN else ""
        return of_rows(asked, title, rows, source, **settings.to_json())
    record = made.data.problem
    source = record.formula if record.formula and record.formula != function.formula else ""
    minima = () if record.minimum is None else (tuple(record.minimum),)
    return Problem(asked, title, settings, function=function, minima=minima, source=source)


def _preset(asked: Mapping) -> Problem:
    name = _text(asked, "name")
    if name not in PRESETS:
        raise DownslopeError("lab.preset", asked=name[:60], known=nearest(name[:60], PRESETS))
    preset = PRESETS[name]
    settings = Settings(
        learning_rate=preset.learning_rate, epochs=preset.epochs, start=dict(preset.start), scale=False
    )
    function = Function.of(preset.formula, None)
    title = localized(f"lab.preset_{name}")
    more: dict[str, Any] = {"minima": preset.minima, "window": preset.window}
    return Problem({"kind": "preset", "name": name}, title, settings, function=function, **more)


def _function(asked: Mapping) -> Problem:
    formula, derivative = _text(asked, "formula"), asked.get("derivative")
    if derivative is not None:
        derivative = _text(asked, "derivative")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DownslopeWarning)
        function = Function.of(formula, None, derivative)
    if not 1 <= function.size <= VARIABLES:
        raise DownslopeError("lab.variables", formula=formula, found=function.size, most=VARIABLES)
    notes = (in_each_language(lambda: _warned(formula, derivative)),) if caught else ()
    seed = asked.get("seed", 0)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise DownslopeError(
            "lab.not_whole", name="seed", value=repr(seed)[:60], least=0, most=f"{MOST_SEED:,}"
        )
    start = dict(zip(function.names, _start_of(function, seed % SEEDS).tolist()))
    settings = Settings(learning_rate="auto", start=start, scale=False)
    kept = {"kind": "function", "formula": formula, "derivative": derivative} | (
        {"seed": seed} if seed else {}
    )
    return Problem(kept, plain(formula), settings, function=function, notes=notes)


def _start_of(function: Function, seed: int) -> np.ndarray:
    """Where a typed function is begun: numbers of one decimal at which it is finite and slopes."""
    rng = np.random.default_rng(seed)
    place = np.ones(function.size)
    with np.errstate(all="ignore"):
        for widest in (3.0, 3.0, 10.0, 1.0, 100.0, 0.1):
            for _ in range(16):
                place = rng.uniform(-widest, widest, function.size).round(1 if widest > 0.1 else 3)
                value, gradient = function.value_and_gradient(place)
                if np.isfinite(value) and np.isfinite(gradient).all() and np.abs(gradient).max() > LEVEL:
                    return place
    return place


def _warned(formula: str, derivative) -> str:
    """What is said of a derivative that is none."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DownslopeWarning)
        Function.of(formula, None, derivative)
    return " ".join(str(warning.message) for warning in caught)


def _rows(asked: Mapping) -> Problem:
    X = [[_checked("X", x) for x in _list("X", row)] for row in _list("X", asked.get("X"))]
    y = [_checked("y", value) for value in _list("y", asked.get("y"))]
    if (
        not X
        or not X[0]
        or len({len(row) for row in X}) > 1
        or len(X) != len(y)
        or len(X) * len(X[0]) > VALUES
    ):
        raise DownslopeError("lab.rows", rows=len(X), targets=len(y), most=f"{VALUES:,}")
    return of_rows(dict(asked), localized("lab.title_rows", count=len(X)), Dataset.from_arrays(X, y))


def of_rows(asked: Mapping, title: Localized, dataset: Dataset, source: str = "", **settings) -> Problem:
    """A linear model on rows, with the settings that suit them but for those that are given."""
    if max(np.abs(part).max(initial=0.0) for part in (dataset.X, np.asarray(dataset.y))) > LARGEST:
        raise DownslopeError("model.squares_overflow")
    defaults: dict[str, Any] = {"loss": "log"} if dataset.classes else {}
    notes = tuple(localized(key, **facts) for key, facts in dataset.notes)
    return Problem(
        asked,
        title,
        Settings(**{**defaults, **settings}),
        dataset,
        notes=notes,
        source=source or _arrays(dataset),
    )


def _arrays(dataset: Dataset) -> str:
    """The line of Python that makes these rows."""
    X, y = np.asarray(dataset.X), np.asarray(dataset.y)
    return f"ds.Dataset.from_arrays({X.tolist()!r}, {y.tolist()!r})" if X.size <= VALUES else ""


def _points(asked: Mapping) -> Problem:
    return replace(_clicked(asked), reach=REACH)


def _clicked(asked: Mapping) -> Problem:
    task = asked.get("task", "regression")
    if task not in ("regression", "classes"):
        raise DownslopeError("lab.no_task", asked=repr(task)[:60])
    width = 2 if task == "regression" else 3
    points = [
        [_checked("points", x) for x in _list("points", row)] for row in _list("points", asked.get("points"))
    ]
    if not 2 <= len(points) <= POINTS or any(len(point) != width for point in points):
        raise DownslopeError("lab.points", found=len(points), most=POINTS, width=width)
    table = np.array(points)
    kept = {"kind": "points", "task": task, "points": points}
    if task == "regression":
        rows = Dataset.from_arrays(table[:, :1], table[:, 1])
        return of_rows(kept, localized("lab.title_points", count=len(points)), rows, **CLICKED)
    if set(table[:, 2]) - {0.0, 1.0}:
        raise DownslopeError("lab.point_class", found=sorted(set(table[:, 2]) - {0.0, 1.0})[0])
    rows = Dataset.from_arrays(table[:, :2], table[:, 2]).labelled((0, 1))
    return of_rows(kept, localized("lab.title_points", count=len(points)), rows, **CLICKED)


def _table(asked: Mapping, path: str | None) -> Problem:
    target, name = _text(asked, "target"), str(asked.get("name") or "rows.csv")[:200]
    features = asked.get("features")
    if features is not None:
        features = [str(feature) for feature in _list("features", features)]
    if path is None:
        raise DownslopeError("lab.no_file", name=name)
    dataset = Dataset.read(path, target=target, features=features)
    chosen = "" if features is None else f", features={features!r}"
    source = f"ds.Dataset.read({name!r}, target={target!r}{chosen})"
    kept = {"kind": "table", "id": asked.get("id"), "name": name, "target": target, "features": features}
    usual: dict[str, Any] = {"penalty": "auto"} if dataset.classes else {}
    return of_rows(kept, plain(Path(name).name), dataset, source, tol=1e-8, **usual)


def _checked(name: str, value: Any) -> float:
    _number(name, value)
    return float(value)


KINDS: dict[str, Callable[[Mapping], Problem]] = {
    "lesson": _lesson,
    "preset": _preset,
    "function": _function,
    "points": _points,
    "table": lambda asked: _table(asked, None),
    "rows": _rows,
}

"""The twelve lessons in the lab: what each runs there, and what it asks.

A lesson's rows, function and settings are those of lab/lessons.py, so that the last frame carries its
figures. Its questions are checked where they are asked: by a number, or by bringing the lab to a state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from ..data import Dataset
from ..errors import DownslopeError
from ..inference.solution import finite
from ..messages import text
from ..model.functions import Function
from .automatic import parabola
from .lesson import STAGES, Lesson, pytorch
from .lessons import LESSONS, lesson
from .linear_layer import ROWS
from .problems import Problem, of_rows
from .said import both, said
from .settings import Settings
from .three_rows import THREE_ROWS
from .two_functions import whole_numbers

BARE: dict[str, Any] = {"intercept": False, "scale": False, "start": {"x": 1.0}, "learning_rate": 0.01}
ROWS_ONLY = ("loss", "penalty", "alpha", "intercept", "scale", "hidden", "activation", "upload")


@dataclass(frozen=True)
class Question:
    """A question, and what answers it: a number within a tolerance, or conditions on a run."""

    name: str
    answer: float | None = None
    tolerance: float = 0.0
    reach: tuple[Mapping[str, Any], ...] = ()

    def to_json(self, number: int) -> dict[str, Any]:
        key = f"{number}_{self.name}"
        told: dict[str, Any] = {"id": f"{number}.{self.name}", "ask": said(f"lab.ask_{key}")}
        if self.answer is not None:
            told |= {"kind": "number", "answer": self.answer, "tolerance": self.tolerance}
        else:
            told |= {"kind": "state", "reach": [dict(condition) for condition in self.reach]}
        return told | {"right": said(f"lab.right_{key}"), "wrong": said(f"lab.wrong_{key}")}


@dataclass(frozen=True)
class InLab:
    """A lesson as the lab opens it."""

    problem: Problem
    runs: tuple[Mapping[str, Any], ...] = ({},)
    view: str = "loss"
    hide: tuple[str, ...] = ()
    questions: tuple[Question, ...] = field(default=())


def near(of: str, value: float, within: float) -> dict[str, Any]:
    return {"of": of, "near": value, "within": within}


def is_(of: str, value: Any) -> dict[str, Any]:
    return {"of": of, "is": value}


def in_lab(number: Any, seed: Any = 0) -> InLab:
    """The lesson, set up. Raises DownslopeError for a number or a seed that is none."""
    _refuse_unless_whole("number", number)
    _refuse_unless_whole("seed", seed)
    if number not in LESSONS:
        raise DownslopeError("lessons.unknown", asked=number, known=", ".join(map(str, LESSONS)))
    return _set_up(number, seed % 2**31)


def _refuse_unless_whole(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise DownslopeError(
            "lab.not_whole", name=name, value=repr(value)[:60], least=0, most="2,147,483,647"
        )


@lru_cache(maxsize=16)
def _set_up(number: int, seed: int) -> InLab:
    made = SET_UP[number](seed)
    return replace(
        made, problem=replace(made.problem, asked={"kind": "lesson", "number": number, "seed": seed})
    )


def _rows(number: int, dataset: Dataset, **settings) -> Problem:
    return of_rows({}, both(LESSONS[number].title), dataset, **settings)


def _function(number: int, function: Function, start, **settings) -> Problem:
    named = dict(zip(function.names, map(float, start)))
    told = Settings(learning_rate=0.01, epochs=1000, start=named, scale=False, **settings)
    return Problem({}, both(LESSONS[number].title), told, function=function, minima=((0.0,) * function.size,))


def _one(seed: int) -> InLab:
    told = {**BARE, "learning_rate": "auto", "direction": "exhaustive", "grid": {"x": [0.0, 4.0, 0.1]}}
    questions = (
        Question("a", answer=2.0, tolerance=0.001),
        Question("b", answer=18.6667, tolerance=0.01),
        Question(
            "c", reach=(is_("settings.direction", "exhaustive"), {"of": "trace.step.length", "above": 100})
        ),
    )
    return InLab(
        _rows(1, THREE_ROWS, **told), view="landscape", hide=(*ROWS_ONLY, "momentum"), questions=questions
    )


def _two(seed: int) -> InLab:
    questions = (
        Question("a", answer=-28 / 3, tolerance=0.01),
        Question("b", reach=(is_("verdict.code", "diverged"), is_("method", "gd"))),
        Question("c", reach=(is_("method", "gd"), near("final.x", 2.0, 1e-6), {"of": "epochs", "below": 3})),
    )
    return InLab(_rows(2, THREE_ROWS, **BARE), view="landscape", hide=ROWS_ONLY, questions=questions)


def _three(seed: int) -> InLab:
    runs = ({"rows": "one", "order": [2]}, {"rows": "all"})
    questions = (
        Question("a", answer=-18.0, tolerance=0.01),
        Question("b", reach=(is_("settings.rows", "one"), is_("settings.order", "cyclic"))),
    )
    return InLab(_rows(3, THREE_ROWS, **BARE), runs, "weights", ROWS_ONLY, questions)


def _four(seed: int) -> InLab:
    runs = tuple(
        {"rows": "one", "order": order, "seed": seed} for order in ("cyclic", "shuffle", "replacement")
    )
    questions = (
        Question("a", answer=300.0, tolerance=0.1),
        Question("b", reach=(is_("settings.rows", "batch"), is_("settings.batch_size", 2))),
    )
    return InLab(_rows(4, THREE_ROWS, **BARE), runs, "loss", ROWS_ONLY, questions)


def _five(seed: int) -> InLab:
    function = Function.of("2*x^2", None, derivative="4*x")
    questions = (
        Question("a", answer=0.96, tolerance=0.0005),
        Question("b", answer=0.25, tolerance=0.001),
        Question("c", reach=(is_("verdict.code", "diverged"),)),
    )
    problem = _function(5, function, whole_numbers(seed, 1))
    return InLab(
        problem, view="landscape", hide=(*ROWS_ONLY, "rows", "batch_size", "order"), questions=questions
    )


def _six(seed: int) -> InLab:
    function = Function.of("x^2 + y^2 + z^2", None, derivative="2*x, 2*y, 2*z")
    questions = (
        Question("a", answer=0.98, tolerance=0.0005),
        Question(
            "b", reach=(is_("method", "gd"), is_("verdict.code", "converged"), {"of": "epochs", "below": 51})
        ),
    )
    problem = _function(6, function, whole_numbers(seed, 3))
    return InLab(
        problem, view="weights", hide=(*ROWS_ONLY, "rows", "batch_size", "order"), questions=questions
    )


def _seven(seed: int) -> InLab:
    with pytorch(7):
        function = Function.of(parabola, 1.0)
    questions = (
        Question("a", answer=4.0, tolerance=0.001),
        Question("b", reach=(is_("settings.direction", "momentum"), near("final.x", 0.0, 1e-6))),
    )
    problem = replace(_function(7, function, whole_numbers(seed, 1)), source="2*x^2")
    return InLab(
        problem, view="landscape", hide=(*ROWS_ONLY, "rows", "batch_size", "order"), questions=questions
    )


def _eight(seed: int) -> InLab:
    drawn = {"epochs": 100, "tol": 0.0, "seed": seed}
    runs: tuple[dict[str, Any], ...] = (
        {"direction": "closed_form"},
        {},
        {"rows": "one", **drawn},
        {"rows": "batch", "batch_size": 20, **drawn},
    )
    questions = (
        Question("a", answer=14.0, tolerance=0.1),
        Question("b", reach=(is_("settings.scale", False), is_("method", "gd"))),
    )
    rows = lesson(8, seed=seed).rows  # type: ignore[attr-defined]
    return InLab(_rows(8, rows, epochs=1000, tol=1e-8), runs, "loss", ("upload",), questions)


def _nine(seed: int) -> InLab:
    drawn = {"epochs": 200, "tol": 0.0, "seed": seed, "schedule": "inverse"}
    runs: tuple[dict[str, Any], ...] = (
        {"direction": "closed_form"},
        {},
        {"rows": "one", "learning_rate": 0.03, **drawn},
        {"rows": "batch", "batch_size": 10, "learning_rate": 0.2, **drawn},
    )
    questions = (
        Question("a", answer=20_000.0, tolerance=1.0),
        Question("b", reach=(is_("method", "newton"), {"of": "epochs", "below": 4})),
    )
    rows = lesson(9, seed=seed).rows  # type: ignore[attr-defined]
    return InLab(_rows(9, rows, epochs=1000, tol=1e-8, scale=False), runs, "fit", ("upload",), questions)


def _ten(seed: int) -> InLab:
    made = lesson(10, seed=seed)
    named = dict(zip(("x1", "x2", "intercept"), made.start.tolist()))  # type: ignore[attr-defined]
    ordered = {"order": "cyclic"}
    runs: tuple[dict[str, Any], ...] = (
        {},
        {"rows": "one", **ordered},
        {"rows": "batch", "batch_size": 2, **ordered},
    )
    questions = (
        Question("a", answer=1.0, tolerance=0.001),
        Question("b", reach=(is_("settings.penalty", "l2"), {"of": "settings.alpha", "above": 0})),
    )
    told = {"learning_rate": 0.01, "scale": False, "tol": 0.0, "start": named}
    return InLab(_rows(10, ROWS, **told), runs, "landscape", ("upload", "hidden", "activation"), questions)


def _eleven(seed: int) -> InLab:
    told = {"hidden": [10], "loss": "log", "learning_rate": 0.1, "epochs": 1000, "tol": 0.0, "scale": False}
    rows = lesson(11, seed=seed).rows.labelled()  # type: ignore[attr-defined]
    questions = (
        Question("a", answer=61.0, tolerance=0.1),
        Question("b", reach=({"of": "metrics.training.accuracy", "above": 0.9},)),
    )
    return InLab(_rows(11, rows, **told, seed=seed), view="fit", hide=("upload", "loss"), questions=questions)


def _twelve(seed: int) -> InLab:
    told = {"hidden": [], "loss": "log", "learning_rate": 0.1, "epochs": 1000, "tol": 0.0, "scale": False}
    rows = lesson(12, seed=seed).rows  # type: ignore[attr-defined]
    questions = (
        Question("a", answer=0.5514, tolerance=0.002),
        Question("b", reach=(is_("settings.direction", "adam"), {"of": "loss", "below": 0.34})),
    )
    return InLab(_rows(12, rows, **told, seed=seed), view="fit", hide=("upload", "loss"), questions=questions)


SET_UP: dict[int, Callable[[int], InLab]] = {
    1: _one,
    2: _two,
    3: _three,
    4: _four,
    5: _five,
    6: _six,
    7: _seven,
    8: _eight,
    9: _nine,
    10: _ten,
    11: _eleven,
    12: _twelve,
}


def told(number: Any, seed: Any = 0) -> dict[str, Any]:
    """The lesson as its page tells it: four stages, what was learned, the figures, the questions."""
    in_lab(number, seed)
    return _told(number, seed % 2**31)


@lru_cache(maxsize=16)
def _told(number: int, seed: int) -> dict[str, Any]:
    made = _set_up(number, seed)
    ran = lesson(number, **({"seed": seed} if hasattr(LESSONS[number], "seed") else {}))
    figures = ran.figures()
    stages = [
        {"stage": stage, "name": said(f"lessons.{stage}"), "text": _part(ran, stage, figures)}
        for stage in STAGES
    ]
    stages[2]["outcome"] = _part(ran, "outcome", figures)
    return {
        "number": number,
        "title": both(ran.title),
        "command": ran.command,
        "parts": stages,
        "learned": _part(ran, "learned", figures),
        "figures": finite(figures),
        "problem": dict(made.problem.asked),
        "runs": [Settings.of(run, made.problem.defaults).to_json() for run in made.runs],
        "view": made.view,
        "hide": list(made.hide),
        "questions": [question.to_json(number) for question in made.questions],
    }


def _part(ran: Lesson, part: str, figures: Mapping[str, float]) -> dict[str, str]:
    return both(lambda: text(f"lessons.{ran.number}_{part}", **figures, **ran.words()))

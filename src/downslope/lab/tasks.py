"""What a worker can be asked for: each task takes plain data and gives the bytes of an answer."""

from __future__ import annotations

import contextlib
import csv
import io
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np

from ..data import Table
from ..data.database import rows_of
from ..errors import DownslopeError
from ..inference.settings import Settings
from ..lessons import LESSONS
from ..lessons.folder import STAGES, Lesson, Question
from ..messages import speaking
from ..model.autodiff import pytorch
from . import choices, document, landscape, pages, report
from .localized import encoded, in_each_language, localized
from .problems import Problem, lesson_of, problem
from .saved import saved

SECONDS = 15.0  # for all runs of one request: then they stop, and what they found is shown
EVERY = 0.1  # seconds between two parts of a run that is under way

Payload = Mapping[
    str, Any
]  # what the page asked, and "path": the file that it sent or the run that was opened


class Line(Protocol):
    """The way back to the page: `tell` sends what there is so far, `look` raises when the task is to stop,
    `put_together` says that the runs are over and their document is being made."""

    def tell(self, part: Any) -> None: ...

    def put_together(self) -> None: ...

    def look(self) -> None: ...


def page(payload: Payload, line: Line) -> bytes:
    """What the page begins with, and the run that was opened."""
    opened = payload["opened"]
    document = None if opened is None else saved(opened)[0]
    return encoded(pages.beginning(payload["wish"], opened=document, token=payload["token"]))


def describe(payload: Payload, line: Line) -> bytes:
    """What can be chosen for a problem, before anything runs."""
    asked = _problem(payload)
    settings = Settings.of(payload.get("settings"), asked.defaults)
    error = choices.refusal(asked, settings)
    if error is not None and choices.refusal(asked, asked.defaults) is not None:
        raise error
    sound = settings if error is None else asked.defaults
    ran = document.begun(asked, sound)
    known = (
        None if ran.objective is None or error is not None else choices.certificate(settings, ran.objective)
    )
    return encoded(
        {
            "problem": document.described(asked, ran),
            "defaults": asked.defaults.to_json(),
            "settings": settings.to_json(),
            "choices": choices.choices(asked, settings),
            "certificate": document.finite(known),
            "pictures": document.before_runs(ran, asked),
        }
    )


def window(payload: Payload, line: Line) -> bytes:
    """F in another window, for the picture alone: nothing runs."""
    asked, shown = _problem(payload), landscape.window_of(payload.get("window"))
    settings = Settings.of(document.runs_of(payload.get("runs"))[0], asked.defaults)
    return encoded(document.before_runs(document.begun(asked, settings), asked, shown)["landscape"])


def runs(payload: Payload, line: Line) -> bytes:
    """The document of up to six runs."""
    return encoded(_document(payload, line))


def _document(payload: Payload, line: Line) -> dict[str, Any]:
    if payload.get("saved"):
        return saved(payload["path"])[0]
    asked, wanted = _problem(payload), document.runs_of(payload.get("runs"))
    window = landscape.window_of(payload.get("window"))
    watch = _Watch(line, bool(payload.get("stream")))
    made = document.made(asked, wanted, watch, SECONDS / len(wanted), payload.get("draft") is True)
    line.put_together()
    return document.assembled(asked, made, window)


class _Watch:
    """Looks whether the page still waits, and sends it the losses of a long run as they come."""

    def __init__(self, line: Line, telling: bool):
        self.line, self.telling = line, telling
        self.due, self.run = time.monotonic() + EVERY, -1
        self.epochs: list[int] = []
        self.losses: list[float | None] = []

    def __call__(self, run: int, training, step) -> None:
        self.line.look()
        if not self.telling:
            return
        if run != self.run:
            self.run, self.epochs, self.losses = run, [], []
        self.epochs.append(step.epoch)
        self.losses.append(step.loss if np.isfinite(step.loss) else None)
        if time.monotonic() >= self.due:
            keep = slice(None, None, max(1, len(self.epochs) // 200))
            part = {"run": run, "epoch": self.epochs[keep], "loss": self.losses[keep]}
            self.line.tell({**part, "epochs": training.recipe.epochs})
            self.epochs, self.losses, self.due = [], [], time.monotonic() + EVERY


def _problem(payload: Payload) -> Problem:
    path = payload.get("path")
    try:
        return problem(payload.get("problem"), path)
    except DownslopeError as error:
        raise error if path is None else _under_its_name(error, path, payload["name"]) from None


def _ran(payload: Payload, line: Line) -> tuple[Problem, document.RunResult]:
    """One run, for what is taken away from it."""
    if payload.get("saved"):
        _, asked, ran = saved(payload["path"])
        return asked, ran
    asked = _problem(payload)
    settings = Settings.of(payload.get("settings"), asked.defaults)
    ran = document.run(asked, settings, watch=_Watch(line, False), seconds=SECONDS)
    line.put_together()
    return asked, ran


def as_code(payload: Payload, line: Line) -> bytes:
    """The run as a script."""
    from . import code

    library = payload.get("library")
    if library == "downslope" and not payload.get("saved"):
        asked = _problem(payload)
        settings = Settings.of(payload.get("settings"), asked.defaults)
        return encoded({"name": "walk.py", "code": code.downslope(asked, settings)})
    asked, ran = _ran(payload, line)
    return encoded({"name": f"walk_{library}.py", "code": code.of_run(asked, ran, library)})


def as_csv(payload: Payload, line: Line) -> bytes:
    """The trace as a table."""
    _, ran = _ran(payload, line)
    return trace_csv(ran).encode()


def trace_csv(ran: document.RunResult) -> str:
    """One line for each step that was kept: its numbers, then the weights after it."""
    page = io.StringIO()
    table = csv.writer(page, lineterminator="\n")
    fields = [
        "step",
        "epoch",
        "rows",
        "seconds",
        "loss",
        "gradient_norm",
        "learning_rate",
        "objective",
        "validation",
    ]
    table.writerow([*fields, *ran.trace.names])
    for step in ran.trace:
        row = [getattr(step, field) for field in fields]
        params = [""] * len(ran.trace.names) if step.params is None else step.params.tolist()
        table.writerow(["" if value is None else value for value in row] + params)
    return page.getvalue()


def as_gif(payload: Payload, line: Line) -> bytes:
    """The descent as it moves."""
    from .. import plots

    _, ran = _ran(payload, line)
    trace, values = ran.trace, None
    if ran.objective is not None and ran.objective.size <= 2:
        values = landscape.values_of(ran.objective, 50_000)
    if values is not None:  # in the coordinates of the descent, whose gradient is drawn
        trace = document.inner_trace(ran)
    with TemporaryDirectory() as folder, speaking("zh" if payload.get("lang") == "zh" else "en"):
        return plots.descent_gif(Path(folder, "walk.gif"), trace, values).read_bytes()


def as_report(payload: Payload, line: Line) -> bytes:
    """The stand-alone page."""
    if payload.get("saved"):
        found, _, ran = saved(payload["path"])
        tables: list[str | None] = [trace_csv(ran)]
    else:
        asked, wanted = _problem(payload), document.runs_of(payload.get("runs"))
        made = document.made(asked, wanted, _Watch(line, False), SECONDS / len(wanted))
        line.put_together()
        tables = [trace_csv(one) if isinstance(one, document.RunResult) else None for one in made]
        found = document.assembled(asked, made)
    for one, table in zip(found["runs"], tables):
        one["trace_csv"] = table
    return report.page(found, payload.get("lang")).encode()


def lesson(payload: Payload, line: Line) -> bytes:
    """A lesson: four stages, what was learned, its figures, its runs and its questions."""
    number, seed = payload.get("number"), payload.get("seed", 0)
    made = lesson_of(number, seed)
    asked = problem({"kind": "lesson", "number": number, "seed": seed})
    stages: list[dict[str, Any]] = [
        {"stage": stage, "name": localized(f"lessons.{stage}"), "text": _part(made, stage)}
        for stage in STAGES
    ]
    stages[STAGES.index("training")]["outcome"] = _part(made, "outcome")
    states, opened = made.data.states or {"": {}}, next(iter(made.data.states), "")
    asked_of = lambda name: _state_of(made, asked, name)
    settings_of = lambda name: Settings.of(states[name], asked.defaults).to_json()
    asks = [_question(made, question) for question in made.data.questions]
    return encoded(
        {
            "number": made.number,
            "why": _part(made, "why") if made.has("why") else None,
            "cards": [
                {
                    "text": _part(made, part if made.has(part := f"states.{name}") else "outcome"),
                    "problem": asked_of(name),
                    "runs": [settings_of(name)],
                    "view": made.data.views.get(name, made.data.view),
                    "window": made.data.windows.get(name),
                    "predict": next((ask["id"] for ask in asks if ask["before"] == name), None),
                }
                for name in [name for name in states if made.has(f"states.{name}")] or [opened]
            ],
            "title": asked.title,
            "command": made.command,
            "parts": stages,
            "learned": _part(made, "learned"),
            "figures": document.finite(made.figures()),
            "problem": asked_of(opened),
            "runs": [settings_of(name) for name in states if asked_of(name) == asked_of(opened)],
            "view": made.data.view,
            "hide": made.data.hide,
            "questions": asks,
        }
    )


def lesson_picture(payload: Payload, line: Line) -> bytes:
    """The lesson's own pictures, as SVG in each language."""
    from .. import plots

    made = lesson_of(payload.get("number"), payload.get("seed", 0))

    def drawn() -> str:
        page = io.BytesIO()
        plots.panels(*made.drawings()).savefig(page, format="svg")
        return page.getvalue().decode()

    return encoded({"svg": in_each_language(drawn)})


def _state_of(made: Lesson, asked: Problem, name: str) -> dict[str, Any]:
    """The problem of a state, as an address names it."""
    if name in made.data.formulas:
        return {"kind": "function", "formula": made.data.formulas[name]}
    if name in made.data.targets:
        return {"kind": "rows", "X": made.data.problem.X, "y": made.data.targets[name]}
    columns = made.data.columns
    return {**asked.asked, **({"columns": columns[name]} if name in columns else {})}


def _part(made: Lesson, part: str) -> dict[str, str]:
    return in_each_language(lambda: made.part(part))


def _question(made: Lesson, question: Question) -> dict[str, Any]:
    ask, *choices, right, wrong = (_part(made, name) for name in question.sentences)
    asked: dict[str, Any] = {"id": f"{made.number}.{question.name}", "ask": ask}
    first = next(iter(made.data.states), "")
    before = (question.before or first) if question.predict else None
    asked |= {"choices": choices, "predict": question.predict, "before": before}
    if question.answer is not None:
        asked |= {"kind": "number", "answer": question.answer, "tolerance": question.tolerance}
    else:
        asked |= {"kind": "state", "reach": question.reach}
    return asked | {"right": right, "wrong": wrong}


def upload(payload: Payload, line: Line) -> bytes:
    """What is in a file that was sent."""
    path, name = payload["path"], payload["name"]
    try:
        table = Table.read(path)
    except DownslopeError as error:
        raise _under_its_name(error, path, name) from None
    columns = [
        {"name": column, "kind": table.kind(column), "example": table.example(column)}
        for column in table.names[:500]
    ]
    # the last column of numbers that differ: a constant one can not be learned
    numbers = [column["name"] for column in columns if column["kind"] == "numeric"]
    target = numbers[-1] if numbers else table.names[-1]
    kept = {"id": payload["id"], "name": name, "rows": len(table), "columns": columns, "target": target}
    return encoded(kept)


def _under_its_name(error: DownslopeError, path: str, name: str) -> DownslopeError:
    """The same refusal, naming the file as its owner knows it."""
    facts = {
        key: str(fact).replace(path, name) if path in str(fact) else fact for key, fact in error.facts.items()
    }
    return DownslopeError(error.key, **facts)


def warm() -> None:
    """Load what the first pictures need, and make a small one."""
    document.document(problem({"kind": "points", "points": [[0, 0], [1, 1]]}), [{"epochs": 2}])


def load(payload: Payload) -> None:
    """Load PyTorch where a request needs it: that takes seconds, or half a minute on a cold disk."""
    asked = payload.get("problem")
    number = payload.get("number", asked.get("number") if isinstance(asked, Mapping) else None)
    runs = payload.get("runs")
    runs = runs if isinstance(runs, list) else []
    nets = (
        isinstance(one, Mapping) and one.get("hidden") is not None for one in (payload.get("settings"), *runs)
    )
    if number in (one.number for one in LESSONS.values() if one.data.torch) or any(nets):
        with contextlib.suppress(DownslopeError):
            pytorch()


def warm_more() -> None:
    """Load what takes seconds and is seldom needed: SymPy, compiled kernels, DuckDB, PyTorch where it is
    there."""
    document.document(problem({"kind": "preset", "name": "bowl"}), [{"epochs": 2}])
    apart = [
        [0, 0, 0],
        [0, 1, 0],
        [1, 0, 1],
        [1, 1, 1],
    ]  # of separable classes the verdict looks for an alpha
    document.document(problem({"kind": "points", "task": "classes", "points": apart}), [{"epochs": 20}])
    X = np.random.default_rng(0).normal(size=(900, 2))
    asked = {"kind": "rows", "X": X.tolist(), "y": X[:, 0].tolist()}
    document.document(problem(asked), [{"rows": "batch", "epochs": 300}])
    rows_of("SELECT 1 AS x")
    with contextlib.suppress(DownslopeError, ImportError):
        document.document(
            problem({"kind": "points", "points": [[0, 0], [1, 1]]}), [{"hidden": [2], "epochs": 2}]
        )


TASKS: dict[str, Callable[[Payload, Line], bytes]] = {
    "page": page,
    "describe": describe,
    "runs": runs,
    "window": window,
    "code": as_code,
    "csv": as_csv,
    "gif": as_gif,
    "report": as_report,
    "lesson": lesson,
    "lesson_picture": lesson_picture,
    "upload": upload,
}

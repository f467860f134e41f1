"""The document: all that a page needs to play the runs of one problem, computed here and only shown there."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..data import Dataset
from ..descent.methods import AnyMethod, Exhaustive
from ..descent.trace import Step, Trace
from ..errors import DownslopeError
from ..inference import Solution, Training
from ..inference.settings import Settings
from ..inference.solution import finite
from ..insight import Verdict
from ..kernels.threads import one_blas_thread
from ..model.objective import Objective
from ..plots.canvas import FREEZE, Escape, escape
from . import fits, formulas, landscape
from .choices import certificate, distinct, label, remedies
from .localized import Localized, in_each_language, localized, refusal
from .numbers import exact, short
from .problems import Problem

FRAMES, DRAFT, NAMED, RUNS = 1_200, 61, 24, 6
VERSION = 1

Watch = Callable[[int, Training, Step], None]  # called with each step of a run, and the run's number


@dataclass(frozen=True, eq=False)
class RunResult:
    """One run: what was asked, and what came of it."""

    settings: Settings
    label: Localized
    trace: Trace
    solution: Solution | None = None  # a trace alone has none
    objective: Objective | None = None  # nor this; a run whose rows are gone has none either
    method: AnyMethod | None = None
    dataset: Dataset | None = None
    judged: Verdict | None = None  # the verdict on a watched script, which has no solution
    draft: bool = False  # a picture while a hand moves: few frames, and nothing is judged

    @property
    def verdict(self) -> Verdict | None:
        """What the run came to."""
        return self.judged if self.solution is None else self.solution.verdict

    @classmethod
    def of(cls, settings: Settings, training: Training, draft: bool = False) -> RunResult:
        """What a training came to; what is left of it is run first."""
        training.judged = not draft
        solution, dataset = training.solution, _some(training.dataset)
        parts = training.trace, solution, training.objective, training.method, dataset
        return cls(settings, label(settings, dataset is not None), *parts, draft=draft)


def runs_of(asked: Any) -> list[Any]:
    """One to six runs."""
    if not isinstance(asked, list) or not 1 <= len(asked) <= RUNS:
        raise DownslopeError("lab.how_many_runs", most=RUNS)
    return asked


def document(
    problem: Problem,
    asked: Sequence[Any],
    watch: Watch | None = None,
    seconds: float | None = None,
    window: np.ndarray | None = None,
) -> dict[str, Any]:
    """Every run made, and everything that shows them. A run that is refused says why, among the others;
    where all are refused, so is the request. window (k, 2): what the picture of F shows."""
    return assembled(problem, made(problem, asked, watch, seconds), window)


def made(
    problem: Problem,
    asked: Sequence[Any],
    watch: Watch | None = None,
    seconds: float | None = None,
    draft: bool = False,
) -> list[RunResult | Mapping[str, Any]]:
    """Every run, or what its settings were refused for; `seconds` for each. draft: for the moment that a
    slider or a point is dragged, with few frames, a coarse landscape and no verdict."""
    found: list[RunResult | Mapping[str, Any]] = []
    refused: list[DownslopeError] = []
    for number, settings in enumerate([Settings.of(one, problem.defaults) for one in asked]):
        try:
            found.append(run(problem, settings, number, watch, seconds, draft))
        except DownslopeError as error:
            refused.append(error)
            found.append({"settings": settings.to_json(), "error": refusal(error)})
    if len(refused) == len(found):
        raise refused[0]
    return found


def run(
    problem: Problem,
    settings: Settings,
    number: int = 0,
    watch: Watch | None = None,
    seconds=None,
    draft: bool = False,
) -> RunResult:
    """One descent, to its end."""
    training = problem.training(settings, seconds)
    with one_blas_thread():  # once, not for each of many small steps
        for step in training:
            if watch is not None:
                watch(number, training, step)
    return RunResult.of(settings, training, draft)


def assembled(
    problem: Problem,
    runs_made: Sequence[RunResult | Mapping[str, Any]],
    window: np.ndarray | None = None,
) -> dict[str, Any]:
    """The document of runs that were made, those that were refused in their places."""
    rans = [one for one in runs_made if isinstance(one, RunResult)]
    labels = distinct([ran.label for ran in rans], [ran.settings for ran in rans])
    labelled = iter([replace(ran, label=words) for ran, words in zip(rans, labels)])
    runs_made = [next(labelled) if isinstance(one, RunResult) else one for one in runs_made]
    rans = [one for one in runs_made if isinstance(one, RunResult)]
    of_table = problem.asked.get("kind") in ("table", "saved")
    parts = [Parts(ran, problem.reach, of_table and not ran.draft) for ran in rans]
    pictures, view, units = _pictures(problem, [part for part in parts if part.values is not None], window)
    shown = iter(parts)
    runs = [
        next(shown).to_json(view, units) if isinstance(one, RunResult) else dict(one) for one in runs_made
    ]
    return {
        "format": "downslope-lab",
        "version": VERSION,
        "draft": rans[0].draft,
        "problem": described(problem, rans[0]),
        "runs": runs,
        "pictures": pictures,
    }


def described(problem: Problem, ran: RunResult) -> dict[str, Any]:
    """The problem as a page shows it."""
    objective = ran.objective
    best = None if objective is None else minimum_of(problem, objective)
    dataset = ran.dataset or _some(problem.dataset)
    return {
        "asked": dict(problem.asked),
        "kind": "rows" if dataset is not None else "trace" if problem.function is None else "function",
        "title": problem.title,
        "names": list(ran.trace.names[:NAMED]),
        "symbols": list(formulas.symbols(ran.trace.names[:NAMED], dataset)),
        "formulas": formulas.of_problem(problem, ran.settings),
        "rows": None if dataset is None else fits.rows_of(dataset),
        "minimum": None
        if best is None or objective is None
        else {"params": exact(best[:NAMED]), "loss": finite(objective.value(objective.to_inner(best)))},
        "notes": list(problem.notes),
    }


def minimum_of(problem: Problem, objective: Objective) -> np.ndarray | None:
    """The params of the minimum, where algebra finds it: that of a parabola, or one that is well known."""
    if problem.minima:
        return np.array(problem.minima[0])
    if not (
        objective.linear_rows and objective.quadratic and not objective.nonsmooth and objective.size <= 200
    ):
        return None
    try:
        return objective.to_user(np.asarray(objective.solved().theta).ravel())
    except DownslopeError:
        return None


class Parts:
    """One run, taken apart into frames: frame 0 is the start, frame k follows the k-th kept step."""

    def __init__(self, ran: RunResult, reach: tuple[float, ...] = (), of_table: bool = False):
        self.ran, self.reach, self.of_table = ran, reach, of_table
        trace, steps = ran.trace, ran.trace.steps
        self.chosen = np.arange(len(steps))  # which steps have a frame
        if ran.draft and len(steps) > DRAFT and not isinstance(ran.method, Exhaustive):
            self.chosen = np.union1d(fits.keyframes(len(steps), DRAFT), len(steps) - 2)
        elif len(steps) > FRAMES:
            self.chosen = np.unique(np.linspace(0, len(steps) - 1, FRAMES).round().astype(int))
        self.dropped = trace.seen > len(steps) or len(steps) > FRAMES
        self.steps = [steps[k] for k in self.chosen]
        blank = np.full(len(trace.start), np.nan)
        params = (blank if step.params is None else step.params for step in steps)
        self.path = np.vstack([trace.start, *params])  # with those that have no frame
        self.frames = self.path[np.append(0, self.chosen + 1)]  # (s + 1, p)
        self.tried = self.frames[1:].copy() if isinstance(ran.method, Exhaustive) else None
        if isinstance(ran.method, Exhaustive):  # a frame shows the best of what was tried so far
            losses = np.array([step.loss for step in self.steps])
            best = np.maximum.accumulate(
                np.where(losses <= np.fmin.accumulate(losses), np.arange(len(losses)), 0)
            )
            self.frames[1:] = self.frames[1:][best]
        places = len(self.frames) + landscape.COARSE**2
        self.values = None if ran.objective is None else landscape.values_of(ran.objective, places)
        self.units = None if self.values is None else landscape.Units.of(ran.objective)  # type: ignore[arg-type]
        self.full = self._full()
        self.escape = self._escape()
        sound = len(self.frames) if self.escape is None else max(2, self.escape.row)
        self.sound = min(sound, int(np.isfinite(self.frames).all(axis=1).sum()))

    def _full(self) -> np.ndarray:
        """F over all rows at each frame.  (s + 1,)"""
        if self.values is not None and self.units is not None:
            return self.values(self.units.inner(self.frames))
        nan, solution, trace = math.nan, self.ran.solution, self.ran.trace
        losses = [step.loss for step in self.steps]
        if self.ran.judged is not None and losses:  # all that is known is the loss of each update's rows
            after = [step.objective for step in self.steps if step.objective is not None]
            if len(after) == len(losses):
                return np.array([losses[0], *after])
            return np.array([losses[0], *losses] if self.dropped else [*losses, nan])
        if (self.ran.method is None or self.ran.method.full) and trace.seen <= len(trace.steps):
            # the loss before a step is F where the one before it led
            before = [*(step.loss for step in trace.steps), nan if solution is None else solution.loss]
            return np.array(before)[np.append(0, self.chosen + 1)]
        return np.array([nan, *(nan if step.objective is None else step.objective for step in self.steps)])

    def _escape(self) -> Escape | None:
        """Where the run leaves every picture, if it does."""
        if not self.ran.settings.descends:
            return None
        failed = self.ran.verdict is not None and self.ran.verdict.failed
        known = np.isfinite(self.full)
        if not known.any():
            return None
        full = (
            np.where(np.isfinite(self.frames).all(axis=1), self.full, np.inf) if failed else self.full[known]
        )
        found = escape(full)
        return escape(np.append(full[:-1], np.inf)) if failed and found is None else found if failed else None

    def to_json(self, view: landscape.View | None, units: landscape.Units | None) -> dict[str, Any]:
        ran, solution, steps = self.ran, self.ran.solution, self.steps
        settings, objective, last = ran.settings, ran.objective, steps[-1] if steps else None
        column = lambda field: exact(
            [math.nan if getattr(s, field) is None else getattr(s, field) for s in steps]
        )
        return {
            "settings": settings.to_json(),
            "label": ran.label,
            "error": None,
            "method": None if solution is None else solution.method,
            "stopped": None if solution is None else solution.stopped,
            "epochs": (last.epoch + 1 if last else 0) if solution is None else solution.epochs,
            "seconds": round(last.seconds if last else 0.0, 6),
            "final": {}
            if solution is None
            else finite(dict(zip(solution.names[:NAMED], solution.params.tolist()))),
            "loss": finite((last.loss if last else None) if solution is None else solution.loss),
            "trace": {
                "step": [step.step for step in steps],
                "epoch": [step.epoch for step in steps],
                "rows": [step.rows for step in steps],
                "seconds": short(column("seconds")),
                "loss": column("loss"),
                "gradient_norm": column("gradient_norm"),
                "learning_rate": column("learning_rate"),
                "validation": column("validation") if any(s.validation is not None for s in steps) else None,
            },
            "params": {
                "names": list(ran.trace.names[:NAMED]),
                "symbols": list(formulas.symbols(ran.trace.names[:NAMED], ran.dataset)),
                "columns": [exact(values) for values in self.frames.T[:NAMED]],
                "left_out": max(0, len(ran.trace.names) - NAMED),
            },
            "full": exact(self.full),
            "frame_epoch": self._epochs(),
            "diverged": self._diverged(),
            "scales": self._scales(),
            "thinned": self._thinned(),
            "verdict": None if ran.verdict is None or ran.draft else self._verdict(ran.verdict),
            "findings": self._findings(),
            "certificate": None if objective is None else finite(certificate(settings, objective)),
            "rule": formulas.rule(ran.method, objective),
            "words": None
            if objective is None
            else formulas.words(
                ran.trace.steps, self.path, objective, ran.method, ran.dataset, settings.seed, self.chosen
            ),
            "fit": None
            if solution is None or ran.dataset is None
            else fits.fit_of(solution, ran.dataset, self.frames, self.reach, ran.draft),
            "path": None
            if view is None or units is None or self.values is None or view.names != ran.trace.names
            else self._path(view, units),
            "metrics": None if solution is None or ran.draft else finite(dict(solution.metrics)),
            "trace_csv": None,
        }

    def _epochs(self) -> list[float]:
        """Epochs done at each frame; a pass that is kept update by update counts in fractions."""
        method, objective = self.ran.method, self.ran.objective
        if objective is None:
            return short([0.0, *(step.epoch + 1 for step in self.steps)])
        per_epoch = 1 if method is None else method.rows.updates_in(objective.rows)
        return short([0.0, *(step.step / per_epoch for step in self.steps)])

    def _diverged(self) -> dict[str, Any] | None:
        found, verdict = self.escape, self.ran.verdict
        if found is None or verdict is None:
            return None
        return {
            "frame": min(found.row, len(self.frames) - 1),
            "value": finite(found.value),
            "why": in_each_language(lambda: verdict.text),
        }

    def _scales(self) -> dict[str, Any]:
        """Where axes may end, so that what diverges squashes nothing."""
        held = self.full[: self.sound]
        held = held[np.isfinite(held)]
        losses = np.array([step.loss for step in self.steps][: max(1, self.sound - 1)])
        losses = losses[np.isfinite(losses)]
        params = self.frames[: self.sound, :NAMED]
        span = lambda values: short([values.min(), values.max()]) if values.size else None
        above = held[held > 0]
        return {
            "loss": span(losses),
            "full": span(held),
            "params": span(params),
            "floor": short([above.min()])[0] if above.size else 1e-12,
            "freeze": FREEZE,
        }

    def _thinned(self) -> Localized | None:
        if not self.dropped or self.ran.draft:
            return None
        return localized("lab.thinned", kept=len(self.steps), made=self.ran.trace.updates)

    def _verdict(self, verdict: Verdict) -> dict[str, Any]:
        measured = lambda: [] if verdict.certificate is None else verdict.certificate.lines()
        return {
            "code": verdict.code,
            "failed": verdict.failed,
            "text": in_each_language(lambda: " ".join([verdict.text, *measured()])),
            "numbers": finite(dict(verdict.numbers)),
            "remedies": [] if self.ran.solution is None else remedies(verdict, self.ran),
        }

    def _findings(self) -> list[dict[str, Any]]:
        """What is found about the rows of a table; remedies that are no setting of the lab are words."""
        found = [] if self.ran.solution is None or not self.of_table else self.ran.solution.data_findings
        shown = [self._verdict(finding) for finding in found]
        for finding, one in zip(found, shown):
            for remedy, words in zip(finding.remedies, one["remedies"]):
                if words["change"] is None:
                    words["text"] = in_each_language(lambda remedy=remedy: str(remedy))  # type: ignore[misc]
        return shown

    def _path(self, view: landscape.View, units: landscape.Units) -> dict[str, Any]:
        """Where the run goes in the window, and the gradient there, in the coordinates of its axes."""
        assert self.units is not None
        places = view.places(units.inner(self.frames))
        path: dict[str, Any] = {
            "x": short(places[:, 0]),
            "y": None,
            "f": short(self.full),
            "gx": None,
            "gy": None,
        }
        g = [step.gradient for step in self.steps]
        if all(part is not None for part in g):
            arrows = units.gradients(np.array(g), self.units) @ view.axes.T
            path["gx"] = short(arrows[:, 0])
            path["gy"] = short(arrows[:, 1]) if len(view.axes) == 2 else None
        if len(view.axes) == 2:
            path["y"] = short(places[:, 1])
        return path


def _pictures(
    problem: Problem, parts: Sequence[Parts], window: np.ndarray | None
) -> tuple[dict[str, Any], landscape.View | None, landscape.Units | None]:
    """F over the weights, in the coordinates of the first descent and a window that holds every run."""
    blank: dict[str, Any] = {"landscape": None, "search": None}
    if not parts:
        return blank, None, None
    objective, values, units = parts[0].ran.objective, parts[0].values, parts[0].units
    assert values is not None and objective is not None and units is not None
    alike = [part for part in parts if part.ran.trace.names == objective.names]
    best = minimum_of(problem, objective)
    if best is None:
        found = parts[0].ran.solution
        ended = found is not None and found.verdict.code == "converged"
        best = found.params if ended and found is not None else None
    paths = [units.inner(part.frames[: part.sound] if part.tried is None else part.tried) for part in alike]
    heights = np.concatenate([part.full[: part.sound] for part in alike])
    dataset = parts[0].ran.dataset
    picture, view = landscape.picture_of(
        problem, objective, dataset, values, units, paths, heights, best, window, parts[0].ran.draft
    )
    if picture is None:
        return blank, None, None
    search = None
    if objective.size == 1 and problem.dataset is not None:
        own = next((units.inner(part.tried)[:, 0] for part in alike if part.tried is not None), None)
        search = landscape.tried(objective.names[0], view, values, own)
    return {"landscape": picture, "search": search}, view, units


def inner_trace(ran: RunResult) -> Trace:
    """The trace in the coordinates of the descent, its weights named as in formulas."""
    assert ran.objective is not None
    units = landscape.Units.of(ran.objective)
    trace = Trace(
        list(formulas.symbols(ran.trace.names, ran.dataset, units.scaled)), units.inner(ran.trace.start)
    )
    for step in ran.trace:
        params = None if step.params is None else units.inner(step.params)
        trace.append(step._replace(params=params))
    return trace


def begun(problem: Problem, settings: Settings) -> RunResult:
    """A run that has not taken a step."""
    training = problem.training(settings)
    parts = training.objective, training.method, training.dataset
    return RunResult(settings, label(settings), training.trace, None, *parts)


def before_runs(ran: RunResult, problem: Problem, window: np.ndarray | None = None) -> dict[str, Any]:
    """The window on F around the start, before anything has run; or the one that is asked for."""
    objective, start = ran.objective, ran.trace.start[None]
    values = None if objective is None else landscape.values_of(objective, landscape.COARSE**2)
    if objective is None or values is None or objective.size > 2:
        return {"landscape": None, "search": None}
    units = landscape.Units.of(objective)
    inner, best = units.inner(start), minimum_of(problem, objective)
    parts = problem, objective, ran.dataset, values, units, [inner], values(inner), best, window
    return {"landscape": landscape.picture_of(*parts)[0], "search": None}


def _some(dataset):
    """Rows that can be drawn."""
    return None if dataset is None else dataset.sample

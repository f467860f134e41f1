"""A run that was made elsewhere, as a document: one that was saved, or a trace alone."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..descent.trace import Trace
from ..errors import DownslopeError
from ..inference import Solution, load
from ..inference.settings import Settings
from ..model.functions import Function
from ..model.objective import function_objective
from . import report
from .choices import label
from .document import RunResult, assembled
from .localized import in_each_language, localized, plain, refusal
from .problems import Problem

SOURCE = 3_000  # lines of a script that the page shows


@lru_cache(maxsize=2)
def saved(path: str) -> tuple[dict[str, Any], Problem, RunResult]:
    """The document of the run at `path`; the page asks for it more than once."""
    return opened(path)


def opened(path: str) -> tuple[dict[str, Any], Problem, RunResult]:
    """The document of the run at `path`, with what it was made of. Its rows are read again where they can be;
    without them there is no picture of F, and none of the fit."""
    found = load(path)
    of = of_solution if isinstance(found, Solution) else of_seen
    return of(found, Path(path).name)


def of_solution(solution: Solution, name: str) -> tuple[dict[str, Any], Problem, RunResult]:
    """The document of a solution."""
    settings = Settings.from_recipe(solution.recipe, solution.method)
    dataset = objective = function = None
    notes = [localized(key, **facts) for key, facts in solution.notes]
    if solution.features:
        try:
            dataset = solution.training_rows()
            dataset = dataset.labelled(solution.classes) if solution.classes else dataset
            objective = solution.objective(dataset)
        except DownslopeError as error:
            if error.key == "instruments.other_columns":  # the file holds other columns by now
                dataset = None
            else:
                notes.append(refusal(error))
    elif solution.formula:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                function = Function.from_expression(solution.formula, None, solution.names)
            objective = function_objective(function)
            start = dict(zip(solution.names, solution.trace.start.tolist()))
            settings = replace(settings, start=start)  # the point that its certificate is about
        except DownslopeError:
            function = None  # a callable, of which the name is left
    asked = {"kind": "saved", "name": name}
    title = plain(solution.formula or name)
    problem = Problem(asked, title, settings, dataset, function, tuple(notes))
    method = solution.recipe.method if objective is None else solution.recipe.method_for(objective)
    parts = solution, objective, None if method == "auto" else method, dataset
    ran = RunResult(settings, label(settings, bool(solution.features)), solution.trace, *parts)
    return assembled(problem, [ran]), problem, ran


def of_seen(seen: Any, name: str) -> tuple[dict[str, Any], Problem, RunResult]:
    """The document of a watched script: its losses, its weights, its verdict, and the script's lines with the
    one that moves the weights."""
    trace, recording = seen.trace, seen.recording
    title = plain(Path(recording.script).name or name)
    settings = Settings()
    problem = Problem({"kind": "saved", "name": name}, title, settings)
    ran = RunResult(settings, title, trace, judged=seen.verdict)
    document = assembled(problem, [ran])
    fixes = [_fix(seen, remedy) for remedy in seen.verdict.remedies]
    fixes += [_finding(finding) for finding in seen.findings if finding.code != seen.verdict.code]
    document["runs"][0]["verdict"]["remedies"] = [{"code": "", "text": fix, "change": None} for fix in fixes]
    document["problem"]["source"] = lines_of(recording)
    return document, problem, ran


def lines_of(recording: Any) -> dict[str, Any] | None:
    """The script's lines, and the number of the one that moves the weights."""
    loop = recording.loop()
    lines = recording.source.splitlines()[:SOURCE]
    return {"lines": lines, "moves": 0 if loop is None else loop.update_line} if lines else None


def source_of(path: Path) -> dict[str, Any] | None:
    """The same of a saved run; None where that is no watched script."""
    found = load(path)
    return None if isinstance(found, Solution) else lines_of(found.recording)


def _finding(finding: Any) -> Any:
    return in_each_language(lambda: f"{finding.line}: {finding.text}")


def _fix(seen: Any, remedy: Any) -> Any:
    mend = seen.change_mend(remedy.change or {})
    at = "" if mend is None else f" ({mend.first}: {mend.text.strip()})"
    return in_each_language(lambda: f"{remedy.text}{at}")


def of_trace(trace: Trace) -> dict[str, Any]:
    """The document of a trace alone: its losses, its weights, and nothing that needs more."""
    settings = Settings(start=dict(zip(trace.names, trace.start.tolist())))
    problem = Problem({"kind": "saved", "name": "trace"}, localized("lab.title_trace"), settings)
    return assembled(problem, [RunResult(settings, localized("lab.title_trace"), trace)])


def framed_seen(seen: Any) -> report.Framed:
    """A watched script as a notebook shows it."""
    return report.Framed(of_seen(seen, "watched")[0])


def framed(trace: Trace) -> report.Framed:
    """A trace as a notebook shows it."""
    return report.Framed(of_trace(trace))

"""`fit` and `compare`: from a table to weights, by one method or by several; `certify`: before any of it."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Annotated, Any, ClassVar

import typer

from ..arguments import number, whole
from ..errors import DownslopeError
from ..messages import text
from . import options as o
from .ending import Ending
from .lab import LivePage
from .options import asking
from .requests import FitRequest, Request

# methods that find their own step length: --learning-rate is for the others
FINDERS = ("closed_form", "coordinate", "lbfgs", "subsampled", "newton")


@asking(FitRequest, Ending)
def fit(
    request: FitRequest,
    ending: Ending,
    grid: o.Grid = None,
    lab: o.ShowLab = False,
    calibrate_rows: o.CalibrateRows = None,
    test: o.Test = None,
    nested: o.Nested = False,
    lang: o.Lang = None,
) -> int:
    """Fit a linear model, or a net, to the rows of a table."""
    from ..data.partitioned import PartitionedDataset
    from ..inference.intervals import refuse_checkpoint

    book = ending.check()
    if ending.resume is None:
        training, keeps = _begun(request.whole(), grid, ending, calibrate_rows, test, nested)
    else:
        refuse_checkpoint(ending.resume, calibrate_rows, test, nested)
        request, training, keeps = _gone_on(request, ending.resume, grid, ending)
    notes = request.notes(training.dataset, training.held_out)
    shown = LivePage.of(training, request.data) if lab else None
    try:
        code = _run(training, keeps, shown, notes, ending, ending.opened(book, training))
        if shown is not None:
            shown.stay()
        return code
    finally:
        if isinstance(training.dataset, PartitionedDataset):
            training.dataset.close()


def _begun(request: FitRequest, grid, ending: Ending, calibrate: str | None, test: str | None, nested: bool):
    """A training that has not begun, and what keeps it on the way, if that was asked for."""
    from ..data.memory import budget
    from ..descent.methods import Exhaustive
    from ..inference import Training
    from ..inference.intervals import refuse_checkpoint
    from . import requests, resuming

    if grid and request.method not in ("auto", "exhaustive"):
        raise DownslopeError("cli.grid_method", method=request.method)
    recipe = request.recipe(**({"method": Exhaustive(requests.grid(grid))} if grid else {}))
    # with the memory that is free now: the result is the same if the run is resumed
    asked = asdict(o.changed(request, memory=str(budget(request.memory))))
    keeps = resuming.begun(ending.out, ending.checkpoint, ending.force, asked)
    dataset, held_out = request.rows()
    apart: dict[str, Any] = {
        "calibrate_rows": calibrate,
        "test": None if test is None else number().read("--test", test),
        "nested": nested,
    }
    refuse_checkpoint(keeps, calibrate, test)
    training = Training.on_rows(dataset, request.suited(recipe, dataset), held_out, **apart)
    if keeps is not None:
        keeps.begin(training)
    return training, keeps


def _gone_on(request: FitRequest, run: str, grid, ending: Ending):
    """What the run was asked for, its training as it stood, and what keeps it from now on."""
    from . import resuming

    kept = resuming.opened(run, "fit", request.trust_source)
    others = {"grid": grid, "out": ending.out, "force": ending.force or None}
    request, dataset, held_out = request.going_on(kept, **others)
    training = kept.training(dataset, held_out, resuming.epochs(request.epochs))
    return request, training, resuming.going_on(kept, ending.checkpoint)


def _run(training, keeps, shown, notes, ending: Ending, log) -> int:
    """Run the training to its end, save it and print its result. Returns the exit code."""
    from . import progress, show

    foreseen, began = _foreseen(training), training.objective
    if foreseen is not None and not ending.json:
        page = show.console()
        for line in [*_lines(foreseen), ""]:
            page.print(line)
    steps = None if keeps is None else keeps.watch(training)
    before = progress.run(training, None if shown is None else shown.goes_on, steps, log)
    foreseen = foreseen if training.objective is began else None  # an automatic penalty made another of it
    lines, figures = _beside(foreseen, before)

    def draw(path, training, solution):
        from . import pictures

        return [pictures.of_fit(path, training, solution, ending.force)]

    def to_dict(training, solution):
        if foreseen is None or solution is not before:
            return solution.to_json()
        return {**solution.to_json(), "certificate": {**foreseen.certificate.to_json(), **figures}}

    def tell(training, solution):
        _tell(solution, training, notes, lines if solution is before else [])

    if ending.json:
        show.aside(notes)
    return ending.finish(training, before, keeps, log, draw, to_dict, tell)


def _foreseen(training):
    """What the curvature foretells of it; None, with a note, where that cannot be judged."""
    from ..insight.prediction import predict_run

    try:
        return predict_run(training.objective, training.method, training.trace.start)
    except Exception as error:  # insight never costs a fit
        return _not_judged("certificate", error)


def _lines(foreseen) -> list[str]:
    try:
        return foreseen.lines()
    except Exception as error:
        _not_judged("certificate", error)
        return []


def _beside(foreseen, solution) -> tuple[list[str], dict]:
    """Foretold and actual, in words and as numbers."""
    try:
        return ([], {}) if foreseen is None else foreseen.compared(solution)
    except Exception as error:
        _not_judged("prediction", error)
        return [], {}


def _not_judged(name: str, error: Exception) -> None:
    from . import show

    show.aside([text("insight.unjudged", judgements=f"{name} ({type(error).__name__}: {error})")])


def _tell(solution, training, notes, lines) -> None:
    from . import show

    dataset, page = training.dataset, show.console()
    show.notes(page, notes)
    page.print(show.minimised(solution.recipe, solution.method, dataset))
    for reason in (solution.method_reason, *solution.choice_reason):
        if reason:
            page.print(reason)
    page.print()
    rows = dataset.sample
    few = rows.X.size <= 5_000_000
    with_effect = few and not solution.is_net and not solution.verdict.failed
    show.weights(page, solution, rows.X.std(axis=0) if with_effect else None)
    page.print()
    show.ended(page, solution)
    for line in lines:
        page.print(line)
    show.memory(page, dataset)


@asking(Request)
def compare(
    request: Request,
    methods: o.Methods = None,
    models: o.Models = None,
    repeats: o.Repeats = None,
    plot: o.Plot = None,
    force: o.Force = False,
    json: o.Json = False,
    lang: o.Lang = None,
) -> int:
    """Minimise the same objective by several methods, or compare several models on the same folds."""
    from ..descent.methods import by_name
    from ..inference import Training
    from . import files, pictures, progress, show

    if (methods is None) == (models is None):
        raise DownslopeError("cli.compare_what")
    if models is not None:
        return _models(request, models, repeats, plot, force, json)
    if repeats is not None:
        raise DownslopeError("cli.only_models", option="--repeats")
    assert methods is not None
    names = [name.strip() for name in methods.split(",") if name.strip()]
    if len(set(names)) < max(2, len(names)):
        raise DownslopeError("cli.methods", asked=methods)
    recipes = {}
    for name in names:
        method = by_name(name)
        own = {"learning_rate": "auto"} if method.name in FINDERS else {}
        recipes[name] = request.recipe(method=method, **own)
    files.check_picture(plot, force)
    dataset, held_out = request.rows()
    recipes = {name: request.suited(recipe, dataset) for name, recipe in recipes.items()}
    first = Training.on_rows(dataset, recipes[names[0]], held_out)
    found = {"alpha": first.recipe.alpha, "penalty": first.recipe.penalty.spec}  # the same for all of them
    recipes = {name: recipe.with_(**found) for name, recipe in recipes.items()}
    objective = first.objective
    for recipe in recipes.values():  # all are refused, or none, before the first one runs
        recipe.method_for(objective).refuse_nonsense(objective)
    solutions = {}
    for name, recipe in recipes.items():
        solutions[name] = progress.run(Training.on_rows(dataset, recipe, held_out))
        if solutions[name].stopped == "interrupted":
            break
    failure, paths = None, []
    if plot is not None:
        try:
            paths.append(pictures.of_several(plot, solutions, force))
        except DownslopeError as error:
            failure = error
    if json:
        show.aside(request.notes(dataset, held_out))
        show.as_json({"methods": {name: solution.to_json() for name, solution in solutions.items()}})
    else:
        _tell_several(solutions, dataset, request.notes(dataset, held_out), paths)
    if failure:
        raise failure
    codes = [show.exit_code(solution) for solution in solutions.values()]
    return 130 if 130 in codes else 3 if all(codes) else 0


def _models(
    request: Request, models: str, repeats: str | None, plot: str | None, force: bool, json: bool
) -> int:
    """`compare --models`: scores on the same folds."""
    from .. import plots
    from ..data import Dataset
    from ..inference.comparing import REPEATS, compare
    from ..inference.table import RECIPE, read_options
    from . import files, show

    for name in ("loss", "penalty", "alpha", "validate", "hidden"):
        if getattr(request, name) is not None:
            raise DownslopeError("cli.models_name", option=f"--{name}")
    files.check_picture(plot, force)
    asked = read_options(request.door, vars(request))
    settings = {name: value for name, value in asked.items() if name in RECIPE}
    rounds = REPEATS if repeats is None else whole(least=1).read("--repeats", repeats)
    dataset, _ = request.rows()
    if not isinstance(dataset, Dataset):
        raise DownslopeError("selection.compare_parts", rows=f"{len(dataset):,}")
    found = compare(dataset, models, repeats=rounds, **settings)
    paths = [] if plot is None else [plots.save(found.plot(), plot, overwrite=force)]
    if json:
        show.aside(dataset.notes_text())
        show.as_json(found.to_json())
        return 0
    page = show.console()
    show.notes(page, dataset.notes_text())
    heads, *lines = found.table
    table = show.columns_of(heads)
    for line in lines:
        table.add_row(*line)
    page.print(text("cli.compared", rows=len(dataset), splits=found.scores.shape[1], folds=found.folds))
    page.print()
    page.print(table)
    page.print()
    page.print(found.conclusion)
    show.written(page, paths)
    return 0


def _tell_several(solutions, dataset, notes, paths) -> None:
    from . import show

    page = show.console()
    show.notes(page, notes)
    first = next(iter(solutions.values()))
    page.print(show.minimised(first.recipe, ", ".join(solutions), dataset))
    page.print()
    answers = [solution.loss for solution in solutions.values() if not solution.verdict.failed]
    best = min(answers, default=math.nan)
    heads = ["cli.method", "cli.stopped", "cli.loss", "cli.gap", "cli.epochs", "cli.seconds"]
    table = show.columns_of([text(head) for head in heads], words=2)
    for name, solution in solutions.items():
        gap = "–" if solution.verdict.failed else f"{solution.loss - best:.3g}"
        numbers = show.figure(solution.loss), gap, f"{solution.epochs}", f"{solution.seconds:.3g}"
        table.add_row(name, solution.stopped, *numbers)
    page.print(table)
    page.print()
    for name, solution in solutions.items():
        page.print(f"{name}: {solution.verdict.text}")
    show.written(page, paths)


Rate = Annotated[str | None, typer.Option("--learning-rate", metavar="NUMBER", help="cli.help_certify_rate")]
ROWS = ("data", "target", "features", "weights")


class CertifyRequest(Request):
    door: ClassVar[str] = "certify"


@asking(CertifyRequest, only=(*ROWS, *(name for name, *_ in o.options_at("certify"))))
def certify(
    request: CertifyRequest, learning_rate: Rate = None, json: o.Json = False, lang: o.Lang = None
) -> int:
    """Curvature, safe steps, the noise floor and the epochs to expect, before anything is descended."""
    from ..insight.certificate import certify as certified
    from . import show

    rate = None if learning_rate is None else number().read("--learning-rate", learning_rate)
    recipe = request.recipe()
    if recipe.rule:
        raise DownslopeError("selection.needs_number", rule=recipe.rule)
    dataset, _ = request.rows()
    recipe = request.suited(recipe, dataset)
    known = certified(recipe.objective(dataset), learning_rate=rate)
    if json:
        show.aside(request.notes(dataset, None))
        show.as_json(known.to_json())
        return 0
    page = show.console()
    show.notes(page, request.notes(dataset, None))
    for line in known.lines():
        page.print(line)
    return 0

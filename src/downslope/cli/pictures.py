"""Which picture goes with which answer, for --plot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .. import plots
from ..data import Dataset
from ..descent.methods import ClosedForm, Exhaustive
from ..inference import Solution, Training
from ..insight.critical import CriticalPoints
from ..model.functions import Function
from ..model.objective import Objective
from ..plots.lettering import say

CURVES = 6  # classes in one ROC picture
ROWS_FOR_EFFECTS = 500  # of which a net is asked once for each feature
ROWS_FOR_CONTOURS = 2_000  # beyond these, F over a plane takes longer than the descent did


def of_fit(path: str, training: Training, solution: Solution, force: bool) -> Path:
    """The fit and how it came about; as a .gif, the descent as it moves."""
    assert training.dataset is not None
    if path.lower().endswith(".gif"):
        return plots.descent_gif(path, solution.trace, _surface(training.objective), overwrite=force)
    rows = training.dataset.sample  # where there are too many to draw, some of them
    panels = _panels(training, rows, solution)
    if solution.path is not None:
        panels.append(lambda ax: plots.path(solution.path, ax))
    return plots.save(plots.panels(*panels), path, overwrite=force)


def _panels(training: Training, dataset: Dataset, solution: Solution) -> list:
    """Two pictures for an exact answer or none, four for a descent with several features; for one feature
    the line, the loss, F over the weights and the residuals.
    The weights of a net are not drawn: one by one they mean nothing."""
    trace = solution.trace
    loss = lambda ax: plots.loss(trace, ax)
    descent = [loss] if solution.is_net else [loss, lambda ax: plots.weights(trace, ax)]
    if solution.verdict.failed:
        return descent
    if solution.classes:
        return [loss, *_of_classes(training, dataset, solution)]
    predicted = solution.predict(dataset)
    if solution.recipe.loss.levels:  # a residual is of one prediction
        x, names = dataset.X, (dataset.features[0], dataset.targets[0])
        lines = lambda ax: plots.fitted(x, dataset.y, predicted, ax, names=names)
        return [*descent, lines] if x.shape[1] == 1 else descent
    residuals = lambda ax: plots.residuals(predicted, dataset.y, ax)
    fitted = residuals
    if solution.single:
        x, names = dataset.X, (dataset.features[0], dataset.targets[0])
        fitted = lambda ax: plots.fitted(x, dataset.y, predicted, ax, names=names)
    if isinstance(training.method, Exhaustive) and len(training.method.grid) == 1:
        [name] = training.method.grid
        tried = trace.column("params")[:, trace.names.index(name)]
        return [fitted, lambda ax: plots.loss_over_weight(tried, trace.column("loss"), ax, name=name)]
    exact = isinstance(training.method, ClosedForm | Exhaustive)
    if exact:
        return [fitted, residuals] if solution.single else [residuals]
    over = _landscape(training, solution)
    if dataset.X.shape[1] == 1:
        return [fitted, loss, *over, residuals] if over else [fitted, loss]
    return [*descent, *over, fitted, residuals]


def _landscape(training: Training, solution: Solution) -> list:
    """F over one weight or two, with the way that the descent took; nothing where there are more."""
    surface, trace = _surface(training.objective), solution.trace
    if surface is None or solution.is_net:
        return []
    if training.objective.size == 1:
        places = np.append(trace.column("params")[:, 0], trace.start)
        margin = 0.25 * (np.ptp(places) or 1.0)
        grid = np.linspace(places.min() - margin, places.max() + margin, 200)
        values, name = surface(grid[:, None]), _weights(training)[0]
        best = _lowest(grid, values)
        return [lambda ax: plots.loss_over_weight(grid, values, ax, trace=trace, best=best, name=name)]
    return [lambda ax: plots.contours(surface, trace, ax, names=_weights(training), minimum=None)]


def _lowest(grid, values) -> float:
    """Where the parabola through the lowest place of a grid and its neighbours is lowest: of a squared loss
    that is its minimum to the last digits, and not where a descent stopped."""
    j = int(np.nanargmin(values))
    if not 0 < j < len(grid) - 1:
        return float(grid[j])
    before, here, after = values[j - 1 : j + 2]
    bend = before - 2 * here + after
    ahead = 0.5 * (before - after) / bend if bend > 0 else 0.0
    return float(f"{grid[j] + ahead * (grid[1] - grid[0]):.9g}")


def _weights(training: Training) -> list[str]:
    """What the axes of weights are called: not by the column alone, which has an axis of its own."""
    features = set(getattr(training.dataset, "features", ()))
    named = training.trace.names
    return [say("plots.weight_of", name=name) if name in features else name for name in named]


def _of_classes(training: Training, dataset: Dataset, solution: Solution) -> list:
    """Where each class is predicted, over the two features that move the scores most; the confusion
    matrix and the ROC, of the validation rows if there are any."""
    classes, seen = solution.classes, dataset if training.held_out is None else training.held_out.sample
    size = _effects(dataset, solution)
    indicator = [len(np.unique(column)) < 3 for column in dataset.X.T]  # two stripes show little
    chosen = sorted(np.lexsort((-size, indicator))[:2].tolist())
    kind = "training" if seen is dataset else "validation"
    matrix, rows = solution.metrics[kind]["confusion"], say(f"cli.rows_{kind}")
    where = lambda ax: plots.regions(
        solution.scores, dataset.X, dataset.y, classes, dataset.features, ax, chosen=chosen
    )
    confusion = lambda ax: plots.confusion(matrix, classes, ax, rows=rows)
    chances = solution.has_chances and len(classes) > 2  # as in the table of metrics
    ranked = solution.probabilities(seen) if chances else solution.scores(seen)
    roc = lambda ax: plots.roc(seen.y, ranked, ax, classes=classes, rows=rows)
    comparable = len(classes) <= CURVES and seen.y is not None and len(np.unique(seen.y)) > 1
    return [where, confusion, roc] if comparable else [where, confusion]


def _effects(dataset: Dataset, solution: Solution) -> Any:
    """How far each feature moves the scores: one standard deviation of it times its weight; for a net, what
    a row's score changes on average when the feature stands at its median.  (d,)"""
    X = dataset.X
    if not solution.is_net:
        return np.abs(solution.coef.reshape(X.shape[1], -1)).max(axis=1) * X.std(axis=0)
    X = X[:: max(1, len(X) // ROWS_FOR_EFFECTS)]
    scores, moved = solution.scores(X), []
    for j, median in enumerate(np.median(X, axis=0)):
        held = X.copy()
        held[:, j] = median
        moved.append(np.abs(solution.scores(held) - scores).reshape(len(X), -1).mean(axis=0).max())
    return np.array(moved)


def _surface(objective: Objective):
    """F of points (m, p) in the user's units, if it can be drawn: p is 1 or 2, and the rows are not many."""
    if objective.size > 2:
        return None
    if objective.quadratic and objective.rows > ROWS_FOR_CONTOURS:
        objective = objective.reduced()
    elif objective.rows > ROWS_FOR_CONTOURS:
        return None
    return lambda points: objective.values(np.array([objective.to_inner(point) for point in points]))


def of_function(path: str, function: Function, solution: Solution, critical: CriticalPoints, force) -> Path:
    """The descent on the curve, over the contours, or as its loss when there are more variables."""
    trace = solution.trace
    if path.lower().endswith(".gif"):
        return plots.descent_gif(path, trace, function.values, overwrite=force)
    if function.size == 1:
        ax = plots.function_line(function.values, trace)
    elif function.size == 2:
        lowest = [point.x for point in critical.points if point.kind == "minimum"]
        nearest = min(lowest, key=lambda x: np.linalg.norm(x - solution.params), default=None)
        ax = plots.contours(function.values, trace, names=function.names, minimum=nearest)
    else:
        ax = plots.loss(trace)
    return plots.save(ax, path, overwrite=force)


def of_plane(path: str, plane, surface: bool, force: bool) -> Path:
    """F on a plane and the descent over it: as contours, or in three dimensions."""
    if surface:
        fine = min(81, plane.fine[0]), min(81, plane.fine[1])
        ax = plots.relief(plane.values, plane.trace, names=plane.names, fine=fine)
    else:
        ax = plots.contours(plane.values, plane.trace, names=plane.names, fine=plane.fine)
    return plots.save(ax, path, overwrite=force)


def of_several(path: str, solutions: dict[str, Solution], force: bool) -> Path:
    """How far the losses of several methods are above the lowest that any of them found."""
    traces = {name: solution.trace for name, solution in solutions.items()}
    walks = {name: trace for name, trace in traces.items() if trace.updates > 1}  # a solve has no way down
    found = [solution.loss for solution in solutions.values() if not solution.verdict.failed]
    lowest = min(found, default=None)
    return plots.save(plots.loss(walks or traces, minimum=lowest), path, overwrite=force)

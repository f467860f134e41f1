"""w ← w − η·g: one update of a descent, with its real numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arguments import ROWS_OR_NONE, a, door, whole
from ..descent import auto_rate
from ..descent.directions import Nesterov, SearchDirection, Steepest
from ..descent.schedules import Schedule
from ..errors import DownslopeError
from ..kernels.updates import shrink
from ..messages import text
from ..model.objective import Objective
from .coefficients import aligned

SHOWN = 12  # rows and weights that are listed one by one
WRITTEN = 4  # rows up to which a gradient's sum is written out
WIDE = 6  # columns up to which the rows stand in a table
PLAIN = ("gd", "sgd", "minibatch")  # w ← w − η·g is all that they do


@dataclass(frozen=True, eq=False)
class Move:
    """One update, in the coordinates of the descent."""

    number: int  # from 1
    epoch: int  # from 0
    rows: np.ndarray | None  # that it looked at; None for all
    rate: float
    before: np.ndarray  # (p,)
    gradient: np.ndarray  # (p,)
    after: np.ndarray  # (p,)
    loss: float  # of those rows, before


@door(solution=a("Solution"), step=whole(), dataset=ROWS_OR_NONE)
def explain_step(solution, step: int, dataset=None) -> list[str]:
    """Update number `step` (from 1) in numbers: the rows it used, its gradient, and the new weights.

    dataset: the training rows. With them, an update that is not in the trace is computed again, also one
    inside an epoch, and predictions are listed row by row. Without them the trace must contain it.

    Raises DownslopeError if there is no such update, or if it cannot be shown.

    >>> import downslope as ds
    >>> rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
    >>> how = dict(method="gd", learning_rate=0.01, epochs=3, intercept=False, scale=False, start={"x": 1.0})
    >>> print("\\n".join(explain_step(ds.fit(rows, **how), 1, rows)))    # doctest: +NORMALIZE_WHITESPACE
    Update 1, in epoch 1, by gd, learning rate η = 0.01. It uses all 3 rows.
    <BLANKLINE>
    row  x  y  prediction  residual  slope of the loss
    1    1  2           1        −1                 −2
    2    2  4           2        −2                 −4
    3    3  6           3        −3                 −6
    <BLANKLINE>
    Loss of these rows: 4.66667.
    ∂F/∂x = [−2 × 1 + (−4) × 2 + (−6) × 3] / 3 = −9.33333
    x ← x − η·g = 1 − 0.01 × (−9.33333) = 1.09333
    """
    if not (isinstance(step, int | np.integer) and 1 <= step <= solution.trace.updates):
        raise DownslopeError("instruments.no_such_step", asked=step, last=solution.trace.updates)
    if solution.method in ("closed_form", "coordinate", "exhaustive"):
        raise DownslopeError("instruments.no_updates", method=solution.method)
    if solution.is_net:
        raise DownslopeError("instruments.no_step_for_net")
    objective = None
    if dataset is not None:
        objective = solution.objective(dataset)
    move = None if objective is None else _replayed(solution, objective, int(step))
    move = move or _recorded(solution, objective, int(step))
    lines = [_head(solution, move, objective, dataset)]
    if objective is not None:
        lines += _rows(objective, move, dataset)
    key = "instruments.value_of_rows" if solution.features else "instruments.value_of_function"
    place = ", ".join(f"{name} = {_number(w)}" for name, w in zip(solution.names[:SHOWN], move.before))
    lines += ["", text(key, value=_number(move.loss), formula=solution.formula, place=place)]
    for j, name in list(enumerate(solution.names))[:SHOWN]:
        lines.append(_slope(objective, move, j, name, "F" if solution.features else "f"))
        plain = solution.method in PLAIN
        lines.append(_update(objective, move, j, name) if plain else _change(move, j, name))
    if len(solution.names) > SHOWN:
        lines.append(text("instruments.more_weights", count=len(solution.names) - SHOWN))
    if objective is not None and solution.recipe.scale:
        params = objective.to_user(move.after)
        weights = ", ".join(f"{name} = {_number(w)}" for name, w in list(zip(solution.names, params))[:SHOWN])
        lines += ["", text("instruments.in_units", weights=weights)]
    return lines


# ── the update, made again or looked up ─────────────────────────────────────────────────────────────


def _replayed(solution, objective: Objective, number: int) -> Move | None:
    """The update made again from the rows: from the last kept one where the direction has no memory, else
    from the start. None where a step depends on more: a search, a chosen direction, a rounded kink."""
    method = solution.recipe.method_for(objective)
    direction, rate = method.direction, auto_rate.resolved(method, objective)
    rounded = not objective.term.smooth and method.full and isinstance(direction, Nesterov)
    if isinstance(direction, SearchDirection) or not isinstance(rate, Schedule) or rounded:
        return None
    batch, per_epoch = method.batch, method.rows.updates_in(objective.rows)
    theta, done = objective.to_inner(solution.trace.start), 0
    if isinstance(direction, Steepest):
        kept = [step for step in solution.trace if step.step < number]
        if kept:
            theta, done = objective.to_inner(kept[-1].params), kept[-1].step
    memory = direction.begin(objective.term.column_scale > 0)
    order, drawn = None, -1
    for update in range(done, number):
        epoch, rows = update // per_epoch, None
        if batch is not None:
            if drawn != epoch:
                order, drawn = batch.order_of(objective.rows, epoch, solution.recipe.seed), epoch
            first = update % per_epoch * batch.size
            rows = order[first : first + batch.size]  # type: ignore[index]
        t = float(rate.rates(np.array([update]), per_epoch, per_epoch * solution.recipe.epochs)[0])
        with np.errstate(over="ignore", invalid="ignore"):
            point = objective.value_and_gradient(theta, rows)
            theta = direction.move(point.theta, point.gradient, t, memory, objective.l1)
    move = Move(number, epoch, rows, t, point.theta, point.gradient, theta, point.value)
    for step in solution.trace:
        if step.step == number:
            found, there = objective.to_user(theta), step.params
            if not np.allclose(found, there, rtol=1e-6, atol=1e-6 * np.abs(there).max(), equal_nan=True):
                if objective.nonsmooth and number == solution.trace.updates:
                    return None  # the plain step that sets the zeros at the end
                raise DownslopeError("instruments.step_differs", step=number)
    return move


def _recorded(solution, objective: Objective | None, number: int) -> Move:
    """The update as the trace holds it, which must hold the one before it too."""
    steps = {step.step: step for step in solution.trace}
    inner = (lambda params: params) if objective is None else objective.to_inner
    if objective is None and solution.features and solution.recipe.scale:
        raise DownslopeError("instruments.rows_for_step")
    kinked = solution.recipe.penalty.nonsmooth

    def before(kept: int):
        """The weights that this update began with: the start, those of the step before, or one step back."""
        if kept == 1:
            return inner(solution.trace.start)
        if kept - 1 in steps:
            return inner(steps[kept - 1].params)
        if solution.method not in PLAIN or kinked:
            return None
        step = steps[kept]
        return inner(step.params) + step.learning_rate * step.gradient

    found = steps.get(number)
    began = None if found is None else before(number)
    if found is None or began is None or found.gradient is None:
        tellable = sorted(
            (kept for kept in steps if before(kept) is not None), key=lambda kept: abs(kept - number)
        )
        near = ", ".join(map(str, sorted(tellable[:4])))
        raise DownslopeError("instruments.step_not_kept", asked=number, near=near)
    after = inner(found.params)
    return Move(number, found.epoch, None, found.learning_rate, began, found.gradient, after, found.loss)


# ── the words ───────────────────────────────────────────────────────────────────────────────────────


def _head(solution, move: Move, objective, dataset) -> str:
    facts = {"step": move.number, "epoch": move.epoch + 1, "method": solution.method}
    facts["rate"] = _number(move.rate)
    if not solution.features:
        return text("instruments.step_of_function", **facts)
    if objective is None:
        return text("instruments.step_recorded", rows=solution.trace[0].rows, **facts)
    if move.rows is None:
        return text("instruments.step_of_all", rows=objective.rows, **facts)
    numbers = _numbers(dataset)[move.rows]
    listed = ", ".join(map(str, numbers[:SHOWN])) + (", …" if len(numbers) > SHOWN else "")
    return text("instruments.step_of_some", rows=listed, count=len(numbers), **facts)


def _numbers(dataset) -> np.ndarray:
    """The numbers of the rows that count, from 1."""
    return 1 + (np.arange(len(dataset)) if dataset.weights is None else np.flatnonzero(dataset.weights > 0))


def _rows(objective: Objective, move: Move, dataset) -> list[str]:
    """The rows that it looked at, one by one: columns, target, prediction, residual, slope."""
    term, lines = objective.term, []
    standardise, d = term.standardise, term.X.shape[1]
    scaled = bool(standardise.center.any() or (standardise.width != 1).any())
    if scaled:
        widths = zip(dataset.features[:SHOWN], standardise.center, standardise.width)
        listed = ", ".join(f"{name}: ({name} − {_number(m, True)}) / {_number(s)}" for name, m, s in widths)
        lines += ["", text("instruments.standardised", columns=listed)]
    if term.outputs > 1 or d > WIDE:
        return lines
    places = np.arange(objective.rows) if move.rows is None else move.rows
    seen = places[:SHOWN]
    X, slope = _inner_rows(term, seen), _weighted_slope(term, move.before, seen)
    z = term.predictor(move.before, seen)
    Y, mean = term.Y[seen], term.loss.mean(z)
    linked = not np.array_equal(mean, z)  # the mean of a row is not z itself
    heads = [text("instruments.row"), *dataset.features, dataset.targets[0]]
    heads.append("z" if linked else text("instruments.prediction"))
    columns = [_numbers(dataset)[seen].tolist(), *X[:, :d].T, Y[:, 0], z[:, 0]]
    if linked:
        heads.append(text("instruments.chance" if term.loss.labels else "instruments.prediction"))
        columns.append(mean[:, 0])
    if not term.loss.labels:
        heads.append(text("instruments.residual"))
        columns.append((mean - Y)[:, 0])
    heads.append(text("instruments.slope" if term.relative_weight is None else "instruments.weighted_slope"))
    columns.append(slope[:, 0])
    table = [heads, *([_number(cell) for cell in row] for row in zip(*columns))]
    more = [text("instruments.more_rows", count=len(places) - SHOWN)] if len(places) > SHOWN else []
    return [*lines, "", *aligned(table), *more]


def _inner_rows(term, rows) -> np.ndarray:
    """The rows as the weights meet them: standardised, the intercept's one at the end."""
    X = term.X[rows] if term.dense else term.X[rows].toarray()
    block = (X.astype(float) - term.standardise.center) / term.standardise.width
    return np.hstack([block, np.ones((len(block), 1))]) if term.intercept else block


def _weighted_slope(term, theta, rows) -> np.ndarray:
    """sᵢ·∂ℓ/∂zᵢ"""
    return term.weighted(term.loss.slope(term.predictor(theta, rows), term.Y[rows]), rows)


def _slope(objective: Objective | None, move: Move, j: int, name: str, letter: str) -> str:
    """∂F/∂wⱼ, its sum written out where that is short."""
    value = _number(move.gradient[j])
    if objective is None or objective.term.outputs > 1:
        return f"∂{letter}/∂{name} = {value}"
    term = objective.term
    places = np.arange(objective.rows) if move.rows is None else move.rows
    if len(places) > WRITTEN:
        return f"∂{letter}/∂{name} = {value}"
    slope, x = _weighted_slope(term, move.before, places)[:, 0], _inner_rows(term, places)[:, j]
    parts = [f"{_number(s, i > 0)} × {_number(one, True)}" for i, (s, one) in enumerate(zip(slope, x))]
    total = parts[0] if len(parts) == 1 else f"[{' + '.join(parts)}] / {len(parts)}"
    if objective.l2[j]:
        total += f" + {_number(objective.l2[j])} × {_number(move.before[j], True)}"
    return f"∂{letter}/∂{name} = {total} = {value}"


def _update(objective: Objective | None, move: Move, j: int, name: str) -> str:
    """w ← w − η·g with its numbers; where |w| has a price, what that pulls back."""
    w, g, t = move.before[j], move.gradient[j], move.rate
    step = f"{_number(w)} − {_number(t)} × {_number(g, True)}"
    price = 0.0 if objective is None else t * float(objective.l1[j])
    if not price:
        return f"{name} ← {name} − η·g = {step} = {_number(move.after[j])}"
    pulled = float(shrink(np.array([w - t * g]), np.array([price]))[0])
    return f"{name} ← {name} − η·g = {step} = {_number(w - t * g)}; " + text(
        "instruments.shrunk", price=_number(price), new=_number(pulled)
    )


def _change(move: Move, j: int, name: str) -> str:
    """What a direction with a memory, or a curvature, made of the gradient."""
    old, new = move.before[j], move.after[j]
    numbers = {"old": old, "new": new, "change": new - old, "plain": -move.rate * move.gradient[j]}
    return text("instruments.change", name=name, **{key: _number(x) for key, x in numbers.items()})


def _number(value, inside: bool = False) -> str:
    """A number with a minus sign; a negative one in brackets where it stands inside a formula."""
    number = f"{value + 0.0:.6g}".replace("-", "−") if not isinstance(value, int) else str(value)
    return f"({number})" if inside and number.startswith("−") else number

"""What is minimised, and its gradient, written as on a blackboard; and w ← w − η·g with its numbers, the line
under the picture of every step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..data import Dataset
from ..descent.batching import Batch
from ..descent.methods import Method
from ..descent.trace import Step
from ..inference.settings import Settings
from ..insight.step import PLAIN
from ..model import losses, penalties
from ..model.naming import output_names, param_names
from ..model.objective import Objective
from .localized import Localized, localized
from .problems import Problem

FEW = 3  # weights that are written one by one
WEIGHTS = 4  # that are written
ORDERED = 10_000  # rows up to which those of a step are named
NAMED = 6


def of_problem(problem: Problem, settings: Settings) -> list[dict[str, Any]]:
    """Each formula with what it is."""
    if problem.function is not None:
        function = problem.function
        lines = [("lab.formula_function", f"f({', '.join(function.names)}) = {function.formula}")]
        parts = zip(function.names, function.gradient_formulas)
        lines += [("lab.formula_gradient", f"∂f/∂{name} = {part}") for name, part in parts]
    elif problem.dataset is None:
        lines = []
    else:
        lines = _of_rows(problem.dataset.features, len(problem.dataset.classes), settings)
    return [{"what": localized(what), "text": line} for what, line in lines]


def _of_rows(features: Sequence[str], classes: int, settings: Settings) -> list[tuple[str, str]]:
    loss, outputs = losses.by_name(settings.loss), classes if classes > 2 else 1
    value, slope = _term(loss.formula(outputs)), _term(loss.slope_formula(outputs))
    name = None if settings.penalty == "auto" else settings.penalty
    penalty = penalties.by_name(name, float(settings.alpha))
    price = f" + {penalty.alpha:g}·{penalty.formula()}" if penalty.alpha else ""
    mean, weighted = "1/n·Σ ", []
    if settings.class_weights is not None:
        mean, weighted = "1/S·Σ s·", [("lab.formula_weights", "s = c(y), S = Σ s")]
    if settings.hidden is not None:
        layers = "σ" if settings.activation == "sigmoid" else settings.activation
        z = "W₁·x + b₁"
        for k in range(2, len(settings.hidden) + 2):
            z = f"W{_index(k)}·{layers}({z}) + b{_index(k)}"
        lines = [("lab.formula_model", f"z = {z}"), ("lab.formula_loss", f"F = {mean}{value}{price}")]
        return [*lines, *weighted]
    bias = " + b" if settings.intercept else ""
    if len(features) == 1:
        z = f"w·{_column(features[0])}{bias}"
    elif len(features) <= FEW:
        z = " + ".join(f"w{_index(j)}·{_column(name)}" for j, name in enumerate(features, 1)) + bias
    else:
        z = f"x·w{bias}"
    weights = "w, b" if settings.intercept else "w"
    lines = [("lab.formula_model", f"z = {z}"), ("lab.formula_loss", f"F({weights}) = {mean}{value}{price}")]
    lines += weighted
    shown = [_column(name) for name in features] if len(features) <= FEW else ["xⱼ"]
    for j, feature in enumerate(shown, 1):
        weight = "w" if len(features) == 1 else "wⱼ" if len(features) > FEW else f"w{_index(j)}"
        lines.append(("lab.formula_gradient", f"∂F/∂{weight} = {mean}{slope}·{feature}"))
    if settings.intercept:
        lines.append(("lab.formula_gradient", f"∂F/∂b = {mean}{slope}"))
    return lines


def _term(formula: str) -> str:
    """The formula as one factor: a sum stands in brackets."""
    outer = re.sub(r"\|[^|]*\|", "", formula)
    for _ in range(4):  # brackets within brackets
        outer = re.sub(r"\([^()]*\)", "", outer)
    return f"({formula})" if re.search(r" [+−] ", outer) else formula


def _column(feature: str) -> str:
    """A column's name in a formula; one that could be read as a formula itself stands in marks of isolation,
    which are not seen."""
    return feature if re.fullmatch(r"[^\W\d]\w*", feature) else f"\u2068{feature}\u2069"


def _index(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def symbols(names: Sequence[str], dataset: Dataset | None, standardised: bool = False) -> tuple[str, ...]:
    """Each weight as formulas write it: w and b of one column, w₁, w₂ … of several, with a tilde on
    standardised columns; of several outputs after the name of the output. A function has its variables, a
    net the names of PyTorch."""
    if dataset is None:
        return tuple(names)
    tilde, outputs = "\u0303" if standardised else "", output_names(dataset) or ("y",)
    several = len(dataset.features) > 1
    weights = [f"w{tilde}{_index(j) if several else ''}" for j in range(1, len(dataset.features) + 1)]
    written = param_names([*weights, f"b{tilde}"], outputs, False)
    table = dict(zip(param_names(dataset.features, outputs, True), written))
    return tuple(table.get(name, name) for name in names)


def map_back(objective: Objective, dataset: Dataset | None) -> Localized:
    """How the weights of the data's columns follow from those of the standardised ones."""
    scale = objective.term.standardise
    names = symbols(objective.names, dataset)
    inner = symbols(objective.names, dataset, True)
    centred = bool(scale.center.any())
    few = objective.size <= FEW + 1 and getattr(objective.term, "outputs", 1) == 1
    if few:
        parts = [f"{w} = {v}/{sigma:.4g}" for w, v, sigma in zip(names, inner, scale.width)]
        shifts = [f"{m:.4g}·{w}" for w, m in zip(names, scale.center)]
    else:
        parts, shifts = ["wⱼ = w\u0303ⱼ/σⱼ"], ["Σ mⱼ·wⱼ"]
    if centred:
        parts.append(f"b = b\u0303 − {' − '.join(shifts)}".replace("− -", "+ "))
    return localized("lab.map_back", back=", ".join(parts))


RULES = {
    "steepest": "− η·g",
    "momentum": "− η·m",
    "nesterov": "− η·(g + β·m)",
    "adagrad": "− η·g/√Σg²",
    "rmsprop": "− η·g/√v",
    "adam": "− η·m̂/√v̂",
    "adamw": "− η·(m̂/√v̂ + λ·w)",
    "lbfgs": "− η·H⁻¹·g",
    "subsampled": "− η·H⁻¹·g",
    "newton": "− η·H⁻¹·g",
}


def rule(method: Any, objective: Objective | None) -> str | None:
    """What an update adds to w; None where no such line is known."""
    if not isinstance(method, Method) or objective is None:
        return None
    name = method.direction.name
    added = RULES.get(name)
    if name == "nesterov" and method.direction.beta == "auto":  # type: ignore[attr-defined]
        added = "+ β·Δw − η·g"
    if added is None or not objective.nonsmooth:
        return added
    return f"prox(w {added}) − w"


def words(
    steps: Sequence[Step],
    path: np.ndarray,
    objective: Objective,
    method: Any,
    dataset,
    seed: int,
    chosen: np.ndarray,
) -> dict[str, Any] | None:
    """The parts of the line of each chosen step. path (s + 1, p): the weights before and after all steps, in
    the user's units."""
    if not isinstance(method, Method) or (not objective.linear_rows and objective.rows > 1):
        return None
    if any(step.gradient is None for step in steps):
        return None
    inner = np.array([objective.to_inner(row) for row in path])
    g, t = np.array([step.gradient for step in steps]), np.array([step.learning_rate for step in steps])
    numbers = np.array([step.step for step in steps])
    single = np.diff(np.concatenate([[0], numbers])) == 1
    after, plain = inner[1:], method.name in PLAIN and not objective.nonsmooth
    if not plain and not single.all():
        return None  # what a direction with a memory did before the last update of a pass is not in the trace
    before = np.where(single[:, None], inner[:-1], after + t[:, None] * g) if plain else inner[:-1]
    standardise = getattr(objective.term, "standardise", None)
    scaled = standardise is not None and bool(standardise.center.any() or (standardise.width != 1).any())
    weights = [
        {
            "name": name,
            "before": [format_number(w) for w in before[chosen, j]],
            "rate": [format_number(rate) for rate in t[chosen]],
            "gradient": [bracketed(slope) for slope in g[chosen, j]],
            "after": [format_number(w) for w in after[chosen, j]],
            "change": [bracketed(d) for d in (after - before)[chosen, j]],
        }
        for j, name in list(enumerate(symbols(objective.names, dataset, scaled)))[:WEIGHTS]
    ]
    return {
        "form": "plain" if plain else "change",
        "scaled": map_back(objective, dataset) if scaled else None,
        "weights": weights,
        "seen": _seen(numbers[chosen], method, dataset, seed),
        "loss": [format_number(steps[k].loss) for k in chosen],
    }


def _seen(numbers: np.ndarray, method: Method, dataset: Dataset | None, seed: int) -> list[Localized | None]:
    """Which rows each step looked at; None where it is all of them."""
    rows = method.rows
    if dataset is None or not isinstance(rows, Batch) or len(dataset) > ORDERED:
        return [None] * len(numbers)
    n, per_epoch, drawn, order = len(dataset), rows.updates_in(len(dataset)), -1, np.arange(0)
    named: list[Localized | None] = []
    for number in numbers:
        epoch, first = divmod(int(number) - 1, per_epoch)
        if epoch != drawn:
            drawn, order = epoch, rows.order_of(n, epoch, seed)
        chosen = order[first * rows.size : (first + 1) * rows.size]
        named.append(_named(chosen, dataset))
    return named


def _named(chosen: np.ndarray, dataset: Dataset) -> Localized:
    if len(chosen) == 1 and dataset.X.shape[1] <= 3 and dataset.y is not None and dataset.y.ndim == 1:
        i = int(chosen[0])
        places = [
            f"{name} = {format_number(x)}"
            for name, x in zip(dataset.features, np.asarray(dataset.X[i], float))
        ]
        y = dataset.classes[int(dataset.y[i])] if dataset.classes else format_number(float(dataset.y[i]))
        return localized(
            "lab.one_row", number=i + 1, place=", ".join([*places, f"{(dataset.targets or ('y',))[0]} = {y}"])
        )
    named = ", ".join(str(int(i) + 1) for i in chosen[:NAMED])
    return localized(
        "lab.rows_seen", numbers=named + (", …" if len(chosen) > NAMED else ""), count=len(chosen)
    )


def format_number(value: float) -> str:
    """A number of six digits with a minus sign, as in a formula."""
    return f"{value + 0.0:.6g}".replace("-", "−")


def bracketed(value: float) -> str:
    """The same as a factor: a negative number stands in brackets."""
    words = format_number(value)
    return f"({words})" if words.startswith("−") else words

"""What is minimised, and its gradient, written as on a blackboard: the same in every language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..model import losses, penalties
from .problems import Problem
from .said import said
from ..inference.settings import Settings

FEW = 3  # weights that are written one by one


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
    return [{"what": said(what), "text": line} for what, line in lines]


def _of_rows(features: Sequence[str], classes: int, settings: Settings) -> list[tuple[str, str]]:
    loss, outputs = losses.by_name(settings.loss), classes if classes > 2 else 1
    value, slope = loss.formula(outputs), loss.slope_formula(outputs)
    penalty = penalties.by_name(settings.penalty, settings.alpha)
    price = f" + {penalty.alpha:g}·{penalty.formula()}" if penalty.alpha else ""
    if settings.hidden is not None:
        layers = "σ" if settings.activation == "sigmoid" else settings.activation
        z = "W₁·x + b₁"
        for k in range(2, len(settings.hidden) + 2):
            z = f"W{_index(k)}·{layers}({z}) + b{_index(k)}"
        return [("lab.formula_model", f"z = {z}"), ("lab.formula_loss", f"F = 1/n·Σ {value}{price}")]
    bias = " + b" if settings.intercept else ""
    if len(features) == 1:
        z = f"w·{features[0]}{bias}"
    elif len(features) <= FEW:
        z = " + ".join(f"w{_index(j)}·{name}" for j, name in enumerate(features, 1)) + bias
    else:
        z = f"x·w{bias}"
    weights = "w, b" if settings.intercept else "w"
    lines = [("lab.formula_model", f"z = {z}"), ("lab.formula_loss", f"F({weights}) = 1/n·Σ {value}{price}")]
    shown = features if len(features) <= FEW else ["xⱼ"]
    for j, feature in enumerate(shown, 1):
        weight = "w" if len(features) == 1 else "wⱼ" if len(features) > FEW else f"w{_index(j)}"
        lines.append(("lab.formula_gradient", f"∂F/∂{weight} = 1/n·Σ {slope}·{feature}"))
    if settings.intercept:
        lines.append(("lab.formula_gradient", f"∂F/∂b = 1/n·Σ {slope}"))
    return lines


def _index(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))

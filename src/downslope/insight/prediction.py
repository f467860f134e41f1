"""What the curvature predicts of one descent from its start, to be compared with what happened."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..descent.directions import Momentum, Nesterov, Steepest
from ..descent.methods import AnyMethod
from ..messages import text
from ..model.linear import WIDE
from .certificate import Certificate, certify


@dataclass(frozen=True)
class Prediction:
    """Before a descent at a fixed learning rate: its certificate, and what it will come to.

    `epochs` is the first k with F − F* ≤ ε·(F₀ − F*), ε the certificate's tolerance: exact in the arithmetic
    of a parabola, from this start; infinite for never, None where it is not known. `noise` is the height
    above the minimum at which one row at a time comes to rest, None for other methods and losses.
    """

    certificate: Certificate
    epochs: float | None = None
    noise: float | None = None
    names: tuple[str, ...] = ("steps", "zone")  # of the certificate's sentences that are of use here

    def lines(self) -> list[str]:
        """Two or three sentences: the steps, the learning rate judged, what it will come to."""
        known = self.certificate
        if not 0 < known.L < math.inf:
            return known.lines()[:1]
        lines = [known.line(name) for name in self.names]
        if self.noise is not None:
            lines.append(_said("foreseen_noise", noise=self.noise))
        if self.epochs is not None and known.zone != "diverging":
            code = "foreseen_epochs" if math.isfinite(self.epochs) else "foreseen_never"
            lines.append(_said(code, epochs=self.epochs, tolerance=known.tolerance))
        return [line for line in lines if line is not None]

    def compared(self, solution) -> tuple[list[str], dict[str, Any]]:
        """Predicted and actual, in words and as numbers: nothing, where the actual is not known."""
        if solution.gap is None or not len(solution.trace):
            return [], {}
        lowest = solution.loss - solution.gap  # F* or less; for a parabola it is F*
        if self.noise is not None:
            heights = solution.trace.column("objective")
            level = float(np.nanmean(heights[len(heights) // 2 :])) - lowest
            numbers = {"predicted_noise": self.noise, "actual_noise": level}
            return [_said("actual_noise", predicted=self.noise, actual=level)], numbers
        if self.epochs is None:
            return [], {}
        actual = reached(solution, lowest, self.certificate.tolerance)
        numbers = {"predicted_epochs": self.epochs, "actual_epochs": actual}
        facts = {"tolerance": self.certificate.tolerance, "predicted": self.epochs}
        if actual is None:
            return [_said("actual_not_yet", done=solution.epochs, **facts)], numbers
        return [_said("actual_epochs", actual=actual, **facts)], numbers


def predict_run(objective, method: AnyMethod, start, tolerance: float = 1e-6) -> Prediction | None:
    """The prediction for a descent of a linear model, (p,) in the user's units; None where none is made:
    without a fixed learning rate, and beyond 2,000 columns, where it would cost more than its share."""
    rate = method.fixed_rate
    if rate is None:
        return None
    plain, columns = isinstance(method.direction, Steepest), objective.term.inputs
    known_way = plain or isinstance(method.direction, Momentum | Nesterov)
    if not (objective.linear_rows and known_way) or columns > WIDE:
        return None
    known = certify(objective, learning_rate=rate, tolerance=tolerance)
    parabola = known.kind == "quadratic"
    if method.batch:
        one = plain and method.batch.size == 1 and method.batch.random
        return Prediction(known, noise=known.noise_floor() if parabola and one else None, names=("row_step",))
    names = ("steps", "zone") if plain else ("steps", "momentum")
    if not parabola:
        return Prediction(known, names=names)
    theta = objective.to_inner(start)
    return Prediction(known, _epochs(objective, method.direction, rate, theta, tolerance), names=names)


def reached(solution, lowest: float, tolerance: float) -> int | None:
    """The first epoch from which on F stays within `tolerance` of its first height above `lowest`; None
    for not yet. Of a thinned trace, the first step kept."""
    steps = solution.trace.steps
    before = np.array([*(step.loss for step in steps), solution.loss])  # F before each update, and at the end
    above = np.flatnonzero(before - lowest > tolerance * (before[0] - lowest))
    if not len(above):
        return 0
    last = int(above[-1])
    return None if last == len(steps) else steps[last].epoch + 1


def update_along(direction, rate: float, curve: np.ndarray) -> np.ndarray:
    """v ← βv + λδ,  δ ← δ − t·v,  for Nesterov δ ← δ − t(λδ + βv), as matrices of (δ, v), one for each λ of a
    parabola's curvatures `curve`: δ is the distance to θ*, v the velocity, t the rate.  (d,) → (d, 2, 2)"""
    beta = getattr(direction, "beta", 0.0)
    ahead, back = (1 + beta, beta**2) if isinstance(direction, Nesterov) else (1.0, beta)
    one = np.ones_like(curve)
    update = [[1 - rate * curve * ahead, -rate * back * one], [curve, beta * one]]
    return np.moveaxis(np.array(update), 2, 0)


def _epochs(objective, direction, rate: float, theta, tolerance: float) -> float | None:
    """By the eigenvectors of H; each height above F* falls with δ²."""
    if not isinstance(direction, Steepest | Momentum | Nesterov) or getattr(direction, "beta", 0) == "auto":
        return None
    values, ways = np.linalg.eigh(objective.hessian_of_parabola)
    kept = values > 1e-13 * len(values) * values[-1]
    curve, slope = values[kept], (ways.T @ objective.value_and_gradient(theta).gradient)[kept]
    height = 0.5 * slope**2 / curve  # of F above F*, by eigenvector
    if not height.sum():
        return 0
    one = update_along(direction, rate, curve)

    def left(power):
        return float((height * power[:, 0, 0] ** 2).sum()) > tolerance * height.sum()

    with np.errstate(over="ignore", invalid="ignore"):
        powers = [one]
        while left(powers[-1]):
            powers.append(powers[-1] @ powers[-1])
            if len(powers) > 40 or not np.isfinite(powers[-1]).all():
                return math.inf
    k, there = 0, np.tile(np.eye(2), (len(curve), 1, 1))
    for exponent, power in reversed(list(enumerate(powers))):
        if left(there @ power):
            k, there = k + 2**exponent, there @ power
    return k + 1


def _said(code: str, **facts) -> str:
    shown = {name: "∞" if fact == math.inf else f"{fact:,.4g}" for name, fact in facts.items()}
    whole = {name: f"{fact:,}" for name, fact in facts.items() if isinstance(fact, int)}
    return text(f"certificate.{code}", **{**shown, **whole})

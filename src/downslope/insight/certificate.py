"""μ‖θ − θ′‖ ≤ ‖∇F(θ) − ∇F(θ′)‖ ≤ L‖θ − θ′‖: what the curvature says of a descent before it begins."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import notebook
from ..arguments import door, number
from ..descent.auto_rate import best_fixed
from ..errors import DownslopeError
from ..messages import text
from ..model.functions import Function, listed_values
from ..model.hessian import NotMeasured
from ..model.lanczos import outer_eigenvalues
from ..model.objective import Objective, function_objective
from ..model.row_sums import WIDE, about_means
from .coefficients import aligned

EVEN = 2.0  # condition number up to which nothing is to blame
METHODS = ("gd", "momentum", "nesterov", "newton")
FORMULAS = {
    "gd": "max(|1 − tL|, |1 − tμ|)²ᵏ = ε",
    "momentum": "(1 + (1 + ρ)k)²·ρ²ᵏ = ε,  ρ = √β",
    "nesterov": "(1 + k/√κ)²·(1 − 1/√κ)²ᵏ = ε",
    "nesterov_bound": "2·(1 − 1/√κ)ᵏ = ε",
    "newton": "k = 1",
}


@dataclass(frozen=True)
class Cause:
    """Why one way is so much steeper than another. `kind`: "scale" (columns of unlike size, the largest
    first), "correlation" (columns that nearly say the same) or "constant" (columns that say nothing)."""

    kind: str
    columns: tuple[str, ...]
    ratio: float  # of the columns' sizes; of the steepest curvature to the flattest


@dataclass(frozen=True)
class Certificate:
    """What is known about F before a descent, in the coordinates of the descent; NaN if unknown.

    `kind` is the scope: "quadratic" (exact, everywhere), "bound" (L and μ are bounds, everywhere),
    "local" (the curvature of a function at one point) or "unknown".
    """

    kind: str
    L: float = math.nan
    mu: float = 0.0  # the least curvature: 0 where there may be none, below 0 where F curves downward
    slowest: float = 0.0  # the least curvature above 0: μ, or that of the ways on which F is not level
    flat: int = 0  # ways on which F is level
    scaled: bool = False  # the coordinates are those of standardised columns
    row_step: float = math.nan  # 1/max Lᵢ
    noise: float = math.nan  # E‖∇Fᵢ‖² at the minimum
    row_curvature: float = math.nan  # L̄ = E Lᵢ²/E Lᵢ
    cause: Cause | None = None
    place: str = ""
    learning_rate: float | None = None
    tolerance: float = 1e-6
    mu_most: float = math.nan  # μ lies between `mu` and this, where it is not known exactly

    @property
    def condition(self) -> float:
        """κ = L/μ; infinite if F is flat along some direction."""
        if not math.isfinite(self.L) or self.mu_most > self.mu:
            return math.nan
        return self.L / self.mu if self.mu > 0 else math.inf if self.flat else math.nan

    @property
    def step_bound(self) -> float:
        """2/L: a fixed rate below it decreases F from any start; above it none does if F is quadratic."""
        return _over(2.0, self.L)

    @property
    def best_step(self) -> float:
        """2/(L + μ), where a μ below L/100 counts as L/100."""
        mu = self.mu if math.isnan(self.mu_most) else self.mu_most
        return best_fixed(self.L, mu) if 0 < self.L < math.inf else math.nan

    @property
    def momentum(self) -> float:
        """β = (√κ − 1)²/(√κ + 1)² of the heavy ball, κ over directions where F is not flat. Polyak 1964."""
        root = math.sqrt(self._kappa)
        return ((root - 1) / (root + 1)) ** 2

    @property
    def momentum_step(self) -> float:
        """4/(√L + √μ)²: the learning rate for the best momentum."""
        return 4 / (math.sqrt(self.L) + math.sqrt(self.slowest)) ** 2 if self._known else math.nan

    @property
    def zone(self) -> str | None:
        """Zone of the learning rate: "monotone" up to 1/L, "oscillating" up to 2/L, above it "diverging", or
        "unproven" if L is only a bound. None without a learning rate or without L."""
        rate, L = self.learning_rate, self.L
        if rate is None or not 0 < L < math.inf:
            return None
        if rate <= 1 / L:
            return "monotone"
        return "oscillating" if rate <= 2 / L else "unproven" if self.kind == "bound" else "diverging"

    @property
    def factor(self) -> float:
        """1 − tL: the factor by which a step multiplies the distance along the steepest direction."""
        return math.nan if self.learning_rate is None else 1 - self.learning_rate * self.L

    def noise_floor(self, learning_rate: float | None = None) -> float:
        """t·E‖∇Fᵢ‖²/(2(2 − t·L̄)): height above the minimum where a constant rate, one row at a time, ends.

        From stationary M = E δδᵀ, 2t·tr(HM) = t²(E‖Hᵢδ‖² + E‖∇Fᵢ‖²), for rows drawn independently with
        replacement; E‖Hᵢδ‖² ≈ L̄·tr(HM). With shuffled rows the end is lower. It is the misadjustment of the
        LMS algorithm, Widrow & Stearns 1985, ch. 6. The default rate is that of the certificate, else
        `row_step`. Infinite if the rate is too large; NaN for losses other than the squared one.
        """
        t = learning_rate or self.learning_rate or self.row_step
        if math.isnan(self.noise):
            return math.nan
        return t * self.noise / (2 * (2 - t * self.row_curvature)) if t * self.row_curvature < 2 else math.inf

    def epochs(self, method: str = "gd", learning_rate: float | None = None) -> float:
        """The first k with F − F* ≤ ε·(F₀ − F*), ε = `tolerance`, by FORMULAS; infinite if never.

        method: "gd" (at `learning_rate`, else the best rate), "momentum" (the best heavy ball),
        "nesterov" (β = (√κ − 1)/(√κ + 1), t = 1/L) or "newton". From the worst start; if L and μ are
        bounds, so is k, and it is NaN for "momentum" and "newton". NaN if μ is unknown.
        """
        if method not in METHODS:
            raise DownslopeError("certificate.method_unknown", asked=method, known=", ".join(METHODS))
        if not self._known or (self.kind == "bound" and method in ("momentum", "newton")):
            return math.nan
        if method == "newton":
            return 1
        if method == "gd":
            t = learning_rate or self.best_step
            return _first(max(abs(1 - t * self.L), abs(1 - t * self.slowest)), 0.0, self.tolerance)
        if method == "momentum":
            shrink = math.sqrt(self.momentum)
            return _first(shrink, 1 + shrink, self.tolerance)
        q = 1 / math.sqrt(self._kappa)
        if self.kind == "bound":  # Nesterov 2004, theorem 2.2.3, with ½μ‖θ₀ − θ*‖² ≤ F₀ − F*
            return _first(math.sqrt(1 - q), 0.0, self.tolerance / 2)
        return _first(1 - q, q, self.tolerance)

    @property
    def _known(self) -> bool:
        return 0 < self.slowest <= self.L < math.inf

    @property
    def _kappa(self) -> float:
        return self.L / self.slowest if self._known else math.nan

    def _repr_html_(self) -> str:
        """Its lines, for a notebook."""
        return notebook.preformatted(self.lines())

    def lines(self) -> list[str]:
        """Sentences on what is known, then a table of predicted epochs."""
        said: list[str | None] = [self._curvature_line()]
        if not 0 < self.L < math.inf:
            return [self._curvature_line()]
        said += [_said("scaled")] if self.scaled else []
        said += [self.line(name) for name in ("steps", "momentum", "row_step")]
        if not math.isnan(self.noise):
            code = "noise" if math.isfinite(self.noise_floor()) else "noise_without_end"
            said.append(_said(code, rate=self.learning_rate or self.row_step, floor=self.noise_floor()))
        if self.cause is not None:
            columns = ", ".join(self.cause.columns)
            said.append(_said(f"cause_{self.cause.kind}", columns=columns, ratio=self.cause.ratio))
        said += self._epochs_lines()
        if self.learning_rate is not None:
            said += ["", self.line("zone")]
        return [line for line in said if line is not None]

    def line(self, name: str) -> str | None:
        """One of the sentences "steps", "momentum", "row_step" or "zone"; None if unknown."""
        if name == "steps":
            return _said("steps", bound=self.step_bound, best=self.best_step)
        if name == "momentum" and self._known and self.kind != "bound":
            return _said("momentum", beta=self.momentum, step=self.momentum_step)
        if name == "row_step" and not math.isnan(self.row_step):
            return _said("row_step", step=self.row_step)
        if name == "zone" and self.learning_rate is not None:
            facts = {"rate": self.learning_rate, "factor": self.factor, "bound": self.step_bound}
            return _said(f"zone_{self.zone}", share=self.learning_rate / self.step_bound, **facts)
        return None

    def _curvature_line(self) -> str:
        if math.isnan(self.L):
            return _said("unknown")
        if math.isinf(self.L):
            return _said("infinite")
        if self.L == 0:
            return _said("level")
        facts = {"L": self.L, "mu": self.mu, "condition": self.condition}
        if self.mu < 0:
            return _said("downward", place=self.place, **facts)
        if self.kind == "local":
            return _said("local", place=self.place, **facts)
        if self.kind == "bound":
            return _said("bound" if self.mu > 0 else "bound_above", **facts)
        if self.flat:
            return _said("flat", flat=self.flat, slowest=self.slowest, **facts)
        if math.isnan(self.mu_most):
            return _said("quadratic", **facts)
        least = _over(self.L, self.mu_most)
        return _said("quadratic_wide", most=self.mu_most, least_condition=least, **facts)

    def _epochs_lines(self) -> list[str]:
        if not self._known:
            return [_said("no_epochs")]
        rows = [[_said(head) for head in ("method", "step", "epochs", "formula")]]
        asked = [("gd", self.learning_rate)] if self.learning_rate else []
        steps = {"gd": self.best_step, "momentum": self.momentum_step, "nesterov": 1 / self.L, "newton": 1.0}
        for method, rate in [*asked, *((name, None) for name in steps)]:
            count = self.epochs(method, rate)
            if math.isnan(count):
                continue
            formula = FORMULAS[f"{method}_bound" if f"{method}_{self.kind}" in FORMULAS else method]
            shown = f"{count:,.0f}" if math.isfinite(count) else _said("never")
            rows.append([method, _number(rate or steps[method]), shown, formula])
        code = {"bound": "at_most", "local": "if_so"}.get(self.kind, "predicted")
        code = "at_least" if self.mu_most > self.mu else code
        return ["", _said(code, tolerance=self.tolerance), *aligned(rows)]

    def to_json(self) -> dict[str, Any]:
        """All numbers as plain data; null for those that are unknown or infinite."""
        cause = self.cause
        epochs = {name: _finite(self.epochs(name)) for name in METHODS}
        if self.learning_rate:
            epochs["gd_at_learning_rate"] = _finite(self.epochs("gd", self.learning_rate))
        steps = ("step_bound", "best_step", "momentum", "momentum_step", "row_step", "factor")
        return {
            "kind": self.kind,
            **{name: _finite(getattr(self, name)) for name in ("L", "mu", "mu_most", "condition", *steps)},
            "tolerance": self.tolerance,
            "flat": self.flat,
            "scaled": self.scaled,
            "noise_floor": _finite(self.noise_floor()),
            "cause": cause and {**vars(cause), "columns": list(cause.columns), "ratio": _finite(cause.ratio)},
            "epochs": epochs,
            "learning_rate": self.learning_rate,
            "zone": self.zone,
        }

    def __str__(self) -> str:
        return "\n".join(self.lines())


@door(learning_rate=number(above=0, none=True), tolerance=number(above=0))
def certify(
    objective: Objective | Function | str | Callable,
    at=None,
    learning_rate: float | None = None,
    tolerance: float = 1e-6,
) -> Certificate:
    """L and μ, and what follows from them: learning rates, momentum, noise, epochs, the columns to blame.

    objective: from `ds.objective`, or a function, whose Hessian is evaluated `at` a point (not needed for a
    quadratic formula). learning_rate: one to classify. tolerance: ε, the fraction of F₀ − F* to reach.
    Raises DownslopeError for an invalid rate or tolerance, and for a function without a point.

    >>> import downslope as ds
    >>> rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
    >>> known = certify(ds.objective(rows, model=ds.Linear(intercept=False, scale=False)), learning_rate=0.3)
    >>> known.L, known.step_bound, known.zone, round(known.factor, 4)
    (9.333333333333334, 0.21428571428571427, 'diverging', -1.8)
    """
    if learning_rate is not None and not 0 < learning_rate < math.inf:
        raise DownslopeError("certificate.learning_rate", asked=learning_rate)
    if not 0 < tolerance < 1:
        raise DownslopeError("certificate.tolerance", asked=tolerance)
    asked: dict[str, Any] = {"learning_rate": learning_rate, "tolerance": tolerance}
    if not isinstance(objective, Objective):
        objective = function_objective(Function.of(objective, at))
    if not objective.term.has_rows:
        return _of_function(objective.term.function, at, asked)
    if objective.term.has_products:
        return _of_net(objective, asked)
    if not objective.linear_rows:  # moments
        L, mu = float(objective.lipschitz), float(objective.strong_convexity)
        return Certificate("quadratic" if objective.quadratic else "unknown", L, mu, mu, **asked)
    return _of_rows(objective, asked)


def _of_rows(objective: Objective, asked: dict[str, Any]) -> Certificate:
    """Of a linear model: from the eigenvalues of the rows' Gram matrix, its penalty included."""
    term = objective.term
    price = objective.l2[:: term.outputs]
    known: dict[str, Any] = {}
    exact = objective.quadratic and not objective.nonsmooth
    L = math.inf if math.isnan(objective.lipschitz) else float(objective.lipschitz)
    if math.isfinite(L):
        known["row_step"] = _over(1.0, term.row_lipschitz + float(objective.l2.max(initial=0.0)))
    if math.isfinite(L) and L > 0 and term.inputs > WIDE:
        known["mu"] = known["slowest"] = float(price.min())
        if exact:
            H_times = lambda v: term.loss.curvature_bound * term.gram_times(v) + price * v
            known["mu_most"] = max(outer_eigenvalues(H_times, len(price))[0], known["mu"])
            known["slowest"] = known["mu_most"] if known["mu_most"] > 1e-13 * L * len(price) else 0.0
    elif math.isfinite(L):
        H = term.loss.bound_for(term.outputs) * term.gram + np.diag(price)
        values = np.linalg.eigvalsh(H)
        L = max(float(values[-1]), 0.0)
        least = values
        if not objective.quadratic:
            least = np.linalg.eigvalsh(term.loss.curvature_floor * term.gram + np.diag(price))
        above = least[least > 1e-13 * L * len(values)]
        known["mu"] = float(least[0]) if len(above) == len(least) else 0.0
        known["slowest"] = float(above[0]) if len(above) and exact else known["mu"]
        known["flat"] = len(least) - len(above) if exact else 0
        known["cause"] = _cause(term, H, values)
        if exact:
            known["noise"], known["row_curvature"] = _noise(objective, H)
    scaled = bool((term.standardise.width != 1).any() or term.standardise.center.any())
    return Certificate("quadratic" if exact else "bound", L, scaled=scaled, **known, **asked)


def _of_net(objective: Objective, asked) -> Certificate:
    """Of a net at its first weights, by Lanczos on products with its Hessian, dropout off."""
    try:
        times = objective.term.hessian_times(objective.term.start)
        ends = outer_eigenvalues(lambda v: times(v) + objective.l2 * v, objective.size)
    except (NotMeasured, RuntimeError):  # such as a layer without a second derivative
        return Certificate("unknown", **asked)
    mu, L = min(ends), max(abs(end) for end in ends)
    mu = 0.0 if abs(mu) <= 1e-13 * L * objective.size else mu
    return Certificate("local", L, mu, max(mu, 0.0), place=text("certificate.first_weights"), **asked)


def _of_function(function: Function, at, asked) -> Certificate:
    """Of a function: from its Hessian at a place, which for a parabola is any."""
    if not function.has_hessian:
        return Certificate("unknown", **asked)
    parabola = function.parabola
    if at is None and not parabola:
        example = ", ".join(f'"{name}": 1' for name in function.names)
        raise DownslopeError("certificate.no_place", formula=function.formula, example=example)
    x = np.zeros(function.size) if at is None else function.start_vector(at)
    place = listed_values(function.names, x)
    H = function.hessian(x)
    if H is None or not np.isfinite(H).all():
        return Certificate("unknown", place=place, **asked)
    values = np.linalg.eigvalsh(H)
    L = float(np.abs(values).max())
    values = np.where(np.abs(values) <= 1e-13 * L * len(values), 0.0, values)
    mu, above = float(values[0]), values[values > 0]
    flat = int((values == 0).sum()) if mu == 0 else 0
    slowest = float(above[0]) if len(above) and mu >= 0 and (parabola or not flat) else 0.0
    kind = "quadratic" if parabola else "local"
    return Certificate(kind, L, mu, slowest, flat, place=place, **asked)


def _cause(term, H, values) -> Cause | None:
    """The columns that make one way steeper than another: by their sizes, or by saying nearly the same.

    Sizes are compared as they are. What is left is judged as scaling would leave it: once the columns
    are centred, where there is an intercept for that, and of one size.
    """
    names, sizes = term.column_names, np.diag(H)
    if values[-1] <= 0 or values[-1] <= EVEN * values[0]:
        return None
    d = len(sizes) - term.intercept
    apart = about_means(H, term.intercept)
    spread = np.diag(apart)
    empty = spread <= 1e-13 * sizes[:d] * len(sizes)
    if empty.any():
        return Cause("constant", tuple(names[j] for j in np.flatnonzero(empty)[:3]), math.inf)
    standard, ways = np.linalg.eigh(apart / np.sqrt(spread) / np.sqrt(spread)[:, None])
    dependent = standard[0] <= 1e-13 * len(sizes)
    condition = math.inf if dependent else float(standard[-1] / standard[0])
    high, low = int(sizes.argmax()), int(sizes.argmin())
    ratio = math.sqrt(sizes[high] / sizes[low])
    if ratio**2 > condition:
        return Cause("scale", (names[high], names[low]), ratio)
    share = np.abs(ways[:, 0])
    order = [j for j in np.argsort(-share, kind="stable")[:3] if share[j] >= share.max() / 2]
    return Cause("correlation", tuple(names[j] for j in order), condition)


def _noise(objective: Objective, H) -> tuple[float, float]:
    """E‖∇Fᵢ‖² at the minimum, and L̄ = E Lᵢ²/E Lᵢ."""
    term, null = objective.term, objective.term.null_theta
    downhill = objective.value_and_gradient(null).gradient.reshape(-1, term.outputs)
    theta = null - (np.linalg.pinv(H, rcond=1e-13, hermitian=True) @ downhill).ravel()  # Newton's one step
    term = term.sample
    slope = term.loss.slope(term.predictor(theta), term.Y)  # (n, k)
    pull = objective.l2 * theta  # the penalty's own gradient, which the rows' mean balances
    size = float((term.weighted((slope**2).sum(axis=1)) * term.row_sizes).mean()) - float(pull @ pull)
    rows = term.loss.bound_for(term.outputs) * term.row_sizes + float(objective.l2.max(initial=0.0))
    return max(size, 0.0), float((rows**2).mean() / rows.mean()) if rows.any() else 0.0


def _first(shrink: float, tilt: float, tolerance: float) -> float:
    """The first k with (1 + tilt·k)²·shrink²ᵏ ≤ tolerance."""
    if shrink >= 1:
        return math.inf
    if shrink < 1e-300:
        return 1
    need, k = -0.5 * math.log(tolerance), 0.0
    for _ in range(200):  # from below: each round counts the (1 + tilt·k) of the round before
        k = (need + math.log1p(tilt * k)) / -math.log(shrink)
    return max(1, math.ceil(k - 1e-9))


def _over(number: float, by: float) -> float:
    """number/by; infinite for 0, NaN where `by` is not known or has no end."""
    return math.nan if not math.isfinite(by) else number / by if by > 0 else math.inf


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


def _said(code: str, **facts) -> str:
    shown = {name: fact if isinstance(fact, str) else _number(fact) for name, fact in facts.items()}
    return text(f"certificate.{code}", **shown)


def _number(number: float) -> str:
    return "–" if math.isnan(number) else "∞" if math.isinf(number) else f"{number:.6g}"

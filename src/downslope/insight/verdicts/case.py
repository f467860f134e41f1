"""The input of a verdict: how a descent ended, its trace, its objective, and its settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ...descent import auto_rate
from ...descent.directions import Momentum, Nesterov, Steepest
from ...descent.methods import AnyMethod
from ...descent.monitor import NEAR
from ...descent.state import Result
from ...descent.trace import Step, Trace
from ...errors import DownslopeError
from ...model.differences import hessian_of
from ..measured import CurvatureCertificate, certificate_of_net
from .epochs import still_to_go
from .ground import Ground
from .verdict import Remedy, Verdict

FEW = 50  # variables up to which a function's Hessian comes from 2p gradients, not from rules to compile
NARROW = 500  # columns up to which eigenvectors are found: a fraction of a second
KINKED = 1e-4  # of the fall: where a loss has a kink, bounds on the gap are looser
CURVED = 4.0  # how much flatter than its bound a loss for classes may be: p(1 − p) ≥ 1/16 for p in [.07, .93]


def facts_of(end: Result) -> dict[str, Any]:
    """The numbers of every verdict: those of its reason, epochs, loss and gradient."""
    facts = {"epochs": end.epochs, "loss": end.value, "gradient": end.stationarity}
    return {**end.reason.numbers, **facts}


def _without_stop(remedy: Remedy | None) -> Remedy | None:
    """The remedy of a run with a stop of its own, which is left out again."""
    if remedy is None or not remedy.change or "features" in remedy.change:
        return remedy
    return replace(remedy, change={**remedy.change, "stop": None})


@dataclass(frozen=True, eq=False)
class Case:
    """A descent that is over. `settings` is the recipe; `validation` the objective over rows held out;
    `dataset` the rows that were learned from; `unjudged` collects the judgements that raised."""

    end: Result
    objective: Any
    method: AnyMethod
    trace: Trace
    settings: Any
    validation: Any = None
    dataset: Any = None
    unjudged: dict[str, str] = field(default_factory=dict)

    def verdict(self, code: str, *remedies: Remedy | None, kind: str = "", **numbers: Any) -> Verdict:
        """With the numbers that every verdict has, and the remedies that are not the same run again."""
        if self.settings.stop is not None:  # which may be what kept it from its end
            remedies = tuple(map(_without_stop, remedies))
        kept = tuple(one for one in remedies if one is not None and not self._same_run(one.change))
        facts = {**self.numbers, **numbers}
        for remedy in kept:
            facts = {**remedy.facts, **facts}
        return Verdict(code, facts, kept, kind)

    def judge(self, name: str, judgement: Callable, otherwise: Any = None) -> Any:
        """What a judgement finds. Where it raises, `otherwise`, and the verdict says that it could not be
        made: insight never costs a fit."""
        try:
            return judgement()
        except Exception as error:
            self.unjudged.setdefault(name, f"{type(error).__name__}: {error}".strip(": ").splitlines()[0])
            return otherwise

    def _same_run(self, change: Mapping[str, Any] | None) -> bool:
        """Whether a change would make the run that was made."""
        if not change or "features" in change or "derivative" in change:
            return False
        try:
            changed = self.settings.changed(change)
            if changed.with_(method="auto", epochs=1) != self.settings.with_(method="auto", epochs=1):
                return False
            shorter = changed.epochs <= self.settings.epochs
            return shorter and changed.method_for(self.objective) == self.method
        except Exception:  # a change that cannot be made fails where it is applied
            return False

    # ---- how it went --------------------------------------------------------------------------------

    @cached_property
    def steps(self) -> list[Step]:
        return self.trace.steps

    @cached_property
    def numbers(self) -> dict[str, Any]:
        """Epochs, loss, gradient; of a fixed learning rate the bound and the best."""
        return {**facts_of(self.end), **self.judge("curvature", lambda: self._rate_facts, {})}

    @cached_property
    def _rate_facts(self) -> dict[str, Any]:
        """The learning rate; where it was fixed, L, the bound and the best."""
        facts: dict[str, Any] = {}
        if self.method.learning_rate is None:
            return facts  # a solve has no use for the curvature's bound, and did not look for it
        if self.steps:
            facts["learning_rate"] = self.steps[0].learning_rate
        if self.method.direction.chooses and not self.of_net:
            return facts  # L would cost a Gram matrix or Hessians, and bounds nothing
        if self.of_net:
            c = self.certificate
            known = {"curvature": c.L, "bound": c.bound, "best": c.best} if c.known else {}
            return {**facts, **{name: value for name, value in known.items() if math.isfinite(value)}}
        if self.clearly_fast_enough:
            return facts
        if math.isfinite(self.L) and self.L > 0:
            facts["curvature"] = self.L
            if self.given_rate is not None:
                facts["bound"], facts["best"] = self.bound, self.best
        return facts

    @property
    def of_function(self) -> bool:
        """Whether it descended a function of its own, and no rows."""
        return not self.objective.term.has_rows

    @property
    def of_net(self) -> bool:
        """Whether it descended a net, or a module, whose curvature is measured and not known beforehand."""
        return bool(self.objective.term.has_products)

    @cached_property
    def certificate(self) -> CurvatureCertificate:
        """What was measured of a net's curvature; without a number where that is not done."""
        if not self.of_net:
            return CurvatureCertificate()
        measure = lambda: certificate_of_net(self.objective, self.method, self.trace, self.end)
        return self.judge("certificate", measure, CurvatureCertificate())

    @property
    def excess(self) -> float:
        """The learning rate over its bound, where it was fixed and both are known; else 0."""
        if self.of_net:
            fixed = self.method.fixed_rate is not None
            return self.certificate.excess if fixed and not self.certificate.batch else 0.0
        return self.given_rate / self.bound if self.given_rate and "bound" in self.numbers else 0.0

    @property
    def full(self) -> bool:
        """Whether every update looked at every row."""
        return self.method.full

    @property
    def theta(self) -> np.ndarray:
        """Where it ended, in the coordinates of the descent."""
        return self.objective.to_inner(self.end.params) if self.end.theta is None else self.end.theta

    @cached_property
    def point(self):
        """All that the objective tells of the end."""
        return self.objective.value_and_gradient(self.theta)

    @cached_property
    def ground(self) -> Ground:
        """Of a function: what it is like where the descent ended."""
        gradient = self.point.gradient if self.end.gradient is None else self.end.gradient
        return Ground(self.objective.term.function, self.trace, self.theta, self.end.value, gradient)

    @property
    def target(self) -> float:
        """The certificate that would have ended it."""
        if tol := self.settings.tolerance:
            return tol * self.objective.gradient_scale
        if self.objective.linear_rows:
            return 1e-8 * self.objective.gradient_scale
        return max(1e-8, 1e-6 * (self.steps[0].gradient_norm if self.steps else 1.0))

    @cached_property
    def near(self) -> bool:
        """Whether what is known of the gap agrees with a descent that has converged: a bound that is loose
        does not contradict it, where a Newton step from the end would not lead down."""
        gap, term = self.end.gap, self.objective.term
        if not self.objective.linear_rows:
            return True
        allowed = max(NEAR if term.smooth else KINKED, self.settings.tolerance or 0.0) * term.usual_fall
        if gap is not None and gap <= allowed:
            return True
        fall = self.judge("curvature", lambda: self.objective.newton_fall(self.point)) if term.smooth else gap
        return fall is None or fall <= allowed

    @property
    def updates(self) -> int:
        """Updates an epoch."""
        return self.method.rows.updates_in(self.objective.rows)

    # ---- the learning rate ----------------------------------------------------------------------------

    @property
    def straight(self) -> bool:
        """Whether it moves along gradients, so that 2/L bounds its learning rate."""
        return isinstance(self.method.direction, Steepest | Momentum)

    @property
    def gradual(self) -> bool:
        """Whether its steps are long where slopes are, so that the way so far tells of the way to come."""
        return isinstance(self.method.direction, Steepest | Momentum | Nesterov)

    @property
    def given_rate(self) -> float | None:
        """The fixed learning rate along gradients that was set."""
        return self.method.fixed_rate if self.straight else None

    @cached_property
    def step_curvature(self) -> float:
        """L of what one update looks at: all rows, or a batch of them (Gower et al. 2019)."""
        batch = self.method.batch if self.objective.linear_rows else None
        return auto_rate.batch_lipschitz(self.objective, batch.size) if batch else self.L

    @property
    def clearly_fast_enough(self) -> bool:
        """Whether drawn rows went well at a learning rate that is not too small: L would cost more than the
        pass. One row's L is at least the mean row's, and that of all rows the mean curvature."""
        batch, rate = self.method.batch, self.method.fixed_rate
        if batch is None or not self.objective.linear_rows:
            return False
        if self.end.reason.code in ("diverged", "unbounded"):
            return False
        if rate is None:
            return True
        term, share = self.objective.term, 1 / batch.size
        least = term.loss.bound_for(term.outputs) * (share + (1 - share) * term.outputs / term.size)
        if rate * least * term.rough_row_size > 0.04:
            return True
        return rate * least * term.row_size > 0.02 or least * term.row_size == 0

    @property
    def bound(self) -> float:
        """2/L, and 2(1 + β)/L with momentum: beyond it a fixed step diverges on a parabola. Polyak 1964."""
        return 2 * (1 + self.beta) / self.step_curvature

    @property
    def beta(self) -> float:
        """β of the heavy ball; 0 for all others."""
        direction = self.method.direction
        return direction.beta if isinstance(direction, Momentum) else 0.0

    @property
    def best(self) -> float:
        """The best fixed learning rate."""
        exact = self.objective.quadratic and self.full
        return auto_rate.best_fixed(self.L, self.slowest) if exact else 1 / self.step_curvature

    # ---- curvature --------------------------------------------------------------------------------------

    @property
    def L(self) -> float:
        """The largest curvature: a bound for rows; of a function, that at the start or at the end."""
        if self.objective.linear_rows:
            return float(self.objective.lipschitz)
        ends = [self.start_curvature]
        if self.end.reason.code not in ("diverged", "unbounded"):
            ends.append(self.end_curvature)
        known = [float(np.abs(values).max()) for values, _ in ends if len(values)]
        return max(known, default=math.nan)

    @property
    def slowest(self) -> float:
        """The least curvature, with a bound taken as if it were CURVED times too high; 0 if unknown."""
        if self.objective.linear_rows:
            if self.objective.quadratic:
                return float(self.objective.strong_convexity)
            price = float(self.objective.l2.min()) if self.objective.size else 0.0
            bend = self.objective.term.loss.bound_for(self.objective.term.outputs)
            return bend / CURVED * self.objective.term.spectrum[1] + price if math.isfinite(bend) else 0.0
        if self.end.reason.code != "diverged":
            return max(0.0, float(self.end_curvature[0][0])) if len(self.end_curvature[0]) else 0.0
        # A start tells what lies at the minimum only where the curvature is the same everywhere.
        here = self.start_curvature[0]
        return max(0.0, float(here[0])) if len(here) and self.alike else 0.0

    @cached_property
    def start_curvature(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues and eigenvectors of a function's Hessian where it began; empty where there is none."""
        return self._eigen(self.objective.to_inner(self.trace.start))

    @cached_property
    def end_curvature(self) -> tuple[np.ndarray, np.ndarray]:
        """The same where it ended."""
        return (self.ground.values, self.ground.vectors) if self.of_function else self._eigen(self.theta)

    def _eigen(self, theta) -> tuple[np.ndarray, np.ndarray]:
        none = np.empty(0), np.empty((0, 0))
        if not self.objective.curved or not self.of_function:
            return none
        if self.objective.size <= FEW:
            with np.errstate(all="ignore"):
                H = hessian_of(lambda x: self.objective.value_and_gradient(x).gradient, theta)
        else:
            H = self.objective.hessian(self.objective.value_and_gradient(theta))
        if not np.isfinite(H).all():
            return none
        values, vectors = np.linalg.eigh(H)
        return values, vectors

    # ---- how many epochs ----------------------------------------------------------------------------------

    def needed(self, L: float, mu: float) -> float:
        """Epochs from the start with the best rate for curvatures between μ and L.

        All rows: (κ − 1)/(κ + 1) an update, until the gradient has fallen to its target. Some rows: 1 − μ/L
        an update, for the four digits that noise leaves to be learned.
        """
        if not 0 < mu <= L < math.inf:
            return math.inf
        if not self.full:
            return math.log(1e4) * L / mu / self.updates
        first = self.steps[0].gradient_norm if self.steps else 1.0
        fall = math.log(max(math.e, first / self.target))
        rolls = fall * 2 / (1 - self.beta) if self.beta else 0.0  # the heavy ball shrinks by √β at best
        return 1 + max(rolls, fall * (L / mu + 1) / 2)  # −log((κ − 1)/(κ + 1)) ≥ 2/(κ + 1)

    @cached_property
    def at_best(self) -> float:
        """Epochs that the best fixed rate would have taken."""
        return self.needed(self.step_curvature, self.slowest)

    @cached_property
    def more(self) -> float:
        """Epochs that are still to go, as it went; infinite where that is not known."""
        return still_to_go(self)

    # ---- remedies that several verdicts share -----------------------------------------------------------

    @property
    def searches(self) -> bool:
        """Whether it is a solve, or a method that finds how far by itself."""
        return self.method.learning_rate is None or self.method.direction.chooses

    @cached_property
    def surest(self) -> Remedy | None:
        """The method that "auto" chooses, of a net L-BFGS; None where that is the run that was made, and
        where two passes over the data differ."""
        if self.objective.stochastic:
            return None
        net = not (self.objective.linear_rows or self.of_function)
        change: dict[str, Any] = {"method": "lbfgs" if net else "auto", "learning_rate": "auto"}
        change |= {name: None for name in ("batch_size", "order") if getattr(self.settings, name) is not None}
        if self.settings.epochs < 1000:
            change["epochs"] = 1000
        chosen = self.method_after(change)
        if chosen is None or chosen == self.method:
            return None
        return Remedy("surest_net" if net else "surest", change, {"chosen": chosen.name})

    def method_after(self, change: Mapping[str, Any]) -> AnyMethod | None:
        """The method that a run with this change takes; None where there is no such run."""
        try:
            chosen = self.settings.changed(change).method_for(self.objective)
            chosen.refuse_nonsense(self.objective)
            auto_rate.resolved(chosen, self.objective)  # refuses "auto" where it knows none
        except DownslopeError:
            return None
        return chosen

    @cached_property
    def chosen_rate(self) -> Remedy | None:
        """The same method with the learning rate that "auto" chooses; None where it had that."""
        if self.method.learning_rate in (None, "auto"):
            return None
        change = {"learning_rate": "auto"}
        return None if self.method_after(change) in (None, self.method) else Remedy("auto_rate", change)

    @property
    def slower_net(self) -> Remedy | None:
        """Of a net half the bound of its learning rate, where that was exceeded, if only at the start."""
        c = self.certificate
        worst = max(c.excess, c.first_excess)
        if not (self.of_net and self.excess and worst > 1):
            return None
        bound = c.rate / worst
        rate = float(f"{bound / 2:.3g}")
        facts = {"best": rate, "bound": bound, "curvature": c.L * worst / c.excess}
        return Remedy("net_rate", {"learning_rate": rate}, facts)

    @cached_property
    def alike(self) -> bool:
        """Whether the curvature is the same all along, so that one rate is the best everywhere."""
        if not self.of_function or self.objective.term.function.parabola:
            return True
        here, there = self.start_curvature[0], self._eigen(self.trace.start / 2 + 0.25)[0]
        return bool(len(here) and len(there) and np.allclose(here, there, rtol=1e-3))

    @property
    def best_rate(self) -> list[Remedy | None]:
        """Of a fixed rate along gradients the best one first, if it arrives in time, then the surest way; of
        rows that are drawn, and of other directions, which 2/L does not bound, the rate that "auto" takes."""
        if not self.full:
            known = self.objective.linear_rows and math.isfinite(self.L)
            return [self.chosen_rate, self.surest] if known else [self.surest, self.chosen_rate]
        if not (self.given_rate is not None and math.isfinite(self.L) and self.L > 0 and self.alike):
            return [self.surest, self.chosen_rate]
        facts = {"best": self.best, "bound": self.bound, "curvature": self.L}
        rate = Remedy("best_rate", {"learning_rate": float(f"{self.best:.6g}")}, facts)
        return [rate, self.surest] if self.at_best <= self.settings.epochs else [self.surest, rate]

"""The largest eigenvalue λ of a Hessian as it was measured along a training, and the learning rate it allows.

A watched loop is measured while it runs, a net when its descent is over: at its first weights, at its last,
and at some of those that the trace holds. What follows from the measurements is found here for both.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from .. import notebook
from ..descent import directions
from ..messages import text
from ..model.autodiff import pytorch
from ..model.hessian import NotMeasured, StepRule, operation_of, rule_of, step_rule
from ..model.lanczos import STEPS, Curvature, largest_eigenvalue

ALIKE = 0.01  # relative: curvatures at several steps that are one
NEAR = 0.2  # of the bound: an edge of stability
SECONDS, SHARE = 1.0, 0.05  # that measuring a net may take; or this share of its descent, where that is more
PRICE = 3  # gradients that one product costs
WORK = 2e9  # rows × weights × products that a second is good for, on a slow core
BETWEEN = (0.25, 0.5, 0.75)  # parts of the updates after which a net's trace is looked at
REASONS = (  # why a curvature was not measured
    *("no_graph", "sparse", "complex", "compiled", "distributed", "hooks", "custom_function"),
    *("half_precision", "memory", "too_large", "no_second_derivative", "not_finite", "kink"),
)


@dataclass(frozen=True)
class CurvatureCertificate:
    """The largest curvature L measured along a training, and what it allows: bound of the rate, best rate.
    (`certificate.Certificate` is what the curvature says before a descent.)

    `source` is "path" where L was found from the recorded moves and gradients, "hessian" where it is the
    largest eigenvalue of a Hessian. `at_least`: L is a lower bound. `batch`: the Hessian is that of some of
    the rows, and proves nothing about the others. A certificate without L says `why`.
    """

    L: float = math.nan
    rate: float = math.nan
    bound: float = math.nan
    best: float = math.nan
    error: float = 0.0
    at_least: bool = False
    batch: bool = False
    rows: int = 0
    parabola: bool | None = None  # False: the pencil of moves and gradients is not symmetric
    source: str = ""
    step: int = 0
    noise_scale: float | None = None
    preconditioned: bool = False
    edge: bool = False  # of stability: late in the run L·rate stays near the bound while the loss falls
    why: str = ""  # nothing was measured because …
    what: str = ""  # of a net: the operation or object at fault; `why` is then a code
    first: float | None = None  # λ before the first update, of a net
    rule: str = ""  # of a net: the code of its bound's formula

    @property
    def known(self) -> bool:
        """Whether there is a curvature."""
        return bool(math.isfinite(self.L) and self.L > 0)

    @property
    def excess(self) -> float:
        """rate / bound; 0 where either is unknown."""
        known = math.isfinite(self.rate) and math.isfinite(self.bound) and self.bound > 0
        return self.rate / self.bound if known else 0.0

    def _repr_html_(self) -> str:
        """Its lines, for a notebook."""
        return notebook.preformatted(self.lines())

    def lines(self) -> list[str]:
        """What was measured on a net, a sentence each."""
        if not self.known:
            said = text("insight.not_measured", what=self.what, why=reason(self.why))
            return [said] if self.why else []
        facts = {**vars(self), "excess": self.excess}
        code = "curvature_some_rows" if self.batch else "curvature_at_least" if self.at_least else "curvature"
        found = [text(f"insight.net_{code}", **facts)]
        if self.first is not None and self.step > 1:
            found.append(text("insight.net_curvature_first", **facts))
        if math.isfinite(self.bound) and math.isfinite(self.rate):
            facts["formula"] = text(f"insight.net_bound_{self.rule}")
            found.append(text("insight.net_bound", **facts))
        if self.edge:
            found.append(text("insight.net_edge"))
        return found

    def to_json(self) -> dict[str, Any]:
        """All fields; null for a number that is not known."""
        found = {name: _plain(value) for name, value in vars(self).items()}
        return {**found, "excess": self.excess or None}

    @property
    def first_excess(self) -> float:
        """Of a net: rate / bound before the first update; 0 where that is unknown."""
        return self.excess * self.first / self.L if self.first and self.known else self.excess

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> CurvatureCertificate:
        """What `to_json` wrote. Raises TypeError for other fields."""
        unknown = {name: math.nan for name in ("L", "rate", "bound", "best") if record.get(name) is None}
        return cls(**{**{name: value for name, value in record.items() if name != "excess"}, **unknown})


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def reason(why: str) -> str:
    """Why something was not measured, or not seen: the sentence of a code; a reason of its own as it is."""
    return text(f"insight.why_{why}") if why in REASONS else why


def of_measurements(
    measured: Sequence[Curvature], diverged: bool, early: bool = True
) -> CurvatureCertificate:
    """What several measurements, in the order of their steps, say together. `early`: a rate beyond its bound
    at the first updates is shown, even where the run went on well."""
    # A rate that is too large shows at once; later the loss bends until the rate fits (edge of stability).
    worst = max(measured, key=_excess)
    last = measured[-1]
    shown = worst if _excess(worst) > 0 and (diverged or (early and worst.step <= 2)) else last
    late = [_excess(c) for c in measured if c.step > 2][-3:]
    edge = len(late) >= 2 and min(late) > 1 - NEAR and max(late) < 1 + NEAR and not last.batch
    values = [c.value for c in measured]
    alike = len(values) > 1 and max(values) - min(values) <= ALIKE * max(values) and not last.batch
    return CurvatureCertificate(
        L=shown.value,
        rate=shown.rate,
        bound=shown.bound,
        best=shown.bound / 2 if math.isfinite(shown.bound) else math.nan,
        error=shown.error,
        parabola=True if alike else None,
        batch=shown.batch,
        rows=shown.rows,
        source="hessian",
        step=shown.step,
        noise_scale=last.noise_scale,
        preconditioned=shown.preconditioned,
        edge=edge,
    )


def _excess(curvature: Curvature) -> float:
    known = math.isfinite(curvature.bound) and curvature.bound > 0 and math.isfinite(curvature.rate)
    return curvature.rate / curvature.bound if known else 0.0


# ── a net of our own ────────────────────────────────────────────────────────────────────────────────
class MeasuredAt(NamedTuple):
    """Weights at which a net is measured."""

    step: int  # the number of the update that starts there
    theta: np.ndarray  # (p,)
    rate: float  # of that update; NaN where a search found it
    memory: Any = None  # the direction's


def certificate_of_net(objective: Any, method: Any, trace: Any, end: Any) -> CurvatureCertificate:
    """λ of the loss of a net over all rows, dropout off, along a descent that is over; weight decay added.

    At the last weights, the first, and three in between that the trace holds. Of a direction that scales the
    gradient, what it remembers is known at the end alone. It costs at most a second, or a twentieth of
    the descent, counted in rows so that the same descent has the same certificate; of too many rows some
    stand for all. After a divergence: at the first weights, and at the last before the loss rose.
    """
    steps = trace.steps
    gradients = objective.rows * (end.epochs + 1)
    budget = max(WORK * SECONDS / objective.size, SHARE * gradients / PRICE)  # rows × products
    rows = int(min(objective.rows, max(1.0, budget // STEPS)))
    chosen = None if rows == objective.rows else np.linspace(0, objective.rows - 1, rows).astype(int)
    until = time.perf_counter() + max(SECONDS, SHARE * (steps[-1].seconds if steps else 0.0))
    diverged = end.reason.code in ("diverged", "unbounded")
    measured: list[Curvature] = []
    failed: NotMeasured | None = None
    start, one, kind = None, 0, ""
    for place in _places(objective, method, trace, end, diverged):
        if measured and (budget < one * rows or time.perf_counter() > until):
            break
        try:
            found, start, kind, one = _measured(objective, method, place, chosen, start, until)
        except NotMeasured as error:
            failed = failed or error
            continue
        budget -= one * rows
        measured.append(found)
    if not measured:
        facts: dict[str, Any] = {} if failed is None else {"what": failed.what, "why": failed.why}
        return CurvatureCertificate(**facts)
    measured.sort(key=lambda c: c.step)
    risen = bool(steps) and not end.value < steps[0].loss
    known = of_measurements(measured, diverged, early=risen)
    first = measured[0].value if measured[0].step == 1 else None
    return replace(known, first=first, rule=kind, at_least=known.error > ALIKE * abs(known.L))


def _places(objective: Any, method: Any, trace: Any, end: Any, diverged: bool) -> list[MeasuredAt]:
    """Where to measure, the most telling place first."""
    steps = trace.steps
    moves = method.learning_rate is not None
    fixed = moves and not method.searches_for(objective)
    rates = [step.learning_rate if fixed else math.nan for step in steps] or [math.nan]
    first = MeasuredAt(1, objective.to_inner(trace.start), rates[0])
    scales = moves and not isinstance(method.direction, _UNSCALED)
    if diverged:  # what a direction that scales the gradient remembered while it went well is gone
        lower = [k for k, step in enumerate(steps) if step.loss <= steps[0].loss]
        k = lower[-1] - 1 if lower else 0  # before the last update that began at a loss below the first
        if scales:
            return []
        if k == 0:
            return [first]
        return [first, MeasuredAt(steps[k + 1].step, objective.to_inner(steps[k].params), rates[k + 1])]
    theta = objective.to_inner(end.params) if end.theta is None else end.theta
    last = MeasuredAt(max(2, trace.updates), theta, rates[-1], end.memory)
    if scales:
        return [last]
    at = [steps[int(part * len(steps))] for part in BETWEEN] if len(steps) >= 8 else []
    rate_of = dict(zip((step.step for step in steps), rates))
    between = [MeasuredAt(s.step + 1, objective.to_inner(s.params), rate_of[s.step]) for s in reversed(at)]
    return [last, first, *between]


_UNSCALED = (directions.Steepest, directions.Momentum, directions.Nesterov, directions.SearchDirection)


def _measured(
    objective: Any,
    method: Any,
    place: MeasuredAt,
    rows: np.ndarray | None,
    start: np.ndarray | None,
    until: float,
) -> tuple[Curvature, np.ndarray, str, int]:
    """λ at a place, its eigenvector, the code of the bound's formula, and how many products it took."""
    try:
        hessian = objective.term.hessian_times(place.theta, rows)
        gradient = hessian.gradient + objective.l2 * place.theta
        kind, rule = _rule(objective, method, place, gradient)
        D, decay = _flat(rule.scale[0]), objective.l2 + rule.decay[0]
        count = 0

        def times(v: np.ndarray) -> np.ndarray:
            nonlocal count
            count += 1
            part = D * v
            return D * (hessian(part) + decay * part)

        if start is None:
            start = np.random.default_rng(0).standard_normal(objective.size)
        value, error, vector = largest_eigenvalue(times, start, go_on=lambda: time.perf_counter() < until)
    except (RuntimeError, MemoryError) as problem:  # whatever a derivative of a derivative may raise
        raise NotMeasured(*operation_of(problem)) from None
    if not math.isfinite(value):
        raise NotMeasured("Hessian", "not_finite")
    looked = objective.rows if rows is None else len(rows)
    bound = rule.bound(value) if math.isfinite(place.rate) else math.nan
    found = Curvature(
        0, place.step, value, error, looked, rows is not None, rule.preconditioned, bound, place.rate
    )
    return found, vector, kind, count


def _flat(scale: Any) -> Any:
    return scale if isinstance(scale, float) else scale.detach().cpu().double().numpy()


def _rule(objective: Any, method: Any, place: MeasuredAt, gradient: np.ndarray) -> tuple[str, StepRule]:
    """(code of its formula, rule) of the method's next update: the same rule as of torch.optim's."""
    plain = StepRule([1.0], [0.0])
    if method.learning_rate is None or method.direction.chooses:
        return "", plain
    torch, direction = pytorch(), method.direction
    memory: Any = place.memory
    if memory is None:
        memory = direction.begin(objective.term.column_scale > 0)
    g = torch.from_numpy(np.array(gradient, dtype=float))
    if direction.external:
        with torch.no_grad():
            memory.parameter.copy_(torch.from_numpy(np.array(place.theta, dtype=float)))
        rule = step_rule(memory.optimizer, [memory.parameter], [g])
        return _formula(type(memory.optimizer).__name__, memory.optimizer.param_groups[0]), rule
    known = _TORCH.get(type(direction))
    if known is None:
        return "", plain
    name, group, state = known(direction, memory)
    weights = torch.from_numpy(np.array(place.theta, dtype=float))
    group = {"params": [weights], "lr": place.rate, **group}
    arrays = {key: torch.from_numpy(a) if isinstance(a, np.ndarray) else a for key, a in state.items()}
    return _formula(name, group), rule_of(name, [group], {weights: arrays}, [weights], [g])


def _formula(name: str, group: Any) -> str:
    """The code of the sentence that writes the bound."""
    if name == "SGD":
        return "nesterov" if group.get("nesterov") else "momentum" if group.get("momentum") else "gd"
    return "adam" if name.startswith("Adam") else "scaled"


def _averages(direction: Any, memory: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    decay = getattr(direction, "decay", 0.0)
    group = {"betas": (direction.beta1, direction.beta2), "eps": direction.epsilon, "amsgrad": False}
    state = {"step": memory.updates, "exp_avg_sq": memory.vectors[1]}
    return "AdamW" if decay else "Adam", {**group, "weight_decay": decay}, state


def _plain_step(momentum: float, nesterov: bool = False) -> tuple[str, dict[str, Any], dict[str, Any]]:
    return "SGD", {"momentum": momentum, "nesterov": nesterov, "dampening": 0.0}, {}


_TORCH: dict[type, Any] = {  # direction → (name in torch.optim, its settings, what it remembers)
    directions.Steepest: lambda d, m: _plain_step(0.0),
    directions.Momentum: lambda d, m: _plain_step(d.beta),
    # a β that grows ends near 1, where the bound is least
    directions.Nesterov: lambda d, m: _plain_step(1.0 if d.beta == "auto" else d.beta, True),
    directions.Adagrad: lambda d, m: (
        "Adagrad", {"eps": d.epsilon, "lr_decay": 0.0}, {"sum": m.vectors[0], "step": m.updates}
    ),
    directions.RMSprop: lambda d, m: (
        "RMSprop",
        {"alpha": d.rho, "eps": d.epsilon, "centered": False, "momentum": 0.0},
        {"square_avg": m.vectors[0]},
    ),
    directions.Adam: _averages,
    directions.AdamW: _averages,
}  # fmt: skip

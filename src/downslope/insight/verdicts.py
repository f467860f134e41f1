"""What happened, with the numbers that prove it, and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..descent.descend import End
from ..descent.directions import AdamW, Chooser, Momentum, Steepest
from ..descent.methods import AnyMethod, CoordinateDescent, Method
from ..descent.rates import batch_lipschitz, best_fixed
from ..descent.rows import Batch
from ..descent.schedules import Constant
from ..descent.trace import Trace
from ..messages import language, text
from .separation import rows_on_plane

FAILURES = ("diverged", "unbounded")  # the descent ended without an answer


@dataclass(frozen=True)
class Verdict:
    """One sentence on how a descent ended. `code` names it, `numbers` prove it, `remedies` say what to do.

    The sentence itself is made when it is read, in the language of that moment.
    """

    code: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    advice: tuple[str, ...] = ()  # codes of the remedies

    @property
    def text(self) -> str:
        """The sentence."""
        return text(f"insight.{self.code}", **self.numbers)

    @property
    def remedies(self) -> list[str]:
        """What to do about it, most useful first."""
        return [text(f"insight.remedy_{code}", **self.numbers) for code in self.advice]

    @property
    def failed(self) -> bool:
        """Whether there is no answer."""
        return self.code in FAILURES

    def to_json(self) -> dict:
        """{code, text, numbers, remedies}"""
        return {
            "code": self.code,
            "text": self.text,
            "numbers": dict(self.numbers),
            "remedies": self.remedies,
        }

    def __str__(self) -> str:
        return ("" if language() == "zh" else " ").join([self.text, *self.remedies])


def explain(end: End, objective, method: AnyMethod, trace: Trace) -> Verdict:
    """The verdict on a descent: from how it ended, its trace, and the curvature where that is known."""
    numbers: dict[str, Any] = {
        **end.reason.numbers,
        "epochs": end.epochs,
        "loss": end.value,
        "gradient": end.certificate,
        **_rate_facts(end, objective, method, trace),
    }
    code = end.reason.code
    if code in FAILURES:
        numbers["loss"] = end.reason.numbers[
            "loss"
        ]  # the one that went too far; end.value is the last finite
        return Verdict(code, numbers, _diverged_advice(code, numbers))
    if code == "interrupted":
        return Verdict(code, numbers, ("go_on",))
    if code == "validation":
        return Verdict(code, numbers, ("regularise",))
    if code == "paused":
        return Verdict(code, numbers)
    if code == "seconds":
        return Verdict(code, numbers, ("more_time",))
    if code == "exhausted":
        return _on_the_grid(end, numbers, objective, method)
    decay = (
        method.direction.decay if isinstance(method, Method) and isinstance(method.direction, AdamW) else 0
    )
    decayed = Verdict("decayed", {**numbers, "decay": decay}, ("no_decay",))
    if not objective.sweeps:
        return decayed if decay else _of_a_function(end, objective, method, numbers, trace)
    on_plane = _separable(end, objective)
    if on_plane is not None:
        return Verdict("separable", {**numbers, "on_plane": on_plane}, ("add_penalty",))
    unused = _unused_rows(objective, method)
    if unused:
        return Verdict("unused_rows", {**numbers, **unused}, ("use_all_rows",))
    dependent = _dependence(end, objective, numbers)
    if dependent is not None:
        return Verdict("collinear", {**numbers, "dependent": dependent}, ("drop_column", "add_l2"))
    if decay:
        return decayed
    if code == "closed_form":
        return Verdict("solved", numbers)
    if code == "gap":
        return Verdict("converged", numbers)
    if code == "gradient":
        return Verdict("rounded" if "gap" in numbers else "converged", numbers)
    if code == "no_progress":
        if _near(end.certificate, objective, 1e-6):
            return Verdict("converged", numbers)
        return Verdict("no_progress", numbers, ("smaller_rate", "exact_method"))
    if _near(end.certificate, objective, 1e-8):
        return Verdict("converged", numbers)
    if _crawls(numbers, trace, end):
        return Verdict("rate_too_small", numbers, ("best_rate",))
    advice = ("more_epochs", "faster_method") if method.full else ("more_epochs", "exact_method")
    return Verdict("epochs_exhausted", numbers, advice)


def _rate_facts(end: End, objective, method: AnyMethod, trace: Trace) -> dict[str, Any]:
    """L, the bound 2/L beyond which a fixed step diverges, the best fixed step, the step that was used."""
    facts: dict[str, Any] = {}
    if isinstance(method, Method) and len(trace):
        facts["learning_rate"] = trace[0].learning_rate
    searching = isinstance(method, Method) and isinstance(method.direction, Chooser)
    if isinstance(method, CoordinateDescent) or (searching and objective.sweeps):
        return facts  # L would cost a Gram matrix, and bounds nothing
    if _needs_no_bound(end, objective, method):
        return facts
    L, mu = _curvature(objective, trace)
    if not (math.isfinite(L) and L > 0):
        return facts
    facts["curvature"] = L
    if not (isinstance(method, Method) and isinstance(method.direction, Steepest | Momentum)):
        return facts  # the others have no such bound
    if isinstance(method.learning_rate, Constant):
        if isinstance(method.rows, Batch) and objective.sweeps:
            L = batch_lipschitz(objective, method.rows.size)
        facts["bound"] = 2 / L
        facts["best"] = best_fixed(L, mu) if objective.quadratic and method.full else 1 / L
    return facts


def _needs_no_bound(end: End, objective, method: AnyMethod) -> bool:
    """Whether drawn rows went well at a learning rate that is clearly not too small: L then would cost more
    than the pass. One row's L is at least the mean row's, and that of all rows the mean curvature."""
    if not (isinstance(method, Method) and isinstance(method.rows, Batch) and objective.sweeps):
        return False
    if end.reason.code in FAILURES or not isinstance(method.learning_rate, Constant):
        return end.reason.code not in FAILURES
    term, share = objective.term, 1 / method.rows.size
    one = term.loss.bound_for(term.outputs) * term.row_size
    least = share * one + (1 - share) * one * term.outputs / term.size
    return method.learning_rate.rate * least > 0.02 or one == 0


def _curvature(objective, trace: Trace) -> tuple[float, float]:
    """L and μ: exact for rows; for a function, the Hessian's at the start."""
    if objective.sweeps:
        return objective.lipschitz, objective.strong_convexity
    if not objective.curved:
        return math.nan, 0.0
    values = np.abs(np.linalg.eigvalsh(objective.hessian(objective.at(trace.start))))
    return (float(values.max()), 0.0) if np.isfinite(values).all() else (math.nan, 0.0)


def _diverged_advice(code: str, numbers) -> tuple[str, ...]:
    if code == "unbounded":
        return ("bounded_function",)
    if "where" in numbers:
        return ("non_finite",)
    return ("below_bound", "auto_rate") if "bound" in numbers else ("auto_rate",)


def _on_the_grid(end: End, numbers, objective, method) -> Verdict:
    """The best on the grid; whether it lies on the grid's edge."""
    best = dict(zip(objective.names, end.params.tolist()))
    edge = [
        name
        for name, values in method.grid.items()
        if len(values) > 1 and best[name] in (min(values), max(values))
    ]
    told = ", ".join(f"{name} = {best[name]:.6g}" for name in method.grid)
    numbers = {**numbers, "best": told, "edge": ", ".join(edge)}
    return Verdict("exhausted", numbers, ("wider_grid",) if edge else ())


def _of_a_function(end: End, objective, method: AnyMethod, numbers, trace: Trace) -> Verdict:
    """What kind of place a function or a net was left at: a minimum, a saddle, or still on a slope."""
    slope_at_start = trace[0].gradient_norm if len(trace) else math.inf
    small = end.certificate <= max(1e-8, 1e-6 * slope_at_start)
    settled = small or end.reason.code == "gradient"  # as small as was asked for
    if not settled:
        stalled = end.reason.code == "no_progress"
        if not stalled and _crawls(numbers, trace, end):
            return Verdict("rate_too_small", numbers, ("best_rate",))
        code = "no_progress" if stalled else "epochs_exhausted"
        if objective.curved:
            return Verdict(code, numbers, ("more_epochs", "faster_method"))
        searching = objective.noisy or method.name == "lbfgs"  # it can not search, or does so already
        return Verdict(code, numbers, ("more_epochs",) if searching else ("more_epochs", "lbfgs"))
    if not objective.curved:
        return Verdict("converged", numbers)
    values = np.linalg.eigvalsh(objective.hessian(objective.at(end.params)))
    noise = 1e-8 * max(1.0, float(np.abs(values).max(initial=0.0)))
    numbers = {**numbers, "lowest_curvature": float(values[0])}
    if values[0] < -noise:
        kind = "maximum" if values[-1] < -noise else "saddle"
        return Verdict(kind, numbers, ("nudge_start",))
    return Verdict("minimum" if values[0] > noise else "flat", numbers)


def _unused_rows(objective, method) -> dict[str, Any]:
    """How many rows a given order leaves out; nothing when it leaves out none."""
    if not (isinstance(method, Method) and isinstance(method.rows, Batch)) or isinstance(
        method.rows.order, str
    ):
        return {}
    used = len(set(method.rows.order))
    return {"used": used, "rows": objective.rows} if used < objective.rows else {}


def _dependence(end: End, objective, numbers) -> str | None:
    """The columns of which one is a combination of others, told; None when there are none."""
    if "rank" in numbers:
        return ", ".join(numbers.get("dependent", ())) if numbers["rank"] < numbers["columns"] else None
    if objective.penalty.alpha or not objective.quadratic or objective.size > 500:
        return None
    if end.reason.code == "epochs" and not _near(end.certificate, objective, 1e-3):
        return None  # too far from any minimum to ask whether there are many
    largest, smallest = objective.term.spectrum
    if smallest > 1e-12 * largest:
        return None
    k = objective.term.outputs
    values, vectors = np.linalg.eigh(objective.term.gram)
    null = np.abs(vectors[:, values <= 1e-12 * largest]).max(axis=1)
    numbers.update(rank=int((values > 1e-12 * largest).sum()), columns=len(values))
    return ", ".join(objective.names[j * k] for j in np.flatnonzero(null > 1e-6))


def _separable(end: End, objective) -> int | None:
    """How many rows a separating plane leaves on itself, where log loss has one and no penalty holds the
    weights: then there is no minimum. None where there is no such plane."""
    if objective.penalty.alpha or objective.term.loss.name != "log":
        return None
    return rows_on_plane(objective.term, objective.to_inner(end.params))


def _near(certificate: float, objective, tolerance: float) -> bool:
    return certificate <= tolerance * objective.gradient_scale


def _crawls(numbers, trace: Trace, end: End) -> bool:
    """Whether a fixed learning rate is so far below the bound that next to nothing happened."""
    if "bound" not in numbers or not len(trace):
        return False
    first = trace[0].loss
    return numbers["learning_rate"] < 0.01 * numbers["bound"] and end.value > 0.5 * first > 0

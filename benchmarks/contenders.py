"""Who takes part: a name, what it does, and the tolerances that it may be given.

`TOLERANCES` run from loose to tight. A contender is timed at the loosest of its own that reaches what
the row asks for, so that nobody is charged for digits that were not asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .problems import Problem, Weights

TOLERANCES = tuple(10.0**-k for k in range(1, 13))


@dataclass(frozen=True)
class Answer:
    """Weights for each α, and the seconds that the descent itself took, where that is known. Weights that
    take long to ask for are asked for `later`, off the clock."""

    weights: list[Weights]
    descent: float | None = None
    later: Callable[[], list[Weights]] | None = None


@dataclass(frozen=True)
class Contender:
    """`solve(prepared, tol)` is timed; `prepare(problem)` is not: it stands for what the row takes as given,
    such as tensors in place of arrays, or Vowpal Wabbit's cache file."""

    name: str
    solve: Callable[[Any, float | None], Answer]
    tolerances: tuple[float, ...] = ()
    prepare: Callable[[Problem], Any] = lambda problem: problem

    @property
    def ours(self) -> bool:
        return self.name.startswith("downslope")


def downslope(method: str = "auto", tolerances: tuple[float, ...] = TOLERANCES, **settings) -> Contender:
    """Ours through the public door: Dataset.from_arrays (which looks for NaN and infinity) and ds.fit, with
    all that a fit gives: trace, verdict, metrics. "auto" is what a user gets who asks for nothing."""

    def solve(problem: Problem, tol: float | None) -> Answer:
        import downslope as ds

        dataset = ds.Dataset.from_arrays(problem.X, problem.y)
        told = {"method": method, "intercept": problem.intercept, **settings}
        if tol is not None:
            told["tol"] = tol
        if problem.penalty is not None:
            told |= {"penalty": problem.penalty, "alpha": problem.alpha}
        for name in ("learning_rate", "epochs"):
            if name in problem.settings and name not in settings:
                told[name] = problem.settings[name]
        loss = "log" if problem.loss == "softmax" else problem.loss
        solution = ds.fit(dataset, loss=loss, **told)
        steps = solution.trace.steps
        return Answer([(solution.coef, solution.intercept)], steps[-1].seconds if steps else None)

    told = "".join(f", {name}={value}" for name, value in settings.items())
    return Contender(f"downslope {method}{told}", solve, tolerances)


def scikit_learn(name: str, make: Callable[[Problem, float | None], Any], tolerances=TOLERANCES) -> Contender:
    """Anything with fit, coef_ and intercept_."""

    def solve(problem: Problem, tol: float | None) -> Answer:
        model = make(problem, tol).fit(problem.X, problem.y)
        w, b = model.coef_, model.intercept_
        if problem.loss == "softmax":
            return Answer([(w.T, b)])
        return Answer([(w.ravel(), float(b[0]) if getattr(b, "shape", ()) else float(b))])

    return Contender(name, solve, tolerances)


def tensors(problem: Problem) -> tuple[Problem, Any, Any]:
    """(problem, X, y) as PyTorch's tensors, on the same memory."""
    import torch

    return problem, torch.from_numpy(problem.X), torch.from_numpy(problem.y)

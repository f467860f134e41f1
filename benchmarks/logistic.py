"""Log loss with L2 (C = 1) to a stated suboptimality: dense, sparse, and of seven classes."""

from __future__ import annotations

from typing import Any

from .contenders import TOLERANCES, Answer, Contender, downslope, scikit_learn
from .measure import Row, gemm, read_once
from .problems import Problem, dense, sparse, with_target
from .targets import Faster, NearBest

SOLVERS = ("lbfgs", "newton-cg", "newton-cholesky", "liblinear", "sag", "saga")


def build(n: int, d: int) -> Problem:
    """scikit-learn's ‖w‖²/2 + C·Σℓ with C = 1 is our mean of ℓ + α‖w‖²/2 with α = 1/n."""
    X = dense(n, d)
    return Problem(X, with_target(X, "log"), "log", "l2", (1 / n,))


def build_sparse(n: int, d: int, count: int) -> Problem:
    X = sparse(n, d, count)
    return Problem(X, with_target(X, "log"), "log", "l2", (1 / n,))


def build_softmax(n: int, d: int, classes: int) -> Problem:
    X = dense(n, d)
    return Problem(X, with_target(X, "softmax", classes=classes), "softmax", "l2", (1 / n,))


def _sklearn(solver: str) -> Contender:
    def make(problem: Problem, tol: float | None) -> Any:
        from sklearn.linear_model import LogisticRegression

        # liblinear penalises its intercept: as the weight of a column of 100 it costs a ten-thousandth
        scaling = {"intercept_scaling": 100.0} if solver == "liblinear" else {}
        return LogisticRegression(C=1.0, solver=solver, tol=tol, max_iter=300, random_state=0, **scaling)

    return scikit_learn(f"scikit-learn {solver}", make)


def _intelex_make(problem: Problem, tol: float | None) -> Any:
    from sklearnex.linear_model import LogisticRegression

    return LogisticRegression(C=1.0, tol=tol, max_iter=1000)


def _glum_solve(problem: Problem, tol: float | None) -> Answer:
    from glum import GeneralizedLinearRegressor

    model = GeneralizedLinearRegressor(
        family="binomial", alpha=problem.alpha, l1_ratio=0, gradient_tol=tol, max_iter=300
    ).fit(problem.X, problem.y)
    return Answer([(model.coef_, model.intercept_)])


INTELEX = scikit_learn("scikit-learn-intelex lbfgs", _intelex_make)
GLUM = Contender("glum irls-cd", _glum_solve, TOLERANCES)
OURS = (downslope(), downslope("newton"), downslope("lbfgs"))


def _dense_row(n: int, d: int, times: float) -> Row:
    return Row(
        name=f"logistic_dense_{d}",
        work=f"logistic, L2 (C = 1), {n:,} × {d}",
        sizes={"full": {"n": n, "d": d}, "quick": {"n": n // 10, "d": d}},
        build=build,
        contenders=(*OURS, *map(_sklearn, SOLVERS), INTELEX, GLUM),
        targets=(Faster(("scikit-learn", "glum"), times), NearBest()),
        within=1e-9,
        floor=gemm,
        floor_is="XᵀX by gemm: a step of Newton's needs at least that",
    )


csr = Row(
    name="logistic_csr",
    work="logistic, L2 (C = 1), CSR 200,000 × 50,000, 75 non-zeros a row",
    sizes={
        "full": {"n": 200_000, "d": 50_000, "count": 75},
        "quick": {"n": 10_000, "d": 10_000, "count": 75},
    },
    build=build_sparse,
    contenders=(downslope(), downslope("lbfgs"), *map(_sklearn, ("lbfgs", "newton-cg", "liblinear"))),
    targets=(Faster(("scikit-learn",), 2), NearBest()),
    within=1e-5,
    floor=read_once,
    floor_is="values and column numbers read once",
)


def _scores_and_gradient(problem: Problem) -> None:
    import numpy as np

    z = problem.X @ np.ones((problem.X.shape[1], problem.outputs))
    problem.X.T @ z


softmax = Row(
    name="softmax",
    work="softmax, L2 (C = 1), 500,000 × 54, 7 classes",
    sizes={
        "full": {"n": 500_000, "d": 54, "classes": 7},
        "quick": {"n": 10_000, "d": 54, "classes": 7},
    },
    build=build_softmax,
    contenders=(*OURS, *map(_sklearn, ("lbfgs", "newton-cg", "newton-cholesky", "sag", "saga")), INTELEX),
    targets=(Faster(("scikit-learn",), 3), NearBest()),
    within=1e-7,
    floor=_scores_and_gradient,
    floor_is="X·W and Xᵀ·S by gemm: the products of one gradient",
)

ROWS = (_dense_row(500_000, 28, 3), _dense_row(200_000, 100, 2), csr, softmax)

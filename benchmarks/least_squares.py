"""Least squares: to the optimum, and by a thousand epochs of full-batch gradient descent."""

from __future__ import annotations

import numpy as np

from .contenders import Answer, Contender, downslope, scikit_learn, tensors
from .measure import Row, gemm
from .problems import Problem, dense, with_target
from .targets import Faster, NearBest, OfFloor


def build(n: int, d: int) -> Problem:
    X = dense(n, d)
    return Problem(X, with_target(X, "squared"), "squared")


def _sklearn(problem, tol):
    from sklearn.linear_model import LinearRegression

    return LinearRegression()


def _intelex(problem, tol):
    from sklearnex.linear_model import LinearRegression

    return LinearRegression()


optimum = Row(
    name="least_squares",
    work="least squares to the optimum, 1,000,000 × 100",
    sizes={"full": {"n": 1_000_000, "d": 100}, "quick": {"n": 100_000, "d": 60}},
    build=build,
    contenders=(
        downslope(tolerances=()),
        downslope("closed_form", tolerances=()),
        downslope("lbfgs"),
        scikit_learn("scikit-learn LinearRegression", _sklearn, ()),
        scikit_learn("scikit-learn-intelex LinearRegression", _intelex, ()),
    ),
    targets=(
        Faster(("scikit-learn LinearRegression",), 30),
        Faster(("scikit-learn-intelex",), 1.3),
        OfFloor(1.4),
        NearBest(),
    ),
    within=1e-12,
    floor=gemm,
    floor_is="XᵀX by gemm",
)


# ---- a thousand epochs ----


def build_descent(n: int, d: int) -> Problem:
    """No intercept, start 0, and the step 1/L by the largest curvature of the columns as `dense` draws them:
    of 2XᵀX/n, 2(0.8 + 0.2·d). Every contender makes the same thousand updates."""
    X = dense(n, d)
    rate = 0.9 / (2 * (0.8 + 0.2 * d))
    settings = {"learning_rate": rate, "epochs": 1000}
    return Problem(X, with_target(X, "squared"), "squared", intercept=False, settings=settings)


def _numpy_loop(problem: Problem, tol) -> Answer:
    X, y, n = problem.X, problem.y, len(problem.y)
    w = np.zeros(X.shape[1])
    losses = []
    for _ in range(int(problem.settings["epochs"])):
        e = X @ w - y
        losses.append(float(e @ e) / n)
        w -= problem.settings["learning_rate"] * 2 / n * (X.T @ e)
    return Answer([(w, 0.0)])


def _torch_loop(prepared, tol) -> Answer:
    import torch

    problem, X, y = prepared
    w = torch.zeros(X.shape[1], dtype=X.dtype, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=problem.settings["learning_rate"])
    losses = []
    for _ in range(int(problem.settings["epochs"])):
        optimizer.zero_grad()
        loss = ((X @ w - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return Answer([(w.detach().numpy(), 0.0)])


descent = Row(
    name="full_batch",
    work="1,000 epochs of full-batch gradient descent, 1,000,000 × 100, trace kept",
    sizes={"full": {"n": 1_000_000, "d": 100}, "quick": {"n": 10_000, "d": 60}},
    build=build_descent,
    contenders=(
        downslope("gd", (), tol=0.0, scale=False),
        Contender("NumPy loop", _numpy_loop),
        Contender("PyTorch loop", _torch_loop, prepare=tensors),
    ),
    targets=(Faster(("NumPy loop", "PyTorch loop"), 100),),
    within=1e-6,
    floor=gemm,
    floor_is="XᵀX by gemm",
)

ROWS = (optimum, descent)

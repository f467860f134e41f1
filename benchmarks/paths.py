"""Paths of L1: lasso and logistic regression for falling prices, each from the weights of the one before.

No intercept, for celer's logistic regression has none and liblinear penalises its own. Every price of
the path has to be reached.
"""

from __future__ import annotations

import numpy as np

from .contenders import TOLERANCES, Answer, Contender
from .measure import Row, read
from .problems import Problem, alphas_down, dense, sparse, with_target
from .targets import Faster

MOST = {"max_iter": 100_000}


def build(loss: str, n: int, d: int, prices: int, count: int = 0) -> Problem:
    """A twentieth of the weights are not 0; prices fall to a thirtieth of the one where all weights are."""
    X = sparse(n, d, count) if count else dense(n, d)
    y = with_target(X, loss, used=0.05)
    return Problem(X, y, loss, "l1", alphas_down(X, y, loss, prices, 1 / 30), intercept=False)


def _path(problem: Problem, tol: float | None) -> Answer:
    """`ds.path`, whose tolerance is of the gap, relative to F of the best constant."""
    import downslope as ds

    dataset = ds.Dataset.from_arrays(problem.X, problem.y)
    settings = {"alphas": problem.alphas, "intercept": problem.intercept}
    found = ds.path(dataset, problem.loss, "l1", tol=tol, **settings)
    return Answer([(w, b) for w, b in zip(found.coef, found.intercepts)])


def _estimators(method: str) -> Contender:
    """One fit for each price, started warm."""

    def solve(problem: Problem, tol: float | None) -> Answer:
        import downslope as ds

        kind = ds.LinearRegressor if problem.loss == "squared" else ds.LinearClassifier
        model = kind(
            penalty="l1", method=method, tol=tol, fit_intercept=False, warm_start=True, random_state=0
        )
        found = []
        for alpha in problem.alphas:
            model.set_params(alpha=alpha).fit(problem.X, problem.y)
            found.append((model.coef_.ravel().copy(), 0.0))
        return Answer(found)

    return Contender(f"downslope {method}, a warm fit for each price", solve, TOLERANCES)


# ---- lasso: half our squared loss, so half our α ----


def _columns(X):
    """Column order, which every coordinate descent works in: its making is part of a path."""
    return np.asfortranarray(X) if isinstance(X, np.ndarray) else X.tocsc()


def _matrix(X):
    """The older kind of sparse matrix, for libraries that know no other."""
    from scipy.sparse import csc_matrix

    return np.asfortranarray(X) if isinstance(X, np.ndarray) else csc_matrix(X)


def _halved(problem: Problem) -> np.ndarray:
    return np.array(problem.alphas) / 2


def _lasso_sklearn(problem: Problem, tol) -> Answer:
    from sklearn.linear_model import lasso_path

    _, coefs, _ = lasso_path(_columns(problem.X), problem.y, alphas=_halved(problem), tol=tol, **MOST)
    return Answer([(w, 0.0) for w in coefs.T])


def _lasso_celer(problem: Problem, tol) -> Answer:
    from celer import celer_path

    _, coefs, _ = celer_path(
        _matrix(problem.X), problem.y, "lasso", alphas=_halved(problem), tol=tol, max_iter=100
    )
    return Answer([(w, 0.0) for w in coefs.T])


def _lasso_skglm(problem: Problem, tol) -> Answer:
    from skglm import Lasso

    model = Lasso(tol=tol, fit_intercept=False, warm_start=True, max_iter=100)
    coefs = model.path(_matrix(problem.X), problem.y, _halved(problem))[1]
    return Answer([(w, 0.0) for w in coefs.T])


# ---- logistic ----


def _logistic_warm(problem: Problem, model, name: str, prices) -> Answer:
    """One fit for each price, warm; those that know only CSC, or column order, get it once."""
    X = _matrix(problem.X)
    found = []
    for price in prices:
        model.set_params(**{name: price}).fit(X, problem.y)
        found.append((model.coef_.ravel().copy(), 0.0))
    return Answer(found)


def _strengths(problem: Problem) -> np.ndarray:
    """C of scikit-learn's and celer's Σℓ + ‖w‖₁/C."""
    return 1 / (len(problem.y) * np.array(problem.alphas))


def _logistic_liblinear(problem: Problem, tol) -> Answer:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(
        l1_ratio=1.0, solver="liblinear", tol=tol, fit_intercept=False, max_iter=10_000, random_state=0
    )
    found = []
    for strength in _strengths(problem):
        model.set_params(C=strength).fit(problem.X, problem.y)
        found.append((model.coef_.ravel().copy(), 0.0))
    return Answer(found)


def _logistic_saga(problem: Problem, tol) -> Answer:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(
        l1_ratio=1.0,
        solver="saga",
        tol=tol,
        fit_intercept=False,
        max_iter=300,
        random_state=0,
        warm_start=True,
    )
    found = []
    for strength in _strengths(problem):
        model.set_params(C=strength).fit(problem.X, problem.y)
        found.append((model.coef_.ravel().copy(), 0.0))
    return Answer(found)


def _logistic_celer(problem: Problem, tol) -> Answer:
    from celer import LogisticRegression

    model = LogisticRegression(tol=tol, fit_intercept=False, warm_start=True, max_iter=100)
    return _logistic_warm(problem, model, "C", _strengths(problem))


def _logistic_skglm(problem: Problem, tol) -> Answer:
    from skglm import SparseLogisticRegression

    model = SparseLogisticRegression(tol=tol, fit_intercept=False, warm_start=True, max_iter=100)
    return _logistic_warm(problem, model, "alpha", problem.alphas)


OURS = (
    Contender("downslope path", _path, TOLERANCES),
    _estimators("auto"),
)
LASSO = (
    Contender("scikit-learn lasso_path", _lasso_sklearn, TOLERANCES),
    Contender("skglm Lasso.path", _lasso_skglm, TOLERANCES),
    Contender("celer_path", _lasso_celer, TOLERANCES),
)
LOGISTIC = (
    Contender("scikit-learn liblinear", _logistic_liblinear, TOLERANCES),
    Contender("scikit-learn saga", _logistic_saga, TOLERANCES),
    Contender("skglm SparseLogisticRegression", _logistic_skglm, TOLERANCES),
    Contender("celer LogisticRegression", _logistic_celer, TOLERANCES),
)


def _read_for_each_price(problem: Problem) -> None:
    for _ in problem.alphas:
        read(problem.X)


def _row(name: str, loss: str, kind: str, full: dict[str, int], quick: dict[str, int]) -> Row:
    fit = "lasso" if loss == "squared" else "L1-logistic"
    size = f"{full['n']:,} × {full['d']:,}"
    size += f", {full['count']} non-zeros a row" if "count" in full else ""
    return Row(
        name=name,
        work=f"{fit} path, {kind}, {full['prices']} prices, {size}",
        sizes={"full": full, "quick": quick},
        build=lambda **sizes: build(loss, **sizes),
        contenders=(*OURS, *(LASSO if loss == "squared" else LOGISTIC)),
        targets=(Faster(("scikit-learn", "skglm", "celer"), 1),),
        within=1e-6,
        floor=_read_for_each_price,
        floor_is="X read once for each price",
    )


DENSE = {"n": 10_000, "d": 2_000, "prices": 20}, {"n": 1_000, "d": 300, "prices": 8}
SPARSE = (
    {"n": 50_000, "d": 20_000, "count": 75, "prices": 20},
    {"n": 3_000, "d": 2_000, "count": 30, "prices": 8},
)
ROWS = (
    _row("lasso_dense", "squared", "dense", *DENSE),
    _row("lasso_sparse", "squared", "sparse", *SPARSE),
    _row("l1_logistic_dense", "log", "dense", *DENSE),
    _row("l1_logistic_sparse", "log", "sparse", *SPARSE),
)

"""Lassos end at their minimum, or the caller is told: fewer rows than columns, columns that depend on one
another. Judged by a duality gap of its own, and by scikit-learn."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso

import downslope as ds
from downslope.model import coordinates
from tests.builders import CASES


def wide(seed):
    """Fewer rows than columns."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(8, 60))
    X = rng.standard_normal((n, int(n * rng.uniform(1.2, 6))))
    return X, X[:, : int(rng.integers(1, 6))].sum(axis=1) + rng.standard_normal(n)


def dependent(seed):
    """Columns of many sizes with differences, sums and multiples of theirs, some with indicators."""
    rng = np.random.default_rng(seed + 10**6)
    n, d = int(rng.integers(10, 200)), int(rng.integers(2, 12))
    X = np.round(rng.standard_normal((n, d)) * 10 ** rng.uniform(-1, 2, d), int(rng.integers(0, 3)))
    columns = [X]
    for _ in range(int(rng.integers(1, 4))):
        a, b = rng.choice(d, 2, replace=False)
        more = [X[:, a] - X[:, b], X[:, a] + X[:, b], 2 * X[:, a], X.sum(axis=1)]
        columns.append(more[rng.integers(4)][:, None])
    if rng.random() < 0.4:
        columns.append(np.eye(4)[rng.integers(0, 4, n)])
    X = np.hstack(columns)
    noise = rng.uniform(0.1, 3) * rng.standard_normal(n)
    return X, X @ rng.standard_normal(X.shape[1]) / X.std() + noise


def gap(X, y, w, b, alpha, intercept):
    """How far mean (Xw + b − y)² + α‖w‖₁ lies above its minimum, at most: its Lagrange dual at the residuals,
    drawn toward 0 until |Xᵀν| ≤ α."""
    n = len(y)
    X, y = (X - X.mean(axis=0), y - y.mean()) if intercept else (X, y)
    r = y - X @ w
    value = r @ r / n + alpha * np.abs(w).sum()
    nu = 2 * r / n * min(1.0, alpha / max(np.abs(2 * X.T @ r / n).max(), 1e-300))
    return value - (nu @ y - n * (nu @ nu) / 4)


def hold(make, seed):
    """A path and a fit of one lasso, both within their tolerance."""
    X, y = make(seed)
    intercept, rows = bool(seed % 2), ds.Dataset.from_arrays(X, y)
    usual = np.mean((y - intercept * y.mean()) ** 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = ds.path(rows, alphas=12, eps=10.0 ** -(2 + seed % 4), intercept=intercept)
    assert path.converged.all()
    for alpha, w, b in zip(path.alphas, path.coef, path.intercepts):
        assert gap(X, y, w, b, alpha, intercept) <= 1.001e-6 * usual
    alpha = float(path.alphas[-1 - seed % 6])
    run = ds.fit(rows, penalty="l1", alpha=alpha, intercept=intercept)
    assert run.verdict.code == "converged"
    b = run.intercept if intercept else 0.0
    assert gap(X, y, run.coef, b, alpha, intercept) <= 1e-9 * max(run.loss, 1e-3 * usual)


@pytest.mark.fault("A3")
@pytest.mark.parametrize("make", [wide, dependent])
def test_every_gap_of_a_lasso_is_below_tol(make):
    for seed in np.random.default_rng(14).choice(500, 12, replace=False):
        hold(make, int(seed))


@pytest.mark.slow
@pytest.mark.fault("A3")
@pytest.mark.parametrize("make", [wide, dependent])
def test_every_gap_of_500_lassos_is_below_tol(make):
    for seed in range(500):
        hold(make, seed)


@pytest.mark.fault("A3")
def test_a_lasso_over_dependent_columns_ends_where_scikit_learn_does():
    rows = np.loadtxt(CASES / "45_dependent_lasso.csv", delimiter=",", skiprows=1)
    X, y = rows[:, 1:], rows[:, 0]
    highest = 2 * np.abs(X.T @ y).max() / len(y)
    for alpha in highest * np.geomspace(1e-4, 1, 9):
        run = ds.fit(ds.Dataset.from_arrays(X, y), penalty="l1", alpha=alpha)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            peer = Lasso(alpha / 2, tol=1e-12, max_iter=1_000_000).fit(X, y)
        theirs = np.mean((peer.predict(X) - y) ** 2) + alpha * np.abs(peer.coef_).sum()
        assert run.loss <= theirs * (1 + 1e-9)


@pytest.mark.fault("A3")
@pytest.mark.parametrize("rows", ["dense", "sparse", "many"])
@pytest.mark.parametrize("loss", ["squared", "huber", "log"])
def test_wide_rows_of_any_form_reach_their_minimum(loss, rows):
    """Through H of all columns, of a working set, and through sparse columns as they are."""
    from scipy import sparse

    rng = np.random.default_rng(5)
    X = rng.standard_normal((40, 90 if rows == "dense" else 1100))
    X[rng.random(X.shape) < 0.5] = 0.0
    y = X[:, :4].sum(axis=1) + rng.standard_normal(40)
    y = (y > 0) * 1.0 if loss == "log" else y
    data = ds.Dataset.from_arrays(sparse.csr_array(X) if rows == "sparse" else X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = ds.path(data, loss, alphas=6, eps=1e-3, tol=1e-8)
    assert path.converged.all()


@pytest.mark.fault("A3")
def test_who_asked_for_a_tolerance_that_is_not_met_is_told(monkeypatch):
    monkeypatch.setattr(coordinates.Coordinates, "round", lambda at, l1, l2, limit: 0.0)  # goes nowhere
    X, y = wide(1)
    with pytest.warns(ds.DownslopeWarning, match="tol") as seen:
        path = ds.path(ds.Dataset.from_arrays(X, y), alphas=3)
    assert len(seen) == 1 and list(path.converged) == [True, False, False]
    with pytest.warns(ConvergenceWarning):
        model = ds.LinearRegressor(penalty="l1", alpha=0.01).fit(X, y)
    assert model.verdict_.code == "no_progress"

"""The default method arrives at the minimum on every toy table as it comes, or says that it did not."""

import itertools
import warnings

import mpmath
import numpy as np
import pytest
from scipy.sparse import csr_array

import downslope as ds
from tests.faults.toy_tables import minimum, tables, target_of, value_of

LOSSES = ("squared", "huber", "huber:sd", "log", "squared_hinge", "smoothed_hinge", "poisson")
ALPHAS = (0.0, *(10.0**power for power in range(-6, 3)))
UNFINISHED = ("separable", "quasi_separable", "no_minimum", "epochs_exhausted", "no_progress", "unbounded")


def fitted(X, y, loss: str, alpha: float, method: str = "auto"):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        rows = ds.Dataset.from_arrays(X, y)
        return ds.fit(rows, loss=loss, penalty="l2" if alpha else None, alpha=alpha, method=method)


def arrives(name: str, loss: str, alpha: float, method: str = "auto"):
    """Fails where F is above its minimum by more than 1e-9, and the verdict says that it converged."""
    table = tables()[name]
    y = target_of(table, loss)
    loss = f"huber:{table.y.std():.6g}" if loss == "huber:sd" else loss
    found = fitted(table.X, y, loss, alpha, method)
    if found.verdict.code in UNFINISHED:
        assert method != "auto" or alpha == 0, found.verdict
        return found
    w, b = found.params[:-1], found.params[-1]
    best = minimum(table.X, y, loss, alpha, w, b)
    F = value_of(table.X, y, loss, alpha, w, b)
    allowed = (1e-9 if best.condition < 1e12 else 1e-7) * max(abs(best.bound), 1e-3 * abs(best.null))
    bound = best.bound - best.slack
    for more in (10, 100, 1e3, 1e4, 1e5):  # F* is concave in α, and never negative here
        if F - bound <= allowed or alpha == 0:
            break
        params = fitted(table.X, y, loss, more * alpha, method).params
        best_there = minimum(table.X, y, loss, more * alpha, params[:-1], params[-1])
        bound = max(bound, best_there.bound / more)
    assert F - bound <= allowed, (name, loss, alpha, F, best, found.verdict.code)
    assert found.loss == pytest.approx(F, rel=1e-9, abs=1e-12 * abs(best.null))
    return found


GRID = list(itertools.product(tables(), LOSSES, ALPHAS))
SAMPLE = [GRID[at] for at in np.random.default_rng(14).choice(len(GRID), 50, replace=False)]


@pytest.mark.fault("D1", "D2")
@pytest.mark.parametrize("name, loss, alpha", SAMPLE)
def test_the_default_method_arrives_on_real_tables_as_they_come(name, loss, alpha):
    arrives(name, loss, alpha)


@pytest.mark.slow
@pytest.mark.fault("D1", "D2")
@pytest.mark.parametrize("name", tables())
def test_the_default_method_arrives_on_every_toy_table(name):
    for loss, alpha in itertools.product(LOSSES, ALPHAS):
        arrives(name, loss, alpha)


@pytest.mark.sample(8)
@pytest.mark.fault("D1")
@pytest.mark.parametrize("loss", ["log", "squared_hinge", "huber:sd"])
@pytest.mark.parametrize("alpha", [0.01, 1.0])
@pytest.mark.parametrize("method", ["auto", "newton", "lbfgs", "subsampled"])
def test_columns_of_unlike_size_do_not_keep_newton_or_lbfgs_from_the_minimum(loss, alpha, method):
    found = arrives("breast_cancer", loss, alpha, method)
    assert found.epochs <= (40 if method != "lbfgs" else 700)


@pytest.mark.fault("D1")
@pytest.mark.parametrize("loss", ["log", "poisson", "huber:2", "squared_hinge", "smoothed_hinge"])
@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_newton_takes_the_same_steps_whatever_the_units_of_the_columns(loss, alpha):
    """A penalty of w is moved along with the unit, so that it is the same function of θ."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(120, 4))
    z = X @ [0.5, -1.0, 0.3, 0.0]
    y = rng.poisson(np.exp(z)) if loss == "poisson" else z + rng.normal(size=120)
    y = (y > 0).astype(int) if loss not in ("poisson", "huber:2") else y
    traces = []
    for unit in (1.0, 2.0**-20, 2.0**20):
        rows = ds.Dataset.from_arrays(X * unit, y)
        how = {"penalty": "l2", "alpha": alpha * unit**2} if alpha else {}
        found = ds.fit(rows, loss=loss, method="newton", **how)
        traces.append([step.loss for step in found.trace.steps] + [found.loss])
    assert len({len(trace) for trace in traces}) == 1
    assert np.allclose(traces[0], traces[1], rtol=1e-12) and np.allclose(traces[0], traces[2], rtol=1e-12)


# ---- columns that depend on one another, or nearly -------------------------------------------------------


def parts_to_the_cent(n: int, k: int, seed: int):
    """Amounts, their sum, and shares of them, each rounded to the cent as bookkeeping does; k classes."""
    rng = np.random.default_rng(seed)
    parts = np.round(rng.lognormal(8, 1, size=(n, 3)), 2)
    total = np.round(parts.sum(axis=1), 2)
    tax = np.round(0.19 * total, 2)
    X = np.column_stack([parts, total, tax, np.round(total + tax, 2), rng.integers(0, 30, n)])
    score = X[:, 0] / 3e3 + X[:, -1] / 15 + rng.normal(size=n)
    return X, np.digitize(score, np.quantile(score, np.arange(1, k) / k))


@pytest.mark.fault("D17")
@pytest.mark.parametrize("seed", range(4))
def test_columns_that_sum_to_another_to_the_cent_do_not_keep_newton_from_the_minimum(seed):
    X, y = parts_to_the_cent(150, 2, seed)
    found = ds.fit(ds.Dataset.from_arrays(X, y), loss="log")
    best = minimum(X, y, "log", 0.0, found.params[:-1], found.params[-1])
    assert found.epochs <= 20 and found.loss - best.bound <= 1e-9 * best.bound + best.slack
    kept = [0, 1, 2, 4, 6]  # what is left once sums are dropped: as far as it can get
    assert found.loss <= minimum(X[:, kept], y, "log", 0.0).bound + 1e-9


@pytest.mark.fault("D17")
@pytest.mark.parametrize("n, d, k", [(340, 76, 5), (12, 23, 12), (200, 40, 3)])
def test_many_columns_and_several_classes_take_few_steps(n, d, k):
    rng = np.random.default_rng(n)
    X = rng.normal(size=(n, d)) * 10.0 ** rng.integers(-3, 4, d)
    X[:, -1] = X[:, 0] + X[:, 1]
    y = np.arange(n) % k
    found = ds.fit(ds.Dataset.from_arrays(X, y), loss="log")
    assert found.epochs <= 60 and found.seconds < 5
    assert found.verdict.code in ("separable", "collinear", "converged")


@pytest.mark.fault("B7")
@pytest.mark.parametrize("method", ["auto", "newton", "closed_form"])
@pytest.mark.parametrize("loss", ["squared", "huber:1e6"])
@pytest.mark.parametrize("digits", [None, 11, 9, 8])
def test_a_row_number_beside_a_date_in_decimal_years_is_one_column_too_many(method, loss, digits):
    if method == "closed_form" and loss != "squared":
        return
    row = np.arange(1.0, 145.0)
    year = 1949 + (row - 1) / 12
    year = year if digits is None else np.round(year, digits)
    y = 100 + 2 * row + 20 * np.sin(row)
    rows = ds.Dataset.from_arrays(np.column_stack([row, year]), y, features=["row", "year"])
    found = ds.fit(rows, loss=loss, method=method)
    A = (np.column_stack([row, 12 * (year - year.mean())]) - [row.mean(), 0.0])[:, :1]
    slope = float(np.linalg.lstsq(A, y - y.mean(), rcond=None)[0][0])
    w = slope * np.array([1.0, 1 / 12]) / (1 + 1 / 144)  # the least that predict alike
    assert found.verdict.code == "collinear"
    assert np.allclose(found.params[:2], w, rtol=1e-6)


@pytest.mark.fault("B7")
def test_columns_with_more_than_their_own_rounding_between_them_stay_two():
    rng = np.random.default_rng(0)
    a = rng.normal(size=200)
    for apart in (1e-4, 1e-7, 1e-9):
        X = np.column_stack([a, a + apart * rng.normal(size=200)])
        found = ds.fit(ds.Dataset.from_arrays(X, a + rng.normal(size=200)), method="closed_form")
        assert found.verdict.code == "converged", apart
        assert found.verdict.numbers["rank"] == 3


@pytest.mark.fault("A7")
@pytest.mark.parametrize("loss", ["squared", "huber:1e3", "log", "poisson"])
@pytest.mark.parametrize("method", ["auto", "newton"])
def test_of_many_minimisers_the_one_of_least_norm_in_the_users_units_is_given(loss, method):
    """More columns than rows, of unlike sizes: w stays in the span of the centred rows."""
    rng = np.random.default_rng(1)
    places = rng.normal(size=(12, 30)) * 10.0 ** rng.integers(-2, 3, 30)
    X = np.repeat(places, 5, axis=0)  # with both classes at each place, so that log loss has a minimum
    ones = rng.integers(1, 5, 12)
    y = np.concatenate([np.arange(5) < many for many in ones]).astype(int)
    y = y if loss == "log" else rng.poisson(3, 60) + 1.0
    found = ds.fit(ds.Dataset.from_arrays(X, y), loss=loss, method=method)
    rows = X - X.mean(axis=0)
    w = found.params[:-1]
    inside = np.linalg.lstsq(rows.T, w, rcond=1e-10)[0]
    size = np.abs(w).max()
    assert np.abs(rows.T @ inside - w).max() <= 1e-7 * size


@pytest.mark.fault("A7")
@pytest.mark.parametrize("alpha", [1e-14, 1e-11, 1e-8, 1e-5, 1e-2])
@pytest.mark.parametrize("n, d", [(10, 25), (20, 24)])
def test_ridge_keeps_its_digits_however_small_its_price_is(alpha, n, d):
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(n, d)) * 10.0 ** rng.integers(-1, 2, d), rng.normal(size=n)
    found = ds.fit(ds.Dataset.from_arrays(X, y), penalty="l2", alpha=alpha)
    mpmath.mp.dps = 50
    A, b = mpmath.matrix(X.tolist()), mpmath.matrix(y.tolist())
    centre = mpmath.eye(n) - mpmath.ones(n) / n
    A, b = centre * A, centre * b
    w = A.T * mpmath.lu_solve(A * A.T + mpmath.mpf(alpha) * n / 2 * mpmath.eye(n), b)
    right = np.array([float(number) for number in w])
    assert np.abs(found.params[:-1] - right).max() <= 1e-10 * np.abs(right).max()


@pytest.mark.sample(32)
@pytest.mark.fault("A5")
@pytest.mark.parametrize("loss", ["squared", "huber:1e6", "poisson"])
@pytest.mark.parametrize("method", ["auto", "newton", "lbfgs", "gd"])
@pytest.mark.parametrize("constant", [0.1, 1 / 3, 1e3 + 0.1, 1e-300])
@pytest.mark.parametrize("kind", [np.asarray, csr_array])
def test_a_constant_column_gets_no_weight_though_rounding_makes_it_vary(loss, method, constant, kind):
    rng = np.random.default_rng(0)
    X, y, s = rng.random((50, 3)), rng.random(50) + 1, rng.random(50)
    X[:, 2] = constant
    found = ds.fit(ds.Dataset.from_arrays(kind(X), y, s), loss=loss, method=method)
    rest = ds.fit(ds.Dataset.from_arrays(kind(X[:, :2]), y, s), loss=loss, method=method)
    assert abs(found.params[2] * constant) <= 1e-9
    assert np.allclose(found.predict(X), rest.predict(X[:, :2]), rtol=1e-6)
    assert found.verdict.code in ("converged", "collinear")


@pytest.mark.fault("B7", "D17")
@pytest.mark.parametrize("loss", ["squared", "log", "huber:1e4", "poisson"])
@pytest.mark.parametrize("kind", ["years", "cents"])
def test_rows_in_parts_decide_as_rows_in_memory_do(tmp_path, kind, loss):
    if kind == "years":
        row = np.arange(1.0, 601.0)
        X = np.column_stack([row, np.round(1949 + (row - 1) / 12, 11)])
        y = np.round(5 + row / 200 + np.sin(row))
    else:
        X, y = parts_to_the_cent(600, 2, 7)
    y = (y > np.median(y)).astype(int) if loss == "log" else y
    X = np.random.default_rng(0).permutation(np.column_stack([X, y]), axis=0)  # no order of time
    path = tmp_path / "rows.csv"
    names = [f"x{j}" for j in range(X.shape[1] - 1)] + ["y"]
    path.write_text("\n".join([",".join(names), *(",".join(map(repr, row.tolist())) for row in X)]))
    whole = ds.fit(ds.Dataset.read(path, "y"), loss=loss)
    parts = ds.fit(ds.Stream.open(path, "y", reading=ds.ReadOptions("1GB", 128)), loss=loss)
    assert parts.loss == pytest.approx(whole.loss, rel=1e-9)
    assert parts.verdict.code == whole.verdict.code
    if kind == "years":
        assert whole.verdict.code == "collinear" or loss == "log"
        assert np.allclose(parts.params, whole.params, rtol=1e-4)


@pytest.mark.fault("B7")
@pytest.mark.parametrize("loss", ["squared", "huber:1"])
def test_a_polynomial_of_degree_ten_stays_of_full_rank(loss):
    """As NIST's Filip: ten powers of 82 numbers between −9 and −3, a condition number of 1e10."""
    x = np.round(np.sort(np.random.default_rng(2).uniform(-8.8, -3.1, 82)), 9)
    y = np.round(0.85 + 0.06 * np.sin(x), 4)
    found = ds.fit(ds.Dataset.from_arrays(x[:, None] ** np.arange(1, 11), y), loss=loss)
    mpmath.mp.dps = 60
    A = mpmath.matrix([[mpmath.mpf(number) ** power for power in range(11)] for number in x.tolist()])
    w = mpmath.lu_solve(A.T * A, A.T * mpmath.matrix(y.tolist()))
    left = A * w - mpmath.matrix(y.tolist())
    assert found.verdict.code == "converged"
    assert found.loss == pytest.approx(float((left.T * left)[0] / 82), rel=1e-6)
    if loss == "squared":
        assert found.verdict.numbers["rank"] == 11
        assert np.allclose(found.params[:-1], [float(number) for number in w[1:]], rtol=1e-4)

"""The same rows, dense and sparse: one path where they are not centred, and in full-batch methods."""

import numpy as np
import pytest
import scipy.sparse as sp

from downslope import Dataset, fit

X = sp.random(60, 5, 0.6, random_state=1, format="csr") * 3.0
Y = np.random.RandomState(2).randn(60)
DRAWN = ["sgd", "minibatch"]
FULL = ["auto", "gd", "momentum", "nesterov", "adam", "lbfgs", "newton", "subsampled"]


@pytest.mark.fault("C8")
@pytest.mark.parametrize("loss", ["squared", "huber"])
@pytest.mark.parametrize("penalty", [None, "l2", "l1"])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("method", [*DRAWN, "gd", "nesterov"])
def test_columns_as_they_are_go_down_one_path(loss, penalty, intercept, method):
    how = {"method": method, "epochs": 5, "tol": 0, "learning_rate": 0.01, "scale": False, "loss": loss}
    how |= {"penalty": penalty, "alpha": 0.05 if penalty else 0.0, "intercept": intercept}
    one, other = (fit(Dataset.from_arrays(rows, Y), **how) for rows in (X, X.toarray()))
    assert np.allclose(one.params, other.params, rtol=1e-11, atol=1e-13)


@pytest.mark.fault("C8")
@pytest.mark.parametrize("loss", ["squared", "huber"])
@pytest.mark.parametrize("method", FULL)
def test_standardised_columns_go_down_one_path_where_all_rows_are_looked_at(loss, method):
    how = {"method": method, "epochs": 6, "tol": 0, "loss": loss}
    how = {"loss": loss} if method == "auto" else how
    one, other = (fit(Dataset.from_arrays(rows, Y), **how) for rows in (X, X.toarray()))
    assert np.allclose(one.params, other.params, rtol=1e-8, atol=1e-10)


@pytest.mark.fault("C8")
def test_drawn_rows_that_are_standardised_end_alike():
    def losses(rows):
        how = {"method": "sgd", "epochs": 30, "tol": 0}
        return np.array([fit(Dataset.from_arrays(rows, Y), seed=seed, **how).loss for seed in range(5)])

    one, other = losses(X), losses(X.toarray())
    noise = 3 * np.hypot(one.std(ddof=1), other.std(ddof=1)) / np.sqrt(5)
    assert abs(one.mean() - other.mean()) <= noise


def mixed(rows, per, columns, seed=3, **types):
    """CSR whose columns are in no order, of which some occur more than once in a row; y; the same, sorted."""
    draw = np.random.default_rng(seed)
    numbers = draw.standard_normal(rows * per).astype(types.get("number", np.float64))
    places = draw.integers(0, columns, rows * per).astype(types.get("index", np.int32))
    starts = np.arange(0, rows * per + 1, per, dtype=places.dtype)
    given = sp.csr_array((numbers, places, starts), shape=(rows, columns))
    in_order = sp.csr_array(given, copy=True)
    in_order.sum_duplicates()
    return given, in_order, in_order @ draw.standard_normal(columns) + draw.standard_normal(rows)


METHODS = [*DRAWN, "adam", "lbfgs", "newton", "coordinate", "closed_form", "subsampled"]


def alike(given, in_order, y, method, loss, rtol=1e-9, **how):
    before = given.indices.copy(), given.data.copy()
    how = {"epochs": 3, "tol": 0, "alpha": 0.01, "method": method, "loss": loss, **how}
    one, other = (fit(Dataset.from_arrays(rows, y), **how) for rows in (given, in_order))
    np.testing.assert_allclose(one.params, other.params, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(one.loss, other.loss, rtol=rtol)
    assert (given.indices == before[0]).all() and (given.data == before[1]).all()


@pytest.mark.parametrize("penalty", ["l2", "l1"])
@pytest.mark.parametrize("method", METHODS)
def test_columns_in_no_order_and_repeated_ones_are_the_same_rows(method, penalty, monkeypatch):
    if penalty == "l1" and method in ("newton", "closed_form", "lbfgs", "subsampled"):
        return  # not for a kink
    monkeypatch.setattr("downslope.data.dataset.SORTED", 0)
    given, in_order, y = mixed(300, 8, 20)
    loss = "squared" if method == "closed_form" else "log"
    y = y if loss == "squared" else (y > 0) * 1.0
    alike(given, in_order, y, method, loss, penalty=penalty)


@pytest.mark.slow
@pytest.mark.parametrize("number", [np.float32, np.float64])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("method", ["sgd", "minibatch:16", "lbfgs"])
@pytest.mark.parametrize("loss", ["squared", "log"])
def test_the_same_by_kernels(loss, method, index, number):
    given, in_order, y = mixed(20_000, 60, 400, number=number, index=index)
    y = (y > 0) * 1.0 if loss == "log" else y
    rtol = 1e-9 if number is np.float64 else 1e-5  # a sum of two numbers is rounded to float32 when sorted
    alike(given, in_order, y, method, loss, rtol, penalty="l2")
    alike(given, in_order, y, method, loss, rtol, scale=False, intercept=False, penalty="l2")

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

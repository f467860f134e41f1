"""Standard errors against NIST's certified values and statsmodels; and where they would be false, none."""

import numpy as np
import pytest

import downslope as ds
from downslope.errors import DownslopeError
from downslope.insight.standard_errors import standard_errors
from downslope.messages import speaking
from tests.builders import NIST

RNG = np.random.default_rng(0)
N = 150
X = RNG.normal(size=(N, 4)) * [1, 10, 0.1, 3] + [0, 5, 1, 100]
Y = X @ [1, -0.3, 4, 0.2] + RNG.normal(size=N) * (1 + abs(X[:, 0]))
S = RNG.uniform(0.5, 3, N)
CLASSES = (RNG.uniform(size=N) < 1 / (1 + np.exp(-(X[:, 0] - 0.2 * X[:, 1] + 1)))).astype(int)
COUNTS = RNG.poisson(np.exp(0.3 * X[:, 0] - 0.05 * X[:, 1] + 0.5)).astype(float)
LAST = [1, 2, 3, 4, 0]  # statsmodels puts the constant first
CLOSE = 1e-8


def constant_first():
    return np.column_stack([np.ones(N), X])


def close(found, right, rtol=CLOSE):
    return np.allclose(found, right, rtol=rtol, atol=0)


@pytest.mark.parametrize("name", ["norris", "noint2", "longley", "wampler3"])
def test_certified_standard_errors_of_nist(name):
    found, right = nist(name)
    assert close(found, right, 1e-10)


def test_an_exact_fit_has_no_standard_error():
    found, right = nist("wampler1")
    assert not right.any() and found.max() < 1e-9


def nist(name):
    problem = NIST[name]
    table = dict(zip(problem["columns"], np.array(problem["rows"], dtype=float).T))
    y = table.pop("y")
    columns = list(table.values())
    if "polynomial of degree" in problem["model"]:
        degree = int(problem["model"].split("degree ")[1].split(",")[0])
        columns = [columns[0] ** power for power in range(1, degree + 1)]
    intercept = len(problem["certified"]) > len(columns)
    rows = ds.Dataset.from_arrays(np.column_stack(columns), y)
    found = standard_errors(ds.fit(rows, intercept=intercept), rows).error
    return np.roll(found, 1) if intercept else found, np.array(problem["standard_errors"])


@pytest.mark.parametrize("method", ["closed_form", "lbfgs", "newton", "nesterov"])
def test_least_squares_is_statsmodels_ols_whatever_method_got_there(method):
    sm = pytest.importorskip("statsmodels.api")
    rows = ds.Dataset.from_arrays(X, Y)
    solution = ds.fit(rows, method=method, tol=1e-12, epochs=20_000)
    found, right = standard_errors(solution, rows), sm.OLS(Y, constant_first()).fit()
    assert close(found.error, right.bse[LAST]) and found.degrees == right.df_resid
    assert close(found.statistic, right.tvalues[LAST]) and close(found.p, right.pvalues[LAST], 1e-7)
    assert close(np.column_stack([found.low, found.high]), right.conf_int()[LAST])
    assert close(found.deviation, np.sqrt(right.scale))
    robust = standard_errors(solution, rows, robust=True)
    assert close(robust.error, right.get_robustcov_results("HC1").bse[LAST])


def test_weights_are_those_of_statsmodels_wls():
    sm = pytest.importorskip("statsmodels.api")
    right = sm.WLS(Y, constant_first(), weights=S).fit()
    for scale in (1.0, 7.0):  # only their ratios count
        rows = ds.Dataset.from_arrays(X, Y, weights=scale * S)
        solution = ds.fit(rows)
        assert close(standard_errors(solution, rows).error, right.bse[LAST])
        robust = standard_errors(solution, rows, robust=True).error
        assert close(robust, right.get_robustcov_results("HC1").bse[LAST])


def test_a_row_of_weight_zero_is_no_row():
    kept = S > 1
    whole = ds.Dataset.from_arrays(X, Y, weights=np.where(kept, S, 0))
    part = ds.Dataset.from_arrays(X[kept], Y[kept], weights=S[kept])
    found, right = (standard_errors(ds.fit(rows), rows) for rows in (whole, part))
    assert close(found.error, right.error, 1e-12) and found.rows == kept.sum()


@pytest.mark.parametrize("method", ["newton", "lbfgs", "nesterov"])
def test_log_loss_is_statsmodels_logit(method):
    sm = pytest.importorskip("statsmodels.api")
    rows = ds.Dataset.from_arrays(X, CLASSES)
    solution = ds.fit(rows, loss="log", method=method, epochs=20_000)
    model = sm.Logit(CLASSES, constant_first())
    found, right = standard_errors(solution, rows), model.fit(disp=0, tol=1e-14)
    assert close(found.error, right.bse[LAST]) and found.kind == "z"
    assert close(found.p, right.pvalues[LAST], 1e-5)
    sandwich = model.fit(disp=0, tol=1e-14, cov_type="HC0").bse[LAST]
    robust = standard_errors(solution, rows, robust=True).error
    assert close(robust, sandwich * np.sqrt(N / (N - 5)))  # HC1 is HC0 with n/(n − k)


def test_poisson_loss_is_statsmodels_poisson():
    sm = pytest.importorskip("statsmodels.api")
    rows = ds.Dataset.from_arrays(X, COUNTS)
    right = sm.Poisson(COUNTS, constant_first()).fit(disp=0, tol=1e-14, maxiter=200)
    assert close(standard_errors(ds.fit(rows, loss="poisson"), rows).error, right.bse[LAST])


def test_three_classes_are_told_relative_to_the_first_as_statsmodels_mnlogit_does():
    sm = pytest.importorskip("statsmodels.api")
    z = np.column_stack([0 * X[:, 0], X[:, 0], 0.1 * X[:, 1] - 0.5 * X[:, 0]])
    labels = np.array([RNG.choice(3, p=np.exp(row) / np.exp(row).sum()) for row in z])
    rows = ds.Dataset.from_arrays(X, labels)
    found = standard_errors(ds.fit(rows, loss="log"), rows)
    right = sm.MNLogit(labels, constant_first()).fit(disp=0, method="newton", maxiter=50, tol=1e-12)
    assert close(found.error.reshape(5, 2), right.bse[LAST]) and found.base == "0"
    assert close(found.estimate.reshape(5, 2), right.params[LAST], 1e-5)
    assert found.names[:2] == ("1: x1", "2: x1")


def test_two_outputs_are_two_fits():
    both = ds.Dataset.from_arrays(X, np.column_stack([Y, COUNTS]))
    for robust in (False, True):
        found = standard_errors(ds.fit(both), both, robust).error.reshape(5, 2)
        for column, y in enumerate([Y, COUNTS]):
            rows = ds.Dataset.from_arrays(X, y)
            assert close(found[:, column], standard_errors(ds.fit(rows), rows, robust).error, 1e-12)


@pytest.mark.parametrize("loss, y", [("squared", Y), ("log", CLASSES)])
def test_scaling_sparse_rows_and_a_column_of_ones_change_nothing(loss, y):
    from scipy.sparse import csr_array

    dense = ds.Dataset.from_arrays(X, y)
    right = standard_errors(ds.fit(dense, loss=loss), dense)
    sparse = ds.Dataset.from_arrays(csr_array(X), y)
    ones = ds.Dataset.from_arrays(np.column_stack([X, np.ones(N)]), y)
    for rows, told in (
        (sparse, {}),
        (ones, {"intercept": False}),
        (dense, {"scale": False, "method": "newton"}),
    ):
        found = standard_errors(ds.fit(rows, loss=loss, **told), rows)
        assert close(found.error, right.error, 1e-7)


@pytest.mark.parametrize(
    "told, key",
    [
        ({"penalty": "l2", "alpha": 0.1}, "penalised"),
        ({"penalty": "l1", "alpha": 0.1}, "penalised_kink"),
        ({"loss": "huber"}, "no_errors_for_loss"),
        ({"loss": "absolute"}, "no_errors_for_loss"),
        ({"method": "gd", "epochs": 3}, "not_arrived"),
    ],
)
def test_where_they_would_be_false_there_are_none(told, key):
    rows = ds.Dataset.from_arrays(X, Y)
    refused(ds.fit(rows, **told), rows, key)


def test_dependent_columns_few_rows_other_rows_and_separable_classes_are_refused():
    twice = ds.Dataset.from_arrays(np.column_stack([X, X[:, 0] + X[:, 1]]), Y)
    refused(ds.fit(twice), twice, "dependent")
    few = ds.Dataset.from_arrays(X[:5], Y[:5])
    refused(ds.fit(few), few, "too_few_rows")
    rows = ds.Dataset.from_arrays(X, Y)
    refused(ds.fit(rows), ds.Dataset.from_arrays(X[:90], Y[:90]), "other_rows")
    refused(ds.fit(rows), ds.Dataset.from_arrays(X[:, :3], Y), "other_columns")
    apart = ds.Dataset.from_arrays([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    refused(ds.fit(apart, loss="log", penalty=None), apart, "separable")
    refused(ds.minimize("x^2", 1), rows, "no_rows_behind")


def refused(solution, rows, key):
    with pytest.raises(DownslopeError) as told:
        standard_errors(solution, rows)
    assert told.value.key == f"instruments.{key}" and "\n" not in str(told.value)


def test_a_saved_run_tells_them_from_the_file_that_it_learned_from(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n" + "\n".join(f"{x},{y}" for x, y in zip(X[:, 0], Y)))
    rows = ds.Dataset.read(str(path), target="y")
    ds.fit(rows).save(tmp_path / "run")
    run = ds.load(tmp_path / "run")
    with speaking("en"):
        told = run.summary()
    assert told == str(standard_errors(run, rows)) and "degrees of freedom" in told
    moved = path.rename(tmp_path / "moved.csv")
    with pytest.raises(DownslopeError) as refusal:
        run.summary()
    assert refusal.value.key == "inference.rows_needed"
    with speaking("en"):
        assert run.summary(str(moved)) == told
    assert "HC1" in standard_errors(run, run.rows_for_errors(str(moved)), robust=True).summary()

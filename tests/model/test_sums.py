"""One read of X gives what NumPy's products give, with the same bits on any number of threads."""

import math
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

import downslope as ds
from downslope.inference.recipe import Recipe
from downslope.inference.training import Training
from downslope.kernels import exponentials
from downslope.kernels.threads import one_blas_thread
from downslope.model import summing
from downslope.model.duality import gap_of_chances
from downslope.model.losses import CURVED, RESIDUAL

EPS = np.finfo(float).eps
SMOOTH = [*(name for name in RESIDUAL if name not in ("absolute", "quantile")), *CURVED]


def term_of(loss, kind=np.asarray, weights=False, intercept=True, scale=True, classes=2, n=700, d=9):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((n, d)) * rng.uniform(0.3, 3, d) + rng.standard_normal(d)
    X[rng.random((n, d)) < 0.3] = 0.0
    y = rng.integers(0, classes, n) if loss in CURVED else rng.standard_normal(n)
    s = rng.uniform(0.2, 3, n) if weights else None
    rows = ds.Dataset.from_arrays(kind(X), y, s)
    return ds.Linear(intercept, scale).term(rows, ds.objective(rows, loss).term.loss)


@pytest.mark.parametrize("kind", [np.asarray, np.float32, sparse.csr_array])
@pytest.mark.parametrize("loss", ["squared", "absolute", "log"])
def test_a_value_alone_has_the_bits_that_it_has_with_its_gradient(loss, kind):
    term = replace(term_of(loss, kind, weights=True), compiled=True)
    theta = np.linspace(-1, 1, term.size)
    assert term.value(theta) == term.value_and_gradient(theta)[0]


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("kind", [np.asarray, np.float32])
def test_the_sizes_of_rows_by_a_kernel(kind, weights, monkeypatch):
    term = replace(term_of("squared", kind, weights), compiled=True)
    plain = term.row_sizes
    monkeypatch.setattr(summing, "WORTH", 0)
    np.testing.assert_allclose(replace(term).row_sizes, plain, rtol=1e-14)


def test_a_pass_between_others_finds_no_gradient_until_its_state_is_stored():
    rows = ds.Dataset.from_arrays(np.random.default_rng(0).standard_normal((9_000, 40)), np.arange(9_000.0))
    F = Recipe(method="sgd", epochs=3).objective(rows)
    descent = ds.descend(F, np.zeros(F.size), ds.SGD(1e-4), ds.stops.Epochs(3))
    for step in descent:
        point = F.value_and_gradient(F.to_inner(step.params))
        np.testing.assert_allclose(step.objective, point.value, rtol=1e-12)
        np.testing.assert_allclose(descent.state.point.gradient, point.gradient, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", [np.asarray, np.float32, sparse.csr_array])
@pytest.mark.parametrize("loss", [*SMOOTH, "log:3"])
@pytest.mark.parametrize("weights", [False, True])
def test_kernels_sum_what_numpy_sums(loss, kind, weights):
    loss, _, classes = loss.partition(":")
    plain = term_of(loss, kind, weights, classes=int(classes or 2))
    fused = replace(plain, compiled=True)
    rng = np.random.default_rng(0)
    theta, d = 0.3 * rng.standard_normal((2, plain.size))
    value, gradient, seen = plain.value_and_gradient(theta)
    found, slope, same = fused.value_and_gradient(theta)
    rounding = 2 * plain.X.shape[1] * EPS * np.abs(seen[1]).max()
    assert found == pytest.approx(value, rel=1e-13)
    assert np.abs(slope - gradient).max() <= 1e-13 * max(1.0, np.abs(gradient).max())
    assert np.abs(same[1] - seen[1]).max() <= rounding
    one, other = fused.line(same, d), plain.line(seen, d)
    for t in (1.0, 0.5, 2.0):
        assert one[0](t) == pytest.approx(other[0](t), rel=1e-11, abs=1e-12)
    assert one[1](0.7)[1] == pytest.approx(other[1](0.7)[1], rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("loss", [*SMOOTH, "log:3"])
@pytest.mark.parametrize("weights", [False, True])
def test_curvature_by_kernel_is_curvature_by_numpy(loss, weights):
    loss, _, classes = loss.partition(":")
    plain = term_of(loss, weights=weights, classes=int(classes or 2))
    theta = 0.3 * np.random.default_rng(0).standard_normal(plain.size)
    H = plain.hessian(theta)
    assert np.abs(replace(plain, compiled=True).hessian(theta) - H).max() <= 1e-13 * np.abs(H).max()


@pytest.mark.parametrize("kind", [np.asarray, np.float32, sparse.csr_array])
@pytest.mark.parametrize("center", [True, False])
def test_scaling_from_one_read_is_scaling_from_two(kind, center, monkeypatch):
    twice = term_of("log", kind, weights=True, intercept=center)
    monkeypatch.setattr(summing, "WORTH", 0)
    once = term_of("log", kind, weights=True, intercept=center)
    assert once.compiled
    for name in ("center", "width"):
        assert np.allclose(getattr(once.standardise, name), getattr(twice.standardise, name), rtol=1e-12)
    assert once.row_size == pytest.approx(twice.row_size, rel=1e-12)


def test_exp_and_log1p_err_by_two_units_in_the_last_place_at_most():
    z = -np.concatenate([np.linspace(0, 800, 40_001), np.logspace(-320, 2.9, 5_000)])
    for x in z[::7]:
        e, exact = exponentials.exp(x), math.exp(x)
        assert abs(e - exact) <= 2 * math.ulp(exact)
        assert abs(exponentials.log1p(e) - math.log1p(e)) <= 2 * math.ulp(math.log1p(e))
    assert exponentials.exp(0.0) == 1.0 and exponentials.log1p(1.0) == pytest.approx(math.log(2), rel=EPS)
    assert math.isnan(exponentials.exp(math.nan)) and exponentials.exp(-math.inf) == 0.0
    assert exponentials.exp(300.0) == pytest.approx(math.exp(300.0), rel=2 * EPS)


def test_compiled_exp_errs_no_more():
    numbers = np.concatenate([np.linspace(-800, 800, 40_001), [0.0, 5e-324, -5e-324, -745.0]])
    term = term_of("log", n=len(numbers), d=1, scale=False, intercept=False)
    term = replace(term, X=numbers[:, None], Y=np.zeros((len(numbers), 1)), compiled=True)
    each = np.array(
        [
            replace(term, X=term.X[i : i + 1], Y=term.Y[:1]).value_and_gradient(np.ones(1))[0]
            for i in range(0, 40_001, 40)
        ]
    )
    z = numbers[:40_001:40]
    exact = np.array([x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x)) for x in z])
    assert (np.abs(each - exact) <= 3 * np.spacing(exact)).all()
    value, gradient, _ = term.value_and_gradient(np.ones(1))
    assert np.isfinite(value) and np.isfinite(gradient).all()


PROGRAM = """
import numpy as np, downslope as ds
from dataclasses import replace
from scipy import sparse
rng = np.random.default_rng(0)
X = rng.standard_normal((9000, 60)); y = rng.integers(0, 3, 9000)
for rows in (X, sparse.csr_array(X * (X > 0)), np.float32(X)):
    term = replace(ds.objective(ds.Dataset.from_arrays(rows, y), "log").term, compiled=True)
    theta = rng.standard_normal(term.size)
    value, gradient, seen = term.value_and_gradient(theta)
    print(value.hex(), gradient.tobytes().hex()[:4000], term.hessian(theta, seen).tobytes().hex()[:4000])
"""


def test_the_same_bits_with_any_number_of_threads():
    told = []
    for threads in ("1", "2", "16"):
        environment = {**os.environ, "DOWNSLOPE_THREADS": threads}
        told.append(
            subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True).stdout
        )
    assert told[0] and told[0] == told[1] == told[2]


def rows_of(classes, n=30_000, d=6, weights=False):
    rng = np.random.default_rng(5)
    X = rng.standard_normal((n, d)) + 1.0
    z = X @ rng.standard_normal((d, classes)) + rng.gumbel(size=(n, classes))
    return ds.Dataset.from_arrays(X, z.argmax(axis=1), rng.uniform(0.5, 2, n) if weights else None)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("alpha", [1e-3, 0.0])
def test_newton_on_some_rows_ends_where_newton_on_all_does(classes, weights, alpha):
    rows = rows_of(classes, weights=weights)
    settings = {"loss": "log", "penalty": "l2" if alpha else None, "alpha": alpha}
    some = ds.fit(rows, method="subsampled", **settings)
    full = ds.fit(rows, method="newton", **settings)
    assert some.stopped == "gradient" and some.loss == pytest.approx(full.loss, rel=1e-13)
    shift = np.zeros((1, classes)) if classes == 2 or alpha else (some.coef - full.coef).mean(axis=1)[:, None]
    assert np.abs(some.coef - full.coef - (shift if classes > 2 else 0)).max() < 1e-6


def test_the_trace_tells_how_many_rows_each_update_looked_at():
    rows = rows_of(2)
    solution = ds.fit(rows, loss="log", penalty="l2", alpha=1e-3)
    looked = solution.trace.column("rows")
    assert solution.method == "subsampled" and list(looked) == sorted(looked)
    assert looked[0] == 30_000 // 16 and looked[-1] == 30_000
    assert list(solution.trace.column("step")) == list(range(1, len(looked) + 1))


def test_a_descent_begun_on_some_rows_can_be_interrupted_there():
    training = Training.on_rows(rows_of(2), Recipe(loss="log", penalty="l2", alpha=1e-3))
    next(iter(training))
    training.interrupt()
    solution = training.solution
    assert solution.stopped == "interrupted"
    assert solution.loss == pytest.approx(
        training.objective.value(training.objective.to_inner(solution.params))
    )


def test_classes_that_are_sorted_are_drawn_alike():
    rows = rows_of(2)
    order = np.argsort(rows.y, kind="stable")
    a, b = (ds.fit(each, loss="log", penalty="l2", alpha=1e-3) for each in (rows, rows.take(order)))
    assert np.allclose(a.params, b.params, rtol=0, atol=1e-6)  # the tolerance over the least curvature


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("away", [1e-2, 1e-4, 1e-6])
def test_the_gap_without_a_look_at_the_rows_is_above_the_true_one(classes, weights, away, monkeypatch):
    monkeypatch.setattr(summing, "WORTH", 0)
    F = ds.objective(rows_of(classes, 3_000, weights=weights), "log", "l2", 1e-2)
    best = F.to_inner(
        ds.fit(rows_of(classes, 3_000, weights=weights), loss="log", penalty="l2", alpha=1e-2).params
    )
    lowest = F.value(best)
    for seed in range(5):
        point = F.value_and_gradient(best + away * np.random.default_rng(seed).standard_normal(F.size))
        gap = gap_of_chances(F, point)
        assert gap is not None and point.value - lowest <= gap <= 1e4 * (point.value - lowest) + 1e-12


@pytest.mark.parametrize("classes", [1, 4])
@pytest.mark.parametrize("weighted", [False, True])
def test_chances_are_summed_as_numpy_sums_them(classes, weighted):
    rng = np.random.default_rng(0)
    z = rng.normal(0.0, 3.0, (1_001, classes))
    share = rng.uniform(0.5, 1.5, 1_001) if weighted else None
    p = CURVED["log"]().mean(z)
    s = np.ones(len(z)) if share is None else share
    first, second = summing.chance_products(np.asfortranarray(z), share)
    assert np.allclose(first, s @ p, rtol=1e-13) and np.allclose(second, (s[:, None] * p).T @ p, rtol=1e-13)


def test_blas_gets_its_threads_back_from_the_last_who_took_them():
    from threadpoolctl import threadpool_info

    def told():
        return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]

    before, first, second = told(), one_blas_thread(), one_blas_thread()
    first.__enter__()
    second.__enter__()
    assert set(told()) == {1}
    first.__exit__(None, None, None)  # in the order of two threads that overlap
    assert set(told()) == {1}
    second.__exit__(None, None, None)
    assert told() == before

"""F lies no farther above its minimum than the gap says, whatever loss and penalty; and hardly nearer."""

import math

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

import downslope as ds
from downslope.inference import Recipe, Training
from downslope.model import losses
from downslope.model.penalties import PENALTIES

EVERY_LOSS = [*losses.LOSSES, "three classes", "two targets"]
PENALTY = {name: (None if name == "none" else name, 0.0 if name == "none" else 0.05) for name in PENALTIES}


def problem(seed, loss, penalty, intercept=True, scale=True, sparse=False, weighted=False):
    """40 rows of 3 columns of unlike sizes; classes that overlap, counts, or numbers with a few outliers."""
    draw = np.random.default_rng(seed)
    n, d = 40, 3
    X = draw.standard_normal((n, d)) * 10 ** draw.uniform(-0.5, 0.5, d)
    X = X * (draw.random((n, d)) < 0.6) if sparse else X + draw.uniform(-1, 1, d)
    z = X / X.std(axis=0) @ draw.standard_normal(d)
    noisy = z + 1.5 * draw.standard_normal(n)
    if loss == "three classes":
        loss, y = "log", np.digitize(noisy, np.quantile(noisy, [0.3, 0.6]))
    elif loss == "two targets":
        loss, y = "huber:1", np.column_stack([noisy, z - noisy**2])
    elif loss in losses.CURVED and losses.by_name(loss).labels:
        y = (noisy > np.median(noisy)).astype(int)
    else:
        y = draw.poisson(np.exp(np.clip(z, -2, 2))) if loss == "poisson" else noisy + 3
    weights = draw.integers(0, 4, n).astype(float) if weighted else None
    rows = ds.Dataset.from_arrays(sp.csr_matrix(X) if sparse else X, y, weights=weights)
    return ds.objective(rows, loss, *PENALTY[penalty], ds.Linear(intercept=intercept, scale=scale))


def best(F):
    """θ* by SciPy: a linear program for kinked losses without a square price, else L-BFGS-B on θ = u − v with
    u, v ≥ 0, along rounder and rounder losses where there is a kink."""
    term, p = F.term, F.size
    if not term.smooth and not F.l2.any():
        A = np.array([term.predictor(e).ravel() for e in np.eye(p)]).T  # (nk, p)
        m = len(A)
        share = np.ones(term.rows) if term.relative_weight is None else term.relative_weight
        share = np.repeat(share, term.outputs) / term.rows
        prices = np.concatenate([F.l1, F.l1, term.loss.up * share, term.loss.down * share])
        A = np.hstack([A, -A, -np.eye(m), np.eye(m)])
        x = linprog(prices, A_eq=A, b_eq=term.Y.ravel(), bounds=(0, None)).x
        return x[:p] - x[p : 2 * p]
    x = np.zeros(2 * p)
    for width in [0.0] if term.smooth else (0.1, 1e-3, 1e-5, 1e-7):
        G = F if term.smooth else F.smoothed(width)

        def both(x, G=G):
            point = G.value_and_gradient(x[:p] - x[p:])
            value = point.value + F.l1 @ (x[:p] + x[p:] - np.abs(point.theta))
            return value, np.concatenate([F.l1 + point.gradient, F.l1 - point.gradient])

        for _ in range(3):
            options = {"maxiter": 2000, "maxfun": 4000, "ftol": 1e-16, "gtol": 1e-12}
            x = minimize(both, x, jac=True, method="L-BFGS-B", bounds=[(0, None)] * 2 * p, options=options).x
    return x[:p] - x[p:]


@pytest.mark.sample(12)
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("loss", EVERY_LOSS)
@settings(max_examples=5, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    intercept=st.booleans(),
    scale=st.booleans(),
    sparse=st.booleans(),
    weighted=st.booleans(),
    size=st.floats(-6, 1),
)
def test_no_point_lies_farther_above_the_minimum_than_its_gap(
    loss, penalty, seed, intercept, scale, sparse, weighted, size
):
    F = problem(seed, loss, penalty, intercept, scale, sparse, weighted)
    lowest = best(F)
    F_lowest = F.value(lowest)
    away = np.random.default_rng(seed).standard_normal(F.size) * (lowest != 0)
    for theta in (lowest + 10**size * away, F.term.null_theta, np.zeros(F.size), lowest + 3 * away):
        point = F.value_and_gradient(theta)
        above, rounding = point.value - F_lowest, 1e-13 * max(abs(point.value), abs(F.null_value))
        from_intercepts_alone = F.gap(point, passes=50)
        for bound in (F.gap(point), from_intercepts_alone, F.free_gap(point)):
            assert bound is None or bound >= above - rounding


# With a kinked loss, a row's kink may lie between θ and θ*: a bound is then no more than that.
@pytest.mark.sample(40)
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("loss", [loss for loss in EVERY_LOSS if loss not in ("absolute", "quantile")])
@pytest.mark.parametrize("seed", range(3))
def test_near_the_minimum_the_gap_is_hardly_more_than_what_is_left(loss, penalty, seed):
    F = problem(seed, loss, penalty, sparse=seed == 1, weighted=seed == 2, scale=seed < 2)
    lowest = best(F)
    F_lowest = F.value(lowest)
    away = np.random.default_rng(seed).standard_normal(F.size) * (lowest != 0)
    for size in (1e-2, 1e-4):
        point = F.value_and_gradient(lowest + size * away)
        assert F.gap(point) <= 1.5 * (point.value - F_lowest) + 1e-11 * abs(F_lowest)
    assert F.gap(F.value_and_gradient(lowest)) <= 1e-9 * abs(F_lowest)  # as near as SciPy came


@pytest.mark.sample(3)
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("loss", ["absolute", "quantile"])
def test_at_the_end_of_a_linear_program_the_gap_is_rounding(loss, penalty):
    for seed in range(4):
        F = problem(seed, loss, penalty, weighted=seed % 2 == 1)
        lowest = best(F)
        allowed = 1e-7 if F.l2.any() else 1e-9
        assert F.gap(F.value_and_gradient(lowest)) <= allowed * F.value(lowest)
        assert F.gap(F.value_and_gradient(F.term.null_theta)) < math.inf


ROWS = ds.Dataset.from_arrays(np.arange(60.0).reshape(20, 3) % 7, np.arange(20) % 3 % 2)
METHODS = ["closed_form", "gd", "nesterov", "lbfgs", "newton", "sgd", "adam"]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_the_same_proof_at_its_end(method, tmp_path):
    solution = ds.fit(ROWS, method=method, penalty="l2", alpha=0.1, epochs=50)
    F = ds.objective(ROWS, penalty="l2", alpha=0.1)
    assert solution.loss - F.value(F.solved().theta) == pytest.approx(solution.gap, abs=1e-14)
    solution.save(tmp_path / "run")
    assert ds.load(tmp_path / "run").gap == solution.gap == solution.to_json()["gap"]


@pytest.mark.parametrize("method", ["gd", "momentum", "lbfgs"])
def test_on_moments_the_trace_has_the_exact_gap_of_every_step(method):
    X = np.random.default_rng(0).standard_normal((100, 2))
    rows = ds.Dataset.from_arrays(X, X[:, 0] + np.sin(9 * X[:, 1]))
    for priced in ({}, {"penalty": "l2", "alpha": 1.0}):
        F, trace = ds.objective(rows, **priced), ds.fit(rows, method=method, **priced).trace
        above = [F.value(F.to_inner(step.params)) - F.value(F.solved().theta) for step in trace]
        np.testing.assert_allclose(trace.column("gap"), above, rtol=1e-6, atol=1e-14)


def test_a_gap_ends_a_descent_and_is_told_as_converged():
    F = ds.objective(ROWS, "log", "l1", 0.02)
    method, stop = ds.Method(direction=ds.directions.Nesterov()), ds.stops.Gap(1e-5) | ds.stops.Epochs(9999)
    steps = ds.descend(F, np.zeros(4), method, stop)
    last = None
    while last is None:
        try:
            next(steps)
        except StopIteration as over:
            last = over.value
    assert last.reason.code == "gap" and last.gap <= 1e-5 * F.null_value


def test_there_is_no_gap_where_nothing_proves_one():
    assert ds.minimize("x^4 - x^2", 1.0).gap is None
    assert ds.minimize("x^2 - y^2", {"x": 1, "y": 1}, epochs=3).gap is None
    assert ds.minimize("x + y", {"x": 1, "y": 1}, epochs=3).gap is None
    assert ds.minimize("x^2 + y^2", {"x": 3, "y": 4}, epochs=1).gap == pytest.approx(25 * 0.98**2)
    assert ds.fit(ROWS, method="gd", learning_rate=1e3).gap is None  # diverged


def test_separable_classes_have_no_minimum_and_the_gap_is_all_that_is_left():
    apart = ds.Dataset.from_arrays([[-2.0], [-1.0], [1.0], [2.0]], [0, 0, 1, 1])
    solution = ds.fit(apart, loss="log", penalty=None, method="gd", epochs=20)
    assert solution.gap == pytest.approx(solution.loss)  # F* = 0, which no weights reach


def test_a_verdict_on_wide_sparse_rows_makes_no_hessian():
    """It would cost many times the fit: 2,000 × 2,000 numbers for a fit of milliseconds."""
    rng = np.random.default_rng(0)
    X = sp.random_array((1_000, 1_500), density=0.01, rng=rng, format="csr")
    y = X @ np.where(np.arange(1_500) < 10, 1.0, 0.0) + 0.1 * rng.normal(size=1_000)
    training = Training.on_rows(
        ds.Dataset.from_arrays(X, y), Recipe(penalty="l1", alpha=1e-3, tol=1e-3, intercept=False)
    )
    assert training.solution.verdict.code == "converged"
    assert "hessian_of_parabola" not in vars(training.objective)


@pytest.mark.sample(8)
@pytest.mark.parametrize("far", [1e4, 1e6, 1e8])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("loss", ["log", "huber", "poisson"])
def test_a_column_far_from_zero_leaves_a_gap_of_its_rounding(loss, outputs, far):
    """Raw numbers at 10⁸ ± 1 hold eight digits of what varies: so many the gap proves, not none."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(300, 3))
    z = X @ rng.normal(size=(3, outputs))
    y = {
        "log": (z + rng.gumbel(size=z.shape)).argmax(axis=1) if outputs > 1 else rng.random((300, 1)) < z / 2,
        "huber": z + rng.normal(size=z.shape),
        "poisson": rng.poisson(np.exp(0.3 * z)),
    }[loss]
    near = ds.fit(ds.Dataset.from_arrays(X, np.squeeze(y).astype(float)), loss=loss, penalty=None)
    X[:, 0] += far
    found = ds.fit(ds.Dataset.from_arrays(X, np.squeeze(y).astype(float)), loss=loss, penalty=None)
    assert found.verdict.code == "converged" and found.gap <= 1e-15 * far**1.25 * found.loss + 1e-11
    assert found.loss - near.loss <= found.gap + 1e-15 * far * found.loss


@pytest.mark.slow
@pytest.mark.parametrize("delta", [1e-9, 1e-6, 1e-3])
def test_a_descent_that_rounding_ends_at_a_proved_minimum_has_converged(delta):
    rng = np.random.default_rng(4)
    X = np.column_stack([rng.normal(size=(300, 3)), 1 + 1e-6 * rng.normal(size=300)])
    y = X @ [1.0, 2.0, 3.0, 4.0] + rng.normal(size=300)
    found = ds.fit(ds.Dataset.from_arrays(X, y), loss=f"huber:{delta:g}")
    proved = found.gap is not None and found.gap <= 1e-9 * found.loss
    assert (found.verdict.code == "converged") == proved

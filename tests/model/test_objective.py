"""Claims about F(θ): its calculus, forms, bounds and units, for every loss × penalty × setting."""

import dataclasses
import itertools

import numpy as np
import pytest
from scipy import sparse

from downslope.data import Dataset
from downslope.inference import fit
from downslope.model import linear, losses
from downslope.model.functions import Function
from downslope.model.linear import Linear
from downslope.model.losses import RESIDUAL
from downslope.model.objective import function_objective, objective
from downslope.model.penalties import PENALTIES

EPS = np.finfo(float).eps
N, D = 60, 3
SETTINGS = {
    "plain": {},
    "no intercept": {"intercept": False},
    "unscaled": {"scale": False},
    "neither": {"intercept": False, "scale": False},
    "weights": {"weighted": True},
    "two outputs": {"outputs": 2, "weighted": True},
    "sparse": {"form": "sparse"},
    "sparse weights": {"form": "sparse", "weighted": True, "outputs": 2},
    "float32": {"form": "float32"},
    "tiny": {"rows": 9},
    "tiny weights": {"rows": 9, "weighted": True, "outputs": 2},
}


def rows_of(rows=N, outputs=1, weighted=False, form="dense", seed=3) -> Dataset:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, D)) * [1.0, 20.0, 0.05] + [0.0, 3.0, 1.0]
    Y = X @ rng.normal(size=(D, outputs)) + rng.normal(size=(rows, outputs)) + 2
    weights = rng.uniform(0.2, 3.0, rows) if weighted else None
    if form == "sparse":
        X = X * (rng.uniform(size=X.shape) < 0.6)
    X = X.astype(np.float32) if form == "float32" else X
    X = sparse.csr_array(X) if form == "sparse" else X
    return Dataset.from_arrays(X, Y[:, 0] if outputs == 1 else Y, weights)


def made(loss="squared", penalty=None, intercept=True, scale=True, **how):
    alpha = 0.0 if penalty in (None, "none") else 0.3
    return objective(rows_of(**how), loss, penalty, alpha, Linear(intercept, scale))


def some_thetas(F, count, seed=0):
    return np.random.default_rng(seed).normal(size=(count, F.size)) * F.term.expected_size


EVERY = pytest.mark.parametrize(
    "loss, penalty, how",
    [
        pytest.param(loss, penalty, how, id=f"{loss}-{penalty}-{name}")
        for loss, penalty, (name, how) in itertools.product(RESIDUAL, PENALTIES, SETTINGS.items())
    ],
)
HOWS = pytest.mark.parametrize("how", SETTINGS.values(), ids=SETTINGS)


def smooth_part(F, theta) -> float:
    return F.value(theta) - float(F.l1 @ np.abs(theta))


@pytest.mark.sample(40)
@EVERY
def test_gradient_is_the_stencil_of_the_value(loss, penalty, how):
    F = made(loss, penalty, **how)
    for theta in some_thetas(F, 3):
        point = F.value_and_gradient(theta)
        away = np.abs(F.term.predictor(theta) - F.term.Y)
        bend = F.term.loss.width * F.term.loss.slope_bound if not F.quadratic else -1.0
        nearest = np.abs(away - bend).min()  # the joint that is nearest to any row
        reach = np.abs(F.term.predictor(np.ones(F.size))).max() + 1
        h = min(1e-3, nearest / (4 * reach))  # so that no row crosses a joint within the stencil
        for j in range(F.size):
            e = np.zeros(F.size)
            e[j] = h
            found = (
                smooth_part(F, theta - 2 * e) - 8 * smooth_part(F, theta - e)
                + 8 * smooth_part(F, theta + e) - smooth_part(F, theta + 2 * e)
            ) / (12 * h)  # fmt: skip
            # pieces are parabolas: only the rounding of sums of N rows of size |F| is left, over h
            size = abs(point.value) + F.penalty_value(theta) + float(np.abs(theta).max())
            assert abs(found - point.gradient[j]) <= 64 * EPS * size / h + 1e-9 * abs(point.gradient[j])


@pytest.mark.sample(40)
@EVERY
def test_hessian_is_the_stencil_of_the_gradient(loss, penalty, how):
    F = made(loss, penalty, **how)
    if not F.curved:
        return
    theta = some_thetas(F, 1)[0]
    point = F.value_and_gradient(theta)
    away = np.abs(F.term.predictor(theta) - F.term.Y)
    nearest = np.abs(away - F.term.loss.width * F.term.loss.slope_bound).min() if not F.quadratic else 1.0
    h = min(1e-3, nearest / (4 * (np.abs(F.term.predictor(np.ones(F.size))).max() + 1)))
    H = F.hessian(point)
    columns = [
        (F.value_and_gradient(theta + h * e).gradient - F.value_and_gradient(theta - h * e).gradient)
        / (2 * h)
        for e in np.eye(F.size)
    ]
    # ∇F is linear within a piece, so the central difference is exact but for rounding
    room = 64 * EPS * (np.abs(point.gradient).max() + F.lipschitz * np.abs(theta).max()) / h
    assert np.abs(H - np.array(columns)).max() <= room
    assert np.array_equal(H, H.T) or np.abs(H - H.T).max() <= 4 * EPS * np.abs(H).max()


@pytest.mark.sample(40)
@EVERY
def test_line_is_the_objective_along_it(loss, penalty, how):
    F = made(loss, penalty, **how)
    theta, d = some_thetas(F, 2, seed=4)
    line = F.line(F.value_and_gradient(theta), d)
    for t in (0.0, 0.3, -2.0):
        there = F.value_and_gradient(theta + t * d)
        value, slope = line.value_and_slope(t)
        kink = float(F.l1 @ np.abs(theta + t * d))
        size = abs(there.value) + F.penalty_value(theta) + (1 + abs(t)) ** 2 * F.penalty_value(d) + 1
        assert abs(value + kink - there.value) <= 256 * EPS * size
        assert abs(slope - there.gradient @ d) <= 256 * EPS * (np.abs(there.gradient) @ np.abs(d) + size)
        found = line.point(t)
        assert np.array_equal(found.theta, theta + t * d)
        assert abs(found.value - there.value) <= 256 * EPS * size
        scale = np.abs(there.gradient).max() + size / F.term.expected_size
        assert np.abs(found.gradient - there.gradient).max() <= 512 * EPS * scale


@pytest.mark.sample(40)
@EVERY
def test_values_of_many_are_values_one_by_one(loss, penalty, how):
    F = made(loss, penalty, **how)
    thetas = some_thetas(F, 7)
    one_by_one = np.array([F.value(theta) for theta in thetas])
    assert np.allclose(F.values(thetas), one_by_one, rtol=64 * EPS * 10)


@HOWS
@pytest.mark.parametrize("loss", ["squared", "huber"])
def test_lipschitz_and_strong_convexity_hold_on_random_pairs(loss, how):
    F = made(loss, "l2", **how)
    thetas = some_thetas(F, 30)
    for a, b in zip(thetas[:15], thetas[15:]):
        change = F.value_and_gradient(a).gradient - F.value_and_gradient(b).gradient
        apart = np.linalg.norm(a - b)
        assert np.linalg.norm(change) <= F.lipschitz * apart * (1 + 1e-9)
        assert change @ (a - b) >= F.strong_convexity * apart**2 * (1 - 1e-9)


@HOWS
def test_the_bounds_of_a_parabola_are_its_outer_curvatures(how):
    F = made("squared", **how)
    v = np.random.default_rng(0).normal(size=F.size)
    H = F.hessian(F.value_and_gradient(np.zeros(F.size)))
    for _ in range(3000):  # power iteration, an outside road to the largest eigenvalue
        v = H @ v
        v /= np.linalg.norm(v)
    assert np.isclose(v @ H @ v, F.lipschitz, rtol=1e-9)
    lowest = np.linalg.eigvalsh(H)[0]
    assert abs(lowest - F.strong_convexity) <= 16 * EPS * F.lipschitz


def test_lipschitz_of_very_many_columns_is_a_tight_bound():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(6, linear.WIDE + 1))
    F = objective(Dataset.from_arrays(X, rng.normal(size=6)), model=Linear(intercept=False, scale=False))
    exact = 2 * np.linalg.norm(X, 2) ** 2 / 6
    assert exact <= F.lipschitz <= 1.002 * exact  # eigsh to 1e-4, then 1.001 to be above it


def test_the_bound_of_the_lesson_is_two_over_l():
    rows = Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
    F = objective(rows, model=Linear(intercept=False, scale=False))
    assert np.isclose(2 / F.lipschitz, 0.2142857142857143, rtol=4 * EPS)


@HOWS
@pytest.mark.parametrize("penalty", PENALTIES)
def test_reduced_to_moments_it_is_the_same_f(penalty, how):
    F = made("squared", penalty, **how)
    G = F.reduced()
    for theta in some_thetas(F, 5):
        there, here = F.value_and_gradient(theta), G.value_and_gradient(theta)
        assert np.isclose(here.value, there.value, rtol=1e-12)
        assert np.abs(here.gradient - there.gradient).max() <= 1e-12 * np.abs(there.gradient).max()
    assert np.allclose(G.values(some_thetas(F, 5)), F.values(some_thetas(F, 5)), rtol=1e-12)
    point = F.value_and_gradient(some_thetas(F, 1)[0])
    assert np.allclose(G.hessian(point), F.hessian(point), rtol=0, atol=1e-12 * F.lipschitz)
    line, same = (f.line(f.value_and_gradient(point.theta), some_thetas(F, 2)[1]) for f in (F, G))
    for t in (0.0, 0.5, -1.0):
        assert np.allclose(line.value_and_slope(t), same.value_and_slope(t), rtol=1e-11)
        assert np.isclose(line.point(t).value, same.point(t).value, rtol=1e-12)
    assert (G.lipschitz, G.strong_convexity, G.gradient_scale) == (
        F.lipschitz,
        F.strong_convexity,
        F.gradient_scale,
    )


def test_moments_keep_their_digits_near_the_minimum():
    F = made("squared")
    G = F.reduced()
    best = G.term.best.ravel()
    for size in (1e-3, 1e-6, 1e-9, 1e-12):
        step = size * np.random.default_rng(1).normal(size=F.size)
        exact = step @ F.term.gram @ step  # F − F*, by definition
        rise = G.term.value_and_gradient(best + step)[0]
        away = (best + step) - best  # what the sum of two floats left of the step
        assert np.isclose(
            2 * F.term.gram @ away, G.value_and_gradient(best + step).gradient, rtol=1e-14, atol=0
        ).all()
        assert rise - G.term.lowest <= 2 * exact + EPS * rise


@pytest.mark.sample(40)
@EVERY
def test_to_user_undoes_to_inner(loss, penalty, how):
    F = made(loss, penalty, **how)
    params = np.random.default_rng(0).normal(size=F.size)
    center = np.abs(F.term.standardise.center).max() + 1
    for there, back in ((F.to_inner, F.to_user), (F.to_user, F.to_inner)):
        room = 8 * EPS * center * (np.abs(params).max() + np.abs(there(params)).max())
        assert np.abs(back(there(params)) - params).max() <= room


@pytest.mark.sample(40)
@EVERY
def test_scaled_or_not_it_is_the_same_f_of_the_users_weights(loss, penalty, how):
    F = made(loss, penalty, **{**how, "scale": True})
    raw = made(loss, penalty, **{**how, "scale": False})
    for theta in some_thetas(F, 3):
        params = F.to_user(theta)
        size = np.abs(F.term.predictor(np.abs(theta))).max() + 1
        assert np.isclose(raw.value(raw.to_inner(params)), F.value(theta), rtol=1e-12, atol=64 * EPS * size)


@pytest.mark.parametrize("penalty", ["none", "l2", "l1"])
@pytest.mark.parametrize("loss", ["squared", "huber"])
def test_scaled_or_not_it_has_the_same_minimiser(loss, penalty):
    data = rows_of()
    alpha = 0.0 if penalty == "none" else 0.3
    how = {"loss": loss, "penalty": penalty, "alpha": alpha, "epochs": 200_000, "tol": 1e-9}
    how["method"] = "nesterov" if penalty == "l1" else "auto"
    scaled, raw = fit(data, **how), fit(data, **how, scale=False)
    F = objective(data, loss, penalty, alpha)
    # F(w) − F* ≤ certificate·‖w − w*‖₁ for a convex F; both certificates are told
    apart = np.abs(F.to_inner(scaled.params) - F.to_inner(raw.params)).sum()
    room = (scaled.verdict.numbers["gradient"] + 20 * raw.verdict.numbers["gradient"]) * apart
    assert abs(scaled.loss - raw.loss) <= room + 1e-13 * scaled.loss
    assert np.allclose(scaled.params, raw.params, rtol=1e-5, atol=1e-5)


def repeated() -> tuple[Dataset, Dataset]:
    """Rows with whole weights, and the same rows, each as often as its weight says."""
    data = rows_of(rows=40)
    times = np.random.default_rng(5).integers(0, 4, 40)
    return dataclasses.replace(data, weights=times.astype(float)), data.take(np.repeat(np.arange(40), times))


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("loss, penalty", [*itertools.product(RESIDUAL, PENALTIES)])
def test_weights_are_repeated_rows(loss, penalty, scale):
    alpha = 0.0 if penalty == "none" else 0.3
    F, G = (objective(rows, loss, penalty, alpha, Linear(True, scale)) for rows in repeated())
    one, other = F.term.standardise, G.term.standardise
    assert np.allclose(one.center, other.center, rtol=1e-14) and np.allclose(
        one.width, other.width, rtol=1e-14
    )
    for theta in some_thetas(F, 4):
        there, here = F.value_and_gradient(theta), G.value_and_gradient(theta)
        assert np.isclose(there.value, here.value, rtol=1e-13)
        assert np.allclose(there.gradient, here.gradient, rtol=0, atol=1e-13 * np.abs(here.gradient).max())
    for what in ("lipschitz", "strong_convexity", "gradient_scale", "null_value"):
        if np.isfinite(getattr(G, what)):
            assert np.isclose(getattr(F, what), getattr(G, what), rtol=1e-12), what
    assert np.isclose(F.term.expected_size, G.term.expected_size, rtol=1e-12)


@pytest.mark.parametrize(
    "loss, penalty, method",
    [
        ("squared", "none", "closed_form"),
        ("squared", "l2", "lbfgs"),
        ("squared", "l1", "nesterov"),
        ("huber", "l2", "newton"),
        ("huber", "elasticnet", "gd"),
        ("squared", "none", "adam"),
    ],
)
def test_weights_have_the_minimiser_of_repeated_rows(loss, penalty, method):
    alpha = 0.0 if penalty == "none" else 0.3
    how = {"loss": loss, "penalty": penalty, "alpha": alpha, "method": method, "epochs": 3000}
    one, other = (fit(rows, **how) for rows in repeated())
    assert np.allclose(one.params, other.params, rtol=1e-6, atol=1e-8)
    assert np.isclose(one.loss, other.loss, rtol=1e-12)


@pytest.mark.parametrize("loss", RESIDUAL)
def test_a_row_of_weight_zero_is_an_absent_row(loss):
    data = rows_of(rows=30)
    wild = data.take(np.arange(31) % 30)
    X, y = wild.X.copy(), wild.y.copy()
    X[30], y[30] = 1e6, -1e9
    F = objective(Dataset.from_arrays(X, y, np.append(np.ones(30), 0.0)), loss)
    G = objective(data, loss)
    theta = some_thetas(G, 1)[0]
    assert np.isclose(F.value(theta), G.value(theta), rtol=1e-13)
    assert np.allclose(F.value_and_gradient(theta).gradient, G.value_and_gradient(theta).gradient, rtol=1e-11)
    assert np.isclose(F.gradient_scale, G.gradient_scale, rtol=1e-13)
    assert np.isclose(F.term.output_scale, G.term.output_scale, rtol=1e-13)


@pytest.mark.parametrize("loss, penalty", [*itertools.product(RESIDUAL, ["none", "l2"])])
def test_an_intercept_is_a_column_of_ones(loss, penalty):
    data = rows_of()
    ones = Dataset.from_arrays(np.hstack([data.X, np.ones((N, 1))]), data.y)
    with_b = objective(data, loss, model=Linear(True, False))
    with_column = objective(ones, loss, model=Linear(False, False))
    for theta in some_thetas(with_b, 3):
        one, other = with_b.value_and_gradient(theta), with_column.value_and_gradient(theta)
        assert np.isclose(one.value, other.value, rtol=1e-13)
        assert np.allclose(one.gradient, other.gradient, rtol=1e-11)


@pytest.mark.parametrize("loss, penalty", [*itertools.product(RESIDUAL, PENALTIES)])
@pytest.mark.parametrize("how", [{}, {"weighted": True, "outputs": 2}, {"intercept": False}], ids=str)
def test_tiny_rows_are_computed_as_large_ones(loss, penalty, how, monkeypatch):
    tiny = made(loss, penalty, rows=9, **how)
    thetas = some_thetas(tiny, 4)
    assert tiny.sequential
    told = [
        (
            tiny.value_and_gradient(theta),
            tiny.values(thetas),
            tiny.value_and_gradient(theta, np.array([2, 5])),
        )
        for theta in thetas
    ]
    monkeypatch.setattr(linear, "TINY", 0)
    large = made(loss, penalty, rows=9, **how)
    assert not large.sequential
    for theta, (whole, values, part) in zip(thetas, told):
        assert np.allclose(values, large.values(thetas), rtol=1e-13)
        for one, other in (
            (whole, large.value_and_gradient(theta)),
            (part, large.value_and_gradient(theta, np.array([2, 5]))),
        ):
            assert np.isclose(one.value, other.value, rtol=1e-13)
            assert np.allclose(one.gradient, other.gradient, rtol=0, atol=1e-12 * np.abs(one.gradient).max())


@pytest.mark.parametrize("loss, penalty", [*itertools.product(RESIDUAL, PENALTIES)])
def test_sparse_rows_are_dense_rows(loss, penalty):
    data = rows_of(form="sparse", weighted=True, outputs=2)
    dense = dataclasses.replace(data, X=data.X.toarray())
    alpha = 0.0 if penalty == "none" else 0.3
    for model in (Linear(True, False), Linear(False, True), Linear(False, False)):  # neither is centred
        F, G = (objective(rows, loss, penalty, alpha, model) for rows in (data, dense))
        for theta in some_thetas(F, 3):
            assert np.isclose(F.value(theta), G.value(theta), rtol=1e-13)
            assert np.allclose(
                F.value_and_gradient(theta).gradient,
                G.value_and_gradient(theta).gradient,
                rtol=1e-10,
                atol=1e-12,
            )
        if F.smooth:
            assert np.isclose(F.lipschitz, G.lipschitz, rtol=1e-12)
        point = F.value_and_gradient(some_thetas(F, 1)[0])
        assert np.allclose(F.hessian(point), G.hessian(point), rtol=1e-12, atol=1e-12)
        assert np.allclose(F.term.row_sizes, G.term.row_sizes, rtol=1e-12)


@pytest.mark.parametrize("loss", RESIDUAL)
def test_float32_rows_are_computed_in_float64(loss):
    data = rows_of(form="float32")
    F = objective(data, loss)
    G = objective(dataclasses.replace(data, X=data.X.astype(float)), loss)
    theta = some_thetas(F, 1)[0]
    assert F.value_and_gradient(theta).gradient.dtype == float
    assert np.isclose(F.value(theta), G.value(theta), rtol=1e-13)
    assert np.allclose(F.value_and_gradient(theta).gradient, G.value_and_gradient(theta).gradient, rtol=1e-10)


@pytest.mark.sample(40)
@EVERY
def test_a_mean_over_batches_is_the_mean_over_all(loss, penalty, how):
    F = made(loss, penalty, **{**how, "rows": 12})
    theta = some_thetas(F, 1)[0]
    whole, parts = (
        F.value_and_gradient(theta),
        [F.value_and_gradient(theta, np.arange(first, first + 3)) for first in range(0, 12, 3)],
    )
    assert np.isclose(np.mean([part.value for part in parts]), whole.value, rtol=1e-12)
    mean = np.mean([part.gradient for part in parts], axis=0)
    assert np.allclose(
        mean, whole.gradient, rtol=0, atol=1e-12 * max(np.abs(p.gradient).max() for p in parts)
    )


@pytest.mark.sample(40)
@EVERY
def test_the_certificate_is_zero_only_where_no_step_helps(loss, penalty, how):
    F = made(loss, penalty, **how)
    if not F.term.smooth:
        return
    for theta in some_thetas(F, 3):
        theta = F.prox(theta, 1.0)
        point = F.value_and_gradient(theta)
        t = 1 / F.lipschitz
        moved = F.prox(theta - t * point.gradient, t)
        step = np.abs(moved - theta).max() / t  # ≤ certificate ≤ step when nothing crosses a kink
        assert step <= F.stationarity(theta, point.gradient) * (1 + 1e-12)
        assert F.value(moved) <= point.value + 8 * EPS * abs(point.value)  # 1/L goes down


@pytest.mark.parametrize("loss", RESIDUAL)
def test_smoothing_an_objective_costs_what_the_loss_costs(loss):
    F = made(loss, "l1")
    smooth = F.smoothed(0.01)
    assert smooth.term.smooth
    for theta in some_thetas(F, 3):
        gap = F.value(theta) - smooth.value(theta)
        bound = 0.01 * F.term.loss.slope_bound**2 / 2 if not F.term.smooth else 0.0
        assert -1e-12 <= gap <= bound + 1e-12


def test_a_constant_column_does_no_harm():
    X = np.column_stack([np.arange(10.0), np.full(10, 7.3)])
    F = objective(Dataset.from_arrays(X, np.arange(10.0)))
    assert F.term.standardise.width[1] == 1.0
    assert np.isfinite(F.value_and_gradient(np.ones(3)).gradient).all()


def test_a_constant_y_has_a_unit_for_its_tolerance():
    for loss in RESIDUAL:
        F = objective(Dataset.from_arrays(np.arange(10.0)[:, None], np.full(10, 5.1)), loss)
        assert F.gradient_scale > 0


@pytest.mark.parametrize("text", ["x^2 + y^4 + x*y", "exp(x - y) + y^2"])
def test_a_function_is_an_objective_of_one_row(text):
    F = function_objective(Function.of(text, None))
    theta, d = np.array([0.3, -0.7]), np.array([1.0, 0.5])
    point, line = F.value_and_gradient(theta), F.line(F.value_and_gradient(theta), d)
    assert F.rows == 1 and not F.linear_rows and F.sequential and F.penalty_value(theta) == 0
    assert line.value_and_slope(0.2)[0] == F.value(theta + 0.2 * d) == line.point(0.2).value
    h = 1e-5
    central = (F.value(theta + h * d) - F.value(theta - h * d)) / (2 * h)
    assert np.isclose(point.gradient @ d, central, rtol=1e-8)  # O(h²)
    assert F.stationarity(theta, point.gradient) == np.abs(point.gradient).max()
    assert np.array_equal(F.to_user(theta), theta)


def test_a_loss_over_several_outputs_is_the_sum_of_theirs():
    data = rows_of(outputs=2)
    for loss in (losses.squared(), losses.huber(0.5)):
        both = objective(data, loss, "l2", 0.3)
        single = [
            objective(dataclasses.replace(data, y=data.y[:, c], targets=("y",)), loss, "l2", 0.3)
            for c in (0, 1)
        ]
        theta = some_thetas(both, 1)[0]
        apart = theta.reshape(-1, 2)
        assert np.isclose(
            both.value(theta), sum(F.value(apart[:, c]) for c, F in enumerate(single)), rtol=1e-13
        )
        gradients = np.column_stack(
            [F.value_and_gradient(apart[:, c]).gradient for c, F in enumerate(single)]
        )
        assert np.allclose(
            both.value_and_gradient(theta).gradient.reshape(-1, 2), gradients, rtol=1e-10, atol=1e-12
        )

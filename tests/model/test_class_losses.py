"""Claims about the losses for classes and counts, found in their table: the calculus of one prediction,
the kernels that repeat it, and the objectives that it makes."""

import itertools
import math
import tracemalloc

import numpy as np
import pytest
from scipy import sparse, special, stats

from downslope.data import Dataset
from downslope.descent.batching import Batch
from downslope.descent.descend import descend
from downslope.descent.methods import GD, Method, Newton
from downslope.descent.stops import Epochs
from downslope.errors import DownslopeError
from downslope.kernels import updates
from downslope.kernels.compiled import compiled
from downslope.kernels.losses import single_loss, softmax_loss
from downslope.kernels.sweeps import sweep
from downslope.messages import speaking
from downslope.model.class_losses import Log, Poisson
from downslope.model.linear import Linear
from downslope.model.losses import CURVED, by_name
from downslope.model.objective import objective
from downslope.model.penalties import PENALTIES
from tests.builders import fetched

EPS = np.finfo(float).eps
H = 1e-3  # of the five-point stencil, whose error is h⁴/30 of the fifth derivative, and rounding eps·|f|/h
EVERY = pytest.mark.parametrize("loss", [make() for make in CURVED.values()], ids=list(CURVED))
COLUMNS = pytest.mark.parametrize("k", [1, 2, 3, 7])
JOINTS = {"squared_hinge": [1.0], "smoothed_hinge": [0.0, 1.0]}  # in the margin: where formulas change
FAR = np.array([800.0, -800.0, 1e6, -1e6, 0.0])


def ys(loss, n, k, rng):
    """y in the loss's domain: counts; 0 and 1; a single 1 in each row of k columns."""
    if not loss.labels:
        return rng.poisson(2.0, (n, k)).astype(float)
    return rng.integers(0, 2, (n, 1)).astype(float) if k == 1 else np.eye(k)[rng.integers(0, k, n)]


def some(loss, k, n=200, seed=0):
    """(z, Y), n rows of k columns, none within two steps of a joint."""
    rng = np.random.default_rng(seed)
    Y, z = ys(loss, n, k, rng), rng.normal(scale=3.0, size=(n, k))
    for joint in JOINTS.get(loss.name, []):
        near = np.abs((2 * Y - 1) * z - joint) < 3 * H
        z = np.where(near, z + 0.1, z)
    return z, Y


def stencil(f, z, c):
    """∂f/∂z_c by five points."""
    e = np.zeros(z.shape[-1])
    e[c] = H
    return (f(z - 2 * e) - 8 * f(z - e) + 8 * f(z + e) - f(z + 2 * e)) / (12 * H)


def room(loss, z, size):
    """Error of a stencil: truncation, where the fifth derivative is below 1 or eᶻ, and rounding."""
    return H**4 * (1 + np.exp(z).max() * (loss.name == "poisson")) + 4 * EPS * size / H


# ── outside truth ───────────────────────────────────────────────────────────────────────────────────


def test_log_loss_of_one_column_is_the_negative_log_likelihood_of_a_coin():
    z, Y = some(Log(), 1)
    expected = -np.where(Y == 1, special.log_expit(z), special.log_expit(-z))
    assert np.allclose(Log().value(z, Y), expected, rtol=1e-14, atol=0)
    assert np.allclose(Log().mean(z), special.expit(z), rtol=1e-14, atol=0)


@pytest.mark.parametrize("k", [2, 3, 7])
def test_log_loss_of_many_columns_is_cross_entropy_of_the_softmax(k):
    z, Y = some(Log(), k)
    expected = -special.log_softmax(z, axis=1)[Y == 1]
    assert np.allclose(Log().value(z, Y)[:, 0], expected, rtol=1e-13, atol=1e-15)
    assert np.allclose(Log().mean(z), special.softmax(z, axis=1), rtol=1e-14, atol=0)


def test_two_columns_of_which_one_is_zero_are_one_column():
    z, Y = some(Log(), 1)
    both, two = np.hstack([np.zeros_like(z), z]), np.hstack([1 - Y, Y])
    assert np.allclose(Log().value(both, two), Log().value(z, Y), rtol=1e-13, atol=1e-15)
    assert np.allclose(Log().slope(both, two)[:, 1:], Log().slope(z, Y), rtol=1e-13, atol=1e-15)
    assert np.allclose(Log().curvature(both, two)[:, 1:, 1], Log().curvature(z, Y), rtol=1e-13, atol=1e-15)


def test_poisson_loss_is_the_negative_log_likelihood_but_for_a_constant():
    z, Y = some(Poisson(), 1)
    expected = -stats.poisson.logpmf(Y, np.exp(z)) - special.gammaln(Y + 1)
    assert np.allclose(Poisson().value(z, Y), expected, rtol=1e-10, atol=1e-10)


def test_hinges_by_hand():
    z, one, zero = np.array([[-1.0], [0.5], [2.0]]), np.ones((3, 1)), np.zeros((3, 1))
    squared, smoothed = by_name("squared_hinge"), by_name("smoothed_hinge")
    assert squared.value(z, one).ravel().tolist() == [4.0, 0.25, 0.0]
    assert squared.value(z, zero).ravel().tolist() == [0.0, 2.25, 9.0]
    assert smoothed.value(z, one).ravel().tolist() == [1.5, 0.125, 0.0]
    assert smoothed.value(z, zero).ravel().tolist() == [0.0, 1.0, 2.5]


# ── the calculus of one prediction ──────────────────────────────────────────────────────────────────


@EVERY
@COLUMNS
def test_slope_is_the_stencil_of_the_value(loss, k):
    for z, Y in zip(*some(loss, k)):
        f = lambda at, Y=Y: float(loss.value(at[None], Y[None]).sum())
        found = [stencil(f, z, c) for c in range(k)]
        assert np.abs(found - loss.slope(z[None], Y[None])[0]).max() <= room(loss, z, abs(f(z)) + 10 * k)


@EVERY
@COLUMNS
def test_curvature_is_the_stencil_of_the_slope(loss, k):
    for z, Y in zip(*some(loss, k)):
        f = lambda at, Y=Y: loss.slope(at[None], Y[None])[0]
        found = np.array([stencil(f, z, c) for c in range(k)])  # (k, k)
        told = loss.curvature(z[None], Y[None])[0]
        told = told if loss.coupled(k) else np.diag(told)
        assert np.abs(found - told).max() <= room(loss, z, np.abs(f(z)).max() + 10)


@EVERY
@COLUMNS
def test_value_and_slope_together_are_value_and_slope(loss, k):
    z, Y = some(loss, k)
    z[:5] = FAR[:, None]
    value, slope = loss.value_and_slope(z, Y)
    assert np.allclose(value, loss.value(z, Y), rtol=4 * EPS, atol=0)
    assert np.allclose(slope, loss.slope(z, Y), rtol=4 * EPS, atol=0)


@pytest.mark.parametrize("name", JOINTS)
def test_value_and_slope_do_not_jump_at_joints(name):
    loss = by_name(name)
    for joint, y in itertools.product(JOINTS[name], (0.0, 1.0)):
        z = (2 * y - 1) * np.array([[joint * (1 - EPS) - EPS], [joint * (1 + EPS) + EPS]])
        for what in (loss.value, loss.slope):
            below, above = what(z, np.full((2, 1), y))
            assert abs(below - above) <= 16 * EPS


@EVERY
@COLUMNS
def test_far_predictions_stay_finite_and_do_not_warn(loss, k):
    rng = np.random.default_rng(2)
    for dtype in (np.float64, np.float32):
        z = rng.choice(FAR, (300, k)).astype(dtype)
        Y = ys(loss, 300, k, rng)
        for found in (loss.value(z.astype(float), Y), loss.slope(z, Y), loss.curvature(z, Y), loss.mean(z)):
            assert np.isfinite(found).all()


@EVERY
@COLUMNS
def test_curvature_is_never_negative(loss, k):
    z, Y = some(loss, k)
    bend = loss.curvature(z, Y)
    lowest = np.linalg.eigvalsh(bend)[:, 0] if loss.coupled(k) else bend
    assert lowest.min() >= -4 * EPS


@EVERY
@COLUMNS
def test_bound_is_the_largest_curvature_that_there_is(loss, k):
    if loss.name == "poisson":
        assert math.isnan(loss.bound_for(k))
        return
    z, Y = some(loss, k, n=3000)
    z[:100] = 0.5 * (2 * Y[:100] - 1)  # within every margin
    z[100:200] = np.array([8.0, 8.0, *[-30.0] * k])[:k] if k > 1 else 0.0  # two classes alike
    bend = loss.curvature(z, Y)
    largest = np.linalg.eigvalsh(bend).max() if loss.coupled(k) else bend.max()
    assert 0.99 * loss.bound_for(k) <= largest <= loss.bound_for(k) * (1 + 4 * EPS)
    assert np.abs(loss.slope(FAR[:, None], np.ones((5, 1)))).max() <= loss.slope_bound


@EVERY
@COLUMNS
@pytest.mark.parametrize("weighted", [False, True])
def test_null_is_the_minimiser_among_constants(loss, k, weighted):
    rng = np.random.default_rng(k)
    Y = ys(loss, 150, k, rng)
    share = rng.uniform(0.1, 3.0, 150) if weighted else np.ones(150)
    share /= share.mean()
    z = np.tile(loss.null(Y, share if weighted else None), (150, 1))
    slope = (share[:, None] * loss.slope(z, Y)).mean(axis=0)
    assert np.abs(slope).max() <= 64 * EPS * (1 + np.abs(Y).max())  # convex: where the slope is 0
    if loss.coupled(k):
        assert abs(z[0].sum()) <= 16 * k * EPS  # of all shifts, the one about 0


def test_a_class_without_a_row_starts_rare_and_finite():
    Y = np.eye(4)[[0, 1, 1, 2]]
    null = Log().null(Y, None)
    assert np.isfinite(null).all() and null[3] == null.min()
    for rows, sign in ((np.ones((4, 1)), 1), (np.zeros((4, 1)), -1)):
        assert np.sign(Log().null(rows, None)) == sign and np.isfinite(Log().null(rows, None)).all()


@EVERY
def test_a_loss_comes_back_from_its_spec(loss):
    assert by_name(loss.spec) == loss and by_name(loss) is loss
    assert loss.smooth and not loss.quadratic and loss.smoothed(0.1) is loss
    with pytest.raises(DownslopeError) as caught:
        by_name(f"{loss.name}:2")
    assert caught.value.key == "model.no_parameter"


def test_negative_counts_are_refused_in_one_line():
    rows = Dataset.from_arrays([[1.0], [2.0]], [3.0, -1.0])
    with pytest.raises(DownslopeError) as caught:
        objective(rows, "poisson")
    assert caught.value.key == "model.negative_counts"
    for language in ("en", "zh"):
        with speaking(language):
            assert "-1" in str(caught.value) and "\n" not in str(caught.value)


# ── kernels ─────────────────────────────────────────────────────────────────────────────────────────


@EVERY
def test_the_kernel_of_one_column_says_the_same_as_numpy(loss):
    z, Y = some(loss, 1)
    z = np.vstack([z, FAR[:, None], [[0.0], [1.0], [-1.0]]])
    Y = np.vstack([Y, np.ones((8, 1))])
    for at, y in [*zip(z[:, 0], Y[:, 0]), *zip(FAR, np.zeros(5))]:
        value, slope = single_loss(loss.kernel, at, y)
        one, its = np.array([[at]]), np.array([[y]])
        assert abs(value - loss.value(one, its).item()) <= 8 * EPS * (abs(value) + abs(y * at))
        assert abs(slope - loss.slope(one, its).item()) <= 8 * EPS * (abs(slope) + abs(y))


@pytest.mark.parametrize("k", [2, 3, 7])
def test_the_kernel_of_the_softmax_says_the_same_as_numpy(k):
    z, Y = some(Log(), k)
    z = np.vstack([z, np.random.default_rng(0).choice(FAR, (50, k))])
    Y = np.vstack([Y, Y[:50]])
    slope = np.zeros(k)
    for i in range(len(z)):
        value = softmax_loss(z[i], Y, i, slope)
        assert abs(value - Log().value(z[i : i + 1], Y[i : i + 1]).item()) <= 16 * EPS * (
            1 + np.abs(z[i]).max()
        )
        assert np.abs(slope - Log().slope(z[i : i + 1], Y[i : i + 1])[0]).max() <= 16 * EPS


@pytest.mark.sample(8)
@EVERY
@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_sweep_plain_or_compiled_sees_the_objective_of_its_rows(loss, k, weighted):
    F = made(loss.name, "l2", k=k, weighted=weighted)
    term, w = F.term, np.random.default_rng(0).normal(size=F.size)
    direction, memory = (updates.STEEPEST, 0.0, 0.0, 0.0, 0.0), np.zeros((3, F.size))
    for kernel in (sweep, compiled(sweep)):
        for order in (np.arange(term.rows), np.array([5, 2, 9])):
            value, gradient, _ = kernel(
                *fetched(term, order), len(order), loss.kernel, w, memory.copy(), direction,
                np.array([0.1]), 0, F.l1, F.l2,
            )  # fmt: skip
            there = F.value_and_gradient(w, order)
            # sums of at most 60 rows, in another order
            assert abs(value - there.value) <= 256 * EPS * abs(there.value)
            assert np.abs(gradient - there.gradient).max() <= 256 * EPS * (np.abs(there.gradient).max() + 1)


# ── objectives ──────────────────────────────────────────────────────────────────────────────────────

N, D = 60, 3
SETTINGS = {
    "plain": {},
    "no intercept": {"intercept": False},
    "unscaled": {"scale": False},
    "weights": {"weighted": True},
    "many": {"k": 3},
    "many weights": {"k": 3, "weighted": True},
    "many sparse weights": {"k": 3, "weighted": True, "form": "sparse"},
    "sparse": {"form": "sparse"},
    "float32": {"k": 3, "form": "float32"},
    "tiny": {"rows": 9},
    "tiny many": {"rows": 6, "k": 3, "weighted": True},
}
GRID = pytest.mark.parametrize(
    "loss, penalty, how",
    [
        pytest.param(loss, penalty, how, id=f"{loss}-{penalty}-{name}")
        for loss, penalty, (name, how) in itertools.product(CURVED, PENALTIES, SETTINGS.items())
    ],
)


def rows_of(loss, k=1, rows=N, weighted=False, form="dense", seed=3) -> Dataset:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, D)) * [1.0, 20.0, 0.05] + [0.0, 3.0, 1.0]
    weights = rng.uniform(0.2, 3.0, rows) if weighted else None
    if form == "sparse":
        X = sparse.csr_array(X * (rng.uniform(size=X.shape) < 0.6))
    X = X.astype(np.float32) if form == "float32" else X
    if by_name(loss).labels:
        y = np.append(np.arange(max(k, 2)), rng.integers(0, max(k, 2), rows - max(k, 2))).astype(float)
        return Dataset.from_arrays(X, y, weights).labelled()
    return Dataset.from_arrays(X, rng.poisson(2.0, (rows, k) if k > 1 else rows), weights)


def made(loss, penalty=None, intercept=True, scale=True, **how):
    alpha = 0.0 if penalty in (None, "none") else 0.3
    return objective(rows_of(loss, **how), loss, penalty, alpha, Linear(intercept, scale))


def place(F, seed=0):
    """Weights at which z is of size 1, and no row is near a joint."""
    term, rng = F.term, np.random.default_rng(seed)
    for _ in range(1000):
        theta = rng.normal(size=F.size)
        theta /= np.abs(term.predictor(theta)).max() / 2
        m = (2 * term.Y - 1) * term.predictor(theta)
        reach = np.abs(term.predictor(np.ones(F.size))).max() + np.abs(term.predictor(theta)).max()
        h = 1e-3 / (1 + reach)
        if all(np.abs(m - joint).min() > 3 * h * reach for joint in JOINTS.get(term.loss.name, [])):
            return theta, h
    raise AssertionError("every place is near a joint")


@pytest.mark.sample(40)
@GRID
def test_gradient_and_hessian_are_stencils(loss, penalty, how):
    F = made(loss, penalty, **how)
    theta, h = place(F)
    point = F.value_and_gradient(theta)
    smooth = lambda at: F.value(at) - float(F.l1 @ np.abs(at))
    gradient, bend = np.zeros(F.size), np.zeros((F.size, F.size))
    for j, e in enumerate(h * np.eye(F.size)):
        points = [F.value_and_gradient(theta + i * e) for i in (-2, -1, 1, 2)]
        values = [smooth(p.theta) for p in points]
        gradient[j] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)
        slopes = [p.gradient for p in points]
        bend[j] = (slopes[0] - 8 * slopes[1] + 8 * slopes[2] - slopes[3]) / (12 * h)
    H_ = F.hessian(point)
    # rounding of a mean over N rows, and h⁴ times a fifth derivative, which is below 8·reach⁵
    size = abs(point.value) + F.penalty_value(theta) + float(F.l2.max() * np.abs(theta).max()) + 1
    assert np.abs(gradient - point.gradient).max() <= 64 * EPS * size / h + 1e-9
    assert np.abs(bend - H_).max() <= 64 * EPS * (size + np.abs(point.gradient).max()) / h + 1e-9
    assert np.abs(H_ - H_.T).max() <= 16 * EPS * np.abs(H_).max()


@pytest.mark.sample(40)
@GRID
def test_line_and_values_are_the_objective(loss, penalty, how):
    F = made(loss, penalty, **how)
    (theta, _), (d, _) = place(F), place(F, seed=9)
    line = F.line(F.value_and_gradient(theta), d)
    for t in (0.0, 0.7, -2.0):
        there = F.value_and_gradient(theta + t * d)
        value, slope = line.value_and_slope(t)
        kink = float(F.l1 @ np.abs(there.theta))
        assert abs(value + kink - there.value) <= 1e-13 * (1 + abs(there.value))
        assert abs(slope - there.gradient @ d) <= 1e-12 * (1 + abs(slope))
        assert np.allclose(line.point(t).gradient, there.gradient, rtol=1e-12, atol=1e-13)
    many = np.array([theta, d, 0 * d])
    assert np.allclose(F.values(many), [F.value(row) for row in many], rtol=1e-13)


@EVERY
@pytest.mark.parametrize("how", SETTINGS.values(), ids=SETTINGS)
def test_lipschitz_holds_on_random_pairs(loss, how):
    F = made(loss.name, "l2", **how)
    if loss.name == "poisson":
        assert math.isnan(F.lipschitz)
        return
    rng = np.random.default_rng(1)
    for _ in range(50):
        a, b = rng.normal(size=(2, F.size))
        apart = F.value_and_gradient(a).gradient - F.value_and_gradient(b).gradient
        assert np.linalg.norm(apart) <= F.lipschitz * np.linalg.norm(a - b) * (1 + 1e-12)


@EVERY
@pytest.mark.parametrize("k", [1, 3])
def test_weights_are_repeated_rows(loss, k):
    rows, times = rows_of(loss.name, k), np.random.default_rng(0).integers(1, 4, N)
    weighted = Dataset(
        rows.X, rows.y, times.astype(float), rows.features, rows.targets, "", classes=rows.classes
    )
    F, G = (
        objective(weighted, loss, "l2", 0.1),
        objective(rows.take(np.repeat(np.arange(N), times)), loss, "l2", 0.1),
    )
    theta, _ = place(F)
    a, b = F.value_and_gradient(theta), G.value_and_gradient(theta)
    assert np.isclose(a.value, b.value, rtol=1e-12)
    assert np.allclose(a.gradient, b.gradient, rtol=1e-10, atol=1e-12)
    assert np.allclose(F.hessian(a), G.hessian(b), rtol=1e-10, atol=1e-12)
    assert np.isclose(F.gradient_scale, G.gradient_scale, rtol=1e-10)


@EVERY
@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("intercept", [True, False])
def test_sparse_rows_are_dense_rows(loss, k, intercept):
    rows = rows_of(loss.name, k, form="sparse", weighted=True)
    full = Dataset(
        rows.X.toarray(), rows.y, rows.weights, rows.features, rows.targets, "", classes=rows.classes
    )
    F, G = (objective(d, loss, "l2", 0.1, Linear(intercept)) for d in (rows, full))
    theta = np.random.default_rng(0).normal(size=F.size) / 10
    assert np.isclose(F.value(theta), G.value(theta), rtol=1e-12)
    assert np.allclose(
        F.value_and_gradient(theta).gradient, G.value_and_gradient(theta).gradient, rtol=1e-9, atol=1e-11
    )
    assert np.allclose(
        F.hessian(F.value_and_gradient(theta)), G.hessian(G.value_and_gradient(theta)), rtol=1e-9, atol=1e-11
    )


@EVERY
@pytest.mark.parametrize("k", [1, 3])
def test_batch_of_all_rows_is_gradient_descent(loss, k):
    F = made(loss.name, "l2", k=k, weighted=True)
    start = np.zeros(F.size)
    whole = [step.params for step in descend(F, start, GD(0.05), Epochs(20))]
    batch = Method(Batch(N, "cyclic"), learning_rate=0.05)
    swept = [step.params for step in descend(F, start, batch, Epochs(20))]
    assert np.allclose(swept, whole, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("penalty", [None, "l2"])
@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("loss", ["log", "poisson"])
def test_newton_doubles_its_digits_at_every_step(loss, k, penalty):
    """Without a penalty too, where the softmax is flat along a shift of all classes."""
    F = made(loss, penalty, k=k)
    start = F.to_user(F.term.null_theta)
    steps = [
        F.value_and_gradient(F.to_inner(step.params)).gradient
        for step in descend(F, start, Newton(), Epochs(12))
    ]
    left = [np.abs(g).max() / F.gradient_scale for g in steps]
    left = left[: next(i for i, size in enumerate(left) if size < 1e-13) + 1]
    near = [(a, b) for a, b in itertools.pairwise(left) if 1e-7 < a < 1e-2]
    assert near and all(b <= 100 * a**2 for a, b in near)  # a rate would leave b/a² to grow as 1/a


def test_shifting_all_classes_changes_nothing_and_no_full_gradient_moves_that_way():
    F = made("log", k=3, weighted=True)
    theta, _ = place(F)
    shifted = (theta.reshape(-1, 3) + np.arange(1.0, D + 2)[:, None]).ravel()
    assert np.isclose(F.value(shifted), F.value(theta), rtol=1e-12)
    assert np.abs(F.value_and_gradient(theta).gradient.reshape(-1, 3).sum(axis=1)).max() <= 64 * EPS
    for method in ("gd", "momentum", "nesterov", "lbfgs", "newton"):
        steps = list(descend(F, np.zeros(F.size), by(method), Epochs(30)))
        W = steps[-1].params.reshape(-1, 3)
        assert np.abs(W.sum(axis=1)).max() <= 1e-10 * np.abs(W).max()


def by(name):
    from downslope.descent.methods import by_name

    return by_name(name)


@pytest.mark.slow
def test_curvature_of_many_rows_and_classes_takes_little_memory():
    rng = np.random.default_rng(0)
    rows = Dataset.from_arrays(rng.normal(size=(50_000, 20)), rng.integers(0, 7, 50_000).astype(float))
    F = objective(rows, "log")
    point = F.value_and_gradient(F.term.null_theta)
    tracemalloc.start()
    F.hessian(point)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (
        peak < 16e6
    )  # X takes 8 MB; a 7 × 7 matrix for each row would take 20 MB, and as much again to form

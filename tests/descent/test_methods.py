"""Claims about methods: special cases of one another, outside truth for what they end at, refusals, texts."""

import dataclasses
import itertools
import json

import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.linear_model import ElasticNet, Lasso, QuantileRegressor

from downslope.data import Dataset
from downslope.descent import directions, schedules, searches
from downslope.descent.batching import All, Batch, One
from downslope.descent.descend import descend
from downslope.descent.methods import (
    GD,
    LBFGS,
    METHODS,
    SGD,
    Adam,
    ClosedForm,
    Exhaustive,
    Method,
    MiniBatch,
    Momentum,
    Nesterov,
    Newton,
    by_name,
    from_json,
)
from downslope.descent.stops import Epochs
from downslope.errors import DownslopeError
from downslope.inference import fit
from downslope.messages import speaking
from downslope.model.functions import Function
from downslope.model.linear import Linear
from downslope.model.objective import function_objective, objective

EPS = np.finfo(float).eps
GRID = Exhaustive({"x1": np.linspace(-1, 1, 5), "x2": [0.0]})
EVERY = [make() for name, make in METHODS.items() if name != "exhaustive"] + [GRID]
DESCENDING = [method for method in EVERY if isinstance(method, Method)]
FULL = [method for method in DESCENDING if method.full]
STOCHASTIC = [method for method in DESCENDING if not method.full]
STOCHASTIC += [
    m.with_rows(8)
    for m in FULL
    if not isinstance(m.direction, directions.SearchDirection) and m.name != "nesterov"
]
STOCHASTIC += [Nesterov(0.5).with_rows(8)]
named = lambda method: (
    method.name if getattr(method, "full", True) else f"{method.name}[{method.rows.describe()}]"
)


def rows(n=60, d=3, k=1, seed=1, noise=0.5):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * [1.0, 4.0, 0.3][:d] + [0.0, 2.0, -1.0][:d]
    Y = X @ rng.normal(size=(d, k)) + noise * rng.normal(size=(n, k)) + 1
    return Dataset.from_arrays(X, Y[:, 0] if k == 1 else Y)


def path(F, method, epochs, start=None, seed=0):
    """(epochs, p): the weights after each pass."""
    start = np.zeros(F.size) if start is None else start
    return np.array([step.params for step in descend(F, start, method, Epochs(epochs), seed=seed)])


# ── special cases of one another ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("loss, penalty", [("squared", None), ("huber", "l2"), ("quantile:0.3", "l1")])
@pytest.mark.parametrize("n", [6, 60])
def test_a_batch_of_all_rows_is_gradient_descent(loss, penalty, n):
    F = objective(rows(n), loss, penalty, 0.1 if penalty else 0.0)
    for direction in (GD(0.05), Momentum(0.7, 0.02), Adam(learning_rate=0.05)):
        whole, batch = path(F, direction, 30), path(F, direction.with_rows(n, "cyclic"), 30)
        settled = whole[: len(batch)]  # a kinked penalty ends in one prox more
        assert np.allclose(settled, batch, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("loss", ["squared", "huber", "absolute"])
@pytest.mark.parametrize("penalty", [None, "l1", "l2"])
def test_without_momentum_it_is_gradient_descent(loss, penalty):
    F = objective(rows(), loss, penalty, 0.1 if penalty else 0.0)
    if F.term.smooth:
        assert np.allclose(path(F, Nesterov(0.0, 0.05), 20), path(F, GD(0.05), 20), rtol=1e-12, atol=1e-14)
    assert np.allclose(path(F, Momentum(0.0, 0.05), 20), path(F, GD(0.05), 20), rtol=1e-12, atol=1e-14)
    one = path(F, SGD(0.01), 5)
    assert np.allclose(path(F, Momentum(0.0, 0.01).with_rows(1, "shuffle"), 5), one, rtol=1e-11, atol=1e-13)


def test_one_row_is_a_batch_of_one():
    assert One("cyclic") == Batch(1, "cyclic") and SGD().rows == One()
    assert SGD() == MiniBatch(1) and SGD().name == "sgd" and MiniBatch(1).name == "sgd"


@pytest.mark.parametrize("penalty", [None, "l2"])
@pytest.mark.parametrize("k", [1, 2])
def test_newton_on_a_quadratic_is_the_closed_form_in_one_step(penalty, k):
    data = rows(k=k)
    how = {"penalty": penalty, "alpha": 0.2 if penalty else 0.0}
    exact = fit(data, method="closed_form", **how)
    F = objective(data, **how)
    found = path(F, Newton(), 1)[-1]
    assert np.allclose(found, exact.params, rtol=1e-12, atol=1e-12)
    assert fit(data, method="newton", **how).epochs <= 2


@pytest.mark.parametrize("method", [*FULL, ClosedForm()], ids=named)
@pytest.mark.parametrize("form", ["dense", "tiny", "sparse", "two outputs", "weights"])
def test_every_deterministic_method_ends_at_the_closed_form(method, form):
    data = rows(n=12 if form == "tiny" else 80, k=2 if form == "two outputs" else 1)
    if form == "sparse":
        from scipy.sparse import csr_array

        data = dataclasses.replace(data, X=csr_array(data.X))
    if form == "weights":
        data = dataclasses.replace(data, weights=np.random.default_rng(0).uniform(0.5, 2, len(data)))
    decays = isinstance(method, Method) and isinstance(method.direction, directions.AdamW)
    if decays:
        method = dataclasses.replace(method, direction=directions.AdamW(decay=0.0))
    found = fit(data, method=method, epochs=20_000)
    dense = data.X if isinstance(data.X, np.ndarray) else data.X.toarray()
    s = np.sqrt(data.weights if data.weights is not None else np.ones(len(data)))[:, None]
    design = s * np.hstack([dense, np.ones((len(data), 1))])
    exact = np.linalg.lstsq(design, s * data.y.reshape(len(data), -1), rcond=None)[0].ravel()
    F = objective(data)
    away = np.linalg.norm(F.to_inner(found.params) - F.to_inner(exact))
    # ‖θ − θ*‖ ≤ ‖∇F‖/μ on a parabola: the certificate that was told bounds the error
    certificate = found.verdict.numbers["gradient"]
    size = np.linalg.norm(F.to_inner(exact))
    assert (
        away
        <= np.sqrt(F.size) * certificate / F.strong_convexity
        + 256 * EPS * size * F.lipschitz / F.strong_convexity
    )
    assert certificate <= 1e-6 * F.gradient_scale
    assert found.verdict.code == "converged"


def test_stochastic_methods_end_within_their_noise():
    """A fixed rate ends in a ball of noise about the minimum: Bottou, Curtis & Nocedal 2018, eq. 4.14."""
    data = rows(n=200)
    F = objective(data)
    best = F.reduced().term.best.ravel()
    noise = np.mean(
        [np.sum(F.value_and_gradient(best, np.array([i])).gradient ** 2) for i in range(200)]
    )  # E‖gᵢ‖² at w*
    t = 0.2 / F.term.row_lipschitz
    ends = [F.value(F.to_inner(p)) - F.value(best) for p in path(F, SGD(t, "replacement"), 60)[20:]]
    # with gᵢ(w) = gᵢ(w*) + Hᵢ(w − w*): E F − F* ≤ t·L·noise/(2μ(1 − 2tL_max)), after the start is forgotten
    bound = t * F.lipschitz * noise / (2 * F.strong_convexity * (1 - 2 * t * F.term.row_lipschitz))
    assert 0 < np.mean(ends) <= bound


@pytest.mark.sample(4)
@pytest.mark.parametrize("method", STOCHASTIC, ids=named)
def test_every_stochastic_method_ends_near_the_minimum(method):
    data = rows(n=200)
    if isinstance(method.direction, directions.AdamW):
        method = dataclasses.replace(method, direction=directions.AdamW(decay=0.0))
    F = objective(data)
    lowest = F.reduced().term.lowest
    found = fit(data, method=method, epochs=300, seed=3)
    left = (
        0.05 if method.name == "adagrad" else 1e-3
    )  # of what there was to learn; Adagrad's steps only shrink
    assert found.loss - lowest <= left * (F.null_value - lowest)


@pytest.mark.parametrize("method", STOCHASTIC, ids=named)
def test_without_noise_every_stochastic_method_is_exact(method):
    """Where all rows agree, each row's gradient is zero at the minimum, and so is the noise."""
    data = rows(n=60, noise=0.0)
    if isinstance(method.direction, directions.AdamW):
        method = dataclasses.replace(method, direction=directions.AdamW(decay=0.0))
    if method.name == "adagrad":  # whose steps only shrink: at the pace of "auto" it is still on its way
        method = method.with_rate(0.5)
    found = fit(data, method=method, epochs=500)
    assert found.loss <= 1e-5 * objective(data).null_value


# ── outside truth ───────────────────────────────────────────────────────────────────────────────────


PROXIMAL = [m for m in FULL if m.direction.kinks and m.name != "adamw"] + [
    Nesterov(0.5), GD(searches.Armijo()), Momentum(0.5)
]  # fmt: skip


@pytest.mark.parametrize("penalty", ["l1", "elasticnet:0.4"])
@pytest.mark.parametrize("method", PROXIMAL, ids=lambda m: f"{m.direction!r}-{m.learning_rate}")
def test_kinked_penalties_have_the_answer_of_scikit_learn(method, penalty):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 8)) * np.linspace(0.5, 3, 8) + 1
    y = X[:, 0] - 2 * X[:, 3] + rng.normal(size=80)
    alpha = 0.4
    data = Dataset.from_arrays(X, y)
    found = fit(data, method=method, penalty=penalty, alpha=alpha, epochs=20_000)
    # mean(z − y)² + αR  is twice  Σ(z − y)²/2n + (α/2)·R
    if penalty == "l1":
        theirs = Lasso(alpha=alpha / 2, tol=1e-14, max_iter=10**6).fit(X, y)
    else:
        theirs = ElasticNet(alpha=alpha / 2, l1_ratio=0.4, tol=1e-14, max_iter=10**6).fit(X, y)
    F = objective(data, "squared", penalty, alpha)
    right = F.to_inner(np.append(theirs.coef_, theirs.intercept_))
    certificate = F.stationarity(
        F.to_inner(found.params), F.value_and_gradient(F.to_inner(found.params)).gradient
    )
    apart = np.linalg.norm(F.to_inner(found.params) - right)
    # strong convexity: ‖θ − θ*‖ ≤ dist(−g, ∂R)/μ; theirs is good to 1e-7 or so of the size
    assert apart <= np.sqrt(F.size) * certificate / F.strong_convexity + 1e-6 * np.linalg.norm(right)
    assert certificate <= 1e-5 * F.gradient_scale
    assert found.loss <= F.value(right) * (1 + 1e-9)
    assert np.array_equal(found.coef == 0, theirs.coef_ == 0)  # exact zeros, the same ones


@pytest.mark.parametrize("method", ["gd", "nesterov", "lbfgs", "newton", "auto"])
def test_huber_has_the_minimum_that_scipy_finds(method):
    from scipy.optimize import minimize

    data = rows(noise=2.0)
    F = objective(data, "huber:1.1")
    theirs = minimize(
        lambda t: F.value(t),
        np.zeros(F.size),
        jac=lambda t: F.value_and_gradient(t).gradient,
        method="BFGS",
        options={"gtol": 1e-10},
    )
    design = np.hstack([data.X, np.ones((60, 1))])
    from scipy.special import huber

    found = fit(data, loss="huber:1.1", method=method, epochs=5000)
    own = 2 * huber(1.1, data.y - design @ found.params).mean()  # SciPy's formula on our weights
    assert np.isclose(found.loss, own, rtol=1e-13)
    assert found.loss <= theirs.fun + 1e-9 and found.verdict.code == "converged"


def test_huber_is_the_m_estimator_of_statsmodels_at_a_known_scale():
    import statsmodels.api as sm
    from statsmodels.robust.norms import HuberT

    data = rows(noise=2.0)
    found = fit(data, loss="huber:1.1", tol=1e-12)
    r = data.y - found.predict(data.X)
    psi = HuberT(1.1).psi(r)
    design = sm.add_constant(data.X)
    assert np.abs(design.T @ psi).max() / 60 <= 1e-10 * np.abs(design).max()  # its estimating equations


def linear_program(X, y, level, alpha=0.0):
    """min mean of the quantile loss (+ α‖w‖₁), as a linear program: the exact minimum."""
    n, d = X.shape
    # w⁺, w⁻, b⁺, b⁻, above, below ≥ 0:  y − Xw − b = above − below
    cost = np.concatenate([np.full(2 * d, alpha), [0, 0], np.full(n, level / n), np.full(n, (1 - level) / n)])
    A = np.hstack([X, -X, np.ones((n, 1)), -np.ones((n, 1)), np.eye(n), -np.eye(n)])
    return linprog(cost, A_eq=A, b_eq=y, method="highs").fun


@pytest.mark.parametrize("method", ["auto", "lbfgs", "newton", "nesterov"])
@pytest.mark.parametrize("level", [0.1, 0.5, 0.8])
def test_quantiles_have_the_minimum_of_the_linear_program(level, method):
    data = rows(noise=2.0)
    exact = linear_program(data.X, data.y, level)
    found = fit(data, loss=f"quantile:{level}", method=method, epochs=20_000)
    spread = np.std(data.y)
    assert -1e-12 <= found.loss - exact <= 1e-5 * spread  # F − F* in units of y
    if found.verdict.kind == "rounded":  # the gap that is told is a bound
        slack = found.verdict.numbers["gradient"] * 100
        assert found.loss - exact <= found.verdict.numbers["gap"] + slack
    theirs = QuantileRegressor(quantile=level, alpha=0.0).fit(data.X, data.y)
    assert (
        found.loss
        <= np.maximum(
            level * (data.y - theirs.predict(data.X)), (level - 1) * (data.y - theirs.predict(data.X))
        ).mean()
        + 1e-5 * spread
    )


def test_the_absolute_loss_is_twice_the_median():
    data = rows(noise=2.0)
    assert fit(data, loss="absolute").loss == pytest.approx(2 * linear_program(data.X, data.y, 0.5), rel=1e-6)


def test_a_kinked_loss_with_a_kinked_penalty_nears_the_linear_program():
    data = rows(noise=2.0)
    exact = linear_program(data.X, data.y, 0.3, alpha=0.05)
    found = fit(data, loss="quantile:0.3", penalty="l1", alpha=0.05, epochs=20_000)
    assert -1e-12 <= found.loss - exact <= 1e-4 * np.std(data.y)


@pytest.mark.parametrize("method", ["gd", "sgd", "adam", "momentum"])
def test_subgradient_methods_near_the_minimum_of_a_kinked_loss(method):
    data = rows(noise=2.0)
    exact = linear_program(data.X, data.y, 0.5)
    found = fit(data, loss="quantile:0.5", method=method, epochs=3000)
    null = objective(data, "quantile:0.5").null_value
    assert found.loss - exact <= 0.1 * (null - exact)  # nine tenths of what there was to learn


# ── seeds, orders, forms ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", STOCHASTIC, ids=named)
@pytest.mark.parametrize("order", ["shuffle", "replacement", "blocks"])
def test_the_same_seed_gives_the_same_bits_and_another_does_not(method, order):
    F = objective(rows(), "huber")
    method = method.with_rows(order=order)
    first, again, other = (path(F, method, 3, seed=seed) for seed in (5, 5, 6))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize("method", STOCHASTIC, ids=named)
def test_stochastic_methods_see_sparse_rows_as_dense_ones(method, monkeypatch):
    from scipy.sparse import csr_array

    data = rows(n=50)
    for model in (Linear(True, False), Linear(False, True)):
        dense = objective(data, "huber", "l2", 0.1, model)
        thin = objective(dataclasses.replace(data, X=csr_array(data.X)), "huber", "l2", 0.1, model)
        rate = 0.01 / dense.term.row_lipschitz if dense.smooth else 0.01
        one, other = (path(F, method.with_rate(rate), 3) for F in (dense, thin))
        assert np.allclose(one, other, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("method", FULL, ids=named)
def test_full_methods_do_not_depend_on_the_seed(method):
    F = objective(rows(), "huber")
    assert np.array_equal(path(F, method, 5, seed=1), path(F, method, 5, seed=2))


@pytest.mark.parametrize("method", [*DESCENDING, *STOCHASTIC], ids=named)
def test_compiled_or_not_it_is_the_same_descent(method, monkeypatch):
    from downslope.descent import epochs as module

    F = objective(rows(), "huber")
    plain = path(F, method, 3)
    monkeypatch.setattr(module, "WORTH_COMPILING", 0)
    assert np.allclose(path(F, method, 3), plain, rtol=1e-10, atol=1e-12)


def test_a_pass_takes_every_row_once():
    for order in ("shuffle", "cyclic", "blocks"):
        for n in (1, 11, 2_100, 40_001):
            assert np.array_equal(np.sort(Batch(4, order).order_of(n, 3, 7)), np.arange(n))
    assert np.array_equal(Batch(4, "cyclic").order_of(11, 3, 7), np.arange(11))
    drawn = Batch(4, "replacement").order_of(1000, 0, 0)
    assert drawn.min() >= 0 and drawn.max() < 1000 and len(set(drawn)) < 700  # 1 − 1/e of them is 632
    assert Batch(4).updates_in(11) == 3 and Batch(4, [1, 2]).updates_in(11) == 1


def test_blocks_are_rows_side_by_side_drawn_from_everywhere():
    n, size, together = 200_000, 32, 16_384
    order = Batch(1, "blocks").order_of(n, 0, 3)[:together]
    blocks, counts = np.unique(order // size, return_counts=True)
    assert len(blocks) == together // size and (counts == size).all()  # whole ones
    assert np.ptp(blocks) > 0.9 * n / size and (np.diff(order) == 1).mean() < 0.01


@pytest.mark.sample(3)
@pytest.mark.parametrize("loss", ["squared", "huber", "log"])
@pytest.mark.parametrize("method", ["sgd", "minibatch:16"])
@pytest.mark.parametrize("number", range(20))
def test_blocks_of_sorted_rows_end_as_low_as_a_shuffle(number, method, loss, monkeypatch):
    draw = np.random.default_rng(number)
    n, d, seeds = int(draw.integers(30_000, 90_000)), int(draw.integers(1, 30)), range(4)
    X = draw.standard_normal((n, d)) * draw.uniform(0.5, 2, d)
    z = X @ draw.standard_normal(d) + draw.standard_normal(n)
    y, in_order = (z > 0.5) * 1.0 if loss == "log" else z, np.argsort(z)
    data = Dataset.from_arrays(X[in_order], y[in_order])
    how = {"loss": loss, "method": method, "epochs": 3}
    shuffled, blocks = ([fit(data, order=o, seed=s, **how) for s in seeds] for o in ("shuffle", "blocks"))
    one, other = (np.array([solution.loss for solution in ends]) for ends in (shuffled, blocks))
    noise = 3 * np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / len(seeds))
    assert abs(other.mean() - one.mean()) < 0.01 * one.mean() + noise
    in_row_order = fit(data, order="cyclic", **how).loss
    assert loss != "log" or in_row_order > 1.05 * other.mean()
    monkeypatch.setenv("DOWNSLOPE_THREADS", "3")
    assert np.array_equal(fit(data, order="blocks", seed=seeds[0], **how).params, blocks[0].params)


def test_passes_are_drawn_by_counter():
    one = [Batch(4).order_of(50, epoch, seed).tolist() for epoch in range(3) for seed in range(3)]
    assert len({tuple(order) for order in one}) == 9
    assert one[4] == Batch(4).order_of(50, 1, 1).tolist()


def test_shuffling_is_fair():
    """Each row stands in the first place about as often: χ² of 6 cells over 3000 passes, far in its tail."""
    first = np.bincount([Batch(1).order_of(6, epoch, 0)[0] for epoch in range(3000)], minlength=6)
    assert ((first - 500) ** 2 / 500).sum() <= 25  # P(χ²₅ > 25) = 1.4e-4


def test_given_rows_are_taken_in_the_order_given():
    F = objective(Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0]), model=Linear(False, False))
    w = 1.0
    for i in (2, 2, 0):
        x, y = (1.0, 2.0, 3.0)[i], (2.0, 4.0, 6.0)[i]
        w = w - 0.01 * (2 * (w * x - y) * x)
    assert path(F, SGD(0.01, [2, 2, 0]), 1, np.array([1.0]))[-1, 0] == pytest.approx(w, rel=4 * EPS)


def test_given_rows_are_those_of_the_data_though_some_weigh_nothing():
    X, y, how = [[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0], {"intercept": False, "scale": False, "epochs": 1}
    with_zero = fit(Dataset.from_arrays(X, y, weights=[0.0, 1.0, 1.0]), method=SGD(0.01, [2]), **how)
    without = fit(Dataset.from_arrays(X[1:], y[1:]), method=SGD(0.01, [1]), **how)
    assert with_zero.params[0] == pytest.approx(without.params[0], rel=1e-12)


# ── what makes no sense ─────────────────────────────────────────────────────────────────────────────


def told(method, F=None, kind=None):
    F = F if F is not None else objective(rows(), **(kind or {}))
    with pytest.raises(DownslopeError) as caught:
        list(descend(F, np.zeros(F.size), method, Epochs(2)))
    for language in ("en", "zh"):
        with speaking(language):
            assert "\n" not in str(caught.value)
    return caught.value.key


L1 = {"penalty": "l1", "alpha": 0.1}


@pytest.mark.parametrize(
    "method, kind, key",
    [
        (Newton().with_rows(1), {}, "descent.needs_all_rows"),
        (LBFGS().with_rows(8), {}, "descent.needs_all_rows"),
        (Nesterov().with_rows(8), {}, "descent.growing_momentum"),
        (SGD(searches.Armijo()), {}, "descent.search_needs_all_rows"),
        (MiniBatch(8, searches.StrongWolfe()), {}, "descent.search_needs_all_rows"),
        (Momentum(0.9, searches.Armijo()), {}, "descent.search_needs_descent"),
        (Adam(learning_rate=searches.Armijo()), {}, "descent.search_needs_descent"),
        (LBFGS(), L1, "descent.kink"),
        (Newton(), L1, "descent.kink"),
        (GD(searches.StrongWolfe()), L1, "descent.wolfe_kink"),
        (ClosedForm(), {"loss": "huber"}, "descent.closed_form_loss"),
        (ClosedForm(), L1, "descent.closed_form_kink"),
        (Exhaustive({"price": [1.0]}), {}, "descent.grid_name"),
        (SGD(0.1, [60]), {}, "descent.given_rows"),
        (SGD(0.1, [-1]), {}, "descent.given_rows"),
        (SGD(0.1, []), {}, "descent.given_rows"),
    ],
)
def test_combinations_that_make_no_sense_are_refused(method, kind, key):
    assert told(method, kind=kind) == key


def test_a_function_has_no_rows_and_no_closed_form():
    F = function_objective(Function.of("x^2", None))
    assert told(SGD(0.1), F) == "descent.no_rows"
    assert told(ClosedForm(), F) == "descent.closed_form_loss"
    assert told(Momentum(), F) == "descent.auto_needs_curvature"


def test_newton_without_second_derivatives_is_refused():
    with pytest.warns(UserWarning):
        F = function_objective(Function.of(lambda x: abs(float(x[0])) ** 1.5, [1.0]))
    assert told(Newton(), F) == "descent.no_hessian"


@pytest.mark.parametrize(
    "call, key",
    [
        (lambda: by_name("addam"), "descent.unknown_method"),
        (lambda: by_name("gd:3"), "model.no_parameter"),
        (lambda: by_name("momentum:much"), "model.not_a_number"),
        (lambda: by_name("lbfgs:2.5"), "model.not_a_number"),
        (lambda: by_name("exhaustive"), "descent.grid_missing"),
        (lambda: by_name("momentum:1.5"), "descent.fraction"),
        (lambda: by_name("minibatch:0"), "descent.batch_size"),
        (lambda: Batch(2.5), "descent.batch_size"),
        (lambda: Batch(2, "suffle"), "descent.order"),
        (lambda: Exhaustive({}), "descent.grid_weights"),
        (lambda: Exhaustive({name: [0.0] for name in "abcd"}), "descent.grid_weights"),
        (lambda: Exhaustive({"w": []}), "descent.grid_values"),
        (lambda: Exhaustive({"w": [float("nan")]}), "descent.grid_values"),
        (lambda: Exhaustive({"a": range(10_000), "b": range(10_000)}), "descent.grid_size"),
        (lambda: GD().with_rows(order="cyclic"), "descent.order_of_all"),
        (lambda: ClosedForm().with_rows(3), "descent.takes_no_rows"),
        (lambda: GRID.with_rows(order="cyclic"), "descent.takes_no_rows"),
        (lambda: ClosedForm().with_rate(0.1), "descent.takes_no_rate"),
        (lambda: GRID.with_rate(0.1), "descent.takes_no_rate"),
    ],
)
def test_settings_that_make_no_sense_are_refused(call, key):
    with pytest.raises(DownslopeError) as caught:
        call()
    assert caught.value.key == key


# ── names and texts ─────────────────────────────────────────────────────────────────────────────────


RATES = [
    "auto",
    0.1,
    *(kind(0.2) for kind in schedules.SCHEDULES.values()),
    searches.Armijo(c=0.01),
    searches.StrongWolfe(),
]


@pytest.mark.sample(60)
@pytest.mark.parametrize("method, rate", [*itertools.product(DESCENDING + STOCHASTIC, RATES)])
def test_a_method_comes_back_from_json(method, rate):
    method = method.with_rate(rate)
    assert from_json(json.loads(json.dumps(method.to_json()))) == method


@pytest.mark.parametrize(
    "method",
    [
        ClosedForm(),
        GRID,
        SGD(0.1, [3, 1]),
        Momentum(0.123456789012345),
        Nesterov(1 / 3),
        LBFGS(3),
        Method(Batch(np.int64(4), "cyclic"), directions.AdamW(0.8, 0.9, 1e-6, 0.2), np.float32(0.5)),
        Method(All(), directions.Adagrad(1e-3), schedules.OneCycle(0.1, 0.2)),
    ],
    ids=named,
)
def test_settings_of_a_method_come_back_from_json(method):
    assert from_json(json.loads(json.dumps(method.to_json()))) == method


@pytest.mark.parametrize("name", [name for name in METHODS if name != "exhaustive"])
def test_a_method_is_known_by_its_name(name):
    assert by_name(name).name == name and by_name(by_name(name)) == by_name(name)


def test_a_number_after_a_colon_is_the_methods_own():
    assert by_name("momentum:0.95") == Momentum(0.95)
    assert by_name("nesterov:0.5") == Nesterov(0.5)
    assert by_name("minibatch:64") == MiniBatch(64)
    assert by_name("lbfgs:5") == LBFGS(5)
    assert by_name("adam:0.8").direction.beta1 == 0.8
    assert by_name("adamw:0.1").direction.decay == 0.1
    assert by_name("rmsprop:0.9").direction.rho == 0.9


def test_rows_and_rate_are_filled_in_where_they_are_not_said():
    assert GD().with_rows(None, None) == GD()
    assert Momentum().with_rows(8).rows == Batch(8, "shuffle")
    assert SGD(order="cyclic").with_rows(4).rows == Batch(4, "cyclic")
    assert GD(0.1).with_rate("auto") == GD(0.1) and GD(0.1).with_rate(0.2) == GD(0.2)


# ── exhaustive search ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scale", [True, False])
def test_exhaustive_search_tries_every_combination_and_finds_the_best(scale):
    data = rows(d=2)
    grid = {"x2": [-1.0, 0.0, 2.0], "x1": [0.5, 1.5], "intercept": [0.0, 1.0]}
    F = objective(data, model=Linear(True, scale))
    steps = list(descend(F, np.zeros(3), Exhaustive(grid)))
    every = [step.params.tolist() for step in steps]
    assert every == [[a, b, c] for a in grid["x1"] for b in grid["x2"] for c in grid["intercept"]]
    design = np.hstack([data.X, np.ones((60, 1))])
    losses = [((design @ np.array(w) - data.y) ** 2).mean() for w in every]
    assert np.allclose([step.loss for step in steps], losses, rtol=1e-12)
    found = fit(data, method=Exhaustive(grid), scale=scale)
    assert np.array_equal(found.params, every[int(np.argmin(losses))])


def test_exhaustive_search_of_a_function_finds_its_lowest_grid_point():
    from downslope.inference import minimize

    found = minimize("(x - 1)^2 + (y + 1)^2", [0, 0], Exhaustive({"x": [0, 1, 2], "y": [-2, -1, 0]}))
    assert found.params.tolist() == [1, -1] and found.stopped == "exhausted"


@pytest.mark.parametrize(
    "method, loss", [("newton", "log"), ("subsampled", "log"), ("closed_form", "squared")]
)
def test_a_matrix_that_does_not_fit_is_refused_before_it_is_made(method, loss):
    """60,000 weights: 86 GB with their factors."""
    from scipy import sparse

    import downslope as ds

    X = sparse.csr_array(([1.0, 2.0, 3.0], ([0, 1, 2], [5, 7, 59_999])), shape=(3, 60_000))
    rows = ds.Dataset.from_arrays(X, [0.0, 1.0, 1.0])
    with pytest.raises(ds.DownslopeError, match=r"60,00[01] × 60,00[01] matrix, 86 GB .*lbfgs"):
        ds.fit(rows, loss=loss, method=method, penalty="l2", alpha=0.1)

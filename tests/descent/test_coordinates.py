"""Claims about coordinate descent and paths: outside truth, the same answer whatever the rows look like."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge, enet_path, lasso_path

import downslope as ds
from downslope.descent.descend import descend
from downslope.kernels.compiled import compiled
from downslope.kernels.coordinates import column_sizes, cycle, sweep_columns
from downslope.model import coordinates
from downslope.model.losses import LOSSES, by_name

SMOOTH = [name for name in LOSSES if by_name(name).smooth]
PENALTIES = ["l1", "elasticnet:0.4", "l2"]


def rows(n=120, d=12, loss="squared", seed=0, zeros=0.5):
    """Columns of many sizes, some alike, with zeros; y as the loss takes it."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * np.exp(rng.normal(size=d))
    X[:, 1] = X[:, 0] + 0.3 * X[:, 1]
    X[rng.random((n, d)) < zeros] = 0.0
    z = 1.5 * X[:, 0] / X[:, 0].std() - X[:, 2] / X[:, 2].std() + 0.5 * rng.normal(size=n) + 0.7
    if by_name(loss).labels:
        return X, (z > 0).astype(float)
    return X, rng.poisson(np.exp(np.clip(z, -3, 2))).astype(float) if loss == "poisson" else z


def many_outputs():
    """More than 2,000 weights."""
    X = np.random.default_rng(0).normal(size=(60, 50))
    return X, X


def highest(X, y, loss="squared"):
    """The price above which all weights are 0."""
    return ds.path(ds.Dataset.from_arrays(X, y), loss, alphas=1).alphas[0]


@pytest.mark.sample(24)
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("loss", SMOOTH)
def test_it_ends_where_no_weight_can_be_improved_dense_and_sparse(loss, penalty, intercept, scale):
    X, y = rows(loss=loss)
    weights = np.random.default_rng(1).uniform(0.5, 2.0, len(y))
    alpha = 0.1 * highest(X, y, loss)
    found = []
    for columns in (X, sparse.csr_array(X), X.astype(np.float32).astype(float, order="F")):
        dataset = ds.Dataset.from_arrays(columns, y, weights)
        settings = {"loss": loss, "penalty": penalty, "alpha": alpha, "intercept": intercept, "scale": scale}
        found.append(ds.fit(dataset, method="coordinate", tol=1e-10, **settings))
        F = ds.objective(dataset, loss, penalty, alpha, ds.Linear(intercept, scale))
        theta = F.to_inner(found[-1].params)
        # 1e-10 is what was asked for; rounding of θ → w → θ adds its own
        assert F.stationarity(theta, F.value_and_gradient(theta).gradient) <= 1.1e-10 * F.gradient_scale
        assert found[-1].verdict.code == "converged"
    assert found[1].loss == pytest.approx(found[0].loss, rel=1e-12)
    assert found[1].params == pytest.approx(found[0].params, abs=1e-6 * np.abs(found[0].params).max())
    assert found[2].loss == pytest.approx(found[0].loss, rel=1e-6)  # float32 rounds the columns


@pytest.mark.sample(3)
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("shape", [(300, 20), (60, 1500)])
def test_squared_loss_agrees_with_scikit_learn(shape, penalty):
    X, y = rows(*shape)
    alpha = 0.1 * highest(X, y)
    found = ds.fit(ds.Dataset.from_arrays(X, y), penalty=penalty, alpha=alpha, method="coordinate", tol=1e-11)
    # ours: mean (z − y)² + α·R;  theirs: ½ mean (z − y)² + …
    peer = {
        "l1": Lasso(alpha / 2, tol=1e-14, max_iter=200_000),
        "elasticnet:0.4": ElasticNet(alpha / 2, l1_ratio=0.4, tol=1e-14, max_iter=200_000),
        "l2": Ridge(alpha * len(y) / 2),
    }[penalty].fit(X, y)
    assert found.coef == pytest.approx(peer.coef_, abs=1e-6 * np.abs(peer.coef_).max())
    assert found.intercept == pytest.approx(peer.intercept_, abs=1e-6)
    F = ds.objective(ds.Dataset.from_arrays(X, y), "squared", penalty, alpha)
    theirs = F.value(F.to_inner(np.append(peer.coef_, peer.intercept_)))
    assert found.loss <= theirs + 1e-9 * abs(theirs)
    assert found.loss == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize(
    "shape, solver, intercept", [((300, 20), "saga", True), ((60, 1500), "liblinear", False)]
)
def test_log_loss_agrees_with_scikit_learn(shape, solver, intercept):
    X, y = rows(*shape, loss="log")
    X = X / np.abs(X).max(axis=0)
    dataset = ds.Dataset.from_arrays(X, y)
    alpha = 0.1 * highest(X, y, "log")
    found = ds.fit(dataset, loss="log", penalty="l1", alpha=alpha, tol=1e-10, intercept=intercept)
    assert found.method == "coordinate"
    settings = {"C": 1 / (len(y) * alpha), "fit_intercept": intercept, "tol": 1e-10, "max_iter": 100_000}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the argument `penalty` is on its way out
        peer = LogisticRegression(penalty="l1", solver=solver, **settings).fit(X, y)
    F = ds.objective(dataset, "log", "l1", alpha, ds.Linear(intercept))
    theirs = F.value(F.to_inner(np.append(peer.coef_[0], peer.intercept_ if intercept else [])))
    assert found.loss == pytest.approx(theirs, rel=1e-9)
    assert found.coef == pytest.approx(peer.coef_[0], abs=1e-4 * np.abs(peer.coef_).max())


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("ratio", [1.0, 0.4])
@pytest.mark.parametrize("shape", [(300, 20), (60, 1500)])
def test_a_path_is_that_of_scikit_learn(shape, ratio, form):
    X, y = rows(*shape)
    dataset = ds.Dataset.from_arrays(form(X), y)
    found = ds.path(dataset, penalty=f"elasticnet:{ratio}", alphas=20, eps=1e-2, tol=1e-10)
    centred, level = X - X.mean(axis=0), y - y.mean()
    settings = {"alphas": found.alphas / 2, "tol": 1e-12, "max_iter": 100_000}
    _, coef, _ = (
        lasso_path(centred, level, **settings)
        if ratio == 1
        else enet_path(centred, level, l1_ratio=ratio, **settings)
    )
    largest = np.abs(coef).max()
    assert found.coef == pytest.approx(coef.T, abs=1e-4 * largest)
    for alpha, w, b, loss in zip(found.alphas, found.coef, found.intercepts, found.losses):
        price = alpha * (ratio * np.abs(w).sum() + 0.5 * (1 - ratio) * (w @ w))
        assert loss == pytest.approx(np.mean((X @ w + b - y) ** 2) + price, rel=1e-10)
    assert found.nonzero[0] == 0 and found.nonzero[-1] > 2
    assert found.gaps.max() <= 1e-10 * found.losses[0]


@pytest.mark.parametrize("penalty", ["l1", "elasticnet:0.4"])
@pytest.mark.parametrize("loss", SMOOTH)
def test_no_minimum_lies_further_below_than_the_gap_says(loss, penalty):
    X, y = rows(loss=loss)
    dataset = ds.Dataset.from_arrays(X, y)
    rough = ds.path(dataset, loss, penalty, alphas=8, eps=0.02, tol=1e-2)
    sharp = ds.path(dataset, loss, penalty, alphas=rough.alphas, tol=1e-10)
    assert (rough.losses - rough.gaps <= sharp.losses + 1e-12).all()
    assert (sharp.losses <= rough.losses + 1e-12).all()
    assert rough.epochs.sum() <= sharp.epochs.sum()
    singly = ds.fit(dataset, loss=loss, penalty=penalty, alpha=float(rough.alphas[5]), tol=1e-10)
    assert sharp.losses[5] == pytest.approx(singly.loss, rel=1e-8)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("shape", [(60, 5), (60, 1500)])
@pytest.mark.parametrize("loss", ["squared", "log", "huber"])
def test_a_price_that_is_too_high_leaves_the_best_constant(loss, shape, form):
    X, y = rows(*shape, loss=loss)
    dataset = ds.Dataset.from_arrays(form(X), y)
    alpha = 2 * highest(X, y, loss)
    for scale in (True, False):  # which begins at 0, away from the best constant
        run = ds.fit(dataset, loss=loss, penalty="l1", alpha=alpha, scale=scale)
        F = ds.objective(dataset, loss, "l1", alpha)
        assert not run.coef.any() and run.loss == pytest.approx(F.null_value, rel=1e-12)


def test_a_path_is_continuous():
    X, y = rows(60, 40)
    dataset = ds.Dataset.from_arrays(X, y)
    near = ds.path(dataset, alphas=0.1 * highest(X, y) * np.array([1.0, 1.0 - 1e-6]), tol=1e-12)
    assert np.abs(np.diff(near.coef, axis=0)).max() <= 1e-4 * np.abs(near.coef).max()


def test_a_weight_is_a_row_repeated():
    X, y = rows(60, 30)
    times = np.arange(60) % 3 + 1
    settings = {"penalty": "l1", "alpha": 0.1, "tol": 1e-11}
    weighted = ds.fit(ds.Dataset.from_arrays(X, y, times), **settings)
    repeated = ds.fit(ds.Dataset.from_arrays(np.repeat(X, times, axis=0), np.repeat(y, times)), **settings)
    assert weighted.loss == pytest.approx(repeated.loss, rel=1e-12)
    assert weighted.params == pytest.approx(repeated.params, abs=1e-8)


def test_every_round_lowers_the_loss_and_the_trace_tells_it():
    X, y = rows(80, 1500, loss="log")
    for form in (np.asarray, sparse.csr_array):
        run = ds.fit(ds.Dataset.from_arrays(form(X), y), loss="log", penalty="l1", alpha=0.02, tol=1e-9)
        losses = np.append(run.trace.column("loss"), run.loss)
        assert len(run.trace) == run.epochs > 1
        assert (np.diff(losses) <= 1e-14).all()
        assert np.count_nonzero(run.coef) < 80


def test_all_rows_through_blocks_and_part_of_them_find_the_same(monkeypatch):
    X, y = rows(40_000, 4, loss="log")
    alpha = 0.05 * highest(X, y, "log")
    settings = {"loss": "log", "penalty": "l1", "alpha": alpha, "tol": 1e-10}
    usual = ds.fit(ds.Dataset.from_arrays(X, y), **settings)  # its H is that of a part of the rows
    monkeypatch.setattr(coordinates, "HELD", 0)
    monkeypatch.setattr(coordinates, "BLOCK", 1000)
    assert ds.fit(ds.Dataset.from_arrays(X, y), **settings).loss == pytest.approx(usual.loss, rel=1e-12)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_correlated_columns_are_extrapolated_to_the_same_end(form):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(100, 1200)) + 3 * rng.normal(size=(100, 1))
    y = X[:, :150] @ rng.normal(size=150) / 10
    alpha = 1e-3 * highest(X, y)
    run = ds.fit(ds.Dataset.from_arrays(form(X), y), penalty="l1", alpha=alpha, tol=1e-9)
    peer = Lasso(alpha / 2, tol=1e-10, max_iter=100_000).fit(X, y)
    theirs = np.mean((peer.predict(X) - y) ** 2) + alpha * np.abs(peer.coef_).sum()
    assert run.verdict.code == "converged"
    assert run.loss <= theirs * (1 + 1e-9)


def test_the_kernels_say_the_same_compiled_and_in_python():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(30, 6))
    H, g, l1, l2 = A.T @ A, rng.normal(size=6), np.full(6, 0.3), np.full(6, 0.1)
    first, index, value = np.arange(0, 186, 30), np.tile(np.arange(30), 6), A.T.ravel().copy()
    told = []
    for kernel in (lambda k: k, compiled):
        u, slope, gram = np.zeros(6), g.copy(), H.copy()
        hardest = kernel(cycle)(gram, slope, u, l1, l2, 3, 0.0)
        D, mean, bend, v = np.full(30, 0.5), np.empty(6), np.empty(6), np.zeros(6)
        columns, pull = np.arange(6), -A @ np.linalg.solve(H, g)
        kernel(column_sizes)(first, index, value, columns, D, True, mean, bend)
        more = kernel(sweep_columns)(
            first, index, value, columns, D, D.sum(), pull, 0.0, mean, bend, v, l1, l2, columns
        )
        told.append([hardest, *u, *slope, *more, *v, *mean, *bend])
    assert told[0] == pytest.approx(told[1], rel=1e-10, abs=1e-12)


@pytest.mark.parametrize(
    "asked, said",
    [
        (lambda d: ds.fit(d, method="coordinate", loss="absolute", penalty="l1", alpha=1.0), "is not smooth"),
        (lambda d: ds.fit(d, method="coordinate", learning_rate=0.1), "no learning rate"),
        (lambda d: ds.fit(d, method="coordinate", batch_size=8), "no batch size"),
        (lambda d: ds.minimize("x^2", 1.0, method="coordinate", learning_rate="auto"), "columns of a linear"),
        (lambda d: ds.fit(ds.Dataset.from_arrays(*many_outputs()), method="coordinate"), "at most 2,000"),
        (lambda d: ds.path(ds.Dataset.from_arrays(d.X, d.X)), "there are 12"),
        (lambda d: ds.path(d, loss="quantile:0.9"), "is not smooth"),
        (lambda d: ds.path(d, penalty=None), 'penalty="l1"'),
        (lambda d: ds.path(d, penalty="l2"), "give the alphas"),
        (lambda d: ds.path(d, alphas=0), "alphas was 0"),
        (lambda d: ds.path(d, alphas=[1.0, -1.0]), "alphas was"),
        (lambda d: ds.path(d, eps=2.0), "eps was 2.0"),
    ],
)
def test_what_can_not_be_is_refused_with_what_would_work(asked, said):
    with pytest.raises(ds.DownslopeError) as error:
        asked(ds.Dataset.from_arrays(*rows()))
    assert said in str(error.value) and "\n" not in str(error.value)


def test_auto_takes_it_where_it_can_and_nesterov_elsewhere():
    X, y = rows()
    chosen = lambda y, **settings: (
        ds.fit(ds.Dataset.from_arrays(X, y), penalty="l1", alpha=0.1, epochs=3, **settings).method
    )
    assert chosen(y) == chosen(y, loss="huber") == chosen((y > 0) * 1.0, loss="log") == "coordinate"
    assert chosen(np.column_stack([y, y])) == chosen(np.digitize(y, [-0.5, 0.5]), loss="log") == "coordinate"
    assert chosen(np.column_stack([y] * 200)) == chosen(y, learning_rate=1e-3) == "nesterov"
    assert chosen(y, loss="absolute") == "nesterov"


def test_a_path_of_no_price_is_least_squares_and_l2_is_ridge():
    X, y = rows(60, 5, zeros=0.0)
    dataset = ds.Dataset.from_arrays(X, y)
    assert ds.path(dataset, alphas=[0.0]).coef[0] == pytest.approx(ds.fit(dataset).coef, abs=1e-10)
    ridge = ds.path(dataset, penalty="l2", alphas=[1.0, 0.1], tol=1e-12)
    for alpha, w in zip(ridge.alphas, ridge.coef):
        assert w == pytest.approx(Ridge(alpha * 30).fit(X, y).coef_, abs=1e-6)
    frame = ridge.to_frame()
    assert list(frame.columns[:4]) == ["alpha", "loss", "gap", "intercept"] and len(frame) == 2


def test_an_interrupt_keeps_the_last_round():
    X, y = rows(80, 1500, loss="log")
    F = ds.objective(ds.Dataset.from_arrays(X, y), "log", "l1", 0.01)
    steps = descend(F, np.zeros(F.size), ds.CoordinateDescent())
    first = next(steps)
    with pytest.raises(StopIteration) as over:
        steps.throw(KeyboardInterrupt)
    assert over.value.value.reason.code == "interrupted"
    assert np.array_equal(over.value.value.params, first.params)


@pytest.mark.parametrize("loss", ["squared", "log"])
def test_a_working_set_grows_by_what_pulls_hardest_and_h_is_of_what_moves(loss, monkeypatch):
    """A factor that all columns share makes every one of them a candidate at once."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 1200)) + rng.normal(size=(400, 1))
    z = X[:, :5].sum(axis=1)
    y = z if loss == "squared" else (z > 0).astype(float)
    sizes, grow = [(0, 0)], coordinates.Coordinates._grow

    def watched(at, *given):
        grew = grow(at, *given)
        sizes.append((len(at.working), len(at.modelled)))
        return grew

    monkeypatch.setattr(coordinates.Coordinates, "_grow", watched)
    rows = ds.Dataset.from_arrays(X, y)
    found = ds.path(rows, loss, alphas=10, eps=0.1, tol=1e-6)
    assert (found.gaps <= 1e-6 * ds.objective(rows, loss).null_value).all() and found.nonzero[-1] > 4
    working, modelled = np.array(sizes).T
    assert np.diff(working).max() <= 100 and working.max() < 1200
    assert loss == "squared" or modelled[-1] < working[-1] / 2


def test_wide_rows_are_not_multiplied_for_a_few_weights():
    rows = ds.Dataset.from_arrays(np.random.default_rng(0).normal(size=(300, 1100)), np.arange(300.0))
    for penalty, gathered in (("l1", False), ("l2", True)):
        recipe = ds.Recipe.of({"penalty": penalty, "alpha": 5.0})
        assert (recipe.term(rows).gathered is not None) == gathered

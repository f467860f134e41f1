"""Claims about nets as scikit-learn estimators, and about optimizers of torch.optim in Downslope's loop."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import make_blobs, make_moons
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import downslope as ds
from downslope.messages import speaking
from downslope.model import net_checks
from tests.builders import refused_key

torch = pytest.importorskip("torch")
optim = torch.optim
unfinished_is_fine = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# Every check of scikit-learn's that may fail, with its reason. There are no others.
EXCEPTIONS = {
    f"check_sample_weight_equivalence_on_{kind}_data": (
        "on drawn rows, a row drawn twice is not a row of weight 2; and in float32 the sums over repeated "
        "rows and over weighted ones differ in the seventh digit, where 1e-7 is asked for"
    )
    for kind in ("dense", "sparse")
}
EXACT = {"method": "lbfgs", "dtype": "float64"}
QUICK = {"epochs": 25, "learning_rate": 0.03}  # the default method, in fewer epochs


def moons(n=120):
    X, y = make_moons(n, noise=0.15, random_state=0)
    return X, np.array(["down", "up"])[y]


def waves(n=80, outputs=None):
    x = np.linspace(-3, 3, n)
    Y = np.column_stack([np.sin(x), 100 + 5 * np.cos(x)])
    X = np.column_stack([x, x[::-1] ** 2])
    return X, Y if outputs else Y[:, 0]


# ── the contract ────────────────────────────────────────────────────────────────────────────────────


def failures(estimator) -> set[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        checks = check_estimator(estimator, on_fail=None, on_skip=None)
    return {check["check_name"] for check in checks if check["status"] == "failed"}


@pytest.mark.parametrize(
    "estimator",
    [
        pytest.param(
            ds.NetClassifier(**EXACT, hidden=(4,), penalty="l2", alpha=0.01, tol=1e-13, epochs=1000),
            marks=pytest.mark.slow,
        ),
        ds.NetRegressor(**EXACT, epochs=60),
    ],
    ids=str,
)
def test_check_estimator_finds_nothing_in_an_exact_method(estimator):
    assert failures(estimator) == set()


@pytest.mark.slow
@pytest.mark.parametrize("make", [ds.NetClassifier, ds.NetRegressor])
def test_check_estimator_finds_only_the_exceptions_in_the_default_method(make):
    assert failures(make(**QUICK)) <= set(EXCEPTIONS)


@pytest.mark.slow
@pytest.mark.parametrize("make", [ds.NetClassifier, ds.NetRegressor])
def test_check_estimator_finds_only_the_exceptions_with_all_defaults(make):
    assert failures(make()) <= set(EXCEPTIONS)


@pytest.mark.parametrize("make", [ds.NetClassifier, ds.NetRegressor])
def test_parameters_are_got_set_and_cloned_as_they_were_given(make):
    model = make(hidden=[3, 2], method=ds.Adam(), learning_rate=ds.schedules.Cosine(0.1))
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(activation="gelu").activation == "gelu"


@pytest.mark.parametrize(
    "settings, key",
    [
        ({"hidden": (0,)}, "nets.hidden"),
        ({"activation": "rleu"}, "nets.activation"),
        ({"device": "tpu"}, "nets.device"),
        ({"loss": "squared"}, "estimators.net_loss_for_numbers"),
        ({"method": "newton"}, "descent.no_hessian"),
        ({"method": "lbfgs", "dropout": 0.2}, "descent.noisy"),
        ({"validation": 1.0}, "arguments.number"),
        ({"validation": 0.001}, "data.split_too_small"),
        ({"patience": 3}, "inference.patience_without_rows"),
        ({"tol": -1.0}, "arguments.number"),
    ],
)
def test_a_parameter_that_can_not_serve_is_refused_at_fit(settings, key):
    assert refused_key(ds.NetClassifier(**settings).fit, *moons()) == key


def test_a_loss_for_classes_is_refused_by_the_regressor():
    assert refused_key(ds.NetRegressor(loss="log").fit, *waves()) == "estimators.net_loss_for_classes"


def test_an_estimator_that_was_not_fitted_says_so():
    with pytest.raises(NotFittedError):
        ds.NetRegressor().predict([[1.0]])


# ── what it learns ──────────────────────────────────────────────────────────────────────────────────


def test_a_net_tells_apart_what_no_plane_can():
    X, y = moons()
    net = ds.NetClassifier(activation="tanh", epochs=100, learning_rate=0.05, random_state=0).fit(X, y)
    assert net.score(X, y) > 0.95 > ds.LinearClassifier(penalty="l2", alpha=0.01).fit(X, y).score(X, y)
    assert list(net.classes_) == ["down", "up"] and net.n_iter_ == 100
    assert net.decision_function(X).shape == (120,) and net.predict_proba(X).shape == (120, 2)
    assert np.allclose(net.predict_proba(X).sum(axis=1), 1) and net.predict_proba(X).argmax() >= 0


def test_many_classes_have_a_score_and_a_chance_each():
    X, y = make_blobs(90, centers=3, random_state=0)
    net = ds.NetClassifier(epochs=40, random_state=0).fit(X, y)
    chances = net.predict_proba(X)
    assert chances.shape == net.decision_function(X).shape == (90, 3)
    assert np.array_equal(net.classes_[chances.argmax(axis=1)], net.predict(X)) and net.score(X, y) > 0.85
    assert np.allclose(np.exp(net.predict_log_proba(X)), chances)
    assert np.allclose(net.solution_.probabilities(X), chances)


def test_a_hinge_has_no_chances():
    assert not hasattr(ds.NetClassifier(loss="squared_hinge"), "predict_proba")


@unfinished_is_fine
def test_several_outputs_are_learned_in_their_own_units():
    X, Y = waves(outputs=2)
    net = ds.NetRegressor(activation="tanh", epochs=300, random_state=0, **EXACT).fit(X, Y)
    assert net.predict(X).shape == (80, 2) and net.score(X, Y) > 0.99
    assert ds.NetRegressor(epochs=2).fit(X, Y[:, :1]).predict(X).shape == (80, 1)
    assert ds.NetRegressor(epochs=2).fit(X, Y[:, 0]).predict(X).shape == (80,)


def test_counts_are_predicted_as_means():
    X, _ = waves()
    y = np.random.default_rng(0).poisson(np.exp(0.5 * X[:, 0]))
    assert (ds.NetRegressor(loss="poisson", epochs=20).fit(X, y).predict(X) > 0).all()


def test_without_hidden_units_it_is_the_linear_model():
    X, y = make_blobs(100, centers=3, cluster_std=3, random_state=0)
    settings = {"penalty": "l2", "alpha": 0.1, "tol": 1e-10, "method": "lbfgs"}
    net = ds.NetClassifier(hidden=(), dtype="float64", epochs=500, **settings).fit(X, y)
    linear = ds.LinearClassifier(**settings).fit(X, y)
    # the gradient ends below 1e-10 of its usual size, and the penalty keeps the curvature above 0.1/σ²
    assert np.allclose(net.predict_proba(X), linear.predict_proba(X), atol=1e-7)


def test_class_weights_are_row_weights():
    X, y = moons()
    settings = {"epochs": 10, "random_state": 0}
    weighted = ds.NetClassifier(class_weight={"up": 3.0}, **settings).fit(X, y)
    by_row = ds.NetClassifier(**settings).fit(X, y, np.where(y == "up", 3.0, 1.0))
    assert np.array_equal(weighted.predict_proba(X), by_row.predict_proba(X))


def test_a_row_of_weight_zero_is_absent_to_the_last_bit():
    X, y = waves()
    weight = np.arange(80) % 3.0
    X[weight == 0] *= 1e3
    keep = weight > 0
    net = ds.NetRegressor(epochs=5, random_state=0)
    zeroed, absent = clone(net).fit(X, y, weight), clone(net).fit(X[keep], y[keep], weight[keep])
    assert np.array_equal(zeroed.predict(X), absent.predict(X))


def test_sparse_rows_are_dense_rows_if_memory_holds_them(monkeypatch):
    X, y = waves()
    net = ds.NetRegressor(epochs=5, random_state=0)
    dense, sparse = clone(net).fit(X, y), clone(net).fit(sp.csr_array(X), y)
    assert np.allclose(sparse.predict(sp.csc_array(X)), dense.predict(X), rtol=1e-5)
    monkeypatch.setattr(net_checks.memory, "free", lambda: 8 * X.size - 1.0)
    for scale in (True, False):
        few = clone(net).set_params(hidden=(), scale=scale)
        assert refused_key(few.fit, sp.csr_array(X), y) == "nets.sparse"
        rows = ds.Dataset.from_arrays(sp.csr_array(X), y)
        assert refused_key(ds.Net(()).term, rows, ds.losses.squared(), scale) == "nets.sparse"


def test_float32_rows_give_float32():
    X, y = waves()
    net = ds.NetRegressor(epochs=5, random_state=0).fit(X.astype(np.float32), y)
    assert net.predict(X.astype(np.float32)).dtype == np.float32


def test_names_of_columns_are_kept_and_checked():
    X, y = moons()
    table = pd.DataFrame(X, columns=["east", "north"])
    net = ds.NetClassifier(epochs=5).fit(table, y)
    assert list(net.feature_names_in_) == ["east", "north"] and net.solution_.features == ("east", "north")
    with pytest.raises(ValueError, match="feature names"):
        net.predict(table[["north", "east"]])


# ── several fits ────────────────────────────────────────────────────────────────────────────────────


def test_a_seed_decides_everything():
    X, y = moons()

    def chances(random_state):
        net = ds.NetClassifier(epochs=3, dropout=0.3, validation=0.2, random_state=random_state)
        return net.fit(X, y).predict_proba(X)

    assert np.array_equal(chances(3), chances(3)) and not np.array_equal(chances(3), chances(4))
    assert not np.array_equal(chances(None), chances(None))


@unfinished_is_fine
def test_a_warm_start_begins_at_the_last_weights():
    X, y = waves()
    settings = {"method": "gd", "learning_rate": 0.1, "tol": 0, "dtype": "float64", "random_state": 0}
    once = ds.NetRegressor(epochs=8, **settings).fit(X, y)
    twice = ds.NetRegressor(epochs=4, warm_start=True, **settings).fit(X, y).fit(X, y)
    assert np.allclose(twice.predict(X), once.predict(X), rtol=1e-10)
    assert refused_key(twice.set_params(hidden=(3,)).fit, X, y) == "estimators.warm_start_net"


def test_a_warm_start_after_drawn_rows_is_a_new_descent_from_the_last_weights():
    X, y = waves()
    net = ds.NetRegressor(epochs=2, dropout=0.1, warm_start=True, random_state=5).fit(X, y)
    start = dict(zip(net.solution_.names, net.solution_.params.tolist()))
    settings = {"net": ds.Net(dropout=0.1, seed=5), "tol": 1e-6, "seed": 5, "epochs": 3, "start": start}
    anew = ds.fit(ds.Dataset.from_arrays(X, y), **settings)
    net.set_params(epochs=3).fit(X, y)
    assert net.solution_.params.tobytes() == anew.params.tobytes() and net.n_iter_ == 3


def test_a_pickled_net_predicts_and_tells_the_same():
    X, y = moons()
    net = ds.NetClassifier(epochs=5).fit(X, y)
    again = pickle.loads(pickle.dumps(net))
    assert np.array_equal(again.predict_proba(X), net.predict_proba(X))
    assert again.verdict_.text == net.verdict_.text and len(again.trace_) == len(net.trace_)


def test_a_net_is_kept_as_a_run(tmp_path):
    X, y = moons()
    net = ds.NetClassifier(epochs=5).fit(X, y)
    net.solution_.save(tmp_path / "run")
    assert np.allclose(ds.load(tmp_path / "run").probabilities(X), net.predict_proba(X))


def test_early_stopping_goes_back_to_the_best_weights():
    X, y = moons()
    net = ds.NetClassifier(hidden=(50,), epochs=400, validation=0.3, patience=5, random_state=0)
    net.set_params(learning_rate=0.1).fit(X, y)
    held = net.trace_.column("validation")
    assert net.n_iter_ < 400 and net.verdict_.kind == "stopped_early"
    assert net.solution_.metrics["validation"]["log_loss"] == pytest.approx(np.nanmin(held), rel=1e-5)


def test_every_class_is_held_out_in_its_share():
    X = np.random.default_rng(0).normal(size=(50, 2))
    y = np.repeat(["many", "few", "one"], [44, 5, 1])
    net = ds.NetClassifier(epochs=2, validation=0.4).fit(X, y)
    confusion = np.array(net.solution_.metrics["validation"]["confusion"])
    assert confusion.sum(axis=1).tolist() == [2, 17, 0]


# ── how it ended ────────────────────────────────────────────────────────────────────────────────────


def test_epochs_on_drawn_rows_are_a_plan_and_on_all_rows_a_limit():
    X, y = waves()
    ds.NetRegressor(epochs=3).fit(X, y)  # warnings are errors here
    with pytest.warns(ConvergenceWarning, match="Not converged: all 3 epochs"):
        ds.NetRegressor(method="lbfgs", epochs=3).fit(X, y)


@pytest.mark.parametrize("method", [ds.GD(1e30), ds.MiniBatch(8, 1e30)], ids=["gd", "minibatch"])
def test_a_diverged_net_names_the_layer_and_keeps_finite_weights(method):
    X, y = waves()
    net = ds.NetRegressor(activation="relu", method=method, random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"not finite is that of layer\d"):
        net.fit(X, y)
    assert net.verdict_.failed and net.verdict_.numbers["where"].startswith("layer")
    assert np.isfinite(net.predict(X)).all()


def test_the_layer_is_named_where_the_gradient_first_breaks():
    class Root(torch.nn.Module):
        def forward(self, x):
            return x.clamp(min=0).sqrt()  # with an endless slope at 0

    module = torch.nn.Sequential(torch.nn.Linear(2, 3), Root(), torch.nn.Linear(3, 1)).double()
    torch.nn.init.zeros_(module[0].weight)
    torch.nn.init.zeros_(module[0].bias)
    X, y = waves()
    rows = ds.Dataset.from_arrays(X, y)
    for method in (ds.GD(0.1), ds.MiniBatch(16, 0.1)):
        verdict = ds.fit(module, rows, method=method).verdict
        assert verdict.code == "not_finite" and verdict.numbers["where"].startswith("0.")
        with speaking("zh"):
            assert verdict.numbers["where"] in str(verdict)


def test_no_net_is_advised_to_use_newton():
    rows = ds.Dataset.from_arrays(*waves())
    for settings in ({"method": ds.Adam(learning_rate=0.1)}, {"method": "lbfgs"}, {}):
        assert "newton" not in str(ds.fit(rows, net=ds.Net(), epochs=3, **settings).verdict)
    assert ds.fit(rows, net=ds.Net(), epochs=3, method="lbfgs").verdict.remedy.code == "more_epochs"
    assert ds.fit(rows, net=ds.Net(dropout=0.5), epochs=3).verdict.remedy.code == "more_epochs"


def test_a_gradient_as_small_as_was_asked_for_is_an_end():
    rows = ds.Dataset.from_arrays(*waves())
    solution = ds.fit(rows, net=ds.Net(dtype="float64"), method="lbfgs", tol=1e-2)
    assert solution.stopped == "gradient" and solution.verdict.code == "converged"


@pytest.mark.parametrize("method", ["lbfgs", "gd", ds.GD(ds.searches.Armijo())], ids=str)
def test_no_line_search_is_made_through_dropout(method):
    rows = ds.Dataset.from_arrays(*waves())
    assert refused_key(ds.fit, rows, net=ds.Net(dropout=0.5), method=method) == "descent.noisy"


def test_the_size_of_batches_is_adams_for_a_net():
    rows = ds.Dataset.from_arrays(*waves())
    solution = ds.fit(rows, net=ds.Net(), batch_size=20, epochs=2)
    assert solution.method == "adam" and solution.trace.updates == 8


# ── among scikit-learn's own ────────────────────────────────────────────────────────────────────────


def test_searches_pipelines_and_cross_validation_take_nets():
    X, y = moons()
    pipeline = make_pipeline(StandardScaler(), ds.NetClassifier(epochs=20, learning_rate=0.05))
    assert cross_val_score(pipeline, X, y, cv=3).min() > 0.7
    search = GridSearchCV(pipeline, {"netclassifier__hidden": [(), (4,)]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.7


def test_weights_are_routed_through_a_search_of_pipelines():
    X, y = moons()
    with config_context(enable_metadata_routing=True):
        net = ds.NetClassifier(epochs=3).set_fit_request(sample_weight=True)
        net.set_score_request(sample_weight=True)
        search = GridSearchCV(make_pipeline(StandardScaler().set_fit_request(sample_weight=False), net), {})
        assert search.fit(X, y, sample_weight=np.ones(len(y))).best_score_ > 0


# ── torch.optim ─────────────────────────────────────────────────────────────────────────────────────


def a_module(k=1, bias=True):
    torch.manual_seed(0)
    layers = torch.nn.Linear(2, 6, bias=bias), torch.nn.Tanh(), torch.nn.Linear(6, k, bias=bias)
    return torch.nn.Sequential(*layers).double()


PAIRS = {
    "sgd": (ds.GD(0.05), lambda p: optim.SGD(p, lr=0.05)),
    "momentum": (ds.Momentum(0.9, 0.02), lambda p: optim.SGD(p, lr=0.02, momentum=0.9)),
    "nesterov": (ds.Nesterov(0.9, 0.02), lambda p: optim.SGD(p, lr=0.02, momentum=0.9, nesterov=True)),
    "adagrad": (ds.Adagrad(0.1), lambda p: optim.Adagrad(p, lr=0.1)),
    "rmsprop": (ds.RMSprop(0.99, 0.01), lambda p: optim.RMSprop(p, lr=0.01)),
    "adam": (ds.Adam(0.9, 0.01), lambda p: optim.Adam(p, lr=0.01)),
    "adamw": (ds.AdamW(0.01, 0.01), lambda p: optim.AdamW(p, lr=0.01, weight_decay=0.01)),
}


def test_every_moving_direction_has_its_partner_here():
    found = ds.directions.DIRECTIONS.items()
    moving = {name for name, kind in found if not issubclass(kind, ds.directions.SearchDirection)}
    assert moving - {"steepest"} == set(PAIRS) - {"sgd"}


def the_plain_loop(factory, loss, bias):
    """What a user of PyTorch would write, 50 updates on all rows: weights after each.  (50, p)"""
    X, y = waves()
    X = torch.from_numpy(X / np.abs(X).max(axis=0))
    module = a_module(bias=bias)
    optimizer, path = factory(list(module.parameters())), []
    for _ in range(50):
        optimizer.zero_grad()
        z = module(X)[:, 0]
        if loss == "squared":
            value = torch.nn.functional.mse_loss(z, torch.from_numpy(y))
        else:
            value = torch.nn.functional.binary_cross_entropy_with_logits(z, torch.from_numpy((y > 0) * 1.0))
        value.backward()
        optimizer.step()
        path.append(torch.cat([p.detach().reshape(-1) for p in module.parameters()]).numpy().copy())
    return np.array(path)


def ours(method, loss, bias):
    X, y = waves()
    rows = ds.Dataset.from_arrays(X / np.abs(X).max(axis=0), y if loss == "squared" else (y > 0) * 1.0)
    trace = ds.fit(a_module(bias=bias), rows, loss=loss, method=method, epochs=50, tol=0).trace
    assert len(trace) == 50
    return trace


@pytest.mark.sample(5)
@pytest.mark.parametrize("loss", ["squared", "log"])
@pytest.mark.parametrize("name", PAIRS)
def test_fifty_updates_in_lockstep_with_torch_optim(name, loss):
    method, factory = PAIRS[name]
    bias = name != "adamw"  # torch's decay pulls biases too, and ours leaves them free
    path = the_plain_loop(factory, loss, bias)
    own, handed_over = ours(method, loss, bias), ours(factory, loss, bias)
    assert np.allclose(own.column("params"), path, rtol=0, atol=1e-12)
    assert np.allclose(handed_over.column("params"), path, rtol=0, atol=1e-12)
    for field in ("loss", "gradient_norm", "learning_rate"):
        assert np.allclose(handed_over.column(field), own.column(field), rtol=1e-11, atol=0)
    assert np.array_equal(handed_over.column("epoch"), own.column("epoch"))


def test_an_optimizer_on_batches_walks_as_ours_does():
    X, y = waves()
    rows = ds.Dataset.from_arrays(X, y)
    pair = ds.Adam(learning_rate=0.01).with_rows(32), ds.TorchOptimizer(PAIRS["adam"][1], ds.Batch(32))
    for settings in ({"net": ds.Net(dtype="float64")}, {}):  # a net, and a linear model
        first, second = (
            ds.fit(rows, method=m, epochs=4, tol=0, loss="huber", **settings).trace for m in pair
        )
        assert np.allclose(first[-1].params, second[-1].params, rtol=1e-11)
    assert second.updates == 12
    batched = ds.fit(rows, method=PAIRS["adam"][1], batch_size=32, epochs=4, tol=0, loss="huber").trace
    assert np.array_equal(batched.column("params"), second.column("params"))


def test_a_scheduler_steps_once_an_epoch_and_the_trace_has_its_rate():
    def halved(p):
        optimizer = optim.SGD(p, lr=0.08)
        return optimizer, optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)

    rows = ds.Dataset.from_arrays(*waves())
    trace = ds.fit(rows, net=ds.Net(), method=ds.TorchOptimizer(halved, ds.Batch(40)), epochs=4).trace
    assert trace.column("learning_rate").tolist() == [0.08] * 4 + [0.04] * 4
    trace = ds.fit(rows, net=ds.Net(), method=halved, epochs=4).trace
    assert trace.column("learning_rate").tolist() == [0.08, 0.08, 0.04, 0.04]


def test_a_plateau_is_told_the_objective():
    def careful(p):
        optimizer = optim.SGD(p, lr=3.0)
        return optimizer, optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.1, patience=0)

    rows = ds.Dataset.from_arrays(*waves())
    assert ds.fit(rows, method=careful, epochs=30).trace[-1].learning_rate < 3.0


def test_an_estimator_takes_an_optimizer():
    X, y = moons()
    net = ds.NetClassifier(method=optim.RAdam, batch_size=16, epochs=60, random_state=0).fit(X, y)
    assert net.solution_.method == "torch" and net.trace_[-1].learning_rate == 1e-3
    assert net.solution_.loss < 0.95 * net.trace_[0].loss


def test_partial_fit_goes_on_with_the_optimizers_memory():
    X, y = waves()
    method = ds.TorchOptimizer(PAIRS["momentum"][1], ds.Batch(20, "cyclic"))
    pieces = ds.LinearRegressor(method=method, random_state=0)
    for _ in range(3):
        pieces.partial_fit(X, y)
    whole = ds.LinearRegressor(method=method, epochs=3, random_state=0)
    with pytest.warns(ConvergenceWarning):
        whole.fit(X, y)
    assert np.array_equal(pieces.coef_, whole.coef_)


def test_an_optimizer_that_can_not_serve_is_refused(tmp_path):
    rows = ds.Dataset.from_arrays(*waves())
    adam = PAIRS["adam"][1]
    other = torch.nn.Parameter(torch.zeros(3))
    for key, method in {
        "inference.closure": optim.LBFGS,
        "inference.not_called": ds.Adam,
        "inference.no_optimizer": lambda p: 3,
        "inference.bound_optimizer": optim.Adam([other]),
    }.items():
        assert refused_key(ds.fit, rows, method=method) == key
    assert refused_key(ds.fit, rows, method=lambda p: optim.Adam([other])) == "inference.bound_optimizer"
    assert refused_key(ds.fit, rows, method=adam, learning_rate=0.1) == "descent.takes_no_rate"
    assert refused_key(ds.fit, rows, method=adam, penalty="l1", alpha=0.1) == "descent.kink"
    solution = ds.fit(rows, method=adam, epochs=2)
    assert refused_key(solution.save, tmp_path / "run") == "inference.optimizer_kept"
    assert not (tmp_path / "run").exists() and not list(tmp_path.iterdir())


@pytest.mark.parametrize("threshold", [0.7, pytest.param("cost:1:5", marks=pytest.mark.slow)])
def test_a_net_parts_two_classes_at_its_threshold_and_a_run_keeps_it(tmp_path, threshold):
    X, y = make_moons(200, noise=0.5, random_state=0)
    settings = {"hidden": (3,), "method": "lbfgs", "tol": 1e-2, "random_state": 0}
    net = ds.NetClassifier(threshold=threshold, **settings).fit(X, y)
    cut = net.solution_.decision.threshold
    assert cut > 0.5
    above = net.predict_proba(X)[:, 1] > cut
    assert np.array_equal(net.predict(X), net.classes_[above.astype(int)])
    assert 0 < above.sum() < (net.predict_proba(X)[:, 1] > 0.5).sum()
    net.solution_.save(tmp_path / "run")
    assert np.array_equal(ds.load(tmp_path / "run").predict(X), net.predict(X))
    again = pickle.loads(pickle.dumps(net))
    assert np.array_equal(again.predict(X), net.predict(X))
    runtime = pytest.importorskip("onnxruntime")
    ds.export_onnx(net.solution_, tmp_path / "model.onnx")
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"))
    given = {one.name: X[:, [j]] for j, one in enumerate(session.get_inputs())}
    given = given if len(given) > 1 else {next(iter(given)): X}
    assert np.array_equal(np.ravel(session.run(None, given)[0]), net.predict(X))

"""Verdicts on linear models and nets agree with the gap, the score and the gradient beside them."""

from dataclasses import replace

import numpy as np
import pytest

import downslope as ds
from downslope.descent.stops import Reason
from downslope.inference import Recipe, Training
from downslope.insight import explain
from downslope.insight.verdicts import FAILURES

pytestmark = pytest.mark.filterwarnings("ignore::downslope.errors.DownslopeWarning")
rows_of = ds.Dataset.from_arrays


def linear(n=200, d=3, noise=0.5, level=7.0, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return X, X @ np.arange(1.0, d + 1) + noise * rng.normal(size=n) + level


# ── agreement: verdict, gap, R², gradient ──────────────────────────────────────────────────────────────────

FAR = {
    "years": lambda rng: np.repeat(np.arange(2019.0, 2024.0), 20),
    "kelvin": lambda rng: 288 + 0.05 * rng.normal(size=100),
    "level": lambda rng: 3000 + rng.normal(size=100),
    "mixed": lambda rng: 1e6 + 3 * rng.normal(size=100),
}


@pytest.mark.fault("E1")
@pytest.mark.parametrize("method", ["gd", "momentum", "nesterov", "adam", "lbfgs", "newton", "coordinate"])
@pytest.mark.parametrize("kind", FAR)
def test_converged_stands_never_beside_a_gap_that_says_otherwise(kind, method):
    rng = np.random.default_rng(0)
    x = FAR[kind](rng)
    y = (x - x.mean()) / x.std() * 10 + rng.normal(size=100)
    found = ds.fit(rows_of(x[:, None], y), method=method, scale=False, epochs=400)
    right = found.metrics["training"]["r2"] > 0.98
    assert right if found.verdict.code == "converged" else found.verdict.remedy is not None
    assert found.verdict.code != "converged" or found.gap <= 1e-6 * y.var()
    if not right:
        mended = found.verdict.apply()
        assert mended.verdict.code == "converged" and mended.metrics["training"]["r2"] > 0.98


@pytest.mark.fault("E1", "D4")
@pytest.mark.parametrize("loss", ["squared", "log", "huber", "poisson", "squared_hinge"])
@pytest.mark.parametrize("method", ["sgd", "minibatch:16", "gd", "adam"])
def test_a_gap_is_never_more_than_the_loss_above_its_floor(loss, method):
    X, z = linear(level=0.0, noise=2.0)
    y = {"log": z > 0, "squared_hinge": z > 0, "poisson": np.random.default_rng(1).poisson(2.0, 200)}.get(
        loss, z
    )
    for alpha in (1e-9, 1e-5, 1e-2):
        rate = 1e-3 if loss == "poisson" else "auto"
        settings = {"method": method, "learning_rate": rate, "penalty": "l2", "alpha": alpha, "epochs": 15}
        found = ds.fit(rows_of(X, np.asarray(y, float)), loss=loss, **settings)
        if found.gap is None:
            continue
        floor = 0.0 if loss != "poisson" else np.mean(y - np.where(y > 0, y * np.log(np.maximum(y, 1)), 0))
        assert 0 <= found.gap <= found.loss - floor + 1e-9
        best = ds.fit(rows_of(X, np.asarray(y, float)), loss=loss, penalty="l2", alpha=alpha).loss
        assert found.loss - best <= found.gap + 1e-9
        assert all(step.gap is None or step.gap <= step.objective - floor + 1e-9
                   for step in found.trace if step.objective is not None)  # fmt: skip


@pytest.mark.fault("D6")
@pytest.mark.filterwarnings("ignore:overflow")
def test_a_loss_beyond_the_largest_number_is_no_solution():
    X, y = linear()
    found = ds.fit(rows_of(X, y * 1e200)).verdict
    assert found.code == "not_finite" and "Overflow" in found.text and found.failed


@pytest.mark.fault("B5")
@pytest.mark.parametrize(
    "method, penalty", [("coordinate", "l1"), ("newton", None), ("lbfgs", None), ("gd", None)]
)
def test_a_method_without_a_learning_rate_is_never_told_to_take_a_smaller_one(method, penalty):
    X, y = linear()
    training = Training.on_rows(
        rows_of(X, y), Recipe(method=method, penalty=penalty, alpha=0.1 if penalty else 0.0, epochs=1)
    )
    end = [*training] and training.paused.end
    stuck = replace(end, reason=Reason("no_progress"), gap=1.0, stationarity=1.0)
    known = (training.objective, training.method, training.trace, training.recipe)
    found = explain(stuck, *known)
    assert found.code == "no_progress" and all(remedy.code != "smaller_rate" for remedy in found.remedies)


# ── what went wrong, by its name ───────────────────────────────────────────────────────────────────────────


@pytest.mark.fault("E10")
@pytest.mark.parametrize(
    "loss, penalty", [("squared", "l1"), ("huber", None), ("huber", "l1"), ("log", "l1")]
)
@pytest.mark.parametrize("excess", [1.02, 1.5])
def test_a_rate_beyond_its_bound_is_named(loss, penalty, excess):
    X, y = linear(noise=2.0)
    rows = rows_of(X, (y > 7) if loss == "log" else y)
    L = ds.certify(ds.objective(rows, loss=loss)).L
    settings = {"penalty": penalty, "alpha": 0.01 if penalty else 0.0, "epochs": 300}
    found = ds.fit(rows, loss=loss, method="gd", learning_rate=excess * 2 / L, **settings).verdict
    assert "so close to its bound" not in found.text
    if found.code != "converged":
        assert found.numbers["excess"] == pytest.approx(excess, rel=1e-3) and "times its bound" in found.text


@pytest.mark.fault("E11")
@pytest.mark.parametrize("epochs", [20, 40, 80])
def test_a_transient_of_momentum_is_no_divergence(epochs):
    rows = rows_of([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
    lesson = {"intercept": False, "scale": False, "start": {"x": 1.0}, "epochs": epochs}
    bound = 1.9 * 2 / (28 / 3)
    assert (
        ds.fit(rows, method="momentum:0.9", learning_rate=0.9999 * bound, **lesson).verdict.code
        not in FAILURES
    )
    over = ds.fit(
        rows, method="momentum:0.9", learning_rate=1.001 * bound, **lesson | {"epochs": 3000}
    ).verdict
    assert over.code == "diverged"


@pytest.mark.fault("B3")
@pytest.mark.parametrize("formula, start, rate", [("x^2", 10.0, 1.1), ("3*x^2 + y^2", [1.0, 2.0], 0.36),
                                                  ("(x - 1)^2 + 5", 3.0, 1.01)])  # fmt: skip
def test_a_function_that_grows_from_step_to_step_diverges(formula, start, rate):
    found = ds.minimize(formula, start, method="gd", learning_rate=rate, epochs=30)
    assert found.verdict.code == "diverged" and not found.verdict.apply().verdict.failed


@pytest.mark.sample(4)
@pytest.mark.fault("E4")
@pytest.mark.parametrize("classes", [False, True])
@pytest.mark.parametrize("size", [1, 16, 32, 64, 100])
def test_sorted_rows_in_batches_are_named(size, classes):
    X, y = linear(n=300, noise=2.0)
    y = (y > y.mean()).astype(float) if classes else y
    order = np.argsort(y, kind="stable")
    settings = {
        "loss": "log" if classes else "squared",
        "learning_rate": 0.5 if classes else 0.05,
        "epochs": 60,
    }
    settings |= {"method": f"minibatch:{size}", "order": "cyclic"}
    found = ds.fit(rows_of(X[order], y[order]), **settings).verdict
    assert found.code == ("sorted_rows" if size < 100 else found.code)  # three batches may arrive
    mixed = np.random.default_rng(size).permutation(300)
    assert ds.fit(rows_of(X[mixed], y[mixed]), **settings).verdict.code != "sorted_rows"


def conditioned(kappa, classes, n=200, d=4):
    """Rows whose columns have the condition κ, standardised inside or not."""
    rng = np.random.default_rng(1)
    Q = np.linalg.qr(rng.normal(size=(n, d)))[0] * np.sqrt(n)
    V = np.linalg.qr(rng.normal(size=(d, d)))[0]
    X = Q * np.geomspace(1, 1 / np.sqrt(kappa), d) @ V
    y = X @ rng.normal(size=d) * 2 + 0.5 * rng.normal(size=n)
    return rows_of(X, (y > 0).astype(float) if classes else y)


@pytest.mark.sample(6)
@pytest.mark.fault("E9")
@pytest.mark.parametrize("part", [0.3, 1.0, 1.33, 1.9])
@pytest.mark.parametrize("method", ["gd", "momentum:0.9", "momentum:0.5", "nesterov", "rmsprop"])
@pytest.mark.parametrize("loss", ["squared", "log", "huber"])
@pytest.mark.parametrize("kappa", [5, 100])
def test_with_the_epochs_that_are_told_it_arrives(kappa, loss, method, part):
    rows = conditioned(kappa, loss == "log")
    rate = 0.01 * part if method == "rmsprop" else part / ds.certify(ds.objective(rows, loss=loss)).L
    settings = {"loss": loss, "method": method, "learning_rate": rate}
    for epochs in (10, 50):
        found = ds.fit(rows, **settings, epochs=epochs).verdict
        if found.kind == "epochs_more":
            [told] = [one.change["epochs"] for one in found.remedies if set(one.change or ()) == {"epochs"}]
            again = ds.fit(rows, **settings, epochs=told)
            assert again.verdict.code == "converged", (told, again.verdict.text)
            assert told <= 8 * again.epochs + 20


@pytest.mark.sample(2)
@pytest.mark.fault("E3", "D3")
@pytest.mark.parametrize("seed", range(6))
def test_overfitting_shows_in_few_validation_rows_with_heavy_tails(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(85, 40))
    y = X[:, 0] + rng.standard_t(2.5, size=85)
    rows, held = rows_of(X[:60], y[:60]), rows_of(X[60:], y[60:])
    for settings in ({"net": ds.Net((30,)), "method": "adam"}, {"method": "gd"}):
        found = ds.fit(rows, validation=held, epochs=1500, **settings)
        seen = [step.validation for step in found.trace if step.validation is not None]
        if seen[-1] > 3 * min(seen):
            assert found.verdict.code == "overfitting" and found.verdict.remedy.change == {"patience": 10}


@pytest.mark.fault("E2")
@pytest.mark.parametrize("level", [0.0, 7.0, -300.0])
@pytest.mark.parametrize("method", ["lbfgs", "gd", "adam"])
def test_a_dead_net_is_a_plateau_whatever_the_level_of_y(level, method):
    X, y = linear(level=level)
    net = ds.Net((8,), "relu")
    first = ds.fit(rows_of(X, y), net=net, method="gd", learning_rate=1e-4, epochs=1)
    dead = {name: -100.0 for name in first.names if "layer1.bias" in name}
    start = {**dict(zip(first.names, first.params)), **dead, first.names[-1]: level}
    rate = {"gd": 0.01, "adam": 0.05}.get(method, "auto")
    found = ds.fit(rows_of(X, y), net=net, method=method, learning_rate=rate, epochs=600, start=start)
    assert found.loss > 0.99 * y.var() and found.verdict.code == "plateau"


@pytest.mark.fault("D10", "E5")
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
@pytest.mark.parametrize("method", ["gd", "minibatch:32", "adam"])
@pytest.mark.parametrize("rate", [1e2, 1e6, 1e30])
def test_a_net_at_a_huge_rate_has_no_answer_and_says_what_to_do(rate, method, activation):
    X, y = linear()
    found = ds.fit(rows_of(X, y), net=ds.Net((8,), activation), method=method, learning_rate=rate, epochs=30)
    assert found.verdict.code in FAILURES and found.verdict.remedy is not None
    text, numbers = found.verdict.text, found.verdict.numbers
    assert "grew" not in text or not numbers["loss"] <= found.trace[0].loss
    assert "loss or a slope" not in text
    calmer = [remedy.change["learning_rate"] for remedy in found.verdict.remedies if remedy.code == "calmer"]
    for one in calmer:  # a first step goes down
        again = ds.fit(rows_of(X, y), net=ds.Net((8,), activation), method=method.partition(":")[0].replace(
            "minibatch", "gd"), learning_rate=one, epochs=1)  # fmt: skip
        assert again.loss <= again.trace[0].loss


@pytest.mark.fault("E1", "A7")
@pytest.mark.parametrize("loss", ["absolute", "quantile:0.3"])
@pytest.mark.parametrize("penalty", [None, "l2", "l1"])
def test_a_gradient_that_is_not_zero_is_never_called_so(loss, penalty):
    X, y = linear(n=40, noise=2.0)
    found = ds.fit(rows_of(X, y), loss=loss, penalty=penalty, alpha=0.01 if penalty else 0.0).verdict
    if found.code == "converged" and found.numbers["gradient"] > 1e-3:
        assert found.kind in ("proved", "rounded") and "effectively zero" not in found.text

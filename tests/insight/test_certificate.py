"""What is said before a descent is what the descent then does."""

import json
import math

import numpy as np
import pytest
import scipy.sparse as sp

import downslope as ds
from downslope import cli
from downslope.descent import methods
from downslope.errors import DownslopeError
from downslope.insight import certificate
from downslope.insight.prediction import predict_run
from downslope.messages import speaking
from downslope.model import linear

ROWS = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
PLAIN = ds.Linear(intercept=False, scale=False)


def random_objective(seed):
    """1 to 6 columns of unlike size: scaled or not, with intercept or not, sparse or not, with L2 or not."""
    draw = np.random.default_rng(seed)
    n, d = int(draw.integers(20, 60)), int(draw.integers(1, 7))
    X = draw.standard_normal((n, d)) * 10 ** draw.uniform(-1.5, 1.5, d) + draw.uniform(-1, 1, d)
    if seed % 3 == 2:
        X = X * (draw.random((n, d)) < 0.4)
        X[0] = 1.0  # no column is empty
    y = X @ draw.standard_normal(d) + draw.standard_normal(n)
    rows = ds.Dataset.from_arrays(sp.csr_matrix(X) if seed % 3 == 2 else X, y)
    model = ds.Linear(intercept=bool(seed // 2 % 2), scale=bool(seed % 2))
    penalty = {"penalty": "l2", "alpha": 0.3} if seed % 5 == 0 else {}
    return ds.objective(rows, model=model, **penalty)


def descended(objective, start, rate, steps, beta=0.0):
    """F along a descent: by hand, so that nothing stops it."""
    w, v, told = start.copy(), np.zeros_like(start), []
    for _ in range(steps):
        point = objective.value_and_gradient(w)
        told.append(point.value)
        v = beta * v + point.gradient
        w = w - rate * v
    return np.array([*told, objective.value(w)]), w


@pytest.mark.sample(40)
@pytest.mark.parametrize("seed", range(200))
def test_two_over_L_is_safe_and_tight(seed):
    objective = random_objective(seed)
    known = ds.certify(objective)
    best = objective.solved().theta.ravel().astype(float)
    H = objective.hessian(objective.value_and_gradient(best))
    values, vectors = np.linalg.eigh(H)
    assert abs(known.L / values[-1] - 1) < 0.01
    assert known.mu == pytest.approx(values[0], rel=1e-6, abs=1e-12 * known.L)
    top = vectors[:, -1]
    start = best + vectors.sum(axis=1)
    safe, _ = descended(objective, start, 0.99 * known.step_bound, 60)
    assert (np.diff(safe) <= 1e-12 * safe[0]).all() and safe[-1] < safe[0]
    beyond, end = descended(objective, start, 1.01 * known.step_bound, 800)
    lowest = objective.value(best)
    assert beyond[-1] - lowest > 1e6 * (beyond[0] - lowest)  # 1.02¹⁶⁰⁰ = 6·10¹³, times the top's share
    away = (end - best) / np.linalg.norm(end - best)
    near_top = vectors[:, values > values[-1] / 1.01]  # ways that diverge as well, if any
    assert np.linalg.norm(near_top.T @ away) > 0.999 and abs(top @ away) > 0.5


def test_one_column_in_numbers():
    known = ds.certify(ds.objective(ROWS, model=PLAIN), learning_rate=0.3)
    assert known.step_bound == 2 / known.L == pytest.approx(3 / 14)
    assert known.row_step == pytest.approx(1 / 18)  # 2·3² is the curvature of the steepest row
    assert (known.condition, known.zone, known.epochs()) == (1.0, "diverging", 1)
    assert known.factor == pytest.approx(-1.8)


def conditioned(condition, size=5):
    """A quadratic over rows whose Hessian has eigenvalues from 1 to κ, evenly in their logarithm."""
    draw = np.random.default_rng(7)
    n = 40
    Q, _ = np.linalg.qr(draw.standard_normal((n, size)))
    V, _ = np.linalg.qr(draw.standard_normal((size, size)))
    wanted = np.geomspace(1, condition, size)
    X = Q * np.sqrt(n * wanted / 2) @ V.T
    return ds.objective(ds.Dataset.from_arrays(X, X @ np.ones(size) + draw.standard_normal(n)), model=PLAIN)


@pytest.mark.parametrize("condition", [3.0, 30.0, 300.0])
@pytest.mark.parametrize("method", ["gd", "gd at a rate", "momentum", "nesterov"])
def test_predicted_epochs_are_within_a_fifth_of_the_actual(condition, method):
    objective = conditioned(condition)
    known = ds.certify(objective, tolerance=1e-10)
    assert known.condition == pytest.approx(condition)
    best = objective.solved().theta.ravel().astype(float)
    lowest = objective.value(best)
    values, vectors = np.linalg.eigh(objective.hessian(objective.value_and_gradient(best)))
    start = best + 1e3 * vectors @ values**-0.5  # every eigenvector has the same share of F − F*
    name, rate = method.partition(" ")[0], 0.7 / known.L if " " in method else None
    predicted = known.epochs(name, rate)
    steps = int(1.5 * predicted) + 5
    if name == "gd":
        told, _ = descended(objective, start, rate or known.best_step, steps)
    elif name == "momentum":
        told, _ = descended(objective, start, known.momentum_step, steps, known.momentum)
    else:
        beta, x, y, told = math.sqrt(known.momentum), start, start, []
        for _ in range(steps):
            told.append(objective.value(x))
            ahead = y - objective.value_and_gradient(y).gradient / known.L
            x, y = ahead, ahead + beta * (ahead - x)
    gap = (np.array(told) - lowest) / (told[0] - lowest)
    actual = int(np.flatnonzero(gap > 1e-10)[-1]) + 1
    assert predicted == pytest.approx(actual, rel=0.2, abs=1)


def test_newton_needs_one_step():
    objective = conditioned(300.0)
    point = objective.value_and_gradient(np.ones(5) * 9)
    w = point.theta - np.linalg.solve(objective.hessian(point), point.gradient)
    assert ds.certify(objective).epochs("newton") == 1
    assert objective.value(w) == pytest.approx(objective.value(objective.solved().theta.ravel()), rel=1e-10)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_noise_floor_is_within_a_factor_of_two_of_a_measured_run(share):
    draw = np.random.default_rng(3)
    X = draw.standard_normal((100, 3)) * [1, 2, 0.5]
    rows = ds.Dataset.from_arrays(X, X @ [1.0, -2.0, 3.0] + draw.standard_normal(100))
    objective = ds.objective(rows)
    known = ds.certify(objective)
    rate = share * known.row_step
    solution = ds.fit(
        rows, method="sgd", order="replacement", learning_rate=rate, epochs=2000, tol=0.0, seed=1
    )
    ends = np.array([objective.to_inner(step.params) for step in solution.trace][200:])
    measured = objective.values(ends).mean() - objective.value(objective.solved().theta.ravel())
    assert measured / 2 < known.noise_floor(rate) < 2 * measured


def test_the_columns_to_blame_are_named():
    draw = np.random.default_rng(0)
    a, b, c = draw.standard_normal((3, 200))
    y = a + b + c
    alike = ds.Dataset.from_arrays(np.column_stack([a, b, a + 0.01 * c]), y, features=["a", "b", "a_again"])
    cause = ds.certify(ds.objective(alike)).cause
    assert cause.kind == "correlation" and set(cause.columns) == {"a", "a_again"}
    large = ds.Dataset.from_arrays(np.column_stack([a, 1000 * b, 0.1 * c]), y, features=["a", "b", "c"])
    cause = ds.certify(ds.objective(large, model=ds.Linear(scale=False))).cause
    assert cause.kind == "scale" and cause.columns == ("b", "c")
    assert cause.ratio == pytest.approx(10_000, rel=0.3)
    assert ds.certify(ds.objective(large)).cause is None
    level = ds.Dataset.from_arrays(np.column_stack([a, np.ones(200)]), y, features=["a", "same"])
    for scale in (True, False):
        known = ds.certify(ds.objective(level, model=ds.Linear(scale=scale)))
        assert known.cause.columns == ("same",) and known.flat == 1 and math.isinf(known.condition)


def test_duplicate_columns_leave_a_level_way_and_still_a_number_of_epochs():
    x = np.random.default_rng(0).standard_normal(50)
    known = ds.certify(ds.objective(ds.Dataset.from_arrays(np.column_stack([x, x]), x)))
    assert known.flat == 1 and known.mu == 0 and known.slowest > 0
    assert math.isfinite(known.epochs("gd"))


def test_what_is_not_known_is_said_to_be_so():
    absolute = ds.certify(ds.objective(ROWS, loss="absolute"))
    counts = ds.certify(ds.objective(ROWS, loss="poisson"))
    assert math.isinf(counts.L) and counts.lines() == absolute.lines()
    assert math.isinf(absolute.L) and len(absolute.lines()) == 1 and absolute.to_json()["L"] is None
    with pytest.warns(ds.DownslopeWarning):
        rough = ds.certify(lambda x: float(np.cosh(x)), at=1.0)
    assert rough.kind == "unknown" and rough.zone is None and math.isnan(rough.step_bound)
    classes = ds.objective(ds.Dataset.from_arrays([[0.0], [1.0], [2.0]], [0, 1, 1]), loss="log")
    bounded = ds.certify(classes, learning_rate=100.0)
    assert (bounded.kind, bounded.zone) == ("bound", "unproven") and math.isnan(bounded.epochs())


def test_the_bound_of_a_strongly_convex_loss_holds():
    """Log loss with an L2 price and no intercept: μ = α, and gd needs no more epochs than are told."""
    draw = np.random.default_rng(2)
    X = draw.standard_normal((60, 3))
    rows = ds.Dataset.from_arrays(X, (X[:, 0] + draw.standard_normal(60) > 0).astype(int))
    objective = ds.objective(rows, "log", "l2", 0.1, PLAIN)
    known = ds.certify(objective)
    start = np.full(3, 5.0)
    told, _ = descended(objective, start, known.best_step, 4000)
    gap = (told - told[-1]) / (told[0] - told[-1])
    assert known.mu == pytest.approx(0.1)
    assert int(np.flatnonzero(gap <= 1e-6)[0]) <= known.epochs("gd") < 4000


def test_a_function_is_judged_by_its_hessian_at_a_place():
    known = ds.certify("x^2 + 50*y^2", learning_rate=0.015)
    assert (known.kind, known.L, known.mu, known.zone) == ("quadratic", 100.0, 2.0, "oscillating")
    quartic = ds.certify("x^4 + y^2", at={"x": 2, "y": 0})
    assert (quartic.kind, quartic.L, quartic.mu) == ("local", 48.0, 2.0) and "x = 2" in quartic.lines()[0]
    saddle = ds.certify("x^2 - y^2")
    assert saddle.mu == -2.0 and math.isnan(saddle.epochs())
    with pytest.raises(DownslopeError, match="depends on the point"):
        ds.certify("x^4")


@pytest.mark.parametrize("asked", [{"learning_rate": 0.0}, {"learning_rate": math.nan}, {"tolerance": 2.0}])
def test_nonsense_is_refused(asked):
    with pytest.raises(DownslopeError):
        ds.certify(ds.objective(ROWS), **asked)


@pytest.mark.parametrize(
    "options, words",
    [
        ([], ["κ"]),
        (["--learning-rate", "0.3"], ["1.8", "diverging"]),
        (["--learning-rate", "0.05"], ["monotone"]),
        (["--learning-rate", "0.15"], ["oscillating"]),
        (["--learning-rate", "0.3", "--lang", "zh"], ["发散区"]),
        (["--loss", "absolute"], ["infinite"]),
        (["--penalty", "l2", "--alpha", "0.1"], ["9.43333"]),
    ],
)
def test_the_command_tells_it(options, words, capsys, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_LANG", "en")
    told = ["certify", "examples/rows.csv", "--target", "y", "--no-intercept", "--no-scale", *options]
    assert cli.main(told) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in words)


def test_the_command_tells_it_in_json(capsys):
    told = ["certify", "examples/rows.csv", "--target", "y", "--no-intercept", "--no-scale", "--json"]
    assert cli.main(told) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["step_bound"] == pytest.approx(0.2142857, rel=1e-6) and found["epochs"]["gd"] == 1


@pytest.mark.parametrize("rate", ["fast", "-1", "nan"])
def test_the_command_refuses_a_rate_in_one_line(rate, capsys):
    told = ["certify", "examples/rows.csv", "--target", "y", f"--learning-rate={rate}"]
    assert cli.main(told) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_kind_of_certificate_has_its_words(lang):
    draw = np.random.default_rng(1)
    X = draw.standard_normal((30, 2))
    rows = ds.Dataset.from_arrays(X, X.sum(axis=1) + draw.standard_normal(30))
    with speaking(lang):
        for known in (
            ds.certify(ds.objective(rows), learning_rate=0.1),
            ds.certify(ds.objective(rows, "huber:1")),
            ds.certify(ds.objective(rows, penalty="l1", alpha=0.1)),
            ds.certify(ds.objective(rows).reduced()),
            ds.certify("x^4", at=0.0),
            ds.certify("x^4", at=1.0),
            ds.certify("x^2 - y^2"),
        ):
            assert all("{" not in line for line in known.lines())
            json.dumps(known.to_json(), allow_nan=False)


@pytest.mark.sample(8)
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("method", ["gd", "momentum:0.8", "nesterov:0.8"])
def test_a_descent_takes_the_epochs_that_are_foreseen_from_its_start(method, seed):
    """From the eigenvectors of H and this very start, not from the worst."""
    objective = random_objective(seed)
    start = np.random.default_rng(seed).standard_normal(objective.size)
    method = methods.by_name(method).with_rate(0.9 / objective.lipschitz)
    foreseen = predict_run(objective, method, objective.to_user(start), tolerance=1e-4)
    steps = int(min(1.5 * foreseen.epochs + 5, 3000))
    trace = list(ds.descend(objective, objective.to_user(start), method, ds.stops.Epochs(steps)))
    heights = np.array([step.loss for step in trace]) - objective.value(objective.solved().theta)
    above = np.flatnonzero(heights > 1e-4 * heights[0])
    if foreseen.epochs > steps:  # too flat to wait for: then it is not there by then
        assert above[-1] == steps - 1
    else:
        assert foreseen.epochs == pytest.approx(above[-1] + 1, rel=0.2, abs=2)


def test_beyond_the_bound_the_epochs_foreseen_are_without_end():
    foreseen = predict_run(ds.objective(ROWS, model=PLAIN), methods.by_name("gd").with_rate(0.3), np.zeros(1))
    assert foreseen.epochs == math.inf and "diverging" in foreseen.lines()[-1]
    assert predict_run(ds.objective(ROWS), methods.by_name("gd"), np.zeros(2)) is None  # no rate was given


LESSON = "fit examples/rows.csv --target y --no-intercept --no-scale --method {} --epochs 300 --start x=1"


@pytest.mark.parametrize(
    "method, words",
    [
        ("gd --learning-rate 0.01", ["below 2/L = 0.214286", "after 71 epochs", "71 (actual)"]),
        ("gd --learning-rate 0.3", ["1.4 times the bound"]),
        ("gd --learning-rate 0.00001", ["after 300 epochs it has not"]),
        ("momentum --learning-rate 0.01", ["heavy-ball", "Predicted and actual"]),
        ("sgd --learning-rate 0.01", ["safe for every row", "a noise floor"]),
        ("gd --learning-rate 0.01 --lang zh", ["71 轮后", "实际用了 71 轮"]),
        ("sgd --learning-rate 0.01 --lang zh", ["有放回"]),
    ],
)
def test_fit_with_a_learning_rate_tells_what_to_expect_and_then_what_was(method, words, capsys, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_LANG", "en")
    cli.main(LESSON.format(method).split())
    said = capsys.readouterr().out
    assert all(word in said for word in words)
    assert "{" not in said


def test_fit_tells_it_in_json_too(capsys):
    assert cli.main([*LESSON.format("gd --learning-rate 0.01").split(), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["certificate"]
    assert found["zone"] == "monotone" and found["predicted_epochs"] == found["actual_epochs"] == 71
    assert cli.main([*LESSON.format("gd").split(), "--json"]) == 0
    assert "certificate" not in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("priced", [False, True])
def test_beyond_2000_columns_both_ends_come_from_products_alone(priced, monkeypatch):
    """Of sparse rows that are never filled in; μ is told as an interval, which holds."""
    draw = np.random.default_rng(0)
    X = sp.random(900, 60, 0.2, "csr", random_state=draw)
    rows = ds.Dataset.from_arrays(X, X @ draw.standard_normal(60) + draw.standard_normal(900))
    penalty = ("l2", 0.02) if priced else (None, 0.0)
    model = ds.Linear(intercept=not priced)
    exact = ds.certify(ds.objective(rows, "squared", *penalty, model))
    for module in (certificate, linear):
        monkeypatch.setattr(module, "WIDE", 10)
    known = ds.certify(ds.objective(rows, "squared", *penalty, model))
    assert exact.L <= known.L * (1 + 1e-12) and known.L < 1.01 * exact.L  # 2/L is on the safe side
    assert known.mu <= exact.mu <= known.mu_most * (1 + 1e-9) and known.mu_most < 1.1 * exact.mu
    assert (known.mu > 0) == priced and math.isnan(known.condition)  # the price, in standardised columns
    assert known.epochs("gd") == pytest.approx(exact.epochs("gd"), rel=0.1)
    assert "Lanczos" in known.lines()[0]

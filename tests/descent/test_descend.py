"""Claims about the loop: the lessons' golden files to the last bit, its trace, going on from an end."""

import csv

import numpy as np
import pytest

from downslope.data import Dataset
from downslope.descent.descend import descend
from downslope.descent.direct import worth_reducing
from downslope.descent.methods import GD, SGD, Method, by_name
from downslope.descent.stops import Epochs, Gradient
from downslope.inference import fit, minimize
from downslope.model.linear import Linear
from downslope.model.objective import objective
from tests.builders import GOLDEN

EPS = np.finfo(float).eps
LESSONS = {"batch_gd": GD(0.01), "one_fixed_row": SGD(0.01, [2]), "sgd_cyclic": SGD(0.01, "cyclic")}
ENDS = {"batch_gd": 7.999777758621207, "one_fixed_row": 7.999999990374014, "sgd_cyclic": 7.9999999999996945}


def golden(name):
    with open(GOLDEN / f"{name}.csv", newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def three_rows():
    return Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])


@pytest.mark.parametrize("name", LESSONS)
def test_lessons_are_reproduced_to_the_last_bit(name):
    F = objective(three_rows(), model=Linear(intercept=False, scale=False))
    steps = list(descend(F, [1.0], LESSONS[name], Epochs(100)))
    expected = golden(name)
    assert len(steps) == len(expected) == 100
    for step, line in zip(steps, expected):
        assert step.epoch == line["epoch"]
        assert step.params[0] == line["w"]
        assert step.gradient[0] == line["gradient"] and step.gradient_norm == abs(line["gradient"])
        assert abs(step.loss - line["loss"]) <= 2 * np.spacing(line["loss"])


@pytest.mark.parametrize("name", LESSONS)
def test_lessons_predict_what_the_notes_print(name):
    how = {"intercept": False, "scale": False, "epochs": 100, "start": {"x": 1.0}}
    found = fit(three_rows(), method=LESSONS[name], tol=0, **how)
    assert found.predict([[4.0]])[0] == ENDS[name]


@pytest.mark.parametrize("start", [500, -1000, 7])
def test_lesson_five_shrinks_by_a_fixed_share(start):
    found = minimize("2*x^2", start, learning_rate=0.01, epochs=1000)
    assert found.epochs == 1000
    assert found.params[0] == pytest.approx(
        start * 0.96**1000, rel=2000 * EPS
    )  # a rounding at each of 1000 steps


def test_lesson_six_shrinks_each_coordinate_alike():
    found = minimize("x^2 + y^2 + z^2", [3, -500, 999], learning_rate=0.01, epochs=1000)
    assert np.allclose(found.params, np.array([3, -500, 999]) * 0.98**1000, rtol=2000 * EPS, atol=0)


def test_lesson_one_has_its_forty_one_losses():
    from downslope.descent.methods import Exhaustive

    grid = [k / 10 for k in range(41)]
    found = fit(three_rows(), method=Exhaustive({"x": grid}), intercept=False, scale=False)
    losses = {step.params[0]: step.loss for step in found.trace}
    assert len(losses) == 41 and found.params[0] == 2.0 and losses[2.0] == 0
    for w, loss in ((0.0, 56 / 3), (0.1, 16.84666666666667), (4.0, 56 / 3)):
        assert losses[w] == pytest.approx(loss, rel=4 * EPS)


@pytest.mark.parametrize("method", ["gd", "momentum", "nesterov", "adam", "lbfgs", "newton"])
@pytest.mark.parametrize("k", [1, 2])
def test_reduced_to_moments_it_is_the_same_descent(method, k, monkeypatch):
    from downslope.descent import direct as module

    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 3))
    data = Dataset.from_arrays(X, X @ rng.normal(size=(3, k)) + rng.normal(size=(100, k)))
    F = objective(data, "squared", "l2", 0.1)
    assert worth_reducing(F)
    run = lambda: np.array(
        [s.params for s in descend(F, np.zeros(F.size), by_name(method), Gradient(1e-6) | Epochs(15))]
    )
    reduced = run()
    monkeypatch.setattr(module, "worth_reducing", lambda objective: False)
    whole = run()
    assert len(reduced) == len(whole) and np.allclose(reduced, whole, rtol=1e-8, atol=1e-10)


def test_every_step_of_a_convex_descent_at_a_safe_rate_goes_down():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 4))
    for loss in ("squared", "huber"):
        F = objective(Dataset.from_arrays(X, X[:, 0] + rng.normal(size=50)), loss)
        for method in (GD(1 / F.lipschitz), GD(1.99 / F.lipschitz), by_name("lbfgs"), by_name("newton")):
            losses = [step.loss for step in descend(F, np.zeros(5), method, Epochs(30))]
            assert (np.diff(losses) <= 4 * EPS * losses[0]).all()


def test_gradient_descent_keeps_the_pace_that_theory_says():
    """F(w_k) − F* ≤ ((κ − 1)/(κ + 1))²ᵏ·(F₀ − F*) at t = 2/(L + μ): Nesterov 2004, theorem 2.1.15."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3)) * [1, 3, 5]
    F = objective(Dataset.from_arrays(X, X[:, 0] + rng.normal(size=50)), model=Linear(scale=False))
    lowest, kappa = F.reduced().term.lowest, F.lipschitz / F.strong_convexity
    losses = np.array([step.loss for step in descend(F, np.zeros(4), GD(), Epochs(40))]) - lowest
    bound = losses[0] * ((kappa - 1) / (kappa + 1)) ** (2 * np.arange(40))
    assert (losses <= bound * (1 + 1e-9) + 1e-13 * lowest).all()


def test_accelerated_descent_keeps_the_pace_that_theory_says():
    """F(x_k) − F* ≤ 2L‖x₀ − x*‖²/(k + 1)²: Beck & Teboulle 2009, theorem 4.4; restarts only help."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 6)) * np.geomspace(0.01, 3, 6)
    data = Dataset.from_arrays(X, X @ np.ones(6) + rng.normal(size=50))
    F = objective(data, "squared", "l1", 0.01, Linear(scale=False))
    best = fit(data, penalty="l1", alpha=0.01, method="nesterov", epochs=100_000, tol=1e-11)
    far = np.linalg.norm(F.to_inner(best.params))
    for k in (3, 10, 40):
        end = fit(data, penalty="l1", alpha=0.01, method="nesterov", epochs=k, tol=0, scale=False)
        assert end.loss - best.loss <= 2 * F.lipschitz * far**2 / (k + 1) ** 2


def test_the_start_is_left_as_it_was():
    F = objective(three_rows(), model=Linear(False, False))
    start = np.array([1.0])
    list(descend(F, start, GD(0.01), Epochs(3)))
    assert start[0] == 1.0


def test_a_method_is_whatever_rows_direction_and_rate_are_put_together():
    from downslope.descent.batching import Batch
    from downslope.descent.directions import Momentum
    from downslope.descent.schedules import Exponential

    F = objective(three_rows(), model=Linear(False, False))
    method = Method(Batch(2, "cyclic"), Momentum(0.5), Exponential(0.02, 0.9))
    w, v, seen = 1.0, 0.0, [step.params[0] for step in descend(F, [1.0], method, Epochs(3))]
    x, y, k = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]), 0
    for epoch in range(3):
        for part in (slice(0, 2), slice(2, 3)):
            v = 0.5 * v + np.mean(2 * (w * x[part] - y[part]) * x[part])
            w -= 0.02 * 0.9 ** (k / 2) * v
            k += 1
        assert seen[epoch] == pytest.approx(w, rel=1e-14)

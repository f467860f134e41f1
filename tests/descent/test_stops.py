"""Claims about the end of a descent: each stop's reason, how they combine, and what is kept."""

import itertools

import numpy as np
import pytest

from downslope.data import Dataset
from downslope.descent.descend import descend
from downslope.descent.methods import GD, SGD, Adam, by_name
from downslope.descent.stops import (
    Both,
    Either,
    Epochs,
    Gradient,
    NoProgress,
    Progress,
    Reason,
    Seconds,
    Stop,
    Validation,
)
from downslope.errors import DownslopeError
from downslope.inference import Recipe, Training, fit
from downslope.model.linear import Linear
from downslope.model.objective import objective


def ran(stop, values, seen=None):
    """(the index at which it stops, the reason), fed with values of F that fall or not."""
    for k, value in enumerate(values):
        progress = value if isinstance(value, Progress) else at(epochs=k + 1, value=value)
        reason, seen = stop.look(progress, seen)
        if reason:
            return k, reason
    return None, None


def at(epochs=1, seconds=0.0, value=1.0, certificate=1.0, scale=1.0, validation=None):
    return Progress(epochs, seconds, value, certificate, scale, validation)


def finished(generator):
    """(steps, end) of a descent."""
    steps = []
    while True:
        try:
            steps.append(next(generator))
        except StopIteration as over:
            return steps, over.value


def rows(n=40, noise=1.0, d=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return Dataset.from_arrays(X, X[:, 0] + noise * rng.normal(size=n))


def test_epochs_are_counted():
    assert ran(Epochs(3), [3.0, 2.0, 1.0, 0.5]) == (2, Reason("epochs", {"epochs": 3}))


@pytest.mark.parametrize("limit", [0, -1, 2.5, True, "ten", None, float("nan"), float("inf")])
def test_epochs_must_be_a_whole_number_above_zero(limit):
    with pytest.raises(DownslopeError) as caught:
        Epochs(limit)
    assert caught.value.key == "descent.epochs"


@pytest.mark.parametrize("limit", [1, 7.0, np.int64(3)])
def test_whole_numbers_of_any_kind_are_epochs(limit):
    assert Epochs(limit).limit == limit


def test_a_gradient_is_small_against_its_scale():
    stop = Gradient(1e-3)
    assert stop.look(at(certificate=0.1, scale=99.0), None)[0] is None
    reason = stop.look(at(certificate=0.1, scale=100.0), None)[0]
    assert (reason.code, reason.numbers) == ("gradient", {"gradient": 0.1, "tolerance": 0.1})
    assert stop.look(at(certificate=float("nan"), scale=100.0), None)[0] is None


def test_no_progress_waits_for_its_patience_and_begins_again_at_each_low():
    stop = NoProgress(relative=1e-6, patience=3)
    assert ran(stop, [5.0, 5.0, 5.0, 5.0])[0] == 3
    assert ran(stop, [5.0, 5.0, 5.0, 4.0, 4.0, 4.0, 4.0])[0] == 6
    assert ran(stop, [5.0, 6.0, 7.0, 4.9999999])[0] == 3  # not lower by a millionth
    assert ran(stop, np.geomspace(1.0, 0.01, 50))[0] is None
    sure = [at(value=1.0, certificate=0.9**k) for k in range(20)]
    assert ran(stop, sure)[0] is None  # F stands, but the certificate still falls


def test_seconds_and_validation_give_their_reason():
    assert ran(Seconds(2.0), [at(seconds=1.0), at(seconds=2.0)])[1].code == "seconds"
    held = [at(validation=v) for v in (3.0, 2.0, 2.5, 2.0, 1.9, 2.0, 2.0)]
    index, reason = ran(Validation(2), held)
    assert index == 3 and reason.numbers == {"passes": 2, "lowest": 2.0}
    assert ran(Validation(2), [at()] * 9)[0] is None  # no rows held out


class After(Stop):
    """After so many looks: it counts what is handed back to it."""

    def __init__(self, looks, code):
        self.looks, self.code = looks, code

    def look(self, progress, seen):
        seen = (seen or 0) + 1
        return (Reason(self.code) if seen >= self.looks else None), seen


@pytest.mark.parametrize("a, b", [*itertools.product([1, 2, 5], repeat=2)])
def test_either_is_the_first_and_both_is_the_last(a, b):
    either, both = After(a, "a") | After(b, "b"), After(a, "a") & After(b, "b")
    assert (type(either), type(both)) == (Either, Both)
    assert ran(either, range(9)) == (min(a, b) - 1, Reason("a" if a <= b else "b"))
    assert ran(both, range(9)) == (max(a, b) - 1, Reason("a"))


def test_combinations_nest():
    stop = (After(3, "a") & After(5, "b")) | (After(9, "c") | After(7, "d"))
    assert ran(stop, range(20)) == (4, Reason("a"))
    assert ran((After(1, "a") | After(2, "b")) & After(4, "c"), range(20)) == (3, Reason("a"))
    assert [type(part) for part in stop.parts()] == [After] * 4


# ── in a descent ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", ["gd", "sgd", "momentum", "nesterov", "adam", "lbfgs", "newton"])
def test_every_stop_ends_a_descent_with_its_reason(method):
    F = objective(rows(), "huber")
    method = by_name(method)
    for stop, code in (
        (Epochs(2), "epochs"),
        (Seconds(0.0) | Epochs(99), "seconds"),
        (Gradient(1e9) | Epochs(99), "gradient"),
        (Gradient(1e9) & Epochs(3), "gradient"),
        (NoProgress(relative=1.0, patience=1) & Seconds(0.0) | Epochs(99), "no_progress"),
    ):
        steps, end = finished(descend(F, np.zeros(4), method, stop))
        assert end.reason.code == code and end.epochs <= 99
        assert np.isclose(end.value, F.value(F.to_inner(end.params)), rtol=1e-13)
        if code == "epochs":
            assert len(steps) == 2 == end.epochs


def test_the_end_tells_the_certificate_of_its_weights():
    for loss, penalty in (("squared", None), ("huber", "l1"), ("squared", "elasticnet")):
        F = objective(rows(), loss, penalty, 0.1 if penalty else 0.0)
        _, end = finished(descend(F, np.zeros(4), by_name("nesterov"), Epochs(7)))
        theta = F.to_inner(end.params)
        assert np.isclose(
            end.stationarity, F.stationarity(theta, F.value_and_gradient(theta).gradient), rtol=1e-9
        )


def overfitting():
    """Many columns, few rows: the loss on other rows falls, then rises."""
    data = rows(n=60, noise=3.0, d=25)
    return data.take(np.arange(30)), data.take(np.arange(30, 60))


@pytest.mark.parametrize("method", ["gd", "adam", "sgd", "minibatch", "nesterov", "lbfgs"])
def test_validation_gives_back_the_weights_that_were_best_on_the_rows_held_out(method):
    train, held_out = overfitting()
    found = fit(train, method=method, validation=held_out, patience=6, tol=0, epochs=3000)
    told = found.trace.column("validation")
    best = found.trace[int(np.nanargmin(told))]
    assert np.array_equal(found.params, best.params)
    loss = ((held_out.X @ found.coef + found.intercept - held_out.y) ** 2).mean()
    assert np.isclose(loss, np.nanmin(told), rtol=1e-10)
    assert found.stopped == "validation" and found.verdict.numbers["lowest"] == np.nanmin(told)


def test_without_patience_the_rows_held_out_change_nothing():
    train, held_out = overfitting()
    alone, watched = (fit(train, method="gd", epochs=300, tol=0, **v) for v in ({}, {"validation": held_out}))
    assert np.array_equal(alone.params, watched.params)
    assert watched.trace[-1].validation > np.nanmin(watched.trace.column("validation"))


@pytest.mark.parametrize("epochs", [5, 1000])
@pytest.mark.parametrize(
    "method", [GD(0.3), GD(1e5), GD(1e200), SGD(3.0), SGD(1e200), by_name("momentum").with_rate(2.0)]
)
@pytest.mark.parametrize("n", [3, 400])
def test_divergence_keeps_finite_weights(method, epochs, n):
    x = np.linspace(1, 3, n)
    data = Dataset.from_arrays(x[:, None], 2 * x)
    found = fit(data, method=method, epochs=epochs, scale=False, intercept=False)
    assert found.verdict.code == "diverged" and found.verdict.failed
    assert np.isfinite(found.params).all() and np.isfinite(found.loss)
    assert found.epochs <= epochs


def test_just_over_the_bound_is_divergence_though_the_numbers_are_small_still():
    for n in (3, 400):  # a few rows, and many that are reduced to their moments
        x = np.linspace(1, 3, n)
        data = Dataset.from_arrays(x[:, None], 2 * x)
        F = objective(data, model=Linear(False, False))
        over = fit(
            data, method="gd", learning_rate=2.02 / F.lipschitz, epochs=20, scale=False, intercept=False
        )
        under = fit(
            data, method="gd", learning_rate=1.98 / F.lipschitz, epochs=20, scale=False, intercept=False
        )
        assert over.verdict.code == "diverged" and under.verdict.code != "diverged"


@pytest.mark.parametrize("n", [3, 400])
def test_a_descent_that_begins_at_the_minimum_does_not_diverge(n):
    x = np.linspace(0.1, 0.7, n)
    data = Dataset.from_arrays(x[:, None], 0.3 * x)
    for how in ({"tol": 0}, {}, {"method": "momentum", "tol": 0}, {"method": "nesterov", "tol": 0}):
        found = fit(data, **{"method": "gd", "start": {"x": 0.3}, "scale": False, "epochs": 50, **how})
        assert found.verdict.code == "converged" and np.isclose(found.params[0], 0.3)


@pytest.mark.parametrize("text", ["x^2 - x", "sin(x)", "exp(x) - 1 - 2*x"])
def test_a_function_that_is_zero_at_the_start_is_not_unbounded(text):
    from downslope.inference import minimize

    found = minimize(text, 0, learning_rate=0.05, epochs=3000)
    assert found.stopped == "epochs" and found.verdict.code == "converged"


def test_a_function_that_falls_without_end_is_unbounded():
    from downslope.inference import minimize

    for text, start in (("-x^2", 1), ("x^3", -1), ("-exp(x)", 0)):
        found = minimize(text, start, learning_rate=0.1, epochs=5000)
        assert found.verdict.code in ("unbounded", "diverged") and found.verdict.failed
        assert np.isfinite(found.params).all() and np.isfinite(found.loss)
    assert minimize("-x^2", 1, learning_rate=0.1, epochs=5000).verdict.code == "unbounded"


# ── Ctrl-C ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "how",
    [
        {"method": "gd"},
        {"method": "sgd"},
        {"method": "lbfgs"},
        {"method": "newton", "loss": "absolute"},
        {"method": "nesterov", "penalty": "l1", "alpha": 0.1},
    ],
    ids=str,
)
def test_an_interrupt_thrown_into_the_generator_keeps_what_was_learned(how):
    recipe = Recipe(**how, tol=0)
    F = objective(rows(), recipe.loss, recipe.penalty)
    generator = descend(F, np.zeros(4), recipe.method, Epochs(1000))
    step = next(generator)
    with pytest.raises(StopIteration) as over:
        generator.throw(KeyboardInterrupt)
    end = over.value.value
    assert end.reason.code == "interrupted" and np.array_equal(end.params, step.params)


@pytest.mark.parametrize("method", ["gd", "sgd", "closed_form", "lbfgs"])
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_training_can_be_interrupted_at_any_moment(method, steps):
    training = Training.on_rows(rows(), Recipe(method=method, tol=0, loss="squared"))
    for _ in zip(range(steps), training):
        pass
    training.interrupt()
    found = training.solution
    assert found.stopped == ("closed_form" if method == "closed_form" else "interrupted")
    assert np.isfinite(found.params).all() and len(found.trace) >= 1
    assert np.array_equal(found.params, found.trace[-1].params)


def test_an_interrupted_grid_gives_the_best_so_far():
    from downslope.descent.methods import Exhaustive

    F = objective(rows(d=1))
    generator = descend(F, np.zeros(2), Exhaustive({"x": np.linspace(-1, 1, 100)}))
    seen = [next(generator) for _ in range(60)]
    with pytest.raises(StopIteration) as over:
        generator.throw(KeyboardInterrupt)
    end = over.value.value
    assert end.reason.code == "interrupted"
    assert np.array_equal(end.params, min(seen, key=lambda step: step.loss).params)


def test_a_start_of_the_wrong_shape_or_not_finite_is_refused():
    F = objective(rows())
    for start, key in (([0.0], "descent.start_shape"), (np.full(4, np.inf), "descent.start_not_finite")):
        with pytest.raises(DownslopeError) as caught, np.errstate(all="ignore"):
            next(descend(F, start, Adam(), Epochs(2)))
        assert caught.value.key == key


def test_a_schedule_is_laid_out_over_the_epochs_that_the_stop_allows():
    F = objective(rows(), "huber")
    from downslope.descent.schedules import Cosine

    for stop in (Epochs(10), Seconds(100) | Epochs(10), Gradient(0.0) | (Epochs(10) | Epochs(30))):
        steps, _ = finished(descend(F, np.zeros(4), GD(Cosine(0.1)), stop))
        rates = [step.learning_rate for step in steps]
        assert np.allclose(rates, 0.05 * (1 + np.cos(np.pi * np.arange(10) / 10)), rtol=1e-13)

"""Claims about line searches: what they promise, what they cost, and that nothing is evaluated twice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.data import Dataset
from downslope.descent.descend import descend
from downslope.descent.methods import GD, LBFGS, Adam, Method, Momentum, Newton
from downslope.descent.searches import Armijo, StrongWolfe
from downslope.descent.stops import Epochs, Gradient
from downslope.inference import fit, minimize
from downslope.model.functions import Function
from downslope.model.linear import LinearTerm
from downslope.model.objective import FunctionTerm, Objective, objective

MOST = 60  # trials of a search


class Counted:
    """t → (φ(t), φ′(t)), counting."""

    def __init__(self, value, slope):
        self.value, self.slope, self.trials = value, slope, []

    def value_and_slope(self, t):
        self.trials.append(t)
        with np.errstate(all="ignore"):
            return float(self.value(t)), float(self.slope(t))


def wavy(a, b, c):
    """A valley with waves on it: φ(t) = a(t − b)² + sin(ct), downhill at 0."""
    value = lambda t: a * (t - b) ** 2 + 0.3 * np.sin(c * t)
    slope = lambda t: 2 * a * (t - b) + 0.3 * c * np.cos(c * t)
    return value, slope


random_lines = st.tuples(st.floats(0.1, 10), st.floats(0.3, 20), st.floats(0.1, 3))


@given(random_lines, st.sampled_from([1e-3, 0.1, 1.0, 50.0]))
@settings(deadline=None, max_examples=150, derandomize=True)
def test_armijo_gives_a_step_that_goes_down_enough(shape, first):
    value, slope = wavy(*shape)
    if slope(0.0) >= 0:
        return
    line, search = Counted(value, slope), Armijo()
    t = search.length(line, value(0.0), slope(0.0), first)
    assert 0 < t <= first and value(t) <= value(0.0) + search.c * t * slope(0.0)
    assert t == first or value(2 * t) > value(0.0) + search.c * 2 * t * slope(0.0)  # no shorter than it must
    assert len(line.trials) <= MOST and len(set(line.trials)) == len(line.trials)


@given(random_lines, st.sampled_from([1e-3, 0.1, 1.0, 50.0]), st.sampled_from([0.1, 0.5, 0.9]))
@settings(deadline=None, max_examples=200, derandomize=True)
def test_strong_wolfe_gives_a_step_that_satisfies_both_conditions(shape, first, c2):
    value, slope = wavy(*shape)
    if slope(0.0) >= 0:
        return
    line, search = Counted(value, slope), StrongWolfe(c2=c2)
    t = search.length(line, value(0.0), slope(0.0), first)
    assert t > 0 and value(t) <= value(0.0) + search.c1 * t * slope(0.0)
    assert abs(slope(t)) <= -c2 * slope(0.0)
    assert len(line.trials) <= MOST and len(set(line.trials)) == len(line.trials)
    assert line.trials[-1] == t  # what was evaluated last is what is handed back


@pytest.mark.parametrize(
    "value, slope",
    [
        (lambda t: t**4 - t, lambda t: 4 * t**3 - 1),
        (lambda t: np.exp(t) - 2 * t, lambda t: np.exp(t) - 2),
        (lambda t: -t / (t**2 + 2), lambda t: (t**2 - 2) / (t**2 + 2) ** 2),  # Moré & Thuente 1994, eq. 5.1
        (
            lambda t: (t + 0.004) ** 5 - 2 * (t + 0.004) ** 4,
            lambda t: 5 * (t + 0.004) ** 4 - 8 * (t + 0.004) ** 3,
        ),
        (lambda t: -np.log(1 + t) + 0.1 * t, lambda t: -1 / (1 + t) + 0.1),
        (lambda t: -np.sqrt(1 - t), lambda t: 0.5 / np.sqrt(1 - t)),  # nan beyond 1
        (lambda t: np.where(t < 1, (t - 0.7) ** 2, np.inf), lambda t: np.where(t < 1, 2 * (t - 0.7), np.nan)),
    ],
)
@pytest.mark.parametrize("first", [1e-3, 1e-1, 1e1, 1e3])
def test_hard_lines_of_the_literature_are_searched_within_their_bounds(value, slope, first):
    if slope(0.0) >= 0:
        return
    for search, c in ((Armijo(), 1e-4), (StrongWolfe(), 1e-4)):
        line = Counted(value, slope)
        t = search.length(line, float(value(0.0)), float(slope(0.0)), first)
        assert t > 0 and value(t) <= value(0.0) + c * t * slope(0.0)
        assert len(line.trials) <= 30


def test_where_no_step_goes_down_no_step_is_made():
    for search in (Armijo(), StrongWolfe()):
        line = Counted(lambda t: t, lambda t: 1.0)  # the slope that was promised is a lie
        assert search.length(line, 0.0, -1.0, 1.0) == 0.0
        assert len(line.trials) <= MOST


def test_without_an_end_the_search_stops_all_the_same():
    for search in (Armijo(), StrongWolfe()):
        line = Counted(lambda t: -t, lambda t: -1.0)
        t = search.length(line, 0.0, -1.0, 1.0)
        assert t > 0 and np.isfinite(t) and len(line.trials) <= MOST


@pytest.mark.parametrize("alpha", [0.01, 0.3])
def test_a_prox_step_satisfies_its_own_condition(alpha):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 5))
    F = objective(Dataset.from_arrays(X, X[:, 0] + rng.normal(size=40)), "huber", "l1", alpha)
    point = F.value_and_gradient(rng.normal(size=6))
    for first in (1e-3, 1.0, 1e3):
        t, moved = Armijo().prox_step(F, point, first)
        change = moved.theta - point.theta
        smooth, level = (p.value - F.l1 @ np.abs(p.theta) for p in (point, moved))
        assert 0 < t <= first and np.array_equal(moved.theta, F.prox(point.theta - t * point.gradient, t))
        assert level <= smooth + point.gradient @ change + change @ change / (2 * t) + 1e-14 * abs(smooth)
        assert t >= min(first, 0.5 / F.lipschitz)  # 1/L always does


@pytest.mark.parametrize(
    "method",
    [GD(0.05), GD(), LBFGS(), Momentum(0.9, 0.02), Newton(), Adam(learning_rate=0.1)],
    ids=lambda m: m.name,
)
def test_a_function_is_evaluated_once_at_each_trial_point(method):
    places = []

    class Watched(FunctionTerm):
        def value_and_gradient(self, theta, rows=None):
            places.append(tuple(theta))
            return super().value_and_gradient(theta, rows)

    F = Objective(Watched(Function.of("(x - 1)^4 + (y + 2)^2 + 0.1*x*y", None)))
    updates = sum(1 for _ in descend(F, [0.0, 0.0], method, Gradient(1e-6) | Epochs(15)))
    assert len(places) == len(set(places))
    if not (method.searches or method.learning_rate == "auto"):
        assert len(places) == updates + 1  # the start, each update


def test_a_fixed_step_looks_at_the_rows_once_an_epoch(monkeypatch):
    seen = []
    whole = LinearTerm.value_and_gradient
    monkeypatch.setattr(
        LinearTerm,
        "value_and_gradient",
        lambda self, theta, rows=None: seen.append(1) or whole(self, theta, rows),
    )
    rng = np.random.default_rng(0)
    rows = Dataset.from_arrays(rng.normal(size=(40, 3)), rng.normal(size=40))
    fit(rows, loss="huber", method="gd", epochs=20, tol=0)
    assert len(seen) <= 20 + 3  # the start, the null model and the end are looked at too


def test_a_search_over_rows_costs_one_product_with_x_an_update(monkeypatch):
    seen = []
    whole = LinearTerm.predictor
    monkeypatch.setattr(
        LinearTerm, "predictor", lambda self, theta, rows=None: seen.append(1) or whole(self, theta, rows)
    )
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    found = fit(Dataset.from_arrays(X, X[:, 0] + rng.normal(size=40)), loss="huber", method="lbfgs", tol=1e-6)
    assert len(seen) <= found.epochs + 6  # trials along a line never touch X again


def test_steepest_descent_takes_either_search():
    for search in (Armijo(), StrongWolfe()):
        method = Method(learning_rate=search)
        found = minimize("(x - 1)^2 + 5*y^2", [4.0, 1.0], method=method, learning_rate="auto", tol=1e-9)
        np.testing.assert_allclose(found.params, [1.0, 0.0], atol=1e-8)

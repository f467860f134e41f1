"""Claims that hold for every penalty, found in their table: prox and certificate by brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.data import Dataset
from downslope.errors import DownslopeError
from downslope.model import penalties
from downslope.model.objective import objective
from downslope.model.penalties import PENALTIES, by_name

EPS = np.finfo(float).eps
ALPHA = 0.7
SHAPES = [by_name(None)] + [by_name(name, ALPHA) for name in PENALTIES if name != "none"]
SHAPES += [by_name(f"elasticnet:{ratio}", ALPHA) for ratio in (0.0, 0.2, 1.0)]
EVERY = pytest.mark.parametrize("penalty", SHAPES, ids=lambda penalty: str(penalty.spec))
V = np.array([-3.0, -0.8, -0.7, -0.1, 0.0, 0.05, 0.7, 1.4, 2.0])


def price(penalty, w):
    """α·R of single weights, written out again."""
    return penalty.alpha * (penalty.l1 * np.abs(w) + penalty.l2 * w * w / 2)


@EVERY
def test_value_is_the_sum_of_the_prices_and_never_negative(penalty):
    assert np.isclose(penalty.value(V), price(penalty, V).sum(), rtol=4 * EPS)
    assert penalty.value(V) >= 0 == penalty.value(np.zeros(3))


def test_values_are_those_of_the_norms():
    assert np.isclose(penalties.l2(0.3).value(V), 0.3 * np.linalg.norm(V) ** 2 / 2)
    assert np.isclose(penalties.l1(0.3).value(V), 0.3 * np.linalg.norm(V, 1))
    both = penalties.elasticnet(1.0, 0.25).value(V)
    assert np.isclose(both, 0.25 * penalties.l1(1.0).value(V) + 0.75 * penalties.l2(1.0).value(V))


@EVERY
@pytest.mark.parametrize("step", [0.1, 1.0, 3.0])
def test_prox_is_the_lowest_point_of_a_fine_grid(penalty, step):
    grid = np.linspace(-4, 4, 80_001)
    for v in V:
        cost = (grid - v) ** 2 / 2 + step * price(penalty, grid)
        found = float(penalty.prox(v, step))
        assert abs(grid[cost.argmin()] - found) <= (grid[1] - grid[0])
        assert (found - v) ** 2 / 2 + step * price(penalty, found) <= cost.min() + 16 * EPS


@EVERY
def test_prox_takes_a_step_for_each_weight(penalty):
    steps = np.linspace(0.1, 2.0, len(V))
    assert np.array_equal(penalty.prox(V, steps), [penalty.prox(v, step) for v, step in zip(V, steps)])


@EVERY
def test_prox_never_moves_two_points_apart(penalty):
    moved = penalty.prox(V, 0.5)
    apart = np.abs(V[:, None] - V)
    assert (np.abs(moved[:, None] - moved) <= apart + 4 * EPS).all()


@EVERY
def test_distance_is_that_to_the_subdifferential_by_brute_force(penalty):
    thresholds = np.linspace(-1, 1, 20_001)  # of ∂|w| at 0
    for w in (-2.0, -1e-3, 0.0, 1e-3, 1.5):
        signs = thresholds if w == 0 else np.array([np.sign(w)])
        for g in (-2.0, -0.7, -0.3, 0.0, 0.2, 0.7, 1.9):
            slopes = penalty.alpha * (penalty.l1 * signs + penalty.l2 * w)
            brute = np.abs(-g - slopes).min()
            assert abs(brute - penalty.distance(g, w)) <= ALPHA * 1e-4 + 4 * EPS  # the step of the grid


@EVERY
@given(v=st.floats(-5, 5), step=st.floats(0.01, 4))
@settings(deadline=None, max_examples=60, derandomize=True)
def test_distance_is_zero_exactly_at_the_fixed_points_of_the_prox(penalty, v, step):
    w = float(penalty.prox(v, step))
    g = (w - v) / step  # so that w = prox(w − step·g)
    assert penalty.distance(g, w) <= 8 * EPS * (1 + abs(v)) / step
    if w == 0 and penalty.nonsmooth:
        assert penalty.distance(g, w) <= 4 * EPS
    off = w + 0.5  # not a fixed point any more, unless nothing holds it back
    still = float(penalty.prox(off - step * g, step))
    assert (penalty.distance(g, off) <= 1e-12) == (abs(still - off) <= 1e-12 * max(1.0, step))


@EVERY
def test_kinked_says_whether_zero_is_sticky(penalty):
    assert penalty.nonsmooth == (penalty.alpha * penalty.l1 > 0 and float(penalty.prox(1e-9)) == 0.0)


@pytest.mark.parametrize("k", [1, 2])
@EVERY
def test_the_intercept_is_never_penalised(penalty, k):
    rng = np.random.default_rng(0)
    y = rng.normal(size=(12, k)) + 100
    F = objective(Dataset.from_arrays(rng.normal(size=(12, 3)), y), penalty=penalty)
    free = objective(Dataset.from_arrays(rng.normal(size=(12, 3)), y))
    theta = np.zeros(F.size)
    theta[-k:] = 50.0
    assert F.penalty_value(theta) == 0 and free.penalty_value(theta) == 0
    assert (F.l1[-k:] == 0).all() and (F.l2[-k:] == 0).all()
    assert np.array_equal(F.prox(theta, 1.0), theta)
    assert np.array_equal(F.with_penalty(theta, 0.0, np.zeros(F.size), None).gradient, np.zeros(F.size))


@EVERY
@pytest.mark.parametrize("scale", [True, False])
def test_the_objective_pays_alpha_r_of_the_users_weights(penalty, scale):
    from downslope.model.linear import Linear

    rng = np.random.default_rng(0)
    X = rng.normal(size=(12, 3)) * [1.0, 100.0, 0.01] + 5
    F = objective(Dataset.from_arrays(X, rng.normal(size=12)), penalty=penalty, model=Linear(True, scale))
    params = rng.normal(size=4)
    assert np.isclose(F.penalty_value(F.to_inner(params)), penalty.value(params[:3]), rtol=1e-13)


@given(ratio=st.floats(0, 1), alpha=st.floats(0, 1e6))
@settings(deadline=None, max_examples=60, derandomize=True)
def test_a_penalty_comes_back_from_its_spec_to_the_bit(ratio, alpha):
    for penalty in (
        penalties.elasticnet(alpha, ratio),
        penalties.l1(alpha),
        penalties.l2(alpha),
        penalties.none(),
    ):
        again = by_name(penalty.spec, penalty.alpha)
        assert (again.name, again.alpha, again.l1) == (penalty.name, penalty.alpha, penalty.l1)
        assert by_name(penalty) is penalty


@pytest.mark.parametrize(
    "spec, alpha, key",
    [
        ("ridge", 0.1, "model.unknown_penalty"),
        ("l2:3", 0.1, "model.no_parameter"),
        ("elasticnet:much", 0.1, "model.not_a_number"),
        ("elasticnet:1.5", 0.1, "model.elasticnet_ratio"),
        ("elasticnet:nan", 0.1, "model.elasticnet_ratio"),
        ("l1", -1.0, "model.alpha"),
        ("l1", float("nan"), "model.alpha"),
        ("l2", float("inf"), "model.alpha"),
        (None, 0.1, "model.alpha_without_penalty"),
        ("none", 0.1, "model.alpha_without_penalty"),
    ],
)
def test_nonsense_is_refused(spec, alpha, key):
    with pytest.raises(DownslopeError) as caught:
        by_name(spec, alpha)
    assert caught.value.key == key

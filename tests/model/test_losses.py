"""Claims that hold for every loss, found in the table of losses: outside truth first, then the calculus."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import huber as scipy_huber
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, mean_squared_error

from downslope.errors import DownslopeError
from downslope.kernels.losses import residual_loss
from downslope.messages import speaking
from downslope.model import losses
from downslope.model.losses import RESIDUAL, by_name

EPS = np.finfo(float).eps
SHAPES = [make() for make in RESIDUAL.values()] + [
    losses.huber(0.3),
    losses.quantile(0.9),
    losses.quantile(1 / 3),
]
SMOOTHED = [loss.smoothed(0.25) for loss in SHAPES if not loss.smooth]
EVERY = pytest.mark.parametrize("loss", SHAPES + SMOOTHED, ids=lambda loss: f"{loss.spec}/{loss.width:g}")

# e = z − y on both sides of every joint, and far out
RNG = np.random.default_rng(1)
Z = np.concatenate([RNG.normal(scale=3.0, size=200), np.linspace(-4, 4, 33), [1e-12, -1e-12, 1e6, -1e6]])
Y = np.concatenate([RNG.normal(size=200), np.zeros(37)])


def joints(loss) -> list[float]:
    """Where one formula of ℓ(e) ends and the next begins."""
    return [] if loss.quadratic else sorted({loss.width * loss.up, -loss.width * loss.down})


def stencil(f, z, h):
    """f′ by five points: exact but for O(h⁴) and rounding eps·|f|/h."""
    return (f(z - 2 * h) - 8 * f(z - h) + 8 * f(z + h) - f(z + 2 * h)) / (12 * h)


@EVERY
def test_slope_is_the_derivative_of_value_away_from_joints(loss):
    h = 1e-3
    for z, y in zip(Z[:233], Y[:233]):
        if all(abs(z - y - joint) > 2 * h for joint in joints(loss)):
            found = stencil(lambda at, y=y: float(loss.value(at, y)), z, h)
            # ℓ is a polynomial of degree ≤ 2 here, so nothing but rounding is left: 18 terms' worth over 12h
            room = 2 * EPS * float(loss.value(abs(z) + 2 * h, -abs(y))) / h + 4 * EPS * (abs(z) + abs(y)) / h
            assert abs(found - loss.slope(z, y)) <= room


@EVERY
def test_curvature_is_the_derivative_of_slope_away_from_joints(loss):
    h = 1e-3
    for z, y in zip(Z[:233], Y[:233]):
        if all(abs(z - y - joint) > 2 * h for joint in joints(loss)):
            found = stencil(lambda at, y=y: float(loss.slope(at, y)), z, h)
            steepest = abs(float(loss.slope(abs(z), -abs(y)))) + 1
            assert abs(found - loss.curvature(z, y)) <= 8 * EPS * steepest / h
            assert loss.curvature_floor <= loss.curvature(z, y) <= loss.curvature_bound


@EVERY
def test_slope_is_a_subgradient_everywhere_the_kink_included(loss):
    y = 0.5
    places = np.concatenate([y + np.array([0.0, *joints(loss)]), Z[:100]])
    for z in places:
        line = loss.value(z, y) + loss.slope(z, y) * (Z - z)
        room = 8 * EPS * (np.abs(line) + loss.value(Z, y) + (abs(z) + np.abs(Z)) * abs(loss.slope(z, y)))
        assert (loss.value(Z, y) >= line - room).all()


@EVERY
def test_value_and_slope_do_not_jump_at_joints(loss):
    for joint in joints(loss):
        below, above = np.nextafter(joint, -1e9), np.nextafter(joint, 1e9)
        # the two formulas differ by rounding of numbers of size slope·|joint|
        room = 4 * EPS * (min(loss.slope_bound, 1e9) * abs(joint) + EPS)
        assert abs(loss.value(below, 0.0) - loss.value(above, 0.0)) <= room
        if loss.smooth:
            assert abs(loss.slope(below, 0.0) - loss.slope(above, 0.0)) <= 4 * EPS * loss.slope_bound


@EVERY
def test_value_is_never_negative_and_zero_where_the_prediction_is_right(loss):
    assert (loss.value(Z, Y) >= 0).all()
    assert loss.value(0.3, 0.3) == 0 == loss.slope(0.3, 0.3)


@EVERY
def test_far_predictions_stay_finite(loss):
    far = np.array([1e150, -1e150])
    for found in (loss.value(far, 0.0), loss.slope(far, 0.0), loss.curvature(far, 0.0)):
        assert np.isfinite(found).all()


@EVERY
def test_the_kernel_says_the_same_as_numpy_elementwise(loss):
    at_joints = np.array([0.0, *joints(loss)])
    Zs, Ys = np.concatenate([Z, at_joints]), np.concatenate([Y, np.zeros(len(at_joints))])
    for z, y in zip(Zs, Ys):
        value, slope = residual_loss(z, y, loss.up, loss.down, loss.width)
        assert abs(value - loss.value(z, y)) <= 4 * EPS * (abs(value) + loss.width * min(loss.up, 1e3) ** 2)
        assert abs(slope - loss.slope(z, y)) <= 2 * EPS * abs(slope)


@EVERY
def test_vector_and_scalar_agree_to_the_bit(loss):
    for what in (loss.value, loss.slope, loss.curvature):
        assert np.array_equal(what(Z, Y), [what(z, y) for z, y in zip(Z, Y)])


def test_losses_are_those_of_scikit_learn_and_scipy():
    assert np.isclose(losses.squared().value(Z, Y).mean(), mean_squared_error(Y, Z), rtol=1e-14)
    assert np.isclose(losses.absolute().value(Z, Y).mean(), mean_absolute_error(Y, Z), rtol=1e-14)
    for level in (0.1, 0.5, 0.9):
        pinball = mean_pinball_loss(Y, Z, alpha=level)
        assert np.isclose(losses.quantile(level).value(Z, Y).mean(), pinball, rtol=1e-14)
    for delta in (0.3, 1.35, 4.0):  # SciPy's Huber loss is half of ours
        ours = losses.huber(delta).value(Z, Y)
        assert np.allclose(ours, 2 * scipy_huber(delta, Z - Y), rtol=1e-12)


def test_huber_slope_is_twice_the_psi_of_statsmodels():
    from statsmodels.robust.norms import HuberT

    assert np.allclose(losses.huber(0.7).slope(Z, Y), 2 * HuberT(0.7).psi(Z - Y), rtol=1e-13)


def test_half_of_the_absolute_loss_is_the_median_quantile_loss():
    assert np.array_equal(losses.quantile(0.5).value(Z, Y), losses.absolute().value(Z, Y) / 2)


@EVERY
@pytest.mark.parametrize("weighted", [False, True])
def test_null_prediction_is_the_minimiser_over_a_grid(loss, weighted):
    y = np.array([0.0, 1.0, 1.0, 2.5, 4.0, 9.0, -3.0])
    weights = np.array([1.0, 2.0, 0.0, 1.0, 0.5, 0.3, 1.0]) if weighted else None
    best = loss.null_prediction(y, weights)
    total = lambda z: np.average(loss.value(z, y), weights=weights)
    grid = [*np.linspace(-4, 10, 2801), *y]
    assert all(total(best) <= total(z) + 1e-14 for z in grid)  # sums of seven numbers up to 100


def test_null_predictions_are_mean_median_and_quantile():
    y = RNG.normal(size=101)
    assert np.isclose(losses.squared().null_prediction(y), y.mean(), rtol=1e-14)
    # halving ends between two neighbouring floats, of which either may be told
    assert np.isclose(losses.absolute().null_prediction(y), np.median(y), rtol=2 * EPS, atol=0)
    level = np.quantile(y, 0.25, method="inverted_cdf")
    assert np.isclose(losses.quantile(0.25).null_prediction(y), level, rtol=2 * EPS, atol=0)


@pytest.mark.parametrize("width", [1.0, 0.1, 1e-6])
@EVERY
def test_smoothing_costs_at_most_width_slope_squared_over_two(loss, width):
    smooth = loss.smoothed(width)
    assert smooth.smooth
    if loss.smooth:
        assert smooth is loss
        return
    gap = loss.value(Z, Y) - smooth.value(Z, Y)
    room = 4 * EPS * (np.abs(Z) + np.abs(Y))
    assert (gap >= -room).all() and (gap <= width * loss.slope_bound**2 / 2 + room).all()


@EVERY
def test_smoothed_loss_is_the_moreau_envelope(loss):
    """min over u of ℓ(u) + (e − u)²/2h, on a grid of u: an outside definition of the same function."""
    if loss.width == 0 or loss.quadratic:
        return
    u = np.linspace(-6, 6, 240_001)
    kinked = np.maximum(loss.up * u, -loss.down * u)
    for e in (-3.0, -0.4, -0.01, 0.0, 0.2, 0.26, 2.0):
        envelope = (kinked + (e - u) ** 2 / (2 * loss.width)).min()
        step = u[1] - u[0]  # the grid misses the lowest u by half a step at most: h²/(8·width), or slope·step
        assert abs(envelope - loss.value(e, 0.0)) <= step**2 / loss.width + 2 * loss.slope_bound * step


@given(
    st.one_of(
        st.floats(1e-3, 1e3).map(losses.huber),
        st.floats(0.001, 0.999).map(losses.quantile),
        st.sampled_from([losses.squared(), losses.absolute()]),
    )
)
@settings(deadline=None, max_examples=60, derandomize=True)
def test_a_loss_comes_back_from_its_spec_to_the_bit(loss):
    assert by_name(loss.spec) == loss
    assert by_name(loss) is loss


@pytest.mark.parametrize(
    "spec, key",
    [
        ("squarred", "model.unknown_loss"),
        ("squared:2", "model.no_parameter"),
        ("huber:wide", "model.not_a_number"),
        ("huber:0", "model.huber_delta"),
        ("huber:nan", "model.huber_delta"),
        ("huber:inf", "model.huber_delta"),
        ("quantile:1", "model.quantile_level"),
        ("quantile:0", "model.quantile_level"),
        ("quantile:nan", "model.quantile_level"),
        (None, "model.unknown_loss"),
    ],
)
def test_nonsense_is_refused_in_one_line(spec, key):
    with pytest.raises(DownslopeError) as caught:
        by_name(spec)
    assert caught.value.key == key
    for language in ("en", "zh"):
        with speaking(language):
            assert "\n" not in str(caught.value)


def test_the_nearest_name_comes_first():
    with pytest.raises(DownslopeError, match="use one of squared"):
        by_name("sqared")


@EVERY
def test_capabilities_are_what_they_say(loss):
    assert loss.quadratic == (loss.name == "squared")
    assert loss.smooth == (loss.curvature_bound < math.inf)
    assert loss.mean(Z) is Z

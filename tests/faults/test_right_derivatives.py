"""Claims about derivatives: a right one is never accused, one wrong by a thousandth is always found."""

import warnings

import numpy as np
import pytest

import downslope as ds
from downslope.errors import DownslopeError, DownslopeWarning
from downslope.model.differences import is_slope
from downslope.model.functions import Function
from tests.faults.published import FORMULAS, WITHOUT_MINIMUM, least_squares

TABLE = {**FORMULAS, **WITHOUT_MINIMUM}


def places(name, count):
    """The start, and places around it, near and far, where f and ∇f are finite."""
    text, start = TABLE[name]
    f, rng = Function.of(text, None), np.random.default_rng(len(name))
    for k in range(count):
        x = np.array(start) + rng.standard_normal(len(start)) * (0, 1, 1, 10, 100)[k % 5]
        with np.errstate(all="ignore"):
            value, g = f.value_and_gradient(x)
        if np.isfinite(value) and np.isfinite(g).all() and np.abs(g).max() < 1e300:
            yield f, x, g


def spoilt(g, factor=1.001):
    """The largest coordinate wrong by a thousandth."""
    wrong = g.copy()
    wrong[np.abs(g).argmax()] *= factor
    return wrong


def check_truth(name, count):
    for f, x, g in places(name, count):
        assert is_slope(f.value, x, g), (name, x)
        instrument(f, x, g, right=True)
        if np.abs(g).max() > 1e-6 * max(1.0, abs(f.value(x))) and count <= 4:  # else f has no digits to tell
            assert not np.array_equal(x, TABLE[name][1]) or not is_slope(f.value, x, spoilt(g)), (name, x)
            instrument(f, x, spoilt(g), right=False)


def instrument(f, x, g, right):
    scale = g / f.gradient(x) if not right else np.ones(len(g))
    slopes = lambda v: f.gradient(v) * np.where(np.isfinite(scale), scale, 1.0)
    try:
        check = ds.check_gradient(lambda v: f.value(np.ravel(v)), lambda v: slopes(np.ravel(v)), at=list(x))
    except DownslopeError as error:
        assert error.key == "instruments.kink"
        return
    assert check.right == right, (f.formula, x, check.text)


@pytest.mark.fault("B2")
@pytest.mark.parametrize("name", sorted(TABLE)[::9])
def test_a_right_derivative_is_right_and_a_wrong_one_wrong(name):
    check_truth(name, 2)


@pytest.mark.slow
@pytest.mark.fault("B2")
@pytest.mark.parametrize("name", TABLE)
def test_right_derivatives_are_never_accused_anywhere(name):
    check_truth(name, 4)
    check_truth(name, 15)


@pytest.mark.fault("B2")
def test_the_published_least_squares_are_never_accused_and_always_found_out():
    for problem in least_squares():
        with warnings.catch_warnings():
            warnings.simplefilter("error", DownslopeWarning)
            Function.of(problem.f, problem.start, problem.gradient)
        with pytest.warns(DownslopeWarning, match="is wrong at"):
            Function.of(problem.f, problem.start, lambda x, p=problem: spoilt(p.gradient(x)))

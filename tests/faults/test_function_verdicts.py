"""Claims about verdicts on functions, held on published ones: a minimum is one, and none is dear."""

import itertools
import math
import warnings

import numpy as np
import pytest
from scipy.optimize import minimize as scipy_minimize

import downslope as ds
from downslope.errors import DownslopeWarning
from downslope.model.functions import Function
from tests.faults.published import FORMULAS, WITHOUT_MINIMUM, least_squares

WAYS = {
    "newton": {"method": "newton"},
    "lbfgs": {"method": "lbfgs"},
    "gd": {"method": "gd", "learning_rate": "auto"},
    "fixed": {"method": "gd", "learning_rate": 0.01, "epochs": 300},
}
MINIMA = ("minimum", "flat", "local_minimum")


def sampled(count, *axes, seed=0):
    """All combinations, of which `count`, drawn by seed, are not marked slow."""
    every = list(itertools.product(*axes))
    quick = set(np.random.default_rng(seed).permutation(len(every))[:count].tolist())
    return [
        pytest.param(*values, marks=() if i in quick else pytest.mark.slow) for i, values in enumerate(every)
    ]


def descended(text, start, way):
    f = Function.of(text, None)
    x0 = dict(zip(f.names, start))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DownslopeWarning)
        return f, ds.minimize(f, x0, **WAYS[way])


def left_below(f, run) -> tuple[float, float]:
    """What Newton's parabola at the end says is left below it, and what a minimum may leave."""
    x, g, H = run.params, f.gradient(run.params), f.hessian(run.params)
    values, vectors = np.linalg.eigh(H)
    along, largest = vectors.T @ g, np.abs(values).max()
    bent = np.abs(values) > 1e-10 * largest
    if (values < -1e-10 * largest).any():
        return math.inf, 0.0
    losses = [step.loss for step in run.trace.steps] + [run.loss]
    half = losses[len(losses) // 2 - 1] - run.loss
    allowed = max(1e-6 * half, 1e-16 * (losses[0] - run.loss), 1e-14 * abs(run.loss))
    away = np.linalg.norm(x - run.trace.start)
    left = 0.5 * (along[bent] ** 2 / values[bent]).sum()
    return max(left, np.abs(along[~bent]).sum() * away), allowed


def some(table, count, seed=0):
    rng = np.random.default_rng(seed)
    names = sorted(table)
    return [
        (names[i], way) for i, way in zip(rng.permutation(len(names))[:count], np.resize(list(WAYS), count))
    ]


def check_no_minimum_on_a_slope(name, way):
    text, start = {**FORMULAS, **WITHOUT_MINIMUM}[name]
    f, run = descended(text, start, way)
    if (run.verdict.kind or run.verdict.code) in MINIMA:
        left, allowed = left_below(f, run)
        assert left <= 1.0001 * allowed, run.verdict.text
    return run


@pytest.mark.fault("B1")
@pytest.mark.parametrize("name,way", some(FORMULAS, 14))
def test_no_minimum_is_claimed_on_a_slope(name, way):
    check_no_minimum_on_a_slope(name, way)


@pytest.mark.slow
@pytest.mark.fault("B1")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FORMULAS)
def test_no_minimum_is_claimed_on_a_slope_of_any_published_function(name, way):
    check_no_minimum_on_a_slope(name, way)


@pytest.mark.fault("B1", "E8")
@pytest.mark.parametrize("name,way", sampled(14, WITHOUT_MINIMUM, WAYS))
def test_no_minimum_is_claimed_where_there_is_none(name, way):
    run = check_no_minimum_on_a_slope(name, way)
    if name == "e_to_the_x_far":  # which has one, 700 steps away
        assert run.verdict.code != "converged" or run.loss == pytest.approx(2 - 2 * math.log(2))
    else:
        assert run.verdict.code not in ("converged", "local_minimum")
        bends = name in ("decay_beside_bowl", "flat_slope") and way == "fixed"  # still, after 300 epochs
        assert bends or run.verdict.code == "unbounded"
        assert all(remedy.change is None for remedy in run.verdict.remedies) or way == "fixed"


POLES = ["ln(x)", "ln(x) + y^2", "ln(x^2 + y^2)", "ln(abs(x))", "-1/x", "-1/x^2 + y^2", "2*ln(x) + x"]
TAILS = [
    "e^x",
    "e^x + 5",
    "e^x + y^2",
    "e^(x/3)*(1 + y^2)",
    "exp(-x^2)",
    "exp(-exp(x))",
    "1/(1 + e^x)",
    "2^x",
]


@pytest.mark.fault("B1")
@pytest.mark.parametrize(
    "text,start,way", sampled(12, POLES + TAILS, [0.5, 2.0, 20.0, 701.0], ["newton", "lbfgs", "gd"])
)
def test_a_pole_and_a_tail_are_no_minimum(text, start, way):
    f = Function.of(text, None)
    if not f.value(np.full(len(f.names), start)) > 1e-300 and text in TAILS:
        pytest.skip("f is 0 all around the start")
    _, run = descended(text, [start] * len(f.names), way)
    assert run.verdict.code not in ("converged", "saddle", "maximum"), run.verdict.text


@pytest.mark.fault("B1")
@pytest.mark.parametrize(
    "text", ["x^4", "x^12", "x^2 + y^4", "x^2 + 1e-9*y^2", "e^x - x", "x*ln(x)", "x^2*e^x"]
)
@pytest.mark.parametrize("way", ["newton", "lbfgs"])
def test_a_slow_minimum_is_one(text, way):
    _, run = descended(text, [2.0] * len(Function.of(text, None).names), way)
    assert run.verdict.code == "converged", run.verdict.text


@pytest.mark.fault("B4")
@pytest.mark.parametrize("name", ["drop_wave", "salomon"])
@pytest.mark.parametrize("way", ["newton", "lbfgs"])
def test_a_ring_of_minima_is_no_plateau(name, way):
    _, run = descended(*FORMULAS[name], way)
    assert run.verdict.code in ("converged", "local_minimum")


@pytest.mark.fault("E8")
def test_a_level_inflection_is_no_minimum():
    for way in ("newton", "lbfgs", "fixed"):
        assert descended("x^4/4 - x^3/3", [-2.0], way)[1].verdict.code != "local_minimum"
    verdict = descended("x^4/4 - x^3/3", [-2.0], "newton")[1].verdict
    assert verdict.kind == "inflection" and verdict.apply().params[0] == pytest.approx(1.0, abs=1e-4)


@pytest.mark.fault("E12")
@pytest.mark.parametrize("way", ["newton", "lbfgs", "gd"])
def test_the_minimum_at_a_kink_is_one(way):
    _, run = descended("max(x^2, 2 - x)", [3.0], way)
    assert run.verdict.code == "converged" and run.params[0] == pytest.approx(1.0, abs=1e-6)


# ── what it costs ───────────────────────────────────────────────────────────────────────────────────


def evaluations(method):
    ours, theirs, solved = {"f": 0, "g": 0}, {"f": 0, "g": 0}, [0, 0]
    scipy_method, hessian = {"lbfgs": ("BFGS", False), "newton": ("trust-exact", True)}[method]
    for problem in least_squares():
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            run = ds.minimize(problem.f, problem.start, method=method, derivative=problem.gradient)
            for kind, count in problem.calls.items():
                ours[kind] += count
            problem.calls.update(f=0, g=0)
            bend = {"hess": problem.hessian} if hessian else {}
            other = scipy_minimize(
                problem.f, problem.start, jac=problem.gradient, method=scipy_method, **bend
            )
        for kind, count in problem.calls.items():
            theirs[kind] += count
        solved = [solved[0] + problem.solved(run.loss), solved[1] + problem.solved(other.fun)]
        assert run.verdict.code != "wrong_gradient"
    return ours, theirs, solved


@pytest.mark.sample(1)
@pytest.mark.fault("B6", "B2")
@pytest.mark.parametrize("method", ["lbfgs", "newton"])
def test_with_its_verdict_it_calls_the_function_hardly_more_often_than_scipy(method):
    ours, theirs, solved = evaluations(method)
    assert solved[0] >= solved[1] and solved[0] >= 34
    assert ours["f"] <= 1.5 * theirs["f"] and ours["g"] <= 1.5 * theirs["g"]


# ── units ───────────────────────────────────────────────────────────────────────────────────────────

UNITS = {  # c, k of f → c·f + k; c, k of x → c·x + k
    "small values": (2.0**-40, 0.0, 1.0, 0.0),
    "large values": (2.0**40, 0.0, 1.0, 0.0),
    "small places": (1.0, 0.0, 2.0**-30, 0.0),
    "large places": (1.0, 0.0, 2.0**30, 0.0),
    "raised": (1.0, 64.0, 1.0, 0.0),
    "moved": (1.0, 0.0, 1.0, 4.0),
}
INVARIANT = {
    "parabola": ("(x - 3)^2", (10.0,)),
    "rosenbrock": FORMULAS["rosenbrock"],
    "himmelblau": FORMULAS["himmelblau"],
    "three_humps": FORMULAS["camel3"],
    "saddle": ("x^2 + y^4/4 - y^2/2", (1.0, 0.0)),
    "valley": ("x^2 + 0*y", (1.0, 1.0)),
    "quartic": ("x^4 + x^2*y^2 + y^4", (1.0, 2.0)),
    "cubic": ("x^3", (2.0,)),
    "decay": ("exp(-x)", (1.0,)),
    "two_valleys": ("x^4 - 8*x^2 + x", (3.0,)),
    "kink": ("max(x^2, 2 - x)", (3.0,)),
}


@pytest.mark.fault("E7")
@pytest.mark.parametrize("name,units", sampled(12, INVARIANT, UNITS))
def test_units_leave_the_verdict_as_it_is(name, units):
    text, start = INVARIANT[name]
    c, k, scale, shift = UNITS[units]
    names = Function.of(text, None).names
    inner = text
    for letter in names:  # x → (x − shift)/scale
        inner = inner.replace("exp", "EXP").replace("max", "MAX")
        inner = inner.replace(letter, f"(({letter.upper()} - {shift!r})/{scale!r})")
    inner = inner.replace("EXP", "exp").replace("MAX", "max")
    moved = [scale * x + shift for x in start]
    for way in ("newton", "lbfgs"):
        _, plain = descended(text, start, way)
        _, other = descended(f"{c!r}*({inner.lower()}) + {k!r}", moved, way)
        assert other.verdict.code == plain.verdict.code, way
        if plain.verdict.code == "converged":
            assert other.verdict.kind == plain.verdict.kind, way


@pytest.mark.fault("E7")
def test_a_shallow_parabola_is_no_plateau():
    assert descended("1e-12*(x-3)^2", [10.0], "newton")[1].verdict.kind == "minimum"
    assert descended("1e-12*(x-3)^2", [10.0], "fixed")[1].verdict.code in ("too_slow", "epochs_exhausted")


# ── epochs told, remedies applied ───────────────────────────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.fault("E6", "E9")
@pytest.mark.parametrize("rate,epochs", [(0.001, 1000), (0.001, 4000), (0.002, 500), (0.0005, 3000)])
def test_the_first_remedy_of_a_valley_ends_at_its_minimum(rate, epochs):
    told = {"method": "gd", "learning_rate": rate, "epochs": epochs}
    verdict = ds.minimize(FORMULAS["rosenbrock"][0], [-1.2, 1.0], **told).verdict
    if verdict.code != "converged":
        assert verdict.apply().verdict.code == "converged", verdict.remedy
    if verdict.kind == "epochs_more":
        longer = ds.minimize(
            FORMULAS["rosenbrock"][0], [-1.2, 1.0], **{**told, "epochs": epochs + verdict.numbers["more"]}
        )
        assert longer.verdict.code == "converged"


@pytest.mark.fault("B3")
def test_what_grew_is_diverged():
    run = ds.minimize("x^2", 10.0, learning_rate=1.1, epochs=30)
    assert run.verdict.code == "diverged" and run.verdict.apply().verdict.code == "converged"


@pytest.mark.fault("B1", "B4")
@pytest.mark.parametrize("method", ["gd", "momentum"])
@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("1-exp(-(x-2)^2)", {"x": 10}),
        ("1-exp(-x^2-y^2)", {"x": 9, "y": -7}),
        ("tanh(x)-exp(-(x-30)^2)", {"x": 20}),
    ],
)
def test_a_curvature_that_no_digit_of_f_shows_makes_no_maximum(text, start, method):
    run = ds.minimize(text, start, method=method, epochs=1)
    assert run.verdict.code == "plateau" and run.verdict.numbers["lower"] < run.loss - 1e-3


@pytest.mark.fault("B1", "E8")
@pytest.mark.parametrize(
    ("text", "start", "settings"),
    [
        ("1e9*(x+sin(x))", {"x": 2.3}, {"method": "gd"}),  # far down, on a slope of 1e9
        ("x+sin(x)", {"x": 0}, {"method": "auto"}),  # beside a level inflection
        ("1e8*sqrt(x^2+y^2)", {"x": -4.03, "y": 3.3}, {"method": "gd", "learning_rate": 0.01, "epochs": 50}),
        (
            "sqrt((x-1)^2+1e-4)",
            {"x": 7},
            {"method": "gd", "learning_rate": 1e4, "epochs": 20},
        ),  # back and forth
    ],
)
def test_no_minimum_is_claimed_where_f_falls_on_or_swings(text, start, settings):
    verdict = ds.minimize(text, start, **settings).verdict
    assert verdict.code not in ("converged", "local_minimum", "plateau"), verdict.text


@pytest.mark.fault("D10")
def test_a_place_without_a_gradient_is_named_and_no_search_stops_there():
    verdict = ds.minimize(
        "1-cos(sqrt(x^2+y^2))", {"x": 0.5, "y": 0.5}, method="gd", learning_rate=1.0
    ).verdict
    assert verdict.code == "not_finite" and "nan" not in verdict.text and "x = 0, y = 0" in verdict.text
    far = ds.minimize("1/(1+exp(-x))", {"x": 0.001})  # e^2000 over e^2000
    assert far.verdict.code == "unbounded" and "nan" not in far.verdict.text

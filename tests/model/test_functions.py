"""Claims about formulas, functions, their derivatives and their critical points."""

import math
import pickle
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.errors import DownslopeError, DownslopeWarning
from downslope.insight.critical import critical_points, unbounded_below
from downslope.model.expression import FUNCTIONS, TAKE_SEVERAL, formula, parse, parse_several, variables_in
from downslope.model.functions import Function
from tests.builders import refused
from tests.sentences import texts

TEXTS = texts("functions")

EPS = np.finfo(float).eps


def points(text: str) -> list[tuple]:
    return [(p.exact, p.kind) for p in critical_points(Function.from_expression(text)).points]


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────


def test_caret_and_double_star_are_the_same_power_and_bind_tighter_than_plus():
    assert parse("x^2 + y^2") == parse("x**2 + y**2") == parse("(x^2) + (y^2)")
    assert parse("-x^2") == -(parse("x") ** 2)
    assert parse("2^-x") == parse("1/2^x")
    assert parse("x^y^2") == parse("x^(y^2)")


def test_chinese_and_typographic_signs_read_as_plain_ones():
    assert parse("（ｘ＋１）＊２－ｘ／４") == parse("(x+1)*2-x/4")
    assert parse("max（x，y）") == parse("max(x, y)")
    assert parse("x² − 2·x³ × y¹² ÷ 3") == parse("x^2 - 2*x^3*y^12/3")
    assert parse("2*π*x") == parse("2*pi*x")


def test_decimals_are_exact_fractions():
    assert parse("0.1*x + 0.2*x") == parse("0.3*x")


def test_variables_stand_in_order_of_first_appearance_and_constants_are_none():
    assert variables_in("z + e*y*sin(pi*x) + y") == ("z", "y", "x")
    assert Function.from_expression("θ^2 + 权重^2").names == ("θ", "权重")


def test_declared_variables_override_constants_and_set_the_order():
    f = Function.from_expression("e^2 + x", variables=("x", "e"))
    assert f.names == ("x", "e")
    assert f.gradient([1.0, 3.0]).tolist() == [1.0, 6.0]


def test_a_formula_shown_is_read_again_as_itself():
    for text in ("x^2*exp(-y)/3", "abs(x) + max(x, y)", "e*pi*x^0.5", "sigmoid(x)*softplus(-x)", "log2(x)"):
        assert parse(formula(parse(text))) == parse(text)
        assert parse(formula(parse(text), decimals=True)) == parse(text)


_LEAVES = st.sampled_from(["x", "y", "z", "pi", "2", "3", "0.5", "1.25"])
_FORMULAS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["({}+{})", "({}-{})", "({}*{})", "max({},{})"]), inner, inner).map(
            lambda t: t[0].format(*t[1:])
        ),
        st.tuples(
            st.sampled_from(["sin({})", "cos({})", "exp(-({})^2)", "-{}", "({})^2", "({})²", "abs({})"]),
            inner,
        ).map(lambda t: t[0].format(t[1])),
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, database=None)
@given(_FORMULAS)
def test_a_parsed_formula_has_the_value_that_python_finds(text):
    text += " + 0*x"
    place = {"x": 0.7, "y": -1.3, "z": 0.4}
    python = text.replace("²", "**2").replace("^", "**")
    expected = eval(python, {"__builtins__": {}, "abs": abs, "max": max, "pi": math.pi, **vars(math)}, place)
    f = Function.from_expression(text, variables=("x", "y", "z"))
    # ε for each operation, however SymPy orders them; sizes are bounded by the value of Σ|terms| below 1e3
    scale = max(1.0, abs(expected))
    assert f.value(list(place.values())) == pytest.approx(expected, rel=1e-9, abs=1e-9 * scale)


@settings(max_examples=150, deadline=None, database=None)
@given(st.text(alphabet="xy12.e+-*/^(), \t_sinlogλ²=[]'\"#:@\\\0", max_size=25))
def test_any_text_is_either_read_or_refused_in_one_line(text):
    try:
        parse(text)
    except DownslopeError as error:
        assert "\n" not in str(error).replace(text, "")


REFUSED = {
    "": "empty",
    "   ": "empty",
    "x +": "syntax",
    "x + * y": "syntax",
    "(x": "syntax",
    "x)": "syntax",
    "1.2.3*x": "syntax",
    "(" * 300 + "x" + ")" * 300: "syntax",
    "2x": "implicit_product",
    "2(x+1)": "implicit_product",
    "(x+1)(x-1)": "implicit_product",
    "x y": "implicit_product",
    "x²y": "implicit_product",
    "sin x": "no_parentheses",
    "x*sin": "no_parentheses",
    "y = 2*x^2": "equation",
    "x == 2": "equation",
    "x.real": "refused",
    "x[0]": "refused",
    "'x'": "refused",
    "x # y": "refused",
    "x // 2": "refused",
    "x, y": "refused",
    "sin(*x)": "refused",
    "f'{x}'": "refused",
    "sine(x)": "unknown_function",
    "x(x+1)": "unknown_function",
    "__import__('os')": "unknown_name",
    "_x": "unknown_name",
    "lambda x: x": "reserved_word",
    "lambda^2": "reserved_word",
    "x if y else z": "reserved_word",
    "True + x": "reserved_word",
    "sin(x, y)": "arguments",
    "max(x)": "arguments",
    "sin()": "arguments",
    "9**9**9": "power_tower",
    "x^x^x": "power_tower",
    "2^2^2^2^x": "power_tower",
    "x^101": "exponent",
    "x^-101": "exponent",
    "((x^10)^10)^10": "exponent",
    "1e999*x": "number_too_large",
    "9" * 900 + "*x": "number_too_large",
    "1e308^100*x": "number_too_large",
    "1e308*1e308*x": "number_too_large",
    "exp(exp(exp(exp(9))))*x": "number_too_large",
    "x" + "/1e308" * 150: "number_too_large",
    "x/0": "not_real",
    "log(-1)*x": "not_real",
    "(-8)^0.3*x": "not_real",
    "2 + 3": "no_variable",
    "-" * 60 + "x": "too_deep",
    "sin(" * 60 + "x" + ")" * 60: "too_deep",
    "x" + "+1" * 600: "too_long",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:20].replace("\0", "0"))
def test_what_is_not_a_formula_is_refused_by_name(text):
    assert refused(parse, text).key == f"functions.{REFUSED[text]}"


def test_an_error_tells_the_column_of_the_text_as_it_was_typed():
    assert refused(parse, "x^2 + y^3 + 2z").facts["column"] == 13
    assert refused(parse, "  x² + y³ + $").facts["column"] == 13
    assert refused(parse, "x^2 + )").facts["column"] == 7
    assert refused(parse, "x² +").facts["column"] == 5
    assert refused(parse, "θ² + x // y").facts["column"] == 6
    assert refused(parse, "2x").facts["product"] == "2*x"
    assert "sin" in str(refused(parse, "sine(x)")).partition("Known functions:")[2][:6]


def test_a_name_that_was_not_declared_is_unknown():
    assert refused(parse, "x + y", ("x",)).key == "functions.unknown_name"


def test_long_sums_are_not_deep():
    f = Function.from_expression("+".join(["x*y"] * 200))
    assert f.value([2.0, 3.0]) == 1200.0


HEAVY = [
    "*".join(f"(x+{i})" for i in range(120)),
    "+".join(f"sin({i}*x)" for i in range(80)),
    "sin(" * 48 + "x" + ")" * 48,
    "max(" * 24 + "x" + ",x-1)" * 24,
    "*".join(f"tan(x^{i})" for i in range(1, 60)),
    "(x+y+z+a+b+c+d)^100",
    "(x^3+y^3+z^3+x*y*z)^30 + x*y",
]


@pytest.mark.sample(3)
@pytest.mark.parametrize("text", HEAVY, ids=range(len(HEAVY)))
def test_the_heaviest_formulas_end_within_seconds(text):
    began = time.monotonic()
    f = Function.from_expression(text)
    x = np.full(f.size, 0.5)
    f.value_and_gradient(x)
    assert f.hessian(x).shape == (f.size, f.size)
    critical_points(f, seconds=0.5)
    assert time.monotonic() - began < 20  # seconds, on any machine; about 1 here


# ── derivatives ─────────────────────────────────────────────────────────────────────────────────────


def five_point(f, x: float) -> float:
    """f′(x) ≈ (f(x−2t) − 8f(x−t) + 8f(x+t) − f(x+2t)) / 12t, with error t⁴ + ε/t ≈ 1e-12 at t = 1e-3."""
    t = 1e-3
    return (f(x - 2 * t) - 8 * f(x - t) + 8 * f(x + t) - f(x + 2 * t)) / (12 * t)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("x", [0.3, 0.62])
def test_every_function_has_its_derivatives_and_agrees_on_floats_and_arrays(name, x):
    text = f"{name}(x, x^2, 0.4)" if name in TAKE_SEVERAL else f"{name}(x)"
    f = Function.from_expression(text)
    assert f.gradient([x])[0] == pytest.approx(five_point(lambda t: f.value([t]), x), rel=1e-9, abs=1e-9)
    assert f.hessian([x])[0, 0] == pytest.approx(
        five_point(lambda t: f.gradient([t])[0], x), rel=1e-9, abs=1e-9
    )
    assert f.values([[x]])[0] == pytest.approx(f.value([x]), rel=8 * EPS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_raises_anywhere_on_the_real_line(name):
    text = f"{name}(x, 1)" if name in TAKE_SEVERAL else f"{name}(x)"
    f = Function.from_expression(text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for x in (-1e308, -1000.0, -1.0, 0.0, 1.0, 1000.0, 1e308, math.inf, -math.inf, math.nan):
            value, gradient = f.value_and_gradient(np.array([x]))
            assert isinstance(value, float) and gradient.shape == (1,)
            assert f.hessian([x]).shape == (1, 1)


def test_overflow_is_infinite_and_outside_the_domain_is_nan():
    assert Function.from_expression("x^2").value([1e200]) == math.inf
    assert Function.from_expression("exp(x)").value([1000.0]) == math.inf
    assert math.isnan(Function.from_expression("x^(1/3)").value([-8.0]))
    assert math.isnan(Function.from_expression("abs(sqrt(x))").value([-1.0]))
    assert Function.from_expression("sigmoid(x)").gradient([-1000.0])[0] == 0.0


def test_kinks_have_slope_zero_and_no_delta_function():
    f = Function.from_expression("abs(log(x)) + max(x, 1)")
    assert f.gradient([1.0])[0] == 0.5
    assert np.isfinite(f.hessian([1.0])).all()


def test_the_lesson_2x2_goes_down_to_x0_times_096_to_the_1000():
    f = Function.from_expression("2*x^2")
    x = x0 = 500.0
    for _ in range(1000):
        x -= 0.01 * f.gradient([x])[0]
    assert x == pytest.approx(x0 * 0.96**1000, rel=2000 * EPS)  # two roundings a step
    assert f.gradient_formulas == ("4*x",)
    assert f.derivative_kind == "symbolic"
    assert f.latex == "2 x^{2}"


def test_rows_of_values_are_values_of_rows():
    f = Function.from_expression("(1-x)^2 + 100*(y-x^2)^2")
    X = np.random.default_rng(0).standard_normal((50, 2))
    np.testing.assert_allclose(f.values(X), [f.value(x) for x in X], rtol=16 * EPS, atol=100 * EPS)
    assert Function.from_expression("0*x + 1").values(np.zeros((3, 1))).tolist() == [1.0, 1.0, 1.0]


def test_a_right_derivative_is_used_in_silence_and_a_wrong_one_with_a_warning():
    assert Function.from_expression("2*x^2", "4*x").derivative_kind == "given"
    assert Function.from_expression("x^2 + y^2", "2*x, 2*y").gradient([1.0, 2.0]).tolist() == [2.0, 4.0]
    assert Function.from_expression("x^2 + y^2", ["2*x", "2*y"]).gradient([1.0, 2.0]).tolist() == [2.0, 4.0]
    assert Function.from_expression("sin(x)^2", "sin(2*x)").derivative_kind == "given"
    with pytest.warns(DownslopeWarning, match=r"4\*x"):
        wrong = Function.from_expression("2*x^2", "2*x")
    assert wrong.gradient([3.0])[0] == 6.0
    with pytest.warns(DownslopeWarning, match=r"2\*x\^2"):
        Function.from_expression("2*x^2", lambda x: 2 * x)
    exact = Function.from_expression("2*x^2", lambda x: 4 * x)
    assert exact.gradient([3.0])[0] == 12.0
    assert exact.hessian([3.0])[0, 0] == pytest.approx(4.0, rel=1e-9)
    assert refused(Function.from_expression, "x^2 + y", "2*x").key == "functions.derivative_count"
    assert parse_several("max(x, y), 1", ("x", "y"))[1] == 1


# ── callables ───────────────────────────────────────────────────────────────────────────────────────


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def rosenbrock_slopes(x, y):
    return [-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)]


def test_symbolic_given_autodiff_and_finite_differences_agree(monkeypatch):
    pytest.importorskip("torch")
    symbolic = Function.of("(1-x)^2 + 100*(y-x^2)^2", None)
    given = Function.of(rosenbrock, [0.5, 0.7], rosenbrock_slopes)
    automatic = Function.of(rosenbrock, [0.5, 0.7])
    monkeypatch.setattr("downslope.model.functions.available", lambda: False)
    with pytest.warns(DownslopeWarning, match="4 function calls"):
        differences = Function.of(rosenbrock, [0.5, 0.7])
    kinds = [f.derivative_kind for f in (symbolic, given, automatic, differences)]
    assert kinds == ["symbolic", "given", "autodiff", "finite differences"]
    for x in np.random.default_rng(0).standard_normal((5, 2)):
        value, gradient = symbolic.value_and_gradient(x)
        size = 1 + abs(gradient).max() + value
        for f, digits in ((given, 1e-13), (automatic, 1e-13), (differences, 1e-8)):
            assert f.value(x) == pytest.approx(value, rel=1e-13)
            np.testing.assert_allclose(f.gradient(x), gradient, atol=digits * size)
            assert f.names == ("x", "y")
        np.testing.assert_allclose(automatic.hessian(x), symbolic.hessian(x), rtol=1e-12)
        np.testing.assert_allclose(given.hessian(x), symbolic.hessian(x), rtol=1e-7, atol=1e-6)
    assert differences.hessian([0.0, 0.0]) is None and not differences.has_hessian
    np.testing.assert_allclose(automatic.values([[1, 1], [0, 0]]), [0.0, 1.0])


def test_a_vector_or_numbers_as_the_signature_asks():
    slopes = [lambda x, y, z: 2 * x, lambda x, y, z: 2 * y, lambda x, y, z: 2 * z]
    numbers = Function.of(lambda x, y, z: x**2 + y**2 + z**2, [1, 2, 3], slopes)
    vector = Function.of(lambda w: (w**2).sum(), [1, 2, 3], lambda w: 2 * w)
    named = Function.of(lambda x, y: x**2 - y, {"y": 2, "x": 1}, lambda x, y: (2 * x, -1.0))
    assert numbers.gradient([1.0, 2, 3]).tolist() == vector.gradient([1.0, 2, 3]).tolist() == [2.0, 4.0, 6.0]
    assert (numbers.names, vector.names) == (("x", "y", "z"), ("w1", "w2", "w3"))
    assert named.start_vector({"y": 2, "x": 1}).tolist() == [1.0, 2.0]
    assert Function.of(lambda x: 2 * x**2, 5, lambda x: 4 * x).gradient([5.0]).tolist() == [20.0]
    assert Function.of(lambda x: x[0] ** 2, [5], lambda x: 2 * x).gradient([5.0]).tolist() == [10.0]
    assert refused(Function.of, rosenbrock, [1, 2, 3]).key == "functions.call_shape"
    assert refused(Function.of, lambda w: w, [1, 2], lambda w: w).key == "functions.not_scalar"
    assert refused(Function.of, lambda w: w.sum(), [1, 2], lambda w: 1.0).key == "functions.derivative_count"
    assert refused(Function.of, 3, 1).key == "functions.not_a_function"


@pytest.mark.parametrize("f", [lambda x: np.sin(x) ** 2, lambda x: x * math.sin(x)], ids=["numpy", "math"])
def test_what_pytorch_cannot_follow_falls_to_differences_rather_than_to_a_wrong_gradient(f):
    with pytest.warns(DownslopeWarning, match="finite differences"):
        function = Function.of(f, 1.0)
    assert function.gradient([1.0])[0] == pytest.approx(five_point(f, 1.0), rel=1e-8)


def test_a_wrong_derivative_of_a_callable_is_named():
    with pytest.warns(DownslopeWarning, match="given derivative"):
        Function.of(lambda x: 2 * x**2, 5, lambda x: 2 * x)


def test_a_callable_outside_its_domain_is_nan_and_its_own_errors_come_through():
    f = Function.of(lambda x: math.log(x), 2.0, lambda x: 1 / x)
    assert math.isnan(f.value([-1.0])) and math.isnan(f.gradient([0.0])[0])
    assert refused(f.check_start, -1).key == "functions.outside_domain"
    assert math.isnan(Function.of(lambda x: x**0.5, 2.0, lambda x: 0.5 * x**-0.5).value([-1.0]))

    def broken(x):
        raise ValueError("no such row")

    with pytest.raises(ValueError, match="no such row"):
        Function.of(broken, 1.0, lambda x: x)


# ── starts ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_start_is_a_number_a_row_or_names():
    one, two = Function.of("x^2", None), Function.of("x^2 + y^2", None)
    assert one.start_vector(500).tolist() == one.start_vector([500]).tolist() == [500.0]
    assert two.start_vector({"y": 2, "x": 1}).tolist() == two.start_vector((1, 2)).tolist() == [1.0, 2.0]
    starts = {
        "start_missing": {"x": 1},
        "start_unknown": {"x": 1, "yy": 2},
        "start_length": [1, 2, 3],
        "start_not_finite": [1, math.nan],
        "start_not_a_number": "here",
    }
    for key, start in starts.items():
        assert refused(two.start_vector, start).key == f"functions.{key}"
    assert refused(two.start_vector, None).facts["missing"] == "x, y"
    assert refused(two.start_vector, {"x": 1}).facts["missing"] == "y"


@pytest.mark.parametrize(
    ("text", "start"), [("log(x)", -1), ("sqrt(x)", 0), ("1/x", 0), ("exp(x)", 1e3), ("x^x", -0.5)]
)
def test_a_start_outside_the_domain_is_refused(text, start):
    error = refused(Function.of(text, None).check_start, start)
    assert error.key == "functions.outside_domain" and f"x = {start:g}" in str(error)
    assert Function.of(text, None).check_start(0.5).tolist() == [0.5]


# ── critical points ─────────────────────────────────────────────────────────────────────────────────

KNOWN = {
    "2*x^2": [(("0",), "minimum")],
    "x^2 + y^2 + z^2": [(("0", "0", "0"), "minimum")],
    "x^2 - y^2": [(("0", "0"), "saddle")],
    "x*y": [(("0", "0"), "saddle")],
    "(1-x)^2 + 100*(y-x^2)^2": [(("1", "1"), "minimum")],
    "x^4 - 3*x^3 + 2": [(("0",), "saddle"), (("9/4",), "minimum")],
    "x^4 + y^4": [(("0", "0"), "minimum")],
    "exp(-x)": [],
    "log(x)": [],
    "sigmoid(x)": [],
    "abs(x)": [(("0",), "minimum")],
    "abs(x^2 - 1)": [(("-1",), "minimum"), (("0",), "maximum"), (("1",), "minimum")],
    "abs(abs(x) - 1)": [(("-1",), "minimum"), (("0",), "maximum"), (("1",), "minimum")],
    "max(x, -x)": [(("0",), "minimum")],
    "x + 1/x": [(("-1",), "maximum"), (("1",), "minimum")],
    "x^2*log(x)": [(("exp(-1/2)",), "minimum")],
    "exp(-x^2 - y^2)": [(("0", "0"), "maximum")],
    "x^3 + y^3 - 3*x*y": [(("0", "0"), "saddle"), (("1", "1"), "minimum")],
}


@pytest.mark.parametrize("text", KNOWN)
def test_critical_points_that_are_known(text):
    assert points(text) == KNOWN[text]
    found = critical_points(Function.from_expression(text))
    assert found.exact and not found.infinite


@pytest.mark.parametrize(
    "text", ["(x^2+y-11)^2 + (x+y^2-7)^2", "sin(x)", "x^6 - x - x^2", "sin(x)^2 + cos(3*x)"]
)
def test_the_gradient_vanishes_at_every_critical_point(text):
    f = Function.from_expression(text)
    found = critical_points(f, seconds=20)
    assert found.exact and len(found.points) in (9, 6, 1, 7)
    for point in found.points:
        # x is right to ε, so ∇f is off by at most about ‖∇²f‖·ε·|x|, with sums of a few dozen roundings
        assert abs(f.gradient(point.x)).max() <= 1e3 * EPS * (1 + abs(f.hessian(point.x)).max())
        curvature = np.linalg.eigvalsh(f.hessian(point.x))
        kind = "minimum" if curvature.min() > 0 else "maximum" if curvature.max() < 0 else "saddle"
        assert point.kind == kind and point.value == f.value(point.x)


def test_infinite_families_are_told_by_those_nearest_the_origin():
    sine = critical_points(Function.from_expression("sin(x)"))
    assert sine.infinite and [p.exact[0] for p in sine.points][2:4] == ["-pi/2", "pi/2"]
    line = critical_points(Function.from_expression("(x - y + 2)^2"))
    assert line.infinite and [(p.exact, p.kind) for p in line.points] == [(("-1", "1"), "minimum")]
    level = critical_points(Function.from_expression("max(x^2, 1)"))
    assert level.infinite and [(p.exact, p.kind) for p in level.points] == [(("0",), "minimum")]


def test_what_algebra_cannot_solve_is_not_claimed():
    for text in ("x*cos(0.15*pi*x)", "sin(x^2)", "sin(x)*cos(y)", "sqrt(x^2 + y^2)", "sqrt(x)"):
        found = critical_points(Function.from_expression(text))
        assert not found.exact and found.points == ()
    assert not critical_points(Function.of(rosenbrock, [0, 0], rosenbrock_slopes)).exact


def test_time_is_bounded_in_any_thread_and_the_profiler_is_put_back():
    f = Function.from_expression("(x^2+y-11)^2 + (x+y^2-7)^2 + x*y*(x-3*y)^3")
    found: list = []
    thread = threading.Thread(target=lambda: found.extend([critical_points(f, 0.05), sys.getprofile()]))
    began = time.monotonic()
    thread.start()
    thread.join()
    assert not found[0].exact and found[1] is None
    assert found[0].unbounded_below  # x^4·y falls, and that is known without solving
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("x^3", True),
        ("-x^2", True),
        ("x^4 - 9*x^3", False),
        ("x^2 - y^2", True),
        ("x^2 + 3*x*y + y^2", True),
        ("x^2 + x*y + y^2", False),
        ("(x-y)^2 + x", True),
        ("x^4 + y^4 - x", False),
        ("x^2*y", True),
        ("exp(x)", None),
    ],
)
def test_polynomials_that_fall_forever_are_known(text, answer):
    assert unbounded_below(Function.from_expression(text)) is answer
    found = critical_points(Function.from_expression(text))
    assert found.unbounded_below is answer


# ── the house ───────────────────────────────────────────────────────────────────────────────────────


def test_importing_functions_loads_neither_sympy_nor_torch():
    check = "import sys, downslope.model.functions; print({'sympy', 'torch'} & set(sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", check], capture_output=True, text=True).stdout.strip()
        == "set()"
    )


def test_errors_of_this_room_survive_pickling_and_speak_both_languages():
    error = pickle.loads(pickle.dumps(refused(parse, "2x")))
    assert error.key == "functions.implicit_product"
    assert all(key.startswith("functions.") and len(pair) == 2 for key, pair in TEXTS.items())


def test_abs_of_a_constant_within_abs_is_a_number():
    assert Function.of("abs(abs(pi))*x", None).value([2.0]) == pytest.approx(2 * math.pi)

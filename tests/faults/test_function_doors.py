"""Claims about the doors of `minimize`: whatever formula or function comes in, no raw error comes out."""

import math
import sys
import warnings

import numpy as np
import pytest

import downslope as ds
from downslope.cli import main
from downslope.errors import DownslopeError, DownslopeWarning
from downslope.insight.critical import critical_points
from downslope.model.expression import formula, parse, variables_in
from downslope.model.functions import Function


def quietly(*arguments, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DownslopeWarning)
        return ds.minimize(*arguments, **settings)


# ── formulas as people write them ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text,same",
    [
        ("f(x) = x^2 + 1", "x^2 + 1"),
        ("g(x, y)=x*y", "x*y"),
        ("|x|", "abs(x)"),
        ("|x - 1| + |y|*2", "abs(x - 1) + abs(y)*2"),
        ("||x| - 1|", "abs(abs(x) - 1)"),
        ("sin²(x)", "sin(x)^2"),
        ("cos^2(3*x) + sin^3(x + (1))", "cos(3*x)^2 + sin(x + 1)^3"),
        ("2*ln²(x + 3)", "2*ln(x + 3)^2"),
    ],
)
def test_a_formula_is_read_as_it_is_written_on_paper(text, same):
    assert parse(text) == parse(same)


@pytest.mark.parametrize(
    "text,advice",
    [("2xy", "2*x*y"), ("xy", "x*y"), ("sinx", "sin(x)"), ("lnx + 1", "ln(x)"), ("a*b + ab", "a*b"),
     ("xsin(x)", "x*sin("), ("3sinx", "3*sin(x)"), ("log10x", "log10(x)")],
)  # fmt: skip
def test_what_is_run_together_is_refused_with_what_would_work(text, advice):
    with pytest.raises(DownslopeError) as caught:
        parse(text)
    assert advice in str(caught.value)


def test_names_of_several_letters_stay_names():
    for text in ("theta^2 + alpha^2", "w1^2 + w2^2", "lr*x", "x1*x2", "mu^2", "beta - bias"):
        parse(text)
    assert variables_in("w1^2 + loss") == ("w1", "loss")


def test_a_variable_called_E_is_not_the_constant_e():
    assert Function.from_expression("E*x^2").gradient_formulas == ("x^2", "2*E*x")
    assert formula(parse("e*x")) == "e*x" and parse(formula(parse("E + e*x"))) == parse("E + e*x")


@pytest.mark.fault("A6")
def test_a_maximum_of_many_is_read_and_descended():
    text = "max(" + ", ".join(f"{(-1) ** k * (k + 1)}*x - {k}" for k in range(40)) + ")"
    run = quietly(text, 3.0, method="lbfgs")
    assert run.loss <= 1e-6 and math.isfinite(run.params[0])


# ── numbers at the edge ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.fault("A6", "F12")
@pytest.mark.parametrize(
    "text", ["1e308*x^2", "atan(1e308*z)", "1e-300/x", "x^2*1e-300", "1e300*x^2", "x^x", "ln(x)"]
)
@pytest.mark.parametrize("start", [1.0, 1e308, 1e-308])
def test_numbers_at_the_edge_of_doubles_raise_nothing_raw(text, start):
    for method in ("gd", "newton", "lbfgs"):
        try:
            run = quietly(text, start, method=method, epochs=60)
        except DownslopeError as error:
            assert "\n" not in str(error)
        else:
            assert run.verdict.text and not run.verdict.unjudged


@pytest.mark.fault("A6")
def test_a_start_that_nobody_gave_is_drawn_where_the_function_has_a_value(capsys):
    for text in ("x^x", "ln(x) + x", "exp(x^2)", "acos(x) + x^2", "sqrt(x - 1)"):
        assert main(["minimize", text, "--epochs", "5"]) in (0, 3)
    assert "error" not in capsys.readouterr().err


@pytest.mark.fault("D10")
def test_a_step_out_of_the_domain_is_told_with_its_place():
    run = quietly("sqrt(x)", 0.5, learning_rate=1.0)
    assert run.verdict.code == "not_finite" and "x = -0.2071" in run.verdict.text
    assert "slope is 0.7071" not in run.verdict.text
    run = quietly("x - ln(x)", 3.0, learning_rate=6.0)
    assert run.verdict.code == "not_finite" and "x = -1" in run.verdict.text


# ── Python functions ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.fault("A6")
def test_functions_written_with_torch_are_followed():
    torch = pytest.importorskip("torch")
    for f, start, low in (
        (lambda x: torch.exp(x).sum() + (x**2).sum(), [1.0, 2.0], 2 * 0.8271840261275244),
        (lambda x: torch.logsumexp(torch.stack([x, -x]), 0).sum(), [1.0, -2.0], 2 * math.log(2)),
        (lambda x: torch.exp(x) - x, 2.0, 1.0),
        (lambda x, y: torch.cosh(x) + torch.square(y), [1.0, 2.0], 1.0),
    ):
        run = quietly(f, start, method="newton")
        assert run.loss == pytest.approx(low, abs=1e-9) and run.verdict.code == "converged"


@pytest.mark.fault("D7")
def test_a_branch_that_returns_a_plain_number_is_flat():
    def f(x):
        return x**2 if x > 1 else 1.0

    run = quietly(f, 3.0, learning_rate=0.1)
    assert run.loss == pytest.approx(1.0) and run.verdict.code == "converged"
    assert quietly(lambda x: 2.0, 3.0).loss == 2.0


def test_what_the_users_function_raises_leaves_as_it_is():
    def f(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        quietly(f, 1.0)


@pytest.mark.fault("B6")
def test_without_a_verdict_the_function_is_not_called_again():
    calls = []

    def f(x):
        calls.append(1)
        return float((x[0] - 1) ** 2 + x[1] ** 4)

    def slope(x):
        return np.array([2 * (x[0] - 1), 4 * x[1] ** 3])

    run = ds.minimize(f, [3.0, 2.0], method="lbfgs", derivative=slope, verdict=False)
    bare, code = len(calls), run.verdict.code
    calls.clear()
    judged = ds.minimize(f, [3.0, 2.0], method="lbfgs", derivative=slope)
    assert code == "not_judged" and judged.verdict.code == "converged" and bare < len(calls)
    assert np.array_equal(run.params, judged.params)


def test_the_command_line_declines_a_verdict(capsys):
    assert main(["minimize", "x^2", "--start", "x=1", "--no-verdict"]) == 0
    assert "Not diagnosed" in capsys.readouterr().out
    assert main(["minimize", "x^2", "--start", "x=1", "--no-verdict", "--fix"]) == 2


@pytest.mark.fault("A6")
@pytest.mark.parametrize("text, near", [("x^2+", '"x^2+"'), ("2*x^^3", '"^3"'), ("x² +", '"x² +"')])
def test_a_syntax_error_quotes_what_was_typed(text, near):
    with pytest.raises(DownslopeError) as refused:
        parse(text)
    assert near in str(refused.value)


HIGH_POWERS = [
    "exp(x - 1e9)*y^2 + y",
    "exp(x/7) + exp(-x/1000003)",
    "(1 + x^2)^exp(y - 1e9)",
    "exp(1e12*x) - x",
]


@pytest.mark.fault("A6")
@pytest.mark.parametrize("text", HIGH_POWERS)
def test_exponents_that_would_be_polynomials_of_high_degree_are_left_alone(text):
    """SymPy would fill the memory within one call, which no limit on time can end."""
    found = critical_points(Function.from_expression(text))
    assert found.points == () and not found.exact


# ── fuzz ────────────────────────────────────────────────────────────────────────────────────────────

LEAVES = ["x", "y", "x", "y", "2", "0.5", "1e-9", "1e9", "3", "pi", "1e200", "0", "1"]
SHAPES = [
    "({} + {})", "({} - {})", "{}*{}", "({})/({})", "({})^2", "({})^3", "({})^0.5", "({})^-1", "({})^({})",
    "sin({})", "exp({})", "ln({})", "sqrt({})", "abs({})", "max({}, {})", "min({}, {})", "tan({})",
    "tanh({})", "softplus({})", "sigmoid({})", "atan({})", "acos({})", "cosh({})",
    "sign({})", "-{}", "|{}|", "log10({})",
]  # fmt: skip
NOISE = "xy12.e+-*/^(), |=²sincoxplgE_!√×"
METHODS = ["gd", "newton", "lbfgs", "momentum", "adam", "nesterov:0.9", "rmsprop", "auto"]


def made(rng, depth=0):
    """A formula, mostly one that can be read."""
    if depth > 3 or (depth and rng.random() < 0.3):
        return LEAVES[rng.integers(len(LEAVES))]
    shape = SHAPES[rng.integers(len(SHAPES))]
    return shape.format(*(made(rng, depth + 1) for _ in range(shape.count("{}"))))


def garbled(rng, text):
    if rng.random() < 0.8:
        return text
    place = rng.integers(len(text) + 1)
    return text[:place] + NOISE[rng.integers(len(NOISE))] + text[place + rng.integers(2) :]


def fuzzed(seeds, capsys=None):
    """Every text through both doors; the raw errors that left one."""
    raw = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        text = garbled(rng, made(rng))
        method = METHODS[rng.integers(len(METHODS))]
        rate = [0.01, 0.3, 5.0][rng.integers(3)]
        start = float(rng.choice([0.0, 1.0, -2.0, 0.3, 50.0, 1e6]))
        asked = {
            "method": method,
            "learning_rate": rate if method not in ("newton", "lbfgs", "auto") else "auto",
        }
        try:
            names = variables_in(text)
            run = quietly(text, dict.fromkeys(names, start), epochs=25, **asked)
            assert run.verdict.text and not run.verdict.unjudged, run.verdict.unjudged
        except DownslopeError as error:
            assert "\n" not in str(error).replace(text, "")
        except Exception as error:
            raw.append((seed, text, asked, start, repr(error)[:200]))
        if capsys is not None and seed % 4 == 0:
            try:
                code = main(["minimize", "--epochs", "20", "--method", method, "--", text])
                assert code in (0, 2, 3), code
            except Exception as error:
                raw.append((seed, text, method, "command line", repr(error)[:200]))
            capsys.readouterr()
    return raw


@pytest.mark.fault("A6")
def test_thirty_fuzzed_formulas_raise_nothing_raw(capsys):
    assert fuzzed(range(30), capsys) == []


@pytest.mark.slow
@pytest.mark.fault("A6")
@pytest.mark.parametrize("part", range(4))
def test_six_hundred_fuzzed_formulas_raise_nothing_raw(part, capsys):
    assert fuzzed(range(1000 + 150 * part, 1150 + 150 * part), capsys) == []


if __name__ == "__main__":  # python -W error tests/faults/test_function_doors.py 1000 3000
    print(*fuzzed(range(int(sys.argv[1]), int(sys.argv[2]))), sep="\n")

"""`downslope minimize FORMULA`, nothing else said: it ends at a minimum, or says that there is none."""

import json

import pytest

from downslope.cli import main
from downslope.model.functions import Function

LOWEST = {  # formula → f at its minimum; with several, any of them
    "x^2": [0],
    "(x-3)^2": [0],
    "2*x^2+3*x+1": [-0.125],
    "x^4": [0],
    "x^4-8*x^2+x": [-18.015388, -14.015877],
    "x^6-3*x^2": [-2],
    "e^x-2*x": [0.613706],
    "e^x-x": [1],
    "exp(x)+exp(-x)": [2],
    "exp(x^2)": [1],
    "x-log(x)": [1],
    "x*log(x)": [-0.367879],
    "log(x)^2": [0],
    "x^2+1/x^2": [2],
    "sqrt(1+x^2)": [1],
    "abs(x)": [0],
    "abs(x-2)+x^2": [1.75],
    "max(x^2,2-x)": [1],
    "sin(x)": [-1],
    "-exp(-x^2)": [-1],
    "log(1+x^2)": [0],
    "log(1+e^x)-x/2": [0.693147],
    "e^(-x)+x": [1],
    "1e-12*(x-3)^2": [0],
    "1e8*(x-3)^2": [0],
    "(x-1e6)^2": [0],
    "cosh(x)": [1],
    "atan(x)^2": [0],
    "tanh(x)^2": [0],
    "x^(2/3)": [0],
    "sqrt(abs(x-1))": [0],
    "sqrt(x)-log(x)": [0.613706],
    "x^x": [0.692201],
    "x^2+y^2": [0],
    "x^2+100*y^2": [0],
    "(1-x)^2+100*(y-x^2)^2": [0],
    "(x^2+y-11)^2+(x+y^2-7)^2": [0],
    "x^4+y^4-4*x*y": [-2],
    "e^x+e^y-x-y": [2],
    "exp(x+3*y-0.1)+exp(x-3*y-0.1)+exp(-x-0.1)": [2.559267],
    "sin(x)*cos(y)": [-1],
    "sin(x)+y^2": [-1],
    "log(1+x^2+y^2)": [0],
    "x^2+x*y+y^2": [0],
    "(x+y)^2": [0],
    "abs(x)+abs(y)": [0],
    "-log(x)-log(y)+x+y": [2],
    "x*log(x)+y*log(y)": [-0.735759],
    "sqrt(x^2+y^2+1)": [1],
    "2*x^2-1.05*x^4+x^6/6+x*y+y^2": [0, 0.298638],
}
BOTH = ["x^3-3*x", "x+1/x", "1/x+1/y+x*y"]  # a minimum beside a slope without an end
NONE = ["x", "x^3", "-x^2", "exp(-x)", "log(1+e^x)", "1+log(1+e^(2*x))", "atan(x)", "x^2-y^2", "x^2+y", "x*y"]


def answer(capsys, formula, *options) -> tuple[int, dict]:
    code = main(["minimize", formula, "--json", *options])
    out, err = capsys.readouterr()
    assert err == ""
    return code, json.loads(out)


@pytest.mark.sample(12)
@pytest.mark.parametrize("seed", ["0", "1"])
@pytest.mark.parametrize("formula", [*LOWEST, *BOTH, *NONE])
def test_a_formula_alone_ends_at_a_minimum_or_has_none(capsys, formula, seed):
    code, found = answer(capsys, formula, "--seed", seed)
    assert found["method"] == "newton" or not Function.of(formula, None).has_hessian
    verdict = found["verdict"]["code"]
    if formula in NONE or (formula in BOTH and verdict == "unbounded"):
        assert (code, verdict) == (3, "unbounded"), found["verdict"]["text"]
        return
    assert code == 0 and verdict in ("converged", "local_minimum"), found["verdict"]["text"]
    if formula in LOWEST:
        scale = 1e-12 if formula.startswith("1e-12") else 1.0
        assert min(abs(found["loss"] - lowest) for lowest in LOWEST[formula]) < 2e-6 * scale


def test_a_start_a_method_or_a_rate_that_is_given_leaves_gradient_descent_as_it_was(capsys):
    for options in (["--start", "3"], ["--method", "gd"], ["--learning-rate", "0.01"]):
        assert answer(capsys, "x^2", *options)[1]["method"] == "gd"
    assert main(["minimize", "x^2"]) == 0
    assert "auto" in capsys.readouterr().out
    main(["minimize", "e^x-2*x", "--method", "gd"])
    assert capsys.readouterr().err == ""  # no overflow of NumPy's

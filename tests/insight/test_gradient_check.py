"""Claims about the gradient check: right ones pass, each usual slip is named, and f's faults are told."""

import subprocess
import sys

import numpy as np
import pytest

import downslope as ds
from downslope.cli import main
from downslope.errors import DownslopeError
from downslope.insight.extrapolation import extrapolated
from downslope.insight.gradient_check import check_gradient
from downslope.messages import speaking

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(12, 3)), RNG.normal(size=12)
W = np.array([0.4, -1.3, 0.7])
N = len(Y)


def mse(w, X, y):
    return np.mean((X @ w - y) ** 2)


def its_gradient(w, X, y):
    return 2 * X.T @ (X @ w - y) / len(y)


@pytest.mark.parametrize(
    "f, gradient, at",
    [
        ("2*x^2", "4*x", 5),
        ("3*x + 1", "3", 5),
        ("log(x)", "1/x", 1e-6),
        ("exp(x)*sin(y)", "exp(x)*sin(y), exp(x)*cos(y)", {"y": 2, "x": 1}),
        ("100*(y - x^2)^2 + (1 - x)^2", None, [1.0, 1.0]),  # at its minimum, where the gradient is 0
        ("1e6 + x^2", "2*x", 1e-3),
        (lambda x, y: x * y, [lambda x, y: y, lambda x, y: x], [2.0, 3.0]),
        (lambda w: mse(w, X, Y), lambda w: its_gradient(w, X, Y), W),
    ],
)
def test_a_right_gradient_is_found_right(f, gradient, at):
    check = check_gradient(f, gradient, at)
    assert check.right and check.wrong == () and check.slip is None
    assert check.slope is None or 1.9 < check.slope < 3.1


@pytest.mark.parametrize("loss", ["squared", "huber", "log", "squared_hinge", "smoothed_hinge", "poisson"])
@pytest.mark.parametrize("scale", [True, False])
def test_every_objective_has_the_gradient_that_it_claims(loss, scale):
    y = (Y > 0).astype(float) if loss != "squared" else Y
    rows = ds.Dataset.from_arrays(X, y, weights=RNG.uniform(0.5, 2, N))
    F = ds.objective(rows, loss, "elasticnet:0.5", 0.1, ds.Linear(scale=scale))
    assert check_gradient(F, None, RNG.normal(size=F.size)).right


SLIPS = {
    "sign_everywhere": lambda w, X, y: -its_gradient(w, X, y),
    "half": lambda w, X, y: X.T @ (X @ w - y) / N,
    "double": lambda w, X, y: 2 * its_gradient(w, X, y),
    "times_rows": lambda w, X, y: 2 * X.T @ (X @ w - y),
    "times_rows_half": lambda w, X, y: X.T @ (X @ w - y),
    "over_rows": lambda w, X, y: its_gradient(w, X, y) / N,
    "last_row": lambda w, X, y: its_gradient(w, X[-1:], y[-1:]),
    "first_row": lambda w, X, y: its_gradient(w, X[:1], y[:1]),
    "last_row_over_rows": lambda w, X, y: its_gradient(w, X[-1:], y[-1:]) / N,
    "zero": lambda w, X, y: 0 * w,
    "ratio": lambda w, X, y: 1.7 * its_gradient(w, X, y),
    "penalty_twice": lambda w, X, y: its_gradient(w, X, y) + 0.3 * w,
    "sign": lambda w, X, y: its_gradient(w, X, y) * [1, 1, -1],
    "left_out": lambda w, X, y: its_gradient(w, X, y) * [1, 0, 1],
    "double_here": lambda w, X, y: its_gradient(w, X, y) * [2, 1, 1],
    "exchanged": lambda w, X, y: its_gradient(w, X, y)[[1, 0, 2]],
    "constant": lambda w, X, y: its_gradient(w, X, y) + np.array([0, 0, 0.5]),
}


@pytest.mark.parametrize("code", SLIPS)
def test_each_usual_slip_is_named(code):
    check = check_gradient(mse, SLIPS[code], W, rows=(X, Y))
    assert not check.right and check.slip.code == code and check.slope == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    "code, price", [("penalty", lambda w: 0.15 * w @ w), ("penalty_l1", lambda w: 0.3 * abs(w).sum())]
)
def test_a_forgotten_penalty_is_named_with_its_price(code, price):
    check = check_gradient(lambda w: mse(w, X, Y) + price(w), lambda w: its_gradient(w, X, Y), W)
    assert check.slip.code == code and check.slip.numbers["price"] == pytest.approx(0.3, rel=1e-6)


def test_rows_that_were_not_given_are_guessed_from_a_whole_ratio():
    check = check_gradient(lambda w: mse(w, X, Y), lambda w: 2 * X.T @ (X @ w - Y), W)
    assert (check.slip.code, check.slip.numbers) == ("times_whole", {"whole": N})


def test_an_objective_knows_its_own_rows():
    F = ds.objective(ds.Dataset.from_arrays(X, Y), model=ds.Linear(intercept=False, scale=False))
    check = check_gradient(F, lambda w: 2 * X[-1] * (X[-1] @ w - Y[-1]), W)
    assert check.slip.code == "last_row"


def test_no_cause_is_invented_where_none_fits():
    check = check_gradient("x^3 + y^3", "3*x^2 + sin(x), 3*y^2 - x", [1.2, 0.7])
    assert not check.right and check.slip is None and check.wrong == ("x", "y")


def test_a_slip_seen_at_one_place_only_is_not_told():
    # at x = 2 the gradient x^2 is 4, as 2·(2x) would be at x = 1: a ratio by chance
    assert check_gradient("x^2", "x^3", 2).slip is None


def test_single_precision_is_rounding_and_not_a_wrong_gradient():
    f = lambda w: float(np.float32(mse(w.astype("f4"), X.astype("f4"), Y.astype("f4"))))
    assert check_gradient(f, lambda w: its_gradient(w, X, Y), W).right
    assert not check_gradient(f, lambda w: 1.01 * its_gradient(w, X, Y), W).right


def test_a_kink_is_told_and_one_nearby_does_no_harm():
    with pytest.raises(DownslopeError, match="kink"):
        check_gradient("abs(x) + y^2", "sign(x), 2*y", [0, 1])
    assert check_gradient("abs(x)", "sign(x)", 1e-5).right


def test_what_brings_no_gradient_can_not_be_checked():
    with pytest.raises(DownslopeError) as told:
        check_gradient(lambda x: float(np.floor(x[0]) * 0 + __import__("math").sin(x[0])), None, [1.0])
    assert told.value.key == "instruments.no_gradient"


def test_differences_are_extrapolated_to_ten_digits_and_more():
    for f, slope in ((np.exp, np.exp(1.3)), (np.sin, np.cos(1.3)), (lambda x: 1 / x, -1 / 1.3**2)):
        found, slack = extrapolated(lambda x, f=f: float(f(x[0])), np.array([1.3]), 0, 1e-16, "x")
        assert abs(found - slope) <= 10 * slack + 1e-13 and slack < 1e-10


def test_many_coordinates_are_judged_by_the_remainder_too():
    F = lambda w: float(np.sum(w**4))
    right = lambda w: 4 * w**3
    assert np.isnan(check_gradient(F, right, np.ones(300)).measured).sum() == 200  # so that it costs little
    wrong = lambda w: 4 * w**3 + np.where(np.arange(w.size) == 1, 5.0, 0.0)  # one of those not compared
    check = check_gradient(F, wrong, np.ones(300))
    assert check.wrong == ("w2",) and check.slip.code == "constant" and not check.right


def test_it_is_told_in_both_languages_and_as_plain_data():
    check = check_gradient("x^2", "-2*x", 3)
    with speaking("zh"):
        assert "负号" in check.text
    with speaking("en"):
        told = check.to_json()
    assert told["right"] is False and "minus" in told["text"] and told["numbers"]["slip"] == "sign_everywhere"


def test_the_picture_has_a_line_for_each_direction_and_two_to_compare():
    ax = ds.plots.remainder(check_gradient("x^2 + y^3", "2*x, 3*y^2", [1, 2]))
    assert len([line for line in ax.lines if line.get_gid() == "path"]) == 3
    assert {note.get_text() for note in ax.texts} == {"slope 1", "slope 2"}
    ds.plots.remainder(check_gradient("0*x", "0", 1))  # nothing is left, not even rounding


FILE = """
def loss(x, y):
    return x**2 * y

def grad_loss(x, y):
    return 2 * x * y, x**2

def wrong(x, y):
    return -2 * x * y, -x**2
"""


def test_the_command_runs_the_file_and_tells(tmp_path, capsys):
    path = tmp_path / "model.py"
    path.write_text(FILE)
    picture = tmp_path / "remainder.svg"
    assert (
        main(["check-gradient", f"{path}:loss", "--at", "1,2", "--plot", str(picture), "--lang", "en"]) == 0
    )
    assert "right" in capsys.readouterr().out and picture.stat().st_size > 1000
    assert main(["check-gradient", f"{path}:loss", "--gradient", "wrong", "--lang", "en"]) == 1
    assert "minus" in capsys.readouterr().out
    assert main(["check-gradient", f"{path}:loss", "--json"]) == 0
    assert '"right": true' in capsys.readouterr().out


@pytest.mark.parametrize(
    "asked, found",
    [
        ("model.py", "FILE.py:function"),
        ("nowhere.py:f", "no such file"),
        ("model.py:los", "Available: loss"),
        ("model.py:wrong", "--gradient"),
        ("broken.py:f", "ZeroDivisionError"),
        ("model.py:loss --at 1,a", "--at"),
        ("model.py:loss --at 1,2,3", "3"),
    ],
)
def test_what_is_wrong_with_the_request_is_one_line(asked, found, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(FILE)
    (tmp_path / "broken.py").write_text("1 / 0")
    assert main(["check-gradient", *asked.split(), "--lang", "en"]) == 2
    told = capsys.readouterr().err
    assert found in told and told.count("\n") == 1


def test_nothing_is_imported_for_its_name_alone():
    code = (
        "import sys, downslope.insight.gradient_check; print('sympy' in sys.modules, 'torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False False"

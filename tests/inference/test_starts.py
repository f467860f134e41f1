"""Several starts at once: each ends where a descent of its own ends."""

import json

import numpy as np
import pytest

from downslope import plots
from downslope.errors import DownslopeError
from downslope.inference import minimize
from downslope.inference.recipe import Recipe
from downslope.inference.starts import OF_FUNCTIONS, minimize_from
from downslope.messages import LANGUAGES, speaking
from downslope.settings import settings_of

WAVES, HILLS = "x*cos(0.15*pi*x)", "(x^2+y-11)^2+(x+y^2-7)^2"


@pytest.mark.parametrize("f, box", [(WAVES, (-10, 10)), (HILLS, (-4, 4))])
def test_every_start_ends_where_its_own_descent_ends(f, box):
    found = minimize_from(f, 8, box, epochs=300, seed=3)
    for start, end, value in zip(found.starts, found.ends, found.values):
        alone = minimize(f, start, epochs=300)
        # NumPy's cosine may differ from math's in the last bit, and descent into a valley forgets it
        assert end == pytest.approx(alone.params, rel=1e-12, abs=1e-12)
        assert value == pytest.approx(alone.loss, rel=1e-12, abs=1e-12)


def test_the_four_minima_of_himmelblaus_function_are_found_and_counted():
    found = minimize_from(HILLS, 40, (-5, 5))
    minima = sorted(tuple(np.round(place.x, 5)) for place in found.places if place.kind == "minimum")
    assert minima == [(-3.77931, -3.28319), (-2.80512, 3.13131), (3.0, 2.0), (3.58443, -1.84813)]
    assert sum(place.count for place in found.places) == 40


def test_the_best_is_the_lowest_end():
    found = minimize_from(WAVES, 20)
    assert found.best.loss == pytest.approx(found.values.min(), rel=1e-12)
    assert found.lowest == np.argmin(found.values)
    assert [place.value for place in found.places] == sorted(place.value for place in found.places)


def test_a_saddle_a_maximum_and_a_plateau_are_told_apart():
    assert minimize_from("x^2 - y^2", [[1.0, 0.0]]).kinds == ("saddle",)
    assert minimize_from("-x^2", [0.0]).kinds == ("maximum",)
    assert minimize_from("(x + y)^2", [[1.0, 0.0]]).kinds == ("flat",)
    assert minimize_from("exp(-x)", [1.0]).kinds == ("slope",)


def test_what_runs_away_and_what_never_begins_is_told_apart_and_disturbs_no_other():
    found = minimize_from("x^3 - 3*x", [0.5, -3.0])
    assert found.kinds == ("minimum", "escaped")
    assert found.ends[0] == pytest.approx([1.0])
    found = minimize_from("log(x)^2", [-1.0, 2.0], learning_rate=0.1)
    assert found.kinds == ("outside", "minimum") and np.isnan(found.values[0])
    assert minimize_from("-x^2", [1.0, 2.0]).best.verdict.failed


def test_a_callable_is_descended_as_its_formula_is():
    pytest.importorskip("torch")
    by_torch = minimize_from(lambda x, y: x**4 - 8 * x**2 + x + y**2, 10, (-3, 3), epochs=200)
    by_rule = minimize_from("x^4 - 8*x^2 + x + y^2", 10, (-3, 3), epochs=200)
    assert by_torch.function.derivative_kind == "autodiff"
    assert by_torch.ends == pytest.approx(by_rule.ends, rel=1e-10, abs=1e-12)


def test_a_callable_that_branches_on_its_tensor_goes_row_by_row():
    pytest.importorskip("torch")
    f = lambda x: (x - 1) ** 2 if x > 0 else (x + 2) ** 2 + 1
    found = minimize_from(f, [-1.0, 0.5], learning_rate=0.1)
    assert found.ends[:, 0] == pytest.approx([-2.0, 1.0])


def test_gradients_of_rows_are_the_gradients_one_by_one():
    from downslope.model.functions import Function

    X = np.random.default_rng(0).uniform(-2, 2, (7, 2))
    kinds = {"symbolic": Function.of("x^3*y - y^2", None)}
    kinds["given"] = Function.of("x^3*y - y^2", None, derivative=lambda x, y: [3 * x**2 * y, x**3 - 2 * y])
    for f in kinds.values():
        assert f.gradients(X) == pytest.approx(np.array([f.gradient(x) for x in X]), rel=1e-14)
        assert f.gradients(X[:0]).shape == (0, 2)


@pytest.mark.parametrize("method, rate", [("newton", "auto"), ("lbfgs", "auto"), ("adam", 0.1)])
def test_other_methods_take_the_starts_one_by_one(method, rate):
    found = minimize_from("x^4 - 8*x^2 + x", 6, (1, 3), method=method, learning_rate=rate, epochs=500)
    assert {place.kind for place in found.places} == {"minimum"}
    assert found.paths.shape == (len(found.epochs), 6, 1)
    assert np.array_equal(found.paths[0], found.starts) and np.array_equal(found.paths[-1], found.ends)


def test_the_same_seed_draws_the_same_starts():
    first, again, other = (minimize_from("x^2", 5, epochs=1, seed=seed).starts for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert (abs(first) <= 10).all()


@pytest.mark.parametrize("starts, box, key", [
    (0, (-1, 1), "starts_count"), (2.5, (-1, 1), "starts_count"), (10**7, (-1, 1), "starts_count"),
    (3, (1, 1), "starts_box"), (3, 5, "starts_box"), (3, (0, float("inf")), "starts_box"),
])  # fmt: skip
def test_starts_that_are_none_are_refused(starts, box, key):
    with pytest.raises(DownslopeError) as refusal:
        minimize_from("x^2", starts, box)
    assert refusal.value.key == f"inference.{key}"


def test_starts_that_do_not_fit_the_function_are_refused():
    with pytest.raises(DownslopeError):
        minimize_from("x^2 + y^2", [[1.0, 2.0, 3.0]])
    with pytest.raises(DownslopeError):
        minimize_from("log(x)", [-1.0, -2.0])


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("f", [WAVES, HILLS, "x^2 + y^2 + z^4 - 3*z^2", "x^2 - y^2"])
def test_all_paths_stand_on_one_picture(f, lang):
    found = minimize_from(f, 6, (-4, 4))
    with speaking(lang):
        assert "\n" not in str(found).splitlines()[0]
        ax = plots.starts(
            found.function.values, found.paths, found.epochs, found.function.names, best=found.lowest
        )
        ax.figure.canvas.draw()
    assert sum(line.get_gid() == "path" for line in ax.get_lines()) == 1


def test_the_command_line_tells_every_start_and_the_lowest(capsys, tmp_path):
    from downslope.cli import main

    picture = tmp_path / "all.png"
    assert main(["minimize", "x^4-8*x^2+x", "--starts", "5", "--method", "newton", "--learning-rate", "auto",
                 "--plot", str(picture), "--lang", "en"]) == 0  # fmt: skip
    out = capsys.readouterr().out
    assert picture.exists() and out.count("minimum") >= 5 and "The lowest of 5 descents" in out
    assert main(["minimize", "x^2", "--starts", "3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["starts"]) == 3 and told["places"][0]["starts"] == 3
    assert main(["minimize", "x^2-y^2", "--starts", "3"]) == 3
    for wrong in (["--starts", "0"], ["--starts", "3", "--start", "1"], ["--starts", "3", "--tol", "1"]):
        assert main(["minimize", "x^2", *wrong]) == 2


ALSO_OF_FUNCTIONS = {*OF_FUNCTIONS, "method", "learning_rate", "epochs", "start", "seed"}


@pytest.mark.parametrize("name", [name for name in settings_of(Recipe) if name not in ALSO_OF_FUNCTIONS])
def test_no_setting_of_rows_is_ignored_where_a_function_is_minimised(name):
    others = {"class_weights": "balanced", "calibrate": "platt", "metric": "r2", "loss": "huber", "net": (3,)}
    others |= {
        "penalty": "l2",
        "penalty_on": "standardised",
        "intercept": False,
        "scale": False,
        "threshold": 0.5,
    }
    with pytest.raises(DownslopeError, match="a function has none"):
        minimize("x^2", 3.0, epochs=2, **{name: others.get(name, 3)})

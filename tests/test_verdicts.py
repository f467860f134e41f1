"""Claims about verdicts: each is reached by a real run, is true, and can be told in both languages."""

import re
import string
from pathlib import Path

import numpy as np
import pytest

from downslope.data import Dataset
from downslope.descent.methods import Exhaustive
from downslope.inference import Recipe, Training, fit, minimize
from downslope.insight import Verdict
from downslope.insight import verdicts as module
from downslope.insight.verdicts import FAILURES
from downslope.messages import speaking
from downslope.messages.insight import TEXTS


def three_rows():
    return Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])


def rows(n=60, d=3, noise=1.0):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    return Dataset.from_arrays(X, X[:, 0] + noise * rng.normal(size=n))


def doubled():
    x = np.random.default_rng(0).normal(size=30)
    return Dataset.from_arrays(np.column_stack([x, 2 * x, x**2]), x + x**2)


LESSON = {"intercept": False, "scale": False, "start": {"x": 1.0}}


def interrupted():
    training = Training.on_rows(rows(), Recipe(method="gd", tol=0))
    next(iter(training))
    training.interrupt()
    return training.solution


def validated():
    data = rows(n=40, d=18, noise=3.0)
    train, held_out = data.split(0.5)
    return fit(train, method="gd", validation=held_out, patience=5, tol=0, epochs=5000)


def paused():
    return Training.one_pass(rows(), Recipe(method="sgd")).solution


RUNS = {
    "solved": lambda: fit(rows(), method="closed_form"),
    "converged": lambda: fit(rows(), method="gd"),
    "rounded": lambda: fit(rows(), loss="absolute", method="newton"),
    "minimum": lambda: minimize("(x - 1)^2 + y^2", [3, 3], learning_rate=0.1),
    "flat": lambda: minimize("x^2 + 0*y", [1, 1], learning_rate=0.1),
    "saddle": lambda: minimize("x^2 - y^2", [1, 0], learning_rate=0.1),
    "maximum": lambda: minimize("-x^2 - y^2", [0, 0], learning_rate=0.1),
    "epochs_exhausted": lambda: fit(rows(), method="gd", learning_rate=0.05, epochs=5),
    "rate_too_small": lambda: fit(three_rows(), method="gd", learning_rate=1e-5, epochs=50, **LESSON),
    "no_progress": lambda: fit(rows(), method="sgd", learning_rate=0.05),
    "diverged": lambda: fit(three_rows(), method="gd", learning_rate=0.3, epochs=100, **LESSON),
    "unbounded": lambda: minimize("-x^2", 1, learning_rate=0.1, epochs=2000),
    "interrupted": interrupted,
    "seconds": lambda: fit(rows(), method="gd", seconds=0.0, learning_rate=0.01),
    "validation": validated,
    "paused": paused,
    "exhausted": lambda: fit(
        three_rows(), method=Exhaustive({"x": [0.0, 1.0, 1.5]}), intercept=False, scale=False
    ),
    "collinear": lambda: fit(doubled(), method="closed_form"),
    "unused_rows": lambda: fit(
        three_rows(), method="sgd", order=[2], learning_rate=0.01, epochs=100, **LESSON
    ),
    "separable": lambda: fit(
        Dataset.from_arrays([[0.0], [1.0], [2.0], [3.0]], [0.0, 0, 1, 1]), loss="log", epochs=50
    ),
    "decayed": lambda: fit(rows(), method="adamw:0.1"),
}
REMEDIES = {code.removeprefix("insight.remedy_") for code in TEXTS if code.startswith("insight.remedy_")}
SAID = {code.removeprefix("insight.") for code in TEXTS} - {f"remedy_{code}" for code in REMEDIES}


@pytest.fixture(scope="module")
def verdicts():
    return {code: run().verdict for code, run in RUNS.items()}


@pytest.mark.parametrize("code", RUNS)
def test_each_verdict_is_reached_by_a_real_run(code, verdicts):
    assert verdicts[code].code == code


def test_every_verdict_that_can_be_told_is_reached_here():
    source = Path(module.__file__).read_text()
    assert [code for code in SAID - set(RUNS) if f'"{code}"' in source] == []


@pytest.mark.parametrize("code", RUNS)
def test_each_verdict_is_told_in_both_languages(code, verdicts):
    verdict = verdicts[code]
    told = {}
    for language in ("en", "zh"):
        with speaking(language):
            told[language] = str(verdict)
            assert all("\n" not in part and "{" not in part for part in (verdict.text, *verdict.remedies))
            assert len(verdict.remedies) == len(verdict.advice)
    assert re.search("[一-鿿]", told["zh"]) and not re.search("[一-鿿]", told["en"])
    assert verdict.to_json()["code"] == code and verdict.failed == (code in FAILURES)


def test_every_remedy_is_given_by_some_run(verdicts):
    given = {code for verdict in verdicts.values() for code in verdict.advice}
    assert given | {"faster_method", "exact_method", "smaller_rate", "lbfgs", "non_finite"} == REMEDIES


@pytest.mark.parametrize("code", sorted(SAID & set(RUNS)))
def test_a_text_asks_for_no_number_that_its_run_has_not(code, verdicts):
    for text in TEXTS[f"insight.{code}"]:
        asked = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        assert asked <= set(verdicts[code].numbers)


def test_divergence_on_the_lessons_rows_tells_the_bound():
    found = RUNS["diverged"]()
    numbers = found.verdict.numbers
    assert numbers["bound"] == pytest.approx(0.21428571428571427, rel=1e-14)  # 2/L, L = 28/3
    assert numbers["curvature"] == pytest.approx(28 / 3) and numbers["best"] == pytest.approx(3 / 28)
    assert numbers["learning_rate"] == 0.3
    assert found.verdict.advice == ("below_bound", "auto_rate") and "0.2142857" in str(found.verdict)
    assert np.isfinite(found.params).all() and np.isfinite(found.loss)


def test_the_remedy_works():
    numbers = RUNS["diverged"]().verdict.numbers
    for rate in (0.99 * numbers["bound"], numbers["best"], "auto"):
        assert fit(three_rows(), method="gd", learning_rate=rate, **LESSON).verdict.code == "converged"
    assert fit(three_rows(), method="gd", learning_rate=1.01 * numbers["bound"], **LESSON).verdict.failed


def test_no_bound_is_told_for_a_method_that_has_none():
    for method in ("adam", "rmsprop", "adagrad", "adamw", "nesterov:0.9"):
        found = fit(rows(), method=method, learning_rate=1e-4, epochs=20)
        assert "bound" not in found.verdict.numbers and found.verdict.code != "rate_too_small"


@pytest.mark.parametrize("at, edge", [([0.0, 1.0, 1.5], True), ([0.0, 2.0, 4.0], False), ([2.0], False)])
def test_a_best_on_the_edge_of_its_grid_is_said_to_be_there(at, edge):
    found = fit(three_rows(), method=Exhaustive({"x": at}), intercept=False, scale=False)
    assert found.verdict.advice == (("wider_grid",) if edge else ())
    assert found.verdict.numbers["edge"] == ("x" if edge else "")


@pytest.mark.parametrize("method", ["gd", "closed_form", "newton", "lbfgs"])
def test_columns_that_say_the_same_are_named_by_every_method(method):
    verdict = fit(doubled(), method=method).verdict
    assert verdict.code == "collinear" and verdict.numbers["dependent"] == "x1, x2"
    assert (verdict.numbers["rank"], verdict.numbers["columns"]) == (3, 4)
    assert fit(doubled(), method=method, penalty="l2", alpha=0.1).verdict.code in ("solved", "converged")


def test_one_fixed_row_is_named_and_all_rows_are_not():
    verdict = RUNS["unused_rows"]().verdict
    assert (verdict.numbers["used"], verdict.numbers["rows"]) == (1, 3)
    every = fit(three_rows(), method="sgd", order=[2, 0, 1], learning_rate=0.01, epochs=100, **LESSON)
    assert every.verdict.code != "unused_rows"


def test_saddle_minimum_and_maximum_prove_themselves_by_curvature():
    assert RUNS["saddle"]().verdict.numbers["lowest_curvature"] == pytest.approx(-2)
    assert RUNS["minimum"]().verdict.numbers["lowest_curvature"] == pytest.approx(2)
    assert RUNS["maximum"]().verdict.numbers["lowest_curvature"] == pytest.approx(-2)


def test_converged_means_that_the_gradient_is_as_small_as_was_asked():
    from downslope.model.objective import objective

    for loss in ("squared", "huber"):
        for tol in (1e-4, 1e-8):
            found = fit(rows(), loss=loss, method="gd", tol=tol)
            F = objective(rows(), loss)
            assert found.stopped == "gradient" and found.verdict.numbers["gradient"] <= tol * F.gradient_scale


@pytest.mark.parametrize("level", [5.1, 0.0, -300.0])
@pytest.mark.parametrize("method", ["gd", "lbfgs", "newton", "nesterov", "closed_form"])
def test_a_constant_y_is_answered_by_every_method(method, level):
    data = Dataset.from_arrays(rows().X, np.full(60, level))
    for loss in ("squared",) if method == "closed_form" else ("squared", "huber"):
        found = fit(data, method=method, loss=loss)
        assert found.verdict.code in ("converged", "solved")
        assert np.allclose(found.predict(data.X), level, rtol=1e-6)


def test_the_sentence_is_made_in_the_language_of_the_moment():
    verdict = Verdict("interrupted", {"epochs": 3, "loss": 1.0}, ("go_on",))
    with speaking("zh"):
        chinese = verdict.text
    with speaking("en"):
        assert verdict.text != chinese and verdict.to_json()["text"] == verdict.text

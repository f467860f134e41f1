"""Claims about verdicts: each run of the corpus gets its true one, and its first remedy mends it."""

import json
import pickle
import re
import string

import numpy as np
import pytest

from downslope.cli.pasting import options
from downslope.data import Dataset
from downslope.errors import DownslopeError
from downslope.inference import Recipe, Training, fit, load, minimize
from downslope.insight import Remedy, Verdict
from downslope.insight.verdicts import FAILURES
from downslope.messages import speaking
from tests.corpus import confusion
from tests.corpus.runs.problems import doubled, line, ordered, stretched, three_rows
from tests.sentences import texts

TEXTS = texts("insight")

RUNS = confusion.runs()
SICK = [name for name, run in RUNS.items() if run["truth"] != "converged"]
ASKED = (
    *(
        "converged",
        "epochs_exhausted",
        "diverged",
        "oscillating",
        "too_slow",
        "noise_floor",
        "plateau",
        "saddle",
    ),
    *(
        "local_minimum",
        "unbounded",
        "separable",
        "quasi_separable",
        "collinear",
        "overfitting",
        "badly_scaled",
        "not_finite",
    ),
    *("wrong_gradient", "sorted_rows", "unused_rows", "interrupted"),
)
LESSON = {"intercept": False, "scale": False, "start": {"x": 1.0}}


@pytest.fixture(scope="module")
def found():
    return {name: confusion.solved(run).verdict for name, run in RUNS.items()}


# ── the corpus ──────────────────────────────────────────────────────────────────────────────────────


def test_the_corpus_holds_every_code_twice_and_as_many_healthy_runs():
    truths = [run["truth"] for run in RUNS.values()]
    assert len(truths) >= 60 and all(truths.count(code) >= 2 for code in ASKED)
    assert truths.count("converged") >= 0.38 * len(truths) and truths.count("converged") >= 40


def test_the_confusion_matrix_is_perfect(found):
    assert {
        name: verdict.code for name, verdict in found.items() if verdict.code != RUNS[name]["truth"]
    } == {}


@pytest.mark.parametrize("name", SICK)
def test_the_first_remedy_applied_ends_as_converged_or_none_can_be(name, found):
    verdict, wanted = found[name], RUNS[name].get("fixed", "converged")
    if wanted == "nothing":
        with pytest.raises(DownslopeError, match="no remedy for the verdict"):
            verdict.apply()
    else:
        assert verdict.apply().verdict.code == wanted


def test_each_is_told_in_both_languages_with_the_numbers_that_it_has(found):
    for verdict in found.values():
        for code in (verdict.kind or verdict.code, *(f"remedy_{remedy.code}" for remedy in verdict.remedies)):
            for words in TEXTS[f"insight.{code}"]:
                asked = {name for _, name, _, _ in string.Formatter().parse(words) if name}
                assert asked <= set(verdict.numbers), code
        for language in ("en", "zh"):
            with speaking(language):
                told = [verdict.text, *map(str, verdict.remedies), *(options(r) for r in verdict.remedies)]
                assert all("\n" not in part and "{}" not in part for part in told)
                assert bool(re.search("[一-鿿]", told[0])) == (language == "zh")
        assert verdict.failed == (verdict.code in FAILURES)


def test_a_verdict_is_plain_data_with_runnable_changes(found):
    for verdict in found.values():
        told = json.loads(json.dumps(verdict.to_json(), allow_nan=True))
        assert set(told) == {"code", "text", "numbers", "remedies"}
        assert all(set(remedy) == {"text", "change"} for remedy in told["remedies"])
        for remedy in told["remedies"]:
            assert remedy["change"] is None or set(remedy["change"]) - {"features", "derivative"} <= set(
                Recipe.__dataclass_fields__
            )


def test_the_confusion_matrix_can_be_printed(capsys, monkeypatch):
    monkeypatch.setattr(
        confusion, "runs", lambda: {name: RUNS[name] for name in ("diverged_1", "converged_1")}
    )
    assert confusion.main("runs") == 0
    out = capsys.readouterr().out
    assert re.search(r"diverged +1 +0 +0", out) and "2 runs, 1 of them healthy" in out


# ── the numbers ─────────────────────────────────────────────────────────────────────────────────────


def test_divergence_tells_the_bound_the_column_and_the_row(found):
    numbers = found["diverged_1"].numbers
    assert numbers["bound"] == pytest.approx(0.21428571428571427, rel=1e-14)  # 2/L, L = 28/3
    assert numbers["excess"] == pytest.approx(0.3 * 28 / 6) and numbers["best"] == pytest.approx(3 / 28)
    assert (numbers["column"], numbers["row"]) == ("x", 3) and numbers["row_share"] == pytest.approx(9 / 14)
    assert found["diverged_4"].numbers["column"] == "x2"
    assert found["diverged_1"].remedy.change == {"learning_rate": 0.107143}


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_the_bound_holds_with_momentum_too(momentum):
    bound = (1 + momentum) * 2 / (28 / 3)
    told = {"method": f"momentum:{momentum}", "epochs": 3000, **LESSON}
    assert fit(three_rows(), learning_rate=0.99 * bound, **told).verdict.code == "converged"
    over = fit(three_rows(), learning_rate=1.01 * bound, **told).verdict
    assert over.code == "diverged" and over.numbers["bound"] == pytest.approx(bound)


def test_about_as_many_epochs_are_needed_as_are_told():
    for epochs, rate in ((10, 0.1), (20, 0.05), (40, 0.02)):
        told = {"method": "gd", "learning_rate": rate}
        verdict = fit(line(), epochs=epochs, **told).verdict
        assert verdict.code in ("epochs_exhausted", "too_slow")
        if verdict.code == "epochs_exhausted":
            needed = fit(line(), epochs=5000, **told).epochs
            assert needed - epochs <= verdict.numbers["more"] <= 2 * (needed - epochs)


@pytest.mark.parametrize("rate", [0.02, 0.05, 0.1])
def test_the_noise_floor_is_where_theory_has_it(rate):
    # F* is known in one solve; the mean over the last half of the passes has a standard error of a tenth.
    rows = line(n=300, d=3)
    run = fit(rows, method="sgd", order="replacement", learning_rate=rate, epochs=300, tol=0)
    numbers = run.verdict.numbers
    tail = run.trace.column("objective")[-150:].mean() - fit(rows).loss
    assert run.verdict.code == "noise_floor" and numbers["level"] == pytest.approx(tail, rel=0.2)
    assert numbers["predicted"] == pytest.approx(numbers["level"], rel=0.4)


def test_columns_that_depend_on_each_other_are_told_with_their_combination():
    for method in ("gd", "closed_form", "newton", "lbfgs"):
        numbers = fit(doubled(), method=method).verdict.numbers
        assert (numbers["rank"], numbers["columns"], numbers["dependent"]) == (3, 4, "x1, x2")
        assert numbers["combination"] in ("x2 = 2·x1", "x1 = 0.5·x2")
    x = np.random.default_rng(0).normal(size=(50, 2))
    rows = Dataset.from_arrays(np.column_stack([x, 3 * x[:, 0] - x[:, 1] + 5]), x[:, 0])
    left, _, right = fit(rows).verdict.numbers["combination"].partition(" = ")
    place = {name: rows.X[:, j] for j, name in enumerate(("x1", "x2", "x3"))}
    said = eval(right.replace("·", "*").replace("−", "-"), {}, place)
    assert np.allclose(place[left], said, rtol=1e-5, atol=1e-4)


def test_dropping_the_column_that_is_named_is_a_remedy_too():
    verdict = fit(doubled()).verdict
    drop = next(remedy for remedy in verdict.remedies if remedy.code == "drop_column")
    mended = verdict.rerun(drop.change)
    assert len(mended.features) == 2 and mended.verdict.code == "converged"


def test_saddle_and_maximum_prove_themselves_by_eigenvalues():
    saddle = minimize("x^2 - 3*y^2", [1, 0], learning_rate=0.1).verdict
    assert saddle.numbers["eigenvalues"] == pytest.approx([-6, 2]) and saddle.numbers["direction"] == "1·y"
    top = minimize("-x^2 - y^2", [0, 0], learning_rate=0.1).verdict
    assert top.code == "maximum" and top.numbers["lowest_curvature"] == pytest.approx(-2)


def test_a_rate_too_small_and_epochs_too_few_are_told_apart_by_what_would_have_helped():
    assert fit(line(), method="gd", learning_rate=1e-4, epochs=500).verdict.code == "too_slow"
    assert fit(line(), method="gd", learning_rate=1e-4, epochs=5).verdict.code == "epochs_exhausted"


@pytest.mark.parametrize("method", ["adam", "rmsprop", "adagrad", "nesterov:0.9"])
def test_no_bound_is_told_for_a_method_that_has_none(method):
    verdict = fit(line(), method=method, learning_rate=1e-4, epochs=20).verdict
    assert "bound" not in verdict.numbers and verdict.code == "epochs_exhausted"


def test_a_scale_of_columns_is_no_dependence():
    rows = stretched(sizes=(1.0, 1e-7, 1e5))
    assert fit(rows, scale=False, method="closed_form").verdict.code == "converged"


@pytest.mark.parametrize("level", [5.1, 0.0, -300.0])
@pytest.mark.parametrize("method", ["gd", "lbfgs", "newton", "nesterov", "closed_form"])
def test_a_constant_y_is_answered_by_every_method(method, level):
    data = Dataset.from_arrays(line().X, np.full(200, level))
    for loss in ("squared",) if method == "closed_form" else ("squared", "huber"):
        found = fit(data, method=method, loss=loss)
        assert found.verdict.code == "converged"
        assert np.allclose(found.predict(data.X), level, rtol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_shuffled_rows_are_never_called_sorted(seed):
    rows = ordered(seed=seed)
    mixed = rows.take(np.random.default_rng(seed).permutation(len(rows)))
    told = {"method": "sgd", "order": "cyclic", "learning_rate": 0.05, "epochs": 60}
    assert fit(mixed, **told).verdict.code == "noise_floor"
    assert fit(rows, **told).verdict.code == "sorted_rows"


# ── applying ────────────────────────────────────────────────────────────────────────────────────────


def test_a_healthy_run_has_nothing_to_fix():
    verdict = fit(line()).verdict
    assert verdict.rerun is None
    with pytest.raises(DownslopeError, match="nothing to fix"):
        verdict.apply()


def test_a_pickle_holds_no_rows_and_says_so():
    verdict = fit(three_rows(), method="gd", learning_rate=0.3, **LESSON).verdict
    again = pickle.loads(pickle.dumps(verdict))
    assert again == verdict and again.text == verdict.text and len(pickle.dumps(verdict)) < 5000
    with pytest.raises(DownslopeError, match="no longer in memory"):
        again.apply()


def test_a_loaded_run_is_mended_if_its_rows_can_be_read_again(tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("x,y\n1,2\n2,4\n3,6\n")
    told = {"method": "gd", "learning_rate": 0.3, **LESSON}
    fit(Dataset.read(table, target="y"), **told).save(tmp_path / "run")
    kept = load(tmp_path / "run")
    assert kept.verdict.remedy == Remedy("best_rate", {"learning_rate": 0.107143})
    assert kept.verdict.apply().verdict.code == "converged"
    table.unlink()
    with pytest.raises(DownslopeError):
        load(tmp_path / "run").verdict.apply()
    minimize("x^4 - 8*x^2 + x", 3.0).save(tmp_path / "function")
    assert load(tmp_path / "function").verdict.apply().params[0] == pytest.approx(-2.0305466, abs=1e-6)


def test_an_estimators_verdict_applies():
    from downslope import GD, LinearRegressor

    rows = line()
    with pytest.warns(UserWarning, match="times its bound"):
        model = LinearRegressor(method=GD(5.0)).fit(rows.X, rows.y)
    assert model.verdict_.apply().verdict.code == "converged"


def test_interrupted_goes_on_from_where_it_stood():
    training = Training.on_rows(line(), Recipe(method="gd", learning_rate=0.1))
    for _ in zip(range(5), training):
        pass
    training.interrupt()
    half = training.solution
    whole = half.verdict.apply()
    assert whole.verdict.code == "converged" and np.array_equal(whole.trace.start, half.params)


def test_a_change_is_told_as_it_is_typed():
    remedy = Remedy("scale", {"scale": True, "learning_rate": 0.1, "method": "lbfgs", "order": None})
    assert remedy.typed == 'scale=True, learning_rate=0.1, method="lbfgs", order=None'
    with speaking("en"):
        assert options(remedy) == "--learning-rate 0.1 --method lbfgs"
    grid = Remedy("wider_grid", {"method": {"exhaustive": {"x": [0.0, 0.5, 1.0]}}})
    assert options(grid) == "--grid x=0:1:0.5"


def test_the_sentence_is_made_in_the_language_of_the_moment():
    verdict = Verdict("interrupted", {"epochs": 3, "loss": 1.0}, (Remedy("go_on"),))
    with speaking("zh"):
        chinese = verdict.text
    with speaking("en"):
        assert verdict.text != chinese and verdict.to_json()["text"] == verdict.text

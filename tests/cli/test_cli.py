"""The command line: what it answers, what it refuses, and that nothing is written or lost on the way."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

import downslope as ds
from downslope.cli import _command, main
from downslope.cli.options import methods_known
from downslope.cli.requests import columns, grid
from downslope.inference.table import RECIPE
from downslope.messages import LANGUAGES, speaking, text
from tests.builders import EXAMPLES

DIABETES = str(EXAMPLES / "diabetes.csv")
ROWS = "x,y\n1,2\n2,4\n3,6\n"
LESSON = "fit rows.csv --target y --no-intercept --no-scale --method gd --epochs 100 --start x=1"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder with the three rows of the lessons, in English, on no terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOWNSLOPE_LANG", "en")
    for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    Path("rows.csv").write_text(ROWS)
    return tmp_path


@pytest.fixture
def run(capsys):
    """Run a command line; its exit code, stdout and stderr."""

    def called(line: str | list[str]):
        code = main(line.split() if isinstance(line, str) else line)
        out, err = capsys.readouterr()
        return code, out, err

    return called


def subprocess_of(words: list[str], **settings) -> subprocess.Popen:
    line = [sys.executable, "-c", "import sys; from downslope.cli import main; sys.exit(main())", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(line, **{**pipes, **settings})


# ── fit ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_lesson_s_weight_comes_out_to_the_last_bit(run):
    code, out, err = run(f"{LESSON} --learning-rate 0.01 --json")
    assert (code, err) == (0, "")
    assert json.loads(out)["params"] == {"x": 1.9999444396553017}


def test_a_learning_rate_beyond_the_bound_ends_in_exit_code_3_with_the_bound_and_finite_weights(run):
    code, out, err = run(f"{LESSON} --learning-rate 0.3 --json")
    told = json.loads(out)
    assert (code, err) == (3, "")
    assert told["stopped"] == told["verdict"]["code"] == "diverged"
    assert "0.2142857" in told["verdict"]["remedies"][0]["text"]
    assert told["verdict"]["numbers"]["bound"] == pytest.approx(2 / (28 / 3))
    assert np.isfinite(told["params"]["x"])


def test_divergence_is_told_in_words_too(run):
    code, out, _ = run(f"{LESSON} --learning-rate 0.3")
    assert code == 3
    assert "Diverged" in out and "0.2142857" in out


def test_json_holds_what_the_contract_names(run):
    _, out, _ = run(f"{LESSON} --learning-rate 0.01 --json")
    told = json.loads(out)
    assert {"params", "intercept", "loss", "epochs", "stopped", "verdict", "metrics", "trace"} <= set(told)
    assert set(told["verdict"]) == {"code", "text", "numbers", "remedies"}
    assert len(told["trace"]) == told["epochs"] == 100


def test_fit_tells_coefficients_metrics_the_verdict_and_what_was_written(run):
    line = [
        "fit",
        DIABETES,
        "--target",
        "progression",
        "--validate",
        "0.2",
        "--out",
        "run",
        "--plot",
        "a.png",
    ]
    code, out, err = run(line)
    assert (code, err) == (0, "")
    for said in (
        "bmi",
        "intercept",
        "RMSE",
        "validation rows",
        "Solved exactly",
        "written: run",
        "written: a.png",
    ):
        assert said in out
    assert Path("a.png").stat().st_size > 10_000
    assert ds.load("run").metrics["validation"]["r2"] > 0.4


def test_the_effect_column_is_the_weight_times_one_standard_deviation(run):
    _, out, _ = run(["fit", DIABETES, "--target", "progression"])
    [bmi] = [line.split() for line in out.splitlines() if line.startswith("bmi")]
    spread = ds.Dataset.read(DIABETES, target="progression").X[:, 2].std()
    assert float(bmi[2]) == pytest.approx(float(bmi[1]) * spread, rel=1e-5)


def test_fit_speaks_chinese(run):
    code, out, _ = run(["fit", str(EXAMPLES / "penguins.csv"), "--target", "body_mass_g", "--lang", "zh"])
    assert code == 0
    assert "截距" in out and "训练集" in out and "提示" in out


def test_notes_on_the_data_leave_stdout_to_the_json(run):
    code, out, err = run(["fit", str(EXAMPLES / "penguins.csv"), "--target", "body_mass_g", "--json"])
    assert code == 0 and json.loads(out)
    assert "\nnote: 2 of 344 rows are dropped" in err


def test_several_targets_have_a_column_each(run):
    Path("two.csv").write_text("x,a,b\n1,2,0\n2,4,1\n3,6,5\n")
    code, out, _ = run("fit two.csv --target a,b --plot two.png")
    assert code == 0
    assert out.splitlines()[3].split() == ["feature", "a", "b"]


def test_exhaustive_search_tries_the_41_weights_of_lesson_1(run):
    line = "fit rows.csv --target y --no-intercept --no-scale --grid x=0:4:0.1 --plot curve.png --json"
    code, out, _ = run(line)
    told = json.loads(out)
    assert code == 0 and Path("curve.png").exists()
    assert told["params"] == {"x": 2.0} and told["loss"] == 0.0
    tried = {step["params"]["x"]: step["loss"] for step in told["trace"]}
    assert len(tried) == 41
    assert [round(tried[w], 6) for w in (0.0, 0.1, 2.0, 4.0)] == [18.666667, 16.846667, 0.0, 18.666667]


def test_the_order_of_the_rows_can_be_given(run):
    _, out, _ = run(f"{LESSON.replace('gd', 'sgd')} --learning-rate 0.01 --order 2 --json")
    assert json.loads(out)["verdict"]["code"] == "unused_rows"


def test_options_are_read_as_numbers_schedules_grids_and_orders():
    read = lambda name, words: RECIPE[name].kind.read(RECIPE[name].option, words)
    rate = lambda words: ds.Recipe(learning_rate=read("learning_rate", words)).learning_rate
    assert rate("auto") == "auto" and rate("0.01") == 0.01
    assert rate("cosine:0.1") == ds.schedules.Cosine(0.1)
    assert rate("armijo") == ds.searches.Armijo()
    assert grid(["a=0:1:0.5,b=2:1:-1"]) == {"a": [0.0, 0.5, 1.0], "b": [2.0, 1.0]}
    assert read("order", "2,0,1") == [2, 0, 1] and read("order", "cyclic") == "cyclic"
    assert read("epochs", "1e3") == 1000
    assert columns(["a,b", "c, d"], ["a", "b", "c, d"]) == ["a", "b", "c, d"]


def test_force_replaces_a_run_and_a_picture(run):
    line = "fit rows.csv --target y --out run --plot a.svg"
    assert run(line)[0] == 0
    assert run(line)[0] == 2
    assert run(f"{line} --force")[0] == 0


def test_what_was_learned_is_told_when_it_can_not_be_written_after_all(run, monkeypatch):
    def full(self, path, force=False):
        raise ds.DownslopeError("inference.cannot_write", path=path, why="No space left on device")

    monkeypatch.setattr(ds.Solution, "save", full)
    code, out, err = run("fit rows.csv --target y --out run --json")
    assert code == 2
    assert json.loads(out)["params"]["x"] == pytest.approx(2)
    assert err.count("\n") == 1 and "No space left" in err


@pytest.mark.sample(1)
@pytest.mark.parametrize("suffix", ["png", "svg", "gif"])
def test_a_descent_is_drawn_in_every_format(run, suffix):
    assert run(f"fit rows.csv --target y --method gd --epochs 20 --plot a.{suffix}")[0] == 0
    assert run(f"minimize x^2+y^2 --start 3,4 --epochs 20 --plot b.{suffix}")[0] == 0
    signs = {"png": b"\x89PNG", "svg": b"<?xml", "gif": b"GIF89a"}
    for name in ("a", "b"):
        assert Path(f"{name}.{suffix}").read_bytes().startswith(signs[suffix])


@pytest.mark.parametrize(
    "line",
    [
        "fit rows.csv --target y --method adam",
        "fit rows.csv --target y",
        f"{LESSON} --learning-rate 0.3",
        "fit two.csv --target a --method gd",
        "fit two.csv --target a,b --method gd",
        "fit two.csv --target a --grid b=0:1:0.5,x=0:1:0.5",
        "minimize x^2 --start 3",
        "minimize x^2+y^2+z^2",
        "minimize x^4 --start 100",
        "compare two.csv --target a --methods gd,adam",
    ],
)
def test_every_answer_has_a_picture(run, line):
    Path("two.csv").write_text("x,a,b\n1,2,0\n2,4,1\n3,6,5\n4,1,1\n")
    code, _, err = run(f"{line} --plot a.png")
    assert code in (0, 3) and err == ""
    assert Path("a.png").exists()


# ── classes ─────────────────────────────────────────────────────────────────────────────────────────

PENGUINS = str(EXAMPLES / "penguins.csv")
SPECIES = ["fit", PENGUINS, "--target", "species", "--penalty", "l2", "--alpha", "0.01"]


def test_a_text_target_is_learned_by_log_loss_and_that_is_said(run):
    code, out, err = run(SPECIES)
    assert (code, err) == (0, "")
    assert "has 3 classes, so the loss is log" in out
    assert "classes: Adelie, Chinstrap, Gentoo" in out
    [head] = [line.split() for line in out.splitlines() if line.startswith("feature")]
    assert head == ["feature", "Adelie", "Chinstrap", "Gentoo"]
    assert "training rows, misclassified: Chinstrap as Adelie, 1 of 68; Gentoo as" in out
    assert "so the loss is log" not in run([*SPECIES, "--loss", "log"])[1]


def test_the_metrics_of_classes_stand_in_the_table_and_in_the_json(run):
    code, out, err = run([*SPECIES, "--validate", "0.2", "--json"])
    told = json.loads(out)
    assert code == 0 and "note: the target 'species' has 3 classes" in err
    assert told["classes"] == ["Adelie", "Chinstrap", "Gentoo"]
    for rows in ("training", "validation"):
        assert {"accuracy", "log_loss", "roc_auc", "confusion"} <= set(told["metrics"][rows])
    assert np.sum(told["metrics"]["validation"]["confusion"]) == 69
    assert set(told["params"]) >= {"Gentoo: bill_length_mm", "Adelie: sex=female"}
    _, out, _ = run([*SPECIES, "--validate", "0.2"])
    [head] = [line.split() for line in out.splitlines() if "ROC AUC" in line]
    assert head == ["accuracy", "log", "loss", "ROC", "AUC"]


def test_the_effect_on_two_classes_is_a_factor_of_the_odds(run):
    line = ["fit", PENGUINS, "--target", "sex", "--features", "body_mass_g"]
    _, out, _ = run(line)
    assert "multiplies the odds of male by" in out and "male (y = 1)" in out
    [mass] = [row.split() for row in out.splitlines() if row.startswith("body_mass_g")]
    spread = ds.Dataset.read(PENGUINS, target="sex", features=["body_mass_g"]).X.std()
    assert float(mass[2]) == pytest.approx(np.exp(float(mass[1]) * spread), rel=1e-4)


def test_numbers_are_classes_where_the_loss_is_one_for_classes(run):
    _, out, _ = run(["fit", DIABETES, "--target", "sex", "--loss", "squared_hinge", "--json"])
    told = json.loads(out)
    assert told["classes"] == [1, 2] and "log_loss" not in told["metrics"]["training"]


def test_separable_classes_are_told_and_no_failure(run):
    Path("apart.csv").write_text("x,y\n1,a\n2,a\n3,b\n4,b\n")
    code, out, _ = run("fit apart.csv --target y")
    assert code == 0 and "the classes are separable" in out


def test_of_many_classes_the_first_have_a_column_and_a_mistake_each_is_told(run):
    Path("many.csv").write_text(
        "x,z,y\n" + "".join(f"{k % 12},{k * k % 23},c{k % 12:02}\n" for k in range(48))
    )
    code, out, _ = run("fit many.csv --target y --loss squared_hinge")
    assert code == 0
    [head] = [line.split() for line in out.splitlines() if line.startswith("feature")]
    assert head == ["feature", *(f"c{k:02}" for k in range(8))]
    assert "the first 8 of 12" in out and "; …" in out


def test_a_file_of_other_rows_validates(run):
    lines = Path(PENGUINS).read_text().splitlines()
    Path("train.csv").write_text("\n".join([lines[0], *lines[1::2]]))
    Path("other.csv").write_text("\n".join([lines[0], *lines[2::2], "Adelie,Atlantis,,,,,"]))
    line = ["fit", "train.csv", "--target", "species", "--penalty", "l2", "--alpha", "0.01", "--out", "run"]
    code, out, _ = run([*line, "--validate", "other.csv", "--patience", "5"])
    assert code == 0
    assert "validation rows: column 'island': 1 value is replaced by the training mean" in out
    solution = ds.load("run")
    right = (solution.predict("other.csv") == [row.split(",")[0] for row in [*lines[2::2], "Adelie"]]).mean()
    assert solution.metrics["validation"]["accuracy"] == pytest.approx(right)


def test_predictions_of_classes_are_labels_and_chances(run):
    run([*SPECIES, "--out", "run"])
    code, out, _ = run(["predict", "run", PENGUINS])
    assert code == 0
    rows = list(csv.DictReader(out.splitlines()))
    solution = ds.load("run")
    assert [row["prediction"] for row in rows] == solution.predict(PENGUINS).tolist()
    chances = [[float(row[f"chance: {name}"]) for name in solution.classes] for row in rows]
    np.testing.assert_array_equal(chances, solution.probabilities(PENGUINS))
    told = json.loads(run(["predict", "run", PENGUINS, "--json"])[1])["predictions"]
    assert told["prediction"][0] == "Adelie" and len(told) == 4
    run(["fit", PENGUINS, "--target", "sex", "--loss", "squared_hinge", "--out", "margin"])
    assert run(["predict", "margin", PENGUINS])[1].splitlines()[0].endswith(",sex,prediction")


def test_inspect_tells_the_classes(run):
    run([*SPECIES, "--out", "run"])
    _, out, _ = run("inspect run")
    assert ["classes", "Adelie,", "Chinstrap,", "Gentoo"] in [line.split() for line in out.splitlines()]


def test_methods_are_compared_on_classes(run):
    code, out, _ = run(["compare", *SPECIES[1:], "--methods", "newton,lbfgs,nesterov"])
    assert code == 0 and "so the loss is log" in out and "newton: Converged" in out


@pytest.mark.sample(2)
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("line", [["--target", "sex"], ["--target", "species", "--validate", "0.2"]])
def test_a_fit_of_classes_has_a_picture(run, line, lang):
    code, _, _ = run(["fit", PENGUINS, *line, "--plot", "a.png", "--lang", lang])
    assert code == 0 and Path("a.png").stat().st_size > 40_000


# ── export ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_is_exported_as_a_graph_and_as_a_script(run):
    pytest.importorskip("onnxruntime")
    run("fit rows.csv --target y --out run")
    code, out, err = run("export run --onnx m.onnx")
    assert (code, err) == (0, "") and "checked" in out and "written: m.onnx" in out
    assert run("export run --onnx m.onnx")[0] == 2 and run("export run --onnx m.onnx --force")[0] == 0
    code, script, err = run("export run --code numpy")
    assert (code, err) == (0, "") and "import numpy as np" in script and "DATA = 'rows.csv'" in script
    assert run("export run --code numpy --out m.py")[1] == "written: m.py\n"
    assert Path("m.py").read_text() == script
    assert json.loads(run("export run --code pytorch --json")[1])["code"].count("import torch\n") == 1


# ── predict and inspect ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def penguins(run):
    assert run(["fit", str(EXAMPLES / "penguins.csv"), "--target", "body_mass_g", "--out", "run"])[0] == 0
    return str(EXAMPLES / "penguins.csv")


def test_predictions_follow_the_columns_they_were_made_from(run, penguins):
    code, out, err = run(["predict", "run", penguins])
    assert code == 0
    first, *rows = csv.reader(out.splitlines())
    given = list(csv.reader(Path(penguins).read_text().splitlines()))
    assert first == [*given[0], "prediction"] and len(rows) == len(given) - 1
    solution = ds.load("run")
    np.testing.assert_array_equal([float(row[-1]) for row in rows], solution.predict(penguins))
    assert "note: column 'sex': 11 of 344 values are missing" in err


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_predictions_are_written_whole(run, penguins, suffix):
    code, out, _ = run(["predict", "run", penguins, "--out", f"p.{suffix}"])
    assert code == 0 and "written" in out
    assert sorted(path.name for path in Path().iterdir()) == sorted([f"p.{suffix}", "rows.csv", "run"])
    table = ds.data.reading.Table.read(f"p.{suffix}")
    assert len(table) == 344 and table.names[-1] == "prediction"
    np.testing.assert_array_equal(table.numbers("prediction"), ds.load("run").predict(penguins))


def test_notes_are_counted_over_all_batches(run, monkeypatch):
    n = 70_000  # two batches
    Path("many.csv").write_text("x,y\n" + "1,2\n2,3\n" + ",\n" * n)
    assert run("fit rows.csv --target y --out run")[0] == 0
    code, out, err = run("predict run many.csv --out p.csv")
    assert code == 0
    assert err == f"note: column 'x': {n} of {n + 2} values are missing, replaced by the training mean\n"
    assert f"{n + 2:,} rows" in out


def test_a_taken_name_gets_an_underscore(run):
    Path("taken.csv").write_text("x,prediction\n1,2\n")
    run("fit rows.csv --target y --out run")
    _, out, _ = run("predict run taken.csv")
    assert out.splitlines()[0] == "x,prediction,prediction_"


def test_predictions_of_several_targets_are_named(run):
    Path("two.csv").write_text("x,a,b\n1,2,0\n2,4,1\n3,6,5\n")
    run("fit two.csv --target a,b --out run")
    code, out, _ = run("predict run two.csv --json")
    told = json.loads(out)
    assert code == 0 and told["rows"] == 3
    assert set(told["predictions"]) == {"prediction: a", "prediction: b"}


def test_cells_with_commas_and_dates_survive_a_prediction(run):
    Path("odd.csv").write_text('x,day,name\n1,2024-05-31,"a, ""b"""\n')
    run("fit rows.csv --target y --out run")
    run("predict run odd.csv --out p.parquet")
    _, out, _ = run("predict run odd.csv")
    [row] = csv.DictReader(out.splitlines())
    assert (row["day"], row["name"]) == ("2024-05-31", 'a, "b"')
    assert ds.data.reading.Table.read("p.parquet").columns["day"].to_pylist() == [date(2024, 5, 31)]


def test_inspect_tells_what_a_run_holds(run, penguins):
    code, out, err = run("inspect run")
    assert (code, err) == (0, "")
    for said in ("loss", "squared", "auto: closed_form", "flipper_length_mm", "R²", "Solved exactly"):
        assert said in out
    code, out, err = run("inspect run --json")
    told = json.loads(out)
    assert told["recipe"]["loss"] == "squared" and len(told["notes"]) > 1


# ── minimize, compare, lesson ───────────────────────────────────────────────────────────────────────


def test_a_parabola_goes_down_as_its_formula_says(run):
    code, out, err = run("minimize 2*x^2 --start x=500 --json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert told["params"]["x"] == pytest.approx(500 * 0.96**1000, rel=1e-12)
    assert told["derivative"] == {"kind": "symbolic", "formulas": ["4*x"]}
    assert told["critical"]["points"] == [{"exact": ["0"], "x": [0.0], "value": 0.0, "kind": "minimum"}]


def test_minimize_shows_the_slope_the_walk_and_the_exact_answer(run):
    code, out, _ = run("minimize 2*x^2 --start x=500 --derivative 4*x")
    assert code == 0
    words = [line.split() for line in out.splitlines() if line]
    assert ["f′(x)", "=", "4*x"] in words
    assert ["0", "500", "500000", "2000"] in words and ["1", "480", "460800", "1920"] in words
    assert ["exact", "0", "0", "minimum"] in words


def test_a_wrong_derivative_is_warned_of_in_one_line(run):
    code, _, err = run("minimize x^2 --start 1 --derivative 3*x")
    assert code == 0
    assert err.startswith("warning: the given derivative, 3*x") and err.count("\n") == 1


def test_a_start_that_is_not_given_is_drawn_by_the_seed_and_told(run):
    def start(seed):
        told = json.loads(run(f"minimize x^2+y^2+z^2 --seed {seed} --json")[1])
        return list(told["start"].values())

    assert start(1) == start(1) != start(2)
    assert all(-1000 <= x < 1000 and x == int(x) for seed in range(3) for x in start(seed))
    _, out, _ = run("minimize x^2 --seed 7")
    assert "random, seed 7" in out


def test_a_formula_may_begin_with_a_minus(run):
    code, out, _ = run(["minimize", "-cos(x)", "--start", "-1", "--json"])
    assert code == 0
    assert json.loads(out)["loss"] == pytest.approx(-1)


def test_compare_measures_the_gap_above_the_best(run):
    line = ["compare", DIABETES, "--target", "progression", "--methods", "closed_form,gd,lbfgs"]
    code, out, err = run([*line, "--learning-rate", "0.01", "--json"])
    methods = json.loads(out)["methods"]
    assert (code, err) == (0, "")
    assert list(methods) == ["closed_form", "gd", "lbfgs"]
    assert methods["gd"]["trace"][0]["learning_rate"] == 0.01
    assert methods["lbfgs"]["loss"] == pytest.approx(methods["closed_form"]["loss"])
    code, out, _ = run(line)
    assert "above the best" in out and "closed_form: Solved exactly" in out


def test_compare_fails_only_when_no_method_has_an_answer(run):
    both = "compare rows.csv --target y --no-scale --learning-rate 9 --methods"
    assert run(f"{both} gd,closed_form")[0] == 0
    assert run(f"{both} gd,momentum")[0] == 3


def test_lessons_are_listed_and_told(run):
    code, out, _ = run("lesson")
    assert code == 0 and "  2  Batch gradient descent" in out
    code, out, _ = run("lesson 2 --plot a.png --lang zh")
    assert code == 0 and "批量梯度下降" in out and Path("a.png").exists()
    code, out, err = run("lesson 2 --json")
    assert json.loads(out)["figures"]["w"] == 1.9999444396553017 and err == ""


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────

FIT = "fit rows.csv --target y"
REFUSED = {
    # the data
    "fit none.csv --target y": "no such file",
    "fit empty.csv --target y": "is empty",
    "fit header.csv --target y": "no rows",
    "fit one.csv --target y": "at least 2",
    "fit ragged.csv --target y": "line 3",
    "fit binary.csv --target y": "does not contain text",
    "fit folder --target y": "is a folder",
    "fit odd.csv --target z": "no column 'z'",
    "fit odd.csv --target same": "5.0 in every row",
    "fit odd.csv --target word --features x --loss squared": "predicts numbers",
    "fit odd.csv --target same --loss log": "5.0 in every row",
    "fit classes.csv --target one": "only one class (a)",
    "fit classes.csv --target rare --validate 0.2 --seed 1": "choose another --seed",
    "fit classes.csv --target kind --validate other.csv": "was not in the training data; known classes: a, b",
    "fit classes.csv --target kind --validate lacking.csv": "no column 'kind', which the model",
    "fit classes.csv --target kind --validate none.csv": "no such file",
    "fit classes.csv --target kind,rare": "a classifier has a single target",
    "fit classes.csv --target kind --features x,z --method closed_form": "squared loss",
    f"{FIT} --loss poisson:2": "has no parameter",
    "fit odd.csv --target nothing": "has no values",
    "fit odd.csv --target day": "is a date",
    "fit odd.csv --target y --features y": "both as the target and as a feature",
    "fit odd.csv --target y --features x,zz": "no column 'zz'",
    "fit odd.csv --target y --features same": "indistinguishable from the intercept",
    "fit odd.csv --target y --features x,x": "given twice",
    "fit odd.csv --target y --weights word": "weights must be numbers",
    "fit infinite.csv --target y": "row 2",
    # the request
    f"{FIT} --method addam": "adam",
    f"{FIT} --method momentum:x": "not a valid number",
    f"{FIT} --loss squard": "squared",
    f"{FIT} --loss huber:-1": "above 0",
    f"{FIT} --penalty l3 --alpha 1": "l2",
    f"{FIT} --epoch 3": "--epochs",
    f"{FIT} --epochs": "needs a value",
    "fit rows.csv": "--target",
    "fit": "DATA",
    "fitt rows.csv": "fit",
    "minimize x^2 + y^2": "quote arguments",
    f"{FIT} --learning-rate 0": "above 0",
    f"{FIT} --learning-rate -1": "above 0",
    f"{FIT} --learning-rate nan": "above 0",
    f"{FIT} --learning-rate abc": "cosine:0.1",
    f"{FIT} --learning-rate cosine": "cosine:0.1",
    f"{FIT} --learning-rate cosine:0": "above 0",
    f"{FIT} --learning-rate 0.1 --method closed_form": "remove it",
    f"{FIT} more": "got an unexpected argument more:",
    f"{FIT} --threshold 0.3": "the squared loss predicts numbers",
    f"{FIT} --epochs 0": "1 or above",
    f"{FIT} --epochs -5": "1 or above",
    f"{FIT} --epochs 1.5": "whole number",
    f"{FIT} --epochs inf": "whole number",
    f"{FIT} --batch-size 0": "1 or above",
    f"{FIT} --batch-size two": "whole number",
    f"{FIT} --alpha 0.1": "no penalty",
    f"{FIT} --penalty l2": "--alpha",
    f"{FIT} --penalty l2 --alpha -1": "0 or above",
    f"{FIT} --penalty l2 --alpha much": "give a number of 0 or above",
    f"{FIT} --method newton --batch-size 2": "batch size",
    f"{FIT} --method lbfgs --penalty l1 --alpha 1": "not smooth",
    f"{FIT} --method closed_form --loss absolute": "squared loss",
    f"{FIT} --tol -1": "tol",
    f"{FIT} --seed -1": "at least 0",
    f"{FIT} --patience 3": "--validate",
    f"{FIT} --validate 0": "between 0 and 1",
    f"{FIT} --validate 1": "between 0 and 1",
    f"{FIT} --validate 2": "between 0 and 1",
    f"{FIT} --validate nan": "between 0 and 1",
    f"{FIT} --start z=1": "not a weight",
    f"{FIT} --start x": "--start x=1",
    f"{FIT} --start x=": "--start x=1",
    f"{FIT} --start x=one": "must be a finite number",
    f"{FIT} --start x=nan": "finite",
    f"{FIT} --start x=1,x=2": "twice",
    f"{FIT} --method exhaustive": "--grid",
    f"{FIT} --grid x=0:4": "FIRST:LAST:STEP",
    f"{FIT} --grid x=0:4:0": "FIRST:LAST:STEP",
    f"{FIT} --grid x=0:4:-1": "FIRST:LAST:STEP",
    f"{FIT} --grid x=0:nan:1": "FIRST:LAST:STEP",
    f"{FIT} --grid x": "x=0:4:0.1",
    f"{FIT} --grid z=0:4:1": "not a weight",
    f"{FIT} --grid x=0:4:1e-9": "10,000,000",
    f"{FIT} --grid x=0:4:1 --method gd": "exhaustive",
    f"{FIT} --method sgd --order shufle": "shuffle",
    f"{FIT} --method sgd --order 1,x": "list of row numbers",
    f"{FIT} --method sgd --order 1,9": "0 to 2",
    f"{FIT} --method gd --order cyclic": "batch size",
    f"{FIT} --lang fr": "en, zh",
    "compare rows.csv --target y --methods gd": "at least two",
    "compare rows.csv --target y --methods gd,gd": "at least two",
    "compare rows.csv --target y --methods gd,closed": "closed_form",
    "compare rows.csv --target y --methods gd,lbfgs --penalty l1 --alpha 1": "not smooth",
    # what would be written
    f"{FIT} --out folder": "exists",
    f"{FIT} --out folder --force": "not a run",
    f"{FIT} --out rows.csv/run": "does not exist",
    f"{FIT} --out /proc/run": "cannot write",
    f"{FIT} --out none/run": "does not exist",
    f"{FIT} --plot a.pdf": ".png",
    f"{FIT} --plot a": ".png",
    f"{FIT} --plot none/a.png": "does not exist",
    f"{FIT} --plot old.png": "--force",
    f"{FIT} --plot folder.png --force": "is a folder",
    "minimize x^2 --plot a.jpg": ".png",
    # runs
    "predict none rows.csv": "no such run",
    "predict folder rows.csv": "not a run",
    "predict rows.csv rows.csv": "not a run",
    "predict run odd.csv --out a.txt": ".csv",
    "predict run odd.csv --out old.csv": "--force",
    "predict run header.csv": "no rows",
    "predict run lacking.csv": "no column 'x', which the model",
    "predict damaged rows.csv": "damaged",
    "predict newer rows.csv": "upgrade",
    "inspect none": "no such run",
    "export run": "--onnx MODEL.onnx",
    "export run --onnx a.onnx --code numpy": "--onnx MODEL.onnx",
    "export run --onnx a.txt": ".onnx",
    "export run --onnx old.onnx": "--force",
    "export run --onnx none/a.onnx": "does not exist",
    "export run --code numpi": "numpy, pytorch",
    "export run --code numpy --out a.txt": ".py",
    "export none --code numpy": "no such run",
    "export diverged --code numpy": "without a solution (diverged)",
    # formulas
    "minimize x^": "syntax error",
    "minimize foo(x)": "foo",
    "minimize __import__('os').getcwd()": "column",
    "minimize 9^9^9^x": "tower",
    "minimize 2+3": "no variable",
    "minimize log(x) --start -1": "finite",
    "minimize x^2 --start y=1": "y",
    "minimize x^2 --start x": "number",
    "minimize x^2+y^2 --start x=1": "no start was given for y",
    "minimize x^2 --start 1,2": "2 numbers",
    "minimize x^2 --method sgd": "rows",
    "minimize x^2 --method exhaustive": "grid",
    "minimize x^2 --epochs 0": "1 or above",
    "minimize x^2+y^2 --derivative 2*x": "1 derivative:",
    # lessons
    "lesson 99": "1, 2, 3",
    "lesson two": "1, 2, 3",
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """A folder of all that is wrong."""
    here = tmp_path_factory.mktemp("broken")
    files = {
        "rows.csv": ROWS,
        "empty.csv": "",
        "header.csv": "x,y\n",
        "one.csv": "x,y\n1,2\n",
        "ragged.csv": "x,y\n1,2\n2,4,6\n",
        "odd.csv": "x,y,same,word,nothing,day\n"
        "1,2,5,a,,2024-01-01\n2,4,5,b,,2024-01-02\n3,5,5,a,,2024-01-03\n",
        "infinite.csv": "x,y\n1,2\ninf,3\n4,4\n",
        "lacking.csv": "z\n1\n",
        "classes.csv": "x,z,kind,one,rare\n"
        + "".join(f"{x},{x * x % 7},{'ab'[x % 2]},a,{'c' if x == 6 else 'ab'[x % 2]}\n" for x in range(10)),
        "other.csv": "x,z,one,rare,kind\n1,2,a,a,a\n2,3,a,a,c\n",
        "old.onnx": "",
        "old.png": "",
        "old.csv": "",
    }
    for name, content in files.items():
        (here / name).write_text(content)
    (here / "binary.csv").write_bytes(bytes(range(256)))
    (here / "folder").mkdir()
    (here / "folder.png").mkdir()
    solution = ds.fit(ds.Dataset.read(str(here / "rows.csv"), target="y"))
    for name in ("run", "damaged", "newer"):
        solution.save(here / name)
    rows = ds.Dataset.read(str(here / "rows.csv"), target="y")
    ds.fit(rows, method="gd", learning_rate=9.0).save(here / "diverged")
    (here / "damaged" / "weights.npz").write_bytes(b"")
    manifest = here / "newer" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"version": 1', '"version": 99'))
    return here


def listed(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*"))


@pytest.mark.sample(70)
@pytest.mark.parametrize("line", REFUSED)
def test_what_is_at_fault_is_one_line_exit_2_and_nothing_written(run, broken, monkeypatch, line):
    monkeypatch.chdir(broken)
    before = listed(broken)
    code, out, err = run(line)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1 and err.startswith("error: ") and err.endswith("\n")
    assert REFUSED[line] in err
    assert listed(broken) == before


@pytest.mark.parametrize("line", [line for number, line in enumerate(REFUSED) if number % 8 == 0])
def test_a_refusal_is_one_line_in_chinese_too(run, broken, monkeypatch, line):
    monkeypatch.chdir(broken)
    code, out, err = run(f"{line} --lang zh")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("错误：")


# ── the shell ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_command_and_option_has_help_in_both_languages(lang):
    with speaking(lang):
        group = _command()
        for command in group.commands.values():
            said = [command.help, *(parameter.help for parameter in command.params)]
            assert all(said) and not any(words.startswith("cli.") for words in said)
        assert group.help == text("cli.help")


def test_help_and_version(run):
    code, out, err = run("--help")
    assert (code, err) == (0, "") and "minimize" in out
    assert run([])[1] == out
    assert run("fit --help --lang zh")[1].count("权重") >= 1
    assert run("--version") == (0, f"downslope {ds.__version__}\n", "")


def test_methods_are_completed_after_a_comma_too():
    assert methods_known("ada") == ["adagrad", "adam", "adamw"]
    assert methods_known("gd,closed") == ["gd,closed_form"]


def test_the_shell_completes_losses():
    words = "downslope fit rows.csv --loss "
    env = {**os.environ, "_DOWNSLOPE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "4"}
    out, _ = subprocess_of([], env=env).communicate(timeout=60)
    assert out.split() == [
        *["squared", "absolute", "huber", "quantile", "log", "squared_hinge", "smoothed_hinge", "poisson"]
    ]


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from downslope.cli import main; main(['fit', '--help']); "
        "print([name for name in ('numpy', 'duckdb', 'sympy', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"


HEAVY = (
    "sklearn",
    "matplotlib",
    "sympy",
    "torch",
    "pandas",
    "dask",
    "numba",
    "scipy",
    "pydantic",
    "unittest",
)


@pytest.mark.parametrize("line", [LESSON + " --learning-rate 0.01", "fit rows.csv --target y"])
def test_a_fit_in_a_fresh_process_loads_no_more_than_it_needs(line):
    heavy = [
        name for name in HEAVY if name != "pandas" or duckdb.__version__ >= "2"
    ]  # 1 binds values with it
    code = (
        "import sys; from downslope.cli import main; main(sys.argv[1:]); "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    line = [sys.executable, "-c", code, *line.split()]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60)
    assert (done.stdout.splitlines()[-1], done.stderr) == ("[]", "")


def worked_for(process, seconds: float) -> None:
    """Wait until a process has had that much of a core: how long that takes is the machine's affair."""
    stat = Path(f"/proc/{process.pid}/stat")
    if not stat.exists():
        time.sleep(seconds)
        return
    end = time.monotonic() + 120
    while time.monotonic() < end:
        user, system = stat.read_text().rpartition(")")[2].split()[11:13]
        if (int(user) + int(system)) / os.sysconf("SC_CLK_TCK") >= seconds:
            return
        time.sleep(0.1)


def test_ctrl_c_keeps_what_was_learned_and_says_how_to_go_on():
    words = ["fit", DIABETES, "--target", "progression", "--method", "gd", "--no-scale", "--tol", "0"]
    process = subprocess_of([*words, "--learning-rate", "1e-6", "--epochs", "1000000000", "--out", "run"])
    worked_for(process, seconds=4)  # it has loaded what it needs, and descends
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
    assert "Interrupted after" in out and "→ To continue" in out
    kept = ds.load("run")
    assert kept.stopped == "interrupted" and kept.epochs > 0
    assert np.isfinite(kept.params).all() and kept.params.any()


def test_a_reader_that_leaves_is_no_fault(run):
    assert run("fit rows.csv --target y --out run")[0] == 0
    Path("many.csv").write_text("x\n" + "1\n" * 200_000)
    process = subprocess_of(["predict", "run", "many.csv"])
    assert process.stdout.readline() == "x,prediction\n"
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == ""
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_one_line():
    with open("/dev/full", "w") as full:
        _, err = subprocess_of(["lesson"], stdout=full).communicate(timeout=60)
    assert err.count("\n") == 1 and "No space left" in err


# ── nets ────────────────────────────────────────────────────────────────────────────────────────────


NET = f"fit {PENGUINS} --target species --hidden 6,4 --activation tanh --dropout 0.1 --epochs 5"


def test_a_net_tells_its_layers_and_is_predicted_inspected_and_exported_like_any_run(run):
    pytest.importorskip("torch")
    code, out, _ = run(f"{NET} --out net --plot net.png")
    layers = "net: 7 → 6 → 4 → 3 units, tanh, dropout 0.1; weights: 91"  # 7·6 + 6 + 6·4 + 4 + 4·3 + 3
    assert code == 0 and layers in out and "z = net(X)" in out and "bill_length_mm  " not in out
    assert Path("net.png").stat().st_size > 0
    code, out, _ = run("inspect net")
    assert code == 0 and layers in out and "hidden=[6, 4]" in out
    code, out, _ = run(f"predict net {PENGUINS}")
    labels = [row["prediction"] for row in csv.DictReader(out.splitlines())]
    assert code == 0 and labels == ds.load("net").predict(PENGUINS).tolist()
    assert run("export net --code numpy --out net.py")[0] == 0
    code, out, _ = run(f"{NET} --json")
    told = json.loads(out)
    assert code == 0 and len(told["params"]) == 91 and told["intercept"] is None
    assert told["params"] == ds.load("net").named


def test_a_net_for_numbers_is_drawn_without_weights_and_compared_by_methods(run):
    pytest.importorskip("torch")
    net = f"{DIABETES} --target progression --hidden 4"
    code, out, _ = run(f"fit {net} --epochs 3 --plot net.png --no-scale")
    assert code == 0 and "net: 10 → 4 → 1 units, sigmoid; weights: 49" in out
    assert Path("net.png").stat().st_size > 0
    assert run(f"compare {net} --methods adam,lbfgs --epochs 3")[0] == 0


@pytest.mark.parametrize(
    "asked, said",
    [
        ("--hidden 0", "0 is not a valid layer size"),
        ("--hidden abc", "--hidden was 'abc'"),
        ("--hidden 5 --activation foo", "unknown activation 'foo'"),
        ("--hidden 5 --dropout 2", "dropout was 2.0"),
        ("--hidden 5 --method newton", "newton needs second derivatives"),
        ("--hidden 5 --no-intercept", "--no-intercept is for linear models"),
        ("--dropout 0.1", "--dropout is for nets"),
        ("--activation tanh", "--activation is for nets"),
    ],
)
def test_a_net_that_can_not_be_meant_is_refused_in_one_line(run, asked, said):
    pytest.importorskip("torch")
    code, out, err = run(f"fit {DIABETES} --target progression {asked}")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


# ── --fix ───────────────────────────────────────────────────────────────────────────────────────────

DIVERGING = "fit rows.csv --target y --method gd --learning-rate 0.3 --epochs 100 --no-intercept --no-scale"


def test_fix_makes_the_first_change_and_shows_both_runs(run):
    assert run(DIVERGING)[0] == 3
    code, out, err = run(f"{DIVERGING} --fix --out run")
    assert code == 0 and err == ""
    assert "--learning-rate 0.107143" in out and re.search(r"verdict +diverged +converged", out)
    assert re.search(r"^x +-\d+ +2$", out, re.M) and "after the change" in out
    kept = ds.load("run")
    assert kept.verdict.code == "converged" and kept.recipe.learning_rate == 0.107143


def test_fix_as_json_is_one_object_with_both(run):
    code, out, _ = run(f"{DIVERGING} --fix --json")
    told = json.loads(out)
    assert code == 0 and set(told) == {"before", "change", "after"}
    assert told["change"] == {"learning_rate": 0.107143} == told["before"]["verdict"]["remedies"][0]["change"]
    assert [told[side]["verdict"]["code"] for side in ("before", "after")] == ["diverged", "converged"]
    told = json.loads(run(["minimize", "x^4 - 8*x^2 + x", "--start", "x=3", "--fix", "--json"])[1])
    assert told["after"]["loss"] < told["before"]["loss"] and "critical" in told["after"]


def test_fix_says_why_where_there_is_nothing_to_change(run):
    code, out, err = run("fit rows.csv --target y --fix --json")
    assert code == 0 and "nothing to fix" in err and json.loads(out)["after"] is None
    code, out, err = run(["minimize", "-x^2", "--start", "x=1", "--learning-rate", "0.1", "--fix"])
    assert code == 3 and "no remedy for the verdict" in err and "decreases without bound" in out


@pytest.mark.parametrize(
    "words, commands",
    [("fit --errors", "inspect"), ("inspect --epochs 3", "fit, minimize, compare"), ("watch --tol 1", "fit")],
)
def test_an_option_of_another_command_is_said_to_be_one(words, commands, capsys):
    assert main(words.split()) == 2
    err = capsys.readouterr().err
    assert commands in err and "belongs to" in err and err.count("\n") == 1

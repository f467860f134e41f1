"""Claims about exports: a graph and a script predict what the run predicts, without Downslope."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

import downslope as ds
from downslope.inference.export import _refuse_unless_alike
from downslope.messages import LANGUAGES, speaking
from tests.builders import EXAMPLES

PENGUINS, DIABETES = str(EXAMPLES / "penguins.csv"), str(EXAMPLES / "diabetes.csv")


def fitted(path, target, **settings):
    return ds.fit(ds.Dataset.read(path, target=target), **settings)


RIDGE = {"penalty": "l2", "alpha": 0.01}
RUNS = {
    "closed form": lambda: fitted(PENGUINS, "body_mass_g"),
    "ridge": lambda: fitted(DIABETES, "progression", **RIDGE),
    "no intercept": lambda: fitted(DIABETES, "progression", intercept=False),
    "two targets": lambda: fitted(DIABETES, ["progression", "bmi"]),
    "counts": lambda: fitted(DIABETES, "progression", loss="poisson"),
    "gd": lambda: fitted(DIABETES, "progression", method="gd", learning_rate=0.1, epochs=30),
    "gd on raw columns": lambda: fitted(
        DIABETES, "progression", method="gd", learning_rate=1e-5, epochs=30, scale=False, start={"bmi": 2.0}
    ),
    "momentum": lambda: fitted(
        DIABETES, "progression", method="momentum", epochs=30, loss="huber:20", **RIDGE
    ),
    "nesterov": lambda: fitted(DIABETES, "progression", method="nesterov:0.9", learning_rate=0.01, epochs=30),
    "adagrad": lambda: fitted(DIABETES, "progression", method="adagrad", epochs=30),
    "rmsprop": lambda: fitted(DIABETES, "progression", method="rmsprop", epochs=30),
    "adam": lambda: fitted(DIABETES, "progression", method="adam", epochs=30),
    "adamw": lambda: fitted(DIABETES, "progression", method="adamw", epochs=30),
    "sgd": lambda: fitted(DIABETES, "progression", method="sgd", epochs=3),
    "batches": lambda: fitted(DIABETES, "progression", method="adam", batch_size=50, epochs=3),
    "blocks": lambda: fitted(DIABETES, "progression", method="sgd", order="blocks", epochs=3),
    "cycle": lambda: fitted(
        DIABETES,
        "progression",
        method="sgd",
        order="cyclic",
        epochs=3,
        learning_rate=ds.schedules.OneCycle(1e-3),
    ),
    "two classes": lambda: fitted(PENGUINS, "sex", loss="log", **RIDGE),
    "three classes": lambda: fitted(PENGUINS, "species", loss="log", **RIDGE),
    "classes by gd": lambda: fitted(PENGUINS, "species", loss="log", method="gd", epochs=30),
    "classes that are numbers": lambda: fitted(DIABETES, "sex", loss="log"),
    "lasso": lambda: fitted(DIABETES, "progression", penalty="l1", alpha=1.0),
    "absolute": lambda: fitted(DIABETES, "progression", loss="absolute"),
    "margin": lambda: fitted(PENGUINS, "sex", loss="squared_hinge"),
    "margins": lambda: fitted(PENGUINS, "species", loss="smoothed_hinge", **RIDGE),
    "lbfgs": lambda: fitted(PENGUINS, "species", loss="log", method="lbfgs", **RIDGE),
}
SAME = [*RUNS][:21]  # of which NumPy alone finds the weights again
BY_TORCH = ["adamw", "three classes"]  # it takes seconds to load: a few ways


def data_of(name):
    return (
        PENGUINS if "classes" in name or name in ("margin", "margins", "lbfgs", "closed form") else DIABETES
    )


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """name → (run, onnxruntime session of its graph)."""
    import onnxruntime

    def made(name):
        solution = RUNS[name]()
        path = ds.export_onnx(solution, tmp_path_factory.mktemp("onnx") / "model.onnx")
        return solution, onnxruntime.InferenceSession(path)

    return made


# ── graphs ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", RUNS)
def test_a_graph_predicts_what_the_run_does_from_the_columns_of_a_frame(session, name):
    solution, graph = session(name)
    path = DIABETES if name == "classes that are numbers" else data_of(name)
    frame = pd.read_csv(path)
    given = {}
    for wanted in graph.get_inputs():
        column = frame[[wanted.name]]
        text = wanted.type == "tensor(string)"
        given[wanted.name] = (column.fillna("") if text else column.astype(float)).to_numpy(
            dtype=object if text else float
        )
    found = dict(zip([output.name for output in graph.get_outputs()], graph.run(None, given)))
    predicted = solution.predict(path)
    if solution.classes:
        np.testing.assert_array_equal(found["label"], predicted)
        rest = solution.probabilities if solution.recipe.loss.name == "log" else solution.scores
        [other] = [values for output, values in found.items() if output != "label"]
        np.testing.assert_allclose(other, rest(path), rtol=1e-6, atol=1e-9)
    else:
        np.testing.assert_allclose(found["prediction"], predicted, rtol=1e-6)


def table(rows=40):
    """A column of each kind, with gaps."""
    days = [date(2020, 1, 1) + timedelta(days=3 * k) for k in range(rows)]
    columns = {
        "label": [float(k * k % 7) for k in range(rows)],
        "day": days,
        "open": [k % 3 == 0 for k in range(rows)],
        "颜色": [["red", "blue", "green, or so", None][k % 4] for k in range(rows)],
        "y": [["no", "yes"][k * k % 5 > 1] for k in range(rows)],
    }
    columns["label"][3] = columns["day"][5] = columns["open"][7] = None
    return columns


def test_text_dates_truth_values_and_gaps_are_encoded_in_the_graph(tmp_path):
    import onnxruntime

    solution = ds.fit(ds.Dataset.read(table(), target="y"), loss="log", penalty="l2", alpha=0.1)
    graph = onnxruntime.InferenceSession(ds.export_onnx(solution, tmp_path / "m.onnx"))
    assert [output.name for output in graph.get_outputs()] == ["label_", "probabilities"]
    nan, since = float("nan"), date(1970, 1, 1)
    day = (date(2021, 5, 31) - since).days
    given = {
        "label": np.array([[2.0], [nan]]),
        "day": np.array([[float(day)], [nan]]),
        "open": np.array([[1.0], [nan]]),
        "颜色": np.array([["green, or so"], ["unheard of"]], dtype=object),
    }
    rows = {
        "label": [2, None],
        "day": [date(2021, 5, 31), None],
        "open": [True, None],
        "颜色": ["green, or so", "x"],
    }
    labels, chances = graph.run(None, given)
    np.testing.assert_allclose(chances, solution.probabilities(rows), rtol=1e-9)
    assert labels.tolist() == solution.predict(rows).tolist()


def test_a_model_of_arrays_takes_rows_of_numbers(tmp_path):
    import onnxruntime

    X = np.random.default_rng(0).normal(size=(20, 3))
    solution = ds.fit(ds.Dataset.from_arrays(X, X @ [1.0, 2.0, 3.0] + 4))
    graph = onnxruntime.InferenceSession(ds.export_onnx(solution, tmp_path / "m.onnx"))
    np.testing.assert_allclose(graph.run(None, {"X": X})[0], solution.predict(X), rtol=1e-9)


def test_a_graph_that_differs_is_not_written(session):
    _, graph = session("closed form")
    other = fitted(PENGUINS, "body_mass_g", penalty="l2", alpha=1.0)
    with pytest.raises(ds.DownslopeError) as error:
        _refuse_unless_alike(other, graph)
    assert error.value.key == "export.differs"


# ── scripts ─────────────────────────────────────────────────────────────────────────────────────────


def ran(solution, library, path, folder):
    """The weights (d + 1, k) that a script prints in a fresh interpreter, and its table."""
    script = folder / "script.py"
    script.write_text(ds.export_code(solution, library), encoding="utf-8")
    words = [sys.executable, "-W", "error", str(script), str(path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, cwd=folder)
    assert done.returncode == 0, done.stderr
    weights, table = done.stdout.split("\n\n", 1)
    numbers = [[float(word) for word in line.split()[-solution.outputs :]] for line in weights.splitlines()]
    return np.array(numbers), list(csv.DictReader(io.StringIO(table)))


def alike(solution, path, rows):
    predicted = solution.predict(path)
    if not solution.classes:
        found = np.array([[float(cell) for cell in row.values()] for row in rows])
        np.testing.assert_allclose(found.reshape(predicted.shape), predicted, rtol=1e-6)
        return
    assert [row["prediction"] for row in rows] == [str(label) for label in predicted]
    if solution.recipe.loss.name == "log":
        chances = [[float(row[f"chance: {name}"]) for name in solution.classes] for row in rows]
        np.testing.assert_allclose(chances, solution.probabilities(path), atol=1e-6)


@pytest.mark.sample(10)
@pytest.mark.parametrize("name", RUNS)
def test_a_script_of_numpy_trains_and_predicts_what_the_run_does(name, tmp_path):
    solution, path = RUNS[name](), DIABETES if name == "classes that are numbers" else data_of(name)
    weights, rows = ran(solution, "numpy", path, tmp_path)
    alike(solution, path, rows)
    code = (tmp_path / "script.py").read_text()
    assert ("WEIGHTS = " in code) == (name not in SAME) == ("# Difference: " in code)
    if name in SAME:
        wanted = solution.params.reshape(-1, solution.outputs)
        np.testing.assert_allclose(weights, wanted, rtol=1e-6, atol=1e-6 * abs(wanted).max())
    assert len(code.splitlines()) < 150 and "import downslope" not in code


@pytest.mark.parametrize("name", BY_TORCH)
def test_a_script_of_pytorch_trains_and_predicts_what_the_run_does(name, tmp_path):
    pytest.importorskip("torch")
    solution, path = RUNS[name](), data_of(name)
    weights, rows = ran(solution, "pytorch", path, tmp_path)
    alike(solution, path, rows)
    wanted = solution.params.reshape(-1, solution.outputs)
    np.testing.assert_allclose(weights, wanted, rtol=1e-3, atol=1e-3 * abs(wanted).max())


@pytest.mark.parametrize("library", ["numpy", "pytorch"])
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", RUNS)
def test_every_script_compiles_in_both_languages(scripts, name, lang, library):
    with speaking(lang):
        code = ds.export_code(scripts(name), library)
    compile(code, "script", "exec")
    assert ("预测" in code) == (lang == "zh")


@pytest.fixture(scope="module")
def scripts():
    made = {}

    def solution(name):
        return made.setdefault(name, made.get(name) or RUNS[name]())

    return solution


def test_a_script_encodes_every_kind_of_column_and_row_weights(tmp_path):
    columns = {**table(), "s": [float(k % 4) for k in range(40)]}
    frame = pd.DataFrame(columns)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    rows = ds.Dataset.read(str(tmp_path / "rows.csv"), target="y", weights="s")
    solution = ds.fit(rows, loss="log", penalty="l2", alpha=0.1)
    weights, told = ran(solution, "numpy", tmp_path / "rows.csv", tmp_path)
    assert "WEIGHTS = " not in (tmp_path / "script.py").read_text()
    np.testing.assert_allclose(weights.ravel(), solution.params, rtol=1e-6, atol=1e-8)
    alike(solution, str(tmp_path / "rows.csv"), told)


def test_what_keeps_a_script_from_the_same_weights_is_said():
    rows = ds.Dataset.read(DIABETES, target="progression")
    train, held_out = rows.split(0.2)
    assert "used some rows for validation only" in ds.export_code(ds.fit(train, validation=held_out), "numpy")
    frame = ds.Dataset.read(pd.read_csv(DIABETES), target="progression")
    assert "did not come from a single CSV file" in ds.export_code(ds.fit(frame), "numpy")
    assert "another order" in ds.export_code(ds.fit(rows, method="sgd", epochs=2), "pytorch")


def test_the_source_of_the_rows_is_kept_with_the_run(tmp_path):
    solution = RUNS["closed form"]()
    solution.save(tmp_path / "run")
    assert ds.load(tmp_path / "run").source == solution.source == PENGUINS
    assert ds.export_code(ds.load(tmp_path / "run"), "numpy") == ds.export_code(solution, "numpy")


# ── nets ────────────────────────────────────────────────────────────────────────────────────────────

NETS = {
    "sigmoid": lambda: netted(PENGUINS, "species", ds.Net((6, 4), dropout=0.1), loss="log"),
    "tanh": lambda: netted(DIABETES, "progression", ds.Net((5,), "tanh"), loss="poisson"),
    "relu": lambda: netted(DIABETES, ["progression", "bmi"], ds.Net((5,), "relu")),
    "gelu": lambda: netted(PENGUINS, "sex", ds.Net((6, 4), "gelu", dtype="float64"), loss="log"),
    "none hidden": lambda: netted(PENGUINS, "sex", ds.Net(()), loss="squared_hinge"),
}


def netted(path, target, net, **settings):
    pytest.importorskip("torch")
    return fitted(path, target, net=net, epochs=3, **settings)


@pytest.mark.parametrize("name", NETS)
def test_the_graph_and_both_scripts_of_a_net_predict_what_the_run_does(name, tmp_path):
    solution = NETS[name]()
    assert ds.export_onnx(solution, tmp_path / "net.onnx").exists()  # which it is not where they differ
    for library in ["numpy", "pytorch"] if name == "gelu" else ["numpy"]:
        script = tmp_path / f"by_{library}.py"  # not the name of what it imports
        script.write_text(ds.export_code(solution, library), encoding="utf-8")
        words = [sys.executable, "-W", "error", str(script)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "import downslope" not in script.read_text()
        alike(solution, solution.source, list(csv.DictReader(io.StringIO(done.stdout))))


PARTS = [("weight", ",0"), ("bias", "")]


def test_the_graph_of_a_gelu_is_exact_far_out_and_near_zero(tmp_path):
    torch, onnxruntime = pytest.importorskip("torch"), pytest.importorskip("onnxruntime")
    X = np.random.default_rng(0).normal(size=(30, 1))
    solution = ds.fit(ds.Dataset.from_arrays(X, X[:, 0]), net=ds.Net((1,), "gelu"), epochs=1)
    graph = onnxruntime.InferenceSession(ds.export_onnx(solution, tmp_path / "m.onnx"))
    w, b, v, c = (solution.named[f"layer{i}.{part}[0{also}]"] for i in (1, 2) for part, also in PARTS)
    z = np.concatenate([np.linspace(-50, 50, 2001), [-1e3, 1e3, 1e-9]])
    found = graph.run(None, {"X": ((z - b) / w)[:, None]})[0]
    wanted = v * torch.nn.functional.gelu(torch.from_numpy(z)).numpy() + c
    # erf to 2e-15 makes z·(1 + erf)/2 good to |z|·1e-15; the rest is a few roundings of z, b, and the sum
    assert (abs(found - wanted) <= 4e-15 * (abs(v) * (abs(z) + abs(b)) + abs(wanted) + abs(c))).all()


@pytest.mark.parametrize("library", ["numpy", "pytorch"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_script_of_a_net_compiles_in_both_languages_and_comes_from_a_kept_run_alike(
    lang, library, tmp_path
):
    solution = NETS["sigmoid"]()
    solution.save(tmp_path / "run")
    with speaking(lang):
        code = ds.export_code(ds.load(tmp_path / "run"), library)
        assert code == ds.export_code(solution, library)
    compile(code, "script", "exec")
    assert ("预测" in code) == (lang == "zh")


def test_a_net_that_no_script_holds_and_a_module_of_one_s_own_are_refused(tmp_path):
    torch = pytest.importorskip("torch")
    rows = ds.Dataset.read(DIABETES, target="progression")
    module = torch.nn.Sequential(torch.nn.Linear(10, 1))
    own = ds.fit(module, rows, loss="squared", method="adam", epochs=1)
    large = ds.fit(rows, net=ds.Net((200,)), epochs=1)
    for call, key in [
        (lambda: ds.export_code(large, "numpy"), "export.net_size"),
        (lambda: ds.export_code(own, "pytorch"), "export.module"),
        (lambda: ds.export_onnx(own, tmp_path / "own.onnx"), "export.module"),
    ]:
        with pytest.raises(ds.DownslopeError) as error:
            call()
        assert error.value.key == key
    assert ds.export_onnx(large, tmp_path / "large.onnx").exists()


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────


def test_what_cannot_be_exported_is_refused_in_one_line(tmp_path, monkeypatch):
    run, function = RUNS["closed form"](), ds.minimize("x^2", 1.0, epochs=2)
    diverged = fitted(DIABETES, "progression", method="gd", learning_rate=9.0)
    (tmp_path / "there.onnx").write_text("kept")
    cases = [
        (lambda: ds.export_code(run, "numpi"), "export.unknown_library"),
        (lambda: ds.export_code(function, "numpy"), "export.function"),
        (lambda: ds.export_onnx(function, tmp_path / "a.onnx"), "export.function"),
        (lambda: ds.export_code(diverged, "numpy"), "export.no_answer"),
        (lambda: ds.export_onnx(run, tmp_path / "there.onnx"), "inference.run_exists"),
        (lambda: ds.export_onnx(run, tmp_path / "none" / "a.onnx"), "inference.cannot_write"),
    ]
    for call, key in cases:
        with pytest.raises(ds.DownslopeError) as error:
            call()
        assert error.value.key == key
        for lang in LANGUAGES:
            with speaking(lang):
                assert "\n" not in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["there.onnx"]
    assert (tmp_path / "there.onnx").read_text() == "kept"
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ds.DownslopeError, match=r"pip install 'downslope\[onnx\]'"):
        ds.export_onnx(run, tmp_path / "a.onnx")

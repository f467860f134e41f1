"""Several quantiles of one target at once: their minima, their order, their intervals, every door."""

import csv
import io
import subprocess
import sys

import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.metrics import mean_pinball_loss

import downslope as ds
from downslope.cli import main
from downslope.data.stream import Stream
from downslope.errors import DownslopeError
from downslope.inference.export import export_code, export_onnx
from downslope.inference.settings import Settings
from downslope.messages import text
from tests.builders import ROOT

LEVELS = (0.05, 0.5, 0.95)
LOSS = "quantile:0.05,0.5,0.95"


def table(seed, n=150, d=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * 10.0 ** rng.uniform(-2, 2, d) + rng.normal(size=d)
    return X, X @ rng.normal(size=d) + (1 + abs(X[:, 0])) * rng.standard_t(4, n)


def crossing():
    """A model whose quantiles cross on the left of its rows, where it has seen few."""
    rng = np.random.default_rng(3)
    x = rng.exponential(size=60)
    return ds.Dataset.from_arrays(x[:, None], x * rng.normal(size=60))


def by_program(X, y, level):
    """The minimum of the mean pinball loss, by HiGHS."""
    n, q = len(y), X.shape[1] + 1
    A = np.column_stack([X, np.ones(n)])
    costs = np.concatenate([np.zeros(2 * q), np.full(n, level), np.full(n, 1 - level)])
    equal = np.hstack([A, -A, np.eye(n), -np.eye(n)])
    found = linprog(costs / n, A_eq=equal, b_eq=y, bounds=(0, None), method="highs")
    return found.x[:q] - found.x[q : 2 * q], found.fun


@pytest.mark.parametrize(
    "seed", [*range(2), *(pytest.param(s, marks=pytest.mark.slow) for s in range(2, 12))]
)
def test_each_level_has_the_weights_of_a_linear_program(seed):
    X, y = table(seed)
    solution = ds.fit(ds.Dataset.from_arrays(X, y), loss=LOSS)
    assert solution.coef.shape == (3, 3) and solution.verdict.code == "converged"
    best = 0.0
    for k, level in enumerate(LEVELS):
        weights, value = by_program(X, y, level)
        ours = np.append(solution.coef[:, k], solution.intercept[k])
        np.testing.assert_allclose(ours, weights, rtol=1e-7, atol=1e-7 * abs(weights).max())
        best += value
    assert solution.loss == pytest.approx(best, rel=1e-10)
    assert solution.gap < 1e-9 * solution.loss


def test_order_of_the_levels_does_not_count():
    X, y = table(0)
    rows = ds.Dataset.from_arrays(X, y)
    one, other = (ds.fit(rows, loss=f"quantile:{levels}") for levels in ("0.9,0.1", "0.1,0.9"))
    assert one.recipe.loss == other.recipe.loss and one.recipe.loss.spec == "quantile:0.1,0.9"
    assert (one.params == other.params).all()


@pytest.mark.parametrize("penalty", ["l2", "l1"])
def test_under_a_penalty_each_level_is_its_own_fit(penalty):
    X, y = table(1)
    rows = ds.Dataset.from_arrays(X, y)
    together = ds.fit(rows, loss=LOSS, penalty=penalty, alpha=0.02)
    singly = [ds.fit(rows, loss=f"quantile:{level}", penalty=penalty, alpha=0.02) for level in LEVELS]
    assert together.loss == pytest.approx(sum(one.loss for one in singly), rel=1e-10)
    np.testing.assert_allclose(together.coef.T, [one.coef for one in singly], rtol=1e-6, atol=1e-8)


def test_predictions_are_in_order_where_quantiles_cross():
    rows = crossing()
    solution = ds.fit(rows, loss="quantile:0.05,0.3,0.6,0.95")
    z, found = solution.scores(rows), solution.predict(rows)
    crossed = (np.diff(z, axis=1) < 0).any(axis=1)
    assert 0 < crossed.sum() < len(z)
    assert (found == np.sort(z, axis=1)).all()
    metrics = solution.metrics["training"]
    assert metrics["crossed"] == crossed.sum()
    pinball = [mean_pinball_loss(rows.y, q, alpha=level) for q, level in zip(found.T, (0.05, 0.3, 0.6, 0.95))]
    assert metrics["pinball"] == pytest.approx(np.mean(pinball), rel=1e-12)
    assert metrics["coverage"] == ((found[:, 0] <= rows.y) & (rows.y <= found[:, -1])).mean()


def written(path, X, y):
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([*(f"x{j}" for j in range(1, X.shape[1] + 1)), "kind", "y"])
        rows.writerows([*x, "pq"[i % 2], value] for i, (x, value) in enumerate(zip(X.tolist(), y.tolist())))
    return str(path)


def run_script(code, path, folder):
    (folder / "s.py").write_text(code, encoding="utf-8")
    told = {"cwd": folder, "capture_output": True, "text": True, "check": True}
    return subprocess.run([sys.executable, "s.py", path], **told).stdout


def test_a_run_a_graph_and_scripts_predict_the_same_columns(tmp_path, capsys):
    path = written(tmp_path / "t.csv", *table(2, 60))
    run = str(tmp_path / "run")
    quick = ["--method", "gd", "--epochs", "30"]
    assert main(["fit", path, "--target", "y", "--loss", "quantile:0.9,0.1", *quick, "--out", run]) == 0
    assert main(["predict", run, path, "--out", str(tmp_path / "p.csv")]) == 0
    solution, rows = ds.load(run), ds.Dataset.read(path, "y")
    ours = solution.predict(rows)
    with open(tmp_path / "p.csv", newline="") as file:
        head, *lines = csv.reader(file)
    assert head[-2:] == ["prediction: q0.1", "prediction: q0.9"] == solution.prediction_names
    assert (np.array(lines)[:, -2:].astype(float) == ours).all()
    printed = run_script(export_code(solution, "numpy"), path, tmp_path).split("\n\n")[-1]
    head, *lines = csv.reader(io.StringIO(printed))
    assert head == solution.prediction_names
    np.testing.assert_allclose(np.array(lines, dtype=float), ours, rtol=1e-12)
    onnxruntime = pytest.importorskip("onnxruntime")
    export_onnx(solution, tmp_path / "m.onnx")  # which compares its rows with `predict`
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"))
    assert session.get_outputs()[0].shape == ["n", 2]


def test_a_graph_orders_what_crosses(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    rows = crossing()
    solution = ds.fit(rows, loss="quantile:0.05,0.3,0.6,0.95")
    export_onnx(solution, tmp_path / "m.onnx")
    [found] = onnxruntime.InferenceSession(str(tmp_path / "m.onnx")).run(None, {"X": rows.X})
    np.testing.assert_allclose(found, solution.predict(rows), rtol=1e-12)


def test_predict_says_how_many_rows_crossed(tmp_path, capsys):
    rows = crossing()
    path = tmp_path / "t.csv"
    np.savetxt(path, np.column_stack([rows.X, rows.y]), delimiter=",", header="x,y", comments="")
    run = str(tmp_path / "run")
    assert (
        main(["fit", str(path), "--target", "y", "--loss", "quantile:0.05,0.3,0.6,0.95", "--out", run]) == 0
    )
    count = ds.load(run).metrics["training"]["crossed"]
    capsys.readouterr()
    assert main(["predict", run, str(path)]) == 0
    told = text("inference.note_crossed", count=count, rows=60)
    assert told in capsys.readouterr().err


def test_rows_in_parts_end_at_the_minimum_of_rows_in_memory(tmp_path):
    path = written(tmp_path / "t.csv", *table(4, 300))
    stream = ds.fit(Stream.open(path, ("y",)), loss=LOSS)
    memory = ds.fit(ds.Dataset.read(path, "y"), loss=LOSS)
    assert stream.names == memory.names
    assert stream.loss == pytest.approx(memory.loss, rel=1e-6)
    found, right = stream.metrics["training"], memory.metrics["training"]
    assert found["pinball"] == pytest.approx(right["pinball"], rel=1e-6)


@pytest.mark.parametrize("library", ["numpy", pytest.param("pytorch", marks=pytest.mark.slow)])
def test_a_script_trains_all_levels_by_itself(library, tmp_path):
    path = written(tmp_path / "t.csv", *table(2, 40))
    rows = ds.Dataset.read(path, "y")
    loop = {"method": "sgd", "learning_rate": 0.1, "order": "cyclic", "epochs": 2}
    solution = ds.fit(rows, loss="quantile:0.9,0.1", **loop)
    printed = run_script(export_code(solution, library), path, tmp_path).split("\n\n")[0].splitlines()
    found = np.array([line.split()[-2:] for line in printed if line], dtype=float)
    np.testing.assert_allclose(found, solution.params.reshape(-1, 2), rtol=1e-9)


def test_estimators_have_a_column_for_each_level():
    X, y = table(5)
    model = ds.LinearRegressor(loss=LOSS).fit(X, y)
    assert model.coef_.shape == (3, 3) and model.intercept_.shape == (3,)
    solution = ds.fit(ds.Dataset.from_arrays(X, y), loss=LOSS)
    np.testing.assert_allclose(model.predict(X), solution.predict(X), rtol=1e-12)
    pinball = lambda p: sum(mean_pinball_loss(y, q, alpha=level) for q, level in zip(np.transpose(p), LEVELS))
    null = np.quantile(y, LEVELS, method="inverted_cdf")[None].repeat(len(y), 0)
    assert model.score(X, y) == pytest.approx(1 - pinball(model.predict(X)) / pinball(null), rel=1e-12)
    again = ds.LinearRegressor(loss=LOSS, warm_start=True).fit(X, y).fit(X, y)
    np.testing.assert_allclose(again.predict(X), model.predict(X), rtol=1e-6, atol=1e-6)
    passes = ds.LinearRegressor(loss=LOSS, method="sgd", random_state=0).partial_fit(X, y).partial_fit(X, y)
    assert passes.predict(X).shape == (150, 3)
    net = ds.NetRegressor(loss=LOSS, hidden=(4,), epochs=5, random_state=0)
    assert (np.diff(net.fit(X, y).predict(X), axis=1) >= 0).all()


def test_alpha_by_the_mean_pinball_loss_is_that_of_a_loop_over_folds():
    X, y = table(6, 60, 2)
    rows = ds.Dataset.from_arrays(X, y)
    settings = {"loss": "quantile:0.2,0.8", "penalty": "l2", "epochs": 60}
    path = ds.fit(rows, alpha="cv:quick", folds=3, metric="pinball", **settings).path
    place = path.best
    from downslope.selection import FoldSpec

    scores = []
    for train, held in FoldSpec.of(3).cut(rows, 0).pairs:
        model = ds.fit(rows.take(train), alpha=float(path.alphas[place]), **settings)
        found = model.predict(X[held])
        scores.append(np.mean([mean_pinball_loss(y[held], q, alpha=t) for q, t in zip(found.T, (0.2, 0.8))]))
    assert path.curve[place] == pytest.approx(np.mean(scores), rel=1e-5)


# ── intervals ───────────────────────────────────────────────────────────────────────────────────────


def test_intervals_are_conformalised_quantiles(tmp_path):
    X, y = table(7, 200)
    rows = ds.Dataset.from_arrays(X, y)
    solution = ds.fit(rows, loss=LOSS, calibrate_rows=0.25)
    train, held = rows.split(0.25, 1)
    alone = ds.fit(train, loss=LOSS)
    assert (alone.params == solution.params).all()
    own = alone.predict(held.X)
    scores = np.sort(np.maximum(own[:, 0] - held.y, held.y - own[:, -1]))
    q = scores[int(np.ceil(51 * 0.9)) - 1]
    found, plain = solution.predict(X, interval=0.9), alone.predict(X)
    assert (found[:, :3] == plain).all()
    assert (found[:, 3] == plain[:, 0] - q).all() and (found[:, 4] == plain[:, -1] + q).all()
    solution.save(tmp_path / "run")
    assert (ds.load(tmp_path / "run").predict(X, interval=0.9) == found).all()
    crossed = ds.fit(rows, loss=LOSS, calibrate_rows="cv+:4")
    found = crossed.predict(X, interval=0.9)
    crossed.save(tmp_path / "cv")
    assert (ds.load(tmp_path / "cv").predict(X, interval=0.9) == found).all()
    assert (found[:, 3] <= found[:, 4]).all() and (found[:, :3] == crossed.predict(X)).all()


def test_an_interval_that_shrinks_to_nothing_is_one_point():
    rows = ds.Dataset.from_arrays(np.arange(60.0)[:, None], np.random.default_rng(0).normal(size=60))
    found = ds.fit(rows, loss="quantile:0.01,0.99", calibrate_rows=0.5).predict(rows, interval=0.02)
    assert (found[:, 2] <= found[:, 3]).all()


def draws(kind, rng, n):
    x = rng.normal(size=(n, 2))
    noise = {
        "normal": rng.normal(size=n),
        "skewed": rng.exponential(size=n) ** 1.5,
        "heavy": rng.standard_t(2.5, n),
        "growing": rng.normal(size=n) * (0.2 + abs(x[:, 0])),
    }[kind]
    return x, x @ [1.0, -2.0] + noise


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["normal", "skewed", "heavy", "growing"])
def test_conformal_quantiles_cover(kind):
    rng, found, m = np.random.default_rng(17), [], 30
    for _ in range(200):
        X, y = draws(kind, rng, 120)
        solution = ds.fit(
            ds.Dataset.from_arrays(X, y), loss="quantile:0.05,0.95", calibrate_rows=m / 120, epochs=60
        )
        new, true = draws(kind, rng, 400)
        low, high = solution.predict(new, interval=0.9)[:, -2:].T
        found.append(((low <= true) & (true <= high)).mean())
    assert len(solution.calibration.scores) == m
    e = np.std(found) / np.sqrt(len(found))
    assert 0.90 - 3 * e <= np.mean(found) <= 0.90 + 1 / (m + 1) + 3 * e


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────

WRONG = {
    "quantile:0.5,1.5": "model.quantile_level",
    "quantile:0.5,nan": "model.quantile_level",
    "quantile:-0.1,0.5": "model.quantile_level",
    "quantile:0.5,0.50": "model.quantile_twice",
    "quantile:0.5,": "model.quantile_list",
    "quantile:,": "model.quantile_list",
    "quantile:0.1;0.9": "model.not_a_number",
    "quantile:a,b": "model.quantile_list",
    "huber:1,2": "model.not_a_number",
}


@pytest.mark.parametrize(("loss", "key"), WRONG.items())
@pytest.mark.parametrize("language", ["en", "zh"])
def test_levels_that_are_none_are_refused_in_one_line(loss, key, language, capsys):
    with pytest.raises(DownslopeError) as told:
        ds.Recipe(loss=loss)
    assert told.value.key == key
    penguins = str(ROOT / "examples/penguins.csv")
    assert main(["fit", penguins, "--target", "body_mass_g", "--loss", loss, "--lang", language]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_what_does_not_go_with_several_quantiles_is_refused(tmp_path):
    X, y = table(8, 60)
    rows = ds.Dataset.from_arrays(X, y)
    solution = ds.fit(rows, loss=LOSS)
    refusals = {
        "model.quantile_targets": lambda: ds.fit(ds.Dataset.from_arrays(X, np.c_[y, y]), loss=LOSS),
        "instruments.several_quantiles": lambda: ds.standard_errors(solution, rows, kind="sandwich"),
        "selection.metric_of_loss": lambda: ds.fit(rows, loss=LOSS, penalty="l2", alpha="cv", metric="rmse"),
        "selection.compare_metric": lambda: ds.compare(rows, f"{LOSS}; quantile:0.1,0.9", repeats=1),
        "inference.interval_rows": lambda: solution.predict(X, interval=0.9),
        "instruments.diagnose_numbers": lambda: ds.ResidualDiagnostics.from_solution(solution, rows),
        "lab.several_quantiles": lambda: Settings(loss=LOSS).training(rows),
        "selection.gcv_loss": lambda: ds.fit(rows, loss=LOSS, penalty="l2", alpha="gcv"),
        "selection.no_likelihood": lambda: ds.fit(rows, loss=LOSS, penalty="l2", alpha="aic"),
    }
    for key, call in refusals.items():
        with pytest.raises(DownslopeError) as told:
            call()
        assert told.value.key == key and "\n" not in str(told.value)


def test_models_of_the_same_quantiles_are_compared_by_their_mean_pinball_loss():
    X, y = table(9, 60)
    rows = ds.Dataset.from_arrays(X, y)
    found = ds.compare(rows, "quantile:0.1,0.9; quantile:0.1,0.9+l2:0.1", repeats=1, folds=3)
    assert found.metric == "pinball" and found.scores.shape == (2, 3)


def test_importance_of_columns_is_the_fall_of_the_mean_pinball_loss():
    X, y = table(10, 80)
    rows = ds.Dataset.from_arrays(X, y)
    solution = ds.fit(rows, loss=LOSS)
    found = ds.FeatureImportance.from_solution(solution, rows, repeats=2)
    assert found.metric == "pinball"
    assert found.score == pytest.approx(-solution.metrics["training"]["pinball"], rel=1e-12)

"""Where two classes part: thresholds that are given or chosen, in every door, against scikit-learn."""

import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import TunedThresholdClassifierCV

import downslope as ds
from downslope import cli
from downslope.selection import FoldSpec

RULES = ("f1", "cost:10:1", "cost:1:3")


def problem(n: int = 240):
    """Two classes that overlap, the second of them rare."""
    random = np.random.default_rng(0)
    X = random.standard_normal((n, 3))
    y = (X[:, 0] - X[:, 1] + 1.5 * random.standard_normal(n) > 1.7).astype(int)
    return X, y


def chances_out_of_fold(X, y, pairs):
    p = np.empty(len(y))
    for train, held in pairs:
        model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000).fit(X[train], y[train])
        p[held] = model.predict_proba(X[held])[:, 1]
    return p


def value(rule, y, predicted):
    if rule == "f1":
        return f1_score(y, predicted)
    missed, alarm = map(float, rule.split(":")[1:])
    return -np.mean(missed * (y > predicted) + alarm * (predicted > y))


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_takes_the_best_threshold_of_the_predictions_out_of_fold(rule):
    X, y = problem()
    rows = ds.Dataset.from_arrays(X, y).labelled()
    found = ds.fit(rows, threshold=rule).decision
    p = chances_out_of_fold(X, y, FoldSpec.of(5).cut(rows, 0).pairs)
    best = max(value(rule, y, (p > t).astype(int)) for t in np.r_[0.0, np.unique(p)][:-1])
    assert abs(found.score) == pytest.approx(abs(best), rel=1e-9)
    assert value(rule, y, (p > found.threshold).astype(int)) == pytest.approx(best, rel=1e-9)
    assert abs(found.usual) == pytest.approx(abs(value(rule, y, (p > 0.5).astype(int))), rel=1e-9)


@pytest.mark.parametrize("asked", [{"threshold": "f1"}, {"calibrate_rows": "cv+:3"}])
def test_what_each_fold_chooses_it_chooses_by_groups_of_a_text_column_too(asked):
    X, y = problem(120)
    table = {"a": X[:, 0], "b": X[:, 1], "y": y, "clinic": [f"clinic {i % 12}" for i in range(len(y))]}
    rows = ds.Dataset.read(table, "y", features=["a", "b"]).labelled()
    found = ds.fit(rows, loss="log", penalty="l2", alpha="cv", folds="group:clinic,3", **asked)
    assert found.decision is not None if "threshold" in asked else found.calibration is not None


def test_a_fold_fills_missing_cells_with_the_means_of_its_own_training_rows():
    X, y = problem()
    X[::7, 0] = np.nan
    rows = ds.Dataset.read({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "y": y}, "y").labelled()
    score = np.empty(len(y))
    for train, held in FoldSpec.of(5).cut(rows, 0).pairs:
        filled = np.where(np.isnan(X), np.nanmean(X[train], axis=0), X)
        model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000).fit(filled[train], y[train])
        score[held] = model.predict_proba(filled[held])[:, 1]
    best = max(f1_score(y, score > t) for t in np.r_[0.0, np.unique(score)][:-1])
    found = ds.fit(rows, loss="log", penalty=None, threshold="f1").decision
    assert found.score == pytest.approx(best, rel=1e-9)
    middles = np.sort(score)[:-1] + np.diff(np.sort(score)) / 2
    assert np.abs(middles - found.threshold).min() < 1e-9


def test_no_threshold_of_scikit_learn_is_better_on_the_same_predictions():
    X, y = problem()
    rows = ds.Dataset.from_arrays(X, y).labelled()
    pairs = FoldSpec.of(5).cut(rows, 0).pairs
    peer = TunedThresholdClassifierCV(LogisticRegression(C=np.inf), scoring="f1", cv=list(pairs)).fit(X, y)
    p = chances_out_of_fold(X, y, pairs)
    ours = ds.fit(rows, threshold="f1").decision
    assert ours.score >= f1_score(y, p > peer.best_threshold_) - 1e-12


def test_every_door_predicts_by_the_threshold(tmp_path, capsys):
    X, y = problem()
    table = tmp_path / "rows.csv"
    table.write_text(
        "a,b,c,y\n" + "".join(f"{a},{b},{c},{'yes' if t else 'no'}\n" for (a, b, c), t in zip(X.tolist(), y))
    )
    fit = [
        "fit",
        str(table),
        "--target",
        "y",
        "--threshold",
        "cost:10:1",
        "--out",
        str(tmp_path / "run"),
        "--json",
    ]
    assert cli.main(fit) == 0
    told = json.loads(capsys.readouterr().out)
    run = ds.load(tmp_path / "run")
    cut = run.decision.threshold
    assert told["decision"]["threshold"] == cut < 0.4 and told["decision"]["rule"] == "cost:10:1"
    predicted = (run.probabilities(X)[:, 1] > cut).astype(int)
    assert (np.array(run.classes)[predicted] == run.predict(X)).all()
    counts = np.array(told["metrics"]["training"]["confusion"])
    assert counts[:, 1].sum() == predicted.sum() > (run.probabilities(X)[:, 1] > 0.5).sum()
    model = ds.LinearClassifier(threshold="cost:10:1", random_state=0).fit(X, y)
    assert (model.predict(X) == predicted).all()
    assert "by cost:10:1 on out-of-fold predictions" in " ".join(run.choice_reason)
    script = tmp_path / "script.py"
    script.write_text(ds.export_code(run, "numpy"))
    out = subprocess.run([sys.executable, script, table, table], capture_output=True, text=True, cwd=tmp_path)
    lines = [line for line in out.stdout.splitlines() if line.startswith(("yes", "no"))]
    assert len(lines) == len(y), (out.stdout[-500:], out.stderr)
    assert [line.startswith("yes") for line in lines] == predicted.astype(bool).tolist()


def test_an_exported_graph_predicts_by_the_threshold(tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    X, y = problem()
    found = ds.fit(ds.Dataset.from_arrays(X, y).labelled(), threshold=0.2)
    ds.export_onnx(found, tmp_path / "model.onnx")
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"))
    given = {one.name: X[:, [j]] for j, one in enumerate(session.get_inputs())}
    given = given if len(given) > 1 else {session.get_inputs()[0].name: X}
    label = session.run(None, given)[0]
    assert (label == found.predict(X)).all() and label.sum() > (found.probabilities(X)[:, 1] > 0.5).sum()


def test_a_threshold_of_a_margin_and_of_a_stream(tmp_path):
    X, y = problem()
    rows = ds.Dataset.from_arrays(X, y).labelled()
    margin = ds.fit(rows, loss="squared_hinge", threshold=-0.25)
    assert (margin.predict(X) == (margin.scores(X) > -0.25)).all()
    path = tmp_path / "rows.csv"
    np.savetxt(path, np.column_stack([X, y]), delimiter=",", header="a,b,c,y", comments="")
    stream = ds.Stream.open(path, "y", reading=ds.ReadOptions("1GB", 64))
    found = ds.fit(stream, loss="log", threshold=0.2)
    assert np.array(found.metrics["training"]["confusion"])[:, 1].sum() == found.predict(X).sum()
    with pytest.raises(ds.DownslopeError, match="rows in memory"):
        ds.fit(stream, loss="log", threshold="f1")


@pytest.mark.parametrize(
    "threshold, match",
    [
        ("f2", "give a number"),
        (np.array([0.2, 0.3]), "give a number"),
        ("cost:1", "give a number"),
        ("cost:0:1", "give a number"),
        (1.5, "between 0 and 1"),
        (float("nan"), "give a number"),
    ],
)
def test_a_threshold_that_can_not_be_is_refused(threshold, match):
    X, y = problem(40)
    with pytest.raises(ds.DownslopeError, match=match):
        ds.fit(ds.Dataset.from_arrays(X, y).labelled(), threshold=threshold)


def test_a_threshold_of_more_classes_or_numbers_is_refused():
    X, _ = problem(60)
    with pytest.raises(ds.DownslopeError, match="two classes"):
        ds.fit(ds.Dataset.from_arrays(X, np.arange(60) % 3).labelled(), threshold=0.3)
    with pytest.raises(ds.DownslopeError, match="two classes"):
        ds.fit(ds.Dataset.from_arrays(X, X[:, 0]), threshold=0.3)

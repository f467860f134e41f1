"""Nested cross-validation: the score of a way to choose, against plain loops."""

import json

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import brier_score_loss, f1_score, log_loss, root_mean_squared_error

import downslope as ds
from downslope import cli
from downslope.selection import FoldSpec

ALPHA = 0.01


def numbers(n: int = 60, d: int = 5):
    random = np.random.default_rng(0)
    X = random.standard_normal((n, d))
    return X, X[:, 0] - X[:, 1] + random.standard_normal(n)


def classes(n: int = 200):
    X, z = numbers(n)
    return X, (z > 0.8).astype(int)


def standard_error(scores, sizes):
    share = np.array(sizes) / np.sum(sizes)
    mean = share @ scores
    return mean, np.sqrt(share @ (scores - mean) ** 2 / (len(scores) - 1))


def test_alpha_is_chosen_in_each_fold_as_by_two_plain_loops():
    X, y = numbers()
    rows = ds.Dataset.from_arrays(X, y)
    found = ds.fit(rows, penalty="l2", alpha="cv", folds=4, nested=True).nested
    scores, alphas, sizes = [], [], []
    for train, held in FoldSpec.of(4).cut(rows, 0).pairs:
        part = rows.take(train)
        grid = ds.fit(part, penalty="l2", alpha="cv", folds=4).path.alphas
        errors = np.zeros(len(grid))
        for inner, out in FoldSpec.of(4).cut(part, 0).pairs:
            for k, alpha in enumerate(grid):
                model = Ridge(alpha * len(inner) / 2, tol=1e-12).fit(part.X[inner], part.y[inner])
                errors[k] += ((model.predict(part.X[out]) - part.y[out]) ** 2).sum()
        alphas.append(float(grid[errors.argmin()]))
        model = Ridge(alphas[-1] * len(train) / 2, tol=1e-12).fit(part.X, part.y)
        scores.append(root_mean_squared_error(y[held], model.predict(X[held])))
        sizes.append(len(held))
    assert found.metric == "rmse" and found.folds == "4"
    assert found.alphas == pytest.approx(alphas, rel=1e-12)
    assert found.scores == pytest.approx(scores, rel=1e-9)
    assert (found.score, found.error) == pytest.approx(standard_error(np.array(scores), sizes), rel=1e-9)


def test_a_threshold_is_chosen_in_each_fold_and_judged_by_its_own_rule():
    X, y = classes()
    rows = ds.Dataset.from_arrays(X, y).labelled()
    settings = {"penalty": "l2", "alpha": ALPHA, "tol": 1e-12}
    by_f1 = ds.fit(rows, threshold="f1", nested=True, **settings).nested
    by_cost = ds.fit(rows, threshold="cost:10:1", nested=True, **settings).nested
    f1, costs = [], []
    for train, held in FoldSpec.of(5).cut(rows, 0).pairs:
        part = rows.take(train)
        p = LogisticRegression(C=1 / (ALPHA * len(train)), tol=1e-12, max_iter=10_000)
        p = p.fit(part.X, part.y).predict_proba(X[held])[:, 1]
        f1.append(f1_score(y[held], p > ds.fit(part, threshold="f1", **settings).decision.threshold))
        above = p > ds.fit(part, threshold="cost:10:1", **settings).decision.threshold
        costs.append(np.mean(10 * (y[held] > above) + (above > y[held])))
    assert by_f1.metric == "f1" and by_f1.scores == pytest.approx(f1, rel=1e-12)
    assert by_cost.metric == "cost:10:1" and by_cost.scores == pytest.approx(costs, rel=1e-12)
    assert by_f1.score < ds.fit(rows, threshold="f1", **settings).decision.score  # which is optimistic


def test_a_calibration_is_fitted_in_each_fold():
    X, y = classes()
    rows = ds.Dataset.from_arrays(X, y).labelled()

    class Logistic(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            self.C = 1 / (ALPHA * len(y))
            return super().fit(X, y)

    found = ds.fit(rows, calibrate="isotonic", penalty="l2", alpha=ALPHA, tol=1e-12, nested=True).nested
    scores = []
    for train, held in FoldSpec.of(5).cut(rows, 0).pairs:
        inner = list(FoldSpec.of(5).cut(rows.take(train), 0).pairs)
        model = Logistic(tol=1e-12, max_iter=10_000)
        peer = CalibratedClassifierCV(model, method="isotonic", cv=inner, ensemble=False)
        scores.append(brier_score_loss(y[held], peer.fit(X[train], y[train]).predict_proba(X[held])[:, 1]))
    assert found.metric == "brier" and found.scores == pytest.approx(scores, abs=1e-6)


def test_the_penalty_auto_early_stopping_and_folds_in_time_are_measured():
    X, y = classes(80)
    apart = ds.Dataset.from_arrays(np.column_stack([X, 10.0 * y]), y).labelled()  # separable
    found = ds.fit(apart, nested=True)
    assert found.recipe.penalty.name == "l2" and None not in found.nested.alphas
    rows, validation = ds.Dataset.from_arrays(X, X[:, 0]).split(0.25)
    stopped = ds.fit(rows, validation=validation, patience=2, method="sgd", epochs=5, nested=True)
    assert len(stopped.nested.scores) == 5
    days = ds.Dataset.from_arrays(np.column_stack([np.arange(80.0), X]), X[:, 0])
    ordered = ds.fit(days, penalty="l2", alpha="cv", folds="time:x1,3", nested=True)
    assert len(ordered.nested.scores) == 3


def test_every_door_reports_the_nested_score(tmp_path, capsys):
    X, y = numbers()
    path = tmp_path / "rows.csv"
    np.savetxt(path, np.column_stack([X, y]), delimiter=",", header="a,b,c,d,e,y", comments="")
    fit = ["fit", str(path), "--target", "y", "--penalty", "l2", "--alpha", "cv", "--nested"]
    assert cli.main([*fit, "--json", "--out", str(tmp_path / "run")]) == 0
    told = json.loads(capsys.readouterr().out)
    run = ds.load(tmp_path / "run")
    expected = ds.fit(ds.Dataset.read(path, "y"), penalty="l2", alpha="cv", nested=True).nested
    assert told["nested"]["score"] == run.nested.score == pytest.approx(expected.score, rel=1e-12)
    assert "± " in run.choice_reason[-1] and "alpha" in run.choice_reason[-1]
    slow = [*fit, "--method", "gd", "--learning-rate", "0.1", "--epochs", "9", "--tol", "0"]
    other = str(tmp_path / "other")
    assert cli.main([*slow, "--checkpoint", "5", "--out", other]) == 0
    assert cli.main(["fit", "--resume", other, "--nested"]) == 2
    assert "--nested" in capsys.readouterr().err
    assert cli.main(["fit", "--resume", other, "--epochs", "12", "--json"]) == 0
    slow[slow.index("9")] = "12"
    assert cli.main([*slow, "--json"]) == 0
    printed = capsys.readouterr().out.replace("}\n{", "}\n\0{").split("\0")
    resumed, at_once = (json.loads(part)["nested"] for part in printed)
    assert resumed == at_once


@pytest.mark.parametrize(
    "settings",
    [{}, *(pytest.param(s, marks=pytest.mark.slow) for s in ({"threshold": "f1"}, {"calibrate": "platt"}))],
)
def test_what_is_chosen_in_folds_is_that_of_a_run_that_never_stopped(settings, tmp_path):
    X, y = classes(80)
    rows = ds.Dataset.from_arrays(X, y).labelled()
    settings |= {"loss": "log", "penalty": "l2", "alpha": "cv:quick", "folds": 3, "nested": True}
    settings |= {"method": "gd", "learning_rate": 0.5, "tol": 0.0}
    kept = ds.Checkpoint(tmp_path / "run")
    ds.fit(rows, epochs=10, checkpoint=kept, **settings)
    resumed, whole = ds.resume(kept.path, rows, epochs=20), ds.fit(rows, epochs=20, **settings)
    assert (resumed.params == whole.params).all()
    assert resumed.nested == whole.nested and resumed.decision == whole.decision
    assert resumed.calibrator == whole.calibrator
    assert resumed.choice_reason == whole.choice_reason


def test_compared_models_predict_by_their_thresholds():
    X, y = classes()
    rows = ds.Dataset.from_arrays(X, y).labelled()
    found = ds.compare(rows, "log; log+l2:0.1", repeats=1, metric="f1", threshold=0.3)
    scores = [
        f1_score(
            y[held], ds.fit(rows.take(train), loss="log", penalty="none").probabilities(X[held])[:, 1] > 0.3
        )
        for train, held in FoldSpec.of(5).cut(rows, 0).pairs
    ]
    assert found.scores[0] == pytest.approx(scores, rel=1e-12)


def test_calibrated_margins_are_compared_by_their_chances():
    X, y = classes(120)
    rows = ds.Dataset.from_arrays(X, y).labelled()
    found = ds.compare(rows, "log; squared_hinge", repeats=1, calibrate="platt", folds=3)
    pairs = FoldSpec.of(3).cut(rows, 0).pairs
    scores = []
    for train, held in pairs:
        model = ds.fit(rows.take(train), loss="squared_hinge", calibrate="platt", folds=5, penalty="none")
        scores.append(log_loss(y[held], model.probabilities(X[held])))
    assert found.metric == "log_loss" and found.scores[1] == pytest.approx(scores, rel=1e-9)


@pytest.mark.parametrize(
    "settings, key",
    [
        ({"penalty": "l2", "alpha": 0.1}, "nested_nothing"),
        ({"penalty": "l2", "alpha": "cv", "folds": "loo"}, "nested_single"),
        ({"penalty": "l2", "alpha": "cv", "folds": 61}, "few_rows"),
    ],
)
def test_what_can_not_be_measured_is_refused(settings, key):
    rows = ds.Dataset.from_arrays(*numbers())
    with pytest.raises(ds.DownslopeError) as refused:
        ds.fit(rows, nested=True, **settings)
    assert refused.value.key == f"selection.{key}" and "\n" not in str(refused.value)


@pytest.mark.parametrize("asked", ["yes", 1, None])
def test_nested_is_true_or_false(asked):
    with pytest.raises(ds.DownslopeError, match="nested"):
        ds.fit(ds.Dataset.from_arrays(*numbers()), penalty="l2", alpha="cv", nested=asked)


def test_a_stream_is_refused(tmp_path):
    X, y = numbers()
    path = tmp_path / "rows.csv"
    np.savetxt(path, np.column_stack([X, y]), delimiter=",", header="a,b,c,d,e,y", comments="")
    stream = ds.Stream.open(path, "y", reading=ds.ReadOptions("1GB", 64))
    with pytest.raises(ds.DownslopeError, match="rows in memory"):
        ds.fit(stream, penalty="l2", alpha="cv", nested=True)

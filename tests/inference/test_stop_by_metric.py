"""Early stopping by a metric of the validation rows, against the trace of a descent that goes on."""

import json

import numpy as np
import pytest
from sklearn import metrics

import downslope as ds
from downslope import cli
from downslope.inference import Training

PATIENCE = 4
SETTINGS = {"method": "gd", "learning_rate": 0.3, "epochs": 60, "tol": 0.0, "penalty": "none"}


def rows(loss="log", n=90, weighted=False):
    random = np.random.default_rng(3)
    X = random.standard_normal((n, 8))
    z = X[:, 0] - X[:, 1] + 1.5 * random.standard_normal(n)
    s = random.uniform(0.5, 2, n) if weighted else None
    data = ds.Dataset.from_arrays(X, (z > 0.3).astype(int) if loss == "log" else z, s)
    return (data.labelled() if loss == "log" else data).split(0.4, 1)


def score(name, held, params):
    z = held.X @ params[:-1] + params[-1]
    given = {"sample_weight": held.weights}
    if name == "f1":
        return -metrics.f1_score(held.y, z > 0, **given)
    if name == "auc":
        return -metrics.roc_auc_score(held.y, z, **given)
    if name == "mae":
        return metrics.mean_absolute_error(held.y, z, **given)
    return metrics.brier_score_loss(held.y, 1 / (1 + np.exp(-z)), **given)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["f1", "auc", "brier", "mae"])
def test_a_descent_stops_and_returns_the_weights_as_the_metric_says(name, weighted):
    loss = "squared" if name == "mae" else "log"
    train, held = rows(loss, weighted=weighted)
    settings = {**SETTINGS, "loss": loss, "learning_rate": 0.02 if name == "mae" else 0.3}
    whole = ds.fit(train, validation=held, **settings)
    costs = [score(name, held, step.params) for step in whole.trace.steps]
    best, stop = 0, None
    for k, cost in enumerate(costs):
        best = k if cost < costs[best] else best
        if k - best >= PATIENCE:
            stop = k
            break
    found = ds.fit(train, validation=held, patience=PATIENCE, metric=name, **settings)
    assert found.epochs == (whole.epochs if stop is None else stop + 1)
    assert np.allclose(found.params, whole.trace.steps[best].params, rtol=1e-12)
    shown = [step.validation for step in found.trace.steps]
    assert shown == [step.validation for step in whole.trace.steps][: len(shown)]  # the trace has the loss
    if stop is not None:
        assert found.verdict.kind == "stopped_by_metric" and name in found.verdict.text
        assert found.verdict.numbers["lowest"] == pytest.approx(abs(costs[best]), rel=1e-12)


def test_a_stop_of_its_own_saved_runs_and_resumed_ones_keep_the_metric(tmp_path):
    train, held = rows()
    settings = {**SETTINGS, "loss": "log", "metric": "f1"}
    by_patience = ds.fit(train, validation=held, patience=PATIENCE, **settings)
    by_stop = ds.fit(train, validation=held, stop=f"validation:{PATIENCE}", **settings)
    assert np.array_equal(by_stop.params, by_patience.params)
    assert ds.load(by_patience.save(tmp_path / "run")).recipe.metric == "f1"
    for step in range(1, by_patience.trace.seen):
        training = Training.on_rows(train, ds.Recipe(patience=PATIENCE, **settings), held)
        checkpoint = ds.Checkpoint(tmp_path / str(step), 0)
        checkpoint.begin(training)
        for count, _ in enumerate(checkpoint.watch(training), 1):
            if count == step:
                break
        again = ds.resume(tmp_path / str(step), train, validation=held)
        assert np.array_equal(again.params, by_patience.params) and again.epochs == by_patience.epochs


def test_the_command_stops_by_the_metric_and_says_so(tmp_path, capsys):
    train, _ = rows()
    path = tmp_path / "rows.csv"
    table = np.column_stack([train.X, train.y])
    np.savetxt(path, table, delimiter=",", header="a,b,c,d,e,f,g,h,y", comments="")
    fit = ["fit", str(path), "--target", "y", "--loss", "log", "--validate", "0.3", "--patience", "3"]
    fit += [
        "--method",
        "gd",
        "--learning-rate",
        "0.5",
        "--tol",
        "0",
        "--penalty",
        "none",
        "--metric",
        "accuracy",
    ]
    assert cli.main(fit) == 0
    assert "accuracy of the validation rows" in capsys.readouterr().out.replace("\n", " ")
    assert cli.main([*fit, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"]["numbers"]["metric"] == "accuracy"


@pytest.mark.slow
@pytest.mark.parametrize("net", [ds.NetClassifier, ds.NetRegressor])
def test_a_net_stops_by_the_metric(net):
    train, _ = rows("log" if net is ds.NetClassifier else "squared", 200)
    metric = "accuracy" if net is ds.NetClassifier else "mae"
    made = net(validation=0.3, patience=3, metric=metric, epochs=100, random_state=0)
    made.fit(train.X, train.y)
    assert made.verdict_.kind in ("stopped_by_metric", "settled")
    assert made.n_iter_ < 100


@pytest.mark.parametrize(
    "settings, key",
    [
        ({"metric": "f2"}, "selection.metric"),
        ({"metric": "rmse"}, "selection.metric_of_loss"),
        ({"metric": "rmse", "patience": 2}, "selection.metric_of_loss"),
        ({"metric": "f1", "patience": 2, "validation": None}, "inference.patience_without_rows"),
        ({"metric": "auc", "patience": 2, "validation": "one class"}, "selection.no_stop_score"),
    ],
)
def test_what_can_not_stop_is_refused_in_one_line(settings, key):
    train, held = rows()
    held = {"one class": held.take(held.y == 1)}.get(settings.get("validation"), held)
    asked = {"validation": held, **settings}
    asked |= {"validation": held} if asked["validation"] == "one class" else {}
    with pytest.raises(ds.DownslopeError) as refused:
        ds.fit(train, loss="log", **asked)
    assert refused.value.key == key and "\n" not in str(refused.value)

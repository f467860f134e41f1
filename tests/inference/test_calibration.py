"""Calibrated chances: against scikit-learn's CalibratedClassifierCV, and in every door."""

import hashlib
import json
import math
import subprocess
import sys

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from sklearn.svm import LinearSVC

import downslope as ds
from downslope import cli
from downslope.selection import FoldSpec

ALPHA = 0.01
SETTINGS = {"penalty": "l2", "alpha": ALPHA, "tol": 1e-12}
PEERS = {"platt": "sigmoid", "isotonic": "isotonic"}


def problem(K: int = 2, n: int = 240):
    random = np.random.default_rng(0)
    X = random.standard_normal((n, 3))
    z = X[:, 0] - X[:, 1] + 1.5 * random.standard_normal(n)
    return X, (z > 1.2).astype(int) if K == 2 else np.digitize(z, [-1.0, 1.0])


class Logistic(LogisticRegression):
    """The same alpha in every fold, and the log odds of each of several classes as scores."""

    def fit(self, X, y, sample_weight=None):
        self.C = 1 / (ALPHA * (len(y) if sample_weight is None else np.sum(sample_weight)))
        return super().fit(X, y, sample_weight)

    def decision_function(self, X):
        z = super().decision_function(X)
        if z.ndim == 1:
            return z
        return np.column_stack(
            [z[:, k] - np.logaddexp.reduce(np.delete(z, k, axis=1), axis=1) for k in range(z.shape[1])]
        )


def close(found, peer):
    """platt: the peer's L-BFGS stops at a gradient of 1e-6."""
    return np.abs(found - peer).max() < 1e-5


@pytest.mark.parametrize("weighted", [pytest.param(False, marks=pytest.mark.slow), True])
@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize("method", PEERS)
def test_chances_are_those_of_scikit_learn_on_the_same_folds(method, K, weighted):
    X, y = problem(K)
    s = np.random.default_rng(1).uniform(0.5, 2, len(y)) if weighted else None
    rows = ds.Dataset.from_arrays(X, y, s).labelled()
    pairs = list(FoldSpec.of(5).cut(rows, 0).pairs)
    model = Logistic(tol=1e-12, max_iter=10_000)
    peer = CalibratedClassifierCV(model, method=PEERS[method], cv=pairs, ensemble=False).fit(X, y, s)
    found = ds.fit(rows, calibrate=method, **SETTINGS)
    assert close(found.probabilities(X), peer.predict_proba(X))
    assert (found.predict(X) == peer.predict(X)).all()


@pytest.mark.parametrize("method", PEERS)
def test_a_hinge_loss_has_chances_once_it_is_calibrated(method):
    X, y = problem()
    pairs = list(FoldSpec.of(5).cut(ds.Dataset.from_arrays(X, y).labelled(), 0).pairs)

    class Machine(LinearSVC):
        def fit(self, X, y, sample_weight=None):
            z = ds.LinearClassifier("squared_hinge", "l2", ALPHA, tol=1e-12).fit(X, y)
            self.coef_, self.intercept_, self.classes_ = z.coef_, z.intercept_, z.classes_
            self.n_features_in_ = X.shape[1]
            return self

    peer = CalibratedClassifierCV(Machine(), method=PEERS[method], cv=pairs, ensemble=False).fit(X, y)
    model = ds.LinearClassifier("squared_hinge", "l2", ALPHA, tol=1e-12, random_state=0, calibrate=method)
    assert close(model.fit(X, y).predict_proba(X), peer.predict_proba(X))
    p = model.predict_proba(X)
    with np.errstate(divide="ignore"):
        assert np.array_equal(model.predict_log_proba(X), np.log(p))
    assert not hasattr(ds.LinearClassifier("squared_hinge"), "predict_proba")
    rows = ds.Dataset.from_arrays(X, y).labelled()
    found = ds.fit(rows, loss="squared_hinge", calibrate=method)
    assert {"log_loss", "roc_auc"} <= found.metrics["training"].keys()
    brier = ds.fit(rows, loss="squared_hinge", calibrate=method, metric="brier").metrics["training"]["brier"]
    assert brier == pytest.approx(brier_score_loss(y, found.probabilities(X)[:, 1]), rel=1e-12)


def test_rows_that_are_set_aside_make_the_chances_and_measure_nothing():
    X, y = problem(n=400)
    rows = ds.Dataset.from_arrays(X, y).labelled()
    found = ds.fit(rows, calibrate="platt", calibrate_rows=0.3, **SETTINGS)
    rest, held = rows.split(0.3, 1)
    assert np.array_equal(found.params, ds.fit(rest, **SETTINGS).params)
    model = Logistic(tol=1e-12, max_iter=10_000).fit(rest.X, rest.y)
    z = model.decision_function(held.X)
    smooth = np.where(held.y == 1, (held.y.sum() + 1) / (held.y.sum() + 2), 1 / ((1 - held.y).sum() + 2))
    part = found.calibrator.parts[0]
    p = 1 / (1 + np.exp(-part[0][0] * z - part[1][0]))
    assert abs(((p - smooth) * z).mean()) < 1e-7 and abs((p - smooth).mean()) < 1e-7  # the slopes are 0
    with pytest.raises(ds.DownslopeError, match="chose nothing"):
        found.predict(X, interval=0.9)
    crossed = ds.fit(rows, calibrate="platt", calibrate_rows="cv+:3", **SETTINGS)
    plain = ds.fit(rows, calibrate_rows="cv+:3", **SETTINGS)
    assert np.array_equal(crossed.predict(X, interval=0.9), plain.predict(X, interval=0.9))


def test_of_calibrated_chances_a_cost_needs_no_search():
    X, y = problem()
    rows = ds.Dataset.from_arrays(X, y).labelled()
    found = ds.fit(rows, calibrate="platt", threshold="cost:10:1", **SETTINGS)
    assert found.decision.threshold == 1 / 11 and found.decision.score is None
    assert (found.predict(X) == (found.probabilities(X)[:, 1] > 1 / 11)).all()
    best = ds.fit(rows, calibrate="isotonic", threshold="f1", **SETTINGS).decision
    assert best.rule == "f1" and best.score >= best.usual
    margin = ds.fit(rows, loss="squared_hinge", calibrate="platt", threshold=0.2, **SETTINGS)
    assert (margin.predict(X) == (margin.probabilities(X)[:, 1] > 0.2)).all()


@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize("method", PEERS)
def test_every_door_has_the_calibrated_chances(method, K, tmp_path, capsys):
    X, y = problem(K)
    words = np.array(["no", "yes", "zebra"])[y]
    table = tmp_path / "rows.csv"
    lines = [f"{a!r},{b!r},{c!r},{t}" for (a, b, c), t in zip(X.tolist(), words)]
    table.write_text("\n".join(["a,b,c,y", *lines]) + "\n")
    asked = ["--calibrate", method, "--penalty", "l2", "--alpha", str(ALPHA), "--out", str(tmp_path / "run")]
    assert cli.main(["fit", str(table), "--target", "y", *asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    run = ds.load(tmp_path / "run")
    assert told["calibrator"]["method"] == method == run.recipe.calibrate
    rows = ds.Dataset.read(table, "y").labelled()
    p = run.probabilities(rows)
    assert np.allclose(p.sum(axis=1), 1) and np.array_equal(
        p, ds.fit(rows, calibrate=method, penalty="l2", alpha=ALPHA).probabilities(rows)
    )
    own = np.clip(p[np.arange(len(y)), y], np.finfo(float).eps, None)  # as scikit-learn clips them
    assert told["metrics"]["training"]["log_loss"] == pytest.approx(-np.log(own).mean(), rel=1e-6)
    predicted = next(iter(run.predict_source(table))).to_pydict()
    assert np.array_equal(np.array(predicted["chance: yes"]), p[:, 1])
    assert predicted["prediction"] == run.predict(rows).tolist()


@pytest.mark.parametrize(
    "library, method, K, settings",
    [
        ("numpy", "platt", 2, {"threshold": 0.3}),
        ("numpy", "isotonic", 3, {}),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in [
                ("numpy", "platt", 3, {"loss": "squared_hinge"}),
                ("pytorch", "platt", 3, {}),
                ("pytorch", "isotonic", 2, {"threshold": 0.3}),
                ("pytorch", "isotonic", 2, {"net": True}),
                ("numpy", "platt", 3, {"net": True}),
            ]
        ),
    ],
)
def test_a_script_has_the_calibrated_chances(library, method, K, settings, tmp_path):
    X, y = problem(K)
    rows = ds.Dataset.from_arrays(X, y).labelled()
    model = {"net": ds.Net(hidden=(3,)), "loss": "log", "epochs": 5} if "net" in settings else SETTINGS
    settings = {name: value for name, value in settings.items() if name != "net"}
    found = ds.fit(rows, calibrate=method, **{**model, **settings})
    script = tmp_path / "script.py"
    script.write_text(ds.export_code(found, library, rows))
    out = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path)
    lines = [line.split(",") for line in out.stdout.split("\n\n")[-1].splitlines()[1:]]
    assert len(lines) == len(y), (out.stdout[-500:], out.stderr)
    assert np.allclose(
        [[float(one) for one in line[1:]] for line in lines], found.probabilities(X), atol=1e-6
    )
    assert [int(line[0]) for line in lines] == found.predict(X).tolist()


@pytest.mark.parametrize("loss", ["log", "squared_hinge"])
@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize("method", PEERS)
def test_an_exported_graph_has_the_calibrated_chances(method, K, loss, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    X, y = problem(K)
    threshold = 0.3 if K == 2 else None
    rows = ds.Dataset.from_arrays(X, y).labelled()
    found = ds.fit(rows, loss=loss, calibrate=method, threshold=threshold, **SETTINGS)
    ds.export_onnx(found, tmp_path / "model.onnx")
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"))
    far = 50 * X  # beyond the knots of an isotonic calibration
    for Z in (X, far):
        given = {one.name: Z[:, [j]] for j, one in enumerate(session.get_inputs())}
        given = given if len(given) > 1 else {session.get_inputs()[0].name: Z}
        label, p = session.run(None, given)
        assert np.allclose(p, found.probabilities(Z), atol=1e-9) and (label == found.predict(Z)).all()


@pytest.mark.slow
def test_a_net_is_calibrated_too():
    X, y = problem(n=150)
    rows = ds.Dataset.from_arrays(X, y).labelled()
    net = ds.Net(hidden=(4,))
    found = ds.fit(rows, net=net, loss="log", calibrate="platt", epochs=5, folds=3)
    z = found.scores(X)
    assert np.allclose(found.probabilities(X), found.calibrator.chances(z))


def test_a_model_that_predicts_the_same_everywhere_has_the_share_of_its_class():
    y = problem()[1]
    rows = ds.Dataset.from_arrays(np.ones((len(y), 1)), y).labelled()
    for method in PEERS:
        p = ds.fit(rows, calibrate=method, penalty="l2", alpha=1.0).probabilities(np.ones((2, 1)))[:, 1]
        assert p == pytest.approx(y.mean(), abs=0.01)


def test_the_report_gives_the_score_before_and_after():
    X, y = problem()
    rows = ds.Dataset.from_arrays(X, y).labelled()
    key, facts = next(
        note for note in ds.fit(rows, calibrate="platt", **SETTINGS).notes if "calib" in note[0]
    )
    z = np.empty(len(y))
    for train, held in FoldSpec.of(5).cut(rows, 0).pairs:
        z[held] = Logistic(tol=1e-12, max_iter=10_000).fit(X[train], y[train]).decision_function(X[held])
    assert key == "selection.calibrated_folds"
    assert float(facts["before"]) == pytest.approx(brier_score_loss(y, 1 / (1 + np.exp(-z))), rel=1e-3)


REFUSED = [
    ({"calibrate": "beta"}, "calibrate"),
    ({"calibrate": 3}, "calibrate"),
    ({"calibrate": "platt", "loss": "squared"}, "calibrate_numbers"),
    ({"calibrate": "platt", "folds": "time:x1"}, "calibrate_folds"),
    ({"calibrate": "isotonic"}, "calibrate_few"),
    ({"calibrate": "platt", "folds": 50}, "few_of_class"),
    ({"calibrate": "platt", "folds": 100}, "few_rows"),
    ({"calibrate": "platt", "calibrate_rows": 0.02}, "calibrate_class"),
    ({"calibrate": "platt", "threshold": 1.5}, "threshold_chance"),
    ({"calibrate": "platt", "calibrate_rows": "cv+", "loss": "log"}, None),
]


@pytest.mark.parametrize("settings, key", REFUSED)
def test_what_can_not_be_calibrated_is_refused_in_one_line(settings, key):
    X, y = problem(n=80)
    rows = ds.Dataset.from_arrays(X, y)
    rows = rows if settings.get("loss") == "squared" else rows.labelled()
    if key is None:
        assert ds.fit(rows, **settings).predict(X, interval=0.8).dtype == bool
        return
    with pytest.raises(ds.DownslopeError) as refused:
        ds.fit(rows, **settings)
    assert refused.value.key == f"selection.{key}" and "\n" not in str(refused.value)


def test_a_stream_and_rows_in_pieces_are_refused(tmp_path):
    X, y = problem()
    path = tmp_path / "rows.csv"
    np.savetxt(path, np.column_stack([X, y]), delimiter=",", header="a,b,c,y", comments="")
    stream = ds.Stream.open(path, "y", reading=ds.ReadOptions("1GB", 64))
    with pytest.raises(ds.DownslopeError, match="rows in memory"):
        ds.fit(stream, loss="log", calibrate="platt")
    with pytest.raises(ds.DownslopeError, match="CalibratedClassifierCV"):
        ds.LinearClassifier(method="sgd", calibrate="platt").partial_fit(X, y, classes=[0, 1])


@pytest.mark.parametrize(
    "parts", [[], [[[1.0, 0.0], [0.0, 1.0]]], [[[0.0], [0.0, 1.0]]], [[[math.nan], [0.5]]], [[[], []]]]
)
def test_a_changed_calibration_in_a_run_is_refused(parts, tmp_path):
    X, y = problem()
    found = ds.fit(ds.Dataset.from_arrays(X, y).labelled(), calibrate="isotonic", **SETTINGS)
    path = found.save(tmp_path / "run")
    told = json.loads((path / "solution.json").read_text())
    told["calibrator"]["parts"] = parts
    content = json.dumps(told).encode()
    (path / "solution.json").write_bytes(content)
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["sha256"]["solution.json"] = hashlib.sha256(content).hexdigest()
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ds.DownslopeError, match=r"solution\.json"):
        ds.load(path)

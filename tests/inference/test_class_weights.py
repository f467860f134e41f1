"""Class weights: weights of rows by class, in every door, against scikit-learn and plain loops."""

import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, log_loss
from sklearn.svm import LinearSVC

import downslope as ds
from downslope import cli
from downslope.selection import FoldSpec
from tests.builders import refused_key

GIVEN = [
    pytest.param("balanced", id="balanced"),
    pytest.param({0: 1.0, 1: 4.5, 2: 0.5}, id="by_number"),
]


def problem(K: int = 2, n: int = 240):
    """Classes that overlap, the later ones rarer."""
    random = np.random.default_rng(0)
    X = random.standard_normal((n, 3))
    z = X[:, 0] - X[:, 1] + 1.5 * random.standard_normal(n)
    return X, (z > 1.2).astype(int) + (z > 2.4) * (K > 2)


def of_classes(asked, K):
    return asked if asked == "balanced" else {k: asked[k] for k in range(K)}


def factors(asked, y, s=None):
    """c of each class, as the definition has it."""
    K = y.max() + 1
    if asked != "balanced":
        return np.array([asked[k] for k in range(K)])
    sums = np.array([(y == k).sum() if s is None else s[y == k].sum() for k in range(K)])
    return sums.sum() / (K * sums)


def theirs(alpha, total, **settings):
    C = np.inf if alpha == 0 else 1 / (alpha * total)
    return LogisticRegression(C=C, solver="newton-cg", tol=1e-13, max_iter=50_000, **settings)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("asked", GIVEN)
@pytest.mark.parametrize("K, alpha", [(2, 0.0), (2, 0.02), (3, 0.02)])
def test_the_log_loss_is_LogisticRegression_with_class_weight(K, alpha, asked, weighted):
    X, y = problem(K)
    s = np.random.default_rng(1).uniform(0.5, 2, len(y)) if weighted else None
    asked = of_classes(asked, K)
    rows = ds.Dataset.from_arrays(X, y, s).labelled()
    ours = ds.fit(rows, class_weights=asked, penalty="l2" if alpha else None, alpha=alpha, tol=1e-12)
    total = ((1 if s is None else s) * factors(asked, y, s)[y]).sum()
    if asked == "balanced" and weighted:  # scikit-learn balances counts, not the sums of weights
        sk = theirs(alpha, total, class_weight=dict(enumerate(factors(asked, y, s))))
    else:
        sk = theirs(alpha, total, class_weight=asked)
    coef = sk.fit(X, y, s).coef_
    assert np.abs(ours.coef.T - coef).max() < 1e-7 * np.abs(coef).max()


@pytest.mark.parametrize("asked", GIVEN)
def test_a_squared_hinge_is_LinearSVC_with_class_weight(asked):
    X, y = problem()
    asked = of_classes(asked, 2)
    rows = ds.Dataset.from_arrays(X, y).labelled()
    ours = ds.fit(
        rows, loss="squared_hinge", penalty="l2", alpha=0.05, class_weights=asked, intercept=False, tol=1e-12
    )
    C = 1 / (0.05 * factors(asked, y)[y].sum())
    sk = LinearSVC(C=C, class_weight=asked, fit_intercept=False, dual=False, tol=1e-12, max_iter=100_000)
    assert np.abs(ours.coef - sk.fit(X, y).coef_[0]).max() < 1e-7


@pytest.mark.parametrize("loss", ["log", "squared_hinge", "smoothed_hinge"])
@pytest.mark.parametrize("asked", GIVEN)
def test_class_weights_are_weights_of_rows(loss, asked):
    X, y = problem()
    asked, settings = of_classes(asked, 2), {"loss": loss, "penalty": "l2", "alpha": 0.05}
    ours = ds.fit(ds.Dataset.from_arrays(X, y).labelled(), class_weights=asked, **settings)
    by_row = ds.fit(ds.Dataset.from_arrays(X, y, factors(asked, y)[y]).labelled(), **settings)
    assert np.array_equal(ours.params, by_row.params) and ours.loss == by_row.loss
    assert ours.metrics["training"] != by_row.metrics["training"]  # metrics count rows as they are
    plain = ds.fit(ds.Dataset.from_arrays(X, y).labelled(), **settings)
    assert np.sum(ours.metrics["training"]["confusion"]) == len(y)
    assert ours.metrics["training"]["confusion"] != plain.metrics["training"]["confusion"]


def written(path, X, y, names="xyz"):
    path.write_text(
        "a,b,c,w,y\n"
        + "".join(
            f"{a},{b},{c},{1 + i % 3},{names[t]}\n" for i, ((a, b, c), t) in enumerate(zip(X.tolist(), y))
        )
    )
    return path


@pytest.mark.parametrize(
    "asked", ["balanced", pytest.param({"x": 1, "y": 4.5, "z": 0.5}, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize(
    "K, penalty_on", [(2, "standardised"), pytest.param(3, "raw", marks=pytest.mark.slow)]
)
def test_rows_in_parts_are_rows_in_memory(tmp_path, K, asked, penalty_on):
    path = written(tmp_path / "rows.csv", *problem(K))
    asked = asked if asked == "balanced" else dict(list(asked.items())[:K])
    settings = {"penalty": "l2", "alpha": 0.02, "class_weights": asked, "penalty_on": penalty_on}
    rows = ds.Dataset.read(path, "y", weights="w")
    stream = ds.Stream.open(path, "y", weights="w", reading=ds.ReadOptions("1GB", 64))
    memory, parts = ds.fit(rows, **settings), ds.fit(stream, loss="log", **settings)
    assert np.abs(parts.params - memory.params).max() < 1e-9
    assert parts.loss == pytest.approx(memory.loss, rel=1e-12)
    assert parts.metrics["training"]["confusion"] == memory.metrics["training"]["confusion"]
    drawn = {**settings, "method": "minibatch:16", "epochs": 40}
    one, other = ds.fit(rows, **drawn), ds.fit(stream, loss="log", **drawn)
    assert abs(one.loss - other.loss) < 0.02 * one.loss
    train, held = stream.split(0.3)
    judged = ds.fit(train, validation=held, loss="log", class_weights=asked)
    own = np.concatenate([part.y for part in train.labelled().each()]).astype(int)
    s = np.concatenate([part.weights for part in train.each()])
    c = factors("balanced", own, s) if asked == "balanced" else np.array(list(asked.values()))
    y, s = (np.concatenate([getattr(part, of) for part in held.each()]) for of in ("y", "weights"))
    p = np.concatenate([judged.probabilities(part.X) for part in held.each()])
    expected = log_loss(y, p, sample_weight=s * c[y.astype(int)])
    assert judged.trace[-1].validation == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("metric", ["loss", pytest.param("f1", marks=pytest.mark.slow)])
def test_a_fold_is_balanced_by_its_own_training_rows_and_its_metric_counts_rows(metric):
    X, y = problem()
    rows = ds.Dataset.from_arrays(X, y).labelled()
    asked = {} if metric == "loss" else {"metric": metric}
    path = ds.fit(rows, penalty="l2", alpha="cv", class_weights="balanced", **asked).path
    places = [0, 40, 70, 99]
    scores = []
    for train, held in FoldSpec.of(5).cut(rows, 0).pairs:
        c = factors("balanced", y[train])
        one = []
        for alpha in path.alphas[places]:
            model = theirs(alpha, c[y[train]].sum(), class_weight="balanced").fit(X[train], y[train])
            p = model.predict_proba(X[held])[:, 1]
            by_class = {"sample_weight": c[y[held]]}
            one.append(log_loss(y[held], p, **by_class) if metric == "loss" else f1_score(y[held], p > 0.5))
        scores.append(one)
    assert np.abs(path.fold_scores[:, places] - scores).max() < 1e-6


def test_a_path_has_the_class_weights_of_a_fit():
    X, y = problem()
    rows = ds.Dataset.from_arrays(X, y).labelled()
    path = ds.path(rows, "log", "l1", alphas=[0.05, 0.01], tol=1e-12, class_weights={0: 1, 1: 4.5})
    for alpha, coef in zip(path.alphas, path.coef):
        found = ds.fit(rows, penalty="l1", alpha=alpha, class_weights={0: 1, 1: 4.5}, tol=1e-12)
        assert np.abs(coef - found.coef).max() < 1e-7


def test_a_threshold_is_chosen_by_the_costs_of_rows_as_they_are():
    X, y = problem()
    rows = ds.Dataset.from_arrays(X, y).labelled()
    found = ds.fit(rows, threshold="cost:3:1", class_weights="balanced").decision
    p = np.empty(len(y))
    for train, held in FoldSpec.of(5).cut(rows, 0).pairs:
        model = theirs(0, 1, class_weight="balanced").fit(X[train], y[train])
        p[held] = model.predict_proba(X[held])[:, 1]
    cost = lambda t: np.mean(3 * (y > (p > t)) + (y < (p > t)))
    assert found.score == pytest.approx(min(map(cost, np.r_[0.0, np.unique(p)])), rel=1e-9)
    assert found.usual == pytest.approx(cost(0.5), rel=1e-9)


def test_calibrated_chances_are_those_of_the_rows_as_they_are():
    X, y = problem(n=600)
    rows = ds.Dataset.from_arrays(X, y).labelled()
    chances = lambda **more: ds.fit(rows, class_weights="balanced", **more).probabilities(X)[:, 1].mean()
    assert chances() > y.mean() + 0.15
    assert chances(calibrate="platt") == pytest.approx(y.mean(), abs=0.01)


def test_validation_rows_are_judged_by_the_class_weights_of_the_training_rows():
    X, y = problem()
    rows = ds.Dataset.from_arrays(X, y).labelled()
    train, held = rows.take(slice(0, 160)), rows.take(slice(160, None))
    found = ds.fit(train, validation=held, class_weights="balanced")
    c = factors("balanced", y[:160])
    expected = log_loss(y[160:], found.probabilities(X[160:])[:, 1], sample_weight=c[y[160:]])
    assert found.trace[-1].validation == pytest.approx(expected, rel=1e-6)
    plain = log_loss(y[160:], found.probabilities(X[160:])[:, 1])
    assert found.metrics["validation"]["log_loss"] == pytest.approx(plain, rel=1e-12)


def test_a_net_takes_class_weights_and_the_threshold():
    pytest.importorskip("torch")
    X, y = problem()
    rows, net = ds.Dataset.from_arrays(X, y).labelled(), ds.Net(hidden=(3,), dtype="float64")
    settings = {"net": net, "method": "lbfgs", "epochs": 20, "penalty": "l2", "alpha": 0.01}
    ours = ds.fit(rows, class_weights={"0": 1, "1": 4.0}, threshold=0.6, **settings)
    by_row = ds.fit(ds.Dataset.from_arrays(X, y, np.where(y, 4.0, 1.0)).labelled(), **settings)
    assert np.array_equal(ours.params, by_row.params)
    assert (ours.predict(X) == (ours.probabilities(X)[:, 1] > 0.6)).all()


def test_every_door_has_the_same_class_weights(tmp_path, capsys):
    X, y = problem()
    path = written(tmp_path / "rows.csv", X, y)
    fit = ["fit", str(path), "--target", "y", "--features", "a,b,c", "--class-weights", "balanced"]
    assert cli.main([*fit, "--out", str(tmp_path / "run"), "--json"]) == 0
    capsys.readouterr()
    run = ds.load(tmp_path / "run")
    assert run.recipe.class_weights == "balanced"
    python = ds.fit(ds.Dataset.read(path, "y", features=["a", "b", "c"]), class_weights="balanced")
    model = ds.LinearClassifier(class_weight="balanced").fit(X, y)
    assert np.array_equal(run.params, python.params)
    assert np.abs(model.coef_[0] - run.coef).max() < 1e-12
    assert model.solution_.recipe.class_weights == "balanced"
    assert "class weights: x × " in " ".join(run.choice_reason)
    by_number = [*fit[:-1], "x=1,y=4.5", "--json"]
    assert cli.main(by_number) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["loss"] == ds.fit(run.training_rows(path), class_weights={"x": 1, "y": 4.5}).loss
    assert cli.main(["compare", *by_number[1:], "--methods", "newton,lbfgs"]) == 0
    found = json.loads(capsys.readouterr().out)["methods"]
    assert {round(one["loss"], 9) for one in found.values()} == {round(told["loss"], 9)}
    assert cli.main(["certify", *by_number[1:], "--loss", "log"]) == 0
    capsys.readouterr()
    refusals = {
        "x=1,q=2": "--class-weights names the class q",
        "x=-1": "class weight of x was -1",
        "even": "use --class-weights balanced, or",
    }
    for words, sentence in refusals.items():
        assert cli.main([*fit[:-1], words]) == 2, words
        said = capsys.readouterr().err.strip()
        assert sentence in said and "\n" not in said


def test_a_descent_that_is_resumed_goes_on_under_its_class_weights(tmp_path):
    X, y = problem()
    path = written(tmp_path / "rows.csv", X, y)
    rows = ds.Dataset.read(path, "y", features=["a", "b", "c"])
    settings = {"method": "minibatch:16", "class_weights": "balanced", "learning_rate": 0.05, "seed": 3}
    ds.fit(rows, epochs=3, checkpoint=ds.Checkpoint(tmp_path / "run", 0), **settings)
    resumed = ds.resume(tmp_path / "run", epochs=6)
    assert np.array_equal(resumed.params, ds.fit(rows, epochs=6, **settings).params)


@pytest.mark.parametrize("library", ["numpy", "pytorch"])
@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("asked", ["balanced", {"x": 1, "y": 4.5, "z": 0.5}])
@pytest.mark.slow
def test_an_exported_script_trains_under_the_class_weights(tmp_path, library, weights, asked):
    path = written(tmp_path / "rows.csv", *problem(3))
    rows = ds.Dataset.read(path, "y", features=["a", "b", "c"], weights=weights)
    found = ds.fit(rows, class_weights=asked, penalty="l2", alpha=0.01)
    script = tmp_path / "script.py"
    script.write_text(ds.export_code(found, library))
    out = subprocess.run([sys.executable, script, path], capture_output=True, text=True, cwd=tmp_path)
    printed = [[float(word) for word in line.split()[1:]] for line in out.stdout.splitlines()[:3]]
    assert np.abs(np.array(printed) - found.coef).max() < 1e-7, out.stderr


def test_standard_errors_under_class_weights_are_the_sandwich():
    X, y = problem()
    rows = ds.Dataset.from_arrays(X, y).labelled()
    found = ds.fit(rows, class_weights="balanced")
    table = ds.standard_errors(found, rows, kind="sandwich")
    assert "Row weights" not in str(table)
    B, c = np.column_stack([X, np.ones(len(y))]), factors("balanced", y)[y]
    p = found.probabilities(X)[:, 1]
    A = np.linalg.inv(B.T @ (B * (c * p * (1 - p))[:, None]))
    G = B * (c * (p - y))[:, None]
    assert np.allclose(table.error, np.sqrt(np.diag(A @ G.T @ G @ A)), rtol=1e-7)
    assert table.fit.aic is None and table.fit.log_likelihood is None
    assert refused_key(ds.standard_errors, found, rows) == "instruments.class_weights"
    shrunk = ds.fit(rows, class_weights="balanced", penalty="l2", alpha=0.1)
    assert refused_key(ds.standard_errors, shrunk, rows, kind="posterior") == "instruments.class_weights"
    assert ds.standard_errors(shrunk, rows, kind="sandwich").error.all()


def test_a_model_of_balanced_classes_is_not_called_worse_than_a_constant():
    random = np.random.default_rng(4)
    X = random.standard_normal((1200, 2))
    y = (X[:, 0] + 2 * random.standard_normal(1200) > 3.2).astype(int)
    train, held = ds.Dataset.from_arrays(X, y).labelled().split(0.4)
    found = ds.fit(train, validation=held, class_weights="balanced")
    assert found.metrics["validation"]["log_loss"] > 1.5 * log_loss(held.y, np.full(len(held.y), y.mean()))
    assert [one.code for one in found.data_findings] == []


@pytest.mark.parametrize(
    "asked, key",
    [
        ("balance", "model.class_weights"),
        ({}, "model.class_weights"),
        (3, "model.class_weights"),
        ({0: -1.0}, "model.class_weight"),
        ({0: 0, 1: 0}, "model.class_weight"),
        ({"0": float("nan")}, "model.class_weight"),
        ({0: "2"}, "model.class_weight"),
        ({7: 2.0}, "model.class_weight_label"),
    ],
)
def test_class_weights_that_can_not_be_are_refused(asked, key):
    X, y = problem(n=60)
    assert refused_key(ds.fit, ds.Dataset.from_arrays(X, y).labelled(), class_weights=asked) == key


def test_what_has_no_classes_rows_or_likelihood_is_refused():
    X, y = problem(n=60)
    fit = lambda rows, **more: refused_key(ds.fit, rows, class_weights="balanced", **more)
    assert fit(ds.Dataset.from_arrays(X, X[:, 0])) == "model.class_weights_of_numbers"
    assert fit(ds.Dataset.from_arrays(X, y).labelled([0, 1, 2])) == "model.class_without_rows"
    assert fit(ds.Dataset.from_arrays(X, y).labelled(), alpha="aic") == "selection.weighted_likelihood"

"""alpha="cv" and its siblings: the curve, the choice and the doors, against a plain loop over the folds."""

import json
import re
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

import downslope as ds
from downslope import cli
from downslope.selection import FoldSpec
from downslope.selection.choosing import curve_of, degrees_of_freedom
from tests.builders import ROOT

PENGUINS = ROOT / "examples" / "penguins.csv"
PEERS = {
    "l2": lambda alpha, n: Ridge(alpha * n / 2, tol=1e-12),
    "l1": lambda alpha, n: Lasso(alpha / 2, tol=1e-12, max_iter=100_000),
    "elasticnet:0.5": lambda alpha, n: ElasticNet(alpha / 2, l1_ratio=0.5, tol=1e-12, max_iter=100_000),
}


def problem(seed: int, n: int = 60, d: int = 6):
    """Columns of sizes from 1e-2 to 1e2 that go together, half of which matter."""
    random = np.random.default_rng(seed)
    X = random.standard_normal((n, d)) + 0.5 * random.standard_normal((n, 1))
    w = random.standard_normal(d) * (random.random(d) < 0.5)
    y = X @ w + random.standard_normal(n) + 3
    return X * 10.0 ** random.uniform(-2, 2, d), y


def by_loop(path, X, y, peer, loss=lambda z, y: (z - y) ** 2, weights=None):
    """(mean, standard error) of the loss at each alpha of a path, from one fit for each fold and alpha."""
    folds = range(int(path.folds.max()) + 1)
    sizes = np.array([np.sum(path.folds == k) for k in folds])
    scores = np.empty((len(sizes), len(path.alphas)))
    for k in folds:
        train, held = path.folds != k, path.folds == k
        for j, alpha in enumerate(path.alphas):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = peer(alpha, train.sum()).fit(X[train], y[train])
            z = model.decision_function(X[held]) if hasattr(model, "classes_") else model.predict(X[held])
            scores[k, j] = loss(z, y[held]).mean()
    return curve_of(scores, sizes, len(sizes) == len(y))


@pytest.mark.parametrize("penalty", PEERS)
@pytest.mark.sample(1)
@pytest.mark.parametrize("seed", [*range(6), "diabetes"])
def test_the_curve_is_that_of_a_loop_over_the_folds(penalty, seed):
    X, y = load_diabetes(return_X_y=True) if seed == "diabetes" else problem(seed)
    path = ds.fit(ds.Dataset.from_arrays(X, y), penalty=penalty, alpha="cv").path
    assert len(np.unique(path.folds)) == 5
    few = path.alphas[:: max(1, len(path.alphas) // 25)]
    shown = ds.fit(ds.Dataset.from_arrays(X, y), penalty=penalty, alpha="cv").path
    assert np.array_equal(shown.curve, path.curve)  # the same bits again
    some = np.isin(path.alphas, few)
    sliced = type("Some", (), {"folds": path.folds, "alphas": few})
    mean, error = by_loop(sliced, X, y, PEERS[penalty])
    np.testing.assert_allclose(path.curve[some], mean, rtol=1e-8)
    np.testing.assert_allclose(path.errors[some], error, rtol=1e-6)
    assert path.alpha == path.alphas[np.argmin(path.curve)]
    limit = path.curve.min() + path.errors[np.argmin(path.curve)]
    assert path.alpha_1se == path.alphas[path.curve <= limit].max()
    assert (path.gaps <= 1e-9 * np.var(y)).all()


def with_holes(asked):
    """A table with missing cells: a shipped one, or one of numbers and a text column of three levels."""
    import pandas as pd

    if isinstance(asked, str):
        target = {"diabetes": "progression", "penguins": "body_mass_g"}[asked]
        frame = pd.read_csv(PENGUINS.parent / f"{asked}.csv").dropna(subset=[target]).reset_index(drop=True)
        random = np.random.default_rng(0)
    else:
        X, y = problem(asked, 80 + 15 * asked, 4)
        frame = pd.DataFrame(X, columns=list("abcd"))
        random, target = np.random.default_rng(asked), "y"
        frame["e"] = np.array(["p", "q", "r"])[random.choice(3, len(y), p=[0.5, 0.3, 0.2])]
        frame["y"] = y + (frame["e"] == "q")
    for name in frame.columns.drop(target):
        frame.loc[random.random(len(frame)) < 0.1, name] = None
    return frame, target


@pytest.mark.parametrize("penalty", PEERS)
@pytest.mark.parametrize("asked", ["diabetes", "penguins", *range(10)])
@pytest.mark.slow
def test_the_choice_is_that_of_a_loop_that_encodes_and_fits_each_fold(asked, penalty):
    frame, target = with_holes(asked)
    rows = ds.Dataset.read(frame, target=target)
    solution = ds.fit(rows, penalty=penalty, alpha="cv")
    path, y = solution.path, frame[target].to_numpy(dtype=float)
    raw = []
    for feature in rows.features:  # an indicator is not known where its text is missing
        name, _, level = feature.partition("=")
        known = frame[name].to_numpy()
        raw.append(np.where(frame[name].isna(), np.nan, (known == level) if level else known).astype(float))
    raw = np.array(raw).T
    scores = np.empty((5, len(path.alphas)))
    for k in range(5):
        train, held = path.folds != k, path.folds == k
        X = np.where(np.isnan(raw), np.nanmean(raw[train], axis=0), raw)
        for j, alpha in enumerate(path.alphas):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = PEERS[penalty](alpha, train.sum()).fit(X[train], y[train])
            scores[k, j] = ((model.predict(X[held]) - y[held]) ** 2).mean()
    curve, errors = curve_of(scores, np.bincount(path.folds), False)
    np.testing.assert_allclose(path.curve, curve, rtol=1e-8)
    best = int(np.argmin(curve))
    assert path.best == best
    assert path.alpha_1se == path.alphas[np.flatnonzero(curve <= curve[best] + errors[best])[0]]
    X = np.where(np.isnan(raw), np.nanmean(raw, axis=0), raw)
    model = PEERS[penalty](path.alpha, len(y)).fit(X, y)
    price = {"l1": np.abs(model.coef_).sum(), "l2": 0.5 * (model.coef_**2).sum()}
    price["elasticnet:0.5"] = 0.5 * (price["l1"] + price["l2"])
    F = ((model.predict(X) - y) ** 2).mean() + path.alpha * price[penalty]
    assert solution.loss == pytest.approx(F, rel=1e-6)


@pytest.mark.parametrize("penalty", ["l2", pytest.param("l1", marks=pytest.mark.slow)])
def test_logistic_curves_are_those_of_a_loop(penalty):
    X, y = load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X)[:, :8]
    path = ds.fit(ds.Dataset.from_arrays(X, y).labelled(), loss="log", penalty=penalty, alpha="cv").path
    few = path.alphas[10:80:23]
    solver = {"solver": "newton-cholesky"} if penalty == "l2" else {"solver": "saga", "l1_ratio": 1}
    peer = lambda alpha, n: LogisticRegression(C=1 / (alpha * n), tol=1e-8, max_iter=20_000, **solver)
    sliced = type("Some", (), {"folds": path.folds, "alphas": few})
    mean, _ = by_loop(sliced, X, y, peer, lambda z, y: np.logaddexp(0, z) - y * z)
    np.testing.assert_allclose(
        path.curve[np.isin(path.alphas, few)], mean, rtol=1e-7 if penalty == "l2" else 1e-4
    )


@pytest.mark.parametrize("weights", [None, "random"])
@pytest.mark.parametrize("shape", [(30, 4), (12, 20)])
def test_each_row_left_out_in_one_go_is_each_row_left_out(shape, weights):
    X, y = problem(1, *shape)
    s = None if weights is None else np.random.default_rng(3).integers(1, 4, len(y)).astype(float)
    path = ds.fit(ds.Dataset.from_arrays(X, y, s), penalty="l2", alpha="cv", folds="loo").path
    for j in (0, 40, 99):
        errors = np.empty(len(y))
        for i in range(len(y)):
            rows = np.arange(len(y)) != i
            total = rows.sum() if s is None else s[rows].sum()
            model = Ridge(path.alphas[j] * total / 2).fit(X[rows], y[rows], None if s is None else s[rows])
            errors[i] = (model.predict(X[[i]])[0] - y[i]) ** 2
        np.testing.assert_allclose(path.curve[j], np.average(errors, weights=s), rtol=1e-7)


def test_what_fills_missing_cells_is_each_folds_own(tmp_path):
    import pandas as pd

    frame = pd.read_csv(PENGUINS).dropna().reset_index(drop=True)
    random = np.random.default_rng(5)
    columns = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm"]
    for name in columns:
        frame.loc[random.random(len(frame)) < 0.2, name] = np.nan
    rows = ds.Dataset.read(frame, target="body_mass_g", features=columns)
    path = ds.fit(rows, penalty="l1", alpha="cv").path
    scores = np.empty((5, 3))
    places = [20, 50, 90]
    for k in range(5):
        train, held = frame[path.folds != k], frame[path.folds == k]
        filled = train[columns].mean()
        for j, place in enumerate(places):
            model = Lasso(path.alphas[place] / 2, tol=1e-13, max_iter=100_000)
            model.fit(train[columns].fillna(filled), train["body_mass_g"])
            z = model.predict(held[columns].fillna(filled))
            scores[k, j] = ((z - held["body_mass_g"]) ** 2).mean()
    sizes = np.bincount(path.folds)
    np.testing.assert_allclose(path.curve[places], sizes @ scores / sizes.sum(), rtol=1e-10)


def test_criteria_are_what_their_formulas_say():
    X, y = problem(2, 80, 5)
    rows = ds.Dataset.from_arrays(X, y)
    n = len(y)
    for rule in ("gcv", "aic", "bic"):
        path = ds.fit(rows, penalty="l2", alpha=rule).path
        for j in (5, 50, 95):
            alpha, centred = path.alphas[j], X - X.mean(axis=0)
            gram = centred.T @ centred
            hat = np.trace(np.linalg.solve(gram + alpha * n / 2 * np.eye(5), gram)) + 1
            residuals = ((y - X @ path.coef[j] - path.intercepts[j]) ** 2).sum()
            likelihood = n * np.log(2 * np.pi * residuals / n) + n
            expected = {
                "gcv": residuals / n / (1 - hat / n) ** 2,
                "aic": likelihood + 2 * hat,
                "bic": likelihood + np.log(n) * hat,
            }
            assert path.curve[j] == pytest.approx(expected[rule], rel=1e-9)
    lasso = ds.fit(rows, penalty="l1", alpha="aic").path
    assert lasso.curve.argmin() == lasso.best


def test_degrees_of_freedom_of_a_lasso_are_its_weights_that_are_not_zero():
    X, y = problem(4)
    F = ds.objective(ds.Dataset.from_arrays(X, y), penalty="l1", alpha=0.05)
    theta = F.to_inner(ds.fit(ds.Dataset.from_arrays(X, y), penalty="l1", alpha=0.05).params)
    assert degrees_of_freedom(F, theta) == np.count_nonzero(theta[:-1]) + 1


@pytest.mark.parametrize(
    "loss",
    ["squared", "huber:1.35", "absolute", "quantile:0.8", "poisson", "log", "squared_hinge", "softmax"],
)
@pytest.mark.parametrize("penalty", ["l2", "l1", "elasticnet:0.5"])
@pytest.mark.sample(3)
def test_every_loss_and_penalty_has_an_alpha_found(loss, penalty):
    X, y = problem(7, 40, 3)
    if loss == "poisson":
        y = np.random.default_rng(1).poisson(2, len(y)).astype(float)
    if loss in ("log", "squared_hinge"):
        y = (y > y.mean()).astype(int)
    rows = ds.Dataset.from_arrays(X, y)
    if loss == "softmax":
        X, y = load_iris(return_X_y=True)
        rows, loss = ds.Dataset.from_arrays(X[::3], y[::3]), "log"
    solution = ds.fit(rows, loss=loss, penalty=penalty, alpha="cv", folds=3)
    assert solution.path.alphas.min() <= solution.recipe.alpha <= solution.path.alphas.max()
    assert np.isfinite(solution.path.curve).all()
    assert solution.recipe.alpha == solution.path.alpha
    assert solution.choice_reason


def test_several_outputs_have_one_alpha():
    X, y = problem(8)
    rows = ds.Dataset.from_arrays(X, np.column_stack([y, -y + X[:, 0]]))
    path = ds.fit(rows, penalty="l2", alpha="cv").path
    assert path.coef.shape == (len(path.alphas), X.shape[1], 2)
    for j in (10, 80):
        model = Ridge(path.alphas[j] * len(y) / 2).fit(X, rows.y)
        np.testing.assert_allclose(path.coef[j].T, model.coef_, rtol=1e-6, atol=1e-9)


def test_the_ratio_of_an_elastic_net_is_found_too():
    X, y = problem(9)
    rows = ds.Dataset.from_arrays(X, y)
    solution = ds.fit(rows, penalty="elasticnet:cv", alpha="cv")
    ratio = float(solution.recipe.penalty.spec.partition(":")[2])
    assert ratio in (0.1, 0.5, 0.7, 0.9, 0.95, 0.99, 1.0)
    curves = [ds.fit(rows, penalty=f"elasticnet:{r}", alpha="cv").path.curve.min() for r in (0.1, 0.5, 1.0)]
    assert solution.path.curve.min() <= min(curves)


# ---- folds ------------------------------------------------------------------------------------------


def test_folds_are_balanced_disjoint_and_complete():
    X, y = problem(0, 53)
    rows = ds.Dataset.from_arrays(X, y)
    for spec in (2, 5, "10", "loo"):
        folds = FoldSpec.of(spec).cut(rows)
        held = np.concatenate([held for _, held in folds.pairs])
        assert sorted(held) == list(range(53))
        sizes = [len(held) for _, held in folds.pairs]
        assert max(sizes) - min(sizes) <= 1
        for train, held in folds.pairs:
            assert len(np.union1d(train, held)) == 53 and not len(np.intersect1d(train, held))


def test_classes_are_stratified_and_groups_and_times_stay_together():
    labels = np.repeat([0, 1], [90, 10])
    rows = ds.Dataset.from_arrays(np.arange(100.0)[:, None], labels).labelled()
    for _, held in FoldSpec.of(5).cut(rows).pairs:
        assert labels[held].sum() == 2
    group = np.random.default_rng(0).integers(0, 30, 100)
    table = {"g": group, "day": np.sort(group), "x": np.arange(100.0), "y": np.arange(100.0) % 7}
    frame = ds.Dataset.read(table, target="y")
    for train, held in FoldSpec.of("group:g").cut(frame).pairs:
        assert not set(group[train]) & set(group[held])
    times = np.sort(group)
    for train, held in FoldSpec.of("time:day,gap:2").cut(frame).pairs:
        assert times[train].max() < times[held].min() - 2
    sizes = [len(train) for train, _ in FoldSpec.of("time:day").cut(frame).pairs]
    assert sizes == sorted(sizes) and len(sizes) == 5


# ---- doors ------------------------------------------------------------------------------------------


def test_the_estimators_find_alpha_as_fit_does():
    X, y = problem(3)
    model = ds.LinearRegressor(penalty="l1", alpha="cv", random_state=0).fit(X, y)
    solution = ds.fit(ds.Dataset.from_arrays(X, y), penalty="l1", alpha="cv", seed=0)
    assert model.alpha_ == solution.recipe.alpha and model.alpha_1se_ == solution.path.alpha_1se
    np.testing.assert_array_equal(model.coef_, solution.coef)
    assert model.path_.alpha == model.alpha_
    classes = ds.LinearClassifier(alpha="cv:1se", metric="auc", random_state=0).fit(X, y > np.median(y))
    assert classes.alpha_ == classes.path_.alpha_1se >= classes.path_.alphas[classes.path_.best]


def test_the_command_line_finds_alpha_and_the_run_keeps_how(tmp_path, capsys):
    words = ["fit", str(PENGUINS), "--target", "body_mass_g", "--penalty", "l1", "--alpha", "cv"]
    assert cli.main([*words, "--out", str(tmp_path / "run"), "--plot", str(tmp_path / "fit.svg")]) == 0
    assert "Score by alpha" in (tmp_path / "fit.svg").read_text()
    said = capsys.readouterr().out
    assert "was chosen by cross-validation (folds 5)" in said
    kept = ds.load(tmp_path / "run")
    assert kept.selection["rule"] == "cv" and kept.selection["alpha"] == kept.recipe.alpha
    assert len(kept.selection["scores"]) == len(kept.selection["alphas"])
    assert cli.main([*words, "--json", "--folds", "3"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["selection"]["folds"] == "3" and told["alpha"] == told["selection"]["alpha"]


def test_a_resumed_run_remembers_how_alpha_was_chosen(tmp_path):
    X, y = problem(3)
    rows = ds.Dataset.from_arrays(X, y)
    settings = {"penalty": "l2", "alpha": "cv", "method": "gd", "tol": 0.0}
    half = ds.fit(rows, epochs=5, checkpoint=ds.Checkpoint(tmp_path / "run"), **settings)
    resumed, whole = ds.resume(tmp_path / "run", rows, epochs=9), ds.fit(rows, epochs=9, **settings)
    np.testing.assert_array_equal(resumed.params, whole.params)
    assert resumed.choice_reason == whole.choice_reason == half.choice_reason != []
    assert resumed.selection == whole.selection == ds.load(tmp_path / "run").selection


def test_compare_gives_all_methods_the_same_alpha(capsys):
    words = ["compare", str(PENGUINS), "--target", "body_mass_g", "--penalty", "l2", "--alpha", "cv"]
    assert cli.main([*words, "--methods", "closed_form,lbfgs", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["methods"]
    losses = [one["loss"] for one in told.values()]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_penalties_on_standardised_columns_are_proposed_where_they_are_better():
    X, y = load_breast_cancer(return_X_y=True)
    rows = ds.Dataset.from_arrays(X, y).labelled()
    raw = ds.fit(rows, loss="log", penalty="l2", alpha="cv")
    assert any('penalty_on="standardised"' in line for line in raw.choice_reason)
    better = ds.fit(rows, loss="log", penalty="l2", alpha="cv", penalty_on="standardised")
    assert better.path.curve.min() == pytest.approx(raw.path.better_on[0])
    assert better.path.curve.min() < 0.08 < 0.09 < raw.path.curve.min()


def test_an_automatic_penalty_is_none_where_there_is_a_minimum():
    X, _ = problem(3)
    y = (X[:, 0] / X[:, 0].std() + np.random.default_rng(0).standard_normal(len(X)) > 0).astype(int)
    rows = ds.Dataset.from_arrays(X, y).labelled()
    auto, plain = ds.fit(rows), ds.fit(rows, penalty="none")
    np.testing.assert_array_equal(auto.params, plain.params)
    assert auto.recipe == plain.recipe and auto.choice_reason == [] and len(auto.trace) == len(plain.trace)


def test_an_automatic_penalty_bounds_the_weights_of_separable_classes(tmp_path):
    X, _ = problem(3)
    y = (X[:, 0] > np.median(X[:, 0])).astype(int)
    rows = ds.Dataset.from_arrays(X, y).labelled()
    auto = ds.fit(rows, loss="log", penalty="auto", checkpoint=ds.Checkpoint(tmp_path / "run"))
    chosen = ds.fit(rows, loss="log", penalty="l2", alpha="cv:quick")
    assert auto.recipe == chosen.recipe and auto.recipe.alpha > 0 and auto.verdict.code == "converged"
    np.testing.assert_array_equal(auto.params, chosen.params)
    assert auto.notes[-len(chosen.choice_reason) - 1][0] == "selection.auto_separable"
    assert ds.load(tmp_path / "run").choice_reason == auto.choice_reason
    model = ds.LinearClassifier(penalty="auto", random_state=0).fit(X, y)
    assert model.alpha_ == auto.recipe.alpha and model.verdict_.code == "converged"


def test_the_penalty_is_automatic_only_where_nothing_else_is_asked_for(tmp_path):
    X, _ = problem(3)
    y = (X[:, 0] > np.median(X[:, 0])).astype(int)
    rows = ds.Dataset.from_arrays(X, y)
    for settings in (
        {"penalty": None},
        {"penalty": "none"},
        {"loss": "squared"},
        {"recipe": ds.Recipe(loss="log")},
    ):
        given = settings if "recipe" in settings else {"loss": "log", **settings}
        assert ds.fit(rows, **given).recipe.alpha == 0
    assert ds.fit(rows, loss="log", method="gd", epochs=200).recipe.penalty.name in ("none", "l2")
    with pytest.raises(ds.DownslopeError, match="chooses alpha itself"):
        ds.LinearClassifier(alpha=0.1).fit(X, y)


def test_a_quick_path_has_a_part_of_the_alphas_and_the_same_scores():
    X, y = load_iris(return_X_y=True)
    rows = ds.Dataset.from_arrays(X, y).labelled()
    whole, quick = (ds.fit(rows, penalty="l2", alpha=rule).path for rule in ("cv", "cv:quick"))
    same = np.searchsorted(-whole.alphas, -quick.alphas * (1 + 1e-9))
    np.testing.assert_allclose(whole.alphas[same], quick.alphas, rtol=1e-12)
    np.testing.assert_allclose(whole.curve[same], quick.curve, rtol=1e-4)  # scores move with √(1e-12 of F)
    assert len(quick.alphas) <= 25 and abs(whole.best - same[quick.best]) <= 4
    assert whole.curve.min() <= quick.curve.min() <= whole.curve.min() + 0.1 * whole.errors[whole.best]


def test_the_command_line_says_that_a_penalty_was_added_and_how_to_fit_without(tmp_path, capsys):
    words = "".join(f"{x},{'no' if x < 20 else 'yes'}\n" for x in range(40))
    (tmp_path / "apart.csv").write_text("x,answer\n" + words)
    fit = ["fit", str(tmp_path / "apart.csv"), "--target", "answer"]
    assert cli.main([*fit, "--out", str(tmp_path / "run")]) == 0
    said = capsys.readouterr().out
    assert "--penalty none" in said and "was chosen by cross-validation" in said
    assert ds.load(tmp_path / "run").recipe.penalty.name == "l2"


def test_a_path_is_drawn_with_its_choice(tmp_path):
    X, y = problem(3)
    path = ds.fit(ds.Dataset.from_arrays(X, y), penalty="l1", alpha="cv").path
    ax = path.plot()
    [line] = [line for line in ax.lines if line.get_gid() == "path"]
    np.testing.assert_array_equal(line.get_ydata(), path.curve)
    words = [text.get_text() for text in ax.texts]
    assert any(f"{path.alpha:.3g}" in word for word in words)
    assert any(f"{path.alpha_1se:.3g}" in word for word in words)


ERRORS = {
    "selection.rule": {"alpha": "cvx"},
    "selection.no_penalty": {"alpha": "cv", "penalty": "none"},
    "selection.folds": {"alpha": "cv", "folds": "many"},
    "selection.few_rows": {"alpha": "cv", "folds": 100},
    "selection.no_column": {"alpha": "cv", "folds": "group:patient"},
    "selection.few_groups": {"alpha": "cv", "folds": "group:x1,40"},
    "selection.few_times": {"alpha": "cv", "folds": "time:x1,60"},
    "selection.metric": {"alpha": "cv", "metric": "goodness"},
    "selection.metric_of_loss": {"alpha": "cv", "metric": "f1"},
    "selection.metric_single": {"alpha": "cv", "metric": "r2", "folds": "loo"},
    "selection.gcv_loss": {"alpha": "gcv", "loss": "huber"},
    "selection.no_likelihood": {"alpha": "aic", "loss": "huber"},
    "selection.ratio_number": {"penalty": "elasticnet:cv", "alpha": 0.1},
    "selection.ratio_rule": {"penalty": "elasticnet:cv", "alpha": "aic"},
    "selection.auto_alpha": {"penalty": "auto", "alpha": 0.1},
    "selection.linear_only": {"alpha": "cv", "net": ds.Net((3,))},
}


@pytest.mark.parametrize("key", ERRORS)
def test_what_cannot_be_chosen_is_refused_in_one_line(key):
    X, y = problem(0, 50, 3)
    rows = ds.Dataset.from_arrays(X, y, features=["x1", "x2", "x3"])
    if key == "selection.few_groups":
        rows = ds.Dataset.from_arrays(np.round(X / np.abs(X).max()), y, features=["x1", "x2", "x3"])
    with pytest.raises(ds.DownslopeError) as raised:
        ds.fit(rows, **ERRORS[key])
    assert raised.value.key == key
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("kind", ["group", "time"])
@pytest.mark.parametrize("values", [1, 2, 3, 4])
def test_a_column_of_few_values_is_refused_with_folds_that_work(kind, values):
    X, y = problem(0, 48, 3)
    given = {f"x{j}": x.tolist() for j, x in enumerate(X.T)} | {"y": y.tolist()}
    rows = ds.Dataset.read({**given, "c": (np.arange(48) % values).tolist()}, "y", ["x0", "x1", "x2"])
    with pytest.raises(ds.DownslopeError) as raised:
        ds.fit(rows, alpha="cv", folds=f"{kind}:c")
    proposed = re.search(r"write (\w+:c,\d+)", str(raised.value))
    assert (proposed is None) == (values - (kind == "time") < 2)
    if proposed:
        assert ds.fit(rows, alpha="cv", folds=proposed[1]).selection is not None
    else:
        assert raised.value.key == "selection.few_values"


def test_a_class_with_fewer_rows_than_folds_is_named():
    X, _ = problem(0, 50, 3)
    rows = ds.Dataset.from_arrays(X, np.repeat(["a", "b"], [47, 3]) == "b").labelled()
    with pytest.raises(ds.DownslopeError, match="3 rows, and 5 folds"):
        ds.fit(rows, loss="log", alpha="cv")

"""Diagnoses of a fit: numbers as statsmodels and scikit-learn have them, pictures, and the command."""

import json
import shlex

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.linear_model import LinearRegression, LogisticRegression

import downslope as ds
from downslope import cli, plots
from downslope.insight.data_evidence import Evidence
from downslope.insight.diagnostics import _ShuffledTable, smooth
from tests.builders import EXAMPLES, refused_key


def table(n=80, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 3))
    return X, X @ np.array([1.0, -2.0, 0.5]) + rng.standard_normal(n)


def test_residuals_leverages_and_cooks_distances_are_those_of_statsmodels():
    X, y = table()
    rows = ds.Dataset.from_arrays(X, y)
    found = ds.ResidualDiagnostics.from_solution(ds.fit(rows), rows)
    other = sm.OLS(y, sm.add_constant(X)).fit().get_influence()
    np.testing.assert_allclose(found.residuals, other.resid, atol=1e-10)
    np.testing.assert_allclose(found.leverage, other.hat_matrix_diag, rtol=1e-9)
    np.testing.assert_allclose(found.standardised, other.resid_studentized_internal, rtol=1e-8)
    np.testing.assert_allclose(found.cook, other.cooks_distance[0], rtol=1e-8)


def test_those_of_counts_are_pearsons():
    X, _ = table()
    y = np.random.default_rng(1).poisson(np.exp(0.5 + 0.3 * X[:, 0])).astype(float)
    rows = ds.Dataset.from_arrays(X, y)
    found = ds.ResidualDiagnostics.from_solution(ds.fit(rows, loss="poisson", tol=1e-12), rows)
    fit = sm.GLM(y, sm.add_constant(X), sm.families.Poisson()).fit(tol=1e-14)
    np.testing.assert_allclose(found.residuals, fit.resid_pearson, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(found.leverage, fit.get_hat_matrix_diag(), rtol=1e-6)


def test_estimators_and_predictions_have_residuals_without_leverages():
    X, y = table()
    model = LinearRegression().fit(X, y)
    one = ds.ResidualDiagnostics.from_estimator(model, X, y)
    other = ds.ResidualDiagnostics.from_predictions(y, model.predict(X))
    np.testing.assert_array_equal(one.residuals, other.residuals)
    assert one.leverage is None and one.cook is None
    assert len(one.plot().axes) == 3 + 1 + 3  # the importance and each of three columns
    assert len(other.plot().axes) == 3 and other.importance is None and other.components is None
    rows = ds.Dataset.from_arrays(X, y)
    robust = ds.ResidualDiagnostics.from_solution(ds.fit(rows, loss="huber"), rows)
    assert robust.leverage is None and len(robust.fitted) == len(y)


def test_a_diagnosis_is_drawn_as_scikit_learns_displays_are():
    from matplotlib.figure import Figure

    X, y = table()
    found = ds.ResidualDiagnostics.from_estimator(LinearRegression().fit(X, y), X, y)
    page = found.plot()
    assert found.figure_ is page and list(found.axes_) == page.axes
    assert found.importance.ax_ in page.axes and found.importance.figure_ is page
    own = Figure().subplots(1, 2)
    assert found.plot(ax=own) is own[0].figure and list(found.axes_) == list(own)
    assert [ax.get_title(loc="left") for ax in own] == [ax.get_title(loc="left") for ax in page.axes[:2]]
    one = Figure().add_subplot()
    assert ds.FeatureImportance.from_estimator(LinearRegression().fit(X, y), X, y).plot(ax=one) is one
    assert found.plot(one) is one.figure and list(found.axes_) == [one]


def test_a_smooth_follows_a_line_exactly_and_a_bend_closely():
    x = np.random.default_rng(0).uniform(-1, 1, 300)
    at, level = smooth(x, 2 * x + 1)
    np.testing.assert_allclose(level, 2 * at + 1, atol=1e-9)
    at, bend = smooth(x, x * x, share=0.2)
    assert np.abs(bend - at * at).max() < 0.03


def test_chances_are_judged_as_scikit_learn_judges_them():
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import average_precision_score

    X, y = table(300)
    event = y > 0
    model = LogisticRegression().fit(X, event)
    found = ds.ClassDiagnostics.from_estimator(model, X, event)
    chance = model.predict_proba(X)[:, 1]
    share, mean = calibration_curve(event, chance, n_bins=15, strategy="quantile")
    np.testing.assert_allclose(found.calibration(1), (mean, share), rtol=1e-12)
    assert found.precision_recall(1)[2] == average_precision_score(event, chance)
    rows, hits = found.gains(1)
    assert (rows[0], hits[0], rows[-1], hits[-1]) == (0, 0, 1, 1) and (np.diff(hits) >= 0).all()
    again = ds.ClassDiagnostics.from_predictions(event, chance)
    np.testing.assert_allclose(again.calibration(1), found.calibration(1))
    assert len(found.plot().axes) == 3 + 1 + 3 and len(again.plot().axes) == 3


def test_each_picture_takes_an_axes_and_returns_it():
    X, y = table()
    rows = ds.Dataset.from_arrays(X, y)
    found = ds.ResidualDiagnostics.from_solution(ds.fit(rows), rows)
    assert len(found.plot().axes) == 4 + 1 + 3
    for draw in (plots.importance, plots.component):
        part = found.importance if draw is plots.importance else found.components
        ax = draw(part)
        assert draw(part, ax=ax) is ax
    for draw in (plots.residual_trend, plots.normal_qq, plots.scale_location, plots.leverage):
        ax = draw(found)
        assert draw(found, ax) is ax
    chances = ds.ClassDiagnostics.from_predictions(y > 0, 1 / (1 + np.exp(-y)))
    for draw in (plots.calibration, plots.precision_recall, plots.gains):
        assert draw(chances).get_title(loc="left")


def test_permutation_importance_is_scikit_learns():
    from sklearn.inspection import permutation_importance

    X, y = table()
    rows = ds.Dataset.from_arrays(X, y)
    about = {"n_repeats": 5, "random_state": 0}
    expected = permutation_importance(LinearRegression().fit(X, y), X, y, **about).importances
    found = ds.FeatureImportance.from_solution(ds.fit(rows), rows)
    np.testing.assert_allclose(found.falls, expected, atol=1e-12)
    assert found.metric == "r2" and found.score == pytest.approx(ds.fit(rows).metrics["training"]["r2"])
    model = ds.LinearRegressor().fit(X, y)
    np.testing.assert_allclose(ds.FeatureImportance.from_estimator(model, X, y).falls, expected, atol=1e-12)
    event = y > 0
    rows = ds.Dataset.from_arrays(X, event)
    chances = ds.fit(rows, loss="log", penalty="l2", alpha=0.01)
    found = ds.FeatureImportance.from_solution(chances, rows)
    model = LogisticRegression(C=1 / (0.01 * len(y)), tol=1e-12).fit(X, event)
    expected = permutation_importance(model, X, event, scoring="neg_log_loss", **about).importances
    np.testing.assert_allclose(found.falls, expected, atol=1e-4)
    assert found.metric == "log_loss"
    hinge = ds.fit(rows, loss="smoothed_hinge", penalty="l2", alpha=0.01)
    assert ds.FeatureImportance.from_solution(hinge, rows).metric == "accuracy"


def test_the_indicators_of_a_text_column_are_shuffled_together():
    rows = ds.Dataset.read(EXAMPLES / "penguins.csv", "body_mass_g")
    found = ds.FeatureImportance.from_solution(ds.fit(rows), rows)
    assert found.names == tuple(column.name for column in rows.encoding.columns)
    assert found.to_json()["columns"][0]["column"] == "species"
    evidence = Evidence.of(ds.fit(rows), rows)
    index = np.repeat(np.arange(len(rows))[:, None], len(found.names), axis=1)
    order = np.random.default_rng(0).permutation(len(rows))
    index[:, found.names.index("species")] = order
    expected = np.asarray(rows.X).copy()
    species = [name.startswith("species=") for name in rows.features]
    expected[:, species] = expected[np.ix_(order, np.flatnonzero(species))]
    np.testing.assert_array_equal(_ShuffledTable(None, evidence).rows(index).X, expected)


def test_component_plus_residual_is_that_of_statsmodels():
    X, y = table()
    rows = ds.Dataset.from_arrays(X, y)
    found = ds.ComponentResiduals.from_solution(ds.fit(rows), rows)
    fit = sm.OLS(y, sm.add_constant(X)).fit()
    for j in range(3):
        component = fit.resid + fit.params[j + 1] * (X[:, j] - X[:, j].mean())
        np.testing.assert_allclose(found.component(j), component, atol=1e-9)
    other = ds.ComponentResiduals.from_estimator(LinearRegression().fit(X, y), X, y)
    np.testing.assert_allclose(other.component(2), found.component(2), atol=1e-9)


@pytest.mark.parametrize("loss", ["poisson", "log"])
def test_components_of_likelihoods_take_the_residuals_of_a_newton_step(loss):
    X, _ = table(400)
    z = 0.5 + 0.3 * X[:, 0]
    rng = np.random.default_rng(1)
    y = rng.poisson(np.exp(z)) if loss == "poisson" else (rng.random(400) < 1 / (1 + np.exp(-z))).astype(int)
    rows = ds.Dataset.from_arrays(X, y)
    found = ds.ComponentResiduals.from_solution(ds.fit(rows, loss=loss, tol=1e-12), rows)
    family = sm.families.Poisson() if loss == "poisson" else sm.families.Binomial()
    fit = sm.GLM(y, sm.add_constant(X), family).fit(tol=1e-14)
    np.testing.assert_allclose(found.residuals, fit.resid_working, rtol=1e-6, atol=1e-6)
    at, level = smooth(X[:, 0], found.component(0), weights=found.curvature)
    assert np.abs(level - found.weights[0] * (at - X[:, 0].mean())).max() < 0.8


def test_a_bend_shows_in_the_component_of_its_column_alone():
    X, y = table(400)
    rows = ds.Dataset.from_arrays(X, y + 1.5 * X[:, 1] ** 2)
    found = ds.ComponentResiduals.from_solution(ds.fit(rows), rows)
    apart = []
    for j in range(3):
        at, level = smooth(X[:, j], found.component(j))
        apart.append(np.abs(level - found.weights[j] * (at - X[:, j].mean())).max())
    assert apart[1] > 4 * max(apart[0], apart[2])


def test_estimators_take_frames_with_text_and_refuse_other_rows_in_one_line():
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    frame = pd.read_csv(EXAMPLES / "penguins.csv").dropna()
    X, y = frame[["species", "flipper_length_mm"]], frame["body_mass_g"]
    encode = make_column_transformer((OneHotEncoder(), ["species"]), remainder="passthrough")
    model = make_pipeline(encode, LinearRegression()).fit(X, y)
    found = ds.ResidualDiagnostics.from_estimator(model, X, y)
    assert found.importance.names == ("species", "flipper_length_mm") and found.components is None
    for refuse in (ds.FeatureImportance.from_estimator, ds.ResidualDiagnostics.from_estimator):
        assert refused_key(refuse, model, X[["species"]], y) == "instruments.diagnose_refused"
    refuse = ds.FeatureImportance.from_estimator
    assert refused_key(lambda: refuse(model, X, y, scoring="best")) == "instruments.diagnose_refused"
    assert (
        refused_key(refuse, 3, X, y) == refused_key(refuse, model, "x", y) == "instruments.diagnose_refused"
    )


@pytest.mark.parametrize("target, shown", [("body_mass_g", "cook"), ("species", "classes")])
def test_the_command_tells_and_draws(target, shown, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    penalty = "--penalty l2 --alpha 0.01" if target == "species" else ""
    line = f"fit {EXAMPLES / 'penguins.csv'} --target {target} {penalty} --out a.run"
    assert cli.main(shlex.split(line)) == 0
    capsys.readouterr()
    assert cli.main(shlex.split("inspect a.run --diagnose --plot a.png --json")) == 0
    assert json.loads(capsys.readouterr().out)[shown]
    assert (tmp_path / "a.png").stat().st_size > 20_000
    assert cli.main(shlex.split("inspect a.run --diagnose")) == 0
    assert capsys.readouterr().out.strip()


def test_what_has_no_such_diagnosis_is_refused():
    X, y = table()
    two = ds.Dataset.from_arrays(X, np.column_stack([y, y * y]))
    refuse = ds.ResidualDiagnostics.from_solution
    assert refused_key(refuse, ds.fit(two), two) == "instruments.diagnose_numbers"
    assert refused_key(ds.ResidualDiagnostics.from_predictions, y, y[:-1]) == "instruments.diagnose_lengths"
    assert refused_key(ds.ClassDiagnostics.from_predictions, y > 0, y[:-1]) == "instruments.diagnose_lengths"

"""Penalties on raw or on standardised columns: one setting, the same in every door."""

import itertools
import json

import numpy as np
import pytest
from scipy import sparse

import downslope as ds
from downslope.cli import main
from downslope.inference.settings import Settings
from downslope.lab.localized import plain
from downslope.lab.problems import Problem

pytestmark = pytest.mark.fault("D12")

RNG = np.random.default_rng(3)
X = RNG.standard_normal((60, 4)) * [1e-2, 1.0, 30.0, 1e3] + [0.0, 2.0, -5.0, 1e2]
Y = X @ [50.0, 1.0, -0.1, 2e-3] + RNG.standard_normal(60)
PENALTIES = ("l2", "l1", "elasticnet:0.3")


def standardised(intercept=True):
    center = X.mean(axis=0) if intercept else 0.0
    width = np.sqrt(((X - center) ** 2).mean(axis=0))
    return (X - center) / width, width


@pytest.mark.parametrize("penalty, intercept", [*itertools.product(PENALTIES, (True, False))])
def test_on_standardised_is_raw_on_columns_that_were_standardised_before(penalty, intercept):
    Z, width = standardised(intercept)
    settings = {"penalty": penalty, "alpha": 0.3, "intercept": intercept}
    ours = ds.fit(ds.Dataset.from_arrays(X, Y), penalty_on="standardised", **settings)
    theirs = ds.fit(ds.Dataset.from_arrays(Z, Y), **settings)
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-9)
    np.testing.assert_allclose(ours.coef * width, theirs.coef, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(Z), rtol=1e-6, atol=1e-6)


@pytest.mark.sample(2)
@pytest.mark.parametrize("method", ["gd", "nesterov", "lbfgs", "newton", "closed_form", "sgd"])
def test_every_method_minimises_the_same_with_dense_and_with_sparse_rows(method):
    best = ds.fit(ds.Dataset.from_arrays(X, Y), penalty="l2", alpha=0.3, penalty_on="standardised").loss
    settings = {"penalty": "l2", "alpha": 0.3, "penalty_on": "standardised", "epochs": 1000}
    for rows in (X, sparse.csr_matrix(X)):
        found = ds.fit(ds.Dataset.from_arrays(rows, Y), method=method, **settings).loss
        assert best * (1 - 1e-9) <= found <= best * (1.02 if method == "sgd" else 1 + 1e-6)


def test_every_door_takes_it_and_comes_to_the_same(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ["a", "b", "c", "d"]
    lines = [
        ",".join([*names, "y"]),
        *(",".join(map(repr, [*row, y])) for row, y in zip(X.tolist(), Y.tolist())),
    ]
    (tmp_path / "rows.csv").write_text("\n".join(lines))
    rows = ds.Dataset.from_arrays(X, Y)
    settings = {"penalty": "l1", "alpha": 0.3, "penalty_on": "standardised"}
    loss = ds.fit(rows, **settings).loss
    assert ds.LinearRegressor(**settings).fit(X, Y).solution_.loss == pytest.approx(loss, rel=1e-9)
    found = ds.path(rows, alphas=[0.3], penalty="l1", penalty_on="standardised", tol=1e-10)
    assert found.losses[0] == pytest.approx(loss, rel=1e-8)
    F = ds.objective(rows, "squared", "l1", 0.3, penalty_on="standardised")
    solution = ds.fit(rows, **settings)
    assert F.value(F.to_inner(solution.params)) == pytest.approx(loss, rel=1e-12)
    typed = ["rows.csv", "--target", "y", "--penalty", "l1", "--alpha", "0.3", "--penalty-on", "standardised"]
    assert main(["fit", *typed, "--json", "--out", "run"]) == 0
    assert json.loads(capsys.readouterr().out)["loss"] == pytest.approx(loss, rel=1e-9)
    assert ds.load("run").recipe.penalty_on == "standardised"
    assert main(["compare", *typed, "--methods", "nesterov,coordinate", "--json"]) == 0
    for told in json.loads(capsys.readouterr().out)["methods"].values():
        assert told["loss"] == pytest.approx(loss, rel=1e-6)
    assert main(["certify", *typed]) == 0
    assert main(["fit", *typed]) == 0
    assert "σ·w" in capsys.readouterr().out
    assert main(["export", "run", "--code", "numpy", "--out", "run.py"]) == 0
    module = {"__name__": "run"}
    exec((tmp_path / "run.py").read_text(), module)
    W, _ = module["train"](X, Y[:, None])
    np.testing.assert_allclose(W[:, 0], solution.coef, rtol=1e-4, atol=1e-6)

    problem = Problem({}, plain("rows"), Settings(), dataset=rows)
    told = Settings.of({**settings, "direction": "nesterov", "epochs": 2000})
    assert problem.training(told).solution.loss == pytest.approx(loss, rel=1e-6)


def test_the_minimised_line_says_which_weights_are_penalised(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("x,y\n1,2\n2,4\n3,7\n")
    assert (
        main(["fit", "rows.csv", "--target", "y", "--penalty", "l2", "--alpha", "0.1", "--lang", "en"]) == 0
    )
    assert "weights w in the units of your columns" in capsys.readouterr().out


def test_columns_that_are_not_standardised_are_refused(capsys):
    with pytest.raises(ds.DownslopeError, match="needs standardised columns"):
        ds.fit(ds.Dataset.from_arrays(X, Y), penalty="l2", alpha=1.0, penalty_on="standardised", scale=False)
    with pytest.raises(ds.DownslopeError, match="raw"):
        ds.fit(ds.Dataset.from_arrays(X, Y), penalty="l2", alpha=1.0, penalty_on="both")

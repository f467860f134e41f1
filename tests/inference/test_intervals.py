"""Intervals of predictions: formulas, how often they cover, and the digits of a loaded run."""

import csv
import io
import json

import numpy as np
import pytest

import downslope as ds
from downslope.cli import main
from downslope.errors import DownslopeError
from downslope.inference.metrics import metrics_of
from tests.builders import ROOT

RNG = np.random.default_rng(0)
N = 120
X = RNG.normal(size=(N, 3)) * [1, 10, 0.1] + [0, 5, 1]
Y = X @ [1, -0.3, 4] + RNG.normal(size=N)
NEW = RNG.normal(size=(50, 3)) * [1, 10, 0.1] + [0, 5, 1]
CLASSES = (RNG.uniform(size=N) < 1 / (1 + np.exp(-X[:, 0] * 2))).astype(int)
THREE = RNG.integers(0, 3, N)


def refused(key, call):
    with pytest.raises(DownslopeError) as told:
        call()
    assert told.value.key == f"inference.{key}" and "\n" not in str(told.value)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_normal_theory_is_statsmodels(level):
    sm = pytest.importorskip("statsmodels.api")
    solution = ds.fit(ds.Dataset.from_arrays(X, Y))
    right = sm.OLS(Y, np.column_stack([X, np.ones(N)])).fit()
    right = right.get_prediction(np.column_stack([NEW, np.ones(50)])).summary_frame(alpha=1 - level)
    new = solution.predict(NEW, interval=level)
    np.testing.assert_allclose(new, right[["mean", "obs_ci_lower", "obs_ci_upper"]], rtol=1e-8)
    mean = solution.predict(NEW, interval=level, interval_of="mean")
    np.testing.assert_allclose(mean, right[["mean", "mean_ci_lower", "mean_ci_upper"]], rtol=1e-8)


def test_split_conformal_is_a_rank_of_the_calibration_rows():
    rows = ds.Dataset.from_arrays(X, Y)
    solution = ds.fit(rows, loss="huber", calibrate_rows=0.25)
    train, held = rows.split(0.25, 1)
    alone = ds.fit(train, loss="huber")
    assert (alone.params == solution.params).all()
    scores = np.sort(abs(held.y - alone.predict(held.X)))
    q = scores[int(np.ceil(31 * 0.9)) - 1]
    found = solution.predict(NEW, interval=0.9)
    assert (
        found == np.column_stack([alone.predict(NEW), alone.predict(NEW) - q, alone.predict(NEW) + q])
    ).all()


def test_sets_of_classes_hold_those_that_conform():
    for target in (CLASSES, THREE):
        rows = ds.Dataset.from_arrays(X, target)
        solution = ds.fit(rows, loss="log", calibrate_rows=0.25)
        train, held = rows.split(0.25, 1)
        alone = ds.fit(train, loss="log")
        own = alone.probabilities(held.X)[np.arange(30), held.y.astype(int)]
        q = np.sort(1 - own)[int(np.ceil(31 * 0.8)) - 1]
        found = solution.predict(NEW, interval=0.8)
        assert found.dtype == bool and (found == (1 - alone.probabilities(NEW) <= q)).all()


def test_cv_plus_is_the_loop_over_folds():
    rows = ds.Dataset.from_arrays(X[:40], Y[:40])
    solution = ds.fit(rows, penalty="l2", alpha=0.1, calibrate_rows="cv+:4")
    fold = solution.calibration.fold
    below, above = [], []
    for i in range(40):
        part = rows.take(fold != fold[i])
        model = ds.fit(part, penalty="l2", alpha=0.1)
        score = abs(Y[i] - model.predict(X[i : i + 1]))
        below.append(model.predict(NEW) - score)
        above.append(model.predict(NEW) + score)
    rank = int(np.ceil(41 * 0.9))
    found = solution.predict(NEW, interval=0.9)
    np.testing.assert_allclose(found[:, 1], np.sort(below, axis=0)[40 - rank], rtol=1e-9)
    np.testing.assert_allclose(found[:, 2], np.sort(above, axis=0)[rank - 1], rtol=1e-9)
    assert (found[:, 0] == solution.predict(NEW)).all()
    sets = ds.fit(ds.Dataset.from_arrays(X, THREE), loss="log", calibrate_rows="cv+:3").predict(
        NEW, interval=0.9
    )
    assert sets.shape == (50, 3) and sets.any(axis=1).mean() > 0.8


SETTINGS = {
    "normal": {},
    "split": {"loss": "absolute", "calibrate_rows": 0.3},
    "cv+": {"penalty": "l2", "alpha": 0.1, "calibrate_rows": "cv+:5"},
    "net": {"net": ds.Net(hidden=(4,)), "epochs": 5, "calibrate_rows": 0.3},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_loaded_run_gives_the_same_digits_without_the_rows(tmp_path, name):
    solution = ds.fit(ds.Dataset.from_arrays(X, Y), **SETTINGS[name])
    solution.save(tmp_path / "run")
    loaded = ds.load(tmp_path / "run")
    assert (loaded.predict(NEW, interval=0.9) == solution.predict(NEW, interval=0.9)).all()
    loaded.save(tmp_path / "again")
    again = ds.load(tmp_path / "again")
    assert (again.predict(NEW, interval=0.9) == solution.predict(NEW, interval=0.9)).all()


def test_several_outputs_have_an_interval_each():
    both = np.column_stack([Y, 2 * Y + RNG.normal(size=N)])
    for settings in ({}, {"calibrate_rows": 0.3}, {"calibrate_rows": "cv+:3"}):
        found = ds.fit(ds.Dataset.from_arrays(X, both), **settings).predict(NEW, interval=0.9)
        assert found.shape == (50, 2, 3) and (np.diff(found[:, :, [1, 0, 2]], axis=2) > 0).all()
    one = ds.fit(ds.Dataset.from_arrays(X, Y)).predict(NEW, interval=0.9)
    np.testing.assert_allclose(ds.fit(ds.Dataset.from_arrays(X, both)).predict(NEW, interval=0.9)[:, 0], one)


def test_what_has_no_interval_is_refused(tmp_path):
    rows = ds.Dataset.from_arrays(X, Y)
    weighted = ds.Dataset.from_arrays(X, Y, weights=1 + CLASSES)
    classes = ds.Dataset.from_arrays(X, CLASSES)
    refused("interval_rows", lambda: ds.fit(rows, loss="huber").predict(NEW, interval=0.9))
    refused("interval_rows", lambda: ds.fit(rows, penalty="l2", alpha=0.1).predict(NEW, interval=0.9))
    refused("interval_rows", lambda: ds.fit(weighted).predict(NEW, interval=0.9))
    refused("interval_rows", lambda: ds.fit(classes, loss="log").predict(NEW, interval=0.9))
    calibrated = ds.fit(rows, loss="huber", calibrate_rows=0.1)
    refused("interval_few", lambda: calibrated.predict(NEW, interval=0.95))
    refused("interval_mean", lambda: calibrated.predict(NEW, interval=0.5, interval_of="mean"))
    refused("calibrate_rows", lambda: ds.fit(rows, calibrate_rows="some"))
    refused("calibrate_rows", lambda: ds.fit(rows, calibrate_rows="cv+:1"))
    refused("calibration_weights", lambda: ds.fit(weighted, calibrate_rows=0.2))
    for level in (0, 1, 90, "0.9"):
        with pytest.raises(DownslopeError):
            calibrated.predict(NEW, interval=level)


def test_the_command_line_adds_columns_and_errors_read_the_same_rows(tmp_path, capsys):
    path, run = tmp_path / "rows.csv", str(tmp_path / "a.run")
    lines = [
        "a,b,c,y,g",
        *(",".join(map(repr, [*map(float, x), float(y), f"k{g}"])) for x, y, g in zip(X, Y, THREE)),
    ]
    path.write_text("\n".join(lines).replace("'", ""))
    asked = ["fit", str(path), "--target", "y", "--features", "a,b,c", "--validate", "0.2"]
    assert main([*asked, "--calibrate-rows", "0.3", "--out", run]) == 0
    capsys.readouterr()
    solution = ds.load(run)
    assert solution.calibration.scores.shape == (29, 1) and len(solution.training_rows()) == 67
    assert main(["inspect", run, "--errors"]) == 0
    capsys.readouterr()
    assert main(["predict", run, str(path), "--interval", "0.9"]) == 0
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    right = solution.predict(X, interval=0.9)
    found = np.array([[float(row[name]) for name in ("prediction", "lower", "upper")] for row in table])
    np.testing.assert_allclose(found, right, rtol=1e-12)
    assert main(["predict", run, str(path), "--interval", "0.9", "--json"]) == 0
    assert {"lower", "upper"} <= set(json.loads(capsys.readouterr().out)["predictions"])
    for words in (["--interval-of", "mean"], ["--interval", "2"], ["--interval", "0.999"]):
        assert main(["predict", run, str(path), *words]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    labels = str(tmp_path / "b.run")
    asked = ["fit", str(path), "--target", "g", "--features", "a,b,c", "--loss", "log", "--out", labels]
    assert main([*asked, "--calibrate-rows", "cv+:3"]) == 0
    capsys.readouterr()
    assert main(["predict", labels, str(path), "--interval", "0.8"]) == 0
    assert "in set: k0,in set: k1,in set: k2" in capsys.readouterr().out.splitlines()[0]


NOISE = {
    "normal": lambda rng, n: rng.normal(size=n),
    "uniform": lambda rng, n: rng.uniform(-1, 1, n),
    "laplace": lambda rng, n: rng.laplace(size=n),
    "t3": lambda rng, n: rng.standard_t(3, n),
    "cauchy": lambda rng, n: rng.standard_cauchy(n),
    "exponential": lambda rng, n: rng.exponential(size=n),
    "lognormal": lambda rng, n: rng.lognormal(size=n),
    "gamma": lambda rng, n: rng.gamma(0.5, size=n),
    "pareto": lambda rng, n: rng.pareto(2.0, n),
    "weibull": lambda rng, n: rng.weibull(0.7, n),
    "logistic": lambda rng, n: rng.logistic(size=n),
    "gumbel": lambda rng, n: rng.gumbel(size=n),
    "beta": lambda rng, n: rng.beta(0.5, 0.5, n),
    "triangular": lambda rng, n: rng.triangular(-1, 0, 3, n),
    "two humps": lambda rng, n: rng.normal(size=n) + 6 * rng.integers(0, 2, n),
    "outliers": lambda rng, n: rng.normal(size=n) * np.where(rng.uniform(size=n) < 0.1, 20, 1),
    "rayleigh": lambda rng, n: rng.rayleigh(size=n),
    "wald": lambda rng, n: rng.wald(1, 1, n),
    "vonmises": lambda rng, n: rng.vonmises(0, 2, n),
    "chisquare": lambda rng, n: rng.chisquare(1, n),
}


def coverage(noise, settings, draws, rows=60, new=200, skewed=True):
    """The mean coverage at 90% over fresh tables, and its Monte Carlo error."""
    found = []
    for seed in range(draws):
        rng = np.random.default_rng([seed, 7])
        A = rng.normal(size=(rows + new, 2))
        size = 1 + abs(A[:, 0]) if skewed else 1.0
        y = A @ [1.0, -2.0] + size * NOISE[noise](rng, rows + new)
        solution = ds.fit(ds.Dataset.from_arrays(A[:rows], y[:rows]), seed=seed, **settings)
        _, low, high = solution.predict(A[rows:], interval=0.9).T
        found.append(((low <= y[rows:]) & (y[rows:] <= high)).mean())
    return np.mean(found), np.std(found, ddof=1) / np.sqrt(draws)


@pytest.mark.slow
@pytest.mark.parametrize("noise", NOISE)
def test_split_conformal_covers_as_it_promises(noise):
    mean, error = coverage(noise, {"calibrate_rows": 0.5}, 200)
    assert 0.9 - 3 * error <= mean <= 0.9 + 1 / 31 + 3 * error


@pytest.mark.slow
@pytest.mark.parametrize("noise", NOISE)
def test_cv_plus_covers_as_it_promises(noise):
    mean, error = coverage(noise, {"calibrate_rows": "cv+:5"}, 200)
    assert mean >= 0.9 - 3 * error


@pytest.mark.slow
def test_normal_theory_covers_on_normal_data():
    mean, error = coverage("normal", {}, 1000, rows=20, skewed=False)
    assert abs(mean - 0.9) <= 3 * error


def test_test_rows_choose_nothing_and_only_measure(tmp_path, capsys):
    path = str(ROOT / "examples" / "penguins.csv")
    whole = ds.Dataset.read(path, target="body_mass_g")
    kept, held = whole.split(0.25, 2)
    found = ds.fit(whole, alpha="cv", test=0.25)
    same = ds.fit(kept, alpha="cv")
    np.testing.assert_array_equal(found.params, same.params)
    assert found.metrics["test"]["r2"] == pytest.approx(metrics_of(same, held)["r2"], rel=1e-12)
    assert [*found.metrics] == ["training", "test"] and found.recipe.alpha == same.recipe.alpha
    found.save(tmp_path / "run")
    loaded = ds.load(tmp_path / "run")
    assert loaded.test == (0.25, 2) and loaded.metrics["test"] == found.metrics["test"]
    assert len(loaded.training_rows()) == len(kept)
    both = ds.fit(whole, test=0.25, calibrate_rows=0.2)
    assert len(both.training_rows()) == len(kept) - len(both.calibration.scores)
    assert main(["fit", path, "--target", "body_mass_g", "--test", "0.25", "--validate", "0.2"]) == 0
    assert "test rows" in capsys.readouterr().out
    with pytest.raises(ds.DownslopeError, match="test rows"):
        ds.fit(whole, method="gd", test=0.2, checkpoint=ds.Checkpoint(tmp_path / "kept"))
    with pytest.raises(ds.DownslopeError, match="fraction"):
        ds.fit(whole, test=1.5)


def test_a_remedy_keeps_the_rows_that_were_set_apart():
    random = np.random.default_rng(0)
    X = random.standard_normal((80, 2))
    rows = ds.Dataset.from_arrays(X, X @ [1.0, -2.0] + random.standard_normal(80))
    sick = ds.fit(rows, method="gd", learning_rate=5.0, epochs=50, test=0.25, calibrate_rows=0.2)
    healed = sick.verdict.apply()
    assert sick.verdict.failed and len(healed.calibration.scores) == 12 and "r2" in healed.metrics["test"]

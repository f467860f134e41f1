"""Models on the same folds: the plain loop, alpha inside each fold, and intervals by their formula."""

import json
import shlex

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LinearRegression, Ridge

import downslope as ds
from downslope import cli
from downslope.messages import LANGUAGES, speaking
from downslope.selection import FoldSpec
from tests.builders import EXAMPLES, refused_key


def table(n=90, d=4, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return ds.Dataset.from_arrays(X, X @ np.arange(1.0, d + 1) + rng.standard_t(3, size=n))


def test_scores_are_those_of_a_plain_loop_over_the_same_folds():
    rows = table()
    found = ds.compare(rows, "squared; squared+l2:0.3", folds=4, repeats=2, seed=3)
    expected = []
    for k in range(2):
        for train, held in FoldSpec.of(4).cut(rows, 3 + k).pairs:
            for model in (LinearRegression(), Ridge(0.3 * len(train) / 2, tol=1e-12)):
                z = model.fit(rows.X[train], rows.y[train]).predict(rows.X[held])
                expected.append(np.sqrt(np.mean((z - rows.y[held]) ** 2)))
    np.testing.assert_allclose(found.scores, np.reshape(expected, (-1, 2)).T, rtol=1e-9)
    assert found.metric == "rmse" and np.isnan(found.alphas[0]).all() and (found.alphas[1] == 0.3).all()


def test_alpha_is_chosen_inside_each_training_part():
    rows = table(60)
    found = ds.compare(rows, ["squared", "squared+l1"], folds=3, repeats=1)
    alphas = [
        ds.fit(rows.take(train), penalty="l1", alpha="cv").recipe.alpha
        for train, _ in FoldSpec.of(3).cut(rows, 0).pairs
    ]
    np.testing.assert_array_equal(found.alphas[1], alphas)


def test_the_interval_is_that_of_nadeau_and_bengio():
    found = ds.compare(table(100), "squared; absolute; huber", folds=5, repeats=3)
    J = 15
    for one in found.differences:
        i, j = (found.models.index(name) for name in (one.first, one.second))
        each = found.scores[i] - found.scores[j]
        error = np.sqrt(np.var(each, ddof=1) * (1 / J + 20 / 80))
        t = stats.t(J - 1)
        assert one.mean == pytest.approx(each.mean()) and one.error == pytest.approx(error)
        assert (one.low, one.high) == pytest.approx(each.mean() + error * t.ppf([0.025, 0.975]))
        assert one.p == pytest.approx(2 * t.sf(abs(each.mean()) / error))
        assert one.adjusted_p >= one.p
    best = found.best
    assert found.to_best(best) is None and found.means[best] == found.means.min()
    assert all(found.to_best(k).mean >= 0 for k in range(3) if k != best)


def test_missing_cells_are_filled_by_the_rows_of_each_training_part():
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal(80), rng.standard_normal(80)
    x[rng.permutation(80)[:20]] = np.nan
    cells = [None if np.isnan(value) else value for value in x]
    rows = ds.Dataset.read({"x": cells, "z": rng.standard_normal(80).tolist(), "y": y.tolist()}, target="y")
    found = ds.compare(rows, "squared; huber", folds=4, repeats=1)
    for score, (train, held) in zip(found.scores[0], FoldSpec.of(4).cut(rows, 0).pairs):
        filled = np.where(np.isnan(x), np.nanmean(x[train]), x)
        X = np.column_stack([filled, rows.X[:, 1]])
        z = LinearRegression().fit(X[train], y[train]).predict(X[held])
        assert score == pytest.approx(np.sqrt(np.mean((z - y[held]) ** 2)), rel=1e-9)


@pytest.mark.parametrize(
    "models, settings, key",
    [
        ("squared", {}, "selection.compare_models"),
        ("squared; squared", {}, "selection.compare_models"),
        (["squared", 3], {}, "selection.compare_models"),
        ("squared; huber", {"folds": "loo"}, "selection.compare_single"),
        ("squared; huber", {"metric": "loss"}, "selection.compare_metric"),
        ("squared; huber", {"folds": 1000}, "selection.few_rows"),
        ("squared; cubed", {}, "registry.unknown"),
        ("squared; huber", {"metric": "accuracy"}, "selection.metric_of_loss"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(models, settings, key):
    found = refused_key(ds.compare, table(40), models, repeats=1, **settings)
    assert found == key or key == "registry.unknown"


def test_classes_are_compared_by_log_loss_and_groups_stay_together(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line = f"compare {EXAMPLES / 'penguins.csv'} --target sex --models 'log+l2:0.01; log+l2:1' --repeats 1"
    assert cli.main(shlex.split(f"{line} --folds group:island,3 --json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["metric"] == "log_loss" and found["folds"] == "group:island,3"
    assert [one["model"] for one in found["models"]] == ["log+l2:0.01", "log+l2:1"]
    assert len(found["models"][0]["scores"]) == 3 and found["best"] == "log+l2:0.01"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_command_prints_a_table_and_draws_a_picture(language, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line = f"compare {EXAMPLES / 'rows.csv'} --target y --models 'squared; absolute'"
    small = tmp_path / "small.csv"
    rng = np.random.default_rng(0)
    small.write_text("x,y\n" + "\n".join(f"{a:.4f},{2 * a + b:.4f}" for a, b in rng.standard_normal((40, 2))))
    line = line.replace(str(EXAMPLES / "rows.csv"), "small.csv")
    assert cli.main(shlex.split(f"{line} --repeats 2 --plot a.png --lang {language}")) == 0
    out = capsys.readouterr().out
    assert "rmse" in out and "squared" in out and (tmp_path / "a.png").stat().st_size > 5_000
    found = ds.compare(table(40), "squared; absolute", repeats=1)
    with speaking(language):
        assert "<table>" in found._repr_html_() and found.conclusion in str(found)


@pytest.mark.parametrize("options", ["", "--models squared --loss log", "--methods gd,adam --repeats 3"])
def test_models_and_methods_do_not_mix(options, capsys):
    assert cli.main(shlex.split(f"compare {EXAMPLES / 'rows.csv'} --target y {options}")) == 2
    assert capsys.readouterr().err.count("\n") == 1

"""Every verdict can be read, and no judgement costs a fit."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import downslope as ds
from downslope.cli import main
from downslope.inference import Recipe, Training
from downslope.insight import Remedy, Verdict, prediction
from downslope.insight.verdicts import functions, nets, rows
from downslope.insight.verdicts.case import Case
from downslope.messages import speaking
from downslope.model.objective import Objective
from tests.builders import CASES
from tests.faults import grid

# ── A1: every verdict of every method × loss × penalty × rate × scaling × door ─────────────────────────────


@pytest.mark.sample(2)
@pytest.mark.fault("A1", "A2")
@pytest.mark.parametrize("part", range(5))
def test_every_verdict_of_the_grid_can_be_read_in_both_languages(part):
    failures = {}
    for seed in range(100_000 + 60 * part, 100_000 + 60 * (part + 1)):
        try:
            grid.tried(grid.drawn(seed))
        except Exception as error:
            failures[seed] = error
    assert failures == {}


@pytest.mark.slow
@pytest.mark.fault("A1", "A2")
@pytest.mark.parametrize("part", range(8))
def test_every_verdict_of_more_of_the_grid(part):
    failures = {}
    for seed in range(200_000 + 250 * part, 200_000 + 250 * (part + 1)):
        try:
            grid.tried(grid.drawn(seed))
        except Exception as error:
            failures[seed] = error
    assert failures == {}


@pytest.mark.fault("A1")
def test_diverged_runs_of_methods_without_a_bound_on_their_rate_are_readable():
    done = subprocess.run([sys.executable, "-W", "ignore", CASES / "01_keyerror_best.py"],
                          capture_output=True, text=True)  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.fault("A1")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_number_that_a_verdict_lacks_costs_no_sentence(language):
    old = Verdict("diverged", {"epochs": 3, "loss": None}, (Remedy("best_rate", {"learning_rate": 0.1}),))
    with speaking(language):
        assert "–" in old.text and "–" in str(old) and old.to_json()["remedies"][0]["text"]


# ── A2: whatever a judgement raises, the solution stands ───────────────────────────────────────────────────


class Broken(Exception):
    """What no library raises."""


def broken(*_, **__):
    raise Broken("on purpose")


def fitted(kind: str):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = X @ [1.0, 2.0, 3.0] + rng.normal(size=60)
    table = ds.Dataset.from_arrays(X, y)
    if kind == "rows":
        return Training.on_rows(table, Recipe(method="sgd", learning_rate=0.01, epochs=30)).solution
    if kind == "net":
        return ds.fit(table, net=ds.Net((3,)), method="gd", learning_rate=0.01, epochs=30)
    return ds.minimize("x^2 + y^2", {"x": 3, "y": 4}, epochs=30)


@pytest.mark.fault("A2")
@pytest.mark.parametrize("kind, room", [("rows", rows), ("net", nets), ("function", functions)])
def test_each_finding_may_raise(kind, room, monkeypatch):
    usual = fitted(kind)
    for place, finding in enumerate(room.FINDINGS):
        named = lambda case: broken()
        named.__name__ = finding.__name__
        changed = (*room.FINDINGS[:place], named, *room.FINDINGS[place + 1 :])
        monkeypatch.setattr(room, "FINDINGS", changed)
        found = fitted(kind)
        monkeypatch.undo()
        assert found.params.tolist() == usual.params.tolist() and found.loss == usual.loss
        assert found.verdict.code == usual.verdict.code or finding.__name__ in dict(found.verdict.unjudged)
        if finding.__name__ in dict(found.verdict.unjudged):
            assert f"{finding.__name__} (Broken: on purpose)" in found.verdict.text
    monkeypatch.setattr(room, "FINDINGS", tuple(broken for _ in room.FINDINGS) or ())
    broken.__name__ = "broken"
    found = fitted(kind)
    assert found.params.tolist() == usual.params.tolist() and "Broken" in str(found.verdict)


@pytest.mark.fault("A2")
@pytest.mark.parametrize("kind", ["rows", "net", "function"])
@pytest.mark.parametrize("judgement", ["gap", "free_gap", "certificate", "lipschitz", "verdict"])
def test_gap_certificate_curvature_and_the_verdict_itself_may_raise(kind, judgement, monkeypatch):
    usual = fitted(kind)
    if judgement == "verdict":
        monkeypatch.setattr("downslope.inference.training.explain", broken)
    elif judgement == "lipschitz":
        if kind == "net":
            pytest.skip("a net has none")
        monkeypatch.setattr(Case, "L", property(broken))
    else:
        monkeypatch.setattr(Objective, judgement, broken)
    found = fitted(kind)
    assert found.params.tolist() == usual.params.tolist()
    assert judgement != "gap" or "gap (Broken: on purpose)" in found.verdict.text
    json.dumps(found.to_json())


@pytest.mark.fault("A2")
def test_metrics_and_what_is_foretold_may_raise(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("downslope.inference.metrics.regression_metrics", broken)
    monkeypatch.setattr(prediction, "predict_run", broken)
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("x,y\n1,2\n2,4\n3,6.5\n")
    assert main(["fit", "rows.csv", "--target", "y", "--validate", "0.4"]) == 0
    out, err = capsys.readouterr()
    assert "metrics" in out and "Broken: on purpose" in out and "certificate (Broken: on purpose)" in err
    assert main(["fit", "rows.csv", "--target", "y", "--json", "--log", "log.jsonl"]) == 0
    assert "unjudged" in json.loads(capsys.readouterr().out)["metrics"]["training"]


@pytest.mark.sample(3)
@pytest.mark.fault("A2")
@pytest.mark.parametrize("dependent", ["levels", "total"])
@pytest.mark.parametrize("loss", ["squared", "log", "poisson", "huber"])
def test_drawn_rows_with_a_square_penalty_and_dependent_columns_keep_their_weights(dependent, loss):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(90, 3))
    X = np.eye(3)[np.arange(90) % 3] if dependent == "levels" else np.column_stack([X, X.sum(axis=1)])
    z = X[:, 0] + rng.normal(size=90)
    y = (z > 0).astype(int) if loss == "log" else rng.poisson(np.exp(z)) if loss == "poisson" else z
    for method in ("sgd", "minibatch:8"):
        for alpha in (1e-6, 1e-2):
            rows = ds.Dataset.from_arrays(X, y)
            rate = 0.01 if loss == "poisson" else "auto"
            settings = {"penalty": "l2", "alpha": alpha, "method": method, "epochs": 60}
            found = ds.fit(rows, loss=loss, learning_rate=rate, **settings)
            grid.readable(found.verdict)

"""A verdict is the same whatever the units, the order of columns, and how often a row is written."""

import numpy as np
import pytest

import downslope as ds
from downslope.errors import DownslopeError

pytestmark = pytest.mark.filterwarnings("ignore::downslope.errors.DownslopeWarning", "ignore:overflow")

RUNS = [
    {"method": "gd", "learning_rate": 0.2, "epochs": 300},
    {"method": "gd", "learning_rate": 0.2, "epochs": 5},
    {"method": "gd", "learning_rate": 1e-3, "epochs": 300},
    {"method": "gd", "learning_rate": 3.0, "epochs": 60},
    {"method": "gd", "learning_rate": 0.9, "epochs": 12},
    {"method": "momentum", "learning_rate": 0.2, "epochs": 300},
    {"method": "nesterov", "epochs": 300},
    {"method": "nesterov", "epochs": 6},
    {"method": "newton"},
    {"method": "lbfgs"},
    {"method": "lbfgs", "epochs": 2},
    {"method": "auto"},
    {"method": "auto", "penalty": "l2", "alpha": 0.1},
    {"method": "auto", "penalty": "l1", "alpha": 0.1},
    {"method": "gd", "penalty": "l2", "alpha": 0.1, "learning_rate": 0.2, "epochs": 100},
    {"method": "sgd", "learning_rate": 0.02, "order": "cyclic", "epochs": 40},
    {"method": "minibatch:20", "order": "cyclic", "learning_rate": 0.1, "epochs": 40},
]
FACTORS = [1e-9, 1e-4, 1e5, 1e9]


def table(kind: str, loss: str):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3)) + (5.0 if kind == "level" else 0.0)
    if kind == "collinear":
        X[:, 2] = X[:, 0] - X[:, 1]
    z = X @ [1.0, -2.0, 0.5]
    z = z - z.mean() + (0 if kind == "exact" else 1) * rng.logistic(size=120)
    return X, (z > 0).astype(float) if loss == "log" else z


def verdict(X, y, run, loss, weights=None) -> str:
    with np.errstate(all="ignore"):
        try:
            return ds.fit(ds.Dataset.from_arrays(X, y, weights), loss=loss, **run).verdict.code
        except DownslopeError as error:
            return str(error)[:30]


@pytest.mark.fault("E7")
@pytest.mark.parametrize("loss", ["squared", "log"])
def test_units_order_and_repetition_leave_a_verdict_as_it_is(loss):
    unchanged("level", loss, RUNS[1::5], [1e-9, 1e9])


@pytest.mark.slow
@pytest.mark.fault("E7")
@pytest.mark.parametrize("loss", ["squared", "log"])
@pytest.mark.parametrize("kind", ["plain", "level", "collinear", "exact"])
def test_units_order_and_repetition_leave_every_verdict_as_it_is(kind, loss):
    unchanged(kind, loss, RUNS, FACTORS)


def unchanged(kind, loss, runs, factors) -> None:
    X, y = table(kind, loss)
    for run in runs:
        usual = verdict(X, y, run, loss)
        moved = {}
        drawn = run["method"].startswith(("sgd", "minibatch"))
        if not drawn:
            moved["repeated"] = verdict(np.repeat(X, 3, axis=0), np.repeat(y, 3), run, loss)
        moved["permuted"] = verdict(X[:, [2, 0, 1]], y, run, loss)
        for factor in factors:
            moved[f"weights × {factor}"] = verdict(X, y, run, loss, np.full(len(y), factor))
            alpha = (
                {"alpha": run["alpha"] * (factor if run["penalty"] == "l1" else factor**2)}
                if "penalty" in run
                else {}
            )
            moved[f"X × {factor}"] = verdict(X * factor, y, {**run, **alpha}, loss)
            if loss == "squared":
                alpha = {"alpha": run["alpha"] * factor} if run.get("penalty") == "l1" else {}
                moved[f"y × {factor}"] = verdict(X, y * factor, {**run, **alpha}, loss)
        assert {name: code for name, code in moved.items() if code != usual} == {}, (run, usual)


@pytest.mark.fault("E7")
@pytest.mark.parametrize("factor", FACTORS)
def test_unscaled_columns_in_other_units_get_the_same_verdict(factor):
    X, y = table("plain", "squared")
    for run in RUNS[:8]:
        rate = {"learning_rate": run["learning_rate"] / factor**2} if "learning_rate" in run else {}
        plain = {**run, "scale": False, "intercept": False}
        assert verdict(X * factor, y, {**plain, **rate}, "squared") == verdict(X, y, plain, "squared"), run

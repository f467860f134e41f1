# ruff: noqa: E501
"""Every public door with a call that works, and hostile values for each of its parameters.

`refused_as_it_should(error)`: whether an exception is one that may leave a door. What a person's own function,
module or callback raises is none of a door's; these calls hand none over that raises.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import random
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

import downslope as ds

NOTHING = object()
HOSTILE: list[Any] = [
    None, True, False, 0, -1, 1, 3, 2**70, 10**400, -0.5, 0.5, 1.5, 1e-320, 1e308, -1e308, 1e200,
    float("nan"), float("inf"), -float("inf"), 1j,
    "", " ", "x", "auto", "none", "l1", "l2", "log", "huber", "huber:", "huber:nan", "huber:a", "sgd:x", "adam:2",
    "elasticnet:7", "momentum:", "minibatch:0", "lbfgs:0", "lbfgs:1e9", "cosine:", "step:1:1:1:1", ":", "::", "\x00",
    "数", "x" * 5000, "x,y", "SELECT 1", "/", "~", "../..", "*.nothing", b"x", b"",
    [], (), {}, set(), [[]], [None], [1], [1.0, 2.0], [1, "a"], ["a"], ["x", "x"], [float("nan")], [[1.0]], [[[1.0]]],
    {"x": 1}, {"x": "a"}, {"x": None}, {1: 2}, {"w": [1.0]}, {"x": float("nan")}, {"x": [0.0, 1.0]}, {"nobody": 0.0},
    range(3), range(0), iter([1]), (1, 2), (0.1, 0.2), (-1, 1), ((1, 2), (3, 4)), ([1],),
    np.array(3), np.array(3.0), np.array([]), np.array([np.nan]), np.array([1, 2, 3, 4]), np.array([[1.0, 2.0]]),
    np.array(["a", "b"]), np.array([None, 1]), np.array([1e200]), np.zeros((0, 2)), np.zeros((2, 0)),
    np.float32(0.5), np.int64(2), np.bool_(True), np.datetime64("2020-01-01"), np.ma.array([1.0], mask=[True]),
    object(), int, len, ValueError("x"), NotImplemented, ..., slice(3), Path("nowhere"), Path("."),
    decimal.Decimal("0.1"), fractions.Fraction(1, 3), datetime.datetime(2020, 1, 1), datetime.timedelta(1),
]  # fmt: skip


@cache
def made() -> dict[str, Any]:
    """What the calls that work stand on."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((24, 3))
    y = X @ [1.0, -2.0, 0.5] + 0.1 * rng.standard_normal(24)
    rows = ds.Dataset.from_arrays(X, y)
    folder = Path(tempfile.mkdtemp())
    (folder / "rows.csv").write_text(
        "a,b,c,y\n" + "\n".join(",".join(f"{v:.4f}" for v in [*r, t]) for r, t in zip(X, y))
    )
    table = ds.Dataset.read(folder / "rows.csv", target="y")
    solution = ds.fit(table, method="gd", learning_rate=0.1, epochs=20)
    solution.save(folder / "run")
    checkpoint = folder / "checkpoint"
    ds.fit(rows, method="adam", epochs=5, checkpoint=ds.Checkpoint(checkpoint, seconds=0))
    F = ds.objective(rows)
    classes = np.array(["n", "y"])[(y > 0).astype(int)]
    from matplotlib.figure import Figure

    return {
        "figure": Figure(), "X": X, "y": y, "rows": rows, "folder": folder, "csv": str(folder / "rows.csv"), "table": table,
        "solution": solution, "run": folder / "run", "checkpoint": checkpoint, "F": F, "classes": classes,
        "regressor": ds.LinearRegressor().fit(X, y), "classifier": ds.LinearClassifier(penalty="l2", alpha=0.1).fit(X, classes),
    }  # fmt: skip


def fit_estimator(make: Callable) -> Callable:
    def call(X, y, sample_weight=None, **params):
        return make(**params).fit(X, y, sample_weight).predict(made()["X"])

    return call


def drawn(plot: Callable) -> Callable:
    """A plot on axes of its own, which are closed again."""

    def call(**given):
        from matplotlib.figure import Figure

        return plot(**given, ax=Figure().subplots())

    return call


def consumed(steps) -> list:
    return list(steps)


FITTED = {
    "loss": "squared", "penalty": None, "alpha": 0.0, "method": "gd", "learning_rate": 0.1, "epochs": 3, "tol": 1e-8,
    "batch_size": None, "order": None, "intercept": True, "scale": True, "start": None, "seed": 0, "seconds": None,
    "patience": None, "net": None, "penalty_on": "raw", "validation": None, "checkpoint": None, "log": None,
    "recipe": NOTHING,
}  # fmt: skip
LINEAR = {
    "loss": NOTHING, "penalty": None, "alpha": 0.0, "method": "gd", "learning_rate": "auto", "epochs": 3, "tol": 1e-8,
    "fit_intercept": True, "scale": True, "warm_start": False, "random_state": 0, "penalty_on": "raw",
    "sample_weight": None,
}  # fmt: skip
NETS = {
    "hidden": (3,), "activation": "tanh", "loss": NOTHING, "dropout": 0.0, "penalty": None, "alpha": 0.0,
    "method": "auto", "learning_rate": "auto", "epochs": 2, "tol": 1e-6, "batch_size": None, "scale": True,
    "dtype": "float64", "device": "cpu", "validation": 0.0, "patience": None, "warm_start": False, "random_state": 0,
    "sample_weight": None, "penalty_on": "raw",
}  # fmt: skip


def doors(nets: bool = False) -> dict[str, tuple[Callable, dict[str, Any]]]:
    """Name → what is called, and a call that works."""
    m = made()
    X, y, rows, F = m["X"], m["y"], m["rows"], m["F"]
    found: dict[str, tuple[Callable, dict[str, Any]]] = {
        "Dataset.from_arrays": (ds.Dataset.from_arrays, {"X": X, "y": y, "weights": None, "features": None}),
        "Dataset.read": (ds.Dataset.read, {"source": m["csv"], "target": "y", "features": None, "weights": None}),
        "Dataset.split": (rows.split, {"fraction": 0.2, "seed": 0}),
        "Dataset.take": (rows.take, {"rows": [0, 1]}),
        "Dataset.labelled": (rows.take([0, 1]).labelled, {"classes": ()}),
        "fit": (ds.fit, {"model_or_dataset": rows, **FITTED}),
        "Recipe": (ds.Recipe, {k: v for k, v in FITTED.items() if k in ds.Recipe.__dataclass_fields__}),
        "minimize": (
            ds.minimize,
            {"f": NOTHING, "start": 3.0, "method": "gd", "learning_rate": 0.1, "epochs": 3, "derivative": None,
             "seed": None, "checkpoint": None, "log": None, "tol": 0.0, "seconds": None},
        ),
        "minimize_from": (
            ds.minimize_from,
            {"f": NOTHING, "starts": 3, "box": (-3, 3), "method": "gd", "learning_rate": 0.01, "epochs": 3, "seed": 0},
        ),
        "descend": (
            lambda **given: consumed(ds.descend(**given)),
            {"objective": F, "start": np.zeros(4), "method": ds.GD(), "stop": ds.stops.Epochs(3), "validation": None,
             "seed": 0},
        ),
        "path": (
            ds.path,
            {"dataset": rows, "loss": "squared", "penalty": "l1", "alphas": 3, "eps": 0.1, "tol": 1e-6,
             "intercept": True, "penalty_on": "raw"},
        ),
        "certify": (ds.certify, {"objective": F, "at": None, "learning_rate": None, "tolerance": 1e-6}),
        "objective": (
            ds.objective,
            {"dataset": rows, "loss": "squared", "penalty": None, "alpha": 0.0, "model": None, "penalty_on": "raw"},
        ),
        "load": (ds.load, {"path": m["run"]}),
        "resume": (
            ds.resume,
            {"path": m["checkpoint"], "dataset": rows, "epochs": None, "validation": None, "log": None, "method": None,
             "f": None, "derivative": None, "module": None},
        ),
        "Checkpoint": (ds.Checkpoint, {"path": "x", "seconds": 1.0, "force": False}),
        "Solution.predict": (m["solution"].predict, {"X": m["csv"]}),
        "Solution.summary": (m["solution"].summary, {"data": m["csv"], "robust": False}),
        "Solution.save": (m["solution"].save, {"path": NOTHING, "force": False}),
        "Solution.scores": (m["solution"].scores, {"X": X}),
        "Solution.training_rows": (m["solution"].training_rows, {"data": m["csv"]}),
        "standard_errors": (ds.standard_errors, {"solution": m["solution"], "dataset": m["table"], "robust": False}),
        "explain_step": (ds.explain_step, {"solution": m["solution"], "step": 3, "dataset": m["table"]}),
        "landscape": (ds.landscape, {"solution": m["solution"], "rows": m["csv"], "through": None}),
        "check_script": (ds.check_script, {"path_or_text": NOTHING}),
        "check_gradient": (ds.check_gradient, {"f": NOTHING, "gradient": NOTHING, "at": 1.0}),
        "export_code": (ds.export_code, {"solution": m["solution"], "library": "numpy"}),
        "Net": (
            ds.Net,
            {"hidden": (3,), "activation": "tanh", "dropout": 0.0, "dtype": "float32", "device": "auto", "seed": 0},
        ),
        "Linear": (lambda **given: ds.Linear(**given).term(rows, ds.losses.squared()), {"intercept": True, "scale": True}),
        "Batch": (ds.Batch, {"size": 3, "order": "shuffle"}),
        "Method": (ds.Method, {"rows": ds.All(), "direction": ds.directions.Steepest(), "learning_rate": 0.1}),
        "Exhaustive": (ds.Exhaustive, {"grid": {"x": [0.0, 1.0]}}),
        "ReadOptions": (ds.ReadOptions, {"memory": "1GB", "on_bad_row": "fail", "rows": None, "held": None}),
        "losses.huber": (ds.losses.huber, {"delta": 1.0}),
        "losses.quantile": (ds.losses.quantile, {"level": 0.5}),
        "losses.by_name": (ds.losses.by_name, {"spec": "huber:2"}),
        "penalties.by_name": (ds.penalties.by_name, {"spec": "l2", "alpha": 0.1}),
        "penalties.elasticnet": (ds.penalties.elasticnet, {"alpha": 0.1, "ratio": 0.5}),
        "penalties.l2": (ds.penalties.l2, {"alpha": 0.1}),
        "schedules.by_name": (ds.schedules.by_name, {"spec": "cosine:0.1"}),
        "schedules.StepDecay": (ds.schedules.StepDecay, {"rate": 0.1, "factor": 0.5, "every": 10}),
        "schedules.Cosine": (ds.schedules.Cosine, {"rate": 0.1, "last": 0.0}),
        "schedules.OneCycle": (ds.schedules.OneCycle, {"rate": 0.1, "warm": 0.3}),
        "schedules.InverseScaling": (ds.schedules.InverseScaling, {"rate": 0.1, "power": 0.5}),
        "searches.Armijo": (ds.searches.Armijo, {"c": 1e-4, "shrink": 0.5, "grow": 2.0}),
        "searches.StrongWolfe": (ds.searches.StrongWolfe, {"c1": 1e-4, "c2": 0.9}),
        "stops.Epochs": (ds.stops.Epochs, {"limit": 3}),
        "stops.Gradient": (ds.stops.Gradient, {"tol": 1e-6}),
        "stops.Gap": (ds.stops.Gap, {"tol": 1e-6}),
        "stops.NoProgress": (ds.stops.NoProgress, {"relative": 1e-12, "patience": 10}),
        "stops.Seconds": (ds.stops.Seconds, {"limit": 1.0}),
        "stops.Validation": (ds.stops.Validation, {"patience": 10}),
        "directions.Momentum": (ds.directions.Momentum, {"beta": 0.5}),
        "directions.Adam": (ds.directions.Adam, {"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-8}),
        "directions.AdamW": (ds.directions.AdamW, {"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-8, "decay": 0.1}),
        "directions.Adagrad": (ds.directions.Adagrad, {"epsilon": 1e-8}),
        "directions.RMSprop": (ds.directions.RMSprop, {"rho": 0.9, "epsilon": 1e-8}),
        "directions.Nesterov": (ds.directions.Nesterov, {"beta": "auto"}),
        "directions.LBFGS": (ds.directions.LBFGS, {"pairs": 5}),
        "LinearRegressor": (fit_estimator(ds.LinearRegressor), {"X": X, "y": y, **LINEAR, "loss": "squared"}),
        "LinearClassifier": (
            fit_estimator(ds.LinearClassifier),
            {"X": X, "y": m["classes"], **LINEAR, "loss": "log", "class_weight": None},
        ),
        "LinearRegressor.predict": (m["regressor"].predict, {"X": X}),
        "LinearClassifier.predict_proba": (m["classifier"].predict_proba, {"X": X}),
        "plots.loss": (drawn(ds.plots.loss), {"traces": m["solution"].trace, "minimum": None}),
        "plots.fitted": (drawn(ds.plots.fitted), {"x": X[:, 0], "y": y, "predicted": y, "names": ("x", "y")}),
        "plots.residuals": (drawn(ds.plots.residuals), {"predicted": y, "y": y}),
        "plots.weights": (drawn(ds.plots.weights), {"trace": m["solution"].trace}),
        "plots.confusion": (drawn(ds.plots.confusion), {"matrix": [[3, 1], [0, 4]], "classes": ("a", "b")}),
        "plots.roc": (drawn(ds.plots.roc), {"y": (y > 0).astype(int), "scores": y, "classes": None}),
        "plots.scatter_predictions": (
            drawn(ds.plots.scatter_predictions), {"X": X[:, :2], "predicted": y, "true": None, "names": ("a", "b")},
        ),
        "plots.loss_over_weight": (
            drawn(ds.plots.loss_over_weight), {"weights": [0.0, 1.0], "losses": [1.0, 0.0], "best": None, "name": "w"},
        ),
        "plots.save": (ds.plots.save, {"drawn": m["figure"], "path": "picture.png", "overwrite": True}),
    }  # fmt: skip
    for name in (
        "GD",
        "SGD",
        "Momentum",
        "Nesterov",
        "Adam",
        "AdamW",
        "RMSprop",
        "MiniBatch",
        "LBFGS",
        "Newton",
    ):
        make = getattr(ds, name)
        argument = {"Momentum": "beta", "Nesterov": "beta", "Adam": "beta1", "AdamW": "decay", "RMSprop": "rho",
                    "MiniBatch": "size", "LBFGS": "pairs"}.get(name)  # fmt: skip
        given = {"learning_rate": "auto"} | (
            {argument: 0.5 if argument not in ("size", "pairs") else 5} if argument else {}
        )
        found[name] = (make, given)
    if nets:
        found["NetRegressor"] = (fit_estimator(ds.NetRegressor), {"X": X, "y": y, **NETS, "loss": "squared"})
        found["NetClassifier"] = (
            fit_estimator(ds.NetClassifier),
            {"X": X, "y": m["classes"], **NETS, "loss": "log", "class_weight": None},
        )
        found["fit a net"] = (
            ds.fit,
            {
                "model_or_dataset": rows,
                **FITTED,
                "method": "adam",
                "learning_rate": "auto",
                "net": ds.Net((2,)),
            },
        )
    defaults = {"minimize": {"f": "x^2"}, "minimize_from": {"f": "x^2"}, "Solution.save": {"path": "saved.run"},
                "check_script": {"path_or_text": "x = 1\n"}, "check_gradient": {"f": "x^2", "gradient": "2*x"}}  # fmt: skip
    skipped = {
        "minimize": {"f"},
        "minimize_from": {"f"},
        "check_script": {"path_or_text"},
        "check_gradient": {"f", "gradient"},
    }
    for name, (call, given) in found.items():
        given = {**given, **defaults.get(name, {})}
        found[name] = (call, {k: v for k, v in given.items() if v is not NOTHING})
        FIXED[name] = skipped.get(name, set())
    return found


FIXED: dict[str, set[str]] = {}  # parameters that belong to other tests


def trials(nets: bool = False, seed: int | None = None, count: int | None = None) -> Iterator[tuple]:
    """(door, parameter, number of the hostile value); all of them, or a sample."""
    every = [
        (name, parameter, place)
        for name, (_, given) in doors(nets).items()
        for parameter in given
        if parameter not in FIXED[name]
        for place in range(len(HOSTILE))
    ]
    if count is None:
        yield from every
    else:
        yield from random.Random(seed).sample(every, min(count, len(every)))


def fault(name: str, parameter: str, place: int, nets: bool = False) -> str | None:
    """What is wrong with how a door takes a hostile value; None where nothing is."""
    call, given = doors_once(nets)[name]
    value = HOSTILE[place]
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            call(**{**given, parameter: value})
    except ds.DownslopeError as error:
        said = str(error)
        if error.key == "arguments.unforeseen":
            return f"{name}({parameter}={value!r:.80}): {said}"
        if "\n" in said.strip():
            return f"{name}({parameter}={value!r:.80}): more than a line: {said!r}"
        return None
    except Exception as error:
        if may_leave(name, error):
            return None
        return f"{name}({parameter}={value!r:.80}): {type(error).__name__}: {error!s:.150}"
    return None


doors_once = cache(doors)


def may_leave(name: str, error: Exception) -> bool:
    """Whether a type is one that scikit-learn's contract names, at the estimators' door."""
    from sklearn.exceptions import NotFittedError

    estimator = name.startswith(("Linear", "Net")) and name not in ("Linear", "Net")
    return estimator and isinstance(error, ValueError | TypeError | NotFittedError) and _by_sklearn(error)


def _by_sklearn(error: Exception) -> bool:
    """Whether it was raised by scikit-learn's own validation, with a sentence of its own."""
    trace, files = error.__traceback__, []
    while trace is not None:
        files.append(trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    inside = [file for file in files if "sklearn" in file]
    return bool(inside)

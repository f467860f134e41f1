"""Short fits drawn by a seed over method × loss × penalty × rate × scaling × door, and functions by
formula, method, rate, start and door: `make grid` runs them.

No exception but a refusal leaves a door, and what the report says (verdict, remedies, foretold epochs) can be
read in both languages with every number that its sentences ask for.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from downslope.cli import main as command_line
from downslope.cli.pasting import options
from downslope.data import Dataset
from downslope.descent.methods import METHODS
from downslope.errors import DownslopeError
from downslope.inference import Recipe, Training
from downslope.insight.prediction import predict_run
from downslope.messages import speaking
from downslope.model.losses import LOSSES

RESULT = Path(__file__).parent / "grid.json"
KINDS = {name: "classes" if loss().labels else "counts" if name == "poisson" else "numbers"
         for name, loss in LOSSES.items()}  # fmt: skip
GRID = {
    "method": [*(name for name in METHODS if name != "exhaustive"), "auto"],
    "loss": [*KINDS],
    "penalty": [None, "l1", "l2", "elasticnet:0.5"],
    "alpha": [1e-6, 1e-2, 10.0],
    "learning_rate": ["auto", 1e-8, 1e-2, 1.0, 1e3, 1e9],
    "scale": [True, False],
    "intercept": [True, False],
    "rows": ["plain", "sparse", "weighted", "collinear", "stretched", "separable", "prices", "few", "level"],
    "epochs": [1, 3, 40],
    "batch_size": [None, None, None, 1, 7],
    "order": [None, None, None, "cyclic", "replacement"],
    "held_out": [False, True],
    "patience": [None, 2],
    "hidden": [None, None, None, None, None, None, (3,)],
    "door": ["python", "python", "python", "python", "python", "python", "estimator", "command line"],
}


def drawn(seed: int) -> dict:
    """One point of the grid."""
    rng = np.random.default_rng(seed)
    return {name: choices[int(rng.integers(len(choices)))] for name, choices in GRID.items()} | {"seed": seed}


def rows_of(kind: str, target: str, seed: int) -> Dataset:
    """Rows of one kind, with a target that the loss takes."""
    from scipy import sparse

    rng = np.random.default_rng(seed)
    n, d = (4, 6) if kind == "few" else (40, 3)
    X = rng.normal(size=(n, d))
    if kind == "collinear":
        X[:, 2] = X[:, 0] + X[:, 1]
    if kind == "stretched":
        X = X * [1e-3, 1.0, 1e4]
    if kind == "level":
        X = X + 2000.0
    z = X @ rng.normal(size=d)
    z = (z - z.mean()) / (z.std() or 1.0) + (0.0 if kind == "separable" else rng.logistic(size=n))
    if target == "classes":
        k = 3 if seed % 3 == 0 else 2
        y = np.digitize(z, np.quantile(z, np.linspace(0, 1, k + 1)[1:-1]))
    elif target == "counts":
        y = rng.poisson(np.exp(np.clip(z, -5, 3)))
        y = y * (X[:, 0] > 0) if kind == "separable" else y
    else:
        y = z * (1e6 if kind == "prices" else 1.0)
    weights = rng.integers(0, 4, n).astype(float) if kind == "weighted" else None
    if kind == "sparse":
        X = sparse.csr_array(np.where(rng.random(X.shape) < 0.4, X, 0.0))
    return Dataset.from_arrays(X, y, weights)


def settings_of(point: dict) -> dict:
    kept = (
        "method",
        "loss",
        "penalty",
        "learning_rate",
        "scale",
        "intercept",
        "epochs",
        "batch_size",
        "order",
    )
    settings = {name: point[name] for name in (*kept, "patience", "seed")}
    settings["alpha"] = point["alpha"] if point["penalty"] else 0.0
    if not point["held_out"]:
        settings["patience"] = None
    if point["hidden"]:
        from downslope.model.nets import Net

        settings["net"] = Net(point["hidden"], seed=point["seed"])
    return settings


def readable(verdict) -> None:
    """Every sentence of a verdict in both languages, and every number that it asks for."""
    for language in ("en", "zh"):
        with speaking(language):
            said = [verdict.text, str(verdict), *(remedy.text for remedy in verdict.remedies)]
            said += [part for remedy in verdict.remedies for part in (remedy.typed, options(remedy))]
        assert all("–" not in part and "{" not in part.replace("={", "") for part in said[:2]), said
        assert all("\n" not in part for part in said), said
    assert not verdict.unjudged, verdict.unjudged
    json.dumps(verdict.to_json())


def tried(point: dict) -> str:
    """ "fitted" or "refused"; whatever else happens is raised."""
    rows = rows_of(point["rows"], KINDS[point["loss"]], point["seed"])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            {"python": _python, "estimator": _estimator, "command line": _command_line}[point["door"]](
                point, rows
            )
    except DownslopeError as error:
        assert str(error) and "\n" not in str(error)
        return "refused"
    return "fitted"


def _python(point: dict, rows: Dataset) -> None:
    held_out = None
    if point["held_out"]:
        rows, held_out = rows.split(0.3)
    training = Training.on_rows(rows, Recipe(**settings_of(point)), held_out)
    foreseen = predict_run(training.objective, training.method, training.trace.start)
    solution = training.solution
    readable(solution.verdict)
    solution.to_json()
    for language in ("en", "zh"):
        with speaking(language):
            if foreseen is not None:
                assert all(foreseen.lines()) and foreseen.compared(solution) is not None
    assert all("unjudged" not in values for values in solution.metrics.values())


def _estimator(point: dict, rows: Dataset) -> None:
    from downslope import LinearClassifier, LinearRegressor

    kind = LinearClassifier if KINDS[point["loss"]] == "classes" else LinearRegressor
    names = ("loss", "penalty", "method", "learning_rate", "epochs", "scale")
    model = kind(**{name: point[name] for name in names}, alpha=point["alpha"],
                 fit_intercept=point["intercept"])  # fmt: skip
    model.fit(rows.X, rows.y, rows.weights)
    readable(model.verdict_)
    model.predict(rows.X)


def _command_line(point: dict, rows: Dataset) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        X = rows.X if isinstance(rows.X, np.ndarray) else rows.X.toarray()
        names = [f"x{j + 1}" for j in range(X.shape[1])]
        y = (
            np.array(["red", "green", "blue"])[rows.y.astype(int)]
            if KINDS[point["loss"]] == "classes"
            else rows.y
        )
        lines = [",".join([*map(repr, map(float, row)), str(value)]) for row, value in zip(X, y)]
        path.write_text("\n".join([",".join([*names, "y"]), *lines]) + "\n", encoding="utf-8")
        settings = settings_of(point)
        words = ["fit", str(path), "--target", "y", "--lang", "zh" if point["seed"] % 2 else "en"]
        for name in ("method", "loss", "learning_rate", "epochs", "batch_size", "order", "patience"):
            if settings[name] is not None:
                words += ["--" + name.replace("_", "-"), str(settings[name])]
        if point["penalty"]:
            words += ["--penalty", point["penalty"], "--alpha", str(point["alpha"])]
        if point["hidden"]:
            words += ["--hidden", ",".join(map(str, point["hidden"]))]
        words += ["--validate", "0.3"] if point["held_out"] else []
        words += [] if point["scale"] else ["--no-scale"]
        words += [] if point["intercept"] else ["--no-intercept"]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = command_line(words)
            except SystemExit as over:
                code = over.code
        assert code in (0, 2, 3), (words, code, err.getvalue())
        assert "Traceback" not in err.getvalue(), (words, err.getvalue())
        assert (len(err.getvalue().strip().splitlines()) == 1) if code == 2 else out.getvalue(), (words, err)


def main(count: int, functions: int) -> int:
    """All of it; the result is kept with its commit, and brought up to date every 500 fits and functions."""
    from tests.faults.test_function_doors import fuzzed

    began, failures, fitted = time.perf_counter(), {}, 0
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=RESULT.parent, capture_output=True, text=True
    ).stdout

    def keep(fits: int, of_formulas: int) -> None:
        result = {"commit": commit.strip(), "fits": fits, "fitted": fitted}
        result |= {"refused": fits - fitted - sum(isinstance(seed, int) for seed in failures)}
        result |= {"functions": of_formulas, "failures": failures}
        result |= {"seconds": round(time.perf_counter() - began)}
        RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")

    for seed in range(count):
        try:
            fitted += tried(drawn(seed)) == "fitted"
        except Exception:
            failures[seed] = traceback.format_exc().splitlines()[-1]
            print(seed, failures[seed], file=sys.stderr)
        if (seed + 1) % 500 == 0 or seed + 1 == count:
            keep(seed + 1, 0)
    for first in range(0, functions, 500):
        last = min(first + 500, functions)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            found = fuzzed(range(first, last), SimpleNamespace(readouterr=lambda: None))
        failures |= {f"function {seed}": f"{text}: {error}" for seed, text, *_, error in found}
        keep(count, last)
    print(RESULT.read_text(encoding="utf-8"))
    return bool(failures)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    counts = [int(word) for word in sys.argv[1:]] or [12_000, 2_000]
    sys.exit(main(counts[0], counts[1] if len(counts) > 1 else 0))

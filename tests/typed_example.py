"""A program that uses every public name, for `mypy --strict`: `make lint` checks it, and a test runs it.

What a user's own strict check sees of Downslope is checked here, so no line may need a cast or an ignore.
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import assert_type

import numpy as np

import downslope as ds


def rows() -> ds.Dataset:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 3))
    return ds.Dataset.from_arrays(X, X @ [1.0, -2.0, 0.5] + 0.1 * rng.standard_normal(60))


def methods() -> list[ds.Method]:
    """Every method with a learning rate; the others are classes of their own."""
    return [
        *[ds.GD(0.1), ds.SGD(), ds.MiniBatch(8), ds.Momentum(0.9), ds.Nesterov(), ds.Adagrad(), ds.RMSprop()],
        *[ds.Adam(0.9), ds.AdamW(0.01), ds.LBFGS(5), ds.Subsampled(), ds.Newton()],
        ds.Method(ds.Batch(4), ds.directions.Steepest(), ds.schedules.Constant(0.1)),
        ds.Method(ds.One(), ds.directions.Steepest(), "auto"),
        ds.Method(ds.All(), ds.directions.Steepest(), ds.searches.Armijo()),
    ]


def trained(folder: Path) -> ds.Solution:
    dataset = rows()
    recipe = ds.Recipe(loss=ds.losses.squared(), penalty="l2", alpha=0.01, method=ds.LBFGS(), epochs=50)
    solution = ds.fit(dataset, recipe=recipe)
    assert_type(solution, ds.Solution)
    assert_type(solution.trace, ds.Trace)
    step: ds.Step = solution.trace[0]
    if step.loss < solution.loss or not str(solution.verdict):
        raise AssertionError("the loss falls, and the verdict says so")
    solution.save(folder / "run")
    solution.predict(dataset.X)
    ds.explain_step(solution, 1, dataset)
    print(ds.standard_errors(ds.fit(dataset), dataset))
    ds.plots.loss(solution.trace)
    return solution


def described(dataset: ds.Dataset) -> None:
    objective: ds.Objective = ds.objective(dataset, model=ds.Linear(intercept=True))
    certificate: ds.Certificate = ds.certify(objective)
    descent = ds.descend(objective, np.zeros(4), ds.ClosedForm(), ds.stops.Epochs(3))
    for _ in descent:
        pass
    ds.fit(dataset, method=ds.CoordinateDescent(), penalty=ds.penalties.l1(0.1))
    ds.fit(dataset, intercept=False, method=ds.Exhaustive({"x1": [0.0, 1.0], "x2": [-2.0], "x3": [0.5]}))
    compared: ds.Comparison = ds.compare(dataset, "squared; huber", folds=3, repeats=2)
    residuals: ds.ResidualDiagnostics = ds.ResidualDiagnostics.from_predictions([1.0, 2.0], [1.5, 2.0])
    chances: ds.ClassDiagnostics = ds.ClassDiagnostics.from_predictions([0, 1], [0.2, 0.9])
    fitted = ds.fit(dataset)
    importance: ds.FeatureImportance = ds.FeatureImportance.from_solution(fitted, dataset)
    components: ds.ComponentResiduals = ds.ComponentResiduals.from_solution(fitted, dataset)
    print(residuals.cook, chances.shown, importance.mean, components.component(0))
    lasso: ds.Path = ds.path(dataset, alphas=5)
    plane: ds.Plane = ds.landscape(ds.fit(dataset, method="gd", epochs=5), dataset)
    print(certificate.L, lasso.alphas, plane.names, compared)


def minimised(folder: Path) -> None:
    solution = ds.minimize("2*x^2", 500, epochs=20, log=ds.Logbook(str(folder / "run.jsonl")))
    assert_type(solution, ds.Solution)
    print(ds.minimize_from("x^2", 3), ds.check_gradient(lambda x: x**2, lambda x: 2 * x, 1.0))
    ds.fit(rows(), method="gd", epochs=5, checkpoint=ds.Checkpoint(folder / "open"))
    ds.resume(folder / "open", rows(), epochs=9)


def files(folder: Path, solution: ds.Solution) -> None:
    (folder / "rows.csv").write_text("x,y\n" + "".join(f"{k},{2 * k + 1}\n" for k in range(40)))
    stream = ds.Dataset.read(
        str(folder / "rows.csv"), target="y", reading=ds.ReadOptions(rows=16, held=ds.Holdout(0.2))
    )
    print(isinstance(stream, ds.Stream | ds.ShardedDataset), callable(ds.shard))
    print(ds.export_code(solution, "numpy")[:60], callable(ds.export_onnx))
    (folder / "train.py").write_text("import torch\n")
    print(ds.check_script(folder / "train.py"), ds.load(folder / "run"))
    (folder / "log.csv").write_text("epoch,loss\n" + "".join(f"{k},{0.5**k}\n" for k in range(20)))
    print(ds.judge(folder / "log.csv"), ds.judge_all([folder / "log.csv"]), callable(ds.watch))


def estimators(X: np.ndarray, y: np.ndarray) -> None:
    regressor = ds.LinearRegressor(penalty="l2", alpha=0.1).fit(X, y)
    assert_type(regressor, ds.LinearRegressor)
    assert_type(regressor.trace_, ds.Trace)
    classifier = ds.LinearClassifier(penalty="l2", alpha=0.1).fit(X, y > 0)
    print(regressor.predict(X)[:3], classifier.predict(X)[:3])
    print(ds.NetRegressor(hidden=(4,)), ds.NetClassifier(hidden=(4,)), ds.Net(hidden=(4,)), ds.TorchOptimizer)
    print(sorted(ds.lessons.LESSONS)[:1], ds.ResidualDiagnostics, ds.ClassDiagnostics)


def main() -> None:
    warnings.simplefilter("ignore", ds.DownslopeWarning)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        solution = trained(folder)
        described(rows())
        minimised(folder)
        files(folder, solution)
    X = np.random.default_rng(1).standard_normal((30, 2))
    estimators(X, X[:, 0])
    try:
        ds.fit(rows(), loss="no such loss")
    except ds.DownslopeError as error:
        print(error.key)
    print(methods(), ds.__version__)
    ds.show_versions()


if __name__ == "__main__":
    main()

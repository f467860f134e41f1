"""The step that sets the zeros of L1 after a descent: never beyond the epochs, and of F no more than 1e-9."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

import downslope as ds
from downslope.descent.methods import by_name

METHODS = ("gd", "momentum", "nesterov", "adam", "adagrad", "rmsprop")


def rows(loss: str, seed: int = 0) -> ds.Dataset:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((30, 5)) * [1, 1, 3, 1, 0.3]
    z = X @ [1.0, 0, 0, -0.5, 0] + 0.5 * rng.standard_normal(30)
    y = {"log": z > 0, "poisson": rng.poisson(np.exp(np.clip(z, -3, 2)))}.get(loss, z)
    return ds.Dataset.from_arrays(X, np.asarray(y, dtype=float))


@pytest.mark.sample(8)
@pytest.mark.parametrize("loss", ["squared", "log", "huber", "poisson"])
@pytest.mark.parametrize("method", METHODS)
def test_no_update_is_beyond_the_epochs(method, loss):
    """The weights after k epochs are those that a longer descent passes after its k-th."""
    F = ds.objective(rows(loss), loss, "l1", 0.05)
    chosen = by_name(method).with_rate(0.02)
    long = list(ds.descend(F, np.zeros(6), chosen, ds.stops.Epochs(12)))
    for epochs in (1, 4, 9):
        short = list(ds.descend(F, np.zeros(6), chosen, ds.stops.Epochs(epochs)))
        assert len(short) == epochs
        assert short[-1].params.tobytes() == long[epochs - 1].params.tobytes()


@pytest.mark.sample(12)
@pytest.mark.parametrize("penalty", ["l1", "elasticnet:0.5"])
@pytest.mark.parametrize("stop", ["gradient:1e-1", "gradient:1e-6", "gap:1e-2", "gap:1e-8", "no_progress:5"])
@pytest.mark.parametrize("method", METHODS)
def test_a_closing_step_changes_f_by_no_more_than_its_last_digits(method, stop, penalty):
    data = rows("squared")
    F = ds.objective(data, "squared", penalty, 0.05)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = ds.fit(data, penalty=penalty, alpha=0.05, method=method, stop=stop, epochs=3000)
    value = [F.value(F.to_inner(step.params)) for step in list(run.trace)[-2:]]
    assert run.trace.updates <= 3000
    if run.trace.updates > run.epochs:
        assert abs(value[1] - value[0]) <= 1e-9 * abs(value[0])


@pytest.mark.parametrize("epochs, closed", [(7, False), (3000, True)])
def test_an_exported_loop_makes_the_steps_of_its_run(epochs, closed, tmp_path):
    """Those of the epochs alone; a closing step of the run is named as the difference."""
    data = rows("squared")
    names = ",".join([*data.features, "y"])
    np.savetxt(tmp_path / "rows.csv", np.c_[data.X, data.y], delimiter=",", header=names, comments="")
    read = ds.Dataset.read(tmp_path / "rows.csv", "y")
    run = ds.fit(read, penalty="l1", alpha=0.05, method="gd", learning_rate=0.2, epochs=epochs)
    code = ds.export_code(run, "numpy")
    assert ("1/L" in code) is closed and (run.trace.updates > run.epochs) is closed
    (tmp_path / "script.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "script.py", "rows.csv"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    weights = [float(line.split()[1]) for line in done.stdout.splitlines()[:6]]
    assert weights == pytest.approx(run.params.tolist(), rel=1e-6, abs=1e-5 if closed else 1e-12)

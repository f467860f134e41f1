"""No exception of ours or a library's leaves a public door of Python as it is."""

import warnings

import numpy as np
import pandas as pd
import pytest

import downslope as ds
from tests.faults import doors

pytestmark = pytest.mark.fault("A6")
X = np.random.default_rng(0).standard_normal((30, 3))
Y = X @ [1.0, 2.0, 3.0]
LARGE = (1e150, 1e160, 1e200, 1e300, 1e-200, 1e-310)
SMALL_SAMPLE, SEED = 1000, 20261129


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_hostile_arguments_are_refused_in_one_line():
    faults = [doors.fault(*trial) for trial in doors.trials(seed=SEED, count=SMALL_SAMPLE)]
    assert [fault for fault in faults if fault] == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("nets, count", [(False, None), (True, 5000)])
def test_every_hostile_argument_is_refused_in_one_line(nets, count):
    """All that need no net; of the 36,612 that train one a sample, for time."""
    pytest.importorskip("torch")
    faults = [doors.fault(*trial, nets=nets) for trial in doors.trials(nets, SEED, count)]
    # what a built-in function of the caller's raises has no frame by which it could be told from ours
    assert [fault for fault in faults if fault and "built-in function len" not in fault] == []


@pytest.mark.parametrize("loss", ["squared", "huber", "log", "absolute"])
def test_numbers_near_the_ends_of_float64_are_fitted_or_refused(loss):
    y = (Y > 0).astype(int) if loss == "log" else Y
    for scale in LARGE:
        for penalty in (None, "l1", "l2"):
            for method in ("auto", "gd", "sgd", "newton"):
                settings = {
                    "penalty": penalty,
                    "alpha": 0.1 if penalty else 0.0,
                    "method": method,
                    "epochs": 5,
                }
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    try:
                        rows = ds.Dataset.from_arrays(X * scale, y)
                        ds.fit(rows, loss=loss, **settings)
                    except ds.DownslopeError as error:
                        assert error.key != "arguments.unforeseen", (scale, settings, str(error))


def test_numbers_near_the_largest_are_refused_by_their_column():
    rows = [[1.7e308, 1], [1.6e308, 2], [1.5e308, 0], [1e308, 5]]
    with pytest.raises(ds.DownslopeError, match="'x1' has values so large"):
        ds.LinearClassifier(penalty="l2", alpha=0.1).fit(np.array(rows), [0, 1, 0, 1])


def test_frames_with_numbers_for_names_intervals_and_periods_are_read():
    frame = pd.DataFrame(X)
    assert ds.Dataset.read(frame, target=2).targets == ("2",)
    assert ds.Dataset.read(frame, target=2, features=[0]).features == ("0",)
    frame = pd.DataFrame({"x": X[:, 0], "y": Y})
    frame["bin"] = pd.cut(frame.x, 3)
    frame["month"] = pd.period_range("2020", periods=len(frame), freq="M")
    rows = ds.Dataset.read(frame, target="y")
    assert any(name.startswith("bin") for name in rows.features)


def test_nets_and_optimizers_that_can_not_serve_are_refused_in_one_line():
    torch = pytest.importorskip("torch")
    with pytest.raises(ds.DownslopeError, match="dropout"):
        ds.Net((8, 8), dropout=(0.1, 0.2))
    rows = ds.Dataset.from_arrays(X, Y)
    for name in ("Muon", "SparseAdam", "LBFGS"):
        if hasattr(torch.optim, name):
            with pytest.raises(ds.DownslopeError, match=name):
                ds.fit(rows, method=getattr(torch.optim, name))


class Mine(Exception):
    """Raised by a person's own code."""


def test_what_own_code_raises_leaves_as_it_is():
    torch = pytest.importorskip("torch")

    def raising(*given):
        raise Mine("mine")

    class Module(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(3, 1)

        def forward(self, x):
            raise Mine("mine")

    def own(p):
        raise Mine("mine")

    rows = ds.Dataset.from_arrays(X, Y)
    calls = [
        lambda: ds.minimize(raising, 1.0),
        lambda: ds.minimize("x^2", 1.0, derivative=raising),
        lambda: ds.fit(Module(), rows),
        lambda: ds.fit(rows, method=own),
        lambda: ds.plots.contours(raising, ds.minimize("x^2+y^2", [1.0, 2.0], epochs=3).trace),
        lambda: ds.LinearRegressor(method=own).fit(X, Y),
        lambda: ds.check_gradient(raising, raising, at=1.0),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for call in calls:
            with pytest.raises(Mine):
                call()


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, MemoryError])
def test_what_ends_a_process_leaves_as_it_is(kind):
    def raising(x):
        raise kind

    with pytest.raises(kind), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds.minimize(raising, 1.0)


def test_the_types_of_scikit_learns_contract_leave_as_they_are():
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        ds.LinearRegressor().predict(X)
    with pytest.raises(ValueError, match="NaN"):
        ds.LinearRegressor().fit(np.full((3, 1), np.nan), [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="features"):
        ds.LinearRegressor().fit(X, Y).predict(X[:, :2])


def test_what_nobody_foresaw_is_one_line_with_its_place(monkeypatch):
    from downslope.inference.recipe import Recipe

    monkeypatch.setattr(Recipe, "term", {}.__getitem__)
    with pytest.raises(ds.DownslopeError, match="TypeError") as caught:
        ds.fit(ds.Dataset.from_arrays(X, Y))
    assert caught.value.key == "arguments.unforeseen" and isinstance(caught.value.__cause__, TypeError)

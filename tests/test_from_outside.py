"""What is registered from outside goes through every door; what is not is refused in one line.

What adding one costs: one class (or one function) in one file, those below, and a call of `register`. A loss
takes 20 lines with its lines for scripts, a penalty 2, a direction 8, a schedule 5, a stop 6. Nothing else in
the package is touched; a compiled kernel would be a second, optional file.
"""

import json
import subprocess
import sys
import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import downslope as ds
from downslope.cli import main
from downslope.descent import directions, schedules, searches, stops
from downslope.descent.directions import Direction
from downslope.descent.schedules import Schedule
from downslope.descent.searches import Search
from downslope.descent.stops import Reason, Stop
from downslope.inference.training import Training
from downslope.kernels.updates import Equation, shrink
from downslope.lab import tasks
from downslope.model import losses, penalties
from downslope.model.loss import Loss
from downslope.model.penalties import Penalty
from downslope.registry import register
from tests.builders import refused, refused_key


@dataclass(frozen=True)
class Outside(Loss):
    """ℓ(z, y) = log cosh(z − y), which no kernel knows."""

    name: str = "outside"
    curvature_bound: ClassVar[float] = 1.0
    slope_bound: ClassVar[float] = 1.0
    strictly_convex: ClassVar[bool] = True

    def value(self, z, y):
        return np.logaddexp(z - y, y - z) - np.log(2)

    def slope(self, z, y):
        return np.tanh(z - y)

    def curvature(self, z, y):
        return 1 - np.tanh(z - y) ** 2

    def formula(self, outputs=1):
        return "log cosh(z − y)"

    def numpy_lines(self, outputs, rounded=True):
        value = "np.logaddexp(z - Y, Y - z) - np.log(2)"
        return [value], ["np.tanh(z - Y)"], ["1 - np.tanh(z - Y) ** 2"]

    def torch_line(self, outputs):
        return "torch.logaddexp(z - Y, Y - z) - 0.6931471805599453"


def leaning(alpha):
    """R(w) = ¼‖w‖₁ + ⅜‖w‖²"""
    return Penalty("leaning", alpha, 0.25, 0.75)


@dataclass(frozen=True)
class Scaled(Direction):
    """w = w − t·g/(1 + ‖g‖∞)"""

    equation: ClassVar = Equation((), ("w = w - t * g / (1 + abs(g).max())",))

    def move(self, w, g, rate, memory, l1):
        memory.updates += 1
        step = rate / (1 + np.abs(g).max())
        return shrink(w - step * g, step * l1)


@dataclass(frozen=True)
class Harmonic(Schedule):
    """t = rate/(2 + epoch)"""

    lines: ClassVar[tuple[str, ...]] = ("return {rate} / (2 + update / per_epoch)",)

    def rates(self, updates, per_epoch, total):
        return self.rate / (2 + updates / per_epoch)


@dataclass(frozen=True)
class Thirds(Search):
    """F(w + t·d) < F(w), t a third of the last one until it holds."""

    def length(self, line, value, slope, first):
        t = first
        while line.value_and_slope(t)[0] >= value and t > 1e-12:
            t /= 3
        return t if t > 1e-12 else 0.0


@dataclass(frozen=True)
class Below(Stop):
    """When F is below a limit."""

    limit: float

    def look(self, progress, seen):
        return (Reason("below", {"limit": self.limit}) if progress.value < self.limit else None), seen


NOUNS = {  # kind → its table, a name, what makes it
    "loss": (losses.LOSSES, "outside", Outside),
    "penalty": (penalties.PENALTIES, "leaning", leaning),
    "direction": (directions.DIRECTIONS, "scaled", Scaled),
    "schedule": (schedules.SCHEDULES, "harmonic", Harmonic),
    "search": (searches.SEARCHES, "thirds", Thirds),
    "stop": (stops.STOPS, "below", Below),
}
SETTINGS = {  # how each is asked for
    "loss": {"loss": "outside", "method": "gd"},
    "penalty": {"penalty": "leaning", "alpha": 0.05, "method": "nesterov"},
    "direction": {"method": "scaled", "learning_rate": 0.5, "epochs": 300},
    "schedule": {"method": "gd", "learning_rate": "harmonic:0.4", "epochs": 50},
    "search": {"method": "gd", "learning_rate": "thirds", "epochs": 50},
    "stop": {"method": "gd", "learning_rate": 0.05, "stop": "below:0.5 | epochs:200"},
}
ASKED = pytest.mark.parametrize("kind", SETTINGS)


@pytest.fixture(autouse=True)
def registered(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOWNSLOPE_LANG", "en")
    from downslope.descent.methods import METHODS

    for kind, (_, name, make) in NOUNS.items():
        register(kind, name, make)
    yield
    for table, name, _ in NOUNS.values():
        table.pop(name, None)
    METHODS.pop("scaled", None)


def table(n=60):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 2)) * [1.0, 3.0]
    return X, X @ [1.0, -0.5] + 0.3 * rng.normal(size=n) + 2


def csv_file(n=60) -> str:
    X, y = table(n)
    lines = [f"{a!r},{b!r},{c!r}" for (a, b), c in zip(X.tolist(), y.tolist())]
    with open("rows.csv", "w") as file:
        file.write("\n".join(["a,b,y", *lines]) + "\n")
    return "rows.csv"


def fitted(kind, **more):
    return ds.fit(ds.Dataset.read(csv_file(), "y"), **{**SETTINGS[kind], **more})


def same(found, expected) -> bool:
    return found == pytest.approx(expected, rel=1e-9, abs=1e-11)


# ---- doors --------------------------------------------------------------------------------------------


@ASKED
def test_python(kind):
    run = fitted(kind)
    assert np.isfinite(run.params).all() and run.loss < 4 and "outside" not in str(run.verdict)


@ASKED
def test_estimators(kind):
    X, y = table()
    model = ds.LinearRegressor(**SETTINGS[kind])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some end before they arrive
        model.fit(X, y)
    recipe = {"epochs": model.epochs, "tol": model.tol}
    expected = fitted(kind, **recipe)
    assert same(np.append(model.coef_, model.intercept_), expected.params)


@ASKED
def test_command_line_and_its_completion(kind, capsys):
    words = [w for name, value in SETTINGS[kind].items() for w in (f"--{name.replace('_', '-')}", str(value))]
    assert main(["fit", csv_file(), "--target", "y", *words, "--json"]) in (0, 3)
    told = json.loads(capsys.readouterr().out)
    assert told["loss"] == pytest.approx(fitted(kind).loss, rel=1e-9)


@ASKED
def test_rows_in_parts(kind):
    found = ds.fit(ds.Stream.open(csv_file(), "y", reading=ds.ReadOptions("1GB", 16)), **SETTINGS[kind])
    assert found.loss == pytest.approx(fitted(kind).loss, rel=1e-7)


@ASKED
def test_a_run_is_saved_and_opened_where_it_is_registered_and_nowhere_else(kind, tmp_path):
    run = fitted(kind)
    run.save(tmp_path / "run")
    again = ds.load(tmp_path / "run")
    X, _ = table()
    assert np.array_equal(again.params, run.params) and np.array_equal(again.predict(X), run.predict(X))
    table_of, name, _ = NOUNS[kind]
    del table_of[name]
    assert name in str(refused(ds.load, tmp_path / "run")).lower()


@ASKED
def test_a_checkpoint_is_gone_on_with_to_the_last_bit(kind, tmp_path):
    rows, settings = ds.Dataset.read(csv_file(), "y"), SETTINGS[kind]
    training = Training.on_rows(rows, ds.Recipe(**settings))
    checkpoint = ds.Checkpoint(tmp_path / "kept", 0.0)
    checkpoint.begin(training)
    for count, _ in enumerate(checkpoint.watch(training), 1):
        if count == 5:
            break
    found = ds.resume(tmp_path / "kept", rows)
    assert found.params.tobytes() == ds.fit(rows, **settings).params.tobytes()


@pytest.mark.sample(8)
@ASKED
@pytest.mark.parametrize("library", ["numpy", "pytorch"])
def test_exported_scripts(kind, library, tmp_path):
    run = fitted(kind)
    script = tmp_path / "script.py"
    script.write_text(ds.export_code(run, library))
    done = subprocess.run([sys.executable, script, "rows.csv"], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    named = [line.split() for line in done.stdout.splitlines()[:3]]
    assert [float(w) for _, w in named] == pytest.approx(run.params, rel=1e-3, abs=1e-4)


IN_THE_LAB = {
    "loss": {"loss": "outside"},
    "penalty": {"penalty": "leaning", "alpha": 0.05, "direction": "nesterov"},
    "direction": {"direction": "scaled", "learning_rate": 0.5},
    "schedule": {"schedule": "harmonic", "learning_rate": 0.4},
    "search": {"schedule": "thirds"},
}


@pytest.mark.parametrize("kind", IN_THE_LAB)
def test_the_lab(kind):
    class Silent:
        def tell(self, part):
            json.dumps(part, allow_nan=False)

        def look(self):
            pass

        def put_together(self):
            pass

    X, y = table(12)
    asked = {"problem": {"kind": "rows", "X": X.tolist(), "y": y.tolist()}, "runs": [IN_THE_LAB[kind]]}
    told = json.loads(tasks.TASKS["runs"](asked, Silent()))
    assert told["runs"][0]["verdict"]["text"]["zh"]


def test_batches_need_no_kernel():
    for settings in ({"loss": "outside", "method": "sgd"}, {"method": "scaled", "learning_rate": 0.1}):
        rows = ds.Dataset.read(csv_file(), "y")
        run = ds.fit(rows, batch_size=10, epochs=20, **settings)
        parts = ds.Stream.open("rows.csv", "y", reading=ds.ReadOptions("1GB", 16))
        other = ds.fit(parts, batch_size=10, epochs=20, **settings)
        assert np.isfinite(run.params).all() and other.loss == pytest.approx(run.loss, rel=0.2)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_run_that_ends_by_a_stop_of_its_own_says_so(language, monkeypatch):
    """Not that its epochs are used up; its remedy leaves the stop out."""
    monkeypatch.setenv("DOWNSLOPE_LANG", language)
    run = fitted("stop")
    assert run.stopped == "below" and run.loss < 0.5 and run.epochs < 200
    assert run.verdict.kind == "stopped_as_asked" and run.verdict.remedy.change == {"stop": None}
    assert run.verdict.apply().verdict.code == "converged"
    for loose in ("gap:0.5", "gradient:0.5"):
        short = fitted("stop", stop=loose)
        assert short.verdict.code in ("interrupted", "converged") and short.epochs < 200, loose


def test_a_stop_that_has_no_text_is_refused_where_it_would_be_saved(tmp_path):
    run = fitted("stop", stop=stops.NoProgress(1e-3, 5))
    assert refused_key(run.save, tmp_path / "run") == "descent.stop_without_text"
    assert refused_key(ds.Recipe, stop="belwo:1") == "descent.unknown_stop"


def test_a_stop_is_asked_for_by_name():
    X, y = table()
    F = ds.objective(ds.Dataset.from_arrays(X, y))
    limit = 0.5 * F.null_value
    for stop in (stops.by_name(f"below:{limit!r} | epochs:100"), Below(limit) | stops.Epochs(100)):
        steps = list(ds.descend(F, np.zeros(3), ds.GD(0.05), stop))
        assert steps[-1].objective is None and F.value(F.to_inner(steps[-1].params)) < limit
        assert len(steps) < 100


# ---- and what is not registered -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NOUNS)
def test_what_can_not_be_registered_is_refused_in_one_line(kind):
    table_of, name, make = NOUNS[kind]
    assert refused_key(register, kind, name, make) == "registry.taken"
    assert refused_key(register, kind, "No Name", make) == "registry.name"
    assert refused_key(register, kind, "other", lambda *_: 3.0) == "registry.base"
    assert refused_key(register, "optimiser", "other", make) == "registry.kind"
    assert "other" not in table_of

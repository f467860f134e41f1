"""Signals, kills, locks, caches, limits of memory, edited runs: nothing is lost, one line tells."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import downslope as ds
from downslope import atomic, cli
from downslope.data import memory
from downslope.errors import DownslopeError, Interrupted
from downslope.inference import run as runs
from downslope.kernels import threads
from downslope.messages import text
from tests.builders import FIXTURES

EDITS = pytest.mark.parametrize("edits", [10, pytest.param(150, marks=pytest.mark.slow)])


def rows(n=60, d=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return ds.Dataset.from_arrays(X, X @ np.arange(1.0, d + 1) + rng.standard_normal(n))


def write_csv(path, n=2000):
    rng = np.random.default_rng(0)
    table = np.column_stack([rng.standard_normal((n, 3)), rng.standard_normal(n)])
    np.savetxt(path, table, delimiter=",", header="a,b,c,y", comments="", fmt="%.6f")
    return path


# ---- F5: signals -------------------------------------------------------------------------------------


@pytest.mark.sample(1)
@pytest.mark.fault("F5")
@pytest.mark.parametrize("name, code", [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_ends_a_fit_as_ctrl_c_does_and_the_run_is_saved(name, code, tmp_path):
    data, out, log = write_csv(tmp_path / "data.csv"), tmp_path / "run", tmp_path / "log.jsonl"
    line = [sys.executable, "-m", "downslope", "fit", str(data), "--target", "y", "--method", "gd"]
    line += ["--epochs", "100000000", "--tol", "0", "--out", str(out), "--log", str(log), "--json"]
    usual = lambda: [signal.signal(number, signal.SIG_DFL) for number in (signal.SIGHUP, signal.SIGTERM)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    fit = subprocess.Popen(line, preexec_fn=usual, **pipes)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (not log.exists() or log.stat().st_size < 20_000):
        time.sleep(0.05)
    fit.send_signal(getattr(signal, name))
    try:
        out_text, err = fit.communicate(timeout=60)
    finally:
        fit.kill()
    assert fit.returncode == code, err
    assert "Traceback" not in err and json.loads(out_text)["stopped"] == "interrupted"
    assert ds.load(out).stopped == "interrupted"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.fault("F5")
def test_what_killed_processes_left_is_swept_at_the_next_write(tmp_path):
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    )
    pid = gone.stdout.strip()
    (tmp_path / f".run.{pid}-0.part").mkdir()
    (tmp_path / f".model.onnx.{pid}-3.part.onnx").write_bytes(b"half")
    mine = tmp_path / f".run.{os.getpid()}-999.part"  # of a process that runs
    mine.mkdir()
    ds.fit(rows()).save(tmp_path / "run")
    atomic.write_bytes(tmp_path / "model.onnx", b"whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([mine.name, "run", "model.onnx"])


# ---- F6: Ctrl-C in Python ----------------------------------------------------------------------------


class Breaks:
    """A validation set, a log, anything that meets Ctrl-C at its n-th use."""

    def __init__(self, after):
        self.left = after

    def __call__(self, *_):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.fault("F6")
@pytest.mark.parametrize("method", ["gd", "sgd", "adam", "lbfgs", "newton", "coordinate"])
def test_ctrl_c_leaves_fit_and_estimators_as_keyboard_interrupt_with_the_solution(method, monkeypatch):
    from downslope.descent.trace import Trace

    append = Trace.append
    loss = "log" if method in ("newton", "lbfgs") else "squared"
    penalty = {"penalty": "l1", "alpha": 0.01} if method == "coordinate" else {}
    doors = [
        lambda: ds.fit(
            rows() if loss == "squared" else classes(), loss=loss, method=method, tol=0.0, **penalty
        ),
        lambda: (ds.LinearClassifier if loss == "log" else ds.LinearRegressor)(
            method=method, tol=0.0, **penalty
        ).fit(rows().X, (rows().y > 0).astype(int) if loss == "log" else rows().y),
    ]
    for door in doors:
        press = Breaks(2 if method != "coordinate" else 1)

        def note(trace, step, press=press):
            append(trace, step)
            press()

        monkeypatch.setattr(Trace, "append", note)
        with pytest.raises(KeyboardInterrupt) as caught:
            door()
        assert isinstance(caught.value, Interrupted)
        assert np.isfinite(caught.value.solution.params).all()


def classes():
    return ds.Dataset.from_arrays(rows().X, (rows().y > 0).astype(float))


@pytest.mark.fault("F6")
def test_ctrl_c_ends_a_grid_search_and_minimize(monkeypatch):
    from sklearn.model_selection import GridSearchCV

    from downslope.descent.trace import Trace

    append, press = Trace.append, Breaks(30)

    def note(trace, step):
        append(trace, step)
        press()

    monkeypatch.setattr(Trace, "append", note)
    search = GridSearchCV(ds.LinearRegressor(method="gd", tol=0.0, epochs=20), {"alpha": [0.1, 1.0]}, cv=3)
    with pytest.raises(KeyboardInterrupt):
        search.fit(rows().X, rows().y)
    press.left = 3
    with pytest.raises(Interrupted) as caught:
        ds.minimize("x^2", 3.0)
    assert caught.value.solution.stopped == "interrupted"


@pytest.mark.fault("F6")
def test_a_checkpoint_is_complete_when_ctrl_c_is_raised(tmp_path, monkeypatch):
    from downslope.descent.trace import Trace

    append, press = Trace.append, Breaks(5)

    def note(trace, step):
        append(trace, step)
        press()

    monkeypatch.setattr(Trace, "append", note)
    settings = {"method": "momentum", "learning_rate": 0.01, "tol": 0.0}
    with pytest.raises(Interrupted):
        ds.fit(rows(), epochs=20, checkpoint=ds.Checkpoint(tmp_path / "run"), **settings)
    monkeypatch.undo()
    assert ds.load(tmp_path / "run").stopped == "interrupted"
    whole = ds.resume(tmp_path / "run", rows())
    np.testing.assert_array_equal(whole.params, ds.fit(rows(), epochs=20, **settings).params)


# ---- F7: caches --------------------------------------------------------------------------------------


@pytest.mark.fault("F7")
def test_a_damaged_cache_is_made_anew_with_a_note(tmp_path, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_CACHE", str(tmp_path))
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((64, 2)), rng.standard_normal((64, 1))

    def written():
        kept = memory.Cache("rows of a test", 2, 1, False, 16)
        if not kept.whole:
            kept.add(X, y, None)
            kept.close()
        return kept

    path = written().path
    whole = path.read_bytes()
    draw = random.Random(1)
    for _ in range(24):
        position = draw.randrange(len(whole))
        damage = bytearray(whole)
        if draw.random() < 0.25:
            del damage[position:]
        else:
            damage[position] ^= 1 << draw.randrange(8)
        path.write_bytes(damage)
        with pytest.warns(ds.DownslopeWarning, match="checksum"):
            kept = written()
        np.testing.assert_array_equal(kept.read(range(4))[0], X)
        assert path.read_bytes() == whole
    path.with_suffix(".sha256").unlink()
    with pytest.warns(ds.DownslopeWarning, match="checksum"):
        written()


# ---- F8: replacing a run, two trainings in one folder -------------------------------------------------


@pytest.mark.slow
@pytest.mark.fault("F8")
def test_there_is_a_run_under_the_name_while_it_is_replaced(tmp_path, monkeypatch):
    """Killed at any system call of the replacement: the old run or the new one opens."""
    first, second = ds.fit(rows()), ds.fit(rows(seed=1))
    script = """
import os, sys
import downslope as ds
from downslope import atomic
solution, calls = ds.load(sys.argv[2]), int(sys.argv[3])
if sys.argv[4] == "no exchange":
    atomic._exchanged = lambda *_: False
def watch(event, arguments):
    global calls
    names = ("os.rename", "open", "os.mkdir", "shutil.rmtree", "os.remove")
    if event in names and sys.argv[1] in str(arguments[0]):
        calls -= 1
        if calls < 0:
            os._exit(9)
sys.addaudithook(watch)
solution.save(sys.argv[1], force=True)
"""
    new = tmp_path / "new"
    second.save(new)
    for kind in ("exchange", "no exchange"):
        for call in range(0, 12, 2):
            path = tmp_path / "place" / "run"
            shutil.rmtree(path.parent, ignore_errors=True)
            first.save(path)
            words = [sys.executable, "-c", script, str(path), str(new), str(call), kind]
            subprocess.run(words, check=False)
            found = ds.load(path)
            assert any(np.array_equal(found.params, one.params) for one in (first, second)), (kind, call)
            found.save(path, force=True)
            assert [left.name for left in path.parent.iterdir()] == ["run"], (kind, call)


@pytest.mark.fault("F8")
def test_two_trainings_in_one_folder_are_refused(tmp_path):
    settings = {"method": "gd", "epochs": 50, "tol": 0.0}
    keeps = ds.Checkpoint(tmp_path / "run", seconds=0)
    recipe = ds.inference.recipe.Recipe.of(settings) if hasattr(ds, "inference") else None
    from downslope.inference.recipe import Recipe
    from downslope.inference.training import Training

    training = Training.on_rows(rows(), recipe or Recipe.of(settings))
    keeps.begin(training)
    steps = keeps.watch(training)
    next(steps)
    with pytest.raises(DownslopeError, match="another process"):
        ds.resume(tmp_path / "run", rows())
    with pytest.raises(DownslopeError, match="another process"):
        ds.fit(rows(), checkpoint=ds.Checkpoint(tmp_path / "run", force=True), **settings)
    for _ in steps:
        pass
    assert ds.resume(tmp_path / "run", rows(), epochs=60).epochs == 60


# ---- F9: memory --------------------------------------------------------------------------------------


@pytest.mark.fault("F9")
@pytest.mark.parametrize("version", [1, 2])
def test_a_parents_control_group_binds(tmp_path, version):
    top = tmp_path if version == 2 else tmp_path / "memory"
    limit, used, cached = (
        ("memory.max", "memory.current", "inactive_file")
        if version == 2
        else ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    )
    for folder, most in (
        (top / "a" / "b", "max" if version == 2 else str(2**63 - 4096)),
        (top / "a", "1000"),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / limit).write_text(f"{most}\n")
        (folder / used).write_text("400\n")
        (folder / "memory.stat").write_text(f"anon 1\n{cached} 100\n")
    own = tmp_path / "own"
    own.write_text("0::/a/b\n" if version == 2 else "4:memory,cpu:/a/b\n")
    assert memory._free_in_groups(tmp_path, own) == [700]


@pytest.mark.fault("F9")
@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [500, 1000, 1500, 3000])
def test_a_limit_of_the_address_space_is_one_line_or_a_fit(megabytes, tmp_path):
    data = write_csv(tmp_path / "data.csv", 200)
    line = (
        f"ulimit -v {megabytes * 1024}; exec {sys.executable} -m downslope fit {data} --target y --method sgd"
    )
    found = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=200)
    assert found.returncode in (0, 2), found.stderr[-2000:]
    assert "Traceback" not in found.stderr
    assert found.returncode == 0 or len(found.stderr.strip().splitlines()) == 1


# ---- F11: edited runs and checkpoints whose checksums fit ----------------------------------------------


def mutations(value, draw):
    """The same JSON with one thing that is not as it was."""
    paths = list(places(value))
    where = draw.choice(paths)
    kinds = ["drop", None, 5, -1, "text", [], {}, [[1]], {"a": 1}, True, 1e400, "deep"]
    new = draw.choice(kinds)
    if new == "deep":
        new = json.loads("[" * 300 + "]" * 300)
    copy = json.loads(json.dumps(value))
    inside = copy
    for key in where[:-1]:
        inside = inside[key]
    if new == "drop":
        del inside[where[-1]]
    else:
        inside[where[-1]] = new
    return where, new, copy


def places(value, path=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value[:3]):
            yield (*path, number)
            yield from places(inner, (*path, number))


def resealed(folder):
    """The checksums of an edited run, made to fit."""
    files = {name: (folder / name).read_bytes() for name in ("solution.json", "weights.npz", "trace.jsonl")}
    (folder / "manifest.json").write_bytes(runs._manifest(files))


def used(folder):
    """A run, opened and used for all that it is for."""
    solution = ds.load(folder)
    str(solution.verdict)
    if solution.features:
        solution.predict(np.ones((2, len(solution.features))))
    cli.main(["inspect", str(folder)])


@pytest.mark.fault("F11")
@EDITS
@pytest.mark.parametrize("name", ["numbers", "classes", "net", "function"])
def test_an_edited_run_opens_or_is_refused_in_one_sentence(name, edits, tmp_path, capsys):
    original = json.loads((FIXTURES / "runs" / name / "solution.json").read_text())
    draw = random.Random(f"edited {name}")
    for number in range(edits):
        folder = tmp_path / f"{number}"
        shutil.copytree(FIXTURES / "runs" / name, folder)
        where, new, content = mutations(original, draw)
        (folder / "solution.json").write_text(json.dumps(content))
        resealed(folder)
        try:
            used(folder)
        except DownslopeError as error:
            assert "\n" not in str(error)
        except Exception as error:
            raise AssertionError(f"{where} ← {new!r}") from error
    capsys.readouterr()


@pytest.mark.fault("F11")
@pytest.mark.parametrize(
    "weights",
    [
        {"params": np.array([np.nan, 1.0, 2.0]), "start": np.zeros(3)},
        {"params": np.array([1.0, 2.0]), "start": np.zeros(2)},
        {"params": np.array([[1.0, 2.0, 3.0]]), "start": np.zeros(3)},
        {"params": np.array(["1", "2", "3"]), "start": np.zeros(3)},
        {"start": np.zeros(3)},
    ],
)
def test_weights_that_are_not_what_was_written_are_refused(weights, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(FIXTURES / "runs" / "numbers", folder)
    np.savez(folder / "weights.npz", **weights)
    resealed(folder)
    with pytest.raises(DownslopeError) as caught:
        ds.load(folder)
    assert caught.value.key == "inference.wrong_content"


@pytest.mark.fault("F11")
@EDITS
@pytest.mark.parametrize("name", ["sgd", "net", "log", "lbfgs"])
def test_an_edited_checkpoint_goes_on_or_is_refused_in_one_sentence(name, edits, tmp_path):
    import hashlib

    from tests.fixtures.make import CHECKPOINTS, settings

    content = (FIXTURES / "checkpoints_2" / name / "checkpoint").read_bytes()
    _, _, body = content.partition(b"\n")
    line, _, numbers = body.partition(b"\n")
    from tests.fixtures.make import rows as fixture_rows

    dataset = fixture_rows(settings(name, CHECKPOINTS).get("loss", "squared"))
    draw = random.Random(f"edited {name}")
    for number in range(edits):
        where, new, head = mutations(json.loads(line), draw)
        folder = tmp_path / f"{number}"
        folder.mkdir()
        edited = json.dumps(head).encode() + b"\n" + numbers
        seal = hashlib.sha256(edited).hexdigest().encode()
        (folder / "checkpoint").write_bytes(seal + b"\n" + edited)
        try:
            ds.resume(folder, dataset, epochs=8)
        except DownslopeError as error:
            assert "\n" not in str(error)
        except Exception as error:
            raise AssertionError(f"{where} ← {new!r}") from error


@pytest.mark.slow
@pytest.mark.fault("D11")
def test_the_first_compilation_is_announced_and_the_second_process_has_none_and_the_same_bits(tmp_path):
    code = """
import numpy as np, downslope as ds
X = np.random.default_rng(0).normal(size=(1000, 37))
dataset = ds.Dataset.from_arrays(X, X @ np.ones(37))
print(ds.fit(dataset, method="sgd", learning_rate=0.001, epochs=9).coef.tobytes().hex())
"""
    env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "DOWNSLOPE_LANG": "en"}
    ends = [
        subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert [end.stderr.strip() for end in ends] == [text("kernels.compiling"), ""]
    assert ends[0].stdout == ends[1].stdout and len(ends[0].stdout) == 2 * 8 * 37 + 1


def test_threads_that_compile_at_once_share_one_kernel_where_no_folder_can_be_written():
    code = """
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from downslope.kernels import compiled, gather
with ThreadPoolExecutor(8) as pool:
    kernels = set(pool.map(compiled.compiled, [gather.transpose] * 8))
(kernel,), out = kernels, np.empty((3, 2))
kernel(np.arange(6.0).reshape(2, 3), 0, 3, out)
print(out.tolist())
"""
    env = os.environ | {"NUMBA_CACHE_LOCATOR_CLASSES": "_IPythonCacheLocator"}  # which finds none for a file
    end = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert end.stdout == "[[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]\n"


@pytest.mark.fault("F9")
@pytest.mark.timeout(20)
def test_a_descent_that_is_collected_while_another_begins_does_not_hang(monkeypatch):
    """The collector ends the first wherever it runs: here, within the lock of those who need one thread."""
    F = ds.objective(rows())
    begin = lambda: ds.descend(F, np.zeros(F.size), ds.GD(0.01), ds.stops.Epochs(3))
    held = [begin()]
    next(held[0])
    limit = threads._limit

    def limit_and_collect():
        while held:
            held.pop().close()
        return limit()

    monkeypatch.setattr(threads, "_limit", limit_and_collect)
    assert len(list(begin())) == 3 and not held and not threads._users and not threads._limits


# ---- many readers -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.fault("F9")
def test_a_hundred_generators_that_are_held_half_way_keep_a_few_threads(tmp_path):
    lines = ["x,y", *(f"{i},{2 * i + 1}" for i in range(40_000))]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    rows = ds.Stream.open(str(tmp_path / "rows.csv"), "y", reading=ds.ReadOptions("1GB", 4096))
    assert rows.gathered  # the pass that keeps them on the disk
    before, held = threading.active_count(), [rows.each() for _ in range(100)]
    firsts = [next(each) for each in held]
    assert threading.active_count() - before <= 16
    assert {part.X.tobytes() for part in firsts} == {firsts[0].X.tobytes()}
    rest = sum(len(part) for part in held[-1])  # one that has no thread goes on all the same
    assert rest == 40_000 - len(firsts[0])
    held.clear()
    assert threading.active_count() == before


@pytest.mark.fault("F9")
def test_a_descent_that_is_held_at_the_end_of_the_program_says_nothing(tmp_path):
    program = """
import numpy as np, downslope as ds
F = ds.objective(ds.Dataset.from_arrays(np.arange(12.0).reshape(6, 2), np.arange(6.0)))
methods = ds.GD(), ds.SGD(0.01), ds.Newton()
held = [ds.descend(F, np.zeros(3), method, ds.stops.Epochs(9)) for method in methods]
for descent in held: next(descent)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")

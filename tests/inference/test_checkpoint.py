"""Stopped and gone on with = never stopped, to the last bit; and what is no checkpoint is refused."""

import errno
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import downslope as ds
from downslope.cli import main
from downslope.descent.methods import METHODS
from downslope.inference.training import Training


def rows(n=60, d=3, classes=False, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * np.arange(1, d + 1)
    y = X @ rng.normal(size=d) + rng.normal(size=n)
    return ds.Dataset.from_arrays(X, (y > 0).astype(float) if classes else y)


def trace_of(solution):
    """All of a trace but its seconds, as text that tells every bit."""
    trace = solution.trace
    steps = [{**record, "seconds": 0} for record in trace.to_records()]
    return json.dumps(steps), trace.seen, trace.stride, trace.updates


def assert_same(found, expected):
    assert found.params.tobytes() == expected.params.tobytes()
    assert trace_of(found) == trace_of(expected)
    for field in ("loss", "gap", "stopped", "epochs", "names"):
        assert json.dumps(getattr(found, field)) == json.dumps(getattr(expected, field)), field


def stopped_at(step, path, dataset, held_out=None, interrupt=False, seconds=0.0, **settings):
    """A run that was left at that step of its trace."""
    training = Training.on_rows(dataset, ds.Recipe(**settings), held_out)
    checkpoint = ds.Checkpoint(path, seconds)
    checkpoint.begin(training)
    for count, _ in enumerate(checkpoint.watch(training), 1):
        if count == step:
            if interrupt:
                training.interrupt()
            break
    return path


OBJECTIVES = {
    "squared": {},
    "squared-l1": {"penalty": "l1", "alpha": 0.1},
    "log-l2": {"loss": "log", "penalty": "l2", "alpha": 0.1},
    "absolute": {"loss": "absolute"},
    "huber-l1": {"loss": "huber", "penalty": "l1", "alpha": 0.1},
}


@pytest.mark.sample(48)
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("size", [None, 7])
@pytest.mark.parametrize("method", [name for name in METHODS if name not in ("closed_form", "exhaustive")])
def test_stopped_at_any_step_and_gone_on_with_is_never_stopped(method, size, objective, tmp_path):
    settings = {**OBJECTIVES[objective], "method": method, "batch_size": size, "epochs": 17}
    dataset = rows(classes=objective == "log-l2")
    try:
        whole = ds.fit(dataset, **settings)
    except ds.DownslopeError as error:
        assert error.key.startswith("descent.")  # these do not go together
        return
    draw = random.Random(f"{method}{size}{objective}")
    for step in {whole.trace.seen, draw.randint(1, whole.trace.seen)}:
        path = stopped_at(step, tmp_path / f"{step}", dataset, interrupt=draw.random() < 0.5, **settings)
        assert_same(ds.resume(path, dataset), whole)
        assert_same(ds.load(path), whole)


@pytest.mark.parametrize("method", ["lbfgs", "newton", "gd"])
def test_a_point_on_the_moments_of_many_rows_comes_back(method, tmp_path):
    dataset = rows(400)
    settings = {"method": method, "tol": 0.0, "epochs": 12}
    whole = ds.fit(dataset, **settings)
    for step in range(1, whole.trace.seen):
        path = stopped_at(step, tmp_path / f"{step}", dataset, **settings)
        assert_same(ds.resume(path, dataset), whole)


def test_a_descent_that_began_on_some_rows_goes_on_in_the_stage_where_it_stood(tmp_path):
    dataset = rows(8000, classes=True)
    settings = {"loss": "log", "method": "subsampled", "penalty": "l2", "alpha": 1e-4}
    whole = ds.fit(dataset, **settings)
    assert len({step.rows for step in whole.trace}) > 1
    for step in range(1, whole.trace.seen + 1):
        path = stopped_at(step, tmp_path / f"{step}", dataset, **settings)
        assert_same(ds.resume(path, dataset), whole)


def test_a_trace_that_was_thinned_and_a_run_stopped_many_times_come_back(tmp_path):
    dataset, settings = rows(), {"method": "adam", "epochs": 5000, "learning_rate": 0.01, "tol": 0.0}
    whole = ds.fit(dataset, **settings)
    assert whole.trace.stride > 1
    path = stopped_at(700, tmp_path / "run", dataset, seconds=1e9, **settings)
    for stop in (1, 900, 4000):
        from downslope.inference.checkpoint import LoadedCheckpoint

        kept = LoadedCheckpoint.read(path)
        training = kept.training(dataset, None)
        for count, _ in enumerate(kept.checkpoint.watch(training)):
            if count == stop:
                break
    assert_same(ds.resume(path, dataset), whole)


def test_the_best_on_rows_held_out_and_what_patience_has_seen_come_back(tmp_path):
    dataset, held_out = rows(), rows(seed=1)
    settings = {"method": "sgd", "patience": 4, "epochs": 50, "learning_rate": 0.02}
    whole = ds.fit(dataset, validation=held_out, **settings)
    assert whole.stopped == "validation"
    for step in (1, whole.trace.seen // 2, whole.trace.seen):
        path = stopped_at(step, tmp_path / f"{step}", dataset, held_out, **settings)
        assert_same(ds.resume(path, dataset, validation=held_out), whole)
    with pytest.raises(ds.DownslopeError, match="used other validation rows"):
        ds.resume(path, dataset, validation=rows(seed=2))


@pytest.mark.parametrize("dropout, size", [(0.0, None), (0.3, 16)])
def test_a_net_goes_on_with_the_same_dropout(dropout, size, tmp_path):
    dataset = rows()
    net = ds.Net(hidden=(4,), dropout=dropout, seed=3)
    settings = {"net": net, "method": "adam", "batch_size": size, "epochs": 12, "learning_rate": 0.01}
    whole = ds.fit(dataset, **settings)
    for step in (1, 5, whole.trace.seen - 1):
        path = stopped_at(step, tmp_path / f"{step}", dataset, **settings)
        assert_same(ds.resume(path, dataset), whole)


@pytest.mark.parametrize("method", ["gd", "minibatch", "momentum", "nesterov", "lbfgs", "newton"])
@pytest.mark.parametrize("loss", ["squared", "huber", "absolute"])
def test_more_epochs_on_a_finished_run_are_one_long_run(method, loss, tmp_path):
    dataset, settings = rows(), {"method": method, "loss": loss, "tol": 0.0}
    long = ds.fit(dataset, epochs=60, **settings)
    ds.fit(dataset, epochs=9, checkpoint=ds.Checkpoint(tmp_path / "run", 1e9), **settings)
    assert_same(ds.resume(tmp_path / "run", dataset, epochs=60), long)
    again = ds.resume(tmp_path / "run", dataset, epochs=60)  # it is finished: nothing is added
    assert_same(again, long)


def test_a_rate_that_is_laid_out_over_all_epochs_is_told(tmp_path):
    dataset = rows()
    ds.fit(dataset, method="adam", epochs=9, checkpoint=ds.Checkpoint(tmp_path / "run"))
    with pytest.warns(ds.DownslopeWarning, match="scheduled for 9 epochs"):
        assert ds.resume(tmp_path / "run", dataset, epochs=20).epochs == 20
    ds.fit(dataset, method="sgd", epochs=9, checkpoint=ds.Checkpoint(tmp_path / "swept"))
    with pytest.warns(ds.DownslopeWarning, match="scheduled for 9 epochs"):  # worth compiling from there on
        ds.resume(tmp_path / "swept", dataset, epochs=2000)


def test_rows_are_read_again_from_their_file(tmp_path):
    dataset = table(tmp_path)
    checkpoint = ds.Checkpoint(tmp_path / "run", 0)
    ds.fit(dataset, method="gd", epochs=5, checkpoint=checkpoint)
    whole = ds.fit(dataset, method="gd", epochs=20, tol=1e-8)
    assert_same(ds.resume(tmp_path / "run", epochs=20), whole)


# ---- the disk ------------------------------------------------------------------------------------


def test_a_full_disk_leaves_the_checkpoint_before_and_the_training_goes_on(tmp_path, monkeypatch):
    dataset, settings = rows(), {"method": "gd", "epochs": 8, "tol": 0.0}
    whole, path = ds.fit(dataset, **settings), tmp_path / "run"
    training = Training.on_rows(dataset, ds.Recipe(**settings))
    checkpoint = ds.Checkpoint(path, 0)
    checkpoint.begin(training)
    steps = checkpoint.watch(training)
    for _ in range(3):
        next(steps)
    before = (path / "checkpoint").read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.warns(ds.DownslopeWarning, match="No space left on device"):
            next(steps)
        assert sorted(os.listdir(path)) == [".lock", "checkpoint"]
        assert (path / "checkpoint").read_bytes() == before
    copy = shutil.copytree(path, tmp_path / "copy")  # the folder itself is another training's
    assert_same(ds.resume(copy, dataset), whole)  # of the third step
    for _ in steps:
        pass
    assert_same(training.solution, whole)


def test_a_disk_that_is_full_from_the_start_is_told_before_any_work(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ds.DownslopeError, match="No space left"):
        ds.fit(rows(), method="gd", checkpoint=ds.Checkpoint(tmp_path / "run"))


FIT = ["fit", "--target", "y", "--method", "minibatch", "--epochs", "300", "--tol", "0"]


def table(folder):
    """300 rows in a file, and what it holds."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(300, 3))
    y = X @ [1.0, -2.0, 0.5] + rng.normal(size=300)
    lines = ["a,b,c,y", *(",".join(map(repr, row)) for row in np.column_stack([X, y]).tolist())]
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    return ds.Dataset.read(str(folder / "rows.csv"), target="y")


@pytest.mark.parametrize("kills", [3, pytest.param(100, marks=pytest.mark.slow)])
def test_killed_at_any_moment_and_gone_on_with_is_never_killed(kills, tmp_path):
    table(tmp_path)
    data, run = str(tmp_path / "rows.csv"), tmp_path / "run"
    assert main([*FIT, data, "--out", str(tmp_path / "whole")]) == 0
    whole, draw, killed, number = ds.load(tmp_path / "whole"), random.Random(kills), 0, 0
    while killed < kills:
        run = tmp_path / f"run{number}"
        words = [*FIT, data, "--out", str(run), "--checkpoint", "0"]
        if (run / "checkpoint").exists():
            words = ["fit", "--resume", str(run)]
        child = subprocess.Popen(
            [sys.executable, "-m", "downslope", *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        while child.poll() is None and not (run / "checkpoint").exists():
            time.sleep(0.001)
        if "--resume" in words:  # it takes a while to start
            time.sleep(draw.uniform(0.3, 1.5))
        time.sleep(draw.uniform(0, 0.5))
        child.send_signal(signal.SIGKILL)
        _, said = child.communicate()
        killed += child.returncode == -signal.SIGKILL
        assert child.returncode in (0, -signal.SIGKILL), said
        if child.returncode == 0:
            assert_same(ds.load(run), whole)
            number += 1
    if (run / "checkpoint").exists():
        assert_same(ds.resume(run, ds.Dataset.read(data, target="y")), whole)


# ---- what is refused -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A folder with a table and a run on it, begun at the command line."""
    folder = tmp_path_factory.mktemp("refused")
    table(folder)
    words = [*FIT, str(folder / "rows.csv"), "--out", str(folder / "run"), "--checkpoint", "60"]
    assert main(words) == 0
    return folder / "run"


def refused(capsys, *words):
    """The line that a command is refused with."""
    capsys.readouterr()
    assert main([str(word) for word in words]) == 2
    told = capsys.readouterr()
    assert told.out == "" and len(told.err.splitlines()) == 1
    return told.err


def test_other_settings_are_refused_by_their_name(run, capsys):
    for words in (
        ["--method", "adam"],
        ["--loss", "huber"],
        ["--no-scale"],
        ["--batch-size", "3"],
        ["--force"],
    ):
        assert f"remove {words[0]}" in refused(capsys, "fit", "--resume", run, *words)
    assert "already trained 300 epochs" in refused(capsys, "fit", "--resume", run, "--epochs", 20)


def test_other_rows_are_refused(run, capsys, tmp_path):
    lines = (run.parent / "rows.csv").read_text().splitlines()
    for name, changed in {"fewer": lines[:-1], "swapped": [lines[0], *lines[:0:-1]]}.items():
        (tmp_path / name).with_suffix(".csv").write_text("\n".join(changed) + "\n")
        said = refused(capsys, "fit", "--resume", run, tmp_path / f"{name}.csv")
        assert "trained on other rows (300 × 3" in said


def test_a_flipped_byte_or_a_missing_end_is_damage(run, capsys, tmp_path):
    content = (run / "checkpoint").read_bytes()
    (tmp_path / "run").mkdir()
    places = random.Random(0).sample(range(len(content)), 40)
    for broken in [*(flipped(content, at) for at in (0, 64, 65, *places)), content[:-1], content[:100], b""]:
        (tmp_path / "run" / "checkpoint").write_bytes(broken)
        with pytest.raises(ds.DownslopeError, match="damaged"):
            ds.resume(tmp_path / "run")
    assert "damaged" in refused(capsys, "fit", "--resume", tmp_path / "run")


def flipped(content, at):
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def test_a_newer_checkpoint_is_refused(run, capsys, tmp_path):
    body = (run / "checkpoint").read_bytes().partition(b"\n")[2]
    head, _, numbers = body.partition(b"\n")
    newer = json.dumps({**json.loads(head), "version": 99}).encode() + b"\n" + numbers
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoint").write_bytes(hashlib.sha256(newer).hexdigest().encode() + b"\n" + newer)
    assert "format 99" in refused(capsys, "fit", "--resume", tmp_path / "run")


def test_what_holds_no_checkpoint_is_refused(run, capsys, tmp_path):
    data = run.parent / "rows.csv"
    assert main([*FIT, str(data), "--out", str(tmp_path / "plain")]) == 0
    assert "no such run" in refused(capsys, "fit", "--resume", tmp_path / "nothing")
    assert "contains no checkpoint" in refused(capsys, "fit", "--resume", tmp_path / "plain")
    assert "give --out RUN" in refused(capsys, *FIT, data, "--checkpoint", 60)
    for method in ("closed_form", "auto"):
        words = ["fit", data, "--target", "y", "--method", method, "--out", tmp_path / "x", "--checkpoint", 1]
        assert "nothing to resume" in refused(capsys, *words)
    assert not (tmp_path / "x").exists()


def test_an_unfinished_run_says_how_to_go_on(tmp_path, capsys):
    path = stopped_at(2, tmp_path / "run", rows(), method="gd")
    assert re.search("not finished: resume it with", refused(capsys, "inspect", path))
    with pytest.raises(ds.DownslopeError, match="cannot be read again"):
        ds.resume(path)


def test_seconds_that_are_none_are_refused(tmp_path):
    for seconds in (-1, "60", None):
        with pytest.raises(ds.DownslopeError, match="seconds between"):
            ds.Checkpoint(tmp_path / "run", seconds)


def test_what_does_not_go_together_is_refused_before_anything_is_written(tmp_path):
    for settings in ({"method": "newton", "batch_size": 3}, {"method": "lbfgs", "penalty": "l1", "alpha": 1}):
        with pytest.raises(ds.DownslopeError) as error:
            ds.fit(rows(), checkpoint=ds.Checkpoint(tmp_path / "run"), **settings)
        assert error.value.key.startswith("descent.")
    assert not (tmp_path / "run").exists()

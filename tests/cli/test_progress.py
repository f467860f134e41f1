"""Watching: the bar, and the log that is written while a descent runs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import downslope as ds
from downslope.cli import main, progress
from downslope.data import memory, parts
from downslope.data.parts import Meter, Throughput
from downslope.descent.trace import Step
from downslope.inference import Recipe, Training, logbook
from downslope.inference.logbook import Log, Logbook, Thinned
from downslope.messages import LANGUAGES, speaking

ROWS = "x,y\n1,2\n2,4\n3,6.5\n"
FIT = "fit rows.csv --target y --method gd --learning-rate 0.001 --tol 0"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOWNSLOPE_LANG", "en")
    Path("rows.csv").write_text(ROWS)
    return tmp_path


@pytest.fixture
def run(capsys):
    def called(line: str):
        code = main(line.split())
        out, err = capsys.readouterr()
        return code, out, err

    return called


@pytest.fixture
def rows():
    return ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.5])


def lines(path="run.jsonl") -> list[dict]:
    """Every line of a log, each of them a JSON object with no word that JSON lacks."""
    return [json.loads(line, parse_constant=pytest.fail) for line in Path(path).read_text().splitlines()]


def steps(path="run.jsonl") -> list[int]:
    return [line["step"] for line in lines(path) if line["event"] == "step"]


def started(words: str, **more) -> subprocess.Popen:
    line = [sys.executable, "-c", "from downslope.cli import main; raise SystemExit(main())", *words.split()]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(line, **{**pipes, **more})


def waited(process, done) -> None:
    end = time.monotonic() + 120
    while not done():
        assert time.monotonic() < end and process.poll() is None, process.communicate()
        time.sleep(0.02)


# ── JSON Lines ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", ["gd", "sgd", "adam", "lbfgs", "newton", "closed_form"])
def test_every_step_is_a_line_between_the_settings_and_the_end(rows, method):
    solution = ds.fit(rows, method=method, epochs=30, log="run.jsonl")
    first, *between, last = lines()
    assert first["event"] == "begin" and first["log"] == "downslope" and first["method"] == method
    assert (first["rows"], first["columns"], first["source"]) == (3, 1, "list")
    assert first["recipe"] == json.loads(json.dumps(solution.recipe.to_json()))
    assert [line["step"] for line in between] == [step.step for step in solution.trace]
    for line, step in zip(between, solution.trace.to_records()):
        told = {name: step[name] for name in ("epoch", "loss", "objective", "gap", "params")}
        assert {name: line[name] for name in told} == told
        assert line["memory"] is None or line["memory"] > 1_000_000
    assert (last["event"], last["stopped"], last["loss"]) == ("end", solution.stopped, solution.loss)
    assert last["verdict"] == {"code": solution.verdict.code, "text": solution.verdict.text}
    assert last["metrics"] == json.loads(json.dumps(dict(solution.metrics)))
    assert last["written"] == len(between)


def test_a_log_changes_no_bit_of_the_descent(rows):
    settings = {"method": "sgd", "epochs": 40, "seed": 3}
    plain, logged = ds.fit(rows, **settings), ds.fit(rows, log="run.jsonl", **settings)
    assert (plain.params == logged.params).all() and len(plain.trace) == len(logged.trace)


def test_a_function_has_no_rows_and_says_so_by_null(run):
    assert run("minimize x^2 --start 3 --epochs 5 --log run.jsonl")[0] == 0
    first, *between, last = lines()
    assert first["source"] == "x^2" and "rows" not in first
    assert [line["rows_per_second"] for line in between] == [None] * 5
    assert between[-1]["params"] == pytest.approx({"x": 3 * 0.98**5}) and last["epochs"] == 5


def test_numbers_that_are_not_finite_are_null(run):
    code, _, _ = run("minimize x^4 --start 9 --learning-rate 1 --log run.jsonl")
    assert code == 3 and lines()[-1]["verdict"]["code"] == "diverged"
    ds.fit(ds.Dataset.from_arrays([[1.0], [2.0]], [1.0, 3.0]), method="closed_form", log="closed.jsonl")
    assert lines("closed.jsonl")[1]["learning_rate"] is None


@pytest.mark.parametrize("d, told", [(19, True), (20, False)])
def test_params_are_told_where_there_are_twenty_or_fewer(d, told):
    X = np.random.default_rng(0).normal(size=(50, d))
    ds.fit(ds.Dataset.from_arrays(X, X.sum(axis=1)), method="gd", epochs=3, log="run.jsonl")
    assert all(("params" in line) is told for line in lines()[1:-1])


def test_the_rows_held_out_are_logged(rows):
    ds.fit(rows, validation=rows, method="gd", epochs=3, tol=0, log="run.jsonl")
    assert all(line["validation"] > 0 for line in lines()[1:-1]) and lines()[0]["held_out"] == 3


def test_the_end_speaks_the_language_of_the_moment(run):
    run(f"{FIT} --epochs 3 --log run.jsonl --lang zh")
    assert re.search("[一-鿿]", Path("run.jsonl").read_text()), "written as it is read, not as escapes"
    assert re.search("[一-鿿]", lines()[-1]["verdict"]["text"])


def test_several_logs_are_written_and_told_of(run):
    code, out, err = run(f"{FIT} --epochs 4 --log a.jsonl --log b.jsonl")
    assert (code, err) == (0, "") and "written: a.jsonl" in out and "written: b.jsonl" in out
    assert steps("a.jsonl") == steps("b.jsonl") == [1, 2, 3, 4]
    ds.minimize("x^2", 3, epochs=2, log=["c.jsonl", Path("d.jsonl")])
    assert steps("c.jsonl") == steps("d.jsonl") == [1, 2]


def test_json_on_stdout_is_left_alone(run):
    code, out, err = run(f"{FIT} --epochs 4 --log run.jsonl --json")
    assert (code, err) == (0, "") and len(json.loads(out)["trace"]) == len(steps()) == 4


def test_a_fix_is_logged_after_the_run_that_it_mends(run):
    line = "fit rows.csv --target y --method gd --learning-rate 9 --fix --log run.jsonl"
    assert run(line)[0] == 0
    events = [line["event"] for line in lines() if line["event"] != "step"]
    assert events == ["begin", "end", "changed", "end"]
    assert next(line["stopped"] for line in lines() if line["event"] == "end") == "diverged"
    assert list(next(line["change"] for line in lines() if line["event"] == "changed")) == ["learning_rate"]


def test_the_descent_with_the_penalty_that_auto_added_is_logged_as_a_change():
    X = np.arange(20.0)[:, None]
    solution = ds.fit(ds.Dataset.from_arrays(X, X[:, 0] > 9.5), loss="log", log="run.jsonl")
    events = [line["event"] for line in lines() if line["event"] != "step"]
    assert events == ["begin", "end", "changed", "end"]
    place = [line["event"] for line in lines()].index("changed")
    before, changed, after = lines()[:place], lines()[place], lines()[place + 1 :]
    assert before[-1]["verdict"]["code"] == "separable" and before[-1]["steps"] == len(before) - 2
    assert changed["change"] == {"penalty": "l2", "alpha": solution.recipe.penalty.alpha}
    assert [line["loss"] for line in after[:-1]] == [step.loss for step in solution.trace]
    assert after[-1]["loss"] == solution.loss and after[-1]["written"] == len(after) - 1


def test_a_descent_that_fails_on_the_way_ends_the_log_with_the_reason():
    def f(x):
        if x[0] < 2:
            raise RuntimeError("the sensor is gone")
        return x[0] ** 2

    with pytest.raises(RuntimeError):
        ds.minimize(f, [3.0], learning_rate=0.1, derivative=lambda x: 2 * x, log="run.jsonl")
    assert lines()[-1] == {"event": "failed", "reason": "the sensor is gone", "written": len(steps())}


# ── stop, go on, and what stands in the way ─────────────────────────────────────────────────────────


def test_every_line_is_whole_when_it_is_killed_and_the_log_goes_on_where_the_run_does(run):
    asked = f"{FIT} --epochs 1000000000 --out run --checkpoint 0.05 --log run.jsonl"
    process = started(asked)
    waited(process, lambda: Path("run.jsonl").exists() and Path("run.jsonl").stat().st_size > 300_000)
    process.kill()
    process.communicate()
    there = steps()
    assert there == list(range(1, len(there) + 1))
    made = max(there) + 50
    assert run(f"fit --resume run --epochs {made} --log run.jsonl")[0] == 0
    [again] = [line for line in lines() if line["event"] == "resumed"]
    assert 0 <= again["step"] <= len(there) + 1  # the checkpoint may know the step whose line was under way
    after = steps()[len(there) :]
    assert after == list(range(again["step"] + 1, made + 1)) and lines()[-1]["event"] == "end"


def test_half_a_line_that_was_left_is_cut_before_the_log_goes_on(rows):
    settings = {"method": "gd", "learning_rate": 0.001, "tol": 0.0}
    ds.fit(rows, epochs=5, checkpoint=ds.Checkpoint("run"), log="run.jsonl", **settings)
    with open("run.jsonl", "a") as file:
        file.write('{"event": "step", "st')
    ds.resume("run", rows, epochs=8, log="run.jsonl")
    assert steps() == list(range(1, 9))
    assert [line["event"] for line in lines() if line["event"] != "step"] == [
        "begin",
        "end",
        "resumed",
        "end",
    ]


def test_a_run_may_be_gone_on_with_in_a_new_log(rows):
    settings = {"method": "gd", "learning_rate": 0.001, "tol": 0.0}
    ds.fit(rows, epochs=5, checkpoint=ds.Checkpoint("run"), **settings)
    ds.resume("run", rows, epochs=7, log="new.jsonl")
    assert lines("new.jsonl")[0]["step"] == 5 and steps("new.jsonl") == [6, 7]


def test_ctrl_c_ends_the_log_with_what_was_learned():
    process = started(f"{FIT} --epochs 1000000000 --log run.jsonl")
    waited(process, lambda: Path("run.jsonl").exists() and Path("run.jsonl").stat().st_size > 50_000)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "") and "written: run.jsonl" in out
    assert lines()[-1]["stopped"] == "interrupted" and lines()[-1]["epochs"] == max(steps())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a limit on the size of files")
def test_a_disk_that_fills_up_is_told_of_once_and_the_fit_goes_on():
    import resource

    full = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, 3_000))
    process = started(f"{FIT} --epochs 60 --log run.jsonl --json", preexec_fn=full)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and json.loads(out)["epochs"] == 60
    assert err.count("\n") == 1 and err.startswith("warning: the log run.jsonl ends at step")
    assert lines()[-1]["step"] == len(steps()) < 60, "what is there is whole"


REFUSED = {
    "rows.csv": "already exists",
    "rows.csv --force": "not a Downslope log",
    ".": "is a folder",
    "none/run.jsonl": "the folder none does not exist",
    "/proc/run.jsonl": "cannot write",
    "rows.csv/run.jsonl": "the folder rows.csv does not exist",
    "old.jsonl": "--force",
    "a.jsonl --log ./a.jsonl": "given twice",
    "a --out a": "for --out",
    "a.png --plot a.png": "for --plot",
    "tensorboard:": "tensorboard:FOLDER",
    "mlflow:": "mlflow:URI",
    "tensorbord:logs": "tensorboard:logs",
    "tensorboard:logs": "pip install tensorboard",
    "mlflow:runs": "pip install mlflow",
}


@pytest.mark.parametrize("asked", REFUSED)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_log_that_can_not_be_written_is_refused_in_one_line_before_any_work(run, asked, lang, monkeypatch):
    for library in ("tensorboard", "mlflow"):  # None stands in for one that is not installed
        for name in [name for name in sys.modules if name.partition(".")[0] == library]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, library, None)
    Path("old.jsonl").write_text("")
    before = sorted(Path().iterdir())
    code, out, err = run(f"fit gone.csv --target y --log {asked} --lang {lang}")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "gone.csv" not in err, "the rows are not looked at yet"
    assert lang == "zh" or REFUSED[asked] in err
    assert sorted(Path().iterdir()) == before and Path("rows.csv").read_text() == ROWS


@pytest.mark.parametrize("found", [3, [], "", [3], ["a.jsonl", " "], {"a.jsonl": 1}])
def test_what_is_no_log_is_refused_in_python_too(rows, found):
    with pytest.raises(ds.DownslopeError, match="log was"):
        ds.fit(rows, log=found)


def test_force_replaces_a_log_and_nothing_else(rows):
    ds.fit(rows, method="gd", epochs=3, tol=0, log="run.jsonl")
    with pytest.raises(ds.DownslopeError, match="exists"):
        ds.fit(rows, method="gd", epochs=2, log="run.jsonl")
    assert len(lines()) == 5
    ds.fit(rows, method="gd", epochs=2, tol=0, log=Logbook("run.jsonl", force=True))
    assert len(lines()) == 4


def test_a_name_with_a_colon_is_a_file(rows):
    ds.fit(rows, method="gd", epochs=2, tol=0, log=["12:30.jsonl", "./tensorbord:a"])
    assert steps("12:30.jsonl") == steps("./tensorbord:a") == [1, 2]


def test_starts_and_a_log_do_not_go_together(run):
    code, _, err = run("minimize x^2 --starts 3 --log run.jsonl")
    assert code == 2 and "--log cannot be combined with --starts" in err and not Path("run.jsonl").exists()


# ── fewer lines ─────────────────────────────────────────────────────────────────────────────────────


class Listed:
    """A writer that keeps what it is handed."""

    target, whole, pause = "a list", 3, 1e9

    def __init__(self, fails_at: int = 0):
        self.records, self.fails_at, self.ended = [], fails_at, None

    def step(self, record):
        if record["step"] == self.fails_at:
            raise OSError(28, "No space left on device")
        self.records.append(record)

    def end(self, record):
        self.ended = record


def logged(training, *writers) -> ds.Solution:
    from downslope.inference.training import finished

    log = Log(Logbook("a list"), training, [Thinned(writer, 0) for writer in writers])
    return finished(training, training, log)


def test_a_thinned_log_keeps_the_first_steps_the_first_that_is_due_and_the_last(rows):
    writer = Listed()
    training = Training.on_rows(rows, Recipe.of({"method": "gd", "epochs": 50, "tol": 0.0}))
    logged(training, writer)
    assert [record["step"] for record in writer.records] == [1, 2, 3, 4, 50]
    assert writer.ended["written"] == 5 and writer.ended["steps"] == 50


def test_steps_that_end_a_pass_are_thinned_apart_for_they_know_the_objective():
    thinned = Thinned(Listed(), 0, written=3)
    step = Step(1, 0, 1, 0.0, 1.0, 1.0, 0.1, np.zeros(1))
    wants = [thinned.wants(one, 5.0) for one in (step, step, step._replace(objective=1.0), step)]
    assert wants == [True, False, True, False]


def test_a_descent_of_millions_of_steps_makes_no_log_of_millions_of_lines(rows, monkeypatch):
    monkeypatch.setattr(logbook.Lines, "whole", 100)
    solution = ds.fit(rows, method="gd", learning_rate=1e-6, tol=0, epochs=5000, log="run.jsonl")
    assert steps()[:100] == list(range(1, 101)) and steps()[-1] == 5000
    assert len(steps()) <= 102 + solution.seconds / 0.1


def test_a_writer_that_fails_is_warned_of_once_and_the_others_go_on(rows):
    broken, sound = Listed(fails_at=2), Listed()
    training = Training.on_rows(rows, Recipe.of({"method": "gd", "epochs": 3, "tol": 0.0}))
    with pytest.warns(ds.DownslopeWarning, match="a list ends at step 2: No space left") as told:
        logged(training, broken, sound)
    assert len(told) == 1 and broken.ended is None and sound.ended["written"] == 3


# ── TensorBoard and MLflow, themselves: skipped where they are not installed ────────────────────────


def events(folder):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = accumulator.EventAccumulator(str(folder), size_guidance={"scalars": 0})
    found.Reload()
    return found


def test_tensorboard_draws_every_number_of_a_step(rows):
    pytest.importorskip("tensorboard")
    solution = ds.fit(rows, method="gd", learning_rate=0.001, tol=0, epochs=40, log="tensorboard:tb")
    found = events("tb")
    losses = found.Scalars("loss")
    assert [event.step for event in losses] == list(range(1, 41))
    assert [event.value for event in losses] == pytest.approx([step.loss for step in solution.trace])
    assert {"gradient_norm", "params/x", "rows_per_second"} <= set(found.Tags()["scalars"])
    [end] = found.Tensors("end")
    assert solution.verdict.code in end.tensor_proto.string_val[0].decode()
    with pytest.raises(ds.DownslopeError, match="exists"):
        ds.fit(rows, method="gd", log="tensorboard:tb")


def test_a_curve_that_is_gone_on_with_has_each_step_once(rows):
    pytest.importorskip("tensorboard")
    settings = {"method": "gd", "learning_rate": 0.001, "tol": 0.0}
    ds.fit(rows, epochs=20, checkpoint=ds.Checkpoint("run"), log="tensorboard:tb", **settings)
    ds.resume("run", rows, epochs=30, log="tensorboard:tb")
    assert [event.step for event in events("tb").Scalars("loss")] == list(range(1, 31))


@pytest.mark.parametrize("uri", ["runs", "sqlite:///runs.db"])
def test_mlflow_holds_settings_numbers_and_the_end(uri, folder):
    mlflow = pytest.importorskip("mlflow")
    if uri.startswith("sqlite"):
        pytest.importorskip("alembic")  # mlflow-skinny has no databases
    rows = ds.Dataset.from_arrays([[1, 2], [2, 1], [3, 5.0]], [2, 4, 6.5], features=["身高", "体重/b"])
    solution = ds.fit(rows, method="gd", learning_rate=0.001, tol=0, epochs=40, log=f"mlflow:{uri}")
    client = mlflow.MlflowClient(tracking_uri=uri if "://" in uri else (folder / uri).as_uri())
    [run] = client.search_runs([client.get_experiment_by_name("downslope").experiment_id])
    assert run.info.status == "FINISHED" and run.data.params["epochs"] == "40"
    assert run.data.tags["verdict.code"] == solution.verdict.code
    assert run.data.metrics["end/loss"] == solution.loss
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [metric.step for metric in history] == list(range(1, 41))
    assert len([name for name in run.data.metrics if name.startswith("params/")]) == 3


# ── how much, how fast ──────────────────────────────────────────────────────────────────────────────


def test_a_meter_that_many_threads_add_to_loses_nothing():
    from concurrent.futures import ThreadPoolExecutor

    meter = Meter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: [meter.add(1, 8) for _ in range(2_000)], range(8)))
    assert (meter.rows, meter.bytes) == (16_000, 128_000)


def test_the_share_of_a_pass_is_by_rows_or_by_bytes_or_not_known():
    for meter, share in ((Meter(10), 0.2), (Meter(None, 64), 0.25), (Meter(), None)):
        meter.add(5, 5)
        assert meter.share is None, "no pass has begun"
        meter.begin_pass()
        meter.add(2, 16)
        assert meter.share == share and meter.passes == 1


def test_speeds_are_those_of_the_last_seconds(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(parts.time, "monotonic", lambda: now[0])
    meter = Meter()
    pace = Throughput(meter)
    assert pace.speeds() == (None, None)
    for second in range(1, 60):
        now[0] += 1
        meter.add(100 if second <= 30 else 10, 1_000)
        rows, size = pace.speeds()
        assert size == pytest.approx(1_000)
    assert rows == pytest.approx(10), "what was fast half a minute ago is forgotten"
    assert Throughput(None).speeds() == (None, None)


@pytest.mark.parametrize(
    "method, passes",
    [("sgd", 5), ("minibatch:2", 5), ("adam", 1), ("lbfgs", 5), ("gd", 1), ("closed_form", 1)],
)
def test_rows_in_memory_are_counted_by_finished_passes(method, passes):
    X = np.random.default_rng(0).normal(size=(500, 3))
    rows = ds.Dataset.from_arrays(X, X.sum(axis=1))
    settings = {"method": method, "epochs": 5, "tol": 0.0, "loss": "log" if method == "lbfgs" else "squared"}
    if method == "lbfgs":
        rows = ds.Dataset.from_arrays(X, (X.sum(axis=1) > np.random.default_rng(1).normal(size=500)) * 1.0)
    training = Training.on_rows(rows, Recipe.of(settings))
    training.solution
    # least squares by full batches reads its rows once, for their moments
    assert training.meter.rows == 500 * passes
    assert training.meter.bytes == 500 * passes * 8 * (3 + 1)


def test_a_stream_counts_its_own_rows(rows):
    meter = Meter(pass_rows=3)
    object.__setattr__(rows, "meter", meter)
    training = Training.on_rows(rows, Recipe.of({"method": "sgd", "epochs": 5}))
    training.solution
    assert training.meter is meter and meter.rows == 0, "nobody else adds to it"


# ── the bar ─────────────────────────────────────────────────────────────────────────────────────────


def drawn(renderable, width=130) -> str:
    from rich.console import Console

    console = Console(width=width, file=open(os.devnull, "w"), force_terminal=False)  # noqa: SIM115
    with console.capture() as captured:
        console.print(renderable)
    console.file.close()
    return captured.get()


def test_the_bar_tells_how_far_how_fast_how_long_and_how_much_memory(rows, monkeypatch):
    training = Training.on_rows(rows, Recipe.of({"method": "sgd", "epochs": 8, "learning_rate": 0.01}))
    watched = progress.ShownProgress(training)
    for step in training:
        watched.note(step)
        if step.epoch == 1:
            break
    monkeypatch.setattr(watched, "left", lambda: 90.0)
    monkeypatch.setattr(watched.pace, "speeds", lambda: (1_234_567.0, 98_700_000.0))
    monkeypatch.setattr(watched.pace, "memory", lambda: memory.Memory(310_000_000, 420_000_000))
    said = drawn(watched.line(130))
    for words in (
        "epoch 2 of 8",
        "loss ",
        "1:30 left",
        "1.23M rows/s",
        "98.7 MB/s",
        "memory 310 MB (peak 420 MB)",
    ):
        assert words in said
    with speaking("zh"):
        said = drawn(watched.line(130))
    for words in (
        "第 2 轮，共 8 轮",
        "剩余 1:30",
        "每秒 1.23M 行",
        "每秒 98.7 MB",
        "内存 310 MB（峰值 420 MB）",
    ):
        assert words in said


def test_the_bar_moves_in_the_middle_of_a_pass_and_never_back(rows):
    meter = Meter(pass_rows=100)
    object.__setattr__(rows, "meter", meter)
    training = Training.on_rows(rows, Recipe.of({"method": "gd", "epochs": 4, "tol": 0.0}))
    watched = progress.ShownProgress(training)
    assert watched.done() == 0.0 and watched.left() is None
    meter.begin_pass()
    meter.add(50, 0)
    assert watched.done() == 0.5
    watched.began -= 10
    assert watched.left() == pytest.approx(10 * 3.5 / 0.5, rel=0.01)
    meter.add(50, 0)
    watched.note(next(iter(training)))
    assert watched.done() == 1.0
    meter.begin_pass()
    meter.add(25, 0)
    assert watched.done() == 1.25
    meter.begin_pass()  # a line search that looks again
    assert watched.done() == 1.25


def test_time_left_is_no_longer_than_the_seconds_that_are_allowed(rows):
    training = Training.on_rows(rows, Recipe.of({"method": "sgd", "epochs": 10**9, "seconds": 40.0}))
    watched = progress.ShownProgress(training)
    watched.note(next(iter(training)))
    watched.began -= 1000
    assert 0 < watched.left() <= 40


def test_a_narrow_terminal_has_no_bar_but_the_words(rows):
    training = Training.on_rows(rows, Recipe.of({"method": "sgd", "epochs": 1000}))
    watched = progress.ShownProgress(training)
    watched.note(next(iter(training)))
    said = drawn(watched.line(60), width=60)
    assert "epoch 1 of 1,000" in said and "loss" in said and "━" not in said and said.count("\n") == 1


def test_on_a_pipe_nothing_is_drawn(capsys):
    meter = Meter(pass_rows=2)
    with progress.reading(meter, "predicting"):
        meter.add(1, 8)
    assert capsys.readouterr() == ("", "")


READING = """
import time
from downslope.cli import progress
from downslope.data.parts import Meter
from downslope.messages import speaking
progress.PATIENCE = progress.PAUSE = 0.05
meter = Meter(pass_rows=1000)
with speaking("{lang}"), progress.reading(meter, "{words}"):
    meter.begin_pass()
    for part in range(8):
        meter.add(100, 800)
        time.sleep(0.1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a terminal of its own")
@pytest.mark.parametrize("lang, words, said", [("en", "predicting", "rows/s"), ("zh", "预测", "每秒")])
def test_a_long_read_shows_a_bar_of_its_own(lang, words, said):
    import pty

    terminal, inside = pty.openpty()
    line = [sys.executable, "-c", READING.format(lang=lang, words=words)]
    environment = {**os.environ, "COLUMNS": "120", "TERM": "xterm", "PYTHONIOENCODING": "utf-8"}
    process = subprocess.Popen(line, stdin=inside, stdout=inside, stderr=inside, env=environment)
    os.close(inside)
    seen = b""
    with suppress(OSError):  # how a terminal says that nobody writes to it any more
        while part := os.read(terminal, 65_536):
            seen += part
    os.close(terminal)
    assert process.wait(timeout=60) == 0
    text = seen.decode()
    assert words in text and said in text and "━" in text and "700 " in text


@pytest.mark.parametrize(
    "seconds, told", [(0, "0:00"), (59.2, "1:00"), (3600, "1:00:00"), (1e6, "11 d 13 h")]
)
def test_time_is_told_as_a_clock_does(seconds, told):
    assert progress.clock(seconds) == told

"""What a Recorder writes is read as it was, whatever ended the script."""

import math
import os
import subprocess
import sys
from contextlib import ExitStack
from itertools import pairwise

import numpy as np
import pytest

from downslope import DownslopeError
from downslope.descent.trace import Trace
from downslope.watching.records import Curvature, Fact, Loop, Recorder, Update, read


def recorded(folder, steps=10, loop=Loop(weights=("w", "b"), shapes=((2,), ()), full_batch=True)):  # noqa: B008
    """A loop of `steps` updates; its recorder is still open."""
    recorder = Recorder(folder, script="train.py", source="w = 1\n", argv=["--epochs", "3"])
    number = recorder.loop(loop)
    recorder.update(Update(number, 0, 0, 0.0, params=np.zeros(3)))
    for k in range(1, steps + 1):
        wanted = recorder.tracks[number].count >= recorder.tracks[number].next  # one of the sample
        recorder.step(number, 1 / k, 0.1, k - 1)
        if wanted:
            vector = np.array([k, 2.0 * k, 1 / k])
            recorder.update(
                Update(number, k, k - 1, 0.001 * k, 1 / k, 0.1, 2.0, 3, vector, -vector, before=vector - 1)
            )
    return recorder


def test_all_that_was_recorded_is_read_again(tmp_path):
    recorder = recorded(tmp_path)
    recorder.validation(1, 5, 0.25)
    recorder.curvature(Curvature(1, 4, 9.3333, 1e-9, 3, bound=0.2142857, rate=0.3))
    recorder.fact(Fact("not_seen", 1, 3, 12, {"what": "loss", "why": np.float64(2.0)}))
    recorder.close("raised", 1)
    seen = read(tmp_path)
    assert (seen.script, seen.source, seen.argv) == ("train.py", "w = 1\n", ("--epochs", "3"))
    assert (seen.end, seen.exit_code, seen.main) == ("raised", 1, 1)
    assert seen.loop().names == ("w[0]", "w[1]", "b")
    assert seen.losses[1].tolist() == [1 / k for k in range(1, 11)]
    assert seen.rates[1].tolist() == [0.1] * 10 and seen.epochs[1].tolist() == list(range(10))
    assert seen.validation == {1: [(5, 0.25)]} and seen.curvatures[0].bound == 0.2142857
    assert seen.facts[0].numbers == {"what": "loss", "why": 2.0}
    update = seen.updates[1][3]
    assert update.step == 3 and update.rows == 3 and update.gradient_norm == 2.0
    assert update.params.tolist() == [3.0, 6.0, 1 / 3] and (update.gradient == -update.params).all()
    assert (update.before == update.params - 1).all()


def test_a_recording_gives_a_trace_of_our_own_schema(tmp_path):
    recorder = recorded(tmp_path)
    recorder.validation(1, 5, 0.25)
    recorder.close()
    trace = read(tmp_path).trace()
    assert isinstance(trace, Trace) and len(trace) == trace.updates == 10 and not trace.thinned
    assert trace.start.tolist() == [0, 0, 0] and trace.names == ("w[0]", "w[1]", "b")
    assert trace.column("params")[-1].tolist() == [10, 20, 0.1]
    assert trace[4].validation == 0.25 and trace[3].validation is None
    again = Trace.from_records(trace.names, trace.start, trace.to_records())
    assert again.to_records() == trace.to_records()


def test_a_long_loop_leaves_an_even_sample_and_every_loss(tmp_path):
    recorder = recorded(tmp_path, 20_000)
    recorder.close()
    seen = read(tmp_path)
    steps = [step.step for step in seen.trace()]
    assert len(seen.losses[1]) == 20_000 and seen.losses[1][-1] == 1 / 20_000
    assert {b - a for a, b in pairwise(steps[:-1])} == {8} and 2_000 < len(steps) < 4_100
    assert seen.trace().updates == 20_000 and seen.trace().thinned


def test_losses_beyond_the_limit_are_every_second_one(tmp_path, monkeypatch):
    monkeypatch.setattr("downslope.watching.tracks.STEPS", 64)
    recorder = recorded(tmp_path, 150)
    recorder.close()
    seen = read(tmp_path)
    assert seen.strides[1] == 4 and seen.losses[1].tolist() == [1 / k for k in range(1, 151, 4)]
    assert all(step.loss == 1 / step.step for step in seen.trace())


def test_weights_above_ten_thousand_numbers_are_not_stored(tmp_path):
    recorder = Recorder(tmp_path)
    number = recorder.loop(Loop(weights=("W",), shapes=((101, 100),)))
    recorder.step(number, 1.0, 0.1)
    recorder.update(Update(number, 1, 0, 0.0, 1.0, 0.1, 3.0, params=np.zeros(10_100)))
    recorder.close()
    (step,) = read(tmp_path).trace()
    assert step.params is None and step.gradient_norm == 3.0
    trace = read(tmp_path).trace()
    assert Trace.from_records((), [], trace.to_records()).column("loss").tolist() == [1.0]


def test_a_loss_computed_after_the_update_is_the_objective(tmp_path):
    recorder = recorded(tmp_path, 3, Loop(weights=("w",), shapes=((3,),), full_batch=True, loss_after=True))
    recorder.close()
    trace = read(tmp_path).trace()
    assert trace.column("objective").tolist() == [1, 1 / 2, 1 / 3]
    assert math.isnan(trace[0].loss) and trace.column("loss")[1:].tolist() == [1, 1 / 2]


def test_a_late_loss_takes_its_place(tmp_path):
    recorder = Recorder(tmp_path)
    number = recorder.loop(Loop())
    for k in range(3):
        recorder.step(number, math.nan, 0.1, k)
        recorder.update(Update(number, k + 1, k, 0.0, rate=0.1))
    recorder.amend(number, 2, 5.0)
    recorder.close()
    seen = read(tmp_path)
    assert seen.losses[1][1] == 5.0 == seen.trace()[1].loss and math.isnan(seen.losses[1][2])


@pytest.mark.parametrize("end", ["os._exit(7)", "os.kill(os.getpid(), 9)"])
def test_what_was_recorded_before_a_kill_is_read(tmp_path, end):
    code = f"""
import os
from downslope.watching.records import *
import numpy as np
recorder = Recorder({str(tmp_path)!r})
number = recorder.loop(Loop(weights=("w",), shapes=((),)))
for k in range(5):
    recorder.step(number, 1.0 + k, 0.1, k)
    recorder.update(Update(number, k + 1, k, 0.0, 1.0 + k, 0.1, 2.0, params=np.array([1.0 * k])))
{end}
"""
    subprocess.run([sys.executable, "-c", code], timeout=60)
    seen = read(tmp_path)
    assert seen.end == "killed" and seen.losses[1].tolist() == [1, 2, 3, 4, 5]
    assert seen.trace().column("params").ravel().tolist() == [0, 1, 2, 3, 4]


def test_a_line_that_was_cut_is_left_out(tmp_path):
    recorder = recorded(tmp_path)
    recorder.close()
    path = tmp_path / "watched.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    assert read(tmp_path).end == "killed" and len(read(tmp_path).trace()) == 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_writes_nothing(tmp_path):
    recorder = recorded(tmp_path, 3)
    child = os.fork()
    if not child:
        recorder.step(1, 99.0, 9.0)
        recorder.update(Update(1, 4, 0, 0.0, params=np.ones(3)))
        recorder.close("ended", 0)
        os._exit(0)
    os.waitpid(child, 0)
    recorder.step(1, 4.0, 0.1)
    recorder.close()
    assert read(tmp_path).losses[1].tolist() == [1, 1 / 2, 1 / 3, 4.0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_closed_recording_closes_no_file_of_a_forked_child(tmp_path):
    """The number of a closed file is soon the number of another: a child has to keep that one."""
    recorder = recorded(tmp_path, 3)
    recorder.close()
    with ExitStack() as stack:
        files = [stack.enter_context((tmp_path / name).open("w")) for name in "abc"]
        child = os.fork()
        if not child:
            try:
                for file in files:
                    os.fstat(file.fileno())
            except OSError:
                os._exit(1)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not recorder.active


def test_a_folder_without_a_recording_is_refused(tmp_path):
    with pytest.raises(DownslopeError) as caught:
        read(tmp_path / "nothing")
    assert caught.value.key == "watching.no_recording"

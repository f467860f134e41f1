"""Loops by hand: what is recorded is what the script computed, to the last bit."""

import csv

import pytest

from downslope.watching.watched import path_curvature
from tests.builders import GOLDEN
from tests.watching.watcher import COURSE, ran


@pytest.mark.parametrize(
    "script, golden, every",
    [("batch_gd", "batch_gd", 1), ("one_fixed_row", "one_fixed_row", 1), ("sgd_rows", "sgd_cyclic", 3)],
)
def test_the_trace_of_a_course_script_is_the_golden_file(script, golden, every):
    """Weights to the last bit; of one row at a time, those at the end of each epoch. The golden loss of
    sgd_rows.py is error · error where the script has error**2: half a unit in the last place each."""
    done, seen = ran(COURSE / f"{script}.py")
    assert done.returncode == 0 and seen.end == "ended"
    with open(GOLDEN / f"{golden}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    steps = [step for step in seen.trace() if step.step % every == 0]
    assert [step.epoch for step in steps] == [int(row["epoch"]) for row in rows]
    assert [step.params[0] for step in steps] == [float(row["w"]) for row in rows]
    assert [step.gradient[0] for step in steps] == [float(row["gradient"]) for row in rows]
    assert [step.loss for step in steps] == pytest.approx([float(row["loss"]) for row in rows], rel=4e-16)


CURVATURES = [("batch_gd", 28 / 3), ("one_fixed_row", 18), ("parabola", 4), ("too_fast", 28 / 3)]


@pytest.mark.parametrize("script, curvature", CURVATURES)
def test_the_curvature_of_a_full_batch_loop_is_found_on_its_path(script, curvature):
    _, seen = ran(COURSE / f"{script}.py")
    found = path_curvature(seen, seen.main)
    assert found.exact and found.parabola and found.value == pytest.approx(curvature, rel=1e-6)


def test_one_row_at_a_time_is_not_certified():
    _, seen = ran(COURSE / "sgd_rows.py")
    assert path_curvature(seen, seen.main) == "rows"
    loop = seen.loop()
    assert loop.full_batch is False and (loop.gradient, loop.rate, loop.loss) == (
        "2 * x * error",
        "rate",
        "loss",
    )
    assert seen.trace()[0].rows == 1


def test_a_parabola_falls_as_its_formula_says():
    _, seen = ran(COURSE / "parabola.py")
    trace = seen.trace()
    assert trace.updates == 1000 and seen.loop().function == "descend"
    assert trace[-1].params[0] == pytest.approx(trace.start[0] * 0.96**1000, rel=1e-9)

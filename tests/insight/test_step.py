"""One update in numbers: what is printed is what was done, for every order of rows and every method."""

import re

import numpy as np
import pytest

import downslope as ds
from downslope.descent.methods import METHODS
from downslope.descent.trace import Trace
from downslope.errors import DownslopeError
from downslope.insight.step import explain_step
from downslope.messages import speaking

RNG = np.random.default_rng(3)
X = RNG.normal(size=(9, 2)) * [1, 20] + [0, 50]
Y = X @ [2, 0.1] + RNG.normal(size=9)
ROWS = ds.Dataset.from_arrays(X, Y)
THREE = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
LESSON = {"learning_rate": 0.01, "intercept": False, "scale": False, "start": {"x": 1.0}}


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


def number(told: str) -> float:
    return float(told.strip("().; ").replace("−", "-"))


def test_the_lessons_first_step_is_told_to_the_last_digit():
    told = explain_step(ds.fit(THREE, method="gd", epochs=5, **LESSON), 1, THREE)
    assert told[-1] == "x ← x − η·g = 1 − 0.01 × (−9.33333) = 1.09333"
    assert told[-2] == "∂F/∂x = [−2 × 1 + (−4) × 2 + (−6) × 3] / 3 = −9.33333"
    assert told[3].split() == ["1", "1", "2", "1", "−1", "−2"]


def test_every_printed_sum_comes_out():
    solution = ds.fit(ROWS, method="gd", epochs=10, tol=0)
    updates = [line for line in explain_step(solution, 4, ROWS) if "←" in line]
    assert len(updates) == 3
    for line in updates:
        _, sum_, new = line.split("=")
        w, rate, g = map(number, re.fullmatch(r" (\S+) − (\S+) × (\S+) ", sum_).groups())
        assert w - rate * g == pytest.approx(number(new), rel=1e-4, abs=1e-5)


def last_numbers(told, solution):
    """The weights in the last line that tells them all."""
    if solution.recipe.scale:
        return [number(part.split("=")[1]) for part in told[-1].split(": ")[1].split(", ")]
    weights = [line for line in told if "←" in line or "→" in line]
    return [
        number(re.split(r"[=→,]", line.replace(", a change", "="))[-1 if "←" in line else 1])
        for line in weights
    ]


@pytest.mark.parametrize("order", ["shuffle", "cyclic", "replacement", [4, 0, 7, 1]])
@pytest.mark.parametrize("size", [1, 4])
def test_the_last_update_of_a_pass_ends_where_the_trace_does(order, size):
    solution = ds.fit(ROWS, method="minibatch", batch_size=size, order=order, epochs=5, learning_rate=0.01)
    per_epoch = solution.trace.updates // 5
    for step in (per_epoch, 3 * per_epoch):
        told = explain_step(solution, step, ROWS)
        recorded = next(kept for kept in solution.trace if kept.step == step)
        assert last_numbers(told, solution) == pytest.approx(recorded.params, rel=1e-5)


@pytest.mark.parametrize("name", sorted(set(METHODS) - {"closed_form", "coordinate", "exhaustive"}))
@pytest.mark.parametrize("scale", [True, False])
def test_every_method_is_told_as_it_was(name, scale):
    rate = "auto" if name in ("lbfgs", "newton") else 1e-4
    solution = ds.fit(ROWS, method=name, learning_rate=rate, epochs=6, scale=scale, tol=0)
    recorded = solution.trace[2 if len(solution.trace) > 2 else 0]
    told = explain_step(solution, recorded.step, ROWS)
    if scale:
        assert last_numbers(told, solution) == pytest.approx(recorded.params, rel=1e-5)
    else:
        news = [
            line.split("= ")[-1] if "←" in line else re.search("→ (.*), a", line)[1]
            for line in told
            if re.search("[←→]", line)
        ]
        assert [number(new) for new in news] == pytest.approx(recorded.params, rel=1e-5)


def test_it_names_the_rows_that_the_seed_drew():
    solution = ds.fit(THREE, method="sgd", epochs=4, seed=7, **LESSON)
    method = solution.recipe.method
    for step in (1, 5, 12):
        epoch, place = divmod(step - 1, 3)
        row = method.rows.order_of(3, epoch, 7)[place] + 1
        told = explain_step(solution, step, THREE)
        assert (
            f"1 row(s): {row}." in told[0]
            and f"epoch {epoch + 1}," in told[0]
            and told[3].split()[0] == f"{row}"
        )


def test_rows_of_weight_zero_keep_their_numbers():
    rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 7.0], weights=[1, 0, 2])
    told = explain_step(ds.fit(rows, method="gd", epochs=3, **LESSON), 1, rows)
    assert [line.split()[0] for line in told[3:5]] == ["1", "3"]


def test_an_l1_price_is_told_and_taken():
    solution = ds.fit(ROWS, method="gd", penalty="l1", alpha=0.3, learning_rate=0.1, epochs=8, tol=0)
    told = explain_step(solution, 2, ROWS)
    assert sum("shrunk towards 0" in line for line in told) == 2  # not the intercept
    assert last_numbers(told, solution) == pytest.approx(solution.trace[1].params, rel=1e-5)


def test_classes_are_told_with_their_chances():
    rows = ds.Dataset.from_arrays(X, (Y > 5.0).astype(int))
    told = explain_step(ds.fit(rows, loss="log", method="gd", epochs=5), 1, rows)
    assert "probability" in "\n".join(told) and "residual" not in "\n".join(told)


def test_a_function_needs_no_rows():
    told = explain_step(ds.minimize("2*x^2", 500, epochs=5), 3)
    assert told[-3:] == [
        "f = 2*x^2; at x = 460.8 it is 424673.",
        "∂f/∂x = 1843.2",
        "x ← x − η·g = 460.8 − 0.01 × 1843.2 = 442.368",
    ]


def test_without_rows_the_trace_is_enough_where_columns_were_left_as_they_are():
    solution = ds.fit(THREE, method="gd", epochs=5, **LESSON)
    assert explain_step(solution, 2)[-1] == explain_step(solution, 2, THREE)[-1]
    with pytest.raises(DownslopeError) as told:
        explain_step(ds.fit(ROWS, method="gd", epochs=5), 2)
    assert told.value.key == "instruments.rows_for_step"


def test_an_update_that_was_thinned_away_names_those_that_were_kept():
    solution = ds.minimize("x^2 + y^4", [1, 1], epochs=5000, learning_rate=0.001, method="momentum")
    dropped = next(step for step in range(2, 5000) if step not in {kept.step for kept in solution.trace})
    with pytest.raises(DownslopeError, match="nearby it contains 1") as told:
        explain_step(solution, dropped)
    explain_step(solution, int(told.value.facts["near"].split(", ")[0]))


def test_an_update_that_was_thinned_away_is_made_again_from_the_rows():
    solution = ds.fit(THREE, method="gd", epochs=40, tol=0, **LESSON)
    whole, thin = solution.trace, Trace(solution.trace.names, solution.trace.start, capacity=4)
    for step in whole:
        thin.append(step)
    from dataclasses import replace

    assert explain_step(replace(solution, trace=thin), 23, THREE) == explain_step(solution, 23, THREE)


@pytest.mark.parametrize("step", [0, 6, -1, 1.5])
def test_an_update_that_never_was_is_refused(step):
    with pytest.raises(DownslopeError) as told:
        explain_step(ds.fit(THREE, method="gd", epochs=5, tol=0, **LESSON), step, THREE)
    whole = "instruments.no_such_step" if isinstance(step, int) else "arguments.whole"
    assert told.value.key == whole


def test_a_solve_and_other_rows_are_refused():
    with pytest.raises(DownslopeError) as told:
        explain_step(ds.fit(THREE), 1, THREE)
    assert told.value.key == "instruments.no_updates"
    other = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 7.0])
    with pytest.raises(DownslopeError) as told:
        explain_step(ds.fit(THREE, method="gd", epochs=5, **LESSON), 2, other)
    assert told.value.key == "instruments.step_differs"


def test_a_saved_run_finds_its_rows_again(tmp_path, monkeypatch):
    from downslope.cli.instruments import show_step

    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("x,y\n1,2\n2,4\n3,6\n")
    rows = ds.Dataset.read("rows.csv", target="y")
    ds.fit(rows, method="sgd", epochs=5, **LESSON).save("run")
    run = ds.load("run")
    assert show_step(run, 4) == explain_step(run, 4, rows)
    (tmp_path / "rows.csv").rename("moved.csv")
    assert show_step(run, 4, "moved.csv") == explain_step(run, 4, rows)
    with speaking("zh"):
        assert "第 4 次更新" in show_step(run, 4, "moved.csv")[0]

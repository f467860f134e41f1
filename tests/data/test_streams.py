"""Rows that are read in parts give what rows in memory give, whatever files and parts they lie in."""

import gc
import gzip
import json
import os
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
import pytest
from hypothesis import given
from hypothesis import strategies as some

import downslope as ds
from downslope.data.memory import Cache
from downslope.data.parts import PairwiseSum, ahead, cut, drawn, part_rows, plus
from downslope.model.losses import CURVED, LOSSES
from tests.builders import digits, nist

N = 3_000
NAMES = ["a", "b", "c", "d"]


def frame(kind: str = "numbers", n: int = N) -> pa.Table:
    """Four columns of unlike size, and a y for each kind of loss."""
    draw = np.random.default_rng(5)
    X = draw.normal(size=(n, 4)) * [1.0, 20.0, 0.3, 4.0] + [0.0, 50.0, 1.0, -3.0]
    z = X @ [1.0, 0.05, -2.0, 0.2]
    z = (z - z.mean()) / z.std()
    y = {
        "numbers": z + draw.normal(size=n),
        "counts": draw.poisson(np.exp(0.5 * z)).astype(float),
        "classes": (draw.random(n) < 1 / (1 + np.exp(-z))).astype(float),
        "three": np.digitize(z + draw.normal(size=n), [-0.5, 0.7]).astype(float),
    }[kind]
    return pa.table({name: X[:, j] for j, name in enumerate(NAMES)} | {"y": y})


def mixed(n: int = N) -> pa.Table:
    """Text, dates, yes and no, holes, weights, rows without a target."""
    draw = np.random.default_rng(6)
    x = draw.normal(size=n)
    colour = draw.choice(["red", "green", "blue"], n).astype(object)
    colour[::97] = None
    day = np.datetime64("2020-01-01") + draw.integers(0, 300, n).astype("timedelta64[D]")
    y = x + (colour == "red") + 0.1 * draw.normal(size=n)
    y[5::211] = np.nan
    hole = x + draw.normal(size=n)
    hole[3::50] = np.nan
    return pa.table(
        {
            "hole": pa.array(hole, from_pandas=True),
            "colour": pa.array(colour.tolist()),
            "day": pa.array(day),
            "fair": draw.random(n) < 0.5,
            "s": draw.integers(0, 4, n).astype(float),
            "y": pa.array(y, from_pandas=True),
        }
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def kept(table: pa.Table, path: Path, group: int = 700) -> str:
    parquet.write_table(table, path, row_group_size=group)
    return str(path)


def streamed(path: str, rows: int | None = 512, features=None, **reading) -> ds.Stream:
    return ds.Stream.open(path, "y", features, reading=ds.ReadOptions("1GB", rows, **reading))


def near(found, expected, digits=12) -> bool:
    return bool(np.abs(found - expected).max() <= 10.0**-digits * max(1.0, np.abs(expected).max()))


# ---- the same answer -----------------------------------------------------------------------------

EACH_LOSS = [*LOSSES]


def kind_for(loss: str) -> str:
    return "counts" if loss == "poisson" else "classes" if loss in CURVED else "numbers"


@pytest.mark.parametrize("loss", EACH_LOSS)
def test_every_loss_is_the_same_sum_over_parts(folder, loss):
    path = kept(frame(kind_for(loss)), folder / "rows.parquet")
    rows = ds.Dataset.read(path, "y")
    F = ds.objective(rows, loss=loss, penalty="l2", alpha=0.1)
    G = ds.objective(streamed(path), loss=loss, penalty="l2", alpha=0.1)
    theta = np.random.default_rng(0).normal(size=F.size)
    one, other = F.value_and_gradient(theta), G.value_and_gradient(theta)
    assert other.value == pytest.approx(one.value, rel=1e-13)
    assert near(other.gradient, one.gradient, 13)
    assert near(G.lipschitz, F.lipschitz) if np.isfinite(F.lipschitz) else not np.isfinite(G.lipschitz)
    if F.curved:
        assert near(G.hessian(other), F.hessian(one))
    assert near(G.values(np.stack([theta, 2 * theta])), F.values(np.stack([theta, 2 * theta])))


@pytest.mark.parametrize(
    "kind, loss, method",
    [
        *(("numbers", "squared", m) for m in ("closed_form", "gd", "momentum", "nesterov", "lbfgs", "adam")),
        *(("classes", "log", m) for m in ("newton", "lbfgs", "gd", "nesterov", "subsampled")),
        *(("three", "log", m) for m in ("newton", "lbfgs")),
        *(("counts", "poisson", m) for m in ("newton", "lbfgs")),
        ("numbers", "huber", "newton"),
    ],
)
def test_every_full_method_comes_to_the_answer_of_rows_in_memory(folder, kind, loss, method):
    path = kept(frame(kind), folder / "rows.parquet")
    told = {"loss": loss, "method": method, "epochs": 60, "tol": 1e-12, "penalty": "l2", "alpha": 0.01}
    one, other = ds.fit(ds.Dataset.read(path, "y"), **told), ds.fit(streamed(path), **told)
    assert near(other.params, one.params, 11)
    assert other.loss == pytest.approx(one.loss, rel=1e-13)
    assert other.names == one.names and other.classes == one.classes
    if loss == "squared":
        assert other.metrics["training"]["r2"] == pytest.approx(one.metrics["training"]["r2"], abs=1e-12)
    if kind == "classes":
        for name in ("accuracy", "log_loss", "confusion"):
            assert np.allclose(other.metrics["training"][name], one.metrics["training"][name], 1e-12)


def test_l1_on_parts_is_coordinate_descent_on_moments_and_nesterov_beyond(folder):
    path = kept(frame(), folder / "rows.parquet")
    told = {"penalty": "l1", "alpha": 0.2}
    one, other = ds.fit(ds.Dataset.read(path, "y"), **told), ds.fit(streamed(path), **told)
    assert other.method == "coordinate" and near(other.params, one.params, 8)
    path = kept(frame("classes"), folder / "classes.parquet")
    told = {"penalty": "l1", "alpha": 0.02, "loss": "log", "tol": 1e-10}
    one, other = ds.fit(ds.Dataset.read(path, "y"), **told), ds.fit(streamed(path), **told)
    assert other.method == "nesterov" and near(other.params, one.params, 6)
    with pytest.raises(ds.DownslopeError, match="nesterov"):
        ds.fit(streamed(path), loss="log", penalty="l1", alpha=0.02, method="coordinate")


# A sum over parts is no longer in extended precision: one digit less than in memory where κ is large.
DIGITS = {"norris": 12, "noint2": 12, "longley": 12, "wampler1": 9, "wampler3": 9}


@pytest.mark.parametrize("rows", [3, 1000])
@pytest.mark.parametrize("name", DIGITS)
def test_least_squares_in_parts_keep_the_certified_digits(folder, name, rows):
    X, y, intercept, certified = nist(name)
    table = pa.table({f"x{j}": X[:, j] for j in range(X.shape[1])} | {"y": y})
    names = table.column_names[:-1]  # one of them may count the rows
    solution = ds.fit(streamed(kept(table, folder / "rows.parquet", 5), rows, names), intercept=intercept)
    told = np.append(solution.intercept, solution.coef) if intercept else solution.coef
    assert digits(told, certified) >= DIGITS[name]


# ---- the same bits -------------------------------------------------------------------------------


def forms(table: pa.Table, folder: Path) -> dict[str, str]:
    """The same rows as one Parquet file, as seven, as CSV, packed CSV, JSON lines, and behind a query."""
    found = {"parquet": kept(table, folder / "one.parquet")}
    (folder / "seven").mkdir()
    for k in range(7):
        first, last = len(table) * k // 7, len(table) * (k + 1) // 7
        kept(table.slice(first, last - first), folder / "seven" / f"{k}.parquet", 100 + 37 * k)
    found["seven"] = str(folder / "seven" / "*.parquet")
    arrow_csv.write_csv(table, folder / "rows.csv")
    found["csv"] = str(folder / "rows.csv")
    with gzip.open(folder / "rows.csv.gz", "wb") as file:
        file.write((folder / "rows.csv").read_bytes())
    found["gz"] = str(folder / "rows.csv.gz")
    with pa.CompressedOutputStream(str(folder / "rows.csv.zst"), "zstd") as file:
        file.write((folder / "rows.csv").read_bytes())
    found["zst"] = str(folder / "rows.csv.zst")
    rows = table.to_pylist()
    (folder / "rows.jsonl").write_text("".join(json.dumps(row, default=str) + "\n" for row in rows))
    found["json"] = str(folder / "rows.jsonl")
    found["query"] = f"SELECT * FROM '{folder / 'one.parquet'}'"
    return found


@pytest.mark.sample(1)
@pytest.mark.parametrize("method", ["auto", "lbfgs", "sgd"])
def test_the_bits_do_not_depend_on_files(folder, method):
    answers = {}
    for form, path in forms(frame("classes"), folder).items():
        solution = ds.fit(streamed(path), loss="log", method=method, epochs=5)
        answers[form] = solution.params.tobytes(), solution.loss
    assert len(set(answers.values())) == 1, answers


def test_text_dates_holes_and_weights_are_the_same_in_all_forms(folder):
    table = mixed()
    path = kept(table, folder / "rows.parquet")
    rows = ds.Dataset.read(path, "y", weights="s")
    one = ds.fit(rows)
    answers = set()
    for form, words in forms(table, folder).items():
        stream = ds.Stream.open(words, "y", weights="s", reading=ds.ReadOptions("1GB", 512))
        assert stream.features == rows.features, form
        solution = ds.fit(stream)
        answers.add(solution.params.tobytes())
        assert near(solution.params, one.params), form
        told = dict(stream.notes)
        assert told["data.note_missing"]["count"] > 0
    assert len(answers) == 1


def test_an_encoding_learned_in_parts_is_that_of_rows_in_memory(folder):
    path = kept(mixed(), folder / "rows.parquet")
    one = ds.Dataset.read(path, "y").encoding
    for rows in (64, 5000):
        other = ds.Stream.open(path, "y", reading=ds.ReadOptions(rows=rows)).encoding
        for a, b in zip(one.columns, other.columns):
            assert (a.name, a.kind, a.baseline, a.categories) == (b.name, b.kind, b.baseline, b.categories)
            assert near(np.array(a.mean), np.array(b.mean), 14)


@pytest.mark.parametrize("rows", [64, 1000, 1_000_000])
def test_parts_of_any_size_agree_to_twelve_digits(folder, rows):
    path = kept(frame("classes"), folder / "rows.parquet")
    told = {"loss": "log", "method": "newton", "tol": 1e-13}
    one = ds.fit(ds.Dataset.read(path, "y"), **told)
    assert near(ds.fit(streamed(path, rows), **told).params, one.params)


@pytest.mark.slow
def test_the_bits_do_not_depend_on_threads_or_memory(folder):
    path = kept(frame("classes", 20_000), folder / "rows.parquet")
    code = (
        "import sys, downslope as ds\n"
        f"rows = ds.Stream.open({path!r}, 'y', reading=ds.ReadOptions(sys.argv[1], 4096))\n"
        "print(ds.fit(rows, loss='log', method='minibatch', epochs=2).params.tobytes().hex(),"
        " ds.fit(rows, loss='log', tol=1e-10).params.tobytes().hex())"
    )
    told = set()
    for threads, memory in (("1", "1GB"), ("2", "100MB"), ("16", "1GB")):
        environment = {**os.environ, "DOWNSLOPE_THREADS": threads}
        run = [sys.executable, "-c", code, memory]
        told.add(subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(told) == 1


@given(some.lists(some.integers(-5, 5), min_size=1, max_size=40), some.integers(0, 3))
def test_a_tree_of_whole_runs_is_the_tree_of_all_parts(parts, height):
    def joined(one, other):
        return f"({one}{other})"

    tree, runs = PairwiseSum(joined), PairwiseSum(joined)
    for part in parts:
        tree.add(str(part))
    size = 2**height
    for first in range(0, len(parts), size):
        run = PairwiseSum(joined)
        for part in parts[first : first + size]:
            run.add(str(part))
        if len(parts[first : first + size]) == size:
            runs.add(run.total, height)
        else:  # the last run is shorter: its own whole trees, the highest first
            for level, total in run._heights:
                runs.add(total, level)
    assert tree.total == runs.total


@given(some.lists(some.integers(0, 50), max_size=12), some.integers(1, 40))
def test_parts_are_cut_by_the_number_of_a_row_alone(sizes, rows):
    whole = np.arange(sum(sizes))
    edges = np.concatenate([[0], np.cumsum(sizes)]).astype(int)
    batches = [pa.record_batch({"x": whole[a:b]}) for a, b in pairwise(edges)]
    parts = list(cut(batches, rows))
    assert [part.column("x").to_pylist() for part in parts] == [
        whole[first : first + rows].tolist() for first in range(0, len(whole), rows)
    ]


def test_a_number_drawn_for_a_row_does_not_depend_on_where_reading_began():
    whole = drawn(0, 50_000, seed=3, stream=1)
    for first, count in ((0, 10), (16_383, 3), (20_000, 20_000)):
        assert (drawn(first, count, 3, 1) == whole[first : first + count]).all()
    assert 0.49 < whole.mean() < 0.51 and part_rows(10) == part_rows(31)


# ---- stochastic passes ---------------------------------------------------------------------------


def test_a_pass_takes_every_row_once_and_another_order_next_time(folder):
    table = frame().set_column(0, "a", pa.array(np.arange(float(N))))
    F = ds.objective(streamed(kept(table, folder / "rows.parquet"), 256, NAMES))
    orders = []
    for epoch in range(2):
        seen = [piece.X[order, 0] for piece, order in F.term.pieces(ds.Batch(32, "shuffle"), epoch, seed=0)]
        orders.append(np.concatenate(seen))
        assert (np.sort(orders[-1]) == np.arange(N)).all()
    assert (orders[0] != orders[1]).mean() > 0.9
    cyclic = [piece.X[order, 0] for piece, order in F.term.pieces(ds.Batch(1, "cyclic"), 0, 0)]
    assert (np.concatenate(cyclic) == np.arange(N)).all()


@pytest.mark.slow
@pytest.mark.parametrize("ordered, drawn_together, of", [(True, 64, 1024), (False, 4, 64)])
def test_a_block_mixes_rows_from_all_over_the_file(folder, monkeypatch, ordered, drawn_together, of):
    """Four parts drawn at random are shuffled together, or 64 sixteenths of parts where rows lie in an order.
    The mean row number of a block has the standard deviation of a mean of so many drawn without replacement,
    and rows inside are in random order."""
    monkeypatch.setattr("downslope.data.stream.DRIFT", 0.01 if ordered else 2.0)
    monkeypatch.setattr("downslope.data.stream.SLOW", 0.0)
    n = 64 * 1024
    table = pa.table({"a": np.arange(float(n)), "y": np.random.default_rng(0).normal(size=n)})
    F = ds.objective(streamed(kept(table, folder / "rows.parquet", 8192), 1024, ["a"]))
    means, inside = [], []
    for epoch in range(12):
        for piece, order in F.term.pieces(ds.Batch(1, "shuffle"), epoch, seed=0):
            taken = piece.X[order, 0]
            means.append(taken.mean() / n)
            inside.append(abs(np.corrcoef(np.arange(len(taken)), taken)[0, 1]))
    spread = np.sqrt((1 / 12) / drawn_together * (1 - (drawn_together - 1) / (of - 1)))
    assert 0.8 * spread < np.std(means) < 1.2 * spread
    assert np.mean(inside) < 3 / np.sqrt(4096)


def test_rows_sorted_by_class_are_no_trap(folder):
    table = frame("classes", 16_384).sort_by("y")
    path = kept(table, folder / "rows.parquet", 2048)
    told = {"loss": "log", "method": "minibatch:32", "epochs": 12}
    best = ds.fit(ds.Dataset.read(path, "y"), loss="log").loss
    excess = {
        name: ds.fit(rows, **told).loss - best
        for name, rows in (("memory", ds.Dataset.read(path, "y")), ("parts", streamed(path, 1024)))
    }
    assert excess["parts"] < 10 * excess["memory"] + 1e-4


def test_rows_given_by_number_are_refused(folder):
    path = kept(frame(), folder / "rows.parquet")
    with pytest.raises(ds.DownslopeError):
        ds.fit(streamed(path), method=ds.SGD(order=[2, 1]), learning_rate=1e-3, epochs=2)


# ---- rows held out -------------------------------------------------------------------------------


def test_which_rows_are_held_out_depends_on_their_number_alone(folder):
    path = kept(frame(), folder / "rows.parquet")
    sets = []
    for rows in (100, 4096):
        train, held = streamed(path, rows).split(0.25, seed=4)
        sets.append([np.concatenate([part.X[:, 0] for part in one.each()]) for one in (train, held)])
        assert len(train) + len(held) == N and 0.2 * N < len(held) < 0.3 * N
        assert not set(sets[-1][0]) & set(sets[-1][1])
    assert all((a == b).all() for a, b in zip(*sets))


def test_the_loss_on_rows_held_out_stands_in_the_trace(folder):
    path = kept(frame("classes"), folder / "rows.parquet")
    train, held = streamed(path).split(0.25)
    solution = ds.fit(train, loss="log", method="lbfgs", validation=held, patience=3)
    F = ds.objective(ds.Dataset.from_arrays(*_whole(held)).labelled((0, 1)), loss="log")
    step = solution.trace.steps[-1]
    assert step.validation == pytest.approx(F.value(F.to_inner(step.params)), rel=1e-12)
    assert set(solution.metrics) == {"training", "validation"}


def _whole(stream):
    parts = list(stream.each())
    return np.concatenate([part.X for part in parts]), np.concatenate([part.y for part in parts])


# ---- what is kept on the disk --------------------------------------------------------------------


def test_a_slow_source_is_decoded_twice_and_read_back_ever_after(folder, monkeypatch):
    arrow_csv.write_csv(frame("classes"), folder / "rows.csv")
    stream = streamed(str(folder / "rows.csv"))
    scans = []
    scan = type(stream.origin).scan
    monkeypatch.setattr(type(stream.origin), "scan", lambda *a, **k: (scans.append(1), scan(*a, **k))[1])
    stream = streamed(str(folder / "rows.csv")).labelled()
    ds.fit(stream, loss="log", method="lbfgs", tol=1e-10)
    assert len(scans) == 2 and stream.cached.whole
    with pa.OSFile(str(stream.cached.path), "rb") as file:  # an open format: Arrow reads it
        assert pa.ipc.open_file(file).read_all().num_rows == N


@pytest.mark.slow
def test_a_stream_that_goes_leaves_the_cached_rows_of_another_of_the_same_file(folder):
    arrow_csv.write_csv(frame("classes"), folder / "rows.csv")
    settings = {"loss": "log", "method": "lbfgs", "tol": 1e-10}
    one, other = (streamed(str(folder / "rows.csv")).labelled() for _ in range(2))
    found = ds.fit(one, **settings).params
    assert np.array_equal(ds.fit(other, **settings).params, found)
    path = other.cached.path
    assert one.cached.path == path
    del one
    gc.collect()
    assert path.is_file() and np.array_equal(ds.fit(other, **settings).params, found)
    del other
    gc.collect()
    assert not path.exists()


@pytest.mark.slow
def test_what_is_kept_goes_with_the_process_or_stays_where_it_is_asked_for(folder):
    arrow_csv.write_csv(frame(), folder / "rows.csv")
    code = (
        "import downslope as ds\n"
        f"rows = ds.Stream.open({str(folder / 'rows.csv')!r}, 'y', reading=ds.ReadOptions(rows=512))\n"
        "ds.fit(rows, method='sgd', epochs=1); print(rows.cached.path)"
    )
    run = lambda **more: subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **more}, capture_output=True, text=True, check=True
    )
    path = Path(run(TMPDIR=str(folder)).stdout.strip())
    assert not path.exists() and not path.parent.exists()
    stays = Path(run(DOWNSLOPE_CACHE=str(folder / "cache")).stdout.strip())
    assert stays.is_file()
    before = stays.stat().st_ino
    assert Path(run(DOWNSLOPE_CACHE=str(folder / "cache")).stdout.strip()).stat().st_ino == before
    arrow_csv.write_csv(frame("counts"), folder / "rows.csv")  # other rows, another file
    assert Path(run(DOWNSLOPE_CACHE=str(folder / "cache")).stdout.strip()) != stays
    run(DOWNSLOPE_CACHE=str(folder / "cache"), DOWNSLOPE_CACHE_SIZE="1KB")  # room for none: read each time
    assert stays.is_file()


def test_a_disk_that_fills_up_is_told_of_and_changes_nothing_else(folder, monkeypatch):
    arrow_csv.write_csv(frame("classes"), folder / "rows.csv")
    told = {"loss": "log", "method": "lbfgs", "tol": 1e-10}

    def full(self, *rows):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Cache, "add", full)
        with pytest.warns(ds.DownslopeWarning, match="No space left"):
            other = ds.fit(streamed(str(folder / "rows.csv")), **told)
    one = ds.fit(streamed(str(folder / "rows.csv")), **told)
    assert (one.params == other.params).all()


# ---- stop and go on ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["sgd", "adam", "lbfgs", "subsampled"])
def test_stopped_and_gone_on_with_is_never_stopped(folder, method):
    path = kept(frame("classes"), folder / "rows.parquet")
    told = {"loss": "log", "method": method, "tol": 0.0, "learning_rate": "auto"}
    told |= {"learning_rate": 0.01} if method in ("sgd", "adam") else {}
    whole = ds.fit(streamed(path), epochs=6, **told)
    keeper = ds.Checkpoint(folder / "run", seconds=0)
    ds.fit(streamed(path), epochs=3, checkpoint=keeper, **told)
    gone_on = ds.resume(folder / "run", epochs=6)  # the rows are opened again, as they were
    assert (gone_on.params == whole.params).all()
    assert [step.loss for step in gone_on.trace.steps] == [step.loss for step in whole.trace.steps]


def test_other_rows_are_not_gone_on_with(folder):
    path = kept(frame(), folder / "rows.parquet")
    told = {"method": "gd", "learning_rate": 0.01, "epochs": 3, "tol": 0.0}
    ds.fit(streamed(path), checkpoint=ds.Checkpoint(folder / "run"), **told)
    other = kept(frame().set_column(0, "a", pa.array(np.linspace(0, 1, N))), folder / "other.parquet")
    with pytest.raises(ds.DownslopeError, match="SHA-256"):
        ds.resume(folder / "run", streamed(other), epochs=5)


# ---- what is refused -----------------------------------------------------------------------------


def lines(n: int = 2_000) -> list[str]:
    return ["x,y", *(f"{i * 0.5},{i % 17}" for i in range(n))]


def refusal(call, *arguments, **named) -> str:
    with pytest.raises(ds.DownslopeError) as caught:
        call(*arguments, **named)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def short_heads(monkeypatch):
    monkeypatch.setattr("downslope.data.learning.HEAD", 500)


@pytest.mark.parametrize("cell, line", [("oops", 1_501), ("", None)])
def test_a_text_among_numbers_is_told_by_its_row(folder, short_heads, cell, line):
    rows = lines()
    rows[1_500] = f"{cell},3"
    (folder / "rows.csv").write_text("\n".join(rows))
    if line is None:  # a hole is filled, and told
        assert dict(streamed(str(folder / "rows.csv")).notes)["data.note_missing"]["count"] == 1
        assert "1500" in refusal(streamed, str(folder / "rows.csv"), on_bad_row="fail")
    else:  # so is a text, which is told by its row
        (said,) = (note for note in streamed(str(folder / "rows.csv")).notes_text() if "oops" in note)
        assert str(line - 1) in said and "'x'" in said and "1 of 2000" in said
        assert "oops" in refusal(streamed, str(folder / "rows.csv"), on_bad_row="fail")
    skipping = streamed(str(folder / "rows.csv"), on_bad_row="skip")
    assert len(skipping) == 1_999 and any("1 " in note for note in skipping.notes_text())
    without = "\n".join([*rows[:1_500], *rows[1_501:]])
    (folder / "without.csv").write_text(without)
    clean = ds.fit(streamed(str(folder / "without.csv")))
    assert near(ds.fit(skipping).params, clean.params)


def test_a_text_among_the_numbers_of_a_query_is_told_by_its_row(folder, short_heads):
    x = "CASE WHEN range = 1500 THEN 'oops' ELSE range::VARCHAR END AS x"
    query = f"SELECT {x}, range % 7 AS y FROM range(2000)"
    (said,) = (note for note in streamed(query).notes_text() if "oops" in note)
    assert "1501" in said
    assert len(streamed(query, on_bad_row="skip")) == 1_999


def test_files_that_are_cut_off_are_told(folder, short_heads):
    text = "\n".join(lines()).encode()
    (folder / "rows.csv").write_bytes(text[: len(text) // 2] + b"\n12")
    assert ", found 1." in refusal(streamed, str(folder / "rows.csv"))
    (folder / "rows.csv.gz").write_bytes(gzip.compress(text)[:-4_000])
    assert "rows.csv.gz" in refusal(streamed, str(folder / "rows.csv.gz"))
    whole = Path(kept(frame(), folder / "rows.parquet")).read_bytes()
    (folder / "rows.parquet").write_bytes(whole[: len(whole) // 2])
    assert "rows.parquet" in refusal(streamed, str(folder / "rows.parquet"))


def test_files_with_other_columns_or_types_are_named(folder):
    for name, table in {
        "1": frame(),
        "2": frame().rename_columns(["a", "b", "c", "odd", "y"]),
    }.items():
        kept(table, folder / f"names{name}.parquet")
    said = refusal(streamed, str(folder / "names*.parquet"))
    assert "names2.parquet" in said and "'d'" in said
    kept(frame(), folder / "types1.parquet")
    kept(frame().set_column(1, "b", pa.array(["text"] * N)), folder / "types2.parquet")
    said = refusal(streamed, str(folder / "types*.parquet"))
    assert "types2.parquet" in said and "'b'" in said
    (folder / "one.csv").write_text("x,y\n1,2\n3,4\n")
    assert "different formats" in refusal(streamed, str(folder / "*[se]*.*"))


def test_whole_numbers_and_fractions_are_one_type(folder):
    kept(pa.table({"x": np.arange(10), "y": np.arange(10.0) ** 2}), folder / "t1.parquet")
    kept(pa.table({"x": np.arange(10) + 0.5, "y": np.arange(10.0)}), folder / "t2.parquet")
    stream = streamed(str(folder / "t*.parquet"))
    assert _whole(stream)[0][10:, 0].tolist() == (np.arange(10) + 0.5).tolist()


def test_an_infinite_number_far_into_the_rows_is_told_by_its_row(folder):
    x = np.arange(float(N))
    x[2_345] = np.inf
    path = kept(frame().set_column(0, "a", pa.array(x)), folder / "rows.parquet")
    said = refusal(streamed, path)
    assert "2346" in said and "'a'" in said
    assert len(streamed(path, on_bad_row="skip")) == N - 1


def test_a_class_that_only_other_rows_have_is_told(folder):
    path = kept(frame("three"), folder / "rows.parquet")
    two = frame("three").filter(pa.compute.less(frame("three").column("y"), 2.0))
    stream = streamed(kept(two, folder / "two.parquet")).labelled()
    with pytest.raises(ds.DownslopeError, match="was not in the training data"):
        ds.fit(stream, loss="log", validation=stream.with_source(path), epochs=3)


def test_rows_that_change_between_passes_are_told(folder):
    path = kept(frame("classes"), folder / "rows.parquet")
    stream = streamed(path)
    kept(frame("counts"), folder / "rows.parquet", 800)
    assert "changed" in refusal(ds.fit, stream, loss="huber")
    Path(path).unlink()
    assert "no longer exists" in refusal(ds.fit, stream, loss="huber")


@pytest.mark.parametrize("asked", ["lots", "1KB", -5, True, "12XB"])
def test_memory_that_is_none_is_refused(asked):
    assert "memory" in refusal(ds.ReadOptions, asked)


def test_memory_too_small_for_a_part_is_refused(folder):
    path = kept(frame(), folder / "rows.parquet")
    assert "raise the limit" in refusal(streamed, path, rows=10_000_000)


def test_nets_and_constant_columns_are_refused(folder):
    path = kept(frame("classes"), folder / "rows.parquet")
    assert "memory" in refusal(ds.fit, streamed(path), net=ds.Net((3,)), loss="log")
    flat = kept(frame().set_column(2, "c", pa.array([7.25] * N)), folder / "flat.parquet")
    assert "'c'" in refusal(ds.fit, streamed(flat, features=NAMES))
    rest = streamed(flat)
    assert rest.features == ("a", "b", "d") and any("'c'" in note for note in rest.notes_text())


# ---- memory --------------------------------------------------------------------------------------


def test_rows_that_fit_are_read_whole_and_others_are_streamed(folder):
    path = kept(frame(n=200_000), folder / "rows.parquet", 20_000)
    assert isinstance(ds.Dataset.read(path, "y"), ds.Dataset)
    assert isinstance(ds.Dataset.read(path, "y", reading=ds.ReadOptions("64MB")), ds.Dataset)
    assert isinstance(ds.Dataset.read(path, "y", reading=ds.ReadOptions("64MB", 1024)), ds.Dataset)
    wide = kept(frame(n=2_000_000), folder / "wide.parquet", 20_000)
    assert isinstance(ds.Dataset.read(wide, "y", reading=ds.ReadOptions("64MB")), ds.Stream)


@pytest.mark.slow
def test_memory_does_not_grow_with_rows(folder):
    """Ten times the rows, and no more than a few parts of memory in addition."""
    peaks = []
    for n in (400_000, 4_000_000):
        writer = None
        for _ in range(n // 400_000):
            table = frame("classes", 400_000)
            writer = writer or parquet.ParquetWriter(folder / f"{n}.parquet", table.schema)
            writer.write_table(table, row_group_size=50_000)
        writer.close()
        code = (
            "import resource, downslope as ds\n"
            f"rows = ds.Stream.open({str(folder / f'{n}.parquet')!r}, 'y', reading=ds.ReadOptions('300MB'))\n"
            "ds.fit(rows, loss='log', method='lbfgs', epochs=4)\n"
            "ds.fit(rows, loss='log', method='minibatch', epochs=1)\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)"
        )
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        peaks.append(int(run.stdout))
    assert peaks[1] - peaks[0] < 150e6, peaks


# ---- small parts ---------------------------------------------------------------------------------


def test_reading_ahead_gives_the_same_items_and_raises_where_they_fail():
    assert list(ahead(range(100))) == list(range(100))

    def failing():
        yield 1
        raise ValueError("at the second")

    items = ahead(failing())
    assert next(items) == 1
    with pytest.raises(ValueError, match="at the second"):
        next(items)


def test_reading_ahead_ends_with_who_reads():
    before = threading.active_count()
    items = ahead(iter(range(10**9)))
    next(items)
    items.close()
    assert threading.active_count() == before


def test_sums_of_tuples_are_sums_of_their_parts():
    assert plus((1, (2, None)), (3, (4, 5))) == (4, (6, 5))

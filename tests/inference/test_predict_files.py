"""Prediction at size: rows are read, predicted and written some at a time, and come out as if at once."""

from __future__ import annotations

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
import pytest

import downslope as ds
from downslope.cli import main
from downslope.data import opening
from downslope.data.reading import Table
from downslope.errors import DownslopeError
from downslope.inference.predicting import looked_at

N = 150_000  # three batches, two of them whole


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOWNSLOPE_LANG", "en")
    return tmp_path


@pytest.fixture
def streamed(monkeypatch):
    """No memory is enough to hold rows in, whatever they take."""
    monkeypatch.setattr(opening, "COPIES", 10**9)


@pytest.fixture
def run(capsys):
    def called(*words: str):
        code = main(["predict", *words])
        out, err = capsys.readouterr()
        return code, out, err

    return called


def rows(n: int = N, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    numbers = {f"x{j}": rng.normal(size=n) for j in range(5)}
    colour = np.array(["red", "blue", "green"])[rng.integers(0, 3, n)]
    some = {"id": np.arange(n) + 2**60, "k": rng.integers(0, 9, n), "colour": colour}
    return pa.table({**some, **numbers, "y": rng.normal(size=n)})


FEATURES = ["k", "colour", *(f"x{j}" for j in range(5))]


def trained(target: str = "y", **settings) -> ds.Solution:
    features = [name for name in FEATURES if name != target]
    solution = ds.fit(ds.Dataset.read(rows(1_000, 9), target, features), **settings)
    solution.save("run")
    return solution


def jsonl(table: pa.Table, path: str) -> None:
    Path(path).write_text("\n".join(map(json.dumps, table.to_pylist())))


def zst(table: pa.Table, path: str) -> None:
    with pa.CompressedOutputStream(path, "zstd") as file:
        arrow_csv.write_csv(table, file)


def packed(table: pa.Table, path: str) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        arrow_csv.write_csv(table, file)


SOURCES = {
    "rows.csv": arrow_csv.write_csv,
    "rows.csv.gz": packed,
    "rows.csv.zst": zst,
    "rows.jsonl": jsonl,
    "rows.parquet": parquet.write_table,
}


def together(found) -> np.ndarray:
    return np.concatenate([table.column("prediction").to_numpy() for table in found])


# ── the same numbers ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.sample(2)
@pytest.mark.parametrize("name", SOURCES)
def test_streamed_rows_have_the_bits_and_the_columns_of_rows_in_memory(name, request):
    solution, table = trained(), rows()
    SOURCES[name](table, name)
    at_once = together(solution.predict_source(Table.read(name)))
    request.getfixturevalue("streamed")
    found = solution.predict_source(name)
    tables = [*found]
    assert not isinstance(found.found, Table) and [t.num_rows for t in tables] == [65_536, 65_536, 18_928]
    whole = pa.concat_tables(tables)
    assert np.array_equal(whole.column("prediction").to_numpy(), at_once)
    assert whole.column_names == [*table.column_names, "prediction"]
    assert whole.column("id").equals(table.column("id").cast(whole.schema.field("id").type))
    assert found.rows == found.meter.rows == N and found.skipped == 0 and found.notes == []


def test_three_parquet_files_are_predicted_as_one(run):
    solution, table = trained(), rows()
    for part in range(3):
        parquet.write_table(table.slice(part * 50_000, 50_000), f"{part}.parquet", row_group_size=7_000)
    assert run("run", "[0-2].parquet", "--out", "all.parquet")[0] == 0
    written = parquet.read_table("all.parquet")
    assert written.drop(["prediction"]).equals(table)
    assert np.array_equal(written.column("prediction"), together(solution.predict_source(Table.read(table))))


def test_a_query_is_predicted_as_its_rows_are(streamed):
    solution, table = trained(), rows()
    parquet.write_table(table, "rows.parquet")
    found = solution.predict_source("SELECT * FROM 'rows.parquet'")
    assert np.array_equal(together(found), together(solution.predict_source(Table.read(table))))


def test_classes_and_their_chances_are_streamed(streamed, run):
    solution = trained("colour", loss="log")
    arrow_csv.write_csv(rows(), "rows.csv")
    assert run("run", "rows.csv", "--out", "out.csv")[0] == 0
    table = Table.read("out.csv")
    at_once = solution.predict(Table.read("rows.csv"))
    assert table.columns.column("prediction").to_pylist() == at_once.tolist()
    assert table.names[-3:] == ("chance: blue", "chance: green", "chance: red")


def test_csv_that_is_streamed_is_the_csv_that_is_not(run, request):
    trained()
    arrow_csv.write_csv(rows(), "rows.csv")
    run("run", "rows.csv", "--out", "memory.csv")
    request.getfixturevalue("streamed")
    code, out, _ = run("run", "rows.csv", "--out", "streamed.csv")
    assert code == 0 and "predicted 150,000 rows" in out and "rows/s" in out
    assert Path("streamed.csv").read_bytes() == Path("memory.csv").read_bytes()
    assert f"\n{2**60 + 1}," in Path("streamed.csv").read_text()


def test_codes_that_are_digits_stay_texts_where_the_model_knows_texts(streamed):
    solution = trained()
    arrow_csv.write_csv(rows(100).set_column(2, "colour", pa.array(["01"] * 100)), "rows.csv")
    found = solution.predict_source("rows.csv")
    assert next(iter(found)).column("colour").to_pylist() == ["01"] * 100
    assert [key for key, _ in found.notes] == ["data.note_unseen"]


# ── a file for each file ────────────────────────────────────────────────────────────────────────────


def test_each_file_has_its_own_in_the_folder(run):
    trained()
    Path("data").mkdir()
    for name, seed in (("a.csv", 1), ("b.csv.gz", 2), ("c.tsv.zst", 3)):
        SOURCES["rows.csv" + Path(name).suffix.replace(".csv", "")](rows(1_000, seed), f"data/{name}")
    code, out, err = run("run", "data/*", "--out", "predictions")
    assert (code, err) == (0, "") and "predicted 3,000 rows" in out and "3 files in predictions" in out
    assert sorted(os.listdir("predictions")) == ["a.csv", "b.csv", "c.csv"]
    assert (
        Table.read("predictions/b.csv").columns.column("x0").to_pylist() == rows(1_000, 2)["x0"].to_pylist()
    )


def test_files_that_are_there_are_refused_kept_or_replaced(run):
    trained()
    for seed in range(3):
        parquet.write_table(rows(100, seed), f"{seed}.parquet")
    Path("out").mkdir()
    Path("out/other.txt").write_text("mine")
    Path("out/1.parquet").write_text("old")
    code, _, err = run("run", "*.parquet", "--out", "out/")
    assert code == 2 and err.count("\n") == 1 and "1 of 3 files" in err and "1.parquet" in err
    code, out, _ = run("run", "*.parquet", "--out", "out", "--resume", "--json")
    told = json.loads(out)
    assert code == 0 and told["rows"] == 200 and told["files"] == ["out/0.parquet", "out/2.parquet"]
    assert Path("out/1.parquet").read_text() == "old"
    assert "3 files in out already existed" in run("run", "*.parquet", "--out", "out", "--resume")[1]
    assert run("run", "*.parquet", "--out", "out", "--force")[0] == 0
    assert parquet.read_table("out/1.parquet").num_rows == 100
    assert sorted(os.listdir("out")) == ["0.parquet", "1.parquet", "2.parquet", "other.txt"]


def test_a_file_without_rows_is_told_and_no_fault(run):
    trained()
    for name, n in (("a", 10), ("b", 0), ("c", 10)):
        parquet.write_table(rows(n), f"{name}.parquet")
    code, _, err = run("run", "*.parquet", "--out", "out/")
    assert code == 0 and err == "note: b.parquet has no rows: no file was written for it.\n"
    assert sorted(os.listdir("out")) == ["a.parquet", "c.parquet"]


@pytest.mark.parametrize("name", ["{}.csv", "{}.parquet"])
def test_one_meter_counts_the_rows_of_all_files(name):
    solution = trained()
    for seed in range(3):
        SOURCES["rows" + Path(name).suffix](rows(1_000, seed), name.format(seed))
    meter = looked_at(solution, name.format("*"))
    meter.begin_pass()
    shares = []
    for seed in range(3):
        assert len(together(solution.predict_source(name.format(seed), meter=meter))) == 1_000
        shares.append(meter.share)
    assert shares == pytest.approx([1 / 3, 2 / 3, 1], abs=0.01) and meter.rows == 3_000


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_broken_off_leaves_whole_files_only(number, run):
    trained()
    files, n = 16, 250_000  # so many that a slow test is still in time
    for part in range(files):
        parquet.write_table(rows(n, part), f"{part:02d}.parquet")
    line = [sys.executable, "-c", "import sys; from downslope.cli import main; sys.exit(main())"]
    words = ["predict", "run", "*.parquet", "--out", "out/"]
    usual = lambda: signal.signal(number, signal.SIG_DFL)  # what runs in the background may ignore it
    process = subprocess.Popen([*line, *words], stderr=subprocess.PIPE, text=True, preexec_fn=usual)
    while not Path("out/00.parquet").exists() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number and err.count("\n") == 1 and "--resume" in err
    written = sorted(os.listdir("out"))
    assert 1 <= len(written) < files
    assert all(parquet.read_metadata(f"out/{name}").num_rows == n for name in written)
    assert run("run", "*.parquet", "--out", "out/", "--resume")[0] == 0 and len(os.listdir("out")) == files


# ── bad rows, bad files, bad requests ───────────────────────────────────────────────────────────────


def spoilt(name: str, cells: str) -> None:
    """A CSV file whose row 140,000 is at fault."""
    arrow_csv.write_csv(rows(), name)
    lines = Path(name).read_text().splitlines()
    lines[140_000] = cells
    Path(name).write_text("\n".join(lines))


BAD_ROWS = {
    "short": ('1,2,"red"', "line 140001: expected 9 cells as in the first line, found 3"),
    "infinite": ('1,2,"red",inf,1,1,1,1,1', "'x0' is inf in row 140000"),
}


@pytest.mark.parametrize("fault", BAD_ROWS)
def test_a_bad_row_is_told_by_its_number_or_left_out_and_counted(fault, streamed, run):
    trained()
    spoilt("rows.csv", BAD_ROWS[fault][0])
    code, out, err = run("run", "rows.csv", "--out", "out.parquet")
    assert (code, out, err.count("\n")) == (2, "", 1) and BAD_ROWS[fault][1] in err
    assert not any("out" in name for name in os.listdir())
    code, out, err = run("run", "rows.csv", "--out", "out.parquet", "--on-bad-row", "skip")
    assert code == 0 and "1 row was skipped; the output has 149,999 rows" in err
    assert parquet.read_metadata("out.parquet").num_rows == N - 1 and "149,999 rows" in out


@pytest.mark.slow
def test_a_hole_is_filled_refused_or_left_out(run):
    trained()
    spoilt("rows.csv", '1,2,"red",,1,1,1,1,1')
    assert "'x0': 1 of 150000 values is missing" in run("run", "rows.csv", "--out", "a.csv")[2]
    code, _, err = run("run", "rows.csv", "--out", "b.csv", "--on-bad-row", "fail")
    assert code == 2 and "Row 140000 has a missing value in the column 'x0'" in err
    code, out, err = run("run", "rows.csv", "--out", "b.csv", "--on-bad-row", "skip", "--json")
    assert code == 0 and (json.loads(out)["rows"], json.loads(out)["skipped"]) == (N - 1, 1)


def test_a_text_among_numbers_is_missing_and_told_by_its_row(run):
    trained()
    spoilt("rows.csv", '1,2,"red",oops,1,1,1,1,1')
    code, _, err = run("run", "rows.csv", "--out", "out.csv")
    assert code == 0 and "'oops' in row 140000" in err and Path("out.csv").exists()
    assert "1,2,red,oops,1,1,1,1,1," in Path("out.csv").read_text()
    code, _, err = run("run", "rows.csv", "--out", "other.csv", "--on-bad-row", "skip")
    assert code == 0 and "1 row was skipped; the output has 149,999 rows" in err


def test_a_fraction_far_into_whole_numbers_is_no_fault(streamed, run):
    trained()
    spoilt("rows.csv", '5,2.5,"red",1,1,1,1,1,1')
    assert run("run", "rows.csv", "--out", "out.csv")[0] == 0
    with open("out.csv") as file:
        lines = list(csv.reader(file))
    assert lines[140_000][:2] == ["5", "2.5"] and lines[139_999][0] == str(2**60 + 139_998)


@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.csv.zst", "rows.parquet"])
@pytest.mark.parametrize("more", [[], ["--on-bad-row", "skip"]])
def test_a_file_cut_off_is_refused_and_leaves_nothing(name, more, run):
    trained()
    SOURCES[name](rows(), name)
    whole = Path(name).read_bytes()
    Path(name).write_bytes(whole[: len(whole) // 2])
    code, out, err = run("run", name, "--out", "out.csv", *more)
    assert (code, out, err.count("\n")) == (2, "", 1) and name in err
    assert not any("out" in file for file in os.listdir())


def test_all_rows_at_fault_are_refused(run):
    trained()
    table = rows(100).set_column(3, "x0", pa.nulls(100, pa.float64()))
    parquet.write_table(table, "rows.parquet")
    code, _, err = run("run", "rows.parquet", "--out", "out.csv", "--on-bad-row", "skip")
    assert code == 2 and "all 100 rows" in err and not Path("out.csv").exists()


def files(**tables: pa.Table) -> None:
    for name, table in tables.items():
        parquet.write_table(table, f"{name}.parquet")


REFUSED = {
    "no column 'x0', which the model": ["a.parquet", "--out", "out/"],
    "'y' is in only one of them": ["[ab].parquet", "--out", "out/"],
    "has type string in": ["[ac].parquet", "--out", "out/"],
    "would both be written": ["**/d.parquet", "--out", "out/"],
    "give a file name, such as out": ["SELECT * FROM 'd.parquet'", "--out", "out/"],
    "rows to predict: write to another": ["d.parquet", "--out", "./", "--force"],
    "cannot write .txt files": ["d.parquet", "--out", "out.txt"],
    "--resume is for a folder": ["d.parquet", "--out", "out.csv", "--resume"],
    "memory was 'much'": ["d.parquet", "--memory", "much"],
    'use "skip"': ["d.parquet", "--on-bad-row", "maybe"],
    "no file matches": ["none/*.csv", "--out", "out/"],
    "is a folder": ["d.parquet", "--out", "taken/"],
    "cannot write": ["d.parquet", "--out", "/proc/none/"],
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_request_that_can_not_be_is_one_line_and_leaves_nothing(reason, run):
    trained()
    table = rows(10)
    other = table.set_column(3, "x0", table["colour"])
    files(a=table.drop(["x0"]), b=table.drop(["x0", "y"]), c=other.drop(["x1"]), d=table)
    if reason == "has type string in":
        files(a=table, c=other)
    Path("more").mkdir()
    parquet.write_table(table, "more/d.parquet")
    Path("taken/d.parquet").mkdir(parents=True)
    before = sorted(os.listdir())
    code, out, err = run("run", *REFUSED[reason])
    assert (code, out, err.count("\n")) == (2, "", 1) and reason in err
    assert sorted(os.listdir()) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_full_disk_is_one_line_and_leaves_nothing(suffix, run, monkeypatch):
    trained()
    parquet.write_table(rows(), "rows.parquet")
    with_name = Path.with_name

    def full(path, name):
        part = with_name(path, name)
        if ".part" in name:
            part.symlink_to("/dev/full")
        return part

    monkeypatch.setattr(Path, "with_name", full)
    code, _, err = run("run", "rows.parquet", "--out", f"out.{suffix}")
    assert code == 2 and err.count("\n") == 1 and "No space left" in err
    assert not any("out" in name for name in os.listdir())


def test_a_function_and_a_run_of_arrays_predict_no_tables():
    for solution, key in [
        (ds.minimize("x^2", start=1), "inference.function_predicts"),
        (ds.fit(ds.Dataset.from_arrays(np.eye(3), [1.0, 2, 4])), "inference.no_encoding"),
    ]:
        with pytest.raises(DownslopeError) as refused:
            solution.predict_source({"x": [1.0]})
        assert refused.value.key == key


# ── memory ──────────────────────────────────────────────────────────────────────────────────────────

PEAK = """
import sys
from downslope.cli import main
code = main(sys.argv[1:])
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
sys.exit(code)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc, for getrusage counts whoever forked too")
def test_memory_does_not_grow_with_the_rows():
    trained()
    for n in (1_000_000, 4_000_000):  # with fewer, buffers are not filled yet
        with parquet.ParquetWriter(f"{n}.parquet", rows(1).schema) as writer:
            for seed in range(n // 100_000):
                writer.write_table(rows(100_000, seed))

    def peak(n: int) -> int:
        words = ["predict", "run", f"{n}.parquet", "--out", f"out{n}.parquet", "--memory", "200MB", "--force"]
        done = subprocess.run([sys.executable, "-c", PEAK, *words], capture_output=True, text=True)
        assert done.returncode == 0 and parquet.read_metadata(f"out{n}.parquet").num_rows == n
        return int(done.stdout.split()[-1]) * 1024

    # What grows with the rows is in every run; what an allocator holds on to (20 MB more or less, and none of
    # it from 4 to 12 million rows) differs from run to run.
    few, most = max(peak(1_000_000) for _ in range(2)), 60e6
    assert most < 3_000_000 * 9 * 8 / 3  # a third of what the rows between them take
    assert any(peak(4_000_000) - few < most for _ in range(3))

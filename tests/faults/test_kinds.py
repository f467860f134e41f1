"""Every kind of file that people have is read, in memory and in parts alike, or refused in one line that says
what would work."""

import bz2
import gzip
import json
import lzma
import os
import sqlite3
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import downslope as ds
from downslope.data.parts import ReadOptions
from downslope.data.reading import Table
from downslope.errors import DownslopeError

pytestmark = pytest.mark.fault("F4")

FRAME = pd.DataFrame(
    {
        "x": [1, 2, 3, 4, 5, 6],
        "kind": ["a", "b", "ü", "a", "b", "ü"],
        "z": [0.1, 0.25, 1e-3, 7.0, 0.5, 1 / 3],
        "day": pd.to_datetime([f"2024-05-{day:02d}" for day in range(1, 7)]),
        "y": [2.5, 4.5, 6.5, 8.5, 10.5, 12.25],
    }
)
CSV = FRAME.to_csv(index=False).encode()


def packed(packing, name):
    with packing.open(name, "wb") as file:
        file.write(CSV)


def zipped(name, *inside):
    with zipfile.ZipFile(name, "w") as archive:
        for one in inside:
            archive.writestr(one, CSV)


def arrow(name, stream):
    import pyarrow as pa

    table = pa.Table.from_pandas(FRAME, preserve_index=False)
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with pa.OSFile(name, "wb") as sink, new(sink, table.schema) as writer:
        writer.write_table(table)


def sqlite(name, *tables):
    connection = sqlite3.connect(name)
    for table in tables:
        FRAME.assign(day=FRAME["day"].dt.strftime("%Y-%m-%d")).to_sql(table, connection, index=False)
    connection.close()


def duck(name, *tables):
    import duckdb

    connection = duckdb.connect(name)
    connection.register("frame", FRAME)
    for table in tables:
        connection.execute(f'CREATE TABLE "{table}" AS SELECT * FROM frame')
    connection.close()


def workbook(name, *sheets, **at):
    with pd.ExcelWriter(name) as book:
        for sheet in sheets:
            FRAME.to_excel(book, sheet_name=sheet, index=False, **at)


def odd_name(name, content):
    with open(os.fsencode(name), "wb") as file:
        file.write(content)


def parquet_bytes():
    import io

    sink = io.BytesIO()
    FRAME.to_parquet(sink)
    return sink.getvalue()


def json_bytes():
    rows = FRAME.assign(day=FRAME["day"].dt.strftime("%Y-%m-%d")).to_dict(orient="records")
    return json.dumps(rows).encode()


READ = {  # what is asked for → what makes it
    "rows.csv": lambda: Path("rows.csv").write_bytes(CSV),
    "rows.csv.gz": lambda: packed(gzip, "rows.csv.gz"),
    "rows.csv.bz2": lambda: packed(bz2, "rows.csv.bz2"),
    "rows.csv.xz": lambda: packed(lzma, "rows.csv.xz"),
    "no_ending_gz.csv": lambda: packed(gzip, "no_ending_gz.csv"),
    "rows.parquet.gz": lambda: Path("rows.parquet.gz").write_bytes(gzip.compress(parquet_bytes())),
    "rows.json.bz2": lambda: Path("rows.json.bz2").write_bytes(bz2.compress(json_bytes())),
    "rows.zip": lambda: zipped("rows.zip", "folder/rows.csv"),
    "several.zip::b.csv": lambda: zipped("several.zip", "a.csv", "b.csv"),
    "rows.xlsx": lambda: workbook("rows.xlsx", "Sheet1"),
    "shifted.xlsx": lambda: workbook("shifted.xlsx", "One", startrow=3, startcol=2),
    "several.xlsx::Two": lambda: workbook("several.xlsx", "One", "Two"),
    "rows.feather": lambda: FRAME.to_feather("rows.feather"),
    "rows.arrow": lambda: arrow("rows.arrow", stream=False),
    "rows.arrows": lambda: arrow("rows.arrows", stream=True),
    "rows.sqlite": lambda: sqlite("rows.sqlite", "rows"),
    "several.db::b": lambda: sqlite("several.db", "a", "b"),
    "rows.duckdb": lambda: duck("rows.duckdb", "rows"),
    "several.ddb::b c": lambda: duck("several.ddb", "a", "b c"),
    "rows.dta": lambda: FRAME.assign(kind=["a", "b", "u"] * 2).to_stata("rows.dta", write_index=False),
    "parquet_named.csv": lambda: FRAME.to_parquet("parquet_named.csv"),
    "~rows.csv": lambda: Path("~rows.csv").write_bytes(CSV),
    "~rows.parquet": lambda: FRAME.to_parquet("./~rows.parquet"),
    "rows\udcff.csv": lambda: odd_name("rows\udcff.csv", CSV),
    "rows\udcff.parquet": lambda: odd_name("rows\udcff.parquet", parquet_bytes()),
}  # fmt: skip


def tarred(name):
    Path("rows.csv").write_bytes(CSV)
    with tarfile.open(name, "w:gz") as archive:
        archive.add("rows.csv")


REFUSED = {  # what is asked for → what makes it, and a word of the way out
    "several.zip": (lambda: zipped("several.zip", "a.csv", "b.csv"), "several.zip::a.csv"),
    "several.zip::c.csv": (lambda: zipped("several.zip", "a.csv", "b.csv"), "a.csv"),
    "empty.zip": (lambda: zipped("empty.zip"), "CSV"),
    "several.db": (lambda: sqlite("several.db", "a", "b"), "several.db::a"),
    "several.ddb": (lambda: duck("several.ddb", "a", "b"), "several.ddb::a"),
    "several.xlsx::No": (lambda: workbook("several.xlsx", "One", "Two"), "One, Two"),
    "rows.csv::a": (lambda: Path("rows.csv").write_bytes(CSV), "alone"),
    "old.xls": (lambda: Path("old.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9), "CSV"),
    "rows.h5": (lambda: Path("rows.h5").write_bytes(b"\x89HDF\r\n\x1a\n" * 9), "read_hdf"),
    "rows.sav": (lambda: Path("rows.sav").write_bytes(b"$FL2@(#)" * 9), "read_spss"),
    "rows.npy": (lambda: np.save("rows.npy", np.zeros((3, 2))), "from_arrays"),
    "rows.npz": (lambda: np.savez("rows.npz", a=np.zeros((3, 2))), "from_arrays"),
    "rows.pkl": (lambda: FRAME.to_pickle("rows.pkl"), "DataFrame"),
    "paper.pdf": (lambda: Path("paper.pdf").write_bytes(b"%PDF-1.7\n"), "CSV"),
    "picture.csv": (lambda: Path("picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n"), "picture"),
    "page.csv": (lambda: Path("page.csv").write_bytes(b"\n<!DOCTYPE html>\n<html>"), "raw"),
    "cut.zip": (lambda: Path("cut.zip").write_bytes(b"PK\x03\x04" + CSV), "cut.zip"),
    "cut.csv.gz": (lambda: Path("cut.csv.gz").write_bytes(gzip.compress(CSV * 9)[:-20]), "cut.csv.gz"),
    "cut.csv.xz": (lambda: Path("cut.csv.xz").write_bytes(lzma.compress(CSV * 9)[:-20]), "cut.csv.xz"),
    "cut.csv.bz2": (lambda: Path("cut.csv.bz2").write_bytes(bz2.compress(CSV * 9)[:-20]), "cut.csv.bz2"),
    "cut.arrow": (lambda: Path("cut.arrow").write_bytes(b"ARROW1\x00\x00" + b"\x01" * 99), "cut.arrow"),
    "cut.db": (lambda: Path("cut.db").write_bytes(b"SQLite format 3\x00" + b"\x01" * 99), "cut.db"),
    "cut.xlsx": (lambda: zipped("cut.xlsx", "xl/workbook.xml"), "cut.xlsx"),
    "rows.tar.gz": (lambda: tarred("rows.tar.gz"), "tar"),
    "https://example.org/rows.csv": (lambda: None, "curl"),
    "s3://bucket/rows.parquet": (lambda: None, "aws s3 cp"),
    "gs://bucket/rows.parquet": (lambda: None, "Download"),
    "/dev/zero": (lambda: None, "device"),
    "/dev/null": (lambda: None, "device"),
    "folder": (lambda: os.mkdir("folder"), "folder/*.csv"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", READ, ids=ascii)
def test_a_kind_of_file_is_read_in_memory_and_in_parts(name):
    READ[name]()
    before = sorted(os.listdir("."))
    whole = ds.Dataset.read(name, "y")
    parts = ds.Dataset.read(name, "y", reading=ReadOptions(on_bad_row="fail"))
    assert set(whole.features) >= {"z", "day"} and whole.features == parts.features
    np.testing.assert_array_equal(whole.X, parts.X)
    np.testing.assert_array_equal(whole.y, parts.y)
    np.testing.assert_array_equal(whole.y, FRAME["y"])
    np.testing.assert_array_equal(whole.X[:, whole.features.index("z")], FRAME["z"])
    np.testing.assert_array_equal(whole.X[:, whole.features.index("day")], np.arange(19844.0, 19850))
    whole.source.encode()
    assert sorted(os.listdir(".")) == before


@pytest.mark.parametrize("name", REFUSED)
def test_a_kind_that_is_not_read_is_refused_with_what_would_work(name):
    make, word = REFUSED[name]
    make()
    for ask in (
        lambda: Table.read(name),
        lambda: ds.Dataset.read(name, reading=ReadOptions(on_bad_row="fail")),
    ):
        with pytest.raises(DownslopeError) as caught:
            ask()
        assert word in str(caught.value) and "\n" not in str(caught.value)


def test_without_openpyxl_it_is_said_how_to_get_it(monkeypatch):
    workbook("rows.xlsx", "Sheet1")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(DownslopeError) as caught:
        Table.read("rows.xlsx")
    assert "downslope[excel]" in str(caught.value) and "CSV" in str(caught.value)


def test_the_sheet_that_was_read_is_said():
    workbook("several.xlsx", "One", "Two")
    assert "several.xlsx::SHEET" in " ".join(ds.Dataset.read("several.xlsx").notes_text())


def test_a_named_pipe_is_read_to_its_end():
    os.mkfifo("pipe")
    writing = threading.Thread(target=lambda: Path("pipe").write_bytes(CSV))
    writing.start()
    assert len(ds.Dataset.read("pipe", "y")) == 6
    writing.join()


def test_a_pipe_that_nobody_writes_to_is_refused(monkeypatch):
    from downslope.data import memory

    monkeypatch.setattr(memory, "WAIT", 0.3)
    os.mkfifo("silent")
    with pytest.raises(DownslopeError) as caught:
        ds.Dataset.read("silent", "y")
    assert caught.value.key == "data.no_writer"


@pytest.mark.parametrize("content", ["csv", "parquet"])
@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_rows_come_through_a_pipe(name, content):
    given = CSV if content == "csv" else parquet_bytes()
    words = [sys.executable, "-m", "downslope", "fit", name, "--target", "y", "--json"]
    ran = subprocess.run(words, input=given, capture_output=True)
    assert ran.returncode == 0, ran.stderr.decode()
    assert b'"params"' in ran.stdout

"""Whatever people keep their rows in, the same rows come out; what is no table is refused, and told why."""

import gzip
import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from downslope.data import Dataset, Table, memory
from downslope.errors import DownslopeError
from tests.builders import EXAMPLES


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a file into an empty current directory and gives its name."""
    monkeypatch.chdir(tmp_path)

    def written(content, name="table.csv"):
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    return written


def columns(source):
    return Table.read(source).columns.to_pydict()


def refused(source):
    with pytest.raises(DownslopeError) as caught:
        Table.read(source)
    assert "\n" not in str(caught.value)
    return caught.value


# ------------------------------------------------------------------------ one content, many keepings


ROWS = {
    "size": [50.5, 70.0, None, 90.25],
    "floor": [1, 2, 3, 4],
    "城市": ["北京", "上海", None, "北京"],
    "garden": [True, False, True, None],
    "built": [date(1999, 1, 2), date(2005, 6, 7), None, date(2020, 12, 31)],
    "price": [100.0, 200.0, 150.0, 300.0],
}


def kept_as(kind, folder):
    frame, table = pl.DataFrame(ROWS), pa.table(ROWS)
    path = str(folder / f"rows.{kind}")
    match kind:
        case "csv":
            frame.write_csv(path)
        case "tsv":
            frame.write_csv(path, separator="\t")
        case "csv.gz":
            Path(path).write_bytes(gzip.compress(frame.write_csv().encode()))
        case "parquet":
            pq.write_table(table, path)
        case "json":
            frame.write_json(path)
        case "jsonl":
            frame.write_ndjson(path)
        case "sql":
            frame.write_csv(folder / "rows.csv")
            return f"SELECT * FROM '{folder}/rows.csv'"
        case "pandas":
            return table.to_pandas()
        case "pandas category":
            return table.to_pandas().astype({"城市": "category"})
        case "polars":
            return frame
        case "polars lazy":
            return frame.lazy()
        case "polars category":
            return frame.cast({"城市": pl.Categorical})
        case "arrow":
            return table
        case "dict":
            return ROWS
    return path


KEEPINGS = ["csv", "tsv", "csv.gz", "parquet", "json", "jsonl", "sql", "pandas", "polars", "arrow", "dict"]


@pytest.mark.parametrize("kind", [*KEEPINGS, "pandas category", "polars category", "polars lazy"])
def test_the_same_rows_give_the_same_dataset_however_they_are_kept(kind, tmp_path):
    expected = Dataset.read(ROWS, target="price")
    dataset = Dataset.read(kept_as(kind, tmp_path), target="price")
    assert dataset.features == expected.features == ("size", "floor", "城市=上海", "garden", "built")
    np.testing.assert_array_equal(dataset.X, expected.X)
    np.testing.assert_array_equal(dataset.y, expected.y)
    assert dataset.notes == expected.notes


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_every_float_survives_csv_to_the_last_bit(values, tmp_path):
    path = tmp_path / "floats.csv"
    path.write_text("x\n" + "\n".join(map(repr, values)) + "\n")
    np.testing.assert_array_equal(Table.read(path).numbers("x"), values)


# -------------------------------------------------------------------------- files that people have


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfx,y\r\n1.5,a\r\n2.5,b\r\n",
        b"x;y\n1,5;a\n2,5;b\n",
        b"x\ty\n1.5\ta\n2.5\tb\n",
        b"x|y\n1.5|a\n2.5|b\n",
        b"x, y\n1.5, a\n2.5, b\n",
        b"x,y\r1.5,a\r2.5,b\r",
        b"x,y\r\n1.5,a\n2.5,b\r\n",
        b"\n\nx,y\n1.5,a\n\n2.5,b\n\n",
        b'"x","y"\n"1.5","a"\n"2.5","b"\n',
        b"x,y\n15e-1,a\n+0.25E1,b",
        "x,y\n1.5,a\n2.5,b\n".encode("utf-16"),
    ],
)
def test_a_dialect_is_found(content, write):
    assert columns(write(content)) == {"x": [1.5, 2.5], "y": ["a", "b"]}


def test_a_quoted_cell_may_hold_delimiters_quotes_and_line_ends(write):
    content = 'x,"a, b"\n1,"two\nlines"\n2,"said ""no"", left"\n'
    assert columns(write(content)) == {"x": [1, 2], "a, b": ["two\nlines", 'said "no", left']}


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "gb18030"])
def test_chinese_files_are_read_in_any_of_their_encodings(encoding, write):
    content = "面积,城市,价格（万元）\n50,北京,100\n70,上海,200\n".encode(encoding)
    assert columns(write(content)) == {"面积": [50, 70], "城市": ["北京", "上海"], "价格（万元）": [100, 200]}


def test_a_late_chinese_character_is_decoded_too(write):
    content = ("x,y\n" + "1,a\n" * 30_000 + "2,晚\n").encode("gbk")
    assert columns(write(content))["y"][-1] == "晚"


def test_latin_letters_are_not_taken_for_chinese(write):
    content = "prénom,âge\nZoé,31\nJérôme,27\nFrançois,40\n".encode("latin-1")
    assert columns(write(content)) == {"prénom": ["Zoé", "Jérôme", "François"], "âge": [31, 27, 40]}


def test_a_damaged_letter_does_not_turn_utf8_into_another_encoding(write):
    content = ("城市,x\n" + "北京,1\n" * 20).encode() + b"\xe5\x8c,2\n"
    assert set(columns(write(content))["城市"]) == {"北京", "\ufffd"}


def test_decoding_leaves_no_temporary_file(write, tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    columns(write("城市,x\n北京,1\n".encode("gbk")))
    refused(write("城市,x\n北京\n".encode("gbk")))
    assert not list(folder.iterdir())


@pytest.mark.parametrize("word", ["NA", "N/A", "", "null", "NULL", "NaN", "nan", "?", " NA ", '""'])
def test_a_word_for_missing_leaves_its_column_numeric(word, write):
    table = Table.read(write(f"x,y\n1,1\n{word},2\n3,3\n"))
    assert table.kind("x") == "numeric"
    np.testing.assert_array_equal(table.numbers("x"), [1.0, np.nan, 3.0])


def test_a_query_on_a_file_with_na_gives_numbers_too(write):
    assert Table.read(f"SELECT * FROM '{EXAMPLES}/penguins.csv'").kind("bill_length_mm") == "numeric"


def test_a_word_in_the_last_row_is_a_stray_that_is_named(write):
    content = "x,y\n" + "1,2\n" * 30_000 + "late,2\n"
    table = Table.read(write(content))
    assert table.kind("x") == "numeric" and np.isnan(table.numbers("x")[-1])
    assert table.strays["x"].first == [(30_001, "late")] and table.strays["x"].count == 1


def test_codes_with_leading_zeros_stay_text(write):
    assert columns(write("zip,y\n01234,1\n98765,2\n"))["zip"] == ["01234", "98765"]


def test_integers_beyond_53_bits_become_floats(write):
    table = Table.read(write("x,y\n12345678901234567890,1\n9007199254740993,2\n"))
    np.testing.assert_array_equal(table.numbers("x"), [12345678901234567890.0, 9007199254740992.0])


def test_a_first_line_of_numbers_is_a_row(write):
    assert columns(write("1,2\n3,4\n")) == {"column0": [1, 3], "column1": [2, 4]}


def test_dates_are_days_since_1970_and_times_their_fractions(write):
    table = Table.read(write("day,time\n1970-01-02,1969-12-31 12:00:00\n2000-01-01,1970-01-01 06:00:00\n"))
    assert table.kind("day") == table.kind("time") == "date"
    np.testing.assert_array_equal(table.numbers("time"), [-0.5, 0.25])
    aware = Table.read({"t": pd.to_datetime(["1970-01-01T08:00+08:00"])})
    np.testing.assert_array_equal(aware.numbers("t"), [0.0])
    naive = Table.read({"t": [datetime(1970, 1, 1, 18)]})
    np.testing.assert_array_equal(naive.numbers("t"), [0.75])


def test_names_that_differ_in_case_only_are_kept(write):
    assert columns(write("x,X\n1,2\n")) == {"x": [1], "X": [2]}


def test_a_file_whose_name_looks_like_a_glob_is_that_file(write):
    write("x\n7\n", "a1.csv")
    assert columns(write("x\n1\n", "a[1].csv")) == {"x": [1]}


def test_a_glob_stacks_its_files_by_name_of_file_and_of_column(write):
    write("x,y\n5,NA\n6,NA\n", "part-2.csv")
    write("y,x\n0.5,1\n", "part-1.csv")
    assert columns("part-*.csv") == {"y": [0.5, None, None], "x": [1, 5, 6]}


def test_a_query_joins_files_of_the_current_directory(write):
    write("id,size\n1,50\n2,70\n", "houses.csv")
    write('{"house": 2, "price": 200}\n{"house": 1, "price": 100}\n', "sales.jsonl")
    query = "SELECT size, price FROM 'houses.csv' JOIN 'sales.jsonl' ON id = house ORDER BY id;"
    assert columns(query) == {"size": [50, 70], "price": [100, 200]}
    assert columns("from 'houses.csv'") == {"id": [1, 2], "size": [50, 70]}


def test_a_file_named_like_a_query_is_a_file(write):
    assert columns(write("x\n1\n", "select one")) == {"x": [1]}


def test_a_query_sees_no_variable_of_the_program(write):
    frame = pd.DataFrame({"x": [1]})
    assert refused("SELECT * FROM frame").key == "data.sql" and len(frame) == 1


# ---------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("", "data.empty_file"),
        ("\n \n", "data.empty_file"),
        ("x,y\n", "data.no_rows"),
        (bytes(range(256)) * 20, "data.binary_file"),
        (b"\x89PNG\r\n\x1a\n", "data.kind_picture"),
        ("x,y\n1,2\n3,4,5\n", "data.ragged"),
        ("x,y\n1,2\n3\n", "data.ragged"),
        ('x,y\n1,"2\n3,4\n', "data.quotes"),
    ],
)
def test_what_is_no_table_is_refused_by_name(content, key, write):
    assert refused(write(content)).key == key


@pytest.mark.parametrize("before", [0, 40_000])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_ragged_row_is_named_by_its_line(before, encoding, write):
    content = "城市,y\n" + "北京,2\n" * before + "上海,4,5\n" + "北京,2\n" * before
    facts = refused(write(content.encode(encoding))).facts
    assert (facts["path"], facts["line"]) == (Path("table.csv"), before + 2)
    assert (facts["found"], facts["expected"]) == (3, 2)


def test_sources_that_are_not_there_or_no_source(write):
    write("x,y\n1,2\n", "a.csv")
    write("x,z\n1,2\n", "b.csv")
    write("x,y\n1,one\n", "c.csv")
    os.mkdir("folder")
    assert refused("none.csv").key == "data.no_such_file"
    assert refused("none-*.csv").key == "data.no_match"
    assert refused("folder").key == "data.directory"
    assert refused("[ab].csv").key == "data.files_differ"
    assert Table.read("[ac].csv").kind("y") == "text"  # of 2 and "one": all cells of all files decide
    assert refused(np.zeros((2, 2))).key == "data.not_a_source"
    assert refused(None).key == "data.not_a_source"


@pytest.mark.parametrize("name", ["x.parquet", "x.json", "x.csv.gz"])
def test_a_file_that_is_not_what_its_name_says_is_refused(name, write):
    assert refused(write('x,y\n1,"2\n', name)).key == "data.cannot_read"


@pytest.mark.parametrize("query", ["SELECT * FRM x", "SELECT * FROM 'none.csv'", "SELECT 1 FROM (SELECT 2"])
def test_a_query_that_fails_is_told_in_one_line(query, write):
    assert refused(query).key == "data.sql"


@pytest.mark.parametrize(
    "source",
    [
        pd.DataFrame([[1, 2]], columns=["x", "x"]),
        pa.table([[1], [2]], names=["x", "x"]),
        "SELECT 1 AS x, 2 AS x",
    ],
)
def test_a_repeated_name_is_refused_in_memory_too(source):
    assert refused(source).key == "data.repeated_name"


def test_dates_in_two_forms_are_the_same_days(write):
    table = Table.read(write("day,x\n2000-01-02,1\n2000/1/3,2\n"))
    assert table.kind("day") == "date" and np.diff(table.numbers("day")) == 1


def test_columns_that_cannot_be_columns_are_refused():
    assert refused({"x": [1, "a"]}).key == "data.cannot_read"
    assert refused({"x": [1, 2], "y": [1]}).key == "data.cannot_read"
    assert refused({}).key == "data.no_rows"
    assert refused(pd.DataFrame({"x": []})).key == "data.no_rows"


def test_importing_the_room_loads_no_heavy_library():
    heavy = "duckdb pandas polars pyarrow scipy sklearn"
    code = f"import sys, downslope.data; print([m for m in '{heavy}'.split() if m in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"


def test_the_examples_are_whole():
    penguins = Table.read(EXAMPLES / "penguins.csv")
    assert len(penguins) == 344 and [penguins.kind(name) for name in penguins.names].count("numeric") == 4
    # the means that the data's authors print: 43.92, 17.15, 200.9 mm and 4202 g
    assert round(float(np.nanmean(penguins.numbers("body_mass_g"))), 3) == 4201.754
    assert len(Table.read(EXAMPLES / "diabetes.csv")) == 442
    assert columns(EXAMPLES / "rows.csv") == {"x": [1, 2, 3], "y": [2, 4, 6]}


# ------------------------------------------------------------------------ files of this process's own


@pytest.fixture
def temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    memory._made.cache_clear()
    yield tmp_path
    memory._made.cache_clear()


def test_a_plain_file_is_read_without_files_of_its_own(temporary_folder):
    path = temporary_folder / "rows.csv"
    path.write_text("x,y\n1,2\n2,4\n3,6\n")
    Dataset.read(path, "y")
    assert [file.name for file in temporary_folder.iterdir()] == ["rows.csv"]


def test_what_a_killed_process_left_is_removed_and_that_of_a_running_one_is_not(temporary_folder):
    code = "from downslope.data.memory import process_folder as f; import os; print(f()); {}"
    run = lambda end: subprocess.run(
        [sys.executable, "-c", f"{code.format(end)}"], stdout=subprocess.PIPE, text=True
    )
    ended = Path(run("").stdout.strip())
    assert ended.parent == temporary_folder and not ended.exists()
    left = Path(run("import sys; sys.stdout.flush(); os.kill(os.getpid(), 9)").stdout.strip())
    assert left.is_dir()
    mine = memory.process_folder()
    assert left.is_dir()  # it may be of a moment ago
    for folder in (left, mine):
        os.utime(folder, (0, 0))
    memory._made.cache_clear()
    memory.process_folder()
    assert mine.is_dir() and not left.exists()

"""Rows are read in one way: in memory, in parts and on a cluster the same bits and notes, or one refusal."""

import csv
import datetime
import decimal
import io
import json
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

import downslope as ds
from downslope.data import Table
from downslope.data.cells import CellCounts, infer_formats, typed
from downslope.data.statistics import exact_sum, units
from tests.builders import CASES

N = 60
RNG = np.random.default_rng(0)
X = np.round(RNG.normal(size=N), 3).tolist()
Y = [round(2 * x + 1, 3) for x in X]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines(cells, name="a", more=(("x", X), ("y", Y)), delimiter=","):
    """A table of a column of odd cells beside plain numbers."""
    page = io.StringIO()
    writer = csv.writer(page, delimiter=delimiter, lineterminator="\n")
    writer.writerow([name, *(n for n, _ in more)])
    writer.writerows(zip(cells, *(column for _, column in more)))
    return page.getvalue()


def numbers_but(*others):
    cells = [str(i * 7 % 50) for i in range(N)]
    for place, other in zip((17, 33, 41), others):
        cells[place] = other
    return cells


DAYS = [datetime.date(2023, 1, 5) + datetime.timedelta(3 * i) for i in range(N)]
EARLY = [datetime.date(2023, 1 + i % 12, 1 + i % 12) for i in range(N)]
CLOCK = [f"{i % 24:02d}:{i * 7 % 60:02d}" for i in range(N)]
TEXTS = {
    **{f"stray {word!r}": lines(numbers_but(word)) for word in (
        "-", "T", "abc", "true", "31/12/2019", "1,234", "1_000", "0x10", "007", "1 234", "$5", "12%", "N.A.", "#N/A",  # noqa: E501
        "1e5", "inf.", "--", "5 kg", "１２",
    )},
    "several strays": lines(numbers_but("-", "unknown", "x")),
    "too many words": lines([str(i) if i % 4 else "-" for i in range(N)]),
    "words only": lines(["red", "green", "blue"] * (N // 3)),
    "yes and no": lines(["yes", "no"] * (N // 2)),
    "true and false": lines(["TRUE", "false"] * (N // 2)),
    "codes": lines([f"{i * 37 % 100:03d}" for i in range(N)]),
    "holes": lines(numbers_but("", "NA", "?")),
    "nothing": lines([""] * N),
    "one value": lines(["5"] * N),
    "thousands": lines([f"{900 + 37 * (i * 7 % N):,}" for i in range(N)]),
    "thousands and cents": lines([f"{900.5 + 37 * (i * 7 % N):,.2f}" for i in range(N)]),
    "dotted thousands": lines([f"{900 + 37 * (i * 7 % N):,}".replace(",", ".") for i in range(N)], more=(("y", [str(y).replace(".", ",") for y in Y]),), delimiter=";"),  # noqa: E501
    "decimal commas": lines([str(x).replace(".", ",") for x in X], more=(("y", [str(y).replace(".", ",") for y in Y]),), delimiter=";"),  # noqa: E501
    "decimal points between semicolons": lines(X, more=(("y", Y),), delimiter=";"),
    "decimal points between tabs": lines(X, more=(("y", Y),), delimiter="\t"),
    "percent": lines([f"{x:.1f}%" for x in X]),
    "dollars": lines([f"${1000 + 100 * x:,.2f}" for x in X]),
    "euros": lines([f"{100 + x:.2f} €" for x in X]),
    "ISO days": lines(DAYS),
    "days first": lines([f"{d:%d/%m/%Y}" for d in DAYS]),
    "months first": lines([f"{d:%m/%d/%Y}" for d in DAYS]),
    "short years": lines([f"{d.month}/{d.day}/{d:%y}" for d in DAYS]),
    "dotted days": lines([f"{d:%d.%m.%Y}" for d in DAYS]),
    "either order": lines([f"{d:%d/%m/%Y}" for d in EARLY]),
    "days and holes": lines(["" if i % 9 == 4 else d for i, d in enumerate(DAYS)]),
    "a day that is none": lines(["2023-02-30", *DAYS[1:]]),
    "unpadded days": lines([f"{d.year}-{d.month}-{d.day}" for d in DAYS]),
    "times": lines(CLOCK),
    "times of half a day": lines([f"{1 + i % 12}:{i * 7 % 60:02d} {'AM' if i % 2 else 'PM'}" for i in range(N)]),  # noqa: E501
    "days and times": lines([f"{d} {c}" for d, c in zip(DAYS, CLOCK)]),
    "zones": lines([f"{d}T08:30:00+0{i % 3}:00" for i, d in enumerate(DAYS)]),
    "counts the rows": lines(range(1, N + 1)),
    "counts from 0": lines(range(N)),
    "no name": lines(range(1, N + 1), name=""),
    "no name, no order": lines([i * 7 % N for i in range(N)], name=""),
    "names by case": lines(X, name="X"),
    "long ids": lines([1577134800018164904 + 7 * (i * 7 % N) for i in range(N)]),
    "names": lines([f"Person {i:03d}" for i in range(N)]),
    "a second header": lines(numbers_but("a")),
    "infinite": lines(numbers_but("inf")),
    "stray in the target": lines(["x"] * 0 + X, more=(("y", [*Y[:30], "oops", *Y[31:]]),)),
    "infinite target": lines(X, more=(("y", [*Y[:30], "inf", *Y[31:]]),)),
    "holes in the target": lines(X, more=(("y", [*Y[:30], "", *Y[31:]]),)),
    "no target in whole parts": lines(X, more=(("y", ["" if 14 <= i < 50 else y for i, y in enumerate(Y)]),)),
    "text target": lines(X, more=(("y", ["cat" if y > 0 else "dog" for y in Y]),)),
    "percent target": lines(X, more=(("y", [f"{y}%" for y in Y]),)),
    "constant but for rows without a target": lines(["bird" if i % 5 == 0 else "rodent" for i in range(N)], more=(("x", X), ("y", ["" if i % 5 == 0 else y for i, y in enumerate(Y)]))),  # noqa: E501
    "ragged": lines(X) + "1,2\n",
    "nothing left": lines([f"w{i}" for i in range(N)], more=(("y", Y),)),
    "line ends": lines(X).replace("\n", "\r\n", 20),
    "rare": lines([f"r{i}" if i < 15 else "c" for i in range(N)]),
}  # fmt: skip


def read(path, target="y", rows=None, **more):
    """What is known of rows, as plain data; or the refusal."""
    try:
        if rows is None:
            found = ds.Dataset.read(path, target, **more)
            parts = [found]
        else:
            found = ds.Stream.open(path, target, reading=ds.ReadOptions("1GB", rows), **more)
            parts = [part for part in found.each() if len(part)]
    except ds.DownslopeError as error:
        return str(error)
    own = lambda arrays: None if arrays[0] is None else np.concatenate(arrays).tobytes()
    matrices = [own([getattr(part, name) for part in parts]) for name in ("X", "y", "weights")]
    return found.features, matrices, found.notes_text(), found.encoding, found.classes


def agree(path, target="y", **more):
    one = read(path, target, **more)
    for rows in (7, 16, 1000):
        assert read(path, target, rows, **more) == one, (path, rows)
    return one


@pytest.mark.sample(30)
@pytest.mark.fault("C1", "C2", "C3", "C5", "F2")
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_read_in_parts_as_in_memory(name):
    Path("rows.csv").write_text(TEXTS[name], encoding="utf-8", newline="")
    agree("rows.csv")


@pytest.mark.sample(16)
@pytest.mark.fault("C1", "C2", "C3", "C5", "D12")
@pytest.mark.parametrize(
    "path", sorted(CASES.glob("*.csv")) + sorted(CASES.glob("*.tsv")), ids=lambda p: p.name
)
def test_files_that_failed_are_read_in_parts_as_in_memory(path):
    agree(str(path), Table.read(path).names[-1])


@pytest.mark.fault("C1")
@pytest.mark.parametrize("on_bad_row", ["skip", "fail"])
def test_bad_rows_are_judged_by_the_columns_that_serve(on_bad_row):
    path = CASES / "04_name_and_hole.csv"
    asked = ds.ReadOptions("1GB", 16, on_bad_row)
    if on_bad_row == "fail":
        with pytest.raises(ds.DownslopeError, match="Row 5 has a missing value in the column 'age'"):
            ds.Stream.open(path, "y", reading=asked)
        return
    rows = ds.Stream.open(path, "y", reading=asked)
    assert rows.features == ("age", "city=B") and len(rows) == 36
    assert any("4 of 40 rows" in note for note in rows.notes_text())
    assert sum(len(part) for part in rows.each()) == 36


@pytest.mark.fault("C2")
def test_the_order_of_dates_is_that_of_all_files_and_is_kept_for_predictions():
    found = agree(str(CASES / "07_us_0*.csv"))
    assert found[3].formats["day"].order == "mdy"
    solution = ds.fit(ds.Dataset.read(CASES / "07_us_0*.csv", "y"))
    assert solution.params[0] == pytest.approx(2.0)
    trained = ds.fit(ds.Dataset.read(CASES / "08_us_train.csv", "y"))
    for rows in (str(CASES / "08_us_new.csv"), {"day": ["05/06/2023", "06/07/2023"], "x": [1, 2]}):
        assert trained.predict(rows) == pytest.approx([250, 314])
    (table,) = trained.predict_source(CASES / "08_us_new.csv", ds.ReadOptions("1GB", 100))
    assert table.column("prediction").to_pylist() == pytest.approx([250, 314])
    assert any("ambiguous" in note for note in ds.Dataset.read(CASES / "07_us_03.csv", "y").notes_text())


@pytest.mark.fault("C3")
def test_strays_are_named_counted_and_missing_and_refused_in_the_target():
    rows = ds.Dataset.read(CASES / "09_dash.csv", "y")
    assert rows.features == ("rooms",)
    assert any("1 of 60 values" in note and "'-' in row 18" in note for note in rows.notes_text())
    assert ds.Dataset.read(CASES / "10_thousands.csv", "y").X.max() == 1450
    assert ds.Dataset.read(CASES / "12_dotted_thousands.csv", "price").X.max() == 3580
    assert ds.Dataset.read(CASES / "11_percent_target.csv", "rate").y.max() == pytest.approx(79.9)
    Path("rows.csv").write_text(TEXTS["stray in the target"])
    with pytest.raises(ds.DownslopeError, match="row 31: found 'oops' in the numeric column 'y'"):
        ds.Dataset.read("rows.csv", "y")


@pytest.mark.fault("C5")
def test_row_numbers_are_left_out_and_taken_back_by_name():
    for name, column in (("27_unnamed_index.csv", "column0"), ("37_row_and_year.csv", "row")):
        target = Table.read(CASES / name).names[-1]
        rows = ds.Dataset.read(CASES / name, target)
        assert column not in rows.features and any(f"'{column}'" in note for note in rows.notes_text())
        assert ds.Dataset.read(CASES / name, target, [column]).features == (column,)
    frame = pd.DataFrame({"x": X, "y": Y})
    frame[frame.x > -1].to_parquet("index.parquet")
    assert agree("index.parquet")[0] == ("x",)


@pytest.mark.fault("C6")
def test_words_for_yes_and_no_are_kept_and_others_stand_at_the_mean():
    solution = ds.fit(ds.Dataset.read(CASES / "14_yes_no.csv", "y"))
    assert "garden=yes" in solution.names
    found = solution.predict_source(CASES / "14_yes_no_new.csv", as_written=True)
    (table,) = found
    assert table.column("garden").to_pylist() == ["yes", "no", "unknown"]
    assert dict(found.notes)["data.note_unseen"]["example"] == "unknown"
    classes = ds.Dataset.read(CASES / "14_yes_no.csv", "garden")
    assert classes.classes == ("no", "yes")


@pytest.mark.fault("C6")
def test_input_cells_are_written_as_they_were(capsys):
    from downslope.cli import main

    Path("rows.csv").write_text("x,z,y\n" + "".join(f"{i * 7 % 50}.0,a{i % 2},{i}\n" for i in range(N)))
    Path("new.csv").write_text('x,z,note\n7.0,a1,"a, b"\n1e1,a0,\n-,a1,NA\n')
    ds.fit(ds.Dataset.read("rows.csv", "y")).save("run")
    assert main(["predict", "run", "new.csv"]) == 0
    written = capsys.readouterr().out.splitlines()
    assert [row.rpartition(",")[0] for row in written[1:]] == ['7.0,a1,"a, b"', "1e1,a0,", "-,a1,NA"]


@pytest.mark.fault("C7", "D12")
def test_a_refusal_says_why_no_column_is_left():
    with pytest.raises(
        ds.DownslopeError, match=r"8 of its 40 values cannot be read as numbers \(such as '-' in row 1\)"
    ):
        ds.Dataset.read(CASES / "19_no_column_left.csv", "y")


@pytest.mark.fault("D12")
def test_columns_of_one_value_are_left_out_and_others_may_be():
    rows = ds.Dataset.read(CASES / "38_constant_after_drop.csv", "weight")
    assert rows.features == ("size",) and any("'kind' is not used" in note for note in rows.notes_text())
    Path("rows.csv").write_text(TEXTS["rare"])
    found = agree("rows.csv", exclude=["x"])
    assert "x" not in found[0] and any("15 of its 16 categories" in note for note in found[2])
    assert any("a 'c'" in note for note in found[2])
    with pytest.raises(ds.DownslopeError, match="no column 'z'"):
        ds.Dataset.read("rows.csv", "y", exclude=["z"])


@pytest.mark.fault("F3")
def test_parquet_columns_whose_names_differ_by_case_or_are_empty():
    parquet.write_table(pa.table([X, Y, [x * x for x in X]], names=["Y", "y", ""]), "rows.parquet")
    found = agree("rows.parquet")
    assert found[0] == ("Y", "column2")
    assert ds.fit(ds.Dataset.read("rows.parquet", "y")).params[:2] == pytest.approx([2, 0], abs=1e-12)
    wide = pa.table({"x": X, "y": Y})
    parquet.write_table(wide, "1.parquet")
    parquet.write_table(
        wide.set_column(0, "x", pa.array(range(N), pa.int32())).select(["y", "x"]), "2.parquet"
    )
    agree("[12].parquet")


@pytest.mark.fault("F3")
def test_every_type_of_arrow_serves_or_is_left_out():
    moments = [datetime.datetime(2023, 1, 1) + datetime.timedelta(hours=5 * i) for i in range(N)]
    kinds = {
        "null": pa.nulls(N), "bool": pa.array([i % 2 == 0 for i in range(N)]),
        **{str(kind): pa.array([i * 7 % 50 for i in range(N)], kind) for kind in (
            pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(),
        )},
        "half": pa.array(np.array(X, np.float16)), "single": pa.array(X, pa.float32()), "double": pa.array(X),
        "decimal": pa.array([decimal.Decimal(str(x)) for x in X], pa.decimal128(10, 3)),
        "date32": pa.array(DAYS, pa.date32()), "date64": pa.array(DAYS, pa.date64()),
        **{f"stamp {unit}": pa.array(moments, pa.timestamp(unit)) for unit in ("s", "ms", "us", "ns")},
        "zone": pa.array(moments, pa.timestamp("us", "Asia/Shanghai")),
        "time32": pa.array([i * 999 % 86_000 for i in range(N)], pa.time32("s")),
        "time64": pa.array([i * 999_000_000 for i in range(N)], pa.time64("us")),
        "duration": pa.array([datetime.timedelta(i) for i in range(N)]),
        "string": pa.array(["a", "b"] * (N // 2)), "large": pa.array(["a", "b"] * (N // 2), pa.large_string()),  # noqa: E501
        "binary": pa.array([b"a"] * N), "list": pa.array([[1, 2]] * N), "struct": pa.array([{"a": 1}] * N),
        "map": pa.array([[("a", 1)]] * N, pa.map_(pa.string(), pa.int32())),
        "dictionary": pa.array(["u", "v", "u"] * (N // 3)).dictionary_encode(),
        "y": pa.array(Y),
    }  # fmt: skip
    parquet.write_table(pa.table(kinds), "rows.parquet")
    found = agree("rows.parquet")
    assert not isinstance(found, str), found
    assert {"bool", "int8", "decimal", "date32", "stamp ns", "zone", "time32", "string=b"} <= {*found[0]}
    frame = ds.Dataset.read(pa.table(kinds), "y")
    assert frame.features == found[0]
    np.testing.assert_allclose(frame.X, ds.Dataset.read("rows.parquet", "y").X, rtol=1e-15)


@pytest.mark.fault("F2")
def test_json_keys_that_appear_late_and_objects_of_columns():
    rows = [
        {"x": x, "y": y} | ({"late": i % 7, "t": "a" if i % 2 else "b"} if i > 30 else {})
        for i, (x, y) in enumerate(zip(X, Y))
    ]
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("list.json").write_text(json.dumps(rows))
    assert agree("rows.jsonl")[:2] == agree("list.json")[:2]
    assert agree("rows.jsonl")[0] == ("x", "late", "t=b")
    Path("columns.json").write_text(json.dumps({"x": X, "y": Y}))
    pd.DataFrame({"x": X, "y": Y}).to_json("pandas.json")
    assert agree("columns.json")[:2] == agree("pandas.json")[:2]
    Path("mixed.jsonl").write_text(
        "".join(
            json.dumps({"x": "far" if i == 50 else x, "y": y}) + "\n" for i, (x, y) in enumerate(zip(X, Y))
        )
    )
    assert any("'far' in row 51" in note for note in agree("mixed.jsonl")[2])


@pytest.mark.fault("A6")
def test_frames_of_intervals_periods_and_numbered_columns():
    frame = pd.DataFrame({"x": X, "y": Y})
    bins = ds.Dataset.read(frame.assign(bin=pd.cut(frame.x, 3)), "y")
    assert len([name for name in bins.features if name.startswith("bin=")]) == 2
    periods = frame.assign(month=pd.period_range("2020-01", periods=N, freq="M"))
    assert ds.Dataset.read(periods, "y").features == ("x",)
    numbered = pd.DataFrame(np.column_stack([X, X, Y]) + np.array([[0, 1, 0]]) * RNG.normal(size=(N, 1)))
    assert ds.Dataset.read(numbered, target=2).features == ("0", "1")


@pytest.mark.fault("F2")
def test_what_stands_far_into_a_file_is_met_in_one_way(monkeypatch):
    monkeypatch.setattr("downslope.data.learning.HEAD", 1_000)
    n = 20_000
    for cell in ("abc", "true", "31/12/2019", '"1,234"', "1_000", "0x10", "007", "x"):
        rows = [f"{i % 997 * 0.5},{i % 17}" for i in range(n)]
        rows[18_000] = f"{cell},3"
        Path("rows.csv").write_text("x,y\n" + "\n".join(rows) + "\n")
        one = read("rows.csv")
        assert read("rows.csv", rows=4096) == one and one[0] == ("x",)
        assert any("row 18001" in note or "'1,234' is read as" in note for note in one[2])
    rows[18_000] = "x,y"  # a second header
    Path("rows.csv").write_text("x,y\n" + "\n".join(rows) + "\n")
    refusal = read("rows.csv")
    assert (
        "row 18001: found 'y' in the numeric column 'y'" in refusal and read("rows.csv", rows=4096) == refusal
    )
    Path("rows.csv").write_text("x,y\n" + "".join(f"{i},name {i}\n" for i in range(n)))
    began = time.monotonic()
    assert "> 1,000 distinct values" in read("rows.csv") and time.monotonic() - began < 5


@pytest.mark.fault("C1", "C6")
@pytest.mark.parametrize(
    "name", ["several strays", "months first", "thousands", "decimal commas", "yes and no", "times", "holes"]
)
def test_predictions_of_the_training_file_read_back_as_text_are_those_in_memory(name):
    Path("rows.csv").write_text(TEXTS[name])
    rows = ds.Dataset.read("rows.csv", "y")
    solution = ds.fit(rows)
    solution.save("run")
    expected = solution.predict(rows)
    for found in (solution, ds.load("run")):
        tables = list(found.predict_source("rows.csv", ds.ReadOptions("1GB", 16), as_written=True))
        assert np.array_equal(np.concatenate([t.column("prediction").to_numpy() for t in tables]), expected)
        assert np.array_equal(found.predict("rows.csv"), expected)


def test_a_sum_does_not_depend_on_order_or_parts():
    values = RNG.normal(size=3001) * 10.0 ** RNG.integers(-200, 200, 3001)
    total = exact_sum(values)
    assert total == exact_sum(values[::-1]) == sum(units(v) for v in values.tolist())
    assert total == exact_sum(values[:1000]) + exact_sum(values[1000:])


@pytest.mark.sample(30)
@pytest.mark.parametrize("name", TEXTS)
def test_counts_of_cells_add_up_over_parts(name):
    """What a column holds is the same from one count of all its cells as batch by batch, plain or careful."""
    rows = list(
        csv.reader(io.StringIO(TEXTS[name]), delimiter=";" if ";" in TEXTS[name].splitlines()[0] else ",")
    )
    cells = [row[0] for row in rows[1:]]
    found = []
    for size in (1, 7, len(cells)):
        counts = CellCounts()
        for first in range(0, len(cells), size):
            counts.add(pa.array(cells[first : first + size]), True)
        found.append(
            (
                infer_formats({"a": counts}, ",")[0]["a"],
                counts.known,
                {k: (s.count, s.first) for k, s in counts.seen.items()},
            )
        )
    assert found[0] == found[1] == found[2]
    form = found[0][0]
    whole, one = typed(pa.array(cells), form), [typed(pa.array([cell]), form)[0] for cell in cells]
    assert [a.as_py() for a in whole] == [b.as_py() for b in one]


@pytest.mark.slow
@pytest.mark.fault("C1")
def test_a_cluster_of_two_reads_what_parts_do(folder):
    pytest.importorskip("distributed")
    from downslope.cluster import Connection, shard

    connection = Connection.local(2, "1GB")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for name in list(TEXTS)[::6]:
                Path("rows.csv").write_text(TEXTS[name], encoding="utf-8", newline="")
                asked = {"reading": ds.ReadOptions("1GB", 16), "client": connection.client}
                try:
                    there = shard("rows.csv", "y", **asked)
                except ds.DownslopeError as error:
                    assert read("rows.csv", rows=16) == str(error)
                    continue
                X = np.concatenate([part.X for part in there.each() if len(part)])
                here = read("rows.csv", rows=16)
                assert (there.features, X.tobytes(), there.encoding) == (here[0], here[1][0], here[3])
        finally:
            connection.close()

"""A text file is read as whoever wrote it meant: any dialect, encoding, header, decimal mark and line end, in
memory and in parts; and what had to be guessed is said."""

import csv
import io

import numpy as np
import pytest

import downslope as ds
from downslope.cli.options import in_options
from downslope.data.charset import ENCODINGS, charset_of
from downslope.data.layout import layout_of
from downslope.data.parts import ReadOptions
from downslope.data.reading import Table
from downslope.errors import DownslopeError
from downslope.messages import writing
from tests.builders import CASES

WORDS = {  # words of tables in each encoding, and the number of rows that they stand in
    "utf-8": ["北京", "München", "Łódź", "東京", "Москва"],
    "utf-8-sig": ["上海", "Zoë", "서울"],
    "utf-16": ["广州", "Ávila", "大阪"],
    "utf-16-le": ["Köln", "Århus", "Nîmes"],
    "gb18030": ["北京", "上海", "广州", "深圳"],
    "big5": ["臺北", "高雄", "新竹", "嘉義"],
    "cp932": ["東京", "大阪", "さっぽろ", "カナザワ"],
    "cp949": ["서울", "부산", "대구", "인천"],
    "cp1252": ["München", "Besançon", "Málaga", "Tromsø"],
    "cp1250": ["Łódź", "Kraków", "Gdańsk", "Częstochowa"],
    "cp1251": ["Москва", "Казань", "Томск", "Пермь"],
}
NAMES = {  # of the columns
    "gb18030": ("城市", "面积", "价格"), "big5": ("城市", "面積", "價格"), "cp932": ("都市", "面積", "価格"),
    "cp949": ("도시", "면적", "가격"), "cp1252": ("Stadt", "Größe", "Preis"),
    "cp1250": ("miasto", "wielkość", "cena"), "cp1251": ("город", "площадь", "цена"),
}  # fmt: skip
ROWS = 24
BEFORE = ((), (), ("",), ("# made by a logger", "# site: A, B"), ("Report",))


def table_in(rng, encoding):
    names = NAMES.get(encoding, ("city", "size", "price"))
    words = WORDS[encoding]
    x = np.round(rng.uniform(1, 99, ROWS), 1) + 0.05
    return {
        names[0]: [words[k % len(words)] for k in range(ROWS)],
        names[1]: x.tolist(),
        names[2]: np.round(2 * x + 1, 3).tolist(),
    }


def written(table, delimiter, decimal, ends, quoting, before=(), behind=(), header=True, blanks=""):
    """The bytes of a text as some program would write it."""
    page = io.StringIO()
    writer = csv.writer(page, delimiter=delimiter, quoting=quoting, lineterminator="\n")
    if header:
        writer.writerow(table)
    for row in zip(*table.values()):
        writer.writerow([repr(v).replace(".", decimal) if isinstance(v, float) else v for v in row])
    text = page.getvalue()
    if blanks:
        text = text.replace(f'{delimiter}"', f'{delimiter}{blanks}"')
    lines = [*before, *text.splitlines(), *behind]
    return ends.join([*lines, ""])


def drawn(count, seed):
    """Dialects, each part of one drawn by the seed."""
    rng = np.random.default_rng(seed)
    pick = lambda *choices: choices[rng.integers(len(choices))]
    for number in range(count):
        encoding = [*WORDS][number % len(WORDS)]
        delimiter = pick(",", ";", "\t", "|")
        quoting = pick(csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC)
        quoted = quoting == csv.QUOTE_ALL
        yield {
            "number": number,
            "encoding": encoding,
            "delimiter": delimiter,
            "decimal": "." if delimiter == "," else pick(".", ","),
            "ends": pick("\n", "\r\n") if encoding.startswith("utf-16") else pick("\n", "\r\n", "\r"),
            "quoting": quoting,
            "before": pick(*BEFORE, (f"sep={delimiter}",)),
            "behind": pick((), (), ("",), ("", "Source: a bureau, 2024")),
            "blanks": pick("", " ", "  ") if quoted else "",
        }  # fmt: skip


def check(dialect, folder):
    rng = np.random.default_rng(dialect["number"])
    dialect = dict(dialect)
    number, encoding = dialect.pop("number"), dialect.pop("encoding")
    table = table_in(rng, encoding)
    path = folder / f"{number}.csv"
    path.write_bytes(written(table, **dialect).encode(encoding))
    names = list(table)
    read = Table.read(path)
    assert list(read.names) == names
    assert read.columns.column(names[0]).to_pylist() == table[names[0]]
    for name in names[1:]:
        np.testing.assert_array_equal(read.numbers(name), table[name])
    rows = ds.Dataset.read(path, names[2])
    parts = ds.Dataset.read(path, names[2], reading=ReadOptions(on_bad_row="fail"))
    np.testing.assert_array_equal(rows.X, parts.X)
    np.testing.assert_array_equal(rows.y, parts.y)
    asked = ds.Dataset.read(path, names[2], reading=ReadOptions(encoding=encoding, header=True))
    np.testing.assert_array_equal(rows.X, asked.X)


@pytest.mark.sample(6)
@pytest.mark.fault("C4", "C5", "F2")
@pytest.mark.parametrize("dialect", [*drawn(33, seed=14)], ids=lambda d: f"{d['number']}-{d['encoding']}")
def test_a_table_is_read_back_whatever_it_was_written_as(dialect, tmp_path):
    check(dialect, tmp_path)


@pytest.mark.slow
@pytest.mark.fault("C4", "C5", "F2")
@pytest.mark.parametrize("seed", range(4))
def test_tables_of_the_grid_are_read_back(seed, tmp_path):
    for dialect in drawn(44, seed=1000 + seed):
        check(dialect, tmp_path)


# ---------------------------------------------------------------------------------------- encodings


@pytest.mark.fault("C4")
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_encoding_is_told_from_a_few_words(encoding):
    for start in range(len(WORDS[encoding])):
        words = [*WORDS[encoding][start:], *WORDS[encoding][:start]]
        text = f"{NAMES[encoding][0]},y\n{words[0]},1\n{words[1]},2\n{words[2]},3\n"
        raw = text.encode(encoding)
        assert raw.decode(charset_of(raw).name) == text


@pytest.mark.fault("C4")
@pytest.mark.parametrize(
    ("name", "encoding"), [("13_descricao", "cp1252"), ("13_groesse", "cp1252"), ("26_sjis", "cp932")]
)
def test_what_was_taken_is_said(name, encoding):
    rows = ds.Dataset.read(CASES / f"{name}.csv")
    notes = " ".join(rows.notes_text())
    assert encoding in notes and "encoding=" in notes
    with writing(in_options):  # as the command line says it
        assert "--encoding" in " ".join(rows.notes_text())


@pytest.mark.fault("C4")
def test_a_tie_is_said_and_an_encoding_that_is_asked_for_is_taken(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes("grad,y\nČakovec,1\nDubrovnik,2\nČakovec,4\n".encode("cp1250"))
    told = " ".join(ds.Dataset.read(path).notes_text())
    assert "cp1250" in told and "cp1252" in told
    asked = Table.read(path, encoding="cp1252")
    assert asked.columns.column("grad").to_pylist()[0] == "Èakovec" and not asked.notes
    with pytest.raises(DownslopeError) as caught:
        ReadOptions(encoding="klingon")
    assert caught.value.key == "data.unknown_encoding"


@pytest.mark.fault("C5", "F2")
@pytest.mark.parametrize("far", [3, 400_000])
@pytest.mark.parametrize(
    ("bad", "value", "said"),
    [
        (b"\xff\xfe,9\n", "\ufffd\ufffd", "data.note_damaged"),
        (b"r\x00ed,9\n", "red", None),
        (b"r\x07ed,9\r\n", "red", None),
        (b'"red" ,9\n', "red", None),
        (b"red,9\r\n", "red", None),
        (b"red,9\r", "red", None),
    ],
)
def test_a_damaged_line_far_in_is_read_as_one_near(far, bad, value, said, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes("c,y\n{},1\n".format("ß" * 40).encode() + b"blue,2\n" * far + bad + b"blue,3\n")
    rows = Table.read(path)
    assert rows.columns.column("c").to_pylist()[-2:] == [value, "blue"]
    assert rows.columns.column("c").to_pylist()[0] == "ß" * 40 and rows.numbers("y")[-2] == 9
    assert said is None or said in [key for key, _ in rows.notes]


# ------------------------------------------------------------------------------------ headers and lines


def layout(text, **asked):
    found = layout_of(text, **asked)
    return found.names, [key.removeprefix("data.note_") for key, _ in found.notes]


@pytest.mark.fault("C5")
@pytest.mark.parametrize(
    ("text", "names", "notes"),
    [
        ("2019,2020,2021\n0,0,0\n1,1,2\n", ("2019", "2020", "2021"), ["names_are_numbers"]),
        ("0,1,2\n5.1,3.5,1\n4.9,3,0\n", ("0", "1", "2"), ["names_are_numbers"]),
        ("1,2\n3,4\n5,6\n", ("column0", "column1"), ["no_header"]),
        ("5.1,3.6,setosa\n5,3.1,other\n", ("5.1", "3.6", "setosa"), ["first_row"]),
        ("name,2019,2020\na,1,2\nb,3,4\n", ("name", "2019", "2020"), []),
        ("a,x\nb,y\na,x\nb,y\n", ("a", "x"), ["first_row"]),
        ("x,y,value\n0,0,0,0\n1,3,1,5\n", ("row_name", "x", "y", "value"), ["row_names"]),
        ('"x" "y"\n"1" 1 2\n"2" 3 4\n', ("row_name", "x", "y"), ["row_names"]),
        ("x y\n1  2\n3  4\n", ("x", "y"), []),
        ("x,x,x\n1,2,3\n4,5,6\n", ("x", "x_2", "x_3"), ["name_again", "name_again"]),
        (",x,\n0,1,2\n1,2,3\n", ("column0", "x", "column2"), []),
        ("x,y\n1,2,\n3,4,\n", ("x", "y", "column2"), []),
        ("#x,y\n1,2\n3,4\n", ("x", "y"), []),
        ("# one\n# two: a, b\nx,y\n1,2\n3,4\n", ("x", "y"), ["preamble"]),
        ("Report of May\n\nx,y\n1,2\n3,4\n", ("x", "y"), ["preamble"]),
        ('R 1\n# by X\n"a","","c"\n"ja","$5","1%"\n"no","$6","2%"\n', ("a", "column1", "c"), ["preamble"]),
        ("T\nU\nk,2020,u\na,b-1,c\nd,b-2,f\ng,b-3,i\n", ("k", "2020", "u"), ["preamble"]),
        ("Report,,\nx,y,z\n1,2,3\n3,4,5\n", ("x", "y", "z"), ["preamble"]),
        ("SEP=|\nx|y\n1|2\n", ("x", "y"), []),
        ("x,y\n0,2\n1,4\nTotal,99\n", ("x", "y"), ["footer"]),
        ("x,z,y\n0,0,2\n1,1,4\n合计,,99\n", ("x", "z", "y"), ["footer"]),
        ("x,y\n0,2\n1,4\n\nSource: somebody\n", ("x", "y"), ["footer"]),
        ("city,n\nA,1\nB,2\nTotal,3\n", ("city", "n"), ["footer"]),
        ("kind,n\nlocal,1\nother,7\ntotal,3\n", ("kind", "n"), []),
        ("name;size, m2;price, EUR\nn0;0,5;0\n", ("name", "size, m2", "price, EUR"), []),
        ("a;b,c\n1;2,5\n4;5,5\n", ("a", "b,c"), []),
        ("first name\nJohn Smith\nAnna Lee\n", ("first name",), []),
        ("price\n0,5\n1,5\n2,25\n", ("price",), []),
    ],
)  # fmt: skip
def test_names_and_rows_are_told_apart_and_what_was_guessed_is_said(text, names, notes):
    assert layout(text) == (names, notes)


@pytest.mark.fault("C5")
def test_whether_there_is_a_header_can_be_said(tmp_path):
    path = CASES / "15_iris_no_header.data"
    told = Table.read(path)
    assert len(told) == 39 and "data.note_first_row" in [key for key, _ in told.notes]
    given = Table.read(path, header=False)
    assert len(given) == 40 and given.names[0] == "column0"
    years = CASES / "24_years.csv"
    assert Table.read(years).names == ("2019", "2020", "2021")
    assert len(Table.read(years, header=False)) == len(Table.read(years)) + 1


@pytest.mark.fault("C5")
@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [
        ("20_sep_line.csv", 40, ("x", "y")),
        ("21_preamble.csv", 40, ("x", "z", "y")),
        ("22_space_quote.csv", 40, ("day", "id", "y")),
        ("23_footer.csv", 40, ("x", "z", "y")),
        ("25_tie_of_delimiters.csv", 40, ("name", "size, m2", "price, EUR")),
        ("42_row_names_r.csv", 40, ("row_name", "x", "y", "value")),
    ],
)
def test_cases_are_read_with_all_their_rows_and_no_more(name, rows, columns):
    read = Table.read(CASES / name)
    assert (len(read), read.names) == (rows, columns)
    parts = ds.Dataset.read(CASES / name, columns[-1], reading=ReadOptions(on_bad_row="fail"))
    whole = ds.Dataset.read(CASES / name, columns[-1])
    np.testing.assert_array_equal(whole.X, parts.X)


@pytest.mark.fault("F2")
def test_files_of_a_glob_may_each_be_written_otherwise(tmp_path):
    table = {"city": ["Köln", "Łódź"], "x": [0.5, 1.25], "y": [2.0, 5.0]}
    dialects = [(",", ".", "\n", "utf-8"), (";", ".", "\r\n", "utf-8-sig"), ("\t", ".", "\n", "utf-16")]
    dialects.append(("|", ".", "\r", "utf-8"))
    for number, (delimiter, decimal, ends, encoding) in enumerate(dialects):
        text = written(table, delimiter, decimal, ends, csv.QUOTE_MINIMAL, ("# a title",) * (number % 2))
        (tmp_path / f"{number}.csv").write_bytes(text.encode(encoding))
    words = str(tmp_path / "*.csv")
    whole = ds.Dataset.read(words, "y")
    parts = ds.Dataset.read(words, "y", reading=ReadOptions(on_bad_row="fail"))
    assert len(whole) == 8 and whole.features == ("city=Łódź", "x")
    np.testing.assert_array_equal(whole.X, [[0, 0.5], [1, 1.25]] * 4)
    np.testing.assert_array_equal(whole.X, parts.X)


@pytest.mark.fault("C6", "D13")
@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "cp1252", "utf-16", "utf-8"])
def test_predictions_are_written_in_the_encoding_of_their_rows(encoding, tmp_path):
    from downslope.cli.outputs import write
    from downslope.inference.predicting import Predictions

    words = ("北京", "上海") if encoding == "gb18030" else ("Köln", "Münster")
    text = "city,x,y\n" + "".join(f"{words[k % 2]},{k},{3 * k + k % 2}\n" for k in range(6))
    path, out = tmp_path / "rows.csv", tmp_path / "out.csv"
    path.write_bytes(text.encode(encoding))
    solution = ds.fit(ds.Dataset.read(path, "y"))
    write(Predictions(solution, path, ReadOptions(), as_written=True), out)
    lines = out.read_bytes().decode(encoding).splitlines()
    assert lines[0] == "city,x,y,prediction" and lines[1].startswith(f"{words[0]},0,0,")
    assert (out.read_bytes()[:3] == b"\xef\xbb\xbf") == (encoding == "utf-8-sig")
    write(Predictions(solution, path, ReadOptions(), as_written=True), out, "utf-8-sig")
    assert out.read_bytes().decode("utf-8-sig").splitlines() == lines

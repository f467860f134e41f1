"""Dates and numbers as people write them: one value in memory, in parts, in predictions and in a script."""

import datetime
from pathlib import Path

import numpy as np
import pytest

import downslope as ds
from tests.faults.test_exported import check
from tests.faults.test_rows import agree, lines

pytestmark = pytest.mark.fault("C2", "C3")

N = 60
ORDER = np.random.default_rng(5).permutation(N)
DAYS = [datetime.date(2022, 3, 1) + datetime.timedelta(11 * int(k)) for k in ORDER]
MONTHS = [datetime.date(2018 + k // 12, 1 + k % 12, 1) for k in map(int, ORDER)]
QUARTERS = [datetime.date(2008 + k // 4, 1 + 3 * (k % 4), 1) for k in map(int, ORDER)]
WEEKS = [datetime.date(2019, 12, 2) + datetime.timedelta(7 * int(k)) for k in ORDER]


def quarter(day):
    return (day.month + 2) // 3


def week(day, form):
    year, number, weekday = day.isocalendar()
    return form.format(y=year, w=number, d=weekday)


WORDS = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",  # noqa: E501
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
}


def in_words(language, day):
    return WORDS[language].split()[day.month - 1]


DATES = {  # how they are written → the dates, and each as text
    "2023年1月1日": (DAYS, lambda d: f"{d.year}年{d.month}月{d.day}日"),
    "2023 年 1 月 1 日": (DAYS, lambda d: f"{d.year} 年 {d.month} 月 {d.day} 日"),
    "2023年1月": (MONTHS, lambda d: f"{d.year}年{d.month}月"),
    "1 Jan 2023": (DAYS, lambda d: f"{d.day} {d:%b} {d.year}"),
    "01-JAN-23": (DAYS, lambda d: f"{d:%d-%b-%y}".upper()),
    "1st January 2023": (DAYS, lambda d: f"{d.day}{('st' if d.day % 10 == 1 else 'th')} {d:%B} {d.year}"),
    "1. Jan. 2023": (DAYS, lambda d: f"{d.day}. {d:%b}. {d.year}"),
    "01Jan2023": (DAYS, lambda d: f"{d:%d%b%Y}"),
    "Jan 1, 2023": (DAYS, lambda d: f"{d:%b} {d.day}, {d.year}"),
    "January 1 2023": (DAYS, lambda d: f"{d:%B} {d.day} {d.year}"),
    "Sunday, January 1, 2023": (DAYS, lambda d: f"{d:%A}, {d:%B} {d.day}, {d.year}"),
    "Sun, 01 Jan 2023": (DAYS, lambda d: f"{d:%a, %d %b %Y}"),
    "2023-Jan-01": (DAYS, lambda d: f"{d:%Y-%b-%d}"),
    "2023. 1. 1.": (DAYS, lambda d: f"{d.year}. {d.month}. {d.day}."),
    "Jan 2023": (MONTHS, lambda d: f"{d:%b %Y}"),
    "January, 2023": (MONTHS, lambda d: f"{d:%B, %Y}"),
    "2023 Jan": (MONTHS, lambda d: f"{d:%Y %b}"),
    "2023/1": (MONTHS, lambda d: f"{d.year}/{d.month}"),
    "2023-01": (MONTHS, lambda d: f"{d:%Y-%m}"),
    "1/2023": (MONTHS, lambda d: f"{d.month}/{d.year}"),
    "2023Q1": (QUARTERS, lambda d: f"{d.year}Q{quarter(d)}"),
    "2023-Q1": (QUARTERS, lambda d: f"{d.year}-Q{quarter(d)}"),
    "Q1 2023": (QUARTERS, lambda d: f"Q{quarter(d)} {d.year}"),
    "1Q2023": (QUARTERS, lambda d: f"{quarter(d)}Q{d.year}"),
    "2023-W01": (WEEKS, lambda d: week(d, "{y}-W{w:02d}")),
    "2023W1": (WEEKS, lambda d: week(d, "{y}W{w}")),
    "2023-W01-1": (DAYS, lambda d: week(d, "{y}-W{w:02d}-{d}")),
    "1. März 2023": (DAYS, lambda d: f"{d.day}. {in_words('de', d)} {d.year}"),
    "lundi 1 mars 2023": (DAYS, lambda d: f"lundi {d.day} {in_words('fr', d)} {d.year}"),
    "1er mars 2023": (DAYS, lambda d: f"{d.day}{'er' if d.day == 1 else ''} {in_words('fr', d)} {d.year}"),
    "1 de março de 2023": (DAYS, lambda d: f"{d.day} de {in_words('pt', d)} de {d.year}"),
    "mar/2023": (MONTHS, lambda d: f"{in_words('pt', d)[:3]}/{d.year}"),
    "marzo de 2023": (MONTHS, lambda d: f"{in_words('es', d)} de {d.year}"),
    "1 marca 2023": (DAYS, lambda d: f"{d.day} {in_words('pl', d)} {d.year}"),
    "1 марта 2023": (DAYS, lambda d: f"{d.day} {in_words('ru', d)} {d.year}"),
    "2023년 3월 1일": (DAYS, lambda d: f"{d.year}년 {d.month}월 {d.day}일"),
    "mixed": (DAYS, lambda d: [f"{d}", f"{d.day} {d:%b} {d.year}", f"{d:%B} {d.day}, {d.year}"][d.day % 3]),
}  # fmt: skip
VALUES = [round(0.25 * int(k) - 5 + 1e-3, 3) for k in ORDER]
NUMBERS = {  # how they are written → what each value is as text
    "51.26kg": lambda v: f"{v}kg",
    "51.26 kg": lambda v: f"{v} kg",
    "5 years": lambda v: f"{v} year{'' if abs(v) == 1 else 's'}",
    "1.2e3 m": lambda v: f"{v:e} m",
    "90 km/h": lambda v: f"{v} km/h",
    "20 °C": lambda v: f"{v} °C",
    "24 m2": lambda v: f"{v} m2",
    "24 sq ft": lambda v: f"{v} sq ft",
    "(24) kg": lambda v: f"{v} kg" if v >= 0 else f"({-v}) kg",
    "9.8 m/s²": lambda v: f"{v} m/s²",
    "65万": lambda v: f"{v}万",
    "12 岁": lambda v: f"{v} 岁",
    "12%": lambda v: f"{v}%",
    "€1.5": lambda v: f"€{v}" if v >= 0 else f"-€{-v}",
    "(51.26)": lambda v: f"{v}" if v >= 0 else f"({-v})",
    "$(51.26)": lambda v: f"${v}" if v >= 0 else f"$({-v})",
    "(51.26%)": lambda v: f"{v}%" if v >= 0 else f"({-v}%)",
    "51.26-": lambda v: f"{v}" if v >= 0 else f"{-v}-",
    "kr 51.26": lambda v: f"kr {v}" if v >= 0 else f"-kr {-v}",
    "51.26 zł": lambda v: f"{v} zł",
    "Rs. 51.26": lambda v: f"Rs. {v}",
    "−51.26": lambda v: f"{v}" if v >= 0 else f"−{-v}",
    "(1,051.26)": lambda v: f"{1000 * v:,.2f}" if v >= 0 else f"({-1000 * v:,.2f})",
}
LEFT = {  # what may be read in two ways, or is no number: text, as before
    "codes": [f"{k}{'abc'[k % 3]}" for k in range(6)],
    "addresses": [f"{k} {s} Street" for k in range(3) for s in ("Main", "High")],
    "seasons": [f"{y}/{(y + 1) % 100:02d}" for y in range(2006, 2012)],
    "halves": [f"{y}H{h}" for y in (2020, 2021, 2022) for h in (1, 2)],
    "second halves": [f"{y}H2" for y in range(2016, 2022)],
    "fractions": [f"{1000 + k}/{k}" for k in range(1, 7)],
    "footnotes": [f"({k})" for k in range(1, 7)],
    "two units": ["1 kg", "2 kg", "3 kg", "4 lb", "5 lb", "6 lb"],
    "words like months": [
        "Marie 2020",
        "Oktoberfest 2019",
        "Room 3 2018",
        "jui 2019",
        "Genf 2017",
        "deck 5 2020",
    ],
    "words with months": ["mar 5", "Marble 5 2023", "may be 3", "decision 4", "Jan", "5 of 7"],
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.sample(2)
@pytest.mark.parametrize("name", DATES)
def test_a_date_is_read_as_it_is_written(name):
    days, written = DATES[name]
    Path("rows.csv").write_text(lines(map(written, days)), encoding="utf-8")
    agree("rows.csv")
    rows = ds.Dataset.read("rows.csv", "y")
    assert rows.features[0] == "a"
    np.testing.assert_array_equal(rows.X[:, 0], [(d - datetime.date(1970, 1, 1)).days for d in days])
    assert any("is read as the date" in note for note in rows.notes_text()) == (days not in (DAYS,))


@pytest.mark.sample(2)
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_read_with_its_unit_and_its_sign(name):
    Path("rows.csv").write_text(lines(map(NUMBERS[name], VALUES)), encoding="utf-8")
    agree("rows.csv")
    rows = ds.Dataset.read("rows.csv", "y")
    scale = 1000 if name == "(1,051.26)" else 1
    np.testing.assert_allclose(rows.X[:, 0], np.multiply(scale, VALUES), rtol=1e-6)
    assert any("column 'a'" in note for note in rows.notes_text())


@pytest.mark.sample(2)
@pytest.mark.parametrize("name", LEFT)
def test_what_can_be_read_in_two_ways_stays_text(name):
    Path("rows.csv").write_text(lines(LEFT[name] * 10), encoding="utf-8")
    agree("rows.csv")
    assert all(name.startswith("a=") or name == "x" for name in ds.Dataset.read("rows.csv", "y").features)


def tables():
    rng = np.random.default_rng(0)
    columns = [(name, list(map(written, days))) for name, (days, written) in DATES.items()]
    columns += [(name, list(map(written, VALUES))) for name, written in NUMBERS.items()]
    order = rng.permutation(len(columns))
    return [[columns[k] for k in order[first : first + 8]] for first in range(0, len(columns), 8)]


@pytest.mark.sample(1)
@pytest.mark.parametrize("table", range(len(tables())))
def test_predictions_and_a_script_read_them_too(table, folder):
    columns = tables()[table]
    y = np.round(np.random.default_rng(table).normal(size=N), 3).tolist()
    more = [(f"c{j}", cells) for j, (_, cells) in enumerate(columns)]
    Path("rows.csv").write_text(lines(more[0][1], "c", [*more[1:], ("y", y)]), encoding="utf-8")
    assert len(ds.Dataset.read("rows.csv", "y").features) == len(columns)
    check(Path("rows.csv"), "y", folder)

"""Rows as numbers: what an encoding learns and keeps, what arrays may be, how a split parts the rows."""

import json
import pickle
import re
from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import downslope as ds
from downslope.data import Dataset, Encoding, Table, refuse_constant_columns
from downslope.data.dataset import distinct
from downslope.data.learning import learn_encoding
from downslope.errors import DownslopeError
from downslope.messages import speaking
from tests.builders import EXAMPLES
from tests.sentences import texts

TEXTS = texts("data")


def refused(key, call, *arguments, **named):
    with pytest.raises(DownslopeError) as caught:
        call(*arguments, **named)
    assert caught.value.key == key
    for lang in ("en", "zh"):
        with speaking(lang):
            assert "\n" not in str(caught.value) and "{" not in str(caught.value)
    return caught.value


categories = st.sampled_from(["red", "green", "blue", "黑"])
rows = st.lists(
    st.tuples(
        st.one_of(st.none(), st.floats(-1e6, 1e6)),
        st.one_of(st.none(), categories),
        st.one_of(st.none(), st.booleans()),
        st.integers(1, 3),
    ),
    min_size=3,
    max_size=30,
)


def table_of(drawn):
    """The drawn rows after two that make every column known and the target vary."""
    drawn = [(0.0, "red", True, 1), (1.0, "blue", False, 1), *drawn]
    size, colour, new, weight = (list(column) for column in zip(*drawn))
    return Table.read(
        {"size": size, "colour": colour, "new": new, "weight": weight, "y": list(range(len(drawn)))}
    )


# ---------------------------------------------------------------------------------------- encoding


@given(rows)
@settings(deadline=None, max_examples=40)
def test_what_was_encoded_can_be_decoded(drawn):
    table = table_of(drawn)
    dataset = learn_encoding(table, "y", ["size", "colour", "new"]).apply(table)
    raw = table.columns.to_pydict()
    _, colour, _ = dataset.encoding.columns
    indicators = dataset.X[:, 1 : 1 + len(colour.categories)]
    for i in range(len(table)):
        if raw["size"][i] is not None:
            assert dataset.X[i, 0] == raw["size"][i]
        if raw["colour"][i] is not None:
            decoded = [c for c, x in zip(colour.categories, indicators[i]) if x == 1.0] or [colour.baseline]
            assert decoded == [raw["colour"][i]]
        if raw["new"][i] is not None:
            assert dataset.X[i, -1] == raw["new"][i]


@given(rows)
@settings(deadline=None, max_examples=40)
def test_a_missing_value_moves_no_prediction_away_from_the_mean(drawn):
    table = table_of(drawn)
    encoding = learn_encoding(table, "y", ["size", "colour", "new"])
    X = encoding.apply(table).X
    unknown = encoding.apply(Table.read({"size": [None], "colour": [None], "new": [None]}), target=False)
    # the training means with the gaps at the mean are those without the gaps: n values, each rounded once
    np.testing.assert_allclose(unknown.X[0], X.mean(axis=0), rtol=1e-12, atol=len(X) * 1e6 * 2**-52)


@given(rows)
@settings(deadline=None, max_examples=40)
def test_a_weight_of_k_is_the_row_k_times(drawn):
    table = table_of(drawn)
    times = table.numbers("weight").astype(int)
    repeated = table.take(np.repeat(np.arange(len(table)), times))
    weighted = learn_encoding(table, "y", ["size", "colour", "new"], weights="weight")
    plain = learn_encoding(repeated, "y", ["size", "colour", "new"])
    assert weighted.features == plain.features
    for ours, theirs in zip(weighted.columns, plain.columns):
        np.testing.assert_allclose(ours.mean, theirs.mean, rtol=1e-12, atol=100 * 1e6 * 2**-52)


@given(rows)
@settings(deadline=None, max_examples=20)
def test_an_encoding_kept_as_json_is_the_same_encoding(drawn):
    encoding = learn_encoding(table_of(drawn), "y", weights="weight")
    assert Encoding.from_json(json.loads(json.dumps(encoding.to_json()))) == encoding


def test_text_stands_against_its_most_frequent_category_and_ties_go_by_name():
    table = Table.read({"c": ["b", "a", "c", "b", "a"], "y": [1, 2, 3, 4, 5]})
    dataset = Dataset.read(table.columns, "y")
    assert dataset.features == ("c=b", "c=c")
    np.testing.assert_array_equal(dataset.X, [[1, 0], [0, 0], [0, 1], [1, 0], [0, 0]])


def test_an_unseen_category_stands_at_the_mean_and_is_told():
    encoding = Dataset.read({"c": ["a", "a", "b", "d"], "y": [1, 2, 3, 4]}, "y").encoding
    asked = encoding.apply(Table.read({"c": ["new", "b", None, "newer"]}), target=False)
    np.testing.assert_array_equal(asked.X, [[0.25, 0.25], [1, 0], [0.25, 0.25], [0.25, 0.25]])
    assert asked.notes == (
        ("data.note_missing", {"column": "c", "count": 1, "rows": 4}),
        ("data.note_unseen", {"column": "c", "count": 2, "example": "new"}),
    )
    assert asked.y is None and asked.targets == ()


def test_dates_and_truth_values_are_numbers():
    columns = {"day": [date(1970, 1, 11), date(1969, 12, 31)], "new": [True, False], "y": [True, False]}
    dataset = Dataset.read(columns, "y")
    np.testing.assert_array_equal(dataset.X, [[10, 1], [-1, 0]])
    np.testing.assert_array_equal(dataset.y, [1, 0])


def test_rows_without_a_target_are_dropped_and_told():
    dataset = Dataset.read(EXAMPLES / "penguins.csv", "body_mass_g")
    assert dataset.shape == (342, 8) and len(dataset.table) == 342
    dropped = [text for text in dataset.notes if text[0] == "data.note_dropped"]
    assert len(dropped) == 1 and dataset.notes[-1][0] == "data.note_missing"
    with speaking("en"):
        assert (
            dataset.notes_text()[1]
            == "2 of 344 rows are dropped, because the target (body_mass_g) is missing"
        )
    with speaking("zh"):
        assert "342" in dataset.notes_text()[-1]


def test_several_targets_make_a_matrix():
    columns = {"a": [1, None, 3], "x": [0, 1, 2], "b": [4, 5, 6]}
    dataset = Dataset.read(columns, ["b", "a"])
    assert dataset.targets == ("b", "a") and dataset.features == ("x",)
    np.testing.assert_array_equal(dataset.y, [[4, 1], [6, 3]])


def test_without_a_target_there_is_only_x():
    dataset = Dataset.read({"a": [1], "c": ["u"]})
    assert dataset.y is None and dataset.features == ("a", "c=u")


def test_features_and_weights_are_those_named():
    columns = {"a": [1, 2], "b": [3, 4], "s": [1, 0.5], "y": [5, 6]}
    dataset = Dataset.read(columns, "y", features=["b"], weights="s")
    assert dataset.features == ("b",)
    np.testing.assert_array_equal(dataset.weights, [1, 0.5])
    assert Dataset.read(columns, "y", weights="s").features == ("a", "b")


@pytest.mark.parametrize(
    ("values", "note", "error"),
    [
        ([None] * 42, "data.note_all_missing", "data.all_missing"),
        ([f"name {i}" for i in range(42)], "data.note_many_categories", "data.many_categories"),
        ([[1, 2]] * 42, "data.note_other_column", "data.other_column"),
    ],
)
def test_a_column_that_cannot_serve_is_left_out_and_told_or_refused_if_named(values, note, error):
    columns = {"bad": values, "x": list(range(42)), "y": list(range(42))}
    dataset = Dataset.read(columns, "y")
    assert dataset.features == ("x",) and [key for key, _ in dataset.notes] == [note]
    assert refused(error, Dataset.read, columns, "y", features=["x", "bad"]).facts["column"] == "bad"


def test_many_categories_serve_if_each_has_rows_and_beyond_a_thousand_never():
    some = [f"c{i % 21}" for i in range(42)]
    assert len(Dataset.read({"c": some, "y": list(range(42))}, "y").features) == 20
    many = [f"c{i % 1001}" for i in range(4004)]
    refused("data.many_categories", Dataset.read, {"c": many, "y": list(range(4004))}, "y", features="c")


TABLE = {
    "x": [1.0, 2.0, 3.0],
    "name": ["a", "b", "a"],
    "day": [date(2020, 1, d) for d in (1, 2, 3)],
    "gap": [None] * 3,
    "same": [7.0] * 3,
    "lone": [None, 1.0, None],
    "odd": [[1], [2], [3]],
    "big": [1.0, np.inf, 2.0],
    "minus": [1.0, -1.0, 1.0],
    "zero": [0.0] * 3,
    "y": [2.0, 4.0, 6.0],
}


@pytest.mark.parametrize(
    ("key", "target", "named"),
    [
        ("data.no_such_column", "z", {}),
        ("data.target_missing", "gap", {"features": ["x"]}),
        ("data.target_constant", "same", {"features": ["x"]}),
        ("data.classes_of_several", ["name", "y"], {"features": ["x"]}),
        ("data.target_date", "day", {}),
        ("data.other_column", "odd", {}),
        ("data.infinite", "big", {"features": ["x"]}),
        ("data.infinite", "y", {"features": ["big"]}),
        ("data.too_few_rows", "lone", {"features": ["x"]}),
        ("data.no_such_column", "y", {"features": ["x", "nme"]}),
        ("data.no_such_column", "y", {"weights": "w"}),
        ("data.feature_is_target", "y", {"features": ["x", "y"]}),
        ("data.named_twice", "y", {"features": ["x", "x"]}),
        ("data.named_twice", "y", {"features": ["x"], "weights": "x"}),
        ("data.no_features", "y", {"features": []}),
        ("data.weights_kind", "y", {"features": ["x"], "weights": "name"}),
        ("data.weight_value", "y", {"features": ["x"], "weights": "minus"}),
        ("data.weight_value", "y", {"features": ["x"], "weights": "lone"}),
        ("data.weight_value", "y", {"features": ["x"], "weights": "gap"}),
        ("data.weights_all_zero", "y", {"features": ["x"], "weights": "zero"}),
    ],
)
def test_a_request_that_cannot_be_met_is_refused_by_name(key, target, named):
    refused(key, Dataset.read, TABLE, target, **named)


def test_an_unknown_column_is_answered_with_the_nearest_names_first():
    assert refused("data.no_such_column", Dataset.read, TABLE, "nam").facts["names"].startswith("name, ")
    wide = {f"column {i}": [1, 2] for i in range(300)} | {"price": [1, 2]}
    told = refused("data.no_such_column", Dataset.read, wide, "prise").facts["names"].split(", ")
    assert told[0] == "price" and len(told) == 12


def test_an_infinite_value_is_named_by_its_row_in_the_file_and_its_column():
    error = refused("data.infinite", Dataset.read, {"y": [None, 1, 2], "x": [1, 2, -np.inf]}, "y")
    assert error.facts == {"column": "x", "row": 3, "value": -np.inf}


def test_prediction_refuses_absent_columns_and_columns_of_another_kind():
    columns = {"x": [1, 2], "c": ["a", "b"], "d": [date(2020, 1, 1), date(2020, 1, 2)], "y": [1, 2]}
    encoding = Dataset.read(columns, "y").encoding
    given_columns = {name: columns[name] for name in "xcd"}

    def predict(**changed):
        return encoding.apply(Table.read({**given_columns, **changed}), target=False)

    assert len(predict()) == 2
    refused("data.lacks_column", encoding.apply, Table.read({"x": [1], "d": [None]}), target=False)
    refused("data.lacks_column", encoding.apply, Table.read(given_columns))
    assert refused("data.number_expected", predict, x=["1", "many"]).facts["example"] == "many"
    refused("data.number_expected", predict, x=columns["d"])
    refused("data.date_expected", predict, d=[1, 2])
    refused("data.text_expected", predict, c=columns["d"])
    refused("data.infinite", predict, x=[1, np.inf])
    # nothing known in a column, or codes that happen to be digits, is no other kind
    np.testing.assert_array_equal(
        predict(x=[None, None], c=[None, None], d=[None, None]).X[0], [1.5, 0.5, 18262.5]
    )
    assert predict(c=[1, 2]).notes[0][0] == "data.note_unseen"


def test_categories_of_digits_are_recognised_when_a_file_holds_nothing_else():
    encoding = Dataset.read({"c": ["1", "2", "x"], "y": [1, 2, 3]}, "y").encoding
    asked = encoding.apply(Table.read({"c": [2, 1]}), target=False)
    np.testing.assert_array_equal(asked.X, [[1, 0], [0, 0]])
    assert not asked.notes


# ------------------------------------------------------------------------------------------ arrays


X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
FRAME = pd.DataFrame(X, columns=["a", "b"])


@pytest.mark.parametrize(
    "kept",
    [X, X.tolist(), X.astype(int), np.asfortranarray(X), FRAME, FRAME.astype("Float64"), pl.DataFrame(FRAME)],
    ids=["array", "lists", "ints", "fortran", "pandas", "pandas-nullable", "polars"],
)
def test_arrays_of_any_make_are_the_same_rows(kept):
    dataset = Dataset.from_arrays(kept, [1, 2, 3])
    assert dataset.X.dtype == np.float64 and dataset.X.flags.c_contiguous
    np.testing.assert_array_equal(dataset.X, X)
    assert dataset.features == (("a", "b") if hasattr(kept, "columns") else ("x1", "x2"))
    assert dataset.targets == ("y",) and dataset.y.dtype == np.float64


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"])
def test_sparse_rows_of_any_form_become_sorted_csr(form):
    dataset = Dataset.from_arrays(sparse.csr_array(X).asformat(form))
    assert dataset.X.format == "csr" and dataset.X.has_sorted_indices
    np.testing.assert_array_equal(dataset.X.toarray(), X)
    np.testing.assert_array_equal(dataset.take([2, 0]).X.toarray(), X[[2, 0]])


def test_the_callers_sparse_matrix_is_left_as_it_was():
    mine = sparse.csr_array(([1.0, 2.0], [1, 0], [0, 2]), shape=(1, 2))
    Dataset.from_arrays(mine)
    np.testing.assert_array_equal(mine.indices, [1, 0])


def test_float32_is_kept_and_an_array_that_is_right_is_not_copied():
    assert Dataset.from_arrays(X.astype(np.float32)).X.dtype == np.float32
    assert Dataset.from_arrays(sparse.csr_array(X.astype(np.float32))).X.dtype == np.float32
    assert Dataset.from_arrays(X).X is X


@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("number", [np.float32, np.float64])
def test_large_csr_is_not_copied_whatever_the_order_of_its_columns(number, index):
    n, per = 10_001, 100
    columns = np.tile(np.arange(per)[::-1], n).astype(index)
    columns[7] = columns[3]  # the same column twice
    mine = sparse.csr_array((np.ones(n * per, number), columns, np.arange(0, n * per + 1, per, index)))
    before = columns.copy()
    X = Dataset.from_arrays(mine).X
    for part in ("data", "indices", "indptr"):
        assert np.shares_memory(getattr(X, part), getattr(mine, part))
    assert X.dtype == number and X.indices.dtype == index
    dataset = Dataset.from_arrays(mine, np.ones(n))
    in_order = sparse.csr_array(mine, copy=True)
    in_order.sum_duplicates()
    assert dataset.fingerprint() == Dataset.from_arrays(in_order, np.ones(n)).fingerprint()
    np.testing.assert_array_equal(mine.indices, before)


def test_a_column_of_y_stays_a_column_and_names_are_kept():
    y = pd.Series([1, 2, 3], name="price")
    assert Dataset.from_arrays(X, y).targets == ("price",)
    column = Dataset.from_arrays(X, y.to_frame())
    assert column.y.shape == (3, 1) and column.targets == ("price",)
    assert Dataset.from_arrays(X, X).targets == ("y1", "y2")
    assert Dataset.from_arrays(X[:, :1]).features == ("x",)
    assert Dataset.from_arrays(X, features=["u", "v"]).features == ("u", "v")


@pytest.mark.parametrize(
    ("key", "arguments"),
    [
        ("data.not_two_dimensional", (X[0],)),
        ("data.not_two_dimensional", (1.0,)),
        ("data.empty_array", (X[:0],)),
        ("data.empty_array", (X[:, :0],)),
        ("data.not_numbers", ([["a", "b"]],)),
        ("data.not_numbers", ([[1, 2], [3]],)),
        ("data.not_numbers", (X.astype(complex),)),
        ("data.not_numbers", (sparse.csr_array(X.astype(complex)),)),
        ("data.not_numbers", (pd.DataFrame({"x": ["a"]}),)),
        ("data.not_numbers", (pd.DataFrame({"x": pd.to_datetime(["2020-01-01"])}),)),
        ("data.not_numbers", (X, ["a", "b", "c"])),
        ("data.not_finite", ([[1.0, np.nan]],)),
        ("data.not_finite", (X, [1.0, 2.0, np.inf])),
        ("data.lengths_differ", (X, [1.0, 2.0])),
        ("data.lengths_differ", (X, X[None])),
        ("data.lengths_differ", (X, 1.0)),
        ("data.weights_shape", (X, None, [1.0])),
        ("data.weights_shape", (X, None, X)),
        ("data.weight_value", (X, None, [1, -1, 1])),
        ("data.weight_value", (X, None, [1, np.nan, 1])),
        ("data.weights_all_zero", (X, None, [0, 0, 0])),
        ("data.feature_count", (X, None, None, ["a"])),
    ],
)
def test_arrays_that_are_no_rows_are_refused_by_name(key, arguments):
    refused(key, Dataset.from_arrays, *arguments)


@given(st.integers(0, 2), st.integers(0, 1), st.sampled_from([np.nan, np.inf, -np.inf]), st.booleans())
def test_the_first_value_that_is_not_finite_is_named_by_its_place(row, column, value, is_sparse):
    bad = X.copy()
    bad[row, column] = value
    error = refused("data.not_finite", Dataset.from_arrays, sparse.csc_array(bad) if is_sparse else bad)
    assert error.facts["place"] == f"X[{row}, {column}]"


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
def test_a_constant_column_is_refused_when_asked(make):
    refuse_constant_columns(Dataset.from_arrays(make(X)))
    for value in (0.0, 3.5):
        bad = np.column_stack([X, np.full(3, value)])
        error = refused("data.constant_column", refuse_constant_columns, Dataset.from_arrays(make(bad)))
        assert error.facts == {"column": "x3", "value": f"{value:g}"}


def test_a_text_column_of_one_category_is_a_constant_column():
    table = {"x": [1, 2], "c": ["u", "u"], "y": [1, 2]}
    left_out = Dataset.read(table, "y")
    assert left_out.features == ("x",) and left_out.notes[0][0] == "data.note_constant"
    dataset = Dataset.read(table, "y", features=["x", "c"])
    assert refused("data.constant_column", refuse_constant_columns, dataset).facts["column"] == "c=u"


def test_a_column_of_one_value_with_holes_is_not_said_to_have_it_in_every_row():
    for values in (["u", None, "u", None], [3.0, None, 3.0, None]):
        table = {"x": [1, 2, 3, 4], "c": values, "y": [1, 2, 3, 5]}
        (key, facts), *_ = Dataset.read(table, "y").notes
        assert key == "data.note_constant_known" and (facts["known"], facts["missing"]) == (2, 2)


# ------------------------------------------------------------------------------------------ splits


@given(st.integers(4, 200), st.floats(0.2, 0.6), st.integers(0, 2**32))
def test_a_split_parts_the_rows_and_keeps_their_order(n, fraction, seed):
    numbers = np.arange(float(n))
    parts = Dataset.from_arrays(numbers[:, None], numbers, numbers + 1).split(fraction, seed)
    train, held_out = parts
    assert sorted([*train.y, *held_out.y]) == list(numbers)
    assert len(held_out) == round(n * fraction)
    for part in parts:
        assert (np.diff(part.y) > 0).all() or len(part) == 1
        np.testing.assert_array_equal(part.X[:, 0], part.y)
        np.testing.assert_array_equal(part.weights, part.y + 1)


def test_a_split_is_the_same_for_the_same_seed_only():
    dataset = Dataset.read(EXAMPLES / "diabetes.csv", "progression")
    first, again, other = (dataset.split(0.2, seed)[1] for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.X, again.X)
    assert not np.array_equal(first.X, other.X)


def test_a_split_learns_its_encoding_on_the_training_rows_only():
    dataset = Dataset.read(EXAMPLES / "penguins.csv", "body_mass_g")
    train, held_out = dataset.split(0.2, seed=1)
    assert train.encoding is held_out.encoding
    assert train.encoding == learn_encoding(train.table, "body_mass_g") != dataset.encoding
    # a gap in the held-out rows stands at the mean of the training rows
    gaps = np.isin(held_out.X[:, -1], [0, 1], invert=True)
    assert gaps.any() and (held_out.X[gaps, -1] == train.encoding.columns[-1].mean[0]).all()


def test_a_split_keeps_to_the_features_that_were_named():
    columns = {"c": ["a", "b"] * 5, "x": list(range(10)), "y": list(range(10)), "s": [1.0] * 10}
    train, held_out = Dataset.read(columns, "y", features=["x"], weights="s").split(0.3)
    assert train.features == held_out.features == ("x",) and held_out.weights.shape == (3,)


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 2, float("nan")])
def test_a_fraction_outside_0_and_1_is_refused(fraction):
    refused("data.split_fraction", Dataset.from_arrays(X).split, fraction)


@pytest.mark.parametrize("fraction", [0.1, 0.9])
def test_a_split_that_leaves_too_few_rows_is_refused(fraction):
    refused("data.split_too_small", Dataset.from_arrays(X).split, fraction)


def test_rows_are_taken_by_index_mask_and_slice():
    dataset = Dataset.read({"x": [1, 2, 3], "y": [4, 5, 6]}, "y")
    for rows in ([2, 0], np.array([True, False, True]), slice(1, None)):
        np.testing.assert_array_equal(dataset.take(rows).y, dataset.y[rows])
        np.testing.assert_array_equal(dataset.take(rows).table.numbers("y"), dataset.y[rows])


def test_a_dataset_survives_pickling_and_tells_itself_in_one_line():
    dataset = Dataset.read(EXAMPLES / "rows.csv", "y")
    again = pickle.loads(pickle.dumps(dataset))
    np.testing.assert_array_equal(again.X, dataset.X)
    assert again.encoding == dataset.encoding and "\n" not in repr(dataset) and len(dataset) == 3


def test_every_sentence_of_the_room_is_defined_and_used():
    code = "".join(path.read_text() for path in (EXAMPLES.parent / "src/downslope/data").glob("*.py"))
    assert set(re.findall(r'"(data\.\w+)"', code)) == set(TEXTS)
    for english, chinese in TEXTS.values():
        assert sorted(set(re.findall(r"{\w+}", english))) == sorted(set(re.findall(r"{\w+}", chinese)))


def test_a_target_of_numbers_that_hardly_repeat_is_no_target_of_classes():
    X = np.arange(60.0)[:, None]
    refused("data.too_many_classes", Dataset.from_arrays(X, np.arange(60.0) % 25).labelled)
    assert len(Dataset.from_arrays(X, np.arange(60.0) % 15).labelled().classes) == 15


def test_a_target_of_yes_and_no_keeps_its_words_as_truth_values():
    table = {"x": [1.0, 2.0, 3.0, 4.0], "bought": [True, False, True, False]}
    labelled = Dataset.read(table, target="bought").labelled()
    assert labelled.classes == (False, True) and labelled.y.tolist() == [1, 0, 1, 0]


@given(
    st.lists(
        st.one_of(
            st.integers(-6, 6).map(float), st.floats(-3, 3), st.sampled_from([0.0, 1.0, 1e300, -1e300])
        ),
        min_size=1,
        max_size=30,
    )
)
def test_classes_are_told_apart_as_a_sort_would(values):
    values = np.array(values)
    assert np.array_equal(distinct(values), np.unique(values))
    assert np.array_equal(distinct(values > 0), np.unique(values > 0))


@pytest.mark.parametrize("apart", ["validation", "test", "calibrate_rows", "remedy", "take"])
def test_excluded_columns_stay_out_wherever_rows_are_divided(apart):
    out = {"island", "sex", "bill_length_mm"}
    rows = Dataset.read(EXAMPLES / "penguins.csv", "body_mass_g", exclude=sorted(out))
    if apart == "validation":
        found = [part.features for part in rows.split(0.3)] + [rows.split(0.3)[0].split(0.3)[0].features]
    elif apart == "remedy":
        diverged = ds.fit(rows, test=0.2, method="gd", learning_rate=9.0, epochs=9)
        found = [diverged.verdict.rerun({"exclude": ["species"]}).features]
    elif apart == "take":
        found = [rows.take(np.arange(9, 90)).split(0.3)[0].features]
    else:
        found = [ds.fit(rows, **{apart: 0.2}).features]
    for features in found:
        assert not {name.partition("=")[0] for name in features} & out


def test_columns_left_out_by_all_rows_may_come_back_in_some():
    table = {"a": [1.0, 2.0, 4.0, 7.0] * 5, "b": [3.0] * 20, "c": ["u"] * 20, "y": np.arange(20.0).tolist()}
    rows = Dataset.read(table, "y")
    assert rows.features == rows.split(0.25)[0].features == ("a",)

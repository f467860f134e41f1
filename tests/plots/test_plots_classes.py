"""Claims about the pictures of classes: what stands where, what is counted, and what is refused."""

import numpy as np
import pytest

from downslope import plots
from downslope.errors import DownslopeError
from downslope.messages import LANGUAGES, speaking
from tests.plots.pictures import checks_of, legend, words

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(60, 4))
Y2 = (X[:, 0] + X[:, 1] + 0.5 * DRAW.normal(size=60) > 0).astype(int)
Y3 = np.digitize(X[:, 0], [-0.5, 0.5])
FEATURES = ["size", "age", "mass", "depth"]
W3 = np.array([[-2.0, 0.0, 2.0], [0, 0.5, 0], [0, 0, 0], [1, 0, 0]])


def two(rows):
    return rows @ [1.0, 1.0, 3.0, 0.0] - 0.2


def three(rows):
    return rows @ W3


EVERY = {
    "regions of two": lambda ax=None: plots.regions(two, X, Y2, ["no", "yes"], FEATURES, ax),
    "regions of three": lambda ax=None: plots.regions(three, X, Y3, "abc", FEATURES, ax, chosen=("size", 3)),
    "regions of one feature": lambda ax=None: plots.regions(
        lambda rows: rows[:, 0], X[:, :1], Y2, ["no", "yes"], ["size"], ax
    ),
    "scatter": lambda ax=None: plots.scatter_predictions(X[:, :2], Y3, ax, true=Y2),
    "confusion": lambda ax=None: plots.confusion([[8, 2], [1, 9]], ["no", "yes"], ax, rows="all rows"),
    "confusion of many": lambda ax=None: plots.confusion(np.eye(40), range(40), ax),
    "roc": lambda ax=None: plots.roc(Y2, two(X), ax),
    "roc of three": lambda ax=None: plots.roc(Y3, three(X), ax, classes="abc", rows="all rows"),
}
(
    test_every_picture_takes_an_axes_and_returns_it_and_leaves_rcparams_alone,
    test_without_a_chinese_font_every_picture_is_in_english,
) = checks_of(EVERY)


def test_the_line_of_50_percent_is_where_the_score_is_0_with_the_others_at_their_medians():
    ax = EVERY["regions of two"]()
    [line] = ax.collections
    points = line.get_paths()[0].vertices
    rest = np.median(X, axis=0)[2]
    # contours are interpolated between cells, which is exact for a score that is linear
    np.testing.assert_allclose(points.sum(axis=1) + 3 * rest - 0.2, 0, atol=1e-12)
    assert np.array_equal(line.get_edgecolor()[0], [0, 0, 0, 1])
    assert any(
        "other features at their medians: mass" in text and f"{rest:.4g}" in text for text in words(ax)
    )


def test_every_cell_has_the_pale_colour_of_the_class_predicted_there():
    ax = EVERY["regions of three"]()
    [ground] = ax.images
    left, right, bottom, top = ground.get_extent()
    cells = ground.get_array()
    at = np.tile(np.median(X, axis=0), (3, 1))
    at[:, 0], at[:, 3] = [left, (left + right) / 2, right], (bottom + top) / 2
    predicted = three(at).argmax(axis=1)
    shown = cells[cells.shape[0] // 2, [0, cells.shape[1] // 2, -1]]
    assert len(set(predicted)) > 1
    for i in range(3):
        for j in range(3):
            assert (predicted[i] == predicted[j]) == np.array_equal(shown[i], shown[j])
    assert cells.min() > 0.7  # pale


def test_rows_stand_by_class_each_with_its_own_marker():
    ax = EVERY["regions of three"]()
    marks = [line for line in ax.get_lines() if line.get_marker() not in ("None", None)]
    assert [len(line.get_xdata()) for line in marks] == np.bincount(Y3).tolist()
    assert len({line.get_marker() for line in marks}) == len({line.get_color() for line in marks}) == 3
    assert legend(ax) == ["a", "b", "c", "decision boundary"]


def test_features_are_chosen_by_name_or_number():
    assert EVERY["regions of three"]().get_ylabel() == "depth"
    for asked in ("weight", 4, -1):
        with pytest.raises(DownslopeError) as error:
            plots.regions(two, X, Y2, ["no", "yes"], FEATURES, chosen=(0, asked))
        assert error.value.key == "plots.no_such_feature"


def test_the_wrong_rows_are_ringed_and_counted():
    ax = EVERY["scatter"]()
    [rings] = [line for line in ax.get_lines() if line.get_gid() == "wrong"]
    assert len(rings.get_xdata()) == (Y3 != Y2).sum()
    assert f"misclassified: {(Y3 != Y2).sum()} of 60" in legend(ax)
    assert len(plots.scatter_predictions(X, Y3).get_lines()) == 3


def test_a_confusion_matrix_tells_every_count_and_shades_by_the_share_of_the_row():
    ax = EVERY["confusion"]()
    assert words(ax) == ["8", "2", "1", "9"]
    np.testing.assert_allclose(ax.images[0].get_array(), [[0.8, 0.2], [0.1, 0.9]])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["no", "yes"]
    assert words(EVERY["confusion of many"]()) == []


@pytest.mark.parametrize("ties", [False, True])
def test_the_roc_and_its_area_are_scikit_learn_s(ties):
    from sklearn.metrics import roc_auc_score, roc_curve

    scores = two(X).round(0 if ties else 12)
    ax = plots.roc(Y2, scores)
    alarms, hits = ax.get_lines()[1].get_data()
    wanted = roc_curve(Y2, scores, drop_intermediate=False)
    np.testing.assert_allclose(alarms, wanted[0], atol=1e-15)
    np.testing.assert_allclose(hits, wanted[1], atol=1e-15)
    assert legend(ax)[1] == f"AUC {roc_auc_score(Y2, scores):.4f}"


def test_of_three_classes_each_has_a_curve_against_the_rest():
    from sklearn.metrics import roc_auc_score

    areas = [roc_auc_score(k == Y3, three(X)[:, k]) for k in range(3)]
    assert legend(EVERY["roc of three"]())[1:] == [f"{n}, AUC {area:.4f}" for n, area in zip("abc", areas)]


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: plots.regions(two, X, Y2[:3], ["no", "yes"], FEATURES), "plots.shapes"),
        (lambda: plots.scatter_predictions(X, Y3[:3]), "plots.shapes"),
        (lambda: plots.scatter_predictions(X, Y3, true=Y3[:3]), "plots.shapes"),
        (lambda: plots.confusion([[1, 2], [3, 4]], "abc"), "plots.not_square"),
        (lambda: plots.roc(Y2, two(X)[:3]), "plots.shapes"),
        (lambda: plots.roc(np.ones(60), two(X)), "plots.one_class"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(call, key):
    with pytest.raises(DownslopeError) as error:
        call()
    assert error.value.key == key
    for lang in LANGUAGES:
        with speaking(lang):
            assert "\n" not in str(error.value)

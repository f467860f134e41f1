"""The lessons give the figures of the course, to the last bit where it fixes them, in both languages."""

import csv
import math
import re
import time

import numpy as np
import pytest

from downslope.errors import DownslopeError
from downslope.lessons import LESSONS, lesson
from downslope.lessons.folder import PARTS, STAGES, sentences
from downslope.messages import LANGUAGES, speaking, text
from tests.builders import GOLDEN
from tests.sentences import placeholders

OWN = {
    found.folder: {language: sentences(found.folder, language) for language in LANGUAGES}
    for found in LESSONS.values()
}

numbers = pytest.mark.parametrize("number", LESSONS)
languages = pytest.mark.parametrize("lang", LANGUAGES)


def told(number, lang):
    with speaking(lang):
        return list(LESSONS[number].tell())


# ── the figures ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("file", "solution"),
    [
        ("batch_gd", lambda: LESSONS[2].solution),
        ("one_fixed_row", lambda: LESSONS[3].solution),
        ("sgd_cyclic", lambda: LESSONS[4].solutions["cyclic"]),
    ],
)
def test_every_epoch_is_the_golden_one_to_the_last_bit(file, solution):
    with (GOLDEN / f"{file}.csv").open() as lines:
        golden = list(csv.DictReader(lines))
    steps = solution().trace.steps
    assert [step.epoch for step in steps] == [int(row["epoch"]) for row in golden] == list(range(100))
    assert [step.params[0] for step in steps] == [float(row["w"]) for row in golden]
    assert [step.gradient[0] for step in steps] == [float(row["gradient"]) for row in golden]
    for step, row in zip(steps, golden):
        assert abs(step.loss - float(row["loss"])) <= 2 * math.ulp(float(row["loss"]))


def test_exhaustive_search_tries_41_weights_and_finds_2():
    figures = LESSONS[1].figures()
    assert figures["count"] == 41
    assert figures["mse_0"] == figures["mse_4"] == pytest.approx(56 / 3, rel=1e-15)  # 4·(1 + 4 + 9)/3
    assert figures["mse_0_1"] == pytest.approx(16.84667, abs=5e-6)
    assert figures["mse_2"] == 0
    assert figures["best_w"] == 2


def test_batch_descent_predicts_4_before_and_almost_8_after():
    figures = LESSONS[2].figures()
    assert (figures["before"], figures["after"]) == (4.0, 7.999777758621207)


def test_a_learning_rate_above_the_bound_diverges_and_a_tiny_one_crawls():
    assert LESSONS[2].figures()["bound"] == pytest.approx(2 / (28 / 3), rel=1e-14)
    assert [run.verdict.code for run in LESSONS[2].rates.values()] == ["diverged", "too_slow"]


def test_one_fixed_row_is_named_as_a_slip_and_shows_on_rows_off_the_line():
    assert LESSONS[3].solution.verdict.code == "unused_rows"
    figures = LESSONS[3].figures()
    assert figures["after"] == 7.999999990374014
    assert figures["slip_w"] == pytest.approx(3, abs=1e-2)
    assert figures["right_w"] == pytest.approx(37 / 14, abs=1e-3)  # Σxy/Σx² of (1,2) (2,4) (3,9)
    assert figures["slip_loss"] > figures["right_loss"]


def test_stochastic_descent_comes_to_8_in_every_order():
    figures = LESSONS[4].figures()
    assert figures["cyclic"] == 7.9999999999996945
    for order in ("shuffle", "replacement"):
        # a step shrinks w − 2 by 0.98, 0.92 or 0.82, and about 100 of each by 1e-13; drawing spares some
        assert figures[order] == pytest.approx(8, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_by_hand_each_coordinate_is_its_start_times_a_power(seed):
    figures = lesson(5, seed=seed).figures()
    assert figures["start"] == int(figures["start"]) and -1000 <= figures["start"] < 1000
    assert figures["factor"] == pytest.approx(1.867e-18, rel=5e-4)
    # 1,000 steps of two roundings each
    assert figures["x"] == pytest.approx(figures["start"] * 0.96**1000, rel=2000 * np.finfo(float).eps)
    figures = lesson(6, seed=seed).figures()
    assert figures["factor"] == pytest.approx(1.683e-9, rel=5e-4)
    for name in "xyz":
        expected = figures[f"start_{name}"] * 0.98**1000
        assert figures[name] == pytest.approx(expected, rel=2000 * np.finfo(float).eps)


def test_algebra_finds_the_one_minimum_of_the_parabola():
    exact = LESSONS[5].exact
    assert (exact.x, exact.value, exact.kind) == ((0.0,), 0.0, "minimum")


def test_two_starts_end_in_two_valleys():
    figures = LESSONS[5].figures()
    assert [run.verdict.code for run in LESSONS[5].valleys] == ["local_minimum", "local_minimum"]
    assert figures["second_value"] < figures["first_value"] - 5


def test_the_saddle_is_named_and_a_nudge_leaves_it():
    run = LESSONS[6].saddle
    assert (run.verdict.code, run.params[1]) == ("saddle", 0.0)
    assert LESSONS[6].nudged.verdict.code == "unbounded"


def test_three_descents_agree_with_the_closed_form_on_13_features():
    distances = LESSONS[8].distances  # in standard errors
    assert len(LESSONS[8].solutions["gd"].coef) == 13
    assert distances["gd"] < 1e-5 and max(distances.values()) < 0.05
    assert LESSONS[8].figures()["unscaled"] > 1


def test_descent_stops_at_a_gradient_near_zero_and_the_solve_is_lowest():
    figures, solutions = LESSONS[9].figures(), LESSONS[9].solutions
    assert (solutions["closed_form"].stopped, solutions["gd"].stopped) == ("closed_form", "gradient")
    assert figures["updates_sgd"] == 100 * figures["epochs_sgd"]
    assert abs(figures["gap_gd"]) < 1e-14
    assert all(0 < figures[f"gap_{name}"] < 1e-4 for name in ("sgd", "minibatch"))
    assert all(figures[f"seconds_{name}"] > 0 for name in solutions)


@numbers
def test_figures_are_plain_finite_floats(number):
    figures = LESSONS[number].figures()
    assert all(type(value) is float and math.isfinite(value) for value in figures.values())


def test_the_training_loss_falls_with_the_degree_and_the_validation_loss_has_a_minimum():
    figures = LESSONS[14].figures()
    training, validation = (
        [figures[f"{rows}_{k}"] for k in range(1, 8)] for rows in ("training", "validation")
    )
    assert all(np.diff(training) < 0) and training[6] < 1e-20  # eight weights, eight rows
    assert figures["best"] == 3 and all(np.diff(validation[2:]) > 0)
    assert validation[6] > 2 * validation[0] > 4 * validation[2]
    # descent alone: the swings are not learned
    assert figures["descent"] > 0.02 and figures["validation_descent"] < validation[6] / 3
    for k in (1, 4, 7):
        x, y = LESSONS[14].rows.X[:, 0], LESSONS[14].rows.y
        wanted = np.polyfit(x, y, k)[::-1]
        run = LESSONS[14].solutions[f"degree_{k}"]
        assert [run.intercept, *run.coef] == pytest.approx(wanted, rel=1e-8)


def test_the_training_loss_rises_with_the_penalty_and_the_validation_loss_falls_first():
    figures, path = LESSONS[15].figures(), LESSONS[15].path
    training, validation = ([row[place] for row in path.values()] for place in (0, 1))
    assert all(np.diff(training) > 0)
    low = int(np.argmin(validation))
    assert all(np.diff(validation[: low + 1]) < 0) and all(np.diff(validation[low:]) > 0)
    assert 0.01 < figures["best"] < 1 and figures["validation_best"] < figures["validation_none"] / 6
    assert figures["weights_lasso"] == 2 and figures["weights_good"] == 7
    assert figures["largest_none"] > 50 > 2 > figures["largest_good"] > figures["largest_strong"]
    X, y = LESSONS[15].rows.X, LESSONS[15].rows.y  # mean (Xw − y)² + ½λ‖w‖²
    X, y = X - X.mean(axis=0), y - y.mean()
    ridge = np.linalg.solve(2 * X.T @ X / 8 + 0.1 * np.eye(7), 2 * X.T @ y / 8)
    assert LESSONS[15].solutions["good"].coef == pytest.approx(ridge, rel=1e-8)


def test_the_epochs_follow_the_condition_number_and_standardising_removes_it():
    figures, sizes = LESSONS[16].figures(), LESSONS[16].sizes
    for size, (kappa, run) in sizes.items():
        X = LESSONS[16].first(None).X * [1, size / 8]
        assert kappa == pytest.approx(np.linalg.cond(X.T @ X), rel=1e-9)
        assert run.stopped == "gradient"
    assert sizes[16][0] == pytest.approx(
        16**2 * sizes[1][0], rel=0.25
    )  # the columns depend on each other a little
    ratios = [run.epochs / kappa for kappa, run in sizes.values()]
    assert max(ratios) < 1.5 * min(ratios)
    assert figures["epochs_raw"] > 50 * figures["epochs_scaled"]
    raw, scaled = LESSONS[16].solutions.values()
    assert scaled.coef == pytest.approx(raw.coef, abs=1e-5)


@pytest.mark.parametrize("seed", range(2))
def test_the_variance_of_a_batch_is_that_of_a_row_divided_by_its_size(seed):
    figures = lesson(18, seed=seed).figures()
    for B in (1, 4, 16, 64):  # of 4,000 draws: 2.2% for a normal law, 4% for one row's gradient
        assert B * figures[f"variance_{B}"] == pytest.approx(figures["variance_of_a_row"], rel=0.12)
    assert 3 < figures["shrink"] < 5.5
    assert figures["w_all"] == pytest.approx(figures["best"], abs=1e-6)


@pytest.mark.parametrize("seed", range(2))
def test_the_noise_floor_is_in_proportion_to_the_learning_rate(seed):
    figures = lesson(19, seed=seed).figures()
    ratios = [figures[f"ratio_{name}"] for name in ("large", "medium", "small")]
    assert max(ratios) < 1.3 * min(ratios)
    assert figures["floor_small"] > 10 * max(figures["floor_inverse"], figures["floor_cosine"])


def test_momentum_goes_down_a_ravine_as_the_square_root_of_its_condition():
    figures = LESSONS[17].figures()
    epochs = {name: figures[f"epochs_{name}"] for name in ("descent", "momentum", "adam", "turned")}
    expected = math.log(10 / 1e-6) / -math.log(
        99 / 101
    )  # |g| = |x| at the end: 10·(99/101)ᵏ = 1e-6 along the ravine
    assert epochs["descent"] == pytest.approx(expected, rel=0.15)
    assert 7 < epochs["descent"] / epochs["momentum"] < 10  # ln 0.818/ln 0.980 is 9.97
    assert epochs["turned"] > 4 * epochs["adam"]
    assert max(figures[f"loss_{name}"] for name in epochs) < 1e-12


# ── the telling ─────────────────────────────────────────────────────────────────────────────────────


@languages
@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (1, ["w = 0.0", "w = 4.0", "18.6667", "16.84667", "MSE(2) = 0", "f(4) = 8"]),
        (2, ["1.9999444396553017", "4.0", "7.999777758621207", "9.3333", "0.2142857"]),
        (3, ["1.9999999975935034", "7.999999990374014"]),
        (4, ["7.9999999999996945"]),
        (5, ["1.867e-18"]),
        (6, ["1.683e-09"]),
        (8, ["x13", "closed_form", "minibatch"]),
        (9, ["O(d³)", "closed_form", "minibatch"]),
    ],
)
def test_the_telling_shows_the_figures(number, shown, lang):
    page = "\n".join(told(number, lang))
    assert [words for words in shown if words not in page] == []


def test_exhaustive_search_tells_a_line_for_each_weight_and_row():
    lines = told(1, "en")
    assert sum(line.startswith("    MSE = ") for line in lines) == 41
    assert sum(line.startswith("    x = ") for line in lines) == 123


@numbers
@languages
def test_the_four_stages_are_told_in_order(number, lang):
    lines = told(number, lang)
    with speaking(lang):
        stages = [text(f"lessons.{stage}") for stage in STAGES]
        assert LESSONS[number].title() in lines[0]
    assert [line.partition("] ")[2] for line in lines if line.startswith("[")] == stages


@numbers
def test_both_languages_tell_the_same_number_of_lines(number):
    assert len(told(number, "en")) == len(told(number, "zh"))


@numbers
def test_a_lesson_ends_with_a_command_to_try(number):
    assert told(number, "en")[-1].startswith("downslope ")
    assert told(number, "en")[-1] == told(number, "zh")[-1]


def test_lines_fit_a_wide_terminal():
    """100 columns, where a Chinese letter takes two; what is filled in may be longer."""
    for folder, languages_of_it in OWN.items():
        for table in languages_of_it.values():
            for line in [line for words in table.values() for line in words.splitlines() if "{" not in line]:
                width = sum(2 if "\u2e80" <= letter <= "\uffef" else 1 for letter in line)
                assert width <= 100, (folder.name, line)


# ── the sentences in a lesson's folder ──────────────────────────────────────────────────────────────


@numbers
def test_a_lesson_says_the_same_in_every_language(number):
    english, chinese = OWN[LESSONS[number].folder].values()
    assert [*english] == [*chinese]
    for name in english:
        assert placeholders(english[name]) == placeholders(chinese[name]), name
        assert english[name].strip() and chinese[name].strip(), name
        assert not re.search("[一-鿿]", english[name]), name
        said = re.sub(r"\{[^}]*\}", "", chinese[name])
        assert re.search("[一-鿿]", said) or not re.search("[A-Za-z]{4,} [A-Za-z]{3,}", said), name


@numbers
def test_a_lesson_has_the_sentences_that_are_asked_for_and_no_other(number):
    found, table = LESSONS[number], OWN[LESSONS[number].folder]["en"]
    asked = {name for question in found.data.questions for name in question.sentences}
    own = {*table} - {"title", "why", *PARTS} - asked - {f"states.{name}" for name in found.data.states}
    assert {"title", *PARTS, *asked} <= {*table}
    code = "".join(path.read_text() for path in found.folder.glob("__init__.py"))
    assert [name for name in own if f'"{name}"' not in code and f'"{name.split("_")[0]}_{{' not in code] == []


@numbers
def test_a_lesson_takes_less_than_three_seconds(number):
    def seconds() -> float:
        began = time.perf_counter()
        list(lesson(number).tell())
        return time.perf_counter() - began

    assert any(seconds() < 3 for _ in range(3))  # whatever else the machine does meanwhile


# ── the pictures ────────────────────────────────────────────────────────────────────────────────────


@numbers
@languages
def test_the_picture_is_drawn_without_a_warning(number, lang):
    with speaking(lang):
        ax = LESSONS[number].picture()
        ax.figure.canvas.draw()
    assert len(ax.figure.axes) == len(LESSONS[number].drawings())
    assert ax.get_lines()


@numbers
def test_a_picture_is_drawn_on_the_axes_given(number):
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert LESSONS[number].picture(ax) is ax
    assert ax.figure.axes == [ax]


# ── the table ───────────────────────────────────────────────────────────────────────────────────────


def test_the_table_holds_each_lesson_under_its_number():
    assert {number: found.number for number, found in LESSONS.items()} == {
        number: number for number in LESSONS
    }


def test_an_unknown_lesson_is_refused_with_the_known_ones():
    with speaking("en"), pytest.raises(DownslopeError, match="unknown lesson 99: use one of 1, 2, 3"):
        lesson(99)


def test_a_setting_that_a_lesson_does_not_have_is_refused():
    with speaking("en"), pytest.raises(DownslopeError, match=r"lesson 5 has no setting 'sed'.*seed"):
        lesson(5, sed=1)
    with pytest.raises(DownslopeError, match="lesson 2"), speaking("en"):
        lesson(2, seed=1)


def test_another_seed_is_another_start_and_the_same_seed_the_same():
    first, again, other = (lesson(5, seed=seed).figures()["start"] for seed in (1, 1, 2))
    assert first == again != other

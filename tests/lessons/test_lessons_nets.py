"""Lessons 7 and 10 to 12 beside PyTorch's own loops, and what is said where PyTorch is missing."""

import math
import re
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from downslope.errors import DownslopeError  # noqa: E402
from downslope.lessons import LESSONS, lesson  # noqa: E402
from downslope.lessons.autodiff import parabola  # noqa: E402
from downslope.lessons.folder import pytorch  # noqa: E402
from downslope.lessons.two_class_net import made_rows  # noqa: E402
from downslope.messages import LANGUAGES, speaking  # noqa: E402

EPS = np.finfo(float).eps
NEW = (7, 10, 11, 12)
LATER = (20, 21)


# ── 7 ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(4))
def test_autodiff_gives_the_figures_of_lessons_5_and_6(seed):
    figures = lesson(7, seed=seed).figures()
    assert figures["start"] == lesson(5, seed=seed).figures()["start"]
    assert figures["x"] == pytest.approx(figures["start"] * 0.96**1000, rel=1e-12)
    for name in "xyz":
        assert figures[f"bowl_{name}"] == pytest.approx(figures[f"start_{name}"] * 0.98**1000, rel=1e-12)
    assert figures["away_float64"] <= 1e-12
    assert 0 < figures["away_float32"] <= 1e-5  # not 0: it did run in float32


def test_the_derivative_of_lesson_7_is_pytorchs():
    from downslope.model.functions import Function

    assert Function.of(parabola, 5.0).derivative_kind == "autodiff"


def test_without_the_fourth_move_x_swings_for_ever():
    figures = LESSONS[7].figures()
    # with all slopes summed, x follows an undamped swing: ω² = 0.01·4 an epoch, amplitude x₀/cos(ω/2)
    amplitude = abs(figures["start"]) / math.cos(math.asin(math.sqrt(0.04) / 2))
    assert 0.9 * amplitude < figures["uncleared_swing"] <= amplitude * (1 + 1e-9)


# ── 10 ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(3))
def test_a_linear_layer_learns_what_the_loop_in_pytorch_learns(seed):
    run = lesson(10, seed=seed)
    assert run.figures()["away"] <= 1e-12
    assert all(run.figures()[f"loss_{name}"] < 0.01 * run.figures()["loss_before"] for name in run.batches)


def test_the_layer_starts_where_torch_manual_seed_starts_it():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = torch.nn.Linear(2, 1)
    wanted = np.concatenate([p.detach().numpy().ravel() for p in layer.parameters()])
    assert lesson(10).layer == pytest.approx(wanted, abs=0)


def test_a_batch_of_a_few_of_two_rows_is_a_batch_of_all():
    figures = LESSONS[10].figures()
    # to rounding: a sum over rows may be taken in another order
    assert figures["w1_few"] == pytest.approx(figures["w1_all"], rel=1e-12)


def test_two_equations_with_three_unknowns_have_a_line_of_answers():
    figures = LESSONS[10].figures()
    assert LESSONS[10].solutions["all"].verdict.code == "collinear"
    for t in (-2.0, 0.5, 3.0):
        w = np.array([1, 1, 0]) + t * np.array([1, -1, 1])
        assert np.abs([[1, 2, 1], [3, 4, 1]] @ w - [3, 7]).max() == 0
    assert {figures[f"exact_loss_{name}"] for name in ("first", "second", "third")} == {0.0}
    assert len({figures[f"alike_{name}"] for name in ("first", "second", "third")}) == 1
    assert len({figures[f"unlike_{name}"] for name in ("first", "second", "third")}) == 3


def test_descent_ends_at_the_answer_nearest_to_its_start():
    for run in LESSONS[10].ends.values():
        along = np.array([1, -1, 1]) / math.sqrt(3)  # the line's direction: no step has a part along it
        nearest = np.array([1, 1, 0]) + along * (along @ (run.trace.start - [1, 1, 0]))
        assert run.params == pytest.approx(nearest, abs=1e-10)


# ── 11 and 12 ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("number", [11, 12])
def test_every_epoch_has_the_loss_of_the_plain_loop(number):
    figures = LESSONS[number].figures()
    assert figures["away"] <= 1e-6
    assert figures["loss"] == pytest.approx(figures["loop_loss"], abs=1e-6)
    assert figures["accuracy"] == pytest.approx(figures["loop_accuracy"], abs=1e-6)
    assert figures["loss"] < 0.5 * figures["loss_before"]
    assert figures["accuracy"] > 0.85


def test_the_rows_are_those_of_the_course():
    from sklearn.datasets import make_classification

    X, y = make_classification(n_samples=1000, n_features=4, n_informative=2, n_redundant=0, random_state=42)
    assert np.array_equal(made_rows().X, X) and np.array_equal(made_rows().y, y)


def test_the_net_has_61_weights_and_the_softmax_three_scores():
    assert LESSONS[11].figures()["weights"] == len(LESSONS[11].solution.params) == 4 * 10 + 10 + 10 + 1
    assert LESSONS[12].solution.probabilities(LESSONS[12].rows.X).shape == (1000, 3)
    assert len(LESSONS[12].solution.params) == 4 * 3 + 3


def test_a_class_that_never_occurs_is_given_almost_no_chance():
    assert 0 < LESSONS[12].figures()["third"] < 0.02


def test_a_doubled_softmax_stays_above_its_floor_and_the_right_one_goes_below():
    figures = LESSONS[12].figures()
    assert figures["floor"] == pytest.approx(0.551, abs=5e-4)
    assert figures["floor"] == pytest.approx(-math.log(math.e / (math.e + 2)), rel=4 * EPS)
    assert min(LESSONS[12].loops["doubled"][0]) > figures["floor"] > figures["loss"]


def test_the_floor_is_what_a_sure_and_right_answer_costs_after_two_softmaxes():
    sure = torch.tensor([[1e4, 0.0, 0.0]], dtype=torch.float64).softmax(dim=1)
    loss = torch.nn.functional.cross_entropy(sure, torch.tensor([0]))
    assert loss.item() == pytest.approx(LESSONS[12].floor, rel=4 * EPS)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_refusal_is_told_in_the_language_of_the_moment(lang):
    with speaking(lang):
        page = "\n".join(LESSONS[12].tell())
    assert "0.551" in page
    assert ("模块以 Softmax 结尾" in page) == (lang == "zh")


def test_the_picture_of_lesson_12_holds_both_curves_and_the_floor():
    ax = LESSONS[12].picture().figure.axes[1]
    levels = [
        line for line in ax.get_lines() if set(np.asarray(line.get_ydata(), float)) == {LESSONS[12].floor}
    ]
    assert len(levels) == 1
    assert sum(line.get_gid() == "path" for line in ax.get_lines()) == 2


# ── without PyTorch ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("number", [*NEW, *LATER])
@pytest.mark.parametrize("ask", ["figures", "tell", "picture"])
def test_without_pytorch_a_lesson_says_which_extra_to_install(number, ask, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with speaking("en"), pytest.raises(DownslopeError) as refusal:
        list(lesson(number).tell()) if ask == "tell" else getattr(lesson(number), ask)()
    assert str(refusal.value) == (
        f"lesson {number} needs PyTorch, which is not installed: pip install 'downslope[torch]'."
    )


def test_the_telling_shows_the_four_moves_in_order():
    page = "\n".join(LESSONS[7].tell())
    moves = [
        page.index(move) for move in ("y = 2 * x**2", "y.backward()", "torch.no_grad()", "x.grad.zero_()")
    ]
    assert moves == sorted(moves)


@pytest.mark.parametrize("number", NEW)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_brace_is_left_in_the_telling(number, lang):
    with speaking(lang):
        page = "\n".join(LESSONS[number].tell())
    assert not re.search(r"\{[a-z_0-9]+(:|\})", page)


def test_lesson_13_watches_four_loops_and_tells_them_apart():
    found = lesson(13)
    figures, codes = found.figures(), {name: seen.verdict.code for name, seen in found.seen.items()}
    assert figures["curvature"] == pytest.approx(28 / 3) and figures["sum_curvature"] == pytest.approx(28)
    assert figures["bound"] == pytest.approx(3 / 14) and figures["excess"] == pytest.approx(1.4)
    assert codes["healthy"] == "converged" and codes["fast"] == codes["sum"] == "diverged"
    assert [slip.code for slip in found.seen["uncleared"].findings] == ["gradients_accumulate"]
    assert not found.seen["healthy"].findings
    rate = float(found.words()["line_fast"].split("- ")[1].split(" *")[0])
    assert rate < figures["bound"]


def test_the_curvature_of_a_net_comes_to_2_over_the_learning_rate_and_that_of_the_cross_entropy_does_not():
    figures = lesson(20).figures()
    for name in ("fast", "faster"):
        assert abs(figures[f"times_{name}"] - 1) < 0.15
        assert figures[f"low_{name}"] < 0.95 * figures[f"last_{name}"]  # it rose
    assert figures["largest_entropy"] < 0.2 * figures["edge_entropy"]


def test_the_curvature_of_lesson_20_is_the_largest_eigenvalue():
    from downslope.lessons.edge_of_stability import largest_curvature

    found = lesson(20)
    with pytorch(20):
        training = found.settings.training(found.rows)
        objective = training.objective
        start = training.trace.start
        times = objective.term.hessian_times(objective.to_inner(start), None)
        H = np.array([times(row) for row in np.eye(objective.size)])
    assert largest_curvature(objective, start) == pytest.approx(
        np.linalg.eigvalsh((H + H.T) / 2)[-1], rel=0.01
    )


def test_a_net_reads_handwritten_digits_better_than_softmax_regression():
    found = lesson(21)
    figures = found.figures()
    assert figures["rows"] + figures["rows_held_out"] == 1797
    assert figures["held_out_softmax"] > 0.95 and figures["held_out_net"] > 0.97
    assert figures["wrong_net"] < 0.7 * figures["wrong_softmax"]
    W = found.solutions["softmax"].coef.reshape(8, 8, 10)
    assert W[3:5, 3:5, 0].sum() < -1  # a zero is empty in the middle
    assert (
        figures["weights_softmax"] == 64 * 10 + 10 and figures["weights_net"] == 64 * 16 + 16 + 16 * 10 + 10
    )

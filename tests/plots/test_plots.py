"""Claims about the pictures: what they show, what they refuse, and what they leave alone."""

import subprocess
import sys
import threading
from itertools import pairwise

import numpy as np
import pytest

from downslope import plots
from downslope.descent.trace import Step, Trace
from downslope.errors import DownslopeError
from downslope.messages import LANGUAGES, speaking
from downslope.plots import canvas, lettering
from tests.plots.pictures import checks_of, words
from tests.sentences import texts

TEXTS = texts("plots")

X, Y = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])


def descend(function, slope, start, rate, steps, names=("x", "y")):
    """Gradient descent on a function of points (m, p)."""
    w = np.array(start, dtype=float)
    trace = Trace(names[: w.size], w)
    for k in range(steps):
        with np.errstate(all="ignore"):
            loss, g = float(np.ravel(function(w[None]))[0]), slope(w)
            w = w - rate * g
            trace.append(Step(k + 1, k, 3, 0.0, loss, float(np.linalg.norm(g)), rate, w.copy(), gradient=g))
    return trace


def line(P):
    return ((P[:, :1] * X - Y) ** 2).mean(axis=1)


def line_slope(w):
    return np.array([(2 * (w[0] * X - Y) * X).mean()])


def bowl(P):
    return P[:, 0] ** 2 + 6 * P[:, 1] ** 2


def bowl_slope(w):
    return np.array([2 * w[0], 12 * w[1]])


def saddle(P):
    return P[:, 0] ** 2 - P[:, 1] ** 2


def saddle_slope(w):
    return np.array([2 * w[0], -2 * w[1]])


def gd(rate=0.01, steps=100):
    return descend(line, line_slope, [1.0], rate, steps)


def walk(rate=0.12, steps=40):
    return descend(bowl, bowl_slope, [4.0, 2.0], rate, steps)


def sgd(passes=6, rows=20):
    """Noisy row losses, with an objective and a held-out loss at the end of each pass."""
    noise = np.random.default_rng(0)
    trace = Trace(["rooms", "area"], [0.0, 0.0])
    for k in range(passes * rows):
        mean = 0.1 + 2 / (k + 1)
        told = mean if k % rows == rows - 1 else None
        row = mean * noise.chisquare(1)
        params = 1 + noise.normal(size=2) / (k + 1)
        trace.append(Step(k + 1, k // rows, 1, 0.0, row, 1.0, 0.1, params, told, told and told + 0.05))
    return trace


def strong(ax):
    return [line for line in ax.get_lines() if line.get_gid() == "path"]


EVERY = {
    "loss": lambda ax=None: plots.loss(gd(), ax),
    "loss of several": lambda ax=None: plots.loss({"gd": gd(), "sgd": sgd(), "diverged": gd(0.3)}, ax),
    "loss above": lambda ax=None: plots.loss(sgd(), ax, minimum=0.1),
    "loss below 0": lambda ax=None: plots.loss(descend(saddle, saddle_slope, [1, 1e-3], 0.1, 80), ax),
    "over the weight": lambda ax=None: plots.loss_over_weight(
        np.linspace(0, 4, 41), line(np.linspace(0, 4, 41)[:, None]), ax, trace=gd()
    ),
    "contours": lambda ax=None: plots.contours(bowl, walk(), ax, minimum=(0, 0)),
    "contours, diverged": lambda ax=None: plots.contours(bowl, walk(0.19, 400), ax),
    "contours, unbounded": lambda ax=None: plots.contours(
        saddle, descend(saddle, saddle_slope, [1, 1e-3], 0.1, 80), ax
    ),
    "line": lambda ax=None: plots.function_line(line, gd(), ax),
    "line, diverged": lambda ax=None: plots.function_line(line, gd(0.3, 1000), ax),
    "fitted": lambda ax=None: plots.fitted(X, Y, 2 * X + 0.1, ax),
    "against": lambda ax=None: plots.fitted(np.c_[X, X], Y, 2 * X + 0.1, ax, names=("a", "b", "price")),
    "residuals": lambda ax=None: plots.residuals(2 * X + 0.1, Y, ax),
    "weights": lambda ax=None: plots.weights(sgd(), ax),
    "weights, diverged": lambda ax=None: plots.weights(gd(0.3, 1000), ax),
}


(
    test_every_picture_takes_an_axes_and_returns_it_and_leaves_rcparams_alone,
    test_without_a_chinese_font_every_picture_is_in_english,
) = checks_of(EVERY)


def test_a_name_that_no_font_can_draw_becomes_its_place(monkeypatch):
    monkeypatch.setattr(lettering, "chinese_font", lambda: None)
    with speaking("en"):
        assert plots.fitted(X, Y, Y, names=("面积", "价格")).get_xlabel() == "feature 1"
        ax = plots.loss({"房价": gd(), "plain": gd(0.02)})
    assert {"run 1", "plain"} <= set(words(ax))


def test_a_dollar_in_a_name_is_a_dollar():
    ax = plots.fitted(X, Y, Y, names=("cost ($)", "x_$^{"))
    ax.figure.canvas.draw()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("cost ($)", "x_$^{")


# ---- loss ----


def test_the_loss_is_drawn_as_the_trace_holds_it_on_a_log_axis():
    trace = gd()
    ax = plots.loss(trace)
    (drawn,) = strong(ax)
    assert ax.get_yscale() == "log"
    np.testing.assert_array_equal(drawn.get_ydata(), trace.column("loss"))
    np.testing.assert_array_equal(drawn.get_xdata(), np.arange(1, 101))


def test_loss_above_the_minimum_is_the_loss_less_the_minimum():
    trace = gd(0.02)
    trace_above = plots.loss(trace, minimum=-1.5)
    np.testing.assert_array_equal(strong(trace_above)[0].get_ydata(), trace.column("loss") + 1.5)


def test_a_stochastic_descent_shows_its_objective_strong_its_rows_thin_and_its_held_out_loss():
    trace = sgd(passes=6, rows=20)
    ax = plots.loss(trace)
    objective, held_out = strong(ax)
    assert objective.get_xdata().tolist() == [1, 2, 3, 4, 5, 6]
    np.testing.assert_array_equal(held_out.get_ydata(), objective.get_ydata() + 0.05)
    ghost = next(line for line in ax.get_lines() if line.get_gid() == "ghost")
    np.testing.assert_allclose(ghost.get_xdata(), np.arange(1, 121) / 20)  # a step is a part of its epoch
    assert ghost.get_linewidth() < objective.get_linewidth() and ghost.get_alpha() < 0.5


@pytest.mark.parametrize("steps", [100, 1000])  # ends finite, ends at inf
def test_a_diverging_run_leaves_at_the_edge_and_never_squashes_the_picture(steps):
    diverging, good = gd(0.3, steps), gd()
    start = diverging[0].loss
    ax = plots.loss({"good": good, "bad": diverging})
    low, high = ax.get_ylim()
    # what is shown goes to FREEZE times the start, and a margin: 6% of the decades shown
    assert (
        low < good[-1].loss
        and high <= canvas.FREEZE * start * (canvas.FREEZE * start / good[-1].loss) ** 0.06
    )
    assert any(text.startswith("bad, epoch") for text in words(ax))
    assert plots.loss(diverging).get_xlim()[1] < 20  # alone, the epochs after it left are not shown


def test_a_first_loss_that_is_not_a_number_still_makes_a_picture():
    trace = Trace(["w"], [0.0])
    trace.append(Step(1, 0, 1, 0.0, np.nan, np.nan, 0.1, np.array([np.nan])))
    assert "epoch 1: nan, not finite" in words(plots.loss(trace))


def test_a_loss_of_zero_stands_on_the_floor_with_a_mark():
    trace = gd(3 / 28, 5)  # the best rate for one weight: there in one step
    assert trace[-1].loss == 0
    ax = plots.loss(trace)
    assert ax.get_ylim()[0] < strong(ax)[0].get_ydata()[-1] < trace[0].loss
    assert "0" in words(ax)


def test_losses_down_to_the_smallest_number_are_drawn():
    trace = Trace(["w"], [0.0])
    for k, loss in enumerate([1e20, 1.0, 1e-300, 5e-324]):
        trace.append(Step(k + 1, k, 1, 0.0, loss, 1.0, 0.1, np.zeros(1)))
    ax = plots.loss(trace)
    ax.figure.canvas.draw()
    assert 0 < ax.get_ylim()[0] < 1e-299


def test_losses_below_zero_are_on_an_axis_of_both_signs():
    ax = EVERY["loss below 0"]()
    assert ax.get_yscale() == "symlog"
    assert any("decreasing without bound" in text for text in words(ax))


def test_names_at_the_ends_never_lie_on_each_other():
    from matplotlib.text import Text  # an annotation's own extent counts its leader too

    runs = {f"run with rate {k}": gd(0.01 + k * 1e-5, 60) for k in range(10)}
    ax = plots.loss(runs)
    ax.figure.canvas.draw()
    boxes = sorted((Text.get_window_extent(text) for text in ax.texts), key=lambda box: box.y0)
    assert len(boxes) == 10
    # letters' boxes are a little taller than the letters: a tenth may overlap
    assert all(below.y1 <= above.y0 + 0.1 * below.height for below, above in pairwise(boxes))
    assert len({(line.get_color(), str(line._dash_pattern)) for line in strong(ax)}) == 10


# ---- landscapes ----


def test_the_path_is_that_of_the_trace_start_included():
    trace = walk()
    ax = plots.contours(bowl, trace, minimum=(0, 0))
    np.testing.assert_array_equal(
        np.column_stack(strong(ax)[0].get_data()), np.vstack([trace.start, trace.column("params")])
    )
    assert ax.get_aspect() == 1


def test_contour_levels_are_spaced_by_powers_above_the_minimum():
    ax = plots.contours(bowl, walk(), minimum=(0, 0))
    levels = next(made.levels for made in ax.collections if len(made.levels) > 5)
    ratios = levels[1:] / levels[:-1]  # the minimum is 0
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-9)


def test_the_gradient_arrow_tells_the_size_of_the_gradient():
    ax = plots.contours(bowl, walk())
    assert f"gradient, norm {np.hypot(8, 24):.3g}" in words(ax)


def test_a_path_that_diverges_leaves_the_window_of_its_first_steps():
    trace = walk(0.19, 400)
    ax = plots.contours(bowl, trace, minimum=(0, 0))
    assert np.abs([*ax.get_xlim(), *ax.get_ylim()]).max() < 200 < 1e30 < np.abs(trace[-1].params).max()
    assert any("increasing without bound" in text for text in words(ax))


def test_axes_of_different_scale_say_so():
    steep = descend(
        lambda P: P[:, 0] ** 2 + 100 * P[:, 1] ** 2, lambda w: w * (2, 200), [100, 0.1], 0.0095, 400
    )
    ax = plots.contours(lambda P: P[:, 0] ** 2 + 100 * P[:, 1] ** 2, steep)
    assert (
        ax.get_aspect() == "auto"
        and "the axes have different scales: a right angle is not a right angle here" in words(ax)
    )


def test_a_function_with_a_domain_is_drawn_where_it_is_defined():
    ax = plots.function_line(
        lambda P: P - np.log(P), descend(lambda P: P - np.log(P), lambda w: 1 - 1 / w, [0.1], 0.1, 30)
    )
    assert np.isnan(ax.get_lines()[0].get_ydata()).any()


def test_points_of_a_descent_lie_on_the_curve_of_an_exhaustive_search():
    grid = np.linspace(0, 4, 41)
    ax = plots.loss_over_weight(grid, line(grid[:, None]), trace=gd())
    w, height = strong(ax)[0].get_data()
    np.testing.assert_array_equal(height, np.interp(w, grid, line(grid[:, None])))
    assert "lowest: w = 2" in words(ax)


# ---- weights, fits ----


def test_of_many_weights_the_largest_twelve_are_named():
    trace = Trace([f"w{j}" for j in range(30)], np.zeros(30))
    for k in range(5):
        trace.append(Step(k + 1, k, 1, 0.0, 0.5**k, 1.0, 0.1, np.arange(30.0) * k))
    ax = plots.weights(trace)
    assert set(words(ax)) == {f"w{j}" for j in range(18, 30)}
    assert len(strong(ax)) == 30


def test_weights_of_a_diverging_run_stay_in_the_window_of_the_first_steps():
    low, high = plots.weights(gd(0.3, 1000)).get_ylim()
    assert -100 < low < high < 100


def test_one_feature_is_a_line_and_several_are_against_the_diagonal():
    assert plots.fitted(X[:, None], Y, Y).get_xlabel() == "x"
    assert plots.fitted(np.c_[X, X], Y, Y).get_xlabel() == "observed"
    np.testing.assert_array_equal(plots.residuals(Y - 1, Y).get_lines()[1].get_ydata(), [1, 1, 1])


# ---- files ----


def test_the_same_picture_is_the_same_bytes_and_its_text_stays_text(tmp_path):
    for suffix in (".png", ".svg", ".gif"):
        one, two = (plots.save(plots.loss(gd()), tmp_path / (k + suffix)) for k in ("a", "b"))
        assert one.read_bytes() == two.read_bytes()
    assert b">Loss over epochs<" in (tmp_path / "a.svg").read_bytes()
    assert b"<dc:date>" not in (tmp_path / "a.svg").read_bytes()


@pytest.mark.parametrize(
    "write", [lambda p: plots.save(plots.loss(gd()), p), lambda p: plots.descent_gif(p, gd())]
)
def test_a_path_that_will_not_do_is_refused_and_nothing_is_left(write, tmp_path):
    there = tmp_path / "there.gif"
    there.write_text("kept")
    folder = tmp_path / "folder.gif"
    folder.mkdir()
    for path, key in [
        (tmp_path / "a.pgn", "plots.unknown_suffix"),
        (tmp_path / "a", "plots.unknown_suffix"),
        (tmp_path / "none" / "a.gif", "plots.no_such_folder"),
        (there, "plots.exists"),
        (folder, "plots.exists"),
    ]:
        with pytest.raises(DownslopeError) as error:
            write(path)
        assert error.value.key == key and "\n" not in str(error.value)
    assert there.read_text() == "kept" and sorted(tmp_path.iterdir()) == [folder, there]


def test_a_full_disk_leaves_the_old_picture_and_no_half(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    def full(self, path, **settings):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    ax, path = plots.loss(gd()), tmp_path / "a.png"
    path.write_text("old")
    monkeypatch.setattr(Figure, "savefig", full)
    with pytest.raises(DownslopeError, match="No space left"):
        plots.save(ax, path, overwrite=True)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("trace", "function"),
    [
        (gd(), line),
        (walk(), bowl),
        (walk(0.19, 400), bowl),
        (sgd(), None),
        (gd(0.3, 1000), None),
        (sgd(), None),
    ],
)
def test_a_gif_moves_loops_is_small_and_rests_on_its_last_frame(trace, function, tmp_path):
    from PIL import Image

    path = plots.descent_gif(tmp_path / "walk.gif", trace, function, frames=20)
    with Image.open(path) as film:
        assert film.n_frames > 3 and film.info["loop"] == 0
        film.seek(film.n_frames - 1)
        assert film.info["duration"] == 2000
    assert path.stat().st_size < 2_000_000


def test_a_gif_of_one_step_is_made(tmp_path):
    assert plots.descent_gif(tmp_path / "a.gif", gd(steps=1), line).exists()


# ---- what is refused, and manners ----


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: plots.loss(Trace(["w"], [0.0])), "plots.no_steps"),
        (lambda: plots.loss({}), "plots.no_steps"),
        (lambda: plots.weights(Trace(["w"], [0.0])), "plots.no_steps"),
        (lambda: plots.contours(line, gd()), "plots.wrong_weights"),
        (lambda: plots.function_line(bowl, walk()), "plots.wrong_weights"),
        (lambda: plots.fitted(X, Y, Y[:2]), "plots.shapes"),
        (lambda: plots.residuals(Y[:2], Y), "plots.shapes"),
        (lambda: plots.loss_over_weight([1, 2], [np.nan, np.nan]), "plots.all_empty"),
        (lambda: plots.function_line(lambda P: P * np.nan, gd()), "plots.all_empty"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(call, key):
    with pytest.raises(DownslopeError) as error:
        call()
    assert error.value.key == key
    for lang in LANGUAGES:
        with speaking(lang):
            assert "\n" not in str(error.value)


def test_panels_hold_every_drawing():
    page = plots.panels(lambda ax: plots.loss(gd(), ax), lambda ax: plots.weights(gd(), ax), EVERY["fitted"])
    assert [ax.get_title(loc="left") for ax in page.axes] == [
        "Loss over epochs",
        "Weights over epochs",
        "Fitted line",
    ]


def test_a_picture_shows_itself_in_a_notebook_without_pyplot(monkeypatch):
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)
    assert plots.loss(gd())._repr_png_().startswith(b"\x89PNG")


def test_with_pyplot_the_picture_is_among_its_figures_and_saving_a_film_adds_none(tmp_path):
    code = (
        "import matplotlib; matplotlib.use('agg')\n"
        "import matplotlib.pyplot as plt, numpy as np\n"
        "from downslope import plots\n"
        "from downslope.descent.trace import Step, Trace\n"
        "trace = Trace(['w'], [1.0])\n"
        "for k in range(5): trace.append(Step(k + 1, k, 1, 0.0, 0.5**k, 1.0, 0.1, np.array([0.5**k])))\n"
        "ax = trace.plot(); assert plt.get_fignums() == [1] and plt.gcf() is ax.figure\n"
        f"plots.descent_gif({str(tmp_path / 'a.gif')!r}, trace); assert plt.get_fignums() == [1]\n"
        "for _ in range(30): trace.plot()  # no warning of too many\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_importing_the_pictures_does_not_load_matplotlib():
    code = "import sys, downslope.plots; assert 'matplotlib' not in sys.modules and 'PIL' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_threads_draw_and_save_at_once_and_leave_rcparams_alone(tmp_path):
    import matplotlib

    before, wrong = matplotlib.rcParams.copy(), []

    def draw(k):
        try:
            plots.save(plots.loss(gd()), tmp_path / f"{k}.svg")
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=draw, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and matplotlib.rcParams.copy() == before
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


def test_every_public_picture_has_an_example():
    for name in plots.__all__:
        assert ">>>" in getattr(plots, name).__doc__, name


def test_every_text_has_the_same_places_in_both_languages():
    from string import Formatter

    for key, told in TEXTS.items():
        english, chinese = (
            sorted(f"{place}" for _, place, _, _ in Formatter().parse(text) if place) for text in told
        )
        assert english == chinese, key

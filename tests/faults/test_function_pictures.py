"""Claims about pictures of a descent: the path is seen, and the lowest place is the lowest."""

import itertools
import warnings

import numpy as np
import pytest

import downslope as ds
from downslope import plots
from downslope.cli.pictures import _lowest, of_function
from downslope.insight.critical import critical_points
from downslope.lab.landscape import combination
from downslope.model.functions import Function
from downslope.plots.relief import relief


@pytest.mark.fault("D14")
@pytest.mark.parametrize(
    "text,start,rate",
    [("100*(y - x^2)^2 + (1 - x)^2", [-1.2, 1.0], 0.001), ("x^2 + 3*y^2", [3.0, 2.0], 0.05)],
)
def test_the_path_over_a_surface_is_seen_and_no_label_is_cut(text, start, rate):
    function = Function.of(text, start)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = ds.minimize(text, start, learning_rate=rate, epochs=500)
    ax = relief(function.values, run.trace, names=list(run.names))
    whole, seen = (next(line for line in ax.lines if line.get_gid() == gid) for gid in ("behind", "path"))
    points, shown = (np.array(line.get_data_3d()) for line in (whole, seen))
    pieces = np.linalg.norm(np.diff(points[:2] / np.ptp(points[:2], axis=1)[:, None], axis=1), axis=0)
    assert pieces[np.isfinite(shown[2, 1:])].sum() > 0.8 * pieces.sum()
    ax.figure.canvas.draw()
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        box = axis.label.get_window_extent()
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= ax.figure.bbox.x1 and box.y1 <= ax.figure.bbox.y1


@pytest.mark.fault("D14")
def test_the_lowest_weight_is_that_of_the_loss_and_not_where_the_descent_stopped():
    grid = np.linspace(0.75, 2.3, 200)
    assert _lowest(grid, 14 / 3 * (grid - 2) ** 2) == pytest.approx(2.0, abs=1e-9)
    assert _lowest(grid, grid) == pytest.approx(grid[0]) and grid[0] <= _lowest(grid, -grid) <= grid[-1]


STARTS = {
    "2*x^2": [(500.0, 0.3), (1e-9, 0.1)],
    "x^2": [(3.0, 1.2), (3.0, 0.99)],
    "x*cos(0.15*pi*x)": [(3.0, 0.05)],
    "x^2 + y^2": [((3.0, 4.0), 0.1), ((3.0, 4.0), 1.1), ((1e-6, 0.0), 0.1)],
    "x^2 - y^2": [((1.0, 0.0), 0.1)],
    "(1-x)^2 + 100*(y-x^2)^2": [((-1.2, 1.0), 0.001), ((1.0, 1.1), 0.001)],
    "x^2 + 1e-6*y^2": [((3.0, 1000.0), 0.1)],  # its minimum is a million windows away
}


@pytest.mark.fault("D14")
@pytest.mark.sample(5)
@pytest.mark.parametrize("epochs", [3, 100])
@pytest.mark.parametrize(
    "text,start,rate", [(text, *case) for text, cases in STARTS.items() for case in cases]
)
def test_no_label_lies_on_another_or_is_cut(text, start, rate, epochs, tmp_path):
    function = Function.of(text, start)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = ds.minimize(text, start, learning_rate=rate, epochs=epochs)
    path = of_function(str(tmp_path / "a.png"), function, run, critical_points(function), False)
    assert path.exists()
    ax = (
        plots.function_line(function.values, run.trace)
        if function.size == 1
        else plots.contours(function.values, run.trace, minimum=np.zeros(2))
    )
    ax.figure.canvas.draw()
    labels = [t for t in (*ax.texts, ax.title, ax._left_title) if t.get_text().strip()]
    boxes = [t.get_window_extent() for t in labels]
    for box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= ax.figure.bbox.x1 and box.y1 <= ax.figure.bbox.y1
    for (i, a), (j, b) in itertools.combinations(enumerate(boxes), 2):
        across, up = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert across <= 1 or up <= 1, (labels[i].get_text(), labels[j].get_text())
    assert len({t.get_text() for t in labels}) == len(labels)


@pytest.mark.fault("D14")
def test_the_axes_of_a_plane_say_which_weights_they_are():
    assert combination(("a", "b", "c"), np.array([0.8, -0.6, 0.0])) == "0.8·a − 0.6·b"
    assert combination(tuple("abcd"), np.array([-0.5, 0.5, 0.5, 0.5])) == "− 0.5·a + 0.5·b + 0.5·c + …"

"""Claims about pictures of a descent: the path is seen, and the lowest place is the lowest."""

import warnings

import numpy as np
import pytest

import downslope as ds
from downslope.cli.pictures import _lowest
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

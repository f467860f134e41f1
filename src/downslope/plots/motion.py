"""A descent that moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from ..arguments import a, called, door, truth
from ..arguments import path as a_path
from ..arguments import whole as a_whole
from ..descent.trace import Trace
from ..errors import DownslopeError
from .canvas import INK, figure, note
from .curves import epochs, loss
from .files import whole, write_frames
from .landscape import contours, function_line
from .lettering import say


@door(
    path=a_path,
    trace=a("Trace"),
    function=called(none=True),
    frames=a_whole(least=1),
    fps=a_whole(least=1),
    overwrite=truth,
)
def descent_gif(
    path,
    trace: Trace,
    function: Callable | None = None,
    *,
    frames: int = 60,
    fps: int = 12,
    overwrite: bool = False,
) -> Path:
    """Write a descent as a looping GIF: frame k shows the first qᵏ steps, so that large early ones show.

    With a `function` of points (m, p), one variable moves on its curve and two on contours; otherwise the
    loss curve grows. The last frame stays for two seconds. Raises DownslopeError as `save` does.

    >>> import tempfile
    >>> from downslope.descent.trace import Step, Trace
    >>> trace = Trace(["x"], [4.0])
    >>> for k in range(3):
    ...     trace.append(Step(k + 1, k, 1, 0.0, 1.0, 1.0, 0.1, np.array([2.0 / 2**k])))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     descent_gif(folder + "/walk.gif", trace, lambda P: P**2).name
    'walk.gif'
    """
    if not len(trace):
        raise DownslopeError("plots.no_steps")
    page = figure(shared=False)
    page.set_dpi(90)
    ax = page.add_subplot()
    if function is None or len(trace.names) > 2:
        function = None
        loss(trace, ax)
    else:
        draw = function_line if len(trace.names) == 1 else contours
        draw(function, trace, ax)

    def write(part: Path) -> None:
        pictures = list(_grow(page, ax, _scenes(ax, trace, function, frames)))
        write_frames(part, pictures, [1000 // fps] * (len(pictures) - 1) + [2000])

    return whole(path, (".gif",), write, overwrite)


def _scenes(ax, trace: Trace, function: Callable | None, frames: int) -> list[tuple[list, str]]:
    """For each frame the points of every line shown so far, and the words that go with them."""
    made = epochs(trace)
    lines = [np.column_stack(line.get_data()) for line in _lines(ax)]
    if function is None:
        count = int(np.searchsorted(made, ax.get_xlim()[1], side="right"))
        name, values = say("plots.loss"), trace.column("loss")
        objective = trace.column("objective")
        if np.isfinite(objective).sum() > 1:  # the last one known
            passes = np.maximum.accumulate(np.where(np.isfinite(objective), np.arange(made.size), -1))
            values = np.where(passes >= 0, objective[passes], values)
    else:  # a path begins one point before the first step
        made, count = np.concatenate([[trace[0].epoch], made]), len(lines[0])
        points = np.vstack([trace.start, trace.column("params")])
        with np.errstate(all="ignore"):
            name, values = "f", np.asarray(function(points), dtype=float).reshape(-1)
    scenes = []
    for k in np.unique(np.geomspace(1, count, frames).round().astype(int)):
        shown = [
            points[:k] if function is not None else points[points[:, 0] <= made[k - 1]] for points in lines
        ]
        scenes.append((shown, say("plots.frame", epoch=made[k - 1], name=name, value=values[k - 1])))
    return scenes


def _lines(ax) -> list:
    """The lines that grow, the strongest first."""
    grow = [line for line in ax.get_lines() if line.get_gid() in ("path", "ghost")]
    return sorted(grow, key=lambda line: line.get_gid() == "ghost")


def _grow(page, ax, scenes: list[tuple[list, str]]) -> Iterator[np.ndarray]:
    """Each scene on the same background, which is drawn once.  Images (height, width, 3)."""
    lines = _lines(ax)
    ends = [artist for artist in ax.get_children() if artist.get_gid() == "end"]
    (head,) = ax.plot([], [], marker="o", color=lines[0].get_color(), markersize=8, zorder=8, linestyle="")
    counter = {"xycoords": "axes fraction", "ha": "right", "va": "bottom"}
    caption = note(ax, scenes[0][1], (1, 1), (0, 10), INK, **counter)
    page.canvas.draw()  # the layout is found with everything in place, and then stands still
    page.set_layout_engine("none")
    for artist in [*lines, *ends, head, caption]:
        artist.set_animated(True)  # left out of the background
    page.canvas.draw()
    background = page.canvas.copy_from_bbox(page.bbox)
    for k, (shown, words) in enumerate(scenes):
        page.canvas.restore_region(background)
        for line, points in zip(lines, shown):
            line.set_data(*points.T)
        head.set_data(*shown[0][-1:].T)
        caption.set_text(words)
        for artist in [*reversed(lines), head, caption] + (ends if k == len(scenes) - 1 else []):
            ax.draw_artist(artist)
        yield np.asarray(page.canvas.buffer_rgba())[..., :3].copy()

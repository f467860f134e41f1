"""Pictures on disk: whole or not at all, the same bytes for the same picture."""

from __future__ import annotations

import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np

from .. import atomic
from ..arguments import door, truth
from ..arguments import path as a_path
from ..errors import DownslopeError, nearest

SUFFIXES = (".gif", ".png", ".svg")
_one_at_a_time = threading.RLock()  # rcParams are global


@door(path=a_path, overwrite=truth)
def save(drawn, path, *, overwrite: bool = False) -> Path:
    """Write a picture, an Axes or a Figure, as .png, .svg or .gif, by the suffix of the path.

    Text stays text in an SVG. The same picture gives the same bytes. An existing file is refused unless
    `overwrite` is true. Raises DownslopeError for an unknown suffix, a missing folder, an existing file, or
    a full disk; no partial file is left behind.

    >>> import tempfile
    >>> from downslope.plots import residuals
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(residuals([1.0, 2.0], [1.5, 1.5]), folder + "/rows.svg").name
    'rows.svg'
    """
    if not hasattr(drawn, "figure"):
        raise DownslopeError("arguments.kind", name="drawn", found=type(drawn).__name__, wanted="Figure")
    page = drawn.figure

    def write(part: Path) -> None:
        import matplotlib

        kind = part.suffix[1:].lower()
        if kind == "gif":
            from PIL import Image

            sheet = BytesIO()
            page.savefig(sheet, format="png")
            write_frames(part, [np.asarray(Image.open(sheet).convert("RGB"))], [1000])
            return
        undated = {"Date": None} if kind == "svg" else {"Software": None}
        with _one_at_a_time, matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "downslope"}):
            page.savefig(part, format=kind, metadata=undated)

    return whole(path, SUFFIXES, write, overwrite)


def whole(path, suffixes, write: Callable[[Path], None], overwrite: bool) -> Path:
    """Let `write` fill a temporary file next to `path`, then move it there, so that `path` is never half
    written."""
    path = Path(path)
    if path.suffix.lower() not in suffixes:
        known = nearest(path.suffix.lower(), suffixes)
        raise DownslopeError("plots.unknown_suffix", path=path, suffix=path.suffix or "“”", known=known)
    if not path.parent.is_dir():
        raise DownslopeError("plots.no_such_folder", path=path, folder=path.parent)
    if path.exists() and not overwrite:
        raise DownslopeError("plots.exists", path=path)
    try:
        with atomic.replacing(path) as part:
            write(part)
    except OSError as error:
        raise DownslopeError("plots.not_written", path=path, reason=error.strerror or error) from error
    return path


def write_frames(path: Path, pictures, milliseconds: list[int]) -> None:
    """An endless GIF of images (height, width, 3) in bytes, in the 128 colours of the last."""
    from PIL import Image

    frames = [Image.fromarray(picture) for picture in pictures]
    colours = frames[-1].quantize(128, dither=Image.Dither.NONE)  # one palette: no flicker, and small files
    frames = [frame.quantize(palette=colours, dither=Image.Dither.NONE) for frame in frames]
    frames[0].save(path, format="GIF", save_all=True, append_images=frames[1:], duration=milliseconds, loop=0)

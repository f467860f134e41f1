"""Files that are to be written: looked at before the work begins, so that nothing is lost at its end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .. import atomic
from ..errors import DownslopeError, nearest

TABLES = (".csv", ".parquet")


def check_picture(path: str | None, force: bool) -> None:
    """Refuse a --plot that could not be written."""
    if path is not None:
        from ..plots.files import SUFFIXES

        check_file(path, SUFFIXES, force)


def check_run(path: str | None, force: bool) -> None:
    """Refuse an --out of `fit` that could not be written; `force` replaces a run, and nothing else."""
    if path is None:
        return
    from ..inference.run import is_run

    folder = Path(path)
    if folder.exists() and not force:
        raise DownslopeError("inference.run_exists", path=path)
    if folder.exists() and not is_run(folder):
        raise DownslopeError("inference.not_a_run_to_replace", path=path)
    check_folder(folder)


def check_log(asked: Sequence[str] | None, force: bool, goes_on: bool = False, **others: str | None):
    """The log book that --log asks for; None without. One that could not be written is refused, and one in
    the place of another output: `others`, by the name of their option."""
    if not asked:
        return None
    from ..inference.logbook import Logbook

    book = Logbook(tuple(asked), force)
    for target in book.targets:
        for option, path in others.items():
            if path is not None and Path(path).absolute() == Path(target).absolute():
                raise DownslopeError("logbook.taken", target=target, option=f"--{option}")
    book.check(goes_on)
    return book


def check_file(asked: str | None, suffixes: Sequence[str], force: bool) -> None:
    """Refuse a file that could not be written; None is none."""
    if asked is None:
        return
    path = Path(asked)
    if path.suffix.lower() not in suffixes:
        known = nearest(path.suffix.lower(), suffixes)
        raise DownslopeError("cli.suffix", path=path, suffix=path.suffix or '""', known=known)
    if path.is_dir():
        raise DownslopeError("cli.is_a_folder", path=path)
    if path.exists() and not force:
        raise DownslopeError("cli.exists", path=path)
    check_folder(path)


def check_folder(path: Path) -> None:
    """Refuse a path whose folder is not there, or where nothing can be written."""
    if not path.parent.is_dir():
        raise DownslopeError("cli.no_such_folder", path=path, folder=path.parent)
    try:
        with tempfile.TemporaryFile(dir=path.parent):  # permissions tell less than trying does
            pass
    except OSError as error:
        raise DownslopeError("cli.not_written", path=path, reason=error.strerror or error) from None


@contextmanager
def taking_the_place_of(path: Path) -> Iterator[Path]:
    """A file next to `path` to write to, renamed to `path` at the end: `path` is never half written."""
    try:
        with atomic.replacing(path) as part:
            yield part
    except OSError as error:
        raise DownslopeError("cli.not_written", path=path, reason=error.strerror or error) from None

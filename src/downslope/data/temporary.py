"""Files that a process makes for itself: they lie in one folder, which goes when the process does."""

from __future__ import annotations

import os
import select
import shutil
import stat
import sys
import tempfile
import time
import weakref
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from .. import atomic
from ..errors import DownslopeError

PREFIX = "downslope-"  # then the number of the process
PIPE = "pipe.csv"  # what came through one
WAIT = 10.0  # seconds for the first byte of a pipe


def process_folder() -> Path:
    """The folder of this process, which other users can not read."""
    if not _made(os.getpid()).is_dir():
        _made.cache_clear()
    return _made(os.getpid())


@cache
def _made(process: int) -> Path:
    _remove_those_of_killed_processes()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{process}-"))
    weakref.finalize(_made, shutil.rmtree, folder, ignore_errors=True)
    return folder


def _remove_those_of_killed_processes() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}[0-9]*-*"):
        process = folder.name.removeprefix(PREFIX).partition("-")[0]
        with suppress(OSError):
            gone = process.isdecimal() and not atomic.running(process)
            if gone and time.time() - folder.stat().st_mtime > 60:
                shutil.rmtree(folder, ignore_errors=True)


class Copies:
    """A folder for copies, made once there is one, and removed when nothing needs them any more."""

    def __init__(self):
        self._folder: Path | None = None
        self.remove: Any = lambda: None  # at once

    def folder(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(dir=process_folder()))
            self.remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder


# ---- pipes -------------------------------------------------------------------------------------------


def is_pipe(path: Path) -> bool:
    if str(path) == "-":
        return True
    mode = path.stat().st_mode
    return stat.S_ISFIFO(mode) or (str(path) == "/dev/stdin" and not stat.S_ISREG(mode))


def is_spooled(path: Path) -> bool:
    return path.name == PIPE and path.parent.parent.name.startswith(f"{PREFIX}{os.getpid()}-")


@cache
def spooled(name: str) -> Path:
    """All that comes through a pipe, read once."""
    if name in ("-", "/dev/stdin"):
        if sys.stdin is None or os.isatty(0):
            raise DownslopeError("data.no_input", path=name)
        descriptor = os.dup(0)
    else:
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    copy = Path(tempfile.mkdtemp(dir=process_folder()), PIPE)
    with open(descriptor, "rb", buffering=0) as pipe, copy.open("wb") as target:
        first = _first_bytes(pipe, name)
        target.write(first)
        os.set_blocking(pipe.fileno(), True)
        while piece := pipe.read(1 << 20):
            target.write(piece)
    return copy


def _first_bytes(pipe: Any, name: str) -> bytes:
    """Wait for the writer, with a time limit."""
    until = time.monotonic() + WAIT
    named = name not in ("-", "/dev/stdin")
    while time.monotonic() < until:
        ready, _, _ = select.select([pipe], [], [], 0.1)
        piece = pipe.read(1 << 16) if ready or not named else None
        if piece or (piece == b"" and not named):
            return piece
        time.sleep(0.02)
    raise DownslopeError("data.no_writer", path=name, seconds=f"{WAIT:g}")

"""What rows may take of the machine: memory, and a folder on the disk for copies of files, for what comes
through pipes, and for encoded rows that are read back faster than their source is decoded."""

from __future__ import annotations

import ctypes
import hashlib
import itertools
import os
import re
import select
import shutil
import stat
import sys
import tempfile
import time
import warnings
import weakref
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import atomic
from ..arguments import is_number
from ..errors import DownslopeError, DownslopeWarning
from ..messages import text

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "KI": 2**10, "MI": 2**20, "GI": 2**30}
AMOUNT = re.compile(r"\s*(\d+(?:\.\d*)?)\s*(K|M|G|T|KI|MI|GI|)B?\s*", re.IGNORECASE)
LEAST = 64 * 10**6  # bytes with which a stream can be read at all


def budget(asked: Any = None) -> int:
    """Bytes that rows may take: what is asked for, such as "2GB" or 2e9; half of what is free when None.

    Raises DownslopeError for what is no amount, and for less than 64 MB.

    >>> budget("2GB"), budget("512MiB")
    (2000000000, 536870912)
    """
    if asked is None:
        return max(free() // 2, LEAST)
    found = AMOUNT.fullmatch(asked) if isinstance(asked, str) else None
    if found:
        size = float(found[1]) * UNITS[found[2].upper()]
    elif is_number(asked):
        size = float(asked)
    else:
        raise DownslopeError("data.memory", asked=asked)
    if not LEAST <= size < float("inf"):
        raise DownslopeError("data.memory_too_small", asked=asked, least=f"{LEAST // 10**6} MB")
    return int(size)


def free() -> int:
    """Bytes that this process may still take: of the machine, of the control groups that it is confined to,
    parents too, and of its own address space."""
    import psutil

    limits = [psutil.virtual_memory().available, *_free_in_groups(), *_free_in_address_space()]
    return max(0, min(limits))


def address_space() -> int | None:
    """The most bytes that this process may map (`ulimit -v`); None where there is no such limit."""
    try:
        import resource
    except ImportError:
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit


def _free_in_address_space() -> list[int]:
    import psutil

    limit = address_space()
    return [] if limit is None else [limit - psutil.Process().memory_info().vms]


def _free_in_groups(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> list[int]:
    """What the control groups leave, of either version, from this process's own to the outermost: a parent's
    limit binds its children. The files that a group caches count as free."""
    try:
        lines = [line.split(":", 2) for line in own.read_text().splitlines()]
    except OSError:
        return []
    found = []
    for _, kinds, path in lines:
        if kinds == "":
            top, names = root, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in kinds.split(","):
            top = root / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        group = top / path.strip("/")
        for folder in [group, *(parent for parent in group.parents if top in [parent, *parent.parents])]:
            try:
                limit, used = (int((folder / name).read_text()) for name in names[:2])
                cached = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            except (OSError, ValueError):  # "max", or no file: a group without a limit
                continue
            if limit < 2**60:  # version 1 tells no limit as one beyond all memory
                found.append(limit - used + int(cached.get(names[2], 0)))
    return found


class Memory(NamedTuple):
    """What a process holds of the machine's memory, in bytes; None where the system does not report it."""

    resident: int | None = None
    peak: int | None = None


def in_use() -> Memory:
    """The memory of this process: now, and at most.

    >>> used = in_use()
    >>> used.peak is None or used.peak > 1_000_000
    True
    """
    import psutil

    found = psutil.Process().memory_info()
    peak: int | None
    try:
        import resource  # not on Windows, which counts the peak itself

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    except ImportError:
        peak = getattr(found, "peak_wset", None)
    return Memory(found.rss, peak)


# ---- memory for parts, lent again once nothing refers to it --------------------------------------------


MOST = 8  # pieces of memory that wait to be lent
LARGE = 100_000  # numbers, below which memory comes from the heap anyway

_free: list[np.ndarray] = []


def leased(*shape: int) -> np.ndarray:
    """An array whose numbers are not set. Its memory is lent again once nothing refers to it, nor to any view
    of it.

    >>> one = leased(1000, 200)
    >>> place = one.ctypes.data
    >>> del one
    >>> leased(1000, 200).ctypes.data == place
    True
    """
    size = int(np.prod(shape))
    if size < LARGE:
        return np.empty(shape)
    held = _taken(size)
    lent = (ctypes.c_double * size).from_buffer(held)  # type: ignore[arg-type]
    weakref.finalize(lent, _given_back, held).atexit = False
    return np.ctypeslib.as_array(lent).reshape(shape)


def _taken(size: int) -> np.ndarray:
    """Memory that waits, if it is large enough and not far too large; else fresh."""
    for _ in range(len(_free)):
        try:
            held = _free.pop(0)
        except IndexError:  # another thread was quicker
            break
        if size <= held.size <= 2 * size:
            return held
        if held.size > size:
            _free.append(held)
    return np.empty(size)


def _given_back(held: np.ndarray) -> None:
    if len(_free) < MOST:
        _free.append(held)


# ---- files that a process makes for itself: they lie in one folder, which goes when the process does ------


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


# ---- encoded rows on the disk -----------------------------------------------------------------------------


# Encoded rows on the disk, for a source that is slower to decode than they are to read back.
#
# An Arrow file without compression: a record batch for each piece of a part, x as a list of d doubles, then y
# and the weight. It lies in a folder that goes with the process, or in DOWNSLOPE_CACHE, where it stays and is
# found again: a file is named after what it holds, one whose checksum does not fit is made anew. Together
# they take DOWNSLOPE_CACHE_SIZE at most, or half of what the disk has free; the ones used least lately go
# first.


_number = itertools.count()  # two streams of one process write the same rows at the same time
_users: Counter[Path] = Counter()  # of each file that is not kept: the last of them removes it


def _let_go(path: Path) -> None:
    _users[path] -= 1
    if not _users[path]:
        del _users[path]
        _gone(path)


class Cache:
    """A file of encoded rows: written part by part, whole once `close` was called, read at random after."""

    def __init__(self, name: str, columns: int, outputs: int, weighted: bool, piece: int):
        self.folder, self.kept = cache_folder()
        digest = hashlib.sha256(name.encode()).hexdigest()[:24]
        self.path = self.folder / f"{digest}.arrow"
        self.part = self.folder / f".{digest}.{os.getpid()}-{next(_number)}.part"
        self.columns, self.outputs, self.weighted, self.piece = columns, outputs, weighted, piece
        self.whole = self.path.is_file()
        self._writer: Any = None
        if self.whole and self.kept and _sum(self.path) != _written_sum(self.path):
            warnings.warn(text("data.cache_made_anew", path=self.path), DownslopeWarning, stacklevel=2)
            _gone(self.path)
            self.whole = False
        if not self.kept:
            _users[self.path] += 1
            weakref.finalize(self, _let_go, self.path)
        if self.whole:
            with suppress(OSError):
                os.utime(self.path)  # used just now

    @property
    def schema(self) -> Any:
        import pyarrow as pa

        fields = [("x", pa.list_(pa.float64(), self.columns))]
        fields += [(f"y{j}", pa.float64()) for j in range(self.outputs)]
        return pa.schema([*fields, *([("weight", pa.float64())] if self.weighted else [])])

    def add(self, X: np.ndarray, Y: np.ndarray, weights: np.ndarray | None) -> None:
        """The next part. Raises OSError where the disk is full."""
        import pyarrow as pa

        if self._writer is None:
            self._writer = pa.ipc.new_file(pa.OSFile(str(self.part), "wb"), self.schema)
        x = pa.FixedSizeListArray.from_arrays(pa.array(X.ravel()), self.columns)
        arrays = [x, *(pa.array(np.ascontiguousarray(y)) for y in Y.T)]
        arrays += [pa.array(weights)] if self.weighted else []
        batch = pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        for first in range(0, len(X), self.piece):
            self._writer.write_batch(batch.slice(first, self.piece))

    def close(self) -> None:
        """All parts are there: from now on they can be read."""
        if self._writer is None:
            return
        self._writer.close()
        if self.kept:  # another process reads it another day
            atomic.write_bytes(_sums(self.path), f"{_sum(self.part)}\n".encode())
        os.replace(self.part, self.path)
        self.whole, self._writer = True, None

    def drop(self) -> None:
        """What was written of it is of no use."""
        with suppress(Exception):
            if self._writer is not None:
                self._writer.close()
        self._writer = None
        with suppress(OSError):
            self.part.unlink(missing_ok=True)

    def read(self, pieces: Iterable[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """(X, Y, weights) of some pieces, in that order. Raises DownslopeError where the file is gone or
        damaged."""
        import pyarrow as pa

        try:
            with pa.OSFile(str(self.path), "rb") as file:
                reader = pa.ipc.open_file(file)
                batches = [reader.get_batch(number) for number in pieces]
        except (OSError, pa.ArrowException, IndexError) as error:
            raise DownslopeError("data.cache_damaged", path=self.path, reason=str(error)) from None
        rows = [batch.column(0).flatten().to_numpy().reshape(-1, self.columns) for batch in batches]
        column = lambda j: np.concatenate([batch.column(1 + j).to_numpy() for batch in batches])
        Y = np.column_stack([column(j) for j in range(self.outputs)])
        X = np.concatenate(rows, out=leased(sum(map(len, rows)), self.columns))
        return X, Y, column(self.outputs) if self.weighted else None


def cache_folder() -> tuple[Path, bool]:
    """Where caches lie, and whether they stay there."""
    asked = os.environ.get("DOWNSLOPE_CACHE")
    if asked:
        try:
            Path(asked).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DownslopeError("data.cache_folder", path=asked, reason=error.strerror) from None
        return Path(asked), True
    return process_folder(), False


def room_on_disk(needed: int) -> bool:
    """Whether so many bytes may be written: older files that stay are removed for them."""
    place, kept = cache_folder()
    free = shutil.disk_usage(place).free
    most = free // 2
    found = AMOUNT.fullmatch(os.environ.get("DOWNSLOPE_CACHE_SIZE", ""))
    if found:
        most = int(float(found[1]) * UNITS[found[2].upper()])
    if needed > most or needed > 0.9 * free:
        return False
    files = sorted(place.glob("*.arrow"), key=lambda path: path.stat().st_mtime)
    sizes = {path: path.stat().st_size for path in files}
    while kept and files and sum(sizes[path] for path in files) + needed > most:
        _gone(files.pop(0))
    return True


def _gone(path: Path) -> None:
    for file in (path, _sums(path)):
        with suppress(OSError):
            file.unlink(missing_ok=True)


def _sums(path: Path) -> Path:
    """The checksum file of a cache."""
    return path.with_suffix(".sha256")


def _sum(path: Path) -> str:
    """SHA-256 of a file; "" where it can not be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _written_sum(path: Path) -> str | None:
    """The checksum that was written with a cache; None where there is none."""
    try:
        return _sums(path).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None

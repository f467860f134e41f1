"""Encoded rows on the disk, for a source that is slower to decode than they are to read back.

An Arrow file without compression: a record batch for each piece of a part, x as a list of d doubles, then y
and the weight. It lies in a folder that goes with the process, or in DOWNSLOPE_CACHE, where it stays and is
found again: a file is named after what it holds, one whose checksum does not fit is made anew. Together
they take DOWNSLOPE_CACHE_SIZE at most, or half of what the disk has free; the ones used least lately go
first.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import warnings
import weakref
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from .. import atomic
from ..errors import DownslopeError, DownslopeWarning
from ..messages import text
from .memory import AMOUNT, UNITS, leased
from .temporary import process_folder


class Cache:
    """A file of encoded rows: written part by part, whole once `close` was called, read at random after."""

    def __init__(self, name: str, columns: int, outputs: int, weighted: bool, piece: int):
        self.folder, self.kept = folder()
        digest = hashlib.sha256(name.encode()).hexdigest()[:24]
        self.path = self.folder / f"{digest}.arrow"
        self.part = self.folder / f".{digest}.{os.getpid()}.part"
        self.columns, self.outputs, self.weighted, self.piece = columns, outputs, weighted, piece
        self.whole = self.path.is_file()
        self._writer: Any = None
        if self.whole and self.kept and _sum(self.path) != _written_sum(self.path):
            warnings.warn(text("data.cache_made_anew", path=self.path), DownslopeWarning, stacklevel=2)
            _gone(self.path)
            self.whole = False
        if not self.kept:
            weakref.finalize(self, _gone, self.path)
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


def folder() -> tuple[Path, bool]:
    """Where caches lie, and whether they stay there."""
    asked = os.environ.get("DOWNSLOPE_CACHE")
    if asked:
        try:
            Path(asked).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DownslopeError("data.cache_folder", path=asked, reason=error.strerror) from None
        return Path(asked), True
    return process_folder(), False


def room(needed: int) -> bool:
    """Whether so many bytes may be written: older files that stay are removed for them."""
    place, kept = folder()
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

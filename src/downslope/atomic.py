"""Files and folders that are whole or not there, whatever ends the process that writes them.

Each is written under a hidden name in the same folder, `.NAME.PID-1.part`, and then renamed. What a
killed process leaves is found by its number in the name and removed by the next one that writes there.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SUFFIX = ".part"


@contextmanager
def replacing(path: Path, durable: bool = False) -> Iterator[Path]:
    """A file in the folder of `path` to write to; renamed to `path` where the block ends well, removed where
    it does not. `durable`: it is on the disk before it takes the name. Raises OSError.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "numbers.txt")
    >>> with replacing(path) as part:
    ...     _ = part.write_text("1 2 3")
    >>> path.read_text()
    '1 2 3'
    """
    _sweep(path)
    part = _beside(path)
    try:
        yield part
        if durable:
            _synced(part)
        os.replace(part, path)
        if durable and os.name == "posix":
            _synced(path.parent)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes, durable: bool = False) -> None:
    """The content of a file, all of it or what was there before. Raises OSError."""
    with replacing(path, durable) as part:
        part.write_bytes(content)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """A new folder next to `path` to fill, renamed to `path` in place of what is there. Raises OSError.

    Where the system can exchange two names in one step (Linux), there is a folder under the name at any
    moment; elsewhere there is none between two renames, and `recover` puts the former one back.
    """
    _sweep(path)
    part = _beside(path)
    part.mkdir()
    try:
        yield part
        if not path.exists():
            os.replace(part, path)
        elif not _exchanged(part, path):
            before = part.with_suffix(".before")
            os.replace(path, before)
            try:
                os.replace(part, path)
            except OSError:
                os.replace(before, path)
                raise
            shutil.rmtree(before, ignore_errors=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def recover(path: Path) -> None:
    """Put back a folder whose replacement was cut off between its two renames, and remove what is left of
    replacements by processes that are gone."""
    if not path.exists():
        for before in sorted(path.parent.glob(f".{_escaped(path.name)}.*.before")):
            if not _written_by_a_running_process(path, before):
                with suppress(OSError):
                    os.replace(before, path)
                break
    _sweep(path)


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Whether this process has the folder `path` for itself while the block lasts. The lock goes with the
    process, however it ends. Where the system has no file locks, nobody is refused.

    >>> import tempfile
    >>> with locked(Path(tempfile.mkdtemp())) as mine:
    ...     mine
    True
    """
    try:
        import fcntl
    except ImportError:
        yield True
        return
    path.mkdir(parents=True, exist_ok=True)
    file = path / ".lock"
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        try:
            yield True
        finally:
            with suppress(OSError):
                file.unlink()
    finally:
        os.close(handle)


def running(process: str) -> bool:
    """Whether there is a process of this number."""
    import psutil

    return process.isdecimal() and psutil.pid_exists(int(process))


_number = itertools.count()  # threads of one process write at the same time


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}-{next(_number)}{SUFFIX}{path.suffix}")


def _sweep(path: Path) -> None:
    """Remove the partial files that ended processes left next to `path`."""
    for kind in (SUFFIX, ".before"):
        for left in path.parent.glob(f".{_escaped(path.name)}.*{kind}*"):
            if not _written_by_a_running_process(path, left):
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    with suppress(OSError):
                        left.unlink()


def _written_by_a_running_process(path: Path, left: Path) -> bool:
    process = left.name.removeprefix(f".{path.name}.").partition("-")[0]
    return not process.isdecimal() or running(process)


def _escaped(name: str) -> str:
    import glob

    return glob.escape(name)


def _synced(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two names in one step, by Linux's renameat2 with RENAME_EXCHANGE; False where that is not to
    be had."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0

"""How much memory there is, and how much of it rows may take."""

from __future__ import annotations

import ctypes
import re
import weakref
from pathlib import Path
from typing import Any

import numpy as np

from ..arguments import is_number
from ..errors import DownslopeError

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

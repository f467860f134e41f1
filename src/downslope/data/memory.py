"""How much memory there is, and how much of it rows may take."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

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
    elif isinstance(asked, int | float) and not isinstance(asked, bool):
        size = float(asked)
    else:
        raise DownslopeError("data.memory", asked=asked)
    if not LEAST <= size < float("inf"):
        raise DownslopeError("data.memory_too_small", asked=asked, least=f"{LEAST // 10**6} MB")
    return int(size)


def free() -> int:
    """Bytes that this process may still take: of the machine, or of the group that it is confined to."""
    rooms = [_free_on_machine(), *_free_in_groups()]
    return max(0, min(rooms))


def _free_on_machine() -> int:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        pass
    try:  # no Linux: half of all there is may well be taken
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return 4 * 10**9


def _free_in_groups() -> list[int]:
    """What the control groups leave, of either version; the files that they cache count as free."""
    found = []
    try:
        lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    except OSError:
        return []
    for _, kinds, path in lines:
        if kinds == "":
            room, names = Path("/sys/fs/cgroup" + path), ("memory.max", "memory.current", "inactive_file")
        elif "memory" in kinds.split(","):
            room = Path("/sys/fs/cgroup/memory" + path)
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        try:
            limit, used = (int((room / name).read_text()) for name in names[:2])
            cached = dict(line.split() for line in (room / "memory.stat").read_text().splitlines())
            if limit < 2**60:  # what has no limit has one beyond all memory
                found.append(limit - used + int(cached.get(names[2], 0)))
        except (OSError, ValueError):
            continue
    return found

"""How rows too many to hold are read: in what memory, in what parts, and what becomes of bad ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arguments import a, check
from ..errors import DownslopeError
from ..kernels.threads import threads as cores
from . import memory
from .block import Held
from .charset import known
from .database import Limits
from .parts import GRAIN, part_rows
from .source import ON_BAD_ROW, Source


@dataclass(frozen=True)
class Reading:
    """How rows are read: in at most `memory` bytes ("2GB"; None is half of what is free), in parts of `rows`
    (None: as many as make 32 MB).  on_bad_row: "skip" leaves out rows with a hole or a text among numbers and
    counts them; "fail" refuses a hole, too; None fills holes with the mean and refuses texts.
    held: a share of the rows that is held out.
    encoding, header: of texts, for whoever knows better than they tell: "gb18030"; whether there is a line of
    names.

    >>> Reading("2GB").memory
    '2GB'
    """

    memory: Any = None
    rows: int | None = None
    on_bad_row: str | None = None
    held: Held | None = None
    encoding: str | None = None
    header: bool | None = None

    def __post_init__(self):
        if not isinstance(self.on_bad_row, str | None) or self.on_bad_row not in (None, *ON_BAD_ROW):
            raise DownslopeError("data.on_bad_row", asked=self.on_bad_row)
        if self.rows is not None and not (isinstance(self.rows, int) and self.rows >= 1):
            raise DownslopeError("data.part_rows", asked=self.rows)
        check(self, held=a("Held", none=True))
        memory.budget(self.memory)
        if self.encoding is not None:
            known(self.encoding)


def part_size(reading: Reading, columns: int) -> int:
    """Rows of a part. Refused where the memory that is allowed can not hold a few of the least parts."""
    most = memory.budget(reading.memory)
    if reading.rows is not None:
        size = reading.rows
    else:
        size = part_rows(columns)
    if 8 * size * columns * 8 > most and reading.rows is None:
        size = max(GRAIN, 2 ** int(np.log2(max(1, most / (64 * columns)))))
    if 4 * size * columns * 8 > most:
        facts = {"rows": f"{size:,}", "columns": columns, "needed": f"{32 * size * columns / 1e6:,.0f} MB"}
        raise DownslopeError("data.memory_for_part", memory=f"{most / 1e6:,.0f} MB", **facts)
    return size


def limits(origin: Source, reading: Reading) -> Limits:
    """Rows of a batch, threads and memory for DuckDB: pieces of Parquet are unpacked whole, one a thread."""
    most = memory.budget(reading.memory)
    fits = most // 2 // max(1, 2 * origin.group)
    threads = int(max(1, min(cores(), fits)))
    batch = int(max(GRAIN, min(2**16, 2**23 // max(1, len(origin.names)) // GRAIN * GRAIN)))
    return Limits(batch, threads, max(most, 2 * origin.group))  # held tighter, it would wait for itself

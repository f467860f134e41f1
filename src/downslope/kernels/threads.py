"""Blocks of rows on all cores. Kernels let other threads run, so plain threads do.

How rows are cut into blocks never depends on the number of threads, and results are summed in the order
of the blocks: the same bits with 1, 2 or 16 threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any


def threads() -> int:
    """How many: DOWNSLOPE_THREADS, or the cores that this process may use."""
    asked = os.environ.get("DOWNSLOPE_THREADS", "")
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each(task: Callable[[Any], Any], blocks: Sequence) -> list:
    """[task(block) for block in blocks], on all cores."""
    workers = min(threads(), len(blocks))
    if workers < 2:
        return [task(block) for block in blocks]
    return list(_pool(os.getpid(), workers).map(task, blocks))


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """For tasks that multiply matrices: all cores are at work already, and the bits do not depend on how
    many of them a library would use."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield


@cache
def _pool(process: int, workers: int) -> ThreadPoolExecutor:
    """One for each process: a forked child has none of its parent's threads."""
    return ThreadPoolExecutor(workers, thread_name_prefix="downslope")

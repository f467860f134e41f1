"""Blocks of rows on all cores. Kernels let other threads run, so plain threads do.

How rows are cut into blocks never depends on the number of threads, and results are summed in the order
of the blocks: the same bits with 1, 2 or 16 threads.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import RLock
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
    many of them a library would use. The first to come sets it, and the last to go puts it back."""
    with _counting:
        _users.append(None)
        if len(_users) == 1:
            _limits.append(_limit())
    try:
        yield
    finally:
        with _counting:
            _users.pop()
            while _limits and not _users:
                _limits.pop().restore_original_limits()


def steps_on_one_blas_thread(steps: Generator[Any, None, Any]) -> Generator[Any, None, Any]:
    """The same generator; what happens between two of its steps is not limited."""
    thrown: BaseException | None = None
    while True:
        with one_blas_thread():
            try:
                step = next(steps) if thrown is None else steps.throw(thrown)
            except StopIteration as over:
                return over.value
        thrown = None
        try:
            yield step
        except GeneratorExit:  # nothing more is computed, and at the end of the program nothing is imported
            steps.close()
            raise
        except BaseException as error:  # Ctrl-C, or the end of the caller: for the steps to answer
            thrown = error


def lapack() -> Any:
    """`scipy.linalg`, which brings a BLAS of its own: limited, too, if loaded within `one_blas_thread`."""
    loaded = "scipy.linalg" in sys.modules
    import scipy.linalg

    if not loaded:
        with _counting:
            if _users:
                _limits.append(_limit())
    return scipy.linalg


_users: list[None] = []  # one for each who asked for one thread
_limits: list[Any] = []  # those that are set meanwhile
_counting = RLock()  # again in one thread: the collector may end a descent while the count is changed


def _limit() -> Any:
    return _libraries(len(sys.modules)).limit(limits=1, user_api="blas")


@cache
def _libraries(modules: int) -> Any:
    """The BLAS of this process, which takes a millisecond to find; another may come with a new module."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def with_helpers(task: Callable[[], Any], close: Callable[[], Any], most: int) -> Iterator[None]:
    """Other cores, up to `most` of them, run `task` meanwhile; `close` is called to end them."""
    helpers = min(threads() - 1, most)
    pool = _pool(os.getpid(), threads()) if helpers > 0 else None
    begun = [pool.submit(task) for _ in range(helpers)] if pool is not None else []
    try:
        yield
    finally:
        close()
        for one in begun:
            one.cancel()
        for one in begun:
            if not one.cancelled():
                one.result()


@cache
def _pool(process: int, workers: int) -> ThreadPoolExecutor:
    """One for each process: a forked child has none of its parent's threads."""
    return ThreadPoolExecutor(workers, thread_name_prefix="downslope")

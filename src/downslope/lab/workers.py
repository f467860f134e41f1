"""Processes that compute for the page: warm, bounded in time and memory, and stopped when nobody waits.

A worker is a spawned Python that has loaded everything and made a small run. It receives a task and answers
with bytes; while it computes it sends what it has so far, and looks for a request to stop. A worker
that does not stop within half a second, or takes too long, is ended and a new one takes its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ..errors import DownslopeError
from .guard import SECONDS
from .localized import localized, refusal

MEMORY = 2 << 30  # bytes beyond what a warm worker holds
GRACE = 0.5  # seconds in which a worker may stop when it is asked to
PATIENCE = 30.0  # seconds that a request waits for a free worker
LOADING = 120.0  # seconds in which a worker loads what a request needs, before it begins
LOOK = 0.05  # seconds between two looks for a request to stop
IDLE = 1.0  # seconds without a request, after which another worker begins, or one loads what is seldom needed
STOP, LOAD = "stop", "load"


class Refused(Exception):
    """What a worker refused: the key of the sentence, and the sentence in both languages."""

    def __init__(self, key: str, localized: dict[str, str]):
        super().__init__(key)
        self.key, self.localized = key, localized


class Stopped(Exception):
    """The page no longer waits for this."""


# ── within a worker ─────────────────────────────────────────────────────────────────────────────────


class Line:
    """A worker's line to the page: `tell` sends what there is so far, `look` raises when it is to stop, and
    `put_together` says that the runs are over."""

    def __init__(self, connection: Connection):
        self.connection, self.due = connection, 0.0

    def tell(self, part: Any) -> None:
        self.connection.send(("more", part))

    def put_together(self) -> None:
        """The runs are over, and what they have is put together: its seconds count anew."""
        self.connection.send(("begun",))

    def look(self) -> None:
        now = time.monotonic()
        if now < self.due:
            return
        self.due = now + LOOK
        if self.connection.poll() and self.connection.recv() == STOP:
            raise Stopped


def serve(connection: Connection, memory: int, folders: Sequence[Path] = ()) -> None:
    """Do what is asked until nobody is there to ask. folders: those of lessons from elsewhere."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then ends its workers
    os.environ["OMP_NUM_THREADS"] = "1"  # what is computed here is small: threads would wait for each other
    warnings.simplefilter("ignore")  # the document says what overflows
    from .. import lessons
    from . import tasks

    for folder in folders:  # by now they are known to be lessons
        with contextlib.suppress(DownslopeError):  # it was changed since it was opened
            lessons.add(folder)
    tasks.warm()
    limit_memory(memory)
    connection.send(("ready",))
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            message = connection.recv()
            if message == LOAD:
                tasks.warm_more()
                connection.send(("done",))
            elif message != STOP:
                tasks.load(message[1])
                connection.send(("begun",))
                connection.send(_answer(tasks.TASKS[message[0]], message[1], Line(connection)))


def _answer(task: Callable, payload: Any, line: Line) -> tuple:
    try:
        return "done", task(payload, line)
    except Stopped:
        return ("stopped",)
    except (DownslopeError, MemoryError) as error:
        refused = error if isinstance(error, DownslopeError) else DownslopeError("lab.memory")
        if refused.key == "data.memory_of_reader":  # which names a setting that the lab does not have
            refused = DownslopeError("lab.memory")
        return "refused", refused.key, refusal(refused)
    except Exception:  # a fault of ours: printed where the server was started, not on the page
        traceback.print_exc(file=sys.stderr)
        return ("failed",)


def limit_memory(memory: int) -> None:
    """Let this process hold so much more than it holds now, where the system knows such a limit."""
    try:
        import resource

        import psutil

        held = psutil.Process().memory_info().data  # Linux tells it
        resource.setrlimit(resource.RLIMIT_DATA, (held + memory, held + memory))
    except (ImportError, AttributeError, OSError, ValueError):
        return


# ── from the server ─────────────────────────────────────────────────────────────────────────────────


class Worker:
    """One process and the line to it."""

    def __init__(self, memory: int):
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        lessons = sys.modules.get("downslope.lessons")  # none were added before it is loaded
        arguments = theirs, memory, () if lessons is None else lessons.folders()
        self.process = context.Process(target=serve, args=arguments, daemon=True)
        self.process.start()
        theirs.close()

    def receive(self) -> tuple:
        """Its next message; waits for it."""
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            return ("died",)

    def was_killed(self) -> bool:
        """Whether a signal from outside ended it; a library that gets no memory aborts by itself."""
        self.process.join(GRACE)
        return self.process.exitcode in (-signal.SIGTERM, -9)  # Windows has no SIGKILL

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


class Pool:
    """A few warm workers; one does one task at a time.

    `run` gives the bytes that a task made, and hands what comes before to `tell`. It raises Refused where the
    request is at fault, took too long or too much memory, and RuntimeError where a worker failed.
    """

    def __init__(self, size: int = 2, memory: int = MEMORY, seconds: float = SECONDS):
        self.size, self.memory, self.seconds = size, memory, seconds
        self.workers: set[Worker] = set()
        self.free: asyncio.Queue[Worker] = asyncio.Queue()
        self.threads = ThreadPoolExecutor(4 * size + 1, thread_name_prefix="lab")
        self.chores: set[asyncio.Task] = set()
        self.asked = time.monotonic()  # when a request last began or ended
        self.waiting = 0  # requests for a free worker

    def begin(self) -> None:
        """Start the workers; requests may come at once, and wait until one is warm. The first picture is the
        first worker's: the others begin in a pause after it."""
        self._chore(self._fill())

    async def end(self) -> None:
        """End them all."""
        for chore in self.chores:
            chore.cancel()
        await asyncio.gather(*self.chores, return_exceptions=True)
        for worker in list(self.workers):
            worker.end()
        self.workers.clear()
        self.threads.shutdown(wait=False)

    async def run(self, task: str, payload: Any, tell: Callable[[Any], None] | None = None) -> bytes:
        """What the task made of the payload. Its seconds count from when a worker has begun with it."""
        self.asked = time.monotonic()
        worker, waiting = await self._begun(task, payload), None
        until = time.monotonic() + self.seconds
        try:
            while True:
                waiting = self._receive(worker)
                message = await asyncio.wait_for(asyncio.shield(waiting), max(0.0, until - time.monotonic()))
                if message[0] == "begun":
                    until = time.monotonic() + self.seconds
                elif message[0] != "more":
                    break
                elif tell is not None:
                    tell(message[1])
        except asyncio.CancelledError:
            self._chore(self._settle(worker, waiting))
            raise
        except (TimeoutError, OSError) as error:
            self._chore(self._replace(worker))
            if isinstance(error, TimeoutError):
                raise _refused("lab.too_long", seconds=self.seconds) from None
            raise RuntimeError("a worker died") from None
        if message[0] == "died":
            killed = await asyncio.get_running_loop().run_in_executor(self.threads, worker.was_killed)
            self._chore(self._replace(worker))
            raise _refused("lab.ended" if killed else "lab.memory")
        self.asked = time.monotonic()
        self.free.put_nowait(worker)
        if message[0] == "refused":
            raise Refused(*message[1:])
        if message[0] != "done":
            raise RuntimeError(message[0])
        return message[1]

    async def _begun(self, task: str, payload: Any) -> Worker:
        """A worker that has begun with the task; one that was ended while it waited is replaced."""
        for _ in range(self.size + 1):
            self.waiting += 1
            try:
                worker = await asyncio.wait_for(self.free.get(), PATIENCE)
            except TimeoutError:
                raise _refused("lab.busy", seconds=PATIENCE) from None
            finally:
                self.waiting -= 1
            waiting = None
            try:
                worker.connection.send((task, payload))
                waiting = self._receive(worker)
                if (await asyncio.wait_for(asyncio.shield(waiting), LOADING))[0] == "begun":
                    return worker
            except asyncio.CancelledError:
                self._chore(self._settle(worker, waiting))
                raise
            except (TimeoutError, OSError):
                pass
            self._chore(self._replace(worker))
        raise _refused("lab.ended")

    def _receive(self, worker: Worker) -> asyncio.Future:
        return asyncio.get_running_loop().run_in_executor(self.threads, worker.receive)

    async def _settle(self, worker: Worker, waiting: asyncio.Future | None) -> None:
        """Tell a worker to stop; end it if it does not."""
        try:
            worker.connection.send(STOP)
            until = time.monotonic() + GRACE
            while waiting is not None:
                message = await asyncio.wait_for(asyncio.shield(waiting), max(0.0, until - time.monotonic()))
                if message[0] == "died":
                    break
                if message[0] not in ("more", "begun"):
                    self.free.put_nowait(worker)
                    return
                waiting = self._receive(worker)
        except (TimeoutError, OSError):
            pass
        await self._replace(worker)

    async def _replace(self, worker: Worker) -> None:
        self.workers.discard(worker)
        await asyncio.get_running_loop().run_in_executor(self.threads, worker.end)
        await self._add()

    async def _fill(self) -> None:
        for number in range(self.size):
            while number and not (self._pausing or self.waiting):
                await asyncio.sleep(IDLE)
            await self._add()

    @property
    def _pausing(self) -> bool:
        """Whether nothing is asked, and nothing was for a while."""
        return self.free.qsize() == len(self.workers) and time.monotonic() - self.asked > IDLE

    async def _add(self) -> None:
        loop = asyncio.get_running_loop()
        worker = await loop.run_in_executor(self.threads, Worker, self.memory)
        self.workers.add(worker)
        if (await self._receive(worker))[0] == "ready":
            self.free.put_nowait(worker)
            self._chore(self._load(worker))

    async def _load(self, worker: Worker) -> None:
        """Let a worker load what is seldom needed, for seconds, while another one answers requests."""
        while True:
            await asyncio.sleep(IDLE)
            pausing = self._pausing
            free = [self.free.get_nowait() for _ in range(self.free.qsize())]
            idle = pausing and worker in free and len(free) >= min(2, self.size)
            for one in free:
                if one is not worker or not idle:
                    self.free.put_nowait(one)
            if idle or worker not in self.workers:
                break
        try:
            if idle:
                worker.connection.send(LOAD)
                if (await asyncio.wait_for(self._receive(worker), LOADING))[0] == "done":
                    return self.free.put_nowait(worker)
        except (TimeoutError, OSError):
            pass
        if worker in self.workers:
            await self._replace(worker)

    def _chore(self, work) -> None:
        chore = asyncio.get_running_loop().create_task(work)
        self.chores.add(chore)
        chore.add_done_callback(self.chores.discard)


def _refused(key: str, **facts) -> Refused:
    return Refused(key, localized(key, **facts))

"""The way to a cluster: started here, running elsewhere, or none but the threads of this process.

Errors of a cluster (unreachable, of other versions, lost) are raised here, in one line.
"""

from __future__ import annotations

import logging
import os
import socket
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import dask
from distributed import Client, KilledWorker, LocalCluster, default_client, wait
from distributed.client import ClosedClientError, FutureCancelledError, FuturesCancelledError
from distributed.comm import CommClosedError

from ..data.memory import budget
from ..errors import DownslopeError
from ..messages import text

REACH = 10.0  # seconds within which a cluster has to answer
DEAD = 30.0  # seconds without a single worker, after which it is lost
BASE = 6e8  # bytes of a worker before it holds a row: Python, NumPy, Numba, DuckDB
FULL = 0.6  # of a worker's memory, from which on Dask writes rows to its disk
GATHERED = 16  # answers that are added here; more are added on the workers
SAME = ("downslope", "python", "numpy", "numba")  # versions that have to agree: bits depend on them
GONE = (ClosedClientError, FutureCancelledError, FuturesCancelledError)
LOST = (KilledWorker, CommClosedError, TimeoutError, *GONE)


@dataclass(frozen=True, eq=False)
class Connection:
    """client: Dask's, None for the threads of this process.  cluster: one that was started here."""

    client: Any = None
    cluster: Any = None

    @classmethod
    def local(cls, workers: int, memory: Any = None) -> Connection:
        """So many new processes on this machine, of one thread each, or of DOWNSLOPE_THREADS; rows may take
        `memory` in all of them together, half of what is free when None."""
        if not (isinstance(workers, int) and workers >= 1):
            raise DownslopeError("cluster.workers", asked=workers)
        threads = os.environ.get("DOWNSLOPE_THREADS") or "1"
        limit = int(budget(memory) / workers / FULL + BASE)
        settings: dict = {"distributed.scheduler.work-stealing": False}
        settings["distributed.scheduler.unknown-task-duration"] = "10ms"
        with dask.config.set(settings), _quiet():
            cluster = LocalCluster(
                n_workers=workers, threads_per_worker=1, memory_limit=limit, dashboard_address=":8787",
                env={"DOWNSLOPE_THREADS": threads}, preload=["downslope.cluster.worker"],
                silence_logs=logging.CRITICAL,
            )  # fmt: skip
        return cls(Client(cluster), cluster)

    @classmethod
    def to(cls, address: str) -> Connection:
        """A cluster that runs, by its scheduler's address, such as tcp://10.0.0.1:8786."""
        _refuse_other_server(address)
        try:
            client = Client(address, timeout=REACH)
        except (OSError, TimeoutError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DownslopeError("cluster.unreachable", address=address, reason=reason) from None
        try:
            return cls(client, client).checked()
        except DownslopeError:
            client.close()
            raise

    @classmethod
    def of(cls, client: Any = None) -> Connection:
        """Dask's client of the moment, or the one that is given; none, where there is none."""
        try:
            return cls(client or default_client()).checked()
        except ValueError as error:
            if isinstance(error, DownslopeError):
                raise
            return cls()

    def checked(self) -> Connection:
        """Refused where a worker has other versions, which would give other bits, or there is none."""
        with self.readable_errors():
            versions = self.client.get_versions(check=False, packages=["downslope", "numba"])
        here = versions["client"]["packages"]
        if not versions["workers"]:
            raise DownslopeError("cluster.no_workers", address=self.client.scheduler.address)
        for worker, found in versions["workers"].items():
            for name in SAME:
                there, mine = found["packages"].get(name), here[name]
                if name == "python":  # 3.13.1.final.0
                    there, mine = (".".join(version.split(".")[:2]) for version in (there, mine))
                if there != mine:
                    facts = {"worker": worker, "name": name, "there": there, "here": mine}
                    raise DownslopeError("cluster.versions", **facts)
        return self

    @property
    def workers(self) -> list[str]:
        """Their addresses, in an order that stays."""
        if self.client is None:
            return ["here"]
        return sorted(self._described(), key=lambda a: (len(a), a))

    def _described(self) -> dict[str, Any]:
        """Address → worker, from the scheduler itself: what the client keeps of it may have been emptied."""
        return self.client.sync(self.client.scheduler.identity, n_workers=-1)["workers"]

    @property
    def room(self) -> float:
        """Bytes of rows that the workers can hold; infinite where nobody knows."""
        if self.client is None:
            return float("inf")
        limits = [worker["memory_limit"] for worker in self._described().values()]
        return sum(max(0.0, FULL * (limit - BASE)) for limit in limits) if all(limits) else float("inf")

    @property
    def dashboard(self) -> str | None:
        """Where Dask's page about it is; None where Bokeh, which draws it, is not installed."""
        try:
            import bokeh  # noqa: F401
        except ImportError:
            return None
        return self.client.dashboard_link if self.client is not None else None

    def summary(self) -> str:
        """The workers and the dashboard, in one line."""
        count = len(self.workers)
        if self.dashboard is None:
            return text("cluster.no_dashboard", workers=count, address=self.client.scheduler.address)
        return text("cluster.dashboard", workers=count, address=self.dashboard)

    def begin(self, function: Callable, *given: Any, worker: str | None = None) -> Any:
        """A result that is worked out where its inputs are, and stays there: it can be given to others. One
        that is lost with its worker is worked out again. `worker`: where it should be, if that is there."""
        if self.client is None:
            return dask.delayed(safely)(function, *given)
        where = {} if worker is None else {"workers": [worker], "allow_other_workers": True}
        # The name shows Dask which tasks are alike: how long one takes decides whether its rows are moved.
        name = f"downslope-{function.__name__.strip('_')}-{uuid4().hex}"
        with self.readable_errors():
            return self.client.submit(safely, function, *given, pure=False, key=name, **where)

    def kept(self, delayed: Sequence[Any]) -> list[Any]:
        """Values of Dask's, worked out by the workers and kept there. Where there are no workers they are
        worked out whenever they are needed."""
        return list(delayed) if self.client is None else self.client.compute(list(delayed))

    def results(self, begun: Sequence[Any]) -> list[Any]:
        """Brought here, in their order; what the rows are at fault of is raised."""
        if self.client is None:
            found = list(dask.compute(*begun, scheduler="threads"))
        else:
            with self.readable_errors():
                self._wait(begun)
                found = self.client.gather(list(begun))
        for fault in found:
            if isinstance(fault, DownslopeError):
                number = fault.facts.get("partition")
                raise (
                    fault
                    if number is None
                    else DownslopeError("cluster.partition", number=number, reason=fault)
                )
        return found

    def _wait(self, begun: Sequence[Any]) -> None:
        """Until all are there; lost, where there has been no worker for some time."""
        seen = time.monotonic()
        while True:
            try:
                wait(list(begun), timeout=5)
                return
            except TimeoutError:
                if self.client.status != "running":
                    raise
                if self.workers:
                    seen = time.monotonic()
                elif time.monotonic() - seen > DEAD:
                    raise TimeoutError("no worker is left") from None

    @contextmanager
    def readable_errors(self) -> Iterator[None]:
        """What Dask raises when a cluster goes, as one line."""
        try:
            yield
        except LOST as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DownslopeError("cluster.lost", reason=reason) from None

    def close(self) -> None:
        """End what was started here; leave what runs elsewhere."""
        if self.cluster is None:
            return
        with suppress(Exception), _quiet():
            self.client.close(timeout=5)
            if self.cluster is not self.client:
                self.cluster.close(timeout=10)


def _refuse_other_server(address: str) -> None:
    """Raise where what listens at a TCP address does not greet as Dask does: to an HTTP server, which waits
    for a request, Dask's client would wait for ever."""
    kind, _, place = address.rpartition("://")
    host, _, port = place.rpartition(":")
    if kind not in ("", "tcp") or not port.isdecimal():
        return
    reason = None
    try:
        with socket.create_connection((host.strip("[]") or "127.0.0.1", int(port)), timeout=5) as line:
            if len(line.recv(8)) < 8:
                reason = "no Dask scheduler"
    except TimeoutError:
        reason = "no Dask scheduler"
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
    if reason is not None:
        raise DownslopeError("cluster.unreachable", address=address, reason=reason)


def safely(function: Callable, *given: Any) -> Any:
    """What it returns, or what the rows are found at fault of, which is no fault of a worker's: raised there,
    Dask would write it into every log. It is handed on by whatever it is given to."""
    flat = [part for one in given for part in (one if isinstance(one, list) else [one])]
    fault = next((part for part in flat if isinstance(part, DownslopeError)), None)
    try:
        return function(*given) if fault is None else fault
    except DownslopeError as error:
        return error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Dask's log messages about its own connections: a port that is taken, a worker slow to leave."""
    log = logging.getLogger("distributed")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)

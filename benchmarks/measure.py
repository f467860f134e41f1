"""One row, measured: contenders in turns, medians, the check, the floor, first calls and peak memory.

Each row has a process of its own, in which its contenders take turns (A B C, A B C, …). Then each of
them has a fresh process for its first call and its peak memory.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import pickle
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .contenders import Contender
from .problems import Minimum, Problem, minima_of, suboptimality

BUDGET = {"full": 6.0, "quick": 0.5}  # seconds of timed calls for each contender, but one at least
LONGEST = 260.0  # seconds of one call
SEARCH = {"full": 20.0, "quick": 10.0}  # seconds of looking for its tolerance


@dataclass(frozen=True)
class Row:
    """A line of the table: what is solved, by whom, how well, and what is asked of us."""

    name: str
    work: str
    sizes: dict[str, dict[str, int]]  # by mode: what `build` takes
    build: Callable[..., Problem]
    contenders: tuple[Contender, ...]
    targets: tuple[Any, ...]  # what is asked: see report.py
    within: float  # (F − F*)/F*, which all must reach
    floor: Callable[[Problem], Any]  # what nobody can do without, done
    floor_is: str
    turns: int = 1  # calls of each contender in a round, where calls are short

    def measure(self, mode: str, rounds: int) -> dict[str, Any]:
        """All its figures as plain data."""
        return measured(self, mode, rounds)


# ---- floors ----


def read(X, threads: int | None = None) -> float:
    """Every byte of X read once, by as many threads as there are cores."""
    threads = threads or os.cpu_count() or 1
    parts = [X.reshape(-1)] if isinstance(X, np.ndarray) else [X.data, X.indices]
    pieces = [piece for part in parts for piece in np.array_split(part, 8 * threads)]
    if threads == 1:
        return sum(float(piece.sum()) for piece in pieces)
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(lambda piece: float(piece.sum()), pieces))


def read_alone(problem: Problem) -> float:
    """X read once by one thread, as a pass that updates row by row must."""
    return read(problem.X, threads=1)


def read_once(problem: Problem) -> float:
    """X read once by all threads."""
    return read(problem.X)


def gemm(problem: Problem) -> np.ndarray:
    """XᵀX by BLAS's general product."""
    from scipy.linalg.blas import dgemm

    return dgemm(1.0, problem.X.T, problem.X.T, trans_b=True)


# ---- a row ----


def measured(row: Row, mode: str, rounds: int) -> dict[str, Any]:
    """The figures of a row: by the rounds, then, when this process has let go of the rows, by fresh ones."""
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "problem.pickle"
        told = _rounds(row, mode, rounds, rows)
        gc.collect()
        for place, one in enumerate(told["contenders"]):
            if one["why"] is None and (mode == "full" or place == 0):
                one |= _fresh(row.name, one["name"], one["tolerance"], rows)
    return told


def _rounds(row: Row, mode: str, rounds: int, kept: Path) -> dict[str, Any]:
    problem = row.build(**row.sizes[mode])
    with kept.open("wb") as file:
        pickle.dump(problem, file, protocol=5)
    minima = minima_of(problem)
    doubt = max(minimum.doubt / abs(minimum.value) for minimum in minima)
    if doubt > row.within / 10:
        raise RuntimeError(f"the minimum is known to {doubt:.1e} only")
    nothing = [(np.zeros((problem.X.shape[1], problem.outputs)), 0.0)] * len(problem.alphas)
    if suboptimality(problem, minima, nothing) <= row.within:
        raise RuntimeError("weights of 0 would pass")
    entries = [Entry(one, problem, minima, row.within, BUDGET[mode]) for one in row.contenders]
    for entry in entries:
        entry.find_tolerance(SEARCH[mode])
    floors = []
    for _ in range(rounds):
        floors.append(_seconds(lambda: row.floor(problem))[0])
        for entry in entries:
            for _ in range(row.turns):
                entry.take_turn()
    return {
        "row": row.name,
        "sizes": row.sizes[mode],
        "minimum": minima[-1].value,
        "doubt": doubt,
        "floor": {"seconds": statistics.median(floors), "is": row.floor_is},
        "contenders": [entry.told() for entry in entries],
    }


class Entry:
    """A contender on its way through the rounds."""

    def __init__(
        self, contender: Contender, problem: Problem, minima: list[Minimum], within: float, budget: float
    ):
        self.contender, self.problem, self.minima, self.within = contender, problem, minima, within
        self.budget = budget  # seconds of timed calls
        self.longest = LONGEST if budget > 1 else 10 * budget + 10  # seconds of one call
        self.tolerance: float | None = None
        self.why: str | None = None  # it has no time
        self.seconds: list[float] = []
        self.shares: list[float] = []
        self.reached = -math.inf
        try:
            self.prepared = contender.prepare(problem)
        except Exception as error:
            self.why = _told(error)

    def find_tolerance(self, patience: float) -> None:
        """The loosest tolerance that reaches what is asked, from loose to tight; all of it untimed, which
        also warms up what has to be compiled or loaded. Where the answer is far off, a few are passed over,
        and come back to once a tighter one has got there."""
        choices = self.contender.tolerances or (None,)
        waiting, passed_over, best, began = list(choices), [], math.inf, time.perf_counter()
        while waiting and self.why is None and time.perf_counter() - began < patience:
            choice = waiting.pop(0)
            seconds, reached = self._call(choice)
            if reached <= self.within:
                self.tolerance, best = choice, reached
                if seconds > 2 * self.budget + 10:  # no need to hear it again
                    self.seconds, self.reached = [seconds], reached
                    return
                waiting, passed_over = passed_over, []
            elif best > self.within:  # F − F* goes with the tolerance, or with its square
                far = math.log10(reached / self.within) if math.isfinite(reached) else 0.0
                count = min(int(far / 2), len(waiting) - 1)
                passed_over, waiting = waiting[: max(count, 0)], waiting[max(count, 0) :]
                best = min(best, reached)
        if best > self.within:
            taken = time.perf_counter() - began
            self.why = self.why or f"reached {best:.1e} only, in {taken:.0f} s of trials"

    def take_turn(self) -> None:
        if self.why is not None or (self.seconds and sum(self.seconds) > self.budget):
            return
        seconds, reached = self._call(self.tolerance)
        if self.why is not None:
            return
        self.seconds.append(seconds)
        self.reached = max(self.reached, reached)
        if reached > self.within:
            self.why = f"reached {reached:.1e} only in one of its runs"

    def _call(self, tolerance: float | None) -> tuple[float, float]:
        try:
            with _at_most(self.longest):
                seconds, answer = _seconds(lambda: self.contender.solve(self.prepared, tolerance))
        except Exception as error:
            self.why = _told(error)
            return 0.0, math.inf
        if answer.descent is not None:
            self.shares.append(answer.descent / seconds)
        weights = answer.later() if answer.later is not None else answer.weights
        return seconds, suboptimality(self.problem, self.minima, weights)

    def told(self) -> dict[str, Any]:
        one: dict[str, Any] = {"name": self.contender.name, "tolerance": self.tolerance, "why": self.why}
        if self.seconds:
            one |= {
                "seconds": statistics.median(self.seconds),
                "least": min(self.seconds),
                "most": max(self.seconds),
                "runs": len(self.seconds),
                "reached": self.reached,
            }
        if self.shares:
            one["descent_share"] = statistics.median(self.shares)
        return one


def _seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    began = time.perf_counter()
    answer = call()
    return time.perf_counter() - began, answer


@contextmanager
def _at_most(limit: float) -> Iterator[None]:
    """TimeoutError once it takes longer, as soon as Python is asked again."""

    def over(*_):
        raise TimeoutError(f"a call took more than {limit:.0f} s")

    signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


# ---- fresh processes ----


def _fresh(row: str, contender: str, tolerance: float | None, rows: Path) -> dict[str, Any]:
    """The first call in a process of its own, library loaded and all, and by how much memory grew in it."""
    command = [sys.executable, "-m", "benchmarks.measure", row, "--first", contender, "--rows", str(rows)]
    command += [] if tolerance is None else ["--tolerance", repr(tolerance)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"first_why": (done.stderr.strip().splitlines() or [str(done.returncode)])[-1][:200]}
    return json.loads(done.stdout.splitlines()[-1])


def _first(contender: Contender, rows: Path, tolerance: float | None) -> dict[str, Any]:
    with rows.open("rb") as file:
        prepared = contender.prepare(pickle.load(file))
    gc.collect()
    before = _memory("VmRSS", reset=True)
    seconds, _ = _seconds(lambda: contender.solve(prepared, tolerance))
    peak = _memory("VmHWM")
    known = before is not None and peak is not None
    return {"first": seconds, "peak_bytes": max(peak - before, 0) if known else None}


def _memory(name: str, reset: bool = False) -> int | None:
    """Bytes that this process holds (VmRSS) or held at most since the last reset (VmHWM); Linux only."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def main() -> None:
    """`python -m benchmarks.measure ROW`: called by benchmarks.run, one process for each row."""
    from .rows import ROWS

    options = argparse.ArgumentParser()
    options.add_argument("row")
    options.add_argument("--mode", default="full")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--first")
    options.add_argument("--rows", type=Path)
    options.add_argument("--tolerance", type=float)
    options.add_argument("--out", type=Path)
    asked = options.parse_args()
    warnings.simplefilter("ignore")  # that a loose tolerance was not reached is for the check to say
    row = ROWS[asked.row]
    if asked.first:
        contender = next(one for one in row.contenders if one.name == asked.first)
        print(json.dumps(_first(contender, asked.rows, asked.tolerance)))
        return
    told = row.measure(asked.mode, asked.rounds)
    asked.out.write_text(json.dumps(told))


if __name__ == "__main__":
    main()

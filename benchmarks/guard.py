"""`make guard`: has any of ten rows lost time against a peer? `python -m benchmarks.guard [NAME …] [--store]`

    ratio = the peer's seconds / ours, the median of five pairs of runs, one after the other

A row fails if its ratio is below 85% of the stored one in three tries of three. Ratios hold for one machine:
--store measures them on this one, at the commit that later ones are compared with, into guard.json, with the
load of the machine: on busy cores ours, which use both, come out too low, and the guard is lax. Store again
where `load` is above 1.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from .measure import BUDGET, SEARCH, Entry
from .problems import minima_of
from .report import machine
from .rows import ROWS

PEERS = {  # each row's first contender is ours
    "least_squares": "scikit-learn LinearRegression",
    "full_batch": "NumPy loop",
    "sgd_dense_13": "scikit-learn SGDRegressor",
    "sgd_dense_100": "scikit-learn SGDRegressor",
    "sgd_dense_1000": "scikit-learn SGDRegressor",
    "sgd_csr": "scikit-learn SGDClassifier",
    "minibatch": "PyTorch sliced tensors",
    "logistic_dense_100": "scikit-learn lbfgs",
    "softmax": "scikit-learn lbfgs",
    "lasso_dense": "scikit-learn lasso_path",
}
STORED = Path(__file__).with_name("guard.json")
LOST, PAIRS, TRIES = 0.15, 5, 3
LEAST = 0.1  # seconds of a run: shorter calls are repeated


def main(arguments: list[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m benchmarks.guard", description=__doc__.splitlines()[0])
    options.add_argument("names", nargs="*", help="rows; all ten by default")
    options.add_argument("--store", action="store_true", help="write the ratios instead of comparing them")
    asked = options.parse_args(arguments)
    unknown = [name for name in asked.names if name not in PEERS]
    if unknown:
        print(f"no guarded row is called {', '.join(unknown)}; there are {', '.join(PEERS)}", file=sys.stderr)
        return 2
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    here = stored.get("machine") == machine()
    if not (here or asked.store):
        print(
            f"guard.json was measured on {stored.get('machine')}, this is {machine()}: go to the commit to",
            file=sys.stderr,
        )
        print("compare with, run `python -m benchmarks.guard --store`, and come back", file=sys.stderr)
        return 2
    warnings.simplefilter("ignore")
    ratios, failed = stored.get("ratios", {}) if here else {}, []
    for name in asked.names or PEERS:
        ratio = ratio_of(name)
        if asked.store:
            ratios[name] = ratio()
            STORED.write_text(
                json.dumps({"machine": machine(), "load": os.getloadavg()[0], "ratios": ratios}, indent=1)
                + "\n"
            )
            print(f"{name}: {ratios[name]:.3g} × {PEERS[name]}, stored", flush=True)
        else:
            tries = list(until_held(ratios[name], ratio))
            held = holds(ratios[name], tries[-1])
            failed += [] if held else [name]
            told = " · ".join(f"{one:.3g}" for one in tries)
            print(
                f"{name}: {told} × {PEERS[name]}, stored {ratios[name]:.3g}: {'held' if held else 'LOST'}",
                flush=True,
            )
    return 1 if failed else 0


def holds(stored: float, ratio: float) -> bool:
    """Whether so much is left."""
    return ratio >= (1 - LOST) * stored


def until_held(stored: float, ratio: Callable[[], float]) -> Iterator[float]:
    """The ratios of up to three tries, the last of which holds, if any does."""
    for _ in range(TRIES):
        yield (one := ratio())
        if holds(stored, one):
            return


def ratio_of(name: str) -> Callable[[], float]:
    """Measures the ratio of a row anew at each call. Both reach what the row asks, as in the table."""
    row = ROWS[name]
    problem = row.build(**row.sizes["quick"])
    minima = minima_of(problem)
    peer = next(one for one in row.contenders if one.name == PEERS[name])
    pair = [Entry(one, problem, minima, row.within, BUDGET["full"]) for one in (row.contenders[0], peer)]
    for entry in pair:
        entry.find_tolerance(SEARCH["quick"])

    def run(entry: Entry, calls: int) -> float:
        entry.seconds = []
        for _ in range(calls):
            entry.take_turn()
        if entry.why is not None:
            raise RuntimeError(f"{name}: {entry.contender.name}: {entry.why}")
        return statistics.mean(entry.seconds)

    calls = [math.ceil(LEAST / max(run(entry, 1), LEAST / 50)) for entry in pair]

    def ratio() -> float:
        return statistics.median(
            peers / ours for ours, peers in (tuple(map(run, pair, calls)) for _ in range(PAIRS))
        )

    return ratio


if __name__ == "__main__":
    sys.exit(main())

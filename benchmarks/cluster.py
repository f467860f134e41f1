"""What a cluster costs and gains: `python -m benchmarks.cluster`, which prints the tables of docs/scale.md.

One and two workers are run, in pairs: both clusters hold the rows, and take turns. Four and eight are worked
out from what was measured: the seconds of each shard with one worker, and what Dask takes for a task. That
sum for one and two workers is printed beside what was run, so that it can be judged.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import downslope as ds
from downslope.cluster.connection import GATHERED
from downslope.cluster.sharded import ShardedDataset, height_of
from downslope.model.partitioned import _answered, _sums

SETTINGS = {"loss": "log", "penalty": "l2", "alpha": 1e-3, "method": "lbfgs"}


def written(folder: Path, rows: int, columns: int) -> Path:
    """Classes that no plane separates, as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    random = np.random.default_rng(0)
    w, path, size = random.normal(size=columns) / np.sqrt(columns), folder / "rows.parquet", 2**17
    names = [f"x{j}" for j in range(columns)]
    schema = pa.schema([(name, pa.float64()) for name in [*names, "y"]])
    with parquet.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
        for first in range(0, rows, size):
            X = random.normal(size=(min(size, rows - first), columns))
            y = (X @ w + random.logistic(size=len(X)) > 0).astype(float)
            writer.write_table(pa.table([*X.T, y], schema=schema))
    return path


def seconds_of(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def shard_seconds(rows: ShardedDataset, question: Callable) -> list[float]:
    """Of one evaluation over each shard, by the clock of the worker that has it: the better of two."""
    ask = lambda: [
        rows.connection.results([rows.connection.begin(_clocked, shard, question)])[0]
        for shard in rows.shards
    ]
    return [min(pair) for pair in zip(ask(), ask())]


def _clocked(shard, question) -> float:
    return seconds_of(lambda: [question(part) for part in shard.parts])


def counted(rows: ShardedDataset, question: Callable, workers: int, shards: int) -> dict[str, float]:
    """What one evaluation sends, with so many workers and shards."""
    import cloudpickle

    size = len(cloudpickle.dumps(question)) + 600  # a key, a function's name, where to: as Dask packs them
    answer = len(cloudpickle.dumps(question(rows.part(0)))) + 300
    sums, left = 0, shards
    while left > GATHERED:
        left = -(-left // GATHERED)
        sums += left
    few = shards <= GATHERED
    return {
        "tasks": shards + sums + (not few),
        "to scheduler": shards * (size if few else 600)
        + (0 if few else size)
        + sums * (600 + 100 * GATHERED),
        "to workers": (shards if few else workers) * size + shards * 600,
        "between workers": 0 if few else (shards + sums) * answer,
        "to client": left * answer,
    }


def overheads(folder: Path) -> tuple[float, float]:
    """Seconds that an evaluation of nothing takes with two workers: once, and for each shard."""
    path, found = written(folder, 512, 2), []
    for shards in (8, 256):
        with ds.shard(path, "y", workers=2, shards=shards, reading=ds.ReadOptions(rows=2)) as rows:
            times = [seconds_of(lambda rows=rows: rows.map_reduce(len)) for _ in range(20)]
            found.append((len(rows.shards), statistics.median(times[5:])))
    (few, short), (many, long) = found
    each = (long - short) / (many - few)
    return max(0.0, short - few * each), each


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--rows", type=int, default=4_000_000)
    told.add_argument("--columns", type=int, default=50)
    told.add_argument("--rounds", type=int, default=5)
    asked = told.parse_args()
    with TemporaryDirectory() as name:
        path = written(Path(name), asked.rows, asked.columns)
        little = Path(name, "little")
        little.mkdir()
        once, each = overheads(little)
        opened: dict[str, float] = {}
        began = time.perf_counter()
        stream = ds.Stream.open(path, "y")
        opened["learned, by one process"] = time.perf_counter() - began
        clusters = {}
        for workers in (1, 2):
            began = time.perf_counter()
            clusters[workers] = ds.shard(stream, workers=workers, shards=4)
            clusters[workers].map_reduce(len)
            opened[f"{workers} workers started and filled"] = time.perf_counter() - began
        try:
            report(asked, clusters, once, each, opened)
        finally:
            for rows in clusters.values():
                rows.close()


def report(
    asked, clusters: dict[int, ShardedDataset], once: float, each: float, opened: dict[str, float]
) -> None:
    fits: dict[int, list[float]] = {1: [], 2: []}
    evaluations: dict[int, list[float]] = {1: [], 2: []}
    answers = {workers: ds.fit(rows, **SETTINGS) for workers, rows in clusters.items()}  # everything is warm
    terms = {workers: ds.objective(rows, "log") for workers, rows in clusters.items()}
    theta = np.full(asked.columns + 1, 0.1)
    for _ in range(asked.rounds):
        for workers, rows in clusters.items():
            fits[workers].append(seconds_of(lambda rows=rows: ds.fit(rows, **SETTINGS)))
            evaluations[workers].append(seconds_of(lambda F=terms[workers]: F.value_and_gradient(theta)))
    same = (answers[1].params == answers[2].params).all()
    shards, height = len(clusters[1].shards), clusters[1].height
    print(f"{asked.rows:,} × {asked.columns}, {shards} shards of {2**height} parts;")
    print(f"{answers[1].epochs} epochs of L-BFGS; the same bits with 1 and 2 workers: {same}")
    for what, seconds in opened.items():
        print(f"{what}: {seconds:.1f} s")
    for name, times in (("fit", fits), ("evaluation", evaluations)):
        ratios = [one / two for one, two in zip(times[1], times[2])]
        told = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"{name}, one worker over two, pair by pair: {told}; median {statistics.median(ratios):.2f}")
    print(f"Dask: {1e3 * once:.1f} ms an evaluation, and {1e3 * each:.2f} ms a shard")
    question = partial(_answered, terms[1].term.pattern, partial(_sums, theta, False))
    clocked = shard_seconds(clusters[1], question)
    print(f"one evaluation of all shards, by the worker's own clock: {1e3 * sum(clocked):.0f} ms")
    heads = "seconds an evaluation, run", "by the sum", "times as fast", "tasks", "bytes out", "bytes back"
    print(f"\n| workers | {' | '.join(heads)} |")
    print("|---|---|---|---|---|---|---|")
    by_sum = lambda workers: once + each * shards + max(map(sum, np.array_split(np.array(clocked), workers)))
    for workers in (1, 2, 4, 8):
        run = f"{statistics.median(evaluations[workers]):.3f}" if workers in evaluations else "–"
        sent = counted(clusters[1], question, workers, shards)
        faster = by_sum(1) / by_sum(workers)
        print(
            f"| {workers} | {run} | {by_sum(workers):.3f} | {faster:.2f} | {shards} | "
            f"{sent['to workers']:,} | {sent['to client']:,} |"
        )
    rows, columns = 10**12 // 8 // 100, 100
    parts = -(-rows // 2**15)
    big = counted(clusters[1], question, 1_000, -(-parts // 2 ** height_of(parts, 1_000)))
    print(f"\n1 TB as {rows:,} × {columns}, {parts:,} parts, 1,000 workers: {big}")
    per_row = sum(clocked) / asked.rows * columns / asked.columns
    print(f"rows: {per_row * rows / 1000:.2f} s on each worker; tasks: {once + each * big['tasks']:.2f} s")


if __name__ == "__main__":
    main()

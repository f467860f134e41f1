"""Rows bigger than the memory that is allowed: one table of Parquet files, read by everybody in a process of
its own that the system holds to 1 GB. What is timed begins once libraries are loaded, and ends with weights.

All weights are judged by one scan of all rows, in DuckDB and NumPy: (F − F of the best)/F of the best.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .starting import settle
from .targets import AtLeastAsGood, AtMost, Faster

MEMORY = 10**9  # bytes that a process may take
D = 30
NAMES = [f"x{j}" for j in range(D)]

# Each process is told the files, the target and the loss; it prints seconds, weights and intercept.
HEAD = """
import json, resource, sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
files, target, loss = sys.argv[1:4]
names = [f"x{j}" for j in range(30)]
def told(began, w=None, b=0.0):
    w = None if w is None else np.ravel(w).tolist()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps([time.perf_counter() - began, w, float(np.ravel(b)[0]), peak]))
"""
OURS = """
import duckdb, numba, pandas, pyarrow.parquet, scipy.linalg, threadpoolctl
import downslope as ds
reading = ds.ReadOptions("500MB")
ds.Stream, ds.fit, ds.Dataset
began = time.perf_counter()
rows = ds.Stream.open(files, target, names, reading=reading)
solution = ds.fit(rows, loss=loss, SETTINGS)
told(began, solution.coef, solution.intercept)
"""
SCAN = """
import duckdb
began = time.perf_counter()
with duckdb.connect(":memory:", config={"memory_limit": "600MB"}) as connection:
    columns = ", ".join([*names, target])
    for batch in connection.sql(f"SELECT {columns} FROM read_parquet('{files}')").to_arrow_reader(65_536):
        pass
told(began)
"""
PARTIAL = """
import glob
import polars as pl
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.preprocessing import StandardScaler
began = time.perf_counter()
scaler = StandardScaler()
model = SGDRegressor() if loss == "squared" else SGDClassifier(loss="log_loss")
more = {} if loss == "squared" else {"classes": [0.0, 1.0]}
for path in sorted(glob.glob(files)):
    rows = pl.scan_parquet(path).select([*names, target])
    for first in range(0, 1_000_000, 125_000):
        table = rows.slice(first, 125_000).collect()
        if not len(table):
            break
        X, y = table.select(names).to_numpy(), table[target].to_numpy()
        X = scaler.partial_fit(X).transform(X)
        model.partial_fit(X, y, **more)
w = model.coef_ / scaler.scale_
told(began, w, model.intercept_ - w @ scaler.mean_)
"""
VOWPAL = """
from vowpalwabbit import Workspace
kind = "logistic" if loss == "log" else "squared"
began = time.perf_counter()
told = f"--cache_file {sys.argv[4]} -d {sys.argv[5]} --quiet --holdout_off -b 10"
model = Workspace(f"{told} --loss_function {kind}")
seconds = time.perf_counter()
w = [model.get_weight_from_name(name, "f") for name in names]
b = model.get_weight_from_name("Constant", " ")
print(json.dumps([seconds - began, w, b, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))
"""


class Process(NamedTuple):
    """A contender: what its process runs, and whether on Vowpal Wabbit's cache."""

    name: str
    script: str
    cached: bool = False


@dataclass(frozen=True)
class OutOfMemory:
    """Processes under a limit, on the same files: the same table, filled in another way."""

    name: str
    work: str
    loss: str
    target: str
    settings: str  # of ours
    targets: tuple[Any, ...]
    sizes = {"full": {"n": 20_000_000, "d": D}, "quick": {"n": 1_000_000, "d": D}}

    @property
    def contenders(self) -> tuple[Process, ...]:
        ours = Process(f"downslope {self.settings}".strip(), OURS.replace("SETTINGS", self.settings))
        return (
            ours,
            Process("DuckDB scan into Arrow batches", SCAN),
            Process("polars + scikit-learn partial_fit", PARTIAL),
            Process("Vowpal Wabbit from its cache", VOWPAL, cached=True),
        )

    def measure(self, mode: str, rounds: int) -> dict[str, Any]:
        n = self.sizes[mode]["n"]
        with tempfile.TemporaryDirectory() as folder, _limited() as limited:
            make(Path(folder), n)
            files = str(Path(folder, "*.parquet"))
            vowpal = vowpal_cache(Path(folder), files, self.target, self.loss)
            lines: dict[str, dict[str, Any]] = {}
            weights: dict[str, Any] = {}
            for _ in range(rounds):
                for label, script, cached in self.contenders:
                    line = lines.setdefault(
                        label, {"name": label, "tolerance": None, "why": None, "times": []}
                    )
                    if line["why"] is not None:
                        continue
                    command = [sys.executable, "-c", HEAD + script, files, self.target, self.loss]
                    command += vowpal if cached else []
                    found = limited(command)
                    if isinstance(found, str):
                        line["why"] = found
                        continue
                    seconds, w, b, peak = found
                    line["times"].append(seconds)
                    line["peak_bytes"] = max(peak, line.get("peak_bytes", 0))
                    weights[label] = None if w is None else (w, b)
            judge(files, self.target, self.loss, lines, weights)
        settle(lines)
        return {"row": self.name, "sizes": self.sizes[mode], "contenders": list(lines.values())}


def make(folder: Path, n: int) -> None:
    """Files of a million rows: 30 columns, any two with correlation 1/5, y with noise of deviation 1, c of
    two classes by their chances."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    draw = np.random.default_rng(0)
    w = draw.standard_normal(D)
    w *= 2 / math.sqrt(0.8 * (w**2).sum() + 0.2 * w.sum() ** 2)
    for place in range(-(-n // 1_000_000)):
        rows = min(1_000_000, n - place * 1_000_000)
        X = draw.standard_normal((D, rows)) * math.sqrt(0.8) + math.sqrt(0.2) * draw.standard_normal(rows)
        z = w @ X
        columns = dict(zip(NAMES, X))
        columns["y"] = z + draw.standard_normal(rows)
        columns["c"] = (draw.random(rows) < 1 / (1 + np.exp(-z))).astype(float)
        parquet.write_table(pa.table(columns), folder / f"{place:03d}.parquet", row_group_size=122_880)


def vowpal_cache(folder: Path, files: str, target: str, loss: str) -> list[str]:
    """Its binary cache of the rows, which is made off the clock; DuckDB writes the text that it wants."""
    import duckdb

    text, cache = folder / "rows.vw", folder / "rows.cache"
    label = f"CASE WHEN {target} > 0 THEN 1 ELSE -1 END" if loss == "log" else target
    pairs = " || ' ' || ".join(f"'{name}:' || round({name}, 6)" for name in NAMES)
    rows = f"SELECT {label} || ' |f ' || {pairs} FROM read_parquet('{files}')"
    query = f"COPY ({rows}) TO '{text}' (HEADER false, QUOTE '')"
    try:
        from vowpalwabbit import Workspace
    except ImportError:
        return [str(cache), str(text)]
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(query)
    kind = "logistic" if loss == "log" else "squared"
    Workspace(
        f"-d {text} --cache_file {cache} -k --quiet --holdout_off -b 10 --loss_function {kind}"
    ).finish()
    os.truncate(text, 0)  # from here on the cache alone is read
    return [str(cache), str(text)]


@contextmanager
def _limited():
    """A function that runs a command in at most MEMORY, by a control group where one can be made; it gives
    seconds, weights, intercept and the most memory that the process took, or why there are none."""
    group = _group()

    def run(command: list[str]):
        join = None if group is None else lambda: (group / "cgroup.procs").write_text(str(os.getpid()))
        began = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=join
        )
        out, complaint = began.communicate()
        if began.returncode:
            last = (complaint.strip().splitlines() or [f"exit code {began.returncode}"])[-1]
            return f"killed at {MEMORY / 1e9:g} GB" if began.returncode == -9 else last[:200]
        return json.loads(out.splitlines()[-1])

    try:
        yield run
    finally:
        if group is not None:
            group.rmdir()


def _group() -> Path | None:
    """A control group of version 1 or 2 with the limit; None where none may be made."""
    try:
        told = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
        for _, kinds, path in told:
            if "memory" in kinds.split(","):
                group = Path("/sys/fs/cgroup/memory" + path, f"downslope-{os.getpid()}")
                group.mkdir()
                (group / "memory.limit_in_bytes").write_text(str(MEMORY))
                return group
        group = Path("/sys/fs/cgroup" + told[-1][2], f"downslope-{os.getpid()}")
        group.mkdir()
        (group / "memory.max").write_text(str(MEMORY))
        return group
    except OSError:
        return None


def judge(files: str, target: str, loss: str, lines, weights) -> None:
    """F of everybody's weights over all rows, in one scan: `reached` is how much it lies above the best."""
    import duckdb

    labels = [label for label, found in weights.items() if found is not None]
    if not labels:
        return
    W = np.array([weights[label][0] for label in labels]).T
    b = np.array([weights[label][1] for label in labels])
    total, count = np.zeros(len(labels)), 0
    with duckdb.connect(":memory:") as connection:
        columns = ", ".join([*NAMES, target])
        for batch in connection.sql(f"SELECT {columns} FROM read_parquet('{files}')").to_arrow_reader(65_536):
            X = np.column_stack([batch.column(j).to_numpy() for j in range(D)])
            y, z = batch.column(D).to_numpy()[:, None], X @ W + b
            price = (z - y) ** 2 if loss == "squared" else np.logaddexp(0, z) - y * z
            total += price.sum(axis=0)
            count += len(y)
    F = total / count
    for label, value in zip(labels, F):
        lines[label]["reached"] = float(value / F.min() - 1)


PEERS = ("polars", "Vowpal Wabbit")
stream_squared = OutOfMemory(
    name="stream_squared",
    work="least squares over Parquet files, 20,000,000 × 30, in 1 GB",
    loss="squared",
    target="y",
    settings="",
    targets=(AtMost("DuckDB", 1.5), Faster(PEERS[:1], 3), Faster(PEERS[1:], 3), AtLeastAsGood(PEERS)),
)
stream_log = OutOfMemory(
    name="stream_log",
    work="logistic regression over Parquet files, 20,000,000 × 30, in 1 GB",
    loss="log",
    target="c",
    settings="tol=1e-2",
    targets=(Faster(PEERS[:1], 3), Faster(PEERS[1:], 3), AtLeastAsGood(PEERS)),
)
ROWS = (stream_squared, stream_log)

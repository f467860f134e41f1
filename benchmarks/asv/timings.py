"""Ten timings of what people do most, to be compared from commit to commit.

asv finds them by name: `cd benchmarks/asv && asv run main~20..main && asv publish`. Without asv,
`python benchmarks/asv/timings.py FILE` appends one line of JSON to FILE: the commit, the date, the machine
and the median seconds of each. Two lines are comparable if they are from one idle machine.
"""

import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np

import downslope as ds


@cache
def table(n: int, d: int, kind: str = "numbers") -> ds.Dataset:
    random = np.random.default_rng(0)
    X = random.normal(size=(n, d))
    z = X @ random.normal(size=d) + random.normal(size=n)
    return ds.Dataset.from_arrays(X, z if kind == "numbers" else (z > 0).astype(float))


@cache
def file_of_rows() -> str:
    random, path = np.random.default_rng(0), Path(tempfile.mkdtemp()) / "rows.csv"
    kinds = np.array(["red", "green", "blue"])[random.integers(0, 3, 20_000)]
    lines = (
        f"{a:.6f},{kind},{y:.6f}\n"
        for a, kind, y in zip(random.normal(size=20_000), kinds, random.normal(size=20_000))
    )
    path.write_text("a,kind,y\n" + "".join(lines))
    return str(path)


def time_import():
    subprocess.run([sys.executable, "-c", "import downslope"], check=True)


def time_least_squares_100_000_by_50():
    ds.fit(table(100_000, 50))


def time_logistic_100_000_by_50():
    ds.fit(table(100_000, 50, "classes"), loss="log", penalty="l2", alpha=0.01)


def time_lasso_path_10_000_by_200():
    ds.path(table(10_000, 200), penalty="l1", alphas=50, eps=1e-2)


def time_ridge_alpha_by_cross_validation():
    ds.fit(table(10_000, 50), penalty="l2", alpha="cv")


def time_median_regression_10_000_by_10():
    ds.fit(table(10_000, 10), loss="absolute")


def time_sgd_ten_epochs():
    ds.fit(table(20_000, 20), method="sgd", epochs=10)


def time_small_fit_with_verdict():
    ds.fit(table(200, 5), method="gd")


def time_minimize_rosenbrock():
    ds.minimize("(1-x)^2 + 100*(y-x^2)^2", [-1.2, 1.0], "newton")


def time_read_csv_of_20_000_rows():
    ds.Dataset.read(file_of_rows(), target="y")


TIMINGS = {name: call for name, call in globals().items() if name.startswith("time_")}


def seconds(call, rounds: int = 5) -> float:
    """The median of `rounds` calls, after one that is not counted: it makes the rows and compiles."""
    taken = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[1:])


def measured(rounds: int = 5) -> dict:
    """The line of this commit."""
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12"]
    commit = subprocess.run(git, capture_output=True, text=True).stdout.strip()
    about = {"commit": commit, "time": datetime.now(UTC).isoformat(timespec="seconds")}
    machine = {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "downslope": ds.__version__,
    }
    return about | machine | {"seconds": {name: seconds(call, rounds) for name, call in TIMINGS.items()}}


if __name__ == "__main__":
    with open(sys.argv[1], "a", encoding="utf-8") as log:
        log.write(json.dumps(measured()) + "\n")

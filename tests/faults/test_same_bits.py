"""The same bits with one BLAS thread or many, one core or several: each run in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FITS = """
import json, sys
import numpy as np
import downslope as ds

rng = np.random.default_rng(7)
told = {}


def fits(name, rows, methods, **how):
    for method in methods:
        found = ds.fit(rows, method=method, epochs=8, **how)
        told[f"{name} {method}"] = [number.hex() for number in [*found.params.tolist(), found.loss]]


n = int(sys.argv[1])
X = rng.normal(size=(n, 12)) * 10.0 ** rng.integers(-2, 3, 12)
z = X @ (rng.normal(size=12) / X.std(axis=0))
labels = (z + rng.logistic(size=n) > 0).astype(int)
full = ["auto", "newton", "subsampled", "lbfgs", "gd", "momentum", "nesterov", "adam"]
fits("log", ds.Dataset.from_arrays(X, labels), full, loss="log")
fits("squared", ds.Dataset.from_arrays(X, z), ["auto", "gd", "lbfgs"], penalty="l2", alpha=1.0)
fits("lasso", ds.Dataset.from_arrays(X, z), ["auto"], penalty="l1", alpha=1e-3)
few = slice(0, n // 4)
fits("softmax", ds.Dataset.from_arrays(X[few], np.digitize(z, [-1, 1])[few]), ["auto", "gd"], loss="log")
path = ds.path(ds.Dataset.from_arrays(X[few], z[few]), alphas=5)
told["path"] = [number.hex() for number in path.coef.ravel().tolist()]
wide = rng.normal(size=(600, 300))
target = wide[:, 0] + rng.normal(size=600)
fits("wide", ds.Dataset.from_arrays(wide, target), ["auto", "newton"], loss="huber")
fits("wide squared", ds.Dataset.from_arrays(wide, wide[:, 0]), ["auto", "gd"])
rows = ds.Dataset.read(sys.argv[2], "y")
fits("file", rows, ["auto", "gd"], loss="huber:0.5")
if len(sys.argv) > 3:
    parts = ds.Stream.open(sys.argv[2], "y", reading=ds.ReadOptions("1GB", 4096))
    fits("parts", parts, ["auto", "gd", "lbfgs"], loss="huber:0.5")
print(json.dumps(told))
"""


def run(rows: int, path: Path, *more: str, cores: int = 0, **environment: str) -> dict:
    def fewer():
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])

    kept = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
    ended = subprocess.run(
        [sys.executable, "-c", FITS, str(rows), str(path), *more],
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=fewer if cores else None,
    )
    return json.loads(ended.stdout)


def table(path: Path, rows: int) -> Path:
    import numpy as np

    rng = np.random.default_rng(1)
    X = rng.normal(size=(rows, 8))
    lines = [",".join([*"abcdefgh", "y"])]
    lines += [",".join(f"{number:.6g}" for number in row) for row in np.column_stack([X, X.sum(axis=1)])]
    path.write_text("\n".join(lines))
    return path


def differing(one: dict, other: dict) -> list[str]:
    assert one.keys() == other.keys()
    return [name for name in one if one[name] != other[name]]


@pytest.mark.slow
@pytest.mark.fault("F10")
def test_one_blas_thread_gives_the_bits_of_many(tmp_path):
    path = table(tmp_path / "rows.csv", 4_000)
    assert (
        differing(run(20_000, path, OPENBLAS_NUM_THREADS="4"), run(20_000, path, OPENBLAS_NUM_THREADS="1"))
        == []
    )


@pytest.mark.slow
@pytest.mark.fault("F10")
def test_cores_and_threads_of_any_number_give_the_same_bits(tmp_path):
    path = table(tmp_path / "rows.csv", 60_000)
    usual = run(200_000, path, "parts")
    for environment in (
        {"OPENBLAS_NUM_THREADS": "1"},
        {"DOWNSLOPE_THREADS": "1"},
        {"DOWNSLOPE_THREADS": "16", "OPENBLAS_NUM_THREADS": "16"},
        {"OMP_NUM_THREADS": "3"},
    ):
        assert differing(usual, run(200_000, path, "parts", **environment)) == [], environment
    if hasattr(os, "sched_setaffinity"):
        assert differing(usual, run(200_000, path, "parts", cores=1)) == []

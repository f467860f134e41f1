"""What a user waits for first: a fit in a process that has compiled nothing, one in a later process, and
fits of three rows.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import Any

import numpy as np

from .contenders import Answer, Contender, downslope
from .measure import Row
from .problems import Problem
from .targets import Beyond, Within

NOTHING, LATER = "nothing compiled", "a later process"

# What each process does: load the library, make a Dataset, fit it. Rows are made before the clock starts,
# and are so many that nothing is left to plain Python.
FIT = """
import time, warnings, numpy, scipy.sparse
warnings.simplefilter("ignore")
draw = numpy.random.default_rng(0)
X = draw.standard_normal((20_000, 20)); z = X @ draw.standard_normal(20)
classes = (draw.random(20_000) < 1 / (1 + numpy.exp(-z))).astype(float)
kinds = numpy.digitize(z, [-3.0, 3.0]).astype(float); numbers = z + draw.standard_normal(20_000)
rows = scipy.sparse.random_array((20_000, 500), density=0.02, format="csr", rng=draw) + 0.0
began = time.perf_counter()
import downslope as ds
ds.fit(ds.Dataset.from_arrays({X}, {y}), {settings})
print(time.perf_counter() - began)
"""
KINDS = {
    "least squares": ("X", "numbers", ""),
    "gradient descent": ("X", "numbers", "method='gd', epochs=50"),
    "one SGD pass": ("X", "numbers", "method='sgd', epochs=1"),
    "one SGD pass on CSR": ("rows", "classes", "loss='log', method='sgd', epochs=1"),
    "logistic": ("X", "classes", "loss='log', penalty='l2', alpha=1e-3"),
    "logistic on CSR": ("rows", "classes", "loss='log', penalty='l2', alpha=1e-3"),
    "softmax": ("X", "kinds", "loss='log', penalty='l2', alpha=1e-3"),
    "lasso": ("X", "numbers", "penalty='l1', alpha=0.1"),
    "L1-logistic": ("X", "classes", "loss='log', penalty='l1', alpha=0.01"),
}
QUICK = ("one SGD pass", "logistic")


@dataclass(frozen=True)
class Starting:
    """Processes, not calls: the same table, filled in another way."""

    name: str
    work: str
    sizes: dict[str, dict[str, int]]
    targets: tuple[Any, ...]

    def measure(self, mode: str, rounds: int) -> dict[str, Any]:
        lines: dict[str, dict[str, Any]] = {}
        for kind in KINDS if mode == "full" else QUICK:
            with tempfile.TemporaryDirectory() as cache:
                for place in range(1 + rounds):
                    label = f"{NOTHING if place == 0 else LATER}: {kind}"
                    line = lines.setdefault(
                        label, {"name": label, "tolerance": None, "why": None, "times": []}
                    )
                    try:
                        line["times"].append(_process(kind, cache))
                    except subprocess.CalledProcessError as error:
                        line["why"] = (error.stderr.strip().splitlines() or ["failed"])[-1][:200]
        settle(lines)
        return {"row": self.name, "sizes": self.sizes[mode], "contenders": list(lines.values())}


def settle(lines: dict[str, dict[str, Any]]) -> None:
    """The seconds of every run of a line, as the table tells them."""
    for line in lines.values():
        times = line.pop("times")
        if times:
            line |= {"seconds": statistics.median(times), "least": min(times), "most": max(times)}
            line["runs"] = len(times)


def _process(kind: str, cache: str) -> float:
    """Seconds from `import downslope` to the end of its first fit, with numba's compiled code in `cache`."""
    X, y, settings = KINDS[kind]
    code = FIT.format(X=X, y=y, settings=settings)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "NUMBA_CACHE_DIR": cache},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


# ---- three rows ----


def build_tiny() -> Problem:
    X = np.array([[1.0], [2.0], [3.0]])
    settings = {"learning_rate": 0.01, "epochs": 100}
    return Problem(X, np.array([2.1, 3.9, 6.2]), "squared", intercept=False, settings=settings)


def _lesson_loop(problem: Problem, tol) -> Answer:
    """The loop of the lessons: predict, cost, gradient, update, all of it kept."""
    x, y = problem.X[:, 0], problem.y
    w, kept = 0.0, []
    for epoch in range(int(problem.settings["epochs"])):
        e = x * w - y
        cost, gradient = np.mean(e**2), np.mean(2 * x * e)
        w = w - problem.settings["learning_rate"] * gradient
        kept.append((epoch, cost, w))
    return Answer([(np.array([w]), 0.0)])


first_fit = Starting(
    name="first_fit",
    work="first fit in a process that has compiled nothing · in any later process, library loaded and all",
    sizes={"full": {"n": 20_000}, "quick": {"n": 20_000}},
    targets=(Within(NOTHING, 12.0), Within(LATER, 1.0)),
)
tiny = Row(
    name="tiny",
    work="tiny fits: 3 rows × 100 epochs",
    sizes={"full": {}, "quick": {}},
    build=build_tiny,
    contenders=(
        downslope("gd", (), scale=False, tol=0.0),
        Contender("NumPy loop", _lesson_loop),
    ),
    targets=(Beyond("NumPy loop", 2, 0.005),),
    within=1e-4,
    floor=lambda problem: _lesson_loop(problem, None),
    floor_is="the NumPy loop",
    turns=20,
)

ROWS = (first_fit, tiny)

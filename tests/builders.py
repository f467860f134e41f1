"""What tests of several rooms share: where inputs lie, rows with known answers, and how a refusal reads."""

import json
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from downslope.errors import DownslopeError
from downslope.kernels import gather
from downslope.messages import LANGUAGES, speaking

TESTS = Path(__file__).parent
ROOT = TESTS.parent
EXAMPLES = ROOT / "examples"
CASES = TESTS / "cases"
FIXTURES = TESTS / "fixtures"
GOLDEN = TESTS / "golden"
SCRIPTS = TESTS / "corpus" / "scripts"
NIST = json.loads((TESTS / "nist.json").read_text())


def refused(call, *arguments, **named) -> DownslopeError:
    """The error that a call is refused with: one line in each language."""
    with pytest.raises(DownslopeError) as caught:
        call(*arguments, **named)
    for language in LANGUAGES:
        with speaking(language):
            assert str(caught.value) and "\n" not in str(caught.value)
    return caught.value


def refused_key(call, *arguments, **named) -> str:
    """The key of the message that a call is refused with."""
    return refused(call, *arguments, **named).key


@contextmanager
def dask_client(workers: int):
    """Dask's client of so many workers in this process, its page at a port that is free."""
    import distributed

    settings = {"processes": False, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    with (
        distributed.LocalCluster(n_workers=workers, **settings) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def digits(found, right) -> float:
    """NIST's log relative error: how many digits are right, 15 at most; of the worst number."""
    found, right = np.asarray(found, dtype=float), np.asarray(right, dtype=float)
    away = np.abs(found - right) / np.where(right == 0, 1.0, np.abs(right))
    return float(-np.log10(np.maximum(away, 1e-15)).min())


def nist(name):
    """(X, y, whether there is an intercept, the certified coefficients)"""
    case = NIST[name]
    table, certified = np.array(case["rows"], dtype=float), np.array(case["certified"])
    X, y = np.delete(table, case["columns"].index("y"), axis=1), table[:, case["columns"].index("y")]
    if "polynomial" in case["model"]:
        X = X ** np.arange(1, len(certified))
    return X, y, "origin" not in case["model"], certified


def fetched(term, order, fetch=gather.fetch):
    """Dense rows as a pass gathers them: X, Y and weights."""
    q = term.X.shape[1] + term.intercept
    share = np.empty(0) if term.relative_weight is None else term.relative_weight
    X, Y, weights = np.empty((len(order), q)), np.empty((len(order), term.outputs)), np.empty(len(order))
    standardise = term.standardise
    fetch(term.X, term.Y, share, order, standardise.center, 1 / standardise.width, X, Y, weights)
    return X, Y, weights if len(share) else share

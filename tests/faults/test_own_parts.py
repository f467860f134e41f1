"""A penalty or a direction of one's own goes through the doors that it has, and is refused at the others."""

from dataclasses import dataclass

import numpy as np
import pytest

import downslope as ds
from downslope.model.penalties import Penalty
from downslope.registry import register

pytestmark = pytest.mark.fault("D9")
RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 3))
ROWS = ds.Dataset.from_arrays(X, X @ [1.0, -2.0, 3.0])


@dataclass(frozen=True)
class Signs(ds.directions.Direction):
    """w = w − t·g, written again."""

    @property
    def constants(self):
        return 0, 0.0, 0.0, 0.0, 0.0

    def move(self, w, g, rate, memory, l1):
        memory.updates += 1
        return w - rate * g


@pytest.mark.parametrize("rows", [ds.All(), ds.Batch(8), ds.Batch(1)])
def test_an_own_direction_moves_as_it_says_with_all_rows_and_with_some(rows):
    settings = {"epochs": 30, "tol": 0.0, "seed": 3}
    own = ds.fit(ROWS, method=ds.Method(rows, Signs(), 0.05), **settings)
    ours = ds.fit(ROWS, method=ds.Method(rows, ds.directions.Steepest(), 0.05), **settings)
    np.testing.assert_allclose(own.params, ours.params, atol=1e-12)


def test_an_own_direction_is_refused_where_it_would_be_kept(tmp_path):
    method = ds.Method(ds.All(), Signs(), 0.05)
    with pytest.raises(ds.DownslopeError, match="Signs is your own direction"):
        ds.fit(ROWS, method=method, epochs=3).save(tmp_path / "run")
    with pytest.raises(ds.DownslopeError, match="Signs is your own direction"):
        ds.fit(ROWS, method=method, epochs=3, checkpoint=ds.Checkpoint(tmp_path / "kept"))


def test_what_the_refusal_of_an_own_penalty_says_works():
    """A function of alpha that returns a Penalty goes through the door."""
    from downslope.model.penalties import PENALTIES

    try:
        register("penalty", "mine", lambda alpha: Penalty("mine", alpha, 0.3, 0.7))
        run = ds.fit(ROWS, penalty="mine", alpha=0.1)
    finally:
        PENALTIES.pop("mine", None)
    expected = ds.fit(ROWS, penalty="elasticnet:0.3", alpha=0.1)
    np.testing.assert_allclose(run.params, expected.params, rtol=1e-9)


def test_an_own_penalty_is_refused_since_nothing_asks_for_its_prox():
    class Box(Penalty):
        def prox(self, v, step=1.0):
            return np.clip(v, 0.0, 1.0)

    for call in (
        lambda: ds.fit(ROWS, penalty=Box("box", 1.0, 1.0, 0.0)),
        lambda: ds.LinearRegressor(penalty=Box("box", 1.0, 1.0, 0.0), alpha=1.0).fit(ROWS.X, ROWS.y),
        lambda: ds.objective(ROWS, penalty=Box("box", 1.0, 1.0, 0.0)),
        lambda: register("penalty", "box", lambda alpha: Box("box", alpha, 1.0, 0.0)),
    ):
        with pytest.raises(ds.DownslopeError, match="Box is your own penalty"):
            call()

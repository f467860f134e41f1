"""Claims about passes: every path that a pass can take is the generic sweep, for every loss, direction,
penalty, kind of number, order in memory and order of rows; sparse rows are their dense selves."""

import itertools
import threading
import time

import numpy as np
import pytest
from scipy import sparse

from downslope.data import Dataset
from downslope.descent import directions, epochs
from downslope.descent.batching import LONG, Batch
from downslope.descent.descend import descend
from downslope.descent.directions import DIRECTIONS, SearchDirection
from downslope.descent.methods import SGD, Method
from downslope.descent.schedules import Constant, InverseScaling, OneCycle
from downslope.descent.stops import Epochs
from downslope.kernels import gather, ring, sparse_sweeps, threads
from downslope.kernels.compiled import compiled
from downslope.kernels.sweeps import single_sweep, sweep
from downslope.model import passes
from downslope.model.linear import Linear
from downslope.model.losses import LOSSES, by_name
from downslope.model.objective import objective
from downslope.model.penalties import PENALTIES
from tests.builders import fetched

MOVING = [kind for kind in DIRECTIONS.values() if not issubclass(kind, SearchDirection)]
MOVERS = [kind() for kind in MOVING if kind is not directions.Nesterov]
MOVERS += [directions.Nesterov(0.8), directions.AdamW(decay=0.3)]
LOSS_NAMES = [*LOSSES]
N, D = 37, 11


def made(loss, penalty=None, alpha=0.1, intercept=True, scale=True, k=1, form=np.asarray, weighted=False):
    """An objective over rows of which most numbers are 0, one column is nearly empty, and one is full."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(N, D)) * (rng.random((N, D)) < 0.3) * rng.uniform(0.3, 3.0, D)
    X[:, 3], X[:, 4] = rng.normal(1.0, 1.0, N), 0.0
    X[7, 4] = 2.0
    y = X @ rng.normal(size=(D, k)) + rng.normal(size=(N, k))
    if by_name(loss).labels:
        y = y.argmax(axis=1) if k > 1 else (y[:, 0] > 0).astype(float)
    elif loss == "poisson":
        y = rng.poisson(1.5, (N, k)).astype(float)
    weights = rng.uniform(0.2, 2.0, N) if weighted else None
    dataset = Dataset.from_arrays(form(X), y, weights)
    return objective(dataset, loss, penalty, alpha if penalty else 0.0, Linear(intercept, scale))


def swept(kernel, F, direction, size, rates, count=0):
    """One pass: (value, gradient, w, memory), joined."""
    memory = direction.begin(F.term.column_scale > 0)
    theta = 0.1 * np.random.default_rng(2).normal(size=F.size)
    order = np.random.default_rng(5).permutation(N)
    value, gradient, w = kernel(
        *fetched(F.term, order), size, F.term.loss.kernel, theta, memory.vectors, direction.constants,
        rates, count, F.l1, F.l2,
    )  # fmt: skip
    return np.concatenate([[value], gradient, w, memory.vectors[:2].ravel()])


def path(F, method, epochs=2):
    """What a descent leaves: every step's numbers, its weights and its memory."""
    steps, found = descend(F, np.zeros(F.size), method, Epochs(epochs), seed=1), []
    while True:
        try:
            step = next(steps)
        except StopIteration as over:
            return np.concatenate([*found, over.value.theta, over.value.memory.vectors[:2].ravel()])
        found.append(np.array([step.loss, step.gradient_norm, step.objective, *step.gradient, *step.params]))


def close(one, other):
    """Alike but for the rounding of sums in another order, over some tens of updates."""
    return np.allclose(one, other, rtol=1e-9, atol=1e-10)


@pytest.mark.sample(24)
@pytest.mark.parametrize("size", [1, 5])
@pytest.mark.parametrize("direction", MOVERS, ids=repr)
@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_the_path_for_one_output_is_the_generic_sweep(loss, direction, size):
    rates = np.linspace(0.02, 0.01, -(-N // size))
    for weighted, penalty in enumerate(PENALTIES):
        F = made(loss, None if penalty == "none" else penalty, weighted=weighted % 2 == 0)
        told = swept(sweep, F, direction, size, rates, count=3)
        assert close(swept(compiled(single_sweep), F, direction, size, rates, count=3), told)


def test_rows_are_fetched_from_any_layout_and_kind_of_number():
    F = made("squared", weighted=True)
    order = np.random.default_rng(0).integers(0, N, 50)
    for dtype, layout in itertools.product((np.float64, np.float32), "CFA"):
        X = F.term.X.astype(dtype)
        X = np.repeat(X, 2, axis=1)[:, ::2] if layout == "A" else np.array(X, order=layout)
        term = made("squared", form=lambda _: X).term  # noqa: B023
        object.__setattr__(term, "X", X)
        for fetch in (gather.fetch, compiled(gather.fetch)):
            inner, Y, _ = fetched(term, order, fetch)
            standardise = term.standardise
            assert np.array_equal(inner[:, :-1], (X[order] - standardise.center) * (1 / standardise.width))
            assert (inner[:, -1] == 1).all() and np.array_equal(Y, term.Y[order])


@pytest.mark.sample(24)
@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("direction", MOVERS, ids=repr)
@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_a_pass_over_sparse_rows_is_the_pass_over_their_dense_selves(loss, direction, size, monkeypatch):
    monkeypatch.setattr(epochs, "WORTH_COMPILING", 0)
    monkeypatch.setattr(passes, "PIECE", 64)  # numbers: many pieces a pass
    forms = [(True, True), (False, True), (True, False)]  # intercept, scale
    for penalty, (intercept, scale) in itertools.product(PENALTIES, forms[: 3 if size == 1 else 1]):
        how = {"penalty": None if penalty == "none" else penalty, "intercept": intercept, "scale": scale}
        F = made(loss, form=sparse.csr_array, **how).uncentred()
        G = made(loss, **how)
        object.__setattr__(G.term, "standardise", F.term.standardise)
        method = Method(Batch(size), direction, InverseScaling(0.02))
        assert close(path(F, method), path(G, method))


@pytest.mark.parametrize("alpha", [1e-4, 0.5, 30.0])  # where decays are summed, and where they are walked
@pytest.mark.parametrize("rate", [Constant(0.03), InverseScaling(0.05, 0.5), OneCycle(0.05)])
@pytest.mark.parametrize("k", [1, 3])
def test_sparse_decays_hold_for_any_price_and_schedule(k, rate, alpha, monkeypatch):
    monkeypatch.setattr(epochs, "WORTH_COMPILING", 0)
    for penalty, loss in (("l2", "log"), ("elasticnet", "log"), ("l1", "squared"), ("l2", "huber")):
        F = made(loss, penalty, alpha, k=k, form=sparse.csr_array, weighted=True).uncentred()
        G = made(loss, penalty, alpha, k=k, weighted=True)
        object.__setattr__(G.term, "standardise", F.term.standardise)
        for size in (1, 3):
            assert close(*(path(each, Method(Batch(size), learning_rate=rate), 3) for each in (F, G)))


def test_long_waits_end_where_walking_would():
    """A column that is seen once in thousands of updates, under every direction."""
    rng = np.random.default_rng(0)
    rates, reach = rng.uniform(0.001, 0.05, 3000), np.zeros((sparse_sweeps.TERMS, 3001))
    sparse_sweeps.reaches(rates, reach)
    for direction, l1, l2 in itertools.product(MOVERS, (0.0, 1e-4), (0.0, 1e-3)):
        given = direction.constants, 0.7, 0.2, 0.3, 1.0, l1, l2, rates, reach
        far = compiled(sparse_sweeps.replay)(*given, rates.max(), 10, 2900, 5)
        walked = compiled(sparse_sweeps.replay)(*given, np.inf, 10, 2900, 5)
        assert np.allclose(far, walked, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("cores", ["1", "2", "5"])
def test_the_same_bits_with_any_number_of_threads(cores, monkeypatch):
    monkeypatch.setattr(epochs, "WORTH_COMPILING", 0)
    monkeypatch.setattr(passes, "PIECE", 64)
    for form in (np.asarray, sparse.csr_array):
        F = made("log", "l2", form=form)
        monkeypatch.setenv("DOWNSLOPE_THREADS", "3")
        told = path(F, SGD(0.05))
        monkeypatch.setenv("DOWNSLOPE_THREADS", cores)
        assert np.array_equal(path(F, SGD(0.05)), told)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_hundreds_of_pieces_by_five_threads_are_those_of_one(form, monkeypatch):
    monkeypatch.setattr(passes, "PIECE", 256)
    monkeypatch.setattr(passes, "STRETCH", 7)
    rng = np.random.default_rng(1)
    X = rng.normal(size=(20_000, 9)) * (rng.random((20_000, 9)) < 0.5)
    F = objective(Dataset.from_arrays(form(X), X @ rng.normal(size=9)), "squared", "l2", 1e-3)
    monkeypatch.setenv("DOWNSLOPE_THREADS", "1")
    told = path(F, SGD(0.01))
    monkeypatch.setenv("DOWNSLOPE_THREADS", "5")
    for _ in range(5):
        assert np.array_equal(path(F, SGD(0.01)), told)


def test_every_piece_is_begun_once_and_no_place_is_taken_twice():
    for begun in (ring.begun, compiled(ring.begun)):
        state = ring.fresh()
        assert [begun(state, 7) for _ in range(6)] == [0, 1, 2, 3, -1, -1]
        ring.put(state, ring.USED, 2)
        assert [begun(state, 7) for _ in range(3)] == [4, 5, -1]
        ring.put(state, ring.USED, 6)
        assert [begun(state, 7) for _ in range(3)] == [6, 7, 7]
        assert not ring.swap(state, ring.BEGUN, 3, 9) and ring.look(state, ring.BEGUN) == 7
        ring.close(state)
        assert begun(state, 7) == 7


def test_helpers_end_with_whoever_they_help_and_their_errors_reach_him(monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_THREADS", "3")
    closed = threading.Event()
    with pytest.raises(KeyboardInterrupt), threads.with_helpers(closed.wait, closed.set, 2):
        raise KeyboardInterrupt
    with pytest.raises(ZeroDivisionError), threads.with_helpers(lambda: 1 // 0, closed.set, 2):
        time.sleep(0.1)
    with threads.with_helpers(lambda: 1 // 0, closed.set, 0):  # nobody is asked to
        pass


def test_a_long_order_is_drawn_by_a_shuffle_that_is_even_and_the_same_when_compiled():
    drawn = [Batch(1).order_of(LONG, epoch, 5) for epoch in (0, 0, 1)]
    assert np.array_equal(np.sort(drawn[0]), np.arange(LONG))
    assert np.array_equal(drawn[0], drawn[1]) and (drawn[0] != drawn[2]).mean() > 0.99
    places = np.zeros((5, 5))  # how often a number comes to lie at a place
    keys = np.random.default_rng(0).integers(2**64, size=5000, dtype=np.uint64)
    for number, key in enumerate(keys):
        order, plain = np.arange(5), np.arange(5)
        compiled(gather.shuffle)(order, key, 5)
        if number < 50:
            with np.errstate(over="ignore"):
                gather.shuffle(plain, key, 5)
            assert np.array_equal(order, plain)
        places[order, np.arange(5)] += 1
    assert np.abs(places - 1000).max() < 5 * np.sqrt(5000 * 0.2 * 0.8)

"""Claims about learning rates over time: endpoints, formula, falling, in pieces as at once."""

import dataclasses
import math

import numpy as np
import pytest

from downslope.descent import auto_rate
from downslope.descent.methods import GD, SGD, Method, MiniBatch, by_name, from_json, rate_from_json
from downslope.descent.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    Exponential,
    InverseScaling,
    OneCycle,
    StepDecay,
)
from downslope.errors import DownslopeError

PER_EPOCH, TOTAL = 4, 200
EVERY = pytest.mark.parametrize("schedule", [kind(0.3) for kind in SCHEDULES.values()], ids=repr)


def laid(schedule, total=TOTAL, per_epoch=PER_EPOCH):
    return schedule.rates(np.arange(total), per_epoch, total)


@EVERY
def test_every_rate_is_above_zero_and_none_above_the_peak(schedule):
    found = laid(schedule)
    assert found.shape == (TOTAL,) and (found > 0).all() and found.max() <= 0.3 * (1 + 1e-15)


@EVERY
def test_it_begins_at_its_rate_and_falls_but_for_the_warming_up(schedule):
    found = laid(schedule)
    if isinstance(schedule, OneCycle):
        top = int(found.argmax())
        assert math.isclose(found[0], 0.3 / 25) and top == round(0.3 * TOTAL)
        assert (np.diff(found[: top + 1]) > 0).all() and (np.diff(found[top:]) < 0).all()
    else:
        assert found[0] == 0.3 and (np.diff(found) <= 0).all()


@EVERY
def test_in_pieces_it_is_the_same_as_at_once(schedule):
    pieces = [
        schedule.rates(np.arange(k, k + PER_EPOCH), PER_EPOCH, TOTAL) for k in range(0, TOTAL, PER_EPOCH)
    ]
    assert np.array_equal(np.concatenate(pieces), laid(schedule))


@EVERY
def test_an_epoch_of_one_update_is_an_epoch(schedule):
    by_epoch = laid(schedule, total=50, per_epoch=1)
    if not schedule.ends:  # laid out by epochs
        assert np.allclose(by_epoch, laid(schedule, total=200, per_epoch=4)[::4], rtol=1e-15)


@EVERY
def test_the_last_rate_is_still_a_rate(schedule):
    assert schedule.rates(np.array([TOTAL]), PER_EPOCH, TOTAL)[0] >= 0
    assert np.isfinite(schedule.rates(np.array([0]), 1, 1)).all()


def test_formulas():
    e = np.arange(TOTAL) / PER_EPOCH
    assert np.allclose(laid(InverseScaling(0.3, 0.6)), 0.3 / (1 + e) ** 0.6, rtol=1e-15)
    assert np.allclose(laid(StepDecay(0.3, 0.5, 10)), 0.3 * 0.5 ** (e // 10), rtol=1e-15)
    assert np.allclose(laid(Exponential(0.3, 0.9)), 0.3 * 0.9**e, rtol=1e-13)
    assert np.allclose(laid(Constant(0.3)), 0.3)
    share = np.arange(TOTAL) / TOTAL
    cosine = 0.01 + 0.29 * (1 + np.cos(np.pi * share)) / 2
    assert np.allclose(laid(Cosine(0.3, 0.01)), cosine, rtol=1e-14)
    assert np.isclose(Cosine(0.3, 0.01).rates(np.array([TOTAL]), 1, TOTAL)[0], 0.01)
    assert np.isclose(OneCycle(0.3).rates(np.array([TOTAL]), 1, TOTAL)[0], 0.3 / 1e4)


def test_schedules_are_those_of_torch():
    torch = pytest.importorskip("torch")
    x = torch.zeros(1, requires_grad=True)

    def theirs(make, steps):
        optimizer = torch.optim.SGD([x], 0.3)
        scheduler = make(optimizer)
        found = []
        for _ in range(steps):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return found

    schedulers = torch.optim.lr_scheduler
    pairs = [
        (Exponential(0.3, 0.9), lambda o: schedulers.ExponentialLR(o, 0.9)),
        (StepDecay(0.3, 0.5, 10), lambda o: schedulers.StepLR(o, 10, 0.5)),
        (Cosine(0.3, 0.01), lambda o: schedulers.CosineAnnealingLR(o, 60, 0.01)),
    ]
    for ours, make in pairs:
        assert np.allclose(ours.rates(np.arange(60), 1, 60), theirs(make, 60), rtol=1e-12)


@pytest.mark.parametrize("warm", [0.0, 1.0])
def test_one_cycle_may_begin_or_end_at_its_peak(warm):
    found = laid(OneCycle(0.3, warm))
    assert np.isfinite(found).all() and (np.diff(found) < 0).all() == (warm == 0.0)


@pytest.mark.parametrize("rate", [0, -0.1, float("nan"), float("inf")])
@pytest.mark.parametrize("kind", SCHEDULES.values())
def test_a_rate_that_is_no_rate_is_refused(kind, rate):
    with pytest.raises(DownslopeError) as caught:
        kind(rate)
    assert caught.value.key == "descent.learning_rate"


@pytest.mark.parametrize("word", ["fast", None, True, [0.1]])
def test_a_learning_rate_that_is_no_number_is_refused(word):
    with pytest.raises(DownslopeError) as caught:
        Method(learning_rate=word)
    assert caught.value.key == "descent.learning_rate_word"


@EVERY
def test_a_schedule_comes_back_from_json(schedule):
    method = GD(schedule)
    told = method.to_json()
    assert from_json(told) == method
    assert rate_from_json(told["learning_rate"]) == schedule


@EVERY
def test_a_schedule_is_a_frozen_record(schedule):
    with pytest.raises(dataclasses.FrozenInstanceError):
        schedule.rate = 1.0


# ── "auto" ──────────────────────────────────────────────────────────────────────────────────────────


def an_objective(loss="squared"):
    from downslope.data import Dataset
    from downslope.model.objective import objective

    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 3))
    return objective(Dataset.from_arrays(X, X[:, 0] + rng.normal(size=30)), loss)


def test_auto_is_the_best_fixed_step_where_curvature_is_known():
    F = an_objective()
    assert auto_rate.resolved(GD(), F) == Constant(2 / (F.lipschitz + F.strong_convexity))
    H = an_objective("huber")
    assert auto_rate.resolved(GD(), H) == Constant(1 / H.lipschitz)
    assert auto_rate.resolved(by_name("nesterov"), F) == Constant(1 / F.lipschitz)
    assert auto_rate.resolved(by_name("momentum:0.9"), H).rate == pytest.approx(0.1 / H.lipschitz)
    assert auto_rate.resolved(GD(0.5), F) == Constant(0.5)


def test_the_curvature_of_a_batch_lies_between_that_of_a_row_and_of_all():
    F = an_objective()
    assert auto_rate.batch_lipschitz(F, 1) == pytest.approx(F.term.row_lipschitz, rel=1e-15)
    assert auto_rate.batch_lipschitz(F, 30) == pytest.approx(F.lipschitz, rel=1e-15)
    assert auto_rate.batch_lipschitz(F, 1000) == auto_rate.batch_lipschitz(F, 30)
    by_size = [auto_rate.batch_lipschitz(F, size) for size in range(1, 31)]
    assert (np.diff(by_size) < 0).all()
    assert auto_rate.resolved(SGD(), F).rate == pytest.approx(1 / (2 * F.term.row_lipschitz))
    assert auto_rate.resolved(MiniBatch(30), F).rate == pytest.approx(1 / (2 * F.lipschitz))


def test_the_curvature_of_a_batch_is_that_of_expected_smoothness():
    """Gower et al. 2019: E‖g_B(w) − g_B(w*)‖² ≤ 2·L_B·(F(w) − F*), over all batches of a small sum."""
    import itertools

    from downslope.data import Dataset
    from downslope.model.objective import objective

    rng = np.random.default_rng(0)
    X = rng.normal(size=(6, 2))
    F = objective(Dataset.from_arrays(X, X @ [1.0, -1.0] + rng.normal(size=6)))
    best = F.reduced().term.best.ravel()
    for size in (1, 2, 4, 6):
        L = auto_rate.batch_lipschitz(F, size)
        for theta in rng.normal(size=(5, 3)):
            apart = [
                F.value_and_gradient(theta, np.array(batch)).gradient
                - F.value_and_gradient(best, np.array(batch)).gradient
                for batch in itertools.combinations(range(6), size)
            ]
            assert np.mean([g @ g for g in apart]) <= 2 * L * (F.value(theta) - F.value(best)) * (1 + 1e-9)


def test_auto_on_a_function_whose_curvature_is_not_known():
    from downslope.descent.searches import Armijo, StrongWolfe
    from downslope.model.functions import Function
    from downslope.model.objective import function_objective

    F = function_objective(Function.of("x^2", None))
    assert auto_rate.resolved(GD(), F) == Armijo()
    assert auto_rate.resolved(by_name("lbfgs"), F) == StrongWolfe()
    with pytest.raises(DownslopeError) as caught:
        auto_rate.resolved(by_name("adam"), F)
    assert caught.value.key == "descent.auto_needs_curvature"


def test_one_row_at_a_time_asks_for_no_curvature_of_all_of_them(monkeypatch):
    """L of a wide X takes twenty looks at it; the largest L of a row takes one."""
    F = an_objective()
    monkeypatch.setattr(type(F.term), "spectrum", property(lambda term: 1 / 0))
    assert auto_rate.resolved(SGD(), F).rate == pytest.approx(1 / (2 * F.term.row_lipschitz))
    with pytest.raises(ZeroDivisionError):
        auto_rate.resolved(MiniBatch(4), F)


@EVERY
def test_the_lines_of_scripts_are_the_learning_rates(schedule):
    body = "\n".join(f"    {line.format(**vars(schedule))}" for line in schedule.lines)
    names = {"math": math}
    exec(f"def rate(update, per_epoch, total):\n{body}", names)
    rates = schedule.rates(np.arange(60), per_epoch=3, total=60)
    assert [names["rate"](update, 3, 60) for update in range(60)] == pytest.approx(rates, rel=1e-14)

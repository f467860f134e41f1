"""Claims about the log book: its memory, what is never dropped, and how it comes back."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.data import Dataset
from downslope.descent.methods import METHODS
from downslope.descent.trace import Step, Trace
from downslope.inference import fit

losses = st.lists(
    st.one_of(st.floats(-1e6, 1e6), st.floats(-1, 1), st.sampled_from([float("nan"), float("inf"), 0.0])),
    min_size=1,
    max_size=300,
)


def entered(values, capacity):
    trace = Trace(["w"], [0.0], capacity)
    steps = [
        Step(3 * k + 3, k, 1, 0.1 * k, v, abs(v), 0.1, np.array([float(k)])) for k, v in enumerate(values)
    ]
    for step in steps:
        trace.append(step)
    return trace, steps


@given(losses, st.integers(1, 40))
@settings(deadline=None, max_examples=150, derandomize=True)
def test_first_last_lowest_and_highest_are_never_dropped(values, capacity):
    trace, steps = entered(values, capacity)
    kept = {step.epoch for step in trace}
    finite = [step for step in steps if np.isfinite(step.loss)]
    assert {0, len(values) - 1} <= kept
    if finite:
        assert {min(finite, key=lambda s: s.loss).epoch, max(finite, key=lambda s: s.loss).epoch} <= kept


@given(losses, st.integers(1, 40))
@settings(deadline=None, max_examples=150, derandomize=True)
def test_memory_is_fixed_and_what_is_kept_lies_equally_far_apart(values, capacity):
    trace, steps = entered(values, capacity)
    assert len(trace) <= capacity + 3
    kept = [step.epoch for step in trace]
    assert kept == sorted(set(kept))
    regular = [epoch for epoch in range(len(values)) if epoch % trace.stride == 0]
    assert set(regular) <= set(kept) and len(set(kept) - set(regular)) <= 3
    assert len(regular) <= capacity and (trace.stride == 1 or 2 * len(regular) >= capacity - 1)
    assert trace.thinned == (len(values) > len(trace)) and trace.updates == 3 * len(values)
    assert all(step is steps[step.epoch] for step in trace)


def test_the_usual_capacity_is_bounded_in_numbers():
    assert Trace(["w"], [0.0]).capacity == 4096
    assert Trace(map(str, range(300)), np.zeros(300)).capacity == 500
    assert Trace(map(str, range(10**5)), np.zeros(10**5)).capacity == 256


@given(losses, st.integers(1, 40))
@settings(deadline=None, max_examples=60, derandomize=True)
def test_a_trace_is_made_again_from_its_records(values, capacity):
    trace, _ = entered(values, capacity)
    again = Trace.from_records(trace.names, trace.start, trace.to_records())
    assert len(again) == len(trace) and again.updates == trace.updates and again.names == trace.names
    for field in Step._fields:
        assert np.array_equal(again.column(field), trace.column(field), equal_nan=True)


@pytest.mark.parametrize("method", [name for name in METHODS if name != "exhaustive"])
def test_a_real_trace_goes_through_json_to_the_bit(method):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    found = fit(Dataset.from_arrays(X, X @ [1.0, 2.0]), method=method, epochs=20)
    trace = found.trace
    again = Trace.from_records(trace.names, trace.start, json.loads(json.dumps(trace.to_records())))
    for field in Step._fields:
        assert np.array_equal(again.column(field), trace.column(field), equal_nan=True)
    assert again[-1].epoch == trace[-1].epoch and repr(again).split(",")[0] == repr(trace).split(",")[0]


def test_a_frame_has_the_fields_and_a_column_for_each_weight():
    trace, _ = entered([3.0, 2.0, 1.0], 10)
    frame = trace.to_frame()
    assert list(frame.columns) == [*(f for f in Step._fields if f not in ("params", "gradient")), "w"]
    assert frame["loss"].tolist() == [3.0, 2.0, 1.0] and frame["w"].tolist() == [0.0, 1.0, 2.0]


def test_columns_hold_nan_for_what_is_not_known():
    trace, _ = entered([3.0, 2.0], 10)
    assert np.isnan(trace.column("objective")).all() and trace.column("params").shape == (2, 1)
    assert np.isnan(trace.column("gradient")).all() and trace.column("gradient").shape == (2, 1)


@pytest.mark.parametrize("method", [name for name in METHODS if name not in ("exhaustive", "closed_form")])
def test_a_step_tells_of_before_its_update_and_the_weights_after(method):
    from downslope.model.objective import objective

    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    data = Dataset.from_arrays(X, X @ [1.0, 2.0] + rng.normal(size=30))
    found = fit(data, method=method, epochs=6, loss="huber")
    F = objective(data, "huber")
    full = method not in ("sgd", "minibatch")
    before = F.value_and_gradient(F.to_inner(found.trace.start))
    for k, step in enumerate(found.trace):
        after = F.value_and_gradient(F.to_inner(step.params))
        assert step.epoch == k and np.isclose(step.gradient_norm, np.linalg.norm(step.gradient), rtol=1e-14)
        if full:
            assert (step.rows, step.step) == (30, k + 1)
            assert np.isclose(step.loss, before.value, rtol=1e-12)
            assert np.allclose(step.gradient, before.gradient, rtol=1e-9, atol=1e-12)
            assert step.objective is None
        else:
            assert np.isclose(step.objective, after.value, rtol=1e-12)
            assert step.step == (k + 1) * (30 if method == "sgd" else 1)
        before = after
    assert (np.diff(found.trace.column("seconds")) >= 0).all()

"""What recording adds to an update of a loop by hand, in calls of an empty function."""

import statistics
import time

import pytest

import downslope as ds

ROUNDS = 7
UPDATES = 40_000


def two_weights():
    w, b, rate = 1.0, 0.0, 1e-5
    began = time.process_time()
    for k in range(UPDATES):
        error = w * (k % 3) + b - 2.0
        loss = error**2
        w = w - rate * 2 * (k % 3) * error
        b = b - rate * 2 * error
    return time.process_time() - began, loss


def empty():
    pass


def calls():
    began = time.process_time()
    for _ in range(UPDATES):
        empty()
    return time.process_time() - began


@pytest.mark.slow
def test_an_update_of_a_watched_loop_costs_no_more_than_eighty_calls():
    watched = ds.watch(curvature=False)(two_weights)
    added = []
    for _ in range(ROUNDS):
        bare, seen, unit = two_weights()[0], watched()[0], calls()
        added.append((seen - bare) / unit)
    recording = watched.seen.recording
    assert len(recording.losses[1]) == UPDATES and not (recording.losses[1] != recording.losses[1]).any()
    assert statistics.median(added) < 80

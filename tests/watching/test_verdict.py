"""What a recording is judged to be: each verdict on a run that deserves it, none on others."""

import math
from dataclasses import replace

import numpy as np
import pytest

from downslope.inference import load
from downslope.messages import LANGUAGES, speaking
from downslope.watching.records import Curvature, Fact, Loop, Recording, Update
from downslope.watching.seen import Seen

SOURCE = """import numpy as np

X = np.array([1.0, 2.0, 3.0])
y = 2 * X
w = 1.0
lr = {rate}
for step in range({epochs}):
    cost = np.mean((X * w - y) ** 2)
    grad = np.mean(2 * X * (X * w - y))
    w = w - lr * grad
print(w, cost)
"""


def by_hand(rate=0.01, epochs=100, curvature=None, clear=None):
    """The three rows y = 2x descended by hand, as a recording of the script would hold it."""
    w, updates, losses = np.float64(1.0), [], []
    with np.errstate(all="ignore"):
        for step in range(epochs):
            loss, gradient = 14 / 3 * (w - 2) ** 2, 28 / 3 * (w - 2)
            w = w - rate * gradient
            arrays = np.array([w]), np.array([gradient])
            norm = abs(gradient)
            updates.append(Update(1, step + 1, step, 0.1 * step, loss, rate, norm, 0, *arrays))
            losses.append(loss)
    roles = {"weights": ("w",), "shapes": ((),), "gradient": "grad", "rate": "lr", "loss": "cost"}
    loop = Loop(1, "hand", 7, "train.py", "", 10, **roles, full_batch=True)
    L, steps = curvature, (1, epochs) if curvature is not None else ()
    known = [Curvature(1, step, L, 0.0, 0, False, False, 2 / L, rate) for step in steps]
    return Recording(
        "hand",
        "train.py",
        SOURCE.format(rate=rate, epochs=epochs),
        loops=[loop],
        updates={1: updates},
        losses={1: np.array(losses)},
        rates={1: np.full(epochs, rate)},
        epochs={1: np.arange(epochs)},
        curvatures=known,
        end="ended",
        exit_code=0,
    )


def log(losses, validation=(), rate=math.nan, full=None, **more):
    """Losses that somebody else wrote down."""
    losses = np.asarray(losses, dtype=float)
    loop = Loop(1, "log", full_batch=full)
    every = {"losses": {1: losses}, "rates": {1: np.full(len(losses), rate)}}
    updates = {1: [Update(1, k + 1, k, 0.0, loss, rate) for k, loss in enumerate(losses)]}
    pairs = {1: [(k, value) for k, value in enumerate(validation)]} if len(validation) else {}
    return Recording("log", loops=[loop], updates=updates, **every, validation=pairs, end="ended", **more)


def noisy(values, size, seed=0):
    return np.asarray(values) + size * np.random.default_rng(seed).normal(size=len(values))


FALL = np.exp(-np.arange(400) / 30)
RECORDINGS = {
    "beyond the bound": (by_hand(0.3, 200, 28 / 3), "diverged", True),
    "overflow": (by_hand(0.9, 600), "diverged", True),
    "a good rate": (by_hand(0.1, 100, 28 / 3), "converged", False),
    "slow but going": (by_hand(0.01, 100, 28 / 3), "too_slow", False),
    "hardly moving": (by_hand(0.0001, 100, 28 / 3), "too_slow", True),
    "slow, L unknown": (by_hand(0.01, 40), "epochs_exhausted", False),
    "near the bound": (by_hand(0.21, 60, 28 / 3), "oscillating", True),
    "a log that settles": (log(1 + FALL), "converged", False),
    "a noisy log that settles": (log(noisy(1 + FALL, 0.05)), "converged", False),
    "a log that falls": (log(1 / np.sqrt(1 + np.arange(50))), "epochs_exhausted", False),
    "a noisy log that falls": (log(noisy(2 - np.arange(300) / 300, 0.1)), "epochs_exhausted", False),
    "a log that goes nowhere": (log(noisy(np.full(200, 0.693), 0.01)), "no_progress", True),
    "a log that grows": (log(0.5 * 1.3 ** np.arange(40)), "diverged", True),
    "a log that turns NaN": (log([*(1 / (1 + np.arange(20))), *[math.nan] * 5]), "not_finite", True),
    "a log that bursts": (log([*(1.5 ** np.arange(20)), math.inf, math.nan]), "diverged", True),
    "a log that overfits": (
        log(FALL[:100], 0.5 + 0.4 * FALL[:100] + 0.005 * np.arange(100)),
        "overfitting",
        True,
    ),
    "a noisy validation loss": (
        log(FALL[:100], noisy(0.5 + 0.4 * FALL[:100], 0.03)),
        "epochs_exhausted",
        False,
    ),
    "three losses": (log([1.0, 0.9, 0.8]), "not_judged", False),
}


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_gets_the_verdict_that_it_deserves(name):
    recording, code, sick = RECORDINGS[name]
    seen = Seen(recording)
    assert (seen.verdict.code, seen.sick) == (code, sick), seen.verdict.text
    for language in LANGUAGES:
        with speaking(language):
            assert "–" not in seen.verdict.text + str(seen.verdict) + seen.basis
            assert seen.lines()


def test_a_rate_beyond_the_bound_is_named_with_its_numbers():
    verdict = Seen(by_hand(0.3, 200, 28 / 3)).verdict
    numbers = {name: verdict.numbers[name] for name in ("learning_rate", "curvature", "bound", "excess")}
    assert numbers == pytest.approx(
        {"learning_rate": 0.3, "curvature": 28 / 3, "bound": 6 / 28, "excess": 1.4}
    )


def test_the_remedy_is_the_line_of_the_script_with_the_best_rate():
    seen = Seen(by_hand(0.3, 200, 28 / 3))
    (mend,) = seen.mends
    assert (mend.first, mend.text) == (6, "lr = 0.107")
    assert any("line 6: lr = 0.107" in line for line in seen.lines())


def test_epochs_that_are_missing_are_the_number_in_the_loop():
    seen = Seen(by_hand(0.01, 40))
    (mend,) = seen.mends
    assert mend.first == 7 and mend.text.startswith("for step in range(1")


@pytest.mark.parametrize("rate, code", [(0.1, "converged"), (0.001, "not_judged"), (0.5, "diverged")])
def test_without_losses_and_without_knowing_the_rows_gradients_alone_are_judged(rate, code):
    recording = by_hand(rate, 60)
    recording.losses[1] = np.full(60, math.nan)
    recording.loops[0] = replace(recording.loops[0], full_batch=None, loss="")
    seen = Seen(recording)
    assert seen.verdict.code == code and seen.lines()


@pytest.mark.parametrize("rate", [1e-4, 0.01, 0.05, 0.1, 0.2, 0.21, 0.215, 0.22, 0.5, 50.0])
def test_a_loop_that_computes_no_loss_is_told_without_one(rate):
    for updates in (1, 2, 3, 10, 60, 400):
        recording = by_hand(rate, updates)
        recording.losses[1] = np.full(updates, math.nan)
        recording.loops[0] = replace(recording.loops[0], loss="")
        seen = Seen(recording)
        for language in LANGUAGES:
            with speaking(language):
                assert "nan" not in str(seen.verdict)
        assert seen.basis.endswith("the script computes no loss.")
        assert updates < 3 or seen.verdict.code != "not_judged"


def test_what_a_batch_allows_accuses_nobody_while_the_loss_falls():
    curved = [Curvature(1, 1, 30.0, 0.1, 16, True, False, 2 / 30, 0.1, None)]
    recording = log(1 + FALL, rate=0.1, curvatures=curved)
    assert Seen(recording).certificate.excess == pytest.approx(1.5)
    assert Seen(recording).verdict.code == "converged"


def test_a_mistake_that_the_run_proves_is_the_verdict():
    numbers = {"passes": 20, "error": 1e-7}
    recording = by_hand(0.05, 100)
    recording.facts.append(Fact("gradients_accumulate", 1, 20, 10, numbers))
    seen = Seen(recording)
    assert seen.verdict.code == "gradients_accumulate" and seen.sick
    (finding,) = seen.findings
    assert finding.kinds == ("run",) and "20 gradients" in finding.evidence["run"]


@pytest.mark.parametrize("name", ["beyond the bound", "overflow", "a log that overfits", "three losses"])
def test_a_saved_run_is_the_same_when_it_is_opened(name, tmp_path):
    seen = Seen(RECORDINGS[name][0])
    again = load(seen.save(tmp_path / "mine.run"))
    first, second = seen.to_json(), again.to_json()
    for document in (first, second):
        document.pop("seconds")
    assert first == second


def test_a_curvature_that_was_measured_is_not_said_to_be_missing():
    measured, none = (Seen(by_hand(0.3, 200, curvature)).verdict for curvature in (2.0, None))
    assert measured.code == none.code == "diverged"
    assert [verdict.remedies[0].code.rpartition("_")[2] for verdict in (measured, none)] == [
        "measured",
        "tenth",
    ]
    assert "2" in measured.remedies[0].text and measured.remedies[0].change == none.remedies[0].change

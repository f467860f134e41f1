"""What happened in a training loop that somebody else wrote, judged from what was recorded of it.

Codes and sentences are those of our own runs (`insight/verdicts`) wherever they fit. A judgement asks only
for what was recorded: a log without gradients is judged by its losses, and the verdict says so (`basis`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..insight.verdicts import Remedy, Verdict
from ..messages import text
from .mending import domain_lines
from .watched import FEW, Watched, rounded

GROWN = 10.0  # times the first loss: what no chance of a few rows makes of it
REVERSED = -math.sqrt(0.5)  # cosine of two gradients: more than half of the next one undoes the last step
ARRIVED = 1e-6  # of the first gradient: as for functions in insight/verdicts
STILL = 0.01  # of the whole decrease: what the last quarter of a settled run contributed at most
NOTHING = 1e-9  # of the first loss: a loss so small is as good as 0
CRAWLS = 1e-4  # of the largest gradient: above it a loss of the same rows has not arrived
UNMOVED = 1e-3  # of the first loss: a smaller decrease is none
MATERIAL = 0.05  # of the lowest validation loss: a smaller rise is not called overfitting
DOMAINS = ("log", "sqrt", "div", "inputs")  # operations whose domain is told
MENDED = ("log", "sqrt")
SICK = ("diverged", "not_finite", "oscillating", "no_progress", "overfitting")
HEALTHY = ("converged", "epochs_exhausted", "too_slow", "noise_floor", "interrupted", "not_judged")


def judge(watched: Watched, causes: tuple[Verdict, ...] = ()) -> Verdict:
    """The verdict on a loop: what was found to cause its end, what its trace shows, the gravest first.

    `causes` are verdicts on mistakes that were proved while the loop ran (`findings.causes`).
    """
    if causes:
        return causes[0]
    for judgement in JUDGEMENTS:
        found = judgement(watched)
        if found is not None:
            return found
    return watched.verdict("not_judged", kind="watching.not_judged")


# ---- no answer -----------------------------------------------------------------------------------------


def failed(w: Watched) -> Verdict | None:
    """Diverged (by how much the rate exceeds its bound), or not finite without having grown before."""
    values = w.known[1]
    lost, grew = _lost(w), _grew(w)
    if not (lost or grew):
        return None
    c = w.certificate
    facts: dict[str, Any] = {"excess": c.excess}
    if w.has_loss:
        facts["loss"] = float(w.losses[-1]) if len(w.losses) else math.nan  # infinity, if it was lost
    made = _operation(w) if lost and not (len(values) and values[-1] > GROWN * abs(values[0])) else None
    if made is not None and (made[0] == "inputs" or not c.excess > 1):
        operation, line = made
        kind = operation if operation in DOMAINS else "made"
        facts |= {"operation": operation, "line": line, "step": _lost_at(w) + 1}
        remedy = Remedy(f"watching.remedy_{kind}", {"domain": operation} if kind in MENDED else None)
        return w.verdict("not_finite", remedy, kind=f"watching.not_finite_{kind}", **facts)
    if lost and not grew and not c.excess > 1:
        where = _where(w)
        facts |= {"where": where[0], "line": where[1], "step": _lost_at(w) + 1}
        if w.has_loss and not len(values):
            return w.verdict("not_finite", w.slower, kind="watching.not_finite_from_start", **facts)
        return w.verdict("not_finite", w.slower, kind="watching.not_finite", **facts)
    kind = "watching.diverged"
    if c.excess > 1:
        kind = "watching.diverged_beyond_batch" if c.batch else "watching.diverged_beyond"
    if not w.has_loss:
        kind = "watching.diverged_beyond_gradient" if c.excess > 1 else "watching.diverged_gradient"
        facts["steepest"] = float(w.gradients[1][0]) if len(w.gradients[1]) else math.nan
    return w.verdict("diverged", w.slower, kind=kind, rows=c.rows, **facts)


def _lost(w: Watched) -> bool:
    """Whether the loss, the gradient or a weight ended as no finite number."""
    sizes = w.gradients[1] if len(w.gradients[1]) else np.zeros(1)
    params = w.steps[-1].params if w.steps else None
    if np.isinf(sizes[-1]):
        return True
    if params is not None and not np.isfinite(params).all():
        return True
    if not len(w.losses) or np.isfinite(w.losses[-1]):
        return False
    places = w.known[0]
    if np.isinf(w.losses).any():
        return True
    if w.loop.loss and _operation(w) is not None:
        return True
    # NaN stands for an unknown loss, too: one that was known at every update until then was lost.
    return bool(len(places) and places[-1] == len(places) - 1)


def _lost_at(w: Watched) -> int:
    places = w.known[0]
    return int(places[-1]) + 1 if len(places) else 0


def _where(w: Watched) -> tuple[str, int]:
    """What was not finite first, and its line: as a fact tells, else the loss or the weights."""
    for fact in w.recording.facts:
        if fact.code == "not_finite" and fact.loop == w.loop.number:
            return str(fact.numbers.get("where", fact.numbers.get("operation", ""))), fact.line
    for update in w.steps:
        if update.params is not None and not np.isfinite(update.params).all():
            bad = int(np.flatnonzero(~np.isfinite(update.params))[0])
            names = w.loop.names
            return names[bad] if bad < len(names) else ", ".join(w.loop.weights), w.loop.update_line
    return w.loop.loss or text("watching.the_loss"), w.loop.update_line


def _operation(w: Watched) -> tuple[str, int] | None:
    """The operation that made the first value that is not finite, and its line, as a fact tells; None where
    none does, and where weights were lost first."""
    for fact in w.recording.facts:
        made = str(fact.numbers.get("operation", ""))
        if fact.code == "not_finite" and fact.loop in (0, w.loop.number) and made not in ("", "weights"):
            calls = [] if w.loop.kind == "hand" else domain_lines(w.recording.source, made)
            return made, calls[0] if len(calls) == 1 else fact.line
    return None


def _grew(w: Watched) -> bool:
    """Whether the loss, or where none is known the gradient, ended far above its beginning, and rising."""
    values = w.known[1]
    if len(values) < 2:
        sizes = w.gradients[1][np.isfinite(w.gradients[1])]
        grown = GROWN if w.full else GROWN**3
        return len(sizes) > 1 and bool(sizes[-1] > max(grown * sizes[0], 0.1 * sizes.max()))
    lost = _lost(w)
    if w.full or lost:
        first, last = abs(float(values[0])), float(values[-1])
        rising = float(np.mean(np.diff(values[len(values) // 2 :]) > 0)) if len(values) > 2 else 1.0
        if lost and last > first:
            return True
        return last > GROWN * first and rising >= 0.5
    first, _, last, error = w.trend
    peak = float(np.max(values))
    ends_high = max(last, float(values[-1])) > 0.01 * peak  # one that doubles is far above its median
    return last > GROWN * max(abs(first), 1e-300) and last > first + 3 * error and ends_high


# ---- the way -------------------------------------------------------------------------------------------


def overfitting(w: Watched) -> Verdict | None:
    """The validation loss was lower before, by more than its own noise, and the training loss fell since."""
    steps, values = w.validation
    finite = np.isfinite(values)
    steps, values = steps[finite], values[finite]
    if len(values) < 6:
        return None
    best = int(values.argmin())
    end = values[-max(1, len(values) // 10) :]
    lowest, held_out = float(values[best]), float(np.median(end))
    noise = float(np.median(np.abs(np.diff(values)))) * 1.05  # of one value: MAD of differences / √2 · 1.48
    if best > len(values) - 4 or not held_out > (1 + MATERIAL) * lowest > 0:
        return None
    if not held_out - lowest > 3 * noise:
        return None
    slope = np.polyfit(np.arange(len(values) - best), values[best:], 1)[0]
    if slope <= 0 or not _fell_since(w, steps[best]):
        return None
    epoch = _epoch_of(w, int(steps[best]))
    facts: dict[str, Any] = {"lowest": lowest, "held_out": held_out, "best_epoch": epoch + 1}
    stop = Remedy("watching.remedy_stop_early", {"epochs": epoch + 1} if epoch else None)
    return w.verdict("overfitting", stop, Remedy("regularise"), **facts)


def _fell_since(w: Watched, step: float) -> bool:
    places, values = w.known
    before = values[(places >= step - max(5, len(values) // 20)) & (places <= step + 1)]
    after = values[-max(1, len(values) // 20) :]
    return bool(len(before) and np.median(after) < np.median(before))


def _epoch_of(w: Watched, step: int) -> int:
    counted = w.recording.epochs.get(w.loop.number, ())
    return int(counted[max(0, min(step, len(counted)) - 1)]) if len(counted) else max(0, step - 1)


def arrived(w: Watched) -> Verdict | None:
    """Converged by the gradient: the last one where all updates saw the same rows, else the last five."""
    sizes = w.gradients[1]
    first = float(sizes[np.isfinite(sizes)].max(initial=0.0)) if len(sizes) else 0.0
    if not w.full and len(sizes) >= FEW and first > 0 and sizes[-5:].max() <= ARRIVED * first:
        return w.verdict("converged")
    if not (w.full and len(sizes) > 1 and first > 0 and sizes[-1] <= max(1e-8, ARRIVED * first)):
        return None
    return w.verdict("converged")


def settled(w: Watched) -> Verdict | None:
    """Converged in that the loss has stopped falling; not where the gradients are as steep as before."""
    sizes = w.gradients[1]
    if len(w.known[1]) < FEW:
        return None
    start, middle, last, error = w.trend
    if middle - last > STILL * (start - last) + 2 * error:
        return None
    if last > NOTHING * abs(start) and middle - last > STILL * abs(last) + 2 * error:
        return None  # small compared with a far start, and yet much of the loss that is left
    if w.full and len(sizes) > 1 and sizes[-1] > CRAWLS * float(sizes[np.isfinite(sizes)].max(initial=0.0)):
        return None  # the loss only crawls
    return w.verdict("converged", kind="settled")


def unmoved(w: Watched) -> bool:
    """Whether the loss is where it began."""
    start, _, last, error = w.trend
    return start - last <= max(2 * error, UNMOVED * abs(start))


def no_progress(w: Watched) -> Verdict | None:
    """The loss ended where it began, or above; without a loss, the gradient did."""
    values = w.known[1]
    if not len(values):
        return _steep_as_before(w)
    if len(values) < FEW or not unmoved(w):
        return None
    start, _, last, error = w.trend
    c, norm = w.certificate, w.steps[0].gradient_norm if w.steps else math.nan
    if w.full and c.known and 0 < norm**2 * c.best * w.updates < UNMOVED * abs(start):
        return w.verdict("converged")  # it went on from a minimum
    facts: dict[str, Any] = {"first": start, "loss": last}
    if last - start > max(3 * error, 0.05 * abs(start)):
        return w.verdict("no_progress", w.slower, kind="watching.rising", **facts)
    if float(values.min()) < start - max(6 * error, 0.05 * abs(start)):
        facts |= {"lowest": float(values.min())}
        return w.verdict("no_progress", w.slower, kind="watching.fell_and_rose", **facts)
    return w.verdict("no_progress", kind="watching.no_progress", **facts)


def _steep_as_before(w: Watched) -> Verdict | None:
    sizes = w.gradients[1]
    if len(sizes) > 1 and not sizes.any():
        return w.verdict("no_progress", kind="watching.no_progress_zero_gradient")
    if not w.full or len(sizes) < FEW or not sizes[-1] >= sizes[0]:
        return None
    facts = {"steepest": float(sizes[0]), "gradient": float(sizes[-1])}
    return w.verdict("no_progress", w.slower, kind="watching.no_progress_gradient", **facts)


def oscillating(w: Watched) -> Verdict | None:
    """Gradients of the same rows that point back after each step; or a loss that rises in a quarter of the
    last updates and is no lower at their end."""
    if not w.full:
        return None
    c, rate = w.certificate, w.rate
    facts: dict[str, Any] = {"excess": c.excess}
    cosine = _turn(w)
    if cosine is not None and cosine < REVERSED and math.isfinite(rate):
        kind = "" if not c.known else "oscillating_beyond" if c.excess > 1 else "oscillating_bound"
        return w.verdict("oscillating", _calmer(w), kind=kind, cosine=cosine, **facts)
    losses = w.known[1][len(w.known[1]) // 2 :]
    if len(losses) < 16 or not math.isfinite(rate) or c.edge:
        return None
    rises = float(np.mean(np.diff(losses) > 1e-6 * np.abs(losses[1:])))
    early, late = np.array_split(losses, 2)
    if rises < 0.25 or late.min() < early.min() - 1e-3 * (early.max() - early.min()):
        return None
    kind = "oscillating_loss_beyond" if c.excess > 1 else "oscillating_loss"
    return w.verdict("oscillating", _calmer(w), kind=kind, rises=rises, **facts)


def _turn(w: Watched) -> float | None:
    """The median cosine between successive gradients at the end; None where they were not recorded."""
    found = []
    for a, b in zip(w.steps[:-1], w.steps[1:]):
        if b.step != a.step + 1 or a.gradient is None or b.gradient is None:
            continue
        size = float(np.linalg.norm(a.gradient) * np.linalg.norm(b.gradient))
        if math.isfinite(size) and size > 0:
            found.append(float(np.ravel(a.gradient) @ np.ravel(b.gradient)) / size)
    return float(np.median(found[len(found) // 2 :])) if len(found) >= 4 else None


def _best_rate(w: Watched) -> Remedy:
    c = w.certificate
    facts = {"best": c.best, "bound": c.bound, "curvature": c.L}
    return Remedy("best_rate", {"learning_rate": rounded(c.best)}, facts)


def _calmer(w: Watched) -> Remedy | None:
    """The best rate; where no curvature is known, half of the present one."""
    c, rate = w.certificate, w.rate
    if c.known and math.isfinite(c.best) and c.best < rate:
        return _best_rate(w)
    return Remedy("watching.remedy_half", {"learning_rate": rounded(rate / 2)}, {"half": rate / 2})


def noise_floor(w: Watched) -> Verdict | None:
    """A constant rate below its bound, a loss that has stopped falling, and gradients that differ more
    between batches than they point downhill: the gradient noise scale exceeds the rows of a batch."""
    c = w.certificate
    if (
        w.full
        or c.noise_scale is None
        or not math.isfinite(w.rate)
        or c.excess > 1
        or len(w.known[1]) < 4 * FEW
    ):
        return None
    start, middle, last, error = w.trend
    still = middle - last <= STILL * (start - last) + 2 * error
    if not still or unmoved(w) or not c.noise_scale > 4 * max(1, c.rows) or not error > 0.005 * abs(last):
        return None
    facts = {"rate": w.rate, "noise_scale": c.noise_scale, "rows": c.rows, "loss": last}
    kind = "watching.noise_floor" if math.isfinite(c.noise_scale) else "watching.noise_floor_alone"
    return w.verdict("noise_floor", Remedy("watching.remedy_decreasing_rate"), kind=kind, **facts)


def too_slow(w: Watched) -> Verdict | None:
    """A fixed rate with which it did not arrive, where the best one would have, at the pace that was seen."""
    c, rate = w.certificate, w.rate
    # Elsewhere than on a parabola the curvature here tells nothing of the way to come.
    usable = w.full and c.known and c.parabola and math.isfinite(rate) and rate < c.best / 2
    if not usable:
        return None
    ahead, pace = _ahead(w)
    if not (pace > 0 and math.isfinite(ahead)):
        return None
    sizes = w.gradients[1]
    whole = math.log(max(math.e, sizes[0] / max(1e-8, ARRIVED * sizes[0])))
    needed = math.ceil(1 + whole / (pace * c.best / rate))
    if needed > w.epochs:
        return None
    return w.verdict("too_slow", _best_rate(w), needed=needed)


def _ahead(w: Watched) -> tuple[float, float]:
    """(how far the logarithm of the gradient has still to fall, by how much it falls an epoch)."""
    steps, sizes = w.gradients
    good = np.isfinite(sizes) & (sizes > 0)
    steps, sizes = steps[good], sizes[good]
    if len(sizes) < 3:
        return math.nan, 0.0
    half = min(int(np.searchsorted(steps, steps[-1] / 2)), len(steps) - 3)  # of the steps, not of the sample
    crests = np.maximum.accumulate(sizes[::-1])[::-1]
    per_step = -float(np.polyfit(steps[half:], np.log(crests[half:]), 1)[0]) if len(sizes) - half > 1 else 0.0
    target = max(1e-8, ARRIVED * float(sizes.max()))
    return math.log(max(1.0, float(sizes[-1]) / target)), per_step * w.updates / max(1, w.epochs)


def interrupted(w: Watched) -> Verdict | None:
    """The script ended by an exception, or was killed: what was seen until then is reported."""
    if w.recording.end in ("raised", "killed"):
        return w.verdict("interrupted", kind=f"watching.interrupted_{w.recording.end}")
    return None


def exhausted(w: Watched) -> Verdict | None:
    """Still falling: how many more epochs it needs, where gradients of the same rows tell."""
    if w.updates < 2:
        return None
    known = len(w.known[1]) > 0
    if w.full and len(w.gradients[1]) > 1:
        ahead, pace = _ahead(w)
        more = math.ceil(1.25 * ahead / pace + 1) if pace > 0 and math.isfinite(ahead) else math.inf
        if more <= 1e6:
            longer = Remedy("more_epochs", {"epochs": w.epochs + more})
            return w.verdict("epochs_exhausted", longer, kind="epochs_more", more=more)
        return w.verdict("epochs_exhausted", kind="epochs_exhausted")
    if len(w.known[1]) < FEW:
        return w.verdict("not_judged", kind="watching.too_short", count=len(w.known[1])) if known else None
    start, middle, last, _ = w.trend
    share = min(1.0, max(0.0, (middle - last) / (start - last))) if start > last else 0.0
    return w.verdict("epochs_exhausted", kind="watching.still_falling", share=share, first=start, loss=last)


JUDGEMENTS: tuple[Callable[[Watched], Verdict | None], ...] = (
    failed,
    arrived,
    overfitting,
    no_progress,
    noise_floor,
    oscillating,
    interrupted,
    too_slow,
    settled,
    exhausted,
)

"""One watched loop, as judgements ask for it: what was recorded, and the curvature that it met."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from ..insight.measured import CurvatureCertificate, of_measurements, reason
from ..insight.verdicts import Remedy, Verdict
from ..messages import text
from .records import Fact, Loop, Recording, Update

FEW = 8  # losses below which a trend is not judged
WITHOUT_LOSS = {  # sentences where the script computes no loss
    "converged": "watching.converged_without_loss",
    "too_slow": "watching.too_slow_without_loss",
    "epochs_exhausted": "watching.exhausted_without_loss",
    "epochs_more": "watching.more_without_loss",
    "watching.not_finite": "watching.not_finite_without_loss",
}


@dataclass(frozen=True, eq=False)
class Watched:
    """One loop of a recording, as judgements ask for it. `losses` and `rates` have one entry an update."""

    recording: Recording
    loop: Loop
    certificate: CurvatureCertificate = field(default_factory=CurvatureCertificate)

    # ---- what was recorded ---------------------------------------------------------------------------

    @cached_property
    def losses(self) -> np.ndarray:
        """(n,) the loss before each update; NaN where it is not known."""
        return np.asarray(self.recording.losses.get(self.loop.number, ()), dtype=float)

    @cached_property
    def rates(self) -> np.ndarray:
        """(n,) the learning rate of each update; NaN where it is not known."""
        return np.asarray(self.recording.rates.get(self.loop.number, ()), dtype=float)

    @cached_property
    def steps(self) -> list[Any]:
        """The updates that were recorded in full, in order."""
        return [update for update in self.recording.updates.get(self.loop.number, ()) if update.step > 0]

    @cached_property
    def validation(self) -> tuple[np.ndarray, np.ndarray]:
        """(m,) steps and (m,) losses on validation rows."""
        pairs = self.recording.validation.get(self.loop.number, ())
        found = np.asarray([tuple(pair) for pair in pairs], dtype=float).reshape(-1, 2)
        return found[:, 0], found[:, 1]

    @cached_property
    def known(self) -> tuple[np.ndarray, np.ndarray]:
        """Indices and values of the losses that are finite numbers."""
        places = np.flatnonzero(np.isfinite(self.losses))
        return places, self.losses[places]

    @cached_property
    def updates(self) -> int:
        """How many updates there were."""
        return self.recording.steps(self.loop.number)

    @cached_property
    def epochs(self) -> int:
        """How many epochs: those of the script's loops, else one an update."""
        counted = self.recording.epochs.get(self.loop.number, np.zeros(0))
        return int(counted[-1]) + 1 if len(counted) else self.updates

    @cached_property
    def gradients(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps, and the largest component of the gradient there, (m,); its norm where that is all."""
        rows = []
        for update in self.steps:
            size = update.gradient_norm
            if update.gradient is not None and np.size(update.gradient):
                size = float(np.abs(update.gradient).max())
            rows.append((update.step, size))
        found = np.asarray(rows, dtype=float).reshape(-1, 2)
        found = found[~np.isnan(found[:, 1])]
        return found[:, 0], found[:, 1]

    @property
    def has_loss(self) -> bool:
        """Whether a loss was recorded, or is known to be computed: weights may be updated without one."""
        return self.loop.kind == "log" or bool(self.loop.loss) or len(self.known[1]) > 0

    @property
    def full(self) -> bool:
        """Whether every update is known to have looked at the same rows."""
        return bool(self.loop.full_batch)

    @property
    def rate(self) -> float:
        """The learning rate where it never changed; NaN otherwise."""
        known = self.rates[np.isfinite(self.rates)]
        if not len(known):
            return math.nan
        return float(known[0]) if np.ptp(known) <= 1e-12 * abs(known[0]) else math.nan

    @cached_property
    def trend(self) -> tuple[float, float, float, float]:
        """(first, at three quarters, last, error): medians of the loss, and the standard error of one."""
        values = self.known[1]
        n = len(values)
        head, wide = max(1, n // 50), max(1, n // 20)
        if self.full:
            head = wide = 1
        place = min(n - wide, max(0, int(0.75 * n)))
        noise = float(np.median(np.abs(np.diff(values[n // 2 :])))) if n > 2 * FEW and not self.full else 0.0
        medians = (values[:head], values[place : place + wide], values[-wide:])
        first, middle, last = (float(np.median(part)) for part in medians)
        return first, middle, last, 1.25 * noise / math.sqrt(wide)

    @cached_property
    def numbers(self) -> dict[str, Any]:
        """The numbers that every verdict has."""
        values = self.known[1]
        facts: dict[str, Any] = {"epochs": self.epochs, "updates": self.updates}
        if len(values):
            facts |= {"loss": float(values[-1]), "first": float(values[0])}
        if len(self.gradients[1]):
            facts["gradient"] = float(self.gradients[1][-1])
        known = self.rates[np.isfinite(self.rates)]
        if len(known):
            facts["learning_rate"] = float(known[0])
        c = self.certificate
        if c.known:
            facts |= {"curvature": c.L, "bound": c.bound, "best": c.best}
        return facts

    def verdict(self, code: str, *remedies: Remedy | None, kind: str = "", **numbers: Any) -> Verdict:
        """With the numbers that every verdict has."""
        kept = tuple(remedy for remedy in remedies if remedy is not None)
        if not len(self.known[1]):
            kind = WITHOUT_LOSS.get(kind or code, kind)
        return Verdict(code, {**self.numbers, **numbers}, kept, kind)

    @property
    def basis(self) -> str:
        """What the verdict rests on, in one sentence or two."""
        parts = []
        values = self.known[1]
        if len(values):
            parts.append(text("watching.basis_losses", count=len(values)))
        if len(self.gradients[1]):
            parts.append(text("watching.basis_gradients", count=len(self.gradients[1])))
        if len(self.validation[1]):
            parts.append(text("watching.basis_validation", count=len(self.validation[1])))
        if self.certificate.known:
            parts.append(text(f"watching.basis_{self.certificate.source}"))
        key = "watching.basis" if self.has_loss else "watching.basis_without_loss"
        return text(key, parts=text("watching.comma").join(parts)) if parts else ""

    # ---- remedies ------------------------------------------------------------------------------------

    @property
    def slower(self) -> Remedy | None:
        """A rate that goes down: the best one where the curvature is known, else a tenth of it."""
        c, rate = self.certificate, self.numbers.get("learning_rate", math.nan)
        if c.known and c.excess > 1 and math.isfinite(c.best):
            key = "watching.remedy_rate_of_batch" if c.batch else "best_rate"
            facts = {"best": c.best, "bound": c.bound, "curvature": c.L, "rows": c.rows}
            return Remedy(key, {"learning_rate": rounded(c.best)}, facts)
        if math.isfinite(rate) and rate > 0:
            key = "watching.remedy_tenth_measured" if c.known else "watching.remedy_tenth"
            facts = {"tenth": rate / 10, "curvature": c.L}
            return Remedy(key, {"learning_rate": rounded(rate / 10)}, facts)
        return Remedy("smaller_rate")


def rounded(rate: float) -> float:
    """A rate as it is written in a line: three digits below 1,000 times the last one.

    >>> rounded(0.10714285)
    0.107
    """
    return float(f"{rate:.3g}")


def certificate(recording: Recording, loop: Loop) -> CurvatureCertificate:
    """What is known of the curvature along a loop: from its moves, or from Hessians that were measured."""
    measured = [c for c in recording.curvatures if c.loop == loop.number]
    if not measured and loop.kind == "hand":
        return _of_path(recording, loop)
    if not measured:
        mine = (fact for fact in recording.facts if fact.loop in (0, loop.number))
        why = next((fact for fact in mine if fact.code == "not_measured"), None)
        return CurvatureCertificate(why="" if why is None else _why(why))
    found = of_measurements(measured, _diverged(recording, loop))
    return replace(found, source="path" if loop.kind == "hand" else "hessian")


def _of_path(recording: Recording, loop: Loop) -> CurvatureCertificate:
    """L from the recorded moves and gradients of a loop by hand."""
    found = path_curvature(recording, loop.number)
    rates = recording.rates.get(loop.number, np.zeros(0))
    rate = float(rates[-1]) if len(rates) else math.nan
    if isinstance(found, str):
        return CurvatureCertificate(rate=rate, why=text(f"watching.no_path_{found}"))
    plain = not loop.optimizer and found.value > 0
    return CurvatureCertificate(
        L=found.value,
        rate=rate,
        bound=2 / found.value if plain else math.nan,
        best=1 / found.value if plain else math.nan,
        at_least=not found.exact,
        parabola=found.parabola,
        source="path",
        step=found.step,
    )


def _why(fact: Fact) -> str:
    what, why = fact.numbers.get("what", ""), reason(fact.numbers.get("why", ""))
    return text("insight.not_measured", what=what, why=why)


def _diverged(recording: Recording, loop: Loop) -> bool:
    losses = recording.losses.get(loop.number, np.zeros(0))
    return bool(len(losses) and not math.isfinite(losses[-1]))


# ---- the curvature that a full-batch loop by hand met on its own path -----------------------------
#
# On a parabola gradients differ by ΔG = H·ΔW, so that the span of the moves shows H: its Ritz values there
# are those of the pencil (ΔWᵀΔG, ΔWᵀΔW), and the largest is a lower bound of L = λmax(H) that grows with
# every new direction (Rayleigh–Ritz; Parlett 1998, chapter 11). One secant ‖Δg‖/‖Δw‖ alone may be far
# below L.


FIRST = 48  # pairs of neighbouring updates from the start
SPREAD = 48  # more of them, from the whole run
RANK = 1e-4  # of the largest singular value of the unit moves: directions below it are noise
PARABOLA = 1e-2  # relative misfit of the pencil above which F is no parabola
STILL = 1e-3  # relative growth of the Ritz value over the last third of the pairs
NOISE = 1e-6  # of a difference of gradients: rounding at most


@dataclass(frozen=True)
class PathCurvature:
    """L = λmax along the path. `exact` where it stands still or the moves span all weights, else a lower
    bound. `parabola` is False where the pencil is not symmetric, or no one matrix explains the gradients."""

    value: float
    exact: bool
    parabola: bool
    moves: int  # pairs of updates that were used
    rank: int  # directions that they span
    asymmetry: float
    step: int  # the last update that was used


def path_curvature(recording: Recording, number: int) -> PathCurvature | str:
    """The curvature along a loop's path; a word that says why there is none: "rows" (each gradient saw other
    rows, or that is not known), "no_gradient", "few" (fewer than two updates that differ)."""
    loop = recording.loop(number)
    if loop is None or loop.full_batch is not True:
        return "rows"
    points = [u for u in recording.updates.get(number, []) if u.step > 0 and u.gradient is not None]
    points = [u for u in points if _weights(u) is not None]
    if not points:
        return "no_gradient"
    moves, changes, last = _differences(points)
    if not len(moves):
        return "few"
    counts = sorted({-(-2 * len(moves) // 3), len(moves)})
    values = [_ritz(moves[:count], changes[:count]) for count in counts]
    value, asymmetry, misfit, rank = values[-1]
    parabola = max(asymmetry, misfit) < PARABOLA
    still = len(moves) >= 6 and abs(value - values[0][0]) <= STILL * abs(value)
    whole = rank == moves.shape[1]
    if not parabola:  # each ΔwᵀΔg/ΔwᵀΔw is a mean of Rayleigh quotients on the way, and so at most L there
        value = float((moves * changes).sum(axis=1).max())
    return PathCurvature(value, parabola and (still or whole), parabola, len(moves), rank, asymmetry, last)


def _weights(update: Update) -> np.ndarray | None:
    """Where the gradient was computed."""
    before, gradient = update.before, update.gradient
    if before is None or gradient is None or len(before) != len(gradient):
        return None
    return before if np.isfinite(before).all() and np.isfinite(gradient).all() else None


def _differences(points: list[Update]) -> tuple[np.ndarray, np.ndarray, int]:
    """(m, p) unit moves and the changes of the gradient along them, and the last step used."""
    late = points[FIRST:]
    spread = np.linspace(0, len(late) - 1, min(SPREAD, len(late))).astype(int)
    chosen = points[: FIRST + 1] + [late[place] for place in spread]
    chosen = list({update.step: update for update in chosen}.values())
    moves, changes, last = [], [], 0
    with np.errstate(all="ignore"):
        for one, other in pairwise(chosen):
            move, change = other.before - one.before, other.gradient - one.gradient
            length, size = np.linalg.norm(move), np.linalg.norm(change)
            largest = float(np.linalg.norm([one.gradient, other.gradient]))
            extent = float(np.linalg.norm([one.before, other.before]))
            sure = size > largest * 2e-16 / NOISE and length > extent * 2e-16 / NOISE
            if sure and math.isfinite(length) and math.isfinite(size):
                moves.append(move / length)
                changes.append(change / length)
                last = other.step
    return np.array(moves), np.array(changes), last


def _ritz(moves: np.ndarray, changes: np.ndarray) -> tuple[float, float, float, int]:
    """(largest Ritz value, asymmetry, misfit, rank) of H on the span of the moves."""
    left, sizes, right = np.linalg.svd(moves.T, full_matrices=False)  # moves.T = U Σ Vᵀ
    rank = int((sizes > RANK * sizes[0]).sum())
    basis = left[:, :rank]
    inside = basis.T @ changes.T  # (rank, m)
    coordinates = basis.T @ moves.T
    projected = inside @ right[:rank].T / sizes[:rank]  # Uᵀ H U
    size = float(np.linalg.norm(projected)) or 1.0
    asymmetry = float(np.linalg.norm(projected - projected.T)) / size
    misfit = float(np.linalg.norm(inside - projected @ coordinates) / (np.linalg.norm(inside) or 1.0))
    values = np.linalg.eigvalsh((projected + projected.T) / 2)
    return float(values[-1]), asymmetry, misfit, rank

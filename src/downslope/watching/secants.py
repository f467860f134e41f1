"""The curvature that a full-batch loop by hand met on its own path, from its recorded weights and gradients.

On a parabola gradients differ by ΔG = H·ΔW, so that the span of the moves shows H: its Ritz values there are
those of the pencil (ΔWᵀΔG, ΔWᵀΔW), and the largest is a lower bound of L = λmax(H) that grows with every new
direction (Rayleigh–Ritz; Parlett 1998, chapter 11). One secant ‖Δg‖/‖Δw‖ alone may be far below L.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .records import Recording, Update

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
    values = [
        _ritz(moves[:count], changes[:count]) for count in sorted({-(-2 * len(moves) // 3), len(moves)})
    ]
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

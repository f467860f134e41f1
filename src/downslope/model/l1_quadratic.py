"""A quadratic with the kinks of L1, gᵀΔ + ½ΔᵀHΔ + Σ l1|u| + ½l2·u²: its optimality, and steps to its end."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from ..kernels.updates import kink_distance

SWEEPS = 3  # between looks at what may be done faster
MOST = 3000  # sweeps over one model
SOLVED = 100  # weights up to which a solve costs no more than the sweeps before it
FACES = 10  # solves at a time, one weight fewer in each


def distance(g, u, l1, l2):
    """How hard each weight pulls: dist(−g − l2·u, l1·∂|u|), elementwise."""
    return kink_distance(g + l2 * u, u, l1)


def minimised(run, H, g, u, l1, l2, limit: float) -> tuple[np.ndarray, np.ndarray]:
    """(u, g) where no weight pulls harder than `limit`: by sweeps of `run`, a solve once signs have settled,
    and an extrapolation where neither arrives."""
    past: list[tuple] = []
    for cycles in range(MOST // SWEEPS):
        if run(H, g, u, l1, l2, SWEEPS, limit) <= limit:
            break
        often = max(1, int(np.count_nonzero(u)) // SOLVED)  # so that solves cost no more than sweeps
        if cycles % often == 0 and settle(H, g, u, l1, l2):
            past = []
            continue
        past.append((u.copy(), g.copy()))
        if len(past) == 6:
            ahead = extrapolated(past)
            rise = 0.5 * (g + ahead[1]) @ (ahead[0] - u)
            if rise + priced(ahead[0], l1, l2) < priced(u, l1, l2):
                u, g = ahead
            past = []
    return u, g


def settle(H, g, u, l1, l2) -> bool:
    """The model's minimum over the weights that are not 0 as if their signs would stay, weight after weight
    set to 0 where its sign would turn. Whether the model has become lower.

    Columns that depend on one another leave ways along which H is level: |u| alone decides there, and what
    it costs falls until a weight meets 0, after which one column fewer is in the way.
    """
    lower = False
    for _ in range(FACES):
        A = np.flatnonzero(u)
        if not len(A):
            break
        bends = H[np.ix_(A, A)] + np.diag(l2[A])
        slope = g[A] + l2[A] * u[A] + l1[A] * np.sign(u[A])
        change, level = _newton_step(bends, slope)
        after = _along_level(u[A], slope, level, l1[A]) if level.size else u[A]
        walked = not np.array_equal(after, u[A])
        if not walked:
            after = _to_first_turn(u[A], change)
        moved = after - u[A]
        if not slope @ moved + 0.5 * moved @ bends @ moved < 0:
            break
        g += H[:, A] @ moved
        u[A] = after
        lower = True
        if not walked and after.all():
            break
    return lower


def _newton_step(H, slope) -> tuple[np.ndarray, np.ndarray]:
    """−H⁺·slope, and a basis (m, r) of the ways along which H is level."""
    width = np.sqrt(np.maximum(H.diagonal(), 1e-300))
    scaled, tilt = H / width / width[:, None], slope / width
    with suppress(np.linalg.LinAlgError):
        low = np.linalg.cholesky(scaled)
        if low.diagonal().min() > 1e-4:  # far from a level way
            return -np.linalg.solve(low.T, np.linalg.solve(low, tilt)) / width, np.empty((len(H), 0))
    values, ways = np.linalg.eigh(scaled)
    level = values <= 1e-13 * len(H) * values[-1]
    steep = ways[:, ~level]
    return -(steep @ ((tilt @ steep) / values[~level])) / width, ways[:, level] / width[:, None]


def _to_first_turn(u, change) -> np.ndarray:
    """u + change; only as far as the first sign that turns, with those weights set to 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        until = np.where(change * np.sign(u) < 0, -u / change, np.inf)
    step = min(1.0, float(until.min()))
    return np.where(until <= step, 0.0, u + step * change)


def _along_level(u, slope, level, size) -> np.ndarray:
    """u once every way down within `level` (m, r) has been gone until a weight met 0."""
    u = u.copy()
    while level.shape[1]:
        tilt = level.T @ slope
        down = level @ tilt
        if np.abs(tilt).max() <= 1e-9 * np.abs(size @ np.abs(level)).max():  # rounding
            break
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            until = np.where(down * np.sign(u) > 0, u / down, np.inf)
        step = float(until.min())
        if not step < np.inf:
            break
        u = np.where(until <= step, 0.0, u - step * down)
        for weight in np.flatnonzero(until <= step):  # what is left of the ways keeps them at 0
            if level.shape[1]:
                level = level @ np.linalg.svd(level[[weight]])[2][1:].T
                level[weight] = 0.0
    return u


def extrapolated(past):
    """Where six sweeps are heading: Σ cₖ·xₖ with ‖Σ cₖ(xₖ − xₖ₋₁)‖ least, Σ cₖ = 1, of each part alike."""
    moves = np.diff([u for u, _ in past], axis=0)  # (5, m)
    products = moves @ moves.T
    products += 1e-12 * np.trace(products) * np.eye(len(moves)) + 1e-300
    c = np.linalg.solve(products, np.ones(len(moves)))
    c /= c.sum()
    return tuple(sum(ck * part for ck, part in zip(c, parts)) for parts in zip(*past[1:]))


def priced(u, l1, l2) -> float:
    """Σ l1|u| + ½l2·u²"""
    A = np.flatnonzero(u)  # few
    return float(l1[A] @ np.abs(u[A]) + 0.5 * l2[A] @ u[A] ** 2)

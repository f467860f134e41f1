"""The exact minimum of a loss with a kink, absolute or quantile, with L1, L2, both or none.

As ℓ(e) = max ν·e over −down ≤ ν ≤ up, the slopes ν of the rows solve the dual

    max −Σᵢ sᵢνᵢyᵢ/n − Σⱼ ½gⱼ²/l2ⱼ,   g = X̃ᵀ(s∘ν)/n + μ,   |μⱼ| ≤ l1ⱼ,   gⱼ = 0 where l2ⱼ = 0,

whose multipliers are θ: a linear program, or with L2 a quadratic one. Primal and dual go to their end
together along the central path, at one weighted Gram matrix a step; the rows that lie on the kink then
determine θ, and the weights that are free to move determine ν there.

Koenker 2005, §6.4; Mehrotra 1992; Portnoy & Koenker 1997.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace

import numpy as np

from ..data.statistics import identity
from ..kernels.threads import one_blas_thread
from .duality import lower_bound, pseudo_inverse, pull_of
from .row_sums import WIDE

STEPS = 100  # along the central path
STALE = 30  # that bring it no nearer to its end
NEAR = 1e-7  # of the spread of y: a residual that may well be 0
DENSE = 20_000_000  # numbers in X up to which an orthogonal basis of its columns is made


def crossover(objective) -> tuple[np.ndarray, float] | None:
    """θ at the minimum, and how far F may lie above its minimum there; None where rows are not in memory, or
    a matrix of all pairs of columns is too large."""
    term = objective.term
    in_memory = term.linear_rows and term.in_memory
    if not in_memory or term.loss.corner is None or term.inputs > WIDE:
        return None
    k = term.outputs
    found, slopes = np.array(term.null_theta).reshape(-1, k), np.empty((2, term.rows, k))
    with one_blas_thread(), np.errstate(all="ignore"):
        for output in range(k):
            answer = _Program(objective, output).solved(found[:, output])
            if answer is None:
                return None
            found[:, output], slopes[:, :, output] = answer
        value = objective.value_and_gradient(found.ravel()).value
        lowest = max(lower_bound(objective, nu, pull_of(term, nu), found.ravel()) for nu in slopes)
    return found.ravel(), max(value - lowest, 0.0) + 1e-14 * abs(value)


class _Program:
    """One output: θ (q,), and ν (n,) the rows' slopes, a = s∘ν between `low` and `high`."""

    def __init__(self, objective, output: int):
        term, k = objective.term, objective.term.outputs
        loss = term.loss.of_output(output)
        self.term = replace(term, Y=term.Y[:, [output]], loss=loss, gathered=None)
        self.share = term.row_weights
        self.y, n = term.Y[:, output], term.rows
        down, up = loss.corner
        self.low, self.high = -down * self.share, up * self.share
        self.l1, self.l2 = (n * price.reshape(-1, k)[:, output] for price in (objective.l1, objective.l2))
        self.corners = np.flatnonzero(self.l1)
        self.spread, self.size = term.output_scale or 1.0, term.expected_size

    def solved(self, theta) -> tuple[np.ndarray, np.ndarray] | None:
        """θ (q,) at the minimum, from a θ, and two ν (2, n)."""
        back = self._orthogonal()
        start = np.zeros_like(theta) if back is not None else theta
        answer = self._central_path(start)
        if answer is None:
            return None
        theta, a = answer
        theta, every = self._exact(theta if back is not None else self._nearest(theta, start), a)
        return theta if back is None else back(theta), every / self.share

    def _orthogonal(self):
        """Take Q of X̃ = QR in place of the columns, where no weight has a price: then columns that nearly
        depend on one another cost no digits. Gives the way back, φ → R⁻¹φ; None where nothing was changed."""
        term = self.term
        if self._priced or not term.dense or not term.size <= term.rows <= DENSE / term.size:
            return None
        from scipy.linalg import solve_triangular

        Q, R = np.linalg.qr(self._columns())
        if np.abs(R.diagonal()).min() <= 1e-13 * len(R) * np.abs(R.diagonal()).max():
            return None
        unit = math.sqrt(term.rows)
        names = term.names[: len(R)]
        self.term = replace(
            term, X=unit * Q, standardise=identity(len(R)), intercept=False, names=names, compiled=False
        )
        return lambda phi: solve_triangular(R, unit * phi)

    @property
    def _priced(self) -> bool:
        return bool(self.l1.any() or self.l2.any())

    def _nearest(self, theta, start) -> np.ndarray:
        """Of all θ that predict the same, the nearest to the start, where no weight has a price. Which of
        them the path ends at depends on how it weighs the rows, and so a row of weight 2 and a row given
        twice would differ."""
        if self._priced or self.term.size * self.term.rows > DENSE:
            return theta
        ahead = self._z(theta) - self._z(start)
        near = start + np.linalg.lstsq(self._columns(), ahead, rcond=1e-12)[0]
        rounding = 1e-13 * (self.value(theta) + len(self.y) * self.spread)
        return near if self.value(near) <= self.value(theta) + rounding else theta

    def value(self, theta) -> float:
        """n·F"""
        e = self._z(theta) - self.y
        rows = float(np.maximum(self.high * e, self.low * e).sum())
        return rows + float(self.l1 @ np.abs(theta) + 0.5 * self.l2 @ theta**2)

    def _z(self, theta) -> np.ndarray:
        return self.term.predictor(theta)[:, 0]

    def _back(self, a) -> np.ndarray:
        return self.term._back(a[:, None], None)

    def _columns(self, rows=slice(None)) -> np.ndarray:
        """X̃ of some rows, the intercept's ones included."""
        term = self.term
        some = term.take(rows, relative_weight=None)
        return np.vstack([block for _, block in some.blocks()] or [np.empty((0, term.size))])

    def _central_path(self, theta):
        """Primal and dual along (high − a)·e⁺ = (a − low)·e⁻ = μs, e⁺ − e⁻ = X̃θ − y, as μ goes to 0; s, so
        that a row of weight 2 is a row given twice, mostly also where the minimum is not one point."""
        J, n = self.corners, len(self.y)
        low, high = np.append(self.low, -self.l1[J]), np.append(self.high, self.l1[J])
        y = np.append(self.y, np.zeros(len(J))) / self.spread
        square = self.l2 * self.spread
        s = np.append(self.share, np.ones(len(J)))

        def ahead(v):  # X̃v, and v itself where |v| has a price
            return np.append(self._z(v), v[J])

        def back(a):
            out = self._back(a[:n])
            out[J] += a[n:]
            return out

        theta = theta / self.spread
        e = ahead(theta) - y
        center = 0.1 * float((high - low)[:n].mean()) * s / (high - low)  # where all products are of one size
        over, under = np.maximum(e, 0.0) + center, np.maximum(-e, 0.0) + center
        a = 0.5 * (low + high) + 0.4 * (high - low) * e / (np.abs(e) + 0.1)
        unit = math.inf
        room, depth = high - a, a - low  # of their own, as they end far below the rounding of a
        best, least, last = None, math.inf, 0
        for step_number in range(STEPS):
            products = float(room @ over + depth @ under)
            off_dual, off_primal = -(back(a) + square * theta), over - under - ahead(theta) + y
            away = products + float(np.abs(off_primal) @ (high - low))
            away += float(np.abs(off_dual) @ (np.abs(theta) + self.size / self.spread))
            if away < least:
                best, least, last = (theta.copy(), a.copy()), away, step_number
            e = over - under
            unit = min(unit, float(np.maximum(high * e, low * e).sum() + 0.5 * square @ theta**2))
            if not 1e-13 * unit < away < math.inf or step_number - last > STALE:
                break
            D = 1 / (over / room + under / depth)
            H = n * self.term._weighted_gram(D[:n]) + np.diag(square)
            H[J, J] += D[n:]
            if not np.isfinite(H).all():
                break
            solve = _factored(H)
            plus, minus = -room * over, -depth * under
            for predicted in (False, True):  # Mehrotra's predictor, and his corrector
                h = -plus / room + minus / depth - off_primal
                step = solve(off_dual - back(D * h))
                da = D * (ahead(step) + h)
                up, down = (plus + over * da) / room, (minus - under * da) / depth
                if predicted:
                    break
                t = _reach((room, -da), (depth, da), (over, up), (under, down))
                left = (room - t * da) @ (over + t * up) + (depth + t * da) @ (under + t * down)
                mu = products / (2 * float(s.sum())) * (float(left) / products) ** 3 * s
                plus, minus = mu - room * over + da * up, mu - depth * under - da * down
            dual, primal = _reach((room, -da), (depth, da)), _reach((over, up), (under, down))
            if square.any():  # which ties the two
                dual = primal = min(dual, primal)
            if not max(dual, primal) > 1e-10:
                break
            theta, over, under = theta + primal * step, over + primal * up, under + primal * down
            a, room, depth = a + dual * da, room - dual * da, depth + dual * da
        return None if best is None else (best[0] * self.spread, best[1][:n])

    def _exact(self, theta, a):
        """θ from the rows that lie on the kink, and a there from the weights that are free to move: (2, n),
        from those without a square price, and from all before."""
        e = self._z(theta) - self.y
        interior = np.minimum(self.high - a, a - self.low) > 1e-6 * (self.high - self.low)
        on = np.flatnonzero(interior & (np.abs(e) <= NEAR * self.spread))
        g = self._back(a)
        zero = (self.l1 > 0) & (np.abs(g) < self.l1 * (1 - 1e-6)) & (np.abs(theta) <= 1e-6 * self.size)
        moving = np.flatnonzero(~zero)
        columns = self._columns(on)[:, moving]
        sharp = np.where(zero, 0.0, theta)
        missing = self.y[on] - self._z(sharp)[on]
        sharp[moving] += np.linalg.lstsq(columns, missing, rcond=1e-12)[0]
        if self.value(sharp) <= (1 + 1e-13) * self.value(theta):  # but for rounding
            theta, e = sharp, self._z(sharp) - self.y
        away = np.abs(e) > NEAR * self.spread
        settled = np.where(away & ~interior, np.where(e > 0, self.high, self.low), a)
        every, tight = [], self.l2[moving] == 0  # where the dual asks for no more or less
        for equations in ((tight,), (np.ones_like(tight), tight)):
            balanced = settled.copy()
            for some in equations:
                g = self._back(balanced) + self.l2 * theta + self.l1 * np.sign(theta)
                balanced[on] -= np.linalg.lstsq(columns.T[some], g[moving][some], rcond=1e-12)[0]
            every.append(balanced)
        return theta, np.array(every)


def _reach(*pairs) -> float:
    """The longest step, up to 1, that leaves all of them above 0."""
    longest = min(float(np.min(-x[d < 0] / d[d < 0], initial=np.inf)) for x, d in pairs)
    return min(1.0, 0.995 * longest)


def _factored(H):
    """v → H⁻¹v; H⁺v where H is singular."""
    from scipy.linalg import cho_factor, cho_solve

    width = np.sqrt(np.maximum(H.diagonal(), 1e-300))
    with suppress(np.linalg.LinAlgError, ValueError):
        factor = cho_factor(H / width / width[:, None], lower=True)
        return lambda v: cho_solve(factor, v / width) / width
    return pseudo_inverse(H)

"""Coordinate descent on a working set: most weights of an L1 minimiser are 0, and need no more than a look.

A round looks at the slopes of all weights, takes those that can be improved into the working set, and
minimises a quadratic over it, one weight after the other (`kernels/coordinates.py`). For a squared loss
that quadratic is F itself; for other losses it is F's second-order model, and a line search follows
(proximal Newton, Lee, Sun & Saunders 2014). Dense columns are seen through H = X̃ᵀDX̃ of the working set,
after which rows cost nothing: once the signs have settled, one solve ends it. With few columns and a
squared loss, H of all columns is found once, and no round looks at a row. Sparse columns are walked as they
are, and Anderson's extrapolation (Bertrand & Massias 2021) ends it. The intercept goes along exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kernels.compiled import WORTH_COMPILING, compiled
from ..kernels.coordinates import column_sizes, cycle, sweep_columns
from .l1_quadratic import MOST, distance, extrapolated, minimised, priced

MOMENTS = 1000  # columns up to which H of all of them is found at once
NEWTON = 20  # models of a round
BLOCK = 4_000_000  # numbers of X standardised at a time
HELD = 32_000_000  # and kept
KNOWN = (  # of Coordinates: what changes from round to round, and is not read from the rows again
    *("theta", "z", "value", "gradient", "pull", "working", "modelled", "H", "lift", "bend"),
    *("fresh", "thorough", "cautious"),
)


@dataclass(frozen=True)
class WorkingSet:
    """What coordinate descent knows of F where it stands: its memory."""

    known: dict[str, Any]


class Coordinates:
    """Where coordinate descent stands: θ = (u, c), and what it knows of f around it.

    `solves`: how many minimisers will be asked for, which decides whether compiling is worth while.
    """

    def __init__(self, term, theta, solves: int = 1):
        self.term, self.solves, self.d = term, solves, term.columns
        self.theta = np.array(theta, dtype=float)
        self.value, self.gradient, self.pull = np.nan, np.empty(0), np.empty(0)  # see `_look`
        self.moments = term.quadratic and (self.d <= MOMENTS or term.gathered is not None)
        self.working = np.arange(self.d if self.moments else 0)
        self.modelled = np.empty(0, dtype=int)  # which of them H is of, by their places
        self.H, self.lift, self.bend = np.empty((0, 0)), np.empty(0), 1.0  # see `_curvature`
        self.held: np.ndarray | None = None  # the working set's columns, standardised
        self.fresh = False  # whether they still point the right way
        self.thorough = False  # whether a part of the rows was too few for them
        self.cautious = False  # whether the last step went too far by much: then D is its bound
        if self.moments:
            self.origin = np.array(term.null_theta)
            if term.gathered is None:
                self.lowest, self.slope, _ = term.value_and_gradient(self.origin)
            else:  # no second look at X
                G, c = term.gathered.of(term.standardise, term.intercept)
                self.slope = term.loss.curvature_bound * (G @ self.origin - c[:, 0])
                self.lowest = term.intercept_only_value(self.origin)
        else:
            self.z = term.predictor(self.theta)  # (n, 1)
            self.bend = self._bends().sum() if term.intercept else 1.0
            if not term.dense:
                columns = term.X.tocsc()
                columns.sum_duplicates()
                columns.data = columns.data / np.repeat(term.standardise.width, np.diff(columns.indptr))
                self.columns = columns.indptr, columns.indices, columns.data
                self.by_column = columns.T  # the same numbers
        self._look()

    @property
    def memory(self) -> WorkingSet:
        """All that is needed to go on, to the last bit."""
        return WorkingSet({name: vars(self)[name] for name in KNOWN if name in vars(self)})

    def round(self, l1, l2, limit: float) -> float:
        """θ after a minimisation over the working set, until no weight of it pulls harder than `limit`.

        l1, l2 (d,): the prices. Gives the length of the step that was taken, 1 but for a line search.
        """
        u = self.theta[: self.d]
        pulls = distance(self.gradient[: self.d], u, l1, l2)
        grown = self._grow(pulls, u, limit)
        W = self.working
        rough = grown or not self.term.quadratic  # what is not F itself is not worth its last digits
        for _ in range(1 if self.term.quadratic or not self.term.dense else NEWTON):
            pulls = distance(self.gradient[W], self.theta[W], l1[W], l2[W]).max(initial=0.0)
            inner = max(0.3 * limit, 0.01 * float(pulls) if rough else 0.0)
            step, moved = self._step(l1, l2, inner)
            t = self._move(step, moved, l1[W], l2[W])
            if self.term.quadratic or t == 0.0:
                break
            self.cautious = t < 0.05
            if self.term.dense:
                self._look_at_working()
                left = distance(self.gradient[W], self.theta[W], l1[W], l2[W]).max(initial=0.0)
                self.fresh, self.thorough = t == 1.0 and left <= 0.5 * pulls, left > 0.5 * pulls
                if max(left, np.abs(self.gradient[self.d :]).max(initial=0.0)) <= 0.5 * limit:
                    break
        self._look()
        return t

    def _step(self, l1, l2, limit: float):
        """To the minimum of the model over the working set: Δθ (p,), and what it does to z (n, 1)."""
        step = np.zeros_like(self.theta)
        if self.moments or self.term.dense:
            self._curve(l1, l2)
            W = self.working[self.modelled]
            change, moved = self._by_moments(W, l1[W], l2[W], limit), None
        else:
            W = self.working
            change, moved = self._by_columns(self.theta[W], l1[W], l2[W], limit)
        step[W], step[self.d :] = change[: len(W)], change[len(W) :]
        if self.term.dense and not self.moments:
            moved = self._predicted(step)
        return step, moved

    def _move(self, step, moved, l1, l2) -> float:
        """Go as far as the first of 1, ½, ¼ … that lowers F as its slope promises; of F's own parabola, all
        the way."""
        if self.term.quadratic:
            self.theta = self.theta + step
            self.z = None if moved is None else self.z + moved
            return 1.0
        W = self.working
        u, change = self.theta[W], step[W]
        before = self.value + priced(u, l1, l2)
        promised = float(self.pull @ moved[:, 0]) + priced(u + change, l1, l2) - priced(u, l1, l2)
        t = 1.0
        while t > 1e-10:
            z = self.z + t * moved
            value, pull = self._slopes(z)
            allowed = before + 1e-4 * t * promised + 1e-14 * abs(before)
            if value + priced(u + t * change, l1, l2) <= allowed:
                self.theta, self.z, self.value, self.pull = self.theta + t * step, z, value, pull
                return t
            t *= 0.5
        return 0.0

    def extend_working_set(self, features) -> None:
        """Features to take into the working set."""
        known = np.zeros(self.d, dtype=bool)
        known[self.working] = True
        self.working = np.append(self.working, features[~known[features]])

    def _grow(self, pulls, u, limit: float) -> bool:
        """Add the coordinates with the largest violations, at most twice as many as there are nonzero
        weights. Returns whether any were added."""
        if len(self.working) == self.d:
            return False
        pulls = np.where(u != 0, np.inf, pulls)
        pulls[self.working] = 0.0
        wanted = np.flatnonzero(pulls > 0.3 * limit)
        most = max(100, 2 * int(np.count_nonzero(u)))
        if len(wanted) > most:
            wanted = wanted[np.argpartition(-pulls[wanted], most)[:most]]
        self.extend_working_set(wanted)
        return len(wanted) > 0

    def gap(self, l1, l2) -> float:
        """How far F may lie above its minimum: F − D(κψ), ψ the rows' slopes, which κ ≤ 1 makes feasible.

        Fenchel's equality gives f*(ψ) = ⟨ψ, z⟩ − f, and f* is strongly convex between κψ and 0:
        f*(κψ) ≤ κf*(ψ) − (1 − κ)·inf f − ½κ(1 − κ)Σ sᵢℓ′ᵢ²/L, with equality for the squared loss.
        """
        u, g = self.theta[: self.d], self.gradient[: self.d]
        size = np.abs(g)
        held = (l2 == 0) & (size > l1)
        kappa = float((l1[held] / size[held]).min(initial=1.0))
        A = np.flatnonzero(u)
        slack = priced(u, l1, l2) + kappa * float(g[A] @ u[A])
        if l2.any():
            over = np.maximum(kappa * size - l1, 0.0)
            slack += 0.5 * float(np.divide(over**2, l2, out=np.zeros_like(l2), where=l2 > 0).sum())
        slack += 0.5 * float((self.gradient[self.d :] ** 2).sum()) / self.bend  # of an intercept on its way
        if kappa == 1.0:
            return slack
        return slack + (1 - kappa) * (self.value - self.infimum) - 0.5 * kappa * (1 - kappa) * self._strain()

    @property
    def infimum(self) -> float:
        """Σ sᵢ inf ℓ(·, yᵢ)/Σ sᵢ, below which f cannot fall."""
        return float(np.average(self.term.loss.infimum(self.term.Y)[:, 0], weights=self.term.relative_weight))

    def _strain(self) -> float:
        """Σ sᵢℓ′ᵢ²/L / Σ sᵢ"""
        term, bound = self.term, self.term.loss.curvature_bound
        if term.quadratic:
            return 2 * self.value
        square = self.pull**2 if term.relative_weight is None else self.pull**2 / term.relative_weight
        return term.rows * float(square.sum()) / bound if bound < np.inf else 0.0

    def _look(self) -> None:
        """f, the rows' slopes (n,) and the gradient (p,) where θ stands."""
        if not self.moments:
            self.value, self.pull = self._slopes(self.z)
            if self.term.dense:
                self.gradient = self.term.at_predictor(self.z)[1]
                return
            total, scale = self.pull.sum(), self.term.standardise
            g = self.by_column @ self.pull - scale.center / scale.width * total
            self.gradient = np.append(g, total) if self.term.intercept else g
            return
        away = self.theta - self.origin
        pull = self.term.loss.curvature_bound * (self.term.gram @ away)
        self.value = self.lowest + float(away @ (self.slope + 0.5 * pull))
        self.gradient = self.slope + pull

    def _look_at_working(self) -> None:
        """The gradient of the working set and the intercept alone."""
        W = self.working
        self.gradient[W] = sum(block.T @ self.pull[rows] for rows, block in self._blocks(W))
        self.gradient[self.d :] = self.pull.sum()

    def _slopes(self, z):
        """f at z, and how each row pulls (n,)."""
        term = self.term
        value, slope = (term.weighted(part) for part in term.loss.value_and_slope(z, term.Y))
        return float(value.mean()), slope[:, 0] / term.rows

    # ---- dense columns, through H ------------------------------------------------------------

    def _by_moments(self, W, l1, l2, limit: float) -> np.ndarray:
        """(Δu, Δc) over the weights that H is of."""
        H, lift, u = self.H, self.lift, self.theta[W]
        g, rest = self.gradient[W], self.gradient[self.d :]
        start, u = u, u.copy()
        g = g - lift * rest[0] if len(rest) else g
        run = self._suited(cycle, 10 * g.size**2)
        u, g = minimised(run, H, g, u, l1, l2, limit)
        change = u - start
        return np.append(change, -rest[0] / self.bend - lift @ change) if len(rest) else change

    def _curve(self, l1, l2) -> None:
        """H = X̃ᵀDX̃ once the intercept has answered, how it does, and its own curvature: of the working set.
        Where D changes, of those of it alone that do not rest at 0."""
        W = self.working
        known = len(self.lift)
        if not self.term.quadratic:
            u = self.theta[W]
            moving = np.flatnonzero((u != 0) | (distance(self.gradient[W], u, l1[W], l2[W]) > 0))
            if self.fresh and np.isin(moving, self.modelled).all():
                return
            self.modelled = moving
            self.H, self.lift, self.bend = self._gram(moving)
        elif self.moments and known < len(W):
            bound, d = self.term.loss.curvature_bound, self.d
            G = bound * self.term.gram
            self.bend = G[d, d] if self.term.intercept else 1.0
            self.lift = G[:d, d] / self.bend if self.term.intercept else np.zeros(d)
            self.H = G[:d, :d] - self.bend * np.outer(self.lift, self.lift)
        elif known < len(W):
            new, lift, self.bend = self._joining(known)
            self.lift = np.append(self.lift, lift)
            H = np.empty((len(W), len(W)))
            H[:known, :known], H[:, known:], H[known:, :known] = self.H, new, new[:known].T
            self.H = H
        if self.term.quadratic:
            self.modelled = np.arange(len(W))

    def _joining(self, known: int):
        """What the working set's columns after the first `known` add to H of a squared loss."""
        D, W = self._bends(), self.working
        H, sums, bend = np.zeros((len(W), len(W) - known)), np.zeros(len(W)), D.sum()
        for rows, block in self._blocks(W):
            new = block[:, known:]
            if self.term.relative_weight is None:  # one number, which scales the product instead of its rows
                H += D[0] * (block.T @ new)
                sums += D[0] * block.sum(axis=0)
            else:
                H += block.T @ (D[rows, None] * new)
                sums += D[rows] @ block
        if not self.term.intercept:
            return H, np.zeros(len(W) - known), 1.0
        return H - np.outer(sums, sums[known:] / bend), sums[known:] / bend, bend

    def _gram(self, places):
        """X̃ᵀDX̃ of some of the working set, less what the intercept takes of it; how the intercept answers to
        that; its own curvature. H is but a model, so many rows stand for all (sub-sampled Newton,
        Roosta-Khorasani & Mahoney 2019)."""
        D = self._bends()
        H, sums, bend = np.zeros((len(places), len(places))), np.zeros(len(places)), D.sum()
        few = 1 if self.thorough else max(1, self.term.rows // (200 * (len(places) + 1)))
        for rows, block in self._blocks(self.working):
            half = np.sqrt(few * D[rows][::few])  # BLAS works out half of AᵀA
            scaled = half[:, None] * block[::few, places]
            H += scaled.T @ scaled
            sums += half @ scaled
        if not self.term.intercept:
            return H, np.zeros(len(places)), 1.0
        return H - np.outer(sums, sums / bend), sums / bend, bend

    def _blocks(self, W):
        """The standardised columns of the working set, some rows at a time; kept while they are few."""
        X, scale, n = self.term.X, self.term.standardise, self.term.rows
        standardised = lambda X, W: (X.astype(float) - scale.center[W]) / scale.width[W]
        if n * len(W) > HELD:
            self.held = None
            size = max(1, BLOCK // max(1, len(W)))
            for first in range(0, n, size):
                rows = slice(first, first + size)
                yield rows, standardised(np.take(X[rows], W, axis=1), W)
            return
        have = 0 if self.held is None else self.held.shape[1]
        if self.held is None or have < len(W):
            held = np.empty((n, len(W)), order="F")
            if have:
                held[:, :have] = self.held
            held[:, have:] = standardised(np.take(X, W[have:], axis=1), W[have:])
            self.held = held
        yield slice(None), self.held

    def _predicted(self, step) -> np.ndarray:
        """What a step does to z.  (n, 1)"""
        moved = np.empty(self.term.rows)
        for rows, block in self._blocks(self.working):
            moved[rows] = block @ step[self.working]
        return (moved + step[self.d :].sum())[:, None]

    # ---- sparse columns, as they are ----------------------------------------------------------

    def _by_columns(self, u, l1, l2, limit: float):
        """(Δu, Δc) over the working set, and what they do to z, from the columns' own numbers."""
        W, term = self.working, self.term
        pull = self.pull.copy()
        D, mean, bend = self._bends(), np.empty(len(W)), np.empty(len(W))
        total, start, u = D.sum(), u, u.copy()
        self.bend = total
        work = (self.columns[0][W + 1] - self.columns[0][W]).sum()
        self._suited(column_sizes, work)(*self.columns, W, D, term.intercept, mean, bend)
        run = self._suited(sweep_columns, 100 * work)
        shift = -pull.sum() / total if term.intercept else 0.0
        every, past = np.arange(len(W)), list[tuple]()
        places = every
        for _ in range(MOST):
            arrays = *self.columns, W, D, total, pull, shift, mean, bend, u, l1, l2, places
            hardest, shift = run(*arrays)
            if hardest <= limit or places is every:
                if hardest <= limit and places is every:
                    break
                places, past = (every if hardest <= limit else np.flatnonzero(u)), []
                continue
            past.append((u.copy(), np.append(pull, shift)))
            if len(past) == 6:
                model = lambda u, at: 0.5 * ((at[:-1] + at[-1] * D) ** 2 / D).sum() + priced(u, l1, l2)
                ahead = extrapolated(past)
                if model(*ahead) < model(*past[-1]):
                    u, pull, shift = ahead[0], ahead[1][:-1], float(ahead[1][-1])
                past = []
        moved = ((pull - self.pull) / D + shift)[:, None]
        change = u - start
        if not term.intercept:
            return change, moved
        scale = term.standardise
        return np.append(change, shift + scale.center[W] / scale.width[W] @ change), moved

    # ---- small parts ---------------------------------------------------------------------------

    def _bends(self) -> np.ndarray:
        """The curvature D of each row's part of f, never quite 0.  (n,)"""
        term = self.term
        if term.quadratic:
            bends = np.full(term.rows, term.loss.curvature_bound / term.rows)
        else:
            bends = term.loss.curvature(self.z, term.Y).ravel() / term.rows
            bound = np.nan_to_num(term.loss.curvature_bound) / term.rows
            bends = np.maximum(bends, bound) if self.cautious else bends + 1e-4 * max(bends.mean(), bound)
        return term.weighted(bends)

    def _suited(self, kernel, work: float):
        """The kernel, compiled where Python would not be done before the compiler."""
        return kernel if self.solves * 10 * work < WORTH_COMPILING else compiled(kernel)


class SeveralOutputs:
    """Proximal Newton over several outputs, softmax among them: the second-order model of F, with the kinks
    of L1, is minimised over the weights that are not 0 or may not stay so, and a line search follows.
    Lee, Sun & Saunders 2014. Intercepts are weights without a price. It holds θ (p,), f and its gradient."""

    moments = False

    def __init__(self, term, theta):
        self.term, self.d = term, term.columns * term.outputs
        self.theta = np.array(theta, dtype=float)
        self._look(self.theta)

    def _look(self, theta) -> None:
        self.value, self.gradient, (self.theta, self.z) = self.term.value_and_gradient(theta)

    @property
    def memory(self) -> WorkingSet:
        """All that is needed to go on, to the last bit."""
        return WorkingSet({name: vars(self)[name] for name in ("theta", "value", "gradient", "z")})

    def round(self, l1, l2, limit: float) -> float:
        """θ after one model of F has been minimised; the length of the step that was taken."""
        free = np.zeros(len(self.theta) - self.d)
        l1, l2 = np.append(l1, free), np.append(l2, free)
        pulls = distance(self.gradient, self.theta, l1, l2)
        W = np.flatnonzero((self.theta != 0) | (pulls > 0.3 * limit) | (l1 == 0))
        H = self.term.hessian(self.theta, (self.theta, self.z))[np.ix_(W, W)]
        H[np.diag_indices(len(W))] *= 1 + 1e-10  # never quite level where a loss is
        run = cycle if 100 * len(W) ** 2 < WORTH_COMPILING else compiled(cycle)
        inner = max(0.3 * limit, 1e-3 * float(pulls.max()))
        start = self.theta[W]
        u, _ = minimised(run, H, self.gradient[W].copy(), start.copy(), l1[W], l2[W], inner)
        step = np.zeros_like(self.theta)
        step[W] = u - start
        if free.size and self.term.coupled:
            step[self.d :] -= step[self.d :].mean()  # softmax does not see what shifts all classes alike
        before = self.value + priced(self.theta, l1, l2)
        after = priced(self.theta + step, l1, l2)
        promised = float(self.gradient @ step) + after - priced(self.theta, l1, l2)
        t = 1.0
        while t > 1e-10 and step.any():
            ahead = self.theta + t * step
            value, gradient, seen = self.term.value_and_gradient(ahead)
            if value + priced(ahead, l1, l2) <= before + 1e-4 * t * promised + 1e-14 * abs(before):
                self.value, self.gradient, (self.theta, self.z) = value, gradient, seen
                return t
            t *= 0.5
        return 0.0

"""How far F can lie above its minimum, proved: F(θ) − F* ≤ gap, in the units of F.

Any slopes ν that the loss has hold F up from below. With ℓ(z, y) ≥ ν·z − ℓ*(ν, y) for every row and
g = X̃ᵀ(s∘ν)/n, whatever θ is,

    F(θ) ≥ D(ν) = −Σᵢ sᵢ·ℓ*(νᵢ, yᵢ)/n − Σⱼ Rⱼ*(−gⱼ),    Rⱼ*(v) = (|v| − l1ⱼ)₊²/2l2ⱼ,

where l2ⱼ = 0 asks for |gⱼ| ≤ l1ⱼ: 0 for an intercept, and for every weight without a price. The slopes at
θ itself seldom meet that. Taken one Newton step on, to first order, ν − ℓ″·(X̃a), they do, and their D lies
below F* by less than F lies above it. Where ℓ does not have those slopes, the step is taken, and another
one tried from there; what still lies outside is drawn toward 0, which every loss and penalty allows.

Fenchel–Rockafellar duality: Boyd & Vandenberghe 2004, §5.7.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from . import summing
from .penalties import kink_distance
from .pivots import WIDE, Pivots

THOROUGH = 500  # weights up to which Newton's steps are taken in all of them
SMALL = 20_000_000  # multiplications in a Hessian up to which several such steps are
FEW = 50  # weights up to which a Hessian costs not much more than a pass
SHARE = 0.05  # of a descent, that a proof may cost
EPS = np.finfo(float).eps
ROUNDING = 32 * EPS  # of F, that a gap cannot tell


def free_gap(objective, point) -> float | None:
    """The bound that asks for no look at the rows, O(p); None where there is none.

    On moments it is exact, ½(θ − θ*)·∇F; with a kink, ‖q‖²/2μ with q the smallest subgradient of F and μ
    the strong convexity, both in the coordinates of the descent; where every weight has a square price,
    Σ qⱼ²/2l2ⱼ.
    """
    term, theta = objective.term, point.theta
    reduced = term.minimum is not None
    if reduced and not objective.nonsmooth:
        return max(0.5 * float((theta - objective.lowest_theta) @ point.gradient), 0.0)
    if not term.linear:
        return None
    l2 = objective.l2
    if reduced:
        mu = objective.strong_convexity - 1e-13 * len(theta) * objective.lipschitz  # less its rounding
        l2 = l2 + max(mu - l2.min(), 0.0)
    if not l2.all():
        return None
    bound = 0.5 * float(kink_distance(point.gradient, theta, objective.l1) ** 2 @ (1 / l2))
    return min(bound, point.value - term.floor)  # no loss and no penalty is below its least


def newton_fall(objective, point) -> float | None:
    """½·∇FᵀH⁺∇F over the weights that are not held at a kink: how far a Newton step would lead down,
    to second order; None where it would cost much more than a pass."""
    free = (objective.l1 == 0) | (point.theta != 0)
    cheap = objective.size <= FEW or (objective.quadratic and _gram_is_known(objective))
    if not (free.any() and cheap and objective.curved):
        return None
    g = point.gradient + objective.l1 * np.sign(point.theta)
    known = objective.linear_rows and objective.quadratic
    H = objective.hessian_of_parabola if known else objective.hessian(point)
    return 0.5 * float(g[free] @ pseudo_inverse(H[np.ix_(free, free)])(g[free]))


def _gram_is_known(objective) -> bool:
    """Whether H of a parabola needs no pass over the rows: it was found before, or comes from moments."""
    term = objective.term
    from_moments = not term.in_memory or term.minimum is not None or term.gathered is not None
    return from_moments or "hessian_of_parabola" in vars(objective)


def duality_gap(objective, point, passes: float = math.inf) -> float | None:
    """F(θ) − D(ν), for a linear model over its rows; ½·∇FᵀH⁺∇F for a parabola, which is exact.

    Newton's step in all weights, up to 500, costs as much as 5 + p/50 passes over the rows; in the intercepts
    alone, which is enough where every other weight has a price, 2. Either is taken where that is no more
    than a twentieth of the `passes` that were made; where neither is, None.
    """
    term, theta = objective.term, point.theta
    if not term.in_memory:  # z of all rows is not held
        plain = objective.quadratic and not objective.nonsmooth
        return _parabola(objective.hessian_of_parabola, point.gradient, theta) if plain else None
    _, z = point.cached
    quick = gap_of_chances(objective, point) if term.compiled else None
    if quick is not None:
        return quick
    budget = SHARE * passes
    intercepts = term.column_scale == 0
    tries: list[tuple[np.ndarray, int]] = []
    if len(theta) <= THOROUGH and 5 + len(theta) / 50 <= budget:
        tries.append((np.ones(len(theta), bool), 12 if term.rows * len(theta) ** 2 <= SMALL else 1))
    if budget >= 2 and (intercepts | (objective.l1 > 0) | (objective.l2 > 0)).all():
        tries.append((intercepts, 30))
    parabola = objective.quadratic and not objective.nonsmooth
    known = parabola and term.gathered is not None  # G costs nothing then
    if not (tries or known):
        return None
    if parabola and (known or tries[0][0].all()):
        exact = _parabola(objective.hessian_of_parabola, point.gradient, theta)
        if exact is not None:
            return exact
    if not tries:
        return None
    lowest = lower_bound(objective, np.zeros_like(z), np.zeros_like(theta))  # F* is at least that of no row
    for loss in _smooth_losses(term, z):
        for moved, rounds in tries:
            found = lower_bound(objective, *_dual_point(objective, loss, point, moved, rounds))
            lowest = max(lowest, found)
            if math.isfinite(found):
                break
    return max(point.value - lowest, 0.0) + ROUNDING * abs(point.value)


def gap_of_chances(objective, point) -> float | None:
    """F(θ) − D(ν) of log loss with a square price on every weight but the intercepts, bounded without a look
    at X; None for others.

    With ν = slope − ℓ″·c for the c that makes Σ sν = 0, chances move from p to p·(1 − e), |e| ≤ r, where r is
    the range of c (|c|/4 in the size of all that follows, for two classes). Fenchel's ℓ + ℓ* − νz is then the
    divergence of the two, which is below their χ² ≤ r²; and gⱼ moves by r·√(mean of x̃ⱼ²) at most.
    """
    term, l2, sizes = objective.term, objective.l2, objective.term.standardise.sizes
    k, free = term.outputs, term.column_scale == 0
    if not term.loss.cross_entropy or objective.nonsmooth or not (l2[~free] > 0).all() or sizes is None:
        return None
    q, c, left = point.gradient[~free], np.zeros(k), np.zeros(k)
    if term.intercept:
        p, products = summing.chance_products(point.cached[1], term.relative_weight)
        B = (np.diag(p) - products) / term.rows
        c = np.linalg.lstsq(B, point.gradient[free], rcond=1e-12)[0]
        left = np.abs(point.gradient[free] - B @ c)
    reach = float(np.ptp(c)) if k > 1 else 0.25 * float(np.abs(c).max())
    if not reach <= 0.25:
        return None
    moved = np.abs(q) + reach * np.repeat(np.sqrt(sizes), k)
    unseen = float(left.sum()) * (float(np.abs(term.null_theta).max()) + term.expected_size)
    squares = 0.5 * float((moved**2 / l2[~free]).sum())
    return squares + 4 * reach**2 + unseen + ROUNDING * abs(point.value)


def parabola_gap(function, point) -> float | None:
    """½·∇fᵀH⁺∇f of a parabola, which is exact; None where it has no minimum, and for other functions."""
    if not function.parabola or function.derivative_kind != "symbolic":
        return None
    H, g = function.hessian(point.theta), point.gradient
    values = np.linalg.eigvalsh(H)
    if values[0] < -1e-13 * len(H) * np.abs(values).max():
        return None
    return _parabola(H, g, point.theta)


def _parabola(H, g, theta) -> float | None:
    """½·gᵀH⁺g; None where more than rounding of a slope lies along a way on which H is level."""
    step = pseudo_inverse(H)(g)
    size = np.abs(H) @ np.abs(theta) + np.abs(g)
    return 0.5 * float(g @ step) if (np.abs(g - H @ step) <= 1e-12 * size.max(initial=0.0)).all() else None


def lower_bound(objective, slope, pull, theta=None) -> float:
    """D at the largest share of ν, up to all of it, that the loss and the penalty allow. With θ, at or near
    the minimum, what rounding adds to a slope costs what it may move F there, and no share of ν."""
    term, l1, l2 = objective.term, objective.l1, objective.l2
    corners, free = (l1 > 0) & (l2 == 0), (l1 == 0) & (l2 == 0)
    rounding = slope_rounding(objective)
    size = term.expected_size + (np.abs(term.null_theta) if theta is None else np.abs(theta))
    excess = np.zeros_like(pull)
    if theta is not None:
        excess[corners] = np.maximum(np.abs(pull[corners]) - l1[corners], 0.0)
        excess[excess > rounding] = 0.0
    share = min(1.0, term.loss.allowed(slope))
    if corners.any():
        share /= max(1.0, share * float((np.abs(pull[corners]) / (l1 + excess)[corners]).max()))
    slope, pull = share * slope, share * pull
    if (np.abs(pull[free]) > rounding[free]).any():
        return -math.inf
    price = term.weighted(term.loss.conjugate(slope, term.Y))
    total = float(price.sum()) / term.rows
    if not math.isfinite(total):
        return -math.inf
    squares = l2 > 0
    over = np.maximum(np.abs(pull[squares]) - l1[squares], 0.0)
    unseen = ROUNDING * float(np.abs(price).sum()) / term.rows  # what rounding left
    unseen += float(np.abs(pull[free]) @ size[free] + excess @ size)
    return -total - 0.5 * float((over**2 / l2[squares]).sum()) - unseen


def slope_rounding(objective) -> np.ndarray:
    """What of each slope may be rounding, (p,): of a column far from 0 a sum over its raw numbers loses the
    digits of |mean|/σ, centred though it is."""
    term = objective.term
    far = np.append(np.abs(term.standardise.center) / term.standardise.width, [0.0] * term.intercept)
    return objective.gradient_scale * np.maximum(1e-12, 8 * EPS * np.repeat(far, term.outputs))


def _dual_point(objective, loss, point, moved, rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """The slopes one Newton step on, in the weights that are `moved`, and g there."""
    term, theta, (_, z) = objective.term, point.theta, point.cached
    free = (objective.l1 == 0) & (objective.l2 == 0) & moved
    small = 1e-14 * objective.gradient_scale
    pull = point.gradient - objective.l2 * theta if loss is term.loss else None
    for _ in range(rounds):
        slope, bend = loss.slope(z, term.Y), loss.curvature(z, term.Y)
        pull = pull_of(term, slope) if pull is None else pull
        if not moved.any():
            return slope, pull
        new, g, step, dz = _newton(objective, loss, theta, z, slope, pull, bend, moved, small)
        settled = (np.abs(g[free]) <= slope_rounding(objective)[free]).all()
        if settled and np.isfinite(term.loss.conjugate(new, term.Y)).all():
            break
        t = 1 / (1 + float(np.abs(dz).max()) / (term.output_scale or 1.0))
        theta, z, pull = theta - t * step, z - t * dz, None
    return new, g


def _newton(objective, loss, theta, z, slope, pull, bend, moved, small):
    """ν and g after Newton's step on F's parabola at θ, the step, and what it moves z by.

    A weight with a kink is either on one side of it, where g must balance its price, or at 0. Those that
    the step carries across 0 are held there, those that g pulls off 0 leave it, until none does.
    """
    term, l1, l2 = objective.term, objective.l1, objective.l2
    H = _hessian(objective, loss, theta, z, bend, moved)
    step, new, dz = np.zeros_like(theta), slope, np.zeros_like(z)
    side = np.where(theta != 0, np.sign(theta), -np.sign(pull))
    away = moved & ((l1 == 0) | (theta != 0) | (np.abs(pull) > l1))
    solve = pseudo_inverse(H[np.ix_(away[moved], away[moved])])
    for _ in range(12):  # the second time for what rounding has left; seldom more
        step[away] += solve((pull + l2 * (theta - step) + l1 * side)[away])
        crossed = away & (l1 > 0) & ((theta - step) * side < 0)
        step[crossed] = theta[crossed]
        dz = term.predictor(step)
        new = slope - (np.einsum("nij,nj->ni", bend, dz) if bend.ndim == 3 else bend * dz)
        pull = pull_of(term, new)
        pulled = moved & ~away & (np.abs(pull) > l1 * (1 + 1e-12))
        if crossed.any() or pulled.any():
            side = np.where(pulled, -np.sign(pull), side)
            away = away & ~crossed | pulled
            solve = pseudo_inverse(H[np.ix_(away[moved], away[moved])])
        elif np.abs((pull + l2 * (theta - step) + l1 * side)[away]).max(initial=0.0) <= small:
            break
    return new, pull, step, dz


def pull_of(term, slope) -> np.ndarray:
    """g = X̃ᵀ(s∘ν)/n  (p,)"""
    return term._back(term.weighted(slope), None) / term.rows


def _hessian(objective, loss, theta, z, bend, moved) -> np.ndarray:
    """Of the smooth part of F, for the weights that move; of rows without curvature nothing is asked."""
    term, k = objective.term, objective.term.outputs
    price, weight = np.diag(objective.l2[moved]), term.weighted(bend)
    if not (moved & (term.column_scale > 0)).any():  # intercepts alone
        mean = weight.mean(axis=0)
        return (mean if bend.ndim == 3 else np.diag(mean)) + price
    if term.loss.coupled(k):
        return term.hessian(theta, (theta, z)) + price
    if loss.quadratic:
        return objective.hessian_of_parabola
    H = np.zeros((len(theta), len(theta)))
    for output in range(k):
        rows = np.flatnonzero(weight[:, output])
        if len(rows) == term.rows:
            H[output::k, output::k] = term._weighted_gram(weight[:, output])
        elif len(rows):
            some = term.take(rows, relative_weight=None)
            gram = some._weighted_gram(weight[rows, output]) * (len(rows) / term.rows)
            H[output::k, output::k] = gram
    return H + price


def pseudo_inverse(H) -> Callable[[np.ndarray], np.ndarray]:
    """v → H⁺v; of many columns one x with Hx = v, as good for v·x"""
    size = np.sqrt(np.maximum(np.diag(H), 0.0))
    size = np.where(size > 0, size, 1.0)
    if len(H) > WIDE:
        pivots = Pivots.of(H / size / size[:, None], 1e-14 * len(H))
        return lambda v: pivots.solve((v / size)[:, None])[:, 0] / size
    values, ways = np.linalg.eigh(H / size / size[:, None])
    kept = values > 1e-14 * len(H) * values.max(initial=0.0)
    ways, values = ways[:, kept], values[kept]
    return lambda v: (ways @ ((v / size) @ ways / values)) / size


def _smooth_losses(term, z) -> Iterator:
    """The loss itself; of one with a kink, versions that are round where some rows lie, whose slopes are
    slopes of the loss too. At a minimum at most p rows lie on the kink: the width is set where the
    distances of the nearest rows jump most, and wider, for points that are far from one."""
    if term.smooth:
        yield term.loss
        return
    least = 1e-15 * (term.output_scale or 1.0)
    distance = np.maximum(np.sort(np.abs(z - term.Y), axis=None), least)
    near = distance[: term.size + 2]
    jumps = np.argsort(near[:-1] / near[1:], kind="stable")[:2].tolist()
    for place in sorted({*jumps, min(2 * term.size, len(distance) - 2), len(distance) // 8} - {-1}):
        width = math.sqrt(distance[place] * distance[min(place + 1, len(distance) - 1)])
        yield term.loss.smoothed(width / term.loss.slope_bound)

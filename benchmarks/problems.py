"""What is solved: the rows, the objective, its minimum, and the one check that every contender passes.

Nothing here is Downslope's: values, minima and certificates are found in NumPy, so that no contender
is judged by its own arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

Weights = tuple[np.ndarray, Any]  # w (d,) or (d, K), and b: a number or (K,)


@dataclass(frozen=True, eq=False)
class Problem:
    """F(w, b) = mean of ℓ(X·w + b, y) + α·R(w), for each α; R is ½‖w‖² or ‖w‖₁, and b is free.

    ℓ is (z − y)² for "squared", log(1 + e^z) − y·z for "log", log Σ e^zₖ − z_y for "softmax".
    """

    X: Any  # (n, d) float64, C order, or CSR
    y: np.ndarray  # (n,); classes are 0, 1, …
    loss: str
    penalty: str | None = None
    alphas: tuple[float, ...] = (0.0,)
    intercept: bool = True
    settings: dict[str, float] = field(default_factory=dict)  # of a pass: its learning rate, its epochs

    @property
    def alpha(self) -> float:
        return self.alphas[0]

    @property
    def outputs(self) -> int:
        """Columns of z: one for each class under softmax."""
        return int(self.y.max()) + 1 if self.loss == "softmax" else 1


# ---- rows ----


def dense(n: int, d: int, seed: int = 0) -> np.ndarray:
    """(n, d) standard normal columns, any two with correlation 1/5."""
    draw = np.random.default_rng(seed)
    X = np.empty((n, d))
    for first in range(0, n, 50_000):
        part = X[first : first + 50_000]
        draw.standard_normal(out=part)
        part *= math.sqrt(0.8)
        part += math.sqrt(0.2) * draw.standard_normal((len(part), 1))
    return X


def sparse(n: int, d: int, count: int, seed: int = 0):
    """(n, d) CSR rows of length 1 with `count` non-zeros each, as of a text: early columns are frequent,
    late ones rare. The columns are cut into `count` stretches, and a row has one of each."""
    from scipy.sparse import csr_array

    draw = np.random.default_rng(seed)
    ends = np.maximum(np.arange(count + 1), (d * (np.arange(count + 1) / count) ** 2).astype(np.int64))
    columns = draw.integers(ends[:-1], ends[1:], size=(n, count)).astype(np.int32)
    values = draw.exponential(size=(n, count))
    values /= np.sqrt((values**2).sum(axis=1, keepdims=True))
    starts = np.arange(0, n * count + 1, count, dtype=np.int32)
    return csr_array((values.ravel(), columns.ravel(), starts), shape=(n, d))


def with_target(X, loss: str, seed: int = 1, classes: int = 7, used: float = 1.0, size: float = 2.0):
    """y for rows X, drawn from a linear model of which a share `used` of the weights is not 0 and whose
    z = X·w has the standard deviation `size`: noise of deviation 1, or classes by their chances."""
    draw = np.random.default_rng(seed)
    W = draw.standard_normal((X.shape[1], classes if loss == "softmax" else 1))
    W *= draw.random((X.shape[1], 1)) < used
    z = X @ W
    z *= size / z.std(axis=0)
    if loss == "squared":
        return z[:, 0] + draw.standard_normal(len(z))
    if loss == "log":
        return (draw.random(len(z)) < 1 / (1 + np.exp(-z[:, 0]))).astype(float)
    return (z + draw.gumbel(size=z.shape)).argmax(axis=1).astype(float)


# ---- the objective ----


def losses_of(problem: Problem, z: np.ndarray) -> np.ndarray:
    """ℓ of each row.  z (n, K) → (n,)"""
    if problem.loss == "squared":
        return (z[:, 0] - problem.y) ** 2
    if problem.loss == "log":
        return np.logaddexp(0.0, np.where(problem.y > 0, -z[:, 0], z[:, 0]))
    top = z.max(axis=1)
    chosen = z[np.arange(len(z)), problem.y.astype(int)]
    return np.log(np.exp(z - top[:, None]).sum(axis=1)) + top - chosen


def slopes_of(problem: Problem, z: np.ndarray) -> np.ndarray:
    """∂ℓ/∂z of each row.  z (n, K) → (n, K)"""
    if problem.loss == "squared":
        return 2 * (z - problem.y[:, None])
    p = means_of(problem, z)
    if problem.loss == "log":
        return p - problem.y[:, None]
    p[np.arange(len(z)), problem.y.astype(int)] -= 1
    return p


def means_of(problem: Problem, z: np.ndarray) -> np.ndarray:
    """The chances that z stands for, (n, K)."""
    from scipy.special import expit, softmax

    return expit(z) if problem.loss == "log" else softmax(z, axis=1)


def scores(problem: Problem, weights: Weights) -> np.ndarray:
    """z = X·w + b, (n, K)"""
    w, b = weights
    return np.asarray(problem.X @ np.reshape(w, (problem.X.shape[1], -1))) + b


def value(problem: Problem, alpha: float, weights: Weights) -> float:
    """F(w, b)"""
    w = np.asarray(weights[0])
    price = np.abs(w).sum() if problem.penalty == "l1" else 0.5 * (w**2).sum()
    return float(losses_of(problem, scores(problem, weights)).mean() + alpha * price)


# ---- the check ----


@dataclass(frozen=True)
class Minimum:
    """F* as it was found, and by how much at most it lies above the true one."""

    value: float
    doubt: float


def suboptimality(problem: Problem, minima: Sequence[Minimum], found: Sequence[Weights]) -> float:
    """(F − F*)/F*, of a path the largest: what every contender is held to.

    Infinite where weights are missing or not finite.
    """
    if len(found) != len(problem.alphas):
        return math.inf
    worst = -math.inf
    for alpha, minimum, weights in zip(problem.alphas, minima, found):
        reached = value(problem, alpha, weights)
        excess = (reached - minimum.value) / abs(minimum.value)
        worst = max(worst, excess if math.isfinite(excess) else math.inf)
    return worst


def minima_of(problem: Problem) -> list[Minimum]:
    """F* for each α, far more precisely than any contender is asked for."""
    if problem.penalty == "l1":
        return list(_path(problem))
    return [newton(problem, alpha)[0] for alpha in problem.alphas]


def newton(problem: Problem, alpha: float) -> tuple[Minimum, Weights]:
    """Newton's method from 0 until its decrement ½·gᵀH⁻¹g, which is F − F* to first order, is rounding."""
    d, k = problem.X.shape[1], problem.outputs
    W, b = np.zeros((d, k)), np.zeros(k)
    F = value(problem, alpha, (W, b))
    decrement = math.inf
    for _ in range(100):
        z = scores(problem, (W, b))
        slope = slopes_of(problem, z) / len(z)
        gradient = problem.X.T @ slope + alpha * W  # (d, k)
        tilt = slope.sum(axis=0) * problem.intercept  # (k,)
        step = _newton_step(problem, alpha, z, np.vstack([gradient, tilt]))
        decrement = 0.5 * float((step[:d] * gradient).sum() + step[d] @ tilt)
        if not decrement > 1e-15 * abs(F):
            break
        for halving in range(40):
            t = 0.5**halving
            tried = W - t * step[:d], b - t * step[d]
            lower = value(problem, alpha, tried)
            if lower < F:
                break
        else:
            break  # nothing below it but rounding
        (W, b), F = tried, lower
    return Minimum(F, max(decrement, 0.0)), (W, b)


def _newton_step(problem: Problem, alpha: float, z: np.ndarray, g: np.ndarray) -> np.ndarray:
    """H⁻¹·g, (d + 1, k); by conjugate gradients where H would be large."""
    (n, k), d = z.shape, problem.X.shape[1]
    if problem.loss == "squared":
        bends = {(0, 0): np.full(n, 2.0)}
    else:
        p = means_of(problem, z)
        bends = {(a, c): p[:, a] * ((a == c) - p[:, c]) for a in range(k) for c in range(a, k)}
    if problem.loss == "log":
        bends[0, 0] = p[:, 0] * (1 - p[:, 0])
    if d * k > 1000:
        return _by_conjugate_gradients(problem, alpha, bends[0, 0] / n, g)
    H = np.zeros(((d + 1) * k, (d + 1) * k))
    for (a, c), bend in bends.items():
        block = np.zeros((d + 1, d + 1))
        for first in range(0, n, 50_000):
            X, D = problem.X[first : first + 50_000], bend[first : first + 50_000, None] / n
            block[:d, :d] += X.T @ (X * D)
            block[:d, d] += X.T @ D[:, 0]
            block[d, d] += D.sum()
        block[d, :d] = block[:d, d]
        H[a * (d + 1) : (a + 1) * (d + 1), c * (d + 1) : (c + 1) * (d + 1)] = block
        H[c * (d + 1) : (c + 1) * (d + 1), a * (d + 1) : (a + 1) * (d + 1)] = block
    free = np.tile(np.arange(d + 1) == d, k)  # the intercepts
    H[np.ix_(free, free)] += 1 / k**2  # of softmax, all of them may shift alike: this way they do not
    H[~free, ~free] += alpha
    kept = ~free | problem.intercept
    step = np.zeros((d + 1) * k)
    step[kept] = np.linalg.solve(H[np.ix_(kept, kept)], g.T.ravel()[kept])
    return step.reshape(k, d + 1).T


def _by_conjugate_gradients(problem: Problem, alpha: float, bend: np.ndarray, g: np.ndarray) -> np.ndarray:
    from scipy.sparse.linalg import LinearOperator, cg

    X, d, free = problem.X, problem.X.shape[1], float(problem.intercept)

    def product(v):
        bent = bend * (X @ v[:d] + free * v[d])
        return np.append(X.T @ bent + alpha * v[:d], free * bent.sum() + (1 - free) * v[d])

    H = LinearOperator((d + 1, d + 1), matvec=product)
    return cg(H, g[:, 0], rtol=1e-8, maxiter=2000)[0][:, None]


# ---- paths of L1 ----


def alpha_max(X, y, loss: str) -> float:
    """The least α at which every weight is 0, without an intercept."""
    problem = Problem(X, y, loss)
    slope = slopes_of(problem, np.zeros((len(y), 1)))
    return float(np.abs(X.T @ slope).max() / len(y))


def alphas_down(X, y, loss: str, count: int, ratio: float) -> tuple[float, ...]:
    """`count` prices, evenly in logarithm, from the one where all weights are 0 to `ratio` of it."""
    return tuple(alpha_max(X, y, loss) * np.geomspace(1, ratio, count + 1)[1:])


def duality_gap(problem: Problem, alpha: float, w: np.ndarray) -> float:
    """F(w) − D(u) ≥ F(w) − F*, with u = s·ℓ′ scaled into the dual's domain ‖Xᵀu/n‖∞ ≤ α; no intercept.

    D(u) = −mean ℓ*(u);  ℓ*(u) = u²/4 + u·y for squared,  q·log q + (1 − q)·log(1 − q), q = u + y, for log.
    """
    from scipy.special import xlogy

    z = scores(problem, (w, 0.0))
    slope = slopes_of(problem, z)[:, 0]
    u = slope * min(1.0, alpha / np.abs(problem.X.T @ slope / len(slope)).max())
    if problem.loss == "squared":
        conjugate = u * u / 4 + u * problem.y
    else:
        q = u + problem.y
        conjugate = xlogy(q, q) + xlogy(1 - q, 1 - q)
    return value(problem, alpha, (w, 0.0)) + float(conjugate.mean())


def _path(problem: Problem):
    """The minimum for each α: Newton with coordinate descent inside, on the columns that can matter."""
    X = problem.X if isinstance(problem.X, np.ndarray) else problem.X.tocsc()
    n, d = X.shape
    w = np.zeros(d)
    for alpha in problem.alphas:
        for _ in range(100):
            gap = duality_gap(problem, alpha, w)
            F = value(problem, alpha, (w, 0.0))
            if gap <= 1e-11 * F:
                break
            z = scores(problem, (w, 0.0))
            g = X.T @ (slopes_of(problem, z)[:, 0] / n)
            p = means_of(problem, z)[:, 0] if problem.loss == "log" else 0.0
            bend = p * (1 - p) if problem.loss == "log" else np.full(n, 2.0)
            kept = np.flatnonzero((w != 0) | (np.abs(g) > 0.999 * alpha))
            part = X[:, kept]
            H = part.T @ (part * (bend / n)[:, None])
            H = np.ascontiguousarray(H if isinstance(H, np.ndarray) else H.toarray())
            goal = coordinate_descent()(H, g[kept] - H @ w[kept], w[kept], alpha)
            for halving in range(30):
                tried = w.copy()
                tried[kept] += 0.5**halving * (goal - w[kept])
                if value(problem, alpha, (tried, 0.0)) < F:
                    break
            else:
                break  # nothing below it but rounding
            w = tried
        yield Minimum(value(problem, alpha, (w, 0.0)), gap)


@cache
def coordinate_descent():
    """argmin ½wᵀHw + qᵀw + α‖w‖₁, one weight at a time, compiled."""
    import numba

    return numba.njit(cache=True)(_coordinate_descent)


def _coordinate_descent(H, q, start, alpha):
    w = start.copy()
    r = H @ w + q
    for _ in range(10_000):
        moved = 0.0
        for j in range(len(w)):
            h = H[j, j] + 1e-300
            u = w[j] - r[j] / h
            new = math.copysign(max(abs(u) - alpha / h, 0.0), u)
            if new != w[j]:
                moved = max(moved, h * (new - w[j]) ** 2)
                r += H[:, j] * (new - w[j])
                w[j] = new
        if moved < 1e-22:
            break
    return w

"""A LinearTerm's sums over all rows by compiled kernels: one read of X, on all cores.

Below WORTH multiplications a pass NumPy is done before numba is imported. Rows are cut into blocks by n and d
alone, and the blocks' sums are added in order: the same bits with any number of threads.
"""

from __future__ import annotations

import math

import numpy as np

from ..kernels import sums
from ..kernels.compiled import compiled
from ..kernels.gather import unsigned
from ..kernels.threads import each

WORTH = 4_000_000  # multiplications in z = X·W, from which a fit in a fresh process is faster compiled
LOADED = 1_000_000  # the same, over all passes of a fit whose sweeps are compiled anyway
NARROW = 256  # columns up to which x̃ᵀDx̃ is summed here; BLAS overtakes on wider ones
NOTHING = np.empty(0)


def worth_it(X, outputs: int = 1) -> bool:
    """Whether sums over all rows are worth a kernel."""
    return numbers_in(X) * outputs >= WORTH


def worth_loading(X, times: int) -> bool:
    """Whether they are where numba is loaded anyway, and so many sums to come."""
    return numbers_in(X) * times >= LOADED


def numbers_in(X) -> int:
    """How many numbers of X one pass reads."""
    return X.size if isinstance(X, np.ndarray) else X.nnz


def summed(term, theta, back=True):
    """(Σ sℓ, Σ s·slope·x (k, d), Σ s·slope (k,), z (n, k)) at θ. `back`: whether the second is needed."""
    W, b = raw_weights(term, theta)
    z = np.empty((term.outputs, term.rows))
    share = share_of(term)
    if isinstance(term.X, np.ndarray):
        kernel, X = compiled(sums.dense_sums), [term.X]
    else:
        kernel, X = compiled(sums.sparse_sums), list(unsigned(term.X))

    def task(rows):
        gradient, pull = np.zeros((len(W) * back, W.shape[1])), np.zeros(len(W))
        out = (rows.start, rows.stop, z, gradient, pull)
        return kernel(*X, term.targets, share, W, b, term.loss.kernel, *out), gradient, pull

    return *added(each(task, blocks(term.X, term.outputs))), z.T


def share_of(term) -> np.ndarray:
    """Weights of the rows over their mean, (n,); empty if all weigh the same."""
    return NOTHING if term.relative_weight is None else term.relative_weight


def column_sums(X, rough, share):
    """(Σ s·(x − rough), Σ s·(x − rough)²) of each column, (2, d); of sparse rows about 0."""
    share, dense = NOTHING if share is None else share, isinstance(X, np.ndarray)
    if dense:
        kernel, given = compiled(sums.dense_columns), [X, rough, share]
    else:
        kernel, given = compiled(sums.sparse_columns), [*unsigned(X), share]

    def task(rows):
        out = np.zeros((2, X.shape[1]))
        kernel(*given, rows.start, rows.stop, out, *(() if dense else (_row_of(X),)))
        return (out,)

    return added(each(task, blocks(X)))[0]


def row_squares(X, center, width) -> np.ndarray:
    """‖(xᵢ − center)/width‖² of each row, (n,); of CSR without the center."""
    out = np.empty(X.shape[0])
    if isinstance(X, np.ndarray):
        kernel, inverse = compiled(sums.dense_squares), 1.0 / width
        each(lambda rows: kernel(X, center, inverse, rows.start, rows.stop, out), blocks(X))
    else:
        kernel, given, price = compiled(sums.sparse_squares), unsigned(X), width**-2.0
        each(lambda rows: kernel(*given, price, rows.start, rows.stop, out, _row_of(X)), blocks(X))
    return out


def _row_of(X) -> np.ndarray:
    """Room for a whole row, where CSR may have a column more than once in it; else empty."""
    return NOTHING if X.has_canonical_format else np.zeros(X.shape[1])


def raw_weights(term, theta):
    """W = u/σ (k, d) and b = c − m·W (k,), for columns that are not standardised."""
    d = term.X.shape[1]
    inner = theta.reshape(-1, term.outputs)
    W = np.ascontiguousarray((inner[:d] / term.standardise.width[:, None]).T)
    b = inner[d] - W @ term.standardise.center if term.intercept else np.zeros(term.outputs)
    return W, b


def blocks(X, outputs: int = 1) -> list[slice]:
    """Rows, cut where n and d say: at most 64 blocks, each with far more work than adding its sums up."""
    (n, d), work = X.shape, max(1.0, numbers_in(X) * outputs / X.shape[0])  # of a row
    least = max(2**19, 32 * d * outputs)
    size = max(math.ceil(least / work), math.ceil(n / 64), sums.TILE)
    return [slice(first, min(first + size, n)) for first in range(0, n, size)]


def added(parts: list[tuple]) -> tuple:
    """Tuples of sums, added in order."""
    total = list(parts[0])
    for part in parts[1:]:
        total = [one + other for one, other in zip(total, part)]
    return tuple(total)


def along(term, z, ahead, t: float) -> tuple[float, float]:
    """Σ sℓ(z + t·d) and its derivative in t, from z and d = `ahead`, (n, k)."""
    kernel, share = compiled(sums.line_sums), share_of(term)
    task = lambda rows: kernel(z.T, ahead.T, t, term.targets, share, term.loss.kernel, rows.start, rows.stop)
    return added(each(task, blocks(term.X, term.outputs)))


def chance_products(z, share) -> tuple[np.ndarray, np.ndarray]:
    """Σ s·p (k,) and Σ s·ppᵀ (k, k) of those chances."""
    given, kernel, share = z.T, compiled(sums.chance_products), NOTHING if share is None else share
    k = len(given)

    def task(rows):
        out = np.zeros((k + 1, k))
        kernel(given, share, rows.start, rows.stop, out)
        return (out,)

    (total,) = added(each(task, blocks(z)))
    lower = np.tril(total[:k])
    return total[k], lower + np.tril(lower, -1).T


def curvatures(term, z) -> np.ndarray:
    """Σ s·x̃x̃ᵀ∂²ℓ/∂z² over dense rows, for each pair of outputs that have one, as (p, p)."""
    k, q = term.outputs, term.X.shape[1] + term.intercept
    coupled, log = term.loss.coupled(k), term.loss.cross_entropy
    pairs = [(a, b) for a in range(k) for b in range(a)] if coupled else [(a, a) for a in range(k)]
    filled = -(-q // 8) * 8
    gram, chances = compiled(sums.dense_grams), compiled(sums.chances)
    m, inverse = term.standardise.center, 1.0 / term.standardise.width

    def task(rows):
        if log:
            p = np.empty((k, rows.stop - rows.start))
            chances(z.T[:, rows] if coupled else -abs(z.T[:, rows]), 0, p.shape[1], p)
            weights = [p[a] * p[b] for a, b in pairs] if coupled else [p[0] * (1 - p[0])]  # for ±z alike
        else:
            weights = list(term.loss.curvature(z[rows], term.Y[rows]).T)
        weights = [term.weighted(weight, rows) for weight in weights]
        out = np.zeros((len(pairs), filled, filled))
        gram(term.X[rows], m, inverse, term.intercept, np.array(weights), 0, rows.stop - rows.start, out)
        return (out,)

    (total,) = added(each(task, blocks(term.X, term.outputs)))
    H = np.zeros((q, k, q, k))
    for (a, b), half in zip(pairs, total):
        part = np.tril(half[:q, :q])
        part = part + np.tril(part, -1).T
        if not coupled:
            H[:, a, :, a] = part
            continue
        # −p_a·p_b between two classes; p_a(1 − p_a) = Σ p_a·p_b over the others, as chances sum to 1
        H[:, a, :, b] = H[:, b, :, a] = -part
        H[:, a, :, a] += part
        H[:, b, :, b] += part
    return H.reshape(q * k, q * k)

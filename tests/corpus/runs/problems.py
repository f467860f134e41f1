"""The problems of the corpus: rows and functions made so that what is wrong with a run is known beforehand."""

from __future__ import annotations

import numpy as np
from scipy import sparse as scipy_sparse

from downslope.data import Dataset


def three_rows() -> Dataset:
    """y = 2x, the lessons' rows: L = 28/3."""
    return Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])


def line(n=200, d=4, noise=1.0, seed=0) -> Dataset:
    """Independent columns of one size: κ near 1."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return Dataset.from_arrays(X, X @ rng.normal(size=d) + noise * rng.normal(size=n) + 3.0)


def correlated(n=200, rho=0.999, seed=0) -> Dataset:
    """Two columns that say nearly the same: κ = (1 + ρ)/(1 − ρ), whatever their units."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, n))
    X = np.column_stack([a, rho * a + np.sqrt(1 - rho**2) * b])
    return Dataset.from_arrays(X, X @ [1.0, -1.0] + rng.normal(size=n))


def weighted(n=150, seed=0) -> Dataset:
    """Rows that count up to five times."""
    rows = line(n, seed=seed)
    weights = np.random.default_rng(seed + 1).integers(0, 6, n).astype(float)
    return Dataset.from_arrays(rows.X, rows.y, weights)


def classes(n=200, d=4, k=2, seed=0) -> Dataset:
    """Classes drawn by their chances: they overlap, so that log loss has a minimum."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return Dataset.from_arrays(X, (X @ rng.normal(size=(d, k)) + 2 * rng.gumbel(size=(n, k))).argmax(axis=1))


def counts(n=200, size=1.0, seed=0) -> Dataset:
    """Counts whose mean is exp(x·w)."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return Dataset.from_arrays(size * X, rng.poisson(np.exp(X @ [0.5, -0.3, 0.2])))


def sparse(n=300, d=20, k=0, seed=0) -> Dataset:
    """One number in five is there; y a number, or one of k classes."""
    rng = np.random.default_rng(seed)
    X = scipy_sparse.random_array((n, d), density=0.2, rng=rng, format="csr")
    z = X @ rng.normal(size=(d, max(1, k)))
    y = (z + 0.5 * rng.gumbel(size=z.shape)).argmax(axis=1) if k else z[:, 0] + 0.3 * rng.normal(size=n)
    return Dataset.from_arrays(X, y)


def stretched(n=200, sizes=(1.0, 1000.0), k=0, seed=0) -> Dataset:
    """Columns of unlike size."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, len(sizes)))
    z = X.sum(axis=1) + rng.logistic(size=n)
    return Dataset.from_arrays(X * np.array(sizes), (z > 0).astype(float) if k else z)


def far(n=200, level=2000.0, seed=0) -> Dataset:
    """A column that lies far from 0 beside its spread, as years do."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return Dataset.from_arrays(x[:, None] * 10 + level, x + 0.3 * rng.normal(size=n))


def doubled(n=60, seed=0) -> Dataset:
    """x2 = 2·x1."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return Dataset.from_arrays(np.column_stack([x, 2 * x, x**2]), x + x**2 + rng.normal(size=n))


def shares(n=90, k=0, seed=0) -> Dataset:
    """Three columns that add up to 1, beside an intercept."""
    rng = np.random.default_rng(seed)
    X = rng.dirichlet([1.0, 1.0, 1.0], n)
    z = X @ [1.0, 2.0, 4.0] - 2.0 + rng.logistic(size=n)
    return Dataset.from_arrays(X, (z > 0).astype(float) if k else z)


def apart(n=40, d=2, k=2, seed=0) -> Dataset:
    """Classes with a plane between them."""
    rng = np.random.default_rng(seed)
    label = np.arange(n) % k
    return Dataset.from_arrays(rng.uniform(-1, 1, (n, d)) + 3.0 * np.eye(k, d)[label], label)


def touching(n=20) -> Dataset:
    """Two classes with rows of both on the plane between them, and none beyond it: quasi-separated."""
    x = np.concatenate([np.zeros(4), np.linspace(1, 2, n), -np.linspace(1, 2, n)])
    y = np.concatenate([[0, 1, 0, 1], np.ones(n), np.zeros(n)])
    return Dataset.from_arrays(x[:, None], y)


def rare_level(n=120, seed=0) -> Dataset:
    """Classes that overlap, and a column that is 1 on a few rows, all of one class."""
    rng = np.random.default_rng(seed)
    x, rare = rng.normal(size=n), np.arange(n) % 20 == 0
    return Dataset.from_arrays(np.column_stack([x, rare]), rare | (x + rng.logistic(size=n) > 0))


def ordered(n=200, k=0, seed=0) -> Dataset:
    """Rows in the order of y, of which x explains a part."""
    rows = classes(n, seed=seed) if k else line(n, noise=2.0, seed=seed)
    return rows.take(np.argsort(rows.y, kind="stable"))


def waves(n=80, seed=0) -> Dataset:
    """y = sin 2x, which no line and no constant fits."""
    x = np.random.default_rng(seed).uniform(-2, 2, n)
    return Dataset.from_arrays(x[:, None], np.sin(2 * x))


def wide(n=60, d=24, noise=2.0, seed=0) -> Dataset:
    """Half of the rows are as many as the columns: what is learned by heart does not hold for the others."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return Dataset.from_arrays(X, X[:, 0] + noise * rng.normal(size=n))


def outliers(n=200, seed=0) -> Dataset:
    """One row in ten is off by far."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return Dataset.from_arrays(x[:, None], 2 * x + 0.3 * rng.normal(size=n) + 20 * (rng.random(n) < 0.1))


def bowl(x, y):
    return x**2 + 3 * y**2


def bowl_slopes_wrong(x, y):
    """The second one has lost its factor."""
    return [2 * x, 3 * y]


def bowl_slopes(x, y):
    return [2 * x, 6 * y]


ROWS = {
    maker.__name__: maker
    for maker in (
        *(three_rows, line, correlated, weighted, classes, counts, sparse, stretched, far, doubled, shares),
        *(apart, touching, rare_level, ordered, waves, wide, outliers),
    )
}
CALLABLES = {"bowl": bowl, "bowl_slopes": bowl_slopes, "bowl_slopes_wrong": bowl_slopes_wrong}

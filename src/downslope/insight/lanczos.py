"""Both ends of a spectrum, from products with the matrix alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

STEPS = 64  # products


def outer_eigenvalues(times: Callable[[np.ndarray], np.ndarray], size: int) -> tuple[float, float]:
    """(least, largest) Ritz value of a symmetric matrix after 64 products: the least eigenvalue is that or
    less, the largest that or more, as for every Rayleigh quotient. Lanczos 1950, all vectors kept orthogonal.

    >>> H = np.diag([1.0, 2.0, 5.0])
    >>> tuple(round(value, 9) for value in outer_eigenvalues(lambda v: H @ v, 3))
    (1.0, 5.0)
    """
    v = np.random.default_rng(0).standard_normal(size)  # fixed, so that the same rows give the same bits
    basis = np.zeros((min(STEPS, size), size))
    middle, beside = [], []
    v /= np.linalg.norm(v)
    for step in range(len(basis)):
        basis[step] = v
        w = times(v)
        middle.append(float(v @ w))
        for _ in range(2):  # once leaves rounding that grows from step to step
            w = w - basis[: step + 1].T @ (basis[: step + 1] @ w)
        length = float(np.linalg.norm(w))
        if length <= 1e-12 * abs(max(middle, key=abs)):
            break
        beside.append(length)
        v = w / length
    beside = beside[: len(middle) - 1]
    values = np.linalg.eigvalsh(np.diag(middle) + np.diag(beside, 1) + np.diag(beside, -1))
    return float(values[0]), float(values[-1])

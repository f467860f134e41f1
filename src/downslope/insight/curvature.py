"""The outer eigenvalues of a Hessian: exact where it can be written down, by Lanczos where it is large."""

from __future__ import annotations

import numpy as np

WRITTEN = 500  # weights up to which the Hessian is written down, when there is one


def outer_curvatures(objective, theta) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest eigenvalue of ∇²F at θ, (2,), and their directions, (p, 2).

    Above 500 weights, or where no second derivatives are known, Lanczos finds them from products H·v, each
    of two gradients: (∇f(θ + ε·v) − ∇f(θ − ε·v))/2ε. L1 bends nothing and is left out.
    """
    theta = np.asarray(theta, dtype=float)
    if objective.curved and objective.size <= WRITTEN:
        values, ways = np.linalg.eigh(objective.hessian(objective.value_and_gradient(theta)))
        return values[[0, -1]], ways[:, [0, -1]]
    size = np.cbrt(np.finfo(float).eps) * (1 + float(np.linalg.norm(theta)))

    def product(v) -> np.ndarray:
        v = np.ravel(v)
        step = size * v / (np.linalg.norm(v) or 1.0)
        away = (
            objective.value_and_gradient(theta + step).gradient
            - objective.value_and_gradient(theta - step).gradient
        )
        return away * (np.linalg.norm(v) / (2 * size))

    if objective.size <= WRITTEN:
        H = np.column_stack([product(e) for e in np.eye(objective.size)])
        values, ways = np.linalg.eigh((H + H.T) / 2)
        return values[[0, -1]], ways[:, [0, -1]]
    from scipy.sparse.linalg import LinearOperator, eigsh

    operator = LinearOperator((objective.size, objective.size), matvec=product, dtype=float)
    start = np.random.default_rng(0).normal(size=objective.size)  # fixed, so that the answer is
    values, ways = eigsh(operator, 2, which="BE", v0=start, tol=1e-4)
    return values, ways

"""Wide positive semi-definite matrices without their eigenvalues: a Cholesky factorisation with pivots finds
columns that are independent, how the others depend on them, and bounds on the eigenvalues."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..kernels.threads import lapack
from .lanczos import largest_eigenvalue

WIDE = 500  # columns beyond which eigenvalues take seconds; up to it they are found
NOISE = 1e-10  # of a unit diagonal, that counts as rounding: pivots below it are given up
EPS = np.finfo(float).eps


@dataclass(frozen=True, eq=False)
class Pivots:
    """C[columns, columns] = UᵀU of a matrix with a unit diagonal; the other columns depend on these."""

    C: np.ndarray  # (q, q)
    columns: np.ndarray  # (r,) independent ones
    others: np.ndarray  # (m,)
    factor: np.ndarray  # (q, q) whose upper left (r, r) is U, and U⁻ᵀC[columns, others] beside it

    @classmethod
    def of(cls, C: np.ndarray, noise: float = NOISE) -> Pivots:
        """Higham 2002, Accuracy and Stability, section 10.3."""
        factor, order, rank, _ = lapack().lapack.dpstrf(C, tol=noise)
        return cls(C, order[:rank] - 1, order[rank:] - 1, factor)

    def solve(self, v: np.ndarray) -> np.ndarray:
        """C⁻v, (q, k), of v (q, k): one x with Cx = v where there is one, 0 in all other columns."""
        out, U = np.zeros_like(v), self._factor
        out[self.columns] = lapack().cho_solve((U, False), v[self.columns], check_finite=False)
        return out

    @cached_property
    def _factor(self) -> np.ndarray:
        rank = len(self.columns)
        return np.asfortranarray(self.factor[:rank, :rank])

    def inverse_factor(self) -> np.ndarray:
        """U⁻¹  (r, r)"""
        return np.triu(lapack().lapack.dtrtri(self._factor)[0])

    @cached_property
    def null(self) -> np.ndarray:
        """Orthonormal ways along which C is level, (q, m)."""
        rank, m = len(self.columns), len(self.others)
        N = np.zeros((rank + m, m))
        if m:
            beside = self.factor[:rank, rank:]
            N[self.columns] = -lapack().solve_triangular(self._factor, beside, check_finite=False)
            N[self.others] = np.eye(m)
            N = np.linalg.qr(N)[0]
        return N

    @cached_property
    def spectrum(self) -> tuple[float, float]:
        """The smallest eigenvalue above rounding and the largest, to a thousandth or so (Lanczos)."""
        start = np.random.default_rng(0).standard_normal(len(self.C))
        largest, error, _ = largest_eigenvalue(lambda v: self.C @ v, start, tolerance=1e-2)
        inverse, doubt, _ = largest_eigenvalue(self._pseudo_inverse, self._along(start), tolerance=1e-2)
        return 1 / (inverse + doubt), largest + error

    def _pseudo_inverse(self, v: np.ndarray) -> np.ndarray:
        return self._along(self.solve(self._along(v)[:, None])[:, 0])

    def _along(self, v: np.ndarray) -> np.ndarray:
        """v without what lies along `null`."""
        return v - self.null @ (self.null.T @ v)


def proved(term, pivots: Pivots, size: np.ndarray) -> bool:
    """Whether the rows confirm which columns of a linear term are dependent, as their singular values would:
    `null` is rounding in the rows themselves, and what is kept is above rounding by far. `size` (q,): of the
    columns."""
    smallest, largest = pivots.spectrum
    if not smallest > NOISE * largest or size.min() < 1e-10 or not (term.in_memory and term.dense):
        return False
    X, width = term.X, term.standardise.width
    own = np.spacing(np.maximum(X.max(axis=0), -X.min(axis=0)).astype(float))
    if (own / width / size[: len(width)]).max() > 1e-7:
        return False
    ways, most = pivots.null / size[:, None], 0.0
    for first in range(0, ways.shape[1], 64):
        some = ways[:, first : first + 64]
        z = term.products(some)
        most += float((z * term.weighted(z)).sum())
    noise = 10 * EPS * max(np.sqrt(term.rows), len(size))
    return most / term.rows <= largest * noise**2

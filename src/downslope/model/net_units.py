"""The units of a net: it is descended on standardised columns, towards a standardised y, and reported in the
user's units, as linear models are.

With x̃ = (x − m)/σ and z = level + unit·net(x̃), both maps are linear, so the first and the last layer take
them in: W₁/σ and b₁ − W₁·m/σ before, unit·W and level + unit·b after. What comes out is the same net with
other weights, for columns as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .net_checks import filled


@dataclass(frozen=True, eq=False)
class Units:
    """How the weights of a net of `sizes` ((inputs, outputs) of each layer) change between the two."""

    sizes: tuple[tuple[int, int], ...]
    center: np.ndarray  # (d,)
    width: np.ndarray  # (d,)
    level: np.ndarray  # (k,)
    unit: np.ndarray  # (k,)

    def standardised(self, dataset):
        """The same rows with x̃ in place of x."""
        X = filled(dataset.X)
        return replace(dataset, X=((X - self.center) / self.width).astype(X.dtype))

    def to_user(self, theta: np.ndarray) -> np.ndarray:
        """The net for columns and targets as they are."""
        found = layers(np.array(theta, dtype=float), self.sizes)
        W, b = found[0]
        W /= self.width
        b -= W @ self.center
        W, b = found[-1]
        W *= self.unit[:, None]
        b[:] = self.level + self.unit * b
        return _flat(found)

    def to_inner(self, params: np.ndarray) -> np.ndarray:
        """The net for standardised ones: the inverse."""
        found = layers(np.array(params, dtype=float), self.sizes)
        W, b = found[-1]
        W /= self.unit[:, None]
        b[:] = (b - self.level) / self.unit
        W, b = found[0]
        b += W @ self.center
        W *= self.width
        return _flat(found)

    @property
    def column_scale(self) -> np.ndarray:
        """θ over w for every weight, 0 for a bias: what a penalty on w needs to know.  (p,)"""
        found = layers(np.ones(sum((before + 1) * after for before, after in self.sizes)), self.sizes)
        for _, b in found:
            b[:] = 0.0
        found[0][0][:] *= self.width
        found[-1][0][:] /= self.unit[:, None]
        return _flat(found)


def layers(theta: np.ndarray, sizes: Sequence[tuple[int, int]]) -> list[tuple[np.ndarray, np.ndarray]]:
    """W (outputs, inputs) and b (outputs,) of each layer of a net, views of θ."""
    found, first = [], 0
    for before, after in sizes:
        middle = first + before * after
        found.append((theta[first:middle].reshape(after, before), theta[middle : middle + after]))
        first = middle + after
    return found


def _flat(parts: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    return np.concatenate([part.ravel() for layer in parts for part in layer])

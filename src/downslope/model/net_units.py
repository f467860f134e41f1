"""The units of a net: it is descended on standardised columns, towards a standardised y, and told in the
user's units, as linear models are.

With x̃ = (x − m)/σ and z = level + unit·net(x̃), both maps are linear, so the first and the last layer take
them in: W₁/σ and b₁ − W₁·m/σ before, unit·W and level + unit·b after. What comes out is the same net with
other weights, for columns as they are.
"""

from __future__ import annotations

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
        layers = self._layers(np.array(theta, dtype=float))
        W, b = layers[0]
        W /= self.width
        b -= W @ self.center
        W, b = layers[-1]
        W *= self.unit[:, None]
        b[:] = self.level + self.unit * b
        return _flat(layers)

    def to_inner(self, params: np.ndarray) -> np.ndarray:
        """The net for standardised ones: the inverse."""
        layers = self._layers(np.array(params, dtype=float))
        W, b = layers[-1]
        W /= self.unit[:, None]
        b[:] = (b - self.level) / self.unit
        W, b = layers[0]
        b += W @ self.center
        W *= self.width
        return _flat(layers)

    @property
    def widths(self) -> np.ndarray:
        """θ over w for every weight, 0 for a bias: what a penalty on w needs to know.  (p,)"""
        layers = self._layers(np.ones(sum((before + 1) * after for before, after in self.sizes)))
        for _, b in layers:
            b[:] = 0.0
        layers[0][0][:] *= self.width
        layers[-1][0][:] /= self.unit[:, None]
        return _flat(layers)

    def _layers(self, theta: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """W (outputs, inputs) and b (outputs,) of each layer, views of θ."""
        found, first = [], 0
        for before, after in self.sizes:
            middle = first + before * after
            found.append((theta[first:middle].reshape(after, before), theta[middle : middle + after]))
            first = middle + after
        return found


def _flat(layers) -> np.ndarray:
    return np.concatenate([part.ravel() for layer in layers for part in layer])

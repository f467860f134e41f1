"""∇f by PyTorch's automatic differentiation: the one place of torch among functions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from ..errors import DownslopeError


def available() -> bool:
    """Whether PyTorch is installed; asking does not import it."""
    return find_spec("torch") is not None


def pytorch():
    """PyTorch, or the sentence that says how to install it."""
    try:
        import torch
    except ImportError:
        raise DownslopeError("nets.no_torch") from None
    return torch


def on_tensors(f: Callable) -> Callable:
    """f of tensors, called with numbers or vectors."""
    import torch

    @functools.wraps(f)
    def called(*parts):
        with torch.no_grad():
            return f(*(torch.as_tensor(part, dtype=torch.float64) for part in parts))

    return called


@dataclass(frozen=True, eq=False)
class Autodiff:
    """f forward, then backward: value and ∇f in float64, for about the price of two calls of f.

    `call` takes a tensor (p,) and returns a tensor of one number that remembers how it was made.
    """

    call: Callable

    def value(self, x: np.ndarray) -> float:
        import torch

        with torch.no_grad():
            return float(self._number(torch.from_numpy(x.copy())))

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        import torch

        at = torch.from_numpy(x.copy()).requires_grad_()
        value = self._number(at)  # forward
        if not value.requires_grad:  # a branch that is constant
            return value.item(), np.zeros(x.size)
        (gradient,) = torch.autograd.grad(value, at)  # backward; nothing accumulates, so nothing to clear
        return value.item(), gradient.numpy()

    def hessian(self, x: np.ndarray) -> np.ndarray:
        import torch

        if not self._number(torch.from_numpy(x.copy()).requires_grad_()).requires_grad:
            return np.zeros((x.size, x.size))
        return torch.autograd.functional.hessian(self._number, torch.from_numpy(x.copy())).numpy()

    def _number(self, at):
        """f at a tensor (p,), as a tensor of no dimension, whatever Python number a branch of it returns."""
        import torch

        return torch.as_tensor(self.call(at), dtype=torch.float64).reshape(())

    def values(self, X: np.ndarray) -> np.ndarray:
        return np.array([self.value(row) for row in X])

    def gradients(self, X: np.ndarray) -> np.ndarray:
        """∇f of all rows in one call; row by row where f asks its tensors for numbers, as an `if` does."""
        import torch

        at = torch.from_numpy(X.copy()).requires_grad_()
        try:
            values = torch.func.vmap(self._number)(at)  # (m,)
        except RuntimeError:
            return np.array([self.value_and_gradient(row)[1] for row in X]).reshape(X.shape)
        (gradient,) = torch.autograd.grad(values.sum(), at)  # no row's value depends on another row
        return gradient.numpy()

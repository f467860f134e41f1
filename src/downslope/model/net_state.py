"""What a module holds, by name: what kind of numbers each is, and how to take them out and put them back."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from .nets import _drawing


def kinds(module) -> dict[str, str]:
    """Shape and type of each parameter and buffer, such as "(3, 4) float32"."""
    held = [*module.named_parameters(), *module.named_buffers()]
    return {name: f"{tuple(t.shape)} {str(t.dtype).removeprefix('torch.')}" for name, t in held}


def gathered(module) -> dict[str, np.ndarray]:
    """Buffers, which layers change on the way: running means, say."""
    return {name: array_of(buffer) for name, buffer in module.named_buffers()}


def state(module) -> dict[str, np.ndarray]:
    """All of it."""
    return {**{name: array_of(p) for name, p in module.named_parameters()}, **gathered(module)}


def fill(module, arrays: Mapping[str, np.ndarray]) -> None:
    """Put numbers back under their names."""
    if arrays:
        held = {**dict(module.named_parameters()), **dict(module.named_buffers())}
        for name, array in arrays.items():
            held[name].detach().copy_(held[name].new_tensor(array))


def repeats(flat, rows) -> bool:
    """Whether a training call depends on nothing but what a checkpoint holds: parameters, buffers, and how
    often was drawn before. Not so where a module counts its calls, or draws from a generator of its own."""
    trial = copy.deepcopy(flat.module).train()
    before = state(trial)

    def call() -> np.ndarray:
        fill(trial, before)
        with _drawing(flat.seed, flat.theta.device):
            return array_of(trial(rows))

    return np.array_equal(call(), call(), equal_nan=True)


def array_of(tensor: Any) -> np.ndarray:
    """The numbers of a tensor, copied; bfloat16, which NumPy has not, as float32, which holds it all."""
    found = tensor.detach().cpu()
    return (found.float() if str(found.dtype) == "torch.bfloat16" else found).numpy().copy()

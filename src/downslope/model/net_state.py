"""What a module holds, by name, and how to take it out and put it back; what PyTorch draws from, and on how
many threads it computes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from .autodiff import pytorch


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


@contextmanager
def copied_buffers(module):
    """Within, what layers gather goes into copies, which a graph may hold; the module keeps its own."""
    places = [(part._buffers, name, b) for part in module.modules() for name, b in part._buffers.items()]
    held = [(buffers, name, buffer) for buffers, name, buffer in places if buffer is not None]
    for buffers, name, buffer in held:
        buffers[name] = buffer.clone()
    try:
        yield
    finally:
        for buffers, name, buffer in held:
            buffers[name] = buffer


def repeats(flat, rows) -> bool:
    """Whether a training call depends on nothing but what a checkpoint holds: parameters, buffers, and how
    often was drawn before. Not so where a module counts its calls, or draws from a generator of its own."""
    trial = copy.deepcopy(flat.module).train()
    before = state(trial)

    def call() -> np.ndarray:
        fill(trial, before)
        with flat.from_seed():
            return array_of(trial(rows))

    return np.array_equal(call(), call(), equal_nan=True)


def array_of(tensor: Any) -> np.ndarray:
    """The numbers of a tensor, copied; bfloat16, which NumPy has not, as float32, which holds it all."""
    found = tensor.detach().cpu()
    return (found.float() if str(found.dtype) == "torch.bfloat16" else found).numpy().copy()


@contextmanager
def drawing_from(seed: int, device: Any):
    """Within, PyTorch draws from `seed`; after, its generators stand where they stood."""
    torch = pytorch()
    generators = [torch.default_generator]
    if device.type == "cuda":
        generators.append(torch.cuda.default_generators[device.index])
    states = [generator.get_state() for generator in generators]
    for generator in generators:
        generator.manual_seed(seed)
    try:
        yield generators
    finally:
        for generator, state in zip(generators, states):
            generator.set_state(state)


@contextmanager
def one_torch_thread():
    """Threads that work on small matrices wait for each other longer than they work."""
    torch = pytorch()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)

"""What a net is held against before it is made or descended. Nothing here needs PyTorch to be installed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..arguments import of_the_user
from ..data import memory
from ..errors import DownslopeError, nearest

WORTH_A_GPU = 10**8  # rows × weights from which arithmetic outlasts the launching of kernels
RESHAPING = ("View", "UnsafeView", "ReshapeAlias", "Squeeze", "Unsqueeze", "T", "Transpose", "Permute")


def forward_error(error: Exception, shape: tuple[int, ...]) -> Exception:
    """What a module raised: as it is, where its code is a person's own; else that the rows do not fit it."""
    if of_the_user(error):
        return error
    refusal = DownslopeError("nets.forward", shape=shape, error=str(error).partition("\n")[0])
    refusal.__cause__ = error
    return refusal


def refuse_too_large(key: str, needed: int, **facts) -> None:
    """Raise `key` if that many bytes are not to be had."""
    free = memory.free()
    if needed > free:
        raise DownslopeError(key, needed=f"{needed / 1e9:.3g}", free=f"{free / 1e9:.3g}", **facts)


def weighing(dataset):
    """The rows that weigh something: one of weight 0 is as good as absent."""
    s = dataset.weights
    return dataset if s is None or s.all() else dataset.take(s > 0)


def filled(X: Any) -> np.ndarray:
    """Sparse rows filled in, if memory holds them."""
    if isinstance(X, np.ndarray):
        return X
    n, d = X.shape
    refuse_too_large("nets.sparse", 8 * n * d, rows=n, columns=d)
    return X.toarray()


def device_name(asked: str, gpus: int, work: int) -> str:
    """The device asked for, if it is here; for "auto", a GPU if there is one and the work is worth it.

    >>> device_name("auto", gpus=1, work=1000), device_name("auto", gpus=1, work=10**9)
    ('cpu', 'cuda')
    """
    if asked == "auto":
        return "cuda" if gpus and work >= WORTH_A_GPU else "cpu"
    known = ["auto", "cpu", *(["cuda"] if gpus else []), *(f"cuda:{i}" for i in range(gpus))]
    if str(asked) not in known:
        raise DownslopeError("nets.device", asked=asked, known=nearest(str(asked), known))
    return str(asked)


def last_layer(z: Any) -> str:
    """What made the tensor z, reshaping aside: "Sigmoid", "Softmax", "Addmm" …, as autograd noted it."""
    node = z.grad_fn
    while (name := node.name().partition("Backward")[0]) in RESHAPING:
        node = node.next_functions[0][0]
    return name


def is_bias(name: str) -> bool:
    """By PyTorch's naming: layer1.bias, rnn.bias_ih_l0."""
    return name.rpartition(".")[2].startswith("bias")


def refuse_second_link(layer: str, outputs: int) -> None:
    """Raise if scores went through a link before the log loss applies its own.

    Within [0, 1], scores are at best 1 for the right class and 0 for the others: −log(e/(e + K − 1)).
    """
    if layer not in ("Sigmoid", "Softmax", "LogSoftmax"):
        return
    if outputs == 1:
        raise DownslopeError("nets.sigmoid" if layer == "Sigmoid" else "nets.softmax_of_one", layer=layer)
    if layer == "LogSoftmax":
        raise DownslopeError("nets.log_softmax")
    floor = f"{math.log1p((outputs - 1) / math.e):.3f}"
    raise DownslopeError("nets.softmax", layer=layer, classes=outputs, others=outputs - 1, floor=floor)

"""Which terms of the sum one update looks at, and in what order a pass takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arguments import is_number, shown
from ..errors import DownslopeError, nearest
from ..kernels.compiled import compiled
from ..kernels.gather import shuffle

LONG = 2**15  # rows from which a compiled shuffle is worth loading
ORDERS = ("shuffle", "cyclic", "replacement", "blocks")
BLOCK, BLOCKS, TOGETHER = 32, 4_096, 16_384  # rows side by side at most, blocks at least; rows of a shuffle


@dataclass(frozen=True)
class All:
    """All rows in every update: batch gradient descent."""

    def updates_in(self, n: int) -> int:
        """Updates per epoch."""
        return 1

    def describe(self) -> str:
        return "all"


@dataclass(frozen=True)
class Batch:
    """`size` rows per update. `order` is "shuffle" (a new permutation in each epoch), "cyclic" (in
    order), "replacement" (drawn with replacement), "blocks", or the row numbers of an epoch.

    "blocks" draws blocks of up to 32 rows that lie side by side, and shuffles 16,384 rows of them at a time
    (CorgiPile, Xu et al. 2022): nearly as good as "shuffle", and faster on rows beyond the caches, as these
    are read in longer stretches. Rows that are not in memory are taken so in any case.

    >>> Batch(2, "cyclic").order_of(5, epoch=0, seed=0)
    array([0, 1, 2, 3, 4])
    >>> Batch(2, [4, 4, 1]).order_of(5, epoch=0, seed=0)
    array([4, 4, 1])
    """

    size: int
    order: str | Sequence[int] = "shuffle"

    def __post_init__(self):
        if not (is_number(self.size) and isinstance(self.size, int | np.integer) and self.size > 0):
            raise DownslopeError("descent.batch_size", size=self.size)
        object.__setattr__(self, "size", int(self.size))
        if isinstance(self.order, str):
            if self.order not in ORDERS:
                raise DownslopeError("descent.order", asked=self.order, known=nearest(self.order, ORDERS))
        else:
            object.__setattr__(self, "order", _row_numbers(self.order))

    def order_of(self, n: int, epoch: int, seed: int) -> np.ndarray:
        """The rows of epoch `epoch`, drawn by a counter-based generator: no state of earlier epochs."""
        if not isinstance(self.order, str):
            order = np.array(self.order, dtype=np.int64)
            if not len(order) or order.min() < 0 or order.max() >= n:
                raise DownslopeError("descent.given_rows", asked=list(self.order), rows=n, last=n - 1)
            return order
        if self.order == "cyclic":
            return np.arange(n)
        draw = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, epoch]))
        if self.order == "replacement":
            return draw.integers(0, n, n)
        if self.order == "blocks":
            size, span = min(BLOCK, max(1, n // BLOCKS)), TOGETHER
            order = _side_by_side(draw.permutation(-(-n // size)), size, n)
            if n < LONG:
                return np.concatenate([draw.permutation(order[i : i + span]) for i in range(0, n, span)])
        elif n < LONG:
            return draw.permutation(n)
        else:
            order, span = np.arange(n), n
        compiled(shuffle)(order, draw.integers(2**64, dtype=np.uint64), span)
        return order

    @property
    def random(self) -> bool:
        """Whether each epoch draws its order."""
        return isinstance(self.order, str) and self.order != "cyclic"

    @property
    def shuffles(self) -> bool:
        """Whether an epoch takes each row once, in an order that is drawn."""
        return self.random and self.order != "replacement"

    def updates_in(self, n: int) -> int:
        """Updates per epoch."""
        taken = n if isinstance(self.order, str) else len(self.order)
        return -(-taken // self.size)

    def describe(self) -> str:
        order = self.order if isinstance(self.order, str) else list(self.order)
        return f"{self.size}, {order}"


def _side_by_side(blocks: np.ndarray, size: int, n: int) -> np.ndarray:
    """The rows of blocks of `size`, of which the last of all may have fewer."""
    order = (blocks[:, None] * size + np.arange(size)).ravel()
    return order if n % size == 0 else order[order < n]


def _row_numbers(order) -> tuple[int, ...]:
    try:
        rows = tuple(order)
        if all(is_number(row) and row == int(row) for row in rows):
            return tuple(int(row) for row in rows)
    except TypeError:  # nothing to go through
        pass
    raise DownslopeError("descent.order", asked=shown(order), known=", ".join(ORDERS))


def One(order: str | Sequence[int] = "shuffle") -> Batch:
    """One row per update: stochastic gradient descent."""
    return Batch(1, order)

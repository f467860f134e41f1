"""Where numba stands: a kernel, compiled on its first call and read from a cache on disk ever after."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from types import FunctionType

from .losses import residual_loss, single_loss, softmax_loss
from .moves import move, shrink

HELPERS = (shrink, residual_loss, single_loss, softmax_loss, move)  # called by kernels; callees first

# Sums may be reordered and fused; NaN and infinity keep their meaning, for divergence is read from them.
FAST = {"reassoc", "contract", "nsz", "arcp"}


@cache
def compiled(kernel):
    """`kernel`, compiled; other threads run while it does.

    numba keys its cache by the file of a kernel, not by the files of what it calls: the name that it is
    cached under tells all of them, so that no change of a helper leaves a stale kernel behind.
    """
    import numba

    _helpers()
    twin = FunctionType(kernel.__code__, kernel.__globals__, kernel.__name__, kernel.__defaults__)
    twin.__qualname__ = f"{kernel.__name__}_{_sources()}"
    twin.__module__ = kernel.__module__
    return numba.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")(twin)


@cache
def _helpers() -> None:
    from numba.extending import register_jitable

    for helper in HELPERS:
        register_jitable(fastmath=FAST)(helper)


@cache
def _sources() -> str:
    """A name for the kernels as they stand."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]

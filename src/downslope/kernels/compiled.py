"""Where numba stands: a kernel, compiled on its first call and read from a cache on disk ever after."""

from __future__ import annotations

import sys
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import RLock, Timer
from types import FunctionType
from typing import Any

import numpy as np

from ..messages import text
from . import exponentials, gather, ring, updates
from .losses import log_slope, residual_loss, single_loss, single_slope, softmax_loss
from .sparse_sweeps import (
    catch_up,
    decay,
    replay,
    sparse_fetch,
    sparse_fetch_piece,
    sparse_row_by_row,
    sparse_sweep,
)
from .sums import add_four, back_dense, chances, four_products, predict_dense, softmax_tile, tile_loss
from .sweeps import row_by_row, single_sweep, slopes, sweep

HELPERS: tuple = (residual_loss, log_slope, single_loss, single_slope, softmax_loss)  # callees first
HELPERS += (gather.sparse_product, gather.greatest, gather.fetch, gather.fetch_piece)
HELPERS += (sparse_fetch, sparse_fetch_piece)
HELPERS += (ring.begun, ring.make_one)
HELPERS += (
    updates.shrink,
    updates.steepest,
    updates.momentum,
    updates.nesterov,
    updates.adagrad,
    updates.rmsprop,
)
HELPERS += (updates.adam, updates.move, updates.advance, row_by_row, decay, replay, catch_up)
HELPERS += (slopes, softmax_tile, chances, tile_loss, four_products, add_four, predict_dense, back_dense)
HELPERS += (sweep, single_sweep, sparse_row_by_row, sparse_sweep)
EXACT = (exponentials.exp, exponentials.log1p)  # whose order of operations is their precision

WORTH_COMPILING = 300_000  # multiplications in a descent, below which Python is done before a compiler

# Sums may be reordered and fused; NaN and infinity keep their meaning, for divergence is read from them.
FAST = {"reassoc", "contract", "nsz", "arcp"}


def compiled(kernel):
    """`kernel`, compiled; other threads run while it does.

    numba keys its cache by the file of a kernel, not by the files of what it calls: the name that it is
    cached under includes all of them, so that no change of a helper leaves a stale kernel behind.
    """
    with _registering:
        return _compiled(kernel)


_registering = RLock()  # threads that come at once would each register all helpers, and compile every one


@cache
def _compiled(kernel):
    import numba

    _helpers()
    twin = FunctionType(kernel.__code__, kernel.__globals__, kernel.__name__, kernel.__defaults__)
    twin.__qualname__ = f"{kernel.__name__}_{_sources()}"
    twin.__module__ = kernel.__module__
    settings: Any = {"nogil": True, "fastmath": FAST, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **settings)(twin)
    except RuntimeError:  # no folder can be written: every process compiles for itself
        return numba.njit(**settings)(twin)


@cache
def _helpers() -> None:
    from numba.extending import register_jitable

    _announce_compilation()
    _power_of_two()
    _prefetch()
    _atomic()
    for helpers, freedom in ((EXACT, {"contract"}), (HELPERS, FAST)):
        for helper in helpers:
            # A process that compiles calls a helper's own code, a later one the kernel's copy of it: those of
            # `row_by_row` differ in the last bits, so no call of it may be left.
            inlined = helper is row_by_row
            register_jitable(fastmath=freedom, no_cfunc_wrapper=True, forceinline=inlined)(helper)


def _announce_compilation() -> None:
    """Print one line on stderr when compiling takes more than a second: ten seconds of silence look like a
    hang. A kernel that is loaded from the cache on disk compiles nothing."""
    from numba.core import event

    class Announcement(event.Listener):
        nested, said = 0, False  # a kernel compiles what it calls

        def on_start(self, event):
            self.nested += 1
            if self.nested == 1 and not self.said:
                self.timer = Timer(1.0, self.say)
                self.timer.daemon = True
                self.timer.start()

        def on_end(self, event):
            self.nested -= 1
            if self.nested == 0:
                self.timer.cancel()

        def say(self):
            self.said = True
            print(text("kernels.compiling"), file=sys.stderr)

    event.register("numba:compile", Announcement())


def _power_of_two() -> None:
    """`exponentials.times_power`, compiled: 2ᵏ in two halves, so that results below the normal range are
    rounded, not lost; each half is a float whose exponent's bits are written. Adding 1.5·2⁵² to a whole
    number leaves it in a float's lowest bits."""
    from llvmlite import ir
    from numba.core import types
    from numba.extending import intrinsic, overload

    def same_bits(source, target, llvm):
        cast = lambda context, builder, signature, given: builder.bitcast(given[0], llvm)
        return intrinsic(lambda context, x: (target(source), cast))

    bits: Any = same_bits(types.float64, types.int64, ir.IntType(64))
    number: Any = same_bits(types.int64, types.float64, ir.DoubleType())

    @overload(exponentials.times_power, jit_options={"fastmath": {"contract"}})
    def times_power(p, k):
        def compiled_form(p, k):
            half = np.rint(0.5 * k)
            one = number((bits(half + 6755399441055744.0) + 1023) << 52)
            other = number((bits((k - half) + 6755399441055744.0) + 1023) << 52)
            return p * one * other

        return compiled_form


def _prefetch() -> None:
    """`rows.prefetch`, compiled: every cache line of what lies in one piece."""
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.extending import intrinsic, overload

    def line(context, X, byte):
        def code(target, builder, signature, given):
            array = target.make_array(signature.args[0])(target, builder, given[0])
            place = builder.gep(builder.bitcast(array.data, ir.IntType(8).as_pointer()), [given[1]])
            number = ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
            ask = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
            builder.call(ask, [place, number(0), number(2), number(1)])  # to read, into L2, data
            return target.get_dummy_value()

        return types.void(X, types.intp), code

    ask_for: Any = intrinsic(line)

    @overload(gather.prefetch)
    def prefetch(X, first, last):
        if X.layout != "C":
            return lambda X, first, last: None

        def lines(X, first, last):
            step = X.strides[0]
            for byte in range(first * step, last * step, 64):
                ask_for(X, byte)
            ask_for(X, last * step - 1)

        return lines


def _atomic() -> None:
    """What `ring` reads and writes, compiled: one core sees what another wrote before it published the
    state."""
    from numba.core import types
    from numba.extending import intrinsic, overload

    def place(target, builder, signature, given):
        array = target.make_array(signature.args[0])(target, builder, given[0])
        return builder.gep(array.data, [given[1]])

    def looked(context, state, at):
        def code(target, builder, signature, given):
            return builder.load_atomic(place(target, builder, signature, given), "acquire", 8)

        return types.int64(state, types.intp), code

    def stored(context, state, at, number):
        def code(target, builder, signature, given):
            builder.store_atomic(given[2], place(target, builder, signature, given), "release", 8)
            return target.get_dummy_value()

        return types.void(state, types.intp, types.int64), code

    def swapped(context, state, at, old, new):
        def code(target, builder, signature, given):
            at = place(target, builder, signature, given)
            return builder.extract_value(builder.cmpxchg(at, given[2], given[3], "acq_rel", "acquire"), 1)

        return types.boolean(state, types.intp, types.int64, types.int64), code

    look: Any = intrinsic(looked)
    put: Any = intrinsic(stored)
    swap: Any = intrinsic(swapped)
    overload(ring.look)(lambda state, place: lambda state, place: look(state, place))
    overload(ring.put)(lambda state, place, number: lambda state, place, number: put(state, place, number))
    either = lambda dense: gather.fetch_piece if dense else sparse_fetch_piece
    overload(ring.fetch)(lambda piece, source, order, space: either(len(source) == ring.DENSE))
    overload(ring.swap)(
        lambda state, place, old, new: lambda state, place, old, new: swap(state, place, old, new)
    )


@cache
def _sources() -> str:
    """A name for the kernels as they stand."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]

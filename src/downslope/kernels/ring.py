"""A ring of places, in which some cores make the pieces of a pass ready while another uses them up.

`state` (2 + places,) int64 is their shared state: how many pieces were begun, how many are used up,
and of each place the number of the piece that is ready there, plus 1. Nobody waits for one that was never
begun: who wants it makes it. Compiled, the three that read and write it are atomic (see compiled.py).
"""

from __future__ import annotations

import numpy as np

BEGUN, USED, READY = 0, 1, 2
PLACES = 4
DENSE = 5  # parts of a source of dense rows
PATIENCE = 10_000_000  # looks in vain, after which a helper leaves: others may want its core


def begun(state, pieces):
    """The number of a piece that is the caller's to make from now on; −1 while every place is taken; `pieces`
    when none is left."""
    piece = look(state, BEGUN)
    if piece >= pieces:
        return pieces
    if piece >= look(state, USED) + PLACES or not swap(state, BEGUN, piece, piece + 1):
        return -1
    return piece


def make_one(state, pieces, source, order, space):
    """Make the next piece, if there is a place for it: its number, or what `begun` gives."""
    piece = begun(state, pieces)
    if 0 <= piece < pieces:
        fetch(piece, source, order, space)
        put(state, READY + piece % PLACES, piece + 1)
    return piece


def work_ahead(state, pieces, source, order, space):
    """What other cores do during a pass."""
    piece = fruitless = 0
    while piece < pieces and fruitless < PATIENCE:
        piece = make_one(state, pieces, source, order, space)
        fruitless = 0 if piece >= 0 else fruitless + 1


def fetch(piece, source, order, space):
    """The rows of a piece into its place: dense ones, or sparse ones, by what their `source` is made of. (A
    compiled.py chooses which.)"""
    from .gather import fetch_piece
    from .sparse_sweeps import sparse_fetch_piece

    (fetch_piece if len(source) == DENSE else sparse_fetch_piece)(piece, source, order, space)


def look(state, place):
    """The value stored there."""
    return state[place]


def put(state, place, number):
    """Tell it, after all that was done before."""
    state[place] = number


def swap(state, place, old, new):
    """Store `new` where `old` is stored; whether it was."""
    if state[place] != old:
        return False
    state[place] = new
    return True


def fresh():
    """Of a pass that has not begun."""
    return np.zeros(READY + PLACES, np.int64)


def close(state) -> None:
    """Nobody is to begin another."""
    state[BEGUN] = np.iinfo(np.int64).max

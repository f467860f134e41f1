"""One pass of a stochastic method over sparse rows, at a cost that follows their numbers, not their columns.

An update has no slope in a column that its rows leave at zero: there only the penalty and the direction's
memory move the weight. Those moves wait until the column is next seen, and are then made up for: in one
step where a formula sums them up, one by one where none does. The weights are those of `sweeps.sweep`.
"""

from __future__ import annotations

import numpy as np

from .exponentials import exp
from .gather import AHEAD, greatest, prefetch, sparse_product
from .losses import LOG, single_loss, single_slope, softmax_loss
from .ring import PLACES, READY, USED, look, make_one, put
from .updates import ADAGRAD, ADAM, RMSPROP, STEEPEST, move, shrink

GENTLE = 0.02  # t·l2 up to which TERMS terms of its series give log(1 − t·l2) to the last digit
TERMS = 8


def sparse_fetch(
    data, columns, starts, Y, share, order, inverse, free, ends, places, numbers, targets, weights
):
    """The rows of `order` out of CSR: row r has x̃ = `numbers` in columns `places`, from ends[r] to
    ends[r + 1], and a 1 in column `free`, the intercept's, unless that is −1. `inverse` is empty where all
    columns are as they are: it is read at random places. For the rest see `rows.fetch`."""
    end = np.uint64(0)
    for r in range(len(order)):
        i = order[r]
        ends[r] = end
        if r + AHEAD < len(order):
            later = order[r + AHEAD]
            prefetch(data, starts[later], starts[later + 1])
            prefetch(columns, starts[later], starts[later + 1])
            prefetch(Y, later, later + 1)
        first, many = starts[i], starts[i + 1] - starts[i]
        for e in range(many):
            places[end + e] = columns[first + e]
        if len(inverse) > 0:
            for e in range(many):
                numbers[end + e] = data[first + e] * inverse[columns[first + e]]
        else:
            for e in range(many):
                numbers[end + e] = data[first + e]
        end += many
        if free >= 0:
            places[end], numbers[end] = free, 1.0
            end += np.uint64(1)
        for c in range(Y.shape[1]):
            targets[r, c] = Y[i, c]
        if len(share) > 0:
            weights[r] = share[i]
    ends[len(order)] = end


def sparse_fetch_piece(piece, source, order, space):
    """`sparse_fetch` of one piece of a pass into its place of the ring: `source` is (data, columns, starts,
    Y, share, inverse, free), `space` (ends, places, numbers, targets, weights) of every place."""
    data, columns, starts, Y, share, inverse, free = source
    ends, places, numbers, targets, weights = space
    place, size = piece % PLACES, targets.shape[1]
    part = order[piece * size : min((piece + 1) * size, len(order))]
    sparse_fetch(
        data, columns, starts, Y, share, part, inverse, free, ends[place], places[place], numbers[place],
        targets[place][: len(part)], weights[place],
    )  # fmt: skip


def sparse_pass(
    state, source, order, space, size, loss, w, memory, direction, rates, reach, before, count, l1, l2,
    lived, steep, behind,
):  # fmt: skip
    """One pass over sparse rows, or a stretch of one, from its update number `before` on, with the pieces of
    a ring: (value, gradient) of its last update, if that ends the pass. `source` and `space` as in
    `sparse_fetch_piece`. Row by row where `behind` is given, with `steep` (see `sparse_row_by_row`), but for
    the last row of the pass, whose value and gradient are looked at. The rest as in `sparse_sweep`."""
    share, (ends, places, numbers, targets, weights) = source[4], space
    span, free = targets.shape[1], source[6] >= 0
    value, g = 0.0, np.zeros(len(w))
    pieces = -(-len(order) // span)
    for piece in range(pieces):
        place, first = piece % PLACES, piece * span
        while look(state, READY + place) != piece + 1:  # make those that nobody has begun
            make_one(state, pieces, source, order, space)
        many = min(span, len(order) - first)
        done, skipped = before + first // size, 0
        final = done - (-many // size) == len(rates)
        e, p, x = ends[place], places[place], numbers[place]
        Y, s = targets[place][:many], weights[place][: many if len(share) > 0 else 0]
        if len(behind) > 0:
            skipped = many - final
            sparse_row_by_row(e, p, x, Y[:skipped], s, loss, w, rates[done:], l2, steep, free, behind)
            if final:
                catch_up(w, l2, steep, free, behind)
                for j in range(len(lived)):
                    lived[j] = done + skipped
        if skipped < many:
            value, g = sparse_sweep(
                e[skipped:], p, x, Y[skipped:], s[skipped:], size, loss, w, memory, direction, rates, reach,
                done + skipped, count, l1, l2, lived,
            )  # fmt: skip
        put(state, USED, piece + 1)
    return value, g


def sparse_sweep(
    ends, places, numbers, Y, share, size, loss, w, memory, direction, rates, reach, first, count, l1, l2,
    lived,
):  # fmt: skip
    """Updates number `first` and on of a pass: (value, gradient) of the last, where that ends the pass.

    Rows as `sparse_fetch` leaves them; `rates` and `reach`, the sums of their powers (see `reaches`), are
    those of the whole pass, before which `count` updates were made. w (p,), memory (3, p) and lived (q,),
    how many updates of the pass a column has been through, change in place. The last update of a pass
    brings every column up to it.
    """
    a, b = direction[1], direction[2]
    n, k, q = len(Y), Y.shape[1], len(lived)
    coupled = loss[0] == LOG and k > 1
    largest = greatest(rates)
    g = np.zeros(len(w))
    z = np.zeros(k)
    slope = np.zeros(k)
    touched = np.empty(q, np.int64)
    value = 0.0
    updates = -(-n // size)
    for update in range(first, first + updates):
        start = (update - first) * size
        stop = min(start + size, n)
        final = update == len(rates) - 1
        seen = 0
        for e in range(0 if final else ends[start], q if final else ends[stop]):
            j = e if final else places[e]
            if lived[j] <= update:
                for at in range(j * k, j * k + k):
                    w[at], memory[0, at], memory[1, at] = replay(
                        direction, w[at], memory[0, at], memory[1, at], memory[2, at], l1[at], l2[at],
                        rates, reach, largest, lived[j], update, count,
                    )  # fmt: skip
                lived[j] = update + 1
                touched[seen] = j
                seen += 1
        for i in range(start, stop):
            for c in range(k):
                z[c] = 0.0
            for e in range(ends[i], ends[i + 1]):
                for c in range(k):
                    z[c] += numbers[e] * w[places[e] * k + c]
            s = share[i] if len(share) > 0 else 1.0
            if coupled:
                value += s * softmax_loss(z, Y, i, slope)
            else:
                for c in range(k):
                    slope[c] = single_slope(loss, z[c], Y[i, c])
                    if final:
                        value += s * single_loss(loss, z[c], Y[i, c])[0]
            for e in range(ends[i], ends[i + 1]):
                for c in range(k):
                    g[places[e] * k + c] += s * slope[c] * numbers[e]
        value = value / (stop - start) if final else 0.0
        fade = 1 - a ** (count + update + 1), 1 - b ** (count + update + 1)
        for t in range(seen):
            for at in range(touched[t] * k, touched[t] * k + k):
                pull = g[at] / (stop - start) + l2[at] * w[at]
                g[at] = pull if final else 0.0
                if final:
                    value += l1[at] * abs(w[at]) + 0.5 * l2[at] * w[at] * w[at]
                w[at], memory[0, at], memory[1, at] = move(
                    direction, w[at], pull, rates[update], memory[0, at], memory[1, at], fade,
                    memory[2, at], l1[at],
                )  # fmt: skip
    return value, g


def replay(direction, w, m, v, penalised, l1, l2, rates, reach, largest, first, last, count):
    """(w, m, v) after the updates from `first` up to `last`, none of which saw a slope of the loss."""
    code, a, b, epsilon, _ = direction
    away = last - first
    if away == 0:
        return w, m, v
    if code == STEEPEST and (l2 == 0 or (l1 == 0 and l2 * largest <= GENTLE)):
        if l2 > 0:
            return w * decay(l2, reach, first, last), m, v
        return shrink(w, l1 * (reach[0, last] - reach[0, first])), m, v
    if code == ADAGRAD and l2 == 0:
        return shrink(w, l1 * (reach[0, last] - reach[0, first]) / (np.sqrt(m) + epsilon)), m, v
    if code == RMSPROP and l2 == 0 and l1 == 0:
        return w, m * a**away, v
    a_power, b_power = a ** (count + first), b ** (count + first)
    plain = l2 == 0 and l1 == 0 and direction[4] == 0 and (code != ADAM or a * a < b)
    for update in range(first, last):
        left = last - update
        if w == 0 and (m == 0 or code in (ADAGRAD, RMSPROP)):
            return w, m * a**left if code == RMSPROP else m, v * b**left
        a_power *= a
        b_power *= b
        before = w
        fade = 1 - a_power, 1 - b_power
        w, m, v = move(direction, w, l2 * w, rates[update], m, v, fade, penalised, l1)
        if plain and w == before:  # what is left of a momentum no longer moves it
            return w, m * a ** (left - 1), v * b ** (left - 1)
    return w, m, v


def decay(l2, reach, first, last):
    """Π(1 − tᵢ·l2) = exp(−Σₚ l2ᵖ·Σtᵢᵖ/p) over the updates i from `first` up to `last`."""
    total = 0.0
    for p in range(TERMS - 1, -1, -1):
        total = (total + reach[p, last] - reach[p, first]) * l2
    return exp(-total)


def reaches(rates, reach):
    """reach[p − 1, i] = Σ tᵖ/p over the first i updates: what `decay` is made of."""
    for i in range(len(rates)):
        power = 1.0
        for p in range(TERMS):
            power *= rates[i]
            reach[p, i + 1] = reach[p, i] + power / (p + 1)


def sparse_row_by_row(ends, places, numbers, Y, share, loss, w, rates, l2, steep, free, behind):
    """Steepest descent a row at a time, in place, where rates·l2 ≤ GENTLE and no weight has a kink. A column
    that a row leaves at zero is not looked at: how far w is behind is held in `behind` (see `catch_up`).

    `steep`: the penalty of every column, or −1 where they differ. `free`: whether the last number of every
    row is the 1 of an intercept, which has no penalty.
    """
    last, even, highest = len(w) - 1, steep >= 0, greatest(l2)
    widest = np.uint64(1)
    for i in range(len(Y)):
        widest = max(widest, ends[i + 1] - ends[i])
    kept, price = np.empty(widest), np.empty(widest)
    left, r0, r1, r2, r3 = behind[0], behind[1], behind[2], behind[3], behind[4]
    r4, r5, r6, r7 = behind[5], behind[6], behind[7], behind[8]
    for i in range(len(Y)):
        start, end, rate = ends[i], ends[i + 1], rates[i]
        many = end - start
        if even:
            end -= np.uint64(free)
            z = left * sparse_product(places, numbers, start, end, w)
            if free:
                z += numbers[end] * w[last]
            left *= 1 - rate * steep
        else:
            z = 0.0
            for e in range(many):
                kept[e], price[e] = w[places[start + e]], l2[places[start + e]]
            for e in range(many):
                p = price[e]  # decay, written out, for a loop of vectors
                total = (((r7 * p + r6) * p + r5) * p + r4) * p + r3
                here = exp(-((((total * p + r2) * p + r1) * p + r0) * p))
                z += numbers[start + e] * here * kept[e]
                kept[e] = numbers[start + e] / (here * (1 - rate * p))
        pull = rate * single_slope(loss, z, Y[i, 0])
        if len(share) > 0:
            pull *= share[i]
        if even:
            step = pull / left
            for e in range(start, end):
                w[places[e]] -= step * numbers[e]
            if free:
                w[last] -= pull * numbers[end]
        else:
            for e in range(many):
                w[places[start + e]] -= pull * kept[e]
            t = rate
            r0, r1, r2, r3 = r0 + t, r1 + t**2 / 2, r2 + t**3 / 3, r3 + t**4 / 4
            r4, r5, r6, r7 = r4 + t**5 / 5, r5 + t**6 / 6, r6 + t**7 / 7, r7 + t**8 / 8
        if highest * r0 > 20 or left < 1e-9:
            behind[0], behind[1], behind[2], behind[3], behind[4] = left, r0, r1, r2, r3
            behind[5], behind[6], behind[7], behind[8] = r4, r5, r6, r7
            catch_up(w, l2, steep, free, behind)
            left, r0, r1, r2, r3 = 1.0, 0.0, 0.0, 0.0, 0.0
            r4, r5, r6, r7 = 0.0, 0.0, 0.0, 0.0
    behind[0], behind[1], behind[2], behind[3], behind[4] = left, r0, r1, r2, r3
    behind[5], behind[6], behind[7], behind[8] = r4, r5, r6, r7


def catch_up(w, l2, steep, free, behind):
    """Applies the penalties that w (p,) has not yet received. `behind` (9,) begins as [1, 0, 0, …]: first Π(1
    − t·steep) over the updates since, where all columns have one price, then Σ tᵖ/p, where they differ (see
    `decay`)."""
    for j in range(len(w) - free if steep >= 0 else 0):
        w[j] *= behind[0]
    for j in range(0 if steep >= 0 else len(w)):
        total = 0.0
        for p in range(TERMS, 0, -1):
            total = (total + behind[p]) * l2[j]
        w[j] *= exp(-total)
    behind[0] = 1.0
    behind[1:] = 0.0

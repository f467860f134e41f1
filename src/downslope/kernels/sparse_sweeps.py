"""One pass of a stochastic method over sparse rows, at a cost that follows their numbers, not their columns.

An update has no slope in a column that its rows leave at zero: there only the penalty and the direction's
memory move the weight. Those moves wait until the column is next seen, and are then made up for: in one
step where a formula sums them up, one by one where none does. The weights are those of `sweeps.sweep`.
"""

from __future__ import annotations

import numpy as np

from .exponentials import exp
from .losses import LOG, single_loss, single_slope, softmax_loss
from .moves import ADAGRAD, ADAM, RMSPROP, STEEPEST, move, shrink
from .rows import AHEAD, prefetch

GENTLE = 0.02  # t·l2 up to which TERMS terms of its series give log(1 − t·l2) to the last digit
TERMS = 8


def sparse_fetch(
    data, columns, starts, Y, share, order, inverse, free, ends, places, numbers, targets, weights
):
    """The rows of `order` out of CSR: row r has x̃ = `numbers` in columns `places`, from ends[r] to
    ends[r + 1], and a 1 in column `free`, the intercept's, unless that is −1. `inverse` is empty where all
    columns are as they are: it is read at random places. For the rest see `rows.fetch`."""
    end = 0
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
            end += 1
        for c in range(Y.shape[1]):
            targets[r, c] = Y[i, c]
        if len(share) > 0:
            weights[r] = share[i]
    ends[len(order)] = end


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
    largest = rates.max()
    g = np.zeros(len(w))
    z = np.zeros(k)
    slope = np.zeros(k)
    touched = np.empty(q, np.int64)
    value = 0.0
    updates = -(-n // size)
    done = 0
    alone = k == 1 and size == 1 and direction[0] == STEEPEST
    if alone and l1.max() == 0 and largest * l2.max() <= GENTLE:
        done = updates - (first + updates == len(rates))
        free = memory[2, -1] == 0
        sparse_row_by_row(ends, places, numbers, Y[:done], share, loss, w, rates[first:], l2, free)
        for j in range(q):
            lived[j] = first + done
    for update in range(first + done, first + updates):
        start = (update - first) * size
        stop = min(start + size, n)
        final = update == len(rates) - 1
        seen = 0
        for e in range(0 if final else ends[start], q if final else ends[stop]):
            j = e if final else places[e]
            if lived[j] <= update:
                for at in range(j * k, j * k + k):
                    w[at], memory[0, at], memory[1, at] = waited(
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


def waited(direction, w, m, v, penalised, l1, l2, rates, reach, largest, first, last, count):
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


def sparse_row_by_row(ends, places, numbers, Y, share, loss, w, rates, l2, free):
    """Steepest descent a row at a time, in place. Between the updates w = decay·v, with v in the place of w:
    a column that a row leaves at zero is not looked at. `free`: the last number of every row is the 1 of
    an intercept, which does not decay."""
    steep, last = l2.max(), len(w) - 1
    even = True
    for j in range(last + 1 - free):
        even = even and l2[j] == steep
    widest = 1
    for i in range(len(Y)):
        widest = max(widest, ends[i + 1] - ends[i])
    kept, price = np.empty(widest), np.empty(widest)
    r0 = r1 = r2 = r3 = r4 = r5 = r6 = r7 = 0.0
    left = 1.0
    for i in range(len(Y)):
        start, end, rate = ends[i], ends[i + 1], rates[i]
        many = end - start
        z = 0.0
        if even:
            end -= free
            for e in range(start, end):
                z += numbers[e] * w[places[e]]
            z *= left
            if free:
                z += numbers[end] * w[last]
            left *= 1 - rate * steep
        else:
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
        if i == len(Y) - 1 or steep * r0 > 20 or left < 1e-9:
            for j in range(last + 1 - free if even else 0):
                w[j] *= left
            for j in range(0 if even else last + 1):
                p = l2[j]
                total = (((r7 * p + r6) * p + r5) * p + r4) * p + r3
                w[j] *= exp(-((((total * p + r2) * p + r1) * p + r0) * p))
            r0 = r1 = r2 = r3 = r4 = r5 = r6 = r7 = 0.0
            left = 1.0

"""Coordinate descent on a quadratic with an L1 penalty: gᵀΔ + ½ΔᵀHΔ + Σ l1|u| + ½l2·u²."""

from __future__ import annotations

from .updates import shrink


def cycle(H, g, u, l1, l2, sweeps, limit):
    """Coordinate after coordinate to its own minimum, with H (m, m) at hand.

    g (m,) is H's gradient at u (m,); both change in place. Ends after `sweeps`, or when none has pulled
    harder than `limit`; gives the hardest pull of the last sweep.
    """
    hardest = 0.0
    for _ in range(sweeps):
        hardest = 0.0
        for j in range(len(u)):
            bend, old = H[j, j] + l2[j], u[j]
            if bend <= 0.0 or (old == 0.0 and abs(g[j]) <= l1[j]):
                continue
            new = shrink(old - (g[j] + l2[j] * old) / bend, l1[j] / bend)
            change = new - old
            if change == 0.0:
                continue
            u[j] = new
            for k in range(len(u)):
                g[k] += change * H[j, k]
            hardest = max(hardest, abs(change) * bend)
        if hardest <= limit:
            break
    return hardest


def column_sizes(first, index, value, columns, D, centred, mean, bend):
    """Mean and curvature under D of sparse columns, as `sweep_columns` takes them."""
    total = D.sum()
    for j in range(len(columns)):
        a = b = 0.0
        for at in range(first[columns[j]], first[columns[j] + 1]):
            pulled = value[at] * D[index[at]]
            a += pulled
            b += pulled * value[at]
        mean[j] = a / total if centred else 0.0
        bend[j] = max(b - total * mean[j] * mean[j], 0.0)


def sweep_columns(first, index, value, columns, D, total, pull, shift, mean, bend, u, l1, l2, places):
    """One sweep where H = X̃ᵀDX̃ is too wide to hold: the columns' own numbers stand for it.

    Columns are sparse: that of coordinate j is value[first[k]:first[k + 1]] at rows `index`, k = columns[j].
    D (n,) is the curvature of each row, `total` in all, and `pull` (n,) its slope, which changes in place;
    the slope of row i is pullᵢ + Dᵢ·shift, as the intercept answers every change at once: `mean` (m,) are the
    columns' means under D, zeros without an intercept. `places` are the coordinates that get their turn.
    Gives the hardest pull, and the shift.
    """
    hardest = 0.0
    for j in places:
        if bend[j] <= 0.0:
            continue
        k, old = columns[j], u[j]
        g = shift * total * mean[j]
        for at in range(first[k], first[k + 1]):
            g += value[at] * pull[index[at]]
        curve = bend[j] + l2[j]
        new = shrink(old - (g + l2[j] * old) / curve, l1[j] / curve)
        change = new - old
        if change == 0.0:
            continue
        u[j] = new
        shift -= change * mean[j]
        for at in range(first[k], first[k + 1]):
            pull[index[at]] += change * D[index[at]] * value[at]
        hardest = max(hardest, abs(change) * curve)
    return hardest, shift

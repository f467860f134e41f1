"""Lesson 16: columns of different sizes, before and after standardising."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ... import plots
from ...data import Dataset
from ...inference import Solution
from ...inference.settings import Settings
from ...insight.certificate import certify
from ...model.objective import Objective
from ..folder import Lesson, curves

SIZE, SIZES = 8, (1, 2, 4, 8, 16)


def made_rows(size: float) -> Dataset:
    """60 rows of two columns, centred, of deviation 1 and `size`:  y = 3·x1 + (2/size)·x2 + N(0, ½²)."""
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((60, 2))
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
    return Dataset.from_arrays(Z * [1, size], Z @ [3, 2] + 0.5 * rng.standard_normal(60))


def losses(rows: Dataset):
    """mean (X·w − y)² of each of m points w.  (m, 2) → (m,)"""
    return lambda w: ((w @ rows.X.T - rows.y) ** 2).mean(axis=1)


class Standardising(Lesson):
    """κ of the same rows with columns x and with columns x̃ = x/σ, and the epochs of descent

    >>> from downslope.lessons import lesson
    >>> figures = lesson(16).figures()
    >>> figures["kappa_raw"] > 50 > 2 > figures["kappa_scaled"]
    True
    """

    @cached_property
    def rows(self) -> Dataset:
        return made_rows(SIZE)

    def objective(self, rows: Dataset, **changes) -> Objective:
        found = Settings.of(changes, self.settings).training(rows).objective
        assert found is not None
        return found

    @cached_property
    def sizes(self) -> dict[int, tuple[float, Solution]]:
        """Size of the second column → κ, and the descent to the same gradient, of the columns as they are."""
        rows = {size: made_rows(size) for size in SIZES}
        return {size: (certify(self.objective(on)).condition, self.run(on)) for size, on in rows.items()}

    def figures(self):
        found = {"kappa_scaled": certify(self.objective(self.rows, scale=True)).condition}
        for size, (kappa, run) in self.sizes.items():
            found |= {f"kappa_{size}": kappa, f"epochs_{size}": float(run.epochs)}
        found |= {f"epochs_{name}": float(run.epochs) for name, run in self.solutions.items()}
        found |= {f"w{j + 1}": float(w) for j, w in enumerate(self.solutions["raw"].coef)}
        return found | {
            "kappa_raw": found[f"kappa_{SIZE}"],
            "ratio": found["epochs_raw"] / found[f"kappa_{SIZE}"],
        }

    def log(self):
        yield self.sentence("header")
        for size, (kappa, run) in self.sizes.items():
            yield f"{size:>8} {kappa:>12.2f} {run.epochs:>8} {run.epochs / kappa:>12.2f}"

    def drawings(self):
        return self._raw, self._scaled, self._epochs

    def _raw(self, ax):
        return plots.contours(losses(self.rows), self.solutions["raw"].trace, ax)

    def _scaled(self, ax):
        """The same descent where its steps are taken: on the columns x/σ."""
        X, y = self.rows.X / self.rows.X.std(axis=0), self.rows.y
        rows = Dataset.from_arrays(X, y, features=["x1/σ", "x2/σ"])
        return plots.contours(losses(rows), self.run(rows).trace, ax)

    def _epochs(self, ax):
        kappas = [kappa for kappa, _ in self.sizes.values()]
        lines = {self.label("measured"): (kappas, [run.epochs for _, run in self.sizes.values()])}
        return curves(ax, (self.label("epochs_over"), "κ", self.label("epochs")), lines, "xy", marker="o")

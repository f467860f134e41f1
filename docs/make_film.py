"""Make docs/pictures/descent.gif: a descent whose learning rate is too large, and the same as --fix mends it.

python docs/make_film.py
"""

from __future__ import annotations

import io
import textwrap
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import downslope as ds

FORMULA, START = "x^2 + 4*y^2", {"x": -3.6, "y": 0.9}
FRAMES = 26
x, y = np.meshgrid(np.linspace(-4, 4, 160), np.linspace(-2, 2, 100))


def descents() -> list[ds.Solution]:
    first = ds.minimize(FORMULA, START, method="gd", learning_rate=0.256, epochs=200)
    return [first, first.verdict.apply()]


def frame(solutions: list[ds.Solution], upto: int) -> Image.Image:
    page, axes = plt.subplots(1, 2, figsize=(8.4, 3.7), dpi=80)
    for ax, solution in zip(axes, solutions):
        path = np.array([solution.trace.start, *(step.params for step in solution.trace)])[: upto + 1]
        ax.contour(x, y, x**2 + 4 * y**2, levels=np.geomspace(0.05, 30, 10), colors="#9fb4c7", linewidths=0.8)
        ax.plot(*path.T, color="#D55E00", marker="o", markersize=3.5, linewidth=1.8)
        ax.set(xlim=(-4, 4), ylim=(-2, 2), xticks=[], yticks=[])
        ax.set_title(
            f"learning rate {solution.trace[0].learning_rate:.4g}, step {min(upto, len(path) - 1)}",
            fontsize=10,
        )
        if upto == FRAMES:
            ax.set_xlabel(textwrap.fill(str(solution.verdict).splitlines()[0], 58), fontsize=8)
    page.subplots_adjust(left=0.02, right=0.98, top=0.9, bottom=0.3, wspace=0.06)
    file = io.BytesIO()
    page.savefig(file)
    plt.close(page)
    return Image.open(file).convert("P", palette=Image.Palette.ADAPTIVE, colors=48)


def main() -> None:
    solutions = descents()
    pictures = [frame(solutions, upto) for upto in range(FRAMES + 1)]
    target = Path(__file__).parent / "pictures" / "descent.gif"
    durations = [180] * FRAMES + [5000]
    pictures[0].save(target, save_all=True, append_images=pictures[1:], duration=durations, loop=0)


if __name__ == "__main__":
    main()

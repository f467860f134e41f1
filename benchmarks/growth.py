"""Time against rows, columns and non-zeros, on log axes, with the fitted exponents."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .problems import dense, sparse, with_target
from .report import PICTURE

ROWS, COLUMNS, FILLED = "rows n", "columns d", "non-zeros m"
LETTER = {ROWS: "n", COLUMNS: "d", FILLED: "m"}


@dataclass(frozen=True)
class Line:
    """A fit, and the sizes at which it is timed."""

    name: str
    over: str
    settings: dict[str, Any]
    make: Callable[[int], Any]  # X of that size
    sizes: tuple[int, ...]  # of the full run; the quick one leaves out the two largest


LEAST = {"loss": "squared"}
LOGISTIC = {"loss": "log", "penalty": "l2", "alpha": 1e-4}
PASS = {"loss": "squared", "method": "sgd", "learning_rate": 1e-4, "epochs": 1}
SPARSE_PASS = {**LOGISTIC, "method": "sgd", "learning_rate": 1.0, "epochs": 1, "scale": False}
N = (4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000)
D = (8, 16, 32, 64, 128, 256, 512)

LINES = (
    Line("least squares", ROWS, LEAST, lambda n: dense(n, 50), N),
    Line("logistic", ROWS, LOGISTIC, lambda n: dense(n, 50), N),
    Line("SGD pass", ROWS, PASS, lambda n: dense(n, 50), N),
    Line("least squares", COLUMNS, LEAST, lambda d: dense(20_000, d), D),
    Line("logistic", COLUMNS, LOGISTIC, lambda d: dense(20_000, d), D),
    Line("SGD pass", COLUMNS, PASS, lambda d: dense(20_000, d), D),
    Line(
        "SGD pass on CSR",
        FILLED,
        SPARSE_PASS,
        lambda m: sparse(m // 50, 20_000, 50),
        tuple(50 * n for n in N),
    ),
    Line("logistic on CSR", FILLED, LOGISTIC, lambda m: sparse(m // 50, 2_000, 50), tuple(50 * n for n in N)),
)


def timed(line: Line, size: int, calls: int) -> float:
    """Seconds of a fit at that size, the least of some calls."""
    import downslope as ds

    X = line.make(size)
    y = with_target(X, line.settings["loss"])
    times = []
    for _ in range(calls):
        began = time.perf_counter()
        ds.fit(ds.Dataset.from_arrays(X, y), **line.settings)
        times.append(time.perf_counter() - began)
    return min(times)


def exponent(sizes: np.ndarray, seconds: np.ndarray) -> float:
    """k of seconds ∝ sizeᵏ, by least squares in logarithms over the larger half of the sizes."""
    half = len(sizes) // 2
    return float(np.polyfit(np.log(sizes[half:]), np.log(seconds[half:]), 1)[0])


def draw(mode: str) -> dict[str, Any]:
    """Time every line, draw growth.png, and give the figures as plain data."""
    warnings.simplefilter("ignore")
    patience = 5.0 if mode == "full" else 0.5  # seconds: a line ends once a fit takes longer
    told: list[dict[str, Any]] = []
    for line in LINES:
        sizes, seconds = [], []
        timed(line, line.sizes[0], 1)  # compiles
        for size in line.sizes if mode == "full" else line.sizes[:-2]:
            taken = timed(line, size, 3)
            sizes.append(size)
            seconds.append(taken)
            if taken > patience:
                break
        k = exponent(np.array(sizes), np.array(seconds)) if len(sizes) > 2 else float("nan")
        told.append({"name": line.name, "over": line.over, "sizes": sizes, "seconds": seconds, "exponent": k})
    _picture(told)
    return {"lines": told}


def _picture(told: list[dict[str, Any]]) -> None:
    from downslope.plots import canvas, save

    page = canvas.figure(13.0, 4.2, shared=False)
    for place, (over, fixed) in enumerate(
        ((ROWS, "d = 50"), (COLUMNS, "n = 20,000"), (FILLED, "50 in a row")), 1
    ):
        ax = page.add_subplot(1, 3, place)
        _panel(ax, [line for line in told if line["over"] == over], over, fixed)
    save(page, PICTURE, overwrite=True)


def _panel(ax, lines: list[dict[str, Any]], over: str, fixed: str) -> None:
    from matplotlib.ticker import NullFormatter

    from downslope.plots import canvas

    canvas.axes(ax, f"Time against {over} ({fixed})", over, "seconds")
    ends = []
    for i, line in enumerate(lines):
        style = canvas.style(i)
        ax.plot(line["sizes"], line["seconds"], marker="o", markersize=3.5, **style)
        k = line["exponent"]
        grows = f" ∝ {LETTER[over]}^{k:.2f}" if np.isfinite(k) else ""
        ends.append((line["sizes"][-1], line["seconds"][-1], line["name"] + grows, style["color"]))
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_minor_formatter(NullFormatter())
    left, right = ax.get_xlim()
    ax.set_xlim(left, right * (right / left) ** 0.6)  # room for the names
    ax.figure.canvas.draw()  # names are pushed apart on the page, once its layout stands
    canvas.name_ends(ax, ends)

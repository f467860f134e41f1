"""F over one weight, over two, or over the plane in which a descent of many mostly walks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..data import Dataset
from ..errors import DownslopeError
from ..model.objective import Objective
from . import formulas
from .localized import localized
from .numbers import exact, short
from .problems import LARGEST, Problem

FINE, COARSE, CURVE, LEVELS, TRIED = 121, 61, 241, 12, 41  # places of a window
SOON = 10_000_000  # rows × places that a fine window may cost
WORK = 40_000_000  # rows × places that are worth looking at
ROUNDING = 1e-9  # of the longer axis: what is shorter is the rounding of a path along a line
UNEQUAL = 1 / 25  # of the axes' lengths: below this one scale for both would hide the shorter one

Values = Callable[[np.ndarray], np.ndarray]  # F at θ (m, p), the coordinates of the descent → (m,)


def cells_of(objective: Objective) -> int:
    """How fine a window on F may be."""
    return FINE if objective.quadratic or objective.rows * FINE**2 <= SOON else COARSE


def values_of(objective: Objective, places: int) -> Values | None:
    """F at many θ, if that is soon done."""
    if not objective.linear_rows and objective.rows > 1:
        return None  # a net
    if objective.quadratic and objective.linear_rows:
        objective = objective.reduced()
    elif objective.rows * places * getattr(objective.term, "outputs", 1) > WORK:
        return None

    def values(inner: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.asarray(objective.values(inner), dtype=float)

    return values


@dataclass(frozen=True, eq=False)
class Units:
    """θ = origin + S·w: the coordinates of a descent, those of its picture, from the user's weights."""

    origin: np.ndarray  # (p,)
    slopes: np.ndarray  # ∂θ/∂w  (p, p)

    @classmethod
    def of(cls, objective: Objective) -> Units:
        origin = objective.to_inner(np.zeros(objective.size))
        unit = np.eye(objective.size)
        return cls(origin, np.column_stack([objective.to_inner(row) - origin for row in unit]))

    @property
    def scaled(self) -> bool:
        """Whether the two differ: the descent is on standardised columns."""
        return bool(self.origin.any() or (self.slopes != np.eye(len(self.origin))).any())

    def inner(self, params: np.ndarray) -> np.ndarray:
        """θ of weights (m, p) in the user's units.  (m, p)"""
        with np.errstate(all="ignore"):
            return self.origin + params @ self.slopes.T

    def gradients(self, g: np.ndarray, own: Units) -> np.ndarray:
        """Gradients (m, p) in the coordinates of another descent, `own`, as gradients in these.  (m, p)"""
        if not (self.scaled or own.scaled) or own is self:
            return g
        return g @ own.slopes @ np.linalg.inv(self.slopes)

    def back(self) -> dict[str, Any] | None:
        """w = offset + M·θ as numbers, for a start that is dragged in the picture; None where w = θ."""
        if not self.scaled:
            return None
        matrix = np.linalg.inv(self.slopes)
        return {"offset": exact(-matrix @ self.origin), "matrix": [exact(row) for row in matrix]}


@dataclass(frozen=True, eq=False)
class View:
    """The window on F: its axes in the space of θ, and how far each reaches."""

    names: tuple[str, ...]  # of the weights, as settings name them
    symbols: tuple[str, ...]  # as formulas write them
    origin: np.ndarray  # (p,)
    axes: np.ndarray  # (1 or 2, p), orthonormal
    low: np.ndarray  # (1 or 2,)
    high: np.ndarray
    share: float = 1.0  # of the way that the plane shows
    equal: bool = True

    def places(self, inner: np.ndarray) -> np.ndarray:
        """Where θ (m, p) stand in the window.  (m, 1 or 2)"""
        return (inner - self.origin) @ self.axes.T

    def showing(self, low: np.ndarray, high: np.ndarray) -> View:
        """The same axes from `low` to `high`."""
        size = high - low
        return replace(self, low=low, high=high, equal=bool(size.min() > UNEQUAL * size.max()))

    def inner(self, places: np.ndarray) -> np.ndarray:
        """θ at places (m, 1 or 2) of the window.  (m, p)"""
        return self.origin + places @ self.axes


def view_of(
    names: Sequence[str], symbols: Sequence[str], paths: Sequence[np.ndarray], known: np.ndarray
) -> View:
    """The window that holds the paths, each (m, p) with finite θ, and the places known (k, p) that are
    not too far off."""
    together = np.vstack(paths)
    p = together.shape[1]
    origin, axes, share = np.zeros(p), np.eye(p), 1.0
    if p > 2:
        origin = paths[0][-1]
        away = together - origin
        size = np.abs(away).max() or 1.0
        _, s, axes = np.linalg.svd(away[:: max(1, len(away) // 500)] / size, full_matrices=False)
        axes = axes[:2] if len(axes) > 1 else np.eye(p)[:2]
        share = float((s[:2] ** 2).sum() / ((s**2).sum() or 1.0))
        if s[1:2].max(initial=0.0) <= ROUNDING * s[0]:
            axes = _with_another(axes[0])
    places = (together - origin) @ axes.T
    extent = np.ptp(places, axis=0)
    if len(known):
        seen = (known - origin) @ axes.T
        wider = np.ptp(np.vstack([places, seen]), axis=0)
        if wider.max() <= 30 * extent.max() or not extent.any():
            places, extent = np.vstack([places, seen]), wider
    extent[extent <= ROUNDING * extent.max()] = 0.0  # along this axis nothing moved but the last digits
    largest = extent.max() or max(1.0, 0.5 * np.abs(places).max())
    size = np.where(extent > 0, extent, largest)
    equal = bool(extent.min() > UNEQUAL * largest or extent.min() == 0)
    if equal:
        size = np.maximum(size, 0.6 * size.max())
    middle = (places.max(axis=0) + places.min(axis=0)) / 2
    low, high = middle - 0.7 * size, middle + 0.7 * size
    return View(tuple(names), tuple(symbols), origin, axes, low, high, share, equal)


def around(path: np.ndarray) -> list[np.ndarray]:
    """Corners of a window about 0 that holds the path (m, p) and half as much again; none where the path
    would be a dot in it."""
    size = 1.5 * np.abs(path).max(axis=0)
    size = np.where(size > 0, size, size.max())
    return [-size, size] if (np.ptp(path, axis=0) > 0.1 * size).any() else []


def _with_another(axis: np.ndarray) -> np.ndarray:
    """A straight path's direction (p,), and the weight that it moves least, made orthogonal to it.  (2, p)"""
    other = np.zeros(len(axis))
    other[np.argmin(np.abs(axis))] = 1.0
    other -= (other @ axis) * axis
    return np.vstack([axis, other / np.linalg.norm(other)])


def picture_of(
    problem: Problem,
    objective: Objective,
    dataset: Dataset | None,
    values: Values,
    units: Units,
    paths: Sequence[np.ndarray],
    heights: np.ndarray,
    best: np.ndarray | None,
    window: np.ndarray | None = None,
    coarse: bool = False,
) -> tuple[dict[str, Any] | None, View]:
    """The picture of F and its window; `best`: the params of the minimum, where known."""
    known = np.array(problem.minima or ([] if best is None else [best]))
    known = units.inner(known) if len(known) else known
    at = None if best is None else units.inner(best[None])[0]
    symbols = formulas.symbols(objective.names, dataset, units.scaled)
    if objective.size <= 2:  # more than the way: the other side of a bowl, the other valleys of a function
        more = list(np.array(problem.window).T)
        if at is not None and objective.quadratic:
            more.append(2 * at - paths[0][0])
        if dataset is None and not problem.minima and not problem.window:
            more += around(np.vstack(paths))
        known = np.vstack([known.reshape(-1, objective.size), *more])
    view = view_of(objective.names, symbols, paths, known)
    if window is not None and window.shape == (len(view.axes), 2) and objective.size <= 2:
        view = view.showing(*window.T)
    picture = landscape(view, values, heights, at, COARSE if coarse else cells_of(objective))
    if picture is not None:
        picture["back"] = units.back() if objective.size <= 2 else None
        picture["standardised"] = formulas.map_back(objective, dataset) if units.scaled else None
    return picture, view


def window_of(asked: Any) -> np.ndarray | None:
    """What the picture of F is to show: [least, most] for one weight or for each of two.  (k, 2)"""
    if asked is None:
        return None
    try:
        window = np.array(asked, dtype=float)
    except (TypeError, ValueError):
        window = np.empty(0)
    sound = window.shape in ((1, 2), (2, 2)) and (np.abs(window) <= LARGEST).all()
    if not (sound and (window[:, 1] - window[:, 0] > ROUNDING * np.abs(window).max(axis=1)).all()):
        raise DownslopeError("lab.window", asked=repr(asked)[:60])
    return window


def landscape(
    view: View, values: Values, heights: np.ndarray, best: np.ndarray | None, cells: int
) -> dict[str, Any] | None:
    """The picture of F in the window; `heights`: F along the paths, `best`: θ of the minimum (p,)."""
    if len(view.axes) == 1:
        return _curve(view, values, heights, best)
    return _grid(view, values, heights, best, cells)


def _curve(view: View, values: Values, heights, best) -> dict[str, Any] | None:
    x = np.linspace(view.low[0], view.high[0], CURVE)
    f = values(view.inner(x[:, None]))
    if not np.isfinite(f).any():
        return None
    low, high = f[np.isfinite(f)].min(), _top(f, heights)
    margin = 0.06 * ((high - low) or 1.0)
    return {
        "kind": "curve",
        "axes": list(view.symbols),
        "names": list(view.names),
        "x": short(x),
        "f": short(f),
        "window": short([x[0], x[-1]]),
        "f_window": short([low - margin, high + margin]),
        "minimum": None if best is None else {"x": float(best[0]), "f": float(values(best[None])[0])},
    }


def _top(f: np.ndarray, heights: np.ndarray) -> float:
    """How high a picture reaches: as high as the paths began, and somewhat more where the curve does."""
    finite, walked = f[np.isfinite(f)], heights[np.isfinite(heights)]
    low = float(finite.min())
    reach = float(walked.max()) if len(walked) else low
    return float(min(finite.max(), max(reach + 0.6 * (reach - low), np.quantile(finite, 0.7))))


def _grid(view: View, values: Values, heights, best, cells: int) -> dict[str, Any] | None:
    x, y = (np.linspace(low, high, cells) for low, high in zip(view.low, view.high))
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    f = values(view.inner(places)).reshape(cells, cells)
    finite = f[np.isfinite(f)]
    if not finite.size:
        return None
    lowest = [finite.min(), *heights[np.isfinite(heights)]]
    at = None if best is None else view.places(best[None])[0]
    if best is not None:
        lowest.append(float(values(best[None])[0]))
    low, high = float(np.min(lowest)), float(finite.max())
    levels = levels_of(low, high, heights)
    every = (cells - 1) // (COARSE - 1)
    unit = unit_of(low, f)
    spread = len(view.axes[0]) > 2
    u, v = (combination(view.symbols, axis) for axis in view.axes)
    return {
        "kind": "grid",
        "axes": ["u", "v"] if spread else list(view.symbols),
        "names": None if spread else list(view.names),
        "x": short(x),
        "y": short(y),
        "levels": short(levels),
        "band": exact(np.round(band_of(f, low, levels), 3)),
        "height": short(heights_of(f[::every, ::every], low, unit), 4),
        "unit": unit,
        "low": low,
        "f_window": short([low, high]),
        "equal": view.equal,
        "minimum": None
        if best is None or at is None
        else {"x": float(at[0]), "y": float(at[1]), "f": lowest[-1]},
        "plane": {"share": round(view.share, 4), "text": localized("lab.plane", share=view.share, u=u, v=v)}
        if spread
        else None,
    }


def combination(names: Sequence[str], axis: np.ndarray) -> str:
    """The direction as a sum of weights, those that it moves most: "0.8·a − 0.6·b"; "…" for the others."""
    largest = [j for j in np.argsort(-np.abs(axis), kind="stable")[:3] if abs(axis[j]) >= 0.005]
    parts = [f"{'−' if axis[j] < 0 else '+'} {abs(axis[j]):.2g}·{names[j]}" for j in largest]
    others = np.sum(np.abs(axis) >= 0.005) > len(parts)
    return " ".join([*parts, *(["+ …"] if others else [])]).removeprefix("+ ")


def levels_of(low: float, high: float, heights: np.ndarray) -> np.ndarray:
    """low + span·qᵏ: as many levels close to the lowest value as far above it.  (12,)"""
    span = high - low
    if not span > 0:
        return np.linspace(low, low + 1.0, LEVELS)
    walked = heights[np.isfinite(heights) & (heights > low)]
    closest = float(walked.min() - low) / span if walked.size else 0.0
    decades = float(np.clip(-np.log10(max(closest, 1e-9)), 2, 5))
    return low + span * np.logspace(-decades, 0, LEVELS)


def band_of(f: np.ndarray, low: float, levels: np.ndarray) -> np.ndarray:
    """Where f stands among the levels, as a real number: 0 at the lowest level, 11 at the highest."""
    above = np.log(np.maximum(levels - low, 1e-300))
    with np.errstate(all="ignore"):
        here = np.log(np.maximum(f - low, 1e-300))
    step = above[1] - above[0]
    return np.where(np.isfinite(f), np.clip((here - above[0]) / step, -1.0, LEVELS - 1.0), np.nan)


def unit_of(low: float, f: np.ndarray) -> float | None:
    """What the surface is drawn in: F itself (None), or log(1 + (F − low)/unit) where a few places dwarf the
    rest."""
    finite = f[np.isfinite(f)]
    middle = float(np.median(finite)) - low
    return 0.1 * middle if middle > 0 and finite.max() - low > 20 * middle else None


def heights_of(f: np.ndarray, low: float, unit: float | None) -> np.ndarray:
    """How high values of F stand on the surface."""
    return f if unit is None else np.log1p(np.maximum(f - low, 0.0) / unit)


def tried(name: str, view: View, values: Values, own: np.ndarray | None = None) -> dict[str, Any]:
    """min over values of one weight: those of a run that searches, else 41 across the window."""
    x = _grid_of(view) if own is None else own
    f = values(view.inner(x[:, None]))
    return {"name": name, "x": exact_places(x), "f": short(f), "best": int(np.nanargmin(f))}


def _grid_of(view: View) -> np.ndarray:
    step = _round_step((view.high[0] - view.low[0]) / (TRIED - 1))
    middle = (view.high[0] + view.low[0]) / 2
    first = np.round((middle - step * (TRIED // 2)) / step) * step
    return np.round(first + step * np.arange(TRIED), 12)


def exact_places(x: np.ndarray) -> list[float]:
    return [float(f"{value:.10g}") for value in x]


def _round_step(step: float) -> float:
    """1, 2 or 5 times a power of ten, the next one up."""
    power = 10.0 ** np.floor(np.log10(step))
    return float(next(power * k for k in (1, 2, 5, 10) if power * k >= step * (1 - 1e-9)))

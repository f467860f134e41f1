"""What a function is like where a descent of it ended: at rest or not, and what lies around.

Everything is held against the way that the descent went: its length ‖x − x₀‖, its fall, and its fall over the
second half of the updates. So neither the units of f and x nor a start that is high or far off matter.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...descent.trace import Step, Trace
from ...model.differences import central_differences
from ...model.functions import Function

FLAT = 1e-10  # of the largest curvature: what is less is none
LEFT = 1e-6  # of the fall over the second half of the updates: what a minimum may have left below it
FAR = 1e-3  # of the way: a Newton step that is longer does not end at a place that was reached
LOGARITHM = 0.97  # of one thousandfold shrinking's fall in the next: a power of |x| has less than this
MOST = 500  # variables up to which the Hessian is found
FEW = 20  # and up to which it is found from values of f alone


@dataclass(frozen=True, eq=False)
class Ground:
    """f near the end x of a descent:  f(x + s) ≈ f(x) + g·s + ½·s·H·s."""

    function: Function
    trace: Trace
    x: np.ndarray  # (p,)
    value: float
    gradient: np.ndarray  # (p,)

    # ---- the way ------------------------------------------------------------------------------------

    @cached_property
    def middle(self) -> Step | None:
        """The last update of the first half."""
        steps = self.trace.steps
        half = steps[-1].step / 2 if steps else 0
        return next((step for step in reversed(steps) if step.step <= half), None)

    @cached_property
    def halfway(self) -> np.ndarray:
        """Where the first half of the updates led. (p,)"""
        return self.trace.start if self.middle is None else self.middle.params

    @cached_property
    def whole(self) -> float:
        """f(x₀) − f(x)"""
        return max(0.0, self.trace.steps[0].loss - self.value) if self.trace.steps else 0.0

    @cached_property
    def recent(self) -> float:
        """The fall over the second half of the updates; of one that swings up and back, the whole."""
        steps = self.trace.steps
        half = steps[-1].step / 2 if steps else 0
        later = [step.loss for step in steps if step.step > half]
        return min(self.whole, max(0.0, max(later, default=self.value) - self.value))

    @cached_property
    def moved(self) -> float:
        """‖x − x₀‖"""
        with np.errstate(over="ignore"):
            return _norm(self.x - self.trace.start)

    @property
    def length(self) -> float:
        """‖x − x₀‖; where it never moved, 1 + ‖x‖."""
        return self.moved or 1.0 + _norm(self.x)

    @cached_property
    def size(self) -> float:
        """How large numbers are here: the largest of ‖x‖, ‖x₀‖ and the way between them."""
        return max(_norm(self.x), _norm(self.trace.start), self.length)

    @property
    def rounding(self) -> float:
        return max(1e-16 * self.whole, 1e-14 * abs(self.value))

    @property
    def allowed(self) -> float:
        """How far below f(x) the minimum of the parabola may lie for x to be called it."""
        return max(LEFT * self.recent, self.rounding)

    # ---- the parabola -------------------------------------------------------------------------------

    @cached_property
    def _curvature(self) -> tuple[np.ndarray, np.ndarray, float]:
        """λ (p,) ascending, their directions (p, p), and what differences leave of a λ of 0."""
        none = np.empty(0), np.empty((0, 0)), 0.0
        p, f = self.x.size, self.function
        if p > (MOST if f.has_hessian else FEW):
            return none
        with np.errstate(all="ignore"):
            start, x = np.abs(self.trace.start), np.abs(self.x)
            scale = np.maximum(np.maximum(start, x), np.abs(self.x - self.trace.start))
            scale = np.where(scale > 1e-10 * self.size, scale, self.size)
            H: np.ndarray | None
            if not f.has_hessian:  # gradients are differences themselves
                H = central_differences(f.gradient, self.x, 20 * scale)
            elif f.derivative_kind == "given" and f.expression is None:
                H = central_differences(f.gradient, self.x, scale)
            else:
                H = f.hessian(self.x)
        if H is None or not np.isfinite(H).all():
            return none
        values, vectors = np.linalg.eigh((H + H.T) / 2)
        return values, vectors, float(np.abs(H - H.T).max(initial=0.0))

    @property
    def values(self) -> np.ndarray:
        return self._curvature[0]

    @property
    def vectors(self) -> np.ndarray:
        return self._curvature[1]

    @property
    def known(self) -> bool:
        """Whether there is a Hessian."""
        return self.values.size > 0

    @property
    def noise(self) -> float:
        """|λ| up to which there is no curvature."""
        largest = float(np.abs(self.values).max(initial=0.0))
        return max(FLAT * largest, 3 * self._curvature[2])

    @cached_property
    def along(self) -> np.ndarray:
        """g·v for each of the directions. (p,)"""
        return self.vectors.T @ self.gradient

    @cached_property
    def level(self) -> bool:
        """Whether next to nothing is left: ½·Σ (g·v)²/|λ| where there is curvature, and |g·v|·‖x − x₀‖ where
        there is none."""
        if not self.known:
            return self._level_along_gradient
        bent = np.abs(self.values) > self.noise
        with np.errstate(all="ignore"):
            left = 0.5 * float(np.sum(self.along[bent] ** 2 / np.abs(self.values[bent])))
            slope = float(np.abs(self.along[~bent]).sum()) * self.length
        return left <= self.allowed and slope <= self.allowed

    @property
    def _level_along_gradient(self) -> bool:
        """The same along the gradient alone, from one more gradient."""
        size, bend = float(np.linalg.norm(self.gradient)), self._bend_along_gradient
        return size == 0 or (bend > 0 and 0.5 * size**2 / bend <= self.allowed)

    @cached_property
    def _bend_along_gradient(self) -> float:
        """The curvature along g, by a difference of gradients; 0 where there is no slope."""
        g = self.gradient
        size = float(np.linalg.norm(g))
        if size == 0:
            return 0.0
        t = 1e-5 * self.length / size
        with np.errstate(all="ignore"):
            return float(g @ (self.function.gradient(self.x + t * g) - g)) / (t * size**2)

    @property
    def curves_down(self) -> bool:
        return bool(self.known and self.values[0] < -self.noise)

    @property
    def curves_up(self) -> bool:
        """Whether some direction curves upward by more than the way went down."""
        top = float(self.values[-1]) if self.known else 0.0
        fell = top * self.length * self.length > 1e-6 * self.whole
        return top > self.noise and (fell or top * self.size * self.size > self.rounding)

    @cached_property
    def newton(self) -> np.ndarray:
        """−H⁺g; without a Hessian, the step along −g that its curvature asks for. (p,)"""
        with np.errstate(all="ignore"):
            if not self.known:
                bend = self._bend_along_gradient
                return -self.gradient / bend if bend > 0 else np.zeros_like(self.gradient)
            bent = np.abs(self.values) > self.noise
            return -self.vectors[:, bent] @ (self.along[bent] / self.values[bent])

    @cached_property
    def newton_step(self) -> float:
        """‖H⁺g‖"""
        return float(np.linalg.norm(self.newton)) if self.known else 0.0

    @cached_property
    def falls_past_newton(self) -> bool:
        """Whether f falls on where its parabola has long turned."""
        return bool(self.newton.any() and np.isfinite(self.newton).all()) and self._falls_past(self.newton)

    @cached_property
    def past_newton(self) -> tuple[np.ndarray, float] | None:
        """A lower place 64 Newton steps on, to which f falls all the way: no minimum lies between."""
        if not (self.known and self.newton.any() and np.isfinite(self.newton).all()):
            return None
        for k in (64, 2, 8, 24):
            with np.errstate(all="ignore"):
                if not self.function.gradient(self.x + k * self.newton) @ self.newton <= 0:
                    return None
        place = self.x + 64 * self.newton
        (value,) = self.at([place])
        return (place, float(value)) if value < self.value - self.rounding else None

    def _falls_past(self, way: np.ndarray) -> bool:
        """Whether f still does not rise 64 Newton steps along `way`: a tail such as e^x does not, a power of
        (x − x*) up to the 32nd does."""
        way = way / _norm(way)
        with np.errstate(all="ignore"):
            slope, bend = float(self.gradient @ way), self._bend(way)
            if not (slope < 0 < bend and math.isfinite(slope / bend)):
                return False
            ahead = float(self.function.gradient(self.x - 64 * slope / bend * way) @ way)
        return slope / 2 < ahead <= 0

    def _bend(self, way: np.ndarray) -> float:
        """The curvature along a direction of length 1."""
        if self.known:
            return float(np.sum(self.values * (self.vectors.T @ way) ** 2))
        return self._bend_along_gradient

    @property
    def thin(self) -> np.ndarray:
        """The directions whose curvature is almost zero compared with the fall along the way, three at most.
        (p, ≤ 3)"""
        if not self.known:
            return np.empty((self.x.size, 0))
        bent = self.values * self.length * self.length
        return self.vectors[:, bent < 2e-3 * self.whole][:, :3]

    # ---- what lies around ---------------------------------------------------------------------------

    def at(self, points: Iterable[np.ndarray]) -> np.ndarray:
        """f, infinite where it has no value. One by one: formulas for many points are not compiled yet."""
        with np.errstate(all="ignore"):
            found = np.array([self.function.value(point) for point in points], dtype=float)
        return np.where(np.isnan(found), math.inf, found)

    @cached_property
    def falls_on(self) -> tuple[np.ndarray, float] | None:
        """A place far ahead, where f only fell all the way to it: from half the way to 256 times as far."""
        way = self.x - self.halfway
        ways = [way if way.any() else self.x - self.trace.start]
        if self.falls_past_newton:
            ways.insert(0, self.newton)
        if self.level:  # the way may have bent since
            for v in self.thin.T:
                slope = float(self.gradient @ v)
                if slope or not self._bend(v):  # where digits are wanting: onward
                    ways.append(v * np.sign(-slope or (self.x - self.trace.start) @ v))
        found = (self._far_along(way) for way in ways if way.any() and np.isfinite(way).all())
        return next((place for place in found if place is not None), None)

    def _far_along(self, way: np.ndarray) -> tuple[np.ndarray, float] | None:
        way = way / np.abs(way).max()
        way = way / np.linalg.norm(way)
        before, ahead, steep, lower = self.value, self.length / 2, None, False
        while ahead <= 256 * self.size:
            place = self.x + way * ahead
            (value,) = self.at([place])
            if not value <= before or not np.isfinite(value):
                return None
            if steep is None:
                steep = self._leads_on(way)
            lower = lower or value < self.value - self.rounding
            if value == before and not lower and not steep:
                return None
            before, ahead = value, 2 * ahead
        return (place, float(before)) if lower or steep else None

    def _leads_on(self, way: np.ndarray) -> bool:
        """Whether the slope along `way` promises a fall though none is seen beyond the rounding."""
        with np.errstate(all="ignore"):
            slope, bend = float(self.gradient @ way), self._bend(way) if self.known else 0.0
        return (
            (slope < 0 and -slope > FAR * self.length * abs(bend))
            or self._falls_past(way)
            or self._tails_off
            or (slope == 0 == bend and self._fades(way))
        )

    @property
    def _tails_off(self) -> bool:
        """Whether its strides stayed as long as ever while the slope faded out, until no number was left."""
        steps = [step for step in self.trace.steps if step.step > self.trace.steps[-1].step / 2]
        sizes = np.array([step.gradient_norm for step in steps])
        if len(steps) < 5 or self.gradient.any() or (np.diff(sizes) > 0).any() or sizes[0] < 1e6 * sizes[-1]:
            return False
        strides = np.linalg.norm(np.diff([step.params for step in steps], axis=0), axis=1)
        return bool(strides[-3:].max() > 0.1 * np.median(strides))

    def _fades(self, way: np.ndarray) -> bool:
        """Whether f is level here for want of digits alone: going back, it rises out of the level as no
        polynomial of a degree up to 20 does, but as a tail such as e^x."""
        if not self.known:
            return False
        above = lambda t: float(self.at([self.x - t * way])[0]) - self.value
        level, raised = 0.0, self.length
        if not above(raised) > 0:
            return False
        for _ in range(60):
            middle = (level + raised) / 2
            level, raised = (level, middle) if above(middle) > 0 else (middle, raised)
        rises = np.array([above(level + (self.length - level) * 2.0**-k) for k in range(16)])
        seen = rises[(rises > 0) & np.isfinite(rises)]
        return len(seen) > 1 and float((seen[:-1] / seen[1:]).max()) > 2.0**20

    @cached_property
    def way_down(self) -> tuple[np.ndarray, float] | None:
        """Beside a place where the slope is gone and the curvature nearly so: where f falls on without a rise
        between, as behind a level inflection."""
        for v in self.thin.T:
            slope = float(self.gradient @ v)
            for side in [-v] if slope > 0 else [v] if slope < 0 else [v, -v]:
                before = self.value - max(1e-2 * self.allowed, self.rounding)
                for t in (1e-3, 1e-2, 1e-1):
                    place = self.x + t * self.length * side
                    (value,) = self.at([place])
                    if not value < before:
                        break
                    before = value
                else:
                    return place, float(value)
        return None

    @cached_property
    def along_valley(self) -> tuple[np.ndarray, float] | None:
        """A lower place down a direction without curvature, half the way's length on: from there Newton steps
        lead back to the bottom of a valley that bends."""
        f = self.function
        if not self.known or not f.has_hessian:
            return None
        for v, slope in zip(self.vectors.T, self.along):
            ahead = 0.5 * self.length * abs(slope)
            if abs(float(self._bend(v))) > self.noise or not ahead > 1e-9 * abs(self.value):
                continue
            place = self.x - 0.5 * self.length * np.sign(slope) * v
            with np.errstate(all="ignore"):
                for _ in range(4):
                    H, g = f.hessian(place), f.gradient(place)
                    if H is None or not (np.isfinite(H).all() and np.isfinite(g).all()):
                        break
                    place = place - np.linalg.pinv(H, rcond=FLAT, hermitian=True) @ g
            (value,) = self.at([place])
            if value < self.value - 0.1 * ahead:
                return place, float(value)
        return None

    def lower_around(self, budget: int) -> tuple[np.ndarray, float] | None:
        """The lowest place of the way, and of `budget` samples around the end; None where it lies no lower.
        They lie on the axes through the end, at 1/2 to 32 times the way's length, and the rest at random."""
        p, rng = self.x.size, np.random.default_rng(0)
        points: list[np.ndarray] = []
        for scale in (2.0, 4.0, 1.0, 8.0, 0.5, 16.0, 3.0, 6.0):
            for j in range(min(p, 20)):
                for sign in (1.0, -1.0):
                    points.append(self.x + sign * scale * self.length * np.eye(1, p, j)[0])
        points = points[: max(budget - budget // 4 * (p > 1), 0)]
        for _ in range(budget - len(points)):
            way = rng.standard_normal(p)
            points.append(self.x + way / np.linalg.norm(way) * self.length * 2 ** rng.uniform(-1, 5))
        steps = self.trace.steps
        low = min(range(len(steps)), key=lambda j: steps[j].loss, default=0)
        if low > 0:  # the loss is that of before the update
            points.append(steps[low - 1].params)
        found = self.at(points)
        j = int(found.argmin()) if len(points) else 0
        clear = max(LEFT * self.whole, 10 * self.allowed)
        return (points[j], float(found[j])) if len(points) and found[j] < self.value - clear else None

    @cached_property
    def pole(self) -> int | None:
        """The variable along which f falls towards the end as a logarithm does towards 0, or faster: by as
        much for each thousandth of the distance as for the one before."""
        with np.errstate(over="ignore", invalid="ignore"):
            gentle = np.abs(self.gradient) * 1e-10 * self.length <= 1e-2 * self.whole
        for j in np.flatnonzero(~gentle):
            axis = np.eye(self.x.size)[j]
            sides = [s * t * self.length * axis for s in (1, -1) for t in (1e-4, 1e-7, 1e-10)]
            rises = self.at([self.x + side for side in sides]).reshape(2, 3) - self.value
            rises = rises[np.isfinite(rises).all(axis=1)]  # beyond the edge of the domain there is no value
            fall = -np.diff(rises, axis=1)
            if len(fall) and (rises > 0).all() and (fall[:, 1] > LOGARITHM * np.abs(fall[:, 0])).all():
                return int(j)
        return None

    @cached_property
    def at_kink(self) -> bool:
        """Whether f rises to all sides though it is not level: by a slope that stays as the step shrinks,
        along ±each axis, ±g and some directions at random; and gradients from around the end balance."""
        p = self.x.size
        if p > FEW:
            return False
        rng = np.random.default_rng(0)
        own = [self.gradient] if self.gradient.any() else []
        ways = [*np.eye(p), *own, *rng.standard_normal((2 * p, p))]
        if p == 1:
            ways = ways[:1]
        rises = []
        for t in (1e-3, 1e-6):
            sides = [
                self.x + s * t * self.length * way / np.linalg.norm(way) for way in ways for s in (1, -1)
            ]
            rises.append(self.at(sides) - self.value)
            if not (rises[-1] > 0).all():
                return False
        if not (rises[1] > 1e-4 * rises[0]).any():  # smooth ones leave a millionth, kinks a thousandth
            return False
        last_digits = self.x + np.spacing(self.x) * rng.integers(-3, 4, (8, p))
        if rises[1].min() < 10 * np.abs(self.at(last_digits) - self.value).max():
            return False  # what rises is rounding
        if p == 1:
            return True
        near = self.x + 1e-6 * self.length * rng.standard_normal((4 * p + 4, p)) / math.sqrt(p)
        with np.errstate(all="ignore"):
            slopes = np.array([self.function.gradient(place) for place in near])
        steepest = float(np.linalg.norm(slopes, axis=1).max())
        return bool(np.isfinite(slopes).all()) and _shortest(slopes) <= 1e-2 * steepest


def _norm(v: np.ndarray) -> float:
    """‖v‖, of numbers beyond 1e154 too."""
    largest = float(np.abs(v).max(initial=0.0))
    return largest * float(np.linalg.norm(v / largest)) if 0 < largest < math.inf else largest


def _shortest(vectors: np.ndarray) -> float:
    """The length of the shortest vector in the convex hull of the rows, by non-negative least squares."""
    from scipy.optimize import nnls

    scale = float(np.linalg.norm(vectors, axis=1).max()) or 1.0
    A = np.vstack([vectors.T / scale, 1e3 * np.ones(len(vectors))])
    weights, _ = nnls(A, np.append(np.zeros(vectors.shape[1]), 1e3))
    return scale * float(np.linalg.norm(vectors.T / scale @ weights)) / max(float(weights.sum()), 1e-300)

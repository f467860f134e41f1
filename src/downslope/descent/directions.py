"""Search directions. `Steepest` is complete in a few lines, and the pattern for those below it.

Directions that depend only on the gradient use `kernels.updates.move`: one update in Python, a whole
epoch compiled. L-BFGS and Newton choose a direction d, and a line search finds the step length.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from ..arguments import check, is_number, number, whole
from ..errors import DownslopeError
from ..kernels import updates
from ..kernels.threads import lapack
from ..registry import Table
from .searches import Armijo

EPS, FAR, BEYOND = np.finfo(float).eps, 100.0, 1e9


@dataclass
class DirectionState:
    """The state of a direction between updates: all that is needed to continue."""

    vectors: np.ndarray  # (3, p) of the moving directions
    updates: int = 0
    moves: list = field(default_factory=list)  # of L-BFGS: pairs (s, y), the newest last
    factor: Any = None  # of a Hessian
    every: int = 0  # of how many rows one was in that Hessian


@dataclass(frozen=True)
class Direction:
    """A direction that depends only on the gradient; its constants are passed to the kernel."""

    code: ClassVar[int]  # of the kernel
    kinks: ClassVar[bool] = True  # whether it has a prox for a penalty with a kink
    external: ClassVar[bool] = False  # whether it finds its own learning rate, and has no kernel
    chooses: ClassVar[bool] = False  # whether it finds more than a step: d, for a search along it
    rounds: ClassVar[bool] = False  # whether a kink of the loss is rounded for it, as it needs slopes
    samples: ClassVar[bool] = False  # whether it begins on some of the rows

    @property
    def constants(self) -> tuple[int, float, float, float, float]:
        """code, a, b, ε, decay: arguments of `kernels.updates.move`."""
        raise NotImplementedError

    @property
    def equation(self) -> updates.Equation | None:
        """One update as lines for exported scripts; None if it takes more than a few."""
        return updates.EQUATIONS.get(getattr(self, "code", -1)) if has_kernel(self) else None

    def in_units(self, gradient: float, weight: float) -> Direction:
        """The same direction for gradients of size `gradient` and weights of size `weight`: constants with a
        unit are rescaled."""
        return self

    def begin(self, penalised: np.ndarray) -> DirectionState:
        """The initial state; `penalised` (p,) is 1 for a weight, 0 for an intercept."""
        return DirectionState(np.stack([0.0 * penalised, 0.0 * penalised, penalised.astype(float)]))

    def move(self, w, g, rate: float, memory: DirectionState, l1) -> np.ndarray:
        """The weights after one update; `memory` is updated too."""
        m, v, penalised = memory.vectors
        memory.updates += 1
        _, a, b, _, _ = self.constants
        fade = 1 - a**memory.updates, 1 - b**memory.updates
        new, m, v = updates.move(self.constants, w, g, rate, m, v, fade, penalised, l1)
        memory.vectors[0], memory.vectors[1] = m, v
        return new

    def applied_rate(self, rate: float, memory: DirectionState) -> float:
        """The learning rate of the last update: the given one."""
        return rate

    def on_epoch_end(self, value: float, memory: DirectionState) -> None:
        """Called at the end of an epoch, with F = `value`."""

    def state_dict(self, memory: Any) -> Any:
        """The state as plain data, for a checkpoint."""
        return memory

    def load_state_dict(self, stored: Any, memory: Any) -> Any:
        """Restore a stored state into the initial state `memory`."""
        return stored

    @property
    def name(self) -> str:
        return type(self).__name__.lower()


@dataclass(frozen=True)
class Steepest(Direction):
    """w = w − t·g.  The pattern for all others.  Cauchy 1847."""

    code: ClassVar[int] = updates.STEEPEST

    @property
    def constants(self):
        return self.code, 0.0, 0.0, 0.0, 0.0

    def move(self, w, g, rate, memory, l1):
        memory.updates += 1  # and nothing else is to be remembered
        return updates.shrink(w - rate * g, rate * l1) if l1.any() else w - rate * g


@dataclass(frozen=True)
class Momentum(Direction):
    """v = β·v + g;  w = w − t·v.  For narrow valleys.  Polyak 1964, in PyTorch's form."""

    beta: float = 0.9
    code: ClassVar[int] = updates.MOMENTUM

    def __post_init__(self):
        _fraction("beta", self.beta)

    @property
    def constants(self):
        return self.code, self.beta, 0.0, 0.0, 0.0


@dataclass(frozen=True)
class Nesterov(Direction):
    """y = x⁺ + β·(x⁺ − x).  β a number (PyTorch's form), or "auto": FISTA's increasing β with restarts,
    the optimal rate with full gradients.  Nesterov 1983; Beck & Teboulle 2009."""

    beta: float | str = "auto"
    code: ClassVar[int] = updates.NESTEROV
    rounds: ClassVar[bool] = True

    def __post_init__(self):
        if not (isinstance(self.beta, str) and self.beta == "auto"):
            _fraction("beta", self.beta)

    @property
    def constants(self):
        return self.code, float(self.beta), 0.0, 0.0, 0.0

    @property
    def equation(self):
        return None if self.beta == "auto" else super().equation

    def move(self, w, g, rate, memory, l1):
        if self.beta != "auto":
            return super().move(w, g, rate, memory, l1)
        # x⁺ = prox(y − t·g) ;  θ⁺ = (1 + √(1 + 4θ²))/2 ;  y = x⁺ + (θ − 1)/θ⁺·(x⁺ − x)
        # Beck & Teboulle 2009, restarted when a step turns uphill: O'Donoghue & Candès 2015, eq. 13
        x, theta = (memory.vectors[0], memory.vectors[1, 0]) if memory.updates else (w, 1.0)
        ahead = updates.shrink(w - rate * g, rate * l1)
        if (w - ahead) @ (ahead - x) > 0:
            x, theta = ahead, 1.0
        following = (1 + np.sqrt(1 + 4 * theta * theta)) / 2
        new = ahead + (theta - 1) / following * (ahead - x)
        memory.vectors[0], memory.vectors[1, 0] = ahead, following
        memory.updates += 1
        return new


@dataclass(frozen=True)
class Adagrad(Direction):
    """s = s + g²;  w = w − t·g/(√s + ε).  For rare features.  Duchi et al. 2011, fig. 1."""

    epsilon: float = 1e-10
    code: ClassVar[int] = updates.ADAGRAD

    def __post_init__(self):
        check(self, epsilon=number(least=0))

    @property
    def constants(self):
        return self.code, 0.0, 0.0, self.epsilon, 0.0

    def in_units(self, gradient: float, weight: float) -> Direction:
        return replace(self, epsilon=self.epsilon * gradient)


@dataclass(frozen=True)
class RMSprop(Direction):
    """s = ρ·s + (1 − ρ)·g²;  w = w − t·g/(√s + ε).  Tieleman & Hinton 2012."""

    rho: float = 0.99
    epsilon: float = 1e-8
    code: ClassVar[int] = updates.RMSPROP

    def __post_init__(self):
        _fraction("rho", self.rho)
        check(self, epsilon=number(least=0))

    @property
    def constants(self):
        return self.code, self.rho, 0.0, self.epsilon, 0.0

    def in_units(self, gradient: float, weight: float) -> Direction:
        return replace(self, epsilon=self.epsilon * gradient)


@dataclass(frozen=True)
class Adam(Direction):
    """w = w − t·m̂/(√v̂ + ε).  The usual choice for nets.  Kingma & Ba 2015, algorithm 1."""

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    code: ClassVar[int] = updates.ADAM

    def __post_init__(self):
        _fraction("beta1", self.beta1)
        _fraction("beta2", self.beta2)
        check(self, epsilon=number(least=0))

    @property
    def constants(self):
        return self.code, self.beta1, self.beta2, self.epsilon, 0.0

    def in_units(self, gradient: float, weight: float) -> Direction:
        return replace(self, epsilon=self.epsilon * gradient)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam after w = (1 − t·λ)·w.  The decay λ pulls the weights towards 0 outside the objective, so the
    end is not the minimum of F unless λ = 0.  Loshchilov & Hutter 2019, algorithm 2."""

    decay: float = 0.01
    code: ClassVar[int] = updates.ADAMW

    def __post_init__(self):
        super().__post_init__()
        if not (is_number(self.decay) and self.decay >= 0):
            raise DownslopeError("descent.at_least", name="decay", value=self.decay, least=0)

    @property
    def constants(self):
        return self.code, self.beta1, self.beta2, self.epsilon, self.decay

    def in_units(self, gradient: float, weight: float) -> Direction:
        """A step pulls by t·λ, and t has the unit of a weight."""
        return replace(self, epsilon=self.epsilon * gradient, decay=self.decay / weight)


@dataclass(frozen=True)
class SearchDirection(Direction):
    """A direction d that depends on more than the last gradient; a line search finds the step length."""

    kinks: ClassVar[bool] = False
    chooses: ClassVar[bool] = True
    rounds: ClassVar[bool] = True
    exact: ClassVar[bool] = False  # whether one step of 1 on a parabola leaves nothing to do

    def first_length(self, search, objective, point, d, memory: DirectionState, reach: float) -> float:
        """The first step length along d; `reach`: twice the last step length if F curved little."""
        return reach if isinstance(search, Armijo) else 1.0

    def choose(self, objective, point, memory: DirectionState) -> np.ndarray:
        """d at a point, (p,)."""
        raise NotImplementedError

    def learn(self, before, after, memory: DirectionState) -> None:
        """Update `memory` from the step from one point to the next."""


@dataclass(frozen=True)
class LBFGS(SearchDirection):
    """d = −H·g, H from the last `pairs` steps.  Nocedal & Wright 2006, algorithm 7.4."""

    pairs: int = 10

    def __post_init__(self):
        check(self, pairs=whole())
        if self.pairs < 1:
            raise DownslopeError("descent.at_least", name="pairs", value=self.pairs, least=1)
        object.__setattr__(self, "pairs", int(self.pairs))

    def choose(self, objective, point, memory: DirectionState) -> np.ndarray:
        """The two-loop recursion; steepest descent before there is a pair."""
        q = point.gradient.copy()
        kept = []
        for s, y in reversed(memory.moves):
            share = 1 / (y @ s)
            a = share * (s @ q)
            q -= a * y
            kept.append((a, share, s, y))
        q = self.scaled(q, objective, point, memory)
        for a, share, s, y in reversed(kept):
            q += s * (a - share * (y @ q))
        return -q

    def scaled(self, q, objective, point, memory: DirectionState) -> np.ndarray:
        """H₀·q for the initial H: a number, from the last step or the curvature along q, divided by the
        curvature of the penalty if that differs between columns."""
        D = objective.usual_curvature + objective.l2 if objective.linear and objective.l2.any() else 1.0
        way = q / D
        if memory.moves:
            s, y = memory.moves[-1]
            return way * ((s @ y) / (y @ (y / D)))
        if objective.bounded and (bend := objective.curvature_along(way)) > 0:
            return way * ((q @ way) / bend)
        if 0 < objective.lipschitz < np.inf:
            return q / objective.lipschitz
        return q / max(1.0, float(np.abs(q).sum()))  # as in PyTorch

    def first_length(self, search, objective, point, d, memory: DirectionState, reach: float) -> float:
        """1, except for the first step, when the curvature of a function is unknown: one more gradient,
        slightly ahead, shows it, in any units of f and x."""
        if isinstance(search, Armijo):
            return reach
        if memory.moves or objective.bounded or objective.rows > 1:
            return 1.0
        length, size = float(np.linalg.norm(d)), float(np.linalg.norm(point.theta)) or 1.0
        if not 0 < length < np.inf:
            return 1.0
        t = 1e-6 * size / length
        ahead = objective.value_and_gradient(point.theta + t * d).gradient
        bend = abs(float((ahead - point.gradient) @ d)) / t
        best = -float(point.gradient @ d) / bend if 0 < bend < np.inf else np.inf
        return best if best * length < 1e3 * size else size / length

    def learn(self, before, after, memory: DirectionState) -> None:
        """Store the pair, if its curvature is usable."""
        s, y = after.theta - before.theta, after.gradient - before.gradient
        if s @ y > 1e-14 * np.linalg.norm(s) * np.linalg.norm(y) > 0:  # whatever the units of F
            memory.moves = [*memory.moves, (s, y)][-self.pairs :]


@dataclass(frozen=True)
class Subsampled(LBFGS):
    """d = −H·g with the gradient of all rows, H the inverse Hessian of some, corrected by the last steps.
    Newton's steps for little more than the cost of a gradient, with the same end. If a step leaves more
    than a quarter of the gradient, the Hessian is computed again, on four times as many rows; once these
    are all rows, in every step.
    Byrd et al. 2011, §4; Nocedal & Wright 2006, §7.2 on the correction."""

    samples: ClassVar[bool] = True

    def thinning(self, objective) -> int:
        """n: every n-th row is enough."""
        if not objective.linear_rows:
            return 1
        return objective.term.thinning(100 * objective.term.inputs)

    def choose(self, objective, point, memory: DirectionState) -> np.ndarray:
        memory.every = memory.every or self.thinning(objective)
        if memory.every > 1 and memory.factor is None:
            memory.factor = self.factored(objective.subsample(memory.every), point)
        if memory.every == 1 or memory.factor is None:
            memory.every = 1
            return Newton().choose(objective, point, memory)
        return super().choose(objective, point, memory)

    def factored(self, some, point) -> Any:
        """Cholesky factor of the Hessian of some rows, with its diagonal scaled to 1; None if columns are
        nearly dependent, which needs Newton's method."""
        H = some.hessian(some.value_and_gradient(point.theta))
        size = np.sqrt(np.diag(H))
        size = np.where(size > 0, size, 1.0)
        H /= size
        H /= size[:, None]
        H[np.diag_indices(len(H))] += 1e-10  # softmax is level where all classes shift alike
        linalg = lapack()
        try:
            factor, _ = linalg.cho_factor(H, lower=True, overwrite_a=True, check_finite=False)
        except linalg.LinAlgError:
            return None
        return factor, size

    def scaled(self, q, objective, point, memory: DirectionState) -> np.ndarray:
        factor, size = memory.factor
        return lapack().cho_solve((factor, True), q / size, check_finite=False) / size

    def learn(self, before, after, memory: DirectionState) -> None:
        super().learn(before, after, memory)
        slow = np.abs(after.gradient).max() > 0.25 * np.abs(before.gradient).max()
        if slow or memory.every == 1:
            memory.factor, memory.moves, memory.every = None, [], max(1, memory.every // 4)


@dataclass(frozen=True)
class Newton(SearchDirection):
    """d = −(∇²F)⁻¹·g.  Exact in one step if F is quadratic.  Nocedal & Wright 2006, §3.4.

    For rows it is computed in a basis in which rows and penalty are orthonormal (`Objective.basis`), so that
    neither the units of columns nor near dependence between them change its steps. Along each basis vector,
    z moves by at most FAR times its usual size, because a loss may be almost flat far from its minimum. A
    common shift of all classes, which softmax ignores, does not change unless it is penalised.
    """

    exact: ClassVar[bool] = True

    def choose(self, objective, point, memory: DirectionState) -> np.ndarray:
        if objective.quadratic:
            return objective.argmin - point.theta
        if not objective.linear_rows:
            return _of_function(objective, point)
        basis, term = objective.basis, objective.term
        root = np.sqrt(objective.usual_curvature)
        reach = FAR * root * (term.output_scale or 1.0)
        if (d := objective.step_of_columns(point, reach)) is not None:
            return _unshifted(objective, d)
        values, ways = np.linalg.eigh(objective.hessian_along(point))
        slopes = ways.T @ basis.backward(point.gradient, term.outputs)
        size = np.maximum(values, EPS * len(values) * max(values.max(initial=0.0), EPS))
        lost = 30 if term.outputs > 1 else 2  # softmax is level where all classes shift alike
        noise = lost * EPS * basis.condition * term.usual_slope / root
        flat = (values <= 1e-13 * len(values) * size.max(initial=0.0)) & (np.abs(slopes) <= noise)
        size = np.maximum(size, np.linalg.norm(slopes) / reach)  # alike in all bases of a level space
        return _unshifted(objective, basis.forward(-ways @ np.where(flat, 0.0, slopes / size), term.outputs))


def _unshifted(objective, d) -> np.ndarray:
    """d without what shifts the scores of all classes alike, where neither the loss nor a penalty sees it."""
    k = objective.term.outputs
    if k == 1 or not objective.term.coupled:
        return d
    free = (objective.l2 + objective.l1 == 0).reshape(-1, k)[:, :1]
    d = d.reshape(-1, k)
    return (d - free * d.mean(axis=1, keepdims=True)).ravel()


def _of_function(objective, point) -> np.ndarray:
    """Newton's step of a function. Where the curvature is negative its size is taken; along no direction is
    the step longer than BEYOND times x: where next to nothing curves, halving would not bring it back."""
    values, vectors = np.linalg.eigh(objective.hessian(point))
    size = np.abs(values)
    least = 1e-16 * size.max(initial=0.0)  # known to the last bit, and as far apart in some
    if least == 0:
        steep = float(np.linalg.norm(point.gradient)) or 1.0
        return -point.gradient * (float(np.linalg.norm(point.theta)) or 1.0) / steep
    along = vectors.T @ point.gradient
    noise = (size <= least) & (np.abs(along) <= 1e-13 * np.abs(along).max())  # flat, and no slope
    nearest = np.abs(along) / (BEYOND * (float(np.linalg.norm(point.theta)) or 1.0))
    with np.errstate(over="ignore", invalid="ignore"):  # a search finds out that it is too far
        return -vectors @ np.where(noise, 0.0, along / np.maximum(np.maximum(size, least), nearest))


Memory, Chooser = DirectionState, SearchDirection  # their names in 0.1
BUILT_IN = (Steepest, Momentum, Nesterov, Adagrad, RMSprop, Adam, AdamW, LBFGS, Subsampled, Newton)
DIRECTIONS = Table("direction", {kind.__name__.lower(): kind for kind in BUILT_IN}, Direction)


def has_kernel(direction: Direction) -> bool:
    """Whether there is a compiled kernel for it; other directions run update by update, in Python."""
    return "code" in vars(type(direction))


def _fraction(name: str, value) -> None:
    if not (is_number(value) and 0 <= value < 1):
        raise DownslopeError("descent.fraction", name=name, value=value)

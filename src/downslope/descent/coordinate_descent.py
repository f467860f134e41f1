"""The steps of coordinate descent, each over a working set; over several outputs, of proximal Newton."""

from __future__ import annotations

import numpy as np

from ..kernels.compiled import WORTH_COMPILING, compiled
from ..kernels.coordinates import cycle
from .coordinates import Coordinates, WorkingSet
from .l1_quadratic import distance, minimised, priced
from .state import State, step_of
from .steppers import Stepper
from .stops import Gradient

LARGEST = 2000  # weights up to which H of all of them is found


class Rounds(Stepper):
    """A round over the working set a step; its `learning_rate` is the length of the step that was taken."""

    stores_cache = True
    may_rise = False

    def __init__(self, objective, stop):
        self.objective = objective
        self.walk: Coordinates | SeveralOutputs | None = None
        self.l1, self.l2 = objective.l1, objective.l2
        tol = max((part.tol for part in stop.parts() if isinstance(part, Gradient)), default=1e-12)
        self.limit = tol * objective.gradient_scale

    def step(self, state):
        objective, walk = self.objective, self.walk or self._begun(state)
        length = walk.round(self.l1[: walk.d], self.l2[: walk.d], self.limit)
        if walk.moments:  # which tell no row from another
            point = objective.at(walk.theta)
        else:
            point = objective.priced(walk.theta, walk.value, walk.gradient, (walk.theta, walk.z))
        before = state.point
        state = State(point, walk.memory, state.epochs + 1, state.updates + 1)
        return state, step_of(state, objective.rows, before, length)

    def _begun(self, state):
        """Where the descent stands; what it knew of F there is its memory."""
        term, theta = self.objective.term, state.point.theta
        self.walk = SeveralOutputs(term, theta) if term.outputs > 1 else Coordinates(term, theta)
        vars(self.walk).update(state.memory.known)
        return self.walk

    def _memory(self):
        return WorkingSet({})

    def _stored(self, memory):
        return memory

    def _restored(self, stored):
        return stored


class SeveralOutputs:
    """Proximal Newton over several outputs, softmax among them: the second-order model of F, with the kinks
    of L1, is minimised over the weights that are not 0 or may not stay so, and a line search follows.
    Lee, Sun & Saunders 2014. Intercepts are weights without a price. It holds θ (p,), f and its gradient."""

    moments = False

    def __init__(self, term, theta):
        self.term, self.d = term, term.columns * term.outputs
        self.theta = np.array(theta, dtype=float)
        self._look(self.theta)

    def _look(self, theta) -> None:
        self.value, self.gradient, (self.theta, self.z) = self.term.at(theta)

    @property
    def memory(self) -> WorkingSet:
        """All that is needed to go on, to the last bit."""
        return WorkingSet({name: vars(self)[name] for name in ("theta", "value", "gradient", "z")})

    def round(self, l1, l2, limit: float) -> float:
        """θ after one model of F has been minimised; the length of the step that was taken."""
        free = np.zeros(len(self.theta) - self.d)
        l1, l2 = np.append(l1, free), np.append(l2, free)
        pulls = distance(self.gradient, self.theta, l1, l2)
        W = np.flatnonzero((self.theta != 0) | (pulls > 0.3 * limit) | (l1 == 0))
        H = self.term.hessian(self.theta, (self.theta, self.z))[np.ix_(W, W)]
        H[np.diag_indices(len(W))] *= 1 + 1e-10  # never quite level where a loss is
        run = cycle if 100 * len(W) ** 2 < WORTH_COMPILING else compiled(cycle)
        inner = max(0.3 * limit, 1e-3 * float(pulls.max()))
        start = self.theta[W]
        u, _ = minimised(run, H, self.gradient[W].copy(), start.copy(), l1[W], l2[W], inner)
        step = np.zeros_like(self.theta)
        step[W] = u - start
        if free.size and self.term.loss.coupled(self.term.outputs):
            step[self.d :] -= step[self.d :].mean()  # softmax does not see what shifts all classes alike
        before = self.value + priced(self.theta, l1, l2)
        promised = (
            float(self.gradient @ step) + priced(self.theta + step, l1, l2) - priced(self.theta, l1, l2)
        )
        t = 1.0
        while t > 1e-10 and step.any():
            ahead = self.theta + t * step
            value, gradient, seen = self.term.at(ahead)
            if value + priced(ahead, l1, l2) <= before + 1e-4 * t * promised + 1e-14 * abs(before):
                self.value, self.gradient, (self.theta, self.z) = value, gradient, seen
                return t
            t *= 0.5
        return 0.0

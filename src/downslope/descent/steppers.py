"""A method's steps: on all rows by a rate, by a search, along a direction of its own; on batches; and the
rounds of coordinate descent."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np

from ..errors import DownslopeError
from . import auto_rate
from .monitor import Monitor
from .schedules import Schedule
from .searches import Armijo
from .state import SearchState, State, step_of
from .stops import Gradient, epochs_of


class Stepper:
    """One update after another of a method on an objective. What it prepares, buffers and compiled kernels,
    is its own; all that it needs to go on is in the `State`."""

    every_row = True  # an update looks at every row
    stores_cache = False  # one evaluation at θ does not give the point's cache back

    def __init__(self, objective, method, rate, stop, seed: int = 0):
        self.objective, self.method, self.rate, self.seed = objective, method, rate, seed
        self.direction, self.epochs = method.direction, epochs_of(stop)

    def init(self, start, after=None) -> State:
        """The state at `start`, (p,) in the user's units, or where an earlier descent ended."""
        theta, memory, epochs, updates = self.objective.to_inner(start), self._memory(), 0, 0
        if after is not None:
            theta = theta if after.theta is None else after.theta
            memory = copy.deepcopy(after.memory) or memory  # copied, for kernels write into it
            epochs, updates = after.epochs, memory.updates
        objective = self.objective
        point = objective.value_and_gradient(theta) if self.every_row else objective.value_only(theta)
        if not math.isfinite(point.value):
            raise DownslopeError("descent.start_not_finite", value=point.value)
        return State(point, memory, epochs, updates)

    def resume(self, state: State) -> State:
        """A state that was stored: z of the rows, which is not in it, takes one pass over them."""
        objective, (theta, value, gradient, cached) = self.objective, state.point
        memory = self._restored(state.memory)
        point = objective.value_and_gradient(theta)
        objective.term.load_state_dict(state.rng_calls, state.buffers)
        cached = point.cached if cached is None else cached
        point = point._replace(theta=theta, value=value, gradient=gradient, cached=cached)
        return state._replace(point=point, memory=memory)

    def stored(self, state: State) -> State:
        """The state as plain data."""
        known = self.objective.linear_rows and not self.stores_cache
        point = state.point._replace(cached=None) if known else state.point
        return state._replace(point=point, memory=self._stored(state.memory))

    def monitor(self, stage, state: State, began: float) -> Monitor:
        """What decides whether the descent continues."""
        return Monitor(stage, self, state, began)

    def step(self, state: State):
        """(the state after one update, its row of the trace)"""
        raise NotImplementedError

    def finish(self, point, state: State):
        """(state, step) of a closing update from `point`, which is to be the result, or None."""
        return None

    @property
    def may_rise(self) -> bool:
        """Whether F may rise on its way to the minimum."""
        return auto_rate.rolls(self.objective, self.method)

    def _memory(self):
        return self.direction.begin(self.objective.term.column_scale > 0)

    def _stored(self, memory):
        return self.direction.state_dict(memory)

    def _restored(self, stored):
        return self.direction.load_state_dict(stored, self._memory())

    def _stepped(self, state: State, point, search: SearchState) -> State:
        """The state after an update on all rows."""
        epochs, updates = state.epochs + 1, state.updates + 1
        return State(point, state.memory, epochs, updates, 0, search, *self.objective.term.state_dict())


class AllRows(Stepper):
    """w ← w − t·(a direction of the gradient), t from a schedule."""

    _block, _rates = -1, [0.0]

    def step(self, state):
        before, direction, memory = state.point, self.direction, state.memory
        t = self._rate(state.updates)
        with np.errstate(over="ignore", invalid="ignore"):  # the monitor looks for divergence, and names it
            theta = direction.move(before.theta, before.gradient, t, memory, self.objective.l1)
            point = self.objective.value_and_gradient(theta)
        t = direction.applied_rate(t, memory)
        direction.on_epoch_end(point.value, memory)
        state = self._stepped(state, point, state.search)
        return state, step_of(state, self.objective.rows, before, t)

    def _rate(self, update: int) -> float:
        block, at = divmod(update, 256)  # blocks begin at the same updates after a stop
        if block != self._block:
            updates = 256 * block + np.arange(256)
            self._block, self._rates = block, self.rate.rates(updates, 1, self.epochs).tolist()
        return self._rates[at]

    def finish(self, point, state):
        """Accelerated methods stand next to their last prox: one plain step sets the zeros of L1."""
        objective = self.objective
        if not objective.nonsmooth:
            return None
        t = 1 / objective.lipschitz
        closed = objective.value_and_gradient(objective.prox(point.theta - t * point.gradient, t))
        change = (closed.value - point.value) / max(abs(point.value), 1e-300)
        if not -1e-9 <= change <= 1e-13 or np.array_equal(closed.theta, point.theta):
            return None
        state = state._replace(point=closed, updates=state.updates + 1)
        return state, step_of(state, objective.rows, point, t)


class Searched(AllRows):
    """w ← w − t·g, t from a line search."""

    def init(self, start, after=None):
        L = self.objective.lipschitz if isinstance(self.rate, Armijo) else math.nan
        tried = 1.0 / L if 0 < L < math.inf else 1.0
        return super().init(start, after)._replace(search=SearchState(tried))

    def step(self, state):
        objective, before, search = self.objective, state.point, state.search
        if objective.nonsmooth and self.rate.kinks:
            t, point = self.rate.prox_step(objective, before, search.tried)
        else:
            g = before.gradient
            line = objective.line(before, -g)
            with np.errstate(over="ignore"):
                slope = -float(g @ g)
            t = self.rate.length(line, before.value, slope, search.tried) if g.any() else 0.0
            point = line.point(t) if t else before
        tried = t * getattr(self.rate, "grow", 1.0) if t else search.tried
        state = self._stepped(state, point, SearchState(tried))
        return state, step_of(state, objective.rows, before, t)


class SearchedDirections(AllRows):
    """w ← w + t·d, d from more than the last gradient, t from a line search or a schedule."""

    def step(self, state):
        objective, direction, before, search = self.objective, self.direction, state.point, state.search
        memory, fall = state.memory, 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            d = direction.choose(objective, before, memory)
            slope = float(before.gradient @ d)
        exact = objective.quadratic and direction.exact  # then nothing is left
        if objective.linear and not exact and math.isfinite(slope):
            fall = -0.5 * slope
        if not slope < 0:  # rounding has turned it: go straight down
            with np.errstate(over="ignore", invalid="ignore"):
                d, slope = -before.gradient, -float(before.gradient @ before.gradient)
        line = objective.line(before, d)
        if isinstance(self.rate, Schedule):
            t = float(self.rate.rates(np.array([state.updates]), 1, self.epochs)[0])
        else:
            with np.errstate(over="ignore", invalid="ignore"):
                first = direction.first_length(self.rate, objective, before, d, memory, search.reach)
            t = self.rate.length(line, before.value, slope, first) if slope < 0 else 0.0
        point = line.point(t) if t else before
        with np.errstate(over="ignore", invalid="ignore"):
            steep = float(point.gradient @ d) < 0.25 * slope
            direction.learn(before, point, memory)
        # Where F curves little, a step of 1 is far too short.
        reach = 2 * t if t >= search.reach and steep else 1.0
        state = self._stepped(state, point, SearchState(0.0, reach, fall))
        return state, step_of(state, objective.rows, before, t)


class Batches(Stepper):
    """Updates on some rows, each a step of its own; F over all rows at the end of a pass."""

    every_row = False
    _pass = -1

    def __init__(self, objective, method, rate, stop, seed=0):
        super().__init__(objective, method, rate, stop, seed)
        self.batch, self.per_epoch = method.rows, method.rows.updates_in(objective.rows)

    def step(self, state):
        objective, direction, memory = self.objective, self.direction, state.memory
        if self._pass != state.epochs:
            self._begin_pass(state)
        first = state.within * self.batch.size
        rows, t = self._order[first : first + self.batch.size], float(self._rates[state.within])
        with np.errstate(over="ignore", invalid="ignore"):
            before = objective.value_and_gradient(state.point.theta, rows)
            theta = direction.move(before.theta, before.gradient, t, memory, objective.l1)
        within = state.within + 1
        taken = direction.applied_rate(t, memory)
        if within < self.per_epoch:
            point = before._replace(theta=theta)
            state = state._replace(point=point, updates=state.updates + 1, within=within)
            return state, step_of(state, len(rows), before, taken)
        point = objective.value_and_gradient(theta)
        direction.on_epoch_end(point.value, memory)
        state = self._stepped(state, point, state.search)
        return state, step_of(state, len(rows), before, taken)._replace(objective=point.value)

    def _begin_pass(self, state: State) -> None:
        self._pass = state.epochs
        self._order = self.batch.order_of(self.objective.rows, state.epochs, self.seed)
        updates = state.updates + np.arange(self.per_epoch)
        total = self.per_epoch * self.epochs
        self._rates = np.asarray(self.rate.rates(updates, self.per_epoch, total), dtype=float)


class Rounds(Stepper):
    """A round over the working set a step; its `learning_rate` is the length of the step that was taken."""

    stores_cache = True
    may_rise = False

    def __init__(self, objective, stop):
        self.objective = objective
        self.walk: Any = None
        self.l1, self.l2 = objective.l1, objective.l2
        tol = max((part.tol for part in stop.parts() if isinstance(part, Gradient)), default=1e-12)
        self.limit = tol * objective.gradient_scale

    def step(self, state):
        objective, walk = self.objective, self.walk or self._begun(state)
        length = walk.round(self.l1[: walk.d], self.l2[: walk.d], self.limit)
        if walk.moments:  # which tell no row from another
            point = objective.value_and_gradient(walk.theta)
        else:
            point = objective.with_penalty(walk.theta, walk.value, walk.gradient, (walk.theta, walk.z))
        before = state.point
        state = State(point, walk.memory, state.epochs + 1, state.updates + 1)
        return state, step_of(state, objective.rows, before, length)

    def _begun(self, state):
        """Where the descent stands; what it knew of F there is its memory."""
        self.walk = self.objective.term.coordinates(state.point.theta, state.memory)
        return self.walk

    def _memory(self):
        return self.objective.term.working_set()

    def _stored(self, memory):
        return memory

    def _restored(self, stored):
        return stored

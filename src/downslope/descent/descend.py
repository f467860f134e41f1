"""The loop: a stepper moves the weights, a monitor says whether to go on, the trace gets the step."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from ..arguments import a, array, door, whole
from ..errors import DownslopeError
from ..kernels.threads import steps_on_one_blas_thread
from .methods import AnyMethod
from .stages import Stage
from .state import Result, State
from .stops import Epochs, Reason, Stop
from .trace import Step


@door(
    objective=a("Objective"),
    method=a("Method", "ClosedForm", "Exhaustive", "CoordinateDescent"),
    stop=a("Stop", none=True),
    validation=a("Objective", none=True),
    start=array(),
    seed=whole(),
)
def descend(
    objective,
    start,
    method: AnyMethod,
    stop: Stop | None = None,
    *,
    validation=None,
    seed: int = 0,
    after: Result | None = None,
    state: State | None = None,
    place: State | None = None,
) -> Descent:
    """w ← w − t·d, until `stop` gives a reason: an iterator of steps, which returns a `Result`.

    Parameters: `objective` (see `downslope.objective`); `start`, (p,), in the user's units; `method`;
    `stop`, by default 1000 epochs; `validation`, an objective over the validation rows; `seed` of the row
    order; `after`, the result of an earlier descent in the same coordinates, whose weights, direction state
    and counts of epochs and updates continue; `state`, the `Descent.state` of an earlier descent, which
    continues with the same bits as if it had never stopped. `place` is the old name of `state`. Divergence
    always ends it, with the last finite weights; so does Ctrl-C, with the reason "interrupted".

    >>> import downslope as ds
    >>> rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
    >>> F = ds.objective(rows, model=ds.Linear(intercept=False, scale=False))
    >>> for step in ds.descend(F, [1.0], ds.GD(0.01), ds.stops.Epochs(2)):
    ...     print(step.epoch, step.loss, step.params)
    0 4.666666666666667 [1.09333333]
    1 3.8362074074074086 [1.17795556]
    """
    state = place if state is None else state
    return Descent(objective, start, method, stop or Epochs(1000), validation, seed, after, state)


class Ended(KeyboardInterrupt):
    """Thrown into a descent to end it after the last step, with this code as its reason."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


class Descent(Generator[Step, None, Result]):
    """A descent under way: an iterator of its steps. Between two of them, `state` is where it stands."""

    def __init__(self, objective, start, method: AnyMethod, stop, validation, seed, after, state):
        self.objective, self.method, self.seconds = objective, method, 0.0 if state is None else state.seconds
        self.reason: Reason | None = None  # why the stage under way ends, once a step has shown it
        self.result: Result | None = None
        self._state: State | None = state
        self._monitor: Any = None
        self._steps = steps_on_one_blas_thread(self._run(start, stop, validation, seed, after))

    @property
    def state(self) -> State | None:
        """All that is needed to go on, valid until the next step is asked for, as kernels write into it. None
        before the first step and in the middle of a pass."""
        return self._monitor.stored(self._state) if self._state and self._monitor else self._state

    @property
    def updates(self) -> int | None:
        """The number of the step that led to `state`; None where there is none."""
        if self._state is None:
            return None
        stage = self._monitor.stage if self._monitor else self._state.stage
        return self._state.updates + stage.done

    @property
    def best(self) -> np.ndarray | None:
        """The weights with the best cost of validation rows so far; None where it selects none."""
        best = getattr(self._monitor, "best", None)
        return best if best is None else self.objective.to_user(best[1])

    def __iter__(self) -> Generator[Step, None, Result]:
        return self._steps

    def send(self, value) -> Step:
        return next(self._steps)

    def throw(self, kind, value=None, traceback=None) -> Step:
        return self._steps.throw(kind if value is None else value)

    def _run(self, start, stop, validation, seed, after) -> Generator[Step, None, Result]:
        """One stage of the method's plan after the other."""
        start = np.array(start, dtype=float)
        if start.shape != (self.objective.size,):
            raise DownslopeError("descent.start_shape", found=start.shape, size=self.objective.size)
        self.method.refuse_nonsense(self.objective)
        began, state = time.perf_counter() - self.seconds, self._state
        if state is not None:
            start = state.stage.start
        whole = Stage(self.objective, self.method, start, stop, validation, seed, after=after)
        plan, result = self.method.plan(whole, state), None
        while True:
            try:
                stage = plan.send(result)
            except StopIteration as over:
                self.result = over.value
                return over.value
            result = yield from self._descend(stage, state, began)
            state = None

    def _descend(self, stage: Stage, state: State | None, began: float) -> Generator[Step, None, Result]:
        stepper = stage.method.on(stage.objective, stage.stop, stage.seed)
        state = stepper.init(stage.start, stage.after) if state is None else stepper.resume(state)
        monitor = stepper.monitor(stage, state, began)
        reason = monitor.begin(state)
        try:
            while reason is None:
                self._state = None
                state, step = stepper.step(state)
                step, reason = monitor.look(state, step)
                if monitor.storable:
                    self._state, self._monitor, self.reason = state, monitor, reason
                yield step
        except KeyboardInterrupt as thrown:
            reason = monitor.interrupted(state)
            if isinstance(thrown, Ended) and reason.code == "interrupted":
                reason = replace(reason, code=thrown.code)
        reason = monitor.judged(state, reason)
        end = monitor.end(state, reason)
        if monitor.closes(reason, state) and (closing := stepper.finish(end, state)) is not None:
            state, step = closing
            end = state.point
            with suppress(KeyboardInterrupt):
                yield monitor.closing(state, step)
        return monitor.result(state, reason, end)

"""An optimizer of torch.optim as a direction: it moves one flat parameter, and the loop stays the same."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..descent.directions import Direction
from ..descent.methods import METHODS, Method
from ..descent.rows import All, Batch
from ..errors import DownslopeError
from ..model.nets import pytorch


def TorchOptimizer(factory: Callable, rows: All | Batch | None = None) -> Method:
    """w = w after `optimizer.step()`, with all rows at every update, or those of `rows`.

    factory: parameters → an optimizer of torch.optim, or a pair (optimizer, scheduler). The parameters are
    a list of one float64 vector that holds all weights, in the coordinates of the descent; every weight is
    in it, so that `weight_decay` pulls biases too. The scheduler steps once an epoch; ReduceLROnPlateau is
    told F over all rows. A bare factory is taken wherever a method is: `method=torch.optim.Adam`.

    Raises DownslopeError, when the descent begins, for what makes no optimizer of these parameters, and
    for one that asks for a closure, as L-BFGS does: `method="lbfgs"` is that one.

    >>> import downslope as ds, torch
    >>> rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [3.0, 5.0, 7.0])
    >>> method = ds.TorchOptimizer(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.5), ds.Batch(2))
    >>> ds.fit(rows, method=method, epochs=100).predict([[4.0]]).round(3)
    array([9.])
    """
    return Method(All() if rows is None else rows, FromTorch(factory))


def is_foreign(method: Any) -> bool:
    """Whether a method was given as a factory. What only looks like one is refused: an optimizer that has its
    parameters already, and a method of the house that was not called."""
    if hasattr(method, "param_groups"):
        raise DownslopeError("inference.bound_optimizer", optimizer=type(method).__name__)
    if callable(method) and method in METHODS.values():
        raise DownslopeError("inference.not_called", name=method.__name__)
    return callable(method)


@dataclass
class Held:
    """What an optimizer remembers: itself."""

    parameter: Any  # (p,) torch.nn.Parameter, float64
    optimizer: Any
    scheduler: Any
    rate: float = math.nan  # of the last step
    updates: int = 0


@dataclass(frozen=True)
class FromTorch(Direction):
    """w = w after `optimizer.step()`, of the optimizer that `factory` makes of the parameters."""

    factory: Callable
    kinks: ClassVar[bool] = False
    foreign: ClassVar[bool] = True

    def begin(self, penalised: np.ndarray) -> Any:
        """The optimizer, on zeros; the weights are written into it at each move."""
        parameter = pytorch().nn.Parameter(pytorch().zeros(len(penalised), dtype=pytorch().float64))
        made = self.factory([parameter])
        optimizer, scheduler = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
        if not isinstance(optimizer, pytorch().optim.Optimizer):
            raise DownslopeError("inference.no_optimizer", found=type(optimizer).__name__)
        name = type(optimizer).__name__
        if not any(p is parameter for group in optimizer.param_groups for p in group["params"]):
            raise DownslopeError("inference.bound_optimizer", optimizer=name)
        _, *asked = inspect.signature(type(optimizer).step).parameters.values()  # without self
        if any(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in asked):
            raise DownslopeError("inference.closure", optimizer=name)
        return Held(parameter, optimizer, scheduler)

    def move(self, w, g, rate: float, memory: Any, l1) -> np.ndarray:
        torch = pytorch()
        memory.rate = float(memory.optimizer.param_groups[0]["lr"])
        memory.parameter.data.copy_(torch.from_numpy(np.ascontiguousarray(w)))
        memory.parameter.grad = torch.from_numpy(np.array(g, dtype=float))
        memory.optimizer.step()
        memory.updates += 1
        return memory.parameter.detach().numpy().copy()

    def taken(self, rate: float, memory: Any) -> float:
        """The optimizer's own."""
        return memory.rate

    def pass_over(self, value: float, memory: Any) -> None:
        """One step of the scheduler, if there is one."""
        if memory.scheduler is None:
            return
        plateau = isinstance(memory.scheduler, pytorch().optim.lr_scheduler.ReduceLROnPlateau)
        memory.scheduler.step(*([value] if plateau else []))

    @property
    def name(self) -> str:
        return "torch"

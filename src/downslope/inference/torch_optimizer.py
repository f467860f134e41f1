"""An optimizer of torch.optim as a direction: it moves one flat parameter, and the loop stays the same."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from ..arguments import of_the_user
from ..descent.batching import All, Batch
from ..descent.directions import Direction
from ..descent.methods import METHODS, Method
from ..errors import DownslopeError
from ..model.autodiff import pytorch
from ..model.net_state import array_of
from .packing import PackedTensor, packed, unpacked


def TorchOptimizer(factory: Callable, rows: All | Batch | None = None) -> Method:
    """w after `optimizer.step()`, with all rows in every update, or those of `rows`.

    factory: parameters → an optimizer of torch.optim, or a pair (optimizer, scheduler). The parameters are
    a list of one float64 vector of all weights, in the coordinates of the descent, so that `weight_decay`
    affects biases too. The scheduler steps once per epoch; ReduceLROnPlateau gets F over all rows. A bare
    factory is accepted wherever a method is: `method=torch.optim.Adam`.

    Raises DownslopeError when the descent starts, if the factory does not return an optimizer of these
    parameters, or if the optimizer needs a closure, as L-BFGS does: use `method="lbfgs"`.

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
class OptimizerState:
    """What an optimizer remembers: itself."""

    parameter: Any  # (p,) torch.nn.Parameter, float64
    optimizer: Any
    scheduler: Any
    rate: float = math.nan  # of the last step
    updates: int = 0

    @property
    def settings(self) -> dict[str, Any]:
        """Plain data: its kind and constants, and those of its scheduler."""
        state = self.state_dict()
        scheduler = None if self.scheduler is None else type(self.scheduler).__name__
        laid_out = {f"{scheduler}.{name}": value for name, value in (state["scheduler"] or {}).items()}
        names = {"optimizer": type(self.optimizer).__name__, "scheduler": scheduler}
        return {**names, **state["optimizer"]["param_groups"][0], **laid_out}

    def state_dict(self) -> dict[str, Any]:
        """Plain data: what the optimizer and its scheduler say that they remember."""
        parts = {"optimizer": self.optimizer, "scheduler": self.scheduler}
        states = {name: None if part is None else _plain(part) for name, part in parts.items()}
        return {**states, "rate": self.rate, "updates": self.updates}

    def load_state_dict(self, stored: Mapping[str, Any]) -> OptimizerState:
        """Go on from there."""
        self.optimizer.load_state_dict(_tensors(stored["optimizer"]))
        numbered = [p for group in self.optimizer.param_groups for p in group["params"]]
        for number, state in _tensors(stored["optimizer"]["state"]).items():
            if isinstance(number, int):  # by then PyTorch has made float64 of NAdam's float32
                self.optimizer.state[numbered[number]] = state
        if self.scheduler is not None:
            self.scheduler.load_state_dict(_tensors(stored["scheduler"]))
        self.rate, self.updates = stored["rate"], stored["updates"]
        return self


@dataclass(frozen=True)
class FromTorch(Direction):
    """w = w after `optimizer.step()`, of the optimizer that `factory` makes of the parameters."""

    factory: Callable
    kinks: ClassVar[bool] = False
    external: ClassVar[bool] = True

    def begin(self, penalised: np.ndarray) -> Any:
        """The optimizer, on zeros; the weights are written into it at each move."""
        parameter = pytorch().nn.Parameter(pytorch().zeros(len(penalised), dtype=pytorch().float64))
        try:
            made = self.factory([parameter])
        except Exception as error:
            if of_the_user(error):
                raise
            name = getattr(self.factory, "__name__", "method")
            reason = str(error).partition("\n")[0]
            raise DownslopeError("inference.optimizer_step", optimizer=name, reason=reason) from error
        optimizer, scheduler = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
        if not isinstance(optimizer, pytorch().optim.Optimizer):
            raise DownslopeError("inference.no_optimizer", found=type(optimizer).__name__)
        name = type(optimizer).__name__
        if not any(p is parameter for group in optimizer.param_groups for p in group["params"]):
            raise DownslopeError("inference.bound_optimizer", optimizer=name)
        _, *asked = inspect.signature(type(optimizer).step).parameters.values()  # without self
        if any(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in asked):
            raise DownslopeError("inference.closure", optimizer=name)
        if self._by_tensor:
            raise DownslopeError("inference.by_tensor", optimizer=name)
        return OptimizerState(parameter, optimizer, scheduler)

    @cached_property
    def _by_tensor(self) -> bool:
        """Whether an update depends on how the weights are cut into tensors, as Adafactor's does on the norm
        of each: here they are one vector, and the plain loop over the layers would go another way."""
        whole, again, cut = (self._tried(sizes) for sizes in ((6,), (6,), (4, 2)))
        if whole is None or again is None or cut is None or not np.array_equal(whole, again):
            return False  # it says itself what is wrong, or draws
        return not np.allclose(whole, cut, rtol=1e-9, atol=1e-12)

    def _tried(self, sizes: tuple[int, ...]) -> np.ndarray | None:
        """Six weights after two updates, as tensors of these sizes; None where that can not be tried."""
        torch = pytorch()
        six = torch.arange(1, 7, dtype=torch.float64)
        parts = [torch.nn.Parameter(part.clone()) for part in six.split(list(sizes))]
        gradients = torch.cos(six**2).split(list(sizes))
        try:
            made = self.factory(parts)
            optimizer = made[0] if isinstance(made, tuple) else made
            for _ in range(2):
                for part, gradient in zip(parts, gradients):
                    part.grad = gradient.clone()
                optimizer.step()
        except Exception:  # `move` meets it again, on the weights themselves
            return None
        return torch.cat([part.detach() for part in parts]).numpy()

    def move(self, w, g, rate: float, memory: Any, l1) -> np.ndarray:
        torch = pytorch()
        memory.rate = float(memory.optimizer.param_groups[0]["lr"])
        memory.parameter.data.copy_(torch.from_numpy(np.ascontiguousarray(w)))
        memory.parameter.grad = torch.from_numpy(np.array(g, dtype=float))
        try:
            memory.optimizer.step()
        except Exception as error:
            if of_the_user(error):
                raise
            facts = {"optimizer": type(memory.optimizer).__name__, "reason": str(error).partition("\n")[0]}
            raise DownslopeError("inference.optimizer_step", **facts) from error
        memory.updates += 1
        return memory.parameter.detach().numpy().copy()

    def applied_rate(self, rate: float, memory: Any) -> float:
        """The optimizer's own."""
        return memory.rate

    def on_epoch_end(self, value: float, memory: Any) -> None:
        """One step of the scheduler, if there is one."""
        if memory.scheduler is None:
            return
        plateau = isinstance(memory.scheduler, pytorch().optim.lr_scheduler.ReduceLROnPlateau)
        memory.scheduler.step(*([value] if plateau else []))

    def state_dict(self, memory: Any) -> dict[str, Any]:
        return memory.state_dict()

    def load_state_dict(self, stored: Any, memory: Any) -> Any:
        return memory.load_state_dict(stored)

    def settings(self) -> dict[str, Any]:
        """What the optimizer is, in plain data. Raises DownslopeError for one that can not be gone on with:
        its state is no plain data, or three updates, a stored state and three more are not six updates."""
        at_once, first, other = (self.begin(np.ones(8)) for _ in range(3))
        settings, name = first.settings, type(first.optimizer).__name__
        before, whole = self._walk(at_once, np.zeros(8), range(6)), at_once.rate
        half = self._walk(first, np.zeros(8), range(3))
        try:
            other.load_state_dict(unpacked("", packed(first.state_dict())))
            after = self._walk(other, half, range(3, 6))
        except DownslopeError:
            raise
        except Exception as error:  # whatever an optimizer may raise that was not made for this
            why = str(error).partition("\n")[0] or type(error).__name__
            raise DownslopeError("checkpoint.optimizer_state", optimizer=name, why=why) from error
        if not np.array_equal(before, after, equal_nan=True) or other.rate != whole:
            raise DownslopeError("checkpoint.optimizer_remembers", optimizer=name)
        return settings

    def _walk(self, held: OptimizerState, w: np.ndarray, updates: range) -> np.ndarray:
        """Some updates, each a pass, along gradients that are the same every time."""
        for update in updates:
            w = self.move(w, np.cos(np.arange(len(w)) + update), math.nan, held, None)
            self.on_epoch_end(1 / (1 + update), held)
        return w

    @property
    def name(self) -> str:
        return "torch"


def _plain(part: Any) -> Any:
    """The state of an optimizer or a scheduler in plain data; a tensor as the record of one."""
    name = type(part).__name__

    def plain(value: Any, where: str) -> Any:
        if isinstance(value, pytorch().Tensor):
            return PackedTensor(array_of(value), str(value.dtype))
        if value is None or isinstance(value, bool | int | float | str | np.ndarray | np.generic):
            return value
        if isinstance(value, list | tuple):
            items = [plain(item, where) for item in value]
            return tuple(items) if isinstance(value, tuple) else items
        if isinstance(value, Mapping) and all(isinstance(key, str | int) for key in value):
            return {key: plain(item, f"{key}") for key, item in value.items()}
        raise DownslopeError(
            "checkpoint.optimizer_state", optimizer=name, why=f"{where}: {type(value).__name__}"
        )

    if not callable(getattr(part, "state_dict", None)):
        raise DownslopeError("checkpoint.optimizer_state", optimizer=name, why="state_dict")
    return plain(part.state_dict(), "state_dict")


def _tensors(stored: Any) -> Any:
    """The state again, of new tensors."""
    if isinstance(stored, PackedTensor):
        kind = getattr(pytorch(), stored.kind.removeprefix("torch."))
        return pytorch().from_numpy(stored.array.copy()).to(kind)
    if isinstance(stored, list | tuple):
        return type(stored)(_tensors(item) for item in stored)
    if isinstance(stored, Mapping):
        return {key: _tensors(item) for key, item in stored.items()}
    return stored

"""What is code, and so in no checkpoint: a module, an optimizer of torch.optim, a Python function. Each is
given again to go on, and held against what was kept of it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..descent.methods import Method
from ..errors import DownslopeError
from ..model import net_state
from ..model.functions import Function
from .packing import packed
from .recipe import Recipe
from .torch_optimizer import FromTorch, is_foreign
from .training import Training


@dataclass(frozen=True)
class ExternalCode:
    """What is given again."""

    module: Any = None
    method: Any = None  # as for `fit`, when it makes an optimizer of torch.optim
    f: Any = None
    derivative: Any = None

    def refuse_misfit(self, path, stored: Mapping[str, Any]) -> None:
        """Raise where some of it is missing, or was not asked for."""
        needed = needed_of(stored)
        for name in needed:
            whole = name == "derivative" and isinstance(self.f, Function)  # it brings its own
            if getattr(self, name) is None and not whole:
                raise DownslopeError(f"checkpoint.{name}_needed", path=path)
        formula = ("f", "derivative") if stored.get("function") else ()  # may be given again: are compared
        for name, given in vars(self).items():
            if given is not None and name not in (*needed, *formula):
                raise DownslopeError("checkpoint.no_code", path=path, name=name)

    def recipe(self, path, recipe: Recipe) -> Recipe:
        """The recipe with its optimizer, on as many rows at each update as before."""
        if self.method is None:
            return recipe
        given = Recipe(method=self.method).method
        if not isinstance(given, Method) or not given.direction.external:
            raise DownslopeError("checkpoint.method_needed", path=path)
        rows = recipe.method.rows if is_foreign(self.method) else given.rows
        if rows != recipe.method.rows:
            facts = {"name": "rows", "then": recipe.method.rows, "now": rows}
            raise DownslopeError("checkpoint.other_optimizer", path=path, **facts)
        return recipe.with_(method=replace(recipe.method, direction=given.direction))

    def as_begun(self, path, stored: Mapping[str, Any] | None) -> Any:
        """A copy of the module, as it was when the training began; the one that was given is written at the
        end."""
        if stored is None:
            return None
        then, now = stored["kinds"], net_state.kinds(self.module)
        for name in [*then, *now]:
            if then.get(name) != now.get(name):
                facts = {"name": name, "then": then.get(name, "–"), "now": now.get(name, "–")}
                raise DownslopeError("checkpoint.other_module", path=path, **facts)
        module = copy.deepcopy(self.module)
        net_state.fill(module, stored["state"])
        for name, parameter in module.named_parameters():
            parameter.requires_grad_(name in stored["trained"])
        return module

    def function(self, stored: Mapping[str, Any]) -> Function:
        """The function, made as it was made before."""
        if self.f is None:
            derivative = stored["derivative"] if self.derivative is None else self.derivative
            return Function.from_expression(stored["formula"], derivative, stored["names"])
        one_in_a_row = len(stored["names"]) == 1 and not stored["takes_number"]
        start = list(stored["start"].values()) if one_in_a_row else stored["start"]
        return Function.of(self.f, start, self.derivative or stored["derivative"])


def needed_of(stored: Mapping[str, Any]) -> tuple[str, ...]:
    """What has to be given again."""
    function = stored.get("function")
    return (
        *(name for name in ("module", "method") if stored.get(name) is not None),
        *(() if function is None else function["code"]),
    )


def stored_code(training: Training) -> dict[str, Any]:
    """What can be kept of the code of a training that has not begun, in plain data: what it is like, and all
    numbers of a module. Raises DownslopeError where that is not enough to go on to the same bits."""
    description: dict[str, Any] = {"module": None, "method": None, "function": None}
    if training.module is not None:
        term = training.objective.term
        if not net_state.repeats(term.flat, term.X[[0, -1]]):
            raise DownslopeError("checkpoint.module_remembers")
        module = term.flat.module
        description["module"] = {
            "kinds": net_state.kinds(module),
            "trained": [name for name, _ in term.flat.parameters],
            "state": net_state.state(module),
        }
    direction = training.method.direction
    if isinstance(direction, FromTorch):
        description["method"] = direction.settings()
    if training.function is not None:
        description["function"] = _of_function(training.function, training.trace.start)
        if description["function"] != _of_function(training.function, training.trace.start):
            raise DownslopeError("checkpoint.function_draws", formula=training.function.formula)
    return description


def _of_function(function: Function, start: np.ndarray) -> dict[str, Any]:
    function._last.clear()  # asked anew: one that draws gives two values at one place
    value, gradient = function.value_and_gradient(start)
    needed = {
        "f": function.expression is None,
        "derivative": function.derivative_kind == "given" and function.derivative is None,
    }
    return {
        "formula": function.formula,
        "names": list(function.names),
        "kind": function.derivative_kind,
        "derivative": function.derivative,
        "takes_number": function.takes_number,
        "code": [name for name, is_code in needed.items() if is_code],
        "start": dict(zip(function.names, start.tolist())),
        "value": value,
        "gradient": gradient.tolist(),
    }


def refuse_other(path, then: Mapping[str, Any], training: Training) -> None:
    """Raise where an optimizer or a function is not that of the run. A module has been looked at."""
    function, state = training.function, training.descent.state
    direction = training.method.direction
    if isinstance(direction, FromTorch):
        now = direction.settings()
        for name in [*then["method"], *now]:
            pair = {"then": then["method"].get(name), "now": now.get(name)}
            if packed({"": pair["then"]}) != packed({"": pair["now"]}):
                raise DownslopeError("checkpoint.other_optimizer", path=path, name=name, **pair)
    if function is not None:
        same = _of_function(function, training.trace.start) == then["function"]
        if same and state is not None:  # where it stands, too: the same start proves nothing
            theta, value, gradient, _ = state.point
            found, slopes = function.value_and_gradient(theta)
            same = found == value and slopes.tobytes() == gradient.tobytes()
        if not same:
            facts = {"then": then["function"]["formula"], "now": function.formula}
            raise DownslopeError("checkpoint.other_function", path=path, **facts)

"""What stays: from rows or a function to a Solution, kept as a run, that predicts.

Names are loaded when they are first used: the command line reads the table of settings alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .recipe import Recipe
    from .run import load, save
    from .solution import Solution
    from .starts import minimize, minimizing
    from .training import Training, fit

__all__ = ["Recipe", "Solution", "Training", "fit", "load", "minimize", "minimizing", "save"]
_HOME = {"Recipe": "recipe", "Solution": "solution", "load": "run", "save": "run"}
_HOME |= {"minimize": "starts", "minimizing": "starts"}


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module 'downslope.inference' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f".{_HOME.get(name, 'training')}", __name__), name)
    return found

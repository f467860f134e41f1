"""The check of a training script: read as text, never run, for the mistakes that learners make.

One file for each family of mistakes, one function for each mistake, under `@rule`. A rule speaks
only where the text itself is the evidence; where a name may hold several things, it is silent.

Loaded when they are first used: a watched script needs the tree of a script, and none of the rules.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .check import check_script, examined
    from .finding import RULES, Finding, Fix

__all__ = ["RULES", "Finding", "Fix", "check_script", "examined"]


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(".check", __name__), name)

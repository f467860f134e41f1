"""What happened, with the numbers that prove it, and what to do about it.

A Verdict is made of numbers alone; what judges a descent (`explaining`) is loaded when it is first asked for.
"""

from typing import TYPE_CHECKING

from .verdict import FAILURES, Remedy, Verdict

if TYPE_CHECKING:
    from .explaining import explain, plain, unjudged

__all__ = ["FAILURES", "Remedy", "Verdict", "explain", "plain", "unjudged"]


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import explaining

    return getattr(explaining, name)

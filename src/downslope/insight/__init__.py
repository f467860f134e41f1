"""What it means: verdicts on a descent, and the exact points of a function; loaded when first used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .verdicts.explaining import explain, plain
    from .verdicts.verdict import Remedy, Verdict

__all__ = ["Remedy", "Verdict", "explain", "plain"]


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(".verdicts", __name__), name)

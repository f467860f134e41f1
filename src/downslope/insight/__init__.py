"""What it means: verdicts on a descent, and the exact points of a function."""

from .verdicts import Remedy, Verdict, explain, plain

__all__ = ["Remedy", "Verdict", "explain", "plain"]

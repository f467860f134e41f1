"""What it means: verdicts on a descent, and the exact points of a function."""

from .verdicts import Verdict, explain

__all__ = ["Verdict", "explain"]

"""What happened, with the numbers that prove it, and what to do about it."""

from .explain import explain, plain, unjudged
from .verdict import FAILURES, Remedy, Verdict

__all__ = ["FAILURES", "Remedy", "Verdict", "explain", "plain", "unjudged"]

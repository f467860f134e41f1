"""What stays: from rows or a function to a Solution, kept as a run, that predicts."""

from .recipe import Recipe
from .run import load, save
from .solution import Solution
from .training import Training, fit, minimize, minimizing

__all__ = ["Recipe", "Solution", "Training", "fit", "load", "minimize", "minimizing", "save"]

"""What is chosen for a model: alpha, by folds and metrics; functions of objectives and arrays."""

from .choosing import RULES, Choice, check_rule
from .folds import Folds, FoldSpec
from .metrics import METRICS
from .path import Path, path

__all__ = ["METRICS", "RULES", "Choice", "FoldSpec", "Folds", "Path", "check_rule", "path"]

"""Pictures: each takes an Axes and returns it, and reads only a Trace and plain arrays.

Without an Axes a picture creates its own figure, 7 × 4.5 inches. matplotlib is loaded with the first picture.
"""

from .canvas import panels
from .classes import confusion, regions, roc, scatter_predictions
from .comparison import comparison
from .curves import loss, path, remainder, weights
from .diagnostics import (
    calibration,
    component,
    diagnostics,
    gains,
    importance,
    leverage,
    normal_qq,
    precision_recall,
    residual_trend,
    scale_location,
)
from .files import save
from .fit import fitted, residuals
from .landscape import contours, function_line, loss_over_weight, starts
from .motion import descent_gif
from .relief import relief

__all__ = [
    "calibration",
    "comparison",
    "component",
    "confusion",
    "contours",
    "descent_gif",
    "diagnostics",
    "fitted",
    "function_line",
    "gains",
    "importance",
    "leverage",
    "loss",
    "loss_over_weight",
    "normal_qq",
    "panels",
    "path",
    "precision_recall",
    "regions",
    "relief",
    "remainder",
    "residual_trend",
    "residuals",
    "roc",
    "save",
    "scale_location",
    "scatter_predictions",
    "starts",
    "weights",
]

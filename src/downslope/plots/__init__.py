"""Pictures: each takes an Axes and returns it, and reads nothing but a Trace and plain arrays.

Without an Axes a picture makes its own figure, 7 × 4.5 inches. matplotlib is loaded at the first picture.
"""

from .canvas import panels
from .curves import loss, weights
from .files import save
from .fit import fitted, residuals
from .landscape import contours, function_line, loss_over_weight
from .motion import descent_gif

__all__ = [
    "contours",
    "descent_gif",
    "fitted",
    "function_line",
    "loss",
    "loss_over_weight",
    "panels",
    "residuals",
    "save",
    "weights",
]

"""Pictures: each takes an Axes and returns it, and reads only a Trace and plain arrays.

Without an Axes a picture creates its own figure, 7 × 4.5 inches. matplotlib is loaded with the first picture.
"""

from .canvas import panels
from .classes import confusion, regions, roc, scatter_predictions
from .comparison import comparison
from .curves import loss, path, remainder, weights
from .files import save
from .fit import fitted, residuals
from .landscape import contours, function_line, loss_over_weight
from .motion import descent_gif
from .relief import relief
from .starts import starts

__all__ = [
    "comparison",
    "confusion",
    "contours",
    "descent_gif",
    "fitted",
    "function_line",
    "loss",
    "loss_over_weight",
    "panels",
    "path",
    "regions",
    "relief",
    "remainder",
    "residuals",
    "roc",
    "save",
    "scatter_predictions",
    "starts",
    "weights",
]

"""What a net is made of: its settings, each declared once. Nothing here needs PyTorch, or NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

from ..arguments import Kind, a, is_number, listed, whole
from ..errors import DownslopeError, nearest
from ..settings import check_settings, setting

ACTIVATIONS = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "ReLU", "gelu": "GELU"}
DTYPES = ("float32", "float64")


def _sizes(hidden: Any) -> tuple[int, ...]:
    """The sizes of hidden layers, of which there may be none; one number is one layer.

    >>> _sizes([64, 32]), _sizes(10), _sizes(())
    ((64, 32), (10,), ())
    """
    several = isinstance(hidden, list | tuple | range) or getattr(hidden, "ndim", 0) > 0
    return tuple(hidden) if several else (hidden,)


def _check_sizes(name: str, hidden: Any) -> None:
    for size in _sizes(hidden):
        if not (isinstance(size, Integral) and not isinstance(size, bool) and size > 0):
            raise DownslopeError("nets.hidden", asked=hidden, size=size)


def _one_of(key: str, known) -> Kind:
    def check(name: str, value: Any) -> None:
        if not isinstance(value, str) or value not in known:
            raise DownslopeError(f"nets.{key}", asked=value, known=nearest(str(value), known))

    return Kind(check)


def _check_dropout(name: str, value: Any) -> None:
    if not (is_number(value) and 0 <= value < 1):
        raise DownslopeError("nets.dropout", asked=value)


def _check_layers(name: str, value: Any) -> None:
    layers = () if value is None else value
    listed()(name, layers)
    whole(0, LAYERS)(name, len(layers))
    for size in layers:
        whole(1, UNITS)(name, size)


LAYERS, UNITS = 4, 64  # of a net on the lab's page, at most
OF_PAGE = Kind(
    _check_layers,
    schema={"type": ["array", "null"], "items": whole(1, UNITS).schema, "maxItems": LAYERS},
)
HIDDEN = Kind(
    _check_sizes,
    lambda words: tuple(int(size) for size in words.split(",")),
    {"type": "array", "items": {"type": "integer", "minimum": 1}},
    lambda hidden: tuple(int(size) for size in _sizes(hidden)),
)
DROPOUT = Kind(_check_dropout, float, {"type": "number", "minimum": 0, "exclusiveMaximum": 1})
ROWS = "fit compare"


@dataclass(frozen=True)
class NetSettings:
    """The fields of `Net`, in the order in which a run keeps them."""

    hidden: tuple[int, ...] = setting((10,), HIDDEN, "--hidden N,N", f"{ROWS} net", page=OF_PAGE, lab=None)
    activation: str = setting(
        "sigmoid",
        _one_of("activation", ACTIVATIONS),
        "--activation NAME",
        f"{ROWS} lab net",
        choices=lambda: ACTIVATIONS,
    )
    dropout: float = setting(0.0, DROPOUT, "--dropout SHARE", f"{ROWS} net")
    dtype: str = setting("float32", _one_of("dtype", DTYPES), doors="net")
    device: str = setting("auto", Kind(a("str", "device")), doors="net")
    seed: int = setting(0, whole())

    def __post_init__(self):
        check_settings(self)

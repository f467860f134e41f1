"""Shapes of what operations give: tuples of lengths; None for an unknown length, ... for unknown axes."""

from __future__ import annotations

import math
from typing import Any

Shape = Any


def known(given: Shape) -> bool:
    """Whether the number of axes is known."""
    return given is not None and ... not in given


def joined(one: Shape, other: Shape) -> Shape:
    """What two shapes agree on."""
    if one is None or other is None or len(one) != len(other):
        return None
    return tuple(a if a == b else None if ... not in (a, b) else ... for a, b in zip(one, other))


def product(left: Shape, right: Shape) -> Shape:
    """The shape of left @ right."""
    if left is None and right and len(right) == 2 and ... not in right:
        return (..., right[1])
    if not left or not right or ... in right or (left[0] is ... and len(right) == 1):
        return None
    return (*left[:-1], *(right[:-2] + right[-1:] if len(right) > 1 else ()))


def broadcast(left: Shape, right: Shape) -> Shape:
    """The shape of left + right, where it is plain."""
    if left is None or right is None:
        return None
    if left == right or right == ():
        return left
    if left == ():
        return right
    if ... in left or ... in right:
        return None
    long, short = (left, right) if len(left) >= len(right) else (right, left)
    short = (1,) * (len(long) - len(short)) + short
    return tuple(b if a == 1 else a if b in (1, a) else None for a, b in zip(long, short))


def reshaped(given: Shape, sizes: list[Any]) -> Shape:
    """The shape after view(*sizes); -1 takes what is left, where all lengths are known."""
    total = size(given)
    lengths: list[Any] = [s for s in sizes if s not in (-1, None)]
    rest: int | None = None
    if total is not None and None not in sizes and math.prod(lengths):
        rest = total // math.prod(lengths)
    elif given and lengths == [1] and len(given) <= 2 and (len(given) == 1 or given[1] == 1):
        rest = given[0] if isinstance(given[0], int) else None
    return tuple(rest if s == -1 else s for s in sizes)


def size(given: Shape) -> int | None:
    """How many numbers there are."""
    return math.prod(given) if given is not None and all(isinstance(d, int) for d in given) else None


def flattened(given: Shape) -> Shape:
    """The shape of all numbers in a row."""
    if given and ... not in given and all(d == 1 for d in given[1:]):
        return (given[0],)
    return (size(given),)


def flattened_rows(given: Shape) -> Shape:
    """The shape of nn.Flatten()(x): each row in a row."""
    if not given or given[0] is ...:
        return None
    return (given[0], size(given[1:]) if ... not in given else None)


def squeezed(given: Shape, axis: int | None) -> Shape:
    if given is None:
        return None
    if ... in given:
        return given[:-1] if axis in (-1, 1) and given[-1] == 1 and len(given) > 1 else None
    if axis is None:
        return tuple(d for d in given if d != 1)
    if not given or not -len(given) <= axis < len(given):
        return given
    return tuple(d for i, d in enumerate(given) if i != axis % len(given) or d != 1)


def unsqueezed(given: Shape, axis: int | None) -> Shape:
    if given is None or axis is None:
        return None
    if ... in given:
        return (*given, 1) if axis == -1 else None
    place = axis % (len(given) + 1)
    return (*given[:place], 1, *given[place:])


def reduced(given: Shape, axis: int | None, keep: bool) -> Shape:
    if given is None or axis is None:
        return None if given is None else ()
    if ... in given or not given:
        return None
    place = axis % len(given)
    return tuple(1 if i == place else d for i, d in enumerate(given) if keep or i != place)


def stacked(shapes: list[Shape], axis: int, count: int | None) -> Shape:
    """Of torch.stack: a new axis, for tensors of one number of axes."""
    place = axis % (len(shapes[0]) + 1)
    return (*shapes[0][:place], count, *shapes[0][place:])


def concatenated(shapes: list[Shape], axis: int, more: bool) -> Shape:
    """Of torch.cat, for tensors of one number of axes."""
    place = axis % len(shapes[0])
    sizes = [s[place] for s in shapes]
    total = sum(sizes) if all(isinstance(s, int) for s in sizes) and not more else None
    return tuple(total if i == place else d for i, d in enumerate(shapes[0]))


def cut(length: Any, lower: int | None, upper: int | None) -> int | None:
    """The length of x[lower:upper]."""
    lower = lower or 0
    if isinstance(length, int):
        return len(range(length)[slice(lower, upper)])
    if upper is not None and lower >= 0 and upper > lower:
        return upper - lower  # as many as there are, where there are so many
    return None

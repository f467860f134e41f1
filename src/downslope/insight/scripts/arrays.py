"""Arrays and tensors made: drawn, filled, written out, joined."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import math
from dataclasses import replace
from typing import Any

from . import data, operations, shapes
from .operations import dtype_of
from .tensors import Call
from .values import (
    VOCABULARY,
    Const,
    Lib,
    Seq,
    Shape,
    Tensor,
    Unknown,
    as_tensor,
    constant,
    number,
    operands,
    pairs,
    root,
    whole,
    words,
)

NAMES = VOCABULARY["arrays"]
FILLED = words(NAMES["filled"])
DRAWN = words(NAMES["drawn"])
LIKE = words(NAMES["like"])
WRITTEN = words(NAMES["written"])
TYPED = pairs(NAMES["typed"])
SHARED = words(NAMES["shared"])
JOINS = words(NAMES["joins"])
SAME_OP = pairs(NAMES["same_op"])


def array(call: Call, head: str) -> Any:
    """A function of numpy, torch, or their random modules (`head`)."""
    name, lib = call.name, call.lib
    first = call.arg(0) or call.arg(-1, "data", "object", "size", "shape")
    if name in WRITTEN and first is not None:
        return _written(call, first)
    if name in FILLED or (name in DRAWN and ("random" in head or lib == "torch")):
        return _drawn(call)
    if name in LIKE and first is not None:
        tensor = as_tensor(first)
        shape = tensor.shape if tensor else None
        return _leaf(call, Tensor(call.node, op=name, shape=shape, dtype="float", graph=False, lib=lib))
    match name:
        case "linspace" | "arange" | "logspace":
            return _along(call)
        case "eye" | "identity" if call.args:
            n = whole(call.first)
            return Tensor(call.node, op="eye", shape=(n, n), dtype="float", graph=False, lib=lib)
        case "permutation" | "randperm":
            return _permuted(call, first)
        case "shuffle" if first is not None:
            return shuffle(call, first)
        case "seed" | "manual_seed" | "default_rng" | "RandomState":
            call.machine.seeded(call.args)
            return Lib(call.node, path="numpy.random")
        case _ if name in JOINS and first is not None:
            return _joined(call, first)
        case "loadtxt" | "genfromtxt":
            return data.text(call)
        case "solve" | "lstsq" | "inv" | "pinv" if call.args:
            return call.make(name, operands(call.args))
        case "meshgrid":
            return call.several(*(Tensor(call.node, op="data", graph=False, lib=lib) for _ in call.args))
    found = operations.function(call)
    if isinstance(found, Tensor) and not found.lib:
        found.lib = lib
    if isinstance(found, Unknown) and call.args and as_tensor(call.first) is not None:
        found = call.make(name, operands(call.args), lib=lib)
    return found


def shuffle(call: Call, value: Any) -> Const:
    """np.random.shuffle(X): in place."""
    base = root(value)
    if isinstance(base, Tensor | Seq | Unknown):
        order = call.machine.draw(call.node)
        for holder in {id(base): base, id(value): value}.values():
            call.machine.put(holder.__dict__, "order", order)
    return call.constant()


def _leaf(call: Call, made: Tensor) -> Tensor:
    asked = call.keywords.get("requires_grad")
    if constant(asked) is True:
        made.leaf, made.graph = True, True
    elif asked is not None and constant(asked) is not False:
        made.graph = None
    return made


def _written(call: Call, first: Any) -> Any:
    """torch.tensor([1.0, 2.0]), np.array(rows), torch.from_numpy(x)"""
    name = call.name
    if name in ("Tensor", "FloatTensor") and whole(first) is not None:
        return _drawn(replace(call, name="empty"))
    x = as_tensor(first)
    dtype = dtype_of([*call.args[1:], call.keywords.get("dtype")]) or TYPED.get(name, "")
    made = Tensor(call.node, first.facts, "tensor", dtype=dtype, graph=False, lib=call.lib)
    if x is None:
        return _leaf(call, made)
    made.facts, made.inputs, made.shape = x.facts, (x,), x.shape
    if isinstance(root(first), Seq):
        numbers = [number(leaf) for leaf in _leaves(root(first))]
        if numbers and None not in numbers:
            known: list[Any] = numbers
            made.dtype = dtype or ("int" if all(isinstance(n, int) for n in known) else "float")
            wide = min(known) < -0.01 or max(known) > 1.01
            made.facts |= {"real" if wide else "binary" if set(known) <= {0, 1} else "unit"}
        return _leaf(call, made)
    made.dtype = dtype or x.dtype
    made.order = x.order
    if isinstance(first, Const):
        made.shape = () if isinstance(first.value, int | float) else None
    if x.graph or x.cut or (x.op == "call" and x.graph is None):
        if name not in SHARED or not x.graph:
            made.cut = x.cut or ("tensor", call.node)
        else:
            made.graph = x.graph
        if name in ("array", "asarray"):
            made.cut = x.cut or ("numpy", call.node)
            made.graph = False
    return _leaf(call, made)


def _leaves(value: Any, limit: int = 2000) -> list[Any]:
    if isinstance(value, Seq):
        return [leaf for item in value.items[:limit] for leaf in _leaves(item, limit)][:limit]
    return [value]


def _drawn(call: Call) -> Tensor:
    """zeros(3, 4), np.random.normal(size=(100, 3)), torch.randint(0, 3, (90,))"""
    name, args = call.name, call.args
    asked = call.arg(-1, "size", "shape")
    if asked is None:
        match name:
            case "normal" | "uniform":
                asked = call.arg(2)
            case "randint" | "integers":
                asked = call.arg(2) or next((a for a in args if isinstance(a, Seq)), None)
            case "choice":
                asked = call.arg(1)
            case _ if name == "full" or isinstance(call.first, Seq):
                asked = call.first
            case _ if call.lib == "numpy" and name not in ("randn", "rand"):
                asked = call.first
            case _:
                asked = call.several(*args)
    op = SAME_OP.get(name, name)
    facts = frozenset({"real"} if op == "randn" else {"unit"} if op == "rand" and len(args) < 2 else ())
    dtype = dtype_of([call.keywords.get("dtype")]) or ("int" if op == "randint" else "float")
    made = Tensor(call.node, facts, op, (), _asked_shape(call, asked), dtype, False, lib=call.lib)
    return _leaf(call, made)


def _asked_shape(call: Call, asked: Any) -> Shape:
    alone = call.first if len(call.args) == 1 else None
    match asked:
        case None:
            return () if call.name in DRAWN and (not call.args or call.name != "normal") else None
        case Seq():
            shape = None if asked.more else tuple(whole(i) for i in asked.items)
            counted = isinstance(alone, Tensor) and (alone.op in ("length", "counter") or alone.shape == ())
            return None if shape == (None,) and alone is not None and not counted else shape
    length = whole(asked)
    return (length,) if length is not None or (isinstance(asked, Tensor) and asked.shape == ()) else None


def _along(call: Call) -> Tensor:
    """arange(0, 1, 0.1), linspace(0, 1, 50)"""
    ends: list[Any] = [number(a) for a in call.args[:3]]
    if call.name == "arange":
        start, stop, step = {1: (0, *ends, 1), 2: (*ends, 1), 3: ends}.get(len(ends), (0, None, 1))
        known = None not in (start, stop, step) and step
        count = max(0, math.ceil((stop - start) / step - 1e-9)) if known else None
    else:
        asked = call.arg(2, "steps", "num")
        count = whole(asked) if asked is not None else 50 if call.lib == "numpy" else None
    wide = any(e is not None and (e > 1.01 or e < -0.01) for e in ends[:2])
    dtype = "int" if call.name == "arange" and all(isinstance(e, int) for e in ends[:2]) else "float"
    facts = frozenset({"real"} if wide else ())
    return _leaf(call, Tensor(call.node, facts, call.name, (), (count,), dtype, False, lib=call.lib))


def _permuted(call: Call, first: Any) -> Tensor:
    x = as_tensor(first) if first is not None else None
    order = call.machine.draw(call.node)
    if x is not None and x.shape and x.op != "length":
        return call.make("shuffled", (x,), x.shape, x.dtype, order=order)
    made = Tensor(call.node, op="permutation", shape=(whole(first),), dtype="int", graph=False, lib=call.lib)
    return replace(made, order=order)


def _joined(call: Call, first: Any) -> Tensor:
    """torch.cat([a, b], 1), np.column_stack((a, b))"""
    name = call.name
    found = operands((first.items if isinstance(first, Seq) else [first])[:50])
    given = [t.shape for t in found]
    axis = call.axis()[1] or 0
    more = bool(getattr(first, "more", False))
    length = len(given[0]) if given and all(map(shapes.known, given)) else None
    shape: Shape = None
    if length is None or any(len(s) != length for s in given):
        pass
    elif name == "stack":
        shape = shapes.stacked(given, axis, None if more else len(given))
    elif name == "column_stack" and length:
        shape = (given[0][0], len(given) if length == 1 else None)
    elif name == "vstack" and length == 1:
        shape = (len(given), *given[0])
    elif name != "c_" and length:
        place = {"hstack": 1 if length > 1 else 0, "vstack": 0}.get(name, axis)
        shape = shapes.concatenated(given, place, more)
    dtype = found[0].dtype if found else ""
    return call.make("stack" if name == "stack" else "cat", found, shape, dtype, lib=call.lib, order=None)


def side_by_side(call: Call, parts: list, how: str) -> Any:
    """np.c_[a, b]"""
    columns = operands(call.machine.value(p) for p in parts if not isinstance(p, ast.Slice))
    if how != "c" or len(columns) != len(parts) or not all(shapes.known(t.shape) for t in columns):
        return call.make("cat", columns, (None, None) if how == "c" else None)
    widths: list[Any] = [
        1 if len(t.shape) == 1 else t.shape[1] if len(t.shape) == 2 else None for t in columns
    ]
    rows = next((t.shape[0] for t in columns if t.shape and isinstance(t.shape[0], int)), None)
    width = sum(widths) if all(isinstance(w, int) for w in widths) else None
    return call.make("cat", columns, (rows, width), "float")

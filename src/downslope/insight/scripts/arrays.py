"""Arrays and tensors made: drawn, filled, written out, joined."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import math
from typing import Any

from . import operations, shaping, tables, tensors
from .values import (
    Const,
    Seq,
    Tensor,
    Unknown,
    as_tensor,
    literal_shape,
    number,
    root,
    whole,
)

FILLED = {"zeros", "ones", "empty", "full", "randn", "rand", "standard_normal"}


LIKE = {"zeros_like", "ones_like", "randn_like", "rand_like", "empty_like", "full_like"}


ARRAYS = {
    "tensor",
    "as_tensor",
    "array",
    "asarray",
    "FloatTensor",
    "Tensor",
    "DoubleTensor",
    "LongTensor",
    "from_numpy",
    "Variable",
    "asanyarray",
    "ascontiguousarray",
    "IntTensor",
    "matrix",
}


JOINS = {"cat", "concatenate", "concat", "stack", "hstack", "vstack", "column_stack", "c_", "dstack"}


def shuffle(machine, value: Any, node: ast.AST) -> Any:
    """np.random.shuffle(X): in place."""
    base = root(value)
    if isinstance(base, Tensor | Seq | Unknown):
        order = machine.draw(node)
        machine.tell("shuffle", node, value=base, order=order)
        machine.put(base.__dict__, "order", order)
        if isinstance(value, Tensor) and value is not base:
            machine.put(value.__dict__, "order", order)
    return Const(node, value=None)


# ── arrays ──────────────────────────────────────────────────────────────────────────────────────────
def array(machine, head: str, name: str, args: list, keywords: dict, node: ast.AST, lib: str) -> Any:
    first = (
        args[0]
        if args
        else next((keywords[k] for k in ("data", "object", "size", "shape") if k in keywords), None)
    )
    if name in ARRAYS and first is not None:
        return _literal(machine, first, name, args, keywords, node, lib)
    if name in FILLED or (
        name in ("normal", "uniform", "randint", "integers", "random", "choice")
        and ("random" in head or lib == "torch")
    ):
        return _drawn(machine, name, args, keywords, node, lib)
    if name in LIKE and first is not None:
        shape = as_tensor(first).shape if as_tensor(first) else None
        return _leaf(Tensor(node, op=name, shape=shape, dtype="float", graph=False, lib=lib), keywords)
    if name in ("linspace", "arange", "logspace"):
        return _along(machine, name, args, keywords, node, lib)
    if name in ("eye", "identity") and args:
        return Tensor(
            node, op="eye", shape=(whole(args[0]), whole(args[0])), dtype="float", graph=False, lib=lib
        )
    if name in ("permutation", "randperm"):
        return _permuted(machine, first, node, lib)
    if name == "shuffle" and first is not None:
        return shuffle(machine, first, node)
    if name in ("seed", "manual_seed", "default_rng", "RandomState"):
        machine.seeded(args)
        return objects_rng(node)
    if name in JOINS and first is not None:
        return _joined(machine, name, first, args, keywords, node, lib)
    if name in ("loadtxt", "genfromtxt"):
        return tables.text(args, keywords, node)
    if name in ("solve", "lstsq", "inv", "pinv") and args:
        operands = [t for t in (as_tensor(a) for a in args) if t is not None]
        return tensors.made(machine, name, operands, node)
    if name == "meshgrid":
        return Seq(node, items=[Tensor(node, op="data", graph=False, lib=lib) for _ in args], kind="tuple")
    found = operations.function(machine, name, args, keywords, node)
    if isinstance(found, Tensor) and not found.lib:
        found.lib = lib
    if isinstance(found, Unknown) and args and as_tensor(args[0]) is not None:
        operands = [t for t in (as_tensor(a) for a in args) if t is not None]
        found = tensors.made(machine, name, operands, node, lib=lib)
    return found


def objects_rng(node: ast.AST) -> Any:
    from .values import Lib

    return Lib(node, path="numpy.random")


def _leaf(made: Tensor, keywords: dict) -> Tensor:
    asked = keywords.get("requires_grad")
    if isinstance(asked, Const) and asked.value is True:
        made.leaf, made.graph = True, True
    elif asked is not None and not (isinstance(asked, Const) and asked.value is False):
        made.graph = None
    return made


def _literal(machine, first: Any, name: str, args: list, keywords: dict, node: ast.AST, lib: str) -> Any:
    """torch.tensor([1.0, 2.0]), np.array(rows), torch.from_numpy(x)"""
    if name in ("Tensor", "FloatTensor") and whole(first) is not None:
        return _drawn(machine, "empty", args, keywords, node, lib)
    base = root(first)
    x = as_tensor(first)
    facts = x.facts if x is not None else first.facts
    dtype = operations._dtype([*args[1:], *[v for k, v in keywords.items() if k == "dtype"]])
    dtype = dtype or {
        "FloatTensor": "float",
        "Tensor": "float",
        "DoubleTensor": "float",
        "LongTensor": "int",
    }.get(name, "")
    made = Tensor(
        node,
        facts,
        "tensor",
        (x,) if x is not None else (),
        x.shape if x is not None else None,
        dtype,
        False,
        lib=lib,
    )
    if isinstance(base, Seq):
        numbers = [number(i) for i in _leaves(base)]
        known = [n for n in numbers if n is not None]
        made.shape = (
            literal_shape(base) if literal_shape(base) is not None else x.shape if x is not None else None
        )
        if known and len(known) == len(numbers):
            made.dtype = dtype or ("int" if all(isinstance(n, int) for n in known) else "float")
            made.facts |= (
                {"real"}
                if min(known) < -0.01 or max(known) > 1.01
                else {"binary"}
                if set(known) <= {0, 1}
                else {"unit"}
            )
            made.info["numbers"] = known[:2000]
    elif x is not None:
        made.dtype = dtype or x.dtype
        made.order = x.order
        if isinstance(first, Const):
            made.shape = () if isinstance(first.value, int | float) else None
        if x.graph or x.cut or (x.op == "call" and x.graph is None):
            how = (
                "tensor"
                if name not in ("Variable", "as_tensor", "asarray", "array", "from_numpy")
                else "kept"
            )
            if how == "tensor" or not x.graph:
                made.cut = x.cut or ("tensor", node)
            else:
                made.graph = x.graph
            if name in ("array", "asarray"):
                made.cut = x.cut or ("numpy", node)
                made.graph = False
    return _leaf(made, keywords)


def _leaves(value: Any, limit: int = 2000) -> list[Any]:
    if isinstance(value, Seq):
        return [leaf for item in value.items[:limit] for leaf in _leaves(item, limit)][:limit]
    return [value]


def _drawn(machine, name: str, args: list, keywords: dict, node: ast.AST, lib: str) -> Any:
    """zeros(3, 4), np.random.normal(size=(100, 3)), torch.randint(0, 3, (90,))"""
    asked = keywords.get("size", keywords.get("shape"))
    if asked is None:
        if name in ("normal", "uniform"):
            asked = args[2] if len(args) > 2 else None
        elif name in ("randint", "integers"):
            asked = args[2] if len(args) > 2 else next((a for a in args if isinstance(a, Seq)), None)
        elif name == "choice":
            asked = args[1] if len(args) > 1 else None
        elif (
            name == "full"
            or (args and isinstance(args[0], Seq))
            or (lib == "numpy" and name not in ("randn", "rand"))
        ):
            asked = args[0] if args else None
        else:
            asked = Seq(node, items=args, kind="tuple")
    shape: Any = None
    if isinstance(asked, Seq) and asked.kind == "shape" and asked.more:
        shape = None
    elif isinstance(asked, Seq):
        shape = tuple(whole(i) for i in asked.items) if not asked.more else None
        if (
            len(args) == 1
            and shape == (None,)
            and not (isinstance(args[0], Tensor) and args[0].op in ("length", "counter"))
        ):
            shape = None if not isinstance(args[0], Tensor) or args[0].shape != () else shape
    elif asked is not None:
        told = whole(asked)
        counted = isinstance(asked, Tensor) and asked.shape == ()
        shape = (told,) if told is not None or counted else None
    elif name in ("normal", "uniform", "random", "randint", "integers", "choice"):
        shape = () if not args or name != "normal" else None
    op = {
        "standard_normal": "randn",
        "random": "rand",
        "uniform": "rand",
        "normal": "randn",
        "integers": "randint",
    }.get(name, name)
    facts = frozenset({"real"} if op == "randn" else {"unit"} if op == "rand" and len(args) < 2 else ())
    dtype = "int" if op == "randint" else "float"
    dtype = operations._dtype([v for k, v in keywords.items() if k == "dtype"]) or dtype
    made = Tensor(node, facts, op, (), shape, dtype, False, lib=lib)
    if name == "full" and len(args) > 1:
        made.info["value"] = args[1]
    return _leaf(made, keywords)


def _along(machine, name: str, args: list, keywords: dict, node: ast.AST, lib: str) -> Any:
    count: Any = None
    if name == "arange":
        ends: list[Any] = [number(a) for a in args[:3]]
        if None not in ends and ends:
            start, stop, step = (
                (0, ends[0], 1) if len(ends) == 1 else (ends[0], ends[1], ends[2] if len(ends) > 2 else 1)
            )
            count = max(0, math.ceil((stop - start) / step - 1e-9)) if step else None
    else:
        asked = args[2] if len(args) > 2 else keywords.get("steps", keywords.get("num"))
        count = whole(asked) if asked is not None else 50 if lib == "numpy" else None
    ends_ = [number(a) for a in args[:2]]
    wide = any(e is not None and (e > 1.01 or e < -0.01) for e in ends_)
    dtype = "int" if name == "arange" and all(isinstance(e, int) for e in ends_) else "float"
    return _leaf(
        Tensor(node, frozenset({"real"} if wide else ()), name, (), (count,), dtype, False, lib=lib), keywords
    )


def _permuted(machine, first: Any, node: ast.AST, lib: str) -> Any:
    x = as_tensor(first) if first is not None else None
    order = machine.draw(node)
    if x is not None and x.shape and x.op != "length":
        return tensors.made(machine, "shuffled", (x,), node, x.shape, x.dtype, order=order)
    return Tensor(
        node,
        op="permutation",
        shape=(whole(first) if first is not None else None,),
        dtype="int",
        graph=False,
        lib=lib,
        order=order,
    )


def _joined(machine, name: str, first: Any, args: list, keywords: dict, node: ast.AST, lib: str) -> Any:
    parts = first.items if isinstance(first, Seq) else [first]
    found = [t for t in (as_tensor(p) for p in parts[:50]) if t is not None]
    shapes = [t.shape for t in found]
    _, axis = shaping.axis_of(args[1:], keywords)
    axis = axis or 0
    shape: Any = None
    if shapes and all(s is not None and ... not in s for s in shapes):
        length = len(shapes[0])
        same = all(len(s) == length for s in shapes)
        if name == "stack" and same:
            place = axis % (length + 1)
            count = None if isinstance(first, Seq) and first.more else len(shapes)
            shape = (*shapes[0][:place], count, *shapes[0][place:])
        elif name == "column_stack" and same:
            shape = (shapes[0][0], len(shapes) if length == 1 else None)
        elif same and name != "c_" and length:
            place = {"hstack": 1 if length > 1 else 0, "vstack": 0}.get(name, axis % length)
            if name == "vstack" and length == 1:
                shape = (len(shapes), *shapes[0])
            else:
                sizes = [s[place] for s in shapes]
                whole_ = (
                    sum(sizes)
                    if all(isinstance(s, int) for s in sizes) and not getattr(first, "more", False)
                    else None
                )
                shape = tuple(whole_ if i == place else d for i, d in enumerate(shapes[0]))
    return tensors.made(
        machine,
        "cat" if name != "stack" else "stack",
        found,
        node,
        shape,
        found[0].dtype if found else "",
        lib=lib,
        order=None,
    )


def beside(machine, parts: list, node: ast.AST, how: str) -> Any:
    """np.c_[a, b]: columns side by side."""
    found = [as_tensor(machine.value(p)) for p in parts if not isinstance(p, ast.Slice)]
    told = [t for t in found if t is not None]
    if how != "c" or len(told) != len(parts) or any(t.shape is None or ... in t.shape for t in told):
        return tensors.made(machine, "cat", told, node, (None, None) if how == "c" else None)
    widths: list[Any] = [1 if len(t.shape) == 1 else t.shape[1] if len(t.shape) == 2 else None for t in told]
    rows = next((t.shape[0] for t in told if t.shape and isinstance(t.shape[0], int)), None)
    width = sum(widths) if all(isinstance(w, int) for w in widths) else None
    return tensors.made(machine, "cat", told, node, (rows, width), "float")

"""Data as scripts come by it: files, toy tables, splits, scalers, datasets and loaders."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import math
from dataclasses import replace
from typing import Any

from . import objects, tensors
from .operations import dtype_of
from .tensors import Call
from .values import (
    SIDES,
    VOCABULARY,
    Const,
    Estimator,
    Instance,
    Loader,
    Rows,
    Seq,
    Shape,
    Table,
    Tensor,
    Unknown,
    as_tensor,
    constant,
    number,
    operands,
    root,
    whole,
)

TOYS, MADE = VOCABULARY["toys"], VOCABULARY["made"]
IMAGES = {
    **dict.fromkeys(("MNIST", "FashionMNIST", "KMNIST"), (1, 28, 28)),
    **dict.fromkeys(("CIFAR10", "CIFAR100"), (3, 32, 32)),
}


# ── whole tables ────────────────────────────────────────────────────────────────────────────────────
def toy(call: Call) -> Any:
    """load_iris(return_X_y=True), make_regression(n_samples=100)"""
    name = call.name
    if name not in TOYS and name not in MADE:
        return call.unknown()
    n, d, dtype = TOYS.get(name) or MADE[name]
    shape: Shape = (n, d)
    if name in MADE:
        width = call.arg(-1 if name == "make_moons" else 1, "n_features", default=Const(value=d))
        shape = (whole(call.arg(0, "n_samples", default=Const(value=n))), whole(width))
    lib = "frame" if name in TOYS and call.true("as_frame") else "numpy"
    facts = frozenset({"real"})
    of_y = facts if dtype == "float" else frozenset()
    X = Tensor(call.node, facts, "data", (), shape, "float", False, lib=lib)
    y = Tensor(call.node, of_y, "data", (), shape[:1], dtype, False, lib=lib)
    if name in MADE or call.true("return_X_y"):
        return call.several(X, y)
    return Table(call.node, items={"data": X, "target": y})


def pandas(call: Call) -> Any:
    """pd.read_csv(…), pd.DataFrame(…)"""
    x = as_tensor(call.first) if call.args and not isinstance(call.first, Table) else None
    match call.name:
        case "DataFrame" if x is not None and x.shape and len(x.shape) == 2:
            shape: Shape = x.shape
        case "Series":
            shape = x.shape if x is not None else (None,)
        case "get_dummies" | "concat" | "merge" if not call.args:
            return call.unknown(name=call.name)
        case "DataFrame" | "get_dummies" | "concat" | "merge":
            shape = (None, None)
        case name if name.startswith("read_"):
            shape = (None, None)
        case name:
            return call.unknown(name=name)
    inputs = (x,) if x is not None and call.name == "DataFrame" else ()
    return Tensor(call.node, op="frame", inputs=inputs, shape=shape, graph=False, lib="frame")


def column(machine: Any, frame: Tensor, node: ast.Subscript, index: Any) -> Any:
    """df["price"], df[["area", "rooms"]], df.iloc[:, :-1], df[df.age > 3]"""
    height, order = frame.shape[0] if frame.shape else None, frame.order
    rest = frame.shape[1:] if frame.shape else (None,)
    located = isinstance(node.value, ast.Attribute) and node.value.attr in ("iloc", "loc", "at", "iat")
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    name, shape = "", None
    if located:
        rows = None if isinstance(parts[0], ast.Slice) else machine.value(parts[0])
        many = rows is None or isinstance(rows, Tensor | Seq)
        order = rows.order if isinstance(rows, Tensor) and (many or len(parts) != 2) else order
        if len(parts) != 2:
            shape = (None, *rest) if many else rest
        elif many:
            all_ = rows is None and parts[0].lower is None and parts[0].upper is None
            shape, name = _columns(machine, parts[1], height if all_ else None, frame)
            order = order if shape is not None else frame.order
    elif frame.shape is not None and len(frame.shape) == 1:
        shape = (None,) if isinstance(index, Tensor | Seq) or index is None else ()
    elif isinstance(constant(index), str):
        shape, name = (height,), index.value
    elif isinstance(index, Seq) and all(isinstance(i, Const) for i in index.items):
        shape = (height, None if index.more else len(index.items))
    elif (isinstance(index, Tensor) or isinstance(node.slice, ast.Slice)) and frame.shape:
        shape = (None, *frame.shape[1:])
    return named_column(frame, node, shape, name, order)


def _columns(machine: Any, part: ast.AST, height: Any, frame: Tensor) -> tuple[Shape, str]:
    """The shape of df.iloc[rows, part], and the name of the column where it is one."""
    if isinstance(part, ast.Slice):
        width = frame.shape[1] if frame.shape and len(frame.shape) > 1 else None
        return (height, tensors.sliced_length(machine, part, width)), ""
    chosen = machine.value(part)
    if isinstance(chosen, Seq):
        return (height, None if chosen.more else len(chosen.items)), ""
    return ((height,), str(chosen.value)) if isinstance(chosen, Const) else (None, "")


def named_column(frame: Tensor, node: ast.AST, shape: Shape, name: str, order: Any) -> Tensor:
    facts = frame.facts | ({"real"} if objects.UNBOUNDED.search(name) else frozenset())
    return Tensor(node, facts, "column", (frame,), shape, "", False, lib="frame", order=order)


def text(call: Call) -> Any:
    """np.loadtxt(…), np.genfromtxt(…)"""
    used, dtype = call.keywords.get("usecols"), call.keywords.get("dtype")
    if call.true("unpack"):
        return call.unknown()
    made = Tensor(call.node, op="data", graph=False, lib="numpy", dtype="float")
    structured = dtype is not None and not dtype_of([dtype])
    many = "delimiter" in call.keywords or isinstance(used, Seq)
    if many and not structured and whole(used) is None:
        made.shape = (None, len(used.items) if isinstance(used, Seq) and not used.more else None)
    return made


# ── held-out rows, scalers ──────────────────────────────────────────────────────────────────────────
def split(call: Call) -> Any:
    """train_test_split(X, y, test_size=0.2)"""
    call.emit("split", data=call.args)
    call.emit("paired", values=call.args)
    share, rest = call.keywords.get("test_size"), number(call.keywords.get("train_size"))
    held = number(share)
    held = 0.25 if held is None and rest is None else held
    parts: list = []
    for x in map(as_tensor, call.args):
        n = x.shape[0] if x is not None and x.shape else None
        counts: tuple[Any, Any] = (None, None)
        if isinstance(n, int) and held is not None:
            many = math.ceil(held * n) if isinstance(held, float) and held < 1 else int(held)
            counts = (n - many, many)
        for count, side in zip(counts, ("train", "test")):
            if x is None:
                parts.append(call.unknown(facts=frozenset({side})))
                continue
            part = call.make("split", (x,), (count, *x.shape[1:]) if x.shape else None, x.dtype, order=None)
            part.facts = part.facts - SIDES | {side}
            parts.append(part)
    return call.several(*parts)


def estimate(call: Call, owner: Any) -> Any:
    """scaler.fit(X), scaler.fit_transform(X), scaler.transform(X)"""
    name, x = call.name, as_tensor(call.arg(0, "X"))
    if x is None:
        return owner if name == "fit" else call.unknown()
    if name in ("fit", "fit_transform"):
        call.emit("fit", estimator=owner, data=x, transforms=name == "fit_transform")
        if isinstance(owner, Estimator):
            owner.fitted.append(x)
    table = x.shape and len(x.shape) == 2
    match name:
        case "fit":
            return owner
        case "fit_transform" | "transform":
            width = x.shape[1] if table and "PCA" not in getattr(owner, "kind", "") else None
            shape: Shape = (x.shape[0], width) if table else None
            return call.make(name, (x,), shape, "float", lib="numpy", estimator=owner, order=x.order)
        case "inverse_transform":
            return call.make(name, (x,), x.shape, "float", lib="numpy")
    return call.make(name, (x,), (x.shape[0],) if x.shape else None, lib="numpy")


# ── datasets and loaders of PyTorch ─────────────────────────────────────────────────────────────────
def images(call: Call) -> Any:
    """torchvision.datasets.MNIST(root, train=True)"""
    side = {True: {"train"}, False: {"test"}}.get(constant(call.arg(1, "train")), set())
    facts, shape = frozenset(side), IMAGES.get(call.name)
    if shape is None:
        return call.unknown(facts=facts)
    image = Tensor(call.node, facts, "data", (), shape, "float", False, lib="torch")
    label = Tensor(call.node, facts, "data", (), (), "int", False, lib="torch")
    return Rows(call.node, facts, None, Seq(call.node, facts, [image, label], False, "tuple"))


def torch_data(call: Call) -> Any:
    """TensorDataset, DataLoader, random_split, Subset"""
    first = root(call.arg(0, "dataset"))
    match call.name:
        case "TensorDataset":
            columns = operands(call.args)
            call.emit("paired", values=call.args)
            sides = {c.facts & SIDES for c in columns}
            return Rows(call.node, sides.pop() if len(sides) == 1 else frozenset(), columns)
        case "DataLoader":
            return _loader(call, first)
        case "random_split" if first is not None:
            call.emit("split", data=[first])
            lengths = call.arg(1, "lengths")
            known = isinstance(lengths, Seq) and not lengths.more
            counts = list(map(whole, lengths.items)) if known else [None, None]
            return call.several(*(_subset(first, call.node, count) for count in counts))
        case "Subset" if first is not None:
            chosen = as_tensor(call.arg(1))
            return _subset(first, call.node, chosen.shape[0] if chosen is not None and chosen.shape else None)
    return call.unknown(name=call.name)


def _loader(call: Call, rows: Any) -> Loader:
    facts = rows.facts & SIDES if isinstance(rows, Rows | Unknown | Tensor) else frozenset()
    last = call.keywords.get("drop_last")
    drop = last is not None and constant(last) is not False
    batch = call.arg(1, "batch_size", default=Const(value=1))
    made = Loader(call.node, facts, rows, batch, drop)
    if call.keywords.keys() & {"collate_fn", "batch_sampler"}:
        made.rows = call.unknown(facts=facts)
    length = objects.method(rows, "__len__") if isinstance(rows, Instance) else None
    if length is not None:
        made.count = whole(call.machine.enter(length, [], {}, call.node))
    return made


def _subset(rows: Any, node: ast.AST, count: Any) -> Any:
    if isinstance(rows, Instance):
        return Instance(node, cls=rows.cls, attrs=rows.attrs)
    if not isinstance(rows, Rows):
        return Unknown(node)
    columns = rows.columns and [
        replace(c, shape=(count, *c.shape[1:]) if c.shape else None, origin=None, node=node)
        for c in rows.columns
    ]
    return Rows(node, frozenset(), columns, rows.item, count)

"""Data as scripts come by it: files, toy tables, splits, datasets and loaders."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import math
from dataclasses import replace
from typing import Any

from . import objects, operations, tensors
from .values import (
    Const,
    Function,
    Instance,
    Loader,
    Rows,
    Seq,
    Table,
    Tensor,
    Unknown,
    as_tensor,
    number,
    root,
    whole,
)

TOYS = {
    "load_iris": (150, 4, "int"),
    "load_wine": (178, 13, "int"),
    "load_breast_cancer": (569, 30, "int"),
    "load_digits": (1797, 64, "int"),
    "load_diabetes": (442, 10, "float"),
    "fetch_california_housing": (20640, 8, "float"),
    "load_boston": (506, 13, "float"),
}
MADE = {
    "make_regression": (100, 100, "float"),
    "make_classification": (100, 20, "int"),
    "make_moons": (100, 2, "int"),
    "make_circles": (100, 2, "int"),
    "make_blobs": (100, 2, "int"),
    "make_friedman1": (100, 10, "float"),
}
IMAGES = {
    "MNIST": (1, 28, 28),
    "FashionMNIST": (1, 28, 28),
    "CIFAR10": (3, 32, 32),
    "CIFAR100": (3, 32, 32),
    "KMNIST": (1, 28, 28),
}


def _pair(node: ast.AST, n: Any, d: Any, dtype: str) -> tuple[Tensor, Tensor]:
    X = Tensor(node, frozenset({"real"}), "data", (), (n, d), "float", False, lib="numpy")
    y = Tensor(
        node, frozenset({"real"} if dtype == "float" else ()), "data", (), (n,), dtype, False, lib="numpy"
    )
    return X, y


def toy(name: str, args: list, keywords: dict, node: ast.AST) -> Any:
    """load_iris(return_X_y=True), make_regression(n_samples=100)"""
    asked = keywords.get("return_X_y")
    if name in TOYS:
        X, y = _pair(node, *TOYS[name])
        if isinstance(keywords.get("as_frame"), Const) and keywords["as_frame"].value is True:
            X, y = replace(X, lib="frame"), replace(y, lib="frame")
        if isinstance(asked, Const) and asked.value is True:
            return Seq(node, items=[X, y], kind="tuple")
        return Table(node, items={"data": X, "target": y})
    if name in MADE:
        n, d, dtype = MADE[name]
        count = keywords.get("n_samples", args[0] if args else Const(value=n))
        width = keywords.get(
            "n_features", args[1] if len(args) > 1 and name != "make_moons" else Const(value=d)
        )
        X, y = _pair(node, whole(count), whole(width), dtype)
        return Seq(node, items=[X, y], kind="tuple")
    return Unknown(node)


def pandas(machine, name: str, args: list, keywords: dict, node: ast.AST) -> Any:
    """pd.read_csv(…), pd.DataFrame(…)"""
    if name.startswith("read_"):
        return Tensor(node, op="frame", shape=(None, None), graph=False, lib="frame")
    if name == "DataFrame":
        x = as_tensor(args[0]) if args and not isinstance(args[0], Table) else None
        shape = x.shape if x is not None and x.shape and len(x.shape) == 2 else (None, None)
        return Tensor(
            node, op="frame", inputs=(x,) if x is not None else (), shape=shape, graph=False, lib="frame"
        )
    if name == "Series":
        x = as_tensor(args[0]) if args else None
        return Tensor(node, op="frame", shape=x.shape if x is not None else (None,), graph=False, lib="frame")
    if name in ("get_dummies", "concat", "merge") and args:
        return Tensor(node, op="frame", shape=(None, None), graph=False, lib="frame")
    return Unknown(node, name=name)


def column(machine, frame: Tensor, node: ast.Subscript, index: Any) -> Any:
    """df["price"], df[["area", "rooms"]], df.iloc[:, :-1], df[df.age > 3]"""
    n = frame.shape[0] if frame.shape else None
    located = isinstance(node.value, ast.Attribute) and node.value.attr in ("iloc", "loc", "at", "iat")
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if located and len(parts) == 2:
        rows = machine.value(parts[0]) if not isinstance(parts[0], ast.Slice) else None
        if isinstance(parts[0], ast.Slice) or isinstance(rows, Tensor | Seq):
            whole_ = isinstance(parts[0], ast.Slice) and parts[0].lower is None and parts[0].upper is None
            height = n if whole_ else None
            order = rows.order if isinstance(rows, Tensor) else frame.order
            second = machine.value(parts[1]) if not isinstance(parts[1], ast.Slice) else None
            if isinstance(parts[1], ast.Slice):
                width = frame.shape[1] if frame.shape and len(frame.shape) > 1 else None
                width = tensors._sliced(machine, parts[1], width)
                return _part(machine, frame, node, (height, width), order)
            if isinstance(second, Seq):
                return _part(
                    machine, frame, node, (height, None if second.more else len(second.items)), order
                )
            if isinstance(second, Const):
                return _part(machine, frame, node, (height,), order, str(second.value))
        return _part(machine, frame, node, None, frame.order)
    if located:
        value = machine.value(parts[0]) if not isinstance(parts[0], ast.Slice) else None
        order = value.order if isinstance(value, Tensor) else frame.order
        rest = frame.shape[1:] if frame.shape else (None,)
        if isinstance(parts[0], ast.Slice) or isinstance(value, Tensor | Seq):
            return _part(machine, frame, node, (None, *rest), order)
        return _part(machine, frame, node, rest, order)
    if frame.shape is not None and len(frame.shape) == 1:
        return _part(
            machine,
            frame,
            node,
            (None,) if isinstance(index, Tensor | Seq) or index is None else (),
            frame.order,
        )
    if isinstance(index, Const) and isinstance(index.value, str):
        return _part(machine, frame, node, (n,), frame.order, index.value)
    if isinstance(index, Seq) and all(isinstance(i, Const) for i in index.items):
        return _part(machine, frame, node, (n, None if index.more else len(index.items)), frame.order)
    if isinstance(index, Tensor) or isinstance(node.slice, ast.Slice):
        return _part(machine, frame, node, (None, *frame.shape[1:]) if frame.shape else None, frame.order)
    return _part(machine, frame, node, None, frame.order)


def _part(machine, frame: Tensor, node: ast.AST, shape: Any, order: Any, name: str = "") -> Tensor:
    facts = frame.facts | ({"real"} if name and objects.UNBOUNDED.search(name) else frozenset())
    return Tensor(
        node, facts, "column", (frame,), shape, "", False, lib="frame", order=order, info={"column": name}
    )


def text(args: list, keywords: dict, node: ast.AST) -> Any:
    """np.loadtxt(…), np.genfromtxt(…)"""
    unpacked = keywords.get("unpack")
    used = keywords.get("usecols")
    structured = keywords.get("dtype") is not None and not operations._dtype([keywords["dtype"]])
    if isinstance(unpacked, Const) and unpacked.value is True:
        return Unknown(node)
    many = "delimiter" in keywords or isinstance(used, Seq)
    if structured or not many or (isinstance(used, Const) and whole(used) is not None):
        return Tensor(node, op="data", graph=False, lib="numpy", dtype="float")
    width = len(used.items) if isinstance(used, Seq) and not used.more else None
    return Tensor(node, op="data", shape=(None, width), graph=False, lib="numpy", dtype="float")


def split(machine, args: list, keywords: dict, node: ast.AST) -> Any:
    """train_test_split(X, y, test_size=0.2)"""
    machine.tell("split", node, data=args)
    machine.tell("paired", node, values=args)
    share = keywords.get("test_size")
    test = number(share) if share is not None else None
    train = number(keywords["train_size"]) if "train_size" in keywords else None
    made: list = []
    for arg in args:
        x = as_tensor(arg)
        if x is None:
            made += [Unknown(node, facts=frozenset({"train"})), Unknown(node, facts=frozenset({"test"}))]
            continue
        n = x.shape[0] if x.shape else None
        counts: tuple[Any, Any] = (None, None)
        if isinstance(n, int):
            held = test if test is not None else None if train is not None else 0.25
            if held is not None:
                many = math.ceil(held * n) if isinstance(held, float) and held < 1 else int(held)
                counts = (n - many, many)
        for count, fact in zip(counts, ("train", "test")):
            shape = (count, *x.shape[1:]) if x.shape else None
            part = tensors.made(machine, "split", (x,), node, shape, x.dtype, order=None)
            part.facts = part.facts - {"train", "test"} | {fact}
            made.append(part)
    return Seq(node, items=made, kind="tuple")


def images(name: str, args: list, keywords: dict, node: ast.AST) -> Any:
    """torchvision.datasets.MNIST(root, train=True)"""
    asked = keywords.get("train", args[1] if len(args) > 1 else None)
    names: dict[Any, set[str]] = {True: {"train"}, False: {"test"}}
    fact = names.get(asked.value if isinstance(asked, Const) else None, set())
    facts = frozenset(fact)
    shape = IMAGES.get(name)
    item = Seq(
        node,
        facts,
        [
            Tensor(node, facts, "data", (), shape, "float", False, lib="torch"),
            Tensor(node, facts, "data", (), (), "int", False, lib="torch"),
        ],
        False,
        "tuple",
    )
    return Rows(node, facts, None, item) if shape else Unknown(node, facts=facts)


def torch_data(machine, name: str, args: list, keywords: dict, node: ast.AST) -> Any:
    """TensorDataset, DataLoader, random_split, Subset"""
    first = root(args[0]) if args else root(keywords.get("dataset"))
    if name == "TensorDataset":
        columns = [t for t in (as_tensor(a) for a in args) if t is not None]
        machine.tell("paired", node, values=args)
        each = [c.facts & {"train", "test"} for c in columns]
        told = each[0] if each and all(f == each[0] for f in each) else frozenset()
        return Rows(node, told, columns)
    if name == "DataLoader":
        batch = keywords.get("batch_size", args[1] if len(args) > 1 else Const(value=1))
        last = keywords.get("drop_last")
        facts = first.facts & {"train", "test"} if isinstance(first, Rows | Unknown | Tensor) else frozenset()
        drop = not (last is None or (isinstance(last, Const) and last.value is False))
        made = Loader(node, facts, first, batch, drop)
        if "collate_fn" in keywords or "batch_sampler" in keywords:
            made.rows = Unknown(node, facts=facts)
        length = objects.member(first.cls, "__len__") if isinstance(first, Instance) else None
        if isinstance(length, Function):
            made.count = whole(machine.enter(objects.bound(length, first), [], {}, node))
        machine.tell("loader", node, loader=made, keywords=keywords)
        return made
    if name == "random_split" and first is not None:
        lengths = args[1] if len(args) > 1 else keywords.get("lengths")
        machine.tell("split", node, data=[first])
        many = len(lengths.items) if isinstance(lengths, Seq) and not lengths.more else 2
        sizes = (
            [whole(i) for i in lengths.items]
            if isinstance(lengths, Seq) and not lengths.more
            else [None] * many
        )
        return Seq(node, items=[_subset(first, node, n) for n in sizes], kind="tuple")
    if name == "Subset" and first is not None:
        chosen = as_tensor(args[1]) if len(args) > 1 else None
        return _subset(first, node, chosen.shape[0] if chosen is not None and chosen.shape else None)
    return Unknown(node, name=name)


def _subset(rows: Any, node: ast.AST, count: Any) -> Any:
    if isinstance(rows, Rows):
        columns = None
        if rows.columns is not None:
            columns = [
                replace(c, shape=(count, *c.shape[1:]) if c.shape else None, origin=None, node=node)
                for c in rows.columns
            ]
        return Rows(node, frozenset(), columns, rows.item, count)
    if isinstance(rows, Instance):
        return Instance(node, cls=rows.cls, attrs=rows.attrs)
    return Unknown(node)

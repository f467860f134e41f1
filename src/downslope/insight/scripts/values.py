"""What a script's values are, as far as its text tells: numbers, tensors with the operations that made them,
layers, optimizers, loaders. Nothing is computed but shapes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...messages import read_table
from . import shapes

VOCABULARY: dict[str, Any] = read_table(Path(__file__).with_name("vocabulary.toml"))
Shape = Any  # a tuple of whole numbers; None for an unknown length, ... for unknown axes; None: unknown

NOTHING: frozenset[str] = frozenset()
SIDES = frozenset({"train", "test"})


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def pairs(text: str) -> dict[str, str]:
    """{"a": "b"} of "a:b"."""
    return dict(pair.split(":") for pair in text.split())


@dataclass(eq=False)
class Value:
    """Anything. `facts` says where it comes from: "train", "test", "real" (any number), "unit" (0 … 1), …"""

    node: Any = None
    facts: frozenset[str] = NOTHING


@dataclass(eq=False)
class Unknown(Value):
    """What the text does not tell: a parameter, an import of another file, the result of a foreign call."""

    name: str = ""
    attrs: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Const(Value):
    value: Any = None


@dataclass(eq=False)
class Lib(Value):
    """Something imported, by its full name: torch.nn.functional.softmax."""

    path: str = ""


@dataclass(eq=False)
class Tensor(Value):
    """An array, a tensor or a number, with the operation that made it."""

    op: str = ""
    inputs: tuple[Any, ...] = ()
    shape: Shape = None
    dtype: str = ""  # float, int, bool; "" unknown
    graph: bool | None = None  # whether backward reaches weights through it
    cut: tuple[str, ast.AST] | None = None  # where it left the graph
    layer: Any = None  # the layer or model that made it
    leaf: bool = False  # requires a gradient itself
    lib: str = ""  # torch, numpy, frame
    order: object = None  # the permutation of its rows
    key: object = None  # of op "read": the variable
    info: dict[str, Any] = field(default_factory=dict)
    origin: Value | None = None  # of a copy


@dataclass(eq=False)
class Seq(Value):
    """A list, tuple, or anything gone through item by item. `more`: further items may follow."""

    items: list[Any] = field(default_factory=list)
    more: bool = False
    kind: str = "list"


@dataclass(eq=False)
class Table(Value):
    """A dictionary with known keys."""

    items: dict[Any, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Function(Value):
    code: Any = None  # ast.FunctionDef or ast.Lambda
    frame: Any = None
    owner: Value | None = None  # self of a bound method
    name: str = ""


@dataclass(eq=False)
class Method(Value):
    """obj.name, before it is called."""

    owner: Any = None
    name: str = ""


@dataclass(eq=False)
class Class(Value):
    code: Any = None
    frame: Any = None
    bases: tuple[Any, ...] = ()
    methods: dict[str, Any] = field(default_factory=dict)
    attrs: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Module(Value):
    """A layer or a net: one of torch.nn (kind "Linear"), or an instance of a class of the script."""

    kind: str = ""
    args: list[Any] = field(default_factory=list)
    keywords: dict[str, Any] = field(default_factory=dict)
    children: list[Any] = field(default_factory=list)  # of Sequential, ModuleList
    attrs: dict[str, Any] = field(default_factory=dict)
    cls: Class | None = None

    def argument(self, place: int, *names: str) -> Value | None:
        for name in names:
            if name in self.keywords:
                return self.keywords[name]
        return self.args[place] if 0 <= place < len(self.args) else None


@dataclass(eq=False)
class Instance(Value):
    """An instance of a class of the script that is no net."""

    cls: Class | None = None
    attrs: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Parameters(Value):
    """model.parameters(): the weights of these owners."""

    owners: tuple[Any, ...] = ()


@dataclass(eq=False)
class Optimizer(Value):
    kind: str = ""
    owners: tuple[Any, ...] | None = None  # nets and tensors; None where the text does not tell
    holds: frozenset[int] = frozenset()  # ids of all layers and tensors in it when it was made
    rate: Value | None = None


@dataclass(eq=False)
class Scheduler(Value):
    kind: str = ""
    optimizer: Value | None = None
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Rows(Value):
    """A Dataset, or a part of one: the shapes and facts of what one row holds."""

    columns: list[Any] | None = None  # whole tensors, row by row
    item: Value | None = None  # what __getitem__ gives
    count: int | None = None


@dataclass(eq=False)
class Loader(Value):
    rows: Any = None
    batch: Value | None = None
    drop_last: bool = False
    count: int | None = None  # of rows


@dataclass(eq=False)
class State(Value):
    """model.state_dict(), copied or not."""

    model: Any = None
    copied: bool = False


@dataclass(eq=False)
class Estimator(Value):
    """A scaler, encoder or the like of scikit-learn."""

    kind: str = ""
    fitted: list = field(default_factory=list)


def constant(value: Any) -> Any:
    """What a constant holds; None for anything else."""
    return value.value if isinstance(value, Const) else None


def is_none(value: Any) -> bool:
    return isinstance(value, Const) and value.value is None


def number(value: Any) -> float | int | None:
    """The number that a value is for certain."""
    for _ in range(50):
        if isinstance(value, Tensor) and value.op in ("read", "const") and value.inputs:
            value = value.inputs[0]
    found = value.info.get("number") if isinstance(value, Tensor) else constant(value)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def whole(value: Any) -> int | None:
    found = number(value)
    return found if isinstance(found, int) else None


def root(value: Any) -> Any:
    """The value itself, behind its copies."""
    for _ in range(100):
        if not isinstance(value, Tensor) or value.origin is None:
            break
        value = value.origin
    return value


def walk(value: Value, limit: int = 3000) -> Iterator[Value]:
    """A value and all that it was made from."""
    seen: set[int] = set()
    waiting = [value]
    while waiting and len(seen) < limit:
        at = waiting.pop()
        if id(at) in seen:
            continue
        seen.add(id(at))
        yield at
        match at:
            case Tensor():
                waiting.extend(at.inputs)
            case Seq():
                waiting.extend(at.items)
            case Table():
                waiting.extend(at.items.values())
            case Rows():
                waiting.extend(at.columns or [])


def members(value: Any, seen: set[int] | None = None) -> Iterator[Value]:
    """A net and the layers in it, as far as they are known."""
    seen = set() if seen is None else seen
    value = root(value)
    if id(value) in seen or len(seen) > 2000:
        return
    seen.add(id(value))
    if isinstance(value, Module | Unknown):
        yield value
        inner = list(value.children) if isinstance(value, Module) else []
        for part in [*inner, *value.attrs.values()]:
            if isinstance(part, Module | Unknown | Tensor):
                yield from members(part, seen)
    elif isinstance(value, Tensor) and value.leaf:
        yield value


def joined(one: Any, other: Any) -> Any:
    """What a name holds after two ways: what both agree on."""
    if one is None or other is None or one is other:
        return other if one is None else one
    facts = one.facts | other.facts
    match one, other:
        case Const(), Const() if one.value == other.value and type(one.value) is type(other.value):
            return one
        case Tensor(), Tensor() if root(one) is root(other):
            return one
        case (Tensor() | Const() | Unknown(), Tensor() | Const() | Unknown()):
            first, second = as_tensor(one), as_tensor(other)
            same = lambda name, empty: (
                value if (value := getattr(first, name)) == getattr(second, name) else empty
            )
            settings: dict[str, Any] = {name: same(name, None) for name in ("graph", "cut", "order")}
            settings |= {name: same(name, "") for name in ("dtype", "lib")}
            shape, leaf = shapes.joined(first.shape, second.shape), first.leaf and second.leaf
            return Tensor(one.node, facts, "join", (one, other), shape, leaf=leaf, **settings)
        case (State() | Optimizer() | Scheduler(), Const(value=None)):  # best = None, and later a state
            return one
        case (Const(value=None), State() | Optimizer() | Scheduler()):
            return other
        case State(), State() if one.model is other.model:
            return other if one.copied else one
        case Seq(), Seq():
            if len(one.items) == len(other.items) and not (one.more or other.more):
                return Seq(one.node, facts, list(map(joined, one.items, other.items)), False, one.kind)
            items = one.items if len(one.items) >= len(other.items) else other.items
            return Seq(one.node, facts, list(items), True, one.kind)
        case Table(), Table():
            keys = [*one.items, *(key for key in other.items if key not in one.items)]
            return Table(one.node, NOTHING, {k: joined(one.items.get(k), other.items.get(k)) for k in keys})
    return Unknown(facts=one.facts & other.facts)


def agreed(values: list[Any]) -> Any:
    """What all of several values agree on."""
    one = values[0]
    for other in values[1:50]:
        one = joined(one, other)
    return one


def as_tensor(value: Any) -> Any:
    """A value as an operand of arithmetic; None for what is no number."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Const):
        plain = isinstance(value.value, int | float)
        kind = {bool: "bool", int: "int", float: "float"}.get(type(value.value), "")
        return Tensor(value.node, value.facts, "const", (value,), () if plain else None, kind, False)
    if isinstance(value, Unknown):
        return Tensor(value.node, value.facts, "unknown", (value,), None, "", None)
    if isinstance(value, Seq):
        return Tensor(value.node, value.facts, "list", tuple(value.items), literal_shape(value), "", False)
    return None


def literal_shape(value: Any, depth: int = 0) -> Shape:
    """The shape of a list of numbers, of lists of numbers."""
    if isinstance(value, Seq):
        inner = {literal_shape(item, depth + 1) for item in value.items[:200]} if depth <= 8 else set()
        one = inner.pop() if len(inner) == 1 else None
        return None if one is None else (None if value.more else len(value.items), *one)
    if isinstance(value, Const):
        return () if isinstance(value.value, int | float) else None
    return value.shape if isinstance(value, Tensor) else None


def operands(values: Any) -> list[Tensor]:
    """Those that arithmetic can be done with, as tensors."""
    return [tensor for tensor in map(as_tensor, values) if tensor is not None]

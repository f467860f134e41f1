"""What a script's values are, as far as its text tells: numbers, tensors with the operations that made them,
layers, optimizers, loaders. Nothing is computed but shapes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Shape = Any  # a tuple of whole numbers; None for an unknown length, ... for unknown axes; None: unknown

NOTHING: frozenset[str] = frozenset()


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
    made_in: tuple = ()  # the loops around its making

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
    keywords: dict[str, Any] = field(default_factory=dict)


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


def number(value: Any) -> float | int | None:
    """The number that a value is for certain."""
    for _ in range(50):
        if isinstance(value, Tensor) and value.op in ("read", "const") and value.inputs:
            value = value.inputs[0]
    if (
        isinstance(value, Const)
        and isinstance(value.value, int | float)
        and not isinstance(value.value, bool)
    ):
        return value.value
    if isinstance(value, Tensor):
        found = value.info.get("number")
        return found if isinstance(found, int | float) else None
    return None


def whole(value: Any) -> int | None:
    found = number(value)
    return found if isinstance(found, int) else None


def root(value: Any) -> Any:
    """The value itself, behind its copies."""
    for _ in range(100):
        if isinstance(value, Tensor) and value.origin is not None:
            value = value.origin
        else:
            break
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
        if isinstance(at, Tensor):
            waiting.extend(at.inputs)
        elif isinstance(at, Seq):
            waiting.extend(at.items)
        elif isinstance(at, Table):
            waiting.extend(at.items.values())
        elif isinstance(at, Rows):
            waiting.extend(at.columns or [])


def members(value: Any, seen: set[int] | None = None) -> Iterator[Value]:
    """A net and the layers in it, as far as they are told."""
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
    if one is other or other is None:
        return one
    if one is None:
        return other
    plain = isinstance(one, Const) and isinstance(other, Const)
    if plain and one.value == other.value and type(one.value) is type(other.value):
        return one
    if root(one) is root(other) and isinstance(one, Tensor) and isinstance(other, Tensor):
        return one
    if isinstance(one, Tensor | Const | Unknown) and isinstance(other, Tensor | Const | Unknown):
        first, second = as_tensor(one), as_tensor(other)
        if first is None or second is None:
            return Unknown(facts=one.facts & other.facts)
        same = first.graph == second.graph
        return Tensor(
            one.node,
            one.facts | other.facts,
            "join",
            (one, other),
            shape=joined_shape(first.shape, second.shape),
            dtype=first.dtype if first.dtype == second.dtype else "",
            graph=first.graph if same else None,
            cut=first.cut if first.cut == second.cut else None,
            leaf=first.leaf and second.leaf,
            lib=first.lib if first.lib == second.lib else "",
            order=first.order if first.order is second.order else None,
        )
    for empty, told in ((one, other), (other, one)):  # best = None, and later a state
        if (
            isinstance(empty, Const)
            and empty.value is None
            and isinstance(told, State | Optimizer | Scheduler)
        ):
            return told
    if isinstance(one, State) and isinstance(other, State) and one.model is other.model:
        return one if not one.copied else other
    if isinstance(one, Seq) and isinstance(other, Seq):
        if len(one.items) == len(other.items) and not (one.more or other.more):
            return Seq(
                one.node, one.facts | other.facts, list(map(joined, one.items, other.items)), False, one.kind
            )
        items = one.items if len(one.items) >= len(other.items) else other.items
        return Seq(one.node, one.facts | other.facts, list(items), True, one.kind)
    if isinstance(one, Table) and isinstance(other, Table):
        keys = [*one.items, *(key for key in other.items if key not in one.items)]
        return Table(one.node, NOTHING, {k: joined(one.items.get(k), other.items.get(k)) for k in keys})
    return Unknown(facts=one.facts & other.facts)


def joined_shape(one: Shape, other: Shape) -> Shape:
    if one is None or other is None or len(one) != len(other):
        return None
    return tuple(a if a == b else None if ... not in (a, b) else ... for a, b in zip(one, other))


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
    if depth > 8:
        return None
    if isinstance(value, Seq):
        if not value.items:
            return None
        inner = {literal_shape(item, depth + 1) for item in value.items[:200]}
        one = inner.pop() if len(inner) == 1 else None
        return None if one is None else (None if value.more else len(value.items), *one)
    if isinstance(value, Const):
        return () if isinstance(value.value, int | float) else None
    return value.shape if isinstance(value, Tensor) else None


@dataclass(eq=False)
class Method(Value):
    """obj.name, before it is called."""

    owner: Any = None
    name: str = ""

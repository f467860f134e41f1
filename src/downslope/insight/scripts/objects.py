"""What is gone through item by item, unpacked, named, owned; classes and their members."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from .values import (
    NOTHING,
    SIDES,
    Class,
    Function,
    Instance,
    Lib,
    Loader,
    Module,
    Optimizer,
    Parameters,
    Rows,
    Seq,
    Table,
    Tensor,
    Unknown,
    agreed,
    as_tensor,
    constant,
    members,
    root,
)

BEHIND = r"(?:$|_|[xyXYs]$|data|set|loader|iter|batch|rows|inputs|targets|labels|images)"
HELD_OUT = re.compile(rf"(?:^|_)[xyXY]?(?:test|tst|te|val|va|valid|validation|dev|holdout)\d?{BEHIND}", re.I)
TRAINED = re.compile(rf"(?:^|_)[xyXY]?(?:train|trn|tr|training)\d?{BEHIND}", re.I)
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
UNBOUNDED = re.compile(
    r"price|cost|sales|salary|income|age$|temperature|revenue|weight|height|distance|mpg|medv|demand|amount",
    re.I,
)
NOT_ASKED = object()


# ── what names and contexts say ─────────────────────────────────────────────────────────────────────
def facts_of(name: str) -> frozenset[str]:
    """What a name says of its rows: X_test, valLoader, y_train."""
    plain = CAMEL.sub("_", name)
    if HELD_OUT.search(plain):
        return frozenset({"test"})
    return frozenset({"train"}) if TRAINED.search(plain) else NOTHING


def labelled(value: Any, name: str) -> Any:
    """A value with what the name that it is given says of it."""
    facts = facts_of(name)
    if facts and isinstance(value, Tensor):
        return replace(value, facts=value.facts - SIDES | facts, origin=root(value), info=dict(value.info))
    if facts and isinstance(value, Loader | Rows | Unknown | Seq) and not value.facts & SIDES:
        value.facts |= facts
    return value


def recording_of(value: Any) -> Any:
    """Of a context: whether gradients are recorded in it; NOT_ASKED for any other."""
    asked = value.name if isinstance(value, Unknown) else ""
    if asked == "set_grad_enabled":
        mode = constant(value.attrs.get("mode"))
        return mode if isinstance(mode, bool) else None
    return {"no_grad": False, "inference_mode": False, "enable_grad": True}.get(asked, NOT_ASKED)


def decorated(function: Any, *names: str) -> bool:
    """Whether a function stands under @property, @staticmethod."""
    return any(getattr(d, "id", "") in names for d in getattr(function.code, "decorator_list", ()))


# ── items ───────────────────────────────────────────────────────────────────────────────────────────
def items(machine: Any, value: Any, node: Any) -> tuple[list[Any], bool]:
    """What a loop over a value meets, and whether that is all of it, one by one."""
    base = root(value)
    match base:
        case Seq(kind="range"):
            return [base.items[0]], False
        case Seq():
            each = any(isinstance(i, Table) or _single(i) or _holds(i) for i in base.items)
            side = base.facts & SIDES if len(base.items) < 200 else NOTHING
            inside = [marked(item, side) if side else item for item in base.items]
            return inside, each and not base.more and len(base.items) <= 12
        case Module() if base.children:
            return list(base.children), True
        case Parameters():
            return [parameter(base, node)], False
        case Loader():
            return [batch(machine, base, node)], False
        case Rows():
            return [row(machine, base, node)], False
        case Instance():
            for name, args in (("__iter__", []), ("__getitem__", [index(node)])):
                found = method(base, name)
                if found is not None:
                    made = machine.enter(found, args, {}, node)
                    return ([made], False) if args else items(machine, made, node)
        case Tensor() if base.shape and base.shape[0] is not ...:
            kept = (base.shape[1:], base.dtype, base.graph, base.cut)
            return [Tensor(node, value.facts, "index", (value,), *kept, lib=base.lib)], False
        case Tensor():
            return [Unknown(node, facts=value.facts)], False
        case Unknown():
            if base.attrs.get("$item") is None:
                base.attrs["$item"] = Unknown(node, facts=base.facts, name="$item")
            return [base.attrs["$item"]], False
    return [Unknown(node)], False


def one_item(machine: Any, value: Any, node: Any) -> Any:
    """What a loop over a value meets first."""
    found, _ = items(machine, value, node)
    return found[0] if found else Unknown(node)


def _single(value: Any) -> bool:
    """What is gone through one by one: layers, functions, arrays."""
    if isinstance(value, Tensor):
        return value.leaf or value.lib in ("torch", "numpy")
    return isinstance(value, Module | Function | Optimizer)


def _holds(value: Any) -> bool:
    """A pair with a layer or a weight in it: zip(layers, …)"""
    return isinstance(value, Seq) and any(map(_single, value.items))


def marked(value: Any, side: frozenset) -> Any:
    """An item of rows that are called train or test."""
    if isinstance(value, Seq):
        return replace(value, facts=value.facts | side, items=[marked(item, side) for item in value.items])
    if isinstance(value, Tensor) and not value.facts & SIDES:
        return replace(value, facts=value.facts | side, origin=root(value), info=dict(value.info))
    return value


def index(node: Any) -> Tensor:
    return Tensor(node, op="counter", shape=(), dtype="int", graph=False)


def parameter(value: Parameters, node: Any) -> Tensor:
    """One of the weights of model.parameters()"""
    owners = value.owners
    if len(owners) == 1 and isinstance(owners[0], Tensor):
        return owners[0]
    made = Tensor(node, op="parameter", graph=True, leaf=True, lib="torch", info={"owners": owners})
    return replace(made, layer=owners[0] if len(owners) == 1 else None)


def row(machine: Any, rows: Rows, node: Any) -> Any:
    """One row of a dataset."""
    if rows.columns is None:
        return rows.item if rows.item is not None else Unknown(node, facts=rows.facts)
    parts = [one_item(machine, column, node) for column in rows.columns]
    for part in parts:
        part.facts |= rows.facts
    return Seq(node, rows.facts, parts, False, "tuple")


def batch(machine: Any, loader: Loader, node: Any) -> Any:
    """A batch of a loader: a row with an axis before it."""
    rows = root(loader.rows)
    facts = loader.facts | (rows.facts if isinstance(rows, Rows | Unknown) else NOTHING)
    if isinstance(rows, Rows | Instance | Seq | Tensor):
        one = row(machine, rows, node) if isinstance(rows, Rows) else one_item(machine, rows, node)
        return stacked(one, node, facts, loader)
    return Unknown(node, facts=facts)


def stacked(value: Any, node: Any, facts: frozenset, loader: Loader, depth: int = 0) -> Any:
    more = lambda item: stacked(item, node, facts, loader, depth + 1)
    if isinstance(value, Seq) and depth < 4:
        return Seq(node, facts, list(map(more, value.items)), value.more, "tuple")
    if isinstance(value, Table):
        return Table(node, facts, {k: more(v) for k, v in value.items.items()})
    tensor = as_tensor(value)
    if tensor is None or isinstance(value, Unknown):
        return Unknown(node, facts=facts)
    side = facts & SIDES
    own = tensor.facts - SIDES | side if side else tensor.facts
    shape = (None, *tensor.shape) if tensor.shape is not None else None
    kept: dict[str, Any] = {"shape": shape, "dtype": tensor.dtype, "graph": False, "order": tensor.order}
    return Tensor(node, own, "batch", (tensor,), **kept, lib="torch", info={"loader": loader})


def parts(machine: Any, value: Any, count: int, star: int | None) -> list[Any]:
    """What `a, b, c = value` gives each of them."""
    base, node = root(value), getattr(value, "node", None)
    match base:
        case Seq() if not base.more and star is None and len(base.items) == count:
            return base.items
        case Seq() if not base.more and star is not None and len(base.items) >= count - 1:
            end = len(base.items) - (count - star - 1)
            return [*base.items[:star], Seq(node, items=base.items[star:end]), *base.items[end:]]
        case Seq() if base.items:
            return [agreed(base.items)] * count
        case Unknown():
            for key in (f"${place}" for place in range(count)):
                if base.attrs.get(key) is None:
                    base.attrs[key] = Unknown(node, facts=base.facts, name=key)
            return [base.attrs[f"${place}"] for place in range(count)]
        case Tensor() if base.op == "call":
            return [replace(base, info=dict(base.info)) for _ in range(count)]
        case Tensor():
            return [one_item(machine, value, node) for _ in range(count)]
        case Loader() | Rows() | Module() | Parameters() | Instance():
            found = items(machine, base, node)[0]
            return (found * count)[:count] if found else [Unknown(node)] * count
    return [Unknown(node) for _ in range(count)]


# ── classes ─────────────────────────────────────────────────────────────────────────────────────────
def member(made: Class | None, name: str, depth: int = 0) -> Any:
    """A method or attribute of a class, or of its bases in the script."""
    if made is None or depth > 8:
        return None
    found = made.methods.get(name, made.attrs.get(name))
    above = (member(base, name, depth + 1) for base in made.bases if isinstance(base, Class))
    return found if found is not None else next((value for value in above if value is not None), None)


def method(owner: Any, *names: str) -> Function | None:
    """The first of these methods that the class of an instance has, bound to it."""
    found = next((found for name in names if (found := member(owner.cls, name)) is not None), None)
    return replace(found, owner=owner) if isinstance(found, Function) else None


def bases(made: Class | None, depth: int = 0) -> list[str]:
    """The full names of all bases that are imported."""
    found: list[str] = []
    for base in made.bases if made else ():
        match base:
            case Lib():
                found.append(base.path)
            case Class() if depth < 8:
                found += bases(base, depth + 1)
            case Unknown():
                found.append(f"?.{base.name}")
    return found


def is_module(made: Class) -> bool:
    ends = ("LightningModule", ".PreTrainedModel")
    return any(path.startswith("torch.nn.") or path.endswith(ends) for path in bases(made))


# ── weights ─────────────────────────────────────────────────────────────────────────────────────────
def held(value: Any) -> list[Any]:
    """The nets and tensors in what an optimizer is given."""
    base = root(value)
    match base:
        case Parameters():
            return [m for owner in base.owners for m in members(owner)]
        case Table():
            return held(base.items.get("params"))
        case Seq():
            return [m for item in base.items for m in held(item)]
        case Tensor():
            return [base, *(m for owner in base.info.get("owners", ()) for m in members(owner))]
    return []


def owners(value: Any) -> tuple[Any, ...] | None:
    """Whose weights these are; None where the text does not tell."""
    base = root(value)
    match base:
        case Parameters():
            return base.owners
        case Table():
            return owners(base.items.get("params"))
        case Seq():
            found = [owners(item) for item in base.items]
            if None in found or (base.more and not found):
                return None
            return tuple(o for each in found for o in each or ())
        case Tensor() if base.leaf or base.op == "parameter":
            return tuple(base.info.get("owners", (base,)))
    return None

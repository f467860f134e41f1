"""What is gone through item by item, unpacked, named, made from a class, handed to a function."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import Any

from .values import (
    NOTHING,
    Class,
    Const,
    Function,
    Instance,
    Lib,
    Loader,
    Module,
    Parameters,
    Rows,
    Seq,
    Table,
    Tensor,
    Unknown,
    as_tensor,
    joined,
    root,
)

HELD_OUT = re.compile(
    r"(?:^|_)[xyXY]?(?:test|tst|te|val|va|valid|validation|dev|holdout)\d?"
    r"(?:$|_|[xyXYs]$|data|set|loader|iter|batch|rows|inputs|targets|labels|images)",
    re.I,
)
TRAINED = re.compile(
    r"(?:^|_)[xyXY]?(?:train|trn|tr|training)\d?"
    r"(?:$|_|[xyXYs]$|data|set|loader|iter|batch|rows|inputs|targets|labels|images)",
    re.I,
)
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
UNBOUNDED = re.compile(
    r"price|cost|sales|salary|income|age$|temperature|revenue|weight|height|distance|mpg|medv|demand|amount",
    re.I,
)
NOT_ASKED = object()


def facts_of(name: str) -> frozenset[str]:
    """What a name says of its rows: X_test, valLoader, y_train."""
    plain = CAMEL.sub("_", name)
    if HELD_OUT.search(plain):
        return frozenset({"test"})
    return frozenset({"train"}) if TRAINED.search(plain) else NOTHING


def labelled(value: Any, name: str) -> Any:
    """A value with what the name that it is given says of it."""
    facts = facts_of(name)
    if not facts or not isinstance(value, Tensor | Loader | Rows | Unknown | Seq):
        return value
    old = value.facts - {"train", "test"}
    if isinstance(value, Tensor):
        return replace(value, facts=old | facts, origin=root(value), info=dict(value.info))
    if not value.facts & {"train", "test"}:
        value.facts = old | facts
    return value


def recording_of(value: Any) -> Any:
    """Of a context: whether gradients are recorded in it; NOT_ASKED for any other."""
    if isinstance(value, Lib) and value.path.rpartition(".")[2] in ("no_grad", "inference_mode"):
        return NOT_ASKED  # with torch.no_grad: is an error of its own
    if isinstance(value, Unknown) and value.name in ("no_grad", "inference_mode"):
        return False
    if isinstance(value, Unknown) and value.name == "enable_grad":
        return True
    if isinstance(value, Unknown) and value.name == "set_grad_enabled":
        asked = value.attrs.get("mode")
        return asked.value if isinstance(asked, Const) and isinstance(asked.value, bool) else None
    return NOT_ASKED


def silences(machine, decorator: ast.AST) -> bool:
    """@torch.no_grad()"""
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    value = machine.value(node)
    return isinstance(value, Lib) and value.path.rpartition(".")[2] in ("no_grad", "inference_mode")


# ── items ───────────────────────────────────────────────────────────────────────────────────────────
def items(machine, value: Any, node: ast.AST) -> tuple[list[Any], bool]:
    """What a loop over a value meets, and whether that is all of it, one by one."""
    base = root(value)
    match base:
        case Seq():
            exact = not base.more and any(
                isinstance(i, Module | Function | Optimizer_ | Table) or _leaf(i) or _holds(i)
                for i in base.items
            )
            if base.kind == "range":
                return [base.items[0]], False
            told = base.facts & {"train", "test"}
            inside = (
                [marked(item, told) for item in base.items] if told and len(base.items) < 200 else base.items
            )
            return list(inside), exact and len(base.items) <= 12
        case Module() if base.children:
            return list(base.children), True
        case Parameters():
            return [parameter(machine, base, node)], False
        case Loader():
            return [batch(machine, base, node)], False
        case Rows():
            return [row(machine, base, node)], False
        case Instance():
            for name in ("__iter__", "__getitem__"):
                found = member(base.cls, name) if base.cls else None
                if isinstance(found, Function):
                    made = machine.enter(
                        bound(found, base), [index(node)] if name == "__getitem__" else [], {}, node
                    )
                    return ([made], False) if name == "__getitem__" else items(machine, made, node)
        case Tensor():
            if base.shape and base.shape[0] is not ...:
                shape = base.shape[1:]
                inner = Tensor(
                    node,
                    value.facts,
                    "index",
                    (value,),
                    shape,
                    base.dtype,
                    base.graph,
                    base.cut,
                    lib=base.lib,
                )
                return [inner], False
            return [Unknown(node, facts=value.facts)], False
        case Table():
            return [Unknown(node)], False
        case Unknown():
            found = base.attrs.get("$item")
            if found is None:
                facts = base.facts
                found = Unknown(node, facts=facts, name="$item")
                base.attrs["$item"] = found
            return [found], False
    return [Unknown(node)], False


def one_item(machine, value: Any, node: ast.AST) -> Any:
    """What a loop over a value meets first."""
    found, _ = items(machine, value, node)
    return found[0] if found else Unknown(node)


def marked(value: Any, told: frozenset) -> Any:
    """An item of rows that are called train or test."""
    if isinstance(value, Seq):
        return replace(value, facts=value.facts | told, items=[marked(item, told) for item in value.items])
    if isinstance(value, Tensor) and not value.facts & {"train", "test"}:
        return replace(value, facts=value.facts | told, origin=root(value), info=dict(value.info))
    return value


def _leaf(value: Any) -> bool:
    return isinstance(value, Tensor) and (value.leaf or value.lib in ("torch", "numpy"))


def _holds(value: Any) -> bool:
    """A pair with a layer or a weight in it: zip(layers, …)"""
    return isinstance(value, Seq) and any(
        isinstance(i, Module | Function | Optimizer_) or _leaf(i) for i in value.items
    )


def index(node: ast.AST) -> Tensor:
    return Tensor(node, op="counter", shape=(), dtype="int", graph=False)


def parameter(machine, value: Parameters, node: ast.AST) -> Tensor:
    """One of the weights of model.parameters()"""
    owners = value.owners
    if len(owners) == 1 and isinstance(owners[0], Tensor):
        return owners[0]
    return Tensor(
        node,
        op="parameter",
        graph=True,
        leaf=True,
        lib="torch",
        info={"owners": owners},
        layer=owners[0] if len(owners) == 1 else None,
    )


def row(machine, rows: Rows, node: ast.AST) -> Any:
    """One row of a dataset."""
    if rows.columns is not None:
        parts = [one_item(machine, column, node) for column in rows.columns]
        for part in parts:
            part.facts |= rows.facts
        return Seq(node, rows.facts, parts, False, "tuple")
    return rows.item if rows.item is not None else Unknown(node, facts=rows.facts)


def batch(machine, loader: Loader, node: ast.AST) -> Any:
    """A batch of a loader: a row with an axis before it."""
    rows = root(loader.rows)
    single = Unknown(node, facts=loader.facts)
    if isinstance(rows, Rows):
        single = row(machine, rows, node)
    elif isinstance(rows, Instance | Seq | Tensor):
        single = one_item(machine, rows, node)
    return stacked(
        single, node, loader.facts | (rows.facts if isinstance(rows, Rows | Unknown) else NOTHING), loader
    )


def stacked(value: Any, node: ast.AST, facts: frozenset, loader: Loader, depth: int = 0) -> Any:
    told = facts & {"train", "test"}
    if isinstance(value, Seq) and depth < 4:
        parts = [stacked(item, node, facts, loader, depth + 1) for item in value.items]
        return Seq(node, facts, parts, value.more, "tuple")
    if isinstance(value, Table):
        return Table(
            node, facts, {k: stacked(v, node, facts, loader, depth + 1) for k, v in value.items.items()}
        )
    tensor = as_tensor(value)
    if tensor is None or isinstance(value, Unknown):
        return Unknown(node, facts=facts)
    own = (tensor.facts - {"train", "test"} | told) if told else tensor.facts
    shape = (None, *tensor.shape) if tensor.shape is not None else None
    return Tensor(
        node,
        own,
        "batch",
        (tensor,),
        shape,
        tensor.dtype,
        False,
        lib="torch",
        order=tensor.order,
        info={"loader": loader},
    )


def parts(machine, value: Any, count: int, star: int | None) -> list[Any]:
    """What `a, b, c = value` gives each of them."""
    if isinstance(value, Seq) and not value.more and star is None and len(value.items) == count:
        return value.items
    if isinstance(value, Seq) and not value.more and star is not None and len(value.items) >= count - 1:
        after = count - star - 1
        middle = value.items[star : len(value.items) - after]
        return [*value.items[:star], Seq(value.node, items=middle), *value.items[len(value.items) - after :]]
    if isinstance(value, Seq) and value.items:
        found = value.items[0]
        for other in value.items[1:50]:
            found = joined(found, other)
        return [found] * count
    base = root(value)
    if isinstance(base, Unknown):
        for place in range(count):
            if base.attrs.get(f"${place}") is None:
                base.attrs[f"${place}"] = Unknown(value.node, facts=base.facts, name=f"${place}")
        return [base.attrs[f"${place}"] for place in range(count)]
    if isinstance(base, Tensor) and base.op == "call":
        made = [replace(base, node=base.node, info={**base.info, "part": place}) for place in range(count)]
        return made
    if isinstance(base, Tensor):
        if base.info.get("dims") and len(base.info["dims"]) == count:
            return [
                Const(base.node, value=d) if isinstance(d, int) else index(base.node)
                for d in base.info["dims"]
            ]
        return [one_item(machine, value, value.node) for _ in range(count)]
    if isinstance(base, Loader | Rows | Module | Parameters | Instance):
        found = items(machine, base, base.node)[0]
        return (found * count)[:count] if found else [Unknown(base.node)] * count
    return [Unknown(getattr(value, "node", None)) for _ in range(count)]


# ── classes and functions ───────────────────────────────────────────────────────────────────────────
def member(made: Class | None, name: str, depth: int = 0) -> Any:
    """A method or attribute of a class, or of its bases in the script."""
    if made is None or depth > 8:
        return None
    found = made.methods.get(name, made.attrs.get(name))
    if found is not None:
        return found
    for base in made.bases:
        if isinstance(base, Class):
            found = member(base, name, depth + 1)
            if found is not None:
                return found
    return None


def bases(made: Class, depth: int = 0) -> list[str]:
    """The full names of all bases that are imported."""
    found: list[str] = []
    for base in made.bases:
        if isinstance(base, Lib):
            found.append(base.path)
        elif isinstance(base, Class) and depth < 8:
            found += bases(base, depth + 1)
        elif isinstance(base, Unknown):
            found.append(f"?.{base.name}")
    return found


def is_module(made: Class) -> bool:
    return any(
        path.startswith("torch.nn.") or path.endswith(("LightningModule", ".PreTrainedModel"))
        for path in bases(made)
    )


def bound(function: Function, owner: Any) -> Function:
    return replace(function, owner=owner)


def instantiate(machine, made: Class, args: list | None, keywords: dict, node: ast.AST) -> Any:
    """Net(…)"""
    if is_module(made):
        kind = made.code.name
        result: Any = Module(
            node, kind=kind, cls=made, args=args or [], keywords=keywords, made_in=tuple(machine.loops)
        )
    else:
        result = Instance(node, cls=made)
    start = member(made, "__init__")
    if isinstance(start, Function):
        machine.enter(bound(start, result), args, keywords, node)
    else:
        fields = [
            s.target.id
            for s in made.code.body
            if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)
        ]
        for name, value in [*zip(fields, args or []), *keywords.items()]:
            result.attrs[name] = value
    if args is not None:
        machine.tell("made", node, value=result)
    return result


def arguments(machine, function: Function, frame: Any, args: list | None, keywords: dict) -> None:
    """The names of a function for these arguments; without arguments each is unknown."""
    given = function.code.args
    names = [a.arg for a in (*given.posonlyargs, *given.args)]
    static = any(getattr(d, "id", "") == "staticmethod" for d in getattr(function.code, "decorator_list", ()))
    if function.owner is not None and names and not static:
        frame.names[names[0]] = function.owner
        names = names[1:]
    values = list(args or [])
    frame.names.update({name: labelled(value, name) for name, value in zip(names, values)})
    if given.vararg:
        frame.names[given.vararg.arg] = Seq(
            function.code, items=values[len(names) :], more=args is None, kind="tuple"
        )
    keyword_names = {*names, *(a.arg for a in given.kwonlyargs)}
    for name, value in keywords.items():
        if name in keyword_names:
            frame.names[name] = labelled(value, name)
    if given.kwarg:
        rest = {k: v for k, v in keywords.items() if k not in keyword_names}
        frame.names[given.kwarg.arg] = Table(function.code, items=rest)
    defaults = dict(zip(reversed(names), reversed(given.defaults)))
    defaults.update({a.arg: d for a, d in zip(given.kwonlyargs, given.kw_defaults) if d is not None})
    current, machine.frame = machine.frame, function.frame or machine.top
    for name in keyword_names - frame.names.keys():
        if (name in defaults and args is not None) or (
            name in defaults
            and isinstance(defaults[name], ast.Constant)
            and defaults[name].value not in (None, True, False)
        ):
            frame.names[name] = machine.value(defaults[name])
        else:
            frame.names[name] = Unknown(function.code, name=name, facts=facts_of(name))
    machine.frame = current


from .values import Optimizer as Optimizer_  # noqa: E402


def two(found: list) -> list:
    """Two items for two passes: what all of them agree on."""
    if not found:
        return []
    one = found[0]
    for other in found[1:50]:
        one = joined(one, other)
    return [one, one]


def agreed(values: list[Any]) -> Any:
    one = values[0]
    for other in values[1:]:
        one = joined(one, other)
    return one

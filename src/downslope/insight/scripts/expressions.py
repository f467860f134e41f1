"""Expressions of a script, gone through: names, attributes, calls, comprehensions."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import builtins
from typing import Any

from . import arrays, layers, library, methods, objects, tables, tensors, updates
from .values import (
    Class,
    Const,
    Estimator,
    Function,
    Instance,
    Lib,
    Loader,
    Method,
    Module,
    Optimizer,
    Parameters,
    Rows,
    Scheduler,
    Seq,
    State,
    Table,
    Tensor,
    Unknown,
    Value,
    as_tensor,
    joined,
    root,
)

BUILTINS = frozenset(dir(builtins))


def value(machine, node: ast.AST) -> Any:
    """What an expression holds."""
    machine.tick()
    match node:
        case ast.Constant():
            return Const(node, value=node.value)
        case ast.Name():
            return name(machine, node)
        case ast.Attribute():
            return attribute(machine, machine.value(node.value), node.attr, node)
        case ast.Call():
            return call(machine, node)
        case ast.BinOp():
            return _chain(machine, node)
        case ast.UnaryOp():
            return tensors.unary(machine, node, machine.value(node.operand))
        case ast.Compare():
            left = machine.value(node.left)
            results = [
                tensors.compare(machine, node, left, machine.value(right)) for right in node.comparators
            ]
            return results[0]
        case ast.BoolOp():
            values = [machine.value(part) for part in node.values]
            return values[0] if len({id(v) for v in values}) == 1 else Unknown(node)
        case ast.IfExp():
            known = machine.truth(node.test)
            if known is not None:
                return machine.value(node.body if known else node.orelse)
            return joined(machine.value(node.body), machine.value(node.orelse))
        case ast.List() | ast.Tuple() | ast.Set():
            return _listed(machine, node)
        case ast.Dict():
            return _table(machine, node)
        case ast.Subscript():
            return subscript(machine, node)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            return _comprehended(machine, node)
        case ast.Lambda():
            return Function(node, code=node, frame=machine.frame, name="<lambda>")
        case ast.NamedExpr():
            found = machine.value(node.value)
            machine.bind(node.target, found, node)
            return found
        case ast.JoinedStr():
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    machine.value(part.value)
            return Const(node, value="")
        case ast.Await() | ast.Starred():
            return machine.value(node.value)
        case ast.Yield() | ast.YieldFrom():
            found = machine.value(node.value) if node.value else Const(node, value=None)
            if isinstance(node, ast.YieldFrom):
                items, _ = objects.items(machine, found, node)
                found = items[0] if items else Unknown(node)
            machine.frame.yields.append(found)
            return Unknown(node)
    return Unknown(node)


def _chain(machine, node: ast.BinOp) -> Any:
    """a + b + c + …, without a call of Python for each."""
    spine = [node]
    while isinstance(spine[-1].left, ast.BinOp):
        spine.append(spine[-1].left)
    found = machine.value(spine[-1].left)
    for at in reversed(spine):
        machine.tick()
        found = tensors.binary(machine, at, at.op, found, machine.value(at.right))
    return found


def name(machine, node: ast.Name) -> Any:
    frame = machine.frame
    inside = True
    while frame is not None:
        skip = isinstance(frame.code, ast.ClassDef) and not inside
        if not skip and node.id in frame.names:
            found = frame.names[node.id]
            if found is None:
                return Unknown(node, name=node.id)
            if node.id in machine.moved:
                return updates.read(machine, found, (id(frame), node.id), node)
            return found
        inside = inside and isinstance(frame.code, ast.comprehension)
        frame = frame.parent
    if node.id in BUILTINS:
        return Lib(node, path=f"builtins.{node.id}")
    if len(machine.script.stars) == 1:
        return Lib(node, path=f"{machine.script.stars[0]}.{node.id}")
    made = Unknown(node, name=node.id, facts=objects.facts_of(node.id))
    machine.top.names.setdefault(node.id, made)
    return made


def attribute(machine, owner: Any, attr: str, node: ast.AST) -> Any:
    base = root(owner)
    match base:
        case Lib():
            return Lib(node, path=f"{base.path}.{attr}")
        case Class():
            found = objects.member(base, attr)
            return Unknown(node, name=attr) if found is None else found
        case Module() | Instance():
            return _of_instance(machine, base, attr, node)
        case Unknown():
            return _of_unknown(machine, base, attr, node)
        case Tensor():
            return methods.of_tensor(machine, owner, attr, node)
        case Optimizer() | Scheduler() | Rows() | Loader() | State() | Estimator() | Parameters():
            if attr == "dataset" and isinstance(base, Loader):
                return base.rows or Unknown(node)
            if attr == "batch_size" and isinstance(base, Loader):
                return base.batch or Unknown(node)
            if attr == "targets" and isinstance(base, Rows):
                return Tensor(
                    node, facts=base.facts, op="data", shape=(base.count,), dtype="int", graph=False
                )
            return Method(node, owner=base, name=attr)
        case Table() if isinstance(base.items.get(attr), Value):
            return base.items[attr]  # data.target of a Bunch, args.lr of a namespace
    return Method(node, owner=base, name=attr)


def _of_instance(machine, base: Any, attr: str, node: ast.AST) -> Any:
    if base.attrs.get(attr) is not None:
        found = base.attrs[attr]
        return updates.read(machine, found, (id(base), attr), node) if f".{attr}" in machine.moved else found
    found = objects.member(base.cls, attr) if base.cls else None
    if isinstance(found, Function):
        static = any(
            getattr(d, "id", "") == "staticmethod" for d in getattr(found.code, "decorator_list", ())
        )
        bound = found if static else objects.bound(found, base)
        if any(getattr(d, "id", "") == "property" for d in getattr(found.code, "decorator_list", ())):
            return machine.enter(bound, [], {}, node)
        return bound
    if found is not None:
        return found
    if isinstance(base, Module) and attr in ("weight", "bias") and base.kind in layers.WEIGHTED:
        made = layers.weight(machine, base, attr, node)
        base.attrs[attr] = made
        return made
    if isinstance(base, Module) and attr not in methods.OF_MODULES and base.cls is not None:
        made_ = Unknown(node, name=attr, facts=objects.facts_of(attr))
        base.attrs[attr] = made_
        return made_
    return Method(node, owner=base, name=attr)


def _of_unknown(machine, base: Unknown, attr: str, node: ast.AST) -> Any:
    if attr in methods.OF_UNKNOWN and base.attrs.get(attr) is None:
        if attr in ("shape", "grad", "T", "data", "dtype", "values"):
            return methods.of_tensor(machine, as_tensor(base), attr, node)
        return Method(node, owner=base, name=attr)
    found = base.attrs.get(attr)
    if found is None:
        found = Unknown(node, facts=base.facts | objects.facts_of(attr), name=attr)
        base.attrs[attr] = found
    return updates.read(machine, found, (id(base), attr), node) if f".{attr}" in machine.moved else found


def call(machine, node: ast.Call) -> Any:
    function = machine.value(node.func)
    args: list[Any] = []
    for arg in node.args:
        found = machine.value(arg)
        if isinstance(arg, ast.Starred):
            items, exact = objects.items(machine, found, arg)
            args.extend(items if exact else [Unknown(arg, name="*")])
        else:
            args.append(found)
    keywords: dict[str, Any] = {}
    for keyword in node.keywords:
        found = machine.value(keyword.value)
        if keyword.arg:
            keywords[keyword.arg] = found
        elif isinstance(found, Table):
            keywords.update({k: v for k, v in found.items.items() if isinstance(k, str) and v is not None})
        else:
            keywords.setdefault("**", found)
    return apply(machine, function, args, keywords, node)


def apply(machine, function: Any, args: list, keywords: dict, node: ast.AST) -> Any:
    """function(*args, **keywords)"""
    function = root(function)
    match function:
        case Lib():
            return library.call(machine, function.path, args, keywords, node)
        case Method():
            return methods.call(machine, function.owner, function.name, args, keywords, node)
        case Function():
            return machine.enter(function, args, keywords, node)
        case Class():
            return objects.instantiate(machine, function, args, keywords, node)
        case Module():
            return layers.apply(machine, function, args, keywords, node)
        case Instance():
            found = objects.member(function.cls, "__call__") if function.cls else None
            if isinstance(found, Function):
                return machine.enter(objects.bound(found, function), args, keywords, node)
    return foreign(machine, function, args, keywords, node)


def foreign(machine, function: Any, args: list, keywords: dict, node: ast.AST) -> Any:
    """A call of what the text does not tell."""
    given = [*args, *keywords.values()]
    machine.tell("foreign", node, function=function, given=given)
    data = [v for v in given if isinstance(v, Tensor | Unknown)]
    if not data or not isinstance(function, Unknown | Tensor):
        return Unknown(node)
    machine.tell("model_call", node, model=function, args=args, result=None, mode=layers.mode(function))
    graph = False if machine.recording is False else None
    cut = ("no_grad", machine.silencer) if machine.recording is False and machine.silencer else None
    facts = frozenset().union(*(v.facts for v in data)) - tensors.RANGES
    made = Tensor(node, facts, "call", tuple(as_tensor(v) for v in data), None, "", graph, cut, function)
    made.info["called"] = True
    return made


def subscript(machine, node: ast.Subscript) -> Any:
    holder = machine.value(node.value)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    index = None if isinstance(node.slice, ast.Slice | ast.Tuple) else machine.value(node.slice)
    match holder:
        case Lib() if holder.path in ("numpy.c_", "numpy.r_"):
            return arrays.beside(machine, parts, node, holder.path[-2])
        case Table() if isinstance(index, Const) and index.value is not None:
            try:
                found = holder.items.get(index.value)
            except TypeError:
                found = None
            if found is None:
                return Unknown(node, name=str(index.value), facts=holder.facts)
            moved = ast.unparse(node.value) in machine.moved
            return updates.read(machine, found, (id(holder), index.value), node) if moved else found
        case Seq():
            return _item(machine, node, holder, index)
        case Module() if holder.children:
            place = index.value if isinstance(index, Const) else None
            if isinstance(place, int) and -len(holder.children) <= place < len(holder.children):
                return holder.children[place]
            if isinstance(node.slice, ast.Slice):
                return Module(node, kind=holder.kind, children=list(holder.children))
            return Unknown(node)
        case Rows():
            return objects.row(machine, holder, node)
        case Instance():
            found = objects.member(holder.cls, "__getitem__") if holder.cls else None
            if isinstance(found, Function):
                return machine.enter(objects.bound(found, holder), [index or Unknown(node)], {}, node)
        case Tensor() if holder.lib == "frame":
            return tables.column(machine, holder, node, index)
        case Tensor():
            return tensors.indexed(machine, node, holder, index, parts)
        case Unknown():
            if isinstance(index, Const) and isinstance(index.value, str | int):
                key = f"[{index.value!r}]"
                if holder.attrs.get(key) is None:
                    facts = holder.facts | objects.facts_of(str(index.value))
                    holder.attrs[key] = Unknown(node, facts=facts, name=str(index.value))
                return holder.attrs[key]
            if isinstance(node.slice, ast.Slice | ast.Tuple) or isinstance(index, Tensor | Seq):
                return tensors.indexed(machine, node, as_tensor(holder), index, parts)
            return Unknown(node, facts=holder.facts)
    return Unknown(node)


def _item(machine, node: ast.Subscript, holder: Seq, index: Any) -> Any:
    place = index.value if isinstance(index, Const) and not holder.more else None
    if isinstance(place, int) and -len(holder.items) <= place < len(holder.items):
        return holder.items[place]
    if isinstance(node.slice, ast.Slice):
        if not holder.more and holder.kind in ("list", "tuple"):
            ends = [
                machine.value(end) if end is not None else Const(value=None)
                for end in (node.slice.lower, node.slice.upper, node.slice.step)
            ]
            if all(isinstance(end, Const) for end in ends):
                try:
                    cut = holder.items[slice(*(end.value for end in ends))]
                except (TypeError, ValueError):
                    cut = holder.items
                return Seq(node, holder.facts, cut, False, holder.kind)
        return Seq(node, holder.facts, holder.items, True, holder.kind)
    items = holder.items[:50]
    if not items:
        return Unknown(node)
    found = items[0]
    for other in items[1:]:
        found = joined(found, other)
    return found


def _listed(machine, node: Any) -> Seq:
    made = Seq(node, kind="tuple" if isinstance(node, ast.Tuple) else "list")
    for part in node.elts[:5000]:
        found = machine.value(part)
        if isinstance(part, ast.Starred):
            items, exact = objects.items(machine, found, part)
            made.items.extend(items)
            made.more = made.more or not exact
        else:
            made.items.append(found)
    return made


def _table(machine, node: ast.Dict) -> Table:
    made = Table(node)
    for key, part in zip(node.keys, node.values):
        found = machine.value(part)
        if key is None:
            if isinstance(found, Table):
                made.items.update(found.items)
            continue
        told = machine.value(key)
        if isinstance(told, Const):
            made.items[told.value] = found
        else:
            made.items[f"[{len(made.items)}]"] = found
    return made


def _comprehended(machine, node: Any) -> Any:
    """The items that a comprehension makes: each one, where it goes over known layers or tensors."""
    from .happenings import Frame

    before = machine.frame
    machine.frame = Frame(node.generators[0], parent=before)
    element = node.value if isinstance(node, ast.DictComp) else node.elt
    made = Seq(node, kind="list", more=True)
    try:
        first, *others = node.generators
        items, exact = objects.items(machine, machine.value(first.iter), first.iter)
        chosen = items[:12] if exact else items[:1]
        made.more = not exact or bool(first.ifs) or bool(others)
        for item in chosen:
            machine.bind_in(first.target, item)
            for other in others:
                inner, _ = objects.items(machine, machine.value(other.iter), other.iter)
                machine.bind_in(other.target, inner[0] if inner else Unknown(node))
            for test in first.ifs:
                machine.value(test)
            if isinstance(node, ast.DictComp):
                machine.value(node.key)
            made.items.append(machine.value(element))
        if not chosen:
            made.items.append(Unknown(node))
    finally:
        machine.frame = before
    if isinstance(node, ast.DictComp):
        table = Table(node, items={f"[{i}]": item for i, item in enumerate(made.items)})
        source = node.generators[0].iter
        states = [
            v
            for v in (machine.value(n) for n in ast.walk(source) if isinstance(n, ast.Call))
            if isinstance(v, State)
        ]
        fresh = any(isinstance(n, ast.Call) for n in ast.walk(element))
        return State(node, model=states[0].model, copied=fresh) if states else table
    if made.items and all(isinstance(i, Tensor) and i.op == "parameter" for i in made.items):
        return Parameters(node, owners=tuple(o for i in made.items for o in i.info.get("owners", (i,))))
    return made

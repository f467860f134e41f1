"""Expressions of a script, gone through: names, attributes, calls, comprehensions."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import builtins
from dataclasses import replace
from typing import Any

from . import arrays, data, layers, library, methods, objects, tensors, updates
from .entering import Frame, instantiate
from .tensors import Call
from .values import (
    Class,
    Const,
    Function,
    Instance,
    Lib,
    Loader,
    Method,
    Module,
    Parameters,
    Rows,
    Seq,
    State,
    Table,
    Tensor,
    Unknown,
    Value,
    agreed,
    as_tensor,
    constant,
    joined,
    root,
)

BUILTINS = frozenset(dir(builtins))


def value(machine: Any, node: ast.AST) -> Any:
    """What an expression holds."""
    machine.tick()
    match node:
        case ast.Constant():
            return Const(node, value=node.value)
        case ast.Name():
            return _name(machine, node)
        case ast.Attribute():
            return attribute(machine, machine.value(node.value), node.attr, node)
        case ast.Call():
            return _call(machine, node)
        case ast.BinOp():
            return _chain(machine, node)
        case ast.UnaryOp():
            return tensors.unary(machine, node, machine.value(node.operand))
        case ast.Compare():
            left = machine.value(node.left)
            results = [tensors.compare(machine, node, left, machine.value(n)) for n in node.comparators]
            return results[0]
        case ast.BoolOp():
            values = list(map(machine.value, node.values))
            return values[0] if len(set(map(id, values))) == 1 else Unknown(node)
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
            return _subscript(machine, node)
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
                found = objects.one_item(machine, found, node)
            machine.frame.yields.append(found)
    return Unknown(node)


def _chain(machine: Any, node: ast.BinOp) -> Any:
    """a + b + c + …, without a call of Python for each."""
    spine = [node]
    while isinstance(spine[-1].left, ast.BinOp):
        spine.append(spine[-1].left)
    found = machine.value(spine[-1].left)
    for at in reversed(spine):
        machine.tick()
        found = tensors.binary(machine, at, at.op, found, machine.value(at.right))
    return found


# ── names and attributes ────────────────────────────────────────────────────────────────────────────
def _name(machine: Any, node: ast.Name) -> Any:
    frame, inside, name = machine.frame, True, node.id
    while frame is not None:
        if name in frame.names and (inside or not isinstance(frame.code, ast.ClassDef)):
            found = frame.names[name]
            if found is None:
                return Unknown(node, name=name)
            return updates.read(found, (id(frame), name), node) if name in machine.moved else found
        inside = inside and isinstance(frame.code, ast.comprehension)
        frame = frame.parent
    if name in BUILTINS:
        return Lib(node, path=f"builtins.{name}")
    if len(machine.script.stars) == 1:
        return Lib(node, path=f"{machine.script.stars[0]}.{name}")
    made = Unknown(node, name=name, facts=objects.facts_of(name))
    machine.top.names.setdefault(name, made)
    return made


def attribute(machine: Any, owner: Any, attr: str, node: ast.AST) -> Any:
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
        case Loader() if attr in ("dataset", "batch_size"):
            return (base.rows if attr == "dataset" else base.batch) or Unknown(node)
        case Rows() if attr == "targets":
            return Tensor(node, base.facts, "data", (), (base.count,), "int", False)
        case Table() if isinstance(base.items.get(attr), Value):
            return base.items[attr]  # data.target of a Bunch, args.lr of a namespace
    return Method(node, owner=base, name=attr)


def _of_instance(machine: Any, base: Any, attr: str, node: ast.AST) -> Any:
    if base.attrs.get(attr) is not None:
        return _moved(machine, base, attr, base.attrs[attr], node)
    found = objects.member(base.cls, attr)
    if isinstance(found, Function):
        bound = found if objects.decorated(found, "staticmethod") else replace(found, owner=base)
        return machine.enter(bound, [], {}, node) if objects.decorated(found, "property") else bound
    if found is not None:
        return found
    if isinstance(base, Module) and attr in ("weight", "bias") and base.kind in layers.WEIGHTED:
        base.attrs[attr] = layers.weight(base, attr, node)
        return base.attrs[attr]
    if isinstance(base, Module) and attr not in methods.OF_MODULES and base.cls is not None:
        base.attrs[attr] = Unknown(node, name=attr, facts=objects.facts_of(attr))
        return base.attrs[attr]
    return Method(node, owner=base, name=attr)


def _of_unknown(machine: Any, base: Unknown, attr: str, node: ast.AST) -> Any:
    if base.attrs.get(attr) is None:
        if attr in methods.OF_TENSORS:
            return methods.of_tensor(machine, as_tensor(base), attr, node)
        if attr in methods.OF_UNKNOWN:
            return Method(node, owner=base, name=attr)
        base.attrs[attr] = Unknown(node, facts=base.facts | objects.facts_of(attr), name=attr)
    return _moved(machine, base, attr, base.attrs[attr], node)


def _moved(machine: Any, base: Any, attr: str, found: Any, node: ast.AST) -> Any:
    return updates.read(found, (id(base), attr), node) if f".{attr}" in machine.moved else found


# ── calls ───────────────────────────────────────────────────────────────────────────────────────────
def _call(machine: Any, node: ast.Call) -> Any:
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
            keywords |= {k: v for k, v in found.items.items() if isinstance(k, str) and v is not None}
        else:
            keywords.setdefault("**", found)
    return apply(function, Call(machine, node, "", args, keywords))


def apply(function: Any, of: Call) -> Any:
    """function(*args, **keywords)"""
    function, machine = root(function), of.machine
    match function:
        case Lib():
            return library.call(of, function.path)
        case Method():
            return methods.call(replace(of, name=function.name), function.owner)
        case Function():
            return machine.enter(function, of.args, of.keywords, of.node)
        case Class():
            return instantiate(machine, function, of.args, of.keywords, of.node)
        case Module():
            return layers.apply(of, function)
        case Instance():
            called = objects.method(function, "__call__")
            if called is not None:
                return machine.enter(called, of.args, of.keywords, of.node)
    return _foreign(of, function)


def _foreign(of: Call, function: Any) -> Any:
    """A call of what the text does not tell: it may be a net."""
    of.foreign(function)
    given = [v for v in of.given if isinstance(v, Tensor | Unknown)]
    if not given or not isinstance(function, Unknown | Tensor):
        return of.unknown()
    of.emit("model_call", model=function, args=of.args, result=None, mode=layers.mode(function))
    silent = of.machine.recording is False
    cut = ("no_grad", of.machine.silencer) if silent and of.machine.silencer else None
    facts = frozenset().union(*(v.facts for v in given)) - tensors.RANGES
    inputs = tuple(map(as_tensor, given))
    return Tensor(of.node, facts, "call", inputs, None, "", False if silent else None, cut, function)


# ── items ───────────────────────────────────────────────────────────────────────────────────────────
def _subscript(machine: Any, node: ast.Subscript) -> Any:
    holder = machine.value(node.value)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    cut = isinstance(node.slice, ast.Slice | ast.Tuple)
    index = None if cut else machine.value(node.slice)
    match holder:
        case Lib() if holder.path in ("numpy.c_", "numpy.r_"):
            return arrays.side_by_side(Call(machine, node), parts, holder.path[-2])
        case Table() if constant(index) is not None:
            found = holder.items.get(index.value)
            if found is None:
                return Unknown(node, name=str(index.value), facts=holder.facts)
            moved = ast.unparse(node.value) in machine.moved
            return updates.read(found, (id(holder), index.value), node) if moved else found
        case Seq():
            return _item(machine, node, holder, index)
        case Module() if holder.children:
            place = constant(index)
            if isinstance(place, int) and -len(holder.children) <= place < len(holder.children):
                return holder.children[place]
            if isinstance(node.slice, ast.Slice):
                return Module(node, kind=holder.kind, children=list(holder.children))
        case Rows():
            return objects.row(machine, holder, node)
        case Instance():
            found = objects.method(holder, "__getitem__")
            if found is not None:
                return machine.enter(found, [index or Unknown(node)], {}, node)
        case Tensor() if holder.lib == "frame":
            return data.column(machine, holder, node, index)
        case Tensor():
            return tensors.indexed(machine, node, holder, parts)
        case Unknown() if isinstance(constant(index), str | int):
            key = f"[{index.value!r}]"
            if holder.attrs.get(key) is None:
                facts = holder.facts | objects.facts_of(str(index.value))
                holder.attrs[key] = Unknown(node, facts=facts, name=str(index.value))
            return holder.attrs[key]
        case Unknown() if cut or isinstance(index, Tensor | Seq):
            return tensors.indexed(machine, node, as_tensor(holder), parts)
        case Unknown():
            return Unknown(node, facts=holder.facts)
    return Unknown(node)


def _item(machine: Any, node: ast.Subscript, holder: Seq, index: Any) -> Any:
    place = constant(index) if not holder.more else None
    if isinstance(place, int) and -len(holder.items) <= place < len(holder.items):
        found = holder.items[place]
        return replace(found, node=node) if holder.kind == "shape" else found
    if isinstance(node.slice, ast.Slice):
        if not holder.more and holder.kind in ("list", "tuple"):
            ends = (node.slice.lower, node.slice.upper, node.slice.step)
            known = [Const(value=None) if end is None else machine.value(end) for end in ends]
            if all(isinstance(constant(end), int | None) and isinstance(end, Const) for end in known):
                cut = holder.items[slice(*map(constant, known))] if constant(known[2]) != 0 else holder.items
                return Seq(node, holder.facts, cut, False, holder.kind)
        return Seq(node, holder.facts, holder.items, True, holder.kind)
    return agreed(holder.items) if holder.items else Unknown(node)


def _listed(machine: Any, node: Any) -> Seq:
    made = Seq(node, kind="tuple" if isinstance(node, ast.Tuple) else "list")
    for part in node.elts[:5000]:
        found = machine.value(part)
        starred = isinstance(part, ast.Starred)
        items, exact = objects.items(machine, found, part) if starred else ([found], True)
        made.items += items
        made.more = made.more or not exact
    return made


def _table(machine: Any, node: ast.Dict) -> Table:
    made = Table(node)
    for key, part in zip(node.keys, node.values):
        found = machine.value(part)
        if key is None:
            made.items |= found.items if isinstance(found, Table) else {}
        else:
            known = machine.value(key)
            made.items[known.value if isinstance(known, Const) else f"[{len(made.items)}]"] = found
    return made


def _comprehended(machine: Any, node: Any) -> Any:
    """The items that a comprehension makes: each one, where it goes over known layers or tensors."""
    element = node.value if isinstance(node, ast.DictComp) else node.elt
    first, *others = node.generators
    made: list[Any] = []
    with machine.inside(Frame(first, parent=machine.frame)):
        items, exact = objects.items(machine, machine.value(first.iter), first.iter)
        for item in items[:12] if exact else items[:1]:
            machine.bind(first.target, item, node)
            for other in others:
                inner = objects.one_item(machine, machine.value(other.iter), other.iter)
                machine.bind(other.target, inner, node)
            for test in first.ifs:
                machine.value(test)
            if isinstance(node, ast.DictComp):
                machine.value(node.key)
            made.append(machine.value(element))
    if isinstance(node, ast.DictComp):
        calls = [machine.value(n) for n in ast.walk(first.iter) if isinstance(n, ast.Call)]
        states = [v for v in calls if isinstance(v, State)]
        if states:  # {k: v.clone() for k, v in model.state_dict().items()}
            fresh = any(isinstance(n, ast.Call) for n in ast.walk(element))
            return State(node, model=states[0].model, copied=fresh)
        return Table(node, items={f"[{i}]": item for i, item in enumerate(made or [Unknown(node)])})
    if made and all(isinstance(i, Tensor) and i.op == "parameter" for i in made):
        return Parameters(node, owners=tuple(o for i in made for o in i.info.get("owners", (i,))))
    more = not exact or bool(first.ifs or others)
    return Seq(node, items=made or [Unknown(node)], more=more)

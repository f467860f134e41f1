"""Methods and attributes: of tensors, nets, optimizers, and of what the text does not tell."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from . import data, layers, objects, operations, shapes, tensors
from .operations import METHODS
from .tensors import Call
from .values import (
    NOTHING,
    VOCABULARY,
    Class,
    Const,
    Estimator,
    Function,
    Instance,
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
    as_tensor,
    constant,
    members,
    root,
    words,
)

OF_MODELS = words(VOCABULARY["methods"]["of_models"])
OF_MODULES = OF_MODELS | words("log log_dict items type insert")
OF_TENSORS = words("shape grad T data dtype values")
OF_UNKNOWN = (OF_MODELS | METHODS | OF_TENSORS) | words(
    "step backward scale fit_transform transform append update unscale_ add_param_group"
)
SAME_MODULE = words("to cuda cpu half float double type share_memory requires_grad_ bfloat16")
TOLD = words("dtype device index columns name is_cuda ndim requires_grad names")


# ── attributes of tensors ───────────────────────────────────────────────────────────────────────────
def of_tensor(machine: Any, owner: Tensor, attr: str, node: ast.AST) -> Any:
    """x.T, x.shape, w.grad, w.data, df.price"""
    base, shape, frame = root(owner), owner.shape, owner.lib == "frame"
    match attr:
        case "T" | "mT" | "H":
            turned = shape[::-1] if shapes.known(shape) else shape
            return tensors.made(machine, "T", (owner,), node, turned, owner.dtype)
        case "shape":
            return tensors.dims(owner, node)
        case "grad":
            return Tensor(node, NOTHING, "grad", (owner,), shape, "float", False, lib="torch")
        case "data" if not frame:
            cut = ("detach", node) if owner.graph else owner.cut
            return operations.copied(owner, node, "data", cut, of=base)
        case "values" if frame:
            return tensors.made(machine, "numpy", (owner,), node, shape, owner.dtype, lib="numpy")
        case "loc" | "iloc" if frame:
            return owner
        case _ if attr in TOLD:
            return Unknown(node, name="" if frame and attr in ("index", "columns") else attr)
        case "size" if owner.lib in ("numpy", "frame"):
            return tensors.length(base, shapes.size(shape), 0, node)
        case "loss" | "logits" | "last_hidden_state" | "pooler_output" if getattr(base, "op", "") == "call":
            return replace(base, node=node, info=dict(base.info), origin=None)
    if frame and attr not in METHODS:
        return data.named_column(owner, node, (shape[0] if shape else None,), attr, owner.order)
    return Method(node, owner=owner, name=attr)


# ── methods ─────────────────────────────────────────────────────────────────────────────────────────
def call(of: Call, owner: Any) -> Any:
    """owner.name(*args)"""
    base, name = root(owner), of.name
    match base:
        case Module():
            return _of_module(of, base)
        case Optimizer():
            return _of_optimizer(of, base)
        case Scheduler():
            if name == "step":
                of.emit("schedule", scheduler=base)
        case Estimator():
            return data.estimate(of, base)
        case State() if name == "copy":
            return State(of.node, model=base.model)
        case Loader() | Rows() | Parameters():
            return base if name in ("prepare", "shuffle", "to") else of.unknown(facts=base.facts)
        case Seq():
            return _of_list(of, base)
        case Table():
            return _of_table(of, base)
        case Instance():
            return _foreign(of, base)
        case Unknown(name="$super"):
            return _of_super(of, base)
        case Unknown():
            return _of_unknown(of, owner, base)
        case Tensor():
            return _of_tensor(of, owner, base)
        case Const(value=str()):
            return of.constant("")
        case Function() if name == "__call__":
            return of.machine.enter(base, of.args, of.keywords, of.node)
    return of.unknown()


def _foreign(of: Call, base: Any, **more: Any) -> Unknown:
    of.foreign(Method(of.node, owner=base, name=of.name))
    return of.unknown(**more)


def _of_super(of: Call, base: Unknown) -> Any:
    cls, owner = base.attrs.get("$class"), base.attrs.get("$self")
    for above in getattr(cls, "bases", ()):
        found = objects.member(above, of.name) if isinstance(above, Class) else None
        if isinstance(found, Function):
            return of.machine.enter(replace(found, owner=owner), of.args, of.keywords, of.node)
    if of.name == "forward" and isinstance(owner, Module):
        return layers.sequence(of, owner, of.first)
    if of.name == "__init__" and isinstance(owner, Module) and not owner.children:
        owner.children.extend(a for a in of.args if isinstance(a, Module))
    return of.unknown()


def _of_optimizer(of: Call, base: Optimizer) -> Any:
    match of.name:
        case "step":
            closure = isinstance(of.first, Function | Method)
            entered = isinstance(of.first, Function)
            result = of.machine.enter(of.first, [], {}, of.node) if entered else of.unknown()
            of.emit("step", optimizer=base, closure=closure)
            return result if closure else of.constant()
        case "zero_grad":
            of.emit("clear", target=base)
            return of.constant()
        case "add_param_group":
            base.holds |= frozenset(id(root(m)) for arg in of.args for m in objects.held(arg))
            base.owners = None
    return of.unknown()


def _of_model(of: Call, base: Module | Unknown) -> Any:
    """What every net answers, known or not; None for another name."""
    match of.name:
        case "eval" | "train":
            asked = (of.given or [Const(value=True)])[0]
            state = constant(asked) if isinstance(constant(asked), bool) else None
            layers.set_mode(of.machine, base, False if of.name == "eval" else state, of.node)
            return base
        case "parameters" | "named_parameters":
            made = Parameters(of.node, owners=(base,))
            of.emit("parameters", model=base)
            if of.name == "parameters":
                return made
            pair = of.several(of.unknown(), objects.parameter(made, of.node))
            return of.several(pair, kind="list", more=True)
        case "state_dict":
            return State(of.node, model=base)
        case "load_state_dict":
            of.emit("load", model=base, state=of.first)
            return of.unknown()
        case "zero_grad":
            of.emit("clear", target=base)
            return of.constant()
    return None


def _of_module(of: Call, base: Module) -> Any:
    name, machine, named = of.name, of.machine, constant(of.first)
    found = _of_model(of, base)
    if found is not None:
        return found
    match name:
        case "requires_grad_":
            if constant(of.arg(0, "requires_grad")) is False:
                for part in members(base):
                    if isinstance(part, Module | Unknown):
                        machine.put(part.attrs, "$frozen", True)
            return base
        case "apply":
            inside = list(members(base))[:40] if isinstance(of.first, Function) else []
            for part in inside:
                if isinstance(part, Module):
                    machine.enter(of.first, [part], {}, of.node)
            return base
        case _ if name in SAME_MODULE:
            return base
        case "forward" if base.cls is None:
            return layers.apply(of, base)
        case "append" | "add_module" | "insert" | "extend" | "register_module":
            added = of.args[-1] if of.args else None
            children = [v for v in (added.items if isinstance(added, Seq) else [added]) if v is not None]
            base.children.extend(children)
            of.emit("registered", container=base, layers=children)
            if name == "add_module" and base.cls is not None and isinstance(of.first, Const):
                base.attrs[str(named)] = added
            return base
        case "modules" | "children":
            inside = [m for m in members(base) if m is not base or name == "modules"]
            return of.several(*inside[:40], kind="list")
        case "named_modules" | "named_children":
            return _named(of, list(members(base))[:12])
        case "register_buffer" if len(of.args) > 1 and isinstance(of.first, Const):
            machine.put(base.attrs, named, of.args[1])
        case "values" | "items" if base.kind == "ModuleDict":
            inside = [v for v in base.attrs.values() if isinstance(v, Module)]
            return of.several(*inside, kind="list") if name == "values" else _named(of, inside)
    return _foreign(of, base, attrs={"$of": base})


def _named(of: Call, values: list) -> Seq:
    return of.several(*(of.several(of.unknown(), value) for value in values), kind="list")


def _of_unknown(of: Call, owner: Any, base: Unknown) -> Any:
    """A method of a parameter, which may be a model, an optimizer, a loader."""
    name, first = of.name, of.first
    found = None if name in ("train", "eval") and len(of.args) > 1 else _of_model(of, base)
    if found is not None:
        return found
    match name:
        case "step":
            return _step(of, base)
        case "clear_grad":
            of.emit("clear", target=base)
            return of.constant()
        case "fit_transform" | "transform" | "fit":
            return data.estimate(of, base)
        case "append" if of.args:
            of.emit("append", holder=base, added=first)
            return of.constant()
        case "unscale_" | "update" | "scale":
            return first if name == "scale" and isinstance(first, Tensor) else of.unknown()
        case _ if name in SAME_MODULE and name != "requires_grad_":
            return owner
    return _of_tensor(of, owner, base)


def _of_tensor(of: Call, owner: Any, base: Any) -> Any:
    if of.name == "backward":
        return _backward(of, owner, base)
    if of.name in METHODS:
        return operations.method(of, owner)
    _foreign(of, base)
    if isinstance(base, Tensor):
        return of.make(of.name, [owner, *(a for a in of.args if isinstance(a, Tensor))])
    given = [a for a in of.given if isinstance(a, Tensor)]
    if not given:
        return of.unknown(facts=base.facts)
    made = of.make("call", given, layer=base)
    made.graph, made.cut = (False, None) if of.machine.recording is False else (None, None)
    return made


def _backward(of: Call, owner: Any, base: Any) -> Const:
    """loss.backward(), engine.backward(loss)"""
    first, tensor, engine = of.first, as_tensor(owner), None
    if isinstance(base, Unknown) and (isinstance(first, Tensor | Seq) or len(of.args) > 1):
        if not isinstance(first, Tensor):
            tensor, engine = Tensor(of.node), base
        elif first.op not in ("ones", "ones_like", "tensor"):
            tensor, engine = first, base
    of.emit("backward", tensor=tensor, engine=engine)
    return of.constant()


def _step(of: Call, base: Unknown) -> Any:
    first, name = of.first, base.name.lower()
    closure = isinstance(first, Function)
    if isinstance(first, Optimizer | Unknown | Module) or getattr(first, "op", "") == "unknown":
        found = root(first)  # scaler.step(optimizer)
        if isinstance(found, Optimizer) or "opt" in getattr(found, "name", "") or "scal" in base.name:
            of.emit("step", optimizer=found, closure=False, scaler=base)
            return of.constant()
    if closure:
        of.machine.enter(first, [], {}, of.node)
    if "sched" in name or "warmup" in name:
        of.emit("schedule", scheduler=base)
    elif len(of.args) <= 1 and "env" not in name:
        of.emit("step", optimizer=base, closure=closure, engine=bool(of.args) and not closure)
    else:
        return of.several(*(of.unknown() for _ in range(5)), kind="list", more=True)
    return of.unknown()


# ── methods of lists and tables ─────────────────────────────────────────────────────────────────────
def _of_list(of: Call, base: Seq) -> Any:
    name, machine = of.name, of.machine
    match name:
        case "append" | "add" | "appendleft" | "insert" if of.args:
            added = of.args[-1]
            of.emit("append", holder=base, added=added)
            same = base.items and all(type(i) is type(added) for i in base.items)
            if len(base.items) < (13 if machine.loops and same else 200):
                machine.put(base.__dict__, "items", [*base.items, added])
            base.more = base.more or bool(machine.loops)
            return of.constant()
        case "extend" if of.args:
            found, exact = objects.items(machine, of.first, of.node)
            machine.put(base.__dict__, "items", [*base.items, *found][:200])
            base.more = base.more or not exact
        case "copy":
            return replace(base, node=of.node)
        case "pop" | "popleft" if base.items and base.kind != "shape":
            return base.items[-1]
    silent = name in ("sort", "reverse", "clear", "extend", "remove") and base.kind != "shape"
    return of.constant() if silent else of.unknown()


def _of_table(of: Call, base: Table) -> Any:
    found = {key: value for key, value in base.items.items() if value is not None}
    key = constant(of.first)
    match of.name:
        case "values":
            return of.several(*found.values(), kind="list")
        case "items":
            return of.several(*(of.several(of.constant(k), v) for k, v in found.items()), kind="list")
        case "keys":
            return of.several(*map(of.constant, base.items), kind="list")
        case "get" | "setdefault" | "pop" if isinstance(of.first, Const):
            if key not in found and of.name == "setdefault" and len(of.args) > 1:
                base.items[key] = found[key] = of.args[1]
            return found.get(key) or of.unknown()
        case "update" if isinstance(of.first, Table):
            for name, value in of.first.items.items():
                of.machine.put(base.items, name, value)
    return of.unknown()

"""Methods and attributes: of tensors, nets, loaders, and of what the text does not tell."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from . import containers, layers, objects, operations, shaping, tensors
from .operation_names import METHODS
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
    as_tensor,
    members,
    root,
)

OF_MODULES = {
    "train",
    "eval",
    "parameters",
    "named_parameters",
    "to",
    "cuda",
    "cpu",
    "zero_grad",
    "state_dict",
    "load_state_dict",
    "apply",
    "modules",
    "children",
    "named_modules",
    "named_children",
    "half",
    "float",
    "double",
    "requires_grad_",
    "register_buffer",
    "append",
    "add_module",
    "extend",
    "forward",
    "share_memory",
    "compile",
    "register_parameter",
    "buffers",
    "type",
    "get_parameter",
    "insert",
    "log",
    "log_dict",
    "items",
}
OF_UNKNOWN = (
    (OF_MODULES - {"log", "log_dict", "items", "type", "insert"})
    | METHODS
    | {
        "step",
        "backward",
        "shape",
        "grad",
        "T",
        "data",
        "dtype",
        "values",
        "scale",
        "fit_transform",
        "transform",
        "append",
        "update",
        "unscale_",
        "add_param_group",
    }
)
SAME_MODULE = {
    "to",
    "cuda",
    "cpu",
    "half",
    "float",
    "double",
    "type",
    "share_memory",
    "requires_grad_",
    "bfloat16",
}


def of_tensor(machine, owner: Tensor, attr: str, node: ast.AST) -> Any:
    """x.T, x.shape, w.grad, w.data, df.price"""
    base = root(owner)
    if attr in ("T", "mT", "H"):
        shape = owner.shape[::-1] if owner.shape is not None and ... not in owner.shape else owner.shape
        return tensors.made(machine, "T", (owner,), node, shape, owner.dtype)
    if attr == "shape":
        return _dims(owner, node)
    if attr == "grad":
        return Tensor(
            node, op="grad", inputs=(owner,), shape=owner.shape, dtype="float", graph=False, lib="torch"
        )
    if attr == "data" and owner.lib != "frame":
        copy = replace(
            owner, op="data", inputs=(owner,), node=node, info={}, origin=None, graph=False, leaf=False
        )
        copy.cut = ("detach", node) if owner.graph else owner.cut
        copy.info["of"] = base
        return copy
    if attr == "values" and owner.lib == "frame":
        return tensors.made(machine, "numpy", (owner,), node, owner.shape, owner.dtype, lib="numpy")
    if attr in ("loc", "iloc") and owner.lib == "frame":
        return owner
    if attr in ("dtype", "device", "index", "columns", "name", "is_cuda", "ndim", "requires_grad", "names"):
        if owner.lib == "frame" and attr in ("index", "columns"):
            return Unknown(node)
        return Unknown(node, name=attr)
    if attr == "size" and owner.lib in ("numpy", "frame"):
        return _count(owner, node)
    if (
        isinstance(base, Tensor)
        and base.op == "call"
        and attr in ("loss", "logits", "last_hidden_state", "pooler_output")
    ):
        return replace(base, node=node, op="call", info={**base.info, "part": attr}, origin=None)
    if owner.lib == "frame" and attr not in METHODS:
        facts = owner.facts | ({"real"} if objects.UNBOUNDED.search(attr) else frozenset())
        return Tensor(
            node,
            facts,
            "column",
            (owner,),
            (owner.shape[0] if owner.shape else None,),
            "",
            False,
            lib="frame",
            order=owner.order,
        )
    return Method(node, owner=owner, name=attr)


def _dims(owner: Tensor, node: ast.AST) -> Seq:
    shape = owner.shape
    made = Seq(node, kind="shape", more=shape is None or ... in shape)
    if shape is not None and ... not in shape:
        made.items = [_length(owner, d, place, node) for place, d in enumerate(shape)]
    else:
        made.items = [_length(owner, None, 0, node)]
    made.shape_of = owner
    return made


def _length(owner: Any, size: Any, place: int, node: ast.AST) -> Any:
    if isinstance(size, int):
        return Const(node, value=size)
    made = Tensor(node, op="length", shape=(), dtype="int", graph=False)
    made.info["of"], made.info["axis"] = root(owner), place
    return made


def _count(owner: Tensor, node: ast.AST) -> Any:
    total = tensors.size(owner.shape)
    return Const(node, value=total) if total is not None else _length(owner, None, 0, node)


def call(machine, owner: Any, name: str, args: list, keywords: dict, node: ast.AST) -> Any:
    """owner.name(*args)"""
    base = root(owner)
    match base:
        case Module():
            return _of_module(machine, base, name, args, keywords, node)
        case Optimizer():
            return containers.of_optimizer(machine, base, name, args, node)
        case Scheduler():
            if name == "step":
                machine.tell("schedule", node, scheduler=base)
            return Unknown(node)
        case Estimator():
            return shaping.estimate(machine, base, name, args, keywords, node)
        case State():
            return State(node, model=base.model, copied=False) if name == "copy" else Unknown(node)
        case Loader() | Rows() | Parameters():
            return base if name in ("prepare", "shuffle", "to") else Unknown(node, facts=base.facts)
        case Seq():
            return containers.of_list(machine, base, name, args, node)
        case Table():
            return containers.of_table(machine, base, name, args, node)
        case Instance():
            machine.tell(
                "foreign",
                node,
                function=Method(node, owner=base, name=name),
                given=[*args, *keywords.values()],
            )
            return Unknown(node)
        case Tensor():
            return _of_tensor_or_unknown(machine, owner, base, name, args, keywords, node)
        case Unknown():
            if base.name == "$super":
                return _of_super(machine, base, name, args, keywords, node)
            return _of_tensor_or_unknown(machine, owner, base, name, args, keywords, node)
        case Const():
            return Const(node, value="") if isinstance(base.value, str) else Unknown(node)
        case Function():
            return machine.enter(base, args, keywords, node) if name == "__call__" else Unknown(node)
        case Lib():
            return Unknown(node)
    return Unknown(node)


def _of_super(machine, base: Unknown, name: str, args: list, keywords: dict, node: ast.AST) -> Any:
    cls, owner = base.attrs.get("$class"), base.attrs.get("$self")
    for above in getattr(cls, "bases", ()):
        found = objects.member(above, name) if isinstance(above, Class) else None
        if isinstance(found, Function):
            return machine.enter(objects.bound(found, owner), args, keywords, node)
    if name == "forward" and isinstance(owner, Module):
        return layers.sequence(machine, owner, args[0] if args else None, node)
    if name == "__init__" and isinstance(owner, Module) and args and not owner.children:
        owner.children.extend(a for a in args if isinstance(a, Module))
    return Unknown(node)


def _switches(machine, base: Any, name: str, args: list, node: ast.AST) -> None:
    if name == "eval":
        layers.set_mode(machine, base, False, node)
    else:
        asked = args[0] if args else Const(value=True)
        told = asked.value if isinstance(asked, Const) and isinstance(asked.value, bool) else None
        layers.set_mode(machine, base, told, node)


def _of_module(machine, base: Module, name: str, args: list, keywords: dict, node: ast.AST) -> Any:
    if name in ("eval", "train"):
        _switches(machine, base, name, args or list(keywords.values()), node)
        return base
    if name in SAME_MODULE or name == "apply":
        if name == "requires_grad_":
            asked = args[0] if args else Const(value=True)
            if isinstance(asked, Const) and asked.value is False:
                for part in members(base):
                    if isinstance(part, Module | Unknown):
                        machine.put(part.attrs, "$frozen", True)
        if name == "apply" and args and isinstance(args[0], Function):
            for part in list(members(base))[:40]:
                if isinstance(part, Module):
                    machine.enter(args[0], [part], {}, node)
        return base
    if name in ("parameters", "named_parameters"):
        made = Parameters(node, owners=(base,))
        machine.tell("parameters", node, model=base)
        return (
            made
            if name == "parameters"
            else Seq(
                node,
                items=[
                    Seq(node, items=[Unknown(node), objects.parameter(machine, made, node)], kind="tuple")
                ],
                more=True,
            )
        )
    if name == "state_dict":
        return State(node, model=base)
    if name == "load_state_dict":
        machine.tell("load", node, model=base, state=args[0] if args else None)
        return Unknown(node)
    if name == "zero_grad":
        machine.tell("clear", node, target=base)
        return Const(node, value=None)
    if name == "forward" and base.cls is None:
        return layers.apply(machine, base, args, keywords, node)
    if name in ("append", "add_module", "insert", "extend", "register_module"):
        added = args[-1] if args else None
        found = added.items if isinstance(added, Seq) else [added]
        base.children.extend(v for v in found if v is not None)
        machine.tell("registered", node, container=base, layers=found, given=args)
        if name == "add_module" and base.cls is not None and args and isinstance(args[0], Const):
            base.attrs[str(args[0].value)] = added
        return base
    if name in ("modules", "children"):
        inside = [m for m in members(base) if m is not base or name == "modules"]
        return Seq(node, items=list(inside)[:40])
    if name in ("named_modules", "named_children"):
        return Seq(
            node, items=[Seq(node, items=[Unknown(node), m], kind="tuple") for m in list(members(base))[:12]]
        )
    if name == "register_buffer" and len(args) > 1 and isinstance(args[0], Const):
        machine.put(base.attrs, args[0].value, args[1])
    if name in ("values", "items") and base.kind == "ModuleDict":
        found = [v for v in base.attrs.values() if isinstance(v, Module)]
        return Seq(
            node,
            items=found
            if name == "values"
            else [Seq(node, items=[Unknown(node), v], kind="tuple") for v in found],
        )
    machine.tell(
        "foreign", node, function=Method(node, owner=base, name=name), given=[*args, *keywords.values()]
    )
    return Unknown(node, attrs={"$of": base})


def _of_tensor_or_unknown(
    machine, owner: Any, base: Any, name: str, args: list, keywords: dict, node: ast.AST
) -> Any:
    """A method of a tensor, or of a parameter (a model, optimizer, loader) of which nothing else is told."""
    unknown = base if isinstance(base, Unknown) else None
    given = [*args, *keywords.values()]
    if name == "backward":
        return _backward(machine, owner, base, args, keywords, node)
    if unknown is not None:
        if name in ("train", "eval") and len(args) <= 1:
            _switches(machine, base, name, args, node)
            return base
        if name == "step":
            return _step(machine, base, args, node)
        if name == "zero_grad" or name == "clear_grad":
            machine.tell("clear", node, target=base)
            return Const(node, value=None)
        if name in ("parameters", "named_parameters"):
            made = Parameters(node, owners=(base,))
            return (
                made
                if name == "parameters"
                else Seq(
                    node,
                    items=[
                        Seq(node, items=[Unknown(node), objects.parameter(machine, made, node)], kind="tuple")
                    ],
                    more=True,
                )
            )
        if name == "state_dict":
            return State(node, model=base)
        if name == "load_state_dict":
            machine.tell("load", node, model=base, state=args[0] if args else None)
            return Unknown(node)
        if name in ("fit_transform", "transform", "fit"):
            return shaping.estimate(machine, base, name, args, keywords, node)
        if name == "append" and args:
            machine.tell("append", node, holder=base, added=args[0])
            return Const(node, value=None)
        if name in ("unscale_", "update", "scale"):
            if name == "scale" and args and isinstance(args[0], Tensor):
                return args[0]
            return Unknown(node)
        if name in SAME_MODULE and not (False):
            return (
                owner
                if name != "requires_grad_"
                else operations.method(machine, owner, name, args, keywords, node)
            )
    if name in METHODS:
        return operations.method(machine, owner, name, args, keywords, node)
    machine.tell("foreign", node, function=Method(node, owner=base, name=name), given=given)
    if isinstance(base, Tensor):
        return tensors.made(machine, name, [owner, *[a for a in args if isinstance(a, Tensor)]], node)
    data = [a for a in given if isinstance(a, Tensor)]
    if data:
        made_ = tensors.made(machine, "call", data, node, layer=base)
        made_.graph, made_.cut = (False, None) if machine.recording is False else (None, None)
        return made_
    return Unknown(node, facts=base.facts)


def _backward(machine, owner: Any, base: Any, args: list, keywords: dict, node: ast.AST) -> Any:
    first = args[0] if args else None
    engine = isinstance(base, Unknown) and (isinstance(first, (Tensor, Seq)) or len(args) > 1)
    if engine and isinstance(first, Tensor) and first.op not in ("ones", "ones_like", "tensor"):
        machine.tell("backward", node, tensor=as_tensor(first), engine=base)
        return Const(node, value=None)
    if engine and not isinstance(first, Tensor):
        machine.tell("backward", node, tensor=Tensor(node), engine=base)
        return Const(node, value=None)
    machine.tell("backward", node, tensor=as_tensor(owner), engine=None)
    return Const(node, value=None)


def _step(machine, base: Unknown, args: list, node: ast.AST) -> Any:
    first = args[0] if args else None
    if isinstance(first, Optimizer | Unknown | Module) or (
        isinstance(first, Tensor) and first.op == "unknown"
    ):
        found = root(first)  # scaler.step(optimizer)
        if isinstance(found, Optimizer) or "opt" in getattr(found, "name", "") or "scal" in base.name:
            machine.tell("step", node, optimizer=found, closure=False, scaler=base)
            return Const(node, value=None)
    if isinstance(first, Function):
        machine.enter(first, [], {}, node)
    if "sched" in base.name.lower() or "warmup" in base.name.lower():
        machine.tell("schedule", node, scheduler=base)
    elif len(args) <= 1 and "env" not in base.name.lower():
        machine.tell(
            "step",
            node,
            optimizer=base,
            closure=isinstance(first, Function),
            engine=bool(args) and not isinstance(first, Function),
        )
    else:
        return Seq(node, items=[Unknown(node) for _ in range(5)], more=True)
    return Unknown(node)

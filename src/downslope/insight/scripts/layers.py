"""Layers, nets and losses of PyTorch, applied: the shape that comes out, the graph, the mode."""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import objects, shapes
from .tensors import Call
from .values import (
    VOCABULARY,
    Function,
    Module,
    Seq,
    Shape,
    Tensor,
    Unknown,
    as_tensor,
    constant,
    members,
    operands,
    pairs,
    root,
    whole,
    words,
)

NAMES = VOCABULARY["layers"]
CONVOLUTIONS = words(NAMES["convolutions"])
WEIGHTED = CONVOLUTIONS | words(NAMES["weighted"])
NOISY = ("Dropout", "BatchNorm", "AlphaDropout", "LazyBatchNorm", "SyncBatchNorm")
KEPT = (*NOISY, "LayerNorm", "GroupNorm", "InstanceNorm")
ACTIVATIONS = pairs(NAMES["activations"])
LOSSES = pairs(NAMES["losses"])
LOSS_NAMES = frozenset(LOSSES.values())
SQUARED = words("mse_loss l1_loss smooth_l1_loss huber_loss")


# ── making ──────────────────────────────────────────────────────────────────────────────────────────
def make(call: Call) -> Module:
    """nn.Linear(3, 1)"""
    kind = call.name
    made = Module(call.node, kind=kind, args=call.args, keywords=call.keywords)
    for arg in call.args if kind in ("Sequential", "ModuleList") else ():
        items = getattr(root(arg), "items", [root(arg)])
        items = items.values() if isinstance(items, dict) else items
        made.children += (i.items[1] if isinstance(i, Seq) and len(i.items) == 2 else i for i in items)
    for arg in call.args if kind == "ModuleDict" else ():
        made.attrs.update(getattr(arg, "items", {}) if not isinstance(arg, Module | Seq) else {})
    if kind in ("Sequential", "ModuleList", "ModuleDict"):
        call.emit("registered", container=made, layers=list(made.children))
    call.emit("made", value=made)
    return made


def weight(layer: Module, name: str, node: Any) -> Tensor:
    info = {"owners": (layer,), "name": name}
    return Tensor(node, op="parameter", graph=True, leaf=True, lib="torch", layer=layer, info=info)


def mode(module: Any) -> bool | None:
    """Whether a net is learning: True, False after eval(), None where that is not known."""
    return module.attrs.get("$training", True) if isinstance(module, Module | Unknown) else None


def set_mode(machine: Any, module: Any, state: bool | None, node: Any) -> None:
    machine.emit("mode", node, model=module, state=state)
    for part in members(module):
        if isinstance(part, Module | Unknown):
            machine.put(part.attrs, "$training", state)


def noisy(module: Any) -> list[Module]:
    """The layers of a net that behave otherwise while it learns."""
    return [part for part in members(module) if isinstance(part, Module) and part.kind.startswith(NOISY)]


# ── applying ────────────────────────────────────────────────────────────────────────────────────────
def apply(call: Call, module: Module) -> Any:
    """module(x)"""
    if module.cls is None and module.kind in LOSSES:
        return loss(replace(call, name=LOSSES[module.kind]), module)
    x = call.arg(0) or next(iter(call.keywords.values()), None)
    if module.cls is not None:
        result = _net(call, module)
    elif module.kind == "Sequential":
        result = sequence(call, module, x)
    else:
        result = layer(call, module, x)
        if module.kind not in WEIGHTED:
            return result
    call.emit("model_call", model=module, args=call.args, result=result, mode=mode(module))
    return result


def sequence(call: Call, module: Module, x: Any) -> Any:
    previous = None
    for child in map(root, module.children):
        if isinstance(child, Module) and child.cls is None and child.kind not in LOSSES:
            x = sequence(call, child, x) if child.kind == "Sequential" else layer(call, child, x)
            if isinstance(x, Tensor):
                x.info.setdefault("previous", previous)
                x.info.setdefault("stacked", True)
        elif isinstance(child, Module | Function):
            x = call.machine.apply(child, Call(call.machine, call.node, args=[x]))
        else:
            x = call.make("call", operands([x]), layer=module)
            x.graph = call.machine.recording and None
        previous = child
    return x


def _net(call: Call, module: Module) -> Any:
    """An instance of a class of the script."""
    machine = call.machine
    forward = objects.method(module, "forward", "__call__")
    if forward is not None:
        result = machine.enter(forward, call.args, call.keywords, call.node)
        if not isinstance(result, Unknown):
            return result
    elif any(path.endswith("nn.Sequential") for path in objects.bases(module.cls)) and module.children:
        return sequence(call, module, call.first)
    result = call.make("call", [a for a in call.args if as_tensor(a)], layer=module)
    result.graph = machine.recording
    return result


def layer(call: Call, module: Module, x: Any) -> Any:
    """One layer of torch.nn, applied."""
    kind, machine = module.kind, call.machine
    if kind == "Identity":
        return x
    tensor = as_tensor(x)
    given: Shape = tensor.shape if tensor is not None else None
    if kind.startswith(NOISY):
        call.emit("noisy", layer=module, mode=mode(module), input=tensor)
    op = ACTIVATIONS.get(kind, kind)
    inputs = [] if tensor is None else [tensor]
    result = call.make(op, inputs, _shape_after(module, given), "float", layer=module)
    if op == "softmax":
        call.emit("softmax", result=result, dim=whole(module.argument(0, "dim")))
    if kind in WEIGHTED and not module.attrs.get("$frozen"):
        result.graph = machine.recording
        result.cut = ("no_grad", machine.silencer) if machine.recording is False else None
    if kind in ("LSTM", "GRU", "RNN"):
        hidden = whole(module.argument(1, "hidden_size"))
        first = given[:2] if given and len(given) == 3 and ... not in given else (None, None)
        result.shape = (*first, hidden)
        state = replace(result, shape=(None, None, hidden), info=dict(result.info))
        return call.several(result, call.several(state, state) if kind == "LSTM" else state)
    if kind in ("LSTMCell", "MultiheadAttention"):
        return call.several(result, replace(result, info=dict(result.info)))
    return result


def _shape_after(module: Module, given: Shape) -> Shape:
    kind = module.kind
    lazy = kind.startswith("Lazy")
    if kind in ACTIVATIONS or kind.startswith(KEPT):
        return given
    if kind in ("Linear", "LazyLinear"):
        out = whole(module.argument(0 if lazy else 1, "out_features"))
        return (*given[:-1], out) if given else (..., out)
    if kind == "Flatten":
        start = whole(module.argument(0, "start_dim"))
        return shapes.flattened(given) if start == 0 else shapes.flattened_rows(given)
    if kind in CONVOLUTIONS or kind.startswith("LazyConv"):
        out = whole(module.argument(0 if lazy else 1, "out_channels"))
        return (given[0] if given and given[0] is not ... else None, out, *[None] * int(kind[-2]))
    if "Pool" in kind and given and ... not in given:
        keep = len(given) - int(kind[-2]) if kind[-2].isdigit() else 2
        asked = module.argument(0, "output_size")
        sizes = set(map(whole, asked.items if isinstance(asked, Seq) else [asked]))
        one = kind.startswith("Adaptive") and sizes == {1}
        return (*given[:keep], *[1 if one else None] * (len(given) - keep))
    if kind == "Embedding":
        out = whole(module.argument(1, "embedding_dim"))
        return (*given, out) if given and ... not in given else (..., out)
    return None


def loss(call: Call, module: Module | None = None) -> Tensor:
    """criterion(input, target), F.mse_loss(input, target)"""
    one, other = as_tensor(call.arg(0, "input")), as_tensor(call.arg(1, "target"))
    settings = call.keywords if module is None else module.keywords
    how = constant(settings["reduction"]) if "reduction" in settings else "mean"
    if constant(settings.get("size_average")) is False:
        how = "sum"
    shape: Shape = None
    if how in ("mean", "sum"):
        shape = ()
    elif one and other:
        shape = shapes.broadcast(one.shape, other.shape)
    inputs = [t for t in (one, other) if t is not None]
    result = call.make(call.name, inputs, shape, "float", reduction=how)
    maker = module.node if module else call.node
    call.emit("loss", name=call.name, input=one, target=other, maker=maker, result=result)
    return result

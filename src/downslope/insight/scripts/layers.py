"""Layers, nets and losses of PyTorch, applied: the shape that comes out, the graph, the mode."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from . import objects, tensors
from .values import Const, Function, Module, Seq, Shape, Tensor, Unknown, as_tensor, members, root, whole

CONVOLUTIONS = {"Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"}
WEIGHTED = {
    "Linear",
    "LazyLinear",
    "Bilinear",
    "Embedding",
    "LayerNorm",
    "GroupNorm",
    "PReLU",
    "RNN",
    "LSTM",
    "GRU",
    "RNNCell",
    "LSTMCell",
    "GRUCell",
    "MultiheadAttention",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "LazyConv2d",
    "LazyBatchNorm1d",
    "EmbeddingBag",
    "TransformerEncoderLayer",
    *CONVOLUTIONS,
}
NOISY = ("Dropout", "BatchNorm", "AlphaDropout", "LazyBatchNorm", "SyncBatchNorm")
ACTIVATIONS = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "SELU": "selu",
    "GELU": "gelu",
    "SiLU": "silu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
    "Softplus": "softplus",
    "LogSigmoid": "logsigmoid",
    "Hardtanh": "hardtanh",
    "Mish": "mish",
    "PReLU": "prelu",
    "ReLU6": "relu6",
    "Softmax2d": "softmax",
    "Hardsigmoid": "sigmoid",
    "CELU": "celu",
    "Threshold": "relu",
}
LOSSES = {
    "CrossEntropyLoss": "cross_entropy",
    "BCELoss": "binary_cross_entropy",
    "NLLLoss": "nll_loss",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "MSELoss": "mse_loss",
    "L1Loss": "l1_loss",
    "SmoothL1Loss": "smooth_l1_loss",
    "HuberLoss": "huber_loss",
    "KLDivLoss": "kl_div",
    "PoissonNLLLoss": "poisson_nll_loss",
    "MultiMarginLoss": "multi_margin_loss",
    "HingeEmbeddingLoss": "hinge_embedding_loss",
    "MultiLabelSoftMarginLoss": "multilabel_soft_margin_loss",
    "SoftMarginLoss": "soft_margin_loss",
}
LOSS_NAMES = set(LOSSES.values())
SQUARED = {"mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"}
CONTAINERS = {"Sequential", "ModuleList", "ModuleDict"}


def make(machine, kind: str, args: list, keywords: dict, node: ast.AST) -> Module:
    """nn.Linear(3, 1)"""
    made = Module(node, kind=kind, args=args, keywords=keywords, made_in=tuple(machine.loops))
    if kind in ("Sequential", "ModuleList"):
        for arg in args:
            found = root(arg)
            if isinstance(found, Seq):
                made.children.extend(found.items)
            else:
                items = (
                    list(found.items.values())
                    if hasattr(found, "items") and not callable(found.items)
                    else [found]
                )
                made.children.extend(items)
        made.children = [c.items[1] if isinstance(c, Seq) and len(c.items) == 2 else c for c in made.children]
    elif kind == "ModuleDict":
        for arg in args:
            made.attrs.update(getattr(arg, "items", {}) if not isinstance(arg, Module | Seq) else {})
    if kind in CONTAINERS:
        machine.tell("registered", node, container=made, layers=list(made.children), given=args)
    machine.tell("made", node, value=made)
    return made


def weight(machine, layer: Module, name: str, node: ast.AST) -> Tensor:
    return Tensor(
        node,
        op="parameter",
        graph=True,
        leaf=True,
        lib="torch",
        layer=layer,
        info={"owners": (layer,), "name": name},
    )


def mode(module: Any) -> bool | None:
    """Whether a net is learning: True, False after eval(), None where that is not told."""
    return module.attrs.get("$training", True) if isinstance(module, Module | Unknown) else None


def set_mode(machine, module: Any, state: bool | None, node: ast.AST) -> None:
    machine.tell("mode", node, model=module, state=state)
    for part in members(module):
        if isinstance(part, Module | Unknown):
            machine.put(part.attrs, "$training", state)


def noisy(module: Any) -> list[Module]:
    """The layers of a net that behave otherwise while it learns."""
    return [part for part in members(module) if isinstance(part, Module) and part.kind.startswith(NOISY)]


def apply(machine, module: Module, args: list, keywords: dict, node: ast.AST) -> Any:
    """module(x)"""
    if module.cls is not None:
        return _net(machine, module, args, keywords, node)
    if module.kind in LOSSES:
        return loss(machine, LOSSES[module.kind], module, args, keywords, node)
    x = args[0] if args else next(iter(keywords.values()), None)
    if module.kind == "Sequential":
        result = sequence(machine, module, x, node)
        machine.tell("model_call", node, model=module, args=args, result=result, mode=mode(module))
        return result
    result = layer(machine, module, x, node, args)
    if module.kind in WEIGHTED:
        machine.tell("model_call", node, model=module, args=args, result=result, mode=mode(module))
    return result


def sequence(machine, module: Module, x: Any, node: ast.AST) -> Any:
    previous = None
    for child in module.children:
        child = root(child)
        if isinstance(child, Module) and child.cls is None and child.kind not in LOSSES:
            inner = (
                sequence(machine, child, x, node)
                if child.kind == "Sequential"
                else layer(machine, child, x, node, [x])
            )
            if isinstance(inner, Tensor):
                inner.info.setdefault("previous", previous)
                inner.info.setdefault("stacked", True)
            x = inner
        elif isinstance(child, Module | Function):
            from .expressions import apply as applied

            x = applied(machine, child, [x], {}, node)
        else:
            tensor = as_tensor(x)
            x = tensors.made(machine, "call", (tensor,) if tensor else (), node, layer=module)
            x.graph = False if machine.recording is False else None
        previous = child
    return x


def _net(machine, module: Any, args: list, keywords: dict, node: ast.AST) -> Any:
    forward = objects.member(module.cls, "forward") or objects.member(module.cls, "__call__")
    if not isinstance(forward, Function):
        if any(path.endswith("nn.Sequential") for path in objects.bases(module.cls)) and module.children:
            return sequence(machine, module, args[0] if args else None, node)
        result: Any = tensors.made(machine, "call", [a for a in args if as_tensor(a)], node, layer=module)
        result.graph = True if machine.recording else False if machine.recording is False else None
    else:
        result = machine.enter(objects.bound(forward, module), args, keywords, node)
        if isinstance(result, Unknown):
            tensor = tensors.made(machine, "call", [a for a in args if as_tensor(a)], node, layer=module)
            tensor.graph = True if machine.recording else False if machine.recording is False else None
            result = tensor
    machine.tell("model_call", node, model=module, args=args, result=result, mode=mode(module))
    return result


def layer(machine, module: Module, x: Any, node: ast.AST, args: list | None = None) -> Any:
    """One layer of torch.nn, applied."""
    tensor = as_tensor(x) if x is not None else None
    given: Shape = tensor.shape if tensor is not None else None
    kind = module.kind
    operands = [tensor] if tensor is not None else []
    more: dict = {"layer": module, "operand": x}
    if kind in ("Identity",):
        return x
    if kind.startswith(NOISY):
        machine.tell("noisy", node, layer=module, mode=mode(module), input=tensor)
    op, shape = kind, None
    if kind in ACTIVATIONS:
        op, shape = ACTIVATIONS[kind], given
        more["dim"] = _axis(module.argument(0, "dim")) if op in ("softmax", "log_softmax") else None
    elif kind in ("Linear", "LazyLinear"):
        out = whole(module.argument(1 if kind == "Linear" else 0, "out_features"))
        shape = (*given[:-1], out) if given else (..., out)
    elif kind.startswith((*NOISY, "LayerNorm", "GroupNorm", "InstanceNorm")):
        shape = given
    elif kind == "Flatten":
        start = whole(module.argument(0, "start_dim"))
        shape = tensors.flattened(given) if start == 0 else _flat(given)
    elif kind == "Unflatten":
        shape = None
    elif kind in CONVOLUTIONS or kind.startswith("LazyConv"):
        out = whole(module.argument(0 if kind.startswith("Lazy") else 1, "out_channels"))
        shape = (given[0] if given and given[0] is not ... else None, out, *[None] * int(kind[-2]))
    elif "Pool" in kind and given and ... not in given:
        keep = len(given) - int(kind[-2]) if kind[-2].isdigit() else 2
        asked = module.argument(0, "output_size")
        one = kind.startswith("Adaptive") and (
            whole(asked) == 1 or (isinstance(asked, Seq) and {whole(i) for i in asked.items} == {1})
        )
        shape = (*given[:keep], *[1 if one else None] * (len(given) - keep))
    elif kind == "Embedding":
        out = whole(module.argument(1, "embedding_dim"))
        shape = (*given, out) if given and ... not in given else (..., out)
    result = tensors.made(machine, op, operands, node, shape, "float", **more)
    if op == "softmax":
        machine.tell("softmax", node, result=result, dim=more["dim"])
    if kind in WEIGHTED and not module.attrs.get("$frozen"):
        result.graph = {True: True, False: False}.get(machine.recording)
        result.cut = ("no_grad", machine.silencer) if machine.recording is False else None
    if kind in ("LSTM", "GRU", "RNN"):
        hidden = whole(module.argument(1, "hidden_size"))
        first = given[:2] if given and len(given) == 3 and ... not in given else (None, None)
        result.shape = (*first, hidden)
        state = replace(result, shape=(None, None, hidden), info=dict(result.info))
        return Seq(
            node,
            items=[result, Seq(node, items=[state, state], kind="tuple") if kind == "LSTM" else state],
            kind="tuple",
        )
    if kind in ("LSTMCell", "MultiheadAttention"):
        return Seq(node, items=[result, replace(result, info=dict(result.info))], kind="tuple")
    return result


def _flat(given: Shape) -> Shape:
    if not given:
        return None
    inner = tensors.size(given[1:]) if ... not in given else None
    return (given[0], inner) if given[0] is not ... else None


def _axis(value: Any) -> int | None:
    return whole(value) if value is not None else None


def loss(machine, name: str, module: Module | None, args: list, keywords: dict, node: ast.AST) -> Tensor:
    """criterion(input, target), F.mse_loss(input, target)"""
    input_ = args[0] if args else keywords.get("input")
    target = args[1] if len(args) > 1 else keywords.get("target")
    told = keywords if module is None else module.keywords
    reduction = told.get("reduction")
    how = reduction.value if isinstance(reduction, Const) else "mean" if reduction is None else None
    if isinstance(told.get("size_average"), Const) and told["size_average"].value is False:
        how = "sum"
    one, other = as_tensor(input_), as_tensor(target)
    operands = [t for t in (one, other) if t is not None]
    shape: Shape = (
        () if how in ("mean", "sum") else (tensors.spread(one.shape, other.shape) if one and other else None)
    )
    result = tensors.made(machine, name, operands, node, shape, "float", reduction=how, layer=None)
    machine.tell(
        "loss",
        node,
        name=name,
        input=one,
        target=other,
        maker=module.node if module else node,
        module=module,
        result=result,
        reduction=how,
        given=args,
        keywords=keywords,
        target_value=target,
    )
    return result

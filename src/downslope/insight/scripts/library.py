"""Calls of what is imported: PyTorch, NumPy, pandas, scikit-learn, the standard library."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from . import arrays, builtin, layers, objects, shaping, tables, tensors
from .values import (
    Estimator,
    Module,
    Optimizer,
    Parameters,
    Scheduler,
    Seq,
    State,
    Tensor,
    Unknown,
    as_tensor,
    root,
)

ESTIMATORS = (
    "Scaler",
    "Encoder",
    "PCA",
    "Imputer",
    "SelectKBest",
    "PowerTransformer",
    "QuantileTransformer",
    "Normalizer",
    "PolynomialFeatures",
    "Vectorizer",
    "Binarizer",
    "ColumnTransformer",
)


def call(machine, path: str, args: list, keywords: dict, node: ast.AST) -> Any:
    """path(*args, **keywords)"""
    head, _, name = path.rpartition(".")
    top = path.partition(".")[0]
    if top == "builtins":
        return builtin.call(machine, name, args, keywords, node)
    if top == "torch":
        return _torch(machine, path, head, name, args, keywords, node)
    if top in ("numpy", "jnp") or path.startswith(("scipy.special", "cupy.")):
        return arrays.array(machine, head, name, args, keywords, node, "numpy")
    if top == "sklearn":
        return _sklearn(machine, head, name, args, keywords, node)
    if top == "pandas":
        return tables.pandas(machine, name, args, keywords, node)
    if path.startswith(("torchvision.datasets.", "torchaudio.datasets.")):
        return tables.images(name, args, keywords, node)
    if path in ("copy.deepcopy", "copy.copy"):
        return _copied(machine, args[0] if args else None, name, node)
    if name in ("tqdm", "trange", "track", "progress_bar", "notebook_tqdm") or path.startswith("tqdm"):
        return (
            builtin.call(machine, "range", args, keywords, node)
            if name == "trange"
            else (args[0] if args else Unknown(node))
        )
    if path in ("itertools.chain", "itertools.chain.from_iterable"):
        return _chained(machine, args, node)
    if path in ("functools.partial",) and args:
        return args[0]
    if path in ("itertools.count", "itertools.cycle", "itertools.islice"):
        return (
            Seq(node, items=objects.items(machine, args[0], node)[0][:1], more=True)
            if args
            else Unknown(node)
        )
    if path == "random.shuffle" and args:
        return arrays.shuffle(machine, args[0], node)
    if path == "random.seed":
        return machine.seeded(args)
    if path == "math" or top == "math":
        x = as_tensor(args[0]) if args else None
        return tensors.made(machine, name, (x,), node, (), "float") if x is not None else Unknown(node)
    if path == "random.sample" or path == "random.random":
        return Unknown(node)
    return foreign(machine, path, args, keywords, node)


def foreign(machine, path: str, args: list, keywords: dict, node: ast.AST) -> Any:
    given = [*args, *keywords.values()]
    machine.tell("foreign", node, function=path, given=given)
    facts = frozenset({"real"}) if "regression" in path else frozenset()
    return Unknown(node, facts=facts, name=path.rpartition(".")[2])


def _chained(machine, args: list, node: ast.AST) -> Any:
    if args and all(isinstance(root(a), Parameters) for a in args):
        return Parameters(node, owners=tuple(o for a in args for o in root(a).owners))
    found: list = []
    for arg in args:
        found += objects.items(machine, arg, node)[0]
    return Seq(node, items=found, more=True)


def _copied(machine, value: Any, name: str, node: ast.AST) -> Any:
    base = root(value)
    if isinstance(base, State):
        return State(node, model=base.model, copied=name == "deepcopy")
    if isinstance(base, Module):
        return replace(base, node=node, attrs=dict(base.attrs))
    if isinstance(base, Tensor):
        return replace(base, node=node, op="clone", inputs=(value,), origin=None, info={})
    if isinstance(base, Seq):
        return replace(base, items=list(base.items))
    return Unknown(node, name=getattr(base, "name", ""), attrs={"$copy": base} if base is not None else {})


# ── PyTorch ─────────────────────────────────────────────────────────────────────────────────────────
def _torch(machine, path: str, head: str, name: str, args: list, keywords: dict, node: ast.AST) -> Any:
    first = args[0] if args else next(iter(keywords.values()), None)
    if name in ("no_grad", "inference_mode", "enable_grad", "set_grad_enabled"):
        return Unknown(node, name=name, attrs={"mode": first} if first is not None else {})
    if head in ("torch.nn", "torch.nn.modules") or head.startswith("torch.nn.modules."):
        if name in ("DataParallel", "parallel"):
            return root(first) if first is not None else Unknown(node)
        if name == "Parameter":
            x = as_tensor(first) if first is not None else None
            shape = x.shape if x is not None else None
            return Tensor(
                node,
                op=x.op if x is not None and not x.inputs else "leaf",
                inputs=(x,) if x is not None else (),
                shape=shape,
                dtype="float",
                graph=True,
                leaf=True,
                lib="torch",
            )
        if name[:1].isupper():
            return layers.make(machine, name, args, keywords, node)
    if (
        name in ("DistributedDataParallel", "compile", "jit", "script", "FullyShardedDataParallel")
        and first is not None
    ):
        return root(first)
    if head == "torch.optim" and name[:1].isupper():
        return _optimizer(machine, name, args, keywords, node)
    if head.startswith("torch.optim.lr_scheduler") or head == "torch.optim.lr_scheduler":
        return _scheduler(machine, name, args, keywords, node)
    if head.startswith("torch.utils.data"):
        return tables.torch_data(machine, name, args, keywords, node)
    if head.endswith("nn.functional") or head == "torch.special":
        if name in layers.LOSS_NAMES:
            return layers.loss(machine, name, None, args, keywords, node)
        if name == "linear" and args and as_tensor(first) is not None:
            matrix = as_tensor(args[1]) if len(args) > 1 else None
            operands = [t for t in (as_tensor(a) for a in args) if t is not None]
            shape = as_tensor(first).shape
            out = matrix.shape[0] if matrix is not None and matrix.shape else None
            return tensors.made(
                machine, "Linear", operands, node, (*shape[:-1], out) if shape else None, "float"
            )
        if name == "one_hot":
            return tensors.made(machine, name, (as_tensor(first),), node, None, "int")
    if name.startswith("clip_grad_"):
        machine.tell("clip", node)
        return Unknown(node)
    if head == "torch.nn.init":
        target = root(first)
        machine.tell(
            "init",
            node,
            tensor=target,
            how=name.strip("_"),
            value=args[1] if len(args) > 1 else keywords.get("val"),
        )
        return first if first is not None else Unknown(node)
    if path == "torch.autograd.grad":
        machine.tell("autograd", node, tensor=first)
        asked = args[1] if len(args) > 1 else keywords.get("inputs")
        many = asked.items if isinstance(asked, Seq) else [asked]
        made = [
            Tensor(
                node,
                op="grad",
                inputs=(as_tensor(a),) if a is not None and as_tensor(a) else (),
                graph=False,
                lib="torch",
            )
            for a in many
        ]
        return Seq(node, items=made, more=not isinstance(asked, Seq), kind="tuple")
    if name == "backward":
        machine.tell("backward", node, tensor=Tensor(node), engine=Unknown(node))
        return Unknown(node)
    if name in ("save", "load"):
        machine.tell("saved", node, value=first) if name == "save" else None
        return Unknown(node)
    if name == "GradScaler":
        return Unknown(node, name="scaler")
    if path in ("torch.manual_seed", "torch.cuda.manual_seed", "torch.cuda.manual_seed_all"):
        machine.seeded(args)
        return Unknown(node)
    if name in ("device", "Size", "Generator", "finfo"):
        return Unknown(node, name=name)
    if head.startswith("torch.distributions"):
        machine.tell("foreign", node, function=path, given=[])
        return Unknown(node, name=name)
    return arrays.array(machine, head, name, args, keywords, node, "torch")


def _optimizer(machine, name: str, args: list, keywords: dict, node: ast.AST) -> Optimizer:
    given = args[0] if args else keywords.get("params")
    rate = args[1] if len(args) > 1 else keywords.get("lr")
    made = Optimizer(
        node,
        kind=name,
        owners=shaping.owners(given) if given is not None else None,
        holds=frozenset(id(root(m)) for m in shaping.held(given)),
        rate=rate,
        keywords=keywords,
    )
    machine.tell("optimizer", node, optimizer=made)
    return made


def _scheduler(machine, name: str, args: list, keywords: dict, node: ast.AST) -> Scheduler:
    names = {
        "StepLR": ("step_size", "gamma"),
        "ExponentialLR": ("gamma",),
        "MultiStepLR": ("milestones", "gamma"),
        "CosineAnnealingLR": ("T_max", "eta_min"),
        "ReduceLROnPlateau": ("mode", "factor", "patience"),
    }.get(name, ())
    told = dict(zip(names, args[1:])) | keywords
    given = args[0] if args else keywords.get("optimizer")
    return Scheduler(node, kind=name, optimizer=root(given), args=told)


# ── scikit-learn ────────────────────────────────────────────────────────────────────────────────────
def _sklearn(machine, head: str, name: str, args: list, keywords: dict, node: ast.AST) -> Any:
    if name == "train_test_split":
        return tables.split(machine, args, keywords, node)
    if head.startswith("sklearn.datasets"):
        return tables.toy(name, args, keywords, node)
    if name == "shuffle" and args:
        order = machine.draw(node, keywords)
        made = [
            tensors.made(machine, "shuffled", (as_tensor(a),), node, as_tensor(a).shape, order=order)
            if as_tensor(a)
            else Unknown(node)
            for a in args
        ]
        return made[0] if len(made) == 1 else Seq(node, items=made, kind="tuple")
    if name.endswith(ESTIMATORS):
        return Estimator(node, kind=name)
    machine.tell("foreign", node, function=f"{head}.{name}", given=[*args, *keywords.values()])
    return Unknown(node, name=name)

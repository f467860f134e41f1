"""Calls of Python's own functions and of what is imported: PyTorch, NumPy, pandas, scikit-learn, …

`CALLS` is the table: a path or the beginning of one, and the function of the call that gives the result.
"""

# What kind of node stands where, the tree tells, and mypy cannot know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import arrays, data, layers, objects
from .tensors import Call, length
from .values import (
    VOCABULARY,
    Const,
    Estimator,
    Instance,
    Loader,
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
    agreed,
    as_tensor,
    constant,
    operands,
    root,
    words,
)

ESTIMATORS = tuple(VOCABULARY["sklearn"]["estimators"].split())
RECORDING = words("no_grad inference_mode enable_grad set_grad_enabled")
WRAPPERS = words("DistributedDataParallel compile jit script FullyShardedDataParallel")  # of a net: that net
PROGRESS = words("tqdm trange track progress_bar notebook_tqdm")
SCHEDULES = VOCABULARY["schedules"]


def call(of: Call, path: str) -> Any:
    """path(*args, **keywords)"""
    head, _, name = path.rpartition(".")
    of = replace(of, name=name)
    if name in PROGRESS or path.startswith("tqdm"):
        of = replace(of, name="range") if name == "trange" else of
        return _builtin(of, head) if name == "trange" else of.arg(0, "iterable") or of.unknown()
    for prefix, function in CALLS:
        if path == prefix or (prefix.endswith(".") and path.startswith(prefix)):
            return function(of, head)
    return foreign(of, head)


def foreign(of: Call, head: str) -> Any:
    path = f"{head}.{of.name}".removeprefix(".")
    of.foreign(path)
    return of.unknown(facts=frozenset({"real"} if "regression" in path else ()), name=of.name)


# ── Python's own ────────────────────────────────────────────────────────────────────────────────────
def _builtin(of: Call, _: str) -> Any:
    """len, range, zip, sum, super, …"""
    machine, node, first, base = of.machine, of.node, of.first, root(of.first)
    match of.name:
        case "len" if first is not None:
            return _length(of, base)
        case "range":
            return of.several(objects.index(node), kind="range", more=True)
        case "enumerate" if first is not None:
            found, exact = objects.items(machine, first, node)
            numbered = enumerate(found)
            pairs = [of.several(of.constant(i) if exact else objects.index(node), v) for i, v in numbered]
            return Seq(node, first.facts, pairs or [of.unknown()], not exact, "iter")
        case "zip" if of.args:
            return _zipped(of)
        case "list" | "tuple" | "set" | "iter" | "reversed" | "sorted":
            return _listed(of, base)
        case "next" if first is not None:
            return objects.one_item(machine, first, node)
        case "dict":
            return Table(node, items=dict(of.keywords))
        case "sum" | "max" | "min" | "abs" | "round" | "float" | "int" | "bool" | "pow":
            return _reduced(of, base)
        case "print":
            return of.constant()
        case "map" if len(of.args) > 1:
            found = objects.items(machine, of.args[1], node)[0][:1]
            items = [machine.apply(first, replace(of, args=found, keywords={}))] if found else []
            return of.several(*items, kind="list", more=True)
        case "filter" if len(of.args) > 1:
            return of.args[1]
        case "super":
            return _super(of)
        case "isinstance":
            return _isinstance(of, base)
        case "getattr" if isinstance(constant(of.arg(1)), str):
            return machine.attribute(first, of.args[1].value, node)
        case "setattr" if len(of.args) > 2 and hasattr(base, "attrs"):
            key = of.args[1].value if isinstance(of.args[1], Const) else f"[{len(base.attrs)}]"
            machine.put(base.attrs, key, of.args[2])
            of.emit("registered", container=base, layers=[of.args[2]])
            return of.constant()
    return of.unknown()


def _length(of: Call, base: Any) -> Any:
    size: Any = None
    match base:
        case Seq() if not base.more and base.kind != "range":
            size = len(base.items)
        case Tensor() if base.shape:
            size = base.shape[0]
        case Rows() if base.columns and isinstance(base.columns[0], Tensor) and base.count is None:
            size = (base.columns[0].shape or (None,))[0]
    return length(base, size, 0, of.node)


def _zipped(of: Call) -> Seq:
    columns = [objects.items(of.machine, arg, of.node) for arg in of.args]
    of.emit("paired", values=of.args)
    exact = all(c[1] for c in columns) and len({len(c[0]) for c in columns}) == 1
    firsts = [agreed(found) if found else of.unknown() for found, _ in columns]
    rows = zip(*(found for found, _ in columns)) if exact else [firsts]
    return of.several(*(of.several(*row) for row in rows), kind="iter", more=not exact)


def _listed(of: Call, base: Any) -> Any:
    """list(x), sorted(x)"""
    match base:
        case None:
            return of.several(kind="list")
        case Parameters() | Loader() | Instance() | Unknown() | Tensor() | Rows():
            return base if of.name in ("list", "tuple", "iter") else of.first
        case Seq():
            return replace(base, items=list(base.items), kind="range" if base.kind == "range" else "list")
    found, exact = objects.items(of.machine, of.first, of.node)
    return of.several(*found, kind="list", more=not exact)


def _reduced(of: Call, base: Any) -> Any:
    """sum(losses), max(a, b), float(loss)"""
    name, first = of.name, of.first
    if isinstance(base, Seq) and name in ("sum", "max", "min"):
        found = operands(base.items)
        return of.make(name, found, (), found[0].dtype if found else "")
    if name in ("float", "int") and isinstance(constant(first), int | float):
        try:
            return of.constant(float(first.value) if name == "float" else int(first.value))
        except (ValueError, OverflowError):
            return of.unknown()
    x = as_tensor(first)
    if x is None:
        return of.unknown()
    if name in ("float", "int"):
        made = of.make("item", (x,), (), name, lib="number")
        made.graph, made.cut = False, ("numpy", of.node) if x.graph else x.cut
        return made
    return of.make(name, (x, *operands(of.args[1:])), x.shape if name == "abs" else None, x.dtype)


def _super(of: Call) -> Unknown:
    machine, made = of.machine, of.unknown(name="$super")
    code = machine.frame.code
    for cls in machine.classes[::-1]:
        if code in machine.stack[-2:] and any(code is method.code for method in cls.methods.values()):
            names = [a.arg for a in code.args.args]
            made.attrs = {"$class": cls, "$self": machine.frame.names.get(names[0]) if names else None}
            break
    return made


def _isinstance(of: Call, base: Any) -> Any:
    if isinstance(base, Module) and base.cls is None and len(of.args) == 2:
        kinds = of.args[1].items if isinstance(of.args[1], Seq) else [of.args[1]]
        names = [getattr(k, "path", "").rpartition(".")[2] for k in kinds]
        if all(names):
            convolution = base.kind in layers.CONVOLUTIONS and bool({"_ConvNd", "Module"} & set(names))
            return of.constant(base.kind in names or convolution)
    return of.unknown()


# ── the standard library ────────────────────────────────────────────────────────────────────────────
def _copied(of: Call, _: str) -> Any:
    """copy.deepcopy(value)"""
    value, base = of.first, root(of.first)
    match base:
        case State():
            return State(of.node, model=base.model, copied=of.name == "deepcopy")
        case Module():
            return replace(base, node=of.node, attrs=dict(base.attrs))
        case Tensor():
            return replace(base, node=of.node, op="clone", inputs=(value,), origin=None, info={})
        case Seq():
            return replace(base, items=list(base.items))
    return of.unknown(name=getattr(base, "name", ""), attrs={} if base is None else {"$copy": base})


def _chained(of: Call, _: str) -> Any:
    """itertools.chain(one.parameters(), other.parameters())"""
    if of.args and all(isinstance(root(a), Parameters) for a in of.args):
        return Parameters(of.node, owners=tuple(o for a in of.args for o in root(a).owners))
    found = [item for arg in of.args for item in objects.items(of.machine, arg, of.node)[0]]
    return of.several(*found, kind="list", more=True)


def _repeated(of: Call, _: str) -> Any:
    """itertools.cycle(rows)"""
    items = objects.items(of.machine, of.first, of.node)[0][:1] if of.args else []
    return of.several(*items, kind="list", more=True) if of.args else of.unknown()


def _math(of: Call, _: str) -> Any:
    x = as_tensor(of.first)
    return of.make(of.name, (x,), (), "float") if x is not None else of.unknown()


# ── PyTorch ─────────────────────────────────────────────────────────────────────────────────────────
def _torch(of: Call, head: str) -> Any:
    name, first = of.name, of.arg(0) or next(iter(of.keywords.values()), None)
    of = replace(of, lib="torch")
    match name:
        case _ if name in RECORDING:
            return of.unknown(name=name, attrs={} if first is None else {"mode": first})
        case _ if name in WRAPPERS and first is not None:
            return root(first)
        case "backward":  # torch.autograd.backward
            of.emit("backward", tensor=Tensor(of.node), engine=of.unknown())
            return of.unknown()
        case "save" | "load":
            if name == "save":
                of.emit("saved", value=first)
            return of.unknown()
        case "GradScaler":
            return of.unknown(name="scaler")
        case "device" | "Size" | "Generator" | "finfo":
            return of.unknown(name=name)
        case _ if name.startswith("clip_grad_"):
            of.emit("clip")
            return of.unknown()
    return arrays.array(of, head)


def _layer(of: Call, head: str) -> Any:
    """torch.nn.Linear, torch.nn.Parameter"""
    if head != "torch.nn" and not head.startswith("torch.nn.modules"):
        return _torch(of, head)
    if of.name in ("DataParallel", "parallel"):
        return root(of.arg(0, "module")) or of.unknown()
    if of.name == "Parameter":
        x = as_tensor(of.first)
        op, inputs, shape = ("leaf", (), None) if x is None else (x.op, (x,), x.shape)
        op = "leaf" if x is not None and x.inputs else op
        return Tensor(of.node, frozenset(), op, inputs, shape, "float", True, leaf=True, lib="torch")
    return layers.make(of) if of.name[:1].isupper() else _torch(of, head)


def _functional(of: Call, head: str) -> Any:
    """torch.nn.functional.cross_entropy"""
    x = as_tensor(of.first)
    if of.name in layers.LOSS_NAMES:
        return layers.loss(of)
    if of.name == "linear" and x is not None:
        matrix = as_tensor(of.arg(1))
        out = matrix.shape[0] if matrix is not None and matrix.shape else None
        return of.make("Linear", operands(of.args), (*x.shape[:-1], out) if x.shape else None, "float")
    if of.name == "one_hot":
        return of.make("one_hot", (x,), None, "int")
    return _torch(of, head)


def _init(of: Call, _: str) -> Any:
    """torch.nn.init.zeros_(layer.weight)"""
    of.emit("init", tensor=root(of.arg(0, "tensor")), how=of.name.strip("_"))
    return of.first or of.unknown()


def _gradients(of: Call, _: str) -> Seq:
    """torch.autograd.grad(loss, (w, b))"""
    of.emit("autograd", tensor=as_tensor(of.arg(0, "outputs")))
    asked = of.arg(1, "inputs")
    listed = isinstance(asked, Seq)
    made = [
        Tensor(of.node, op="grad", inputs=tuple(operands([weight])), graph=False, lib="torch")
        for weight in (asked.items if listed else [asked])
    ]
    return of.several(*made, more=not listed)


def _seeded(of: Call, _: str) -> Any:
    of.machine.seeded(of.args)
    return of.unknown()


def _optimizer(of: Call, head: str) -> Any:
    """torch.optim.SGD(net.parameters(), lr=0.1)"""
    if head != "torch.optim" or not of.name[:1].isupper():
        return _torch(of, head)
    given = of.arg(0, "params")
    owners = None if given is None else objects.owners(given)
    holds = frozenset(id(root(m)) for m in objects.held(given))
    made = Optimizer(of.node, kind=of.name, owners=owners, holds=holds, rate=of.arg(1, "lr"))
    of.emit("optimizer", optimizer=made)
    return made


def _scheduler(of: Call, _: str) -> Scheduler:
    settings = dict(zip(SCHEDULES.get(of.name, ()), of.args[1:])) | of.keywords
    return Scheduler(of.node, kind=of.name, optimizer=root(of.arg(0, "optimizer")), args=settings)


def _distribution(of: Call, head: str) -> Any:
    of.emit("foreign", function=f"{head}.{of.name}", given=[])
    return of.unknown(name=of.name)


# ── scikit-learn ────────────────────────────────────────────────────────────────────────────────────
def _sklearn(of: Call, head: str) -> Any:
    if of.name == "train_test_split":
        return data.split(of)
    if head.startswith("sklearn.datasets"):
        return data.toy(of)
    if of.name == "shuffle" and of.args:
        order = of.machine.draw(of.node, of.keywords)
        tensors = map(as_tensor, of.args)
        made = [of.make("shuffled", (t,), t.shape, order=order) if t else of.unknown() for t in tensors]
        return made[0] if len(made) == 1 else of.several(*made)
    if of.name.endswith(ESTIMATORS):
        return Estimator(of.node, kind=of.name)
    of.foreign(f"{head}.{of.name}")
    return of.unknown(name=of.name)


def _numpy(of: Call, head: str) -> Any:
    return arrays.array(replace(of, lib="numpy"), head)


CALLS = (  # the first that fits: a path, or with a dot at its end the beginning of one
    ("builtins.", _builtin),
    ("torch.autograd.grad", _gradients),
    ("torch.manual_seed", _seeded),
    ("torch.cuda.manual_seed", _seeded),
    ("torch.cuda.manual_seed_all", _seeded),
    ("torch.optim.lr_scheduler.", _scheduler),
    ("torch.optim.", _optimizer),
    ("torch.utils.data.", lambda of, _: data.torch_data(of)),
    ("torch.nn.functional.", _functional),
    ("torch.special.", _functional),
    ("torch.nn.init.", _init),
    ("torch.nn.", _layer),
    ("torch.distributions.", _distribution),
    ("torch.", _torch),
    ("numpy.", _numpy),
    ("jnp.", _numpy),
    ("scipy.special.", _numpy),
    ("cupy.", _numpy),
    ("sklearn.", _sklearn),
    ("pandas.", lambda of, _: data.pandas(of)),
    ("torchvision.datasets.", lambda of, _: data.images(of)),
    ("torchaudio.datasets.", lambda of, _: data.images(of)),
    ("copy.deepcopy", _copied),
    ("copy.copy", _copied),
    ("itertools.chain", _chained),
    ("itertools.chain.from_iterable", _chained),
    ("itertools.count", _repeated),
    ("itertools.cycle", _repeated),
    ("itertools.islice", _repeated),
    ("functools.partial", lambda of, head: of.first or foreign(of, head)),
    ("random.shuffle", lambda of, head: arrays.shuffle(of, of.first) if of.args else foreign(of, head)),
    ("random.seed", _seeded),
    ("random.sample", lambda of, _: of.unknown()),
    ("random.random", lambda of, _: of.unknown()),
    ("math.", _math),
)

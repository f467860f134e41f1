"""What calls mean, under whatever name they were imported: layers, losses, gradients, updates."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from .reading import FUNCTIONS, Script

TORCH = ("torch.nn.functional.", "torch.special.", "torch.nn.", "torch.")
NAMES = {
    "Softmax": "softmax",
    "Sigmoid": "sigmoid",
    "expit": "sigmoid",
    "CrossEntropyLoss": "cross_entropy",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "MSELoss": "mse_loss",
    "L1Loss": "l1_loss",
    "ReLU": "relu",
    "Tanh": "tanh",
    "LeakyReLU": "leaky_relu",
    "NLLLoss": "nll_loss",
    "Identity": "squeeze",
    "Flatten": "flatten",
}
LOSSES = {
    "cross_entropy",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "mse_loss",
    "l1_loss",
    "nll_loss",
    "smooth_l1_loss",
    "huber_loss",
    "SmoothL1Loss",
    "HuberLoss",
}
# what leaves the numbers as they are
SAME = {"squeeze", "unsqueeze", "view", "reshape", "flatten", "float", "double", "to", "cpu", "cuda"}
SAME |= {"contiguous", "clone", "type"}


@dataclass(frozen=True)
class Stage:
    """One operation on the way to a value: its name, where it stands, and the layer that was made for it."""

    name: str
    node: ast.expr
    layer: ast.Call | None = None  # nn.Linear(2, 1)
    operand: ast.AST | None = None
    previous: ast.AST | None = None  # the layer before it in an nn.Sequential


def named(path: str) -> str:
    """The name "softmax" for torch.softmax, nn.functional.softmax and nn.Softmax; "" for what is no torch."""
    for prefix in TORCH:
        name = path.removeprefix(prefix)
        if name != path and "." not in name:
            return NAMES.get(name, name)
    return ""


def module(script: Script, function: ast.AST) -> ast.Call | None:
    """What a callable was made by: nn.Linear(…), nn.Sequential(…), a class of this script; or None."""
    made = script.resolve(function)
    while isinstance(made, ast.Call) and isinstance(made.func, ast.Attribute) and made.func.attr in SAME:
        made = script.resolve(made.func.value)  # Net().to(device)
    if isinstance(made, ast.Call) and (
        named(script.path(made.func)) or script.key(made.func) in script.classes
    ):
        return made
    return None


def forward(script: Script, made: ast.AST | None) -> ast.FunctionDef | None:
    """The forward of a class of this script."""
    owner = script.classes.get(script.key(made.func)) if isinstance(made, ast.Call) else None
    found = [f for f in owner.body if isinstance(f, ast.FunctionDef) and f.name == "forward"] if owner else []
    return found[0] if len(found) == 1 else None


def returned(function: ast.FunctionDef) -> list[ast.expr]:
    """What a function returns, without what functions inside it do."""
    inner = {
        n for f in ast.walk(function) if isinstance(f, FUNCTIONS) and f is not function for n in ast.walk(f)
    }
    found = [n for n in ast.walk(function) if isinstance(n, ast.Return) and n not in inner]
    return [node.value for node in found if node.value is not None]


def trail(script: Script, node: ast.AST, depth: int = 0) -> Iterator[Stage]:
    """The operations that made a value, the last one first, as far back as the text tells."""
    call = script.resolve(node)
    if depth > 30 or not isinstance(call, ast.Call):
        return
    function = script.function(call)
    made = None if script.path(call.func) else module(script, call.func)
    through = forward(script, made) or (function if isinstance(call.func, ast.Name) else None)
    if through is not None:
        results = returned(through)
        if len(results) == 1:
            yield from trail(script, results[0], depth + 1)
        return
    name = named(script.path(call.func))
    operand = call.args[0] if call.args else None
    if name and made is None:
        pass
    elif isinstance(made, ast.Call) and named(script.path(made.func)) == "Sequential":
        yield from _stacked(script, made, call)
        return
    elif isinstance(made, ast.Call):
        name = named(script.path(made.func))
    elif isinstance(call.func, ast.Attribute):
        name, operand = call.func.attr, call.func.value
    if not name or operand is None:
        return
    if name not in SAME:
        yield Stage(name, call, made, operand)
    if name in SAME or name in ("softmax", "sigmoid", "relu", "tanh", "dropout"):
        yield from trail(script, operand, depth + 1)


def _stacked(script: Script, made: ast.Call, call: ast.Call) -> Iterator[Stage]:
    """The layers of an nn.Sequential, the last one first."""
    layers = [layer.elts[1] if isinstance(layer, ast.Tuple) else layer for layer in made.args]
    for place in range(len(layers) - 1, -1, -1):
        layer = script.resolve(layers[place])
        name = named(script.path(layer.func)) if isinstance(layer, ast.Call) else ""
        if not isinstance(layer, ast.Call) or not name or name == "Sequential":
            return
        previous = layers[place - 1] if place else None
        if name not in SAME:
            yield Stage(name, layers[place], layer, None, previous)


def outputs(script: Script, stage: Stage) -> int | None:
    """How many numbers a linear layer gives for each row."""
    if stage.name not in ("Linear", "LazyLinear") or stage.layer is None:
        return None
    place = 1 if stage.name == "Linear" else 0
    given = dict(enumerate(stage.layer.args))
    keywords = {keyword.arg: keyword.value for keyword in stage.layer.keywords}
    return number(script, keywords.get("out_features", given.get(place)))


def number(script: Script, node: ast.AST | None) -> int | None:
    """A whole number that the text tells."""
    if node is None:
        return None
    value = script.resolve(node)
    whole = isinstance(value, ast.Constant) and type(value.value) is int
    return value.value if whole else None


@dataclass(frozen=True)
class LossCall:
    """loss(input, target), and the call that made the loss, where there is one."""

    name: str
    node: ast.Call
    input: ast.expr
    target: ast.expr
    made: ast.Call


def loss_calls(script: Script) -> Iterator[LossCall]:
    """Every call of a loss of PyTorch."""
    for call in script.calls:
        name, made = named(script.path(call.func)), call
        if not name or name[0].isupper():
            maker = module(script, call.func)
            if not isinstance(maker, ast.Call):
                continue
            name, made = named(script.path(maker.func)), maker
        elif name in NAMES.values() and script.path(call.func).rpartition(".")[2] in NAMES:
            continue  # nn.MSELoss() makes a loss, it is none
        given = dict(zip(("input", "target"), call.args))
        given.update({k.arg: k.value for k in call.keywords if k.arg in ("input", "target")})
        if name in LOSSES and made is not None and len(given) == 2 and not _starred(call):
            yield LossCall(name, call, given["input"], given["target"], made)


def _starred(call: ast.Call) -> bool:
    return any(isinstance(arg, ast.Starred) for arg in call.args)


# ── training ────────────────────────────────────────────────────────────────────────────────────────
def is_method(node: ast.AST, *names: str) -> bool:
    """A call of a method of one of these names."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names


def backwards(script: Script) -> list[ast.Call]:
    return [call for call in script.calls if is_method(call, "backward")]


def clears(node: ast.AST) -> bool:
    """w.grad.zero_(), w.grad = None, optimizer.zero_grad(), del w.grad."""
    if is_method(node, "zero_grad"):
        return True
    if is_method(node, "zero_", "fill_", "mul_", "copy_"):
        return "grad" in {n.attr for n in ast.walk(node.func.value) if isinstance(n, ast.Attribute)}
    targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else ()
    if isinstance(node, ast.AugAssign):
        targets = [node.target]
    return any(
        isinstance(part, ast.Attribute) and part.attr == "grad" for t in targets for part in ast.walk(t)
    )


def optimizer(script: Script, node: ast.AST) -> ast.Call | None:
    """torch.optim.SGD(…) behind a name."""
    made = script.resolve(node)
    if not isinstance(made, ast.Call):
        return None
    parts = script.path(made.func).split(".")
    return made if parts[:2] == ["torch", "optim"] and len(parts) == 3 and parts[2][0].isupper() else None


def steps(script: Script, node: ast.AST) -> bool:
    """A call that lets an optimizer step: of torch.optim, or of what the text does not tell."""
    if not is_method(node, "step"):
        return False
    made = script.resolve(node.func.value)
    path = script.path(made.func) if isinstance(made, ast.Call) else ""
    return (
        not path.startswith("torch.optim.lr_scheduler.")
        and "sched" not in script.source(node.func.value).lower()
    )


def by_gradient(node: ast.AST) -> ast.expr | None:
    """The target of an update by .grad: w -= rate * w.grad, w = w - …, w.data -= …, w.sub_(…), w.add_(…)."""
    target: ast.expr | None = None
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Sub | ast.Add):
        target, made = node.target, node.value
    elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.value, ast.BinOp):
        target, made = node.targets[0], node.value
    elif is_method(node, "sub_", "add_", "copy_"):
        target, made = node.func.value, ast.Tuple([*node.args, *(k.value for k in node.keywords)], ast.Load())
    if target is None or not reads_gradient(made):
        return None
    return target.value if isinstance(target, ast.Attribute) and target.attr == "data" else target


def reads_gradient(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Attribute) and inner.attr == "grad" for inner in ast.walk(node))


def passes(script: Script, loop: ast.AST) -> int | None:
    """How often a loop runs, where the text tells."""
    if not isinstance(loop, ast.For) or not isinstance(loop.iter, ast.Call):
        return None
    plain = script.key(loop.iter.func) == "range" and len(loop.iter.args) == 1
    return number(script, loop.iter.args[0]) if plain else None


def over_parameters(loop: ast.AST) -> bool:
    """for p in model.parameters()"""
    return isinstance(loop, ast.For) and "param" in ast.unparse(loop.iter)


def unrecorded(script: Script, node: ast.AST) -> bool:
    """Whether this runs where no graph is kept: with torch.no_grad(), or a function called there."""
    if any(script.path(c.func).endswith("set_grad_enabled") for c in script.calls):
        return True
    for up in script.above(node):
        if isinstance(up, ast.With) and any(_silent(script, item.context_expr) for item in up.items):
            return True
        if isinstance(up, ast.FunctionDef):
            if any(_silent(script, decorator) for decorator in up.decorator_list):
                return True
            return any(
                unrecorded(script, call) for call in script.callers(up) if up not in script.above(call)
            )
    return False


def _silent(script: Script, node: ast.AST) -> bool:
    path = script.path(node.func if isinstance(node, ast.Call) else node)
    return path.rpartition(".")[2] in ("no_grad", "inference_mode")

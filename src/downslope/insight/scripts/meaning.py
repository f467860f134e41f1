"""What calls mean, under whatever name they were imported: layers, losses, gradients, updates."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast

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


def returned(function: ast.FunctionDef) -> list[ast.expr]:
    """What a function returns, without what functions inside it do."""
    inner = {
        n for f in ast.walk(function) if isinstance(f, FUNCTIONS) and f is not function for n in ast.walk(f)
    }
    found = [n for n in ast.walk(function) if isinstance(n, ast.Return) and n not in inner]
    return [node.value for node in found if node.value is not None]


def number(script: Script, node: ast.AST | None) -> int | None:
    """A whole number that the text tells."""
    if node is None:
        return None
    value = script.resolve(node)
    whole = isinstance(value, ast.Constant) and type(value.value) is int
    return value.value if whole else None


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

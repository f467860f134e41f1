"""λ of a PyTorch step, measured on the step's own graph, and the largest learning rate that it allows.

`measure(loss, optimizer)` is called between the script's forward pass and its `backward`: Lanczos on products
with the Hessian, each a derivative of the gradient along a vector (Pearlmutter 1994). Nothing of the script
changes: `.grad` is not written, the graph stays whole, no generator is drawn from.
"""

from __future__ import annotations

import gc
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..data import memory
from ..model.lanczos import largest_eigenvalue

HALF = ("torch.float16", "torch.bfloat16")
NODES = 20_000  # of a graph that are looked at; a larger one is not measured
FIRST = 0.4  # of the seconds allowed, for the first measurement: others are to follow


class NotMeasured(Exception):
    """`what`: the operation or object at fault, by its own name; `why`: "no_second_derivative", "compiled",
    "half_precision", "hooks", "distributed", "custom_function", "sparse", "complex", "memory", "too_large",
    "no_graph" or "not_finite"."""

    def __init__(self, what: str, why: str):
        super().__init__(f"{what}: {why}")
        self.what, self.why = what, why


@dataclass
class Budget:
    """Seconds that measuring may take: `share` of the loop's seconds so far, or `seconds` where that is more.

    >>> budget = Budget()
    >>> budget.due(1, 0.0), budget.due(3, 0.0), budget.due(4, 0.0)
    (True, False, True)
    """

    seconds: float = 1.0
    share: float = 0.05
    spent: float = 0.0
    last: float = 0.0  # seconds of the last measurement

    def due(self, step: int, elapsed: float, length: int | None = None) -> bool:
        """Whether to measure at this update, counted from 1: 1, 2, 4, 8 … and the last one."""
        if step == length:
            return self.last <= self.left(elapsed)
        reserve = self.last if length else 0.0  # for the last update
        return step & (step - 1) == 0 and self.last + reserve <= self.left(elapsed)

    def left(self, elapsed: float) -> float:
        """Seconds that are still allowed, `elapsed` seconds after the loop began."""
        return max(self.seconds, self.share * elapsed) - self.spent

    def allowed(self, elapsed: float) -> float:
        """Seconds for the measurement that begins now."""
        left = self.left(elapsed)
        return left if self.spent else FIRST * left

    def charge(self, seconds: float) -> None:
        self.last = seconds
        self.spent += seconds


@dataclass(frozen=True)
class StepRule:
    """How an optimizer's next step answers to curvature: stable while rate·(share·λ + extra) < factor, with λ
    of D(H + decay·I)D. `scale`: D, a number or tensor for each parameter.

    SGD 2/λ; momentum 2(1 + β)/λ (Polyak 1964); Nesterov 2(1 + β)/((1 + 2β)λ); RMSprop 2/λ and Adam
    (2 + 2β₁)/((1 − β₁)λ) with λ preconditioned (Cohen et al. 2021, appendix B; 2022, section 2).
    """

    scale: list[Any]
    decay: list[float]
    factor: float = math.nan  # NaN: no bound is known for this optimizer
    share: float = 1.0
    extra: float = 0.0
    preconditioned: bool = False

    def bound(self, value: float) -> float:
        """The largest stable learning rate; infinite where nothing curves upward, NaN where none is known."""
        denominator = self.share * value + self.extra
        return (
            math.nan
            if math.isnan(self.factor)
            else self.factor / denominator
            if denominator > 0
            else math.inf
        )


@dataclass(frozen=True)
class Measured:
    """What one measurement found. `value` ± `error`: λ of D(H + decay·I)D; the largest is `value` or more."""

    value: float
    error: float
    bound: float
    rate: float
    preconditioned: bool
    noise_scale: float | None
    gradient_norm: float
    seconds: float
    vector: np.ndarray = field(repr=False)  # where the next measurement may start


def measure(
    loss: Any,
    optimizer: Any,
    scores: Any = None,
    start: np.ndarray | None = None,
    seconds: float = math.inf,
    source: str = "",
) -> Measured:
    """λ of the next step of `optimizer` on `loss`, a tensor of one number before its backward pass.

    scores: the model's output (rows, …), or its edge (node, number), for the gradient noise scale.  start: a
    vector to begin with.  seconds: products stop after so long, and λ is then a lower bound.  source: the
    script, which may say that it registers hooks.  Raises NotMeasured, and nothing else.
    """
    began = time.perf_counter()
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    parameters = [p for p in parameters if p.requires_grad]
    try:
        _refuse(loss, parameters, source)
        product = HessianProduct(loss, parameters)
        rule = step_rule(optimizer, parameters, product.gradients)
        times = product.preconditioned(rule)
        if start is None or start.size != product.size:
            start = product.random()
        until = began + seconds
        value, margin, vector = largest_eigenvalue(times, start, go_on=lambda: time.perf_counter() < until)
        if not math.isfinite(value):
            raise NotMeasured("Hessian", "not_finite")
        noise = noise_scale(loss, scores, product) if time.perf_counter() < until else None
    except NotMeasured:
        raise
    except Exception as error:  # whatever a derivative of a derivative may raise: it is not the script's
        raise NotMeasured(*_operation(error)) from None
    rate = float(optimizer.param_groups[0]["lr"])
    took = time.perf_counter() - began
    norm = product.gradient_norm
    return Measured(value, margin, rule.bound(value), rate, rule.preconditioned, noise, norm, took, vector)


class HessianProduct:
    """v ↦ Hv of a loss (a tensor of one number) over `parameters`, from its graph, which stays whole."""

    def __init__(self, loss: Any, parameters: list[Any]):
        import torch

        self.parameters = parameters
        self.sizes = [p.numel() for p in parameters]
        self.size = sum(self.sizes)
        with torch.enable_grad(), torch.autograd.set_detect_anomaly(False):
            found = torch.autograd.grad(loss, parameters, create_graph=True, allow_unused=True)
        for gradient in found:
            if gradient is not None and gradient.is_sparse:
                raise NotMeasured("Embedding(sparse=True)", "sparse")
        self.curved = [g for g in found if g is not None and g.requires_grad]
        self.places = [i for i, g in enumerate(found) if g is not None and g.requires_grad]
        self.gradients = [torch.zeros_like(p) if g is None else g.detach() for g, p in zip(found, parameters)]

    @property
    def gradient_norm(self) -> float:
        return math.sqrt(sum(float(g.double().square().sum()) for g in self.gradients))

    def __call__(self, parts: list[Any]) -> list[Any]:
        """Hv for v of one tensor a parameter; None where it is 0."""
        if not self.curved:
            return [None] * len(self.parameters)
        return backwards(self.curved, [parts[i] for i in self.places], self.parameters)

    def random(self) -> np.ndarray:
        """A vector to begin with, (p,): the same each time, from no generator of the script's."""
        import torch

        return torch.randn(self.size, generator=torch.Generator().manual_seed(0), dtype=torch.float64).numpy()

    def preconditioned(self, rule: StepRule) -> Callable[[np.ndarray], np.ndarray]:
        """v ↦ D(H + decay·I)Dv for float64 vectors (p,)."""
        import torch

        ends = np.cumsum(self.sizes)[:-1]

        def times(v: np.ndarray) -> np.ndarray:
            cut = [torch.from_numpy(part) for part in np.split(v, ends)]
            parts = [d * part.to(p).view_as(p) for d, part, p in zip(rule.scale, cut, self.parameters)]
            bent = []
            for d, a, part, h in zip(rule.scale, rule.decay, parts, self(parts)):
                whole = a * part if h is None else h + a * part if a else h
                bent.append((d * whole).detach().to("cpu", torch.float64).reshape(-1).numpy())
            return np.concatenate(bent)

        return times


def backwards(outputs: list[Any], along: list[Any], inputs: list[Any]) -> list[Any]:
    """Σ ∂output/∂input · along for each input, None where there is no way; the graph stays whole.

    Straight to the engine: torch.autograd.grad loads SymPy, a second, to compare symbolic shapes.
    """
    import torch

    engine = torch.autograd.Variable._execution_engine
    return list(engine.run_backward(tuple(outputs), tuple(along), True, False, tuple(inputs), True, False))


# ── the rule of each optimizer ──────────────────────────────────────────────────────────────────────
def step_rule(optimizer: Any, parameters: list[Any], gradients: list[Any]) -> StepRule:
    """The rule of an optimizer's next step along these gradients; groups may differ in rate and decay."""
    groups = {id(p): group for group in optimizer.param_groups for p in group["params"]}
    first, rate = optimizer.param_groups[0], float(optimizer.param_groups[0]["lr"])
    kind = next((c.__name__ for c in type(optimizer).__mro__ if c.__name__ in _RULES), "")
    make = _RULES.get(kind, _unknown)
    decoupled = kind == "AdamW" or bool(first.get("decoupled_weight_decay"))
    scale, decay = [], []
    preconditioned = False
    for p, g in zip(parameters, gradients):
        group = groups[id(p)]
        own = 0.0 if decoupled else float(group.get("weight_decay", 0.0))
        g = -g if group.get("maximize") else g
        d = make(optimizer.state.get(p, {}), group, g + own * p.detach() if own else g)
        preconditioned |= not isinstance(d, float)
        unlike = float(group["lr"]) / rate if rate else 1.0
        preconditioned |= unlike != 1.0
        scale.append(d * math.sqrt(unlike))
        decay.append(own)
    factor, share = _stability(kind, optimizer, first)
    alike = all(group.get(name) == first.get(name) for group in optimizer.param_groups for name in _MOMENTA)
    upside_down = any(group.get("maximize") for group in optimizer.param_groups)
    extra = 0.0
    if decoupled:
        extra = float(first.get("weight_decay", 0.0)) * (1 + float(first["betas"][0]))
        alike &= all(group["weight_decay"] == first["weight_decay"] for group in optimizer.param_groups)
    known = alike and not upside_down
    return StepRule(scale, decay, factor if known else math.nan, share, extra, preconditioned)


_MOMENTA = ("momentum", "dampening", "nesterov", "betas")


def _stability(kind: str, optimizer: Any, group: dict[str, Any]) -> tuple[float, float]:
    """(factor, share): stable while rate·share·λ < factor."""
    if kind == "SGD":
        beta = float(group["momentum"])
        if group["nesterov"]:
            return 2 * (1 + beta), 1 + 2 * beta
        return 2 * (1 + beta), 1 - float(group["dampening"]) if beta else 1.0
    if kind == "ByHand":
        return 2.0, 1.0
    if kind == "RMSprop":
        return 2 * (1 + float(group["momentum"])), 1.0
    if kind == "Adagrad":
        done = max(
            (float(state["step"]) for state in optimizer.state.values() if "step" in state), default=0.0
        )
        return 2 * (1 + done * float(group["lr_decay"])), 1.0
    if kind in ("Adam", "AdamW", "Adamax"):
        beta = float(group["betas"][0])
        return 2 + 2 * beta, 1 - beta
    return math.nan, 1.0


def _plain(state: dict[str, Any], group: dict[str, Any], g: Any) -> Any:
    return 1.0


def _unknown(state: dict[str, Any], group: dict[str, Any], g: Any) -> Any:
    return 1.0


def _rmsprop(state: dict[str, Any], group: dict[str, Any], g: Any) -> Any:
    alpha = group["alpha"]
    square = (1 - alpha) * g * g
    if "square_avg" in state:
        square = square + alpha * state["square_avg"]
    if group["centered"]:
        mean = (1 - alpha) * g
        if "grad_avg" in state:
            mean = mean + alpha * state["grad_avg"]
        square = (square - mean * mean).clamp(min=0)
    return (square.sqrt() + group["eps"]).rsqrt()


def _adagrad(state: dict[str, Any], group: dict[str, Any], g: Any) -> Any:
    return ((state["sum"] + g * g).sqrt() + group["eps"]).rsqrt()


def _adam(state: dict[str, Any], group: dict[str, Any], g: Any) -> Any:
    beta1, beta2 = (float(beta) for beta in group["betas"])
    step = float(state.get("step", 0.0)) + 1
    square = (1 - beta2) * g * g
    if "exp_avg_sq" in state:
        square = square + beta2 * state["exp_avg_sq"]
    if group["amsgrad"] and "max_exp_avg_sq" in state:
        square = square.maximum(state["max_exp_avg_sq"])
    size = (square / (1 - beta2**step)).sqrt() + group["eps"]
    return ((1 - beta1**step) * size).rsqrt()


def _adamax(state: dict[str, Any], group: dict[str, Any], g: Any) -> Any:
    beta1, beta2 = (float(beta) for beta in group["betas"])
    step = float(state.get("step", 0.0)) + 1
    size = g.abs() + group["eps"]
    if "exp_inf" in state:
        size = size.maximum(beta2 * state["exp_inf"])
    return ((1 - beta1**step) * size).rsqrt()


_RULES: dict[str, Callable[[dict[str, Any], dict[str, Any], Any], Any]] = {
    "SGD": _plain,
    "ByHand": _plain,
    "RMSprop": _rmsprop,
    "Adagrad": _adagrad,
    "Adam": _adam,
    "AdamW": _adam,
    "Adamax": _adamax,
}


# ── noise ───────────────────────────────────────────────────────────────────────────────────────────
def noise_scale(loss: Any, scores: Any, product: HessianProduct) -> float | None:
    """B = tr Σ/‖G‖², rows: a batch much smaller than B steps along noise; McCandlish et al. 2018, appendix A.

    From the gradients of a batch and of its two halves: the loss's slope in `scores` (rows, …) is cut in two.
    Infinite where the two halves show no common gradient, None where the loss does not pass through
    `scores`, or where rows meet on the way, as in batch normalisation.
    """
    import torch

    if scores is None:
        return None
    edge = _edge(scores)
    rows = edge.node._input_metadata[edge.output_nr].shape[0] // 2 * 2
    if rows < 4:
        return None
    (slope,) = backwards([loss], [torch.ones_like(loss)], [edge])
    if slope is None:
        return None
    half = slope.clone()
    half[rows // 2 :] = 0
    first = backwards([edge], [half], product.parameters)
    whole = sum(float(g.double().square().sum()) for g in product.gradients)
    halves = 0.0
    for g, own in zip(product.gradients, first):
        one = 0.0 * g if own is None else 2 * own  # of the mean over half the rows
        halves += float(one.double().square().sum()) + float((2 * g - one).double().square().sum())
    halves /= 2
    signal = 2 * whole - halves  # (B·‖g‖² − b·‖g′‖²)/(B − b), b = B/2
    noise = max(halves - whole, 0.0) * rows  # (‖g′‖² − ‖g‖²)/(1/b − 1/B)
    return noise / signal if signal > 0 else math.inf if noise > 0 else None


def _edge(scores: Any) -> Any:
    """The edge of a graph that stands for a tensor, or for (node, number of its output)."""
    from torch.autograd.graph import GradientEdge, get_gradient_edge

    return GradientEdge(*scores) if isinstance(scores, tuple) else get_gradient_edge(scores)


# ── what cannot be measured ─────────────────────────────────────────────────────────────────────────
def _refuse(loss: Any, parameters: list[Any], source: str) -> None:
    """Raise NotMeasured where measuring would fail, would be wrong, or could be noticed by the script."""
    import torch

    if loss.grad_fn is None:
        raise NotMeasured("loss", "no_graph")
    if loss.numel() != 1 or loss.is_complex() or any(p.is_complex() for p in parameters):
        raise NotMeasured("complex" if loss.is_complex() else "backward", "complex")
    if "_dynamo" in dir(torch) and torch.compiler.is_compiling():
        raise NotMeasured("torch.compile", "compiled")
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        raise NotMeasured("torch.distributed", "distributed")
    hooked = re.search(r"\b(register_hook|retain_grad|register_prehook|register_full_backward\w*)\b", source)
    if hooked or any(p._backward_hooks for p in parameters) or loss._backward_hooks:
        raise NotMeasured(hooked[1] if hooked else "register_hook", "hooks")
    held = 0
    for node in graph(loss):
        name = operation(node)
        if isinstance(node, torch.autograd.function.BackwardCFunction):
            raise NotMeasured(name, "hooks" if "BackwardHook" in name else "custom_function")
        if "CompiledFunction" in name:
            raise NotMeasured("torch.compile", "compiled")
        for made in node._input_metadata:
            if str(made.dtype) in HALF:
                raise NotMeasured(str(made.dtype), "half_precision")
            held += math.prod(made.shape) * made.dtype.itemsize
    if 3 * held > _free(loss):
        raise NotMeasured(f"{3 * held / 1e9:.3g} GB", "memory")


def graph(loss: Any) -> list[Any]:
    """The nodes of a loss's graph, the last operation first. Raises NotMeasured for more than 20,000."""
    seen, todo, nodes = {loss.grad_fn}, [loss.grad_fn], []
    while todo:
        node = todo.pop()
        nodes.append(node)
        for before, _ in node.next_functions:
            if before is not None and before not in seen:
                seen.add(before)
                todo.append(before)
        if len(nodes) > NODES:
            raise NotMeasured(f"{NODES}", "too_large")
    return nodes


def operation(node: Any) -> str:
    """The name of what made a tensor: "Addmm", "Softmax", "AccumulateGrad"."""
    return re.sub(r"Backward\d*$", "", node.name().rpartition("::")[2])


def _free(loss: Any) -> int:
    if loss.device.type != "cuda":
        return memory.free()
    import torch

    return int(torch.cuda.mem_get_info(loss.device)[0])


_NAMED = re.compile(
    r"derivative for '?(?:aten::)?(\w+?)'?[ ,]|for (\w+) is not (?:currently )?(?:implemented|supported)"
)


def _operation(error: Exception) -> tuple[str, str]:
    """(operation, reason) of an error in a second derivative; what it held is let go."""
    text = str(error)
    error.__traceback__ = None
    gc.collect(0)
    if isinstance(error, MemoryError) or "out of memory" in text:
        return "torch", "memory"
    found = _NAMED.search(text)
    name = (found[1] or found[2]) if found else text.partition("\n")[0][:80] or type(error).__name__
    return re.sub(r"_backward$", "", name.strip("_")), "no_second_derivative"

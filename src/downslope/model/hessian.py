"""Products with the Hessian of a PyTorch loss, and how an optimizer's next step answers to its curvature.

`HessianProduct` finds Hv as the derivative of the gradient along v (Pearlmutter 1994), from a graph that
stays whole. `step_rule` is the optimizer's: how it scales a gradient, and the largest learning rate that a
curvature allows. Watched loops and nets are measured by the same lines.
"""

from __future__ import annotations

import gc
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data import memory
from .autodiff import pytorch

HALF = ("torch.float16", "torch.bfloat16")
NODES = 20_000  # of a graph that are looked at; a larger one is not measured


class NotMeasured(Exception):
    """`what`: the operation or object at fault, by its own name; `why`: "no_second_derivative", "compiled",
    "half_precision", "hooks", "distributed", "custom_function", "sparse", "complex", "memory", "too_large",
    "no_graph" or "not_finite"."""

    def __init__(self, what: str, why: str):
        super().__init__(f"{what}: {why}")
        self.what, self.why = what, why


@dataclass(frozen=True)
class StepRule:
    """How an optimizer's next step answers to curvature: stable while rate·(multiple·λ + extra) < factor,
    with λ of D(H + decay·I)D. `scale`: D, a number or tensor for each parameter.

    SGD 2/λ; momentum 2(1 + β)/λ (Polyak 1964); Nesterov 2(1 + β)/((1 + 2β)λ); RMSprop 2/λ and Adam
    (2 + 2β₁)/((1 − β₁)λ) with λ preconditioned (Cohen et al. 2021, appendix B; 2022, section 2).
    """

    scale: list[Any]
    decay: list[float]
    factor: float = math.nan  # NaN: no bound is known for this optimizer
    multiple: float = 1.0
    extra: float = 0.0
    preconditioned: bool = False

    def bound(self, value: float) -> float:
        """The largest stable learning rate; infinite where nothing curves upward, NaN where none is known."""
        denominator = self.multiple * value + self.extra
        if math.isnan(self.factor):
            return math.nan
        return self.factor / denominator if denominator > 0 else math.inf


class HessianProduct:
    """v ↦ Hv of a loss (a tensor of one number) over `parameters`, from its graph, which stays whole."""

    def __init__(self, loss: Any, parameters: list[Any]):
        torch = pytorch()
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
        torch = pytorch()
        return torch.randn(self.size, generator=torch.Generator().manual_seed(0), dtype=torch.float64).numpy()

    def times(self, v: np.ndarray) -> np.ndarray:
        """Hv for a float64 vector (p,)."""
        return self._joined(self(self._cut(v)))

    def preconditioned(self, rule: StepRule) -> Callable[[np.ndarray], np.ndarray]:
        """v ↦ D(H + decay·I)Dv for float64 vectors (p,)."""

        def times(v: np.ndarray) -> np.ndarray:
            parts = [d * part for d, part in zip(rule.scale, self._cut(v))]
            bent = []
            for d, a, part, h in zip(rule.scale, rule.decay, parts, self(parts)):
                bent.append(d * (a * part if h is None else h + a * part if a else h))
            return self._joined(bent)

        return times

    def _cut(self, v: np.ndarray) -> list[Any]:
        """A vector (p,) as one tensor a parameter."""
        cut = np.split(v, np.cumsum(self.sizes)[:-1])
        return [pytorch().from_numpy(part).to(p).view_as(p) for part, p in zip(cut, self.parameters)]

    def _joined(self, parts: list[Any]) -> np.ndarray:
        """One tensor a parameter, or None for 0, as a float64 vector (p,)."""
        torch = pytorch()
        flat = [
            np.zeros(size) if part is None else part.detach().to("cpu", torch.float64).reshape(-1).numpy()
            for part, size in zip(parts, self.sizes)
        ]
        return np.concatenate(flat)


class RowsHessian:
    """v ↦ Hv of a mean over rows, (p,) → (p,) float64, block by block.

    `loss_of(block)`: what a block of rows adds to the mean, a tensor of one number with its graph. The graph
    of a single block is built once; with more of them each product builds them again, one at a time, so
    that memory does not grow with the rows. `gradient`: (p,) of the mean. Raises NotMeasured.
    """

    def __init__(self, loss_of: Callable[[Any], Any], parameters: list[Any], blocks: list[Any]):
        first = loss_of(blocks[0])
        refuse(first, parameters, "")
        self._loss_of, self._parameters, self._blocks = loss_of, parameters, blocks
        self._only = HessianProduct(first, parameters) if len(blocks) == 1 else None
        del first
        self.gradient = sum(product._joined(product.gradients) for product in self._products())

    def _products(self) -> Iterator[HessianProduct]:
        if self._only is not None:
            yield self._only
            return
        for block in self._blocks:
            yield HessianProduct(self._loss_of(block), self._parameters)

    def __call__(self, v: np.ndarray) -> np.ndarray:
        total = np.zeros(len(v))
        for product in self._products():
            total += product.times(v)
        return total


def parabola(scores: Any, slope: np.ndarray, bend: np.ndarray) -> Any:
    """Σᵢ ℓᵢ′·z + ½(z − zᵢ)ᵀℓᵢ″(z − zᵢ) for scores z (b, k), ℓ′ (b, k) and ℓ″ (b, k) or (b, k, k).

    As a function of the weights it has the gradient and the Hessian of Σᵢ ℓᵢ(z): PyTorch need not know ℓ.
    """
    torch = pytorch()
    tilt, curve = (torch.from_numpy(part).to(scores) for part in (slope, bend))
    away = scores - scores.detach()
    bent = curve * away if bend.ndim == 2 else (curve @ away[..., None])[..., 0]
    return (tilt * scores).sum() + 0.5 * (away * bent).sum()


def backwards(outputs: list[Any], along: list[Any], inputs: list[Any]) -> list[Any]:
    """Σ ∂output/∂input · along for each input, None where there is no way; the graph stays whole.

    Straight to the engine: torch.autograd.grad loads SymPy, a second, to compare symbolic shapes.
    """
    torch = pytorch()
    engine = torch.autograd.Variable._execution_engine
    return list(engine.run_backward(tuple(outputs), tuple(along), True, False, tuple(inputs), True, False))


# ── the rule of each optimizer ──────────────────────────────────────────────────────────────────────
def step_rule(optimizer: Any, parameters: list[Any], gradients: list[Any]) -> StepRule:
    """The rule of an optimizer's next step along these gradients; groups may differ in rate and decay."""
    kind = next((c.__name__ for c in type(optimizer).__mro__ if c.__name__ in _RULES), "")
    return rule_of(kind, optimizer.param_groups, optimizer.state, parameters, gradients)


def rule_of(
    kind: str,
    param_groups: Sequence[Mapping[str, Any]],
    states: Mapping[Any, Mapping[str, Any]],
    parameters: list[Any],
    gradients: list[Any],
) -> StepRule:
    """The rule of an optimizer, given by its name in torch.optim, its parameter groups and its state."""
    groups = {id(p): group for group in param_groups for p in group["params"]}
    first, rate = param_groups[0], float(param_groups[0]["lr"])
    make = _RULES.get(kind, _plain)
    decoupled = kind == "AdamW" or bool(first.get("decoupled_weight_decay"))
    scale, decay = [], []
    preconditioned = False
    for p, g in zip(parameters, gradients):
        group = groups[id(p)]
        own = 0.0 if decoupled else float(group.get("weight_decay", 0.0))
        g = -g if group.get("maximize") else g
        d = make(states.get(p, {}), group, g + own * p.detach() if own else g)
        preconditioned |= not isinstance(d, float)
        unlike = float(group["lr"]) / rate if rate else 1.0
        preconditioned |= unlike != 1.0
        scale.append(d * math.sqrt(unlike))
        decay.append(own)
    factor, multiple = _stability(kind, states, first)
    alike = all(group.get(name) == first.get(name) for group in param_groups for name in _MOMENTA)
    upside_down = any(group.get("maximize") for group in param_groups)
    extra = 0.0
    if decoupled:
        extra = float(first.get("weight_decay", 0.0)) * (1 + float(first["betas"][0]))
        alike &= all(group["weight_decay"] == first["weight_decay"] for group in param_groups)
    known = alike and not upside_down
    return StepRule(scale, decay, factor if known else math.nan, multiple, extra, preconditioned)


_MOMENTA = ("momentum", "dampening", "nesterov", "betas")


def _stability(
    kind: str, states: Mapping[Any, Mapping[str, Any]], group: Mapping[str, Any]
) -> tuple[float, float]:
    """(factor, multiple): stable while rate·multiple·λ < factor."""
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
        done = max((float(state["step"]) for state in states.values() if "step" in state), default=0.0)
        return 2 * (1 + done * float(group["lr_decay"])), 1.0
    if kind in ("Adam", "AdamW", "Adamax"):
        beta = float(group["betas"][0])
        return 2 + 2 * beta, 1 - beta
    return math.nan, 1.0


def _plain(state: Mapping[str, Any], group: Mapping[str, Any], g: Any) -> Any:
    return 1.0


def _rmsprop(state: Mapping[str, Any], group: Mapping[str, Any], g: Any) -> Any:
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


def _adagrad(state: Mapping[str, Any], group: Mapping[str, Any], g: Any) -> Any:
    return ((state["sum"] + g * g).sqrt() + group["eps"]).rsqrt()


def _adam(state: Mapping[str, Any], group: Mapping[str, Any], g: Any) -> Any:
    beta1, beta2 = (float(beta) for beta in group["betas"])
    step = float(state.get("step", 0.0)) + 1
    square = (1 - beta2) * g * g
    if "exp_avg_sq" in state:
        square = square + beta2 * state["exp_avg_sq"]
    if group["amsgrad"] and "max_exp_avg_sq" in state:
        square = square.maximum(state["max_exp_avg_sq"])
    size = (square / (1 - beta2**step)).sqrt() + group["eps"]
    return ((1 - beta1**step) * size).rsqrt()


def _adamax(state: Mapping[str, Any], group: Mapping[str, Any], g: Any) -> Any:
    beta1, beta2 = (float(beta) for beta in group["betas"])
    step = float(state.get("step", 0.0)) + 1
    size = g.abs() + group["eps"]
    if "exp_inf" in state:
        size = size.maximum(beta2 * state["exp_inf"])
    return ((1 - beta1**step) * size).rsqrt()


_RULES: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any], Any], Any]] = {
    "SGD": _plain,
    "ByHand": _plain,
    "RMSprop": _rmsprop,
    "Adagrad": _adagrad,
    "Adam": _adam,
    "AdamW": _adam,
    "Adamax": _adamax,
}


# ── what can not be measured ────────────────────────────────────────────────────────────────────────
def refuse(loss: Any, parameters: list[Any], source: str) -> None:
    """Raise NotMeasured where measuring would fail, would be wrong, or could be noticed by the script."""
    torch = pytorch()
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
        if "CompiledFunction" in name:
            raise NotMeasured("torch.compile", "compiled")
        if isinstance(node, torch.autograd.function.BackwardCFunction):
            raise NotMeasured(name, "hooks" if "BackwardHook" in name else "custom_function")
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
    torch = pytorch()
    return int(torch.cuda.mem_get_info(loss.device)[0])


_NAMED = re.compile(
    r"derivative for '?(?:aten::)?(\w+?)'?[ ,]|for (\w+) is not (?:currently )?(?:implemented|supported)"
)


def operation_of(error: Exception) -> tuple[str, str]:
    """(operation, reason) of an error in a second derivative; what it held is let go."""
    text = str(error)
    error.__traceback__ = None
    gc.collect(0)
    if isinstance(error, MemoryError) or "out of memory" in text:
        return "torch", "memory"
    found = _NAMED.search(text)
    name = (found[1] or found[2]) if found else text.partition("\n")[0][:80] or type(error).__name__
    return re.sub(r"_backward$", "", name.strip("_")), "no_second_derivative"

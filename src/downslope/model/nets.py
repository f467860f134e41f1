"""Small nets on PyTorch, as sums over rows that the loop descends like any other.

θ is one flat vector. The parameters of a module are views of it, in the order of `named_parameters`,
and their slopes are views of a second one, so that a method sees two vectors and no layers. The module
ends in raw scores z; the loss is the one that linear models have: torch carries x forward to z, and
∂ℓ/∂z backward.
"""

from __future__ import annotations

import copy
import math
from collections import OrderedDict
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DownslopeError
from . import net_checks as checks
from . import net_state
from .autodiff import pytorch
from .hessian import NotMeasured, RowsHessian, parabola
from .naming import coded
from .net_settings import ACTIVATIONS, NetSettings
from .net_state import drawing_from, one_torch_thread
from .net_units import Units
from .standardise import refuse_overflow, row_blocks, standardising
from .term import Term

if TYPE_CHECKING:
    import torch

SMALL_NET = 2**24  # rows of a batch × weights, below which a net is trained on one thread
COPIES = 4  # of every weight, 8 bytes each: θ, its gradient, and two that a method remembers


@dataclass(frozen=True)
class Net(NetSettings):
    """z = W₂·a(W₁x + b₁) + b₂,  with a layer a(Wx + b) for each size in `hidden`.

    hidden: units of each hidden layer; () is a linear model.  activation: "sigmoid", "tanh", "relu" or
    "gelu".  dropout: fraction of the hidden units dropped in each update.  dtype: "float32" or "float64".
    device: "cpu", "cuda", "cuda:1" …, or "auto", a GPU if there is one and it is worth it.
    seed: for the initial weights, which are PyTorch's defaults, and for dropout.

    Raises DownslopeError for other values.

    >>> Net(hidden=(10,)).weights(features=4, outputs=1)
    61
    """

    def sizes(self, features: int, outputs: int) -> list[tuple[int, int]]:
        """(inputs, outputs) of each layer."""
        widths = [features, *self.hidden, outputs]
        return list(pairwise(widths))

    def weights(self, features: int, outputs: int) -> int:
        """Number of weights, including biases."""
        return sum((before + 1) * after for before, after in self.sizes(features, outputs))

    def module(self, features: int, outputs: int) -> torch.nn.Sequential:
        """The net with its initial weights, on the CPU; (n, features) → logits z (n, outputs).

        The weights are those of `torch.manual_seed(seed)`; PyTorch's own generator is not changed. float64
        starts from the same weights as float32. Raises DownslopeError if the weights do not fit in memory.
        """
        count = self.weights(features, outputs)
        checks.refuse_too_large("nets.too_large", 8 * COPIES * count, weights=count, hidden=self.hidden)
        torch = pytorch()
        layers: OrderedDict[str, Any] = OrderedDict()
        with drawing_from(self.seed, torch.device("cpu")):
            for i, (before, after) in enumerate(self.sizes(features, outputs), 1):
                layers[f"layer{i}"] = torch.nn.Linear(before, after, device="cpu", dtype=torch.float32)
                if i <= len(self.hidden):
                    layers[f"{self.activation}{i}"] = getattr(torch.nn, ACTIVATIONS[self.activation])()
                    if self.dropout:
                        layers[f"dropout{i}"] = torch.nn.Dropout(self.dropout)
        return torch.nn.Sequential(layers).to(getattr(torch, self.dtype))

    def term(self, dataset, loss, scale: bool = False) -> NetTerm:
        """The mean loss of this net over the rows of a Dataset. `scale`: descend on standardised columns and
        a standardised y; weights are reported in the original units (see net_units.py)."""
        dataset = checks.weighing(dataset)
        Y = coded(dataset, loss)
        features, outputs = dataset.shape[1], Y.shape[1]
        module = self.module(features, outputs)
        device = checks.device_name(self.device, _gpus(), len(dataset) * self.weights(features, outputs))
        if not scale:
            return _term(module, dataset, loss, self.seed, device, stack=True)
        units = self._units(dataset, Y, loss)
        rows = units.standardised(dataset)
        return replace(_term(module, rows, loss, self.seed, device, stack=True), units=units)

    def _units(self, dataset, Y, loss) -> Units:
        share = None if dataset.weights is None else dataset.weights / np.mean(dataset.weights, dtype=float)
        columns = standardising(dataset.X, share, center=True)
        refuse_overflow(columns, dataset.features)
        level, unit = np.zeros(Y.shape[1]), np.ones(Y.shape[1])
        if loss.targets == "number" and loss.link == "identity":  # z is as large as y, in whatever unit
            level = loss.null(Y, share)
            unit = np.sqrt(np.average((Y - level) ** 2, axis=0, weights=share))
            unit = np.where(unit > 0, unit, 1.0)
        sizes = tuple(self.sizes(dataset.shape[1], Y.shape[1]))
        return Units(sizes, columns.center, columns.width, level, unit)


def module_term(module: torch.nn.Module, dataset, loss, seed: int = 0) -> NetTerm:
    """The mean loss of a module of one's own over the rows of a Dataset: (b, d) → scores z (b, k).

    A copy is descended, on the module's device and in its dtype; the module itself changes when `load` is
    called. `seed`: of what it draws while training, such as dropout. Raises DownslopeError for an output
    that does not fit y, and for a sigmoid or softmax at the end under the log loss, which applies its own.
    """
    return _term(module, dataset, loss, seed, None)


def _term(module, dataset, loss, seed: int, device, stack: bool = False) -> NetTerm:
    dataset = checks.weighing(dataset)
    flat = Flat(module, seed, device)
    if stack:
        flat.stack = [layer.forward for layer in flat.module.children()]
    Y, share = _targets(dataset, loss)
    flat.check(flat.tensor(dataset.X[[0, -1]]), Y.shape[1], loss)
    return NetTerm(module, flat, flat.tensor(dataset.X), Y, share, loss)


def _targets(dataset, loss) -> tuple[np.ndarray, np.ndarray | None]:
    """Y (n, k), and the weights over their mean (n,)."""
    Y = coded(dataset, loss)
    return Y, None if dataset.weights is None else dataset.weights / np.mean(dataset.weights, dtype=float)


def net_scores(net: Net | None, module, params, X, outputs: int) -> np.ndarray:
    """z of the rows X (n, d): by a net with the weights `params`, in float64; by a module as it is. (n, k)"""
    if module is None:
        assert net is not None
        module = replace(net, dtype="float64").module(X.shape[1], outputs)
    flat = Flat(module, 0)
    rows = flat.tensor(X)
    if net is not None:
        flat.place(params, training=False)
    with pytorch().no_grad():
        return np.concatenate([_numpy(flat.module(rows[part])) for part in row_blocks(len(rows))])


class Flat:
    """θ ↦ module: a copy of a module whose parameters are views of one vector, their slopes of another."""

    def __init__(self, module: torch.nn.Module, seed: int, device=None):
        torch = pytorch()
        self.module = copy.deepcopy(module).to(device).eval()
        self.stack: list[Any] | None = None  # the layers' own forward, of a net made here
        self.seed = seed
        self.calls = 0  # training calls so far: what is drawn depends on them and the seed alone
        self.draws = False
        self.parameters = [(name, p) for name, p in self.module.named_parameters() if p.requires_grad]
        if not self.parameters:
            raise DownslopeError("nets.no_parameters", module=type(module).__name__)
        kinds = sorted({f"{p.dtype} on {p.device}".removeprefix("torch.") for _, p in self.parameters})
        if len(kinds) > 1:
            raise DownslopeError("nets.mixed", found=", ".join(kinds))
        self.theta = torch.cat([p.detach().reshape(-1) for _, p in self.parameters])
        self.slope = torch.zeros_like(self.theta)
        for (_, p), here in zip(self.parameters, self.places):
            p.data = self.theta[here].view(p.shape)
            p.grad = self.slope[here].view(p.shape)
        self.start = self.theta.double().cpu().numpy().copy()

    def scores(self, X):
        """The module's output. Layers of a plain stack are called one by one: the module's own call, which
        looks for hooks, takes longer than a small layer's arithmetic."""
        if self.stack is None:
            return self.module(X)
        for forward in self.stack:
            X = forward(X)
        return X

    @property
    def places(self) -> list[slice]:
        """Where in θ each parameter lies."""
        ends = np.cumsum([p.numel() for _, p in self.parameters]).tolist()
        return [slice(first, end) for first, end in zip([0, *ends], ends)]

    def place(self, theta, training: bool) -> None:
        """Write θ into the parameters, zeros into their slopes; switch dropout on or off."""
        self.theta.copy_(pytorch().from_numpy(np.array(theta, dtype=float)))
        self.slope.zero_()
        if self.module.training != training:
            self.module.train(training)

    def gradient(self) -> np.ndarray:
        """What the backward passes since `place` have added up.  (p,) float64"""
        return self.slope.to("cpu", pytorch().float64, copy=True).numpy()

    def tensor(self, X) -> torch.Tensor:
        """Rows as the module takes them, in its dtype, on its device; dense ones of its kind uncopied."""
        return pytorch().from_numpy(np.require(checks.filled(X), requirements=["C", "W"])).to(self.theta)

    def drawing(self):
        """Within, dropout draws from (seed, training calls so far)."""
        self.calls += 1
        if not self.draws:
            return nullcontext()
        key = np.random.SeedSequence((self.seed % 2**64, self.calls)).generate_state(1)
        return drawing_from(int(key[0]), self.theta.device)

    def from_seed(self):
        """Within, dropout draws as if for the first time."""
        return drawing_from(self.seed, self.theta.device)

    def check(self, two_rows, outputs: int, loss) -> None:
        """Raise where scores and loss do not go together; note whether a training call draws numbers."""
        torch = pytorch()
        trial = copy.deepcopy(self.module).train()  # running means are not to remember this
        with self.from_seed() as generators, torch.enable_grad():
            before = [generator.get_state() for generator in generators]
            try:
                z = trial(two_rows)
            except Exception as error:  # whatever a module that was made for other rows may raise
                raise checks.forward_error(error, tuple(two_rows.shape)) from error.__cause__
            after = [generator.get_state() for generator in generators]
        self.draws = not all(map(torch.equal, before, after))
        found = tuple(z.shape) if isinstance(z, torch.Tensor) else type(z).__name__
        if found != (2, outputs):
            raise DownslopeError("nets.output", found=found, wanted=(2, outputs), loss=loss.name, k=outputs)
        if z.grad_fn is None:
            raise DownslopeError("nets.no_parameters", module=type(self.module).__name__)
        if loss.has_probabilities:
            checks.refuse_second_link(checks.last_layer(z), outputs)


@dataclass(frozen=True, eq=False)
class NetTerm(Term):
    """f(θ) = Σᵢ sᵢ ℓ(net(xᵢ; θ), yᵢ) / Σᵢ sᵢ,  summed over outputs."""

    module: Any  # torch.nn.Module as it was handed over; θ reaches it by `load` alone
    flat: Flat
    X: Any  # torch.Tensor (n, d)
    Y: np.ndarray  # (n, k)
    relative_weight: np.ndarray | None  # (n,) weights over their mean
    loss: Any
    training: bool = True  # whether dropout is on in `at`: off for rows held out
    units: Units | None = None  # of X and z, when they are not the user's

    # expected_size stays 1: inputs standardised, layers as PyTorch starts them
    has_products = True

    @property
    def rows(self) -> int:
        return len(self.Y)

    @property
    def size(self) -> int:
        return self.flat.theta.numel()

    @property
    def outputs(self) -> int:
        return self.Y.shape[1]

    @property
    def stochastic(self) -> bool:
        """Nothing for a line search."""
        return self.training and self.flat.draws

    @property
    def start(self) -> np.ndarray:
        """θ as the module was handed over.  (p,)"""
        return self.flat.start.copy()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Such as "layer1.weight[0,3]": to unit 0 from feature 3."""
        return tuple(
            f"{name}[{','.join(map(str, place))}]" if place else name
            for name, p in self.flat.parameters
            for place in np.ndindex(p.shape)
        )

    @cached_property
    def column_scale(self) -> np.ndarray:
        """1 for a weight; 0 for a bias, which is never penalised.  (p,)"""
        if self.units is not None:
            return self.units.column_scale
        each = [np.full(p.numel(), float(not checks.is_bias(name))) for name, p in self.flat.parameters]
        return np.concatenate(each)

    # ---- values ------------------------------------------------------------------------------

    def value_and_gradient(self, theta, rows=None):
        """Value and gradient of the mean over `rows`, an index array (all of them when None), and θ."""
        torch, flat = pytorch(), self.flat
        n, value = self.rows if rows is None else len(rows), 0.0
        flat.place(theta, self.training)
        with flat.drawing() if self.training else nullcontext(), torch.enable_grad():
            for part in row_blocks(n):
                here = part if rows is None else rows[part]
                scores = flat.scores(self.X[here])  # (b, k)
                losses, slope = self.loss.value_and_slope(self._in_units(_numpy(scores)), self.Y[here])
                slope = slope / n
                if self.units is not None:
                    slope = self.units.unit * slope
                value += float(self.weighted(losses, here).sum())
                _backward(scores, torch.from_numpy(self.weighted(slope, here)).to(scores))
        return value / n, flat.gradient(), theta

    def predictor(self, theta, X=None) -> np.ndarray:
        """z of the rows X (m, d), of its own when None, with dropout off.  (m, k)"""
        rows = self.X if X is None else self.flat.tensor(X)
        self.flat.place(theta, training=False)
        with pytorch().no_grad():
            z = [_numpy(self.flat.module(rows[part])) for part in row_blocks(len(rows))]
        return self._in_units(np.concatenate(z))

    def _in_units(self, scores) -> np.ndarray:
        """z = level + unit·scores"""
        return scores if self.units is None else self.units.level + self.units.unit * scores

    def values(self, thetas) -> np.ndarray:
        """f at many weights, (m, p) → (m,), with dropout off: for pictures."""
        return np.array([self._mean(self.loss.value(self.predictor(theta), self.Y)) for theta in thetas])

    def hessian_times(self, theta, rows=None) -> RowsHessian:
        """v ↦ ∇²f(θ)·v of the mean over `rows`, an index array (all of them when None); its gradient too.

        With dropout off. Valid until the next call of this term writes other weights. Raises NotMeasured.
        """
        if not self.loss.smooth:
            raise NotMeasured(self.loss.name, "kink")
        flat, n = self.flat, self.rows if rows is None else len(rows)
        flat.place(theta, training=self.training and not flat.draws)
        blocks = [part if rows is None else rows[part] for part in row_blocks(n)]
        return RowsHessian(lambda here: self._parabola(here, n), [p for _, p in flat.parameters], blocks)

    def _parabola(self, here, n: int):
        """What has the gradient and the Hessian of the part of f that the rows `here` make."""
        with pytorch().enable_grad():
            with net_state.copied_buffers(self.flat.module):
                scores = self.flat.scores(self.X[here])  # (b, k)
            z, Y = self._in_units(_numpy(scores)), self.Y[here]
            unit = np.ones(self.outputs) if self.units is None else self.units.unit
            share = np.ones((len(Y), 1)) if self.relative_weight is None else self.relative_weight[here, None]
            bend = self.loss.curvature(z, Y)  # (b, k), or (b, k, k)
            square = unit**2 if bend.ndim == 2 else np.outer(unit, unit)
            bend = bend * square * (share if bend.ndim == 2 else share[..., None])
            return parabola(scores, self.loss.slope(z, Y) * share * unit / n, bend / n)

    def first_non_finite(self, gradient) -> str | None:
        """The parameter where a backward pass first meets a slope that is not finite: from the end."""
        for (name, _), here in reversed(list(zip(self.flat.parameters, self.flat.places))):
            if not np.isfinite(gradient[here]).all():
                return name
        return None

    def state_dict(self):
        return self.flat.calls, net_state.gathered(self.flat.module)

    def load_state_dict(self, rng_calls, buffers):
        self.flat.calls = rng_calls
        net_state.fill(self.flat.module, buffers or {})

    def threads(self, batch):
        """One of PyTorch's where matrices are small; else as many as PyTorch takes."""
        return one_torch_thread() if batch * self.size < SMALL_NET else nullcontext()

    @cached_property
    def null_theta(self) -> np.ndarray:
        """Zeros, and last biases that predict y best: a θ through which no feature shows."""
        theta = np.zeros(self.size)
        name, last = self.flat.parameters[-1]
        if checks.is_bias(name) and last.numel() == self.outputs:
            theta[-self.outputs :] = self._null[0]
        return self.to_inner(theta)

    @cached_property
    def _null(self) -> np.ndarray:
        """The best z that is the same for every row.  (n, k)"""
        return np.broadcast_to(self.loss.null(self.Y, self.relative_weight), self.Y.shape)

    @cached_property
    def gradient_scale(self) -> float:
        """A last bias's slope on one row at the null model, or 1e-8 of that at 0: `tol`'s unit."""
        slope = math.sqrt(self._mean(self.loss.slope(self._null, self.Y) ** 2))
        level = math.sqrt(self._mean(self.loss.slope(np.zeros_like(self.Y), self.Y) ** 2))
        unit = 1.0 if self.units is None else float(np.max(self.units.unit))
        return unit * max(slope, 1e-8 * level) or 1.0

    @cached_property
    def output_scale(self) -> float:
        """How far z may well lie from its best constant."""
        return math.sqrt(self._mean(self.loss.output_scale(self._null, self.Y) ** 2))

    def _mean(self, values) -> float:
        """Over rows by their weights; summed over outputs."""
        return float(self.weighted(values).sum()) / self.rows

    def to_user(self, theta) -> np.ndarray:
        return np.array(theta, dtype=float) if self.units is None else self.units.to_user(theta)

    def to_inner(self, params) -> np.ndarray:
        return np.array(params, dtype=float) if self.units is None else self.units.to_inner(params)

    def on(self, dataset) -> NetTerm:
        """The same net over rows held out, with dropout off."""
        Y, share = _targets(dataset, self.loss)
        rows = dataset if self.units is None else self.units.standardised(dataset)
        return replace(self, X=self.flat.tensor(rows.X), Y=Y, relative_weight=share, training=False)

    def load(self, theta, module=None) -> None:
        """Write θ, and gathered running means, into the module that was handed over, or into one like it."""
        self.flat.place(theta, training=False)
        (self.module if module is None else module).load_state_dict(self.flat.module.state_dict())


def _gpus() -> int:
    cuda = pytorch().cuda
    return cuda.device_count() if cuda.is_available() else 0


def _numpy(scores: torch.Tensor) -> np.ndarray:
    """float64, and no copy where they are that already."""
    return scores.detach().to("cpu", pytorch().float64).numpy()


def _backward(scores: torch.Tensor, slope: torch.Tensor) -> None:
    """`scores.backward(slope)`: every parameter's slope grows by what these rows add.

    Straight to the engine, for the shapes are known to agree: the checks on the way there take a quarter
    of an update of a small net.
    """
    engine = pytorch().autograd.Variable._execution_engine
    engine.run_backward((scores,), (slope,), False, False, (), allow_unreachable=True, accumulate_grad=True)

"""What the graph of a PyTorch loss tells of a step: its layers, its inputs, its activations, its rows.

Autograd keeps for each operation what its derivative needs: the inputs of linear layers, the outputs of
activations, the targets of losses. A reading looks at them before the backward pass frees them; it computes
nothing of the model again, and calls no code of the script.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..model.hessian import graph, operation

RESHAPING = ("View", "UnsafeView", "ReshapeAlias", "Squeeze", "Unsqueeze", "T", "Transpose", "Permute",
             "Clone", "Expand", "Reshape", "Alias", "Slice", "Select")  # fmt: skip
LINEAR = {"Addmm": "mat1", "Mm": "self", "Convolution": "input", "ConvolutionOverrideable": "input"}
ENDS = {"Relu": (0.0, None), "Sigmoid": (0.0, 1.0), "Tanh": (-1.0, 1.0)}  # of the range of an activation
ARITHMETIC = ("Mul", "Sub", "Add", "Div", "Mv", "Dot", "Mm", "Bmm", "Embedding")
SAVED = ("self", "other", "mat2", "vec", "tensor", "indices", "target")
TARGETED = ("NllLoss", "NllLoss2D", "BinaryCrossEntropy", "BinaryCrossEntropyWithLogits", "MseLoss", "L1Loss",
            "SmoothL1Loss", "HuberLoss")  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """A linear map or convolution. `inputs`: what it multiplies, where that is data and no hidden layer."""

    name: str
    node: Any
    weight: Any
    inputs: Any = None
    columns: bool = False  # X @ W: a unit is a column of W, and no row


@dataclass(frozen=True)
class Activation:
    """The output (rows, units, …) of a hidden activation; `layer` is the name of the layer before it."""

    layer: str
    kind: str  # "Relu", "Sigmoid", "Tanh"
    output: Any


@dataclass(frozen=True)
class ReadOptions:
    """A loss's graph, read before its backward pass."""

    nodes: list[Any]
    layers: list[Layer] = field(default_factory=list)  # the first one first
    activations: list[Activation] = field(default_factory=list)
    scores: tuple[Any, int] | None = None  # the edge (node, output) nearest to the loss with rows
    rows: int = 0
    leaves: list[Any] = field(default_factory=list)  # tensors that get a gradient

    @property
    def inputs(self) -> Any:
        """The rows that the first layer saw; None where they are not in the graph."""
        return next((layer.inputs for layer in self.layers if layer.inputs is not None), None)

    @property
    def data(self) -> list[Any]:
        """Numbers of the graph that are no weights and come from none: the rows; [] of a plain function."""
        if self.inputs is not None:
            return [self.inputs]
        found = []
        for node in self.nodes:
            if operation(node) in (*ARITHMETIC, *TARGETED):
                parts = [saved(node, name) for name in SAVED]
                found += [t for t in parts if hasattr(t, "grad_fn") and not t.requires_grad and t.numel() > 1]
        return found


def read(loss: Any, names: Mapping[int, str]) -> ReadOptions:
    """Read the graph of a loss; `names` gives the name of a weight by its id."""
    nodes = graph(loss)
    leaves = [node.variable for node in nodes if operation(node) == "AccumulateGrad"]
    layers = [layer for node in nodes if (layer := _layer(node, names)) is not None]
    layers.reverse()  # the graph is walked from the loss down
    scores = scores_of(loss.grad_fn)
    reading = ReadOptions(nodes, layers, list(_activations(loss.grad_fn, layers)), scores, 0, leaves)
    inputs = reading.inputs
    made = None if scores is None else scores[0]._input_metadata[scores[1]].shape
    rows = int(inputs.shape[0]) if inputs is not None and inputs.dim() > 1 else int(made[0]) if made else 0
    return ReadOptions(nodes, layers, reading.activations, scores, rows, leaves)


def saved(node: Any, name: str) -> Any:
    """What a node keeps for its derivative; None where it keeps no such tensor, or freed or changed it."""
    try:
        return getattr(node, f"_saved_{name}", None)
    except RuntimeError:
        return None


def below(node: Any) -> list[Any]:
    """The nodes whose outputs a node used."""
    return [before for before, _ in node.next_functions if before is not None]


def unshaped(node: Any) -> Any:
    """The node itself, or the one before it that does more than reshape."""
    while operation(node) in RESHAPING and below(node):
        node = below(node)[0]
    return node


def scores_of(node: Any) -> tuple[Any, int] | None:
    """The first edge below a loss whose tensor has rows; None where several tensors make the loss."""
    for _ in range(20):
        edges = [(before, number) for before, number in node.next_functions if before is not None]
        if len(edges) != 1 or operation(edges[0][0]) == "AccumulateGrad":
            return None
        node, number = edges[0]
        shape = node._input_metadata[number].shape
        if len(shape) and shape[0] > 1:
            return node, number
    return None


def _layer(node: Any, names: Mapping[int, str]) -> Layer | None:
    """The layer that a node computes, or None."""
    kept = LINEAR.get(operation(node))
    if kept is None:
        return None
    weights = [w for before in below(node) if (w := _leaf(before)) is not None and w.dim() > 1]
    if len(weights) != 1:
        return None
    name = names.get(id(weights[0]), "").rpartition(".")[0] or names.get(id(weights[0]), "")
    places = [node.next_functions[i][0] for i in ((1,) if operation(node) == "Addmm" else (0,))]
    columns = any(operation(before) == "AccumulateGrad" for before in below(node)) and operation(node) == "Mm"
    return Layer(name, node, weights[0], saved(node, kept) if places == [None] else None, columns)


def _leaf(node: Any) -> Any:
    node = unshaped(node)
    return node.variable if operation(node) == "AccumulateGrad" else None


def _activations(root: Any, layers: list[Layer]) -> Iterator[Activation]:
    """Activations between two layers: what the last layer makes of them is no hidden unit."""
    named = {layer.node: layer.name for layer in layers}
    seen, todo = {root}, [(root, False)]
    while todo:
        node, hidden = todo.pop()
        kind = operation(node)
        if hidden and kind in ENDS:
            output, before = saved(node, "result"), node
            for _ in range(4):  # a normalisation or a reshaping may stand between
                before = next(iter(below(before)), None)
                if before is None or before in named:
                    break
            if output is not None and before is not None and before in named:
                yield Activation(named[before], kind, output)
        for after in below(node):
            if after not in seen:
                seen.add(after)
                todo.append((after, hidden or node in named))


# ── mistakes that the graph shows ───────────────────────────────────────────────────────────────────
def double_link(reading: ReadOptions) -> tuple[str, Any] | None:
    """("Softmax" or "Sigmoid", its output (rows, classes)) where a loss that applies its own link got
    probabilities; None elsewhere."""
    for node in reading.nodes:
        kind = operation(node)
        if kind not in ("LogSoftmax", "BinaryCrossEntropyWithLogits") or not below(node):
            continue
        before = unshaped(below(node)[0])
        if operation(before) in ("Softmax", "Sigmoid"):
            return operation(before), saved(before, "result")
    return None


def broadcast(reading: ReadOptions) -> dict[str, Any] | None:
    """Where a difference has more rows or columns than the prediction in it: shapes that were broadcast."""
    for node in reading.nodes:
        if operation(node) not in ("Sub", "Expand", "Rsub"):
            continue
        if operation(node) == "Expand" and not _expanded_for_loss(node, reading):
            continue
        edges = [(before, number) for before, number in node.next_functions if before is not None]
        if len(edges) != 1 or _leaf(edges[0][0]) is not None:
            continue
        made = tuple(node._input_metadata[0].shape)
        before = tuple(edges[0][0]._input_metadata[edges[0][1]].shape)
        outer = len(before) <= 2 and made != before and len(made) == 2 and made[0] > 1 and made[1] > 1
        rows = max(before, default=0)
        if outer and rows > 1 and made == (rows, rows):
            target = (rows,) if before == (rows, 1) else (rows, 1)
            facts = {"predicted": list(before), "target": list(target), "rows": rows}
            return {**facts, "differences": made[0] * made[1]}
    return None


def _expanded_for_loss(node: Any, reading: ReadOptions) -> bool:
    """Whether a loss of two tensors made a prediction wider."""
    return any(operation(after) in TARGETED and node in below(after) for after in reading.nodes)


def targets(loss: Any) -> Any:
    """The targets that a loss of torch.nn keeps; None where it keeps none."""
    node = loss.grad_fn
    for _ in range(4):  # a factor, a mean
        if operation(node) in TARGETED:
            return saved(node, "target")
        before = below(node)
        if len(before) != 1:
            return None
        node = before[0]
    return None


def outputs(reading: ReadOptions) -> Any:
    """What the model predicted, (rows, …), where the graph keeps it."""
    for node in reading.nodes[:6]:
        kind = operation(node)
        if kind in TARGETED or kind == "Sigmoid":
            return saved(node, "self" if kind in TARGETED else "result")
    return None


def not_finite(reading: ReadOptions) -> str:
    """The operation next to the inputs whose numbers are not finite, or that makes them so: "log", "div".
    "weights" where a weight is not finite, "inputs" where a row is; "" where nothing tells."""
    if any(not bool(leaf.isfinite().all()) for leaf in reading.leaves):
        return "weights"
    inputs = reading.inputs
    if inputs is not None and inputs.is_floating_point() and not bool(inputs.isfinite().all()):
        return "inputs"
    for node in reversed(reading.nodes):
        kind = operation(node)
        if kind in ("Log", "Log2", "Log10", "Sqrt", "Rsqrt", "Pow", "Div", "Exp", "Log1p"):
            if _breaks(kind, node):
                return kind.lower()
            continue
        kept = [saved(node, name) for name in ("result", "self", "input", "mat1")]
        floats = [t for t in kept if hasattr(t, "isfinite") and t.is_floating_point()]
        if not all(bool(t.isfinite().all()) for t in floats):
            return kind.lower()
    return ""


def _breaks(kind: str, node: Any) -> bool:
    of, result = saved(node, "self"), saved(node, "result")
    if kind.startswith("Log") and of is not None:
        return bool((of <= (-1 if kind == "Log1p" else 0)).any())
    if kind == "Div" and hasattr(saved(node, "other"), "eq"):
        return bool((saved(node, "other") == 0).any())
    made = result if result is not None else of
    return made is not None and not bool(made.isfinite().all())


def endless(reading: ReadOptions) -> str:
    """The operation whose value is finite and whose derivative is not: a root of 0; "" for none."""
    for node in reading.nodes:
        kind = operation(node)
        if kind == "Sqrt" and (made := saved(node, "result")) is not None and bool((made == 0).any()):
            return "sqrt"
        exponent = getattr(node, "_saved_exponent", None) if kind == "Pow" else None
        if isinstance(exponent, int | float) and 0 < exponent < 1:
            of = saved(node, "self")
            if of is not None and bool((of == 0).any()):
                return "pow"
    return ""

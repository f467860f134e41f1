"""A net in a script: its weights, one layer after the other, and what they predict."""

from __future__ import annotations

from ...messages import text
from ...model.net_settings import ACTIVATIONS
from ...model.net_units import layers
from ..solution import Solution
from .in_numpy import numpy_chances, numpy_predict
from .in_torch import torch_predict

IN_NUMPY = {
    "sigmoid": "np.exp(-np.logaddexp(0, -z))  # 1/(1 + exp(-z)), without overflow",
    "tanh": "np.tanh(z)",
    "relu": "np.maximum(0, z)",
    "gelu": "z * (1 + np.vectorize(math.erf, otypes=[float])(z / math.sqrt(2))) / 2",
}


def net_imports(library: str) -> list[str]:
    return ["import numpy as np"] if library == "numpy" else ["import torch", "from torch import nn"]


def net_weights(solution: Solution) -> list[tuple[list, list]]:
    """W (outputs, inputs) and b (outputs,) of each layer, for columns as they are."""
    assert solution.recipe.net is not None
    sizes = solution.recipe.net.sizes(len(solution.features), solution.outputs)
    return [(W.tolist(), b.tolist()) for W, b in layers(solution.params, sizes)]


def net_prediction(solution: Solution, library: str) -> list[str]:
    """The functions of the script that lead from rows of numbers to predictions."""
    return _in_numpy(solution) if library == "numpy" else _in_torch(solution)


def _in_numpy(solution: Solution) -> list[str]:
    assert solution.recipe.net is not None
    parts = [f"def activation(z):\n    return {IN_NUMPY[solution.recipe.net.activation]}"]
    parts = parts if solution.recipe.net.hidden else []
    if solution.recipe.loss.has_probabilities:
        parts.append(numpy_chances(solution.outputs))
    lines = ["def scores(X):", f'    """{text("export.net_scores")}"""']
    if solution.recipe.net.hidden:
        lines += ["    for W, b in LAYERS[:-1]:", "        X = activation(X @ np.array(W).T + b)"]
    lines += ["    W, b = LAYERS[-1]", "    return X @ np.array(W).T + b"]
    return [*parts, "\n".join(lines), numpy_predict(solution, "X", "scores(X)")]


def _in_torch(solution: Solution) -> list[str]:
    """torch.nn's own layers, filled with the weights."""
    net = solution.recipe.net
    assert net is not None
    stack = [
        f"nn.Linear({before}, {after})"
        for before, after in net.sizes(len(solution.features), solution.outputs)
    ]
    between = f"nn.{ACTIVATIONS[net.activation]}()"
    stack = [layer for linear in stack for layer in (linear, between)][:-1]
    lines = [
        "def made():",
        f'    """{text("export.net_made")}"""',
        "    net = nn.Sequential(",
        *(f"        {layer}," for layer in stack),
        "    ).double()",
        "    numbers = [torch.tensor(part, dtype=torch.float64) for layer in LAYERS for part in layer]",
        "    for parameter, values in zip(net.parameters(), numbers):",
        "        parameter.data = values",
        "    return net.eval()",
    ]
    return ["\n".join(lines), torch_predict(solution, "X", "made()(X).detach()")]

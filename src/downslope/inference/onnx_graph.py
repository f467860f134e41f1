"""A linear model or a net, with its encoding, as an ONNX graph: columns in, predictions out, in float64."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import __version__
from ..data.encoding import Column
from ..model.net_units import layers
from .solution import Solution

OPSETS = {"": 17, "ai.onnx.ml": 3}  # of 2022: old enough for the runtimes that are in use
IR_VERSION = 8


@dataclass
class Graph:
    """Nodes and constants as they are added. Their names begin with "/": no column is called so."""

    nodes: list = field(default_factory=list)
    constants: list = field(default_factory=list)

    def add(self, kind: str, *inputs: str, to: str = "", **attributes) -> str:
        """One more node; the name of its output."""
        from onnx import helper

        name = to or f"/{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, values) -> str:
        """The name of a constant."""
        from onnx import numpy_helper

        name = f"/constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name


def model_of(solution: Solution) -> Any:
    """The ONNX model of a solution; see `export_onnx` for its inputs and outputs."""
    from onnx import TensorProto, helper

    graph = Graph()
    inputs, X = _rows(graph, solution)
    z, k = _scores(graph, solution, X), solution.outputs
    taken = {made.name for made in inputs}
    if solution.classes:
        outputs = _classes(graph, solution, z, taken)
    else:
        if solution.recipe.loss.link == "log":
            z = graph.add("Exp", graph.add("Min", z, graph.constant(300.0)))
        name = _free("prediction", taken)
        shape: list = ["n"] if solution.single else ["n", k]
        if solution.single:
            graph.add("Squeeze", z, graph.constant([1]), to=name)
        else:
            graph.add("Identity", z, to=name)
        outputs = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, shape)]
    made = helper.make_graph(graph.nodes, "downslope", inputs, outputs, graph.constants)
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
    model = helper.make_model(made, opset_imports=opsets, ir_version=IR_VERSION)
    model.producer_name, model.producer_version = "downslope", __version__
    properties = {"target": ", ".join(solution.targets), "loss": solution.recipe.loss.spec}
    helper.set_model_props(model, {**properties, "classes": ", ".join(map(str, solution.classes))})
    return model


def _rows(graph: Graph, solution: Solution) -> tuple[list, str]:
    """The inputs, and the name of X (n, d) that is made of them."""
    from onnx import TensorProto, helper

    double, d = TensorProto.DOUBLE, len(solution.features)
    if solution.encoding is None:
        return [helper.make_tensor_value_info("X", double, ["n", d])], "X"
    inputs, blocks = [], []
    for column in solution.encoding.columns:
        held = TensorProto.STRING if column.kind == "text" else double
        description = {"date": "days since 1970-01-01", "boolean": "0 or 1"}.get(column.kind, column.kind)
        inputs.append(helper.make_tensor_value_info(column.name, held, ["n", 1], doc_string=description))
        blocks.append(_text(graph, column) if column.kind == "text" else _number(graph, column))
    return inputs, graph.add("Concat", *blocks, axis=1)


def _number(graph: Graph, column: Column) -> str:
    """x, or the training mean where x is NaN.  (n, 1)"""
    unknown = graph.add("IsNaN", column.name)
    return graph.add("Where", unknown, graph.constant(column.mean[0]), column.name)


def _text(graph: Graph, column: Column) -> str:
    """A row of indicators for each category, zeros for the baseline, the training means for other words."""
    k = len(column.categories)
    words, rows = list(column.categories), [*np.eye(k)]
    if column.baseline is not None:
        words, rows = [*words, column.baseline], [*rows, np.zeros(k)]
    table = graph.constant(np.vstack([*rows, column.mean]))
    code = graph.add(
        "LabelEncoder",
        column.name,
        domain="ai.onnx.ml",
        keys_strings=words,
        values_int64s=list(range(len(words))),
        default_int64=len(words),
    )
    return graph.add("Squeeze", graph.add("Gather", table, code), graph.constant([1]))  # (n, 1, k) → (n, k)


def _scores(graph: Graph, solution: Solution, X: str) -> str:
    """z = X·W + b, by a net one layer after the other.  (n, k)"""
    net, k = solution.recipe.net, solution.outputs
    if net is None:
        W = solution.params[: len(solution.features) * k].reshape(-1, k)
        return _layer(graph, X, W, np.atleast_1d(solution.intercept))
    *hidden, (W, b) = layers(solution.params, net.sizes(len(solution.features), k))
    for inner, bias in hidden:
        X = _activated(graph, _layer(graph, X, inner.T, bias), net.activation)
    return _layer(graph, X, W.T, b)


def _layer(graph: Graph, X: str, W: np.ndarray, b: np.ndarray) -> str:
    return graph.add("Add", graph.add("MatMul", X, graph.constant(W)), graph.constant(b))


def _activated(graph: Graph, z: str, activation: str) -> str:
    """a(z). GELU is z·(1 + erf(z/√2))/2; onnxruntime has Erf for float32 alone, so that it is written as
    erf(x) = 2x/√π ∫₀¹ exp(−x²s²) ds, by Gauss and Legendre to 2e-15; beyond 6 it is ±1 to the last digit."""
    if activation != "gelu":
        return graph.add({"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}[activation], z)
    nodes, shares = np.polynomial.legendre.leggauss(24)  # on [−1, 1]: s = (1 + node)/2
    x = graph.add("Mul", z, graph.constant(np.sqrt(0.5)))
    x = graph.add("Max", graph.add("Min", x, graph.constant(6.0)), graph.constant(-6.0))
    square = graph.add("Unsqueeze", graph.add("Mul", x, x), graph.constant([2]))  # (n, h, 1)
    heights = graph.add("Exp", graph.add("Mul", square, graph.constant(-((1 + nodes) ** 2) / 4)))
    area = graph.add("MatMul", heights, graph.constant(shares / np.sqrt(np.pi)))  # (n, h)
    cumulated = graph.add("Add", graph.add("Mul", x, area), graph.constant(1.0))
    return graph.add("Mul", graph.add("Mul", z, cumulated), graph.constant(0.5))


def _classes(graph: Graph, solution: Solution, z: str, taken: set[str]) -> list:
    """The label of the largest z, and the chances or, without any, z itself."""
    from onnx import TensorProto, helper

    count, double = len(solution.classes), TensorProto.DOUBLE
    one = count == 2
    if one:
        flat = graph.add("Squeeze", z, graph.constant([1]))  # (n,)
        above = graph.add("Greater", flat, graph.constant(0.0))
        code = graph.add("Where", above, graph.constant(1), graph.constant(0))
    else:
        code = graph.add("ArgMax", z, axis=1, keepdims=0)
    names = np.array(solution.classes)
    held = {"i": TensorProto.INT64, "b": TensorProto.BOOL, "f": double}.get(
        names.dtype.kind, TensorProto.STRING
    )
    names = names.astype(object) if held == TensorProto.STRING else names
    label = graph.add("Gather", graph.constant(names), code, to=_free("label", taken))
    outputs = [helper.make_tensor_value_info(label, held, ["n"])]
    if not solution.recipe.loss.has_probabilities:
        scores = graph.add("Identity", flat if one else z, to=_free("scores", taken))
        shape: list = ["n"] if one else ["n", count]
        return [*outputs, helper.make_tensor_value_info(scores, double, shape)]
    name = _free("probabilities", taken)
    if one:
        p = graph.add("Sigmoid", z)
        graph.add("Concat", graph.add("Sub", graph.constant(1.0), p), p, axis=1, to=name)
    else:
        graph.add("Softmax", z, axis=1, to=name)
    return [*outputs, helper.make_tensor_value_info(name, double, ["n", count])]


def _free(name: str, taken: set[str]) -> str:
    """The name, with "_" after it while a column has it."""
    while name in taken:
        name += "_"
    return name

"""A model where Downslope is not: as an ONNX graph, or as a script that needs one library alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__, atomic
from ..arguments import a, door, truth
from ..arguments import path as a_path
from ..data import Dataset
from ..data.encoding import Column
from ..data.reading import Table
from ..errors import DownslopeError, nearest
from ..model.net_units import layers
from .calibrating import Calibrator
from .script import LIBRARIES, script
from .solution import Solution

ROWS = 64  # on which a graph is compared with `predict`
AGREES = 1e-6  # relative
NUMBERS = 20_000  # of rows that a script may hold
WRITTEN = 2_000  # weights of a net that a script may hold: beyond these it is no longer read


@door(solution=a("Solution"), path=a_path, force=truth)
def export_onnx(solution: Solution, path, force: bool = False) -> Path:
    """z = encode(columns)·W + b, or a net of them, as an ONNX graph in float64, checked against `predict`.

    The inputs are the columns of the table by name, (n, 1) each: text as strings (missing: any string that
    is not a category), numbers, booleans and dates as doubles (missing: NaN; dates in days since
    1970-01-01). A model trained on arrays has a single input X, (n, d). The outputs are `prediction` for
    numbers; `label`, and `probabilities` (log loss) or `scores` (hinge losses), for classes.

    Raises DownslopeError where onnx or onnxruntime is missing, for a function, for a PyTorch module of one's
    own, for a run without an answer, where something stands at `path` (unless `force`), and where the graph
    and `predict` differ.

    >>> import tempfile, downslope as ds
    >>> rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export_onnx(ds.fit(rows), folder + "/model.onnx").name
    'model.onnx'
    """
    path = Path(path)
    _refuse_what_predicts_nothing(solution)
    if path.exists() and not force:
        raise DownslopeError("inference.run_exists", path=path)
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise DownslopeError("export.library_missing", library=error.name) from None
    model = model_of(solution)
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    _refuse_unless_alike(solution, session)
    _write(path, content)
    return path


@door(solution=a("Solution"), library=a("str"), rows=a("Dataset", none=True))
def export_code(solution: Solution, library: str, rows: Dataset | None = None) -> str:
    """A script that trains and predicts with only NumPy or PyTorch: the same F, method and encoding.

    `library` is "numpy" or "pytorch". If its training cannot end at the same weights (another row order,
    validation rows, a method with a line search), the script says so and predicts with the weights of the
    run. The script of a net only predicts, with the weights of the run. With `rows`, the encoded training
    rows, the script needs no file: it contains them.

    Raises DownslopeError for another library, for a function, for your own PyTorch module or a net of more
    than 2,000 weights, for a run without a solution, and for rows with other columns or with more than
    20,000 numbers.

    >>> import downslope as ds
    >>> rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
    >>> "np.linalg.lstsq" in export_code(ds.fit(rows), "numpy")
    True
    >>> "X = [[1.0], [2.0], [3.0]]" in export_code(ds.fit(rows), "numpy", rows)
    True
    """
    if library not in LIBRARIES:
        raise DownslopeError("export.unknown_library", asked=library, known=nearest(library, LIBRARIES))
    _refuse_what_predicts_nothing(solution)
    if solution.recipe.net is not None and len(solution.params) > WRITTEN:
        raise DownslopeError("export.net_size", weights=len(solution.params), most=WRITTEN)
    if rows is not None:
        _refuse_other_rows(solution, rows)
    return script(solution, library, rows)


def _refuse_other_rows(solution: Solution, rows: Dataset) -> None:
    if rows.features != solution.features or rows.targets != solution.targets or rows.y is None:
        raise DownslopeError("export.other_rows", known=", ".join((*solution.features, *solution.targets)))
    if np.prod(rows.X.shape) > NUMBERS:
        raise DownslopeError("export.many_rows", found=int(np.prod(rows.X.shape)), most=NUMBERS)


def _refuse_what_predicts_nothing(solution: Solution) -> None:
    if not solution.features:
        raise DownslopeError("export.function", formula=solution.formula)
    if solution.module is not None:
        raise DownslopeError("export.module", module=type(solution.module).__name__)
    if solution.verdict.failed:
        raise DownslopeError("export.no_answer", stopped=solution.stopped)


# ---- the same predictions? ----


def _refuse_unless_alike(solution: Solution, session) -> None:
    """Both predict rows like those of the training, with gaps and unseen categories alike."""
    rows = _sample(solution)
    given = _inputs(solution, rows)
    found = dict(zip([output.name for output in session.get_outputs()], session.run(None, given)))
    wanted: list = [solution.predict(rows)]
    if solution.classes:
        wanted.append(solution.probabilities(rows) if solution.has_chances else solution.scores(rows))
    for (name, there), here in zip(found.items(), wanted):
        numbers = np.issubdtype(here.dtype, np.floating)
        size = float(np.abs(here).max()) if numbers else 0.0
        alike = np.allclose(there, here, AGREES, 1e-3 * AGREES * size) if numbers else (there == here).all()
        if not alike:
            raise DownslopeError("export.differs", output=name, rows=len(here))


def _sample(solution: Solution):
    """Rows to compare on: around the training means, every category, unknown values and unseen words."""
    import pyarrow as pa

    draw = np.random.default_rng(0)
    if solution.encoding is None:
        return draw.normal(size=(ROWS, len(solution.features)))
    columns = solution.encoding.columns
    rows = max([ROWS, *(len(column.categories) + 3 for column in columns)])
    made = {}
    for column in columns:
        if column.kind == "text":
            words = [*column.categories, column.baseline, _unseen(column), None]
            made[column.name] = pa.array([words[k % len(words)] for k in draw.permutation(rows)], pa.string())
            continue
        values = column.mean[0] * (1 + draw.normal(size=rows)) + draw.normal(size=rows)
        known = [None if k % 9 == 8 else float(value) for k, value in enumerate(values)]
        if column.kind == "boolean":
            made[column.name] = pa.array(
                [value if value is None else value > 0 for value in known], pa.bool_()
            )
        elif column.kind == "date":
            days = [None if value is None else round(value) for value in known]
            made[column.name] = pa.array(days, pa.int32()).cast(pa.date32())
        else:
            made[column.name] = pa.array(known, pa.float64())
    return Table(pa.table(made), "sample")


def _inputs(solution: Solution, rows) -> dict[str, np.ndarray]:
    """The rows as the graph takes them."""
    if solution.encoding is None:
        return {"X": rows}
    given = {}
    for column in solution.encoding.columns:
        if column.kind == "text":
            codes, words = rows.text(column.name)
            categories = np.array([*words, _unseen(column)], dtype=object)  # code −1, unknown, is the last
            given[column.name] = categories[codes][:, None]
        else:
            given[column.name] = rows.numbers(column.name)[:, None]
    return given


def _unseen(column) -> str:
    """A word that is none of the categories."""
    return "-".join([*column.categories, column.baseline or ""]) + "-"


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    try:
        atomic.write_bytes(path, content)
    except OSError as error:
        raise DownslopeError("inference.cannot_write", path=path, why=error.strerror) from None


# ---- the graph: columns in, predictions out, in float64 ------------------------------------------------


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
        if solution.recipe.loss.levels:
            in_order = _free("/ordered", taken), "/places"
            graph.nodes.append(
                helper.make_node("TopK", [z, graph.constant(np.array([k]))], [*in_order], largest=0)
            )
            z = in_order[0]
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
    codes: dict[str, Any] = {
        "keys_strings": words,
        "values_int64s": list(range(len(words))),
        "default_int64": len(words),
    }
    code = graph.add("LabelEncoder", column.name, domain="ai.onnx.ml", **codes)
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
    one, calibrator = count == 2, solution.calibrator
    p = "" if calibrator is None else _calibrated(graph, calibrator, z)
    if p and one:
        second = graph.add("Gather", p, graph.constant(1), axis=1)
        above = graph.add("Greater", second, graph.constant(solution.threshold))
        code = graph.add("Where", above, graph.constant(1), graph.constant(0))
    elif one:
        flat = graph.add("Squeeze", z, graph.constant([1]))  # (n,)
        above = graph.add("Greater", flat, graph.constant(solution.cut))
        code = graph.add("Where", above, graph.constant(1), graph.constant(0))
    else:
        code = graph.add("ArgMax", p or z, axis=1, keepdims=0)
    names = np.array(solution.classes)
    held = {"i": TensorProto.INT64, "b": TensorProto.BOOL, "f": double}.get(
        names.dtype.kind, TensorProto.STRING
    )
    names = names.astype(object) if held == TensorProto.STRING else names
    label = graph.add("Gather", graph.constant(names), code, to=_free("label", taken))
    outputs = [helper.make_tensor_value_info(label, held, ["n"])]
    if not solution.has_chances:
        scores = graph.add("Identity", flat if one else z, to=_free("scores", taken))
        shape: list = ["n"] if one else ["n", count]
        return [*outputs, helper.make_tensor_value_info(scores, double, shape)]
    name = _free("probabilities", taken)
    if p:
        graph.add("Identity", p, to=name)
    elif one:
        p = graph.add("Sigmoid", z)
        graph.add("Concat", graph.add("Sub", graph.constant(1.0), p), p, axis=1, to=name)
    else:
        graph.add("Softmax", z, axis=1, to=name)
    return [*outputs, helper.make_tensor_value_info(name, double, ["n", count])]


def _calibrated(graph: Graph, calibrator: Calibrator, z: str) -> str:
    """The chances of a Calibrator.  (n, K)"""
    columns = []
    for k, (x, y) in enumerate(calibrator.parts):
        one = graph.add("Gather", z, graph.constant([k]), axis=1)  # (n, 1)
        if calibrator.log_odds:
            others = [j for j in range(len(calibrator.parts)) if j != k]
            rest = graph.add("Gather", z, graph.constant(others), axis=1)
            one = graph.add("Sub", one, graph.add("ReduceLogSumExp", rest, axes=[1], keepdims=1))
        if calibrator.method == "platt":
            line = graph.add("Add", graph.add("Mul", one, graph.constant(x[0])), graph.constant(y[0]))
            columns.append(graph.add("Sigmoid", line))
        else:
            columns.append(_interpolated(graph, one, np.asarray(x), np.asarray(y)))
    p = columns[0]
    if len(columns) == 1:
        return graph.add("Concat", graph.add("Sub", graph.constant(1.0), p), p, axis=1)
    p = graph.add("Concat", *columns, axis=1)
    total = graph.add("ReduceSum", p, graph.constant([1]), keepdims=1)
    some = graph.add("Greater", total, graph.constant(0.0))
    total = graph.add("Where", some, total, graph.constant(1.0))
    return graph.add("Where", some, graph.add("Div", p, total), graph.constant(1 / len(columns)))


def _interpolated(graph: Graph, z: str, x: np.ndarray, y: np.ndarray) -> str:
    """y at z, linear between the knots x and level outside them.  (n, 1)"""
    slopes = np.append(np.diff(y) / np.diff(x), 0.0)
    z = graph.add("Min", graph.add("Max", z, graph.constant(x[0])), graph.constant(x[-1]))
    passed = graph.add("Greater", z, graph.constant(x[1:]))  # (n, m − 1)
    passed = graph.add("Where", passed, graph.constant(1), graph.constant(0))
    knot = graph.add("ReduceSum", passed, graph.constant([1]), keepdims=1)
    at = lambda table: graph.add("Gather", graph.constant(table), knot)
    return graph.add("Add", at(y), graph.add("Mul", at(slopes), graph.add("Sub", z, at(x))))


def _free(name: str, taken: set[str]) -> str:
    """The name, with "_" after it while a column has it."""
    while name in taken:
        name += "_"
    return name

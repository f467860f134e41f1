"""A model where Downslope is not: as an ONNX graph, or as a script that needs one library alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import atomic
from ..arguments import a, door, truth
from ..arguments import path as a_path
from ..data import Dataset
from ..data.reading import Table
from ..errors import DownslopeError, nearest
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
    from .onnx_graph import model_of

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
        wanted.append(
            solution.probabilities(rows) if solution.recipe.loss.has_probabilities else solution.scores(rows)
        )
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

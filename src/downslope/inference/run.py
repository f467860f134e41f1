"""A run: a folder that holds a solution in open formats, and refuses to be read when it is damaged.

manifest.json   format, version, and the SHA-256 of every other file
solution.json   recipe, verdict, names, metrics; how columns became numbers
weights.npz     params and start, float64, no pickle
trace.jsonl     one step a line
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__, atomic, view
from ..arguments import door, truth
from ..arguments import path as a_path
from ..data import Encoding
from ..descent.trace import Trace
from ..errors import DownslopeError
from ..insight import Remedy, Verdict
from ..insight.measured import CurvatureCertificate
from ..insight.standard_errors import standard_errors
from ..messages import text
from ..model.functions import Function
from . import intervals, schema
from .calibrating import Calibrator
from .comparing import Nested
from .deciding import Decision
from .recipe import Recipe
from .solution import Solution, finite
from .table import as_options

FORMAT, VERSION = "downslope-run", 1
WATCHED = "watched"  # kind of a run that somebody else's script made; format 2
CHECKPOINT = "checkpoint"  # next to the files of a run that is saved while it runs
PLAIN = (
    "split",
    "split_in_parts",
    "test",
    "names",
    "loss",
    "gap",
    "stopped",
    "epochs",
    "seconds",
    "method",
    "features",
    "targets",
    "single",
    "formula",
    "classes",
    "source",
    "constants",
)


@door(path=a_path, force=truth)
def save(solution: Solution, path, force: bool = False) -> Path:
    """Write the run folder: to a temporary one first, which then takes the name.

    Raises DownslopeError when something stands there already (`force` replaces a run, nothing else),
    and when it can not be written.
    """
    path = Path(path)
    if solution.module is not None:
        raise DownslopeError("inference.own_module")
    atomic.recover(path)
    if path.exists() and not (force and is_run(path)):
        key = "inference.not_a_run_to_replace" if force else "inference.run_exists"
        raise DownslopeError(key, path=path)
    files = _files(solution)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic.replacing_folder(path) as folder:
            for name, content in files.items():
                (folder / name).write_bytes(content)
            (folder / "manifest.json").write_bytes(_manifest(files))
    except OSError as error:
        raise DownslopeError("inference.cannot_write", path=path, why=error.strerror) from None
    return path


def complete(solution: Solution, path: Path) -> Path:
    """Write a solution into the folder of its checkpoint. The manifest goes first and comes last: there is a
    run, or there is a checkpoint to go on from, at any moment."""
    files = _files(solution)
    (path / "manifest.json").unlink(missing_ok=True)
    for name, content in files.items():
        replace_file(path / name, content)
    replace_file(path / "manifest.json", _manifest(files))
    return path


def replace_file(path: Path, content: bytes) -> None:
    """A file that is on the disk before it takes its name: what is at `path` is never half of it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(path, content, durable=True)
    except OSError as error:
        raise DownslopeError("inference.cannot_write", path=path, why=error.strerror) from None


def is_run(path: Path) -> bool:
    """Whether a folder holds a run, finished or not."""
    return any((path / name).is_file() for name in ("manifest.json", CHECKPOINT))


@door(path=a_path)
def load(path) -> Any:
    """The solution saved at `path`; the `Seen` for the run of a watched script.

    Raises DownslopeError if there is no run, if a file is missing or was changed, and if the run has a
    newer format.
    """
    path = Path(path)
    atomic.recover(path)
    manifest_file = path / "manifest.json"
    if not path.exists():
        raise DownslopeError("inference.no_such_run", path=path)
    if not manifest_file.is_file() and is_run(path):
        raise view("unfinished")(path)
    if not manifest_file.is_file():
        raise DownslopeError("inference.not_a_run", path=path)
    try:
        manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
        version, sums = manifest["version"], dict(manifest["sha256"])
        known = manifest["format"] == FORMAT and isinstance(version, int)
    except (ValueError, KeyError, TypeError):
        raise DownslopeError("inference.damaged", path=path, file="manifest.json") from None
    if not known:
        raise DownslopeError("inference.not_a_run", path=path)
    if manifest.get("kind") == WATCHED and version == VERSION + 1:
        return view("watched")(path, manifest)
    if version > VERSION:
        raise DownslopeError("inference.newer_run", path=path, found=version, known=VERSION)
    contents = {}
    for name in ("solution.json", "weights.npz", "trace.jsonl"):
        content = (path / name).read_bytes() if (path / name).is_file() else b""
        if hashlib.sha256(content).hexdigest() != sums.get(name):
            raise DownslopeError("inference.damaged", path=path, file=name)
        contents[name] = content
    return _solution(path, contents)


def _manifest(files: dict[str, bytes]) -> bytes:
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    manifest = {"format": FORMAT, "version": VERSION, "downslope": __version__, "sha256": sums}
    return (json.dumps(manifest, indent=2) + "\n").encode()


def _files(solution: Solution) -> dict[str, bytes]:
    fields: dict[str, Any] = {name: getattr(solution, name) for name in PLAIN}
    if fields["test"] is None:
        del fields["test"]
    if not fields["split_in_parts"]:  # most runs are as they always were
        del fields["split_in_parts"]
    fields["recipe"] = solution.recipe.to_json()
    fields["verdict"] = _verdict_record(solution.verdict)
    if solution.data_findings:
        fields["data_findings"] = [_verdict_record(finding) for finding in solution.data_findings]
    if solution.certificate is not None:
        fields["certificate"] = solution.certificate.to_json()
    fields["metrics"] = dict(solution.metrics)
    if solution.calibrator is not None:
        fields["calibrator"] = asdict(solution.calibrator)
    if solution.nested is not None:
        fields["nested"] = asdict(solution.nested)
    if solution.decision is not None:
        fields["decision"] = asdict(solution.decision)
    if solution.selection is not None:
        fields["selection"] = dict(solution.selection)
    fields["steps"] = solution.trace.seen
    fields["notes"] = [[key, facts] for key, facts in solution.notes]
    fields["encoding"] = None if solution.encoding is None else solution.encoding.to_json()
    weights = io.BytesIO()
    arrays: dict[str, Any] = intervals.arrays_of(solution)
    np.savez(weights, params=solution.params, start=solution.trace.start, **arrays)
    records = map(_written, solution.trace.to_records())
    steps = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    return {
        "solution.json": (json.dumps(_written(fields), ensure_ascii=False, indent=2) + "\n").encode(),
        "weights.npz": weights.getvalue(),
        "trace.jsonl": steps.encode(),
    }


def _verdict_record(verdict: Verdict) -> dict[str, Any]:
    return {
        "code": verdict.code,
        "kind": verdict.kind,
        "numbers": dict(verdict.numbers),
        "remedies": [[remedy.code, remedy.change] for remedy in verdict.remedies],
        "text": verdict.text,
    }


def _verdict(record: Mapping[str, Any], certificate: CurvatureCertificate | None = None) -> Verdict:
    remedies = tuple(Remedy(code, change) for code, change in record["remedies"])
    return Verdict(record["code"], record["numbers"], remedies, record["kind"], certificate=certificate)


def _solution(path: Path, contents: dict[str, bytes]) -> Solution:
    with schema.checked(path, "solution.json"):
        fields = schema.decoded(contents["solution.json"], schema.SolutionRecord, _read)
    with schema.checked(path, "weights.npz"):
        with np.load(io.BytesIO(contents["weights.npz"]), allow_pickle=False) as arrays:
            params, start = arrays["params"], arrays["start"]
            stored = {name: arrays[name] for name in arrays.files if name.startswith(intervals.STORED)}
        schema.check_weights(params, start, fields["names"])
    with schema.checked(path, "trace.jsonl"):
        lines = contents["trace.jsonl"].splitlines()
        records = [schema.decoded(line, schema.StepRecord, _read) for line in lines]
        trace = Trace.from_records(fields["names"], start, records, fields["steps"])
    with schema.checked(path, "solution.json"):
        solution = _rebuilt(fields, params, trace)
    with schema.checked(path, "weights.npz"):
        solution = replace(solution, **intervals.from_arrays(stored, len(params), solution.outputs))
    again = partial(_again, solution)
    findings = tuple(replace(finding, rerun=again) for finding in solution.data_findings)
    return replace(solution, verdict=replace(solution.verdict, rerun=again), data_findings=findings)


def _rebuilt(fields: dict[str, Any], params: np.ndarray, trace: Trace) -> Solution:
    plain: dict[str, Any] = {
        name: tuple(fields[name]) if isinstance(fields[name], list) else fields[name]
        for name in PLAIN
        if name in fields  # a run of an earlier version has no source and no gap
    }
    measured = fields.get("certificate")  # of a net, since 0.3
    measured = None if measured is None else CurvatureCertificate.from_json(measured)
    solution = Solution(
        params=params,
        verdict=_verdict(fields["verdict"], measured),
        data_findings=tuple(map(_verdict, fields.get("data_findings", ()))),
        trace=trace,
        recipe=Recipe.from_json(fields["recipe"]),
        encoding=None if fields["encoding"] is None else Encoding.from_json(fields["encoding"]),
        metrics=fields["metrics"],
        selection=fields.get("selection"),
        calibrator=None if fields.get("calibrator") is None else Calibrator(**fields["calibrator"]),
        nested=None if fields.get("nested") is None else Nested(**fields["nested"]),
        decision=None if fields.get("decision") is None else Decision(**fields["decision"]),
        notes=tuple((key, facts) for key, facts in fields["notes"]),
        **plain,
    )
    if solution.features:
        net, widths = solution.recipe.net, [len(solution.features)]
        widths += [*(() if net is None else net.hidden), solution.outputs]
        bias = net is not None or solution.recipe.intercept
        weights = sum((before + bias) * after for before, after in pairwise(widths))
        if weights != len(params):
            raise ValueError(f"{weights} weights expected for these columns, {len(params)} found")
    for verdict in (solution.verdict, *solution.data_findings):
        _ = verdict.text
        _ = [(remedy.text, list(as_options(remedy.change or {}))) for remedy in verdict.remedies]
    for key, facts in solution.notes:
        _ = text(key, **facts)
    if solution.calibrator is not None and len(solution.calibrator.parts) != solution.outputs:
        raise ValueError(f"{solution.outputs} calibrated outputs expected")
    if solution.features and solution.recipe.loss.labels and len(solution.classes) < 2:
        raise ValueError("a loss for classes, and no classes")
    return solution


def _again(solution: Solution, change) -> Any:
    """The run with a change, or its standard errors of another kind, on rows that are read again from where
    they came from.

    Raises DownslopeError where they are gone, and for a function that was no formula.
    """
    from .training import Training

    recipe = solution.recipe
    if "errors" in change:
        return standard_errors(solution, solution.rows_for_errors(), kind=change["errors"])
    if solution.features:
        training = Training.on_rows(solution.training_rows(), recipe)
    else:
        try:
            function = Function.from_expression(solution.formula or "", variables=solution.names)
        except DownslopeError:
            raise DownslopeError("inference.formula_gone", formula=solution.formula) from None
        training = Training.on_function(function, solution.trace.start, recipe)
    return training.rerun(change).solution


def _written(value: Any) -> Any:
    """The same as plain data, with {"$number": "inf"} for infinity."""
    return finite(value, lambda number: {"$number": str(number)})


def _read(found: dict):
    """What `_written` put in place of inf and nan, again."""
    return float(found["$number"]) if found.keys() == {"$number"} else found

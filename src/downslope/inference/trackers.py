"""Logs for TensorBoard and for MLflow, each written by the library of that name, where it is installed."""

from __future__ import annotations

import json
import logging
import math
import os
import re
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import DownslopeError
from .solution import finite

NOT_DRAWN = ("step", "epoch", "rows")  # what a step is, not what came out of it


class TensorBoard:
    """tensorboard:FOLDER: a curve of each number of a step; settings and end as text.

    A folder that has event files already is refused, as their curves would be drawn as one with these;
    `force` removes them, and a run that is resumed adds files to them.
    """

    whole, pause = 1_000, 0.1

    def __init__(self, target: str, where: str):
        self.target, self.folder = target, Path(where)
        self._writer: Any = None
        self._proto: Any = None

    def check(self, force: bool, goes_on: bool) -> None:
        self._library()
        folder = self.folder
        if folder.exists() and not folder.is_dir():
            raise DownslopeError("logbook.is_a_file", path=folder)
        if self._events() and not (force or goes_on):
            raise DownslopeError("logbook.exists", path=folder)
        refuse_without_room(folder)

    def begin(self, head: Mapping[str, Any], force: bool) -> None:
        events = self._library()
        if head["event"] == "changed":  # another descent: curves of its own
            self.folder = self.folder / "changed"
        if head["event"] != "resumed":
            for file in self._events():
                file.unlink()
        self.folder.mkdir(exist_ok=True)
        self._proto = import_module("tensorboard.compat.proto")
        for part in ("event_pb2", "summary_pb2", "tensor_pb2", "types_pb2"):
            import_module(f"tensorboard.compat.proto.{part}")
        self._writer = events.EventFileWriter(str(self.folder), flush_secs=1)
        if head["event"] == "resumed":  # what was written beyond that step is made again
            session = self._proto.event_pb2.SessionLog(status=self._proto.event_pb2.SessionLog.START)
            self._add(head["step"] + 1, session_log=session)
        self._text("settings", head, head.get("step", 0))

    def step(self, record: Mapping[str, Any]) -> None:
        Value = self._proto.summary_pb2.Summary.Value
        values = [Value(tag=tag, simple_value=number) for tag, number in _numbers(record)]
        self._add(record["step"], summary=self._proto.summary_pb2.Summary(value=values))

    def end(self, record: Mapping[str, Any]) -> None:
        try:
            self._text("end", record, record.get("steps", 0))
        finally:
            self._writer.close()

    def _text(self, tag: str, facts: Mapping[str, Any], step: int) -> None:
        summaries, Tensor = self._proto.summary_pb2, self._proto.tensor_pb2.TensorProto
        lines = json.dumps(finite(dict(facts)), ensure_ascii=False, indent=2, default=str).splitlines()
        page = "\n".join(f"    {line}" for line in lines)  # Markdown, as it is
        plugin = summaries.SummaryMetadata.PluginData(plugin_name="text")
        value = summaries.Summary.Value(
            tag=tag,
            metadata=summaries.SummaryMetadata(plugin_data=plugin),
            tensor=Tensor(dtype=self._proto.types_pb2.DT_STRING, string_val=[page.encode()]),
        )
        self._add(step, summary=summaries.Summary(value=[value]))

    def _add(self, step: int, **what: Any) -> None:
        self._writer.add_event(self._proto.event_pb2.Event(step=step, wall_time=time.time(), **what))

    def _events(self) -> list[Path]:
        return sorted(self.folder.glob("events.out.tfevents.*")) if self.folder.is_dir() else []

    def _library(self) -> Any:
        return _imported(self.target, "tensorboard.summary.writer.event_file_writer")


class MLflow:
    """mlflow:FOLDER, or mlflow:URI of a database or a server: a run of its own, in the experiment that
    MLFLOW_EXPERIMENT_NAME names, else in "downslope".

    Steps are sent together, once a second: a server answers slowly, and a descent does not wait for it often.
    """

    whole, pause = 100, 1.0
    MOST = 900  # numbers sent together; servers take 1,000

    def __init__(self, target: str, where: str):
        self.target = target
        self.folder = None if "://" in where or where.startswith("databricks") else Path(where)
        self.uri = where if self.folder is None else self.folder.resolve().as_uri()
        self._client: Any = None
        self._run, self._waiting, self._due = "", [], 0.0  # type: ignore[var-annotated]

    def check(self, force: bool, goes_on: bool) -> None:
        self._library()
        if self.folder is not None:
            if self.folder.exists() and not self.folder.is_dir():
                raise DownslopeError("logbook.is_a_file", path=self.folder)
            refuse_without_room(self.folder)

    def begin(self, head: Mapping[str, Any], force: bool) -> None:
        mlflow = self._library()
        if self.folder is not None:  # MLflow asks for that where a folder holds its runs
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        for name, value in {"MAX_RETRIES": "2", "TIMEOUT": "10"}.items():  # it would wait for minutes
            os.environ.setdefault(f"MLFLOW_HTTP_REQUEST_{name}", value)
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "downslope")
        with _quiet():
            self._client = mlflow.MlflowClient(tracking_uri=self.uri)
            known = self._client.get_experiment_by_name(name)
            experiment = self._client.create_experiment(name) if known is None else known.experiment_id
            tags = {"downslope": head["downslope"], "event": head["event"], "source": str(head["source"])}
            run = self._client.create_run(experiment, run_name=f"downslope {head['method']}", tags=tags)
        self._run = run.info.run_id
        settings = {**head, **head["recipe"], "method": head["method"]}
        params = [
            mlflow.entities.Param(_plain(key), str(value)[:500])
            for key, value in settings.items()
            if value is not None and key not in ("recipe", "log", "version", "event")
        ]
        self._client.log_batch(self._run, params=params[:100])

    def step(self, record: Mapping[str, Any]) -> None:
        self._wait(record["step"], _numbers(record))

    def end(self, record: Mapping[str, Any]) -> None:
        numbers = {name: record[name] for name in ("loss", "gap", "epochs", "seconds") if name in record}
        for rows, metrics in record.get("metrics", {}).items():
            scores = {name: value for name, value in metrics.items() if name != "unjudged"}
            numbers |= {f"{rows}_{name}": value for name, value in scores.items()}
        ended = {f"end/{name}": value for name, value in numbers.items()}
        self._wait(record.get("steps", 0), _numbers(ended))
        self._send()
        verdict = record.get("verdict") or {"code": record["event"], "text": record.get("reason", "")}
        for key, value in verdict.items():
            self._client.set_tag(self._run, f"verdict.{key}", str(value)[:5_000])
        stopped = record.get("stopped", "failed")
        status = {"failed": "FAILED", "diverged": "FAILED", "interrupted": "KILLED"}.get(stopped, "FINISHED")
        self._client.set_terminated(self._run, status)

    def _wait(self, step: int, numbers: Iterator[tuple[str, float]]) -> None:
        """Numbers to be sent: now, if the last were sent a second ago."""
        Metric = self._library().entities.Metric
        found: dict[str, float] = {}
        for tag, number in numbers:  # 身高 and 体重 are both __
            name = _plain(tag)
            found[f"{name}_{len(found)}" if name in found else name] = number
        now = int(time.time() * 1000)
        if len(self._waiting) + len(found) > self.MOST:
            self._send()
        self._waiting += [Metric(tag, number, now, step) for tag, number in found.items()]
        if time.monotonic() >= self._due:
            self._send()

    def _send(self) -> None:
        if self._waiting:
            self._client.log_batch(self._run, metrics=self._waiting)
        self._waiting, self._due = [], time.monotonic() + self.pause

    def _library(self) -> Any:
        _imported(self.target, "mlflow.entities")
        return _imported(self.target, "mlflow")


def refuse_without_room(path: Path) -> None:
    """Refuse a path that can not be written, by trying."""
    if not path.parent.is_dir():
        raise DownslopeError("logbook.no_such_folder", path=path, folder=path.parent)
    try:
        if path.is_file():
            with open(path, "ab"):
                return
        with tempfile.TemporaryFile(dir=path if path.is_dir() else path.parent):
            pass
    except OSError as error:
        raise DownslopeError("logbook.not_written", target=path, reason=error.strerror or error) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """MLflow tells what it makes of its database, and that a folder is not its first choice: not here."""
    logger = logging.getLogger("mlflow")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)


def _imported(target: str, name: str) -> Any:
    """A module of a library that need not be there; a folder of that name has no such part."""
    try:
        return import_module(name)
    except ImportError:
        library = name.partition(".")[0]
        raise DownslopeError("logbook.not_installed", target=target, library=library) from None


def _numbers(record: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The finite numbers of a step by name, params under params/."""
    params = record.get("params", {})
    for tag, value in [*record.items(), *((f"params/{name}", value) for name, value in params.items())]:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and tag not in NOT_DRAWN and math.isfinite(value):
            yield tag, float(value)


def _plain(tag: str) -> str:
    """A name that MLflow takes: letters, digits, _, - and spaces; the first / stays, as it is ours."""
    group, slash, name = tag.partition("/")
    clean = lambda part: re.sub(r"[^\w\- ]", "_", part, flags=re.ASCII)[:200]
    return clean(group) + slash + clean(name)

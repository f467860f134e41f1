"""What was seen of somebody else's training: trace, certificate, findings and verdict, in one object."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from .. import __version__, atomic, view
from ..descent.trace import Trace
from ..errors import DownslopeError
from ..insight.measured import CurvatureCertificate
from ..insight.scripts import Fix
from ..insight.verdicts import Verdict
from ..messages import language
from . import findings as mistakes
from . import fixing, mending
from .records import Loop, Recorder, Recording, read
from .verdict import HEALTHY, SICK, judge
from .watched import Watched, certificate

VERSION = 2  # of the run folder; version 1 are runs of our own
STEEP = 0.5  # of its first gradient: a slow run that ends steeper is one to act on


class Seen:
    """What was observed of a training loop: `.verdict`, `.findings`, `.trace`, `.certificate`.

    >>> from downslope.watching.records import Loop, Recording, Update
    >>> import numpy as np
    >>> losses = [0.5**k for k in range(40)]
    >>> log = Recording(kind="log", loops=[Loop(1, kind="log")], end="ended", losses={1: np.array(losses)})
    >>> Seen(log).verdict.code
    'converged'
    """

    def __init__(self, recording: Recording | None = None):
        self.recording = Recording() if recording is None else recording

    # ---- judged --------------------------------------------------------------------------------------

    @property
    def loops(self) -> list[Loop]:
        """The loops that updated weights, those with most updates first."""
        steps = self.recording.steps
        moved = (loop for loop in self.recording.loops if steps(loop.number))
        return sorted(moved, key=lambda loop: -steps(loop.number))

    @cached_property
    def watched(self) -> Watched | None:
        """The loop with the most updates; None where nothing was moved."""
        loop = self.recording.loop()
        return None if loop is None else self.of(loop)

    def in_script(self, loop: Loop) -> bool:
        """Whether a loop stands in the script, and not in a module that it imports."""
        return mistakes.in_script(self.recording, loop)

    def of(self, loop: Loop) -> Watched:
        """One loop, as judgements ask for it."""
        return Watched(self.recording, loop, certificate(self.recording, loop))

    @cached_property
    def trace(self) -> Trace:
        """The updates of the main loop, in the schema of our own runs."""
        return self.recording.trace()

    @cached_property
    def certificate(self) -> CurvatureCertificate:
        """The curvature that the main loop met, the bound that follows for its rate, and the best rate."""
        return CurvatureCertificate(why="no_loop") if self.watched is None else self.watched.certificate

    @cached_property
    def findings(self) -> list[mistakes.Finding]:
        """Mistakes, each with its evidence from the run, from the text, or both, and the mended line."""
        return [] if self.recording.kind == "log" else mistakes.findings(self.watched or self._blank)

    @property
    def _blank(self) -> Watched:
        return Watched(self.recording, Loop())

    @cached_property
    def verdict(self) -> Verdict:
        """What happened in the main loop."""
        if self.watched is None:
            causes = mistakes.causes(self._blank, self.findings)
            raised = "_raised" if self.recording.end == "raised" else ""
            return causes[0] if causes else Verdict("not_seen", {}, kind=f"watching.no_loop{raised}")
        return judge(self.watched, mistakes.causes(self.watched, self.findings))

    @property
    def sick(self) -> bool:
        """Whether the verdict calls for action: the loop diverged, or a mistake determined how it ended."""
        verdict = self.verdict
        if verdict.code == "too_slow" and self.watched is not None:
            sizes = self.watched.gradients[1]
            return bool(len(sizes) and sizes[-1] > STEEP * sizes[0])
        return verdict.code in SICK or verdict.code not in (*HEALTHY, "not_seen")

    @property
    def basis(self) -> str:
        """What the verdict is based on, as a sentence."""
        return "" if self.watched is None else self.watched.basis

    @cached_property
    def mends(self) -> list[Fix]:
        """The lines of the script that the verdict and the findings would change, as they would read."""
        code = self.verdict.code
        order = sorted(self.findings, key=lambda finding: finding.code != code)
        mends = [finding.mend for finding in order if finding.mend is not None and finding.cell is None]
        if any(finding.code == code for finding in self.findings) or self.recording.kind == "log":
            return mends
        made = (self.change_mend(remedy.change or {}) for remedy in self.verdict.remedies)
        first = next((mend for mend in made if mend is not None), None)
        return mends if first is None else [first, *mends]

    def change_mend(self, change: Mapping[str, Any]) -> Fix | None:
        """The script's line that makes a change of rate or epochs."""
        loop, source = self.recording.loop(), self.recording.source
        if loop is None or not source:
            return None
        if not self.in_script(loop):
            loop = replace(loop, update_line=0)
        if "learning_rate" in change:
            return fixing.rate_mend(source, loop, change["learning_rate"])
        if "domain" in change:
            return mending.domain_mend(source, change["domain"], self.verdict.numbers["line"])
        return fixing.epochs_mend(source, loop, change["epochs"]) if "epochs" in change else None

    # ---- shown ---------------------------------------------------------------------------------------

    def plot(self, ax=None):
        """Loss over updates, on a log axis; returns the matplotlib Axes."""
        return self.trace.plot(ax)

    def show(self):
        """A player of the loop in a notebook: losses and weights."""
        return view("show_seen")(self)

    def lines(self) -> list[str]:
        """The report: what was watched, its certificate, the verdict, findings with evidence, fixes."""
        from .report import lines

        return lines(self)

    def __str__(self) -> str:
        return ("" if language() == "zh" else " ").join(filter(None, [self.verdict.text, self.basis]))

    def __repr__(self) -> str:
        name = Path(self.recording.script).name or self.recording.kind
        return f"<Seen of {name}: {self.verdict.code}, {self.trace.updates} updates>"

    # ---- stored --------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """One document: script, loops, verdict with code and numbers, findings, certificate, trace."""
        recording, verdict = self.recording, self.verdict
        trace = self.trace
        document = {
            "format": "downslope-watched",
            "version": 1,
            "downslope": __version__,
            "script": recording.script,
            "argv": list(recording.argv),
            "kind": recording.kind,
            "end": recording.end,
            "exit_code": recording.exit_code,
            "seconds": recording.seconds,
            "recording_seconds": recording.recording_seconds,
            "sick": self.sick,
            "verdict": {
                **verdict.to_json(),
                "remedies": [self._remedy(remedy) for remedy in verdict.remedies],
            },
            "basis": self.basis,
            "findings": [finding.to_json() for finding in self.findings],
            "certificate": self.certificate.to_json(),
            "curvatures": [curvature._asdict() for curvature in recording.curvatures],
            "not_seen": [
                dict(f.numbers, code=f.code, line=f.line)
                for f in recording.facts
                if f.code in ("not_seen", "not_measured")
            ],
            "loops": [{**vars(loop), "updates": recording.steps(loop.number)} for loop in self.loops],
            "validation": {str(n): pairs for n, pairs in recording.validation.items()},
            "trace": {
                "names": list(trace.names),
                "start": trace.start.tolist(),
                "updates": trace.updates,
                "steps": trace.to_records(),
            },
        }
        return finite(document)

    def _remedy(self, remedy: Any) -> dict[str, Any]:
        mend = self.change_mend(remedy.change or {})
        made = None if mend is None else {"line": mend.first, "text": mend.text}
        return {**remedy.to_json(), "mended": made}

    def log(self, targets, force: bool = False) -> None:
        """Write the trace where `log=` of a fit writes: JSON Lines, `tensorboard:FOLDER`, `mlflow:…`."""
        from ..inference.logbook import FEW, Logbook

        book = targets if isinstance(targets, Logbook) else Logbook(targets, force)
        recording, verdict = self.recording, self.verdict
        records = self.trace.to_records()
        for record in records:
            record.pop("gradient")
            if not 0 < len(record["params"]) <= FEW:
                record.pop("params")
        head: dict[str, Any] = {"downslope": __version__}
        head |= {"source": recording.script, "argv": list(recording.argv), "weights": len(self.trace.names)}
        told = {"code": verdict.code, "text": verdict.text}
        end = {"stopped": recording.end, "verdict": told, "loss": verdict.numbers.get("loss")}
        book.write(head, records, {**end, "steps": self.trace.updates, "seconds": recording.seconds})

    def save(self, path, force: bool = False) -> Path:
        """Write a run folder of kind "watched": the recording, the document, checksums. `downslope inspect`,
        `report`, `lab` and `judge`, which puts several side by side, open it, and `load`.

        Raises DownslopeError when something stands there already (`force` replaces a run, nothing else), and
        when it cannot be written.
        """
        from ..inference import run

        path = Path(path)
        atomic.recover(path)
        if path.exists() and not (force and run.is_run(path)):
            key = "inference.run_exists" if not force else "inference.not_a_run_to_replace"
            raise DownslopeError(key, path=path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic.replacing_folder(path) as folder:
                _write(self.recording, folder)
                document = {name: part for name, part in self.to_json().items() if name != "trace"}
                content = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
                (folder / "seen.json").write_text(content, encoding="utf-8")
                sums = {file.name: _sha256(file) for file in sorted(folder.iterdir())}
                manifest = {"format": run.FORMAT, "version": VERSION, "kind": run.WATCHED}
                manifest |= {"downslope": __version__, "sha256": sums}
                whole = json.dumps(manifest, indent=2) + "\n"
                (folder / "manifest.json").write_text(whole)
        except OSError as error:
            raise DownslopeError("inference.cannot_write", path=path, why=error.strerror) from None
        return path


def load(path: Path, manifest: Mapping[str, Any]) -> Seen:
    """The Seen that was saved at `path`; judged again from its recording. `ds.load` calls it.

    Raises DownslopeError where a file is missing or is not what was written.
    """
    for name, expected in dict(manifest["sha256"]).items():
        file = path / Path(name).name
        if not file.is_file() or _sha256(file) != expected:
            raise DownslopeError("inference.damaged", path=path, file=name)
    return Seen(read(path))


def watched_at(path: Path) -> Seen | None:
    """The Seen that was saved at `path`; None where there is anything else."""
    from ..inference import run

    try:
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        watched = manifest.get("kind") == run.WATCHED
    except (OSError, ValueError, AttributeError):
        return None
    return run.load(path) if watched else None


def finite(value: Any) -> Any:
    """Plain data without inf and nan, which JSON does not know: null, "Infinity", "-Infinity"."""
    if isinstance(value, Mapping):
        return {str(key): finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _write(recording: Recording, folder: Path) -> None:
    """A recording as a Recorder writes one."""
    recorder = Recorder(folder, recording.script, recording.source, recording.argv, recording.kind)
    for loop in recording.loops:
        number = recorder.loop(loop)
        track = recorder.tracks[number]
        track.stored_stride = stride = recording.strides.get(number, 1)
        rates, epochs = recording.rates.get(number), recording.epochs.get(number)
        for place, loss in enumerate(recording.losses.get(number, ())):
            track.count = place * stride
            rate = math.nan if rates is None or place >= len(rates) else float(rates[place])
            epoch = place if epochs is None or place >= len(epochs) else int(epochs[place])
            track.step(float(loss), rate, epoch)
        for update in recording.updates.get(number, ()):
            recorder.update(update._replace(validation=None))
        for step, loss in recording.validation.get(number, ()):
            recorder.validation(number, int(step), float(loss))
    for curvature in recording.curvatures:
        recorder.curvature(curvature)
    for fact in recording.facts:
        recorder.fact(fact)
    recorder.recording_seconds = recording.recording_seconds
    recorder.began = time.perf_counter() - recording.seconds
    recorder.close(recording.end, recording.exit_code)

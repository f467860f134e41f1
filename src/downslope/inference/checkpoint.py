"""Stop and go on: a training is kept while it runs, and goes on from there to the same bits.

A run that is kept so has one file more, `checkpoint`: the SHA-256 of what follows, a line of JSON, and the
bytes of the arrays that the JSON names. It is written beside and renamed: there is always a whole one.
"""

from __future__ import annotations

import hashlib
import json
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..data import Dataset, Encoding
from ..data.encoding import training_dataset
from ..data.parted import Parted
from ..data.reading import Table
from ..data.stream import Stream
from ..descent import rates
from ..descent.directions import Memory
from ..descent.methods import ClosedForm, Exhaustive, Method
from ..descent.passes import compiles
from ..descent.place import Place
from ..descent.rows import Batch
from ..descent.state import State
from ..descent.trace import Step, Trace
from ..errors import DownslopeError, DownslopeWarning
from ..messages import text
from .logbook import Log, Logbook
from .recipe import Recipe
from .run import CHECKPOINT, complete, is_run, replace_file
from .solution import Solution
from .training import Training, finished

FORMAT, VERSION = "downslope-checkpoint", 1
RECORDS = {kind.__name__: kind for kind in (Place, State, Memory, Step)}


@dataclass(frozen=True)
class Checkpoint:
    """Keep a training in the run folder `path` every `seconds`, at the end of a pass over the rows, so that
    `resume` goes on from there. `force` replaces a run. `asked`: how rows were asked for, for whoever reads
    them again.
    """

    path: Any
    seconds: float = 60.0
    force: bool = False
    asked: Mapping[str, Any] | None = None

    def __post_init__(self):
        if not (isinstance(self.seconds, int | float) and self.seconds >= 0):
            raise DownslopeError("checkpoint.seconds", found=self.seconds)

    def begin(self, training: Training) -> None:
        """Keep a training that has not begun. Raises DownslopeError, before any work is done, where nothing
        can be kept, or nothing would be worth keeping."""
        path = Path(self.path)
        if path.exists() and not self.force:
            raise DownslopeError("inference.run_exists", path=path)
        if path.exists() and not is_run(path):
            raise DownslopeError("inference.not_a_run_to_replace", path=path)
        if training.module is not None:
            raise DownslopeError("inference.own_module")
        if isinstance(training.method, ClosedForm | Exhaustive):
            raise DownslopeError("checkpoint.at_once", method=training.method.name)
        self.write(training)

    def watch(self, training: Training) -> Iterator[Step]:
        """The steps of a training, which is kept on the way, and where it is left. A disk that is full is
        told of, and the training goes on: the checkpoint before stays good."""
        due, kept = time.monotonic() + self.seconds, training.place.updates
        try:
            for step in training:
                if _at_rest(training) and (training.place.over or time.monotonic() >= due):
                    self._try(training)
                    due, kept = time.monotonic() + self.seconds, training.place.updates
                yield step
        finally:
            if _at_rest(training) and training.place.updates != kept:
                self._try(training)

    def run(self, training: Training, log: Log | None = None) -> Solution:
        """A training to its end, or to Ctrl-C; its solution is kept in the same folder. `log` is told all."""
        solution = finished(training, self.watch(training), log)
        complete(solution, Path(self.path))
        return solution

    def _try(self, training: Training) -> None:
        try:
            self.write(training)
        except DownslopeError as error:
            warnings.warn(str(error), DownslopeWarning, stacklevel=3)

    def write(self, training: Training) -> None:
        """Where a training stands, in place of where it stood before."""
        dataset, place = training.dataset, training.place
        assert dataset is not None
        told = {
            "recipe": training.recipe.to_json(),
            "seconds": self.seconds,
            "asked": None if self.asked is None else dict(self.asked),
            "source": dataset.source,
            "stream": dataset.told() if isinstance(dataset, Parted) else None,
            "encoding": None if dataset.encoding is None else dataset.encoding.to_json(),
            "rows": training.fingerprints,
            "place": place if place.whole else None,
            "trace": vars(training.trace) if place.whole else None,
        }
        replace_file(Path(self.path) / CHECKPOINT, _packed(told))


def resume(
    path,
    dataset: Dataset | None = None,
    *,
    epochs: int | None = None,
    validation: Dataset | None = None,
    log: Any = None,
) -> Solution:
    """Go on with the run at `path`, to the same weights and trace, bit for bit, as if never stopped.

    dataset: the rows, as they were; when None they are read again from the file that they came from.
    epochs: how many there are to be in all, for a run that is to go on for longer: the same bits as one long
    run, unless its learning rate is laid out over all epochs. validation: the rows held out, if any were.
    log: as of `fit`; a log that exists is gone on with, after a line that says from which step.

    Raises DownslopeError, in one line, where there is no checkpoint, one that is damaged or of a newer
    version, and for other rows.

    >>> import downslope as ds, tempfile
    >>> rows = ds.Dataset.from_arrays([[1.0], [2.0], [4.0]], [2.0, 4.0, 7.0])
    >>> settings = {"method": "momentum", "learning_rate": 0.01, "tol": 0.0}
    >>> path = tempfile.mkdtemp() + "/run"
    >>> half = ds.fit(rows, epochs=20, checkpoint=ds.Checkpoint(path), **settings)
    >>> whole = ds.resume(path, rows, epochs=40)
    >>> (whole.params == ds.fit(rows, epochs=40, **settings).params).all()
    np.True_
    """
    kept, book = Kept.read(path), Logbook.checked(log, goes_on=True)
    training = kept.training(kept.rows() if dataset is None else dataset, validation, epochs)
    opened = None if book is None else book.open(training, "resumed", step=training.trace.updates)
    return kept.checkpoint.run(training, opened)


@dataclass(frozen=True)
class Kept:
    """A checkpoint that was read."""

    path: Path
    told: dict[str, Any]

    @classmethod
    def read(cls, path) -> Kept:
        path = Path(path)
        file = path / CHECKPOINT
        if not path.exists():
            raise DownslopeError("inference.no_such_run", path=path)
        if not file.is_file():
            raise DownslopeError("checkpoint.none", path=path)
        told = _unpacked(path, file.read_bytes())
        return cls(path, told)

    @property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint(self.path, self.told["seconds"], True, self.told["asked"])

    def rows(self, source: str | None = None) -> Any:
        """The rows, read again from where they came from, or from where they are now."""
        source, encoding = source or self.told["source"], self.told["encoding"]
        if self.told.get("stream") is not None:
            return Stream.told_again(source, self.told["stream"])
        if encoding is None or not Path(source).exists():
            raise DownslopeError("checkpoint.rows_needed", path=self.path, source=source)
        return training_dataset(Encoding.from_json(encoding), Table.read(source))

    def training(self, dataset: Any, validation: Any, epochs: int | None = None) -> Training:
        """The training as it stood, on rows that are the same."""
        recipe = Recipe.from_json(self.told["recipe"])
        place, before = self.told["place"], recipe.epochs
        if epochs is not None:
            recipe = recipe.with_(epochs=epochs)
            made = 0 if place is None else place.state.epochs + place.done
            if epochs < made:
                raise DownslopeError("checkpoint.fewer_epochs", path=self.path, asked=epochs, made=made)
        training = Training.on_rows(dataset, recipe, validation, place=place)
        now = training.fingerprints
        for which, then in self.told["rows"].items():
            if now[which] != then:
                facts = {"then": _in_words(then), "now": _in_words(now[which])}
                raise DownslopeError(f"checkpoint.other_{which}", path=self.path, **facts)
        if place is not None:
            trace = Trace(training.trace.names, training.trace.start)
            vars(trace).update(self.told["trace"])
            training.trace = trace
        if place is not None and recipe.epochs != before and _laid_out(training, before):
            said = text("checkpoint.laid_out", before=before, epochs=recipe.epochs)
            warnings.warn(said, DownslopeWarning, stacklevel=3)
        return training


def _at_rest(training: Training) -> bool:
    """Whether it stands after a whole pass, and the last step of its trace is that pass's."""
    return training.place.whole and training.place.updates == training.trace.updates


def _laid_out(training: Training, before: int) -> bool:
    """Whether the way so far would have been another, had there been more epochs from the start."""
    objective, method = training.objective, training.method
    if not isinstance(method, Method):
        return False
    if getattr(rates.resolved(method, objective), "ends", False):
        return True
    if not isinstance(method.rows, Batch) or not objective.sweeps:
        return False
    epochs = before, training.recipe.epochs
    one, other = (compiles(objective, method.rows, limit) for limit in epochs)
    return one != other  # a compiled sweep adds in another order


def _in_words(rows: Mapping[str, Any] | None) -> str:
    if rows is None:
        return "0"
    return f"{rows['rows']} × {rows['columns']}, SHA-256 {rows['sha256'][:12]}"


# ---- bytes ---------------------------------------------------------------------------------------


def _packed(told: Mapping[str, Any]) -> bytes:
    arrays: list[np.ndarray] = []
    seen: dict[int, int] = {}  # the arrays live as long as `told` does, so that ids are theirs alone
    plain = _plain(told, arrays, seen)
    layout, offset = [], 0
    for array in arrays:
        fortran = array.ndim > 1 and array.flags.f_contiguous and not array.flags.c_contiguous
        layout.append([array.dtype.str, list(array.shape), "F" if fortran else "C", offset])
        offset += array.nbytes
    head = {"format": FORMAT, "version": VERSION, "downslope": __version__, "arrays": layout, "told": plain}
    parts = [json.dumps(head, ensure_ascii=False).encode(), b"\n"]
    parts += [array.tobytes("F" if kind[2] == "F" else "C") for array, kind in zip(arrays, layout)]
    body = b"".join(parts)
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _unpacked(path: Path, content: bytes) -> dict[str, Any]:
    sha, _, body = content.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != sha:
        raise DownslopeError("checkpoint.damaged", path=path)
    line, _, numbers = body.partition(b"\n")
    head = json.loads(line)
    if head["version"] > VERSION:
        raise DownslopeError("inference.newer_run", path=path, found=head["version"], known=VERSION)
    arrays = []
    for kind, shape, order, offset in head["arrays"]:
        array = np.frombuffer(numbers, kind, int(np.prod(shape)), offset)
        arrays.append(array.reshape(shape, order=order).copy(order))
    return _read(head["told"], arrays)


def _plain(value: Any, arrays: list[np.ndarray], seen: dict[int, int]) -> Any:
    """The same as JSON; an array by its number, one that stands in two places by the same."""
    if isinstance(value, np.ndarray | np.generic):
        if id(value) not in seen:
            seen[id(value)] = len(arrays)
            arrays.append(np.asarray(value))
        return {"$array": seen[id(value)], "$scalar": isinstance(value, np.generic)}
    if type(value).__name__ in RECORDS:
        names = Step._fields if isinstance(value, Step) else [field.name for field in fields(value)]
        inside = {name: _plain(getattr(value, name), arrays, seen) for name in names}
        return {"$record": type(value).__name__, "$fields": inside}
    if isinstance(value, Mapping):
        return {str(name): _plain(item, arrays, seen) for name, item in value.items()}
    if isinstance(value, tuple | list):
        items = [_plain(item, arrays, seen) for item in value]
        return {"$tuple": items} if isinstance(value, tuple) else items
    return value


def _read(found: Any, arrays: list[np.ndarray]) -> Any:
    """What `_plain` wrote, again."""
    if isinstance(found, list):
        return [_read(item, arrays) for item in found]
    if not isinstance(found, dict):
        return found
    if "$array" in found:
        array = arrays[found["$array"]]
        return array[()] if found["$scalar"] else array
    if "$tuple" in found:
        return tuple(_read(found["$tuple"], arrays))
    if "$record" in found:
        return RECORDS[found["$record"]](**_read(found["$fields"], arrays))
    return {name: _read(item, arrays) for name, item in found.items()}

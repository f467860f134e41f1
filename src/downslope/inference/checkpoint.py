"""Stop and go on: a training is kept while it runs, and goes on from there to the same bits.

A run that is kept so has one file more, `checkpoint` (see `packing`). It is written under another name and
renamed, so that there is always a whole one. What is code is not in it, and is given again (see `code`).
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import atomic
from ..arguments import ROWS_OR_NONE, check, door, is_number, truth, whole
from ..arguments import path as a_path
from ..data import Dataset, Encoding
from ..data.partitioned import PartitionedDataset
from ..data.reading import Table
from ..data.source import exists, is_query
from ..data.stream import Stream
from ..descent import auto_rate
from ..descent.epochs import compiles
from ..descent.trace import Step, Trace
from ..errors import DownslopeError, DownslopeWarning, Interrupted
from ..messages import text
from . import schema
from .code import ExternalCode, needed_of, refuse_other, stored_code
from .comparing import check_nested
from .logbook import Log, Logbook
from .packing import packed, unpacked
from .recipe import Recipe
from .run import CHECKPOINT, complete, is_run, replace_file
from .solution import Solution
from .training import Training, finished

NO_CODE = ExternalCode()


@dataclass(frozen=True)
class Checkpoint:
    """Save the state of a training in the run folder `path` every `seconds`, at the end of an epoch, for
    `resume`. `force` overwrites an existing run. `asked`: the options with which the rows were read, to read
    them again.
    """

    path: Any
    seconds: float = 60.0
    force: bool = False
    asked: Mapping[str, Any] | None = None

    def __post_init__(self):
        check(self, path=a_path, force=truth)
        if not (is_number(self.seconds) and self.seconds >= 0):
            raise DownslopeError("checkpoint.seconds", found=self.seconds)

    def begin(self, training: Training) -> None:
        """Write the first checkpoint, before training starts. Raises DownslopeError if the training cannot be
        saved or resumed."""
        path = Path(self.path)
        if path.exists() and not self.force:
            raise DownslopeError("inference.run_exists", path=path)
        if path.exists() and not is_run(path):
            raise DownslopeError("inference.not_a_run_to_replace", path=path)
        if training.method.at_once:
            raise DownslopeError("checkpoint.at_once", method=training.method.name)
        training.method.refuse_nonsense(training.objective)
        training.code = stored_code(training)
        with self._alone():
            self.write(training)
            (path / "manifest.json").unlink(missing_ok=True)  # of the run that is replaced

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The run folder belongs to one training at a time. Raises DownslopeError where another one, of this
        or another process, writes there."""
        try:
            with atomic.locked(Path(self.path)) as mine:
                if not mine:
                    raise DownslopeError("checkpoint.in_use", path=self.path)
                yield
        except OSError as error:
            raise DownslopeError("inference.cannot_write", path=self.path, why=error.strerror) from None

    def watch(self, training: Training) -> Iterator[Step]:
        """The steps of a training, which is saved as it runs and when it stops. If the disk is full, it warns
        and continues; the previous checkpoint remains valid."""
        descent = training.descent
        due, kept = time.monotonic() + self.seconds, descent.updates
        with self._alone():
            try:
                for step in training:
                    if _at_rest(training) and (descent.reason is not None or time.monotonic() >= due):
                        self._try(training)
                        due, kept = time.monotonic() + self.seconds, descent.updates
                    yield step
            finally:
                if _at_rest(training) and descent.updates != kept:
                    self._try(training)

    def run(self, training: Training, log: Log | None = None) -> Solution:
        """Run a training to its end, or to Ctrl-C, which raises Interrupted; its solution is saved in the
        same folder, if possible. `log` receives every step."""
        try:
            solution = finished(training, self.watch(training), log)
        except Interrupted as interrupted:
            self.complete(interrupted.solution)
            raise
        self.complete(solution)
        return solution

    def complete(self, solution: Solution) -> Path:
        """Save the solution in the folder of the checkpoint, unless it contains code."""
        path = Path(self.path)
        return path if solution.is_code else complete(solution, path)

    def _try(self, training: Training) -> None:
        try:
            self.write(training)
        except DownslopeError as error:
            warnings.warn(str(error), DownslopeWarning, stacklevel=3)

    def write(self, training: Training) -> None:
        """Overwrite the checkpoint with the current state of a training."""
        dataset, state = training.dataset, training.descent.state
        contents = {
            "recipe": training.recipe.without_code().to_json(),
            "seconds": self.seconds,
            "asked": None if self.asked is None else dict(self.asked),
            "source": None if dataset is None else dataset.source,
            "stream": dataset.to_dict() if isinstance(dataset, PartitionedDataset) else None,
            "encoding": None if dataset is None or dataset.encoding is None else dataset.encoding.to_json(),
            "rows": training.fingerprints,
            "code": training.code,
            "place": state,
            "trace": None if state is None else vars(training.trace),
        }
        if training.selection is not None:
            contents |= {"selection": training.selection, "choice": [list(note) for note in training.choice]}
            contents["asked_recipe"] = training.asked_recipe.without_code().to_json()
        if training.nested is not None:
            contents["nested"] = True
        replace_file(Path(self.path) / CHECKPOINT, packed(contents))


@door(
    path=a_path,
    dataset=ROWS_OR_NONE,
    epochs=whole(least=1, none=True),
    validation=ROWS_OR_NONE,
)
def resume(
    path,
    dataset: Dataset | None = None,
    *,
    epochs: int | None = None,
    validation: Dataset | None = None,
    log: Any = None,
    trust_source: bool = False,
    module=None,
    method=None,
    f=None,
    derivative=None,
) -> Solution:
    """Resume the run at `path`, with the same weights and trace, bit for bit, as if it had never stopped.

    dataset: the same rows; if None, they are read again from their source. epochs: the total number of
    epochs, to extend a run: the same bits as one long run, unless the learning rate is scheduled over all
    epochs. validation: the validation rows, if there were any. log: as in `fit`; an existing log is
    continued, after a line that names the step. trust_source: whether to execute the SQL query with which
    the rows were read, if `dataset` is None. module, method, f, derivative: code, which is not saved: your
    own module, which is trained in place, a function that returns an optimizer of torch.optim, a Python
    function and its derivative.

    Raises DownslopeError if there is no checkpoint, if it is damaged or has a newer format, and for other
    rows, another module, optimizer or function.

    >>> import downslope as ds, tempfile
    >>> rows = ds.Dataset.from_arrays([[1.0], [2.0], [4.0]], [2.0, 4.0, 7.0])
    >>> settings = {"method": "momentum", "learning_rate": 0.01, "tol": 0.0}
    >>> path = tempfile.mkdtemp() + "/run"
    >>> half = ds.fit(rows, epochs=20, checkpoint=ds.Checkpoint(path), **settings)
    >>> whole = ds.resume(path, rows, epochs=40)
    >>> (whole.params == ds.fit(rows, epochs=40, **settings).params).all()
    np.True_
    """
    kept, book = LoadedCheckpoint.read(path, trust_source), Logbook.checked(log, goes_on=True)
    training = kept.training(dataset, validation, epochs, ExternalCode(module, method, f, derivative))
    opened = None if book is None else book.open(training, "resumed", step=training.trace.updates)
    return kept.checkpoint.run(training, opened)


@dataclass(frozen=True)
class LoadedCheckpoint:
    """A checkpoint that was read. trust_source: whether a query that is only known from it may be run."""

    path: Path
    contents: dict[str, Any]
    trust_source: bool = False

    @classmethod
    def read(cls, path, trust_source: bool = False) -> LoadedCheckpoint:
        path = Path(path)
        file = path / CHECKPOINT
        if not path.exists():
            raise DownslopeError("inference.no_such_run", path=path)
        if not file.is_file():
            raise DownslopeError("checkpoint.none", path=path)
        contents = unpacked(path, file.read_bytes())
        with schema.checked(path, CHECKPOINT):
            schema.check_checkpoint(contents)
        return cls(path, contents, trust_source)

    @property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint(self.path, self.contents["seconds"], True, self.contents["asked"])

    def rows(self, source: str | None = None) -> Any:
        """The rows, read again from where they came from, or from where they are now."""
        if source is None:
            self.refuse_query(self.contents["source"])
        source, encoding = source or self.contents["source"], self.contents["encoding"]
        if self.contents.get("stream") is not None:
            return Stream.from_dict(source, self.contents["stream"])
        if encoding is None or not (is_query(source) or exists(Path(source))):
            raise DownslopeError("checkpoint.rows_needed", path=self.path, source=source)
        known = Encoding.from_json(encoding)
        return known.training_rows(Table.read(source, formats=known.text_formats))

    def refuse_query(self, source: str | None) -> None:
        """Refuse to run a query that stands in the checkpoint, and show it: another person may have written
        it."""
        if source and is_query(str(source)) and not self.trust_source:
            query = "".join(letter if letter.isprintable() else " " for letter in str(source))
            raise DownslopeError("checkpoint.query", path=self.path, query=" ".join(query.split()))

    @property
    def code(self) -> dict[str, Any]:
        """What was kept of a module, an optimizer, a function."""
        return self.contents.get("code", {})  # format 1 had none

    @property
    def needed(self) -> tuple[str, ...]:
        """What is code, and has to be given again."""
        return needed_of(self.code)

    @property
    def command(self) -> str:
        """The one that goes on with it."""
        return "fit" if self.code.get("function") is None else "minimize"

    def training(
        self,
        dataset: Any,
        validation: Any,
        epochs: int | None = None,
        code: ExternalCode = NO_CODE,
    ) -> Training:
        """The training as it stood, on rows, or a function, that are the same."""
        code.refuse_misfit(self.path, self.code)
        with schema.checked(self.path, CHECKPOINT):
            recipe = code.recipe(self.path, Recipe.from_json(self.contents["recipe"]))
        state, before = self.contents["place"], recipe.epochs
        if epochs is not None:
            recipe = recipe.with_(epochs=epochs)
            made = 0 if state is None else state.all_epochs
            if epochs < made:
                raise DownslopeError("checkpoint.fewer_epochs", path=self.path, asked=epochs, made=made)
        with schema.checked(self.path, CHECKPOINT):
            training = self._begun(recipe, dataset, validation, code)
        now = training.fingerprints
        for which, then in self.contents["rows"].items():
            if now[which] != then:
                facts = {"then": _in_words(then), "now": _in_words(now[which])}
                raise DownslopeError(f"checkpoint.other_{which}", path=self.path, **facts)
        refuse_other(self.path, self.code, training)
        if state is not None:
            trace = Trace(training.trace.names, training.trace.start)
            with schema.checked(self.path, CHECKPOINT):
                schema.check_trace(self.contents["trace"], trace)
                vars(trace).update(self.contents["trace"])
                schema.check_state(state, training.objective)
            training.trace = trace
        if state is not None and recipe.epochs != before and _laid_out(training, before):
            said = text("checkpoint.laid_out", before=before, epochs=recipe.epochs)
            warnings.warn(said, DownslopeWarning, stacklevel=3)
        return training

    def _begun(self, recipe: Recipe, dataset, validation, code: ExternalCode) -> Training:
        """The training on what was given again, none of it compared yet."""
        state, function = self.contents["place"], self.code.get("function")
        if function is not None:
            if dataset is not None:
                raise DownslopeError("checkpoint.no_code", path=self.path, name="dataset")
            start = list(function["start"].values())
            training = Training.on_function(code.function(function), start, recipe, state)
        else:
            module = code.as_begun(self.path, self.code.get("module"))
            rows = self.rows() if dataset is None else dataset
            training = Training.on_rows(rows, recipe, validation, module, state)
            training.module = code.module
        training.code = self.code
        training.selection = self.contents.get("selection")
        training.choice = tuple((key, facts) for key, facts in self.contents.get("choice", ()))
        if asked := self.contents.get("asked_recipe"):  # alpha is chosen again wherever rows are left out
            asked = code.recipe(self.path, Recipe.from_json(asked))
            training.asked_recipe = asked.with_(epochs=recipe.epochs)
        nested = bool(self.contents.get("nested"))
        training.nested = check_nested(nested, training.asked_recipe, training.dataset, training.module)
        return training


def unfinished(path: Path) -> DownslopeError:
    """Why a run that has only a checkpoint has no solution yet, and how to go on with it."""
    kept = LoadedCheckpoint.read(path)
    if not kept.needed:
        return DownslopeError("checkpoint.unfinished", path=path, command=kept.command)
    needed = ", ".join(f"{name}=…" for name in kept.needed)
    return DownslopeError("checkpoint.only_code", path=str(path), needed=needed)


def _at_rest(training: Training) -> bool:
    """Whether it stands after a whole pass, and the last step of its trace is that pass's."""
    return training.descent.updates == training.trace.updates


def _laid_out(training: Training, before: int) -> bool:
    """Whether the way so far would have been another, had there been more epochs from the start."""
    objective, method = training.objective, training.method
    if getattr(auto_rate.resolved(method, objective), "ends", False):
        return True
    if method.batch is None or not objective.linear_rows:
        return False
    epochs = before, training.recipe.epochs
    one, other = (compiles(objective, method.batch, limit) for limit in epochs)
    return one != other  # a compiled sweep adds in another order


def _in_words(rows: Mapping[str, Any] | None) -> str:
    if rows is None:
        return "0"
    return f"{rows['rows']} × {rows['columns']}, SHA-256 {rows['sha256'][:12]}"

"""From rows or a function to a Solution: the one way that every door goes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..arguments import ROWS_OR_NONE, a, door
from ..data import Dataset
from ..data.dataset import refuse_constant_columns
from ..data.partitioned import PartitionedDataset
from ..data.parts import Meter
from ..data.statistics import Standardise
from ..descent import auto_rate
from ..descent.descend import descend
from ..descent.methods import AnyMethod, Method
from ..descent.schedules import InverseScaling
from ..descent.state import Result, State
from ..descent.stops import Epochs, Pause, Stop
from ..descent.trace import Step, Trace
from ..errors import DownslopeError, Interrupted
from ..insight import Verdict, explain, plain
from ..insight.data_evidence import OF_ROWS, changed_rows
from ..insight.data_findings import DataFindings
from ..insight.verdicts import FAILURES, unjudged
from ..kernels.threads import one_blas_thread
from ..model.functions import Function
from ..model.objective import Objective, function_objective
from ..selection import Path
from .automatic import Reason, chosen
from .comparing import NestedFolds, check_nested, measured
from .deciding import check_decisions, decided
from .intervals import apart_as, attached, encoded_as, labelled_as, refuse_checkpoint, set_apart, test_rows
from .logbook import Log, Logbook
from .metrics import Metrics, RowCounter, known_scores
from .recipe import AUTO, Recipe, renumbered
from .solution import Solution, constants_of

if TYPE_CHECKING:
    from .checkpoint import Checkpoint

UNBOUNDED = ("separable", "quasi_separable")  # verdicts: some weights grow for ever without a penalty


@dataclass(frozen=True)
class PartialFitState:
    """Where a descent stands between two passes: all that is needed to go on, on other rows."""

    end: Result
    method: Any  # of the pass, with the learning rate that "auto" stood for if that is to last
    standardise: Standardise  # the coordinates of the first rows


class Training:
    """A descent under way: iterate over it for its steps, then ask for its `solution`.

    `interrupt()` ends it early, as Ctrl-C does, and what was learned is kept.
    """

    def __init__(
        self,
        objective: Objective,
        method: AnyMethod,
        stop: Stop,
        start,
        recipe: Recipe,
        validation: Objective | None = None,
        after: Result | None = None,
        state: State | None = None,
    ):
        self.objective, self.method, self.stop, self.recipe = objective, method, stop, recipe
        self.trace = Trace(objective.names, start)
        self.dataset: Any = None  # a Dataset, or rows in parts
        self.held_out: Any = None
        self.function: Function | None = None
        self.module: Any = None
        self.path: Path | None = None  # along which alpha was chosen
        self.selection: Mapping[str, Any] | None = None  # how; a resumed run has this alone
        self.choice: tuple[Reason, ...] = ()  # the same in sentences
        self.asked_recipe = recipe  # before alpha was chosen
        self.calibrates: str | None = None  # "cv+:10", where intervals come from all rows
        self.calibration: Any = None  # else (calibration rows, fraction, seed)
        self.test: Any = None  # (test rows, fraction, seed)
        self.nested: NestedFolds | None = None  # the nested cross-validation that follows
        self.code: Mapping[str, Any] = {}  # what a checkpoint keeps of a module, an optimizer, a function
        self.unbounded: tuple[str, Verdict] | None = None  # the end without the penalty that "auto" added
        self._validation: Objective | None = validation
        self._end: Result | None = None
        self.judged = True  # whether its end is to get a verdict
        self._began: float | None = None  # with the first step, when whatever watches it is open
        going_on: dict[str, Any] = {"validation": validation, "after": after, "state": state}
        self.descent = descend(objective, start, method, stop, seed=recipe.seed, **going_on)

    @classmethod
    def on_rows(
        cls,
        dataset: Any,
        recipe: Recipe,
        held_out: Any = None,
        module=None,
        state: State | None = None,
        calibrate_rows: float | str | None = None,
        test: float | None = None,
        nested: bool = False,
    ) -> Training:
        """A model on the rows of a Dataset or a Stream: a linear one, the recipe's net, or a PyTorch module.
        `state`: where an earlier training on them stood, to go on from. The others are those of `fit`."""
        parted = isinstance(dataset, PartitionedDataset)
        if not isinstance(dataset, Dataset | PartitionedDataset):
            raise DownslopeError("inference.no_dataset", found=type(dataset).__name__)
        if not dataset.targets:
            raise DownslopeError("inference.no_target")
        if parted and (module is not None or recipe.net is not None):
            raise DownslopeError("inference.net_in_memory", rows=f"{len(dataset):,}")
        asked, (dataset, tested) = recipe, test_rows(dataset, test, recipe.seed)
        dataset, calibration = set_apart(dataset, calibrate_rows, recipe)
        held_out = encoded_as(dataset, held_out) if tested or calibration else held_out
        if recipe.loss.labels:
            dataset = dataset.labelled()
            held_out = None if held_out is None else held_out.labelled(dataset.classes)
        if dataset.encoding is not None and recipe.intercept:
            dataset.refuse_constant_columns() if parted else refuse_constant_columns(dataset)
        check_decisions(recipe, dataset, module, calibration, held_out)
        to_measure = check_nested(nested, recipe, dataset, module)
        path = recipe.path(dataset, module) if recipe.rule else None
        recipe = recipe if path is None else recipe.with_(alpha=path.alpha, penalty=path.penalty)
        with one_blas_thread():
            moments = None if path is None else path.moments
            objective = recipe.objective(dataset, module, moments)
            method = renumbered(recipe.method_for(objective), dataset)
            if moments is not None and not method.at_once:  # a checkpoint goes on with the rows' own bits
                objective = recipe.objective(dataset, module)
            if not method.full:
                objective = objective.uncentred()
            stop, start = recipe.stop_for(method, objective), recipe.start_for(method, objective)
        rows = recipe.over_validation(objective, held_out, dataset)
        training = cls(objective, method, stop, start, recipe, validation=rows, state=state)
        training.dataset, training.held_out, training.module = dataset, held_out, module
        if path is not None:
            training.path, training.selection, training.choice = path, path.to_json(), (*path.notes(),)
        training.asked_recipe, training.calibration, training.test = asked, calibration, tested
        training.nested = to_measure
        training.calibrates = str(calibrate_rows) if calibrate_rows and calibration is None else None
        return training

    @classmethod
    @one_blas_thread()
    def one_pass(cls, dataset: Dataset, recipe: Recipe, after: PartialFitState | None = None) -> Training:
        """A single pass of a stochastic method: the first, or the one that follows a pause.

        Columns stay standardised as they were at first; weights, the direction's memory and the schedule
        go on. A schedule that has an end is laid out over `recipe.epochs` passes; the one that "auto"
        would lay out falls as 1/√epoch instead, from ten times its height, as no end is known.
        """
        if dataset.y is None:
            raise DownslopeError("inference.no_target")
        recipe = recipe.with_(penalty=None) if recipe.penalty.name == AUTO else recipe  # nobody has all rows
        term = recipe.term(dataset)
        term = term if after is None else replace(term, standardise=after.standardise)
        objective = recipe.priced(term).uncentred()
        method = recipe.method_for(objective)
        assert isinstance(method, Method)
        begun_as = method.direction if after is None else after.method.direction
        alike = type(begun_as) is type(method.direction) and not begun_as.external
        if alike and begun_as.constants[:3] == method.direction.constants[:3]:  # ε: in the first rows' units
            method = replace(method, direction=begun_as)
        if after is not None and after.method.direction != method.direction:
            after = replace(after, method=method, end=replace(after.end, memory=None))
        rate = auto_rate.resolved(method, objective)
        if method.learning_rate == "auto" and rate.ends:
            begun = "auto" if after is None else after.method.learning_rate
            method = method.with_rate(InverseScaling(10 * rate.rate, 0.5) if begun == "auto" else begun)
        start, end = (
            (recipe.start_for(method, objective), None) if after is None else (after.end.params, after.end)
        )
        training = cls(objective, method, Pause() | Epochs(recipe.epochs), start, recipe, after=end)
        training.dataset = dataset
        return training

    @classmethod
    def on_function(cls, function: Function, start, recipe: Recipe, state: State | None = None) -> Training:
        """A function from a start. `state`: where an earlier descent from it stood, to go on from."""
        x = function.check_start(start)
        objective = function_objective(function)
        method = recipe.method_for(objective)
        training = cls(objective, method, recipe.stop_for(method, objective), x, recipe, state=state)
        training.function = function
        return training

    def __iter__(self) -> Iterator[Step]:
        self._began = self._began or time.perf_counter() - self.descent.seconds
        while self._end is None:
            try:
                step = next(self.descent)
            except StopIteration as over:
                self._end = over.value
                return
            self._counted.note(step, self.trace.updates)
            self.trace.append(step)
            yield step

    @cached_property
    def _counted(self) -> RowCounter:
        return RowCounter(self)

    @property
    def meter(self) -> Meter | None:
        """What counts the rows that are read; None for a function."""
        return self._counted.meter

    @property
    def seconds(self) -> float:
        """Since it began; what a run that is resumed took before is counted."""
        return 0.0 if self._began is None else time.perf_counter() - self._began

    def sharing_cores(self) -> AbstractContextManager:
        """The solution at the end of the descent. BLAS gets one thread: ours do the work, and the bits do not
        depend on how many there are. A net's are PyTorch's: one where its matrices are small."""
        term, batch = self.objective.term, self.method.batch
        return term.threads(min(term.rows, batch.size) if batch else term.rows)

    def interrupt(self, end: Any = KeyboardInterrupt) -> None:
        """End it now, with the reason "interrupted" or that of an `Ended`."""
        if not self.trace.updates:
            next(iter(self), None)  # what has not begun can not be interrupted
        try:
            while self._end is None:
                self.trace.append(self.descent.throw(end))
        except StopIteration as over:
            self._end = over.value

    def rerun(self, change: Mapping[str, Any]) -> Training:
        """The same descent, not yet begun, with the change of a remedy: settings of the recipe, other rows or
        columns, or a function without the derivative that was given."""
        settings = dict(change)
        of_rows = {name: settings.pop(name) for name in OF_ROWS if name in settings}
        features = settings.pop("features", None)
        derived = settings.pop("derivative", self) is not None
        if self.function is not None:
            start = settings.pop("start", None) or self.trace.start
            function = self.function if derived else self.function.without_derivative()
            return Training.on_function(function, start, self.recipe.changed(settings))
        if self.module is not None and "start" not in settings:  # the module holds its last weights by now
            settings["start"] = dict(zip(self.objective.names, self.trace.start.tolist()))
        recipe = self.recipe.changed(settings)
        assert self.dataset is not None
        rows = [self.dataset, self.held_out]
        if features is not None:
            rows = [None if part is None else part.with_features(features) for part in rows]
        assert rows[0] is not None
        train, held_out = changed_rows(rows[0], rows[1], of_rows, recipe.seed) if of_rows else rows
        again = Training.on_rows(train, recipe, held_out, self.module)
        if not of_rows:
            apart_as(again, self, features)
        return again

    def _verdict(self, end: Result) -> Verdict:
        """What the end means; with a remedy, it can be applied to the same rows."""
        if not self.judged and self.recipe.penalty.name != AUTO:  # which asks whether there is a minimum
            return plain(end) if end.reason.code in FAILURES else unjudged(end)
        known = (end, self.objective, self.method, self.trace, self.recipe, self._validation, self.dataset)
        try:
            verdict = explain(*known)
        except Exception as error:  # insight never costs a fit
            verdict = plain(end, error=error)
        return replace(verdict, rerun=self._changed) if verdict.remedy else verdict

    def _changed(self, change: Mapping[str, Any]) -> Solution:
        again = self.rerun(change)
        return finished(again, again)

    @cached_property
    def fingerprints(self) -> dict[str, Any]:
        """Which rows these are, and which are held out."""
        sets = {"training": self.dataset, "validation": self.held_out}
        return {name: None if rows is None else rows.fingerprint() for name, rows in sets.items()}

    @property
    def paused(self) -> PartialFitState:
        """Where it stands, for `one_pass` to go on from."""
        assert self._end is not None
        end = replace(self._end, cached=None)  # other rows are to come
        return PartialFitState(end, self.method, self.objective.term.standardise)

    @property
    def solution(self) -> Solution:
        """Where it ended; what is left of it is run first."""
        with self.sharing_cores():
            return self._solved()

    def _solved(self) -> Solution:
        for _ in self:
            pass
        end = self._end
        assert end is not None
        dataset, verdict = self.dataset, self._verdict(end)
        if self.recipe.penalty.name == AUTO:
            bounded = self._penalised(verdict) if verdict.code in UNBOUNDED else None
            if bounded is not None:
                bounded.unbounded = end.reason.code, verdict
                vars(self).update(vars(bounded))
                return self._solved()
            self.recipe = self.recipe.with_(penalty=None)
        solution = self.solution_at(end, verdict)
        if dataset is None:
            return solution
        solution = replace(solution, notes=(*dataset.notes, *self._reason(), *self.choice))
        if self.module is not None:
            self.objective.term.load(end.params, self.module)
        solution = measured(self, decided(self, solution))
        held = {} if self.held_out is None else {"validation": (self.held_out, None)}
        if self.test is not None:
            solution = replace(solution, test=self.test[1:])
            held["test"] = (labelled_as(dataset, self.test[0]), None)
        rows: dict[str, Any] = {"training": (dataset, known_scores(self, end)), **held}
        solution = attached(self, replace(solution, metrics=Metrics(solution, rows)))
        if self.judged and self.module is None:
            findings = DataFindings.of(solution, dataset, self.held_out, self._changed)
            solution = replace(solution, data_findings=findings)
        return solution.evaluated() if getattr(dataset, "at_workers", False) else solution

    def solution_at(self, end: Result, verdict: Any) -> Solution:
        """The solution at a point: of the settings and the rows, nothing is measured or decided yet."""
        solution = Solution(
            params=end.params,
            names=self.objective.names,
            loss=end.value,
            gap=end.gap,
            stopped=end.reason.code,
            verdict=verdict,
            trace=self.trace,
            epochs=end.epochs,
            seconds=self.seconds,
            recipe=self.recipe,
            method=self.method.name,
            constants=constants_of(self.method),
            formula=None if self.function is None else self.function.formula,
        )
        if (rows := self.dataset) is None:
            return solution
        return replace(
            solution,
            **{key: getattr(rows, key) for key in ("features", "targets", "encoding", "classes", "source")},
            single=rows.single and not self.recipe.loss.levels,
            path=self.path,
            selection=self.selection,
            module=self.module,
            split=getattr(rows, "drawn", None),
            split_in_parts=rows.drawn_in_parts,
        )

    def _penalised(self, verdict: Verdict) -> Training | None:
        """The same with an L2 penalty and its alpha by cross-validation; None where rows are too few for
        that."""
        recipe = self.recipe.with_(penalty="l2", alpha="cv:quick")
        try:
            bounded = Training.on_rows(self.dataset, recipe, self.held_out)
        except DownslopeError:
            return None
        bounded.choice = ((f"selection.auto_{verdict.code}", {}), *bounded.choice)
        bounded._began = self._began
        apart_as(bounded, self)
        bounded.nested = self.nested
        return bounded

    def _reason(self) -> tuple[Reason, ...]:
        """Why "auto" took its method, and what a stochastic one is where rows lie in several memories."""
        reasons: tuple[Reason, ...] = (
            (chosen(self.objective, self.recipe)[1],) if self.recipe.method == "auto" else ()
        )
        if self.module is not None:
            reasons += (("inference.module_raw", {}),)
        shards = self.dataset.shards if isinstance(self.dataset, PartitionedDataset) else ()
        if len(shards) < 2 or self.method.full:
            return reasons
        return *reasons, ("inference.local_passes", {"shards": len(shards), "method": self.method.name})


@door(recipe=a("Recipe", none=True), validation=ROWS_OR_NONE, checkpoint=a("Checkpoint", none=True))
def fit(
    model_or_dataset,
    dataset=None,
    *,
    recipe: Recipe | None = None,
    validation: Dataset | None = None,
    checkpoint: Checkpoint | None = None,
    log: Any = None,
    calibrate_rows: float | str | None = None,
    test: float | None = None,
    nested: bool = False,
    **settings,
) -> Solution:
    """Minimise a loss over the rows of a Dataset: `fit(dataset, …)` trains a linear model, or a net with
    `net=Net(…)`; `fit(module, dataset, …)` trains your own PyTorch module, in place.

    `settings` are those of `Recipe`, if no recipe is given. `validation`: validation rows, whose loss is
    in the trace; with `patience`, it stops the descent and selects its weights. `checkpoint`: a folder in
    which the state is saved while it runs, for `resume`. `log`: a file to which each step is written while
    it runs, "tensorboard:FOLDER" or "mlflow:FOLDER", several of these, or a `Logbook`.
    `calibrate_rows`: the fraction of rows that only say how wide intervals are, or "cv+:10"; see `predict`.
    `test`: the fraction of rows that choose nothing and only measure: `metrics["test"]`. `nested`: whether to
    measure what is chosen (alpha, threshold, calibration, patience) by choosing it again in each of `folds`
    training parts: `solution.nested`.

    >>> import downslope as ds
    >>> rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
    >>> ds.fit(rows, method="gd", learning_rate=0.01, epochs=100, intercept=False, scale=False,
    ...        start={"x": 1.0}).params.item()
    1.9999444396553017
    """
    module, rows = (None, model_or_dataset) if dataset is None else (model_or_dataset, dataset)
    recipe, book = recipe or Recipe.for_rows(rows, settings, module), Logbook.checked(log)
    apart: dict[str, Any] = {"calibrate_rows": calibrate_rows, "test": test, "nested": nested}
    refuse_checkpoint(checkpoint, calibrate_rows, test)
    training = Training.on_rows(rows, recipe, validation, module, **apart)
    return run_to_end(training, checkpoint, book)


def run_to_end(training: Training, checkpoint: Checkpoint | None, book: Logbook | None) -> Solution:
    if checkpoint is not None:
        checkpoint.begin(training)
    opened = None if book is None else book.open(training)
    return finished(training, training, opened) if checkpoint is None else checkpoint.run(training, opened)


def finished(training: Training, steps: Iterable[Step], log: Log | None = None) -> Solution:
    """The solution of a training whose steps are taken to their end; it is written to the log.

    Raises Interrupted, a KeyboardInterrupt with the solution so far, where Ctrl-C ended it: the caller's next
    line, or next fit of a grid search, is not for a model that is half learned.
    """
    interrupted = False
    with training.sharing_cores():
        try:
            for _ in steps if log is None else log.watch(steps):
                pass
        except KeyboardInterrupt:
            interrupted = True
            training.interrupt()
        solution = training.solution
    if log is not None:
        log.end(solution)
    if interrupted or solution.stopped == "interrupted":
        raise Interrupted(solution)
    return solution

"""A lesson is a folder: lesson.toml (what it runs and asks), en.toml and zh.toml (its sentences).

A lesson of this package may hold one Python file, __init__.py, with figures and pictures of its own. A folder
from outside is data alone: nothing of it is executed. The sentences are TOML and not markdown: they are set
in columns for a terminal, filled with figures, and some of them are labels of a picture.
"""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from .. import plots
from ..data import Dataset
from ..descent.trace import Step, Trace
from ..errors import DownslopeError
from ..inference import Solution
from ..inference.settings import Settings
from ..inference.training import finished
from ..insight import Verdict
from ..messages import LANGUAGES, language, read_table, text
from ..model.functions import Function
from ..plots import canvas
from ..plots.lettering import lettering, readable

STAGES = ("dataset", "model", "training", "inference")
PARTS = (*STAGES, "outcome", "learned")
EXAMPLE = Path("examples/rows.csv")
ROWS = EXAMPLE if EXAMPLE.is_file() else Path(__file__).with_name("rows.csv")  # which every wheel holds
NAMED = 24  # weights that have a figure of their own


class ProblemRecord(msgspec.Struct, forbid_unknown_fields=True):
    """Rows X → y, or a formula; a lesson with a Python file may make its own."""

    X: list[list[float]] | None = None
    y: list[float] | None = None
    formula: str | None = None
    derivative: str | None = None
    minimum: list[float] | None = None  # where it is known
    file: str | None = None  # a table in the lesson's folder, instead of X and y …
    target: str | None = None  # … and the column that is predicted


class Question(msgspec.Struct, forbid_unknown_fields=True):
    """What answers it: a number within a tolerance, or conditions on a run in the lab."""

    name: str
    answer: float | None = None
    tolerance: float = 0.0
    reach: list[dict[str, Any]] = []
    choices: int = 0  # the answer is the number of one of them, from 1
    predict: bool = False  # asked before a state runs: this one, else the first
    before: str = ""

    @property
    def sentences(self) -> list[str]:
        """What the sentences' file holds of it."""
        parts = ["ask", *(f"choice_{k}" for k in range(1, self.choices + 1)), "right", "wrong"]
        return [f"questions.{self.name}.{part}" for part in parts]


class LessonRecord(msgspec.Struct, forbid_unknown_fields=True):
    """lesson.toml. All runs have its `settings`; each state changes some of them; the lab opens all."""

    number: int
    command: str = "downslope lesson"  # to try next; {rows} is a file of the three rows
    problem: ProblemRecord = msgspec.field(default_factory=ProblemRecord)
    settings: dict[str, Any] = {}
    states: dict[str, dict[str, Any]] = {}
    columns: dict[str, int] = {}  # of a state that uses only the first columns of the rows: how many
    formulas: dict[str, str] = {}  # of a state that has a function of its own
    targets: dict[str, list[float]] = {}  # of a state whose rows have other targets
    views: dict[str, str] = {}  # of a state that has a picture of its own
    windows: dict[str, list[list[float]]] = {}  # of a state that shows a part of F of its own: least and most
    questions: list[Question] = []
    view: str = "loss"  # the lab's picture
    hide: list[str] = []  # controls of the lab
    draws: bool = False  # whether it takes a seed
    torch: bool = False  # whether it needs PyTorch


@cache
def sentences(folder: Path, language: str) -> dict[str, str]:
    """Name → sentence of a lesson, in this language if it is there, else in English, else in any."""
    there = [inside(folder, f"{each}.toml") for each in (language, "en", *LANGUAGES)]
    path = next((path for path in there if path.is_file()), None)
    try:
        return {} if path is None else dict(_flat(read_table(path)))
    except (OSError, ValueError, RecursionError) as error:
        raise DownslopeError("lessons.folder", path=path, reason=error) from None


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, str(value)


def inside(folder: Path, name: str) -> Path:
    """A file in this folder. Raises DownslopeError where the name, or a link, leads elsewhere."""
    path = folder / name
    if path.parent != folder or path.resolve().parent != folder.resolve():
        raise DownslopeError("lessons.outside", path=name, folder=folder)
    return path


@contextmanager
def pytorch(number: int) -> Iterator[Any]:
    """PyTorch, for the lessons that need it, or the sentence that says how to install it. On one thread: what
    they run is so small that threads wait for each other longer than they work."""
    try:
        import torch
    except ImportError:
        raise DownslopeError("lessons.no_torch", number=number) from None
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield torch
    finally:
        torch.set_num_threads(threads)


def spelled(verdict: Verdict, indent: int = 4) -> str:
    """The verdict's sentence, and below it a line for each remedy."""
    return ("\n" + " " * indent).join([verdict.text, *map(str, verdict.remedies)])


def whole_numbers(seed: int, count: int) -> list[float]:
    """Starts: whole numbers in [−1000, 1000)."""
    return np.random.default_rng(seed).integers(-1000, 1000, count).astype(float).tolist()


def shown(trace: Trace) -> Iterator[Step]:
    """The steps that have a line: all up to 100 epochs, else those of the first three and every hundredth."""
    last = trace.steps[-1].epoch if len(trace) else 0
    for step in trace:
        if last < 100 or step.epoch < 3 or (step.epoch + 1) % 100 == 0:
            yield step


def curves(ax, words: tuple[str, str, str], lines: Mapping[str, tuple[Any, Any]], log: str = "", **line):
    """Lines (x, y) by name on one picture; words: its title and those of its axes; log: the logarithmic axes,
    such as "xy" or "x"; line: settings of all lines.  Returns the Axes."""
    ax = canvas.axes(ax, *words)
    for axis in log:
        getattr(ax, f"set_{axis}scale")("log")
    for k, (name, (x, y)) in enumerate(lines.items()):
        ax.plot(x, y, **{"linewidth": 1.6, **canvas.style(k), **line}, label=name)
    box = ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=9, borderaxespad=0)
    for name in box.get_texts():
        name.set(color=canvas.INK, **lettering(name.get_text()))
    return ax


@dataclass(frozen=True)
class Lesson:
    """dataset → model → training → inference, run by the engine and printed line by line.

    `figures` are its numbers, `log` the lines of its training, `drawings` its pictures; without a Python file
    they are those of its states. Figures fill the braces in its sentences, so that every number is computed.
    A lesson runs once and stores its solutions; `lesson(number)` creates a new one.
    """

    folder: Path
    seed: int = 0

    # ── what stands in its folder ───────────────────────────────────────────────────────────────────────────

    @cached_property
    def data(self) -> LessonRecord:
        """lesson.toml. Raises DownslopeError where it is missing, or holds something else."""
        path = inside(self.folder, "lesson.toml")
        try:
            return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), LessonRecord)
        except (OSError, ValueError, RecursionError) as error:  # of TOML and of msgspec too
            raise DownslopeError("lessons.folder", path=path, reason=error) from None

    @property
    def number(self) -> int:
        return self.data.number

    @property
    def command(self) -> str:
        """What to try next."""
        return self.data.command.replace("{rows}", shlex.quote(str(ROWS)))

    def sentence(self, name: str, /, **facts) -> str:
        """A sentence of its own in the current language."""
        return sentences(self.folder, language())[name].format(**facts)

    def label(self, name: str, /, **facts) -> str:
        """The same for a picture: in English if no font can draw it."""
        return readable(lambda: self.sentence(name, **facts))

    def title(self) -> str:
        """The name of the lesson in the current language."""
        return self.sentence("title")

    # ── what it runs ────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def rows(self) -> Any:
        """The Dataset X → y that its problem is, if it is one."""
        problem = self.data.problem
        if problem.file is not None:
            return Dataset.read(inside(self.folder, problem.file), target=problem.target)
        return None if problem.X is None else Dataset.from_arrays(problem.X, problem.y)

    @cached_property
    def function(self) -> Any:
        """The Function that its problem is, if it is one."""
        problem = self.data.problem
        return None if problem.formula is None else Function.of(problem.formula, None, problem.derivative)

    @property
    def problem(self) -> Dataset | Function:
        """Its function, or its rows."""
        found = self.rows if self.function is None else self.function
        if found is None:
            raise DownslopeError("lessons.no_problem", path=self.folder / "lesson.toml")
        return found

    @property
    def start(self) -> dict[str, float] | None:
        """The start, by name of weight; a lesson with a Python file may draw it at random."""
        return self.data.settings.get("start")

    @cached_property
    def settings(self) -> Settings:
        """The settings that all its runs have."""
        return Settings.of({**self.data.settings, "start": self.start, "seed": self.seed})

    def first(self, columns: int | None) -> Dataset | Function:
        """Its problem, with only the first columns of its rows."""
        if columns is None or self.rows is None:
            return self.problem
        rows = self.rows
        return Dataset.from_arrays(rows.X[:, :columns], rows.y, features=rows.features[:columns])

    def problem_of(self, state: str) -> Dataset | Function:
        """The problem of a state: the lesson's own, or a part or a variant of it."""
        if state in self.data.formulas:
            return Function.of(self.data.formulas[state], None)
        if state in self.data.targets:
            return Dataset.from_arrays(self.data.problem.X, self.data.targets[state])
        return self.first(self.data.columns.get(state))

    def run(self, on: Dataset | Function | None = None, /, **changes) -> Solution:
        """The solution of its problem, or of another one, with some settings changed."""
        with pytorch(self.number) if self.data.torch else nullcontext():
            problem = self.problem if on is None else on
            training = Settings.of(changes, self.settings).training(problem)
            return finished(training, training)

    @cached_property
    def solutions(self) -> dict[str, Solution]:
        """Each of its states, run."""
        return {
            name: self.run(self.problem_of(name), **changes) for name, changes in self.data.states.items()
        }

    @cached_property
    def _runs(self) -> dict[str, Solution]:
        return self.solutions or {"": self.run()}

    @property
    def solution(self) -> Solution:
        """Its first state, or its problem as its settings have it."""
        return next(iter(self._runs.values()))

    # ── what it says ────────────────────────────────────────────────────────────────────────────────────────

    def figures(self) -> dict[str, float]:
        """The numbers of the lesson, by name, computed by running it."""
        found: dict[str, float] = {}
        for state, run in self._runs.items():
            weights = dict(zip(run.names[:NAMED], run.params.tolist()))
            numbers = {"loss": float(run.loss), "epochs": float(run.epochs), **weights}
            found |= {f"{name}_{state}" if state else name: number for name, number in numbers.items()}
        return found

    def words(self) -> dict[str, str]:
        """What fills its sentences besides the figures: verdicts, in the current language."""
        return {
            f"verdict_{state}" if state else "verdict": spelled(run.verdict)
            for state, run in self._runs.items()
        }

    def log(self) -> Iterator[str]:
        """The lines of the training: those of the first run, where there are several."""
        run = next(iter(self._runs.values()))
        if self.function is not None:
            return self.points(self.function, run)
        return self.epochs(run)

    def epochs(self, run: Solution) -> Iterator[str]:
        """A line per epoch: loss and gradient before its last update, and the weights after it."""
        for step in shown(run.trace):
            gradient, w = step.gradient_norm, step.params[:NAMED].tolist()
            if step.gradient is not None and len(step.params) == 1:
                gradient, (w,) = float(step.gradient[0]), w
            yield text("lessons.epoch", epoch=step.epoch, loss=step.loss, gradient=gradient, w=w)

    def points(self, function: Function, run: Solution) -> Iterator[str]:
        """A line per epoch of a function, with f after the step."""
        for step in shown(run.trace):
            place = "  ".join(f"{name} = {x:<13.6g}" for name, x in zip(run.names, step.params))
            value = function.value(step.params)
            yield text("lessons.point", epoch=step.epoch, place=place, value=value).rstrip()

    def drawings(self) -> tuple[Callable, ...]:
        """Functions that draw on an Axes: the lesson, then its pitfall, where it has one."""
        traces = {state or self.title(): run.trace for state, run in self._runs.items()}
        return (lambda ax: plots.loss(traces if len(traces) > 1 else next(iter(traces.values())), ax),)

    @cached_property
    def _figures(self) -> dict[str, float]:
        return self.figures()

    def part(self, name: str) -> str:
        """One of its PARTS in the current language, filled."""
        return self.sentence(name, **self._figures, **self.words())

    def has(self, name: str) -> bool:
        """Whether there is such a sentence: `why`, and one for each state, may be left out."""
        return name in sentences(self.folder, language())

    def tell(self) -> Iterator[str]:
        """The lesson as lines of text, in the current language."""
        yield text("lessons.heading", number=self.number, title=self.title())
        if self.has("why"):
            yield ""
            yield from self.part("why").splitlines()
        predictions = [question for question in self.data.questions if question.predict]
        for question in predictions:
            ask, *choices = map(self.part, question.sentences[:-2])
            yield ""
            yield text("lessons.predict", ask=ask)
            yield from (f"    {number}. {choice}" for number, choice in enumerate(choices, 1))
        for place, stage in enumerate(STAGES, 1):
            yield ""
            yield text("lessons.stage", place=place, stages=len(STAGES), stage=text(f"lessons.{stage}"))
            yield from self.part(stage).splitlines()
            if stage == "training":
                yield from self.log()
                yield from (
                    self.part(f"states.{name}") for name in self.data.states if self.has(f"states.{name}")
                )
                yield from self.part("outcome").splitlines()
                for question in predictions:
                    yield text("lessons.predicted", right=self.part(question.sentences[-2]))
        yield ""
        yield text("lessons.learned")
        yield from self.part("learned").splitlines()
        yield ""
        yield text("lessons.next")
        yield self.command

    def picture(self, ax=None):
        """The picture of the lesson on `ax`; without one, in its own figure, with its pitfall next to it.

        Returns the Axes; its `.figure` is the page.
        """
        if ax is None:
            return plots.panels(*self.drawings()).axes[0]
        return self.drawings()[0](ax)

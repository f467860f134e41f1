"""From the words of the command line to numbers, settings and rows; what can not be meant is refused."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import DownslopeError
from ..messages import text
from . import options as o

if TYPE_CHECKING:
    from ..data import Dataset
    from ..inference import Recipe
    from ..model.nets import Net


@dataclass(frozen=True)
class Request:
    """Which rows, and what to minimise over them: all that `fit` and `compare` have in common."""

    data: o.Data
    target: o.Target
    features: o.Features = None
    weights: o.Weights = None
    validate: o.Validate = None
    loss: o.Loss = None
    penalty: o.Penalty = None
    alpha: o.Alpha = None
    penalty_on: o.PenaltyOn = "raw"
    no_intercept: o.NoIntercept = False
    no_scale: o.NoScale = False
    hidden: o.Hidden = None
    activation: o.Activation = None
    dropout: o.Dropout = None
    learning_rate: o.LearningRate = "auto"
    start: o.Start = None
    epochs: o.Epochs = "1000"
    tol: o.Tol = None
    patience: o.Patience = None
    seconds: o.Seconds = None
    seed: o.Seed = "0"
    memory: o.Memory = None
    on_bad_row: o.OnBadRow = None
    exclude: o.Exclude = None
    encoding: o.Encoding = None
    header: o.Header = None

    def recipe(self, method: Any = "auto", **settings) -> Recipe:
        """Everything that a training is told."""
        from ..inference import Recipe

        if self.alpha is None and self.penalty not in (None, "none"):
            raise DownslopeError("cli.alpha_missing", penalty=self.penalty)
        told = {
            "loss": self.loss or "squared",
            "penalty": self.penalty,
            "alpha": number("--alpha", self.alpha or "0"),
            "penalty_on": self.penalty_on,
            "intercept": not self.no_intercept,
            "scale": not self.no_scale,
            "learning_rate": learning_rate(self.learning_rate),
            "start": starts(self.start),
            "epochs": whole("--epochs", self.epochs or "1000"),
            "tol": number("--tol", self.tol or "1e-8"),
            "seconds": None if self.seconds is None else number("--seconds", self.seconds),
            "patience": None if self.patience is None else whole("--patience", self.patience),
            "seed": whole("--seed", self.seed, least=0),
            "net": self._net(),
        }
        return Recipe(**{**told, "method": method, **settings})

    def _net(self) -> Net | None:
        """The net that is asked for, if one is; it has biases, always."""
        from ..model.nets import Net

        asked = {"--activation": self.activation, "--dropout": self.dropout}
        if self.hidden is None:
            for option, value in asked.items():
                if value is not None:
                    raise DownslopeError("cli.net_only", option=option)
            return None
        if self.no_intercept:
            raise DownslopeError("cli.net_intercept")
        sizes = tuple(whole("--hidden", size) for size in self.hidden.split(","))
        drop, seed = number("--dropout", self.dropout or "0"), whole("--seed", self.seed, least=0)
        return Net(sizes, self.activation or "sigmoid", drop, seed=seed)

    def suited(self, recipe: Recipe, dataset: Dataset) -> Recipe:
        """The recipe with the loss that the target asks for, where none was asked for: log, for classes."""
        return recipe.with_(loss="log") if self.loss is None and dataset.classes else recipe

    def notes(self, dataset: Dataset, held_out: Dataset | None) -> list[str]:
        """What there is to say about the rows, and about the loss if it was chosen for them."""
        said = dataset.notes_text()
        if self.loss is None and dataset.classes:
            said.append(text("cli.loss_chosen", column=dataset.targets[0], count=len(dataset.classes)))
        if held_out is not None and self._fraction is None:
            said += [f"{text('cli.rows_validation')}: {note}" for note in held_out.notes_text()]
        return said

    def rows(self) -> tuple[Any, Any]:
        """The rows to learn from, and those held out: a share of them, or the rows of another file."""
        from ..data.encoding import Encoding, training_dataset
        from ..data.opening import table_or_source
        from ..data.reading import Table
        from ..data.request import Reading
        from ..data.source import opened_source

        reading = Reading(self.memory, None, self.on_bad_row, None, self.encoding, self.header)
        with self._machines() as connection:
            if connection is not None:
                source = opened_source(self.data, self.encoding, self.header)
                return self._in_parts(source, reading, connection)
        table = table_or_source(self.data, reading)
        if not isinstance(table, Table):
            return self._in_parts(table, reading)
        target, features, exclude = self._columns(table.names)
        encoding = Encoding.learn(table, target, features, self.weights, exclude)
        dataset = training_dataset(encoding, table)
        if self._holds_classes(target, table.kind):
            dataset = dataset.labelled()
        if self.validate is None:
            return dataset, None
        if self._fraction is not None:
            return split(dataset, self._fraction, whole("--seed", self.seed))
        formats = encoding.text_formats
        held_out = encoding.apply(Table.read(self.validate, self.encoding, self.header, formats))
        return dataset, held_out.labelled(dataset.classes) if dataset.classes else held_out

    def _columns(self, names: Sequence[str]) -> tuple[Any, list[str] | None, list[str] | None]:
        """The target or targets, the features, and what is excluded, as they were typed."""
        targets = columns([self.target], names)
        features, exclude = (
            None if asked is None else columns(asked, names) for asked in (self.features, self.exclude)
        )
        return targets[0] if len(targets) == 1 else targets, features, exclude

    def _holds_classes(self, target: str | list[str], kind_of: Any) -> bool:
        """Whether the target is told apart into classes: it is a yes or no, or the loss is for classes."""
        from ..model.losses import by_name

        if self.loss is not None:
            return by_name(self.loss).labels
        return isinstance(target, str) and kind_of(target) == "boolean"

    @contextmanager
    def _machines(self) -> Iterator[Any]:
        """The way to a cluster, where one is asked for; it is closed again where it comes to nothing."""
        yield None

    def _in_parts(self, source, reading, connection=None) -> tuple[Any, Any]:
        """The same of rows too many to hold; in memory after all, where they fit once they are numbers, or
        in that of a cluster's workers."""
        from ..data.opening import fitting
        from ..data.request import Held
        from ..data.stream import Stream
        from . import watch

        target, features, exclude = self._columns(source.names)
        if self._fraction is not None:
            held = Held(self._fraction, whole("--seed", self.seed, least=0))
            reading = replace(reading, held=held)
        place: Any = fitting
        learn: Any = {}
        if connection is not None:
            from ..cluster import Spread, learned_by

            place = lambda rows: Spread.of(rows, connection)
            learn = {"learn": partial(learned_by, connection)}
        with watch.reading(source.meter, text("cli.reading")):
            stream = Stream.open(source, target, features, self.weights, reading, exclude, **learn)
            if self._holds_classes(target, stream.origin.kind_of):
                stream = stream.labelled()
            assert stream.gathered  # a second pass over some rows, which every model asks for
            if self.validate is None:
                return place(stream), None
        held_out = stream.held_out if self._fraction is not None else stream.beside(self.validate)
        return place(stream), place(held_out)

    @property
    def _fraction(self) -> float | None:
        """The share of rows that --validate asks for, if that is what it names."""
        try:
            return float(self.validate or "")
        except ValueError:
            return None


@dataclass(frozen=True)
class FitRequest(Request):
    """The same, but that none of it need be given where a run is gone on with."""

    data: o.Data = ""
    target: o.Target = ""
    epochs: o.Epochs = ""
    workers: o.Workers = None
    cluster: o.Cluster = None
    trust_source: o.TrustSource = False

    def whole(self) -> FitRequest:
        """Refused where it lacks what a fit begins with."""
        for needed, given in (("DATA", self.data), ("--target", self.target)):
            if not given:
                raise DownslopeError("cli.missing", command="downslope fit", needed=needed)
        return self

    @contextmanager
    def _machines(self) -> Iterator[Any]:
        if self.workers is None and self.cluster is None:
            yield None
            return
        if self.workers is not None and self.cluster is not None:
            raise DownslopeError("cli.workers_and_cluster")
        if self.hidden is not None:
            raise DownslopeError("cli.cluster_net")
        from ..cluster import Connection
        from . import show

        if self.cluster is not None:
            connection = Connection.to(self.cluster)
        else:
            connection = Connection.local(whole("--workers", self.workers or "", least=1), self.memory)
        try:
            show.aside([connection.told_where()])
            yield connection
        except BaseException:
            connection.close()
            raise

    def going_on(self, kept, **others) -> tuple[FitRequest, Any, Any]:
        """What the run `kept` was asked for, and its rows, read again; `others`: options of `fit` beside
        these. One that would change the run is refused."""
        from .keeper import refuse_settings

        anew = {"data": "", "epochs": "", "workers": None, "cluster": None, "trust_source": False}
        settings = replace(self, **anew)  # type: ignore[arg-type]
        refuse_settings(kept, {**vars(settings), **others}, {**vars(FitRequest()), "method": "auto"})
        if kept.told["asked"] is None:  # it was begun in Python
            told = replace(self, loss=kept.told["recipe"]["loss"])
            return told, kept.rows(self.data or None), None
        asked = replace(FitRequest(**kept.told["asked"]), epochs=self.epochs)
        for source in ("" if self.data else asked.data, asked.validate):
            kept.refuse_query(source)
        asked = replace(asked, data=self.data or asked.data)
        if self.workers is not None or self.cluster is not None:
            asked = replace(asked, workers=self.workers, cluster=self.cluster)
        return asked, *asked.rows()


def split(dataset: Dataset, fraction: float, seed: int) -> tuple[Dataset, Dataset]:
    """Training rows and rows held out. A class that is among the second only is refused by its name."""
    import numpy as np

    try:
        train, held_out = dataset.split(fraction, seed)
        if not dataset.classes:
            return train, held_out
        train = train.labelled()
        return train, held_out.labelled(train.classes)
    except DownslopeError as error:
        if error.key not in ("data.unknown_class", "data.one_class") or dataset.y is None:
            raise
        counts = np.bincount(dataset.y.astype(int))
        lost = [value for value in dataset.classes if value != error.facts["value"]]
        value = error.facts["value"] if error.key == "data.unknown_class" else lost[0]
        count = int(counts[dataset.classes.index(value)])
        facts = {"column": dataset.targets[0], "value": value, "count": count}
        raise DownslopeError("cli.class_held_out", **facts) from None


def number(option: str, asked: str) -> float:
    """A number as it was typed; whether it is one that serves is for its user to say."""
    try:
        return float(asked)
    except ValueError:
        raise DownslopeError("cli.number", option=option, asked=asked) from None


def whole(option: str, asked: str, least: int | None = None) -> int:
    """A whole number as it was typed: 1000, or 1e3."""
    try:
        found = int(asked) if asked.strip().lstrip("+-").isdecimal() else float(asked)
    except ValueError:
        found = math.nan
    if not math.isfinite(found) or found != int(found) or (least is not None and found < least):
        raise DownslopeError(
            "cli.whole" if least is None else "cli.whole_from", option=option, asked=asked, least=least
        )
    return int(found)


def columns(asked: Sequence[str], names: Sequence[str]) -> list[str]:
    """Column names from "a,b" or several options; a name that has a comma itself is taken whole."""
    parts = [[words] if words in names else words.split(",") for words in asked]
    return [name if name in names else name.strip() for part in parts for name in part]


def learning_rate(asked: str) -> Any:
    """0.01, "auto", a schedule such as "cosine:0.1" with its own constants after it, or a line search.

    >>> learning_rate("step:0.1:0.5:20")
    StepDecay(rate=0.1, factor=0.5, every=20)
    """
    from ..descent.methods import rate_of
    from ..descent.schedules import Constant

    rate = rate_of(asked.strip())
    return rate.rate if isinstance(rate, Constant) and ":" not in asked else rate


def pairs(option: str, asked: Sequence[str] | None, example: str) -> dict[str, str]:
    """name → text, from "a=1,b=2" or several options; a name may have an = of its own, but no comma."""
    found: dict[str, str] = {}
    for part in (part for words in asked or () for part in words.split(",")):
        name, equals, value = (piece.strip() for piece in part.rpartition("="))
        if not (name and equals and value):
            raise DownslopeError("cli.pair", option=option, asked=part.strip(), example=example)
        if name in found:
            raise DownslopeError("cli.pair_twice", option=option, name=name)
        found[name] = value
    return found


def starts(asked: Sequence[str] | None) -> dict[str, float] | None:
    """Where weights or variables start, by name."""
    found = pairs("--start", asked, "x=1")
    return {name: number(f"--start {name}", value) for name, value in found.items()} or None


def grid(asked: Sequence[str] | None) -> dict[str, list[float]]:
    """The values to try, by name: first, first + step, …, last, each the number that its decimals say.

    >>> grid(["x=0:0.4:0.1"])
    {'x': [0.0, 0.1, 0.2, 0.3, 0.4]}
    """
    from ..descent.methods import Exhaustive

    found = {}
    for name, value in pairs("--grid", asked, "x=0:4:0.1").items():
        try:
            first, last, step = (Decimal(part.strip()) for part in value.split(":"))
            count = int((last - first) / step) + 1
        except (ValueError, ArithmeticError, InvalidOperation):  # not three, not numbers, or a step of 0
            count = 0
        if count < 1:
            raise DownslopeError("cli.grid", name=name, asked=value)
        if count > Exhaustive.most:
            raise DownslopeError("descent.grid_size", count=f"{count:,}", most=f"{Exhaustive.most:,}")
        found[name] = [float(first + k * step) for k in range(count)]
    return found


def order(asked: str | None) -> str | list[int] | None:
    """shuffle, cyclic or replacement; or row numbers such as 2,0,1."""
    parts = [part.strip() for part in (asked or "").split(",")]
    return [int(part) for part in parts] if all(part.isdecimal() for part in parts) else asked


def near(asked: str, known: Sequence[str]) -> str:
    """The three nearest names; all of them if none is near."""
    return ", ".join(get_close_matches(asked, known, n=3, cutoff=0.5) or known)


def needs_picture(plane: str | None, surface: bool, plot: str | None) -> None:
    """--plane and --surface say how a picture is drawn: there has to be one."""
    if plot is None and (plane is not None or surface):
        raise DownslopeError("cli.plane_without_plot", asked="--surface" if plane is None else "--plane")

"""From the words of the command line to settings and rows; what cannot be meant is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from ..arguments import whole
from ..errors import DownslopeError
from ..inference.table import NET, RECIPE, pairs, read_options
from ..messages import text
from . import options as o

if TYPE_CHECKING:
    from ..data import Dataset
    from ..data.opening import Cluster, Columns
    from ..inference import Recipe


_Compared: Any = o.record_of("compare")


@dataclass(frozen=True)
class Request(_Compared):
    """Which rows, and what to minimise over them: all that `fit` and `compare` have in common."""

    data: o.Data
    target: o.Target
    features: o.Features = None
    weights: o.Weights = None
    validate: o.Validate = None
    memory: o.Memory = None
    on_bad_row: o.OnBadRow = None
    exclude: o.Exclude = None
    encoding: o.Encoding = None
    header: o.Header = None
    door: ClassVar[str] = "compare"

    def recipe(self, **settings) -> Recipe:
        """The settings of a training: those of the options, and `settings` over them."""
        from ..inference import Recipe

        if self.alpha is None and self.penalty not in (None, "none", "auto"):
            raise DownslopeError("cli.alpha_missing", penalty=self.penalty)
        asked = read_options(self.door, vars(self))
        net = {name: asked.pop(name) for name in NET if name != "seed" and name in asked}
        if "hidden" in net:
            if self.no_intercept:
                raise DownslopeError("cli.net_intercept")
            from ..model.nets import Net

            asked["net"] = Net(**net, seed=asked["seed"])
        elif net:
            raise DownslopeError("cli.net_only", option=NET[next(iter(net))].option)
        return Recipe(**{**asked, **settings})

    def suited(self, recipe: Recipe, dataset: Dataset) -> Recipe:
        """The recipe with what the target asks for where no option does: see `Recipe.suited`. Other commands
        than `fit` have one objective, with the penalty that they are given."""
        named = {name for name in ("loss", "penalty", "alpha") if getattr(self, name) is not None}
        return recipe.suited(dataset, named if self.door == "fit" else {*named, "penalty"})

    def notes(self, dataset: Dataset, held_out: Dataset | None) -> list[str]:
        """What there is to say about the rows, and about the loss if it was chosen for them."""
        said = dataset.notes_text()
        if self.loss is None and dataset.classes:
            said.append(text("cli.loss_chosen", column=dataset.targets[0], count=len(dataset.classes)))
        if held_out is not None and self._fraction is None:
            said += [f"{text('cli.rows_validation')}: {note}" for note in held_out.notes_text()]
        return said

    def rows(self) -> tuple[Any, Any]:
        """The rows to learn from, and the validation rows: a share of them, or the rows of another file."""
        from ..data.opening import read
        from ..data.parts import Holdout, ReadOptions
        from . import progress

        held = None if self._fraction is None else Holdout(self._fraction, self._seed)
        reading = ReadOptions(self.memory, None, self.on_bad_row, held, self.encoding, self.header)
        with self._machines() as cluster:
            return read(
                self.data,
                self._columns,
                reading,
                validation=self.validate if held is None else None,
                holds_classes=self._holds_classes,
                cluster=cluster,
                progress=lambda meter: progress.reading(meter, text("cli.reading")),
            )

    def _columns(self, names: Sequence[str]) -> Columns:
        """Which columns of the source are used, as they were typed."""
        from ..data.opening import Columns

        targets = columns([self.target], names)
        features, exclude = (
            None if asked is None else columns(asked, names) for asked in (self.features, self.exclude)
        )
        return Columns(targets[0] if len(targets) == 1 else targets, features, self.weights, exclude)

    def _holds_classes(self, target: str | list[str], kind_of: Any) -> bool:
        """Whether the target holds classes: it is boolean, or the loss is for classes."""
        from ..model.losses import by_name

        if self.loss is not None:
            return by_name(self.loss).labels
        return isinstance(target, str) and kind_of(target) == "boolean"

    @contextmanager
    def _machines(self) -> Iterator[Cluster | None]:
        """The cluster that is asked for; its connection is closed again where it comes to nothing."""
        yield None

    @property
    def _seed(self) -> int:
        return RECIPE["seed"].kind.read("--seed", self.seed)

    @property
    def _fraction(self) -> float | None:
        """The share of rows that --validate asks for, if that is what it names."""
        try:
            return float(self.validate or "")
        except ValueError:
            return None


_Fitted: Any = o.record_of("fit", Request)


@dataclass(frozen=True)
class FitRequest(_Fitted):
    """The same, but all optional if a run is resumed."""

    data: o.Data = ""
    target: o.Target = ""
    door: ClassVar[str] = "fit"
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
    def _machines(self) -> Iterator[Cluster | None]:
        if self.workers is None and self.cluster is None:
            yield None
            return
        if self.workers is not None and self.cluster is not None:
            raise DownslopeError("cli.workers_and_cluster")
        if self.hidden is not None:
            raise DownslopeError("cli.cluster_net")
        from ..cluster import Connection, ShardedDataset, learned_by
        from ..data.opening import Cluster
        from . import show

        if self.cluster is not None:
            connection = Connection.to(self.cluster)
        else:
            connection = Connection.local(whole(least=1).read("--workers", self.workers or ""), self.memory)
        try:
            show.aside([connection.summary()])
            yield Cluster(lambda rows: ShardedDataset.of(rows, connection), partial(learned_by, connection))
        except BaseException:
            connection.close()
            raise

    def going_on(self, kept, **others) -> tuple[FitRequest, Any, Any]:
        """What the run `kept` was asked for, and its rows, read again; `others`: further options of
        `fit`. One that would change the run is refused."""
        from .resuming import refuse_settings

        anew = dict.fromkeys(("data", "epochs"), "") | dict.fromkeys(("workers", "cluster"))
        settings = o.changed(self, **anew, trust_source=False)
        refuse_settings(kept, {**vars(settings), **others}, vars(FitRequest()))
        if kept.contents["asked"] is None:  # it was begun in Python
            begun_in_python = o.changed(self, loss=kept.contents["recipe"]["loss"])
            return begun_in_python, kept.rows(self.data or None), None
        asked = o.changed(FitRequest(**kept.contents["asked"]), epochs=self.epochs)
        for source in ("" if self.data else asked.data, asked.validate):
            kept.refuse_query(source)
        asked = o.changed(asked, data=self.data or asked.data)
        if self.workers is not None or self.cluster is not None:
            asked = o.changed(asked, workers=self.workers, cluster=self.cluster)
        return asked, *asked.rows()


def columns(asked: Sequence[str], names: Sequence[str]) -> list[str]:
    """Column names from "a,b" or several options; a name that has a comma itself is taken whole."""
    parts = [[words] if words in names else words.split(",") for words in asked]
    return [name if name in names else name.strip() for part in parts for name in part]


def grid(asked: Sequence[str]) -> dict[str, list[float]]:
    """The values to try, by name: first, first + step, …, last, each the number that its decimals say.

    >>> grid(["x=0:0.4:0.1"])
    {'x': [0.0, 0.1, 0.2, 0.3, 0.4]}
    """
    from ..descent.methods import Exhaustive

    found = {}
    for name, value in pairs("--grid", ",".join(asked), "x=0:4:0.1").items():
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


def near(asked: str, known: Sequence[str]) -> str:
    """The three nearest names; all of them if none is near."""
    return ", ".join(get_close_matches(asked, known, n=3, cutoff=0.5) or known)


def needs_picture(plane: str | None, surface: bool, plot: str | None) -> None:
    """--plane and --surface say how a picture is drawn: there has to be one."""
    if plot is None and (plane is not None or surface):
        raise DownslopeError("cli.plane_without_plot", asked="--surface" if plane is None else "--plane")

"""`minimize`: descend a formula, and print its path next to the exact critical points."""

from __future__ import annotations

import math
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..arguments import number
from ..errors import DownslopeError
from ..inference.table import RECIPE, read_options
from ..messages import text
from . import options as o
from . import pasting
from .ending import Ending
from .options import asking

if TYPE_CHECKING:
    from ..inference import automatic

SHOWN = 12  # updates in the table
WIDE = 4  # variables whose values stand in it


_Minimized: Any = o.record_of("minimize")


@dataclass(frozen=True)
class MinimizeRequest(_Minimized):
    """The function, the start and the settings: all optional if a run is resumed."""

    expression: o.Expression = ""
    derivative: o.Derivative = None

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the recipe, without the start."""
        return read_options("minimize", {**vars(self), "start": None, "epochs": self.epochs or "1000"})

    @property
    def drawn(self) -> str | None:
        """The seed that the start was drawn by, if it was."""
        return self.seed if self.expression and not self.start else None  # without either, begun in Python

    def function(self):
        """The formula, parsed; refused where there is none."""
        from ..model.functions import Function

        if not self.expression:
            raise DownslopeError("cli.missing", command="downslope minimize", needed="EXPR")
        return Function.from_expression(self.expression, self.derivative and ", ".join(self.derivative))

    def training(self):
        """The descent, not yet begun."""
        from ..inference import minimizing

        function, settings = self.function(), self.settings
        if not self.start and not pasting.asked("--method", "--learning-rate"):
            settings["method"] = "auto"  # from anywhere, a fixed rate ends at a minimum of few functions
        return minimizing(function, self.at(function), **settings)

    def at(self, function):
        """The numbers given, by name or in the order of the variables; without any, whole numbers in
        [−1000, 1000), drawn by seed."""
        if not self.start:
            return drawn_start(function, self.settings["seed"])
        words = ",".join(self.start)
        if "=" in words:
            return RECIPE["start"].kind.read("--start", words)
        return [number().read("--start", part) for part in words.split(",")]

    def going_on(self, kept, **others) -> tuple[MinimizeRequest, Any]:
        """What the run `kept` was asked for, and its descent as it stood; `others`: further options."""
        from . import resuming

        resuming.refuse_settings(
            kept, {**vars(o.changed(self, epochs="")), **others}, vars(MinimizeRequest())
        )
        asked = MinimizeRequest(**(kept.contents["asked"] or {}))
        return asked, kept.training(None, None, resuming.epochs(self.epochs))


def drawn_start(function, seed: int):
    """Whole numbers in [−1000, 1000); where f is not finite there or its gradient is 0, others, ever nearer
    to 0."""
    import numpy as np

    rng = np.random.default_rng(seed)
    place = rng.integers(-1000, 1000, size=function.size).astype(float)
    level = None
    for widest in (1000, 100, 10, 5, 2, 1, 0.1, 0.01):
        for _ in range(16):
            value, gradient = function.value_and_gradient(place)
            if np.isfinite(value) and np.isfinite(gradient).all():
                if gradient.any():
                    return place
                level = place if level is None else level
            place = rng.uniform(-widest, widest, size=function.size)
            place = place.round() if widest > 2 else place.round(3)
    if level is None:
        raise DownslopeError("functions.no_start", formula=function.formula)
    return level


@asking(MinimizeRequest, Ending)
def minimize(
    request: MinimizeRequest,
    ending: Ending,
    starts: o.Starts = None,
    plane: o.Plane = None,
    surface: o.Surface = False,
    no_verdict: o.NoVerdict = False,
    lang: o.Lang = None,
) -> int:
    """Minimise a formula."""
    from ..inference import automatic
    from ..insight.critical import critical_points
    from ..insight.landscape import landscape
    from . import pictures, progress, requests, resuming

    if ending.fix and no_verdict:
        raise DownslopeError("cli.fix_without_verdict")
    requests.needs_picture(plane, surface, ending.plot)
    book = ending.check()
    if starts is not None:
        return _from_several(request, starts, ending)
    if ending.resume is None:
        keeps = resuming.begun(ending.out, ending.checkpoint, ending.force, asdict(request))
        training = request.training()
        if keeps is not None:
            keeps.begin(training)
    else:
        kept = resuming.opened(ending.resume, "minimize")
        request, training = request.going_on(kept, out=ending.out, force=ending.force or None)
        keeps = resuming.going_on(kept, ending.checkpoint)
    training.judged = not no_verdict
    log = ending.opened(book, training)
    before = progress.run(training, steps=None if keeps is None else keeps.watch(training), log=log)
    critical = critical_points(training.function)

    def draw(path, training, solution):
        if not (plane or surface):
            return [pictures.of_function(path, training.function, solution, critical, ending.force)]
        seen = landscape(solution, through=plane, function=training.function)
        drawn = [pictures.of_plane(path, seen, surface, ending.force)]
        print(seen.description, file=sys.stderr)
        return drawn

    def to_dict(training, solution):
        if ending.fix and solution is before:
            return solution.to_json()
        return _to_dict(training.function, solution, critical)

    def tell(training, solution):
        auto = solution.recipe.method == "auto"
        chosen = automatic.chosen(training.objective, solution.recipe)[1] if auto else None
        _tell(training.function, solution, critical, request.drawn if solution is before else None, chosen)

    return ending.finish(training, before, keeps, log, draw, to_dict, tell)


def _from_several(request: MinimizeRequest, starts: str, ending: Ending) -> int:
    """`--starts N`: one descent from each."""
    from . import multistart

    if ending.log:
        raise DownslopeError("inference.starts_without", name="log")
    for name in ("out", "checkpoint", "resume"):
        if getattr(ending, name) is not None:
            raise DownslopeError("checkpoint.starts", option=f"--{name}")
    return multistart.run(
        request.function(), starts, request.start, request.settings, ending.plot, ending.force, ending.json
    )


def _to_dict(function, solution, critical) -> dict:
    """Solution.to_json(), with the start, the formulas and the exact points."""
    return {
        **solution.to_json(),
        "formula": function.formula,
        "start": dict(zip(function.names, solution.trace.start.tolist())),
        "derivative": {"kind": function.derivative_kind, "formulas": list(function.gradient_formulas)},
        "critical": asdict(critical),
    }


def _tell(function, solution, critical, drawn: str | None, chosen: automatic.Reason | None) -> None:
    from . import show

    page = show.console()
    page.print(f"f({', '.join(function.names)}) = {function.formula}")
    for name, slope in zip(function.names, function.gradient_formulas):
        sign = f"f′({name})" if function.size == 1 else f"∂f/∂{name}"
        page.print(f"{sign} = {slope}")
    at = ", ".join(f"{name} = {value:g}" for name, value in zip(function.names, solution.trace.start))
    page.print(text("cli.start", at=at) if drawn is None else text("cli.start_drawn", at=at, seed=drawn))
    if chosen is not None:
        page.print(text(chosen[0], **chosen[1]))
    page.print()
    page.print(_walk(function, solution))
    page.print()
    page.print(_answers(function, solution, critical))
    if critical.infinite:
        page.print(text("cli.critical_infinite"), style="dim")
    elif not critical.exact:
        page.print(text("cli.critical_unknown"), style="dim")
    elif not critical.points:
        page.print(text("cli.critical_none"), style="dim")
    page.print()
    show.proof(page, solution)
    show.verdict(page, solution)


def _walk(function, solution):
    """The first updates, some that are ever farther apart, and the last: where it stood after each."""
    import numpy as np

    from . import show

    trace = solution.trace
    points = np.vstack([trace.start, trace.column("params")])
    updates = [0, *(step.step for step in trace)]
    last = len(updates) - 1
    spaced = np.geomspace(1, last, SHOWN - 2).round().astype(int).tolist() if last else []
    values = function.values(points)
    names = function.names if function.size <= WIDE else ()
    table = show.columns_of([text("cli.update"), *names, "f", text("cli.gradient")], words=0)
    for row in sorted({0, 1, 2, last, *spaced} & set(range(last + 1))):
        slope = function.gradient(points[row])
        size = float(slope[0]) if function.size == 1 else math.hypot(*slope)
        where = [show.figure(x) for x in points[row]] if names else []
        table.add_row(f"{updates[row]}", *where, show.figure(values[row]), show.figure(size))
    return table


def _answers(function, solution, critical):
    """The exact points where the gradient is 0, the nearest first, and where the descent ended."""
    import numpy as np

    from . import show

    table = show.columns_of(["", *function.names, "f", text("cli.kind")], words=1)
    away = lambda point: math.hypot(*np.subtract(point.x, solution.params))  # of numbers beyond 1e154 too
    for point in sorted(critical.points, key=away)[:8]:
        value = show.figure(point.value)
        table.add_row(text("cli.exact"), *point.exact, value, text(f"cli.kind_{point.kind}"))
    ended = (show.figure(x) for x in solution.params)
    table.add_row(text("cli.descent"), *ended, show.figure(solution.loss), "")
    return table

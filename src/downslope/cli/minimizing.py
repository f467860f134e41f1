"""`minimize`: a formula, watched as it goes down, with the exact answer beside."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..errors import DownslopeError
from ..messages import text
from . import options as o
from .options import asking

SHOWN = 12  # updates in the table
WIDE = 4  # variables whose values stand in it


@dataclass(frozen=True)
class MinimizeRequest:
    """Which function, from where, and how: none of it need be given where a run is gone on with."""

    expression: o.Expression = ""
    start: o.Start = None
    derivative: o.Derivative = None
    method: o.Method = "gd"
    learning_rate: o.LearningRate = "0.01"
    epochs: o.Epochs = ""
    tol: o.Tol = None
    seconds: o.Seconds = None
    seed: o.Seed = "0"

    @property
    def settings(self) -> dict[str, Any]:
        """What the recipe is told, but for the method."""
        from . import requests

        told = {
            "learning_rate": requests.learning_rate(self.learning_rate),
            "epochs": requests.whole("--epochs", self.epochs or "1000"),
            "seed": requests.whole("--seed", self.seed, least=0),
        }
        for name, asked in {"tol": self.tol, "seconds": self.seconds}.items():
            if asked is not None:
                told[name] = requests.number(f"--{name}", asked)
        return told

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
        return minimizing(function, self.at(function), self.method, **settings)

    def at(self, function):
        """The numbers given, by name or in the order of the variables; without any, whole numbers in
        [−1000, 1000), drawn by seed."""
        from . import requests

        if not self.start:
            return drawn_start(function, self.settings["seed"])
        if any("=" in words for words in self.start):
            return requests.starts(self.start)
        return [requests.number("--start", part) for words in self.start for part in words.split(",")]

    def going_on(self, kept, **others) -> tuple[MinimizeRequest, Any]:
        """What the run `kept` was asked for, and its descent as it stood; `others`: options beside these."""
        from . import keeper, requests

        keeper.refuse_settings(kept, {**vars(replace(self, epochs="")), **others}, vars(MinimizeRequest()))
        epochs = requests.whole("--epochs", self.epochs) if self.epochs else None
        asked = MinimizeRequest(**(kept.told["asked"] or {}))
        return asked, kept.training(None, None, epochs)


def drawn_start(function, seed: int):
    """Whole numbers in [−1000, 1000); where f has no finite value there, others, ever nearer to 0."""
    import numpy as np

    rng = np.random.default_rng(seed)
    place = rng.integers(-1000, 1000, size=function.size).astype(float)
    for widest in (1000, 100, 10, 5, 2, 1, 0.1, 0.01):
        for _ in range(16):
            value, gradient = function.value_and_gradient(place)
            if np.isfinite(value) and np.isfinite(gradient).all():
                return place
            place = rng.uniform(-widest, widest, size=function.size)
            place = place.round() if widest > 2 else place.round(3)
    raise DownslopeError("functions.no_start", formula=function.formula)


@asking(MinimizeRequest)
def minimize(
    request: MinimizeRequest,
    starts: o.Starts = None,
    out: o.Out = None,
    checkpoint: o.Checkpoint = None,
    resume: o.Resume = None,
    log: o.Log = None,
    plane: o.Plane = None,
    surface: o.Surface = False,
    plot: o.Plot = None,
    force: o.Force = False,
    fix: o.Fix = False,
    no_verdict: o.NoVerdict = False,
    json: o.Json = False,
    lang: o.Lang = None,
) -> int:
    """Minimise a formula."""
    from ..insight.critical import critical_points
    from ..insight.landscape import landscape
    from . import files, fixing, keeper, requests, show, watch

    if fix and (checkpoint is not None or resume is not None):
        raise DownslopeError("checkpoint.fix")
    if fix and no_verdict:
        raise DownslopeError("cli.fix_without_verdict")
    files.check_picture(plot, force)
    requests.needs_picture(plane, surface, plot)
    book = files.check_log(log, force, goes_on=resume is not None, out=out, plot=plot)
    if starts is not None:
        from . import starting

        if log:
            raise DownslopeError("inference.starts_without", name="log")
        for name, asked in {"out": out, "checkpoint": checkpoint, "resume": resume}.items():
            if asked is not None:
                raise DownslopeError("checkpoint.starts", option=f"--{name}")
        settings = request.settings
        return starting.run(
            request.function(), starts, request.start, request.method, settings, plot, force, json
        )
    if resume is None:
        keeps = keeper.begun(out, checkpoint, force, asdict(request))
        training = request.training()
        if keeps is not None:
            keeps.begin(training)
    else:
        kept = keeper.opened(resume, "minimize")
        request, training = request.going_on(kept, out=out, force=force or None)
        keeps = keeper.going_on(kept, checkpoint)
    training.judged = not no_verdict
    event = {"event": "begin"} if resume is None else {"event": "resumed", "step": training.trace.updates}
    opened = None if book is None else book.open(training, **event)
    steps = None if keeps is None else keeps.watch(training)
    solution = before = watch.run(training, steps=steps, log=opened)
    mended = fixing.fixed(training, before, opened) if fix else None
    if mended:
        training, solution = mended
    function = training.function
    critical = critical_points(function)
    paths, failure = [] if opened is None else list(opened.kept), None
    try:
        paths += keeper.keep(solution, keeps, out, force)
        if plot is not None:
            from . import pictures

            if plane or surface:
                seen = landscape(solution, through=plane, function=function)
                paths.append(pictures.of_plane(plot, seen, surface, force))
                print(seen.told, file=sys.stderr)
            else:
                paths.append(pictures.of_function(plot, function, solution, critical, force))
    except DownslopeError as error:  # what was learned is told all the same
        failure = error
    if json:
        told = _told(function, solution, critical)
        show.as_json(fixing.as_json(before, before.to_json(), told if mended else None) if fix else told)
    else:
        page = show.console()
        if mended:
            fixing.tell_before(page, before)
        _tell(function, solution, critical, drawn=None if mended else request.drawn)
        if mended:
            fixing.tell_both(page, before, solution, saved=out is not None and failure is None)
        show.written(show.console(), paths)
    if failure:
        raise failure
    return show.exit_code(solution)


def _told(function, solution, critical) -> dict:
    """Solution.to_json(), with the start, the formulas and the exact points."""
    return {
        **solution.to_json(),
        "formula": function.formula,
        "start": dict(zip(function.names, solution.trace.start.tolist())),
        "derivative": {"kind": function.derivative_kind, "formulas": list(function.gradient_formulas)},
        "critical": asdict(critical),
    }


def _tell(function, solution, critical, drawn: str | None) -> None:
    from . import show

    page = show.console()
    page.print(f"f({', '.join(function.names)}) = {function.formula}")
    for name, slope in zip(function.names, function.gradient_formulas):
        sign = f"f′({name})" if function.size == 1 else f"∂f/∂{name}"
        page.print(f"{sign} = {slope}")
    at = ", ".join(f"{name} = {value:g}" for name, value in zip(function.names, solution.trace.start))
    page.print(text("cli.start", at=at) if drawn is None else text("cli.start_drawn", at=at, seed=drawn))
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
        size = float(slope[0] if function.size == 1 else np.linalg.norm(slope))
        where = [show.figure(x) for x in points[row]] if names else []
        table.add_row(f"{updates[row]}", *where, show.figure(values[row]), show.figure(size))
    return table


def _answers(function, solution, critical):
    """The exact points where the gradient is 0, the nearest first, and where the descent ended."""
    import numpy as np

    from . import show

    table = show.columns_of(["", *function.names, "f", text("cli.kind")], words=1)
    away = lambda point: float(np.linalg.norm(np.subtract(point.x, solution.params)))
    for point in sorted(critical.points, key=away)[:8]:
        value = show.figure(point.value)
        table.add_row(text("cli.exact"), *point.exact, value, text(f"cli.kind_{point.kind}"))
    ended = (show.figure(x) for x in solution.params)
    table.add_row(text("cli.descent"), *ended, show.figure(solution.loss), "")
    return table

"""`inspect`: what a run holds; `export`: a run as a file that needs no Downslope."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ..arguments import whole
from ..errors import DownslopeError
from ..messages import text
from . import options as o

IMPORTANT = 8  # columns whose importance is printed
# settings that say nothing of a function
OF_ROWS = ("loss", "penalty", "alpha", "penalty_on", "intercept", "scale")


def inspect(
    run: o.Run,
    errors: o.Errors = None,
    robust: o.Robust = False,
    cluster_by: o.ClusterBy = None,
    hac: o.Hac = None,
    time: o.Time = None,
    bootstrap: o.Bootstrap = None,
    fix_alpha: o.FixAlpha = False,
    seed: o.Seed = None,
    diagnose: o.Diagnose = False,
    step: o.StepNumber = None,
    plane: o.Plane = None,
    surface: o.Surface = False,
    plot: o.Plot = None,
    force: o.Force = False,
    data: o.Rows = None,
    json: o.Json = False,
    lang: o.Lang = None,
) -> int:
    """What a run holds; its standard errors; one of its steps in numbers; F on a plane."""
    from ..inference import Solution, load
    from . import files, instruments, requests, show

    files.check_picture(plot, force)
    requests.needs_picture(plane, surface, plot)
    solution = load(run)
    if not isinstance(solution, Solution):
        asked = robust or surface or diagnose or any(one is not None for one in (errors, step, plane, data))
        return _watched(solution, run, asked, plot, force, json)
    if diagnose:
        return _diagnosed(solution, data, plot, force, json, seed)
    if plot is not None:
        from ..insight.landscape import landscape
        from . import pictures

        seen = landscape(solution, data, plane)
        drawn = pictures.of_plane(plot, seen, surface, force)
        if json:
            show.as_json({"plane": list(seen.names), "share": seen.share, "picture": str(drawn)})
        else:
            print(seen.description)
            show.written(show.console(), [drawn])
        return 0
    kind = instruments.kind_of_errors(errors, cluster_by, hac, bootstrap)
    if seed is not None and kind != "bootstrap":
        raise DownslopeError("cli.drawn_seed")
    if kind is not None:
        given = {"groups": cluster_by, "lags": hac, "time": time, "replicates": bootstrap, "seed": seed}
        table = instruments.errors_of(solution, data, robust, kind, fix_alpha=fix_alpha, **given)
        if json:
            show.as_json(table.to_json())
        else:
            print(table.summary())
        return 0
    if step is not None:
        number = whole().read("--step", step)
        lines = instruments.show_step(solution, number, data)
        if json:
            show.as_json({"step": number, "lines": lines})
        else:
            for line in lines:
                print(line)
        return 0
    notes = [text(key, **facts) for key, facts in solution.notes]
    if json:
        show.as_json({**solution.to_json(), "recipe": solution.recipe.to_json(), "notes": notes})
        return 0
    page = show.console()
    show.notes(page, notes)
    page.print(_recipe(solution))
    page.print()
    show.weights(page, solution)
    page.print()
    show.ended(page, solution)
    return 0


def _diagnosed(
    solution, data: str | None, plot: str | None, force: bool, json: bool, seed: str | None
) -> int:
    """`inspect --diagnose`: residuals, or chances, on the training rows; their pictures with --plot."""
    from .. import plots
    from ..insight.diagnostics import diagnosed
    from . import show

    shuffles = 0 if seed is None else whole(least=0).read("--seed", seed)
    found = diagnosed(solution, solution.rows_for_errors(data), shuffles)
    facts = found.to_json()
    if plot is not None:
        plots.save(found.plot(), plot, overwrite=force)
    if json:
        show.as_json({**facts, "picture": plot})
        return 0
    page = show.console()
    listed = lambda rows: ", ".join(f"{one['row']} ({one['value']:.3g})" for one in rows)
    for name, one in facts.get("classes", {}).items():
        average = f"{one['average_precision']:.4g}"
        page.print(text("cli.diagnosed_class", value=name, average=average, rows=facts["rows"]))
    if "outliers" in facts:
        page.print(text("cli.diagnosed_outliers", rows=listed(facts["outliers"])))
    if facts.get("cook"):
        page.print(text("cli.diagnosed_cook", rows=listed(facts["cook"])))
    ranked = facts["importance"]
    if ranked is not None:
        columns = ", ".join(f"{one['column']} {one['mean']:.3g}" for one in ranked["columns"][:IMPORTANT])
        page.print(text("cli.diagnosed_importance", metric=ranked["metric"], columns=columns))
    show.written(page, [] if plot is None else [plot])
    return 0


def _watched(seen: Any, run: str, asked: Any, plot: str | None, force: bool, json: bool) -> int:
    """A watched script: its report."""
    from . import reporting, show

    if asked:
        raise DownslopeError("cli.of_watched", path=run)
    drawn = [] if plot is None else [reporting.picture(seen, plot, force)]
    if json:
        show.as_json(seen.to_json())
        return 0
    page = show.console()
    for line in seen.lines():
        page.print(line, markup=False, highlight=False, soft_wrap=True)
    show.written(page, drawn)
    return 0


def _recipe(solution):
    """The settings of the training, as a table."""
    from . import show

    settings = solution.recipe.to_json()
    if isinstance(settings["method"], dict):
        settings["method"] = solution.recipe.method.name
    elif solution.method != "auto":
        settings["method"] = f"auto: {solution.method}"
    if settings["net"] is not None:
        settings["net"] = ", ".join(f"{name}={value}" for name, value in settings["net"].items())
    if isinstance(settings["learning_rate"], dict):
        rate = settings["learning_rate"]
        settings["learning_rate"] = ", ".join(f"{value}" for value in rate.values())
    table = show.columns_of([text("cli.setting"), text("cli.value")], words=2)
    if solution.formula:
        table.add_row(text("cli.formula"), solution.formula)
    for name, value in settings.items():
        if value is not None and not (solution.formula and name in OF_ROWS):
            table.add_row(name, f"{value}")
    if solution.targets:
        table.add_row(text("cli.targets"), ", ".join(solution.targets))
    if solution.classes:
        table.add_row(text("cli.classes"), ", ".join(map(str, solution.classes)))
    return table


def export(
    run: o.Run,
    onnx: o.Onnx = None,
    code: o.Code = None,
    out: o.Script = None,
    force: o.Force = False,
    json: o.Json = False,
    lang: o.Lang = None,
) -> int:
    """Write a run as a file that needs no Downslope."""
    from ..inference import Solution, load
    from ..inference.export import export_code, export_onnx
    from . import files, show

    if (onnx is None) == (code is None) or (onnx is not None and out is not None):
        raise DownslopeError("cli.export_what", run=run)
    files.check_file(onnx, (".onnx",), force)
    files.check_file(out, (".py",), force)
    solution = load(run)
    if not isinstance(solution, Solution):
        raise DownslopeError("cli.of_watched", path=run)
    if onnx is not None:
        export_onnx(solution, onnx, force)
    else:
        script = export_code(solution, code or "")
        if out is not None:
            with files.taking_the_place_of(Path(out)) as part:
                part.write_text(script, encoding="utf-8")
        elif not json:
            sys.stdout.write(script)
            return 0
    if json:
        show.as_json({"out": onnx or out, "code": script if onnx is None and out is None else None})
        return 0
    page = show.console()
    if onnx is not None:
        page.print(text("cli.export_checked"))
    show.written(page, [onnx or out])
    return 0

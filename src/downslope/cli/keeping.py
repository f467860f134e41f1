"""`predict` and `inspect`: what a run is kept for."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import Any

from ..errors import DownslopeError
from ..messages import text
from . import options as o

ROWS = 65_536  # written at a time
OF_ROWS = ("loss", "penalty", "alpha", "intercept", "scale")  # settings that say nothing of a function


def predict(
    run: o.Run,
    data: o.Data,
    out: o.Table = None,
    force: o.Force = False,
    json: o.Json = False,
    lang: o.Lang = None,
) -> int:
    """Predict the rows of a table with a run."""
    from ..data.reading import Table
    from ..inference import load
    from . import files, show

    files.check_file(out, files.TABLES, force)
    solution = load(run)
    table = Table.read(data)
    predicted, notes = _predictions(solution, table)
    whole = _beside(table.columns, predicted)
    if out is not None:
        with files.taking_the_place_of(Path(out)) as part:
            _write(whole, part)
    said = [text(key, **facts) for key, facts in notes]
    show.aside(said)
    if json:
        told = {name: values.tolist() for name, values in predicted.items()} if out is None else None
        show.as_json({"rows": len(table), "out": out, "predictions": told, "notes": said})
    elif out is None:
        for piece in _as_csv(whole):
            sys.stdout.write(piece.decode())
    else:
        page = show.console()
        page.print(text("cli.predicted", rows=len(table), columns=", ".join(predicted)))
        show.written(page, [out])
    return 0


def _predictions(solution, table) -> tuple[dict[str, Any], list]:
    """Predictions by the name of their column, for all rows; and notes, their counts summed over batches."""
    import numpy as np

    found, chances = [], []
    notes: dict[tuple, dict[str, Any]] = {}
    for rows, part, told in solution.predict_table(table):
        found.append(part)
        if solution.recipe.loss.name == "log":
            chances.append(solution.probabilities(rows))
        for key, facts in told:
            seen = notes.setdefault((key, facts["column"]), {**facts, "count": 0, "rows": len(table)})
            seen["count"] += facts["count"]
    z = np.concatenate(found)
    names = ["prediction"] if solution.single else [f"prediction: {name}" for name in solution.targets]
    values = [*z.reshape(len(z), -1).T]
    if chances:
        names += [f"chance: {value}" for value in solution.classes]
        values += [*np.concatenate(chances).T]
    for place, name in enumerate(names):
        while name in table.names:
            name += "_"
        names[place] = name
    columns = dict(zip(names, values))
    return columns, [(key, facts) for (key, _), facts in notes.items()]


def _beside(columns, predicted: dict):
    """The table with its predictions as the last columns."""
    import pyarrow as pa

    for name, values in predicted.items():
        columns = columns.append_column(name, pa.array(values))
    return columns


def _write(table, path: Path) -> None:
    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet as parquet

        parquet.write_table(table, path, row_group_size=ROWS)
        return
    with path.open("wb") as file:
        file.writelines(_as_csv(table))


def _as_csv(table):
    """The table as CSV in UTF-8, some rows at a time; quotes only where they are needed."""
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    head = io.StringIO()
    csv.writer(head, lineterminator="\n").writerow(table.column_names)
    yield head.getvalue().encode()
    options = arrow_csv.WriteOptions(include_header=False, quoting_style="needed")
    try:
        for first in range(0, table.num_rows, ROWS):
            page = io.BytesIO()
            arrow_csv.write_csv(table.slice(first, ROWS), page, options)
            yield page.getvalue()
    except pa.ArrowException as error:  # a list, say, has no place in a cell
        raise DownslopeError("cli.not_csv", reason=" ".join(str(error).split())) from None


def inspect(
    run: o.Run,
    errors: o.Errors = False,
    robust: o.Robust = False,
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
    from ..inference import load
    from . import files, instruments, requests, show

    files.check_picture(plot, force)
    requests.needs_picture(plane, surface, plot)
    solution = load(run)
    if plot is not None:
        from ..insight.landscape import landscape
        from . import pictures

        seen = landscape(solution, data, plane)
        drawn = pictures.of_plane(plot, seen, surface, force)
        if json:
            show.as_json({"plane": list(seen.names), "share": seen.share, "picture": str(drawn)})
        else:
            print(seen.told)
            show.written(show.console(), [drawn])
        return 0
    if errors or step is not None:
        if errors and json:
            from ..insight.standard_errors import standard_errors

            show.as_json(standard_errors(solution, solution.training_rows(data), robust).to_json())
            return 0
        number = 0 if step is None else requests.whole("--step", step)
        lines = (
            instruments.show_errors(solution, data, robust)
            if errors
            else instruments.show_step(solution, number, data)
        )
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


def _recipe(solution):
    """What the training was told."""
    from . import show

    told = solution.recipe.to_json()
    if isinstance(told["method"], dict):
        told["method"] = solution.recipe.method.name
    elif solution.method != "auto":
        told["method"] = f"auto: {solution.method}"
    if told["net"] is not None:
        told["net"] = ", ".join(f"{name}={value}" for name, value in told["net"].items())
    if isinstance(told["learning_rate"], dict):
        rate = told["learning_rate"]
        told["learning_rate"] = ", ".join(f"{value}" for value in rate.values())
    table = show.columns_of([text("cli.setting"), text("cli.value")], words=2)
    if solution.formula:
        table.add_row(text("cli.formula"), solution.formula)
    for name, value in told.items():
        if value is not None and not (solution.formula and name in OF_ROWS):
            table.add_row(name, f"{value}")
    if solution.targets:
        table.add_row(text("cli.targets"), ", ".join(solution.targets))
    if solution.classes:
        table.add_row(text("cli.classes"), ", ".join(map(str, solution.classes)))
    return table

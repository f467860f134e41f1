"""What the commands print: notes, tables and verdicts, as wide as the terminal; plain text in a pipe."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..data import Dataset
from ..inference import Recipe, Solution
from ..inference.solution import finite
from ..insight import Remedy
from ..messages import text
from ..model.nets import Net
from .pasting import pasted

MANY = 40  # weights printed: the largest
WIDE = 8  # classes or targets whose weights are printed: the first
MISTAKES = 6  # pairs of classes printed: the most often confused
METRICS = {"r2": "R²", "rmse": "RMSE", "mae": "MAE", "roc_auc": "ROC AUC"}
IN_WORDS = ("accuracy", "log_loss")  # the others have the name that --metric takes


def console(stderr: bool = False) -> Console:
    """Calm: no markup, no colours of its own making; without a terminal, lines are as long as they are."""
    stream = sys.stderr if stderr else sys.stdout
    wide = None if stream.isatty() else 10_000
    return Console(file=stream, width=wide, markup=False, highlight=False, emoji=False)


def as_json(facts: Mapping[str, Any]) -> None:
    """One JSON object on stdout."""
    print(json.dumps(finite(facts), ensure_ascii=False, indent=2))


def aside(lines: Iterable[str]) -> None:
    """Notes on stderr, for when stdout is spoken for."""
    for line in lines:
        print(text("cli.note", note=line), file=sys.stderr)


def notes(page: Console, lines: Iterable[str]) -> None:
    for line in lines:
        page.print(text("cli.note", note=line), style="dim")


def figure(value: float) -> str:
    """A number as a person reads it."""
    return f"{value + 0.0:.6g}"  # −0 is 0


def columns_of(headers: Sequence[str], words: int = 1) -> Table:
    """An empty table: `words` columns of words, then numbers, to the right."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for place, header in enumerate(headers):
        table.add_column(header, justify="left" if place < words else "right", overflow="fold")
    return table


def minimised(recipe: Recipe, method: str, dataset: Dataset) -> str:
    """One line on what was minimised, over what, and how; another that names the classes."""
    several = len(dataset.classes) > 2
    formula = recipe.loss.formula(len(dataset.classes) if several else 1)
    penalty = recipe.penalty
    if penalty.alpha:
        w = "σ·w" if recipe.penalty_on == "standardised" else "w"
        formula += f" + {penalty.alpha:g}·{penalty.formula(w)}"
    model = "z = X·w + b" if recipe.intercept else "z = X·w"
    model = model if recipe.net is None else "z = net(X)"
    rows, columns = dataset.shape
    said = text("cli.minimised", formula=formula, model=model, rows=rows, columns=columns, method=method)
    if penalty.alpha:
        said += f"\n{text(f'cli.penalty_on_{recipe.penalty_on}')}"
    if not dataset.classes:
        return said
    coded = (f"{name}" if several else f"{name} (y = {code})" for code, name in enumerate(dataset.classes))
    return f"{said}\n{text('cli.classes')}: {', '.join(coded)}"


def weights(page: Console, solution: Solution, spread: np.ndarray | None = None) -> None:
    """The coefficients in the units of the data; `spread` (d,) is one standard deviation of each column.
    Of a net, whose weights mean nothing one by one, its layers; of a function its variables."""
    if solution.formula:
        variables = columns_of([text("cli.variable"), text("cli.value")])
        for name, value in list(solution.named.items())[:MANY]:
            variables.add_row(name, figure(value))
        page.print(variables)
        return
    if solution.recipe.net is not None:
        page.print(_layers(solution.recipe.net, solution))
        return
    k = solution.outputs
    W = solution.params[: len(solution.features) * k].reshape(len(solution.features), k)
    heads = [*solution.output_names[:WIDE]] if k > 1 or not solution.single else [text("cli.weight")]
    effect = _effect(solution) if spread is not None and len(heads) == 1 and solution.single else None
    heads += [effect[0]] if effect else []
    table = columns_of([text("cli.feature"), *heads])
    listed = list(range(len(W)))
    if len(W) > MANY:
        size = np.abs(W).max(axis=1) * (1 if spread is None else spread)
        listed = sorted(np.argsort(-size, kind="stable")[:MANY].tolist())
    for j in listed:
        with np.errstate(over="ignore"):  # of separable classes the odds grow beyond every number
            effects = [figure(effect[1](W[j, 0] * spread[j]))] if effect and spread is not None else []
        table.add_row(solution.features[j], *(figure(w) for w in W[j, :WIDE]), *effects)
    if solution.recipe.intercept:
        b = np.atleast_1d(solution.intercept)
        table.add_row(Text(text("cli.intercept"), style="dim"), *(figure(value) for value in b[:WIDE]))
    page.print(table)
    if len(W) > MANY:
        page.print(text("cli.more_weights", shown=MANY, count=len(W)), style="dim")
    if k > WIDE:
        page.print(text("cli.more_outputs", shown=WIDE, count=k), style="dim")


def _layers(net: Net, solution: Solution) -> str:
    """The sizes of a net from the features to the outputs, and how many numbers were learned."""
    sizes = " → ".join(map(str, (len(solution.features), *net.hidden, solution.outputs)))
    facts = {"activation": net.activation, "dropout": f"{net.dropout:g}", "weights": len(solution.params)}
    return text("cli.net" if not net.dropout else "cli.net_dropout", sizes=sizes, **facts)


def _effect(solution: Solution) -> tuple[str, Callable] | None:
    """What one standard deviation of a feature does to what is predicted: a heading, and how to find it."""
    [target], loss = solution.targets, solution.recipe.loss
    if loss.has_probabilities:
        return text("cli.effect_odds", name=solution.classes[1]), np.exp
    if loss.link == "log":
        return text("cli.effect_times", target=target), np.exp
    return None if solution.classes else (text("cli.effect", target=target), float)


def ended(page: Console, solution: Solution) -> None:
    """The loss, how good the predictions are, and the verdict."""
    seconds = f"{solution.seconds:.3g}"
    page.print(text("cli.ended", loss=solution.loss, epochs=solution.epochs, seconds=seconds))
    proof(page, solution)
    for line in () if solution.certificate is None else solution.certificate.lines():
        page.print(line)
    page.print()
    if solution.metrics and not solution.verdict.failed:
        metrics(page, solution)
        page.print()
    verdict(page, solution)


def proof(page: Console, solution: Solution) -> None:
    """How far F can lie above its minimum, where that is proved: by more than that no loss is below 0."""
    first = solution.trace.steps[0].loss if solution.trace.steps else solution.loss
    trivial = solution.gap is not None and solution.gap >= max(0.9 * abs(solution.loss), 1e-6 * abs(first))
    if solution.gap is not None and not trivial:
        page.print(text("cli.proof", gap=solution.gap))


def metrics(page: Console, solution: Solution) -> None:
    """How good the predictions are, on the rows learned from and on those held out; for classes, what
    was taken for what too."""
    names = list(dict.fromkeys(name for values in solution.metrics.values() for name in values))
    names = [name for name in names if name not in ("confusion", "unjudged")]
    head = lambda name: METRICS.get(name) or (text(f"cli.{name}") if name in IN_WORDS else name)
    table = columns_of(["", *map(head, names)])
    for rows, values in solution.metrics.items():
        scores = (values.get(name) for name in names)  # no ROC where a class is absent
        cells = ("–" if value is None else figure(value) for value in scores)
        table.add_row(text(f"cli.rows_{rows}"), *cells)
    if names:
        page.print(table)
    for rows, values in solution.metrics.items():
        if "unjudged" in values:
            failed = f"metrics, {text(f'cli.rows_{rows}')} ({values['unjudged']})"
            page.print(text("insight.unjudged", judgements=failed))
        if "confusion" in values:
            page.print(_confused(text(f"cli.rows_{rows}"), values["confusion"], solution.classes))


def _confused(rows: str, matrix: Sequence[Sequence[float]], classes: Sequence) -> str:
    """The confusion matrix in words: misclassified classes, the most frequent first."""
    wrong = [
        (
            row[j],
            text(
                "cli.mistake",
                true=classes[i],
                taken=classes[j],
                count=f"{row[j]:.12g}",
                all=f"{sum(row):.12g}",
            ),
        )
        for i, row in enumerate(matrix)
        for j in range(len(row))
        if i != j and row[j]
    ]
    if not wrong:
        return text("cli.no_mistakes", rows=rows)
    wrong.sort(key=lambda mistake: -mistake[0])
    listed = [words for _, words in wrong[:MISTAKES]] + ["…"] * (len(wrong) > MISTAKES)
    return text("cli.mistakes", rows=rows, mistakes=text("cli.next").join(listed))


def verdict(page: Console, solution: Solution, only: Remedy | None = None) -> None:
    """How it ended, what the rows are like, and what to do about it: all remedies, or `only` one."""
    style = "bold red" if solution.verdict.failed else "bold"
    page.print(Text(solution.verdict.text, style=style))
    _remedies(page, solution.verdict.remedies if only is None else [only])
    for finding in solution.data_findings if only is None else ():
        page.print()
        page.print(Text(finding.text, style="bold"))
        _remedies(page, finding.remedies)


def _remedies(page: Console, remedies: Iterable[Remedy]) -> None:
    """What to do, each with the command that does it."""
    for remedy in remedies:
        page.print(f"→ {remedy.text}")
        if remedy.change and (command := pasted(remedy)):
            page.print(f"  {command}")


def written(page: Console, paths: Iterable[Any]) -> None:
    for path in paths:
        page.print(text("cli.written", path=path))


def memory(page: Console, dataset: Any) -> None:
    """Of rows in parts: the memory that they may take, and what the whole process took."""
    from ..data.memory import budget
    from ..data.memory import in_use as used
    from ..data.stream import Stream
    from .progress import volume

    peak = used().peak
    if isinstance(dataset, Stream) and peak is not None:
        limit = volume(budget(dataset.reading.memory))
        page.print(text("cli.memory_used", limit=limit, peak=volume(peak)))


def exit_code(solution: Solution) -> int:
    """0 done, 3 no answer, 130 broken off."""
    return 3 if solution.verdict.failed else 130 if solution.stopped == "interrupted" else 0

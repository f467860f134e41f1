"""`check` and `check-gradient`: code of one's own; the numbers of `inspect --errors` and `inspect --step`."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from ..arguments import number, of_the_user, whole
from ..errors import DownslopeError, nearest
from ..messages import text
from . import options as o

BARE = "model"  # what `--errors` stands for without a kind
USUAL = ("{}_gradient", "grad_{}", "gradient_{}", "{}_grad", "d_{}", "{}_derivative")  # names of a gradient

Subject = Annotated[
    str, typer.Argument(metavar="FILE.py:function", help="cli.help_subject", show_default=False)
]
Gradient = Annotated[str | None, typer.Option("--gradient", metavar="NAME", help="cli.help_gradient_name")]
At = Annotated[str | None, typer.Option("--at", metavar="1,2", help="cli.help_at")]


def check_gradient(
    subject: Subject,
    gradient: Gradient = None,
    at: At = None,
    plot: o.Plot = None,
    force: o.Force = False,
    json: o.Json = False,
    lang: o.Lang = None,
) -> int:
    """Whether a gradient is right. It runs the file. Exit code 1: it is wrong."""
    from ..insight.gradient_check import check_gradient as checked
    from . import files, show

    files.check_picture(plot, force)
    path, name, its_name, there = _asked(subject, gradient)
    f = there[name]
    place = _place(f, at)
    try:
        check = checked(f, there[its_name], place)
    except DownslopeError:
        raise
    except Exception as error:  # whatever a function of the user's may raise
        if of_the_user(error):
            traceback.print_exception(error)
        reason = f"{type(error).__name__}: {error}".rstrip(": ")
        shown = ", ".join(f"{number:.6g}" for number in (place if isinstance(place, list) else [place]))
        raise DownslopeError("instruments.call_failed", name=name, place=shown, reason=reason) from None
    if plot is not None:
        from .. import plots

        plots.save(plots.remainder(check), plot, overwrite=force)
    if json:
        show.as_json({"file": path, "function": name, "gradient": its_name, **check.to_json()})
    else:
        page = show.console()
        where = ", ".join(f"{name} = {number:.6g}" for name, number in zip(check.names, check.at))
        page.print(text("instruments.subject", name=f"{path}:{its_name}", place=where))
        for line in check.lines:
            page.print(line)
        show.written(page, [] if plot is None else [plot])
    return 0 if check.right else 1


def kind_of_errors(errors: str | None, groups: Any, lags: Any, replicates: Any) -> str | None:
    """The kind that `--errors` names, or that the option of a kind implies where it names none."""
    implied = {"cluster": groups, "hac": lags, "bootstrap": replicates}
    kinds = [kind for kind, value in implied.items() if value is not None]
    return kinds[0] if kinds and errors in (None, BARE) else errors


def bare_errors(words: list[str]) -> list[str]:
    """The words of a command with the kind that a bare `--errors` stands for.

    >>> bare_errors(["inspect", "--errors", "a.run"]), bare_errors(["inspect", "a.run", "--errors", "HC3"])
    (['inspect', '--errors=model', 'a.run'], ['inspect', 'a.run', '--errors', 'HC3'])
    """
    if words[:1] != ["inspect"] or "--errors" not in words:
        return words
    from ..insight.standard_errors import KINDS

    given = any(not word.startswith("-") for word in words[1:2])  # RUN stands before the options
    found = []
    for word, following in zip(words, [*words[1:], "-"]):
        a_run = not given and following not in KINDS
        bare = word == "--errors" and (following.startswith("-") or a_run)
        found.append(f"{word}={BARE}" if bare else word)
    return found


def errors_of(solution, data: str | None, robust: bool, kind: str, **given: Any) -> Any:
    """The table of `inspect RUN --errors KIND [--data FILE]`."""
    from ..insight.standard_errors import standard_errors

    counted = {"lags": ("--hac", whole(least=0)), "replicates": ("--bootstrap", whole(least=2))}
    counted["seed"] = "--seed", whole(least=0)
    for name, (option, number_kind) in counted.items():
        if given[name] is not None:
            given[name] = number_kind.read(option, given[name])
    given = {name: value for name, value in given.items() if value is not None}
    return standard_errors(solution, solution.rows_for_errors(data), robust, kind, **given)


def show_step(solution, step: int, data: str | None = None) -> list[str]:
    """The lines of `inspect RUN --step N [--data FILE]`: with the rows where they can be had."""
    from ..insight.step import explain_step

    at_hand = bool(solution.features) and (data is not None or Path(solution.source).is_file())
    return explain_step(solution, step, solution.training_rows(data) if at_hand else None)


def _asked(subject: str, gradient: str | None) -> tuple[str, str, str, dict[str, Callable]]:
    """The file, the names of the function and of its gradient, and all functions there."""
    path, colon, name = subject.rpartition(":")
    if not colon or not path.endswith(".py"):
        raise DownslopeError("instruments.no_function_named", asked=subject)
    if not Path(path).is_file():
        raise DownslopeError("instruments.no_such_file", path=path)
    there = {
        key: value
        for key, value in vars(_module(Path(path))).items()
        if callable(value) and not isinstance(value, type) and not key.startswith("__")
    }
    known = lambda word: nearest(word, there) if there else "–"
    for word in (name, gradient):
        if word is not None and word not in there:
            raise DownslopeError("instruments.no_such_function", path=path, asked=word, known=known(word))
    usual = [pattern.format(name) for pattern in USUAL]
    found = gradient or next((word for word in usual if word in there), None)
    if found is None:
        facts = {"name": name, "usual": ", ".join(usual[:3]), "known": known(usual[0])}
        raise DownslopeError("instruments.gradient_not_found", path=path, **facts)
    return path, name, found, there


def _module(path: Path) -> Any:
    """The file, run as a module of its own name, its folder in reach of its imports."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        lines = [
            frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
        ]
        line = getattr(error, "lineno", None) or (lines[-1] if lines else 1)
        reason = f"{type(error).__name__}: {error} ({path.name}:{line})"
        raise DownslopeError("instruments.does_not_run", path=path, reason=reason) from None
    finally:
        sys.path.pop(0)
    return module


def _place(f: Callable, asked: str | None) -> Any:
    """The numbers of --at; without it one for each argument of f, drawn by seed 0."""
    if asked is not None:
        numbers = [number().read("--at", part) for part in asked.split(",")]
        return numbers if len(numbers) > 1 else numbers[0]
    import numpy as np

    needed = [
        one
        for one in inspect.signature(f).parameters.values()
        if one.default is one.empty and one.kind <= one.POSITIONAL_OR_KEYWORD
    ]
    drawn = np.random.default_rng(0).standard_normal(max(1, len(needed))).tolist()
    return drawn if len(drawn) > 1 else drawn[0]


Script = Annotated[list[str], typer.Argument(metavar="SCRIPT...", help="cli.help_script", show_default=False)]
Strict = Annotated[bool, typer.Option("--strict", help="cli.help_check_strict")]


def check(script: Script, strict: Strict = False, json: o.Json = False, lang: o.Lang = None) -> int:
    """Tell what is wrong with scripts, line by line, and how it is mended."""
    from ..insight.scripts import RULES, check_script
    from . import show

    findings = [(path, finding) for path in script for finding in check_script(Path(path))]
    code = 3 if strict and findings else 0
    if json:
        several = len(script) > 1
        lines = [finding.to_json() | ({"path": path} if several else {}) for path, finding in findings]
        show.as_json({"findings": lines})
        return code
    page = show.console()
    for path, finding in findings:
        key = "scripts.place" if finding.cell is None else "scripts.place_in_cell"
        facts = {"path": path, "line": finding.line, "code": finding.code}
        page.print(text(key, **facts, cell=finding.cell), style="bold")
        page.print(f"    {finding.source.strip()}")
        page.print(finding.text)
        page.print(text("scripts.shows", evidence=finding.evidence))
        if finding.mend:
            added = finding.mend.last < finding.mend.first
            page.print(text("scripts.mended_at" if added else "scripts.mended", line=finding.mend.first))
            page.print("\n".join(f"    {line}" for line in _flush(finding.mend.text)))
        page.print()
    if findings:
        page.print(text("scripts.found", count=len(findings)))
    else:
        page.print(text("scripts.healthy", path=", ".join(script), count=len(RULES)))
    return code


def _flush(lines: str) -> list[str]:
    """Without the indentation that all lines share."""
    from textwrap import dedent

    return dedent(lines).split("\n")

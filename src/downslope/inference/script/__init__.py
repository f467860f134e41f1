"""A run as a script that needs one library alone: `head.template` and `body.template`, filled in."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ... import __version__
from ...data import Dataset
from ...messages import text
from ..solution import Solution
from .plan import ScriptPlan, planned
from .reading import listed, reading, written_out
from .training import LIBRARIES, net, predicting, training

__all__ = ["LIBRARIES", "script"]


def script(solution: Solution, library: str, rows: Dataset | None = None) -> str:
    """The text of the script; it reads a file, or holds the encoded `rows` itself."""
    plan = None if solution.recipe.net is not None else planned(solution, library, rows)
    facts = LIBRARIES[library] | predicting(solution, library, rows is None)
    facts |= net(solution, library) if plan is None else training(plan, library)
    facts |= {"features": listed(solution.features), "targets": repr(list(solution.targets))}
    facts |= {"classes": listed(solution.classes)} if solution.classes else {}
    facts |= {"comments": _comments(solution, plan, library, rows is None)}
    if rows is None:
        facts |= reading(solution)
        return filled("head", facts) + filled("body", facts)
    facts |= written_out(rows)
    body = filled("body", facts)
    math = ["import math"] if "math." in body else []
    return filled("head", facts | {"imports": ["import csv", *math, "import sys"]}) + body


def _comments(solution: Solution, plan: ScriptPlan | None, library: str, reads: bool) -> list[str]:
    """What the script does and needs, and how its training differs from the run's."""
    penalty = solution.recipe.penalty.spec
    facts: dict[str, Any] = {
        "target": ", ".join(solution.targets),
        "objective": solution.recipe.loss.spec
        + (f" + {solution.recipe.alpha:g}·{penalty}" if penalty else ""),
        "library": {"numpy": "NumPy", "pytorch": "PyTorch"}[library],
        "method": solution.method if plan is None else plan.method.name,
    }
    keys = ("export.script_head", "export.script_usage", "export.script_usage_rows")
    if plan is None:
        keys = ("export.net_head", "export.net_usage", "export.net_usage_rows")
    lines = [text(keys[0], **facts), text(keys[1] if reads else keys[2])]
    lines.append(text("export.script_by", version=__version__))
    if plan is None:
        dropout = 0.0 if solution.recipe.net is None else solution.recipe.net.dropout
        run = {"method": solution.method, "epochs": solution.epochs, "dropout": f"{dropout:g}"}
        lines.append(text("export.net_run", **run))
    elif plan.differs:
        lines += [text(key, **facts) for key in plan.differs]
        lines.append(text("export.script_kept"))
    return ["# " + " ".join(line.split()) for line in lines]


# ---- templates -------------------------------------------------------------------------------------


class _Line(string.Template):
    braceidpattern = r"[a-z_.]+"  # ${export.script_train} is a sentence


class _Facts(dict):
    """What a template knows: its facts, and sentences."""

    def __missing__(self, name: str) -> str:
        if not name.startswith("export."):
            raise KeyError(name)
        return text(name)


@cache
def _lines(name: str) -> list[str]:
    return Path(__file__).with_name(f"{name}.template").read_text(encoding="utf-8").splitlines()


def filled(name: str, facts: Mapping[str, Any]) -> str:
    """The text of a template, by the facts that it names.

    Lines between `%if a !b`, `%else` and `%end` stand where a holds and b does not. $name is a fact; one that
    is a list, alone in its line, gives a line for each item, indented alike.
    """
    known, around, made = _Facts(facts), [], []
    for line in _lines(name):
        word, *asked = line.split() if line.startswith("%") else ("",)
        alone = re.fullmatch(r"( *)\$(\w+)", line)
        if word == "%if":
            around.append(all(bool(known.get(a.removeprefix("!"))) != a.startswith("!") for a in asked))
        elif word == "%else":
            around[-1] = not around[-1]
        elif word == "%end":
            around.pop()
        elif not all(around):
            continue
        elif alone and isinstance(known[alone[2]], list):
            made += [alone[1] + each for each in known[alone[2]]]
        else:
            made.append(_Line(line).substitute(known))
    return "\n".join([*made, ""])

"""The check of a training script: all rules, asked one after the other."""

from __future__ import annotations

import os

from ...arguments import door
from . import graphs, modes, names, outputs, rows, signs, steps, sums, weights  # noqa: F401  (each puts its rules)
from .finding import RULES, Finding, Fix, Slip
from .script import Script
from .source import Text, parse, read


@door()
def check_script(path_or_text: str | os.PathLike) -> list[Finding]:
    """The mistakes in a PyTorch or NumPy training script or notebook, in the order of its lines.

    The script is only read, never imported or run. A string with a line break is the script itself;
    anything else is the path of a file.

    Raises DownslopeError if the file is missing, is not text, or is not Python.

    >>> finding, = check_script("import torch\\nfor t in range(3):\\n    print(np.sqrt(t))\\n")
    >>> finding.line, finding.code, finding.mended
    (3, 'undefined', 'import numpy as np')
    """
    return examined(path_or_text)[0]


def examined(path_or_text: str | os.PathLike) -> tuple[list[Finding], list[Exception]]:
    """The findings, and what went wrong in rules: a rule that cannot read a script is silent about it."""
    text = read(path_or_text)
    code, tree = parse(text)
    script = Script(code, tree)
    found: dict[tuple[int, str], Finding] = {}
    for name, rule in RULES.items():
        try:
            for slip in rule(script):
                found[slip.node.lineno, name] = _finding(text, script, name, slip)
        except (RecursionError, MemoryError):  # nested deeper than is read
            continue
        except Exception as error:
            script.failures.append(error)
    return [found[place] for place in sorted(found)], script.failures


def _finding(text: Text, script: Script, code: str, slip: Slip) -> Finding:
    cell, line = text.place(slip.node.lineno)
    mend = slip.mend
    if mend and cell is not None:
        shift = slip.node.lineno - line
        inside = text.place(mend.first)[0] == text.place(max(mend.first, mend.last))[0] == cell
        mend = Fix(mend.first - shift, mend.last - shift, mend.text) if inside else None
    return Finding(line, script.lines[slip.node.lineno - 1], code, slip.numbers, mend, slip.proof, cell)

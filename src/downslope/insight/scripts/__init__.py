"""The check of a training script: read as text, never run, for the mistakes that learners make.

One file for each family of mistakes, one function for each mistake, one row in `RULES`. A rule speaks
only where the text itself is the evidence; where a name may hold several things, it is silent.
"""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import io
import os
import tokenize
import warnings
from pathlib import Path

from ...arguments import door
from ...errors import DownslopeError
from . import losses, means, modes, names, signs, sums, updates
from .finding import Finding, Mend
from .reading import Script

RULES = {
    **names.RULES,
    **losses.RULES,
    **sums.RULES,
    **means.RULES,
    **signs.RULES,
    **updates.RULES,
    **modes.RULES,
}

__all__ = ["RULES", "Finding", "Mend", "check_script"]


@door()
def check_script(path_or_text: str | os.PathLike) -> list[Finding]:
    """The mistakes in a PyTorch or NumPy training script, in the order of its lines.

    The script is read, never imported or run. A string with a line break is the script itself; anything
    else is the path of a file.

    Raises DownslopeError for a file that is missing or no text, and for a script that is no Python.

    >>> finding, = check_script("import torch\\nfor t in range(3):\\n    print(np.sqrt(t))\\n")
    >>> finding.line, finding.code, finding.mended
    (3, 'undefined', 'import numpy as np')
    """
    inline = isinstance(path_or_text, str) and "\n" in path_or_text
    place = "<script>" if inline else os.fspath(path_or_text)
    text = str(path_or_text) if inline else _read(Path(place))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # "\d" is the script's own affair
            script = Script(text)
            slips = [(code, slip) for code, rule in RULES.items() for slip in rule(script)]
    except SyntaxError as error:
        source = (error.text or "").strip()
        facts = {"path": place, "line": error.lineno or 1, "column": error.offset or 1}
        raise DownslopeError("scripts.syntax", **facts, reason=error.msg, source=source) from None
    except ValueError:  # a null byte
        raise DownslopeError("scripts.not_text", path=place) from None
    except (RecursionError, MemoryError):
        raise DownslopeError("scripts.too_deep", path=place) from None
    found = {(slip.node.lineno, code): _finding(script, code, slip) for code, slip in slips}
    return [found[place] for place in sorted(found)]


def _finding(script: Script, code: str, slip) -> Finding:
    line = slip.node.lineno
    return Finding(line, script.lines[line - 1], code, slip.numbers, slip.mend, slip.proof)


def _read(path: Path) -> str:
    """The text of a file, in the encoding that it declares, else UTF-8."""
    if path.is_dir():
        raise DownslopeError("scripts.is_a_folder", path=path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DownslopeError("scripts.no_such_file", path=path) from None
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        text = raw.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        raise DownslopeError("scripts.not_text", path=path) from None
    if "\0" in text:
        raise DownslopeError("scripts.not_text", path=path)
    return text

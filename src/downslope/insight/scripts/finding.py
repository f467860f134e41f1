"""What a rule finds in a script, and how the line is mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...messages import text

RULES: dict[str, Callable[[Any], Iterator[Slip]]] = {}


def rule(function: Callable[[Any], Iterator[Slip]]) -> Callable[[Any], Iterator[Slip]]:
    """A mistake of any script, by the name of the function."""
    RULES[function.__name__] = function
    return function


def torch_rule(function: Callable[[Any], Iterator[Slip]]) -> Callable[[Any], Iterator[Slip]]:
    """A mistake that only scripts with PyTorch can hold."""

    def asked(script: Any) -> Iterator[Slip]:
        yield from function(script) if script.torch else ()

    RULES[function.__name__] = asked
    return asked


@dataclass(frozen=True)
class Fix:
    """Lines first … last (1-based, both included) become `text`; last = first − 1 puts it before `first`."""

    first: int
    last: int
    text: str


@dataclass(frozen=True)
class Slip:
    """What a rule yields: the node at fault, the numbers that prove it, and the fix."""

    node: Any
    numbers: Mapping[str, Any] = field(default_factory=dict)
    mend: Fix | None = None
    proof: str = ""


@dataclass(frozen=True)
class Finding:
    """One mistake: its line, what it does, the number that shows it, and the corrected line.

    `source` is the text of `line`. `mend` says which lines the corrected ones replace; None if no line
    can be proposed. Both sentences are created when they are read, in the current language.
    """

    line: int
    source: str
    code: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    mend: Fix | None = None
    proof: str = ""  # which sentence of evidence, where a code has several
    cell: int | None = None  # of a notebook, counted from 1; lines then count within the cell

    @property
    def text(self) -> str:
        """What the mistake is."""
        return text(f"scripts.{self.code}", **self.numbers)

    @property
    def evidence(self) -> str:
        """What shows the mistake."""
        return text(f"scripts.evidence_{self.proof or self.code}", **self.numbers)

    @property
    def mended(self) -> str | None:
        """The corrected line or lines."""
        return self.mend.text if self.mend else None

    def to_json(self) -> dict[str, Any]:
        """Plain data. `replaces` is [first, last], 1-based; last = first − 1 is an insertion before first."""
        return {
            "line": self.line,
            **({"cell": self.cell} if self.cell is not None else {}),
            "source": self.source,
            "code": self.code,
            "text": self.text,
            "evidence": self.evidence,
            "numbers": dict(self.numbers),
            "mended": self.mended,
            "replaces": [self.mend.first, self.mend.last] if self.mend else None,
        }

"""What a verdict is: a code, a sentence, its numbers, and remedies that can be run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ... import notebook
from ...errors import DownslopeError
from ...messages import language, text
from ...settings import arguments

FAILURES = ("diverged", "not_finite", "unbounded")  # the descent ended without an answer
LONG = 400  # letters of a change that a sentence shows; `typed` holds all
FINISHED = ("converged", "collinear", "decayed", "overfitting", "exhausted", "paused")  # it went as asked


@dataclass(frozen=True)
class Remedy:
    """What to do: a sentence, and a `change` of settings that can be run.

    `change` maps names to plain values, as `Recipe`, `fit` and `minimize` accept them; None removes a
    setting. Of rows it may change `exclude`, `features`, `validate`, `square` (column → centre) and
    `distinct`; `errors` is a kind of standard errors of the same fit. A remedy that no program can apply has
    no change: its sentence says why.

    >>> Remedy("scale", {"scale": True, "learning_rate": "auto"}).typed
    'scale=True, learning_rate="auto"'
    """

    code: str
    change: Mapping[str, Any] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The sentence, in the current language."""
        return sentence(self.code if "." in self.code else f"insight.remedy_{self.code}", self.facts)

    @property
    def typed(self) -> str:
        """The change as written in Python: arguments of `fit` or `minimize`; for other rows or columns, how
        they are made; for other standard errors, the call."""
        change, query = dict(self.change or {}), self.facts.get("query")
        forms: dict[str, Callable[[Any], str]] = {
            "features": lambda names: f"dataset.with_features({list(names)!r})",
            "errors": lambda kind: f'solution.summary(kind="{kind}")',
            "validate": lambda fraction: f"dataset.split({fraction})",
            "square": lambda centres: f"Dataset.read({query!r})" if query else f"{self.facts['term']}",
            "distinct": lambda _: f"Dataset.read({query!r})" if query else "np.unique(rows, axis=0)",
        }
        said = [form(change.pop(name)) for name, form in forms.items() if name in change]
        return ", ".join([*said, *([arguments(change)] if change else [])])

    def to_json(self) -> dict[str, Any]:
        """{text, change}"""
        return {"text": self.text, "change": None if self.change is None else dict(self.change)}

    def __str__(self) -> str:
        return f"{self.text} ({_shortened(self.typed)})" if self.change else self.text


@dataclass(frozen=True)
class Verdict:
    """One sentence on how a descent ended. `code` names it, `numbers` prove it, `remedies` say what to do.

    `kind` distinguishes cases of one code: a descent converges by its gradient, in one solve, at a minimum.
    The sentences are those of insight/; a kind, or the code of a remedy, may be a key of another room
    ("watching.diverged"). Sentences are created when they are read, in the current language.
    """

    code: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    remedies: tuple[Remedy, ...] = ()
    kind: str = ""
    unjudged: tuple[tuple[str, str], ...] = ()  # (judgement, error): what could not be judged, and why
    certificate: Any = field(default=None, repr=False, compare=False)  # of a net: what its curvature allows
    rerun: Callable[[Mapping[str, Any]], Any] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self):
        filled = tuple(replace(remedy, facts={**self.numbers, **remedy.facts}) for remedy in self.remedies)
        object.__setattr__(self, "remedies", filled)

    @property
    def text(self) -> str:
        """The sentence, followed by what could not be evaluated."""
        key = self.kind or self.code
        said = [sentence(key if "." in key else f"insight.{key}", self.numbers)]
        if self.unjudged:
            listed = ", ".join(f"{name} ({error})" for name, error in self.unjudged)
            said.append(text("insight.unjudged", judgements=listed))
        return ("" if language() == "zh" else " ").join(said)

    @property
    def failed(self) -> bool:
        """Whether there is no solution."""
        return self.code in FAILURES

    @property
    def unfinished(self) -> bool:
        """Whether it did not converge, or there is no minimum."""
        return self.code not in FINISHED

    @property
    def remedy(self) -> Remedy | None:
        """The first remedy that a program can apply."""
        return next((remedy for remedy in self.remedies if remedy.change), None)

    def apply(self):
        """Apply the first applicable change and run again on the same rows; returns the new Solution.

        Raises DownslopeError if there is nothing to change, if no program can change it, and if the rows are
        no longer in memory (a pickle does not contain them).

        >>> import downslope as ds
        >>> rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
        >>> verdict = ds.fit(rows, method="gd", learning_rate=0.3, intercept=False, scale=False).verdict
        >>> verdict.code, verdict.remedy.typed, verdict.apply().verdict.code
        ('diverged', 'learning_rate=0.107143', 'converged')
        """
        if self.rerun is None or self.remedy is None or self.remedy.change is None:
            raise DownslopeError(f"insight.{self.no_change or 'rows_gone'}", **self.why_not)
        return self.rerun(self.remedy.change)

    @property
    def no_change(self) -> str | None:
        """Why there is no change to apply: "nothing_to_fix", "no_program_can"; None where there is one."""
        if self.remedy is not None:
            return None
        return "no_program_can" if self.remedies else "nothing_to_fix"

    @property
    def why_not(self) -> dict[str, str]:
        """What fills the sentence of `no_change`."""
        return {"code": self.code, "why": self.remedies[0].text if self.remedies else ""}

    def to_json(self) -> dict:
        """{code, text, numbers, remedies: [{text, change}]}"""
        whole = {
            "code": self.code,
            "text": self.text,
            "numbers": dict(self.numbers),
            "remedies": [remedy.to_json() for remedy in self.remedies],
        }
        return {**whole, "unjudged": dict(self.unjudged)} if self.unjudged else whole

    def _repr_html_(self) -> str:
        """The sentence and the remedies, for a notebook."""
        return notebook.paragraph(self.text, self.code) + notebook.items([str(one) for one in self.remedies])

    def __getstate__(self):
        return {**vars(self), "rerun": None}  # a pickle holds no rows

    def __str__(self) -> str:
        return ("" if language() == "zh" else " ").join([self.text, *map(str, self.remedies)])


class UnknownNumber:
    """Placeholder in a sentence for an unknown number, in any format."""

    def __format__(self, spec: str) -> str:
        return "–"


def sentence(key: str, facts: Mapping[str, Any]) -> str:
    """The sentence of `key`. A fact that is missing, as in a run that an earlier version saved, stands as
    "–": a verdict is always readable."""
    known = {name: UnknownNumber() if fact is None else fact for name, fact in facts.items()}
    if "faults" in facts:
        known["faults"] = _faults(*facts["faults"])
    while True:
        try:
            return text(key, **known)
        except KeyError as missing:
            if missing.args[0] == key:
                raise
            known[missing.args[0]] = UnknownNumber()


def _faults(levels, columns) -> str:
    """Which levels hold one class, or lack one, and which columns separate rows: at most five."""
    said = []
    for level, rows, there, lacking in levels:
        code = "level_of_one" if len(there) == 1 else "level_lacks"
        words = {"there": there[0], "lacking": ", ".join(lacking)}
        said.append(text(f"insight.{code}", level=level, rows=rows, **words))
    if columns:
        said.append(text("insight.at_fault", columns=", ".join(columns)))
    return "; ".join(said[:5] + ["…"] * (len(said) > 5))


def _shortened(words: str) -> str:
    return words if len(words) <= LONG else words[:LONG] + "…"

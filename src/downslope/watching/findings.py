"""Mistakes in a watched script, each with its evidence: what the text shows, what the run showed.

A `Fact` of the recording is evidence from the run; a finding of `check_script` is evidence from the text. Two
that name one mistake are one finding with both. What the run contradicts is no finding.
"""

from __future__ import annotations

import ast
import linecache
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from ..errors import DownslopeError
from ..insight import scripts
from ..insight.scripts.values import words
from ..insight.verdicts import Remedy, Verdict
from ..insight.verdicts.verdict import sentence
from .fixing import parsed
from .mending import mend_of
from .records import Fact
from .watched import Watched

# What the run shows → the mistakes in the text that cause it. The gravest first; those before the line that
# is marked explain how a run ended and become its verdict, the others are reported after it.
CAUSES: dict[str, tuple[str, ...]] = {
    "no_graph": ("leaf_replaced", "update_outside_no_grad", "graph_cut"),
    "never_moves": (
        *("zero_before_step", "no_backward", "no_step", "not_called", "old_parameters", "made_in_loop"),
        *("layers_in_list", "graph_cut"),
    ),
    "gradients_accumulate": ("no_zero_grad",),
    "broadcast": ("broadcast",),
    "double_softmax": ("softmax_before_cross_entropy",),
    "logits_in_bce": ("raw_scores", "sigmoid_before_logits"),
    "unused_rows": ("one_row",),
    "symmetric_start": ("zero_weights",),
    "same_batch": (),
    "dead_units": (),
    "vanishing": (),
    "sorted_rows": ("not_shuffled",),
    "scheduler_misplaced": ("scheduler_before_optimizer", "scheduler_each_batch"),
    "trained_in_eval": ("no_train",),
    "eval_left_out": ("no_eval",),
    "saturated": (),
    "exploding": ("clip_after_step",),
    "unscaled_inputs": (),
    "constant_output": ("one_score", "squashed_regression"),
    "memory_grows": ("graph_kept",),
    "last_batch_reported": ("last_batch_loss",),
}
# Mistakes of the text alone that explain how a run ended.
OF_TEXT = ("wrong_sign", "one_row", "missing_mean", "batch_mean", *chain.from_iterable(CAUSES.values()))
# Of these the run is sound.
REPORTED = words("memory_grows last_batch_reported unscaled_inputs saturated exploding")
SIDE = words(
    """last_batch_loss graph_kept no_eval one_score clip_after_step not_shuffled undefined squashed_regression
    no_train zero_weights"""
)
NOT_FINDINGS = ("not_seen", "not_measured", "not_finite", "rate_out_of_bound", "edge_of_stability")


@dataclass(frozen=True)
class Finding:
    """One mistake: its line, what it does, how it shows in the run and in the text, the mended line."""

    code: str
    line: int
    source: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    fact: Any = None  # the Fact of the run
    slip: scripts.Finding | None = None  # what `check` reads in the text

    @property
    def kinds(self) -> tuple[str, ...]:
        """("run", "text"), or one of them."""
        return (("run",) if self.fact is not None else ()) + (("text",) if self.slip is not None else ())

    @property
    def text(self) -> str:
        """What the mistake is."""
        if self.slip is not None and self.fact is None:
            return self.slip.text
        return sentence(f"watching.{self.code}", self.numbers)

    @property
    def evidence(self) -> dict[str, str]:
        """kind → the numbers by which it shows."""
        found = {}
        if self.fact is not None:
            kind = self.fact.numbers.get("kind")
            key = f"watching.evidence_{self.code}" + (f"_{kind}" if kind else "")
            found["run"] = sentence(key, self.numbers)
        if self.slip is not None:
            found["text"] = self.slip.evidence
        return found

    @property
    def mend(self) -> scripts.Fix | None:
        """Which lines become what; None where no line can be proposed."""
        if self.slip is not None:
            return self.slip.mend
        fix = self.numbers.get("fix")
        return scripts.Fix(*fix) if fix else None

    @property
    def cell(self) -> int | None:
        """The cell of a notebook; lines then count within it."""
        return None if self.slip is None else self.slip.cell

    def to_json(self) -> dict[str, Any]:
        """Plain data, as `check --json` writes it, with `evidence` by kind."""
        mend = self.mend
        return {
            "line": self.line,
            **({"cell": self.cell} if self.cell is not None else {}),
            "source": self.source,
            "code": self.code,
            "check": None if self.slip is None else self.slip.code,
            "text": self.text,
            "evidence": self.evidence,
            "numbers": dict(self.numbers),
            "mended": None if mend is None else mend.text,
            "replaces": None if mend is None else [mend.first, mend.last],
        }


def findings(watched: Watched) -> list[Finding]:
    """All mistakes that a loop's run and the script's text prove, in the order of the lines."""
    recording = watched.recording
    lines = recording.source.splitlines()
    slips = [slip for slip in read_text(recording) if not _contradicted(watched, slip)]
    found = []
    derived = [*last_row_only(watched, slips), *last_batch_only(watched, slips)]
    for code, fact in _firsts([*recording.facts, *derived]):
        slip = _same_mistake(code, fact, slips)
        if slip in slips:
            slips.remove(slip)
        line = fact.line or (slip.line if slip is not None else watched.loop.update_line)
        source = lines[line - 1] if 0 < line <= len(lines) else ""
        own = in_script(recording, watched.loop)
        if not own:
            source = linecache.getline(watched.loop.file, line).rstrip("\n")
        numbers = {**(slip.numbers if slip is not None else {}), **fact.numbers, "step": fact.step}
        mend = None if slip is not None or not own else mend_of(recording.source, fact, line, watched.loop)
        if mend is not None:
            numbers["fix"] = [mend.first, mend.last, mend.text]
        found.append(Finding(code, line, source, numbers, fact, slip))
    found += [Finding(slip.code, slip.line, slip.source, slip.numbers, None, slip) for slip in slips]
    return sorted(found, key=lambda finding: (finding.cell or 0, finding.line, finding.code))


def in_script(recording: Any, loop: Any) -> bool:
    """Whether a loop stands in the script, and not in a module that it imports."""
    return Path(loop.file).name in ("", Path(recording.script).name) or not loop.file.endswith(".py")


def causes(watched: Watched, found: Iterable[Finding]) -> tuple[Verdict, ...]:
    """Verdicts on the findings that explain how the run ended, the gravest first."""
    order = [*CAUSES, *OF_TEXT]
    found = list(found)
    stuck = any(finding.code == "constant_output" and finding.fact is not None for finding in found)
    sound = REPORTED - ({"saturated", "unscaled_inputs"} if stuck else set())
    shown, read = CAUSES.keys() - sound, set(OF_TEXT) - SIDE
    grave = [one for one in found if one.code in (read if one.fact is None else shown)]
    # Only "gradients of a batch are dead" and the like are states that a diverging rate brings about as well.
    grave.sort(key=lambda finding: order.index(finding.code))
    return tuple(_verdict(watched, finding) for finding in grave)


def _verdict(watched: Watched, finding: Finding) -> Verdict:
    room = "watching" if finding.fact is not None else "scripts"
    remedies = (Remedy("watching.remedy_mended", None, {"line": finding.mend.first}),) if finding.mend else ()
    numbers = {**watched.numbers, **finding.numbers}
    return Verdict(finding.code, numbers, remedies, f"{room}.{finding.code}")


def last_row_only(watched: Watched, slips: Iterable[scripts.Finding]) -> Iterator[Fact]:
    """A gradient that a function gives, whose loop over the rows assigns it anew: only the last row counts.

    The text alone may mean it so; that this function's value moved the weights, the run shows.
    """
    recording, loop = watched.recording, watched.loop
    if loop.kind != "hand" or watched.updates < 2 or any(slip.code == "one_row" for slip in slips):
        return
    tree = parsed(recording.source)
    if tree is None:
        return
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for name in _called_for(tree, loop):
        function = functions.get(name)
        for rows, statement in _overwritten(function) if function is not None else ():
            numbers = {"name": ast.unparse(statement.targets[0]), "function": name, "loop_line": rows.lineno}
            numbers |= {"updates": watched.updates, "fix": _summed(recording.source, rows, statement)}
            yield Fact("unused_rows", loop.number, watched.updates, statement.lineno, numbers)


def last_batch_only(watched: Watched, slips: Iterable[scripts.Finding]) -> Iterator[Fact]:
    """The epoch whose last loss is farthest from the mean of all, where the text reports the last one."""
    number = watched.loop.number
    losses, epochs = watched.losses, watched.recording.epochs.get(number)
    if epochs is None or len(epochs) != len(losses) or watched.recording.strides.get(number, 1) != 1:
        return
    worst: tuple[float, dict[str, Any]] = (0.05, {})  # relative: a smaller difference proves nothing
    for epoch in range(watched.epochs):
        of_epoch = losses[epochs == epoch]
        if len(of_epoch) > 1 and math.isfinite(mean := float(of_epoch.mean())) and mean:
            last = float(of_epoch[-1])
            far = abs(last - mean) / abs(mean)
            numbers = {"epoch": epoch + 1, "last": last, "mean": mean, "batches": len(of_epoch)}
            worst = max(worst, (far, numbers), key=lambda entry: entry[0])
    for slip in slips:
        if slip.code == "last_batch_loss" and worst[1]:
            yield Fact("last_batch_reported", number, watched.updates, slip.line, worst[1])


def _called_for(tree: ast.Module, loop: Any) -> set[str]:
    """Functions whose value is the gradient of an update: in its line, or assigned to the gradient's name."""
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        bound = any(ast.unparse(target) == loop.gradient for target in targets)
        if node.lineno == loop.update_line or bound:
            calls = [part for part in ast.walk(node.value) if isinstance(part, ast.Call)]
            found |= {call.func.id for call in calls if isinstance(call.func, ast.Name)}
    return found


def _overwritten(function: ast.FunctionDef) -> Iterator[tuple[ast.For, ast.Assign]]:
    """(loop over rows, statement): for …: g = …, and then return g, where nothing else reads or adds to g."""
    last = function.body[-1]
    if not isinstance(last, ast.Return) or last.value is None:
        return
    result = ast.unparse(last.value)
    reads = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == result]
    for rows in function.body:
        if not isinstance(rows, ast.For) or rows.orelse:
            continue
        names = {n.id for n in ast.walk(rows.target) if isinstance(n, ast.Name)}
        for statement in rows.body:
            if not isinstance(statement, ast.Assign) or [*map(ast.unparse, statement.targets)] != [result]:
                continue
            if len(reads) != 2:  # more than where it is assigned, and the return
                continue
            used = {n.id for n in ast.walk(statement.value) if isinstance(n, ast.Name)}
            if names & used:
                yield rows, statement


def _summed(source: str, rows: ast.For, statement: ast.Assign) -> list[Any]:
    """The loop as a mean over its rows: [first line, last line, text]; [] where it is written otherwise."""
    lines = source.split("\n")
    name, over = ast.unparse(statement.targets[0]), rows.iter
    if isinstance(over, ast.Call) and ast.unparse(over.func) in ("zip", "enumerate") and over.args:
        over = over.args[0]
    after = lines[(rows.end_lineno or 0) :]
    plain = bool(after) and after[0].strip() == f"return {name}" and isinstance(over, ast.Name)
    if not plain or statement.lineno != statement.end_lineno:
        return []
    pad = " " * rows.col_offset
    body = lines[rows.lineno - 1 : rows.end_lineno]
    place = statement.lineno - rows.lineno
    body[place] = body[place].replace(f"{name} =", f"{name} +=", 1)
    text = [f"{pad}{name} = 0", *body, f"{pad}return {name} / len({ast.unparse(over)})"]
    return [rows.lineno, (rows.end_lineno or 0) + 1, "\n".join(text)]


def read_text(recording: Any) -> list[scripts.Finding]:
    """What `check` finds in the script's text; nothing where it cannot be read."""
    path = Path(recording.script)
    whole = recording.source
    try:
        if path.suffix == ".ipynb" and path.is_file():
            return scripts.check_script(path)
        return scripts.check_script(whole if "\n" in whole else whole + "\n") if whole.strip() else []
    except (DownslopeError, RecursionError, ValueError):
        return []


def _firsts(facts: Iterable[Any]) -> list[tuple[str, Any]]:
    """The first fact of each mistake at each line: (code, fact)."""
    seen: dict[tuple[str, int], Any] = {}
    for fact in facts:
        if fact.code not in NOT_FINDINGS:
            seen.setdefault((fact.code, fact.line), fact)
    return [(code, fact) for (code, _), fact in seen.items()]


def _same_mistake(code: str, fact: Any, slips: list[scripts.Finding]) -> scripts.Finding | None:
    """The finding of the text that is this mistake: of its codes, the nearest line."""
    same = [slip for slip in slips if slip.code in CAUSES.get(code, ())]
    return min(same, key=lambda slip: abs(slip.line - fact.line), default=None)


def _contradicted(watched: Watched, slip: scripts.Finding) -> bool:
    """Whether the run shows that what the text seems to do did not happen: an update that is said to increase
    the loss, and a loss that fell."""
    if slip.code != "wrong_sign" or len(watched.known[1]) < 2:
        return False
    start, _, last, error = watched.trend
    return math.isfinite(last) and last < start - 3 * error and last < 0.5 * start

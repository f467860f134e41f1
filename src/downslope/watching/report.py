"""The report on a watched script, line by line: trace, certificate, verdict, findings, mended lines."""

from __future__ import annotations

import math
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from ..insight.measured import reason
from ..messages import text

if TYPE_CHECKING:
    from .findings import Finding
    from .seen import Seen

NOT_SEEN = ("roles", "no_torch", "compiled_loop", "block", "no_name", "loss_no_name", "tracer", "absent")
SHOWN = 9  # steps of the trace


def lines(seen: Seen) -> list[str]:
    """All of the report."""
    parts = (_loops, _trace, _certificate, _verdict, _findings, _notes)
    return [line for part in parts for line in part(seen)]


def _loops(seen: Seen) -> list[str]:
    found = []
    for loop in seen.loops:
        name = Path(seen.recording.script if seen.in_script(loop) else loop.file).name
        weights = ", ".join(loop.weights[:6]) + (", …" if len(loop.weights) > 6 else "")
        facts: dict[str, Any] = {"name": name, "line": loop.line, "at": loop.update_line, "weights": weights}
        facts |= {"updates": seen.recording.steps(loop.number), "optimizer": loop.optimizer.get("class", "")}
        key = "log" if loop.kind == "log" else "torch" if loop.optimizer.get("class") else "hand"
        found.append(text(f"watching.report_{key}", **facts))
    return found


def _trace(seen: Seen) -> list[str]:
    """A few updates, spaced by powers: step, loss, gradient norm, rate."""
    steps = seen.trace.steps
    if not steps:
        return []
    steps = [step for step in steps if step.gradient_norm == step.gradient_norm] or steps
    last = len(steps) - 1
    spaced = (min(last, round(last ** (k / (SHOWN - 1)))) for k in range(SHOWN))
    names = seen.trace.names if len(seen.trace.names) <= 3 else ()
    heads = [text(f"watching.column_{name}") for name in ("step", "loss", "gradient", "rate")]
    rows = [[*heads, *names]]
    for place in sorted({0, last, *spaced}):
        step = steps[place]
        loss = step.loss if step.loss == step.loss or step.objective is None else step.objective
        row = [f"{step.step}", number(loss), number(step.gradient_norm), number(step.learning_rate)]
        row += [number(value) for value in (step.params if step.params is not None and names else ())]
        rows.append(row)
    return table(rows)


def table(rows: list[list[str]]) -> list[str]:
    """Rows under their heads, right-aligned; a column of which nothing is known is left out."""
    used = [j for j in range(len(rows[0])) if any(row[j] != "–" for row in rows[1:])]
    widths = [max(_width(row[j]) for row in rows) for j in used]
    cells = lambda row: (" " * (w - _width(row[j])) + row[j] for j, w in zip(used, widths))
    return ["  " + "  ".join(cells(row)) for row in rows]


def number(value: float | None) -> str:
    """Six digits; "–" for what is not known."""
    return "–" if value is None or value != value else f"{value:.6g}"


def _width(words: str) -> int:
    return sum(2 if "⺀" <= letter <= "￯" else 1 for letter in words)


def _certificate(seen: Seen) -> list[str]:
    c = seen.certificate
    if not c.known:
        return [c.why] if c.why and c.why != "no_loop" else []
    facts = {**vars(c), "excess": c.excess}
    key = "hessian" if c.source == "hessian" else "path_at_least" if c.at_least else "path"
    if c.source == "hessian" and c.batch:
        key = "batch"
    found = [text(f"watching.certificate_{key}", **facts)]
    if c.bound == c.bound and c.rate == c.rate and not c.batch:
        found.append(text("watching.certificate_rate", **facts))
    if c.parabola is False:
        found.append(text("watching.certificate_no_parabola"))
    if c.edge:
        found.append(text("insight.net_edge", **facts))
    if c.noise_scale is not None and math.isfinite(c.noise_scale) and c.rows and c.batch:
        found.append(text("watching.certificate_noise", **facts))
    return found


def _verdict(seen: Seen) -> list[str]:
    verdict = seen.verdict
    found = [text("watching.report_verdict", code=verdict.code, verdict=verdict.text)]
    if seen.basis:
        found.append(seen.basis)
    for remedy in verdict.remedies:
        mend = seen.change_mend(remedy.change or {})
        found.append(f"  {remedy.text}")
        if mend is not None:
            found += mended(mend.first, mend.last, mend.text)
    return found


def mended(first: int, last: int, lines: str) -> list[str]:
    """ "line 11: w = w - 0.107 * g" """
    key = "watching.mended_at" if last < first else "watching.mended_line"
    parts = dedent(lines).strip("\n").split("\n")
    head = text(key, line=first, mended=parts[0].strip() if len(parts) == 1 else "").rstrip()
    return [f"  {head}"] if len(parts) == 1 else [f"  {head}", *(f"      {part}" for part in parts)]


def _findings(seen: Seen) -> list[str]:
    found: list[str] = []
    for finding in seen.findings:
        found += _finding(finding, Path(seen.recording.script).name)
    return found


def _finding(finding: Finding, name: str) -> list[str]:
    key = "scripts.place" if finding.cell is None else "scripts.place_in_cell"
    head = text(key, path=name, line=finding.line, code=finding.code, cell=finding.cell)
    found = [head, f"  {finding.source.strip()}", f"  {finding.text}"]
    for kind, said in finding.evidence.items():
        found.append(f"  {text(f'watching.evidence_in_{kind}', evidence=said)}")
    if finding.mend is not None:
        found += mended(finding.mend.first, finding.mend.last, finding.mend.text)
    return found


def _notes(seen: Seen) -> list[str]:
    """What was not seen, and why; at most once each."""
    said = []
    for fact in seen.recording.facts:
        what, why = fact.numbers.get("what", ""), fact.numbers.get("why", "")
        if fact.code == "not_seen" and why in NOT_SEEN:
            said.append(text(f"watching.not_seen_{why}", line=fact.line, names=what))
        elif fact.code == "not_seen":
            said.append(text("watching.not_seen", what=what, why=reason(why)))
    return list(dict.fromkeys(said))

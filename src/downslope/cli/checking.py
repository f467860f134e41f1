"""`check`: a training script, read for the mistakes that learners make."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..messages import text
from . import options as o

Script = Annotated[str, typer.Argument(metavar="SCRIPT", help="cli.help_script", show_default=False)]


def check(script: Script, json: o.Json = False, lang: o.Lang = None) -> int:
    """Tell what is wrong with a script, line by line, and how it is mended."""
    from ..insight.scripts import RULES, check_script
    from . import show

    findings = check_script(Path(script))
    if json:
        show.as_json({"findings": [finding.to_json() for finding in findings]})
        return 0
    page = show.console()
    for finding in findings:
        key = "scripts.place" if finding.cell is None else "scripts.place_in_cell"
        facts = {"path": script, "line": finding.line, "code": finding.code}
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
        page.print(text("scripts.healthy", path=script, count=len(RULES)))
    return 0


def _flush(lines: str) -> list[str]:
    """Without the indentation that all lines share."""
    from textwrap import dedent

    return dedent(lines).split("\n")

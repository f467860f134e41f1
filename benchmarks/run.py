"""Run rows of the table, tell them, write the page: `python -m benchmarks.run [NAME …] [--quick]`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from . import report
from .rows import ROWS

LIMIT = 3600  # seconds for one row


def main(arguments: list[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    options.add_argument("names", nargs="*", help="rows, or beginnings of their names; all by default")
    options.add_argument("--quick", action="store_true", help="smaller sizes, about five minutes")
    options.add_argument("--rounds", type=int, help="turns of each contender: 5, or 3 with --quick")
    options.add_argument(
        "--growth", action="store_true", help="draw time against sizes too; done when all rows are"
    )
    asked = options.parse_args(arguments)
    unknown = [name for name in asked.names if not any(row.startswith(name) for row in ROWS)]
    if unknown:
        print(f"no row is called {', '.join(unknown)}; there are {', '.join(ROWS)}", file=sys.stderr)
        return 2
    mode = "quick" if asked.quick else "full"
    rounds = asked.rounds or (3 if asked.quick else 5)
    print(report.machine())
    print(", ".join(f"{name} {version}" for name, version in report.versions().items()) + "\n")
    began = time.perf_counter()
    told = []
    for name in ROWS:
        if not asked.names or any(name.startswith(start) for start in asked.names):
            told.append(_row(name, mode, rounds))
            print(report.brief(told[-1]) + "\n", flush=True)
            report.save(mode, told[-1:], None)
    if asked.growth or not asked.names:
        from . import growth

        report.save(mode, [], growth.draw(mode))
    missed = sum(not ok for one in told for _, _, ok in report.judgements(one))
    print(f"{len(told)} rows in {time.perf_counter() - began:.0f} s, {missed} targets missed; {report.PAGE}")
    return 0


def _row(name: str, mode: str, rounds: int) -> dict[str, Any]:
    """A row in a process of its own: what it leaves in memory ends with it."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "row.json"
        command = [sys.executable, "-m", "benchmarks.measure", name, "--mode", mode]
        command += ["--rounds", str(rounds), "--out", str(out)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
        except subprocess.TimeoutExpired:
            return {"row": name, "sizes": ROWS[name].sizes[mode], "why": f"it took more than {LIMIT} s"}
        if done.returncode:
            why = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            return {"row": name, "sizes": ROWS[name].sizes[mode], "why": why[:300]}
        return json.loads(out.read_text())


if __name__ == "__main__":
    sys.exit(main())

"""`python tests/corpus/confusion.py [runs|scripts]`: what the corpus holds, beside what is found in it.

A run is a row of runs/runs.toml: a problem whose fault is known because it was made, the settings, and the
true verdict. A script says in its first line which mistakes it holds. Each is counted as found, missed, or
falsely accused.
"""

from __future__ import annotations

import re
import sys
import tomllib
import warnings
from collections import Counter
from pathlib import Path

CORPUS = Path(__file__).parent
sys.path.insert(0, str(CORPUS.parents[1]))

from tests.corpus.runs.problems import CALLABLES, ROWS  # noqa: E402

from downslope.descent.methods import from_json  # noqa: E402
from downslope.errors import DownslopeWarning  # noqa: E402
from downslope.inference import Recipe, Solution, Training, minimizing  # noqa: E402
from downslope.insight.scripts import RULES, check_script  # noqa: E402


def runs() -> dict[str, dict]:
    """name → {problem, with, settings, truth, …}"""
    table = tomllib.loads((CORPUS / "runs" / "runs.toml").read_text(encoding="utf-8"))
    return {f"{truth}_{number}": {"truth": truth, **run} for truth in table
            for number, run in enumerate(table[truth], 1)}


def solved(run: dict) -> Solution:
    """The run itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DownslopeWarning)
        training = begun(run)
        if "interrupt" in run:
            for _ in zip(range(run["interrupt"]), training):
                pass
            training.interrupt()
        return training.solution


def begun(run: dict) -> Training:
    """The run, not yet begun."""
    settings = dict(run.get("settings", {}))
    if "function" in run:
        told = {"method": "gd", "learning_rate": 0.01, "epochs": 1000, **settings}
        derivative = CALLABLES.get(run.get("derivative"), run.get("derivative"))
        return minimizing(CALLABLES.get(run["function"], run["function"]), run["start"],
                          derivative=derivative, **told)
    rows, held_out = ROWS[run["problem"]](**run.get("with", {})), None
    if "held_out" in run:
        rows, held_out = rows.split(run["held_out"])
    if isinstance(settings.get("method"), dict):
        settings["method"] = from_json(settings["method"])
    if "net" in settings:
        from downslope.model.nets import Net

        settings["net"] = Net(**settings["net"])
    return Training.on_rows(rows, Recipe.of(settings), held_out)


def of_runs() -> Counter:
    """(true code, found code) → runs"""
    return Counter((run["truth"], solved(run).verdict.code) for run in runs().values())


def expected(path: Path) -> set[str]:
    """The mistakes that a script holds, by its first line: # expect: code, code."""
    found = re.search(r"# expect: ([\w, ]+)", path.read_text(encoding="utf-8"))
    return {code.strip() for code in found.group(1).split(",")} if found else set()


def of_scripts(folder: Path) -> dict[str, tuple[list[str], list[str], list[str]]]:
    """code → (found, missed, falsely accused) scripts of a folder"""
    table: dict = {code: ([], [], []) for code in RULES}
    for path in sorted([*folder.glob("*.py"), *folder.glob("*.ipynb")]):
        truth = expected(path)
        found = {finding.code for finding in check_script(path)}
        for code in truth | found:
            table[code][0 if code in truth & found else 1 if code in truth else 2].append(path.stem)
    return table


def main(asked: str) -> int:
    wrong = 0
    if asked in ("runs", ""):
        found = of_runs()
        wrong += sum(count for (true, code), count in found.items() if true != code)
        print(f"{'runs':<32}found missed accused")
        for code in sorted({code for pair in found for code in pair}):
            right = found[code, code]
            missed = sum(count for (true, _), count in found.items() if true == code) - right
            accused = sum(count for (_, told), count in found.items() if told == code) - right
            others = ((told, n) for (true, told), n in found.items() if true == code != told)
            mixed = ", ".join(f"taken for {told}: {n}" for told, n in others)
            print(f"{code:<32}{right:>5} {missed:>6} {accused:>7}  {mixed}".rstrip())
        print(f"{sum(found.values())} runs, {found['converged', 'converged']} of them healthy\n")
    if asked in ("scripts", ""):
        print(f"{'scripts':<32}found missed accused")
        for code, (right, missed, accused) in of_scripts(CORPUS / "scripts").items():
            wrong += len(missed) + len(accused)
            print(f"{code:<32}{len(right):>5} {len(missed):>6} {len(accused):>7}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main("".join(sys.argv[1:2])))

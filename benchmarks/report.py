"""results.json, and README.md made of it."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
from pathlib import Path
from typing import Any

from .rows import ROWS
from .targets import Judgement, headline

HERE = Path(__file__).parent
RESULTS, PAGE, PICTURE = HERE / "results.json", HERE / "README.md", HERE / "growth.png"
HOW, NOTES = HERE / "how.md", HERE / "notes.md"  # how it is measured, and what is to be said: written by hand
PACKAGES = {  # what is installed: what it takes part with
    "numpy": "",
    "scipy": "",
    "numba": "",
    "scikit-learn": "all but the PyTorch rows",
    "scikit-learn-intelex": "least squares, logistic, softmax",
    "glum": "logistic",
    "skglm": "paths",
    "celer": "paths",
    "vowpalwabbit": "SGD on CSR",
    "torch": "full-batch descent, mini-batches",
}


def save(mode: str, told: list[dict[str, Any]], picture: dict[str, Any] | None) -> dict[str, Any]:
    """Enter rows into results.json, over those of the same name and mode, and write the page again."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    entry = results.setdefault(mode, {"rows": {}})
    entry["machine"], entry["versions"] = machine(), versions()
    for one in told:
        entry["rows"][one["row"]] = one | {"date": f"{datetime.date.today()}"}
    if picture is not None:
        results["growth"] = picture
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    PAGE.write_text(page(results))
    return results


def page(results: dict[str, Any]) -> str:
    """README.md"""
    parts = [HOW.read_text()]
    for mode in ("full", "quick"):
        if mode in results:
            parts.append(section(mode, results[mode]))
    if len(parts) == 1:
        parts.append("No figures yet: `make bench` writes them here.\n")
    if "growth" in results:
        lines = [
            f"| {line['name']} | {line['over']} | {line['exponent']:.2f} |"
            for line in results["growth"]["lines"]
        ]
        parts.append(
            "## Growth\n\n![Time against rows, columns and non-zeros, with fitted exponents](growth.png)\n\n"
            "Time ∝ sizeᵏ, fitted to the larger half of the sizes.\n\n| fit | over | k |\n|---|---|---|\n"
            + "\n".join(lines)
            + "\n"
        )
    return "\n".join([*parts, NOTES.read_text()])


def section(mode: str, entry: dict[str, Any]) -> str:
    """One mode: machine, versions, what was asked and reached, then every line of every row."""
    found = entry["versions"]
    missing = [f"{name}: {why}" for name, why in found.items() if why.startswith("not here")]
    title = "The table" if mode == "full" else "Quick: smaller sizes, held to what is asked of the full ones"
    lines = [f"## {title}\n", f"{entry['machine']}."]
    lines.append(", ".join(f"{name} {version}" for name, version in found.items()) + ".\n")
    if missing:
        lines.append("Peers that could not be installed: " + "; ".join(missing) + ".\n")
    lines += ["| row | asked | found | |", "|---|---|---|---|"]
    told = [entry["rows"][name] for name in ROWS if name in entry["rows"]]
    for one in told:
        for asked, reached, ok in judgements(one):
            lines.append(f"| {one['row']} | {asked} | {reached} | {'reached' if ok else '**missed**'} |")
    for one in told:
        lines += ["", *_row(one)]
    return "\n".join(lines) + "\n"


def judgements(told: dict[str, Any]) -> list[Judgement]:
    """What the row asks and what was reached."""
    told = {"contenders": [], **told}  # a row that could not be measured has none
    return [target.judge(told) for target in ROWS[told["row"]].targets]


def _row(told: dict[str, Any]) -> list[str]:
    row = ROWS[told["row"]]
    sizes = ", ".join(f"{name} = {size:,}" for name, size in told["sizes"].items())
    lines = [f"### {told['row']}", "", f"{row.work}. {f'Here {sizes}; ' if sizes else ''}{told['date']}."]
    if "why" in told:
        return [*lines, "", f"**Not measured**: {told['why']}"]
    floor = told.get("floor")
    if floor:
        lines[-1] += (
            f" All reach (F − F*)/F* ≤ {row.within:g}; F* is known to {told['doubt']:.0e}."
            f" Floor: {floor['is']}, {seconds(floor['seconds'])}."
        )
    heads = ["seconds", "least – most", "× ours", "× floor", "reached", "tolerance", "descent"]
    heads += ["first call", "memory"]
    lines += ["", f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    ours = headline(told) if floor else None
    for one in told["contenders"]:
        if one["why"] is not None or "seconds" not in one:
            lines.append(f"| {one['name']} | – | {one['why']} | | | | | | | |")
            continue
        cells = [one["name"], seconds(one["seconds"])]
        cells.append(
            f"{seconds(one['least'])} – {seconds(one['most'])}, {one['runs']} run{'s' * (one['runs'] > 1)}"
        )
        cells.append(f"{one['seconds'] / ours['seconds']:.3g}" if ours else "")
        cells.append(f"{one['seconds'] / floor['seconds']:.3g}" if floor else "")
        cells.append(f"{max(one['reached'], 0):.1e}" if "reached" in one else "")
        cells.append("" if one["tolerance"] is None else f"{one['tolerance']:.0e}")
        cells.append(f"{one['descent_share']:.0%}" if "descent_share" in one else "")
        cells.append(seconds(one["first"]) if "first" in one else one.get("first_why", ""))
        peak = one.get("peak_bytes")
        cells.append("" if peak is None else f"{peak / 2**20:,.0f} MiB")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def brief(told: dict[str, Any]) -> str:
    """A row on the terminal."""
    if "why" in told:
        return f"{told['row']}: not measured: {told['why']}"
    lines = [told["row"]]
    for one in told["contenders"]:
        if one["why"] is not None or "seconds" not in one:
            lines.append(f"  {one['name']:<46} –  {one['why']}")
        else:
            reached = f"   (F − F*)/F* {max(one['reached'], 0):.0e}" if "reached" in one else ""
            lines.append(f"  {one['name']:<46} {seconds(one['seconds']):>8}{reached}")
    for asked, reached, ok in judgements(told):
        lines.append(f"  {'reached' if ok else 'MISSED '}  {asked}: {reached}")
    return "\n".join(lines)


def seconds(value: float) -> str:
    """Three digits, in s or ms."""
    return f"{value:.3g} s" if value >= 1 else f"{1000 * value:.3g} ms"


def machine() -> str:
    """What it ran on."""
    try:
        names = [
            line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")
        ]
        name = names[0].split(":", 1)[1].strip()
        memory = f", {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (OSError, IndexError, ValueError):
        name, memory = platform.processor() or platform.machine(), ""
    return f"{name}, {os.cpu_count()} cores{memory}, {platform.system()}, Python {platform.python_version()}"


def versions() -> dict[str, str]:
    """Of Downslope and of everybody else; of a peer that is not here, why."""
    found = {"downslope": _version("downslope")}
    for package, part in PACKAGES.items():
        version = _version(package)
        found[package] = version if version else f"not here, so left out of: {part}"
    return found


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        if package != "downslope":
            return ""
        import downslope

        return downslope.__version__

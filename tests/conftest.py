"""Tests read English sentences, as a program does that is no terminal, whatever the machine is set to."""

import os

os.environ["DOWNSLOPE_LANG"] = "en"
for name in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE"):
    os.environ.pop(name, None)

collect_ignore_glob = ["cases/*"]  # inputs, not tests

ITEMS = {  # the list of faults: section → its number of items
    "A": 9, "B": 7, "C": 8, "D": 17, "E": 18, "F": 12,
}  # fmt: skip


def pytest_addoption(parser):
    parser.addoption(
        "--ledger", action="store_true", help="print each fault of the list with its tests' state"
    )


def pytest_runtest_makereport(item, call):
    """Each report carries the faults that its test holds: `@pytest.mark.fault("A1")`."""
    faults = [name for mark in item.iter_markers("fault") for name in mark.args]
    item.user_properties = [pair for pair in item.user_properties if pair[0] != "fault"]
    item.user_properties += [("fault", name) for name in faults]


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

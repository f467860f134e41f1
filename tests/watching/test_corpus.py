"""Scripts as people write them, run watched: each gets the verdict that it deserves, no healthy one an alarm.

`corpus/watched/expected.toml` has for each script its verdict (or verdicts, where chance decides between
two), the findings that must be there, and whether a mended line makes the run healthy.
"""

import tomllib
from pathlib import Path

import pytest

from downslope.watching.fixing import applied
from downslope.watching.seen import Seen
from tests.builders import TESTS
from tests.watching.watcher import ran

FOLDER = TESTS / "corpus" / "watched"
EXPECTED = tomllib.loads((FOLDER / "expected.toml").read_text(encoding="utf-8"))
SCRIPTS = {
    f"{kind}/{path.name}": path
    for kind in ("healthy", "sick")
    for path in (FOLDER / kind).iterdir()
    if path.is_file()
}
HEALTHY = sorted(name for name in SCRIPTS if name.startswith("healthy/"))
SICK = sorted(name for name in SCRIPTS if name.startswith("sick/"))


def watched(path: Path, folder: Path, text: str | None = None) -> Seen:
    """A script, or a text in its place, run as `downslope watch` runs it."""
    if "import torch" in path.read_text(encoding="utf-8"):
        pytest.importorskip("torch")
    settings = "{}"
    if text is not None:
        (folder / "mended.py").write_text(text, encoding="utf-8")
        settings = f'{{"mended": "{folder / "mended.py"}"}}'
    done, recording = ran(path, settings=settings, folder=folder)
    assert done.returncode in (0, 1 if path.stem == "lists_overflow" else 0), done.stderr
    return Seen(recording)


def expected(name: str) -> tuple[list[str], list[str]]:
    told = EXPECTED[name]
    return [told["verdict"]] if isinstance(told["verdict"], str) else told["verdict"], told.get(
        "findings", []
    )


def test_every_script_is_in_the_table_and_half_of_them_are_healthy():
    assert sorted(EXPECTED) == sorted(SCRIPTS)
    assert len(SCRIPTS) >= 40 and len(HEALTHY) >= 20 and len(SICK) >= 20


@pytest.mark.sample(2)
@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_script_raises_no_alarm(name, tmp_path):
    seen = watched(SCRIPTS[name], tmp_path)
    verdicts, findings = expected(name)
    assert not seen.sick, seen.verdict.text
    assert seen.verdict.code in verdicts, seen.verdict.text
    assert sorted(finding.code for finding in seen.findings) == sorted(findings)


@pytest.mark.sample(1)
@pytest.mark.parametrize("name", SICK)
def test_a_sick_script_gets_its_verdict_and_its_mended_line_makes_it_healthy(name, tmp_path):
    seen = watched(SCRIPTS[name], tmp_path)
    verdicts, findings = expected(name)
    assert seen.verdict.code in verdicts, seen.verdict.text
    assert seen.sick == EXPECTED[name].get("sick", True)
    assert set(findings) <= {finding.code for finding in seen.findings}
    if not EXPECTED[name].get("mended", True):
        assert not seen.mends
        return
    assert seen.mends, seen.lines()
    (tmp_path / "again").mkdir()
    again = watched(SCRIPTS[name], tmp_path / "again", applied(seen.recording.source, seen.mends))
    assert again.recording.source != seen.recording.source
    assert not again.sick, again.verdict.text

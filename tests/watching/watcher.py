"""Scripts run watched, as `downslope watch` runs them, and what was recorded of them."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from downslope.watching import launch
from downslope.watching.records import Recording, read
from tests.builders import TESTS

COURSE = TESTS / "corpus" / "course"


def ran(
    script, *arguments, settings="{}", folder=None, **options
) -> tuple[subprocess.CompletedProcess, Recording]:
    """A script (its path, or its text) run by the launcher: the process, and the recording."""
    folder = Path(tempfile.mkdtemp() if folder is None else folder)
    if isinstance(script, str) and "\n" in script:
        (folder / "train.py").write_text(script, encoding="utf-8")
        script = folder / "train.py"
    seen = folder / "seen"
    words = [sys.executable, launch.__file__, str(seen), settings, str(script), *arguments]
    environment = {**os.environ, "DOWNSLOPE_DEBUG": "1", "MPLBACKEND": "Agg"}
    options = {"capture_output": True, "text": True, "timeout": 120, "env": environment, **options}
    return subprocess.run(words, **options), read(seen)


def bare(script, *arguments, **options) -> subprocess.CompletedProcess:
    """The same script without watching."""
    environment = {**os.environ, "MPLBACKEND": "Agg"}
    options = {"capture_output": True, "text": True, "timeout": 120, "env": environment, **options}
    return subprocess.run([sys.executable, str(script), *arguments], **options)

"""Tests read English sentences, as a program does that is no terminal, whatever the machine is set to."""

import os

os.environ["DOWNSLOPE_LANG"] = "en"
for name in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE"):
    os.environ.pop(name, None)

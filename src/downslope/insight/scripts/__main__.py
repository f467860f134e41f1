"""`python -m downslope.insight.scripts FOLDER`: for each mistake, scripts found, missed and accused.

The truth stands in the scripts and notebooks themselves, in a first line `# expect: code, code`.
"""

import re
import sys
from pathlib import Path

from . import RULES, check_script

EXPECTED = re.compile(r"# expect: ([\w, ]+)")


def expected(path: Path) -> set[str]:
    """The mistakes that a script of the corpus holds."""
    found = EXPECTED.search(path.read_text(encoding="utf-8"))
    return {code.strip() for code in found.group(1).split(",")} if found else set()


def confusion(folder: Path) -> dict[str, tuple[list[str], list[str], list[str]]]:
    """code → (found, missed, falsely accused) scripts of a folder."""
    table: dict = {code: ([], [], []) for code in RULES}
    for path in sorted([*folder.glob("*.py"), *folder.glob("*.ipynb")]):
        truth = expected(path)
        found = {finding.code for finding in check_script(path)}
        for code in truth | found:
            place = 0 if code in truth & found else 1 if code in truth else 2
            table[code][place].append(path.stem)
    return table


if __name__ == "__main__":
    for code, cells in confusion(Path(sys.argv[1])).items():
        print(f"{code:<30}", *(f"{len(cell):>3}" for cell in cells), *cells[1], *cells[2])

"""`python -m downslope.insight.scripts FOLDER`: for each mistake, scripts found, missed and accused.

The truth stands in the scripts themselves, in a first line `# expect: code, code`.
"""

import sys
from pathlib import Path

from . import RULES, check_script


def confusion(folder: Path) -> dict[str, tuple[list[str], list[str], list[str]]]:
    """code → (found, missed, falsely accused) scripts of a folder."""
    table: dict = {code: ([], [], []) for code in RULES}
    for path in sorted(folder.glob("*.py")):
        head = path.read_text(encoding="utf-8").partition("\n")[0]
        expected = {
            code.strip() for code in head.removeprefix("# expect:").split(",") if head.startswith("# expect:")
        }
        found = {finding.code for finding in check_script(path)}
        for code in expected | found:
            place = 0 if code in expected & found else 1 if code in expected else 2
            table[code][place].append(path.stem)
    return table


if __name__ == "__main__":
    for code, cells in confusion(Path(sys.argv[1])).items():
        print(f"{code:<30}", *(f"{len(cell):>3}" for cell in cells), *cells[1], *cells[2])

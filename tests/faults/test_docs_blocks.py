# ruff: noqa: E501
"""Every block of the READMEs and of docs/ runs, in order, in a fresh folder that holds the examples.

A block that can not run here (a server that stays open, an installation, a cluster elsewhere) stands below a line
`<!-- not run: why -->`, which says what tests it instead. A file of the reader's own that a block names (train.py,
data/*.parquet) is made by `own_files`; everything else comes from the blocks themselves.
"""

import contextlib
import gzip
import io
import re
import shlex
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from downslope.cli import main
from downslope.lessons import LESSONS
from tests.builders import ROOT

pytestmark = pytest.mark.fault("D15")

PAGES = [
    *(ROOT / name for name in ("CONTRIBUTING.md", "README.md", "README.zh-CN.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
BLOCK = re.compile(
    r"(?P<mark><!-- not run: [^\n]+ -->\n)?^```(?P<kind>console|python)\n(?P<text>.*?)^```", re.S | re.M
)
TRAIN = "import torch\n\nw = torch.zeros(1, requires_grad=True)\nfor step in range(3):\n    (w**2).sum().backward()\n"
LOG = "epoch,loss,val_loss\n" + "".join(f"{k},{0.5**k},{0.5**k + 0.1}\n" for k in range(30))
MINE = "def f(x):\n    return x**2\n\n\ndef f_gradient(x):\n    return 2 * x\n"
MODEL = "def loss(x, y):\n    return x**2 + y**2\n\n\ndef loss_gradient(x, y):\n    return 2 * x, 2 * y\n"
QUICK = ("docs/check.md", "docs/data.md", "docs/verdicts.md")


@pytest.fixture(autouse=True)
def lessons_as_they_were():
    """A page may add a lesson, which goes with its test."""
    before = dict(LESSONS)
    yield
    LESSONS.clear()
    LESSONS.update(before)


def own_files(folder: Path) -> None:
    """What a reader has: scripts, and rows in several files."""
    import pyarrow
    import pyarrow.csv
    import pyarrow.parquet

    shutil.copytree(ROOT / "examples", folder / "examples")
    shutil.copy(ROOT / "examples" / "rows.csv", folder / "rows.csv")
    for name, text in {"metrics.csv": LOG, "train.py": TRAIN, "mine.py": MINE, "model.py": MODEL}.items():
        (folder / name).write_text(text)
    (folder / "data").mkdir()
    rng = np.random.default_rng(0)
    columns = {name: rng.standard_normal(300) for name in ("x", "a", "b")}
    columns["y"] = columns["x"] - columns["a"] + 0.1 * rng.standard_normal(300)
    columns["price"] = 2 * columns["y"] + columns["b"]
    rows = pyarrow.table(columns)
    for number, part in enumerate((rows.slice(0, 200), rows.slice(200))):
        pyarrow.parquet.write_table(part, folder / "data" / f"part{number}.parquet")
    text = io.BytesIO()
    pyarrow.csv.write_csv(rows, text)
    (folder / "data" / "rows.csv.gz").write_bytes(gzip.compress(text.getvalue()))


def run_line(line: str) -> None:
    words = shlex.split(line.removeprefix("$ "), comments=True)
    out = words[words.index(">") + 1] if ">" in words else None
    words = words[: words.index(">")] if out else words
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        if words[0] == "downslope":
            code = main(words[1:])
        elif words[0] == "python":
            code = subprocess.run([sys.executable, *words[1:]], stdout=subprocess.DEVNULL).returncode
        else:
            raise AssertionError(f"{line!r} is no command that is run here: mark its block")
    assert code != 2, line
    if out:
        Path(out).write_text(told.getvalue())


def commands(text: str) -> list[str]:
    return [
        line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")
    ]


def test_every_block_that_is_not_run_says_why():
    for page in PAGES:
        for line in page.read_text().splitlines():
            if "not run" in line and line.startswith("<!--"):
                assert re.fullmatch(r"<!-- not run: .{10,} -->", line), (page, line)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=() if str(page.relative_to(ROOT)) in QUICK else pytest.mark.slow)
        for page in PAGES
        if BLOCK.search(page.read_text())
    ],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_every_block_runs_in_order_in_a_fresh_folder(page, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    own_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    names: dict = {"__name__": "__main__"}
    for block in BLOCK.finditer(page.read_text()):
        if block["mark"]:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if block["kind"] == "console":
                for line in commands(block["text"]):
                    run_line(line)
            else:
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(block["text"], f"{page.name}:{block.start()}", "exec"), names)

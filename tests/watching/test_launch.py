"""`downslope watch` runs scripts, modules and notebooks, with their arguments and exit codes."""

import json
import os
import subprocess
import sys

import pytest

from downslope.watching.seen import Seen
from tests.watching.watcher import COURSE, bare, ran

LOOP = """
import sys
w = 1.0
for epoch in range(int(sys.argv[1]) if len(sys.argv) > 1 else 5):
    loss = (w - 3.0) ** 2
    grad = 2 * (w - 3.0)
    w = w - 0.1 * grad
"""


def watch(*words, **options):
    """`downslope watch` in a process of its own."""
    options = {"capture_output": True, "text": True, "timeout": 120, **options}
    return subprocess.run([sys.executable, "-m", "downslope", "watch", *map(str, words)], **options)


def test_what_follows_the_scripts_name_is_the_scripts(tmp_path):
    (tmp_path / "train.py").write_text(LOOP + "print(sys.argv[1:])\nsys.exit(4)\n")
    done = watch("--json", "seen.json", "train.py", "7", "--json", "x", "--lang", "zh", "-m", cwd=tmp_path)
    assert done.stdout == "['7', '--json', 'x', '--lang', 'zh', '-m']\n" and done.returncode == 4
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen["loops"][0]["updates"] == 7 and seen["exit_code"] == 4 and not (tmp_path / "x").exists()
    assert seen["certificate"]["L"] == pytest.approx(2) and "train.py: the loop at line 4" in done.stderr


@pytest.mark.slow
def test_a_module_runs_as_python_runs_it(tmp_path):
    package = tmp_path / "mine"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "train.py").write_text(
        LOOP + "print(__name__, __package__, __spec__.name, sys.argv, sys.path[0])\n1/0\n"
    )
    plain = subprocess.run(
        [sys.executable, "-m", "mine.train", "6"], cwd=tmp_path, capture_output=True, text=True
    )
    done, seen = ran("mine.train", "6", settings='{"module": true}', cwd=tmp_path, folder=tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == (plain.stdout, plain.stderr, plain.returncode)
    assert seen.steps(seen.main) == 6 and seen.loop().line == 4 and "w - 0.1" in seen.source
    none = subprocess.run([sys.executable, "-m", "mine.none"], cwd=tmp_path, capture_output=True, text=True)
    done, _ = ran("mine.none", settings='{"module": true}', cwd=tmp_path, folder=tmp_path)
    assert done.returncode == none.returncode == 1 and "No module named mine.none" in done.stderr


@pytest.mark.slow
def test_a_notebook_runs_cell_by_cell(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["# 梯度下降"]},
        {"cell_type": "code", "source": "%matplotlib inline\nw = 1.0\nfiles = !ls"},
        {
            "cell_type": "code",
            "source": LOOP.replace("sys.argv[1]", "5").replace("len(sys.argv) > 1", "True"),
        },
        {"cell_type": "code", "source": ["display(w)\n", "w"]},
    ]
    path = tmp_path / "train.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))
    done, seen = ran(path)
    assert done.returncode == 0 and done.stdout == "2.34464\n", done.stderr
    assert seen.steps(seen.main) == 5


@pytest.mark.parametrize(
    "end, code", [("os._exit(7)", 7), pytest.param("os.kill(os.getpid(), 9)", 137, marks=pytest.mark.slow)]
)
def test_what_was_seen_before_a_kill_is_judged(tmp_path, end, code):
    (tmp_path / "train.py").write_text(LOOP + f"import os\n{end}\n")
    done = watch("--json", "-", "train.py", "40", cwd=tmp_path)
    seen = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == code and seen["end"] == "killed" and seen["exit_code"] == code
    assert seen["trace"]["updates"] == 40 and seen["certificate"]["L"] == pytest.approx(2)


def test_a_script_that_moves_nothing_is_told_what_changes_in_its_loops(tmp_path):
    text = "total = 0\nfor k in range(5):\n    total += k\n    other = total\nprint(total)\n"
    (tmp_path / "train.py").write_text(text)
    done = watch("train.py", cwd=tmp_path)
    assert done.returncode == 0 and done.stdout == "10\n"
    assert "no loop of the script updates a weight" in done.stderr
    assert "names that change in the loop at line 2: total, other" in done.stderr
    assert "--weights" in done.stderr


def test_roles_are_taken_from_the_options(tmp_path):
    text = """
def descend(x):
    speed = 4 * x
    return x - speed / 100, speed, 2 * x * x
x = 50.0
for k in range(200):
    x, drop, height = descend(x)
"""
    (tmp_path / "train.py").write_text(text)
    words = ["--weights", "x", "--gradient", "drop", "--loss", "height", "--json", "-"]
    seen = json.loads(watch(*words, "train.py", cwd=tmp_path).stdout.splitlines()[-1])
    trace = seen["trace"]
    assert trace["updates"] == 200 and trace["steps"][0]["params"] == {"x": 48.0}
    assert trace["steps"][0]["gradient"] == [200.0] and trace["steps"][0]["loss"] == 5000
    done = watch("--weights", "x", "--loss", "hight[0]", "train.py", cwd=tmp_path)
    assert "contains no name hight[0]" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("role", ["weights", "gradient", "loss", "rate"])
def test_a_role_that_no_line_of_the_source_names_is_said(tmp_path, role):
    text = "import downslope as ds\nwith ds.watch({}) as seen:\n    w = 9.0\n    for k in range(20):\n"
    text += "        g = 2 * w\n        w -= 0.1 * g\nprint(*seen.lines(), sep='\\n')\n"
    (tmp_path / "train.py").write_text(text.replace("ds.watch({})", "ds.watch()"))
    assert "contains no name" not in watch("train.py", cwd=tmp_path).stderr
    assert "contains no name zz" in watch(f"--{role}", "zz", "train.py", cwd=tmp_path).stderr
    (tmp_path / "train.py").write_text(text.format(f"{role}='zz'"))
    done = subprocess.run([sys.executable, "train.py"], cwd=tmp_path, capture_output=True, text=True)
    assert "contains no name zz" in done.stdout


@pytest.mark.parametrize(
    "words, reason",
    [
        (["nothing.py"], "nothing.py"),
        (["broken.py"], "line 2"),
        pytest.param(["--stop-when", "tired", "fine.py"], "diverged", marks=pytest.mark.slow),
        pytest.param(["--json", "nowhere/seen.json", "fine.py"], "nowhere/seen", marks=pytest.mark.slow),
        pytest.param(["--out", "fine.py", "fine.py"], "fine.py", marks=pytest.mark.slow),
    ],
)
def test_refusals_are_one_line(tmp_path, words, reason):
    (tmp_path / "fine.py").write_text(LOOP)
    (tmp_path / "broken.py").write_text("w = 1\nfor k in range(3:\n")
    done = watch(*words, cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert reason in done.stderr


@pytest.mark.slow
def test_a_hopeless_run_ends_early(tmp_path):
    (tmp_path / "train.py").write_text(LOOP.replace("0.1 * grad", "1.7 * grad") + "print('end')\n")
    done = watch(
        "--stop-when", "diverged", "--strict", "--json", "seen.json", "train.py", "5000", cwd=tmp_path
    )
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert done.returncode == 3 and done.stdout == "" and seen["end"] == "stopped"
    assert seen["trace"]["updates"] < 100 and seen["verdict"]["code"] == "diverged"


@pytest.mark.slow
def test_pictures_do_not_block_and_are_shown_where_asked(tmp_path):
    text = (
        LOOP
        + "import matplotlib.pyplot as plt\nprint(plt.show.__class__.__name__)\nplt.plot([1]); plt.show()\n"
    )
    (tmp_path / "train.py").write_text(text)
    environment = {**os.environ, "MPLBACKEND": "Agg"}
    assert watch("train.py", cwd=tmp_path, env=environment).stdout == "partial\n"
    assert watch("--show", "train.py", cwd=tmp_path, env=environment).stdout == "function\n"
    assert bare(COURSE / "sgd_rows.py").stderr == ran(COURSE / "sgd_rows.py")[0].stderr


@pytest.mark.slow
def test_a_run_folder_is_left_where_asked(tmp_path):
    (tmp_path / "train.py").write_text(LOOP)
    assert watch("--out", "mine.run", "train.py", cwd=tmp_path).returncode == 0
    import downslope as ds

    assert ds.load(tmp_path / "mine.run").trace.updates == 5


def test_a_script_that_needs_torch_where_it_is_absent_ends_with_its_own_traceback(tmp_path):
    (tmp_path / "torch.py").write_text(
        'raise ModuleNotFoundError("No module named \'torch\'", name="torch")\n'
    )
    done, seen = ran("import torch\nprint(torch)\n", folder=tmp_path)
    assert done.returncode == 1 and "launch.py" not in done.stderr
    assert done.stderr.rstrip().endswith("ModuleNotFoundError: No module named 'torch'")
    assert any("pip install 'downslope[torch]'" in line for line in Seen(seen).lines())


def test_a_module_of_the_scripts_own_folder_is_watched_too(tmp_path):
    """Its loop is that of a hand-written one; no line of the script itself is changed."""
    body = ("for k in range(n):", "    loss = (w - 3) ** 2", "    w = w - lr * 2 * (w - 3)", "return w")
    (tmp_path / "steps.py").write_text("\n    ".join(["def descend(w, lr, n):", *body]))
    done, seen = ran("from steps import descend\nprint(descend(9.0, 1.1, 40))\n", folder=tmp_path)
    assert done.returncode == 0 and done.stderr == ""
    judged = Seen(seen)
    assert seen.loops[0].file == str(tmp_path / "steps.py") and seen.loops[0].update_line == 4
    assert judged.verdict.code == "diverged" and judged.mends == []
    assert any(line.startswith("steps.py: ") for line in judged.lines())


def test_numpy_warns_as_ever_and_the_operation_is_told(tmp_path):
    text = """import numpy as np
t, w = np.array([1.0, 0.0]), np.array([50.0])
X = np.array([[1.0], [-1.0]])
for k in range(20):
    p = 1 / (1 + np.exp(-X @ w))
    loss = -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))
    grad = X.T @ (p - t) / 2
    w = w - 0.1 * grad
"""
    done, seen = ran(text, folder=tmp_path)
    assert done.stderr == bare(tmp_path / "train.py").stderr
    assert "RuntimeWarning: divide by zero encountered in log" in done.stderr
    verdict = Seen(seen).verdict
    assert (verdict.code, verdict.numbers["operation"], verdict.numbers["line"]) == ("not_finite", "log", 6)


def test_validation_losses_are_known_by_their_names(tmp_path):
    text = """import numpy as np
rng = np.random.default_rng(0)
X, y, Xv = rng.normal(size=(20, 2)), rng.normal(size=20), rng.normal(size=(9, 2))
w, history = np.zeros(2), {"val_loss": []}
for epoch in range(30):
    e = X @ w - y
    loss = np.mean(e**2)
    w = w - 0.1 * 2 * X.T @ e / 20
    history["val_loss"].append(np.mean((Xv @ w) ** 2))
print(history["val_loss"][-1])
"""
    done, seen = ran(text, folder=tmp_path)
    assert [step for step, _ in seen.validation[1]] == list(range(1, 31))
    assert seen.validation[1][-1][1] == float(done.stdout)

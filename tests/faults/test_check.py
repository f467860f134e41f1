"""The script check: nothing raises, notebooks and long scripts are read, healthy loops are left alone."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from downslope.errors import DownslopeError
from downslope.insight.scripts import RULES, check_script, examined
from tests.builders import CASES, SCRIPTS
from tests.corpus.confusion import of_scripts

PIECES = [b"", b"(", b"\n", b":", b"lambda: ", b"\xff", b"yield ", b"*", b"[0]", b"()", b"=", b"@"]


def codes(text: str) -> list[str]:
    return [finding.code for finding in check_script(text)]


def notebook(*cells: str, language: str = "python") -> str:
    made = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    metadata = {"kernelspec": {"language": language, "name": language}}
    return json.dumps({"nbformat": 4, "metadata": metadata, "cells": made}) + "\n"


@pytest.mark.fault("E13")
@pytest.mark.parametrize("call", ["dataset=data", "dataset=data, batch_size=4", "data", "*parts", ""])
@pytest.mark.parametrize(
    "loop", ["i, (x, y) in enumerate(loader)", "i, batch in enumerate(loader, 1)", "x, y in loader"]
)
def test_every_way_to_make_and_walk_a_loader_is_read(call, loop):
    body = "from torch.utils.data import DataLoader\n"
    body += f"loader = DataLoader({call})\nfor {loop}:\n    print(loader)\n"
    assert examined("data = parts = []\n" + body) == ([], [])


@pytest.mark.fault("E14")
def test_a_notebook_is_read_cell_by_cell_with_its_magics():
    cells = [
        "%matplotlib inline\n!pip install torch\nimport torch",
        "%%time\nx = torch.ones(3)\nfiles = !ls",
        "print(x, null)",
    ]
    (finding,) = check_script(notebook(*cells))
    assert (finding.code, finding.cell, finding.line) == ("undefined", 3, 1)
    assert finding.to_json()["cell"] == 3
    assert codes(notebook("%%bash\nls | wc", "%%html\n<b>", "x = 1\nx?\n%timeit x + 1\n%%capture")) == []


@pytest.mark.fault("E14")
@pytest.mark.parametrize("language", ["R", "julia", "javascript"])
def test_notebooks_of_other_kernels_are_refused(language):
    with pytest.raises(DownslopeError) as refused:
        check_script(notebook("x <- 1", language=language))
    assert refused.value.key == "scripts.other_kernel"


@pytest.mark.fault("E15")
@pytest.mark.parametrize(
    "line",
    [
        "(y.reshape(out.shape) - out)",
        "(out - y.view(out.size()))",
        "(out - y.view_as(out))",
        "(out - y.view(-1, 1))",
        "(out.squeeze(1) - y)",
        "(out[:, 0] - y)",
        "(out.view(-1) - y)",
        "(out.flatten() - y)",
        "(out - y.unsqueeze(1))",
        "(out - y[:, None])",
    ],
)
def test_targets_that_were_given_the_shape_of_the_output_are_left_alone(line):
    script = "import torch\nx, y = torch.randn(9, 2), torch.randn(9)\nout = torch.nn.Linear(2, 1)(x)\n"
    assert codes(script + f"loss = ({line} ** 2).mean()\n") == []
    assert codes(script + "loss = ((out - y) ** 2).mean()\n") == ["broadcast"]


@pytest.mark.fault("E15")
def test_a_layer_that_may_be_one_of_two_is_no_evidence():
    script = """
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self, probabilities):
        super().__init__()
        self.fc = nn.Linear(4, 3)
        if probabilities:
            self.softmax = nn.Softmax(dim=1)
        else:
            self.softmax = nn.Identity()
    def forward(self, x):
        return self.softmax(self.fc(x))
def train(flag, x, y):
    return nn.CrossEntropyLoss()(Net(flag)(x), y)
"""
    assert codes(script) == []


@pytest.mark.fault("E15")
def test_a_loss_that_is_called_the_current_one_and_a_type_alias_are_left_alone():
    script = (SCRIPTS / "sick_last_batch_loss_1.py").read_text()
    assert codes(script) == ["last_batch_loss"]
    assert codes(script.replace('"progress:"', '"current loss:"')) == []
    assert codes("type Row = list[float]\nx: Row = [1.0]\nprint(x)\n") == []


@pytest.mark.fault("E16")
def test_a_sum_that_is_there_is_not_added_again():
    script = (SCRIPTS / "sick_last_batch_loss_1.py").read_text()
    kept = script.replace("        l.backward()", "        total += l.item()\n        l.backward()")
    kept = kept.replace("    for x, y in zip", "    total = 0.0\n    for x, y in zip")
    (finding,) = check_script(kept)
    assert finding.code == "last_batch_loss"
    assert (
        "total / " in finding.mended and "total +=" not in finding.mended and "total = " not in finding.mended
    )


@pytest.mark.fault("E17")
@pytest.mark.parametrize(
    "case, code",
    [("33_check_backward_without_call", "not_called"), ("34_check_broadcast_frame", "broadcast"),
     ("34_check_broadcast_numpy", "broadcast"), ("35_check_no_grad_around_model", "graph_cut"),
     ("35_check_old_parameters", "old_parameters"), ("36_check_wrong_sign", "wrong_sign")],
)  # fmt: skip
def test_the_cases_from_outside_are_found(case, code):
    assert code in [finding.code for finding in check_script(CASES / f"{case}.py")]


@pytest.mark.fault("E17", "E18")
def test_at_most_one_false_alarm_in_a_hundred_and_nine_of_ten_slips_found():
    table = of_scripts(SCRIPTS)
    found, missed, accused = (sum(len(cells[i]) for cells in table.values()) for i in range(3))
    assert set(table) == set(RULES)
    assert accused <= len(list(SCRIPTS.glob("healthy_*"))) / 100 and found >= 0.9 * (found + missed)


@pytest.mark.fault("F4")
@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/dev/urandom"])
def test_devices_and_pipes_are_refused_at_once(path, tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    for place in (path, tmp_path / "pipe.py"):
        with pytest.raises(DownslopeError) as refused:
            check_script(Path(place))
        assert refused.value.key == "scripts.no_file"


@pytest.mark.fault("F4")
@pytest.mark.parametrize(
    "block",
    ["for i{k} in range(3):\n    x{k} = 2 * i{k}\n    total += x{k}\n",
     "for x in range(3):\n    loss = w * x\n    loss.backward()\n    w.data -= 0.1 * w.grad\n"],
)  # fmt: skip
def test_ten_thousand_loops_are_read_in_seconds_or_refused_by_a_limit(block):
    script = "import torch\ntotal, w = 0, torch.ones(1, requires_grad=True)\n"
    script += "".join(block.format(k=k) for k in range(10000))
    began = time.process_time()
    try:
        check_script(script)
    except DownslopeError as error:
        assert error.key == "scripts.too_long" and "500000" in str(error)
    assert time.process_time() - began < 30


@pytest.mark.fault("F4")
def test_no_file_raises_anything_but_a_refusal(tmp_path):
    rng = random.Random(4)
    sources = [path.read_bytes() for path in sorted(SCRIPTS.glob("*"))]
    path = tmp_path / "train.py"
    nested = b"".join(b" " * k + b"if x:\n" for k in range(1, 90))
    contents = [b"", b"\n", b"\xef\xbb\xbf", b"\xff\xfe\x00x", b"{", b"{}", b"[]", b'{"cells": 3}', b"\x00"]
    contents += [b"x = \\", b"#coding: nope\n", b"-" * 3000 + b"1", b"a" + b".b" * 3000, b"if x:\n" + nested]
    contents += [b"f(" * 80 + b")" * 80, b"x = [" * 60 + b"]" * 60, b"x = " + b"+".join([b"x"] * 2000)]
    for _ in range(60):
        raw = bytearray(rng.choice(sources))
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(raw) + 1)
            raw[at : at + rng.randrange(20)] = rng.choice(PIECES)
        contents.append(bytes(raw))
    for raw in contents:
        for name in ("train.py", "train.ipynb"):
            path = tmp_path / name
            path.write_bytes(raw)
            try:
                assert examined(path)[1] == [], raw
            except DownslopeError as error:
                assert "\n" not in str(error)


@pytest.mark.fault("F4")
def test_a_file_without_permission_or_with_a_null_in_its_name_is_refused(tmp_path):
    for name in ("no\0name.py", str(tmp_path / "a" / "b.py"), "x" * 5000):
        with pytest.raises(DownslopeError):
            check_script(Path(name))


RUNS = [path for path in sorted(SCRIPTS.glob("sick_*.py")) if "torchvision" not in path.read_text()]


@pytest.mark.slow
@pytest.mark.fault("E18")
@pytest.mark.parametrize("path", random.Random(5).sample(RUNS, 12), ids=lambda path: path.stem)
def test_a_mended_script_runs(path):
    text, findings = path.read_text(), check_script(path)
    if any(f.mend is None for f in findings) or "csv" in text or "cuda" in text or "mend" in path.stem:
        pytest.skip("no line is proposed, or the script needs a file")
    for finding in sorted(findings, key=lambda f: f.mend.first, reverse=True):
        lines = text.split("\n")
        lines[finding.mend.first - 1 : finding.mend.last] = finding.mend.text.split("\n")
        text = "\n".join(lines)
    for finding in check_script(text + "\n"):  # an import that the mended line needs
        text = f"{finding.mended}\n{text}"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-500:]


@pytest.mark.fault("E17")
@pytest.mark.parametrize("up", [True, False])
@pytest.mark.parametrize(
    "derived",
    [
        "g, = torch.autograd.grad(loss, w)",
        "g = torch.autograd.grad(loss, [w])[0]",
        "[g] = torch.autograd.grad(outputs=loss, inputs=w)",
    ],
)
def test_the_sign_of_an_update_by_gradients_from_autograd_grad_is_judged(derived, up):
    script = f"""
import torch
w = torch.zeros(2, requires_grad=True)
X, y = torch.randn(20, 2), torch.randn(20)
for _ in range(50):
    loss = {"" if up else "-"}(X @ w - y).pow(2).mean()
    {derived}
    with torch.no_grad():
        w += 0.1 * g
"""
    assert codes(script) == (["wrong_sign"] if up else [])


@pytest.mark.fault("E18")
@pytest.mark.parametrize(
    "step", ["0.1 * X.T @ r", "0.1 * 2 * X.T @ r", "0.1 * (2 * X.T @ r)", "(0.2 * X.T) @ r"]
)
def test_a_sum_with_the_rate_of_a_mean_is_found_wherever_the_rate_stands(step):
    made = "import numpy as np\nX = np.random.randn(1000, 2)\ny = X @ [1.0, 2.0]\nw = np.zeros(2)\n"
    loop = "for _ in range(9):\n    r = X @ w - y\n    w -= {}\n"
    assert codes(made + loop.format(step)) == ["sum_with_rate"]
    assert codes(made + loop.format(f"{step} / len(y)")) == []

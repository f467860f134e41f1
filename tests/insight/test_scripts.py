"""The check of scripts: every mistake of the corpus is found, nothing else is, the mended line mends it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

import downslope as ds
from downslope.cli import main
from downslope.errors import DownslopeError
from downslope.insight.scripts import RULES, check_script, examined
from downslope.messages import LANGUAGES, speaking
from tests.builders import SCRIPTS
from tests.corpus.confusion import expected, of_scripts

SICK = sorted(SCRIPTS.glob("sick_*"))
HEALTHY = sorted(SCRIPTS.glob("healthy_*"))


def mended(text: str, finding) -> str:
    """The script, or the notebook, with one finding mended."""
    if finding.cell is not None:
        notebook = json.loads(text)
        cell = notebook["cells"][finding.cell - 1]
        cell["source"] = _mended("".join(cell["source"]), finding)
        return json.dumps(notebook)
    return _mended(text, finding)


def _mended(text: str, finding) -> str:
    lines = text.split("\n")
    lines[finding.mend.first - 1 : finding.mend.last] = finding.mend.text.split("\n")
    return "\n".join(lines)


def codes(text: str) -> list[str]:
    return [finding.code for finding in check_script(text)]


def test_the_corpus_holds_every_mistake_and_as_many_healthy_scripts():
    counts = {code: sum(code in expected(path) for path in SICK) for code in RULES}
    assert set().union(*map(expected, SICK)) == set(RULES)
    assert not {code for code, count in counts.items() if count < 3}  # three styles each
    assert len(HEALTHY) >= 100 and any(path.suffix == ".ipynb" for path in HEALTHY)


def test_no_rule_fails_on_the_corpus():
    assert [(path, found[1]) for path in SICK + HEALTHY if (found := examined(path))[1]] == []


def test_the_confusion_matrix_is_perfect():
    wrong = {code: cells[1:] for code, cells in of_scripts(SCRIPTS).items() if cells[1] or cells[2]}
    assert wrong == {}


@pytest.mark.parametrize("path", SICK, ids=lambda path: path.stem)
def test_the_mended_line_mends_it(path):
    text, findings = path.read_text(), check_script(path)
    assert findings
    upward = sorted((f for f in findings if f.mend), key=lambda f: (f.cell or 0, f.mend.first), reverse=True)
    for finding in upward:  # so that lines stay put
        text = mended(text, finding)
    unmended = [finding.code for finding in findings if finding.mend is None]
    left = [finding.code for finding in check_script(text + "\n")]
    assert left == unmended or set(left) == {"undefined"}  # np or random may have to be imported


@pytest.mark.parametrize("path", SICK, ids=lambda path: path.stem)
def test_a_finding_names_its_line_and_says_it_in_both_languages(path):
    text = path.read_text()
    for finding in check_script(path):
        cell = json.loads(text)["cells"][finding.cell - 1]["source"] if finding.cell else text
        assert finding.source == "".join(cell).split("\n")[finding.line - 1]
        told = []
        for language in LANGUAGES:
            with speaking(language):
                told.append((finding.text, finding.evidence))
        assert told[0] != told[1] and all("{" not in sentence for pair in told for sentence in pair)
        assert json.dumps(finding.to_json())


def test_the_floor_of_the_loss_after_a_softmax_is_ln_of_1_plus_classes_less_1_over_e():
    (finding,) = check_script(SCRIPTS / "sick_softmax_before_cross_entropy_1.py")
    assert finding.numbers["classes"] == 3
    assert finding.numbers["floor"] == pytest.approx(-math.log(math.e / (math.e + 2)))  # best: scores 1, 0, 0
    with speaking("en"):
        assert "0.551" in finding.evidence


def test_rows_are_counted_through_the_call_of_the_function():
    (finding,) = check_script(SCRIPTS / "sick_missing_mean_1.py")
    assert finding.numbers["rows"] == 3
    with speaking("en"):
        assert "3 times too large" in finding.evidence


def test_names_are_resolved_through_every_way_to_import_them():
    body = "model = {n}.Sequential({n}.Linear(2, 3), {n}.Softmax(1))\n"
    body += "loss = {n}.CrossEntropyLoss()(model(x), y)\n"
    for header, n in [
        ("import torch", "torch.nn"),
        ("import torch.nn as nn", "nn"),
        ("from torch import nn", "nn"),
        ("import torch as t", "t.nn"),
        ("import torch.nn", "torch.nn"),
    ]:
        script = f"{header}\nx, y = [], []\n" + body.format(n=n)
        assert codes(script) == ["softmax_before_cross_entropy"], header
    stars = "from torch.nn import *\n" + body.replace("{n}.", "")
    assert codes(stars) == ["softmax_before_cross_entropy"]
    other = "import mine as nn\nx, y = [], []\n" + body.format(n="nn")
    assert codes(other) == []


def test_a_name_with_two_possible_values_is_no_evidence():
    script = """
import torch, sys
from torch import nn
x, y = torch.randn(9, 3), torch.randint(0, 3, (9,))
out = nn.Linear(3, 3)(x)
if len(sys.argv) > 1:
    out = torch.softmax(out, 1)
    loss = nn.NLLLoss()(out.log(), y)
else:
    loss = nn.CrossEntropyLoss()(out, y)
"""
    assert codes(script) == []
    assert codes(script.replace("else:\n    ", "if True:\n    ")) == []


def test_chinese_before_the_mistake_does_not_shift_the_mended_line():
    script = "import torch as t\n准确率, l = '率', t.nn.CrossEntropyLoss()(t.softmax(t.ones(2, 3), 1), [0])\n"
    (finding,) = check_script(script)
    assert finding.mended == "准确率, l = '率', t.nn.CrossEntropyLoss()(t.ones(2, 3), [0])"


def test_windows_line_ends_change_nothing():
    path = SCRIPTS / "sick_one_row_1.py"
    assert codes(path.read_text().replace("\n", "\r\n")) == ["one_row"]


def test_a_script_is_never_run(tmp_path):
    path = tmp_path / "train.py"
    path.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nraise SystemExit(1)\n")
    assert ds.check_script(path) == [] and not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "content, key",
    [
        (b"for x in range(3)\n    print(x)\n", "scripts.syntax"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "scripts.not_text"),
        (b"x = 1\n\x00\n", "scripts.not_text"),
        (b"x = " + b"(" * 5000 + b"1" + b")" * 5000, "scripts"),
        ("s = '你好'\n".encode("gbk"), "scripts.not_text"),
    ],
)
def test_what_is_no_script_is_told_in_one_line_with_exit_2(content, key, tmp_path, capsys):
    path = tmp_path / "train.py"
    path.write_bytes(content)
    with pytest.raises(DownslopeError) as refused:
        check_script(path)
    assert refused.value.key.startswith(key) and "\n" not in str(refused.value)
    assert main(["check", str(path)]) == 2
    assert capsys.readouterr().out == ""


def test_the_declared_encoding_is_obeyed(tmp_path):
    path = tmp_path / "train.py"
    path.write_bytes("# -*- coding: gbk -*-\ns = '你好'\nprint(s, t)\n".encode("gbk"))
    assert [finding.code for finding in check_script(path)] == ["undefined"]


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    for path, key in [(tmp_path / "none.py", "scripts.no_such_file"), (tmp_path, "scripts.is_a_folder")]:
        with pytest.raises(DownslopeError) as refused:
            check_script(path)
        assert refused.value.key == key


def test_the_syntax_error_names_its_line(tmp_path):
    with pytest.raises(DownslopeError) as refused:
        check_script("x = 1\nfor y in x\n    pass\n")
    assert refused.value.facts["line"] == 2


def test_the_command_prints_line_evidence_and_mended_line(capsys):
    path = str(SCRIPTS / "sick_no_zero_grad_1.py")
    assert main(["check", path, "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "line 11: no_zero_grad" in out and "optimizer.zero_grad()" in out and "100" in out
    assert main(["check", path, "--lang", "zh"]) == 0
    assert "改为" in capsys.readouterr().out


def test_the_command_says_when_there_is_nothing_to_say(capsys):
    assert main(["check", str(HEALTHY[0]), "--lang", "en"]) == 0
    assert "none of the" in capsys.readouterr().out


def test_json_is_one_object(capsys):
    assert main(["check", str(SCRIPTS / "sick_broadcast_1.py"), "--json"]) == 0
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["code"] == "broadcast" and finding["numbers"]["strangers"] == 6
    assert finding["mended"].strip() == "loss = criterion(model(x), y.reshape(-1, 1))"


def test_the_check_loads_no_torch():
    code = "import sys, downslope as ds; ds.check_script('import torch\\n'); print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_downslope_has_no_undefined_name():
    source = Path(ds.__file__).parent
    for path in sorted(source.rglob("*.py"))[::4]:
        assert check_script(path) == [], path

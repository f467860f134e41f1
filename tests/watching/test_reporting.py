"""What `downslope watch` reports, writes and tries; a watched run is opened where runs are opened."""

import json

import pytest

import downslope as ds
from downslope.cli import main
from downslope.lab.live import LiveScript
from downslope.lab.localized import plain
from downslope.lab.saved import opened
from downslope.watching.fixing import applied, epochs_mend, rate_mend
from downslope.watching.mending import domain_mend, mend_of
from downslope.watching.records import Fact, Loop
from tests.watching.watcher import COURSE

SCRIPT = COURSE / "too_fast.py"


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """too_fast.py watched with everything that can be written: the folder, and the exit code."""
    folder = tmp_path_factory.mktemp("watched")
    names = {"--out": "mine.run", "--json": "mine.json", "--plot": "mine.png", "--log": "mine.jsonl"}
    named = {option: str(folder / name) for option, name in names.items()}
    words = [word for pair in named.items() for word in pair]
    return folder, main(["watch", "--try-fix", "--strict", *words, str(SCRIPT)])


def test_a_sick_script_exits_with_3_and_all_that_was_asked_for_is_there(watched):
    folder, code = watched
    assert code == 3
    assert all((folder / name).stat().st_size for name in ("mine.json", "mine.png", "mine.jsonl"))


def test_the_document_holds_verdict_certificate_trace_and_the_mended_run(watched):
    document = json.loads((watched[0] / "mine.json").read_text())
    assert document["verdict"]["code"] == "diverged" and document["sick"]
    assert document["certificate"]["excess"] == pytest.approx(1.4)
    assert document["verdict"]["remedies"][0]["mended"]["text"].startswith("    w = w - 0.107 *")
    assert len(document["trace"]["steps"]) == document["trace"]["updates"] == 200
    fixed = document["fixed"]
    assert (fixed["verdict"]["code"], fixed["sick"]) == ("converged", False)
    assert fixed["losses"][-1][0] == 200 and fixed["losses"][-1][2] == 0.0


def test_a_watched_run_is_inspected_reported_and_loaded(watched, tmp_path, capsys):
    run = str(watched[0] / "mine.run")
    assert main(["inspect", run]) == 0
    assert "1.4 times its bound 0.2142857" in capsys.readouterr().out
    assert main(["report", run, "--out", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert '<code class="moves">    w = w - 0.3 * np.mean(2 * X * residual)</code>' in page
    seen = ds.load(run)
    assert seen.verdict.code == "diverged" and seen.mends[0].first == 10
    assert opened(run)[0]["runs"][0]["diverged"]["frame"] > 1
    assert main(["predict", run, "rows.csv"]) == 2


def test_watched_runs_stand_beside_logs(watched, capsys):
    names = [str(watched[0] / name) for name in ("mine.run", "mine.jsonl")]
    assert main(["judge", *names]) == 0
    assert capsys.readouterr().out.count("diverged") == 2


def test_a_run_that_was_changed_is_refused(watched, tmp_path, capsys):
    seen = ds.load(watched[0] / "mine.run")
    folder = seen.save(tmp_path / "other.run")
    with open(folder / "watched.jsonl", "a") as file:
        file.write("\n")
    with pytest.raises(ds.DownslopeError, match=r"watched\.jsonl"):
        ds.load(folder)


def test_a_script_under_way_is_told_as_far_as_it_was_recorded(watched):
    live = LiveScript(watched[0] / "mine.run", plain("too_fast.py"))
    assert live.trace.updates == 200 and live.source["moves"] == 10
    live.over(ds.load(watched[0] / "mine.run"))
    assert json.loads(live.document)["runs"][0]["verdict"]["code"] == "diverged"


RATES = {
    "w -= 0.5 * g": "w -= 0.1 * g",
    "lr = 0.5\nw -= lr * g": "lr = 0.1\nw -= lr * g",
    "c = {'lr': 0.5}\nw -= c['lr'] * g": "c = {'lr': 0.1}\nw -= c['lr'] * g",
    "def f(w, lr=0.5):\n    w -= lr * g": "def f(w, lr=0.1):\n    w -= lr * g",
    "def f(w, lr):\n    w -= lr * g\nf(1, 0.5)": "def f(w, lr):\n    w -= lr * g\nf(1, 0.1)",
    "import sys\nlr = float(sys.argv[1])\nw -= lr * g": "import sys\nlr = float(sys.argv[1])\nw -= 0.1 * g",
    "学习率 = 0.5  # 步长\nw -= 学习率 * g": "学习率 = 0.1  # 步长\nw -= 学习率 * g",
}


@pytest.mark.parametrize("text", RATES)
def test_the_rate_is_changed_where_it_stands_in_the_text(text):
    line = next(k for k, words in enumerate(text.split("\n"), 1) if "-=" in words)
    rate = text.split("-=")[1].split("*")[0].strip()
    mend = rate_mend(text, Loop(update_line=line, rate=rate), 0.1)
    assert applied(text, [mend]) == RATES[text]


def test_the_rate_of_an_optimizer_is_changed_in_its_call():
    text = "import torch\nrate = 0.5\nopt = torch.optim.SGD(w, lr=rate)\nopt.step()"
    loop = Loop(kind="torch", update_line=4, optimizer={"class": "SGD"})
    assert applied(text, [rate_mend(text, loop, 0.1)]).split("\n")[1] == "rate = 0.1"


def test_epochs_are_changed_behind_their_name():
    text = "n = 10\nfor k in range(n):\n    w -= 0.5 * g"
    assert applied(text, [epochs_mend(text, Loop(update_line=3), 25)]).startswith("n = 25\n")


def test_a_validation_is_put_in_evaluation_mode():
    block = "    with torch.no_grad():\n        v = f(net(x))\n"
    text = f"opt = SGD(net.parameters())\nfor k in range(9):\n{block}    opt.step()"
    mend = mend_of(text, Fact("eval_left_out"), 4, Loop(update_line=5))
    assert mend.text.split("\n") == [
        "    net.eval()",
        "    with torch.no_grad():",
        "        v = f(net(x))",
        "    net.train()",
    ]


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("c = -np.log(1 - p)", "c = -np.log(np.clip(1 - p, 1e-7, None))"),
        ("c = -(y * torch.log(p)).mean()", "c = -(y * torch.log(p.clamp_min(1e-7))).mean()"),
        ("c = (1 - p).log().mean()", "c = ((1 - p).clamp_min(1e-7)).log().mean()"),
        ("c = math.log(p[0]) + math.log(q)", "c = math.log(max(p[0], 1e-7)) + math.log(max(q, 1e-7))"),
    ],
)
def test_what_a_logarithm_is_taken_of_stays_above_0(line, mended):
    assert domain_mend(f"import numpy\n{line}", "log", 2).text == mended


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("c = torch.sqrt(e.mean())", "c = torch.sqrt(e.mean() + 1e-12)"),
        ("c = e.mean().sqrt()", "c = (e.mean() + 1e-12).sqrt()"),
        ("c = e.mean() ** 0.5", "c = (e.mean() + 1e-12) ** 0.5"),
    ],
)
def test_under_a_root_a_small_number_is_added(line, mended):
    assert domain_mend(line, "sqrt", 1).text == mended

# ruff: noqa: E501
"""The command line: one line for what is at fault, in its own words; what ends it, ends it quietly."""

import contextlib
import http.server
import io
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import downslope as ds
from downslope.cli import main
from tests.builders import ROOT

VALUES = [
    "",
    "x",
    "-1",
    "0",
    "1e999",
    "nan",
    "1e-320",
    "a=b",
    "l1",
    "auto",
    "cosine:",
    "0.5",
    "1,2",
    "run",
    "数",
    "rows.csv",
    ":",
]
OPTIONS = {
    "fit": ["--target", "--features", "--weights", "--validate", "--loss", "--penalty", "--alpha", "--penalty-on",
            "--hidden", "--activation", "--dropout", "--learning-rate", "--start", "--tol", "--patience", "--seconds",
            "--seed", "--memory", "--on-bad-row", "--method", "--batch-size", "--order", "--grid", "--no-scale",
            "--no-intercept", "--fix", "--json", "--lang"],
    "compare": ["--target", "--methods", "--loss", "--penalty", "--alpha", "--seed", "--learning-rate", "--json"],
    "certify": ["--target", "--loss", "--penalty", "--alpha", "--learning-rate", "--no-scale", "--json"],
    "minimize": ["--start", "--method", "--learning-rate", "--tol", "--seed", "--derivative", "--starts", "--json"],
    "inspect": ["--errors", "--robust", "--step", "--plane", "--surface", "--data", "--json"],
    "predict": ["--out", "--memory", "--on-bad-row", "--force", "--resume", "--json"],
    "export": ["--onnx", "--code", "--out", "--force"],
    "report": ["--out", "--force"],
    "lesson": ["--from", "--json", "--lang", "--plot"],
}  # fmt: skip
FLAGS = {
    "--no-scale",
    "--no-intercept",
    "--fix",
    "--json",
    "--errors",
    "--robust",
    "--surface",
    "--force",
    "--resume",
}
SUBJECTS = {
    "fit": ["rows.csv", "nothing.csv", ""], "compare": ["rows.csv"], "certify": ["rows.csv"], "minimize": ["x^2", "x^", "abs(x)"],
    "inspect": ["run", "rows.csv"], "predict": ["run rows.csv", "run nothing.csv"], "export": ["run"], "report": ["run"],
    "lesson": ["1", "99", "x"],
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("x,y\n1,2\n2,4\n3,6\n4,9\n")
    ds.fit(ds.Dataset.read("rows.csv", target="y"), method="gd", epochs=20).save("run")
    return tmp_path


def line_of(draw: random.Random) -> list[str]:
    command = draw.choice(sorted(OPTIONS))
    words = [command, *draw.choice(SUBJECTS[command]).split(" ")]
    if command in ("fit", "compare", "certify") and draw.random() < 0.9:
        words += ["--target", "y"]
    if command == "compare":
        words += ["--methods", "gd,closed_form"]
    if command in ("fit", "compare", "minimize"):
        words += ["--epochs", "5"]
    if command == "minimize":
        words += ["--start", "x=1"]
    for _ in range(draw.randint(1, 3)):
        option = draw.choice(OPTIONS[command])
        words += [option] if option in FLAGS else [option, draw.choice(VALUES)]
    return words


def fault_of(words: list[str]) -> str | None:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(words)
        except BaseException as error:
            return f"{words}: {type(error).__name__}: {error}"
    told = [
        line
        for line in err.getvalue().splitlines()
        if not line.startswith(("note:", "warning:", "注意", "警告"))
    ]
    if code not in (0, 1, 2, 3) or (code == 2 and len(told) != 1):
        return f"{words}: {code}, {told}"
    return (
        f"{words}: {told}"
        if any("bug in Downslope" in line or "Traceback" in line for line in told)
        else None
    )


@pytest.mark.fault("A6")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("count", [100, pytest.param(2500, marks=pytest.mark.slow)])
def test_a_command_line_ends_with_a_code_and_at_most_one_line(folder, count):
    draw = random.Random(29 + count)
    faults = [fault_of(line_of(draw)) for _ in range(count)]
    assert [fault for fault in faults if fault] == []


@pytest.mark.fault("A6")
def test_own_code_keeps_its_traceback_and_a_line_is_added(folder, capfd):
    (folder / "mine.py").write_text(
        "def f(x):\n    raise KeyError('mine')\n\ndef f_gradient(x):\n    return 2 * x\n"
    )
    assert main(["check-gradient", "mine.py:f", "--at", "1", "--lang", "en"]) == 2
    err = capfd.readouterr().err
    assert "Traceback" in err and "KeyError: 'mine'" in err
    assert err.splitlines()[-1].startswith("error: calling f at 1 failed: KeyError")


@pytest.mark.fault("D13")
def test_a_command_that_is_misspelt_is_told_the_right_one(capsys):
    assert main(["lessn", "--lang", "en"]) == 2
    assert capsys.readouterr().err.strip() == "error: unknown command lessn: use lesson."


@pytest.mark.fault("D13")
def test_standard_errors_of_a_run_with_rows_held_out(tmp_path, capsys):
    run = str(tmp_path / "run")
    data = str(ROOT / "examples" / "penguins.csv")
    assert (
        main(["fit", data, "--target", "body_mass_g", "--validate", "0.3", "--seed", "3", "--out", run]) == 0
    )
    capsys.readouterr()
    assert main(["inspect", run, "--errors", "--lang", "en"]) == 0
    assert re.search(r"^239 rows", capsys.readouterr().out, re.M)
    train, _ = ds.Dataset.read(data, target="body_mass_g").split(0.3, 3)
    assert str(ds.standard_errors(ds.load(run), train)) == str(ds.load(run).summary())


@pytest.mark.fault("D13")
def test_a_target_of_text_is_told_apart_in_python_too():
    rows = ds.Dataset.read(ROOT / "examples" / "penguins.csv", target="species")
    assert ds.fit(rows, penalty="l2", alpha=0.01).recipe.loss.name == "log"


@pytest.mark.fault("D13")
def test_reprs_are_short_and_hold_no_addresses():
    rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]] * 50, [2.0, 4.0, 7.0] * 50)
    solution = ds.fit(rows)
    for thing in (ds.objective(rows), solution.metrics, solution, solution.trace, rows):
        assert " at 0x" not in repr(thing) and len(repr(thing)) < 400


@pytest.mark.fault("D13")
def test_the_rows_of_the_lessons_come_with_the_package():
    inside = Path(ds.__file__).parent / "lessons" / "rows.csv"
    assert inside.read_bytes() == (ROOT / "examples" / "rows.csv").read_bytes()


@pytest.mark.fault("D13")
def test_a_module_of_ones_own_is_said_to_get_raw_columns():
    torch = pytest.importorskip("torch")
    rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
    solution = ds.fit(torch.nn.Linear(1, 1), rows, method="adam", learning_rate=0.1, epochs=2)
    assert "inference.module_raw" in [key for key, _ in solution.notes]


@pytest.mark.fault("D13")
def test_the_demo_needs_neither_torch_nor_what_tests_ask_for():
    makefile = (ROOT / "Makefile").read_text()
    rule = re.search(r"^\$\(LIGHT\):.*?(?=^\S)", makefile, re.S | re.M)[0]
    assert "demo: $(LIGHT)" in makefile and "-e .\n" in rule and "torch" not in rule and "dev" not in rule


@pytest.mark.slow
@pytest.mark.fault("D11")
def test_a_cluster_address_that_speaks_http_is_refused(folder, capsys):
    pytest.importorskip("distributed")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    began = time.monotonic()
    words = [
        "fit",
        "rows.csv",
        "--target",
        "y",
        "--cluster",
        f"tcp://127.0.0.1:{server.server_port}",
        "--lang",
        "en",
    ]
    assert main(words) == 2
    assert "no Dask scheduler" in capsys.readouterr().err and time.monotonic() - began < 30
    server.shutdown()
    server.server_close()


@pytest.mark.fault("D11")
@pytest.mark.parametrize("busy", [False, True])
def test_closing_the_lab_is_no_failure(tmp_path, busy):
    pytest.importorskip("uvicorn")
    command = [sys.executable, "-m", "downslope", "lab", "--no-browser", "--port", "0", "--lang", "en"]
    server = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ
    )
    try:
        address = re.search(r"http://([\d.]+):(\d+)/", server.stderr.readline())
        line = None
        for _ in range(100):
            with contextlib.suppress(OSError):
                line = socket.create_connection((address[1], int(address[2])))
                break
            time.sleep(0.1)
        line.sendall(
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" if not busy else b"GET /api/problem HTTP/1.1\r\n"
        )
        time.sleep(0.5)
        server.send_signal(signal.SIGINT)
        line.close()
        out, err = server.communicate(timeout=30)
    finally:
        server.kill()
    assert (server.returncode, out, err) == (0, "", "")

"""Claims about the lab's server: who may speak to it, what it refuses, and what it lets a worker do."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx2")

from starlette.testclient import TestClient

import downslope as ds
from downslope.cli import main
from downslope.lab import tasks
from downslope.lab.guard import POLICY, UPLOAD
from downslope.lab.live import Live
from downslope.lab.localized import plain
from downslope.lab.server import application
from downslope.lab.workers import Pool, Refused
from downslope.lessons import LESSONS
from downslope.messages import speaking

ROWS = {"kind": "rows", "X": [[1], [2], [3]], "y": [2, 4, 6]}
HERE = "http://127.0.0.1:8765"


@pytest.fixture(scope="module")
def page():
    with TestClient(application(pool=Pool(1)), base_url=HERE) as client:
        yield client


def refused(answer):
    """(status, key, English, Chinese)"""
    told = answer.json()
    return answer.status_code, told["key"], told["error"]["en"], told["error"]["zh"]


# ── who may speak ───────────────────────────────────────────────────────────────────────────────────


def test_another_name_for_this_machine_is_refused(page):
    """DNS rebinding: a site's own name that has come to point here."""
    for host in ("evil.example", "evil.example:8765", "127.0.0.1.evil.example", "[::2]:8765", ""):
        assert refused(page.get("/api/page", headers={"host": host}))[:2] == (403, "lab.host")
    assert page.get("/", headers={"host": "localhost:1"}).status_code == 200


def test_another_site_s_script_is_refused(page):
    for origin in ("http://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1"):
        answer = page.post("/api/runs", json={}, headers={"origin": origin})
        assert refused(answer)[:2] == (403, "lab.origin")
    assert refused(page.get("/api/page", headers={"sec-fetch-site": "cross-site"}))[0] == 403
    assert page.get("/", headers={"sec-fetch-site": "cross-site"}).status_code == 200  # a teacher's link
    assert page.post("/api/runs", json={}, headers={"origin": HERE}).status_code == 422


def test_what_a_form_can_send_is_refused(page):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = page.post("/api/runs", content=b"{}", headers={"content-type": kind})
        assert refused(answer)[:2] == (415, "lab.content_type")


def test_every_answer_has_the_policy(page):
    for answer in (
        page.get("/"),
        page.get("/api/page"),
        page.get("/nothing"),
        page.get("/", headers={"host": "x"}),
    ):
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    script = next(part for part in POLICY.split("; ") if part.startswith("script-src"))
    assert script == "script-src 'self'"


def test_an_excel_file_is_refused_with_what_would_work(page):
    headers = {"content-type": "application/octet-stream"}
    for name in ("rows.xlsx", "ROWS.XLS"):
        answer = page.post(f"/api/upload?name={name}", content=b"PK", headers=headers)
        status, key, en, zh = refused(answer)
        assert (status, key) == (422, "lab.suffix_excel") and name in en and "CSV" in en and "CSV" in zh


def test_the_seconds_count_anew_once_the_runs_are_over():
    """Runs of 15 s show what they have: to put it together takes seconds of its own."""

    class Slow:
        connection = SimpleNamespace(send=lambda message: None)
        answers = [("begun",), ("more", 1), ("begun",), ("more", 2), ("done", b"document")]

        def receive(self):
            time.sleep(0.0 if len(self.answers) == 5 else 0.3)
            return self.answers.pop(0)

    async def asked(pool):
        pool.free.put_nowait(Slow())
        return await pool.run("runs", {})

    assert asyncio.run(asked(Pool(1, seconds=0.9))) == b"document"


def test_the_runs_are_over_before_their_document_is_made():
    told = []
    line = SimpleNamespace(look=lambda: None, tell=lambda part: None, put_together=lambda: told.append(1))
    payload = {"problem": ROWS, "settings": {"epochs": 3}, "runs": [{"epochs": 3}], "library": "numpy"}
    for task in ("runs", "code", "csv", "report"):
        tasks.TASKS[task](payload, line)
    assert len(told) == 4


@pytest.mark.slow
def test_clients_that_go_while_they_send_write_no_tracebacks():
    program = [sys.executable, "-c", "from downslope.cli import main; main()", "lab", "--port", "0"]
    with subprocess.Popen([*program, "--no-browser"], stderr=subprocess.PIPE, text=True) as lab:
        try:
            port = int(re.search(r"http://127.0.0.1:(\d+)/", lab.stderr.readline())[1])
            for path in ("/api/runs", "/api/upload", "/api/problem") * 34:
                kind = "octet-stream" if path.endswith("upload") else "json"
                head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/{kind}\r\n"
                with socket.create_connection(("127.0.0.1", port)) as client:
                    client.sendall(f"{head}Content-Length: 1000\r\n\r\n{{".encode())
                    time.sleep(0.02)
            time.sleep(1)
        finally:
            lab.terminate()
        assert lab.stderr.read() == ""


def test_elsewhere_than_on_the_loopback_a_token_opens_the_door():
    with TestClient(
        application(pool=Pool(0), hosts=(), token="secret"), base_url="http://192.0.2.7"
    ) as client:
        assert refused(client.get("/"))[:2] == (403, "lab.token")
        assert refused(client.get("/?token=wrong"))[:2] == (403, "lab.token")
        assert refused(client.get("/api/page?token=secret"))[:2] == (403, "lab.token")
        entered = client.get("/?token=secret", follow_redirects=False)
        assert entered.status_code == 303 and entered.headers["location"] == "/"
        cookie = entered.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
        assert client.get("/").status_code == 200  # the cookie is held by the client


def test_the_first_picture_needs_no_library_that_is_slow_to_load():
    """The server computes nothing; its first worker answers the first card with what is small."""
    import subprocess
    import sys

    server = """
import sys, downslope.lab.server, uvicorn
assert not {"numpy", "downslope.inference", "downslope.lessons"} & set(sys.modules), "the server computes"
"""
    worker = """
import json, sys, types
from downslope.lab import tasks
line = types.SimpleNamespace(look=lambda: None, tell=lambda part: None, put_together=lambda: None)
def ask(task, payload):
    tasks.load(payload)
    return json.loads(tasks.TASKS[task](payload, line))
tasks.warm()
ask("page", {"wish": "en", "token": None, "opened": None})
card = ask("lesson", {"number": 1})["cards"][0]
ask("describe", {"problem": card["problem"], "settings": card["runs"][0]})
assert ask("runs", {"problem": card["problem"], "runs": card["runs"], "stream": True})["runs"][0]["verdict"]
slow = {"torch", "sklearn", "scipy", "sympy", "duckdb", "matplotlib", "pandas", "numba"} & set(sys.modules)
assert not slow, slow
"""
    for script in (server, worker):
        subprocess.run([sys.executable, "-c", script], check=True)


# ── the page ────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_and_its_files_are_there_and_nothing_else_is(page):
    assert page.get("/").headers["content-type"].startswith("text/html")
    assert page.get("/page/main.js").headers["content-type"].startswith("text/javascript")
    for path in (
        "/page/../server.py",
        "/page/%2e%2e/server.py",
        "/page/__init__.py",
        "/page/x.js",
        "/docs",
        "/redoc",
    ):
        assert page.get(path).status_code == 404


def test_what_may_be_sent_is_described(page):
    paths = page.get("/api/openapi.json").json()["paths"]
    posts = {path: methods["post"] for path, methods in paths.items() if "post" in methods}
    assert len(posts) == 8 and all("requestBody" in post for post in posts.values())
    schema = posts["/api/runs"]["requestBody"]["content"]["application/json"]["schema"]
    assert "class_weights" in schema["properties"]["runs"]["items"]["properties"]


def test_the_page_begins_in_the_language_that_the_browser_wishes(page):
    with speaking("en"):
        told = page.get("/api/page", headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"}).json()
    assert told["wish"] == "zh" and len(told["lessons"]) == len(LESSONS) and len(told["presets"]) == 10
    assert set(told["texts"]["en"]) == set(told["texts"]["zh"])


def test_a_run_is_a_document_and_streams_the_same(page):
    asked = {"problem": ROWS, "runs": [{"learning_rate": 0.1, "epochs": 20}]}
    whole = page.post("/api/runs", json=asked).json()
    lines = page.post("/api/runs?stream=1", json=asked).text.splitlines()
    streamed = json.loads(lines[-1])["document"]
    for document in (whole, streamed):
        document["runs"][0]["trace"].pop("seconds"), document["runs"][0].pop("seconds")
    assert streamed == whole


def test_a_thousand_epochs_on_a_thousand_rows_answer_soon(page):
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.uniform(0, 10, 500), rng.uniform(0, 10, 500)]).tolist()
    asked = {
        "problem": {"kind": "points", "points": points},
        "runs": [{"learning_rate": 0.1, "epochs": 1000}],
    }
    page.post("/api/runs", json=asked)
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        assert page.post("/api/runs", json=asked).status_code == 200
        taken.append(time.perf_counter() - began)
    assert min(taken) < 1.0  # 0.3 s is asked of a quiet machine


def test_what_is_at_fault_is_told_as_the_command_line_tells_it(page, capsys):
    asked = {"problem": {"kind": "function", "formula": "__import__('os').system('id')"}, "runs": [{}]}
    status, _, english, chinese = refused(page.post("/api/runs", json=asked))
    assert main(["--lang", "en", "minimize", "__import__('os').system('id')"]) == 2
    assert status == 422 and english in capsys.readouterr().err
    assert main(["--lang", "zh", "minimize", "__import__('os').system('id')"]) == 2
    assert chinese in capsys.readouterr().err


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"problem": NaN}',
        b"[" * 100_000,
        b'{"runs": ' + b"9" * 5000 + b"}",
        b"\xff",
    ],
)
def test_what_is_no_json_object_is_refused(page, body):
    answer = page.post("/api/runs", content=body, headers={"content-type": "application/json"})
    assert 400 <= answer.status_code < 500 and "Traceback" not in answer.text


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"problem": {"kind": "nothing"}},
        {"problem": ROWS, "runs": []},
        {"problem": ROWS, "runs": [{}] * 7},
        {"problem": ROWS, "runs": [{"epochs": 10**9}]},
        {"problem": ROWS, "runs": [{"epochs": "many"}]},
        {"problem": ROWS, "runs": [{"learning_rate": True}]},
        {"problem": ROWS, "runs": [{"learning_rate": -1}]},
        {"problem": ROWS, "runs": [{"path": "/etc/passwd"}]},
        {"problem": {"kind": "table", "path": "/etc/passwd", "target": "x"}, "runs": [{}]},
        {"problem": {"kind": "saved", "path": "/etc"}, "runs": [{}]},
        {"problem": {"kind": "function", "formula": "w+x+y+z"}, "runs": [{}]},
        {"problem": {"kind": "lesson", "number": 99}, "runs": [{}]},
        {"problem": {"kind": "points", "points": [[1, 2]]}, "runs": [{}]},
    ],
)
def test_what_can_not_be_meant_is_refused_in_one_line(page, asked):
    status, _, english, chinese = refused(page.post("/api/runs", json=asked))
    assert status == 422 and "\n" not in english + chinese and english != chinese


# ── files ───────────────────────────────────────────────────────────────────────────────────────────


def send(page, name, content):
    kind = {"content-type": "application/octet-stream"}
    return page.post("/api/upload", params={"name": name}, content=content, headers=kind)


def test_a_csv_that_is_sent_trains(page):
    sent = send(page, "房价.csv", b"area,city,price\n50,A,100\n60,B,130\n80,A,160\n90,B,200\n").json()
    assert sent["rows"] == 4 and sent["target"] == "price"
    assert [column["name"] for column in sent["columns"]] == ["area", "city", "price"]
    asked = {"kind": "table", "id": sent["id"], "name": sent["name"], "target": "price"}
    (ran,) = page.post("/api/runs", json={"problem": asked, "runs": [{"epochs": 500}]}).json()["runs"]
    columns = {"area": [50, 60, 80, 90], "city": ["A", "B", "A", "B"], "price": [100, 130, 160, 200]}
    expected = ds.fit(ds.Dataset.read(columns, target="price"), method="closed_form")
    assert ran["loss"] == pytest.approx(expected.loss, abs=1e-6)


@pytest.mark.parametrize(
    "name, content",
    [
        ("x.exe", b"MZ"),
        ("x.csv", b""),
        ("x.csv", b"\x00\x01\x02"),
        ("x.parquet", b"PAR1 but no more"),
        ("x.csv.gz", b"no gzip"),
        ("../../etc/x.csv", b"\x00"),
        ("x.json", b"{"),
    ],
)
def test_a_file_that_is_none_is_refused_under_its_own_name(page, name, content):
    status, _, english, _ = refused(send(page, name, content))
    assert status == 422 and name.rsplit("/", 1)[-1] in english and "/tmp" not in english


def test_a_file_that_is_too_large_is_refused_before_it_is_held(page):
    assert refused(send(page, "x.csv", b"0" * (UPLOAD + 1)))[:2] == (413, "lab.too_large")

    unsized = (b"0" * (1 << 20) for _ in range((UPLOAD >> 20) + 2))
    assert send(page, "x.csv", unsized).status_code == 413


def test_a_file_can_not_make_the_reader_open_another(tmp_path):
    from downslope.data.database import QueryError, rows_of

    sent, secret = tmp_path / "a[1].csv", tmp_path / "secret.csv"
    sent.write_text("x\n1\n"), secret.write_text("x\n2\n")
    assert rows_of("SELECT * FROM read_csv($path)", path=sent).to_pydict() == {"x": [1]}
    for query in (f"SELECT * FROM read_csv('{secret}')", "SELECT * FROM read_text('/etc/hostname')"):
        with pytest.raises(QueryError, match="disabled"):
            rows_of(f"{query} WHERE $path != ''", path=sent)


# ── what is taken away ──────────────────────────────────────────────────────────────────────────────


def test_everything_that_can_be_taken_away_can_be(page):
    asked = {"problem": {"kind": "preset", "name": "bowl"}, "settings": {"epochs": 5}}
    for library in ("downslope", "numpy", "pytorch"):
        told = page.post("/api/code", json={**asked, "library": library}).json()
        compile(told["code"], told["name"], "exec")
    assert page.post("/api/csv", json=asked).text.count("\n") == 6
    assert page.post("/api/gif", json=asked).content.startswith(b"GIF89a")
    written = page.post(
        "/api/report", json={"problem": asked["problem"], "runs": [{"epochs": 5}], "lang": "zh"}
    )
    assert 'id="document"' in written.text and "attachment" in written.headers["content-disposition"]


def test_lessons_and_choices_are_told(page):
    assert page.get("/api/lessons/2").json()["figures"]["after"] == 7.999777758621207
    assert refused(page.get("/api/lessons/99"))[:2] == (422, "lessons.unknown")
    told = page.post("/api/problem", json={"problem": ROWS, "settings": {"learning_rate": 0.01}}).json()
    assert told["certificate"]["bound"] > 0 and told["pictures"]["landscape"]["kind"] == "grid"


def test_a_saved_run_is_opened(tmp_path):
    ds.minimize("x^2 + y^2", [3, 4], epochs=9).save(tmp_path / "bowl")
    with TestClient(application(pool=Pool(1), opened=tmp_path / "bowl"), base_url=HERE) as client:
        opened = client.get("/api/page").json()["opened"]
        assert opened["runs"][0]["epochs"] == 9 and opened["problem"]["asked"]["kind"] == "saved"
        asked = {"problem": opened["problem"]["asked"], "settings": {}}
        assert client.post("/api/csv", json=asked).text.count("\n") == 10


# ── workers ─────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def pool(**limits):
    made = Pool(1, **limits)
    made.begin()
    try:
        yield made
    finally:
        await made.end()


LONG = {
    "problem": {"kind": "preset", "name": "himmelblau"},
    "runs": [{"epochs": 100_000, "learning_rate": 1e-6}],
}
SHORT = {"problem": {"kind": "preset", "name": "bowl"}, "runs": [{"epochs": 2}]}


@pytest.mark.slow
def test_what_takes_too_long_is_ended_and_the_next_is_served():
    async def told():
        async with pool(seconds=2.0) as workers:
            await workers.run("runs", SHORT)
            with pytest.raises(Refused) as error:
                await workers.run("runs", LONG)
            assert error.value.key == "lab.too_long"
            return json.loads(await workers.run("runs", SHORT))

    assert asyncio.run(told())["runs"][0]["epochs"] == 2


def test_a_worker_that_is_killed_while_it_waits_is_replaced_without_a_word():
    async def told():
        async with pool() as workers:
            await workers.run("runs", SHORT)
            (idle,) = workers.workers
            idle.process.kill()
            idle.process.join()
            return json.loads(await workers.run("runs", SHORT))

    assert asyncio.run(told())["runs"][0]["epochs"] == 2


def test_a_worker_that_is_killed_at_work_is_no_matter_of_memory_alone():
    async def told():
        async with pool() as workers:
            await workers.run("runs", SHORT)
            task = asyncio.create_task(workers.run("runs", LONG))
            await asyncio.sleep(0.5)
            (busy,) = workers.workers
            busy.process.kill()
            with pytest.raises(Refused) as error:
                await task
            return error.value.key, json.loads(await workers.run("runs", SHORT))

    key, after = asyncio.run(told())
    assert key == "lab.ended" and after["runs"][0]["epochs"] == 2


SLOW_TORCH = """
import sys, time
class Slow:
    def find_spec(self, name, *given):
        if name == "torch" and not hasattr(self, "waited"):
            self.waited = time.sleep(4)
sys.meta_path.insert(0, Slow())
"""


@pytest.mark.slow
def test_seconds_count_from_when_all_is_loaded(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    (tmp_path / "sitecustomize.py").write_text(SLOW_TORCH)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    net = {"problem": {"kind": "points", "points": [[0, 0], [1, 1]]}, "runs": [{"hidden": [2], "epochs": 2}]}

    async def told():
        async with pool(seconds=3.0) as workers:
            return json.loads(await workers.run("runs", net))

    assert asyncio.run(told())["runs"][0]["epochs"] == 2


def test_what_nobody_waits_for_is_stopped_and_its_worker_serves_on():
    async def told():
        async with pool() as workers:
            await workers.run("runs", SHORT)
            (before,) = workers.workers
            task = asyncio.create_task(workers.run("runs", LONG))
            await asyncio.sleep(0.3)
            task.cancel()
            began = time.perf_counter()
            await workers.run("runs", SHORT)
            return before in workers.workers, time.perf_counter() - began

    same, seconds = asyncio.run(told())
    assert same and seconds < 5  # it stopped by itself, long before the run would have ended


def test_what_takes_too_much_memory_is_refused(tmp_path):
    """A table that is small as a file and large as rows."""
    import gzip

    path = tmp_path / "wide.csv.gz"
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.write(",".join(f"c{j}" for j in range(400)) + "\n")
        file.writelines(
            [",".join(["1.5", *["0.25"] * 399]) + "\n", ",".join(["2.5", *["0.75"] * 399]) + "\n"] * 10_000
        )

    async def told():
        async with pool(memory=80 << 20) as workers:
            await workers.run("runs", SHORT)
            asked = {"kind": "table", "id": "1", "name": "wide.csv.gz", "target": "c0"}
            with pytest.raises(Refused) as error:
                await workers.run(
                    "runs", {"problem": asked, "runs": [{}], "path": str(path), "name": "wide.csv.gz"}
                )
            return error.value.key, json.loads(await workers.run("runs", SHORT))

    key, after = asyncio.run(told())
    assert key in ("lab.memory", "data.cannot_read") and after["runs"][0]["epochs"] == 2


@pytest.mark.slow
def test_memory_does_not_grow_with_requests():
    def resident(process: int) -> int:
        pages = Path(f"/proc/{process}/statm")
        if not pages.exists():
            pytest.skip("needs /proc, which tells how much memory a process holds")
        return int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    async def held():
        async with pool() as workers:
            found = []
            for k in range(240):
                asked = {**SHORT, "runs": [{"epochs": 100, "learning_rate": 0.001 + 0.0001 * k}]}
                await workers.run("runs", asked)
                if k % 60 == 59:
                    (worker,) = workers.workers
                    found.append(resident(worker.process.pid))
            return found

    sizes = asyncio.run(held())
    assert sizes[-1] - sizes[1] < 8 << 20  # bytes, over 120 requests of 160 kB each


# ── a fit under way ─────────────────────────────────────────────────────────────────────────────────


def test_a_fit_under_way_is_told_paused_and_stopped():
    rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
    from downslope.inference import Recipe, Training

    recipe = Recipe(method="gd", learning_rate=1e-6, epochs=10**6, tol=0, scale=False)
    live = Live(Training.on_rows(rows, recipe), plain("rows"))

    def fit():
        for _ in live.training:
            if not live.goes_on(lambda: False):
                live.training.interrupt()
                break
        live.finish()

    thread = threading.Thread(target=fit, daemon=True)
    with TestClient(application(pool=Pool(0), live=live), base_url=HERE) as client:
        assert client.get("/api/page").json()["live"] is True
        thread.start()
        assert client.post("/api/live", json={"do": "pause"}).json() == {"state": "paused"}
        time.sleep(0.3)
        made = live.training.trace.updates
        time.sleep(0.3)
        assert live.training.trace.updates == made
        assert refused(client.post("/api/live", json={"do": "jump"}))[:2] == (422, "lab.steer")
        assert client.post("/api/live", json={"do": "go"}).json() == {"state": "running"}
        assert client.post("/api/live", json={"do": "stop"}).json() == {"state": "running"}
        thread.join(10)
        lines = [json.loads(line) for line in client.get("/api/live").text.splitlines()]
    assert lines[0]["about"]["names"] == ["x", "intercept"]
    assert lines[-1]["document"]["runs"][0]["verdict"]["code"] == "interrupted"


@pytest.mark.slow
def test_thousands_of_requests_leave_memory_threads_and_files_as_they_were():
    """DOWNSLOPE_LAB_LOAD=100000 asks as often as the name says."""
    import os

    import psutil

    rng, load = np.random.default_rng(0), int(os.environ.get("DOWNSLOPE_LAB_LOAD", "1200"))
    application_ = application(pool=Pool(1))
    with TestClient(application_, base_url=HERE) as client:

        def ask(number):
            """Another problem each time, so that nothing is answered from a cache; every 50th is refused."""
            x, y = rng.normal(size=(2, 6)).round(3).tolist()
            classes = [[a, b, int(k % 2)] for k, (a, b) in enumerate(zip(x, y))]
            problem = [
                {"kind": "points", "points": list(zip(x, y))},
                {"kind": "points", "task": "classes", "points": classes},
                {"kind": "rows", "X": [[a] for a in x], "y": y},
                {"kind": "function", "formula": f"(x - {x[0]})^2 + {abs(y[0]):.3f}*y^2"},
                {"kind": "preset", "name": "waves"},
                {"kind": "lesson", "number": 2, "seed": number},
            ][number % 6]
            run = {"epochs": 5 + number % 20, "learning_rate": float(rng.uniform(1e-3, 0.5))}
            if number % 50 == 49:
                run["direction"] = "none"
            body = {"problem": problem, "runs": [run], "draft": number % 3 == 0}
            if number % 100 == 99:
                content = "x,y\n" + "\n".join(f"{a},{b}" for a, b in zip(x, y))
                kind = {"content-type": "application/octet-stream"}
                assert (
                    client.post("/api/upload?name=rows.csv", content=content, headers=kind).status_code == 200
                )
            if number % 7 == 0:
                return client.post("/api/problem", json={"problem": problem, "settings": run})
            return client.post(f"/api/runs{'?stream=1' if number % 2 else ''}", json=body)

        def answer(number):
            """Asked again where the one worker loaded its libraries for longer than a request waits."""
            return next(one for one in (ask(number) for _ in range(10)) if one.status_code != 429)

        def held():
            server = psutil.Process()
            (worker,) = [one for one in server.children() if "spawn_main" in " ".join(one.cmdline())]
            rss = [one.memory_info().rss / 2**20 for one in (server, worker)]
            return np.array(rss), [one.num_threads() + one.num_fds() for one in (server, worker)]

        for number in range(load // 2):
            assert answer(number).status_code in (200, 422)
        (before, handles) = held()
        for number in range(load // 2, load):
            assert answer(number).status_code in (200, 422)
        (after, handles_after) = held()
        print(load, before, after, handles, handles_after)
        assert (after - before < 8).all(), (before, after)  # MiB
        assert np.abs(np.subtract(handles_after, handles)).max() <= 2


# ── the command line ────────────────────────────────────────────────────────────────────────────────


def test_report_writes_one_file_and_replaces_none(tmp_path, capsys):
    run, out = tmp_path / "bowl", tmp_path / "bowl.html"
    ds.minimize("x^2 + y^2", [3, 4], epochs=9).save(run)
    assert main(["report", str(run), "--out", str(out)]) == 0
    assert 'id="document"' in out.read_text()
    assert main(["report", str(run), "--out", str(out)]) == 2
    assert main(["report", str(tmp_path / "none"), "--out", str(tmp_path / "x.html")]) == 2
    assert main(["report", str(run), "--out", str(tmp_path / "x.pdf")]) == 2


def test_lab_refuses_before_it_serves(tmp_path, capsys):
    assert main(["lab", str(tmp_path / "none"), "--no-browser"]) == 2
    assert main(["lab", "--port", "many", "--no-browser"]) == 2
    assert main(["lab", "--host", "192.0.2.1", "--port", "0", "--no-browser"]) == 2
    assert all(len(line) for line in capsys.readouterr().err.splitlines())


def test_lab_serves_until_it_is_ended(tmp_path):
    import re
    import signal
    import subprocess
    import sys
    import urllib.request

    command = [sys.executable, "-m", "downslope", "lab", "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        address = re.search(r"http://127\.0\.0\.1:\d+/", server.stderr.readline())[0]
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(address, timeout=5) as answer:
                    assert answer.status == 200
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        server.send_signal(signal.SIGINT)
        assert server.wait(20) in (0, 130)


def test_an_address_that_is_printed_is_listened_at_before_the_server_runs():
    import socket

    from downslope.cli.lab import prepared

    server, address = prepared("127.0.0.1", 0, False)
    port = int(address.rstrip("/").rpartition(":")[2])
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
    finally:
        server.socket.close()

"""The lab's server: it hands out the page, and passes what the page asks to a worker.

It imports nothing that computes: that is what the workers begin with, meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ..errors import DownslopeError
from ..messages import LANGUAGES, language
from . import pages
from .guard import BODY, LOOPBACK, UPLOAD, Guard
from .localized import encoded, localized, refusal
from .workers import Pool, Refused

if TYPE_CHECKING:
    from .live import Live

SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".pq", ".json", ".jsonl", ".ndjson", ".gz")
FRESH = {"cache-control": "no-cache"}
FILES = 8  # that are kept; the oldest goes first


class Lab:
    """What one server holds: its workers, the files that were sent, the run that was opened."""

    def __init__(
        self,
        pool: Pool,
        opened: Path | None = None,
        live: Live | None = None,
        token: str | None = None,
    ):
        self.pool, self.opened, self.live, self.token = pool, opened, live, token
        self.folder = tempfile.TemporaryDirectory(prefix="downslope-lab-")
        self.files: dict[str, tuple[Path, str]] = {}
        self.page: bytes | None = None

    def payload(self, body: dict[str, Any]) -> dict[str, Any]:
        """What a worker receives: the page names a file by its number, never by a path."""
        asked = body.get("problem")
        names = ("problem", "settings", "runs", "library", "lang", "window", "draft")
        task = {name: body.get(name) for name in names}
        if not isinstance(asked, dict):
            return task
        if asked.get("kind") == "saved" and self.opened is not None:
            return {**task, "saved": True, "path": str(self.opened), "name": self.opened.name}
        if asked.get("kind") == "table":
            path, name = self.files.get(str(asked.get("id")), (None, str(asked.get("name"))[:200]))
            return {**task, "path": None if path is None else str(path), "name": name}
        return task

    def keep(self, name: str, content: bytes) -> tuple[str, Path]:
        """A file that was sent, under a name of ours."""
        suffix = "".join(
            Path(name).suffixes[-2:] if name.lower().endswith(".gz") else Path(name).suffixes[-1:]
        )
        if suffix.lower() in (".xlsx", ".xls", ".xlsm", ".ods"):
            raise DownslopeError("lab.suffix_excel", name=name)
        if not suffix.lower().endswith(SUFFIXES):
            raise DownslopeError("lab.suffix", name=name, known=", ".join(SUFFIXES))
        number = secrets.token_hex(8)
        path = Path(self.folder.name, f"{number}{suffix.lower()}")
        path.write_bytes(content)
        while len(self.files) >= FILES:
            old, _ = self.files.pop(next(iter(self.files)))
            old.unlink(missing_ok=True)
        self.files[number] = path, name
        return number, path


def application(
    *,
    hosts: tuple[str, ...] = LOOPBACK,
    token: str | None = None,
    opened: Path | None = None,
    live: Live | None = None,
    pool: Pool | None = None,
    ready: Callable[[], None] | None = None,
) -> Guard:
    """The ASGI application, behind its guard. hosts: names that it answers to, () for any; token: what a
    visitor must bring; opened: a saved run to show; live: a fit under way; ready: called once it serves."""
    lab = Lab(pool or Pool(), opened, live, token)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        lab.pool.begin()
        if ready is not None:
            ready()
        yield
        await lab.pool.end()
        lab.folder.cleanup()

    app = _App(
        title="Downslope lab",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
    )
    app.add_exception_handler(DownslopeError, _downslope_error)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _not_there)
    app.add_exception_handler(RuntimeError, _fault)
    app.add_exception_handler(ClientDisconnect, _left)
    _pages(app, lab)
    _computing(app, lab)
    if live is not None:
        _watching(app, live)
    return Guard(app, hosts, token)


class _App(FastAPI):
    """Its description of what may be sent is made when somebody asks for it."""

    def openapi(self) -> dict[str, Any]:
        whole, bodies = super().openapi(), _bodies()
        for path, methods in whole["paths"].items():
            methods.get("post", {}).update(bodies.get(path.removeprefix("/api/"), {}))
        return whole


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────


def _problem_of(status: int, key: str, sentence: dict[str, str]) -> Response:
    return Response(encoded({"error": sentence, "key": key}), status, media_type="application/json")


async def _downslope_error(request: Request, error: Any) -> Response:
    status = {"lab.too_large": 413, "lab.not_json": 400}.get(error.key, 422)
    return _problem_of(status, error.key, refusal(error))


async def _refused(request: Request, error: Any) -> Response:
    return _problem_of(429 if error.key == "lab.busy" else 422, error.key, error.localized)


async def _not_there(request: Request, error: Any) -> Response:
    key = "lab.method" if error.status_code == 405 else "lab.not_there"
    return _problem_of(error.status_code, key, localized(key, host=""))


async def _fault(request: Request, error: Any) -> Response:
    print(f"downslope lab: {request.url.path}: {error}", file=sys.stderr)
    return _problem_of(500, "lab.failed", localized("lab.failed"))


async def _left(request: Request, error: Any) -> Response:
    return Response(status_code=499)  # to nobody: a page that was closed while it sent is no fault of ours


async def _body(request: Request, most: int) -> bytes:
    """The body, refused as soon as it is too large."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise DownslopeError("lab.too_large")
        parts.append(part)
    return b"".join(parts)


async def _json(request: Request) -> dict[str, Any]:
    try:
        found = json.loads(await _body(request, BODY), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise DownslopeError("lab.not_json") from None
    if not isinstance(found, dict):
        raise DownslopeError("lab.not_json")
    return found


def _no_number(word: str):
    raise ValueError(word)


# ── the page ────────────────────────────────────────────────────────────────────────────────────────


def _pages(app: FastAPI, lab: Lab) -> None:
    @app.get("/", include_in_schema=False)
    async def index() -> Response:
        source = None if lab.live is None else lab.live.source
        if lab.opened is not None:
            from .saved import source_of

            source = source_of(lab.opened)
        return Response(pages.index(source), media_type="text/html; charset=utf-8", headers=FRESH)

    @app.get("/page/{name}", include_in_schema=False)
    async def page(name: str) -> Response:
        return _file(name)

    @app.get("/favicon.ico", include_in_schema=False)
    async def icon() -> Response:
        return Response(status_code=204)

    @app.get("/api/page")
    async def beginning(request: Request) -> Response:
        asked = {"wish": _wish(request), "token": lab.token, "opened": lab.opened and str(lab.opened)}
        if lab.live is None:
            page = await _waited(request, lab.pool.run("page", asked))
        else:
            page = encoded(pages.beginning(_wish(request), live=True, token=lab.token))
        return Response(page, media_type="application/json")


def _file(name: str) -> Response:
    found = pages.file(name)
    if found is None:
        raise HTTPException(404)
    content, kind = found
    return Response(content, media_type=kind, headers=FRESH)


def _wish(request: Request) -> str:
    """The language that the server was started in, where that was asked for; else the browser's first."""
    if language() != "en":
        return language()
    for part in request.headers.get("accept-language", "").split(","):
        wished = part.partition(";")[0].strip().lower()[:2]
        if wished in LANGUAGES:
            return wished
    return language()


# ── what is computed ────────────────────────────────────────────────────────────────────────────────


async def _waited(request: Request, work: Awaitable[bytes]) -> bytes:
    """What the work gives; it is cancelled when the page goes."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Refused("lab.gone", localized("lab.gone"))
        return task.result()
    finally:
        task.cancel()
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _computing(app: FastAPI, lab: Lab) -> None:
    for name, task, kind, attached in (
        ("problem", "describe", "application/json", None),
        ("window", "window", "application/json", None),
        ("code", "code", "application/json", None),
        ("csv", "csv", "text/csv", "trace.csv"),
        ("gif", "gif", "image/gif", "walk.gif"),
        ("report", "report", "text/html", "report.html"),
    ):
        _simple(app, lab, name, task, kind, attached)

    @app.post("/api/runs")
    async def runs(request: Request, stream: bool = False) -> Response:
        payload = lab.payload(await _json(request))
        if stream:
            lines = _streamed(lab.pool, {**payload, "stream": True})
            return StreamingResponse(lines, media_type="application/x-ndjson")
        return Response(await _waited(request, lab.pool.run("runs", payload)), media_type="application/json")

    @app.get("/api/lessons/{number}")
    async def lesson(request: Request, number: int, seed: int = 0) -> Response:
        work = lab.pool.run("lesson", {"number": number, "seed": seed})
        return Response(await _waited(request, work), media_type="application/json")

    @app.get("/api/lessons/{number}/picture")
    async def lesson_picture(request: Request, number: int, seed: int = 0) -> Response:
        work = lab.pool.run("lesson_picture", {"number": number, "seed": seed})
        return Response(await _waited(request, work), media_type="application/json")

    @app.post("/api/upload")
    async def upload(request: Request, name: str = "rows.csv") -> Response:
        number, path = lab.keep(Path(name[:200]).name, await _body(request, UPLOAD))
        task = {"id": number, "path": str(path), "name": lab.files[number][1]}
        try:
            return Response(
                await _waited(request, lab.pool.run("upload", task)), media_type="application/json"
            )
        except Refused:
            lab.files.pop(number)[0].unlink(missing_ok=True)
            raise


def _simple(app: FastAPI, lab: Lab, name: str, task: str, kind: str, attached: str | None) -> None:
    """POST /api/NAME: one task, one answer."""

    async def answer(request: Request) -> Response:
        content = await _waited(request, lab.pool.run(task, lab.payload(await _json(request))))
        headers = {} if attached is None else {"content-disposition": f'attachment; filename="{attached}"'}
        return Response(content, media_type=kind, headers=headers)

    app.post(f"/api/{name}", name=name)(answer)


async def _streamed(pool: Pool, payload: dict[str, Any]) -> AsyncIterator[bytes]:
    """A line of JSON for each part of what is under way, then the document; cancelled when the page goes."""
    parts: asyncio.Queue[bytes | None] = asyncio.Queue()
    task = asyncio.ensure_future(
        pool.run("runs", payload, lambda part: parts.put_nowait(encoded({"more": part})))
    )
    task.add_done_callback(lambda _: parts.put_nowait(None))
    try:
        while (part := await parts.get()) is not None:
            yield part + b"\n"
        try:
            yield b'{"document":' + task.result() + b"}\n"
        except Refused as error:
            yield encoded({"error": error.localized, "key": error.key}) + b"\n"
        except RuntimeError:
            yield encoded({"error": localized("lab.failed"), "key": "lab.failed"}) + b"\n"
    finally:
        task.cancel()


# ── a fit under way ─────────────────────────────────────────────────────────────────────────────────


def _watching(app: FastAPI, live: Live) -> None:
    @app.get("/api/live")
    async def watch() -> Response:
        return StreamingResponse(live.lines(), media_type="application/x-ndjson")

    @app.post("/api/live")
    async def steer(request: Request) -> JSONResponse:
        return JSONResponse({"state": live.steer((await _json(request)).get("do"))})


# ── what may be sent, for those who read /api/openapi.json ─────────────────────────────────────────────


def settings_schema() -> dict[str, Any]:
    """The settings of one run."""
    from ..inference.settings import Settings
    from ..settings import settings_of

    known = {name: one.schema for name, one in settings_of(Settings).items()}
    return {"type": "object", "additionalProperties": False, "properties": known}


def _bodies() -> dict[str, Any]:
    """What each request may hold."""
    from .problems import PRESETS

    number = {"type": "number", "minimum": -1e6, "maximum": 1e6}
    row = {"type": "array", "items": number, "minItems": 1, "maxItems": 3}
    text = {"type": "string"}
    whole = {"type": "integer"}
    problems: dict[str, dict[str, Any]] = {
        "lesson": {"number": {**whole, "minimum": 0, "maximum": 21}, "seed": whole},
        "preset": {"name": {"enum": list(PRESETS)}},
        "function": {"formula": {**text, "maxLength": 60}, "derivative": {"type": ["string", "null"]}},
        "points": {
            "task": {"enum": ["regression", "classes"]},
            "points": {"type": "array", "items": row, "maxItems": 20},
        },
        "rows": {
            "X": {"type": "array", "items": row, "maxItems": 9},
            "y": {"type": "array", "items": number, "maxItems": 9},
        },
        "table": {"id": text, "name": text, "target": text},
    }
    kinds = [
        {"type": "object", "properties": {"kind": {"const": kind}, **parts}, "required": ["kind", *parts][:2]}
        for kind, parts in problems.items()
    ]
    settings = settings_schema()
    problem = {"problem": {"oneOf": kinds}}
    several = {"runs": {"type": "array", "items": settings, "minItems": 1, "maxItems": 3}}
    window = {
        "window": {"type": ["array", "null"], "items": {"type": "array", "items": number}, "maxItems": 2}
    }
    bodies: dict[str, dict[str, Any]] = {
        "problem": {**problem, "settings": settings},
        "runs": {**problem, **several, **window, "draft": {"type": "boolean"}},
        "window": {**problem, **several, **window},
        "code": {**problem, "settings": settings, "library": {"enum": ["downslope", "numpy", "pytorch"]}},
        "csv": {**problem, "settings": settings},
        "gif": {**problem, "settings": settings},
        "report": {**problem, **several, "lang": {"enum": ["en", "zh"]}},
        "live": {"do": {"enum": ["pause", "go", "stop"]}},
    }
    kinds_of_body = {
        name: {"application/json": {"type": "object", "properties": parts, "required": list(parts)[:1]}}
        for name, parts in bodies.items()
    } | {"upload": {"application/octet-stream": {**text, "format": "binary"}}}
    return {
        name: {
            "requestBody": {
                "required": True,
                "content": {kind: {"schema": schema} for kind, schema in content.items()},
            }
        }
        for name, content in kinds_of_body.items()
    }

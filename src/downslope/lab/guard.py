"""Who may speak to the page's server: only the page itself, on the machine that it was opened on.

Against DNS rebinding the Host of every request must be one that the server was bound to; against other sites'
scripts its Origin must be the page's own, and a body must be of a kind that no form can send.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from html import escape
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from .localized import encoded, localized

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
COOKIE = "downslope_lab"
BODY = 2 << 20  # bytes of JSON
UPLOAD = 32 << 20  # bytes of a file
SECONDS = 20.0  # for one request
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Guard:
    """Refuses what does not come from the page; adds to each answer the headers that keep it in its place."""

    def __init__(self, app: Any, hosts: tuple[str, ...] = LOOPBACK, token: str | None = None):
        self.app, self.hosts, self.token = app, hosts, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return  # no websocket is spoken here

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                extra = {"cache-control": "no-store", **HEADERS}
                more = [(n.encode(), v.encode()) for n, v in extra.items() if n.encode() not in there]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        if self._enters(scope):
            place = {
                "location": "/",
                "set-cookie": f"{COOKIE}={self.token}; HttpOnly; SameSite=Strict; Path=/",
            }
            await _answer(sending, 303, b"", place)
            return
        status, key = self._refusal(scope, headers)
        if status:
            sentence = localized(key, host=headers.get("host", "")[:100])
            if scope["path"] == "/" and "text/html" in headers.get("accept", ""):  # a person, not the page
                lines = "".join(f'<p lang="{tongue}">{escape(line)}</p>' for tongue, line in sentence.items())
                body = f"<!doctype html><meta charset=utf-8><title>Downslope</title>{lines}".encode()
                await _answer(sending, status, body, {"content-type": "text/html; charset=utf-8"})
                return
            body = encoded({"error": sentence, "key": key})
            await _answer(sending, status, body, {"content-type": "application/json"})
            return
        await self.app(scope, receive, sending)

    def _enters(self, scope: Scope) -> bool:
        """Whether this is the first visit, with the token in the address."""
        if self.token is None or scope["method"] != "GET" or scope["path"] != "/":
            return False
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        return hmac.compare_digest(given.encode(), self.token.encode())

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str]:
        """(status, key of the sentence); (0, "") for a request that may pass."""
        host = headers.get("host", "")
        if self.hosts and _without_port(host) not in self.hosts:
            return 403, "lab.host"
        origin = headers.get("origin")
        if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
            return 403, "lab.origin"
        arrives = scope["method"] in ("GET", "HEAD") and scope["path"] == "/"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not arrives:
            return 403, "lab.origin"
        if self.token is not None and not hmac.compare_digest(_cookie(headers).encode(), self.token.encode()):
            return 403, "lab.token"
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return 405, "lab.method"
        if scope["method"] == "POST":
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            sent = scope["path"] == "/api/upload"
            if kind != ("application/octet-stream" if sent else "application/json"):
                return 415, "lab.content_type"
            length = headers.get("content-length", "0")
            if not length.isdecimal() or int(length) > (UPLOAD if sent else BODY):
                return 413, "lab.too_large"
        return 0, ""


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()


def _cookie(headers: dict[str, str]) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


async def _answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    pairs.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})

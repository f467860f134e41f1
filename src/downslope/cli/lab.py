"""`lab` and `report`: a descent in a page, served from this machine, or in one file that needs no server."""

from __future__ import annotations

import logging
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..arguments import whole
from ..errors import DownslopeError
from ..messages import text
from . import options as o

if TYPE_CHECKING:
    from ..inference import Training

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def lab(
    run: o.OpenedRun = None,
    lessons: o.Lessons = None,
    port: o.Port = "8765",
    host: o.Host = "127.0.0.1",
    no_browser: o.NoBrowser = False,
    lang: o.Lang = None,
) -> int:
    """Open the lab, a page on this machine."""
    opened = None
    if lessons is not None:
        from ..lessons import add_from

        add_from(lessons)
    if run is not None:
        from ..inference import load

        load(run)  # what is no run is refused before there is a server
        opened = Path(run).resolve()
    serve(host, whole(0).read("--port", port), not no_browser, opened=opened)
    return 0


def report(run: o.Run, out: o.Page = "report.html", force: o.Force = False, lang: o.Lang = None) -> int:
    """Write a run as a page in one file, which opens offline and plays."""
    from . import files, show

    files.check_file(out, (".html", ".htm"), force)
    from ..lab import report as page
    from ..lab.saved import opened
    from ..lab.tasks import trace_csv

    document, _, ran = opened(run)
    document["runs"][0]["trace_csv"] = trace_csv(ran)
    show.written(show.console(), [page.write(document, out, force)])
    return 0


def serve(host: str, port: int, browser: bool, **more: Any) -> None:
    """Serve the page until Ctrl-C. `more` is for the application."""
    server, address = prepared(host, port, browser, **more)
    print(text("cli.lab_open", address=address), file=sys.stderr)
    with suppress(KeyboardInterrupt):  # Ctrl-C is how a page is closed
        server.run(sockets=[server.socket])


class LivePage:
    """The page of a fit or of a script, served while it runs."""

    def __init__(self, live: Any):
        self.live = live
        self.goes_on = live.goes_on
        server, address = prepared("127.0.0.1", 0, True, live=self.live)
        self.server = server
        self.thread = threading.Thread(target=server.run, kwargs={"sockets": [server.socket]}, daemon=True)
        self.thread.start()
        print(text("cli.lab_open", address=address), file=sys.stderr)

    @classmethod
    def of(cls, training: Training, name: str) -> LivePage:
        """The page of a fit."""
        from ..lab.live import Live
        from ..lab.localized import plain

        return cls(Live(training, plain(name)))

    def stay(self) -> None:
        """Show the whole fit until Ctrl-C."""
        if self.live.document is None:
            self.live.finish()
        print(text("cli.lab_stays"), file=sys.stderr)
        with suppress(KeyboardInterrupt):
            while self.thread.is_alive():
                self.thread.join(0.5)
        self.server.should_exit = True
        self.thread.join(5)


def prepared(host: str, port: int, browser: bool, **more: Any) -> tuple[Any, str]:
    """A server that has its port and waits to be run, and the address of its page. Anywhere but on
    the loopback it asks for a token, which the address holds."""
    _refuse_without("fastapi", "uvicorn")
    import secrets

    import uvicorn

    from ..lab.server import LOOPBACK as names
    from ..lab.server import application

    bound = _bound(host, port)
    port = bound.getsockname()[1]
    token = None if host in LOOPBACK else secrets.token_urlsafe(24)
    name = f"[{host}]" if ":" in host else host
    seen = _own_address(bound) if host in ("0.0.0.0", "::") else name
    address = f"http://{seen}:{port}/" + ("" if token is None else f"?token={token}")
    hosts = names if host in LOOPBACK else () if host in ("0.0.0.0", "::") else (name.lower(),)
    opening: Callable[[], None] | None = (lambda: _open(address)) if browser else None
    app = application(hosts=hosts, token=token, ready=opening, **more)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, date_header=False
    )

    class Server(uvicorn.Server):
        """Quiet when it is closed: what was being sent to a page then is no error."""

        def handle_exit(self, number, frame):
            for name in ("uvicorn.error", "asyncio"):
                logging.getLogger(name).setLevel(logging.CRITICAL + 1)
            super().handle_exit(number, frame)

    server: Any = Server(config)
    server.socket = bound
    return server, address


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens at the port, so that a browser that is sent there before the server runs
    waits and is not refused; port 0 is any that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(2048)
    except (OSError, OverflowError) as error:
        bound.close()
        reason = getattr(error, "strerror", None) or error
        raise DownslopeError("cli.lab_port", host=host, port=port, reason=reason) from None
    return bound


def _own_address(bound: socket.socket) -> str:
    """How other machines reach this one; its name where it has no route to any."""
    with suppress(OSError), socket.socket(bound.family, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1" if bound.family == socket.AF_INET else "2001:db8::1", 9))  # sends nothing
        found = probe.getsockname()[0]
        return f"[{found}]" if ":" in found else found
    return socket.gethostname()


def _open(address: str) -> None:
    threading.Timer(0.3, webbrowser.open, [address]).start()


def _refuse_without(*libraries: str) -> None:
    from importlib.util import find_spec

    for library in libraries:
        if find_spec(library) is None:
            raise DownslopeError("lab.library_missing", library=library)

"""Signals that end a command: Ctrl-C, SIGTERM of a scheduler, SIGHUP of a terminal that was closed.

All three end it in the same way: the update is finished, what was learned is saved, workers are ended, and
the exit code is 128 + the signal's number: 130, 143 or 129.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_received: list[int] = []  # the signals that reached this command; signals belong to the process as this does


@contextmanager
def ending(stop: Callable[[], None]) -> Iterator[None]:
    """While it lasts, `stop` is called at each of these signals. SIGHUP that the parent process chose to
    ignore, as nohup does, stays ignored; only the main thread receives signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(number, frame) -> None:
        _received.append(number)
        stop()

    before = {number: signal.getsignal(number) for number in ENDING}
    ignored = {number for number, handler in before.items() if handler == signal.SIG_IGN}
    heard = [n for n in ENDING if before[n] is not None and (n == signal.SIGINT or n not in ignored)]
    for number in heard:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])


@contextmanager
def interrupting() -> Iterator[None]:
    """Every ending signal raises KeyboardInterrupt, as Ctrl-C does."""

    def stop() -> None:
        raise KeyboardInterrupt

    _received.clear()
    with ending(stop):
        yield


def exit_code(code: int) -> int:
    """130, "ended by a signal", as the code of the signal that it was."""
    return 128 + _received[-1] if code == 130 and _received else code

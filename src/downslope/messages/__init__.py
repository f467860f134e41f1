"""Everything that Downslope says to a person, in English and in Chinese.

One table for each room of the house: a key, then the text in both languages. Code never holds a
sentence; it holds a key and the facts that fill the sentence's braces. A test reads all tables
and every use of a key.
"""

from __future__ import annotations

import locale
import os
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module

LANGUAGES = ("en", "zh")
TABLES = (
    "arguments",
    "certificate",
    "checkpoint",
    "cli",
    "cluster",
    "data",
    "descent",
    "estimators",
    "export",
    "functions",
    "inference",
    "insight",
    "instruments",
    "lab",
    "lessons",
    "logbook",
    "model",
    "nets",
    "plots",
    "scripts",
)
_chosen: ContextVar[str | None] = ContextVar("downslope_language", default=None)


def language() -> str:
    """The language that texts are told in: the one chosen, else DOWNSLOPE_LANG, else English.

    >>> with speaking("zh"):
    ...     language()
    'zh'
    """
    chosen = _chosen.get() or os.environ.get("DOWNSLOPE_LANG", "")
    if chosen in LANGUAGES:
        return chosen
    spoken = locale.getlocale(locale.LC_MESSAGES)[0] if hasattr(locale, "LC_MESSAGES") else None
    spoken = spoken or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "zh" if spoken.startswith("zh") else "en"


@contextmanager
def speaking(lang: str | None):
    """Within this block, texts are told in `lang` ("en" or "zh"); None leaves the language as it is."""
    token = _chosen.set(lang if lang in LANGUAGES else _chosen.get())
    try:
        yield
    finally:
        _chosen.reset(token)


def text(key: str, /, **facts) -> str:
    """The sentence of `key` ("room.name") in the current language, with its facts filled in.

    >>> with speaking("en"):
    ...     text("data.no_such_file", path="rows.csv").startswith("rows.csv")
    True
    """
    room = key.partition(".")[0]
    table = import_module(f"downslope.messages.{room}").TEXTS
    return table[key][LANGUAGES.index(language())].format(**facts)

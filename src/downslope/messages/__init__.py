"""Everything that Downslope says to a person: a folder for each language, with a TOML table for each room.

`en/data.toml` holds what data/ says: a key, then the sentence. A long table lies in several files:
`lessons_models.toml` is a part of lessons. Code never holds a sentence; it holds a key ("data.no_rows") and
the values that fill the sentence's braces. A test reads all tables and every use of a key. A third language
is a third folder.
"""

from __future__ import annotations

import locale
import os
import re
import tomllib
from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
LANGUAGES = tuple(sorted(path.parent.name for path in FOLDER.glob("*/cli.toml")))
_chosen: ContextVar[str | None] = ContextVar("downslope_language", default=None)
_form: ContextVar[Callable[[str], str]] = ContextVar("downslope_form", default=str)


def language() -> str:
    """The language of texts: the one chosen, else DOWNSLOPE_LANG, else English.

    >>> with speaking("zh"):
    ...     language()
    'zh'
    """
    chosen = _chosen.get() or os.environ.get("DOWNSLOPE_LANG", "")
    if chosen in LANGUAGES:
        return chosen
    spoken = locale.getlocale(locale.LC_MESSAGES)[0] if hasattr(locale, "LC_MESSAGES") else None
    spoken = spoken or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return next((language for language in LANGUAGES if spoken.startswith(language)), "en")


@contextmanager
def speaking(lang: str | None):
    """Within this block, texts are in `lang` ("en" or "zh"); None leaves the language as it is."""
    token = _chosen.set(lang if lang in LANGUAGES else _chosen.get())
    try:
        yield
    finally:
        _chosen.reset(token)


@contextmanager
def writing(form: Callable[[str], str]):
    """Within this block, the settings that sentences name are written by `form`, such as as options: between
    ⟦ and ⟧ a sentence holds a setting as Python writes it, ⟦penalty="l2"⟧ or ⟦alpha⟧."""
    token = _form.set(form)
    try:
        yield
    finally:
        _form.reset(token)


def text(key: str, /, **facts) -> str:
    """The sentence of `key` ("room.name") in the current language, with its facts filled in.

    >>> with speaking("en"):
    ...     text("data.no_such_file", path="rows.csv").startswith("rows.csv")
    True
    """
    room, _, name = key.partition(".")
    sentences = room_texts(room, language())
    if name not in sentences:  # by its whole name: a fact that the sentence lacks is a KeyError, too
        raise KeyError(key)
    sentence = sentences[name]
    if language() == "en" and any(str(fact) == "1" for fact in facts.values()):
        sentence = singular(sentence, facts)
    first, *parts = re.split("[⟦⟧]", sentence)
    said = [first.format(**facts)]
    for place, part in enumerate(parts):
        filled = part.format(**facts)
        said.append(filled if place % 2 else _form.get()(filled))
    return "".join(said)


NOUNS = (
    "rows|epochs|updates|weights|values|numbers|columns|files|outputs|classes|losses|folds|units|workers|characters|"
    "lines|combinations|variables|starts|differences|replicates|points|names|arguments|descents|clusters|groups|"
    "gradients|batches|records|dimensions|partitions|cells|categories|samples|levels|derivatives|calls|shards|"
    "seconds|degrees|lags|runs|mistakes|alphas|predictions|layers|logs|steps|parts|machines|threads|months"
)
IRREGULAR = {"classes": "class", "losses": "loss", "batches": "batch", "categories": "category"}
NAMES = (
    "loop",
    "line",
    "column",
    "method",
    "metric",
    "kind",
    "path",
    "shape",
    "targets",
    "asked",
)  # may be a "1"
VERBS = {"were": "was", "are": "is", "have": "has", "occur": "occurs", "use": "uses"}
_NOUN = rf"((?: (?!of|its|all|above|after)[a-z-]+){{0,2}}?) ({NOUNS})\b"
_COUNTED = re.compile(rf"(\{{(\w+)[^{{}}]*\}}){_NOUN}(?: ({'|'.join(VERBS)})\b)?")
_PART = re.compile(rf"(\{{(\w+)[^{{}}]*\}} of (?:its |all )?\{{\w+[^{{}}]*\}}{_NOUN}) ({'|'.join(VERBS)})\b")


def singular(sentence: str, facts: dict) -> str:
    """An English sentence: nouns behind a number that is 1, and their verbs, in the singular.

    >>> singular("{rows} rows are left, {epochs} epochs were made", {"rows": 1, "epochs": 2})
    '{rows} row is left, {epochs} epochs were made'
    """

    def counted(found: re.Match) -> str:
        number, name, between, noun, verb = found.groups()
        fact = facts.get(name)
        if str(fact) != "1" or name in NAMES[:2] or (isinstance(fact, str) and name in NAMES):
            return found[0]
        verb = f" {VERBS[verb]}" if verb else ""
        return f"{number}{between} {IRREGULAR.get(noun, noun[:-1])}{verb}"

    def part(found: re.Match) -> str:
        return f"{found[1]} {VERBS[found[5]]}" if str(facts.get(found[2])) == "1" else found[0]

    return _COUNTED.sub(counted, _PART.sub(part, sentence))


@cache
def room_texts(room: str, language: str) -> dict[str, str]:
    """Name → sentence of one room in one language."""
    paths = [FOLDER / language / f"{room}.toml", *sorted((FOLDER / language).glob(f"{room}_*.toml"))]
    return {name: sentence for path in paths for name, sentence in read_table(path).items()}


def read_table(path: Path) -> dict[str, str]:
    """Name → sentence of one file."""
    return tomllib.loads(path.read_text(encoding="utf-8"))

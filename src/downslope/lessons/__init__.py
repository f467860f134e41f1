"""The lessons: small programs that run on the same engine as ds.fit and explain what they do.

Each is a folder; folder.py describes its files.
"""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from string import Formatter
from typing import Any

from ..errors import DownslopeError, nearest
from ..inference.settings import Settings
from ..messages import LANGUAGES
from .folder import NAMED, PARTS, Lesson, sentences

FOLDER = Path(__file__).parent
# of a lesson from elsewhere: the largest number, the most states, how a figure is written, what is suggested
MOST, STATES = 9_999, 6
LARGEST = 1 << 20  # bytes of its files of text
FORM = re.compile(r"[<>]?\d{0,2}(\.\d{1,2})?[efg%]?")
COMMAND = re.compile(r"downslope [^;|&`$<>\\\x00-\x1f\x7f]*")


def _ours(folder: Path) -> Lesson:
    """A lesson of this package: two_class_net/ may hold a class TwoClassNet."""
    if not (folder / "__init__.py").is_file():
        return Lesson(folder)
    kind = "".join(word.title() for word in folder.name.split("_"))
    return getattr(import_module(f".{folder.name}", __name__), kind)(folder)


_found = [_ours(path.parent) for path in FOLDER.glob("*/lesson.toml")]
LESSONS: dict[int, Lesson] = {found.number: found for found in sorted(_found, key=lambda found: found.number)}


def lesson(number: int, **settings: Any) -> Lesson:
    """A new lesson, not yet run. `settings`: the `seed`, if it uses random numbers.

    Raises DownslopeError for a number or a setting that does not exist.

    >>> lesson(5, seed=3).number
    5
    """
    if number not in LESSONS:
        raise DownslopeError("lessons.unknown", asked=number, known=", ".join(map(str, LESSONS)))
    found = LESSONS[number]
    known = ["seed"] if found.data.draws else []
    for name in settings:
        if name not in known:
            choices = nearest(name, known) or "–"
            raise DownslopeError("lessons.unknown_setting", number=number, asked=name, known=choices)
    return replace(found, **settings)


def add(folder: str | Path) -> Lesson:
    """Add the lesson in a folder to LESSONS, for Python, the command line and the lab of this process.

    Nothing of it is executed, and nothing outside it is read: a Python file, a link that leads elsewhere, and
    a sentence that asks for more than a number are refused.
    A folder that was changed may be added again.
    Raises DownslopeError if the folder is not a valid lesson, or its number is that of another one.
    """
    added = Lesson(Path(folder))
    if any(added.folder.rglob("*.py")):
        raise DownslopeError("lessons.python", folder=folder)
    if any(path.stat().st_size > LARGEST for path in added.folder.glob("*.toml")):
        raise DownslopeError("lessons.large", folder=folder, most=LARGEST >> 20)
    table = sentences(added.folder, "en")
    missing = [name for name in ("title", *PARTS) if name not in table]
    if not missing:
        missing = [name for ask in added.data.questions for name in ask.sentences if name not in table]
    if missing:
        raise DownslopeError("lessons.missing", folder=folder, missing=", ".join(missing[:7]))
    data, path = added.data, added.folder / "lesson.toml"
    if added.number in LESSONS and LESSONS[added.number].folder.resolve() != added.folder.resolve():
        raise DownslopeError("lessons.taken", number=added.number, title=LESSONS[added.number].title())
    if not 0 < added.number <= MOST:
        raise DownslopeError("lessons.number", path=path, asked=added.number, most=MOST)
    if not COMMAND.fullmatch(data.command):
        raise DownslopeError("lessons.command", path=path)
    if len(data.states) > STATES:
        raise DownslopeError("lessons.states", path=path, most=STATES)
    for question in data.questions:
        if question.answer is None and not question.reach:
            raise DownslopeError("lessons.answer", path=path, name=question.name)
    filled = set()
    for state, changes in (data.states or {"": {}}).items():  # a problem, a setting or a formula that is none
        training = Settings.of(changes, added.settings).training(added.problem_of(state))
        names = ("loss", "epochs", "verdict", *training.trace.names[:NAMED])
        filled |= {f"{name}_{state}" if state else name for name in names}
    for language in LANGUAGES:
        for name, sentence in sentences(added.folder, language).items():
            _check_sentence(added.folder, name, sentence, filled)
    LESSONS[added.number] = added
    return added


def add_from(folder: str | Path) -> list[Lesson]:
    """Add the lesson in a folder, or the lessons in the folders of a folder.

    Raises DownslopeError if there is none, or one of them is not a valid lesson.
    """
    folder = Path(folder)
    if (folder / "lesson.toml").exists():
        return [add(folder)]
    found = sorted(path.parent for path in folder.glob("*/lesson.toml"))
    if not found:
        raise DownslopeError("lessons.none", folder=folder)
    return [add(path) for path in found]


def folders() -> list[Path]:
    """The folders of the lessons that were added."""
    return [each.folder.resolve() for each in LESSONS.values() if each.folder.parent != FOLDER]


def _check_sentence(folder: Path, name: str, sentence: str, known: set[str]) -> None:
    """A sentence may hold figures by name, as {loss} or {loss:.3f}, and nothing that moves a cursor."""
    if any(not letter.isprintable() for letter in sentence.replace("\n", "")):
        raise DownslopeError("lessons.letter", folder=folder, name=name)
    try:
        fields = [field[1:] for field in Formatter().parse(sentence) if field[1] is not None]
    except ValueError as error:
        raise DownslopeError("lessons.folder", path=folder, reason=f"{name}: {error}") from None
    for field, form, turned in fields:
        plain = not form or (FORM.fullmatch(form) and not str(field).startswith("verdict"))
        if field not in known or turned or not plain:
            asked = "{" + f"{field}:{form}".rstrip(":")[:60] + "}"
            choices = nearest(str(field), sorted(known))
            raise DownslopeError("lessons.figure", folder=folder, name=name, asked=asked, known=choices)

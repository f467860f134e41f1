"""The lessons: small programs that run on the same engine as ds.fit and explain what they do.

Each is a folder; folder.py describes its files.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import DownslopeError, nearest
from ..inference.settings import Settings
from .folder import PARTS, Lesson, sentences

FOLDER = Path(__file__).parent


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

    Raises DownslopeError if the folder is not a valid lesson, or its number exists.
    """
    added = Lesson(Path(folder))
    missing = [part for part in ("title", *PARTS) if part not in sentences(added.folder, "en")]
    if missing:
        raise DownslopeError("lessons.missing", folder=folder, missing=", ".join(missing))
    if added.number in LESSONS:
        raise DownslopeError("lessons.taken", number=added.number, title=LESSONS[added.number].title())
    for changes in ({}, *added.data.states.values()):  # a problem, a setting or a formula that is none
        Settings.of(changes, added.settings).training(added.problem)
    LESSONS[added.number] = added
    return added

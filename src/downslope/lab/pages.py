"""The page's files, its words in both languages, and what it needs to begin."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import __version__
from ..messages import FOLDER as FOLDER_OF_TEXTS
from ..messages import LANGUAGES, read_table
from .guard import SECONDS, UPLOAD

FOLDER = Path(__file__).parent / "page"
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
CONTROLS = (
    *(
        "problem",
        "upload",
        "rows",
        "direction",
        "learning_rate",
        "schedule",
        "batch_size",
        "order",
        "momentum",
        "grid",
    ),
    *("loss", "penalty", "alpha", "penalty_on", "class_weights", "threshold", "epochs", "start", "seed"),
    *("intercept", "scale", "hidden", "activation"),
    *("runs", "code"),
)


def file(name: str) -> tuple[bytes, str] | None:
    """A file of the page and its kind; None where there is none of that name."""
    path = FOLDER / name
    if path.suffix not in KINDS or path.name != name or not path.is_file():
        return None
    return path.read_bytes(), f"{KINDS[path.suffix]}; charset=utf-8"


def index(source: Mapping[str, Any] | None = None) -> str:
    """The page itself; of a watched script with its lines, the one that moves the weights highlighted."""
    whole = (FOLDER / "index.html").read_text(encoding="utf-8")
    if source is None:
        return whole
    mark = ' class="moves"'
    lines = [
        f"<code{mark if number == source['moves'] else ''}>{html.escape(line)}</code>"
        for number, line in enumerate(source["lines"], 1)
    ]
    return whole.replace(" hidden></pre>", f">{''.join(lines)}</pre>", 1)


def texts() -> dict[str, dict[str, str]]:
    """Every text of the page, by language and key."""
    tables = {language: read_table(FOLDER_OF_TEXTS / language / "lab_page.toml") for language in LANGUAGES}
    return {
        language: {f"lab.{name}": sentence for name, sentence in table.items()}
        for language, table in tables.items()
    }


def beginning(wish: str, offline: bool = False, **more: Any) -> dict[str, Any]:
    """What the page needs before anything is asked."""
    from ..inference.table import MOST_EPOCHS
    from ..lessons import LESSONS
    from .document import RUNS
    from .localized import in_each_language, localized
    from .problems import POINTS, PRESETS

    lessons = [{"number": n, "title": in_each_language(lesson.title)} for n, lesson in LESSONS.items()]
    presets = [
        {
            "name": name,
            "title": localized(f"lab.preset_{name}"),
            "about": localized(f"lab.about_{name}"),
            "formula": preset.formula,
            "start": dict(preset.start),
        }
        for name, preset in PRESETS.items()
    ]
    limits = {
        "runs": RUNS,
        "epochs": MOST_EPOCHS,
        "upload_bytes": UPLOAD,
        "points": POINTS,
        "seconds": SECONDS,
    }
    return {
        "version": __version__,
        "offline": offline,
        "texts": texts(),
        "wish": wish,
        "lessons": lessons,
        "presets": presets,
        "controls": CONTROLS,
        "limits": limits,
        "opened": None,
        "token": None,  # of a server that asks for one: a link holds it
        "live": False,
        **more,
    }

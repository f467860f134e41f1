"""`lesson`: run a lesson of the course and print it, or list all lessons."""

from __future__ import annotations

from ..errors import DownslopeError
from ..messages import text
from . import options as o


def lesson(
    number: o.Number = None,
    folder: o.From = None,
    plot: o.Plot = None,
    force: o.Force = False,
    json: o.Json = False,
    lang: o.Lang = None,
) -> int:
    """Print a lesson, or list all lessons."""
    from ..lessons import LESSONS, add_from
    from . import files, show

    added = [] if folder is None else add_from(folder)
    if number is None and len(added) == 1:
        number = str(added[0].number)
    if number is None:
        _list(LESSONS, json)
        return 0
    if not number.isdecimal() or int(number) not in LESSONS:
        known = ", ".join(str(known) for known in sorted(LESSONS))
        raise DownslopeError("cli.no_such_lesson", asked=number, known=known)
    files.check_picture(plot, force)
    chosen = LESSONS[int(number)]
    if json:
        show.as_json({"lesson": int(number), "title": chosen.title(), "figures": chosen.figures()})
    else:
        for line in chosen.tell():
            print(line)
    if plot is not None:
        from .. import plots

        picture = chosen.picture()
        if picture is None:
            raise DownslopeError("cli.no_picture", number=number)
        path = plots.save(picture, plot, overwrite=force)
        if not json:
            show.written(show.console(), [path])
    return 0


def _list(lessons, json: bool) -> None:
    from . import show

    if json:
        show.as_json({"lessons": {number: lesson.title() for number, lesson in sorted(lessons.items())}})
        return
    for number, lesson in sorted(lessons.items()):
        print(f"{number:>3}  {lesson.title()}")
    print()
    print(text("cli.lesson_how"))

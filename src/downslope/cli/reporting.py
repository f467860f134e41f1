"""The report of `watch` and `judge`: printed on stderr, as one JSON document, as a run, a picture, a log."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import DownslopeError
from ..messages import text
from . import files


def check(
    document: str | None = None, out: str | None = None, plot: str | None = None, log: Any = None, force=False
) -> Any:
    """Refuse outputs that could not be written, before the script runs. Returns the log book of --log."""
    if document not in (None, "-"):
        files.check_file(document, (".json",), force)
    files.check_run(out, force)
    files.check_picture(plot, force)
    return files.check_log(log, force, out=out, plot=plot)


def tell(
    seen: Any,
    document: str | None = None,
    out: str | None = None,
    plot: str | None = None,
    book: Any = None,
    force: bool = False,
    fixed: Any = None,
    quiet: bool = False,
) -> None:
    """Print the report on stderr; write the document (a file, or "-" for the last line of stdout), the run
    folder, the picture and the log. `fixed`: what the mended script came to (`watching.fixing.Fixed`)."""
    written: list[Any] = []
    if out is not None:
        written.append(seen.save(out, force))
    if plot is not None:
        written.append(picture(seen, plot, force, fixed))
    if book is not None:
        seen.log(book)
    if not quiet:
        lines = [text("watching.report"), *seen.lines(), *(fixed.lines() if fixed is not None else ())]
        lines += [text("cli.written", path=path) for path in written]
        with suppress(OSError):  # a terminal that has gone
            print("\n".join(lines), file=sys.stderr)
    if document is not None:
        content = seen.to_json()
        if fixed is not None:
            content["fixed"] = fixed.to_json()
        if document == "-":
            sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            _write(Path(document), json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def picture(seen: Any, path: str, force: bool, fixed: Any = None) -> Path:
    """Loss and weights; of a mended script the losses of both runs."""
    from .. import plots

    if fixed is not None:
        both = {text("watching.as_it_was"): seen.trace, text("watching.as_mended"): fixed.seen.trace}
        return plots.save(plots.panels(lambda ax: plots.loss(both, ax)), path, overwrite=force)
    trace = seen.trace
    drawn = [lambda ax: plots.loss(trace, ax)]
    if 0 < len(trace.names) <= 50:
        drawn.append(lambda ax: plots.weights(trace, ax))
    return plots.save(plots.panels(*drawn), path, overwrite=force)


def exit_code(seen: Any, code: int, strict: bool) -> int:
    """The script's exit code; 3 with --strict where the verdict is sick and the script itself succeeded."""
    return 3 if strict and code == 0 and seen.sick else code


def _write(path: Path, content: str) -> None:
    try:
        with files.taking_the_place_of(path) as part:
            part.write_text(content, encoding="utf-8")
    except OSError as error:
        raise DownslopeError("cli.not_written", path=path, reason=error.strerror or error) from None

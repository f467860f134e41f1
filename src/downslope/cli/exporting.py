"""`export`: a run as an ONNX graph, or as a script that needs one library alone."""

from __future__ import annotations

import sys
from pathlib import Path

from ..errors import DownslopeError
from ..messages import text
from . import options as o


def export(
    run: o.Run,
    onnx: o.Onnx = None,
    code: o.Code = None,
    out: o.Script = None,
    force: o.Force = False,
    json: o.Json = False,
    lang: o.Lang = None,
) -> int:
    """Write a run as a file that needs no Downslope."""
    from ..inference import Solution, load
    from ..inference.export import export_code, export_onnx
    from . import files, show

    if (onnx is None) == (code is None) or (onnx is not None and out is not None):
        raise DownslopeError("cli.export_what", run=run)
    files.check_file(onnx, (".onnx",), force)
    files.check_file(out, (".py",), force)
    solution = load(run)
    if not isinstance(solution, Solution):
        raise DownslopeError("cli.of_watched", path=run)
    if onnx is not None:
        export_onnx(solution, onnx, force)
    else:
        script = export_code(solution, code or "")
        if out is not None:
            with files.taking_the_place_of(Path(out)) as part:
                part.write_text(script, encoding="utf-8")
        elif not json:
            sys.stdout.write(script)
            return 0
    if json:
        show.as_json({"out": onnx or out, "code": script if onnx is None and out is None else None})
        return 0
    page = show.console()
    if onnx is not None:
        page.print(text("cli.export_checked"))
    show.written(page, [onnx or out])
    return 0

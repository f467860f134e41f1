"""The house in figures: `python tools/house.py count` and `python tools/house.py walk`.

count: lines of code in src, without docstrings, comments, blank lines and the sentences of messages.
walk:  the calls from a learning rate on the command line to the update, and from a row of a CSV file to the
gradient; only frames of src/downslope count.
"""

from __future__ import annotations

import ast
import contextlib
import io
import sys
import tempfile
import tokenize
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "downslope"
SILENT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENCODING, tokenize.ENDMARKER,
}  # fmt: skip


def code_lines(text: str) -> int:
    """Lines of a module that hold code."""
    documented: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        body = getattr(node, "body", None)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and body:
            first = body[0]
            if isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str):
                documented |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in SILENT:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - documented)


def count() -> dict[str, int]:
    """Room → lines of code."""
    rooms: dict[str, int] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        inside = path.relative_to(SOURCE)
        if "messages" not in inside.parts[:-1]:
            room = inside.parts[0] if len(inside.parts) > 1 else "(top)"
            rooms[room] = rooms.get(room, 0) + code_lines(path.read_text(encoding="utf-8"))
    return rooms


def walk(words: list[str], ends: tuple[str, str]) -> list[str]:
    """The stack of our own calls, from the command line to the first call of the function that `ends` names
    (file, function), with each call that was entered on the way and had returned left out."""
    from downslope import cli

    stack: list[str] = []

    def profile(frame, event, _):
        code = frame.f_code
        if event != "call" or stack or not code.co_filename.endswith(ends[0]) or code.co_name != ends[1]:
            return
        while frame is not None:
            place = Path(frame.f_code.co_filename)
            if SOURCE in place.parents:
                stack.append(f"{place.relative_to(SOURCE)}:{frame.f_code.co_name}")
            frame = frame.f_back

    sys.setprofile(profile)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            cli.main(words)
    finally:
        sys.setprofile(None)
    return stack[::-1]


def main(words: list[str]) -> None:
    if words[:1] == ["walk"]:
        with tempfile.TemporaryDirectory() as folder:
            rows = Path(folder, "rows.csv")
            rows.write_text("x,y\n1,2\n2,4\n3,6\n")
            line = ["fit", str(rows), "--target", "y", "--method", "gd", "--learning-rate", "0.01"]
            for ends in (("descent/directions.py", "move"), ("model/linear.py", "at_predictor")):
                calls = walk([*line, "--json"], ends)
                files = {call.split(":")[0] for call in calls}
                print(f"\n{len(calls)} calls through {len(files)} files, to {ends[1]}", *calls, sep="\n  ")
        return
    rooms = count()
    for room, lines in rooms.items():
        print(f"{lines:7,}  {room}")
    print(f"{sum(rooms.values()):7,}  in all")


if __name__ == "__main__":
    main(sys.argv[1:])

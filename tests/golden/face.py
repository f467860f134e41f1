"""The public face: names, signatures, defaults, options of the command line, keys of --json.

`python tests/golden/face.py` writes face.json; `tests/test_golden.py` holds that nothing in it is lost or
changed.
"""

from __future__ import annotations

import inspect
import json
import re
import warnings
from pathlib import Path

FILE = Path(__file__).with_name("face.json")


def signature(thing) -> dict[str, str] | None:
    """Parameter → its default, as text."""
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return None
    empty = inspect.Parameter.empty
    return {
        one.name: "required" if one.default is empty else re.sub(r" at 0x\w+", "", repr(one.default))
        for one in parameters
    }


def python_face() -> dict[str, dict]:
    import downslope

    face: dict[str, dict] = {}
    for name in sorted({*downslope.__all__, *downslope._RENAMED}):
        thing = getattr(downslope, name)
        if inspect.ismodule(thing):
            here = {
                key
                for key, value in vars(thing).items()
                if not key.startswith("_") and getattr(value, "__module__", None) == thing.__name__
            }
            face[name] = {"names": sorted(getattr(thing, "__all__", here))}
            continue
        face[name] = {"signature": signature(thing)}
        if inspect.isclass(thing):
            public = [key for key in dir(thing) if not key.startswith("_")]
            face[name]["methods"] = {
                key: signature(getattr(thing, key)) for key in public if callable(getattr(thing, key, None))
            }
            face[name]["attributes"] = [key for key in public if not callable(getattr(thing, key, None))]
    return face


def command_face() -> dict[str, dict]:
    import typer

    from downslope import cli

    group = typer.main.get_command(cli.app)
    return {
        name: {"/".join(parameter.opts): repr(parameter.default) for parameter in command.params}
        for name, command in sorted(group.commands.items())
    }


def whole_face() -> dict[str, dict]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # names of earlier versions are part of the face
        return {"python": python_face(), "commands": command_face()}


def lost(before, after, where: str = "") -> list[str]:
    """What stands in `before` and not, or otherwise, in `after`."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            line
            for key, value in before.items()
            for line in (lost(value, after[key], f"{where}.{key}") if key in after else [f"{where}.{key}"])
        ]
    if isinstance(before, list) and isinstance(after, list):
        return [f"{where}.{name}" for name in before if name not in after]
    return [] if before == after else [f"{where}: {before} → {after}"]


if __name__ == "__main__":
    FILE.write_text(json.dumps(whole_face(), indent=1, sort_keys=True) + "\n")

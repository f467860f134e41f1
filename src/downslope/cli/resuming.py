"""Checkpoints and resuming: what `fit` and `minimize` have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..arguments import number, whole
from ..errors import DownslopeError

if TYPE_CHECKING:
    from ..inference import Solution
    from ..inference.checkpoint import Checkpoint, LoadedCheckpoint

PLACES = {"expression": "EXPR"}  # what is asked for by its place, without a name


def begun(
    out: str | None, checkpoint: str | None, force: bool, asked: Mapping[str, Any]
) -> Checkpoint | None:
    """What keeps a training that has not begun, if that was asked for; an --out that could not be written is
    refused."""
    from ..inference.checkpoint import Checkpoint
    from . import files

    if checkpoint is not None and out is None:
        raise DownslopeError("checkpoint.without_out")
    files.check_run(out, force)
    if checkpoint is None:
        return None
    return Checkpoint(out, number().read("--checkpoint", checkpoint), force, asked)


def opened(run: str, command: str, trust_source: bool = False) -> LoadedCheckpoint:
    """The run to go on with; one of another command, or one that needs code, is refused."""
    from ..inference.checkpoint import NO_CODE, LoadedCheckpoint

    kept = LoadedCheckpoint.read(run, trust_source)
    if kept.command != command:
        raise DownslopeError("checkpoint.other_command", path=kept.path, command=kept.command)
    NO_CODE.refuse_misfit(kept.path, kept.code)
    return kept


def refuse_settings(kept: LoadedCheckpoint, given: Mapping[str, Any], usual: Mapping[str, Any]) -> None:
    """Raise for an option that would change the run."""
    for name, value in given.items():
        if value != usual.get(name):
            option = PLACES.get(name, f"--{name.replace('_', '-')}")
            raise DownslopeError("checkpoint.settings", path=kept.path, option=option)


def epochs(words: str) -> int | None:
    """The total number of epochs, if a run is resumed."""
    return whole().read("--epochs", words) if words else None


def going_on(kept: LoadedCheckpoint, checkpoint: str | None) -> Checkpoint:
    """What keeps it from now on."""
    keeper = kept.checkpoint
    return (
        keeper if checkpoint is None else replace(keeper, seconds=number().read("--checkpoint", checkpoint))
    )


def keep(solution: Solution, keeper: Checkpoint | None, out: str | None, force: bool) -> list[Path]:
    """Write what is to be kept of a solution; where it is."""
    if keeper is not None:
        return [keeper.complete(solution)]
    return [] if out is None else [solution.save(out, force)]

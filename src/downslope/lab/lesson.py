"""What every lesson is: four stages told in order, the figures that it fixes, and a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from .. import plots
from ..errors import DownslopeError
from ..insight import Verdict
from ..messages import text

STAGES = ("dataset", "model", "training", "inference")


def spelled(verdict: Verdict, indent: int = 4) -> str:
    """The verdict's sentence, and below it a line for each remedy."""
    return ("\n" + " " * indent).join([verdict.text, *map(str, verdict.remedies)])


@contextmanager
def pytorch(number: int) -> Iterator[Any]:
    """PyTorch, for the lessons that need it, or the sentence that says how to install it. On one thread: what
    they run is so small that threads wait for each other longer than they work."""
    try:
        import torch
    except ImportError:
        raise DownslopeError("lessons.no_torch", number=number) from None
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield torch
    finally:
        torch.set_num_threads(threads)


@dataclass(frozen=True)
class Lesson:
    """dataset → model → training → inference, run by the engine and told line by line.

    A lesson says what it ran: `figures` are its numbers, `log` the lines of its training, `drawings` its
    pictures. Its sentences stand in messages/lessons.py under its number, and their braces are filled by
    the figures, so that no number is told that was not computed. A lesson runs once and keeps what it found;
    `lesson(number)` makes a fresh one.
    """

    number: ClassVar[int]
    command: ClassVar[str]  # to try next

    def title(self) -> str:
        """The name of the lesson in the current language."""
        return text(f"lessons.{self.number}_title")

    def figures(self) -> dict[str, float]:
        """The numbers that the lesson fixes, by name, found by running it."""
        raise NotImplementedError

    def words(self) -> dict[str, str]:
        """What fills its sentences besides the figures: verdicts, in the current language."""
        return {}

    def log(self) -> Iterator[str]:
        """The lines of the training."""
        raise NotImplementedError

    def drawings(self) -> tuple[Callable, ...]:
        """Functions that draw on an Axes: the lesson, then its pitfall, where it has one."""
        raise NotImplementedError

    def tell(self) -> Iterator[str]:
        """The lesson as lines of text, in the current language."""
        facts = {**self.figures(), **self.words()}

        def said(part: str) -> list[str]:
            return text(f"lessons.{self.number}_{part}", **facts).splitlines()

        yield text("lessons.heading", number=self.number, title=self.title())
        for place, stage in enumerate(STAGES, 1):
            yield ""
            yield text("lessons.stage", place=place, stages=len(STAGES), stage=text(f"lessons.{stage}"))
            yield from said(stage)
            if stage == "training":
                yield from self.log()
                yield from said("outcome")
        yield ""
        yield text("lessons.learned")
        yield from said("learned")
        yield ""
        yield text("lessons.next")
        yield self.command

    def picture(self, ax=None):
        """The picture of the lesson on `ax`; without one, in a figure of its own, with its pitfall beside it.

        Returns the Axes; its `.figure` is the page.
        """
        if ax is None:
            return plots.panels(*self.drawings()).axes[0]
        return self.drawings()[0](ax)

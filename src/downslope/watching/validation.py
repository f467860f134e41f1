"""What a script computes without gradients: validation losses, predictions in the wrong mode; and, where a
library calls backward, the loss that the criterion's own forward hook saw."""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from . import frames
from .records import Fact
from .setup import acting

if TYPE_CHECKING:
    from .tensors import Watcher

WITHOUT_GRADIENTS = re.compile(r"\bno_grad\b|\binference_mode\b|\bset_grad_enabled\b")
TRAINING = re.compile(r"train", re.I)


class Validation:
    """Forward hooks that all modules share, in place only as long as something may be seen by them."""

    def __init__(self, watcher: Watcher):
        self.watcher = watcher
        self.recorded, self.tensor = watcher.torch.is_grad_enabled, watcher.torch.Tensor
        self.handle: Any = None
        self.sums: dict[int, tuple[float, int]] = {}  # line → (loss·rows, rows) since the last update
        self.counts: dict[str, tuple[int, int]] = {}  # layer → (predictions in training mode, line)
        self.decided = False
        self.lexical = False  # the script's code says where gradients are switched off
        self.cut: set[int] = set()  # lines of losses without a graph
        self.ran: dict[int, int] = {}  # id of a weight → when its layer ran first and built a graph
        self.register()

    def register(self) -> None:
        if self.handle is None:
            self.handle = self.watcher.torch.nn.modules.module.register_module_forward_hook(self.hook)

    def remove(self) -> None:
        if self.handle is not None:
            self.handle.remove()
            self.handle = None

    def decide(self, filename: str) -> None:
        """After the first update: do the hooks stay? Each call of a module pays for them."""
        if self.decided:
            return
        self.decided = True
        self.lexical = self.watcher.seen_backward and filename in self.watcher.marked
        never = not WITHOUT_GRADIENTS.search(frames.text(filename))
        if self.lexical or (self.watcher.seen_backward and never):
            self.remove()

    def hook(self, module: Any, args: Any, output: Any) -> None:
        watcher = self.watcher
        if self.recorded():
            if not self.decided:
                for parameter in module._parameters.values():
                    if parameter is not None and parameter.requires_grad:
                        self.ran.setdefault(id(parameter), len(self.ran))
            if named_as_loss(module.__class__) or type(output) is not self.tensor:
                loss = output if is_criterion(module) else getattr(output, "loss", None)
                if getattr(loss, "grad_fn", None) is not None:
                    self._trained(loss)
            return
        if watcher.idle or watcher.inside is not None:
            return
        watcher.light.clear()  # the next pass of training is to ask what was seen
        with watcher.looking("validation"):
            self._without_gradients(module, args, output)

    def _trained(self, loss: Any) -> None:
        """A loss that was computed with its graph: of an update, where a library calls backward."""
        if not (self.watcher.seen_backward or self.watcher.idle):
            self.over()
            try:
                self.watcher.from_hook(loss)
            except Exception as error:  # such as of a tensor without storage: never the script's
                self.watcher.failed("forward", error, 0)

    def _without_gradients(self, module: Any, args: Any, output: Any) -> None:
        torch = self.watcher.torch
        if is_criterion(module):
            if isinstance(output, torch.Tensor) and output.numel() == 1:
                frame = frames.script_frame(sys._getframe(2))
                line = frame.f_lineno if frame is not None else 0
                text = "" if frame is None else frames.source_line(frame.f_code.co_filename, line)
                if not TRAINING.search(text):
                    rows = args[0].shape[0] if args and getattr(args[0], "dim", int)() else 1
                    self._add(line, float(output), rows)
            return
        models = [reference for track in self.watcher.open for reference in track.models]
        if module.training and any(reference() is module for reference in models):
            layer = acting(module, training=True)
            frame = frames.script_frame(sys._getframe(2))
            if layer and not _updates_statistics(sys._getframe(2)):
                count, line = self.counts.get(layer, (0, 0))
                self.counts[layer] = count + 1, line or (frame.f_lineno if frame is not None else 0)

    def computed(self, loss: Any, line: int) -> None:
        """A loss that a function computed in the script: of validation rows, where no gradient is recorded;
        of an update, where a library calls backward."""
        watcher, torch = self.watcher, self.watcher.torch
        if watcher.idle or not isinstance(loss, torch.Tensor) or loss.numel() != 1:
            return
        if not torch.is_grad_enabled():
            self._add(line, float(loss), 1)
        elif loss.grad_fn is not None:
            self._trained(loss)

    def named(self, loss: Any, line: int) -> bool:
        """A number that a name of the script calls a validation loss; False where no loop is under way."""
        if self.watcher.idle or self.watcher.newest is None:
            return self.watcher.newest is not None
        value = float(loss.detach()) if isinstance(loss, self.watcher.torch.Tensor) else float(loss)
        if value == value:
            self._add(line, value, 1)
        return True

    def _add(self, line: int, loss: float, rows: int) -> None:
        self.watcher.light.clear()  # the next pass of training is to ask for it
        total, count = self.sums.get(line, (0.0, 0))
        self.sums[line] = (total + loss * rows, count + rows)

    def over(self) -> None:
        """Training goes on: what was validated since the last update is one validation loss."""
        if self.sums:
            line = max(self.sums)
            total, rows = self.sums[line]
            self.sums = {}
            track = self.watcher.newest
            if track is not None and track.steps and rows:
                self.watcher.recorder.validation(track.number, track.steps, total / rows)

    def finish(self) -> None:
        self.over()
        self.remove()
        track = self.watcher.newest
        for layer, (count, line) in self.counts.items():
            if track is not None and track.steps:
                numbers = {"count": count, "layer": layer}
                self.watcher.recorder.fact(Fact("eval_left_out", track.number, track.steps, line, numbers))


def is_criterion(module: Any) -> bool:
    """A loss of torch.nn, or a module that is called one and holds no weights."""
    return named_as_loss(module.__class__) and next(module.parameters(), None) is None


@cache
def named_as_loss(kind: Any) -> bool:
    return kind.__module__ == "torch.nn.modules.loss" or kind.__name__.endswith(("Loss", "Criterion"))


def _updates_statistics(frame: Any) -> bool:
    """Whether a pass in training mode is that of torch.optim.swa_utils.update_bn."""
    while frame is not None:
        if frame.f_code.co_name in ("update_bn", "update_bn_stats"):
            return True
        frame = frame.f_back
    return False

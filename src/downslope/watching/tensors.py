"""Training loops with PyTorch, recorded while they run: losses, rates, gradients, weights, curvature.

    watcher = Watcher(recorder)            once torch is imported: hooks of all optimizers and modules
    watcher.backward(tensor, line, frame)  before each `tensor.backward(…)` of the script
    watcher.finish()                       before the recorder is closed

Most updates leave only their loss, rate and epoch, written straight into the mapped file; which ones show
more is decided by counting updates, so that what is seen does not depend on the machine's load.

No function of torch is replaced. Nothing is drawn from a generator, no tensor of the script is written,
and an error in here is recorded, never raised. Losses on a GPU are read in batches, at the end of a stretch.
"""

from __future__ import annotations

import math
import sys
import time
import weakref
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any

from . import curvature, frames, graphs, loops
from .loops import Pass, Track
from .records import HOPELESS, Fact, Recorder
from .setup import no_graph
from .validation import Validation


class Watcher:
    """All that is watched for one recorder. `measuring`: its curvature, too; `stopping`: a hopeless loss is
    noticed at once; `marked`: files whose code says where gradients are switched off; `edge`: of a block."""

    def __init__(
        self,
        recorder: Recorder,
        measuring: bool = True,
        stopping: bool = False,
        marked: Container[str] = (),
        edge: tuple[FrameType, int] | None = None,
    ):
        import torch
        from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

        self.torch, self.recorder, self.measuring, self.stopping = torch, recorder, measuring, stopping
        self.marked, self.edge = marked, edge
        self.tracks: dict[int, Track] = {}  # by the id of the optimizer, while it lives
        self.open: list[Track] = []  # loops that may go on
        self.lines: dict[int, Track] = {}  # line of backward → loop that used it last
        self.pending: list[Pass] = []
        self.light: dict[int, Track] = {}  # of `lines`, those whose next update leaves only its numbers
        self.passing: Track | None = None  # the one of them whose loss was met, and that steps next
        self.last: list[Pass] = []
        self.busy = False
        self.inside: Any = None  # the optimizer whose step is running
        self.seen_backward = False
        self.early: Pass | None = None  # what a hook saw before the first step
        self.met: Any = None  # the last loss that a hook saw
        self.unseen: Callable[[], Any] | None = None  # the loss of an update, where no hook has met it
        self.library = False  # backward is called where no statement of the script is seen
        self.newest: Track | None = None
        self.failures: set[tuple[str, str, int]] = set()  # that were recorded
        self.validation = Validation(self)
        self.handles = [
            register_optimizer_step_pre_hook(self.pre_step),
            register_optimizer_step_post_hook(self.post_step),
        ]

    @property
    def idle(self) -> bool:
        """Whether nothing is to be recorded: in a forked child, after the end, or while measuring."""
        return self.busy or not self.recorder.active

    @property
    def hopeless(self) -> bool:
        """Whether the loss of a loop is far above its first, or NaN."""
        return any(track.symptoms.hopeless for track in (*self.tracks.values(), *self.lines.values()))

    # ---- the script's backward passes --------------------------------------------------------------
    def backward(self, tensor: Any, line: int, frame: FrameType | None) -> None:
        if self.idle or not isinstance(tensor, self.torch.Tensor):
            return
        self._at_length()
        with self.looking("backward", line):
            self._backward(tensor, line, frame, time.perf_counter())

    @contextmanager
    def looking(self, what: str, line: int = 0) -> Iterator[None]:
        """While something is looked at; an error in it is ours, never the script's."""
        self.busy = True
        try:
            yield
        except Exception as error:
            self.failed(what, error, line)
        finally:
            self.busy = False

    def lightly(self, tensor: Any, line: int, frame: FrameType | None) -> bool:
        """Whether a loss of a line among `light` is all that its update is to leave, and was taken down."""
        track = self.light[line]
        again = track is self.passing  # another pass of the same update
        try:
            value = tensor.item() if tensor.is_cpu else tensor.detach()
            fits = -track.ceiling <= value <= track.ceiling if tensor.is_cpu else value.numel() == 1
            if not fits or tensor.grad_fn is None or not (again or not (self.passing or self.pending)):
                return False
            for reference in track.models:
                model = reference()
                if model is not None and not model.training and not again:
                    track.symptoms.modes(track)
            if track.place.counters:
                track.counted(frame)
            track.value = track.value + value if again else value
            self.passing = track
            return True
        except Exception:  # the script's loss may be anything: the long way tells
            return False

    def _at_length(self) -> None:
        """The pass that was taken lightly becomes one of those that the next step is made of."""
        track, self.passing = self.passing, None
        if track is not None:
            line = next((line for line, other in self.lines.items() if other is track), 0)
            self.pending = [Pass(track.value, line, track.epoch)]

    def _awake(self, track: Track) -> None:
        """More is asked of the next update of a loop than its numbers."""
        for line in [line for line, other in self.light.items() if other is track]:
            del self.light[line]
        if track.columns is not None:
            track.columns = None
            self.recorder.tracks[track.number].reached(track.steps)

    def from_hook(self, loss: Any) -> None:
        """A loss that a forward hook saw, where backward is called by a library or by compiled code."""
        track = self.newest
        if (self.passing or self.pending) and self.met.data_ptr() == loss.data_ptr():
            return  # the loss of the criterion, which the model around it gives again
        self.met = loss.detach()
        if 0 in self.light and self.lightly(loss, 0, None):
            return
        self._at_length()
        if not self.library or track is None or track.optimizer is None:
            self.early = Pass(self.met, 0, 0)
            return
        with self.looking("forward"):
            began, one = time.perf_counter(), Pass(self.met, 0, track.epoch)
            self._look(track, loss, one, None)
            self.pending.append(one)
            track.spent += time.perf_counter() - began

    def _backward(self, tensor: Any, line: int, frame: FrameType | None, began: float) -> None:
        self.seen_backward, self.library = True, False
        self.validation.over()
        if self.validation.lexical:
            self.validation.remove()
        if tensor.grad_fn is None:
            no_graph(self, tensor, line, frame)
            return
        scalar = tensor.is_cpu and tensor.numel() == 1
        one = Pass(float(tensor.item()) if scalar else tensor.detach(), line, 0)
        track = self.lines.get(line)
        if track is None:
            track = self._begin(tensor, line, frames.script_frame(frame))
            if track is None:
                self.pending.append(one)
                return
        if track.optimizer is None:
            self._moved_by_hand(track, tensor)
        one.epoch = track.counted(frames.script_frame(frame))
        if track.scaler is not None:
            one.scale = loops.scale_of(track.scaler(), tensor)
        measuring = track.budget.spent
        if not self.pending:
            self._look(track, tensor, one, frame)
        self.pending.append(one)
        track.spent += time.perf_counter() - began - (track.budget.spent - measuring)

    def _look(self, track: Track, loss: Any, one: Pass, frame: FrameType | None) -> None:
        """Read the graph of the first backward pass of an update, and measure its curvature, where due."""
        step, symptoms = track.steps + 1, track.symptoms
        symptoms.glance(track, loss, step, one, not self.library)
        elapsed = time.perf_counter() - track.began
        due = self.measuring and track.budget.due(step, elapsed, track.loop.length)
        track.detailed = step >= track.next_detail
        track.sample(step)
        if track.detailed or step <= 8:
            symptoms.rows_of_classes(loss)
        if track.sampled and (track.optimizer is None or self.inside is not None):
            track.before = [p.detach().clone() for p in track.parameters]
            one.own = curvature.backwards([loss], [self.torch.ones_like(loss)], track.parameters)
        if not (due or track.detailed):
            return
        frame = frames.script_frame(frame)
        try:
            one.reading = graphs.read(loss, track.names)
        except curvature.NotMeasured as error:
            loops.not_measured(self.recorder, track, step, error)
            return
        track.rows = one.reading.rows or track.rows
        if track.detailed:
            track.next_detail = step * (2 if step < 8 else 4)
            symptoms.read(track, one.reading, loss, step, frame, one.line)
        if due and track.passes == 1:
            loops.measure(self.recorder, track, loss, one, step, frame)

    # ---- the optimizer's steps ----------------------------------------------------------------------
    def pre_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        passing = self.passing
        if passing is not None:
            if passing.key == id(optimizer):
                return
            self._at_length()
        if self.busy or not self.recorder.active:
            return
        track = self.tracks.get(id(optimizer))
        self.inside = optimizer
        began = time.perf_counter()
        try:
            if track is None:
                frame = frames.script_frame(sys._getframe(1))
                if frame is None:
                    return
                track = self._new(optimizer, frame)
            stepping = None if track.loop.update_line else frames.script_frame(sys._getframe(1))
            if stepping is not None:
                self._renew(track, update_line=stepping.f_lineno)
            if not self.pending:
                self._without_backward(track)
            if (track.sampled or track.detailed) and not loops.closure(args, kwargs):
                with self.torch.no_grad():
                    self._gradients(track, [loops.dense(p.grad) for p in track.parameters])
            track.spent += time.perf_counter() - began
        except Exception as error:
            self.failed("step", error, 0)

    def _without_backward(self, track: Track) -> None:
        """A step before which no backward pass was seen."""
        if not self.seen_backward:
            self.library = True
            if self.early is None and self.unseen is not None:
                loss, self.unseen = self.unseen(), None
                self.early = Pass(loss.detach(), 0, 0) if isinstance(loss, self.torch.Tensor) else None
            self.pending = [] if self.early is None else [self.early]
            self.early = None
        track.detailed = False
        track.sample(track.steps + 1)

    def _gradients(self, track: Track, gradients: list[Any]) -> None:
        """What is kept of the gradients of an update, before it is made."""
        torch = self.torch
        if track.small:
            blank = [torch.zeros_like(p) if g is None else g for p, g in zip(track.parameters, gradients)]
            track.gradient = loops.flat(blank)
        if track.detailed or not track.small:
            track.norms = loops.norms(gradients)
        if track.detailed:
            track.symptoms.gradients(track, gradients)
            if track.before is None:
                track.before = [p.detach().clone() for p in track.parameters]

    def post_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        track = self.passing
        if track is not None and track.key == id(optimizer):
            step, loss = track.steps, track.value
            try:
                if type(loss) is not float:
                    loss = track.later(step + 1, loss, self.recorder.amend)
                losses, rates, epochs = track.columns
                losses[step], rates[step] = loss, optimizer.param_groups[0]["lr"]
                epochs[step] = 1 + (track.epoch if track.per_epoch is None else step // track.per_epoch)
            except Exception:  # a forked child, where the file is closed
                self._at_length()
                self._awake(track)
            else:
                self.passing = None
                track.steps = step = step + 1
                if step + 1 >= track.due:
                    self._awake(track)
                return
        inside, self.inside = self.inside, None
        if self.busy or inside is not optimizer or not self.recorder.active:
            return
        track = self.tracks.get(id(optimizer))
        if track is None:
            return
        began = time.perf_counter()
        try:
            passes, self.pending = self.pending, []
            if passes:
                self.last = passes
                self.lines |= {one.line: track for one in passes}
                for one in passes:  # another loop's until now, where a function trains several models
                    self.light.pop(one.line, None)
                if not track.loop.loss:
                    self._renew(track, loss=loops.loss_text(track.loop.file, passes[0].line))
            elif not self.library:
                passes = self.last
            closed = loops.closure(args, kwargs)  # called as often as the optimizer likes
            self._updated(track, passes[:1] if closed else passes, float(optimizer.param_groups[0]["lr"]))
            if not closed:
                track.rest(self.recorder.tracks[track.number], self.measuring)
                if track.steps + 1 < track.due:
                    self.light.update((line, track) for line, own in self.lines.items() if own is track)
            track.spent += time.perf_counter() - began
        except Exception as error:
            self.failed("step", error, 0)

    def _updated(self, track: Track, passes: list[Pass], rate: float) -> None:
        """One update has been made."""
        self._awake(track)
        track.steps += 1
        track.passes = len(passes) or 1
        self.newest = track
        step, number = track.steps, track.number
        if step == 1:
            self.validation.decide(track.loop.file)
            if track.passes > 1 and track.loop.length:
                self._renew(track, length=track.loop.length // track.passes)
        epoch = track.epoch_of(step, passes[-1].epoch if passes else track.epoch)
        loss = track.loss(passes, step, self.recorder.amend)
        if step == 2 and not passes and math.isnan(loss):
            numbers = {"what": "loss", "why": "library"}
            self.recorder.fact(Fact("not_seen", number, step, track.loop.update_line, numbers))
        self.recorder.step(number, loss, rate, epoch)
        track.symptoms.stepped(track, step, loss, rate, passes)
        if self.stopping and math.isfinite(track.symptoms.first_loss):
            track.ceiling = HOPELESS * max(abs(track.symptoms.first_loss), 1e-12)
        if track.sampled or track.detailed:
            with self.torch.no_grad():
                if passes and passes[0].own is not None:
                    self._gradients(track, passes[0].own)
                track.write(self.recorder, step, epoch, loss, rate)
            track.before = track.gradient = track.norms = None
            track.sampled = track.detailed = False
        for one in passes:
            one.reading = one.own = None  # they hold the weights

    # ---- loops begin --------------------------------------------------------------------------------
    def _begin(self, loss: Any, line: int, frame: FrameType | None) -> Track | None:
        """The loop that a backward pass belongs to: of the optimizer that holds most of its leaves, or, where
        none does, of the leaves that the script moves by hand."""
        if frame is None:
            return None
        leaves = graphs.read(loss, {}).leaves
        known = [o for track in self.open if track.optimizer and (o := track.optimizer()) is not None]
        optimizer, several = loops.holder(leaves, frame, known)
        where = frame.f_code.co_filename
        text = frames.text(where)
        if optimizer is not None:
            track = self.tracks.get(id(optimizer)) or self._new(optimizer, frame)
        elif several or not leaves or ".grad" not in text.replace(".grad_fn", ""):
            return None
        else:
            text = loops.loss_text(where, line)
            track = loops.entered(self, frame, loops.in_order(leaves, frame), {}, text)
        self.lines[line] = track
        return track

    def _new(self, optimizer: Any, frame: FrameType) -> Track:
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        track = loops.entered(self, frame, parameters, loops.described(optimizer))
        track.optimizer, track.key = weakref.ref(optimizer), id(optimizer)
        self.tracks[id(optimizer)] = track
        weakref.finalize(optimizer, self._over, track, id(optimizer)).atexit = False
        for _, value in frames.variables(frames.chain(frame)):
            if type(value).__name__ == "GradScaler":
                track.scaler = weakref.ref(value)
        return track

    def _renew(self, track: Track, **changes: Any) -> None:
        """Write a loop again, with what is known of it by now."""
        track.loop = replace(track.loop, **changes)
        self.recorder.loop(track.loop)

    # ---- leaves moved by hand -----------------------------------------------------------------------
    def _moved_by_hand(self, track: Track, loss: Any = None) -> None:
        """Before a backward pass: has the script moved the leaves since the last one?"""
        passes = [one for one in self.pending if self.lines.get(one.line) is track]
        if not passes:
            return
        own, before, rate = passes[-1].own, track.before, math.nan
        if before is not None:
            loops.made_again(track, loss)
            if not any(loops.differ(p, b) for p, b in zip(track.parameters, before)):
                return
            if own is not None:
                gradients = [self.torch.zeros_like(b) if g is None else g for b, g in zip(before, own)]
                rate = loops.rate_of(track.parameters, before, gradients)
        self.pending = [one for one in self.pending if one not in passes]
        self._updated(track, passes[-1:], rate)

    # ---- the end ------------------------------------------------------------------------------------
    def finish(self) -> None:
        for handle in self.handles:
            handle.remove()
        self._at_length()
        self.validation.finish()
        for track in list(self.open):
            if track.optimizer is None:
                self._moved_by_hand(track)
            self._over(track)

    def _over(self, track: Track, key: int = 0) -> None:
        """A loop's optimizer is gone, or the script has ended."""
        if self.tracks.get(key) is track:
            del self.tracks[key]
        if track not in self.open:
            return
        self.open.remove(track)
        self._awake(track)
        self.lines = {line: other for line, other in self.lines.items() if other is not track}
        if self.recorder.active:
            try:
                self._last(track)
                track.read_waiting(self.recorder.amend)
                track.symptoms.finish(track)
                self._renew(track, full_batch=track.symptoms.same_rows)
            except Exception as error:
                self.failed("finish", error, 0)
        self.recorder.recording_seconds += track.spent + track.budget.spent
        track.parameters, track.before = [], None

    def _last(self, track: Track) -> None:
        """The last update, where it is not in the sample: the weights as they stand now."""
        step, written = track.steps, self.recorder.tracks[track.number]
        if not step or written.last >= step or not track.parameters:
            return
        symptoms = track.symptoms
        with self.torch.no_grad():
            gradients = [loops.dense(p.grad) for p in track.parameters]
            if track.optimizer is not None and any(g is not None for g in gradients):
                self._gradients(track, gradients)
            epoch = track.epoch_of(step, track.epoch)
            track.write(self.recorder, step, epoch, symptoms.loss, symptoms.rate)

    def failed(self, what: str, error: Exception, line: int) -> None:
        """Recorded, once for each kind, and never raised."""
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        if (what, reason, line) not in self.failures:
            self.failures.add((what, reason, line))
            self.recorder.fact(Fact("not_seen", 0, 0, line, {"what": what, "why": reason}))

"""Training loops with PyTorch, recorded while they run: losses, rates, gradients, weights, curvature.

    install(recorder)                   once torch is imported: hooks that all optimizers and modules share
    backward(recorder, tensor, line)    before each `tensor.backward(…)` of the script
    finish(recorder)                    before the recorder is closed

No function of torch is replaced. Nothing is drawn from a generator, no tensor of the script is written,
and an error in here is recorded, never raised. Losses on a GPU are read in batches, at the end of a stretch.
"""

from __future__ import annotations

import math
import sys
import time
import weakref
from dataclasses import replace
from types import FrameType
from typing import Any

from . import curvature, frames, graphs
from .loops import (
    BY_HAND,
    QUIET,
    Pass,
    Track,
    closure,
    dense,
    described,
    differ,
    entered,
    flat,
    holder,
    in_order,
    loss_text,
    made_again,
    measure,
    norms,
    not_measured,
    quiet,
    rate_of,
    scale_of,
)
from .records import Fact, Recorder, Update
from .setup import no_graph
from .validation import Validation

_watchers: weakref.WeakKeyDictionary[Recorder, Watcher] = weakref.WeakKeyDictionary()
_newest: list[Any] = [None]  # the watcher that was asked last


def install(recorder: Recorder, measuring: bool = True) -> Watcher:
    """Watch every optimizer of this process for `recorder`, and, where `measuring`, its curvature."""
    if recorder not in _watchers:
        _watchers[recorder] = Watcher(recorder, measuring)
    return _watchers[recorder]


def backward(recorder: Recorder, tensor: Any, line: int = 0) -> None:
    """Called before `tensor.backward(…)` at a line of the script: its loss, and what its graph tells."""
    watcher = _newest[0]
    if watcher is None or watcher.recorder is not recorder:
        if "torch" not in sys.modules:
            return
        install(recorder)
        watcher = _newest[0] = _watchers[recorder]
    watcher.backward(tensor, line, sys._getframe(1))


def hopeless(recorder: Recorder) -> bool:
    """Whether the loss of a loop is far above its first, or NaN."""
    w = _watchers.get(recorder)
    return w is not None and any(t.symptoms.hopeless for t in [*w.tracks.values(), *w.lines.values()])


def finish(recorder: Recorder) -> None:
    """What waits is read and written; the hooks are removed."""
    watcher = _watchers.pop(recorder, None)
    _newest[0] = None
    if watcher is not None:
        watcher.finish()


class Watcher:
    """All that is watched for one recorder."""

    def __init__(self, recorder: Recorder, measuring: bool):
        import torch
        from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

        self.torch, self.recorder, self.measuring = torch, recorder, measuring
        self.tracks: dict[int, Track] = {}  # by the id of the optimizer, while it lives
        self.open: list[Track] = []  # loops that may go on
        self.lines: dict[int, Track] = {}  # line of backward → loop that used it last
        self.pending: list[Pass] = []
        self.last: list[Pass] = []
        self.busy = False
        self.inside: Any = None  # the optimizer whose step is running
        self.seen_backward = False
        self.early: Pass | None = None  # what a hook saw before the first step
        self.library = False  # backward is called where no statement of the script is seen
        self.newest: Track | None = None
        self.validation = Validation(self)
        self.handles = [
            register_optimizer_step_pre_hook(self.pre_step),
            register_optimizer_step_post_hook(self.post_step),
        ]

    @property
    def idle(self) -> bool:
        """Whether nothing is to be recorded: in a forked child, after the end, or while measuring."""
        return self.busy or not self.recorder.active

    # ---- the script's backward passes --------------------------------------------------------------
    def backward(self, tensor: Any, line: int, frame: FrameType | None) -> None:
        if self.idle or not isinstance(tensor, self.torch.Tensor):
            return
        track = self.lines.get(line)
        plain = not self.pending and not self.validation.sums and tensor.grad_fn is not None
        if plain and track is not None and track.steps + 1 < track.quiet and quiet(tensor):
            track.symptoms.modes(track)
            self.pending = [Pass(tensor.detach(), line, track.counted(frame))]
            return
        began = time.perf_counter()
        self.busy = True
        try:
            self._backward(tensor, line, frame, began)
        except Exception as error:  # never the script's
            self.failed("backward", error, line)
        finally:
            self.busy = False

    def from_hook(self, loss: Any) -> None:
        """A loss that a forward hook saw, where backward is called by a library or by compiled code."""
        track = self.newest
        if self.idle or self.seen_backward:
            return
        if not self.library or track is None or track.optimizer is None:
            self.early = Pass(loss.detach(), 0, 0)
            return
        began = time.perf_counter()
        self.busy = True
        try:
            one = Pass(loss.detach(), 0, track.epoch)
            self._look(track, loss, one, None)
            self.pending.append(one)
            track.charge(time.perf_counter() - began)
        except Exception as error:
            self.failed("forward", error, 0)
        finally:
            self.busy = False

    def _backward(self, tensor: Any, line: int, frame: FrameType | None, began: float) -> None:
        self.seen_backward, self.library = True, False
        if self.validation.sums:
            self.validation.over()
        if tensor.grad_fn is None:
            no_graph(self, tensor, line, frame)
            return
        one = Pass(tensor.detach(), line, 0)
        track = self.lines.get(line)
        if track is None:
            track = self._begin(tensor, line, frames.script_frame(frame))
            if track is None:
                self.pending.append(one)
                return
        if track.optimizer is None:
            self._moved_by_hand(track, tensor)
        one.epoch = track.counted(frame)
        if track.scaler is not None:
            one.scale = scale_of(track.scaler(), tensor)
        measuring = track.budget.spent
        if not self.pending:
            self._look(track, tensor, one, frame)
        self.pending.append(one)
        track.charge(time.perf_counter() - began - (track.budget.spent - measuring))

    def _look(self, track: Track, loss: Any, one: Pass, frame: FrameType | None) -> None:
        """Read the graph of the first backward pass of an update, and measure its curvature, where due."""
        step, now = track.steps + 1, time.perf_counter()
        symptoms = track.symptoms
        symptoms.glance(track, loss, step, one.line, not self.library)
        due = self.measuring and track.budget.due(step, now - track.began, track.loop.length)
        track.detailed = step >= track.next_detail
        last = step == track.loop.length
        track.sampled = (
            track.detailed or last or (self.recorder.wanted(track.number) and track.affordable(now))
        )
        if track.sampled and (track.optimizer is None or self.inside is not None):
            track.before = [p.detach().clone() for p in track.parameters]
            one.own = curvature.backwards([loss], [self.torch.ones_like(loss)], track.parameters)
        if not (due or track.detailed):
            return
        frame = frames.script_frame(frame)
        try:
            one.reading = graphs.read(loss, track.names)
        except curvature.NotMeasured as error:
            not_measured(self.recorder, track, step, error)
            return
        track.rows = one.reading.rows or track.rows
        if track.detailed:
            track.next_detail = step + 1 + step // 2
            symptoms.read(track, one.reading, loss, step, frame, one.line)
        if due and track.passes == 1:
            measure(self.recorder, track, loss, one, step, frame)

    # ---- the optimizer's steps ----------------------------------------------------------------------
    def pre_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if self.busy or not self.recorder.active:
            return
        track = self.tracks.get(id(optimizer))
        self.inside = optimizer
        if track is not None and track.steps + 1 < track.quiet and self.pending:
            return
        began = time.perf_counter()
        try:
            if track is None:
                frame = frames.script_frame(sys._getframe(1))
                if frame is None:
                    return
                track = self._new(optimizer, frame)
            if not track.loop.update_line:
                self._stepping_line(track)
            if not self.pending:
                self._without_backward(track)
            if (track.sampled or track.detailed) and not closure(args, kwargs):
                with self.torch.no_grad():
                    self._gradients(track, [dense(p.grad) for p in track.parameters])
            track.charge(time.perf_counter() - began)
        except Exception as error:
            self.failed("step", error, 0)

    def _without_backward(self, track: Track) -> None:
        """A step before which no backward pass was seen."""
        if not self.seen_backward:
            self.library = True
            self.pending = [] if self.early is None else [self.early]
            self.early = None
        track.detailed = False
        track.sampled = self.recorder.wanted(track.number) and track.affordable(time.perf_counter())

    def _gradients(self, track: Track, gradients: list[Any]) -> None:
        """What is kept of the gradients of an update, before it is made."""
        torch = self.torch
        if track.small:
            blank = [torch.zeros_like(p) if g is None else g for p, g in zip(track.parameters, gradients)]
            track.gradient = flat(blank)
        if track.detailed or not track.small:
            track.norms = norms(gradients)
        if track.detailed:
            track.symptoms.gradients(track, gradients)
            if track.before is None:
                track.before = [p.detach().clone() for p in track.parameters]

    def post_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        inside, self.inside = self.inside, None
        if self.busy or inside is not optimizer or not self.recorder.active:
            return
        track = self.tracks.get(id(optimizer))
        if track is None:
            return
        plain = track.steps + 1 < track.quiet
        began = 0.0 if plain else time.perf_counter()
        try:
            passes, self.pending = self.pending, []
            if passes and not plain:
                self.last = passes
                self.lines |= {one.line: track for one in passes}
                if not track.loop.loss:
                    self._renew(track, loss=loss_text(track.loop.file, passes[0].line))
            elif not passes and not self.library:
                passes = self.last
            if len(passes) > 1 and closure(args, kwargs):
                passes = passes[:1]  # a closure is called as often as the optimizer likes
            self._updated(track, passes, float(optimizer.param_groups[0]["lr"]))
            if not plain:
                track.charge(time.perf_counter() - began)
        except Exception as error:
            self.failed("step", error, 0)

    def _updated(self, track: Track, passes: list[Pass], rate: float) -> None:
        """One update has been made."""
        track.steps += 1
        track.passes = len(passes) or 1
        self.newest = track
        step, number = track.steps, track.number
        if step == 1:
            self.validation.decide(track.loop.file)
            if track.passes > 1 and track.loop.length:
                self._renew(track, length=track.loop.length // track.passes)
        epoch = track.place.epoch(step, passes[-1].epoch if passes else track.epoch)
        loss = track.loss(passes, step, self.recorder.amend)
        if step == 2 and not passes and math.isnan(loss):
            self.recorder.fact(
                Fact("not_seen", number, step, track.loop.update_line, {"what": "loss", "why": "library"})
            )
        self.recorder.step(number, loss, rate, epoch)
        track.symptoms.stepped(track, step, loss, rate, passes)
        if track.sampled or track.detailed:
            with self.torch.no_grad():
                if passes and passes[0].own is not None:
                    self._gradients(track, passes[0].own)
                self._sample(track, step, epoch, loss, rate)
            track.before = track.gradient = track.norms = None
            track.sampled = track.detailed = False
        for one in passes:
            one.reading = one.own = None  # they hold the weights
        if step >= QUIET and step >= track.quiet:
            track.quiet = 0 if self.library else track.until(step, self.recorder, self.measuring)

    def _sample(self, track: Track, step: int, epoch: int, loss: float, rate: float) -> None:
        """Write an update of the sample; with it, now and then, norms by layer."""
        gradient = track.gradient
        after = flat(track.parameters) if track.small else None
        if gradient is not None:
            norm = math.sqrt(float(gradient @ gradient))
        else:
            norm = math.nan if track.norms is None else math.sqrt(sum(n * n for n in track.norms))
        layers = track.layers() if track.detailed and track.before is not None else None
        if step == 1 and track.small and track.before is not None:
            start = flat(track.before)
            self.recorder.update(Update(track.number, 0, 0, self.recorder.seconds, params=start))
        plain = (track.number, step, epoch, self.recorder.seconds, loss, rate, norm, track.rows)
        self.recorder.update(Update(*plain, after, gradient, None, layers))

    # ---- loops begin --------------------------------------------------------------------------------
    def _begin(self, loss: Any, line: int, frame: FrameType | None) -> Track | None:
        """The loop that a backward pass belongs to: of the optimizer that holds most of its leaves, or, where
        none does, of the leaves that the script moves by hand."""
        if frame is None:
            return None
        leaves = graphs.read(loss, {}).leaves
        known = [o for track in self.open if track.optimizer and (o := track.optimizer()) is not None]
        optimizer, several = holder(leaves, frame, known)
        where = frame.f_code.co_filename
        text = frames.text(where)
        if optimizer is not None:
            track = self.tracks.get(id(optimizer)) or self._new(optimizer, frame)
        elif several or not leaves or ".grad" not in text.replace(".grad_fn", ""):
            return None
        else:
            track = entered(self, frame, in_order(leaves, frame), {}, loss_text(where, line))
            track.share = BY_HAND
        self.lines[line] = track
        return track

    def _new(self, optimizer: Any, frame: FrameType) -> Track:
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        track = entered(self, frame, parameters, described(optimizer))
        track.optimizer = weakref.ref(optimizer)
        self.tracks[id(optimizer)] = track
        weakref.finalize(optimizer, self._over, track, id(optimizer)).atexit = False
        for _, value in frames.variables(frames.chain(frame)):
            if type(value).__name__ == "GradScaler":
                track.scaler = weakref.ref(value)
        return track

    def _stepping_line(self, track: Track) -> None:
        frame = frames.script_frame(sys._getframe(2))
        if frame is not None:
            self._renew(track, update_line=frame.f_lineno)

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
            made_again(track, loss)
            if not any(differ(p, b) for p, b in zip(track.parameters, before)):
                return
            if own is not None:
                gradients = [self.torch.zeros_like(b) if g is None else g for b, g in zip(before, own)]
                rate = rate_of(track.parameters, before, gradients)
        self.pending = [one for one in self.pending if one not in passes]
        self._updated(track, passes[-1:], rate)

    # ---- the end ------------------------------------------------------------------------------------
    def finish(self) -> None:
        for handle in self.handles:
            handle.remove()
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
        self.lines = {line: other for line, other in self.lines.items() if other is not track}
        if self.recorder.active:
            try:
                self._last(track)
                track.read_waiting(self.recorder.amend)
                track.symptoms.finish(track)
                self._renew(track, full_batch=track.symptoms.full_batch)
            except Exception as error:
                self.failed("finish", error, 0)
        self.recorder.recording_seconds += track.opening + track.spent + track.budget.spent
        track.parameters, track.before = [], None

    def _last(self, track: Track) -> None:
        """The last update, where it is not in the sample: the weights as they stand now."""
        step, written = track.steps, self.recorder.tracks[track.number]
        if not step or written.last >= step or not track.parameters:
            return
        symptoms = track.symptoms
        with self.torch.no_grad():
            gradients = [dense(p.grad) for p in track.parameters]
            if track.optimizer is not None and any(g is not None for g in gradients):
                self._gradients(track, gradients)
            epoch = track.place.epoch(step, track.epoch)
            self._sample(track, step, epoch, symptoms.loss, symptoms.rate)

    def failed(self, what: str, error: Exception, line: int) -> None:
        """Recorded, once for each kind, and never raised."""
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        self.recorder.fact(Fact("not_seen", 0, 0, line, {"what": what, "why": reason}))

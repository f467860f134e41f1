"""Training loops with PyTorch, recorded while they run: losses, rates, gradients, weights, curvature.

    install(recorder)                   once torch is imported: hooks that all optimizers and modules share
    backward(recorder, tensor, line)    before each `tensor.backward(…)` of the script
    finish(recorder)                    before the recorder is closed

No function of torch is replaced. Nothing is drawn from a generator, nothing of the script's tensors is written,
and an error in here is recorded, never raised. Losses on a GPU are read in batches, at the end of a stretch.
"""

from __future__ import annotations

import math
import sys
import time
import weakref
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Any

from . import curvature, frames, graphs
from .records import NUMBERS, Curvature, Fact, Loop, Recorder, Update
from .symptoms import Symptoms
from .validation import Validation

SHARE = 0.04  # of a loop's seconds that recording may take
BY_HAND = 0.2  # the same where leaves are moved by hand
START = 0.01  # seconds that it may take beside that
WAITING = 64  # losses on a GPU that are read at once

_watchers: weakref.WeakKeyDictionary[Recorder, Watcher] = weakref.WeakKeyDictionary()
_newest: list[Any] = [None]  # the watcher that was asked last


def install(recorder: Recorder) -> None:
    """Watch every optimizer of this process for `recorder`; torch is imported already."""
    if recorder not in _watchers:
        _watchers[recorder] = Watcher(recorder)


def backward(recorder: Recorder, tensor: Any, line: int = 0) -> None:
    """Called before `tensor.backward(…)` at a line of the script: its loss, and what its graph tells."""
    watcher = _newest[0]
    if watcher is None or watcher.recorder is not recorder:
        if "torch" not in sys.modules:
            return
        install(recorder)
        watcher = _newest[0] = _watchers[recorder]
    watcher.backward(tensor, line, sys._getframe(1))


def finish(recorder: Recorder) -> None:
    """What waits is read and written; the hooks are removed."""
    watcher = _watchers.pop(recorder, None)
    _newest[0] = None
    if watcher is not None:
        watcher.finish()


@dataclass(slots=True)
class Pass:
    """One backward pass: its loss, a tensor without its graph, and what was read of the graph."""

    loss: Any
    line: int
    epoch: int
    scale: Any = None  # by which a GradScaler multiplied it
    reading: graphs.Reading | None = None
    own: list[Any] | None = None  # gradients of leaves that are moved by hand


@dataclass(eq=False)
class Track:
    """One loop: an optimizer's updates, or those of leaves moved by hand."""

    number: int
    loop: Loop
    parameters: list[Any]
    place: frames.Place
    frame_counters: tuple[Any, ...] = ()
    began: float = 0.0
    steps: int = 0
    epoch: int = 0
    rows: int = 0
    spent: float = 0.0  # seconds that recording took, after the first update
    opening: float = 0.0  # and during it
    share: float = SHARE
    names: dict[int, str] = field(default_factory=dict)  # id of a weight → its name
    models: list[Any] = field(default_factory=list)  # weak references
    budget: curvature.Budget = field(default_factory=curvature.Budget)
    vector: Any = None  # where the next measurement starts
    measured: curvature.Measured | None = None
    told: set[tuple[str, str]] = field(default_factory=set)  # what could not be measured, and was said
    waiting: list[tuple[int, Any]] = field(default_factory=list)  # (step, loss on a GPU)
    before: list[Any] | None = None  # weights before this update, where it is one of the sample
    gradient: Any = None  # (p,) float64, of an update of the sample
    norms: list[float] | None = None  # ‖gradient‖ of each weight
    small: bool = True  # whether weights and gradients are kept: up to 10,000 numbers
    sampled: bool = False  # whether the update under way is one of the sample
    detailed: bool = False  # and its graph is read
    next_detail: int = 1
    passes: int = 1  # backward passes of the last update
    sizes: list[float] = field(default_factory=list)  # ‖weights‖ of the sample
    optimizer: Any = None  # a weak reference; None where leaves are moved by hand
    scaler: Any = None  # a weak reference to the script's GradScaler
    symptoms: Symptoms = field(default_factory=Symptoms)

    @property
    def grown(self) -> float | None:
        """By what the norm of the weights has grown at most."""
        return max(self.sizes) / self.sizes[0] if self.sizes and self.sizes[0] else None

    def charge(self, seconds: float) -> None:
        """Count seconds of recording; those of the first update, when much is done once, apart."""
        if self.steps:
            self.spent += seconds
        else:
            self.opening += seconds

    def affordable(self, now: float) -> bool:
        return self.spent <= START + self.share * (now - self.began)


class Watcher:
    """All that is watched for one recorder."""

    def __init__(self, recorder: Recorder):
        import torch
        from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

        self.torch, self.recorder = torch, recorder
        self.tracks: dict[int, Track] = {}  # by the id of the optimizer, while it lives
        self.open: list[Track] = []  # loops that may go on
        self.lines: dict[int, Track] = {}  # line of backward → loop that used it last
        self.pending: list[Pass] = []
        self.last: list[Pass] = []
        self.busy = False
        self.inside: Any = None  # the optimizer whose step is running
        self.seen_backward = False
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
        began = time.perf_counter()
        self.busy = True
        try:
            self._backward(tensor, line, frame, began)
        except Exception as error:  # never the script's
            self.failed("backward", error, line)
        finally:
            self.busy = False

    def from_hook(self, loss: Any) -> None:
        """A loss that a forward hook saw, of a loop whose backward stands in a library or was compiled before."""
        track = self.newest
        if self.idle or not self.library or track is None or track.optimizer is None:
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
        self.seen_backward = True
        if self.validation.sums:
            self.validation.over()
        if tensor.grad_fn is None and not tensor.requires_grad:
            weights = ", ".join(name for track in self.open for name in track.loop.weights[:4])
            self.recorder.fact(Fact("no_graph", 0, 0, line, {"weights": weights or "the weights"}))
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
        if track.place.counters:
            counters = track.place.values(frames.script_frame(frame))
            if counters != track.frame_counters:
                track.epoch += bool(track.steps)
                track.frame_counters = counters
        one.epoch = track.epoch
        if track.scaler is not None:
            one.scale = _scale(track.scaler(), tensor)
        measuring = track.budget.spent
        if not self.pending:
            self._look(track, tensor, one, frame)
        self.pending.append(one)
        track.charge(time.perf_counter() - began - (track.budget.spent - measuring))

    def _look(self, track: Track, loss: Any, one: Pass, frame: FrameType | None) -> None:
        """Read the graph of the first backward pass of an update, and measure its curvature, where due."""
        step, now = track.steps + 1, time.perf_counter()
        symptoms = track.symptoms
        if not self.library:
            symptoms.before_backward(track, step)
        symptoms.modes(track)
        symptoms.rows_of_classes(loss, step)
        due = track.budget.due(step, now - track.began, track.loop.length)
        track.detailed = step >= track.next_detail
        track.sampled = track.detailed or (self.recorder.wanted(track.number) and track.affordable(now))
        if track.sampled and (track.optimizer is None or self.inside is not None):
            track.before = [p.detach().clone() for p in track.parameters]
            one.own = curvature.backwards([loss], [self.torch.ones_like(loss)], track.parameters)
        if not (due or track.detailed):
            return
        frame = frames.script_frame(frame)
        try:
            one.reading = graphs.read(loss, track.names)
        except curvature.NotMeasured as error:
            self._not_measured(track, step, error)
            return
        track.rows = one.reading.rows or track.rows
        if track.detailed:
            track.next_detail = step + 1 + step // 2
            symptoms.read(track, one.reading, loss, step, frame, one.line)
        if due and track.passes == 1:
            self._measure(track, loss, one, step, frame)

    def _measure(self, track: Track, loss: Any, one: Pass, step: int, frame: Any) -> None:
        now, reading = time.perf_counter(), one.reading
        assert reading is not None
        seconds = track.budget.allowed(now - track.began)
        source = frames.text(frame.f_code.co_filename) if frame is not None else ""
        rule = ByHand(track.parameters) if track.optimizer is None else track.optimizer()
        try:
            if one.scale is not None:
                raise curvature.NotMeasured("GradScaler", "half_precision")
            found = curvature.measure(loss, rule, reading.scores, track.vector, seconds, source)
        except curvature.NotMeasured as error:
            self._not_measured(track, step, error)
            track.budget.charge(time.perf_counter() - now)
            return
        track.budget.charge(time.perf_counter() - now)
        track.vector, track.measured = found.vector, found
        rate = found.rate if track.optimizer is not None else track.symptoms.rate
        batch = track.symptoms.same_rows is False
        extras = (found.preconditioned, found.bound, rate, found.noise_scale)
        self.recorder.curvature(
            Curvature(track.number, step, found.value, found.error, reading.rows, batch, *extras)
        )

    def _not_measured(self, track: Track, step: int, error: curvature.NotMeasured) -> None:
        if (error.what, error.why) not in track.told:
            track.told.add((error.what, error.why))
            numbers = {"what": error.what, "why": error.why}
            self.recorder.fact(Fact("not_measured", track.number, step, track.loop.update_line, numbers))

    # ---- the optimizer's steps ----------------------------------------------------------------------
    def pre_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if self.busy or not self.recorder.active:
            return
        began = time.perf_counter()
        self.inside = optimizer
        try:
            track = self.tracks.get(id(optimizer))
            if track is None:
                frame = frames.script_frame(sys._getframe(1))
                if frame is None:
                    return
                track = self._new(optimizer, frame)
            if not track.loop.update_line:
                self._stepping_line(track)
            if not self.pending:
                self._without_backward(track)
            if (track.sampled or track.detailed) and not _closure(args, kwargs):
                gradients = [p.grad if p.grad is None or not p.grad.is_sparse else p.grad.to_dense() for p in track.parameters]
                with self.torch.no_grad():
                    self._gradients(track, gradients)
            track.charge(time.perf_counter() - began)
        except Exception as error:
            self.failed("step", error, 0)

    def _without_backward(self, track: Track) -> None:
        """A step before which no backward pass was seen."""
        if not self.seen_backward and track.steps:
            self.library = True
        track.detailed = False
        track.sampled = self.recorder.wanted(track.number) and track.affordable(time.perf_counter())

    def _gradients(self, track: Track, gradients: list[Any]) -> None:
        """What is kept of the gradients of an update, before it is made."""
        torch = self.torch
        if track.small:
            blank = [torch.zeros_like(p) if g is None else g for p, g in zip(track.parameters, gradients)]
            track.gradient = _flat(torch, blank)
        if track.detailed or not track.small:
            track.norms = _norms(torch, gradients)
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
        began = time.perf_counter()
        try:
            passes, self.pending = self.pending, []
            if passes:
                self.last = passes
                for one in passes:
                    self.lines[one.line] = track
            elif not self.library:
                passes = self.last
            if len(passes) > 1 and _closure(args, kwargs):
                passes = passes[:1]  # a closure is called as often as the optimizer likes
            self._updated(track, passes, float(optimizer.param_groups[0]["lr"]))
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
        loss = self._loss(track, passes, step)
        if step == 2 and not passes and math.isnan(loss):
            self.recorder.fact(Fact("not_seen", number, step, track.loop.update_line, {"what": "loss", "why": "library"}))
        self.recorder.step(number, loss, rate, epoch)
        track.symptoms.stepped(track, step, loss, rate, passes)
        if track.sampled or track.detailed:
            with self.torch.no_grad():
                if passes and passes[0].own is not None:
                    self._gradients(track, passes[0].own)
                self._sample(track, step, epoch, loss, rate)
            track.before = track.gradient = track.norms = None
            track.sampled = track.detailed = False

    def _loss(self, track: Track, passes: list[Pass], step: int) -> float:
        """The sum of the losses of an update; NaN for now where they lie on a GPU."""
        if not passes:
            return math.nan
        total = None
        for one in passes:
            value = one.loss if one.scale is None else one.loss / one.scale
            total = value if total is None else total + value
        if total.numel() != 1:
            return math.nan
        if total.device.type == "cpu":
            return total.item()
        track.waiting.append((step, total))
        if len(track.waiting) >= WAITING:
            self._read_waiting(track)
        return math.nan

    def _read_waiting(self, track: Track) -> None:
        waiting, track.waiting = track.waiting, []
        if waiting:
            values = self.torch.stack([loss.reshape(()).float() for _, loss in waiting]).tolist()
            for (step, _), value in zip(waiting, values):
                self.recorder.amend(track.number, step, value)

    def _sample(self, track: Track, step: int, epoch: int, loss: float, rate: float) -> None:
        """Write an update of the sample; with it, now and then, norms by layer."""
        torch, gradient = self.torch, track.gradient
        after = _flat(torch, track.parameters) if track.small else None
        if gradient is not None:
            norm = math.sqrt(float(gradient @ gradient))
        else:
            norm = math.nan if track.norms is None else math.sqrt(sum(n * n for n in track.norms))
        layers = self._layers(track) if track.detailed and track.before is not None else None
        if step == 1 and track.small and track.before is not None:
            start = _flat(torch, track.before)
            self.recorder.update(Update(track.number, 0, 0, self.recorder.seconds, params=start))
        plain = (track.number, step, epoch, self.recorder.seconds, loss, rate, norm, track.rows)
        self.recorder.update(Update(*plain, after, gradient, None, layers))

    def _layers(self, track: Track) -> dict[str, dict[str, float]]:
        """Norms by layer: a weight and its bias are one."""
        torch = self.torch
        assert track.before is not None
        moves = [p.detach() - b for p, b in zip(track.parameters, track.before)]
        sizes = _norms(torch, track.before)
        track.sizes.append(math.sqrt(sum(size * size for size in sizes)))
        rows = zip(track.loop.weights, track.norms or sizes, sizes, _norms(torch, moves))
        squares: dict[str, list[float]] = {}
        for name, *sizes in rows:
            layer = name.rpartition(".")[0] or name
            summed = squares.setdefault(layer, [0.0, 0.0, 0.0])
            for place, size in enumerate(sizes):
                summed[place] += size * size
        found = {}
        for layer, summed in squares.items():
            g, w, moved = (math.sqrt(square) for square in summed)
            found[layer] = {"gradient_norm": g, "weight_norm": w, "update_ratio": moved / w if w else math.nan}
            found[layer] |= track.symptoms.units.get(layer, {})
        return found

    # ---- loops begin --------------------------------------------------------------------------------
    def _begin(self, loss: Any, line: int, frame: FrameType | None) -> Track | None:
        """The loop that a backward pass belongs to: of the optimizer that holds most of its leaves, or, where
        none does, of the leaves that the script moves by hand."""
        if frame is None:
            return None
        leaves = graphs.read(loss, {}).leaves
        ids = {id(leaf) for leaf in leaves}
        optimizers = [o for _, o in frames.variables(frames.chain(frame)) if isinstance(o, self.torch.optim.Optimizer)]
        known = {id(o): o for o in optimizers}
        known |= {id(o): o for track in self.open if track.optimizer and (o := track.optimizer()) is not None}
        held = {key: sum(id(p) in ids for group in o.param_groups for p in group["params"]) for key, o in known.items()}
        best = max(held, key=lambda key: held[key], default=None)
        if best is not None and held[best]:
            track = self.tracks.get(best) or self._new(known[best], frame)
        elif known or not leaves or ".grad" not in frames.text(frame.f_code.co_filename).replace(".grad_fn", ""):
            return None
        else:
            track = self._enter(frame, self._in_order(leaves, frame), {}, _subject(frame, line))
            track.share = BY_HAND
        self.lines[line] = track
        return track

    def _in_order(self, leaves: list[Any], frame: FrameType) -> list[Any]:
        """Leaves in the order of the script's variables."""
        wanted, found = {id(leaf): leaf for leaf in leaves}, {}
        for _, value in frames.variables(frames.chain(frame)):
            if id(value) in wanted:
                found[id(value)] = wanted[id(value)]
        return list({**found, **wanted}.values())

    def _moves_by_hand(self, frame: FrameType) -> bool:
        """Whether the script reads .grad itself."""
        return ".grad" in frames.text(frame.f_code.co_filename).replace(".grad_fn", "")

    def _new(self, optimizer: Any, frame: FrameType) -> Track:
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        track = self._enter(frame, parameters, _described(optimizer), "")
        track.optimizer = weakref.ref(optimizer)
        self.tracks[id(optimizer)] = track
        weakref.finalize(optimizer, self._over, track, id(optimizer)).atexit = False
        for _, value in frames.variables(frames.chain(frame)):
            if type(value).__name__ == "GradScaler":
                track.scaler = weakref.ref(value)
        return track

    def _enter(self, frame: FrameType, parameters: list[Any], optimizer: dict, loss: str) -> Track:
        names, models = self._names(parameters, frame)
        place = frames.place_of(frame)
        loop = Loop(
            kind="torch", line=place.line, file=place.file, function=place.function,
            update_line=0 if optimizer else frame.f_lineno, weights=tuple(names),
            shapes=tuple(tuple(p.shape) for p in parameters), gradient=".grad", rate="lr" if optimizer else "",
            loss=loss or _subject(frame, frame.f_lineno), optimizer=optimizer, length=place.length,
        )  # fmt: skip
        number = self.recorder.loop(loop)
        loop = self.recorder.tracks[number].loop
        track = Track(number, loop, parameters, place, began=time.perf_counter())
        track.frame_counters = place.values(frame) if place.counters else ()
        track.small = sum(p.numel() for p in parameters) <= NUMBERS
        track.names = {id(p): name for p, name in zip(parameters, names)}
        track.models = [weakref.ref(model) for model in models]
        track.symptoms.recorder = self.recorder
        self.open.append(track)
        return track

    def _names(self, parameters: list[Any], frame: FrameType) -> tuple[list[str], list[Any]]:
        """A name for each weight, as its module or its variable has it, and the modules that hold them."""
        wanted = {id(p) for p in parameters}
        found: dict[int, str] = {}
        models: list[tuple[int, str, Any]] = []
        for name, value in frames.variables(frames.chain(frame)):
            if isinstance(value, self.torch.nn.Module):
                count = sum(id(p) in wanted for p in value.parameters())
                if count:
                    models.append((count, name, value))
            elif isinstance(value, self.torch.Tensor) and id(value) in wanted:
                found.setdefault(id(value), name)
        models.sort(key=lambda entry: (-entry[0], len(entry[1])))
        used = []
        for _, name, model in models:
            own = {id(p): key for key, p in model.named_parameters() if id(p) in wanted and id(p) not in found}
            if own:
                prefix = f"{name}." if used else ""
                found |= {key: f"{prefix}{own_name}" for key, own_name in own.items()}
                used.append(model)
        return [found.get(id(p), f"params[{i}]") for i, p in enumerate(parameters)], used

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
            self._made_again(track, loss)
            if not any(_differ(p, b) for p, b in zip(track.parameters, before)):
                return
            if own is not None:
                gradients = [self.torch.zeros_like(b) if g is None else g for b, g in zip(before, own)]
                rate = _rate(self.torch, track.parameters, before, gradients)
        self.pending = [one for one in self.pending if one not in passes]
        self._updated(track, passes[-1:], rate)

    def _made_again(self, track: Track, loss: Any) -> None:
        """Leaves that the script makes anew at each update: the present ones."""
        if loss is None:
            return
        leaves = graphs.read(loss, {}).leaves
        known = {id(p) for p in track.parameters}
        if not any(id(leaf) in known for leaf in leaves) and len(leaves) == len(track.parameters):
            by_shape = [tuple(leaf.shape) for leaf in leaves] == list(track.loop.shapes)
            if by_shape:
                track.parameters = leaves

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
                self._read_waiting(track)
                track.symptoms.finish(track)
                self._renew(track, full_batch=track.symptoms.full_batch)
            except Exception as error:
                self.failed("finish", error, 0)
        self.recorder.recording_seconds += track.opening + track.spent + track.budget.spent
        track.parameters, track.before = [], None

    def failed(self, what: str, error: Exception, line: int) -> None:
        """Recorded, once for each kind, and never raised."""
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        self.recorder.fact(Fact("not_seen", 0, 0, line, {"what": what, "why": reason}))


def _closure(args: Any, kwargs: Any) -> bool:
    """Whether step(closure) was called; the optimizer itself is the first argument."""
    return len(args) > 1 and args[1] is not None or kwargs.get("closure") is not None


class ByHand:
    """Leaves that the script moves along their gradients, as an optimizer that `curvature` understands."""

    def __init__(self, parameters: list[Any]):
        self.param_groups = [{"params": parameters, "lr": 1.0}]
        self.state: dict[Any, Any] = {}


def _described(optimizer: Any) -> dict[str, Any]:
    """Class and settings of each group, as plain numbers."""
    groups = []
    for group in optimizer.param_groups:
        plain = {name: _number(value) for name, value in group.items() if name != "params"}
        groups.append({name: value for name, value in plain.items() if value is not None})
    return {"class": type(optimizer).__name__, "groups": groups}


def _number(value: Any) -> Any:
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple):
        return [_number(part) for part in value]
    return float(value) if hasattr(value, "item") and value.numel() == 1 else None


def _norms(torch: Any, tensors: list[Any]) -> list[float]:
    """‖·‖ of each, 0 for None; one look at a GPU."""
    known = [t for t in tensors if t is not None]
    if not known:
        return [0.0] * len(tensors)
    sizes = iter(torch.stack([n.float().cpu() for n in torch._foreach_norm(known)]).tolist())
    return [0.0 if t is None else next(sizes) for t in tensors]


def _flat(torch: Any, tensors: list[Any]) -> Any:
    """All numbers in a row, (p,) float64; called without gradients."""
    kinds = {t.dtype for t in tensors}
    if len(kinds) > 1:
        tensors = [t.double() for t in tensors]
    return torch._C._nn.flatten_dense_tensors(tensors).to("cpu", torch.float64).numpy()


def _differ(a: Any, b: Any) -> bool:
    return a.shape != b.shape or not bool((a.detach() == b).all())


def _rate(torch: Any, after: list[Any], before: list[Any], gradients: list[Any]) -> float:
    """The rate of w ← w − rate·g, in as few digits as the rounding of the weights leaves; NaN where the move is
    not along the gradient."""
    g = torch.cat([x.detach().reshape(-1).double() for x in gradients])
    start = torch.cat([x.reshape(-1) for x in before])
    moved = start.double() - torch.cat([x.detach().reshape(-1).double() for x in after])
    size, noise = float(g.norm()), float(start.abs().max()) * torch.finfo(start.dtype).eps * math.sqrt(g.numel())
    if not (size > 0 and math.isfinite(size)):
        return math.nan
    rate = float(moved @ g) / size**2
    if not float((moved - rate * g).norm()) <= 1e-4 * float(moved.norm()) + 4 * noise:
        return math.nan
    for digits in range(1, 12):
        short = float(f"{rate:.{digits}g}")
        if abs(short - rate) <= 4 * noise / size:
            return short
    return rate


def _scale(scaler: Any, loss: Any) -> Any:
    """The factor by which a GradScaler made this loss larger; None where it did not."""
    scale = getattr(scaler, "_scale", None)
    other = graphs.saved(loss.grad_fn, "other") if scale is not None and loss.grad_fn is not None else None
    return scale if other is not None and hasattr(other, "data_ptr") and other.data_ptr() == scale.data_ptr() else None


def _subject(frame: FrameType, line: int) -> str:
    """What stands before .backward( in a line."""
    return frames.source_line(frame.f_code.co_filename, line).partition(".backward(")[0].strip()

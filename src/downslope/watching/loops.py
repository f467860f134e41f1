"""One training loop with PyTorch while it runs: its place, its weights by name, its cost."""

from __future__ import annotations

import math
import sys
import time
import weakref
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from . import curvature, frames, graphs
from .records import NUMBERS, PATH, Curvature, Fact, Loop, Recorder, Update
from .symptoms import LOOKED_AT, Symptoms

WAITING = 64  # losses on a GPU that are read at once
LARGEST = sys.float_info.max


@dataclass(slots=True, eq=False)
class Pass:
    """One backward pass: its loss, a tensor without its graph, and what was read of the graph."""

    loss: Any  # or its number
    line: int
    epoch: int
    scale: Any = None  # by which a GradScaler multiplied it
    reading: graphs.ReadOptions | None = None
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
    spent: float = 0.0  # seconds that recording took, as far as they were measured
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
    per_epoch: int | None = None  # updates in an epoch; None: variables count the epochs
    few: bool = False  # three weights at most
    small: bool = True  # whether weights and gradients are kept: up to 10,000 numbers
    sampled: bool = False  # whether the update under way is one of the sample
    detailed: bool = False  # and its graph is read
    next_sample: int = 1
    twice: bool = False  # the update after that one is of the sample, too
    next_detail: int = 1
    due: int = 1  # updates before this one leave only their numbers
    key: int = 0  # the id of the optimizer
    value: Any = 0.0  # the loss of such an update, while its step is awaited
    ceiling: float = LARGEST  # of a loss that is one number among others
    columns: Any = None  # of the file of all updates: loss, rate, epoch + 1
    passes: int = 1  # backward passes of the last update
    sizes: list[float] = field(default_factory=list)  # ‖weights‖ of the sample
    optimizer: Any = None  # a weak reference; None where leaves are moved by hand
    scaler: Any = None  # a weak reference to the script's GradScaler
    symptoms: Symptoms = field(default_factory=Symptoms)
    ran: dict[int, int] = field(default_factory=dict)  # id of a weight → when its layer ran first

    @property
    def grown(self) -> float | None:
        """By what the norm of the weights has grown at most."""
        return max(self.sizes) / self.sizes[0] if self.sizes and self.sizes[0] else None

    def layers(self) -> dict[str, dict[str, float]]:
        """Norms by layer, of an update that was just made: a weight and its bias are one."""
        assert self.before is not None
        sizes = norms(self.before)
        self.sizes.append(math.sqrt(sum(size * size for size in sizes)))
        moves = norms([p.detach() - b for p, b in zip(self.parameters, self.before)])
        squares: dict[str, list[float]] = {}
        for name, *three in zip(self.loop.weights, self.norms or sizes, sizes, moves):
            layer = name.rpartition(".")[0] or name
            summed = squares.setdefault(layer, [0.0, 0.0, 0.0])
            for place, size in enumerate(three):
                summed[place] += size * size
        found = {}
        for layer, summed in squares.items():
            g, w, moved = (math.sqrt(square) for square in summed)
            sizes_of = {"gradient_norm": g, "weight_norm": w, "update_ratio": moved / w if w else math.nan}
            found[layer] = sizes_of | self.symptoms.units.get(layer, {})
        return found

    def write(self, recorder: Recorder, step: int, epoch: int, loss: float, rate: float) -> None:
        """An update of the sample; with it, now and then, norms by layer."""
        gradient = self.gradient
        after = flat(self.parameters) if self.small else None
        if gradient is not None:
            norm = math.sqrt(float(gradient @ gradient))
        else:
            norm = math.nan if self.norms is None else math.sqrt(sum(n * n for n in self.norms))
        layers = self.layers() if self.detailed and self.before is not None else None
        if step == 1 and self.small and self.before is not None:
            recorder.update(Update(self.number, 0, 0, recorder.seconds, params=flat(self.before)))
        plain = (self.number, step, epoch, recorder.seconds, loss, rate, norm, self.rows)
        recorder.update(Update(*plain, after, gradient, None, layers))

    def loss(self, passes: list[Pass], step: int, amend: Any) -> float:
        """The sum of the losses of an update; on a GPU NaN, and `amend(number, step, loss)` follows."""
        if not passes:
            return math.nan
        total: Any = sum(one.loss if one.scale is None else one.loss / one.scale for one in passes)
        if isinstance(total, float):
            return total
        if total.numel() != 1:
            return math.nan
        if total.is_cpu:
            return float(total.item())
        return self.later(step, total, amend)

    def later(self, step: int, loss: Any, amend: Any) -> float:
        """NaN in the place of a loss on a GPU, until many are read at once."""
        self.waiting.append((step, loss))
        if len(self.waiting) >= WAITING:
            self.read_waiting(amend)
        return math.nan

    def read_waiting(self, amend: Any) -> None:
        """Read the losses that wait on a GPU, all at once."""
        import torch

        waiting, self.waiting = self.waiting, []
        if waiting:
            values = torch.stack([loss.reshape(()).float() for _, loss in waiting]).tolist()
            for (step, _), value in zip(waiting, values):
                amend(self.number, step, value)

    def epoch_of(self, step: int, counted: int) -> int:
        """The epoch of an update, from 0."""
        return counted if self.per_epoch is None else (step - 1) // self.per_epoch

    def counted(self, frame: FrameType | None) -> int:
        """The epoch, by the variables of the loops around a frame's line."""
        if self.place.counters and frame is not None:
            counters = self.place.values(frame)
            if counters != self.frame_counters:
                self.epoch += bool(self.steps)
                self.frame_counters = counters
        return self.epoch

    def sample(self, step: int) -> None:
        """Is the update `step` one of the sample, and which is the next? The first ones are, then pairs of
        neighbours, whose distance grows with the steps: the same on every machine. Of few weights more."""
        self.sampled = step >= self.next_sample or step == self.loop.length
        if step < self.next_sample:
            return
        first, pairs = (32, 8) if self.few else (4, 2)  # and so many pairs before the steps have doubled
        self.twice = step >= first and not self.twice
        every = max(1, (1 << step.bit_length() - 1) // pairs)
        self.next_sample = step + 1 if step < first or self.twice else step - step % every + every

    def rest(self, file: Any, measuring: bool) -> None:
        """After an update: how many follow that leave only their numbers."""
        step = self.steps
        if self.optimizer is None or self.scaler is not None:
            return
        self.columns = file.columns()
        length = self.loop.length or 0
        due = [self.next_sample, self.next_detail, len(self.columns[0])]
        due += [1 << step.bit_length()] if measuring else []
        due += [length] if length > step else []
        due += [step + 1] if step + 1 in LOOKED_AT or step + 2 in LOOKED_AT else []
        self.due = min(due)


def entered(watcher: Any, frame: FrameType, parameters: list[Any], optimizer: dict, loss: str = "") -> Track:
    """A loop that begins: its place is around the line that `frame` is at."""
    names, models = _names(parameters, frame)
    place = frames.place_of(frame, watcher.edge)
    loop = Loop(
        kind="torch",
        line=place.line,
        file=place.file,
        function=place.function,
        update_line=0 if optimizer else frame.f_lineno,
        weights=tuple(names),
        shapes=tuple(tuple(p.shape) for p in parameters),
        gradient=".grad",
        rate="lr" if optimizer else "",
        loss=loss or loss_text(frame.f_code.co_filename, frame.f_lineno),
        optimizer=optimizer,
        length=place.length,
    )
    recorder = watcher.recorder
    number = recorder.loop(loop)
    track = Track(number, recorder.tracks[number].loop, parameters, place, began=time.perf_counter())
    track.per_epoch = place.per_epoch
    track.frame_counters = place.values(frame) if place.counters else ()
    numbers = sum(p.numel() for p in parameters)
    track.few, track.small = numbers <= PATH, numbers <= NUMBERS
    track.names = {id(p): name for p, name in zip(parameters, names)}
    track.models = [weakref.ref(model) for model in models]
    track.symptoms.recorder, track.ran = recorder, watcher.validation.ran
    watcher.open.append(track)
    return track


def made_again(track: Track, loss: Any) -> None:
    """Leaves that the script makes anew at each update: the present ones, of a loss."""
    if loss is None:
        return
    leaves = graphs.read(loss, {}).leaves
    known = {id(p) for p in track.parameters}
    alike = [tuple(leaf.shape) for leaf in leaves] == list(track.loop.shapes)
    if alike and not any(id(leaf) in known for leaf in leaves):
        track.parameters = leaves


def holder(leaves: list[Any], frame: FrameType, known: list[Any]) -> tuple[Any, bool]:
    """(the optimizer that holds most of these leaves, or None; whether there is any optimizer): of those that
    the script's variables hold, and of those that have stepped before."""
    import torch

    found = {id(o): o for o in known}
    for _, value in frames.variables(frames.chain(frame)):
        if isinstance(value, torch.optim.Optimizer):
            found[id(value)] = value
    ids = {id(leaf) for leaf in leaves}
    shared = lambda o: sum(id(p) in ids for group in o.param_groups for p in group["params"])
    best = max(found.values(), key=shared, default=None)
    return (best if best is not None and shared(best) else None), bool(found)


def in_order(leaves: list[Any], frame: FrameType) -> list[Any]:
    """Leaves in the order of the script's variables."""
    wanted, found = {id(leaf): leaf for leaf in leaves}, {}
    for _, value in frames.variables(frames.chain(frame)):
        if id(value) in wanted:
            found[id(value)] = wanted[id(value)]
    return list({**found, **wanted}.values())


def _names(parameters: list[Any], frame: FrameType) -> tuple[list[str], list[Any]]:
    """A name for each weight, as its module or its variable has it, and the modules that hold them."""
    import torch

    wanted = {id(p) for p in parameters}
    found: dict[int, str] = {}
    models: list[tuple[int, str, Any]] = []
    for name, value in frames.variables(frames.chain(frame)):
        if isinstance(value, torch.nn.Module):
            count = sum(id(p) in wanted for p in value.parameters())
            if count:
                models.append((count, name, value))
        elif isinstance(value, torch.Tensor) and id(value) in wanted:
            found.setdefault(id(value), name)
    models.sort(key=lambda entry: (-entry[0], len(entry[1])))
    used: list[Any] = []
    for _, name, model in models:
        own = {id(p): key for key, p in model.named_parameters() if id(p) in wanted and id(p) not in found}
        if own:
            prefix = f"{name}." if used else ""
            found |= {key: f"{prefix}{own_name}" for key, own_name in own.items()}
            used.append(model)
    return [found.get(id(p), f"params[{i}]") for i, p in enumerate(parameters)], used


def closure(args: Any, kwargs: Any) -> bool:
    """Whether step(closure) was called; the optimizer itself is the first argument."""
    return (len(args) > 1 and args[1] is not None) or kwargs.get("closure") is not None


def measure(recorder: Any, track: Track, loss: Any, one: Pass, step: int, frame: Any) -> None:
    """Measure the curvature of a loss on its own graph, before its backward pass."""
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
        not_measured(recorder, track, step, error)
        track.budget.charge(time.perf_counter() - now)
        return
    track.budget.charge(time.perf_counter() - now)
    track.vector, track.measured = found.vector, found
    rate = found.rate if track.optimizer is not None else track.symptoms.rate
    batch = track.symptoms.same_rows is False
    extras = (found.preconditioned, found.bound, rate, found.noise_scale)
    recorder.curvature(Curvature(track.number, step, found.value, found.error, reading.rows, batch, *extras))


def not_measured(recorder: Any, track: Track, step: int, error: curvature.NotMeasured) -> None:
    """Say once what could not be measured, and why."""
    if (error.what, error.why) not in track.told:
        track.told.add((error.what, error.why))
        numbers = {"what": error.what, "why": error.why}
        recorder.fact(Fact("not_measured", track.number, step, track.loop.update_line, numbers))


class ByHand:
    """Leaves that the script moves along their gradients, as an optimizer that `curvature` understands."""

    def __init__(self, parameters: list[Any]):
        self.param_groups = [{"params": parameters, "lr": 1.0}]
        self.state: dict[Any, Any] = {}


def described(optimizer: Any) -> dict[str, Any]:
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


def norms(tensors: list[Any]) -> list[float]:
    """‖·‖ of each, 0 for None; one look at a GPU."""
    import torch

    known = [t for t in tensors if t is not None]
    if not known:
        return [0.0] * len(tensors)
    sizes = iter(torch.stack([n.float().cpu() for n in torch._foreach_norm(known)]).tolist())
    return [0.0 if t is None else next(sizes) for t in tensors]


def flat(tensors: list[Any]) -> np.ndarray:
    """(p,) all numbers in a row; called without gradients."""
    if not all(t.is_cpu for t in tensors):  # one look at a GPU
        import torch

        tensors = [torch.cat([t.reshape(-1).double() for t in tensors]).cpu()]
    parts = [t.detach() for t in tensors]
    parts = [t.float() if t.dtype.itemsize < 4 and t.is_floating_point() else t for t in parts]
    return np.concatenate([t.numpy().reshape(-1) for t in parts]).astype(np.float64, copy=False)


def dense(gradient: Any) -> Any:
    """A gradient with all its numbers; None stays None."""
    return gradient.to_dense() if gradient is not None and gradient.is_sparse else gradient


def differ(a: Any, b: Any) -> bool:
    return a.shape != b.shape or not bool((a.detach() == b).all())


def rate_of(after: list[Any], before: list[Any], gradients: list[Any]) -> float:
    """The rate of w ← w − rate·g, in as few digits as the rounding of the weights leaves; NaN where the
    move is not along the gradient."""
    import torch

    g = torch.cat([x.detach().reshape(-1).double() for x in gradients])
    start = torch.cat([x.reshape(-1) for x in before])
    moved = start.double() - torch.cat([x.detach().reshape(-1).double() for x in after])
    size = float(g.norm())
    noise = float(start.abs().max()) * torch.finfo(start.dtype).eps * math.sqrt(g.numel())
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


def scale_of(scaler: Any, loss: Any) -> Any:
    """The factor by which a GradScaler made this loss larger; None where it did not."""
    scale = getattr(scaler, "_scale", None)
    if scale is None or loss.grad_fn is None:
        return None
    other = graphs.saved(loss.grad_fn, "other")
    return scale if hasattr(other, "data_ptr") and other.data_ptr() == scale.data_ptr() else None


def loss_text(file: str, line: int) -> str:
    """What stands before .backward( in a line of a file; "" for none."""
    before, found, _ = frames.source_line(file, line).partition(".backward(")
    return before.strip() if found else ""

"""What surrounds a PyTorch loop, as the run shows it: weights that no optimizer holds, a graph that is cut
between the layers, a scheduler at the wrong place, one batch that is drawn anew.

`Setup.look` sees the first update with the script's variables, `later` the leaves of later readings; the
others judge at the end. A fact needs weights that are the same to the last bit, and a reason that only a
mistake has: layers left out of an optimizer on purpose (a frozen backbone, a target net) give none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..model.hessian import operation
from . import frames, graphs
from .records import Fact

HEAD = 64  # numbers of a weight that are compared
LOST = 1e-3  # of the first rate: with such a rate nothing moves any more
BY_EPOCH = ("StepLR", "MultiStepLR", "ExponentialLR", "CosineAnnealingLR", "PolynomialLR", "LinearLR")
READ = re.compile(r"\bautograd\b|\bfunctional_call\b|\.grad\b(?!\s*\.\s*(zero_|detach_)|\s*=\s*None|_)")


@dataclass(eq=False)
class Setup:
    """What the first update of one loop showed of its surroundings."""

    outside: dict[int, tuple[str, str, Any, Any]] = field(default_factory=dict)  # id → name, kind, leaf, head
    held: int = 0  # weights of the optimizer that the loss reaches
    scheduler: Any = None
    scheduler_name: str = ""
    early: int = 0  # steps of the scheduler before the first one of the optimizer
    again: tuple[Any, int] | None = None  # the loader of next(iter(loader)) in the loop, and the line
    alive: list[tuple[int, str, int]] = field(default_factory=list)  # (step, variable, graphs)

    def look(self, track: Any, reading: graphs.ReadOptions, frame: Any) -> None:
        """At the first update, before its backward pass."""
        if frame is None or track.optimizer is None:
            return
        variables = list(frames.variables(frames.chain(frame)))
        self._outside(track, reading, frame, variables)
        self._schedule(track, frame, variables)
        self.again = _drawn_again(frame)

    def later(self, reading: graphs.ReadOptions) -> None:
        """At a later reading: a leaf that is a new one each time is no weight."""
        if self.outside:
            leaves = {id(leaf) for leaf in reading.leaves}
            self.outside = {key: found for key, found in self.outside.items() if key in leaves}

    # ---- weights -------------------------------------------------------------------------------------
    def _outside(self, track: Any, reading: graphs.ReadOptions, frame: Any, variables: list) -> None:
        import torch

        optimizers = {id(v): v for _, v in variables if isinstance(v, torch.optim.Optimizer)}
        own = track.optimizer()
        held = {id(p) for o in (own, *optimizers.values()) for g in o.param_groups for p in g["params"]}
        self.held = sum(id(p) in held for p in reading.leaves)
        left = {id(leaf): leaf for leaf in reading.leaves if id(leaf) not in held}
        if not left:
            return
        models = [model for reference in track.models if (model := reference()) is not None]
        models += [v for _, v in variables if isinstance(v, torch.nn.Module) and v not in models]
        known = {id(p): name for model in models for name, p in model.named_parameters()}
        listed = {key: name for model in models for name, key in _in_containers(model)}
        plain = {id(v): name for name, v in variables if isinstance(v, torch.Tensor)}
        silent = READ.search(frames.text(frame.f_code.co_filename)) is None
        for key, leaf in left.items():
            if key in listed:
                entry = listed[key], "list"
            elif key in known:
                entry = known[key], "replaced"
            elif key in plain and silent and not (leaf.dim() and leaf.shape[0] == reading.rows > 1):
                entry = plain[key], "variable"
            else:
                continue
            self.outside[key] = (*entry, leaf, leaf.detach().reshape(-1)[:HEAD].clone())

    def weights(self, track: Any, ran: dict[int, int]) -> None:
        """Weights that were the same before and after, by mistake. `ran`: weights by the order of their
        layers in the first forward pass that built a graph."""
        s, names = track.symptoms, track.loop.weights
        if s.seen_gradients < 3 or track.steps < 3:
            return
        still = [place for place, count in s.silent.items() if count == s.seen_gradients]
        wanted = [(place, track.parameters[place]) for place in still]
        missing = [place for place, p in wanted if p.grad is None and p.requires_grad]
        zero = [place for place, p in wanted if p.grad is not None]
        everything = len(missing) == len(names)
        downhill = track.measured is not None and track.measured.gradient_norm > 0
        total = len(names) + len(self.outside)
        left = [
            (name, kind) for name, kind, leaf, head in self.outside.values()
            if bool((leaf.detach().reshape(-1)[:HEAD] == head).all()) and (kind != "replaced" or missing)
        ]  # fmt: skip
        if everything and not left:
            self._still(track, [names[place] for place in missing], total, "none", ".grad is None")
        elif downhill and len(zero) == len(names):
            self._still(track, [names[place] for place in zero], total, "none", ".grad = 0")
        elif left:
            kinds = [kind for _, kind in left]
            self._still(track, sorted(name for name, _ in left), total, max(kinds, key=kinds.count))
        elif missing:
            order = {place: ran[id(p)] for place, p in enumerate(track.parameters) if id(p) in ran}
            cut = [place for place in missing if place in order]
            moving = [order[place] for place in order if place not in missing]
            if cut and moving and max(order[place] for place in cut) < min(moving):
                self._still(track, [names[place] for place in cut], total, "cut")

    def _still(self, track: Any, listed: list[str], total: int, kind: str, why: str = "") -> None:
        shown = ", ".join(listed[:4]) + (", …" if len(listed) > 4 else "")
        facts = {"count": len(listed), "total": total, "updates": track.steps, "why": why, "kind": kind}
        track.symptoms.fact("never_moves", track, track.steps, weights=shown, **facts)

    # ---- the scheduler -------------------------------------------------------------------------------
    def _schedule(self, track: Any, frame: Any, variables: list) -> None:
        own = track.optimizer()
        for name, value in variables:
            of_torch = type(value).__module__ == "torch.optim.lr_scheduler"
            if of_torch and getattr(value, "optimizer", None) is own:
                self.scheduler, self.scheduler_name = value, name.rpartition(".")[2]
        resumed = "load_state_dict" in frames.text(frame.f_code.co_filename) or own.state
        if self.scheduler is not None and not resumed:
            self.early = max(0, int(getattr(self.scheduler, "last_epoch", 0)))

    def misplaced(self, track: Any) -> None:
        """Stepped before the optimizer, after each batch though it counts epochs, or never."""
        scheduler, s = self.scheduler, track.symptoms
        if scheduler is None:
            return
        kind, taken, epochs = type(scheduler).__name__, int(scheduler.last_epoch), track.epoch + 1
        text = frames.text(track.loop.file)
        line = _line(text, rf"\b{re.escape(self.scheduler_name)}\s*\.step\(")
        numbers = {"scheduler": kind, "updates": track.steps, "epochs": epochs, "taken": taken}
        rates = s.recorder.tracks[track.number].rates()
        rates = rates[~np.isnan(rates)]
        if not len(rates):
            return
        numbers |= {"changes": np.count_nonzero(np.diff(rates)), "first": rates[0], "last": rates[-1]}
        collapsed = int(np.argmax(rates < LOST * rates[0]))  # 0: never
        period = getattr(scheduler, "T_max", 0)
        each = kind in BY_EPOCH and epochs >= 3 and track.steps >= 4 * epochs and taken >= 0.9 * track.steps
        turns = kind == "CosineAnnealingLR" and 0 < period <= 1.5 * epochs and taken >= 4 * period
        if self.early and not each and line:
            s.fact("scheduler_misplaced", track, 1, line, kind="before", early=self.early, **numbers)
        elif each and (turns or 0 < collapsed < 0.5 * track.steps):
            numbers |= {"at": collapsed + 1 if collapsed else track.steps}
            each_kind = "turns" if turns else "each"
            s.fact("scheduler_misplaced", track, track.steps, line, kind=each_kind, **numbers)
        elif taken == 0 and not line and epochs >= 3 and kind != "ReduceLROnPlateau":
            made = _line(text, rf"\b{re.escape(self.scheduler_name)}\s*=")
            numbers |= {"kind": "never", "name": self.scheduler_name}
            s.fact("scheduler_misplaced", track, track.steps, made, **numbers)

    # ---- memory --------------------------------------------------------------------------------------
    def kept_graphs(self, track: Any, loss: Any, step: int, frame: Any) -> None:
        """Do variables hold the graphs of earlier losses?"""
        if step < 4 or "memory_grows" in track.symptoms.reported:
            return
        kind = operation(loss.grad_fn)
        for name, value in frames.variables(frames.chain(frame)[:2]):
            if value is loss or getattr(value, "grad_fn", None) is None or value.numel() != 1:
                continue
            count = 0
            seen: set[Any] = set()
            todo = [value.grad_fn]
            while todo and len(seen) < 5_000:
                node = todo.pop()
                if node in seen:
                    continue
                seen.add(node)
                count += operation(node) == kind
                todo += graphs.below(node)
            self.alive.append((step, name.partition("[")[0], count))
        totals: dict[str, dict[int, int]] = {}
        for at, name, count in self.alive:
            totals.setdefault(name, {}).setdefault(at, 0)
            totals[name][at] += count
        for name, counts in totals.items():
            steps = sorted(counts)
            if len(steps) < 2 or steps[-1] != step or counts[step] < 4:
                continue
            if counts[step] >= counts[steps[-2]] + (step - steps[-2]) // 2:
                track.symptoms.fact("memory_grows", track, step, count=counts[step], name=name)

    # ---- rows ----------------------------------------------------------------------------------------
    def same_batch(self, track: Any) -> None:
        """One batch at every update, of a loader that has more."""
        s, loader, line = track.symptoms, track.place.loader, 0
        if self.again is not None:
            loader, line = self.again
        if not s.same_rows or len(s.sums) < 3 or type(loader).__name__ != "DataLoader":
            return
        total, rows = len(loader.dataset), s.sums[0][1]
        if len(loader) > 1 and rows < total and track.steps >= len(loader):
            s.fact("same_batch", track, track.steps, line, updates=track.steps, rows=rows, total=total)


def _in_containers(model: Any) -> Iterator[tuple[str, int]]:
    """(name, id) of weights that stand in plain lists, tuples and dicts of a model's modules."""
    import torch

    for path, module in model.named_modules():
        for key, value in vars(module).items():
            if key.startswith("_") or type(value) not in (list, tuple, dict):
                continue
            name = f"{path}.{key}" if path else key
            for place, part in value.items() if type(value) is dict else enumerate(value):
                if isinstance(part, torch.nn.Module):
                    yield from ((f"{name}[{place!r}].{own}", id(p)) for own, p in part.named_parameters())
                elif isinstance(part, torch.nn.Parameter):
                    yield f"{name}[{place!r}]", id(part)


def _drawn_again(frame: Any) -> tuple[Any, int] | None:
    """The loader X of a next(iter(X)) in the innermost loop around the frame, and its line."""
    for at in frames.chain(frame):
        around = frames.loops_around(at)
        for node in ast.walk(around[-1]) if around else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "next" and node.args:
                inner = node.args[0]
                if isinstance(inner, ast.Call) and ast.unparse(inner.func) == "iter" and inner.args:
                    return frames.value_of(inner.args[0], at), node.lineno
    return None


def _line(text: str, pattern: str) -> int:
    """The first line of a text that a pattern matches; 0 for none."""
    found = re.search(pattern, text)
    return text.count("\n", 0, found.start()) + 1 if found else 0


def no_graph(watcher: Any, loss: Any, line: int, frame: Any) -> None:
    """A fact, once for each line: no operation made a loss; it is a number, a copy, or all is frozen."""
    import torch

    if line in watcher.validation.cut:
        return
    watcher.validation.cut.add(line)
    tracks = watcher.open
    optimizers = [track.optimizer() for track in tracks if track.optimizer is not None]
    variables = frames.variables(frames.chain(frame))
    optimizers += [value for _, value in variables if isinstance(value, torch.optim.Optimizer)]
    weights = {id(p): p for o in optimizers if o is not None for g in o.param_groups for p in g["params"]}
    names = ", ".join(name for track in tracks for name in track.loop.weights[:4])
    numbers = {"weights": names or "the weights", "count": len(weights)}
    if weights and not any(p.requires_grad for p in weights.values()):
        numbers["kind"] = "frozen"
    elif loss.requires_grad:
        numbers["kind"] = "copy"
    step = 1 + max((track.steps for track in tracks), default=0)
    watcher.recorder.fact(Fact("no_graph", 0, step, line, numbers))


def acting(model: Any, training: bool) -> str:
    """The first layer that acts differently in training and evaluation, and is in that mode; "" for none."""
    for name, module in model.named_modules():
        kind = type(module).__name__
        drops = "Dropout" in kind and getattr(module, "p", 1.0) > 0
        normalises = "BatchNorm" in kind and getattr(module, "track_running_stats", True)
        if (drops or normalises) and module.training is training:
            return f"{name} ({kind})" if name else kind
    return ""

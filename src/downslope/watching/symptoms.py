"""Mistakes that only the running program shows, each a `Fact` with the numbers that prove it.

A reading is taken at a sample of updates; what a single one may show by chance is a fact only once several
have shown it. What is done on purpose (gradients added up over several passes and then cleared, frozen
weights, a validation in evaluation mode) leaves no fact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..insight.scripts.values import words
from . import graphs
from .records import Fact, hopeless
from .setup import Setup, acting

SAME = 1e-9  # relative: two sums over the same rows, in any order
DEAD = 0.5  # of a layer's units
CONSTANT = 1e-6  # of the largest output: outputs of different rows that differ by less are one
GROWING = 64  # updates within which a graph that is never freed has grown
ADAPTIVE = words("Adam AdamW RMSprop Adagrad Adamax NAdam RAdam Adadelta Adafactor Rprop Muon")


@dataclass(eq=False)
class Symptoms:
    """What the updates of one loop have shown so far."""

    recorder: Any = None
    reported: set[str] = field(default_factory=set)
    loss: float = math.nan  # the last one
    first_loss: float = math.nan
    hopeless: bool = False  # whether the loss was far above the first one, or lost
    rate: float = math.nan
    leftover: float | None = None  # ‖.grad‖ before the first backward pass since the last step
    met: float | None = None  # ‖.grad‖ that the last step used
    piled: int = 0  # successive steps whose gradient was not cleared
    sums: list[tuple[int, int, float, float]] = field(default_factory=list)  # (step, rows, Σx, Σ|x|)
    silent: dict[int, int] = field(default_factory=dict)  # place of a weight → readings without a gradient
    seen_gradients: int = 0
    start: list[Any] | None = None  # of each weight, a few numbers
    norms: list[tuple[int, float]] = field(default_factory=list)
    units: dict[str, dict[str, float]] = field(default_factory=dict)
    dead: dict[str, Any] = field(default_factory=dict)  # layer → units that were 0 in all readings so far
    dead_readings: dict[str, int] = field(default_factory=dict)
    dead_rows: dict[str, int] = field(default_factory=dict)
    saturated: dict[str, list[float]] = field(default_factory=dict)
    constant: list[tuple[int, float, int]] = field(default_factory=list)  # (step, spread, rows)
    in_eval: int = 0
    eval_layer: str = ""
    pure: int = 0
    batches: int = 0
    batch_rows: int = 0
    classes: dict[int, int] = field(default_factory=dict)
    first_ratio: list[tuple[int, float, float]] = field(default_factory=list)
    setup: Setup = field(default_factory=Setup)
    edge: str = ""  # the operation of the last reading whose derivative is infinite there
    depth: int = 0  # linear maps and convolutions in the graph of the first loss
    first_sizes: tuple[float, float] = (math.nan, math.nan)  # largest input and output of the first update
    summed: Any = None  # of the gradients of leaves that are moved by hand

    def fact(self, code: str, track: Any, step: int, line: int = 0, **numbers: Any) -> None:
        """Once for each code."""
        if code not in self.reported:
            self.reported.add(code)
            self.recorder.fact(Fact(code, track.number, step, line or track.loop.update_line, numbers))

    # ---- before each backward pass: cheap ------------------------------------------------------------
    def glance(self, track: Any, loss: Any, step: int, one: Any, cleared: bool) -> None:
        """Before the first backward pass of an update. `cleared`: the gradient is looked at, too."""
        if cleared:
            self.before_backward(track, step, one.line)
        self.modes(track)
        if isinstance(one.loss, float) and not math.isfinite(one.loss):
            self.lost(track, loss, step, one.line)

    def before_backward(self, track: Any, step: int, line: int = 0) -> None:
        """Was the gradient cleared since the last step?"""
        if track.loop.optimizer == {}:
            self._piles_by_hand(track, step, line)
            return
        if step not in LOOKED_AT:
            self.leftover = None
            return
        gradients = [p.grad for p in track.parameters]
        if all(g is None for g in gradients):
            self.leftover = 0.0
            return
        self.leftover = _norm(gradients)

    def _piles_by_hand(self, track: Any, step: int, line: int) -> None:
        """Is .grad of leaves that are moved by hand the sum of the gradients of all losses so far?"""
        if self.summed is None or not 2 <= step <= 4:
            return
        pairs = [(p.grad, own) for p, own in zip(track.parameters, self.summed)]
        errors = [_norm([g.detach() - own]) for g, own in pairs if g is not None and own is not None]
        size = _norm([own for _, own in pairs])
        if len(errors) == len(pairs) and size > 0 and (error := math.hypot(*errors) / size) <= 1e-5:
            self.piled += 1
            if self.piled >= 2:
                self.fact("gradients_accumulate", track, step, line, passes=step - 1, error=error)

    def modes(self, track: Any) -> None:
        """Is the model in evaluation mode while it is trained?"""
        for reference in track.models:
            model = reference()
            if model is not None and not model.training:
                if not self.eval_layer:
                    self.eval_layer = acting(model, training=False)
                self.in_eval += bool(self.eval_layer)
                return

    def rows_of_classes(self, loss: Any) -> None:
        """Does each batch hold one class only?"""
        if self.same_rows:
            return
        target = graphs.targets(loss)
        if target is None or target.numel() < 4 or target.device.type != "cpu":
            return
        if target.is_floating_point() and not bool(((target == 0) | (target == 1)).all()):
            return
        values, counts = target.detach().reshape(-1).long().unique(return_counts=True)
        self.batches += 1
        self.batch_rows = max(self.batch_rows, int(target.numel()))
        self.pure += len(values) == 1
        for value, count in zip(values.tolist(), counts.tolist()):
            self.classes[value] = self.classes.get(value, 0) + count

    def lost(self, track: Any, loss: Any, step: int, line: int) -> None:
        """A loss that is not finite, for the first time: which operation made it so."""
        if "not_finite" in self.reported:
            return
        made = graphs.not_finite(graphs.read(loss, track.names))
        if made == "weights" and self.edge:
            made = self.edge
        if made:
            self.fact("not_finite", track, step, line, operation=made)

    # ---- a reading of the graph ----------------------------------------------------------------------
    def read(
        self, track: Any, reading: graphs.ReadOptions, loss: Any, step: int, frame: Any, line: int = 0
    ) -> None:
        self.edge = graphs.endless(reading)
        self._rows(reading, step)
        if step <= 4:
            self._links(track, reading, step, line)
        self._units(track, reading, step)
        self._outputs(reading, step)
        if step == 1:
            self._symmetric(track, reading)
            self._unscaled(track, reading)
            self.setup.look(track, reading, frame)
            self.depth = len(reading.layers)
        else:
            self.setup.later(reading)
        if frame is not None and 1 < step <= GROWING:
            self.setup.kept_graphs(track, loss, step, frame)

    def _rows(self, reading: graphs.ReadOptions, step: int) -> None:
        data = reading.data
        if sum(t.numel() for t in data) > 20_000_000 or (step > 4 and self.same_rows is False):
            return
        total = size = 0.0
        for tensor in data:
            wide = tensor.detach().double()
            total, size = total + float(wide.sum()), size + float(wide.abs().sum())
        self.sums.append((step, reading.rows, total, size))

    @property
    def same_rows(self) -> bool | None:
        """Whether every reading saw the same rows; None where that is not known."""
        if len(self.sums) < 2:
            return None
        _, rows, total, size = self.sums[0]
        return all(r == rows and abs(t - total) <= SAME * max(size, 1e-300) for _, r, t, _ in self.sums)

    def _links(self, track: Any, reading: graphs.ReadOptions, step: int, line: int) -> None:
        found = graphs.double_link(reading)
        if found is not None:
            kind, made = found[0], None if found[1] is None else found[1].detach()
            lowest, highest = (math.nan, math.nan) if made is None else (float(made.min()), float(made.max()))
            facts: dict[str, Any] = {"rows": reading.rows, "lowest": lowest, "highest": highest}
            if kind == "Softmax" and made is not None and made.dim() > 1:
                floor = math.log1p((made.shape[1] - 1) / math.e)
                self.fact("double_softmax", track, step, line, **facts, floor=floor)
            elif kind == "Sigmoid":
                self.fact("logits_in_bce", track, step, line, **facts)
        shapes = graphs.broadcast(reading)
        if shapes is not None:
            at = line or track.loop.update_line
            self.fact("broadcast", track, step, line, at=at, **shapes)

    def _units(self, track: Any, reading: graphs.ReadOptions, step: int) -> None:
        self.units = {}
        for activation in reading.activations:
            out, kind = activation.output.detach(), activation.kind
            if out.dim() < 2 or out.shape[0] < 2 or not out.numel():
                continue
            channel = 1 if out.dim() > 2 else out.dim() - 1
            others = [d for d in range(out.dim()) if d != channel]
            if kind == "Relu":
                zero = out == 0
                dead = zero.all(dim=others[0]) if len(others) == 1 else zero.amin(dim=others).bool()
                name = activation.layer
                before = self.dead.get(name)
                self.dead[name] = dead if before is None or before.shape != dead.shape else before & dead
                self.dead_readings[name] = self.dead_readings.get(name, 0) + 1
                self.dead_rows[name] = int(out.shape[0])
                self.units.setdefault(name, {})["dead"] = float(dead.double().mean())
            else:
                low, high = graphs.ENDS[kind]
                near = 0.01 * (high - low)  # type: ignore[operator]
                share = float(((out < low + near) | (out > high - near)).double().mean())  # type: ignore[operator]
                self.units.setdefault(activation.layer, {})["saturated"] = share
                self.saturated.setdefault(activation.layer, []).append(share)
                if share > 0.8 and step <= 4:
                    self.fact("saturated", track, step, share=share, layer=activation.layer)

    def _outputs(self, reading: graphs.ReadOptions, step: int) -> None:
        made = graphs.outputs(reading)
        if made is None or made.dim() < 1 or made.shape[0] < 4:
            return
        given = [layer.inputs for layer in reading.layers if layer.inputs is not None]
        X = next((x for x in given if bool((x != x[:1]).any())), None)
        if X is None:  # a sample's mean, or rows that are all one
            return
        predicted = made.detach().reshape(made.shape[0], -1).cpu().double().numpy()
        largest = float(np.abs(predicted).max())
        if step == 1 and X.is_floating_point():
            self.first_sizes = float(X.detach().abs().max()), largest
        spread = float(np.ptp(predicted, axis=0).max())
        self.constant.append((step, spread / (largest or 1.0), len(predicted)))

    def _symmetric(self, track: Any, reading: graphs.ReadOptions) -> None:
        for layer, after in zip(reading.layers, reading.layers[1:]):
            W, V = (one.weight.detach().T if one.columns else one.weight.detach() for one in (layer, after))
            if W.dim() != 2 or V.dim() != 2 or W.shape[0] < 2 or V.shape[1] != W.shape[0]:
                continue
            spread = max(float((W - W[:1]).abs().max()), float((V - V[:, :1]).abs().max()))
            if spread == 0.0:
                self.fact("symmetric_start", track, 1, units=int(W.shape[0]), layer=layer.name, spread=spread)

    def _unscaled(self, track: Any, reading: graphs.ReadOptions) -> None:
        X = reading.inputs
        if X is None or X.dim() != 2 or X.shape[0] < 2 or X.shape[1] < 2 or not X.is_floating_point():
            return
        X = X.detach().double()
        largest = X.abs().amax(dim=0)
        varies = (X.amax(dim=0) > X.amin(dim=0)) & (largest > 0)
        if int(varies.sum()) < 2:
            return
        squares = (X * X).mean(dim=0)[varies]
        widths = largest[varies]
        if float(widths.max() / widths.min()) >= 100 and float(widths.max()) > 10:
            self.fact("unscaled_inputs", track, 1, ratio=float(squares.max() / squares.min()))

    # ---- gradients before a step ---------------------------------------------------------------------
    def gradients(self, track: Any, gradients: list[Any]) -> None:
        """Norms of a sample of updates: what gets none, what vanishes, what explodes."""
        norms = track.norms
        self.seen_gradients += 1
        for place, (g, size) in enumerate(zip(gradients, norms)):
            if g is None or size == 0.0:
                self.silent[place] = self.silent.get(place, 0) + 1
        step = track.steps + 1
        whole = math.sqrt(sum(n * n for n in norms))
        self.norms.append((step, whole))
        wide = [n for n, shape in zip(norms, track.loop.shapes) if len(shape) > 1]
        if len(wide) >= 3:
            self.first_ratio.append((step, wide[0], wide[-1]))

    # ---- after a step ----------------------------------------------------------------------------------
    def stepped(self, track: Any, step: int, loss: float, rate: float, passes: list[Any]) -> None:
        self.loss = loss
        if math.isfinite(loss) and math.isnan(self.first_loss):
            self.first_loss = loss
        self.hopeless |= math.isfinite(self.first_loss) and hopeless(loss, self.first_loss)
        self.rate = rate
        own = passes[0].own if passes and track.optimizer is None else None
        if own is not None and step <= 3:
            before = self.summed or [None] * len(own)
            self.summed = [a if b is None else b if a is None else a + b for a, b in zip(own, before)]
        if step in LOOKED_AT or step + 1 in LOOKED_AT:
            self._piles(track, step, passes)

    def _piles(self, track: Any, step: int, passes: list[Any]) -> None:
        met, self.met = self.met, None
        if not track.loop.optimizer:
            return
        leftover, self.leftover = self.leftover, None
        if leftover is not None and met is not None and met > 0 and passes:
            error = abs(leftover - met) / met
            self.piled = self.piled + 1 if error <= 1e-6 else 0
            if self.piled >= 2:
                self.fact("gradients_accumulate", track, step, passes[0].line, passes=step, error=error)
        if step + 1 in LOOKED_AT:
            self.met = _norm([p.grad for p in track.parameters])

    # ---- the end ---------------------------------------------------------------------------------------
    def finish(self, track: Any) -> None:
        if not track.steps:
            return
        self.setup.weights(track, track.ran)
        self._ends(track)
        if self.eval_layer and self.in_eval >= max(2, 0.2 * track.steps):
            facts = {"count": self.in_eval, "updates": track.steps, "layer": self.eval_layer}
            self.fact("trained_in_eval", track, track.steps, **facts)
        self._sorted(track)
        self.setup.same_batch(track)
        self.setup.misplaced(track)

    def _ends(self, track: Any) -> None:
        """What all readings have shown: dead layers, saturated ones, vanishing or exploding gradients."""
        for layer, dead in self.dead.items():
            count, units, rows = int(dead.sum()), dead.numel(), self.dead_rows[layer]
            if self.dead_readings[layer] >= 3 and count > DEAD * units and units >= 4 and rows >= 16:
                facts = {"dead": count, "units": units, "layer": layer, "rows": rows}
                self.fact("dead_units", track, track.steps, **facts)
        self._constant(track)
        for layer, shares in self.saturated.items():
            if len(shares) >= 3 and min(shares[-2:]) > 0.9:
                self.fact("saturated", track, track.steps, share=shares[-1], layer=layer)
        adaptive = track.loop.optimizer.get("class") in ADAPTIVE
        small = [entry for entry in self.first_ratio if entry[1] < 1e-3 * entry[2]]
        early = len(self.first_ratio) >= 3 and small[:3] == self.first_ratio[:3]
        # Later the last layer may have arrived, and its gradient is as small as the first one's.
        often = len(small) >= 0.5 * len(self.first_ratio)
        if early and not adaptive and (often or self._stuck()):
            step, first, last = small[-1]
            wide = [name for name, shape in zip(track.loop.weights, track.loop.shapes) if len(shape) > 1]
            names = [name.rpartition(".")[0] or name for name in (wide[0], wide[-1])]
            self.fact("vanishing", track, step, first=first, last=last, layer=names[0], other=names[1])
        self._explodes(track)

    def _stuck(self) -> bool:
        """The first layer's gradient stayed below a thousandth of the last one's; the loss hardly fell."""
        largest = max(first for _, first, _ in self.first_ratio)
        return largest < 1e-3 * self.first_ratio[0][2] and self.loss > 0.5 * self.first_loss > 0

    def _constant(self, track: Any) -> None:
        """The same prediction for every row, at the last readings, though the rows differ."""
        late = self.constant[-3:]
        if len(late) == 3 and late[0][0] > 1 and all(spread <= CONSTANT for _, spread, _ in late):
            step, spread, rows = late[-1]
            self.fact("constant_output", track, step, spread=spread, rows=rows)

    def _explodes(self, track: Any) -> None:
        """A gradient a thousand times the first one's, at weights no larger than twice the first ones."""
        inputs, outputs = self.first_sizes
        norm, weights = self.norms[0][1] if self.norms else 0.0, track.sizes[0] if track.sizes else math.nan
        if self.depth >= 4 and outputs > 1e4 * max(1.0, inputs) and norm > 1e4 * weights:
            facts: dict[str, Any] = {
                "norm": norm,
                "ratio": norm / weights,
                "inputs": inputs,
                "outputs": outputs,
            }
            self.fact("exploding", track, 1, kind="first", depth=self.depth, **facts)
        finite = [(step, size) for step, size in self.norms if size > 0]
        if len(finite) < 3 or not finite[0][1] > 0:
            return
        step, worst = max(finite, key=lambda entry: entry[1])
        ratio = worst / finite[0][1]
        if ratio < 1e3 or math.isnan(ratio):
            return
        if track.grown is not None and track.grown < 2.0:
            self.fact("exploding", track, step, norm=worst, ratio=ratio)

    def _sorted(self, track: Any) -> None:
        total = sum(self.classes.values())
        if self.batches < 8 or len(self.classes) < 2 or self.same_rows or self.batch_rows < 4:
            return
        chance = sum((count / total) ** self.batch_rows for count in self.classes.values())
        if self.pure > 0.5 * self.batches and chance < 0.05:
            facts: dict[str, Any] = {"pure": self.pure, "batches": self.batches, "by_chance": chance}
            self.fact("sorted_rows", track, track.steps, **facts)


LOOKED_AT = frozenset((2, 3, 4, 8, 16, 64))  # steps before which the gradient is looked at


def _norm(gradients: list[Any]) -> float:
    import torch

    known = [g.detach().float() for g in gradients if g is not None and not g.is_sparse]
    if not known:
        return 0.0
    return math.sqrt(sum(float(n) ** 2 for n in torch._foreach_norm(known)))

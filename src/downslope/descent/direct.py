"""The two methods that do not descend: one solve, and every combination tried."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from typing import Any

import numpy as np

from .end import End, last_gap, stationarity
from .methods import Exhaustive, Method
from .stops import Reason
from .trace import Step


def closed_form(objective):
    """One solve; one step in the trace."""
    began = time.perf_counter()
    found, zero = objective.solved(), np.zeros(objective.size)
    end = objective.at(found.theta) if found.seen is None else objective.priced(found.theta, *found.seen)
    first = objective.beside(end, zero) if worth_reducing(objective) else objective.at(zero)
    params = objective.to_user(found.theta)
    norm = float(np.sqrt(first.gradient @ first.gradient))
    seconds = time.perf_counter() - began
    with suppress(KeyboardInterrupt):  # the answer is there already
        step = Step(1, 0, objective.rows, seconds, first.value, norm, math.nan, params, end.value)
        yield step._replace(gradient=first.gradient)
    numbers: dict[str, Any] = {"rank": found.rank, "columns": found.columns, "condition": found.condition}
    if found.dependent:
        k = objective.term.outputs
        numbers["dependent"] = [objective.names[j * k] for j in found.dependent]
    certificate = stationarity(objective, found.theta, end.gradient)
    reason = Reason("closed_form", numbers)
    gap, unproved = last_gap(objective, end, math.inf, reason)
    return End(reason, params, end.value, 1, certificate, cached=end.cached, gap=gap, unproved=unproved)


def exhaustive(objective, start, method: Exhaustive):
    """Every combination, a step each: loss is F there, and nothing is learned from it."""
    began = time.perf_counter()
    places = [j for j, name in enumerate(objective.names) if name in method.grid]
    every = np.array(list(method.combinations(objective.names)), dtype=float)  # (m, 1 to 3)
    best, least, reason = start, math.inf, Reason("exhausted", {"tried": len(every)})
    updates = 0
    try:
        for first in range(0, len(every), 4096):
            part = every[first : first + 4096]
            params = np.tile(start, (len(part), 1))
            params[:, places] = part
            losses = objective.values(np.array([objective.to_inner(row) for row in params]))
            for row, loss in zip(params, losses.tolist()):
                updates += 1
                if loss < least:
                    best, least = row, loss
                seconds = time.perf_counter() - began
                yield Step(updates, 0, objective.rows, seconds, loss, math.nan, math.nan, row)
    except KeyboardInterrupt:
        reason = Reason("interrupted", {"epochs": 0, "tried": updates})
    end = objective.at(objective.to_inner(best))
    certificate = stationarity(objective, end.theta, end.gradient)
    gap, unproved = last_gap(objective, end, updates, reason)
    return End(reason, best, end.value, 1, certificate, gap=gap, unproved=unproved)


def reduces(objective, method) -> bool:
    """Whether a method reads the rows once, for their moments, and descends on those."""
    full = isinstance(method, Method) and method.full
    return full and objective.quadratic and objective.sweeps and worth_reducing(objective)


def worth_reducing(objective) -> bool:
    """Whether F from its moments costs less than F from its rows: n ≫ d, and more than a few rows."""
    columns = objective.size // objective.term.outputs
    return not objective.tiny and objective.rows > 4 * columns and columns <= 1000

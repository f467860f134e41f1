"""F on a plane through the weights: what a descent in many dimensions walked over, in two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..arguments import a, door
from ..descent.trace import Trace
from ..errors import DownslopeError, Renamed, nearest
from ..messages import text
from ..model.functions import Function
from ..model.objective import Objective, function_objective

PLANES = ("path", "curvature")  # and any two weights
LOOKS = 400_000_000  # losses of single rows that a picture may cost: a few seconds
FINEST = (241, 161)  # points of a grid


@dataclass(frozen=True, eq=False)
class Plane:
    """F(origin + (a − a₀)·across + (b − b₀)·up), exactly, and the path of a descent projected onto it.

    `values` takes points (m, 2) in the coordinates a, b of the plane, named by `names`: the units of two
    weights, or lengths in the coordinates of the descent. `share`: the fraction of the path that the plane
    shows, 1 − Σ‖distance from the plane‖²/Σ‖distance from the end‖². `fine`: the number of grid points that
    a picture can afford.
    """

    values: Callable[[np.ndarray], np.ndarray]
    trace: Trace  # of two weights: the path on the plane, F as it was
    names: tuple[str, str]
    share: float
    fine: tuple[int, int]

    @property
    def description(self) -> str:
        """A sentence on how much of the path the plane shows."""
        return text("insight.plane_share", share=100 * self.share, across=self.names[0], up=self.names[1])

    told = Renamed("description")


@door(solution=a("Solution"), through=a("str", none=True), function=a("Function", none=True))
def landscape(solution, rows=None, through: str | None = None, function: Function | None = None) -> Plane:
    """A plane of F through the end of a descent.

    solution: the result of `fit` or `minimize`, or a loaded run.  rows: the training rows, if they cannot
    be read again.  function: the minimised function, if it was a callable.  through: "path", the plane that
    contains most of the path (its first two principal components); "curvature", the directions of largest
    and smallest curvature at the end; or two weights, as "x1,x2". The default is the only two weights, or
    "path" if there are more.

    Raises DownslopeError for fewer than two weights, an unknown weight, and a path of zero length.

    >>> import downslope as ds
    >>> found = ds.minimize("x^2 + 3*y^2 + z^2", {"x": 1, "y": 2, "z": 0}, epochs=50)
    >>> plane = landscape(found, through="x,y")
    >>> plane.names, plane.values(np.array([[0.0, 1.0]])).round(12).tolist(), plane.share
    (('x', 'y'), [3.0], 1.0)
    """
    objective = _objective(solution, rows, function)
    if objective.size < 2:
        raise DownslopeError("insight.plane_one_weight", name=objective.names[0])
    if not len(solution.trace):
        raise DownslopeError("plots.no_steps")
    end = objective.to_inner(solution.params)
    path = np.array([objective.to_inner(x) for x in _points(solution.trace)])  # (s + 1, p)
    weights = None
    if through is None:
        through = "path" if objective.size > 2 else ",".join(objective.names)
    if through == "path":
        across, up = _of_path(path)
        names, offset = (text("insight.path_1"), text("insight.path_2")), np.zeros(2)
    elif through == "curvature":
        values, ways = outer_curvatures(objective, end)
        across, up = ways[:, 1], ways[:, 0]
        names = text("insight.stiffest", value=values[1]), text("insight.flattest", value=values[0])
        offset = np.zeros(2)
    else:
        i, j = _two_weights(through, objective.names)
        across, up = (objective.to_inner(solution.params + e) - end for e in np.eye(objective.size)[[i, j]])
        names, offset = (objective.names[i], objective.names[j]), solution.params[[i, j]]
        weights = _points(solution.trace)[:, [i, j]] - offset
    basis, away = np.column_stack([across, up]), path - end  # (p, 2), (s + 1, p)
    laid = weights if weights is not None else away @ np.linalg.pinv(basis).T  # (s + 1, 2)
    length = float((away**2).sum())
    missed = float(((away - laid @ basis.T) ** 2).sum())
    share = max(0.0, 1 - missed / length) if length else 1.0
    on_plane = objective.plane(end, across, up)
    fine = min(1.0, (LOOKS / (objective.rows * FINEST[0] * FINEST[1])) ** 0.5)
    if objective.quadratic:
        fine = 1.0
    return Plane(
        lambda points: on_plane(np.asarray(points, dtype=float) - offset),
        _laid(solution.trace, names, laid + offset),
        names,
        share,
        (max(25, int(FINEST[0] * fine)), max(17, int(FINEST[1] * fine))),
    )


def _objective(solution, rows, function: Function | None) -> Objective:
    """F again: of the rows, or of the function."""
    if function is not None or not solution.features:
        if function is None and solution.formula is None:
            raise DownslopeError("insight.plane_needs_function")
        return function_objective(function or Function.from_expression(solution.formula))
    objective = solution.objective(solution.training_rows(rows))
    if objective.quadratic and objective.rows > objective.size:
        return objective.reduced()
    return objective


def _points(trace: Trace) -> np.ndarray:
    """The start and what each step left, as far as it is finite.  (s + 1, p)"""
    points = np.vstack([trace.start, trace.column("params")])
    return points[np.isfinite(points).all(axis=1)]


def _of_path(path: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two directions, orthonormal, in whose plane through the end most of the path lies."""
    away = path - path[-1]
    if not away.any():
        raise DownslopeError("insight.plane_no_path")
    ways = np.linalg.svd(away, full_matrices=False)[2]
    first = ways[0] * (1.0 if away[0] @ ways[0] >= 0 else -1.0)  # the start stands to the right
    if len(ways) > 1:
        return first, ways[1]
    other = np.eye(len(first))[np.argmin(np.abs(first))]
    other = other - (other @ first) * first
    return first, other / np.linalg.norm(other)


def _two_weights(asked: str, names: tuple[str, ...]) -> tuple[int, int]:
    wanted = [name.strip() for name in asked.split(",")]
    for name in wanted:
        if name not in names:
            raise DownslopeError("insight.plane_weight", asked=name, known=nearest(name, [*names, *PLANES]))
    if len(wanted) != 2 or wanted[0] == wanted[1]:
        raise DownslopeError("insight.plane_two", asked=asked)
    return names.index(wanted[0]), names.index(wanted[1])


def _laid(trace: Trace, names: tuple[str, str], points: np.ndarray) -> Trace:
    """The same trace with its weights on the plane."""
    laid = Trace(names, points[0], capacity=max(2, len(points)))
    for step, point in zip(trace, points[1:]):
        laid.append(step._replace(params=point))
    return laid


WRITTEN = 500  # weights up to which the Hessian is written down, when there is one


def outer_curvatures(objective, theta) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest eigenvalue of ∇²F at θ, (2,), and their directions, (p, 2).

    Above 500 weights, or where no second derivatives are known, Lanczos finds them from products H·v, each
    of two gradients: (∇f(θ + ε·v) − ∇f(θ − ε·v))/2ε. L1 bends nothing and is left out.
    """
    theta = np.asarray(theta, dtype=float)
    if objective.curved and objective.size <= WRITTEN:
        values, ways = np.linalg.eigh(objective.hessian(objective.value_and_gradient(theta)))
        return values[[0, -1]], ways[:, [0, -1]]
    size = np.cbrt(np.finfo(float).eps) * (1 + float(np.linalg.norm(theta)))

    def product(v) -> np.ndarray:
        v = np.ravel(v)
        step = size * v / (np.linalg.norm(v) or 1.0)
        ahead, behind = (objective.value_and_gradient(theta + s * step).gradient for s in (1, -1))
        return (ahead - behind) * (np.linalg.norm(v) / (2 * size))

    if objective.size <= WRITTEN:
        H = np.column_stack([product(e) for e in np.eye(objective.size)])
        values, ways = np.linalg.eigh((H + H.T) / 2)
        return values[[0, -1]], ways[:, [0, -1]]
    from scipy.sparse.linalg import LinearOperator, eigsh

    operator = LinearOperator((objective.size, objective.size), matvec=product, dtype=float)
    start = np.random.default_rng(0).normal(size=objective.size)  # fixed, so that the answer is
    values, ways = eigsh(operator, 2, which="BE", v0=start, tol=1e-4)
    return values, ways

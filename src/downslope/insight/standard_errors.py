"""Cov(ŵ) = J·H⁻¹·J', from the curvature H at the minimum, whatever method got there."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arguments import ROWS, a, door, truth
from ..errors import DownslopeError
from ..messages import text

LEVEL = 0.95
AT_REST = 1e-6  # of a slope's usual size: above, these weights are no minimum of these rows


@dataclass(frozen=True, eq=False)
class StandardErrors:
    """How sure each weight is, in the user's units; one entry for each name.

    `statistic` is t or z = estimate/error, `p` its two-sided chance if the weight were 0, `low` to `high`
    the interval of 95%. Of more than two classes each weight is relative to those of `base`.
    """

    names: tuple[str, ...]
    estimate: np.ndarray  # (p,)
    error: np.ndarray  # (p,)
    covariance: np.ndarray  # (p, p)
    rows: int  # n
    degrees: float  # n − k for t; infinite for z
    robust: bool
    weighted: bool
    deviation: tuple[float, ...] = ()  # σ̂ of y about the plane, for each output; () for a likelihood
    base: str | None = None

    @property
    def kind(self) -> str:
        """ "t" or "z"."""
        return "t" if np.isfinite(self.degrees) else "z"

    @property
    def statistic(self) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.estimate / self.error

    @property
    def p(self) -> np.ndarray:
        from scipy.special import ndtr, stdtr

        below = -np.abs(self.statistic)
        return 2 * (stdtr(self.degrees, below) if self.kind == "t" else ndtr(below))

    @property
    def low(self) -> np.ndarray:
        return self.estimate - self._reach

    @property
    def high(self) -> np.ndarray:
        return self.estimate + self._reach

    @property
    def _reach(self) -> np.ndarray:
        from scipy.special import ndtri, stdtrit

        middle = (1 + LEVEL) / 2
        return self.error * (stdtrit(self.degrees, middle) if self.kind == "t" else ndtri(middle))

    def lines(self) -> list[str]:
        """A table as wide as its words, and below it what it rests on."""
        heads = ["", *(text(f"instruments.{head}") for head in ("estimate", "error"))]
        rows = [[*heads, self.kind, "p", "2.5%", "97.5%"]]
        for number, name in enumerate(self.names):
            values = [self.estimate, self.error, self.statistic, None, self.low, self.high]
            cells = ["" if value is None else f"{value[number] + 0.0:.6g}" for value in values]
            cells[3] = f"{self.p[number]:.3g}"
            rows.append([name, *cells])
        lines = aligned(rows)
        about = {"rows": self.rows, "degrees": f"{self.degrees:g}"}
        lines += ["", text(f"instruments.rests_on_{self.kind}", **about)]
        if self.deviation:
            deviation = ", ".join(f"{value:.6g}" for value in self.deviation)
            lines.append(text("instruments.deviation", deviation=deviation))
        if self.base is not None:
            lines.append(text("instruments.base", base=self.base))
        if self.robust:
            lines.append(text("instruments.robust"))
        if self.weighted:
            lines.append(text("instruments.analytic_weights"))
        return lines

    def to_json(self) -> dict[str, Any]:
        """{names, estimate, error, statistic, p, low, high, …}"""
        vectors = ("estimate", "error", "statistic", "p", "low", "high")
        return {
            "names": list(self.names),
            **{name: getattr(self, name).tolist() for name in vectors},
            "kind": self.kind,
            "degrees": self.degrees,
            "rows": self.rows,
            "robust": self.robust,
            "deviation": list(self.deviation),
            "base": self.base,
        }

    def __str__(self) -> str:
        return "\n".join(self.lines())


@door(solution=a("Solution"), dataset=ROWS, robust=truth)
def standard_errors(solution, dataset, robust: bool = False) -> StandardErrors:
    """Standard errors of a linear model's weights, over the rows that they were learned from.

    Squared loss: σ̂²(XᵀSX)⁻¹ with σ̂² = Σsᵢeᵢ²/(n − k), and Student's t with n − k degrees, for each output.
    Log and Poisson loss: the inverse of the information matrix, and z. robust: White's sandwich with
    n/(n − k), HC1, which lets each row have a variance of its own. Weights are analytic, as in statsmodels'
    WLS: a row of weight 2 is surer, not two rows; only their ratios count, and rows of weight 0 do not.

    Raises DownslopeError where such numbers would be false: with a penalty, with another loss, where the
    descent did not arrive, where columns are dependent, and where rows are too few.

    >>> import downslope as ds
    >>> rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0], [4.0]], [2.1, 3.9, 6.2, 7.8])
    >>> print(ds.fit(rows).summary(rows))
               estimate  standard error         t        p       2.5%    97.5%
    x              1.94       0.0905539   21.4237  0.00217    1.55038  2.32962
    intercept      0.15        0.247992  0.604858    0.607  -0.917023  1.21702
    <BLANKLINE>
    4 rows, Student's t with 2 degrees of freedom.
    Standard deviation of the residuals: 0.202485.
    """
    _refuse_loss(solution)
    objective = solution.objective(solution.training_rows(dataset))
    term = objective.term
    q, k = term.size // term.outputs, term.outputs
    free = 1 if term.loss.coupled(k) else 0  # of softmax, one class is the base of the others
    used = q * (k - 1) if free else q  # weights that one row's prediction takes
    if term.rows <= used:
        raise DownslopeError("instruments.too_few_rows", rows=term.rows, columns=used)
    point = objective.value_and_gradient(objective.to_inner(solution.params))
    _refuse_unfinished(solution, objective, point)
    inverse = _inverse(term, point.theta, free)
    theta = point.theta - term.rows * _whole(inverse, free, k) @ point.gradient  # what the method left undone
    inverse = inverse if term.quadratic else _inverse(term, theta, free)
    z = term.predictor(theta)
    likelihood = term.loss.likelihood
    deviation: tuple[float, ...] = ()
    covariance = inverse
    if not likelihood:
        share = np.ones(term.rows) if term.relative_weight is None else term.relative_weight
        variance = share @ (term.Y - z) ** 2 / (term.rows - q)  # (k,)
        deviation = tuple(np.sqrt(variance).tolist())
        covariance = inverse * np.tile(2 * variance, q)[:, None]  # ∇²(z − y)² is 2
    if robust:
        covariance = inverse @ _meat(term, z, free) @ inverse * (term.rows / (term.rows - used))
    J = np.kron(_to_user(term, q), np.eye(k - free))
    covariance = J @ covariance @ J.T
    W = solution.params.reshape(q, k)
    estimate = (W[:, free:] - W[:, :free]).ravel() if free else solution.params
    names = tuple(name for number, name in enumerate(solution.names) if not free or number % k)
    return StandardErrors(
        names=names,
        estimate=estimate,
        error=np.sqrt(np.diag(covariance)),
        covariance=covariance,
        rows=term.rows,
        degrees=np.inf if likelihood else float(term.rows - q),
        robust=robust,
        weighted=term.relative_weight is not None,
        deviation=deviation,
        base=str(solution.classes[0]) if free else None,
    )


# ── the matrices, in the coordinates of the descent ─────────────────────────────────────────────────


def _inverse(term, theta, free: int) -> np.ndarray:
    """(n·H)⁻¹ by QR of √s·x̃, since XᵀX would lose half of the digits; of softmax, of H itself.  (p, p)"""
    from scipy.linalg import solve_triangular

    q, k = term.size // term.outputs, term.outputs
    z = term.predictor(theta)
    if free:
        kept = np.arange(term.size) % k >= free
        H = term.hessian(theta, (theta, z))[np.ix_(kept, kept)] * term.rows
        size = np.sqrt(np.maximum(np.diag(H), 0.0))
        scaled = H / np.where(size > 0, size, 1.0) / np.where(size > 0, size, 1.0)[:, None]
        values = np.linalg.eigvalsh(scaled)
        if values[0] <= 1e-13 * values[-1] * len(values):
            raise DownslopeError(
                "instruments.dependent", rank=int((values > 1e-13 * values[-1]).sum()), columns=len(H)
            )
        return np.linalg.inv(scaled) / size / size[:, None]
    curvature = term.loss.curvature(z, term.Y)  # (n, k)
    curvature = curvature if term.relative_weight is None else term.relative_weight[:, None] * curvature
    out = np.zeros((term.size, term.size))
    same = term.loss.quadratic  # then all outputs have one H
    for c in range(1 if same else k):
        R = np.zeros((0, q))
        for rows, block in term.blocks():
            stacked = np.vstack([R, np.sqrt(curvature[rows, c, None]) * block])
            R = np.asarray(np.linalg.qr(stacked, mode="r"))
        size = np.sqrt((R * R).sum(axis=0))
        S = np.linalg.svd(R / np.where(size > 0, size, 1.0), compute_uv=False)
        noise = S[0] * np.finfo(float).eps * max(term.rows, q)
        rank = int((noise < S).sum())
        if rank < q:
            raise DownslopeError("instruments.dependent", rank=rank, columns=q)
        root = solve_triangular(R, np.eye(q))
        out[c::k, c::k] = root @ root.T
    for c in range(1, k if same else 0):
        out[c::k, c::k] = out[::k, ::k]
    return out


def _whole(inverse, free: int, k: int) -> np.ndarray:
    """The inverse with zeros for the weights of a base class, which stay.  (p, p)"""
    if not free:
        return inverse
    kept = np.arange(len(inverse) // (k - 1) * k) % k >= free
    whole = np.zeros((len(kept), len(kept)))
    whole[np.ix_(kept, kept)] = inverse
    return whole


def _meat(term, z, free: int) -> np.ndarray:
    """Σᵢ gᵢgᵢᵀ of the rows' own gradients gᵢ = sᵢ·ℓ′ᵢ ⊗ x̃ᵢ; outputs that share no loss stay apart.  (p, p)"""
    q, k = term.size // term.outputs, term.outputs
    slope = term.loss.slope(z, term.Y)  # (n, k)
    slope = slope if term.relative_weight is None else term.relative_weight[:, None] * slope
    out = np.zeros((q * (k - free), q * (k - free)))
    for rows, block in term.blocks(size=max(1, 4_000_000 // term.size)):
        if free:
            g = (block[:, :, None] * slope[rows, None, free:]).reshape(len(block), -1)
            out += g.T @ g
            continue
        for c in range(k):
            g = block * slope[rows, c, None]
            out[c::k, c::k] += g.T @ g
    return out


def _to_user(term, q: int) -> np.ndarray:
    """∂w/∂θ of one output, intercept included.  (q, q)"""
    return term.standardise.to_user(np.eye(q).ravel(), term.intercept).reshape(q, q)


# ── where they would be false ───────────────────────────────────────────────────────────────────────


def _refuse_loss(solution) -> None:
    recipe = solution.recipe
    if not solution.features:
        raise DownslopeError("instruments.no_rows_behind", formula=solution.formula)
    if solution.is_net:
        raise DownslopeError("instruments.no_errors_for_net")
    if recipe.penalty.alpha:
        raise DownslopeError("instruments.penalised", penalty=recipe.penalty.name, alpha=recipe.alpha)
    if not recipe.loss.quadratic and not recipe.loss.likelihood:
        raise DownslopeError("instruments.no_errors_for_loss", loss=recipe.loss.spec)
    if solution.verdict.code == "separable":
        raise DownslopeError("instruments.separable")


def _refuse_unfinished(solution, objective, point) -> None:
    """A minimum has no slope: where there is one, the descent did not arrive, or the rows are others."""
    relative = objective.stationarity(point.theta, point.gradient) / objective.gradient_scale
    if relative <= AT_REST:
        return
    arrived = solution.verdict.code == "converged" and solution.verdict.kind in ("", "solved")
    key = "instruments.other_rows" if arrived else "instruments.not_arrived"
    facts = {} if arrived else {"verdict": solution.verdict.code}
    raise DownslopeError(key, slope=f"{relative:.2g}", **facts)


# ── words in columns ────────────────────────────────────────────────────────────────────────────────


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Cells in columns two spaces apart: the first to the left, the others to the right. A Chinese character
    is two columns wide.

    >>> aligned([["", "n"], ["two", "2"]])
    ['     n', 'two  2']
    """
    widths = [max(map(_width, column)) for column in zip(*rows)]
    lines = []
    for first, *others in rows:
        cells = [first + " " * (widths[0] - _width(first))]
        cells += [" " * (width - _width(cell)) + cell for cell, width in zip(others, widths[1:])]
        lines.append("  ".join(cells).rstrip())
    return lines


def _width(words: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in words)

"""The table of a model's weights and their errors: as text, JSON and HTML."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import notebook
from ..messages import text
from .fit_statistics import FitStatistics

LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class StandardErrors:
    """Standard errors of the weights, in the user's units; one entry per name.

    `statistic` is t or z = estimate/error, `p` its two-sided p-value, `low` to `high` the 95% interval.
    With more than two classes, weights are relative to those of `base`. Under a penalty there is no p-value
    (NaN); for a bootstrap the interval is that of its percentiles, and NaN under L1 and kinks.
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
    covariance_kind: str = "model"  # one of KINDS
    tested: bool = True  # whether there is a p
    interval: tuple[np.ndarray, np.ndarray] | None = None  # of a bootstrap
    fit: FitStatistics | None = None
    notes: tuple[tuple[str, dict[str, Any]], ...] = ()
    replicates: np.ndarray | None = None  # (R, p), of a bootstrap
    loss: str = "squared"
    features: tuple[str, ...] = ()

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

        if not self.tested:
            return np.full(len(self.names), np.nan)
        below = -np.abs(self.statistic)
        return 2 * (stdtr(self.degrees, below) if self.kind == "t" else ndtr(below))

    @property
    def low(self) -> np.ndarray:
        return self.estimate - self._reach if self.interval is None else self.interval[0]

    @property
    def high(self) -> np.ndarray:
        return self.estimate + self._reach if self.interval is None else self.interval[1]

    @property
    def _reach(self) -> np.ndarray:
        from scipy.special import ndtri, stdtrit

        middle = (1 + LEVEL) / 2
        return self.error * (stdtrit(self.degrees, middle) if self.kind == "t" else ndtri(middle))

    @property
    def aic(self) -> float:
        """−2·log L + 2k. Raises DownslopeError if the loss is not a likelihood."""
        return self._criterion("aic")

    @property
    def bic(self) -> float:
        """−2·log L + k·log n. Raises DownslopeError if the loss is not a likelihood."""
        return self._criterion("bic")

    @property
    def log_likelihood(self) -> float:
        """log L. Raises DownslopeError if the loss is not a likelihood."""
        return self._criterion("log_likelihood")

    @property
    def vif(self) -> dict[str, float]:
        """1/(1 − R²) of each feature, regressed on the others."""
        return {} if self.fit is None else dict(zip(self.features, self.fit.vif))

    def _criterion(self, name: str) -> float:
        return (self.fit or FitStatistics(self.rows, np.nan)).require(name, self.loss)

    def cells(self) -> list[list[str]]:
        """The table of weights as printed, with its header first."""
        heads = ["", *(text(f"instruments.{head}") for head in ("estimate", "error"))]
        columns = [self.estimate, self.error]
        if self.tested:
            heads, columns = [*heads, self.kind, "p"], [*columns, self.statistic, self.p]
        if self.interval is None or np.isfinite(self.interval[0]).all():
            heads, columns = [*heads, "2.5%", "97.5%"], [*columns, self.low, self.high]
        rows = [heads]
        for number, name in enumerate(self.names):
            values = [f"{column[number] + 0.0:.6g}" for column in columns]
            if self.tested:
                values[3] = f"{self.p[number]:.3g}"
            rows.append([name, *values])
        return rows

    def below(self) -> list[str]:
        """What the table is based on, one sentence each."""
        about = {"rows": self.rows, "degrees": f"{self.degrees:g}"}
        key = "bootstrap" if self.covariance_kind == "bootstrap" else self.kind
        key = "rows" if key == "z" and self.covariance_kind not in ("model", "bootstrap") else key
        key = "replicates" if self.interval is not None and np.isnan(self.interval[0]).any() else key
        count = 0 if self.replicates is None else len(self.replicates)
        lines = [text(f"instruments.rests_on_{key}", replicates=count, **about)]
        if self.deviation:
            deviation = ", ".join(f"{value:.6g}" for value in self.deviation)
            lines.append(text("instruments.deviation", deviation=deviation))
        if self.base is not None:
            lines.append(text("instruments.base", base=self.base))
        if self.covariance_kind == "HC1":
            lines.append(text("instruments.robust"))
        lines += [text(key, **facts) for key, facts in self.notes]
        if self.weighted:
            lines.append(text("instruments.analytic_weights"))
        return lines

    def lines(self) -> list[str]:
        """The table of weights, as wide as its words, and below it what it rests on."""
        return [*aligned(self.cells()), "", *self.below()]

    def summary(self) -> str:
        """The table, what it rests on, and how well the model fits: log-likelihood, AIC, BIC, tests."""
        lines = self.lines()
        if self.fit is not None:
            lines += ["", *aligned([[*pair] for pair in self.fit.pairs()])]
            collinear = self.fit.collinear(self.features)
            lines += [] if collinear is None else ["", collinear]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """{names, estimate, error, statistic, p, low, high, …}"""
        vectors = ("estimate", "error", "statistic", "p", "low", "high")
        return {
            "names": list(self.names),
            **{name: getattr(self, name).tolist() for name in vectors},
            "kind": self.kind,
            "covariance_kind": self.covariance_kind,
            "degrees": self.degrees,
            "rows": self.rows,
            "robust": self.robust,
            "deviation": list(self.deviation),
            "base": self.base,
            "fit": None if self.fit is None else self.fit.to_json(),
            "notes": [text(key, **facts) for key, facts in self.notes],
        }

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        """The same as a table, for notebooks."""
        parts = [notebook.table(self.cells(), heads=True)]
        if self.fit is not None:
            parts.append(notebook.table(self.fit.pairs()))
            collinear = self.fit.collinear(self.features)
            parts += [] if collinear is None else [notebook.paragraph(collinear)]
        parts += [notebook.paragraph(line) for line in self.below()]
        return "\n".join(parts)


class SummaryText(str):
    """A string that notebooks show as an HTML table."""

    html = ""

    @classmethod
    def of(cls, table: StandardErrors) -> SummaryText:
        found = cls(table)
        found.html = table._repr_html_()
        return found

    def _repr_html_(self) -> str:
        return self.html


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

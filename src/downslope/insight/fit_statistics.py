"""How well a linear model fits, by the numbers of textbooks: likelihood, AIC, BIC, tests of all weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..errors import DownslopeError
from ..messages import text

TESTS = {"F": "test_f", "LR": "test_lr", "Wald": "test_wald"}
RANK = 1e-12  # an eigenvalue of correlated errors below this, of the largest, is 0
COLLINEAR = 10.0  # a variance inflation from which a weight is hard to tell from those of other columns


@dataclass(frozen=True)
class FitStatistics:
    """What is not defined is None: a likelihood of Huber, quantile and hinge losses; tests under a penalty.

    `degrees` is df: the number of weights, under L2 the trace of the hat matrix, under L1 the weights that
    are not 0. It is k of AIC = −2·log L + 2k and BIC = −2·log L + k·log n, for squared loss at σ̂² = RSS/n,
    without counting σ, and what R² is adjusted by. `test` is "F", "LR" or, with robust errors, "Wald": of all
    weights but the intercept.
    """

    rows: int
    degrees: float
    r_squared: float | None = None  # for a likelihood McFadden's 1 − log L/log L₀
    adjusted_r_squared: float | None = None
    log_likelihood: float | None = None
    null_log_likelihood: float | None = None
    deviance: float | None = None  # RSS; of classes −2·log L; of counts 2·Σ y·log(y/μ) − (y − μ)
    aic: float | None = None
    bic: float | None = None
    test: str | None = None
    test_statistic: float | None = None
    test_degrees: tuple[float, ...] = ()
    test_p: float | None = None
    durbin_watson: float | None = None
    jarque_bera: float | None = None
    jarque_bera_p: float | None = None
    skew: float | None = None
    kurtosis: float | None = None
    vif: tuple[float, ...] = ()  # 1/(1 − Rⱼ²) of each feature, regressed on the others

    def require(self, name: str, loss: str) -> float:
        """The number of this name. Raises DownslopeError where this loss has none.

        >>> FitStatistics(rows=3, degrees=1, aic=2.0).require("aic", "squared")
        2.0
        """
        value = getattr(self, name)
        if value is None:
            raise DownslopeError("instruments.no_likelihood", asked=name.upper(), loss=loss)
        return value

    def without_likelihood(self) -> FitStatistics:
        """The same of a loss that is no likelihood."""
        names = ("r_squared", "log_likelihood", "null_log_likelihood", "deviance", "aic", "bic")
        none: dict[str, Any] = dict.fromkeys(names)
        return replace(self, **none)

    def pairs(self) -> list[tuple[str, str]]:
        """(name, number) for each one that is known, as they are printed."""
        names = ["r_squared", "adjusted_r_squared", "log_likelihood", "null_log_likelihood"]
        names += ["deviance", "aic", "bic"]
        known = lambda names: [(name, value) for name in names if (value := getattr(self, name)) is not None]
        found = [("rows", f"{self.rows}"), ("degrees", f"{self.degrees:.6g}")]
        found += [(name, f"{value:.6g}") for name, value in known(names)]
        if self.test_statistic is not None:
            ends = ", ".join(f"{value:g}" for value in self.test_degrees)
            value = f"{self.test_statistic:.6g} ({ends}), p = {self.test_p:.3g}"
            found.append((TESTS[self.test or ""], value))
        found += [(name, f"{value:.4g}") for name, value in known(("durbin_watson", "skew", "kurtosis"))]
        if self.jarque_bera is not None:
            found.append(("jarque_bera", f"{self.jarque_bera:.4g}, p = {self.jarque_bera_p:.3g}"))
        pseudo = self.null_log_likelihood is not None
        named = {name: "pseudo_r_squared" if pseudo and name == "r_squared" else name for name, _ in found}
        return [(text(f"instruments.fit_{named[name]}"), value) for name, value in found]

    def collinear(self, features: tuple[str, ...]) -> str | None:
        """One sentence that names the columns with large variance inflation, if there are any."""
        large = [(value, name) for value, name in zip(self.vif, features) if value >= COLLINEAR]
        if not large:
            return None
        shown = ", ".join(f"{name} ({value:.3g})" for value, name in sorted(large, reverse=True)[:5])
        return text("instruments.collinear", columns=shown, limit=f"{COLLINEAR:g}")

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"test_degrees": list(self.test_degrees), "vif": list(self.vif)}


def fit_statistics(
    term: Any, theta, degrees: float, covariance, penalised: bool, kind: str, residual: float
) -> FitStatistics:
    """The statistics of θ over the rows of `term`. `covariance`: of the weights, in the same coordinates;
    `residual`: the degrees of freedom of their errors, infinite for z."""
    loss, k, n = term.loss, term.outputs, term.rows
    found: dict[str, Any] = {"rows": n, "degrees": degrees, "vif": inflation(term)}
    if k > 1 and not term.coupled:
        return FitStatistics(**found)
    slopes = term.columns * (k - 1 if term.coupled else 1)
    tested = None if penalised or not slopes else kind
    if loss.quadratic:
        found |= _of_squares(term, theta, degrees, n)
    elif loss.likelihood:
        found |= _of_likelihood(term, theta, degrees, n)
    if tested == "model" and loss.quadratic:
        spread = found.pop("spread")
        explained = (spread - found["deviance"]) / slopes
        value = explained / (found["deviance"] / residual) if found["deviance"] > 0 else np.inf
        found |= _test("F", value, (float(slopes), residual))
    elif tested == "model" and loss.likelihood:
        value = 2 * (found["log_likelihood"] - found["null_log_likelihood"])
        found |= _test("LR", value, (float(slopes),))
    elif tested is not None and tested not in ("model", "posterior", "bootstrap") and covariance is not None:
        w = theta.reshape(-1, k)
        w = (w[:, 1:] - w[:, :1] if term.coupled else w).ravel()[:slopes]
        value = _wald(covariance[:slopes, :slopes], w)
        ends = (float(slopes), residual) if loss.quadratic else (float(slopes),)
        if value is not None:
            found |= _test("Wald", value / slopes if loss.quadratic else value, ends)
    found.pop("spread", None)
    return FitStatistics(**found)


def degrees_of_freedom(F: Any, theta: np.ndarray) -> float:
    """The trace of the hat matrix, tr (∇²f + α·∂²R)⁻¹∇²f over the weights that are not 0, the intercept
    among them; of L1 that is how many they are.  Zou, Hastie & Tibshirani 2007."""
    term = F.term
    free = F.l1 == 0
    active = np.flatnonzero(free | (theta != 0)) if F.nonsmooth else np.arange(len(theta))
    if not F.l2.any():
        return float(len(active) - term.coupled * int(free[:: term.outputs].sum()))  # softmax: one class is 0
    if F.quadratic:
        H = term.constant_hessian[np.ix_(active, active)]
    else:
        H = term.hessian(theta, term.value_and_gradient(theta)[2])[np.ix_(active, active)]
    whole = H + np.diag(F.l2[active])
    size = np.sqrt(np.maximum(np.diag(whole), np.finfo(float).tiny))
    H, whole = H / size / size[:, None], whole / size / size[:, None]
    return float(np.trace(np.linalg.lstsq(whole, H, rcond=None)[0]))


def inflation(term: Any) -> tuple[float, ...]:
    """VIFⱼ = 1/(1 − Rⱼ²), the diagonal of the inverse of the columns' correlations.  (d,)"""
    G, d = term.gram, term.columns
    C = G[:d, :d] - np.outer(G[-1, :d], G[-1, :d]) if term.intercept else G
    size = np.sqrt(np.maximum(np.diag(C), 0.0))
    if not size.all():
        return ()
    values, vectors = np.linalg.eigh(C / size / size[:, None])
    lost = values <= d * np.finfo(float).eps * values[-1]  # directions in which the columns depend
    found = (vectors[:, ~lost] ** 2 / values[~lost]).sum(axis=1)
    found[(np.abs(vectors[:, lost]) > 1e-6).any(axis=1)] = np.inf
    return tuple(np.maximum(found, 1.0).tolist())


def _wald(covariance: np.ndarray, w: np.ndarray) -> float | None:
    """wᵀV⁻¹w; None where V has a lower rank, as with fewer clusters than weights."""
    size = np.sqrt(np.diag(covariance))
    if not size.all():
        return None
    scaled = covariance / size / size[:, None]
    values = np.linalg.eigvalsh(scaled)
    return float(w / size @ np.linalg.solve(scaled, w / size)) if values[0] > RANK * values[-1] else None


def _test(name: str, value: float, degrees: tuple[float, ...]) -> dict[str, Any]:
    from scipy.special import chdtrc, fdtrc

    p = fdtrc(*degrees, value) if len(degrees) == 2 else chdtrc(*degrees, max(value, 0.0))
    return {"test": name, "test_statistic": float(value), "test_degrees": degrees, "test_p": float(p)}


def _of_squares(term: Any, theta, degrees: float, n: int) -> dict[str, Any]:
    from scipy.special import chdtrc

    total, logs, y, yy, powers, _, _, lagged = term.map_reduce(partial(_squares, theta), _squares_joined)
    unit = n / total  # weights of mean 1
    rss = unit * powers[1]
    spread = unit * (yy - y * y / total if term.intercept else yy)
    found: dict[str, Any] = {"deviance": rss, "spread": spread}
    if spread > 0:
        r2 = 1 - rss / spread
        found["r_squared"] = r2
        found["adjusted_r_squared"] = (
            1 - (1 - r2) * (n - term.intercept) / (n - degrees) if n > degrees else None
        )
    if rss > 0:
        likelihood = -n / 2 * (np.log(2 * np.pi) + np.log(rss / n) + 1) + 0.5 * (logs + n * np.log(unit))
        found |= _criteria(likelihood, degrees, n)
        plain = powers[2:]  # of whitened residuals, as statsmodels takes them
        mean = plain[0] / n
        m2 = plain[1] / n - mean**2
        m3 = plain[2] / n - 3 * mean * plain[1] / n + 2 * mean**3
        m4 = plain[3] / n - 4 * mean * plain[2] / n + 6 * mean**2 * plain[1] / n - 3 * mean**4
        skew, kurtosis = m3 / m2**1.5, m4 / m2**2
        jarque_bera = n / 6 * (skew**2 + (kurtosis - 3) ** 2 / 4)
        found |= {"durbin_watson": lagged / plain[1], "skew": skew, "kurtosis": kurtosis}
        found |= {"jarque_bera": jarque_bera, "jarque_bera_p": float(chdtrc(2, jarque_bera))}
    return {name: None if value is None else float(value) for name, value in found.items()}


def _squares(theta, term: Any) -> tuple:
    """Of one part: Σs, Σ log s, Σsy, Σsy², Σse and Σse² with Σ of the first four powers of the whitened
    residuals √s·e, the first and the last of these, and Σ of squares of their differences."""
    y = term.Y[:, 0]
    e = y - term.predictor(theta)[:, 0]
    s = term.row_weights
    whitened = np.sqrt(s) * e
    known = s[s > 0]
    powers = np.array([s @ e, s @ e**2, *((whitened**power).sum() for power in (1, 2, 3, 4))])
    lagged = float((np.diff(whitened) ** 2).sum())
    return s.sum(), np.log(known).sum(), s @ y, s @ y**2, powers, whitened[0], whitened[-1], lagged


def _squares_joined(one, other):
    if one is None or other is None:
        return other if one is None else one
    sums = tuple(a + b for a, b in zip(one[:5], other[:5]))
    return *sums, one[5], other[6], one[7] + other[7] + (other[5] - one[6]) ** 2


def _of_likelihood(term: Any, theta, degrees: float, n: int) -> dict[str, Any]:
    sums = term.map_reduce(partial(_likelihood, theta))
    null = term.map_reduce(partial(_likelihood, _null(term, sums)))
    unit = n / sums[0]
    likelihood, null_likelihood = unit * sums[1], unit * null[1]
    deviance = -2 * likelihood if term.loss.has_probabilities else unit * sums[2]
    found = {"deviance": deviance, "null_log_likelihood": null_likelihood}
    if null_likelihood:
        found["r_squared"] = 1 - likelihood / null_likelihood
    found |= _criteria(likelihood, degrees, n)
    return {name: float(value) for name, value in found.items()}


def _null(term: Any, sums) -> np.ndarray:
    """θ of the best constant; 0 without an intercept."""
    theta = np.zeros((term.inputs, term.outputs))
    if term.intercept:
        mean = sums[3] / sums[0]
        theta[-1] = np.log(mean)
        if term.loss.has_probabilities and term.outputs == 1:
            theta[-1] -= np.log1p(-mean)
    return theta.ravel()


def _likelihood(theta, term: Any) -> tuple:
    """Of the rows of one part: Σs, Σs·log L, Σs·(deviance), Σs·y"""
    from scipy.special import gammaln, xlogy

    z = term.predictor(theta)
    s = term.row_weights
    fit = -term.loss.value(z, term.Y).sum(axis=1)
    deviance: Any = 0.0
    if not term.loss.has_probabilities:
        y = term.Y[:, 0]
        fit = fit - gammaln(y + 1)
        deviance = 2 * s @ (xlogy(y, y) - y * z[:, 0] - (y - np.exp(z[:, 0])))
    return s.sum(), s @ fit, deviance, s @ term.Y


def _criteria(likelihood: float, degrees: float, n: int) -> dict[str, float]:
    return {
        "log_likelihood": likelihood,
        "aic": -2 * likelihood + 2 * degrees,
        "bic": -2 * likelihood + np.log(n) * degrees,
    }

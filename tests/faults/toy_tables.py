"""Every toy table of scikit-learn and statsmodels as it comes, and the minimum of each loss over it, proved.

Nothing here comes from the package: `minimum` has a Newton method of its own, in coordinates in which the
columns are orthonormal. Its lower bound is Fenchel's: a mistake there makes it loose, never wrong.
"""

from __future__ import annotations

import importlib
import pkgutil
import warnings
from functools import cache
from typing import NamedTuple

import numpy as np


class Table(NamedTuple):
    name: str
    X: np.ndarray  # (n, d)
    y: np.ndarray  # (n,) numbers
    classes: np.ndarray  # (n,) of several classes


SKIPPED = {"china_smoking"}  # a list of contingency tables
SINGLE = {"co2", "elec_equip"}  # one column: its time is the feature
TARGETS = {
    "star98": "NABOVE",
    "macrodata": "infl",
    "fertility": None,
    "nile": "volume",
    "interest_inflation": "R",
}


def _frame(name: str, frame, target: str | None) -> Table:
    numbers = frame.select_dtypes("number")
    numbers = numbers.loc[:, numbers.notna().mean() > 0.5].dropna()
    if name in SINGLE:
        numbers = numbers.assign(time=np.arange(len(numbers), dtype=float))[["time", *numbers.columns]]
    target = target if target in numbers.columns else numbers.columns[-1]
    y = numbers[target].to_numpy(float)
    X = numbers.drop(columns=target)
    X = X.to_numpy(float)
    few = len(np.unique(y)) <= 7
    classes = y.astype(int) if few else np.digitize(y, np.quantile(y, (1 / 3, 2 / 3)))
    return Table(name, X[:, X.std(axis=0) > 0], y, classes)


@cache
def tables() -> dict[str, Table]:
    import sklearn.datasets as sk
    import statsmodels.datasets as sm

    found = {}
    for name in ("iris", "wine", "breast_cancer", "diabetes", "digits", "linnerud"):
        data = getattr(sk, f"load_{name}")()
        X, y = np.asarray(data.data, float), np.asarray(data.target, float)
        y = y[:, 0] if y.ndim > 1 else y
        classes = y.astype(int) if len(np.unique(y)) <= 10 else np.digitize(y, np.quantile(y, (1 / 3, 2 / 3)))
        found[name] = Table(name, X[:, X.std(axis=0) > 0], y, classes)
    for module in pkgutil.iter_modules(sm.__path__):
        if module.ispkg and module.name not in ("tests", *SKIPPED):
            data = importlib.import_module(f"statsmodels.datasets.{module.name}").load_pandas()
            target = TARGETS.get(module.name, getattr(data, "endog_name", None))
            found[module.name] = _frame(module.name, data.data, target if isinstance(target, str) else None)
    return found


def target_of(table: Table, loss: str) -> np.ndarray:
    """y as a loss takes it: numbers, counts from 0 on, two classes, or several."""
    if loss == "softmax":
        return table.classes
    if loss in ("log", "squared_hinge", "smoothed_hinge"):
        values = np.unique(table.y)
        return (table.y > values[0] if len(values) <= 7 else table.y > np.median(table.y)).astype(int)
    return table.y - min(0.0, table.y.min()) if loss == "poisson" else table.y


# ---- ℓ, ∂ℓ, ∂²ℓ in z, and ℓ* in its slope ν -------------------------------------------------------------


def _x_log_x(p):
    return p * np.log(np.where(p > 0, p, 1))


def pointwise(loss: str, z, y):
    """ℓ, ∂ℓ/∂z, ∂²ℓ/∂z²; y of one column."""
    name, _, delta = loss.partition(":")
    if name in ("squared", "huber"):
        e, delta = z - y, float(delta) if delta else (1.35 if name == "huber" else np.inf)
        c = np.clip(e, -delta, delta)
        return c * (2 * e - c), 2 * c, 2.0 * (np.abs(e) < delta)
    if name == "poisson":
        return np.exp(z) - y * z, np.exp(z) - y, np.exp(z)
    if name == "log":
        e = np.exp(-np.abs(z))
        p = np.where(z >= 0, 1, e) / (1 + e)
        return np.maximum(z, 0) - y * z + np.log1p(e), p - y, e / (1 + e) ** 2
    s = 2 * y - 1
    m = s * z
    if name == "squared_hinge":
        return np.maximum(0, 1 - m) ** 2, -2 * s * np.maximum(0, 1 - m), 2.0 * (m < 1)
    inside = np.clip(1 - m, 0, 1)
    return np.where(m <= 0, 0.5 - m, 0.5 * inside**2), -s * inside, 1.0 * ((m > 0) & (m < 1))


def conjugate(loss: str, nu, y):
    """ℓ*(ν, y) of slopes that ℓ has."""
    name = loss.partition(":")[0]
    if name in ("squared", "huber"):
        return nu * y + nu**2 / 4
    if name == "poisson":
        return _x_log_x(nu + y) - (nu + y)
    if name == "log":
        return _x_log_x(nu + y) + _x_log_x(1 - nu - y)
    v = (2 * y - 1) * nu
    return v + v**2 / (4 if name == "squared_hinge" else 2)


class Minimum(NamedTuple):
    bound: float  # F* is at least this, but for
    slack: float  # what rounding leaves of the balance that the bound asks for
    null: float  # F of the best constant
    condition: float  # of the standardised columns


def minimum(X, y, loss: str, alpha: float, w=None, b=0.0, rounds: int = 200) -> Minimum:
    """A lower bound on mean ℓ(Xw + b, y) + ½α‖w‖², Fenchel's, at slopes that a Newton method in orthonormal
    columns finds; and at those of (w, b), which are proved to be minimal thereby, or not."""
    n, d = X.shape
    mean, width = X.mean(axis=0), X.std(axis=0)
    A = (X - mean) / width
    A = A - A.mean(axis=0)
    S = np.linalg.svd(A, compute_uv=False)
    rows = np.vstack([A, np.sqrt(n * alpha) * np.diag(1 / width)]) if alpha else A
    size = np.linalg.norm(rows, axis=0)
    _, sizes, V = np.linalg.svd(rows / size, full_matrices=False)
    kept = sizes > 1e-15 * sizes[0] * max(n, d)
    T = (V[kept].T / sizes[kept]) / size[:, None] * np.sqrt(n)  # w·width = T v
    Q = np.sqrt(alpha) * (T / width[:, None])
    B, K = np.hstack([A @ T, np.ones((n, 1))]), np.zeros((T.shape[1] + 1,) * 2)
    K[:-1, :-1] = Q.T @ Q

    def F(v):
        with np.errstate(over="ignore", invalid="ignore"):
            return pointwise(loss, B @ v, y)[0].mean() + 0.5 * v @ K @ v

    def newton(v):
        """The step, and the slope along it."""
        _, slope, bend = pointwise(loss, B @ v, y)
        g, H = B.T @ slope / n + K @ v, (B.T * bend) @ B / n + K
        values, ways = np.linalg.eigh(H)
        d = -ways @ ((ways.T @ g) / np.maximum(values, 1e-13 * max(values[-1], 1e-3)))
        return d, g @ d

    def bound(v):
        """−mean ℓ*(ν) − ½vᵀKv for slopes ν that balance Kv, and what is left of that balance."""
        _, slope, bend = pointwise(loss, B @ v, y)
        miss = B.T @ slope / n + K @ v
        nu = slope - bend * (B @ np.linalg.lstsq((B.T * bend) @ B / n, miss, rcond=1e-13)[0])
        nu = np.clip(nu, *_domain(loss, y))
        left = B.T @ nu / n + K @ v
        slack = float(np.abs(left) @ (1 + np.abs(v)))
        return float(-conjugate(loss, nu, y).mean() - 0.5 * v @ K @ v) - slack, slack

    v = _null(loss, y, B.shape[1])
    null, bounds = F(v), []
    if loss in ("squared", "log", "poisson"):
        for _ in range(rounds):
            (d, tilt), t, F0 = newton(v), 1.0, F(v)
            while not F(v + t * d) < F0 + 1e-4 * t * tilt and t > 1e-12:
                t *= 0.5
            if not F(v + t * d) < F0:
                break
            v = v + t * d
        for _ in range(4):  # beyond what F can tell, the step itself says how near the minimum is
            d, tilt = newton(v)
            if not newton(v + d)[1] > tilt:
                break
            v = v + d
        bounds.append(bound(v))
    if w is not None:
        z = ((X - mean).astype(np.longdouble) @ w + (b + mean.astype(np.longdouble) @ w)).astype(float)
        v = np.linalg.lstsq(B, z, rcond=None)[0]
        for _ in range(3):
            bounds.append(bound(v))
            v = v + newton(v)[0]
    best, slack = max(bounds)
    return Minimum(
        best,
        slack if slack < 1e-10 * abs(null) else 0.0,
        float(null),
        float(S[0] / S[-1]) if S[-1] > 0 else np.inf,
    )


def _domain(loss: str, y):
    name, _, delta = loss.partition(":")
    if name in ("squared", "huber"):
        delta = float(delta) if delta else (1.35 if name == "huber" else np.inf)
        return -2 * delta, 2 * delta
    if name == "poisson":
        return -y, np.full(len(y), np.inf)
    if name == "log":
        return -y, 1.0 - y
    low = np.where(y > 0, -np.inf if name == "squared_hinge" else -1.0, 0.0)
    return low, np.where(y > 0, 0.0, np.inf if name == "squared_hinge" else 1.0)


def _null(loss: str, y, size: int) -> np.ndarray:
    v = np.zeros(size)
    name, p = loss.partition(":")[0], y.mean()
    v[-1] = {"squared": p, "huber": np.median(y)}.get(name, 0.0)
    if name == "poisson":
        v[-1] = np.log(p)
    if name == "log":
        v[-1] = np.log(p / (1 - p))
    return v


def value_of(X, y, loss: str, alpha: float, w, b) -> float:
    """F of weights in the units of the columns, in extended precision."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        w = np.asarray(w, np.longdouble)
        z = X.astype(np.longdouble) @ w + np.longdouble(b)
        return float(pointwise(loss, z, y)[0].mean() + 0.5 * alpha * (w @ w))

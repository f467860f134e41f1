# ruff: noqa: E501, RUF005
"""Test functions as they were published, with their data, starts and lowest known values.

`LEAST_SQUARES`: J. J. Moré, B. S. Garbow, K. E. Hillstrom, Testing unconstrained optimization software, ACM
TOMS 7 (1981): residuals r(x), f = Σ rᵢ², with derivatives by complex steps. `FORMULAS`: the usual functions of
one and two variables (M. Jamil, X.-S. Yang, A literature survey of benchmark functions, 2013; N. Gavana, AMPGO)
as texts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Problem:
    """f(x) = Σ rᵢ(x)², and how often f and ∇f were asked for; `lowest`: its known minima."""

    name: str
    residuals: Callable
    start: np.ndarray
    lowest: tuple[float, ...]
    calls: dict[str, int] = field(default_factory=lambda: {"f": 0, "g": 0})

    def f(self, x) -> float:
        self.calls["f"] += 1
        r = self.residuals(np.asarray(x, dtype=float))
        return float(np.sum(r * r))

    def gradient(self, x) -> np.ndarray:
        self.calls["g"] += 1
        return self._gradient(np.asarray(x, dtype=float))

    def hessian(self, x) -> np.ndarray:
        """Counted as n gradients."""
        self.calls["g"] += len(x)
        h = 1e-6 * np.maximum(1e-3, np.abs(x))
        H = np.array(
            [
                (self._gradient(x + s * e) - self._gradient(x - s * e)) / (2 * s)
                for s, e in zip(h, np.eye(len(x)))
            ]
        )
        return (H + H.T) / 2

    def _gradient(self, x) -> np.ndarray:
        r = self.residuals(x)
        J = np.array([self.residuals(x + 1e-100j * e).imag / 1e-100 for e in np.eye(len(x))])
        return 2 * J @ r

    def solved(self, value: float) -> bool:
        """Whether `value` is a known minimum, to the digits that are published."""
        start = self.f(self.start)
        return any(abs(value - low) <= 1e-5 * abs(low) + 1e-8 * min(1.0, start) for low in self.lowest)


def _rosenbrock(x):
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def _freudenstein_roth(x):
    return np.array(
        [-13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1], -29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1]]
    )


def _powell_badly_scaled(x):
    return np.array([1e4 * x[0] * x[1] - 1, np.exp(-x[0]) + np.exp(-x[1]) - 1.0001])


def _brown_badly_scaled(x):
    return np.array([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])


def _beale(x):
    return np.array([y - x[0] * (1 - x[1] ** i) for i, y in enumerate((1.5, 2.25, 2.625), 1)])


def _jennrich_sampson(x):
    i = np.arange(1, 11)
    return 2 + 2 * i - (np.exp(i * x[0]) + np.exp(i * x[1]))


def _helical_valley(x):
    turn = np.arctan(x[1] / x[0]) / (2 * np.pi) + (0.5 if np.real(x[0]) < 0 else 0.0)
    return np.array([10 * (x[2] - 10 * turn), 10 * (np.sqrt(x[0] ** 2 + x[1] ** 2) - 1), x[2]])


BARD = np.array([0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39])


def _bard(x):
    u = np.arange(1, 16)
    v = 16 - u
    return BARD - (x[0] + u / (v * x[1] + np.minimum(u, v) * x[2]))


GAUSSIAN = np.array([0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989])


def _gaussian(x):
    y, t = np.append(GAUSSIAN, GAUSSIAN[-2::-1]), (8 - np.arange(1, 16)) / 2
    return x[0] * np.exp(-x[1] * (t - x[2]) ** 2 / 2) - y


MEYER = [
    34780,
    28610,
    23650,
    19630,
    16370,
    13720,
    11540,
    9744,
    8261,
    7030,
    6005,
    5147,
    4427,
    3820,
    3307,
    2872,
]


def _meyer(x):
    return x[0] * np.exp(x[1] / (45 + 5 * np.arange(1, 17) + x[2])) - np.array(MEYER)


def _gulf(x):
    t = np.arange(1, 100) / 100
    away = 25 + (-50 * np.log(t)) ** (2 / 3) - x[1]
    return np.exp(-((away * np.sign(away.real)) ** x[2]) / x[0]) - t


def _box(x):
    t = 0.1 * np.arange(1, 11)
    return np.exp(-t * x[0]) - np.exp(-t * x[1]) - x[2] * (np.exp(-t) - np.exp(-10 * t))


def _powell_singular(x):
    a, b, c, d = x[0::4], x[1::4], x[2::4], x[3::4]
    return np.concatenate([a + 10 * b, np.sqrt(5) * (c - d), (b - 2 * c) ** 2, np.sqrt(10) * (a - d) ** 2])


def _wood(x):
    return np.array(
        [
            10 * (x[1] - x[0] ** 2), 1 - x[0], np.sqrt(90) * (x[3] - x[2] ** 2), 1 - x[2],
            np.sqrt(10) * (x[1] + x[3] - 2), (x[1] - x[3]) / np.sqrt(10),
        ]
    )  # fmt: skip


KOWALIK_Y = np.array([0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246])
KOWALIK_U = np.array([4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625])


def _kowalik_osborne(x):
    u = KOWALIK_U
    return KOWALIK_Y - x[0] * (u**2 + u * x[1]) / (u**2 + u * x[2] + x[3])


def _brown_dennis(x):
    t = np.arange(1, 21) / 5
    return (x[0] + t * x[1] - np.exp(t)) ** 2 + (x[2] + x[3] * np.sin(t) - np.cos(t)) ** 2


OSBORNE_1 = (
    [0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751, 0.718, 0.685, 0.658]
    + [0.628, 0.603, 0.580, 0.558, 0.538, 0.522, 0.506, 0.490, 0.478, 0.467, 0.457, 0.448, 0.438, 0.431]
    + [0.424, 0.420, 0.414, 0.411, 0.406]
)


def _osborne_1(x):
    t = 10 * np.arange(33)
    return np.array(OSBORNE_1) - (x[0] + x[1] * np.exp(-t * x[3]) + x[2] * np.exp(-t * x[4]))


def _biggs(x):
    t = 0.1 * np.arange(1, 14)
    y = np.exp(-t) - 5 * np.exp(-10 * t) + 3 * np.exp(-4 * t)
    return x[2] * np.exp(-t * x[0]) - x[3] * np.exp(-t * x[1]) + x[5] * np.exp(-t * x[4]) - y


OSBORNE_2 = (
    [1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608, 0.655]
    + [0.616, 0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661, 0.612, 0.558]
    + [0.533, 0.495, 0.500, 0.423, 0.395, 0.375, 0.372, 0.391, 0.396, 0.405, 0.428, 0.429, 0.523, 0.562]
    + [0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559, 0.597, 0.625, 0.739, 0.710]
    + [0.729, 0.720, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054]
)


def _osborne_2(x):
    t = np.arange(65) / 10
    bells = [x[i] * np.exp(-((t - x[7 + i]) ** 2) * x[4 + i]) for i in (1, 2, 3)]
    return np.array(OSBORNE_2) - (x[0] * np.exp(-t * x[4]) + sum(bells))


def _watson(x):
    t, j = np.arange(1, 30)[:, None] / 29, np.arange(len(x))
    rows = (j[1:] * x[1:] * t ** (j[1:] - 1)).sum(axis=1) - (x * t**j).sum(axis=1) ** 2 - 1
    return np.concatenate([rows, [x[0], x[1] - x[0] ** 2 - 1]])


def _rosenbrock_extended(x):
    return np.concatenate([10 * (x[1::2] - x[::2] ** 2), 1 - x[::2]])


def _penalty_1(x):
    return np.append(np.sqrt(1e-5) * (x - 1), np.sum(x**2) - 0.25)


def _penalty_2(x):
    n, a = len(x), np.sqrt(1e-5)
    i = np.arange(2, n + 1)
    y = np.exp(i / 10) + np.exp((i - 1) / 10)
    middle = a * (np.exp(x[1:] / 10) + np.exp(x[:-1] / 10) - y)
    tail = a * (np.exp(x[1:] / 10) - np.exp(-0.1))
    return np.concatenate([[x[0] - 0.2], middle, tail, [np.sum((n - np.arange(n)) * x**2) - 1]])


def _variably_dimensioned(x):
    s = np.sum(np.arange(1, len(x) + 1) * (x - 1))
    return np.concatenate([x - 1, [s, s**2]])


def _trigonometric(x):
    n = len(x)
    return n - np.cos(x).sum() + np.arange(1, n + 1) * (1 - np.cos(x)) - np.sin(x)


def _brown_almost_linear(x):
    n = len(x)
    return np.append(x[:-1] + x.sum() - (n + 1), np.prod(x) - 1)


def _discrete_boundary(x):
    h = 1 / (len(x) + 1)
    t, wide = h * np.arange(1, len(x) + 1), np.concatenate([[0], x, [0]])
    return 2 * x - wide[:-2] - wide[2:] + h**2 * (x + t + 1) ** 3 / 2


def _discrete_integral(x):
    h = 1 / (len(x) + 1)
    t = h * np.arange(1, len(x) + 1)
    cubes = (x + t + 1) ** 3
    left, right = np.cumsum(t * cubes), np.cumsum(((1 - t) * cubes)[::-1])[::-1]
    return x + h / 2 * ((1 - t) * left + t * np.append(right[1:], 0))


def _broyden_tridiagonal(x):
    wide = np.concatenate([[0], x, [0]])
    return (3 - 2 * x) * x - wide[:-2] - 2 * wide[2:] + 1


def _broyden_banded(x):
    n = len(x)
    near = [[j for j in range(max(0, i - 5), min(n, i + 2)) if j != i] for i in range(n)]
    return np.array(
        [x[i] * (2 + 5 * x[i] ** 2) + 1 - sum(x[j] * (1 + x[j]) for j in near[i]) for i in range(n)]
    )


def _linear_full(x):
    return np.concatenate([x, np.zeros(len(x))]) - 2 * x.sum() / (2 * len(x)) - 1


def _linear_rank_1(x):
    return np.arange(1, 2 * len(x) + 1) * np.sum(np.arange(1, len(x) + 1) * x) - 1


def _linear_rank_1_zeros(x):
    n, m = len(x), 2 * len(x)
    inner = np.arange(1, m - 1) * np.sum(np.arange(2, n) * x[1:-1]) - 1
    return np.concatenate([[-1], inner, [-1]])


def _chebyquad(x):
    before, now, rows = np.ones(len(x)), 2 * x - 1, []
    for i in range(1, len(x) + 1):
        rows.append(now.mean() - (0.0 if i % 2 else -1 / (i**2 - 1)))
        before, now = now, 2 * (2 * x - 1) * now - before
    return np.array(rows)


def _j(n):
    return np.arange(1, n + 1)


_BOUNDARY = _j(10) / 11 * (_j(10) / 11 - 1)
_M = 20
_TABLE = [
    ("rosenbrock", _rosenbrock, [-1.2, 1], (0,)),
    ("freudenstein_roth", _freudenstein_roth, [0.5, -2], (0, 48.98425)),
    ("powell_badly_scaled", _powell_badly_scaled, [0, 1], (0,)),
    ("brown_badly_scaled", _brown_badly_scaled, [1, 1], (0,)),
    ("beale", _beale, [1, 1], (0,)),
    ("jennrich_sampson", _jennrich_sampson, [0.3, 0.4], (124.362182,)),
    ("helical_valley", _helical_valley, [-1, 0, 0], (0,)),
    ("bard", _bard, [1, 1, 1], (8.214877e-3, 17.42869)),
    ("gaussian", _gaussian, [0.4, 1, 0], (1.12793e-8,)),
    ("meyer", _meyer, [0.02, 4000, 250], (87.94586,)),
    ("gulf", _gulf, [5, 2.5, 0.15], (0,)),
    ("box", _box, [0, 10, 20], (0,)),
    ("powell_singular", _powell_singular, [3, -1, 0, 1], (0,)),
    ("wood", _wood, [-3, -1, -3, -1], (0,)),
    ("kowalik_osborne", _kowalik_osborne, [0.25, 0.39, 0.415, 0.39], (3.075056e-4, 1.027342e-3)),
    ("brown_dennis", _brown_dennis, [25, 5, -5, -1], (85822.2016,)),
    ("osborne_1", _osborne_1, [0.5, 1.5, -1, 0.01, 0.02], (5.464895e-5, 1.106036)),
    ("biggs", _biggs, [1, 2, 1, 1, 1, 1], (0, 5.655650e-3, 0.3063668)),
    ("osborne_2", _osborne_2, [1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5], (4.013774e-2, 1.789814)),
    ("watson_6", _watson, [0] * 6, (2.287670e-3,)),
    ("watson_9", _watson, [0] * 9, (1.399760e-6,)),
    ("rosenbrock_extended", _rosenbrock_extended, [-1.2, 1] * 5, (0,)),
    ("powell_singular_extended", _powell_singular, [3, -1, 0, 1] * 3, (0,)),
    ("penalty_1", _penalty_1, _j(10), (7.087651e-5,)),
    ("penalty_2", _penalty_2, [0.5] * 10, (2.936605e-4,)),
    ("variably_dimensioned", _variably_dimensioned, 1 - _j(10) / 10, (0,)),
    ("trigonometric", _trigonometric, [0.1] * 10, (0, 2.795056e-5)),
    ("brown_almost_linear", _brown_almost_linear, [0.5] * 10, (0, 1)),
    ("discrete_boundary", _discrete_boundary, _BOUNDARY, (0,)),
    ("discrete_integral", _discrete_integral, _BOUNDARY, (0,)),
    ("broyden_tridiagonal", _broyden_tridiagonal, [-1] * 10, (0,)),
    ("broyden_banded", _broyden_banded, [-1] * 10, (0,)),
    ("linear_full", _linear_full, [1] * 10, (10,)),
    ("linear_rank_1", _linear_rank_1, [1] * 10, (_M * (_M - 1) / (2 * (2 * _M + 1)),)),
    ("linear_rank_1_zeros", _linear_rank_1_zeros, [1] * 10, ((_M**2 + 3 * _M - 6) / (2 * (2 * _M - 3)),)),
    ("chebyquad_8", _chebyquad, _j(8) / 9, (3.516874e-3,)),
]  # fmt: skip


def least_squares() -> list[Problem]:
    """The 35 problems of Moré, Garbow and Hillstrom (Watson in two sizes), with counts at 0."""
    return [Problem(name, r, np.array(start, dtype=float), tuple(low)) for name, r, start, low in _TABLE]


FORMULAS: dict[str, tuple[str, tuple[float, ...]]] = {  # name: f, a start
    # one variable
    "problem02": ("sin(x) + sin(10*x/3)", (3.0,)),
    "problem04": ("-(16*x^2 - 24*x + 5)*exp(-x)", (2.2,)),
    "problem05": ("-(1.4 - 3*x)*sin(18*x)", (0.5,)),
    "problem06": ("-(x + sin(x))*exp(-x^2)", (1.5,)),
    "problem07": ("sin(x) + sin(10*x/3) + ln(x) - 0.84*x + 3", (4.0,)),
    "problem09": ("sin(x) + sin(2*x/3)", (10.0,)),
    "problem10": ("-x*sin(x)", (6.0,)),
    "problem11": ("2*cos(x) + cos(2*x)", (1.0,)),
    "problem12": ("sin(x)^3 + cos(x)^3", (2.0,)),
    "problem13": ("-x^(2/3) - (1 - x^2)^(1/3)", (0.5,)),
    "problem14": ("-exp(-x)*sin(2*pi*x)", (0.4,)),
    "problem15": ("(x^2 - 5*x + 6)/(x^2 + 1)", (1.0,)),
    "problem18": ("(x - 2)^2 + sin(3*x)", (0.0,)),
    "problem20": ("(sin(x) - x)*exp(-x^2)", (2.0,)),
    "problem21": ("x*sin(x) + x*cos(2*x)", (4.0,)),
    "problem22": ("exp(-3*x) - sin(x)^3", (10.0,)),
    "quartic": ("x^4", (1.0,)),
    "sextic": ("x^6 + x^2/100", (2.0,)),
    "cosh": ("cosh(x - 1)", (4.0,)),
    "softplus_sum": ("softplus(x) + softplus(-2*x)", (3.0,)),
    "log_barrier": ("x - ln(x)", (3.0,)),
    "x_log_x": ("x*ln(x)", (2.0,)),
    # two variables
    "ackley": ("-20*exp(-0.2*sqrt((x^2 + y^2)/2)) - exp((cos(2*pi*x) + cos(2*pi*y))/2)", (1.6, 0.7)),
    "adjiman": ("cos(x)*sin(y) - x/(y^2 + 1)", (1.0, 0.5)),
    "bartels_conn": ("abs(x^2 + y^2 + x*y) + abs(sin(x)) + abs(cos(y))", (1.2, 2.3)),
    "beale": ("(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2", (1.0, 0.8)),
    "bird": ("(x - y)^2 + exp((1 - sin(x))^2)*cos(y) + exp((1 - cos(y))^2)*sin(x)", (4.2, 2.6)),
    "bohachevsky1": ("x^2 + 2*y^2 - 0.3*cos(3*pi*x) - 0.4*cos(4*pi*y) + 0.7", (0.8, 0.6)),
    "booth": ("(x + 2*y - 7)^2 + (2*x + y - 5)^2", (-3.0, 4.0)),
    "branin": ("(y - 5.1*x^2/(4*pi^2) + 5*x/pi - 6)^2 + 10*(1 - 1/(8*pi))*cos(x) + 10", (2.0, 4.0)),
    "brent": ("(x + 10)^2 + (y + 10)^2 + exp(-x^2 - y^2)", (-8.0, -3.0)),
    "bukin6": ("100*sqrt(abs(y - 0.01*x^2)) + 0.01*abs(x + 10)", (-9.0, 1.5)),
    "camel3": ("2*x^2 - 1.05*x^4 + x^6/6 + x*y + y^2", (1.0, -1.0)),
    "camel6": ("(4 - 2.1*x^2 + x^4/3)*x^2 + x*y + (4*y^2 - 4)*y^2", (0.5, -1.0)),
    "chichinadze": ("x^2 - 12*x + 8*sin(5*pi*x/2) + 10*cos(pi*x/2) + 11", (6.1,)),
    "cross_leg": ("sin(x)^2*cos(y)^2 + 0.1*(x^2 + y^2)", (1.1, 0.9)),
    "cube": ("100*(y - x^3)^2 + (1 - x)^2", (-1.2, 1.0)),
    "dixon_price": ("(x - 1)^2 + 2*(2*y^2 - x)^2", (3.0, 2.0)),
    "drop_wave": ("-(1 + cos(12*sqrt(x^2 + y^2)))/(2 + 0.5*(x^2 + y^2))", (1.0, 0.8)),
    "easom": ("-cos(x)*cos(y)*exp(-(x - pi)^2 - (y - pi)^2)", (2.5, 2.6)),
    "egg_crate": ("x^2 + y^2 + 25*(sin(x)^2 + sin(y)^2)", (1.0, 2.0)),
    "egg_box": ("(2 + cos(x/2)*cos(y/2))^2", (3.0, 1.0)),
    "exponential": ("-exp(-(x^2 + y^2)/2)", (0.6, -0.7)),
    "freudenstein_roth": ("(x - 13 + ((5 - y)*y - 2)*y)^2 + (x - 29 + ((y + 1)*y - 14)*y)^2", (0.5, -2.0)),
    "goldstein_price": (
        "(1 + (x + y + 1)^2*(19 - 14*x + 3*x^2 - 14*y + 6*x*y + 3*y^2))"
        "*(30 + (2*x - 3*y)^2*(18 - 32*x + 12*x^2 + 48*y - 36*x*y + 27*y^2))",
        (0.3, -0.7),
    ),
    "griewank": ("1 + (x^2 + y^2)/4000 - cos(x)*cos(y/sqrt(2))", (2.0, -3.0)),
    "gramacy_lee": ("sin(10*pi*x)/(2*x) + (x - 1)^4", (0.75,)),
    "hansen": ("(cos(1) + 2*cos(x + 2))*(cos(2*y + 1) + 2*cos(3*y + 2))", (1.0, 1.2)),
    "himmelblau": ("(x^2 + y - 11)^2 + (x + y^2 - 7)^2", (0.0, 0.5)),
    "holder_table": ("-abs(sin(x)*cos(y)*exp(abs(1 - sqrt(x^2 + y^2)/pi)))", (7.0, 8.5)),
    "hosaki": ("(1 - 8*x + 7*x^2 - 7*x^3/3 + x^4/4)*y^2*exp(-y)", (3.2, 1.5)),
    "jennrich2": ("(4 - exp(x) - exp(y))^2 + (6 - exp(2*x) - exp(2*y))^2", (0.3, 0.4)),
    "keane": ("-sin(x - y)^2*sin(x + y)^2/sqrt(x^2 + y^2)", (0.4, 1.5)),
    "leon": ("100*(y - x^2)^2 + (1 - x)^2", (-1.0, 0.4)),
    "levy13": ("sin(3*pi*x)^2 + (x - 1)^2*(1 + sin(3*pi*y)^2) + (y - 1)^2*(1 + sin(2*pi*y)^2)", (1.8, 0.4)),
    "matyas": ("0.26*(x^2 + y^2) - 0.48*x*y", (4.0, -3.0)),
    "mccormick": ("sin(x + y) + (x - y)^2 - 1.5*x + 2.5*y + 1", (0.5, 0.5)),
    "mishra03": ("sqrt(abs(cos(sqrt(abs(x^2 + y^2))))) + 0.01*(x + y)", (2.0, 1.0)),
    "mishra08": (
        "0.001*(abs(x^10 - 20*x^9 + 180*x^8 - 960*x^7 + 3360*x^6 - 8064*x^5 + 13340*x^4 - 15360*x^3 + 11520*x^2"
        " - 5120*x + 2624)*abs(y^4 + 12*y^3 + 54*y^2 + 108*y + 81))^2",
        (5.0, -1.0),
    ),
    "new_function01": ("sqrt(abs(cos(sqrt(abs(x^2 + y))))) + 0.01*(x + y)", (-3.0, -4.0)),
    "parsopoulos": ("cos(x)^2 + sin(y)^2", (1.0, 0.5)),
    "periodic": ("1 + sin(x)^2 + sin(y)^2 - 0.1*exp(-x^2 - y^2)", (0.9, -0.6)),
    "powell2": ("(x + 10*y)^2 + 10*(x - y)^4", (3.0, -1.0)),
    "price01": ("(abs(x) - 5)^2 + (abs(y) - 5)^2", (1.0, -2.0)),
    "price02": ("1 + sin(x)^2 + sin(y)^2 - 0.1*exp(-x^2 - y^2)", (1.0, 2.5)),
    "quadratic2": ("-3803.84 - 138.08*x - 232.92*y + 128.08*x^2 + 203.64*y^2 + 182.25*x*y", (5.0, -5.0)),
    "rastrigin": ("20 + x^2 + y^2 - 10*cos(2*pi*x) - 10*cos(2*pi*y)", (0.3, -1.2)),
    "ripple": ("-exp(-2*ln(2)*((x - 0.1)/0.8)^2)*(sin(5*pi*x)^6 + 0.1*cos(500*pi*x)^2)", (0.25,)),
    "rosenbrock": ("100*(y - x^2)^2 + (1 - x)^2", (-1.2, 1.0)),
    "rotated_ellipse": ("7*x^2 - 6*sqrt(3)*x*y + 13*y^2", (3.0, -2.0)),
    "salomon": ("1 - cos(2*pi*sqrt(x^2 + y^2)) + 0.1*sqrt(x^2 + y^2)", (1.3, 0.9)),
    "schaffer01": ("0.5 + (sin(x^2 + y^2)^2 - 0.5)/(1 + 0.001*(x^2 + y^2))^2", (10.0, -20.0)),
    "schaffer02": ("0.5 + (sin(x^2 - y^2)^2 - 0.5)/(1 + 0.001*(x^2 + y^2))^2", (3.0, 2.0)),
    "schaffer04": ("0.5 + (cos(sin(abs(x^2 - y^2)))^2 - 0.5)/(1 + 0.001*(x^2 + y^2))^2", (40.0, 61.0)),
    "schwefel26": ("836 - x*sin(sqrt(abs(x))) - y*sin(sqrt(abs(y)))", (300.0, 410.0)),
    "sphere": ("x^2 + y^2", (30.0, -70.0)),
    "styblinski_tang": ("(x^4 - 16*x^2 + 5*x + y^4 - 16*y^2 + 5*y)/2", (1.0, -1.0)),
    "sum_of_powers": ("x^2 + abs(y)^3", (0.5, 0.7)),
    "trecanni": ("x^4 + 4*x^3 + 4*x^2 + y^2", (1.0, 1.0)),
    "tripod": ("abs(x) + abs(y + 50)", (3.0, 4.0)),
    "ursem01": ("-sin(2*x - pi/2) - 3*cos(y) - x/2", (0.5, 1.2)),
    "venter": ("x^2 - 100*cos(x)^2 - 100*cos(x^2/30) + y^2 - 100*cos(y)^2 - 100*cos(y^2/30)", (0.9, -0.8)),
    "wayburn": ("(x^6 + y^4 - 17)^2 + (2*x + y - 4)^2", (2.0, 0.5)),
    "zettl": ("x/4 + (x^2 - 2*x + y^2)^2", (0.6, 0.6)),
    "zirilli": ("0.25*x^4 - 0.5*x^2 + 0.1*x + 0.5*y^2", (1.5, 2.0)),
    # more variables
    "colville": (
        "100*(a^2 - b)^2 + (a - 1)^2 + (c - 1)^2 + 90*(c^2 - d)^2 + 10.1*((b - 1)^2 + (d - 1)^2)"
        " + 19.8*(b - 1)*(d - 1)",
        (-3.0, -1.0, -3.0, -1.0),
    ),
    "powell_singular": (
        "(a + 10*b)^2 + 5*(c - d)^2 + (b - 2*c)^4 + 10*(a - d)^4", (3.0, -1.0, 0.0, 1.0),
    ),
    "zakharov": (
        "x^2 + y^2 + z^2 + (0.5*x + y + 1.5*z)^2 + (0.5*x + y + 1.5*z)^4", (1.0, -2.0, 0.5),
    ),
}  # fmt: skip
WITHOUT_MINIMUM: dict[str, tuple[str, tuple[float, ...]]] = {  # as above: no minimum where a descent goes
    "cubic": ("x^3", (2.0,)),
    "exponential_decay": ("exp(-x)", (0.0,)),
    "softplus": ("softplus(x)", (2.0,)),
    "hyperbola": ("1/x", (1.0,)),
    "arc_tangent": ("atan(x)", (-1.0,)),
    "flat_slope": ("x^2 + y", (3.0, 1.0)),
    "decay_beside_bowl": ("exp(-x) + y^2", (0.0, 2.0)),
    "e_to_the_x_far": ("e^x - 2*x", (701.0,)),
    "log_decay": ("ln(1 + exp(-3*x))", (1.0,)),
    "monkey": ("x^3 - 3*x*y^2", (1.0, 0.4)),
    "raised_decay": ("5 + exp(-x)", (1.0,)),
    "inverse_square": ("1/(1 + x^2)", (0.3,)),
}

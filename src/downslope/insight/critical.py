"""∇f(x) = 0 solved exactly, where algebra can: the answer to hold a descent against.

A function that is a sum of functions of one variable each is solved variable by variable; a
quadratic is a linear system; other polynomials go through a Gröbner basis. What is left is tried
only for one variable. All of it stops after `seconds`, with what is known by then.
"""

from __future__ import annotations

import inspect
import itertools
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from ..model.expression import formula
from ..model.functions import Function
from ..model.real_functions import standard

MOST_POINTS = 64
HIGHEST_DEGREE = 30  # of a polynomial in one variable
HIGHEST_POWER = 1_000_000  # of a polynomial whose coefficients are held, zeros included
NEAREST = 6  # points reported of an infinite family


@dataclass(frozen=True)
class CriticalPoint:
    """One x with ∇f(x) = 0, or with a kink that is an extremum."""

    exact: tuple[str, ...]  # the coordinates as formulas, such as "9/4" or "sqrt(2)/2"
    x: tuple[float, ...]
    value: float
    kind: str  # "minimum", "maximum", "saddle" (in one variable: a level inflection) or "undecided"


@dataclass(frozen=True)
class CriticalPoints:
    """What algebra found. `exact`: these are all there are, or the nearest of all if `infinite`."""

    names: tuple[str, ...]
    points: tuple[CriticalPoint, ...]
    exact: bool
    infinite: bool = False  # infinitely many: those nearest the origin are reported
    unbounded_below: bool | None = None  # None: not known


def critical_points(function: Function, seconds: float = 2.0) -> CriticalPoints:
    """{x : ∇f(x) = 0}, each point with its value and its kind.

    For a function made from a callable, or where algebra has no answer within `seconds`, there are
    no points and `exact` is False.

    >>> from downslope.model.functions import Function
    >>> [(p.exact, p.kind) for p in critical_points(Function.from_expression("x^4 - 3*x^3 + 2")).points]
    [(('0',), 'saddle'), (('9/4',), 'minimum')]
    """
    falls = unbounded_below(function)
    unknown = CriticalPoints(function.names, (), exact=False, unbounded_below=falls)
    if function.expression is None:
        return unknown
    try:
        with _at_most(seconds):
            _refuse_high_powers(function.expression)
            solutions, infinite = _solved(function)
            points = [_point(function, place, kind) for place, kind in solutions[:MOST_POINTS]]
    except (_OutOfTime, Exception):  # SymPy's solvers leave by many doors; none of them is the user's fault
        return unknown
    return CriticalPoints(function.names, tuple(points), len(solutions) <= MOST_POINTS, infinite, falls)


def unbounded_below(function: Function) -> bool | None:
    """Whether inf f = −∞, for polynomials, where it shows along an axis or a diagonal; None if not known."""
    if function.expression is None:
        return None
    try:
        with _at_most(0.5):
            _refuse_high_powers(function.expression)
            return _falls_forever(function.expression, _symbols(function))
    except (_OutOfTime, ArithmeticError, TypeError, NotImplementedError):
        return None


# ── a limit on time, in any thread ──────────────────────────────────────────────────────────────────


class _OutOfTime(BaseException):
    """Not an Exception, so that no solver mistakes it for its own."""


@contextmanager
def _at_most(seconds: float):
    """Ends the block with _OutOfTime once `seconds` have passed.

    Python tells a profiler of every call, thread by thread; this one looks at the clock. Signals
    would need the main thread, a second process a second import of SymPy. Only calls into SymPy
    are ended: an exception in a destructor or a callback of the collector would be lost, and so
    would one in a generator, which the collector may be closing.
    """
    end = time.monotonic() + seconds
    before = sys.getprofile()

    def look_at_clock(frame, event, argument):
        room = frame.f_globals.get("__name__", "").partition(".")[0]
        generator = frame.f_code.co_flags & inspect.CO_GENERATOR
        if event == "call" and room in ("sympy", "mpmath") and not generator and time.monotonic() > end:
            raise _OutOfTime

    sys.setprofile(look_at_clock)
    try:
        yield
    finally:
        sys.setprofile(before)


# ── solving ─────────────────────────────────────────────────────────────────────────────────────────


def _refuse_high_powers(expression) -> None:
    """SymPy holds exp(x/7 − 9) as a polynomial in exp(x/7) and E^(1/7), with a place for every degree: one of
    10⁹ fills the memory within a single call, which no clock can end."""
    from sympy import Pow, Rational, exp, ilcm

    numbers = {n for power in expression.atoms(Pow, exp) for n in standard(power.exp).atoms(Rational)}
    whole = ilcm(1, 1, *(n.q for n in numbers))
    if any(abs(n) * whole > HIGHEST_POWER for n in numbers):
        raise NotImplementedError


def _symbols(function: Function) -> list:
    from sympy import Symbol

    return [Symbol(name, real=True) for name in function.names]


def _solved(function: Function) -> tuple[list[tuple], bool]:
    """Pairs (place, kind), at most MOST_POINTS + 1 of them; and whether there are infinitely many."""
    symbols = _symbols(function)
    parts = _separate(function.expression, symbols)
    if parts is None:
        return _of_several(function.expression, symbols)
    found = [_of_one(part, symbol) for part, symbol in zip(parts, symbols)]
    places = itertools.islice(itertools.product(*(points for points, _ in found)), MOST_POINTS + 1)
    solutions = [([x for x, _ in place], _together([kind for _, kind in place])) for place in places]
    return solutions, any(infinite for _, infinite in found)


def _point(function: Function, place: list, kind: str) -> CriticalPoint:
    x = tuple(float(coordinate) for coordinate in place)
    return CriticalPoint(tuple(_written(c) for c in place), x, function.value(x), kind)


def _written(number) -> str:
    """The number as a formula; as digits if it is a root that has no short formula."""
    from sympy.polys.rootoftools import ComplexRootOf

    text = "" if number.has(ComplexRootOf) else formula(number)
    return text if 0 < len(text) <= 40 else f"{float(number):.12g}"


def _separate(expression, symbols) -> list | None:
    """fᵢ with f(x) = Σ fᵢ(xᵢ), or None if some term mixes two variables."""
    from sympy import Add, expand

    polynomial = len(symbols) > 1 and expression.is_polynomial(*symbols)
    if polynomial and _degree(expression) <= HIGHEST_DEGREE:
        expression = expand(expression)
    parts = [0 * symbol for symbol in symbols]
    for term in Add.make_args(expression):
        inside = [i for i, symbol in enumerate(symbols) if term.has(symbol)]
        if len(inside) > 1:
            return None
        parts[inside[0] if inside else 0] += term
    return parts


def _together(kinds: list[str]) -> str:
    """The kind of a point of Σ fᵢ(xᵢ) from the kinds of its coordinates."""
    if "saddle" in kinds or {"minimum", "maximum"} <= set(kinds):
        return "saddle"
    return kinds[0] if len(set(kinds)) == 1 else "undecided"


def _of_one(f, x) -> tuple[list[tuple], bool]:
    """The critical points of f(x), each with its kind, from left to right; and whether there are more."""
    from sympy import Abs, Max, Min, Pow, S

    f = standard(f)
    if not f.has(x):
        return [(S.Zero, "minimum")], True  # level everywhere
    if f.has(Max, Min):
        f = f.rewrite(Abs)  # max(u, v) = (u + v + |u − v|)/2
    for power in f.atoms(Pow):
        if power.exp.is_Rational and not power.exp.is_Integer and _real_roots(power.base, x)[0]:
            raise NotImplementedError  # the domain ends there, or there is a cusp
    if f.has(Abs):
        found, infinite = _of_one_with_kinks(f, x)
    else:
        roots, infinite = _real_roots(f.diff(x), x)
        found = {root: _kind(f, x, root) for root in roots}
    return sorted(found.items(), key=lambda pair: float(pair[0])), infinite


def _of_one_with_kinks(f, x) -> tuple[dict, bool]:
    """The same for f with |u| in it: interval by interval between the roots of every u; then these."""
    from sympy import Abs, Rational, oo

    roots = [_real_roots(part.args[0], x) for part in f.atoms(Abs) if part.has(x)]
    infinite = any(family for _, family in roots)
    kinks = sorted({root for some, _ in roots for root in some}, key=float)
    edges = kinks if infinite else [-oo, *kinks, oo]
    rise = lambda place, t: (f.subs(x, place + t) - f.subs(x, place)).n(30)
    t = Rational(1, 10**6)
    found = {}
    for left, right in itertools.pairwise(edges):
        middle = 0 if (left, right) == (-oo, oo) else (left + right) / 2
        sample = right - 1 if left == -oo else left + 1 if right == oo else middle
        piece = f.replace(Abs, lambda u, at=sample: u if u.subs(x, at) > 0 else -u)
        slope = piece.diff(x)
        if slope == 0:  # level from edge to edge: represented by its point nearest the origin
            infinite = True
            outside = [rise(edge, away) for edge, away in ((left, -t), (right, t)) if abs(edge) != oo]
            kind = "minimum" if min(outside) >= 0 else "maximum" if max(outside) <= 0 else "undecided"
            found[min(max(0 * x, left), right) if left * right > 0 else 0 * x] = kind
            continue
        places, family = _real_roots(slope, x)
        infinite |= family
        found |= {place: _kind(piece, x, place) for place in places if left < place < right}
    for kink in kinks:
        before, after = rise(kink, -t), rise(kink, t)
        if before * after > 0:
            found[kink] = "minimum" if before > 0 else "maximum"
    return found, infinite


def _real_roots(g, x) -> tuple[list, bool]:
    """The real x with g(x) = 0, and whether these are only the nearest of infinitely many."""
    from sympy import Complement, FiniteSet, ImageSet, S, Union, fraction, solveset, together

    if g.is_rational_function(x):
        above, below = fraction(together(g))
        if _degree(above) <= HIGHEST_DEGREE and all(c.is_Rational for c in above.as_poly(x).all_coeffs()):
            zeros = set(above.as_poly(x).real_roots()) if above.has(x) else set()
            return [zero for zero in zeros if below.subs(x, zero) != 0], False
    if g.count_ops() > 40:
        raise NotImplementedError
    found = solveset(g, x, S.Reals)
    roots: list = []
    infinite = False
    for part in found.args if isinstance(found, Union) else [found]:
        if isinstance(part, Complement):
            raise NotImplementedError
        if isinstance(part, FiniteSet):
            roots += list(part)
        elif isinstance(part, ImageSet) and part.base_sets == (S.Integers,):
            infinite = True
            roots += [part.lamda(n) for n in range(-NEAREST, NEAREST + 1)]
        elif part is not S.EmptySet:
            raise NotImplementedError
    if not all(r.is_number and r.is_real for r in roots):
        raise NotImplementedError
    distances = sorted(abs(float(root)) for root in set(roots))
    farthest = distances[min(NEAREST, len(distances)) - 1] * (1 + 1e-12) if infinite else np.inf
    return [root for root in set(roots) if abs(float(root)) <= farthest], infinite


def _kind(f, x, place) -> str:
    """By the first derivative that does not vanish: of even order an extremum, of odd an inflection."""
    for order in range(2, 9):
        f_k = f.diff(x, order).subs(x, place).n(30)
        if not f_k.is_real:
            return "undecided"
        if abs(f_k) > 1e-15:
            return "saddle" if order % 2 else "minimum" if f_k > 0 else "maximum"
    return "undecided"


def _of_several(f, symbols) -> tuple[list[tuple], bool]:
    """Critical points of a function that mixes its variables."""
    from sympy import Matrix, Mul, Pow, exp, factor, fraction, hessian, linear_eq_to_matrix, together

    f = standard(f)
    cusps = (p for p in f.atoms(Pow) if not p.exp.is_Integer and p.exp.is_Rational and not p.base.is_positive)
    if len(symbols) > 4 or f.count_ops() > 150 or any(cusps):
        raise NotImplementedError
    polynomial = f.is_polynomial(*symbols)
    if polynomial and _degree(f) > 8:
        raise NotImplementedError
    if polynomial and f.as_poly(*symbols).total_degree() == 2:
        A, b = linear_eq_to_matrix([f.diff(s) for s in symbols], symbols)
        if A.rank() < A.row_join(b).rank():
            return [], False
        nearest = list(A.pinv() * b)  # to the origin, if there is a line of solutions
        return [(nearest, _kind_by_curvature(A, convex_is_enough=True))], A.rank() < len(symbols)
    system = []
    for s in symbols:
        above, _ = fraction(together(f.diff(s)))
        system.append(Mul(*(part for part in Mul.make_args(factor(above)) if not isinstance(part, exp))))
    if not all(g.is_polynomial(*symbols) for g in system):
        raise NotImplementedError
    if any(g.is_number and g != 0 for g in system):
        return [], False
    H = hessian(f, symbols)
    solutions = []
    for place in _common_roots(system, symbols):
        numbers = [complex(coordinate.n(20)) for coordinate in place]
        if any(abs(number.imag) > 1e-12 * (1 + abs(number)) for number in numbers):
            continue
        there = H.subs(dict(zip(symbols, place)))
        if there.has(*_not_numbers()):
            continue  # a root of the numerator that is a pole as well
        solutions.append((list(place), _kind_by_curvature(Matrix(there))))
    return sorted(solutions, key=lambda pair: [float(c) for c in pair[0]]), False


def _common_roots(system, symbols) -> list[tuple]:
    """Common roots of polynomials. Mostly the basis is g(z), x − h(z), y − k(z): the roots of g tell all."""
    from sympy import groebner, solve_poly_system

    basis = groebner(system, *symbols, order="lex")
    *others, last = basis.exprs
    z = symbols[-1]
    heads = [other.as_poly(s) for other, s in zip(others, symbols)]
    shape = len(others) == len(symbols) - 1 and last.free_symbols == {z}
    if not shape or not all(
        head.degree() == 1 and head.free_symbols <= {s, z} for head, s in zip(heads, symbols)
    ):
        return solve_poly_system(system, *symbols, strict=True) or []
    solved = [-head.coeff_monomial(1) / head.LC() for head in heads]
    return [(*(h.subs(z, root) for h in solved), root) for root in last.as_poly(z).real_roots()]


def _not_numbers() -> tuple:
    from sympy import S

    return S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity


def _kind_by_curvature(H, convex_is_enough: bool = False) -> str:
    """By the signs of the eigenvalues of ∇²f; for a quadratic, zeros among them decide nothing against it."""
    eigenvalues = np.linalg.eigvalsh(np.array(H.n(20), dtype=float))
    level = 1e-10 * max(abs(eigenvalues).max(), 1e-300)
    up, down = (eigenvalues > level).any(), (eigenvalues < -level).any()
    if up and down:
        return "saddle"
    if (abs(eigenvalues) <= level).any() and not convex_is_enough:
        return "undecided"
    return "minimum" if up else "maximum"


# ── bounded below? ──────────────────────────────────────────────────────────────────────────────────


def _falls_forever(f, symbols) -> bool | None:
    """Whether a polynomial falls without end; sure for one variable, for quadratics and for separate ones."""
    from sympy import Symbol, expand, hessian, linear_eq_to_matrix

    if not f.is_polynomial(*symbols) or _degree(f) > HIGHEST_DEGREE or len(symbols) > 4:
        return None
    t = Symbol("t", real=True)
    for direction in itertools.product((0, 1, -1), repeat=len(symbols)):
        along = expand(f.subs({s: step * t for s, step in zip(symbols, direction)}, simultaneous=True))
        if along.has(t) and along.as_poly(t).LC() < 0:
            return True
    if len(symbols) == 1:
        return False
    if f.as_poly(*symbols).total_degree() == 2:
        A, b = linear_eq_to_matrix([f.diff(s) for s in symbols], symbols)
        curvature = np.linalg.eigvalsh(np.array(hessian(f, symbols).n(20), dtype=float))
        negative = curvature.min() < -1e-12 * abs(curvature).max()
        return bool(negative or A.rank() < A.row_join(b).rank())
    parts = _separate(f, symbols)
    return None if parts is None else False  # each part was looked at along its own axis, both ways


def _degree(f) -> int:
    """A bound on the total degree of a polynomial, without multiplying it out."""
    if f.is_Symbol:
        return 1
    if f.is_Add:
        return max(map(_degree, f.args))
    if f.is_Pow and f.exp.is_Integer and f.exp > 0:
        return _degree(f.base) * int(f.exp)
    return sum(map(_degree, f.args))

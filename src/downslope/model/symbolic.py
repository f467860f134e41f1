"""f, ∇f and ∇²f of a SymPy expression, compiled to plain Python arithmetic and to NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from .differences import hessian_of
from .expression import real

LARGEST_GRADIENT = 1500  # operations, beyond which ∇²f is found by differences of ∇f


@dataclass(frozen=True, eq=False)
class Symbolic:
    """f(x) with  ∇f = (∂f/∂xᵢ)  and  ∇²f = (∂²f/∂xᵢ∂xⱼ)  found by rule.

    A call on one point runs on Python floats (about a microsecond). Where that raises, because of
    an overflow, a division by zero or a point outside the domain, the same formulas run on NumPy,
    which answers inf or nan as IEEE 754 has it.
    """

    expression: object  # SymPy, of the real symbols below
    symbols: tuple
    gradient: tuple  # SymPy: ∇f, or what the user gave for it

    def value(self, x: np.ndarray) -> float:
        return _at(self._scalar_value, self._array_value, x)[0]

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        value, *slopes = _at(self._scalar_both, self._array_both, x)
        return value, np.array(slopes)

    def hessian(self, x: np.ndarray) -> np.ndarray:
        """∇²f of f itself, whatever gradient was given."""
        if self._is_large:
            exact = Symbolic(self.expression, self.symbols, self._first)
            return hessian_of(lambda x: exact.value_and_gradient(x)[1], x)
        p = len(self.symbols)
        second = np.empty((p, p))
        upper = np.triu_indices(p)
        second[upper] = second.T[upper] = _at(self._scalar_hessian, self._array_hessian, x)
        return second

    def values(self, X: np.ndarray) -> np.ndarray:
        return _on_rows(self._array_value, X)[0]

    def gradients(self, X: np.ndarray) -> np.ndarray:
        return np.column_stack(_on_rows(self._array_both, X)[1:])

    @cached_property
    def _first(self) -> tuple:
        return gradient_of(self.expression, self.symbols)

    @cached_property
    def _is_large(self) -> bool:
        """Whether ∇²f by rule would take seconds: a product of n factors has n² terms in it."""
        return sum(part.count_ops() for part in self._first) > LARGEST_GRADIENT

    @property
    def _upper_hessian(self) -> list:
        """∂²f/∂xᵢ∂xⱼ for i ≤ j, row after row."""
        s = self.symbols
        return [_derivative(self._first[i], s[j]) for i in range(len(s)) for j in range(i, len(s))]

    @cached_property
    def _scalar_value(self) -> Callable:
        return _compiled(self.symbols, [self.expression], _FLOATS)

    @cached_property
    def _array_value(self) -> Callable:
        return _compiled(self.symbols, [self.expression], _ARRAYS)

    @cached_property
    def _scalar_both(self) -> Callable:
        return _compiled(self.symbols, [self.expression, *self.gradient], _FLOATS)

    @cached_property
    def _array_both(self) -> Callable:
        return _compiled(self.symbols, [self.expression, *self.gradient], _ARRAYS)

    @cached_property
    def _scalar_hessian(self) -> Callable:
        return _compiled(self.symbols, self._upper_hessian, _FLOATS)

    @cached_property
    def _array_hessian(self) -> Callable:
        return _compiled(self.symbols, self._upper_hessian, _ARRAYS)


def gradient_of(expression, symbols) -> tuple:
    """(∂f/∂x₁, …, ∂f/∂xₚ) as SymPy expressions."""
    return tuple(_derivative(expression, symbol) for symbol in symbols)


def _derivative(expression, symbol):
    return real(expression.diff(symbol))


def _at(scalar: Callable, array: Callable, x: np.ndarray) -> list[float]:
    """The formulas at one point x (p,)."""
    try:
        found = scalar(*x.tolist())
        if all(type(number) is float for number in found):  # a complex number is a root of a negative one
            return found
    except (ArithmeticError, ValueError, TypeError):
        pass  # NumPy has an answer where Python has an exception
    return [float(column[0]) for column in _on_rows(array, x[None, :])]


def _on_rows(array: Callable, X: np.ndarray) -> list[np.ndarray]:
    """The formulas at each row of X (m, p): arrays (m,), in the order of the formulas."""
    try:
        with np.errstate(all="ignore"):
            found = array(*X.T)
    except ArithmeticError:  # in a part that is constant, which Python computes: (1e200 + π)²
        return [np.full(len(X), np.nan) for _ in range(array.formulas)]  # type: ignore[attr-defined]
    return [np.broadcast_to(_real(np.asarray(column)), (len(X),)).copy() for column in found]


def _real(column: np.ndarray) -> np.ndarray:
    """Floats, with nan for a number that is not real: a root of a negative one."""
    if column.dtype.kind != "c":
        return column.astype(float)
    return np.where(column.imag == 0, column.real, np.nan)


def _compiled(symbols, expressions, namespace: dict) -> Callable:
    from sympy import lambdify, numbered_symbols
    from sympy.simplify.cse_main import tree_cse

    # repeated subtrees only: linear in the size of the formulas, where cse's search for common factors is not
    # no variable starts with _
    shared = lambda formulas: tree_cse(formulas, numbered_symbols("_c"), order="none")
    compiled = lambdify(symbols, expressions, modules=[namespace], printer=_printer(), cse=shared)
    compiled.formulas = len(expressions)
    return compiled


@cache
def _printer():
    """SymPy's Python printer, with every number a float and every function called by its bare name."""
    from sympy.printing.pycode import PythonCodePrinter

    class FloatPrinter(PythonCodePrinter):
        def _print_number(self, expr):
            try:
                number = float(expr)
            except OverflowError:
                number = math.inf if expr > 0 else -math.inf
            return repr(number).replace("inf", "1e999")

        _print_Integer = _print_Rational = _print_Half = _print_Float = _print_number
        _print_Pi = _print_Exp1 = _print_number

        def _print_Function(self, expr):
            return f"{expr.func.__name__}({', '.join(map(self._print, expr.args))})"

        _print_sign = _print_Function  # SymPy's own would print an if, which no array can answer

    return FloatPrinter({"fully_qualified_modules": False, "standard": "python3"})


# ── the functions of FUNCTIONS, as SymPy names them, on floats and on arrays ─────────────────────────


def _sign(u: float) -> float:
    return math.copysign(1.0, u) if u else 0.0


def _sigmoid(u: float) -> float:
    """1/(1 + e⁻ᵘ), without overflow on either side."""
    if u >= 0:
        return 1.0 / (1.0 + math.exp(-u))
    t = math.exp(u)
    return t / (1.0 + t)


def _softplus(u: float) -> float:
    """log(1 + eᵘ) = max(u, 0) + log(1 + e^−|u|)."""
    return (u if u > 0.0 else 0.0) + math.log1p(math.exp(-abs(u)))


_SAME_NAME = ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp", "log", "sqrt")
_FLOATS = {name: getattr(math, name) for name in _SAME_NAME} | {
    "abs": math.fabs,
    "sign": _sign,
    "max": max,
    "min": min,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
}
_ARRAYS = {name: getattr(np, name) for name in _SAME_NAME} | {
    "abs": np.abs,
    "sign": np.sign,
    "max": np.maximum,
    "min": np.minimum,
    "sigmoid": lambda u: np.exp(-np.logaddexp(0.0, -u)),
    "softplus": lambda u: np.logaddexp(0.0, u),
}

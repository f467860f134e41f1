"""What `minimize` descends: a function of p named numbers, with its derivative, wherever that comes from."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from ..errors import DownslopeError, DownslopeWarning, nearest
from ..messages import text as said
from .autodiff import Autodiff, available, on_tensors
from .differences import Differences, Given, central_differences, is_slope, nearby
from .expression import formula, parse, parse_several, variables_in
from .real_functions import standard
from .symbolic import Symbolic, gradient_of

_DOMAIN = ("domain", "expected a")  # how math.log(-1) begs off, up to Python 3.13 and from 3.14


class Kernel(Protocol):
    """f as numbers: x is (p,), X is (m, p). One that has no Hessian leaves the method out."""

    def value(self, x: np.ndarray) -> float: ...
    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]: ...
    def values(self, X: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class Function:
    """f: ℝᵖ → ℝ with ∇f, and ∇²f where it is known.

    Make one with `Function.of`. `names` are the p variables in the order of every vector here;
    `derivative_kind` is "symbolic", "given", "autodiff" or "finite differences".

    >>> f = Function.of("2*x^2", 5)
    >>> f.value([5.0]), f.gradient([5.0]), f.gradient_formulas
    (50.0, array([20.]), ('4*x',))
    """

    names: tuple[str, ...]
    formula: str
    derivative_kind: str
    kernel: Kernel
    expression: Any = None  # SymPy, when f was a text
    derivative: str | None = None  # the text that was given for it
    takes_number: bool = False  # whether a callable is handed its one variable as a number
    doubted: Any = None  # (p,) a place where differences of f contradicted the derivative that was given
    _last: list = field(default_factory=list, repr=False)  # x, f(x) and ∇f(x) as last asked for

    @classmethod
    def of(cls, f: str | Callable | Function, start, derivative=None) -> Function:
        """The function behind whatever was handed over: a text, a callable, or a Function already."""
        if isinstance(f, Function):
            return f
        if isinstance(f, str):
            return cls.from_expression(f, derivative)
        if callable(f):
            return cls.from_callable(f, start, derivative)
        raise DownslopeError("functions.not_a_function", found=type(f).__name__)

    @classmethod
    def from_expression(cls, text: str, derivative=None, variables: Sequence[str] | None = None) -> Function:
        """f from a formula (see `parse`), ∇f and ∇²f by rule.

        `derivative`, if given, is used in place of ∇f even if it is wrong, with a DownslopeWarning
        that tells the right one: a text ("4*x", or "2*x, 2*y"), a callable, or one of these for each
        variable.
        """
        expression = parse(text, variables)
        names = variables_in(text) if variables is None else tuple(variables)
        symbols = tuple(parse(name, names) for name in names)
        shown = text.strip()
        if derivative is None:
            gradient = gradient_of(expression, symbols)
            return cls(names, shown, "symbolic", Symbolic(expression, symbols, gradient), expression)
        if isinstance(derivative, Sequence) and all(isinstance(part, str) for part in derivative):
            derivative = derivative if isinstance(derivative, str) else ", ".join(derivative)
        if isinstance(derivative, str):
            given = tuple(parse_several(derivative, names))
            _check_count(names, len(given))
            kernel = Symbolic(expression, symbols, given)
            _warn_if_not_derivative(shown, kernel)
            return cls(names, shown, "given", kernel, expression, derivative)
        exact = Symbolic(expression, symbols, ())
        slopes = _slopes(derivative, names, np.zeros(len(names)), is_number=len(names) == 1)
        given_by_call = Given(exact.value, slopes)
        doubted = _warn_if_not_slope(shown, names, given_by_call, np.ones(len(names)))
        return cls(names, shown, "given", given_by_call, expression, doubted=doubted)

    @classmethod
    def from_callable(cls, f: Callable, start, derivative=None) -> Function:
        """f from a Python function: f(x) of a vector (p,), or f(x, y, z) of p numbers, as its signature says.

        One variable: f gets a number if the start is one, a vector (1,) if the start is a row.
        `derivative` is a callable that returns (p,), or p callables that each return a number, and takes
        what f takes. Without it PyTorch finds ∇f, if it is installed and f is made of operations that it
        follows; else central differences do, with a DownslopeWarning that says what they cost.
        """
        names, x, is_number = _names_and_start(f, start)
        label = getattr(f, "__name__", "f").replace("<lambda>", "f")
        shown = f"{label}({', '.join(names)})"
        call = _numeric(f, x, is_number)
        if (derivative is None or _mentions_torch(f)) and _asks_for_tensors(call, x):
            call = _numeric(on_tensors(f), x, is_number)
        if derivative is not None:
            kernel = Given(call, _slopes(derivative, names, x, is_number))
            doubted = _warn_if_not_slope(shown, names, kernel, x)
            return cls(names, shown, "given", kernel, takes_number=is_number, doubted=doubted)
        followed = _followed_by_torch(_spread(f, x.size, is_number), call, x) if available() else None
        if followed is not None:
            return cls(names, shown, "autodiff", followed, takes_number=is_number)
        _warn("functions.finite_differences", formula=shown, calls=2 * x.size)
        return cls(names, shown, "finite differences", Differences(call), takes_number=is_number)

    def without_derivative(self) -> Function:
        """The same f with a ∇f of its own, in place of one that was given."""
        if self.expression is not None:
            return Function.from_expression(self.formula, variables=self.names)
        return Function(self.names, self.formula, "finite differences", Differences(self.kernel.value))

    @property
    def size(self) -> int:
        """p, the number of variables."""
        return len(self.names)

    @cached_property
    def parabola(self) -> bool:
        """Whether it is a polynomial of degree 2 or less, as its formula tells."""
        f = self.expression
        variables = () if f is None else f.free_symbols
        return bool(variables) and f.is_polynomial(*variables) and f.as_poly(*variables).total_degree() <= 2

    @property
    def has_hessian(self) -> bool:
        return not isinstance(self.kernel, Differences)

    def value(self, x) -> float:
        """f(x);  inf or nan where f has no finite real value."""
        return self.kernel.value(_vector(x))

    def gradient(self, x) -> np.ndarray:
        """∇f(x)  (p,)"""
        if isinstance(self.kernel, Given):
            return self.kernel.slopes(_vector(x))
        return self.kernel.value_and_gradient(_vector(x))[1]

    def value_and_gradient(self, x) -> tuple[float, np.ndarray]:
        """f(x) and ∇f(x) for the price of one: what the two have in common is computed once."""
        x = _vector(x)
        seen = self._last[0] if self._last else None
        if seen is None or not np.array_equal(seen[0], x):
            seen = (x.copy(), *self.kernel.value_and_gradient(x))
            self._last[:] = [seen]
        return seen[1], seen[2].copy()

    def hessian(self, x, rough: bool = False) -> np.ndarray | None:
        """∇²f(x)  (p, p), symmetric;  None where only differences of f are known. `rough`: half the digits
        will do, where a given ∇f is all that is known, and half the calls of it."""
        if isinstance(self.kernel, Differences):
            return None
        if rough and isinstance(self.kernel, Given):
            return self.kernel.rough_hessian(_vector(x))
        return self.kernel.hessian(_vector(x))  # type: ignore[attr-defined]

    def values(self, X) -> np.ndarray:
        """f at each row of X (m, p): an array (m,), for pictures and grids."""
        return self.kernel.values(np.asarray(X, dtype=float).reshape(-1, self.size))

    def gradients(self, X) -> np.ndarray:
        """∇f at each row of X (m, p): an array (m, p), all rows at once where f is a formula or PyTorch's."""
        X = np.asarray(X, dtype=float).reshape(-1, self.size)
        if isinstance(self.kernel, Symbolic | Autodiff):
            return self.kernel.gradients(X)
        return np.array([self.gradient(x) for x in X]).reshape(X.shape)

    @cached_property
    def gradient_formulas(self) -> tuple[str, ...]:
        """∇f as texts, such as "4*x", one for each variable; none for a callable."""
        return tuple(formula(part, "." in self.formula) for part in getattr(self.kernel, "gradient", ()))

    @cached_property
    def latex(self) -> str:
        """f in LaTeX; empty for a callable."""
        from sympy import latex

        return "" if self.expression is None else latex(standard(self.expression))

    def start_vector(self, start) -> np.ndarray:
        """The start as x (p,): from a number, from a row in the order of `names`, or from name → number.

        >>> Function.of("x^2 + y^2", None).start_vector({"y": 2, "x": 1})
        array([1., 2.])
        """
        example = ", ".join(f"{name}=1" for name in self.names)
        if isinstance(start, Mapping):
            for name in start:
                if name not in self.names:
                    known = nearest(name, self.names)
                    facts = {"name": name, "formula": self.formula, "known": known}
                    raise DownslopeError("functions.start_unknown", **facts)
            missing = ", ".join(name for name in self.names if name not in start)
            if missing:
                raise DownslopeError("functions.start_missing", missing=missing, example=example)
            start = [start[name] for name in self.names]
        if start is None:
            raise DownslopeError("functions.start_missing", missing=", ".join(self.names), example=example)
        x = _row(start, example)
        if x.size != self.size:
            facts = {"found": x.size, "size": self.size, "names": ", ".join(self.names)}
            raise DownslopeError("functions.start_length", formula=self.formula, **facts)
        for name, number in zip(self.names, x):
            if not np.isfinite(number):
                raise DownslopeError("functions.start_not_finite", name=name, found=number)
        return x

    def check_start(self, start) -> np.ndarray:
        """`start_vector(start)`, once f and ∇f are known to be finite there; else outside_domain is raised.

        >>> Function.of("log(x)", -1).check_start(-1)
        Traceback (most recent call last):
        downslope.errors.DownslopeError: at the start x = -1, log(x) is nan and its gradient is -1: start ...
        """
        x = self.start_vector(start)
        value, gradient = self.value_and_gradient(x)
        if not (np.isfinite(value) and np.isfinite(gradient).all()):
            facts = {
                "value": f"{value:.6g}",
                "gradient": _listed(gradient),
                "place": listed_values(self.names, x),
            }
            raise DownslopeError("functions.outside_domain", formula=self.formula, **facts)
        return x


# ── callables ───────────────────────────────────────────────────────────────────────────────────────


def _parameters(f: Callable) -> list[str] | None:
    """The names of the arguments that f must be given; None if it takes any number, or will not tell."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    return [p.name for p in parameters if p.kind <= p.POSITIONAL_OR_KEYWORD and p.default is p.empty]


def _names_and_start(f: Callable, start) -> tuple[tuple[str, ...], np.ndarray, bool]:
    """The variables' names, the start as a vector, and whether f's one variable is a plain number."""
    parameters = _parameters(f)
    if isinstance(start, Mapping):
        names = tuple(start)
        if parameters is not None and len(parameters) > 1:
            names = tuple(parameters)
        x = Function(names, getattr(f, "__name__", "f"), "given", None).start_vector(start)  # type: ignore[arg-type]
        return names, x, x.size == 1
    x = _row(start, "5")
    word = parameters[0] if parameters and len(parameters) == 1 else "x"
    if parameters is not None and len(parameters) == x.size:
        names = tuple(parameters)
    else:
        names = (word,) if x.size == 1 else tuple(f"{word}{i + 1}" for i in range(x.size))
    return names, x, np.ndim(start) == 0


def _spread(f: Callable, size: int, is_number: bool) -> Callable:
    """f as a function of one vector: handed on whole, or as its numbers, as the signature of f asks."""
    parameters = _parameters(f)
    takes = len(parameters) if parameters is not None else None
    if takes not in (None, 1, size):
        name = getattr(f, "__name__", "f")
        raise DownslopeError("functions.call_shape", name=name, takes=takes, size=size)
    if (takes == size and size > 1) or (is_number and size == 1):
        return lambda x: f(*(x.tolist() if isinstance(x, np.ndarray) else x.unbind()))
    return f


def _mentions_torch(f: Callable) -> bool:
    """Whether something of torch stands among the names that f uses: a look that calls nothing."""
    code, names = getattr(f, "__code__", None), getattr(f, "__globals__", {})
    used = [names.get(name) for name in getattr(code, "co_names", ())]
    return any(
        str(getattr(one, "__module__", None) or one).startswith(("torch", "<module 'torch")) for one in used
    )


def _asks_for_tensors(call: Callable, x: np.ndarray) -> bool:
    """Whether f is written with functions of torch that refuse arrays and numbers."""
    if "torch" not in sys.modules:
        return False
    try:
        call(x)
    except (TypeError, AttributeError) as error:
        return "Tensor" in str(error) or "torch" in str(error) or isinstance(error, AttributeError)
    except Exception:  # the user's own, which leaves where f is called for good
        return False
    return False


def _numeric(f: Callable, x: np.ndarray, is_number: bool) -> Callable[[np.ndarray], float]:
    """f on NumPy vectors, as one float; nan where Python raises for want of a real value."""
    spread = _spread(f, x.size, is_number)
    name = getattr(f, "__name__", "f")
    return lambda x: float(_results(spread, x, name, 1)[0])


def _slopes(derivative, names, x: np.ndarray, is_number: bool) -> Callable[[np.ndarray], np.ndarray]:
    """∇f on NumPy vectors from one callable that returns (p,), or from p callables."""
    if callable(derivative):
        spread = _spread(derivative, x.size, is_number)
        name = getattr(derivative, "__name__", "derivative")
        found = _results(spread, x, name, None)
        _check_count(names, found.size)
        return lambda x: _results(spread, x, name, len(names))
    if isinstance(derivative, str | bytes | Mapping) or not all(callable(part) for part in derivative):
        raise DownslopeError("functions.derivative_kind", found=type(derivative).__name__)
    _check_count(names, len(derivative))
    parts = [_numeric(part, x, is_number) for part in derivative]
    return lambda x: np.array([part(x) for part in parts])


def _results(f: Callable, x: np.ndarray, name: str, size: int | None) -> np.ndarray:
    """f(x) as a vector of `size` floats; nan for what is complex or undefined."""
    try:
        with np.errstate(all="ignore"):
            raw = f(x.copy())
    except ArithmeticError:
        return np.full(size or x.size, np.nan)
    except ValueError as error:
        if not any(word in str(error) for word in _DOMAIN):
            raise
        return np.full(size or x.size, np.nan)
    found = np.atleast_1d(np.asarray(raw)).ravel()
    if found.dtype.kind not in "biufc" or (size is not None and found.size != size):
        what = f"{found.size} numbers" if found.dtype.kind in "biufc" else type(raw).__name__
        raise DownslopeError("functions.not_scalar", name=name, found=what)
    return np.full(found.size, np.nan) if found.dtype.kind == "c" else found.astype(float)


def _followed_by_torch(spread: Callable, call: Callable, x: np.ndarray) -> Autodiff | None:
    """The autodiff kernel, if PyTorch can follow f from x to one number without losing the thread.

    math.sin(x) silently cuts a tensor off its history and leaves a gradient that is wrong rather
    than missing, so that gradient is held against differences of f, near x where no kink is likely.
    """
    kernel = Autodiff(spread)
    near = nearby(x)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _, gradient = kernel.value_and_gradient(near)
            return kernel if is_slope(call, near, gradient) else None
    except Exception:  # whatever a function that knows nothing of tensors may raise
        return None


# ── is it the derivative? ───────────────────────────────────────────────────────────────────────────


def _warn_if_not_slope(shown: str, names, kernel: Given, x: np.ndarray) -> np.ndarray | None:
    """The place near x where differences of f contradict ∇f, after a warning; None where they do not."""
    near = nearby(x)
    given = kernel.slopes(near)
    if is_slope(kernel.value, near, given):
        return None
    facts = {"given": _listed(given), "right": _listed(central_differences(kernel.value, near))}
    place = listed_values(names, near)
    _warn("functions.derivative_differs_there", formula=shown, place=place, **facts)
    return near


def _warn_if_not_derivative(shown: str, kernel: Symbolic) -> None:
    """The gradient given as a text against the one by rule, at points where both are finite."""
    right = gradient_of(kernel.expression, kernel.symbols)
    exact = Symbolic(kernel.expression, kernel.symbols, right)
    rng = np.random.default_rng(0)
    for x in rng.standard_normal((20, len(right))) * rng.choice([1.0, 10.0], (20, 1)):
        given, found = kernel.value_and_gradient(x)[1], exact.value_and_gradient(x)[1]
        finite = np.isfinite(given) & np.isfinite(found)
        if np.any(abs(given - found)[finite] > 1e-8 * (1 + abs(found[finite]))):
            formulas = [", ".join(formula(part) for part in parts) for parts in (kernel.gradient, right)]
            return _warn("functions.derivative_differs", formula=shown, given=formulas[0], right=formulas[1])


def _check_count(names, found: int) -> None:
    if found != len(names):
        facts = {"size": len(names), "names": ", ".join(names), "found": found}
        raise DownslopeError("functions.derivative_count", **facts)


def _warn(key: str, **facts) -> None:
    warnings.warn(said(key, **facts), DownslopeWarning, stacklevel=4)


# ── numbers in and out ──────────────────────────────────────────────────────────────────────────────


def _vector(x) -> np.ndarray:
    return x if type(x) is np.ndarray and x.dtype == float and x.ndim == 1 else np.asarray(x, float).ravel()


def _row(start, example: str) -> np.ndarray:
    try:
        x = np.asarray(start)
    except ValueError:
        x = np.asarray(None)
    if x.dtype.kind not in "iuf" or x.ndim > 1 or not x.size:
        raise DownslopeError("functions.start_not_a_number", found=repr(start)[:60], example=example)
    return np.atleast_1d(x).astype(float)


def _listed(numbers: np.ndarray) -> str:
    """[1, 2.5], and 1 alone without brackets."""
    parts = [f"{number:.6g}" for number in numbers]
    return parts[0] if len(parts) == 1 else f"[{', '.join(parts)}]"


def listed_values(names, x: np.ndarray) -> str:
    """x = 1, y = 2.5"""
    return ", ".join(f"{name} = {number:.6g}" for name, number in zip(names, x))

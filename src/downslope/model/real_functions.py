"""The functions of a formula that SymPy knows on the complex plane and a descent needs on the real line."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace


@cache
def real_functions() -> SimpleNamespace:
    """abs, sign, max, min, sigmoid, softplus on the real line, with derivatives that can be computed.

    SymPy's own Abs(log(x)) has a derivative in re and im, and that of sign is Dirac's delta. Here,
    as in every descent, the slope of |u| is sign(u), which is 0 at the kink, and sign is flat.
    """
    import sympy as s

    class abs(s.Function):
        @classmethod
        def eval(cls, u):
            return s.Abs(u) if u.is_Number else None

        def fdiff(self, argindex=1):
            return sign(self.args[0])

    class sign(s.Function):
        @classmethod
        def eval(cls, u):
            return s.sign(u) if u.is_Number else None

        def fdiff(self, argindex=1):
            return s.Integer(0)

    class max(s.Function):
        @classmethod
        def eval(cls, u, v):
            return _of_numbers(s.Max, u, v)

        def fdiff(self, argindex=1):
            u, v = self.args
            return (1 + sign(u - v if argindex == 1 else v - u)) / 2

    class min(s.Function):
        @classmethod
        def eval(cls, u, v):
            return _of_numbers(s.Min, u, v)

        def fdiff(self, argindex=1):
            u, v = self.args
            return (1 + sign(v - u if argindex == 1 else u - v)) / 2

    class sigmoid(s.Function):
        def fdiff(self, argindex=1):
            return sigmoid(self.args[0]) * sigmoid(-self.args[0])

    class softplus(s.Function):
        def fdiff(self, argindex=1):
            return sigmoid(self.args[0])

    return SimpleNamespace(abs=abs, sign=sign, max=max, min=min, sigmoid=sigmoid, softplus=softplus)


def _of_numbers(extreme, u, v):
    """The larger or the smaller of two constants; None where they are none, or not real."""
    if not (u.is_number and v.is_number):
        return None
    try:
        return extreme(standard(u), standard(v))
    except ValueError:
        return None


def standard(expression):
    """The same expression in SymPy's own functions only, for its solvers and its LaTeX."""
    import sympy as s

    r = real_functions()
    for own, theirs in (
        (r.sigmoid, lambda u: 1 / (1 + s.exp(-u))),
        (r.softplus, lambda u: s.log(1 + s.exp(u))),
        (r.abs, s.Abs),
        (r.sign, s.sign),
        (r.max, s.Max),
        (r.min, s.Min),
    ):
        while expression.has(own):  # one pass leaves abs(abs(π)) as abs(π)
            expression = expression.replace(own, theirs)
    return expression


def real(expression):
    """The same expression with SymPy's Abs and sign, which think of complex numbers, as our real ones."""
    import sympy as s

    r = real_functions()
    return expression.replace(s.Abs, r.abs).replace(s.sign, r.sign)

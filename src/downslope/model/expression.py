"""A formula that someone typed, read into SymPy through a whitelist; nothing in it is ever executed.

    text  →  plain characters  →  tokens  →  Python's own syntax tree  →  SymPy

Each arrow refuses what it does not know, and says where. What is allowed stands in FUNCTIONS,
CONSTANTS and the four bounds below; a new function is one row of FUNCTIONS.
"""

from __future__ import annotations

import ast
import keyword
import math
import re
import sys
import unicodedata
from collections.abc import Callable, Sequence

from ..errors import DownslopeError, nearest
from .real_functions import real, real_functions, standard

LONGEST_TEXT = 1000  # characters
DEEPEST_NESTING = 50  # parentheses, calls and powers inside one another; sums and products may be long
LARGEST_EXPONENT = 100
MOST_DIGITS = 4000  # of a numerator or denominator
CONSTANTS = ("pi", "π", "e")

# name: what it is in SymPy (s), or among our own real functions (r), of its arguments
FUNCTIONS: dict[str, Callable] = {
    "sin": lambda s, r, u: s.sin(u),
    "cos": lambda s, r, u: s.cos(u),
    "tan": lambda s, r, u: s.tan(u),
    "asin": lambda s, r, u: s.asin(u),
    "acos": lambda s, r, u: s.acos(u),
    "atan": lambda s, r, u: s.atan(u),
    "sinh": lambda s, r, u: s.sinh(u),
    "cosh": lambda s, r, u: s.cosh(u),
    "tanh": lambda s, r, u: s.tanh(u),
    "exp": lambda s, r, u: s.exp(u),
    "log": lambda s, r, u: s.log(u),
    "ln": lambda s, r, u: s.log(u),
    "log2": lambda s, r, u: s.log(u) / s.log(2),
    "log10": lambda s, r, u: s.log(u) / s.log(10),
    "sqrt": lambda s, r, u: s.sqrt(u),
    "abs": lambda s, r, u: r.abs(u),
    "sign": lambda s, r, u: r.sign(u),
    "sigmoid": lambda s, r, u: r.sigmoid(u),
    "softplus": lambda s, r, u: r.softplus(u),
    "max": lambda s, r, *several: _in_pairs(r.max, several),
    "min": lambda s, r, *several: _in_pairs(r.min, several),
}
TAKE_SEVERAL = ("max", "min")

_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-"))
_SAME_AS = {"×": "*", "·": "*", "⋅": "*", "∙": "*", "÷": "/", "−": "-", "–": "-", "^": "**"}
_TOKEN = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d]\w*)|(?P<mark>\*\*|[-+*/(),])"
)


def _in_pairs(join: Callable, parts: Sequence):
    """join(join(a, b), join(c, d)) …: as deep as the logarithm of their number."""
    while len(parts) > 1:
        parts = [join(*parts[i : i + 2]) if i + 1 < len(parts) else parts[i] for i in range(0, len(parts), 2)]
    return parts[0]


def parse(text: str, variables: Sequence[str] | None = None):
    """text → SymPy expression in real variables.

    `variables` are the names that may stand in it (and are variables even if they are called e or
    pi); None takes every name that is not a constant. Decimals become exact fractions. Raises
    DownslopeError, with the place, on anything that is not on the whitelist.

    >>> parse("2x")
    Traceback (most recent call last):
    downslope.errors.DownslopeError: "2x" at column 1: a multiplication sign is missing. Write 2*x.
    >>> parse("x² − 2·x^3")
    -2*x**3 + x**2
    """
    return _Reader(text, variables).one()


def parse_several(text: str, variables: Sequence[str]) -> list:
    """The expressions of a text such as "2*x, 2*y"; the commas stand outside all parentheses.

    >>> parse_several("2*x, 2*y", ("x", "y"))
    [2*x, 2*y]
    """
    return _Reader(text, variables).several()


def variables_in(text: str) -> tuple[str, ...]:
    """The names in `text` that are neither functions nor constants, in order of first appearance.

    >>> variables_in("y*sin(pi*x) + y")
    ('y', 'x')
    """
    return _Reader(text, None).variables


def formula(expression, decimals: bool = False) -> str:
    """A SymPy expression as a text that `parse` reads again; `decimals` writes 3/20 as 0.15, but keeps 1/3.

    >>> formula(parse("0.15*x^2")), formula(parse("0.15*x^2"), decimals=True)
    ('3*x^2/20', '0.15*x^2')
    """
    from sympy import Float, Rational, S, Symbol, sstr

    short = {r for r in expression.atoms(Rational) if not r.is_Integer and 10**12 % r.q == 0}
    shown = expression.xreplace({r: Float(r) for r in short}) if decimals else expression
    shown = shown.xreplace({S.Exp1: Symbol("e", positive=True)})  # and E stays the variable that it is
    return sstr(shown, full_prec=False).replace("**", "^")


class _Reader:
    """One text on its way to SymPy; `columns[i]` is where character i of `plain` stood, from 1."""

    def __init__(self, text: str, variables: Sequence[str] | None):
        if not text.strip():
            raise DownslopeError("functions.empty")
        if len(text) > LONGEST_TEXT:
            raise DownslopeError("functions.too_long", length=len(text), longest=LONGEST_TEXT)
        self.text = text
        self.plain, self.columns = _plain(text)
        self.declared = variables is not None
        found = self._checked_tokens(variables or ())
        self.variables = found if variables is None else tuple(variables)

    def one(self):
        expression = self._expression(self._tree())
        if not self.variables:
            raise DownslopeError("functions.no_variable", text=self.text.strip())
        return expression

    def several(self) -> list:
        tree = self._tree()
        return [self._expression(part) for part in (tree.elts if isinstance(tree, ast.Tuple) else [tree])]

    # ── tokens ──────────────────────────────────────────────────────────────────────────────────

    def _checked_tokens(self, variables: Sequence[str]) -> tuple[str, ...]:
        """The variables found, once every token, and every pair of neighbours, is one that we know."""
        found: dict[str, None] = {}
        before = None
        place = 0
        while place < len(self.plain):
            if self.plain[place] == " ":
                place += 1
                continue
            token = _TOKEN.match(self.plain, place)
            if token is None:
                key = "functions.equation" if self.plain[place] == "=" else "functions.refused"
                raise DownslopeError(key, fragment=self.plain[place], column=self.columns[place])
            self._check_neighbours(before, token, variables)
            if token["name"]:
                self._check_name(token, variables)
                if token["name"] in variables or token["name"] not in (*FUNCTIONS, *CONSTANTS):
                    found[token["name"]] = None
            before, place = token, token.end()
        self._check_neighbours(before, None, variables)
        return tuple(found)

    def _check_neighbours(self, left, right, variables) -> None:
        if left is None:
            return
        opens = right is not None and right[0] == "("
        if left["name"] and left["name"] in FUNCTIONS and not opens:
            raise DownslopeError("functions.no_parentheses", name=left[0], column=self.columns[left.start()])
        if right is None or not (left["name"] or left["number"] or left[0] == ")"):
            return
        column = self.columns[left.start()]
        if left["name"] and opens:
            if left["name"] not in FUNCTIONS:
                end = next((f for f in FUNCTIONS if left[0].endswith(f) and len(left[0]) == len(f) + 1), None)
                if end is not None:  # xsin(x)
                    facts = {"fragment": left[0], "column": column, "product": f"{left[0][0]}*{end}(…)"}
                    raise DownslopeError("functions.implicit_product", **facts)
                known = nearest(left[0], FUNCTIONS)
                raise DownslopeError("functions.unknown_function", name=left[0], column=column, known=known)
        elif left["number"] and right["number"]:
            raise DownslopeError("functions.syntax", column=self.columns[right.start()], fragment=right[0])
        elif right["name"] or right["number"] or opens:
            if keyword.iskeyword(right[0]):
                self._check_name(right, variables)
            follows = right[0] if not right["name"] else self._spelt_out(right[0]) or right[0]
            fragment = self.plain[left.start() : right.end()]
            facts = {"column": column, "product": f"{left[0]}*{follows}{'…)' if opens else ''}"}
            raise DownslopeError("functions.implicit_product", fragment=fragment, **facts)

    def _check_name(self, token, variables) -> None:
        name, column = token["name"], self.columns[token.start()]
        if keyword.iskeyword(name):
            raise DownslopeError("functions.reserved_word", name=name, column=column)
        known = (*variables, *FUNCTIONS, *CONSTANTS)
        called = self.plain[token.end() :].lstrip().startswith("(")
        product = None if called or name in known else self._spelt_out(name)
        if product is not None:
            facts = {"name": name, "column": column, "product": product}
            raise DownslopeError("functions.run_together", **facts)
        if name.startswith("_") or (self.declared and name not in known):
            facts = {"name": name, "column": column, "variables": ", ".join(variables) or "x, y, z"}
            raise DownslopeError("functions.unknown_name", **facts)

    def _spelt_out(self, name: str) -> str | None:
        """sinx → sin(x), xy → x*y: what a name in letters may be meant for; None for a name of its own.
        Letters are a product where each of them is x, y or z, or a variable elsewhere in the text."""
        for function in sorted(FUNCTIONS, key=len, reverse=True):
            rest = name.removeprefix(function)
            if rest != name and rest.isalnum() and (len(rest) == 1 or rest in CONSTANTS or rest.isdigit()):
                return f"{function}({rest})" if function + rest not in FUNCTIONS else None
        alone = set(re.findall(r"(?<![^\W_])[^\W\d_](?![\w(])", self.plain)) | set("xyz")
        return "*".join(name) if 1 < len(name) <= 4 and set(name) <= alone else None

    # ── tree ────────────────────────────────────────────────────────────────────────────────────

    def _tree(self) -> ast.expr:
        try:
            return ast.parse(self.plain, mode="eval").body
        except SyntaxError as error:
            # an offset of 0 is the end of the text, where Python missed something
            place = min((error.offset or len(self.plain) + 1) - 1, len(self.plain))
        except (RecursionError, MemoryError):
            raise DownslopeError("functions.too_deep", deepest=DEEPEST_NESTING) from None
        column = self.columns[place]
        fragment = self.text[column - 1 : column + 11].strip() or self.text[-12:].strip()
        raise DownslopeError("functions.syntax", column=column, fragment=fragment)

    def _expression(self, tree: ast.expr):
        from sympy import Rational

        expression = real(self._visit(tree, 0))
        if any(_is_too_large(number) for number in expression.atoms(Rational)):
            raise self._too_large(tree)
        return expression

    def _visit(self, node: ast.expr, depth: int):
        """SymPy's expression for one node of the tree: the whitelist itself."""
        import sympy as s

        if depth > DEEPEST_NESTING:
            raise DownslopeError("functions.too_deep", deepest=DEEPEST_NESTING)
        match node:
            case ast.Constant(value=int() | float() as number):
                result = self._number(node, number)
            case ast.Name(id=name) if name in self.variables:
                return s.Symbol(name, real=True)
            case ast.Name(id=name):
                return s.E if name == "e" else s.pi
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                inner = self._visit(operand, depth + 1)
                result = -inner if isinstance(node.op, ast.USub) else inner
            case ast.BinOp(op=ast.Pow()):
                result = self._power(node, depth)
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div()):
                result = self._chain(node, depth)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                result = self._call(node, name, arguments, depth)
            case _:
                raise self._refused(node)
        if result.has(s.zoo, s.nan, s.oo, -s.oo, s.I) or (result.is_number and result.is_real is False):
            raise DownslopeError("functions.not_real", fragment=self._fragment(node))
        if result.is_number and not result.is_Rational:
            try:
                size = _size(result)
            except ValueError:  # SymPy cannot compare complex numbers
                raise DownslopeError("functions.not_real", fragment=self._fragment(node)) from None
            if size > sys.float_info.max:
                raise self._too_large(node)
        return result

    def _number(self, node: ast.expr, number: int | float):
        from sympy import Rational

        if abs(number) > sys.float_info.max:
            raise self._too_large(node)
        return Rational(repr(number))  # 0.15 is 3/20 from here on, not the nearest float

    def _chain(self, node: ast.BinOp, depth: int):
        """a + b − c …, or a·b/c …, from the left without recursion: a long sum is not a deep one."""
        same = (ast.Add, ast.Sub) if isinstance(node.op, ast.Add | ast.Sub) else (ast.Mult, ast.Div)
        links: list[tuple[ast.operator, ast.expr]] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp) and isinstance(first.op, same):
            links.append((first.op, first.right))
            first = first.left
        result = self._visit(first, depth + 1)
        for operator, right in reversed(links):
            term = self._visit(right, depth + 1)
            match operator:
                case ast.Add():
                    result = result + term
                case ast.Sub():
                    result = result - term
                case ast.Mult():
                    result = result * term
                case ast.Div():
                    result = result / term
        return result

    def _power(self, node: ast.BinOp, depth: int):
        """base ^ exponent, unless the number that it makes, or the tower, would never end."""
        from sympy import Pow

        base, exponent = self._visit(node.left, depth + 1), self._visit(node.right, depth + 1)
        tower = any(isinstance(part, ast.Pow) for part in ast.walk(node.right))
        facts = {"fragment": self._fragment(node), "largest": LARGEST_EXPONENT}
        if exponent.is_number:
            size = _size(exponent)
            if size > LARGEST_EXPONENT:
                raise DownslopeError("functions.power_tower" if tower else "functions.exponent", **facts)
            if base.is_Rational and base != 0 and size * _digits(base) > MOST_DIGITS:
                raise self._too_large(node)
        elif any(power.exp.free_symbols for power in exponent.atoms(Pow)):
            raise DownslopeError("functions.power_tower", **facts)
        result = base**exponent
        if any(abs(p.exp) > LARGEST_EXPONENT for p in result.atoms(Pow) if p.exp.is_Rational):
            raise DownslopeError("functions.exponent", **facts)
        return result

    def _call(self, node: ast.expr, name: str, arguments: list[ast.expr], depth: int):
        import sympy as s

        several = name in TAKE_SEVERAL
        if len(arguments) < 2 if several else len(arguments) != 1:
            asked = f"{name}(x, y)" if several else f"{name}(x)"
            raise DownslopeError("functions.arguments", name=name, found=len(arguments), asked=asked)
        inner = [self._visit(argument, depth + 1) for argument in arguments]
        return FUNCTIONS[name](s, real_functions(), *inner)

    def _refused(self, node: ast.expr) -> DownslopeError:
        place = len(self.plain.encode()[: node.col_offset].decode())  # Python counts bytes
        return DownslopeError("functions.refused", fragment=self._fragment(node), column=self.columns[place])

    def _too_large(self, node: ast.expr) -> DownslopeError:
        return DownslopeError(
            "functions.number_too_large", fragment=self._fragment(node), largest=f"{sys.float_info.max:.3g}"
        )

    def _fragment(self, node: ast.expr) -> str:
        """The piece of the text that became `node`."""
        piece = (ast.get_source_segment(self.plain, node) or "").replace("**", "^")
        return piece if len(piece) <= 40 else piece[:37] + "…"


def _plain(text: str) -> tuple[str, list[int]]:
    """The text in ASCII signs (full-width forms, superscripts, ×, − and ^ rewritten), and their columns."""
    plain: list[str] = []
    columns: list[int] = []
    raised = False
    for column, character in enumerate(text, start=1):
        if character in _SUPERSCRIPTS:
            signs = _SUPERSCRIPTS[character] if raised else "**" + _SUPERSCRIPTS[character]
        else:
            folded = " " if character.isspace() else unicodedata.normalize("NFKC", character)
            signs = _SAME_AS.get(folded, folded)
        raised = character in _SUPERSCRIPTS
        if signs == " " and not plain:
            continue  # Python would take it for an indentation
        plain.extend(signs)
        columns.extend([column] * len(signs))
    for rewritten in (_without_left_side, _bars, _powers_of_functions):
        plain, columns = rewritten(plain, columns)
    return "".join(plain), [*columns, len(text) + 1]


Signs = tuple[list[str], list[int]]  # characters, and the column of each


def _without_left_side(plain: list[str], columns: list[int]) -> Signs:
    """f(x, y) = … without what stands before the sign."""
    left = re.match(r"\s*[^\W\d_]\w*\s*\(\s*[^\W\d]\w*\s*(,\s*[^\W\d]\w*\s*)*\)\s*=(?!=)\s*", "".join(plain))
    return (plain[left.end() :], columns[left.end() :]) if left else (plain, columns)


def _bars(plain: list[str], columns: list[int]) -> Signs:
    """|x| as abs(x): a bar opens where a term may begin, and closes behind one."""
    signs: list[str] = []
    places: list[int] = []
    open_bars = 0
    for sign, column in zip(plain, columns):
        if sign == "|":
            before = next((s for s in reversed(signs) if s != " "), "(")
            opens = before in "(+-*/," or not open_bars
            open_bars += 1 if opens else -1
            sign = "abs(" if opens else ")"
        signs.extend(sign)
        places.extend([column] * len(sign))
    return (signs, places) if not open_bars else (plain, columns)


def _powers_of_functions(plain: list[str], columns: list[int]) -> Signs:
    """sin**2(x) as sin(x)**2."""
    power = re.compile(rf"(?<!\w)({'|'.join(FUNCTIONS)})\s*(\*\*[2-9])\s*\(")
    while found := power.search("".join(plain)):
        depth, end = 0, None
        for place in range(found.end() - 1, len(plain)):
            depth += (plain[place] == "(") - (plain[place] == ")")
            if depth == 0:
                end = place + 1
                break
        if end is None:  # it never closes: refused where it is parsed
            return plain, columns
        cut = range(found.end(1), found.end() - 1)
        moved = list(found[2])
        plain = [*plain[: cut.start], *plain[cut.stop : end], *moved, *plain[end:]]
        at = [columns[cut.start]] * len(moved)
        columns = [*columns[: cut.start], *columns[cut.stop : end], *at, *columns[end:]]
    return plain, columns


def _is_too_large(rational) -> bool:
    return abs(rational) > int(sys.float_info.max) or _digits(rational) > MOST_DIGITS


def _size(constant):
    return abs(standard(constant).evalf(6))


def _digits(rational) -> float:
    """log₁₀ of the larger of numerator and denominator, without making a float of either."""
    return max(math.log10(max(abs(rational.p), 1)), math.log10(rational.q))

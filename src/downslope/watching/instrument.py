"""A script's syntax tree with calls of recording points at its training loops by hand.

The points stand in the constants of the compiled code, not under a name: neither `globals()` nor `locals()`
of the script shows them, and positions in tracebacks are those of the script.
"""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any

from ..insight.scripts.script import Script, is_method
from ..insight.scripts.values import words
from .moves import Site
from .naming import is_made, last_name
from .points import Points, Terms
from .records import Loop
from .roles import HandLoop, changing, loops
from .validation import WITHOUT_GRADIENTS

MARK = "\0downslope point "
COMPILERS = re.compile(
    r"(^|[._])(n?jit|njit|compile|script|trace|vmap|pmap|grad|value_and_grad|vectorize|guvectorize|kernel|prange|function|cuda|stencil|cfunc)$"
)
COMPILED = re.compile(r"\b(compile|jit|vmap|functional_call|make_fx|export)\b")
TRAINING = re.compile(r"train", re.I)
FUNCTIONAL = frozenset(
    {"cross_entropy", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "nll_loss", "kl_div",
     "binary_cross_entropy", "binary_cross_entropy_with_logits", "poisson_nll_loss", "gaussian_nll_loss"}
)  # fmt: skip
HELD_OUT = words("val valid validation dev test eval heldout holdout 验证 测试")
LOSSES = words("loss losses cost costs mse err errs error errors nll 损失 误差")
PLAIN = re.compile(
    r"(^|\.)(staticmethod|classmethod|property|setter|getter|wraps|lru_cache|cache|cached_property|contextmanager|"
    r"no_grad|enable_grad|inference_mode|set_grad_enabled|dataclass|abstractmethod|override|final|overload|total_ordering|"
    r"singledispatch|register|errstate|watch|profile|timeit)$"
)


@dataclass
class Instrumented:
    """A tree with recording points, and what stands in for their marks."""

    tree: ast.Module
    path: str
    points: list[Points]
    calls: dict[str, Any]

    def compiled(self, mode: str = "exec") -> CodeType:
        """The code, with the points among its constants."""
        return compiled(self.tree, self.path, self.calls, mode)


def compiled(tree: Any, path: str, calls: dict[str, Any], mode: str = "exec") -> CodeType:
    """The code of a tree with marks, and the calls in their place."""
    with warnings.catch_warnings():  # of calls of a constant
        warnings.simplefilter("ignore")
        code = compile(tree, path, mode, dont_inherit=True)
    return _injected(code, calls)


def instrument(tree: ast.Module, text: str, path: str, session: Any) -> Instrumented:
    """Put recording points at the training loops of a script that was parsed; the tree is changed."""
    script = Script(text, tree)
    made: list[Points] = []
    surgery = _Surgery()
    session.changing |= changing(script)
    session.read(script.nodes)
    for each in loops(script, session.roles):
        if by_autograd(each):
            continue  # tensors.py sees these
        if _compiled_elsewhere(script, each):
            session.skipped.append((each.loop.lineno, "compiled_loop"))
        else:
            made.append(_put(script, each, session, path, surgery))
    for call in script.calls:
        if is_method(call, "backward"):
            surgery.wrap(call.func.value, session.backward(call.lineno))
    if not COMPILED.search(text):
        for node in script.nodes if WITHOUT_GRADIENTS.search(text) else ():
            _mark_without_gradients(node, session, surgery)
        for node in script.nodes:
            computed = isinstance(node, ast.Call) and last_name(node.func) in FUNCTIONAL
            if computed and not TRAINING.search(script.lines[node.lineno - 1]):
                surgery.wrap(node, session.computed(node.lineno))
            for value in held_out(node):
                surgery.wrap(value, session.held_out(node.lineno))
    changed = surgery.visit(tree) if surgery.calls else tree
    ast.fix_missing_locations(changed)
    return Instrumented(changed, path, made, surgery.calls)


def _mark_without_gradients(node: ast.AST, session: Any, surgery: _Surgery) -> None:
    """A call where gradients are switched off: by a `with`, by a decorator, by a statement."""
    call = surgery.call(session.without_gradients)
    if isinstance(node, ast.With | ast.AsyncWith):
        if any(WITHOUT_GRADIENTS.search(ast.unparse(item.context_expr)) for item in node.items):
            surgery.before(node.body[0], call)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        if any(WITHOUT_GRADIENTS.search(ast.unparse(part)) for part in node.decorator_list):
            documented = ast.get_docstring(node) is not None
            (surgery.after if documented else surgery.before)(node.body[0], call)
    elif isinstance(node, ast.Expr) and WITHOUT_GRADIENTS.search(ast.unparse(node.value)):
        surgery.after(node, call)


def held_out(node: ast.AST) -> list[ast.expr]:
    """The value of a statement whose name says that it is a validation loss: val_loss = …"""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target, value = node.targets[0], node.value
    elif isinstance(node, ast.Expr) and is_method(node.value, "append") and len(node.value.args) == 1:
        target, value = node.value.func.value, node.value.args[0]
    else:
        return []
    name = target.slice.value if _keyed(target) else last_name(target)
    said = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+|验证|测试|损失|误差", name)}
    literal = ast.Constant | ast.Name | ast.List | ast.Dict | ast.Tuple | ast.ListComp | ast.Lambda
    return [value] if said & HELD_OUT and said & LOSSES and not isinstance(value, literal) else []


def _keyed(node: ast.expr) -> bool:
    """history["val_loss"]"""
    return isinstance(node, ast.Subscript) and isinstance(getattr(node.slice, "value", None), str)


def by_autograd(loop: HandLoop) -> bool:
    """Whether the weights are leaves that PyTorch computes gradients of."""
    pieces = [piece for site in loop.sites for term in site.terms for piece in term.factors]
    return any(isinstance(n, ast.Attribute) and n.attr == "grad" for piece in pieces for n in ast.walk(piece))


def points_of(script: Script, loop: HandLoop, session: Any, path: str) -> tuple[Points, list[list[ast.expr]]]:
    """The points of a loop by hand, and the pieces of each site's gradient."""
    first = loop.sites[0]
    gradients = [_gradient_text(site) for site in loop.sites]
    rate = " * ".join(ast.unparse(part) for part in first.rate)
    for part in first.rate_divisors:
        rate += f" / ({ast.unparse(part)})"
    method = next((site.method for site in loop.sites if site.method != "GD"), "")
    template = Loop(
        line=loop.loop.lineno,
        file=path,
        function=loop.function,
        update_line=first.statement.lineno,
        weights=tuple(site.weight for site in loop.sites),
        gradient=", ".join(dict.fromkeys(gradients)),
        rate=rate,
        loss=loop.loss_text or (ast.unparse(loop.loss) if loop.loss is not None else ""),
        loss_after=loop.loss_after,
        optimizer={"method": method} if method else {},
        full_batch=loop.full_batch,
    )
    terms = [_terms(site) for site in loop.sites]
    points = Points(session.recorder, template, [each for each, _ in terms], loop.per_row, session.stop)
    return points, [pieces for _, pieces in terms]


def _put(script: Script, loop: HandLoop, session: Any, path: str, surgery: _Surgery) -> Points:
    """Put the points of a loop by hand into the tree."""
    points, parts = points_of(script, loop, session, path)
    first = loop.sites[0]
    surgery.before(loop.loop, surgery.call(points.enter))
    for statement in loop.loss_reads:
        point = points.loss_after if loop.loss_after else points.loss_before
        surgery.after(statement, surgery.late(point, _name(loop.loss_text)))
    alone = len(loop.sites) == 1 and not first.each and loop.done is first.statement
    for place, (site, pieces) in enumerate(zip(loop.sites, parts)):
        names: list[ast.expr] = []
        for index, piece in enumerate(pieces):
            if site.late:
                surgery.after(site.statement, surgery.late(points.piece(place, index), _again(piece)))
            elif readable(piece):
                names.append(_again(piece))
            else:
                surgery.wrap(piece, points.piece(place, index))
        bound = _binds(site.statement, names)  # such names are read in front of the statement
        given = ast.Tuple(names, ast.Load())
        behind = points.moved(place) if alone else points.after(place)
        rate_value = [] if site.late else _rate_again(site, points, surgery)
        if site.late and site.rate:
            surgery.after(site.statement, surgery.late(points.take_rate, _again(site.rate[0])))
        more = [ast.Constant(None) if bound else given, *rate_value]
        if site.value is not None:
            surgery.wrap(site.value, behind, more)
        elif site.after is not None:
            surgery.after(site.statement, surgery.call(behind, _again(site.after), *more))
        before = ast.Constant(None) if site.before is None else _again(site.before)
        call = surgery.call(points.before(place), before, *([given] if bound else []))
        surgery.before(site.statement, call, None if bound else surgery.mark(points))
    if not alone and not isinstance(loop.done, ast.Return):
        surgery.after(loop.done, surgery.call(points.done), last=True)
    if loop.loss is not None:
        surgery.wrap(loop.loss, points.loss_after if loop.loss_after else points.loss_before)
    return points


def _binds(statement: ast.stmt, names: list[ast.expr]) -> bool:
    """Whether a statement binds one of these names, or calls what might."""
    if isinstance(statement, ast.Return) or not names:
        return False
    nodes = list(ast.walk(statement))
    stored = [n for n in nodes if isinstance(getattr(n, "ctx", None), ast.Store)]
    roots = {n.id for target in stored for n in ast.walk(target) if isinstance(n, ast.Name)}
    calls = any(isinstance(n, ast.Call) for n in nodes)
    parts = [n for name in names for n in ast.walk(name)]
    bound = any(isinstance(n, ast.Name) and n.id in roots for n in parts)
    return bound or (calls and any(isinstance(n, ast.Attribute) for n in parts))


def _name(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _terms(site: Site) -> tuple[Terms, list[ast.expr]]:
    """The gradient of a site by its pieces, and the pieces."""
    pieces: list[ast.expr] = []
    made = Terms()
    for term in site.terms:
        factors: list = []
        for factor in term.factors:
            if isinstance(factor, ast.BinOp) and is_made(factor):
                factors.append((len(pieces), len(pieces) + 1))
                pieces += [factor.left, factor.right]
            else:
                factors.append(len(pieces))
                pieces.append(factor)
        divisors = list(range(len(pieces), len(pieces) + len(term.divisors)))
        pieces += term.divisors
        made.terms.append((term.sign, factors, divisors))
    if all(factors and not any(isinstance(f, tuple) for f in factors) for _, factors, _ in made.terms):
        made.count = len(pieces)
    made.once = not any(isinstance(n, ast.comprehension) for n in ast.walk(site.statement))
    made.names = [] if site.late else [place for place, piece in enumerate(pieces) if readable(piece)]
    return made, pieces


def _gradient_text(site: Site) -> str:
    parts: list[str] = []
    for term in site.terms:
        if term.factors:
            text = " * ".join(_bracketed(f) for f in term.factors)
            text += "".join(f" / {_bracketed(d)}" for d in term.divisors)
            parts.append(("-" if term.sign < 0 else "+" if parts else "") + text)
    return " ".join(parts)


def _bracketed(node: ast.expr) -> str:
    text = ast.unparse(node)
    return f"({text})" if isinstance(node, ast.BinOp) else text


def readable(node: ast.expr) -> bool:
    """Whether a piece can be read once more: a name, an attribute of one, a number."""
    if isinstance(node, ast.Attribute):
        return isinstance(node.value, ast.Name)
    return isinstance(node, ast.Name | ast.Constant)


def _rate_again(site: Site, points: Points, surgery: _Surgery) -> list[ast.expr]:
    """The rate as an expression of names and numbers; nothing where it is none."""
    parts = [*site.rate, *site.rate_divisors]
    if not parts or not all(_arithmetic(part) for part in parts):
        return []
    value = _again(site.rate[0])
    for part in site.rate[1:]:
        value = ast.BinOp(value, ast.Mult(), _again(part))
    for part in site.rate_divisors:
        value = ast.BinOp(value, ast.Div(), _again(part))
    return [value]


def _arithmetic(node: ast.expr) -> bool:
    operands = ast.BinOp | ast.UnaryOp | ast.Name | ast.Constant | ast.Attribute
    signs = ast.operator | ast.unaryop | ast.expr_context
    return all(isinstance(part, operands | signs) for part in ast.walk(node))


def _again(node: ast.expr) -> ast.expr:
    """A copy of an expression, to be read elsewhere."""
    return ast.parse(ast.unparse(node), mode="eval").body


def _compiled_elsewhere(script: Script, loop: HandLoop) -> bool:
    """Whether a loop stands in a function that another compiler reads."""
    handed: set[str] = set()
    for call in script.calls:
        if COMPILERS.search(ast.unparse(call.func)) and "re." not in ast.unparse(call.func):
            handed |= {arg.id for arg in call.args if isinstance(arg, ast.Name)}
    own = {function.name for function in script.functions}
    for site in loop.sites:
        for up in script.above(site.statement):
            if isinstance(up, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                if up.name in handed:
                    return True
                for decorator in up.decorator_list:
                    name = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
                    if not PLAIN.search(name) and name not in own:
                        return True
    return False


class _Surgery(ast.NodeTransformer):
    """Puts calls before and after statements, and around expressions."""

    def __init__(self) -> None:
        self.calls: dict[str, Any] = {}
        self.wrapped: dict[ast.AST, list[ast.expr]] = {}
        self.ahead: dict[ast.AST, list[ast.stmt]] = {}
        self.behind: dict[ast.AST, list[ast.stmt]] = {}
        self.finally_: dict[ast.AST, list[ast.stmt]] = {}

    def mark(self, point: Any) -> ast.Constant:
        """A constant in the place of which an object of ours is to stand."""
        mark = f"{MARK}{len(self.calls)}"
        self.calls[mark] = point
        return ast.Constant(mark)

    def call(self, point: Callable, *arguments: ast.expr) -> ast.Call:
        return ast.Call(self.mark(point), list(arguments), [])

    def wrap(self, node: ast.AST, point: Callable, more: list[ast.expr] | None = None) -> None:
        call = self.call(point, *(more or []))
        self.wrapped.setdefault(node, []).append(call)

    def before(self, statement: ast.AST, call: ast.Call, points: ast.Constant | None = None) -> None:
        """A call in front of a statement; only where it is `wanted`, with the points of its loop."""
        made: ast.stmt = ast.Expr(call)
        if points is not None:
            made = ast.If(ast.Attribute(points, "wanted", ast.Load()), [made], [])
        self.ahead.setdefault(statement, []).append(made)

    def after(self, statement: ast.AST, call: ast.Call | ast.stmt, last: bool = False) -> None:
        made = ast.Expr(call) if isinstance(call, ast.Call) else call
        (self.finally_ if last else self.behind).setdefault(statement, []).append(made)

    def late(self, point: Callable, value: ast.expr) -> ast.Try:
        """A call with a name that may not be bound yet."""
        handler = ast.ExceptHandler(self.mark((NameError, AttributeError, LookupError)), None, [ast.Pass()])
        return ast.Try([ast.Expr(self.call(point, value))], [handler], [], [])

    def visit(self, node: ast.AST) -> Any:
        new = self.generic_visit(node)
        for call in self.wrapped.get(node, []):
            call.args.insert(0, new)
            new = ast.copy_location(call, node)
        around = [self.ahead.get(node, []), self.behind.get(node, []), self.finally_.get(node, [])]
        if any(around):
            for group in around:
                for statement in group:
                    for part in ast.walk(statement):
                        ast.copy_location(part, node)
            return [*around[0], new, *around[1], *around[2]]
        return new


def _injected(code: CodeType, calls: dict[str, Any]) -> CodeType:
    """The code with each mark among its constants replaced by what is to be called."""

    def made(constant: Any) -> Any:
        if isinstance(constant, CodeType):
            return _injected(constant, calls)
        return calls.get(constant, constant) if isinstance(constant, str) else constant

    return code.replace(co_consts=tuple(map(made, code.co_consts)))

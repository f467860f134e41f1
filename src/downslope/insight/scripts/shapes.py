"""Shapes that the text tells: literals, constructors, views, products, linear layers. Unknown is None."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast

from . import meaning as m
from .reading import Script

Shape = tuple  # of whole numbers, None for a length that is not told; (..., k) where only the last is known
FILLED = {"zeros", "ones", "empty", "full"}
DRAWN = {"randn", "rand"}
ARRAYS = {"tensor", "as_tensor", "array", "asarray", "FloatTensor", "Tensor", "DoubleTensor", "LongTensor"}
ALONG = {"linspace", "arange"}
LIKE = {"from_numpy", "zeros_like", "ones_like", "randn_like", "rand_like"}
EACH = {"relu", "sigmoid", "tanh", "exp", "log", "sin", "cos", "abs", "sqrt", "square", "dropout", "softmax"}
KEEPS = {
    "float",
    "double",
    "to",
    "cpu",
    "cuda",
    "contiguous",
    "clone",
    "detach",
    "numpy",
    "long",
    "int",
    "astype",
}
KEEPS |= {"copy", "type", "requires_grad_", "bool", "round"}


def shape(script: Script, node: ast.AST, depth: int = 0) -> Shape | None:
    """The shape of a value, or None."""
    if depth > 25:
        return None
    value = script.resolve(node)
    inner = lambda part: shape(script, part, depth + 1)
    match value:
        case ast.Constant():
            return () if isinstance(value.value, int | float) else None
        case ast.UnaryOp():
            return inner(value.operand)
        case ast.Name() | ast.Attribute(value=ast.Name(id="self")):
            return _of_name(script, value, depth)
        case ast.Attribute(attr="T"):
            found = inner(value.value)
            return found[::-1] if found and ... not in found else found
        case ast.Attribute(attr="data"):
            return inner(value.value)
        case ast.BinOp(op=ast.MatMult()):
            return product(inner(value.left), inner(value.right))
        case ast.BinOp():
            return broadcast(inner(value.left), inner(value.right))
        case ast.Subscript():
            return _part(inner(value.value), value.slice)
        case ast.Call():
            return _of_call(script, value, depth)
    return None


def _of_name(script: Script, node: ast.AST, depth: int) -> Shape | None:
    """A name that is moved (w -= …) keeps its shape; one from a loop or a split has that of its source."""
    binding = script.definition(node)
    bound = script.bound(node)
    if binding is None or binding.kind == "augment":
        first = [b for b in bound if b.kind == "assign"]
        others = [b for b in bound if b not in first[:1]]
        moved = all(b.kind == "augment" or _reads(script, b.value, b.name) for b in others)
        return shape(script, first[0].value, depth + 1) if first and moved and first[0].value else None
    if binding.value is None:
        return None
    source = script.resolve(binding.value)
    if not isinstance(source, ast.Call):
        return None
    if binding.kind == "part" and script.path(source.func).endswith("train_test_split"):
        whole = shape(script, source.args[binding.index // 2], depth + 1)
        return (None, *whole[1:]) if whole else None
    if binding.kind != "loop" or not source.args:
        return None
    if script.key(source.func) == "enumerate":
        source = script.resolve(source.args[0])
    if not isinstance(source, ast.Call) or not source.args:
        return None
    if script.key(source.func) == "zip" and binding.index < len(source.args):
        whole = shape(script, source.args[binding.index], depth + 1)
        return whole[1:] if whole and ... not in whole else None
    if script.path(source.func).endswith("DataLoader"):
        rows = script.resolve(source.args[0])
        pair = isinstance(rows, ast.Call) and script.path(rows.func).endswith("TensorDataset")
        if pair and binding.index < len(rows.args):
            whole = shape(script, rows.args[binding.index], depth + 1)
            return (None, *whole[1:]) if whole and ... not in whole else None
    return None


def _of_call(script: Script, call: ast.Call, depth: int) -> Shape | None:
    inner = lambda part: shape(script, part, depth + 1)
    path = script.path(call.func)
    if path.startswith(("torch.", "numpy.")):
        return _made(script, call, path.rpartition(".")[2], call.args, inner)
    stages = list(m.trail(script, call))
    made = m.module(script, call.func)
    if made is not None:
        plain = [
            stage for stage in stages if stage.name not in ("Sigmoid", "sigmoid", "relu", "tanh", "dropout")
        ]
        through = m.forward(script, made)
        if through is not None:
            results = m.returned(through)
            return inner(results[0]) if len(results) == 1 else None
        k = m.outputs(script, plain[0]) if plain else None
        given = inner(call.args[0]) if call.args else None
        return None if k is None else (*given[:-1], k) if given else (..., k)
    if isinstance(call.func, ast.Attribute):
        return _made(script, call, call.func.attr, [call.func.value, *call.args], inner)
    function = script.function(call)
    if function is None:
        return None
    results = m.returned(function)
    return inner(results[0]) if len(results) == 1 else None


def _made(script: Script, call: ast.Call, name: str, args: list, inner) -> Shape | None:
    """The shape of torch.name(args), numpy.name(args) or args[0].name(args[1:])."""
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in ARRAYS and args:
        return _literal(script, args[0]) or (
            inner(args[0]) if isinstance(args[0], ast.Name | ast.Call) else None
        )
    if name in FILLED | DRAWN:
        asked = keywords.get("size", keywords.get("shape", args[0] if args else None))
        asked = script.resolve(asked) if asked is not None else None
        dims = asked.elts if isinstance(asked, ast.Tuple | ast.List) else args
        method = isinstance(call.func, ast.Attribute) and not script.path(call.func)
        made = tuple(m.number(script, dim) for dim in dims)
        if method or (name == "full" and dims is args) or (made == (None,) and not _counts(script, dims[0])):
            return None
        return made
    if name in ALONG:
        count = args[2] if name == "linspace" and len(args) > 2 else args[0] if len(args) == 1 else None
        return (m.number(script, count),)
    if not args:
        return None
    given = inner(args[0])
    if name in LIKE | EACH | KEEPS:
        return given
    if name in ("matmul", "mm", "dot", "mv") and len(args) == 2:
        return product(given, inner(args[1]))
    if name in ("view", "reshape"):
        dims = args[1].elts if len(args) == 2 and isinstance(args[1], ast.Tuple) else args[1:]
        sizes = [-1 if _minus_one(dim) else m.number(script, dim) for dim in dims]
        total = given[0] if given and (len(given) == 1 or given[1:] == (1,)) else None
        return tuple(total if size == -1 else size for size in sizes) if sizes else None
    if given is None or ... in given:
        return None
    axis = _axis(keywords.get("dim", keywords.get("axis", args[1] if len(args) > 1 else None)))
    if name in ("flatten", "ravel"):
        return (given[0],) if len(given) == 1 or given[1:] == (1,) else (None,)
    if name == "squeeze":
        kept = [d for i, d in enumerate(given) if d != 1 or (axis is not None and i != axis % len(given))]
        return tuple(kept)
    if name == "unsqueeze" and axis is not None:
        place = axis % (len(given) + 1)
        return (*given[:place], 1, *given[place:])
    return None


def _literal(script: Script, node: ast.AST) -> Shape | None:
    """The shape of a list of numbers, of lists of numbers, of [0.0] * 50 + [1.0] * 50."""
    value = script.resolve(node)
    if isinstance(value, ast.List | ast.Tuple):
        parts = {_literal(script, part) for part in value.elts}
        part = parts.pop() if len(parts) == 1 else None
        return None if part is None else (len(value.elts), *part)
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Mult):
        left, right = _literal(script, value.left), _literal(script, value.right)
        if isinstance(value.op, ast.Add) and left and right and left[1:] == right[1:]:
            return (left[0] + right[0], *left[1:]) if None not in (left[0], right[0]) else (None, *left[1:])
        if isinstance(value.op, ast.Mult) and left and right == ():
            count = m.number(script, value.right)
            return (left[0] * count if count and left[0] else None, *left[1:])
    if isinstance(value, ast.UnaryOp):
        return _literal(script, value.operand)
    if isinstance(value, ast.ListComp) and len(value.generators) == 1:
        inner = _literal(script, value.elt) if isinstance(value.elt, ast.List | ast.Tuple) else None
        return (None, *inner) if inner else None
    return () if isinstance(value, ast.Constant) and isinstance(value.value, int | float) else None


def product(left: Shape | None, right: Shape | None) -> Shape | None:
    """The shape of left @ right."""
    if not left or not right or ... in left or ... in right:
        return None
    return (*left[:-1], *(right[:-2] + right[-1:] if len(right) > 1 else ()))


def broadcast(left: Shape | None, right: Shape | None) -> Shape | None:
    """The shape of left + right, where it is plain."""
    if left is None or right is None:
        return None
    if left == right or right == ():
        return left
    if left == ():
        return right
    if ... in left or ... in right:
        return None
    long, short = (left, right) if len(left) >= len(right) else (right, left)
    short = (1,) * (len(long) - len(short)) + short
    return tuple(b if a == 1 else a if b in (1, a) else None for a, b in zip(long, short))


def _part(whole: Shape | None, index: ast.AST) -> Shape | None:
    """The shape of X[:, None], X[:, 0], X[2:5]."""
    if whole is None or ... in whole:
        return None
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    left: list = list(whole)
    made: list = []
    for part in parts:
        if isinstance(part, ast.Constant) and part.value is None:
            made.append(1)
        elif isinstance(part, ast.Slice) and left:
            whole_axis = part.lower is None and part.upper is None
            size = left.pop(0)
            made.append(size if whole_axis else None)
        elif isinstance(part, ast.Constant) and type(part.value) is int and left:
            left.pop(0)
        else:
            return None
    return (*made, *left)


def _axis(node: ast.AST | None) -> int | None:
    if _minus_one(node):
        return -1
    whole = isinstance(node, ast.Constant) and type(node.value) is int
    return node.value if whole else None


def _minus_one(node: ast.AST | None) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and ast.unparse(node) == "-1"


def _counts(script: Script, node: ast.AST) -> bool:
    """A whole number for certain, where a name might hold a tuple: len(x), X.shape[0]."""
    value = script.resolve(node)
    counted = isinstance(value, ast.Call) and script.key(value.func) == "len"
    return counted or (isinstance(value, ast.Subscript) and ast.unparse(value.value).endswith(".shape"))


def _reads(script: Script, value: ast.AST | None, name: str) -> bool:
    return value is not None and any(script.key(node) == name for node in ast.walk(value))

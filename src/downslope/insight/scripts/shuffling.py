"""Rows that are never shuffled."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from . import meaning as m
from .finding import Slip
from .reading import Script

MIXING = re.compile(r"shuffl|perm|random_split|sampl|choice|randint|train_test_split|kfold", re.I)
SGD = re.compile(r"(^|_)(sgd|stochastic)(_|$)|stochastic_?gradient", re.I)


def not_shuffled(script: Script) -> Iterator[Slip]:
    """Rows in the order of their classes, or always in the same order under the name of SGD."""
    if any(MIXING.search(script.key(n) or getattr(n, "attr", "") or "") for n in script.nodes):
        return
    if any(MIXING.search(word) for word in (*script.imports.values(), *script.imports)):
        return
    yield from _ordered_loader(script)
    yield from _same_order(script)


def _ordered_loader(script: Script) -> Iterator[Slip]:
    """DataLoader(TensorDataset(X, y), shuffle=False), with y = [0, 0, …, 1, 1, …], in a loop that learns."""
    for call in script.calls:
        keywords = {keyword.arg: keyword for keyword in call.keywords}
        if not script.path(call.func).endswith("data.DataLoader") or None in keywords or len(call.args) > 2:
            continue
        shuffle = keywords.get("shuffle")
        if shuffle and not (isinstance(shuffle.value, ast.Constant) and shuffle.value.value is False):
            continue
        rows = script.resolve(call.args[0]) if call.args else None
        paired = isinstance(rows, ast.Call) and script.path(rows.func).endswith("TensorDataset") and rows.args
        size = m.number(
            script, call.args[1] if len(call.args) > 1 else getattr(keywords.get("batch_size"), "value", None)
        )
        labels = _labels(script, rows.args[-1]) if paired else None
        if labels is None or not size or not _learns_from(script, call) or not _apart(labels, size):
            continue
        shown = ", ".join(f"{count} × {value}" for value, count in labels)
        numbers = {"labels": shown, "batch": size}
        if shuffle:
            mend = script.replaced(shuffle.value, "True")
        else:
            last = call.keywords[-1].value if call.keywords else call.args[-1]
            mend = script.replaced(last, f"{script.source(last)}, shuffle=True")
        yield Slip(call, numbers, mend)


def _labels(script: Script, node: ast.AST) -> list[tuple[object, int]] | None:
    """Blocks of equal labels: [0.0] * 50 + [1.0] * 50, torch.cat([zeros(50), ones(50)]), [0, 0, 1, 1]."""
    value = script.resolve(node)
    match value:
        case ast.List():
            parts = [_labels(script, part) for part in value.elts]
            return _joined(parts)
        case ast.Constant():
            return [(value.value, 1)]
        case ast.BinOp(op=ast.Add()):
            return _joined([_labels(script, value.left), _labels(script, value.right)])
        case ast.BinOp(op=ast.Mult()):
            block, count = _labels(script, value.left), m.number(script, value.right)
            return [(block[0][0], block[0][1] * count)] if block and len(block) == 1 and count else None
        case ast.Call():
            name = (script.path(value.func) or ast.unparse(value.func)).rpartition(".")[2]
            if name in ("cat", "concatenate", "concat", "hstack", "vstack") and value.args:
                return _labels(script, value.args[0])
            if name in ("zeros", "ones") and value.args:
                shape = script.resolve(value.args[0])
                count = m.number(
                    script, shape.elts[0] if isinstance(shape, ast.Tuple) and shape.elts else shape
                )
                return [(int(name == "ones"), count)] if count else None
            if (
                name in ("tensor", "FloatTensor", "LongTensor", "array", "from_numpy", "as_tensor")
                and value.args
            ):
                return _labels(script, value.args[0])
            kept = ("long", "float", "to", "unsqueeze", "view", "reshape", "astype", "double")
            if name in kept and isinstance(value.func, ast.Attribute):
                return _labels(script, value.func.value)
    return None


def _joined(parts: list) -> list[tuple[object, int]] | None:
    if not parts or any(part is None for part in parts):
        return None
    made: list[tuple[object, int]] = []
    for value, count in (block for part in parts for block in part):
        if made and made[-1][0] == value:
            made[-1] = (value, made[-1][1] + count)
        else:
            made.append((value, count))
    return made


def _apart(labels: list[tuple[object, int]], size: int) -> bool:
    """Each class stands in one block, of two batches or more: few batches see two classes."""
    values = [value for value, _ in labels]
    return 2 <= len(values) == len(set(values)) <= 20 and min(count for _, count in labels) >= 2 * size


def _learns_from(script: Script, call: ast.Call) -> bool:
    """A loop over this loader computes gradients."""
    for node in script.nodes:
        if isinstance(node, ast.For):
            over = [script.resolve(n) for n in ast.walk(node.iter) if isinstance(n, ast.expr)]
            if call in over and any(m.is_method(n, "backward") for n in script.reach(node)):
                return True
    return False


def _same_order(script: Script) -> Iterator[Slip]:
    """def sgd(…): for epoch …: for x, y in zip(…): w -= …"""
    for function in script.functions:
        if not SGD.search(function.name):
            continue
        for loop in ast.walk(function):
            if not isinstance(loop, ast.For) or not script.loops(loop) or m.over_parameters(loop):
                continue
            outer = script.loops(loop)[0]
            over = loop.iter
            name = script.key(over.func) if isinstance(over, ast.Call) else ""
            if name == "enumerate" and isinstance(over.args[0], ast.Call):
                over = over.args[0]
                name = script.key(over.func)
            moves = any(_one_row_update(script, n, loop) for n in ast.walk(loop))
            if isinstance(outer, ast.For) and name == "zip" and moves:
                new = f"random.sample(list({script.source(over)}), len({script.source(over.args[0])}))"
            elif isinstance(outer, ast.For) and name == "range" and len(over.args) == 1 and moves:
                new = f"np.random.permutation({script.source(over.args[0])})"
            else:
                continue
            numbers = {"name": function.name, "loop": loop.lineno, "passes": outer.lineno}
            yield Slip(loop, numbers, script.replaced(over, new), "not_shuffled_rows")
            break


def _one_row_update(script: Script, node: ast.AST, loop: ast.For) -> bool:
    """w -= … with a row of this loop in it."""
    names = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
    down = isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Sub)
    again = (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.BinOp)
        and isinstance(node.value.op, ast.Sub)
    )
    return (down or again) and script.depends(node.value, names)


RULES = {"not_shuffled": not_shuffled}

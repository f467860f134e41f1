"""Mended lines of mistakes that only the run shows; none where it is not certain what the text is to be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from ..insight.scripts import Fix
from .fixing import parsed, replaced

EQUAL = ("constant_", "zeros_", "ones_", "fill_", "zero_")  # calls that give all weights one value


def mend_of(source: str, fact: Any, line: int, loop: Any) -> Fix | None:
    """The lines that mend the mistake of a fact; None where no line can be proposed."""
    tree, make = parsed(source), MENDS.get(fact.code)
    return None if tree is None or make is None else make(source, tree, line, loop, fact.numbers)


def domain_lines(source: str, operation: str) -> list[int]:
    """The lines of a script that take a logarithm or a square root."""
    tree = parsed(source)
    return sorted({of.lineno for of, _ in _arguments(tree, operation)}) if tree is not None else []


def domain_mend(source: str, operation: str, line: int) -> Fix | None:
    """The line with the argument of each logarithm ≥ 1e-7, or with 1e-12 added under each root."""
    tree = parsed(source)
    found = [] if tree is None else [one for one in _arguments(tree, operation) if one[0].lineno == line]
    text = source.split("\n")[line - 1].encode() if found else b""
    for of, made in sorted(found, key=lambda one: one[0].col_offset, reverse=True):
        if of.end_lineno != line or of.end_col_offset is None:
            return None
        inner = text[of.col_offset : of.end_col_offset].decode()
        plain = isinstance(of, ast.Name | ast.Attribute | ast.Call | ast.Subscript)
        mended = made.format(inner if plain else f"({inner})", inner)
        text = text[: of.col_offset] + mended.encode() + text[of.end_col_offset :]
    return Fix(line, line, text.decode()) if found else None


def _arguments(tree: ast.Module, operation: str) -> list[tuple[ast.expr, str]]:
    """(what a logarithm or a root is taken of, how it is mended) for each call in a script."""
    names = {"log": ("log", "log2", "log10"), "sqrt": ("sqrt",)}.get(operation, ())
    found: list[tuple[ast.expr, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in names:
            home = ast.unparse(node.func).rpartition(".")[0]
            owner = node.func.value if isinstance(node.func, ast.Attribute) else None
            of = node.args[0] if node.args else owner
            if of is None:
                continue
            if operation == "sqrt":
                found.append((of, "{1} + 1e-12" if node.args else "({1} + 1e-12)"))
            elif home in ("np", "numpy"):
                found.append((of, home + ".clip({1}, 1e-7, None)"))
            else:
                found.append((of, "max({1}, 1e-7)" if home in ("math", "") else "{0}.clamp_min(1e-7)"))
        elif operation == "sqrt" and isinstance(node, ast.BinOp) and ast.unparse(node).endswith("** 0.5"):
            found.append((node.left, "({1} + 1e-12)"))
    return found


def _model(tree: ast.Module) -> str | None:
    """What the script calls the net that it trains: `model` of `model.parameters()`."""
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute))
    names = {ast.unparse(n.func.value) for n in calls if n.func.attr == "parameters"}  # type: ignore[attr-defined]
    return names.pop() if len(names) == 1 else None


def _evaluated(source: str, tree: ast.Module, line: int, loop: Any, numbers: Any) -> Fix | None:
    model = _model(tree)
    blocks = ((n, ast.unparse(n.items[0])) for n in ast.walk(tree) if isinstance(n, ast.With))
    around = [n for n, manager in blocks if "grad" in manager or "inference" in manager]
    block = next((n for n in around if n.lineno <= line <= (n.end_lineno or 0)), None)
    if model is None or block is None or model not in ast.unparse(block):
        return None
    last, pad = block.end_lineno or block.lineno, " " * block.col_offset
    lines = source.split("\n")[block.lineno - 1 : last]
    return Fix(block.lineno, last, "\n".join([f"{pad}{model}.eval()", *lines, f"{pad}{model}.train()"]))


def _trained(source: str, tree: ast.Module, line: int, loop: Any, numbers: Any) -> Fix | None:
    model = _model(tree)
    switches = [
        n.value for n in ast.walk(tree)
        if isinstance(n, ast.Expr) and ast.unparse(n) == f"{model}.eval()" and n.lineno <= loop.update_line
    ]  # fmt: skip
    last = max(switches, key=lambda n: n.lineno, default=None)
    return None if last is None else replaced(source, last, f"{model}.train()")


def _shuffled(source: str, tree: ast.Module, line: int, loop: Any, numbers: Any) -> Fix | None:
    """shuffle=True for the loader; a new order of the rows in each epoch where batches are slices."""
    calls = list(_calls(tree, "DataLoader"))
    plain = [n for n in calls if all(keyword.arg not in ("shuffle", "sampler") for keyword in n.keywords)]
    if len(calls) == 1 and len(plain) == 1:
        return replaced(source, plain[0], ast.unparse(plain[0])[:-1] + ", shuffle=True)")
    inner = [n for n in _loops_at(tree, loop) if isinstance(n.target, ast.Name)]
    if calls or len(inner) < 2 or inner[-1] not in inner[-2].body:
        return None
    epochs, batches = inner[-2:]
    sliced = {
        n.value.id for n in ast.walk(batches)
        if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name) and isinstance(n.slice, ast.Slice)
        and n.slice.lower is not None and ast.unparse(n.slice.lower) == batches.target.id  # type: ignore[attr-defined]
    }  # fmt: skip
    names = sorted(sliced)
    if len(names) != 2 or epochs.body[0].lineno == epochs.lineno:
        return None
    pad, (a, b) = " " * epochs.body[0].col_offset, names
    text = f"{pad}order = torch.randperm(len({a}))\n{pad}{a}, {b} = {a}[order], {b}[order]"
    return Fix(epochs.body[0].lineno, epochs.body[0].lineno - 1, text)


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """The calls of a function or a method of this name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name:
            yield node


def _loops_at(tree: ast.Module, loop: Any) -> list[ast.For]:
    """The `for` statements around the line that moves the weights, the outermost first."""
    found = [n for n in ast.walk(tree) if isinstance(n, ast.For)]
    around = [n for n in found if n.lineno <= loop.update_line <= (n.end_lineno or 0)]
    return sorted(around, key=lambda n: n.lineno)


def _all_batches(source: str, tree: ast.Module, line: int, loop: Any, numbers: Any) -> Fix | None:
    """Without the `break` that ends the loop over batches; for next(iter(loader)) a loader that shuffles."""
    around = _loops_at(tree, loop)
    last = around[-1].body[-1] if around else None
    if isinstance(last, ast.Break) and len(around[-1].body) > 1:
        before = around[-1].body[-2]
        kept = source.split("\n")[(before.end_lineno or 0) - 1]
        return Fix(before.end_lineno or 0, last.lineno, kept) if before.end_lineno != last.lineno else None
    again = any(
        ast.unparse(n.func) == "next" and n.args and ast.unparse(n.args[0]).startswith("iter(")
        for n in ast.walk(around[-1] if around else tree) if isinstance(n, ast.Call)
    )  # fmt: skip
    alone = len(list(_calls(tree, "DataLoader"))) == 1
    return _shuffled(source, tree, line, loop, numbers) if again and alone else None


def _random_start(source: str, tree: ast.Module, line: int, loop: Any, numbers: Any) -> Fix | None:
    """Random numbers in the place of the one value that all weights get."""
    found = [n for name in EQUAL for n in _calls(tree, name) if "grad" not in ast.unparse(n.func)]
    found = [n for n in found if not re.search(r"bias|running", ast.unparse(n))]
    if len(found) != 1:
        return None
    call = found[0]
    name = ast.unparse(call.func)
    if "init." in name and call.args:
        home = name.rpartition(".")[0]
        return replaced(source, call, f"{home}.normal_({ast.unparse(call.args[0])}, std=0.1)")
    return replaced(source, call, f"{name.rpartition('.')[0]}.normal_(std=0.1)")


def _leaking(source: str, tree: ast.Module, line: int, loop: Any, numbers: Any) -> Fix | None:
    """LeakyReLU, whose dead units still get a gradient, in the place of the only ReLU."""
    modules = list(_calls(tree, "ReLU"))
    calls = [n for n in _calls(tree, "relu") if len(n.args) == 1]
    if len(modules) == 1 and not calls:
        return replaced(source, modules[0], ast.unparse(modules[0].func)[: -len("ReLU")] + "LeakyReLU(0.1)")
    if len(calls) == 1 and not modules:
        home = ast.unparse(calls[0].func).rpartition(".")[0]
        home = "torch.nn.functional" if home == "torch" else home
        return replaced(source, calls[0], f"{home}.leaky_relu({ast.unparse(calls[0].args[0])}, 0.1)")
    return None


def _one_probability(source: str, tree: ast.Module, line: int, loop: Any, numbers: Any) -> Fix | None:
    """The sigmoid of one column, of which softmax makes 1."""
    calls = [n for n in _calls(tree, "softmax") if n.args]
    modules = list(_calls(tree, "Softmax"))
    if numbers.get("spread") != 0.0 or len(calls) + len(modules) != 1:
        return None
    if modules:
        return replaced(source, modules[0], ast.unparse(modules[0].func)[: -len("Softmax")] + "Sigmoid()")
    return replaced(source, calls[0], f"torch.sigmoid({ast.unparse(calls[0].args[0])})")


def _held(source: str, tree: ast.Module, line: int, loop: Any, numbers: Any) -> Fix | None:
    """The weights that are missing, in the list that the optimizer gets."""
    names = str(numbers.get("weights", "")).split(", ")
    if numbers.get("kind") != "variable" or not all(name.isidentifier() for name in names):
        return None
    calls = list(_calls(tree, loop.optimizer.get("class", "")))
    given = calls[0].args[0] if len(calls) == 1 and calls[0].args else None
    if not isinstance(given, ast.List | ast.Tuple):
        return None
    return replaced(source, given, "[" + ", ".join([*map(ast.unparse, given.elts), *names]) + "]")


def _scheduled(source: str, tree: ast.Module, line: int, loop: Any, numbers: Any) -> Fix | None:
    """scheduler.step() at the end of each epoch, where it never stands."""
    around, name = _loops_at(tree, loop), numbers.get("name", "")
    if numbers.get("kind") != "never" or not around or not str(name).isidentifier():
        return None
    last = around[0].end_lineno or 0
    pad = " " * around[0].body[0].col_offset
    return Fix(last + 1, last, f"{pad}{name}.step()")


MENDS = {
    "eval_left_out": _evaluated,
    "trained_in_eval": _trained,
    "sorted_rows": _shuffled,
    "same_batch": _all_batches,
    "symmetric_start": _random_start,
    "dead_units": _leaking,
    "constant_output": _one_probability,
    "never_moves": _held,
    "scheduler_misplaced": _scheduled,
}

"""Operations that change a shape, and tables that lose or gain rows."""

# What kind of node stands where, the tree tells, and mypy can not know:
# mypy: disable-error-code="attr-defined,union-attr"
from __future__ import annotations

import ast
from typing import Any

from . import layers, tensors
from .values import (
    Const,
    Estimator,
    Parameters,
    Seq,
    Table,
    Tensor,
    Unknown,
    as_tensor,
    members,
    root,
    whole,
)


def axis_of(args: list, keywords: dict, place: int = 0) -> tuple[bool, int | None]:
    """(whether an axis is given, which one where it is told)."""
    for name in ("dim", "axis"):
        if name in keywords:
            value = keywords[name]
            return not (isinstance(value, Const) and value.value is None), whole(value)
    if len(args) > place:
        return not (isinstance(args[place], Const) and args[place].value is None), whole(args[place])
    return False, None


def shaped(machine, name: str, x: Any, owner: Any, rest: list, keywords: dict, node: ast.AST, make) -> Any:
    given = x.shape
    if name in ("view", "reshape"):
        dims: Any = rest[0] if len(rest) == 1 and isinstance(rest[0], Seq) else rest
        if isinstance(dims, Seq) and dims.kind == "shape":
            of = dims.__dict__.get("shape_of")
            return make("view", of.shape if of is not None else None)
        if isinstance(dims, Seq):
            dims = dims.items if not dims.more else []
        return make("view", tensors.reshaped(given, dims) if dims else None)
    if name in ("view_as", "reshape_as", "expand_as"):
        other = as_tensor(rest[0]) if rest else None
        return make("view", other.shape if other is not None else None)
    if name in ("flatten", "ravel"):
        start = whole(rest[0]) if rest else whole(keywords.get("start_dim"))
        if start == 1:
            return make("view", layers._flat(given))
        return make("view", tensors.flattened(given) if start in (None, 0) else None)
    if name in ("squeeze", "unsqueeze", "expand_dims"):
        _, axis = axis_of(rest, keywords)
        asked = bool(rest or keywords)
        if name == "squeeze":
            return make("squeeze", tensors.squeezed(given, axis) if not asked or axis is not None else None)
        return make("view", tensors.unsqueezed(given, axis))
    if name in ("t", "transpose", "swapaxes") and (len(rest) == 0 or (given is not None and len(given) == 2)):
        return make("T", given[::-1] if given is not None and ... not in given else given)
    if name in ("numel", "size", "dim"):
        if name == "size" and not rest:
            from .methods import _dims

            return _dims(x, node)
        if name == "size":
            axis = whole(rest[0])
            told = (
                given[axis]
                if given and axis is not None and ... not in given and -len(given) <= axis < len(given)
                else None
            )
            from .methods import _length

            return _length(owner, told, axis or 0, node)
        return Unknown(node)
    if name == "item":
        return make("item", (), x.dtype)
    if name == "masked_fill":
        return make(name, given)
    return make(name, None)


def table_rows(machine, name: str, x: Any, rest: list, keywords: dict, node: ast.AST, make) -> Any:
    if name == "sample":
        return make("shuffled", x.shape, x.dtype, order=machine.draw(node, keywords), lib=x.lib)
    if name == "drop":
        asked = keywords.get("columns", rest[0] if rest else None)
        _, axis = axis_of(rest, keywords, 1)
        if "columns" in keywords or axis == 1:
            many = len(asked.items) if isinstance(asked, Seq) else 1
            columns = (
                x.shape[1] - many if x.shape and len(x.shape) == 2 and isinstance(x.shape[1], int) else None
            )
            return make("index", (x.shape[0] if x.shape else None, columns), "", lib=x.lib)
        return make("index", (None, *x.shape[1:]) if x.shape else None, "", lib=x.lib)
    if name in ("get_dummies", "select_dtypes", "describe", "join", "merge", "assign", "set_index"):
        return make("index", (x.shape[0] if x.shape else None, None), "", lib=x.lib)
    if name in ("iterrows", "isnull", "value_counts"):
        return Unknown(node)
    return make("index", (None, *x.shape[1:]) if x.shape else None, x.dtype, lib=x.lib)


# ── scalers of scikit-learn, parameters ─────────────────────────────────────────────────────────────
def estimate(machine, owner: Any, name: str, args: list, keywords: dict, node: ast.AST) -> Any:
    """scaler.fit(X), scaler.fit_transform(X), scaler.transform(X)"""
    data = args[0] if args else keywords.get("X")
    x = as_tensor(data) if data is not None else None
    if x is None:
        return owner if name == "fit" else Unknown(node)
    if name in ("fit", "fit_transform"):
        machine.tell("fit", node, estimator=owner, data=x, transforms=name == "fit_transform")
        if isinstance(owner, Estimator):
            owner.fitted.append(x)
        if name == "fit":
            return owner
    if name in ("fit_transform", "transform"):
        width = (
            x.shape[1] if x.shape and len(x.shape) == 2 and "PCA" not in getattr(owner, "kind", "") else None
        )
        shape = (x.shape[0], width) if x.shape and len(x.shape) == 2 else None
        return tensors.made(
            machine, name, (x,), node, shape, "float", lib="numpy", estimator=owner, order=x.order
        )
    if name in ("inverse_transform",):
        return tensors.made(machine, name, (x,), node, x.shape, "float", lib="numpy")
    return tensors.made(machine, name, (x,), node, (x.shape[0],) if x.shape else None, "", lib="numpy")


def held(value: Any) -> list[Any]:
    """The nets and tensors in what an optimizer is given."""
    base = root(value)
    if isinstance(base, Parameters):
        return [m for owner in base.owners for m in members(owner)]
    if isinstance(base, Table):
        return held(base.items.get("params")) if base.items.get("params") is not None else []
    if isinstance(base, Seq):
        return [m for item in base.items for m in held(item)]
    if isinstance(base, Tensor):
        inner = [m for owner in base.info.get("owners", ()) for m in members(owner)]
        return [base, *inner]
    return []


def owners(value: Any) -> tuple[Any, ...] | None:
    """Whose weights these are; None where the text does not tell."""
    base = root(value)
    if isinstance(base, Parameters):
        return base.owners
    if isinstance(base, Table):
        return owners(base.items.get("params"))
    if isinstance(base, Seq):
        found = [owners(item) for item in base.items]
        if any(f is None for f in found) or (base.more and not found):
            return None
        return tuple(o for f in found if f for o in f)
    if isinstance(base, Tensor) and (base.leaf or base.op == "parameter"):
        return tuple(base.info.get("owners", (base,)))
    return None

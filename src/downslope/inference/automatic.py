"""method="auto": the surest method that what is minimised allows, and why it was taken."""

from __future__ import annotations

import math
from typing import Any

from ..descent import methods
from ..descent.directions import Subsampled
from ..descent.methods import LARGEST, AnyMethod, ClosedForm, CoordinateDescent
from ..model.linear import WIDE

Reason = tuple[str, dict[str, Any]]  # the key of a sentence, and its facts


def chosen(objective, recipe) -> tuple[AnyMethod, Reason]:
    """A solve where there is one; Newton's steps while a Hessian is small, on some of the rows where they are
    many; gradients only beyond; one weight after the other where the penalty has a kink and the loss has
    none; Adam for a net. Whoever asks for batches or a learning rate gets a method that takes them."""
    rows, weights = objective.rows, objective.size
    if rows > 1 and not objective.linear_rows:
        return methods.Adam().with_rows(32), ("inference.auto_net", {"weights": weights})
    if recipe.batch_size is not None or recipe.order is not None:
        one = recipe.batch_size == 1
        return methods.SGD() if one else methods.MiniBatch(), ("inference.auto_drawn", {})
    columns = weights // objective.term.outputs if objective.linear_rows else weights
    if objective.nonsmooth:
        one_smooth = objective.linear_rows and objective.term.smooth
        if one_smooth and objective.term.outputs > 1:
            one_smooth = objective.whole and weights <= LARGEST
        one_smooth = one_smooth and (objective.quadratic or objective.whole)
        if one_smooth and recipe.learning_rate == "auto":
            return CoordinateDescent(), ("inference.auto_coordinate", {"penalty": objective.penalty.name})
        if math.isnan(objective.lipschitz):
            return methods.GD(), ("inference.auto_unbounded_kink", {"penalty": objective.penalty.name})
        return methods.Nesterov(), ("inference.auto_kink", {"penalty": objective.penalty.name})
    if recipe.learning_rate != "auto":
        return methods.GD(), ("inference.auto_rate_given", {"rate": recipe.learning_rate})
    if objective.quadratic and columns <= WIDE:
        return ClosedForm(), ("inference.auto_closed_form", {"columns": columns})
    if not objective.curved or weights > WIDE // 2:
        key = "inference.auto_gradients" if objective.curved else "inference.auto_no_hessian"
        pairs = {} if objective.linear_rows else {"pairs": methods.PAIRS_OF_FUNCTION}
        return methods.LBFGS(**pairs), (key, {"weights": weights})
    if Subsampled().thinning(objective) > 1:
        return methods.Subsampled(), ("inference.auto_many_rows", {"rows": rows, "weights": weights})
    return methods.Newton(), ("inference.auto_newton", {"weights": weights})

"""Cov(ŵ) = J·A⁻¹BA⁻¹·J', from the curvature A at the minimum, whatever method got there."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ..arguments import ROWS, a, door, one_of, truth, whole
from ..data.parts import drawn
from ..errors import DownslopeError
from . import covariance
from .coefficients import StandardErrors
from .fit_statistics import degrees_of_freedom, fit_statistics

AT_REST = 1e-6  # of a slope's usual size: above, these weights are no minimum of these rows
KINDS = ("model", "HC0", "HC1", "HC2", "HC3", "cluster", "hac", "quasi", "posterior", "sandwich", "bootstrap")
POWER = {"HC0": 0.0, "HC1": 0.0, "HC2": 0.5, "HC3": 1.0, "sandwich": 0.0}  # of 1/(1 − h)
FEW_CLUSTERS = 30
NEEDS = {"cluster": "instruments.cluster_needs", "hac": "instruments.hac_needs"}


@door(
    solution=a("Solution"),
    dataset=ROWS,
    robust=truth,
    kind=one_of(*KINDS),
    lags=whole(least=0, none=True),
    replicates=whole(least=2),
    seed=whole(least=0),
    fix_alpha=truth,
)
def standard_errors(
    solution,
    dataset,
    robust: bool = False,
    kind: str = "model",
    groups: Any = None,
    lags: int | None = None,
    time: Any = None,
    replicates: int = 200,
    seed: int = 0,
    fix_alpha: bool = False,
) -> StandardErrors:
    """Standard errors of the weights of a linear model, over its training rows.

    kind: "model", σ̂²(XᵀSX)⁻¹ with σ̂² = Σsᵢeᵢ²/(n − k) and Student's t with n − k degrees for each output of a
    squared loss; the inverse of the information matrix, and z, for log and Poisson loss.
    "HC0" … "HC3": White's sandwich A⁻¹BA⁻¹, each row with a variance of its own (MacKinnon & White 1985).
    "cluster": rows of one cluster may depend on each other; `groups` names a column, or is an array (n,).
    "hac": each row may depend on the `lags` before it, in the order of the column `time` (Newey & West 1987).
    "quasi": of counts, the model's times √φ̂, φ̂ = Σ(y − μ)²/μ/(n − k) (McCullagh 1983).
    "posterior": under L2, the covariance of the weights given the data, with the penalty as a prior.
    "sandwich": under L2 the spread around the shrunken mean; of Huber and quantile losses, their errors.
    "bootstrap": of fits to `replicates` resampled tables, drawn by `seed`; a rule that chose alpha chooses it
    again in each, unless `fix_alpha`. Of rows in parts, to first order. `robust`: HC1.

    Weights are analytic, as in statsmodels' WLS: a row of weight 2 is surer, not two rows; only their ratios
    count, and rows of weight 0 do not. Class weights count rows of a class more often than they were seen:
    the errors of a model with them are a sandwich, and it has no likelihood.

    Raises DownslopeError where such numbers would be false: of another kind than the loss and the penalty
    allow, where the descent did not arrive, where columns are dependent, and where rows are too few.

    >>> import downslope as ds
    >>> rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0], [4.0]], [2.1, 3.9, 6.2, 7.8])
    >>> print("\\n".join(ds.standard_errors(ds.fit(rows), rows).lines()))
               estimate  standard error         t        p       2.5%    97.5%
    x              1.94       0.0905539   21.4237  0.00217    1.55038  2.32962
    intercept      0.15        0.247992  0.604858    0.607  -0.917023  1.21702
    <BLANKLINE>
    4 rows, Student's t with 2 degrees of freedom.
    Standard deviation of the residuals: 0.202485.
    """
    if robust and kind not in ("model", "HC1"):
        raise DownslopeError("instruments.robust_and_kind", kind=kind)
    kind = "HC1" if robust else kind
    _refuse_loss(solution, kind)
    _refuse_options(kind, groups, lags, time)
    objective = solution.objective(dataset)
    term = objective.term
    q, k = term.inputs, term.outputs
    free = 1 if term.loss.coupled(k) else 0  # of softmax, one class is the base of the others
    used = q * (k - 1) if free else q  # weights that one row's prediction takes
    if term.rows <= used and not objective.penalty.alpha:
        raise DownslopeError("instruments.too_few_rows", rows=term.rows, columns=used)
    W = solution.params.reshape(q, k)
    notes: list[tuple[str, dict[str, Any]]] = []
    if solution.selection is not None and (kind != "bootstrap" or fix_alpha):
        notes.append(("instruments.given_alpha", {"alpha": f"{objective.penalty.alpha:.6g}"}))
    known: dict[str, Any] = {
        "names": tuple(n for number, n in enumerate(solution.names) if not free or number % k),
        "estimate": (W[:, free:] - W[:, :free]).ravel() if free else solution.params,
        "rows": term.rows,
        "robust": kind not in ("model", "quasi", "posterior", "bootstrap"),
        "weighted": _weighted(term) and solution.recipe.class_weights is None,
        "base": str(solution.classes[0]) if free else None,
        "covariance_kind": kind,
        "loss": solution.recipe.loss.spec,
        "features": solution.features,
    }
    if kind == "bootstrap":
        found = replicated(solution, dataset, objective, replicates, seed, fix_alpha)
        kinked = objective.nonsmooth or not term.smooth
        notes += [("instruments.kinked_bootstrap", {})] if kinked else []
        notes += [("instruments.first_order", {})] if not term.in_memory else []
        lost = replicates - len(found)
        notes += [("instruments.replicates_lost", {"count": lost})] if lost else []
        ends = np.percentile(found, [2.5, 97.5], axis=0)
        C = np.atleast_2d(np.cov(found, rowvar=False))
        theta = objective.to_inner(solution.params)
        df = degrees_of_freedom(objective, theta) / (1 if free else k)
        fit = fit_statistics(term, theta, df, None, bool(objective.penalty.alpha), kind, np.inf)
        return StandardErrors(
            **known, fit=fit, covariance=C, error=np.sqrt(np.diag(C)), degrees=np.inf, replicates=found,
            tested=not (kinked or objective.penalty.alpha), notes=tuple(notes),
            interval=(np.full_like(ends[0], np.nan),) * 2 if kinked else (ends[0], ends[1]),
        )  # fmt: skip
    theta, inverse, df = _at_rest(solution, objective, free, used)
    C, degrees, deviation = inverse, np.inf, ()
    if term.loss.quadratic:
        variance = term.map_reduce(covariance.squares_at(theta)) / (term.rows - df)  # (k,)
        variance, degrees = np.asarray(variance), float(term.rows - df)
        deviation = tuple(np.sqrt(variance).tolist())
        C = inverse * np.tile(2 * variance, q)[:, None]  # ∇²(z − y)² is 2
    if kind in POWER and term.loss.corner is None:
        if POWER[kind] and free:
            raise DownslopeError("instruments.no_leverage", kind=kind)
        B = covariance.outer_sum(term, theta, free, POWER[kind], inverse)
        if objective.penalty.alpha:  # a row's share of the penalty is part of its gradient
            total = (objective.l2 * theta).reshape(q, k)[:, free:].ravel() * np.sqrt(term.rows)
            B = B - covariance.apart(np.outer(total, total), term, free)
        C = inverse @ B @ inverse * (term.rows / (term.rows - used) if kind == "HC1" else 1.0)
    elif kind in POWER:
        down, up = term.loss.corner
        gram, B = covariance.quantile_sum(term, theta, down / (down + up))
        C, degrees = np.linalg.solve(gram, np.linalg.solve(gram, B).T), float(term.rows - used)
    elif kind == "cluster":
        B, count = covariance.cluster_sum(term, theta, free, _columns(dataset, groups, term))
        if count < 2:
            raise DownslopeError("instruments.one_cluster", column=_name(groups))
        C = inverse @ B @ inverse * (count / (count - 1) * (term.rows - 1) / (term.rows - used))
        degrees = float(count - 1) if term.loss.quadratic else np.inf
        few = "instruments.few_clusters" if count < FEW_CLUSTERS else "instruments.clusters"
        notes.append((few, {"count": count, "column": _name(groups), "enough": FEW_CLUSTERS}))
    elif kind == "hac":
        assert lags is not None
        if lags >= term.rows:
            raise DownslopeError("instruments.lags", lags=lags, rows=term.rows)
        B = covariance.lagged_sum(term, theta, free, _columns(dataset, time, term), lags, _name(time))
        C = inverse @ B @ inverse
        notes.append(("instruments.hac", {"lags": lags, "column": _name(time)}))
    elif kind == "quasi":
        dispersion = term.map_reduce(covariance.pearson_at(theta)) / (term.rows - used)
        C = inverse * dispersion
        notes.append(("instruments.quasi", {"dispersion": f"{dispersion:.6g}"}))
    if kind in ("HC0", "HC2", "HC3"):
        notes.append(("instruments.hc", {"kind": kind}))
    if kind in ("posterior", "sandwich"):
        loss = "_quantile" if term.loss.corner is not None else ""
        penalised = "_l2" if kind == "sandwich" and objective.penalty.alpha else loss
        notes.append((f"instruments.{kind}{penalised}", {}))
    plain = not objective.penalty.alpha
    own = df if df != q or not free else used
    fit = fit_statistics(term, theta, own, C, not plain, kind, degrees)
    if solution.recipe.class_weights is not None:
        fit = fit.without_likelihood()
        notes.append(("instruments.under_class_weights", {}))
    if known["robust"] and plain and (k == 1 or free) and term.columns and fit.test is None:
        notes.append(("instruments.no_wald", {}))
    J = np.kron(to_user_of(term, q), np.eye(k - free))
    C = J @ C @ J.T
    return StandardErrors(
        **known, covariance=C, error=np.sqrt(np.diag(C)), degrees=degrees, deviation=deviation, tested=plain,
        fit=fit, notes=tuple(notes),
    )  # fmt: skip


def _at_rest(solution, objective, free: int, used: int) -> tuple[np.ndarray, np.ndarray, float]:
    """θ at the minimum, with what the method left undone; (n·∇²F)⁻¹ there; df of one output.

    Raises DownslopeError where the weights are no minimum of these rows.
    """
    term = objective.term
    theta = objective.to_inner(solution.params)
    if term.loss.corner is not None:
        _refuse_unfinished_kink(solution, objective, theta)
        return theta, np.zeros((0, 0)), used
    point = objective.value_and_gradient(theta)
    _refuse_unfinished(solution, objective, point)
    find = lambda theta: _inverse(objective, theta, free)
    inverse = find(point.theta)
    theta = point.theta - term.rows * covariance.whole(inverse, free, term.outputs) @ point.gradient
    inverse = inverse if term.quadratic else find(theta)
    q, k = term.inputs, term.outputs
    if not objective.penalty.alpha:
        return theta, inverse, q if not free else used
    if free:
        H = term.hessian(theta) * term.rows
        return theta, inverse, float(np.trace(_pinv(H + term.rows * np.diag(objective.l2)) @ H))
    return theta, inverse, covariance.trace_of_hat(term, theta, term.rows * objective.l2.reshape(q, k))


def _inverse(objective, theta, free: int) -> np.ndarray:
    term, k = objective.term, objective.term.outputs
    if free and objective.penalty.alpha:  # the penalty holds all classes: their differences to the first
        whole = _pinv((term.hessian(theta) + np.diag(objective.l2)) * term.rows)
        contrast = np.kron(np.eye(len(whole) // k), np.hstack([-np.ones((k - 1, 1)), np.eye(k - 1)]))
        return contrast @ whole @ contrast.T
    prior = term.rows * objective.l2.reshape(-1, k)
    return covariance.inverse(term, theta, free, prior)


def _pinv(A: np.ndarray) -> np.ndarray:
    """A⁺: softmax takes no notice of a number that is added to the intercepts of all classes."""
    return np.linalg.pinv(A, rcond=1e-12, hermitian=True)


def to_user_of(term, q: int) -> np.ndarray:
    """∂w/∂θ of one output, intercept included.  (q, q)"""
    return term.standardise.to_user(np.eye(q).ravel(), term.intercept).reshape(q, q)


def _weighted(term) -> bool:
    return term.relative_weight is not None if term.in_memory else term.stream.encoding.weights is not None


def _name(column) -> str:
    return column if isinstance(column, str) else "groups"


def _columns(dataset, column, term):
    """The values of a column for each row that counts, one array for each part."""
    if not term.in_memory:
        if not isinstance(column, str):
            raise DownslopeError("instruments.column_by_name")
        return dataset.columns_of_parts(column)
    values = dataset.column(column) if isinstance(column, str) else np.asarray(column)
    if values.shape != (len(dataset),):
        raise DownslopeError("instruments.group_length", found=values.shape, rows=len(dataset))
    return [values if dataset.weights is None else values[dataset.weights > 0]]


# ── where they would be false ───────────────────────────────────────────────────────────────────────


def _refuse_loss(solution, kind: str) -> None:
    recipe = solution.recipe
    if not solution.features:
        raise DownslopeError("instruments.no_rows_behind", formula=solution.formula)
    if solution.is_net:
        raise DownslopeError("instruments.no_errors_for_net")
    if kind == "bootstrap":
        return
    if recipe.class_weights is not None and kind in ("model", "posterior"):
        raise DownslopeError("instruments.class_weights", kind=kind)
    penalty, loss = recipe.penalty, recipe.loss
    if loss.levels:
        raise DownslopeError("instruments.several_quantiles", loss=loss.spec, one=loss.of_output(0).spec)
    kinked = penalty.nonsmooth or loss.corner is not None
    if penalty.alpha and (kinked or kind not in ("posterior", "sandwich")):
        key = "instruments.penalised_kink" if kinked else "instruments.penalised"
        raise DownslopeError(key, kind=kind, penalty=penalty.name, alpha=penalty.alpha)
    if kind == "quasi" and loss.name != "poisson":
        raise DownslopeError("instruments.quasi_counts", loss=loss.spec)
    if kind == "posterior" and not penalty.alpha:
        raise DownslopeError("instruments.no_prior")
    if kind != "sandwich" and not loss.quadratic and not loss.likelihood:
        raise DownslopeError("instruments.no_errors_for_loss", loss=loss.spec, kind=kind)
    if solution.verdict.code == "separable":
        raise DownslopeError("instruments.separable")


def _refuse_options(kind: str, groups, lags, time) -> None:
    """What belongs to another kind, or is missing for this one."""
    given = {"groups": (groups, "cluster"), "lags": (lags, "hac"), "time": (time, "hac")}
    for name, (value, belongs) in given.items():
        if value is not None and kind != belongs:
            raise DownslopeError("instruments.option_of_kind", option=name, belongs=belongs, kind=kind)
        if value is None and kind == belongs:
            raise DownslopeError(NEEDS[kind])


def _refuse_unfinished(solution, objective, point) -> None:
    """A minimum has no slope: where there is one, the descent did not arrive, or the rows are others."""
    relative = objective.stationarity(point.theta, point.gradient) / objective.gradient_scale
    if relative <= AT_REST:
        return
    arrived = solution.verdict.code == "converged" and solution.verdict.kind in ("", "solved")
    key = "instruments.other_rows" if arrived else "instruments.not_arrived"
    facts = {} if arrived else {"verdict": solution.verdict.code}
    raise DownslopeError(key, slope=f"{relative:.2g}", **facts)


def _refuse_unfinished_kink(solution, objective, theta) -> None:
    """At a kink there is no slope to look at: the loss has to be the one that the descent ended with."""
    value = objective.value(theta)
    if abs(value - solution.loss) > 1e-8 * (abs(solution.loss) + objective.gradient_scale):
        raise DownslopeError("instruments.other_rows", slope=f"{abs(value - solution.loss):.2g}")
    if solution.verdict.code != "converged":
        raise DownslopeError("instruments.not_arrived", verdict=solution.verdict.code, slope="?")


# ---- bootstrap: weights of the same model over tables in which chance decides how often each row stands ----
#
# How often is drawn by counter from (seed, replicate, row), as Poisson with mean 1, so that it does not
# depend on how rows are read.  Efron 1979; Chamandy et al. 2012 for Poisson counts.


STREAM = 1 << 20  # numbers drawn for replicate r are those of this stream + r
AT_A_TIME = 2_000_000  # counts that are held
CHANCES = np.cumsum([math.exp(-1) / math.factorial(count) for count in range(20)])


def counts(seed: int, replicate: int, first: int, rows: int) -> np.ndarray:
    """How often rows first, first + 1, … stand in a replicate, (rows,).

    >>> counts(0, 3, 0, 5000)[1000:1010].tolist() == counts(0, 3, 1000, 10).tolist()
    True
    """
    return np.searchsorted(CHANCES, drawn(first, rows, seed, STREAM + replicate), side="right").astype(float)


def replicated(solution, dataset, objective, replicates: int, seed: int, fix_alpha: bool) -> np.ndarray:
    """The weights of each replicate that has a minimum, relative to the first class where there are more than
    two: (R, p). Raises DownslopeError where fewer than half have one."""
    term = objective.term
    k = term.outputs
    if not term.in_memory:
        W = _first_order(solution, objective, replicates, seed)
    else:
        rows = dataset.labelled(solution.classes) if solution.classes else dataset
        weights = np.ones(len(rows)) if rows.weights is None else rows.weights
        found = []
        for number in range(replicates):
            drawn_rows = replace(rows, weights=weights * counts(seed, number, 0, len(rows)))
            try:
                params = solution.refit(drawn_rows, fix_alpha).params
            except DownslopeError:
                continue  # a column that is constant there, a class without a row
            found += [params] if np.isfinite(params).all() else []
        if len(found) < max(2, replicates / 2):
            raise DownslopeError("instruments.few_replicates", found=len(found), asked=replicates)
        W = np.array(found)
    if not term.coupled:
        return W
    by_class = W.reshape(len(W), -1, k)
    return (by_class[:, :, 1:] - by_class[:, :, :1]).reshape(len(W), -1)


def _first_order(solution, objective, replicates: int, seed: int) -> np.ndarray:
    """θ − A⁻¹·Σᵢ(mᵢ − 1)gᵢ, in the user's units: one pass for all replicates.  (R, p)"""
    term = objective.term
    if not term.smooth or objective.nonsmooth or solution.selection is not None or term.coupled:
        raise DownslopeError("instruments.bootstrap_in_memory")
    theta = objective.to_inner(solution.params)
    prior = term.rows * objective.l2.reshape(-1, term.outputs)
    inverse = covariance.inverse(term, theta, 0, prior)
    total, first = np.zeros((replicates, term.size)), 0
    for part in covariance.parts_of(term):
        size = max(1, AT_A_TIME // part.rows)
        G = np.concatenate([g for _, g in covariance.scores(part, theta, 0)])
        for low in range(0, replicates, size):
            numbers = range(low, min(low + size, replicates))
            total[low : low + size] += np.array([counts(seed, r, first, part.rows) - 1 for r in numbers]) @ G
        first += part.rows
    return np.array([objective.to_user(theta - inverse @ one) for one in total])

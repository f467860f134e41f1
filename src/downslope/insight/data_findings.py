"""Findings about the rows of a fit, with their numbers and remedies: what no descent can mend.

A finding needs an effect that matters, and a test that is still significant after Holm's correction over all
tests that were made (Holm 1979). Each judgement yields its tests as (p, Verdict), or (p, None) where the
effect is too small to matter. Of many rows, some are looked at, so that it costs milliseconds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..kernels.threads import one_blas_thread
from ..model.naming import coded
from .data_evidence import (
    FLAT,
    HASHED,
    LEAST,
    Evidence,
    Source,
    area_under_roc,
    bends,
    chi_squared_tail,
    dense,
    explained_by_others,
    holm,
    normal_quantile,
    normal_tail,
    query_over,
    r_squared,
    repeated,
    some,
    t_test,
    with_target,
)
from .standard_errors import standard_errors
from .verdicts.verdict import Remedy, Verdict

SIGNIFICANT = 1e-3  # p of a finding, after Holm's correction
LEAK = 0.99  # of the target's variance, that one column explains
LEFT = 0.1  # of what all other columns leave unexplained, that it leaves at most
RARE, MISSED, RANKED = 0.2, 0.5, 0.6  # share of a class, share of its rows that are found, area under the ROC
GAIN = 0.02  # of R² on rows left out, that a term has to bring
WORSE = 0.05  # of the loss of a constant
DISPERSED = 1.5  # variance over what it should be
ERROR_OFF = 0.25  # of a standard error
MOVED = 2.0  # standard errors, by which a few rows move a weight
APART = 0.25  # between two distribution functions
REPEATED = 0.01  # of the validation rows
NAMED = re.compile(r"(^|[_ .-])(id|uuid|guid|key|nr|no|number|index)$|[a-z](Id|ID)$", re.IGNORECASE)

Test = tuple[float, Verdict | None]


# ── the judgements ──────────────────────────────────────────────────────────────────────────────────


def target_leak(evidence: Evidence) -> Iterator[Test]:
    """One column all but determines the target, and all others do not nearly so: from how little y changes
    between rows that are neighbours in that column (von Neumann 1941)."""
    if len(evidence.sources) < 2 or len(evidence.rows) < LEAST:
        return
    Y = evidence.Y - evidence.Y.mean(axis=0)
    n, total = len(Y), float((Y * Y).sum())
    order = np.random.default_rng(0).permutation(n)  # of rows with the same value
    for source in evidence.sources:
        x = evidence.values(source)
        steps = np.diff(Y[order[np.argsort(x[order], kind="stable")]], axis=0)
        changed = float((steps * steps).sum())
        if evidence.solution.classes:  # between K classes there are K − 1 changes at least
            changed -= 2 * (len(evidence.solution.classes) - 1)
        explained = 1 - changed / (2 * total)
        x = x - x.mean()
        explained = max(explained, float(((x @ Y) ** 2).sum() / max(total * (x @ x), 1e-300)))
        p = normal_tail(explained * math.sqrt(n))
        matters = explained >= LEAK and 1 - explained <= LEFT * (
            1 - explained_by_others(evidence.X, source.features, Y)
        )
        if not matters:
            yield p, None
            continue
        drop = Remedy("drop_leak", {"exclude": [source.name]})
        yield p, Verdict("target_leak", {"column": source.name, "explained": explained}, (drop,))


def id_column(evidence: Evidence) -> Iterator[Test]:
    """Whole numbers that are all different, and lie so close that they count the rows, or are called so."""
    n = len(evidence.rows)
    if n < LEAST or len(evidence.sources) < 2:
        return
    for source in evidence.sources:
        x = evidence.values(source)
        if not source.numeric or (x != np.floor(x)).any():
            continue
        low, high = float(x.min()), float(x.max())
        width = high - low + 1
        if not np.all(np.diff(np.sort(x)) > 0):
            yield 1.0, None
            continue
        named = NAMED.search(source.name) is not None
        counts = low <= 0.05 * width or named
        p = 0.0 if named else math.exp(-n * (n - 1) / 2 / width)  # that n draws of so many are all different
        facts = {"column": source.name, "rows": n, "low": low, "high": high}
        drop = Remedy("drop_id", {"exclude": [source.name]})
        yield p, Verdict("id_column", facts, (drop,)) if counts else None


def worse_than_baseline(evidence: Evidence) -> Iterator[Test]:
    """A larger loss than that of the best constant, on validation rows, or on each row by all others."""
    solution = evidence.solution
    if evidence.held_out is not None and len(evidence.held_out) >= LEAST:
        held, loss = evidence.labelled(evidence.held_out), solution.recipe.loss
        z, Y = np.asarray(solution.scores(held), dtype=float), coded(held, loss)
        seen, own = evidence.labelled(evidence.rows), solution.recipe.weighted
        by_class = solution.recipe.class_weights is not None  # which the loss that is minimised has
        share, s = (own(seen).weights, own(held, seen).weights) if by_class else (None, 1.0)
        null = np.broadcast_to(loss.null(evidence.Y, share), Y.shape)
        model = s * loss.value(z.reshape(len(Y), -1), Y).sum(axis=1)
        constant, where = s * loss.value(null, Y).sum(axis=1), "validation"
    elif evidence.one_output:
        model, constant, where = evidence.fitted.left_out, evidence.fitted.constant, "left_out"
    else:
        return
    mean, best = float(model.mean()), float(constant.mean())
    p = t_test(model - constant)
    if not mean > (1 + WORSE) * best > 0:
        yield p, None
        return
    facts = {"model": mean, "constant": best, "rows": len(model)}
    yield p, Verdict("worse_than_baseline", facts, _simpler(solution), kind=f"worse_than_baseline_{where}")


def _simpler(solution: Any) -> tuple[Remedy, ...]:
    recipe = solution.recipe
    if not recipe.intercept and not solution.is_net:
        return (Remedy("with_intercept", {"intercept": True}),)
    if solution.selection is not None or solution.is_net:
        return (Remedy("other_columns"),)
    penalty = recipe.penalty.spec if recipe.penalty.alpha else "l2"
    change = {"penalty": penalty, "alpha": "cv"}
    return (Remedy("choose_alpha", change if recipe.scale else {**change, "penalty_on": "raw"}),)


def imbalanced(evidence: Evidence) -> Iterator[Test]:
    """A rare class that the scores rank well, and most of whose rows are given to other classes."""
    solution = evidence.solution
    if not solution.classes:
        return
    K = len(solution.classes)
    rows = evidence.labelled(evidence.rows if evidence.held_out is None else evidence.held_out)
    y = np.asarray(rows.y).astype(int)
    counts = np.bincount(y, minlength=K)
    rare = int(counts.argmin())
    count = int(counts[rare])
    if count < 10 or count > RARE * 2 / K * len(y):
        return
    z = np.asarray(solution.scores(rows), dtype=float)
    found = int((np.asarray(solution.codes(z))[y == rare] == rare).sum())
    score = (z if rare else -z) if z.ndim == 1 else z[:, rare]
    p = sum(math.comb(count, k) for k in range(found + 1)) / 2**count
    matters = found < MISSED * count and area_under_roc(score, y == rare) > RANKED
    facts = {"value": solution.classes[rare], "count": count, "rows": len(y), "found": found}
    two = K == 2 and solution.recipe.loss.has_probabilities and rare == 1
    lower = (Remedy("lower_threshold", {"threshold": "f1"}),) if two else ()
    balance = (Remedy("balance", {"class_weights": "balanced"}),) * (solution.recipe.class_weights is None)
    yield p, Verdict("imbalanced", facts, (*balance, *lower)) if matters else None


def overdispersed(evidence: Evidence) -> Iterator[Test]:
    """Counts that vary more than Poisson's: T = Σ(y − μ)² − y over √(2Σμ²).  Dean & Lawless 1989."""
    solution = evidence.solution
    if solution.recipe.loss.name != "poisson" or not evidence.one_output:
        return
    fit = evidence.fitted
    mean, y = np.exp(fit.z), fit.y
    n, q = fit.B.shape
    ratio = float((fit.share * (y - mean) ** 2 / mean).sum() / (n - q))
    p = normal_tail(float(((y - mean) ** 2 - y).sum() / math.sqrt(2 * (mean * mean).sum())))
    facts = {"ratio": ratio, "factor": math.sqrt(ratio)}
    remedy = _other_errors(solution, "quasi")
    yield p, Verdict("overdispersed", facts, (remedy,)) if ratio > DISPERSED and remedy else None


def _other_errors(solution: Any, kind: str) -> Remedy | None:
    """Standard errors of another kind; under L2 only the sandwich, under L1 there are none to be wrong."""
    penalty = solution.recipe.penalty
    if penalty.alpha and penalty.nonsmooth:
        return None
    kind = "sandwich" if penalty.alpha else kind
    return Remedy("other_errors", {"errors": kind}, {"kind": kind})


def nonlinear(evidence: Evidence) -> Iterator[Test]:
    """A column whose square, added, predicts rows left out better: the score test of the added column, with
    robust errors, and the losses of a Newton step to it."""
    if not evidence.one_output:
        return
    fit = evidence.fitted
    columns = [source for source in evidence.sources if source.numeric and bends(evidence.values(source))]
    if not columns or fit.B.shape[0] < fit.B.shape[1] + 10:
        return
    centres = [float(f"{evidence.values(source).mean():.4g}") for source in columns]
    Q = np.column_stack([(evidence.values(s) - c) ** 2 for s, c in zip(columns, centres)])
    Q /= Q.max(axis=0)
    raw = (fit.curvature[:, None] * Q * Q).sum(axis=0)
    # without what the other columns explain of them
    Q = Q - fit.B @ (fit.inverse @ (fit.B.T @ (fit.curvature[:, None] * Q)))
    size = (fit.curvature[:, None] * Q * Q).sum(axis=0)
    best, before = float(fit.constant.mean()), float(fit.left_out.mean())
    for source, centre, q, total in zip(columns, centres, Q.T, np.where(size > 1e-8 * raw, size, 0.0)):
        if not total:  # the other columns make it already
            continue
        step = -float(q @ fit.slope) / total
        h = np.minimum(fit.h + fit.fraction * fit.curvature * q * q / total, 1 - 1e-9)
        z = fit.z + step * q
        slope = fit.share * fit.loss.slope(z[:, None], fit.y[:, None])[:, 0]
        bend = np.maximum(fit.share * fit.loss.curvature(z[:, None], fit.y[:, None])[:, 0], 1e-300)
        error = math.sqrt(float(((q * slope / (1 - h)) ** 2).sum())) / total
        p = 2 * normal_tail(normal_quantile(abs(step) / max(error, 1e-300), len(z) - fit.B.shape[1] - 1))
        gains = np.sort(fit.left_out - fit.losses(z + slope / bend * h / (1 - h))) / best
        gain, without_few = float(gains.mean()), float(gains[: -max(3, len(z) // 50)].sum()) / len(z)
        matters = gain > GAIN and without_few > GAIN / 2  # not by a few rows far out
        yield p, _bent(evidence, source, centre, gain, 1 - before / best) if matters else None


def _bent(evidence: Evidence, source: Source, centre: float, gain: float, before: float) -> Verdict:
    term = f"({source.name} {'−' if centre >= 0 else '+'} {abs(centre):g})²"
    facts = {"column": source.name, "term": term, "before": before, "after": before + gain}
    name = f"{source.name}²"
    squared = f'SELECT *, ("{source.name}" - {centre!r}) ** 2 AS "{name}" FROM {{}}'
    facts |= query_over(evidence.rows.source, squared)
    return Verdict("nonlinear", facts, (Remedy("add_square", {"square": {source.name: centre}}),))


def heteroscedastic(evidence: Evidence) -> Iterator[Test]:
    """Residuals whose size follows the predictions or the columns, so that a standard error is off: n·R² of
    their squares (Koenker 1981), and HC3 over the model's own."""
    remedy = _other_errors(evidence.solution, "HC3")
    if not evidence.squared or remedy is None:
        return
    fit = evidence.fitted
    n, q = fit.B.shape
    e = np.sqrt(fit.share) * (fit.y - fit.z) / (1 - fit.h)
    squares = fit.share * (fit.y - fit.z) ** 2 / (1 - fit.h)
    z = (fit.z - fit.z.mean()) / (fit.z.std() or 1.0)
    both = (np.column_stack([np.ones(n), z, z * z]), 2), (np.column_stack([np.ones(n), fit.B]), q)
    p = min(1.0, 2 * min(chi_squared_tail(n * r_squared(squares, on), df) for on, df in both))
    half = fit.inverse @ (fit.B * (np.sqrt(fit.share) * e)[:, None] * 2).T  # (q, n)
    robust, usual = np.sqrt((half * half).sum(axis=1)), fit.standard_errors
    low, high = np.array_split(squares[np.argsort(fit.z, kind="stable")], 3)[::2]
    ratio = max(high.mean(), low.mean()) / max(min(high.mean(), low.mean()), 1e-300)
    columns = slice(0, q - 1 if evidence.solution.recipe.intercept else q)
    off = robust[columns] / np.maximum(usual[columns], 1e-300)
    j = int(np.abs(np.log(np.maximum(off, 1e-300))).argmax()) if off.size else 0
    if not off.size or abs(off[j] - 1) <= ERROR_OFF:
        yield p, None
        return
    facts = {"column": evidence.weight_names[j], "off": float(off[j]), "ratio": float(ratio)}
    yield p, Verdict("heteroscedastic", facts, (remedy,))


def influential_rows(evidence: Evidence) -> Iterator[Test]:
    """Outliers that together move a weight by MOVED standard errors or more.  Belsley et al. 1980."""
    if not evidence.squared:
        return
    fit, table = evidence.fitted, evidence.all_rows
    n, q = len(table), fit.B.shape[1]
    inverse = fit.inverse * (len(fit.z) / n)
    share = np.ones(n) if table.weights is None else table.weights / table.weights.mean()
    e = np.sqrt(share) * (np.ravel(table.y) - np.ravel(evidence.solution.scores(table)))
    scale = float(np.median(np.abs(e))) * 1.4826 * math.sqrt(n / (n - q))  # outliers do not hide each other
    if not scale > 0:
        return
    far = np.flatnonzero(np.abs(e) > 3 * scale)
    B, root = evidence.used(table.X[far]), np.sqrt(2 * share[far, None])
    h = np.minimum(root[:, 0] ** 2 * ((B @ inverse) * B).sum(axis=1), 1 - 1e-9)
    t = np.abs(e[far]) / (scale * np.sqrt(1 - h))
    each = np.array([min(1.0, 2 * n * normal_tail(normal_quantile(value, n - q - 1))) for value in t])
    out = each < SIGNIFICANT  # Bonferroni's, over all rows
    if not 0 < out.sum() <= 0.05 * n:
        yield float(each.min(initial=1.0)), None
        return
    B, root, rows, h = B[out] * root[out], root[out, 0], far[out], h[out]
    moved = inverse @ B.T @ np.linalg.pinv(np.eye(len(rows)) - B @ inverse @ B.T)
    moved = np.abs(moved @ (root * e[rows] / np.sqrt(share[rows])))
    inside = np.delete(e, rows)
    errors = np.sqrt(2 * float(inside @ inside) / (n - q - len(rows)) * np.diag(inverse))
    most = moved / np.maximum(errors, 1e-300)
    if not most.max() > MOVED:
        yield float(each.min()), None
        return
    first = rows[np.argsort(-t[out], kind="stable")]
    facts: dict[str, Any] = {"count": len(rows), "moved": float(most.max())}
    facts["rows"] = ", ".join(str(row + 1) for row in np.sort(first[:5])) + (", …" if len(first) > 5 else "")
    facts["column"] = evidence.weight_names[int(most.argmax())]
    huber = Remedy("use_huber", {"loss": f"huber:{float(f'{1.345 * scale:.3g}'):g}"})
    remedies = (*((huber,) if h.max() < MISSED else ()), Remedy("check_rows"))
    yield float(each.min()), Verdict("influential_rows", facts, remedies)


def alpha_at_edge(evidence: Evidence) -> Iterator[Test]:
    """The best alpha of a path is its first, at which no column counts, or its last."""
    path = evidence.solution.path
    if path is None or path.curve is None or len(path.alphas) < 3:
        return
    costs = -path.curve if path.higher else path.curve
    best, facts = int(np.argmin(costs)), {"alpha": float(path.alphas[np.argmin(costs)])}
    if best == 0:
        yield 0.0, Verdict("alpha_at_edge", facts, (Remedy("other_columns"),), kind="alpha_at_upper_edge")
    fall = float(costs[np.argmax(path.alphas <= 10 * path.alphas[-1])] - costs[-1])  # over the last decade
    least = 2.0 if path.rule in ("aic", "bic") else 0.01 * abs(costs[-1])
    if best == len(costs) - 1 and fall > least:
        remedy = Remedy("no_penalty", {"penalty": "none", "alpha": 0.0})
        if evidence.solution.recipe.loss.likelihood:  # which may have no minimum without a penalty
            change = {"penalty": path.penalty, "alpha": float(f"{path.alphas[-1] / 10:.3g}")}
            remedy = Remedy("smaller_alpha", change)
        yield 0.0, Verdict("alpha_at_edge", facts | {"fall": fall}, (remedy,))


def shifted(evidence: Evidence) -> Iterator[Test]:
    """Validation rows that are distributed otherwise than training rows: the distance between the
    distribution functions of each column (Kolmogorov 1933, Smirnov 1939)."""
    held = evidence.held_out
    if held is None or min(len(held), len(evidence.rows)) < LEAST:
        return
    other, found = dense(held.X), []
    for source in evidence.sources:
        a, b = np.sort(evidence.values(source)), np.sort(evidence.values(source, other))
        at = np.sort(np.concatenate([a, b]))
        below = [np.searchsorted(one, at, side="right") / len(one) for one in (a, b)]
        distance = float(np.abs(below[0] - below[1]).max())
        x = distance * math.sqrt(len(a) * len(b) / len(at))
        p = min(1.0, 2 * math.exp(-2 * x * x))
        found.append((p, distance, source, float(a[len(a) // 2]), float(b[len(b) // 2])))
    worst = max(found, key=lambda one: one[1])
    for one in found:
        p, distance, source, usual, there = one
        if one is not worst or distance <= APART:
            yield p, None
            continue
        facts = {"column": source.name, "distance": distance, "training": usual, "validation": there}
        facts["count"] = sum(d > APART for _, d, *_ in found)
        yield p, Verdict("shifted", facts, (Remedy("draw_validation", {"validate": 0.2}),))


def duplicates_across_split(evidence: Evidence) -> Iterator[Test]:
    """Validation rows that stand among the training rows too, target included, where values are so many that
    chance makes hardly any."""
    if evidence.held_out is None or len(evidence.held_out) < LEAST:
        return
    train = with_target(evidence.labelled(evidence.rows))
    alike = []  # the chance that two rows have the same value, of each column
    for column in train.T:
        counts = np.unique(column, return_counts=True)[1] / len(train)
        alike.append(float(counts @ counts))
    both = [with_target(evidence.labelled(some(rows, HASHED))) for rows in evidence.in_memory]
    chance = min(1.0, len(both[0]) * math.prod(sorted(alike)[:3]))
    count, rows = int(repeated(*both).sum()), len(both[1])
    p = min(1.0, (rows * chance) ** count / math.factorial(min(count, 150))) if count else 1.0
    if chance > 1e-2 or count <= REPEATED * rows:
        yield p, None
        return
    facts: dict[str, Any] = {"count": count, "rows": rows, "share": count / rows}
    facts |= query_over(evidence.rows.source, "SELECT DISTINCT * FROM {} ORDER BY ALL")
    yield p, Verdict("duplicates_across_split", facts, (Remedy("distinct_rows", {"distinct": True}),))


Judgements = tuple[Callable[[Evidence], Iterator[Test]], ...]
ABOUT_ROWS: Judgements = (target_leak, duplicates_across_split, id_column, shifted)  # whatever the weights
ABOUT_MODEL: Judgements = (
    *(worse_than_baseline, imbalanced, influential_rows, nonlinear, heteroscedastic, overdispersed),
    alpha_at_edge,
)
FINDINGS = ABOUT_ROWS + ABOUT_MODEL


class DataFindings(Sequence[Verdict]):
    """The findings about the rows of a fit, the gravest first; looked for when they are first asked for."""

    def __init__(self, find: Callable[[], tuple[Verdict, ...]]):
        self._find: Callable[[], tuple[Verdict, ...]] | None = find
        self._found: tuple[Verdict, ...] = ()

    @classmethod
    def of(cls, solution: Any, dataset: Any, held_out: Any, rerun: Callable) -> DataFindings:
        """Of a solution on its rows; `rerun` makes the fit again with the change of a remedy."""
        return cls(partial(_findings, solution, dataset, held_out, rerun))

    @property
    def found(self) -> tuple[Verdict, ...]:
        if self._find is not None:
            self._found, self._find = self._find(), None
        return self._found

    def __getitem__(self, place: Any) -> Any:
        return self.found[place]

    def __len__(self) -> int:
        return len(self.found)

    def __repr__(self) -> str:
        return repr(self.found)

    def __reduce__(self):
        return tuple, (self.found,)  # what is stored holds no rows


def _changed(solution: Any, dataset: Any, rerun: Callable, change: Mapping[str, Any]) -> Any:
    """The fit with the change of a remedy; of other standard errors, their table."""
    if "errors" in change:
        return standard_errors(solution, dataset, kind=change["errors"])
    return rerun(change)


@one_blas_thread()
def _findings(solution: Any, dataset: Any, held_out: Any, rerun: Callable) -> tuple[Verdict, ...]:
    """All that hold. A judgement that raises finds nothing: insight never costs a fit."""
    if solution.verdict.failed or not dataset.targets:
        return ()
    try:
        evidence = Evidence.of(solution, dataset, held_out)
        if not evidence.Y.std(axis=0).max() > FLAT * np.abs(evidence.Y).max():
            return ()
    except Exception:
        return ()
    tests: list[Test] = []
    # Residuals of weights that are still on their way say nothing about the data.
    for judgement in ABOUT_ROWS if solution.verdict.unfinished else FINDINGS:
        try:
            with np.errstate(all="ignore"):
                tests += list(judgement(evidence))
        except Exception:
            continue
    adjusted = holm([p for p, _ in tests])
    found = [one for (_, one), p in zip(tests, adjusted) if p <= SIGNIFICANT and one is not None]
    codes = {verdict.code: verdict for verdict in found}
    shrunk = "alpha_at_edge" in codes and not codes["alpha_at_edge"].kind  # residuals are the penalty's work
    if "nonlinear" in codes or shrunk:  # what bends the mean makes residuals large
        found = [verdict for verdict in found if verdict.code not in ("heteroscedastic", "influential_rows")]
    elif "heteroscedastic" in codes and "influential_rows" in codes:  # many outliers are its tails
        few = codes["influential_rows"].numbers["count"] <= max(3, 0.01 * len(dataset))
        found.remove(codes["heteroscedastic" if few else "influential_rows"])
    again = partial(_changed, solution, dataset, rerun)
    return tuple(replace(verdict, rerun=again) if verdict.remedy else verdict for verdict in found)

"""The training of a script in NumPy: the equations written out."""

from __future__ import annotations

from ...descent.batching import BLOCK, BLOCKS, TOGETHER
from ...messages import text
from ..solution import Solution
from .coordinates import NUMPY, begun, constant_rate, passes, rate_function, standardised, unscaled
from .plan import ScriptPlan, predict_lines

NEEDED = {
    "closed_form": (),
    "loop": ("slope",),
    "newton": ("value", "slope", "bend"),
    "other": ("value", "slope"),
}


def numpy_training(plan: ScriptPlan) -> list[str]:
    """The functions of the script from the loss to the prediction."""
    lines_of, parts = plan.loss.numpy_lines(plan.outputs, rounded=plan.way != "loop"), []
    bodies = dict(zip(("value", "slope", "bend"), lines_of))
    if plan.loss.has_probabilities:
        parts.append(numpy_chances(plan.outputs))
    for kind in NEEDED[plan.way]:
        *before, last = bodies[kind]
        body = [f"    {line}" for line in (*before, f"return {last}")]
        parts.append("\n".join([f"def {kind}(z, Y):", f'    """{text(f"export.script_{kind}")}"""', *body]))
    if plan.way == "loop" and constant_rate(plan) is None:
        parts.append(rate_function(plan))
    if plan.way == "loop" and plan.method.batch and plan.method.batch.order == "blocks":
        parts.append(_in_blocks())
    if plan.lasso:
        parts.append("def shrink(v, by):\n    return np.sign(v) * np.maximum(abs(v) - by, 0)")
    way = {"closed_form": _closed_form, "loop": _loop, "newton": _newton, "other": _other}[plan.way]
    lines = [f"def train(X, Y{', share' * plan.row_weights}):", f'    """{text("export.script_train")}"""']
    lines += [*standardised(plan, NUMPY), *way(plan), *unscaled(plan, NUMPY)]
    return [*parts, "\n".join(lines), numpy_predict(plan.solution, "X, W, b", "X @ W + b")]


def _in_blocks() -> str:
    """`Batch.order_of` of order="blocks"."""
    lines = (
        f'"""{text("export.script_in_blocks")}"""',
        f"size, span = min({BLOCK}, max(1, n // {BLOCKS})), {TOGETHER}",
        "order = (draw.permutation(-(-n // size))[:, None] * size + np.arange(size)).ravel()",
        "order = order[order < n]",
        "return np.concatenate([draw.permutation(order[i : i + span]) for i in range(0, n, span)])",
    )
    return "\n    ".join(("def in_blocks(n, draw):", *lines))


def numpy_chances(outputs: int) -> str:
    if outputs == 1:
        return "def chances(z):\n    return np.exp(-np.logaddexp(0, -z))  # 1/(1 + exp(-z)), without overflow"
    lines = ["def chances(z):", "    e = np.exp(z - z.max(axis=1, keepdims=True))"]
    return "\n".join([*lines, "    return e / e.sum(axis=1, keepdims=True)"])


# ---- the ways ----


def _closed_form(plan: ScriptPlan) -> list[str]:
    """The normal equation, by least squares: the L2 penalty is a row for each weight."""
    lines = []
    rows, wanted = "Z", "Y"
    if plan.weighted:
        lines.append("    root = np.sqrt(share)[:, None]")
        rows, wanted = "root * Z", "root * Y"
    if plan.ridge:
        lines.append("    root_n = np.sqrt(n)")
        rows = f"np.vstack([{rows} / root_n, np.diag(np.sqrt(ridge[:, 0] / 2))])"
        wanted = f"np.vstack([{wanted} / root_n, np.zeros((Z.shape[1], Y.shape[1]))])"
    return [*lines, f"    theta = np.linalg.lstsq({rows}, {wanted}, rcond=None)[0]"]


def _gradient(plan: ScriptPlan, at: str = "theta", rows: str = "") -> str:
    slopes = f"slope(Z{rows} @ {at}, Y{rows})"
    slopes = f"(share{rows}[:, None] * {slopes})" if plan.weighted else slopes
    count = "len(rows)" if rows else "n"
    return f"Z{rows}.T @ {slopes} / {count}" + (f" + ridge * {at}" if plan.ridge else "")


def _loop(plan: ScriptPlan) -> list[str]:
    """One update after another, the direction's equation written out."""
    lines, rows, indent = passes(plan, NUMPY)
    direction, rate = plan.method.direction, constant_rate(plan)
    decayed = "theta[:-1]" if plan.solution.recipe.intercept else "theta"
    memory, moves = direction.equation.in_numpy(vars(direction), "theta", decayed)
    moves += ["theta = shrink(theta, t * lasso)"] if plan.lasso else []
    memory += [f"t = {rate}"] if rate else []
    before = [*begun(plan, NUMPY), *(f"    {line}" for line in memory)]
    return [*before, *lines, f"{indent}g = {_gradient(plan, rows=rows)}", *(indent + line for line in moves)]


def _objective(plan: ScriptPlan) -> str:
    """F without its kink, at a theta called w."""
    values = "value(Z @ w, Y).sum(axis=1)"
    return f"({f'share * {values}' if plan.weighted else values}).mean()" + (
        " + (ridge * w**2).sum() / 2" if plan.ridge else ""
    )


def _newton(plan: ScriptPlan) -> list[str]:
    """d = −H⁻¹g, halved until F falls enough; what H is blind to is left alone."""
    share = "share[:, None] * " if plan.weighted else ""
    k = plan.outputs
    ridge = f" + np.diag({'ridge[:, 0]' if k == 1 else 'np.repeat(ridge, Y.shape[1])'})" if plan.ridge else ""
    if k == 1:
        H = f"(Z * ({share}bend(Z @ theta, Y))).T @ Z / n{ridge}"
    else:
        coupled = plan.loss.coupled(k)
        bend = "bend(Z @ theta, Y)" if coupled else "bend(Z @ theta, Y)[:, :, None] * np.eye(Y.shape[1])"
        bend = f"share[:, None, None] * {bend}" if plan.weighted else bend
        product = f'np.einsum("ni,nkl,nj->ikjl", Z, {bend}, Z, optimize=True)'
        H = f"{product}.reshape(theta.size, -1) / n{ridge}"
    return [
        f"    F = lambda w: {_objective(plan)}",
        *begun(plan, NUMPY),
        "    for _ in range(100):",
        f"        g = {_gradient(plan)}",
        f"        H = {H}",
        "        down = -np.linalg.lstsq(H, g.ravel(), rcond=None)[0].reshape(theta.shape)",
        "        t = 1.0",
        "        while not F(theta + t * down) <= F(theta) + 1e-4 * t * (g * down).sum() and t > 1e-10:",
        "            t /= 2",
        "        theta = theta + t * down",
        "        if abs(t * down).max() <= 1e-13 * abs(theta).max():",
        "            break",
    ]


def _other(plan: ScriptPlan) -> list[str]:
    """Accelerated descent whose step is halved until it is safe: the minimum, whatever way the run took."""
    new = "shrink(ahead - t * g, t * lasso)" if plan.lasso else "ahead - t * g"
    return [
        f"    F = lambda w: {_objective(plan)}",
        *begun(plan, NUMPY),
        "    ahead, t, speed = theta, 1.0, 1.0",
        "    for _ in range(10_000):",
        f"        g = {_gradient(plan, 'ahead')}",
        "        while True:",
        f"            new = {new}",
        "            step = new - ahead",
        "            bound = F(ahead) + (g * step).sum() + (step**2).sum() / (2 * t)",
        "            if F(new) <= bound + 1e-12 * abs(bound) or t < 1e-20:",
        "                break",
        "            t /= 2",
        "        if ((ahead - new) * (new - theta)).sum() > 0:",
        "            speed = 1.0  # it turned uphill",
        "        faster = (1 + np.sqrt(1 + 4 * speed**2)) / 2",
        "        ahead, theta, speed = new + (speed - 1) / faster * (new - theta), new, faster",
        "        if abs(step).max() <= 1e-10 * abs(theta).max():",
        "            break",
    ]


def numpy_predict(solution: Solution, given: str, z: str) -> str:
    """From what is given to the scores z, and to what the script prints of each row."""
    one = solution.outputs == 1
    picked = f"(z[:, 0] > {solution.cut or 0!r}).astype(int)" if one else "z.argmax(axis=1)"
    p = "np.hstack([1 - chances(z), chances(z)])" if one else "chances(z)"
    return predict_lines(solution, given, z, "np.exp(z)", picked, p)

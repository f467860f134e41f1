"""The training of a script in NumPy: the equations written out."""

from __future__ import annotations

from ...descent.schedules import Constant
from ...messages import text
from .coordinates import begun, passes, rate_function, standardised, unscaled
from .plan import Plan

SIDE = "side = 2 * Y - 1  # ±1"


def expressions(plan: Plan) -> dict[str, list[str]]:
    """The lines of value, slope and curvature of the run's loss at z (n, k)."""
    name, loss, several = plan.loss.name, plan.loss, plan.outputs > 1
    if name == "squared":
        return {
            "value": ["return (z - Y) ** 2"],
            "slope": ["return 2 * (z - Y)"],
            "bend": ["return np.full(z.shape, 2.0)"],
        }
    if name in ("absolute", "quantile", "huber"):
        rounding = plan.way != "loop" and not loss.smooth
        h = (
            "1e-3 * Y.std()" if rounding else repr(loss.width)
        )  # a kink is rounded where the method needs slopes
        if not loss.smooth and not rounding:
            slope = [f"return np.where(z > Y, {loss.up!r}, np.where(z < Y, {-loss.down!r}, 0.0))"]
            return {"slope": slope}
        e = [f"e, h, up, down = z - Y, {h}, {loss.up!r}, {loss.down!r}"]
        lines = "np.where(e > h * up, up * e - h * up**2 / 2, -down * e - h * down**2 / 2)"
        inside = "(-h * down <= e) & (e <= h * up)"
        return {
            "value": [*e, f"inside = {inside}", f"return np.where(inside, e**2 / (2 * h), {lines})"],
            "slope": [*e, "return np.clip(e / h, -down, up)"],
            "bend": [*e, f"return np.where({inside}, 1 / h, 0.0)"],
        }
    if name == "poisson":
        mean = "np.exp(np.minimum(z, 700))"
        return {
            "value": [f"return {mean} - Y * z"],
            "slope": [f"return {mean} - Y"],
            "bend": [f"return {mean}"],
        }
    if name == "log" and several:
        bend = ["p = chances(z)", "return p[:, :, None] * (np.eye(p.shape[1]) - p[:, None, :])  # (n, K, K)"]
        top = "top = z.max(axis=1, keepdims=True)"
        value = [
            top,
            "return top + np.log(np.exp(z - top).sum(axis=1, keepdims=True)) - (Y * z).sum(axis=1, keepdims=True)",
        ]
        return {"value": value, "slope": ["return chances(z) - Y"], "bend": bend}
    if name == "log":
        value = ["return np.logaddexp(0, z) - Y * z"]
        return {
            "value": value,
            "slope": ["return chances(z) - Y"],
            "bend": ["p = chances(z)", "return p * (1 - p)"],
        }
    short = "np.maximum(0, 1 - side * z)"
    if name == "squared_hinge":
        value, slope, bend = f"{short} ** 2", f"-2 * {short} * side", "np.where(side * z < 1, 2.0, 0.0)"
    else:
        value = f"np.where(side * z <= 0, 0.5 - side * z, 0.5 * {short} ** 2)"
        slope, bend = (
            "-np.clip(1 - side * z, 0, 1) * side",
            "np.where((side * z > 0) & (side * z < 1), 1.0, 0.0)",
        )
    return {
        kind: [SIDE, f"return {line}"]
        for kind, line in {"value": value, "slope": slope, "bend": bend}.items()
    }


def numpy_training(plan: Plan) -> list[str]:
    """The functions of the script from the loss to the prediction."""
    needed = {
        "closed_form": [],
        "loop": ["slope"],
        "newton": ["value", "slope", "bend"],
        "other": ["value", "slope"],
    }
    told = expressions(plan)
    parts = []
    if plan.loss.name == "log":
        parts.append(_chances(plan))
    for kind in needed[plan.way]:
        body = "\n".join(f"    {line}" for line in told[kind])
        parts.append(f'def {kind}(z, Y):\n    """{text(f"export.script_{kind}")}"""\n{body}')
    if plan.way == "loop" and not isinstance(plan.schedule, Constant):
        parts.append(rate_function(plan, "np"))
    if plan.lasso:
        parts.append("def shrink(v, by):\n    return np.sign(v) * np.maximum(abs(v) - by, 0)")
    body = {"closed_form": _closed_form, "loop": _loop, "newton": _newton, "other": _other}[plan.way](plan)
    share = ", share" if plan.weighted else ""
    lines = [
        f"def train(X, Y{share}):",
        f'    """{text("export.script_train")}"""',
        *standardised(plan, "np"),
        *body,
    ]
    parts.append("\n".join([*lines, *unscaled(plan, "np")]))
    parts.append(_predict(plan))
    return parts


def _chances(plan: Plan) -> str:
    if plan.outputs == 1:
        return "def chances(z):\n    return (1 + np.tanh(z / 2)) / 2  # 1/(1 + exp(-z)), without overflow"
    return (
        "def chances(z):\n    e = np.exp(z - z.max(axis=1, keepdims=True))\n"
        "    return e / e.sum(axis=1, keepdims=True)"
    )


# ---- the ways ----


def _closed_form(plan: Plan) -> list[str]:
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


def _gradient(plan: Plan, at: str = "theta", rows: str = "") -> str:
    slopes = f"slope(Z{rows} @ {at}, Y{rows})"
    slopes = f"(share{rows}[:, None] * {slopes})" if plan.weighted else slopes
    count = "len(rows)" if rows else "n"
    return f"Z{rows}.T @ {slopes} / {count}" + (f" + ridge * {at}" if plan.ridge else "")


def _loop(plan: Plan) -> list[str]:
    """One update after another, the direction's equation written out."""
    lines, rows, indent = passes(plan, "np")
    direction, name = plan.method.direction, plan.method.direction.name
    constant = isinstance(plan.schedule, Constant) and plan.schedule is not None
    before = [f"    t = {float(plan.schedule.rate)!r}"] if constant and plan.schedule is not None else []
    first, second = "    v = np.zeros_like(theta)", "    u, updates = np.zeros_like(theta), 0"
    moves: dict[str, list[str]] = {
        "steepest": ["theta = shrink(theta - t * g, t * lasso)" if plan.lasso else "theta = theta - t * g"],
        "momentum": [f"v = {getattr(direction, 'beta', 0)!r} * v + g", "theta = theta - t * v"],
        "nesterov": [
            f"v = {getattr(direction, 'beta', 0)!r} * v + g",
            f"theta = theta - t * (g + {getattr(direction, 'beta', 0)!r} * v)",
        ],
        "adagrad": [
            "v = v + g**2",
            f"theta = theta - t * g / (np.sqrt(v) + {getattr(direction, 'epsilon', 0)!r})",
        ],
        "rmsprop": [
            f"v = {getattr(direction, 'rho', 0)!r} * v + (1 - {getattr(direction, 'rho', 0)!r}) * g**2",
            f"theta = theta - t * g / (np.sqrt(v) + {getattr(direction, 'epsilon', 0)!r})",
        ],
    }
    if name in ("adam", "adamw"):
        a, b = direction.beta1, direction.beta2
        decay = []
        if name == "adamw":
            kept = "theta[:-1]" if plan.solution.recipe.intercept else "theta"
            decay = [f"{kept} *= 1 - t * {direction.decay!r}"]
        moves[name] = [
            "updates += 1",
            f"v = {a!r} * v + (1 - {a!r}) * g",
            f"u = {b!r} * u + (1 - {b!r}) * g**2",
            *decay,
            f"step = (v / (1 - {a!r}**updates)) / (np.sqrt(u / (1 - {b!r}**updates)) + {direction.epsilon!r})",
            "theta = theta - t * step",
        ]
    if name != "steepest":
        before.append(first)
    if name in ("adam", "adamw"):
        before.append(second)
    inner = [f"g = {_gradient(plan, rows=rows)}", *moves[name]]
    return [*begun(plan, "np"), *before, *lines, *(indent + line for line in inner)]


def _objective(plan: Plan, np: str = "np") -> str:
    """F without its kink, at a theta called w."""
    values = "value(Z @ w, Y).sum(axis=1)"
    return f"({f'share * {values}' if plan.weighted else values}).mean()" + (
        " + (ridge * w**2).sum() / 2" if plan.ridge else ""
    )


def _newton(plan: Plan) -> list[str]:
    """d = −H⁻¹g, halved until F falls enough; what H is blind to is left alone."""
    share = "share[:, None] * " if plan.weighted else ""
    k = plan.outputs
    ridge = f" + np.diag({'ridge[:, 0]' if k == 1 else 'np.repeat(ridge, Y.shape[1])'})" if plan.ridge else ""
    if k == 1:
        H = f"(Z * ({share}bend(Z @ theta, Y))).T @ Z / n{ridge}"
    else:
        coupled = plan.loss.name == "log"
        bend = "bend(Z @ theta, Y)" if coupled else "bend(Z @ theta, Y)[:, :, None] * np.eye(Y.shape[1])"
        bend = f"share[:, None, None] * {bend}" if plan.weighted else bend
        product = f'np.einsum("ni,nkl,nj->ikjl", Z, {bend}, Z, optimize=True)'
        H = f"{product}.reshape(theta.size, -1) / n{ridge}"
    return [
        f"    F = lambda w: {_objective(plan)}",
        *begun(plan, "np"),
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


def _other(plan: Plan) -> list[str]:
    """Accelerated descent whose step is halved until it is safe: the minimum, whatever way the run took."""
    new = "shrink(ahead - t * g, t * lasso)" if plan.lasso else "ahead - t * g"
    return [
        f"    F = lambda w: {_objective(plan)}",
        *begun(plan, "np"),
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


def _predict(plan: Plan) -> str:
    lines = ["def predict(X, W, b):", f'    """{text("export.script_predict")}"""', "    z = X @ W + b"]
    if not plan.solution.classes:
        return "\n".join(
            [
                *lines,
                "    return np.exp(z).tolist()" if plan.loss.name == "poisson" else "    return z.tolist()",
            ]
        )
    one = plan.outputs == 1
    picked = "(z[:, 0] > 0).astype(int)" if one else "z.argmax(axis=1)"
    lines.append(f"    labels = [CLASSES[k] for k in {picked}]")
    if plan.loss.name != "log":
        return "\n".join([*lines, "    return [[label] for label in labels]"])
    lines.append("    p = np.hstack([1 - chances(z), chances(z)])" if one else "    p = chances(z)")
    return "\n".join([*lines, "    return [[label, *row] for label, row in zip(labels, p.tolist())]"])

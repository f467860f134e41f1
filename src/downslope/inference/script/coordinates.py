"""What is the same in NumPy and PyTorch: coordinates, the start, learning rates and the order of the rows."""

from __future__ import annotations

from dataclasses import dataclass

from ...descent.schedules import Constant
from ...messages import text
from .plan import ScriptPlan


@dataclass(frozen=True)
class Dialect:
    """How a library says it."""

    name: str
    axis: str
    array: str
    double: str  # the last argument of what makes an array

    def new(self, what: str, shape: str) -> str:
        return f"{self.name}.{what}({shape}{self.double})"


NUMPY = Dialect("np", "axis", "np.array({})", "")
TORCH = Dialect("torch", "dim", "torch.tensor({}, dtype=torch.float64)", ", dtype=torch.float64")


def standardised(plan: ScriptPlan, lib: Dialect) -> list[str]:
    """Lines that make Z (n, q), m, s and the prices of the weights in its coordinates."""
    recipe, np = plan.solution.recipe, lib.name
    lines = ["n, d = X.shape"]
    mean, spread = f"X.mean({lib.axis}=0)", f"((X - m) ** 2).mean({lib.axis}=0)"
    if plan.class_weights is not None:
        lines += _by_class(plan, lib)
    if plan.weighted:
        lines.append("share = share / share.mean()")
        mean, spread = "share @ X / n", "share @ (X - m) ** 2 / n"
    lines.append(f"m = {mean if recipe.scale and recipe.intercept else lib.new('zeros', 'd')}")
    if recipe.scale:
        lines.append(f"s = {np}.sqrt({spread})")
        lines.append(f"s = {np}.where(s > 1e-14 * abs(m), s, {np}.ones_like(s))")
    else:
        lines.append(f"s = {lib.new('ones', 'd')}")
    ones, zero = lib.new("ones", "(n, 1)"), lib.new("zeros", "1")
    lines.append(f"Z = {np}.hstack([(X - m) / s, {ones}])" if recipe.intercept else "Z = (X - m) / s")
    for name, price, power in (("ridge", plan.ridge, "s**2"), ("lasso", plan.lasso, "s")):
        if price:
            raw = recipe.penalty_on == "raw"
            prices = f"{price!r} / {power}" if raw else f"{price!r} * {np}.ones_like(s)"
            prices = f"{np}.hstack([{prices}, {zero}])" if recipe.intercept else f"({prices})"
            lines.append(f"{name} = {prices}[:, None]")
    return [f"    {line}" for line in lines]


def _by_class(plan: ScriptPlan, lib: Dialect) -> list[str]:
    """Lines that multiply the weights of rows by those of their classes."""
    asked, classes, np = plan.class_weights, plan.solution.classes, lib.name
    factors = f"share.sum() / ({len(classes)} * (share @ member))"
    if not isinstance(asked, str):
        factors = lib.array.format([asked.get(str(label), 1.0) for label in classes])
    begun = [] if plan.row_weights else [f"share = {lib.new('ones', 'n')}"]
    member = "Y" if len(classes) > 2 else f"{np}.hstack([1 - Y, Y])"
    return [*begun, f"member = {member}  # (n, K)", f"share = share * (member @ ({factors}))"]


def begun(plan: ScriptPlan, lib: Dialect) -> list[str]:
    """Lines that set theta where the descent began."""
    if plan.start is None:
        return [f"    theta = {lib.new('zeros', '(Z.shape[1], Y.shape[1])')}"]
    d = len(plan.solution.features)
    W, b = (lib.array.format(part.tolist()) for part in (plan.start[:d], plan.start[d:]))
    starts_at_weights = plan.start[:d].any()
    weights = f"{W} * s[:, None]" if starts_at_weights else lib.new("zeros", "(d, Y.shape[1])")
    if not plan.solution.recipe.intercept:
        return [f"    theta = {weights}"]
    return [f"    theta = {lib.name}.vstack([{weights}, {b}{f' + m @ {W}' if starts_at_weights else ''}])"]


def unscaled(plan: ScriptPlan, lib: Dialect) -> list[str]:
    """Lines that return W (d, k) and b (k,) in the units of the data."""
    if not plan.solution.recipe.intercept:
        return [f"    return theta / s[:, None], {lib.new('zeros', 'theta.shape[1]')}"]
    return ["    W = theta[:-1] / s[:, None]", "    return W, theta[-1] - m @ W"]


def constant_rate(plan: ScriptPlan) -> str | None:
    """The learning rate, if it is one number."""
    return repr(float(plan.schedule.rate)) if isinstance(plan.schedule, Constant) else None


def rate_function(plan: ScriptPlan) -> str:
    """def rate(update), the schedule as it is written."""
    assert plan.schedule is not None
    lines = [line.format(**vars(plan.schedule)) for line in plan.schedule.lines]
    head = ["def rate(update, per_epoch, total):", f'    """{text("export.script_rate")}"""']
    return "\n".join([*head, *(f"    {line}" for line in lines)])


def passes(plan: ScriptPlan, lib: Dialect) -> tuple[list[str], str, str]:
    """Lines that open the loops over epochs and batches; the rows of an update; the indent inside."""
    method, recipe, epochs = plan.method, plan.solution.recipe, plan.solution.epochs
    falls = constant_rate(plan) is None
    if method.batch is None:
        lines = [f"    for update in range({epochs}):"]
        return lines + [f"        t = rate(update, 1, {recipe.epochs})"] * falls, "", "        "
    size, order, np = method.batch.size, method.batch.order, lib.name
    if not isinstance(order, str):
        picked, taken = f"{np}.{'tensor' if lib is TORCH else 'array'}({list(order)})", str(len(order))
    else:
        draw = f"np.random.Generator(np.random.Philox(key={recipe.seed}, counter=[0, 0, 0, epoch]))"
        drawn = {"shuffle": f"{draw}.permutation(n)", "replacement": f"{draw}.integers(0, n, n)"}
        drawn["blocks"] = f"in_blocks(n, {draw})"
        if lib is TORCH:
            whole = "torch.randperm(n)"
            drawn = {"shuffle": whole, "replacement": "torch.randint(n, (n,))", "blocks": whole}
        picked, taken = {**drawn, "cyclic": f"{np}.arange(n)"}[order], "n"
    lines = ["    update = 0", *[f"    torch.manual_seed({recipe.seed})"] * (lib is TORCH)]
    lines += [
        f"    for epoch in range({epochs}):",
        f"        order = {picked}",
        f"        for first in range(0, {taken}, {size}):",
        f"            rows = order[first : first + {size}]",
    ]
    if falls:
        per_epoch = f"-(-{taken} // {size})"
        lines.append(f"            t = rate(update, {per_epoch}, {per_epoch} * {recipe.epochs})")
    lines.append("            update += 1")
    return lines, "[rows]", "            "

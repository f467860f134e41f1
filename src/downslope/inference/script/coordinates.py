"""What is the same in NumPy and PyTorch: coordinates, the start, learning rates and the order of the rows.

`np` is the name of the library, "np" or "torch".
"""

from __future__ import annotations

from ...descent.methods import Method
from ...descent.rows import Batch
from ...descent.schedules import Constant
from ...messages import text
from .plan import Plan


def standardised(plan: Plan, np: str) -> list[str]:
    """Lines that make Z (n, q), m, s and the prices of the weights in its coordinates."""
    recipe, weighted = plan.solution.recipe, plan.weighted
    axis, join = ("axis", "hstack") if np == "np" else ("dim", "hstack")
    dtype = "" if np == "np" else ", dtype=torch.float64"
    lines = ["n, d = X.shape", *(["share = share / share.mean()"] if weighted else [])]
    mean = "share @ X / n" if weighted else f"X.mean({axis}=0)"
    spread = "share @ (X - m) ** 2 / n" if weighted else f"((X - m) ** 2).mean({axis}=0)"
    center = recipe.scale and recipe.intercept
    lines.append(f"m = {mean}" if center else f"m = {np}.zeros(d{dtype})")
    if recipe.scale:
        lines.append(f"s = {np}.sqrt({spread})")
        lines.append(
            f"s = {np}.where(s > 1e-14 * abs(m), s, {'1.0' if np == 'np' else 'torch.ones_like(s)'})"
        )
    else:
        lines.append(f"s = {np}.ones(d{dtype})")
    if recipe.intercept:
        lines.append(f"Z = {np}.{join}([(X - m) / s, {np}.ones((n, 1){dtype})])")
    else:
        lines.append("Z = (X - m) / s")
    for name, price, power in (("ridge", plan.ridge, "s**2"), ("lasso", plan.lasso, "s")):
        if price and recipe.intercept:
            joined = (
                "np.append({}, 0)"
                if np == "np"
                else "torch.hstack([{}, torch.zeros(1, dtype=torch.float64)])"
            )
            lines.append(f"{name} = {joined.format(f'{price!r} / {power}')}[:, None]")
        elif price:
            lines.append(f"{name} = ({price!r} / {power})[:, None]")
    return [f"    {line}" for line in lines]


def begun(plan: Plan, np: str) -> list[str]:
    """Lines that set theta where the descent began."""
    q = "Z.shape[1], Y.shape[1]"
    if plan.start is None:
        return [f"    theta = {np}.zeros(({q}){'' if np == 'np' else ', dtype=torch.float64'})"]
    d, array = (
        len(plan.solution.features),
        "np.array({})" if np == "np" else "torch.tensor({}, dtype=torch.float64)",
    )
    W, rest = plan.start[:d], plan.start[d:]
    scaled = f"{array.format(W.tolist())} * s[:, None]" if W.any() else None
    zeros = f"{np}.zeros((d, Y.shape[1]){'' if np == 'np' else ', dtype=torch.float64'})"
    if not plan.solution.recipe.intercept:
        return [f"    theta = {scaled or zeros}"]
    shift = f" + m @ {array.format(W.tolist())}" if scaled else ""
    return [f"    theta = {np}.vstack([{scaled or zeros}, {array.format(rest.tolist())}{shift}])"]


def unscaled(plan: Plan, np: str) -> list[str]:
    """Lines that return W (d, k) and b (k,) in the units of the data."""
    if not plan.solution.recipe.intercept:
        zeros = (
            "np.zeros(theta.shape[1])" if np == "np" else "torch.zeros(theta.shape[1], dtype=torch.float64)"
        )
        return [f"    return theta / s[:, None], {zeros}"]
    return ["    W = theta[:-1] / s[:, None]", "    return W, theta[-1] - m @ W"]


def rate_function(plan: Plan, np: str) -> str:
    """def rate(update), the schedule as it is written."""
    schedule, kind = plan.schedule, type(plan.schedule).__name__
    rate = repr(float(schedule.rate)) if schedule is not None else ""
    epoch = "epoch = update / per_epoch"
    get = lambda name: repr(getattr(schedule, name))
    body = {
        "InverseScaling": lambda: [epoch, f"return {rate} / (1 + epoch) ** {get('power')}"],
        "StepDecay": lambda: [f"return {rate} * {get('factor')} ** (update // per_epoch // {get('every')})"],
        "Exponential": lambda: [epoch, f"return {rate} * {get('factor')} ** epoch"],
        "Cosine": lambda: [
            "progress = update / total",
            f"return {get('last')} + ({rate} - {get('last')}) * (1 + math.cos(math.pi * progress)) / 2",
        ],
        "OneCycle": lambda: [
            f"progress, warm, top = update / total, {get('warm')}, {rate}",
            "if progress < warm:",
            "    return top / 25 + (top - top / 25) * (1 - math.cos(math.pi * progress / warm)) / 2",
            "fall = (1 + math.cos(math.pi * min((progress - warm) / max(1 - warm, 1e-300), 1))) / 2",
            "return top / 1e4 + (top - top / 1e4) * fall",
        ],
    }[kind]()
    told = text("export.script_rate")
    return "\n".join(
        ["def rate(update, per_epoch, total):", f'    """{told}"""', *(f"    {line}" for line in body)]
    )


def passes(plan: Plan, np: str) -> tuple[list[str], str, str]:
    """Lines that open the loops over epochs and batches; the rows of an update; the indent inside."""
    method, recipe, epochs = plan.method, plan.solution.recipe, plan.solution.epochs
    assert isinstance(method, Method)
    if method.full:
        lines = [f"    for update in range({epochs}):"]
        if not isinstance(plan.schedule, Constant):
            lines.append(f"        t = rate(update, 1, {recipe.epochs})")
        return lines, "", "        "
    size, order = method.rows.size, method.rows.order
    draw = f"np.random.Generator(np.random.Philox(key={recipe.seed}, counter=[0, 0, 0, epoch]))"
    rows = {
        "shuffle": f"{draw}.permutation(n)" if np == "np" else "torch.randperm(n)",
        "replacement": f"{draw}.integers(0, n, n)" if np == "np" else "torch.randint(n, (n,))",
        "cyclic": f"{np}.arange(n)",
    }
    picked = (
        rows[order]
        if isinstance(order, str)
        else f"{np}.{'array' if np == 'np' else 'tensor'}({list(order)!r})"
    )
    taken = "n" if isinstance(order, str) else str(len(order))
    lines = ["    update = 0"] + ([f"    torch.manual_seed({recipe.seed})"] if np == "torch" else [])
    lines += [
        f"    for epoch in range({epochs}):",
        f"        order = {picked}",
        f"        for first in range(0, {taken}, {size}):",
        f"            rows = order[first : first + {size}]",
    ]
    if not isinstance(plan.schedule, Constant):
        per_epoch = f"-(-{taken} // {size})"
        lines.append(f"            t = rate(update, {per_epoch}, {per_epoch} * {recipe.epochs})")
    lines.append("            update += 1")
    return lines, "[rows]", "            "

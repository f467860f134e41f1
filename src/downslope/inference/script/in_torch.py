"""The training of a script in PyTorch: autograd and torch.optim."""

from __future__ import annotations

from ...descent.directions import Adam, AdamW
from ...messages import text
from ..solution import Solution
from .coordinates import TORCH, begun, constant_rate, passes, rate_function, standardised, unscaled
from .plan import ScriptPlan, predict_lines


def torch_training(plan: ScriptPlan) -> list[str]:
    """The functions of the script from the loss to the prediction."""
    parts = []
    if plan.way != "closed_form":
        line = plan.loss.torch_line(plan.outputs)
        parts.append(f'def value(z, Y):\n    """{text("export.script_value")}"""\n    return {line}')
    if plan.way == "loop" and constant_rate(plan) is None:
        parts.append(rate_function(plan))
    body = {"closed_form": _closed_form, "loop": _loop, "newton": _newton, "other": _other}[plan.way](plan)
    share = ", share" if plan.row_weights else ""
    docstring = f'    """{text("export.script_train")}"""'
    lines = [f"def train(X, Y{share}):", docstring, *standardised(plan, TORCH), *body, *unscaled(plan, TORCH)]
    return [*parts, "\n".join(lines), torch_predict(plan.solution, "X, W, b", "X @ W + b")]


def _objective(plan: ScriptPlan, rows: str = "", lasso: bool = False) -> list[str]:
    """def F(w, rows), the mean loss and its penalty."""
    mean = f"value(Z{rows} @ w, Y{rows}).sum(dim=1)"
    mean = f"(share{rows} * {mean}).mean()" if plan.weighted else f"{mean}.mean()"
    mean += " + (ridge * w**2).sum() / 2" if plan.ridge else ""
    mean += " + (lasso * w.abs()).sum()" if lasso and plan.lasso else ""
    return ["", "    def F(w, rows=None):" if rows else "    def F(w):", f"        return {mean}", ""]


def _closed_form(plan: ScriptPlan) -> list[str]:
    lines, rows, wanted = [], "Z", "Y"
    if plan.weighted:
        lines.append("    root = torch.sqrt(share)[:, None]")
        rows, wanted = "root * Z", "root * Y"
    if plan.ridge:
        lines.append("    zeros = torch.zeros((Z.shape[1], Y.shape[1]), dtype=torch.float64)")
        rows = f"torch.vstack([{rows} / n**0.5, torch.diag(torch.sqrt(ridge[:, 0] / 2))])"
        wanted = f"torch.vstack([{wanted} / n**0.5, zeros])"
    return [*lines, f"    theta = torch.linalg.lstsq({rows}, {wanted}, driver='gelsd').solution"]


def _loop(plan: ScriptPlan) -> list[str]:
    """torch.optim's optimizer of the same name, with the run's constants and learning rates."""
    lines, rows, indent = passes(plan, TORCH)
    direction = plan.method.direction
    constant = constant_rate(plan)
    rate, t = constant or "0.0", constant or "t"
    decays = isinstance(direction, AdamW)  # torch.optim.AdamW would let the intercept decay too
    plain = Adam(direction.beta1, direction.beta2, direction.epsilon) if decays else direction
    assert plain.equation is not None
    made = plain.equation.in_torch(vars(plain), "theta", rate)
    inner = [] if constant else ["optimizer.param_groups[0]['lr'] = t"]
    inner += ["optimizer.zero_grad()", f"F(theta{', rows' if rows else ''}).backward()"]
    if decays:
        kept = "theta.data[:-1]" if plan.solution.recipe.intercept else "theta.data"
        inner.append(f"{kept} *= 1 - {t} * {direction.decay!r}")
    inner.append("optimizer.step()")
    if plan.lasso:
        inner.append(f"theta.data = theta.data.sign() * torch.relu(theta.data.abs() - {t} * lasso)")
    return [
        *_objective(plan, rows),
        *begun(plan, TORCH),
        "    theta.requires_grad_()",
        f"    optimizer = torch.optim.{made}",
        *lines,
        *(indent + line for line in inner),
        "    theta = theta.detach()",
    ]


def _newton(plan: ScriptPlan) -> list[str]:
    return [
        *_objective(plan),
        *begun(plan, TORCH),
        "    for _ in range(100):",
        "        g = torch.autograd.functional.jacobian(F, theta)",
        "        H = torch.autograd.functional.hessian(F, theta).reshape(theta.numel(), -1)",
        "        down = -torch.linalg.lstsq(H, g.reshape(-1, 1), driver='gelsd').solution",
        "        down = down.reshape(theta.shape)",
        "        t = 1.0",
        "        while not F(theta + t * down) <= F(theta) + 1e-4 * t * (g * down).sum() and t > 1e-10:",
        "            t /= 2",
        "        theta = theta + t * down",
        "        if (t * down).abs().max() <= 1e-13 * theta.abs().max():",
        "            break",
    ]


def _other(plan: ScriptPlan) -> list[str]:
    """L-BFGS; where there is a kink, Adam with a learning rate that falls to 0."""
    lines = [*_objective(plan, lasso=True), *begun(plan, TORCH), "    theta.requires_grad_()"]
    if plan.loss.smooth and not plan.lasso:
        return [
            *lines,
            "    settings = {'max_iter': 1000, 'tolerance_grad': 1e-12, 'line_search_fn': 'strong_wolfe'}",
            "    optimizer = torch.optim.LBFGS([theta], **settings)",
            "",
            "    def closure():",
            "        optimizer.zero_grad()",
            "        loss = F(theta)",
            "        loss.backward()",
            "        return loss",
            "",
            "    optimizer.step(closure)",
            "    theta = theta.detach()",
        ]
    return [
        *lines,
        "    optimizer = torch.optim.Adam([theta], lr=0.1 * float(Y.std()))",
        "    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 2000)",
        "    for _ in range(2000):",
        "        optimizer.zero_grad()",
        "        F(theta).backward()",
        "        optimizer.step()",
        "        schedule.step()",
        "    theta = theta.detach()",
    ]


def torch_predict(solution: Solution, given: str, z: str) -> str:
    """From what is given to the scores z, and to what the script prints of each row."""
    one = solution.outputs == 1
    picked = f"(z[:, 0] > {solution.cut or 0!r}).long()" if one else "z.argmax(dim=1)"
    p = "torch.hstack([1 - torch.sigmoid(z), torch.sigmoid(z)])" if one else "torch.softmax(z, dim=1)"
    return predict_lines(solution, given, z, "torch.exp(z)", f"{picked}.tolist()", p)

"""What the templates say of training and predicting: names of conditions, and expressions of the library."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...descent.batching import BLOCK, BLOCKS, TOGETHER
from ...descent.directions import Adam, AdamW
from ...descent.schedules import Constant
from ...messages import text
from ...model.net_settings import ACTIVATIONS
from ...model.net_units import layers
from ..solution import Solution
from .plan import ScriptPlan
from .reading import listed

LIBRARIES: dict[str, dict[str, Any]] = {
    "numpy": {"numpy": True, "np": "np", "axis": "axis", "array": "np.array", "double": ""},
    "pytorch": {"np": "torch", "axis": "dim", "array": "torch.tensor", "double": ", dtype=torch.float64"},
}
IN_NUMPY = {
    "sigmoid": "np.exp(-np.logaddexp(0, -z))  # 1/(1 + exp(-z)), without overflow",
    "tanh": "np.tanh(z)",
    "relu": "np.maximum(0, z)",
    "gelu": "z * (1 + np.vectorize(math.erf, otypes=[float])(z / math.sqrt(2))) / 2",
}


# ---- training --------------------------------------------------------------------------------------


def training(plan: ScriptPlan, library: str) -> dict[str, Any]:
    """The way in which a script trains, and its expressions."""
    lib, recipe, solution = LIBRARIES[library], plan.solution.recipe, plan.solution
    d = len(solution.features)
    torch = ["import torch", "import torch.nn.functional as nn"]
    facts: dict[str, Any] = {
        plan.way: True,
        "library_imports": ["import numpy as np"] if library == "numpy" else torch,
        "differs": plan.differs,
        "weights": listed(solution.params[: d * plan.outputs].reshape(d, -1).tolist()),
        "intercepts": listed(np.atleast_1d(solution.intercept).tolist()),
        "scale": recipe.scale,
        "intercept": recipe.intercept,
        "centred": recipe.scale and recipe.intercept,
        "smooth": plan.loss.smooth,
        "weighted": plan.weighted,
        "row_weights": plan.row_weights,
        "share": ", share" * plan.row_weights,
        "shares": ", SHARE" * plan.row_weights,
        "root": "root * " * plan.weighted,
        "class_factors": _class_factors(plan, lib),
        "member": "Y" if len(solution.classes) > 2 else f"{lib['np']}.hstack([1 - Y, Y])",
        "quantiles": f"{lib['np']}.zeros({plan.outputs}{lib['double']})" if plan.loss.levels else "",
        "ridge": _prices(plan, lib, plan.ridge, "s**2"),
        "lasso": _prices(plan, lib, plan.lasso, "s"),
        "start": _start(plan, lib),
    }
    facts |= _loop(plan, lib) if plan.way == "loop" else {}
    return facts | (_in_numpy if library == "numpy" else _in_torch)(plan, facts.get("rows", ""))


def _class_factors(plan: ScriptPlan, lib: dict) -> str:
    """The weight of each class."""
    asked, classes = plan.class_weights, plan.solution.classes
    if asked is None or isinstance(asked, str):
        return f"share.sum() / ({len(classes)} * (share @ member))" if asked else ""
    return f"{lib['array']}({[asked.get(str(label), 1.0) for label in classes]}{lib['double']})"


def _prices(plan: ScriptPlan, lib: dict, price: float, power: str) -> str:
    """The price of each weight in the coordinates of Z."""
    recipe, xp = plan.solution.recipe, lib["np"]
    raw = recipe.penalty_on == "raw"
    prices = f"{price!r} / {power}" if raw else f"{price!r} * {xp}.ones_like(s)"
    prices = f"{xp}.hstack([{prices}, {xp}.zeros(1{lib['double']})])" if recipe.intercept else f"({prices})"
    return prices if price else ""


def _start(plan: ScriptPlan, lib: dict) -> str:
    """theta where the descent began."""
    xp, double, d = lib["np"], lib["double"], len(plan.solution.features)
    if plan.start is None:
        return f"{xp}.zeros((Z.shape[1], Y.shape[1]){double})"
    W, b = (f"{lib['array']}({part.tolist()}{double})" for part in (plan.start[:d], plan.start[d:]))
    at_weights = plan.start[:d].any()
    weights = f"{W} * s[:, None]" if at_weights else f"{xp}.zeros((d, Y.shape[1]){double})"
    if not plan.solution.recipe.intercept:
        return weights
    return f"{xp}.vstack([{weights}, {b}{f' + m @ {W}' if at_weights else ''}])"


def _loop(plan: ScriptPlan, lib: dict) -> dict[str, Any]:
    """Epochs, the order of the rows and the learning rates."""
    batch, recipe, schedule, xp = plan.method.batch, plan.solution.recipe, plan.schedule, lib["np"]
    facts: dict[str, Any] = {"epochs": plan.solution.epochs, "most_epochs": recipe.epochs}
    facts["full"] = batch is None
    if not isinstance(schedule, Constant):
        facts["schedule"] = [line.format(**vars(schedule)) for line in schedule.lines]  # type: ignore[union-attr]
    if batch is None:
        return facts
    facts |= {"rows": "[rows]", "size": batch.size, "seed": recipe.seed, "taken": "n"}
    if not isinstance(batch.order, str):
        order = list(batch.order)
        return facts | {"drawn": f"{xp}.{'array' if xp == 'np' else 'tensor'}({order})", "taken": len(order)}
    draw = f"np.random.Generator(np.random.Philox(key={recipe.seed}, counter=[0, 0, 0, epoch]))"
    drawn = {"shuffle": f"{draw}.permutation(n)", "replacement": f"{draw}.integers(0, n, n)"}
    drawn["blocks"] = f"in_blocks(n, {draw})"
    if xp == "torch":
        drawn = {"replacement": "torch.randint(n, (n,))"} | dict.fromkeys(
            ("shuffle", "blocks"), "torch.randperm(n)"
        )
    facts |= {"drawn": {**drawn, "cyclic": f"{xp}.arange(n)"}[batch.order], "blocks": batch.order == "blocks"}
    return facts | {"block": BLOCK, "block_count": BLOCKS, "together": TOGETHER}


def _in_numpy(plan: ScriptPlan, rows: str) -> dict[str, Any]:
    """The equations written out."""
    if plan.way == "closed_form":
        return {}
    k, ridge, weighted = plan.outputs, plan.ridge, plan.weighted
    needed = {"loop": "slope", "newton": "value slope bend", "other": "value slope"}[plan.way]
    bodies = dict(zip(("value", "slope", "bend"), plan.loss.numpy_lines(k, rounded=plan.way != "loop")))
    facts: dict[str, Any] = {
        name: [*bodies[name][:-1], f"return {bodies[name][-1]}"] for name in needed.split()
    }
    at = "ahead" if plan.way == "other" else "theta"
    slopes = f"slope(Z{rows} @ {at}, Y{rows})"
    slopes = f"(share{rows}[:, None] * {slopes})" if weighted else slopes
    gradient = f"Z{rows}.T @ {slopes} / {'len(rows)' if rows else 'n'}" + (
        f" + ridge * {at}" if ridge else ""
    )
    if plan.way == "loop":
        direction = plan.method.direction
        decayed = "theta[:-1]" if plan.solution.recipe.intercept else "theta"
        memory, moves = direction.equation.in_numpy(vars(direction), "theta", decayed)
        if isinstance(plan.schedule, Constant):
            memory = [*memory, f"t = {float(plan.schedule.rate)!r}"]
        moves = [*moves, *["theta = shrink(theta, t * lasso)"] * bool(plan.lasso)]
        return facts | {"memory": memory, "update": [f"g = {gradient}", *moves]}
    values = "value(Z @ w, Y).sum(axis=1)"
    mean = f"({f'share * {values}' if weighted else values}).mean()"
    facts |= {"gradient": gradient, "hessian": _hessian(plan)}
    return facts | {"objective": mean + (" + (ridge * w**2).sum() / 2" if ridge else "")}


def _hessian(plan: ScriptPlan) -> str:
    k, share = plan.outputs, "share[:, None] * " if plan.weighted else ""
    ridge = f" + np.diag({'ridge[:, 0]' if k == 1 else 'np.repeat(ridge, Y.shape[1])'})" if plan.ridge else ""
    if k == 1:
        return f"(Z * ({share}bend(Z @ theta, Y))).T @ Z / n{ridge}"
    bend = "bend(Z @ theta, Y)" + ("" if plan.loss.coupled(k) else "[:, :, None] * np.eye(Y.shape[1])")
    bend = f"share[:, None, None] * {bend}" if plan.weighted else bend
    return f'np.einsum("ni,nkl,nj->ikjl", Z, {bend}, Z, optimize=True).reshape(theta.size, -1) / n{ridge}'


def _in_torch(plan: ScriptPlan, rows: str) -> dict[str, Any]:
    """Autograd and torch.optim."""
    if plan.way == "closed_form":
        return {}
    mean = f"value(Z{rows} @ w, Y{rows}).sum(dim=1)"
    mean = f"(share{rows} * {mean}).mean()" if plan.weighted else f"{mean}.mean()"
    mean += " + (ridge * w**2).sum() / 2" if plan.ridge else ""
    mean += " + (lasso * w.abs()).sum()" if plan.lasso and plan.way == "other" else ""
    facts = {"value": [f"return {plan.loss.torch_line(plan.outputs)}"], "objective": mean}
    facts["rows_argument"] = ", rows=None" if rows else ""
    if plan.way != "loop":
        return facts
    direction, constant = plan.method.direction, isinstance(plan.schedule, Constant)
    t = repr(float(plan.schedule.rate)) if constant else "t"  # type: ignore[union-attr]
    decays = isinstance(direction, AdamW)  # torch.optim.AdamW would let the intercept decay too
    plain = Adam(direction.beta1, direction.beta2, direction.epsilon) if decays else direction
    update = [] if constant else ["optimizer.param_groups[0]['lr'] = t"]
    update += ["optimizer.zero_grad()", f"F(theta{', rows' if rows else ''}).backward()"]
    if decays:
        decayed = "theta.data[:-1]" if plan.solution.recipe.intercept else "theta.data"
        update.append(f"{decayed} *= 1 - {t} * {direction.decay!r}")
    update.append("optimizer.step()")
    if plan.lasso:
        update.append(f"theta.data = theta.data.sign() * torch.relu(theta.data.abs() - {t} * lasso)")
    assert plain.equation is not None
    optimizer = plain.equation.in_torch(vars(plain), "theta", t if constant else "0.0")
    return facts | {"optimizer": optimizer, "memory": [], "update": update}


# ---- nets ------------------------------------------------------------------------------------------


def net(solution: Solution, library: str) -> dict[str, Any]:
    """The layers of a net: W (outputs, inputs) and b (outputs,) of each, for columns as they are."""
    made = solution.recipe.net
    assert made is not None
    sizes = made.sizes(len(solution.features), solution.outputs)
    weights = listed([(W.tolist(), b.tolist()) for W, b in layers(solution.params, sizes)])
    facts: dict[str, Any] = {"net": True, "layers": weights}
    if library == "numpy":
        activation = IN_NUMPY[made.activation] if made.hidden else ""
        return facts | {"library_imports": ["import numpy as np"], "activation": activation}
    stack = [f"nn.Linear({before}, {after})," for before, after in sizes]
    between = f"nn.{ACTIVATIONS[made.activation]}(),"
    stack = [layer for linear in stack for layer in (linear, between)][:-1]
    return facts | {"library_imports": ["import torch", "from torch import nn"], "stack": stack}


# ---- predicting ------------------------------------------------------------------------------------


def predicting(solution: Solution, library: str, reads: bool) -> dict[str, Any]:
    """From what is given to the scores z, and to what the script prints of each row."""
    is_net, numpy, one = solution.recipe.net is not None, library == "numpy", solution.outputs == 1
    lib, calibrator = LIBRARIES[library], solution.calibrator
    z, given = "X @ W + b", "X, W, b"
    if is_net:
        z, given = "scores(X)" if numpy else "made()(X).detach()", "X"
    cut = f"z[:, 0] > {solution.cut or 0!r}"
    if numpy:
        picked = f"({cut}).astype(int)" if one else "z.argmax(axis=1)"
        p = "np.hstack([1 - chances(z), chances(z)])" if one else "chances(z)"
    else:
        picked = (f"({cut}).long()" if one else "z.argmax(dim=1)") + ".tolist()"
        p = "torch.hstack([1 - torch.sigmoid(z), torch.sigmoid(z)])" if one else "torch.softmax(z, dim=1)"
    if calibrator is not None:
        picked = f"row[1] > {solution.threshold!r}" if one else "row.index(max(row))"
    head = solution.prediction_names
    if solution.classes and solution.has_chances:
        head += [f"chance: {name}" for name in solution.classes]
    rows = "X" if not reads else "rows" if is_net else "encode(rows)"
    facts: dict[str, Any] = {"given": given, "z": z, "picked": picked, "p": p, "one_output": one}
    facts["has_chances"] = solution.recipe.loss.has_probabilities
    in_order = "np.sort(z, axis=1)" if numpy else "torch.sort(z, dim=1).values"
    mean = f"{lib['np']}.exp(z)" if solution.recipe.loss.link == "log" else "z"
    facts["mean"] = in_order if solution.recipe.loss.levels else mean
    facts["predicted"] = f"{lib['array']}({rows}{lib['double']}){'' if is_net else ', W, b'}"
    facts["no_data"] = repr(text("export.net_no_data" if is_net else "export.script_no_data"))
    facts["table_head"] = repr(head)
    if calibrator is not None:
        facts |= {"calibrated": listed(calibrator.parts), "log_odds": calibrator.log_odds}
        facts |= {"platt": calibrator.method == "platt", "several": len(calibrator.parts) > 1}
    return facts

"""A run as a script that needs one library alone."""

from __future__ import annotations

from pprint import pformat

import numpy as np

from ... import __version__
from ...messages import text
from ..solution import Solution
from .in_numpy import numpy_training
from .in_torch import torch_training
from .net import net_imports, net_prediction, net_weights
from .plan import Plan, planned
from .reading import constants, labelled, reading
from .reading import imports as standard_imports

IMPORTS = {
    "numpy": ["import numpy as np"],
    "pytorch": ["import torch", "import torch.nn.functional as nn"],
}
LIBRARIES = tuple(IMPORTS)


def script(solution: Solution, library: str) -> str:
    """The text of the script."""
    if solution.recipe.net is not None:
        parts = [_net_head(solution, library), *reading(solution), *net_prediction(solution, library)]
        parts.append(_net_main(solution, library))
    else:
        plan = planned(solution, library)
        training = numpy_training(plan) if library == "numpy" else torch_training(plan)
        parts = [_head(plan, library), *reading(solution), labelled(solution), *training]
        parts.append(_main(plan, library))
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


def _head(plan: Plan, library: str) -> str:
    """What the script does, its imports and its constants."""
    solution = plan.solution
    docstring = text("export.script_head", method=plan.method.name, **_head_facts(solution, library))
    lines = [docstring, text("export.script_usage"), text("export.script_by", version=__version__)]
    lines += [text(key, method=plan.method.name) for key in plan.differs]
    if plan.differs:
        lines.append(text("export.script_kept"))
    lines = [*_begun(solution, lines, IMPORTS[library]), f"TARGETS = {list(solution.targets)!r}"]
    lines.append(f"FEATURES = {_listed(solution.features)}")
    if plan.differs:
        d, k = len(solution.features), plan.outputs
        W, b = solution.params[: d * k].reshape(d, k), np.atleast_1d(solution.intercept)
        lines += [f"WEIGHTS = {_listed(W.tolist())}", f"INTERCEPT = {_listed(b.tolist())}"]
    return "\n".join(lines)


def _net_head(solution: Solution, library: str) -> str:
    """The same for a net, with what was run to find its weights."""
    dropout = solution.recipe.net.dropout if solution.recipe.net else 0.0
    run = {"method": solution.method, "epochs": solution.epochs, "dropout": f"{dropout:g}"}
    lines = [
        text("export.net_head", **_head_facts(solution, library)),
        text("export.net_usage"),
        text("export.script_by", version=__version__),
        text("export.net_run", **run),
    ]
    lines = _begun(solution, lines, net_imports(library))
    return "\n".join([*lines, f"LAYERS = {_listed(net_weights(solution))}"])


def _head_facts(solution: Solution, library: str) -> dict[str, str]:
    """What is predicted, what was minimised, and what the script needs."""
    penalty = solution.recipe.penalty.spec
    objective = solution.recipe.loss.spec + (f" + {solution.recipe.alpha:g}·{penalty}" if penalty else "")
    module = {"numpy": "NumPy", "pytorch": "PyTorch"}[library]
    return {"target": ", ".join(solution.targets), "objective": objective, "library": module}


def _begun(solution: Solution, comments: list[str], imports: list[str]) -> list[str]:
    """The comments, the imports, and the constants that reading and predicting need."""
    lines = ["# " + " ".join(line.split()) for line in comments]
    lines += ["", *standard_imports(solution), "", *imports, "", *constants(solution)]
    return lines + [f"CLASSES = {_listed(solution.classes)}"] * bool(solution.classes)


def _listed(values) -> str:
    """A list as it is written, over several lines if it is long."""
    return pformat(list(values), width=100, compact=True)


def _main(plan: Plan, library: str) -> str:
    """Train, print the weights, predict."""
    solution = plan.solution
    array = "np.array({})" if library == "numpy" else "torch.tensor({}, dtype=torch.float64)"
    arrays = array.format("part")
    lines = [
        'if __name__ == "__main__":',
        "    if len(sys.argv) < 2 and DATA is None:",
        f"        sys.exit({text('export.script_no_data')!r})",
        "    path = sys.argv[1] if len(sys.argv) > 1 else DATA",
        f"    W, b = train(*({arrays} for part in labelled(read(path))))",
        "    for name, w in zip(FEATURES, W.tolist()):",
        "        print(name, *w)",
    ]
    if solution.recipe.intercept:
        lines.append('    print("intercept", *b.tolist())')
    if plan.differs:
        found = f"{array.format('WEIGHTS')}, {array.format('INTERCEPT')}"
        lines.append(f"    W, b = {found}  # {text('export.script_found')}")
    lines += ["    rows = read(sys.argv[2] if len(sys.argv) > 2 else path)", "    print()"]
    return "\n".join([*lines, *_table(solution, f"{array.format('encode(rows)')}, W, b")])


def _net_main(solution: Solution, library: str) -> str:
    """Predict."""
    lines = [
        'if __name__ == "__main__":',
        "    if len(sys.argv) < 2 and DATA is None:",
        f"        sys.exit({text('export.net_no_data')!r})",
        "    rows = encode(read(sys.argv[1] if len(sys.argv) > 1 else DATA))",
    ]
    array = "np.array(rows)" if library == "numpy" else "torch.tensor(rows, dtype=torch.float64)"
    return "\n".join([*lines, *_table(solution, array)])


def _table(solution: Solution, given: str) -> list[str]:
    """The predictions as CSV."""
    names = ["prediction"] if solution.single else [f"prediction: {name}" for name in solution.targets]
    if solution.classes and solution.recipe.loss.has_probabilities:
        names += [f"chance: {name}" for name in solution.classes]
    return [
        '    table = csv.writer(sys.stdout, lineterminator="\\n")',
        f"    table.writerow({names!r})",
        f"    table.writerows(predict({given}))",
    ]

"""A run as a script that needs one library alone."""

from __future__ import annotations

import numpy as np

from ... import __version__
from ...data import Dataset
from ...messages import text
from ..solution import Solution
from .in_numpy import numpy_training
from .in_torch import torch_training
from .net import net_imports, net_prediction, net_weights
from .plan import ScriptPlan, planned
from .reading import constants, labelled, listed, reading, written_out
from .reading import imports as standard_imports

IMPORTS = {
    "numpy": ["import numpy as np"],
    "pytorch": ["import torch", "import torch.nn.functional as nn"],
}
LIBRARIES = tuple(IMPORTS)


def script(solution: Solution, library: str, rows: Dataset | None = None) -> str:
    """The text of the script; it reads a file, or holds the encoded `rows` itself."""
    if solution.recipe.net is not None:
        functions = [*_reading(solution, rows), *net_prediction(solution, library)]
        parts = [_net_head(solution, library, rows, functions), *functions]
        parts.append(_net_main(solution, library, rows))
    else:
        plan = planned(solution, library, rows)
        training = numpy_training(plan) if library == "numpy" else torch_training(plan)
        labelling = [labelled(solution)] if rows is None else []
        functions = [*_reading(solution, rows), *labelling, *training]
        parts = [_head(plan, library, rows, functions), *functions, _main(plan, library, rows)]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


def _reading(solution: Solution, rows: Dataset | None) -> list[str]:
    return reading(solution) if rows is None else []


def _head(plan: ScriptPlan, library: str, rows: Dataset | None, functions: list[str]) -> str:
    """What the script does, its imports and its constants."""
    solution = plan.solution
    docstring = text("export.script_head", method=plan.method.name, **_head_facts(solution, library))
    usage = text("export.script_usage" if rows is None else "export.script_usage_rows")
    lines = [docstring, usage, text("export.script_by", version=__version__)]
    lines += [text(key, method=plan.method.name) for key in plan.differs]
    if plan.differs:
        lines.append(text("export.script_kept"))
    lines = _begun(solution, lines, IMPORTS[library], rows, functions)
    if rows is None:
        lines.append(f"TARGETS = {list(solution.targets)!r}")
    lines.append(f"FEATURES = {listed(solution.features)}")
    if plan.differs:
        d, k = len(solution.features), plan.outputs
        W, b = solution.params[: d * k].reshape(d, k), np.atleast_1d(solution.intercept)
        lines += [f"WEIGHTS = {listed(W.tolist())}", f"INTERCEPT = {listed(b.tolist())}"]
    return "\n".join(lines)


def _net_head(solution: Solution, library: str, rows: Dataset | None, functions: list[str]) -> str:
    """The same for a net, with what was run to find its weights."""
    dropout = solution.recipe.net.dropout if solution.recipe.net else 0.0
    run = {"method": solution.method, "epochs": solution.epochs, "dropout": f"{dropout:g}"}
    lines = [
        text("export.net_head", **_head_facts(solution, library)),
        text("export.net_usage" if rows is None else "export.net_usage_rows"),
        text("export.script_by", version=__version__),
        text("export.net_run", **run),
    ]
    lines = _begun(solution, lines, net_imports(library), rows, functions)
    return "\n".join([*lines, f"LAYERS = {listed(net_weights(solution))}"])


def _head_facts(solution: Solution, library: str) -> dict[str, str]:
    """What is predicted, what was minimised, and what the script needs."""
    penalty = solution.recipe.penalty.spec
    objective = solution.recipe.loss.spec + (f" + {solution.recipe.alpha:g}·{penalty}" if penalty else "")
    module = {"numpy": "NumPy", "pytorch": "PyTorch"}[library]
    return {"target": ", ".join(solution.targets), "objective": objective, "library": module}


def _begun(
    solution: Solution, comments: list[str], imports: list[str], rows: Dataset | None, functions: list[str]
) -> list[str]:
    """The comments, the imports, and the constants that reading and predicting need."""
    lines = ["# " + " ".join(line.split()) for line in comments]
    if rows is None:
        standard, needed = standard_imports(solution), constants(solution)
    else:
        math = ["import math"] if "math." in "".join(functions) else []
        standard, needed = ["import csv", *math, "import sys"], written_out(rows)
    lines += ["", *standard, "", *imports, "", *needed]
    return lines + [f"CLASSES = {listed(solution.classes)}"] * bool(solution.classes)


def _main(plan: ScriptPlan, library: str, rows: Dataset | None) -> str:
    """Train, print the weights, predict."""
    solution = plan.solution
    array = "np.array({})" if library == "numpy" else "torch.tensor({}, dtype=torch.float64)"
    lines = ['if __name__ == "__main__":']
    if rows is None:
        lines += [
            "    if len(sys.argv) < 2 and DATA is None:",
            f"        sys.exit({text('export.script_no_data')!r})",
            "    path = sys.argv[1] if len(sys.argv) > 1 else DATA",
        ]
    given = "labelled(read(path))" if rows is None else f"(X, Y{', SHARE' * plan.row_weights})"
    lines += [
        f"    W, b = train(*({array.format('part')} for part in {given}))",
        "    for name, w in zip(FEATURES, W.tolist()):",
        "        print(name, *w)",
    ]
    if solution.recipe.intercept:
        lines.append('    print("intercept", *b.tolist())')
    if plan.differs:
        found = f"{array.format('WEIGHTS')}, {array.format('INTERCEPT')}"
        lines.append(f"    W, b = {found}  # {text('export.script_found')}")
    if rows is None:
        lines.append("    rows = read(sys.argv[2] if len(sys.argv) > 2 else path)")
    encoded = array.format("X" if rows is not None else "encode(rows)")
    return "\n".join([*lines, "    print()", *_table(solution, f"{encoded}, W, b")])


def _net_main(solution: Solution, library: str, rows: Dataset | None) -> str:
    """Predict."""
    lines = ['if __name__ == "__main__":']
    if rows is None:
        lines += [
            "    if len(sys.argv) < 2 and DATA is None:",
            f"        sys.exit({text('export.net_no_data')!r})",
            "    rows = encode(read(sys.argv[1] if len(sys.argv) > 1 else DATA))",
        ]
    given = "rows" if rows is None else "X"
    array = f"np.array({given})" if library == "numpy" else f"torch.tensor({given}, dtype=torch.float64)"
    return "\n".join([*lines, *_table(solution, array)])


def _table(solution: Solution, given: str) -> list[str]:
    """The predictions as CSV."""
    names = ["prediction"] if solution.single else [f"prediction: {name}" for name in solution.targets]
    if solution.classes and solution.has_chances:
        names += [f"chance: {name}" for name in solution.classes]
    return [
        '    table = csv.writer(sys.stdout, lineterminator="\\n")',
        f"    table.writerow({names!r})",
        f"    table.writerows(predict({given}))",
    ]

"""Gradient descent you can see, trust and scale.

Rows of a Dataset, a Model with its Loss and a Penalty make an Objective. A Method (which rows ×
which direction × how far) descends it, leaving a Trace, until a Stop gives its reason. The Solution
predicts, is kept as a Run, and is explained by a Verdict.

Names are loaded when they are first used, so that `import downslope` is quick; for type checkers they are
listed in __init__.pyi.
"""

from importlib import import_module

__version__ = "0.2.0.dev0"

_FROM = {
    "errors": ["DownslopeError", "DownslopeWarning"],
    "environment": ["show_versions"],
    "data": ["Dataset"],
    "data.stream": ["Stream"],
    "data.parts": ["Holdout", "ReadOptions"],
    "model.linear": ["Linear"],
    "model.nets": ["Net"],
    "model.objective": ["objective", "Objective"],
    "descent.descend": ["descend"],
    "descent.methods": [
        *["Method", "GD", "SGD", "MiniBatch", "Momentum", "Nesterov", "Adagrad", "RMSprop", "Adam"],
        *["AdamW", "LBFGS", "Subsampled", "Newton", "CoordinateDescent", "ClosedForm", "Exhaustive"],
    ],
    "descent.batching": ["All", "One", "Batch"],
    "descent.trace": ["Trace", "Step"],
    "insight.certificate": ["Certificate", "certify"],
    "insight.diagnostics": [
        "ClassDiagnostics",
        "ComponentResiduals",
        "FeatureImportance",
        "ResidualDiagnostics",
    ],
    "insight.gradient_check": ["check_gradient"],
    "insight.landscape": ["landscape", "Plane"],
    "insight.standard_errors": ["standard_errors"],
    "insight.step": ["explain_step"],
    "inference.torch_optimizer": ["TorchOptimizer"],
    "inference.export": ["export_code", "export_onnx"],
    "insight.scripts": ["check_script"],
    "selection.path": ["Path", "path"],
    "inference.starts": ["minimize_from"],
    "inference": ["fit", "minimize", "load", "Recipe", "Solution"],
    "inference.checkpoint": ["Checkpoint", "resume"],
    "inference.comparing": ["Comparison", "compare"],
    "cluster": ["ShardedDataset", "shard"],
    "inference.logbook": ["Logbook"],
    "watching.inline": ["watch"],
    "watching.logs": ["judge", "judge_all"],
    "estimators": ["LinearClassifier", "LinearRegressor", "NetClassifier", "NetRegressor"],
}
_MODULES = {
    "losses": "model.losses",
    "penalties": "model.penalties",
    "directions": "descent.directions",
    "schedules": "descent.schedules",
    "searches": "descent.searches",
    "stops": "descent.stops",
    "plots": "plots",
    "lessons": "lessons",
}
# Names of version 0.1 → names now; the old ones warn.
_RENAMED = {"Held": "Holdout", "Reading": "ReadOptions", "Spread": "ShardedDataset", "spread": "shard"}
# What later modules hand to a Dataset, a Solution, a Trace, a Path and a load: name → module and function.
_VIEWS = {
    "read": ("data.opening", "read_dataset"),
    "learn_again": ("data.learning", "learn_again"),
    "save": ("inference.run", "save"),
    "training": ("inference.training", "Training"),
    "unfinished": ("inference.checkpoint", "unfinished"),
    "plot": ("plots", "loss"),
    "path": ("plots", "path"),
    "comparison": ("plots", "comparison"),
    "diagnostics": ("plots", "diagnostics"),
    "importance": ("plots", "importance"),
    "show": ("lab.saved", "framed"),
    "show_seen": ("lab.saved", "framed_seen"),
    "watched": ("watching.seen", "load"),
}
_HOME = {name: module for module, names in _FROM.items() for name in names}
__all__ = ["__version__", *sorted(_HOME), *sorted(_MODULES)]


def __getattr__(name: str):
    if name in _RENAMED:
        import_module(".errors", __name__).warn_renamed(f"ds.{name}", f"ds.{_RENAMED[name]}")
        return getattr(import_module(__name__), _RENAMED[name])
    if name in _MODULES:
        found = import_module(f".{_MODULES[name]}", __name__)
    elif name in _HOME:
        found = getattr(import_module(f".{_HOME[name]}", __name__), name)
    else:
        raise AttributeError(f"module 'downslope' has no attribute {name!r}")
    globals()[name] = found
    return found


def view(name: str):
    """A function of a later module: `read` of a Dataset, `plot` and `show` of a Trace. Its module is loaded
    when it is asked for."""
    module, function = _VIEWS[name]
    return getattr(import_module(f".{module}", __name__), function)


def load_ipython_extension(shell) -> None:
    """`%load_ext downslope` in a notebook: the cell magic %%watch."""
    import_module(".watching.inline", __name__).load(shell)


def __dir__():
    return __all__

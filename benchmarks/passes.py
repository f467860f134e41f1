"""One pass over the rows: shuffled SGD on dense and sparse rows, and batches of 32.

All contenders of a row make the same updates at the same learning rate, each in its own shuffled order.
A pass does not end at the minimum, and where it ends is a matter of that order: `within` is wide, but
weights of 0 do not pass.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .contenders import Answer, Contender, downslope, scikit_learn, tensors
from .measure import Row, read_alone
from .problems import Problem, dense, sparse, with_target
from .targets import Faster


def build(n: int, d: int) -> Problem:
    """The step is a tenth of what one row of d columns can bear, ‖x‖² = d: 0.1/d."""
    X = dense(n, d)
    settings = {"learning_rate": 0.1 / d, "epochs": 1}
    return Problem(X, with_target(X, "squared"), "squared", settings=settings)


def _regressor(problem: Problem, tol) -> Any:
    """½(z − y)² there, so twice our learning rate."""
    from sklearn.linear_model import SGDRegressor

    rate = 2 * problem.settings["learning_rate"]
    return SGDRegressor(
        penalty=None, learning_rate="constant", eta0=rate, max_iter=1, tol=None, random_state=0
    )


def _dense_row(n: int, d: int, times: float) -> Row:
    return Row(
        name=f"sgd_dense_{d}",
        work=f"one shuffled SGD pass, {n:,} × {d:,}",
        sizes={"full": {"n": n, "d": d}, "quick": {"n": n // 10, "d": d}},
        build=build,
        contenders=(
            downslope("sgd", (), scale=False),
            downslope("sgd", ()),
            scikit_learn("scikit-learn SGDRegressor", _regressor, ()),
        ),
        targets=(Faster(("scikit-learn",), times),),
        within=1.0,
        floor=read_alone,
        floor_is="X read once, by one thread",
    )


# ---- sparse ----


def build_sparse(n: int, d: int, count: int) -> Problem:
    """Rows of length 1; L2 with α = 1/n; no intercept, as scikit-learn slows that of sparse rows down."""
    X = sparse(n, d, count)
    y = with_target(X, "log", size=4.0)
    settings = {"learning_rate": 2.0, "epochs": 1}
    return Problem(X, y, "log", "l2", (1 / n,), intercept=False, settings=settings)


def _classifier(problem: Problem, tol) -> Any:
    from sklearn.linear_model import SGDClassifier

    return SGDClassifier(
        loss="log_loss", penalty="l2", alpha=problem.alpha, fit_intercept=False, learning_rate="constant",
        eta0=problem.settings["learning_rate"], max_iter=1, tol=None, random_state=0,
    )  # fmt: skip


@dataclass(frozen=True)
class _Cache:
    """Vowpal Wabbit's own binary cache of the rows, in a folder that goes when this does."""

    problem: Problem
    folder: tempfile.TemporaryDirectory
    command: str


def _cached(problem: Problem) -> _Cache:
    """Written by the first reading of a text file, which is shuffled, for its passes go in file order."""
    from vowpalwabbit import Workspace

    folder = tempfile.TemporaryDirectory()
    text, cache = Path(folder.name, "rows.vw"), Path(folder.name, "rows.cache")
    X, y = problem.X, problem.y
    with text.open("w") as file:
        for i in np.random.default_rng(0).permutation(len(y)):
            part = slice(X.indptr[i], X.indptr[i + 1])
            pairs = " ".join(f"{j}:{v:.7g}" for j, v in zip(X.indices[part], X.data[part]))
            file.write(f"{1 if y[i] else -1} | {pairs}\n")
    bits = max(18, (X.shape[1] - 1).bit_length())
    rate = problem.settings["learning_rate"]
    command = (
        f"-d {text} --cache_file {cache} --quiet --holdout_off --noconstant -b {bits} "
        f"--loss_function logistic --sgd --power_t 0 -l {rate} --l2 {problem.alpha}"
    )
    Workspace(command).finish()
    os.truncate(text, 0)  # from here on the cache alone is read
    return _Cache(problem, folder, command)


def _vowpal_wabbit(cached: _Cache, tol) -> Answer:
    from vowpalwabbit import Workspace

    model = Workspace(cached.command)  # its constructor makes the pass
    return Answer([], later=lambda: [(_weights(model, cached.problem.X.shape[1]), 0.0)])


def _weights(model, d: int) -> np.ndarray:
    """Its weights; under L2 they are held apart from a factor, which a prediction gives away."""
    w = np.array([model.get_weight(j) for j in range(d)])
    largest = int(np.abs(w).argmax())
    w *= model.predict(f" | {largest}:1") / w[largest]
    model.finish()
    return w


csr = Row(
    name="sgd_csr",
    work="one shuffled SGD pass on CSR, 200,000 × 50,000, 75 non-zeros a row, log loss, L2",
    sizes={
        "full": {"n": 200_000, "d": 50_000, "count": 75},
        "quick": {"n": 20_000, "d": 50_000, "count": 75},
    },
    build=build_sparse,
    contenders=(
        downslope("sgd", (), scale=False),
        downslope("sgd", (), learning_rate="auto"),
        scikit_learn("scikit-learn SGDClassifier", _classifier, ()),
        Contender("Vowpal Wabbit from its cache", _vowpal_wabbit, prepare=_cached),
    ),
    targets=(Faster(("scikit-learn",), 2.5), Faster(("Vowpal Wabbit",), 3)),
    within=0.15,
    floor=read_alone,
    floor_is="values and column numbers read once, by one thread",
)


# ---- batches of 32 ----


def build_batches(n: int, d: int) -> Problem:
    X = dense(n, d)
    settings = {"learning_rate": 0.02, "epochs": 1}
    return Problem(X, with_target(X, "squared"), "squared", settings=settings)


def _torch_model(problem: Problem) -> tuple[Any, Any]:
    """A linear layer that starts at 0, and its optimizer."""
    import torch

    layer = torch.nn.Linear(problem.X.shape[1], 1, dtype=torch.float64)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    return layer, torch.optim.SGD(layer.parameters(), lr=problem.settings["learning_rate"])


def _update(layer, optimizer, X, y) -> None:
    optimizer.zero_grad()
    ((layer(X)[:, 0] - y) ** 2).mean().backward()
    optimizer.step()


def _of(layer) -> Answer:
    return Answer([(layer.weight.detach().numpy().ravel(), layer.bias.item())])


def _data_loader(prepared, tol) -> Answer:
    from torch.utils.data import DataLoader, TensorDataset

    problem, X, y = prepared
    layer, optimizer = _torch_model(problem)
    for rows, targets in DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True):
        _update(layer, optimizer, rows, targets)
    return _of(layer)


def _sliced(prepared, tol) -> Answer:
    """Rows shuffled once, then views of 32 rows each: the quickest of the loops that people write."""
    import torch

    problem, X, y = prepared
    layer, optimizer = _torch_model(problem)
    order = torch.randperm(len(y))
    X, y = X[order], y[order]
    for first in range(0, len(y), 32):
        _update(layer, optimizer, X[first : first + 32], y[first : first + 32])
    return _of(layer)


batches = Row(
    name="minibatch",
    work="one mini-batch pass, batches of 32, 100,000 × 20",
    sizes={"full": {"n": 100_000, "d": 20}, "quick": {"n": 50_000, "d": 20}},
    build=build_batches,
    contenders=(
        downslope("minibatch:32", (), scale=False),
        downslope("minibatch:32", ()),
        Contender("PyTorch DataLoader", _data_loader, prepare=tensors),
        Contender("PyTorch sliced tensors", _sliced, prepare=tensors),
    ),
    targets=(Faster(("PyTorch DataLoader",), 100), Faster(("PyTorch sliced",), 40)),
    within=0.5,
    floor=read_alone,
    floor_is="X read once, by one thread",
)

ROWS = (
    _dense_row(1_000_000, 13, 5),
    _dense_row(500_000, 100, 4),
    _dense_row(50_000, 1_000, 4),
    csr,
    batches,
)

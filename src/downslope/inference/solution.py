"""What stays of a training: the weights, why it stopped, the trace, and what prediction needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .. import notebook, view
from ..arguments import a, door, number, one_of, truth
from ..data import Dataset, Encoding
from ..data.opening import table_or_source
from ..data.partitioned import PartitionedDataset
from ..data.parts import Meter, ReadOptions
from ..data.reading import Table
from ..data.stream import Stream
from ..descent.trace import Trace
from ..errors import DownslopeError
from ..insight import Verdict
from ..insight.coefficients import SummaryText
from ..insight.standard_errors import standard_errors
from ..messages import text
from ..model.naming import output_names
from ..model.nets import net_scores
from ..model.objective import Objective
from . import intervals
from .calibrating import Calibrator
from .comparing import Nested
from .deciding import Decision
from .predicting import Predictions
from .recipe import Recipe


def constants_of(method: Any) -> dict[str, float]:
    """ε and decay of a method's direction, in the units of its descent."""
    direction = method.direction
    names = (name for name in ("epsilon", "decay") if hasattr(direction, name))
    return {name: float(getattr(direction, name)) for name in names}


SHOWN = 20  # weights in a notebook


@dataclass(frozen=True, eq=False)
class Solution:
    """The result of a descent: `params` (p,) in the user's units, named by `names`; `loss` is F there.

    `stopped` is the code of the stop condition, `verdict` explains it. For a linear model, `params` contains
    a weight per feature (and output), then the intercepts; `coef` and `intercept` separate them. `formula` is
    the minimised function, if it was one.
    """

    params: np.ndarray
    names: tuple[str, ...]
    loss: float
    stopped: str
    verdict: Verdict
    trace: Trace
    epochs: int
    seconds: float
    recipe: Recipe
    method: str  # the name of the one that "auto" chose
    features: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    single: bool = True  # y was (n,), and so are predictions
    encoding: Encoding | None = None
    formula: str | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple = ()  # on the data: (key, facts)
    classes: tuple = ()  # what is predicted, when the loss is one for classes
    module: Any = None  # a PyTorch module of one's own, when that was trained
    gap: float | None = None  # F − F* is at most this; None where nothing proves it
    constants: Mapping[str, float] = field(default_factory=dict)  # ε and decay, in the descent's units
    split: tuple[float, int] | None = None  # (fraction, seed) of the rows that were held out
    nested: Nested | None = None  # the score of its way to choose, by nested cross-validation
    test: tuple[float, int] | None = None  # (fraction, seed) of the rows that only measured
    split_in_parts: bool = False  # while they were read in parts
    path: Any = None  # along which alpha was chosen; a run keeps what `selection` says of it
    selection: Mapping[str, Any] | None = None  # how alpha was chosen: rule, metric, alphas, scores, …
    normal: Any = None  # where normal theory holds, what makes it
    calibrator: Calibrator | None = None  # chances from scores, if not the loss's own
    decision: Decision | None = None  # where two classes part, if not at a chance of 0.5
    calibration: Any = None  # how far predictions were off on rows that were not learned from
    source: str = ""  # of the training rows: a path, a query, or what they were in memory
    data_findings: Sequence[Verdict] = ()  # about the rows, the gravest first; see `DataFindings`

    def __post_init__(self):
        if self.path is not None and self.selection is None:
            object.__setattr__(self, "selection", self.path.to_json())

    def evaluated(self) -> Solution:
        """With all that is otherwise computed when it is first asked for: metrics, normal theory, findings.

        Rows at the workers of a cluster go with its client; and Dask pickles what it sends while it holds a
        lock, so that a solution which then asked the workers for its metrics would wait for ever.
        """
        with suppress(DownslopeError):  # insight never costs a fit
            dict(self.metrics), self.normal_theory, tuple(self.data_findings)
        return self

    @property
    def choice_reason(self) -> list[str]:
        """How alpha was chosen, one sentence each; empty if it was given."""
        return [text(key, **facts) for key, facts in self.notes if key.startswith("selection.")]

    @property
    def outputs(self) -> int:
        """k, the columns of z: one per target, per quantile, or per class if there are more than two."""
        return len(self.output_names)

    @property
    def output_names(self) -> tuple[str, ...]:
        """The names of the columns of z."""
        return output_names(self, self.recipe.loss)

    @property
    def prediction_names(self) -> list[str]:
        """The heads of the columns of predictions in a table."""
        names = self.recipe.loss.output_names or self.targets
        return ["prediction"] if self.single else [f"prediction: {name}" for name in names]

    @cached_property
    def coef(self) -> np.ndarray:
        """Weights of the features, (d,), or (d, k) for several outputs."""
        self._refuse_net()
        d, k = len(self.features), self.outputs
        W = self.params[: d * k].reshape(d, k)
        return W[:, 0] if self.single and k == 1 else W

    @cached_property
    def intercept(self) -> Any:
        """b: a number, or (k,) for several outputs; 0 without an intercept."""
        self._refuse_net()
        d, k = len(self.features), self.outputs
        b = self.params[d * k :] if self.recipe.intercept else np.zeros(k)
        return float(b[0]) if self.single and k == 1 else b

    @property
    def method_reason(self) -> str | None:
        """Why "auto" chose its method, and what a stochastic one does on a cluster, in one line."""
        chosen = [(key, facts) for key, facts in self.notes if not key.startswith("selection.")]
        reasons = [text(key, **facts) for key, facts in chosen if ".auto_" in key or ".local_" in key]
        return "; ".join(reasons) or None

    @property
    def named(self) -> dict[str, float]:
        """Weights by name, without the intercepts."""
        linear = self.features and not self.is_net
        count = len(self.params) - (self.outputs if self.recipe.intercept and linear else 0)
        return dict(zip(self.names[:count], self.params[:count].tolist()))

    @door(interval=number(above=0, below=1, none=True), interval_of=one_of("new", "mean"))
    def predict(self, X, interval: float | None = None, interval_of: str = "new") -> np.ndarray:
        """Predictions for new rows: the mean, (n,) or (n, k), after the inverse link; or classes, (n,). Of a
        loss of several quantiles these, (n, q), in order.

        X: an array (n, d) in the order of `features`, a Dataset, or anything that `Dataset.read` accepts,
        which is encoded like the training rows. float32 rows give float32.

        interval: 0.9 gives (prediction, lower, upper), (n, 3) or (n, k, 3), where new observations lie with
        this probability; with `interval_of="mean"`, where their mean lies. For classes, (n, K) of bool: the
        members of each set, which may be empty; for quantiles (n, q + 2), the interval around the outer two
        last (Romano, Patterson & Candès 2019). By normal theory for least squares without penalty and
        weights; otherwise, and wherever they were set aside, from calibration rows
        (`fit(…, calibrate_rows=0.2)`).
        """
        if interval is None:
            return self.answers(self.scores(X))
        rows = self._dataset(X)
        return intervals.interval(self, rows, self.scores(rows), interval, interval_of == "mean")

    @property
    def normal_theory(self) -> intervals.NormalTheory | None:
        """(XᵀX)⁻¹ and σ̂² of least squares without penalty and weights."""
        return None if self.normal is None else self.normal.value

    def answers(self, z: np.ndarray) -> np.ndarray:
        """Predictions from the scores: the mean, or the classes."""
        if not self.classes:
            return self.recipe.loss.mean(z)
        return np.array(self.classes)[self.codes(z)]

    @property
    def has_chances(self) -> bool:
        """Whether there is a chance of each class: by the loss, or by a calibration."""
        return self.calibrator is not None or bool(self.recipe.loss.has_probabilities)

    @property
    def threshold(self) -> float:
        """The chance above which the second of two classes is predicted; of a loss without chances the z."""
        return (0.5 if self.has_chances else 0.0) if self.decision is None else self.decision.threshold

    @property
    def cut(self) -> float:
        """Without a calibration, the z above which the second of two classes is predicted."""
        return 0.0 if self.decision is None else self.decision.cut

    def codes(self, z: np.ndarray) -> np.ndarray:
        """The number of the class that is predicted, (n,), from the scores."""
        if self.calibrator is not None:
            p = self.chances(z)
            return (p[:, 1] > self.threshold).astype(int) if p.shape[1] == 2 else p.argmax(axis=1)
        return (z > self.cut).astype(int) if z.ndim == 1 else z.argmax(axis=1)

    @door()
    def probabilities(self, X) -> np.ndarray:
        """The probability of each class, (n, K), in the order of `classes`: log loss, or calibrated."""
        if not self.has_chances:
            raise DownslopeError("inference.no_probabilities", loss=self.recipe.loss.name)
        return self.chances(self.scores(X))

    def chances(self, z: np.ndarray) -> np.ndarray:
        """The probability of each class, (n, K), from the scores."""
        if self.calibrator is not None:
            return self.calibrator.chances(z)
        p = self.recipe.loss.mean(z[:, None] if z.ndim == 1 else z)
        return np.hstack([1 - p, p]) if p.shape[1] == 1 else p

    @door()
    def scores(self, X) -> np.ndarray:
        """z = X·w + b, (n,), or (n, k) for several outputs."""
        rows = self._dataset(X)
        if self.is_net:
            z = net_scores(self.recipe.net, self.module, self.params, rows.X, self.outputs)
            return z[:, 0] if self.single and z.shape[1] == 1 else z
        W = self.params[: len(self.features) * self.outputs].reshape(len(self.features), -1)
        if rows.X.shape[1] != len(W):
            raise DownslopeError("inference.columns", found=rows.X.shape[1], needed=len(W))
        kind = rows.X.dtype
        z = np.asarray(rows.X @ W.astype(kind), dtype=kind) + np.asarray(self.intercept, dtype=kind)
        return z[:, 0] if self.single and z.shape[1] == 1 else z

    @property
    def certificate(self) -> Any:
        """Of a net the largest curvature that was measured, and the learning rate that it allows: `L`,
        `bound`, `rate`, `excess`, `edge`, `lines()`. None for other models: see `ds.certify`."""
        return None if self.verdict is None else self.verdict.certificate

    @property
    def is_net(self) -> bool:
        """Whether a net was trained, rather than a linear model."""
        return self.recipe.net is not None or self.module is not None

    @property
    def is_code(self) -> bool:
        """Whether it contains code, which cannot be saved: your own module, or a torch optimizer."""
        return self.module is not None or self.recipe.without_code() is not self.recipe

    def _refuse_net(self) -> None:
        if self.is_net:
            raise DownslopeError("inference.net_weights")

    @door(
        reading=a("ReadOptions", none=True),
        interval=number(above=0, below=1, none=True),
        interval_of=one_of("new", "mean"),
    )
    def predict_source(
        self,
        source,
        reading: ReadOptions | None = None,
        meter: Meter | None = None,
        as_written: bool = False,
        interval: float | None = None,
        interval_of: str = "new",
    ) -> Predictions:
        """Any number of rows with their predictions, in chunks and in order: pyarrow Tables.

        source: anything that `Dataset.read` accepts. reading: the memory for rows, and how bad rows are
        treated. meter: one that also counts the rows of other sources. as_written: keep the cells of untyped
        files as text, unchanged. interval: as for `predict`. See `Predictions`.
        """
        asked = None if interval is None else (interval, interval_of == "mean")
        return Predictions(self, source, reading or ReadOptions(), meter, as_written, asked)

    def _dataset(self, X) -> Dataset:
        if not self.features:
            raise DownslopeError("inference.function_predicts", formula=self.formula)
        if isinstance(X, Dataset):
            own = self.encoding
            if X.table is None or X.encoding is None or own is None or X.encoding.columns == own.columns:
                return X
            return own.apply(X.table, target=False)  # rows of another encoding, as before a split
        if self.encoding is not None and (isinstance(X, Table | str | Path | dict) or hasattr(X, "columns")):
            formats = self.encoding.text_formats
            table = X if isinstance(X, Table) else Table.read(X, formats=formats)
            return self.encoding.apply(table, target=False)
        return Dataset.from_arrays(X)

    @door()
    def training_rows(self, data=None) -> Dataset:
        """The training rows: `data` (a Dataset, or anything that `Dataset.read` accepts), encoded as in
        training; without it they are read again from their source."""
        if isinstance(data, Dataset):
            return data
        if isinstance(data, PartitionedDataset):
            raise DownslopeError("inference.rows_in_memory", source=data.source)
        if data is None and self.split_in_parts:
            raise DownslopeError("inference.split_in_parts", source=self.source)
        if self.encoding is None:
            raise DownslopeError("inference.rows_needed", source=self.source or self.formula)
        if data is None and not Path(self.source).exists():
            raise DownslopeError("inference.rows_needed", source=self.source)
        source, formats = self.source if data is None else data, self.encoding.text_formats
        table = data if isinstance(data, Table) else table_or_source(source, ReadOptions(), formats)
        if not isinstance(table, Table):
            raise DownslopeError("inference.rows_in_memory", source=source)
        rows = self.encoding.apply(table)
        if self.split is not None and not self.split_in_parts:
            rows = rows.without_held_out(*self.split)
        rows = rows if self.test is None else rows.without_held_out(*self.test)
        drawn = self.calibration is not None and self.calibration.fold is None
        return rows.without_held_out(self.calibration.fraction, self.calibration.seed) if drawn else rows

    def objective(self, rows: Dataset) -> Objective:
        """F over the training rows; rows with other columns are refused."""
        rows = rows.labelled(self.classes) if self.classes else rows
        objective = self.recipe.objective(rows, self.module)
        if objective.names != self.names:
            facts = {"found": ", ".join(objective.names[:5]), "needed": ", ".join(self.names[:5])}
            raise DownslopeError("instruments.other_columns", **facts)
        return objective

    @door(robust=truth)
    def summary(self, data=None, robust: bool = False, **asked) -> str:
        """A table of weights, standard errors, t or z, p-values and intervals; log-likelihood, AIC, BIC and
        tests of the whole model. A string, which notebooks show as a table.

        `data`: the training rows, if they cannot be read again from their source.
        `asked`: `kind` and its parameters; see `standard_errors`.
        """
        table = standard_errors(self, self.rows_for_errors(data), robust, **asked)
        return SummaryText.of(table)

    def rows_for_errors(self, data=None) -> Any:
        """`training_rows`, or a Stream of them where they do not fit in memory."""
        if isinstance(data, PartitionedDataset):
            return data
        try:
            return self.training_rows(data)
        except DownslopeError as error:
            if error.key != "inference.rows_in_memory":
                raise
        encoding, source = self.encoding, self.source if data is None else data
        assert encoding is not None
        columns = [column.name for column in encoding.columns]
        return Stream.open(source, encoding.targets, columns, encoding.weights)

    @door(dataset=a("Dataset"), fix_alpha=truth)
    def refit(self, dataset, fix_alpha: bool = True) -> Solution:
        """Fit the same settings to other rows. If a rule chose alpha, it chooses again, unless
        `fix_alpha`."""
        recipe = self.recipe
        if self.selection is not None and not fix_alpha:
            chosen = {"alpha": self.selection["rule"]}
            if self.selection["folds"] is not None:  # gcv, aic and bic have none
                chosen |= {"folds": self.selection["folds"], "metric": self.selection["metric"]}
            recipe = recipe.with_(**chosen)
        training = view("training").on_rows(dataset, recipe)
        training.judged = False
        return training.solution

    def to_json(self) -> dict[str, Any]:
        """The output of `--json`: plain data, with null for numbers that are not finite."""
        has_intercept = self.features and self.recipe.intercept and not self.is_net
        intercept = np.asarray(self.intercept).tolist() if has_intercept else None
        fields = {
            "params": self.named,
            "classes": list(self.classes),
            "intercept": intercept,
            "loss": self.loss,
            "gap": self.gap,
            "epochs": self.epochs,
            "stopped": self.stopped,
            "verdict": self.verdict.to_json(),
            **(
                {"data_findings": [one.to_json() for one in self.data_findings]} if self.data_findings else {}
            ),
            "metrics": dict(self.metrics),
            **({} if self.certificate is None else {"certificate": self.certificate.to_json()}),
            "method": self.method,
            "method_reason": self.method_reason,
            "seconds": self.seconds,
            **({} if self.selection is None else {"alpha": self.recipe.alpha, "selection": self.selection}),
            **({} if self.calibrator is None else {"calibrator": asdict(self.calibrator)}),
            **({} if self.nested is None else {"nested": asdict(self.nested)}),
            **({} if self.decision is None else {"decision": asdict(self.decision)}),
            "trace": self.trace.to_records(),
        }
        return finite(fields)

    def save(self, path, force: bool = False) -> Path:
        """Save the run as a folder of open formats; see `downslope.load`."""
        return view("save")(self, path, force)

    def _repr_html_(self) -> str:
        """Weights, loss and verdict, for a notebook; of many weights the first."""
        rows = [(name, f"{value:.6g}") for name, value in list(zip(self.names, self.params))[:SHOWN]]
        if len(self.names) > SHOWN:
            rows.append(("…", text("inference.html_more", count=len(self.names) - SHOWN)))
        facts = f"{self.method}: {text('inference.html_loss', loss=self.loss, epochs=self.epochs)}"
        verdicts = "".join(one._repr_html_() for one in (self.verdict, *self.data_findings))
        return notebook.table(rows) + notebook.paragraph(facts) + verdicts

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value:.6g}" for name, value in list(zip(self.names, self.params))[:6])
        more = ", …" if len(self.names) > 6 else ""
        return f"<Solution {shown}{more}; loss {self.loss:.6g}, {self.stopped} after {self.epochs} epochs>"


def finite(value: Any, instead: Callable[[float], Any] = lambda number: None) -> Any:
    """The same plain data for JSON, which has no inf and nan: `instead(number)` stands for them."""
    if isinstance(value, dict):
        return {str(key): finite(item, instead) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item, instead) for item in value]
    value = value.item() if isinstance(value, np.generic) else value
    return instead(value) if isinstance(value, float) and not math.isfinite(value) else value

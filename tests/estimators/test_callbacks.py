"""Claims about scikit-learn's callbacks (from 1.9 on) on our estimators; most are those of its own tests."""

import gc
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import downslope as ds
from downslope.estimators import base

callback = pytest.importorskip("sklearn.callback")

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(2, [1, 5, 0.3], (80, 3))
Y = X @ [2.0, -1.0, 4.0] + RANDOM.normal(0, 2, 80)
CLASSES = np.where(np.median(Y) < Y, "high", "low")
NET = {"random_state": 0, "dtype": "float64"}
KINDS = {
    "newton": ds.LinearClassifier(penalty="l2", alpha=0.1),
    "gd": ds.LinearRegressor(method="gd", epochs=12),
    "sgd": ds.LinearRegressor(method="sgd", epochs=7, random_state=0),
    "batches": ds.LinearClassifier("squared_hinge", method="minibatch:32", epochs=4, random_state=0),
    "closed form": ds.LinearRegressor(),
    "stages": ds.LinearRegressor("absolute", method="lbfgs"),
    "coordinates": ds.LinearRegressor(penalty="l1", alpha=0.5),
    "net": ds.NetClassifier(epochs=3, **NET),
    "net on all rows": ds.NetRegressor(method="lbfgs", epochs=5, **NET),
}
every_kind = pytest.mark.parametrize("kind", KINDS)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module", autouse=True)
def no_listener_outlives_the_tests():
    """A ScoringMonitor listens until it is collected; scikit-learn's cache of signatures holds 128."""
    yield
    callback._callback_context._cached_signature.cache_clear()
    gc.collect()


class Recorder:
    """Records the hooks; asks for the end of the descent at the task of this number."""

    def __init__(self, stop_at=None, fail_at=None):
        self.record, self.stop_at, self.fail_at = [], stop_at, fail_at

    def note(self, hook, context, *rest):
        self.record.append((hook, context.task_name, context.task_id, *rest))
        if hook == self.fail_at:
            raise OSError(f"failed in {hook}")

    def setup(self, estimator, context):
        self.note("setup", context)

    def on_fit_task_begin(self, estimator, context):
        self.note("begin", context)

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None):
        self.note("end", context, fitted_estimator, metadata)
        return context.task_name == "epoch" and context.task_id == self.stop_at

    def teardown(self, estimator, context):
        self.note("teardown", context)

    def hooks(self, name):
        return [entry for entry in self.record if entry[0] == name]


class Propagated(Recorder):
    max_propagation_depth = None


def target(estimator):
    return CLASSES if "Classifier" in type(estimator).__name__ else Y


def fitted(kind, *callbacks, **params):
    estimator = clone(KINDS[kind]).set_params(**params).set_callbacks(*callbacks)
    return estimator.fit(X, target(estimator))


@every_kind
def test_a_fit_is_a_task_and_each_epoch_one_in_it(kind):
    seen = Recorder()
    model = fitted(kind, seen)
    names = [entry[:3] for entry in seen.record]
    epochs = [(hook, "epoch", k) for k in range(model.n_iter_) for hook in ("begin", "end")]
    root = [("setup", "fit", 0), ("begin", "fit", 0), ("end", "fit", 0), ("teardown", "fit", 0)]
    assert names == [*root[:2], *epochs, *root[2:]]
    assert not {"_callback_fit_ctx", "_skl_callbacks_to_teardown"} & vars(model).keys()


@every_kind
def test_callbacks_change_no_bit(kind):
    with_one, without = fitted(kind, Recorder()), fitted(kind)
    assert np.array_equal(with_one.solution_.params, without.solution_.params)
    assert with_one.verdict_.code == without.verdict_.code and with_one.n_iter_ == without.n_iter_


@pytest.mark.parametrize("kind", ["newton", "gd", "sgd", "batches", "coordinates", "net", "net on all rows"])
def test_in_each_epoch_they_see_the_estimator_as_if_it_had_ended_there(kind):
    seen = Recorder()
    model = fitted(kind, seen)
    for _, name, number, here, _ in seen.hooks("end")[: min(model.n_iter_, 3)]:
        schedule_without_end = kind != "net"  # whose cosine lies over all epochs
        if name == "epoch" and schedule_without_end:
            ended = fitted(kind, epochs=number + 1)
            assert here.n_iter_ == ended.n_iter_ == number + 1
            assert np.array_equal(here.predict(X), ended.predict(X))
    last = seen.hooks("end")[-2][3]
    assert np.array_equal(last.predict(X), model.predict(X)) and last.get_params() == model.get_params()


def test_with_patience_it_is_the_one_with_the_best_weights_so_far():
    seen = Recorder()
    model = fitted("net", seen, epochs=60, learning_rate=0.3, validation=0.3, patience=3)
    assert model.verdict_.kind == "stopped_early"
    assert np.array_equal(seen.hooks("end")[-2][3].predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("kind", ["newton", "gd", "sgd", "batches", "stages", "net"])
def test_a_callback_ends_the_descent_after_the_epoch_in_which_it_asks_for_it(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it ended as requested
        seen = Recorder(stop_at=1)
        model = fitted(kind, seen)
    assert model.n_iter_ == 2 and model.solution_.stopped == "callback"
    assert [entry[2] for entry in seen.hooks("end")] == [0, 1, 0]
    assert np.array_equal(seen.hooks("end")[1][3].predict(X), model.predict(X))
    if model.verdict_.code == "interrupted":
        assert model.verdict_.remedy.code == "go_on"


def test_a_metric_ends_it_where_it_stops_getting_better():
    class Patience(Recorder):
        best = -np.inf

        def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
            if context.task_name == "epoch":
                before, self.best = self.best, fitted_estimator.score(X, y)
                return self.best < before + 1e-3

    model = fitted("gd", Patience(), epochs=1000)
    assert model.solution_.stopped == "callback" and 1 < model.n_iter_ < 100
    before, last = (fitted("gd", epochs=model.n_iter_ - less).score(X, Y) for less in (1, 0))
    assert last < before + 1e-3


@every_kind
def test_the_scoring_monitor_has_a_score_per_epoch(kind):
    scoring = "accuracy" if "Classifier" in repr(KINDS[kind]) else "r2"
    monitor = callback.ScoringMonitor(scoring=scoring)
    model = fitted(kind, monitor)
    scores = [row[scoring] for row in monitor.get_logs().data]
    assert len(scores) == model.n_iter_ + 1
    assert scores[0] == scores[-1] == model.score(X, target(model))  # of the fit, and of its last epoch


def test_weights_of_rows_reach_them():
    monitor, weight = callback.ScoringMonitor(scoring="r2"), RANDOM.uniform(0, 2, len(X))
    model = clone(KINDS["gd"]).set_callbacks(monitor).fit(X, Y, weight)
    assert monitor.get_logs().data[-1]["r2"] == model.score(X, Y, weight)


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_search_passes_them_on(jobs):
    monitor = callback.ScoringMonitor(scoring="r2")
    model = clone(KINDS["sgd"]).set_callbacks(monitor)
    search = GridSearchCV(model, {"epochs": [2, 3]}, cv=2, n_jobs=jobs)
    seen = Propagated()
    if jobs == 1:  # its record stays in the process
        search.set_callbacks(seen)
    search.fit(X, Y)
    rows = monitor.get_logs(include_lineage=True).data
    assert rows[0]["estimator_name"] == "GridSearchCV"
    epochs = 2 * (2 + 3) + search.best_estimator_.n_iter_
    assert sum(row["task_name"] == "epoch" for row in rows) == epochs
    assert jobs > 1 or sum(entry[1] == "epoch" for entry in seen.hooks("begin")) == epochs
    assert search.best_estimator_._skl_callbacks == [monitor]


def test_a_pipeline_shows_one_bar_per_level(capsys):
    pipeline = make_pipeline(StandardScaler(), clone(KINDS["sgd"]))
    pipeline.set_callbacks(callback.ProgressBar()).fit(X, Y)
    lines = capsys.readouterr().out
    assert "Pipeline - fit" in lines and "LinearRegressor - fit" in lines and lines.count("100%") >= 2


@pytest.mark.parametrize("hook", ["setup", "begin", "end", "teardown"])
def test_an_error_of_a_callback_leaves_as_it_is(hook):
    seen, model = Recorder(fail_at=hook), clone(KINDS["gd"])
    with pytest.raises(OSError, match=f"failed in {hook}"):
        model.set_callbacks(seen).fit(X, Y)
    assert len(seen.hooks("teardown")) == 1 and "_callback_fit_ctx" not in vars(model)


def test_a_fit_that_is_refused_tears_them_down():
    seen = Recorder()
    with pytest.raises(ds.DownslopeError):
        fitted("gd", seen, epochs="many")
    assert [entry[0] for entry in seen.record] == ["setup", "begin", "teardown"]


def test_a_descent_that_diverges_ends_its_tasks():
    seen = Recorder()
    model = fitted("gd", seen, learning_rate=1e6)
    assert model.verdict_.code == "diverged" and len(seen.hooks("begin")) == len(seen.hooks("end"))
    assert all(np.isfinite(entry[3].predict(X)).all() for entry in seen.hooks("end"))


def test_clones_and_pickles_have_them():
    model = fitted("gd", callback.ScoringMonitor(scoring="r2"))
    for copy in (clone(model), pickle.loads(pickle.dumps(model))):
        (monitor,) = copy.fit(X, Y)._skl_callbacks
        assert monitor.get_logs().data[-1]["r2"] == model.score(X, Y)


def test_without_callbacks_nothing_watches(monkeypatch):
    monkeypatch.setattr(base, "Task", None)
    assert fitted("sgd").n_iter_ == 7
    with pytest.raises(TypeError, match="FitCallback"):
        ds.LinearRegressor().set_callbacks(Recorder)


@pytest.mark.slow
def test_below_1_9_the_estimators_work_without():
    code = (
        "import sys, sklearn.model_selection, sklearn.linear_model, sklearn.utils.multiclass\n"
        "sys.modules['sklearn.callback'] = None\n"
        "import downslope as ds\n"
        "for model in (ds.LinearRegressor(), ds.LinearClassifier(penalty='l2', alpha=0.1)):\n"
        "    assert not hasattr(model, 'set_callbacks')\n"
        "    model.fit([[1.0], [2.0], [4.0]], [0, 1, 1]).predict([[3.0]])\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

"""Each metric by which a model is chosen is scikit-learn's, with weights of rows and without."""

import numpy as np
import pytest
from sklearn import metrics

import downslope as ds
from downslope.model import losses
from downslope.model.naming import coded
from downslope.selection.metrics import METRICS, metric_of, score_of

n = 150
NUMBERS = {
    "mse": ("squared", metrics.mean_squared_error),
    "rmse": ("squared", metrics.root_mean_squared_error),
    "mae": ("absolute", metrics.mean_absolute_error),
    "mape": ("squared", metrics.mean_absolute_percentage_error),
    "median_error": ("absolute", metrics.median_absolute_error),
    "r2": ("squared", metrics.r2_score),
    "pinball:0.8": ("quantile:0.8", lambda y, p, **s: metrics.mean_pinball_loss(y, p, alpha=0.8, **s)),
}
EXPLAINED = {
    "squared": metrics.r2_score,
    "absolute": metrics.d2_absolute_error_score,
    "quantile:0.8": lambda y, p, **s: metrics.d2_pinball_score(y, p, alpha=0.8, **s),
    "poisson": lambda y, p, **s: metrics.d2_tweedie_score(y, p, power=1, **s),
}


def of_two(score):
    return lambda y, p, **s: score(y, p[:, 1], **s)


def averaged(score):
    average = lambda p: "binary" if p.shape[1] == 2 else "macro"
    return lambda y, p, **s: score(y, p.argmax(axis=1), average=average(p), **s)


CLASSES = {
    "accuracy": lambda y, p, **s: metrics.accuracy_score(y, p.argmax(axis=1), **s),
    "balanced_accuracy": lambda y, p, **s: metrics.balanced_accuracy_score(y, p.argmax(axis=1), **s),
    "f1": averaged(metrics.f1_score),
    "precision": averaged(metrics.precision_score),
    "recall": averaged(metrics.recall_score),
    "auc": lambda y, p, **s: metrics.roc_auc_score(
        y, p[:, 1] if p.shape[1] == 2 else p, multi_class="ovr", **s
    ),
    "pr_auc": of_two(metrics.average_precision_score),
    "log_loss": metrics.log_loss,
    "deviance": lambda y, p, **s: 2 * metrics.log_loss(y, p, **s),
    "loss": metrics.log_loss,
    "d2": metrics.d2_log_loss_score,
    "brier": lambda y, p, **s: metrics.brier_score_loss(y, p[:, 1] if p.shape[1] == 2 else p, **s),
}


def weights(weighted):
    return np.random.default_rng(1).uniform(0.5, 2, n) if weighted else None


def scored(name, loss, z, y, s):
    rows, loss = ds.Dataset.from_arrays(np.zeros((n, 1)), y), losses.by_name(loss)
    rows = rows.labelled() if loss.labels else rows
    return score_of(metric_of(name, loss), loss, z, coded(rows, loss), np.asarray(rows.y), s)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_metrics_of_numbers_are_scikit_learns(weighted):
    random, s = np.random.default_rng(0), weights(weighted)
    z = random.standard_normal((n, 1))
    y = z[:, 0] + random.standard_normal(n)
    for name, (loss, score) in NUMBERS.items():
        assert scored(name, loss, z, y, s) == pytest.approx(score(y, z[:, 0], sample_weight=s)), name
    for loss, score in EXPLAINED.items():
        counts = loss == "poisson"
        y = random.poisson(np.exp(z[:, 0])).astype(float) if counts else y
        right = score(y, np.exp(z[:, 0]) if counts else z[:, 0], sample_weight=s)
        assert scored("d2", loss, z, y, s) == pytest.approx(right, abs=1e-12), loss
    assert {*NUMBERS, *CLASSES, "calibration"} - {"pinball:0.8"} == METRICS.keys()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("K", [2, 3])
def test_the_metrics_of_classes_are_scikit_learns(K, weighted):
    random, s = np.random.default_rng(0), weights(weighted)
    y, z = random.integers(0, K, n), random.standard_normal((n, 1 if K == 2 else K))
    p = losses.by_name("log").mean(z)
    p = np.hstack([1 - p, p]) if K == 2 else p
    for name, score in CLASSES.items():
        if name == "pr_auc" and K > 2:
            with pytest.raises(ds.DownslopeError):
                scored(name, "log", z, y, s)
            continue
        assert scored(name, "log", z, y, s) == pytest.approx(score(y, p, sample_weight=s), rel=1e-12), name


@pytest.mark.parametrize("metric", ["f1", "pr_auc", "brier", "d2", "mape", "pinball:0.8"])
def test_the_metric_that_chose_is_reported_of_all_rows_and_a_run_keeps_it(tmp_path, metric):
    random = np.random.default_rng(0)
    X, classes = random.standard_normal((200, 2)), metric not in ("mape", "pinball:0.8", "d2")
    y = X[:, 0] + random.standard_normal(200)
    rows = ds.Dataset.from_arrays(X, (y > 1) if classes else y + 9)
    rows = rows.labelled() if classes else rows
    threshold = {"threshold": 0.3} if classes else {}
    train, held = rows.split(0.3)
    found = ds.fit(train, validation=held, penalty="l2", alpha="cv", metric=metric, **threshold)
    z = found.scores(held.X).reshape(-1, 1)
    if metric == "f1":
        right = metrics.f1_score(held.y, found.codes(z[:, 0]))
    else:
        loss = found.recipe.loss
        right = score_of(metric_of(metric, loss), loss, z, coded(held, loss), np.asarray(held.y), None)
    assert found.metrics["validation"][metric] == pytest.approx(right, rel=1e-12)
    found.save(tmp_path / "run")
    assert ds.load(tmp_path / "run").metrics == dict(found.metrics)

"""Each kind of standard errors against statsmodels, or its formula; summaries; bootstrap; refusals."""

import json
import warnings

import numpy as np
import pytest

import downslope as ds
from downslope.cli import main
from downslope.data.parts import ReadOptions
from downslope.data.stream import Stream
from downslope.errors import DownslopeError
from downslope.messages import speaking

RNG = np.random.default_rng(0)
N = 150
X = RNG.normal(size=(N, 4)) * [1, 10, 0.1, 3] + [0, 5, 1, 100]
Y = X @ [1, -0.3, 4, 0.2] + RNG.normal(size=N) * (1 + abs(X[:, 0]))
S = RNG.uniform(0.5, 3, N)
GROUPS = RNG.integers(0, 40, N)
TIMES = RNG.permutation(N).astype(float)
CLASSES = (RNG.uniform(size=N) < 1 / (1 + np.exp(-(X[:, 0] - 0.2 * X[:, 1] + 1)))).astype(int)
COUNTS = RNG.poisson(np.exp(0.3 * X[:, 0] - 0.05 * X[:, 1] + 0.5)).astype(float)
THREE = np.array([RNG.choice(3, p=p / p.sum()) for p in np.exp(np.outer(X[:, 0], [0.0, 1.0, -0.5]))])
DESIGN = np.column_stack([X, np.ones(N)])  # the intercept last, as here
CLOSE = {"rtol": 1e-8, "atol": 0}


def close(found, right, **tolerance):
    np.testing.assert_allclose(found, right, **(CLOSE | tolerance))


def least_squares(weights):
    sm = pytest.importorskip("statsmodels.api")
    rows = ds.Dataset.from_arrays(X, Y, weights=weights)
    return rows, ds.fit(rows), sm.WLS(Y, DESIGN, weights=1.0 if weights is None else weights).fit()


@pytest.mark.parametrize("weights", [None, S], ids=["ols", "wls"])
@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3", "cluster", "hac"])
def test_robust_errors_of_least_squares_are_statsmodels(weights, kind):
    rows, solution, right = least_squares(weights)
    given, options = {}, {}
    if kind == "cluster":
        given, options = {"groups": GROUPS}, {"groups": GROUPS}
    if kind == "hac":  # rows are sorted by time
        order = np.argsort(TIMES)
        model = type(right.model)(Y[order], DESIGN[order], weights=1.0 if weights is None else S[order])
        given, options, right = {"lags": 4, "time": TIMES}, {"maxlags": 4}, model.fit()
    robust = right.get_robustcov_results(kind.upper() if kind == "hac" else kind, use_t=True, **options)
    found = ds.standard_errors(solution, rows, kind=kind, **given)
    close(found.error, robust.bse)
    close(found.covariance, robust.cov_params(), rtol=1e-7)
    close(found.p, robust.pvalues, rtol=1e-7)
    close(np.column_stack([found.low, found.high]), robust.conf_int())
    if kind != "hac":  # statsmodels' F of a HAC fit is the same, but for its degrees
        close(found.fit.test_statistic, np.squeeze(robust.fvalue))
        close(found.fit.test_p, np.squeeze(robust.f_pvalue), rtol=1e-6)
    assert found.covariance_kind == kind and found.fit.test == "Wald"


@pytest.mark.parametrize("clusters", [2, 3, 4])
def test_fewer_clusters_than_weights_have_no_joint_test(clusters):
    rows = ds.Dataset.from_arrays(X, Y)
    found = ds.standard_errors(ds.fit(rows), rows, kind="cluster", groups=np.arange(N) % clusters)
    assert found.fit.test is None and found.fit.test_p is None
    assert "instruments.no_wald" in [key for key, _ in found.notes]


def test_columns_that_depend_have_an_infinite_variance_inflation():
    dependent = np.column_stack([X, X[:, 0] + 2 * X[:, 1]])
    rows = ds.Dataset.from_arrays(dependent, Y)
    found = ds.standard_errors(ds.fit(rows, penalty="l2", alpha=0.1), rows, kind="posterior")
    vif = np.array(list(found.vif.values()))
    assert np.isinf(vif[[0, 1, 4]]).all() and np.isfinite(vif[[2, 3]]).all()
    json.dumps(found.to_json(), allow_nan=True)


@pytest.mark.parametrize("loss", ["log", "poisson", "softmax"])
@pytest.mark.parametrize("kind", ["model", "HC0", "cluster"])
def test_errors_of_likelihoods_are_statsmodels(loss, kind):
    sm = pytest.importorskip("statsmodels.api")
    target, model = {
        "log": (CLASSES, sm.Logit),
        "poisson": (COUNTS, sm.Poisson),
        "softmax": (THREE, sm.MNLogit),
    }[loss]
    options = {"cov_type": "nonrobust" if kind == "model" else kind}
    if kind == "cluster":
        options["cov_kwds"] = {"groups": GROUPS}
    how = {"disp": 0, "method": "newton", "maxiter": 200, "tol": 1e-13}
    right = model(target, DESIGN).fit(**how, **options)
    rows = ds.Dataset.from_arrays(X, target)
    solution = ds.fit(rows, loss="log" if loss == "softmax" else loss)
    found = ds.standard_errors(solution, rows, kind=kind, groups=GROUPS if kind == "cluster" else None)
    close(found.error.reshape(right.bse.shape), right.bse)
    fit = found.fit
    close([fit.log_likelihood, fit.aic, fit.bic], [right.llf, right.aic, right.bic])
    close([fit.null_log_likelihood, fit.r_squared], [right.llnull, right.prsquared])
    if kind == "model":
        assert fit.test == "LR"
        close([fit.test_statistic, fit.test_p], [right.llr, right.llr_pvalue], rtol=1e-6)


@pytest.mark.parametrize("weights", [None, S], ids=["ols", "wls"])
def test_the_statistics_of_a_fit_are_statsmodels(weights):
    pytest.importorskip("statsmodels.api")
    from statsmodels.stats.outliers_influence import variance_inflation_factor
    from statsmodels.stats.stattools import durbin_watson, jarque_bera

    rows, solution, right = least_squares(weights)
    found = ds.standard_errors(solution, rows)
    fit = found.fit
    close([found.aic, found.bic, found.log_likelihood], [right.aic, right.bic, right.llf])
    close([fit.r_squared, fit.adjusted_r_squared], [right.rsquared, right.rsquared_adj])
    close([fit.test_statistic, fit.test_p], [right.fvalue, right.f_pvalue], rtol=1e-7)
    close(fit.durbin_watson, durbin_watson(right.wresid))
    close([fit.jarque_bera, fit.jarque_bera_p, fit.skew, fit.kurtosis], jarque_bera(right.wresid))
    if weights is None:
        close(list(found.vif.values()), [variance_inflation_factor(DESIGN, j) for j in range(4)])
        assert list(found.vif) == ["x1", "x2", "x3", "x4"]


def test_the_deviance_is_that_of_statsmodels_glm():
    sm = pytest.importorskip("statsmodels.api")
    for loss, target, family in (
        ("log", CLASSES, sm.families.Binomial()),
        ("poisson", COUNTS, sm.families.Poisson()),
    ):
        rows = ds.Dataset.from_arrays(X, target)
        found = ds.standard_errors(ds.fit(rows, loss=loss), rows).fit.deviance
        close(found, sm.GLM(target, DESIGN, family=family).fit(tol=1e-14).deviance)


@pytest.mark.parametrize("kind, power", [("HC1", 0.0), ("HC2", 0.5), ("HC3", 1.0)])
@pytest.mark.parametrize("loss, target", [("log", CLASSES), ("poisson", COUNTS)])
def test_robust_errors_of_likelihoods_use_the_leverages_of_the_weighted_fit(loss, target, kind, power):
    rows = ds.Dataset.from_arrays(X, target)
    solution = ds.fit(rows, loss=loss)
    z = DESIGN @ solution.params
    mean = 1 / (1 + np.exp(-z)) if loss == "log" else np.exp(z)
    W = mean * (1 - mean) if loss == "log" else mean
    A = np.linalg.inv(DESIGN.T @ (W[:, None] * DESIGN))
    h = W * ((DESIGN @ A) * DESIGN).sum(axis=1)
    g = DESIGN * ((target - mean) / (1 - h) ** power)[:, None]
    right = np.sqrt(np.diag(A @ g.T @ g @ A) * (N / (N - 5) if kind == "HC1" else 1))
    close(ds.standard_errors(solution, rows, kind=kind).error, right, rtol=1e-7)


@pytest.mark.parametrize("loss, level", [("absolute", 0.5), ("quantile:0.3", 0.3), ("quantile:0.8", 0.8)])
def test_quantiles_have_the_sandwich_of_statsmodels_quantreg_at_our_coefficients(loss, level):
    pytest.importorskip("statsmodels.api")
    from statsmodels.regression.quantile_regression import hall_sheather, kernels

    rows = ds.Dataset.from_arrays(X, Y)
    solution = ds.fit(rows, loss=loss)
    e = Y - DESIGN @ solution.params
    normal = pytest.importorskip("scipy.stats").norm
    width = np.subtract(*np.percentile(e, [75, 25]))
    h = hall_sheather(N, level)
    h = min(np.std(Y), width / 1.34) * (normal.ppf(level + h) - normal.ppf(level - h))
    density = kernels["epa"](e / h).sum() / (N * h)
    d = np.where(e > 1e-9 * width, level / density, (1 - level) / density) ** 2
    inverse = np.linalg.inv(DESIGN.T @ DESIGN)
    right = inverse @ (DESIGN.T * d) @ DESIGN @ inverse
    found = ds.standard_errors(solution, rows, kind="sandwich")
    close(found.error, np.sqrt(np.diag(right)))
    assert found.degrees == N - 5


def test_huber_has_the_sandwich_of_an_m_estimator():
    rows = ds.Dataset.from_arrays(X, Y)
    solution = ds.fit(rows, loss="huber:1.35")
    e = Y - DESIGN @ solution.params
    A = np.linalg.inv(DESIGN.T @ ((abs(e) < 1.35)[:, None] * DESIGN))
    g = DESIGN * np.clip(e, -1.35, 1.35)[:, None]
    found = ds.standard_errors(solution, rows, kind="sandwich")
    close(found.error, np.sqrt(np.diag(A @ g.T @ g @ A)), rtol=1e-7)
    refused("no_likelihood", lambda: found.aic)


@pytest.mark.parametrize("delta", [0.5, 1.35, 3.0])
def test_a_delta_that_holds_no_row_of_a_category_is_named_as_the_cause(delta):
    rare = np.isin(np.arange(N), [3, 4]).astype(float)  # two rows, far apart
    apart = ds.Dataset.from_arrays(np.column_stack([X, rare]), Y + 1000 * (np.arange(N) == 3))
    solution = ds.fit(apart, loss=f"huber:{delta}")
    refused("within_delta", lambda: ds.standard_errors(solution, apart, kind="sandwich"))
    twice = ds.Dataset.from_arrays(np.column_stack([X, X[:, 0]]), Y)
    same = ds.fit(twice, loss=f"huber:{delta}")
    refused("dependent", lambda: ds.standard_errors(same, twice, kind="sandwich"))


@pytest.mark.parametrize("penalty_on", ["raw", "standardised"])
def test_under_l2_posterior_and_sandwich_follow_their_formulas(penalty_on):
    rows = ds.Dataset.from_arrays(X, Y)
    alpha = 0.3
    solution = ds.fit(rows, penalty="l2", alpha=alpha, penalty_on=penalty_on)
    size = X.std(axis=0) ** 2 if penalty_on == "standardised" else np.ones(4)
    prior = np.diag([*(alpha / 2 * size), 0.0])
    A = np.linalg.inv(DESIGN.T @ DESIGN + N * prior)
    w = A @ DESIGN.T @ Y
    e, df = Y - DESIGN @ w, np.trace(A @ DESIGN.T @ DESIGN)
    posterior = ds.standard_errors(solution, rows, kind="posterior")
    close(posterior.error, np.sqrt(np.diag(e @ e / (N - df) * A)), rtol=1e-7)
    close(posterior.fit.degrees, df, rtol=1e-7)
    g = DESIGN * -e[:, None] + prior @ w
    sandwich = ds.standard_errors(solution, rows, kind="sandwich")
    close(sandwich.error, np.sqrt(np.diag(A @ g.T @ g @ A)), rtol=1e-7)
    assert np.isnan(posterior.p).all() and np.isnan(sandwich.p).all()
    with speaking("en"):
        assert "bias of the penalty is not included" in str(sandwich) and "credible" in str(posterior)


def test_of_a_penalised_softmax_the_posterior_is_the_inverse_hessian_of_the_differences():
    rows = ds.Dataset.from_arrays(X, THREE)
    solution = ds.fit(rows, loss="log", penalty="l2", alpha=0.02, tol=1e-12)
    z = DESIGN @ solution.params.reshape(5, 3)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    C = p[:, :, None] * (np.eye(3) - p[:, None, :])
    H = np.einsum("na,nb,nij->aibj", DESIGN, DESIGN, C).reshape(15, 15)
    H += N * 0.02 * np.diag([1.0] * 12 + [0.0] * 3)
    D = np.kron(np.eye(5), [[-1, 1, 0], [-1, 0, 1]])
    pinned = H + np.kron(np.diag([0, 0, 0, 0, 1.0]), np.ones((3, 3)))  # a constant in all intercepts
    right = D @ np.linalg.inv(pinned) @ D.T
    found = ds.standard_errors(solution, rows, kind="posterior")
    close(found.error, np.sqrt(np.diag(right)), rtol=1e-6)


TABLE = (
    "squared model;squared HC3;squared cluster;squared hac;"
    "log HC0;poisson HC2;huber sandwich;quantile:0.3 sandwich"
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    rng, n = np.random.default_rng(1), 3000
    a, b = rng.normal(5, 1, n), rng.normal(0, 10, n)
    columns = {
        "a": a,
        "b": b,
        "y": a - 0.2 * b + rng.normal(size=n) * (1 + abs(a)),
        "c": (rng.uniform(size=n) < 1 / (1 + np.exp(5 - a))).astype(int),
        "k": rng.poisson(np.exp(0.1 * a)),
        "g": np.array([f"group {number}" for number in rng.integers(0, 50, n)]),
        "t": np.arange(n),
        "same": np.zeros(n, dtype=int),
    }
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values()))]
    path.write_text("\n".join(lines))
    return str(path)


@pytest.mark.parametrize("case", TABLE.split(";"))
def test_rows_in_parts_have_the_errors_of_rows_in_memory(file, case):
    loss, kind = case.split()
    target = {"log": "c", "poisson": "k"}.get(loss, "y")
    memory = ds.Dataset.read(file, target=target, features=["a", "b"])
    parts = Stream.open(file, target, ["a", "b"], None, ReadOptions(rows=1024))
    assert parts.parts == 3
    solution = ds.fit(memory, loss=loss)
    given = {"cluster": {"groups": "g"}, "hac": {"lags": 5, "time": "t"}}.get(kind, {})
    right = ds.standard_errors(solution, memory, kind=kind, **given)
    found = ds.standard_errors(solution, parts, kind=kind, **given)
    close(found.covariance, right.covariance, rtol=1e-11)
    right, found = right.fit.to_json(), found.fit.to_json()
    for name, value in right.items():
        if isinstance(value, float):
            close(found[name], value, rtol=1e-10)


def test_the_bootstrap_agrees_with_the_sandwich_and_does_not_depend_on_how_rows_are_read(file):
    memory = ds.Dataset.read(file, target="y", features=["a", "b"])
    parts = Stream.open(file, "y", ["a", "b"], None, ReadOptions(rows=1024))
    solution = ds.fit(memory)
    found = ds.standard_errors(solution, memory, kind="bootstrap", replicates=60)
    robust = ds.standard_errors(solution, memory, kind="HC0").error
    close(found.error / robust, np.ones(3), rtol=0.35)  # three of its own errors, 1/√(2·60)
    again = ds.standard_errors(solution, parts, kind="bootstrap", replicates=60)
    close(again.error / found.error, np.ones(3), rtol=0.03)  # the same draws, to first order
    same = ds.standard_errors(solution, memory, kind="bootstrap", replicates=60)
    assert (same.replicates == found.replicates).all()
    other = ds.standard_errors(solution, memory, kind="bootstrap", replicates=60, seed=1)
    assert (other.replicates != found.replicates).all()


def test_the_bootstrap_chooses_alpha_again_and_says_when_it_does_not():
    rows = ds.Dataset.from_arrays(X[:60], Y[:60])
    solution = ds.fit(rows, penalty="l2", alpha="cv")
    again = ds.standard_errors(solution, rows, kind="bootstrap", replicates=8)
    fixed = ds.standard_errors(solution, rows, kind="bootstrap", replicates=8, fix_alpha=True)
    assert not np.allclose(again.replicates, fixed.replicates)
    with speaking("en"):
        assert "Given alpha" in str(fixed) and "Given alpha" not in str(again)
    lasso = ds.fit(rows, penalty="l1", alpha=0.5)
    found = ds.standard_errors(lasso, rows, kind="bootstrap", replicates=8)
    assert np.isnan(found.p).all() and np.isnan(found.low).all()
    with speaking("en"):
        assert "no confidence interval" in str(found)


def refused(key, call):
    with pytest.raises(DownslopeError) as told:
        call()
    assert told.value.key in (f"instruments.{key}", key), told.value.key
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("loss, y", [("squared", Y), ("log", CLASSES), ("log", THREE)])
def test_under_l1_the_degrees_are_the_weights_that_are_not_zero(loss, y):
    """Zou, Hastie & Tibshirani 2007; of softmax the intercept of one class is no degree of freedom."""
    rows = ds.Dataset.from_arrays(np.column_stack([X, RNG.normal(size=(N, 3))]), y)
    alpha = 0.05 if loss == "log" else 2.0
    solution = ds.fit(rows, loss=loss, penalty="l1", alpha=alpha, penalty_on="standardised", tol=1e-12)
    found = ds.standard_errors(solution, rows, kind="bootstrap", replicates=2)
    k = len(solution.intercept) if np.ndim(solution.intercept) else 1
    weights = solution.params[: -k or None]
    df = np.count_nonzero(weights) + max(1, k - 1)
    assert 0 < np.count_nonzero(weights) < len(weights) and found.fit.degrees == df
    f = solution.loss - alpha * np.abs(weights.reshape(7, k) * np.asarray(rows.X).std(axis=0)[:, None]).sum()
    minus_two_log = N * (np.log(2 * np.pi * f) + 1) if loss == "squared" else 2 * N * f
    np.testing.assert_allclose(found.aic, minus_two_log + 2 * df, rtol=1e-8)
    np.testing.assert_allclose(found.bic, minus_two_log + np.log(N) * df, rtol=1e-8)
    assert found.fit.test is None and np.isnan(found.low).all()


def test_the_seed_of_the_command_draws_other_tables(tmp_path, capsys, monkeypatch, file):
    monkeypatch.chdir(tmp_path)
    main(["fit", str(file), "--target", "y", "--out", "a.run"])
    capsys.readouterr()

    def printed(*words):
        assert main(["inspect", "a.run", *words]) == 0
        return capsys.readouterr().out

    first, same, other = (printed("--bootstrap", "5", "--seed", seed) for seed in ("0", "0", "1"))
    assert first == same == printed("--bootstrap", "5") and first != other
    assert (
        printed("--diagnose") == printed("--diagnose", "--seed", "0") != printed("--diagnose", "--seed", "1")
    )
    for words in (["--seed", "1"], ["--errors", "HC3", "--seed", "1"], ["--bootstrap", "5", "--seed", "x"]):
        assert main(["inspect", "a.run", *words]) == 2


def test_what_has_no_such_errors_is_refused(file):
    rows = ds.Dataset.from_arrays(X, Y)
    plain, ridge = ds.fit(rows), ds.fit(rows, penalty="l2", alpha=0.1)
    lasso, huber = ds.fit(rows, penalty="l1", alpha=0.1), ds.fit(rows, loss="huber")
    ask = ds.standard_errors
    refused("one_cluster", lambda: ask(plain, rows, kind="cluster", groups=np.zeros(N)))
    refused("cluster_needs", lambda: ask(plain, rows, kind="cluster"))
    refused("hac_needs", lambda: ask(plain, rows, kind="hac", lags=3))
    refused("hac_needs", lambda: ask(plain, rows, kind="hac", time="x1"))
    refused("lags", lambda: ask(plain, rows, kind="hac", lags=N, time="x1"))
    refused("option_of_kind", lambda: ask(plain, rows, kind="HC3", groups=GROUPS))
    refused("group_length", lambda: ask(plain, rows, kind="cluster", groups=GROUPS[:9]))
    refused("selection.no_column", lambda: ask(plain, rows, kind="cluster", groups="nobody"))
    refused("no_prior", lambda: ask(plain, rows, kind="posterior"))
    refused("robust_and_kind", lambda: ask(plain, rows, True, "HC3"))
    refused("arguments.whole", lambda: ask(plain, rows, kind="bootstrap", replicates=1))
    refused("arguments.one_of", lambda: ask(plain, rows, kind="HC5"))
    for kind in ("model", "HC3", "cluster", "hac"):
        refused("penalised", lambda kind=kind: ask(ridge, rows, kind=kind))
    for kind in ("model", "posterior", "sandwich"):
        refused("penalised_kink", lambda kind=kind: ask(lasso, rows, kind=kind))
    refused("no_errors_for_loss", lambda: ask(huber, rows, kind="HC3"))
    three = ds.Dataset.from_arrays(X, THREE)
    refused("no_leverage", lambda: ask(ds.fit(three, loss="log"), three, kind="HC3"))
    unsorted = Stream.open(file, "y", ["a", "b"], None, ReadOptions(rows=1024))
    solution = ds.fit(unsorted)
    refused("unsorted", lambda: ask(solution, unsorted, kind="hac", lags=2, time="a"))
    refused("column_by_name", lambda: ask(solution, unsorted, kind="cluster", groups=np.ones(3000)))


def test_the_command_line_and_a_saved_run_say_the_same(file, tmp_path, capsys):
    run = str(tmp_path / "a.run")
    memory = ds.Dataset.read(file, target="y", features=["a", "b"])
    solution = ds.fit(memory)
    solution.save(run)
    right = ds.standard_errors(solution, memory, kind="cluster", groups="g")
    asked = (
        ["--errors", "cluster", "--cluster-by", "g"],
        ["--cluster-by", "g"],
        ["--cluster-by", "g", "--errors"],
    )
    for words in asked:
        assert main(["inspect", run, *words, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["error"] == right.error.tolist() and found["covariance_kind"] == "cluster"
        assert found["fit"]["test"] == "Wald" and len(found["fit"]["vif"]) == 2
    assert main(["inspect", "--errors", run, "--lang", "en"]) == 0  # bare, before the run
    shown = capsys.readouterr().out
    with speaking("en"):
        assert shown.strip() == str(ds.load(run).summary()).strip() and "AIC" in shown
    for words in (["--hac", "3"], ["--bootstrap", "1"], ["--errors", "HC9"], ["--cluster-by", "same"]):
        assert main(["inspect", run, *words, "--lang", "en"]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1, error


def test_a_summary_is_a_text_that_notebooks_show_as_a_table():
    rows = ds.Dataset.from_arrays(X[:, :1], Y, features=["<b>"])
    found = ds.fit(rows).summary(rows, kind="HC3")
    assert isinstance(found, str) and "&lt;b&gt;" in found._repr_html_() and "<b>" not in found._repr_html_()
    assert found._repr_html_().startswith("<table>") and found == str(found)


def test_collinear_columns_are_named():
    near = np.column_stack([X[:, 0], X[:, 0] + 0.01 * X[:, 1]])
    rows = ds.Dataset.from_arrays(near, Y)
    with warnings.catch_warnings(), speaking("en"):
        assert "Variance inflation of 10 or more" in ds.fit(rows).summary(rows)

"""Findings about data: right on tables made for them, silent on healthy ones, their first remedy mends."""

import json
import pickle
import shlex

import numpy as np
import pytest
from sklearn import datasets as sk

import downslope as ds
from downslope import cli
from downslope.insight import data_findings
from downslope.insight.data_evidence import LEAST, holm
from downslope.lab import saved
from downslope.messages import LANGUAGES, speaking
from tests.builders import EXAMPLES

SIZES = (200, 300, 800, 2000)  # rows of the four tables of each kind


def rows(X, y, **named):
    return ds.Dataset.from_arrays(X, y, **named)


WIDTHS = np.array([1, 3, 0.5, 2])


def usual(rng, n):
    """(X, y): a linear model of four columns with normal errors."""
    X = rng.standard_normal((n, 4)) * WIDTHS + rng.uniform(-2, 2, 4)
    return X, X / WIDTHS @ rng.uniform(0.5, 1.5, 4) + rng.standard_normal(n)


# ── tables made for each finding: (settings, training rows, validation rows) ────────────────────────


def target_leak(rng, n):
    X, y = usual(rng, n)
    return {}, rows(np.column_stack([X, 3 * y + 0.01 * rng.standard_normal(n)]), y), None


def id_column(rng, n):
    X, y = usual(rng, n)
    return (
        {},
        rows(np.column_stack([X, 1000 + rng.permutation(n)]), y, features=["a", "b", "c", "d", "row_id"]),
        None,
    )


def worse_than_baseline(rng, n):
    return {}, rows(rng.standard_normal((n, min(9 * n // 20, 150))), rng.standard_normal(n)), None


def imbalanced(rng, n):
    X, y = usual(rng, 4 * n)
    labels = y + 3 * rng.standard_normal(4 * n)
    return (
        {"loss": "log", "penalty": "l2", "alpha": 1e-3},
        rows(X, (labels > np.quantile(labels, 0.95)).astype(int)),
        None,
    )


def overdispersed(rng, n):
    X, _ = usual(rng, n)
    mean = np.exp(0.5 + 0.2 * X[:, 0])
    return {"loss": "poisson"}, rows(X, rng.negative_binomial(1.5, 1.5 / (1.5 + mean))), None


def nonlinear(rng, n):
    X, y = usual(rng, n)
    return {}, rows(X, y + 0.15 * (X[:, 1] - X[:, 1].mean()) ** 2), None


def heteroscedastic(rng, n):
    X = rng.standard_normal((4 * n, 3))
    return {}, rows(X, X @ np.array([1, 2, 0]) + np.exp(0.8 * X[:, 0]) * rng.standard_normal(4 * n)), None


def influential_rows(rng, n):
    X, y = usual(rng, n)
    y[rng.permutation(n)[: n // 40]] += 30
    return {}, rows(X, y), None


def alpha_at_edge(rng, n):
    X = rng.standard_normal((n, 3))
    return {"penalty": "l2", "alpha": "cv"}, rows(X, X @ np.array([1.0, 2, 3])), None


def shifted(rng, n):
    X, y = usual(rng, n)
    return {}, rows(X, y), rows(X[: n // 2] + np.array([3, 0, 0, 0]), y[: n // 2])


def duplicates_across_split(rng, n):
    X, y = usual(rng, n)
    whole = rows(np.vstack([X, X]), np.concatenate([y, y]))
    return {}, *whole.split(0.3)


MADE = [
    *(target_leak, id_column, worse_than_baseline, imbalanced, overdispersed, nonlinear, heteroscedastic),
    *(influential_rows, shifted, duplicates_across_split),
]


def fitted(settings, train, held_out):
    return ds.fit(train, validation=held_out, **settings)


def codes(solution):
    return [finding.code for finding in solution.data_findings]


SLOWLY = [pytest.param(place, marks=pytest.mark.slow) for place in range(1, len(SIZES))]


@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("place", [0, *SLOWLY])
def test_each_finding_is_right_on_four_tables(made, place):
    solution = fitted(*made(np.random.default_rng(place), SIZES[place]))
    assert made.__name__ in codes(solution)


@pytest.mark.parametrize("noise, leaks", [(0.01, True), (1.0, True), (8.0, False)])
def test_a_leak_is_one_beside_columns_that_explain_much_themselves(noise, leaks):
    rng = np.random.default_rng(5)
    X = 5 * rng.standard_normal((400, 3))
    y = X @ [1.0, 2.0, 3.0] + 5 * rng.standard_normal(400)  # of which they explain 93%
    solution = fitted({}, rows(np.column_stack([X, y + noise * rng.standard_normal(400)]), y), None)
    assert ("target_leak" in codes(solution)) == leaks


def test_what_a_finding_names_is_what_was_planted():
    rng = np.random.default_rng(1)
    of = lambda made: next(one for one in fitted(*made(rng, 300)).data_findings if one.code == made.__name__)
    assert of(target_leak).numbers["column"] == "x5"
    assert of(id_column).numbers["column"] == "row_id"
    assert of(nonlinear).numbers["column"] == "x2"
    assert of(shifted).numbers["column"] == "x1"
    assert of(influential_rows).numbers["count"] == 300 // 40
    assert of(overdispersed).numbers["ratio"] == pytest.approx(1 + np.exp(0.5) / 1.5, rel=0.4)
    assert of(heteroscedastic).numbers["column"] == "x1"
    assert of(imbalanced).numbers["value"] == 1


@pytest.mark.parametrize("made", MADE)
def test_the_first_remedy_removes_the_finding(made):
    rng = np.random.default_rng(5)
    solution = fitted(*made(rng, 400))
    finding = next(one for one in solution.data_findings if one.code == made.__name__)
    mended = finding.apply()
    if "errors" in finding.remedy.change:
        assert mended.covariance_kind == finding.remedy.change["errors"]
        return
    assert made.__name__ not in codes(mended)


@pytest.mark.slow
def test_robust_errors_are_those_of_repeated_samples():
    """The remedy of unequal variances: HC3 agrees with the deviation over fresh draws, the usual do not."""
    rng = np.random.default_rng(0)
    fits, tables = [], []
    for _ in range(150):
        _, train, _ = heteroscedastic(rng, 60)
        solution = ds.fit(train)
        fits.append(solution.params[0])
        tables.append([ds.standard_errors(solution, train, kind=kind).error[0] for kind in ("model", "HC3")])
    usual, robust = np.mean(tables, axis=0) / np.std(fits)
    assert usual < 0.75 and robust == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("made", [nonlinear, influential_rows, worse_than_baseline])
def test_the_first_remedy_lifts_the_figure_on_fresh_rows(made):
    rng = np.random.default_rng(9)
    X, y = usual(rng, 1000)
    if made is nonlinear:
        y = y + 0.15 * (X[:, 1] - X[:, 1].mean()) ** 2
    elif made is influential_rows:
        y[:8] += 30 * np.sign(X[:8, 0])
    else:
        X, y = rng.standard_normal((1000, 130)), rng.standard_normal(1000)
    first = ds.fit(rows(X[:300], y[:300]))
    finding = first.data_findings[0]
    assert finding.code == made.__name__
    fresh = X[300:]
    if made is nonlinear:
        [(name, centre)] = finding.remedy.change["square"].items()
        fresh = np.column_stack([fresh, (fresh[:, int(name[1]) - 1] - centre) ** 2])
    error = lambda predicted: np.mean((predicted - y[300:]) ** 2)
    assert error(finding.apply().predict(fresh)) < 0.98 * error(first.predict(X[300:]))


# ── healthy tables ──────────────────────────────────────────────────────────────────────────────────


def simulated(place):
    """Twenty tables whose model is right: squared, log and Poisson loss, 50 to 1,000,000 rows."""
    rng = np.random.default_rng(100 + place)
    n = [50, 80, 120, 200, 300, 500, 800, 1000, 2000, 3000, 5000, 8000, 10_000, 20_000][place % 14]
    n = {17: 100_000, 18: 300_000, 19: 1_000_000}.get(place, n)
    d = [2, 4, 6, 8][place % 4]
    X = [rng.standard_normal((n, d)), rng.uniform(0, 3, (n, d)), rng.exponential(1.0, (n, d))][place % 3]
    X[:, 0] = (X[:, 0] > np.median(X[:, 0])) if place % 5 == 0 else X[:, 0]
    z = (X - X.mean(axis=0)) @ rng.uniform(0.4, 1.0, d)
    kind = place % 4
    if kind == 1:
        return {"loss": "log"}, rows(X, (z + rng.logistic(size=n) > 0).astype(int))
    if kind == 2:
        return {"loss": "poisson"}, rows(X, rng.poisson(np.exp(0.4 * z / z.std())))
    return {}, rows(X, z + rng.standard_normal(n))


def of_sklearn(name, **settings):
    table = getattr(sk, f"load_{name}")()
    return settings, rows(table.data, table.target)


def of_statsmodels(name, **settings):
    import statsmodels.api as sm

    table = getattr(sm.datasets, name).load_pandas()
    X = table.exog.loc[:, table.exog.std() > 0]
    return settings, rows(X.to_numpy(float), table.endog.to_numpy(float))


CLASSES = {"loss": "log", "penalty": "l2", "alpha": 0.01}
REAL = {  # ten tables that textbooks fit with these models, and find nothing wrong with
    "diabetes": lambda: of_sklearn("diabetes"),  # the table of least angle regression
    "iris": lambda: of_sklearn("iris", **CLASSES),  # a discriminant analysis since Fisher
    "wine": lambda: of_sklearn("wine", **CLASSES),
    "breast_cancer": lambda: of_sklearn("breast_cancer", **CLASSES),  # 37% and 63%, no leak: AUC 0.98 at best
    "scotland": lambda: of_statsmodels("scotland"),  # 32 districts, the Gamma example of statsmodels
    "spector": lambda: of_statsmodels("spector", **CLASSES),  # Greene's probit of 32 students
    "anes96": lambda: of_statsmodels("anes96"),  # survey answers on a scale
    "strikes": lambda: of_statsmodels("strikes"),  # 62 strikes, one column
    "penguins_mass": lambda: ({}, ds.Dataset.read(EXAMPLES / "penguins.csv", target="body_mass_g")),
    "penguins_species": lambda: (CLASSES, ds.Dataset.read(EXAMPLES / "penguins.csv", target="species")),
}


@pytest.mark.parametrize(
    "place", [*range(8), *(pytest.param(k, marks=pytest.mark.slow) for k in range(8, 20))]
)
def test_simulated_healthy_tables_have_no_finding(place):
    settings, table = simulated(place)
    train, held_out = table.split(0.25) if place % 2 else (table, None)
    assert codes(fitted(settings, train, held_out)) == []


@pytest.mark.parametrize("name", REAL)
def test_real_healthy_tables_have_no_finding(name):
    settings, table = REAL[name]()
    train, held_out = table.split(0.3)
    assert codes(fitted(settings, table, None)) == codes(fitted(settings, train, held_out)) == []


# ── where they are shown ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def files(tmp_path, monkeypatch):
    """CSV files of several tables in the folder of the moment."""
    monkeypatch.chdir(tmp_path)
    for made in (target_leak, nonlinear, heteroscedastic, duplicates_across_split, overdispersed):
        _, train, held = made(np.random.default_rng(2), 200)
        table = np.column_stack([train.X, train.y])
        if held is not None:
            table = np.vstack([table, np.column_stack([held.X, held.y])])
        names = ",".join([*train.features, "y"])
        np.savetxt(f"{made.__name__}.csv", table, "%.9g", ",", header=names, comments="")
    return tmp_path


def printed(capsys, line):
    code = cli.main(shlex.split(line))
    out = capsys.readouterr().out
    assert code == 0, out
    return out


COMMANDS = [
    ("target_leak", "", "--exclude x5"),
    ("target_leak", "--features x1,x2,x5", "--features x1,x2"),
    ("nonlinear", "", "** 2 AS"),
    ("heteroscedastic", "--out first.run", "inspect first.run --errors HC3"),
    ("heteroscedastic", "", "--out fit.run && downslope inspect fit.run --errors HC3"),
    ("overdispersed", "--loss poisson", "--errors quasi"),
    ("duplicates_across_split", "--validate 0.3", "SELECT DISTINCT"),
]


@pytest.mark.parametrize("code, options, expected", COMMANDS)
def test_the_printed_command_runs_and_the_finding_is_gone(code, options, expected, files, capsys):
    out = printed(capsys, f"fit {code}.csv --target y {options} --lang en")
    command = next(
        line.strip() for line in out.splitlines() if line.startswith("  downslope") and expected in line
    )
    for part in command.split(" && "):
        out = printed(capsys, part.removeprefix("downslope "))
    if "--errors" in expected:
        assert "quasi" in out.lower() or "HC3" in out
        return
    again = printed(capsys, command.removeprefix("downslope ") + " --json")
    assert code not in [one["code"] for one in json.loads(again).get("data_findings", [])]


def test_json_runs_pickles_and_notebooks_have_them(files, capsys):
    found = json.loads(printed(capsys, "fit target_leak.csv --target y --json --out a.run"))["data_findings"]
    assert found[0]["code"] == "target_leak" and found[0]["remedies"][0]["change"] == {"exclude": ["x5"]}
    loaded = ds.load("a.run")
    assert [one.to_json() for one in loaded.data_findings] == found
    assert "target_leak" not in codes(loaded.data_findings[0].apply())
    assert [one["text"] for one in pickle.loads(pickle.dumps(loaded)).to_json()["data_findings"]] == [
        found[0]["text"]
    ]
    assert "x5" in loaded._repr_html_()
    assert found[0]["text"] in printed(capsys, "inspect a.run")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_and_remedy_has_a_sentence(language):
    with speaking(language):
        for made in (*MADE, alpha_at_edge):
            for finding in fitted(*made(np.random.default_rng(0), 300)).data_findings:
                assert "–" not in finding.text and finding.text.count("{") == 0
                assert all(remedy.text for remedy in finding.remedies)
                assert finding.remedy is None or finding.remedy.typed


@pytest.mark.sample(6)
@pytest.mark.parametrize("rule", ["cv", "cv:1se", "cv:quick", "gcv", "aic", "bic"])
@pytest.mark.parametrize("penalty", ["l2", "l1", "elasticnet:0.5"])
@pytest.mark.parametrize("place", range(len(SIZES)))
def test_alpha_at_an_edge_is_found_by_every_rule_at_both_ends(place, penalty, rule):
    """Below where nothing is left to explain, above where what is known of y is nothing: the remedy of the
    first removes the finding, and no program can apply that of the second."""
    rng, n = np.random.default_rng(place), SIZES[place]
    X = rng.standard_normal((n, 3))
    y = X @ np.array([1.0, 2, 3])
    low = ds.fit(rows(X, y), penalty=penalty, alpha=rule)
    [finding] = low.data_findings
    assert (finding.code, finding.kind) == ("alpha_at_edge", "")
    mended = finding.apply()
    assert codes(mended) == [] and not mended.verdict.failed and mended.loss <= low.loss
    design = np.column_stack([np.ones(n), X])
    noise = rng.standard_normal(n)
    apart = noise - design @ np.linalg.lstsq(design, noise, rcond=None)[0] + 1e-3 * y
    [finding] = ds.fit(rows(X, apart), penalty=penalty, alpha=rule).data_findings
    assert (finding.code, finding.kind) == ("alpha_at_edge", "alpha_at_upper_edge") and finding.remedy is None


@pytest.mark.parametrize("classes", [2, 3])
def test_alpha_at_the_lower_edge_of_separable_classes_asks_for_a_smaller_one(classes):
    X = np.random.default_rng(0).standard_normal((200, 3))
    y = np.digitize(X @ np.array([1.0, 2, 3]), [-1.0, 1.0][: classes - 1])
    solution = ds.fit(rows(X, y).labelled(), loss="log", penalty="l2", alpha="cv")
    [finding] = solution.data_findings
    assert finding.remedy.change["alpha"] == pytest.approx(solution.path.alphas[-1] / 10, rel=1e-2)
    mended = finding.apply()
    assert mended.verdict.code == "converged" and codes(mended) == [] and mended.loss < solution.loss


def test_few_rows_failed_fits_and_fits_without_verdicts_have_none():
    X, y = usual(np.random.default_rng(0), LEAST - 1)
    assert codes(ds.fit(rows(np.column_stack([X, y]), y))) == []
    X, y = usual(np.random.default_rng(0), 100)
    leak = rows(np.column_stack([X, y]), y)
    assert codes(ds.fit(leak, method="gd", learning_rate=50.0, epochs=200)) == []
    assert codes(ds.fit(leak).refit(leak)) == []


def test_a_judgement_that_raises_costs_no_fit(monkeypatch):
    def broken(evidence):
        raise ZeroDivisionError
        yield

    monkeypatch.setattr(data_findings, "FINDINGS", (broken, data_findings.target_leak))
    X, y = usual(np.random.default_rng(0), 100)
    assert codes(ds.fit(rows(np.column_stack([X, 2 * y]), y))) == ["target_leak"]


def test_nothing_is_looked_at_before_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(data_findings, "_findings", lambda *_: pytest.fail("looked"))
    X, y = usual(np.random.default_rng(0), 100)
    ds.fit(rows(X, y)).predict(X)


def test_holm_is_that_of_statsmodels():
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(0).uniform(0, 0.1, 12)
    np.testing.assert_allclose(holm(p.tolist()), multipletests(p, method="holm")[1], rtol=1e-12)


def test_quasi_poisson_errors_are_those_of_statsmodels():
    import statsmodels.api as sm

    _, train, _ = overdispersed(np.random.default_rng(4), 200)
    table = ds.standard_errors(ds.fit(train, loss="poisson", tol=1e-12), train, kind="quasi")
    other = sm.GLM(train.y, sm.add_constant(train.X), sm.families.Poisson()).fit(tol=1e-12, scale="X2")
    np.testing.assert_allclose(table.error, np.roll(other.bse, -1), rtol=1e-8)
    with pytest.raises(ds.DownslopeError):
        ds.standard_errors(ds.fit(train), train, kind="quasi")


def test_the_lab_and_its_report_show_them_in_both_languages(files, capsys):
    printed(capsys, "fit target_leak.csv --target y --out leak.run")
    [run] = saved.opened("leak.run")[0]["runs"]
    [finding] = run["findings"]
    assert finding["code"] == "target_leak" and set(finding["text"]) == set(LANGUAGES)
    assert 'exclude=["x5"]' in finding["remedies"][0]["text"]["en"]
    printed(capsys, "report leak.run --out leak.html")
    assert finding["text"]["zh"] in (files / "leak.html").read_text(encoding="utf-8")

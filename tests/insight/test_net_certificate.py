"""Claims about what is measured of a net's curvature: λ, the bound of the learning rate, and what follows."""

import json
from dataclasses import replace

import numpy as np
import pytest

import downslope as ds
from downslope.insight import measured
from downslope.insight.measured import CurvatureCertificate
from downslope.messages import speaking
from tests.builders import ROOT

torch = pytest.importorskip("torch")

from downslope.model.nets import Net, module_term  # noqa: E402

EXAMPLES = ROOT / "examples"
ROWS, COLUMNS = 40, 3


def rows(kind: str, seed: int = 0) -> ds.Dataset:
    """Rows with a target of numbers, of two classes or of three."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(ROWS, COLUMNS))
    signal = X @ rng.normal(size=COLUMNS) + np.sin(2 * X[:, 0])
    y = {"number": signal, "two": (signal > 0) * 1, "three": np.digitize(signal, [-0.7, 0.7])}[kind]
    dataset = ds.Dataset.from_arrays(X, y)
    return dataset if kind == "number" else dataset.labelled()


def true_hessian(term, theta) -> np.ndarray:
    """∇²f by central differences of the gradient, (p, p)."""
    step = 1e-5
    columns = [
        term.value_and_gradient(theta + step * e)[1] - term.value_and_gradient(theta - step * e)[1]
        for e in np.eye(len(theta))
    ]
    return np.column_stack(columns) / (2 * step)


NETS = [
    ("number", "squared", (6,), "tanh", True),
    ("number", "huber:0.5", (4, 3), "sigmoid", True),
    ("two", "log", (5,), "sigmoid", False),
    ("three", "log", (6, 4), "tanh", False),
    ("three", "log", (5,), "gelu", True),
    ("two", "log", (), "tanh", False),
]


@pytest.mark.parametrize("kind, loss, hidden, activation, scale", NETS)
def test_products_are_those_of_the_true_hessian_and_lambda_is_its_largest_eigenvalue(
    kind, loss, hidden, activation, scale
):
    net = Net(hidden=hidden, activation=activation, dtype="float64")
    method = ds.GD(0.01)
    penalty = {"penalty": "l2", "alpha": 0.3}
    solution = ds.fit(rows(kind), loss=loss, net=net, method=method, epochs=5, scale=scale, **penalty)
    objective = solution.objective(rows(kind))
    theta = objective.to_inner(solution.params)
    H = true_hessian(objective.term, theta)
    times = objective.term.hessian_times(theta)
    v = np.random.default_rng(1).normal(size=len(theta))
    assert times(v) == pytest.approx(H @ v, rel=1e-6, abs=1e-8 * np.abs(H).max())
    whole = np.linalg.eigvalsh(H + np.diag(objective.l2))[-1]  # with weight decay
    place = measured.MeasuredAt(1, theta, 0.01)
    found = measured._measured(objective, method, place, None, None, np.inf)[0]
    assert found.value == pytest.approx(whole, rel=0.01)
    assert found.bound == pytest.approx(2 / whole, rel=0.01)


def test_the_curvature_of_weighted_rows_and_of_a_subset_is_that_of_their_mean():
    dataset = rows("three")
    weighted = replace(dataset, weights=np.arange(1.0, ROWS + 1))
    term = Net(hidden=(4,), dtype="float64").term(weighted, ds.losses.by_name("log"))
    some = np.arange(0, ROWS, 3)
    for chosen in (None, some):
        times = term.hessian_times(term.start, chosen)
        H = np.column_stack([times(e) for e in np.eye(term.size)])
        step = 1e-5 * np.eye(term.size)
        away = [
            term.value_and_gradient(term.start + e, chosen)[1]
            - term.value_and_gradient(term.start - e, chosen)[1]
            for e in step
        ]
        assert np.column_stack(away) / 2e-5 == pytest.approx(H, abs=1e-7)
        assert times.gradient == pytest.approx(term.value_and_gradient(term.start, chosen)[1], abs=1e-12)


def test_blocks_of_rows_give_the_product_of_one_block(monkeypatch):
    term = Net(hidden=(4,), dtype="float64").term(rows("number"), ds.losses.by_name("squared"))
    v = np.ones(term.size)
    whole = term.hessian_times(term.start)(v)
    import downslope.model.nets as nets

    monkeypatch.setattr(nets, "row_blocks", lambda n: [slice(a, min(a + 7, n)) for a in range(0, n, 7)])
    assert term.hessian_times(term.start)(v) == pytest.approx(whole, rel=1e-12)


def test_measuring_changes_neither_running_means_nor_draws():
    layers = [torch.nn.BatchNorm1d(COLUMNS), torch.nn.Linear(COLUMNS, 4), torch.nn.Dropout(0.5)]
    module = torch.nn.Sequential(*layers, torch.nn.Linear(4, 1)).double()
    term = module_term(module, rows("number"), ds.losses.by_name("squared"))
    before, state = term.state_dict(), torch.get_rng_state()
    term.hessian_times(term.start)(np.ones(term.size))
    after = term.state_dict()
    assert before[0] == after[0] and torch.equal(state, torch.get_rng_state())
    assert all(np.array_equal(before[1][name], after[1][name]) for name in before[1])
    plain = torch.nn.Sequential(torch.nn.BatchNorm1d(COLUMNS), torch.nn.Linear(COLUMNS, 1)).double()
    term = module_term(plain, rows("number"), ds.losses.by_name("squared"))
    times, v = term.hessian_times(term.start), np.random.default_rng(0).normal(size=term.size)
    assert times(v) == pytest.approx(true_hessian(term, term.start) @ v, rel=1e-5, abs=1e-6)


DIRECTIONS = [
    ds.GD,
    lambda rate: ds.Momentum(learning_rate=rate),
    lambda rate: ds.Nesterov(learning_rate=rate, beta=0.9),
]


def linear_net() -> dict:
    """A net without hidden layers: its loss is a parabola, on which the bound is exact."""
    return {"net": Net(hidden=(), dtype="float64"), "loss": "squared", "scale": True}


@pytest.mark.parametrize("make", DIRECTIONS, ids=["gd", "momentum", "nesterov"])
def test_the_bound_separates_nine_tenths_from_eleven_tenths_of_it(make):
    bound = ds.fit(rows("number"), method=make(1e-4), epochs=3, **linear_net()).certificate.bound
    below = ds.fit(rows("number"), method=make(0.9 * bound), epochs=400, **linear_net())
    above = ds.fit(rows("number"), method=make(1.1 * bound), epochs=400, **linear_net())
    assert not below.verdict.failed and below.certificate.excess == pytest.approx(0.9, rel=0.01)
    assert above.verdict.code == "diverged" and above.verdict.kind == "diverged_beyond"
    assert above.verdict.numbers["excess"] == pytest.approx(1.1, rel=0.01)


@pytest.mark.parametrize("kind, loss", [("number", "squared"), ("three", "log")])
def test_the_remedy_of_a_rate_beyond_the_bound_is_pasted_and_works(kind, loss):
    dataset = rows(kind)
    asked = {"net": Net((6,), "tanh"), "loss": loss, "method": "gd", "learning_rate": 200.0, "epochs": 300}
    solution = ds.fit(dataset, **asked)
    assert solution.verdict.code == "diverged" and solution.certificate.excess > 1
    remedy = solution.verdict.remedy
    assert remedy.code == "net_rate"
    mended = eval(f"ds.fit(dataset, **{{**asked, **dict({remedy.typed})}})", {"ds": ds, **locals()})
    assert not mended.verdict.failed and mended.loss < solution.trace[0].loss
    assert solution.verdict.apply().loss == mended.loss


def test_a_rate_that_saturates_the_units_at_once_gets_a_smaller_one_first():
    dataset = ds.Dataset.read(EXAMPLES / "penguins.csv", target="species")
    solution = ds.fit(dataset, net=Net((10,)), loss="log", method="gd", learning_rate=300.0, epochs=50)
    assert solution.certificate.excess < 1 < 2 < solution.certificate.first_excess
    assert solution.verdict.remedy.code == "net_rate" and solution.verdict.apply().loss < solution.loss


def test_torch_optimizers_get_the_bound_of_our_own_directions():
    one = ds.fit(rows("number"), method=ds.Adam(learning_rate=0.01), epochs=20, **linear_net()).certificate
    factory = lambda p: torch.optim.Adam(p, lr=0.01)
    other = ds.fit(rows("number"), method=factory, epochs=20, **linear_net()).certificate
    assert one.preconditioned and other.preconditioned
    assert pytest.approx(one.L, rel=0.01) == other.L and other.bound == pytest.approx(one.bound, rel=0.01)


def test_the_rules_of_both_are_one():
    objective = ds.fit(rows("two"), net=Net((3,)), loss="log", method="gd", learning_rate=0.1, epochs=1)
    objective = objective.objective(rows("two"))
    theta, gradient = np.ones(objective.size), np.linspace(-1, 1, objective.size)
    for ours, made in [
        (ds.RMSprop(learning_rate=0.01), lambda p: torch.optim.RMSprop(p, lr=0.01)),
        (ds.Adagrad(learning_rate=0.01), lambda p: torch.optim.Adagrad(p, lr=0.01)),
        (ds.Adam(learning_rate=0.01), lambda p: torch.optim.Adam(p, lr=0.01)),
        (ds.AdamW(learning_rate=0.01), lambda p: torch.optim.AdamW(p, lr=0.01)),
        (ds.Momentum(learning_rate=0.01), lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9)),
    ]:
        rules = []
        for method in (ours, ds.TorchOptimizer(made)):
            memory = method.direction.begin(np.ones(objective.size))
            for _ in range(3):
                method.direction.move(theta, gradient, 0.01, memory, np.zeros(objective.size))
            rules.append(
                measured._rule(objective, method, measured.MeasuredAt(4, theta, 0.01, memory), gradient)
            )
        (code, mine), (other, theirs) = rules
        assert code == other
        assert measured._flat(mine.scale[0]) == pytest.approx(measured._flat(theirs.scale[0]), rel=1e-6)
        assert mine.bound(3.0) == pytest.approx(theirs.bound(3.0))


def test_rows_drawn_and_some_of_many_accuse_nobody(monkeypatch):
    monkeypatch.setattr(measured, "WORK", 1.0)
    monkeypatch.setattr(measured, "SHARE", 0.0)
    asked = {"net": Net((4,), "tanh"), "loss": "squared", "method": "gd", "epochs": 50}
    solution = ds.fit(rows("number"), learning_rate=500.0, **asked)
    assert solution.certificate.batch and solution.certificate.rows < ROWS
    assert solution.verdict.code == "diverged" and "excess" not in solution.verdict.numbers
    assert "nothing about the other rows" in solution.certificate.lines()[0]


def test_a_kinked_loss_says_that_it_has_no_second_derivative():
    solution = ds.fit(rows("number"), net=Net((3,)), loss="absolute", method="adam", epochs=3)
    assert not solution.certificate.known and solution.certificate.why == "kink"
    assert "absolute" in solution.certificate.lines()[0]


def test_an_error_while_measuring_costs_no_fit(monkeypatch):
    def broken(*asked):
        raise ZeroDivisionError("measured")

    monkeypatch.setattr("downslope.insight.verdicts.case.certificate_of_net", broken)
    solution = ds.fit(rows("number"), net=Net((3,)), method="adam", epochs=3)
    assert solution.verdict.code == "epochs_exhausted"
    assert dict(solution.verdict.unjudged) == {"certificate": "ZeroDivisionError: measured"}
    assert not solution.certificate.known and solution.certificate.lines() == []


def test_an_edge_of_stability_is_named():
    near = [measured.Curvature(0, k, 2.0 / 0.1, 0.0, 10, bound=0.1, rate=0.1) for k in (1, 5, 9, 20)]
    found = replace(measured.of_measurements(near, False), rule="gd")
    assert found.edge and "Edge of stability" in " ".join(found.lines())
    with speaking("zh"):
        assert "稳定性边缘" in "".join(found.lines())


def test_a_saved_run_tells_the_same(tmp_path):
    solution = ds.fit(rows("two"), net=Net((3,)), loss="log", method="gd", learning_rate=0.1, epochs=30)
    path = solution.save(tmp_path / "net.run")
    loaded = ds.load(path)
    assert loaded.certificate == solution.certificate and solution.certificate.known
    assert loaded.certificate.lines() == solution.certificate.lines()
    told = json.loads(json.dumps(loaded.to_json()))
    assert told["certificate"]["L"] == solution.certificate.L
    assert CurvatureCertificate.from_json(told["certificate"]) == solution.certificate
    plain = ds.fit(rows("number"), epochs=3)
    assert plain.certificate is None and "certificate" not in plain.to_json()


def test_estimators_have_it_and_the_same_fit_has_the_same():
    X, y = rows("two").X, rows("two").y
    nets = [ds.NetClassifier(hidden=(4,), epochs=5, random_state=0).fit(X, y) for _ in range(2)]
    one, other = (net.solution_.certificate for net in nets)
    assert one == other and one.known and one.preconditioned and one.rows == ROWS

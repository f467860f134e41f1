"""Units of y, X and weights; nets that keep their validation curve and their threads."""

import warnings

import numpy as np
import pytest

import downslope as ds

METHODS = (
    "gd", "sgd", "minibatch", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "lbfgs",
    "subsampled", "newton", "coordinate", "closed_form", "auto",
)  # fmt: skip
FACTORS = (1e-9, 2.0**-20, 1e3, 1e9)


def table(seed=0, n=200):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 3)) * [1.0, 30.0, 0.01] + [0.0, 5.0, 1.0]
    return X, X @ [1.0, 0.1, 200.0] + 3.0 + 0.3 * rng.standard_normal(n), rng.uniform(0.5, 2.0, n)


def fitted(method, X, y, s, seed=0, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = ds.LinearRegressor(method=method, random_state=seed, **settings).fit(X, y, sample_weight=s)
    return model.verdict_.code, model.score(X, y, sample_weight=s)


def same(one, other, precision=1e-6):
    assert one[0] == other[0]
    assert abs(one[1] - other[1]) <= precision, (one, other)


@pytest.mark.sample(6)
@pytest.mark.fault("A4")
@pytest.mark.parametrize("method", METHODS)
def test_units_of_y_x_and_weights_change_nothing(method):
    X, y, s = table()
    before = fitted(method, X, y, s)
    assert before[1] > 0.9
    for c in FACTORS:
        same(before, fitted(method, X, y * c, s))
        same(before, fitted(method, X * c, y, s))
        same(before, fitted(method, X, y, s * c))


@pytest.mark.fault("A4")
@pytest.mark.parametrize(
    "method", ["gd", "momentum", "adam", "adamw", "rmsprop", "adagrad", "newton", "lbfgs"]
)
def test_units_that_are_powers_of_two_give_the_same_bits(method):
    X, y, s = table(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = ds.LinearRegressor(method=method, epochs=60).fit(X, y, s)
        other = ds.LinearRegressor(method=method, epochs=60).fit(X, y * 2.0**30, s)
    np.testing.assert_array_equal(one.coef_ * 2.0**30, other.coef_)


@pytest.mark.fault("A4")
@pytest.mark.parametrize("method", ["adam", "adamw", "momentum", "nesterov", "lbfgs"])
def test_a_shift_of_y_and_repeated_rows_and_permuted_columns_change_nothing(method):
    X, y, _ = table(2)
    before = fitted(method, X, y, None)
    same(before, fitted(method, X[:, ::-1], y, None))
    same(before, fitted(method, np.vstack([X, X]), np.append(y, y), None))


@pytest.mark.fault("A4")
@pytest.mark.parametrize("factor", [1e-9, 1e-3, 1e6])
def test_a_nets_targets_may_have_any_unit(factor):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 4))
    y = X @ [1.0, 2.0, 3.0, 4.0] + 0.1 * rng.standard_normal(200)
    scores, codes = [], []
    for c in (1.0, factor):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = ds.NetRegressor(hidden=(8,), epochs=40, random_state=0).fit(X, y * c)
        scores.append(model.score(X, y * c))
        codes.append(model.verdict_.code)
    assert scores[0] > 0.95 and abs(scores[0] - scores[1]) < 1e-6 and codes[0] == codes[1]


@pytest.mark.sample(8)
@pytest.mark.fault("A5")
@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e9 + 0.1, -7e-5])
@pytest.mark.parametrize("method", ["auto", "gd", "lbfgs", "newton", "coordinate", "sgd"])
def test_a_constant_column_beside_row_weights_is_constant(value, method):
    """Σs·x/Σs of a constant is that constant but for rounding, which is no column to learn from."""
    X, y, s = table(3, 50)
    with_constant = np.column_stack([X, np.full(len(X), value)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = ds.LinearRegressor(method=method, random_state=0).fit(with_constant, y, s)
        plain = ds.LinearRegressor(method=method, random_state=0).fit(X, y, s)
    np.testing.assert_allclose(model.predict(with_constant), plain.predict(X), rtol=1e-6, atol=1e-6)
    assert abs(model.coef_[3]) * abs(value) < 1e-6 * np.ptp(y)


# ---- nets ----------------------------------------------------------------------------------------------


@pytest.mark.fault("D3")
@pytest.mark.parametrize("batch", [None, 8])
def test_a_trace_keeps_the_validation_curve_however_many_steps_it_drops(batch):
    X, y, _ = table(4, 400)
    rows, held_out = ds.Dataset.from_arrays(X[:300], y[:300]), ds.Dataset.from_arrays(X[300:], y[300:])
    settings = {"epochs": 60, "batch_size": batch, "method": "adam", "learning_rate": 0.01, "tol": 0.0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        solution = ds.fit(rows, net=ds.Net((4,)), validation=held_out, **settings)
    curve = solution.trace.column("validation")
    assert np.isfinite(curve).sum() >= 60
    copy = type(solution.trace).from_records(
        solution.trace.names, solution.trace.start, solution.trace.to_records(), solution.trace.seen
    )
    np.testing.assert_array_equal(copy.column("validation"), curve)


@pytest.mark.fault("D3")
def test_a_validation_curve_is_thinned_evenly_once_it_is_long():
    from downslope.descent.trace import Step, Trace

    trace = Trace(["w"], [0.0], capacity=50)
    for number in range(100_000):
        validation = float(number) if number % 100 == 99 else None
        loss = 100_000.0 - number
        trace.append(Step(number + 1, number // 100, 1, 0.0, loss, 1.0, 0.1, np.zeros(1), None, validation))
    known = trace.column("validation")[np.isfinite(trace.column("validation"))]
    assert 25 <= len(known) <= 60 and len(trace) <= 110
    steps = np.diff(known[:-1])
    assert (steps == steps[0]).all()


@pytest.mark.fault("D11")
def test_a_small_net_is_trained_on_one_thread_and_gives_the_others_back():
    import torch

    from downslope.inference import Training
    from downslope.inference.recipe import Recipe

    X, y, _ = table(5, 60)
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)
    try:
        training = Training.on_rows(
            ds.Dataset.from_arrays(X, y), Recipe(net=ds.Net((3,)), method="adam", epochs=2)
        )
        with training.sharing_cores():
            seen.append(torch.get_num_threads())
        seen.append(torch.get_num_threads())
    finally:
        torch.set_num_threads(before)
    assert seen == [1, 2]


@pytest.mark.fault("A8")
@pytest.mark.parametrize(
    "name", ["Adafactor", "Adam", "AdamW", "SGD", "Adagrad", "RMSprop", "NAdam", "Adamax"]
)
def test_an_optimizer_that_looks_at_whole_tensors_is_refused(name):
    import torch

    X, y, _ = table(6, 40)
    optimizer = getattr(torch.optim, name)
    descend = lambda: ds.fit(
        ds.Dataset.from_arrays(X, y), method=lambda p: optimizer(p, lr=0.01), epochs=2, tol=0.0
    )
    if name != "Adafactor":
        assert np.isfinite(descend().params).all()
        return
    with pytest.raises(ds.DownslopeError, match="works on whole tensors"):
        descend()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.fault("A4", "E1")
@pytest.mark.parametrize("loss", ["huber", "absolute", "quantile:0.3"])
@pytest.mark.parametrize("factor", [1e10, 1e14, 1e20, pytest.param(1e150, marks=pytest.mark.slow)])
def test_a_loss_of_bounded_slope_is_not_converged_on_a_slope(loss, factor):
    """Its slopes do not grow with y: they tell what is small, y does not; or the gap proves the end."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    rows = ds.Dataset.from_arrays(X, factor * (X @ [1, 2, 3] + rng.normal(size=40)))
    run = ds.fit(rows, loss=loss)
    proved = run.gap is not None and run.gap <= 1e-9 * run.loss
    F = ds.objective(rows, loss)
    steepest = np.abs(F.value_and_gradient(F.to_inner(run.params)).gradient).max()
    assert run.verdict.code != "converged" or proved or steepest < 1e-6


def test_a_gap_that_says_no_more_than_that_losses_are_positive_is_not_printed(capsys):
    from downslope.cli import main
    from tests.builders import CASES

    main(["fit", str(CASES / "37_row_and_year.csv"), "--target", "value", "--features", "row,year"])
    assert "duality gap" not in capsys.readouterr().out
    main(["fit", str(CASES / "37_row_and_year.csv"), "--target", "value"])
    assert "duality gap" in capsys.readouterr().out

"""Claims about nets: calculus in step with torch, memory shared, draws of their own."""

import builtins
import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse

from downslope.data import Dataset
from downslope.errors import DownslopeError
from downslope.messages import speaking
from downslope.model.class_losses import Log, Poisson, SmoothedHinge, SquaredHinge
from downslope.model.losses import absolute, huber, quantile, squared
from downslope.model.net_settings import ACTIVATIONS
from downslope.model.nets import Net, module_term
from downslope.model.objective import Objective
from downslope.model.penalties import by_name as penalty_by_name

torch = pytest.importorskip("torch")

EPS = np.finfo(float).eps
N, D = 23, 3
LOSSES = {
    "log of two": (Log(), "chance", 1),
    "log of three": (Log(), "chance", 3),
    "squared hinge": (SquaredHinge(), "chance", 1),
    "squared hinge of three": (SquaredHinge(), "chance", 3),
    "smoothed hinge": (SmoothedHinge(), "chance", 1),
    "poisson": (Poisson(), "count", 1),
    "squared": (squared(), "number", 2),
    "huber": (huber(1.0), "number", 1),
    "absolute": (absolute(), "number", 1),
    "quantile": (quantile(0.8), "number", 2),
}


def rows_of(kind="chance", outputs=1, n=N, weights=None, seed=0) -> Dataset:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, D))
    if kind == "chance":
        label = rng.integers(0, max(2, outputs), n)
        Y = label[:, None].astype(float) if outputs == 1 else np.eye(outputs)[label]
    else:
        Y = rng.poisson(2.0, (n, outputs)) if kind == "count" else rng.normal(size=(n, outputs))
    return Dataset.from_arrays(X, Y, weights)


def term_of(loss=None, outputs=1, kind="chance", data=None, **settings):
    net = Net(**{"hidden": (5,), "activation": "tanh", "dtype": "float64", **settings})
    return net.term(data or rows_of(kind, outputs), loss or Log())


def theta_of(term, seed=1):
    return np.random.default_rng(seed).normal(size=term.size)


def refused(key, make):
    with pytest.raises(DownslopeError) as caught:
        make()
    assert caught.value.key == key
    for language in ("en", "zh"):
        with speaking(language):
            assert "\n" not in str(caught.value)
    with speaking("en"):
        return str(caught.value)


# ── the calculus ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.sample(14)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", LOSSES)
def test_gradient_is_the_slope_of_the_value(name, activation):
    loss, kind, outputs = LOSSES[name]
    term = term_of(loss, outputs, kind, hidden=(5, 4), activation=activation)
    theta, h = theta_of(term), 1e-4
    for seed in range(3):
        d = np.random.default_rng(seed).normal(size=term.size)
        f = [term.value_and_gradient(theta + k * h * d)[0] for k in (-2, -1, 1, 2)]
        stencil = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h)
        value, gradient, _ = term.value_and_gradient(theta)
        # rounding of f over h, and h⁴ times a fifth derivative; a hinge's jump in curvature within ±2h adds h
        rounding, bent = 10 * EPS * max(1, value) / h, 1e4 * h**4 * max(1, value)
        assert gradient @ d == pytest.approx(stencil, abs=rounding + bent + 1e-9)


@pytest.mark.parametrize("name", LOSSES)
def test_value_is_the_loss_of_the_predictor(name):
    loss, kind, outputs = LOSSES[name]
    term = term_of(loss, outputs, kind)
    theta = theta_of(term)
    z = term.predictor(theta)
    assert z.shape == (N, outputs) and z.dtype == float
    assert term.value_and_gradient(theta)[0] == pytest.approx(
        float(loss.value(z, term.Y).sum() / N), rel=4 * EPS
    )
    assert term.values(np.stack([theta, theta]))[1] == pytest.approx(
        term.value_and_gradient(theta)[0], rel=4 * EPS
    )


def test_log_loss_is_torchs_cross_entropy():
    term = term_of(Log(), 3)
    theta = theta_of(term)
    value, gradient, _ = term.value_and_gradient(theta)
    module = Net((5,), "tanh", dtype="float64").module(D, 3)
    torch.nn.utils.vector_to_parameters(torch.from_numpy(theta), module.parameters())
    loss = torch.nn.functional.cross_entropy(module(term.X), torch.from_numpy(term.Y))
    loss.backward()
    expected = torch.cat([p.grad.ravel() for p in module.parameters()]).numpy()
    assert value == pytest.approx(loss.item(), rel=10 * EPS)
    assert np.abs(gradient - expected).max() <= 100 * EPS


def test_mean_over_a_batch_is_the_mean_of_its_rows():
    for loss, kind, outputs in LOSSES.values():
        term = term_of(loss, outputs, kind)
        theta, batch = theta_of(term), np.array([4, 0, 0, 17])
        each = [term.value_and_gradient(theta, np.array([row])) for row in batch]
        value, gradient, _ = term.value_and_gradient(theta, batch)
        assert value == pytest.approx(np.mean([one[0] for one in each]), rel=20 * EPS)
        assert np.allclose(gradient, np.mean([one[1] for one in each], axis=0), rtol=0, atol=1e-13)
        whole = term.value_and_gradient(theta, np.arange(N))
        assert np.allclose(whole[1], term.value_and_gradient(theta)[1], rtol=0, atol=1e-13)


def test_a_weight_is_a_repeated_row_and_weight_zero_an_absent_one():
    count = np.random.default_rng(3).integers(0, 4, N)
    plain = rows_of(outputs=3)
    weighted = term_of(Log(), data=rows_of(outputs=3, weights=count.astype(float)))
    repeated = term_of(Log(), data=plain.take(np.repeat(np.arange(N), count)))
    theta = theta_of(weighted)
    assert weighted.value_and_gradient(theta)[0] == pytest.approx(
        repeated.value_and_gradient(theta)[0], rel=20 * EPS
    )
    assert np.allclose(
        weighted.value_and_gradient(theta)[1], repeated.value_and_gradient(theta)[1], rtol=0, atol=1e-14
    )
    assert weighted.rows == np.count_nonzero(count)
    assert weighted.gradient_scale == pytest.approx(repeated.gradient_scale, rel=20 * EPS)
    assert np.allclose(weighted.null_theta, repeated.null_theta, rtol=20 * EPS, atol=0)


def test_many_rows_in_blocks_are_the_same_sum(monkeypatch):
    term = term_of()
    theta = theta_of(term)
    whole = term.value_and_gradient(theta), term.predictor(theta)
    monkeypatch.setattr("downslope.model.standardise.BLOCK", 5)
    pieces = term.value_and_gradient(theta), term.predictor(theta)
    assert pieces[0][0] == pytest.approx(whole[0][0], rel=20 * EPS)
    assert np.allclose(pieces[0][1], whole[0][1], rtol=0, atol=1e-14)
    assert np.allclose(pieces[1], whole[1], rtol=0, atol=1e-14)


def test_float32_follows_float64_from_the_same_start():
    single, double = term_of(dtype="float32"), term_of()
    assert np.array_equal(single.start, double.start)
    (value, gradient, _), expected = (
        single.value_and_gradient(single.start),
        double.value_and_gradient(double.start),
    )
    assert gradient.dtype == float and gradient.any()
    small = 100 * 2.0**-23
    assert value == pytest.approx(expected[0], rel=small)
    assert np.allclose(gradient, expected[1], rtol=0, atol=small)


def test_line_is_the_value_along_a_direction():
    term = term_of()
    theta = theta_of(term)
    value, gradient, cached = term.value_and_gradient(theta)
    value_and_slope, at = term.line(cached, -gradient)
    assert value_and_slope(0.0) == (value, pytest.approx(-gradient @ gradient, rel=10 * EPS))
    assert at(0.3)[0] == term.value_and_gradient(theta - 0.3 * gradient)[0] == value_and_slope(0.3)[0]


def test_sparse_and_read_only_rows_are_the_same_rows():
    data = rows_of()
    frozen = data.X.copy()
    frozen.flags.writeable = False
    theta = theta_of(term_of())
    for X in (sparse.csr_array(data.X), frozen):
        other = term_of(data=Dataset(X, data.y, None, data.features, data.targets, "test"))
        assert other.value_and_gradient(theta)[0] == term_of(data=data).value_and_gradient(theta)[0]


# ── lockstep ────────────────────────────────────────────────────────────────────────────────────────


def test_fifty_updates_in_lockstep_with_torch():
    term = term_of(Log(), activation="sigmoid", seed=7)
    module = Net((5,), "sigmoid", dtype="float64", seed=7).module(D, 1)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.5)
    y, theta = torch.from_numpy(term.Y), term.start
    for _ in range(50):
        value, gradient, _ = term.value_and_gradient(theta)
        theta -= 0.5 * gradient
        loss = torch.nn.functional.binary_cross_entropy_with_logits(module(term.X), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        expected = torch.nn.utils.parameters_to_vector(module.parameters()).detach().numpy()
        assert value == pytest.approx(loss.item(), rel=1e-12)
        assert np.abs(theta - expected).max() <= 1e-12


def test_the_loop_descends_a_net():
    from downslope.descent.descend import descend
    from downslope.descent.methods import GD, LBFGS
    from downslope.descent.stops import Epochs, Gradient

    F = Objective(term_of(), penalty_by_name("l2", 0.01))
    theta = F.term.start
    for step in descend(F, theta, GD(0.1), Epochs(5)):
        gradient = F.value_and_gradient(theta).gradient
        theta = theta - 0.1 * gradient
        assert np.allclose(step.params, theta, rtol=0, atol=1e-14)
    steps = list(descend(F, F.term.start, LBFGS(), Epochs(500) | Gradient(1e-6)))
    assert steps[-1].epoch < 400 and steps[-1].gradient_norm < 1e-4 * steps[0].gradient_norm


# ── memory ──────────────────────────────────────────────────────────────────────────────────────────


def test_parameters_and_slopes_are_views_of_two_vectors():
    term = term_of(hidden=(4, 3))
    flat = term.flat
    theta = theta_of(term)
    _, gradient, _ = term.value_and_gradient(theta)
    for (_, p), here in zip(flat.parameters, flat.places):
        assert p.untyped_storage().data_ptr() == flat.theta.untyped_storage().data_ptr()
        assert p.grad.untyped_storage().data_ptr() == flat.slope.untyped_storage().data_ptr()
        assert np.array_equal(p.detach().numpy().ravel(), theta[here])
        assert np.array_equal(p.grad.numpy().ravel(), gradient[here])
    term.value_and_gradient(theta + 1)
    assert np.array_equal(flat.parameters[0][1].detach().numpy().ravel(), (theta + 1)[flat.places[0]])


def test_what_at_returns_stays_when_it_is_called_again():
    term = term_of()
    theta = theta_of(term)
    before = theta.copy()
    _, gradient, _ = term.value_and_gradient(theta)
    kept = gradient.copy()
    term.value_and_gradient(theta + 1)
    assert np.array_equal(gradient, kept) and np.array_equal(theta, before)


def test_double_rows_on_the_cpu_are_not_copied():
    data = rows_of()
    assert term_of(data=data).X.data_ptr() == data.X.ctypes.data


def test_threads_are_left_alone():
    before = torch.get_num_threads()
    term = term_of()
    term.value_and_gradient(term.start)
    assert torch.get_num_threads() == before


# ── drawing ─────────────────────────────────────────────────────────────────────────────────────────


def run(term, updates=4):
    theta = term.start
    for _ in range(updates):
        theta = theta - 0.3 * term.value_and_gradient(theta)[1]
    return theta


def test_torchs_generator_is_left_where_it_stood():
    state = torch.get_rng_state()
    term = term_of(dropout=0.5)
    run(term)
    term.predictor(term.start)
    module_term(torch.nn.Sequential(torch.nn.Dropout(), term.module), rows_of(), Log())
    assert torch.equal(torch.get_rng_state(), state)


def test_first_weights_are_those_of_a_seeded_torch():
    with torch.random.fork_rng():
        torch.manual_seed(5)
        expected = torch.nn.Linear(D, 5).weight.detach().numpy()
    module = Net((5,), seed=5).module(D, 1)
    assert np.array_equal(module.layer1.weight.detach().numpy(), expected)
    assert not np.array_equal(Net((5,), seed=6).module(D, 1).layer1.weight.detach().numpy(), expected)


def test_dropout_depends_on_the_seed_and_the_count_of_calls_alone():
    expected = run(term_of(dropout=0.5))
    term = term_of(dropout=0.5)
    torch.rand(10)
    assert np.array_equal(run(term), expected)
    assert not np.array_equal(
        run(term_of(dropout=0.5, seed=1)) - term_of(seed=1).start, expected - term.start
    )
    again = term_of(dropout=0.5)
    values = [again.value_and_gradient(again.start)[0] for _ in range(5)]
    assert again.stochastic and len(set(values)) == 5
    again.flat.calls = 2
    assert again.value_and_gradient(again.start)[0] == values[2]


def test_dropout_is_off_in_prediction_on_rows_held_out_and_in_pictures():
    term, plain = term_of(dropout=0.5), term_of()
    theta = theta_of(term)
    held = rows_of(seed=9, weights=np.linspace(1, 2, N))
    for _ in range(2):
        assert np.array_equal(term.predictor(theta), plain.predictor(theta))
        assert term.on(held).value_and_gradient(theta)[0] == plain.on(held).value_and_gradient(theta)[0]
        assert np.array_equal(term.values([theta]), plain.values([theta]))
        assert term.value_and_gradient(theta)[0] != plain.value_and_gradient(theta)[0]
    assert not term.on(held).stochastic and not plain.stochastic and term.flat.calls == 2
    assert np.array_equal(term.predictor(theta, held.X), plain.on(held).predictor(theta))


# ── what Objective asks for ─────────────────────────────────────────────────────────────────────────


def test_names_and_widths_follow_the_parameters():
    term = term_of(hidden=(2,))
    assert term.names[:3] == ("layer1.weight[0,0]", "layer1.weight[0,1]", "layer1.weight[0,2]")
    assert term.names[6:] == ("layer1.bias[0]", "layer1.bias[1]", "layer2.weight[0,0]",
                              "layer2.weight[0,1]", "layer2.bias[0]")  # fmt: skip
    assert term.column_scale.tolist() == [1.0] * 6 + [0.0] * 2 + [1.0] * 2 + [0.0]
    assert len(term.names) == term.size == Net((2,)).weights(D, 1) == len(term.start)


@pytest.mark.parametrize("name", LOSSES)
def test_at_the_null_model_every_row_gets_the_best_constant(name):
    loss, kind, outputs = LOSSES[name]
    term = term_of(loss, outputs, kind, hidden=(4, 4))
    z = term.predictor(term.null_theta)
    assert np.array_equal(z, np.broadcast_to(z[0], z.shape))
    null = term.value_and_gradient(term.null_theta)[0]
    for shift in itertools.product((-1e-3, 0, 1e-3), repeat=outputs):
        moved = term.null_theta.copy()
        moved[-outputs:] += shift
        assert term.value_and_gradient(moved)[0] >= null - 1e-12
    assert term.gradient_scale > 0 and term.output_scale > 0


def test_first_non_finite_names_what_the_backward_pass_meets_first():
    term = term_of(hidden=(2, 2))
    gradient = np.zeros(term.size)
    assert term.first_non_finite(gradient) is None
    gradient[0] = math.nan
    assert term.first_non_finite(gradient) == "layer1.weight"
    gradient[term.names.index("layer2.bias[1]")] = math.inf
    assert term.first_non_finite(gradient) == "layer2.bias"


# ── a module of one's own ───────────────────────────────────────────────────────────────────────────


class Twice(torch.nn.Module):
    """One layer used twice, one parameter frozen, one a single number."""

    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(D, D, dtype=torch.float64)
        self.last = torch.nn.Linear(D, 1, dtype=torch.float64)
        self.last.bias.requires_grad = False
        self.scale = torch.nn.Parameter(torch.tensor(1.5, dtype=torch.float64))

    def forward(self, x):
        return self.scale * self.last(torch.tanh(self.inner(torch.tanh(self.inner(x)))))


def test_a_module_changes_when_its_weights_are_loaded_and_not_before():
    module = Twice()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    term = module_term(module, rows_of(), Log())
    assert term.size == 1 + D * D + D + D and "scale" in term.names
    theta = run(term)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert all(p.grad is None for p in module.parameters())
    term.load(theta)
    assert torch.equal(module.last.bias, before["last.bias"])
    assert np.array_equal(module(term.X).detach().numpy(), term.predictor(theta))


def test_running_means_are_loaded_with_the_weights():
    module = torch.nn.Sequential(torch.nn.BatchNorm1d(D), torch.nn.Linear(D, 1)).double()
    term = module_term(module, rows_of(), Log())
    theta = run(term)
    assert module[0].num_batches_tracked == 0
    term.load(theta)
    assert module[0].num_batches_tracked == 4
    assert np.array_equal(module.eval()(term.X).detach().numpy(), term.predictor(theta))


def test_a_modules_own_dropout_is_seen_and_seeded():
    module = torch.nn.Sequential(torch.nn.Linear(D, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 1))
    term = module_term(module, rows_of(), Log(), seed=3)
    assert term.stochastic
    assert np.array_equal(run(term), run(module_term(module, rows_of(), Log(), seed=3)))


def linear(outputs, *after):
    return torch.nn.Sequential(torch.nn.Linear(D, outputs), *after)


def test_a_flat_output_is_refused_with_both_shapes():
    flat = linear(1, torch.nn.Flatten(0))
    told = refused("nets.output", lambda: module_term(flat, rows_of(), Log()))
    assert "(2,)" in told and "(2, 1)" in told
    told = refused("nets.output", lambda: module_term(linear(2), rows_of(outputs=3), Log()))
    assert "(2, 2)" in told and "(2, 3)" in told
    refused("nets.output", lambda: module_term(torch.nn.RNN(D, 1), rows_of(), Log()))


def test_a_link_before_the_log_loss_is_refused_with_its_floor():
    sigmoid, softmax = torch.nn.Sigmoid(), torch.nn.Softmax(dim=1)
    told = refused("nets.sigmoid", lambda: module_term(linear(1, sigmoid), rows_of(), Log()))
    assert "0.5 and 0.73" in told and f"{1 / (1 + math.exp(-1)):.2f}" == "0.73"
    told = refused("nets.softmax", lambda: module_term(linear(3, softmax), rows_of(outputs=3), Log()))
    assert "ln(1 + 2/e) = 0.551" in told
    refused("nets.softmax", lambda: module_term(linear(3, sigmoid), rows_of(outputs=3), Log()))
    refused("nets.softmax_of_one", lambda: module_term(linear(1, softmax), rows_of(), Log()))
    log_softmax = torch.nn.LogSoftmax(dim=1)
    refused("nets.log_softmax", lambda: module_term(linear(3, log_softmax), rows_of(outputs=3), Log()))
    hidden = linear(1, sigmoid, torch.nn.Flatten(0), torch.nn.Unflatten(0, (-1, 1)))
    refused("nets.sigmoid", lambda: module_term(hidden, rows_of(), Log()))
    module_term(linear(1, sigmoid), rows_of(), squared())  # under other losses it is a choice


def test_a_softmax_twice_cannot_go_below_its_floor():
    Y = np.eye(3)
    best = Log().value(torch.softmax(torch.tensor(Y) * 1e3, dim=1).numpy(), Y)
    assert best == pytest.approx(math.log1p(2 / math.e), rel=1e-12)


def test_a_module_that_cannot_serve_is_refused():
    told = refused("nets.forward", lambda: module_term(torch.nn.Linear(4, 1), rows_of(), Log()))
    assert "(2, 3)" in told
    refused("nets.no_parameters", lambda: module_term(torch.nn.Flatten(), rows_of(), Log()))
    refused("nets.no_parameters", lambda: module_term(linear(1).requires_grad_(False), rows_of(), Log()))
    mixed = torch.nn.Sequential(torch.nn.Linear(D, 2), torch.nn.Linear(2, 1).double())
    told = refused("nets.mixed", lambda: module_term(mixed, rows_of(), Log()))
    assert "float32 on cpu" in told and "float64 on cpu" in told


# ── what cannot be ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "key, settings",
    [
        ("nets.hidden", {"hidden": (10, 0)}),
        ("nets.hidden", {"hidden": -3}),
        ("nets.hidden", {"hidden": (2.5,)}),
        ("nets.hidden", {"hidden": "10"}),
        ("nets.activation", {"activation": "sigmoidal"}),
        ("nets.dropout", {"dropout": 1.0}),
        ("nets.dropout", {"dropout": -0.1}),
        ("nets.dtype", {"dtype": "float16"}),
    ],
)
def test_a_net_that_cannot_be_is_refused(key, settings):
    refused(key, lambda: Net(**settings))


def test_one_number_is_one_hidden_layer_and_none_is_a_linear_model():
    assert Net(hidden=10) == Net(hidden=[10]) == Net()
    assert list(dict(Net(()).module(4, 3).named_children())) == ["layer1"]


def test_weights_are_counted_before_any_is_made():
    told = refused("nets.too_large", lambda: Net((10**9, 10**9)).module(4, 1))
    assert "1,000,000,007,000,000,001" in told  # (4+1)·10⁹ + (10⁹+1)·10⁹ + 10⁹+1
    data = rows_of()
    wide = Dataset(sparse.csr_array((N, 10**12)), data.y, None, data.features, data.targets, "test")
    refused("nets.sparse", lambda: module_term(torch.nn.Linear(1, 1), wide, Log()))


def test_an_unknown_device_is_refused_and_the_nearest_named():
    told = refused("nets.device", lambda: term_of(device="cpuu"))
    assert "use one of cpu" in told
    refused("nets.device", lambda: term_of(device="cuda:99"))


def test_without_torch_the_error_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "torch":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    told = refused("nets.no_torch", lambda: Net().module(4, 1))
    assert "pip install 'downslope[torch]'" in told


def test_importing_nets_loads_no_torch():
    code = "import sys, downslope.model.nets; print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"

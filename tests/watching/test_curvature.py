"""λ of a step of PyTorch, and the bound of each optimizer."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from downslope.watching.curvature import Budget, NotMeasured, measure  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")  # torch.func's own


def _nets():
    """Name → (net, inputs, criterion, targets); small enough for the whole Hessian."""
    draws = torch.Generator().manual_seed(3)
    rand = lambda *shape: torch.randn(*shape, generator=draws)
    classes = torch.randint(0, 3, (24,), generator=draws)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return {
            "sigmoid": (
                nn.Sequential(nn.Linear(4, 6), nn.Sigmoid(), nn.Linear(6, 1), nn.Sigmoid()),
                rand(24, 4), nn.BCELoss(), (classes[:, None] > 0).float(),
            ),
            "tanh": (
                nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2)),
                rand(24, 3), nn.MSELoss(), rand(24, 2),
            ),
            "relu": (
                nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3)),
                rand(24, 5), nn.CrossEntropyLoss(), classes,
            ),
            "convolution": (
                nn.Sequential(nn.Conv2d(1, 2, 3), nn.GELU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8, 3)),
                rand(24, 1, 6, 6), nn.CrossEntropyLoss(), classes,
            ),
            "normalised": (
                nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.SiLU(), nn.Linear(5, 1)),
                rand(24, 4), nn.HuberLoss(), rand(24, 1),
            ),
        }  # fmt: skip


def true_hessian(net, inputs, criterion, targets) -> np.ndarray:
    """(p, p) by torch.func, in float64, at the net's weights."""
    weights = {name: p.detach().double() for name, p in net.named_parameters()}
    buffers = {
        name: b.clone().double() if b.is_floating_point() else b.clone() for name, b in net.named_buffers()
    }
    sizes, shapes = [w.numel() for w in weights.values()], [w.shape for w in weights.values()]
    targets = targets.double() if targets.is_floating_point() else targets

    def loss(flat):
        parts = dict(zip(weights, (p.view(s) for p, s in zip(flat.split(sizes), shapes))))
        return criterion(torch.func.functional_call(net, {**parts, **buffers}, (inputs.double(),)), targets)

    flat = torch.cat([w.reshape(-1) for w in weights.values()])
    return torch.func.hessian(loss)(flat).numpy()


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "convolution", "normalised"])
def test_largest_eigenvalue_is_that_of_the_whole_hessian_within_one_percent(name):
    net, inputs, criterion, targets = _nets()[name]
    H = true_hessian(net.eval() if name == "normalised" else net, inputs, criterion, targets)
    if name == "normalised":  # the running means of a whole Hessian cannot change: both in eval mode
        assert not net.training
    found = measure(criterion(net(inputs), targets), torch.optim.SGD(net.parameters(), lr=0.1))
    assert found.value == pytest.approx(np.linalg.eigvalsh(H)[-1], rel=0.01)
    assert found.bound == pytest.approx(2 / found.value)
    assert found.error < 0.01 * found.value and not found.preconditioned


def test_weights_of_adam_are_measured_in_its_own_coordinates():
    net, inputs, criterion, targets = _nets()["tanh"]
    adam = torch.optim.Adam(net.parameters(), lr=0.01, betas=(0.8, 0.9))
    for _ in range(3):
        adam.zero_grad()
        criterion(net(inputs), targets).backward()
        adam.step()
    loss = criterion(net(inputs), targets)
    gradients = torch.autograd.grad(loss, list(net.parameters()), retain_graph=True)
    square = [0.9 * adam.state[p]["exp_avg_sq"] + 0.1 * g * g for p, g in zip(net.parameters(), gradients)]
    size = torch.cat([((v / (1 - 0.9**4)).sqrt() + 1e-8).reshape(-1) for v in square]).double().numpy()
    d = 1 / np.sqrt((1 - 0.8**4) * size)
    H = true_hessian(net, inputs, criterion, targets)
    found = measure(loss, adam)
    assert found.value == pytest.approx(np.linalg.eigvalsh(d[:, None] * H * d)[-1], rel=0.01)
    assert found.preconditioned and found.bound == pytest.approx((2 + 1.6) / (0.2 * found.value))


FROZEN = 1 - 1e-15  # of a running mean of squares that stays where it is
A = torch.tensor([[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]], dtype=torch.float64)
SIZES = torch.tensor([1.0, 4.0, 9.0], dtype=torch.float64)  # √v

OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {}),
    "decay": (torch.optim.SGD, {"weight_decay": 0.7}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "damped": (torch.optim.SGD, {"momentum": 0.6, "dampening": 0.5, "weight_decay": 0.3}),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "rmsprop": (torch.optim.RMSprop, {"alpha": FROZEN}),
    "rmsprop_momentum": (torch.optim.RMSprop, {"alpha": FROZEN, "momentum": 0.5, "weight_decay": 0.2}),
    "adam": (torch.optim.Adam, {"betas": (0.9, FROZEN)}),
    "adam_decay": (torch.optim.Adam, {"betas": (0.5, FROZEN), "weight_decay": 0.5}),
    "adamw": (torch.optim.AdamW, {"betas": (0.9, FROZEN), "weight_decay": 0.5}),
}


def _on_quadratic(name: str, rate: float):
    """(w, optimizer, loss) for ½wᵀAw, with the optimizer's memory of squares standing at SIZES²."""
    make, settings = OPTIMIZERS[name]
    w = torch.ones(3, dtype=torch.float64, requires_grad=True)
    optimizer = make([w], lr=rate, **settings)
    loss = lambda: 0.5 * w @ A @ w
    if make is not torch.optim.SGD:
        w.grad = torch.zeros_like(w)
        optimizer.step()
        with torch.no_grad():
            w.fill_(1.0)
        state = optimizer.state[w]
        if "square_avg" in state:
            state["square_avg"].copy_(SIZES**2)
            state.get("momentum_buffer", w.detach().clone()).zero_()
        else:
            state["exp_avg_sq"].copy_(SIZES**2)
            state["step"].fill_(1e18)  # no bias is left to be corrected
    return w, optimizer, loss


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_bound_separates_runs_at_nine_and_eleven_tenths_of_it(name):
    w, optimizer, loss = _on_quadratic(name, 1e-9)
    bound = measure(loss(), optimizer).bound
    ends = []
    for share in (0.9, 1.1):
        w, optimizer, loss = _on_quadratic(name, share * bound)
        for _ in range(3000):
            optimizer.zero_grad()
            loss().backward()
            optimizer.step()
            if not 1e-3 < w.detach().abs().max() < 1e4:
                break
        ends.append(float(w.detach().abs().max()))
    assert ends[0] <= 1e-3 and ends[1] >= 1e4


def test_groups_of_unlike_rates_keep_their_ratio():
    w, v = (torch.ones(2, dtype=torch.float64, requires_grad=True) for _ in range(2))
    loss = lambda: 2 * (w**2).sum() + 0.5 * (v**2).sum()  # λ = 4 and 1
    sgd = torch.optim.SGD([{"params": [w], "lr": 0.01}, {"params": [v], "lr": 0.1}])
    found = measure(loss(), sgd)
    assert found.bound == pytest.approx(0.2)  # v takes ten times the rate: 10·0.2·1 = 2


def test_script_does_not_notice():
    net, inputs, criterion, targets = _nets()["relu"]
    sgd = torch.optim.SGD(net.parameters(), lr=0.1)
    state = torch.get_rng_state()
    loss = criterion(net(inputs), targets)
    before = [p.detach().clone() for p in net.parameters()]
    found = measure(loss, sgd)
    assert all(p.grad is None for p in net.parameters())
    assert all(map(torch.equal, before, (p.detach() for p in net.parameters())))
    assert torch.equal(state, torch.get_rng_state())
    loss.backward()  # the graph is whole, and no retain_graph was needed
    norm = math.sqrt(sum(float((p.grad.double() ** 2).sum()) for p in net.parameters()))
    assert found.gradient_norm == pytest.approx(norm, rel=1e-6)
    with pytest.raises(RuntimeError):
        loss.backward()


def test_noise_scale_is_that_of_the_rows():
    draws = torch.Generator().manual_seed(5)
    X = torch.randn(4000, 3, generator=draws, dtype=torch.float64)
    y = X @ torch.ones(3, dtype=torch.float64) + 5 * torch.randn(4000, generator=draws, dtype=torch.float64)
    w = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    scores = X @ w
    each = 2 * ((scores - y)[:, None] * X).detach()  # gradients of the rows
    true = each.var(dim=0).sum() / (each.mean(dim=0) ** 2).sum()
    found = measure(((scores - y) ** 2).mean(), torch.optim.SGD([w], lr=0.1), scores)
    assert found.noise_scale == pytest.approx(float(true), rel=1.0)  # two halves make a rough estimate
    same = X[:1].repeat(8, 1) @ w
    assert measure(((same - 1) ** 2).mean(), torch.optim.SGD([w], lr=0.1), same).noise_scale in (None, 0.0)


def _ctc():
    scores = torch.randn(6, 2, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    lengths = torch.tensor([6, 6]), torch.tensor([2, 2])
    return nn.CTCLoss()(scores.log_softmax(2), torch.tensor([[1, 2], [2, 3]]), *lengths), [scores]


def _attention():
    q = torch.randn(1, 1, 4, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
    return (nn.functional.scaled_dot_product_attention(q, q, q) ** 2).sum(), [q]


def _half():
    w = torch.ones(3, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return (torch.ones(2, 3) @ w[:, None]).float().pow(2).sum(), [w]


def _hooked():
    w = torch.ones(3, requires_grad=True)
    w.register_hook(lambda g: g)
    return (w**2).sum(), [w]


def _sparse():
    layer = nn.Embedding(4, 2, sparse=True)
    return (layer(torch.tensor([1, 2])) ** 2).sum(), list(layer.parameters())


class _Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, g):
        return 2 * g


def _own():
    w = torch.ones(3, requires_grad=True)
    return _Doubled.apply(w).pow(2).sum(), [w]


@pytest.mark.parametrize(
    "make, what, why",
    [
        (_ctc, "ctc_loss", "no_second_derivative"),
        (_attention, "scaled_dot_product", "no_second_derivative"),
        (_half, "torch.bfloat16", "half_precision"),
        (_hooked, "register_hook", "hooks"),
        (_sparse, "Embedding(sparse=True)", "sparse"),
        (_own, "_Doubled", "custom_function"),
    ],
)
def test_what_cannot_be_measured_is_said_with_its_name(make, what, why):
    loss, parameters = make()
    with pytest.raises(NotMeasured) as told:
        measure(loss, torch.optim.SGD(parameters, lr=0.1))
    assert what in told.value.what and told.value.why == why
    loss.backward()  # is the script's own, and works
    assert all(p.grad is not None for p in parameters)


def test_budget_is_one_second_or_a_twentieth():
    budget = Budget()
    assert budget.allowed(0.0) == pytest.approx(0.4)
    budget.charge(0.7)
    assert not budget.due(2, 3.0)  # 0.3 s are left, and the last one took 0.7
    assert budget.due(64, 30.0)  # 1.5 s are allowed by now
    assert not budget.due(63, 1e9) and budget.due(63, 1e9, length=63)
    assert not Budget(seconds=0.0, share=0.0, spent=1e-9).due(1, 0.0)

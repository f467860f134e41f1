"""`ds.watch()`: a block, a function, a cell; what it shows is what the loop computed."""

import itertools
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest

import downslope as ds
from downslope.messages import LANGUAGES, speaking
from tests.builders import refused_key

X = np.array([1.0, 2.0, 3.0])
Y = 2 * X


def test_a_block_is_followed_line_by_line():
    w = 1.0
    losses = []
    with ds.watch() as seen:
        for _ in range(60):
            loss = np.mean((X * w - Y) ** 2)
            g = np.mean(2 * X * (X * w - Y))
            w -= 0.05 * g
            losses.append(loss)
    trace = seen.trace
    assert trace.updates == 60 and trace.column("loss").tolist() == losses
    assert trace.start[0] == 1 and trace[-1].params[0] == w and trace[0].gradient[0] == pytest.approx(-28 / 3)
    assert pytest.approx(28 / 3) == seen.certificate.L and seen.verdict.code == "converged"


def test_a_loop_over_the_weights_in_a_block_is_one_update():
    w = [1.0, 2.0]
    with ds.watch() as seen:
        for _ in range(30):
            g = [2 * a for a in w]
            for j in range(2):
                w[j] -= 0.1 * g[j]
    trace = seen.trace
    assert trace.updates == 30 and trace.names == ("w[0]", "w[1]")
    assert trace[0].params.tolist() == [0.8, 1.6] and trace[0].gradient.tolist() == [2, 4]
    assert trace[-1].params.tolist() == w


def test_a_gradient_without_a_name_in_a_block_is_said_not_to_be_seen():
    w = 1.0
    with ds.watch() as seen:
        for _ in range(5):
            w = w - 0.1 * (2 * w - 6)
    assert seen.trace.updates == 5 and seen.trace[0].gradient is None
    assert any("@ds.watch()" in line for line in seen.lines())


def test_a_function_is_seen_whole_and_unchanged():
    target = 3.0

    def train(w, rate, *, steps=40):
        def slope(w):
            return 2 * (w - target)

        for _ in range(steps):
            w = w - rate * slope(w)
        return w

    watched = ds.watch()(train)
    assert watched(1.0, 0.1) == train(1.0, 0.1) and watched.__name__ == "train"
    assert watched.seen.trace.updates == 40 and watched.seen.trace[0].gradient.tolist() == [-4]
    assert pytest.approx(2) == watched.seen.certificate.L
    with pytest.raises(TypeError):
        watched(1.0)
    assert watched(1.0, 1.2, steps=10) == train(1.0, 1.2, steps=10)
    assert watched.seen.certificate.excess == pytest.approx(1.2)


TRAINERS = """import functools  # for descents along the gradient
class Trainer:
    def __init__(self, rate):
        self.rate = rate

    def fit(self, w, steps=40):
        for _ in range(steps):
            w = w - self.rate * 2 * (w - 3)
        return w

    @staticmethod
    def fit_plainly(w):
        return helper(w, 0.1)


@functools.lru_cache(maxsize=0)
def helper(w, rate):
    for _ in range(40):
        w = w - rate * 2 * (w - 3)
    return w


def outer(rate):
    def inner(w):
        for _ in range(40):
            w = w - rate * 2 * (w - 3)
        return w

    return inner


made = outer(0.1)
"""


@pytest.fixture
def trainers(tmp_path, monkeypatch):
    """A module of the script's own."""
    (tmp_path / "trainers_of_a_script.py").write_text(TRAINERS)
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__("trainers_of_a_script")
    sys.modules.pop("trainers_of_a_script")


def codes(module):
    trainer = module.Trainer
    functions = [
        trainer.__init__,
        trainer.fit,
        trainer.fit_plainly,
        module.helper.__wrapped__,
        module.outer,
        module.made,
    ]
    return [function.__code__ for function in functions]


@pytest.mark.parametrize(
    "train",
    [
        lambda module: module.Trainer(0.1).fit(1.0),
        lambda module: module.Trainer.fit_plainly(1.0),
        lambda module: module.helper(1.0, 0.1),
        lambda module: module.outer(0.1)(1.0),
        lambda module: module.made(1.0),
    ],
)
def test_functions_that_a_block_calls_are_seen_whole_and_left_as_they_were(trainers, train):
    """A gradient without a name is seen, too: each function has its recording points while the block runs."""
    before, expected = codes(trainers), train(trainers)
    with ds.watch() as seen:
        found = train(trainers)
    assert found == expected and all(a is b for a, b in zip(codes(trainers), before, strict=True))
    assert seen.trace.updates == 40 and seen.trace[0].gradient.tolist() == [-4]
    with pytest.raises(AttributeError), ds.watch():
        train(None)
    assert all(a is b for a, b in zip(codes(trainers), before, strict=True))


SLOPES = {
    "parabola": lambda w, step: 2 * (w - 3),
    "steep": lambda w, step: 4 * w**3,
    "flat": lambda w, step: 0.0 * w,
    "line": lambda w, step: -1.0,
    "maximum": lambda w, step: -2 * (w - 3),
    "rows in turn": lambda w, step: [2, 8, 18][step % 3] * (w - [2, 2.2, 1.9][step % 3]),
    "not finite": lambda w, step: 2 * w if step < 5 else float("nan"),
}


def descend(slope, rate, steps):
    w = 1.0
    for step in range(steps):
        gradient = slope(w, step)
        w = w - rate * gradient
    return w


@pytest.mark.parametrize("slope", SLOPES)
def test_no_report_names_a_loss_that_the_script_does_not_compute(slope):
    for rate, steps in itertools.product((1e-3, 0.1, 1.2), (1, 3, 60)):
        with ds.watch() as seen, suppress(OverflowError):
            descend(SLOPES[slope], rate, steps)
        for language in LANGUAGES:
            with speaking(language):
                told = str(seen)
            assert not {"–", "nan", "–，"} & set(told.split()), (rate, steps, told)
        stays = slope in ("flat", "line", "maximum")
        assert seen.trace.updates >= min(steps, 4) and not (stays and seen.verdict.code == "converged")


def test_a_function_whose_source_has_changed_runs_as_it_was_imported(trainers, tmp_path):
    (tmp_path / "trainers_of_a_script.py").write_text(TRAINERS.replace("w - 3", "w - 5"))
    with ds.watch() as seen:
        found = trainers.helper(1.0, 0.1)
    assert found == pytest.approx(3, abs=1e-3) and not seen.recording.loops


def test_an_error_of_the_block_goes_on():
    w = 0.0
    with pytest.raises(ZeroDivisionError), ds.watch() as seen:
        for k in range(5):
            g = 1 / (3 - k)
            w -= 0.1 * (g + w)
    assert seen.recording.end == "raised" and seen.trace.updates == 3


def test_a_pytorch_loop_in_a_block_is_seen():
    torch = pytest.importorskip("torch")
    w = torch.tensor([1.0], requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    with ds.watch() as seen:
        for _ in range(20):
            loss = ((w - 3) ** 2).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert seen.trace.updates == 20 and seen.recording.loop().kind == "torch"


NET = """
def train(steps, each):
    net, criterion, X, y = each()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    losses = []
    for step in range(steps):
        loss = criterion(net(X), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
"""


@pytest.mark.parametrize("within", [False, True])
def test_losses_of_code_without_source_are_those_of_its_criterion(within):
    """Where no `backward` can be seen, a forward hook meets each loss: once, also where the model around the
    criterion gives it again, and in most updates without more ado."""
    torch = pytest.importorskip("torch")
    space = {"torch": torch}
    exec(compile(NET, "<made>", "exec"), space)

    class Both(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.criterion = torch.nn.Linear(2, 1), torch.nn.MSELoss()

        def forward(self, X, y):
            return self.criterion(self.net(X), y)

    def each():
        torch.manual_seed(0)
        X = torch.randn(16, 2)
        net = Both()
        return (net, lambda out, y: out, X, X[:, :1]) if within else (net.net, net.criterion, X, X[:, :1])

    if within:
        exec(compile(NET.replace("net(X)", "net(X, y)"), "<made>", "exec"), space)
    losses = space["train"](300, each)
    with ds.watch(curvature=False) as seen:
        assert space["train"](300, each) == losses
    assert seen.recording.losses[1].tolist() == losses


@pytest.mark.parametrize("rate", [0.1, 3.0])
def test_the_loss_of_a_function_in_a_block_is_seen_from_the_first_update_on(rate):
    """No forward hook meets it; loops around the block are no epochs, and nothing goes on being followed."""
    torch = pytest.importorskip("torch")
    from torch.nn.functional import mse_loss

    for _ in range(2):
        torch.manual_seed(0)
        X = torch.linspace(0, 1, 50)[:, None]
        model, losses = torch.nn.Linear(1, 1), []
        optimizer = torch.optim.SGD(model.parameters(), lr=rate)
        watching = ds.watch()
        with watching as seen:
            for _ in range(60):
                optimizer.zero_grad()
                loss = mse_loss(model(X), 3 * X + 1)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
        assert np.array_equal(seen.recording.losses[1], losses, equal_nan=True)
        assert pytest.approx(2.537, rel=1e-3) == seen.certificate.L and seen.watched.epochs == 60
        assert seen.verdict.code == ("diverged" if rate > 1 else "epochs_exhausted")
        assert watching._session is None and sys.gettrace() is None


def test_a_loss_of_a_function_transform_breaks_no_script_and_is_said_once():
    """Tensors of torch.func have no storage to tell them by."""
    torch = pytest.importorskip("torch")
    net, criterion = torch.nn.Linear(1, 1), torch.nn.MSELoss()
    X, optimizer = torch.ones(9, 1), torch.optim.SGD(net.parameters(), lr=0.1)
    slope = torch.func.grad(lambda p: criterion(torch.func.functional_call(net, p, (X,)), 3 * X))
    losses = []
    with ds.watch(curvature=False) as seen:
        for _ in range(30):
            loss = criterion(net(X), 3 * X)
            slope(dict(net.named_parameters()))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert seen.recording.losses[1].tolist() == losses
    assert [fact.code for fact in seen.recording.facts].count("not_seen") == 1


def test_what_is_imported_after_two_watched_blocks_is_imported_once():
    code = """
import sys
import downslope as ds
for _ in range(2):
    with ds.watch():
        pass
before = len(sys.meta_path)
import torch
w = torch.ones(1, requires_grad=True)
torch.optim.SGD([w]).step()
from torch.optim.optimizer import _global_optimizer_post_hooks
assert not _global_optimizer_post_hooks and len(sys.meta_path) == before - 2
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_the_cell_magic_reports_and_leaves_seen(capsys):
    class Shell:
        user_ns: dict = {}
        execution_count = 1

        class compile:
            cache = staticmethod(lambda text, number: "<cell>")

        def register_magic_function(self, function, kind, name):
            assert (kind, name) == ("cell", "watch")
            self.magic = function

    shell = Shell()
    ds.load_ipython_extension(shell)
    shell.magic("", "w = 1.0\nfor k in range(9):\n    w = w - 0.1 * 2 * (w - 3)\nw\n")
    printed = capsys.readouterr().out
    assert printed.startswith("2.73") and "the loop at line 2 updates w" in printed
    assert shell.user_ns["seen"].trace.updates == 9 and shell.user_ns["w"] > 2.7
    assert refused_key(shell.magic, "speed=1", "w = 1\n") == "watching.magic_option"


def test_only_a_function_is_watched():
    assert refused_key(ds.watch(), 3) == "watching.not_callable"

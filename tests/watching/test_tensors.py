"""Training loops with PyTorch, recorded while they run."""

import math
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from downslope.watching import tensors  # noqa: E402
from downslope.watching.records import Recorder, Recording, read  # noqa: E402
from tests.watching.watcher import ran  # noqa: E402

X = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 5.0]])
Y = torch.tensor([[3.0], [7.0], [10.0]])


def watched(tmp_path, train, measuring=True) -> Recording:
    """What is recorded of `train(backward)`, where backward(loss) stands for loss.backward()."""
    recorder = Recorder(tmp_path / "run")
    watcher = tensors.Watcher(recorder, measuring)

    def backward(loss, *arguments, line=40, **options):
        watcher.backward(loss, line, sys._getframe(1))
        loss.backward(*arguments, **options)

    try:
        train(backward)
    finally:
        watcher.finish()
        recorder.close()
    recording = read(tmp_path / "run")
    failures = [
        fact for fact in recording.facts if fact.code == "not_seen" and "Error" in fact.numbers["why"]
    ]
    assert failures == []
    return recording


def codes(recording) -> set[str]:
    return {fact.code for fact in recording.facts}


def fact(recording, code):
    (found,) = (fact for fact in recording.facts if fact.code == code)
    return found


def test_a_layer_by_sgd_is_recorded_to_the_last_digit(tmp_path):
    seen = []

    def train(backward):
        model = nn.Linear(2, 1)
        criterion = nn.MSELoss()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        for _ in range(60):
            loss = criterion(model(X), Y)
            optimizer.zero_grad()
            backward(loss)
            gradient = [p.grad.clone() for p in model.parameters()]
            optimizer.step()
            seen.append((loss.item(), gradient, [p.detach().clone() for p in model.parameters()]))

    recording = watched(tmp_path, train)
    (loop,) = recording.loops
    assert (loop.kind, loop.weights, loop.length) == ("torch", ("weight", "bias"), 60)
    assert loop.optimizer["class"] == "SGD" and loop.optimizer["groups"][0]["lr"] == 0.01
    assert loop.full_batch is True and recording.steps(1) == 60
    assert recording.losses[1].tolist() == [loss for loss, _, _ in seen]
    assert set(recording.rates[1]) == {0.01} and recording.epochs[1].tolist() == list(range(60))
    assert recording.updates[1][-1].step == 60
    for update in recording.updates[1][1:]:
        _, gradient, after = seen[update.step - 1]
        flat = lambda parts: torch.cat([part.reshape(-1) for part in parts]).double().numpy()
        assert np.array_equal(update.params, flat(after)) and np.array_equal(update.gradient, flat(gradient))
        assert update.gradient_norm == pytest.approx(float(np.linalg.norm(update.gradient)))
    assert len(recording.trace()) > 3 and codes(recording) == set()


def test_curvature_of_the_path_is_measured_at_1_2_4_and_the_last(tmp_path):
    def train(backward):
        w = torch.tensor([1.0], requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.05)
        x = torch.tensor([1.0, 2.0, 3.0])
        for _ in range(10):
            optimizer.zero_grad()
            backward(((x * w - 2 * x) ** 2).mean())
            optimizer.step()

    recording = watched(tmp_path, train)
    assert [c.step for c in recording.curvatures] == [1, 2, 4, 8, 10]
    assert {round(c.value, 4) for c in recording.curvatures} == {9.3333}
    assert all(c.bound == pytest.approx(2 / 9.333333, rel=1e-5) and not c.batch for c in recording.curvatures)
    assert recording.loops[0].weights == ("w",) and recording.loops[0].full_batch is True


def test_nothing_is_measured_where_it_is_not_wanted(tmp_path):
    def train(backward):
        w = torch.ones(2, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.05)
        for _ in range(4):
            optimizer.zero_grad()
            backward((w**2).sum())
            optimizer.step()

    assert watched(tmp_path, train, measuring=False).curvatures == []


def _net_with_everything():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3), nn.Linear(64, 3)
    )


def _trained(backward):
    torch.manual_seed(4)
    images, classes = torch.randn(40, 1, 6, 6), torch.randint(0, 3, (40,))
    model, criterion = _net_with_everything(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
    rows = torch.utils.data.TensorDataset(images, classes)
    loader = torch.utils.data.DataLoader(rows, batch_size=8, shuffle=True)
    for _epoch in range(4):
        model.train()
        for xb, yb in loader:
            optimizer.zero_grad()
            backward(criterion(model(xb), yb))
            optimizer.step()
        scheduler.step()
        model.eval()
        with torch.no_grad():
            criterion(model(images), classes)
    return model


def test_watched_and_bare_weights_are_equal_to_the_bit(tmp_path):
    bare = _trained(lambda loss: loss.backward()).state_dict()
    kept = {}
    recording = watched(tmp_path, lambda backward: kept.update(_trained(backward).state_dict()))
    assert all(torch.equal(bare[name], kept[name]) for name in bare)
    assert codes(recording) == set()
    assert recording.epochs[1].tolist() == [epoch for epoch in range(4) for _ in range(5)]
    assert recording.loops[0].length == 20 and recording.loops[0].full_batch is False
    assert recording.rates[1].tolist() == [0.01] * 10 + [0.005] * 10
    assert [step for step, _ in recording.validation[1]] == [5, 10, 15, 20]
    assert all(c.batch and c.preconditioned for c in recording.curvatures if c.step > 2)


def test_accumulated_passes_are_one_update(tmp_path):
    def train(backward):
        w = torch.ones(2, 1, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.01)
        for _ in range(8):
            optimizer.zero_grad()
            for part in range(3):
                backward(((X[part : part + 1] @ w - Y[part]) ** 2).mean() / 3)
            optimizer.step()

    recording = watched(tmp_path, train)
    assert recording.steps(1) == 8 and codes(recording) == set()
    assert recording.losses[1][0] == pytest.approx(float(((X @ torch.ones(2, 1) - Y) ** 2).mean()))


def test_two_optimizers_are_two_loops(tmp_path):
    def train(backward):
        maker, judge = nn.Linear(2, 2), nn.Linear(2, 1)
        of_maker = torch.optim.SGD(maker.parameters(), lr=0.01)
        of_judge = torch.optim.SGD(judge.parameters(), lr=0.02)
        for _ in range(10):
            of_judge.zero_grad()
            real, made = judge(X), judge(maker(X).detach())
            backward((real**2).mean() + ((made - 1) ** 2).mean(), line=30)
            of_judge.step()
            of_maker.zero_grad()
            backward((judge(maker(X)) ** 2).mean())
            of_maker.step()

    recording = watched(tmp_path, train)
    assert [loop.optimizer["groups"][0]["lr"] for loop in recording.loops] == [0.02, 0.01]
    assert [recording.steps(number) for number in (1, 2)] == [10, 10] and codes(recording) == set()


def test_lbfgs_counts_a_step_and_not_its_calls(tmp_path):
    def train(backward):
        model = nn.Linear(2, 1)
        optimizer = torch.optim.LBFGS(model.parameters(), max_iter=5)

        def closure():
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(X), Y)
            backward(loss)
            return loss

        for _ in range(6):
            optimizer.step(closure)

    recording = watched(tmp_path, train)
    assert recording.steps(1) == 6 and np.isfinite(recording.losses[1]).all() and codes(recording) == set()
    assert math.isnan(recording.curvatures[0].bound)


def test_leaves_moved_by_hand_are_a_loop(tmp_path):
    def train(backward):
        x, y = (torch.tensor([value], requires_grad=True) for value in (3.0, -4.0))
        for _ in range(50):
            backward((x**2 + y**2).sum())
            with torch.no_grad():
                for leaf in (x, y):
                    leaf -= 0.01 * leaf.grad
                    leaf.grad.zero_()

    recording = watched(tmp_path, train)
    (loop,) = recording.loops
    assert loop.weights == ("x", "y") and recording.steps(1) == 50
    assert recording.losses[1][:2].tolist() == pytest.approx([25.0, 25.0 * 0.98**2])
    assert recording.updates[1][1].rate == 0.01
    assert recording.updates[1][1].gradient.tolist() == [6.0, -8.0]
    assert recording.curvatures[0].value == pytest.approx(2) and recording.curvatures[
        0
    ].bound == pytest.approx(1)


def test_a_loss_that_only_a_hook_sees_is_recorded(tmp_path):
    def train(_):
        model, criterion = nn.Linear(2, 1), nn.MSELoss()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        for _ in range(10):
            optimizer.zero_grad()
            criterion(model(X), Y).backward()  # as in a library: no statement of the script
            optimizer.step()

    recording = watched(tmp_path, train)
    losses = recording.losses[1]
    assert recording.steps(1) == 10 and np.isfinite(losses[1:]).all() and (np.diff(losses[1:]) < 0).all()
    assert len(recording.curvatures) >= 2


def test_an_optimizer_that_is_gone_takes_its_weights_along(tmp_path):
    import gc
    import weakref

    kept = []

    def train(backward):
        for _ in range(3):
            model = nn.Linear(2, 1)
            kept.append(weakref.ref(model.weight))
            optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
            for _ in range(5):
                optimizer.zero_grad()
                backward(((model(X) - Y) ** 2).mean())
                optimizer.step()
            del model, optimizer
            gc.collect()

    recording = watched(tmp_path, train)
    assert [recording.steps(number) for number in (1, 2, 3)] == [5, 5, 5]
    assert [reference() for reference in kept] == [None] * 3


def test_a_hopeless_loop_is_stopped_where_that_is_asked_for():
    script = """
import torch
w = torch.tensor([1.0], requires_grad=True)
x = torch.tensor([1.0, 2.0, 3.0])
optimizer = torch.optim.SGD([w], lr=0.3)
for epoch in range(100_000):
    loss = ((x * w - 2 * x) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("not reached")
"""
    process, recording = ran(script, settings='{"stop_when": "diverged"}')
    assert (process.returncode, process.stdout, recording.end) == (0, "", "stopped")
    assert len(recording.losses[1]) < 50


def test_a_line_that_trains_one_model_after_another_is_a_loop_of_each(tmp_path):
    def train(backward):
        alive = []
        for _ in range(2):
            model = nn.Linear(2, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
            alive.append(optimizer)
            for _ in range(40):
                optimizer.zero_grad()
                backward(((model(X) - Y) ** 2).mean())
                optimizer.step()

    recording = watched(tmp_path, train)
    assert [recording.steps(number) for number in (1, 2)] == [40, 40]
    assert [loop.full_batch for loop in recording.loops] == [True, True]
    assert all(len(recording.updates[number]) > 10 for number in (1, 2))

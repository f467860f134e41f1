"""What is code is given again, and then: stopped and gone on with = never stopped, to the last bit. A module
of one's own, an optimizer of torch.optim, a function; and what is another one is refused."""

import hashlib
import random
import signal
import subprocess
import sys
import time
from inspect import getsource

import numpy as np
import pytest
import torch
from torch import nn, optim

import downslope as ds
from downslope.cli import main
from downslope.descent.methods import METHODS
from downslope.inference import Training, minimizing
from downslope.inference.packing import packed, unpacked
from tests.inference.test_checkpoint import assert_same, refused, rows

SCHEDULES = optim.lr_scheduler


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """These nets are tiny: on a machine that is busy, threads would wait for each other most of the time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def stopped_at(step, path, training, interrupt=False):
    """A run that was left at that step of its trace, by Ctrl-C or without a word: 0 is before the first."""
    checkpoint = ds.Checkpoint(path, 1e9)  # it is written at the end alone
    checkpoint.begin(training)
    if step:
        for count, _ in enumerate(checkpoint.watch(training), 1):
            if count == step:
                if interrupt:
                    training.interrupt()
                break
    return path


def some_steps(whole, seed):
    """Before the first, the last, and one in between."""
    return sorted({0, random.Random(seed).randint(1, whole.trace.seen), whole.trace.seen})


# ---- modules -------------------------------------------------------------------------------------


def module(seed=0, dropout=0.2):
    """Weights, running means, draws, and a layer that stays as it is."""
    torch.manual_seed(seed)
    layers = [
        nn.Linear(3, 5),
        nn.BatchNorm1d(5),
        nn.Tanh(),
        nn.Dropout(dropout),
        nn.Linear(5, 4),
        nn.Linear(4, 1),
    ]
    net = nn.Sequential(*layers)
    net[4].requires_grad_(False)
    return net


def assert_same_module(found, expected):
    for (name, one), other in zip(found.state_dict().items(), expected.state_dict().values()):
        assert torch.equal(one, other), name


MODULES = {
    "adam": {"method": "adam", "batch_size": 16, "learning_rate": 0.01},
    "momentum": {"method": "momentum", "learning_rate": 0.01},
    "sgd": {"method": "minibatch:7", "learning_rate": 0.01, "order": "replacement"},
}


@pytest.mark.parametrize("name, kind", list(zip(MODULES, ["float32", "float64", "bfloat16"])))
def test_a_module_goes_on_with_its_weights_running_means_and_draws(name, kind, tmp_path):
    dataset, held_out = rows(), rows(seed=1)
    settings = {**MODULES[name], "epochs": 6}
    make = lambda seed=0: module(seed).to(getattr(torch, kind))
    first = make()
    whole = ds.fit(first, dataset, validation=held_out, **settings)
    for step in some_steps(whole, kind):
        training = Training.on_rows(dataset, ds.Recipe(**settings), held_out, make())
        path = stopped_at(step, tmp_path / f"{step}", training, interrupt=step < whole.trace.seen)
        other = make(seed=7)  # other weights, which are not those that it goes on with
        found = ds.resume(path, dataset, validation=held_out, module=other)
        assert_same(found, whole)
        assert_same_module(other, first)
        assert found.module is other


def test_lbfgs_on_a_module_comes_back(tmp_path):
    dataset, settings = rows(), {"method": "lbfgs", "epochs": 12, "tol": 0.0}
    make = lambda seed=0: module(seed, dropout=0.0).double()
    whole = ds.fit(make(), dataset, **settings)
    for step in (1, 5, whole.trace.seen - 1):
        path = stopped_at(
            step, tmp_path / f"{step}", Training.on_rows(dataset, ds.Recipe(**settings), module=make())
        )
        assert_same(ds.resume(path, dataset, module=make(3)), whole)


def test_more_epochs_on_a_module_are_one_long_run(tmp_path):
    dataset, settings = rows(), MODULES["adam"]
    first, other = module(), module(4)
    long = ds.fit(first, dataset, epochs=9, **settings)
    ds.fit(module(), dataset, epochs=4, checkpoint=ds.Checkpoint(tmp_path / "run", 1e9), **settings)
    assert_same(ds.resume(tmp_path / "run", dataset, module=other, epochs=9), long)
    assert_same_module(other, first)
    again = ds.resume(tmp_path / "run", dataset, module=module(5), epochs=9)  # finished: nothing is added
    assert_same(again, long)


def refusal(key, call, *given, **asked):
    """The one line of a refusal, which has that key."""
    with pytest.raises(ds.DownslopeError) as error:
        call(*given, **asked)
    assert error.value.key == key, error.value
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


@pytest.fixture
def kept(tmp_path):
    """A module that was left after two epochs."""
    recipe = ds.Recipe(method="adam", learning_rate=0.01, epochs=6)
    return stopped_at(2, tmp_path / "run", Training.on_rows(rows(), recipe, module=module()))


def test_a_module_on_a_single_row_is_kept(tmp_path):
    asked = {"method": "gd", "learning_rate": 0.01, "epochs": 3}
    single = rows(1)
    whole = ds.fit(nn.Linear(3, 1), single, **asked, checkpoint=ds.Checkpoint(tmp_path / "run"))
    assert_same(ds.resume(tmp_path / "run", single, module=nn.Linear(3, 1)), whole)


def test_another_module_is_refused_and_stays_as_it_is(kept):
    wider, deeper, exact = module(), nn.Sequential(*module(), nn.Linear(1, 1)), module().double()
    wider[0] = nn.Linear(3, 6)
    for other, what in ((wider, "0.weight"), (deeper, "6.weight"), (exact, "float64")):
        before = [p.clone() for p in other.parameters()]
        assert what in refusal("checkpoint.other_module", ds.resume, kept, rows(), module=other)
        assert all(map(torch.equal, before, other.parameters()))
    right = module(3)
    refusal("checkpoint.other_training", ds.resume, kept, rows(seed=4), module=right)
    assert_same_module(right, module(3))


def test_a_module_has_to_be_given_and_nothing_else(kept, capsys):
    refusal("checkpoint.module_needed", ds.resume, kept, rows())
    refusal("checkpoint.no_code", ds.resume, kept, rows(), module=module(), method=optim.Adam)
    refusal("checkpoint.no_code", ds.resume, kept, rows(), module=module(), f=abs)
    assert "module=" in refused(capsys, "fit", "--resume", kept)
    assert "module=" in refused(capsys, "inspect", kept)


class Counts(nn.Linear):
    """A module that counts its calls where no checkpoint sees it."""

    calls = 0

    def forward(self, X):
        self.calls += 1
        return super().forward(X) / self.calls


class Draws(nn.Linear):
    """A module that draws from another generator than PyTorch's own."""

    def forward(self, X):
        return super().forward(X) + float(np.random.default_rng().normal())


@pytest.mark.parametrize("kind", [Counts, Draws])
def test_a_module_that_remembers_elsewhere_is_refused_before_the_work(kind, tmp_path):
    asked = {"method": "gd", "learning_rate": 0.01, "checkpoint": ds.Checkpoint(tmp_path / "run")}
    refusal("checkpoint.module_remembers", ds.fit, kind(3, 1), rows(), **asked)
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_replaced_by_a_module_is_no_longer_there(tmp_path):
    ds.fit(rows(), method="gd", epochs=3).save(tmp_path / "run")
    checkpoint = ds.Checkpoint(tmp_path / "run", force=True)
    ds.fit(module(), rows(), method="gd", learning_rate=0.01, epochs=3, checkpoint=checkpoint)
    refusal("checkpoint.only_code", ds.load, tmp_path / "run")


# ---- optimizers of torch.optim -------------------------------------------------------------------


def served(kind):
    """Whether an optimizer of torch.optim moves one dense vector by its gradient."""
    try:
        ds.fit(rows(), method=lambda p: kind(p, lr=0.01), epochs=1)
    except (ds.DownslopeError, ValueError, RuntimeError):
        return False
    return True


OPTIMIZERS = [
    kind
    for kind in vars(optim).values()
    if isinstance(kind, type) and issubclass(kind, optim.Optimizer) and kind is not optim.Optimizer
]
PLANS = {
    "none": None,
    "step": lambda o: SCHEDULES.StepLR(o, 2, gamma=0.5),
    "multistep": lambda o: SCHEDULES.MultiStepLR(o, [2, 4]),
    "cosine": lambda o: SCHEDULES.CosineAnnealingLR(o, T_max=6),
    "restarts": lambda o: SCHEDULES.CosineAnnealingWarmRestarts(o, 3),
    "onecycle": lambda o: SCHEDULES.OneCycleLR(o, max_lr=0.05, total_steps=20),
    "cyclic": lambda o: SCHEDULES.CyclicLR(o, 0.001, 0.05, step_size_up=2, cycle_momentum=False),
    "lambda": lambda o: SCHEDULES.LambdaLR(o, lambda epoch: 1 / (1 + epoch)),
    "plateau": lambda o: SCHEDULES.ReduceLROnPlateau(o, factor=0.5, patience=0),
    "sequential": lambda o: SCHEDULES.SequentialLR(
        o, [SCHEDULES.ConstantLR(o, 0.1, 2), SCHEDULES.ExponentialLR(o, 0.9)], [2]
    ),
}


@pytest.mark.sample(6)
@pytest.mark.parametrize("kind", OPTIMIZERS, ids=lambda kind: kind.__name__)
def test_every_optimizer_that_serves_goes_on(kind, tmp_path):
    if not served(kind):
        pytest.skip("it does not move one vector")
    dataset, method = rows(), lambda p: kind(p, lr=0.01)
    settings = {"method": method, "epochs": 6, "batch_size": 16}
    whole = ds.fit(dataset, **settings)
    for step in some_steps(whole, kind.__name__):
        path = stopped_at(step, tmp_path / f"{step}", Training.on_rows(dataset, ds.Recipe(**settings)))
        assert_same(ds.resume(path, dataset, method=method), whole)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_every_schedule_goes_on(plan, tmp_path):
    def method(p):
        optimizer = optim.SGD(p, lr=0.01, momentum=0.9)
        return optimizer if plan is None else (optimizer, plan(optimizer))

    dataset, settings = rows(), {"method": ds.TorchOptimizer(method, ds.Batch(16)), "epochs": 6}
    whole = ds.fit(dataset, **settings)
    for step in some_steps(whole, 1):
        path = stopped_at(step, tmp_path / f"{step}", Training.on_rows(dataset, ds.Recipe(**settings)))
        assert_same(ds.resume(path, dataset, method=method), whole)
        assert_same(ds.resume(path, dataset, method=settings["method"]), whole)


def test_a_module_and_an_optimizer_go_on_together(tmp_path):
    dataset = rows()
    settings = {"method": lambda p: optim.NAdam(p, lr=0.01), "epochs": 6, "batch_size": 16}
    first, other = module(), module(5)
    whole = ds.fit(first, dataset, **settings)
    path = stopped_at(9, tmp_path / "run", Training.on_rows(dataset, ds.Recipe(**settings), module=module()))
    assert_same(ds.resume(path, dataset, module=other, method=settings["method"]), whole)
    assert_same_module(other, first)


def test_another_optimizer_is_refused_by_the_name_of_what_differs(tmp_path):
    def begun(p):
        optimizer = optim.SGD(p, lr=0.01, momentum=0.9)
        return optimizer, SCHEDULES.StepLR(optimizer, 3)

    path, dataset = tmp_path / "run", rows()
    ds.fit(dataset, method=ds.TorchOptimizer(begun, ds.Batch(16)), epochs=3, checkpoint=ds.Checkpoint(path))

    def refuses(method, *words):
        said = refusal("checkpoint.other_optimizer", ds.resume, path, dataset, epochs=5, method=method)
        assert all(word in said for word in words), said

    refuses(optim.Adam, "optimizer SGD", "Adam")
    refuses(lambda p: optim.SGD(p, lr=0.01, momentum=0.9), "scheduler StepLR", "None")
    refuses(lambda p: (o := optim.SGD(p, lr=0.02, momentum=0.9), SCHEDULES.StepLR(o, 3)), "lr 0.01", "0.02")
    refuses(lambda p: (o := optim.SGD(p, lr=0.01), SCHEDULES.StepLR(o, 3)), "momentum 0.9")
    refuses(
        lambda p: (o := optim.SGD(p, lr=0.01, momentum=0.9), SCHEDULES.StepLR(o, 4)), "StepLR.step_size 3"
    )
    refuses(ds.TorchOptimizer(begun, ds.Batch(8)), "rows", "size=16", "size=8")
    refusal("checkpoint.method_needed", ds.resume, path, dataset)
    refusal("checkpoint.method_needed", ds.resume, path, dataset, method="adam")
    refusal(
        "inference.bound_optimizer", ds.resume, path, dataset, method=optim.SGD([nn.Parameter(torch.ones(1))])
    )
    refusal("checkpoint.no_code", ds.resume, path, dataset, method=begun, module=module())
    assert ds.resume(path, dataset, method=begun, epochs=5).epochs == 5


class Hides(optim.SGD):
    """An optimizer with a count that its state_dict does not tell."""

    count = 0

    def step(self, closure=None):
        self.count += 1
        for part in self.param_groups[0]["params"]:
            part.data *= 1 - 0.01 * self.count
        return super().step()


class Holds(optim.SGD):
    """An optimizer whose state is no plain data."""

    def step(self, closure=None):
        self.state[self.param_groups[0]["params"][0]]["last"] = {1, 2}
        return super().step()


class Noisy(optim.SGD):
    def step(self, closure=None):
        self.param_groups[0]["params"][0].data += 0.01 * torch.randn(1).double()
        return super().step()


class NoState:
    def step(self):
        pass


@pytest.mark.parametrize(
    "key, method",
    [
        ("checkpoint.optimizer_remembers", Hides),
        ("checkpoint.optimizer_remembers", Noisy),
        ("checkpoint.optimizer_state", Holds),
        ("checkpoint.optimizer_state", lambda p: (optim.SGD(p, lr=0.01), NoState())),
        ("inference.closure", optim.LBFGS),
        ("inference.no_optimizer", lambda p: 3),
    ],
)
def test_an_optimizer_that_can_not_be_kept_is_refused_before_the_work(key, method, tmp_path):
    refusal(key, ds.fit, rows(), method=method, epochs=2, checkpoint=ds.Checkpoint(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


# ---- functions -----------------------------------------------------------------------------------


def valley(x, y):
    return (1 - x) ** 2 + 5 * (y - x**2) ** 2


def slope(x, y):
    return [-2 * (1 - x) - 20 * x * (y - x**2), 10 * (y - x**2)]


def unfollowed(x, y):
    return float(valley(float(x), float(y)))


FORMULA = "(1-x)^2 + 5*(y-x^2)^2"
FUNCTIONS = {  # f, its derivative, what is code of them
    "symbolic": (FORMULA, None, {}),
    "given": (FORMULA, "-2*(1-x) - 20*x*(y-x^2), 9*(y-x^2)", {}),  # a wrong one is followed, too
    "given-called": (FORMULA, slope, {"derivative": slope}),
    "autodiff": (valley, None, {"f": valley}),
    "called": (valley, slope, {"f": valley, "derivative": slope}),
    "differences": (unfollowed, None, {"f": unfollowed}),
}


@pytest.mark.sample(36)
@pytest.mark.filterwarnings("ignore::downslope.DownslopeWarning")
@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.parametrize("method", ["auto", *(name for name in METHODS if name != "exhaustive")])
def test_a_function_goes_on_to_the_same_bits(method, kind, tmp_path):
    f, derivative, code = FUNCTIONS[kind]
    asked = {"learning_rate": 0.01, "epochs": 15, "derivative": derivative}
    try:
        whole = ds.minimize(f, [0.3, 0.8], method, **asked)
    except ds.DownslopeError as error:
        assert error.key.startswith("descent.")  # these do not go together
        return
    for step in some_steps(whole, method + kind):
        training = minimizing(f, [0.3, 0.8], method, **asked)
        path = stopped_at(step, tmp_path / f"{step}", training)
        assert_same(ds.resume(path, **code), whole)
        assert_same(ds.load(path), whole)


@pytest.mark.parametrize("start", [2.0, [2.0], {"w": 2.0}, [1.0, 2.0]])
def test_a_function_gets_its_variables_in_the_form_that_it_got_them_in(start, tmp_path):
    f = lambda x: (x * x).sum() if np.ndim(x) or isinstance(x, torch.Tensor) else x * x
    whole = ds.minimize(f, start, epochs=9)
    ds.minimize(f, start, epochs=4, checkpoint=ds.Checkpoint(tmp_path / "run"))
    assert_same(ds.resume(tmp_path / "run", f=f, epochs=9), whole)


def test_an_optimizer_of_torch_descends_a_function_and_goes_on(tmp_path):
    method = ds.TorchOptimizer(lambda p: optim.Adam(p, lr=0.1))
    whole = ds.minimize(FORMULA, [0.3, 0.8], method, "auto", 9)
    ds.minimize(FORMULA, [0.3, 0.8], method, "auto", 4, checkpoint=ds.Checkpoint(tmp_path / "run"))
    assert_same(ds.resume(tmp_path / "run", method=method, epochs=9), whole)


def test_another_function_is_refused(tmp_path):
    path = tmp_path / "run"
    ds.minimize(valley, [0.3, 0.8], epochs=4, checkpoint=ds.Checkpoint(path))
    refuses = lambda key, **code: refusal(key, ds.resume, path, epochs=9, **code)
    refuses("checkpoint.f_needed")
    refuses("checkpoint.other_function", f=lambda x, y: valley(x, y))  # it has another name
    other = lambda x, y: 2 * valley(x, y)
    other.__name__ = "valley"
    refuses("checkpoint.other_function", f=other)
    beyond = lambda x, y: valley(x, y) + (0 if x == 0.3 else 1)  # the same at the start
    beyond.__name__ = "valley"
    refuses("checkpoint.other_function", f=beyond)
    refuses("checkpoint.other_function", f=valley, derivative=slope)
    refuses("checkpoint.no_code", f=valley, module=module())
    refuses("functions.not_a_function", f=3)
    formula = tmp_path / "formula"
    ds.minimize(FORMULA, [0.3, 0.8], epochs=4, checkpoint=ds.Checkpoint(formula))
    refusal("checkpoint.other_function", ds.resume, formula, f="x^2 + y^2")
    refusal("checkpoint.no_code", ds.resume, formula, rows())
    assert_same(ds.resume(formula, f=FORMULA), ds.resume(formula))


def test_a_function_that_draws_is_refused_before_the_work(tmp_path):
    random = np.random.default_rng(0)
    noisy = lambda x: x * x + random.normal()
    checkpoint = ds.Checkpoint(tmp_path / "run")
    refusal("checkpoint.function_draws", ds.minimize, noisy, 1.0, checkpoint=checkpoint)
    assert not (tmp_path / "run").exists()


# ---- the command line ----------------------------------------------------------------------------

MINIMIZE = ["minimize", FORMULA, "--start", "0.3,0.8", "--learning-rate", "0.001"]


def test_minimize_keeps_a_run_and_goes_on_with_it(tmp_path, capsys):
    run, whole = str(tmp_path / "run"), str(tmp_path / "whole")
    assert main([*MINIMIZE, "--epochs", "50", "--out", whole]) == 0
    assert main([*MINIMIZE, "--epochs", "20", "--out", run, "--checkpoint", "60"]) == 0
    assert main(["minimize", "--resume", run, "--epochs", "50", "--json"]) == 0
    assert '"formula": "(1-x)^2 + 5*(y-x^2)^2"' in capsys.readouterr().out
    assert_same(ds.load(run), ds.load(whole))
    assert main(["inspect", run]) == 0
    told = capsys.readouterr().out
    assert FORMULA in told and "intercept" not in told


def test_what_minimize_can_not_go_on_with_is_refused(tmp_path, capsys):
    run = tmp_path / "run"
    assert main([*MINIMIZE, "--epochs", "20", "--out", str(run), "--checkpoint", "60"]) == 0
    again = ["minimize", "--resume", run]
    for words, option in {
        ("x^2",): "EXPR",
        ("--method", "adam"): "--method",
        ("--learning-rate", "0.1"): "--learning-rate",
        ("--start", "1,2"): "--start",
        ("--derivative", "x"): "--derivative",
        ("--out", "other"): "--out",
        ("--force",): "--force",
        ("--seed", "3"): "--seed",
    }.items():
        assert f"remove {option}" in refused(capsys, *again, *words)
    assert "already trained 20 epochs" in refused(capsys, *again, "--epochs", 5)
    assert "--starts" in refused(capsys, *again, "--starts", 5)
    assert "--fix" in refused(capsys, *again, "--fix")
    assert "downslope minimize --resume" in refused(capsys, "fit", "--resume", run)
    assert "missing EXPR" in refused(capsys, "minimize")
    assert "--out RUN" in refused(capsys, *MINIMIZE, "--checkpoint", 60)
    assert "already exists" in refused(capsys, *MINIMIZE, "--out", run)
    ds.fit(rows(), method="gd", epochs=2, checkpoint=ds.Checkpoint(tmp_path / "rows"))
    assert "downslope fit --resume" in refused(capsys, "minimize", "--resume", tmp_path / "rows")
    stopped_at(2, tmp_path / "half", minimizing("x^2", 3, "gd", 0.1, 9))
    assert "downslope minimize --resume" in refused(capsys, "inspect", tmp_path / "half")


ADAM = {"method": "adam", "learning_rate": 0.001, "batch_size": 16, "epochs": 80}
CHILD = f"""
import sys
import numpy as np
import torch
from torch import nn
import downslope as ds

{getsource(rows)}
{getsource(module)}
torch.set_num_threads(1)
path, kept = sys.argv[1], sys.argv[2] == "resume"
if kept:
    ds.resume(path, rows(60, 3), module=module(9))
else:
    ds.fit(module(), rows(60, 3), checkpoint=ds.Checkpoint(path, 0), **{ADAM})
"""


def begun_again(kind, run):
    """The command that begins a run, or goes on with it."""
    kept = (run / "checkpoint").exists()
    if kind == "module":
        return [sys.executable, "-c", CHILD, str(run), "resume" if kept else "begin"]
    words = ["minimize", "--resume", str(run)] if kept else [*MINIMIZE, "--epochs", "150"]
    return [
        *(sys.executable, "-m", "downslope", *words),
        *([] if kept else ["--out", str(run), "--checkpoint", "0"]),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["module", "minimize"])
def test_killed_at_any_moment_and_gone_on_with_is_never_killed(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", ":".join(filter(None, [*sys.path])))
    run, draw = tmp_path / "run", random.Random(kind)
    if kind == "module":
        expected = module()
        whole = ds.fit(expected, rows(), **ADAM)
    else:
        whole = ds.minimize(FORMULA, [0.3, 0.8], learning_rate=0.001, epochs=150)
    for _ in range(2):
        child = subprocess.Popen(begun_again(kind, run), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        before = (run / "checkpoint").stat().st_mtime_ns if (run / "checkpoint").exists() else 0
        while child.poll() is None and (
            not (run / "checkpoint").exists() or (run / "checkpoint").stat().st_mtime_ns == before
        ):
            time.sleep(0.001)
        time.sleep(draw.uniform(0, 0.2))
        child.send_signal(signal.SIGKILL)
        _, said = child.communicate()
        assert child.returncode in (0, -signal.SIGKILL), said
        if child.returncode == 0:
            break
    if kind == "module":
        found = module(3)
        assert_same(ds.resume(run, rows(), module=found), whole)
        assert_same_module(found, expected)
    else:
        assert_same(ds.resume(run), whole)


# ---- the file ------------------------------------------------------------------------------------


def test_a_checkpoint_of_the_first_format_is_read(tmp_path):
    dataset, settings = rows(), {"method": "momentum", "epochs": 12}
    whole = ds.fit(dataset, **settings)
    path = stopped_at(5, tmp_path / "run", Training.on_rows(dataset, ds.Recipe(**settings)))
    told = unpacked(path, (path / "checkpoint").read_bytes())
    del told["code"]  # what the first format had not
    (path / "checkpoint").write_bytes(packed(told))
    assert_same(ds.resume(path, dataset), whole)


def test_what_is_whole_but_no_checkpoint_is_damage(tmp_path):
    (tmp_path / "run").mkdir()
    for told in (b"[]", b"{}", b'{"version": "2"}', b"\xff"):
        body = told + b"\n"
        content = hashlib.sha256(body).hexdigest().encode() + b"\n" + body
        (tmp_path / "run" / "checkpoint").write_bytes(content)
        refusal("checkpoint.damaged", ds.resume, tmp_path / "run")

"""Claims about directions: in lockstep with torch.optim, compiled as plain, arrays as single numbers."""

import itertools

import numpy as np
import pytest

from downslope.data import Dataset
from downslope.descent import directions
from downslope.descent.directions import DIRECTIONS, SearchDirection
from downslope.inference import minimize
from downslope.kernels import updates
from downslope.kernels.compiled import compiled
from downslope.kernels.sweeps import sweep
from downslope.model.functions import Function
from downslope.model.linear import Linear
from downslope.model.objective import function_objective, objective
from tests.builders import fetched

EPS = np.finfo(float).eps
MOVING = [kind for kind in DIRECTIONS.values() if not issubclass(kind, SearchDirection)]
MOVERS = [kind() for kind in MOVING if kind is not directions.Nesterov]
MOVERS += [directions.Nesterov(0.8), directions.Momentum(0.5), directions.AdamW(decay=0.3)]
BY_DIRECTION = pytest.mark.parametrize("direction", MOVERS, ids=repr)


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


def in_torch(torch, direction, parameters, rate):
    """The optimizer of torch.optim that says the same."""
    how = {
        directions.Steepest: lambda d: torch.optim.SGD(parameters, rate),
        directions.Momentum: lambda d: torch.optim.SGD(parameters, rate, momentum=d.beta),
        directions.Nesterov: lambda d: torch.optim.SGD(parameters, rate, momentum=d.beta, nesterov=True),
        directions.Adagrad: lambda d: torch.optim.Adagrad(parameters, rate, eps=d.epsilon),
        directions.RMSprop: lambda d: torch.optim.RMSprop(parameters, rate, alpha=d.rho, eps=d.epsilon),
        directions.Adam: lambda d: torch.optim.Adam(
            parameters, rate, betas=(d.beta1, d.beta2), eps=d.epsilon
        ),
        directions.AdamW: lambda d: torch.optim.AdamW(
            parameters, rate, betas=(d.beta1, d.beta2), eps=d.epsilon, weight_decay=d.decay
        ),
    }
    return how[type(direction)](direction)


def walk(direction, F, theta, rate, updates):
    """(updates, p): where a direction goes on all of F."""
    memory = direction.begin(F.term.column_scale > 0)
    places = []
    for _ in range(updates):
        theta = direction.move(theta, F.value_and_gradient(theta).gradient, rate, memory, F.l1)
        places.append(theta)
    return np.array(places)


@pytest.mark.parametrize("penalised", ["", "w[:-1]"], ids=["all weights decay", "all but the last"])
@BY_DIRECTION
def test_the_lines_of_scripts_are_the_updates_to_the_last_bit(direction, penalised):
    begun, update = direction.equation.in_numpy(vars(direction), penalised=penalised)
    rng = np.random.default_rng(0)
    names = {"np": np, "w": rng.normal(size=7), "t": 0.05}
    exec("\n".join(begun), names)
    theta, zeros = names["w"].copy(), np.zeros(7)
    memory = direction.begin(np.array([True] * 6 + [not penalised]))
    for g in rng.normal(size=(30, 7)):
        names["g"] = g
        exec("\n".join(update), names)
        theta = direction.move(theta, g, 0.05, memory, zeros)
        assert np.array_equal(names["w"], theta)


PROBLEMS = {
    "quadratic": (
        "3*x^2 + x*y + 0.5*y^2 - y",
        lambda x: 3 * x[0] ** 2 + x[0] * x[1] + 0.5 * x[1] ** 2 - x[1],
    ),
    "nonquadratic": (
        "log(1 + x^2) + (y - x)^4/4 + exp(-y)",
        lambda x: (1 + x[0] ** 2).log() + (x[1] - x[0]) ** 4 / 4 + (-x[1]).exp(),
    ),
}


@pytest.mark.parametrize("problem", PROBLEMS)
@BY_DIRECTION
def test_fifty_updates_are_those_of_torch(torch, direction, problem):
    text, f = PROBLEMS[problem]
    start, rate = np.array([0.8, -0.6]), 0.03
    ours = walk(direction, function_objective(Function.of(text, None)), start, rate, 50)
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = in_torch(torch, direction, [x], rate)
    for place in ours:
        optimizer.zero_grad()
        f(x).backward()
        optimizer.step()
        assert np.allclose(place, x.detach().numpy(), rtol=1e-12, atol=1e-13)  # 50 roundings, not amplified


def rows(n=23, d=4, k=1, weighted=False):
    rng = np.random.default_rng(7)
    X = rng.normal(size=(n, d)) * [1, 5, 0.2, 1] + [0, 2, 1, -1]
    Y = X @ rng.normal(size=(d, k)) + rng.normal(size=(n, k))
    return Dataset.from_arrays(X, Y, rng.uniform(0.2, 2, n) if weighted else None)


def swept(kernel, F, direction, size, order, rates, count=0):
    """One pass by a kernel: (value, gradient, w, memory)."""
    term, memory = F.term, direction.begin(F.term.column_scale > 0)
    theta = np.random.default_rng(2).normal(size=F.size)
    value, gradient, w = kernel(
        *fetched(term, order), size, term.loss.kernel, theta, memory.vectors, direction.constants, rates,
        count, F.l1, F.l2,
    )  # fmt: skip
    return value, gradient, w, memory.vectors


@pytest.mark.sample(48)
@pytest.mark.parametrize(
    "penalty, k, weighted", [*itertools.product([None, "l1", "l2", "elasticnet"], [1, 3], [0, 1])]
)
@BY_DIRECTION
def test_the_compiled_pass_is_the_plain_one(direction, penalty, k, weighted):
    loss = "huber:0.7" if k == 1 else "squared"
    F = objective(rows(k=k, weighted=bool(weighted)), loss, penalty, 0.2 if penalty else 0.0)
    order = np.random.default_rng(0).permutation(23)
    rates = np.linspace(0.02, 0.01, 5)
    plain = swept(sweep, F, direction, 5, order, rates, count=3)
    fast = swept(compiled(sweep), F, direction, 5, order, rates, count=3)
    for one, other in zip(plain, fast):
        assert np.allclose(one, other, rtol=1e-11, atol=1e-12)  # sums in another order, over five updates


@pytest.mark.parametrize("penalty", [None, "l1", "l2", "elasticnet"])
@pytest.mark.parametrize("weighted", [False, True])
@BY_DIRECTION
def test_a_sweep_over_batches_is_the_objective_and_the_move(direction, penalty, weighted):
    F = objective(rows(k=2, weighted=weighted), "quantile:0.3", penalty, 0.2 if penalty else 0.0)
    order, rates = np.random.default_rng(0).permutation(23), np.full(6, 0.01)
    value, gradient, w, memory = swept(sweep, F, direction, 4, order, rates)
    theta, mind = np.random.default_rng(2).normal(size=F.size), direction.begin(F.term.column_scale > 0)
    for first in range(0, 23, 4):
        point = F.value_and_gradient(theta, order[first : first + 4])
        theta = direction.move(theta, point.gradient, 0.01, mind, F.l1)
    assert np.isclose(value, point.value, rtol=1e-12)
    assert np.allclose(gradient, point.gradient, rtol=1e-11, atol=1e-13)
    assert np.allclose(w, theta, rtol=1e-11, atol=1e-13) and np.allclose(
        memory, mind.vectors, rtol=1e-11, atol=1e-13
    )


@BY_DIRECTION
def test_a_sweep_leaves_the_weights_that_it_was_given(direction):
    F = objective(rows(), "squared")
    before = np.random.default_rng(2).normal(size=F.size)
    term, memory = F.term, direction.begin(F.term.column_scale > 0)
    kept = before.copy()
    sweep(
        *fetched(term, np.arange(23)), 23, term.loss.kernel, before, memory.vectors, direction.constants,
        np.full(1, 0.1), 0, F.l1, F.l2,
    )  # fmt: skip
    assert np.array_equal(before, kept)


@pytest.mark.parametrize("l1", [0.0, 0.3])
@BY_DIRECTION
def test_one_number_moves_as_in_an_array(direction, l1):
    rng = np.random.default_rng(0)
    w, g, m, penalised = (
        rng.normal(size=6),
        rng.normal(size=6),
        rng.normal(size=6),
        np.array([1.0] * 5 + [0.0]),
    )
    v, fade, prices = rng.uniform(size=6), (0.4, 0.2), l1 * penalised
    m = abs(m)  # a sum of squares, for Adagrad and RMSprop
    whole = updates.move(direction.constants, w, g, 0.1, m, v, fade, penalised, prices)
    for j in range(6):
        one = updates.move(direction.constants, w[j], g[j], 0.1, m[j], v[j], fade, penalised[j], prices[j])
        assert np.array_equal([part[j] for part in whole], one)


@BY_DIRECTION
def test_a_minimum_with_a_kink_is_a_fixed_point(direction):
    """w = prox(w − D·g) whatever D: with empty memory and −g in the subdifferential, nothing moves."""
    w, g, l1 = np.array([0.0, 2.0, -1.0]), np.array([0.1, -0.3, 0.3]), np.full(3, 0.3)
    if isinstance(direction, directions.AdamW):
        return  # its decay pulls past the objective
    if isinstance(direction, directions.Momentum | directions.Nesterov | directions.Steepest):
        moved = direction.move(w, g, 0.1, direction.begin(w == w), l1)
        assert np.allclose(moved, w, atol=4 * EPS)
    else:  # their first step is of the sign of g, in a metric of their own; the fixed point is the same
        memory = direction.begin(w == w)
        for _ in range(3):
            moved = direction.move(w, g, 0.01, memory, l1)
            assert np.allclose(moved, w, atol=1e-8)


def test_growing_momentum_is_fista_written_out():
    """Beck & Teboulle 2009, eqs. 4.1 to 4.3, while no step turns uphill."""
    F = objective(rows(), "huber:3", "l1", 0.1)
    t = 1 / F.lipschitz
    x = y = np.zeros(F.size)
    growth, expected = 1.0, []
    while True:
        ahead = F.prox(y - t * F.value_and_gradient(y).gradient, t)
        if (y - ahead) @ (ahead - x) > 0:
            break
        following = (1 + np.sqrt(1 + 4 * growth**2)) / 2
        x, y = ahead, ahead + (growth - 1) / following * (ahead - x)
        growth = following
        expected.append(y)
    found = walk(directions.Nesterov(), F, np.zeros(F.size), t, len(expected))
    assert len(expected) >= 3 and np.allclose(found, expected, rtol=1e-13, atol=1e-15)


def test_decay_leaves_the_intercept_alone():
    F = objective(rows(), "squared")
    decayed, plain = directions.AdamW(decay=0.5), directions.AdamW(decay=0.0)
    w, g = np.ones(F.size), np.ones(F.size)
    one, other = (d.move(w, g, 0.1, d.begin(F.term.column_scale > 0), F.l1) for d in (decayed, plain))
    assert one[-1] == other[-1] and np.allclose(other[:-1] - one[:-1], 0.1 * 0.5)


def test_decay_acts_on_a_function_too():
    found = minimize("(x - 1)^2", 0.5, "adamw:0.5", learning_rate=0.01, epochs=3000)
    assert found.params[0] < 0.99 and found.verdict.code == "decayed"


def test_adam_without_decay_is_adamw_at_zero():
    F = objective(rows(), "squared")
    one = walk(directions.Adam(), F, np.ones(F.size), 0.1, 20)
    assert np.array_equal(one, walk(directions.AdamW(decay=0.0), F, np.ones(F.size), 0.1, 20))


def test_lbfgs_with_all_pairs_ends_on_a_parabola_in_p_plus_one_steps():
    """With an exact line search L-BFGS is conjugate gradients: Nocedal & Wright 2006, §7.2."""
    F = objective(rows(n=60, d=4), "squared", "l2", 0.1, Linear(True, True))
    direction, point = directions.LBFGS(), F.value_and_gradient(np.zeros(F.size))
    memory = direction.begin(np.ones(F.size))
    for _ in range(F.size + 1):
        d = direction.choose(F, point, memory)
        assert point.gradient @ d < 0
        line = F.line(point, d)
        slope, ahead = line.value_and_slope(0.0)[1], line.value_and_slope(1.0)[1]
        after = line.point(slope / (slope - ahead))  # exact: the slope is a straight line
        direction.learn(point, after, memory)
        point = after
    assert np.abs(point.gradient).max() <= 1e-10 * F.gradient_scale


def test_lbfgs_keeps_no_more_pairs_than_it_says():
    F = function_objective(Function.of("x^4 + y^2", None))
    direction, memory = directions.LBFGS(2), directions.LBFGS(2).begin(np.ones(2))
    for k in range(6):
        direction.learn(
            F.value_and_gradient(np.array([3.0 - 0.4 * k, 1.0])),
            F.value_and_gradient(np.array([2.6 - 0.4 * k, 0.9])),
            memory,
        )
    assert len(memory.moves) == 2
    kept = len(memory.moves)
    direction.learn(
        F.value_and_gradient(np.array([1.0, 1.0])), F.value_and_gradient(np.array([1.0, 1.0])), memory
    )  # no move: no curvature
    assert len(memory.moves) == kept


def test_newton_goes_downhill_where_the_curvature_is_negative():
    F = function_objective(Function.of("x^2 - y^2 + y^4", None))
    for start in ([1.0, 0.1], [0.5, -0.2]):
        point = F.value_and_gradient(np.array(start))
        d = directions.Newton().choose(F, point, directions.Newton().begin(np.ones(2)))
        assert point.gradient @ d < 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: directions.Momentum(1.0),
        lambda: directions.Momentum(-0.1),
        lambda: directions.Momentum(float("nan")),
        lambda: directions.Nesterov("fast"),
        lambda: directions.RMSprop(1.0),
        lambda: directions.Adam(1.0),
        lambda: directions.Adam(0.9, 1.0),
    ],
)
def test_a_share_must_be_from_zero_to_below_one(make):
    from downslope.errors import DownslopeError

    with pytest.raises(DownslopeError) as caught:
        make()
    assert caught.value.key == "descent.fraction"


@pytest.mark.parametrize("formula", ["(x-1)^2 + 3*(y+2)^2 + x*y", "log(exp(x-2) + exp(-x)) + (y-x)^2"])
def test_fifty_steps_of_lbfgs_at_a_fixed_rate_are_those_of_torch(torch, formula):
    f, rate, start = Function.from_expression(formula), 0.05, np.array([3.0, -1.0])
    found = minimize(f, start, method="lbfgs:100", learning_rate=rate, epochs=50)
    w = torch.tensor(start, requires_grad=True)
    settings = {"max_iter": 1, "history_size": 100, "tolerance_grad": 0, "tolerance_change": 0}
    optimizer = torch.optim.LBFGS([w], lr=rate, **settings)

    def closure():
        w.grad = torch.from_numpy(f.gradient(w.detach().numpy()))
        return torch.tensor(f.value(w.detach().numpy()))

    for step in found.trace:
        optimizer.step(closure)
        assert np.abs(step.params - w.detach().numpy()).max() <= 1e-12

"""Claims about the closed form: certified digits, known answers, the rank and the smallest weights."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge

from downslope.data import Dataset
from downslope.errors import DownslopeError
from downslope.inference import fit
from downslope.model.least_squares import least_squares
from downslope.model.linear import Linear
from downslope.model.losses import squared
from tests.builders import NIST, digits, nist

EPS = np.finfo(float).eps
# digits asked for: what the condition of the standardised columns leaves of 15.9, less one for the sums
DIGITS = {"norris": 12, "noint2": 12, "longley": 12, "wampler1": 11, "wampler3": 11}


def solved(X, y, weights=None, intercept=True, scale=True, **how):
    return fit(
        Dataset.from_arrays(X, y, weights), method="closed_form", intercept=intercept, scale=scale, **how
    )


def known(n, d, condition, seed=0, noise=0.0):
    """Rows made from their SVD, so that the weights are known in advance; the noise is orthogonal to X."""
    rng = np.random.default_rng(seed)
    U = np.linalg.qr(rng.normal(size=(n, d + 1)))[0]
    V = np.linalg.qr(rng.normal(size=(d, d)))[0]
    S = np.geomspace(1.0, 1 / condition, d)
    w = V @ rng.choice([-1.0, 1.0], d)  # no part of w hides in a small singular value
    X = (U[:, :d] * S) @ V.T
    return X, X @ w + noise * U[:, d], w


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("name", DIGITS)
def test_certified_digits_of_nist(name, scale):
    X, y, intercept, certified = nist(name)
    found = solved(X, y, intercept=intercept, scale=scale)
    told = np.append(found.intercept, found.coef) if intercept else found.coef
    assert digits(told, certified) >= (DIGITS[name] if scale else 7)  # standardising keeps the digits


def test_every_certified_data_set_is_tested():
    assert set(DIGITS) == {name for name, case in NIST.items() if isinstance(case, dict)}


@pytest.mark.parametrize("noise", [0.0, 1.0])
@pytest.mark.parametrize("condition", [1e0, 1e2, 1e4, 1e6, 1e8, 1e10])
@pytest.mark.parametrize("n, d", [(20, 3), (200, 8), (3000, 5)])
def test_weights_known_in_advance_are_found(n, d, condition, noise):
    X, y, w = known(n, d, condition, noise=noise)
    found = solved(X, y, intercept=False)
    # the sensitivity of least squares: cond·(1 + cond·|residual|/|y|), for rounding in X and y themselves
    room = 64 * EPS * d * condition * (1 + condition * noise / np.linalg.norm(y))
    assert np.linalg.norm(found.params - w) <= room * np.linalg.norm(w)
    assert found.verdict.kind == "solved"


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_random_designs_agree_with_numpy_and_statsmodels(weighted, k):
    import statsmodels.api as sm

    rng = np.random.default_rng(2)
    X = rng.normal(size=(80, 5)) * [1, 10, 100, 0.1, 1] + [0, 1, 50, 2, -3]
    Y = rng.normal(size=(80, k)) + X[:, :1]
    s = rng.uniform(0.1, 3, 80) if weighted else np.ones(80)
    found = solved(X, Y, s if weighted else None)
    for c in range(k):
        theirs = sm.WLS(Y[:, c], sm.add_constant(X), weights=s).fit().params
        ours = np.append(found.params.reshape(-1, k)[-1, c], found.params.reshape(-1, k)[:-1, c])
        assert np.allclose(ours, theirs, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("alpha", [1e-6, 0.1, 1.0, 100.0])
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_ridge_is_that_of_scikit_learn(alpha, scale, weighted):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(50, 4)) * [1, 10, 0.1, 1] + [0, 1, 5, 2]
    y = X @ [1, -1, 2, 0.5] + rng.normal(size=50)
    s = rng.uniform(0.1, 3, 50) if weighted else np.ones(50)
    found = solved(X, y, s if weighted else None, scale=scale, penalty="l2", alpha=alpha)
    # Σs(z − y)²/Σs + ½α‖w‖²  is  Σs(z − y)² + (α·Σs/2)·‖w‖²
    theirs = Ridge(alpha=alpha * s.sum() / 2, tol=1e-14, solver="cholesky").fit(X, y, sample_weight=s)
    assert np.allclose(found.coef, theirs.coef_, rtol=1e-9)
    assert np.isclose(found.intercept, theirs.intercept_, rtol=1e-9)


def smallest(X, y, intercept):
    """The least-norm weights by NumPy: of centred columns when there is an intercept."""
    if not intercept:
        return np.linalg.lstsq(X, y, rcond=None)[0]
    w = np.linalg.lstsq(X - X.mean(axis=0), y - y.mean(), rcond=1e-12)[0]
    return np.append(w, y.mean() - X.mean(axis=0) @ w)


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("n, d, rank", [(40, 5, 3), (6, 10, 6), (3, 2, 1), (200, 12, 7), (1, 4, 1)])
def test_of_many_answers_the_smallest_in_the_users_units_is_given(n, d, rank, intercept, scale):
    rng = np.random.default_rng(n + d)
    X = rng.normal(size=(n, rank)) @ rng.normal(size=(rank, d)) * rng.uniform(0.1, 10, d)
    X = X + (3.0 if intercept else 0.0)
    y = rng.normal(size=n) + 1
    term = Linear(intercept, scale).term(Dataset.from_arrays(X, y), squared())
    found = least_squares(term)
    right = smallest(X, y, intercept)
    # pinv amplifies rounding by the condition of what rank is left, 1e3 or less here
    assert np.allclose(term.to_user(found.theta), right, rtol=1e-9, atol=1e-10 * np.abs(right).max())
    centred = X - X.mean(axis=0) if intercept else X
    assert found.rank == np.linalg.matrix_rank(centred, tol=1e-9) + intercept
    assert found.columns == d + intercept and found.way == "svd"


def test_the_columns_that_depend_are_named_and_the_others_are_not():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(30, 3))
    X = np.column_stack([A[:, 0], A[:, 1], A[:, 0] - 2 * A[:, 1] + 5, A[:, 2]])
    found = fit(
        Dataset.from_arrays(X, rng.normal(size=30), features=["a", "b", "c", "free"]), method="closed_form"
    )
    assert found.verdict.code == "collinear"
    assert (found.verdict.numbers["rank"], found.verdict.numbers["columns"]) == (4, 5)
    named = found.verdict.numbers["dependent"].split(", ")
    assert {"a", "b", "c"} <= set(named) and "free" not in named


def test_a_penalty_makes_the_answer_single():
    rng = np.random.default_rng(0)
    x = rng.normal(size=30)
    found = solved(np.column_stack([x, x, 2 * x]), x, penalty="l2", alpha=0.1)
    assert found.verdict.kind == "solved"
    assert np.isclose(found.coef[0], found.coef[1]) and np.isclose(found.coef[2], 2 * found.coef[0])


@pytest.mark.parametrize("offset", [1e3, 1e6, 1e9])
def test_year_like_columns_keep_their_slope(offset):
    x = np.arange(40) / 8  # exact in binary, offset and all
    y = 3.0 * x - 7.0
    found = solved((x + offset)[:, None], y)
    assert abs(found.coef[0] - 3.0) <= 16 * EPS * 3
    assert abs(found.intercept - (-7.0 - 3.0 * offset)) <= 16 * EPS * 3 * offset


def test_sparse_rows_have_the_same_answer():
    rng = np.random.default_rng(0)
    X = sparse.random_array((300, 6), density=0.3, rng=rng, format="csr")
    y = X @ np.arange(6.0) + rng.normal(size=300)
    for intercept in (True, False):
        one, other = solved(X, y, intercept=intercept), solved(X.toarray(), y, intercept=intercept)
        assert np.allclose(one.params, other.params, rtol=1e-12, atol=1e-13)


def test_float32_rows_are_solved_in_float64():
    X, y, _ = known(100, 4, 10.0, noise=1.0)
    X = X.astype(np.float32)
    found = solved(X, y, intercept=False)
    assert np.allclose(found.params, np.linalg.lstsq(X.astype(float), y, rcond=None)[0], rtol=1e-12)


def test_a_single_row_and_a_constant_column_are_answered():
    one = solved([[2.0]], [6.0])
    assert np.isfinite(one.params).all() and np.isclose(one.predict([[2.0]])[0], 6.0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=20)
    flat = solved(np.column_stack([x, np.full(20, 3.0)]), 2 * x + 1)
    assert np.allclose(flat.params, [2.0, 0.0, 1.0], atol=1e-13)
    assert (flat.verdict.numbers["rank"], flat.verdict.numbers["columns"]) == (2, 3)


def test_in_blocks_it_is_solved_as_at_once(monkeypatch):
    from downslope.model import least_squares as module
    from downslope.model import standardise

    X, y, w = known(500, 6, 1e9, noise=0.0)
    once = solved(X, y, intercept=False).params
    monkeypatch.setattr(standardise, "BLOCK", 64)
    monkeypatch.setattr(module, "SMALL", 0)  # refined in double precision
    blocks = solved(X, y, intercept=False).params
    assert np.linalg.norm(blocks - once) <= 64 * EPS * 1e9 * np.linalg.norm(w)
    X, y, w = known(500, 6, 1e4, noise=0.0)
    assert np.linalg.norm(solved(X, y, intercept=False).params - w) <= 64 * EPS * 1e4 * np.linalg.norm(w)


@pytest.mark.filterwarnings("ignore:.*(overflow|invalid)")
def test_rows_whose_squares_overflow_are_refused():
    rows = Dataset.from_arrays([[0.0, 1e300], [1.0, 2.0], [3.0, 4.0]], [1.0, 2.0, 3.0])
    with pytest.raises(DownslopeError, match="overflow"):
        fit(rows, method="closed_form", intercept=False, scale=False)

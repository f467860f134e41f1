"""What README and docs promise of the Python doors works."""

import numpy as np
import pytest

import downslope as ds

ROWS = ds.Dataset.from_arrays([[1.0], [2.0], [3.0], [4.0]], [2.0, 4.0, 6.0, 9.0])
RATES = {
    "cosine:0.1": ds.schedules.Cosine(0.1),
    "onecycle:0.1": ds.schedules.OneCycle(0.1),
    "inverse:0.1:0.5": ds.schedules.InverseScaling(0.1, 0.5),
    "exponential:0.1:0.9": ds.schedules.Exponential(0.1, 0.9),
    "step:0.1:0.5:20": ds.schedules.StepDecay(0.1, 0.5, 20),
    "0.1": 0.1,
    "armijo": ds.searches.Armijo(),
    "wolfe": ds.searches.StrongWolfe(),
}


@pytest.mark.fault("A8")
@pytest.mark.parametrize("spec", RATES)
def test_a_learning_rate_means_the_same_as_a_text_and_as_an_object_in_every_door(spec):
    settings = {"method": "gd", "epochs": 20, "tol": 0.0}
    one, other = (ds.fit(ROWS, learning_rate=rate, **settings) for rate in (spec, RATES[spec]))
    assert one.params.tobytes() == other.params.tobytes()
    assert ds.Recipe.from_json(one.recipe.to_json()).to_json() == one.recipe.to_json()
    f = {"f": "x^2 + y^2", "start": [3.0, 4.0], "epochs": 20}
    one, other = (ds.minimize(learning_rate=rate, **f) for rate in (spec, RATES[spec]))
    assert one.params.tobytes() == other.params.tobytes()
    assert ds.Method(learning_rate=spec) == ds.Method(learning_rate=RATES[spec])
    assert ds.GD(spec) == ds.GD(RATES[spec])
    models = [
        ds.LinearRegressor(method="gd", tol=0.5, learning_rate=rate).fit(ROWS.X, ROWS.y)
        for rate in (spec, RATES[spec])
    ]
    assert models[0].coef_.tobytes() == models[1].coef_.tobytes()


@pytest.mark.fault("A8")
@pytest.mark.parametrize("spec", ["fast", "cosine", "cosine:a", "cosine:-1", "step:0.1:2:0", "", "auto:1"])
def test_a_learning_rate_that_is_none_is_refused_with_those_that_are(spec):
    with pytest.raises(ds.DownslopeError):
        ds.fit(ROWS, learning_rate=spec)


@pytest.mark.fault("A8")
def test_minimize_takes_an_optimizer_of_torch(tmp_path):
    torch = pytest.importorskip("torch")
    make = lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.5)
    plain = ds.minimize("x^2 + 3*y^2", [3.0, 4.0], make, epochs=100)
    assert np.abs(plain.params).max() < 1e-6
    ours = ds.minimize("x^2 + 3*y^2", [3.0, 4.0], "momentum:0.5", 0.1, epochs=plain.epochs)
    np.testing.assert_allclose(plain.params, ours.params, atol=1e-12)
    half = {"epochs": 10, "checkpoint": ds.Checkpoint(tmp_path / "run", seconds=0)}
    ds.minimize("x^2 + 3*y^2", [3.0, 4.0], make, **half)
    whole = ds.resume(tmp_path / "run", method=make, epochs=100)
    assert whole.params.tobytes() == plain.params.tobytes()

"""Claims about planes through F: exact slices, whatever the model, and the share of the path they show."""

import numpy as np
import pytest

import downslope as ds
from downslope import plots
from downslope.cli import main
from downslope.data import Dataset
from downslope.errors import DownslopeError
from downslope.insight.landscape import landscape, outer_curvatures
from downslope.model.functions import Function
from downslope.model.objective import function_objective, objective

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4)) * [1, 3, 1, 0.2] + [0, 5, 0, 1]
Z = X @ [1, -2, 3, -1] + RNG.normal(size=60)
NUMBERS = Dataset.from_arrays(X, Z, weights=RNG.uniform(0.5, 2, 60))
CLASSES = Dataset.from_arrays(X, np.digitize(Z, np.quantile(Z, [0.3, 0.7])))


@pytest.mark.parametrize("through", ["path", "curvature", "x1,x3"])
@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize(
    "loss, penalty", [("squared", None), ("squared", "l1"), ("huber:1", "l2"), ("log", "l2"), ("log", "l1")]
)
def test_a_plane_is_an_exact_slice_of_f(loss, penalty, scale, through):
    rows = CLASSES if loss == "log" else NUMBERS
    told = {"loss": loss, "penalty": penalty, "alpha": 0.05 if penalty else 0.0, "scale": scale}
    solution = ds.fit(rows, method="gd", learning_rate=0.01, epochs=25, tol=0, **told)
    names = solution.names
    if loss == "log" and through == "x1,x3":
        through = f"{names[0]},{names[7]}"
    plane = landscape(solution, rows, through)
    F = objective(rows, loss, penalty, told["alpha"], ds.Linear(scale=scale))
    end = plane.trace[-1].params
    assert plane.values(end[None])[0] == pytest.approx(solution.loss, rel=1e-9)
    if "," in through:
        i, j = (names.index(name) for name in through.split(","))
        moved = solution.params.copy()
        moved[[i, j]] += [0.3, -0.7]
        assert np.allclose(end, solution.params[[i, j]])
        assert np.allclose(plane.trace.column("params"), solution.trace.column("params")[:, [i, j]])
        assert plane.values([moved[[i, j]]])[0] == pytest.approx(F.value(F.to_inner(moved)), rel=1e-9)
    assert 0 <= plane.share <= 1


def test_the_plane_of_a_path_in_two_dimensions_shows_all_of_it():
    f = "x^2 + 10*y^2 + 0*z"
    solution = ds.minimize(f, {"x": 3, "y": 1, "z": 7}, epochs=40, learning_rate=0.02)
    plane = landscape(solution, through="path")
    assert plane.share == pytest.approx(1.0, abs=1e-12)
    lengths = np.linalg.norm(np.diff(plane.trace.column("params"), axis=0), axis=1)
    assert np.allclose(lengths, np.linalg.norm(np.diff(solution.trace.column("params"), axis=0), axis=1))
    assert landscape(solution, through="x,z").share < 0.99


def test_the_plane_of_curvature_lies_along_the_outer_eigenvectors():
    solution = ds.minimize("x^2 + 10*y^2 + 4*z^2", {"x": 1, "y": 1, "z": 1}, epochs=60, learning_rate=0.04)
    plane = landscape(solution, through="curvature")
    at = plane.values([[0.0, 0.0], [0.5, 0.0], [0.0, 0.5]]) - plane.values([[0.0, 0.0]])
    assert np.allclose(at, [0, 10 * 0.25, 0.25], atol=0.1)  # it stopped just short of the minimum
    assert plane.names == ("stiffest, 20", "flattest, 2")


def test_outer_curvatures_agree_written_down_differenced_and_by_lanczos():
    n = 600
    bends = np.linspace(1, 50, n)
    f = Function.from_callable(lambda x: 0.5 * float(x @ (bends * x)), np.ones(n), lambda x: bends * x)
    values, ways = outer_curvatures(function_objective(f), np.ones(n))
    assert np.allclose(values, [1, 50], rtol=1e-3)
    assert abs(ways[0, 0]) > 0.9 and abs(ways[-1, 1]) > 0.9
    exact = objective(NUMBERS)
    values, ways = outer_curvatures(exact, np.zeros(5))
    H = exact.hessian(exact.value_and_gradient(np.zeros(5)))
    assert np.allclose(H @ ways, ways * values, atol=1e-10)


def test_what_has_no_plane_is_refused():
    one = ds.minimize("x^2", 3.0, epochs=3)
    two = ds.minimize("x^2 + y^2", {"x": 3, "y": 1}, epochs=3)
    still = ds.minimize("x^2 + y^2", {"x": 0, "y": 0}, epochs=3)
    for solution, through, key in [
        (one, "path", "insight.plane_one_weight"),
        (still, "path", "insight.plane_no_path"),
        (two, "x,q", "insight.plane_weight"),
        (two, "paths", "insight.plane_weight"),
        (two, "x,x", "insight.plane_two"),
        (two, "x", "insight.plane_two"),
    ]:
        with pytest.raises(DownslopeError) as refused:
            landscape(solution, through=through)
        assert refused.value.key == key


def test_a_relief_draws_the_ground_and_the_path_in_three_dimensions():
    solution = ds.minimize("(1-x)^2 + 100*(y-x^2)^2", {"x": -1.2, "y": 1}, epochs=200, learning_rate=0.001)
    plane = landscape(solution, through="x,y")
    ax = plots.relief(plane.values, plane.trace, names=plane.names)
    (path,) = [line for line in ax.lines if line.get_gid() == "path"]
    assert np.allclose(path.get_data_3d()[0], [-1.2, *solution.trace.column("params")[:, 0]])
    assert "log" in ax.get_zlabel()  # heights from 1e-2 to 1e2


def test_the_commands_draw_planes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("a,b,y\n" + "\n".join(f"{i},{i * i % 7},{i + 2}" for i in range(20)))
    fit = ["fit", "rows.csv", "--target", "y", "--features", "a,b", "--method", "gd", "--epochs", "30"]
    assert main([*fit, "--out", "run"]) == 0
    assert main(["inspect", "run", "--plot", "path.png"]) == 0
    assert main(["inspect", "run", "--plane", "a,b", "--surface", "--plot", "ab.png", "--lang", "zh"]) == 0
    assert "平面" in capsys.readouterr().out
    assert main(["minimize", "x^2+y^2", "--start", "3,1", "--surface", "--plot", "f.png"]) == 0
    assert {"path.png", "ab.png", "f.png"} <= {path.name for path in tmp_path.iterdir()}
    assert main(["inspect", "run", "--surface"]) == 2
    assert main(["inspect", "run", "--plane", "a,q", "--plot", "no.png"]) == 2
    assert not (tmp_path / "no.png").exists()

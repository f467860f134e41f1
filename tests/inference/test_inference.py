"""Claims about what stays: a run comes back to the bit or is refused; recipes go through JSON."""

import dataclasses
import json
import os

import numpy as np
import pytest

import downslope as ds
from downslope import atomic
from downslope.data import Dataset
from downslope.data.parts import Holdout
from downslope.descent import schedules, searches
from downslope.descent.methods import METHODS, Exhaustive, Method, by_name
from downslope.descent.trace import Step
from downslope.errors import DownslopeError
from downslope.inference import Recipe, Training, fit, load, minimize
from downslope.inference.metrics import regression_metrics
from downslope.messages import speaking
from tests.builders import EXAMPLES, refused, refused_key


def rows(n=40, k=1, dtype=float):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3)).astype(dtype)
    Y = X @ rng.normal(size=(3, k)) + rng.normal(size=(n, k)) + 2
    return Dataset.from_arrays(X, Y[:, 0] if k == 1 else Y)


def table():
    rng = np.random.default_rng(0)
    days = np.array(["2024-01-01", "2024-02-03", "2024-05-09", None] * 10, dtype=object)
    return {
        "colour": ["red", "green", "蓝", None] * 10,
        "size": [1.0, None, 3.5, 4.0] * 10,
        "when": list(days),
        "flag": [True, False] * 20,
        "price": rng.normal(size=40).tolist(),
    }


def frame():
    import pandas as pd

    return pd.DataFrame(table()).assign(when=lambda f: pd.to_datetime(f["when"]))


SOLUTIONS = {
    "closed form": lambda: fit(rows(), method="closed_form"),
    "two outputs": lambda: fit(rows(k=2), method="gd"),
    "one column of y": lambda: fit(dataclasses.replace(rows(), y=rows().y[:, None]), method="lbfgs"),
    "float32": lambda: fit(rows(dtype=np.float32), method="sgd", epochs=20),
    "no intercept": lambda: fit(rows(), intercept=False, method="nesterov", penalty="l1", alpha=0.1),
    "table": lambda: fit(Dataset.read(frame(), target="price"), method="auto", penalty="l2", alpha=1 / 3),
    "penguins": lambda: fit(
        Dataset.read(EXAMPLES / "penguins.csv", target="body_mass_g"), epochs=50, method="adam"
    ),
    "rounded": lambda: fit(rows(), loss="quantile:0.3333333333333333", method="newton", epochs=60),
    "huber": lambda: fit(rows(), loss="huber:0.1234567", method="momentum:0.123456789", epochs=20),
    "held out": lambda: fit(rows(30), method="gd", validation=rows(20), patience=3),
    "grid": lambda: fit(rows(), method=Exhaustive({"x1": [0.0, 1.0], "x2": [0.1]})),
    "diverged": lambda: fit(rows(), method="gd", learning_rate=1e200, epochs=5),
    "diverged slowly": lambda: fit(rows(), method="sgd", learning_rate=5.0, epochs=50),
    "constant y": lambda: fit(dataclasses.replace(rows(), y=np.full(40, 5.0)), method="gd"),
    "function": lambda: minimize("x^2 + 3*y^2", {"x": 3, "y": 4}, learning_rate=0.1, epochs=50),
    "saddle": lambda: minimize("x^2 - y^2", [1, 0], learning_rate=0.1),
    "callable": lambda: minimize(lambda x: (x - 2) ** 2, 5.0, derivative=lambda x: 2 * (x - 2), epochs=30),
    "schedule": lambda: fit(rows(), method="gd", learning_rate=schedules.Cosine(0.1, 0.01), epochs=15),
    "search": lambda: fit(rows(), loss="huber", method="gd", learning_rate=searches.Armijo(c=0.1), epochs=15),
    "order": lambda: fit(
        rows(), method="sgd", order=[3, 1], batch_size=2, seed=7, epochs=4, start={"x2": 0.1}
    ),
}
EVERY = pytest.mark.parametrize("name", SOLUTIONS)


@pytest.fixture(scope="module")
def solutions():
    return {name: make() for name, make in SOLUTIONS.items()}


def same(one, other) -> bool:
    """Equal, with NaN equal to NaN, all the way down."""
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(same(one[k], other[k]) for k in one)
        )
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) or (one != one and other != other)


@EVERY
def test_a_run_comes_back_to_the_bit(name, solutions, tmp_path):
    solution = solutions[name]
    again = load(solution.save(tmp_path / "run"))
    assert np.array_equal(again.params, solution.params) and again.params.dtype == solution.params.dtype
    for field in Step._fields:
        one, other = again.trace.column(field), solution.trace.column(field)
        assert np.array_equal(one, other, equal_nan=True)
    assert np.array_equal(again.trace.start, solution.trace.start)
    assert again.trace.updates == solution.trace.updates
    for field in (
        "names",
        "stopped",
        "epochs",
        "method",
        "features",
        "targets",
        "single",
        "formula",
        "seconds",
    ):
        assert getattr(again, field) == getattr(solution, field), field
    assert same(again.loss, solution.loss) and same(dict(again.metrics), dict(solution.metrics))
    for language in ("en", "zh"):
        with speaking(language):
            assert str(again.verdict) == str(solution.verdict)
            assert [ds.errors.text(key, **facts) for key, facts in again.notes] == [
                ds.errors.text(key, **facts) for key, facts in solution.notes
            ]
    assert same(dict(again.verdict.numbers), dict(solution.verdict.numbers))
    assert again.recipe.to_json() == solution.recipe.to_json()
    assert same(again.to_json(), solution.to_json())
    assert repr(again) == repr(solution)


@EVERY
def test_a_run_predicts_the_same_bits_when_it_comes_back(name, solutions, tmp_path):
    solution = solutions[name]
    again = load(solution.save(tmp_path / "run"))
    if not solution.features:
        assert refused(again.predict, [[1.0]]).key == "inference.function_predicts"
        return
    given = {"table": frame(), "penguins": EXAMPLES / "penguins.csv"}.get(name)
    X = given if given is not None else np.random.default_rng(5).normal(size=(7, len(solution.features)))
    assert np.array_equal(again.predict(X), solution.predict(X))
    assert again.predict(X).ndim == (1 if solution.single else 2)


@EVERY
def test_the_files_of_a_run_are_strict_json(name, solutions, tmp_path):
    path = solutions[name].save(tmp_path / "run")

    def never(word):
        raise AssertionError(f"{word} is no JSON")

    json.loads((path / "manifest.json").read_text(), parse_constant=never)
    json.loads((path / "solution.json").read_text(encoding="utf-8"), parse_constant=never)
    for line in (path / "trace.jsonl").read_text(encoding="utf-8").splitlines():
        json.loads(line, parse_constant=never)
    json.loads(json.dumps(solutions[name].to_json()), parse_constant=never)
    assert sorted(file.name for file in path.iterdir()) == [
        "manifest.json", "solution.json", "trace.jsonl", "weights.npz"
    ]  # fmt: skip


def kept(tmp_path, solutions):
    return solutions["closed form"].save(tmp_path / "run")


@pytest.mark.parametrize("file", ["solution.json", "weights.npz", "trace.jsonl"])
def test_a_flipped_byte_anywhere_is_damage(file, solutions, tmp_path):
    path = kept(tmp_path, solutions)
    whole = (path / file).read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 40)):
        (path / file).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        error = refused(load, path)
        assert error.key == "inference.damaged" and error.facts["file"] == file
    (path / file).unlink()
    assert refused(load, path).key == "inference.damaged"


def test_a_flipped_byte_in_the_manifest_is_refused_or_does_no_harm(solutions, tmp_path):
    path = kept(tmp_path, solutions)
    whole = (path / "manifest.json").read_bytes()
    right = load(path).params
    for place in range(len(whole)):
        for bit in (1, 128):
            (path / "manifest.json").write_bytes(
                whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :]
            )
            try:
                assert np.array_equal(load(path).params, right)
            except DownslopeError as error:
                assert error.key in ("inference.damaged", "inference.newer_run", "inference.not_a_run")


@pytest.mark.parametrize(
    "text", ["", "[]", "3", "{}", '{"format": "downslope-run", "version": "one", "sha256": {}}']
)
def test_a_manifest_that_is_none_is_refused(text, solutions, tmp_path):
    path = kept(tmp_path, solutions)
    (path / "manifest.json").write_text(text)
    assert refused(load, path).key in ("inference.damaged", "inference.not_a_run")


def test_what_is_newer_is_refused_and_says_so(solutions, tmp_path):
    path = kept(tmp_path, solutions)
    manifest = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps({**manifest, "version": 99}))
    error = refused(load, path)
    assert error.key == "inference.newer_run" and error.facts["found"] == 99


def test_what_is_no_run_is_refused(tmp_path):
    assert refused(load, tmp_path / "nowhere").key == "inference.no_such_run"
    assert refused(load, tmp_path).key == "inference.not_a_run"
    (tmp_path / "file").write_text("x")
    assert refused(load, tmp_path / "file").key == "inference.not_a_run"


def test_what_exists_is_kept_and_force_replaces_a_run_only(solutions, tmp_path):
    path = kept(tmp_path, solutions)
    other = solutions["two outputs"]
    assert refused(other.save, path).key == "inference.run_exists"
    assert np.array_equal(load(path).params, solutions["closed form"].params)
    other.save(path, force=True)
    assert np.array_equal(load(path).params, other.params)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("folder", "file"):
        assert refused(other.save, tmp_path / name).key == "inference.run_exists"
        assert refused(other.save, tmp_path / name, force=True).key == "inference.not_a_run_to_replace"
    assert (tmp_path / "folder" / "mine.txt").read_text() == (tmp_path / "file").read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder", "run"]


def full_disk(*_, **__):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("where", ["os.replace", "pathlib.Path.write_bytes", "pathlib.Path.mkdir"])
@pytest.mark.parametrize("before", [False, True])
def test_a_full_disk_leaves_nothing_half_written_and_nothing_lost(
    where, before, solutions, tmp_path, monkeypatch
):
    if before:
        kept(tmp_path, solutions)
    with monkeypatch.context() as broken:
        broken.setattr(where, full_disk)
        broken.setattr(atomic, "_exchanged", lambda *_: False)  # as where the system has no such call
        error = refused(solutions["two outputs"].save, tmp_path / "run", force=before)
    assert error.key == "inference.cannot_write" and "No space" in error.facts["why"]
    assert [p.name for p in tmp_path.iterdir()] == (["run"] if before else [])
    if before:
        assert np.array_equal(load(tmp_path / "run").params, solutions["closed form"].params)


def test_a_disk_that_fails_at_the_last_moment_leaves_the_old_run(solutions, tmp_path, monkeypatch):
    kept(tmp_path, solutions)
    rename, calls = os.replace, []

    def second_fails(source, target):
        calls.append(source)
        return full_disk() if len(calls) == 2 else rename(source, target)

    monkeypatch.setattr(os, "replace", second_fails)
    monkeypatch.setattr(atomic, "_exchanged", lambda *_: False)
    refused(solutions["two outputs"].save, tmp_path / "run", force=True)
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
    assert np.array_equal(load(tmp_path / "run").params, solutions["closed form"].params)


def test_a_folder_that_is_missing_is_made(solutions, tmp_path):
    solutions["function"].save(tmp_path / "a" / "b" / "run")
    assert load(tmp_path / "a" / "b" / "run").formula == "x^2 + 3*y^2"


# ── recipes ─────────────────────────────────────────────────────────────────────────────────────────


RECIPES = [
    Recipe(),
    Recipe(
        loss="huber:0.12345678901", penalty="elasticnet:0.3333333333333333", alpha=1 / 3, start={"x1": 0.1}
    ),
    Recipe(order=[2, 0], batch_size=2, seconds=1.5, patience=3, seed=12, intercept=False, scale=False),
    Recipe(learning_rate=schedules.OneCycle(0.1), method=Exhaustive({"w": [0.0, 1.0]})),
    Recipe(learning_rate=searches.StrongWolfe(c2=0.5), method="lbfgs:3"),
    Recipe(
        epochs=np.int64(7),
        batch_size=np.int64(3),
        seed=np.int64(4),
        learning_rate=np.float32(0.5),
        tol=np.float64(0),
    ),
    *(Recipe(method=by_name(name), loss="quantile:0.9") for name in METHODS if name != "exhaustive"),
]


@pytest.mark.parametrize("recipe", RECIPES, ids=range(len(RECIPES)))
def test_a_recipe_comes_back_from_json(recipe):
    again = Recipe.from_json(json.loads(json.dumps(recipe.to_json())))
    assert again.to_json() == recipe.to_json()
    for field in (
        "loss",
        "penalty",
        "alpha",
        "method",
        "epochs",
        "start",
        "seed",
        "tol",
        "intercept",
        "scale",
    ):
        assert getattr(again, field) == getattr(recipe, field)


def test_a_recipe_changes_in_what_is_said_and_in_nothing_else():
    recipe = Recipe(loss="huber:2", penalty="l1", alpha=0.1, method="nesterov", seed=3)
    more = recipe.with_(alpha=0.5)
    assert (more.alpha, more.penalty.alpha, more.penalty.name) == (0.5, 0.5, "l1")
    assert (more.loss, more.method, more.seed) == (recipe.loss, recipe.method, 3)
    assert recipe.alpha == 0.1 and recipe.with_(penalty="l2").penalty.name == "l2"
    assert recipe.with_(penalty=None, alpha=0.0).penalty.name == "none"
    assert recipe.with_() == recipe


@pytest.mark.parametrize(
    "settings, key",
    [
        ({"epoch": 3}, "inference.unknown_setting"),
        ({"loss": "sqared"}, "model.unknown_loss"),
        ({"alpha": 0.1}, "model.alpha_without_penalty"),
        ({"method": "addam"}, "descent.unknown_method"),
        ({"epochs": 0}, "descent.epochs"),
        ({"learning_rate": 0}, "descent.learning_rate"),
        ({"learning_rate": -0.1}, "descent.learning_rate"),
        ({"learning_rate": float("nan")}, "descent.learning_rate"),
        ({"learning_rate": "fast"}, "descent.learning_rate_word"),
        ({"tol": -1}, "arguments.number"),
        ({"tol": float("nan")}, "arguments.number"),
        ({"seconds": -1}, "arguments.number"),
        ({"patience": 0}, "arguments.whole"),
        ({"seed": -1}, "arguments.whole"),
        ({"patience": 3}, "inference.patience_without_rows"),
        ({"start": {"weight": 1.0}}, "inference.start_name"),
        ({"start": {"x1": float("nan")}}, "inference.start_value"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, key):
    assert refused(fit, rows(), **settings).key == key


def test_rows_without_a_target_are_refused():
    assert refused(fit, Dataset.from_arrays([[1.0], [2.0]])).key == "inference.no_target"


# ── solutions ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize("intercept", [True, False])
def test_coef_and_intercept_are_the_params_taken_apart(k, intercept):
    data = rows(k=k)
    found = fit(data, method="closed_form", intercept=intercept)
    coef = np.asarray(found.coef).reshape(3, -1)
    b = np.asarray(found.intercept).reshape(-1)
    assert np.allclose(data.X @ coef + b, found.predict(data.X).reshape(40, -1), rtol=1e-13)
    assert len(found.named) == 3 * k and list(found.named.values()) == found.params[: 3 * k].tolist()
    assert found.loss == pytest.approx(((data.X @ coef + b - data.y.reshape(40, -1)) ** 2).sum() / 40)


def test_columns_that_do_not_fit_are_refused_at_prediction():
    found = fit(rows(), method="closed_form")
    assert refused(found.predict, np.ones((2, 4))).key == "inference.columns"


def test_float32_rows_give_float32_predictions():
    found = fit(rows(), method="closed_form")
    assert found.predict(np.ones((2, 3), np.float32)).dtype == np.float32
    assert found.predict(np.ones((2, 3))).dtype == np.float64


def test_a_table_is_predicted_in_pieces_as_at_once():
    found = fit(Dataset.read(frame(), target="price"), method="closed_form", penalty="l2", alpha=0.1)
    pieces = [*found.predict_source(frame(), ds.ReadOptions(rows=7))]
    assert [len(part) for part in pieces] == [7] * 5 + [5]
    together = np.concatenate([part.column("prediction").to_numpy() for part in pieces])
    assert np.array_equal(together, found.predict(frame()))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("k", [1, 2])
def test_metrics_are_those_of_scikit_learn(k, weighted):
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    data = rows(k=k)
    s = np.random.default_rng(0).uniform(0.1, 2, 40) if weighted else None
    data = dataclasses.replace(data, weights=s)
    predicted = data.y + np.random.default_rng(1).normal(size=data.y.shape)
    ours = regression_metrics(data, predicted)
    assert ours["r2"] == pytest.approx(r2_score(data.y, predicted, sample_weight=s), rel=1e-12)
    assert ours["rmse"] == pytest.approx(
        root_mean_squared_error(data.y, predicted, sample_weight=s), rel=1e-12
    )
    assert ours["mae"] == pytest.approx(mean_absolute_error(data.y, predicted, sample_weight=s), rel=1e-12)


def test_a_training_can_be_watched_and_ends_as_an_unwatched_one():
    training = Training.on_rows(rows(), Recipe(method="gd", loss="huber"))
    steps = list(training)
    assert np.array_equal(training.solution.params, fit(rows(), method="gd", loss="huber").params)
    assert len(steps) == training.trace.updates and list(training) == []


def test_auto_chooses_the_surest_method():
    assert fit(rows()).method == "closed_form"
    assert fit(rows(), loss="huber").method == "newton"
    assert fit(rows(), penalty="l1", alpha=0.1).method == "coordinate"
    assert fit(rows(), batch_size=8, epochs=2).method == "minibatch"
    assert fit(rows(), batch_size=1, epochs=2).method == "sgd"
    assert fit(rows(), learning_rate=0.1, epochs=2).method == "gd"
    assert minimize("x^2", 3, method="auto").method == "newton"
    assert isinstance(Recipe(method="gd").method_for(None), Method)


def test_what_is_no_dataset_is_refused_by_its_kind():
    with pytest.raises(DownslopeError) as caught:
        fit([[1.0], [2.0]])
    assert caught.value.key == "inference.no_dataset" and "list" in str(caught.value)


def test_a_run_remembers_that_its_trace_was_thinned(tmp_path):
    solution = minimize("x^2", 1.0, epochs=5000)
    assert solution.trace.thinned
    assert load(solution.save(tmp_path / "run")).trace.thinned


@pytest.mark.parametrize(
    "settings, name, key",
    [
        ({}, "closed_form", "auto_closed_form"),
        ({"penalty": "l1", "alpha": 0.1}, "coordinate", "auto_coordinate"),
        ({"loss": "absolute", "penalty": "l1", "alpha": 0.1}, "nesterov", "auto_kink"),
        ({"loss": "huber"}, "newton", "auto_newton"),
        ({"learning_rate": 0.1}, "gd", "auto_rate_given"),
        ({"batch_size": 5, "epochs": 2}, "minibatch", "auto_drawn"),
        (
            {"loss": "poisson", "penalty": "l1", "alpha": 0.1, "learning_rate": "auto"},
            "coordinate",
            "auto_coordinate",
        ),
    ],
)
def test_auto_says_in_one_line_what_it_took_and_why(settings, name, key, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    solution = ds.fit(Dataset.from_arrays(X, np.floor(np.exp(X[:, 0]) + rng.uniform(size=60))), **settings)
    assert solution.method == name
    assert [told for told, _ in solution.notes] == [f"inference.{key}"]
    reason = solution.method_reason
    assert reason.startswith("auto chose") and "\n" not in reason
    assert ds.load(solution.save(tmp_path / "run")).method_reason == reason
    assert ds.fit(Dataset.from_arrays(X, X[:, 0]), method="gd", epochs=2).method_reason is None


def test_a_split_that_was_read_in_parts_has_errors_with_its_rows_and_is_refused_without(tmp_path):
    """Its training rows cannot be drawn again in memory: all rows were taken for them."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(5000)
    table = np.c_[x, 2 * x + rng.standard_normal(5000)]
    np.savetxt(tmp_path / "rows.csv", table, delimiter=",", header="x,y", comments="")
    stream = ds.Stream.open(str(tmp_path / "rows.csv"), "y", reading=ds.ReadOptions("1GB", 1024))
    train, held_out = stream.split(0.2, 0)
    run = ds.fit(train, validation=held_out)
    X, y = (np.concatenate([getattr(part, name) for part in train.each()]) for name in ("X", "y"))
    alone = ds.Dataset.from_arrays(X, y, features=["x"])
    right = ds.standard_errors(ds.fit(alone), alone).error
    np.testing.assert_allclose(ds.standard_errors(run, train).error, right, rtol=1e-10)
    run.save(tmp_path / "run")
    loaded = ds.load(tmp_path / "run")
    assert refused_key(loaded.summary) == "inference.split_in_parts"
    skipping = ds.ReadOptions("1GB", 1024, on_bad_row="skip", held=Holdout(0.2))
    in_memory = ds.fit(ds.Dataset.read(str(tmp_path / "rows.csv"), "y", reading=skipping))
    assert refused_key(in_memory.summary) == "inference.split_in_parts"


@pytest.mark.parametrize("door", ["array", "list", "series", "tensor", "table", "stream", "command"])
def test_false_and_true_are_two_classes_in_every_door(door, tmp_path, capsys):
    import pandas as pd

    from downslope.cli import main
    from downslope.data.stream import Stream

    X = np.random.default_rng(0).normal(size=(40, 2))
    y = X[:, 0] + X[:, 1] ** 3 - X[::-1, 0] > 0
    path = tmp_path / "rows.csv"
    pd.DataFrame({"x1": X[:, 0], "x2": X[:, 1], "y": y}).to_csv(path, index=False)
    if door == "command":
        assert main(["fit", str(path), "--target", "y", "--out", str(tmp_path / "run")]) == 0
        found = load(tmp_path / "run")
    else:
        given = {"array": y, "list": y.tolist(), "series": pd.Series(y)}
        if door == "tensor":
            given[door] = pytest.importorskip("torch").tensor(y)
        if door in given:
            rows = Dataset.from_arrays(X, given[door])
        else:
            rows = Dataset.read(path, "y") if door == "table" else Stream.open(str(path), ("y",))
        assert fit(rows, loss="squared").classes == ()
        found = fit(rows)
    assert found.recipe.loss.spec == "log" and found.classes == (False, True)
    assert set(found.predict(X).tolist()) == {False, True}
    assert fit(Dataset.from_arrays(X, y.astype(float))).recipe.loss.spec == "squared"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("apart", ["calibrate_rows", "test", "split"])
def test_all_rows_are_predicted_as_the_training_rows_were_encoded(apart, seed):
    whole = Dataset.read(EXAMPLES / "penguins.csv", "body_mass_g")  # base levels change with the rows
    rows, settings = (whole.split(0.3, seed)[0], {}) if apart == "split" else (whole, {apart: 0.3})
    solution = fit(rows, penalty="l2", alpha=0.1, seed=seed, **settings)
    plain = solution.predict(whole.table)
    assert (solution.predict(whole) == plain).all()
    assert (solution.scores(whole) == plain).all()


def test_other_columns_than_the_features_are_no_hindrance():
    whole = Dataset.read(EXAMPLES / "penguins.csv", "body_mass_g")
    solution = fit(Dataset.read(EXAMPLES / "penguins.csv", "body_mass_g", ["sex", "flipper_length_mm"]))
    assert (solution.predict(whole) == solution.predict(whole.table)).all()

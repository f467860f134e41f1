"""A setting of a run is one row of a table, and every door reads it from there."""

import dataclasses
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sentences import texts

import downslope
import downslope as ds
from downslope.cli import _command
from downslope.cli.options import OWN, in_options
from downslope.errors import DownslopeError
from downslope.inference.schema import NetRecord, RecipeRecord
from downslope.inference.settings import Settings
from downslope.inference.table import NET, RECIPE, as_options, asked_at, read_options, settings
from downslope.lab.server import settings_schema
from downslope.messages import LANGUAGES, speaking, text, writing
from downslope.settings import COMMANDS

# a value that each setting takes, as Python gives it and as it is typed
EXAMPLES = {
    "loss": ("huber:2", "huber:2"),
    "penalty": ("l1", "l1"),
    "alpha": (0.5, "0.5"),
    "method": ("adam", "adam"),
    "learning_rate": ("cosine:0.1", "cosine:0.1"),
    "epochs": (30, "3e1"),
    "tol": (1e-3, "0.001"),
    "batch_size": (2, "2"),
    "order": ([1, 0], "1,0"),
    "intercept": (False, ""),
    "scale": (False, ""),
    "start": ({"x": 1.5}, "x=1.5"),
    "seed": (7, "7"),
    "seconds": (2.5, "2.5"),
    "patience": (3, "3"),
    "penalty_on": ("standardised", "standardised"),
    "stop": ("gap:1e-6", "gap:1e-6"),
    "folds": ("group:g", "group:g"),
    "metric": ("mae", "mae"),
    "threshold": (0.3, "0.3"),
    "calibrate": ("platt", "platt"),
    "class_weights": ({"yes": 5.5, "no": 0.5}, "yes=5.5,no=0.5"),
    "hidden": ((3, 2), "3,2"),
    "activation": ("tanh", "tanh"),
    "dropout": (0.25, "0.25"),
}
ROWS = [row for row in settings() if row.option]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_setting_that_is_typed_is_the_one_that_python_gives(row):
    value, typed = EXAMPLES[row.name]
    for door in COMMANDS:
        if door in row.defaults:
            found = read_options(door, {row.parameter: True if row.flag else typed})
            assert found == {row.name: value}, door
    if row.name in RECIPE:
        found = {"penalty": "l1", "alpha": "cv"}
        extra = {"alpha": {"penalty": "l1"}, "penalty": {"alpha": 1.0}, "folds": found, "metric": found}
        extra = extra.get(row.name, {})
        given = ds.Recipe(**{**extra, row.name: value})
        assert ds.Recipe.from_json(json.loads(json.dumps(given.to_json()))) == given
        assert " ".join(as_options({row.name: value})) == f"{row.option} {EXAMPLES[row.name][1]}".strip() or (
            row.name == "epochs"
        )


def test_the_options_of_a_command_are_those_of_the_table():
    commands = _command().commands
    for door in COMMANDS:
        options = {name: one for one in commands[door].params for name in one.opts}
        for row in asked_at(door):
            assert options[row.option].help, (door, row.option)
            if not row.flag:
                assert options[row.option].metavar == row.metavar


def test_a_setting_that_an_option_completes_knows_its_names():
    for row in settings():
        if row.choices is not None:
            assert all(isinstance(name, str) for name in row.choices()), row.name


@pytest.mark.parametrize(
    "estimator, door",
    [
        (ds.LinearRegressor, "linear"),
        (ds.LinearClassifier, "linear"),
        (ds.NetRegressor, "net"),
        (ds.NetClassifier, "net"),
    ],
)
def test_the_parameters_of_an_estimator_are_those_of_the_table(estimator, door):
    known = {
        name: one.default for name, one in inspect.signature(estimator).parameters.items() if name != "self"
    }
    for row in asked_at(door):
        name = {"intercept": "fit_intercept"}.get(row.name, row.name)
        default = "log" if name == "loss" and "Classifier" in estimator.__name__ else row.defaults[door]
        default = "auto" if name == "penalty" and estimator is ds.LinearClassifier else default
        assert known.pop(name) == default, name
    assert known.keys() <= {
        "class_weight",
        "warm_start",
        "random_state",
        "validation",
        "threshold",
        "calibrate",
    }


def test_the_lab_asks_for_the_settings_of_the_table():
    fields = {field.name: field.default for field in dataclasses.fields(Settings)}
    for row in asked_at("lab"):
        assert fields[row.name] == row.defaults["lab"], row.name
        Settings.of({row.name: row.defaults["lab"]})
    assert settings_schema()["properties"].keys() == fields.keys()


@pytest.mark.parametrize("name, value", [("epochs", 10**6), ("hidden", [65]), ("seed", -1), ("alpha", "1")])
def test_the_lab_refuses_what_its_schema_does(name, value):
    with pytest.raises(DownslopeError):
        Settings.of({name: value})


def test_recipes_nets_and_their_files_have_the_fields_of_the_table():
    assert [field.name for field in dataclasses.fields(ds.Recipe)] == [*RECIPE]
    assert [field.name for field in dataclasses.fields(ds.Net)] == [*NET]
    assert set(RecipeRecord.__struct_fields__) == set(RECIPE)
    assert set(NetRecord.__struct_fields__) == set(NET)


# ---- from outside -----------------------------------------------------------------------------------

DUMMY = '    dummy: int = setting(3, whole(least=1), "--dummy N", "fit=3 lab")\n'
DOORS = """
import json, sys
import downslope as ds
from downslope.cli import main
from downslope.inference.table import as_options
from downslope.lab.server import settings_schema
from downslope.inference.settings import Settings

rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.5])
assert ds.fit(rows, dummy=4).recipe.to_json()["dummy"] == 4
old = ds.Recipe().to_json()
assert ds.Recipe.from_json(old).dummy == 3
try:
    ds.Recipe(dummy=0)
except ds.DownslopeError as error:
    assert "dummy was 0" in str(error)
assert main(["fit", "rows.csv", "--target", "y", "--dummy", "5", "--out", "run"]) == 0
assert ds.load("run").recipe.dummy == 5
assert main(["fit", "rows.csv", "--target", "y", "--dummy", "0"]) == 2
assert Settings.of({"dummy": 6}).dummy == 6 and settings_schema()["properties"]["dummy"]["minimum"] == 1
assert list(as_options({"dummy": 7})) == ["--dummy", "7"]
"""


def test_a_setting_is_added_in_one_file_and_its_sentence_in_each_language(tmp_path):
    package = tmp_path / "downslope"
    shutil.copytree(Path(downslope.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    table = package / "inference" / "table.py"
    mark = "    net: Net | None = setting("
    assert table.read_text().count(mark) == 1
    table.write_text(table.read_text().replace(mark, DUMMY + mark))
    for language in LANGUAGES:
        sentences = package / "messages" / language / "cli.toml"
        sentences.write_text(sentences.read_text() + '\nhelp_dummy = "A setting from outside."\n')
    (tmp_path / "rows.csv").write_text("x,y\n1,2\n2,4\n3,6.5\n")
    run = subprocess.run(
        [sys.executable, "-c", DOORS],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert "--dummy was 0" in run.stderr


# ---- a sentence speaks as its reader does ------------------------------------------------------------

# what only Python can meet: modules and optimizers of one's own, paths, estimators, Logbook
PYTHON = re.compile(
    r"estimators\.|(inference\.(path_|bound_optim|no_optim|not_called|closure|optimizer_|direction_|no_dataset|"
    r"no_probab|own_module|starts_box|starts_count))|checkpoint\.(module|method|f|derivative)_needed|checkpoint\.only_code|"
    r"instruments\.no_gradient|functions\.finite|insight\.plane_needs|export\.module|nets\.no_parameters"
)
ROOMS = (
    "arguments model descent data nets inference checkpoint logbook instruments plots cli cluster functions"
)


@pytest.mark.parametrize("room", ROOMS.split())
def test_no_refusal_of_the_command_line_speaks_python(room):
    names = "|".join({row.name for row in settings()} | {name[2:].replace("-", "_") for name in OWN})
    for key, sentences in texts(room).items():
        if PYTHON.match(key):
            continue
        for sentence in sentences:
            typed = re.sub("⟦(.*?)⟧", lambda found: in_options(found[1].replace("{{", "{")), sentence)
            assert "⟦" not in typed and "⟧" not in typed
            told = re.sub(r"--[\w-]+(=\S+)?", "", typed)
            assert not re.search(rf"\b(?:{names}|validation|dataset)=|\bds\.[A-Z]", told), (key, typed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_names_a_setting_as_python_or_as_an_option(language):
    with speaking(language):
        assert 'penalty="l2"' in text("model.alpha_without_penalty", alpha=1.0)
        with writing(in_options):
            told = text("model.alpha_without_penalty", alpha=1.0)
    assert "--penalty l2" in told and "--alpha" in told and "⟦" not in told


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"loss": "huber:1.2", "penalty": "elasticnet:0.3", "alpha": 0.2, "stop": "gap:1e-6 | seconds:10"},
        {"method": "adam", "learning_rate": "cosine:0.1", "batch_size": 8, "order": [1, 0]},
        {"method": ds.MiniBatch(4, 0.25, "cyclic"), "start": {"x": 1.0}, "epochs": 7, "tol": 0.0},
        {"method": ds.Exhaustive({"x": [0.0, 0.5]}), "intercept": False, "scale": False},
        {"method": "coordinate", "alpha": "cv:1se", "penalty": "l1"},
        {"net": ds.Net((3, 2), "tanh", seed=4), "patience": 5, "seed": 3},
    ],
)
def test_a_recipe_in_python_is_the_recipe(settings):
    recipe = ds.Recipe(**settings)
    again = eval(f"ds.Recipe({recipe.in_python()})", {"ds": ds})
    assert again.to_json() == recipe.to_json()

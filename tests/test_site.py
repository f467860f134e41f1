"""Claims about the pages of the site; `make docs`, a step of .ci/run, builds it and checks all its links."""

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys

import pytest

import downslope as ds
from downslope.messages import text as sentence
from tests.builders import ROOT

spec = importlib.util.spec_from_file_location("build", ROOT / "docs" / "build.py")
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)


def test_the_pages_without_a_chinese_text_are_listed():
    own = {name: path for name, path in build.pages().items() if path.parent == build.DOCS}
    missing = {name for name, path in own.items() if not build.translation(path).exists()}
    assert missing == build.UNTRANSLATED
    translated = {path.name.removesuffix(".zh-CN.md") for path in build.DOCS.glob("*.zh-CN.md")}
    assert translated <= set(own)


@pytest.mark.parametrize("ending", ["md", "zh-CN.md"])
def test_every_page_is_in_one_of_the_four_parts(ending):
    listed = []
    for part in ("index", "learn", "do", "understand", "look-up"):
        text = (build.DOCS / f"{part}.{ending}").read_text(encoding="utf-8")
        for block in re.findall(r"```\{toctree\}\n(.*?)```", text, re.S):
            listed += [line for line in block.split() if not line.startswith(":") and not line.isdigit()]
    assert len(listed) == len(set(listed))
    assert set(listed) == {*build.pages(), "api/index"} - {"index"}


@pytest.mark.parametrize(("language", "title"), [("en", "Batch gradient descent"), ("zh", "批量梯度下降")])
def test_each_lesson_has_a_page_on_which_its_runs_play_offline(tmp_path, monkeypatch, language, title):
    monkeypatch.setattr(ds.lessons, "LESSONS", {2: ds.lessons.LESSONS[2]})
    page = build.lesson_page(2, language)
    assert page.startswith(f"# 2. {title}\n") and '<iframe src="../_static/lessons/2.html"' in page
    (tmp_path / "static").mkdir()
    ending = "md" if language == "en" else "zh-CN.md"
    shutil.copy(build.DOCS / f"lessons.{ending}", tmp_path / "lessons.md")
    build.write_lessons(tmp_path, language)
    assert f"| 2 | [{title}](/lessons/2.md) |" in (tmp_path / "lessons.md").read_text(encoding="utf-8")
    report = (tmp_path / "static/lessons/2.html").read_text(encoding="utf-8")
    assert len(build.lesson_document(2)["runs"]) == 3 and "Content-Security-Policy" in report
    assert build.faults(tmp_path / "static") == []  # loads nothing
    numbers = [int(number) for number, _ in build.ROW.findall((build.DOCS / f"lessons.{ending}").read_text())]
    assert numbers == list(range(1, 22))


def test_every_public_name_has_a_page_with_its_signature():
    written = build.reference()
    assert set(written) == {*ds.__all__, "index"} - {"__version__"}
    assert "learning_rate" in written["minimize"] and ">>> " in written["fit"]
    for name, text in written.items():
        assert len(text.splitlines()) > 4, name


@pytest.mark.parametrize("page", ["believe.md", "believe.zh-CN.md"])
def test_the_certificate_is_checked_by_thirty_lines_that_import_numpy_alone(page):
    (code,) = re.findall(r"```python\n(.*?)```", (build.DOCS / page).read_text(encoding="utf-8"), re.S)
    tree = ast.parse(code)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported == {"csv", "json", "numpy"}
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))
    assert len([line for line in code.splitlines() if line.strip()]) <= 30


def test_links_of_pages_lead_into_the_site_and_others_become_text(tmp_path):
    names = {(build.DOCS / "cli.md").resolve(): "cli"}
    text = "see [`fit`](cli.md#watching), [code](../src/downslope), [web](https://a.example)\n```\n[a](cli.md)\n```\n"
    found = build.localized(text, build.DOCS, names, "en")
    assert found.startswith("see [`fit`](/cli.md#watching), code, [web](https://a.example)\n```\n[a](cli.md)")


def test_what_a_page_loads_from_elsewhere_and_dead_links_are_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<p id="x"><a href="b.html#y">b</a><a href="#x"></a><a href="c.html">c</a>'
    )
    (tmp_path / "b.html").write_text('<script src="https://cdn.example/a.js"></script>')
    found = [line.rpartition("/")[2] if "loads" not in line else line for line in build.faults(tmp_path)]
    assert len(found) == 3 and any("loads https://cdn.example/a.js" in line for line in found)


def test_chinese_is_indexed_in_pairs():
    sphinx = pytest.importorskip("sphinx.search")
    tree = ast.parse((build.DOCS / "conf.py").read_text(encoding="utf-8"))
    (cls,) = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    scope = {"SearchLanguage": sphinx.SearchLanguage, "re": re}
    exec(compile(ast.Module([cls], []), "conf.py", "exec"), scope)
    split = scope["Bigrams"]({}).split
    assert split("学习率 learning_rate为0.1") == ["学习", "习率", "learning_rate", "为", "0", "1"]


@pytest.mark.parametrize("path", build.examples(), ids=lambda path: path.stem)
def test_an_example_is_in_both_languages_and_on_the_page_that_lists_them(path):
    jupytext = pytest.importorskip("jupytext")
    cells = jupytext.read(path).cells
    order = [cell.metadata["lang"] if cell.cell_type == "markdown" else "code" for cell in cells]
    assert re.fullmatch(
        "(en zh code ){3,6}", " ".join(order) + " "
    )  # prose before each cell of code, in both
    for cell, ending in ((cells[0], "md"), (cells[1], "zh-CN.md")):
        title = cell.source.partition("\n")[0].removeprefix("# ")
        listed = (build.DOCS / f"gallery.{ending}").read_text(encoding="utf-8")
        assert f"- [{title}](../examples/gallery/{path.name})\n" in listed


def test_the_packages_that_an_example_lacks_are_named(tmp_path):
    (tmp_path / "a.py").write_text("import numpy.linalg\nimport no_such.part\nfrom nor_this import x\n")
    assert build.missing(tmp_path / "a.py") == ["no_such", "nor_this"]


@pytest.mark.slow
@pytest.mark.parametrize("path", build.examples(), ids=lambda path: path.stem)
def test_an_example_runs_without_a_warning(path, tmp_path):
    if build.missing(path):
        pytest.skip(f"without {build.missing(path)}")
    command = [sys.executable, "-W", "error", path]
    ended = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"MPLBACKEND": "agg"}
    )
    assert (ended.returncode, ended.stderr.replace(sentence("kernels.compiling") + "\n", "")) == (0, "")

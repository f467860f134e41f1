"""Every call in a sentence of the READMEs and of docs/ exists and accepts the arguments written there.

Blocks run in test_docs_blocks.py; here are commands, options and Python calls between backticks, and links.
"""

import ast
import inspect
import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import downslope as ds
from downslope.cli import _command
from tests.builders import ROOT

pytestmark = pytest.mark.fault("A8")

PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^```.*?^```", re.S | re.M)
THEIRS = {"AdamW(weight_decay=λ)"}  # of PyTorch
# Objects that sentences call by a name of their own, and where they come from.
ALIASES = {
    "Encoding": ("downslope.data.encoding", "Encoding"),
    "module_term": ("downslope.model.nets", "module_term"),
    "Dataset": ("downslope", "Dataset"),
    "ReadOptions": ("downslope", "ReadOptions"),
    "stops": ("downslope", "stops"),
    "plots": ("downslope", "plots"),
}


def prose(page: Path) -> str:
    return FENCED.sub("", page.read_text())


def spans(page: Path) -> list[str]:
    return [span.replace("\\|", "|") for span in re.findall(r"`([^`\n]+)`", prose(page))]


@cache
def options() -> dict[str, set[str]]:
    group = _command()
    shared = {word for parameter in group.params for word in parameter.opts}
    return {
        name: shared
        | {word for parameter in command.params for word in (*parameter.opts, *parameter.secondary_opts)}
        for name, command in group.commands.items()
    } | {"": shared}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_and_options_in_sentences_exist(page):
    known = options()
    everywhere = set().union(*known.values())
    for span in spans(page):
        words = span.split()
        if words[0] == "downslope" and len(words) > 1:
            command = words[1] if words[1] in known else ""
            assert command or words[1].startswith("-") or words[1] == "COMMAND", (page.name, span)
            allowed = known[command] if words[1] != "COMMAND" else everywhere
        elif words[0] in known and len(words) > 1 and words[1].startswith("-"):
            allowed = known[words[0]]
        elif words[0].startswith("--"):
            allowed = everywhere
        else:
            continue
        for word in re.findall(r"(?<!\S)--?[a-z][a-z-]*", " ".join(words)):
            assert word in allowed | {"--help"}, (page.name, span, word)


def resolved(path: str):
    first, *rest = path.split(".")
    if first in ("ds", "downslope"):
        found = ds
    elif first in ALIASES:
        found = getattr(import_module(ALIASES[first][0]), ALIASES[first][1])
    elif first in ds.__all__ and first[0].isupper():
        found = getattr(ds, first)
    else:
        return None
    for name in rest:
        if name in getattr(found, "__annotations__", {}):
            return None  # a field, which the class itself does not have
        found = getattr(found, name)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_calls_in_sentences_exist_with_these_arguments(page):
    for span in spans(page):
        code = span.replace("…", "...").replace("......", "...")
        name = re.match(r"[A-Za-z_][\w.]*", code)
        if not name or code.startswith("downslope ") or span in THEIRS:
            continue
        resolved(name.group())
        try:
            tree = ast.parse(code)
        except SyntaxError:
            continue  # a formula
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            path = ast.unparse(call.func)
            if "(" in path or (found := resolved(path)) is None:
                continue
            positional = [None for given in call.args if getattr(given, "value", None) is not ...]
            named = {keyword.arg: None for keyword in call.keywords if keyword.arg}
            try:
                inspect.signature(found).bind_partial(*positional, **named)
            except TypeError as error:
                raise AssertionError(f"{page.name}: {span}: {error}") from None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(page):
    for target in re.findall(r"\]\(([^)#\s]*(?:#[^)\s]*)?)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, heading = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), (page.name, target)
        if heading:
            titles = re.findall(r"^#+ (.+)$", FENCED.sub("", path.read_text()), re.M)
            slugs = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]
            assert heading in slugs, (page.name, target)

"""`make docs`: the site in both languages, in site/, without a request to the outside.

The pages are those of docs/: page.md in English, page.zh-CN.md in Chinese; a page without a Chinese text is
in English in both (UNTRANSLATED lists them, which a test compares). The reference comes from the docstrings
of the public names, whose examples the tests run. Any warning of Sphinx, any link to a page or heading that
does not exist, and any address that a page would load from elsewhere ends the build.

Each lesson has a page with its sentences and its runs, which play: the stand-alone report in a frame.

Each file of examples/gallery is an example with prose in both languages. It runs once, and again when its
code or the package has changed; the outputs stand on a page in each language, with a notebook to download.
"""

from __future__ import annotations

import ast
import asyncio
import base64
import hashlib
import html.parser
import importlib.util
import inspect
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbformat import NotebookNode

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PREPARED = ROOT / "build" / "site"
EXAMPLES = ROOT / "examples" / "gallery"
EXECUTED = ROOT / "build" / "gallery"
SITE = ROOT / "site"
LANGUAGES = ("en", "zh")
UNTRANSLATED = {"architecture"}
ELSEWHERE = {  # pages that stand outside docs/, and their names in the site
    "README.md": "readme",
    "CHANGELOG.md": "changelog",
    "CONTRIBUTING.md": "contributing",
    "SECURITY.md": "security",
    "benchmarks/README.md": "benchmarks",
    "examples/README.md": "examples",
}
NOTE = ":::{note}\n这一页还没有中文。This page has no Chinese text yet.\n:::\n\n"
# Of the examples: what they print is in English on both pages, and pictures are outputs of cells.
ENGLISH_AND_INLINE = {"DOWNSLOPE_LANG": "en", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
FENCED = re.compile(r"(^```.*?^```[^\n]*$)", re.S | re.M)


def pages() -> dict[str, Path]:
    """Name of a page in the site → its English file."""
    named = {path.stem: path for path in DOCS.glob("*.md") if not path.name.endswith(".zh-CN.md")}
    return named | {name: ROOT / path for path, name in ELSEWHERE.items() if name != "readme"}


def translation(page: Path) -> Path:
    return page.with_name(f"{page.stem}.zh-CN.md")


# ---- pages ----------------------------------------------------------------------------------------------


def localized(text: str, folder: Path, names: dict[Path, str], language: str) -> str:
    """Links to files of the repository as links in the site; those to files that it lacks as plain text."""

    def link(match: re.Match) -> str:
        label, target = match["label"], match["target"]
        if re.match(r"[a-z]+:|#", target) or match[0].startswith("!"):
            return match[0]
        path, _, anchor = target.partition("#")
        found = (folder / path).resolve()
        if found in names:
            translated = language == "zh" and translation(found).exists()  # whose headings are others
            ending = ".ipynb" if found.suffix == ".py" else ".md"
            return f"[{label}](/{names[found]}{ending}{'#' + anchor if anchor and not translated else ''})"
        return match[0] if path.startswith("pictures/") or found.parent == DOCS / "api" else label

    pattern = re.compile(r"!?\[(?P<label>[^\]]*)\]\((?P<target>[^)\s]+)\)")
    parts = FENCED.split(text)
    return "".join(part if at % 2 else pattern.sub(link, part) for at, part in enumerate(parts))


def prepare(language: str, target: Path, notebooks: dict[str, NotebookNode]) -> None:
    """The source of one language: pages under one name each, pictures, reference, settings."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in ("conf.py", "templates", "static", "pictures"):
        copy = shutil.copytree if (DOCS / name).is_dir() else shutil.copy
        copy(DOCS / name, target / name)
    shutil.copy(ROOT / "benchmarks" / "growth.png", target)
    names = {path.resolve(): name for name, path in pages().items()}
    names |= {translation(path).resolve(): name for path, name in names.items()}
    names |= {(ROOT / "README.md").resolve(): "index", (ROOT / "README.zh-CN.md").resolve(): "index"}
    names |= {path.resolve(): f"gallery/{path.stem}" for path in examples()}
    for name, path in pages().items():
        chosen = translation(path) if language == "zh" and translation(path).exists() else path
        text = chosen.read_text(encoding="utf-8")
        text = re.sub(r"^\[(English|中文)[^\]]*\]\([^)]*\)[。.]?\n", "", text, flags=re.M)
        text = re.sub(r"^<!--.*?-->\n", "", text, flags=re.M)
        if language == "zh" and chosen == path and path.parent == DOCS:
            title, _, rest = text.partition("\n")
            text = f"{title}\n\n{NOTE}{rest}"
        text = localized(text, chosen.parent, names, language)
        if name == "gallery":
            text += (
                "\n```{toctree}\n:hidden:\n\n" + "\n".join(f"gallery/{one}" for one in notebooks) + "\n```\n"
            )
        (target / f"{name}.md").write_text(text, encoding="utf-8")
    (target / "gallery" / "notebooks").mkdir(parents=True)
    for name, notebook in notebooks.items():
        if write_example(notebook, name, target / "gallery", names, language):
            link = re.compile(rf"^- \[(?=.*\]\(/gallery/{name}\.ipynb\))", re.M)
            text = (target / "gallery.md").read_text(encoding="utf-8")
            (target / "gallery.md").write_text(
                link.sub(f"- [![](/gallery/{name}.png) ", text), encoding="utf-8"
            )
    write_lessons(target, language)
    (target / "api").mkdir()
    for name, text in reference().items():
        (target / "api" / f"{name}.md").write_text(text, encoding="utf-8")


# ---- lessons --------------------------------------------------------------------------------------------

ROW = re.compile(r"^\| (\d+) \| ([^|]+?) \|", re.M)  # of the table of lessons: number, title


@lru_cache
def lesson_document(number: int) -> dict[str, Any]:
    """The runs of a lesson, as the lab draws them."""
    from downslope.lab import document
    from downslope.lab.problems import lesson_of, problem
    from downslope.lab.tasks import _state_of

    made, asked = lesson_of(number), problem({"kind": "lesson", "number": number, "seed": 0})
    states = made.data.states or {"": {}}
    problems = {name: _state_of(made, asked, name) for name in states}
    opened = next(iter(problems.values()))
    runs = [state for name, state in states.items() if problems[name] == opened]  # those of one picture
    return document.assembled(problem(opened), document.made(problem(opened), runs))


def lesson_page(number: int, language: str) -> str:
    """Its sentences, and the frame in which its runs play; the outcome is what they show."""
    from downslope.lab.problems import lesson_of
    from downslope.lessons.folder import sentences
    from downslope.messages import speaking, text

    made = lesson_of(number)
    with speaking(language):
        title, said = made.title(), []
        for part in ("dataset", "model", "training", "learned"):
            filled = "{" in sentences(made.folder, language)[part]  # its figures take time
            said.append((text(f"lessons.{part}"), made.part(part) if filled else made.sentence(part)))
        why = made.sentence("why").splitlines() if made.has("why") else []
    reason = ("" if language == "zh" else " ").join(why)
    lines = [[f"**{name}**", *(escaped(line.strip()) for line in part.splitlines())] for name, part in said]
    stages = "\n\n".join("\\\n".join(part) for part in lines)
    frame = (
        f'<iframe src="../_static/lessons/{number}.html" title="{title}" loading="lazy" '
        'sandbox="allow-scripts allow-downloads" style="width:100%;height:760px;border:0"></iframe>'
    )
    more = f"```console\ndownslope lesson {number}\n```"
    return f"# {number}. {title}\n\n{escaped(reason)}\n\n{frame}\n\n{stages}\n\n{more}\n"


def write_lessons(target: Path, language: str) -> None:
    """A page for each lesson, its report, and links to them in the table of lessons."""
    import downslope as ds
    from downslope.lab import report

    for folder in ("lessons", "static/lessons"):
        (target / folder).mkdir()
    for number in ds.lessons.LESSONS:
        (target / "lessons" / f"{number}.md").write_text(lesson_page(number, language), encoding="utf-8")
        page = report.page(lesson_document(number), language)
        (target / "static" / "lessons" / f"{number}.html").write_text(page, encoding="utf-8")
    text = (target / "lessons.md").read_text(encoding="utf-8")
    text = ROW.sub(r"| \1 | [\2](/lessons/\1.md) |", text)
    listed = "\n".join(f"lessons/{number}" for number in ds.lessons.LESSONS)
    text = f"{text}\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"
    (target / "lessons.md").write_text(text, encoding="utf-8")


# ---- gallery --------------------------------------------------------------------------------------------


def examples() -> list[Path]:
    return sorted(EXAMPLES.glob("*.py"))


def missing(path: Path) -> list[str]:
    """The packages that an example imports and that are not installed; it is then shown without outputs."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    named = [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    named += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return sorted(
        {name for name in {one.partition(".")[0] for one in named} if not importlib.util.find_spec(name)}
    )


async def executed(path: Path, package: bytes, turn: asyncio.Semaphore) -> NotebookNode:
    """The example with its outputs: those of the last build, if neither its code nor the package changed."""
    import jupytext
    import nbformat
    from nbclient import NotebookClient
    from traitlets.config import Config

    from downslope.messages import room_texts

    notebook = jupytext.read(path)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    code = "\n".join(cell.source for cell in cells).encode()
    kept = EXECUTED / f"{path.stem}-{hashlib.sha256(package + code).hexdigest()[:16]}.ipynb"
    if absent := missing(path):
        notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "python"}
        cells[0].outputs = [
            nbformat.v4.new_output("stream", text=f"not run: {', '.join(absent)} is missing\n")
        ]
    elif kept.exists():
        before = nbformat.read(kept, as_version=4)
        notebook.metadata = before.metadata  # its language and kernel
        for cell, old in zip(cells, (one for one in before.cells if one.cell_type == "code"), strict=True):
            cell.outputs, cell.execution_count = old.outputs, old.execution_count
    else:
        async with turn:
            with tempfile.TemporaryDirectory() as folder:
                settings = Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})
                where = {"metadata": {"path": folder}}
                client = NotebookClient(notebook, timeout=120, resources=where, config=settings)
                await client.async_execute(env=os.environ | ENGLISH_AND_INLINE)
        for cell in cells:
            cell.metadata.pop("execution", None)  # holds times
            cell.outputs = [
                one
                for one in cell.outputs
                if one.get("text") != room_texts("kernels", "en")["compiling"] + "\n"
            ]
            warned = [one.text for one in cell.outputs if one.get("name") == "stderr"]
            if warned:
                raise SystemExit(f"{path}: the example warns: {''.join(warned)}")
        if not any("image/png" in one.get("data", ()) for cell in cells for one in cell.outputs):
            raise SystemExit(f"{path}: the example draws no picture")
        EXECUTED.mkdir(parents=True, exist_ok=True)
        for old in EXECUTED.glob(f"{path.stem}-*.ipynb"):
            old.unlink()
        nbformat.write(notebook, kept)
    return notebook


async def all_executed() -> dict[str, NotebookNode]:
    sources = sorted((ROOT / "src").rglob("*.py")) + sorted((ROOT / "src").rglob("*.toml"))
    package = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).digest()
    turn = asyncio.Semaphore(os.cpu_count() or 1)
    found = await asyncio.gather(*(executed(path, package, turn) for path in examples()))
    return {path.stem: notebook for path, notebook in zip(examples(), found)}


def write_example(
    notebook: NotebookNode, name: str, target: Path, names: dict[Path, str], language: str
) -> bool:
    """The page of an example in one language, its notebook, and its first picture, if there is one."""
    import nbformat

    chosen = notebook.copy()
    chosen.cells = [cell for cell in notebook.cells if cell.metadata.get("lang", language) == language]
    chosen.cells = [nbformat.from_dict(cell) for cell in chosen.cells]
    outputs = [one for cell in chosen.cells for one in cell.get("outputs", ())]
    pictures = [one.data["image/png"] for one in outputs if "image/png" in one.get("data", ())]
    if pictures:
        (target / f"{name}.png").write_bytes(base64.b64decode(pictures[0]))
    prose = [cell for cell in chosen.cells if cell.cell_type == "markdown"]
    written = [cell.source for cell in prose]
    for cell, source in zip(prose, written):
        cell.source = localized(source, EXAMPLES, {}, language)  # a notebook stands alone
    nbformat.write(chosen, target / "notebooks" / f"{name}.ipynb")
    for cell, source in zip(prose, written):
        cell.source = localized(source, EXAMPLES, names, language)
    label = "下载这个例子的笔记本" if language == "zh" else "Download this example as a notebook"
    prose[0].source += f"\n\n{{download}}`{label} <notebooks/{name}.ipynb>`"
    nbformat.write(chosen, target / f"{name}.ipynb")
    return bool(pictures)


# ---- reference ------------------------------------------------------------------------------------------


def reference() -> dict[str, str]:
    """Page → Markdown: one page for each public name, and an index."""
    import downslope as ds

    written = {name: page_of(name, getattr(ds, name)) for name in ds.__all__ if name != "__version__"}
    rows = [f"| [`{name}`]({name}.md) | {first_line(getattr(ds, name))} |" for name in written]
    toc = "```{toctree}\n:hidden:\n\n" + "\n".join(written) + "\n```\n"
    head = "# API\n\n`import downslope as ds`\n\n| | |\n|---|---|\n"
    return written | {"index": head + "\n".join(rows) + f"\n\n{toc}"}


def first_line(thing) -> str:
    return escaped((inspect.getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ")).replace("|", "\\|")


def page_of(name: str, thing) -> str:
    if inspect.ismodule(thing):
        listed = getattr(thing, "__all__", None) or [key for key in vars(thing) if not key.startswith("_")]
        found = {key: getattr(thing, key) for key in sorted(set(listed) - {"told"})}  # a name of version 0.1
        parts = [entry(f"{name}.{key}", one) for key, one in found.items() if callable(one) and ours(one)]
        return f"# {name}\n\n{markdown(thing.__doc__)}\n\n" + "\n\n".join(parts)
    parts = [entry(name, thing)]
    if inspect.isclass(thing):
        for key in sorted(key for key in dir(thing) if not key.startswith("_")):
            member = inspect.getattr_static(thing, key)
            member = getattr(member, "__func__", getattr(member, "fget", None) or member)
            if inspect.isfunction(member) and member.__doc__ and member.__module__.startswith("downslope"):
                parts.append(entry(f"{name}.{key}", member))
    return f"# {name}\n\n" + "\n\n".join(parts)


def ours(thing) -> bool:
    return bool(thing.__doc__) and getattr(thing, "__module__", "").startswith("downslope.")


def entry(name: str, thing) -> str:
    kind = "class" if inspect.isclass(thing) else "function"
    try:
        shown = re.sub(r"<[^>]*>|ForwardRef\('([^']*)'\)", r"\1", str(inspect.signature(thing)))
        shown = re.sub(r": '([^']*)'", r": \1", shown).replace("-> '", "-> ").removesuffix("'")
    except (TypeError, ValueError):
        shown = "(…)"
    head = f"{'class ' if kind == 'class' else ''}{name}{shown}"
    return f"## `{name}`\n\n```python\n{head}\n```\n\n{markdown(thing.__doc__)}"


def markdown(docstring: str | None) -> str:
    """A docstring as Markdown: examples and aligned lines as they stand, all else as escaped paragraphs."""
    blocks = re.split(r"\n\s*\n", inspect.cleandoc(docstring or ""))
    written = []
    for block in blocks:
        if block.lstrip().startswith(">>>"):
            written.append(f"```pycon\n{inspect.cleandoc(block)}\n```")
        elif re.search(r"^\s|\S {3,}\S", block, re.M):
            written.append(f"```text\n{block}\n```")
        else:
            written.append(escaped(block))
    return "\n\n".join(written)


def escaped(text: str) -> str:
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        part if at % 2 else re.sub(r"([\\*_<>\[\]$#|~{}])", r"\\\1", part) for at, part in enumerate(parts)
    )


# ---- building -------------------------------------------------------------------------------------------


class Addresses(html.parser.HTMLParser):
    """What a page loads, and where its links go."""

    def __init__(self):
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids |= {given.get("id", ""), given.get("name", "")}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag != "a":
            self.loaded += [given[key] for key in ("src", "href") if given.get(key)]


def faults(site: Path) -> list[str]:
    """Pages that load something from elsewhere, and links to files or headings that do not exist."""
    read = {}
    for path in site.rglob("*.html"):
        read[path.resolve()] = Addresses()
        read[path.resolve()].feed(path.read_text(encoding="utf-8"))
    found = []
    for path, page in read.items():
        found += [f"{path}: loads {one}" for one in page.loaded if re.match(r"(https?:)?//", one)]
        files = [re.sub("[?#].*", "", one) for one in page.loaded if not re.match(r"[a-z]+:|//", one)]
        files = [one for one in files if one and "{{" not in one]  # a template that the theme leaves
        found += [f"{path}: no {one}" for one in files if not (path.parent / one).exists()]
        for one in page.links:
            if re.match(r"[a-z]+:", one):
                continue
            file, _, anchor = one.partition("#")
            target = (path.parent / file).resolve() if file else path
            if not target.exists() or (anchor and target in read and anchor not in read[target].ids):
                found.append(f"{path}: no {one}")
    for path in site.rglob("*.css"):
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path}: loads {one}" for one in re.findall(r"url\(['\"]?((?:https?:)?//[^)]*)\)", text)]
    return found


def main() -> int:
    import downslope

    shutil.rmtree(SITE, ignore_errors=True)
    notebooks = asyncio.run(all_executed())
    for language in LANGUAGES:
        source = PREPARED / language
        prepare(language, source, notebooks)
        environment = os.environ | {
            "DOWNSLOPE_SITE_LANGUAGE": language,
            "DOWNSLOPE_SITE_VERSION": downslope.__version__,
        }
        words = ["-W", "--keep-going", "-q", "-j", "auto", "-b", "html", "-d", PREPARED / f"{language}-trees"]
        words += [source, SITE / language]
        code = subprocess.run([sys.executable, "-m", "sphinx", *words], env=environment).returncode
        if code:
            return code
    (SITE / "index.html").write_text(
        '<!doctype html><meta charset="utf-8"><title>Downslope</title>'
        '<p><a href="en/index.html">English</a> · <a href="zh/index.html">中文</a></p>\n',
        encoding="utf-8",
    )
    shutil.rmtree(SITE / "jupyter_execute", ignore_errors=True)  # pictures that the pages have under _images
    (SITE / ".nojekyll").touch()
    wrong = faults(SITE)
    print("\n".join(wrong) or f"{SITE / 'index.html'}: {len(list(SITE.rglob('*.html')))} pages")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())

"""The page in one file: with a document in it, it opens by double-click, offline, and plays."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..messages import language
from . import pages
from .localized import encoded

STYLE = '<link rel="stylesheet" href="page/page.css">'
MAIN = '<script type="module" src="page/main.js"></script>'
IMPORT = re.compile(r'^import\s*\{[^}]*\}\s*from\s*"\./([a-z_]+\.js)";[^\S\n]*\n?', re.MULTILINE)
EXPORT = re.compile(r"^export (?=async function|function|const|let|class)", re.MULTILINE)


def page(document: dict[str, Any], lang: str | None = None) -> str:
    """The report as HTML. Its policy lets nothing be fetched, and no script run but its own."""
    main = joined(pages.FOLDER)
    begin = pages.beginning(lang or language(), offline=True)
    policy = (
        f"default-src 'none'; script-src 'sha256-{_sha256(main)}'; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    data = "".join(
        f'<script type="application/json" id="{name}">{_inlined(held)}</script>\n'
        for name, held in (("page-data", begin), ("document", document))
    )
    parts = {
        STYLE: f"<style>\n{(pages.FOLDER / 'page.css').read_text(encoding='utf-8')}</style>",
        MAIN: "",
        "<head>": f'<head>\n<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">',
        "</body>": f"{data}<script>{main}</script>\n</body>",
    }
    whole = pages.index(document["problem"].get("source"))
    for tag, part in parts.items():
        before, found, after = whole.partition(tag)
        if not found:
            raise AssertionError(f"the page has no {tag}")
        whole = before + part + after
    return whole


def joined(folder: Path) -> str:
    """The page's modules as one script, each after those that it imports."""
    bodies = []
    for name in _in_order(folder):
        text = (folder / name).read_text(encoding="utf-8")
        bodies.append(f"// {name}\n{EXPORT.sub('', IMPORT.sub('', text))}")
    script = "\n".join(bodies)
    if re.search(r"</script|<!--", script, re.IGNORECASE):
        raise AssertionError("a module holds what would end its script")
    return f'"use strict";\n(() => {{\n{script}\n}})();\n'


def _in_order(folder: Path, name: str = "main.js", seen: list[str] | None = None) -> list[str]:
    seen = [] if seen is None else seen
    if name not in seen:
        for wanted in IMPORT.findall((folder / name).read_text(encoding="utf-8")):
            _in_order(folder, wanted, seen)
        seen.append(name)
    return seen


def _inlined(held: Any) -> str:
    """JSON that can stand in a script: no tag can begin in it."""
    return (
        encoded(held)
        .decode()
        .replace("<", "\\u003c")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@dataclass(frozen=True, eq=False)
class Framed:
    """A document as a notebook shows it: the page in a frame of its own, which can reach nothing."""

    document: dict[str, Any]
    height: int = 720  # pixels

    def _repr_html_(self) -> str:
        held = html.escape(page(self.document), quote=True)
        return (
            f'<iframe srcdoc="{held}" style="width:100%;height:{self.height}px;border:0" '
            'sandbox="allow-scripts allow-downloads"></iframe>'
        )


def write(document: dict[str, Any], out: str | Path, force: bool = False) -> Path:
    """The report as a file, whole or not at all."""
    from ..plots.files import whole

    text = page(document).encode()

    def fill(part: Path) -> None:
        part.write_bytes(text)

    return whole(out, (".html", ".htm"), fill, force)

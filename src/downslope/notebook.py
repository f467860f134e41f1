"""What a notebook shows of an object: plain HTML without style or script, every text escaped."""

from __future__ import annotations

import html
from collections.abc import Sequence


def table(rows: Sequence[Sequence[object]], heads: bool = False) -> str:
    """Cells as an HTML table; with `heads` the first row is one of heads.

    >>> table([("a", "<1>")])
    '<table><tbody><tr><th>a</th><td>&lt;1&gt;</td></tr></tbody></table>'
    """
    safe = [[html.escape(str(cell)) for cell in row] for row in rows]
    top = "<thead><tr>" + "".join(f"<th>{cell}</th>" for cell in safe[0]) + "</tr></thead>" if heads else ""
    lines = (
        f"<tr><th>{first}</th>{''.join(f'<td>{cell}</td>' for cell in others)}</tr>"
        for first, *others in safe[int(heads) :]
    )
    return f"<table>{top}<tbody>{''.join(lines)}</tbody></table>"


def paragraph(text: str, strong: str = "") -> str:
    """A paragraph, that may begin with a word in bold.

    >>> paragraph("x < 1", strong="gd")
    '<p><strong>gd</strong> x &lt; 1</p>'
    """
    first = f"<strong>{html.escape(strong)}</strong> " if strong else ""
    return f"<p>{first}{html.escape(text)}</p>"


def items(texts: Sequence[str]) -> str:
    """A list; nothing where there are no texts.

    >>> items(["a", "b"])
    '<ul><li>a</li><li>b</li></ul>'
    """
    lines = "".join(f"<li>{html.escape(text)}</li>" for text in texts)
    return f"<ul>{lines}</ul>" if lines else ""


def preformatted(lines: Sequence[str]) -> str:
    """Lines that are aligned by blanks.

    >>> preformatted(["L   4", "2/L 0.5"])
    '<pre>L   4\\n2/L 0.5</pre>'
    """
    return f"<pre>{html.escape(chr(10).join(lines))}</pre>"

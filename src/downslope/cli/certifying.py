"""`certify`: what the curvature says before a descent."""

from __future__ import annotations

from typing import Annotated, ClassVar

import typer

from ..arguments import number
from ..errors import DownslopeError
from . import options as o
from .options import asking
from .requests import Request

Rate = Annotated[str | None, typer.Option("--learning-rate", metavar="NUMBER", help="cli.help_certify_rate")]
ROWS = ("data", "target", "features", "weights")


class CertifyRequest(Request):
    door: ClassVar[str] = "certify"


@asking(CertifyRequest, only=(*ROWS, *(name for name, *_ in o.options_at("certify"))))
def certify(
    request: CertifyRequest, learning_rate: Rate = None, json: o.Json = False, lang: o.Lang = None
) -> int:
    """Curvature, safe steps, the noise floor and the epochs to expect, before anything is descended."""
    from ..insight.certificate import certify as certified
    from . import show

    rate = None if learning_rate is None else number().read("--learning-rate", learning_rate)
    recipe = request.recipe()
    if recipe.rule:
        raise DownslopeError("selection.needs_number", rule=recipe.rule)
    dataset, _ = request.rows()
    recipe = request.suited(recipe, dataset)
    known = certified(recipe.objective(dataset), learning_rate=rate)
    if json:
        show.aside(request.notes(dataset, None))
        show.as_json(known.to_json())
        return 0
    page = show.console()
    show.notes(page, request.notes(dataset, None))
    for line in known.lines():
        page.print(line)
    return 0

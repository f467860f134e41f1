"""`certify`: what the curvature says before a descent."""

from __future__ import annotations

from typing import Annotated

import typer

from . import options as o
from .requests import Request

Rate = Annotated[str | None, typer.Option("--learning-rate", metavar="NUMBER", help="cli.help_certify_rate")]


def certify(
    data: o.Data,
    target: o.Target,
    features: o.Features = None,
    weights: o.Weights = None,
    loss: o.Loss = None,
    penalty: o.Penalty = None,
    alpha: o.Alpha = None,
    penalty_on: o.PenaltyOn = "raw",
    no_intercept: o.NoIntercept = False,
    no_scale: o.NoScale = False,
    learning_rate: Rate = None,
    json: o.Json = False,
    lang: o.Lang = None,
) -> int:
    """Curvature, safe steps, the noise floor and the epochs to expect, before anything is descended."""
    from ..insight.certificate import certify as certified
    from . import requests, show

    request = Request(
        data,
        target,
        features,
        weights,
        loss=loss,
        penalty=penalty,
        alpha=alpha,
        penalty_on=penalty_on,
        no_intercept=no_intercept,
        no_scale=no_scale,
    )
    rate = None if learning_rate is None else requests.number("--learning-rate", learning_rate)
    recipe = request.recipe()
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

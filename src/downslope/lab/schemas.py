"""What the bodies of requests may hold, for the OpenAPI schema. It is checked where it is used."""

from __future__ import annotations

from typing import Any

from ..descent.rows import ORDERS
from ..descent.schedules import SCHEDULES
from ..inference.settings import DIRECTIONS, FINDERS, ROWS, SEARCHES
from ..model.losses import LOSSES
from ..model.net_checks import ACTIVATIONS
from ..model.penalties import PENALTIES, PENALTY_ON
from .problems import PRESETS

NUMBER: dict[str, Any] = {"type": "number", "minimum": -1e6, "maximum": 1e6}
NUMBERS = {"type": "object", "additionalProperties": NUMBER, "maxProperties": 4}
SETTINGS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "rows": {"enum": list(ROWS)},
        "batch_size": {"type": "integer", "minimum": 1, "maximum": 1000},
        "order": {
            "anyOf": [{"enum": list(ORDERS)}, {"type": "array", "items": {"type": "integer"}, "maxItems": 9}]
        },
        "direction": {"enum": [*DIRECTIONS, *FINDERS]},
        "momentum": {"type": "number"},
        "learning_rate": {"anyOf": [{"const": "auto"}, {"type": "number"}]},
        "schedule": {"enum": [*SCHEDULES, *SEARCHES]},
        "epochs": {"type": "integer", "maximum": 200},
        "tol": {"type": ["number", "null"]},
        "seed": {"type": "integer"},
        "start": {"anyOf": [NUMBERS, {"type": "null"}]},
        "loss": {"enum": [*LOSSES]},
        "penalty": {"enum": [*PENALTIES, None]},
        "alpha": {"type": "number"},
        "penalty_on": {"enum": [*PENALTY_ON]},
        "intercept": {"type": "boolean"},
        "scale": {"type": "boolean"},
        "hidden": {"type": ["array", "null"], "items": {"type": "integer", "maximum": 8}, "maxItems": 2},
        "activation": {"enum": list(ACTIVATIONS)},
        "grid": {"type": ["object", "null"], "additionalProperties": {"type": "array", "items": NUMBER}},
    },
}
ROW = {"type": "array", "items": NUMBER, "minItems": 1, "maxItems": 3}
VALUES: dict[str, dict[str, Any]] = {
    "lesson": {"number": {"type": "integer", "minimum": 0, "maximum": 13}, "seed": {"type": "integer"}},
    "preset": {"name": {"enum": list(PRESETS)}},
    "function": {"formula": {"type": "string", "maxLength": 60}, "derivative": {"type": ["string", "null"]}},
    "points": {
        "task": {"enum": ["regression", "classes"]},
        "points": {"type": "array", "items": ROW, "maxItems": 20},
    },
    "rows": {
        "X": {"type": "array", "items": ROW, "maxItems": 9},
        "y": {"type": "array", "items": NUMBER, "maxItems": 9},
    },
    "table": {"id": {"type": "string"}, "name": {"type": "string"}, "target": {"type": "string"}},
}
PROBLEM = {
    "oneOf": [
        {
            "type": "object",
            "properties": {"kind": {"const": kind}, **values},
            "required": ["kind", *list(values)[:1]],
        }
        for kind, values in VALUES.items()
    ]
}


def _body(**properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(properties)[:1]}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


RUNS = {"type": "array", "items": SETTINGS, "minItems": 1, "maxItems": 3}
BODIES = {
    "problem": _body(problem=PROBLEM, settings=SETTINGS),
    "runs": _body(problem=PROBLEM, runs=RUNS),
    "code": _body(problem=PROBLEM, settings=SETTINGS, library={"enum": ["downslope", "numpy", "pytorch"]}),
    "csv": _body(problem=PROBLEM, settings=SETTINGS),
    "gif": _body(problem=PROBLEM, settings=SETTINGS),
    "report": _body(problem=PROBLEM, runs=RUNS, lang={"enum": ["en", "zh"]}),
    "live": _body(do={"enum": ["pause", "go", "stop"]}),
    "upload": {
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
}

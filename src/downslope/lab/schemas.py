"""What the bodies of requests may hold, for the OpenAPI schema. It is checked where it is used."""

from __future__ import annotations

from typing import Any

from ..inference.settings import Settings
from ..settings import settings_of
from .problems import PRESETS

NUMBER: dict[str, Any] = {"type": "number", "minimum": -1e6, "maximum": 1e6}
SETTINGS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {name: row.schema for name, row in settings_of(Settings).items()},
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

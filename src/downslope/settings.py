"""A setting of a run is one field of a dataclass: what it may be, how it is asked for, and at which doors.

    alpha: float = setting(0.0, number(least=0), "--alpha NUMBER", doors="fit compare lab linear net")

The command line, the lab's JSON schema, the estimators' parameters and the options that a remedy prints are
read from these fields.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any

from .arguments import Kind

COMMANDS = ("fit", "compare", "certify", "minimize")


@dataclass(frozen=True)
class Setting:
    """One setting.

    kind: what it may be.  option: as on the command line; for True or False the one that says False.
    defaults: door → the default there; on the command line a text, or None for the one of `default`.
    page: what the lab's page may send.  choices: the names that complete it.
    """

    name: str
    default: Any
    kind: Kind
    option: str
    metavar: str
    defaults: Mapping[str, Any]
    page: Kind
    choices: Callable[[], Iterable[str]] | None

    @property
    def flag(self) -> bool:
        """Whether its option stands alone, and says False."""
        return self.kind.schema.get("type") == "boolean"

    @property
    def schema(self) -> dict[str, Any]:
        """What the page may send, as JSON schema."""
        names = [] if self.choices is None else [{"enum": [*self.choices()]}]
        parts = [*names, *([self.page.schema] if self.page.schema else [])]
        return dict(parts[0]) if len(parts) == 1 else {"anyOf": parts}

    @property
    def parameter(self) -> str:
        """The name of its option as an argument of a command."""
        return self.option.removeprefix("--").replace("-", "_")


def setting(
    default: Any,
    kind: Kind,
    option: str = "",
    doors: str = "",
    choices: Callable[[], Iterable[str]] | None = None,
    page: Kind | None = None,
    **defaults: Any,
) -> Any:
    """A field of a dataclass that is a setting.

    option: "--alpha NUMBER".  doors: where it is asked for; on the command line with the text that stands
    there by default, "fit=auto".  defaults: door → a default of its own.  choices: names that complete it.
    page: what the lab's page may send, where that is less than `kind`.
    """
    name, _, metavar = option.partition(" ")
    usual: dict[str, Any] = {}
    for words in doors.split():
        door, given, own = words.partition("=")
        usual[door] = own if given else None if door in COMMANDS else default
    about = (kind, name, metavar, {**usual, **defaults}, page or kind, choices)
    return field(default=default, metadata={"setting": about})


def settings_of(record: Any) -> dict[str, Setting]:
    """Name → setting, of a dataclass whose fields are settings."""
    return _settings_of(record)


@cache
def _settings_of(record: type) -> dict[str, Setting]:

    def row(part: Field) -> Setting:
        return Setting(part.name, part.default, *part.metadata["setting"])

    return {part.name: row(part) for part in fields(record) if "setting" in part.metadata}


def check_settings(record: Any) -> None:
    """Hold every setting of a dataclass against its kind, and keep what its kind takes of it."""
    for name, known in settings_of(type(record)).items():
        value = getattr(record, name)
        known.kind(name, value)
        if value is not None:
            object.__setattr__(record, name, known.kind.take(value))


def in_python(value: Any) -> str:
    """The value of a setting as it is written in Python; a noun with those of its fields that are not usual.

    >>> in_python({"x": 1.0}), in_python((4, 2)), in_python("auto")
    ('{"x": 1.0}', '[4, 2]', '"auto"')
    """
    if isinstance(value, Mapping) and "exhaustive" in value:
        return f"ds.Exhaustive({in_python(value['exhaustive'])})"
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(str(k), ensure_ascii=False)}: {in_python(part)}" for k, part in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(in_python, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if not is_dataclass(value):
        return f"{value}"
    if alone := getattr(value, "alone", None):
        return in_python(getattr(value, alone))
    usual = {part.name: part.default for part in fields(value)}
    own = {name: getattr(value, name) for name in usual if getattr(value, name) != usual[name]}
    module = type(value).__module__.rpartition(".")[2]
    place = f"{module}." if module in ("directions", "schedules", "searches") else ""
    return f"ds.{place}{type(value).__name__}({arguments(own)})"


def arguments(settings: Mapping[str, Any]) -> str:
    """The settings as arguments of a call in Python.

    >>> arguments({"alpha": 0.1, "penalty": "l2"})
    'alpha=0.1, penalty="l2"'
    """
    return ", ".join(f"{name}={in_python(value)}" for name, value in settings.items())

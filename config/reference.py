"""The reference page of all settings, made from the models: `python -m config.reference > docs/reference/configuration.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import time, timedelta
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from config import address, clearances, fields, model, operating, quiet, silenced, summary, waiting
from config.casebook import entries
from config.settings import Settings
from config.values import Written
from connectors.settings_types import duration_text

_HEAD = """# Configuration

Made by `python -m config.reference`; do not edit.

The bridge file is YAML in UTF-8. Every value is the text that was written: `12:30`, `no`, `0123` and `1.10` stay what
they are. Anchors, aliases, merge keys, tags and keys without a value are refused. A secret stands in no file: write
`env:NAME` for a variable of the environment or `file:PATH` for a file, relative to the file that names it. What the
environment does not hold is looked for in `bridge.env` beside `bridge.yaml`: NAME=value, one a line.
"""
_SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("The file", model.BridgeFile),
    ("units.CODE", model.UnitEntry),
    ("clearances.CLASS", clearances.ClearanceEntry),
    ("retention", model.RetentionEntry),
    ("sources.NAME", model.SourceEntry),
    ("Schedules", model.ScheduleEntry),
    ("sources.NAME.silence", model.SilenceEntry),
    ("sources.NAME.people", model.PeopleEntry),
    ("sources.NAME.people.roles", clearances.RolesEntry),
    ("sources.NAME.kinds.KIND", model.KindEntry),
    ("sources.NAME.kinds.KIND.fields.NAME", fields.FieldEntry),
    ("sources.NAME.kinds.KIND.fields.NAME.columns.NAME", fields.ColumnEntry),
    ("sources.NAME.kinds.KIND.fields.NAME.convert.UNIT", fields.ConversionEntry),
    ("applications.NAME", model.ApplicationEntry),
    ("applications.NAME.budget", quiet.BudgetEntry),
    ("destinations.NAME", model.DestinationEntry),
    ("destinations.NAME.attestation", model.AttestationEntry),
    ("destinations.NAME.quiet", quiet.QuietEntry),
    ("destinations.NAME.quiet.budget", quiet.BudgetEntry),
    ("routes.NAME", model.RouteEntry),
    ("routes.NAME.decide", model.DecideEntry),
    ("routes.NAME.to", address.TableEntry),
    ("routes.NAME.to with person or manager_of", address.PersonEntry),
    ("routes.NAME.by", waiting.DeadlineEntry),
    ("routes.NAME.expects", waiting.ExpectsEntry),
    ("routes.NAME.escalate", waiting.StepEntry),
    ("summaries.NAME", summary.SummaryEntry),
    ("silences.NAME", silenced.SilencedEntry),
    ("operators", operating.OperatorsEntry),
    ("operators.smtp", operating.SmtpEntry),
    ("operators.webhook", operating.WebhookEntry),
)
_CASES: tuple[tuple[str, type[BaseModel]], ...] = (
    ("Files of cases", entries.CasesFile),
    ("cases.NAME", entries.CaseEntry),
    ("cases.NAME.record", entries.RecordEntry),
    ("cases.NAME.expect.ROUTE.DESTINATION", entries.MessageEntry),
)
_PLAIN = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    timedelta: "duration",
    Path: "path",
    SecretStr: "secret",
    Any: "any",
}


def page() -> str:
    """Return the whole page as Markdown."""
    listed = [line for title, entry in (*_SECTIONS, *_CASES) for line in _section(title, entry)]
    return "\n".join([_HEAD, *listed, *_process()])


def _section(title: str, entry: type[BaseModel]) -> Iterator[str]:
    yield f"## {title}\n"
    yield f"{entry.__doc__}\n"
    yield from _table("Key", ((field.alias or name, field) for name, field in entry.model_fields.items()))


def _process() -> Iterator[str]:
    yield "## The environment\n"
    yield f"{Settings.__doc__}\n"
    fields = Settings.model_fields.items()
    yield from _table(
        "Variable", ((str(field.validation_alias or f"DINGBRIDGE_{name.upper()}"), field) for name, field in fields)
    )


def _table(head: str, rows: Iterator[tuple[str, FieldInfo]]) -> Iterator[str]:
    yield f"| {head} | Type | Default | Meaning |"
    yield "| --- | --- | --- | --- |"
    for key, field in rows:
        yield f"| `{key}` | {_field_type(field)} | {_default(field)} | {field.description} |"
    yield ""


def _field_type(field: FieldInfo) -> str:
    return _written(field.metadata) or _type(field.annotation)


def _written(metadata: Sequence[Any]) -> str:
    return next((each.how for each in reversed(metadata) if isinstance(each, Written)), "")


def _type(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _written(inner[1:]) or _type(inner[0])
    if origin in {Union, UnionType}:
        return " or ".join(_type(each) for each in inner if each is not NoneType)
    if origin is Literal:
        return ", ".join(f"`{each}`" for each in inner)
    if origin is tuple:
        return f"list of {_type(inner[0])}"
    return _mapping(inner) if origin in {Mapping, dict} else _class(annotation)


def _mapping(inner: tuple[Any, ...]) -> str:
    return "mapping" if inner[1] is Any else f"mapping of {_type(inner[0])} to {_type(inner[1])}"


def _class(annotation: Any) -> str:
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if issubclass(annotation, Enum):
        return ", ".join(f"`{each.value}`" for each in annotation)
    return "entry, see below"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is PydanticUndefined or value is None or value in ((), ""):
        return ""
    if isinstance(value, BaseModel):
        return ""
    return f"`{_plain(value)}`"


def _plain(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case time():
            return f"{value:%H:%M}"
        case timedelta():
            return duration_text(value)
        case tuple():
            return f"[{', '.join(map(_plain, value))}]"
        case _:
            return str(value)


if __name__ == "__main__":
    sys.stdout.write(page())

"""What all entries of the bridge file share: strict keys, and the names that one entry uses of another."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo
from pydantic_core import PydanticCustomError

from config.declared import Declared, DeclaredField, Fields, unknown
from config.values import DAY, Identifier, Name, Written, bound
from connectors.contract import Quantity
from pipelines.plan import OWN, Compare, FieldType

NAMING = frozenset({FieldType.REF, FieldType.TEXT, FieldType.LIST, None})
"""The types of fields that name people; None: the type is mistaken itself."""
_EQUATABLE = frozenset({FieldType.TEXT, FieldType.BOOL, FieldType.CHOICE, FieldType.REF, FieldType.DATE, None})


def _declared(info: ValidationInfo) -> Declared:
    found = info.context
    if not isinstance(found, Declared):
        raise TypeError("the models of the bridge file are validated with a Declared as their context")
    return found


def mapped_fields(info: ValidationInfo) -> Fields | None:
    """Return the fields of the kind that the entry is about; None when they are not known."""
    return _declared(info).fields(info.data.get("from_", ""))


def _mapped(name: str, info: ValidationInfo) -> str:
    fields = mapped_fields(info)
    if fields is not None and name not in fields:
        raise ValueError(unknown(name, fields, f"field of {info.data['from_']}"))
    return name


def _equatable(name: str, info: ValidationInfo) -> str:
    found = (mapped_fields(info) or {}).get(name)
    if found is not None and found.type not in _EQUATABLE:
        raise ValueError(f"'{name}' is {found.type}: only text, bool, choice, ref and date can be compared like this")
    return name


def equatable_fields(info: ValidationInfo) -> Fields | None:
    """Return the fields of the entry's kind that can be compared as texts; None when they are not known."""
    fields = mapped_fields(info)
    return fields and {name: found for name, found in fields.items() if found.type in _EQUATABLE}


def text_fault(field: DeclaredField, text: str) -> str:
    """Say why `text` is no value of such a field; empty where it may be one."""
    if field.type is FieldType.BOOL and text not in {"true", "false"}:
        return "the field is bool: write true or false"
    if field.type is FieldType.DATE and re.fullmatch(DAY, text) is None:
        return "the field is a date: write 2026-11-01"
    return ""


def _comparable(equals: Mapping[str, str], info: ValidationInfo) -> Mapping[str, str]:
    fields = mapped_fields(info) or {}
    for name, text in equals.items():
        if name in fields and (fault := text_fault(fields[name], text)):
            raise at(fault, name)
    return equals


def _unmapped(name: str, info: ValidationInfo) -> str:
    if name in (mapped_fields(info) or {}):
        raise ValueError(f"'{name}' is a field: give the threshold another name")
    return name


def _theirs(name: str) -> str:
    if name == OWN:
        raise ValueError(f"'{OWN}' is the source of what the program itself tells: take another name")
    return name


def _bounded(threshold: ThresholdEntry, info: ValidationInfo) -> ThresholdEntry:
    if len(threshold) != 1 or any(len(comparison) != 1 for comparison in threshold.values()):
        raise ValueError("write one field with one comparison: {amount: {at_least: HKD 1000000}}")
    for name, comparison in threshold.items():
        found = (mapped_fields(info) or {}).get(name)
        for compare, text in comparison.items():
            if found is not None and found.type is not None:
                try:
                    limit = bound(found.type, text, found.constant)
                    if found.coded and isinstance(limit, Quantity):
                        _declared(info).unit(limit.unit)
                except ValueError as error:
                    raise at(str(error), name, compare) from error
    return threshold


def at(sentence: str, *location: str) -> PydanticCustomError:
    """Make an error that stands at `location` below the value that is validated."""
    return PydanticCustomError("at", "{sentence}", {"sentence": sentence, "at": location})


def decidable(info: ValidationInfo, by: str, compared: Sequence[str]) -> None:
    """Check what a route's decision says of the route's fields. Raises an error at its place."""
    known = info.data["fields"]
    for name, where in ((by, ("by",)), *((each, ("compared", str(n))) for n, each in enumerate(compared))):
        if name not in known:
            raise at(unknown(name, known, "field that this route tells"), *where)
    found = (mapped_fields(info) or {}).get(by)
    if found is not None and found.type not in NAMING:
        raise at(f"'{by}' is {found.type}: who decides is named by a ref, a text or a list", "by")


DataClass = Annotated[Name, AfterValidator(lambda name, info: _declared(info).data_class(name)), Written("data class")]
UnitName = Annotated[str, AfterValidator(lambda name, info: _declared(info).unit(name)), Written("unit")]
ConnectorName = Annotated[
    str, AfterValidator(lambda name, info: _declared(info).connector(name)), Written("name of a connector")
]
DestinationName = Annotated[
    str, AfterValidator(lambda name, info: _declared(info).destination(name)), Written("name of a destination")
]
ApplicationName = Annotated[
    str, AfterValidator(lambda name, info: _declared(info).application(name)), Written("name of an application")
]
RouteName = Annotated[str, AfterValidator(lambda name, info: _declared(info).route(name)), Written("name of a route")]
SourceName = Annotated[Name, AfterValidator(_theirs), Written("name")]
KindName = Annotated[str, AfterValidator(lambda name, info: _declared(info).kind(name)), Written("source.Kind")]
Mapped = Annotated[str, AfterValidator(_mapped), Written("field name")]
Equatable = Annotated[Mapped, AfterValidator(_equatable)]
ThresholdName = Annotated[Identifier, AfterValidator(_unmapped), Written("name")]
ThresholdEntry = dict[Mapped, dict[Compare, str]]


Equals = Annotated[Mapping[Equatable, str], AfterValidator(_comparable)]
Comparison = Annotated[ThresholdEntry, AfterValidator(_bounded)]


class Entry(BaseModel):
    """What all entries share: no unknown keys, and no value in an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

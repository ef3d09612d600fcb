"""What a person wants written: as the vendor takes it, and compared with what is there.

https://developer.salesforce.com/docs/platform/object-reference/guide/field-types.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from connectors.contract import Choice, Hidden, Misconfigured, Money, Quantity, Ref, Value
from connectors.salesforce.records import id18

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def body(fields: Mapping[str, Value]) -> bytes:
    """Return the JSON of an update. Numbers keep their digits; None empties a field."""
    return _ENCODER.encode({name: plain(value) for name, value in fields.items()})


def plain(value: Value) -> Any:
    """Return a value as JSON has it. Raises Misconfigured for what cannot be written."""
    match value:
        case Money(amount=number) | Quantity(value=number):
            return number
        case Choice(code=text) | Ref(id=text):
            return text
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case str() | bool() | Decimal() | None:
            return value
        case tuple() if all(isinstance(each, str) for each in value):
            return ";".join(str(each) for each in value)
        case _:
            raise Misconfigured("A field cannot be set to a value of this kind: correct the action.")


def differ(wanted: Mapping[str, Value], present: Mapping[str, Value]) -> list[str]:
    """Return the names of the fields that are not as wanted."""
    return [name for name, value in wanted.items() if not _same(value, present.get(name))]


def other_currency(wanted: Mapping[str, Value], present: Mapping[str, Value]) -> str:
    """Return the name of an amount that is wanted in another currency than the record has, or nothing."""
    for name, value in wanted.items():
        there = present.get(name)
        if isinstance(value, Money) and isinstance(there, Money) and value.currency != there.currency:
            return name
    return ""


def _same(wanted: Value, present: Value) -> bool:
    if isinstance(present, Hidden):
        return False
    one, other = plain(wanted), plain(present)
    if isinstance(present, Ref) and isinstance(one, str):
        return len(one) in {15, 18} and id18(one) == present.id
    # An empty text is how an emptied field is often asked for, and empty is what comes back.
    return bool((one if one != "" else None) == other)

"""From a row of a query to a Record, typed by the layout.

Field types: https://developer.salesforce.com/docs/platform/object-reference/guide/field-types.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from types import MappingProxyType
from typing import Any

from connectors.contract import HIDDEN, Choice, Malformed, Money, Record, Ref, Refused, Scalar, Unread, Value
from connectors.rich_text import plain
from connectors.salesforce.layout import HTML, Column, Layout

Row = Mapping[str, Any]

_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_NUMBERS = frozenset({"currency", "double", "percent", "int", "long"})
_WIDE = Context(prec=400)
"""Holds every double."""
_ODD = (ValueError, ArithmeticError, TypeError, KeyError, AttributeError, Refused)
_POLYMORPHIC = MappingProxyType({"005": "User", "00G": "Group"})


def id18(value: Any) -> str:
    """Return the 18-character form of a record id, which may be compared without regard to case.

    The last three characters tell which letters of each five are capitals:
    https://help.salesforce.com/s/articleView?id=000385585. Raises Refused for what is no id.
    """
    text = str(value)
    if len(text) not in {15, 18} or not (text.isascii() and text.isalnum()):
        raise Refused("This is not a Salesforce record id: it has 15 or 18 letters and digits.")
    short = text[:15]
    parts = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(
        _CHECK[sum(letter.isupper() << place for place, letter in enumerate(part))] for part in parts
    )


def moment(text: Any) -> datetime:
    """Read the vendor's `2026-01-31T09:30:00.000+0000` as aware UTC. Raises ValueError for anything else."""
    stamp = datetime.fromisoformat(text)
    if stamp.tzinfo is None:
        raise ValueError("a time without zone")
    return stamp.astimezone(UTC)


class Misfit(ValueError):
    """A field is not of its described type."""


def record_of(row: Row, layout: Layout, source: str, instance: str) -> Record:
    """Make the Record of one row; `instance` is the address of the org, without trailing slash.

    Raises Malformed when the row is not of the types that the org itself describes.
    """
    try:
        return _record(row, layout, source, instance)
    except Misfit as misfit:
        which = str(misfit)
    except _ODD:
        which = "its id, stamp or author"
    raise Malformed(
        f"A row of {layout.kind} does not fit the org's own description in {which}: look at the record in Salesforce, "
        "correct it there, or take the field out of the mapping.",
        body=json.dumps(row, default=str).encode(),
    )


def unread(row: Any, layout: Layout, source: str, why: Malformed) -> Unread:
    """Set aside a row that cannot be read; it may be anything."""
    given = row.get("Id") if isinstance(row, Mapping) else None
    record_id = str(given) if isinstance(given, str) and given.isascii() and given.isalnum() else ""
    return Unread(source, layout.kind, record_id[:18], str(why), why.body)


def place_of(row: Row, layout: Layout) -> tuple[datetime, str]:
    """Return stamp (aware UTC) and id of a row. Raises Malformed when it has none."""
    try:
        return moment(row[layout.stamp]), id18(row["Id"])
    except (ValueError, TypeError, KeyError, Refused) as fault:
        raise Malformed(
            f"Salesforce listed a row of {layout.kind} without id or stamp.", body=b"", detail=type(fault).__name__
        ) from None


def gone(record_id: str, kind: str, source: str, read_at: datetime) -> Record:
    """Make the Record of an id that a read did not find: it has no stamp but the time of the read (aware UTC)."""
    return Record(
        source=source,
        kind=kind,
        id=record_id,
        version=read_at.isoformat(),
        stamp=read_at,
        fields=MappingProxyType({}),
        deleted=True,
    )


def _record(row: Row, layout: Layout, source: str, instance: str) -> Record:
    record_id = id18(row["Id"])
    deleted = row.get("IsDeleted") is True
    by = row.get("LastModifiedById")
    happened = row.get("LastModifiedDate")
    return Record(
        source=source,
        kind=layout.kind,
        id=record_id,
        version=str(row[layout.stamp]),
        stamp=moment(row[layout.stamp]),
        fields=MappingProxyType({} if deleted else _values(row, layout)),
        number=str(row.get(layout.number) or "") if layout.number else "",
        # A record in the recycle bin has no page.
        url="" if deleted else f"{instance}/lightning/r/{layout.kind}/{record_id}/view",
        changed_by=Ref("User", id18(by), _label(row, ("LastModifiedBy",))) if by else None,
        occurred_at=moment(happened) if happened else None,
        deleted=deleted,
    )


def _values(row: Row, layout: Layout) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for column in layout.columns:
        try:
            values[column.name] = _value(row, column)
        except _ODD:
            raise Misfit(f"the field {column.name}, which is of type {column.type}") from None
    return values | dict.fromkeys(layout.hidden, HIDDEN)


def _value(row: Row, column: Column) -> Scalar:
    raw = _at(row, column.path)
    if raw is None:
        return None
    if column.type in _NUMBERS:
        number = _number(raw, column.scale)
        code = _at(row, column.currency) if column.currency else None
        # Without a code the amount stays bare: the org's one currency is not in the row, and is not guessed.
        return Money(number, str(code)) if code else number
    if column.type == "picklist":
        return Choice(_text(raw), column.labels.get(raw, raw))
    if column.type == "reference":
        return _reference(row, column, id18(raw))
    return _PLAIN.get(column.type, _text)(raw)


def _reference(row: Row, column: Column, target: str) -> Ref:
    """Behind a link to several objects the vendor itself speaks of a `Name`, unless the id's prefix tells."""
    return Ref(column.target or _POLYMORPHIC.get(target[:3], "Name"), target, _label(row, column.relation))


def _at(row: Row, path: tuple[str, ...]) -> Any:
    """Follow a path. An empty relationship makes all behind it empty; a step that was asked for must be there."""
    value: Any = row
    for step in path:
        if value is None:
            return None
        value = value[step]
    return value


def _label(row: Row, relation: tuple[str, ...]) -> str:
    """The name of a related record, where the query happened to ask for it."""
    related: Any = row if relation else None
    for step in relation:
        related = related.get(step) if related else None
    return str(related.get("Name") or "") if related else ""


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise TypeError("no text")
    return raw


def _number(raw: Any, scale: int) -> Decimal:
    """Write a number with the digits that its field has: 1250000.5 may come as 1.2500005E6 (A-SALESFORCE-51).

    One that has more is left as it came: nothing is rounded.
    """
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        raise TypeError("no number")
    number = Decimal(raw)
    written = number.quantize(Decimal(1).scaleb(-scale), context=_WIDE)
    return written if written == number else number


def _boolean(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise TypeError("no truth value")
    return raw


def _choices(raw: Any) -> tuple[str, ...]:
    return tuple(_text(raw).split(";"))


def _date(raw: Any) -> date:
    """A date has no zone: it is never shifted."""
    return date.fromisoformat(_text(raw))


_PLAIN: Mapping[str, Callable[[Any], Scalar]] = MappingProxyType(
    {
        "boolean": _boolean,
        "date": _date,
        "datetime": moment,
        "id": id18,
        HTML: lambda raw: plain(_text(raw)),
        "multipicklist": _choices,
    }
)

"""From a row to a Record, typed by the layout.

Field types: https://www.zoho.com/crm/developer/docs/api/v8/field-meta.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from types import MappingProxyType
from typing import Any

from connectors.contract import HIDDEN, Choice, Money, Record, Ref, Refused, Row, Scalar, Value
from connectors.rich_text import plain
from connectors.zoho.layout import CURRENCY, Column, Form, Layout

RawRow = Mapping[str, Any]

_ID = re.compile(r"[0-9]{1,20}")
_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?")
_WIDE = Context(prec=400)
_TABS: Mapping[str, str] = MappingProxyType({"Deals": "Potentials"})
"""Modules whose pages have another name than their API (A-ZOHO-110)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where records come from: the source's name and the address of its pages, empty where it is not known."""

    source: str
    web: str
    tab: str = ""


@dataclass(frozen=True, slots=True)
class Readout:
    """A row as a record; `unreadable` names the fields that were not as the vendor describes them, and are absent."""

    record: Record
    unreadable: tuple[str, ...] = ()


def moment(text: Any) -> datetime:
    """Read the vendor's `2026-01-31T09:30:00+08:00` as aware UTC. Raises ValueError or TypeError for anything else.

    The offset is the asking user's, so that two users' texts of one moment differ.
    """
    stamp = datetime.fromisoformat(text)
    if stamp.tzinfo is None:
        raise ValueError("a time without zone")
    return stamp.astimezone(UTC)


def written(at: datetime) -> str:
    """Write an aware time as the vendor reads it, with its offset, and in one form for all users."""
    precision = "milliseconds" if at.microsecond else "seconds"
    return at.astimezone(UTC).isoformat(timespec=precision)


def checked_id(value: Any) -> str:
    """Return a record's or person's id: digits, longer than what a float holds. Raises Refused for what is none."""
    text = str(value)
    if isinstance(value, bool) or not _ID.fullmatch(text):
        raise Refused("This is not an id of Zoho CRM: it has up to twenty digits and nothing else.")
    return text


def place_of(row: Any) -> tuple[datetime, str] | None:
    """Return stamp (aware UTC) and id of a row, None when it has none."""
    try:
        return moment(row["Modified_Time"]), checked_id(row["id"])
    except (ValueError, TypeError, KeyError, Refused):
        return None


def readout(row: RawRow, layout: Layout, origin: Origin, rows: Mapping[str, Sequence[RawRow]]) -> Readout:
    """Make the Record of a row that has a place; `rows` are its subforms' rows by the subform's name."""
    stamp, record_id = moment(row["Modified_Time"]), checked_id(row["id"])
    currency = _code(row.get(CURRENCY))
    values, unreadable = _values(row, layout.columns, currency)
    fields: dict[str, Value] = {**values, **dict.fromkeys(layout.hidden, HIDDEN)}
    for subform in layout.subforms:
        cells = [_values(each, subform.columns, currency) for each in rows.get(subform.name, ())]
        fields[subform.name] = tuple(_frozen(each) for each, _ in cells)
        unreadable += [f"{subform.name}.{name}" for _, names in cells for name in names]
    by = row.get("Modified_By")
    record = Record(
        source=origin.source,
        kind=layout.kind,
        id=record_id,
        version=written(stamp),
        stamp=stamp,
        fields=MappingProxyType(fields),
        number=str(row.get(layout.number) or "") if layout.number else "",
        url=_page(origin, layout.kind, record_id),
        changed_by=person(by),
        occurred_at=stamp,
    )
    return Readout(record, tuple(dict.fromkeys(unreadable)))


def gone(record_id: str, kind: str, source: str, at: datetime) -> Record:
    """Make the Record of what was deleted, or not found, at `at` (aware UTC)."""
    return Record(
        source=source,
        kind=kind,
        id=record_id,
        version=written(at),
        stamp=at,
        fields=MappingProxyType({}),
        deleted=True,
    )


def person(raw: Any) -> Ref | None:
    """Read a user as rows name one; a query gives the id alone."""
    if not isinstance(raw, dict) or not raw.get("id"):
        return None
    return Ref("users", str(raw["id"]), str(raw.get("name") or ""))


def _frozen(cells: Mapping[str, Scalar]) -> Row:
    return MappingProxyType(dict(cells))


def _values(row: RawRow, columns: Sequence[Column], currency: str) -> tuple[dict[str, Scalar], list[str]]:
    values: dict[str, Scalar] = {}
    unreadable: list[str] = []
    for column in columns:
        try:
            raw = _at(row, column.path)
            values[column.path] = None if raw is None else _READ[column.form](raw, column, currency)
        except (ValueError, ArithmeticError, TypeError, KeyError, AttributeError, Refused):
            unreadable.append(column.path)
    return values, unreadable


def _at(row: RawRow, path: str) -> Any:
    """Find a value. A query gives what it reached through a lookup under the whole path (A-ZOHO-105)."""
    if path in row:
        return row[path]
    head, _, rest = path.partition(".")
    if not rest:
        raise KeyError(path)
    inner = row[head]
    return None if inner is None else inner[rest]


def _page(origin: Origin, kind: str, record_id: str) -> str:
    if not origin.web:
        return ""
    tab = origin.tab or _TABS.get(kind) or kind.replace("_", "")
    return f"{origin.web}/crm/tab/{tab}/{record_id}"


def _code(raw: Any) -> str:
    return raw if isinstance(raw, str) else ""


def _text(raw: Any, _column: Column, _currency: str) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        raise TypeError("no text")
    return str(raw)


def _number(raw: Any, column: Column, _currency: str) -> Decimal:
    """Write a number with the digits that its field has, so that two calls' forms of it are one; nothing is rounded."""
    if isinstance(raw, str) and _NUMBER.fullmatch(raw):
        raw = Decimal(raw)
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        raise TypeError("no number")
    number = Decimal(raw)
    form = number.quantize(Decimal(1).scaleb(-(column.places or 0)), context=_WIDE)
    if form == number:
        return form
    return number.normalize(_WIDE)


def _money(raw: Any, column: Column, currency: str) -> Money | Decimal:
    """Without a code the amount stays bare: an org's only currency is not in the row, and is not guessed."""
    number = _number(raw, column, currency)
    return Money(number, currency) if currency else number


def _truth(raw: Any, _column: Column, _currency: str) -> bool:
    if not isinstance(raw, bool):
        raise TypeError("no truth value")
    return raw


def _date(raw: Any, _column: Column, _currency: str) -> date:
    """A date has no zone: it is never shifted."""
    return date.fromisoformat(raw)


def _choice(raw: Any, column: Column, currency: str) -> Choice:
    """A value that the description lacks is its own label: it was added since, or taken out while records keep it."""
    text = _text(raw, column, currency)
    code = text if text in column.labels else column.codes.get(text, text)
    return Choice(code, column.labels.get(code, code))


def _choices(raw: Any, column: Column, currency: str) -> tuple[str, ...]:
    if not isinstance(raw, list):
        raise TypeError("no list")
    return tuple(_choice(each, column, currency).code for each in raw)


def _link(raw: Any, column: Column, _currency: str) -> Ref:
    module = raw.get("module")
    kind = column.target or str(module.get("api_name") if isinstance(module, dict) else module or "")
    return Ref(kind, checked_id(raw["id"]), str(raw.get("name") or ""))


def _links(raw: Any, _column: Column, _currency: str) -> tuple[str, ...]:
    """People read names, so a list of links is one of names; without a name the id stands."""
    return tuple(_linked(each) for each in raw)


def _linked(raw: Any) -> str:
    inner = next((each for each in raw.values() if isinstance(each, dict) and each.get("id")), raw)
    return str(inner.get("name") or checked_id(inner["id"]))


_READ: Mapping[Form, Callable[[Any, Column, str], Scalar]] = MappingProxyType(
    {
        Form.TEXT: _text,
        Form.RICH_TEXT: lambda raw, column, currency: plain(_text(raw, column, currency)),
        Form.NUMBER: _number,
        Form.MONEY: _money,
        Form.TRUTH: _truth,
        Form.DATE: _date,
        Form.MOMENT: lambda raw, _column, _currency: moment(raw),
        Form.CHOICE: _choice,
        Form.CHOICES: _choices,
        Form.LINK: _link,
        Form.PERSON: _link,
        Form.LINKS: _links,
    }
)

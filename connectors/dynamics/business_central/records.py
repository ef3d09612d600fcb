"""From a row to a Record, typed by the layout.

Types: https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote
from uuid import UUID

from connectors.contract import HIDDEN, Choice, Money, Quantity, Record, Ref, Refused, Row, Scalar, Unread, Value
from connectors.dynamics.business_central.layout import Column, Form, Group, Layout, label_of
from connectors.dynamics.business_central.settings import LOCAL
from connectors.odata import guid, number

RawRow = Mapping[str, Any]

NO_ID = UUID(int=0)
NO_YEAR = 1
"""Business Central writes an empty date as 0001-01-01 and an empty link as the GUID of zeros."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where records come from: the source, the address of the company's pages, the company's own currency.

    `page` is the number of the page that shows a record (0: not known); `local` may raise Misconfigured.
    """

    source: str
    web: str
    company: str
    page: int
    local: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Readout:
    """A row as a record; `unreadable` names the properties that are not as the API describes them.

    `missing` names those that were asked for and did not come.
    """

    record: Record
    unreadable: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def odd(self) -> tuple[str, ...]:
        """All that is not as it is described."""
        return (*self.unreadable, *self.missing)


def moment(text: Any) -> datetime:
    """Read `2023-09-02T17:49:38.5Z` as aware UTC. Raises ValueError or TypeError for anything else, and for no time."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or at.year == NO_YEAR:
        raise ValueError("no time, or a time without zone")
    return at.astimezone(UTC)


def written(at: datetime) -> str:
    """Write an aware time in one form, however many decimals the vendor shows."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def checked_id(value: Any, key_type: str = "Edm.Guid") -> str:
    """Return a record's id: a GUID in small letters, or a short text. Raises Refused for what is none."""
    if key_type == "Edm.Guid":
        try:
            return str(guid(str(value)))
        except ValueError:
            raise Refused("This is not an id of Business Central: it is a GUID.") from None
    text = str(value)
    if isinstance(value, bool) or not 0 < len(text) <= 250 or not text.isprintable():
        raise Refused("This is not a key of Business Central.")
    return text


def key_literal(record_id: str, key_type: str) -> UUID | int | str:
    """Return an id as it stands in a filter or an address."""
    if key_type == "Edm.Guid":
        return guid(record_id)
    return int(record_id) if key_type.startswith("Edm.Int") else record_id


def place_of(row: Any, layout: Layout) -> tuple[datetime, str] | None:
    """Return stamp (aware UTC) and id of a row, None when it has none."""
    try:
        return moment(row[layout.stamp]), checked_id(row[layout.key], layout.key_type)
    except (ValueError, TypeError, KeyError, Refused):
        return None


def stamp_of(row: Any, layout: Layout, read_at: datetime) -> datetime | None:
    """Return a row's stamp (aware UTC), for a snapshot the time of the read; None for a row without id or stamp."""
    try:
        checked_id(row[layout.key], layout.key_type)
        return moment(row[layout.stamp]) if layout.stamp else read_at
    except (ValueError, TypeError, KeyError, Refused):
        return None


def readout(row: RawRow, layout: Layout, origin: Origin, at: datetime) -> Readout:
    """Make the Record of a row that has an id; `at` (aware UTC) is its stamp: the vendor's, or the time of the read.

    Raises Misconfigured where an amount is in the company's own currency and nobody tells which that is.
    """
    values, unreadable = _values(row, row, layout.columns, origin)
    missing = [each.name for each in layout.columns if each.name not in {*values, *unreadable}]
    fields: dict[str, Value] = {**values, **dict.fromkeys(layout.hidden, HIDDEN)}
    for group in layout.groups:
        found = _linked(row, group)
        if found is None:
            missing.append(group.name)
            continue
        cells = [_values(each, row, group.columns, origin) for each in found]
        unreadable += [f"{group.name}.{name}" for _, names in cells for name in names]
        fields.update(_grouped(group, [values for values, _ in cells]))
    number_ = str(row.get(layout.number) or "") if layout.number else ""
    record = Record(
        source=origin.source,
        kind=layout.kind,
        id=checked_id(row[layout.key], layout.key_type),
        version=written(at),
        stamp=at,
        fields=MappingProxyType(fields),
        number=number_,
        url=_page(origin, number_),
        occurred_at=at if layout.stamp else None,
    )
    return Readout(record, tuple(dict.fromkeys(unreadable)), tuple(missing))


def unread(row: Any, layout: Layout, source: str, fields: Sequence[str]) -> Unread:
    """Set aside a row that cannot be read; it may be anything. `fields` names what does not fit, none for its place."""
    record_id = ""
    if isinstance(row, Mapping):
        try:
            record_id = checked_id(row.get(layout.key), layout.key_type)
        except Refused:
            record_id = ""
    frame = f"{layout.key} or {layout.stamp}" if layout.stamp else layout.key
    return Unread(
        source,
        layout.kind,
        record_id,
        f"A row of {layout.entity_set} does not fit the API's own description in {', '.join(fields) or frame}: look at "
        "the record in Business Central, and report it if the value is as it should be.",
        json.dumps(row, default=str).encode(),
    )


def gone(record_id: str, kind: str, source: str, at: datetime) -> Record:
    """Make the Record of what was not found at `at` (aware UTC)."""
    return Record(
        source=source,
        kind=kind,
        id=record_id,
        version=written(at),
        stamp=at,
        fields=MappingProxyType({}),
        deleted=True,
    )


def _linked(row: RawRow, group: Group) -> Sequence[RawRow] | None:
    """Return the rows behind a navigation property, None where they did not come."""
    inner = row.get(group.name)
    if not group.many:
        inner = [inner] if isinstance(inner, Mapping) else [] if group.name in row and inner is None else None
    return inner if isinstance(inner, list) and all(isinstance(each, Mapping) for each in inner) else None


def _grouped(group: Group, cells: Sequence[Mapping[str, Scalar]]) -> Mapping[str, Value]:
    """Name what lies behind a navigation property: its rows, or the values of the one record, empty without one."""
    if group.many:
        return {group.name: tuple(_frozen(each) for each in cells)}
    one: Mapping[str, Scalar] = cells[0] if cells else dict.fromkeys((each.name for each in group.columns), None)
    return {f"{group.name}.{name}": value for name, value in one.items()}


def _frozen(cells: Mapping[str, Scalar]) -> Row:
    return MappingProxyType(dict(cells))


def _values(
    row: RawRow, document: RawRow, columns: Sequence[Column], origin: Origin
) -> tuple[dict[str, Scalar], list[str]]:
    """Read the columns of a row; `document` holds the currency of its lines as well."""
    values: dict[str, Scalar] = {}
    unreadable: list[str] = []
    for column in columns:
        if column.name not in row:
            continue
        raw = row[column.name]
        try:
            values[column.name] = (
                None if raw is None else _READ[column.form](raw, column, _Beside(row, document, origin))
            )
        except (ValueError, ArithmeticError, TypeError, KeyError, AttributeError, Refused):
            unreadable.append(column.name)
    return values, unreadable


@dataclass(frozen=True, slots=True)
class _Beside:
    """What stands beside a value: its row, the document that the row belongs to, and the company."""

    row: RawRow
    document: RawRow
    origin: Origin


def _page(origin: Origin, number_: str) -> str:
    if not origin.page or not number_:
        return ""
    filters = f"'No.' IS '{number_.replace(chr(39), chr(39) * 2)}'"
    return f"{origin.web}?company={quote(origin.company)}&page={origin.page}&filter={quote(filters, safe='')}"


def _text(raw: Any, _column: Column, _beside: _Beside) -> str | None:
    if not isinstance(raw, str):
        raise TypeError("no text")
    return None if raw in {"", str(NO_ID)} else raw


def _currency(raw: Any, column: Column, beside: _Beside) -> str | None:
    """An empty code is the company's own currency, which other programs would not guess."""
    return _text(raw, column, beside) or beside.origin.local()


def _money(raw: Any, column: Column, beside: _Beside) -> Money:
    code = "" if column.beside == LOCAL else beside.document[column.beside]
    if not isinstance(code, str):
        raise TypeError("no currency")
    return Money(number(raw), code or beside.origin.local())


def _quantity(raw: Any, column: Column, beside: _Beside) -> Quantity | None:
    """A line of text has the quantity zero and no unit: that is none, and must not hold its document back."""
    unit, value = beside.row[column.beside], number(raw)
    if not isinstance(unit, str):
        raise TypeError("no unit")
    return Quantity(value, unit) if unit or value else None


def _truth(raw: Any, _column: Column, _beside: _Beside) -> bool:
    if not isinstance(raw, bool):
        raise TypeError("no truth value")
    return raw


def _date(raw: Any, _column: Column, _beside: _Beside) -> date | None:
    """A date has no zone: it is never shifted."""
    day = date.fromisoformat(raw)
    return None if day.year == NO_YEAR else day


def _moment(raw: Any, _column: Column, _beside: _Beside) -> datetime | None:
    return None if re.match(r"0001-01-01T", raw) else moment(raw)


def _choice(raw: Any, column: Column, _beside: _Beside) -> Choice | None:
    """A name that the description lacks is read all the same: an extension may have added it since."""
    if not isinstance(raw, str):
        raise TypeError("no name")
    label = column.members.get(raw) or label_of(raw)
    return Choice(label, label) if label else None


def _link(raw: Any, column: Column, beside: _Beside) -> Ref | None:
    linked = guid(raw)
    if linked == NO_ID:
        return None
    label = next((beside.row[each] for each in column.labels if beside.row.get(each)), "")
    return Ref(column.target, str(linked), str(label))


_READ: Mapping[Form, Callable[[Any, Column, _Beside], Scalar]] = MappingProxyType(
    {
        Form.TEXT: _text,
        Form.CURRENCY: _currency,
        Form.NUMBER: lambda raw, _column, _beside: number(raw),
        Form.MONEY: _money,
        Form.QUANTITY: _quantity,
        Form.TRUTH: _truth,
        Form.DATE: _date,
        Form.MOMENT: _moment,
        Form.CHOICE: _choice,
        Form.LINK: _link,
    }
)

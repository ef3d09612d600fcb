"""From a row to a Record, typed by the layout.

https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query/select-columns
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import HIDDEN, Choice, Money, Quantity, Record, Ref, Refused, Row, Scalar, Unread, Value
from connectors.dynamics.dataverse.layout import (
    BY,
    CURRENCY,
    FOR_OTHERS,
    STAMP,
    Column,
    Form,
    Layout,
    Sheet,
    value_of,
)
from connectors.dynamics.dataverse.lookups import Known
from connectors.odata import RawRow, Removed, annotation, etag, guid, moment, number

LABEL = "OData.Community.Display.V1.FormattedValue"
TARGET = "Microsoft.Dynamics.CRM.lookuplogicalname"
PEOPLE = "systemuser"
_WIDE = Context(prec=400)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where records come from: the source's name, the environment's address, the app that their links open in.

    `zone` is that of the people who fill in days.
    """

    source: str
    url: str
    app_id: str = ""
    zone: ZoneInfo | None = None

    def page(self, table: str, record_id: str) -> str:
        """Return where a record opens.

        https://learn.microsoft.com/power-apps/developer/model-driven-apps/open-forms-views-dialogs-reports-url
        """
        app = f"appid={self.app_id}&" if self.app_id else ""
        return f"{self.url}/main.aspx?{app}pagetype=entityrecord&etn={table}&id={record_id}"


def checked_id(text: str) -> str:
    """Return a record's or person's id in the form that Dataverse writes it. Raises Refused for what is none."""
    try:
        return str(guid(text))
    except ValueError:
        raise Refused("This is not an id of Dataverse: it has 32 hexadecimal digits in five groups.") from None


def id_of(row: RawRow, key: str) -> str:
    """Return a row's id, empty where it has none."""
    try:
        return str(guid(str(row.get(key))))
    except ValueError:
        return ""


def stamp_of(row: RawRow) -> datetime | None:
    """Return when a row was last changed, aware UTC; None where it does not say."""
    try:
        return moment(row.get(STAMP))
    except (ValueError, TypeError):
        return None


def version_of(row: RawRow) -> str:
    """Return the tag of a row's state, or its stamp where the table keeps none."""
    return etag(row) or str(row.get(STAMP) or "")


def needs(sheet: Sheet, rows: Sequence[RawRow]) -> tuple[set[str], set[str]]:
    """Return the ids of the currencies and of the units that these rows refer to."""
    units = {each.unit for each in sheet.columns if each.unit}
    currencies = {str(row.get(value_of(CURRENCY)) or "") for row in rows} if sheet.currency else set()
    return currencies, {str(row.get(unit) or "") for row in rows for unit in units}


def record_of(
    row: RawRow, layout: Layout, origin: Origin, known: Known, lines: Mapping[str, Sequence[RawRow]]
) -> Record | Unread:
    """Make the Record of a row; `lines` are the rows of its document by their table's name.

    A row without id or stamp, or with a value that is not what the description says, is set aside.
    """
    record_id, stamp = id_of(row, layout.table.key), stamp_of(row)
    if not record_id or stamp is None:
        return unread(row, record_id, layout.kind, origin.source, ("id or modifiedon",))
    values, odd = _values(row, layout.sheet, known, origin.zone)
    fields: dict[str, Value] = dict(values)
    for each in layout.lines:
        cells = [_values(line, each.sheet, known, origin.zone) for line in lines.get(each.sheet.table.name, ())]
        fields[each.sheet.table.name] = tuple(_frozen(found) for found, _ in cells)
        odd += [f"{each.sheet.table.name}.{name}" for _, names in cells for name in names]
    if odd:
        return unread(row, record_id, layout.kind, origin.source, tuple(dict.fromkeys(odd)))
    for_others = row.get(value_of(FOR_OTHERS))
    return Record(
        source=origin.source,
        kind=layout.kind,
        id=record_id,
        version=version_of(row),
        stamp=stamp,
        fields=MappingProxyType(fields),
        number=str(row.get(layout.number) or ""),
        url=origin.page(layout.table.name, record_id),
        changed_by=_person(row, value_of(BY)),
        origin=str(for_others or ""),
        occurred_at=stamp,
    )


def unread(row: RawRow, record_id: str, kind: str, source: str, fields: Sequence[str]) -> Unread:
    """Set aside a row that cannot be read; `fields` names what does not fit."""
    return Unread(
        source,
        kind,
        record_id,
        f"A row of {kind} does not fit Dataverse's own description in {', '.join(fields)}: look at the record there, "
        "or take the column out of `kinds`.",
        json.dumps(row, default=str).encode(),
    )


def tombstone(removed: Removed, kind: str, source: str, at: datetime) -> Record | Unread:
    """Make the Record of a deletion that a delta tells, without its time; `at` (aware UTC) is when it was told.

    The vendor writes the bare id; the standard has the address of the entity, which ends with it.
    """
    found = re.search(r"([0-9A-Fa-f-]{36})\)?$", removed.id)
    record_id = id_of({"id": found[1]}, "id") if found else ""
    if not record_id:
        return unread({"id": removed.id, "reason": removed.reason}, "", kind, source, ("the id of a deleted row",))
    return gone(record_id, kind, source, at)


def gone(record_id: str, kind: str, source: str, at: datetime) -> Record:
    """Make the Record of what was deleted, or not found, at `at` (aware UTC)."""
    return Record(
        source=source,
        kind=kind,
        id=record_id,
        version=f"deleted {at.isoformat()}",
        stamp=at,
        fields=MappingProxyType({}),
        deleted=True,
    )


def bare(record: Record, layout: Layout) -> bool:
    """Tell whether a column, of lines as well, is empty or did not come: it may have been secured since (A-DYNAMICS-7)."""
    if _bare(record.fields, layout.sheet):
        return True
    lines = ((each.sheet, record.fields.get(each.sheet.table.name)) for each in layout.lines)
    return any(
        isinstance(row, Mapping) and _bare(row, sheet)
        for sheet, rows in lines
        for row in (rows if isinstance(rows, tuple) else ())
    )


def _bare(cells: Mapping[str, Value], sheet: Sheet) -> bool:
    return any(cells.get(column.name) is None for column in sheet.columns)


def _frozen(cells: Mapping[str, Scalar]) -> Row:
    return MappingProxyType(dict(cells))


def _person(row: RawRow, prop: str) -> Ref | None:
    found = row.get(prop)
    return Ref(_target(row, prop, PEOPLE), str(found), _label(row, prop)) if found else None


@dataclass(frozen=True, slots=True)
class _Cell:
    """One value with what is needed to read it."""

    raw: Any
    row: RawRow
    column: Column
    known: Known
    zone: ZoneInfo | None

    @property
    def label(self) -> str:
        return _label(self.row, self.column.prop)


def _values(row: RawRow, sheet: Sheet, known: Known, zone: ZoneInfo | None) -> tuple[dict[str, Scalar], list[str]]:
    values: dict[str, Scalar] = dict.fromkeys(sheet.missing, HIDDEN)
    odd: list[str] = []
    for column in sheet.columns:
        raw = row.get(column.prop)
        if raw is None and column.secured:
            # What we may not read arrives empty or not at all, and nothing tells it from what is empty (A-DYNAMICS-7).
            values[column.name] = HIDDEN
        if raw is None:
            if column.prop in row:
                values.setdefault(column.name, None)
            continue
        try:
            values[column.name] = _READ[column.form](_Cell(raw, row, column, known, zone))
        except (ValueError, ArithmeticError, TypeError, KeyError, AttributeError):
            odd.append(column.name)
    return values, odd


def _label(row: RawRow, prop: str) -> str:
    found = annotation(row, prop, LABEL)
    return found if isinstance(found, str) else ""


def _target(row: RawRow, prop: str, otherwise: str) -> str:
    found = annotation(row, prop, TARGET)
    return found if isinstance(found, str) and found else otherwise


def _text(cell: _Cell) -> str:
    if isinstance(cell.raw, bool) or not isinstance(cell.raw, str | int | Decimal):
        raise TypeError("no text")
    return str(cell.raw)


def _quantity(cell: _Cell) -> Quantity | Decimal:
    """Without a unit the number stays bare: none is guessed. The base is by the vendor's own factors.

    Of a unit that may not be read there is its name beside its id, and no factor.
    """
    unit = cell.known.units.get(str(cell.row.get(cell.column.unit) or ""))
    value = number(cell.raw)
    if unit is None or not unit.name:
        label = _label(cell.row, cell.column.unit) if cell.row.get(cell.column.unit) else ""
        return Quantity(value, label) if label else value
    if unit.factor is None or unit.base == unit.name:
        return Quantity(value, unit.name)
    return Quantity(value, unit.name, Quantity(number(_WIDE.multiply(value, unit.factor)), unit.base))


def _money(cell: _Cell) -> Money | Decimal:
    """Without a currency the amount stays bare: none is guessed."""
    code = cell.known.currencies.get(str(cell.row.get(value_of(CURRENCY)) or ""), "")
    return Money(number(cell.raw), code) if code else number(cell.raw)


def _base_money(cell: _Cell) -> Money | Decimal:
    """An amount in the currency of the whole organization."""
    return Money(number(cell.raw), cell.known.home) if cell.known.home else number(cell.raw)


def _truth(cell: _Cell) -> bool:
    if not isinstance(cell.raw, bool):
        raise TypeError("no truth value")
    return cell.raw


def _date(cell: _Cell) -> date:
    """A date has no zone: it is never shifted. Where a time stands behind it, that is midnight without a zone."""
    return date.fromisoformat(cell.raw[:10])


def _moment(cell: _Cell) -> datetime | date:
    return date.fromisoformat(cell.raw) if len(cell.raw) == 10 else moment(cell.raw)


def _local_date(cell: _Cell) -> datetime | date:
    """A day as the person saw it who filled it in: it is kept as midnight of their zone. Without a zone it is a moment.

    https://learn.microsoft.com/power-apps/developer/data-platform/behavior-format-date-time-attribute
    """
    at = _moment(cell)
    return at.astimezone(cell.zone).date() if isinstance(at, datetime) and cell.zone else at


def _wall_clock(cell: _Cell) -> str:
    """A time of day that is the same in every zone is no moment: its `Z` does not mean UTC, and it stays text.

    https://learn.microsoft.com/power-apps/developer/data-platform/behavior-format-date-time-attribute
    """
    at = datetime.fromisoformat(cell.raw).replace(tzinfo=None)
    return at.isoformat(" ", timespec="seconds" if at.second else "minutes")


def _choice(cell: _Cell) -> Choice:
    code = _text(cell)
    return Choice(code, cell.label or code)


def _choices(cell: _Cell) -> tuple[str, ...]:
    """Labels, which stand in one text that is joined by a sign; codes where a label may hold that sign itself.

    https://learn.microsoft.com/power-apps/developer/data-platform/multi-select-picklist
    """
    codes = tuple(part.strip() for part in _text(cell).split(","))
    labels = tuple(cell.label.split("; "))
    return labels if len(labels) == len(codes) and all(labels) else codes


def _link(cell: _Cell) -> Ref:
    return Ref(_target(cell.row, cell.column.prop, cell.column.target), _text(cell), cell.label)


_READ: Mapping[Form, Callable[[_Cell], Scalar]] = MappingProxyType(
    {
        Form.TEXT: _text,
        Form.NUMBER: lambda cell: number(cell.raw),
        Form.QUANTITY: _quantity,
        Form.MONEY: _money,
        Form.BASE_MONEY: _base_money,
        Form.TRUTH: _truth,
        Form.DATE: _date,
        Form.LOCAL_DATE: _local_date,
        Form.MOMENT: _moment,
        Form.WALL_CLOCK: _wall_clock,
        Form.CHOICE: _choice,
        Form.CHOICES: _choices,
        Form.LINK: _link,
    }
)

"""From a SOAP record to a Record.

Date-only fields arrive as midnight of the user's zone, written in Pacific time:
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1521451348.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from zoneinfo import ZoneInfo

from connectors.contract import Choice, Money, Quantity, Record, Ref, Row, Scalar, Unread, Value
from connectors.netsuite.settings import Form, LineUnits
from connectors.netsuite.soap.fields import CURRENCY, CUSTOM, UNITS, Column, Plan, Sublist
from connectors.netsuite.soap.searches import STAMP
from connectors.netsuite.values import Unit, number, quantity, trimmed
from connectors.soap_values import Cell, Listed, Part, Typed, Unreadable

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class OtherZone(Exception):
    """A date is not midnight in the zone of the settings."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where records come from. `page` is the address of a record's page but for its id, empty where not known.

    `iso` gives a currency's ISO code by its internal id, empty where the account has none; `units` those that are known.
    """

    source: str
    zone: ZoneInfo
    page: str
    iso: Callable[[str], str]
    units: Mapping[str, Unit]


@dataclass(frozen=True, slots=True)
class _Around:
    """What a value is read with: the zone, and the currency and unit beside it, empty where there is none.

    `factor` is the unit as the account's types of units describe it.
    """

    zone: ZoneInfo
    currency: str
    unit: str = ""
    factor: Unit | None = None


def written(at: datetime) -> str:
    """Write an aware time in one form for all channels."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds" if at.microsecond else "seconds")


def record_of(part: Part, plan: Plan, origin: Origin) -> Record | Unread:
    """Read one record; what does not fit the WSDL, or the settings' types, is set aside. Raises what `iso` raises."""
    try:
        whole = part.read(plan.only)
        stamp = _stamp(whole)
        around = _Around(origin.zone, _iso(whole, plan, origin))
        fields: dict[str, Value] = dict(_row(whole, plan.columns, around))
        for sublist in plan.sublists:
            fields[sublist.name] = tuple(_lines(whole, sublist, around, origin.units))
        record_id = whole.attributes["internalId"]
    except OtherZone:
        sentence = (
            f"A date of {plan.kind} is not midnight in `zone`: set the time zone of the token's user (Home > Set "
            "Preferences) to the one in the settings, or name the field's type (`types`: moment)."
        )
        return unread(part, plan.kind, origin.source, sentence)
    except (Unreadable, KeyError) as fault:
        path = fault.path if isinstance(fault, Unreadable) else "internalId"
        sentence = f"A row of {plan.kind} does not fit NetSuite's own description in {path}: look at the record there."
        return unread(part, plan.kind, origin.source, sentence)
    return Record(
        source=origin.source,
        kind=plan.kind,
        id=record_id,
        version=written(stamp),
        stamp=stamp,
        fields=MappingProxyType(fields),
        number=str(whole.fields.get(plan.number) or "") if plan.number else "",
        url=origin.page + record_id if origin.page else "",
        occurred_at=stamp,
    )


def unread(part: Part, kind: str, source: str, sentence: str) -> Unread:
    """Set a record aside."""
    return Unread(source, kind, part.node.get("internalId") or "", sentence, part.raw())


def _stamp(whole: Typed) -> datetime:
    found = whole.fields.get(STAMP)
    if not isinstance(found, datetime) or found.tzinfo is None:
        raise Unreadable(STAMP)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise Unreadable(STAMP) from None


def _iso(whole: Typed, plan: Plan, origin: Origin) -> str:
    found = whole.fields.get(CURRENCY)
    if not plan.has(Form.MONEY) or not isinstance(found, Typed):
        return ""
    return origin.iso(found.attributes.get("internalId", ""))


def _lines(whole: Typed, sublist: Sublist, around: _Around, known: Mapping[str, Unit]) -> Sequence[Row]:
    found = whole.fields.get(sublist.whole)
    rows = found.fields.get(sublist.one, ()) if isinstance(found, Typed) else ()
    made: list[Row] = []
    for row in rows if isinstance(rows, tuple) else ():
        if not isinstance(row, Typed):
            raise Unreadable(sublist.whole)
        try:
            made.append(MappingProxyType(_row(row, sublist.columns, _in_unit(row, around, known))))
        except Unreadable as fault:
            raise Unreadable(f"{sublist.name}.{fault.path}") from None
    return made


def _in_unit(row: Typed, around: _Around, known: Mapping[str, Unit]) -> _Around:
    units = row.fields.get(UNITS)
    if not isinstance(units, Typed):
        return around
    factor = known.get(units.attributes.get("internalId", ""))
    return replace(around, unit=factor.name if factor else _label(units), factor=factor)


def _row(whole: Typed, columns: Sequence[Column], around: _Around) -> dict[str, Scalar]:
    custom = _custom(whole) if any(each.custom for each in columns) else {}
    values: dict[str, Scalar] = {}
    for column in columns:
        cell = custom.get(column.source) if column.custom else whole.fields.get(column.source)
        # An empty field does not come at all.
        values[column.name] = None if cell is None else _value(cell, column, around)
    return values


def _custom(whole: Typed) -> Mapping[str, Cell]:
    """Return custom fields by their script id, in lower case."""
    listed = whole.fields.get(CUSTOM)
    rows = listed.fields.get("customField", ()) if isinstance(listed, Typed) else ()
    found = [each for each in rows if isinstance(each, Typed)] if isinstance(rows, tuple) else []
    return {each.attributes.get("scriptId", "").lower(): each.fields.get("value") for each in found}


def _value(cell: Cell, column: Column, around: _Around) -> Scalar:
    form = column.form or _own(cell)
    try:
        return _READ[form](cell, column, around)
    except (TypeError, ValueError, KeyError, ArithmeticError):
        raise Unreadable(column.name) from None


def _own(cell: Cell) -> Form:
    """Say how a value is read that nobody has typed: by what the schema says."""
    if isinstance(cell, (tuple, Listed)):
        return Form.CHOICE
    return _BY_TYPE.get(type(cell), Form.TEXT)


def _text(cell: Cell, _column: Column, _around: _Around) -> str:
    if isinstance(cell, Typed):
        return _label(cell)
    if isinstance(cell, bool) or not isinstance(cell, str | int | Decimal):
        raise TypeError("no text")
    return str(cell)


def _money(cell: Cell, _column: Column, around: _Around) -> Money | Decimal | str:
    """Without a code the amount stays bare. A line's rate is a text, and may be a share: 5%."""
    if isinstance(cell, str) and cell.endswith("%"):
        return str(cell)
    found = number(cell)
    return Money(found, around.currency) if around.currency else found


def _quantity(cell: Cell, _column: Column, around: _Around) -> Quantity | Decimal:
    """Read a quantity in the unit of its line; with a known factor it has the same in the base unit."""
    found = number(cell)
    if around.factor is None and around.unit:
        return Quantity(trimmed(found), around.unit)
    return quantity(found, around.factor, LineUnits.OWN)


def _truth(cell: Cell, _column: Column, _around: _Around) -> bool:
    if not isinstance(cell, bool):
        raise TypeError("no truth value")
    return cell


def _date(cell: Cell, _column: Column, around: _Around) -> date:
    if not isinstance(cell, datetime) or cell.tzinfo is None:
        raise TypeError("no time with an offset")
    day = cell.astimezone(around.zone).date()
    # Where the clock is set forward at midnight, the day begins at one.
    if datetime.combine(day, time(), around.zone).timestamp() != cell.timestamp():
        raise OtherZone
    return day


def _moment(cell: Cell, _column: Column, _around: _Around) -> datetime:
    if not isinstance(cell, datetime) or cell.tzinfo is None:
        raise TypeError("no time with an offset")
    return cell.astimezone(UTC)


def _choice(cell: Cell, _column: Column, _around: _Around) -> Choice | tuple[str, ...]:
    if isinstance(cell, tuple):
        return tuple(_label(each) for each in cell if isinstance(each, Typed))
    if isinstance(cell, Typed):
        return Choice(cell.attributes["internalId"], _label(cell))
    if not isinstance(cell, str):
        raise TypeError("no choice")
    return Choice(str(cell), _words(cell) if isinstance(cell, Listed) else str(cell))


def _link(cell: Cell, column: Column, _around: _Around) -> Ref:
    if not isinstance(cell, Typed):
        raise TypeError("no reference")
    kind = column.target or cell.attributes.get("type") or column.name
    return Ref(kind, cell.attributes["internalId"], str(cell.fields.get("name") or ""))


def _label(cell: Typed) -> str:
    return str(cell.fields.get("name") or cell.attributes["internalId"])


def _words(code: str) -> str:
    """Write a code of the schema as people read it: `_pendingReceipt` is Pending Receipt."""
    return _WORD.sub(" ", code.removeprefix("_")).title()


_BY_TYPE: Mapping[type, Form] = MappingProxyType(
    {bool: Form.TRUTH, int: Form.NUMBER, Decimal: Form.NUMBER, datetime: Form.DATE, Typed: Form.LINK}
)
_READ: Mapping[Form, Callable[[Cell, Column, _Around], Scalar]] = MappingProxyType(
    {
        Form.TEXT: _text,
        Form.NUMBER: lambda cell, _column, _around: number(cell),
        Form.MONEY: _money,
        Form.QUANTITY: _quantity,
        Form.TRUTH: _truth,
        Form.DATE: _date,
        Form.MOMENT: _moment,
        Form.CHOICE: _choice,
        Form.LINK: _link,
    }
)

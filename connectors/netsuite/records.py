"""From rows to Records."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import HIDDEN, Money, Record, Ref, Refused, Scalar, Unread, Value
from connectors.netsuite.layout import Column, Layout
from connectors.netsuite.moments import moment
from connectors.netsuite.settings import Form, LineUnits
from connectors.netsuite.suiteql import Place
from connectors.netsuite.tables import PAGES, TWO_SIDED
from connectors.netsuite.values import Around, RawRow, counted, facing, value

_ID = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where records come from: the source's name, the address of its pages, the account's zone and its units."""

    source: str
    web: str
    zone: ZoneInfo
    units: LineUnits


def checked_id(raw: Any) -> str:
    """Return an internal id. Raises Refused for what is none."""
    text = str(raw)
    if isinstance(raw, bool) or not _ID.fullmatch(text):
        raise Refused("This is not an internal id of NetSuite: it has digits and nothing else.")
    return text


def place_of(row: Any, origin: Origin, now: datetime) -> tuple[Place, datetime] | None:
    """Return (stamp, id) of a row with the stamp as aware UTC, None when it has none."""
    try:
        text, record_id = row["stamp"], checked_id(row["id"])
        return (text, record_id), moment(text, origin.zone, now)
    except (ValueError, TypeError, KeyError, Refused):
        return None


def record_of(row: RawRow, lines: Sequence[RawRow], layout: Layout, origin: Origin, now: datetime) -> Record | Unread:
    """Make the Record of a row and its lines, or set it aside where it has no place or a value does not fit."""
    place = place_of(row, origin, now)
    if place is None:
        return unread(row, lines, layout.kind, origin.source, ())
    around = Around(str(row.get("currency_code") or ""), origin.zone, now)
    fields, bad = _header(row, layout, around)
    for sublist, columns in layout.lines.items():
        own = [line for line in lines if (line.get("item") is None) == (sublist != "item")]
        rows, odd = _lines(own, columns, layout.type, around, origin.units)
        fields[sublist] = tuple(MappingProxyType(row | _hidden(layout, sublist)) for row in rows)
        bad += [f"{sublist}.{name}" for name in odd]
    if bad:
        return unread(row, lines, layout.kind, origin.source, bad)
    (text, record_id), stamp = place
    by = row.get("changed_by")
    page = PAGES.get(layout.table)
    return Record(
        source=origin.source,
        kind=layout.kind,
        id=record_id,
        # As the vendor writes it, so that an hour that comes twice does not give one state two versions.
        version=text,
        stamp=stamp,
        fields=MappingProxyType(_hidden(layout, "") | fields),
        number=str(row.get("doc_number") or "") if layout.number else "",
        url=f"{origin.web}{page}{record_id}" if page else "",
        changed_by=Ref("employee", str(by), str(row.get("changed_byl") or "")) if by else None,
        occurred_at=stamp,
    )


def gone(record_id: str, kind: str, source: str, at: datetime) -> Record:
    """Make the Record of what was deleted, or not found, at `at` (aware UTC)."""
    return Record(
        source=source,
        kind=kind,
        id=record_id,
        version=at.astimezone(UTC).isoformat(),
        stamp=at,
        fields=MappingProxyType({}),
        deleted=True,
    )


def unread(row: Any, lines: Sequence[RawRow], kind: str, source: str, fields: Sequence[str]) -> Unread:
    """Set aside a row that cannot be read. `fields` names what does not fit, none for its place."""
    record_id = str(row.get("id") or "") if isinstance(row, Mapping) else ""
    return Unread(
        source,
        kind,
        record_id if _ID.fullmatch(record_id) else "",
        f"A row of {kind} does not fit in {', '.join(dict.fromkeys(fields)) or 'id or stamp'}: look at the record in "
        "NetSuite, and at the field's type in `types`.",
        json.dumps({"row": row, "lines": list(lines)}, default=str).encode(),
    )


def _header(row: RawRow, layout: Layout, around: Around) -> tuple[dict[str, Value], list[str]]:
    fields: dict[str, Value] = {}
    bad: list[str] = []
    for column in layout.columns:
        try:
            # A column that is empty is not in the row (A-NETSUITE-111).
            found = value(row.get(column.alias), row, column, around)
        except (ValueError, TypeError, KeyError, ArithmeticError):
            bad.append(column.name)
            continue
        fields[column.name] = _seen(found) if layout.type and layout.type not in TWO_SIDED else found
    return fields, bad


def _seen(found: Scalar) -> Scalar:
    """Show a document's amount as people see it, whichever side of the books it stands on (A-NETSUITE-110)."""
    return replace(found, amount=found.amount.copy_abs()) if isinstance(found, Money) else found


def _lines(
    lines: Sequence[RawRow], columns: Sequence[Column], code: str, around: Around, units: LineUnits
) -> tuple[list[dict[str, Scalar]], list[str]]:
    rows: list[dict[str, Scalar]] = [{} for _ in lines]
    bad: list[str] = []
    for column in columns:
        try:
            cells = [value(line.get(column.alias), line, column, around) for line in lines]
            turns = column.form in {Form.MONEY, Form.QUANTITY} and code not in TWO_SIDED
            signed = _turned(cells) if turns else cells
            for row, line, cell in zip(rows, lines, signed, strict=True):
                row[column.name] = counted(cell, line, column, units)
        except (ValueError, TypeError, KeyError, ArithmeticError):
            bad.append(column.name)
    return rows, bad


def _hidden(layout: Layout, sublist: str) -> dict[str, Any]:
    """Mark what the role may not see of the record itself, or of a sublist's rows."""
    parts = [path.rpartition(".") for path in layout.hidden]
    found: dict[str, Any] = {name: HIDDEN for part, _, name in parts if part == sublist}
    return found if sublist else found | {part: HIDDEN for part, _, _ in parts if part}


def _turned(cells: Sequence[Scalar]) -> Sequence[Scalar]:
    """Turn a column's signs so that a document's lines count upwards (A-NETSUITE-110)."""
    sign = facing(_size(cell) for cell in cells if isinstance(cell, Money | Decimal))
    return cells if sign > 0 else [_negated(cell) for cell in cells]


def _size(cell: Money | Decimal) -> Decimal:
    return cell.amount if isinstance(cell, Money) else cell


def _negated(cell: Scalar) -> Scalar:
    if isinstance(cell, Money):
        return replace(cell, amount=_opposite(cell.amount))
    return _opposite(cell) if isinstance(cell, Decimal) else cell


def _opposite(size: Decimal) -> Decimal:
    # Minus would round to the context's precision, and this turn alone would make a minus zero.
    return size.copy_negate() if size else size

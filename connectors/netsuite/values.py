"""Values as SuiteQL gives them: mostly text, whatever they are.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal, Inexact
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import Choice, Money, Quantity, Ref, Scalar
from connectors.netsuite.layout import Column
from connectors.netsuite.moments import moment
from connectors.netsuite.settings import Form, LineUnits

RawRow = Mapping[str, Any]

_NUMBER = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,2})?", re.ASCII)
_DIGITS = 60


@dataclass(frozen=True, slots=True)
class Unit:
    """A line's unit: its name, how many base units it holds, and the base unit's name."""

    name: str
    rate: Decimal
    base: str

    @classmethod
    def of(cls, row: RawRow) -> Unit | None:
        """Read the unit of a row, None where it has none. Raises ValueError for one that makes no sense."""
        name, rate = row.get("unit_name"), row.get("unit_rate")
        if not name or rate is None:
            return None
        known = number(rate)
        if known <= 0:
            raise ValueError("a unit without a factor")
        return cls(str(name), known, str(row.get("base_name") or ""))


@dataclass(frozen=True, slots=True)
class Around:
    """What a value needs beside itself: the document's currency, the account's zone, and the time of reading."""

    currency: str
    zone: ZoneInfo
    now: datetime


def number(raw: Any) -> Decimal:
    """Read a number from text or JSON. Raises ValueError or TypeError for anything else."""
    if isinstance(raw, bool):
        raise TypeError("no number")
    if isinstance(raw, str) and _NUMBER.fullmatch(raw):
        return Decimal(raw)
    if isinstance(raw, int | Decimal):
        return Decimal(raw)
    raise ValueError("no number")


def value(raw: Any, row: RawRow, column: Column, around: Around) -> Scalar:
    """Read one value; None is None. Raises ValueError, TypeError or ArithmeticError for what does not fit."""
    return None if raw is None or raw == "" else _READ[column.form](raw, row, column, around)


def counted(cell: Scalar, row: RawRow, column: Column, units: LineUnits) -> Scalar:
    """Give a quantity the unit of its row; other values stay. Raises ValueError for a unit that makes no sense."""
    if column.form is not Form.QUANTITY or not isinstance(cell, Decimal):
        return cell
    return quantity(cell, Unit.of(row), units)


def quantity(raw: Decimal, unit: Unit | None, units: LineUnits) -> Quantity | Decimal:
    """Return a quantity in the line's unit and, where that is not the base unit, in the base unit as well.

    What was converted without a rest only: ten each are not 0.83333333 cases, they stay in the base unit. Without a unit
    the number stays bare: none is invented. Zeros that pad a number on its way are left out.
    """
    known = trimmed(raw)
    if unit is None:
        return known
    exact = Context(prec=_DIGITS)
    if units is LineUnits.BASE:
        own, base = trimmed(exact.divide(known, unit.rate)), known
        if exact.flags[Inexact]:
            return Quantity(base, unit.base) if unit.base else base
    else:
        own, base = known, trimmed(exact.multiply(known, unit.rate))
    apart = unit.base not in {"", unit.name}
    return Quantity(own, unit.name, Quantity(base, unit.base) if apart else None)


def trimmed(raw: Decimal) -> Decimal:
    """Leave out the zeros at a number's end: the same value, so that 100.0 is written as 100."""
    text = f"{raw:f}" if raw else "0"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def facing(amounts: Iterable[Decimal]) -> int:
    """Return the sign that makes a document's lines look as people see them: most of them count upwards.

    In the tables of transactions one side of the books is negative: the lines of a sale, the total of a purchase
    (A-NETSUITE-110). People see both as positive, and only what reduces the document as negative.
    """
    known = [each for each in amounts if each]
    total = sum(known, Decimal(0)) or (known[0] if known else Decimal(0))
    return -1 if total < 0 else 1


def _text(raw: Any, _row: RawRow, _column: Column, _around: Around) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        raise TypeError("no text")
    return str(raw)


def _number(raw: Any, _row: RawRow, _column: Column, _around: Around) -> Decimal:
    return number(raw)


def _money(raw: Any, _row: RawRow, _column: Column, around: Around) -> Money | Decimal:
    """Without a code the amount stays bare: a currency is not guessed."""
    return Money(number(raw), around.currency) if around.currency else number(raw)


def _truth(raw: Any, _row: RawRow, _column: Column, _around: Around) -> bool:
    """See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156257790831.html: 'T' or 'F'."""
    if isinstance(raw, bool):
        return raw
    return {"T": True, "F": False, "true": True, "false": False}[raw]


def _date(raw: Any, _row: RawRow, _column: Column, _around: Around) -> date:
    """A date has no zone: it is never shifted."""
    return date.fromisoformat(raw)


def _moment(raw: Any, _row: RawRow, _column: Column, around: Around) -> datetime:
    return moment(raw, around.zone, around.now)


def _label(raw: Any, row: RawRow, column: Column) -> str:
    return str(row.get(f"{column.alias}l") or raw)


def _choice(raw: Any, row: RawRow, column: Column, _around: Around) -> Choice:
    return Choice(str(raw), _label(raw, row, column))


def _link(raw: Any, row: RawRow, column: Column, _around: Around) -> Ref:
    return Ref(column.target, str(raw), str(row.get(f"{column.alias}l") or ""))


_READ: Mapping[Form, Callable[[Any, RawRow, Column, Around], Scalar]] = MappingProxyType(
    {
        Form.TEXT: _text,
        Form.NUMBER: _number,
        Form.MONEY: _money,
        Form.QUANTITY: _number,
        Form.TRUTH: _truth,
        Form.DATE: _date,
        Form.MOMENT: _moment,
        Form.CHOICE: _choice,
        Form.LINK: _link,
    }
)

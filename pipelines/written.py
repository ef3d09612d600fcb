"""Values as an operator writes them in the configuration."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from connectors.contract import Choice, Money, Quantity, Value
from pipelines.plan import FieldType

_NUMBER = r"(-?[0-9]+(?:\.[0-9]+)?)"


@lru_cache(maxsize=1024)
def written(field_type: FieldType, text: str) -> Value:
    """Read a value of a field of this type: `1000000`, `HKD 1000000`, `100 EA`, `2026-11-01`. Raises ValueError."""
    read = _READ.get(field_type)
    if read is None:
        raise ValueError(f"the field is {field_type}: such a value cannot be written")
    return read(text)


def _number(text: str) -> Decimal:
    if found := re.fullmatch(_NUMBER, text):
        return Decimal(found[1])
    raise ValueError("the field is a number: write 1000000")


def _money(text: str) -> Money:
    if found := re.fullmatch(rf"(\S+) {_NUMBER}", text):
        return Money(Decimal(found[2]), found[1])
    raise ValueError("the field is money: write HKD 1000000")


def _quantity(text: str) -> Quantity:
    if found := re.fullmatch(rf"{_NUMBER} (\S+)", text):
        return Quantity(Decimal(found[1]), found[2])
    raise ValueError("the field is a quantity: write 100 EA")


def _bool(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("the field is bool: write true or false")
    return text == "true"


def _date(text: str) -> date:
    if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return date.fromisoformat(text)
    raise ValueError("the field is a date: write 2026-11-01")


def _datetime(text: str) -> datetime:
    if re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}", text):
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found
    raise ValueError("the field is a time: write 2026-11-01T00:00:00+08:00")


_READ: dict[FieldType, Callable[[str], Value]] = {
    FieldType.TEXT: lambda text: text,
    FieldType.BOOL: _bool,
    FieldType.NUMBER: _number,
    FieldType.MONEY: _money,
    FieldType.QUANTITY: _quantity,
    FieldType.CHOICE: lambda text: Choice(text, text),
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
}

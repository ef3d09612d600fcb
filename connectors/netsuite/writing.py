"""Values on their way back: written as REST takes them, and compared with what a record holds.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157305090645.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

from connectors.contract import Choice, Hidden, Money, Quantity, Ref, Scalar, Value


class Unwritable(Exception):
    """This value cannot be written. `str(error)` is a sentence for the person."""


def wire(name: str, value: Scalar, present: Value) -> Any:
    """Return `value` as JSON, numbers as Decimal; `present` is what the record holds. Raises Unwritable."""
    if "." in name:
        raise Unwritable(f"{name} is a field of lines: the bridge sets fields of the whole record only.")
    if isinstance(value, Hidden | tuple):
        raise Unwritable(f"{name} cannot be set with such a value.")
    if isinstance(value, Money) and isinstance(present, Money) and present.currency != value.currency:
        raise Unwritable(f"{name} is kept in {present.currency} in NetSuite, so it cannot be set in another currency.")
    return _WRITTEN.get(type(value), _as_it_is)(value)


def same(present: Value, wanted: Scalar) -> bool:
    """Tell whether a record already holds what is wanted, however each side labels it."""
    if isinstance(present, Money) and isinstance(wanted, Money) and present.currency != wanted.currency:
        return False
    return bool(_core(present) == _core(wanted))


def _core(value: Value) -> Any:
    return _CORES.get(type(value), _as_it_is)(value)


def _as_it_is(value: Any) -> Any:
    return value


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_CORES: Mapping[type, Callable[[Any], Any]] = MappingProxyType(
    {
        Money: lambda money: money.amount,
        Quantity: lambda quantity: quantity.value,
        Choice: lambda choice: choice.code,
        Ref: lambda ref: ref.id,
        datetime: lambda at: at.replace(microsecond=0),
    }
)
_WRITTEN: Mapping[type, Callable[[Any], Any]] = MappingProxyType(
    {
        Money: lambda money: money.amount,
        Quantity: lambda quantity: quantity.value,
        Choice: lambda choice: {"id": choice.code},
        Ref: lambda ref: {"id": ref.id},
        datetime: _utc,
        date: lambda day: day.isoformat(),
    }
)

"""Values on their way back: written as the vendor takes them, and compared with what a record holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from connectors.contract import Choice, Hidden, Money, Quantity, Ref, Scalar, Value
from connectors.zoho.records import written


class Unwritable(Exception):
    """This value cannot be written. `str(error)` is a sentence for the person."""


def wire(name: str, value: Scalar, present: Value) -> Any:
    """Return `value` as JSON, numbers as Decimal; `present` is what the record holds. Raises Unwritable."""
    if isinstance(value, Hidden):
        raise Unwritable(f"{name} is hidden from the bridge, so it cannot be set.")
    if isinstance(value, Money) and isinstance(present, Money) and present.currency != value.currency:
        raise Unwritable(f"{name} is kept in {present.currency} in Zoho, so it cannot be set in another currency.")
    core = _core(value)
    return _WRITTEN.get(type(value), _as_it_is)(core)


def same(present: Value, wanted: Scalar) -> bool:
    """Tell whether a record already holds what is wanted, however each side labels it."""
    if isinstance(present, Money) and isinstance(wanted, Money) and present.currency != wanted.currency:
        return False
    return bool(_core(present) == _core(wanted))


def _core(value: Value) -> Any:
    return _CORES.get(type(value), _as_it_is)(value)


def _as_it_is(value: Any) -> Any:
    return value


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
        Ref: lambda record_id: {"id": record_id},
        datetime: written,
        date: lambda day: day.isoformat(),
        tuple: list,
    }
)

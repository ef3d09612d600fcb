"""Values on their way back: written as Business Central takes them, and compared with what a record holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from connectors.contract import Choice, Hidden, Money, Quantity, Ref, Scalar, Value
from connectors.dynamics.business_central.layout import Column, Form
from connectors.dynamics.business_central.records import NO_ID, written

_BLANK: Mapping[Form, Any] = MappingProxyType(
    {
        Form.DATE: "0001-01-01",
        Form.MOMENT: "0001-01-01T00:00:00Z",
        Form.LINK: str(NO_ID),
        Form.TEXT: "",
        Form.CURRENCY: "",
        Form.CHOICE: "_x0020_",  # A-DYNAMICS-308
    }
)
"""How an empty value is written; a number and a truth value are never empty."""


class Unwritable(Exception):
    """This value cannot be written. `str(error)` is a sentence for the person."""


def wire(column: Column, value: Scalar, present: Value) -> Any:
    """Return `value` as JSON, numbers as Decimal; `present` is what the record holds. Raises Unwritable."""
    name = column.name
    if isinstance(value, Hidden):
        raise Unwritable(f"{name} is hidden from the bridge, so it cannot be set.")
    if value is None:
        if column.form not in _BLANK:
            raise Unwritable(f"{name} cannot be empty in Business Central.")
        return _BLANK[column.form]
    if _in_another(value, present):
        raise Unwritable(
            f"{name} is kept in another currency or unit in Business Central, so it cannot be set in this one."
        )
    core = _core(value)
    if column.form is Form.CHOICE:
        return _member(column, str(core))
    return written(core) if isinstance(core, datetime) else core.isoformat() if isinstance(core, date) else core


def same(present: Value, wanted: Scalar) -> bool:
    """Tell whether a record already holds what is wanted, however each side labels it."""
    return not _in_another(wanted, present) and bool(_core(present) == _core(wanted))


def _member(column: Column, label: str) -> str:
    """Return the name that travels for a label."""
    names = [name for name, text in column.members.items() if label in {name, text}]
    if not names:
        raise Unwritable(f"{column.name} has no value {label} in Business Central.")
    return names[0]


def _in_another(value: Value, present: Value) -> bool:
    if isinstance(value, Money) and isinstance(present, Money):
        return value.currency != present.currency
    return isinstance(value, Quantity) and isinstance(present, Quantity) and value.unit != present.unit


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
    }
)

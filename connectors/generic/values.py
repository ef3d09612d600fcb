"""Values on their way back: written as JSON, and compared with what a record shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from connectors.contract import Action, Choice, Hidden, Money, Quantity, Ref, Scalar, Value
from connectors.signature import instant


class Unwritable(Exception):
    """This value cannot be written. `str(error)` is a sentence for the person."""


def document(action: Action, present: Mapping[str, Value]) -> dict[str, Any]:
    """Return the body of a decision, numbers as Decimal; `present` is what the record shows. Raises Unwritable."""
    return {
        "action": action.verb.value,
        "actor": action.actor,
        "version": action.version,
        "fields": {name: _wire(name, value, present.get(name)) for name, value in action.fields.items()},
        "transition": action.transition,
        "comment": action.comment,
    }


def differing(wanted: Mapping[str, Scalar], present: Mapping[str, Value]) -> list[str]:
    """Name the values that the record shows otherwise; what it does not show is not known."""
    return [name for name, value in wanted.items() if _shows(name, value, present) is False]


def holds(wanted: Mapping[str, Scalar], present: Mapping[str, Value]) -> bool:
    """Tell whether the record shows all the wanted values."""
    return bool(wanted) and all(_shows(name, value, present) for name, value in wanted.items())


def _shows(name: str, value: Scalar, present: Mapping[str, Value]) -> bool | None:
    """Tell whether a record shows this value; None where it does not tell."""
    parts = _PARTS.get(type(value))
    if parts is None:
        return _same(value, present[name]) if name in present else None
    number, unit = (getattr(value, part) for part in parts)
    if f"{name}.{parts[0]}" in present:
        return _same(number, present[f"{name}.{parts[0]}"]) and present.get(f"{name}.{parts[1]}") == unit
    # a bare number does not tell its currency
    return False if name in present and not _same(number, present[name]) else None


def _same(value: Scalar, shown: Value) -> bool:
    try:
        if isinstance(shown, str) and isinstance(value, Decimal):
            return Decimal(shown) == value
        if isinstance(shown, str) and isinstance(value, datetime):
            return instant(shown) == value
    except (ValueError, ArithmeticError):
        return False
    if value in ("", None) and shown in ("", None):
        # many systems keep no empty text
        return True
    return bool(_WRITTEN.get(type(value), _as_it_is)(value) == shown)


def _wire(name: str, value: Scalar, present: Value) -> Any:
    """Return `value` as JSON has it: a number digit by digit, and as text where the record has text."""
    number = getattr(value, _PARTS[type(value)][0]) if type(value) in _PARTS else value
    if isinstance(value, Hidden) or (isinstance(number, Decimal) and not number.is_finite()):
        raise Unwritable(f"{name} cannot be set with such a value.")
    if isinstance(value, Decimal) and isinstance(present, str):
        return format(value, "f")
    written = _WRITTEN.get(type(value), _as_it_is)(value)
    return list(written) if isinstance(written, tuple) else written


def _as_it_is(value: Any) -> Any:
    return value


_PARTS: Mapping[type, tuple[str, str]] = MappingProxyType(
    {Money: ("amount", "currency"), Quantity: ("value", "unit")},
)
"""How a number and its unit are called, here as well as in JSON."""

_WRITTEN: Mapping[type, Callable[[Any], Any]] = MappingProxyType(
    {
        Money: lambda money: {"amount": money.amount, "currency": money.currency},
        Quantity: lambda quantity: {"value": quantity.value, "unit": quantity.unit},
        Choice: lambda choice: choice.code,
        Ref: lambda ref: ref.id,
        datetime: lambda at: at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        date: lambda day: day.isoformat(),
    }
)

"""What a writer may send: properties by name, look-ups by navigation.

See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/create-entity-web-api
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.dynamics.sandbox import moments
from connectors.dynamics.sandbox.dataverse.lookups import GUID
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import CHOICES, LOOKUPS, MOMENTS, NUMBERS, Catalogue, Column, Ref, Table, Type

BIND = "@odata.bind"


def accept(catalogue: Catalogue, table: Table, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a writer sent, typed, by the names of columns. Raises `Refusal` 400."""
    typed: dict[str, Any] = {}
    for name, value in given.items():
        if name.endswith(BIND):
            column, ref = _bound(catalogue, table, name.removesuffix(BIND), value)
            typed[column.name] = ref
        elif "@" not in name:
            column = _column(table, name)
            typed[column.name] = value_of(column, value)
    return typed


def value_of(column: Column, value: Any) -> Any:
    """Return one value typed. Raises `Refusal` 400."""
    if value is None or (value == "" and column.type not in {Type.TEXT, Type.MEMO}):
        return None
    try:
        return _READERS[column.type](column, value)
    except (TypeError, ValueError, ArithmeticError) as error:
        message = f"Error identified in Payload: cannot convert the value of '{column.name}' to {column.type}."
        raise Refusal(400, "0x80048d19", message) from error


def _column(table: Table, name: str) -> Column:
    column = table.by_property(name)
    if column is None or column.type in LOOKUPS:
        message = (
            f"Error identified in Payload provided by the user for Entity :'{table.set_name}': an undeclared property "
            f"'{name}' was found in the payload."
        )
        raise Refusal(400, "0x80048d19", message)
    if not column.writable:
        # the vendor leaves out what nobody can write; to be told of it is worth more here
        raise Refusal(400, "0x80040203", f"The property '{name}' cannot be written.")
    return column


def _bound(catalogue: Catalogue, table: Table, name: str, value: Any) -> tuple[Column, Ref | None]:
    found = table.navigation(name)
    if found is None and name == "ownerid" and "ownerid" in table.columns:
        found = (table.columns["ownerid"], "")
    if found is None:
        message = f"An undeclared property '{name}' which only has property annotations in the payload was found."
        raise Refusal(400, "0x80048d19", message)
    column, target = found
    if value is None:
        return column, None
    match = re.search(r"(\w+)\(([^()]+)\)$", str(value))
    named = catalogue.of_set(match[1]) if match else None
    fits = named is not None and (named.name == target or (not target and named.name in column.targets))
    if match is None or named is None or not fits or not GUID.fullmatch(match[2]):
        raise Refusal(400, "0x80048d19", f"The value of '{name}{BIND}' does not name a record that fits.")
    return column, Ref(named.name, match[2].lower())


def _text(column: Column, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(column.name)
    if len(value) > column.length:
        message = (
            f"A validation error occurred. The length of the '{column.name}' attribute exceeded the maximum allowed "
            f"length of '{column.length}'."
        )
        raise Refusal(400, "0x80044331", message)
    return value


def _number(column: Column, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise TypeError(column.name)
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(value)
    return number.quantize(Decimal(1).scaleb(-column.scale), ROUND_HALF_UP)


def _double(column: Column, value: Any) -> Decimal:
    return Decimal(f"{_number(column, value).normalize():f}")


def _whole(_column: Column, value: Any) -> int:
    if isinstance(value, bool) or int(value) != value:
        raise ValueError(value)
    return int(value)


def _choice(column: Column, value: Any) -> int:
    code = _whole(column, value)
    if code not in column.options:
        message = f"A validation error occurred. The value {code} of '{column.name}' is outside the valid range."
        raise Refusal(400, "0x80048408", message)
    return code


def _boolean(column: Column, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(column.name)
    return value


def _guid(_column: Column, value: Any) -> str:
    if not GUID.fullmatch(value):
        raise ValueError(value)
    return str(value).lower()


_READERS: dict[Type, Callable[[Column, Any], Any]] = {
    Type.TEXT: _text,
    Type.MEMO: _text,
    Type.ID: _guid,
    Type.BOOLEAN: _boolean,
    Type.INTEGER: _whole,
    Type.BIGINT: _whole,
    Type.DATE: lambda _column, value: date.fromisoformat(value[:10]),
    **dict.fromkeys(MOMENTS, lambda _column, value: moments.whole(moments.parse(value))),
    **dict.fromkeys(NUMBERS, _number),
    Type.DOUBLE: _double,
    **dict.fromkeys(CHOICES, _choice),
}

"""Fields that are removed, renamed or get another type while others read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.netsuite.sandbox.control.desk import Desk, Table, order, told
from connectors.netsuite.sandbox.schema import Type
from connectors.netsuite.sandbox.suiteql.resource import plain


class Alter(msgspec.Struct, forbid_unknown_fields=True):
    """Remove a field of a table of SuiteQL, or give it another `name` or `type`. Values are converted, or emptied."""

    table: str
    field: str
    remove: bool = False
    name: str = ""
    type: Literal["text", "number", "boolean"] | None = None


class FieldOrders:
    """`schema`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def table(self) -> Table:
        """Return the orders."""
        return [("POST", "/schema", self._alter)]

    async def _alter(self, request: Request) -> Response:
        given = await order(request, Alter)
        table, column = self._desk.column(given.table, given.field)
        catalogue = self._desk.account.catalogue
        if column.type is Type.ID:
            raise ValueError(f"{table.name}.{column.name} cannot be changed")
        if given.remove:
            catalogue.drop(table.name, column)
            return told({})
        if given.name and catalogue.column(table.name, given.name) is not None:
            raise ValueError(f"{table.name}.{given.name} is taken")
        name = given.name.casefold() or column.name
        wanted = replace(column, name=name, rest=given.name or column.rest)
        if given.type is not None:
            wanted = replace(wanted, type=Type(given.type), target="", choices={})
            self._desk.account.store.convert(table.name, table.unique, column, _CONVERT[given.type])
        catalogue.swap(table.name, column, wanted)
        return told({})


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return plain(value) if isinstance(value, int | float) else str(value)


def _flag(value: Any) -> str | None:
    return None if value is None else "T" if value in {"T", "true", 1} else "F"


_CONVERT: dict[str, Callable[[Any], Any]] = {"text": _text, "number": _number, "boolean": _flag}

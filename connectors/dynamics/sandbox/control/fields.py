"""Columns that an administrator removes, renames or retypes while clients read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.dynamics.sandbox import moments
from connectors.dynamics.sandbox.control.desk import Table, order
from connectors.dynamics.sandbox.control.sides import Side
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import CHOICES, LOOKUPS, Column, Type
from connectors.dynamics.sandbox.wire import answer

KEPT = frozenset(
    {
        "createdon",
        "modifiedon",
        "createdby",
        "modifiedby",
        "ownerid",
        "versionnumber",
        "lastModifiedDateTime",
        "documentId",
        "sequence",
    }
)


class Alter(msgspec.Struct, forbid_unknown_fields=True):
    """Change `column` of `table`: `remove` it, give it the `name` or the `type`. Values are converted, or emptied.

    Without a column: `tracked` switches the change tracking of the table.
    """

    table: str
    column: str = ""
    remove: bool = False
    name: str = ""
    type: Type | None = None
    tracked: bool | None = None


class FieldOrders:
    """`schema` of one surface."""

    def __init__(self, side: Side) -> None:
        self._side = side

    def table(self, prefix: str) -> Table:
        """Return the orders below a prefix."""
        return [("POST", f"/{prefix}/schema", self._alter)]

    async def _alter(self, request: Request) -> Response:
        given = await order(request, Alter)
        table = self._side.catalogue.find(given.table)
        if table is None:
            raise ValueError(f"no table '{given.table}'")
        if given.tracked is not None:
            self._side.catalogue.track(table, tracked=given.tracked)
            return answer({})
        column = table.columns.get(given.column)
        if column is None or column.name in KEPT or column.name == table.id_name:
            raise ValueError(f"no column {given.table}.{given.column} that can be changed")
        if given.name and given.name in table.columns:
            raise ValueError(f"{given.table}.{given.name} is taken")
        if given.type in CHOICES | LOOKUPS:
            raise ValueError(f"a column cannot become {given.type}")
        if given.remove:
            self._side.catalogue.drop(table, column)
        else:
            new = _wanted(column, given)
            self._side.catalogue.swap(table, column, new)
            convert = (lambda value: value) if new.type is column.type else self._converter(new)
            self._side.store.convert(table.name, column.name, new.name, convert)
        self._side.altered()
        return answer({})

    def _converter(self, new: Column) -> Callable[[Any], Any]:
        def convert(value: Any) -> Any:
            try:
                return self._side.typed(new, _plain(value, new))
            except Refusal:
                return self._side.typed(new, None)

        return convert


def _wanted(column: Column, given: Alter) -> Column:
    renamed = replace(column, name=given.name or column.name)
    if given.type in {None, column.type}:
        return renamed
    return Column(renamed.name, given.type or column.type, column.label, scale=2)


def _plain(value: Any, new: Column) -> Any:
    if isinstance(value, datetime):
        return moments.in_seconds(value)
    if isinstance(value, date):
        return value.isoformat()
    numeric = isinstance(value, Decimal | int) and not isinstance(value, bool)
    return f"{value}" if numeric and new.type in {Type.TEXT, Type.MEMO} else value

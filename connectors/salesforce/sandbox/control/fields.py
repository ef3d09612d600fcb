"""Fields that an administrator removes, renames or retypes while clients read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.salesforce.sandbox import moments, values
from connectors.salesforce.sandbox.catalogue import KEPT
from connectors.salesforce.sandbox.control.desk import Desk, Table, order
from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.gate import answer
from connectors.salesforce.sandbox.schema import IDS, NUMBERS, Field, SObject, Type

LENGTH = 255
PRECISION, SCALE = 18, 2


class Alter(msgspec.Struct, forbid_unknown_fields=True):
    """Change `field` of `object`: `remove` it, give it the `name` or the `type`. Values are converted, or emptied."""

    object: str
    field: str
    remove: bool = False
    name: str = ""
    type: Type | None = None


class FieldOrders:
    """`schema`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._org = desk.org

    def table(self) -> Table:
        """Return the orders."""
        return [("POST", "/schema", self._alter)]

    async def _alter(self, request: Request) -> Response:
        given = await order(request, Alter)
        sobject, field = self._desk.field(given.object, given.field)
        if field.name in KEPT or given.type in IDS:
            raise ValueError(f"{sobject.name}.{field.name} cannot be changed so")
        if given.name and sobject.field(given.name) is not None:
            raise ValueError(f"{sobject.name}.{given.name} is taken")
        if given.remove:
            self._org.catalogue.drop(sobject, field)
        else:
            self._swap(sobject, field, _wanted(field, given))
        return answer({})

    def _swap(self, sobject: SObject, old: Field, new: Field) -> None:
        self._org.catalogue.swap(sobject, old, new)
        convert: Callable[[Any], Any] = (lambda value: value) if new.type is old.type else _converter(new)
        self._org.store.convert(sobject, old.name, new, convert)


def _wanted(field: Field, given: Alter) -> Field:
    renamed = replace(field, name=given.name or field.name)
    if given.type in {None, field.type}:
        return renamed
    kind = given.type or field.type
    if kind in NUMBERS:
        return Field(renamed.name, kind, field.label, precision=PRECISION, scale=SCALE)
    return Field(renamed.name, kind, field.label, LENGTH)


def _converter(new: Field) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if value is None:
            return None
        try:
            sobject = SObject("", "", "", "", {new.name.casefold(): new})
            typed = values.accept(sobject, {new.name: _plain(value)}, values.NO_LIMITS, creating=False)
        except ApiError:
            return None
        return typed[new.name]

    return convert


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return moments.render(value)
    return str(value) if isinstance(value, date | Decimal | int) and not isinstance(value, bool) else value

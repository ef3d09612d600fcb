"""What all parts of the control API share: reading an order, naming things, saying what is wrong with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.errors import ApiError
from connectors.netsuite.sandbox.gate import base_url
from connectors.netsuite.sandbox.roles import Role
from connectors.netsuite.sandbox.schema import Column, RecordType
from connectors.netsuite.sandbox.schema import Table as SchemaTable

Handler = Callable[[Request], Awaitable[Response]]
Table = list[tuple[str, str, Handler]]
"""Method, path and handler of each order."""
Shape = TypeVar("Shape", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Desk:
    """Finds what an order names. Raises `ValueError` with a sentence when there is none."""

    account: Account

    def employee(self, name: str) -> int:
        """Return the id of an employee by name or id."""
        database = self.account.database
        found = database.one("employee", "id", int(name)) if name.isdecimal() else None
        found = found or database.one("employee", "entityid", name)
        if found is None:
            raise ValueError(f"no employee '{name}'")
        return int(found["id"])

    def role(self, name: str) -> Role:
        """Return a role by name or id."""
        found = self.account.role_named(name)
        if found is None:
            raise ValueError(f"no role '{name}'")
        return found

    def record(self, name: str) -> RecordType:
        """Return a record type."""
        found = self.account.catalogue.record(name)
        if found is None:
            raise ValueError(f"no record type '{name}'")
        return found

    def column(self, table_name: str, name: str) -> tuple[SchemaTable, Column]:
        """Return a column by its name in SuiteQL, or in records, with its table."""
        table = self.account.catalogue.table(table_name)
        wanted = name.casefold()
        columns = table.columns if table else ()
        found = next((c for c in columns if wanted in {c.name.casefold(), c.rest.casefold()}), None)
        if table is None or found is None:
            raise ValueError(f"no field {table_name}.{name}")
        return table, found

    def plainly(self, handler: Handler) -> Handler:
        """Answer what is wrong with an order in one sentence, 400, and run the scripts for what it changed."""

        async def serve(request: Request) -> Response:
            try:
                response = await handler(request)
            except (ApiError, ValueError) as error:
                return told({"error": str(error)}, 400)
            self.account.events.wake(base_url(request))
            return response

        return serve


def told(body: object, status: int = 200) -> Response:
    """Return the answer to an order."""
    return Response(msgspec.json.encode(body), status, media_type="application/json")


async def order(request: Request, shape: type[Shape]) -> Shape:
    """Read the body of an order, numbers exact; no body is an empty one."""
    decoder = msgspec.json.Decoder(shape, float_hook=Decimal)
    return decoder.decode(await request.body() or b"{}")

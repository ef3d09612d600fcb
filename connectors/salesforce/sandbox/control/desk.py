"""What all parts of the control API share: reading an order, naming things, saying what is wrong with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.salesforce.sandbox import ids, moments
from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.gate import answer, base_url
from connectors.salesforce.sandbox.org import Org
from connectors.salesforce.sandbox.schema import Field, SObject

Handler = Callable[[Request], Awaitable[Response]]
Table = list[tuple[str, str, Handler]]
"""Method, path and handler of each order."""
Shape = TypeVar("Shape", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Desk:
    """Finds what an order names. Raises `ValueError` with a sentence when there is none."""

    org: Org

    def user(self, name: str) -> str:
        """Return the id of a user by username or id."""
        user_id = self.org.find_user(name)
        if user_id is None:
            raise ValueError(f"no user '{name}'")
        return user_id

    def sobject(self, name: str) -> SObject:
        """Return an object that has records."""
        found = self.org.catalogue.find(name)
        if found is None or not found.stored:
            raise ValueError(f"no object '{name}'")
        return found

    def field(self, object_name: str, field_name: str) -> tuple[SObject, Field]:
        """Return a field with its object."""
        sobject = self.org.catalogue.find(object_name)
        field = sobject.field(field_name) if sobject else None
        if sobject is None or field is None:
            raise ValueError(f"no field {object_name}.{field_name}")
        return sobject, field

    def plainly(self, handler: Handler) -> Handler:
        """Answer what is wrong with an order in one sentence, 400, and tell what it changed."""

        async def serve(request: Request) -> Response:
            try:
                response = await handler(request)
            except (ApiError, ValueError) as error:
                return answer({"error": str(error)}, 400)
            self.org.outbound.wake(base_url(request))
            return response

        return serve


async def order(request: Request, shape: type[Shape]) -> Shape:
    """Read the body of an order, numbers exact; no body is an empty one."""
    decoder = msgspec.json.Decoder(shape, float_hook=Decimal)
    return decoder.decode(await request.body() or b"{}")


def moment(text: str | None) -> datetime | None:
    """Read a time with an offset. Raises `ValueError`."""
    found = moments.parse(text) if text else None
    if text and found is None:
        raise ValueError(f"not a date and time with an offset: {text}")
    return found


def record_id(request: Request) -> str:
    """Return the id of the path in 18 characters."""
    given = str(request.path_params["id"])
    return ids.canonical(given) or given

"""What all parts of the control API share: reading an order, and saying what is wrong with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.dynamics.sandbox import moments
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.wire import answer

Handler = Callable[[Request], Awaitable[Response]]
Table = list[tuple[str, str, Handler]]
"""Method, path and handler of each order."""
Shape = TypeVar("Shape", bound=msgspec.Struct)


def plainly(handler: Handler, tell: Callable[[], None]) -> Handler:
    """Answer what is wrong with an order in one sentence, 400, and tell what it changed."""

    async def serve(request: Request) -> Response:
        try:
            response = await handler(request)
        except (Refusal, ValueError) as error:
            return answer({"error": str(error)}, 400)
        tell()
        return response

    return serve


async def order(request: Request, shape: type[Shape]) -> Shape:
    """Read the body of an order, numbers exact; no body is an empty one."""
    decoder = msgspec.json.Decoder(shape, float_hook=Decimal)
    return decoder.decode(await request.body() or b"{}")


def moment(text: str | None) -> datetime | None:
    """Read a time with an offset. Raises `ValueError`."""
    return moments.parse(text) if text else None

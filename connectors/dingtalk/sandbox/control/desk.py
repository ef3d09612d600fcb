"""What all parts of the control API share: reading bodies, patching, answering."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

T = TypeVar("T")
ROWS = 1000


def answer(value: object, status: int = 200) -> Response:
    """Return a value as JSON."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


async def read(request: Request, kind: type[T]) -> T:
    """Return the body as a `kind`. Raises HTTP 400 when it is none."""
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.MsgspecError as error:
        raise HTTPException(400, str(error)) from error


def patched(whole: T, given: Mapping[str, Any]) -> T:
    """Return a struct with some fields replaced. Raises HTTP 400 for unknown fields and wrong values."""
    current = msgspec.to_builtins(whole)
    if unknown := set(given) - set(current):
        raise HTTPException(400, f"unknown {sorted(unknown)}; known are {sorted(current)}")
    try:
        return msgspec.convert({**current, **given}, type(whole))
    except msgspec.ValidationError as error:
        raise HTTPException(400, str(error)) from error


def found(known: Mapping[str, T], id_: str) -> T:
    """Return what has an id. Raises HTTP 404."""
    if id_ not in known:
        raise HTTPException(404, f"no {id_!r}; known are {sorted(known)}")
    return known[id_]


def paging(request: Request) -> tuple[int, int]:
    """Return `after` and `limit` of the query. Raises HTTP 400."""
    try:
        return int(request.query_params.get("after", 0)), int(request.query_params.get("limit", ROWS))
    except ValueError as error:
        raise HTTPException(400, "after and limit are whole numbers") from error


def base_of(request: Request) -> str:
    """Return the address of the twin itself, without a slash at its end."""
    return str(request.base_url).removesuffix("/").removesuffix("/__sandbox")

"""JSON with exact numbers, and the address under which a caller reached the twin."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def encode(body: object) -> bytes:
    """Return the JSON of a body; decimal numbers are written as they are."""
    return _encoder.encode(body)


def decode(body: bytes) -> dict[str, Any]:
    """Read a JSON object with its numbers exact; no body is an empty one. Raises `ValueError`."""
    try:
        return _decoder.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"not a JSON object: {error}") from error


def answer(
    body: object, status: int = 200, headers: Mapping[str, str] | None = None, kind: str = "application/json"
) -> Response:
    """Return a JSON answer."""
    return Response(encode(body), status, dict(headers or {}), media_type=kind)


def base_url(request: Request) -> str:
    """Return the address under which the caller reached the twin, without a trailing slash."""
    return f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"


def bearer(request: Request) -> str:
    """Return the access token of a request, empty when it has none."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.casefold() == "bearer" else ""

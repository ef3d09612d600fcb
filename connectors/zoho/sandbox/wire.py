"""JSON as it goes over the wire, numbers exact."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from connectors.zoho.sandbox.errors import ApiError

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def encode(body: object) -> bytes:
    """Return the JSON of an answer."""
    return _encoder.encode(body)


def decode(body: bytes) -> dict[str, Any]:
    """Read a JSON object. Raises `ApiError` 400 `INVALID_DATA`."""
    try:
        given = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(400, "INVALID_DATA", "body", {"reason": str(error)}) from error
    if not isinstance(given, dict):
        raise ApiError(400, "INVALID_DATA", "body", {"expected_data_type": "jsonobject"})
    return given

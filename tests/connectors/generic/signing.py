"""A sender for the tests: bodies signed by one key, taken by a receiver with settings of the test's choice."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime
from typing import Any

from connectors.contract import RawRequest, Received, Record
from connectors.generic.receiver import Receiver
from connectors.generic.settings import GenericSettings

KEY = "a-key-of-the-sender-in-these-tests"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def receiver(**settings: Any) -> Receiver:
    given = {"signature": {"keys": [KEY]}, "id": "id", **settings}
    if "kind_path" not in given:
        given.setdefault("kind", "order")
    return Receiver("erp", GenericSettings.model_validate(given))


def request(body: bytes, *, signed: bool = True) -> RawRequest:
    signature = hmac.new(KEY.encode(), body, "sha256").hexdigest() if signed else "00" * 32
    return RawRequest("POST", {"x-signature": signature}, "", body, NOW)


def receive(body: bytes, **settings: Any) -> Received:
    return receiver(**settings).receive(request(body))


def take(event: Any, **settings: Any) -> Record:
    """Return the one record of a body (an object, or bytes as they are) that must be taken."""
    received = receive(event if isinstance(event, bytes) else json.dumps(event).encode(), **settings)
    assert received.refusal is None, received.reason
    assert len(received.records) == 1
    return received.records[0]

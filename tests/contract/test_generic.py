from __future__ import annotations

import hmac
import json
from datetime import timedelta

import pytest

from connectors.contract import RawRequest
from connectors.generic import CONNECTOR
from tests.contract.case import NOW
from tests.contract.suite import Check, ConnectorCase, Push, checks_for

KEY = "a-key-that-nobody-else-may-know"
BODY = json.dumps(
    {
        "event": "evt-5531",
        "at": "2026-11-22T17:29:58+08:00",
        "order": {"id": 8801, "number": "SO-1042", "total": 1280.50, "paid": False, "note": None},
        "lines": [{"sku": "KX-9", "quantity": 12, "price": 99.90}, {"sku": "KX-2", "quantity": 1, "price": 81.70}],
        "tags": ["export", "rush"],
    }
).encode()
TIMESTAMP = str(int(NOW.timestamp()))


def push(body: bytes) -> Push:
    signature = hmac.new(KEY.encode(), TIMESTAMP.encode() + b"." + body, "sha256").hexdigest()
    headers = {"x-signature": f"v1={signature}", "x-signed-at": TIMESTAMP, "content-type": "application/json"}
    request = RawRequest("POST", headers, "", body, NOW)
    return Push(request, signed_by=("x-signature", "x-signed-at"), stale_after=timedelta(seconds=301))


CASE = ConnectorCase(
    connector=CONNECTOR,
    settings={
        "signature": {"prefix": "v1=", "keys": [KEY], "signed": "timestamp.body", "timestamp_header": "X-Signed-At"},
        "kind": "order",
        "id": "order.id",
        "version": "event",
        "time": "at",
        "number": "order.number",
    },
    secrets=(KEY,),
    pushes=(push(BODY), push(b'{"event":"e","at":1763803798,"order":{"id":"1"}}\n')),
)


@pytest.mark.parametrize("check", checks_for(CASE), ids=lambda check: check.__name__)
def test_contract(check: Check) -> None:
    check(CASE)

"""The generic webhook: as it only receives, and with the twin of a system that can be written back to."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from connectors.contract import (
    Action,
    Acts,
    Authorises,
    Limited,
    Page,
    Probes,
    RawRequest,
    Reads,
    Receives,
    Record,
    Unread,
    Verb,
)
from connectors.generic import CONNECTOR
from connectors.generic.client import Client
from connectors.generic.sandbox import PUSH_KEY, create
from tests.connectors.generic.office import client, services
from tests.connectors.generic.sandbox.served import ADA, KIND, MIRA, TOM, fresh
from tests.contract.case import NOW
from tests.contract.suite import Acting, Check, ConnectorCase, Push, checks_for
from tests.served import Host, serving

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


def push(body: bytes, key: str = KEY) -> Push:
    signature = hmac.new(key.encode(), TIMESTAMP.encode() + b"." + body, "sha256").hexdigest()
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


WRITE_BACK_KEY = "another-key-that-nobody-else-may-know"


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


@dataclass(frozen=True, slots=True)
class Told:
    """A client with what its sender has pushed so far, in the place of what others pull."""

    client: Client
    bodies: tuple[bytes, ...]

    def pull(self, _kind: str, _cursor: str | None) -> Page:
        taken = [self.client.receive(told(body)) for body in self.bodies]
        return Page(tuple(record for each in taken for record in each.records), "", more=False)

    def read(self, kind: str, ids: list[str]) -> list[Record | Unread]:
        return list(self.client.read(kind, ids))


def told(body: bytes) -> RawRequest:
    signature = hmac.new(PUSH_KEY.encode(), TIMESTAMP.encode() + b"." + body, "sha256").hexdigest()
    return RawRequest("POST", {"x-signature": f"sha256={signature}", "x-signed-at": TIMESTAMP}, "", body, NOW)


@contextmanager
def source(host: Host | None) -> Iterator[object]:
    assert host is not None
    with fresh(host) as erp:
        erp.change("502", note="changed since")
        erp.control("DELETE", "/records/503")
        pushed = [erp.http.get(f"{erp.base}/__sandbox/records/{id_}", timeout=10).content for id_ in (501, 502, 503)]
        yield Told(client(erp), tuple(pushed))


DECISIONS = {
    "approve": Action("k1", Verb.APPROVE, KIND, "501", ADA, "1", comment="fine"),
    "reject": Action("k1", Verb.REJECT, KIND, "501", ADA, "1"),
    "set": Action("k1", Verb.SET, KIND, "501", MIRA, "1", {"request.amount": Decimal("97000.25")}),
}


@contextmanager
def acting(host: Host | None, action: Action) -> Iterator[Acting]:
    assert host is not None
    with fresh(host) as erp:
        moved, denied = replace(action, key="k2", version="0"), replace(action, key="k3", actor=TOM)
        yield Acting(client(erp), action, moved, denied, erp.writes)


def write_back_case(host: Host | None, action: Action) -> ConnectorCase:
    write_back = {"url": host.base if host else "http://127.0.0.1:9", "key": WRITE_BACK_KEY}
    return replace(
        CASE,
        connector=replace(CONNECTOR, fulfils=CONNECTOR.fulfils | {Receives, Reads, Acts, Authorises, Limited, Probes}),
        settings={**CASE.settings, "write_back": write_back},
        secrets=(KEY, WRITE_BACK_KEY),
        services=services,
        source=partial(source, host),
        kinds=(KIND,),
        acting=partial(acting, host, action),
    )


CHECKS = checks_for(write_back_case(None, DECISIONS["approve"]))


@pytest.mark.parametrize("action", DECISIONS.values(), ids=DECISIONS)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract_with_write_back(host: Host, check: Check, action: Action) -> None:
    check(write_back_case(host, action))

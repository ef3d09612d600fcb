"""The NetSuite connector with its twin over HTTP, also with the other answer to each open question."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import requests

from connectors.contract import Action, RawRequest, Record, Services, Verb
from connectors.netsuite import CONNECTOR
from connectors.netsuite.client import Client
from connectors.netsuite.sandbox import create
from tests.contract.case import NOW, local_services
from tests.contract.suite import (
    COMMON,
    Acting,
    Brings,
    Check,
    ConnectorCase,
    Locking,
    Proving,
    Push,
    checks_for,
)
from tests.served import Host, served_session, serving

SECRETS = ("a-consumer-secret", "a-token-secret", "a-token-secret-of-a-person", "a-key-of-the-script")
APPROVER, CLERK = "2", "3"
OTHER_ANSWERS: tuple[dict[str, Any], ...] = (
    {"empty_fields": "null"},
    {"numbers": "json"},
    {"suiteql_zone": "company"},
    {"stamps": "minutes"},
    {"id_order": "text"},
    {"line_signs": "positive"},
    {"status_id": "name"},
    {"forbidden_rows": "empty"},
    {"locked_reads": "readable"},
    {"approver": "next_approver"},
    {"forbidden_status": 400},
    {"deleted_table": "absent"},
)
LONG_AGO = "2024-01-01 00:00:00"
KINDS = {
    "purchaseOrder": {"fields": ["tranDate", "entity", "total", "approvalStatus", "nextApprover", "memo"]},
    "salesOrder": {"fields": ["tranDate", "entity", "total", "orderStatus", "memo"]},
}


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


def services() -> Services:
    return replace(local_services(), session=served_session, now=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Twin:
    """A fresh twin with its control paths."""

    base: str
    facts: dict[str, Any]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.base}/__sandbox{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def received(self, path: str, method: str) -> list[dict[str, Any]]:
        rows = self.control("GET", f"/received?path={path}")["received"]
        return [row for row in rows if row["method"] == method]

    def tba(self, who: str) -> dict[str, Any]:
        token = self.facts["tokens"][who]
        consumer = {name: self.facts[name] for name in ("consumer_key", "consumer_secret")}
        return {"tba": {**consumer, "token_id": token["token"], "token_secret": token["secret"]}}


@contextmanager
def twin(case: ConnectorCase, host: Host | None, answer: dict[str, Any]) -> Iterator[tuple[Twin, Client]]:
    assert host is not None
    made = Twin(host.base, dict(host.fresh().describe(host.base)))
    if answer:
        made.control("POST", "/switches", answer)
    settings = {
        **case.settings,
        "account": made.facts["account"],
        "base_url": made.base,
        "zone": made.facts["company_zone"],
        "auth": made.tba("integration"),
        "actors": {APPROVER: made.tba("approver"), CLERK: made.tba("clerk")},
    }
    built = replace(case, settings=settings).client()
    assert isinstance(built, Client)
    yield made, built


@contextmanager
def source(case: ConnectorCase, host: Host | None, answer: dict[str, Any]) -> Iterator[object]:
    with twin(case, host, answer) as (_made, client):
        yield client


@contextmanager
def acting(case: ConnectorCase, host: Host | None, answer: dict[str, Any]) -> Iterator[Acting]:
    with twin(case, host, answer) as (made, client):
        order = str(made.facts["records"]["purchaseOrder"][0]["id"])
        (seen,) = client.read("purchaseOrder", [order])
        assert isinstance(seen, Record)
        action = Action("k1", Verb.APPROVE, "purchaseOrder", order, APPROVER, seen.version)

        def writes() -> int:
            sent = made.received(f"purchaseOrder/{order}", "PATCH")
            return len([each for each in sent if each["status"] < 300])

        moved, denied = replace(action, key="k2", version=LONG_AGO), replace(action, key="k3", actor=CLERK)
        yield Acting(client, action, moved, denied, writes)


@contextmanager
def proving(case: ConnectorCase, host: Host | None, answer: dict[str, Any]) -> Iterator[Proving]:
    with twin(case, host, answer) as (made, client):

        def stumble() -> None:
            made.control("POST", "/faults", {"path": "suiteql", "status": 503})

        def proofs() -> list[str]:
            return [each["headers"]["authorization"] for each in made.received("suiteql", "POST")]

        yield Proving(client, "salesOrder", stumble, proofs)


@contextmanager
def locking(case: ConnectorCase, host: Host | None, answer: dict[str, Any]) -> Iterator[Locking]:
    with twin(case, host, answer) as (made, client):
        order = made.facts["records"]["salesOrder"][0]["id"]
        made.control("POST", "/lock", {"type": "salesOrder", "id": int(order)})
        yield Locking(client, "salesOrder", str(order))


def push() -> Push:
    body = json.dumps({"account": "123456_SB1", "event": "edit", "type": "purchaseorder", "id": "7", "stamp": None})
    time = str(int(NOW.timestamp()))
    signature = hmac.digest(SECRETS[3].encode(), f"{time}.{body}".encode(), "sha256").hex()
    headers = {"x-dingbridge-time": time, "x-dingbridge-signature": signature}
    request = RawRequest("POST", headers, "", body.encode(), NOW)
    signed = ("x-dingbridge-time", "x-dingbridge-signature")
    return Push(request, signed_by=signed, stale_after=timedelta(minutes=6), brings=Brings.HINTS)


def case_at(host: Host | None, answer: dict[str, Any]) -> ConnectorCase:
    consumer = {"consumer_key": "a-consumer", "consumer_secret": SECRETS[0]}
    case = ConnectorCase(
        connector=CONNECTOR,
        settings={
            "account": "123456_SB1",
            "zone": "Asia/Hong_Kong",
            "auth": {"tba": {**consumer, "token_id": "a-token", "token_secret": SECRETS[1]}},
            "actors": {APPROVER: {"tba": {**consumer, "token_id": "another", "token_secret": SECRETS[2]}}},
            "push_keys": [SECRETS[3]],
            "kinds": KINDS,
            "page_size": 2,
        },
        secrets=SECRETS,
        services=services,
        kinds=tuple(KINDS),
        pushes=(push(),),
    )
    return replace(
        case,
        source=partial(source, case, host, answer),
        acting=partial(acting, case, host, answer),
        proving=partial(proving, case, host, answer),
        locking=partial(locking, case, host, answer),
    )


CHECKS = checks_for(case_at(None, {}))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(host: Host, check: Check) -> None:
    check(case_at(host, {}))


@pytest.mark.parametrize("answer", OTHER_ANSWERS, ids=str)
@pytest.mark.parametrize("check", [each for each in CHECKS if each not in COMMON], ids=lambda check: check.__name__)
def test_contract_with_the_other_answer(host: Host, check: Check, answer: dict[str, Any]) -> None:
    check(case_at(host, answer))

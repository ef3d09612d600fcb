"""Destinations of a DingTalk application after the send, and the people whom it knows, with the twin over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from connectors.contract import Button, Delivers, Draft, Fact, Outcome, Services
from connectors.dingtalk import CONNECTOR
from connectors.dingtalk.sandbox import create
from tests.connectors.dingtalk.sandbox.served import Client, fresh
from tests.contract.case import NAME
from tests.contract.suite import UNREACHABLE, Check, ConnectorCase, Sent, checks_for, local_services
from tests.served import Host, served_session, serving

KEY = "key-1"
TEMPLATE: Mapping[str, Any] = {
    "id": "contract.schema",
    "title": "${title}",
    "body": "${text} ${standing} ${note}",
    "buttons": [{"id": "approve", "label": "${approve}", "params": {}, "when": {"may_decide": "true"}}],
    "private": ["may_decide", "note"],
}
KINDS: Mapping[str, Mapping[str, Any]] = {
    "group": {"conversation": "cid-sales-hk"},
    "person": {"users": ["u-amy"]},
    "work": {"agent_id": "100000001", "users": ["u-amy"]},
    "card": {"template": TEMPLATE["id"], "conversation": "cid-sales-hk"},
}
DRAFT = Draft("Order SO-1042", (Fact("Order released", "SO-1042"), Fact("Order held", "SO-1043")))
USERS = ("u-amy",)
SECRET = "a-secret-of-the-application"


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


def services() -> Services:
    return replace(local_services(), session=served_session, now=lambda: datetime.now(UTC))


def application(base: str) -> dict[str, Any]:
    return {"client_id": "dingsandboxapp", "client_secret": SECRET, "site": base}


@contextmanager
def twin(host: Host | None) -> Iterator[Client]:
    assert host is not None
    with fresh(host) as twin:
        twin.control("apps/dingsandboxapp", {"client_secret": SECRET}, method="PATCH")
        twin.control("templates", dict(TEMPLATE))
        yield twin


@contextmanager
def sent(case: ConnectorCase, host: Host | None, kind: str) -> Iterator[Sent]:
    with twin(host) as at:
        client = case.client()
        assert isinstance(client, Delivers)
        asks = replace(DRAFT, buttons=(Button("approve", "Approve"),), deciders=USERS, standing="Waiting")
        [(part, _), *_rest] = client.pack(asks if kind == "card" else DRAFT)
        delivery = client.send(client.freeze(part, KEY))
        assert delivery.outcome is Outcome.DELIVERED, delivery
        if kind == "card":
            at.control("press", {"user": USERS[0], "card": KEY, "action": "approve"})
        yield Sent(client, KEY, delivery.handle, USERS)


@contextmanager
def office(host: Host | None) -> Iterator[object]:
    assert CONNECTOR.hearing is not None
    with twin(host) as at:
        settings = CONNECTOR.hearing.settings.model_validate({"application": application(at.base)})
        yield CONNECTOR.hearing.build(NAME, settings, services())


@contextmanager
def channel(case: ConnectorCase, host: Host | None) -> Iterator[object]:
    with twin(host):
        yield case.client()


def case_at(host: Host | None, kind: str) -> ConnectorCase:
    def settings(base: str) -> dict[str, Any]:
        return {"kind": kind, "application": application(base), **KINDS[kind]}

    case = ConnectorCase(
        connector=CONNECTOR,
        settings=settings(host.base if host else UNREACHABLE),
        secrets=(SECRET,),
        services=services,
        draft=DRAFT,
        unreachable=settings(UNREACHABLE),
        office=partial(office, host) if kind == "group" else None,
    )
    return replace(case, channel=partial(channel, case, host), sent=partial(sent, case, host, kind))


@pytest.mark.parametrize(
    ("kind", "check"),
    [(kind, check) for kind in KINDS for check in checks_for(case_at(None, kind))],
    ids=lambda each: each if isinstance(each, str) else each.__name__,
)
def test_contract(host: Host, kind: str, check: Check) -> None:
    check(case_at(host, kind))

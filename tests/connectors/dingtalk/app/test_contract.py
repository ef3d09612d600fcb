"""Every kind of destination of an application keeps the promises of a channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from connectors.contract import Draft, Fact, Line
from connectors.dingtalk import CONNECTOR
from connectors.dingtalk.app import approval, approvals, card, group, person, work
from connectors.dingtalk.app.cards import CREATE
from tests.connectors.dingtalk.app.vendor import CLIENT, SECRET, Said, Vendor, scripted
from tests.contract.case import NAME, ConnectorCase
from tests.contract.suite import UNREACHABLE, Check, checks_for
from tests.served import served_session

DRAFT = Draft(
    preview="Two orders",
    facts=(
        Fact("Order released", "SO-1042", "https://crm.example.com/1042", "10:32", (Line("Amount", "HKD 1", "HKD 2"),)),
        Fact("Order held", "SO-1043", lines=(Line("Why", "a long value, " * 300),), notes=("One field withheld.",)),
    ),
    mentions=tuple(f"user-{number}" for number in range(60)),
    open_label="Open",
)
KINDS: dict[str, dict[str, Any]] = {
    "group": {"conversation": "cidExample=="},
    "person": {"users": ["amy", "ben"]},
    "work": {"agent_id": "836390886", "users": ["amy"], "departments": ["1"]},
    "card": {"template": "4d18414c.schema", "conversation": "cidExample=="},
    "approval": {
        "process": "PROC-1",
        "originator": "amy",
        "marker": "Order",
        "form": {"Order": "number", "Text": "text", "Amount": {"line": "Amount"}},
    },
}
ANSWERS: Mapping[str, Said] = {
    group.PATH: Said(200, {"processQueryKey": "m1"}),
    person.PATH: Said(200, {"processQueryKey": "m1", "invalidStaffIdList": [], "flowControlledStaffIdList": []}),
    work.PATH: Said(200, {"errcode": 0, "errmsg": "ok", "task_id": 1}),
    CREATE: Said(200, {"success": True, "result": {"deliverResults": [{"success": True}]}}),
    approvals.CREATE: Said(200, {"instanceId": "i-1"}),
}


def settings(kind: str, site: str) -> dict[str, Any]:
    application = {"client_id": CLIENT, "client_secret": SECRET, "site": site}
    return {"kind": kind, "application": application, **KINDS[kind]}


@contextmanager
def channel(kind: str) -> Iterator[object]:
    with scripted() as vendor:
        for path, said in ANSWERS.items():
            vendor.on(path, said)
        yield vendor.sender(kind, **KINDS[kind])


def case(kind: str) -> ConnectorCase:
    return ConnectorCase(
        connector=CONNECTOR,
        settings=settings(kind, "dingtalk.com"),
        secrets=(SECRET,),
        services=lambda: replace(Vendor().services(), session=served_session),
        draft=DRAFT,
        channel=partial(channel, kind),
        unreachable=settings(kind, UNREACHABLE),
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("check", checks_for(case("group")), ids=lambda check: check.__name__)
def test_contract(kind: str, check: Check) -> None:
    check(case(kind))


def test_each_kind_is_built_by_its_name() -> None:
    built = {kind: CONNECTOR.build(NAME, case(kind).parsed(), case(kind).services()) for kind in KINDS}
    classes = {
        "group": group.Group,
        "person": person.Person,
        "work": work.Work,
        "card": card.CardSender,
        "approval": approval.Approval,
    }
    assert {kind: type(client) for kind, client in built.items()} == classes

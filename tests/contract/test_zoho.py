"""The Zoho CRM connector at a vendor that is scripted from its pages, and at its twin.

A push is verified by a token in its body, not by a signature over it, and names records instead of holding them: of the
checks of `Receives` those hold that do not speak of a signature or of records.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from connectors.contract import RawRequest
from connectors.transport import open_session
from connectors.zoho import CONNECTOR
from connectors.zoho.push import Channel
from connectors.zoho.sandbox import create
from connectors.zoho.settings import ZohoSettings
from tests.connectors.zoho.parts import described
from tests.connectors.zoho.sandbox.served import fresh
from tests.connectors.zoho.table import Table
from tests.connectors.zoho.vendor import Asked, Said, payload, vending
from tests.contract import lists, pulls, reads, receives
from tests.contract.case import NAME, NOW, local_services
from tests.contract.suite import COMMON, Check, ConnectorCase, Push
from tests.served import Host, served_session, serving

SECRETS = ("a-client-secret", "1000.a-refresh-token", "1000.of-a-person")
DEALS = {"fields": ["Amount", "Stage", "Closing_Date", "Account_Name", "Owner", "Regions"], "number": "Deal_Name"}
CHECKS = (
    *COMMON,
    *pulls.CHECKS,
    *reads.CHECKS,
    *lists.CHECKS,
    receives.check_receive_is_pure,
    receives.check_large_bodies_are_refused,
    receives.check_refusals_of_the_relay_have_replies,
)


def tables() -> dict[str, Table]:
    found = {"Deals": Table(), "Accounts": Table()}
    row = payload("query__deal")["data"][0]
    cells = {key: value for key, value in row.items() if key not in {"id", "Modified_Time"}}
    for number in range(1, 12):
        found["Deals"].put(number // 4, number, **cells, Regions=["North"])
        found["Accounts"].put(number, 100 + number, Account_Name=f"Account {number}", Industry="Trade")
    return found


@contextmanager
def source(case: ConnectorCase) -> Iterator[object]:
    with vending() as vendor:
        described(vendor)
        modules = tables()

        def query(asked: Asked) -> Said:
            return modules[asked.query.partition(" from ")[2].split()[0]](asked)

        vendor.on("POST", "coql", query)
        for module in modules:
            vendor.on("GET", f"{module}/deleted", Said(200, payload("deleted__deals")))
        settings = ZohoSettings.model_validate({**case.settings, "accounts_url": vendor.base})
        session = partial(open_session, connect=5, read=5, ca=None, proxy=None, pool=2)
        yield CONNECTOR.build(NAME, settings, replace(case.services(), session=session))


def case() -> ConnectorCase:
    found = ConnectorCase(
        connector=CONNECTOR,
        settings={
            "region": "eu",
            "client_id": "1000.CLIENT",
            "client_secret": SECRETS[0],
            "refresh_token": SECRETS[1],
            "actors": {"554023000000235011": SECRETS[2]},
            "kinds": {"Deals": DEALS, "Accounts": {"fields": ["Industry", "Annual_Revenue"], "number": "Account_Name"}},
            "page_size": 4,
        },
        secrets=SECRETS,
        services=local_services,
        kinds=("Deals", "Accounts"),
    )
    channel = Channel.of(NAME, "Deals", ZohoSettings.model_validate(found.settings))
    body = {"module": "Deals", "ids": ["1"], "channel_id": channel.id, "token": channel.token, "operation": "update"}
    push = Push(RawRequest("POST", {}, "", json.dumps(body).encode(), NOW), signed_by=())
    return replace(found, source=partial(source, found), pushes=(push,))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Check) -> None:
    check(case())


OTHER_ANSWERS: tuple[dict[str, Any], ...] = (
    {},
    {"offset_of": "user"},
    {"picklist_shown": "display"},
    {"modified_since": "from"},
    {"page_token": "snapshot"},
    {"missing_record": "invalid_data"},
)


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


@contextmanager
def twin(case: ConnectorCase, host: Host, answer: dict[str, Any]) -> Iterator[object]:
    with fresh(host) as served:
        served.switch(**answer)
        served.control("DELETE", f"/records/Deals/{served.deal()}")
        facts = {key: served.facts[key] for key in ("accounts_url", "client_id", "client_secret", "refresh_token")}
        settings = ZohoSettings.model_validate({**case.settings, **facts, "actors": {}})
        services = replace(case.services(), session=served_session, now=lambda: datetime.now(UTC))
        yield CONNECTOR.build(NAME, settings, services)


@pytest.mark.parametrize("reading", ["query", "list"])
@pytest.mark.parametrize("answer", OTHER_ANSWERS, ids=str)
@pytest.mark.parametrize("check", [*pulls.CHECKS, *reads.CHECKS, *lists.CHECKS], ids=lambda check: check.__name__)
def test_contract_at_the_twin(host: Host, check: Check, answer: dict[str, Any], reading: str) -> None:
    plain = {"Amount", "Stage", "Closing_Date", "Account_Name", "Owner", "Channels"}
    kinds = {
        "Deals": {"fields": sorted(plain), "number": "Deal_Number", "reading": reading},
        "Accounts": {"fields": ["Industry", "Annual_Revenue"], "number": "Account_Name", "reading": reading},
    }
    found = case()
    found = replace(found, settings={**found.settings, "kinds": kinds})
    check(replace(found, source=partial(twin, found, host, answer)))

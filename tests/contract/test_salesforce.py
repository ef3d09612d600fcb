"""The Salesforce connector with its twin over HTTP, also with the other answer to each open question."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from connectors.contract import Action, Record, Services, Verb
from connectors.salesforce import CONNECTOR
from connectors.salesforce.client import Client
from connectors.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET, create
from tests.connectors.salesforce.office import PEM
from tests.connectors.salesforce.sandbox.served import Served, fresh
from tests.connectors.salesforce.test_push import KEY, ORG, message, request, row
from tests.contract.suite import COMMON, Acting, Brings, Check, ConnectorCase, Push, checks_for, local_services
from tests.served import Host, served_session, serving

OTHER_ANSWERS: tuple[dict[str, Any], ...] = (
    {"hidden_milliseconds": True},
    {"deletion_moves_stamp": False},
    {"numbers": "plain"},
    {"precondition_body": "empty"},
    {"wrong_client_status": 401},
    {"insufficient_access_status": 400},
)
MANAGER, SALES = "wilmot@harbour.example", "tessa@harbour.example"
LONG_AGO = "2024-01-01T00:00:00.000+0000"


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


def services() -> Services:
    return replace(local_services(), session=served_session, now=lambda: datetime.now(UTC))


@contextmanager
def twin(case: ConnectorCase, host: Host | None, answer: dict[str, Any]) -> Iterator[tuple[Served, Client]]:
    assert host is not None
    with fresh(host) as served:
        served.control("POST", "/switches", answer)
        facts = served.facts
        acting = {"client_id": facts["client_id"], "private_key": facts["jwt"]["private_key"]}
        built = replace(case, settings={**case.settings, "acting": acting}).client()
        assert isinstance(built, Client)
        yield served, built


@contextmanager
def source(case: ConnectorCase, host: Host | None, answer: dict[str, Any]) -> Iterator[object]:
    with twin(case, host, answer) as (served, client):
        served.control("DELETE", f"/records/Opportunity/{served.deal(1042)}")
        served.control("PATCH", f"/records/Opportunity/{served.deal(1043)}", {"values": {"Amount": 97_000}})
        yield client


@contextmanager
def acting(case: ConnectorCase, host: Host | None, answer: dict[str, Any]) -> Iterator[Acting]:
    with twin(case, host, answer) as (served, client):
        deal = served.deal(1042)
        people = {each["Username"]: each["Id"] for each in served.query("SELECT Id, Username FROM User")["records"]}
        served.control("POST", "/share", {"user": SALES, "target": deal, "access": "Read"})
        (seen,) = client.read("Opportunity", [deal])
        assert isinstance(seen, Record)
        fields = {"Amount": Decimal("97000.25")}
        action = Action("k1", Verb.SET, "Opportunity", deal, people[MANAGER], seen.version, fields)

        def writes() -> int:
            sent = served.control("GET", f"/received?path={deal}")["received"]
            return len([each for each in sent if each["method"] == "PATCH" and each["status"] < 300])

        before = writes()
        moved, denied = replace(action, key="k2", version=LONG_AGO), replace(action, key="k3", actor=people[SALES])
        yield Acting(client, action, moved, denied, lambda: writes() - before)


def case_at(host: Host | None, answer: dict[str, Any]) -> ConnectorCase:
    push = Push(request(message(row("Opportunity", "006Dn00000AbCdEIAV"))), token=KEY, brings=Brings.HINTS)
    case = ConnectorCase(
        connector=CONNECTOR,
        settings={
            "url": host.base if host else "http://127.0.0.1:9",
            "auth": {"client_credentials": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}},
            "kinds": {
                "Opportunity": {
                    "fields": ["Amount", "StageName", "CloseDate", "Owner.Name", "Account.Name", "Discount__c"],
                    "number": "Deal_Number__c",
                },
                "Account": {"fields": ["Name", "Industry", "AnnualRevenue"], "number": "AccountNumber"},
                "User": {"fields": ["Name", "IsActive", "ManagerId"], "number": "Username"},
            },
            "page_size": 4,
            "push": {"organization": ORG, "key": KEY},
            "acting": {"client_id": CLIENT_ID, "private_key": PEM},
        },
        secrets=(CLIENT_SECRET, KEY, PEM),
        pushes=(push,),
        services=services,
        kinds=("Opportunity", "Account", "User"),
    )
    return replace(case, source=partial(source, case, host, answer), acting=partial(acting, case, host, answer))


CHECKS = checks_for(case_at(None, {}))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(host: Host, check: Check) -> None:
    check(case_at(host, {}))


@pytest.mark.parametrize("answer", OTHER_ANSWERS, ids=str)
@pytest.mark.parametrize("check", [each for each in CHECKS if each not in COMMON], ids=lambda check: check.__name__)
def test_contract_with_the_other_answer(host: Host, check: Check, answer: dict[str, Any]) -> None:
    check(case_at(host, answer))

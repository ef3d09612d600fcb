"""The Salesforce connector with its twin over HTTP, also with the other answer to each open question.

An Outbound Message is proven by a key in its address, not by a signature over its body, and names records instead of
holding them: of the checks of `Receives` those hold that do not speak of a signature or of records.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from connectors.contract import Services
from connectors.salesforce import CONNECTOR
from connectors.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET, create
from tests.connectors.salesforce.office import PEM
from tests.connectors.salesforce.sandbox.served import fresh
from tests.connectors.salesforce.test_push import KEY, ORG, message, request, row
from tests.contract import lists, pulls, reads, receives
from tests.contract.case import NAME
from tests.contract.suite import COMMON, Check, ConnectorCase, Push, local_services
from tests.served import Host, served_session, serving

OTHER_ANSWERS = (
    {"hidden_milliseconds": True},
    {"deletion_moves_stamp": False},
    {"numbers": "plain"},
    {"precondition_body": "empty"},
    {"wrong_client_status": 401},
)


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


def services() -> Services:
    return replace(local_services(), session=served_session, now=lambda: datetime.now(UTC))


@contextmanager
def source(case: ConnectorCase, host: Host | None, answer: dict[str, Any]) -> Iterator[object]:
    assert host is not None
    with fresh(host) as served:
        served.control("POST", "/switches", answer)
        served.control("DELETE", f"/records/Opportunity/{served.deal(1042)}")
        served.control("PATCH", f"/records/Opportunity/{served.deal(1043)}", {"values": {"Amount": 97_000}})
        yield CONNECTOR.build(NAME, case.parsed(), case.services())


def case_at(host: Host | None, answer: dict[str, Any]) -> ConnectorCase:
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
        pushes=(Push(request(message(row("Opportunity", "006Dn00000AbCdEIAV"))), signed_by=()),),
        services=services,
        kinds=("Opportunity", "Account", "User"),
    )
    return replace(case, source=partial(source, case, host, answer))


CHECKS = (
    *COMMON,
    *pulls.CHECKS,
    *reads.CHECKS,
    *lists.CHECKS,
    receives.check_receive_is_pure,
    receives.check_large_bodies_are_refused,
    receives.check_refusals_of_the_relay_have_replies,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(host: Host, check: Check) -> None:
    check(case_at(host, {}))


@pytest.mark.parametrize("answer", OTHER_ANSWERS, ids=str)
@pytest.mark.parametrize("check", [*pulls.CHECKS, *reads.CHECKS, *lists.CHECKS], ids=lambda check: check.__name__)
def test_contract_with_the_other_answer(host: Host, check: Check, answer: dict[str, Any]) -> None:
    check(case_at(host, answer))

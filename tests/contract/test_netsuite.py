"""The NetSuite connector with its twin over HTTP, also with the other answer to each open question."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from connectors.contract import Action, RawRequest, Record, Services, Verb
from connectors.netsuite import CONNECTOR
from connectors.netsuite.client import Client
from connectors.netsuite.push import TOLERANCE
from connectors.netsuite.sandbox import create
from connectors.netsuite.wire import Call, Site
from tests.connectors.netsuite.sandbox.served import Served, fresh
from tests.connectors.netsuite.soap.schema import WSDL, version
from tests.contract import lists, pulls, reads
from tests.contract.case import NOW, Blocking, Locking, Proving, local_services
from tests.contract.suite import COMMON, Acting, Brings, Check, ConnectorCase, Push, checks_for
from tests.served import Host, served_session, serving

ACCOUNT = "TSTDRV100042_SB1"
KEY = "shared-key-of-the-script"
SECRETS = ("a-private-key", "a-consumer-secret", "a-token-secret", KEY)
TBA = {"consumer_key": "ck", "consumer_secret": SECRETS[1], "token_id": "tk", "token_secret": SECRETS[2]}
QUERY = "/services/rest/query/v1/suiteql"
APPROVER, CLERK = "2", "3"
LONG_AGO = "2024-01-01 00:00:00"
ZONES = {"utc": "UTC", "pacific": "America/Los_Angeles"}
OTHER_ANSWERS: tuple[dict[str, Any], ...] = (
    {"empty_fields": "null"},
    {"numbers": "json"},
    {"datetime_shown": "time"},
    {"stamps": "minutes"},
    {"stamps": "hidden_milliseconds"},
    {"suiteql_zone": "company"},
    {"suiteql_zone": "utc"},
    {"suiteql_zone": "pacific"},
    {"id_order": "text"},
    {"line_signs": "positive"},
    {"line_quantity": "transaction_unit"},
    {"beyond_ceiling": "refused"},
    {"forbidden_rows": "empty"},
    {"forbidden_status": 400},
    {"rest_login_code": "INVALID_LOGIN_ATTEMPT"},
    {"approver": "next_approver"},
    {"status_id": "name"},
    {"deleted_table": "absent"},
    {"line_moves_header": False},
    {"locked_reads": "readable"},
)


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
        served.switch(**answer)
        facts = served.twin.describe(served.base)
        ways = {name: token(facts, name) for name in ("integration", "approver", "clerk")}
        certificate = facts["certificates"]["PS256"]
        signed = {
            "client_id": facts["client_id"],
            "certificate_id": certificate["kid"],
            "private_key": certificate["private_key"],
        }
        own = {
            "account": facts["account"],
            "zone": ZONES.get(answer.get("suiteql_zone", ""), facts["company_zone"]),
            "base_url": served.base,
            "auth": {"tba": ways["integration"]} if "tba" in case.settings["auth"] else {"oauth2": signed},
            "soap": {**case.settings["soap"], "tba": ways["integration"]} if "soap" in case.settings else None,
            "actors": {APPROVER: {"tba": ways["approver"]}, CLERK: {"tba": ways["clerk"]}},
        }
        built = replace(case, settings={**case.settings, **own}).client()
        assert isinstance(built, Client)
        yield served, built


def token(facts: Any, name: str) -> dict[str, str]:
    return {
        "consumer_key": facts["consumer_key"],
        "consumer_secret": facts["consumer_secret"],
        "token_id": facts["tokens"][name]["token"],
        "token_secret": facts["tokens"][name]["secret"],
    }


@contextmanager
def source(case: ConnectorCase, host: Host | None, answer: dict[str, Any]) -> Iterator[object]:
    with twin(case, host, answer) as (served, client):
        served.control("DELETE", f"/records/salesOrder/{served.id_of('salesOrder', 'SO-1041')}")
        yield client


@contextmanager
def acting(case: ConnectorCase, host: Host | None, answer: dict[str, Any]) -> Iterator[Acting]:
    with twin(case, host, answer) as (served, client):
        order = served.id_of("purchaseOrder", "PO-1041")
        (seen,) = client.read("purchaseOrder", [order])
        assert isinstance(seen, Record)
        action = Action("k1", Verb.APPROVE, "purchaseOrder", order, APPROVER, seen.version)

        def writes() -> int:
            sent = served.control("GET", f"/received?path=purchaseOrder/{order}")["received"]
            return len([each for each in sent if each["method"] == "PATCH" and each["status"] < 300])

        moved, denied = replace(action, key="k2", version=LONG_AGO), replace(action, key="k3", actor=CLERK)
        yield Acting(client, action, moved, denied, writes)


@contextmanager
def proving(case: ConnectorCase, host: Host | None) -> Iterator[Proving]:
    with twin(case, host, {}) as (served, client):

        def stumble() -> None:
            served.control("POST", "/faults", {"path": QUERY, "status": 503, "body": "busy", "after": True})

        def proofs() -> list[str]:
            sent = served.control("GET", f"/received?path={QUERY}")["received"]
            return [
                nonce for each in sent for nonce in re.findall(r'oauth_nonce="(\w+)"', each["headers"]["authorization"])
            ]

        yield Proving(client, "salesOrder", stumble, proofs)


@contextmanager
def locking(case: ConnectorCase, host: Host | None) -> Iterator[Locking]:
    with twin(case, host, {}) as (served, client):
        order = served.id_of("salesOrder", "SO-1041")
        served.control("POST", "/lock", {"type": "salesOrder", "id": int(order)})
        yield Locking(client, "salesOrder", order)


@contextmanager
def blocking(case: ConnectorCase, host: Host | None) -> Iterator[Blocking]:
    soap = {"wsdl": str(WSDL), "version": version()}
    searched = {"byHand": {"record": "salesOrder", "fields": ["tranDate"], "reading": "soap", "deletions": "none"}}
    kinds = {**case.settings["kinds"], **searched}
    signed = {"soap": {**soap, "tba": TBA}, "kinds": kinds}
    with twin(replace(case, settings={**case.settings, **signed}), host, {}) as (served, client):
        script = served.twin.describe(served.base)["restlet"]
        call = Call("POST", "/app/site/hosting/restlet.nl", script, {}, site=Site.RESTLETS)
        client.pull("salesOrder", None)
        served.control("POST", "/governance", {"places": 5})
        ways = {
            "REST": lambda: client.pull("salesOrder", None),
            "RESTlet": lambda: client._account.call(call),
            "SOAP": lambda: client.pull("byHand", None),
        }
        yield Blocking(client, ways)


def pushed() -> Push:
    told = {
        "account": ACCOUNT,
        "event": "edit",
        "type": "purchaseorder",
        "id": "7",
        "stamp": "2026-11-22T09:29:00.000Z",
    }
    body, time = json.dumps(told).encode(), str(int(NOW.timestamp()))
    signature = hmac.digest(KEY.encode(), f"{time}.".encode() + body, "sha256").hex()
    headers = {"x-dingbridge-time": time, "x-dingbridge-signature": signature}
    late = TOLERANCE + timedelta(seconds=1)
    return Push(RawRequest("POST", headers, "", body, NOW), tuple(headers), late, brings=Brings.HINTS)


def case_at(host: Host | None, answer: dict[str, Any], way: str = "tba") -> ConnectorCase:
    orders = ["total", "entity", "status", "tranDate", "memo", "item.item", "item.quantity", "item.amount"]
    oauth2 = {"client_id": "c", "certificate_id": "k", "private_key": SECRETS[0]}
    case = ConnectorCase(
        connector=CONNECTOR,
        settings={
            "account": ACCOUNT,
            "zone": "Asia/Hong_Kong",
            "auth": {way: {"tba": TBA, "oauth2": oauth2}[way]},
            "actors": {APPROVER: {"tba": TBA}, CLERK: {"oauth2": oauth2}},
            "push_keys": [KEY],
            "kinds": {
                "salesOrder": {"fields": orders},
                "purchaseOrder": {"fields": [*orders, "approvalStatus", "nextApprover"]},
                "vendorBill": {"fields": ["total", "dueDate", "item.quantity"]},
                "customer": {"fields": ["companyName"]},
            },
            # as the twin has it unless it is told otherwise
            "units": "own" if answer.get("line_quantity") == "transaction_unit" else "base",
            "page_size": 2,
        },
        secrets=SECRETS,
        services=services,
        kinds=("salesOrder", "purchaseOrder", "vendorBill", "customer"),
    )
    return replace(
        case,
        pushes=(pushed(),),
        source=partial(source, case, host, answer),
        acting=partial(acting, case, host, answer),
        proving=partial(proving, case, host),
        blocking=partial(blocking, case, host),
        locking=partial(locking, case, host),
    )


CHECKS = checks_for(case_at(None, {}))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(host: Host, check: Check) -> None:
    check(case_at(host, {}))


@pytest.mark.parametrize("check", CHECKS[len(COMMON) :], ids=lambda check: check.__name__)
def test_contract_with_client_credentials(host: Host, check: Check) -> None:
    case = case_at(host, {}, "oauth2")
    # a token is used many times
    check(replace(case, proving=case_at(host, {}).proving))


@pytest.mark.parametrize("answer", OTHER_ANSWERS, ids=str)
@pytest.mark.parametrize("check", [each for each in CHECKS if each not in COMMON], ids=lambda check: check.__name__)
def test_contract_with_the_other_answer(host: Host, check: Check, answer: dict[str, Any]) -> None:
    check(case_at(host, answer))


def by_soap(host: Host | None) -> ConnectorCase:
    """The same with kinds that are read by SOAP, which signs by token alone."""
    fields = ["entity", "tranDate", "total", "item.quantity", "item.amount"]
    kinds = {
        name: {"fields": fields, "reading": "soap", "deletions": "soap"} for name in ("salesOrder", "purchaseOrder")
    }
    soap = {"wsdl": str(WSDL), "version": version(), "tba": TBA}
    case = case_at(host, {})
    case = replace(case, settings={**case.settings, "soap": soap, "kinds": kinds}, kinds=tuple(kinds))
    return replace(case, source=partial(source, case, host, {}))


@pytest.mark.parametrize("check", [*pulls.CHECKS, *reads.CHECKS, *lists.CHECKS], ids=lambda check: check.__name__)
def test_contract_by_soap(host: Host, check: Check) -> None:
    check(by_soap(host))

"""The Zoho CRM connector with its twin over HTTP, also with the other answer to each open question."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from connectors.contract import Action, Money, RawRequest, Record, Services, Verb
from connectors.zoho import CONNECTOR
from connectors.zoho.client import Client
from connectors.zoho.push import Channel
from connectors.zoho.sandbox import create
from connectors.zoho.settings import ZohoSettings
from tests.connectors.zoho.sandbox.served import MANAGER, NEWCOMER, Served, fresh
from tests.contract.case import NAME, NOW, local_services
from tests.contract.suite import COMMON, Acting, Brings, Check, ConnectorCase, Push, Subscribing, checks_for
from tests.served import Host, served_session, serving

SECRETS = ("a-client-secret", "1000.a-refresh-token", "1000.of-a-person")
OTHER_ANSWERS: tuple[dict[str, Any], ...] = (
    {"offset_of": "user"},
    {"picklist_shown": "display"},
    {"modified_since": "from"},
    {"page_token": "snapshot"},
    {"missing_record": "invalid_data"},
    {"channel_id": "number"},
    {"written_rows_status": "success"},
)
READINGS = ("query", "list")
LONG_AGO = "2024-01-01T00:00:00+00:00"


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
        facts = {key: served.facts[key] for key in ("accounts_url", "client_id", "client_secret", "refresh_token")}
        actors = {user["id"]: user["refresh_token"] for user in served.facts["users"][1:]}
        built = replace(case, settings={**case.settings, **facts, "actors": actors}).client()
        assert isinstance(built, Client)
        yield served, built


@contextmanager
def source(case: ConnectorCase, host: Host | None, answer: dict[str, Any]) -> Iterator[object]:
    with twin(case, host, answer) as (served, client):
        served.control("DELETE", f"/records/Deals/{served.deal()}")
        yield client


@contextmanager
def subscriber(case: ConnectorCase, host: Host | None, answer: dict[str, Any]) -> Iterator[Subscribing]:
    def count(address: str) -> int:
        return [each["notify_url"] for each in served.control("GET", "/channels")["channels"]].count(address)

    with twin(case, host, answer) as (served, client):
        yield Subscribing(client, count, lambda: served.control("DELETE", "/channels"), address=f"{served.base}/push")


@contextmanager
def acting(case: ConnectorCase, host: Host | None, answer: dict[str, Any]) -> Iterator[Acting]:
    with twin(case, host, answer) as (served, client):
        served.control("POST", "/private", {"module": "Deals", "private": True})
        deal = served.deal("Lotus packaging line")
        people = {each["email"]: each["id"] for each in served.facts["users"]}
        (seen,) = client.read("Deals", [deal])
        assert isinstance(seen, Record)
        fields, before = {"Amount": Money(Decimal("97000.25"), "HKD")}, served.shown(deal)["Modified_Time"]
        action = Action("k1", Verb.SET, "Deals", deal, people[MANAGER], seen.version, fields)

        def writes() -> int:
            if served.shown(deal)["Modified_Time"] == before:
                # A refused row may stand inside HTTP 200.
                return 0
            sent = served.control("GET", f"/received?path=Deals/{deal}")["received"]
            return len([each for each in sent if each["method"] == "PUT" and each["status"] < 300])

        moved, denied = replace(action, key="k2", version=LONG_AGO), replace(action, key="k3", actor=people[NEWCOMER])
        yield Acting(client, action, moved, denied, writes)


def case_at(host: Host | None, answer: dict[str, Any], reading: str = "query") -> ConnectorCase:
    deals = ["Amount", "Stage", "Closing_Date", "Account_Name", "Owner", "Channels"]
    accounts = ["Industry", "Annual_Revenue"]
    case = ConnectorCase(
        connector=CONNECTOR,
        settings={
            "region": "eu",
            "client_id": "1000.CLIENT",
            "client_secret": SECRETS[0],
            "refresh_token": SECRETS[1],
            "actors": {"554023000000235011": SECRETS[2]},
            "kinds": {
                "Deals": {"fields": deals, "number": "Deal_Number", "reading": reading},
                "Accounts": {"fields": accounts, "number": "Account_Name", "reading": reading},
            },
            "page_size": 4,
        },
        secrets=SECRETS,
        services=services,
        kinds=("Deals", "Accounts"),
    )
    channel = Channel.of(NAME, "Deals", ZohoSettings.model_validate(case.settings))
    body = {"module": "Deals", "ids": ["1"], "channel_id": channel.id, "token": channel.token, "operation": "update"}
    push = Push(RawRequest("POST", {}, "", json.dumps(body).encode(), NOW), token=channel.token, brings=Brings.HINTS)
    return replace(
        case,
        pushes=(push,),
        source=partial(source, case, host, answer),
        subscriber=partial(subscriber, case, host, answer),
        acting=partial(acting, case, host, answer),
    )


CHECKS = checks_for(case_at(None, {}))


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(host: Host, check: Check, reading: str) -> None:
    check(case_at(host, {}, reading))


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("answer", OTHER_ANSWERS, ids=str)
@pytest.mark.parametrize("check", [each for each in CHECKS if each not in COMMON], ids=lambda check: check.__name__)
def test_contract_with_the_other_answer(host: Host, check: Check, answer: dict[str, Any], reading: str) -> None:
    check(case_at(host, answer, reading))

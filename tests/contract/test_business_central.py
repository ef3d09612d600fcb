"""The Business Central connector with a company's books that answer as Microsoft's pages say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from connectors.contract import Action, RawRequest, Record, Services, Verb
from connectors.dynamics.business_central import CONNECTOR
from connectors.dynamics.business_central.client import Client
from connectors.dynamics.business_central.push import client_state
from connectors.dynamics.business_central.settings import BusinessCentralSettings
from tests.connectors.dynamics.business_central.books import Books, gid, open_books, personal, stamp
from tests.connectors.dynamics.business_central.vendor import COMPANY, payload
from tests.contract.case import NAME, NOW, local_services
from tests.contract.suite import Acting, Brings, Check, ConnectorCase, Push, Subscribing, checks_for
from tests.served import served_session

SECRETS = ("a-client-secret", "a-state-of-our-own", "refresh-of-sara")
LONG_AGO = "2024-01-01T00:00:00.000Z"
EARLY = NOW - timedelta(hours=3)
LINE = {"lineObjectNumber": "1896-S", "quantity": 2, "unitOfMeasureCode": "PCS", "unitPrice": 5}


def services() -> Services:
    return replace(local_services(), session=served_session, now=lambda: datetime.now(UTC))


@contextmanager
def company(case: ConnectorCase) -> Iterator[tuple[Books, Client]]:
    with open_books() as books:
        personal(books.vendor, {SECRETS[2]: "access-sara"})
        for number in range(9):
            # the first six share one stamp, which is more than a page
            at = EARLY + timedelta(milliseconds=max(0, number - 5))
            cells = {**payload("salesorder"), "salesOrderLines": [LINE]}
            books.put("salesOrders", number, at, **{key: cells[key] for key in cells if key not in {"id", "number"}})
            books.touch("salesOrders", gid(number), at)
            books.put("customers", 100 + number, at, displayName=f"Customer {number}", balanceDue=12.5)
        at_books = {"login_url": books.vendor.base, "api_url": books.vendor.base}
        built = replace(case, settings={**case.settings, **at_books}).client()
        assert isinstance(built, Client)
        yield books, built


@contextmanager
def source(case: ConnectorCase) -> Iterator[object]:
    with company(case) as (_, client):
        yield client


@contextmanager
def subscriber(case: ConnectorCase) -> Iterator[Subscribing]:
    with company(case) as (books, client):

        def called(_url: str, token: str) -> str:
            return client.receive(RawRequest("POST", {}, f"validationToken={token}", b"", NOW)).reply.body.decode()

        books.called = called

        def count(address: str) -> int:
            return [each["notificationUrl"] for each in books.subscriptions.values()].count(address)

        yield Subscribing(client, count, books.subscriptions.clear)


@contextmanager
def acting(case: ConnectorCase) -> Iterator[Acting]:
    with company(case) as (books, client):
        (seen,) = client.read("salesOrders", [gid(1)])
        assert isinstance(seen, Record)
        fields = {"externalDocumentNumber": "PO-77"}
        action = Action("k1", Verb.SET, "salesOrders", gid(1), "SARA", seen.version, fields)
        moved, denied = replace(action, key="k2", version=LONG_AGO), replace(action, key="k3", actor="ALEX")
        yield Acting(client, action, moved, denied, lambda: books.writes)


def case_of(page_size: int = 4) -> ConnectorCase:
    orders = ["externalDocumentNumber", "status", "totalAmountIncludingTax", "orderDate", "customerId"]
    lines = ["salesOrderLines.lineObjectNumber", "salesOrderLines.quantity", "salesOrderLines.unitPrice"]
    case = ConnectorCase(
        connector=CONNECTOR,
        settings={
            "tenant": "contoso.example",
            "company": COMPANY,
            "client_id": "7a0c3f7e-0000-4000-8000-5f5e100c0de1",
            "client_secret": SECRETS[0],
            "client_state": SECRETS[1],
            "actors": {"SARA": SECRETS[2]},
            "kinds": {
                "salesOrders": {"fields": [*orders, *lines]},
                "customers": {"fields": ["displayName", "balanceDue"]},
            },
            "page_size": page_size,
            "page_size_with_lines": page_size,
        },
        secrets=SECRETS,
        services=services,
        kinds=("salesOrders", "customers"),
    )
    return replace(
        case,
        pushes=(push(case),),
        source=partial(source, case),
        subscriber=partial(subscriber, case),
        acting=partial(acting, case),
    )


def push(case: ConnectorCase) -> Push:
    token = client_state(NAME, BusinessCentralSettings.model_validate(case.settings))
    notification: dict[str, Any] = {
        "subscriptionId": "c670ea73cacb459bb51dc1740da2f1db",
        "clientState": token,
        "resource": f"api/v2.0/companies({COMPANY})/salesOrders({gid(1)})",
        "changeType": "updated",
        "lastModifiedDateTime": stamp(NOW),
    }
    body = json.dumps({"value": [notification]}).encode()
    return Push(RawRequest("POST", {}, "", body, NOW), token=token, brings=Brings.HINTS)


@pytest.mark.parametrize("page_size", [4, 1000])
@pytest.mark.parametrize("check", checks_for(case_of()), ids=lambda check: check.__name__)
def test_contract(check: Check, page_size: int) -> None:
    check(case_of(page_size))

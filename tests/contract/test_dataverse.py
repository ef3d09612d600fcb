"""The Dataverse connector with tables that answer as the vendor's pages say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest

from connectors.contract import Services
from connectors.dynamics.dataverse import CONNECTOR
from tests.connectors.dynamics.dataverse.parts import CASES, ORDERS, SECRET, cases, orders
from tests.connectors.dynamics.dataverse.vendor import TENANT, Vendor, vending
from tests.contract.case import local_services
from tests.contract.suite import Check, ConnectorCase, checks_for
from tests.served import served_session

CELLS = {"ticketnumber": "CAS-1", "title": "Broken seal", "prioritycode": 1}


def services() -> Services:
    return replace(local_services(), session=served_session)


@contextmanager
def source(case: ConnectorCase, tracked: bool) -> Iterator[object]:
    with vending() as vendor:
        yield replace(case, settings={**case.settings, **served(vendor, tracked)}).client()


def served(vendor: Vendor, tracked: bool) -> dict[str, str]:
    incidents, (salesorders, lines) = cases(vendor, tracked=tracked), orders(vendor)
    for number in range(1, 10):
        incidents.put(number, number, **CELLS)
        order = salesorders.put(number, number, ordernumber=f"SO-{number}", totalamount=10.5, statuscode=1)
        lines.put(100 + number, lineitemnumber=1, quantity=2, _salesorderid_value=order)
    incidents.drop(9)
    return {"url": vendor.base, "login_url": vendor.base}


def case_of(tracked: bool) -> ConnectorCase:
    case = ConnectorCase(
        connector=CONNECTOR,
        settings={
            "url": "https://example.crm.dynamics.com",
            "tenant": TENANT,
            "client_id": "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "client_secret": SECRET,
            "kinds": {"incident": CASES, "salesorder": ORDERS},
            "page_size": 4,
        },
        secrets=(SECRET,),
        services=services,
        kinds=("incident", "salesorder"),
    )
    return replace(case, source=partial(source, case, tracked))


@pytest.mark.parametrize("tracked", [True, False], ids=["delta", "stamps"])
@pytest.mark.parametrize("check", checks_for(case_of(tracked=True)), ids=lambda check: check.__name__)
def test_contract(check: Check, tracked: bool) -> None:
    check(case_of(tracked))

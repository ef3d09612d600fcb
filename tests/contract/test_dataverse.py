"""The Dataverse connector with tables that answer as Microsoft's pages say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import Action, Money, Verb
from connectors.dynamics.dataverse import CONNECTOR
from connectors.dynamics.dataverse.client import Client
from connectors.transport import open_session
from tests.connectors.dynamics.dataverse.parts import HKD, cases, orders
from tests.connectors.dynamics.dataverse.pushed import KEY, context, request
from tests.connectors.dynamics.dataverse.scripted import Counter, below, counters, no
from tests.connectors.dynamics.dataverse.tables import Table
from tests.connectors.dynamics.dataverse.vendor import TENANT, Asked, Said
from tests.contract.case import UNREACHABLE, local_services
from tests.contract.suite import Acting, Brings, Check, ConnectorCase, Push, checks_for

SECRETS = ("a-client-secret-of-the-app", KEY)
MANAGER, NEWCOMER = "75c2dd85-e89e-e711-8122-000d3aa2331c", "85c2dd85-e89e-e711-8122-000d3aa2331c"
RIGHTS = {MANAGER: "ReadAccess, WriteAccess, AssignAccess", NEWCOMER: "ReadAccess"}


@contextmanager
def client_at(case: ConnectorCase, counter: Counter) -> Iterator[Client]:
    services = replace(local_services(), session=lambda: open_session(connect=5, read=5, ca=None, proxy=None, pool=2))
    settings = {**case.settings, "url": counter.base, "login_url": counter.base}
    built = case.connector.build("dataverse", case.connector.settings.model_validate(settings), services)
    assert isinstance(built, Client)
    yield built


def filled(counter: Counter, *, tracked: bool = True) -> Table:
    """Some orders with a line each, and some cases; of each one deleted."""
    table, lines = orders(counter.vendor)
    incidents = cases(counter.vendor, tracked=tracked)
    for number in range(1, 8):
        amount = {"totalamount": 1250.5, "_transactioncurrencyid_value": HKD, "statuscode": 1, "name": "Seals"}
        order = table.put(number, number * 10, ordernumber=f"SO-{number}", **amount)
        lines.put(100 + number, lineitemnumber=1, quantity=2, _salesorderid_value=order)
        incidents.put(number, number * 10, ticketnumber=f"CAS-{number}", title="A seal leaks", prioritycode=2)
    table.drop(7)
    incidents.drop(7)
    return table


@contextmanager
def source(case: ConnectorCase, *, tracked: bool) -> Iterator[object]:
    with counters() as counter, client_at(case, counter) as client:
        filled(counter, tracked=tracked)
        yield client


@contextmanager
def acting(case: ConnectorCase) -> Iterator[Acting]:
    with counters() as counter, client_at(case, counter) as client:
        row = Row(counter, filled(counter))
        (seen,) = client.read("salesorder", [row.id])
        fields = {"totalamount": Money(Decimal("97000.25"), "HKD")}
        action = Action("k1", Verb.SET, "salesorder", row.id, MANAGER, getattr(seen, "version", ""), fields)
        moved, denied = replace(action, key="k2", version='W/"1"'), replace(action, key="k3", actor=NEWCOMER)
        yield Acting(client, action, moved, denied, lambda: row.writes)


class Row:
    """One order that can be read and changed on its own, by whom the vendor lets."""

    def __init__(self, counter: Counter, table: Table) -> None:
        self._table = table
        self.id = next(iter(table.rows))
        self.writes = 0
        counter.on("GET", f"salesorders({self.id})", self._read)
        counter.on("PATCH", f"salesorders({self.id})", self._change)
        for person in RIGHTS:
            user = {"azureactivedirectoryobjectid": f"{person[:-4]}ffff", "isdisabled": False}
            counter.on("GET", f"systemusers({person})", Said(200, user))
            function = f"systemusers({person})/Microsoft.Dynamics.CRM.RetrievePrincipalAccess(Target=@t)"
            counter.on("GET", function, self._rights)

    @property
    def _row(self) -> dict[str, Any]:
        return self._table.rows[self.id]

    def _read(self, asked: Asked) -> Said:
        names = {*asked.params["$select"].split(","), "@odata.etag"}
        return Said(200, {name: value for name, value in self._row.items() if name in names})

    def _rights(self, asked: Asked) -> Said:
        return Said(200, {"AccessRights": next(held for who, held in RIGHTS.items() if who in below(asked))})

    def _change(self, asked: Asked) -> Said:
        if "WriteAccess" not in RIGHTS[next(who for who in RIGHTS if who[:-4] == asked.headers["callerobjectid"][:-4])]:
            return no(403, "0x80048306")
        if asked.headers["if-match"] != self._row["@odata.etag"]:
            return no(412, "0x80060882")
        self.writes += 1
        self._table.version += 1
        self._row.update(asked.body, **{"@odata.etag": f'W/"{self._table.version}"', "_modifiedby_value": MANAGER})
        return Said(204)


BARE = ConnectorCase(
    connector=CONNECTOR,
    settings={
        "url": UNREACHABLE,
        "login_url": UNREACHABLE,
        "tenant": TENANT,
        "client_id": "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "client_secret": SECRETS[0],
        "webhook": {"keys": [KEY]},
        "kinds": {
            "salesorder": {
                "fields": ["totalamount", "statuscode", "name", "salesorderdetail.quantity"],
                "number": "ordernumber",
            },
            "incident": {"fields": ["title", "prioritycode"], "number": "ticketnumber"},
        },
        "page_size": 3,
    },
    secrets=SECRETS,
    pushes=(
        Push(request(), token=KEY, brings=Brings.HINTS),
        Push(request(context(InputParameters=None, ParentContext=None)), token=KEY, brings=Brings.HINTS),
    ),
    kinds=("salesorder", "incident"),
)


def case_of(*, tracked: bool) -> ConnectorCase:
    return replace(BARE, source=lambda: source(BARE, tracked=tracked), acting=lambda: acting(BARE))


@pytest.mark.parametrize("tracked", [True, False], ids=["delta", "stamps"])
@pytest.mark.parametrize("check", checks_for(case_of(tracked=True)), ids=lambda check: check.__name__)
def test_contract(check: Check, tracked: bool) -> None:
    check(case_of(tracked=tracked))

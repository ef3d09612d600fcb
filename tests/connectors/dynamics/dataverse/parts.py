"""What the tests of this connector share: settings, services with a clock, and a client at a scripted vendor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import Page, Record, Services, Token, Unread
from connectors.dynamics.dataverse.client import Client
from connectors.dynamics.dataverse.settings import DataverseSettings
from connectors.transport import open_session
from tests.connectors.dynamics.dataverse.described import INCIDENT, SALESORDER, SALESORDERDETAIL, describe
from tests.connectors.dynamics.dataverse.tables import Table
from tests.connectors.dynamics.dataverse.vendor import TENANT, Vendor
from tests.contract.case import Secrets

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = "client-secret-1"
APP = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
USD, HKD = "518c78c9-d3f6-e511-80d0-00155da84802", "618c78c9-d3f6-e511-80d0-00155da84802"
PIECE, DOZEN, GROSS = (f"{each}18c78c9-d3f6-e511-80d0-00155da84802" for each in "789")
LABEL, TARGET = "@OData.Community.Display.V1.FormattedValue", "@Microsoft.Dynamics.CRM.lookuplogicalname"

CASES = {"fields": ["title", "prioritycode"], "number": "ticketnumber"}
ORDERS = {
    "fields": [
        "totalamount",
        "statuscode",
        "customerid",
        "salesorderdetail.quantity",
    ],
    "number": "ordernumber",
}


class Tokens:
    def __init__(self) -> None:
        self.held: dict[str, Token] = {}
        self.spoilt: list[str] = []

    def get(self, key: str, renew: Callable[[], Token]) -> Token:
        if key not in self.held:
            self.held[key] = renew()
        return self.held[key]

    def spoil(self, key: str, token: Token) -> None:
        if self.held.get(key) == token:
            self.spoilt.append(token.value)
            del self.held[key]


@dataclass
class Desk:
    """The runner's side, with a clock that tests set."""

    now: datetime = NOW
    tokens: Tokens = field(default_factory=Tokens)
    seen: list[tuple[str, int, int]] = field(default_factory=list)
    read_s: float = 5.0

    def services(self) -> Services:
        return Services(
            session=lambda: open_session(connect=5.0, read=self.read_s, ca=None, proxy=None, pool=4),
            tokens=self.tokens,
            now=lambda: self.now,
            observe=lambda key, used, limit: self.seen.append((key, used, limit)),
            vault=Secrets(),
        )

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


def settings(base: str = "http://127.0.0.1:9", **changes: Any) -> DataverseSettings:
    whole = {
        "url": base,
        "login_url": base,
        "tenant": TENANT,
        "client_id": APP,
        "client_secret": SECRET,
        "kinds": {"incident": CASES, "salesorder": ORDERS},
        "read_timeout": "5s",
    } | changes
    return DataverseSettings.model_validate(whole)


def client(vendor: Vendor, desk: Desk, **changes: Any) -> Client:
    return Client("crm", settings(vendor.base, **changes), desk.services())


def cases(vendor: Vendor, *, tracked: bool = True) -> Table:
    """Describe and serve the table of cases."""
    describe(vendor, "incident", "incidents", INCIDENT, tracked=tracked)
    return Table(vendor, "incidents", "incidentid", tracked=tracked)


def orders(vendor: Vendor) -> tuple[Table, Table]:
    """Describe and serve orders, their lines, two currencies and a unit group."""
    describe(vendor, "salesorder", "salesorders", SALESORDER)
    describe(vendor, "salesorderdetail", "salesorderdetails", SALESORDERDETAIL)
    small(vendor, "transactioncurrencies", "transactioncurrencyid", USD, isocurrencycode="USD")
    currencies = small(vendor, "transactioncurrencies", "transactioncurrencyid", USD, isocurrencycode="USD")
    currencies.rows[HKD] = {**currencies.rows[USD], "transactioncurrencyid": HKD, "isocurrencycode": "HKD"}
    units = small(vendor, "uoms", "uomid", PIECE, name="Piece", quantity=1, _baseuom_value=None)
    units.rows[DOZEN] = {"uomid": DOZEN, "name": "Dozen", "quantity": 12.0000000000, "_baseuom_value": PIECE}
    units.rows[GROSS] = {"uomid": GROSS, "name": "Gross", "quantity": 12.0, "_baseuom_value": DOZEN}
    return Table(vendor, "salesorders", "salesorderid"), Table(vendor, "salesorderdetails", "salesorderdetailid")


def small(vendor: Vendor, entity_set: str, key: str, row_id: str, **cells: Any) -> Table:
    table = Table(vendor, entity_set, key)
    table.rows[row_id] = {key: row_id, **cells}
    return table


def drained(client: Client, kind: str, cursor: str | None = None) -> list[Page]:
    """Pull until the round is over."""
    pages: list[Page] = []
    while not pages or pages[-1].more:
        assert len(pages) < 500, "the round does not end"
        pages.append(client.pull(kind, cursor))
        cursor = pages[-1].cursor
    return pages


def told(pages: list[Page]) -> list[tuple[str, bool]]:
    """(id, deleted) of all records in their order."""
    return [(record.id, record.deleted) for page in pages for record in page.records]


def one(found: Record | Unread) -> Record:
    assert isinstance(found, Record)
    return found
